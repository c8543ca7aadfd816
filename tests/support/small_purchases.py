"""A warehouse with only purchases, simulated from the models themselves, so that fits can be checked for recovery."""

from __future__ import annotations

from datetime import date, timedelta
from pathlib import Path

import numpy as np
import pandas as pd

from scripts.platform.warehouse import open_warehouse
from scripts.platform.workspace import Workspace
from tests.support.build_notes import recorded

LAST = date(2026, 6, 30)
WEEKS = 156
TRUTH = {"r": 0.8, "alpha": 6.0, "a": 0.9, "b": 3.0}
SPEND = {"p": 4.0, "q": 5.0, "v": 60.0}
MARGIN_SHARE = 0.5
CONTRIBUTION_SHARE = 0.4


def purchase_days(
    customers: int,
    seed: int,
    parameters: dict[str, float] = TRUTH,
    *,
    leaves_after_first: bool = False,
    weeks: int = WEEKS,
) -> pd.DataFrame:
    """One row per customer, acquired in the last `weeks`, and day of purchase: customer_id, ordered_date, revenue.

    Written independently of the product, event by event: the purchase rate is gamma; the probability of dropping out
    after every repeat purchase, or after every purchase (`leaves_after_first`), is beta; the value of a purchase is
    gamma with a gamma rate.
    """
    random = np.random.default_rng(seed)
    rows = []
    for number in range(customers):
        rate = random.gamma(parameters["r"]) / parameters["alpha"]
        leaving = random.beta(parameters["a"], parameters["b"])
        spend_rate = random.gamma(SPEND["q"]) / SPEND["v"]
        start = LAST - timedelta(days=int(random.integers(1, weeks * 7)))
        week, days = 0.0, {start}
        stays = not leaves_after_first or random.random() >= leaving
        while stays and week < weeks:
            week += random.exponential(1 / rate)
            day = start + timedelta(days=round(min(week, weeks) * 7))
            if day > LAST:
                break
            days.add(day)
            if random.random() < leaving:
                break
        rows += [(f"c{number:05d}", day, round(random.gamma(SPEND["p"]) / spend_rate, 2)) for day in sorted(days)]
    return pd.DataFrame(rows, columns=["customer_id", "ordered_date", "revenue"])


def purchases_workspace(home: Path, days: pd.DataFrame, kind: str = "demo") -> Workspace:
    """A workspace whose warehouse has the relations that a fit reads; `days` as from purchase_days, all persons except
    those whose id begins with `shop`."""
    workspace = Workspace.at(warehouse=str(home / "warehouse.duckdb"))
    with open_warehouse(workspace.warehouse) as connection:
        connection.register("days", days)
        connection.execute("create schema marts; create schema intermediate; create schema intake")
        connection.execute(
            f"""
            create table marts.order_margins as
            select 'o' || row_number() over (order by customer_id, ordered_date) as order_id, customer_id,
                cast(ordered_date as date) as ordered_date, true as is_counted,
                cast(revenue as decimal(18, 2)) as gross_revenue, cast(revenue as decimal(18, 2)) as net_revenue,
                cast(revenue * (1 - {MARGIN_SHARE}) as decimal(18, 2)) as cogs,
                cast(revenue * {CONTRIBUTION_SHARE} as decimal(18, 2)) as contribution_margin
            from days;
            create table marts.customer_margin as
            select customer_id, date '{LAST}' as as_of_date from days group by customer_id;
            create table intermediate.int_customer_purchases as
            select customer_id, date '{LAST}' as as_of_date,
                case when customer_id like 'shop%' then 'wholesaler' else 'person' end as customer_type,
                case when hash(customer_id) % 2 = 0 then 'GB' else 'FR' end as country_code,
                'online' as first_order_channel, count(*) as purchase_day_count, count(*) - 1 as repeat_count,
                date_diff('day', min(ordered_date), max(ordered_date)) as last_purchase_age_days,
                date_diff('day', min(ordered_date), date '{LAST}') as observed_days,
                avg(cast(net_revenue as double)) as mean_purchase_value,
                avg(cast(net_revenue - cogs as double)) as mean_purchase_margin,
                sum(contribution_margin) as contribution_margin
            from marts.order_margins group by customer_id;
            create table intermediate.int_prediction_inputs as
            select customer_id, customer_type, cast(purchase_day_count as double) as purchase_day_count,
                cast(observed_days - last_purchase_age_days as double) as days_since_last_order,
                mean_purchase_value as average_order_value
            from intermediate.int_customer_purchases;
            create table marts.build_notes as {recorded(kind=kind, reporting_currency="EUR")}
            """
        )
    return workspace
