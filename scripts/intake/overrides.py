"""The data team's decisions about single records that the load carries out."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

import duckdb

from scripts.intake.landing import BrokenFile, LandingFile
from scripts.intake.rejects import latest_payload
from scripts.platform.contracts import Source, Table
from scripts.platform.warehouse import changed

REPLAYED = "overrides/replayed"
# The newest version of every decision.
DECISIONS = """
    select distinct on (override_id)
        * replace (lower(action) as action, lower(source_name) as source_name, lower(table_name) as table_name)
    from raw_overrides.record_override
    order by override_id, decided_at desc, _record_hash
"""


@dataclass(frozen=True)
class Replacement:
    """A record to load again with corrected fields; each decision is carried out once."""

    override_id: str
    source_name: str
    table_name: str
    record_key: str
    corrected_fields: str | None
    decided_at: datetime

    @property
    def name(self) -> str:
        """Its path in the ledger."""
        return f"{REPLAYED}/{hashlib.sha256(self.override_id.encode()).hexdigest()[:16]}.jsonl"

    @property
    def checksum(self) -> str:
        """Changes when the decision changes, not when the record does, so that newer data is not overwritten again."""
        text = repr((self.override_id, self.source_name, self.table_name, self.record_key, self.corrected_fields,
                     self.decided_at))  # fmt: skip
        return hashlib.blake2b(text.encode(), digest_size=16).hexdigest()

    def file(self, connection: duckdb.DuckDBPyConnection, sources: dict[str, Source], folder: Path) -> LandingFile:
        """Write the corrected record as a delivery of its table; BrokenFile when the decision is invalid."""
        table = self._table(sources)
        payload = latest_payload(connection, table, self.record_key, self.decided_at)
        if payload is None:
            raise BrokenFile(f"{table.label} has no record with this key; correct record_key, or wait for the record")
        record = json.loads(payload)
        record.pop("_raw", None)
        record.update(self._corrections(table))
        if table.known_at:
            record[table.known_at] = self.decided_at.isoformat(sep=" ")
        folder.mkdir(parents=True, exist_ok=True)
        path = folder / Path(self.name).name
        path.write_text(json.dumps(record, ensure_ascii=False) + "\n", encoding="utf-8")
        return LandingFile(path, self.name, table, ".jsonl", self.decided_at)

    def _table(self, sources: dict[str, Source]) -> Table:
        source = sources.get(self.source_name)
        table = source.tables.get(self.table_name) if source else None
        if table is None:
            raise BrokenFile("there is no such source and table; correct source_name or table_name")
        return table

    def _corrections(self, table: Table) -> dict[str, object]:
        try:
            fields = json.loads(self.corrected_fields or "")
        except ValueError:
            fields = None
        if not isinstance(fields, dict) or not fields:
            raise BrokenFile('corrected_fields must be a JSON object such as {"unit_price": "12.50"}')
        unknown = sorted(set(fields) - {column.name for column in table.columns})
        if unknown:
            raise BrokenFile(f"{table.label} has no column {', '.join(unknown)}; correct corrected_fields")
        return fields


def replacements(connection: duckdb.DuckDBPyConnection) -> Iterator[Replacement]:
    """The newest version of every decision to replace a record, in the order in which they were made."""
    yield from (
        Replacement(*row)
        for row in connection.execute(
            f"""
            select override_id, source_name, table_name, record_key, corrected_fields, decided_at
            from ({DECISIONS}) as decisions
            where action = 'replace'
            order by decided_at, override_id
            """
        ).fetchall()
    )


def waive(connection: duckdb.DuckDBPyConnection) -> int:
    """Close the refused rows that an override waives; returns how many.

    A row that could not be typed cannot be loaded as it is: once waived, it stays out and need not be repaired.
    """
    return changed(
        connection,
        f"""
        update intake.rejects as refused set
            state = 'waived', closed_at = decision.decided_at, closed_by = 'override ' || decision.override_id
        from ({DECISIONS}) as decision
        where refused.state = 'open' and decision.action = 'waive'
            and refused.source_name = decision.source_name and refused.table_name = decision.table_name
            and refused.record_key = decision.record_key
            and (decision.rule_key is null or decision.rule_key = refused.rule)
        """,
    )
