"""Invented customers for the tests of briefs: every attribute is drawn independently, so nothing is correlated."""

from __future__ import annotations

import numpy as np
import pandas as pd

from scripts.serving.briefs.reading import SegmentFrames
from scripts.serving.briefs.traits import COLUMNS, CONSENTS, FLAGS, MEASURES, MIXES

LIBRARY = {
    "segment_key": "invented",
    "segment_name": "Invented customers",
    "business_purpose": "Decides who gets the invented programme.",
    "included": "Customers who were drawn",
    "excluded": "Nobody",
    "channels": "email|onsite",
    "approved_uses": "Tests",
    "success_measure": "Orders within 30 days, against a holdout",
    "review_rule": "Never",
    "next_action": "Send the test",
    "owner": "Test team",
    "scope": "people",
    "risk_class": "none",
    "priority": 50,
    "rule_text": "Drawn by lot.",
    "rule_version": 1,
    "effective_status": "active",
    "status_reason": None,
    "approval_status": "none",
    "is_suppression": False,
}
VALUES = {
    "lifecycle_stage": ["loyal", "repeat", "lapsed", "inactive", "at_risk"],
    "rfm_group": ["champion", "loyal", "hibernating", "new"],
    "favourite_category": ["Fashion", "Home", "Garden", "Pets", "Beauty", "Kitchen"],
}


def invented_people(size: int, seed: int) -> pd.DataFrame:
    """`size` buyers with every column that briefs read; none is a member yet."""
    rng = np.random.default_rng(seed)
    people = pd.DataFrame(index=range(size), columns=list(COLUMNS), dtype=object)
    people["customer_id"] = [f"{number:032x}" for number in range(size)]
    people["customer_type"] = "person"
    for mix in MIXES:
        values = VALUES.get(mix.attribute) or list(mix.words) or ["one", "two", "three"]
        shares = rng.dirichlet(np.full(len(values), 2.0))
        people[mix.attribute] = rng.choice(values, size, p=shares)
    for flag in FLAGS:
        drawn = rng.random(size) < rng.uniform(0.02, 0.5)
        people[flag.attribute] = drawn if flag.attribute.startswith("has_") else drawn.astype(float)
    for measure in MEASURES:
        # Money is skewed: a few customers spend a great deal, some nothing.
        drawn = rng.beta(1, 2, size) if measure.unit == "share" else rng.lognormal(3, 1.5, size)
        people[measure.attribute] = np.where(rng.random(size) < 0.3, 0, drawn)
    for attribute in CONSENTS.values():
        people[attribute] = rng.random(size) < 0.5
    people["order_count"] = rng.integers(1, 9, size)
    people["order_count_90d"] = rng.integers(0, 2, size)
    people["days_since_last_order"] = rng.integers(0, 900, size)
    people["max_affordable_discount_rate"] = rng.uniform(0.1, 0.6, size)
    people["cost_coverage"] = 1.0
    people["email_received_count_90d"] = 8
    people["next_best_category"] = rng.choice(VALUES["favourite_category"], size)
    people["is_member"] = False
    return people


def frames_of(people: pd.DataFrame, **others: object) -> SegmentFrames:
    """The frames of the invented segment; `others` replace its parts."""
    parts = {
        "library": LIBRARY,
        "people": people,
        "rule_attributes": frozenset(),
        "as_of_date": "2026-06-30",
        "currency": "GBP",
        **others,
    }
    return SegmentFrames(**parts)  # type: ignore[arg-type]


def with_members(people: pd.DataFrame, members: np.ndarray) -> pd.DataFrame:
    people = people.copy()
    people["is_member"] = False
    people.iloc[members, people.columns.get_loc("is_member")] = True
    return people
