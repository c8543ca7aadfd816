"""SQL that turns one landing file into typed rows: those that meet the contract, and those that do not, with reasons.

Nothing is stored in between: the good rows, the keys alone and the refused rows are three queries of the same typed
source, and DuckDB reads only the columns that a query needs.
"""

from __future__ import annotations

import json
import re
from dataclasses import dataclass
from typing import NamedTuple

from scripts.intake.landing import Header
from scripts.platform.contracts import (
    DELETION_FLAGS,
    DELETION_TIMES,
    LOADER_PREFIXES,
    Column,
    Table,
    joined_key,
)
from scripts.platform.warehouse import literal, quote

INTEGER = "[+-]?[0-9]+([.]0*)?"
DECIMAL = "[+-]?([0-9]+[.]?[0-9]*|[.][0-9]+)([eE][+-]?[0-9]{1,2})?"
NOT_FINITE = "[+-]?(nan|inf|infinity)"
THOUSANDS = "[+-]?[0-9]{1,3}(,[0-9]{3})+([.][0-9]+)?"
DECIMAL_COMMA = "[+-]?[0-9.]*,[0-9]+"
DATE = "[0-9]{4}-[0-9]{2}-[0-9]{2}"
MIDNIGHT = f"{DATE}([T ]00:00(:00([.]0+)?)?Z?)?"
OFFSET = "Z|UTC|[+-][0-9]{2}(:?[0-9]{2})?"
INSTANT = f"{DATE}([T ][0-9]{{2}}:[0-9]{{2}}(:[0-9]{{2}}([.][0-9]{{1,9}})?)?( ?({OFFSET}))?)?"
# Seconds or milliseconds since 1970: both 10 and 13 digits cover 2001 to 2286, so neither is ambiguous.
EPOCH_SECONDS = "[0-9]{10}"
EPOCH_MILLISECONDS = "[0-9]{13}"
# What a spreadsheet turns a long number into: the digits after the sixth are lost.
SCIENTIFIC = "[+-]?[0-9][.,][0-9]+[eE][+][0-9]{1,3}"
# What a data frame turns an id into; and one with more digits than a float can hold.
FLOAT_ID = "[0-9]{1,15}[.]0"
LONG_FLOAT_ID = "[0-9]{16,}[.]0"
# How Shopify's GraphQL interface writes an id.
GLOBAL_ID = "^gid://[^/]+/[^/]+/([0-9]+)([?].*)?$"
IDENTIFYING = re.compile(r"(^|_)(id|number|ref|barcode|sku|phone)$")

# In a cleaned copy, replaces a byte that is invalid in the file's encoding. A noncharacter, so it never occurs in text.
NOT_TEXT = "\ufdd0"

TYPE_REASONS = {
    "bigint": "is not a whole number",
    "decimal(18,4)": "is not a decimal number",
    "boolean": "is not one of true, false, 1, 0, yes, no",
    "timestamp": "is not a timestamp such as 2026-06-30 18:05:00 or 2026-06-30T18:05:00+02:00",
    "date": "is not a date such as 2026-06-30",
    "varchar": "is not text",
}
HINTS = {
    "bigint": "send digits only",
    "decimal(18,4)": "send only digits with a decimal point, at most 14 before it",
    "boolean": "send true or false",
    "timestamp": "send ISO 8601, with an offset unless it is UTC",
    "date": "send ISO 8601, year first",
    "varchar": "send text",
    "required": "fill the field at the source and send the record again",
    "precision": "send the identifier as text; a spreadsheet or a float has cut its digits",
    "encoding": "send the line again as UTF-8",
    "shape": "quote fields that hold delimiters, quotes or line breaks, and double the quotes in them",
    "json": "send one complete JSON object per line",
    "header": "send the header once, as the first line",
    "mapping": "correct the value in the file, or the mapping that reads it",
}
INTEGERS = ("TINYINT", "SMALLINT", "INTEGER", "BIGINT", "HUGEINT", "UTINYINT", "USMALLINT", "UINTEGER", "UBIGINT")
FLOATS = ("FLOAT", "DOUBLE")


class Violation(NamedTuple):
    """One way in which a row can break its contract: SQL of the test, SQL of the reason, the rule, the repair hint."""

    test: str
    reason: str
    rule: str
    hint: str


@dataclass(frozen=True)
class Reader:
    """How to read one file: a query yielding `_line` and the columns `r0`, `r1`, ...

    `columns` are the delivered names and DuckDB types in that order; `payload` is the SQL of a row's payload. `header`
    is the header as delivered, which may be repeated among the rows; `has_not_text`: NOT_TEXT may occur; `is_json`:
    `_text` is the line as delivered, one JSON object. `violations` are ways to be wrong that the query itself finds.
    """

    query: str
    columns: tuple[tuple[str, str], ...]
    payload: str
    header: tuple[str, ...] = ()
    has_not_text: bool = False
    is_json: bool = False
    violations: tuple[Violation, ...] = ()

    def position(self, name: str) -> int | None:
        names = [column for column, _ in self.columns]
        return names.index(name) if name in names else None


def csv_staging(path: str, header: Header, rejects: str) -> str:
    """Query of a CSV file's fields as text; rows whose shape differs from the header's go to the table `rejects`."""
    names = ", ".join(f"'r{position}': 'varchar'" for position in range(len(header.columns)))
    return (
        f"select * from read_csv({literal(path)}, auto_detect=false, header=true, "
        f"delim={literal(header.delimiter)}, quote='\"', escape='\"', nullstr='', columns={{{names}}}, "
        f"store_rejects=true, rejects_table={literal(rejects)}, rejects_scan={literal(rejects + '_scan')}, "
        f"rejects_limit=0)"
    )


def csv_reader(numbered: str, header: Header, has_not_text: bool) -> Reader:
    """Reads the staged fields of a CSV file; `numbered` is a query of them with their `_line`."""
    columns = tuple((name, "VARCHAR") for name in header.columns)
    return Reader(numbered, columns, payload_of(columns), header.as_delivered, has_not_text)


def lines_staging(path: str, rejects: str) -> str:
    """Query of a JSONL file's lines, including blank ones."""
    return (
        "select ltrim(line, chr(65279)) as line "
        f"from read_csv({literal(path)}, auto_detect=false, header=false, delim='\x01', quote='', escape='', "
        f"columns={{'line': 'varchar'}}, store_rejects=true, rejects_table={literal(rejects)}, "
        f"rejects_scan={literal(rejects + '_scan')}, rejects_limit=0)"
    )


def is_blank(line: str) -> str:
    """SQL: whether a line of a JSONL file is blank."""
    return f"coalesce(trim({line}, ' \t\r'), '') = ''"


def is_object(line: str) -> str:
    """SQL: whether a line is one JSON object. A raw control character is not valid JSON."""
    return f"case when json_valid({line}) then json_type({line}) = 'OBJECT' else false end"


def jsonl_reader(numbered: str, names: list[str], spellings: dict[str, list[str]], has_not_text: bool) -> Reader:
    """Reads JSON objects; `numbered` is a query with `line` and `_line`, `spellings` the keys found for each column."""
    shape = json.dumps({spellings[name][0]: "VARCHAR" for name in names})
    picked = ", ".join(
        f"coalesce({', '.join([f'parsed[{literal(keys[0])}]', *(_member(key) for key in keys[1:])])}) as r{i}"
        for i, keys in enumerate(spellings[name] for name in names)
    )
    query = (
        f"select _line, line as _text, {picked or 'null as r0'} "
        f"from (select _line, line, json_transform(line, {literal(shape)}) as parsed "
        f"from ({numbered}) where {is_object('line')})"
    )
    # As delivered, digit by digit, but for a comma after the last member, which DuckDB reads and few others do.
    payload = r"case when regexp_matches(_text, ',\s*[}\]]') then cast(json(_text) as varchar) else _text end"
    return Reader(query, tuple((name, "VARCHAR") for name in names), payload, has_not_text=has_not_text, is_json=True)


def _member(key: str) -> str:
    """SQL of an object's member by the key's exact spelling; DuckDB ignores case in the fields of a parsed line."""
    pointer = "/" + key.replace("~", "~0").replace("/", "~1")
    return f"json_extract_string(line, {literal(pointer)})"


def parquet_reader(path: str, columns: tuple[tuple[str, str], ...], names: tuple[str, ...] | None = None) -> Reader:
    """Reads Parquet; `columns` are names and DuckDB types as `describe` returns them, `names` what they stand for."""
    picked = ", ".join(f"{quote(name)} as r{position}" for position, (name, _) in enumerate(columns))
    query = (
        f"select file_row_number + 1 as _line, {picked} "
        f"from read_parquet({literal(path)}, file_row_number=true, binary_as_string=true)"
    )
    names = names or tuple(name.strip().lower() for name, _ in columns)
    named = tuple((name, kind) for name, (_, kind) in zip(names, columns, strict=True))
    return Reader(query, named, payload_of(named))


class TypedRows:
    """The rows of one file, typed according to the contract of its table."""

    def __init__(self, table: Table, reader: Reader) -> None:
        self.table, self.reader = table, reader
        self.columns = table.stored_columns
        self.values: list[str] = []
        self.violations: list[Violation] = []
        for position, column in enumerate(self.columns):
            found = self._found(column.name)
            if found is None:
                self.values.append(f"cast(null as {column.type})")
            elif reader.columns[found][0] in DELETION_TIMES and column.name == DELETION_FLAGS[0]:
                self.values.append(f"nullif(trim(cast(r{found} as varchar)), '') is not null")
            else:
                raw, kind = f"r{found}", reader.columns[found][1]
                value = typed_value(column.type, raw, kind)
                self.values.append(plain_identifier(value) if _identifies(table, column) else value)
                self.violations += _violations(table, column, f"v{position}", raw, kind, reader.is_json)
        self.violations[:0] = reader.violations
        if reader.is_json:
            self.violations.insert(0, DUPLICATE_KEY)
        if reader.has_not_text:
            self.violations.insert(0, _not_text(reader))
        self.is_header = is_header_row(reader) if reader.header else "false"

    def _found(self, name: str) -> int | None:
        """Position in the file of a column of the raw table; the deletion flag has several names."""
        names = DELETION_FLAGS + DELETION_TIMES if name == DELETION_FLAGS[0] else (name,)
        return next((found for found in map(self.reader.position, names) if found is not None), None)

    def _typed(self, narrowed: str = "") -> str:
        values = ", ".join(f"{value} as v{position}" for position, value in enumerate(self.values))
        return f"select *, {values} from ({self.reader.query}) as source {narrowed}"

    @property
    def _key_hash(self) -> str:
        return f"hash({', '.join(self.values[self._positions[name]] for name in self.table.key)})"

    @property
    def _is_bad(self) -> str:
        return " or ".join(f"({test})" for test in [self.is_header, *(violation.test for violation in self.violations)])

    @property
    def _positions(self) -> dict[str, int]:
        return {column.name: position for position, column in enumerate(self.columns)}

    def _given(self, reader_only: bool) -> list[tuple[str, str]]:
        positions = self._positions
        names = [c.name for c in self.columns if not reader_only or self._found(c.name) is not None]
        return [(name, f"v{positions[name]}") for name in names]

    def _content(self) -> list[tuple[str, str]]:
        """Names and values of everything that makes a version: what is read, and what is not, as text."""
        read = stored_content(self.table, self._given(reader_only=True))
        others = [
            (name, f"nullif(trim(cast(r{position} as varchar)), '')")
            for position, (name, _) in enumerate(self.reader.columns)
            if name not in self._positions
            and name not in DELETION_FLAGS + DELETION_TIMES
            and not name.startswith(LOADER_PREFIXES)
        ]
        return read + others

    def keys(self) -> str:
        """Query of `key_hash`, one row per row of the file, good or bad."""
        return f"select {self._key_hash} as key_hash from ({self.reader.query}) as source"

    def good(self, *, key_hash_in: str = "", line_not_in: str = "", where: str = "true") -> str:
        """Query of the rows that meet the contract: its columns, `_line` and `_record_hash`.

        `key_hash_in` and `line_not_in` name one-column tables that filter rows before anything is computed: to these
        keys, and without these lines. `where` is a condition on contract columns.
        """
        narrowed = ""
        if key_hash_in:
            narrowed = f"semi join {key_hash_in} as wanted on {self._key_hash} = wanted.key_hash"
        if line_not_in:
            narrowed += f" anti join {line_not_in} as unwanted on source._line = unwanted.line"
        outputs = ", ".join(f"{value} as {quote(name)}" for name, value in self._given(reader_only=False))
        hashed = record_hash(self._content())
        return (
            f"select * from (select {outputs}, _line, {hashed} as _record_hash "
            f"from ({self._typed(narrowed)}) as typed where not ({self._is_bad})) as good where {where}"
        )

    def bad(self) -> str:
        """Query of the refused rows: `_line`, `_key`, `_reason`, `_rule`, `_hint`, `_payload`, `_value`, `_currency`.

        `_value` is the row's money in `_currency`, where the row states them.
        """
        reasons = (
            ", ".join(f"case when {violation.test} then {violation.reason} end" for violation in self.violations)
            or "''"
        )
        header = Violation(self.is_header, "", "header", HINTS["header"])
        rule = " ".join(
            f"when {violation.test} then {literal(violation.rule)}" for violation in [header, *self.violations]
        )
        hint = " ".join(
            f"when {violation.test} then {literal(violation.hint)}" for violation in [header, *self.violations]
        )
        payload = _kept_payload(self.table, self.reader.payload)
        if self.reader.has_not_text:
            payload = f"replace({payload}, {literal(NOT_TEXT)}, chr(65533))"
        reason = f"case when {self.is_header} then 'row repeats the header' else concat_ws('; ', {reasons}) end"
        return (
            f"select _line, {self._key()} as _key, {reason} as _reason, "
            f"case {rule} end as _rule, case {hint} end as _hint, "
            f"{payload} as _payload, {self._value_at_risk()} as _value, {self._currency()} as _currency "
            f"from ({self._typed()}) as typed where {self._is_bad}"
        )

    def _key(self) -> str:
        parts = []
        for name in self.table.key:
            found = self.reader.position(name)
            raw = f"nullif(trim(cast(r{found} as varchar)), '')" if found is not None else "null"
            parts.append(f"coalesce(cast(v{self._positions[name]} as varchar), {raw})")
        return " || '|' || ".join(parts)

    def _value_at_risk(self) -> str:
        table, places = self.table, self._positions
        if not table.amount:
            return "cast(null as decimal(18,4))"
        amount = f"abs(v{places[table.amount]})"
        if table.amount_times:
            amount = f"{amount} * abs(v{places[table.amount_times]})"
        return f"try_cast({amount} as decimal(18,4))"

    def _currency(self) -> str:
        place = self._positions.get("currency")
        if place is None:
            return "cast(null as varchar)"
        code = f"upper(trim(v{place}))"
        return f"case when regexp_full_match({code}, '[A-Z]{{3}}') then {code} end"


def record_hash(values: list[tuple[str, str]]) -> str:
    """SQL of the hash of a record's content: names and SQL of its values.

    63 bits, compared only among versions of one record. A null contributes nothing, so a column added to the contract
    later leaves the hashes of older rows unchanged, and the order of columns does not matter.
    """
    parts = [f"case when {value} is null then 0 else hash({literal(name)}, {value}) end" for name, value in values]
    parts.append("cast(0 as ubigint)")
    # In pairs, since a file may have more columns than DuckDB lets expressions nest.
    while len(parts) > 1:
        pairs = [parts[place : place + 2] for place in range(0, len(parts), 2)]
        parts = [f"xor({', '.join(pair)})" if len(pair) > 1 else pair[0] for pair in pairs]
    return f"cast({parts[0]} >> 1 as bigint)"


def stored_content(table: Table, values: list[tuple[str, str]]) -> list[tuple[str, str]]:
    """Of names and values of stored columns, those that make a version: a flag that a contract does not declare, and
    that says "not deleted", says as much as none at all.
    """
    declared = {column.name for column in table.columns}
    return [
        (name, value if name in declared else f"nullif({value}, false)")
        for name, value in values
        if name != table.known_at
    ]


def key_text(table: Table) -> str:
    """SQL of a stored record's key in the form used by dead letters and overrides."""
    return joined_key(table, "|")


# An object may contain a key twice, in one spelling or two; which value is meant cannot be known.
DUPLICATE_KEY = Violation(
    "len(json_keys(_text)) <> len(list_distinct(list_transform(json_keys(_text), lambda key: lower(trim(key)))))",
    literal("line has the same key twice"),
    "json",
    HINTS["json"],
)


def _violations(table: Table, column: Column, value: str, raw: str, kind: str, is_json: bool) -> list[Violation]:
    violations = []
    is_given = f"({raw} is not null)"
    if kind in FLOATS and column.type == "varchar":
        is_given = f"not {_is_nan(raw)}"
    if kind == "VARCHAR":
        # The first character nearly always decides: characters other than white space sort from '!' on.
        is_given = f"({raw} is not null and ({raw} >= '!' or regexp_matches({raw}, '\\S')))"
    if column.type != "varchar":
        hint = HINTS[column.type]
        violations.append(Violation(f"{value} is null and {is_given}", _type_reason(column, raw, kind), "type", hint))
    elif _identifies(table, column) and (kind == "VARCHAR" or kind in FLOATS):
        looks = f"{value} < ':' and (contains({value}, 'E+') or contains({value}, 'e+'))"
        test = f"coalesce({looks} and regexp_full_match(trim({value}), {literal(SCIENTIFIC)}), false)"
        if is_json:  # an unquoted number loses its notation when it is read as text
            bare = f'"{re.escape(column.name)}"\\s*:\\s*-?[0-9]+([.][0-9]+)?[eE]'
            test += f" or (contains(lower(_text), 'e') and regexp_matches(lower(_text), {literal(bare.lower())}))"
        reason = f"{column.name} is in scientific notation, so digits are lost"
        violations.append(Violation(test, literal(reason), "precision", HINTS["precision"]))
        test = f"coalesce(ends_with({value}, '.0') and regexp_full_match({value}, {literal(LONG_FLOAT_ID)}), false)"
        reason = f"{column.name} is a decimal number with more digits than one can hold, so digits are lost"
        violations.append(Violation(test, literal(reason), "precision", HINTS["precision"]))
    if column.required:
        violations.append(
            Violation(f"not {is_given}", literal(f"{column.name} is missing"), "required", HINTS["required"])
        )
    return violations


def is_header_row(reader: Reader) -> str:
    """SQL: whether a row repeats the header. Compared as delivered, since such rows are exact copies; that is cheap."""
    return " and ".join(f"coalesce(r{position}, '') = {literal(name)}" for position, name in enumerate(reader.header))


def _not_text(reader: Reader) -> Violation:
    fields = ["_text"] if reader.is_json else [f"r{position}" for position in range(len(reader.columns))]
    test = " or ".join(f"coalesce(contains({field}, {literal(NOT_TEXT)}), false)" for field in fields)
    return Violation(test, literal("line holds bytes that are not UTF-8 text"), "encoding", HINTS["encoding"])


def typed_value(wanted: str, raw: str, kind: str) -> str:
    """SQL of the typed value; null where the delivered value cannot be cast to the contract's type, `wanted`."""
    if kind == "VARCHAR":
        return _value_of_text(wanted, raw)
    is_finite = f"isfinite({raw})"
    is_number = kind in INTEGERS or kind in FLOATS or kind.startswith("DECIMAL")
    is_instant = kind.startswith("TIMESTAMP")
    if wanted == "varchar":
        if kind in FLOATS:  # ids that a data frame turned into floats: 123.0 becomes '123', NaN becomes null
            whole = f"when {raw} = trunc({raw}) and abs({raw}) < 1e15 then cast(cast({raw} as bigint) as varchar)"
            return f"case when {_is_nan(raw)} then null {whole} else cast({raw} as varchar) end"
        if kind.startswith(("STRUCT", "MAP")) or kind.endswith("]"):
            return f"cast(to_json({raw}) as varchar)"
        if kind.startswith("DECIMAL"):  # ids stored as a numeric type: 123.00 becomes '123'
            return f"case when {raw} = trunc({raw}) then cast(cast({raw} as hugeint) as varchar) " \
                   f"else cast({raw} as varchar) end"  # fmt: skip
        return f"nullif(cast({raw} as varchar), '')"
    if wanted == "bigint" and is_number:
        if kind in INTEGERS:
            return f"try_cast({raw} as bigint)"
        guard = f"{is_finite} and {raw} = trunc({raw})" if kind in FLOATS else f"{raw} = trunc({raw})"
        return f"case when {guard} then try_cast({raw} as bigint) end"
    if wanted == "decimal(18,4)" and is_number:
        cast = f"try_cast({raw} as decimal(18,4))"
        return f"case when {is_finite} then {cast} end" if kind in FLOATS else cast
    if wanted == "boolean":
        if kind == "BOOLEAN":
            return raw
        if kind in INTEGERS:
            return f"case {raw} when 1 then true when 0 then false end"
    if wanted == "timestamp" and (is_instant or kind == "DATE"):
        utc = f"timezone('UTC', {raw})" if "WITH TIME ZONE" in kind else f"cast({raw} as timestamp)"
        return f"case when {is_finite} then {utc} end"
    if wanted == "timestamp" and kind in INTEGERS:
        return f"case {_epoch_cases(f'cast({raw} as varchar)')} end"
    if wanted == "date" and (is_instant or kind == "DATE"):
        return f"case when {is_finite} then cast({raw} as date) end"
    return f"cast(null as {wanted})"


def _epoch_cases(text: str) -> str:
    return (
        f"when regexp_full_match({text}, '{EPOCH_SECONDS}') then epoch_ms(try_cast({text} as bigint) * 1000) "
        f"when regexp_full_match({text}, '{EPOCH_MILLISECONDS}') then epoch_ms(try_cast({text} as bigint)) "
    )


def _is_nan(raw: str) -> str:
    """SQL: whether a float is NaN or missing.

    DuckDB takes Parquet statistics, which leave NaN out, for the whole truth, and so optimises isnan() away and, where
    all other values are equal, comparisons of the text too.
    """
    return f"contains(coalesce(cast({raw} as varchar), 'nan'), 'nan')"


def text_value(raw: str, kind: str) -> str:
    """SQL of a value as text, as a column of that type would hold it."""
    return typed_value("varchar", raw, kind)


def _identifies(table: Table, column: Column) -> bool:
    """Whether a column holds identifiers as text."""
    return column.type == "varchar" and bool(column.name in table.key or IDENTIFYING.search(column.name))


def plain_identifier(value: str) -> str:
    """SQL of an identifier as its system shows it: 123 for 123.0, and for gid://shopify/Order/123."""
    return (
        f"case when ends_with({value}, '.0') and regexp_full_match({value}, {literal(FLOAT_ID)}) "
        f"then left({value}, length({value}) - 2) "
        f"when starts_with({value}, 'gid://') "
        f"then coalesce(nullif(regexp_extract({value}, {literal(GLOBAL_ID)}, 1), ''), {value}) else {value} end"
    )


def _value_of_text(kind: str, raw: str) -> str:
    if kind == "varchar":
        return f"nullif({raw}, '')"

    def when(pattern: str, cast: str) -> str:
        return f"when regexp_full_match({raw}, {literal(f' *({pattern}) *')}) then {cast} "

    if kind in ("bigint", "decimal(18,4)"):
        return f"case {when(INTEGER if kind == 'bigint' else DECIMAL, f'try_cast({raw} as {kind})')} end"
    if kind == "timestamp":
        # The usual form first: its cast is five times as fast as the cast with offsets.
        usual = f"when {raw} like '____-__-_____:__:__' then try_cast({raw} as timestamp) "
        # The cast reads neither a blank before an offset nor UTC without one.
        tight = f"replace(replace(replace(trim({raw}), 'UTC', 'Z'), ' Z', 'Z'), ' +', '+')"
        utc = f"timezone('UTC', try_cast(replace({tight}, ' -', '-') as timestamptz))"
        return f"case {usual}{when(INSTANT, utc)}{_epoch_cases(f'trim({raw})')} end"
    if kind == "date":
        return f"case {when(MIDNIGHT, f'try_cast(left(trim({raw}), 10) as date)')} end"
    return f"case lower(trim({raw})) when 'true' then true when '1' then true when 'yes' then true " \
           f"when 'false' then false when '0' then false when 'no' then false end"  # fmt: skip


def _type_reason(column: Column, raw: str, kind: str) -> str:
    """SQL of the reason text. It never quotes the value, which may be personal data; the payload has it."""
    usual = literal(f"{column.name} {TYPE_REASONS[column.type]}")
    if column.type not in ("bigint", "decimal(18,4)"):
        return usual
    not_finite = literal(f"{column.name} is NaN or infinite")
    if kind in FLOATS:
        return f"case when not isfinite({raw}) then {not_finite} else {usual} end"
    if kind != "VARCHAR":
        return usual
    special = ((NOT_FINITE, "is NaN or infinite"), (THOUSANDS, "has thousands separators"),
               (DECIMAL_COMMA, "has a decimal comma"))  # fmt: skip
    cases = " ".join(
        f"when regexp_full_match(lower(trim({raw})), {literal(pattern)}) then {literal(f'{column.name} {words}')}"
        for pattern, words in special
    )
    return f"case {cases} else {usual} end"


def payload_of(columns: tuple[tuple[str, str], ...]) -> str:
    seen: dict[str, int] = {}
    fields = []
    for position, (name, _) in enumerate(columns):
        seen[name] = seen.get(name, 0) + 1
        label = name if seen[name] == 1 else f"{name} ({seen[name]})"
        fields.append(f"{literal(label or f'column {position + 1}')}, cast(r{position} as varchar)")
    return f"cast(json_object({', '.join(fields)}) as varchar)"


def _kept_payload(table: Table, payload: str) -> str:
    """SQL of the payload without the columns that are skipped on purpose, such as card numbers."""
    if not table.ignored:
        return payload
    declared = "|".join(column.name for column in table.columns)
    ignored = "|".join(name.replace("*", ".*") for name in table.ignored)
    is_ignored = (
        f"regexp_full_match(lower(trim(k)), '({ignored})( [(][0-9]+[)])?') "
        f"and not regexp_full_match(lower(trim(k)), '{declared}')"
    )
    keys = f"list_filter(json_keys({payload}), lambda k: {is_ignored})"
    nulls = f"'{{' || array_to_string(list_transform({keys}, lambda k: to_json(k) || ':null'), ',') || '}}'"
    return f"cast(json_merge_patch({payload}, {nulls}) as varchar)"
