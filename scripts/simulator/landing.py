"""Landing files: tables in, delivered files out, with the planted dirt and its record."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.csv as pa_csv
import pyarrow.parquet as pq
import yaml

from scripts.simulator.arrays import DAY, NULL, Ints, Streams, day_number, text, to_utc
from scripts.simulator.dirt import Dirt
from scripts.simulator.model import LATE_DAYS
from scripts.world import PROJECT

BATCH = 100_000
PARQUET = {("klaviyo", "event"), ("web", "pages"), ("web", "product_viewed"), ("web", "product_added")}
PARQUET |= {("web", "identifies"), ("web", "order_completed")}
JSON_LINES = {"zendesk"}
ZIPPED = {("shopify", "tax_line"), ("shopify", "transaction"), ("pos", "receipt_payment"), ("campaigns", "send")}
ZIPPED |= {("loyalty", "points_movement"), ("shopify", "discount_allocation")}
Columns = dict[str, Any]


@dataclass(frozen=True)
class Column:
    """One column of a source's contract."""

    name: str
    type: str
    required: bool


@dataclass(frozen=True)
class Contract:
    """What a source table must hold."""

    source: str
    table: str
    key: tuple[str, ...]
    known_at: str
    columns: tuple[Column, ...]


def read_contracts() -> dict[tuple[str, str], Contract]:
    """The contracts of every source table, from the staging folders."""
    loader = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
    found = {}
    for file in sorted((PROJECT / "models" / "staging").glob("*/_*__sources.yml")):
        for source in yaml.load(file.read_text(encoding="utf-8"), loader)["sources"]:
            for table in source["tables"]:
                meta = table["config"]["meta"]
                columns = tuple(
                    Column(c["name"], c["data_type"], bool(c.get("config", {}).get("meta", {}).get("required")))
                    for c in table["columns"]
                )
                key = (source["name"], table["name"])
                found[key] = Contract(*key, tuple(meta["key"]), meta["known_at"], columns)
    return found


def typed(values: Any, data_type: str) -> pa.Array:
    """A column in the Arrow type of its contract; instants are seconds, days day numbers, money cents."""
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
    """Cents as decimals, without a copy through Python numbers."""
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
        self.raw = pa.OSFile(str(path), "wb")
        self.sink = pa.CompressedOutputStream(self.raw, "gzip") if path.suffix == ".gz" else self.raw
        if kind == "csv":
            self.csv = pa_csv.CSVWriter(self.sink, schema)

    def add(self, table: pa.Table) -> None:
        self.rows += table.num_rows
        if self.kind == "parquet":
            self.parquet.write_table(table)
        elif self.kind == "csv":
            self.csv.write_table(table)
        elif table.num_rows:
            lines = table.to_pandas().to_json(orient="records", lines=True, force_ascii=False)
            self.sink.write(lines.encode())

    def close(self) -> None:
        if self.kind == "parquet":
            self.parquet.close()
            return
        if self.kind == "csv":
            self.csv.close()
        self.sink.close()
        if self.sink is not self.raw:
            self.raw.close()


class TableWriter:
    """Takes rows of one table and delivers them: a history file, and a late file for the last days.

    A row whose source had not sent it by the end of the last day is not delivered. What was sent in the last
    hours before the history file was closed comes again in the late file, as overlapping extracts do.
    """

    def __init__(self, landing: Landing, contract: Contract) -> None:
        self.landing, self.contract = landing, contract
        name = (contract.source, contract.table)
        self.kind = "parquet" if name in PARQUET else "jsonl" if contract.source in JSON_LINES else "csv"
        ending = {"parquet": "parquet", "jsonl": "jsonl", "csv": "csv.gz" if name in ZIPPED else "csv"}[self.kind]
        self.ending = ending
        self.dirt = Dirt(contract, landing.streams(f"dirt {name}"), self.kind, landing.end_day)
        self.files: dict[str, _File] = {}
        self.schema: pa.Schema | None = None

    def add(self, columns: Columns, clean: bool = False, harmless: np.ndarray[Any, Any] | None = None) -> None:
        """Add rows; `clean` plants nothing, `harmless` marks rows whose amounts may be made absurd."""
        contract = self.contract
        names = [c.name for c in contract.columns]
        if set(columns) != set(names):
            raise ValueError(f"{contract.source}.{contract.table}: {set(columns) ^ set(names)}")
        known = np.asarray(columns[contract.known_at], dtype=np.int64)
        table = pa.table({c.name: typed(columns[c.name], c.type) for c in contract.columns})
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
            relative = f"{self.contract.source}/{self.contract.table}/{self.contract.table}_{day}.{self.ending}"
            self.files[which] = _File(self.landing.folder / relative, self.kind, table.schema)
        file = self.files[which]
        path = str(file.path.relative_to(self.landing.folder))
        if repeated:
            self.dirt.record(path, "redelivered", "dedupe", table.slice(0, repeated), np.arange(repeated), file.rows)
        if dirty:
            table = self.dirt.plant(table, harmless, path, file.rows, keep=repeated)
        file.add(table)

    def close(self) -> None:
        for file in self.files.values():
            file.close()
            self.landing.rows[str(file.path.relative_to(self.landing.folder))] = file.rows
        self.landing.planted.extend(self.dirt.records)


class Landing:
    """The landing zone being written, and beside it the ground truth."""

    def __init__(self, folder: Path, truth: Path, end_day: date, streams: Streams) -> None:
        self.folder, self.truth, self.end_day, self.streams = folder, truth, end_day, streams
        self.cut_day = end_day - timedelta(days=LATE_DAYS)
        midnight = np.array([day_number(end_day) + 1, day_number(self.cut_day) + 1], dtype=np.int64) * DAY
        ends = to_utc(midnight) - 1
        self.end_second, self.cut_second = int(ends[0]), int(ends[1])
        self.contracts = read_contracts()
        self.planted: list[pa.Table] = []
        self.rows: dict[str, int] = {}
        self._truth_files: dict[str, pq.ParquetWriter] = {}

    @contextmanager
    def open(self, source: str, table: str) -> Iterator[TableWriter]:
        """A writer for rows that come in chunks."""
        writer = TableWriter(self, self.contracts[source, table])
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
        """Write a whole table; `build(rows)` gives the columns of the named rows. Rows come as they were sent."""
        order = np.argsort(known, kind="stable")
        order = order[known[order] <= self.end_second]
        with self.open(source, table) as writer:
            for start in range(0, max(len(order), 1), BATCH):
                rows = order[start : start + BATCH]
                columns = build(rows)
                columns[writer.contract.known_at] = known[rows]
                writer.add(columns, clean, None if harmless is None else harmless[rows])

    def tell(self, name: str, columns: Columns) -> None:
        """Add rows to a ground-truth table."""
        table = pa.table(columns)
        if name not in self._truth_files:
            self.truth.mkdir(parents=True, exist_ok=True)
            self._truth_files[name] = pq.ParquetWriter(self.truth / f"{name}.parquet", table.schema, compression="zstd")
        self._truth_files[name].write_table(table)

    def who(self, system: str, profile: object, person: Ints, note: str = "") -> None:
        """Ground truth: these profiles belong to these people (person -1: to nobody in particular)."""
        n = len(person)
        for start in range(0, max(n, 1), BATCH * 5):
            part = slice(start, start + BATCH * 5)
            ids = text(profile).slice(start, BATCH * 5)
            labels = {"source_system": pa.repeat(system, len(ids)), "note": pa.repeat(note, len(ids))}
            self.tell("profiles", {"person_id": person[part], **labels, "source_profile_id": ids})

    def finish(self) -> None:
        """Close the ground truth, with the list of planted dirt."""
        if self.planted:
            self.tell("planted", {n: c for n, c in zip(*_columns(pa.concat_tables(self.planted)), strict=True)})
        for writer in self._truth_files.values():
            writer.close()


def _columns(table: pa.Table) -> tuple[list[str], list[pa.ChunkedArray]]:
    return table.column_names, table.columns
