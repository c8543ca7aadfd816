"""Landing files: finding them, detecting changes, and reading their headers before they are loaded."""

from __future__ import annotations

import bz2
import csv
import gzip
import hashlib
import io
import re
import time
import zlib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import IO, cast

import pyarrow as pa

from scripts.intake.mapping import FOLDER, MAPPING_FILE, TableMapping, WrongMapping, mapped_files
from scripts.platform.contracts import Source, Table
from scripts.platform.workspace import SETTINGS_FILE

COMPRESSIONS = ("", ".gz", ".zst", ".bz2")
KINDS = {"csv": "csv", "tsv": "csv", "jsonl": "jsonl", "ndjson": "jsonl"}
SUFFIXES = (".parquet", *(f".{kind}{compression}" for kind in KINDS for compression in COMPRESSIONS))
UNFINISHED = (".tmp", ".part")
DELIMITERS = ",;\t|"
CHUNK = 1 << 20
# A file younger than this may change again within one tick of the file system's clock, so its timestamp proves nothing.
SETTLED_SECONDS = 2


class BrokenFile(Exception):
    """A file that cannot be loaded; the text says why and how to fix it, without quoting any value of the data."""


class UnreadLayout(BrokenFile):
    """A file in a layout of its source that is not read, so that all files of the source are."""


class TransientError(BrokenFile):
    """An error that may go away by itself: the file vanished, is locked, changes, or its disk does not respond."""


@dataclass(frozen=True)
class LandingFile:
    """One delivered file, or what a mapping reads of it for one table; `name` is its path below the landing folder."""

    path: Path
    name: str
    table: Table
    suffix: str
    delivered_at: datetime
    mapping: TableMapping | None = None

    @property
    def expected(self) -> set[str]:
        """Columns that it should have: those of the contract, or those that its mapping reads."""
        return set(self.mapping.read) if self.mapping else {column.name for column in self.table.columns}

    @property
    def place(self) -> str:
        """Its path below the landing folder, also where it is read for several tables."""
        return self.name.partition("#")[0] if self.mapping else self.name

    @property
    def kind(self) -> str:
        """csv, parquet or jsonl."""
        name = self.suffix.split(".")[1]
        return KINDS.get(name, name)


@dataclass(frozen=True)
class Stamp:
    """File system metadata of a file: an equal stamp shows that it has not changed, a different one proves nothing."""

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
    """Columns of a CSV file in file order, in lower case and as delivered, and the delimiter between them."""

    columns: tuple[str, ...]
    as_delivered: tuple[str, ...]
    delimiter: str


def column_names(delivered: Sequence[str], expected: set[str]) -> tuple[str, ...]:
    """The columns that delivered names stand for, in lower case: `First Name` and `firstName` are `first_name`.

    Only a name that no column has as it is stands for another, and only for one that is not there itself.
    """
    lowered = [name.strip().lower() for name in delivered]
    absent = {_letters(name): name for name in sorted(expected.difference(lowered))}
    return tuple(name if name in expected else absent.get(_letters(name), name) for name in lowered)


def check_once(names: Sequence[str], expected: set[str]) -> None:
    """BrokenFile if two columns of a file stand for one."""
    if twice := sorted({name for name in names if names.count(name) > 1 and name in expected}):
        raise BrokenFile(f"column {', '.join(twice)} appears twice in the header; keep one")


def find_files(landing: Path, sources: dict[str, Source]) -> tuple[list[LandingFile], list[str]]:
    """All files to load, in the order of the contracts and of delivery, and one line per misplaced file or folder."""
    files: list[LandingFile] = []
    problems: list[str] = []
    known_tables = {(source.name, table.name): table for source in sources.values() for table in source.tables.values()}
    for entry in _entries(landing):
        if entry.is_file():
            if _suffix(entry) and entry.name != SETTINGS_FILE:
                problems.append(f"{entry.name}: is not in the folder of a table; move it to <source>/<table>/")
            continue
        if entry.name == FOLDER:
            mapped, wrong = _find_mapped(entry, sources)
            files += mapped
            problems += wrong
            continue
        if entry.name not in sources:
            problems.append(f"{entry.name}/: no such source; use one of {', '.join(sources)}")
            continue
        unknown: list[str] = []
        for folder in _entries(entry):
            name = f"{entry.name}/{folder.name}"
            if folder.is_dir() and folder.name in sources[entry.name].unread_tables:
                continue
            table = known_tables.get((entry.name, folder.name))
            if folder.is_file():
                problems.append(f"{name}: is not in the folder of a table; move it to {entry.name}/<table>/")
            elif table is None:
                unknown.append(f"{name}/")
            else:
                for path in _entries(folder):
                    suffix = _suffix(path)
                    if suffix and path.is_file():
                        files.append(
                            LandingFile(path, f"{name}/{path.name}", table, suffix, _delivered_at(path, suffix))
                        )
                    else:
                        kinds = ", ".join(SUFFIXES)
                        problems.append(f"{name}/{path.name}: unsupported file type; use one of {kinds}")
        if unknown:
            tables = ", ".join(sources[entry.name].tables)
            problems.append(f"{', '.join(unknown)}: no such table; {entry.name} has {tables}")
    order = {table: position for position, table in enumerate(known_tables.values())}
    files.sort(key=lambda file: (order[file.table], file.delivered_at, file.name))
    return files, problems


def unread_folders(landing: Path, sources: dict[str, Source]) -> list[str]:
    """Per source, the delivered tables that its connector is known to load and that no model needs, as one line."""
    lines = []
    for entry in _entries(landing):
        known = sources[entry.name].unread_tables if entry.name in sources and entry.is_dir() else frozenset()
        if found := [folder.name for folder in (_entries(entry) if known else []) if folder.name in known]:
            lines.append(f"{entry.name}: not read, as nothing needs them: {', '.join(found)}")
    return lines


def _find_mapped(landing: Path, sources: dict[str, Source]) -> tuple[list[LandingFile], list[str]]:
    """The files of all mappings, once for each table that is read of them, and one line per wrong mapping or file."""
    files: list[LandingFile] = []
    problems: list[str] = []
    for folder in _entries(landing):
        name = f"{FOLDER}/{folder.name}"
        if folder.is_file():
            problems.append(f"{name}: is not in the folder of a mapping; move it to {FOLDER}/<name>/")
            continue
        entries = [path for path in _entries(folder) if path.name != MAPPING_FILE]
        readable = [path for path in entries if _suffix(path) and path.is_file()]
        problems += [
            f"{name}/{path.name}: unsupported file type; use one of {', '.join(SUFFIXES)}"
            for path in entries
            if path not in readable
        ]
        try:
            tables = mapped_files(folder, entries, sources)
        except WrongMapping as problem:
            problems.append(f"{name}/{MAPPING_FILE}: {problem}")
            continue
        for path in readable:
            suffix = str(_suffix(path))
            files += [
                LandingFile(
                    path, f"{name}/{path.name}#{mapping.table.label}", mapping.table, suffix,
                    _delivered_at(path, suffix), mapping,
                )
                for mapping in tables
            ]  # fmt: skip
    return files, problems


def checksum(path: Path) -> str:
    """BLAKE2b of the file's bytes."""
    with path.open("rb") as stream:
        return hashlib.file_digest(stream, lambda: hashlib.blake2b(digest_size=16)).hexdigest()


def read_header(file: LandingFile, start: io.StringIO) -> Header:
    """The header of a CSV file, from the start of its text; the delimiter that yields most contract columns is used."""
    if not start.getvalue().strip():
        raise BrokenFile("empty, not even a header; deliver it again or delete it")
    expected = file.expected
    best: tuple[str, ...] = ()
    as_delivered: tuple[str, ...] = ()
    delimiter = ","
    for candidate in DELIMITERS:
        start.seek(0)
        try:
            raw = tuple(next(csv.reader(start, delimiter=candidate), []))
        except csv.Error:
            continue
        names = tuple(name.strip().lower() for name in raw) if file.mapping else column_names(raw, expected)
        if len(expected.intersection(names)) > len(expected.intersection(best)) or not best:
            best, as_delivered, delimiter = names, raw, candidate
    check_once(best, expected)
    return Header(best, as_delivered, delimiter)


def chunks(file: LandingFile) -> Iterator[bytes]:
    """The file's bytes, decompressed, a chunk at a time; BrokenFile when it cannot be read to its end."""
    try:
        with _open(file) as stream:
            while chunk := stream.read(CHUNK):
                yield bytes(chunk)
    except (EOFError, OSError, zlib.error) as problem:
        raise read_error(problem, file) from None


def read_error(problem: Exception, file: LandingFile) -> BrokenFile:
    """The failure to read a file, in terms of what whoever delivered it can do."""
    compression = {".gz": "gzip", ".zst": "zstd", ".bz2": "bzip2"}.get(Path(file.suffix).suffix)
    if isinstance(problem, (EOFError, gzip.BadGzipFile, zlib.error)) or (
        # Both libraries report damage as an OSError without a number.
        compression and isinstance(problem, OSError) and problem.errno is None
    ):
        return BrokenFile(f"truncated or damaged {compression}; deliver it again")
    if isinstance(problem, PermissionError):
        return TransientError("cannot be read; grant read permission")
    if isinstance(problem, FileNotFoundError):
        return TransientError("vanished before it was read; run intake again")
    if isinstance(problem, IsADirectoryError):
        return BrokenFile("is a folder; deliver a file")
    return TransientError(f"cannot be read ({type(problem).__name__}); check its disk and run intake again")


def _entries(folder: Path) -> list[Path]:
    return sorted(
        path for path in folder.iterdir() if path.name[0] not in "._" and not path.name.lower().endswith(UNFINISHED)
    )


def _letters(name: str) -> str:
    return re.sub("[^a-z0-9]", "", name)


def _suffix(path: Path) -> str | None:
    return next((suffix for suffix in sorted(SUFFIXES, reverse=True) if path.name.lower().endswith(suffix)), None)


def _delivered_at(path: Path, suffix: str) -> datetime:
    """The date at the end of the file's name, else its modification time; in UTC, without time zone."""
    found = re.search(r"_(\d{4}-\d{2}-\d{2})$", path.name[: -len(suffix)])
    if found:
        try:
            return datetime.strptime(found.group(1), "%Y-%m-%d")
        except ValueError:
            pass
    return datetime.fromtimestamp(path.stat().st_mtime, UTC).replace(tzinfo=None)


def _open(file: LandingFile) -> IO[bytes]:
    if file.suffix.endswith(".gz"):
        return cast(IO[bytes], gzip.open(file.path, "rb"))
    if file.suffix.endswith(".bz2"):
        return cast(IO[bytes], bz2.open(file.path, "rb"))
    if file.suffix.endswith(".zst"):
        return cast(IO[bytes], pa.input_stream(str(file.path), compression="zstd"))
    return file.path.open("rb")
