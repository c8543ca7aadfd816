"""The comparison of two commits finds and names the differences."""

from __future__ import annotations

from pathlib import Path

import pytest

from scripts.benchmarks.commits import compare_commits, differences, published_relations
from scripts.platform.errors import UserError
from scripts.platform.warehouse import open_warehouse
from scripts.platform.workspace import Workspace

SAME = "create table marts.same as select 1 as id, cast(0.1 as double) + cast(0.2 as double) as share"


def warehouse(folder: Path, name: str, *statements: str) -> Path:
    file = folder / f"{name}.duckdb"
    with open_warehouse(file) as connection:
        for schema in ("marts", "pii", "activation", "intermediate"):
            connection.execute(f"create schema {schema}")
        for statement in statements:
            connection.execute(statement)
    return file


def test_every_kind_of_difference_is_named(tmp_path: Path) -> None:
    then = warehouse(
        tmp_path, "then", SAME,
        "create table marts.value as select 1 as id, 10.00 as amount",
        "create table marts.pairs as select * from (values (1, 'a'), (2, 'b')) as t (id, name)",
        "create table marts.type as select 1 as id",
        "create table marts.columns as select 1 as id, 2 as old",
        "create table marts.order_of_columns as select 1 as a, 2 as b",
        "create table pii.gone as select 1 as id",
        "create table intermediate.step as select 1 as id",
    )  # fmt: skip
    now = warehouse(
        tmp_path, "now", SAME.replace("cast(0.1 as double) + cast(0.2 as double)", "cast(0.3 as double)"),
        "create table marts.value as select 1 as id, 10.01 as amount",
        "create table marts.pairs as select * from (values (2, 'a'), (1, 'b')) as t (id, name)",
        "create table marts.type as select cast(1 as bigint) as id",
        "create table marts.columns as select 1 as id, 2 as fresh",
        "create table marts.order_of_columns as select 2 as b, 1 as a",
        "create table activation.come as select 1 as id",
    )  # fmt: skip
    assert differences(published_relations(then), published_relations(now)) == [
        "pii.gone: missing now",
        "activation.come: new, 1 rows",
        "marts.columns: columns differ (missing: old; new: fresh)",
        "marts.order_of_columns: columns differ (only in order)",
        "marts.pairs: rows differ (2 then, 2 now) in how the values of their columns combine",
        "marts.type: columns differ (changed type: id)",
        "marts.value: rows differ (1 then, 1 now) in amount",
    ]


def test_the_order_of_rows_does_not_matter(tmp_path: Path) -> None:
    up = warehouse(tmp_path, "up", "create table marts.t as from range(100) as t (id)")
    down = warehouse(tmp_path, "down", "create table marts.t as select * from range(100) as t (id) order by id desc")
    assert not differences(published_relations(up), published_relations(down))


def test_without_a_warehouse_it_says_what_to_do(tmp_path: Path) -> None:
    with pytest.raises(UserError, match="no warehouse to compare on"):
        compare_commits(Workspace.at(warehouse=str(tmp_path / "warehouse.duckdb")), "HEAD")
