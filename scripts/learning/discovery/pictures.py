"""The chart of one rule, as inline SVG: its customers next to the others, with 95 % intervals."""

from __future__ import annotations

import pandas as pd

from scripts.learning.discovery.confirm import Evidence
from scripts.platform.pages.drawing import COLOURS, INK, MUTED, altair, svg

RULE_COLOUR, OTHERS_COLOUR = COLOURS[0], COLOURS[-1]
WIDTH = 330


def inside_and_others(evidence: Evidence, *, is_share: bool, currency: str, highest: float, lowest: float) -> str:
    """Mean or share of the outcome inside and outside a rule. All charts of one target share `lowest` and `highest`.

    Raises UserError where the drawing packages are absent.
    """
    alt = altair()
    frame = pd.DataFrame(
        [
            {"who": who, "value": mean.value, "low": mean.low, "high": mean.high, "text": _text(mean.value, is_share)}
            for who, mean in (("the rule", evidence.inside), ("others", evidence.others))
        ]
    )
    base = alt.Chart(frame).encode(y=alt.Y("who:N", title=None, sort=["the rule", "others"]))
    x = alt.X(
        "value:Q",
        title=None if is_share else currency,
        scale=alt.Scale(domain=[min(0.0, lowest), highest]),
        axis=alt.Axis(tickCount=4, format="%" if is_share else "~s", grid=True),
    )
    bars = base.mark_bar(height=15).encode(
        x=x,
        color=alt.Color(
            "who:N",
            legend=None,
            scale=alt.Scale(domain=["the rule", "others"], range=[RULE_COLOUR, OTHERS_COLOUR]),
        ),
    )
    reach = base.mark_rule(strokeWidth=1.6, color=INK).encode(x=alt.X("low:Q"), x2="high:Q")
    text = base.mark_text(align="left", dx=5, fontSize=11, color=MUTED).encode(x=alt.X("high:Q"), text="text:N")
    picture = svg((bars + reach + text).properties(width=WIDTH - 90, height=52))
    # It is shown on a card, which has its own background.
    return picture.replace('fill="white"', 'fill="none"', 1)


def _text(value: float, is_share: bool) -> str:
    return f"{100 * value:.0f} %" if is_share else f"{value:,.0f}".replace("-", "−")
