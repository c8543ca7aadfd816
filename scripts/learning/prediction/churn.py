"""Churn: the probability that a customer who has not lapsed yet places no order in the days to come.

Trained on people as they were on past days and what they did afterwards (`holdout_evaluation`), written as rows
(`propensity`) from which `int_propensity_contributions` scores customers every day.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date

import numpy as np
import pandas as pd

from scripts.learning.prediction.cards import DataFacts, Figure
from scripts.learning.prediction.holdout_evaluation import PURCHASE_MODEL, Cohort, Count, HoldoutResult, Trained
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
    train_task,
)
from scripts.platform.settings import built_var
from scripts.platform.snapshots import Progress, Snapshot, outcomes
from scripts.platform.workspace import Workspace

MODEL_KEY = "churn"
SEED_FILE = "churn_parameters.csv"
# Days without an order after which a customer has lapsed, by the shared definition.
HORIZON_DAYS = 180
EVALUATION_COUNT = 3


def fit_churn(
    workspace: Workspace, horizon: int | None = None, dates: Sequence[date] | None = None, progress: Progress = print
) -> Trained:
    """Evaluate and train the churn model of a built workspace and write it, with its card, into the workspace's seeds.

    `horizon`: days without an order (default 180). `dates`: days to evaluate it on (default: three, 60 days apart, the
    last of them `horizon` days ago, as far as the history allows). Raises UserError for too short a history or too few
    customers who stayed or left; CheckFailed if recency alone is as good, after writing the model as not usable.
    """
    task, facts = _task(workspace, horizon or HORIZON_DAYS)
    trained = train_task(
        workspace, task, facts, dates or evaluation_days(facts, task.horizon, EVALUATION_COUNT), progress
    )
    finish(workspace, task, trained, facts, progress)
    return trained


def backtest_churn(
    workspace: Workspace, dates: Sequence[date] | None = None, horizon: int | None = None, progress: Progress = print
) -> Sequence[HoldoutResult]:
    """The churn model as trained before each of `dates`, evaluated on what came after; writes nothing."""
    task, facts = _task(workspace, horizon or HORIZON_DAYS)
    return train_task(
        workspace, task, facts, dates or evaluation_days(facts, task.horizon, EVALUATION_COUNT), progress
    ).results


def _task(workspace: Workspace, horizon: int) -> tuple[Task, DataFacts]:
    facts = facts_for(workspace, horizon)
    present = present_inputs(workspace)
    active_days = int(built_var(workspace, "churn_active_days"))

    def active(customers: pd.DataFrame) -> pd.DataFrame:
        return customers[customers["days_since_last_order"] <= active_days].reset_index(drop=True)

    def cohort(snapshot: Snapshot) -> Cohort:
        customers = active(persons(snapshot))
        orders = outcomes(workspace, snapshot, horizon).set_index("customer_id")["order_count"]
        chance = chance_of_order(workspace, snapshot, customers, horizon)
        return Cohort(
            day=snapshot.day,
            customers=customers,
            label=(orders.reindex(customers["customer_id"]).to_numpy() == 0).astype(float),
            money=np.asarray(customers["net_revenue_365d"].fillna(0).to_numpy(dtype=float)),
            opponents={} if chance is None else {PURCHASE_MODEL: 1 - chance},
        )

    bought = purchase_days(workspace)

    def count_on(day: date) -> Count:
        end = pd.Timestamp(day)
        last = bought[bought["day"] <= end].groupby("customer_id")["day"].max()
        active_ids = last.index[(end - last).dt.days <= active_days]
        after = bought[(bought["day"] > end) & (bought["day"] <= end + pd.Timedelta(days=horizon))]
        return Count(len(active_ids), int((~active_ids.isin(after["customer_id"])).sum()))

    return (
        Task(
            model_key=MODEL_KEY,
            model_name=f"Churn: no order in {horizon} days (piecewise linear logistic regression)",
            seed_file=SEED_FILE,
            outcome="who placed no order",
            horizon=horizon,
            scales=allowed_inputs(workspace, MODEL_KEY, numbers(present)),
            cohort=cohort,
            count_on=count_on,
            present=active(present),
            limits=[
                Figure("limits", "covers", f"people whose last order is at most {active_days} days old"),
                Figure("limits", "outcome", f"no counted order in the {horizon} days after"),
                Figure("limits", "money", "net revenue in the 365 days before, of those who then placed no order"),
            ],
        ),
        facts,
    )
