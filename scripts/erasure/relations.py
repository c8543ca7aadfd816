"""Removes persons from tables that no source contract describes: marts, audiences, copies, any others."""

from __future__ import annotations

from pathlib import Path

import duckdb

from scripts.erasure.identifier_patterns import REPLACEMENT, IdentifierPatterns
from scripts.platform.warehouse import STORAGE, literal, open_memory, quote

# A table with one of these columns holds facts: its rows stay, without a customer. Other rows about a customer are
# deleted.
FACT_KEYS = ("order_id", "ticket_id", "return_id")
OWNER = "customer_id"


def tables_of(connection: duckdb.DuckDBPyConnection, schema: str) -> list[str]:
    """The tables, not the views, of a schema of the current database."""
    return [
        row[0]
        for row in connection.execute(
            "select table_name from duckdb_tables() where database_name = current_database() and schema_name = ? "
            "order by 1",
            [schema],
        ).fetchall()
    ]


def remove_customers(
    connection: duckdb.DuckDBPyConnection, schema: str, patterns: IdentifierPatterns
) -> dict[str, int]:
    """Remove the persons' rows from a schema of published tables, and their identifiers from its texts.

    Returns the number of changed rows per table. Facts and aggregates keep their rows.
    """
    touched: dict[str, int] = {}
    for table in tables_of(connection, schema):
        relation, texts = f"{quote(schema)}.{quote(table)}", _text_columns(connection, schema, table)
        count = 0
        if texts and patterns.aliases:
            aliases = ", ".join(literal(alias) for alias in sorted(patterns.aliases))
            hit = " or ".join(f"{quote(name)} in ({aliases})" for name, kind in texts if kind == "VARCHAR") or "false"
            if any(name in FACT_KEYS for name, _ in texts):
                cleared = ", ".join(
                    f"{quote(name)} = case when {quote(name)} in ({aliases}) then null else {quote(name)} end"
                    for name, kind in texts
                    if kind == "VARCHAR"
                )
                count += _changed(connection, f"update {relation} set {cleared} where {hit}")
            else:
                count += _changed(connection, f"delete from {relation} where {hit}")
        count += replace_in_table(connection, schema, table, patterns)
        if count:
            touched[table] = count
    return touched


def replace_in_table(
    connection: duckdb.DuckDBPyConnection,
    schema: str,
    table: str,
    patterns: IdentifierPatterns,
    columns: list[str] | None = None,
    *,
    with_names: bool = False,
) -> int:
    """Replace the identifiers in a table's texts (or in the given columns); returns how many rows changed."""
    pattern = literal(patterns.pattern(with_names=with_names))
    texts = [
        (name, kind) for name, kind in _text_columns(connection, schema, table) if columns is None or name in columns
    ]
    if not texts:
        return 0

    def replaced(name: str, kind: str) -> str:
        if kind != "VARCHAR":  # lists, structs and bytes cannot be edited as text
            return f"case when {_matches(name, pattern)} then null else {quote(name)} end"
        once = f"regexp_replace({quote(name)}, {pattern}, {literal(REPLACEMENT)}, 'gi')"
        return f"regexp_replace({once}, {pattern}, {literal(REPLACEMENT)}, 'gi')"

    hits = " or ".join(f"coalesce({_matches(name, pattern)}, false)" for name, _ in texts)
    relation = f"{quote(schema)}.{quote(table)}"
    found = connection.execute(f"select 1 from {relation} where {hits} limit 1").fetchone()
    if not found:
        return 0
    changes = ", ".join(f"{quote(name)} = {replaced(name, kind)}" for name, kind in texts)
    return _changed(connection, f"update {relation} set {changes} where {hits}")


def delete_mentioning(
    connection: duckdb.DuckDBPyConnection, schema: str, table: str, patterns: IdentifierPatterns
) -> int:
    """Delete the rows of any table that contain an identifier; returns how many."""
    wanted = mentioning(connection, schema, table, patterns)
    return _changed(connection, f"delete from {quote(schema)}.{quote(table)} where rowid in ({wanted})")


def mentioning(connection: duckdb.DuckDBPyConnection, schema: str, table: str, patterns: IdentifierPatterns) -> str:
    """Query of the rowids of a table's rows that contain an identifier."""
    pattern = literal(patterns.pattern())
    hits = " or ".join(
        f"coalesce({_matches(name, pattern)}, false)" for name, _ in _text_columns(connection, schema, table)
    )
    return f"select rowid from {quote(schema)}.{quote(table)} where {hits or 'false'}"


def count_mentioning(
    connection: duckdb.DuckDBPyConnection, schema: str, table: str, patterns: IdentifierPatterns
) -> dict[str, int]:
    """Number of rows by column that contain an identifier or an alias of the persons; only columns with any."""
    pattern, found = literal(patterns.pattern()), {}
    columns = _text_columns(connection, schema, table)
    if not columns:
        return {}
    # First each row as a whole; column by column only if any row matches.
    row = f"concat_ws(chr(31), {', '.join(f'cast({quote(name)} as varchar)' for name, _ in columns)})"
    anything = literal("|".join([patterns.pattern(), *sorted(patterns.aliases)]))
    relation = f"{quote(schema)}.{quote(table)}"
    if not connection.execute(
        f"select 1 from {relation} where regexp_matches({row}, {anything}, 'i') limit 1"
    ).fetchone():
        return {}
    aliases = ", ".join(literal(alias) for alias in sorted(patterns.aliases)) or "null"
    checks = ", ".join(
        f"count(*) filter (where {_matches(name, pattern)} or cast({quote(name)} as varchar) in ({aliases}))"
        for name, _ in columns
    )
    counts = connection.execute(f"select {checks} from {relation}").fetchone() or ()
    for (name, _), count in zip(columns, counts, strict=True):
        if count:
            found[name] = int(count)
    return found


def compact(source: Path, target: Path) -> None:
    """Copy a DuckDB file's content into a new file, so that no freed block keeps deleted data."""
    target.unlink(missing_ok=True)
    with open_memory() as connection:
        connection.execute(f"attach {literal(str(source))} as source (read_only)")
        copy_database(connection, "source", target)


def copy_database(connection: duckdb.DuckDBPyConnection, database: str, target: Path) -> None:
    """Copy an attached database into a new file, in the published storage version."""
    connection.execute(f"attach {literal(str(target))} as erasure_copy (storage_version {literal(STORAGE)})")
    connection.execute(f"copy from database {quote(database)} to erasure_copy")
    connection.execute("checkpoint erasure_copy")
    connection.execute("detach erasure_copy")
    target.with_name(f"{target.name}.wal").unlink(missing_ok=True)


def _matches(name: str, pattern: str) -> str:
    return f"regexp_matches(cast({quote(name)} as varchar), {pattern}, 'i')"


def _text_columns(connection: duckdb.DuckDBPyConnection, schema: str, table: str) -> list[tuple[str, str]]:
    """Columns that may hold text, with their type: text, JSON, bytes, enums, and lists and structs of them."""
    rows = [row[:2] for row in connection.execute(f"describe {quote(schema)}.{quote(table)}").fetchall()]
    return [(name, kind) for name, kind in rows if any(word in kind for word in ("VARCHAR", "JSON", "BLOB", "ENUM"))]


def _changed(connection: duckdb.DuckDBPyConnection, statement: str) -> int:
    row = connection.execute(statement).fetchone()
    return int(row[0]) if row else 0
