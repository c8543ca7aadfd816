"""The benchmark of dbt's overhead: which statements it repeats, and what it counts."""

from __future__ import annotations

from pathlib import Path
from types import SimpleNamespace
from typing import Any

import duckdb
import pytest

from scripts.benchmarks.overhead import bare_seconds, nodes_by_type, stored_rows
from scripts.platform.errors import CheckFailed


def node(name: str, code: str | None, materialized: str = "table", kind: str = "model", schema: str = "marts") -> Any:
    return SimpleNamespace(
        name=name, alias=name, schema=schema, resource_type=kind, compiled_code=code,
        relation_name=f'"warehouse"."{schema}"."{name}"', config=SimpleNamespace(materialized=materialized),
    )  # fmt: skip


NODES = [
    node("rates", None, "seed", "seed", schema="seeds"),
    node("groups", "select 1 as node, 1 as link", "connected_components"),
    node("orders", "select id, rate from warehouse.raw_pos.orders, warehouse.seeds.rates"),
    node("orders_today", "select * from warehouse.marts.orders", "view"),
    node("unique_ids", "select id from warehouse.marts.orders_today group by id having count(*) > 1", "test", "test"),
]


@pytest.fixture
def files(tmp_path: Path) -> tuple[Path, Path]:
    """A warehouse after a build and one after intake only, both with the name used in the statements."""
    raw = "create schema raw_pos; create table raw_pos.orders as select 7 as id union all select 8"
    built, bare = (tmp_path / kind / "warehouse.duckdb" for kind in ("dbt", "bare"))
    for file in (built, bare):
        file.parent.mkdir()
        with duckdb.connect(str(file)) as connection:
            connection.execute(raw)
    with duckdb.connect(str(built)) as connection:
        connection.execute("create schema seeds; create table seeds.rates as select 0.5 as rate")
        connection.execute("create schema marts; create table marts.groups as from range(3) as t(node)")
        connection.execute("create table marts.orders as select 7 as id union all select 8")
        connection.execute("create view marts.orders_today as from marts.orders")
    return built, bare


def test_statements_are_executed_as_dbt_did_and_the_rest_is_copied(files: tuple[Path, Path]) -> None:
    built, bare = files
    assert bare_seconds(NODES, built, bare).wall > 0
    with duckdb.connect(str(bare), read_only=True) as connection:
        kinds = connection.execute(
            "select table_name, table_type from information_schema.tables where table_schema = 'marts' order by all"
        ).fetchall()
        assert kinds == [("groups", "BASE TABLE"), ("orders", "BASE TABLE"), ("orders_today", "VIEW")]
        assert connection.execute("select count(*), min(rate) from marts.orders_today").fetchall() == [(2, 0.5)]
        assert connection.execute("select count(*) from marts.groups").fetchall() == [(3,)]


def test_a_statement_that_fails_names_its_node(files: tuple[Path, Path]) -> None:
    with pytest.raises(CheckFailed, match=r"^broken: runs under dbt, .*nowhere"):
        bare_seconds([*NODES, node("broken", "select * from nowhere")], *files)


def test_nodes_and_rows_are_counted(files: tuple[Path, Path]) -> None:
    assert nodes_by_type(NODES) == {
        "connected_components models": 1, "seeds": 1, "table models": 1, "tests": 1, "view models": 1
    }  # fmt: skip
    # Raw tables are the input; a view stores nothing.
    assert stored_rows(files[0]) == {"marts": 5, "seeds": 1}
