"""Removes persons from the raw tables: personal rows are deleted; rows with money or counts stay, without the person.

The same rules serve an erasure, which searches all rows for known values, and intake, which compares new rows with
keyed hashes (tombstones) only. The strongest identifier on a row decides whose row it is: accounts before e-mail before
what may change hands. Somebody else's row that contains a person's identifier loses only that identifier.
"""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass, field

import duckdb

from scripts.erasure.normal import ERASED, erased_record_hash, is_erased, keyed_hash, normalised, pseudonym
from scripts.platform.contracts import Table, joined_key
from scripts.platform.privacy import ACCOUNTS, ANY_ORDER, DETAILS, FIELDS_KEPT, IDENTIFIERS, PASSING, RECORDS
from scripts.platform.warehouse import literal, quote, scalar

IDS = "temp.erasure_ids"
TOUCHED = "temp.erasure_touched"
TOMBSTONES = "state.erasure_tombstones"


@dataclass
class Removed:
    """Rows by erasure, table and action: deleted, redacted, mention removed."""

    rows: dict[tuple[str, str, str], int] = field(default_factory=lambda: defaultdict(int))

    def add(self, other: Removed) -> None:
        for key, count in other.rows.items():
            self.rows[key] += count

    def count(self, action: str | None = None) -> int:
        return sum(count for (_, _, done), count in self.rows.items() if action in (None, done))

    def of(self, erasure_id: str) -> dict[str, dict[str, int]]:
        """Per table and action, for one erasure."""
        found: dict[str, dict[str, int]] = defaultdict(dict)
        for (erasure, table, done), count in sorted(self.rows.items()):
            if erasure == erasure_id:
                found[table][done] = count
        return dict(found)


class Redactor:
    """Finds and redacts rows of one open warehouse; `by_hash` compares with tombstones instead of known values.

    Known values are in `temp.erasure_ids(kind, value, erasure_id)`.
    """

    def __init__(self, connection: duckdb.DuckDBPyConnection, country: str, *, by_hash: bool) -> None:
        self.connection, self.country, self.by_hash = connection, country, by_hash

    def find(self, table: Table, scope: str = "true") -> int:
        """Fill `temp.erasure_touched` with the rows of a table that concern an erased person; returns how many.

        Columns: id (rowid), is_own, is_linked, erasure_id, and per identifier column n whether it matched (m<n>).
        """
        relation, privacy = _relation(table), table.privacy
        tests: list[tuple[str, tuple[str, ...]]] = [
            (name, (kind,)) for name, kind in privacy.columns.items() if kind in IDENTIFIERS
        ]
        own_count = len(tests)
        tests += [(name, RECORDS[:3] if kind == ANY_ORDER else (kind,)) for name, kind in privacy.links.items()]
        if privacy.record:
            tests.append((table.key[0], (privacy.record,)))
        self.connection.execute(f"drop table if exists {TOUCHED}")
        hits = [self._hits(position, relation, name, kinds, scope) for position, (name, kinds) in enumerate(tests)]
        if not any(hits):
            return 0
        joins = " ".join(
            f"left join temp.erasure_hit_{i} as h{i} on r.{quote(name)} = h{i}.v" for i, (name, _) in enumerate(tests)
        )
        matched = [f"h{i}.v is not null" for i in range(len(tests))]
        record = matched[-1] if privacy.record else "false"
        linked = " or ".join(matched[own_count : own_count + len(privacy.links)]) or "false"
        flags = ", ".join(f"{test} as m{i}" for i, test in enumerate(matched[:own_count]))
        self.connection.execute(
            f"create temp table erasure_touched as select r.rowid as id, "
            f"coalesce({record} or {self._is_own(table, tests[:own_count], matched)}, false) as is_own, "
            f"{linked} as is_linked, coalesce({', '.join(f'h{i}.erasure_id' for i in range(len(tests)))}) as erasure_id"
            f"{', ' + flags if flags else ''} from {relation} as r {joins} "
            f"where ({' or '.join(matched)}) and ({scope})"
        )
        return int(scalar(self.connection, f"select count(*) from {TOUCHED}"))

    def redact(self, table: Table, scope: str = "true") -> Removed:
        """Redact or delete what `find` finds, and update the ledger and the confirmations accordingly."""
        removed = Removed()
        if table.privacy.rows in ("none", "request") or not self.find(table, scope):
            return removed
        if self.by_hash:
            self._extend_tombstones(table)
        self._delete_confirmations(table)
        if table.privacy.rows == "delete":
            self._delete(table, removed, f"select id from {TOUCHED} where is_own")
        self._update(table, removed)
        if table.privacy.rows == "anchor":
            self._keep_one_anchor(table, removed)
        return removed

    def _hits(self, position: int, relation: str, name: str, kinds: tuple[str, ...], scope: str) -> int:
        """Create a temporary table of a column's raw values that belong to a person; returns how many."""
        column = quote(name)
        matches = " union all ".join(
            f"select v, erasure_id from given inner join {TOMBSTONES} as t on t.identifier_type = {literal(kind)} "
            f"and t.identifier_hash = {keyed_hash(kind, normalised(kind, 'v', self.country))}"
            if self.by_hash
            else f"select v, erasure_id from given inner join {IDS} as t on t.kind = {literal(kind)} "
            f"and t.value = {normalised(kind, 'v', self.country)}"
            for kind in kinds
        )
        self.connection.execute(
            f"create or replace temp table erasure_hit_{position} as "
            f"with given as (select distinct {column} as v from {relation} as r "
            f"where {column} is not null and ({scope})) "
            f"select v, min(erasure_id) as erasure_id from ({matches}) as matches group by v"
        )
        return int(scalar(self.connection, f"select count(*) from temp.erasure_hit_{position}"))

    def _is_own(self, table: Table, tests: list[tuple[str, tuple[str, ...]]], matched: list[str]) -> str:
        """SQL: whether the row is about the person, by the strongest identifier on it."""

        def any_of(kinds: tuple[str, ...]) -> str:
            found = [matched[i] for i, (_, (kind, *_)) in enumerate(tests) if kind in kinds]
            return f"({' or '.join(found) or 'false'})"

        def shown(kinds: tuple[str, ...]) -> str:
            # A profile's own id does not show whose it is.
            own_key = table.key if table.privacy.rows == "delete" else ()
            found = [f"r.{quote(n)} is not null" for n, (kind, *_) in tests if kind in kinds and n not in own_key]
            return f"({' or '.join(found) or 'false'})"

        email = any_of(("email",))
        if table.privacy.rows != "delete":
            email = f"({email} and not {shown(ACCOUNTS)})"
        passing = f"({any_of(PASSING)} and not {shown(ACCOUNTS)} and not {shown(('email',))})"
        return f"({any_of(ACCOUNTS)} or {email} or {passing})"

    def _delete(self, table: Table, removed: Removed, ids: str) -> None:
        """Delete rows found by `find`, and count them."""
        for erasure_id, count in self.connection.execute(
            f"select t.erasure_id, count(*) from {TOUCHED} as t where t.id in ({ids}) group by all"
        ).fetchall():
            removed.rows[erasure_id, table.label, "deleted"] += count
        self.delete_rows(table, ids)

    def delete_rows(self, table: Table, ids: str) -> None:
        """Delete rows by a query of their rowid; the ledger records them as erased."""
        relation = _relation(table)
        self.connection.execute(
            f"update intake.files set accepted_rows = accepted_rows - gone.rows, "
            f"erased_rows = coalesce(erased_rows, 0) + gone.rows from "
            f"(select _file_id, count(*) as rows from {relation} where rowid in ({ids}) group by _file_id) as gone "
            f"where files.file_id = gone._file_id"
        )
        self.connection.execute(f"delete from {relation} where rowid in ({ids})")

    def _update(self, table: Table, removed: Removed) -> None:
        privacy, is_there = table.privacy, []
        changes: list[tuple[str, str]] = []
        required = {column.name for column in table.columns if column.required}
        identifiers = [name for name, kind in privacy.columns.items() if kind in IDENTIFIERS]
        for name, kind in privacy.columns.items():
            column = f"r.{quote(name)}"
            if kind in IDENTIFIERS:
                stays = name in required or kind == "browser_id"
                value = pseudonym(kind, column) if stays else "null"
                test = f"(t.is_own or t.m{identifiers.index(name)})"
                given = f"({column} is not null and not {is_erased(column)})"
            elif kind in (*DETAILS, "field_value"):
                value = literal(ERASED) if name in required else "null"
                test, given = "(t.is_own or t.is_linked)", f"({column} is distinct from {value})"
                if kind == "field_value":
                    kept = ", ".join(literal(known) for known in FIELDS_KEPT)
                    given = f"({given} and r.field_name not in ({kept}))"
                    test = f"({test} and r.field_name not in ({kept}))"
            else:
                continue
            changes.append((quote(name), f"case when {test} and {given} then {value} else {column} end"))
            is_there.append(f"({test} and {given})")
        if not changes:
            return
        relation = _relation(table)
        self.connection.execute(
            f"create or replace temp table erasure_changed as select t.* from {TOUCHED} as t "
            f"inner join {relation} as r on r.rowid = t.id where {' or '.join(is_there)}"
        )
        for erasure_id, done, count in self.connection.execute(
            "select erasure_id, case when is_own or is_linked then 'redacted' else 'mention removed' end as done, "
            "count(*) from temp.erasure_changed group by all"
        ).fetchall():
            removed.rows[erasure_id, table.label, done] += count
        values = ", ".join(f"{value} as {name}" for name, value in changes)
        taken = ", ".join(f"{name} = changed.{name}" for name, _ in changes)
        self.connection.execute(
            f"update {relation} as target set {taken}, _record_hash = {erased_record_hash('target._record_hash')} "
            f"from (select t.id, {values} from temp.erasure_changed as t "
            f"inner join {relation} as r on r.rowid = t.id) as changed where target.rowid = changed.id"
        )

    def _keep_one_anchor(self, table: Table, removed: Removed) -> None:
        """Keep only the newest of the redacted rows of each pseudonym."""
        key, relation = quote(table.key[0]), _relation(table)
        newest = f"{quote(table.known_at)} desc nulls last, " if table.known_at else ""
        self.connection.execute(
            f"create or replace temp table erasure_spare as select id from (select rowid as id, row_number() over ("
            f"partition by {key} order by (_file_id in (select file_id from intake.files)) desc, {newest}rowid) "
            f"as place from {relation} where {is_erased(key)}) as anchors where place > 1"
        )
        # A row just counted as redacted is now deleted instead.
        for erasure_id, count in self.connection.execute(
            "select erasure_id, count(*) from temp.erasure_changed where id in (select id from temp.erasure_spare) "
            "group by all"
        ).fetchall():
            removed.rows[erasure_id, table.label, "redacted"] -= count
        self._delete(table, removed, "select id from temp.erasure_spare")

    def _delete_confirmations(self, table: Table) -> None:
        """Delete confirmations of rows that are deleted, or whose key is personal."""
        personal_key = any(name in table.privacy.columns for name in table.key)
        which = "is_own" if table.privacy.rows == "delete" or personal_key else "false"
        self.connection.execute(
            f"delete from intake.confirmations where source_name = {literal(table.source)} "
            f"and table_name = {literal(table.name)} and record_key in (select {joined_key(table, chr(31))} "
            f"from {_relation(table)} where rowid in (select id from {TOUCHED} where {which}))"
        )

    def _extend_tombstones(self, table: Table) -> None:
        """Add tombstones for new records and accounts of an erased person, so that references to them are found."""
        wanted = [(table.key[0], table.privacy.record)] if table.privacy.record else []
        if table.privacy.rows in ("delete", "anchor"):
            wanted += [(name, kind) for name, kind in table.privacy.columns.items() if kind in ACCOUNTS]
        for name, kind in wanted:
            value = normalised(kind, f"r.{quote(name)}", self.country)
            self.connection.execute(
                f"insert into {TOMBSTONES} select distinct {literal(kind)}, {keyed_hash(kind, value)}, t.erasure_id, "
                f"cast(current_timestamp at time zone 'UTC' as timestamp) from {TOUCHED} as t "
                f"inner join {_relation(table)} as r on r.rowid = t.id where t.is_own and {value} is not null "
                f"and not {is_erased(f'r.{quote(name)}')} and not exists (select 1 from {TOMBSTONES} as known "
                f"where known.identifier_type = {literal(kind)} and known.identifier_hash = {keyed_hash(kind, value)})"
            )


def _relation(table: Table) -> str:
    return f"{quote(table.schema)}.{quote(table.name)}"


def candidates(redactor: Redactor, table: Table) -> list[tuple[str, str]]:
    """Kind and normalised value of every identifier and record on the person's own rows; call it after `find`."""
    wanted = [(name, kind) for name, kind in table.privacy.columns.items() if kind in IDENTIFIERS]
    if table.privacy.record:
        wanted.append((table.key[0], table.privacy.record))
    selects = [
        f"select {literal(kind)} as kind, {normalised(kind, f'r.{quote(name)}', redactor.country)} as value "
        f"from {_relation(table)} as r inner join {TOUCHED} as t on r.rowid = t.id "
        f"where t.is_own and r.{quote(name)} is not null and not {is_erased(f'r.{quote(name)}')}"
        for name, kind in wanted
    ]
    if not selects:
        return []
    found = redactor.connection.execute(
        f"select distinct kind, value from ({' union all '.join(selects)}) as found "
        "where value is not null order by all"
    ).fetchall()
    return [(kind, value) for kind, value in found]
