"""Compares variants of a rule by what the people who matched them did afterwards. Frames in, rows out.

`members` has one row per day, customer and variant (day, customer_id, variant), `outcomes` one per day and customer
(day, customer_id, value). The same person on several days counts as one in every standard error: errors are clustered
by customer, by the influence of each on the mean (Cameron and Miller 2015, "A Practitioner's Guide to Cluster-Robust
Inference").
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd

from scripts.platform.estimates import Estimate

# With fewer people than this, no interval is given and nothing is concluded.
FEWEST = 30


@dataclass(frozen=True)
class Comparison:
    """One variant compared with the current rule.

    `members`: daily average; `added` and `dropped`: people a day who match only the variant, or only the rule.
    `mean`, `mean_added`, `mean_dropped`: outcome per member; `difference`: the variant's mean less the rule's.
    None for fewer than FEWEST people. `total`: outcome of all members a day.
    """

    variant: str
    members: float
    added: float
    dropped: float
    mean: Estimate | None
    mean_added: Estimate | None
    mean_dropped: Estimate | None
    difference: Estimate | None
    total: float


def compare(members: pd.DataFrame, outcomes: pd.DataFrame, current: str, variants: list[str]) -> list[Comparison]:
    """Every variant compared with the one named `current`, in the order given. Members without outcome count as 0."""
    days = max(outcomes["day"].nunique(), 1)
    table = members.merge(outcomes, on=["day", "customer_id"], how="left").fillna({"value": 0.0})
    of = {name: table[table["variant"] == name].set_index(["day", "customer_id"])["value"] for name in variants}
    rule = of[current]
    found = []
    for name in variants:
        own = of[name]
        added, dropped = own[~own.index.isin(rule.index)], rule[~rule.index.isin(own.index)]
        found.append(
            Comparison(
                variant=name,
                members=len(own) / days,
                added=len(added) / days,
                dropped=len(dropped) / days,
                mean=mean_of(own),
                mean_added=mean_of(added),
                mean_dropped=mean_of(dropped),
                difference=None if name == current else difference_of(own, rule),
                total=float(own.sum()) / days,
            )
        )
    return found


def mean_of(values: pd.Series) -> Estimate | None:
    """The mean of values indexed by (day, customer_id), its error clustered by customer."""
    if _people(values) < FEWEST:
        return None
    return Estimate(float(values.mean()), _clustered((values - values.mean()) / len(values)))


def difference_of(values: pd.Series, others: pd.Series) -> Estimate | None:
    """The difference of two means over people who may overlap; 0 without error where they are all the same."""
    if min(_people(values), _people(others)) < FEWEST:
        return None
    mine = (values - values.mean()) / len(values)
    theirs = (others - others.mean()) / len(others)
    influence = mine.sub(theirs, fill_value=0.0)
    return Estimate(float(values.mean() - others.mean()), _clustered(influence))


def _people(values: pd.Series) -> int:
    return int(values.index.get_level_values("customer_id").nunique())


def _clustered(influence: pd.Series) -> float:
    by_customer = influence.groupby(level="customer_id").sum()
    count = len(by_customer)
    return float(np.sqrt((by_customer**2).sum() * count / (count - 1)))
