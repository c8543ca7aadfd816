"""Versions in their folder: which one readers see, who may write, and the checksums that distinguish their content."""

from __future__ import annotations

import fcntl
import hashlib
import json
import os
import shutil
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import duckdb

from scripts.platform.errors import UserError
from scripts.platform.warehouse import open_warehouse, quote
from scripts.platform.workspace import PROJECT, Workspace

INCOMING = ".incoming-"


def current_version(workspace: Workspace) -> str | None:
    """Id of the version that readers see; None when nothing is published."""
    if not workspace.published.is_symlink():
        return None
    target = workspace.published.resolve()
    return target.name if target.is_dir() else None


@contextmanager
def only_publisher(workspace: Workspace) -> Iterator[None]:
    """One publisher at a time; what a killed one left is removed."""
    workspace.versions.mkdir(parents=True, exist_ok=True)
    handle = os.open(workspace.versions / ".lock", os.O_CREAT | os.O_RDWR, 0o600)
    try:
        try:
            fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            raise UserError(f"{workspace.versions}: another publish is running; wait for it to end") from None
        for leftover in workspace.versions.glob(f"{INCOMING}*"):
            shutil.rmtree(leftover, ignore_errors=True)
        for link in workspace.home.glob(".published-*"):
            link.unlink(missing_ok=True)
        yield
    finally:
        os.close(handle)


def content_checksums(file: Path) -> dict[str, str]:
    """Checksum of every relation of a DuckDB file, as {"schema.relation": checksum}; for a published file the
    schema is the file's name, `marts` or `activation`.

    It does not depend on the order of rows: a hash of the columns' names and types, the number of rows, and the sum of
    the md5 of every row's text. Doubles are rounded to 9 significant digits, so that the order of a summation makes no
    difference.
    """
    with open_warehouse(file, read_only=True) as connection:
        return {
            f"{file.stem if schema == 'main' else schema}.{table}": relation_checksum(connection, schema, table)
            for (schema,) in connection.execute(
                "select distinct table_schema from information_schema.tables order by 1"
            ).fetchall()
            for table in relations_of(connection, schema)
        }


def code_version() -> str | None:
    try:
        found = subprocess.run(
            ["git", "describe", "--always", "--dirty", "--tags"],
            cwd=PROJECT,
            capture_output=True,
            text=True,
            timeout=10,
            check=True,
        )
    except (OSError, subprocess.SubprocessError):
        return None
    return found.stdout.strip() or None


def relations_of(connection: duckdb.DuckDBPyConnection, schema: str = "main", database: str | None = None) -> list[str]:
    """Tables and views of a schema, by name."""
    found = connection.execute(
        "select table_name from information_schema.tables"
        " where table_schema = $schema and table_catalog = coalesce($database, current_database()) order by 1",
        {"schema": schema, "database": database},
    ).fetchall()
    return [name for (name,) in found]


def columns_of(connection: duckdb.DuckDBPyConnection, table: str, schema: str = "main") -> dict[str, str]:
    """Types of a table's columns, in order."""
    return dict(
        connection.execute(
            "select column_name, data_type from duckdb_columns() where schema_name = $schema and table_name = $table"
            " and database_name = current_database() order by column_index",
            {"schema": schema, "table": table},
        ).fetchall()
    )


def relation_checksum(connection: duckdb.DuckDBPyConnection, schema: str, table: str) -> str:
    """Checksum of one relation; see `content_checksums`."""
    columns = columns_of(connection, table, schema)
    row = f"concat_ws('|', {', '.join(_cell(name, kind) for name, kind in columns.items())})"
    count, total = connection.execute(
        f"select count(*), coalesce(sum(cast(md5_number_lower({row}) as hugeint)), 0) from {schema}.{quote(table)}"
    ).fetchone() or (0, 0)
    return hashlib.sha256(json.dumps([columns, count, str(total)]).encode()).hexdigest()[:32]


def column_checksums(connection: duckdb.DuckDBPyConnection, schema: str, table: str) -> dict[str, str]:
    """Checksum of the values of each column, whatever their order, as in `relation_checksum`."""
    columns = columns_of(connection, table, schema)
    sums = ", ".join(f"sum(cast(md5_number_lower({_cell(name, kind)}) as hugeint))" for name, kind in columns.items())
    found = connection.execute(f"select {sums} from {schema}.{quote(table)}").fetchone() or ()
    return {name: str(total) for name, total in zip(columns, found, strict=True)}


def _cell(column: str, kind: str) -> str:
    """SQL for the text of a value in a checksum."""
    name = quote(column)
    if kind in ("DOUBLE", "FLOAT"):
        text = f"format('{{:.8e}}', cast({name} as double) + 0.0)"
    else:
        text = f"cast({name} as varchar)"
    # The lengths distinguish ('ab', 'c') from ('a', 'bc'), and null from ''.
    return f"case when {name} is null then '~' else concat(length({text}), ':', {text}) end"
