"""Rules that were tested, those that are proposed, and the evidence for them."""

from __future__ import annotations

from dataclasses import dataclass

import pandas as pd

from scripts.learning.discovery.confirm import Evidence, holds_up
from scripts.learning.discovery.inputs import People
from scripts.learning.discovery.phrasing import amount, effect_text, p_text
from scripts.learning.discovery.search import Rule
from scripts.learning.discovery.targets import Target
from scripts.segments.drafts import Condition
from scripts.segments.phrasing import Phrases


@dataclass(frozen=True)
class Tested:
    """A tested rule and the result of the test.

    `conditions`: the complete rule as the library needs it. `worth`: the smallest useful effect. `low` and `high`: the
    limits to which outcomes were winsorised. `phrases`: the wording of its attributes.
    """

    target: Target
    rule: Rule
    conditions: list[Condition]
    evidence: Evidence
    worth: float
    low: float
    high: float
    phrases: Phrases

    @property
    def is_proposed(self) -> bool:
        return holds_up(self.rule, self.evidence, self.worth)

    @property
    def name(self) -> str:
        """The name of the segment: what is unusual about its customers, and the conditions that predict it."""
        unusual = self.target.higher if self.rule.direction > 0 else self.target.lower
        return f"{unusual}: {self.phrases.joined(self.rule.conditions)}"


@dataclass(frozen=True)
class Proposal:
    """A rule that held up, numbered from 1, and how many customers it finds today."""

    number: int
    tested: Tested
    segment_key: str
    count_today: int
    overlap: pd.DataFrame


def evidence_text(tested: Tested, people: People) -> str:
    """The evidence for a rule, in one sentence for its library row."""
    found, target = tested.evidence, tested.target
    currency = people.facts.reporting_currency
    inside, others = (amount(mean.value, target.is_share, currency) for mean in (found.inside, found.others))
    each = "" if target.is_share else " each"
    return (
        f"Among held-out {target.population.format(day=people.day.isoformat())}: "
        f"{target.what.format(days=people.days)} {inside}{each} for the {found.count} matching the rule, {others} "
        f"for the {found.other_count} others; difference "
        f"{effect_text(found.effect, target.is_share, currency)}, adjusted p {p_text(found.adjusted_p)}."
    )
