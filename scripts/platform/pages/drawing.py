"""Draws charts with Altair, without a browser, in one palette that is safe for colour-blind readers."""

from __future__ import annotations

from typing import Any

from scripts.platform.errors import UserError

ABSENT = "pictures need Altair and vl-convert; install them with `pip install 'customer-segmentation[report]'`"
INK, MUTED, GRID = "#1f2933", "#5b6875", "#e3e7eb"
# The colour-blind safe palette (Okabe and Ito 2008), then further colours and greys.
COLOURS = (
    "#0072b2",
    "#e69f00",
    "#009e73",
    "#cc79a7",
    "#56b4e9",
    "#d55e00",
    "#8c8c14",
    "#5b6875",
    "#7b4fa3",
    "#a8b2bc",
)


def altair() -> Any:
    """The charting package. Raises UserError where it is absent."""
    try:
        import altair as found
        import vl_convert  # noqa: F401
    except ImportError:
        raise UserError(ABSENT) from None
    return found


def svg(chart: Any) -> str:
    """A chart as an SVG element that scales with the page."""
    import vl_convert

    text: str = vl_convert.vegalite_to_svg(
        chart.configure(font="Helvetica, Arial, sans-serif", background="white")
        .configure_view(stroke=None)
        .configure_axis(
            labelColor=INK,
            titleColor=MUTED,
            gridColor=GRID,
            domainColor=GRID,
            tickColor=GRID,
            labelFontSize=12,
            titleFontSize=11,
            titleFontWeight="normal",
            labelLimit=240,
        )
        .configure_title(fontSize=12, fontWeight="normal", color=MUTED, anchor="start")
        .configure_legend(
            labelColor=INK,
            titleColor=MUTED,
            labelFontSize=12,
            titleFontSize=11,
            titleFontWeight="normal",
            titleLimit=400,
        )
        .to_json()
    )
    return text.replace("<svg ", '<svg role="img" ', 1)
