"""Takes marts that Spark built into a workspace, from Parquet, so that every command that serves people works as usual.

The Parquet comes from `dbt run-operation export_to_parquet`. What is taken is checked first: that it is whole, of one
day, and as the contracts promise. The warehouse changes in one transaction.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

import duckdb

from scripts.pipeline.steps import setup
from scripts.platform.build_record import IMPORT, record_whole
from scripts.platform.errors import CheckFailed, UserError
from scripts.platform.files import new_folder
from scripts.platform.imported import mark_imported
from scripts.platform.progress import Progress, quiet, tell_share
from scripts.platform.settings import built_variables, stored_settings
from scripts.platform.snapshots import TABLES, snapshot_folder
from scripts.platform.warehouse import literal, open_memory, open_warehouse, quote, rollback
from scripts.platform.workspace import Workspace

CONTENTS = "_contents"
# Built anew by DuckDB, from what was imported.
VIEWS = ("int_segment_traces",)
# Relations of one day each; in others, rows of several days are right.
ONE_DAY = ("marts.customer_features", "marts.customer_margin", "marts.customer_rfm", "marts.segment_memberships")
# Schemas of which every model must be there.
WHOLE = ("marts", "pii", "activation", "history", "state")
# The landing zone's settings; those that the workspace has from its own load stay.
SETTINGS = "intake.settings"


def import_marts(workspace: Workspace, folder: Path, progress: Progress = print) -> date:
    """Replace the marts of the workspace by those exported to `folder`, and return the day that they describe.

    Raises UserError where `folder` is not a finished export, CheckFailed, one line per problem, where it is not whole
    or not of one day; the warehouse then stays as it was.
    """
    from scripts.platform.dbt import parsed_project, run_dbt

    rows, day = _contents(folder)
    setup(workspace, quiet)
    nodes = {
        f"{node.schema}.{node.alias}": node
        for node in parsed_project(workspace).nodes.values()
        if node.resource_type in ("model", "seed")
    }
    if problems := _not_whole(nodes, rows):
        raise CheckFailed("\n".join(problems))
    with open_warehouse(workspace.warehouse) as connection:
        # Before the transaction, which a table that is not there would end.
        if stored_settings(connection):
            rows.pop(SETTINGS, None)
        connection.execute("begin")
        try:
            for number, (relation, count) in enumerate(sorted(rows.items()), start=1):
                _load(connection, folder, relation, nodes.get(relation))
                problems += _differs(connection, relation, count, nodes.get(relation))
                tell_share(progress, number, len(rows))
            if problems := problems or _other_days(connection, day):
                raise CheckFailed("\n".join(problems))
            mark_imported(connection, day, datetime.now(UTC).replace(tzinfo=None, microsecond=0))
            record_whole(connection)
            connection.execute("commit")
        except BaseException:
            rollback(connection)
            raise
    variables = {**built_variables(workspace), "as_of_date": day.isoformat()}
    run_dbt(workspace, ["run", "--select", *VIEWS], variables=variables, kind=IMPORT, progress=quiet)
    progress(f"import: {len(rows)} relations, {sum(rows.values()):,} rows, as of {day}")
    return day


def import_past_day(workspace: Workspace, folder: Path, progress: Progress = print) -> date:
    """Keep the day exported to `folder` as one on which models may be fitted and evaluated; returns the day.

    Raises UserError where `folder` is not a finished export, or lacks what is needed of a past day.
    """
    rows, day = _contents(folder)
    for relation in TABLES.values():
        if relation not in rows:
            raise UserError(f"{folder}: has no {relation}; export the day with `past_day: true`")
    target = snapshot_folder(workspace, day)
    if target.exists():
        progress(f"{day} is there already")
        return day
    with new_folder(target) as unfinished, open_memory() as connection:
        connection.execute("set timezone = 'UTC'")
        for name, relation in TABLES.items():
            file = literal(str(unfinished / f"{name}.parquet"))
            query = f"select {_cells(connection, folder, relation, None)} from {_files(folder, relation)} order by all"
            connection.execute(f"copy ({query}) to {file} (format parquet, compression zstd)")
    progress(f"import: {day} is there for fits and backtests")
    return day


def _contents(folder: Path) -> tuple[dict[str, int], date]:
    """Rows by relation, and the day that they describe, as the export lists them."""
    if not any((folder / CONTENTS).glob("*.parquet")):
        raise UserError(f"{folder}: is not a finished export; run `dbt run-operation export_to_parquet` to its end")
    with open_memory() as connection:
        found = connection.execute(
            f"select relation, row_count, as_of_date from read_parquet({literal(f'{folder}/{CONTENTS}/*.parquet')})"
        ).fetchall()
    days = {row[2] for row in found}
    if len(days) != 1 or None in days:
        raise UserError(f"{folder}: is not a finished export, or its marts hold no customers; export again")
    return {relation: int(count) for relation, count, _ in found}, days.pop()


def _not_whole(nodes: dict[str, Any], rows: dict[str, int]) -> list[str]:
    wanted = [
        relation
        for relation, node in nodes.items()
        if node.resource_type == "model" and relation.split(".")[0] in WHOLE and node.config.materialized != "ephemeral"
    ]
    return [
        f"{relation}: is not in the export; export again" for relation in sorted(wanted) if relation not in rows
    ] + [
        f"{relation}: no model of this version of the project builds it; build on Spark with this version"
        for relation in sorted(rows)
        if relation not in nodes and relation != SETTINGS
    ]


def _load(connection: duckdb.DuckDBPyConnection, folder: Path, relation: str, node: Any) -> None:
    schema, name = relation.split(".")
    target = f"{quote(schema)}.{quote(name)}"
    connection.execute(f"create schema if not exists {quote(schema)}")
    kind = connection.execute(
        "select table_type from information_schema.tables where table_schema = ? and table_name = ?", [schema, name]
    ).fetchone()
    if kind == ("VIEW",):
        connection.execute(f"drop view {target}")
    cells = _cells(connection, folder, relation, node)
    connection.execute(f"create or replace table {target} as select {cells} from {_files(folder, relation)}")
    present = [name for name, *_ in connection.execute(f"describe {target}").fetchall()]
    for statement in _comments(target, node, present):
        connection.execute(statement)


def _files(folder: Path, relation: str) -> str:
    return f"read_parquet({literal(str(folder.joinpath(*relation.split('.'), '*.parquet')))})"


def _cells(connection: duckdb.DuckDBPyConnection, folder: Path, relation: str, node: Any) -> str:
    """The columns of an exported relation, each with its type in the contract; instants in UTC, without a zone.

    In the order of the contract: a lake keeps the column by which it partitions a table last.
    """
    kinds = {
        name: kind
        for name, kind, *_ in connection.execute(f"describe select * from {_files(folder, relation)}").fetchall()
    }
    described = node.columns if node is not None else {}
    cells = []
    for name in sorted(kinds, key=lambda name: list(described).index(name) if name in described else len(described)):
        stated = described[name].data_type if name in described else None
        wanted = stated or ("timestamp" if "TIME ZONE" in kinds[name] else None)
        cells.append(f"cast({quote(name)} as {wanted}) as {quote(name)}" if wanted else quote(name))
    return ", ".join(cells)


def _comments(target: str, node: Any, present: list[str]) -> Iterable[str]:
    """Descriptions, as a build writes them to the warehouse."""
    if node is None or node.resource_type != "model" or not node.config.persist_docs.get("relation"):
        return
    if node.description:
        yield f"comment on table {target} is {literal(node.description)}"
    for column in node.columns.values():
        if column.description and column.name in present:
            yield f"comment on column {target}.{quote(column.name)} is {literal(column.description)}"


def _differs(connection: duckdb.DuckDBPyConnection, relation: str, count: int, node: Any) -> list[str]:
    """How a loaded relation differs from the list of contents and from its contract."""
    found = connection.execute(f"select count(*) from {relation}").fetchone()
    problems = []
    if found is None or found[0] != count:
        problems.append(f"{relation}: {found[0] if found else 0:,} rows, of {count:,} exported; copy it again")
    if node is not None and node.resource_type == "model" and node.config.contract.enforced:
        columns = [name for name, *_ in connection.execute(f"describe {relation}").fetchall()]
        if columns != list(node.columns):
            problems.append(f"{relation}: its columns are not those of its contract; build on Spark with this version")
    return problems


def _other_days(connection: duckdb.DuckDBPyConnection, day: date) -> list[str]:
    return [
        f"{relation}: describes {found}, and the export {day}; build all of one day on Spark and export again"
        for relation in ONE_DAY
        for (found,) in connection.execute(f"select distinct as_of_date from {relation} order by 1").fetchall()
        if found != day
    ]
