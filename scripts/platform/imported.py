"""Whether a warehouse holds marts that another engine built, and nothing to build them from."""

from __future__ import annotations

from datetime import date, datetime

import duckdb

from scripts.platform.errors import UserError
from scripts.platform.warehouse import open_warehouse
from scripts.platform.workspace import Workspace

MARK = "state.imported_marts"


def mark_imported(connection: duckdb.DuckDBPyConnection, day: date, at: datetime) -> None:
    """Note that the marts of this warehouse were imported, as of `day`."""
    connection.execute("create schema if not exists state")
    connection.execute(f"create or replace table {MARK} (as_of_date date, imported_at timestamp)")
    connection.execute(f"insert into {MARK} values (?, ?)", [day, at])


def stop_without_raw_tables(workspace: Workspace, what: str) -> None:
    """Raise UserError where marts were imported and no raw table is there: models would replace them with nothing."""
    with open_warehouse(workspace.warehouse, read_only=True) as connection:
        schemas = dict(
            connection.execute("select schema_name, count(*) from duckdb_tables() group by schema_name").fetchall()
        )
        is_imported = connection.execute(
            "select 1 from duckdb_tables() where schema_name = 'state' and table_name = 'imported_marts'"
        ).fetchone()
    if is_imported and not any(name.startswith("raw_") for name in schemas):
        raise UserError(f"{workspace.warehouse}: its marts were imported, without raw tables; {what}")
