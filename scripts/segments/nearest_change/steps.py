"""How one value could change so that one condition holds, or no longer does: the nearest such values."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, timedelta
from decimal import Decimal

from scripts.segments.nearest_change.conditions import MISSING, Traced, compares, is_number, shown, value_of

# Something, where a rule only asks that there is something.
KNOWN = "known"


@dataclass(frozen=True)
class Step:
    """One value that would have to be another: `target` (None: missing), in `words`; `kind`: of the condition that asks
    for it; `days`: so many days from now it is so by itself, if nothing happens.
    """

    attribute: str
    actual: str | None
    target: str | None
    words: str
    kind: str
    days: int | None = None


def steps_of(condition: Traced, wanted: bool) -> Iterator[Step]:
    """How the customer's value could change so that the condition holds, or no longer does; the nearest first."""
    if not condition.can_change or condition.kind == "scope" or condition.is_met == wanted:
        return
    for target, words in _targets(condition, wanted):
        yield Step(condition.attribute, condition.actual, target, words, condition.kind)


def _targets(condition: Traced, wanted: bool) -> Iterator[tuple[str | None, str]]:
    operator = condition.operator
    if operator in ("is_null", "is_not_null"):
        missing = (operator == "is_null") == wanted
        yield (None, "once there is none") if missing else (KNOWN, "once there is one")
    elif operator in ("is_true", "is_false"):
        text = "true" if (operator == "is_true") == wanted else "false"
        yield text, f"once it is {text}"
    elif operator in ("is_member", "is_not_member"):
        text = "member" if (operator == "is_member") == wanted else "not a member"
        yield text, f"once they are {'a member' if text == 'member' else text}"
    elif MISSING in condition.items:
        return
    elif condition.data_type == "date" or is_number(condition.data_type):
        yield from _nearest_values(condition, wanted)
    else:
        yield from _nearest_texts(condition, wanted)


def _nearest_texts(condition: Traced, wanted: bool) -> Iterator[tuple[str, str]]:
    operator, items = condition.operator, [item.strip() for item in condition.items]
    negative = operator in ("!=", "not_in", "not_contains", "has_none")
    if wanted != negative:
        together = operator in ("has_all", "has_none")
        for item in ["|".join(items)] if operator == "has_all" else items:
            yield item, f"once it is {' and '.join(items) if together else item}"
    else:
        other = "another"
        yield other, f"once it is none of {', '.join(items)}" if len(items) > 1 else f"once it is not {items[0]}"


def _nearest_values(condition: Traced, wanted: bool) -> Iterator[tuple[str, str]]:
    items = [value_of(item, condition) for item in condition.items]
    if any(isinstance(item, str) for item in items):
        return
    low, high = items[0], items[-1]
    note = f" ({condition.note})" if condition.note else ""

    def at(value: object) -> str:
        return shown(str(value), condition.data_type)

    def beside(value: object, sign: int) -> str:
        return str(_beside(value, condition.data_type, sign))

    above = (beside(low, 1), f"above {at(low)}{note}")
    below = (beside(low, -1), f"below {at(low)}{note}")
    from_on = (str(low), f"from {at(low)} on{note}")
    up_to = (str(low), f"at {at(low)} or less{note}")
    if condition.operator == "between":
        if wanted:
            words = f"between {at(low)} and {at(high)}{note}"
            is_above = condition.actual is not None and compares(">", value_of(condition.actual, condition), [high])
            edges = [str(high), str(low)] if is_above else [str(low), str(high)]
            yield from ((edge, words) for edge in edges)
        else:
            yield beside(high, 1), f"above {at(high)}{note}"
            yield below
        return
    if condition.operator in ("=", "in", "!=", "not_in"):
        equal = condition.operator in ("=", "in")
        if equal == wanted:
            yield from ((str(item), f"at {at(item)}{note}") for item in items)
        else:
            yield beside(max(items), 1), f"above {at(max(items))}{note}"  # type: ignore[type-var]
            yield beside(min(items), -1), f"below {at(min(items))}{note}"  # type: ignore[type-var]
        return
    met = {">": above, ">=": from_on, "<": below, "<=": up_to}
    unmet = {">": up_to, ">=": below, "<": from_on, "<=": above}
    if condition.operator in met:
        yield (met if wanted else unmet)[condition.operator]


def _beside(value: object, data_type: str, sign: int) -> object:
    """The next value up or down."""
    if isinstance(value, date):
        return value + timedelta(days=sign)
    assert isinstance(value, Decimal)
    if data_type.startswith("decimal"):
        return value + sign * Decimal("0.01")
    if data_type.startswith(("double", "float", "real")):
        return value + sign * Decimal("0.0001")
    return (value + sign).to_integral_value()
