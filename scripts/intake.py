"""Intake: landing files become typed raw tables, append-only by record version, with a ledger and the rows refused.

A file is taken in whole or not at all: its rows, its rejects and its line of the ledger are one transaction, so that
a broken-off run is mended by running again. For every file: landed = accepted + duplicates + rejected.

What counts as a duplicate: the same content (all contract columns but the stamp `known_at`) as the version of that
record before or after it in time. The earliest stamp is kept. Content that comes back after another version lay
between (A, B, A again) is a version of its own.
"""

from __future__ import annotations

import re
import time
from collections import defaultdict
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import duckdb

from scripts.contracts import Source, Table, load_contracts
from scripts.errors import CheckFailed, UserError
from scripts.landing import BrokenFile, LandingFile, Stamp, checksum, find_files, read_header, readable_copy
from scripts.typed_rows import csv_reader, jsonl_reader, lines_query, parquet_reader, typed_rows
from scripts.warehouse import literal, open_warehouse, quote
from scripts.world import SETTINGS_FILE, World

HIDDEN_COLUMNS = (
    ("_load_id", "varchar"),
    ("_file_id", "bigint"),
    ("_line", "bigint"),
    ("_delivered_at", "timestamp"),
    ("_record_hash", "varchar"),
)
LEDGER = """
create schema if not exists intake;
create table if not exists intake.files (
    file_id bigint, source_name varchar, table_name varchar, path varchar, size_bytes bigint, checksum varchar,
    landed_rows bigint, accepted_rows bigint, duplicate_rows bigint, rejected_rows bigint,
    delivered_at timestamp, load_id varchar, status varchar, reason varchar, file_stamp varchar
);
create table if not exists intake.rejects (
    source_name varchar, table_name varchar, path varchar, line_number bigint, record_key varchar, reason varchar,
    severity varchar, payload varchar, value_at_risk decimal(18, 4), load_id varchar, file_id bigint
);
create table if not exists intake.settings (setting_name varchar, setting_value varchar);
create table if not exists intake.schema_drift (
    source_name varchar, table_name varchar, path varchar, column_name varchar, drift varchar
);
"""
MISSHAPEN = "misshapen"
STAGING = ("delivered", "duplicates", "again", "runs", "shapes", "text_lines", MISSHAPEN, f"{MISSHAPEN}_scan")
# Errors of these kinds come from our own SQL, not from a damaged file.
OUR_FAULTS = (duckdb.BinderException, duckdb.CatalogException, duckdb.ParserException, duckdb.SyntaxException)
SHAPE_FAULTS = {
    "MISSING COLUMNS": "row has fewer fields than the header",
    "TOO MANY COLUMNS": "row has more fields than the header",
    "UNQUOTED VALUE": "row has a quotation mark that is not closed or not doubled",
    "LINE SIZE OVER MAXIMUM": "row is longer than 2 MB",
}


@dataclass
class Counts:
    """Rows of one file, or of several; landed = accepted + duplicates + rejected."""

    files: int = 0
    landed: int = 0
    accepted: int = 0
    duplicates: int = 0
    rejected: int = 0

    def add(self, other: Counts) -> None:
        for name in vars(self):
            setattr(self, name, getattr(self, name) + getattr(other, name))

    def __str__(self) -> str:
        return f"{self.accepted:,} accepted, {self.duplicates:,} duplicates, {self.rejected:,} rejected"


@dataclass
class IntakeSummary:
    """What one intake did: counts per (source, table) that had new files, and how many files were known already."""

    load_id: str
    tables: dict[tuple[str, str], Counts] = field(default_factory=lambda: defaultdict(Counts))
    known_files: int = 0
    failures: list[str] = field(default_factory=list)
    seconds: float = 0.0

    @property
    def total(self) -> Counts:
        total = Counts()
        for counts in self.tables.values():
            total.add(counts)
        return total

    def lines(self) -> list[str]:
        """The summary in words: one line per table with new files, and the total."""
        if not self.tables:
            return [f"nothing new in {self.known_files} files ({self.seconds:.1f} s)"]
        lines = [f"{source}/{table}: {counts}" for (source, table), counts in sorted(self.tables.items())]
        known = f", {self.known_files} known before" if self.known_files else ""
        return [*lines, f"total of {self.total.files} files{known}: {self.total} ({self.seconds:.1f} s)"]


def intake(world: World, progress: Callable[[str], None] = print) -> IntakeSummary:
    """Take in what is new under `world.landing`.

    Raises UserError when there is no landing folder, a setting is wrong or another process holds the warehouse;
    CheckFailed, after everything else is in, with one line per file that could not be taken in.
    """
    started = time.perf_counter()
    if not world.landing.is_dir():
        raise UserError(f"{world.landing}: no such landing folder; run `python -m scripts demo` or give --landing DIR")
    sources = load_contracts()
    settings = checked_settings(world, sources)
    if made_from := world.made_from():
        settings["made_from"] = made_from
    files, problems = find_files(world.landing, sources)
    with open_warehouse(world.warehouse) as connection:
        world.warehouse.chmod(0o600)
        _refuse_other_data(connection, world, settings)
        _prepare(connection, sources, settings)
        summary = IntakeSummary(_next_load_id(connection), failures=problems)
        known = _known_files(connection)
        by_source: dict[str, list[LandingFile]] = defaultdict(list)
        for file in files:
            by_source[file.table.source].append(file)
        for source, deliveries in by_source.items():
            source_started = time.perf_counter()
            counts = Counts()
            for file in deliveries:
                outcome = _take_in(connection, file, known[file.name], summary, world.home / "spill")
                counts.add(outcome)
            if counts.files:
                seconds = time.perf_counter() - source_started
                progress(f"{source}: {counts.files} new files, {counts} ({seconds:.1f} s)")
    summary.seconds = time.perf_counter() - started
    if summary.failures:
        shown = "\n".join(f"{world.landing}/{problem}" for problem in summary.failures)
        raise CheckFailed(shown)
    return summary


def warehouse_made_from(connection: duckdb.DuckDBPyConnection) -> str | None:
    """What the generated data in a warehouse were made from; None when they are a retailer's own, or there are none."""
    try:
        row = connection.execute(
            "select setting_value from intake.settings where setting_name = 'made_from'"
        ).fetchone()
    except duckdb.CatalogException:
        return None
    return str(row[0]) if row else None


def _refuse_other_data(connection: duckdb.DuckDBPyConnection, world: World, settings: dict[str, str]) -> None:
    """Two retailers in one warehouse would be added up; only generated data can tell that they are another's."""
    stored = warehouse_made_from(connection)
    if stored and stored != settings.get("made_from"):
        raise UserError(
            f"{world.warehouse}: filled from other generated data ({stored}); "
            "give another --warehouse, or delete this one first"
        )


def checked_settings(world: World, sources: dict[str, Source]) -> dict[str, str]:
    """The settings of the landing zone as text, each checked; UserError names the one that is wrong."""
    file = world.landing / SETTINGS_FILE
    given = world.settings()
    switches = {source.switch for source in sources.values() if source.switch != "always"}
    settings: dict[str, str] = {}
    for name, value in given.items():
        text = str(value).lower() if isinstance(value, bool) else str(value)
        if name.startswith("using_"):
            if name not in switches:
                raise UserError(f"{file}: {name} switches no source; there are {', '.join(sorted(switches))}")
            if text not in ("true", "false"):
                raise UserError(f"{file}: {name} must be true or false, not {value!r}")
        elif name == "as_of_date" and not _is_date(text):
            raise UserError(f"{file}: as_of_date must be a day such as 2026-06-30, not {value!r}")
        elif name == "business_timezone" and not _is_zone(text):
            raise UserError(f"{file}: business_timezone must be a zone such as Europe/London, not {value!r}")
        elif name == "reporting_currency" and not re.fullmatch("[A-Z]{3}", text):
            raise UserError(f"{file}: reporting_currency must be a code such as GBP, not {value!r}")
        elif name == "default_country" and not re.fullmatch("[A-Z]{2}", text):
            raise UserError(f"{file}: default_country must be a code such as GB, not {value!r}")
        elif value is None or isinstance(value, (list, dict)):
            raise UserError(f"{file}: {name} must be a text, a number, true or false")
        settings[name] = text
    return settings


def _is_date(text: str) -> bool:
    try:
        return bool(re.fullmatch(r"\d{4}-\d{2}-\d{2}", text)) and bool(datetime.strptime(text, "%Y-%m-%d"))
    except ValueError:
        return False


def _is_zone(text: str) -> bool:
    try:
        return bool(ZoneInfo(text))
    except (ValueError, OSError, KeyError):
        return False


def _prepare(connection: duckdb.DuckDBPyConnection, sources: dict[str, Source], settings: dict[str, str]) -> None:
    """Ledger, settings and every raw table of the contracts, in one transaction; adds columns the contracts gained."""
    connection.begin()
    connection.execute(LEDGER)
    stored = dict(connection.execute("select setting_name, setting_value from intake.settings").fetchall())
    if stored != settings:
        connection.execute("delete from intake.settings")
        for name, value in settings.items():
            connection.execute("insert into intake.settings values (?, ?)", [name, value])
    present: dict[tuple[str, str], dict[str, str]] = defaultdict(dict)
    for schema, name, column, kind in connection.execute(
        "select schema_name, table_name, column_name, data_type from duckdb_columns() "
        "where database_name = current_database() and schema_name like 'raw\\_%' escape '\\'"
    ).fetchall():
        present[schema, name][column] = kind.lower().replace(" ", "")
    for source in sources.values():
        for table in source.tables.values():
            wanted = [(column.name, column.type) for column in table.columns] + list(HIDDEN_COLUMNS)
            found = present.get((table.schema, table.name))
            if found is None:
                columns = ", ".join(f"{quote(name)} {kind}" for name, kind in wanted)
                connection.execute(f"create schema if not exists {quote(table.schema)}")
                connection.execute(f"create table {_relation(table)} ({columns})")
                continue
            for name, kind in wanted:
                if name not in found:
                    connection.execute(f"alter table {_relation(table)} add column {quote(name)} {kind}")
                elif found[name] != kind:
                    connection.rollback()
                    raise UserError(
                        f"{table.schema}.{table.name}: column {name} is {found[name]} in the warehouse and {kind} in "
                        f"the contract; move the warehouse away and run intake again"
                    )
    connection.commit()


def _next_load_id(connection: duckdb.DuckDBPyConnection) -> str:
    last = _scalar(connection, "select coalesce(max(cast(load_id as bigint)), 0) from intake.files")
    return f"{last + 1:06d}"


def _known_files(connection: duckdb.DuckDBPyConnection) -> dict[str, list[tuple[int, int, str, str]]]:
    """Per path the versions that are in: file id, size, checksum and the file system's stamp."""
    known: dict[str, list[tuple[int, int, str, str]]] = defaultdict(list)
    for path, *version in connection.execute(
        "select path, file_id, size_bytes, checksum, file_stamp from intake.files where status = 'loaded'"
    ).fetchall():
        known[path].append(tuple(version))
    return known


def _take_in(
    connection: duckdb.DuckDBPyConnection,
    file: LandingFile,
    known: list[tuple[int, int, str, str]],
    summary: IntakeSummary,
    scratch: Path,
) -> Counts:
    """Take in one file if it is new or has changed; a file that cannot be read is recorded as failed."""
    key = (file.table.source, file.table.name)
    size, digest, stamp_text = 0, "", ""
    copy: Path | None = None
    try:
        stamp = Stamp.of(file.path)
        if any(version[3] == stamp.text for version in known):
            summary.known_files += 1
            return Counts()
        size, stamp_text = stamp.size, stamp.text if stamp.is_settled() else ""
        if size == 0:
            raise BrokenFile("empty, 0 bytes; deliver it again or delete it")
        digest = checksum(file.path)
        for file_id, known_size, known_digest, _ in known:
            if (known_size, known_digest) == (size, digest):
                stamped = "update intake.files set file_stamp = ? where file_id = ?"
                connection.execute(stamped, [stamp_text, file_id])
                summary.known_files += 1
                return Counts()
        copy = readable_copy(file, scratch) if file.kind != "parquet" else file.path
        connection.begin()
        counts = _load(connection, file, copy, summary.load_id, (size, digest, stamp_text))
        if Stamp.of(file.path) != stamp:
            raise BrokenFile("changed while it was read; run intake again once it is delivered")
        connection.commit()
    except OUR_FAULTS:
        _rollback(connection)
        raise
    except (BrokenFile, duckdb.Error, OSError) as problem:
        _rollback(connection)
        reason = _reason(problem, file)
        _record_failure(connection, file, summary.load_id, (size, digest), reason)
        summary.failures.append(f"{file.name}: {reason}")
        return Counts()
    except BaseException:
        _rollback(connection)
        raise
    finally:
        if copy is not None and copy != file.path:
            copy.unlink(missing_ok=True)
    summary.tables[key].add(counts)
    return counts


def _load(
    connection: duckdb.DuckDBPyConnection,
    file: LandingFile,
    path: Path,
    load_id: str,
    identity: tuple[int, str, str],
) -> Counts:
    """Inside a transaction: stage the file's rows, then store rejects, new versions, drift and the ledger's line."""
    table = file.table
    file_id = _scalar(connection, "select coalesce(max(file_id), 0) + 1 from intake.files")
    origin = f"{literal(table.source)}, {literal(table.name)}, {literal(file.name)}"
    connection.execute("delete from intake.files where path = ? and status = 'failed'", [file.name])
    _record_drift(connection, file, _stage(connection, file, path), origin)

    counts = Counts(files=1, landed=_scalar(connection, "select count(*) from delivered"))
    if file.kind == "parquet":
        promised = _scalar(connection, f"select sum(num_rows) from parquet_file_metadata({literal(str(path))})")
        _hold(counts.landed == promised, file, f"{promised} rows promised, {counts.landed} read")
    counts.rejected = _changed(
        connection,
        f"insert into intake.rejects select {origin}, _line, _key, _reason, 'error', _payload, _value_at_risk, "
        f"{literal(load_id)}, {file_id} from delivered where _reason is not null order by _line",
    )
    counts.duplicates = _mark_duplicates(connection, table, file.delivered_at)
    columns = ", ".join(quote(column.name) for column in table.columns)
    counts.accepted = _changed(
        connection,
        f"insert into {_relation(table)} ({columns}, {', '.join(name for name, _ in HIDDEN_COLUMNS)}) "
        f"select {columns}, {literal(load_id)}, {file_id}, _line, timestamp {literal(str(file.delivered_at))}, "
        f"_record_hash from delivered where _reason is null and _line not in (select line from duplicates)",
    )
    balance = counts.accepted + counts.duplicates + counts.rejected
    _hold(counts.landed == balance, file, f"{counts.landed:,} rows landed, but {counts}")
    connection.execute(
        f"insert into intake.files values ({file_id}, {origin}, ?, ?, ?, ?, ?, ?, ?, ?, 'loaded', null, ?)",
        [identity[0], identity[1], counts.landed, counts.accepted, counts.duplicates, counts.rejected,
         file.delivered_at, load_id, identity[2]],
    )  # fmt: skip
    for name in STAGING:
        connection.execute(f"drop table if exists temp.{name}")
    return counts


def _stage(connection: duckdb.DuckDBPyConnection, file: LandingFile, path: Path) -> list[str]:
    """Fill the temporary table `delivered` with every row of the file, typed or with the reasons for its refusal.

    Returns the names of the delivered columns.
    """
    text = str(path)
    if file.kind == "parquet":
        described = connection.execute(f"describe select * from read_parquet({literal(text)})").fetchall()
        reader = parquet_reader(text, tuple((row[0], row[1]) for row in described))
        names, is_empty, first_line = [name for name, _ in reader.columns], False, 1
    elif file.kind == "csv":
        reader = csv_reader(text, read_header(file), MISSHAPEN)
        names, is_empty, first_line = [name for name, _ in reader.columns], False, 2
    else:
        connection.execute(f"create temp table text_lines as {lines_query(text, MISSHAPEN)}")
        _place_misshapen(connection, file, "text_lines", "_row")
        keys = connection.execute(
            "select distinct unnest(json_keys(line)) from text_lines where is_object order by all"
        ).fetchall()
        original = {key.strip().lower(): key for (key,) in reversed(keys)}
        names, is_empty, first_line = list(original), not keys, 1
        contract = [column.name for column in file.table.columns]
        reader = jsonl_reader("text_lines", [name for name in contract if name in original or is_empty], original)
    missing = [column.name for column in file.table.columns if column.required and column.name not in names]
    if missing and not is_empty:
        raise BrokenFile(f"column {', '.join(missing)} is missing; deliver the file with it")
    connection.execute(
        f"create temp table delivered as select * exclude (_row), _row + {first_line - 1} as _line "
        f"from ({typed_rows(file, reader)})"
    )
    if file.kind == "csv":
        _place_misshapen(connection, file, "delivered", "_line")
    if file.kind != "parquet":
        _refuse(connection, "select line, reason, raw from shapes")
    if file.kind == "jsonl":
        _refuse(connection, "select _row, 'line is not a JSON object', line from text_lines where not is_object")
    return names if not is_empty else [column.name for column in file.table.columns]


def _place_misshapen(connection: duckdb.DuckDBPyConnection, file: LandingFile, table: str, column: str) -> None:
    """List the rows that the text reader could not split in `shapes`, and number the good ones by their true line."""
    line = _scalar(connection, f"select min(line) from {MISSHAPEN} where error_type = 'INVALID ENCODING'")
    if line is not None:
        raise BrokenFile(f"line {line} is not UTF-8 text; save the file as UTF-8")
    reason = literal("line is not a JSON object")
    if file.kind == "csv":
        cases = " ".join(f"when {literal(kind)} then {literal(text)}" for kind, text in SHAPE_FAULTS.items())
        reason = f"case min(error_type) {cases} else 'row cannot be read as CSV' end"
    connection.execute(
        f"""
        create temp table shapes as
        select
            line,
            row_number() over (order by line) as place,
            {reason} as reason,
            ltrim(min(csv_line), chr(10) || chr(13)) as raw
        from {MISSHAPEN}
        group by line
        """
    )
    if _scalar(connection, "select count(*) from shapes"):
        # The reader numbers good rows only: row n lies behind the first k misshapen ones if n > line(k) - k.
        connection.execute(
            f"""
            update {table} set {column} = shifted.line
            from (
                select good.rowid as reference, good.{column} + steps.places as line
                from {table} as good
                asof join (
                    select line - place as last_before, max(place) as places from shapes group by all
                ) as steps on good.{column} > steps.last_before
            ) as shifted
            where {table}.rowid = shifted.reference
            """
        )


def _refuse(connection: duckdb.DuckDBPyConnection, rows: str) -> None:
    connection.execute(
        "insert into delivered (_line, _reason, _payload) "
        f"select line, reason, cast(json_object('_raw', raw) as varchar) from ({rows}) as refused (line, reason, raw)"
    )


def _mark_duplicates(connection: duckdb.DuckDBPyConnection, table: Table, delivered_at: datetime) -> int:
    """Fill the temporary table `duplicates` with the lines not to store; stored versions get the earlier stamp.

    Only records some content of which was seen before are looked at in full: their stored and delivered versions in
    the order of time form runs of equal content, and a run is one version.
    """
    delivery = f"timestamp {literal(str(delivered_at))}"
    stamp = table.known_at and quote(table.known_at)
    delivered_known = f"coalesce({stamp}, {delivery})" if stamp else delivery
    stored_known = f"coalesce({stamp}, _delivered_at)" if stamp else "_delivered_at"
    key = "concat_ws(chr(31), " + ", ".join(f"cast({quote(name)} as varchar)" for name in table.key) + ")"
    connection.execute(
        f"""
        create temp table again as
        select distinct {key} as key from delivered
        where _record_hash in (
            select _record_hash from delivered where _reason is null group by _record_hash having count(*) > 1
            union all
            select _record_hash from {_relation(table)}
        )
        """
    )
    if not _scalar(connection, "select count(*) from again"):
        connection.execute("create temp table duplicates (line bigint)")
        return 0
    connection.execute(
        f"""
        create temp table runs as
        with versions as (
            select {key} as key, _record_hash as hash, {stored_known} as known_at, true as is_stored, rowid as reference
            from {_relation(table)} where {key} in (select key from again)
            union all
            select {key}, _record_hash, {delivered_known}, false, _line
            from delivered where _reason is null and {key} in (select key from again)
        ),

        compared as (
            select *, lag(hash) over in_time is distinct from hash as is_start
            from versions
            window in_time as (partition by key order by known_at, hash, is_stored desc, reference)
        ),

        numbered as (
            select *, count(*) filter (where is_start) over (
                partition by key order by known_at, hash, is_stored desc, reference
            ) as run_number
            from compared
        )

        select
            *,
            bool_or(is_stored) over run as has_stored,
            min(known_at) over run as first_known_at,
            row_number() over (
                partition by key, run_number order by is_stored desc, known_at, reference
            ) as place_in_run
        from numbered
        window run as (partition by key, run_number)
        """
    )
    column = stamp or "_delivered_at"
    connection.execute(
        f"""
        update {_relation(table)} as stored set {column} = runs.first_known_at
        from runs
        where runs.is_stored and runs.place_in_run = 1 and runs.first_known_at < runs.known_at
            and stored.rowid = runs.reference
        """
    )
    connection.execute(
        "create temp table duplicates as select reference as line from runs "
        "where not is_stored and (has_stored or place_in_run > 1)"
    )
    return int(_scalar(connection, "select count(*) from duplicates"))


def _record_drift(connection: duckdb.DuckDBPyConnection, file: LandingFile, names: list[str], origin: str) -> None:
    contract = {column.name: column for column in file.table.columns}
    drift = [(name, "extra") for name in sorted(set(names)) if name not in contract and not file.table.ignores(name)]
    drift += [(n, "missing_optional") for n, c in contract.items() if n not in names and not c.may_be_absent]
    connection.execute("delete from intake.schema_drift where path = ?", [file.name])
    for name, kind in drift:
        connection.execute(f"insert into intake.schema_drift values ({origin}, ?, ?)", [name, kind])


def _record_failure(
    connection: duckdb.DuckDBPyConnection, file: LandingFile, load_id: str, identity: tuple[int, str], reason: str
) -> None:
    connection.begin()
    connection.execute("delete from intake.files where path = ? and status = 'failed'", [file.name])
    connection.execute(
        "insert into intake.files select coalesce(max(file_id), 0) + 1, ?, ?, ?, ?, ?, 0, 0, 0, 0, ?, ?, 'failed', ?, "
        "null from intake.files",
        [file.table.source, file.table.name, file.name, *identity, file.delivered_at, load_id, reason],
    )
    connection.commit()


def _reason(problem: Exception, file: LandingFile) -> str:
    """Why a file is not in. The engine's own messages quote the data, so they are never passed on."""
    if isinstance(problem, BrokenFile):
        return str(problem)
    if isinstance(problem, duckdb.OutOfMemoryException):
        return "needs more memory than allowed; set SEGMENTATION_MEMORY higher, or split the file"
    if isinstance(problem, FileNotFoundError):
        return "vanished before it was read; run intake again"
    if isinstance(problem, PermissionError):
        return "may not be read; grant read permission"
    if file.kind == "parquet":
        return "not readable as Parquet, truncated or damaged; deliver it again"
    return f"not readable as {file.kind.upper()}, truncated or damaged; deliver it again"


def _hold(holds: bool, file: LandingFile, text: str) -> None:
    """Conservation: no row may come or go unaccounted for."""
    if not holds:
        raise CheckFailed(f"{file.path}: rows are not conserved ({text}); nothing of this file was stored")


def _relation(table: Table) -> str:
    return f"{quote(table.schema)}.{quote(table.name)}"


def _rollback(connection: duckdb.DuckDBPyConnection) -> None:
    try:
        connection.rollback()
    except duckdb.TransactionException:
        return  # there was none


def _scalar(connection: duckdb.DuckDBPyConnection, query: str) -> Any:
    row = connection.execute(query).fetchone()
    return row[0] if row else None


def _changed(connection: duckdb.DuckDBPyConnection, statement: str) -> int:
    """Execute an insert and return its number of rows."""
    return int(_scalar(connection, statement))
