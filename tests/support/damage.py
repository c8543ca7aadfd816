"""How a damaged delivery is described: the bytes of one file, and the expected result of every row in it.

The expectation is written by hand beside the bytes, never read from the load. `KEY` in a text stands for a key unique
to the case, so that all cases can share one landing zone.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from datetime import date, datetime
from decimal import Decimal
from typing import Any

from scripts.platform.contracts import Table

PAYMENT = "pos/receipt_payment"
PAYMENTS = "receipt_id,payment_number,method,amount,synced_at"
STAMP = "2026-01-05 10:00:00"
AT = datetime(2026, 1, 5, 10)

Row = dict[str, Any]


@dataclass(frozen=True)
class Refused:
    """A row that must be refused: its line, its rule (or several, joined by |), words from its reason, and texts that
    its payload must contain."""

    line: int
    rule: str
    words: str
    holds: tuple[str, ...] = ()


@dataclass
class Damage:
    """One kind of damage: a file of `table`, and its rows as they must be stored (`accepted`, each with `_line`).

    Columns that an expected row lacks are not checked, nor is drift where None is expected.
    """

    name: str
    content: bytes
    accepted: list[Row]
    refused: list[Refused] = field(default_factory=list)
    table: str = PAYMENT
    suffix: str = "csv"
    duplicates: int = 0
    encoding: str | None = "utf-8"
    drift: set[tuple[str, str]] | None = None
    file_name: str | None = None

    @property
    def path(self) -> str:
        return f"{self.table}/{self.file_name or key_of(self.name) + '_2026-02-01.' + self.suffix}"

    @property
    def counts(self) -> tuple[int, int, int, int]:
        """Landed, accepted, duplicates, rejected."""
        parts = (len(self.accepted), self.duplicates, len(self.refused))
        return (sum(parts), *parts)


def key_of(name: str) -> str:
    """The key that `KEY` stands for in the case of this name."""
    return re.sub("[^a-z0-9]+", "-", name.lower()).strip("-")


def paid(line: int | None, receipt: str, method: str = "card", amount: str = "1.50", **others: Any) -> Row:
    """A payment as it must be stored; with `line` None the line is not checked."""
    row: Row = {"receipt_id": receipt, "payment_number": 1, "method": method, "amount": Decimal(amount)}
    row |= {"synced_at": AT} | others
    return row if line is None else row | {"_line": line}


def payments(
    name: str,
    *rows: str,
    accepted: list[Row] | None = None,
    refused: list[Refused] | None = None,
    header: str = PAYMENTS,
    ends: str = "\n",
    coding: str = "utf-8",
    last_line: int | None = 0,
    **others: Any,
) -> Damage:
    """A CSV file of payments: a good row in line 2, the damaged `rows` from line 3 on, and a good row."""
    text = ends.join([header, f"KEY first,1,card,1.50,{STAMP}", *rows, f"KEY last,1,cash,-2,{STAMP}", ""])
    line = 3 + len(rows) if last_line == 0 else last_line
    kept = [paid(2, "KEY first"), *(accepted or []), paid(line, "KEY last", "cash", "-2")]
    return table_file(name, PAYMENT, text, kept, refused, coding, **({"drift": set()} | others))


def table_file(
    name: str,
    table: str,
    text: str,
    accepted: list[Row],
    refused: list[Refused] | None = None,
    coding: str = "utf-8",
    **others: Any,
) -> Damage:
    """A text file of any table."""
    key = key_of(name)

    def keyed(value: Any) -> Any:
        return value.replace("KEY", key) if isinstance(value, str) else value

    rows = [{column: keyed(value) for column, value in row.items()} for row in accepted]
    refusals = [Refused(one.line, one.rule, one.words, tuple(map(keyed, one.holds))) for one in refused or []]
    return Damage(name, keyed(text).encode(coding), rows, refusals, table, **others)


def good_row(table: Table, key: str) -> Row:
    """A valid row of any table, with values of the contract's types."""
    examples: Row = {
        "bigint": 7,
        "decimal(18,4)": Decimal("12.5"),
        "boolean": True,
        "timestamp": AT,
        "date": date(2026, 1, 5),
    }
    return {column.name: examples.get(column.type, f"{key} {column.name}") for column in table.columns}
