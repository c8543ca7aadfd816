"""A readable rule for each cluster: a shallow tree, reduced to what a person would write, and measured.

A tree separates the members of a cluster from all other buyers by attributes of the catalogue. Its leaves become
alternatives, its thresholds round numbers; conditions that hardly matter are dropped. Precision and recall are those
of the final rule on held-out customers.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

import numpy as np
import pandas as pd
from sklearn.tree import DecisionTreeClassifier

from scripts.segments.drafts import Condition, Flags, holds, plain

MAX_DEPTH = 3
MAX_ALTERNATIVES = 3
# Rounding a threshold may move at most this share of customers to the other side; a simplification may cost this much
# F1, and an alternative must add more than it.
READABLE_SHARE = 0.02
WORTH_KEEPING = 0.005
DAYS = (7, 14, 30, 60, 90, 120, 180, 270, 365, 545, 730, 1095)
# At most this many customers are used: half to fit the tree, half to measure the rule.
MOST_ROWS = 40_000
BUYERS = "order_count"


@dataclass(frozen=True)
class Draft:
    """A candidate rule: alternatives of conditions, and how well it finds its cluster among held-out customers.

    `share` is the share of buyers whom it matches.
    """

    segment_key: str
    name: str
    cluster_key: str
    alternatives: list[list[Condition]] = field(default_factory=list)
    precision: float = 0.0
    recall: float = 0.0
    share: float = 0.0

    def holds(self, frame: pd.DataFrame) -> Flags:
        """Members of the segment among the rows of `frame`."""
        return holds(self.alternatives, frame)

    def text(self, descriptions: dict[str, str] | None = None) -> str:
        """The rule on one line, as readable text."""
        known = descriptions or {}
        lines = [
            " and ".join(
                f"{known.get(part.attribute, part.attribute)} {part.operator.replace('_', ' ')} {part.value}".strip()
                for part in alternative
            )
            for alternative in self.alternatives
        ]
        return lines[0] if len(lines) == 1 else " or ".join(f"({line})" for line in lines)


def draft_of(
    frame: pd.DataFrame,
    members: Flags,
    catalogue: pd.DataFrame,
    *,
    cluster_key: str,
    name: str,
    segment_key: str,
) -> Draft:
    """Find a readable rule for the `members` among the rows of `frame` (one per buyer, in random order).

    `catalogue` lists the columns that may be used: attribute_name, value_type (number or boolean), unit. The first half
    of the rows is used to fit and simplify the rule, the second half to measure it. If all or none of the first half
    are members, or no rule is found, the draft has no alternatives.
    """
    half = len(frame) // 2
    seen, truth = frame.iloc[:half], members[:half]
    alternatives: list[list[Condition]] = []
    if 0 < truth.sum() < half:
        alternatives = _simplified(_alternatives(seen, truth, catalogue), seen, truth)
    # Rules are evaluated over all known customers, clusters hold buyers only.
    buyers = Condition(BUYERS, ">=", "1")
    alternatives = [
        alternative if any(_implies_buyer(part) for part in alternative) else [buyers, *alternative]
        for alternative in alternatives
    ]
    unseen = frame.iloc[half:]
    precision, recall = precision_and_recall(holds(alternatives, unseen), members[half:])
    share = float(holds(alternatives, frame).mean()) if len(frame) else 0.0
    return Draft(segment_key, name, cluster_key, alternatives, precision, recall, share)


def precision_and_recall(found: Flags, members: Flags) -> tuple[float, float]:
    """Share of the customers found who are members, and share of the members who are found; 0 where there are none."""
    both = float((found & members).sum())
    return both / max(float(found.sum()), 1.0), both / max(float(members.sum()), 1.0)


def _f1(alternatives: list[list[Condition]], frame: pd.DataFrame, members: Flags) -> float:
    precision, recall = precision_and_recall(holds(alternatives, frame), members)
    return 2 * precision * recall / (precision + recall) if precision + recall else 0.0


def _implies_buyer(part: Condition) -> bool:
    return part.attribute == BUYERS and part.operator in ("=", ">", ">=") and float(part.value) >= 1


def _alternatives(seen: pd.DataFrame, members: Flags, catalogue: pd.DataFrame) -> list[list[Condition]]:
    """The leaves of a shallow tree that together best find the members, with rounded thresholds."""
    attributes = [str(name) for name in catalogue["attribute_name"]]
    values = seen[attributes].astype(float)
    filled = values.fillna(values.median()).fillna(0.0)
    tree = DecisionTreeClassifier(
        max_depth=MAX_DEPTH, min_samples_leaf=max(5, len(seen) // 200), class_weight="balanced", random_state=0
    ).fit(filled.to_numpy(), members)
    kinds = catalogue.set_index("attribute_name")
    medians = {name: float(filled[name].median()) for name in attributes}
    leaves = [
        (float(members[reached].mean()), int(reached.sum()), bounds)
        for bounds, reached in _leaves(tree, filled.to_numpy())
        if members[reached].any()
    ]
    leaves.sort(key=lambda leaf: (-leaf[0], -leaf[1]))
    best: list[list[Condition]] = []
    taken: list[list[Condition]] = []
    best_score = 0.0
    for _, _, bounds in leaves[:MAX_ALTERNATIVES]:
        taken = [*taken, _conditions(bounds, attributes, filled, values, kinds, medians)]
        score = _f1(taken, seen, members)
        if score > best_score + WORTH_KEEPING:
            best, best_score = taken, score
    return best


Bounds = dict[int, tuple[float, float]]


def _leaves(tree: DecisionTreeClassifier, points: Any) -> list[tuple[Bounds, Flags]]:
    """For every leaf, the bounds of its features (above the first, up to the second) and the rows that reach it."""
    inner = tree.tree_
    reached_by = tree.apply(points)
    leaves: list[tuple[Bounds, Flags]] = []

    def walk(node: int, bounds: Bounds) -> None:
        left, right = int(inner.children_left[node]), int(inner.children_right[node])
        if left == right:
            leaves.append((bounds, reached_by == node))
            return
        feature, threshold = int(inner.feature[node]), float(inner.threshold[node])
        low, high = bounds.get(feature, (-np.inf, np.inf))
        walk(left, {**bounds, feature: (low, min(high, threshold))})
        walk(right, {**bounds, feature: (max(low, threshold), high)})

    walk(0, {})
    return leaves


def _conditions(
    bounds: Bounds,
    attributes: list[str],
    filled: pd.DataFrame,
    values: pd.DataFrame,
    kinds: pd.DataFrame,
    medians: dict[str, float],
) -> list[Condition]:
    """The bounds of a leaf as conditions with readable thresholds."""
    found: list[Condition] = []
    for feature, (low, high) in bounds.items():
        name = attributes[feature]
        column = filled[name].to_numpy()
        has_nulls = bool(values[name].isna().any())
        is_whole = bool(np.equal(np.mod(values[name].dropna().to_numpy(), 1), 0).all())
        in_days = is_whole and str(kinds.at[name, "unit"]) == "days"
        for threshold, is_upper in ((low, False), (high, True)):
            if not np.isfinite(threshold):
                continue
            if kinds.at[name, "value_type"] == "boolean":
                operator, value = ("is_false" if is_upper else "is_true"), ""
                median_holds = (medians[name] <= threshold) == is_upper
            else:
                # Values from here upwards are in the right branch of the tree.
                least = readable(threshold, column, whole=is_whole, days=in_days)
                median_holds = (medians[name] < least) == is_upper
                operator, value = _written(least, is_upper, counts=is_whole and not in_days)
            # The tree filled missing values with the median, and so does the rule.
            found.append(Condition(name, operator, value, "true" if has_nulls and median_holds else ""))
    return found


def _written(least: float, is_upper: bool, counts: bool) -> tuple[str, str]:
    if not is_upper:
        return ">=", plain(least)
    if counts:
        return ("=" if least == 1 else "<="), plain(least - 1)
    return "<", plain(least)


def readable(threshold: float, values: Any, *, whole: bool = False, days: bool = False) -> float:
    """The roundest number near a threshold of the tree that moves at most READABLE_SHARE of `values` across it.

    The threshold puts values up to it on one side; the result puts values below it there. With `whole`, the result is a
    whole number too.
    """
    exact = float(np.floor(threshold) + 1) if whole else float(threshold)
    below = np.asarray(values) <= threshold
    candidates = [float(day) for day in DAYS] if days else []
    candidates.sort(key=lambda day: abs(day - exact))
    for digits in (1, 2, 3, 4):
        rounded = float(f"{exact:.{digits - 1}e}")
        candidates.append(float(np.round(rounded)) if whole else rounded)
    for candidate in candidates:
        if float(((np.asarray(values) < candidate) != below).mean()) <= READABLE_SHARE:
            return candidate
    return exact if whole else float(f"{exact:.5e}")


def _simplified(alternatives: list[list[Condition]], frame: pd.DataFrame, members: Flags) -> list[list[Condition]]:
    """The same rule without conditions and alternatives that hardly matter."""
    rule = [list(alternative) for alternative in alternatives]
    floor = _f1(rule, frame, members) - WORTH_KEEPING
    changed = True
    while changed:
        changed = False
        shorter = [rule[:place] + rule[place + 1 :] for place in range(len(rule)) if len(rule) > 1]
        for place, alternative in enumerate(rule):
            for number in range(len(alternative)):
                rest = alternative[:number] + alternative[number + 1 :]
                if rest:
                    shorter.append([*rule[:place], rest, *rule[place + 1 :]])
        scored = [(_f1(candidate, frame, members), candidate) for candidate in shorter]
        fit = [pair for pair in scored if pair[0] >= floor]
        if fit:
            rule = max(fit, key=lambda pair: pair[0])[1]
            changed = True
    return rule
