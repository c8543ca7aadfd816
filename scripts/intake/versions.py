"""Which delivered rows are new versions of their record and which are duplicates, whatever the order of files.

Only the set of observations of a record matters: (content, time it became known). In order of time, consecutive
observations with equal content form a run, and a run is one version, known since its first observation. The later
observations of a run are not stored as rows but noted in `intake.confirmations`: if other content arrives late and
falls between two of them, the second part of the run becomes a version after all.

Confirmations older than CONFIRMATIONS_KEPT_DAYS before a delivery are dropped, so that daily full exports do not pile
them up; content that arrives later than that may leave a record on an older version than a single clean delivery would.
"""

from __future__ import annotations

from datetime import datetime

import duckdb

from scripts.erasure.at_load import LoadGuard
from scripts.intake.typed_rows import TypedRows
from scripts.platform.contracts import Table, joined_key
from scripts.platform.warehouse import literal, quote, scalar

CONFIRMATIONS_KEPT_DAYS = 90
STAGING = ("repeated_keys", "repeated_rows", "observations", "runs", "duplicates", "later_observations")


def find_duplicates(
    connection: duckdb.DuckDBPyConnection,
    table: Table,
    rows: TypedRows,
    file_id: int,
    delivered_at: datetime,
    guard: LoadGuard,
) -> int:
    """Fill the temporary table `duplicates` with the lines not to store, and return their number.

    Stored versions get the time of their first observation; confirmations that turn out to be versions become rows.
    Only records whose key occurs twice in the file, or is stored already, are compared in full.
    """
    stored_keys = f"select hash({', '.join(quote(name) for name in table.key)}) from {relation(table)}"
    connection.execute(
        f"""
        create temp table repeated_keys as
        select key_hash from ({rows.keys()}) as keys group by key_hash having count(*) > 1
        union
        select key_hash from ({rows.keys()}) as keys where key_hash in ({stored_keys})
        """
    )
    if not scalar(connection, "select count(*) from repeated_keys"):
        connection.execute("create temp table duplicates (line bigint)")
        return 0
    _collect_observations(connection, table, rows, file_id, delivered_at, guard)
    _form_runs(connection)
    _backdate_versions(connection, table)
    _promote_confirmations(connection, table)
    _note_confirmations(connection, table)
    connection.execute(
        "create temp table duplicates as select line from runs where origin = 'delivered' and place_in_run > 1"
    )
    return int(scalar(connection, "select count(*) from duplicates"))


def drop_old_confirmations(connection: duckdb.DuckDBPyConnection, table: Table, delivered_at: datetime) -> None:
    """Delete confirmations so old that nothing is expected to arrive between them any more."""
    connection.execute(
        f"delete from intake.confirmations where {_of_table(table)} "
        f"and delivered_at < timestamp {literal(str(delivered_at))} - interval {CONFIRMATIONS_KEPT_DAYS} day"
    )


def relation(table: Table) -> str:
    """The raw table's name in SQL."""
    return f"{quote(table.schema)}.{quote(table.name)}"


def _of_table(table: Table) -> str:
    return f"source_name = {literal(table.source)} and table_name = {literal(table.name)}"


def _collect_observations(
    connection: duckdb.DuckDBPyConnection,
    table: Table,
    rows: TypedRows,
    file_id: int,
    delivered_at: datetime,
    guard: LoadGuard,
) -> None:
    """Temporary table `observations`: one row per observation of the records in `repeated_keys`, of any origin.

    The file cannot split off a confirmation older than everything that it delivers, so such confirmations are skipped:
    the cost of deliveries in order of time depends on their own size, not on what came before.
    """
    delivery = f"timestamp {literal(str(delivered_at))}"
    stamp = quote(table.known_at) if table.known_at else None
    key = joined_key(table, chr(31))
    is_repeated = f"hash({', '.join(quote(name) for name in table.key)}) in (select key_hash from repeated_keys)"
    connection.execute(
        f"""
        create temp table repeated_rows as
        select
            {key} as key, _record_hash as hash,
            {f"coalesce({stamp}, {delivery})" if stamp else delivery} as known_at, _line as line
        from ({rows.good(key_hash_in="repeated_keys")}) as good
        """
    )
    guard.match_erased_content(table)
    connection.execute(
        f"""
        create temp table observations as
        select
            {key} as key, _record_hash as hash, {f"coalesce({stamp}, _delivered_at)" if stamp else "_delivered_at"}
            as known_at, _delivered_at as delivered_at, 'stored' as origin, 1 as origin_rank, rowid as reference,
            _file_id as file_id, _line as line
        from {relation(table)}
        where {is_repeated}
        union all
        select
            record_key, record_hash, known_at, delivered_at, 'confirmed', 2, rowid, file_id, line_number
        from intake.confirmations
        where {_of_table(table)}
            and known_at >= (select min(known_at) from repeated_rows)
            and record_key in (select key from repeated_rows)
        union all
        select key, hash, known_at, {delivery}, 'delivered', 3, line, {file_id}, line
        from repeated_rows
        """
    )


def _form_runs(connection: duckdb.DuckDBPyConnection) -> None:
    """Temporary table `runs`: every observation with its run, the first time of the run, and its place among those that
    can represent the version (place 1 does): stored rows before confirmations before delivered rows.
    """
    connection.execute(
        """
        create temp table runs as
        with compared as (
            select *, lag(hash) over in_time is distinct from hash as is_start
            from observations
            window in_time as (partition by key order by known_at, hash, origin_rank, reference)
        ),

        numbered as (
            select *, count(*) filter (where is_start) over (
                partition by key order by known_at, hash, origin_rank, reference
            ) as run_number
            from compared
        )

        select
            *,
            min(known_at) over run as first_known_at,
            first_value(delivered_at) over (
                partition by key, run_number order by known_at, delivered_at
            ) as first_delivered_at,
            row_number() over (
                partition by key, run_number order by origin_rank, known_at, reference
            ) as place_in_run
        from numbered
        window run as (partition by key, run_number)
        """
    )


def _backdate_versions(connection: duckdb.DuckDBPyConnection, table: Table) -> None:
    """Correct stored versions that were known, or delivered, earlier than recorded."""
    stamp = f"{quote(table.known_at)} = runs.first_known_at, " if table.known_at else ""
    connection.execute(
        f"""
        update {relation(table)} as stored set {stamp} _delivered_at = runs.first_delivered_at
        from runs
        where runs.origin = 'stored' and runs.place_in_run = 1 and stored.rowid = runs.reference
            and (runs.first_known_at <> runs.known_at or runs.first_delivered_at < runs.delivered_at)
        """
    )


def _promote_confirmations(connection: duckdb.DuckDBPyConnection, table: Table) -> None:
    """Turn confirmations that other content has separated from their version into versions, counted as accepted."""
    carried = "runs.origin = 'confirmed' and runs.place_in_run = 1"
    if not scalar(connection, f"select count(*) from runs where {carried}"):
        return
    overwritten = {"_delivered_at": "runs.first_delivered_at", "_file_id": "runs.file_id", "_line": "runs.line",
                   "_load_id": "files.load_id"}  # fmt: skip
    if table.known_at:
        overwritten[table.known_at] = "runs.first_known_at"
    replaced = ", ".join(f"{value} as {quote(name)}" for name, value in overwritten.items())
    connection.execute(
        f"""
        insert into {relation(table)} by name
        select stored.* replace ({replaced})
        from runs
        inner join intake.files on runs.file_id = files.file_id
        inner join (
            select {joined_key(table, chr(31))} as _key, any_value(rowid) as _reference, _record_hash as _hash
            from {relation(table)} group by all
        ) as twin on runs.key = twin._key and runs.hash = twin._hash
        inner join {relation(table)} as stored on stored.rowid = twin._reference
        where {carried}
        """
    )
    connection.execute(
        f"""
        update intake.files set
            accepted_rows = accepted_rows + promoted.rows, duplicate_rows = duplicate_rows - promoted.rows
        from (select file_id, count(*) as rows from runs where {carried} group by file_id) as promoted
        where files.file_id = promoted.file_id
        """
    )


def _note_confirmations(connection: duckdb.DuckDBPyConnection, table: Table) -> None:
    """Note every later time at which a version was observed, with the file and line of a row that is not stored."""
    connection.execute(
        """
        create temp table later_observations as
        with spare_rows as (
            select *, row_number() over (partition by key, run_number order by known_at, reference) as place
            from runs
            where place_in_run > 1 and origin <> 'stored'
        ),

        times as (
            select
                key, run_number, known_at, min(delivered_at) as delivered_at,
                row_number() over (partition by key, run_number order by known_at) as place
            from runs
            where known_at <> first_known_at
            group by key, run_number, known_at
        )

        select
            spare_rows.key, spare_rows.hash, times.known_at, times.delivered_at, spare_rows.file_id, spare_rows.line
        from times
        inner join spare_rows
            on times.key = spare_rows.key and times.run_number = spare_rows.run_number
                and times.place = spare_rows.place
        """
    )
    connection.execute(
        "delete from intake.confirmations where rowid in (select reference from runs where origin = 'confirmed')"
    )
    connection.execute(
        f"insert into intake.confirmations select {literal(table.source)}, {literal(table.name)}, * "
        "from later_observations"
    )
