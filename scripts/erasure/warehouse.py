"""Removes persons from the warehouse file: all its schemas in one transaction, then the file itself is rewritten."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field

import duckdb

from scripts.erasure.identifier_patterns import IdentifierPatterns
from scripts.erasure.person import Person
from scripts.erasure.redact import Redactor, Removed
from scripts.erasure.refused import redact_refused
from scripts.erasure.relations import (
    copy_database,
    delete_mentioning,
    mentioning,
    remove_customers,
    replace_in_table,
    tables_of,
)
from scripts.platform.contracts import Source, Table
from scripts.platform.files import PRIVATE, left_overs, replacing
from scripts.platform.warehouse import quote, scalar
from scripts.platform.workspace import Workspace

# Rebuilt by every build from the raw tables, so they are dropped; those with identities are kept, without the person,
# because the next erasure queries them.
DERIVED = ("staging", "intermediate", "pii")
KEPT_OF_DERIVED = (
    "int_customer_identities", "int_identity_profiles", "int_identity_edges", "int_identity_identifiers",
    "int_identity_registry",
)  # fmt: skip
# Schemas of published tables: rows by customer_id, with texts.
PUBLISHED = ("marts", "activation", "history")


@dataclass
class WarehouseResult:
    """What was done: rows of raw tables by erasure, rows of other relations, relations dropped to be rebuilt."""

    raw: Removed = field(default_factory=Removed)
    relations: dict[str, int] = field(default_factory=dict)
    dropped: int = 0


def raw_tables(connection: duckdb.DuckDBPyConnection, sources: dict[str, Source]) -> Iterator[Table]:
    """The tables of the contracts that the load has created in the warehouse."""
    present = set(
        connection.execute(
            "select schema_name, table_name from duckdb_columns() where database_name = current_database() "
            "and column_name = '_record_hash'"
        ).fetchall()
    )
    for source in sources.values():
        for table in source.tables.values():
            if (table.schema, table.name) in present:
                yield table


def remove_from_warehouse(
    connection: duckdb.DuckDBPyConnection,
    sources: dict[str, Source],
    persons: list[Person],
    patterns: IdentifierPatterns,
    country: str,
) -> WarehouseResult:
    """Inside a transaction: remove persons from raw tables, refused rows, texts, marts, audiences, all other schemas.

    The persons' ids must be in `temp.erasure_ids`.
    """
    result = WarehouseResult()
    redactor = Redactor(connection, country, by_hash=False)
    tables = list(raw_tables(connection, sources))
    for table in tables:
        result.raw.add(redactor.redact(table))
    redact_refused(connection, {table.label: table for table in tables}, patterns, result.relations)
    for table in tables:
        _remove_mentions(connection, table, patterns, result.relations)
    _drop_derived(connection, persons, result)
    raw = {table.schema for table in tables}
    for (schema,) in connection.execute(
        "select distinct schema_name from duckdb_tables() where database_name = current_database() order by 1"
    ).fetchall():
        if schema in raw or schema in ("state", "intermediate"):
            continue
        if schema in PUBLISHED:
            _note(result.relations, schema, remove_customers(connection, schema, patterns))
        elif schema == "intake":
            for name in tables_of(connection, schema):
                _note(result.relations, schema, {name: replace_in_table(connection, schema, name, patterns)})
        else:
            for name in tables_of(connection, schema):
                _note(result.relations, schema, {name: delete_mentioning(connection, schema, name, patterns)})
    return result


def rewrite_file(connection: duckdb.DuckDBPyConnection, workspace: Workspace) -> None:
    """Copy the warehouse into a new file that replaces the old one, which stays locked until then."""
    connection.execute("checkpoint")
    clear_left_overs(workspace)
    with replacing(workspace.warehouse, mode=PRIVATE) as target:
        copy_database(connection, str(scalar(connection, "select current_database()")), target)


def clear_left_overs(workspace: Workspace) -> None:
    """Remove what a killed run or a query left on disk; no other process has the warehouse open."""
    for left_over in left_overs(workspace.warehouse):
        left_over.unlink(missing_ok=True)
    spill = workspace.home / "spill"
    for left_over in spill.glob("*") if spill.is_dir() else ():
        if left_over.is_file():
            left_over.unlink(missing_ok=True)


def _remove_mentions(
    connection: duckdb.DuckDBPyConnection, table: Table, patterns: IdentifierPatterns, relations: dict[str, int]
) -> None:
    """Remove mentions of the persons in the texts of other people's rows."""
    texts = table.privacy.of_kind("free_text", "url", "field_value")
    if table.privacy.of_kind("any_value"):  # a decision about the person's record, which no longer exists
        ids = [
            row[0] for row in connection.execute(mentioning(connection, table.schema, table.name, patterns)).fetchall()
        ]
        if ids:
            Redactor(connection, "", by_hash=False).delete_rows(table, ", ".join(str(number) for number in ids))
        _note(relations, table.schema, {table.name: len(ids)})
    if texts:
        count = replace_in_table(connection, table.schema, table.name, patterns, texts, with_names=True)
        _note(relations, table.schema, {table.name: count})


def _drop_derived(connection: duckdb.DuckDBPyConnection, persons: list[Person], result: WarehouseResult) -> None:
    for schema, name in connection.execute(
        "select schema_name, view_name from duckdb_views() where database_name = current_database() and not internal"
    ).fetchall():
        if schema in (*DERIVED, *PUBLISHED):
            connection.execute(f"drop view {quote(schema)}.{quote(name)}")
            result.dropped += 1
    keys = [key for person in persons for key in person.profile_keys]
    customers = [customer_id for person in persons for customer_id in person.customer_ids]
    for schema in DERIVED:
        for name in tables_of(connection, schema):
            relation = f"{quote(schema)}.{quote(name)}"
            if name not in KEPT_OF_DERIVED:
                connection.execute(f"drop table {relation}")
                result.dropped += 1
                continue
            columns = {row[0] for row in connection.execute(f"describe {relation}").fetchall()}
            for column, values in (("profile_key", keys), ("customer_id", customers)):
                if column in columns and values:
                    connection.execute(f"delete from {relation} where {column} in (select unnest(?))", [values])


def _note(relations: dict[str, int], schema: str, counts: dict[str, int]) -> None:
    for name, count in counts.items():
        if count:
            relations[f"{schema}.{name}"] = relations.get(f"{schema}.{name}", 0) + count
