"""The same days on DuckDB and on Spark: the first, an earlier one, a later one with a late delivery, and that again.

The tests build on each other, in the order of this file. Every comparison is in data/spark/report.md.
"""

from __future__ import annotations

from datetime import date

import duckdb
import pytest

from scripts.benchmarks.engines import compare_relation, parquet_views
from scripts.platform.warehouse import literal
from tests.support.two_engines import Engines, deliver_late, statuses

pytestmark = pytest.mark.spark

FIRST, EARLIER, LATER = date(2026, 6, 29), date(2026, 5, 31), date(2026, 6, 30)
BUILT_WITH = ("--exclude-resource-type", "unit_test")


def lines(differences: list) -> list[str]:
    return [f"{one.relation}: {'; '.join(one.differences)}" for one in differences]


def test_the_first_day_passes_all_tests_and_is_equal(engines: Engines) -> None:
    results = engines.dbt("build", day=FIRST)
    found = statuses(results)
    engines.note(
        f"build with all tests: {engines.last_seconds:.0f} s; "
        + ", ".join(f"{number} {kind}s {status}" for (kind, status), number in sorted(found.items()))
    )
    # An exposure is listed and builds nothing.
    assert {status for kind, status in found if kind != "exposure"} <= {"success", "pass"}
    assert found["model", "success"] > 400 and found["unit_test", "pass"] > 200
    engines.on_duckdb("build", *BUILT_WITH, day=FIRST)
    assert lines(engines.compare("First day")) == []


def test_an_earlier_day_is_equal(engines: Engines) -> None:
    engines.dbt("run", day=EARLIER)
    engines.note(f"models alone: {engines.last_seconds:.0f} s")
    engines.on_duckdb("run", day=EARLIER)
    assert lines(engines.compare("An earlier day, built after it")) == []


def test_a_later_day_with_a_late_delivery_is_equal(engines: Engines) -> None:
    assert deliver_late(engines.workspace, LATER) > 3
    engines.load()
    engines.dbt("run", day=LATER)
    engines.on_duckdb("run", day=LATER)
    assert lines(engines.compare("A later day, with receipts that were delivered late")) == []


def test_a_run_repeated_from_the_middle_adds_nothing(engines: Engines) -> None:
    """What keeps state runs again, as after an interruption. The whole day runs again after an erasure."""
    before = engines.state_rows()
    kept = ("--select", "config.materialized:incremental")
    engines.dbt("run", *kept, day=LATER)
    engines.on_duckdb("run", *kept, day=LATER)
    assert lines(engines.compare("The same day, its state once more")) == []
    assert engines.state_rows() == before
    assert min(before.values()) >= 0 and before["state.identity_registry"] > 300


def test_a_planted_difference_is_found(engines: Engines) -> None:
    with duckdb.connect() as connection:
        connection.execute(f"attach {literal(str(engines.workspace.warehouse))} as duckdb_side (read_only)")
        parquet_views(connection, engines.cluster.tables, "spark_side")
        connection.execute(
            "create or replace view spark_side.marts.customer_margin as select * replace ("
            " case when customer_id = (select min(customer_id) from duckdb_side.marts.customer_margin)"
            " then cast(net_revenue + 0.01 as decimal(18, 2)) else net_revenue end as net_revenue) from"
            f" read_parquet('{engines.cluster.tables}/marts.db/customer_margin/*.parquet')"
        )
        found = compare_relation(connection, "marts.customer_margin", "duckdb_side", "spark_side", ["customer_id"])
    [difference] = found.differences
    assert difference.startswith("net_revenue: 1 rows, such as customer_id=")
