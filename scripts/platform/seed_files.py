"""The retailer's seeds as files: reading their rows, finding what prevents them from being loaded, writing them.

One writer at a time; a complete new file replaces the old one in one step (`files.replace_file`).
"""

from __future__ import annotations

import csv
import difflib
import fcntl
import io
import os
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path

from scripts.platform.errors import UserError


@contextmanager
def only_writer(folder: Path) -> Iterator[None]:
    """Makes concurrent writers of a folder take turns, so that nothing is lost."""
    folder.mkdir(parents=True, exist_ok=True)
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX)
        yield
    finally:
        os.close(descriptor)


def read_rows(file: Path, columns: list[str]) -> list[dict[str, str]]:
    """The rows of a seed; none when there is no file. Raises UserError when its header differs from `columns`.

    Rows with too many or too few cells are skipped.
    """
    if not file.exists():
        return []
    with file.open(encoding="utf-8-sig", newline="") as lines:
        reader = csv.DictReader(lines)
        if [name.strip() for name in reader.fieldnames or []] != columns:
            raise UserError(f"{file}: its first line must be {','.join(columns)}; restore it (nothing was written)")
        # Without spaces around the names, so that the rows can be written back.
        reader.fieldnames = columns
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


def seed_problems(file: Path, columns: list[str]) -> Iterator[str]:
    """What prevents a CSV file with these columns from being loaded, one line per problem."""
    if not file.exists():
        yield f"{file}: is missing; run `python -m scripts setup`, which copies what a seeds folder lacks"
        return
    data = file.read_bytes()
    if not data.strip():
        yield f"{file}: is empty; its first line must be {','.join(columns)}"
        return
    if b"\x00" in data:
        yield f"{file}: is not a text file (spreadsheet format or UTF-16); save it as CSV UTF-8"
        return
    try:
        text = data.decode("utf-8-sig")
    except UnicodeDecodeError as problem:
        line = data[: problem.start].count(b"\n") + 1
        yield f"{file}, line {line}: is not UTF-8; save it as CSV UTF-8"
        return
    yield from _row_problems(file, text, columns)


def _row_problems(file: Path, text: str, columns: list[str]) -> Iterator[str]:
    rows = numbered_rows(text)
    try:
        header = [name.strip() for name in next(rows)[1]]
        if problems := list(_header_problems(file, header, columns)):
            yield from problems
            return
        for line, row in rows:
            if not row:
                yield f"{file}, line {line}: is empty; delete the line"
            elif len(row) != len(header):
                fix = "put a cell that contains a comma in double quotes"
                if len(row) < len(header):
                    fix = "write the empty cells too, as commas"
                yield f"{file}, line {line}: has {len(row)} cells where the header has {len(header)}; {fix}"
    except csv.Error as problem:
        yield f"{file}: cannot be read as CSV ({problem}); check the double quotes"


def numbered_rows(text: str) -> Iterator[tuple[int, list[str]]]:
    """The rows of a CSV text, each with the line on which it begins."""
    reader = csv.reader(io.StringIO(text, newline=""), strict=True)
    line = 1
    for row in reader:
        yield line, row
        line = reader.line_num + 1


def _header_problems(file: Path, header: list[str], columns: list[str]) -> Iterator[str]:
    for delimiter, name in ((";", "semicolons"), ("\t", "tabs")):
        if len(header) == 1 and delimiter in header[0]:
            yield f"{file}, line 1: cells are separated by {name}; save it with commas between the cells"
            return
    for column in sorted({name for name in header if header.count(name) > 1}):
        yield f"{file}, line 1: the column `{column}` appears twice; delete one"
    spare = [name for name in header if name not in columns]
    for column in [name for name in columns if name not in header]:
        meant = difflib.get_close_matches(column, spare, n=1)
        hint = f"is `{meant[0]}` a misspelling of it?" if meant else f"the first line must contain {','.join(columns)}"
        yield f"{file}, line 1: the column `{column}` is missing; {hint}"
