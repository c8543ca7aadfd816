"""Charts of a clustering as inline SVG, drawn by altair without a browser; none identifies a customer."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from scripts.learning.clusters.choice import METHOD_NAMES, MIN_STABILITY
from scripts.platform.pages.drawing import COLOURS, INK, MUTED, altair, svg

if TYPE_CHECKING:
    from scripts.learning.clusters.fitting import Clustering

WIDTH = 620
SHOWN_POINTS = 1_500
SHOWN_SEGMENTS = 14


def sizes_and_value(found: Clustering) -> str:
    """Each cluster's share of customers, net revenue and contribution margin, side by side."""
    alt = altair()
    frame = found.buyers.frame
    parts = {"customers": pd.Series(1.0, index=frame.index)}
    parts["net revenue"] = frame["net_revenue"].fillna(0.0)
    parts["contribution margin"] = frame["contribution_margin"].fillna(0.0)
    rows = [
        {"cluster": _short(key), "of": name, "share": values[found.labels == number].sum() / total}
        for name, values in parts.items()
        if (total := float(values.sum())) > 0
        for number, key in enumerate(found.keys)
    ]
    base = alt.Chart(pd.DataFrame(rows)).encode(
        y=alt.Y("of:N", title=None, sort=list(parts), axis=alt.Axis(labelPadding=6)),
        x=alt.X("share:Q", title=None, axis=alt.Axis(format="%", tickCount=4)),
    )
    bars = base.mark_bar(height=13).encode(color=alt.Color("of:N", legend=None, sort=list(parts), scale=_scale(parts)))
    text = base.mark_text(align="left", dx=4, fontSize=11, color=INK).encode(text=alt.Text("share:Q", format=".0%"))
    chart = (bars + text).properties(width=WIDTH - 250, height=58)
    return svg(
        chart.facet(row=alt.Row("cluster:N", title=None, sort=[_short(key) for key in found.keys], header=_header()))
    )


def profiles(found: Clustering) -> str:
    """Heat map of the standardised centres: each cluster's distance from the average buyer, per feature."""
    alt = altair()
    rows = [
        {
            "feature": _words(name),
            "cluster": _short(key),
            "distance": float(np.clip(found.centres[number, place], -2.5, 2.5)),
            "text": _signed(found.centres[number, place]),
        }
        for number, key in enumerate(found.keys)
        for place, name in enumerate(found.features)
    ]
    base = alt.Chart(pd.DataFrame(rows)).encode(
        x=alt.X(
            "cluster:N", title=None, sort=[_short(key) for key in found.keys], axis=alt.Axis(orient="top", labelAngle=0)
        ),
        y=alt.Y("feature:N", title=None, sort=[_words(name) for name in found.features]),
    )
    squares = base.mark_rect(stroke="white", strokeWidth=2).encode(
        color=alt.Color(
            "distance:Q",
            scale=alt.Scale(domain=[-2.5, 0, 2.5], range=["#b2502b", "#f7f5f2", "#1b6ca8"], interpolate="rgb"),
            legend=None,
        )
    )
    text = base.mark_text(fontSize=11).encode(
        text="text:N", color=alt.condition("abs(datum.distance) > 1.4", alt.value("white"), alt.value(INK))
    )
    width = min(WIDTH - 200, max(220, 74 * len(found.keys)))
    return svg((squares + text).properties(width=width, height=25 * len(found.features)))


def separation(found: Clustering) -> str:
    """A random sample of customers on the first two principal components, coloured by cluster."""
    alt = altair()
    middle = found.points.mean(axis=0)
    _, spreads, axes = np.linalg.svd(found.points[:20_000] - middle, full_matrices=False)
    # Signs of the axes are arbitrary: the feature with the largest loading points right or up.
    axes = axes * np.sign(axes[np.arange(len(axes)), np.abs(axes).argmax(axis=1)])[:, None]
    axes = axes if len(axes) > 1 else np.vstack([axes, np.zeros_like(axes)])
    shares = spreads**2 / (spreads**2).sum()
    shares = np.append(shares, 0.0)
    sample = found.points[:SHOWN_POINTS]
    places = (sample - middle) @ axes[:2].T
    frame = pd.DataFrame(
        {
            "one": places[:, 0],
            "two": places[:, 1],
            "cluster": [_short(found.keys[label]) for label in found.labels[:SHOWN_POINTS]],
        }
    )
    domain = [_short(key) for key in found.keys]
    colour = alt.Color(
        "cluster:N",
        sort=domain,
        scale=alt.Scale(domain=domain, range=list(COLOURS[: len(domain)])),
        legend=alt.Legend(title=None, orient="top", symbolOpacity=1, columns=5),
    )
    axis = alt.Axis(labels=False, ticks=False, grid=False)
    points = (
        alt.Chart(frame)
        .mark_circle(size=17, opacity=0.45)
        .encode(
            x=alt.X("one:Q", title=_direction(found.features, axes[0], shares[0]), axis=axis),
            y=alt.Y("two:Q", title=_direction(found.features, axes[1], shares[1]), axis=axis),
            color=colour,
        )
    )
    centres = (found.centres - middle) @ axes[:2].T
    marks = alt.Chart(
        pd.DataFrame({"one": centres[:, 0], "two": centres[:, 1], "text": [key.split("_")[-1] for key in found.keys]})
    )
    rings = marks.mark_circle(size=330, color="white", opacity=0.9, stroke=INK, strokeWidth=1.2).encode(
        x="one:Q", y="two:Q"
    )
    text = marks.mark_text(fontSize=12, fontWeight="bold", color=INK).encode(x="one:Q", y="two:Q", text="text:N")
    return svg((points + rings + text).properties(width=WIDTH - 60, height=380))


def criteria(found: Clustering) -> str:
    """Each criterion against the number of clusters, one panel each; the chosen clustering is ringed."""
    alt = altair()
    table = found.choice.criteria.assign(
        method=found.choice.criteria["method"].map(METHOD_NAMES),
        beyond=found.choice.criteria["gap"] - found.choice.criteria["gap_of_one"],
    )
    panels = []
    for column, title, floor in (
        ("stability", "stability (higher is better)", MIN_STABILITY),
        ("silhouette", "silhouette (higher is better)", None),
        ("davies_bouldin", "Davies-Bouldin (lower is better)", None),
        ("beyond", "gap above one cluster (higher is better)", 0.0),
    ):
        base = alt.Chart(table).encode(
            x=alt.X("cluster_count:O", title="clusters", axis=alt.Axis(labelAngle=0)),
            y=alt.Y(f"{column}:Q", title=None, scale=alt.Scale(zero=column in ("stability", "beyond"))),
            color=alt.Color(
                "method:N",
                scale=alt.Scale(domain=list(METHOD_NAMES.values()), range=list(COLOURS[:2])),
                legend=alt.Legend(title=None, orient="bottom"),
            ),
        )
        layers = [base.mark_line(strokeWidth=2), base.mark_circle(size=34, opacity=1)]
        if floor is not None:
            layers.insert(
                0, alt.Chart(pd.DataFrame({"y": [floor]})).mark_rule(color=MUTED, strokeDash=[4, 3]).encode(y="y:Q")
            )
        if table["is_chosen"].any():
            layers.append(
                base.transform_filter("datum.is_chosen")
                .mark_point(size=190, strokeWidth=2.2, color=INK, filled=False)
                .encode(color=alt.value(INK))
            )
        panels.append(alt.layer(*layers).properties(width=(WIDTH - 110) // 2, height=130, title=title))
    return svg(alt.concat(*panels, columns=2, spacing=22).resolve_scale(color="shared"))


def overlap(shares: pd.DataFrame) -> str:
    """Heat map of the share of each cluster in each segment. `shares`: cluster_key, segment_name, share, lift."""
    alt = altair()
    widest = shares.groupby("segment_name")["share"].max().nlargest(SHOWN_SEGMENTS)
    shown = shares[shares["segment_name"].isin(widest.index)].assign(
        cluster=lambda rows: [_short(key) for key in rows["cluster_key"]],
        text=lambda rows: [f"{share:.0%}" for share in rows["share"]],
    )
    base = alt.Chart(shown).encode(
        x=alt.X("cluster:N", title=None, sort=_sorted_keys(shown), axis=alt.Axis(orient="top", labelAngle=0)),
        y=alt.Y("segment_name:N", title=None, sort=widest.index.tolist(), axis=alt.Axis(labelLimit=260)),
    )
    squares = base.mark_rect(stroke="white", strokeWidth=2).encode(
        color=alt.Color("share:Q", scale=alt.Scale(domain=[0, 1], range=["#f4f6f8", "#1b6ca8"]), legend=None)
    )
    text = base.mark_text(fontSize=11).encode(
        text="text:N", color=alt.condition("datum.share > 0.55", alt.value("white"), alt.value(INK))
    )
    width = min(WIDTH - 260, max(200, 66 * shown["cluster"].nunique()))
    return svg((squares + text).properties(width=width, height=25 * len(widest)))


def clear_share(found: Clustering) -> float:
    """Share of customers who are at least a quarter nearer to their own centre than to the next one."""
    sample = found.points[:5_000]
    squares = ((sample[:, None, :] - found.centres[None]) ** 2).sum(axis=2)
    near = np.sqrt(np.sort(squares, axis=1)[:, :2])
    return float((near[:, 0] <= 0.75 * near[:, 1]).mean())


def _direction(features: Sequence[str], axis: Any, share: float) -> list[str]:
    """What a direction means, as the two lines of an axis title."""
    heavy = [place for place in np.argsort(-np.abs(axis), kind="stable")[:3] if axis[place]]
    parts = [f"{'more' if axis[place] > 0 else 'less'} {_words(features[place])}" for place in heavy]
    return [", ".join(parts[:2]), ", ".join([*parts[2:], f"{share:.0%} of the differences →"])] if parts else [""]


def _signed(value: float) -> str:
    text = f"{value:+.1f}"
    return "0.0" if text in ("+0.0", "-0.0") else text.replace("-", "−")


def _words(name: str) -> str:
    return name.replace("_", " ")


def _short(key: str) -> str:
    return key.replace("cluster_", "Cluster ")


def _sorted_keys(frame: pd.DataFrame) -> list[str]:
    keys = sorted(frame["cluster_key"].unique(), key=lambda key: int(str(key).rsplit("_", 1)[-1]))
    return [_short(str(key)) for key in keys]


def _scale(parts: Any) -> Any:
    return altair().Scale(domain=list(parts), range=["#5b6875", "#0072b2", "#009e73"])


def _header() -> Any:
    return altair().Header(labelAngle=0, labelAlign="left", labelFontSize=12, labelColor=INK, labelPadding=8)
