"""The outcome that a segment's success measure names, if the warehouse can count it for every customer."""

from __future__ import annotations

import re
from dataclasses import dataclass

from scripts.platform.errors import UserError

# Outcomes and their words.
OUTCOMES = {
    "margin": "contribution margin per member",
    "revenue": "net revenue per member",
    "orders": "orders per member",
    "ordered": "share ordering",
    "responded": "share with a human open or a click",
}
DEFAULT_DAYS = 90
# In order of precedence; the first that occurs in the measure counts.
WORDS = (
    ("margin", re.compile(r"\bmargin\b")),
    ("ordered", re.compile(r"\bshare (ordering|with)\b|\bretention\b|\brepurchase\b|\badoption\b|\breactivations?\b")),
    ("orders", re.compile(r"\b(re)?orders?\b")),
    ("responded", re.compile(r"\bclicks?\b|\bopens?\b")),
    ("revenue", re.compile(r"\brevenue\b")),
)
SPAN = re.compile(r"\b(\d{1,3}) (day|week|month)s?\b")
DAYS_IN = {"day": 1, "week": 7, "month": 30}


@dataclass(frozen=True)
class Measure:
    """An outcome over the `days` days after the day of evaluation; `outcome` is a key of OUTCOMES."""

    outcome: str
    days: int

    @property
    def words(self) -> str:
        return f"{OUTCOMES[self.outcome]} in {self.days} days"


def measure_of(segment_key: str, success_measure: str, outcome: str | None, days: int | None) -> Measure:
    """The measure that the segment's own words name; `outcome` and `days` override them.

    Raises UserError when the words name nothing that the warehouse can count for every customer.
    """
    text = success_measure.lower()
    if outcome is not None and outcome not in OUTCOMES:
        raise UserError(f"outcome `{outcome}` is not known; use one of {', '.join(OUTCOMES)}")
    found = outcome or next((name for name, words in WORDS if words.search(text)), None)
    if found is None:
        raise UserError(
            f"segment `{segment_key}`: its success measure '{success_measure}' names nothing that can be counted for "
            f"customers on past days; name it with --outcome, one of {', '.join(OUTCOMES)}"
        )
    if days is None:
        span = SPAN.search(text)
        days = int(span[1]) * DAYS_IN[span[2]] if span else DEFAULT_DAYS
    if not 1 <= days <= 730:
        raise UserError(f"--horizon {days}: not between 1 and 730 days; give another")
    return Measure(found, days)
