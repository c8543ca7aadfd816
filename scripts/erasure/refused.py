"""Redacts refused rows of erased persons: the payload keeps its money and its dates, but nothing personal."""

from __future__ import annotations

import json
import re
from typing import Any

import duckdb

from scripts.erasure.identifier_patterns import IdentifierPatterns
from scripts.erasure.normal import keyed_hash, normalised
from scripts.erasure.redact import TOMBSTONES
from scripts.platform.contracts import Table
from scripts.platform.privacy import IDENTIFIERS
from scripts.platform.warehouse import literal


def redact_refused(
    connection: duckdb.DuckDBPyConnection,
    tables: dict[str, Table],
    patterns: IdentifierPatterns,
    relations: dict[str, int],
) -> None:
    """Empty the refused rows that contain an identifier of the persons, or have one as their key."""
    pattern = literal(patterns.pattern(with_names=True))
    found = connection.execute(
        f"select rowid, source_name || '/' || table_name, payload, record_key from intake.rejects "
        f"where regexp_matches(coalesce(payload, ''), {pattern}, 'i') "
        f"or regexp_matches(coalesce(record_key, ''), {pattern}, 'i') or {_own_key(connection, tables)}"
    ).fetchall()
    _empty(connection, tables, found)
    if found:
        relations["intake.rejects"] = relations.get("intake.rejects", 0) + len(found)


def redact_new_refused(connection: duckdb.DuckDBPyConnection, table: Table, file_id: int, country: str) -> int:
    """The same for the rows of one new file, by tombstones: every word of a payload is compared with them."""
    if table.privacy.rows in ("none", "request"):
        return 0
    rows = connection.execute(
        "select rowid, source_name || '/' || table_name, payload, record_key from intake.rejects where file_id = ?",
        [file_id],
    ).fetchall()
    hits = ids_with_tombstones(connection, [(row[0], f"{row[2] or ''}\n{row[3] or ''}") for row in rows], country)
    _empty(connection, {table.label: table}, [row for row in rows if row[0] in hits])
    return len(hits)


def ids_with_tombstones(connection: duckdb.DuckDBPyConnection, texts: list[tuple[int, str]], country: str) -> set[int]:
    """The ids of those (id, text) whose text contains, as a field or word, an identifier of an erased person."""
    words = [[number, word] for number, text in texts for word in sorted(_words(text))]
    if not words:
        return set()
    connection.execute("create or replace temp table erasure_words (id bigint, word varchar)")
    connection.executemany("insert into temp.erasure_words values (?, ?)", words)
    matches = " union all ".join(
        f"select id from temp.erasure_words inner join {TOMBSTONES} as t on t.identifier_type = {literal(kind)} "
        f"and t.identifier_hash = {keyed_hash(kind, normalised(kind, 'word', country))}"
        for kind in IDENTIFIERS
    )
    hits = {int(row[0]) for row in connection.execute(f"select distinct id from ({matches}) as hits").fetchall()}
    connection.execute("drop table temp.erasure_words")
    return hits


def _words(text: str) -> set[str]:
    """Everything in a line that may be an identifier: its fields, and the words of its fields."""
    fields = re.split(r'[",;|\t\n\r{}\[\]]|\\[nrt"]', text)
    return {word.strip() for field in fields for word in (field, *re.split(r"[\s:<>()=&?/]", field)) if len(word) > 3}


def _own_key(connection: duckdb.DuckDBPyConnection, tables: dict[str, Table]) -> str:
    """SQL: whether a refused row's key is an identifier of the persons, for tables whose key is personal."""
    tests = []
    for table in tables.values():
        kind = table.privacy.columns.get(table.key[0])
        if len(table.key) == 1 and kind in IDENTIFIERS:
            tests.append(
                f"(source_name = {literal(table.source)} and table_name = {literal(table.name)} and lower(record_key) "
                f"in (select value from temp.erasure_ids where kind = {literal(kind)}))"
            )
    return f"({' or '.join(tests) or 'false'})"


def _empty(connection: duckdb.DuckDBPyConnection, tables: dict[str, Table], rows: list[tuple[Any, ...]]) -> None:
    for rowid, label, payload, _ in rows:
        table = tables.get(label)
        connection.execute("update intake.rejects set payload = ? where rowid = ?", [_kept(table, payload), rowid])
        if table is None or any(name in table.privacy.columns for name in table.key):
            # Without its key the record cannot be repaired, so it is closed.
            connection.execute(
                "update intake.rejects set record_key = null, closed_by = coalesce(closed_by, 'erasure'), "
                "closed_at = coalesce(closed_at, delivered_at), state = if(state = 'open', 'waived', state) "
                "where rowid = ?",
                [rowid],
            )


def _kept(table: Table | None, payload: str | None) -> str:
    """The part of a payload that may stay: the columns of the contract that are not personal."""
    try:
        record = json.loads(payload or "")
    except ValueError:
        record = None
    kept: dict[str, Any] = {"_erased": True}
    if table is not None and isinstance(record, dict):
        plain = {column.name for column in table.columns} - set(table.privacy.columns)
        kept |= {name: value for name, value in record.items() if name.strip().lower() in plain}
    return json.dumps(kept, ensure_ascii=False)
