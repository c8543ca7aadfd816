"""The outcomes searched for: value, lapse, response; who counts for each, and how large an effect is worth having."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd

from scripts.learning.discovery.confirm import Numbers
from scripts.segments.drafts import Condition

# Customers whose last order is older than this have already lapsed.
ACTIVE_DAYS = 180
# Values are winsorised at these percentiles: one bulk order is no reason for a rule.
LIMITS = (0.01, 0.99)
# The smallest effect that is proposed: standard deviations of a value (Cohen's small effect), or share of customers.
WORTH_OF_VALUE, WORTH_OF_SHARE = 0.2, 0.05
FEWEST = 400


@dataclass(frozen=True)
class Target:
    """An outcome after the day of the snapshot.

    `column`: its column in the frame with outcomes; `is_share`: it is 0 or 1. `who`: conditions that a customer must
    meet to count, as text in `population` (with {day}); a rule for the library needs them too. `higher` and `lower`
    describe customers who have more or less of it; `what` describes the outcome (with {days}). `means`: the attribute
    that is the outcome to date, without which it cannot be computed.
    """

    key: str
    title: str
    column: str
    is_share: bool
    who: tuple[Condition, ...]
    population: str
    higher: str
    lower: str
    what: str
    means: str | None = None

    @property
    def attributes(self) -> list[str]:
        """The attributes that must be known for the outcome."""
        return [*(part.attribute for part in self.who), *([self.means] if self.means else [])]


BUYERS = Condition("order_count", ">=", "1")
TARGETS = {
    target.key: target
    for target in (
        Target(
            key="value",
            title="Value",
            column="value_after",
            is_share=False,
            who=(BUYERS,),
            population="customers who had bought by {day}",
            higher="Worth more",
            lower="Worth less",
            what="contribution margin in the {days} days after",
            means="contribution_margin",
        ),
        Target(
            key="lapse",
            title="Lapse",
            column="lapse_after",
            is_share=True,
            who=(Condition("days_since_last_order", "<=", str(ACTIVE_DAYS)),),
            population=f"customers whose last order was at most {ACTIVE_DAYS} days before {{day}}",
            higher="More likely to lapse",
            lower="Less likely to lapse",
            what="no order in the {days} days after",
        ),
        Target(
            key="response",
            title="Response",
            column="response_after",
            is_share=True,
            who=(BUYERS, Condition("email_received_count_90d", ">", "0")),
            population="customers who had bought and were sent an e-mail in the 90 days before {day}",
            higher="More likely to answer e-mail",
            lower="Less likely to answer e-mail",
            what="an e-mail opened by hand or clicked in the {days} days after",
        ),
    )
}


@dataclass(frozen=True)
class Cohort:
    """The customers of one target, in random order, in two halves.

    `searched` and `kept_back` have one row per customer with attributes and the target's column; `low` and `high` are
    the limits for winsorising the outcome, taken from the searched half.
    """

    target: Target
    searched: pd.DataFrame
    kept_back: pd.DataFrame
    low: float
    high: float

    def outcome(self, frame: pd.DataFrame) -> Numbers:
        """The winsorised outcome of one half."""
        return np.clip(self.raw(frame), self.low, self.high)

    def raw(self, frame: pd.DataFrame) -> Numbers:
        return frame[self.target.column].to_numpy(dtype=float)

    @property
    def worth(self) -> float:
        """The smallest useful effect, in the outcome's own unit."""
        if self.target.is_share:
            return WORTH_OF_SHARE
        return WORTH_OF_VALUE * float(self.outcome(self.searched).std())


def cohort(target: Target, people: pd.DataFrame, is_kept_back: np.ndarray) -> Cohort:
    """The customers of `people` who count for the target, split in two by `is_kept_back` (per row)."""
    counts = np.logical_and.reduce([condition.holds(people) for condition in target.who])
    searched, kept_back = people[counts & ~is_kept_back], people[counts & is_kept_back]
    low, high = 0.0, 1.0
    if not target.is_share and len(searched):
        low, high = np.quantile(searched[target.column].to_numpy(dtype=float), LIMITS)
    return Cohort(target, searched, kept_back, float(low), float(high))


def whole_rule(target: Target, conditions: tuple[Condition, ...]) -> list[Condition]:
    """The rule as the library needs it: preceded by the target's own conditions, unless the rule implies them."""
    return [*(part for part in target.who if not any(_implies(own, part) for own in conditions)), *conditions]


def _implies(own: Condition, part: Condition) -> bool:
    """Whether every customer who meets `own` also meets `part`; both are conditions on numbers."""
    if own.attribute != part.attribute:
        return False
    if own.operator == "=":
        frame = pd.DataFrame({part.attribute: [float(own.value)]})
        return bool(part.holds(frame)[0])
    value, floor = float(own.value), float(part.value)
    if part.operator in (">", ">=") and own.operator in (">", ">="):
        return value > floor or (value == floor and (part.operator == ">=" or own.operator == ">"))
    if part.operator == "<=" and own.operator in ("<", "<="):
        return value <= floor
    return False
