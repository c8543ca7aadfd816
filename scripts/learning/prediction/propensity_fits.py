"""What fitting a propensity needs: past and present customers, allowed inputs, evaluation days, card."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from functools import cache

import duckdb
import numpy as np
import pandas as pd

from scripts.learning.prediction import bg_nbd, model_inputs
from scripts.learning.prediction.cards import Card, DataFacts, Figure, data_facts, reference_shares, write_model
from scripts.learning.prediction.clv import purchase_model_in_use
from scripts.learning.prediction.holdout_evaluation import (
    LEAST_HISTORY,
    Cohort,
    Count,
    Trained,
    calibration_day,
    train,
)
from scripts.learning.prediction.propensity import COLUMNS, Vector, records
from scripts.learning.prediction.purchase_models import fit_purchases, in_scope, purchase_arrays, scope_limits
from scripts.platform.errors import CheckFailed, UserError
from scripts.platform.snapshots import Progress, Snapshot, snapshots
from scripts.platform.warehouse import open_warehouse
from scripts.platform.workspace import Workspace

PARAMETER_COLUMNS = ["model_key", "fit_id", *COLUMNS]
# Days between the evaluation days, going back.
STEP_DAYS = 60
PERSON = "person"


@dataclass(frozen=True)
class Task:
    """One propensity to fit: its names, its inputs, whom it covers and what it predicts.

    `cohort` makes a Cohort of a past day; `count_on` counts the customers of a day and those of them with the outcome,
    by what is known today (None: cannot be known); `present`: today's customers to be scored; `rivals`: models that it
    must outrank, besides recency alone.
    """

    model_key: str
    model_name: str
    seed_file: str
    outcome: str
    horizon: int
    scales: dict[str, str]
    cohort: Callable[[Snapshot], Cohort]
    count_on: Callable[[date], Count] | None
    present: pd.DataFrame
    limits: Sequence[Figure]
    rivals: Sequence[str] = ()


def evaluation_days(facts: DataFacts, horizon: int, count: int) -> list[date]:
    """Days to evaluate a model on: the latest whose outcome is known and earlier ones, as far as the history allows."""
    latest = facts.as_of_date - timedelta(days=horizon)
    days = [latest - timedelta(days=STEP_DAYS * number) for number in range(count)]
    reach = facts.data_from + timedelta(days=horizon + LEAST_HISTORY)
    return [day for day in days if day >= reach] or [latest]


def check_horizon(facts: DataFacts, horizon: int) -> None:
    """Raises UserError if the history is too short for a training day and an evaluation day."""
    if horizon < 1:
        raise UserError(f"--horizon {horizon}: too short; give 1 day or more")
    days = (facts.as_of_date - facts.data_from).days
    if days < 2 * horizon + LEAST_HISTORY:
        raise UserError(
            f"a horizon of {horizon} days needs orders of {2 * horizon + LEAST_HISTORY} days: {LEAST_HISTORY} before, "
            f"{horizon} to train on, {horizon} to evaluate on; there are only {days}, so give a shorter horizon"
        )


def train_task(
    workspace: Workspace, task: Task, facts: DataFacts, dates: Sequence[date], progress: Progress
) -> Trained:
    """Evaluate the task on `dates` and train its model."""
    horizon = timedelta(days=task.horizon)
    needed = {facts.as_of_date - horizon, *dates, *(day - horizon for day in dates)}
    earlier = calibration_day(max(dates), task.horizon, facts.data_from)
    if earlier is not None:
        needed |= {earlier, earlier - horizon}
    past = snapshots(workspace, needed, progress)

    @cache
    def cohort_of(day: date) -> Cohort:
        return task.cohort(past[day])

    return train(
        cohort_of,
        task.count_on,
        dates,
        task.present,
        facts.as_of_date,
        task.horizon,
        facts.data_from,
        task.scales,
        task.rivals,
    )


def finish(workspace: Workspace, task: Task, trained: Trained, facts: DataFacts, progress: Progress) -> str:
    """Write the parameters and the card of a task; returns the fit_id.

    Raises CheckFailed if a simpler model is as good: the parameters are then written, but marked not usable.
    """
    scored = task.present.assign(score=trained.model.score(task.present))
    # An order of customers has no distribution that could drift.
    scores = [] if trained.results[0].refutations else ["score"]
    rows = records(trained.model.parameters.astype(object).where(trained.model.parameters.notna(), None))
    card = Card(
        model_key=task.model_key,
        model_name=task.model_name,
        customer_count=trained.model.customer_count,
        summary=trained.summary(task.outcome),
        is_usable=trained.is_usable,
        label_days=task.horizon,
        figures=[*task.limits, *trained.figures],
        reference=reference_shares(scored, [*trained.model.attributes, *scores]),
    )
    fit_id = write_model(workspace, card, task.seed_file, PARAMETER_COLUMNS, rows, facts)
    if not card.is_usable:
        raise CheckFailed(
            f"fit {task.model_key}: {card.summary} The parameters in {workspace.seeds} are marked not usable; "
            "fit again on more data, or do without: the simpler model tells as much"
        )
    progress(f"fit {task.model_key}: {card.summary} Review {workspace.seeds / task.seed_file} and the card, then build")
    return fit_id


def allowed_inputs(workspace: Workspace, model_key: str, columns: Sequence[str]) -> dict[str, str]:
    """Attribute -> scale, as the seed model_inputs allows for `model_key`. Raises UserError for errors in the seed."""
    file = workspace.seeds / model_inputs.FILE
    found = {row["attribute_name"]: row["scale"] for row in model_inputs.read_model_inputs(workspace.seeds, model_key)}
    if not found:
        raise UserError(f"{file}: has no row for {model_key}; add one, such as {model_key},order_count,log,few,many")
    for name, scale in found.items():
        if name not in columns:
            raise UserError(f"{file}: {name} of {model_key} is not a numeric attribute; correct or delete the row")
        if scale not in ("log", "linear"):
            raise UserError(f"{file}: {name} of {model_key} has scale '{scale}'; write log or linear")
    return found


def present_inputs(workspace: Workspace) -> pd.DataFrame:
    """Model inputs of today's customers who are people."""
    frame = read_table(workspace, "int_prediction_inputs")
    return frame[frame["customer_type"] == PERSON].reset_index(drop=True)


def read_table(workspace: Workspace, name: str) -> pd.DataFrame:
    """An intermediate table of the last build."""
    with open_warehouse(workspace.warehouse, read_only=True) as connection:
        try:
            return connection.execute(f"from intermediate.{name} order by all").df()
        except duckdb.CatalogException:
            raise UserError(
                f"{workspace.warehouse}: {name} does not exist; run `python -m scripts build` first"
            ) from None


def purchase_days(workspace: Workspace, column: str | None = None, value: str | None = None) -> pd.DataFrame:
    """Days on which today's people bought, or bought products with `value` in `column` (category or sku).

    One row per person and day: customer_id, day (datetime64).
    """
    if column not in (None, "category", "sku"):
        raise ValueError(f"{column} is neither category nor sku")
    with open_warehouse(workspace.warehouse, read_only=True) as connection:
        frame = connection.execute(
            f"""
            select distinct lines.customer_id, cast(lines.ordered_date as timestamp) as day
            from marts.order_lines as lines
            inner join intermediate.int_prediction_inputs as inputs on lines.customer_id = inputs.customer_id
            left join marts.products as products on lines.sku = products.sku
            where lines.is_counted and inputs.customer_type = 'person'
                and {f"lines.line_type = 'product' and products.{column} = $value" if column else "$value is null"}
            order by all
            """,
            {"value": value},
        ).df()
    return frame


def numbers(frame: pd.DataFrame) -> list[str]:
    """The numeric columns of a frame."""
    return [str(name) for name in frame.select_dtypes(["number", "bool"]).columns]


def persons(snapshot: Snapshot) -> pd.DataFrame:
    """Inputs of the people of a past day who are still known: the outcome of others cannot be observed."""
    inputs = snapshot.inputs
    known = inputs["customer_id"].isin(snapshot.present_ids["customer_id"])
    return inputs[(inputs["customer_type"] == PERSON) & known].reset_index(drop=True)


def chance_of_order(workspace: Workspace, snapshot: Snapshot, customers: pd.DataFrame, horizon: int) -> Vector | None:
    """The probability of an order in the days after the snapshot, by the purchase model; None if its fit fails.

    The one in use for lifetime value, or else the likelier.

    The rate of a customer alive with x purchases by T is gamma(r + x, alpha + T), so that no order in t weeks has
    probability ((alpha + T) / (alpha + T + t)) ^ (r + x).
    """
    purchases = snapshot.purchases[snapshot.purchases["customer_type"] == PERSON]
    x, t_x, observed = purchase_arrays(purchases)
    try:
        modified, _ = purchase_model_in_use(workspace)
        found = fit_purchases(purchases[in_scope(purchases, scope_limits(purchases))], modified)
    except bg_nbd.CannotFit:
        return None
    if not found.converged:
        return None
    alive = bg_nbd.p_alive(x, t_x, observed, found.parameters, leaves_after_first=found.leaves_after_first)
    waiting = (found.alpha + observed) / (found.alpha + observed + horizon / bg_nbd.DAYS)
    chance = pd.Series(alive * (1 - waiting ** (found.r + x)), index=purchases["customer_id"].to_numpy())
    return np.asarray(chance.reindex(customers["customer_id"]).to_numpy(dtype=float))


def facts_for(workspace: Workspace, horizon: int) -> DataFacts:
    """The facts of the data, checked to be long enough for `horizon`."""
    facts = data_facts(workspace)
    check_horizon(facts, horizon)
    return facts
