"""What is kept of an erasure, so that the person does not come back: keyed hashes, and hashes for destinations.

Both are in the schema `state` of the warehouse and in a file beside it, from which a new warehouse restores them.
"""

from __future__ import annotations

import json
from datetime import datetime
from pathlib import Path
from typing import Any

import duckdb

from scripts.platform.errors import UserError
from scripts.platform.files import PRIVATE, replace_file
from scripts.platform.keyed_hash import keyed_hash
from scripts.platform.warehouse import quote
from scripts.platform.workspace import Workspace

TABLES: dict[str, dict[str, str]] = {
    "erasure_tombstones": {
        "identifier_type": "varchar", "identifier_hash": "varchar", "erasure_id": "varchar", "erased_at": "timestamp",
    },
    "erasure_removals": {
        "removal_id": "varchar", "destination": "varchar", "channel": "varchar", "identifier_type": "varchar",
        "hash_rule": "varchar", "hashed_identifier": "varchar", "requested_at": "timestamp", "erasure_id": "varchar",
    },
    "erasure_requests": {
        "request_id": "varchar", "erasure_id": "varchar", "outcome": "varchar", "reason": "varchar",
        "carried_out_at": "timestamp",
    },
    "erasure_log": {"erasure_id": "varchar", "content": "varchar"},
}  # fmt: skip


def folder(workspace: Workspace) -> Path:
    """Folder of certificates, tombstones and the journal; readable by its owner only."""
    path = workspace.home / "erasures"
    path.mkdir(parents=True, exist_ok=True)
    path.chmod(0o700)
    return path


def tombstone_file(workspace: Workspace) -> Path:
    return workspace.home / "erasures" / "tombstones.json"


def key_check() -> str:
    """Shows whether two sets of tombstones were made under the same key."""
    return keyed_hash("erasure_key")[:16]


def prepare_state(connection: duckdb.DuckDBPyConnection) -> None:
    """Create the missing tables of `state`."""
    connection.execute("create schema if not exists state")
    for name, columns in TABLES.items():
        listed = ", ".join(f"{quote(column)} {kind}" for column, kind in columns.items())
        connection.execute(f"create table if not exists state.{name} ({listed})")


def has_tombstones(connection: duckdb.DuckDBPyConnection) -> bool:
    """Whether anybody has been erased from this warehouse."""
    found = connection.execute(
        "select 1 from duckdb_tables() where database_name = current_database() and schema_name = 'state' "
        "and table_name = 'erasure_tombstones'"
    ).fetchone()
    return bool(found) and connection.execute("select 1 from state.erasure_tombstones limit 1").fetchone() is not None


def restore_state(connection: duckdb.DuckDBPyConnection, workspace: Workspace) -> None:
    """Add rows of the file that the warehouse lacks; UserError when the file was made under another key."""
    file = tombstone_file(workspace)
    if not file.exists():
        return
    try:
        kept: dict[str, Any] = json.loads(file.read_text(encoding="utf-8"))
        rows = {name: [[row[column] for column in columns] for row in kept[name]] for name, columns in TABLES.items()}
    except (OSError, ValueError, KeyError, TypeError) as problem:
        raise UserError(f"{file}: not readable ({type(problem).__name__}); restore it from a copy") from None
    if kept.get("key_check") != key_check():
        raise UserError(
            f"{file}: made under another SEGMENTATION_HASH_KEY, so erased people could come back; set that key again"
        )
    prepare_state(connection)
    for name, columns in TABLES.items():
        known = set(connection.execute(f"select {', '.join(columns)} from state.{name}").fetchall())
        missing = [row for row in rows[name] if _typed(name, row) not in known]
        if missing:
            marks = ", ".join(f"cast(? as {kind})" for kind in columns.values())
            connection.executemany(f"insert into state.{name} values ({marks})", missing)


def save_state(connection: duckdb.DuckDBPyConnection, workspace: Workspace) -> None:
    """Rewrite the file from the warehouse, readable by its owner only."""
    content: dict[str, Any] = {"schema_version": 1, "key_check": key_check()}
    for name, columns in TABLES.items():
        found = connection.execute(f"select {', '.join(columns)} from state.{name} order by all").fetchall()
        content[name] = [
            {
                column: value.isoformat(sep=" ") if isinstance(value, datetime) else value
                for column, value in zip(columns, row, strict=True)
            }
            for row in found
        ]
    folder(workspace)
    replace_file(tombstone_file(workspace), json.dumps(content, indent=1) + "\n", mode=PRIVATE)


def tombstone(kind: str, value: str) -> str:
    """The keyed hash of a normalised value; the same as the macro keyed_hash of `<kind>:<value>`."""
    return keyed_hash(f"{kind}:{value}")


def _typed(name: str, row: list[Any]) -> tuple[Any, ...]:
    kinds = TABLES[name].values()
    return tuple(
        datetime.fromisoformat(value) if kind == "timestamp" and value else value
        for kind, value in zip(kinds, row, strict=True)
    )
