"""Evaluates segments on past days, so that their history reaches further back: the command `backfill`.

Each day is built by the same models as today's, in a copy of the warehouse; its entries and exits go into the
warehouse in one transaction. Evaluating a day rewrites its own changes and those of the next evaluated day, so the
order of days does not matter. What was evaluated is kept as Parquet under `<home>/snapshots/segments/`, and reused as
long as data, rules and models are the same.

Every segment is evaluated by the rule that was in force on the day, as `segment_versions` recorded it; before its first
record by the first one. Which segments are active is today's decision.
"""

from __future__ import annotations

import shutil
from datetime import date, timedelta
from pathlib import Path

import duckdb

from scripts.platform import build_record
from scripts.platform.errors import UserError
from scripts.platform.files import new_folder
from scripts.platform.past_day import build_past_day, data_state
from scripts.platform.progress import Progress, quiet, tell_share
from scripts.platform.settings import built_var, built_variables
from scripts.platform.snapshots import SEGMENTS, described_day, sandbox
from scripts.platform.warehouse import literal, open_warehouse, quote
from scripts.platform.workspace import Workspace

# What is kept of an evaluated day, and where the models put it.
KEPT = {
    "matches": "intermediate.int_segment_matches",
    "definitions": "intermediate.int_segment_definitions",
    "percentiles": "intermediate.int_segment_percentiles",
    "models": "intermediate.int_model_status",
    "values": "history.int_segment_values",
}
VALUES = "values"
# What a backfilled day adds to the warehouse.
HISTORY = ("membership_log", "segment_evaluations", "int_segment_thresholds")
# From matches to the log; and what the marts of the present day show of the log.
HISTORY_MODELS = [
    "int_segment_status", "int_segment_members", "segment_evaluations", "int_segment_thresholds",
    "int_membership_comparisons", "int_membership_changes", "int_membership_change_kinds", "int_segment_rule_items",
    "int_membership_traces", "int_membership_reasons", "membership_log",
]  # fmt: skip
SHOWN_MODELS = ["membership_changes", "segment_membership_history", "segment_sizes", "segment_memberships"]
# Evaluations depend on all seeds except these, which record who approved them and who may.
OTHER_SEEDS = ("segment_approvals", "approvers")
CARRIED = "carried"


def backfill(
    workspace: Workspace,
    first: date,
    last: date,
    every: int = 1,
    *,
    force: bool = False,
    progress: Progress = print,
) -> int:
    """Evaluate the days from `first` to `last`, every `every`th; returns how many were evaluated.

    A day that is in the history already, from the same data, rules and models, is skipped unless `force`.
    Raises UserError for days that are not in the past and for a warehouse without history.
    """
    if first > last:
        raise UserError(f"--from {first} is after --to {last}; swap them")
    if every < 1:
        raise UserError(f"--every {every}: too few days; give 1 or more")
    count = (last - first).days // every + 1
    return backfill_days(
        workspace, [first + timedelta(days=every * n) for n in range(count)], force=force, progress=progress
    )


def backfill_days(
    workspace: Workspace, days: list[date], *, force: bool = False, shown: bool = True, progress: Progress = print
) -> int:
    """Evaluate past days in the given order; see `backfill`.

    Unless `shown`, what the marts show of the history is left to a build that follows, which may be the first one.
    """
    today = described_day(workspace)
    for day in days:
        if day >= today:
            raise UserError(f"{day} is not before {today}, which {workspace.warehouse} describes; give earlier days")
    with open_warehouse(workspace.warehouse, read_only=True) as connection:
        evaluated = _evaluated_days(connection)
    if shown and not evaluated:
        raise UserError(f"{workspace.warehouse}: holds no history yet; run `python -m scripts build` first")
    _check_kept(workspace, days, evaluated)
    state = data_state(workspace, OTHER_SEEDS)
    kept = _Kept(workspace, state)
    kept.forget_other_states()
    wanted = [day for day in days if force or day not in evaluated or not kept.is_carried(day)]
    if len(wanted) < len(days):
        done = len(days) - len(wanted)
        progress(f"{done} of {len(days)} days are in the history already; --force evaluates them again")
    if not wanted:
        return 0
    with sandbox(workspace) as copy:
        try:
            for number, day in enumerate(wanted, start=1):
                entered, left = _backfill_day(workspace, copy, kept, day)
                progress(f"day {number} of {len(wanted)}: {day}, {entered} entered, {left} left")
                tell_share(progress, number, len(wanted))
        finally:
            # What was carried over is shown even if a later day failed or was interrupted.
            if shown:
                _show(workspace, today)
    return len(wanted)


def _check_kept(workspace: Workspace, days: list[date], evaluated: set[date]) -> None:
    """Raises UserError for a day that is too old to be kept: its changes could not be compared with anything."""
    limit = built_var(workspace, "segment_history_days") if evaluated else None
    if limit is None:
        return
    oldest = max(evaluated) - timedelta(days=int(limit))
    for day in days:
        if day < oldest:
            raise UserError(
                f"{day} is before {oldest}, the oldest day that segment_history_days ({limit}) keeps; "
                "give later days, or build with a larger number"
            )


def _backfill_day(workspace: Workspace, copy: Workspace, kept: _Kept, day: date) -> tuple[int, int]:
    before = _history_mark(copy)
    _load_neighbour_values(copy, kept, day)
    _evaluate(copy, kept, day)
    _carry(workspace, copy, day, before)
    kept.mark_carried(day)
    with open_warehouse(copy.warehouse, read_only=True) as connection:
        changes = "select count(*) from history.membership_log where as_of_date = $day and change = $change"
        entered, left = (
            connection.execute(changes, {"day": day, "change": change}).fetchone() for change in ("entered", "left")
        )
    return (entered[0] if entered else 0), (left[0] if left else 0)


def _evaluate(copy: Workspace, kept: _Kept, day: date) -> None:
    """Evaluate a day and write its changes, in the copy: from what is kept of it, else by building the day."""
    if kept.has(day):
        kept.load(copy, day, list(KEPT))
        _run(copy, HISTORY_MODELS, day)
        return
    build_past_day(copy, day, ["+membership_log"])
    kept.keep(copy, day)


def _load_neighbour_values(copy: Workspace, kept: _Kept, day: date) -> None:
    """Ensure that the values of the days that `day` is compared with are in the copy."""
    with open_warehouse(copy.warehouse, read_only=True) as connection:
        if not _has_history(connection):
            return
        neighbours = [
            row[0]
            for row in connection.execute(
                """
                with around as (
                    select segment_key,
                        max(case when as_of_date < $day then as_of_date end) as earlier,
                        min(case when as_of_date > $day then as_of_date end) as later
                    from history.segment_evaluations
                    where status = 'active'
                    group by segment_key
                )
                select earlier from around where earlier is not null
                union
                select later from around where later is not null
                order by 1
                """,
                {"day": day},
            ).fetchall()
        ]
        kept_days = connection.execute("select distinct as_of_date from history.int_segment_values").fetchall()
        present = {row[0] for row in kept_days}
    for neighbour in neighbours:
        if neighbour in present:
            continue
        if not kept.has(neighbour):
            build_past_day(copy, neighbour, ["+int_segment_values", *_kept_models()])
            kept.keep(copy, neighbour)
        kept.load(copy, neighbour, [VALUES])
    with open_warehouse(copy.warehouse) as connection:
        needed = ", ".join(f"date '{known}'" for known in neighbours) or "date '0001-01-01'"
        # The days that the warehouse itself keeps stay until they are no longer needed.
        connection.execute(
            f"delete from history.int_segment_values where as_of_date not in ({needed}) and as_of_date < $day",
            {"day": day},
        )


def _kept_models() -> list[str]:
    return [f"+{table.split('.')[1]}" for table in KEPT.values()]


def _carry(workspace: Workspace, copy: Workspace, day: date, before: str) -> None:
    """Carry what evaluating `day` wrote in the copy over to the warehouse, all of it or nothing."""
    with open_warehouse(workspace.warehouse) as connection:
        if _mark(connection) != before:
            raise UserError(
                f"{workspace.warehouse}: its history changed while past days were evaluated; run the same command again"
            )
        connection.execute(f"attach {literal(str(copy.warehouse))} as sandbox (read_only)")
        connection.execute("begin")
        connection.execute("create schema if not exists history")
        if all(day > evaluated for evaluated in _evaluated_days(connection)):
            # The day that the next build is compared with.
            _replace_values(connection, "sandbox.history.int_segment_values", day)
        for name in HISTORY:
            relation = f"history.{name}"
            connection.execute(f"create table if not exists {relation} as from sandbox.{relation} limit 0")
            days = f"select distinct as_of_date from sandbox.{relation}"
            _add_missing_columns(connection, relation, f"sandbox.{relation}")
            # The days whose rows differ: the day itself and, in the log, the next ones.
            differing = (
                f"select as_of_date from sandbox.{relation} where as_of_date >= $day group by as_of_date"
                if name == "membership_log"
                else f"{days} where as_of_date = $day"
            )
            if name == "membership_log":
                differing += (
                    " having as_of_date = $day or as_of_date in (select as_of_date from"
                    " sandbox.intermediate.int_membership_comparisons)"
                )
            connection.execute(f"delete from {relation} where as_of_date in ({differing})", {"day": day})
            connection.execute(
                f"insert into {relation} by name from sandbox.{relation} where as_of_date in ({differing})",
                {"day": day},
            )
        connection.execute("commit")
        connection.execute("detach sandbox")


def _show(workspace: Workspace, today: date) -> None:
    """Derive what the marts of the present day show of the history."""
    _run(workspace, SHOWN_MODELS, today)


def _run(workspace: Workspace, models: list[str], day: date) -> None:
    from scripts.platform.dbt import run_dbt

    variables = {**built_variables(workspace), "as_of_date": day.isoformat()}
    run_dbt(workspace, ["run", "--select", *models], variables=variables, kind=build_record.HISTORY, progress=quiet)


def _evaluated_days(connection: duckdb.DuckDBPyConnection) -> set[date]:
    if not _has_history(connection):
        return set()
    found = connection.execute("select distinct as_of_date from history.segment_evaluations").fetchall()
    return {day for (day,) in found}


def _has_history(connection: duckdb.DuckDBPyConnection) -> bool:
    """Whether segments were evaluated on any day."""
    found = connection.execute(
        "select count(*) from duckdb_tables()"
        " where database_name = current_database() and schema_name = 'history' and table_name in $names",
        {"names": list(HISTORY)},
    ).fetchall()
    return bool(found[0][0] == len(HISTORY))


def _history_mark(workspace: Workspace) -> str:
    with open_warehouse(workspace.warehouse, read_only=True) as connection:
        return _mark(connection)


def _mark(connection: duckdb.DuckDBPyConnection) -> str:
    """A checksum of the history, whatever the order of its rows; empty where there is none."""
    if not _has_history(connection):
        return ""
    parts = [
        f"(select concat(count(*), ' ', sum(hash(as_of_date, segment_key, {rest}))) from history.{name} as part)"
        for name, rest in (("membership_log", "customer_id, change"), ("segment_evaluations", "status"))
    ]
    found = connection.execute(f"select concat_ws(' ', {', '.join(parts)})").fetchone()
    return str(found[0]) if found else ""


def _replace_values(connection: duckdb.DuckDBPyConnection, source: str, day: date) -> None:
    """Replace the kept values of a day."""
    table = KEPT[VALUES]
    connection.execute(f"create table if not exists {table} as from {source} limit 0")
    _add_missing_columns(connection, table, source)
    connection.execute(f"delete from {table} where as_of_date = $day", {"day": day})
    connection.execute(f"insert into {table} by name from {source} where as_of_date = $day", {"day": day})


def _add_missing_columns(connection: duckdb.DuckDBPyConnection, relation: str, source: str) -> None:
    known = {row[0] for row in connection.execute(f"describe {relation}").fetchall()}
    for name, kind, *_ in connection.execute(f"describe from {source}").fetchall():
        if name not in known:
            connection.execute(f"alter table {relation} add column {quote(name)} {kind}")


class _Kept:
    """Evaluated days as Parquet: one folder per day and state of data, rules and models."""

    def __init__(self, workspace: Workspace, state: str) -> None:
        self.folder = workspace.snapshots / SEGMENTS
        self.state = state

    def of(self, day: date) -> Path:
        return self.folder / f"{day.isoformat()}-{self.state}"

    def has(self, day: date) -> bool:
        return self.of(day).is_dir()

    def is_carried(self, day: date) -> bool:
        return (self.of(day) / CARRIED).exists()

    def mark_carried(self, day: date) -> None:
        (self.of(day) / CARRIED).touch()

    def forget_other_states(self) -> None:
        for folder in self.folder.glob("*"):
            if not folder.name.endswith(self.state):
                shutil.rmtree(folder, ignore_errors=True)

    def keep(self, copy: Workspace, day: date) -> None:
        """Write what was evaluated for a day, completely or not at all."""
        self.folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        with new_folder(self.of(day)) as unfinished, open_warehouse(copy.warehouse, read_only=True) as connection:
            for name, table in KEPT.items():
                where = f"where as_of_date = date '{day}'" if name == VALUES else ""
                target = f"{literal(str(unfinished / f'{name}.parquet'))} (format parquet, compression zstd)"
                connection.execute(f"copy (from {table} {where} order by all) to {target}")

    def load(self, copy: Workspace, day: date, names: list[str]) -> None:
        """Load what is kept of a day into the copy, replacing what it holds of other days."""
        with open_warehouse(copy.warehouse) as connection:
            for name in names:
                table, source = KEPT[name], f"read_parquet({literal(str(self.of(day) / f'{name}.parquet'))})"
                if name == VALUES:
                    _replace_values(connection, source, day)
                else:
                    # It may be a view of the models, or a table of a day loaded before.
                    schema, relation = table.split(".")
                    views = "select 1 from duckdb_views() where schema_name = $schema and view_name = $relation"
                    if connection.execute(views, {"schema": schema, "relation": relation}).fetchone():
                        connection.execute(f"drop view {table}")
                    connection.execute(f"create or replace table {table} as from {source}")
