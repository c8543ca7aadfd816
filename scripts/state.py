"""What the warehouse holds that cannot be computed anew: copied beside every published version, and brought back."""

from __future__ import annotations

import json
import os
import shutil
from collections.abc import Callable
from pathlib import Path

import duckdb

from scripts.warehouse import literal, open_warehouse, quote
from scripts.world import World

Progress = Callable[[str], None]

SCHEMA = "state"
FOLDER = "state"
DESCRIPTION = "state.json"
# The registry of customer ids and the log of merges; other state of the schema has keepers of its own.
TABLES = ("identity_registry", "identity_log")


def back_up(world: World, version: Path) -> None:
    """Copy the state tables into `<version>/state/`, readable by its owner only, as Parquet and a description."""
    folder = version / FOLDER
    folder.mkdir(mode=0o700)
    with open_warehouse(world.warehouse, read_only=True) as connection:
        rows = {}
        for name in _present(connection):
            file = folder / f"{name}.parquet"
            target = f"{literal(str(file))} (format parquet, compression zstd)"
            connection.execute(f"copy {SCHEMA}.{quote(name)} to {target}")
            file.chmod(0o600)
            found = connection.execute(f"select count(*) from {SCHEMA}.{quote(name)}").fetchone()
            rows[name] = found[0] if found else 0
    description = json.dumps({"made_from": world.made_from(), "rows": rows}, indent=2) + "\n"
    (folder / DESCRIPTION).write_text(description, encoding="utf-8")


def is_back_up(path: Path) -> bool:
    """Whether a file is one of those that `back_up` wrote: keyed hashes, an erased person's among them as tombstone."""
    return path.parent.name == FOLDER and path.stem in TABLES and path.suffix == ".parquet"


def replace_back_up(incoming: Path, version: Path) -> None:
    """The newest state beside a version whose own content did not change."""
    kept, old = version / FOLDER, version / f".{FOLDER}-old-{os.getpid()}"
    if kept.exists():
        kept.rename(old)
    (incoming / FOLDER).rename(kept)
    shutil.rmtree(old, ignore_errors=True)


def restore(world: World, progress: Progress = print) -> None:
    """Bring back the state that the published version keeps, where the warehouse was made anew and has none.

    Only for the same data: another demo's customers are other people. Does nothing when the warehouse has its state.
    """
    folder = world.published / FOLDER
    try:
        description = json.loads((folder / DESCRIPTION).read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return
    if description.get("made_from") != world.made_from():
        return
    with open_warehouse(world.warehouse) as connection:
        if _present(connection):
            return
        wanted = [name for name in TABLES if (folder / f"{name}.parquet").exists()]
        connection.execute("begin")
        connection.execute(f"create schema if not exists {SCHEMA}")
        for name in wanted:
            file = literal(str(folder / f"{name}.parquet"))
            connection.execute(f"create table {SCHEMA}.{quote(name)} as from read_parquet({file})")
        connection.execute("commit")
    progress(f"customer ids: the registry of version {world.published.resolve().name} was brought back")


def _present(connection: duckdb.DuckDBPyConnection) -> list[str]:
    found = connection.execute(
        "select table_name from information_schema.tables where table_schema = $schema order by 1", {"schema": SCHEMA}
    ).fetchall()
    return [name for (name,) in found if name in TABLES]
