"""SQL that turns one landing file into typed rows, each with its hash, or with the reasons why it is refused."""

from __future__ import annotations

import json
from dataclasses import dataclass

from scripts.contracts import Column, Table
from scripts.landing import Header, LandingFile
from scripts.warehouse import literal, quote

INTEGER = "[+-]?[0-9]+([.]0*)?"
DECIMAL = "[+-]?([0-9]+[.]?[0-9]*|[.][0-9]+)([eE][+-]?[0-9]{1,2})?"
NOT_FINITE = "[+-]?(nan|inf|infinity)"
DATE = "[0-9]{4}-[0-9]{2}-[0-9]{2}"
MIDNIGHT = f"{DATE}([T ]00:00(:00([.]0+)?)?Z?)?"
OFFSET = "Z|UTC|[+-][0-9]{2}(:?[0-9]{2})?"
INSTANT = f"{DATE}([T ][0-9]{{2}}:[0-9]{{2}}(:[0-9]{{2}}([.][0-9]{{1,9}})?)?( ?({OFFSET}))?)?"

FAULTS = {
    "bigint": "is not a whole number",
    "decimal(18,4)": "is not a decimal number",
    "boolean": "is none of true, false, 1, 0, yes, no",
    "timestamp": "is not a timestamp such as 2026-06-30 18:05:00 or 2026-06-30T18:05:00+02:00",
    "date": "is not a date such as 2026-06-30",
    "varchar": "is not text",
}
INTEGERS = ("TINYINT", "SMALLINT", "INTEGER", "BIGINT", "HUGEINT", "UTINYINT", "USMALLINT", "UINTEGER", "UBIGINT")
FLOATS = ("FLOAT", "DOUBLE")


@dataclass(frozen=True)
class Reader:
    """How to read one file: a query yielding `_row` and the columns `r0`, `r1`, ...

    `columns` are the delivered names and engine types in that order; `payload` is the SQL of a row's payload.
    """

    query: str
    columns: tuple[tuple[str, str], ...]
    payload: str

    def position(self, name: str) -> int | None:
        names = [column for column, _ in self.columns]
        return names.index(name) if name in names else None


def csv_reader(path: str, header: Header, rejects: str) -> Reader:
    """Reads CSV as text; rows of another shape than the header's go to the temporary table `rejects`."""
    names = ", ".join(f"'r{position}': 'varchar'" for position in range(len(header.columns)))
    query = (
        f"select row_number() over () as _row, * from read_csv({literal(path)}, auto_detect=false, header=true, "
        f"delim={literal(header.delimiter)}, quote='\"', escape='\"', nullstr='', columns={{{names}}}, "
        f"store_rejects=true, rejects_table={literal(rejects)}, rejects_scan={literal(rejects + '_scan')}, "
        f"rejects_limit=0)"
    )
    columns = tuple((name, "VARCHAR") for name in header.columns)
    return Reader(query, columns, _payload(columns))


def lines_query(path: str, rejects: str) -> str:
    """Reads a JSONL file line by line: `_row`, `line`, and `is_object`. A raw control character is no JSON."""
    return (
        "select _row, line, case when json_valid(line) then json_type(line) = 'OBJECT' else false end as is_object "
        "from (select row_number() over () as _row, ltrim(line, chr(65279)) as line "
        f"from read_csv({literal(path)}, auto_detect=false, header=false, delim='\x01', quote='', escape='', "
        f"columns={{'line': 'varchar'}}, store_rejects=true, rejects_table={literal(rejects)}, "
        f"rejects_scan={literal(rejects + '_scan')}, rejects_limit=0)) where trim(line, ' \t\r') <> ''"
    )


def jsonl_reader(lines: str, names: list[str], original: dict[str, str]) -> Reader:
    """Reads the JSON objects of the table `lines`; `original` maps a column to its key as delivered."""
    shape = json.dumps({original[name]: "VARCHAR" for name in names})
    picked = ", ".join(f"parsed[{literal(original[name])}] as r{i}" for i, name in enumerate(names))
    query = (
        f"select _row, line as _text, {picked or 'null as r0'} "
        f"from (select _row, line, json_transform(line, {literal(shape)}) as parsed "
        f"from {lines} where is_object)"
    )
    return Reader(query, tuple((name, "VARCHAR") for name in names), "_text")


def parquet_reader(path: str, columns: tuple[tuple[str, str], ...]) -> Reader:
    """Reads Parquet; `columns` are names and engine types as `describe` tells them."""
    picked = ", ".join(f"{quote(name)} as r{position}" for position, (name, _) in enumerate(columns))
    query = (
        f"select file_row_number + 1 as _row, {picked} "
        f"from read_parquet({literal(path)}, file_row_number=true, binary_as_string=true)"
    )
    lowered = tuple((name.strip().lower(), kind) for name, kind in columns)
    return Reader(query, lowered, _payload(lowered))


def typed_rows(file: LandingFile, reader: Reader) -> str:
    """Query with one row per row read: contract columns, `_row`, `_reason`, `_payload`, `_key`, `_value_at_risk`,
    `_record_hash`. `_reason` is null and `_record_hash` filled where the row keeps to the contract.
    """
    table = file.table
    values, faults, keeps = [], [], []
    for position, column in enumerate(table.columns):
        found = reader.position(column.name)
        if found is None:
            values.append(f"cast(null as {column.type}) as v{position}")
            continue
        raw, kind = f"r{found}", reader.columns[found][1]
        values.append(f"{_value(column, raw, kind)} as v{position}")
        is_given = f"({raw} is not null)"
        if kind == "VARCHAR":
            is_given = f"coalesce(regexp_matches({raw}, '\\S'), false)"
        if column.type != "varchar":
            faults.append((f"v{position} is null and {is_given}", _fault(column, raw, kind)))
        if column.required:
            faults.append((f"not {is_given}", literal(f"{column.name} is missing")))
        keeps.append((column.name, f"v{position}"))
    is_bad = " or ".join(f"({test})" for test, _ in faults) or "false"
    reasons = ", ".join(f"case when {test} then {text} end" for test, text in faults) or "''"
    hashed = ", ".join(
        f"{literal(name + '=')} || cast({value} as varchar)" for name, value in sorted(keeps) if name != table.known_at
    )
    outputs = ", ".join(f"v{position} as {quote(column.name)}" for position, column in enumerate(table.columns))
    return (
        f"with source as ({reader.query}),\n"
        f"typed as (select *, {', '.join(values)} from source),\n"
        f"checked as (select *, {is_bad} as _bad from typed)\n"
        f"select {outputs}, _row,\n"
        f"case when _bad then concat_ws('; ', {reasons}) end as _reason,\n"
        f"case when _bad then {_kept_payload(table, reader)} end as _payload,\n"
        f"case when _bad then {_key(table, reader)} end as _key,\n"
        f"case when _bad then {_value_at_risk(table)} end as _value_at_risk,\n"
        f"case when not _bad then md5(concat_ws(chr(31), {hashed})) end as _record_hash\n"
        f"from checked"
    )


def _value(column: Column, raw: str, kind: str) -> str:
    """SQL of the typed value; null where the delivered value has not the contract's type."""
    if kind == "VARCHAR":
        return _value_of_text(column.type, raw)
    is_finite = f"isfinite({raw})"
    is_number = kind in INTEGERS or kind in FLOATS or kind.startswith("DECIMAL")
    is_instant = kind.startswith("TIMESTAMP")
    if column.type == "varchar":
        if kind in FLOATS:  # ids that a data frame turned into floats: 123.0 is '123', NaN is nothing
            whole = f"cast(cast({raw} as bigint) as varchar)"
            return f"case when isnan({raw}) then null when {raw} = trunc({raw}) and abs({raw}) < 1e15 then {whole} " \
                   f"else cast({raw} as varchar) end"  # fmt: skip
        if kind.startswith(("STRUCT", "MAP")) or kind.endswith("]"):
            return f"cast(to_json({raw}) as varchar)"
        return f"nullif(cast({raw} as varchar), '')"
    if column.type == "bigint" and is_number:
        if kind in INTEGERS:
            return f"try_cast({raw} as bigint)"
        guard = f"{is_finite} and {raw} = trunc({raw})" if kind in FLOATS else f"{raw} = trunc({raw})"
        return f"case when {guard} then try_cast({raw} as bigint) end"
    if column.type == "decimal(18,4)" and is_number:
        cast = f"try_cast({raw} as decimal(18,4))"
        return f"case when {is_finite} then {cast} end" if kind in FLOATS else cast
    if column.type == "boolean":
        if kind == "BOOLEAN":
            return raw
        if kind in INTEGERS:
            return f"case {raw} when 1 then true when 0 then false end"
    if column.type == "timestamp" and (is_instant or kind == "DATE"):
        utc = f"timezone('UTC', {raw})" if "WITH TIME ZONE" in kind else f"cast({raw} as timestamp)"
        return f"case when {is_finite} then {utc} end"
    if column.type == "date" and (is_instant or kind == "DATE"):
        return f"case when {is_finite} then cast({raw} as date) end"
    return f"cast(null as {column.type})"


def _value_of_text(kind: str, raw: str) -> str:
    if kind == "varchar":
        return f"nullif({raw}, '')"

    def when(pattern: str, cast: str) -> str:
        return f"when regexp_full_match({raw}, {literal(f' *({pattern}) *')}) then {cast} "

    if kind in ("bigint", "decimal(18,4)"):
        return f"case {when(INTEGER if kind == 'bigint' else DECIMAL, f'try_cast({raw} as {kind})')} end"
    if kind == "timestamp":
        # The usual form first: its cast is five times as fast as the one that knows offsets.
        usual = f"when {raw} like '____-__-_____:__:__' then try_cast({raw} as timestamp) "
        utc = f"timezone('UTC', try_cast(trim({raw}) as timestamptz))"
        return f"case {usual}{when(INSTANT, utc)} end"
    if kind == "date":
        return f"case {when(MIDNIGHT, f'try_cast(left(trim({raw}), 10) as date)')} end"
    return f"case lower(trim({raw})) when 'true' then true when '1' then true when 'yes' then true " \
           f"when 'false' then false when '0' then false when 'no' then false end"  # fmt: skip


def _fault(column: Column, raw: str, kind: str) -> str:
    """SQL of the reason in words. Never the value: it may be personal data, and the payload has it."""
    usual = literal(f"{column.name} {FAULTS[column.type]}")
    not_finite = literal(f"{column.name} is NaN or infinite")
    if column.type not in ("bigint", "decimal(18,4)"):
        return usual
    if kind in FLOATS:
        return f"case when not isfinite({raw}) then {not_finite} else {usual} end"
    if kind != "VARCHAR":
        return usual
    test = f"regexp_full_match(lower(trim({raw})), {literal(NOT_FINITE)})"
    return f"case when {test} then {not_finite} else {usual} end"


def _payload(columns: tuple[tuple[str, str], ...]) -> str:
    seen: dict[str, int] = {}
    fields = []
    for position, (name, _) in enumerate(columns):
        seen[name] = seen.get(name, 0) + 1
        label = name if seen[name] == 1 else f"{name} ({seen[name]})"
        fields.append(f"{literal(label or f'column {position + 1}')}, cast(r{position} as varchar)")
    return f"cast(json_object({', '.join(fields)}) as varchar)"


def _kept_payload(table: Table, reader: Reader) -> str:
    """SQL of the payload without the columns that are left behind on purpose, such as card numbers and addresses."""
    if not table.ignored:
        return reader.payload
    declared = "|".join(column.name for column in table.columns)
    ignored = "|".join(name.replace("*", ".*") for name in table.ignored)
    is_ignored = (
        f"regexp_full_match(lower(trim(k)), '({ignored})( [(][0-9]+[)])?') "
        f"and not regexp_full_match(lower(trim(k)), '{declared}')"
    )
    keys = f"list_filter(json_keys({reader.payload}), lambda k: {is_ignored})"
    nulls = f"'{{' || array_to_string(list_transform({keys}, lambda k: to_json(k) || ':null'), ',') || '}}'"
    return f"cast(json_merge_patch({reader.payload}, {nulls}) as varchar)"


def _key(table: Table, reader: Reader) -> str:
    positions = [reader.position(name) for name in table.key]
    return " || '|' || ".join(f"cast(r{position} as varchar)" for position in positions)


def _value_at_risk(table: Table) -> str:
    places = {column.name: position for position, column in enumerate(table.columns)}
    if not table.amount:
        return "cast(null as decimal(18,4))"
    amount = f"abs(v{places[table.amount]})"
    if table.amount_times:
        amount = f"{amount} * abs(v{places[table.amount_times]})"
    return f"try_cast({amount} as decimal(18,4))"
