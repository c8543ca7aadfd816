"""Tests of discovered rules on held-out customers: effect, interval, p adjusted for all tests.

Every rule of every target is tested once. Values are compared by the more conservative of Welch's and Student's t,
shares by chi-square, or by Fisher's exact test where few customers are expected in a cell. All p-values are adjusted
together by Holm (1979), so that the chance of proposing any rule where there is no effect stays below `MOST_ERRORS`.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from scipy import stats

from scripts.learning.discovery.search import Rule
from scripts.segments.drafts import Flags

MOST_ERRORS = 0.05
# With fewer held-out customers in a rule, no test used here can distinguish it from chance.
SMALLEST_TESTED = 25
# With fewer customers than this expected in a cell, chi-square is too rough.
SMALLEST_CELL = 10.0
Z95 = float(stats.norm.ppf(0.975))

Numbers = np.ndarray[Any, np.dtype[np.float64]]


@dataclass(frozen=True)
class Mean:
    """A mean or share with its 95 % interval."""

    value: float
    low: float
    high: float


@dataclass(frozen=True)
class Evidence:
    """The evidence of the held-out customers for one rule.

    `inside` and `others`: mean outcome of the customers in the rule and of the rest; `effect`: the difference;
    `raw_effect`: the same without winsorising (equal for shares). `p`: of the single test; `adjusted_p`: adjusted for
    all tests.
    """

    count: int
    other_count: int
    inside: Mean
    others: Mean
    effect: Mean
    raw_effect: Mean
    p: float
    adjusted_p: float = 1.0


def value_evidence(found: Flags, outcome: Numbers, raw: Numbers) -> Evidence:
    """Welch's and Student's t on the winsorised `outcome`, of those `found` against the others; the larger p is used.

    Values are skewed: most customers buy nothing. Welch's t is far too confident about a small group without a buyer,
    Student's t about one with a few good buyers.
    """
    one, other = outcome[found], outcome[~found]
    p = max(float(stats.ttest_ind(one, other, equal_var=is_equal).pvalue) for is_equal in (False, True))
    return Evidence(
        count=len(one),
        other_count=len(other),
        inside=_mean(one),
        others=_mean(other),
        effect=_difference(one, other),
        raw_effect=_difference(raw[found], raw[~found]),
        # Two groups without any spread: no test applies.
        p=p if np.isfinite(p) else 1.0,
    )


def share_evidence(found: Flags, outcome: Numbers) -> Evidence:
    """Chi-square or Fisher's exact test on an `outcome` of 0 and 1, of those `found` against the others."""
    counts = int(found.sum()), int((~found).sum())
    hits = int(outcome[found].sum()), int(outcome[~found].sum())
    table = np.array([[hit, count - hit] for hit, count in zip(hits, counts, strict=True)])
    expected = table.sum(axis=1)[:, None] * table.sum(axis=0)[None] / table.sum()
    if expected.min() >= SMALLEST_CELL:
        p = float(stats.chi2_contingency(table, correction=False).pvalue)
    else:
        p = float(stats.fisher_exact(table).pvalue)
    inside, others = (wilson(hit, count) for hit, count in zip(hits, counts, strict=True))
    effect = newcombe(inside, others)
    return Evidence(counts[0], counts[1], inside, others, effect, effect, p)


def wilson(hits: int, count: int) -> Mean:
    """A share and its 95 % score interval (Wilson 1927)."""
    share, square = hits / count, Z95**2
    middle = (share + square / (2 * count)) / (1 + square / count)
    reach = Z95 / (1 + square / count) * np.sqrt(share * (1 - share) / count + square / (4 * count**2))
    return Mean(share, float(max(0.0, middle - reach)), float(min(1.0, middle + reach)))


def newcombe(one: Mean, other: Mean) -> Mean:
    """The difference of two shares and its 95 % interval, from their intervals (Newcombe 1998, method 10)."""
    difference = one.value - other.value
    low = difference - np.hypot(one.value - one.low, other.high - other.value)
    high = difference + np.hypot(one.high - one.value, other.value - other.low)
    return Mean(difference, float(low), float(high))


def holm(p_values: Sequence[float]) -> list[float]:
    """P-values adjusted for multiple testing (Holm 1979), in the given order."""
    adjusted = [0.0] * len(p_values)
    highest = 0.0
    for rank, place in enumerate(sorted(range(len(p_values)), key=lambda place: p_values[place])):
        highest = max(highest, min(1.0, (len(p_values) - rank) * p_values[place]))
        adjusted[place] = highest
    return adjusted


def adjust(evidence: Sequence[Evidence]) -> list[Evidence]:
    """The same evidence with p adjusted for all tests."""
    return [replace(one, adjusted_p=p) for one, p in zip(evidence, holm([one.p for one in evidence]), strict=True)]


def holds_up(rule: Rule, evidence: Evidence, worth: float) -> bool:
    """Whether to propose a rule: significant, in the direction in which it was found, and large enough to matter."""
    return evidence.adjusted_p < MOST_ERRORS and rule.direction * evidence.effect.value >= worth


def _mean(values: Numbers) -> Mean:
    mean, error = float(values.mean()), float(stats.sem(values))
    reach = float(stats.t.ppf(0.975, len(values) - 1)) * error
    return Mean(mean, mean - reach, mean + reach)


def _difference(one: Numbers, other: Numbers) -> Mean:
    """Difference of two means with Welch's 95 % interval."""
    difference = float(one.mean() - other.mean())
    parts = np.array([one.var(ddof=1) / len(one), other.var(ddof=1) / len(other)])
    if not parts.sum():
        return Mean(difference, difference, difference)
    freedom = parts.sum() ** 2 / (parts**2 / np.array([len(one) - 1, len(other) - 1])).sum()
    reach = float(stats.t.ppf(0.975, freedom) * np.sqrt(parts.sum()))
    return Mean(difference, difference - reach, difference + reach)
