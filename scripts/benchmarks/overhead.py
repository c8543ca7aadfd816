"""Measures the overhead of a daily build: dbt's wall time minus that of the same statements without dbt.

A demo is simulated, loaded and built by dbt into a fresh warehouse; then every compiled model and test is executed
again, in the order in which dbt finished them, on one connection to a copy of the warehouse from before the build.
"""

from __future__ import annotations

import shutil
import time
from collections import Counter
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import duckdb

from scripts.platform.errors import CheckFailed
from scripts.platform.progress import Progress, quiet
from scripts.platform.warehouse import literal, open_warehouse, quote
from scripts.platform.workspace import Workspace

# Materialisations that are one statement over the compiled query; the others are defined by their own macros.
PLAIN = {"table": "table", "incremental": "table", "view": "view"}
# Schemas that a build reads but does not write.
READ_SCHEMAS = ("raw_%", "intake", "information_schema", "main")


@dataclass
class Spent:
    """Measured seconds: wall time, and processor time of this process."""

    wall: float = 0.0
    cpu: float = 0.0


@dataclass(frozen=True)
class Overhead:
    """The measurements: reading the project, building with dbt, and the same statements on a bare connection."""

    parse: Spent
    build: Spent
    bare: Spent
    nodes: dict[str, int]
    rows: dict[str, int]

    @property
    def seconds(self) -> float:
        """Wall time not spent in the engine."""
        return self.parse.wall + self.build.wall - self.bare.wall


def benchmark_overhead(workspace: Workspace, *, customers: int = 5000, progress: Progress = print) -> Overhead:
    """Build `customers` known people with dbt and without, and print both times, nodes by type and rows by schema.

    Both run in this process with the same engine memory and settings. Seeds, and models other than plain tables and
    views, are copied from the finished build before the clock starts: that shortens the bare time, so the overhead is
    not understated.
    """
    from scripts.demo.simulator import simulate
    from scripts.intake.command import intake
    from scripts.pipeline import steps
    from scripts.platform.dbt import parsed_project, run_dbt

    home = workspace.home / "overhead"
    shutil.rmtree(home, ignore_errors=True)
    # Compiled statements name the database, whose name is that of its file, so both files have the same name.
    own, bare = (Workspace.at(warehouse=str(home / kind / "warehouse.duckdb")) for kind in ("dbt", "bare"))
    progress(f"a demo of {customers:,} people, built with dbt and without")
    simulate(own, customers=customers, progress=quiet)
    intake(own, quiet)
    steps.setup(own, quiet)
    bare.home.mkdir(parents=True)
    shutil.copy(own.warehouse, bare.warehouse)
    with _spent() as parse:
        parsed_project(own)
    with _spent() as build:
        results = run_dbt(own, ["build", "--exclude-resource-type", "unit_test"], progress=quiet)
    nodes = [result.node for result in results if result.node.resource_type in ("seed", "model", "test")]
    alone = bare_seconds(nodes, own.warehouse, bare.warehouse)
    measured = Overhead(parse, build, alone, nodes_by_type(nodes), stored_rows(own.warehouse))
    for line in _lines(measured):
        progress(line)
    return measured


def bare_seconds(nodes: Iterable[Any], built: Path, file: Path) -> Spent:
    """Time of the compiled statements of finished nodes on one connection to `file`, which holds their input."""
    nodes = list(nodes)
    given = [node for node in nodes if node.resource_type != "test" and node.config.materialized not in PLAIN]
    with open_warehouse(file) as connection:
        for schema in sorted({node.schema for node in nodes if node.resource_type != "test"}):
            connection.execute(f"create schema if not exists {quote(schema)}")
        connection.execute(f"attach {literal(str(built))} as built (read_only)")
        for node in given:
            name = f"{quote(node.schema)}.{quote(node.alias)}"
            connection.execute(f"create table {name} as from built.{name}")
        connection.execute("detach built")
        with _spent() as spent:
            for node in nodes:
                if node not in given:
                    _execute(connection, node)
    return spent


def bare_statement(node: Any) -> str:
    """The statement for a table, view or test, as one would write it by hand."""
    if node.resource_type == "test":
        return f"select count(*) from (\n{node.compiled_code}\n) as failures"
    return f"create {PLAIN[node.config.materialized]} {node.relation_name} as (\n{node.compiled_code}\n)"


def nodes_by_type(nodes: Iterable[Any]) -> dict[str, int]:
    """Number of nodes by type; models by materialisation."""
    kinds = Counter(
        f"{node.config.materialized} models" if node.resource_type == "model" else f"{node.resource_type}s"
        for node in nodes
    )
    return dict(sorted(kinds.items()))


def stored_rows(file: Path) -> dict[str, int]:
    """Total rows of the tables in each schema of a built warehouse."""
    unread = " and ".join(f"schema_name not like {literal(schema)}" for schema in READ_SCHEMAS)
    with open_warehouse(file, read_only=True) as connection:
        tables = connection.execute(
            f"select schema_name, table_name from duckdb_tables() where {unread} order by all"
        ).fetchall()
        rows: Counter[str] = Counter()
        for schema, table in tables:
            found = connection.execute(f"select count(*) from {quote(schema)}.{quote(table)}").fetchall()
            rows[schema] += found[0][0]
    return dict(rows)


def _execute(connection: duckdb.DuckDBPyConnection, node: Any) -> None:
    try:
        connection.execute(bare_statement(node)).fetchall()
    except duckdb.Error as problem:
        raise CheckFailed(f"{node.name}: runs under dbt, but not on a bare connection: {problem}") from None


def _lines(measured: Overhead) -> Iterator[str]:
    for what, spent in (
        ("reading the project", measured.parse),
        ("build with dbt", measured.build),
        ("same statements alone", measured.bare),
    ):
        yield f"  {what:<22} {spent.wall:7.1f} s   processor {spent.cpu:7.1f} s"
    yield f"  overhead               {measured.seconds:7.1f} s"
    count = sum(measured.nodes.values())
    yield f"  {count:,} nodes: " + ", ".join(f"{number:,} {kind}" for kind, number in measured.nodes.items())
    yield "  rows stored: " + ", ".join(f"{schema} {number:,}" for schema, number in measured.rows.items())


@contextmanager
def _spent() -> Iterator[Spent]:
    """Measures the block; the result is filled in at its end."""
    spent = Spent()
    wall, cpu = time.monotonic(), time.process_time()
    yield spent
    spent.wall, spent.cpu = time.monotonic() - wall, time.process_time() - cpu
