"""Removes persons from all files beside the warehouse: exports, copies, backups, pages, logs, compressed or not."""

from __future__ import annotations

import bz2
import csv
import gzip
import hashlib
import io
import json
import os
import shutil
import zipfile
from collections.abc import Callable, Iterator
from pathlib import Path

import duckdb
import pyarrow as pa

from scripts.erasure.identifier_patterns import IdentifierPatterns
from scripts.erasure.relations import compact, delete_mentioning, tables_of
from scripts.platform.files import replace_file, replacing
from scripts.platform.warehouse import literal, open_any_file, open_memory
from scripts.platform.workspace import Workspace

DATABASE, PARQUET = b"DUCK", b"PAR1"
PACKED: dict[bytes, tuple[Callable[[bytes], bytes], Callable[[bytes], bytes]]] = {
    b"\x1f\x8b": (gzip.decompress, lambda data: gzip.compress(data, mtime=0)),
    b"BZh": (bz2.decompress, bz2.compress),
    b"\x28\xb5\x2f\xfd": (
        lambda data: pa.input_stream(pa.BufferReader(data), compression="zstd").read(),
        lambda data: pa.Codec("zstd").compress(data, asbytes=True),
    ),
}
ZIP = b"PK\x03\x04"
LINES = (".csv", ".tsv", ".jsonl", ".ndjson")

Redo = Callable[[duckdb.DuckDBPyConnection], int]


class CannotRewrite(Exception):
    """A file contains a person and is of a kind that cannot be rewritten without them."""


def files_of(workspace: Workspace) -> Iterator[Path]:
    """All files of this workspace except its warehouse, its kept versions, the erasures and the landing zone."""
    own = {workspace.warehouse, workspace.warehouse.with_name(f"{workspace.warehouse.name}.wal")}
    skipped = {workspace.landing, workspace.versions, workspace.home / "erasures"}
    for folder, names, files in os.walk(workspace.home):
        names[:] = sorted(n for n in names if Path(folder, n) not in skipped and not Path(folder, n).is_symlink())
        for name in sorted(files):
            path = Path(folder, name)
            if path not in own and not path.is_symlink() and path.is_file():
                yield path


def kind_of(path: Path) -> bytes:
    """The first bytes of a file, which show its kind; DATABASE for a DuckDB file, which is marked at byte 8."""
    with path.open("rb") as file:
        head = file.read(12)
    return DATABASE if head[8:12] == DATABASE else head


def remove_from_file(path: Path, patterns: IdentifierPatterns, redo_warehouse: Redo) -> int:
    """Rewrite a file without the persons, in one step; returns the number of places removed, 0 if it is unchanged.

    `redo_warehouse` removes the persons from a copy of the warehouse. Raises CannotRewrite.
    """
    head = kind_of(path)
    if head == DATABASE:
        return _database(path, patterns, redo_warehouse)
    if head.startswith(PARQUET):
        return _parquet(path, patterns)
    if head.startswith(ZIP):
        return _zip(path, patterns)
    data = path.read_bytes()
    for magic, (unpack, pack) in PACKED.items():
        if head.startswith(magic):
            try:
                inner = unpack(data)
            except (OSError, EOFError, ValueError):
                break
            clean, count = _without(Path(path.stem).suffix, inner, patterns)
            if count:
                replace_file(path, pack(clean))
            return count
    clean, count = _without(path.suffix, data, patterns)
    if count:
        replace_file(path, clean)
    return count


def remove_from_export(folder: Path, patterns: IdentifierPatterns) -> int:
    """Remove the persons' rows from an exported audience, and update counts and checksum in its manifest."""
    audience, manifest = folder / "audience.csv", folder / "manifest.json"
    rows = list(csv.reader(io.StringIO(audience.read_text(encoding="utf-8"))))
    kept = [row for row in rows if not patterns.aliases.intersection(row) and not patterns.replace_in(" ".join(row))[1]]
    if len(kept) == len(rows):
        return 0
    text = io.StringIO()
    csv.writer(text, lineterminator="\n").writerows(kept)
    data = text.getvalue().encode("utf-8")
    replace_file(audience, data)
    if manifest.exists():
        stated = json.loads(manifest.read_text(encoding="utf-8"))
        gone = len(rows) - len(kept)
        if "file" in stated:
            stated["file"] |= {"rows": len(kept) - 1, "bytes": len(data), "sha256": hashlib.sha256(data).hexdigest()}
        if "counts" in stated:
            stated["counts"]["written"] = len(kept) - 1
            stated["counts"]["erased_since"] = int(stated["counts"].get("erased_since", 0)) + gone
        replace_file(manifest, (json.dumps(stated, indent=2, ensure_ascii=False) + "\n").encode("utf-8"))
    return len(rows) - len(kept)


def _without(suffix: str, data: bytes, patterns: IdentifierPatterns) -> tuple[bytes, int]:
    """Bytes without the persons. In tabular text whole lines are removed, in other text only the identifiers."""
    if not patterns.may_be_in(data):
        return data, 0
    try:
        text = data.decode("utf-8")
    except UnicodeDecodeError:
        text = data.decode("latin-1")
        clean, count = patterns.replace_in(text)
        if count and b"\0" in data:
            raise CannotRewrite from None
        return clean.encode("latin-1"), count
    if suffix.lower() in LINES:
        lines = text.splitlines(keepends=True)
        kept = [line for line in lines if not patterns.replace_in(line)[1]]
        return "".join(kept).encode(), len(lines) - len(kept)
    clean, count = patterns.replace_in(text)
    return clean.encode(), count


def _parquet(path: Path, patterns: IdentifierPatterns) -> int:
    try:
        with open_memory() as connection:
            connection.execute(f"create table content as from read_parquet({literal(str(path))})")
            count = delete_mentioning(connection, "main", "content", patterns)
            if count:
                with replacing(path) as incoming:
                    connection.execute(f"copy content to {literal(str(incoming))} (format parquet, compression zstd)")
            return count
    except duckdb.Error:
        return _as_bytes(path, patterns)


def _zip(path: Path, patterns: IdentifierPatterns) -> int:
    total, packed = 0, io.BytesIO()
    try:
        with zipfile.ZipFile(path) as old, zipfile.ZipFile(packed, "w", zipfile.ZIP_DEFLATED) as new:
            for item in old.infolist():
                clean, count = _without(Path(item.filename).suffix, old.read(item), patterns)
                total += count
                new.writestr(item, clean)
    except (zipfile.BadZipFile, RuntimeError, NotImplementedError):
        return _as_bytes(path, patterns)
    if total:
        replace_file(path, packed.getvalue())
    return total


def _database(path: Path, patterns: IdentifierPatterns, redo_warehouse: Redo) -> int:
    """A DuckDB file: a copy of the warehouse is treated like it; from any other, rows that contain a person go."""
    work = path.with_name(f".{path.name}.work")
    shutil.copyfile(path, work)
    total = 0
    try:
        with open_any_file(work) as connection:
            schemas = [
                row[0]
                for row in connection.execute(
                    "select distinct schema_name from duckdb_tables() where database_name = current_database()"
                ).fetchall()
            ]
            if "intake" in schemas and any(schema.startswith("raw_") for schema in schemas):
                total += redo_warehouse(connection)
            else:
                for schema in schemas:
                    if schema != "state":
                        for table in tables_of(connection, schema):
                            total += delete_mentioning(connection, schema, table, patterns)
            connection.execute("checkpoint")
        if total:
            with replacing(path) as clean:
                compact(work, clean)
            path.with_name(f"{path.name}.wal").unlink(missing_ok=True)
    except duckdb.Error:
        return _as_bytes(path, patterns)
    finally:
        work.unlink(missing_ok=True)
        work.with_name(f"{work.name}.wal").unlink(missing_ok=True)
    return total


def _as_bytes(path: Path, patterns: IdentifierPatterns) -> int:
    """A file that cannot be opened as its kind: raises CannotRewrite if its bytes may contain a person."""
    if patterns.may_be_in(path.read_bytes()):
        raise CannotRewrite
    return 0
