"""Finds clusters of buyers by K-means and writes their centres as a seed; SQL assigns everyone to the nearest."""

from __future__ import annotations

import csv
import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

import duckdb
import numpy as np
import pandas as pd
from sklearn.cluster import KMeans
from sklearn.metrics import silhouette_score
from threadpoolctl import threadpool_limits

from scripts.errors import UserError
from scripts.warehouse import literal, open_warehouse
from scripts.world import World

FEATURES = ["recency_days", "frequency", "monetary", "contribution_margin"]
SEED_FILE = "cluster_centres.csv"
COLUMNS = [
    "cluster_key",
    "cluster_name",
    "feature",
    "centre",
    "centre_value",
    "winsor_low",
    "winsor_high",
    "log_mean",
    "log_sd",
    "as_of_date",
    "customer_count",
    "world_kind",
    "silhouette",
]
CLUSTER_COUNTS = range(3, 9)
WINSOR_QUANTILES = (0.01, 0.99)
# Scores every candidate on the same random customers: the silhouette compares all pairs.
SILHOUETTE_SAMPLE = 3_000
FIT_SAMPLE = 50_000
CUSTOMERS_PER_CLUSTER = 20
DECIMALS = 10

# What a centre well below or well above the average customer is called, most telling first.
TRAITS = {
    "recency_days": ("recent", "long absent"),
    "frequency": ("one-off", "frequent"),
    "monetary": ("low spending", "high spending"),
    "contribution_margin": ("low margin", "high margin"),
}
TRAIT_DISTANCE = 0.5

Matrix = np.ndarray[Any, np.dtype[np.float64]]


def cluster(world: World, k: int | None = None, seed: int = 0, progress: Callable[[str], None] = print) -> Path:
    """Fit K-means on recency, frequency, monetary and contribution margin; returns the seed that holds the centres.

    Features are winsorised at the 1st and 99th percentile, moved to start at 0, put on a log scale and
    standardised. Without `k`, the count from 3 to 8 with the best silhouette on a random sample is taken. The
    same data and `seed` give the same file. Raises UserError for too few customers or an impossible `k`.
    """
    frame, about = _read(world)
    _check_size(world, frame, k)
    values = frame[FEATURES].to_numpy(dtype=np.float64)
    transform = _fit_transform(values)
    points = _apply(values, transform)
    # One thread: the order of summation, and with it the last digits, stays the same.
    with threadpool_limits(limits=1):
        score, count = _choose(points, [k] if k else _possible_counts(len(points)), seed)
        centres = _fit(points, count, seed).cluster_centers_
    natural = _invert(centres, transform)
    order = np.lexsort((natural[:, 0], -natural[:, FEATURES.index("monetary")]))
    centres, natural = np.round(centres[order], DECIMALS), natural[order]
    names = describe(centres)
    about["silhouette"] = round(score, 6)
    file = _write(world, centres, natural, names, transform, about)
    progress(f"cluster: {count} clusters of {len(frame):,} customers, silhouette {score:.2f}: {'; '.join(names)}")
    return file


def describe(centres: Matrix) -> list[str]:
    """A name for every centre (rows; standardised units, order of FEATURES) that says how it differs from average."""
    names: list[str] = []
    for centre in centres:
        traits = [
            TRAITS[feature][int(position > 0)]
            for feature, position in zip(FEATURES, centre, strict=True)
            if abs(position) >= TRAIT_DISTANCE
        ]
        name = ", ".join(traits).capitalize() or "Average"
        same = sum(1 for other in names if other == name or other.startswith(f"{name} (group "))
        names.append(f"{name} (group {same + 1})" if same else name)
    return names


def _read(world: World) -> tuple[pd.DataFrame, dict[str, Any]]:
    """Buyers' features, sorted so that a fit does not depend on the order of rows, and whose data they are."""
    with open_warehouse(world.warehouse, read_only=True) as connection:
        try:
            frame = connection.execute(
                """
                select rfm.customer_id, rfm.as_of_date, rfm.recency_days, rfm.frequency, rfm.monetary,
                    coalesce(margin.contribution_margin, 0) as contribution_margin
                from marts.customer_rfm as rfm
                left join marts.customer_margin as margin on rfm.customer_id = margin.customer_id
                order by rfm.customer_id
                """
            ).df()
        except duckdb.CatalogException:
            raise UserError(
                f"{world.warehouse}: holds no customer_rfm or customer_margin; run `python -m scripts build` first"
            ) from None
        kind = "own"
        if connection.execute(
            "select 1 from information_schema.tables where table_schema = 'intake' and table_name = 'settings'"
        ).fetchone():
            found = connection.execute(
                f"select setting_value from intake.settings where setting_name = {literal('kind')}"
            ).fetchone()
            kind = str(found[0]) if found else kind
    day = pd.Timestamp(frame["as_of_date"].iloc[0]).date().isoformat() if len(frame) else None
    return frame, {"as_of_date": day, "customer_count": len(frame), "world_kind": kind}


def _check_size(world: World, frame: pd.DataFrame, k: int | None) -> None:
    if k is not None and k < 2:
        raise UserError(f"--k {k}: at least 2 clusters are needed")
    needed = CUSTOMERS_PER_CLUSTER * (k or CLUSTER_COUNTS.start)
    if len(frame) < needed:
        raise UserError(
            f"{world.warehouse}: {len(frame)} buyers are too few for {k or CLUSTER_COUNTS.start} clusters, "
            f"{needed} are needed; cluster later, or on more data"
        )
    distinct = len(frame[FEATURES].drop_duplicates())
    if distinct < (k or CLUSTER_COUNTS.start):
        raise UserError(
            f"{world.warehouse}: only {distinct} kinds of buyers differ in {', '.join(FEATURES)}; ask for a smaller --k"
        )


def _possible_counts(customers: int) -> list[int]:
    return [count for count in CLUSTER_COUNTS if customers >= count * CUSTOMERS_PER_CLUSTER]


def _fit_transform(values: Matrix) -> dict[str, Matrix]:
    """Winsor limits, and mean and deviation on the log scale, one of each per feature."""
    low, high = np.quantile(values, WINSOR_QUANTILES, axis=0)
    logged = np.log1p(np.clip(values, low, high) - low)
    deviation = logged.std(axis=0)
    # A feature that is the same for everybody says nothing, and must not divide by zero.
    deviation[deviation < 1e-9] = 1.0
    return {
        "winsor_low": np.round(low, DECIMALS),
        "winsor_high": np.round(high, DECIMALS),
        "log_mean": np.round(logged.mean(axis=0), DECIMALS),
        "log_sd": np.round(deviation, DECIMALS),
    }


def _apply(values: Matrix, transform: dict[str, Matrix]) -> Matrix:
    clipped = np.clip(values, transform["winsor_low"], transform["winsor_high"]) - transform["winsor_low"]
    return np.asarray((np.log1p(clipped) - transform["log_mean"]) / transform["log_sd"])


def _invert(points: Matrix, transform: dict[str, Matrix]) -> Matrix:
    return np.asarray(np.expm1(points * transform["log_sd"] + transform["log_mean"]) + transform["winsor_low"])


def _choose(points: Matrix, counts: list[int], seed: int) -> tuple[float, int]:
    """Silhouette and count of the best clustering, all judged on one and the same random sample."""
    random = np.random.default_rng(seed)
    fitted = points[np.sort(random.permutation(len(points))[:FIT_SAMPLE])]
    judged = points[np.sort(random.permutation(len(points))[:SILHOUETTE_SAMPLE])]
    scores = []
    for count in counts:
        labels = _fit(fitted, count, seed).predict(judged)
        found = len(np.unique(labels))
        scores.append((float(silhouette_score(judged, labels)) if 1 < found < len(judged) else -1.0, -count))
    score, negative_count = max(scores)
    return score, -negative_count


def _fit(points: Matrix, count: int, seed: int) -> KMeans:
    return KMeans(n_clusters=count, n_init=10, random_state=seed).fit(points)


def _write(
    world: World,
    centres: Matrix,
    natural: Matrix,
    names: list[str],
    transform: dict[str, Matrix],
    about: dict[str, Any],
) -> Path:
    world.seeds.mkdir(parents=True, exist_ok=True)
    file = world.seeds / SEED_FILE
    unfinished = file.with_name(f".{file.name}.{os.getpid()}")
    try:
        with unfinished.open("w", encoding="utf-8", newline="") as handle:
            writer = csv.DictWriter(handle, COLUMNS, lineterminator="\n")
            writer.writeheader()
            for number, name in enumerate(names):
                for position, feature in enumerate(FEATURES):
                    writer.writerow(
                        {
                            "cluster_key": f"cluster_{number + 1}",
                            "cluster_name": name,
                            "feature": feature,
                            "centre": f"{centres[number, position]:.{DECIMALS}f}",
                            "centre_value": f"{natural[number, position]:.2f}",
                            **{part: f"{limits[position]:.{DECIMALS}f}" for part, limits in transform.items()},
                            **about,
                        }
                    )
        unfinished.replace(file)
    finally:
        unfinished.unlink(missing_ok=True)
    return file
