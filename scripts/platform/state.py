"""State of the warehouse that cannot be recomputed: backed up with every published version, and restored from it."""

from __future__ import annotations

import json
from collections.abc import Collection
from pathlib import Path

import duckdb

from scripts.platform.files import replacing, swap_folder
from scripts.platform.progress import Progress
from scripts.platform.warehouse import literal, open_memory, open_warehouse, quote
from scripts.platform.workspace import Workspace

SCHEMA = "state"
HISTORY = "history"
FOLDER = "state"
DESCRIPTION = "state.json"
# The registry of customer ids and the log of merges; the rest of the schema is saved elsewhere.
REGISTRY = ("identity_registry", "identity_log")
# Who entered and left which segment on which evaluated day. Attribute values of the last days are not copied: without
# them one day's reasons are missing, which `backfill` fixes.
MEMBERSHIPS = ("membership_log", "segment_evaluations", "int_segment_thresholds")
# Every definition and name that a rule has had: approvals survive without it, version numbers do not.
RULES = ("segment_versions",)
TABLES = dict.fromkeys(REGISTRY, SCHEMA) | dict.fromkeys(MEMBERSHIPS, HISTORY) | dict.fromkeys(RULES, "marts")


def back_up(workspace: Workspace, version: Path) -> None:
    """Copy the state tables into `<version>/state/`, readable by its owner only, as Parquet with a description."""
    folder = version / FOLDER
    folder.mkdir(mode=0o700)
    with open_warehouse(workspace.warehouse, read_only=True) as connection:
        rows = {}
        for name in _present(connection):
            file = folder / f"{name}.parquet"
            target = f"{literal(str(file))} (format parquet, compression zstd)"
            connection.execute(f"copy {TABLES[name]}.{quote(name)} to {target}")
            file.chmod(0o600)
            found = connection.execute(f"select count(*) from {TABLES[name]}.{quote(name)}").fetchone()
            rows[name] = found[0] if found else 0
    description = json.dumps({"made_from": workspace.made_from(), "rows": rows}, indent=2) + "\n"
    (folder / DESCRIPTION).write_text(description, encoding="utf-8")


def is_back_up(path: Path) -> bool:
    """Whether a file is a registry written by `back_up`: keyed hashes, including an erased person's, as a tombstone."""
    return path.parent.name == FOLDER and path.stem in REGISTRY and path.suffix == ".parquet"


def remove_from_back_up(version: Path, customer_ids: Collection[str]) -> dict[str, int]:
    """Remove persons' rows from the memberships that a version keeps; returns the number by changed file."""
    removed: dict[str, int] = {}
    for file in sorted((version / FOLDER).glob("*.parquet")):
        if file.stem not in MEMBERSHIPS or not customer_ids:
            continue
        with open_memory() as connection:
            connection.execute(f"create table kept as from read_parquet({literal(str(file))})")
            if "customer_id" not in [row[0] for row in connection.execute("describe kept").fetchall()]:
                continue
            listed = ", ".join(literal(customer) for customer in sorted(customer_ids))
            gone = connection.execute(f"delete from kept where customer_id in ({listed})").fetchone()
            if gone and gone[0]:
                with replacing(file) as incoming:
                    connection.execute(f"copy kept to {literal(str(incoming))} (format parquet, compression zstd)")
                removed[f"{FOLDER}/{file.name}"] = int(gone[0])
    return removed


def replace_back_up(incoming: Path, version: Path) -> None:
    """Replace the backup of a version whose content did not change with the newest state."""
    swap_folder(incoming / FOLDER, version / FOLDER)


def restore(workspace: Workspace, progress: Progress = print) -> None:
    """Restore the state that the published version keeps, where the warehouse was recreated and has none.

    Only for the same data: another demo's customers are other people. Does nothing when the warehouse has its state.
    """
    folder = workspace.published / FOLDER
    try:
        description = json.loads((folder / DESCRIPTION).read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return
    if description.get("made_from") != workspace.made_from():
        return
    with open_warehouse(workspace.warehouse) as connection:
        present = _present(connection)
        # Each group is restored as a whole or not at all.
        groups = [group for group in (REGISTRY, MEMBERSHIPS, RULES) if not set(group) & set(present)]
        wanted = [name for group in groups for name in group if (folder / f"{name}.parquet").exists()]
        connection.execute("begin")
        for name in wanted:
            file = literal(str(folder / f"{name}.parquet"))
            connection.execute(f"create schema if not exists {TABLES[name]}")
            connection.execute(f"create table {TABLES[name]}.{quote(name)} as from read_parquet({file})")
        connection.execute("commit")
    version = workspace.published.resolve().name
    if set(wanted) & set(REGISTRY):
        progress(f"customer ids: the registry of version {version} was restored")
    if set(wanted) & set(MEMBERSHIPS):
        progress(f"segments: the membership history of version {version} was restored")
    if set(wanted) & set(RULES):
        progress(f"segments: the rule versions of version {version} were restored")


def _present(connection: duckdb.DuckDBPyConnection) -> list[str]:
    found = connection.execute("select table_schema, table_name from information_schema.tables order by 2").fetchall()
    return [name for schema, name in found if TABLES.get(name) == schema]
