"""The review pack: one page for deciding whether clusters are coherent, distinct and useful.

It contains no names and no customer ids, loads nothing from other servers, and can be printed.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from scripts.learning.clusters import pictures
from scripts.learning.clusters.choice import METHOD_NAMES, MIN_STABILITY
from scripts.learning.clusters.fitting import Clustering
from scripts.learning.clusters.names import TRAIT_DISTANCE
from scripts.learning.clusters.rules import Draft
from scripts.learning.prediction.cards import DataFacts
from scripts.platform.errors import UserError
from scripts.platform.pages.page import INDEX, write_page
from scripts.platform.progress import Progress

TRAITS_SHOWN = 6
SEGMENTS_SHOWN = 3
# The least recall and precision with which a rule can stand in for its cluster.
GOOD_RULE = 0.7


def write_review(
    folder: Path,
    found: Clustering,
    rules: list[Draft],
    overlap: pd.DataFrame,
    facts: DataFacts,
    fit_id: str,
    progress: Progress,
) -> Path:
    """Write the review pack into `folder`; returns the path of the page. Without altair it has tables and text only."""
    shares = _overlap_shares(found, overlap) if found.keys else pd.DataFrame()
    drawn = _drawn(found, shares, progress)
    shown: dict[str, Any] = {
        "clusters": [],
        "left_out": found.left_out,
        "reasons": found.choice.reasons,
        "candidates": _candidates(found.choice.criteria),
        "features": found.words[["attribute_name", "low_words", "high_words"]].to_numpy().tolist(),
        "drawn": drawn,
    }
    if found.keys:
        shown |= {
            "clusters": _clusters(found, shares, facts.reporting_currency),
            "currency": facts.reporting_currency,
            "is_value_known": not found.buyers.frame["net_revenue"].isna().all(),
            "separation": _separation(found),
            "has_segments": len(shares) > 0,
            "overlap": [] if drawn["overlap"] else _overlap_table(shares),
            "rules": [_rule(draft) for draft in rules],
            "questions": _questions(found, rules, shares),
        }
    return write_page(
        folder / INDEX,
        "learning/clusters/review.html.j2",
        title="Clusters of buyers" if found.keys else "No stable clusters of buyers",
        about=_about(found, facts, fit_id),
        **shown,
    )


def _drawn(found: Clustering, shares: pd.DataFrame, progress: Progress) -> dict[str, str | None]:
    """The charts by name; None where one cannot be drawn or would be empty."""
    drawn: dict[str, str | None] = dict.fromkeys(("criteria", "sizes_and_value", "profiles", "separation", "overlap"))
    try:
        criteria = pictures.criteria(found)
    except UserError as problem:
        progress(f"cluster: the review pack has no charts: {problem}")
        return drawn
    if len(found.choice.criteria):
        drawn["criteria"] = criteria
    if found.keys:
        drawn["sizes_and_value"] = pictures.sizes_and_value(found)
        drawn["profiles"] = pictures.profiles(found)
        drawn["separation"] = pictures.separation(found)
        drawn["overlap"] = pictures.overlap(shares) if len(shares) else None
    return drawn


def _about(found: Clustering, facts: DataFacts, fit_id: str) -> str:
    drawn = len(found.buyers.frame)
    sample = f" (random sample of {drawn:,})" if drawn < found.buyers.customer_count else ""
    forced = ""
    if found.keys and not bool(found.chosen["qualifies"]):
        forced = " The number of clusters was requested and does not meet the criteria."
    return (
        f"{found.buyers.customer_count:,} buyers{sample} as of {facts.as_of_date.isoformat()}, "
        f"{facts.world_kind} data, amounts in {facts.reporting_currency}. Fit {fit_id}.{forced}"
    )


def _clusters(found: Clustering, shares: pd.DataFrame, currency: str) -> list[dict[str, Any]]:
    frame = found.buyers.frame
    shown = []
    for number, (key, name) in enumerate(zip(found.keys, found.names, strict=True)):
        members = frame[found.labels == number]
        amounts = ("net_revenue", "contribution_margin")
        shown.append(
            {
                **_mark(key),
                "name": name,
                "figures": [
                    f"{round(len(members) / len(frame) * found.buyers.customer_count):,}",
                    f"{len(members) / len(frame):.0%}",
                    *(_money(members[column].mean()) for column in amounts),
                    *(_share(members[column].sum(), frame[column].sum()) for column in amounts),
                ],
                "traits": _traits(found, number, currency),
                "segments": _segments_of(shares, key),
            }
        )
    return shown


def _traits(found: Clustering, number: int, currency: str) -> list[dict[str, str]]:
    """What sets a cluster apart from the average buyer, most distinctive first."""
    units = dict(zip(found.buyers.catalogue["attribute_name"], found.buyers.catalogue["unit"], strict=True))
    average, centre = _typical(found), found.centres[number]
    traits = []
    for place in np.argsort(-np.abs(centre), kind="stable")[:TRAITS_SHOWN]:
        if abs(centre[place]) < TRAIT_DISTANCE:
            break
        row = found.words.iloc[int(place)]
        feature = str(row["attribute_name"])
        unit = str(units.get(feature) or "")
        traits.append(
            {
                "words": str(row["high_words"] if centre[place] > 0 else row["low_words"]),
                "feature": feature.replace("_", " "),
                "typical": _value(found.values[number, place], unit, currency),
                "average": _value(average[place], unit, currency),
            }
        )
    return traits


def _typical(found: Clustering) -> Any:
    from scripts.learning.prediction.transform import invert_transform

    return invert_transform(np.zeros((1, len(found.features))), found.transform)[0]


def _segments_of(shares: pd.DataFrame, key: str) -> list[str]:
    own = shares[(shares["cluster_key"] == key) & (shares["share"] >= 0.05)] if len(shares) else shares
    if own.empty:
        return []
    best = own.sort_values(["lift", "segment_name"], ascending=[False, True]).head(SEGMENTS_SHOWN)
    return [
        f"{row['segment_name']} ({row['share']:.0%} of the cluster, {row['lift']:.1f} times the average)"
        for row in best.to_dict("records")
        if row["lift"] > 1.2
    ]


def _separation(found: Clustering) -> str:
    best = found.chosen
    clear = pictures.clear_share(found)
    return (
        f"Silhouette {best['silhouette']:.2f} (1: far apart, 0: on the border), Davies-Bouldin "
        f"{best['davies_bouldin']:.2f} (lower is better). {clear:.0%} of the customers are at least a quarter "
        "nearer to their own centre than to the next one; the others lie between clusters."
    )


def _candidates(criteria: pd.DataFrame) -> list[list[str]]:
    rows = []
    for row in criteria.to_dict("records"):
        mark = "chosen" if row["is_chosen"] else "possible" if row["qualifies"] else ""
        rows.append(
            [
                METHOD_NAMES[row["method"]],
                mark,
                str(row["cluster_count"]),
                f"{row['stability']:.2f}",
                f"{row['silhouette']:.2f}",
                f"{row['davies_bouldin']:.2f}",
                f"{row['gap'] - row['gap_of_one']:+.3f} ± {row['gap_error']:.3f}".replace("-", "−"),
                f"{row['smallest_share']:.1%}",
                "" if pd.isna(row["agreement"]) else f"{row['agreement']:.2f}",
            ]
        )
    return rows


def _overlap_shares(found: Clustering, overlap: pd.DataFrame) -> pd.DataFrame:
    """Share of every cluster in every segment, and its ratio to the share of all buyers (lift)."""
    if overlap.empty:
        return pd.DataFrame(columns=["cluster_key", "segment_name", "share", "lift"])
    sizes = pd.Series(np.bincount(found.labels, minlength=len(found.keys)), index=found.keys)
    names = overlap.drop_duplicates("segment_key").set_index("segment_key")["segment_name"]
    counts = overlap.pivot_table(
        index="segment_key", columns="group_key", values="shared_count", aggfunc="sum", fill_value=0
    ).reindex(columns=found.keys, fill_value=0)
    usual = counts.sum(axis=1) / len(found.labels)
    long = (counts / sizes).reset_index().melt("segment_key", var_name="cluster_key", value_name="share")
    long["lift"] = long["share"] / long["segment_key"].map(usual)
    long["segment_name"] = long["segment_key"].map(names).fillna(long["segment_key"])
    return long[["cluster_key", "segment_name", "share", "lift"]]


def _overlap_table(shares: pd.DataFrame) -> list[list[str]]:
    """Segments by clusters, with the header row first; empty where no memberships have been built."""
    if shares.empty:
        return []
    wide = shares.pivot_table(index="segment_name", columns="cluster_key", values="share")
    keys = sorted(map(str, wide.columns), key=_number)
    rows = zip(wide.index, wide[keys].to_numpy(), strict=True)
    return [["segment", *keys], *([str(name), *(f"{share:.0%}" for share in shown)] for name, shown in rows)]


def _rule(draft: Draft) -> dict[str, Any]:
    return {
        **_mark(draft.cluster_key),
        "name": draft.name,
        "alternatives": [
            [
                {
                    "text": " ".join(filter(None, (part.attribute, part.operator, part.value))),
                    "or_unknown": part.if_missing == "true",
                }
                for part in alternative
            ]
            for alternative in draft.alternatives
        ],
        "figures": [f"{draft.precision:.0%}", f"{draft.recall:.0%}", f"{draft.share:.0%}"],
    }


def _questions(found: Clustering, rules: list[Draft], shares: pd.DataFrame) -> list[str]:
    """Questions that the figures leave open, by cluster where something stands out."""
    asked = ["Would each cluster be treated differently next week? If two would not, treat them as one."]
    sizes = np.bincount(found.labels, minlength=len(found.keys)) / len(found.labels)
    for key, size in zip(found.keys, sizes, strict=True):
        if size < 0.05:
            holds = f"{_plain(key).capitalize()} holds {size:.1%} of the buyers"
            asked.append(f"{holds}: is it worth a treatment of its own?")
    for draft in rules:
        if min(draft.precision, draft.recall) < GOOD_RULE:
            asked.append(
                f"The rule for {_plain(draft.cluster_key)} only approximates it (precision {draft.precision:.0%}, "
                f"recall {draft.recall:.0%}): is the group that the rule describes wanted, rather than the cluster?"
            )
    if len(shares):
        covered = shares[(shares["share"] >= 0.8) & (shares["lift"] > 1.5)]
        for row in covered.to_dict("records"):
            asked.append(
                f"{row['share']:.0%} of {_plain(str(row['cluster_key']))} is already in the segment "
                f"{row['segment_name']}: does it need another?"
            )
    if float(found.chosen["stability"]) < MIN_STABILITY:
        asked.append(
            "The clusters are not stable: another sample of customers would give different ones. Use them with care."
        )
    return asked


def _mark(key: str) -> dict[str, Any]:
    number = _number(key)
    return {"number": number, "colour": pictures.COLOURS[(number - 1) % len(pictures.COLOURS)]}


def _number(key: str) -> int:
    return int(key.rsplit("_", 1)[-1])


def _plain(key: str) -> str:
    return key.replace("cluster_", "cluster ")


def _money(value: float) -> str:
    return "not known" if pd.isna(value) else f"{value:,.0f}".replace("-", "−")


def _share(part: float, total: float) -> str:
    return "" if pd.isna(part) or not total > 0 else f"{part / total:.0%}".replace("-", "−")


def _value(value: float, unit: str, currency: str) -> str:
    if unit.startswith("share"):
        return f"{value:.0%}".replace("-", "−")
    text = f"{value:,.0f}" if abs(value) >= 20 else f"{value:.1f}"
    suffix = currency if unit == "reporting currency" else unit
    return f"{text} {suffix}".strip().replace("-", "−")
