"""Searches everything in this workspace for persons: every column of every database, every file, compressed or not.

Kept separate from the code that removes them, so that the two do not share blind spots.
"""

from __future__ import annotations

import zipfile
from dataclasses import dataclass, field
from pathlib import Path

import duckdb

from scripts.erasure.files import DATABASE, PACKED, PARQUET, ZIP, files_of, kind_of
from scripts.erasure.identifier_patterns import IdentifierPatterns
from scripts.erasure.relations import count_mentioning
from scripts.platform.state import is_back_up
from scripts.platform.warehouse import literal, open_any_file, open_memory
from scripts.platform.workspace import Workspace


@dataclass
class Found:
    """What was searched, and where something was found (places only, never the values)."""

    files: int = 0
    relations: int = 0
    places: list[str] = field(default_factory=list)


def search(workspace: Workspace, patterns: IdentifierPatterns) -> Found:
    """Search everything except the landing zone; the warehouse must not be open for writing."""
    found = Found()
    paths = [workspace.warehouse, *files_of(workspace)]
    if workspace.versions.is_dir():
        paths += sorted(path for path in workspace.versions.rglob("*") if path.is_file() and not path.is_symlink())
    paths += sorted(path for path in (workspace.home / "erasures").rglob("*") if path.is_file())
    for path in paths:
        if path.exists() and not path.name.startswith(".journal"):
            found.files += 1
            _look_into(path, str(path.relative_to(workspace.home)), patterns, found)
    return found


def _look_into(path: Path, name: str, patterns: IdentifierPatterns, found: Found) -> None:
    head = kind_of(path)
    if head == DATABASE:
        _look_into_database(path, name, patterns, found)
        _look_into_bytes(path.read_bytes(), f"{name}: raw bytes", patterns, found)
    elif head.startswith(PARQUET):
        with open_memory() as connection:
            connection.execute(f"create view content as from read_parquet({literal(str(path))})")
            _count(connection, "main", "content", name, patterns, found, is_state=is_back_up(path))
    elif head.startswith(ZIP):
        with zipfile.ZipFile(path) as packed:
            for item in packed.infolist():
                _look_into_bytes(packed.read(item), f"{name}: {item.filename}", patterns, found)
    else:
        data = path.read_bytes()
        for magic, (unpack, _) in PACKED.items():
            if head.startswith(magic):
                try:
                    data = unpack(data)
                except (OSError, EOFError, ValueError):
                    break
        _look_into_bytes(data, name, patterns, found)


def _look_into_database(path: Path, name: str, patterns: IdentifierPatterns, found: Found) -> None:
    with open_any_file(path, read_only=True) as connection:
        for schema, table in connection.execute(
            "select schema_name, table_name from duckdb_tables() where database_name = current_database() order by all"
        ).fetchall():
            _count(connection, schema, table, f"{name}: {schema}.{table}", patterns, found, is_state=schema == "state")


def _count(
    connection: duckdb.DuckDBPyConnection,
    schema: str,
    table: str,
    name: str,
    patterns: IdentifierPatterns,
    found: Found,
    *,
    is_state: bool,
) -> None:
    found.relations += 1
    # The registry of customer ids keeps an erased person's id as a tombstone.
    wanted = (
        patterns if not is_state else IdentifierPatterns(patterns.emails, patterns.numbers, [], patterns.cores, set())
    )
    for column, count in count_mentioning(connection, schema, table, wanted).items():
        found.places.append(f"{name}.{column}: {count} rows")


def _look_into_bytes(data: bytes, name: str, patterns: IdentifierPatterns, found: Found) -> None:
    if patterns.may_be_in(data) and patterns.replace_in(data.decode("latin-1"))[1]:
        found.places.append(name)
