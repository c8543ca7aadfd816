"""Holdout evaluation of the purchase models: fitted on orders up to a day, compared with what came after it.

Two such days follow each other, so that what the first decides is judged on days that had no part in it:

    fit | choose the purchase model and the first days to leave out | judge

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
    PURCHASE_MODELS,
    expected_purchases,
    fit_models,
    fit_purchases,
    in_scope,
    new_customers,
    scope_limits,
)
from scripts.platform.warehouse import open_warehouse
from scripts.platform.workspace import Workspace

# Each, if there are three years: shorter holdouts reflect the season as much as the model.
HOLDOUT_DAYS = 365
# Weeks between the points of the purchase curve.
TRACKED_WEEKS = 4
# Days at the start of the data whose customers may be left out, and by how much that must beat leaving out none.
SKIPS = (0, 90, 180, 365)
SKIP_CUSTOMERS = 500
SKIP_MARGIN = 0.01
# Standard errors by which one model must be better on the days held out to be chosen against the likelihood.
BEYOND_CHANCE = 2.0


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

    @property
    def last(self) -> date:
        """The last of the days held out."""
        return self.day + timedelta(days=self.days)

    def expected(self, fit: bg_nbd.BgNbdFit) -> Floats:
        """Expected purchases of each customer on the days held out."""
        return expected_purchases(self.days / DAYS_PER_WEEK, self.before, fit)

    def deviances(self, fit: bg_nbd.BgNbdFit) -> Floats:
        """Poisson deviance of actual from expected purchases, one for each customer; 0 is perfect."""
        expected, made = np.maximum(self.expected(fit), 1e-12), self.purchases
        logs = np.where(made > 0, made * np.log(np.maximum(made, 1) / expected), 0.0)
        return np.asarray(2 * (logs - made + expected))


@dataclass(frozen=True)
class Candidate:
    """A purchase model as fitted before the days held out, without the customers of the first `skipped_days`."""

    fit: bg_nbd.BgNbdFit
    skipped_days: int
    deviances: Floats
    expected_over_actual: float

    @property
    def deviance(self) -> float:
        return float(self.deviances.mean())

    def is_refuted_by(self, other: Candidate) -> bool:
        """Whether the other foretold the days held out better, by more than chance."""
        excess = self.deviances - other.deviances
        return float(excess.mean()) > BEYOND_CHANCE * float(excess.std(ddof=1)) / np.sqrt(len(excess))


def hold_out_twice(workspace: Workspace, last: date, first: date) -> tuple[Holdout, Holdout]:
    """The days to choose on and, after them, the days to judge on, of orders that range from `first` to `last`."""
    days = min(HOLDOUT_DAYS, (last - first).days // 3)
    judged = last - timedelta(days=days)
    return hold_out(workspace, judged - timedelta(days=days), days), hold_out(workspace, judged, days)


def hold_out(workspace: Workspace, day: date, days: int) -> Holdout:
    """Hold out the `days` days after a day."""
    before, after, repeats = _split(workspace, day, day + timedelta(days=days))
    persons = before[before["customer_type"] == "person"]
    before = persons[in_scope(persons, scope_limits(persons))]
    actual = before[["customer_id"]].merge(after, on="customer_id", how="left").fillna(0.0)
    return Holdout(
        day=day,
        days=days,
        before=before,
        purchases=actual["purchases"].to_numpy(float),
        revenue=actual["revenue"].to_numpy(float),
        repeats=repeats[repeats["customer_id"].isin(before["customer_id"])],
        seen_days=int(persons["observed_days"].max()) if len(persons) else 0,
    )


def candidates(held: Holdout, leaves_after_first: bool | None = None) -> list[Candidate]:
    """Every purchase model (or the one asked for) with every number of first days left out that gives a reliable fit.

    The best first. Of two models of the same customers the days held out decide, and the likelihood only where they
    cannot tell the two apart. Customers from before the data begin look like new customers who buy often; but leaving
    out the first days costs training customers, so it must beat leaving out none by a clear margin.
    """
    wanted = list(PURCHASE_MODELS.values()) if leaves_after_first is None else [leaves_after_first]
    found: list[list[Candidate]] = []
    for days in SKIPS:
        new = new_customers(held.before, days)
        if days and (days > held.seen_days // 2 or len(new) < SKIP_CUSTOMERS):
            continue
        both = [one for modified in wanted if (one := _candidate(held, new, days, modified)) is not None]
        if both:
            found.append(_better_first(both))
    margin = [(pair[0].deviance * (1 if pair[0].skipped_days else 1 - SKIP_MARGIN), pair) for pair in found]
    return [one for _, pair in sorted(margin, key=lambda row: row[0]) for one in pair]


def _candidate(held: Holdout, customers: pd.DataFrame, skipped_days: int, modified: bool) -> Candidate | None:
    try:
        fit = fit_purchases(customers, modified)
    except CannotFit:
        return None
    ratio = float(held.expected(fit).sum() / max(held.purchases.sum(), 1.0))
    return Candidate(fit, skipped_days, held.deviances(fit), ratio) if fit.converged else None


def _better_first(both: list[Candidate]) -> list[Candidate]:
    likelier, *other = sorted(both, key=lambda one: -one.fit.log_likelihood)
    if other and likelier.is_refuted_by(other[0]):
        return [other[0], likelier]
    return [likelier, *other]


def holdout_figures(held: Holdout, leaves_after_first: bool, skipped_days: int) -> list[Figure]:
    """How the models would have performed, as figures for the card."""
    try:
        models = fit_models(held.before, leaves_after_first, skipped_days)
    except CannotFit as problem:
        return [Figure("holdout", "not possible", str(problem), figure_date=held.day)]
    before, day = held.before, held.day
    expected = held.expected(models.purchases)
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
        *_not_chosen_figures(held, not leaves_after_first, skipped_days),
        *_tracking_figures(held, models.purchases, skipped_days),
    ]  # fmt: skip


def _not_chosen_figures(held: Holdout, leaves_after_first: bool, skipped_days: int) -> list[Figure]:
    """What the model that was not chosen would have foretold: the choice itself, judged."""
    other = _candidate(held, new_customers(held.before, skipped_days), skipped_days, leaves_after_first)
    if other is None:
        return []
    name, ratio = f"expected over actual by {other.fit.model_name}", other.expected_over_actual
    return [Figure("holdout", name, ratio, "not chosen", held.day)]


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


def _split(workspace: Workspace, day: date, end: date) -> tuple[pd.DataFrame, pd.DataFrame, pd.DataFrame]:
    """Purchases as of a day (columns of read_purchases), purchases and revenue of each customer from then to `end`, and
    repeat purchases by customer and day number, counted from the first purchase of any person."""
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
            where margins.is_counted and margins.ordered_date <= $end
            group by margins.customer_id, margins.ordered_date
            """,
            {"end": end},
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
