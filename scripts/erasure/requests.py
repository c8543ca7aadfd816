"""The landing source of requests: lists open requests, and empties those carried out."""

from __future__ import annotations

from datetime import datetime

import duckdb

from scripts.erasure.normal import erased_record_hash
from scripts.erasure.person import GIVEN
from scripts.platform.warehouse import quote

REQUESTS = "raw_privacy.erasure_request"
CONTENT = (*GIVEN, "reason")


def open_requests(
    connection: duckdb.DuckDBPyConnection, *, also_closed: bool = False
) -> list[tuple[str, tuple[tuple[str, str], ...], datetime | None]]:
    """Request id, given identifiers and time of every request not carried out.

    `also_closed`: also requests already carried out whose rows still contain the identifiers.
    """
    if not _exists(connection, "raw_privacy", "erasure_request"):
        return []
    columns = ", ".join(GIVEN)
    given = " or ".join(f"{name} is not null" for name in GIVEN)
    done = "select request_id from state.erasure_requests where request_id is not null"
    is_open = (
        "true" if also_closed or not _exists(connection, "state", "erasure_requests") else f"request_id not in ({done})"
    )
    rows = connection.execute(
        f"select distinct on (request_id) request_id, requested_at, {columns} from {REQUESTS} "
        f"where ({given}) and {is_open} order by request_id, requested_at desc, _delivered_at desc"
    ).fetchall()
    return [
        (row[0], tuple((kind, value) for kind, value in zip(GIVEN, row[2:], strict=True) if value), row[1])
        for row in rows
    ]


def close_requests(connection: duckdb.DuckDBPyConnection) -> int:
    """Empty the rows of requests that have been carried out; returns how many."""
    if not _exists(connection, "raw_privacy", "erasure_request"):
        return 0
    emptied = ", ".join(f"{quote(name)} = null" for name in CONTENT)
    filled = " or ".join(f"{quote(name)} is not null" for name in CONTENT)
    row = connection.execute(
        f"update {REQUESTS} set {emptied}, _record_hash = {erased_record_hash('_record_hash')} where ({filled}) "
        "and request_id in (select request_id from state.erasure_requests where request_id is not null)"
    ).fetchone()
    return int(row[0]) if row else 0


def _exists(connection: duckdb.DuckDBPyConnection, schema: str, name: str) -> bool:
    return bool(
        connection.execute(
            "select 1 from duckdb_tables() where database_name = current_database() and schema_name = ? "
            "and table_name = ?",
            [schema, name],
        ).fetchone()
    )
