"""The tools of the point-in-time proof: the cut through landing files, and the comparison of two warehouses."""

from __future__ import annotations

import gzip
from datetime import date, datetime
from pathlib import Path

import duckdb
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from tests.support.point_in_time import cut_off, differences, end_of

ROWS = "('a', 1, 0.1), ('b', 2, 0.2), ('c', 3, null)"


def warehouse(file: Path, rows: str, columns: str = "customer_id, orders, share") -> Path:
    with duckdb.connect(str(file)) as connection:
        connection.execute("create schema marts")
        connection.execute(f"create table marts.people as from (values {rows}) as given ({columns})")
        connection.execute("alter table marts.people alter column share type double")
    return file


@pytest.mark.parametrize(
    ("rows", "found"),
    [
        ("('c', 3, null), ('a', 1, 0.1), ('b', 2, 0.2 + 1e-12)", []),
        ("('a', 1, 0.1), ('b', 7, 0.2), ('c', 3, null)", ["marts.people.orders: 1 rows, such as b: 2 / 7"]),
        ("('a', 1, 0.1), ('b', 2, 0.2), ('c', 3, 0)", ["marts.people.share: 1 rows, such as c:  / 0.0"]),
        ("('a', 1, 0.1), ('b', 2, 0.2001), ('c', 3, null)", ["marts.people.share: 1 rows, such as b: 0.2 / 0.2001"]),
        ("('a', 1, 0.1), ('b', 2, 0.2)", ["marts.people.(only in the full one): 1 rows, such as c"]),
        (f"{ROWS}, ('d', 4, 0)", ["marts.people.(only in the cut one): 1 rows, such as d"]),
        (f"{ROWS}, ('a', 1, 0.1)", ["marts.people.(only in the cut one): 1 rows, such as ('a', 1, 0.1)"]),
    ],
    ids=["the same", "another value", "no more null", "another double", "a row fewer", "a row more", "a row twice"],
)
def test_differences_name_column_and_key(tmp_path: Path, rows: str, found: list[str]) -> None:
    full = warehouse(tmp_path / "full.duckdb", ROWS)
    cut = warehouse(tmp_path / "cut.duckdb", rows)
    assert [str(difference) for difference in differences(full, cut, ["marts.people"])] == found


def test_different_columns_are_a_difference(tmp_path: Path) -> None:
    full = warehouse(tmp_path / "full.duckdb", ROWS)
    cut = warehouse(tmp_path / "cut.duckdb", ROWS, "customer_id, visits, share")
    for relation in ("marts.people", "marts.absent"):
        (found,) = differences(full, cut, [relation])
        assert found.keys == ("is absent or has other columns",)


def test_a_day_ends_in_the_business_time_zone() -> None:
    assert end_of(date(2026, 3, 28), "Europe/London") == datetime(2026, 3, 29)
    # Clocks went forward during the day.
    assert end_of(date(2026, 3, 29), "Europe/London") == datetime(2026, 3, 29, 23)


def test_the_cut_keeps_what_was_known_and_had_happened(tmp_path: Path) -> None:
    landing = tmp_path / "landing"
    for table in ("pos/receipt", "zendesk/ticket", "web/pages", "hubspot/deal", "loyalty/member"):
        (landing / table).mkdir(parents=True)
    receipts = (
        "receipt_id,sold_at,synced_at,email\n"
        "1,2026-01-31 10:00:00,2026-01-31 10:05:00,\n"
        '2,2026-01-31 10:00:00,2026-02-01 00:00:00,"sent late,\nin two lines"\n'
        '3,2026-01-31 10:00:00,2026-01-31T23:59:59Z,"kept,\nin two lines"\n'
        "4,2026-02-01 10:00:00,2026-01-31 10:05:00,\n"
        "5,2026-01-31 10:00:00,,\n"
    )
    (landing / "pos/receipt/receipt_2026-02-02.csv").write_text(receipts)
    (landing / "pos/receipt/receipt_2026-01-31.csv.gz").write_bytes(gzip.compress(receipts.encode()))
    (landing / "zendesk/ticket/t_2026-02-02.jsonl").write_text(
        '{"id": "1", "created_at": "2026-01-30 10:00:00", "_fivetran_synced": "2026-01-31 10:00:00"}\n'
        '{"id": "2", "created_at": "2026-01-30 10:00:00", "_fivetran_synced": "2026-02-01 10:00:00"}\n'
    )
    stamps = [datetime(2026, 1, 31, 23, 59, 59), datetime(2026, 2, 1), None]
    pages = pa.table({"id": ["1", "2", "3"], "received_at": pa.array(stamps, pa.timestamp("us"))})
    pq.write_table(pages, landing / "web/pages/p_2026-02-02.parquet")
    # Deals have no timestamp: the date in the file name counts.
    (landing / "hubspot/deal/d_2026-01-31.csv").write_text("deal_id\n1\n")
    (landing / "hubspot/deal/d_2026-02-01.csv").write_text("deal_id\n1\n2\n")
    (landing / "world.json").write_text("{}")

    counts = cut_off(landing, tmp_path / "cut", datetime(2026, 2, 1))

    assert counts == {
        "pos/receipt": (2 + 3, 3 + 2), "zendesk/ticket": (1, 1), "web/pages": (1, 2), "hubspot/deal": (1, 2),
    }  # fmt: skip
    cut = tmp_path / "cut"
    assert (cut / "pos/receipt/receipt_2026-02-02.csv").read_text() == (
        "receipt_id,sold_at,synced_at,email\n"
        "1,2026-01-31 10:00:00,2026-01-31 10:05:00,\n"
        '3,2026-01-31 10:00:00,2026-01-31T23:59:59Z,"kept,\nin two lines"\n'
    )
    assert gzip.decompress((cut / "pos/receipt/receipt_2026-01-31.csv.gz").read_bytes()).decode().count("\n5,") == 1
    assert pq.read_table(cut / "web/pages/p_2026-02-02.parquet")["id"].to_pylist() == ["1"]
    assert not (cut / "hubspot/deal/d_2026-02-01.csv").exists()
    assert (cut / "world.json").exists()
