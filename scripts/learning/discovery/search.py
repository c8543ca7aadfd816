"""Beam search for subgroups: conjunctions of one to three readable conditions whose customers do something unusual.

The quality of a rule is the mean-test measure of subgroup discovery (Klösgen 1996): the difference between the mean
outcome of the customers it finds and the overall mean, in overall standard deviations, times the square root of how
many it finds. Nothing here shows that a rule is real: with this many rules, some look good by chance. `confirm` tests
them, on held-out customers.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd
from scipy.stats import norm
from threadpoolctl import threadpool_limits

from scripts.learning.clusters.rules import readable
from scripts.segments.drafts import Condition, Flags, plain

LONGEST = 3
BEAM_WIDTH = 40
# A rule finds at least this many of the searched customers, and at most half of them: more is no subgroup.
SMALLEST_SHARE, SMALLEST_COUNT, LARGEST_SHARE = 0.02, 50, 0.5
# Two rules whose customers overlap more than this (Jaccard) are duplicates.
SAME_CUSTOMERS = 0.6
SAME_IN_BEAM = 0.9
QUANTILES = (0.05, 0.1, 0.2, 0.3, 0.4, 0.5, 0.6, 0.7, 0.8, 0.9, 0.95)
# Zero is a category of its own when at least this share of customers has it.
ZERO_SHARE = 0.05
MOST_TEXTS = 20
# The search uses at most this many customers; that is enough to find the rules worth testing.
MOST_ROWS = 40_000
BLOCK = 256

Numbers = np.ndarray[Any, np.dtype[np.float64]]


@dataclass(frozen=True)
class Rule:
    """A conjunction of conditions, and its figures among the searched customers.

    `quality` is signed: positive when its customers have more of the outcome than the overall mean.
    """

    conditions: tuple[Condition, ...]
    quality: float
    difference: float
    count: int

    @property
    def direction(self) -> int:
        return 1 if self.quality > 0 else -1


@dataclass(frozen=True)
class _Found:
    """A rule during the search: the indices of its conditions, in ascending order, and the customers it finds."""

    parts: tuple[int, ...]
    mask: Flags
    quality: float


def smallest(customers: int) -> int:
    """How many out of `customers` searched a rule must find at least."""
    return max(SMALLEST_COUNT, int(np.ceil(SMALLEST_SHARE * customers)))


def search(frame: pd.DataFrame, outcome: Numbers, attributes: pd.DataFrame, *, most: int, worth: float) -> list[Rule]:
    """The best rules in both directions, best first, each of which adds to those before it.

    No rule finds nearly the same customers as a better one, or nearly its complement; each finds unusual customers whom
    no better rule of its direction finds.

    `frame`: one row per customer, in random order; `outcome`: one number per row (for a share: 0 or 1); `attributes`:
    attribute_name, value_type (number or text), unit of the columns that rules may use. `most`: the maximum number of
    rules; `worth`: the smallest useful difference from the other customers. Empty for an outcome that does not vary.
    """
    frame, outcome = frame.iloc[:MOST_ROWS], np.asarray(outcome, dtype=float)[:MOST_ROWS]
    if len(outcome) < 2 * SMALLEST_COUNT or outcome.std() == 0:
        return []
    conditions, masks = selectors(frame, attributes)
    if not conditions:
        return []
    searcher = _Search(conditions, masks, outcome)
    # One thread keeps the order of summation, and so every choice, the same.
    with threadpool_limits(1):
        found = [rule for direction in (1, -1) for rule in searcher.beam(direction)]
    found = [
        rule
        for rule in found
        if rule.mask.mean() <= LARGEST_SHARE and abs(searcher.difference_from_others(rule.mask)) >= worth
    ]
    found.sort(key=lambda rule: (-round(abs(rule.quality), 9), len(rule.parts), rule.parts))
    kept: list[_Found] = []
    for rule in found:
        if len(kept) == most:
            break
        if not _is_duplicate(rule, kept) and searcher.adds(rule, kept, worth):
            kept.append(rule)
    return [searcher.rule(found) for found in kept]


def _is_duplicate(rule: _Found, kept: list[_Found]) -> bool:
    """Whether a rule finds nearly the same customers as another, or nearly its complement."""
    return any(jaccard(rule.mask, mask) > SAME_CUSTOMERS for other in kept for mask in (other.mask, ~other.mask))


def jaccard(one: Flags, other: Flags) -> float:
    """Share of the customers in either set who are in both; 0 for two empty sets."""
    return float((one & other).sum()) / max(float((one | other).sum()), 1.0)


def selectors(frame: pd.DataFrame, attributes: pd.DataFrame) -> tuple[list[Condition], Flags]:
    """Single conditions worth trying and, one row each, the customers for whom they hold; no two rows are equal."""
    least = smallest(len(frame))
    conditions: list[Condition] = []
    masks: list[Flags] = []
    seen: set[bytes] = set()
    for attribute in attributes.to_dict("records"):
        name = str(attribute["attribute_name"])
        candidates = (
            _text_conditions(name, frame[name])
            if attribute["value_type"] == "text"
            else _number_conditions(name, frame[name], str(attribute["unit"]))
        )
        for condition in candidates:
            mask = condition.holds(frame)
            key = np.packbits(mask).tobytes()
            if least <= mask.sum() <= len(frame) - least and key not in seen:
                seen.add(key)
                conditions.append(condition)
                masks.append(mask)
    return conditions, np.array(masks, dtype=bool).reshape(len(masks), len(frame))


def _text_conditions(name: str, column: pd.Series) -> list[Condition]:
    counts = column.dropna().astype(str).value_counts()
    # `|` separates the values of a list in a rule.
    texts = sorted(str(text) for text in counts.index[:MOST_TEXTS] if str(text).strip() and "|" not in str(text))
    return [Condition(name, "=", text) for text in texts]


def _number_conditions(name: str, column: pd.Series, unit: str) -> list[Condition]:
    values = column.to_numpy(dtype=float, na_value=np.nan)
    values = values[np.isfinite(values)]
    if not len(values) or values.min() == values.max():
        return []
    whole = bool((np.mod(values, 1) == 0).all())
    found = []
    if values.min() >= 0 and (values == 0).mean() >= ZERO_SHARE:
        found += [Condition(name, "=", "0"), Condition(name, ">", "0")]
    thresholds = {
        readable(float(border), values, whole=whole, days=whole and unit == "days")
        for border in np.quantile(values, QUANTILES, method="lower")
    }
    for threshold in sorted(thresholds):
        found.append(Condition(name, ">=", plain(threshold)))
        upper = ("<=", plain(threshold - 1)) if whole and unit != "days" else ("<", plain(threshold))
        found.append(Condition(name, *upper))
    return found


class _Search:
    """The searched customers: conditions, the customers each finds, and the standardised outcome."""

    def __init__(self, conditions: list[Condition], masks: Flags, outcome: Numbers) -> None:
        self.conditions, self.masks, self.outcome = conditions, masks, outcome
        self.scores: Numbers = (outcome - outcome.mean()) / outcome.std()
        self.least = smallest(len(outcome))
        sides = [_side(condition) for condition in conditions]
        names = np.array([condition.attribute for condition in conditions])
        # Two conditions are compatible when they use different attributes, or bound one attribute from both sides.
        self.is_compatible = (names[:, None] != names[None]) | (
            np.array([[{one, other} == {"low", "high"} for other in sides] for one in sides], dtype=bool)
        )
        # A further condition is chosen from many, of which some look useful by chance alone.
        self.critical_value = float(norm.isf(0.025 / len(conditions)))

    def beam(self, direction: int) -> list[_Found]:
        """Rules of every length whose customers have more (1) or less (-1) of the outcome than the overall mean."""
        level = self._accept([(number,) for number in self._order(direction)], direction)
        found = list(level)
        for _ in range(LONGEST - 1):
            level = self._accept(self._longer(level, direction), direction)
            found += level
        return found

    def rule(self, found: _Found) -> Rule:
        """The rule in its public form."""
        return Rule(
            conditions=tuple(self.conditions[part] for part in found.parts),
            quality=found.quality,
            difference=self.difference_from_others(found.mask),
            count=int(found.mask.sum()),
        )

    def difference_from_others(self, mask: Flags) -> float:
        return float(self.outcome[mask].mean() - self.outcome[~mask].mean())

    def adds(self, rule: _Found, kept: list[_Found], worth: float) -> bool:
        """Whether a rule finds enough unusual customers whom no better rule of its direction finds."""
        direction = np.sign(rule.quality)
        better = [other.mask for other in kept if np.sign(other.quality) == direction]
        if not better:
            return True
        new = rule.mask & ~np.logical_or.reduce(better)
        return bool(new.sum() >= self.least and direction * self.difference_from_others(new) >= worth)

    def _quality(self, mask: Flags) -> float:
        count = int(mask.sum())
        return float(self.scores[mask].sum() / np.sqrt(count)) if count else 0.0

    def _order(self, direction: int) -> list[int]:
        """Single conditions, best first."""
        qualities = np.array([self._quality(mask) for mask in self.masks])
        return [int(place) for place in np.argsort(-direction * np.round(qualities, 9), kind="stable")]

    def _longer(self, level: list[_Found], direction: int) -> list[tuple[int, ...]]:
        """Rules of the level with one more condition, best first: only those better than the rule they extend."""
        candidates: dict[tuple[int, ...], float] = {}
        parents = np.array([rule.mask for rule in level], dtype=float).reshape(len(level), len(self.scores))
        parent_counts, parent_sums = parents.sum(axis=1)[:, None], (parents @ self.scores)[:, None]
        spreads = np.array([self.scores[rule.mask].std() for rule in level])[:, None]
        for start in range(0, len(self.conditions) if level else 0, BLOCK):
            block = self.masks[start : start + BLOCK].T.astype(float)
            counts = parents @ block
            sums = (parents * self.scores) @ block
            left = parent_counts - counts
            with np.errstate(divide="ignore", invalid="ignore"):
                qualities = direction * sums / np.sqrt(counts)
                gains = direction * (sums / counts - (parent_sums - sums) / left)
                clear = gains >= self.critical_value * spreads * np.sqrt(1 / counts + 1 / left)
            enough = (counts >= self.least) & (left > 0)
            for place, rule in enumerate(level):
                better = enough[place] & clear[place] & (qualities[place] > direction * rule.quality)
                better &= self.is_compatible[list(rule.parts), start : start + BLOCK].all(axis=0)
                for number in np.flatnonzero(better):
                    parts = tuple(sorted((*rule.parts, start + int(number))))
                    candidates[parts] = round(float(qualities[place, number]), 9)
        return sorted(candidates, key=lambda parts: (-candidates[parts], parts))

    def _accept(self, candidates: list[tuple[int, ...]], direction: int) -> list[_Found]:
        """The best candidates in which every condition is needed; no two find nearly the same customers."""
        taken: list[_Found] = []
        for parts in candidates:
            if len(taken) == BEAM_WIDTH:
                break
            mask = self._mask(parts)
            quality = self._quality(mask)
            if direction * quality <= 0:
                break
            if not self._needs_all_parts(parts, mask, quality, direction):
                continue
            if all(jaccard(mask, other.mask) <= SAME_IN_BEAM for other in taken):
                taken.append(_Found(parts, mask, quality))
        return taken

    def _mask(self, parts: tuple[int, ...]) -> Flags:
        return np.logical_and.reduce(self.masks[list(parts)])

    def _needs_all_parts(self, parts: tuple[int, ...], mask: Flags, quality: float, direction: int) -> bool:
        """Whether every condition is needed: without it, quality drops and the customers it excluded clearly differ."""
        for place in range(len(parts) if len(parts) > 1 else 0):
            shorter = self._mask(parts[:place] + parts[place + 1 :])
            excluded = self.scores[shorter & ~mask]
            inside = self.scores[mask]
            if not len(excluded) or direction * self._quality(shorter) >= direction * quality:
                return False
            spread = np.sqrt(self.scores[shorter].var() * (1 / len(inside) + 1 / len(excluded)))
            if direction * (inside.mean() - excluded.mean()) < self.critical_value * spread:
                return False
        return True


def _side(condition: Condition) -> str:
    return {">": "low", ">=": "low", "<": "high", "<=": "high"}.get(condition.operator, "exact")
