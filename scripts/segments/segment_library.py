"""The segment library as the retailer keeps it: two seeds in one folder, definitions and conditions of rules.

All reading and writing of these files is done here; the models evaluate the rules.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

from scripts.platform.errors import CheckFailed, UserError, did_you_mean
from scripts.platform.files import replace_file
from scripts.platform.seed_files import only_writer, read_header, read_rows, rows_as_csv, seed_problems
from scripts.platform.workspace import BUSINESS_SEEDS

DEFINITIONS = "segment_definitions.csv"
CONDITIONS = "segment_rule_conditions.csv"
# Definitions first: one without conditions is only a warning, conditions without a definition are an error.
FILES = (DEFINITIONS, CONDITIONS)
SEED_NAMES = tuple(Path(name).stem for name in FILES)

Cells = dict[str, str]
Rows = list[Cells]


def shipped_columns() -> dict[str, list[str]]:
    """The columns of both files as the project ships them."""
    return {name: read_header(BUSINESS_SEEDS / name) for name in FILES}


@dataclass
class SegmentLibrary:
    """The rows of both files of `folder`, and the columns to write them in; changes take effect once written."""

    folder: Path
    definitions: Rows
    conditions: Rows
    columns: dict[str, list[str]] = field(default_factory=shipped_columns)

    @property
    def keys(self) -> list[str]:
        return [key_of(row) for row in self.definitions]

    def definition(self, segment_key: str) -> Cells:
        """The row of a segment. Raises UserError where there is none."""
        for row in self.definitions:
            if key_of(row) == segment_key:
                return row
        where = self.folder / DEFINITIONS
        raise UserError(f"{where}: has no segment `{segment_key}`; {which_segment(segment_key, self.keys)}")

    def conditions_of(self, segment_key: str) -> Rows:
        return [row for row in self.conditions if key_of(row) == segment_key]

    def set_status(self, segment_key: str, status: str) -> None:
        """Set a status without checking that the step is allowed."""
        for row in self.definitions:
            if key_of(row) == segment_key:
                row["status"] = status

    def add(self, definitions: Rows, conditions: Rows) -> None:
        """Append rows, after all others."""
        self.definitions = self.definitions + definitions
        self.conditions = self.conditions + conditions

    def remove(self, segment_keys: Collection[str]) -> None:
        """Remove all rows of these segments."""
        self.definitions = [row for row in self.definitions if key_of(row) not in segment_keys]
        self.conditions = [row for row in self.conditions if key_of(row) not in segment_keys]

    def replace(self, segment_key: str, definition: Cells, conditions: Rows) -> None:
        """Replace the rows of a segment in their place, or append them after all others."""
        self.definitions = _replaced(self.definitions, segment_key, [definition])
        self.conditions = _replaced(self.conditions, segment_key, conditions)

    def write(self, folder: Path | None = None) -> None:
        """Write both files, to their own folder or to another one."""
        self.write_definitions(folder)
        self._write(CONDITIONS, self.conditions, folder)

    def write_definitions(self, folder: Path | None = None) -> None:
        """Write the definitions alone."""
        self._write(DEFINITIONS, self.definitions, folder)

    def _write(self, name: str, rows: Rows, folder: Path | None) -> None:
        cells: list[dict[str, object]] = [dict(row) for row in rows]
        replace_file((folder or self.folder) / name, rows_as_csv(self.columns[name], cells))


def read_library(folder: Path) -> SegmentLibrary:
    """The library of a folder of seeds.

    Raises CheckFailed, a line per problem, when it cannot be read completely: unreadable rows would be lost on writing.
    """
    shipped = shipped_columns()
    problems = [problem for name in FILES for problem in seed_problems(folder / name, shipped[name])]
    if problems:
        raise CheckFailed("\n".join([*problems, "nothing was written; correct the library first"]))
    columns = {name: read_header(folder / name) for name in FILES}
    definitions, conditions = (read_rows(folder / name, columns[name]) for name in FILES)
    return SegmentLibrary(folder, definitions, conditions, columns)


@contextmanager
def library_to_change(folder: Path) -> Iterator[SegmentLibrary]:
    """The library of a folder, locked against other writers meanwhile."""
    with only_writer(folder):
        yield read_library(folder)


def free_priorities(folder: Path, count: int, besides: Collection[str]) -> list[int]:
    """Priorities after all that the library has, ten apart; those of the segments `besides` are free again.

    For a library that is missing or faulty, what can be read counts.
    """
    file = folder / DEFINITIONS
    rows = read_rows(file, read_header(file)) if file.exists() else []
    held = [int(row["priority"]) for row in rows if row["priority"].strip().isdigit() and key_of(row) not in besides]
    start = (max(held, default=0) // 10 + 1) * 10
    return [start + 10 * number for number in range(count)]


def key_of(row: Cells) -> str:
    """The segment that a row of either file belongs to."""
    return row["segment_key"].strip()


def which_segment(segment_key: str, known: Iterable[str]) -> str:
    """A hint at what may have been meant by an unknown key."""
    keys = sorted(known)
    there_are = f"the segments are {', '.join(keys)}" if keys else "it holds no segments yet"
    return did_you_mean(segment_key, keys, otherwise=there_are)


def _replaced(rows: Rows, segment_key: str, taken: Rows) -> Rows:
    places = [place for place, row in enumerate(rows) if key_of(row) == segment_key]
    kept = [row for row in rows if key_of(row) != segment_key]
    start = places[0] if places else len(kept)
    return kept[:start] + taken + kept[start:]
