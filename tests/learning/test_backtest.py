"""`backtest` evaluates on what came after, puts its figures on the card once, and touches no parameter."""

from __future__ import annotations

from datetime import date, timedelta
from pathlib import Path

import pandas as pd
import pytest

from scripts.learning.prediction.backtest import SECTION, backtest
from scripts.learning.prediction.clv import fit_clv
from scripts.platform.errors import UserError
from scripts.platform.warehouse import open_warehouse
from scripts.platform.workspace import Workspace
from tests.support.small_purchases import purchase_days, purchases_workspace

DAYS = [date(2025, 12, 31), date(2025, 9, 30), date(2025, 6, 30)]
HORIZON = 120


def quiet(_: str) -> None:
    return None


@pytest.mark.verify
def test_lifetime_value_is_evaluated_on_later_purchases(demo_copy: Workspace) -> None:
    parameters = (demo_copy.seeds / "clv_parameters.csv").read_bytes()
    figures = backtest(demo_copy, "clv", DAYS, HORIZON, progress=quiet)
    assert {figure.figure_date for figure in figures} == set(DAYS)
    with open_warehouse(demo_copy.warehouse, read_only=True) as connection:
        orders = connection.execute(
            """
            select orders.customer_id, orders.ordered_date, min(orders.ordered_date) over who as first_date
            from marts.orders as orders
            inner join marts.customers as customers on orders.customer_id = customers.customer_id
            where orders.is_counted and customers.customer_type = 'person'
            window who as (partition by orders.customer_id)
            """
        ).df()
    orders = orders.drop_duplicates(["customer_id", "ordered_date"])
    for day in DAYS:
        made = next(f.value for f in figures if f.figure == "actual purchases" and f.figure_date == day)
        days = pd.to_datetime(orders["ordered_date"]).dt.date
        known = pd.to_datetime(orders["first_date"]).dt.date <= day
        counted = (known & (days > day) & (days <= day + timedelta(days=HORIZON))).sum()
        # By today's customers: merges and changed types since then move a few.
        assert float(made) == pytest.approx(counted, rel=0.03)
    assert (demo_copy.seeds / "clv_parameters.csv").read_bytes() == parameters
    again = backtest(demo_copy, "clv", DAYS, HORIZON, progress=quiet)
    assert again == figures
    card = pd.read_csv(demo_copy.seeds / "model_card_figures.csv")
    card = card[card["section"] == SECTION]
    assert len(card) == len(figures)
    cards = pd.read_csv(demo_copy.seeds / "model_cards.csv").set_index("model_key")
    assert set(card["fit_id"]) == {cards.loc["clv", "fit_id"]}


def test_an_unknown_model_or_day_is_refused(tmp_path: Path) -> None:
    workspace = purchases_workspace(tmp_path, purchase_days(300, seed=4))
    with pytest.raises(UserError, match="clx: not a model; use clv, churn or a model_key"):
        backtest(workspace, "clx", progress=quiet)
    with pytest.raises(UserError, match="`colour` is not a kind of adoption target"):
        backtest(workspace, "adoption:colour:red", progress=quiet)
    with pytest.raises(UserError, match="is not before 2026-06-30"):
        backtest(workspace, "clv", [date(2026, 6, 30)], progress=quiet)


def test_without_a_card_nothing_is_written(tmp_path: Path) -> None:
    """Figures of a model that was never fitted are refused; those of a fitted model replace its earlier ones."""
    from scripts.learning.prediction.cards import Figure, put_figures

    workspace = purchases_workspace(tmp_path, purchase_days(300, seed=4))
    figure = Figure(SECTION, "AUC", 0.7, figure_date=DAYS[0])
    with pytest.raises(UserError, match="has no card; fit the model first"):
        put_figures(workspace, "clv", SECTION, [figure])
    fit_clv(workspace, progress=quiet)
    before = pd.read_csv(workspace.seeds / "model_card_figures.csv")
    put_figures(workspace, "clv", SECTION, [figure])
    put_figures(workspace, "clv", SECTION, [figure])
    after = pd.read_csv(workspace.seeds / "model_card_figures.csv")
    assert len(after) == len(before) + 1
    assert after.iloc[-1][["section", "figure", "value"]].tolist() == [SECTION, "AUC", "0.7"]
