"""`python -m scripts cluster`: find clusters of buyers, and write centres, card, review pack and draft rules."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from threadpoolctl import threadpool_limits

from scripts.clusters import drafts as library
from scripts.clusters.choice import (
    CUSTOMERS_PER_CLUSTER,
    METHOD_NAMES,
    METHODS,
    MIN_STABILITY,
    Choice,
    Matrix,
    Sizes,
    choose,
    lloyd,
    named,
    nearest,
)
from scripts.clusters.inputs import MODEL_KEY, Buyers, read_buyers, read_overlap
from scripts.clusters.names import names_of
from scripts.errors import CheckFailed, UserError
from scripts.prediction.cards import Card, DataFacts, Figure, data_facts, reference_shares, write_model
from scripts.prediction.transform import apply_transform, fit_transform_of, invert_transform
from scripts.world import World

Progress = Callable[[str], None]

SEED_FILE = "cluster_centres.csv"
COLUMNS = [
    "model_key",
    "fit_id",
    "cluster_key",
    "cluster_name",
    "feature",
    "centre",
    "centre_value",
    "scale",
    "winsor_low",
    "winsor_high",
    "feature_mean",
    "feature_spread",
    "missing_value",
]
DECIMALS = 10
CORRELATED_OVER = 20_000


@dataclass(frozen=True)
class Clustering:
    """One clustering with all that is said of it.

    `transform`: rows of scripts.prediction.transform, of the features that vary; `left_out`: those that do not.
    `centres` and `values`: one row per cluster, one column per row of `transform`, standardised and in the feature's
    own unit. `labels`: cluster of every row of `buyers.frame`. Keys and names are in the order of the centres. Without
    a stable clustering `centres` has no rows.
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
        """Low and high words of the features, in their order."""
        return self.buyers.words.set_index("attribute_name").loc[self.features].reset_index()

    @property
    def chosen(self) -> pd.Series:
        """Criteria of the clustering that was chosen."""
        return self.choice.criteria[self.choice.criteria["is_chosen"]].iloc[0]


def cluster(
    world: World,
    k: int | None = None,
    seed: int = 0,
    method: str = "best",
    into_library: bool = False,
    progress: Progress = print,
) -> Path:
    """Find clusters of buyers; returns the seed that holds their centres.

    Features are those that the seed `model_inputs` names. Without `k`, the number is chosen by stated criteria
    (scripts.clusters.choice); with it, the card says that it was asked for. `method` is kmeans, ward or best (of
    both). Written: centres and card into the world's seeds, a review pack with draft rules to
    `<home>/review/clusters/`; with `into_library` the drafts also go into the segment library. The same data and `seed`
    give the same files. Raises UserError for too few customers or an impossible `k`; CheckFailed, after the card and
    the review pack say so, when no stable clustering exists.
    """
    if method not in (*METHODS, "best"):
        raise UserError(f"--method {method}: write {', '.join(METHODS)} or best")
    if k is not None and k < 2:
        raise UserError(f"--k {k}: at least 2 clusters are needed")
    facts = data_facts(world)
    buyers = read_buyers(world, seed)
    found = find_clusters(buyers, k=k, method=method, seed=seed, where=str(world.warehouse))
    if found.left_out:
        progress(f"cluster: left out, the same for nearly everybody: {', '.join(found.left_out)}")
    rules = draft_rules(found)
    fit_id = _write(world, found, rules, facts, forced=k is not None, seed=seed)
    _write_review(world, found, rules, facts, fit_id, progress)
    if found.choice.count is None:
        raise CheckFailed(
            f"{' '.join(found.choice.reasons)} The card and {review_folder(world) / 'index.html'} say so; "
            "`--k N` forces a number"
        )
    for reason in found.choice.reasons:
        progress(f"cluster: {reason}")
    progress(
        f"cluster: {len(found.keys)} clusters of {buyers.customer_count:,} customers: {'; '.join(found.names)};"
        f" see {review_folder(world) / 'index.html'}"
    )
    if into_library:
        _into_library(world, rules, buyers, fit_id, progress)
    return world.seeds / SEED_FILE


def review_folder(world: World) -> Path:
    """Where the review pack and the draft rows are written."""
    return world.home / "review" / "clusters"


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
        raise UserError(f"{where}: no feature differs between buyers; name others for `{MODEL_KEY}` in model_inputs")
    points = apply_transform(buyers.frame, transform)
    kinds = len(np.unique(points[: max(5_000, k or 0)], axis=0))
    if kinds < (k or 2):
        raise UserError(f"{where}: only {kinds} kinds of buyers differ in the features; ask for a smaller --k")
    # One thread: the order of summation, and with it the last digits, stays the same.
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


def draft_rules(found: Clustering) -> list[library.Draft]:
    """A candidate rule for every cluster, measured; none where no attribute of the catalogue is among the features."""
    if found.buyers.catalogue.empty:
        return []
    sample = found.buyers.frame.iloc[: library.MOST_ROWS]
    return [
        library.draft_of(
            sample,
            found.labels[: len(sample)] == number,
            found.buyers.catalogue,
            cluster_key=key,
            name=name,
            segment_key=segment_key,
        )
        for number, (key, name, segment_key) in enumerate(
            zip(found.keys, found.names, library.segment_keys(found.names), strict=True)
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
    """The clusters by what their members spend on average, most first."""
    spent = [frame.loc[labels == number, "net_revenue"].mean() for number in range(len(centres))]
    return np.argsort(-np.nan_to_num(np.round(spent, 6), nan=-np.inf), kind="stable")


def _write(
    world: World, found: Clustering, rules: list[library.Draft], facts: DataFacts, *, forced: bool, seed: int
) -> str:
    """Centres and card; without a stable clustering the card alone, and no centres of an earlier fit stay."""
    rows = [
        {
            "cluster_key": key,
            "cluster_name": name,
            "feature": part["attribute_name"],
            "centre": f"{found.centres[number, position]:.{DECIMALS}f}",
            "centre_value": f"{found.values[number, position]:.4f}",
            "scale": part["scale"],
            "winsor_low": repr(part["winsor_low"]),
            "winsor_high": repr(part["winsor_high"]),
            "feature_mean": repr(part["centre"]),
            "feature_spread": repr(part["spread"]),
            "missing_value": repr(part["missing_value"]),
        }
        for number, (key, name) in enumerate(zip(found.keys, found.names, strict=True))
        for position, part in enumerate(found.transform.to_dict("records"))
    ]
    card = Card(
        model_key=MODEL_KEY,
        model_name=_model_name(found.choice),
        customer_count=found.buyers.customer_count,
        summary=_summary(found.choice, forced),
        is_usable=bool(len(found.centres)),
        figures=_figures(found, rules, forced=forced, seed=seed),
        reference=reference_shares(found.buyers.frame, found.features) if len(found.centres) else pd.DataFrame(),
    )
    return write_model(world, card, SEED_FILE, COLUMNS, rows, facts)


def _model_name(choice: Choice) -> str:
    return f"Clusters by {METHOD_NAMES[choice.method]}" if choice.method else "Clusters"


def _summary(choice: Choice, forced: bool) -> str:
    return " ".join(choice.reasons if choice.count is None or forced else choice.reasons[1:2])


def _figures(found: Clustering, rules: list[library.Draft], *, forced: bool, seed: int) -> list[Figure]:
    """The evidence: sizes, how the number was chosen, how well the rules do, and what to be careful with."""
    sizes = Sizes()
    buyers = found.buyers
    shown = [Figure("fit", "customers", buyers.customer_count, "buyers who are persons and may be profiled")]
    if len(buyers.frame) < buyers.customer_count:
        shown.append(
            Figure("limits", "customers drawn", len(buyers.frame), "at random, by a hash of customer_id; centres of these")
        )
    shown += [
        Figure("fit", "features", len(found.features), ", ".join(found.features)),
        Figure("fit", "seed", seed, "of the random generator; the same seed and data give the same centres"),
    ]
    if found.left_out:
        shown.append(Figure("limits", "features left out", len(found.left_out), f"{', '.join(found.left_out)}: the same for nearly everybody"))
    for row in found.choice.criteria.to_dict("records"):
        name = named(row["method"], row["cluster_count"])
        note = f"stability {row['stability']:.3f}, silhouette {row['silhouette']:.3f}, Davies-Bouldin {row['davies_bouldin']:.3f}"
        shown.append(
            Figure(
                "choice",
                name,
                float(row["stability"]),
                f"mean adjusted Rand index of resamples; {note.split(', ', 1)[1]}, gap {row['gap']:.3f} "
                f"(error {row['gap_error']:.3f}, one cluster {row['gap_of_one']:.3f})"
                + ("; chosen" if row["is_chosen"] else "; could be chosen" if row["qualifies"] else ""),
            )
        )
    if len(found.centres):
        best = found.chosen
        shown += [
            Figure("choice", "number of clusters", len(found.centres), "asked for with --k" if forced else "chosen by the criteria"),
            Figure("choice", "stability", float(best["stability"]), f"mean adjusted Rand index over resamples; stable from {MIN_STABILITY}"),
            Figure("choice", "silhouette", float(best["silhouette"]), "-1 to 1, on a sample"),
            Figure("choice", "Davies-Bouldin", float(best["davies_bouldin"]), "smaller is better, on a sample"),
            Figure("choice", "gap", float(best["gap"]), f"that of one cluster is {best['gap_of_one']:.3f}"),
        ]
        counts = np.bincount(found.labels, minlength=len(found.keys))
        for key, name, count in zip(found.keys, found.names, counts, strict=True):
            shown.append(Figure("fit", f"share of {key}", float(count / len(found.labels)), name))
    else:
        shown.append(Figure("choice", "number of clusters", 0, "no stable clustering exists"))
    for draft in rules:
        shown += [
            Figure("holdout", f"precision of {draft.segment_key}", draft.precision, f"rule for {draft.cluster_key}, on customers it was not made from"),
            Figure("holdout", f"recall of {draft.segment_key}", draft.recall, draft.text() or "no readable rule"),
        ]
    shown.append(
        Figure(
            "limits",
            "samples",
            sizes.judged,
            f"customers at most for silhouette, Davies-Bouldin and resamples; {sizes.compared} for the gap statistic, "
            f"{sizes.tree} for Ward's tree, {sizes.fitted} for the centres tried; those chosen are refined on all drawn",
        )
    )
    return shown


def _draft_rows(
    world: World, rules: list[library.Draft], buyers: Buyers, fit_id: str
) -> tuple[list[dict[str, str]], list[dict[str, str]]]:
    themes = dict(zip(buyers.catalogue["attribute_name"], buyers.catalogue["theme"], strict=True))
    usable = [draft for draft in rules if draft.alternatives]
    keys = {draft.segment_key for draft in usable}
    priorities = library.free_priorities(world.seeds, len(usable), besides=keys)
    definitions = [
        library.definition_row(
            draft,
            priority=priority,
            themes=sorted({themes.get(part.attribute, "orders") for rule in draft.alternatives for part in rule}),
            fit_id=fit_id,
            share_of_known=draft.share * len(buyers.frame) / max(buyers.known_count, len(buyers.frame)),
        )
        for draft, priority in zip(usable, priorities, strict=True)
    ]
    return definitions, [row for draft in usable for row in library.condition_rows(draft)]


def _into_library(
    world: World, rules: list[library.Draft], buyers: Buyers, fit_id: str, progress: Progress
) -> None:
    definitions, conditions = _draft_rows(world, rules, buyers, fit_id)
    replaced = library.into_library(world.seeds, definitions, conditions)
    progress(
        f"cluster: {len(definitions)} drafts in {world.seeds / library.DEFINITIONS}"
        f"{f', {replaced} of them in place of earlier ones' if replaced else ''}; none is active until somebody decides"
    )


def _write_review(
    world: World,
    found: Clustering,
    rules: list[library.Draft],
    facts: DataFacts,
    fit_id: str,
    progress: Progress,
) -> None:
    from scripts.clusters.review import write_review

    folder = review_folder(world)
    labels = pd.DataFrame(
        {
            "customer_id": found.buyers.frame["customer_id"],
            "cluster_key": np.array(found.keys, dtype=object)[found.labels] if found.keys else "",
        }
    )
    overlap = read_overlap(world, labels) if found.keys else read_overlap(world, labels.iloc[:0])
    library.write_drafts(folder, *_draft_rows(world, rules, found.buyers, fit_id))
    write_review(folder, found, rules, overlap, facts, fit_id, progress)
