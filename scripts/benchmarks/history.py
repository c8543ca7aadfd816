"""Measures what a day of membership history costs when few, some and many customers changed.

The warehouse is that of the segment benchmark: invented customers and 100 segments. All customers enter on the first
day; on each later day a share of the customers gets new values of everything that rules read. Rules are evaluated as on
any day; only the models that write history are timed, as reported by dbt.
"""

from __future__ import annotations

import re
import shutil
from collections.abc import Sequence
from datetime import date, timedelta

import duckdb

from scripts.benchmarks.segments import DAY, EVALUATION, FEATURES, invented_workspace
from scripts.platform.dbt import run_dbt
from scripts.platform.progress import Progress, quiet
from scripts.platform.warehouse import literal, open_warehouse, quote
from scripts.platform.workspace import Workspace
from scripts.segments.backfill import HISTORY_MODELS

SHARES = (0.001, 0.01, 0.1)
# Rewritten for all customers every day, whatever changed: the values with which the next day is compared.
VALUES = "int_segment_values"


def benchmark_history(
    workspace: Workspace, *, customers: int = 1_000_000, shares: Sequence[float] = SHARES, progress: Progress = print
) -> list[tuple[int, float, float]]:
    """Write one day of history per share of changed customers, and print rows and time of each.

    Returns (rows written, seconds for the copy of values, seconds for all other history models) per share.
    """
    own, rules = invented_workspace(workspace.home / "history_benchmark", customers)
    with open_warehouse(own.warehouse) as connection:
        _add_what_history_reads(connection)
    first = date.fromisoformat(DAY)
    _write_day(own, first)
    with open_warehouse(own.warehouse, read_only=True) as connection:
        [(members,)] = connection.execute("select count(*) from intermediate.int_segment_matches").fetchall()
    progress(f"{customers:,} customers, {len(rules)} segments, {members:,} memberships")
    found = []
    for number, share in enumerate(shares, start=1):
        day = first + timedelta(days=number)
        with open_warehouse(own.warehouse) as connection:
            _change(connection, day, share)
        seconds = _write_day(own, day)
        with open_warehouse(own.warehouse, read_only=True) as connection:
            counted = f"select count(*) from history.membership_log where as_of_date = {literal(str(day))}"
            [(rows,)] = connection.execute(counted).fetchall()
        values = seconds.pop(VALUES)
        found.append((rows, values, sum(seconds.values())))
        spent_on_rows = found[-1][2]
        progress(f"  {share:.1%} of customers changed: {rows:,} rows, {spent_on_rows:.1f} s, values {values:.1f} s")
        for name, spent in sorted(seconds.items(), key=lambda item: -item[1])[:3]:
            progress(f"    {name:<28} {spent:6.2f} s")
    (least, _, shortest), (most, _, longest) = found[0], found[-1]
    progress(f"  {most / least:.0f} times the rows took {longest / shortest:.1f} times the time")
    shutil.rmtree(own.home, ignore_errors=True)
    return found


def _write_day(workspace: Workspace, day: date) -> dict[str, float]:
    """Evaluate a day and write its history; returns the seconds of each history model."""
    variables = {"as_of_date": day.isoformat()}
    run_dbt(workspace, ["run", "--select", *EVALUATION], variables=variables, progress=quiet)
    models = [*HISTORY_MODELS, VALUES]
    results = run_dbt(workspace, ["run", "--select", *models], variables=variables, progress=quiet)
    return {result.node.name: result.execution_time for result in results if result.node.name in models}


def _add_what_history_reads(connection: duckdb.DuckDBPyConnection) -> None:
    for schema in ("history", "state"):
        connection.execute(f"create schema {schema}")
    connection.execute(
        "create table intermediate.int_segment_definitions as select segment_key, 'dynamic' as segment_kind,"
        " 'active' as effective_status, 1::integer as priority, 1::integer as rule_version, segment_key as"
        " rule_fingerprint, null::date as expires_on from seeds.segment_definitions"
    )
    connection.execute(
        "create table intermediate.int_model_status as"
        " select null::varchar as model_key, null::varchar as status, null::varchar as reason where false"
    )
    connection.execute(
        "create table marts.attribute_catalogue as select 'has_open_complaint' as attribute_name, 'service' as theme"
    )
    connection.execute(
        "create table state.identity_log as select '' as old_customer_id, '' as new_customer_id, '' as change,"
        " current_date as changed_date where false"
    )


def _change(connection: duckdb.DuckDBPyConnection, day: date, share: float) -> None:
    """The next day: a share of the customers, different ones each day, get new values."""
    columns = []
    for name, text in FEATURES.items():
        chance = f"((hash(customer_id, {literal(f'{name} {day}')}) % 1000003) / 1000003.0)"
        columns.append(f"{quote(name)} = {re.sub('[$]r', chance, text)}")
    changed = f"hash(customer_id, {literal(str(day))}) % 1000000 < {share * 1000000:.0f}"
    connection.execute(f"update marts.customer_features set {', '.join(columns)} where {changed}")
    connection.execute(f"update marts.customer_features set as_of_date = cast({literal(str(day))} as date)")
