"""Tests of found rules on customers whom the search has not seen: effect, interval, p adjusted for all tests.

Every rule of every target is tested once. Values are compared by Welch's t (or Student's, whichever is less sure),
shares by chi-square, or by Fisher's exact test where few customers are expected in a cell. The p-values of all are
adjusted together by Holm (1979), so that the chance to propose anything at all where nothing is there stays under
`MOST_ERRORS`.
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
# Rules that find fewer of the customers kept back cannot be told from chance by any test used here.
SMALLEST_TESTED = 25
# Where fewer customers than this are expected in a cell, chi-square is only rough.
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
    """What the customers kept back say of one rule.

    `inside` and `others`: mean outcome of those whom the rule finds and of the rest; `effect`: their difference;
    `raw_effect`: the same without limits to extreme values (equal for shares). `p`: of the single test; `adjusted_p`:
    for all tests.
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
    """Welch's t on `outcome` (extreme values limited), of those `found` against the others.

    Values are skewed: most customers buy nothing. A small group without a buyer looks far too sure of itself to Welch's
    t, one with a few good buyers to Student's; so the larger p of the two counts.
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
        # Two groups without any spread: equal or not, no test can say more.
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
    """The difference of two shares and its 95 % interval from theirs (Newcombe 1998, method 10)."""
    difference = one.value - other.value
    low = difference - np.hypot(one.value - one.low, other.high - other.value)
    high = difference + np.hypot(one.high - one.value, other.value - other.low)
    return Mean(difference, float(low), float(high))


def holm(p_values: Sequence[float]) -> list[float]:
    """P-values adjusted for being one of several tests (Holm 1979), in the given order."""
    adjusted = [0.0] * len(p_values)
    highest = 0.0
    for rank, place in enumerate(sorted(range(len(p_values)), key=lambda place: p_values[place])):
        highest = max(highest, min(1.0, (len(p_values) - rank) * p_values[place]))
        adjusted[place] = highest
    return adjusted


def adjust(evidence: Sequence[Evidence]) -> list[Evidence]:
    """The same evidence with p adjusted over all of it."""
    return [replace(one, adjusted_p=p) for one, p in zip(evidence, holm([one.p for one in evidence]), strict=True)]


def holds_up(rule: Rule, evidence: Evidence, worth: float) -> bool:
    """Whether a rule is to be proposed: significant, in the direction in which it was found, and worth having."""
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
