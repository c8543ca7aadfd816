"""No hidden cell of a cross-table follows from what is shown: an attacker tries, on random people."""

from __future__ import annotations

from itertools import combinations

import duckdb
import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.optimize import linprog

from tests.support.sql_macros import sql_of

MACROS = "privacy/small_cells.sql"


def published(people: pd.DataFrame, minimum: int) -> pd.DataFrame:
    """Cells of all pairs of a, b, c: table_key, row_value, col_value, customer_count, buyer_count, is_hidden.

    `people` has one row per person: a, b, c (text) and is_buyer (0 or 1).
    """
    names = ["a", "b", "c"]
    connection = duckdb.connect()
    connection.register("people", people)
    counts = " union all ".join(
        f"select '{n}' as dimension, {n} as value, count(*) as customer_count, sum(is_buyer) as buyer_count"
        f" from people group by {n}"
        for n in names
    )
    connection.execute(f"create table counts as {counts}")
    connection.execute(f"create table shown as {sql_of(MACROS, 'merged_small_values', 'counts', minimum, 'rest')}")
    cells = " union all ".join(
        f"select '{x}|{y}' as table_key, r.v as row_value, c.v as col_value,"
        f" count(p.is_buyer) as customer_count, coalesce(sum(p.is_buyer), 0) as buyer_count"
        f" from (select distinct shown_value as v from shown where dimension = '{x}') as r"
        f" cross join (select distinct shown_value as v from shown where dimension = '{y}') as c"
        f" left join (select s.shown_value as x, t.shown_value as y, is_buyer from people"
        f" join shown as s on s.dimension = '{x}' and s.value = people.{x}"
        f" join shown as t on t.dimension = '{y}' and t.value = people.{y}) as p on p.x = r.v and p.y = c.v"
        f" group by all"
        for x, y in combinations(names, 2)
    )
    connection.execute(f"create table cells as {cells}")
    verdicts = sql_of(MACROS, "hidden_cells", "cells", ["customer_count", "buyer_count"], minimum)
    return connection.execute(
        f"select cells.*, is_hidden from cells join ({verdicts}) using (table_key, row_value, col_value) order by all"
    ).df()


def known_sums(cells: pd.DataFrame) -> np.ndarray:
    """One row per known sum of hidden cells (a row or column of a table), one column per hidden cell; 0 and 1."""
    hidden = cells[cells.is_hidden].reset_index(drop=True)
    lines = [(hidden.table_key + side + hidden[column]) for side, column in (("r", "row_value"), ("c", "col_value"))]
    return np.array([line == name for line in lines for name in line.unique()], dtype=float).reshape(-1, len(hidden))


def determined(sums: np.ndarray) -> list[int]:
    """The unknowns that the sums fix: those in which every solution of the homogeneous equations is 0."""
    _, values, rows = np.linalg.svd(sums)
    free = rows[int((values > 1e-9).sum()) :]
    return [i for i in range(sums.shape[1]) if np.abs(free[:, i]).max(initial=0.0) < 1e-9]


def range_of(sums: np.ndarray, truth: np.ndarray, cell: int) -> float:
    """How wide a cell's range is for somebody who also knows that no count is below 0."""
    goal = np.zeros(len(truth))
    goal[cell] = 1
    ends = [linprog(sign * goal, A_eq=sums, b_eq=sums @ truth, bounds=(0, None)).fun * sign for sign in (1, -1)]
    return float(ends[1] - ends[0])


@st.composite
def populations(draw: st.DrawFn) -> pd.DataFrame:
    """People whose traits are uneven and go together, so that some cells are empty and some values rare."""
    rng = np.random.default_rng(draw(st.integers(0, 2**32 - 1)))
    n = draw(st.integers(0, 400))
    sizes = [draw(st.integers(1, 7)) for _ in range(3)]
    first = rng.geometric(0.4, n) % sizes[0]
    others = [np.where(rng.random(n) < 0.6, first, rng.geometric(0.5, n)) % size for size in sizes[1:]]
    buyers = (rng.random(n) < draw(st.sampled_from([0.0, 0.1, 0.6]))).astype(int)
    return pd.DataFrame({"a": first, "b": others[0], "c": others[1]}).astype(str).assign(is_buyer=buyers)


@settings(max_examples=20, deadline=None, derandomize=True)
@given(populations(), st.sampled_from([2, 5, 10]))
def test_no_hidden_cell_is_determined(people: pd.DataFrame, minimum: int) -> None:
    cells = published(people, minimum)
    small = cells[["customer_count", "buyer_count"]].isin(range(1, minimum)).any(axis=1)
    assert not (small & ~cells.is_hidden).any()
    assert cells.groupby("table_key").customer_count.sum().eq(len(people)).all()
    if len(people) < minimum or 0 < people.is_buyer.sum() < minimum:
        return  # all together are few: the totals are hidden too
    for side in ("row_value", "col_value"):
        totals = cells.groupby(["table_key", side])[["customer_count", "buyer_count"]].sum()
        assert not totals.isin(range(1, minimum)).any(axis=None)
    if not cells.is_hidden.any():
        return
    sums = known_sums(cells)
    assert determined(sums) == []
    truth = cells[cells.is_hidden].customer_count.to_numpy(dtype=float)
    for cell in np.flatnonzero(small[cells.is_hidden].to_numpy() & (truth < minimum))[:6]:
        assert range_of(sums, truth, int(cell)) >= 1


def test_the_attacker_finds_what_small_cells_alone_would_betray() -> None:
    people = pd.DataFrame({"a": ["x"] * 33 + ["y"] * 30, "b": (["p"] * 3 + ["q"] * 30) + ["p"] * 30, "c": "z"})
    cells = published(people.assign(is_buyer=0), 10)
    cells = cells[cells.table_key == "a|b"].assign(is_hidden=lambda t: t.customer_count.between(1, 9))
    assert cells.is_hidden.sum() == 1
    assert determined(known_sums(cells)) == [0]


@pytest.mark.parametrize(
    ("sizes", "expected"),
    [
        ([30, 20, 10], {"0", "1", "2"}),
        ([30, 20, 6, 4], {"0", "1", "rest"}),
        ([30, 20, 3], {"0", "rest"}),
        ([30, 12, 11, 2], {"0", "1", "rest"}),
        ([4, 3], {"rest"}),
    ],
)
def test_small_values_stand_together_until_they_are_not_small(sizes: list[int], expected: set[str]) -> None:
    values = [str(i) for i, size in enumerate(sizes) for _ in range(size)]
    cells = published(pd.DataFrame({"a": values, "b": "z", "c": "z", "is_buyer": 0}), 10)
    assert set(cells[cells.table_key == "a|b"].row_value) == expected
