"""Retention and erasure on a lake of plain Parquet: rewritten partitions, and a search that finds what is left.

After tests/spark/test_days.py, in whose state these continue.
"""

from __future__ import annotations

from datetime import date
from pathlib import Path

import duckdb
import pytest

from scripts.erasure.command import Request, erase
from scripts.platform.progress import quiet
from scripts.platform.warehouse import literal, open_warehouse
from tests.support.two_engines import Engines

pytestmark = pytest.mark.spark

LATER = date(2026, 6, 30)


def files_with(folder: Path, text: str) -> list[str]:
    """Parquet files in which a text occurs, whether or not a table still refers to them."""
    found = []
    with duckdb.connect() as connection:
        for file in sorted(folder.rglob("*.parquet")):
            rows = f"read_parquet({literal(str(file))})"
            kinds = connection.execute(f"describe select * from {rows}").fetchall()
            cells = [f'"{name}"' for name, kind, *_ in kinds if kind == "VARCHAR"]
            if (
                cells
                and connection.execute(
                    f"select 1 from {rows} where contains(lower(concat_ws('|', {', '.join(cells)})), ?) limit 1", [text]
                ).fetchone()
            ):
                found.append(str(file.relative_to(folder)))
    return found


def test_old_history_is_dropped_on_both(engines: Engines) -> None:
    """Of three days the first goes: the last that is a day or more before the newest is the oldest that is kept."""
    kept = ("--select", "membership_log", "segment_evaluations", "int_segment_thresholds")
    counts = "select cast(as_of_date as varchar(10)), count(*) from history.{} group by 1 order by 1"
    tables = ("membership_log", "segment_evaluations", "int_segment_thresholds")
    before = {table: dict(engines.cluster.execute(counts.format(table))) for table in tables}
    assert sorted(before["segment_evaluations"]) == ["2026-05-31", "2026-06-29", "2026-06-30"]
    engines.dbt("run", *kept, day=LATER, segment_history_days=1)
    engines.on_duckdb("run", *kept, day=LATER, segment_history_days=1)
    for table in tables:
        on_spark = engines.cluster.execute(counts.format(table))
        with open_warehouse(engines.workspace.warehouse, read_only=True) as connection:
            assert connection.execute(counts.format(table)).fetchall() == on_spark
        assert dict(on_spark).get("2026-05-31", 0) < before[table]["2026-05-31"]
    # Entries of members who stay are kept in the log alone.
    assert sorted(dict(engines.cluster.execute(counts.format("segment_evaluations")))) == ["2026-06-29", "2026-06-30"]


def test_an_erased_customer_is_nowhere(engines: Engines) -> None:
    with open_warehouse(engines.workspace.warehouse, read_only=True) as connection:
        customer, email = connection.execute(
            "select contacts.customer_id, contacts.email from pii.contacts"
            " inner join history.membership_log as log on contacts.customer_id = log.customer_id"
            " where contacts.email is not null group by all order by count(*) desc, 1 limit 1"
        ).fetchone()
    with pytest.raises(AssertionError, match="found in"):
        engines.dbt("run-operation", "search_tables", "--args", f"{{texts: ['{email}']}}")
    assert files_with(engines.cluster.home, email.lower())
    erase(engines.workspace, [Request((("email", email),))], progress=quiet)
    engines.load()
    engines.dbt("run-operation", "forget_customers", "--args", f"{{customer_ids: ['{customer}']}}", day=LATER)
    engines.dbt("run", day=LATER)
    engines.on_duckdb("run", day=LATER)
    assert [one.relation for one in engines.compare("After an erasure")] == []
    engines.dbt("run-operation", "search_tables", "--args", f"{{texts: ['{email}']}}")
    assert files_with(engines.cluster.home, email.lower()) == []
    assert engines.cluster.execute(f"select count(*) from history.membership_log where customer_id = '{customer}'") == [
        (0,)
    ]


def test_a_planted_survivor_is_found(engines: Engines) -> None:
    engines.cluster.execute("create table pii.survivor using parquet as select 'Left.Over@Example.com' as note")
    with pytest.raises(AssertionError, match=r"found in pii\.survivor\.note: 1 rows"):
        engines.dbt("run-operation", "search_tables", "--args", "{texts: ['left.over@example.com']}")
    engines.cluster.execute("drop table pii.survivor")
