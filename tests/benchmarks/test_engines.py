"""The comparison of two engines: what is equal passes, and every kind of planted difference is found."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import duckdb
import pytest

from scripts.benchmarks.engines import Comparison, compare_all, compare_relation, parquet_views, write_report

# One row per kind of cell, so that a difference in any of them can be planted.
ROWS = """
    select * from (values
        ('a', 1, 1.50, 0.1, true, date '2026-06-30', timestamp '2026-06-30 10:00:00.000001', 'x'),
        ('b', 2, 2.50, 1e12, false, date '2026-06-29', timestamp '2026-06-29 10:00:00', ''),
        ('c', null, null, null, null, null, null, null)
    ) as rows (customer_id, order_count, amount, score, is_member, ordered_date, ordered_at, note)
"""
TYPED = f"""
    select customer_id, cast(order_count as bigint) as order_count, cast(amount as decimal(18, 2)) as amount,
        cast(score as double) as score, is_member, ordered_date, ordered_at, note
    from ({ROWS})
"""
KEY = ["customer_id"]


@pytest.fixture
def connection() -> Iterator[duckdb.DuckDBPyConnection]:
    with duckdb.connect() as opened:
        for engine in ("duckdb_side", "spark_side"):
            opened.execute(f"attach ':memory:' as {engine}")
            for schema in ("marts", "pii"):
                opened.execute(f"create schema {engine}.{schema}")
                opened.execute(f"create table {engine}.{schema}.customers as {TYPED}")
        yield opened


def compared(connection: duckdb.DuckDBPyConnection, relation: str = "marts.customers") -> Comparison:
    return compare_relation(connection, relation, "duckdb_side", "spark_side", KEY)


def test_equal_relations_are_equal_in_any_order_of_rows(connection: duckdb.DuckDBPyConnection) -> None:
    connection.execute(f"create or replace table spark_side.marts.customers as {TYPED} order by customer_id desc")
    assert compared(connection) == Comparison("marts.customers", (3, 3))


@pytest.mark.parametrize("factor", [1 + 5e-10, 1 - 5e-10])
def test_doubles_may_differ_by_a_billionth(connection: duckdb.DuckDBPyConnection, factor: float) -> None:
    connection.execute(f"update spark_side.marts.customers set score = score * {factor}")
    assert compared(connection).is_equal


@pytest.mark.parametrize(
    ("change", "difference"),
    [
        ("set score = score * (1 + 5e-9) where customer_id = 'b'", "score: 1 rows, such as customer_id=b"),
        ("set score = 0.1 + 1e-8 where customer_id = 'a'", "score: 1 rows, such as customer_id=a"),
        ("set score = null where customer_id = 'a'", "score: 1 rows, such as customer_id=a"),
        ("set score = 0 where customer_id = 'c'", "score: 1 rows, such as customer_id=c"),
        ("set amount = 1.51 where customer_id = 'a'", "amount: 1 rows, such as customer_id=a"),
        ("set order_count = 0 where customer_id = 'c'", "order_count: 1 rows, such as customer_id=c"),
        ("set is_member = not is_member", "is_member: 2 rows, such as customer_id=a"),
        ("set ordered_date = ordered_date + 1 where customer_id = 'a'", "ordered_date: 1 rows, such as customer_id=a"),
        (
            "set ordered_at = ordered_at + interval 1 microsecond where customer_id = 'b'",
            "ordered_at: 1 rows, such as customer_id=b",
        ),
        ("set note = null where customer_id = 'b'", "note: 1 rows, such as customer_id=b"),
        ("set note = 'None' where customer_id = 'c'", "note: 1 rows, such as customer_id=c"),
    ],
)
def test_a_planted_cell_is_named_with_an_example(
    connection: duckdb.DuckDBPyConnection, change: str, difference: str
) -> None:
    connection.execute(f"update spark_side.marts.customers {change}")
    assert compared(connection).differences == [difference]


def test_missing_and_surplus_rows_are_counted(connection: duckdb.DuckDBPyConnection) -> None:
    connection.execute("delete from spark_side.marts.customers where customer_id = 'a'")
    connection.execute(
        "insert into spark_side.marts.customers select * replace ('d' as customer_id)"
        " from spark_side.marts.customers where customer_id = 'b'"
    )
    assert compared(connection).differences == [
        "rows only in duckdb_side: 1, such as customer_id=a",
        "rows only in spark_side: 1, such as customer_id=d",
    ]  # fmt: skip


def test_a_repeated_row_is_found(connection: duckdb.DuckDBPyConnection) -> None:
    connection.execute("insert into spark_side.marts.customers from spark_side.marts.customers where customer_id = 'a'")
    found = compared(connection)
    assert found.rows == (3, 4) and not found.is_equal
    connection.execute(
        "insert into duckdb_side.marts.customers from duckdb_side.marts.customers where customer_id = 'b'"
    )
    found = compared(connection)
    assert found.rows == (4, 4) and found.differences == [
        "2 rows differ; the relation has no unique key by which to compare them"
    ]


@pytest.mark.parametrize(
    ("columns", "difference"),
    [
        ("* exclude (note)", "columns: only duckdb_side has note"),
        ("*, 1 as more", "columns: only spark_side has more"),
        ("note, * exclude (note)", "columns: in another order"),
        (
            "* replace (cast(order_count as integer) as order_count)",
            "order_count: BIGINT in duckdb_side, INTEGER in spark_side",
        ),
        (
            "* replace (cast(amount as decimal(18, 4)) as amount)",
            "amount: DECIMAL(18,2) in duckdb_side, DECIMAL(18,4) in spark_side",
        ),
    ],
)  # fmt: skip
def test_columns_their_order_and_types_must_agree(
    connection: duckdb.DuckDBPyConnection, columns: str, difference: str
) -> None:
    connection.execute(f"create or replace table spark_side.marts.customers as select {columns} from ({TYPED})")
    assert compared(connection).differences == [difference]


def test_a_lake_keeps_the_column_of_its_partitions_last(connection: duckdb.DuckDBPyConnection) -> None:
    moved = f"create or replace table spark_side.marts.customers as select * exclude (note), {{}} from ({TYPED})"
    connection.execute(
        f"create or replace table duckdb_side.marts.customers as select note, * exclude (note) from ({TYPED})"
    )
    relation = ("marts.customers", "duckdb_side", "spark_side", ["customer_id"])
    connection.execute(moved.format("note"))
    assert compare_relation(connection, *relation, partition="note").is_equal
    assert compare_relation(connection, *relation).differences == ["columns: in another order"]
    connection.execute(moved.format("'z' as note"))
    assert not compare_relation(connection, *relation, partition="note").is_equal


def test_no_value_of_a_relation_with_identifiers_is_quoted(connection: duckdb.DuckDBPyConnection) -> None:
    connection.execute("update spark_side.pii.customers set note = 'y'")
    assert compared(connection, "pii.customers").differences == ["note: 3 rows"]


def test_a_relation_that_one_side_lacks_differs_unless_it_is_empty(connection: duckdb.DuckDBPyConnection) -> None:
    connection.execute("create table duckdb_side.marts.orders as select 1 as order_id")
    connection.execute("create table duckdb_side.marts.returns as select 1 as return_id where false")
    found = compare_all(connection, ["marts.orders", "marts.returns"], "duckdb_side", "spark_side")
    assert found == [
        Comparison("marts.orders", (1, 0), ["missing in spark_side"]),
        Comparison("marts.returns", (0, 0)),
    ]


def test_tables_of_spark_are_read_with_partitions_and_instants_in_utc(tmp_path: Path) -> None:
    for day in ("2026-06-29", "2026-06-30"):
        part = tmp_path / "history.db" / "log" / f"as_of_date={day}"
        part.mkdir(parents=True)
        duckdb.sql("select timestamptz '2026-06-30 12:00:00+02:00' as seen_at, 1 as n").write_parquet(
            str(part / "a.parquet")
        )
    (tmp_path / "history.db" / "empty").mkdir()
    with duckdb.connect() as connection:
        assert parquet_views(connection, tmp_path, "spark_side") == ["history.log"]
        rows = connection.execute("select * from spark_side.history.log order by as_of_date").fetchall()
    assert [(str(seen), n, str(day)) for seen, n, day in rows] == [
        ("2026-06-30 10:00:00", 1, "2026-06-29"),
        ("2026-06-30 10:00:00", 1, "2026-06-30"),
    ]


def test_the_report_lists_differences_first(tmp_path: Path) -> None:
    comparisons = [Comparison("marts.a", (1, 1)), Comparison("marts.b", (2, 3), ["rows only in spark: 1", "x | y"])]
    write_report(tmp_path / "report.md", {"First day": comparisons}, ["300 customers"])
    text = (tmp_path / "report.md").read_text("utf-8")
    assert "1 of 2 relations are equal" in text
    assert text.index("| `marts.b` | 2 | 3 | rows only in spark: 1<br>x \\| y |") < text.index(
        "| `marts.a` | 1 | 1 | equal |"
    )
