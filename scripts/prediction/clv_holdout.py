"""The purchase models on trial: fitted on what lay before a day, and held against what came after it.

By orders as they are known today, so that it costs no more than a fit; `backtest` does it by what was known on the day.
"""

from __future__ import annotations

from datetime import date, timedelta

import numpy as np
import pandas as pd

from scripts.prediction import bg_nbd, gamma_gamma
from scripts.prediction.cards import Figure
from scripts.prediction.likelihood import CannotFit
from scripts.prediction.purchase_models import DAYS_A_WEEK, expected_purchases, fit_models, in_scope
from scripts.warehouse import open_warehouse
from scripts.world import World

# A year where there are three: shorter ones say as much of the season as of the model.
HOLDOUT_DAYS = 365
# Points of the curve of purchases.
TRACKED_WEEKS = 4


def holdout_figures(
    world: World, last: date, first: date, limits: dict[str, float], leaves_after_first: bool
) -> list[Figure]:
    """The models fitted on what lay before the last days, and what came in them, by orders as they are known today."""
    days = min(HOLDOUT_DAYS, (last - first).days // 3)
    day = last - timedelta(days=days)
    before, after, by_week = _split(world, day)
    persons = before[before["customer_type"] == "person"]
    before = persons[in_scope(persons, limits)]
    try:
        models = fit_models(before, leaves_after_first)
    except CannotFit as problem:
        return [Figure("holdout", "not possible", str(problem), figure_date=day)]
    expected = expected_purchases(days / DAYS_A_WEEK, before, models.purchases)
    value = gamma_gamma.expected_value(
        before["purchase_day_count"], before["mean_purchase_value"], models.revenue.parameters
    )
    actual = before[["customer_id"]].merge(after, on="customer_id", how="left").fillna(0.0)
    money = expected * value
    best = np.argsort(-money, kind="stable")[: max(1, len(before) // 10)]
    bought, spent = actual["purchases"].to_numpy(float), actual["revenue"].to_numpy(float)
    note = f"{days} days after {day}"
    return [
        Figure("holdout", "customers", len(before), note, day),
        Figure("holdout", "purchases expected", float(expected.sum()), note, day),
        Figure("holdout", "purchases made", float(bought.sum()), note, day),
        Figure("holdout", "expected over made", float(expected.sum() / max(bought.sum(), 1.0)), note, day),
        Figure("holdout", "revenue expected over made", float(money.sum() / max(spent.sum(), 1.0)), note, day),
        Figure(
            "holdout", "rank correlation with purchases made",
            float(pd.Series(expected).corr(pd.Series(bought), method="spearman")), note, day,
        ),
        Figure(
            "holdout", "revenue of the best tenth by expected value", float(spent[best].sum() / max(spent.sum(), 1.0)),
            "share of all revenue made", day,
        ),
        *_tracking_figures(before, by_week, models.purchases, int(persons["observed_days"].max()), day, last),
    ]  # fmt: skip


def _tracking_figures(
    before: pd.DataFrame, by_week: pd.DataFrame, fit: bg_nbd.BgNbdFit, seen_days: int, day: date, last: date
) -> list[Figure]:
    """Repeat purchases of the customers held, made and expected up to every fourth week since the first person's first.

    `seen_days`: from that day to `day`.
    """
    first_day = seen_days - before["observed_days"].to_numpy()
    weeks = np.arange(1, int((seen_days + (last - day).days + 1) // DAYS_A_WEEK) + 1)
    held = by_week[by_week["customer_id"].isin(before["customer_id"])]
    made = held.groupby("week")["purchases"].sum().reindex(weeks - 1, fill_value=0).cumsum().to_numpy()
    expected = bg_nbd.expected_cumulative(weeks, first_day, fit.parameters, leaves_after_first=fit.leaves_after_first)
    figures = [Figure("tracking", "weeks fitted", int((seen_days + 1) // DAYS_A_WEEK), "", day)]
    for place in range(TRACKED_WEEKS - 1, len(weeks), TRACKED_WEEKS):
        figures.append(Figure("tracking", f"made to week {weeks[place]}", float(made[place]), "repeat purchases", day))
        figures.append(Figure("tracking", f"expected to week {weeks[place]}", float(expected[place]), "", day))
    return figures


def _split(world: World, day: date) -> tuple[pd.DataFrame, pd.DataFrame, pd.DataFrame]:
    """Purchases as they stood on a day (columns of read_purchases), purchases and revenue of everyone after it, and
    repeat purchases by customer and week since the first purchase of any person."""
    with open_warehouse(world.warehouse, read_only=True) as connection:
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
        by_week = connection.execute(
            """
            with firsts as (
                select customer_id, min(ordered_date) as first_date
                from days where customer_type = 'person' group by customer_id
            ),
            origin as (select min(first_date) as first_date from firsts)
            select days.customer_id,
                cast(floor(date_diff('day', origin.first_date, days.ordered_date) / 7) as int) as week,
                count(*) as purchases
            from days
            inner join firsts on days.customer_id = firsts.customer_id and days.ordered_date > firsts.first_date
            cross join origin
            group by all
            """
        ).df()
    return before, after, by_week
