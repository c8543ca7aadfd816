"""Cuts off a landing zone at the end of a past day, and compares the warehouses built with and without the cut.

The cut reads landing files and the YAML of the contracts itself, independently of intake and models. A row is known
since its source's timestamp, else since the day in its file's name; what had not happened yet by the end of the day is
cut off too, although a source may send it beforehand (a clock that runs ahead, an early booking).
"""

from __future__ import annotations

import csv
import gzip
import io
import json
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import duckdb
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq
import yaml

from tests.support.real_data import PROJECT

# The column with the time of the event, per table: rows of other tables describe a state, not an event.
HAPPENED = {
    "consent/consent_event": "occurred_at",
    "inventory/stock_level": "counted_at",
    "klaviyo/event": "datetime",
    "loyalty/points_movement": "occurred_at",
    "marketplace/order": "purchased_at",
    "pos/receipt": "sold_at",
    "products/product": "valid_from",
    "returns/return_line": "returned_at",
    "shopify/order": "created_at",
    "shopify/refund": "created_at",
    "shopify/transaction": "processed_at",
    "surveys/response": "responded_at",
    "zendesk/ticket": "created_at",
    "zendesk/ticket_field_history": "updated",
    **{
        f"web/{kind}": "timestamp"
        for kind in ("identifies", "pages", "product_viewed", "product_added", "order_completed")
    },
}


@dataclass(frozen=True)
class Difference:
    """Rows of one relation that differ between two warehouses: in which column, how many, and a few of their keys."""

    relation: str
    column: str
    rows: int
    keys: tuple[str, ...]

    def __str__(self) -> str:
        return f"{self.relation}.{self.column}: {self.rows} rows, such as {'; '.join(self.keys)}"


def end_of(day: date, zone: str) -> datetime:
    """The first moment after a business day, in UTC without time zone."""
    midnight = datetime.combine(day + timedelta(days=1), time(), ZoneInfo(zone))
    return midnight.astimezone(UTC).replace(tzinfo=None)


def cut_off(landing: Path, into: Path, end: datetime) -> dict[str, tuple[int, int]]:
    """Write a copy of `landing` without what was not known, or had not happened, by `end`.

    Returns rows kept and rows dropped per `<source>/<table>`.
    """
    counts: dict[str, tuple[int, int]] = {}
    stamps = _stamps()
    for file in sorted(landing.rglob("*")):
        if not file.is_file():
            continue
        name = file.relative_to(landing)
        target = into / name
        target.parent.mkdir(parents=True, exist_ok=True)
        if len(name.parts) < 3:
            target.write_bytes(file.read_bytes())
            continue
        label = "/".join(name.parts[:2])
        kept, dropped = _cut_file(file, target, stamps[label], HAPPENED.get(label), end)
        before = counts.get(label, (0, 0))
        counts[label] = (before[0] + kept, before[1] + dropped)
    return counts


def _stamps() -> dict[str, str | None]:
    """The column that states when a row was sent, per `<source>/<table>`; None where only the file name shows it."""
    found: dict[str, str | None] = {}
    for file in (PROJECT / "models" / "staging").glob("*/_*__sources.yml"):
        for source in yaml.safe_load(file.read_text(encoding="utf-8"))["sources"]:
            for table in source["tables"]:
                found[f"{source['name']}/{table['name']}"] = table["config"]["meta"].get("known_at")
    return found


def _cut_file(file: Path, target: Path, stamp: str | None, happened: str | None, end: datetime) -> tuple[int, int]:
    """Copy the rows of one file that were known and had happened by `end`; a file without any is not written."""
    base = file.name.split(".")[0]
    delivered = datetime.fromisoformat(base[-10:])

    def stays(stamp_value: Any, happened_value: Any) -> bool:
        known = _instant(stamp_value) or delivered
        return known < end and (_instant(happened_value) or known) < end

    if file.suffix == ".parquet":
        table = pq.read_table(file)
        keep = pa.array([True] * table.num_rows)
        for column, missing in ((stamp, delivered), (happened, None)):
            if column in table.column_names:
                filled = pc.fill_null(
                    table[column].cast(pa.timestamp("us")), pa.scalar(missing or datetime.min, pa.timestamp("us"))
                )
                keep = pc.and_(keep, pc.less(filled, pa.scalar(end, pa.timestamp("us"))))
            elif missing:
                keep = pa.array([delivered < end] * table.num_rows)
        left = table.filter(keep)
        if left.num_rows:
            pq.write_table(left, target)
        return left.num_rows, table.num_rows - left.num_rows
    text = (gzip.decompress(file.read_bytes()) if file.suffix == ".gz" else file.read_bytes()).decode()
    if ".jsonl" in file.name:
        lines = [line for line in text.splitlines() if line.strip()]
        rows = [json.loads(line) for line in lines]
        chosen = [line for line, row in zip(lines, rows, strict=True) if stays(row.get(stamp), row.get(happened))]
        head: list[str] = []
    else:
        head, lines, chosen = _cut_csv(text, stamp, happened, stays)
    if chosen:
        data = "\n".join(head + chosen + [""]).encode()
        target.write_bytes(gzip.compress(data, 1) if file.suffix == ".gz" else data)
    return len(chosen), len(lines) - len(chosen)


def _cut_csv(
    text: str, stamp: str | None, happened: str | None, stays: Callable[[Any, Any], bool]
) -> tuple[list[str], list[str], list[str]]:
    """Header, lines and chosen lines of a CSV text whose records may span lines."""
    reader = csv.reader(io.StringIO(text))
    names = next(reader)
    places = [names.index(column) if column in names else None for column in (stamp, happened)]
    lines: list[str] = []
    chosen: list[str] = []
    raw = text.splitlines()
    start = reader.line_num
    for values in reader:
        record = "\n".join(raw[start : reader.line_num])
        start = reader.line_num
        if not values:
            continue
        lines.append(record)
        given = [values[place] if place is not None and place < len(values) else None for place in places]
        if stays(*given):
            chosen.append(record)
    return ["\n".join(raw[:1])], lines, chosen


def _instant(value: Any) -> datetime | None:
    """A timestamp in UTC without time zone; None for an empty or invalid value."""
    if not value:
        return None
    try:
        parsed = datetime.fromisoformat(str(value).strip())
    except ValueError:
        return None
    return parsed.astimezone(UTC).replace(tzinfo=None) if parsed.tzinfo else parsed


def differences(full: Path, cut: Path, relations: Iterable[str], shown: int = 3) -> list[Difference]:
    """Every column in which the rows of a relation (`schema.name`) differ between two warehouses; empty if they agree.

    Rows are matched by the shortest sequence of leading columns that is unique in both, since every mart lists the
    columns of its grain first. Doubles may differ in their last digits, because sums depend on the order of rows.
    """
    connection = duckdb.connect()
    try:
        connection.execute(f"attach '{full}' as whole (read_only); attach '{cut}' as cut (read_only)")
        found: list[Difference] = []
        for relation in sorted(relations):
            columns = [_columns(connection, side, relation) for side in ("whole", "cut")]
            if not columns[0] or columns[0] != columns[1]:
                found.append(Difference(relation, "*", 0, ("is absent or has other columns",)))
            else:
                found += _differences_of_relation(connection, relation, columns[0], shown)
        return found
    finally:
        connection.close()


def _columns(connection: duckdb.DuckDBPyConnection, side: str, relation: str) -> list[tuple[str, str]]:
    """Columns of one relation and their types, in order; none where it does not exist."""
    return connection.execute(
        "select column_name, data_type from duckdb_columns() where database_name = ? and schema_name = ?"
        " and table_name = ? order by column_index",
        [side, *relation.split(".")],
    ).fetchall()


def _differences_of_relation(
    connection: duckdb.DuckDBPyConnection, relation: str, columns: list[tuple[str, str]], shown: int
) -> list[Difference]:
    names = [f'"{name}"' for name, _ in columns]
    key = _key(connection, relation, names)
    if key is None:
        return _differences_of_bags(connection, relation, names, shown)
    unequal = {}
    for name, data_type in columns[len(key) :]:
        left, right = f'w."{name}"', f'c."{name}"'
        unequal[name] = f"{left} is distinct from {right}"
        if data_type in ("DOUBLE", "FLOAT"):
            unequal[name] += f" and not coalesce(abs({left} - {right}) <= 1e-9 * greatest(1, abs({left})), false)"
    found = []
    key_text = f"concat_ws(', ', {', '.join(f'coalesce(w.{column}, c.{column})' for column in key)})"
    on = " and ".join(f"w.{column} is not distinct from c.{column}" for column in key)
    checks = {"(only in the full one)": "c._there is null", "(only in the cut one)": "w._there is null"}
    both = "w._there and c._there and "
    checks.update({name: f"{both}({condition})" for name, condition in unequal.items()})
    counted = ", ".join(f"count(*) filter ({condition})" for condition in checks.values())
    sides = f"""(select *, true as _there from whole.{relation}) as w
        full join (select *, true as _there from cut.{relation}) as c on {on}"""
    counts = connection.execute(f"select {counted} from {sides}").fetchone() or ()
    for (column, condition), count in zip(checks.items(), counts, strict=True):
        if count:
            detail = f"{key_text}"
            if column in unequal:
                detail = f"""concat({key_text}, ': ', w."{column}", ' / ', c."{column}")"""
            keys = connection.execute(
                f"select {detail} from {sides} where {condition} order by 1 limit {shown}"
            ).fetchall()
            found.append(Difference(relation, column, count, tuple(str(row[0]) for row in keys)))
    return found


def _key(connection: duckdb.DuckDBPyConnection, relation: str, names: list[str]) -> list[str] | None:
    """The shortest sequence of leading columns that is unique in both warehouses; None where whole rows repeat."""
    for length in range(1, len(names) + 1):
        key = names[:length]
        repeated = " union all ".join(
            f"(select 1 from {side}.{relation} group by {', '.join(key)} having count(*) > 1 limit 1)"
            for side in ("whole", "cut")
        )
        if not connection.execute(repeated).fetchall():
            return key
    return None


def _differences_of_bags(
    connection: duckdb.DuckDBPyConnection, relation: str, names: list[str], shown: int
) -> list[Difference]:
    found = []
    for this, other, text in (("whole", "cut", "(only in the full one)"), ("cut", "whole", "(only in the cut one)")):
        rows = connection.execute(f"from {this}.{relation} except all from {other}.{relation}").fetchall()
        if rows:
            found.append(Difference(relation, text, len(rows), tuple(str(row) for row in rows[:shown])))
    return found
