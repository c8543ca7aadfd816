"""Adoption: the probability that a buyer starts using a category, a product or something else not used so far.

Three kinds of target: a category, a product (sku), or an attribute of int_prediction_inputs that is zero or unknown
before and above zero after (a loyalty card, orders in shops). One model each, `adoption:<kind>:<target>`, written as
rows from which `int_customer_adoption` scores customers every day. Two inputs are about the target: how often its
category was viewed, and how much more likely past purchases make it.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import date, timedelta

import numpy as np
import pandas as pd

from scripts.learning.prediction.cards import DataFacts, Figure
from scripts.learning.prediction.holdout_evaluation import PURCHASE_MODEL, Cohort, Count, HoldoutResult, Trained
from scripts.learning.prediction.propensity import Vector
from scripts.learning.prediction.propensity_fits import (
    Task,
    allowed_inputs,
    chance_of_order,
    evaluation_days,
    facts_for,
    finish,
    numbers,
    persons,
    present_inputs,
    purchase_days,
    read_table,
    train_task,
)
from scripts.platform.errors import UserError
from scripts.platform.snapshots import Progress, Snapshot, outcomes, products_bought_after, snapshots
from scripts.platform.warehouse import open_warehouse
from scripts.platform.workspace import Workspace

INPUTS_OF = "adoption"
SEED_FILE = "adoption_parameters.csv"
HORIZON_DAYS = 90
EVALUATION_COUNT = 3
VIEWS, AFFINITY = "target_view_count_90d", "target_affinity_lift"


@dataclass(frozen=True)
class Target:
    """What is adopted: `kind` is category, product or attribute; `category` is the target's category, if it has one."""

    kind: str
    name: str
    category: str | None = None

    @property
    def model_key(self) -> str:
        return f"adoption:{self.kind}:{self.name}"


def fit_adoption(
    workspace: Workspace,
    category: str | None = None,
    product: str | None = None,
    attribute: str | None = None,
    horizon: int | None = None,
    dates: Sequence[date] | None = None,
    progress: Progress = print,
) -> Trained:
    """Evaluate and train the adoption model of one target and write it, with its card, into the workspace's seeds.

    Give one of `category`, `product` (sku) and `attribute`. `horizon`: days within which it is adopted (default 90);
    `dates`: days to evaluate it on (default: three, 60 days apart, as far as the history allows). Raises UserError for
    an unknown target, too short a history or too few adopters; CheckFailed if recency alone or the purchase model is as
    good.
    """
    task, facts = _task(
        workspace, find_target(workspace, category, product, attribute), horizon or HORIZON_DAYS, progress
    )
    trained = train_task(
        workspace, task, facts, dates or evaluation_days(facts, task.horizon, EVALUATION_COUNT), progress
    )
    finish(workspace, task, trained, facts, progress)
    return trained


def backtest_adoption(
    workspace: Workspace,
    target: Target,
    dates: Sequence[date] | None = None,
    horizon: int | None = None,
    progress: Progress = print,
) -> Sequence[HoldoutResult]:
    """The adoption model as trained before each of `dates`, evaluated on what came after; writes nothing."""
    task, facts = _task(workspace, target, horizon or HORIZON_DAYS, progress)
    return train_task(
        workspace, task, facts, dates or evaluation_days(facts, task.horizon, EVALUATION_COUNT), progress
    ).results


def find_target(
    workspace: Workspace, category: str | None = None, product: str | None = None, attribute: str | None = None
) -> Target:
    """The one target given; raises UserError unless exactly one is given and it is known in the built warehouse."""
    given = {"category": category, "product": product, "attribute": attribute}
    named = [(kind, name) for kind, name in given.items() if name]
    if len(named) != 1:
        raise UserError("adoption: name what is adopted by exactly one of --category, --product and --attribute")
    kind, name = named[0]
    if kind == "attribute":
        known = numbers(present_inputs(workspace))
        if name not in known:
            raise UserError(f"--attribute {name}: not a numeric attribute; use one of {', '.join(known)}")
        return Target(kind, name)
    with open_warehouse(workspace.warehouse, read_only=True) as connection:
        products = connection.execute("select sku, category from marts.products where category is not null").df()
    if kind == "category":
        known = sorted(products["category"].unique())
        if name not in known:
            raise UserError(f"--category {name}: not the category of any product; use one of {', '.join(known)}")
        return Target(kind, name, name)
    found = products.loc[products["sku"] == name, "category"]
    if found.empty:
        raise UserError(f"--product {name}: not the SKU of a product with a category; look it up in marts.products")
    return Target(kind, name, str(found.iloc[0]))


def _task(workspace: Workspace, target: Target, horizon: int, progress: Progress) -> tuple[Task, DataFacts]:
    facts = facts_for(workspace, horizon)
    present = _candidates(
        present_inputs(workspace), target, read_table(workspace, "int_category_interests"), owners_by(workspace, target)
    )

    def cohort(snapshot: Snapshot) -> Cohort:
        owners = owners_by(workspace, target, snapshot)
        customers = _candidates(persons(snapshot), target, snapshot.interests, owners)
        chance = chance_of_order(workspace, snapshot, customers, horizon)
        spent = outcomes(workspace, snapshot, horizon).set_index("customer_id")["net_revenue"]
        return Cohort(
            day=snapshot.day,
            customers=customers,
            label=_adopted(workspace, target, snapshot, customers, horizon, progress),
            money=np.asarray(spent.reindex(customers["customer_id"]).fillna(0).to_numpy(dtype=float)),
            opponents={} if chance is None else {PURCHASE_MODEL: chance},
        )

    scales = allowed_inputs(workspace, INPUTS_OF, [*numbers(present), VIEWS, AFFINITY])
    # The adopted attribute itself is zero for all who could adopt it.
    unusable = {target.name, *((VIEWS, AFFINITY) if target.category is None else ())}
    what = {"category": f"buys from {target.name}", "product": f"buys {target.name}"}
    return (
        Task(
            model_key=target.model_key,
            model_name=f"Adoption: {what.get(target.kind, target.name)} in {horizon} days"
            " (piecewise linear logistic regression)",
            seed_file=SEED_FILE,
            outcome=f"who adopted {target.kind} {target.name}",
            horizon=horizon,
            scales={name: scale for name, scale in scales.items() if name not in unusable},
            cohort=cohort,
            count_on=_counter(workspace, target, horizon),
            present=present,
            limits=[
                Figure("limits", "covers", "people who have bought but have not adopted it"),
                Figure("limits", "outcome", f"adopted for the first time in the {horizon} days after"),
                Figure("limits", "money", "net revenue in those days of those who adopted"),
            ],
            # Who buys at all tends to adopt as well: a model that ranks no better says nothing about the target.
            rivals=[PURCHASE_MODEL],
        ),
        facts,
    )


def _counter(workspace: Workspace, target: Target, horizon: int) -> Callable[[date], Count] | None:
    """Counts those who could adopt and those who did; None for an attribute, which would need a snapshot per day."""
    if target.kind == "attribute":
        return None
    column = "sku" if target.kind == "product" else "category"
    first = purchase_days(workspace).groupby("customer_id")["day"].min()
    adopted = purchase_days(workspace, column, target.name).groupby("customer_id")["day"].min().reindex(first.index)

    def count_on(day: date) -> Count:
        end = pd.Timestamp(day)
        could = (first <= end) & ~(adopted <= end)
        return Count(int(could.sum()), int((could & (adopted <= end + pd.Timedelta(days=horizon))).sum()))

    return count_on


def _candidates(inputs: pd.DataFrame, target: Target, interests: pd.DataFrame, owners: pd.Series) -> pd.DataFrame:
    """People who have not adopted, with their inputs, including those about the target."""
    customers = inputs[~inputs["customer_id"].isin(owners)]
    if target.category is None:
        return customers[~(customers[target.name].fillna(0) > 0)].reset_index(drop=True)
    interest = interests[interests["category"] == target.category].set_index("customer_id")
    if target.kind == "category":
        bought = interest.index[interest["order_day_count"] > 0]
        customers = customers[~customers["customer_id"].isin(bought)]
    who = customers["customer_id"]
    return customers.assign(
        **{
            VIEWS: interest["view_count_90d"].reindex(who).fillna(0).to_numpy(dtype=float),
            AFFINITY: interest["affinity_lift"].reindex(who).fillna(1).to_numpy(dtype=float),
        }
    ).reset_index(drop=True)


def owners_by(workspace: Workspace, target: Target, snapshot: Snapshot | None = None) -> pd.Series:
    """Ids of customers who had bought the product by the snapshot's day, or by today; empty for other target kinds."""
    if target.kind != "product":
        return pd.Series(dtype=object)
    with open_warehouse(workspace.warehouse, read_only=True) as connection:
        bought = connection.execute(
            """
            select distinct customer_id from marts.order_lines
            where is_counted and line_type = 'product' and sku = $sku and customer_id is not null
                and ($day is null or ordered_date <= $day)
            """,
            {"sku": target.name, "day": snapshot.day if snapshot else None},
        ).df()["customer_id"]
    if snapshot is None:
        return bought
    ids = snapshot.present_ids
    return ids.loc[ids["present_customer_id"].isin(bought), "customer_id"]


def _adopted(
    workspace: Workspace, target: Target, snapshot: Snapshot, customers: pd.DataFrame, horizon: int, progress: Progress
) -> Vector:
    """1 for each of `customers` who adopted in the days after the snapshot."""
    if target.kind == "attribute":
        return _started(workspace, target, snapshot, customers, horizon, progress)
    bought = products_bought_after(workspace, snapshot, horizon)
    column = "sku" if target.kind == "product" else "category"
    adopters = bought.loc[bought[column] == target.name, "customer_id"]
    return np.asarray(customers["customer_id"].isin(adopters), dtype=float)


def _started(
    workspace: Workspace, target: Target, snapshot: Snapshot, customers: pd.DataFrame, horizon: int, progress: Progress
) -> Vector:
    """1 where the attribute is above zero at the end of the horizon; customers are matched by their present ids."""
    end = snapshot.day + timedelta(days=horizon)
    if end == facts_for(workspace, horizon).as_of_date:
        later = present_inputs(workspace)
        users = later.loc[later[target.name].fillna(0) > 0, "customer_id"]
    else:
        after = snapshots(workspace, [end], progress)[end]
        users = _present_ids(after, after.inputs.loc[after.inputs[target.name].fillna(0) > 0, "customer_id"])
    return np.asarray(_present_ids(snapshot, customers["customer_id"]).isin(users), dtype=float)


def _present_ids(snapshot: Snapshot, customer_ids: pd.Series) -> pd.Series:
    present = snapshot.present_ids.set_index("customer_id")["present_customer_id"]
    return customer_ids.map(present).fillna(customer_ids)
