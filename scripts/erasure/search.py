"""Looks for persons in everything this world holds: every column of every database, every file, packed or not.

Written apart from what removes them, so that one does not share the other's blind spots.
"""

from __future__ import annotations

import zipfile
from dataclasses import dataclass, field
from pathlib import Path

import duckdb

from scripts.erasure.files import DATABASE, PACKED, PARQUET, ZIP, files_of, kind_of
from scripts.erasure.needles import Needles
from scripts.erasure.relations import count_mentioning
from scripts.platform.state import is_back_up
from scripts.platform.warehouse import literal, open_any_file, open_memory
from scripts.platform.world import World


@dataclass
class Found:
    """What was looked through, and where something was found (places only, never what stands there)."""

    files: int = 0
    relations: int = 0
    places: list[str] = field(default_factory=list)


def search(world: World, needles: Needles) -> Found:
    """Look for the persons in all that lies beside the landing zone; the warehouse must not be open for writing."""
    found = Found()
    paths = [world.warehouse, *files_of(world)]
    if world.versions.is_dir():
        paths += sorted(path for path in world.versions.rglob("*") if path.is_file() and not path.is_symlink())
    paths += sorted(path for path in (world.home / "erasures").rglob("*") if path.is_file())
    for path in paths:
        if path.exists() and not path.name.startswith(".journal"):
            found.files += 1
            _look_into(path, str(path.relative_to(world.home)), needles, found)
    return found


def _look_into(path: Path, name: str, needles: Needles, found: Found) -> None:
    head = kind_of(path)
    if head == DATABASE:
        _look_into_database(path, name, needles, found)
        _look_into_bytes(path.read_bytes(), f"{name}: raw bytes", needles, found)
    elif head.startswith(PARQUET):
        with open_memory() as connection:
            connection.execute(f"create view content as from read_parquet({literal(str(path))})")
            _count(connection, "main", "content", name, needles, found, is_state=is_back_up(path))
    elif head.startswith(ZIP):
        with zipfile.ZipFile(path) as packed:
            for item in packed.infolist():
                _look_into_bytes(packed.read(item), f"{name}: {item.filename}", needles, found)
    else:
        data = path.read_bytes()
        for magic, (unpack, _) in PACKED.items():
            if head.startswith(magic):
                try:
                    data = unpack(data)
                except (OSError, EOFError, ValueError):
                    break
        _look_into_bytes(data, name, needles, found)


def _look_into_database(path: Path, name: str, needles: Needles, found: Found) -> None:
    with open_any_file(path, read_only=True) as connection:
        for schema, table in connection.execute(
            "select schema_name, table_name from duckdb_tables() where database_name = current_database() order by all"
        ).fetchall():
            _count(connection, schema, table, f"{name}: {schema}.{table}", needles, found, is_state=schema == "state")


def _count(
    connection: duckdb.DuckDBPyConnection,
    schema: str,
    table: str,
    name: str,
    needles: Needles,
    found: Found,
    *,
    is_state: bool,
) -> None:
    found.relations += 1
    # The registry of customer ids keeps an erased person's, as a tombstone.
    wanted = needles if not is_state else Needles(needles.emails, needles.numbers, [], needles.cores, set())
    for column, count in count_mentioning(connection, schema, table, wanted).items():
        found.places.append(f"{name}.{column}: {count} rows")


def _look_into_bytes(data: bytes, name: str, needles: Needles, found: Found) -> None:
    if needles.may_be_in(data) and needles.replace_in(data.decode("latin-1"))[1]:
        found.places.append(name)
