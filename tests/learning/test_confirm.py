"""The tests on held-out customers: intervals and adjustment, compared with published figures and scipy."""

from __future__ import annotations

import numpy as np
import pytest
from scipy import stats

from scripts.learning.discovery.command import find_and_test
from scripts.learning.discovery.confirm import holm, newcombe, share_evidence, value_evidence, wilson
from scripts.learning.discovery.search import jaccard
from scripts.learning.discovery.targets import TARGETS, Cohort, cohort
from scripts.segments.drafts import Condition, holds
from tests.support.invented_people import attributes_of, invented


def test_wilson_s_interval_is_the_published_one() -> None:
    # Newcombe 1998a, table I: 81 of 263.
    found = wilson(81, 263)
    assert (round(found.low, 4), round(found.high, 4)) == (0.2553, 0.3662)
    assert (wilson(0, 20).low, round(wilson(0, 20).high, 4)) == (0.0, 0.1611)


def test_newcombe_s_interval_is_the_published_one() -> None:
    # Newcombe 1998b, table II: 56 of 70 against 48 of 80, and 9 of 10 against 3 of 10; method 10.
    found = newcombe(wilson(56, 70), wilson(48, 80))
    assert (round(found.value, 4), round(found.low, 4), round(found.high, 4)) == (0.2, 0.0524, 0.3339)
    found = newcombe(wilson(9, 10), wilson(3, 10))
    assert (round(found.low, 4), round(found.high, 4)) == (0.1705, 0.8090)


def test_holm_counts_every_test() -> None:
    assert holm([0.01, 0.04, 0.03, 0.005]) == pytest.approx([0.03, 0.06, 0.06, 0.02])
    assert holm([0.5, 0.9]) == pytest.approx([1.0, 1.0])
    assert holm([]) == []


def test_values_have_welch_s_interval_and_the_more_conservative_p() -> None:
    random = np.random.default_rng(1)
    found = np.arange(300) < 60
    raw = random.lognormal(2, 1, 300)
    outcome = np.minimum(raw, 30)
    evidence = value_evidence(found, outcome, raw)
    welch = stats.ttest_ind(outcome[found], outcome[~found], equal_var=False)
    interval = welch.confidence_interval(0.95)
    assert (evidence.effect.low, evidence.effect.high) == pytest.approx((interval.low, interval.high))
    assert evidence.p == max(welch.pvalue, stats.ttest_ind(outcome[found], outcome[~found]).pvalue)
    assert evidence.raw_effect.value == pytest.approx(raw[found].mean() - raw[~found].mean())
    assert (evidence.count, evidence.other_count) == (60, 240)


def test_groups_without_any_spread_prove_nothing() -> None:
    found = np.arange(100) < 50
    assert value_evidence(found, np.zeros(100), np.zeros(100)).p == 1.0


@pytest.mark.parametrize(("hits", "others"), [(20, 80), (3, 30)])
def test_shares_are_tested_exactly_where_few_are_expected(hits: int, others: int) -> None:
    found = np.arange(400) < 50
    outcome = np.zeros(400)
    outcome[:hits] = outcome[50 : 50 + others] = 1
    table = [[hits, 50 - hits], [others, 350 - others]]
    expected = stats.chi2_contingency(table, correction=False).pvalue if hits == 20 else stats.fisher_exact(table)[1]
    assert share_evidence(found, outcome).p == pytest.approx(expected)


def halves(count: int, seed: int, effect: float = 0.0) -> tuple[list[Cohort], np.ndarray]:
    """Invented customers, split in halves for every target; `effect` is added to the value of the planted rule's."""
    frame = invented(count, seed)
    planted = holds([[Condition("count_1", ">=", "3"), Condition("money_2", ">=", "20")]], frame)
    frame["value_after"] += effect * planted
    kept_back = np.random.default_rng(seed).random(count) < 0.5
    return [cohort(target, frame, kept_back) for target in TARGETS.values()], planted[kept_back]


def proposed(cohorts: list[Cohort]) -> list:
    attributes = attributes_of(cohorts[0].searched)
    return [one for one in find_and_test(cohorts, attributes) if one.is_proposed]


def covers(seed: int, effect: float) -> bool:
    """Whether the planted rule is proposed with an interval that contains its true effect."""
    cohorts, planted = halves(4_000, seed, effect)
    best = proposed(cohorts[:1])[0]
    found = holds([best.conditions], cohorts[0].kept_back)
    assert jaccard(found, planted) > 0.9
    # In the population they are drawn from, winsorised at the same limits.
    population = invented(200_000, seed=0)["value_after"].to_numpy()
    without, planted_mean = (np.clip(population + more, best.low, best.high).mean() for more in (0.0, effect))
    truth = (planted_mean - without) * (planted[found].mean() - planted[~found].mean())
    return best.evidence.effect.low <= truth <= best.evidence.effect.high


def test_noise_is_not_proposed() -> None:
    assert sum(bool(proposed(halves(1_000, seed)[0])) for seed in range(6)) <= 1


def test_a_planted_rule_is_proposed_with_its_effect() -> None:
    assert covers(seed=1, effect=40.0)


@pytest.mark.verify
def test_noise_is_not_proposed_in_19_of_20_workspaces() -> None:
    for count in (1_000, 3_000):
        assert sum(bool(proposed(halves(count, seed)[0])) for seed in range(1_000, 1_150)) <= 0.05 * 150


@pytest.mark.verify
def test_planted_effects_are_inside_their_intervals() -> None:
    assert np.mean([covers(seed, effect=40.0) for seed in range(100, 220)]) >= 0.9
