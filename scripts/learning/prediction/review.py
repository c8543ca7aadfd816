"""The page of model cards: the evidence behind the scores, for those who rely on them. Made from seeds alone."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from scripts.learning.prediction.cards import CARD_COLUMNS, CARDS, DOUBT, FIGURE_COLUMNS, FIGURES, RANKING
from scripts.learning.prediction.pictures import tracking_chart
from scripts.platform.errors import UserError
from scripts.platform.pages.drawing import COLOURS, INK, MUTED, altair, svg
from scripts.platform.pages.page import INDEX, write_page
from scripts.platform.progress import Progress
from scripts.platform.seed_files import read_rows
from scripts.platform.workspace import Workspace

WIDTH = 620
# Sections shown as a chart; as a table they would be long.
DRAWN = ("reliability", "tracking")


def write_model_page(workspace: Workspace, progress: Progress = print) -> Path:
    """Write `<home>/review/models/index.html` from all cards in the workspace's seeds; returns its path."""
    cards = read_rows(workspace.seeds / CARDS, CARD_COLUMNS)
    figures = pd.DataFrame(read_rows(workspace.seeds / FIGURES, FIGURE_COLUMNS), columns=FIGURE_COLUMNS)
    draw = True
    try:
        altair()
    except UserError as problem:
        progress(f"the page of model cards has no charts: {problem}")
        draw = False
    shown = [
        _card(card, figures[(figures["model_key"] == card["model_key"]) & (figures["fit_id"] == card["fit_id"])], draw)
        for card in sorted(cards, key=lambda row: row["model_key"])
    ]
    about = "What each model was trained on, and how good it is compared with what. No card, no score."
    page = write_page(
        workspace.home / "review" / "models" / INDEX,
        "learning/prediction/review.html.j2",
        title="Model cards",
        about=about,
        cards=shown,
    )
    progress(f"model cards: {page}")
    return page


def _card(card: dict[str, str], figures: pd.DataFrame, draw: bool) -> dict[str, Any]:
    facts = [
        ("Trained on", f"{int(card['customer_count']):,} customers, {card['data_from']} to {card['as_of_date']}"),
        ("Outcome window", f"{card['label_days']} days" if card["label_days"] else "none: the data themselves"),
        ("Review by", card["review_date"]),
        ("May be used", _use(card, figures)),
        ("Fit", f"{card['fit_id']}, {card['world_kind']} data, amounts in {card['reporting_currency']}"),
    ]
    pictures = [_tracking(figures), _comparison(figures), _reliability(figures)] if draw else []
    return {
        "name": f"{card['model_key']}: {card['model_name']}",
        "summary": card["summary"],
        "facts": facts,
        "pictures": pictures,
        "tables": [
            (str(name).capitalize(), _figures(part))
            for name, part in figures.groupby("section", sort=False)
            if name not in DRAWN or not draw
        ],
    }


def _use(card: dict[str, str], figures: pd.DataFrame) -> str:
    """Whether and for what the model may be used, as its own evidence allows."""
    if card["is_usable"] != "true":
        return "no: its own evidence contradicts it"
    found = dict(zip(figures["section"], figures["value"], strict=True))
    use = f"for ranking only, not as probabilities: {found[RANKING]}" if RANKING in found else "yes"
    return f"{use}; in doubt: {found[DOUBT]}" if DOUBT in found else use


def _figures(figures: pd.DataFrame) -> list[list[str]]:
    return [
        [row["figure"], row["figure_date"] or "", _number(row["value"]), row["note"]]
        for row in figures.to_dict("records")
    ]


def _number(text: str) -> str:
    """A figure with at most three decimals; other texts unchanged."""
    try:
        value = float(text)
    except ValueError:
        return text
    return f"{value:,.0f}" if value == int(value) else f"{value:,.3f}"


def _tracking(figures: pd.DataFrame) -> str:
    """Cumulative actual and expected purchases by week, where the card has them."""
    rows = figures[figures["section"] == "tracking"]
    if not rows["figure"].str.startswith("actual to week ").any():
        return ""
    curves = {}
    for name in ("actual", "expected"):
        found = rows[rows["figure"].str.startswith(f"{name} to week ")]
        weeks = found["figure"].str.rsplit(" ", n=1).str[-1].astype(int)
        # The card has every fourth week; the line between them is interpolated.
        curves[name] = np.interp(np.arange(1, weeks.max() + 1), [0, *weeks], [0, *found["value"].astype(float)])
    fitted = int(rows.loc[rows["figure"] == "weeks fitted", "value"].iloc[0])
    return tracking_chart(curves["actual"], curves["expected"], fitted)


def _comparison(figures: pd.DataFrame) -> str:
    """The AUC of the model and of the models it is compared with, on each evaluation day."""
    rows = figures[(figures["section"] == "comparison") & figures["figure"].str.startswith("AUC of ")]
    if rows.empty:
        return ""
    alt: Any = altair()
    frame = pd.DataFrame(
        {
            "what": rows["figure"].str.removeprefix("AUC of "),
            "auc": rows["value"].astype(float),
            "day": "evaluated on what came after " + rows["figure_date"],
        }
    )
    names = list(dict.fromkeys(frame["what"]))
    base = alt.Chart(frame).encode(
        y=alt.Y("what:N", title=None, sort=names),
        x=alt.X("auc:Q", title="area under the curve, 0.5 is chance", scale=alt.Scale(domain=[0.5, 1])),
    )
    colours = alt.Color("what:N", legend=None, sort=names, scale=alt.Scale(domain=names, range=list(COLOURS)))
    dots = base.mark_circle(size=110, opacity=1).encode(color=colours)
    text = base.mark_text(align="left", dx=9, fontSize=11, color=INK).encode(text=alt.Text("auc:Q", format=".3f"))
    chart = (dots + text).properties(width=WIDTH - 200, height=24 * len(names))
    header = alt.Header(orient="top", labelAnchor="start", labelColor=MUTED, labelFontSize=12)
    return svg(chart.facet(row=alt.Row("day:N", title=None, header=header)))


def _reliability(figures: pd.DataFrame) -> str:
    """Expected and observed rates by tenths of customers, on the latest evaluation day."""
    rows = figures[figures["section"] == "reliability"]
    if rows.empty:
        return ""
    alt: Any = altair()
    day = rows["figure_date"].max()
    latest = rows[rows["figure_date"] == day].set_index("figure")["value"].astype(float)
    tenths = [name.removeprefix("observed rate in ") for name in latest.index if name.startswith("observed")]
    frame = pd.DataFrame(
        {
            "expected": [latest[f"expected rate in {name}"] for name in tenths],
            "observed": [latest[f"observed rate in {name}"] for name in tenths],
        }
    )
    # Axes end at the highest rate: rare outcomes would huddle in a corner of the full square.
    highest = min(1.0, 1.1 * float(frame.to_numpy().max()))
    scale = alt.Scale(domain=[0, highest])
    diagonal = alt.Chart(pd.DataFrame({"expected": [0, highest], "observed": [0, highest]}))
    line = diagonal.mark_line(color=MUTED, strokeDash=[4, 4]).encode(x="expected:Q", y="observed:Q")
    dots = alt.Chart(frame).mark_circle(size=80, color=COLOURS[0], opacity=1).encode(
        x=alt.X("expected:Q", title="mean predicted probability, by tenths of customers", scale=scale),
        y=alt.Y("observed:Q", title="observed share", scale=scale),
    )  # fmt: skip
    title = f"Calibration: are the probabilities right? Tenths of customers, evaluated on what came after {day}"
    return svg((line + dots).properties(width=320, height=280, title=title))
