"""Holdout evaluation of the purchase models: fitted on orders up to a day, compared with what came after it.

Uses orders as known today, so that it costs no more than a fit; `backtest` uses what was known on the day.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, timedelta

import numpy as np
import pandas as pd

from scripts.learning.prediction import bg_nbd, gamma_gamma
from scripts.learning.prediction.cards import LEAST_RATIO, MOST_RATIO, Figure
from scripts.learning.prediction.likelihood import CannotFit, Floats
from scripts.learning.prediction.purchase_models import (
    DAYS_PER_WEEK,
    PurchaseModels,
    expected_purchases,
    fit_models,
    fit_purchases,
    in_scope,
    new_customers,
)
from scripts.platform.warehouse import open_warehouse
from scripts.platform.workspace import Workspace

# A year if there are three: shorter holdouts reflect the season as much as the model.
HOLDOUT_DAYS = 365
# Weeks between the points of the purchase curve.
TRACKED_WEEKS = 4
# Days at the start of the data whose customers may be left out, and by how much that must beat leaving out none.
SKIPS = (0, 90, 180, 365)
SKIP_CUSTOMERS = 500
SKIP_MARGIN = 0.01


@dataclass(frozen=True)
class Holdout:
    """Customers as of `day` (rows as in read_purchases, in scope), and what they did in the `days` after it.

    `purchases` and `revenue` have the rows of `before`; `repeats` has their repeat purchases by day number, counted
    from the first purchase of any person, which was `seen_days` before `day`.
    """

    day: date
    days: int
    before: pd.DataFrame
    purchases: Floats
    revenue: Floats
    repeats: pd.DataFrame
    seen_days: int

    def models(self, leaves_after_first: bool | None, skipped_days: int) -> PurchaseModels:
        """The models as they would have been fitted on the day. May raise CannotFit."""
        return fit_models(self.before, leaves_after_first, skipped_days)

    def deviance(self, fit: bg_nbd.BgNbdFit) -> float:
        """Mean Poisson deviance of actual from expected purchases; 0 is perfect."""
        expected = np.maximum(expected_purchases(self.days / DAYS_PER_WEEK, self.before, fit), 1e-12)
        made = self.purchases
        logs = np.where(made > 0, made * np.log(np.maximum(made, 1) / expected), 0.0)
        return float(2 * np.mean(logs - made + expected))


def hold_out(workspace: Workspace, last: date, first: date, limits: dict[str, float]) -> Holdout:
    """Hold out the last days of a workspace whose orders range from `first` to `last`."""
    days = min(HOLDOUT_DAYS, (last - first).days // 3)
    day = last - timedelta(days=days)
    before, after, repeats = _split(workspace, day)
    persons = before[before["customer_type"] == "person"]
    before = persons[in_scope(persons, limits)]
    actual = before[["customer_id"]].merge(after, on="customer_id", how="left").fillna(0.0)
    return Holdout(
        day=day,
        days=days,
        before=before,
        purchases=actual["purchases"].to_numpy(float),
        revenue=actual["revenue"].to_numpy(float),
        repeats=repeats[repeats["customer_id"].isin(before["customer_id"])],
        seen_days=int(persons["observed_days"].max()),
    )


def try_skips(held: Holdout, leaves_after_first: bool | None) -> list[tuple[int, float]]:
    """Numbers of first days whose customers may be left out, with the resulting deviance; the best first.

    Customers from before the data begin look like new customers who buy often. Leaving out the first days costs
    training customers, so it must beat leaving out none by a clear margin.
    """
    found = []
    for days in SKIPS:
        new = new_customers(held.before, days)
        if days and (days > held.seen_days // 2 or len(new) < SKIP_CUSTOMERS):
            continue
        try:
            fit, _ = fit_purchases(new, leaves_after_first)
        except CannotFit:
            continue
        if fit.converged:
            found.append((days, held.deviance(fit)))
    return sorted(found, key=lambda one: one[1] * (1 - SKIP_MARGIN if one[0] == 0 else 1))


def holdout_figures(held: Holdout, leaves_after_first: bool, skipped_days: int) -> list[Figure]:
    """How the models would have performed, as figures for the card."""
    try:
        models = held.models(leaves_after_first, skipped_days)
    except CannotFit as problem:
        return [Figure("holdout", "not possible", str(problem), figure_date=held.day)]
    before, day = held.before, held.day
    expected = expected_purchases(held.days / DAYS_PER_WEEK, before, models.purchases)
    money = expected * gamma_gamma.expected_value(
        before["purchase_day_count"], before["mean_purchase_value"], models.revenue.parameters
    )
    best = np.argsort(-money, kind="stable")[: max(1, len(before) // 10)]
    bought, spent = held.purchases, held.revenue
    note = f"{held.days} days after {day}"
    return [
        Figure("holdout", "customers", len(before), note, day),
        Figure("holdout", "expected purchases", float(expected.sum()), note, day),
        Figure("holdout", "actual purchases", float(bought.sum()), note, day),
        Figure("holdout", "expected over actual", float(expected.sum() / max(bought.sum(), 1.0)), note, day),
        Figure("holdout", "revenue expected over actual", float(money.sum() / max(spent.sum(), 1.0)), note, day),
        Figure(
            "holdout", "rank correlation with actual purchases",
            float(pd.Series(expected).corr(pd.Series(bought), method="spearman")), note, day,
        ),
        Figure(
            "holdout", "revenue of the top tenth by expected value", float(spent[best].sum() / max(spent.sum(), 1.0)),
            "share of all actual revenue", day,
        ),
        *_tracking_figures(held, models.purchases, skipped_days),
    ]  # fmt: skip


def holdout_doubts(figures: list[Figure]) -> list[str]:
    """What is wrong with the forecast of the holdout days, if anything, from the figures of `holdout_figures`."""
    found = {figure.figure: figure.value for figure in figures if figure.section == "holdout"}
    doubts = []
    for what, name in (("purchases were", "expected over actual"), ("revenue was", "revenue expected over actual")):
        ratio = float(found.get(name, 1.0))
        if not LEAST_RATIO <= ratio <= MOST_RATIO:
            doubts.append(f"expected {what} {ratio:.2f} times the actual")
    correlation = found.get("rank correlation with actual purchases")
    # Within two standard errors of a correlation of nothing.
    if correlation is not None and not float(correlation) > 2 / np.sqrt(float(found["customers"])):
        doubts.append(f"expected and actual purchases do not rank alike (correlation {float(correlation):.3f})")
    return doubts


def _tracking_figures(held: Holdout, fit: bg_nbd.BgNbdFit, skipped_days: int) -> list[Figure]:
    """Cumulative actual and expected repeat purchases of the training customers, every fourth week from their first."""
    before = new_customers(held.before, skipped_days)
    begin = held.seen_days - int(before["observed_days"].max())
    first_day = before["observed_days"].max() - before["observed_days"].to_numpy()
    weeks = np.arange(1, int((held.seen_days - begin + held.days + 1) // DAYS_PER_WEEK) + 1)
    theirs = held.repeats[held.repeats["customer_id"].isin(before["customer_id"])]
    by_week = (
        theirs.assign(week=(theirs["day_number"] - begin) // int(DAYS_PER_WEEK)).groupby("week")["purchases"].sum()
    )
    made = by_week.reindex(weeks - 1, fill_value=0).cumsum().to_numpy()
    expected = bg_nbd.expected_cumulative(weeks, first_day, fit.parameters, leaves_after_first=fit.leaves_after_first)
    fitted = int((held.seen_days - begin + 1) // DAYS_PER_WEEK)
    figures = [Figure("tracking", "weeks fitted", fitted, "of the training customers", held.day)]
    for place in range(TRACKED_WEEKS - 1, len(weeks), TRACKED_WEEKS):
        figures += [
            Figure("tracking", f"actual to week {weeks[place]}", float(made[place]), "repeat purchases", held.day),
            Figure("tracking", f"expected to week {weeks[place]}", float(expected[place]), "", held.day),
        ]
    return figures


def _split(workspace: Workspace, day: date) -> tuple[pd.DataFrame, pd.DataFrame, pd.DataFrame]:
    """Purchases as of a day (columns of read_purchases), purchases and revenue of each customer after it, and repeat
    purchases by customer and day number, counted from the first purchase of any person."""
    with open_warehouse(workspace.warehouse, read_only=True) as connection:
        connection.execute(
            """
            create temp table days as
            select margins.customer_id, margins.ordered_date, any_value(purchases.customer_type) as customer_type,
                cast(sum(margins.net_revenue) as double) as revenue,
                cast(sum(margins.net_revenue - margins.cogs) as double) as margin,
                cast(sum(margins.contribution_margin) as double) as contribution_margin
            from marts.order_margins as margins
            inner join intermediate.int_customer_purchases as purchases on margins.customer_id = purchases.customer_id
            where margins.is_counted
            group by margins.customer_id, margins.ordered_date
            """
        )
        before = connection.execute(
            """
            select customer_id, any_value(customer_type) as customer_type, count(*) as purchase_day_count,
                count(*) - 1 as repeat_count,
                date_diff('day', min(ordered_date), max(ordered_date)) as last_purchase_age_days,
                date_diff('day', min(ordered_date), $day) as observed_days,
                avg(revenue) as mean_purchase_value, avg(margin) as mean_purchase_margin,
                sum(contribution_margin) as contribution_margin
            from days where ordered_date <= $day group by customer_id order by customer_id
            """,
            {"day": day},
        ).df()
        after = connection.execute(
            "select customer_id, count(*) as purchases, sum(revenue) as revenue from days where ordered_date > $day"
            " group by customer_id",
            {"day": day},
        ).df()
        repeats = connection.execute(
            """
            with firsts as (
                select customer_id, min(ordered_date) as first_date
                from days where customer_type = 'person' group by customer_id
            ),
            origin as (select min(first_date) as first_date from firsts)
            select days.customer_id,
                date_diff('day', origin.first_date, days.ordered_date) as day_number,
                count(*) as purchases
            from days
            inner join firsts on days.customer_id = firsts.customer_id and days.ordered_date > firsts.first_date
            cross join origin
            group by all
            """
        ).df()
    return before, after, repeats
