"""The lifecycle stage and its first day, compared with a day-by-day replay of each customer's history."""

from __future__ import annotations

from datetime import date, timedelta
from itertools import pairwise

import pandas as pd

from scripts.platform.warehouse import open_warehouse
from scripts.platform.workspace import Workspace

DAY = timedelta(days=1)


def stage_on(day: date, orders: list[date], interval: float, at_risk_from: date) -> str:
    """The stage of a buyer at the end of `day`, by the definition in the docs.

    `orders` are the days of all orders in sequence, `interval` the expected days between two. A past gap put the buyer
    at risk when it was longer than 1.5 intervals; the current gap does from `at_risk_from` on, the day given by the
    seasonal pace.
    """
    so_far = [ordered for ordered in orders if ordered <= day]
    waited = (day - so_far[-1]).days
    is_last = len(so_far) == len(orders)
    comebacks = [later for earlier, later in pairwise(so_far) if (later - earlier).days >= 180]
    if waited > 365:
        return "inactive"
    if waited > 180:
        return "lapsed"
    if comebacks and (day - comebacks[-1]).days < 60:
        return "won_back"
    late = day >= at_risk_from if is_last else waited > 1.5 * interval
    if len(so_far) >= 2 and late:
        return "at_risk"
    if sum((day - ordered).days < 365 for ordered in so_far) >= 4:
        return "loyal"
    return "repeat" if len(so_far) >= 2 else "first_order"


def test_stage_and_entry_equal_a_day_by_day_replay(demo_workspace: Workspace) -> None:
    with open_warehouse(demo_workspace.warehouse, read_only=True) as connection:
        orders = connection.execute(
            """
            select customer_id, ordered_date from marts.orders
            where is_counted and customer_id is not null order by 1, 2
            """
        ).df()
        features = connection.execute(
            """
            select customer_id, as_of_date, lifecycle_stage, days_in_lifecycle_stage, expected_interval_days
            from marts.customer_features where order_count > 0
            """
        ).df()
        calendar = connection.execute("select day, demand_day from intermediate.int_demand_calendar order by 1").df()
    end = features["as_of_date"].iloc[0].date()
    days = [day.date() for day in calendar["day"]]
    passed = dict(zip(days, calendar["demand_day"].astype(float), strict=True))
    placed = orders.groupby("customer_id")["ordered_date"].apply(lambda column: [day.date() for day in column])
    counts: dict[str, int] = {}
    for row in features.itertuples(index=False):
        history = placed[row.customer_id]
        limit = passed[history[-1]] + 1.5 * row.expected_interval_days
        # The first day by which one whole day more than the limit has passed, as in the model.
        at_risk_from = next(
            (day for day in (history[-1] + DAY * step for step in range(1400)) if passed[day] >= int(limit) + 1),
            date.max,
        )
        stage = stage_on(end, history, row.expected_interval_days, at_risk_from)
        day = end
        while day > history[0] and stage_on(day - DAY, history, row.expected_interval_days, at_risk_from) == stage:
            day -= DAY
        found = (row.lifecycle_stage, row.days_in_lifecycle_stage)
        assert found == (stage, (end - day).days), (row.customer_id, history, row.expected_interval_days, at_risk_from)
        counts[stage] = counts.get(stage, 0) + 1
    assert set(counts) == {"first_order", "repeat", "loyal", "at_risk", "won_back", "lapsed", "inactive"}, counts


def test_demand_calendar_equals_an_independent_calculation(demo_workspace: Workspace) -> None:
    """Month factors: orders per day over the centred twelve-month mean, averaged by month of the year, mean 1."""
    with open_warehouse(demo_workspace.warehouse, read_only=True) as connection:
        orders = connection.execute("select ordered_date from marts.orders where is_counted").df()["ordered_date"]
        calendar = connection.execute("select * from intermediate.int_demand_calendar order by day").df()
        (end,) = connection.execute("select max(as_of_date) from marts.customer_features").fetchone() or (None,)
    monthly = orders.groupby(orders.dt.to_period("M")).size()
    # The month of the first order is incomplete; the demo ends with a complete one.
    monthly = monthly.iloc[1:]
    assert monthly.index[-1].end_time.date() == end
    daily = monthly / monthly.index.days_in_month
    ends = [0.5] + [1.0] * 11 + [0.5]
    level = daily.rolling(13, center=True).apply(lambda window: (window * ends).sum() / 12)
    factor = (daily / level).dropna().groupby(lambda month: month.month).mean()
    factor = (factor / factor.mean()).clip(0.5, 2)
    of_day = calendar["day"].dt.month.map(factor)
    assert (calendar["demand_weight"].astype(float) - of_day).abs().max() < 1e-4
    assert (calendar["demand_day"].astype(float) - calendar["demand_weight"].astype(float).cumsum()).abs().max() < 1e-6
    assert len(calendar) == 10957 + 1 + 1461 and isinstance(calendar, pd.DataFrame)
