"""Fits one clustering: transform, choice, centres on all customers, names and candidate rules. Frame in, values out."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd
from threadpoolctl import threadpool_limits

from scripts.learning.clusters.choice import CUSTOMERS_PER_CLUSTER, Choice, Matrix, Sizes, choose, lloyd, nearest
from scripts.learning.clusters.drafts import segment_keys
from scripts.learning.clusters.inputs import MODEL_KEY, Buyers
from scripts.learning.clusters.names import names_of
from scripts.learning.clusters.rules import MOST_ROWS, Draft, draft_of
from scripts.learning.prediction.transform import apply_transform, fit_transform_of, invert_transform
from scripts.platform.errors import UserError

DECIMALS = 10
CORRELATED_OVER = 20_000


@dataclass(frozen=True)
class Clustering:
    """One clustering and everything reported about it.

    `transform`: rows of prediction.transform, for the features that vary; `left_out`: the features that do not.
    `centres` and `values`: one row per cluster, one column per row of `transform`; `centres` standardised, `values` in
    the feature's own unit. `labels`: position of the cluster of every row of `buyers.frame`. Keys and names are in the
    order of the centres. Without a stable clustering `centres` has no rows.
    """

    buyers: Buyers
    transform: pd.DataFrame
    left_out: list[str]
    choice: Choice
    points: Matrix
    centres: Matrix
    values: Matrix
    labels: Any
    keys: list[str]
    names: list[str]

    @property
    def features(self) -> list[str]:
        return [str(name) for name in self.transform["attribute_name"]]

    @property
    def words(self) -> pd.DataFrame:
        """Low and high wording of the features, in feature order."""
        return self.buyers.words.set_index("attribute_name").loc[self.features].reset_index()

    @property
    def chosen(self) -> pd.Series:
        """Criteria of the chosen clustering."""
        return self.choice.criteria[self.choice.criteria["is_chosen"]].iloc[0]


def find_clusters(
    buyers: Buyers,
    *,
    k: int | None = None,
    method: str = "best",
    seed: int = 0,
    sizes: Sizes | None = None,
    where: str = "these data",
) -> Clustering:
    """Transform the features, choose method and number, and fit the centres on all rows of `buyers.frame`."""
    scales = dict(zip(buyers.features, buyers.words["scale"], strict=True))
    _check_size(len(buyers.frame), k, where)
    transform = fit_transform_of(buyers.frame, scales)
    left_out = [name for name in buyers.features if name not in set(transform["attribute_name"])]
    if transform.empty:
        raise UserError(f"{where}: no feature varies between buyers; name others for `{MODEL_KEY}` in model_inputs")
    points = apply_transform(buyers.frame, transform)
    kinds = len(np.unique(points[: max(5_000, k or 0)], axis=0))
    if kinds < (k or 2):
        raise UserError(f"{where}: the features distinguish only {kinds} kinds of buyer; use a smaller --k")
    # One thread keeps the order of summation, and so the last digits, the same.
    with threadpool_limits(limits=1):
        choice = choose(points, method=method, count=k, seed=seed, sizes=sizes)
        centres = np.empty((0, points.shape[1])) if choice.centres is None else lloyd(points, choice.centres)
        labels = nearest(points, centres) if len(centres) else np.zeros(len(points), dtype=int)
    centres = centres[_order(buyers.frame, labels, centres)]
    centres = np.round(centres, DECIMALS) + 0.0
    if len(centres):
        labels = nearest(points, centres)
    correlations = np.atleast_2d(np.corrcoef(points[:CORRELATED_OVER], rowvar=False))
    words = buyers.words.set_index("attribute_name").loc[transform["attribute_name"].tolist()].reset_index()
    return Clustering(
        buyers=buyers,
        transform=transform,
        left_out=left_out,
        choice=choice,
        points=points,
        centres=centres,
        values=invert_transform(centres, transform),
        labels=labels,
        keys=[f"cluster_{number}" for number in range(1, len(centres) + 1)],
        names=names_of(centres, words, correlations),
    )


def draft_rules(found: Clustering) -> list[Draft]:
    """A measured candidate rule for every cluster; none where no feature is an attribute of the catalogue."""
    if found.buyers.catalogue.empty:
        return []
    sample = found.buyers.frame.iloc[:MOST_ROWS]
    return [
        draft_of(
            sample,
            found.labels[: len(sample)] == number,
            found.buyers.catalogue,
            cluster_key=key,
            name=name,
            segment_key=segment_key,
        )
        for number, (key, name, segment_key) in enumerate(
            zip(found.keys, found.names, segment_keys(found.names), strict=True)
        )
    ]


def _check_size(customers: int, k: int | None, where: str) -> None:
    needed = CUSTOMERS_PER_CLUSTER * (k or 2)
    if customers < needed:
        raise UserError(
            f"{where}: {customers} buyers are too few for {k or 2} clusters, {needed} are needed; "
            "cluster later, or on more data"
        )


def _order(frame: pd.DataFrame, labels: Any, centres: Matrix) -> Any:
    """Order of the clusters by median spend, highest first, so that a few very large customers do not decide it."""
    spent = [frame.loc[labels == number, "net_revenue"].median() for number in range(len(centres))]
    return np.argsort(-np.nan_to_num(spent, nan=-np.inf), kind="stable")
