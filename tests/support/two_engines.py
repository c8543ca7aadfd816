"""One workspace built day by day on DuckDB and on Spark, and compared after every day."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
import time
from collections import Counter
from dataclasses import dataclass, field
from datetime import date
from pathlib import Path
from typing import Any

import duckdb

from scripts.benchmarks.engines import (
    Comparison,
    compare_all,
    keys_of,
    parquet_views,
    partitions_of,
    relations_to_compare,
    write_report,
)
from scripts.intake.command import intake
from scripts.platform.dbt import run_dbt, seeds_path
from scripts.platform.progress import quiet
from scripts.platform.spark.cluster import Cluster
from scripts.platform.spark.lake import export_inputs, register
from scripts.platform.warehouse import literal, open_warehouse
from scripts.platform.workspace import PROJECT, Workspace

DUCKDB, SPARK = "duckdb", "spark"


@dataclass
class Engines:
    """`workspace`: raw tables and seeds, built on DuckDB as the reference; `cluster`: Spark, with the same tables."""

    workspace: Workspace
    cluster: Cluster
    report: Path
    parts: dict[str, list[Comparison]] = field(default_factory=dict)
    facts: list[str] = field(default_factory=list)

    @property
    def target(self) -> Path:
        return self.workspace.home / "spark_dbt"

    def dbt(self, *arguments: str, day: date | None = None, **variables: Any) -> dict[str, Any]:
        """Run dbt on Spark in a process of its own; returns what became of each node. Fails with dbt's own words."""
        given = variables | ({"as_of_date": day.isoformat()} if day else {})
        environment = {
            **os.environ,
            **self.cluster.environment,
            "SEGMENTATION_SEEDS": seeds_path(self.workspace),
            "SEGMENTATION_WAREHOUSE": str(self.workspace.warehouse),
        }
        results = self.target / "target" / "run_results.json"
        results.unlink(missing_ok=True)
        command = [
            *(str(Path(sys.executable).parent / "dbt"), *arguments, "--target", "spark", "--no-use-colors"),
            *("--target-path", str(self.target / "target"), "--log-path", str(self.target / "logs")),
            *(("--vars", json.dumps(given)) if given else ()),
        ]
        began = time.monotonic()
        with (self.target.parent / "spark_dbt.log").open("a", encoding="utf-8") as log:
            log.write(f"\n== {' '.join(arguments)} {given}\n")
            log.flush()
            outcome = subprocess.run(command, cwd=PROJECT, env=environment, stdout=log, stderr=subprocess.STDOUT)
        self.last_seconds = time.monotonic() - began
        if outcome.returncode != 0:
            text = (self.target.parent / "spark_dbt.log").read_text("utf-8")
            raise AssertionError(f"dbt {arguments[0]} on Spark failed; the end of its output:\n{text[-6000:]}")
        return json.loads(results.read_text("utf-8")) if results.exists() else {}

    def on_duckdb(self, *arguments: str, day: date, **variables: Any) -> None:
        run_dbt(self.workspace, list(arguments), variables={"as_of_date": day.isoformat(), **variables}, progress=quiet)

    def load(self) -> None:
        """Load new landing files, and give Spark the same raw tables."""
        intake(self.workspace, quiet)
        folder = self.cluster.home / "raw"
        export_inputs(self.workspace, folder)
        register(self.cluster, folder, quiet)

    def compare(self, part: str) -> list[Comparison]:
        """Compare every relation that people or tools read; added to the report. Returns those that differ."""
        manifest = self.target / "target" / "manifest.json"
        with duckdb.connect() as connection:
            connection.execute(f"attach {literal(str(self.workspace.warehouse))} as {DUCKDB}_side (read_only)")
            parquet_views(connection, self.cluster.tables, f"{SPARK}_side")
            found = compare_all(
                connection,
                relations_to_compare(manifest),
                f"{DUCKDB}_side",
                f"{SPARK}_side",
                keys_of(manifest),
                partitions_of(manifest),
            )
        self.parts[part] = found
        self.write()
        return [one for one in found if not one.is_equal]

    def write(self) -> None:
        write_report(self.report, self.parts, self.facts)

    def note(self, fact: str) -> None:
        self.facts.append(fact)
        self.write()
        print(f"  {fact}", flush=True)

    def state_rows(self) -> dict[str, int]:
        """Rows of the tables on Spark that cannot be computed again."""
        names = ("state.identity_registry", "state.identity_log", "marts.segment_versions", "history.membership_log",
                 "history.segment_evaluations", "history.int_segment_thresholds", "history.int_segment_values",
                 "marts.rfm_cut_points_history")  # fmt: skip
        return {name: self.cluster.execute(f"select count(*) from {name}")[0][0] for name in names}

    def trivial_seconds(self, count: int = 30) -> float:
        """Mean seconds of a table of one row, of the second half of `count`, as a measure of this machine."""
        statements = [
            f"create table scratch.t{number} using parquet as select {number} as n" for number in range(count)
        ]
        self.cluster.execute("create schema if not exists scratch", *statements[: count // 2])
        began = time.monotonic()
        self.cluster.execute(*statements[count // 2 :])
        taken = time.monotonic() - began
        self.cluster.execute("drop schema scratch cascade")
        return taken / (count - count // 2)


def statuses(results: dict[str, Any]) -> Counter[tuple[str, str]]:
    """Number of nodes by kind and outcome."""
    return Counter((result["unique_id"].split(".")[0], result["status"]) for result in results["results"])


def deliver_late(workspace: Workspace, day: date, count: int = 6) -> int:
    """Land till receipts of the last months that become known on `day`: copies of `count` others. Returns how many."""
    with open_warehouse(workspace.warehouse, read_only=True) as connection:
        known = "coalesce(customer_number, loyalty_number, email, phone) is not null"
        connection.execute(
            f"create temp table late as select receipt_id from raw_pos.receipt where {known}"
            f" and sold_at between date '{day}' - 120 and date '{day}' - 10 order by receipt_id limit {count}"
        )
        for table in ("receipt", "receipt_line"):
            columns = [
                name
                for name, *_ in connection.execute(f"describe raw_pos.{table}").fetchall()
                if not name.startswith("_")
            ]
            cells = {name: f'"{name}"' for name in columns} | {
                "receipt_id": "'late-' || receipt_id",
                "synced_at": f"timestamp '{day} 09:00:00'",
            }
            if "receipt_number" in columns:
                cells["receipt_number"] = "'late-' || receipt_number"
            target = workspace.landing / "pos" / table / f"{table}_{day}_late.csv"
            target.parent.mkdir(parents=True, exist_ok=True)
            rows = ", ".join(f'{cells[name]} as "{name}"' for name in columns)
            connection.execute(
                f"copy (select {rows} from raw_pos.{table} where receipt_id in (from late)) to {literal(str(target))}"
                " (format csv, header true)"
            )
        found = connection.execute("select count(*) from late").fetchone()
    return int(found[0]) if found else 0


def copy_of(workspace: Workspace, folder: Path) -> Workspace:
    """Landing zone and seeds of a workspace, without anything built."""
    copy = Workspace.at(warehouse=str(folder / "warehouse.duckdb"))
    shutil.rmtree(folder, ignore_errors=True)
    shutil.copytree(workspace.landing, copy.landing)
    shutil.copytree(workspace.seeds, copy.seeds)
    return copy
