"""The model card of a clustering and the rows of its seed: what was found, how it was chosen, how far to trust it."""

from __future__ import annotations

import numpy as np
import pandas as pd

from scripts.learning.clusters.choice import METHOD_NAMES, MIN_STABILITY, Choice, Sizes, named
from scripts.learning.clusters.fitting import DECIMALS, Clustering
from scripts.learning.clusters.inputs import MODEL_KEY
from scripts.learning.clusters.rules import Draft
from scripts.learning.prediction.cards import Card, DataFacts, Figure, reference_shares, write_model
from scripts.platform.workspace import Workspace

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


def write_centres(
    workspace: Workspace, found: Clustering, rules: list[Draft], facts: DataFacts, *, forced: bool, seed: int
) -> str:
    """Write centres and model card into the workspace's seeds; returns the fit_id.

    Without a stable clustering only the card is written, and the centres of any earlier fit are removed.
    """
    card = Card(
        model_key=MODEL_KEY,
        model_name=f"Clusters by {METHOD_NAMES[found.choice.method]}" if found.choice.method else "Clusters",
        customer_count=found.buyers.customer_count,
        summary=_summary(found.choice, forced),
        is_usable=bool(found.keys),
        figures=figures_of(found, rules, forced=forced, seed=seed),
        reference=reference_shares(found.buyers.frame, found.features) if found.keys else pd.DataFrame(),
    )
    return write_model(workspace, card, SEED_FILE, COLUMNS, centre_rows(found), facts)


def centre_rows(found: Clustering) -> list[dict[str, str]]:
    """The seed's rows, one per cluster and feature."""
    return [
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


def figures_of(found: Clustering, rules: list[Draft], *, forced: bool, seed: int) -> list[Figure]:
    """The evidence: the data used, how the number of clusters was chosen, how well the rules perform, the limits."""
    return [
        *_about_the_data(found, seed),
        *_about_the_choice(found, forced),
        *_about_the_rules(rules),
        *_limits(found),
    ]


def _summary(choice: Choice, forced: bool) -> str:
    return " ".join(choice.reasons if choice.count is None or forced else choice.reasons[1:2])


def _about_the_data(found: Clustering, seed: int) -> list[Figure]:
    shares = np.bincount(found.labels, minlength=len(found.keys)) / len(found.labels)
    return [
        Figure("fit", "customers", found.buyers.customer_count, "buyers who are people and may be profiled"),
        Figure("fit", "features", len(found.features), ", ".join(found.features)),
        Figure("fit", "seed", seed, "of the random generator; the same seed and data give the same centres"),
        *(
            Figure("fit", f"share of {key}", float(share), name)
            for key, name, share in zip(found.keys, found.names, shares[: len(found.keys)], strict=True)
        ),
    ]


def _about_the_choice(found: Clustering, forced: bool) -> list[Figure]:
    shown = [
        Figure("choice", "reason", text, "in words" if number == 1 else "continued")
        for number, text in enumerate(found.choice.reasons, start=1)
    ]
    shown.append(
        Figure(
            "choice",
            "number of clusters",
            len(found.keys),
            "requested with --k" if forced else "by the criteria" if found.keys else "no stable clustering exists",
        )
    )
    for row in found.choice.criteria.to_dict("records"):
        verdict = "; chosen" if row["is_chosen"] else "; qualifies" if row["qualifies"] else ""
        shown.append(
            Figure(
                "choice",
                f"stability of {named(row['method'], row['cluster_count'])}",
                float(row["stability"]),
                f"stable from {MIN_STABILITY}; silhouette {row['silhouette']:.3f}, Davies-Bouldin "
                f"{row['davies_bouldin']:.3f}, gap {row['gap']:.3f} (standard error {row['gap_error']:.3f}; gap of a "
                f"single cluster {row['gap_of_one']:.3f}){verdict}",
            )
        )
    return shown


def _about_the_rules(rules: list[Draft]) -> list[Figure]:
    shown = []
    for draft in rules:
        about = f"rule for {draft.cluster_key}, on held-out customers"
        shown.append(Figure("holdout", f"precision of {draft.segment_key}", draft.precision, about))
        shown.append(
            Figure("holdout", f"recall of {draft.segment_key}", draft.recall, draft.text() or "no readable rule")
        )
    return shown


def _limits(found: Clustering) -> list[Figure]:
    sizes, drawn = Sizes(), len(found.buyers.frame)
    shown = [
        Figure(
            "limits",
            "customers evaluated at most",
            sizes.evaluated,
            f"for silhouette, Davies-Bouldin and resamples; {sizes.compared} for the gap statistic, {sizes.tree} for "
            f"Ward's tree, {sizes.fitted} for the candidate centres; the chosen centres are refined on all customers",
        )
    ]
    if drawn < found.buyers.customer_count:
        shown.append(Figure("limits", "customers sampled", drawn, "at random, by a hash of customer_id"))
    if found.left_out:
        names = f"{', '.join(found.left_out)}: the same for nearly all buyers"
        shown.append(Figure("limits", "features left out", len(found.left_out), names))
    return shown
