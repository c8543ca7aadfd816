"""The review pack: one page on which a person judges whether clusters are coherent, distinct and of use.

It holds no names and no customer ids, asks nothing of other servers, and prints.
"""

from __future__ import annotations

from collections.abc import Callable
from html import escape
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
from scripts.platform.pages.page import paragraphs, section, table, write_page

TRAITS_SHOWN = 6
SEGMENTS_SHOWN = 3
# How much of a cluster its rule should find, and how pure it should be, to stand in for it.
GOOD_RULE = 0.7

Progress = Callable[[str], None]


def write_review(
    folder: Path,
    found: Clustering,
    rules: list[Draft],
    overlap: pd.DataFrame,
    facts: DataFacts,
    fit_id: str,
    progress: Progress,
) -> Path:
    """Write the review pack into `folder`; returns the page. Without altair it has tables and words only."""
    try:
        pictures.criteria(found)
        draw = True
    except UserError as problem:
        progress(f"cluster: the review pack has no pictures: {problem}")
        draw = False
    return write_page(
        folder,
        "Clusters of buyers" if found.keys else "No stable clusters of buyers",
        _about(found, facts, fit_id),
        _sections(found, rules, overlap, facts, draw),
    )


def _sections(found: Clustering, rules: list[Draft], overlap: pd.DataFrame, facts: DataFacts, draw: bool) -> list[str]:
    choice = section(
        "How the number was chosen",
        paragraphs(found.choice.reasons),
        pictures.criteria(found) if draw and len(found.choice.criteria) else "",
        _criteria_table(found.choice.criteria),
    )
    if not found.keys:
        return [choice, section("What was looked at", _left_out(found), _features_table(found))]
    shares = _overlap_shares(found, overlap)
    return [
        section("At a glance", _glance_table(found, facts.reporting_currency)),
        section("Sizes and value", "", pictures.sizes_and_value(found) if draw else "", _value_note(found)),
        section(
            "Profiles",
            "<p>Each number says how many standard deviations the centre of a cluster lies above (blue) or below "
            "(brown) the average buyer.</p>",
            pictures.profiles(found) if draw else "",
            _left_out(found),
        ),
        section("What makes each cluster different", _difference_cards(found, shares, facts.reporting_currency)),
        section(
            "Separation",
            "<p>A random sample of customers, drawn on the two directions in which customers differ most. Clusters "
            "that overlap here may be apart in the other directions.</p>",
            pictures.separation(found) if draw else "",
            _separation_note(found),
        ),
        choice,
        section(
            "Overlap with today's segments",
            "<p>Share of each cluster that is in a segment. A cluster that one segment covers needs no segment of its "
            "own.</p>"
            if len(shares)
            else "<p>No segment memberships are built yet.</p>",
            pictures.overlap(shares) if draw and len(shares) else "",
            "" if draw else _overlap_table(shares),
        ),
        section(
            "Candidate rules",
            "<p>A readable rule for each cluster, measured on customers it was not made from. Precision: share of "
            "those whom the rule finds who are in the cluster. Recall: share of the cluster that it finds. They are "
            "drafts in <code>segment_definitions.csv</code> and <code>segment_rule_conditions.csv</code> beside this "
            "page; <code>python -m scripts cluster --into-library</code> puts them into the library as drafts. None "
            "becomes active by itself.</p>",
            _rules_table(rules),
        ),
        section("Questions for the review", _questions(found, rules, shares)),
    ]


def _about(found: Clustering, facts: DataFacts, fit_id: str) -> str:
    drawn = len(found.buyers.frame)
    sample = f" ({drawn:,} of them drawn at random)" if drawn < found.buyers.customer_count else ""
    forced = ""
    if found.keys and not bool(found.chosen["qualifies"]):
        forced = " The number was asked for and does not meet the criteria."
    return escape(
        f"{found.buyers.customer_count:,} buyers{sample} as of {facts.as_of_date.isoformat()}, "
        f"{facts.world_kind} data, amounts in {facts.reporting_currency}. Fit {fit_id}.{forced}"
    )


def _glance_table(found: Clustering, currency: str) -> str:
    frame = found.buyers.frame
    rows = []
    for number, (key, name) in enumerate(zip(found.keys, found.names, strict=True)):
        members = frame[found.labels == number]
        rows.append(
            [
                _key(key),
                escape(name),
                f"{round(len(members) / len(frame) * found.buyers.customer_count):,}",
                f"{len(members) / len(frame):.0%}",
                *(_money(members[column].mean()) for column in ("net_revenue", "contribution_margin")),
                *(
                    _share(members[column].sum(), frame[column].sum())
                    for column in ("net_revenue", "contribution_margin")
                ),
            ]
        )
    head = [
        "",
        "cluster",
        "customers",
        "share",
        f"revenue each, {currency}",
        f"margin each, {currency}",
        "of revenue",
        "of margin",
    ]
    return table(head, rows, text_columns=2)


def _value_note(found: Clustering) -> str:
    frame = found.buyers.frame
    if frame["net_revenue"].isna().all():
        return "<p>What the clusters are worth is not known here.</p>"
    return "<p>Net revenue and contribution margin are of all time, reporting currency.</p>"


def _difference_cards(found: Clustering, shares: pd.DataFrame, currency: str) -> str:
    units = dict(zip(found.buyers.catalogue["attribute_name"], found.buyers.catalogue["unit"], strict=True))
    words = found.words
    average = _typical(found)
    cards = []
    for number, (key, name) in enumerate(zip(found.keys, found.names, strict=True)):
        centre = found.centres[number]
        lines = []
        for place in np.argsort(-np.abs(centre), kind="stable")[:TRAITS_SHOWN]:
            if abs(centre[place]) < TRAIT_DISTANCE:
                break
            row = words.iloc[int(place)]
            feature = str(row["attribute_name"])
            unit = str(units.get(feature) or "")
            lines.append(
                f"<li><b>{escape(str(row['high_words'] if centre[place] > 0 else row['low_words']))}</b>: "
                f"{escape(feature.replace('_', ' '))} typically {_value(found.values[number, place], unit, currency)}, "
                f"all buyers {_value(average[place], unit, currency)}</li>"
            )
        if not lines:
            lines = ["<li>close to the average buyer in everything</li>"]
        cards.append(
            f"<article><h3>{_key(key)} {escape(name)}</h3><ul>{''.join(lines)}</ul>{_segments_of(shares, key)}"
            "</article>"
        )
    return f'<div class="cards">{"".join(cards)}</div>'


def _typical(found: Clustering) -> Any:
    from scripts.learning.prediction.transform import invert_transform

    return invert_transform(np.zeros((1, len(found.features))), found.transform)[0]


def _segments_of(shares: pd.DataFrame, key: str) -> str:
    own = shares[(shares["cluster_key"] == key) & (shares["share"] >= 0.05)] if len(shares) else shares
    if own.empty:
        return ""
    best = own.sort_values(["lift", "segment_name"], ascending=[False, True]).head(SEGMENTS_SHOWN)
    texts = [
        f"{escape(str(row['segment_name']))} ({row['share']:.0%} of the cluster, {row['lift']:.1f} times the usual)"
        for row in best.to_dict("records")
        if row["lift"] > 1.2
    ]
    return f'<p class="muted">Over-represented in: {"; ".join(texts)}.</p>' if texts else ""


def _separation_note(found: Clustering) -> str:
    best = found.chosen
    clear = pictures.clear_share(found)
    return paragraphs(
        [
            f"Silhouette {best['silhouette']:.2f} (1: far apart, 0: on the border), Davies-Bouldin "
            f"{best['davies_bouldin']:.2f} (smaller is better). {clear:.0%} of the customers are at least a quarter "
            "nearer to their own centre than to the next one; the others lie between clusters."
        ]
    )


def _criteria_table(criteria: pd.DataFrame) -> str:
    rows = []
    for row in criteria.to_dict("records"):
        mark = "chosen" if row["is_chosen"] else "possible" if row["qualifies"] else ""
        rows.append(
            [
                escape(METHOD_NAMES[row["method"]]),
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
    head = [
        "method",
        "",
        "clusters",
        "stability",
        "silhouette",
        "Davies-Bouldin",
        "gap beyond one",
        "smallest cluster",
        "agreement of methods",
    ]
    return f"<details><summary>All candidates</summary>{table(head, rows, text_columns=2)}</details>"


def _features_table(found: Clustering) -> str:
    rows = [
        [escape(str(row["attribute_name"])), escape(str(row["low_words"])), escape(str(row["high_words"]))]
        for row in found.words.to_dict("records")
    ]
    return table(["feature", "low", "high"], rows, text_columns=3)


def _left_out(found: Clustering) -> str:
    if not found.left_out:
        return ""
    return paragraphs([f"Left out, because they are the same for nearly everybody: {', '.join(found.left_out)}."])


def _overlap_shares(found: Clustering, overlap: pd.DataFrame) -> pd.DataFrame:
    """Share of every cluster in every segment, and how many times that is the share of all buyers."""
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


def _overlap_table(shares: pd.DataFrame) -> str:
    if shares.empty:
        return ""
    wide = shares.pivot_table(index="segment_name", columns="cluster_key", values="share")
    keys = sorted(map(str, wide.columns), key=lambda key: int(key.rsplit("_", 1)[-1]))
    rows = [
        [escape(str(name)), *(f"{share:.0%}" for share in shown)]
        for name, shown in zip(wide.index, wide[keys].to_numpy(), strict=True)
    ]
    return table(["segment", *keys], rows)


def _rules_table(rules: list[Draft]) -> str:
    if not rules:
        return "<p>No attribute of the catalogue is among the features, so no rule was made.</p>"
    rows = []
    for draft in rules:
        alternatives = [
            " <i>and</i> ".join(
                f"<code>{escape(' '.join(filter(None, (part.attribute, part.operator, part.value))))}</code>"
                + (" <i>or unknown</i>" if part.if_missing == "true" else "")
                for part in alternative
            )
            for alternative in draft.alternatives
        ]
        text = "<br><i>or</i> ".join(alternatives) or "no readable rule finds it"
        rows.append(
            [
                f"{_key(draft.cluster_key)} {escape(draft.name)}",
                text,
                f"{draft.precision:.0%}",
                f"{draft.recall:.0%}",
                f"{draft.share:.0%}",
            ]
        )
    return table(["cluster", "rule", "precision", "recall", "of all buyers"], rows, text_columns=2)


def _questions(found: Clustering, rules: list[Draft], shares: pd.DataFrame) -> str:
    """What the figures leave open, cluster by cluster where something stands out."""
    asked = ["Would each cluster be treated differently next week? If two would not, they are one."]
    sizes = np.bincount(found.labels, minlength=len(found.keys)) / len(found.labels)
    for key, size in zip(found.keys, sizes, strict=True):
        if size < 0.05:
            holds = f"{_plain(key).capitalize()} holds {size:.1%} of the buyers"
            asked.append(f"{holds}: is it worth a treatment of its own?")
    for draft in rules:
        if min(draft.precision, draft.recall) < GOOD_RULE:
            asked.append(
                f"The rule for {_plain(draft.cluster_key)} is only near it (precision {draft.precision:.0%}, recall "
                f"{draft.recall:.0%}): is what the rule says wanted, rather than the cluster?"
            )
    if len(shares):
        covered = shares[(shares["share"] >= 0.8) & (shares["lift"] > 1.5)]
        for row in covered.to_dict("records"):
            asked.append(
                f"{row['share']:.0%} of {_plain(str(row['cluster_key']))} is in the segment {row['segment_name']} "
                "already: does it need another?"
            )
    if float(found.chosen["stability"]) < MIN_STABILITY:
        asked.append("The clusters are not stable: another sample of customers would give others. Use them with care.")
    return "<ul>" + "".join(f"<li>{escape(text)}</li>" for text in asked) + "</ul>"


def _key(key: str) -> str:
    number = int(key.rsplit("_", 1)[-1])
    colour = pictures.COLOURS[(number - 1) % len(pictures.COLOURS)]
    return f'<span class="key" style="background:{colour}">{number}</span>'


def _plain(key: str) -> str:
    return key.replace("cluster_", "cluster ")


def _money(value: float) -> str:
    return "" if pd.isna(value) else f"{value:,.0f}".replace("-", "−")


def _share(part: float, total: float) -> str:
    return "" if pd.isna(part) or not total > 0 else f"{part / total:.0%}".replace("-", "−")


def _value(value: float, unit: str, currency: str) -> str:
    if unit.startswith("share"):
        return f"{value:.0%}".replace("-", "−")
    text = f"{value:,.0f}" if abs(value) >= 20 else f"{value:.1f}"
    suffix = currency if unit == "reporting currency" else unit
    return escape(f"{text} {suffix}".strip()).replace("-", "−")
