"""Opens DuckDB for all scripts, a file or a database in memory: always in UTC and with bounded memory.

dbt and dbt-charts open files themselves.
"""

from __future__ import annotations

import os
import re
import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime
from itertools import pairwise
from pathlib import Path
from typing import Any

import duckdb

from scripts.platform.errors import UserError

# Readers older than DuckDB 2.0 must be able to open what is published.
STORAGE = "v1.4.0"
MEMORY_LIMIT = os.environ.get("SEGMENTATION_MEMORY", "3GB")


class WarehouseBusy(UserError):
    """Another process has the file open."""


@contextmanager
def open_warehouse(file: Path, *, read_only: bool = False) -> Iterator[duckdb.DuckDBPyConnection]:
    """Open `file` and close it again.

    Raises UserError when the file is missing (read-only), locked by another process, or not a DuckDB file.
    """
    if read_only and not file.exists():
        raise UserError(f"{file}: no such warehouse; run `python -m scripts intake` and `build` first")
    file.parent.mkdir(parents=True, exist_ok=True)
    try:
        connection = _connect(file, read_only=read_only)
    except duckdb.IOException as problem:
        if holder := lock_holder(str(problem)):
            raise WarehouseBusy(f"{file}: {holder}") from None
        raise UserError(f"{file}: cannot be opened as a DuckDB file; move it away and rebuild") from None
    try:
        yield connection
    finally:
        connection.close()


@contextmanager
def open_any_file(file: Path, *, read_only: bool = False) -> Iterator[duckdb.DuckDBPyConnection]:
    """Open a file that may not be a DuckDB file: duckdb.Error where DuckDB cannot read it."""
    connection = _connect(file, read_only=read_only)
    try:
        yield connection
    finally:
        connection.close()


@contextmanager
def open_memory() -> Iterator[duckdb.DuckDBPyConnection]:
    """A database in memory; what exceeds the limit spills to a private temporary folder, which is removed."""
    with tempfile.TemporaryDirectory(prefix="segmentation-", ignore_cleanup_errors=True) as spill:
        connection = duckdb.connect(":memory:")
        try:
            _bound(connection, Path(spill))
            yield connection
        finally:
            connection.close()


def lock_holder(problem: str) -> str | None:
    """Which process holds the file that DuckDB could not lock, and since when; None where the problem is another.

    The process is named by its program and command: its arguments may name a person.
    """
    if "set lock on file" not in problem and "lock is held" not in problem:
        return None
    wait = "wait for it to end, then run again"
    found = re.search(r"\(PID (\d+)\)", problem)
    if not found:
        return f"another process has it open; {wait}"
    return f"{_process(found[1])} has it open; {wait}"


def _process(number: str) -> str:
    """A process by its program, its command and its start, in local time."""
    asked = ["ps", "-o", "lstart=", "-o", "args=", "-p", number]
    words = subprocess.run(asked, capture_output=True, text=True, env={**os.environ, "LC_ALL": "C"}).stdout.split()
    if len(words) < 6:
        return f"process {number}"
    started = datetime.strptime(" ".join(words[:5]), "%a %b %d %H:%M:%S %Y")
    program, *rest = words[5:]
    shown = [Path(program).name]
    for before, word in pairwise([program, *rest]):
        if Path(before).name in ("scripts", "dbt"):
            shown += ["-m scripts" if before == "scripts" else "dbt", word]
            break
    return f"`{' '.join(shown)}` (process {number}, since {started:%Y-%m-%d %H:%M})"


def _connect(file: Path, *, read_only: bool) -> duckdb.DuckDBPyConnection:
    config: dict[str, str | bool | int | float | list[str]] = (
        {} if read_only else {"storage_compatibility_version": STORAGE}
    )
    connection = duckdb.connect(str(file), read_only=read_only, config=config)
    _bound(connection, file.parent / "spill")
    return connection


def _bound(connection: duckdb.DuckDBPyConnection, spill: Path) -> None:
    connection.execute("set timezone = 'UTC'")
    connection.execute(f"set memory_limit = {literal(MEMORY_LIMIT)}")
    connection.execute(f"set temp_directory = {literal(str(spill))}")


def rows_of(
    connection: duckdb.DuckDBPyConnection, query: str, parameters: dict[str, Any] | list[Any] | None = None
) -> list[dict[str, Any]]:
    """The rows of a query as dicts by column."""
    found = connection.execute(query, parameters) if parameters else connection.execute(query)
    names = [column[0] for column in found.description or []]
    return [dict(zip(names, row, strict=True)) for row in found.fetchall()]


def scalar(connection: duckdb.DuckDBPyConnection, query: str) -> Any:
    """First value of the first row; None when there is none."""
    row = connection.execute(query).fetchone()
    return row[0] if row else None


def changed(connection: duckdb.DuckDBPyConnection, statement: str) -> int:
    """Execute an insert, update or delete and return the number of rows."""
    return int(scalar(connection, statement))


def rollback(connection: duckdb.DuckDBPyConnection) -> None:
    """Undo the transaction, if there is one."""
    try:
        connection.rollback()
    except duckdb.TransactionException:
        return


def quote(name: str) -> str:
    """A name as a SQL identifier."""
    return '"' + name.replace('"', '""') + '"'


def literal(text: str) -> str:
    """A text as a SQL string literal."""
    return "'" + text.replace("'", "''") + "'"
