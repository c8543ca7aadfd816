"""Defective rows, planted on purpose and recorded: about two per cent of all rows in text files."""

from __future__ import annotations

from datetime import date
from typing import TYPE_CHECKING, Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

if TYPE_CHECKING:
    from scripts.platform.contracts import Table

# kind -> (share of rows, what a typed load should do with the row)
RATES = {
    "text_in_number": (0.0008, "reject"),
    "impossible_date": (0.0007, "reject"),
    "missing_required": (0.0006, "reject"),
    "empty_key": (0.0005, "reject"),
    "stray_whitespace": (0.0140, "accept"),
    "emoji": (0.0025, "accept"),
    "future_date": (0.0003, "accept"),
    "absurd_amount": (0.20, "accept"),  # of the rows marked harmless
    "unknown_currency": (0.20, "accept"),  # of the rows marked harmless
    "exact_duplicate": (0.0120, "dedupe"),
    "changed_duplicate": (0.0012, "accept"),
    "orphan": (0.0010, "accept"),
}
IN_BINARY = ("exact_duplicate", "orphan")
# Tables with few, important rows: rejected rows are added, never put in place of a good one.
MASTER = {"products.product", "campaigns.campaign", "klaviyo.campaign", "shopify.product", "shopify.product_variant"}
MASTER |= {"shopify.inventory_item", "products.product_relation", "paid_media.daily_spend"}
HEADERS = {"shopify.order", "pos.receipt", "marketplace.order", "shopify.customer", "loyalty.member"}
PARENT = {
    "shopify.order_line": "order_id", "pos.receipt_line": "receipt_id", "pos.receipt_payment": "receipt_id",
    "marketplace.order_item": "order_id", "shopify.discount_allocation": "order_line_id",
    "shopify.tax_line": "order_line_id", "shopify.order_line_refund": "order_line_id",
    "shopify.transaction": "order_id", "shopify.fulfillment": "order_id", "loyalty.points_movement": "loyalty_number",
    "campaigns.send": "campaign_id", "zendesk.ticket_tag": "ticket_id", "klaviyo.event": "person_id",
    "returns.return_line": "order_ref",
}  # fmt: skip
# Columns with text typed by a person.
TYPED = ("first_name", "last_name", "name", "title", "city", "shipping_address_city", "comment", "subject",
         "product_name", "description", "ship_name", "campaign_name", "email", "phone", "value")  # fmt: skip
EMOJI = ("🙂", "🌸", "✨", "Zoë 💛")
WORDS = ("n/a", "twelve", "1,2,3", "#REF!", "--")
INVALID_DATES = ("2025-02-30 10:15:00", "31/31/2025", "0000-00-00", "yesterday", "2024-13-01 00:00:00")
# Columns in which a changed duplicate may differ without doing harm.
HARMLESS_TEXT = ("referring_site", "phone", "description", "title", "order_ref", "method", "comment", "city",
                 "tracking_company", "ship_name", "till_id", "email", "reason")  # fmt: skip
FUTURE = ("created_at", "processed_at", "sold_at", "purchased_at", "responded_at", "returned_at", "added_at")
RECORD = pa.schema(
    [("source", pa.string()), ("table", pa.string()), ("path", pa.string()), ("line", pa.int64()),
     ("kind", pa.string()), ("expected", pa.string()), ("record_key", pa.string())]
)  # fmt: skip


class PlantedDefects:
    """Plants defects in the batches of one table and records them."""

    def __init__(self, contract: Table, rng: np.random.Generator, kind: str, end_day: date) -> None:
        self.contract, self.rng, self.kind, self.end_day = contract, rng, kind, end_day
        self.name = f"{contract.source}.{contract.name}"
        self.records: list[pa.Table] = []
        plain = [c for c in contract.columns if c.name not in contract.key and c.name != contract.known_at]
        self.numbers = [c.name for c in contract.columns if c.type.startswith(("decimal", "bigint"))]
        self.instants = [c.name for c in plain if c.type in ("timestamp", "date")]
        self.required = [c.name for c in plain if c.required]
        names = [c.name for c in plain if c.type == "varchar" and not c.required]
        self.typed_text = [n for n in names if n in TYPED]
        self.people_text = [n for n in names if n in TYPED[:11]]
        self.changeable = [n for n in HARMLESS_TEXT if n in names]
        self.future = [n for n in FUTURE if n in {c.name for c in plain}]
        self.amounts = [c.name for c in plain if c.type.startswith("decimal")]
        self.currency = [c.name for c in plain if c.name == "currency"]

    def record(self, path: str, kind: str, expected: str, rows: pa.Table, position: Any, base: int) -> None:
        """Record planted rows; `position` is each row's position in a batch that starts at row `base` of the file."""
        n = rows.num_rows
        if n == 0:
            return
        parts = [pc.fill_null(rows.column(k).cast(pa.string()), "") for k in self.contract.key]
        key = pc.binary_join_element_wise(*parts, "|") if len(parts) > 1 else parts[0]
        first = 2 if self.kind == "csv" else 1
        line = pa.array(np.asarray(position, dtype=np.int64) + base + first)
        same = [self.contract.source, self.contract.name, path]
        columns = [pa.repeat(v, n) for v in same] + [line, pa.repeat(kind, n), pa.repeat(expected, n), key]
        self.records.append(pa.table(columns, schema=RECORD))

    def plant(self, table: pa.Table, harmless: Any, path: str, base: int, keep: int = 0) -> pa.Table:
        """The batch with defects; its first `keep` rows stay as they are."""
        n = table.num_rows
        if n - keep <= 0:
            return table
        clean = table
        extra: list[tuple[str, pa.Table]] = []
        taken = np.zeros(n, dtype=bool)
        taken[:keep] = True
        notes: list[tuple[str, Any]] = []
        in_place = self.kind != "parquet"
        for kind in RATES if in_place else IN_BINARY:
            if not in_place and kind == "orphan" and self.name not in PARENT:
                continue
            targets = self._targets(kind)
            if not targets:
                continue
            allowed = np.asarray(harmless) & ~taken if kind in ("absurd_amount", "unknown_currency") else ~taken
            rows = self._draw(kind, allowed)
            if len(rows) == 0:
                continue
            if kind in ("exact_duplicate", "changed_duplicate", "orphan"):
                copies = clean.take(rows)
                if kind == "changed_duplicate":
                    copies = self._edit(copies, np.arange(len(rows)), targets, lambda m: self._words("changed", m))
                elif kind == "orphan":
                    copies = self._orphans(copies)
                extra.append((kind, copies))
                if kind != "orphan":
                    taken[rows] = True
                continue
            taken[rows] = True
            if self.name in MASTER and RATES[kind][1] == "reject":
                copies = self._new_keys(clean.take(rows), kind)
                extra.append((kind, self._spoil(copies, np.arange(len(rows)), kind, targets)))
            else:
                table = self._spoil(table, rows, kind, targets)
                notes.append((kind, rows))
        for kind, rows in notes:
            self.record(path, kind, RATES[kind][1], clean.take(rows), rows, base)
        position = n
        for kind, copies in extra:
            where = np.arange(position, position + copies.num_rows)
            self.record(path, kind, RATES[kind][1], copies, where, base)
            position += copies.num_rows
        return pa.concat_tables([table, *[copies for _, copies in extra]]) if extra else table

    def _targets(self, kind: str) -> list[str]:
        found = {
            "text_in_number": self.numbers, "impossible_date": self.instants, "missing_required": self.required,
            "empty_key": list(self.contract.key), "stray_whitespace": self.typed_text, "emoji": self.people_text,
            "future_date": self.future, "absurd_amount": self.amounts, "unknown_currency": self.currency,
            "exact_duplicate": ["*"], "changed_duplicate": self.changeable,
            "orphan": [PARENT[self.name]] if self.name in PARENT else [],
        }  # fmt: skip
        return found[kind]

    def _draw(self, kind: str, allowed: Any) -> Any:
        """Rows for a kind of defect: a Poisson number of the allowed ones, in file order."""
        rate = RATES[kind][0]
        if self.name in HEADERS and RATES[kind][1] == "reject":
            rate *= 0.5
        places = np.flatnonzero(allowed)
        count = min(int(self.rng.poisson(rate * len(places))), len(places))
        return np.sort(self.rng.choice(places, count, replace=False))

    def _words(self, kind: str, n: int) -> pa.Array:
        words = {"text_in_number": WORDS, "impossible_date": INVALID_DATES, "changed": ("(amended)", "(changed)"),
                 "unknown_currency": ("XXX", "GPB", "???"), "absurd_amount": ("-49.99", "99999999.00", "-0.01"),
                 "missing_required": ("", " "), "empty_key": ("", " ")}[kind]  # fmt: skip
        if kind in ("missing_required", "empty_key") and self.kind == "jsonl":
            words = ("", "")
        return pa.array(words, pa.string()).take(pa.array(self.rng.integers(0, len(words), n)))

    def _spoil(self, table: pa.Table, rows: Any, kind: str, targets: list[str]) -> pa.Table:
        if kind == "stray_whitespace":
            return self._change(table, rows, targets, lambda old: pc.binary_join_element_wise("  ", old, " ", ""))
        if kind == "emoji":
            marks = pa.array(EMOJI).take(pa.array(self.rng.integers(0, len(EMOJI), len(rows))))
            return self._change(table, rows, targets, lambda old: _with_mark(old, marks))
        if kind == "future_date":
            day = f"{self.end_day.year + 5}-01-15 09:00:00"
            return self._edit(table, rows, targets, lambda n: pa.repeat(day, n))
        return self._edit(table, rows, targets, lambda n: self._words(kind, n))

    def _edit(self, table: pa.Table, rows: Any, targets: list[str], values: Any) -> pa.Table:
        """New values in one target column for each row."""
        which = self.rng.integers(0, len(targets), len(rows))
        for number, name in enumerate(targets):
            part = rows[which == number]
            if len(part):
                table = _replace(table, name, part, values(len(part)))
        return table

    def _change(self, table: pa.Table, rows: Any, targets: list[str], change: Any) -> pa.Table:
        """One target column's values changed in all given rows; nulls stay null."""
        name = targets[int(self.rng.integers(0, len(targets)))]
        return _replace(table, name, rows, change(table.column(name).take(pa.array(rows)).combine_chunks()))

    def _orphans(self, copies: pa.Table) -> pa.Table:
        """Copies with new keys, whose parent does not exist."""
        copies = self._new_keys(copies, "orphan")
        parent = PARENT[self.name]
        return _replace(copies, parent, np.arange(copies.num_rows), _fresh(self.rng, copies.num_rows, "9990"))

    def _new_keys(self, copies: pa.Table, kind: str) -> pa.Table:
        if kind == "empty_key":
            return copies
        key = next((k for k in self.contract.key if k not in self.numbers), self.contract.key[0])
        return _replace(copies, key, np.arange(copies.num_rows), _fresh(self.rng, copies.num_rows, "9991"))


def _fresh(rng: np.random.Generator, n: int, prefix: str) -> pa.Array:
    """Ids that occur nowhere else."""
    numbers = pa.array(rng.integers(10**9, 10**10, n)).cast(pa.string())
    return pc.binary_join_element_wise(prefix, numbers, "")


def _with_mark(old: pa.Array, marks: pa.Array) -> pa.Array:
    return pc.if_else(pc.match_substring(old, "@"), old, pc.binary_join_element_wise(old, marks, " "))


def _replace(table: pa.Table, name: str, rows: Any, values: pa.Array) -> pa.Table:
    mask = np.zeros(table.num_rows, dtype=bool)
    mask[rows] = True
    column = table.column(name).combine_chunks()
    if isinstance(column, pa.ChunkedArray):
        column = column.chunk(0) if column.num_chunks else pa.array([], pa.string())
    if pa.types.is_dictionary(column.type):
        column = column.cast(pa.string())
    new = pc.replace_with_mask(column, pa.array(mask), values)
    return table.set_column(table.column_names.index(name), name, new)
