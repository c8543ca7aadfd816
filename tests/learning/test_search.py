"""The search finds planted rules, as a person would have written them, and no duplicates."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from scripts.learning.discovery.search import LARGEST_SHARE, jaccard, search, selectors, smallest
from scripts.segments.drafts import Condition, holds
from tests.support.invented_people import attributes_of, invented


def rules_of(frame: pd.DataFrame, outcome: np.ndarray, most: int = 5, worth: float = 0.0) -> list:
    return search(frame, outcome, attributes_of(frame), most=most, worth=worth)


def planted(frame: pd.DataFrame) -> np.ndarray:
    return holds([[Condition("count_1", ">=", "3"), Condition("days_2", "<", "60")]], frame)


def test_a_planted_rule_is_found_without_anything_added() -> None:
    frame = invented(4_000, seed=1)
    outcome = np.random.default_rng(2).normal(size=4_000) + 1.5 * planted(frame)
    best = rules_of(frame, outcome, worth=0.2)[0]
    assert best.conditions == (Condition("count_1", ">=", "3"), Condition("days_2", "<", "60"))
    assert best.count == planted(frame).sum()
    assert best.difference == pytest.approx(outcome[planted(frame)].mean() - outcome[~planted(frame)].mean())


def test_rules_for_more_and_for_less_are_found() -> None:
    frame = invented(4_000, seed=3)
    outcome = np.random.default_rng(4).normal(size=4_000)
    outcome += 1.0 * (frame["country_code"] == "DE") - 1.0 * (frame["money_0"] == 0)
    rules = rules_of(frame, outcome, worth=0.5)
    (more,) = (rule for rule in rules if rule.direction > 0)
    (less,) = (rule for rule in rules if rule.direction < 0)
    assert set(more.conditions) == {Condition("country_code", "=", "DE"), Condition("money_0", ">", "0")}
    assert less.conditions == (Condition("money_0", "=", "0"),)


def test_quality_is_the_standardised_difference_times_the_root_of_the_size() -> None:
    frame = invented(1_000, seed=5)
    outcome = np.random.default_rng(6).normal(size=1_000) + planted(frame)
    for rule in rules_of(frame, outcome):
        inside = outcome[holds([rule.conditions], frame)]
        expected = (inside.mean() - outcome.mean()) / outcome.std() * np.sqrt(len(inside))
        assert rule.quality == pytest.approx(expected)


def test_rules_are_large_enough_small_enough_and_differ() -> None:
    frame = invented(3_000, seed=7)
    outcome = frame["order_count"].to_numpy() + np.random.default_rng(8).normal(size=3_000)
    rules = rules_of(frame, outcome, most=10)
    masks = [holds([rule.conditions], frame) for rule in rules]
    assert len(rules) > 1
    for number, mask in enumerate(masks):
        assert smallest(3_000) <= mask.sum() <= LARGEST_SHARE * 3_000
        for other in masks[:number]:
            assert jaccard(mask, other) <= 0.6 and jaccard(mask, ~other) <= 0.6


def test_a_further_rule_finds_customers_whom_the_better_ones_do_not() -> None:
    frame = invented(3_000, seed=9)
    outcome = frame["order_count"].to_numpy() + np.random.default_rng(10).normal(size=3_000)
    for direction in (1, -1):
        covered = np.zeros(3_000, dtype=bool)
        for rule in (rule for rule in rules_of(frame, outcome, most=10, worth=0.5) if rule.direction == direction):
            new = holds([rule.conditions], frame) & ~covered
            assert new.sum() >= smallest(3_000)
            assert direction * (outcome[new].mean() - outcome[~new].mean()) >= 0.5
            covered |= new


def test_every_condition_is_needed() -> None:
    frame = invented(3_000, seed=11)
    outcome = np.random.default_rng(12).normal(size=3_000) + planted(frame)
    longer = [rule for rule in rules_of(frame, outcome, most=10) if len(rule.conditions) > 1]
    assert longer
    for rule in longer:
        inside = outcome[holds([rule.conditions], frame)].mean()
        for place in range(len(rule.conditions)):
            shorter = [*rule.conditions[:place], *rule.conditions[place + 1 :]]
            assert rule.direction * inside > rule.direction * outcome[holds([shorter], frame)].mean()


def test_the_same_customers_give_the_same_rules() -> None:
    frame = invented(1_500, seed=13)
    outcome = np.random.default_rng(14).normal(size=1_500) + planted(frame)
    assert rules_of(frame, outcome) == rules_of(frame.copy(), outcome.copy())


def test_a_constant_outcome_or_a_tiny_sample_has_no_rules() -> None:
    frame = invented(500, seed=15)
    assert rules_of(frame, np.zeros(500)) == []
    assert rules_of(frame.iloc[:60], np.arange(60.0)) == []


def test_single_conditions_are_readable_and_find_different_customers() -> None:
    frame = invented(1_000, seed=16)
    conditions, masks = selectors(frame, attributes_of(frame))
    assert len(np.unique(masks, axis=0)) == len(conditions) == len(masks)
    for condition, mask in zip(conditions, masks, strict=True):
        assert (holds([[condition]], frame) == mask).all()
        assert condition.attribute == "country_code" or len(condition.value.replace(".", "").strip("0")) <= 4
    # Zero is a category of its own where many have it; a missing value meets no condition.
    assert Condition("money_0", "=", "0") in conditions and Condition("count_0", ">", "0") in conditions
    missing = frame["days_0"].isna().to_numpy()
    assert not masks[[part.attribute == "days_0" for part in conditions]][:, missing].any()
