"""Mapping files: how the columns of files that nobody here knows become tables of the contracts.

`landing/mapped/<name>/mapping.yml` applies to all files in its folder. It is data, not code: every cell is one of a few
forms, names of columns are looked up in the file, and no text of it reaches the database except as a quoted value.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import yaml

from scripts.intake import formulas
from scripts.intake.formulas import Condition, Formula
from scripts.platform.contracts import Source, Table
from scripts.platform.errors import did_you_mean

FOLDER = "mapped"
MAPPING_FILE = "mapping.yml"
# A question that a proposed mapping leaves open: a person has to answer it before intake applies the mapping.
OPEN = "?"
# Aggregates: one value from all rows of a record.
OF_RECORD = ("sum", "earliest", "latest", "first", "count")
FORMS = ("value", "column", "formula", "join", "first_of", "number_within", *OF_RECORD)
BESIDE = {"column": {"values", "otherwise"}, "join": {"with"}, "formula": {"when", "otherwise"}}
NUMBERS = {"1234.50": ".", "1,234.50": ".", "1234,50": ",", "1.234,50": ","}
# In the order in which they are replaced: longer ones first.
TIME_PARTS = (("YYYY", "%Y"), ("YY", "%y"), ("MON", "%b"), ("MM", "%m"), ("DD", "%d"), ("hh", "%H"), ("mm", "%M"),
              ("ss", "%S"), ("AM", "%p"))  # fmt: skip
SEPARATORS = set("-/.,: TZ")


class WrongMapping(Exception):
    """A mapping file that cannot be applied: the place in it, what is wrong, and what to write."""


@dataclass(frozen=True)
class Reading:
    """How a file writes the values of a column.

    `times` are the formats of a time, none for ISO 8601; `zone` is the zone of times without an offset; `decimal` the
    decimal mark of a number; `blank` what an empty number stands for.
    """

    times: tuple[str, ...] = ()
    zone: str | None = None
    decimal: str | None = None
    blank: str | None = None

    @property
    def is_time(self) -> bool:
        return bool(self.times) or self.zone is not None


@dataclass(frozen=True)
class Cell:
    """Where a column of a contract comes from: `form` is one of FORMS, with what that form needs.

    A formula may hold only `when` a condition does, with another one, `instead`, for the other rows.
    """

    form: str
    columns: tuple[str, ...] = ()
    value: str | None = None
    formula: Formula | None = None
    values: tuple[tuple[str, str], ...] = ()
    otherwise: str | None = None
    when: Condition = ()
    instead: Formula | None = None


@dataclass(frozen=True)
class TableMapping:
    """How one table of a contract is read from the files of one mapping.

    `one_row_per` names the columns whose values make a record where a file has several rows of it, else it is empty.
    `history` are the files of the first load, whose rows count as known since `known_from`.
    """

    name: str
    table: Table
    cells: tuple[tuple[str, Cell], ...]
    readings: tuple[tuple[str, Reading], ...]
    one_row_per: tuple[str, ...] = ()
    only: Condition = ()
    history: tuple[str, ...] = ()
    known_from: Cell | None = None
    # Columns of the file that any table of the mapping reads, and those that none does, on purpose.
    read: tuple[str, ...] = ()
    unread: tuple[str, ...] = ()

    @property
    def digest(self) -> str:
        """Changes when the meaning of the mapping changes, and not with its layout or comments."""
        meaning = (self.table.label, sorted(self.cells), sorted(self.readings), self.one_row_per, self.only,
                   sorted(self.history), self.known_from)  # fmt: skip
        return hashlib.blake2b(repr(meaning).encode(), digest_size=8).hexdigest()

    def reading(self, column: str) -> Reading:
        return dict(self.readings).get(column, Reading())


def name_of(column: object) -> str:
    """A column's name as it is compared: without surrounding blanks and without case."""
    return str(column).strip().lower()


def load_mapping(file: Path, sources: dict[str, Source]) -> tuple[TableMapping, ...]:
    """The tables of a mapping file; WrongMapping says what is wrong in it."""
    try:
        document = yaml.load(file.read_text(encoding="utf-8"), Loader=_PlainLoader)
    except (OSError, UnicodeDecodeError) as problem:
        raise WrongMapping(f"cannot be read ({type(problem).__name__}); save it as UTF-8 text") from None
    except yaml.YAMLError as problem:
        mark = getattr(problem, "problem_mark", None)
        where = f"line {mark.line + 1}: " if mark else ""
        reason = getattr(problem, "problem", None) or "cannot be read"
        raise WrongMapping(f"{where}not valid YAML ({reason}); put texts with any of [ ] {{ }} : # in quotes") from None
    return _Reader(document, file.parent.name, sources).tables()


class _PlainLoader(getattr(yaml, "CSafeLoader", yaml.SafeLoader)):  # type: ignore[misc]
    """Reads every scalar as the text that is written: `NO` stays a country, `007` a number with its zeros."""

    def construct_mapping(self, node: Any, deep: bool = False) -> dict[Any, Any]:
        names = [part.value for part, _ in node.value if isinstance(part, yaml.ScalarNode)]
        for part, _ in node.value:
            if isinstance(part, yaml.ScalarNode) and names.count(part.value) > 1:
                line = part.start_mark.line + 1
                raise WrongMapping(f"line {line}: {part.value} is written twice in one place; keep one")
        found: dict[Any, Any] = super().construct_mapping(node, deep)
        return found


_PlainLoader.yaml_implicit_resolvers = {}


class _Reader:
    """Reads one document, and says of every mistake where it is and what was probably meant."""

    def __init__(self, document: Any, name: str, sources: dict[str, Source]) -> None:
        self.document, self.name = document, name
        self.known = {table.label: table for source in sources.values() for table in source.tables.values()}

    def tables(self) -> tuple[TableMapping, ...]:
        document = self._fields(self.document, "", ("columns", "tables", "history", "unread"))
        readings = tuple(
            (name_of(column), self._reading(given, f"columns.{column}"))
            for column, given in self._named(document.get("columns"), "columns").items()
        )
        history, known_from = self._history(document.get("history"))
        given = self._named(document.get("tables"), "tables")
        if not given:
            raise WrongMapping("tables: names no table; add one, such as pos/receipt")
        parts = {label: self._table(str(label), entry) for label, entry in given.items()}
        read = {name for name, _ in readings}
        for _, cells, one_row_per, only in parts.values():
            read |= {column for _, cell in cells for column in columns_of(cell)} | set(one_row_per)
            read |= formulas.condition_columns(only)
        if known_from:
            read |= set(columns_of(known_from))
        unread = tuple(name_of(column) for column in self._list(document.get("unread", []), "unread"))
        if both := sorted(read.intersection(unread)):
            raise WrongMapping(f"unread: {', '.join(both)} is read as well; remove it from one of the two")
        return tuple(
            TableMapping(
                self.name, table, cells, readings, one_row_per, only, history, known_from, tuple(sorted(read)), unread
            )
            for table, cells, one_row_per, only in parts.values()
        )

    def _table(
        self, label: str, entry: Any
    ) -> tuple[Table, tuple[tuple[str, Cell], ...], tuple[str, ...], Condition]:  # fmt: skip
        place = f"tables.{label}"
        table = self.known.get(label)
        if table is None:
            hint = did_you_mean(label, self.known, otherwise="write <source>/<table>, such as pos/receipt")
            raise WrongMapping(f"{place}: no such table; {hint}")
        fields = self._fields(entry, place, ("columns", "one_row_per", "only"))
        known = [column.name for column in table.columns]
        cells = {}
        for column, given in self._named(fields.get("columns"), f"{place}.columns").items():
            where = f"{place}.columns.{column}"
            if column not in known:
                hint = did_you_mean(str(column), known, otherwise=f"it has {', '.join(known)}")
                raise WrongMapping(f"{where}: {label} has no such column; {hint}")
            cells[str(column)] = self._cell(given, where)
        for column in table.columns:
            if column.required and column.name not in cells and column.name != table.known_at:
                raise WrongMapping(
                    f"{place}.columns: {column.name} is required; name its column, or give one value for all rows: "
                    f"{column.name}: {{value: …}}"
                )
        one_row_per = tuple(name_of(name) for name in self._list(fields.get("one_row_per", []), f"{place}.one_row_per"))
        for name, cell in cells.items():
            where = f"{place}.columns.{name}"
            if cell.form in OF_RECORD and not one_row_per:
                raise WrongMapping(f"{where}: {cell.form} needs one_row_per, the columns that make a record")
            if cell.form == "number_within" and one_row_per:
                raise WrongMapping(f"{where}: number_within numbers rows of the file, and one_row_per joins them")
        only = self._parsed(formulas.condition, str(fields.get("only", "")), f"{place}.only")
        return table, tuple(sorted(cells.items())), one_row_per, only

    def _cell(self, given: Any, place: str) -> Cell:
        if isinstance(given, str):
            self._answered(given, place)
            return Cell("column", (name_of(given),))
        fields = self._fields(given, place, (*FORMS, "values", "otherwise", "with", "when"))
        forms = [name for name in fields if name in FORMS]
        if len(forms) != 1:
            raise WrongMapping(f"{place}: write the name of a column, or one of {', '.join(FORMS)}")
        form = forms[0]
        if beside := sorted(set(fields) - {form} - BESIDE.get(form, set())):
            raise WrongMapping(f"{place}: {beside[0]} does not go with {form}; remove it")
        content = fields[form]
        if form in ("join", "first_of", "number_within"):
            columns = tuple(name_of(name) for name in self._list(content, f"{place}.{form}"))
            if not columns:
                raise WrongMapping(f"{place}.{form}: names no column")
            return Cell(form, columns, value=str(fields.get("with", "")) if form == "join" else None)
        if not isinstance(content, str) or not content.strip():
            raise WrongMapping(f"{place}.{form}: must be one text; write it as {form}: …")
        self._answered(content, f"{place}.{form}")
        if form == "value":
            return Cell(form, value=content)
        if form in ("formula", "sum"):
            formula = self._parsed(formulas.formula, content, f"{place}.{form}")
            if not {"when", "otherwise"} & set(fields):
                return Cell(form, formula=formula)
            if not all(isinstance(fields.get(name), str) for name in ("when", "otherwise")):
                raise WrongMapping(f"{place}: a formula takes when and otherwise together: a condition, and a formula")
            when = self._parsed(formulas.condition, fields["when"], f"{place}.when")
            instead = self._parsed(formulas.formula, fields["otherwise"], f"{place}.otherwise")
            return Cell(form, formula=formula, when=when, instead=instead)
        if form == "count":
            if content != "rows":
                raise WrongMapping(f"{place}.count: counts rows; write count: rows")
            return Cell(form)
        values = self._named(fields.get("values", {}), f"{place}.values") if form == "column" else {}
        for value in values.values():
            if not isinstance(value, str):
                raise WrongMapping(f"{place}.values: each value must be one text, such as paid: completed")
        otherwise = fields.get("otherwise")
        if otherwise is not None and not isinstance(otherwise, str):
            raise WrongMapping(f"{place}.otherwise: must be one text")
        pairs = tuple(sorted((str(old).strip(), str(new)) for old, new in values.items()))
        return Cell(form, (name_of(content),), values=pairs, otherwise=otherwise)

    def _reading(self, given: Any, place: str) -> Reading:
        fields = self._fields(given, place, ("time", "zone", "number", "blank"))
        for name, content in fields.items():
            if name != "time" and not isinstance(content, str):
                raise WrongMapping(f"{place}.{name}: must be one text")
            self._answered(content, f"{place}.{name}")
        if {"time", "zone"} & set(fields) and {"number", "blank"} & set(fields):
            raise WrongMapping(f"{place}: is read either as a time or as a number; remove one")
        decimal = None
        if "number" in fields:
            decimal = NUMBERS.get(fields["number"])
            if decimal is None:
                raise WrongMapping(f"{place}.number: write how a number looks, one of {', '.join(NUMBERS)}")
        blank = fields.get("blank")
        if blank is not None and not formulas.is_number(blank):
            raise WrongMapping(f"{place}.blank: must be a number, such as 0")
        zone = fields.get("zone")
        if zone is not None and not is_zone(zone):
            raise WrongMapping(f"{place}.zone: {zone} is not a time zone; write one such as Europe/London")
        times = tuple(self._list(fields["time"], f"{place}.time")) if "time" in fields else ()
        return Reading(tuple(self._format(t, f"{place}.time") for t in times if t != "ISO"), zone, decimal, blank)

    def _format(self, text: str, place: str) -> str:
        try:
            return time_format(text)
        except ValueError as problem:
            raise WrongMapping(f"{place}: {problem}") from None

    def _history(self, given: Any) -> tuple[tuple[str, ...], Cell | None]:
        if given is None:
            return (), None
        fields = self._fields(given, "history", ("files", "known_from"))
        if set(fields) != {"files", "known_from"}:
            raise WrongMapping("history: needs files, those of the first load, and known_from, since when they count")
        cell = self._cell(fields["known_from"], "history.known_from")
        if cell.form not in ("column", "value") or cell.values:
            raise WrongMapping("history.known_from: must be a column with a time, or {value: 2020-01-01}")
        if cell.value is not None and not _is_time(cell.value):
            raise WrongMapping("history.known_from: must be a date such as 2020-01-01")
        return tuple(self._list(fields["files"], "history.files")), cell

    def _parsed(self, parse: Any, text: str, place: str) -> Any:
        try:
            return parse(text)
        except formulas.WrongFormula as problem:
            raise WrongMapping(f"{place}: {problem}") from None

    def _fields(self, given: Any, place: str, known: tuple[str, ...]) -> dict[str, Any]:
        fields = self._named(given, place)
        for name in fields:
            if name not in known:
                hint = did_you_mean(str(name), known, otherwise=f"use {', '.join(known)}")
                raise WrongMapping(f"{f'{place}.' if place else ''}{name}: not known here; {hint}")
        return fields

    def _named(self, given: Any, place: str) -> dict[Any, Any]:
        if given is None or given == "":
            return {}
        if not isinstance(given, dict):
            raise WrongMapping(f"{place or 'the file'}: must be names with their content, one a line")
        return given

    def _list(self, given: Any, place: str) -> list[str]:
        names = given if isinstance(given, list) else [given]
        for name in names:
            if not isinstance(name, str) or not name.strip():
                raise WrongMapping(f"{place}: must be a name, or a list of names in square brackets")
            self._answered(name, place)
        return names

    def _answered(self, text: Any, place: str) -> None:
        if isinstance(text, str) and text.strip() == OPEN:
            raise WrongMapping(f"{place}: this question is still open; replace the {OPEN}")


def time_format(text: str) -> str:
    """A format such as DD/MM/YYYY hh:mm in the notation of strptime; ValueError says what is wrong with it."""
    left, written = text, ""
    while left:
        for part, code in TIME_PARTS:
            if left.startswith(part):
                written, left = written + code, left[len(part) :]
                break
        else:
            if left[0] not in SEPARATORS:
                parts = ", ".join(part for part, _ in TIME_PARTS)
                raise ValueError(f"'{text}' is not a format; build it from {parts}, such as DD/MM/YYYY")
            written, left = written + left[0], left[1:]
    if "%p" in written:
        written = written.replace("%H", "%I")
    if not all(any(code in written for code in codes) for codes in (("%Y", "%y"), ("%m", "%b"), ("%d",))):
        raise ValueError(f"'{text}' lacks the year, the month or the day; write one such as DD/MM/YYYY")
    return written


def columns_of(cell: Cell) -> tuple[str, ...]:
    """The columns of the file that a cell reads."""
    of_condition = sorted(formulas.condition_columns(cell.when))
    return (*cell.columns, *formulas.columns(cell.formula or ()), *formulas.columns(cell.instead or ()), *of_condition)


def mapped_files(folder: Path, entries: Iterable[Path], sources: dict[str, Source]) -> tuple[TableMapping, ...]:
    """The mapping of one folder; WrongMapping where it has files and no mapping."""
    if not (folder / MAPPING_FILE).exists():
        if list(entries):
            raise WrongMapping("is not there; `python -m scripts scaffold FILE` proposes one")
        return ()
    return load_mapping(folder / MAPPING_FILE, sources)


def is_zone(name: str) -> bool:
    """Whether a text names a time zone."""
    try:
        return bool(ZoneInfo(name))
    except (ValueError, OSError, KeyError):
        return False


def _is_time(text: str) -> bool:
    try:
        return bool(datetime.fromisoformat(text))
    except ValueError:
        return False
