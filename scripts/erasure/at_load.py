"""At intake: keeps erased persons out of the warehouse when their data is delivered again."""

from __future__ import annotations

import duckdb

from scripts.erasure.normal import erased_record_hash
from scripts.erasure.redact import TOMBSTONES, Redactor
from scripts.erasure.refused import ids_with_tombstones, redact_new_refused
from scripts.erasure.state import has_tombstones, restore_state, save_state
from scripts.platform.contracts import Source, Table, joined_key
from scripts.platform.warehouse import changed, literal, quote, scalar
from scripts.platform.workspace import Workspace


class LoadGuard:
    """Checks the rows of each new file against the tombstones, within the transaction that stores them.

    Does nothing as long as nobody has been erased.
    """

    def __init__(self, connection: duckdb.DuckDBPyConnection, workspace: Workspace, country: str) -> None:
        restore_state(connection, workspace)
        self.connection, self.workspace, self.country = connection, workspace, country
        self.is_on = has_tombstones(connection)
        self._redactor = Redactor(connection, country, by_hash=True)
        self._tombstones = self._count()

    def match_erased_content(self, table: Table) -> None:
        """Recognise delivered content that was erased after it was stored: its rows are stored under keyed hashes.

        `temp.repeated_rows` has the delivered rows (key, hash) of records that are repeated in the file or stored.
        """
        if not self.is_on or table.privacy.rows == "none":
            return
        relation = f"{quote(table.schema)}.{quote(table.name)}"
        self.connection.execute(
            f"update temp.repeated_rows as repeated set hash = {erased_record_hash('repeated.hash')} "
            f"from {relation} as stored where {joined_key(table, chr(31))} = repeated.key "
            f"and stored._record_hash = {erased_record_hash('repeated.hash')}"
        )

    def new_rows(self, table: Table, file_id: int) -> int:
        """Redact the rows of a file; returns how many of its accepted rows are deleted again."""
        if not self.is_on:
            return 0
        scope = f"_file_id = {file_id}"
        deleted = self._redactor.redact(table, scope).count("deleted")
        redact_new_refused(self.connection, table, file_id, self.country)
        if columns := table.privacy.of_kind("any_value"):
            deleted += self._decisions(table, columns, scope)
        return deleted

    def finish(self, sources: dict[str, Source], load_id: str) -> None:
        """Redact this load once more if it added new accounts or records of erased people."""
        if not self.is_on or self._count() == self._tombstones:
            return
        self.connection.begin()
        for source in sources.values():
            for table in source.tables.values():
                if table.privacy.rows not in ("none", "request"):
                    self._redactor.redact(table, f"_load_id = {literal(load_id)}")
        self.connection.commit()
        save_state(self.connection, self.workspace)

    def _decisions(self, table: Table, columns: list[str], scope: str) -> int:
        """Delete decisions about a record of an erased person."""
        relation = f"{quote(table.schema)}.{quote(table.name)}"
        joined = ", ".join(quote(name) for name in columns)
        rows = self.connection.execute(
            f"select rowid, concat_ws(chr(10), {joined}) from {relation} where {scope}"
        ).fetchall()
        hits = ids_with_tombstones(self.connection, rows, self.country)
        if hits:
            ids = ", ".join(str(number) for number in sorted(hits))
            return changed(self.connection, f"delete from {relation} where rowid in ({ids})")
        return 0

    def _count(self) -> int:
        return int(scalar(self.connection, f"select count(*) from {TOMBSTONES}")) if self.is_on else 0
