"""Charts of predicted and actual purchases, as SVG text to put into a page."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike

from scripts.platform.pages.drawing import altair, svg

ACTUAL, EXPECTED, QUIET = "#1f2933", "#c2410c", "#7b8794"
WIDTH, HEIGHT = 640, 340


def tracking_chart(
    actual: ArrayLike,
    expected: ArrayLike,
    weeks_fitted: int,
    *,
    title: str = "Repeat purchases: expected and actual",
    what: str = "Repeat purchases so far",
) -> str:
    """SVG of cumulative purchases at the end of week 1, 2, 3…, actual and as expected by a model.

    The model was fitted to the first `weeks_fitted` weeks; what follows is marked as predicted. Raises UserError if the
    drawing packages are missing, ValueError if the two series differ in length, are empty or not one-dimensional.
    """
    alt = altair()
    bought, predicted = np.asarray(actual, dtype=float), np.asarray(expected, dtype=float)
    if bought.shape != predicted.shape or bought.ndim != 1 or not len(bought):
        raise ValueError(
            f"actual and expected must be series of the same length, not {bought.shape} and {predicted.shape}"
        )
    weeks = np.arange(1, len(bought) + 1)
    series = pd.concat([
        pd.DataFrame({"week": weeks, "purchases": bought, "series": "actual"}),
        pd.DataFrame({"week": weeks, "purchases": predicted, "series": "expected"}),
    ])  # fmt: skip
    highest = float(max(bought.max(), predicted.max()))
    x = alt.X("week:Q", title="Week", scale=alt.Scale(domain=[0, len(bought)], nice=False))
    y = alt.Y("purchases:Q", title=what, scale=alt.Scale(domain=[0, highest * 1.05]))
    lines = alt.Chart(series).mark_line(strokeWidth=2).encode(
        x=x,
        y=y,
        color=alt.Color("series:N", scale=alt.Scale(domain=["actual", "expected"], range=[ACTUAL, EXPECTED]),
                           legend=alt.Legend(title=None, orient="top-left", symbolStrokeWidth=3)),
        strokeDash=alt.StrokeDash("series:N", legend=None,
                                     scale=alt.Scale(domain=["actual", "expected"], range=[[1, 0], [6, 4]])),
    )  # fmt: skip
    chart = alt.layer(*_border(alt, weeks_fitted, len(bought), highest), lines).properties(
        width=WIDTH, height=HEIGHT, title=alt.TitleParams(title, subtitle=_outcome(bought, predicted), anchor="start")
    )
    return svg(chart)


def _border(alt: Any, weeks_fitted: int, weeks: int, highest: float) -> list[Any]:
    """The line between fitted and predicted weeks; empty where all weeks were fitted."""
    if not 0 < weeks_fitted < weeks:
        return []
    rule = alt.Chart(pd.DataFrame({"week": [weeks_fitted]})).mark_rule(color=QUIET, strokeDash=[2, 3])
    words = pd.DataFrame({
        "week": [weeks_fitted, weeks_fitted], "purchases": [highest * 0.02] * 2,
        "words": ["fitted to these weeks", "predicted"], "side": ["before", "after"],
    })  # fmt: skip
    text = alt.Chart(words).encode(x="week:Q", y="purchases:Q", text="words:N")
    before = text.transform_filter("datum.side == 'before'").mark_text(align="right", dx=-6, color=QUIET)
    after = text.transform_filter("datum.side == 'after'").mark_text(align="left", dx=6, color=QUIET)
    return [rule.encode(x="week:Q"), before, after]


def _outcome(actual: np.ndarray[Any, Any], expected: np.ndarray[Any, Any]) -> str:
    """How far off the model is at the end, as text."""
    text = f"Week {len(actual)}: {expected[-1]:,.0f} expected, {actual[-1]:,.0f} bought"
    return f"{text} ({expected[-1] / actual[-1] - 1:+.1%})".replace("-", "−") if actual[-1] > 0 else text
