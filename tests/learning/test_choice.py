"""The number of clusters: right where there are clusters, none where there are none, by the stated criteria."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest
from sklearn.metrics import adjusted_rand_score
from threadpoolctl import threadpool_limits

from scripts.learning.clusters.choice import (
    COUNTS,
    GAP_ERRORS,
    METHODS,
    MIN_STABILITY,
    Choice,
    Matrix,
    Sizes,
    adjusted_rand,
    choose,
    lloyd,
    nearest,
    possible_counts,
)

QUICK = Sizes(fitted=500, evaluated=400, tree=300, compared=300, references=6, resampled=400, resamples=5)


def decide(points: Matrix, sizes: Sizes | None = QUICK, **arguments: object) -> Choice:
    with threadpool_limits(limits=1):
        return choose(points, sizes=sizes, **arguments)  # type: ignore[arg-type]


def blobs(count: int, dimensions: int = 5, size: int = 700, seed: int = 2) -> tuple[Matrix, np.ndarray]:
    """Spherical clouds with a standard deviation of 1 and centres at ±7 on the axes."""
    random = np.random.default_rng(seed)
    centres = np.vstack([np.eye(dimensions), -np.eye(dimensions)])[:count] * 7
    kinds = random.integers(0, count, size)
    return centres[kinds] + random.normal(size=(size, dimensions)), kinds


def standardised(points: Matrix) -> Matrix:
    low, high = np.quantile(points, [0.01, 0.99], axis=0)
    clipped = np.clip(points, low, high)
    return np.asarray((clipped - clipped.mean(axis=0)) / clipped.std(axis=0))


def gaussian(random: np.random.Generator, size: int, dimensions: int) -> Matrix:
    return random.normal(size=(size, dimensions))


def even(random: np.random.Generator, size: int, dimensions: int) -> Matrix:
    return random.uniform(size=(size, dimensions))


def one_direction(random: np.random.Generator, size: int, dimensions: int) -> Matrix:
    """Customers who differ only in the degree of one underlying factor: no clusters."""
    return random.uniform(size=(size, 1)) + 0.2 * random.uniform(size=(size, dimensions))


Noise = Callable[[np.random.Generator, int, int], Matrix]


@pytest.mark.parametrize("method", [*METHODS, "best"])
@pytest.mark.parametrize("count", [3, 5])
def test_existing_clusters_are_found(method: str, count: int) -> None:
    points, kinds = blobs(count)
    choice = decide(points, method=method)
    assert choice.count == count
    assert choice.centres is not None
    with threadpool_limits(limits=1):
        centres = lloyd(points, choice.centres)
    assert adjusted_rand_score(kinds, nearest(points, centres)) > 0.99
    assert choice.criteria["is_chosen"].sum() == 1
    assert choice.criteria.loc[choice.criteria["is_chosen"], "stability"].item() > 0.95


@pytest.mark.parametrize("noise", [gaussian, even, one_direction])
@pytest.mark.parametrize("dimensions", [4, 12])
def test_noise_has_no_clusters(noise: Noise, dimensions: int) -> None:
    choice = decide(standardised(noise(np.random.default_rng(6), 500, dimensions)))
    assert choice.count is None and choice.centres is None
    assert choice.reasons[0] == "No stable clustering of these customers exists."
    assert not choice.criteria["qualifies"].any()


@pytest.mark.verify
@pytest.mark.parametrize("noise", [gaussian, even, one_direction])
@pytest.mark.parametrize("dimensions", [4, 12])
@pytest.mark.parametrize("size", [800, 5_000])
def test_noise_has_no_clusters_in_many_draws(noise: Noise, dimensions: int, size: int) -> None:
    for seed in range(4 if size == 800 else 1):
        points = standardised(noise(np.random.default_rng(seed), size, dimensions))
        assert decide(points, sizes=None, seed=seed).count is None, seed


def test_a_requested_number_reports_its_stability() -> None:
    choice = decide(standardised(gaussian(np.random.default_rng(1), 500, 6)), count=4)
    assert choice.count == 4 and choice.centres is not None and len(choice.centres) == 4
    stability = choice.criteria.loc[choice.criteria["is_chosen"], "stability"].item()
    assert stability < MIN_STABILITY
    assert "were requested" in choice.reasons[0] and f"Its stability is {stability:.2f}" in choice.reasons[0]
    assert "another sample of customers would give different clusters" in choice.reasons[0]


def test_a_number_beyond_the_candidates_can_be_requested() -> None:
    assert decide(blobs(3, size=300)[0], count=12, method="kmeans").count == 12


def test_the_same_seed_gives_the_same_choice_to_the_last_digit() -> None:
    points, _ = blobs(4, size=300)
    one, two = decide(points, seed=3), decide(points, seed=3)
    assert one.criteria.equals(two.criteria)
    assert one.centres is not None and np.array_equal(one.centres, two.centres)  # type: ignore[arg-type]


def test_the_best_mean_rank_of_those_that_qualify_is_chosen() -> None:
    """Ranks recalculated from the table."""
    table = decide(blobs(4, size=900)[0]).criteria
    fit = table[(table["stability"] >= 0.8) & (table["gap"] - GAP_ERRORS * table["gap_error"] > table["gap_of_one"])]
    assert len(fit) > 1

    def rank(column: str, row: object, best_is_high: bool) -> float:
        better = (fit[column] > row[column]) if best_is_high else (fit[column] < row[column])  # type: ignore[index]
        same = (fit[column].round(6) == round(row[column], 6)).sum()  # type: ignore[index]
        return float(better.sum() + (same + 1) / 2)

    ranks = {
        (row["method"], row["cluster_count"]): (
            rank("silhouette", row, True) + rank("davies_bouldin", row, False) + rank("gap", row, True)
        )
        / 3
        for _, row in fit.iterrows()
    }
    chosen = table[table["is_chosen"]].iloc[0]
    assert ranks[chosen["method"], chosen["cluster_count"]] == pytest.approx(min(ranks.values()), abs=0.34)


def test_agreement_is_the_adjusted_rand_index() -> None:
    random = np.random.default_rng(0)
    for one_count, other_count in [(2, 2), (3, 7), (1, 4), (1, 1)]:
        one, other = random.integers(0, one_count, 300), random.integers(0, other_count, 300)
        other[:150] = one[:150] % other_count
        assert adjusted_rand(one, other) == pytest.approx(adjusted_rand_score(one, other))


def test_nearest_agrees_with_plain_distances() -> None:
    random = np.random.default_rng(0)
    points, centres = random.normal(size=(200, 7)), random.normal(size=(5, 7))
    distances = np.linalg.norm(points[:, None] - centres[None], axis=2)
    assert np.array_equal(nearest(points, centres), distances.argmin(axis=1))


def test_few_customers_allow_few_clusters() -> None:
    points = np.random.default_rng(0).normal(size=(70, 3))
    assert possible_counts(points) == [2, 3]
    assert possible_counts(np.repeat(points[:3], 100, axis=0)) == [2]
    assert possible_counts(np.zeros((500, 3))) == []
    assert list(COUNTS) == list(range(2, 11))
