"""Landing files: which there are, whether they changed, and what can be said of them before they are loaded."""

from __future__ import annotations

import csv
import gzip
import hashlib
import io
import os
import re
import time
import zlib
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import IO, cast

from scripts.contracts import Source, Table
from scripts.world import SETTINGS_FILE

SUFFIXES = (".csv", ".csv.gz", ".parquet", ".jsonl", ".jsonl.gz")
UNFINISHED = (".tmp", ".part")
DELIMITERS = ",;\t|"
CHUNK = 1 << 20
HEADER_LIMIT = 1 << 18
# A file this young may change again within one tick of the file system's clock: its time stamp proves nothing.
SETTLED_SECONDS = 2


class BrokenFile(Exception):
    """A delivery that cannot be taken in; the text says why and how to mend it, without any value of the data."""


@dataclass(frozen=True)
class LandingFile:
    """One delivered file; `name` is its path below the landing folder."""

    path: Path
    name: str
    table: Table
    suffix: str
    delivered_at: datetime

    @property
    def is_gzip(self) -> bool:
        return self.suffix.endswith(".gz")

    @property
    def kind(self) -> str:
        """csv, parquet or jsonl."""
        return self.suffix.split(".")[1]


@dataclass(frozen=True)
class Stamp:
    """What the file system says of a file: enough to see that it has not changed, never that it has."""

    size: int
    text: str

    @classmethod
    def of(cls, path: Path) -> Stamp:
        stat = path.stat()
        return cls(stat.st_size, f"{stat.st_mtime_ns}.{stat.st_ctime_ns}.{stat.st_ino}")

    def is_settled(self) -> bool:
        """Whether the file is old enough for an equal stamp to mean equal content."""
        return time.time() - int(self.text.split(".")[1]) / 1e9 > SETTLED_SECONDS


@dataclass(frozen=True)
class Header:
    """Columns of a CSV file as delivered, in file order, and the delimiter between them."""

    columns: tuple[str, ...]
    delimiter: str


def find_files(landing: Path, sources: dict[str, Source]) -> tuple[list[LandingFile], list[str]]:
    """All files to look at, in the order of the contracts and of delivery, and one line per thing out of place."""
    files: list[LandingFile] = []
    problems: list[str] = []
    known_tables = {(source.name, table.name): table for source in sources.values() for table in source.tables.values()}
    for entry in _entries(landing):
        if entry.is_file():
            if _suffix(entry) and entry.name != SETTINGS_FILE:
                problems.append(f"{entry.name}: lies outside a table's folder; move it to <source>/<table>/")
            continue
        if entry.name not in sources:
            problems.append(f"{entry.name}/: no such source; there are {', '.join(sources)}")
            continue
        for folder in _entries(entry):
            name = f"{entry.name}/{folder.name}"
            table = known_tables.get((entry.name, folder.name))
            if folder.is_file():
                problems.append(f"{name}: lies outside a table's folder; move it to {entry.name}/<table>/")
            elif table is None:
                tables = ", ".join(sources[entry.name].tables)
                problems.append(f"{name}/: no such table; {entry.name} has {tables}")
            else:
                for path in _entries(folder):
                    suffix = _suffix(path)
                    if suffix and path.is_file():
                        files.append(
                            LandingFile(path, f"{name}/{path.name}", table, suffix, _delivered_at(path, suffix))
                        )
                    else:
                        kinds = ", ".join(SUFFIXES)
                        problems.append(f"{name}/{path.name}: not a kind of file that is taken in ({kinds})")
    order = {table: position for position, table in enumerate(known_tables.values())}
    files.sort(key=lambda file: (order[file.table], file.delivered_at, file.name))
    return files, problems


def checksum(path: Path) -> str:
    """BLAKE2b of the file's bytes."""
    with path.open("rb") as stream:
        return hashlib.file_digest(stream, lambda: hashlib.blake2b(digest_size=16)).hexdigest()


def read_header(file: LandingFile) -> Header:
    """The header of a CSV file; the delimiter is the one that yields most columns of the contract."""
    try:
        with _open(file.path, file.is_gzip) as stream:
            start = stream.read(HEADER_LIMIT)
    except (EOFError, OSError, zlib.error) as problem:
        raise _unreadable(problem) from None
    _refuse_other_encoding(start)
    text = start.decode("utf-8-sig", errors="replace")
    if not text.strip():
        raise BrokenFile("empty, not even a header; deliver it again or delete it")
    expected = {column.name for column in file.table.columns}
    best: tuple[str, ...] = ()
    delimiter = ","
    for candidate in DELIMITERS:
        reader = csv.reader(io.StringIO(text, newline=""), delimiter=candidate)
        names = tuple(name.strip().lower() for name in next(reader, []))
        if len(expected.intersection(names)) > len(expected.intersection(best)) or not best:
            best, delimiter = names, candidate
    if "\ufffd" in "".join(best):
        raise BrokenFile("header is not UTF-8 text; save the file as UTF-8")
    twice = sorted({name for name in best if best.count(name) > 1 and name in expected})
    if twice:
        raise BrokenFile(f"column {', '.join(twice)} stands twice in the header; keep one")
    return Header(best, delimiter)


def readable_copy(file: LandingFile, folder: Path) -> Path:
    """The file itself, or a cleaned copy in `folder` where its bytes would stop a CSV reader.

    Cleaned are NUL bytes (dropped) and mixed or old Mac line ends (become line feeds). A gzip file is read to its
    end, so that damage shows here. Raises BrokenFile when it cannot be read.
    """
    nul = returns = pairs = feeds = 0
    last = b""
    try:
        for chunk in _chunks(file):
            nul += chunk.count(b"\0")
            returns += chunk.count(b"\r")
            feeds += chunk.count(b"\n")
            if returns:
                pairs += chunk.count(b"\r\n") + (last == b"\r" and chunk.startswith(b"\n"))
            last = chunk[-1:]
    except (EOFError, OSError, zlib.error) as problem:
        raise _unreadable(problem) from None
    is_uniform = returns == 0 or returns == pairs == feeds
    if file.kind != "csv" or (is_uniform and not nul):
        return file.path
    folder.mkdir(parents=True, exist_ok=True)
    copy = folder / f"cleaned_{os.getpid()}.csv"
    alone = b"\n" if feeds == 0 else b" "
    held = b""
    with copy.open("wb") as out:
        for chunk in _chunks(file):
            chunk = held + chunk.replace(b"\0", b"")
            held = b"\r" if chunk.endswith(b"\r") else b""
            chunk = chunk[: len(chunk) - len(held)]
            out.write(chunk.replace(b"\r\n", b"\n").replace(b"\r", alone))
    return copy


def _entries(folder: Path) -> list[Path]:
    return sorted(
        path for path in folder.iterdir() if path.name[0] not in "._" and not path.name.lower().endswith(UNFINISHED)
    )


def _suffix(path: Path) -> str | None:
    return next((suffix for suffix in sorted(SUFFIXES, reverse=True) if path.name.lower().endswith(suffix)), None)


def _delivered_at(path: Path, suffix: str) -> datetime:
    """The date at the end of the file's name, else the time of its last change; UTC without zone."""
    found = re.search(r"_(\d{4}-\d{2}-\d{2})$", path.name[: -len(suffix)])
    if found:
        try:
            return datetime.strptime(found.group(1), "%Y-%m-%d")
        except ValueError:
            pass
    return datetime.fromtimestamp(path.stat().st_mtime, UTC).replace(tzinfo=None)


def _open(path: Path, is_gzip: bool) -> IO[bytes]:
    return cast(IO[bytes], gzip.open(path, "rb")) if is_gzip else path.open("rb")


def _chunks(file: LandingFile) -> Iterator[bytes]:
    with _open(file.path, file.is_gzip) as stream:
        while chunk := stream.read(CHUNK):
            yield chunk


def _refuse_other_encoding(start: bytes) -> None:
    if start.startswith((b"\xff\xfe", b"\xfe\xff")):
        raise BrokenFile("UTF-16 text; save the file as UTF-8")


def _unreadable(problem: Exception) -> BrokenFile:
    if isinstance(problem, PermissionError):
        return BrokenFile("may not be read; grant read permission")
    if isinstance(problem, FileNotFoundError):
        return BrokenFile("vanished before it was read; run intake again")
    if isinstance(problem, (EOFError, gzip.BadGzipFile, zlib.error)):
        return BrokenFile("truncated or damaged gzip; deliver it again")
    return BrokenFile(f"cannot be read ({type(problem).__name__}); deliver it again")
