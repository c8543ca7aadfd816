"""Numbers, days and lists in plain words. Rounding never turns a part into the whole or something into nothing."""

from __future__ import annotations

import re
from collections.abc import Sequence
from datetime import date

MINUS = "\N{MINUS SIGN}"
# From this amount on, hundredths are left out.
WHOLE_AMOUNTS = 1000


def money(value: float, currency: str) -> str:
    """`412.30 GBP`; from a thousand on, without hundredths: `12,345 GBP`."""
    text = f"{value:,.0f}" if abs(value) >= WHOLE_AMOUNTS else f"{value:,.2f}"
    return f"{_signed(text)} {currency}"


def share(value: float) -> str:
    """`42 %`; below a tenth with one decimal; never `100 %` or `0 %` for what is not quite that."""
    if value in (0, 1):
        return f"{value:.0%}".replace("%", " %")
    if 0 < value < 0.0005:
        return "under 0.1 %"
    if 0.995 <= value < 1:
        return "over 99 %"
    digits = 1 if abs(value) < 0.0995 else 0
    return f"{_signed(f'{100 * value:.{digits}f}')} %"


def number(value: float) -> str:
    """`1,162`, `2.4`: one decimal at most."""
    return _signed(f"{value:,.0f}" if abs(value - round(value)) < 0.05 else f"{value:,.1f}")


def counted(value: float, one: str, many: str | None = None) -> str:
    """`1 order`, `12 orders`."""
    text = number(value)
    return f"{text} {one if text == '1' else many or f'{one}s'}"


def share_of(part: float, whole: float, what: str = "") -> str:
    """`12 of 79 members (15 %)`."""
    text = f"{part:,.0f} of {whole:,.0f}" + (f" {what}" if what else "")
    return text + (f" ({share(part / whole)})" if whole else "")


def joined(parts: Sequence[str], last: str = "and") -> str:
    """`a, b and c`."""
    return f" {last} ".join([", ".join(parts[:-1]), parts[-1]] if len(parts) > 1 else list(parts))


def sentence(text: str) -> str:
    """The text with a capital and a full stop."""
    text = text.strip()
    return text[:1].upper() + text[1:] + ("" if text.endswith((".", "!", "?", ":")) else ".")


def day(value: object) -> str:
    """A day as 2026-06-30, whatever kind of date it is."""
    return value.isoformat()[:10] if isinstance(value, date) else str(value)[:10]


def channel(name: str) -> str:
    """A channel's everyday name."""
    return {
        "email": "e-mail",
        "sms": "text message",
        "ads": "ads",
        "direct_mail": "letter",
        "onsite": "the web site",
        "store": "the store",
        "service": "the service team",
        "phone": "phone",
    }.get(name, name.replace("_", " "))


def through(name: str) -> str:
    """How people are reached there: `by e-mail`, `in the store`."""
    places = {"ads": "in ads", "onsite": "on the web site", "store": "in the store", "service": "through service"}
    return places.get(name, f"by {channel(name)}")


def _signed(text: str) -> str:
    return "0" if re.fullmatch(r"-0(\.0+)?", text) else text.replace("-", MINUS)
