"""After the first load of a retailer's own data: which business day it describes, and since when its records are known.

A history that is loaded in one go has no past deliveries. Rows without a timestamp of their source, in files whose name
has no day, would all be known from today on, and a day in the past would find nothing. They count as known from the day
on which they happened, and such history is marked as reconstructed.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

import duckdb

from scripts.platform.contracts import Source, Table
from scripts.platform.files import replace_file
from scripts.platform.settings import DAY, MADE_FROM, Settings, store_settings
from scripts.platform.warehouse import literal, quote, scalar
from scripts.platform.workspace import Workspace

# Columns that say when what a row is about happened, the first that a table has; not the load's or a sync's stamp.
HAPPENED = (
    "timestamp", "datetime", "occurred_at", "purchased_at", "sold_at", "processed_at", "created_at", "returned_at",
    "responded_at", "clicked_at", "counted_at", "sent_at", "joined_at",
)  # fmt: skip
# A file whose name ends in the day of its delivery.
NAMED_DAY = "_[0-9]{4}-[0-9]{2}-[0-9]{2}[.]"
# Row of intake.engine that says how many rows have a reconstructed history.
RECONSTRUCTED = "reconstructed_rows"


def is_first_load(connection: duckdb.DuckDBPyConnection, load_id: str) -> bool:
    """Whether nothing was loaded before, and this load did load something."""
    before, now = connection.execute(
        "select count(*) filter (where load_id <> $load), count(*) filter (where load_id = $load)"
        " from intake.files where status = 'loaded'",
        {"load": load_id},
    ).fetchone() or (0, 0)
    return before == 0 and now > 0


def settle_first_load(
    connection: duckdb.DuckDBPyConnection, workspace: Workspace, sources: dict[str, Source], settings: Settings
) -> list[str]:
    """Reconstruct since when rows are known, and state the day in the settings file where it lies in the past.

    Returns what was done, one line each. Generated data say their day themselves.
    """
    if MADE_FROM in settings.landing:
        return []
    tables = [_Dated.of(table) for source in sources.values() for table in source.tables.values()]
    times = [
        row
        for dated in tables
        if dated.happened
        for row in connection.execute(
            f"select min({quote(dated.happened)}), max({quote(dated.happened)}) from {dated.relation}"
            f" where {quote(dated.happened)} < $end",
            {"end": _end_of(_yesterday(settings), settings)},
        ).fetchall()
        if row[0] is not None
    ]
    if not times:
        return []
    first, last = min(row[0] for row in times), max(row[1] for row in times)
    lines = []
    if count := sum(_reconstruct(connection, dated, tables, first) for dated in tables):
        connection.execute("delete from intake.engine where name = ?", [RECONSTRUCTED])
        connection.execute("insert into intake.engine values (?, ?)", [RECONSTRUCTED, str(count)])
        lines.append(
            f"first load: {count:,} rows without a timestamp of their source count as known from the day they happened"
        )
    newest = _business_day(last, settings)
    day = date.fromisoformat(str(settings.values[DAY])) if DAY in settings.values else _yesterday(settings)
    if DAY not in settings.values and newest < day:
        day = newest
        _state_day(connection, workspace, settings, newest)
        lines.append(
            f"first load: nothing happened after {newest}, so {DAY} is {newest}, written to {workspace.settings_file}; "
            "delete it there once data arrive daily"
        )
    filled = {dated: known_at for dated in tables if (known_at := _first_known(connection, dated))}
    known = _business_day(min(filled.values()), settings)
    if known > day:
        stamps = sorted({dated.table.known_at for dated in filled if dated.table.known_at})
        left_out = f", or leave {', '.join(stamps)} out of the files if that is the time of an export" if stamps else ""
        lines.append(
            f"first load: all rows became known on {known} or later, so a build for {day} knows none of them: "
            f"set {DAY} to {known}{left_out}"
        )
    return lines


def _state_day(connection: duckdb.DuckDBPyConnection, workspace: Workspace, settings: Settings, day: date) -> None:
    """Write the business day into the settings file, in which all else stays, and into the warehouse."""
    stated = {**(workspace.landing_settings() or {}), DAY: day.isoformat()}
    replace_file(workspace.settings_file, json.dumps(stated, indent=2, ensure_ascii=False) + "\n")
    store_settings(connection, {**settings.landing, DAY: day.isoformat()})


@dataclass(frozen=True)
class _Dated:
    """A table with the column that says when its rows happened, if it has one."""

    table: Table
    happened: str | None

    @classmethod
    def of(cls, table: Table) -> _Dated:
        times = [
            column.name for column in table.columns if column.type == "timestamp" and column.name != table.known_at
        ]
        return cls(table, next((name for name in HAPPENED if name in times), None))

    @property
    def relation(self) -> str:
        return f"{quote(self.table.schema)}.{quote(self.table.name)}"

    def parent(self, tables: list[_Dated]) -> tuple[_Dated, str] | None:
        """The table that this one gives details of, such as the receipt of its lines, and the column that names it."""
        names = {column.name for column in self.table.columns}
        for other in tables:
            if other.table.source != self.table.source or other.table == self.table or not other.happened:
                continue
            column = f"{other.table.name}_id"
            if len(other.table.key) == 1 and other.table.key[0] in (column, "id") and column in names:
                return other, column
        return None


def _reconstruct(connection: duckdb.DuckDBPyConnection, dated: _Dated, tables: list[_Dated], first: datetime) -> int:
    """Let the rows of a table without a stamp be known since they happened; returns how many there are.

    A detail happened with what it is a detail of; what has no time at all, such as a catalogue, was there all along.
    """
    stamp = dated.table.known_at
    unstamped = (
        f"exists (select 1 from intake.files as files where files.file_id = stored._file_id"
        f" and not regexp_matches(parse_filename(files.path), {literal(NAMED_DAY)}))"
        + (f" and stored.{quote(stamp)} is null" if stamp else "")
    )
    happened = f"stored.{quote(dated.happened)}" if dated.happened else "cast(null as timestamp)"
    if not dated.happened and (parent := dated.parent(tables)):
        other, column = parent
        happened = (
            f"(select min(parents.{quote(other.happened or '')}) from {other.relation} as parents"
            f" where parents.{quote(other.table.key[0])} = stored.{quote(column)})"
        )
    earliest = f"timestamp {literal(str(first))}"
    return int(
        scalar(
            connection,
            f"update {dated.relation} as stored"
            f" set _delivered_at = least(coalesce({happened}, {earliest}), _delivered_at) where {unstamped}",
        )
        or 0
    )


def _first_known(connection: duckdb.DuckDBPyConnection, dated: _Dated) -> datetime | None:
    """When the first row of a table became known; None where it has no rows."""
    stamp = f"{quote(dated.table.known_at)}, " if dated.table.known_at else ""
    found = scalar(connection, f"select min(coalesce({stamp}_delivered_at)) from {dated.relation}")
    return found if isinstance(found, datetime) else None


def _business_day(instant: datetime, settings: Settings) -> date:
    return instant.replace(tzinfo=UTC).astimezone(ZoneInfo(settings["business_timezone"])).date()


def _yesterday(settings: Settings) -> date:
    return datetime.now(ZoneInfo(settings["business_timezone"])).date() - timedelta(days=1)


def _end_of(day: date, settings: Settings) -> datetime:
    """The instant in UTC at which a business day ends."""
    zone = ZoneInfo(settings["business_timezone"])
    return datetime.combine(day + timedelta(days=1), datetime.min.time(), zone).astimezone(UTC).replace(tzinfo=None)
