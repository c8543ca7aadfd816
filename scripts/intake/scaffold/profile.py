"""What an unknown file holds, column by column: what is filled, with how many values, written in which way."""

from __future__ import annotations

import csv
import os
from collections import defaultdict
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

import duckdb

from scripts.intake import encoding
from scripts.intake.landing import DELIMITERS, SUFFIXES, BrokenFile, Header, LandingFile, read_error
from scripts.intake.mapping import NUMBERS, time_format
from scripts.intake.typed_rows import (
    DECIMAL,
    EPOCH_MILLISECONDS,
    EPOCH_SECONDS,
    INSTANT,
    INTEGER,
    Reader,
    csv_reader,
    csv_staging,
    is_blank,
    is_object,
    jsonl_reader,
    lines_staging,
    parquet_reader,
    text_value,
)
from scripts.platform.contracts import Table
from scripts.platform.errors import UserError
from scripts.platform.warehouse import literal, open_memory, scalar

# Formats are tried on this many filled values of a column, and on all of them where this leaves two.
SAMPLE = 20_000
# A column with at most this many values is shown value by value, such as a status.
FEW = 12
DAYS = ("DD/MM/YYYY", "MM/DD/YYYY", "DD.MM.YYYY", "DD-MM-YYYY", "MM-DD-YYYY", "YYYY/MM/DD", "YYYYMMDD", "DD/MM/YY",
        "MM/DD/YY", "DD.MM.YY", "DD-MON-YYYY", "DD MON YYYY", "DD-MON-YY")  # fmt: skip
TIMES = ("", " hh:mm", " hh:mm:ss", " hh:mm AM", " hh:mm:ss AM")
LOOKS = {
    "1234.50": DECIMAL,
    "1,234.50": "[+-]?[0-9]{1,3}(,[0-9]{3})*([.][0-9]+)?",
    "1.234,50": "[+-]?[0-9]{1,3}([.][0-9]{3})*(,[0-9]+)?",
    "1234,50": "[+-]?[0-9]+(,[0-9]+)?",
}
# Currency signs and blanks around a number; more than that is text.
SIGNS = "[^0-9.,+\\-A-Za-z]*([A-Z]{3} ?)?"
EMAIL = "[^@ ]+@[^@ ]+[.][^@ ]+"


@dataclass(frozen=True)
class ColumnProfile:
    """One column: `name` as delivered; `times` and `numbers` are the ways of writing that fit all its values.

    `times` may be 'ISO'; `has_zone` says that its times carry an offset. `few` are its values, where they are few.
    """

    name: str
    kind: str
    rows: int
    filled: int
    distinct: int
    times: tuple[str, ...] = ()
    has_zone: bool = False
    newest: str | None = None
    numbers: tuple[str, ...] = ()
    is_whole: bool = False
    is_email: bool = False
    is_order_name: bool = False
    lowest: float | None = None
    highest: float | None = None
    few: tuple[str, ...] = ()

    @property
    def is_unique(self) -> bool:
        return self.filled == self.rows == self.distinct > 0


@dataclass(frozen=True)
class FileProfile:
    """One file: its rows and columns, and `conflicts`: for a pair of columns, how many values of the first come with
    several values of the second.
    """

    path: Path
    rows: int
    columns: tuple[ColumnProfile, ...]
    connection: duckdb.DuckDBPyConnection
    reader: Reader

    def conflicts(self, key: str, other: str) -> int:
        """How many values of one column come with more than one value of the other."""
        return int(
            scalar(
                self.connection,
                f"select count(*) from (select {self._text(key)} as key from ({self.reader.query}) "
                f"group by all having count(distinct {self._text(other)}) > 1)",
            )
        )

    def lacking(self, key: str, other: str) -> int:
        """How many values of one column come with no value of the other at all."""
        return int(
            scalar(
                self.connection,
                f"select count(*) from (select {self._text(key)} as key from ({self.reader.query}) "
                f"group by all having count(nullif({self._text(other)}, '')) = 0)",
            )
        )

    def _text(self, name: str) -> str:
        position = self.reader.position(name.strip().lower())
        assert position is not None
        return text_value(f"r{position}", self.reader.columns[position][1])


@contextmanager
def profiled(path: Path, scratch: Path) -> Iterator[FileProfile]:
    """The profile of a file; UserError says why it cannot be read."""
    suffix = next((known for known in sorted(SUFFIXES, reverse=True) if path.name.lower().endswith(known)), None)
    if not path.is_file():
        raise UserError(f"{path}: no such file")
    if suffix is None:
        hint = (
            "save it as CSV"
            if path.suffix.lower().startswith((".xls", ".ods"))
            else f"use one of {', '.join(SUFFIXES)}"
        )
        raise UserError(f"{path}: unsupported file type; {hint}")
    nobody = Table("", "", (), (), None)
    file = LandingFile(path, path.name, nobody, suffix, datetime(1970, 1, 1))
    copy = scratch / f"scaffold_{os.getpid()}.txt"
    try:
        with open_memory() as connection:
            reader, names = _reader(connection, file, copy)
            rows = int(scalar(connection, f"select count(*) from ({reader.query})"))
            if not rows:
                raise BrokenFile("has no rows; give a file with some")
            columns = tuple(
                _column(connection, reader, position, name, rows) for position, name in enumerate(names) if name.strip()
            )
            yield FileProfile(path, rows, columns, connection, reader)
    except BrokenFile as problem:
        raise UserError(f"{path}: {problem}") from None
    except duckdb.Error:
        raise UserError(f"{path}: not readable as {suffix.split('.')[1].upper()}; check the file") from None
    except OSError as problem:
        raise UserError(f"{path}: {read_error(problem, file)}") from None
    finally:
        copy.unlink(missing_ok=True)


def _reader(connection: duckdb.DuckDBPyConnection, file: LandingFile, copy: Path) -> tuple[Reader, list[str]]:
    """How to read the file, and the names of its columns as delivered."""
    if file.kind == "parquet":
        described = connection.execute(f"describe select * from read_parquet({literal(str(file.path))})").fetchall()
        return parquet_reader(str(file.path), tuple((row[0], row[1]) for row in described)), [r[0] for r in described]
    scan = encoding.TextScan(file)
    path = file.path
    if scan.needs_copy:
        copy.parent.mkdir(parents=True, exist_ok=True)
        encoding.write_copy(file, scan, copy)
        path = copy
    if file.kind == "csv":
        header = _header(encoding.sample_text(file, scan).getvalue())
        connection.execute(f"create temp table content as {csv_staging(str(path), header, 'misshapen')}")
        return csv_reader("select rowid + 2 as _line, * from content", header, False), list(header.as_delivered)
    connection.execute(f"create temp table content as {lines_staging(str(path), 'misshapen')}")
    keys = connection.execute(
        f"select distinct unnest(json_keys(line)) from content where {is_object('line')} order by all"
    ).fetchall()
    if not keys:
        raise BrokenFile("holds no JSON object; it must have one on each line")
    spellings: dict[str, list[str]] = defaultdict(list)
    for (key,) in keys:
        spellings[key.strip().lower()].append(key)
    names = list(spellings)
    rows = f"select line, rowid + 1 as _line from content where not {is_blank('line')}"
    return jsonl_reader(rows, names, spellings, False), [spellings[name][0] for name in names]


def _header(start: str) -> Header:
    """The header of a CSV file of unknown columns, with the delimiter that splits its first lines most evenly."""
    if not start.strip():
        raise BrokenFile("is empty, not even a header")
    best: list[str] = []
    delimiter, best_score = ",", -1
    lines = start.splitlines(keepends=True)[:20]
    for candidate in DELIMITERS:
        rows = [row for row in csv.reader(lines, delimiter=candidate) if row]
        width = len(rows[0])
        # The last line of a sample may be cut.
        even = sum(len(row) == width for row in rows[:-1] or rows)
        score = width * even if width > 1 else 0
        if score > best_score:
            best, delimiter, best_score = rows[0], candidate, score
    names = tuple(name.strip().lower() for name in best)
    if twice := sorted({name for name in names if name and names.count(name) > 1}):
        raise BrokenFile(f"column {', '.join(twice)} appears twice in the header; rename one")
    return Header(names, tuple(best), delimiter)


def _column(
    connection: duckdb.DuckDBPyConnection, reader: Reader, position: int, name: str, rows: int
) -> ColumnProfile:
    kind = reader.columns[position][1]
    value = f"nullif(trim({text_value(f'r{position}', kind)}), '')"
    connection.execute(f"create or replace temp table probed as select {value} as value from ({reader.query})")
    filled, distinct = connection.execute("select count(value), count(distinct value) from probed").fetchone() or (0, 0)
    connection.execute(
        f"create or replace temp table sampled as select value from probed where value is not null limit {SAMPLE}"
    )
    times, has_zone, newest = _times(connection, kind) if filled else ((), False, None)
    numbers = _numbers(connection) if filled and not (times and kind != "VARCHAR") else ()
    lowest = highest = None
    if "1234.50" in numbers:
        lowest, highest = connection.execute(
            "select min(try_cast(value as double)), max(try_cast(value as double)) from probed"
        ).fetchone() or (None, None)
    few = connection.execute(
        "select value from probed where value is not null group by value order by count(*) desc, value"
    ).fetchmany(FEW + 1)
    return ColumnProfile(
        name, kind, rows, filled, distinct, times, has_zone, newest, numbers,
        is_whole="1234.50" in numbers and _all(connection, f"regexp_full_match(value, {literal(INTEGER)})", "probed"),
        is_order_name=filled > 0 and _all(connection, "regexp_full_match(value, '#[A-Za-z-]*[0-9]+')"),
        is_email=filled > 0 and _all(connection, f"regexp_full_match(value, {literal(EMAIL)})"),
        lowest=lowest, highest=highest,
        few=tuple(value for (value,) in few) if len(few) <= FEW else (),
    )  # fmt: skip


def _times(connection: duckdb.DuckDBPyConnection, kind: str) -> tuple[tuple[str, ...], bool, str | None]:
    """The formats that read every value as a time, whether times carry an offset, and the newest day."""
    if kind.startswith("TIMESTAMP") or kind == "DATE":
        newest = scalar(connection, "select left(max(value), 10) from probed")
        return ("ISO",), "WITH TIME ZONE" in kind, newest
    if kind != "VARCHAR":
        return (), False, None
    iso = f"regexp_full_match(value, {literal(INSTANT)}) and try_cast(left(value, 10) as date) is not null"
    if _all(connection, iso):
        has_zone = _all(
            connection, "regexp_matches(value, ':[0-9]{2}([.][0-9]+)? ?(Z|UTC|[+-][0-9]{2}(:?[0-9]{2})?)$')"
        )
        return ("ISO",), has_zone, scalar(connection, "select left(max(value), 10) from probed")
    if _all(connection, f"regexp_full_match(value, '{EPOCH_SECONDS}|{EPOCH_MILLISECONDS}')"):
        milliseconds = "cast(value as bigint) * case when length(value) = 10 then 1000 else 1 end"
        newest = str(scalar(connection, f"select max(epoch_ms({milliseconds})) from probed"))[:10]
        return ("epoch",), True, newest
    found = []
    for day in DAYS:
        for time in TIMES:
            parsed = f"try_strptime(value, {literal(time_format(day + time))})"
            plausible = f"{parsed} between timestamp '1970-01-01' and timestamp '2100-01-01'"
            if _all(connection, f"coalesce({plausible}, false)", "sampled") and _all(
                connection, f"coalesce({plausible}, false)", "probed"
            ):
                found.append(day + time)
    if len(found) != 1:
        return tuple(found), False, None
    parsed = f"strptime(value, {literal(time_format(found[0]))})"
    return tuple(found), False, scalar(connection, f"select strftime(max({parsed}), '%Y-%m-%d') from probed")


def _numbers(connection: duckdb.DuckDBPyConnection) -> tuple[str, ...]:
    """The ways of writing numbers that fit every value: one, or one with each decimal mark where both fit."""
    for signs in ("", SIGNS):
        fitting = {
            mark: look
            for look, mark in NUMBERS.items()
            if all(
                _all(connection, f"regexp_full_match(value, {literal(signs + LOOKS[look] + signs)})", table)
                for table in ("sampled", "probed")
            )
        }
        plain = not signs and _all(connection, f"regexp_full_match(value, {literal(DECIMAL)})", "probed")
        if plain or fitting:
            return ("1234.50",) if plain else tuple(fitting.values())
    return ()


def _all(connection: duckdb.DuckDBPyConnection, test: str, table: str = "sampled") -> bool:
    """Whether all filled values pass a test."""
    return bool(scalar(connection, f"select bool_and({test}) from {table} where value is not null"))
