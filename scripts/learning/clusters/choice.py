"""Chooses the number of clusters and the method by stated criteria on samples, and explains the choice.

All points are standardised values, one row per customer, in random order (`scripts.learning.clusters.inputs`):
the first n rows are a random sample of n customers.

Sources: Rousseeuw 1987 (silhouette), Davies and Bouldin 1979, Tibshirani, Walther and Hastie 2001 (gap statistic),
Hubert and Arabie 1985 (adjusted Rand index), Hennig 2007 (stability over resamples).
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from itertools import combinations
from typing import Any

import numpy as np
import pandas as pd
from scipy.cluster.hierarchy import fcluster, ward
from sklearn.cluster import KMeans
from sklearn.metrics import davies_bouldin_score, silhouette_score

Matrix = np.ndarray[Any, np.dtype[np.float64]]
Labels = np.ndarray[Any, np.dtype[np.intp]]

METHODS = ("kmeans", "ward")
METHOD_NAMES = {"kmeans": "K-means", "ward": "Ward's method"}
COUNTS = range(2, 11)
CUSTOMERS_PER_CLUSTER = 20
MIN_STABILITY = 0.8
# The usual rule, one standard error, is for a single comparison. Here there are up to eighteen: with customers spread
# evenly along one direction, some candidate exceeds two standard errors in one sample out of four.
GAP_ERRORS = 4


@dataclass(frozen=True)
class Sizes:
    """How many customers each part of the choice uses, and how many references and resamples."""

    fitted: int = 20_000  # candidate centres
    evaluated: int = 5_000  # silhouette, Davies-Bouldin, agreement of resamples
    tree: int = 2_000  # Ward's method compares all pairs
    compared: int = 4_000  # gap statistic
    references: int = 20
    resampled: int = 5_000
    resamples: int = 20


@dataclass(frozen=True)
class Choice:
    """The candidates with their criteria, the chosen one (None: no stable clustering exists), and the reasons."""

    criteria: pd.DataFrame
    method: str | None
    count: int | None
    centres: Matrix | None
    reasons: list[str]


def criteria_of(
    points: Matrix, counts: Iterable[int], methods: Iterable[str], seed: int, sizes: Sizes | None = None
) -> tuple[pd.DataFrame, dict[tuple[str, int], Matrix]]:
    """Criteria of every method and count, and the centres found for it.

    Columns: method, cluster_count, silhouette, davies_bouldin, gap, gap_error, gap_of_one (gap of a single cluster),
    stability (mean adjusted Rand index over pairs of resamples), stability_low (its 10th percentile), smallest_share,
    agreement (adjusted Rand index with the other method at the same count; null for one method).
    """
    sizes = sizes or Sizes()
    counts, methods = list(counts), list(methods)
    evaluated = points[: sizes.evaluated]
    rows, centres = [], {}
    labels: dict[tuple[str, int], Labels] = {}
    for method in methods:
        found = _fit(method, points[: sizes.fitted], counts, seed, sizes, starts=5)
        gaps = _gaps(method, points[: sizes.compared], counts, seed, sizes)
        stability = _stability(method, points[: sizes.fitted], evaluated, counts, seed, sizes)
        for count in counts:
            assigned = nearest(evaluated, found[count])
            share = np.bincount(assigned, minlength=count).min() / len(evaluated)
            alive = len(np.unique(assigned)) > 1
            gap, error, of_one = gaps[count]
            rows.append(
                {
                    "method": method,
                    "cluster_count": count,
                    "silhouette": silhouette_score(evaluated, assigned) if alive else -1.0,
                    "davies_bouldin": davies_bouldin_score(evaluated, assigned) if alive else np.inf,
                    "gap": gap,
                    "gap_error": error,
                    "gap_of_one": of_one,
                    "stability": float(np.mean(stability[count])),
                    "stability_low": float(np.quantile(stability[count], 0.1)),
                    "smallest_share": float(share),
                }
            )
            centres[method, count] = found[count]
            labels[method, count] = assigned
    table = pd.DataFrame(rows)
    table["agreement"] = [
        adjusted_rand(labels["kmeans", count], labels["ward", count]) if len(methods) == 2 else np.nan
        for count in table["cluster_count"]
    ]
    return table, centres


def nearest(points: Matrix, centres: Matrix) -> Labels:
    """The nearest centre to each point; the first one in a tie."""
    squares = (centres**2).sum(axis=1) - 2.0 * points @ centres.T
    return np.asarray(squares.argmin(axis=1))


def adjusted_rand(one: Labels, other: Labels) -> float:
    """Agreement of two partitions of the same points: 1 if identical, about 0 if unrelated."""
    rows, columns = int(one.max()) + 1, int(other.max()) + 1
    table = np.bincount(one * columns + other, minlength=rows * columns).reshape(rows, columns).astype(float)

    def pairs(counts: Matrix) -> float:
        return float((counts * (counts - 1) / 2).sum())

    both, in_one, in_other = pairs(table), pairs(table.sum(axis=1)), pairs(table.sum(axis=0))
    all_pairs = len(one) * (len(one) - 1) / 2
    expected = in_one * in_other / all_pairs
    highest = (in_one + in_other) / 2
    return 1.0 if highest == expected else (both - expected) / (highest - expected)


def lloyd(points: Matrix, centres: Matrix) -> Matrix:
    """K-means started from the given centres."""
    return np.asarray(KMeans(len(centres), init=centres, n_init=1, max_iter=200).fit(points).cluster_centers_)


def _fit(method: str, points: Matrix, counts: list[int], seed: int, sizes: Sizes, starts: int) -> dict[int, Matrix]:
    """Centres for every count: K-means from `starts` random starts, or from the groups of Ward's tree on a sample."""
    if method == "kmeans":
        return {
            count: np.asarray(KMeans(count, n_init=starts, random_state=seed).fit(points).cluster_centers_)
            for count in counts
        }
    sample = points[: sizes.tree]
    tree = ward(sample)
    found = {}
    for count in counts:
        groups = fcluster(tree, count, criterion="maxclust")
        means = np.array([sample[groups == group].mean(axis=0) for group in np.unique(groups)])
        found[count] = lloyd(points, means)
    return found


def _dispersion(points: Matrix, centres: Matrix) -> float:
    """Logarithm of the sum of squared distances to the nearest centre."""
    return float(np.log(((points - centres[nearest(points, centres)]) ** 2).sum()))


def _gaps(
    method: str, points: Matrix, counts: list[int], seed: int, sizes: Sizes
) -> dict[int, tuple[float, float, float]]:
    """Gap statistic of every count with its standard error, and the gap of a single cluster.

    The reference is uniform in a box along the points' principal axes, so that correlated features alone do not count
    as clusters. Along each axis the box has the points' variance, not their range: ranges grow with the tails of the
    minor axes, and then the dominant axis looks clustered even when customers are spread evenly along it.
    """
    random = np.random.default_rng(seed)
    middle = points.mean(axis=0)
    _, _, axes = np.linalg.svd(points - middle, full_matrices=False)
    turned = (points - middle) @ axes.T
    wide = np.sqrt(3.0) * turned.std(axis=0)

    def dispersions(sample: Matrix) -> Matrix:
        found = _fit(method, sample, counts, seed, sizes, starts=2)
        one = sample.mean(axis=0, keepdims=True)
        return np.array([_dispersion(sample, one), *(_dispersion(sample, found[count]) for count in counts)])

    # No need to rotate back: distances stay the same.
    expected = np.array([dispersions(random.uniform(-wide, wide, points.shape)) for _ in range(sizes.references)])
    gaps = expected.mean(axis=0) - dispersions(points)
    errors = expected.std(axis=0) * np.sqrt(1 + 1 / sizes.references)
    return {count: (gaps[place], errors[place], gaps[0]) for place, count in enumerate(counts, start=1)}


def _stability(
    method: str, points: Matrix, evaluated: Matrix, counts: list[int], seed: int, sizes: Sizes
) -> dict[int, list[float]]:
    """Adjusted Rand index of every pair of resamples: do their centres group the same customers alike?"""
    random = np.random.default_rng(seed + 1)
    size = min(len(points), sizes.resampled)
    labels: dict[int, list[Labels]] = {count: [] for count in counts}
    for number in range(sizes.resamples):
        resample = points[random.integers(0, len(points), size)]
        found = _fit(method, resample, counts, seed + number, sizes, starts=3)
        for count in counts:
            labels[count].append(nearest(evaluated, found[count]))
    return {count: [adjusted_rand(*pair) for pair in combinations(labels[count], 2)] for count in counts}


def qualifies(criteria: pd.DataFrame) -> pd.Series:
    """Which candidates are stable and separate customers better than an even spread of customers would be separated."""
    beyond = criteria["gap"] - GAP_ERRORS * criteria["gap_error"] > criteria["gap_of_one"]
    return (criteria["stability"] >= MIN_STABILITY) & beyond


def choose(
    points: Matrix,
    *,
    method: str = "best",
    count: int | None = None,
    seed: int = 0,
    sizes: Sizes | None = None,
) -> Choice:
    """Choose method and number of clusters, with reasons.

    `method` is kmeans, ward or best (of both); `count` forces a number. Without it, of the candidates that are stable
    and beat a single cluster, the one with the best mean rank of silhouette, Davies-Bouldin and gap is chosen; when
    there is none, the choice has no centres. On one thread, the result depends only on the points, their order and
    `seed`.
    """
    sizes = sizes or Sizes()
    methods = METHODS if method == "best" else (method,)
    counts = possible_counts(points[: sizes.evaluated])
    tried = sorted({*counts, count}) if count else counts
    criteria, centres = criteria_of(points, tried, methods, seed, sizes)
    criteria["is_stable"] = criteria["stability"] >= MIN_STABILITY
    criteria["qualifies"] = qualifies(criteria)
    is_eligible = criteria["cluster_count"] == count if count else criteria["qualifies"]
    # Ranks are only meaningful among eligible candidates.
    shown = criteria[is_eligible]
    ranks = pd.DataFrame(
        {
            "silhouette": shown["silhouette"].round(6).rank(ascending=False),
            "davies_bouldin": shown["davies_bouldin"].round(6).rank(),
            "gap": shown["gap"].round(6).rank(ascending=False),
        }
    )
    criteria["mean_rank"] = ranks.mean(axis=1)
    ordered = criteria[is_eligible].sort_values(["mean_rank", "cluster_count", "method"])
    criteria["is_chosen"] = False
    if ordered.empty:
        return Choice(criteria, None, None, None, _why_none(criteria, sizes))
    criteria.loc[ordered.index[0], "is_chosen"] = True
    best = ordered.iloc[0]
    key = (str(best["method"]), int(best["cluster_count"]))
    reasons = _why_forced(best) if count else _why_chosen(criteria, ordered, ranks.loc[ordered.index[0]], sizes)
    return Choice(criteria, *key, centres[key], reasons)


def possible_counts(points: Matrix) -> list[int]:
    """The cluster counts that the number of customers, and of distinct points, allows."""
    kinds = len(np.unique(points, axis=0))
    return [count for count in COUNTS if len(points) >= count * CUSTOMERS_PER_CLUSTER and kinds > count]


def named(method: str, count: int) -> str:
    """A candidate as text, such as `4 clusters by K-means`."""
    return f"{count} clusters by {METHOD_NAMES[method]}"


def _tried(criteria: pd.DataFrame, sizes: Sizes) -> str:
    counts = criteria["cluster_count"]
    methods = " and by ".join(METHOD_NAMES[method] for method in criteria["method"].unique())
    return (
        f"{counts.min()} to {counts.max()} clusters were tried by {methods}. A candidate is stable when centres from "
        f"{sizes.resamples} resamples agree on who belongs together with a mean adjusted Rand index of at least "
        f"{MIN_STABILITY}. It has real clusters when its gap statistic exceeds that of a single cluster by more than "
        f"{GAP_ERRORS} standard errors. {int(criteria['is_stable'].sum())} of {len(criteria)} are stable, "
        f"{int(criteria['qualifies'].sum())} meet both conditions."
    )


def _why_chosen(criteria: pd.DataFrame, ordered: pd.DataFrame, ranks: pd.Series, sizes: Sizes) -> list[str]:
    best = ordered.iloc[0]
    reasons = [
        _tried(criteria, sizes),
        f"Of the {len(ordered)} that qualify, {named(best['method'], best['cluster_count'])} have the best mean rank: "
        f"silhouette {best['silhouette']:.2f} (rank {ranks['silhouette']:g}), Davies-Bouldin "
        f"{best['davies_bouldin']:.2f} (rank {ranks['davies_bouldin']:g}) and gap {best['gap']:.2f} "
        f"(rank {ranks['gap']:g}). Their stability is {best['stability']:.2f}.",
    ]
    if len(ordered) > 1:
        second = ordered.iloc[1]
        reasons.append(
            f"The runner-up is {named(second['method'], second['cluster_count'])}, with stability "
            f"{second['stability']:.2f} and silhouette {second['silhouette']:.2f}."
        )
    return reasons


def _why_forced(best: pd.Series) -> list[str]:
    verdict = (
        "it would have qualified by the criteria"
        if best["qualifies"]
        else "another sample of customers would give different clusters"
        if not best["is_stable"]
        else "it separates customers no better than an even spread would"
    )
    return [
        f"{named(best['method'], best['cluster_count'])} were requested; the number was not chosen by the criteria. "
        f"Its stability is {best['stability']:.2f} (stable from {MIN_STABILITY}), its silhouette "
        f"{best['silhouette']:.2f}: {verdict}."
    ]


def _why_none(criteria: pd.DataFrame, sizes: Sizes) -> list[str]:
    if criteria.empty:
        return ["No stable clustering exists: too few customers differ from each other."]
    beyond = criteria["gap"] - GAP_ERRORS * criteria["gap_error"] > criteria["gap_of_one"]
    most_stable = criteria.iloc[int(criteria["stability"].to_numpy().argmax())]
    return [
        "No stable clustering of these customers exists.",
        _tried(criteria, sizes),
        f"The most stable candidate, {named(most_stable['method'], most_stable['cluster_count'])}, reaches "
        f"{most_stable['stability']:.2f}; {int(beyond.sum())} of {len(criteria)} separate the customers better than an "
        "even spread would. The customers differ in degree, not in kind: use scores and percentiles, not clusters.",
    ]
