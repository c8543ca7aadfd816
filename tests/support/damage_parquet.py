"""Parquet whose column types differ from the contract, as data frames and warehouses write them."""

from __future__ import annotations

import io
from datetime import datetime
from decimal import Decimal
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq

from tests.support.damage import AT, Damage, Refused, Row, key_of, paid


def parquet(
    name: str,
    accepted: list[Row],
    refused: list[Refused] | None = None,
    options: dict[str, Any] | None = None,
    in_capitals: bool = False,
    **columns: pa.Array,
) -> Damage:
    """A payments file with three rows; `columns` replace or add columns."""
    key = key_of(name)
    table = {
        "receipt_id": pa.array([f"{key} 1", f"{key} 2", f"{key} 3"]),
        "payment_number": pa.array([1, 1, 1]),
        "method": pa.array(["card", "card", "card"]),
        "amount": pa.array([Decimal("1.50")] * 3),
        "synced_at": pa.array([AT] * 3, pa.timestamp("us")),
    } | columns
    out = io.BytesIO()
    names = [label.upper() if in_capitals else label for label in table]
    pq.write_table(pa.table(list(table.values()), names), out, **options or {})
    rows = [row | {"receipt_id": row["receipt_id"].replace("KEY", key)} for row in accepted]
    return Damage(f"Parquet: {name}", out.getvalue(), rows, refused or [], suffix="parquet", encoding=None)


def all_three(name: str, options: dict[str, Any] | None = None, **columns: pa.Array) -> Damage:
    """All rows must be stored as if their types were those of the contract."""
    return parquet(name, [paid(line, f"KEY {line}") for line in (1, 2, 3)], None, options, **columns)


def types() -> list[Damage]:
    zone = pa.array([AT] * 3, pa.timestamp("us", "UTC")).cast(pa.timestamp("us", "America/New_York"))
    struct = pa.array([{"brand": "x", "last4": [1, 2]}] * 3)
    one, two, three = (paid(line, f"KEY {line}") for line in (1, 2, 3))
    seconds = int(datetime.fromisoformat("2026-01-05T10:00:00+00:00").timestamp())
    return [
        all_three(
            "32-bit numbers", payment_number=pa.array([1] * 3, pa.int32()), amount=pa.array([1.5] * 3, pa.float32())
        ),
        all_three("whole numbers as floats", payment_number=pa.array([1.0] * 3)),
        all_three("decimals of 38 digits", amount=pa.array([Decimal("1.5000000000")] * 3, pa.decimal128(38, 10))),
        all_three("times with a zone", synced_at=zone),
        all_three("times to the nanosecond", synced_at=pa.array([AT] * 3, pa.timestamp("ns"))),
        all_three("times to the second", synced_at=pa.array([AT] * 3, pa.timestamp("s"))),
        all_three("times as texts", synced_at=pa.array(["2026-01-05T11:00:00+01:00"] * 3)),
        all_three("times as epoch seconds", synced_at=pa.array([seconds] * 3)),
        all_three("times as epoch milliseconds", synced_at=pa.array([seconds * 1000] * 3)),
        all_three("texts of a dictionary", method=pa.array(["card"] * 3).dictionary_encode()),
        all_three("texts as bytes", method=pa.array([b"card"] * 3)),
        all_three("numbers as texts", payment_number=pa.array(["1"] * 3), amount=pa.array(["1.50"] * 3)),
        parquet("columns in capitals", [one, two, three], options={"compression": "zstd"}, in_capitals=True),
        all_three("old compression", options={"compression": "gzip", "version": "1.0"}),
        all_three("many row groups", options={"row_group_size": 1}),
        parquet(
            "ids as whole numbers",
            [paid(1, "7101"), paid(2, "7102"), paid(3, "18446744073709551615")],
            receipt_id=pa.array([7101, 7102, 2**64 - 1], pa.uint64()),
        ),
        parquet(
            "ids as floats",
            [paid(1, "7201")],
            [Refused(2, "precision", "digits"), Refused(3, "required", "receipt_id")],
            receipt_id=pa.array([7201.0, 1.2345678901234567e18, float("nan")]),
        ),
        parquet(
            "struct in a text column",
            [row | {"method": '{"brand":"x","last4":[1,2]}'} for row in (one, two, three)],
            method=struct,
        ),
        parquet(
            "struct in a number column",
            [],
            [Refused(n, "type", "amount is not a decimal number") for n in (1, 2, 3)],
            amount=struct,
        ),
        parquet(
            "list in a number column",
            [],
            [Refused(n, "type", "payment_number is not a whole") for n in (1, 2, 3)],
            payment_number=pa.array([[1]] * 3),
        ),
        parquet(
            "times in a number column",
            [],
            [Refused(n, "type", "payment_number is not a whole") for n in (1, 2, 3)],
            payment_number=pa.array([AT] * 3),
        ),
        parquet(
            "numbers that are not finite",
            [one],
            [Refused(2, "type", "NaN or infinite"), Refused(3, "required|type", "amount")],
            amount=pa.array([1.5, float("-inf"), float("nan")]),
        ),
        parquet(
            "decimals that do not fit",
            [one],
            [Refused(n, "type", "amount is not a decimal number") for n in (2, 3)],
            amount=pa.array([Decimal("1.5"), Decimal(10) ** 20, -(Decimal(10) ** 30)], pa.decimal128(38, 4)),
        ),
        parquet(
            "fractions in a whole-number column",
            [one, three],
            [Refused(2, "type", "payment_number is not a whole number")],
            payment_number=pa.array([1.0, 1.5, 1.0]),
        ),
        parquet(
            "a column of nulls",
            [],
            [Refused(n, "required", "method is missing") for n in (1, 2, 3)],
            method=pa.nulls(3),
        ),
        parquet(
            "nulls in required columns",
            [two],
            [Refused(1, "required", "amount is missing"), Refused(3, "required", "synced_at is missing")],
            amount=pa.array([None, Decimal("1.50"), Decimal("1.50")]),
            synced_at=pa.array([AT, AT, None], pa.timestamp("us")),
        ),
        parquet(
            "no rows at all",
            [],
            receipt_id=pa.array([], pa.string()),
            payment_number=pa.array([], pa.int64()),
            method=pa.array([], pa.string()),
            amount=pa.array([], pa.float64()),
            synced_at=pa.array([], pa.timestamp("us")),
        ),
        parquet(
            "an extra column with a hostile name",
            [one, two, three],
            **{"x\"'); drop table intake.files; --": pa.array([1, 2, 3])},
        ),
    ]


CASES = types()
