"""Backtests models: evaluates them as they would have been on past days on what came after, for screen and model card.

Everything is trained on what was known on the day (`snapshots`) and evaluated on the days after it. The parameters in
use are not touched; the figures go into the section `backtest` of the model's card.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import date

import numpy as np

from scripts.learning.prediction import evaluation, gamma_gamma
from scripts.learning.prediction.adoption import backtest_adoption, find_target
from scripts.learning.prediction.cards import Figure, put_figures, read_card
from scripts.learning.prediction.churn import backtest_churn
from scripts.learning.prediction.clv import (
    DAYS_PER_WEEK,
    expected_purchases,
    fit_models,
    in_scope,
    purchase_model_in_use,
    scope_limits,
)
from scripts.learning.prediction.holdout_evaluation import HoldoutResult
from scripts.learning.prediction.propensity_fits import PERSON, evaluation_days, facts_for
from scripts.platform.errors import UserError
from scripts.platform.progress import Progress
from scripts.platform.snapshots import Snapshot, outcomes, snapshots
from scripts.platform.workspace import Workspace

SECTION = "backtest"
CLV_HORIZON = 180
DAYS = 3
# Figures shown on screen; the card has the rest too.
ON_SCREEN = (
    "AUC of the model",
    "AUC of recency alone",
    "AUC of whether they order",
    "Brier score of the model",
    "Brier score of recency alone",
    "slope",
    "purchases expected over actual",
    "revenue expected over actual",
    "lift in the top tenth",
    "share of money in the top tenth",
)


def backtest(
    workspace: Workspace,
    model: str,
    dates: Sequence[date] | None = None,
    horizon: int | None = None,
    progress: Progress = print,
) -> list[Figure]:
    """Evaluate a model on past days (default: three) and put the figures on its card; returns the figures.

    `model`: clv, churn or adoption:<kind>:<target>; `horizon` in days, by default that of the card. Raises UserError
    for an unknown model, days outside the history or too few customers.
    """
    card = read_card(workspace.seeds, model)
    days = horizon or (int(card["label_days"]) if card and card["label_days"] else None)
    if model == "clv":
        figures = _backtest_clv(workspace, dates, days or CLV_HORIZON, progress)
    elif model == "churn":
        figures = _figures_of(backtest_churn(workspace, dates, days, progress))
    elif model.startswith("adoption:") and model.count(":") >= 2:
        _, kind, name = model.split(":", 2)
        if kind not in ("category", "product", "attribute"):
            raise UserError(
                f"{model}: `{kind}` is not a kind of adoption target; "
                "use adoption:category:…, :product:… or :attribute:…"
            )
        target = find_target(workspace, **{kind: name})
        figures = _figures_of(backtest_adoption(workspace, target, dates, days, progress))
    else:
        raise UserError(f"{model}: not a model; use clv, churn or a model_key such as adoption:category:Garden")
    for line in _lines(model, figures):
        progress(line)
    if card is not None:
        put_figures(workspace, model, SECTION, figures)
        progress(f"backtest {model}: the figures are on its card in {workspace.seeds}")
    return figures


def _figures_of(results: Sequence[HoldoutResult]) -> list[Figure]:
    return [replace(figure, section=SECTION) for result in results for figure in result.figures()]


def _backtest_clv(workspace: Workspace, dates: Sequence[date] | None, horizon: int, progress: Progress) -> list[Figure]:
    facts = facts_for(workspace, horizon)
    wanted = list(dates or evaluation_days(facts, horizon, DAYS))
    figures: list[Figure] = []
    for day, snapshot in sorted(snapshots(workspace, wanted, progress).items(), reverse=True):
        figures += _evaluate_clv(workspace, snapshot, horizon, day)
    return figures


def _evaluate_clv(workspace: Workspace, snapshot: Snapshot, horizon: int, day: date) -> list[Figure]:
    """Purchase and spend models fitted on what was known on the day, compared with what came after it."""
    persons = snapshot.purchases[snapshot.purchases["customer_type"] == PERSON]
    within = persons[in_scope(persons, scope_limits(persons))].reset_index(drop=True)
    within = within.astype({"contribution_margin": float})
    models = fit_models(within, *purchase_model_in_use(workspace))
    made = within[["customer_id"]].merge(outcomes(workspace, snapshot, horizon), on="customer_id", how="left").fillna(0)
    bought, spent = made["purchase_day_count"].to_numpy(float), made["net_revenue"].to_numpy(float)
    expected = expected_purchases(horizon / DAYS_PER_WEEK, within, models.purchases)
    value = expected * gamma_gamma.expected_value(
        within["purchase_day_count"], within["mean_purchase_value"], models.revenue.parameters
    )
    orders = (bought > 0).astype(float)
    held = evaluation.top(orders, value, spent)
    note = f"{horizon} days after"
    found = [
        Figure(SECTION, "customers evaluated", len(within), note, day),
        Figure(SECTION, "expected purchases", float(expected.sum()), note, day),
        Figure(SECTION, "actual purchases", float(bought.sum()), note, day),
        Figure(SECTION, "purchases expected over actual", float(expected.sum() / max(bought.sum(), 1.0)), note, day),
        Figure(SECTION, "revenue expected over actual", float(value.sum() / max(spent.sum(), 1.0)), note, day),
        Figure(SECTION, "AUC of whether they order", evaluation.auc(orders, expected).value, note, day),
        Figure(SECTION, "lift in the top tenth", held.lift, "ranked by expected value; share who order", day),
        Figure(SECTION, "money in the top tenth", held.money, "actual net revenue", day),
        Figure(SECTION, "share of money in the top tenth", held.money_captured, "of all actual revenue", day),
    ]
    for number, rows in enumerate(np.array_split(np.argsort(expected, kind="stable"), 10), start=1):
        text = f"expected {expected[rows].mean():.3f}, {len(rows)} customers"
        found.append(
            Figure(SECTION, f"purchases per customer in tenth {number}", float(bought[rows].mean()), text, day)
        )
    return found


def _lines(model: str, figures: Sequence[Figure]) -> list[str]:
    lines = []
    for day in sorted({figure.figure_date for figure in figures if figure.figure_date}):
        values = {figure.figure: figure.value for figure in figures if figure.figure_date == day}
        texts = [f"{name} {float(values[name]):.3f}" for name in ON_SCREEN if name in values]
        lines.append(f"backtest {model}, {day}: {', '.join(texts)}")
    return lines
