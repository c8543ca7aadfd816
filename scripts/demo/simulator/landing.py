"""Landing files: takes tables, writes delivered files, with planted defects and their record."""

from __future__ import annotations

import gzip
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from scripts.demo.simulator.arrays import DAY, NULL, Ints, Streams, day_number, text, to_utc
from scripts.demo.simulator.identity_edge_cases import DetectedProfiles
from scripts.demo.simulator.model import LATE_DAYS
from scripts.demo.simulator.planted_defects import PlantedDefects
from scripts.platform.contracts import Table, load_contracts

BATCH = 100_000
PARQUET = {("klaviyo", "event"), ("web", "pages"), ("web", "product_viewed"), ("web", "product_added")}
PARQUET |= {("web", "identifies"), ("web", "order_completed")}
JSON_LINES = {"zendesk"}
ZIPPED = {("shopify", "tax_line"), ("shopify", "transaction"), ("pos", "receipt_payment"), ("campaigns", "send")}
ZIPPED |= {("loyalty", "points_movement"), ("shopify", "discount_allocation"), ("shopify", "order_line")}
ZIPPED |= {("paid_media", "ad_click"), ("shopify", "fulfillment"), ("inventory", "stock_level")}
# A table that the simulated systems do not have.
TABLES_NOT_DELIVERED = {("klaviyo", "global_exclusion")}
# Optional columns of the contracts that they do not have: they state consent as older connections do.
NOT_DELIVERED = {
    ("shopify", "customer"): {
        *("accepts_marketing_updated_at", "marketing_opt_in_level"),
        *("email_marketing_consent_state", "email_marketing_consent_opt_in_level"),
        *("email_marketing_consent_consent_updated_at", "email_marketing_consent_updated_at"),
        *("sms_marketing_consent_state", "sms_marketing_consent_opt_in_level"),
        *("sms_marketing_consent_consent_updated_at", "sms_marketing_consent_updated_at"),
    },
    ("klaviyo", "person"): {
        *("subscriptions_email_marketing_consent", "subscriptions_email_marketing_consent_timestamp"),
        *("subscriptions_email_marketing_timestamp", "subscriptions_email_marketing_last_updated"),
        *("subscriptions_email_marketing_double_optin", "subscriptions_email_marketing_can_receive_email_marketing"),
        *("subscriptions_sms_marketing_consent", "subscriptions_sms_marketing_consent_timestamp"),
        *("subscriptions_sms_marketing_timestamp", "subscriptions_sms_marketing_last_updated"),
        "subscriptions_sms_marketing_double_optin",
    },
    ("hubspot", "contact"): {"property_hs_calculated_merged_vids"},
    ("shopify", "order"): {
        *("total_tip_received", "total_shipping_price_set", "original_total_duties_set", "total_price_set"),
    },
    ("pos", "receipt"): {"discount_amount", "tip_amount", "rounding_amount"},
    ("marketplace", "order"): {
        *("shipping_discount_amount", "promotion_discount"),
        *("shipped_at", "delivered_at", "cancelled_at"),
    },
    ("returns", "return_line"): {"exchange_order_ref"},
}
Columns = dict[str, Any]


def typed(values: Any, data_type: str) -> pa.Array:
    """A column in its contract's Arrow type; instants are given as seconds, dates as day numbers, money as cents."""
    if isinstance(values, (pa.Array, pa.ChunkedArray)):
        return values.combine_chunks() if isinstance(values, pa.ChunkedArray) else values
    if data_type == "varchar":
        return text(values)
    if data_type == "boolean":
        return pa.array(values, pa.bool_())
    whole = np.ascontiguousarray(values, dtype=np.int64)
    mask = whole == NULL
    missing = mask if mask.any() else None
    if data_type == "timestamp":
        return pa.array(whole, mask=missing).cast(pa.timestamp("s"))
    if data_type == "date":
        return pa.array(whole.astype(np.int32), mask=missing).cast(pa.date32())
    if data_type.startswith("decimal"):
        return _money(whole, mask)
    return pa.array(whole, mask=missing)


def _money(cents: Ints, mask: np.ndarray[Any, Any]) -> pa.Array:
    """Cents as decimals, without going through Python numbers."""
    words = np.empty((len(cents), 2), dtype=np.int64)
    words[:, 0] = cents
    words[:, 1] = cents >> 63
    money = pa.Array.from_buffers(pa.decimal128(18, 2), len(cents), [None, pa.py_buffer(words.tobytes())])
    return pc.if_else(pa.array(~mask), money, pa.scalar(None, money.type)) if mask.any() else money


class _File:
    """One landing file being written."""

    def __init__(self, path: Path, kind: str, schema: pa.Schema) -> None:
        path.parent.mkdir(parents=True, exist_ok=True)
        self.path, self.kind, self.rows = path, kind, 0
        if kind == "parquet":
            self.parquet = pq.ParquetWriter(path, schema, compression="zstd")
            return
        self.raw = path.open("wb")
        zipped = path.suffix == ".gz"
        # No name and no time in the zipped file, so that the same rows give the same bytes.
        self.sink = gzip.GzipFile("", "wb", 1, self.raw, mtime=0) if zipped else self.raw
        if kind == "csv":
            self.sink.write((",".join(schema.names) + "\n").encode())

    def add(self, table: pa.Table) -> None:
        self.rows += table.num_rows
        if self.kind == "parquet":
            self.parquet.write_table(table)
        elif self.kind == "csv":
            self.sink.write(csv_lines(table))
        else:
            for start in range(0, table.num_rows, BATCH // 5):
                part = table.slice(start, BATCH // 5).to_pandas()
                self.sink.write(part.to_json(orient="records", lines=True, force_ascii=False).encode())

    def close(self) -> None:
        if self.kind == "parquet":
            self.parquet.close()
            return
        self.sink.close()
        self.raw.close()


def csv_lines(table: pa.Table) -> bytes:
    """The rows of a text table as CSV; only values that need quotes are quoted, null is empty."""
    if table.num_rows == 0:
        return b""
    columns = [_quoted(column.combine_chunks()) for column in table.columns]
    rows = pc.binary_join_element_wise(*columns, ",", null_handling="replace", null_replacement="")
    text_lines: bytes = pc.binary_join(_one_list(rows), "\n")[0].as_py().encode() + b"\n"
    return text_lines


def _one_list(rows: pa.Array) -> pa.Array:
    return pa.ListArray.from_arrays(pa.array([0, len(rows)], pa.int32()), rows)


def _quoted(column: pa.Array) -> pa.Array:
    if isinstance(column, pa.ChunkedArray):
        column = column.chunk(0) if column.num_chunks else pa.array([], pa.string())
    data = column.buffers()[2]
    raw = b"" if data is None else memoryview(data).tobytes()
    if b"," not in raw and b'"' not in raw and b"\n" not in raw:
        return column
    inner = pc.replace_substring(column, '"', '""')
    marked = pc.binary_join_element_wise('"', inner, '"', "")
    return pc.if_else(pc.match_substring_regex(column, '[,"\\n]'), marked, column)


class TableWriter:
    """Takes rows of one table and delivers them: a history file, and a late file for the last days.

    A row that its source had not sent by the end of the last day is not delivered. Rows sent in the last hours before
    the history file was closed are repeated in the late file, as in overlapping extracts.
    """

    def __init__(self, landing: Landing, contract: Table) -> None:
        name = (contract.source, contract.name)
        absent = NOT_DELIVERED.get(name, ())
        contract = replace(contract, columns=tuple(c for c in contract.columns if c.name not in absent))
        self.landing, self.contract = landing, contract
        self.kind = "parquet" if name in PARQUET else "jsonl" if contract.source in JSON_LINES else "csv"
        ending = {"parquet": "parquet", "jsonl": "jsonl", "csv": "csv.gz" if name in ZIPPED else "csv"}[self.kind]
        self.ending = ending
        self.defects = PlantedDefects(contract, landing.streams(f"dirt {name}"), self.kind, landing.end_day)
        self.files: dict[str, _File] = {}
        self.schema: pa.Schema | None = None

    def add(self, columns: Columns, clean: bool = False, harmless: np.ndarray[Any, Any] | None = None) -> None:
        """Add rows; `clean` plants no defects, `harmless` marks rows whose amounts and currencies may be spoilt."""
        contract = self.contract
        names = [c.name for c in contract.columns]
        if set(columns) != set(names):
            raise ValueError(f"{contract.source}.{contract.name}: {set(columns) ^ set(names)}")
        known = np.asarray(columns[str(contract.known_at)], dtype=np.int64)
        table = pa.table({c.name: typed(columns[c.name], c.type) for c in contract.columns})
        self.landing.detected.detect(contract, table.filter(pa.array(known <= self.landing.end_second)))
        if self.kind == "parquet":
            types = {"timestamp": pa.timestamp("us"), "decimal(18,4)": pa.decimal128(18, 2)}
            plain = [
                table.column(i).cast(types[c.type]) if c.type in types else table.column(i)
                for i, c in enumerate(contract.columns)
            ]
            table = pa.table(dict(zip(names, plain, strict=True)))
        else:
            table = pa.table({n: table.column(n).cast(pa.string()) for n in names})
        self.schema = table.schema
        visible = known <= self.landing.end_second
        old = visible & (known <= self.landing.cut_second)
        again = old & (known > self.landing.cut_second - DAY // 8)
        harm = np.zeros(len(known), dtype=bool) if harmless is None else harmless
        rows = np.flatnonzero(old)
        self._deliver("history", table.take(rows), harm[rows], not clean)
        rows = np.flatnonzero(visible & ~old)
        repeated = np.flatnonzero(again)
        if len(rows) + len(repeated):
            late = table.take(np.r_[repeated, rows])
            self._deliver("late", late, np.r_[np.zeros(len(repeated), bool), harm[rows]], not clean, len(repeated))

    def _deliver(self, which: str, table: pa.Table, harmless: Any, dirty: bool, repeated: int = 0) -> None:
        if which not in self.files:
            day = self.landing.end_day if which == "late" else self.landing.cut_day
            relative = f"{self.contract.source}/{self.contract.name}/{self.contract.name}_{day}.{self.ending}"
            self.files[which] = _File(self.landing.folder / relative, self.kind, table.schema)
        file = self.files[which]
        path = str(file.path.relative_to(self.landing.folder))
        if repeated:
            self.defects.record(path, "redelivered", "dedupe", table.slice(0, repeated), np.arange(repeated), file.rows)
        if dirty:
            table = self.defects.plant(table, harmless, path, file.rows, keep=repeated)
        file.add(table)

    def close(self) -> None:
        for file in self.files.values():
            file.close()
            self.landing.rows[str(file.path.relative_to(self.landing.folder))] = file.rows
        self.landing.planted.extend(self.defects.records)


class Landing:
    """The landing zone being written, and its ground truth."""

    def __init__(self, folder: Path, truth: Path, end_day: date, streams: Streams) -> None:
        self.folder, self.truth, self.end_day, self.streams = folder, truth, end_day, streams
        self.cut_day = end_day - timedelta(days=LATE_DAYS)
        midnight = np.array([day_number(end_day) + 1, day_number(self.cut_day) + 1], dtype=np.int64) * DAY
        ends = to_utc(midnight) - 1
        self.end_second, self.cut_second = int(ends[0]), int(ends[1])
        self.contracts = load_contracts()
        self.planted: list[pa.Table] = []
        self.detected = DetectedProfiles()
        self.rows: dict[str, int] = {}
        self._truth_files: dict[str, pq.ParquetWriter] = {}

    @contextmanager
    def open(self, source: str, table: str) -> Iterator[TableWriter]:
        """A writer for rows added in chunks."""
        writer = TableWriter(self, self.contracts[source].tables[table])
        try:
            yield writer
        finally:
            writer.close()

    def write(
        self,
        source: str,
        table: str,
        known: Ints,
        build: Callable[[Ints], Columns],
        harmless: np.ndarray[Any, Any] | None = None,
        clean: bool = False,
    ) -> None:
        """Write a whole table; `build(rows)` returns the columns of the given rows. Rows are in order of sending."""
        order = np.argsort(known, kind="stable")
        order = order[known[order] <= self.end_second]
        with self.open(source, table) as writer:
            for start in range(0, max(len(order), 1), BATCH):
                rows = order[start : start + BATCH]
                columns = build(rows)
                columns[str(writer.contract.known_at)] = known[rows]
                writer.add(columns, clean, None if harmless is None else harmless[rows])

    def add_truth(self, name: str, columns: Columns) -> None:
        """Add rows to a ground-truth table."""
        table = pa.table(columns)
        if name not in self._truth_files:
            self.truth.mkdir(parents=True, exist_ok=True)
            self._truth_files[name] = pq.ParquetWriter(self.truth / f"{name}.parquet", table.schema, compression="zstd")
        self._truth_files[name].write_table(table)

    def record_owners(self, system: str, profile: object, person: Ints, note: str = "") -> None:
        """Ground truth: the owners of profiles (person -1: nobody in particular)."""
        n = len(person)
        for start in range(0, max(n, 1), BATCH * 5):
            part = slice(start, start + BATCH * 5)
            ids = text(profile).slice(start, BATCH * 5)
            labels = {"source_system": pa.repeat(system, len(ids)), "note": pa.repeat(note, len(ids))}
            self.add_truth("profiles", {"person_id": person[part], **labels, "source_profile_id": ids})

    def finish(self) -> None:
        """Close the ground truth, adding the planted defects and the edge cases detected in typed values."""
        self.detected.write_truth(self)
        if self.planted:
            planted = pa.concat_tables(self.planted)
            self.add_truth("planted", {name: planted.column(name) for name in planted.column_names})
        for writer in self._truth_files.values():
            writer.close()
