"""Creates the tables of the load (files read, rows refused, schema drift) and the raw tables of the contracts."""

from __future__ import annotations

from collections import defaultdict

import duckdb

from scripts.intake.typed_rows import record_hash, stored_content
from scripts.platform.contracts import Source, Table
from scripts.platform.errors import UserError
from scripts.platform.ledger_tables import HIDDEN_COLUMNS, LEDGER
from scripts.platform.settings import store_settings
from scripts.platform.warehouse import quote, scalar


def prepare(connection: duckdb.DuckDBPyConnection, sources: dict[str, Source], settings: dict[str, str]) -> None:
    """Create ledger, settings and all raw tables of the contracts, in one transaction; adds new contract columns."""
    connection.begin()
    try:
        present = _present(connection)
        connection.execute("create schema if not exists intake")
        for name, columns in LEDGER.items():
            _ensure(connection, "intake", name, list(columns.items()), present)
        store_settings(connection, settings)
        tables = [table for source in sources.values() for table in source.tables.values()]
        for schema in sorted({table.schema for table in tables}):
            connection.execute(f"create schema if not exists {quote(schema)}")
        for table in tables:
            found = present.get((table.schema, table.name))
            if found and found["_record_hash"] == "varchar":
                _recompute_hashes(connection, table)
                found["_record_hash"] = "bigint"
            wanted = [(column.name, column.type) for column in table.stored_columns] + list(HIDDEN_COLUMNS)
            _ensure(connection, table.schema, table.name, wanted, present)
        _check_hashes(connection, tables)
        connection.commit()
    except BaseException:
        connection.rollback()
        raise


def next_load_id(connection: duckdb.DuckDBPyConnection) -> str:
    """Number of the load about to start, as text of six digits."""
    last = scalar(connection, "select coalesce(max(cast(load_id as bigint)), 0) from intake.files")
    return f"{last + 1:06d}"


def known_files(connection: duckdb.DuckDBPyConnection) -> dict[str, list[tuple[int, int, str, str]]]:
    """Per path the loaded versions: file id, size, checksum and the stamp from the file system."""
    known: dict[str, list[tuple[int, int, str, str]]] = defaultdict(list)
    for path, *version in connection.execute(
        "select path, file_id, size_bytes, checksum, file_stamp from intake.files where status = 'loaded'"
    ).fetchall():
        known[path].append(tuple(version))
    return known


def _present(connection: duckdb.DuckDBPyConnection) -> dict[tuple[str, str], dict[str, str]]:
    present: dict[tuple[str, str], dict[str, str]] = defaultdict(dict)
    for schema, name, column, kind in connection.execute(
        "select schema_name, table_name, column_name, data_type from duckdb_columns() "
        "where database_name = current_database() and (schema_name = 'intake' or starts_with(schema_name, 'raw_'))"
    ).fetchall():
        present[schema, name][column] = kind.lower().replace(" ", "")
    return dict(present)


def _ensure(
    connection: duckdb.DuckDBPyConnection,
    schema: str,
    name: str,
    wanted: list[tuple[str, str]],
    present: dict[tuple[str, str], dict[str, str]],
) -> None:
    relation = f"{quote(schema)}.{quote(name)}"
    found = present.get((schema, name))
    if found is None:
        columns = ", ".join(f"{quote(column)} {kind}" for column, kind in wanted)
        connection.execute(f"create table {relation} ({columns})")
        return
    for column, kind in wanted:
        if column not in found:
            connection.execute(f"alter table {relation} add column {quote(column)} {kind}")
        elif found[column] != kind.replace(" ", ""):
            raise UserError(
                f"{schema}.{name}: column {column} is {found[column]} in the warehouse and {kind} in the contract; "
                f"move the warehouse away and run intake again"
            )


def _check_hashes(connection: duckdb.DuckDBPyConnection, tables: list[Table]) -> None:
    """DuckDB does not promise that its hash function stays the same; if it changes, all hashes are recomputed."""
    probe = str(scalar(connection, "select hash('probe', 1, timestamp '2026-01-01', cast(1.5 as decimal(18,4)))"))
    stored = scalar(connection, "select value from intake.engine where name = 'hash_probe'")
    if stored == probe:
        return
    if stored is not None:
        for table in tables:
            _recompute_hashes(connection, table)
        # Their hashes cannot be recomputed. The only effect: a late version may end a run too early.
        connection.execute("delete from intake.confirmations")
    connection.execute("delete from intake.engine where name = 'hash_probe'")
    connection.execute("insert into intake.engine values ('hash_probe', ?)", [probe])


def _recompute_hashes(connection: duckdb.DuckDBPyConnection, table: Table) -> None:
    """Of what is stored: a record delivered again with values in columns that nobody reads becomes a version once."""
    relation = f"{quote(table.schema)}.{quote(table.name)}"
    stored = {
        row[0]
        for row in connection.execute(
            "select column_name from duckdb_columns() where database_name = current_database() "
            "and schema_name = ? and table_name = ?",
            [table.schema, table.name],
        ).fetchall()
    }
    content = stored_content(table, [(c.name, quote(c.name)) for c in table.stored_columns if c.name in stored])
    connection.execute(f"alter table {relation} drop column _record_hash")
    connection.execute(f"alter table {relation} add column _record_hash bigint")
    connection.execute(f"update {relation} set _record_hash = {record_hash(content)}")
