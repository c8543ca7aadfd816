"""Stores refused rows, and closes them when they are repaired."""

from __future__ import annotations

from datetime import datetime

import duckdb

from scripts.intake.typed_rows import HINTS, TypedRows, key_text
from scripts.intake.versions import relation
from scripts.platform.contracts import Table
from scripts.platform.warehouse import changed, literal, quote

# What is removed from a line that cannot be split, where its table has columns that must not be stored: card numbers
# and IP addresses. In a row that can be split, these columns are known by name.
CARD_NUMBER = r"\b(?:[0-9]{4}[ -]?){3}[0-9]{3,7}\b"
IP_ADDRESS = r"\b[0-9]{1,3}(?:[.][0-9]{1,3}){3}\b"


class RejectStore:
    """Stores the refused rows of one file of one load."""

    def __init__(
        self, connection: duckdb.DuckDBPyConnection, table: Table, path: str, load_id: str, file_id: int,
        delivered_at: datetime,
    ) -> None:  # fmt: skip
        self.connection, self.table, self.path, self.file_id = connection, table, path, file_id
        self.delivered_at = delivered_at
        self._constant = (
            f"{literal(table.source)} as source_name, {literal(table.name)} as table_name, {literal(path)} as path, "
            f"'error' as severity, {literal(load_id)} as load_id, {file_id} as file_id, "
            f"timestamp {literal(str(delivered_at))} as delivered_at, 'open' as state"
        )

    def store(self, rows: TypedRows) -> int:
        """Store the rows that break the contract; returns how many."""
        return changed(
            self.connection,
            f"insert into intake.rejects by name select {self._constant}, _line as line_number, _key as record_key, "
            f"_reason as reason, _rule as rule, _hint as repair_hint, _payload as payload, _value as value_at_risk, "
            f"_currency as currency from ({rows.bad()}) as bad order by _line",
        )

    def store_unreadable(self, lines: str, rule: str) -> int:
        """Store lines that cannot be read as rows; `lines` is a query with `line`, `reason` and `raw`."""
        raw = "raw"
        for pattern in (CARD_NUMBER, IP_ADDRESS) if self.table.ignored else ():
            raw = f"regexp_replace({raw}, {literal(pattern)}, '[left out]', 'g')"
        return changed(
            self.connection,
            f"insert into intake.rejects by name select {self._constant}, line as line_number, reason, "
            f"{literal(rule)} as rule, {literal(HINTS[rule])} as repair_hint, "
            f"cast(json_object('_raw', {raw}) as varchar) as payload from ({lines}) as unreadable order by line",
        )

    def close_repaired(self, rows: TypedRows) -> None:
        """Close the refused rows that this delivery repairs, and its own that a later delivery has repaired already.

        A later delivery with only an exact copy of a stored version leaves no trace, so it counts only where it is
        loaded after the refused row.
        """
        mine = f"source_name = {literal(self.table.source)} and table_name = {literal(self.table.name)}"
        delivery = f"timestamp {literal(str(self.delivered_at))}"
        close = f"update intake.rejects set state = 'repaired', closed_at = {delivery}, closed_by = "
        self.connection.execute(
            f"{close} {literal(f'file delivered again: {self.path}')} "
            f"where state = 'open' and {mine} and path = ? and file_id <> {self.file_id}",
            [self.path],
        )
        open_before = (
            f"select record_key from intake.rejects where state = 'open' and {mine} and record_key is not null "
            f"and delivered_at <= {delivery} and file_id <> {self.file_id}"
        )
        if self._any(open_before):
            good = rows.good(where=f"{key_text(self.table)} in ({open_before})")
            self.connection.execute(
                f"{close} {literal(f'delivered again in {self.path}')} where state = 'open' and {mine} "
                f"and delivered_at <= {delivery} and file_id <> {self.file_id} and record_key in "
                f"(select {key_text(self.table)} from ({good}) as good)"
            )
        own = f"state = 'open' and file_id = {self.file_id} and record_key is not null"
        if self._any(f"select 1 from intake.rejects where {own}"):
            self.connection.execute(
                f"""
                update intake.rejects as refused set
                    state = 'repaired', closed_at = later.delivered_at,
                    closed_by = 'already repaired by a later delivery'
                from (
                    select key, max(delivered_at) as delivered_at
                    from (
                        select {key_text(self.table)} as key, _delivered_at as delivered_at
                        from {relation(self.table)} where _file_id <> {self.file_id}
                        union all
                        select replace(record_key, chr(31), '|'), delivered_at
                        from intake.confirmations where {mine} and file_id <> {self.file_id}
                    ) as deliveries
                    where key in (select record_key from intake.rejects where {own})
                    group by all
                ) as later
                where refused.state = 'open' and refused.file_id = {self.file_id}
                    and refused.record_key = later.key and later.delivered_at >= refused.delivered_at
                """
            )

    def _any(self, query: str) -> bool:
        return self.connection.execute(f"{query} limit 1").fetchone() is not None


def latest_payload(connection: duckdb.DuckDBPyConnection, table: Table, key: str, decided_at: datetime) -> str | None:
    """The record that an override corrects, as JSON text: the last open refused row, else the last stored version.

    Versions that came after the decision were not known when it was made, so they are used only where there is nothing
    else: when everything is reloaded, a past correction must not contain what the source delivered later. Refused rows
    of the day of the decision count too, since a decision is often dated without a time.
    """
    decided = f"timestamp {literal(str(decided_at))}"
    fields = ", ".join(f"{literal(c.name)}, cast({quote(c.name)} as varchar)" for c in table.stored_columns)
    known_at = f"coalesce({quote(table.known_at)}, _delivered_at)" if table.known_at else "_delivered_at"
    found = connection.execute(
        f"""
        select payload from (
            select
                payload, 1 as origin, delivered_at as known_at, delivered_at, file_id, line_number, 0 as hash,
                delivered_at < date_trunc('day', {decided}) + interval 1 day as was_there
            from intake.rejects
            where source_name = ? and table_name = ? and record_key = ? and state = 'open'
            union all
            select cast(json_object({fields}) as varchar), 2, {known_at}, _delivered_at, 0, 0, _record_hash,
                {known_at} <= {decided}
            from {relation(table)} where {key_text(table)} = ?
        )
        order by was_there desc, origin, known_at desc, delivered_at desc, file_id desc, line_number desc, hash
        limit 1
        """,
        [table.source, table.name, key, key],
    ).fetchone()
    return str(found[0]) if found else None
