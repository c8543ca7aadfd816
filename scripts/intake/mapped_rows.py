"""SQL that turns the rows of a mapped file into rows of a contract's table: text as the source would have sent it.

What cannot be read is passed on as it was delivered, so that the contract refuses it and its dead letter shows it.
"""

from __future__ import annotations

from datetime import datetime

from scripts.intake import formulas
from scripts.intake.formulas import Condition, Formula
from scripts.intake.landing import BrokenFile
from scripts.intake.mapping import Cell, TableMapping, columns_of
from scripts.intake.typed_rows import (
    DUPLICATE_KEY,
    HINTS,
    INSTANT,
    OFFSET,
    Reader,
    Violation,
    is_header_row,
    payload_of,
    text_value,
    typed_value,
)
from scripts.platform.warehouse import literal

MAPPED = "mapped_rows"
ISO = "'%Y-%m-%d %H:%M:%S.%g'"
# Digits in groups or not, with what shops write before and after: a currency, a blank.
AMOUNT = "[^0-9.,+-]*([+-]?)[^0-9.,+-]*([0-9{group} ]*[0-9]([{mark}][0-9]*)?|[{mark}][0-9]+)[^0-9.,+-]*"
# More digits than a contract keeps, so that sums are of exact values.
EXACT = "decimal(28,6)"


class MappedFile:
    """One delivered file as its mapping reads it for one table; `source` reads the file's own columns."""

    def __init__(self, mapping: TableMapping, source: Reader, file_name: str, delivered_at: datetime) -> None:
        self.mapping, self.source = mapping, source
        missing = [name for name in mapping.read if source.position(name) is None]
        if missing:
            raise BrokenFile(
                f"column {', '.join(missing)} is missing, which its mapping reads; deliver the file with it, or "
                "deliver files of another shape to a folder with a mapping of their own"
            )
        self.is_history = file_name in mapping.history
        self.delivered_at = delivered_at
        self.cells = dict(mapping.cells)
        known_at = mapping.table.known_at
        if known_at and known_at not in self.cells:
            self.cells[known_at] = Cell("value", value=str(delivered_at))
            if self.is_history and mapping.known_from:
                self.cells[known_at] = mapping.known_from
        self.problems: list[str] = []

    def query(self) -> str:
        """Query of the mapped rows: `_line`, `_problem`, and a column per mapped column of the contract."""
        values = [self._value(name, cell) for name, cell in self.cells.items()]
        # Not r0, r1: a name of the source's own must never be taken for one of these.
        outputs = ", ".join(f"{value} as m{position}" for position, value in enumerate(values))
        rows = f"from ({self.source.query}) as source where {self._only()}"
        if not self.mapping.one_row_per:
            return f"select _line, {self._problem()} as _problem, {outputs} {rows}"
        key = ", ".join(f"coalesce({self._text(name)}, '')" for name in self.mapping.one_row_per)
        return f"select min(_line) as _line, {self._problem()} as _problem, {outputs} {rows} group by {key}"

    def reader(self, described: list[tuple[str, str]]) -> Reader:
        """Reads the mapped rows from the temporary table that holds them; `described` are its columns and types."""
        kinds = dict(described)
        columns = tuple((name, kinds[f"m{position}"]) for position, name in enumerate(self.cells))
        renamed = ", ".join(f"m{position} as r{position}" for position in range(len(columns)))
        violation = Violation("_problem <> ''", "_problem", "mapping", HINTS["mapping"])
        return Reader(
            f"select _line, _problem, {renamed} from {MAPPED}",
            columns,
            payload_of(columns),
            has_not_text=self.source.has_not_text,
            violations=(violation,),
        )

    @property
    def rows_left_out(self) -> str | None:
        """Query of the number of rows that the mapping's condition leaves out; None where it has none."""
        if not self.mapping.only:
            return None
        return f"select count(*) from ({self.source.query}) as source where not ({self._only()})"

    def _value(self, name: str, cell: Cell) -> str:
        """SQL of one cell; in a record of several rows, of all of them."""
        if cell.form in ("formula", "sum"):
            return self._number_cell(name, cell)
        if cell.form == "count":
            return "cast(count(*) as varchar)"
        if cell.form == "number_within":
            within = ", ".join(f"coalesce({self._text(column)}, '')" for column in cell.columns)
            return f"cast(row_number() over (partition by {within} order by _line) as varchar)"
        value = self._row_value(cell)
        if cell is self.mapping.known_from and cell.form != "value" and not self.mapping.one_row_per:
            # Shops name the time of an order on its first line only.
            return f"coalesce({value}, min({value}) over ())"
        if not self.mapping.one_row_per or cell.form == "value":
            return value
        if cell.form == "earliest" or (name == self.mapping.table.known_at and cell is self.mapping.known_from):
            return f"{'min' if cell.form == 'earliest' else 'max'}({value})"
        if cell.form == "latest":
            return f"max({value})"
        # Not always the same in all rows of a record: unless the mapping asks for the first, it mistook the record.
        if cell.form != "first":
            self.problems.append(
                f"case when min({value}) <> max({value}) then {literal(f'rows of one record differ in {name}')} end"
            )
        return f"arg_min({value}, _line) filter (where {value} is not null)"

    def _row_value(self, cell: Cell) -> str:
        if cell.form == "value":
            return literal(cell.value or "")
        if cell.form == "join":
            return f" || {literal(cell.value or '')} || ".join(self._text(name) for name in cell.columns)
        if cell.form == "first_of":
            return f"coalesce({', '.join(self._text(name) for name in cell.columns)})"
        [name] = cell.columns
        if not cell.values and cell.otherwise is None:
            return self._read(name)
        text = self._text(name)
        cases = " ".join(f"when {literal(old.lower())} then {literal(new)}" for old, new in cell.values)
        otherwise = text if cell.otherwise is None else literal(cell.otherwise)
        if not cases:
            return f"case when {text} is null then null else {otherwise} end"
        # An empty value is compared as '': a mapping may say what it stands for.
        return f"nullif(case lower(coalesce({text}, '')) {cases} else {otherwise} end, '')"

    def _number_cell(self, name: str, cell: Cell) -> str:
        assert cell.formula is not None
        number = self._number(cell.formula)
        if cell.instead is not None:
            number = f"case when {self._holds(cell.when)} then {number} else {self._number(cell.instead)} end"
        number = f"try_cast(round({number}, 6) as {EXACT})"
        operands = [self._raw_text(column) for column in columns_of(cell)]
        is_blank = " or ".join(f"{text} is null" for text in operands) or "false"
        said = literal(f"{name}: no number in {formulas.in_words(cell.formula)}")
        if cell.form == "sum":
            # A row without a number would be missing from the sum, unnoticed.
            self.problems.append(f"case when bool_or({number} is null) then {said} end")
            return f"cast(sum({number}) as varchar)"
        if self.mapping.one_row_per:
            self.problems.append(f"case when min({number}) <> max({number}) or bool_or({number} is null and not "
                                 f"({is_blank})) then {said} end")  # fmt: skip
            return f"cast(any_value({number}) as varchar)"
        self.problems.append(f"case when {number} is null and not ({is_blank}) then {said} end")
        return f"cast({number} as varchar)"

    def _number(self, formula: Formula) -> str:
        kind = formula[0]
        if kind == "number":
            return f"cast({literal(formula[1])} as double)"
        if kind == "column":
            found = "VARCHAR" if self._is_read(formula[1]) else self._found(formula[1])[1]
            number = typed_value("decimal(18,4)", self._read(formula[1]), found)
            return f"cast({number} as double)"
        left, right = self._number(formula[1]), self._number(formula[2])
        return f"({left} / nullif({right}, 0))" if kind == "/" else f"({left} {kind} {right})"

    def _only(self) -> str:
        return self._holds(self.mapping.only)

    def _holds(self, condition: Condition) -> str:
        """SQL of a condition. Where a number is missing it holds, so that the contract judges the row."""
        tests = []
        for sign, left, right in condition:
            if sign in ("empty", "filled"):
                tests.append(f"{self._text(left[1])} is {'not ' if sign == 'filled' else ''}null")
            elif sign in ("in", "not in"):
                texts = ", ".join(literal(text) for text in right[1:])
                tests.append(f"coalesce({self._text(left[1])}, '') {sign} ({texts})")
            else:
                tests.append(f"coalesce({self._number(left)} {sign} {self._number(right)}, true)")
        return " and ".join(tests) or "true"

    def _problem(self) -> str:
        """SQL of what is wrong with a row, or with the rows of a record, apart from its contract."""
        of_row = []
        if self.source.is_json:
            of_row.append(f"case when {DUPLICATE_KEY.test} then {DUPLICATE_KEY.reason} end")
        if self.source.header:
            of_row.append(f"case when {is_header_row(self.source)} then 'row repeats the header' end")
        if self.mapping.one_row_per:
            of_row = [f"max({test})" for test in of_row]
        return f"concat_ws('; ', {', '.join([*of_row, *self.problems]) or 'null'})"

    def _found(self, name: str) -> tuple[int, str]:
        position = self.source.position(name)
        assert position is not None
        return position, self.source.columns[position][1]

    def _is_read(self, name: str) -> bool:
        reading = self.mapping.reading(name)
        return reading.is_time or reading.decimal is not None or reading.blank is not None

    def _raw_text(self, name: str) -> str:
        """SQL of a column as text, null where it is blank."""
        position, kind = self._found(name)
        return f"nullif(trim({text_value(f'r{position}', kind)}), '')"

    def _text(self, name: str) -> str:
        return self._read(name) if self._is_read(name) else self._raw_text(name)

    def _read(self, name: str) -> str:
        """SQL of a column as the contract expects it, or as delivered where it cannot be read."""
        position, kind = self._found(name)
        raw, reading = f"r{position}", self.mapping.reading(name)
        if reading.is_time:
            return self._time(name, raw, kind)
        if reading.decimal is None and reading.blank is None:
            return raw
        text = self._raw_text(name)
        if kind == "VARCHAR" and reading.decimal is not None:
            group, mark = (",'", ".") if reading.decimal == "." else (".'", ",")
            group = group.replace("'", "''")
            pattern = f"'{AMOUNT.format(group=group, mark=mark)}'"
            digits = f"regexp_extract({text}, {pattern}, 1) || regexp_extract({text}, {pattern}, 2)"
            plain = f"replace(translate({digits}, '{group} ', ''), '{mark}', '.')"
            text = f"case when regexp_full_match({text}, {pattern}) then {plain} else {text} end"
        return text if reading.blank is None else f"coalesce({text}, {literal(reading.blank)})"

    def _time(self, name: str, raw: str, kind: str) -> str:
        reading = self.mapping.reading(name)
        zone = literal(reading.zone or "UTC")

        def in_utc(instant: str) -> str:
            return f"strftime(timezone('UTC', timezone({zone}, {instant})), {ISO})"

        if "WITH TIME ZONE" in kind:
            return f"strftime(timezone('UTC', {raw}), {ISO})"
        if kind.startswith("TIMESTAMP") or kind == "DATE":
            return in_utc(f"cast({raw} as timestamp)")
        text = self._raw_text(name)
        if not reading.times:
            has_offset = literal(f":[0-9]{{2}}([.][0-9]+)? ?({OFFSET})$")
            is_local = f"regexp_full_match({text}, {literal(INSTANT)}) and not regexp_matches({text}, {has_offset})"
            return f"case when {is_local} then {in_utc(f'try_cast({text} as timestamp)')} else {text} end"
        parsed = ", ".join(f"try_strptime({text}, {literal(time)})" for time in reading.times)
        return f"coalesce({in_utc(f'coalesce({parsed})')}, {text})"
