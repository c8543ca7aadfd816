"""No hidden cell of a cross-table can be derived from what is shown: an attacker tries, on random people."""

from __future__ import annotations

from itertools import combinations

import duckdb
import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.optimize import linprog

from tests.support.sql_macros import model_sql

FOLDER = "customers/intermediate/demographics"
NAMES = ["a", "b", "c"]
REST = "small groups combined"


def model(name: str, minimum: int) -> str:
    """The DuckDB SQL of a model, over the dimensions a, b and c."""
    return model_sql(
        f"{FOLDER}/{name}.sql",
        "privacy/demographic_dimensions.sql",
        small_cell_minimum=lambda: minimum,
        demographic_dimensions=lambda: NAMES,
        demographic_pairs=lambda: list(combinations(NAMES, 2)),
    )


def published(people: pd.DataFrame, minimum: int) -> pd.DataFrame:
    """Cells of all pairs of a, b, c: table_key, row_value, col_value, customer_count, buyer_count, is_hidden.

    `people` has one row per person: a, b, c (text) and is_buyer (0 or 1).
    """
    connection = duckdb.connect()
    connection.register("people", people)
    connection.execute(
        "create table int_demographic_groups as select a, b, c, count(*) as customer_count,"
        " sum(is_buyer) as buyer_count, 0 as net_revenue_365d from people group by a, b, c"
    )
    for name in ("int_demographic_values", "int_demographic_cells", "int_demographic_hidden_cells"):
        connection.execute(f"create table {name} as {model(name, minimum)}")
    return connection.execute(
        "select cells.*, is_hidden from int_demographic_cells as cells"
        " join int_demographic_hidden_cells using (table_key, row_value, col_value)"
        " where figure_kind = 'revenue' order by all"
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
    """Width of a cell's possible range for an attacker who also knows that no count is below 0."""
    goal = np.zeros(len(truth))
    goal[cell] = 1
    ends = [linprog(sign * goal, A_eq=sums, b_eq=sums @ truth, bounds=(0, None)).fun * sign for sign in (1, -1)]
    return float(ends[1] - ends[0])


@st.composite
def populations(draw: st.DrawFn) -> pd.DataFrame:
    """People with uneven, correlated traits, so that some cells are empty and some values rare."""
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
        return  # few people in total: the totals are hidden too
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


def test_the_attacker_finds_a_cell_when_only_small_cells_are_hidden() -> None:
    people = pd.DataFrame({"a": ["x"] * 33 + ["y"] * 30, "b": (["p"] * 3 + ["q"] * 30) + ["p"] * 30, "c": "z"})
    cells = published(people.assign(is_buyer=0), 10)
    cells = cells[cells.table_key == "a|b"].assign(is_hidden=lambda t: t.customer_count.between(1, 9))
    assert cells.is_hidden.sum() == 1
    assert determined(known_sums(cells)) == [0]


@pytest.mark.parametrize(
    ("sizes", "expected"),
    [
        ([30, 20, 10], {"0", "1", "2"}),
        ([30, 20, 6, 4], {"0", "1", REST}),
        ([30, 20, 3], {"0", REST}),
        ([30, 12, 11, 2], {"0", "1", REST}),
        ([4, 3], {REST}),
    ],
)
def test_small_values_are_combined_until_they_are_not_small(sizes: list[int], expected: set[str]) -> None:
    values = [str(i) for i, size in enumerate(sizes) for _ in range(size)]
    cells = published(pd.DataFrame({"a": values, "b": "z", "c": "z", "is_buyer": 0}), 10)
    assert set(cells[cells.table_key == "a|b"].row_value) == expected
