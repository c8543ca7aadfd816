"""Which delivered rows are new versions of their record, which are duplicates: the same answer in any order of files.

All that matters is the set of sightings of a record: (content, time it became known). Put in the order of time, the
neighbours of equal content form runs, and a run is one version, known since its first sighting. The later sightings
of a run hold no row of their own, but they are noted (`intake.confirmations`): should another content turn up late,
between two of them, the second part becomes a version after all.

Notes older than CONFIRMATIONS_KEPT_DAYS before a delivery are dropped, so that daily full exports do not pile them up;
content that comes later than that may leave a record on an older version than one clean delivery would have.
"""

from __future__ import annotations

from datetime import datetime

import duckdb

from scripts.erasure.at_load import LoadGuard
from scripts.intake.typed_rows import TypedRows
from scripts.platform.contracts import Table, joined_key
from scripts.platform.warehouse import literal, quote, scalar

CONFIRMATIONS_KEPT_DAYS = 90
STAGING = ("again", "again_rows", "sightings", "runs", "duplicates", "later_sightings")


def find_duplicates(
    connection: duckdb.DuckDBPyConnection,
    table: Table,
    rows: TypedRows,
    file_id: int,
    delivered_at: datetime,
    guard: LoadGuard,
) -> int:
    """Fill the temporary table `duplicates` with the lines not to store, and return how many they are.

    Stored versions get the stamp of their first sighting; sightings that turn out to be versions become rows. Only
    records whose key stands twice in the file, or is stored already, are looked at in full.
    """
    stored_keys = f"select hash({', '.join(quote(name) for name in table.key)}) from {relation(table)}"
    connection.execute(
        f"""
        create temp table again as
        select key_hash from ({rows.keys()}) as keys group by key_hash having count(*) > 1
        union
        select key_hash from ({rows.keys()}) as keys where key_hash in ({stored_keys})
        """
    )
    if not scalar(connection, "select count(*) from again"):
        connection.execute("create temp table duplicates (line bigint)")
        return 0
    _collect_sightings(connection, table, rows, file_id, delivered_at, guard)
    _form_runs(connection)
    _move_stamps(connection, table)
    _revive_sightings(connection, table)
    _note_confirmations(connection, table)
    connection.execute(
        "create temp table duplicates as select line from runs where origin = 'delivered' and place_in_run > 1"
    )
    return int(scalar(connection, "select count(*) from duplicates"))


def drop_old_confirmations(connection: duckdb.DuckDBPyConnection, table: Table, delivered_at: datetime) -> None:
    """Forget sightings so old that nothing is expected to turn up between them any more."""
    connection.execute(
        f"delete from intake.confirmations where {_of_table(table)} "
        f"and delivered_at < timestamp {literal(str(delivered_at))} - interval {CONFIRMATIONS_KEPT_DAYS} day"
    )


def relation(table: Table) -> str:
    """The raw table's name in SQL."""
    return f"{quote(table.schema)}.{quote(table.name)}"


def _of_table(table: Table) -> str:
    return f"source_name = {literal(table.source)} and table_name = {literal(table.name)}"


def _collect_sightings(
    connection: duckdb.DuckDBPyConnection,
    table: Table,
    rows: TypedRows,
    file_id: int,
    delivered_at: datetime,
    guard: LoadGuard,
) -> None:
    """Temporary table `sightings`: one row per sighting of the records in `again`, of whatever origin.

    A confirmation older than all that the file delivers cannot be split off by it, so it is left out: deliveries in
    the order of time cost what they bring, not what came before.
    """
    delivery = f"timestamp {literal(str(delivered_at))}"
    stamp = quote(table.known_at) if table.known_at else None
    key = joined_key(table, chr(31))
    is_again = f"hash({', '.join(quote(name) for name in table.key)}) in (select key_hash from again)"
    connection.execute(
        f"""
        create temp table again_rows as
        select
            {key} as key, _record_hash as hash,
            {f"coalesce({stamp}, {delivery})" if stamp else delivery} as known_at, _line as line
        from ({rows.good(key_hash_in="again")}) as good
        """
    )
    guard.know_again(table)
    connection.execute(
        f"""
        create temp table sightings as
        select
            {key} as key, _record_hash as hash, {f"coalesce({stamp}, _delivered_at)" if stamp else "_delivered_at"}
            as known_at, _delivered_at as delivered_at, 'stored' as origin, 1 as origin_rank, rowid as reference,
            _file_id as file_id, _line as line
        from {relation(table)}
        where {is_again}
        union all
        select
            record_key, record_hash, known_at, delivered_at, 'confirmed', 2, rowid, file_id, line_number
        from intake.confirmations
        where {_of_table(table)}
            and known_at >= (select min(known_at) from again_rows)
            and record_key in (select key from again_rows)
        union all
        select key, hash, known_at, {delivery}, 'delivered', 3, line, {file_id}, line
        from again_rows
        """
    )


def _form_runs(connection: duckdb.DuckDBPyConnection) -> None:
    """Temporary table `runs`: every sighting with its run, the run's first sighting, and its place among those that
    could carry the version (1 carries it): a stored row before a noted one before a delivered one.
    """
    connection.execute(
        """
        create temp table runs as
        with compared as (
            select *, lag(hash) over in_time is distinct from hash as is_start
            from sightings
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


def _move_stamps(connection: duckdb.DuckDBPyConnection, table: Table) -> None:
    """A stored version was known earlier than it said, or delivered earlier."""
    stamp = f"{quote(table.known_at)} = runs.first_known_at, " if table.known_at else ""
    connection.execute(
        f"""
        update {relation(table)} as stored set {stamp} _delivered_at = runs.first_delivered_at
        from runs
        where runs.origin = 'stored' and runs.place_in_run = 1 and stored.rowid = runs.reference
            and (runs.first_known_at <> runs.known_at or runs.first_delivered_at < runs.delivered_at)
        """
    )


def _revive_sightings(connection: duckdb.DuckDBPyConnection, table: Table) -> None:
    """A noted sighting that another content has cut off from its version becomes a version, counted as accepted."""
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
            accepted_rows = accepted_rows + revived.rows, duplicate_rows = duplicate_rows - revived.rows
        from (select file_id, count(*) as rows from runs where {carried} group by file_id) as revived
        where files.file_id = revived.file_id
        """
    )


def _note_confirmations(connection: duckdb.DuckDBPyConnection, table: Table) -> None:
    """Every later time at which a version was seen, with the file and line of a row that is stored for none."""
    connection.execute(
        """
        create temp table later_sightings as
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
        "from later_sightings"
    )
