"""Input of the search: people as known on a past day with what they did afterwards, and people as of today."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from datetime import date, timedelta

import duckdb
import numpy as np
import pandas as pd

from scripts.learning.discovery.targets import TARGETS
from scripts.learning.prediction.cards import DataFacts, data_facts
from scripts.platform.errors import UserError
from scripts.platform.progress import Progress
from scripts.platform.snapshots import outcomes, snapshots
from scripts.platform.warehouse import literal, open_warehouse, quote
from scripts.platform.workspace import Workspace
from scripts.segments.drafts import Flags

TEXTS = ("country_code", "first_order_channel")
CATALOGUE_COLUMNS = (
    *("attribute_name", "theme", "unit", "value_type", "phrase"),
    *("is_available", "unavailable_reason"),
)


@dataclass(frozen=True)
class People:
    """The people of a past day and of today.

    `day`: the past day; `then`: one row per person in a random order that does not depend on who else is there, with
    the attributes of the catalogue and what the person did in the `days` days after `day` (`value_after`,
    `lapse_after`, `response_after`); `is_kept_back`: per row, whether it is for confirmation only. `today`: rows of
    customer_features for people who have bought, customer_id and attributes; `known_count`: number of customers in
    customer_features. `attributes`: attribute_name, theme, unit, value_type, phrase of the attributes that rules may
    use. `unavailable`: why an attribute is not available, by name.
    """

    day: date
    days: int
    then: pd.DataFrame
    is_kept_back: Flags
    today: pd.DataFrame
    known_count: int
    attributes: pd.DataFrame
    unavailable: dict[str, str]
    facts: DataFacts


def read_people(workspace: Workspace, days: int, seed: int, progress: Progress) -> People:
    """Read a built workspace; the past day is `days` before the warehouse's as_of_date and is built if necessary.

    Raises UserError if the history is too short or the warehouse has not been built.
    """
    if days < 1:
        raise UserError(f"--horizon {days}: too short; give 1 day or more, such as 180")
    facts = data_facts(workspace)
    day = facts.as_of_date - timedelta(days=days)
    if day <= facts.data_from:
        raise UserError(
            f"--horizon {days}: {day} is not after the first order of {facts.data_from}; "
            "give fewer days, or load more history"
        )
    catalogue = _catalogue(workspace)
    snapshot = snapshots(workspace, [day], progress)[day]
    inputs = snapshot.inputs[snapshot.inputs["customer_type"] == "person"]
    after = outcomes(workspace, snapshot, days)
    usable = catalogue[
        catalogue["attribute_name"].isin(inputs.columns)
        & catalogue["is_available"]
        & ((catalogue["value_type"] == "number") | catalogue["attribute_name"].isin(TEXTS))
    ]
    attributes = usable[["attribute_name", "theme", "unit", "value_type", "phrase"]].reset_index(drop=True)
    names = [str(name) for name in attributes["attribute_name"]]
    held = inputs[["customer_id", *dict.fromkeys([*names, *sorted(_needed())])]]
    then = with_outcomes(held, after)
    then, is_kept_back = shuffled(then, seed)
    today, known_count = _today(workspace, names)
    reasons = catalogue[~catalogue["is_available"]]
    return People(
        day=day,
        days=days,
        then=then,
        is_kept_back=is_kept_back,
        today=today,
        known_count=known_count,
        attributes=attributes,
        unavailable=dict(zip(reasons["attribute_name"], reasons["unavailable_reason"], strict=True)),
        facts=facts,
    )


def with_outcomes(held: pd.DataFrame, after: pd.DataFrame) -> pd.DataFrame:
    """Attributes of `held` joined to `after` (customer_id, order_count, contribution_margin, email_response_count)."""
    done = pd.DataFrame(
        {
            "customer_id": after["customer_id"],
            "value_after": after["contribution_margin"].astype(float),
            "lapse_after": (after["order_count"] == 0).astype(float),
            "response_after": (after["email_response_count"] > 0).astype(float),
        }
    )
    return held.merge(done, on="customer_id", how="inner", validate="one_to_one")


def shuffled(people: pd.DataFrame, seed: int) -> tuple[pd.DataFrame, Flags]:
    """The rows ordered by a hash of customer_id, and for each row whether it is kept back for confirmation.

    A customer's hash and half depend only on the id and `seed`.
    """
    hashes = [hashlib.md5(f"{identifier}|{seed}".encode()).hexdigest() for identifier in people["customer_id"]]
    order = np.argsort(np.array(hashes, dtype=str), kind="stable") if hashes else np.array([], dtype=int)
    halves = np.array([int(digits[-1], 16) % 2 == 1 for digits in hashes], dtype=bool)
    return people.iloc[order].reset_index(drop=True), halves[order]


def _catalogue(workspace: Workspace) -> pd.DataFrame:
    with open_warehouse(workspace.warehouse, read_only=True) as connection:
        if not (_has(connection, "attribute_catalogue") and _has(connection, "customer_features")):
            raise UserError(f"{workspace.warehouse}: has no attribute catalogue; run `python -m scripts build` first")
        return connection.execute(
            f"select {', '.join(CATALOGUE_COLUMNS)} from marts.attribute_catalogue"
            " where source_relation = 'customer_features' order by attribute_name"
        ).df()


def _today(workspace: Workspace, names: list[str]) -> tuple[pd.DataFrame, int]:
    wanted = dict.fromkeys([*names, *sorted(_needed())])
    columns = [quote(name) if name in TEXTS else f"cast({quote(name)} as double) as {quote(name)}" for name in wanted]
    with open_warehouse(workspace.warehouse, read_only=True) as connection:
        frame = connection.execute(
            f"select customer_id, {', '.join(columns)} from marts.customer_features"
            f" where customer_type = {literal('person')} and order_count > 0 order by customer_id"
        ).df()
        counted = connection.execute("select count(*) from marts.customer_features").fetchone()
    return frame, int(counted[0]) if counted else 0


def _needed() -> set[str]:
    """Attributes that decide who counts for a target."""
    return {part.attribute for target in TARGETS.values() for part in target.who}


def _has(connection: duckdb.DuckDBPyConnection, table: str) -> bool:
    return bool(
        connection.execute(
            f"select 1 from information_schema.tables where table_schema = 'marts' and table_name = {literal(table)}"
        ).fetchall()
    )
