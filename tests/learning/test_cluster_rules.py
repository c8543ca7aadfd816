"""Readable rules: thresholds, missing values, and precision and recall of the rule as written."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from scripts.learning.clusters.names import names_of
from scripts.learning.clusters.rules import Condition, Draft, draft_of, holds, plain, precision_and_recall, readable

CATALOGUE = pd.DataFrame(
    [
        ("order_count", "orders", "number"),
        ("net_revenue", "reporting currency", "number"),
        ("days_since_last_order", "days", "number"),
        ("average_satisfaction_365d", "1 to 5", "number"),
        ("has_open_issue", "yes or no", "boolean"),
    ],
    columns=["attribute_name", "unit", "value_type"],
)


def customers(size: int = 4_000) -> pd.DataFrame:
    random = np.random.default_rng(7)
    rated = random.integers(1, 6, size).astype(float)
    rated[random.random(size) < 0.5] = np.nan
    return pd.DataFrame(
        {
            "order_count": 1 + random.poisson(3, size),
            "net_revenue": np.round(random.lognormal(4.5, 1, size), 2),
            "days_since_last_order": random.integers(0, 700, size),
            "average_satisfaction_365d": rated,
            "has_open_issue": random.random(size) < 0.2,
        }
    )


def draft(frame: pd.DataFrame, members: np.ndarray) -> Draft:
    return draft_of(frame, members, CATALOGUE, cluster_key="cluster_1", name="Some", segment_key="cluster_some")


def test_a_planted_rule_is_found_with_readable_numbers() -> None:
    frame = customers()
    members = ((frame["order_count"] >= 4) & (frame["days_since_last_order"] < 180)).to_numpy()
    found = draft(frame, members)
    assert len(found.alternatives) == 1
    assert set(found.alternatives[0]) == {
        Condition("order_count", ">=", "4"),
        Condition("days_since_last_order", "<", "180"),
    }
    assert (found.precision, found.recall) == (1.0, 1.0)
    assert sorted(found.text().split(" and ")) == ["days_since_last_order < 180", "order_count >= 4"]


def test_two_ways_into_a_cluster_become_two_alternatives() -> None:
    frame = customers()
    members = ((frame["net_revenue"] >= 300) | frame["has_open_issue"]).to_numpy()
    found = draft(frame, members)
    assert len(found.alternatives) == 2
    assert min(found.precision, found.recall) > 0.95
    assert Condition("has_open_issue", "is_true", "") in [part for rule in found.alternatives for part in rule]


def test_rules_say_what_a_missing_value_means() -> None:
    """Unrated customers belong to the cluster; a rule that excluded missing values would find few of its members."""
    frame = customers()
    rating = frame["average_satisfaction_365d"]
    members = (rating.isna() | (rating >= 3)).to_numpy()
    found = draft(frame, members)
    parts = {part.attribute: part for rule in found.alternatives for part in rule}
    assert parts["average_satisfaction_365d"].if_missing == "true"
    assert found.recall > 0.99 and found.precision > 0.99


def test_precision_and_recall_are_of_the_written_rule_on_held_out_customers() -> None:
    """Recalculated with pandas, from the conditions as text, on the second half of the rows."""
    frame = customers()
    score = 0.004 * frame["net_revenue"] + frame["order_count"] - 0.01 * frame["days_since_last_order"]
    members = (score + np.random.default_rng(3).normal(size=len(frame)) > 2).to_numpy()
    found = draft(frame, members)
    unseen, truth = frame.iloc[2_000:], members[2_000:]
    query = " or ".join(
        " and ".join(f"({part.attribute} {part.operator} {part.value})" for part in rule).replace(" = ", " == ")
        for rule in found.alternatives
    )
    in_rule = unseen.index.isin(unseen.query(query).index)
    assert found.precision == pytest.approx((in_rule & truth).sum() / in_rule.sum())
    assert found.recall == pytest.approx((in_rule & truth).sum() / truth.sum())
    assert found.share == pytest.approx(len(frame.query(query)) / len(frame))
    assert 0.6 < found.precision < 1


def test_a_rule_never_includes_people_who_did_not_buy() -> None:
    """Rules are evaluated over all known customers, clusters hold buyers only."""
    frame = customers()
    found = draft(frame, (frame["days_since_last_order"] >= 365).to_numpy())
    leads = frame.assign(order_count=0)
    assert found.holds(frame).any()
    assert not found.holds(leads).any()


@pytest.mark.parametrize("value", [True, False])
def test_a_cluster_of_all_or_none_has_no_rule(value: bool) -> None:
    found = draft(customers(), np.full(4_000, value))
    assert found.alternatives == []
    assert not found.holds(customers()).any()


@pytest.mark.parametrize(
    ("threshold", "whole", "days", "expected"),
    [
        (101.37, False, False, 100.0),
        (0.2493, False, False, 0.2),
        (3.5, True, False, 4.0),
        (178.5, True, True, 180.0),
        (92.5, True, True, 90.0),
    ],
)
def test_thresholds_become_round_numbers(threshold: float, whole: bool, days: bool, expected: float) -> None:
    spread = np.linspace(0, 10 * threshold, 201)
    values = np.round(spread) if whole else spread
    assert readable(threshold, values, whole=whole, days=days) == expected


def test_rounding_a_threshold_moves_few_customers() -> None:
    """All customers lie near the threshold: rounding to 100 would move half of them."""
    values = np.concatenate([np.full(50, 101.2), np.full(50, 101.6)])
    least = readable(101.4, values)
    assert 101.2 < least <= 101.6


def test_numbers_are_written_without_exponent_or_needless_zeros() -> None:
    written = [plain(number) for number in (0.25, 100.0, 1e9, 0.00001, -0.0, -3.5)]
    assert written == ["0.25", "100", "1000000000", "0.00001", "0", "-3.5"]


def test_a_missing_value_meets_a_condition_only_where_the_rule_says_so() -> None:
    frame = pd.DataFrame({"a": [1.0, None, 3.0], "b": pd.array([True, None, False], dtype="boolean")})
    assert Condition("a", "<", "2").holds(frame).tolist() == [True, False, False]
    assert Condition("a", "<", "2", "true").holds(frame).tolist() == [True, True, False]
    assert Condition("b", "is_false", "").holds(frame).tolist() == [False, False, True]
    assert holds([], frame).tolist() == [False] * 3
    assert precision_and_recall(np.zeros(3, bool), np.ones(3, bool)) == (0.0, 0.0)


def test_names_say_how_a_cluster_differs_and_are_unique() -> None:
    words = pd.DataFrame(
        {
            "low_words": ["recent", "one-off", "low spending", "thin margin"],
            "high_words": ["long absent", "frequent", "high spending", "good margin"],
        }
    )
    centres = np.array(
        [
            [-1.0, 2.0, 1.5, 0.6],
            [0.0, 0.1, -0.2, 0.0],
            [0.1, 0.0, 0.0, 0.0],
            [2.0, -0.6, 0.0, 0.0],
            [-1.0, 2.0, 1.5, 0.0],
            [-1.0, 2.0, 1.5, 0.0],
        ]
    )
    assert names_of(centres, words, np.eye(4)) == [
        "Frequent, high spending, recent, good margin",
        "Average (group 1)",
        "Average (group 2)",
        "Long absent, one-off",
        "Frequent, high spending, recent (group 1)",
        "Frequent, high spending, recent (group 2)",
    ]
    # Frequent buyers spend a lot: that is one trait, not two.
    together = np.eye(4)
    together[1, 2] = together[2, 1] = 0.9
    assert names_of(centres[:1], words, together) == ["Frequent, recent, good margin"]
