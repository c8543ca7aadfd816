"""Removes persons from every kept version: each is rewritten beside the old one and replaces it in one step."""

from __future__ import annotations

import json
import shutil
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from scripts.erasure.files import Redo, remove_from_file
from scripts.erasure.identifier_patterns import IdentifierPatterns
from scripts.erasure.relations import compact, remove_customers
from scripts.platform.files import exchange_folders, sync_folder
from scripts.platform.state import is_back_up, remove_from_back_up
from scripts.platform.versions import INCOMING, content_checksums, only_publisher
from scripts.platform.warehouse import literal, open_any_file, quote
from scripts.platform.workspace import Workspace

DATABASES = ("marts.duckdb", "activation.duckdb")


def rewrite_versions(
    workspace: Workspace, patterns: IdentifierPatterns, redo_warehouse: Redo
) -> dict[str, dict[str, int]]:
    """Rewrite the versions that contain a person; returns the changed rows by version and relation or file."""
    touched: dict[str, dict[str, int]] = {}
    if not workspace.versions.is_dir():
        return touched
    with only_publisher(workspace):
        for folder in sorted(path for path in workspace.versions.iterdir() if path.is_dir() and path.name[0] != "."):
            changes = _rewrite(folder, patterns, redo_warehouse)
            if changes:
                touched[folder.name] = changes
    return touched


def _rewrite(folder: Path, patterns: IdentifierPatterns, redo_warehouse: Redo) -> dict[str, int]:
    beside = folder.with_name(f"{INCOMING}erase-{folder.name}")
    shutil.rmtree(beside, ignore_errors=True)
    try:
        shutil.copytree(folder, beside, symlinks=True)
        changes: dict[str, int] = {}
        for name in DATABASES:
            if (beside / name).exists():
                for relation, count in _rewrite_database(beside / name, beside / "parquet", patterns).items():
                    changes[f"{Path(name).stem}.{relation}"] = count
        changes |= remove_from_back_up(beside, patterns.aliases)
        for path in sorted(beside.rglob("*")):
            is_done = path.name in (*DATABASES, "manifest.json") or is_back_up(path)
            if path.is_file() and not path.is_symlink() and not is_done:
                count = remove_from_file(path, patterns, redo_warehouse)
                if count:
                    changes[str(path.relative_to(beside))] = count
        if not changes:
            return {}
        _rewrite_manifest(beside, changes)
        sync_folder(beside)
        exchange_folders(beside, folder, folder.with_name(f"{INCOMING}aside-{folder.name}"))
        return changes
    finally:
        shutil.rmtree(beside, ignore_errors=True)


def _rewrite_database(file: Path, parquet: Path, patterns: IdentifierPatterns) -> dict[str, int]:
    """Remove the persons from one published file, and from the Parquet files of the relations that change."""
    work = file.with_name(f".{file.name}.work")
    shutil.copyfile(file, work)
    try:
        with open_any_file(work) as connection:
            changes = remove_customers(connection, "main", patterns)
            connection.execute("checkpoint")
        if changes:
            mode = file.stat().st_mode
            compact(work, file)
            file.chmod(mode)
    finally:
        work.unlink(missing_ok=True)
        work.with_name(f"{work.name}.wal").unlink(missing_ok=True)
    copies = [name for name in changes if (parquet / f"{name}.parquet").exists() and file.name == DATABASES[0]]
    if copies:
        with open_any_file(file, read_only=True) as connection:
            for name in copies:
                target = parquet / f"{name}.parquet"
                target.unlink()
                connection.execute(
                    f"copy main.{quote(name)} to {literal(str(target))} (format parquet, compression zstd)"
                )
    return changes


def _rewrite_manifest(beside: Path, changes: dict[str, int]) -> None:
    file = beside / "manifest.json"
    manifest: dict[str, Any] = json.loads(file.read_text(encoding="utf-8"))
    checksums: dict[str, str] = {}
    for name in DATABASES:
        if (beside / name).exists() and any(change.startswith(f"{Path(name).stem}.") for change in changes):
            checksums |= content_checksums(beside / name)
            shutil.rmtree(beside / "spill", ignore_errors=True)
    for relation, stated in manifest.get("relations", {}).items():
        if relation in checksums and stated.get("checksum") != checksums[relation]:
            database, name = relation.split(".", 1)
            with open_any_file(beside / f"{database}.duckdb", read_only=True) as connection:
                row = connection.execute(f"select count(*) from main.{quote(name)}").fetchone()
            stated |= {"checksum": checksums[relation], "rows": int(row[0]) if row else 0}
    manifest["erased_at"] = datetime.now(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
    file.write_text(json.dumps(manifest, indent=2) + "\n", encoding="utf-8")
