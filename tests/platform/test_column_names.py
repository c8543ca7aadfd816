"""No step of a model has two columns with the same name: later steps would silently get either of them."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator

import duckdb
import pytest
import sqlglot
from sqlglot import exp

from scripts.platform.warehouse import open_warehouse
from scripts.platform.workspace import Workspace


def steps(sql: str) -> Iterator[tuple[exp.CTE, list[exp.CTE]]]:
    """Every CTE of a statement, including nested ones, and those that it may read, in the order of the text."""
    for clause in sqlglot.parse_one(sql, read="duckdb").find_all(exp.With):
        outer: list[exp.CTE] = []
        child: exp.Expression = clause
        node = clause.parent
        while node is not None:
            own = node.find(exp.With, bfs=True) if isinstance(node, exp.Query) else None
            if isinstance(node, exp.With):
                outer = [*node.expressions[: node.expressions.index(child)], *outer]
                child, node = node, node.parent
            elif own is not None and own.parent is node and own is not child:
                outer = [*own.expressions, *outer]
            child, node = node, node.parent if node is not None else None
        for position, step in enumerate(clause.expressions):
            yield step, [*outer, *clause.expressions[:position]]


def doubled_columns(sql: str, connection: duckdb.DuckDBPyConnection) -> list[tuple[str, str]]:
    """CTE and column name, for each that the CTE has twice. The engine expands a star; it reads no rows."""
    found = []
    for step, readable in steps(sql):
        selects = step.this.selects
        if any(select.is_star for select in selects) and len(selects) > 1:
            before = {item.alias: item for item in readable}
            # As the last select of a statement: in a subquery, the engine would rename one of two such columns.
            body = step.this.copy()
            own = body.find(exp.With, bfs=True)
            if own is not None and own.parent is body:
                before |= {item.alias: item for item in own.pop().expressions}
            listed = ", ".join(
                f"{item.args['alias'].sql('duckdb')} as ({item.this.sql('duckdb')})" for item in before.values()
            )
            query = f"{f'with {listed} ' if listed else ''}{body.sql('duckdb')} limit 0"
            names = [column for column, *_ in connection.execute(query).description or []]
        else:
            names = [select.alias_or_name for select in selects if not select.is_star]
        found += [(step.alias, name) for name, times in Counter(names).items() if name and times > 1]
    return found


@pytest.fixture
def memory() -> Iterator[duckdb.DuckDBPyConnection]:
    with duckdb.connect() as connection:
        connection.execute("create table tax (currency text, rate double)")
        connection.execute("create table rates (currency text, rate double)")
        yield connection


def test_duplicate_columns_are_found(memory: duckdb.DuckDBPyConnection) -> None:
    valued = "valued as (select broken.*, rates.rate from broken left join rates using (currency))"
    assert doubled_columns(f"with broken as (from tax), {valued} select * from valued", memory) == [("valued", "rate")]
    nested = f"with broken as (from tax), whole as (with {valued} select * from valued) select * from whole"
    assert doubled_columns(nested, memory) == [("valued", "rate")]
    assert doubled_columns("with x as (select 1 as a, 2 as a) select * from x", memory) == [("x", "a")]


def test_renamed_and_replaced_columns_are_not_duplicates(memory: duckdb.DuckDBPyConnection) -> None:
    named = "with x as (select tax.*, rates.rate as exchange_rate from tax cross join rates) select * from x"
    assert doubled_columns(named, memory) == []
    assert doubled_columns("with x as (select * replace (1 as rate) from tax) select * from x", memory) == []


def test_no_step_of_a_model_has_duplicate_columns(demo_workspace: Workspace) -> None:
    (models,) = (demo_workspace.home / "dbt").glob("target/compiled/*/models")
    # The tests of a model are in a folder named after its YAML file.
    files = sorted(file for file in models.rglob("*.sql") if file.parent.suffix != ".yml")
    assert len(files) > 300
    with open_warehouse(demo_workspace.warehouse, read_only=True) as connection:
        found = [
            f"{file.stem}: {step} has {column} twice"
            for file in files
            for step, column in doubled_columns(file.read_text(encoding="utf-8"), connection)
        ]
    assert not found
