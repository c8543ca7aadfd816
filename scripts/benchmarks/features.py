"""Measures the feature models against one scan and one grouped pass of their input, and how they scale with the data.

A small demo is simulated, loaded and built once; the input of the feature models is then multiplied: every customer is
copied as often as the factor says, with separate ids and their own orders, tickets and events. So the distributions
(who buys how often, how visits cluster) stay those of the simulator, and no schema is defined here.
"""

from __future__ import annotations

import json
import re
import resource
import shutil
import time
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

import duckdb

from scripts.platform.errors import UserError
from scripts.platform.progress import Progress, quiet
from scripts.platform.warehouse import MEMORY_LIMIT, literal, open_warehouse, quote
from scripts.platform.workspace import Workspace

BASE_CUSTOMERS = 5000
THREADS = 2
# Marts with customer attributes; those that the project does not have are skipped.
FEATURE_MARTS = ("customer_features", "customer_behaviour_windows", "customer_rfm", "rfm_cut_points", "customer_margin")
GOAL_RATIO = 6.0
GOAL_GROWTH = 12.0
# Columns with ids of customers and of their records end like this; ids of the retailer's own things are shared.
OWN_ID = re.compile(r"(_id|_key|_ref|_number)$")
SHARED_ID = re.compile(r"^(campaign|flow|location|metric|product|list|currency|segment|rule|window|topic)_")


@dataclass(frozen=True)
class Plan:
    """What is measured: feature models, their results, and the relations read, as `schema.name` with their readers."""

    models: tuple[str, ...]
    results: tuple[str, ...]
    inputs: dict[str, tuple[str, ...]]


@dataclass(frozen=True)
class Measured:
    """Seconds for one size: wall time of all feature models, of each model, and the three parts of the yardstick."""

    factor: int
    wall: float
    nodes: dict[str, float]
    scan: float
    grouped: float
    write: float

    @property
    def yardstick(self) -> float:
        return self.scan + self.grouped + self.write

    @property
    def ratio(self) -> float:
        return self.wall / self.yardstick


def benchmark_features(
    workspace: Workspace, *, customers: int = 250_000, smaller: int = 10, progress: Progress = print
) -> list[Measured]:
    """Build all features of `customers` known people and of `smaller` times fewer, and print the time taken.

    The yardstick is measured in the same process, on the same data, with the same threads: one scan of every column
    that a feature model reads, one pass over them grouped by customer, and a bare write of the finished tables.
    Returns the measurements, the smaller size first; with `smaller` 0 only the full size. 250,000 people need more
    than the engine's default memory: set SEGMENTATION_MEMORY=3000MB.
    """
    factor = max(round(customers / BASE_CUSTOMERS), 1)
    if smaller and factor < smaller:
        raise UserError(
            f"--customers must be at least {BASE_CUSTOMERS * smaller:,} to compare with {smaller} times fewer"
        )
    home = workspace.home / "features"
    base = Workspace.at(warehouse=str(home / "base" / "warehouse.duckdb"))
    plan = _build_base(base, progress)
    factors = [round(factor / smaller), factor] if smaller else [factor]
    measured = [_measure(base, home / f"times-{size}", plan, size, progress) for size in factors]
    if len(measured) == 2:
        growth = measured[1].wall / measured[0].wall
        times = factors[1] / factors[0]
        progress(
            f"{times:.0f} times the data took {growth:.1f} times as long (goal: at most {GOAL_GROWTH * times / 10:.0f})"
        )
    return measured


def _build_base(base: Workspace, progress: Progress) -> Plan:
    """Simulate, load and build the small workspace whose data is multiplied; returns the plan of its models."""
    from scripts.demo.simulator import simulate
    from scripts.intake.command import intake
    from scripts.pipeline import steps
    from scripts.platform.dbt import run_dbt

    progress(f"a demo of {BASE_CUSTOMERS:,} people to multiply")
    shutil.rmtree(base.home, ignore_errors=True)
    simulate(base, customers=BASE_CUSTOMERS, progress=quiet)
    intake(base, quiet)
    steps.setup(base, quiet)
    wanted = [f"+{name}" for name in FEATURE_MARTS]
    run_dbt(base, ["seed"], progress=quiet)
    run_dbt(base, ["build", "--resource-type", "model", "--select", *wanted], progress=quiet)
    manifest = json.loads((base.home / "dbt" / "target" / "manifest.json").read_text(encoding="utf-8"))
    return plan_of(manifest["nodes"])


def _layer(node: dict[str, Any]) -> str:
    return str(node["original_file_path"]).split("/")[1]


def plan_of(nodes: dict[str, Any]) -> Plan:
    """The feature models of a manifest: those that attribute marts need, without core marts and what these need."""
    by_name = {node["name"]: key for key, node in nodes.items() if node["resource_type"] == "model"}
    results = [by_name[name] for name in FEATURE_MARTS if name in by_name]
    # Identity comes before features.
    core = [
        key
        for name, key in by_name.items()
        if name == "customers" or (_layer(nodes[key]) in ("identity", "core") and nodes[key]["schema"] == "marts")
    ]
    upstream = _ancestors(nodes, core)
    models = sorted(
        key
        for key in _ancestors(nodes, results) - upstream
        if nodes[key]["resource_type"] == "model" and _layer(nodes[key]) != "staging"
    )
    inputs: dict[str, list[str]] = {}
    for key in models:
        for parent in nodes[key]["depends_on"]["nodes"]:
            if parent in nodes and parent not in models:
                name = f"{nodes[parent]['schema']}.{nodes[parent]['alias']}"
                inputs.setdefault(name, []).append(nodes[key]["name"])
    return Plan(
        tuple(nodes[key]["name"] for key in models),
        tuple(f"{nodes[key]['schema']}.{nodes[key]['alias']}" for key in results),
        {name: tuple(readers) for name, readers in sorted(inputs.items())},
    )


def _ancestors(nodes: dict[str, Any], of: Iterable[str]) -> set[str]:
    """The nodes themselves and everything they are built from."""
    found: set[str] = set()
    waiting = list(of)
    while waiting:
        key = waiting.pop()
        if key in nodes and key not in found:
            found.add(key)
            waiting += nodes[key]["depends_on"].get("nodes", [])
    return found


def _measure(base: Workspace, folder: Path, plan: Plan, factor: int, progress: Progress) -> Measured:
    from scripts.platform.dbt import run_dbt

    shutil.rmtree(folder, ignore_errors=True)
    own = Workspace(landing=base.landing, warehouse=folder / "warehouse.duckdb", seeds=base.seeds)
    rows = _multiply(base.warehouse, own.warehouse, plan, factor)
    progress(f"{BASE_CUSTOMERS * factor:,} people; rows read: " + ", ".join(f"{n} {c:,}" for n, c in _largest(rows)))
    options = ["--threads", str(THREADS), "--select", *plan.models]
    results = run_dbt(own, ["run", *options], progress=quiet)
    spans = [_span(result) for result in results]
    wall = (max(end for _, end in spans) - min(start for start, _ in spans)).total_seconds()
    code = {result.node.name: result.node.compiled_code or "" for result in results}
    scan, grouped, write = _yardstick(own.warehouse, plan, code)
    seconds = {result.node.name: float(result.execution_time) for result in results}
    measured = Measured(factor, wall, seconds, scan, grouped, write)
    for name, spent in sorted(seconds.items(), key=lambda item: -item[1])[:15]:
        progress(f"    {name:<34} {spent:6.2f} s")
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    progress(
        f"  {len(seconds)} feature models {wall:.1f} s ({sum(seconds.values()):.1f} s in {THREADS} threads);"
        f" one scan {scan:.1f} s, one grouped pass {grouped:.1f} s, bare write {write:.1f} s"
    )
    progress(
        f"  {measured.ratio:.1f} times scan, pass and write (goal: at most {GOAL_RATIO:.0f});"
        f" peak memory of the process {peak:,.0f} MB, the engine may use {MEMORY_LIMIT}"
    )
    shutil.rmtree(folder, ignore_errors=True)
    return measured


def _span(result: Any) -> tuple[datetime, datetime]:
    """Start and end of a model's execution, from the first to the last of its timed steps."""
    times = [time for step in result.timing for time in (step.started_at, step.completed_at) if time]
    return min(times), max(times)


def _largest(rows: dict[str, int]) -> list[tuple[str, int]]:
    return sorted(((name.split(".")[1], count) for name, count in rows.items()), key=lambda item: -item[1])[:6]


def _multiply(source: Path, target: Path, plan: Plan, factor: int) -> dict[str, int]:
    """Write every relation that feature models read, `factor` times as large; returns row counts by relation.

    Relations without ids of customers or of their records (products, rates, rules) are copied unchanged.
    """
    counts: dict[str, int] = {}
    with open_warehouse(target) as connection:
        connection.execute(f"attach {literal(str(source))} as base (read_only)")
        found = connection.execute(
            "select schema_name, table_name from duckdb_tables() where database_name = 'base'"
            " and schema_name in ('seeds', 'intake')"
        ).fetchall()
        relations = [*plan.inputs, *(f"{schema}.{name}" for schema, name in found)]
        for relation in dict.fromkeys(relations):
            schema, name = relation.split(".")
            place = f"{quote(schema)}.{quote(name)}"
            connection.execute(f"create schema if not exists {quote(schema)}")
            connection.execute(f"create table {place} as {_multiplied(connection, relation, factor)}")
            counted = connection.execute(f"select count(*) from {place}").fetchone()
            if relation in plan.inputs:
                counts[relation] = int(counted[0]) if counted else 0
        connection.execute("detach base")
    return counts


def _multiplied(connection: duckdb.DuckDBPyConnection, relation: str, factor: int) -> str:
    """SQL of a relation with every row `factor` times, its own ids made unique by the number of the copy."""
    schema, name = relation.split(".")
    place = f"base.{quote(schema)}.{quote(name)}"
    columns = connection.execute(f"describe {place}").fetchall()
    own = [
        column[0]
        for column in columns
        if column[1] == "VARCHAR" and OWN_ID.search(column[0]) and not SHARED_ID.search(column[0])
    ]
    if schema in ("seeds", "intake") or not own:
        return f"select * from {place}"
    renamed = ", ".join(f"{quote(column)} || '-' || copy as {quote(column)}" for column in own)
    return f"select relation.* replace ({renamed}) from {place} as relation cross join range({factor}) as copies (copy)"


def _yardstick(warehouse: Path, plan: Plan, code: dict[str, str]) -> tuple[float, float, float]:
    """Seconds for one scan of every column read, one pass grouped by customer, and writing the finished tables."""
    scans, passes = [], []
    with open_warehouse(warehouse) as connection:
        connection.execute(f"set threads = {THREADS}")
        for relation, readers in plan.inputs.items():
            words = set(re.findall(r"[a-z_0-9]+", " ".join(code[reader] for reader in readers).lower()))
            columns = [row[0] for row in connection.execute(f"describe {relation}").fetchall() if row[0] in words]
            if not columns:
                continue
            scans.append(f"select {', '.join(f'max({quote(column)})' for column in columns)} from {relation}")
            if "customer_id" in columns:
                values = ", ".join(f"max({quote(column)})" for column in columns if column != "customer_id")
                passes.append(
                    f"select customer_id, count(*){', ' + values if values else ''} from {relation} group by 1"
                )
        scan = sum(_seconds(connection, statement) for statement in scans)
        grouped = sum(_seconds(connection, f"create or replace temp table passed as {text}") for text in passes)
        connection.execute("create schema bare")
        write = sum(
            _seconds(connection, f"create table bare.{quote(result.split('.')[1])} as from {result}")
            for result in plan.results
        )
    return scan, grouped, write


def _seconds(connection: duckdb.DuckDBPyConnection, statement: str) -> float:
    started = time.monotonic()
    connection.execute(statement)
    if not statement.startswith("create"):
        connection.fetchall()
    return time.monotonic() - started
