"""Rules that were tested, those that are proposed, and what speaks for them."""

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
    """A rule that was tested, and what came of it.

    `conditions`: the whole rule as the library needs it. `worth`: the least effect that is of use. `low` and `high`:
    the limits to extreme values. `phrases`: how its attributes are spoken of.
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
        """What the segment is called: what is unusual about its customers, and the attributes that tell."""
        unusual = self.target.higher if self.rule.direction > 0 else self.target.lower
        return f"{unusual}: {self.phrases.joined(self.rule.conditions)}"


@dataclass(frozen=True)
class Proposal:
    """A rule that held up, numbered from 1, and its customers of today."""

    number: int
    tested: Tested
    segment_key: str
    count_today: int
    overlap: pd.DataFrame


def evidence_text(tested: Tested, people: People) -> str:
    """What speaks for a rule, in one sentence for its row of the library."""
    found, target = tested.evidence, tested.target
    currency = people.facts.reporting_currency
    inside, others = (amount(mean.value, target.is_share, currency) for mean in (found.inside, found.others))
    each = "" if target.is_share else " each"
    return (
        f"Of {target.who_words.format(day=people.day.isoformat())}, none of them seen by the search: "
        f"{target.what.format(days=people.days)} {inside}{each} for the {found.count} whom the rule found, {others} "
        f"for the {found.other_count} others; difference "
        f"{effect_text(found.effect, target.is_share, currency)}, adjusted p {p_text(found.adjusted_p)}."
    )
