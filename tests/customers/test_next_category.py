"""Next best category against the simplest baseline, the most popular category not bought yet, on later purchases."""

from __future__ import annotations

import math
from pathlib import Path

import pandas as pd
import pytest

from scripts.intake.command import intake
from scripts.pipeline import steps
from scripts.platform.dbt import run_dbt
from scripts.platform.warehouse import open_warehouse
from scripts.platform.workspace import Workspace

CUSTOMERS, SEED = 20_000, 202  # smaller workspaces have too few such customers to distinguish 4 points from chance
FITTED_ON = "2026-01-02"  # six months before the simulated history ends, just after its first stock counts
LINES = """
    select customer_id, category, ordered_date from marts.order_lines
    where is_counted and line_type = 'product' and customer_id is not null and category is not null
"""
# People only: purchases of marketplace relay addresses are simulated without preferences, and no segment of people
# contains them.
CHOSEN = """
    select customer_id, next_best_category, next_best_category_probability
    from intermediate.int_customer_next_category
    inner join intermediate.int_category_training_customers using (customer_id)
"""


def quiet(_: str) -> None:
    return None


def frame(workspace: Workspace, sql: str) -> pd.DataFrame:
    with open_warehouse(workspace.warehouse, read_only=True) as connection:
        return connection.execute(sql).df()


def run_models(workspace: Workspace, variables: dict[str, str]) -> None:
    """Run the models behind the next best category, without their tests."""
    run_dbt(workspace, ["seed"], variables=variables, progress=quiet)
    run_dbt(workspace, ["run", "--select", "+int_customer_next_category"], variables=variables, progress=quiet)


def new_categories(lines: pd.DataFrame, day: str) -> pd.DataFrame:
    """Buyers up to `day` who bought from a new category later: customer_id, the categories of the first such day.

    `lines` has one row per order line of the whole history: customer_id, category, ordered_date.
    """
    firsts = lines.groupby(["customer_id", "category"], as_index=False)["ordered_date"].min()
    buyers = lines[lines["ordered_date"] <= day]["customer_id"]
    later = firsts[(firsts["ordered_date"] > day) & firsts["customer_id"].isin(buyers)]
    came = later[later["ordered_date"] == later.groupby("customer_id")["ordered_date"].transform("min")]
    return came.groupby("customer_id")["category"].agg(set).reset_index(name="came")


def most_popular(lines: pd.DataFrame, day: str, offered: list[str]) -> pd.Series:
    """For every buyer up to `day` the offered category with the most buyers among those not bought, by customer_id."""
    before = lines[lines["ordered_date"] <= day][["customer_id", "category"]].drop_duplicates()
    ranking = [c for c in before["category"].value_counts().index if c in offered]
    had = before.groupby("customer_id")["category"].agg(set)
    return had.map(lambda own: next((c for c in ranking if c not in own), None))


def compared(lines: pd.DataFrame, chosen: pd.DataFrame, day: str, offered: list[str]) -> pd.DataFrame:
    """One row per customer of `new_categories` with a choice: is_hit and is_popular_hit, whether each was correct."""
    cases = new_categories(lines, day).merge(chosen, on="customer_id")
    cases["popular"] = cases["customer_id"].map(most_popular(lines, day, offered))
    cases["is_hit"] = [c in came for c, came in zip(cases["next_best_category"], cases["came"], strict=True)]
    cases["is_popular_hit"] = [c in came for c, came in zip(cases["popular"], cases["came"], strict=True)]
    return cases


def paired_z(cases: pd.DataFrame) -> float:
    """McNemar's test without correction: wins minus losses over the square root of their sum."""
    won = int((cases["is_hit"] & ~cases["is_popular_hit"]).sum())
    lost = int((~cases["is_hit"] & cases["is_popular_hit"]).sum())
    return (won - lost) / math.sqrt(max(won + lost, 1))


def evaluate(folder: Path, customers: int, seed: int, day: str) -> pd.DataFrame:
    """Simulate a retailer, set its whole purchase history aside, build again as of `day`, and compare."""
    workspace = Workspace.at(warehouse=str(folder / "warehouse.duckdb"))
    steps.setup(workspace, quiet)
    steps.demo(workspace, {"customers": customers, "end_date": None, "seed": seed, "source": None, "file": None}, quiet)
    intake(workspace, quiet)
    run_models(workspace, {})
    lines = frame(workspace, LINES)
    lines["ordered_date"] = lines["ordered_date"].astype(str)
    run_models(workspace, {"as_of_date": day})
    assert frame(workspace, LINES)["ordered_date"].astype(str).max() <= day, "the model saw later purchases"
    offered = frame(workspace, "select distinct category from intermediate.int_product_sales")["category"].tolist()
    return compared(lines, frame(workspace, CHOSEN), day, offered)


@pytest.mark.verify
def test_next_best_category_beats_the_most_popular_one(tmp_path: Path) -> None:
    cases = evaluate(tmp_path, CUSTOMERS, SEED, FITTED_ON)
    assert len(cases) > 300
    assert cases["is_hit"].mean() > cases["is_popular_hit"].mean()
    assert paired_z(cases) > 1.64, "better, but not beyond chance"
    # The probability is for one new category; when several came on one day, any of them is a hit.
    assert 0.5 < cases["next_best_category_probability"].mean() / cases["is_hit"].mean() < 1.1
