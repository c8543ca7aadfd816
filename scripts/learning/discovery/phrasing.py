"""The figures that support a rule, as text."""

from __future__ import annotations

from scripts.learning.discovery.confirm import Mean


def effect_text(effect: Mean, is_share: bool, currency: str) -> str:
    """A difference with its interval: `+12.40 GBP (95 % interval +8.10 to +16.70)`; shares in percentage points."""
    value, low, high = (
        (f"{100 * number:+.1f}" if is_share else f"{number:+,.2f}").replace("-", "−")
        for number in (effect.value, effect.low, effect.high)
    )
    return f"{value} {'points' if is_share else currency} (95 % interval {low} to {high})"


def amount(value: float, is_share: bool, currency: str) -> str:
    """A mean or a share: `12.40 GBP`, `31.0 %`."""
    return f"{100 * value:.1f} %" if is_share else f"{value:,.2f} {currency}".replace("-", "−")


def p_text(p: float) -> str:
    """A p-value to two digits; very small ones as a bound."""
    return "below 0.0001" if p < 0.0001 else f"{p:.4f}" if p < 0.01 else f"{p:.2f}"
