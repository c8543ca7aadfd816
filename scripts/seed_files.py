"""Writes the retailer's seeds: one writer at a time, and a whole new file in the place of the old one at once."""

from __future__ import annotations

import csv
import fcntl
import io
import os
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path

from scripts.errors import UserError


@contextmanager
def only_writer(folder: Path) -> Iterator[None]:
    """Two writers of a folder at the same time come one after the other, so that nothing is lost."""
    folder.mkdir(parents=True, exist_ok=True)
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX)
        yield
    finally:
        os.close(descriptor)


def replace_file(file: Path, data: bytes) -> None:
    """Put `data` in the place of the file; readers see the old content or the new one, never a part."""
    file.parent.mkdir(parents=True, exist_ok=True)
    incoming = file.with_name(f".{file.name}.{os.getpid()}.part")
    try:
        with incoming.open("wb") as target:
            target.write(data)
            target.flush()
            os.fsync(target.fileno())
        incoming.replace(file)
    finally:
        incoming.unlink(missing_ok=True)


def read_rows(file: Path, columns: list[str]) -> list[dict[str, str]]:
    """The rows of a seed; none when there is no file. Raises UserError when its header is another."""
    if not file.exists():
        return []
    with file.open(encoding="utf-8-sig", newline="") as lines:
        reader = csv.DictReader(lines)
        if [name.strip() for name in reader.fieldnames or []] != columns:
            raise UserError(f"{file}: its first line must be {','.join(columns)}; restore it, nothing was written")
        return [row for row in reader if None not in row and None not in row.values()]


def read_header(file: Path) -> list[str]:
    """The columns of a seed, as its first line names them."""
    with file.open(encoding="utf-8-sig", newline="") as lines:
        return [name.strip() for name in next(csv.reader(lines))]


def rows_as_csv(columns: list[str], rows: Iterable[dict[str, object]]) -> bytes:
    """Rows as the bytes of a CSV file with a header; None is an empty cell."""
    text = io.StringIO()
    writer = csv.DictWriter(text, columns, lineterminator="\n")
    writer.writeheader()
    writer.writerows({name: "" if row.get(name) is None else row[name] for name in columns} for row in rows)
    return text.getvalue().encode()
