"""The conditions of a rule evaluated for one customer, and how they and the whole rule evaluate for other values."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal, InvalidOperation
from functools import cached_property

from scripts.segments.operators import Operator, operators

MISSING = "missing"
# Any value, where a rule only asks that there is one.
KNOWN = "known"
# Values by the name of their attribute; None where there is none.
Values = Mapping[str, str | None]
# How far a value may differ from the four decimals that a trace shows.
ROUNDING = Decimal("0.00005")
# Values that are shown in full.
EXACT = re.compile(r"-?[0-9]+([.][0-9]{2})?")


@dataclass(frozen=True)
class Traced:
    """A condition of a rule evaluated for one customer. Values are text; `actual` is None where there is none.

    `kind`: scope, include or exclude. `data_type`: that of the attribute. `can_change`: False for what no customer can
    change: the scope, and a condition whose source is off. `label`: the name of the attribute in texts. `value`: as
    written in the rule; in `expected`, thresholds, days and values of other attributes are filled in. `changes`,
    `lowest`, `highest`: how its value can move, see attribute_catalogue. `day`: that of the evaluation.
    """

    kind: str
    alternative: str
    number: int
    attribute: str
    operator: str
    if_missing: str
    text: str
    actual: str | None
    expected: str
    note: str | None
    is_met: bool
    data_type: str
    can_change: bool = True
    value: str = ""
    label: str = ""
    changes: str = "any"
    lowest: Decimal | None = None
    highest: Decimal | None = None
    day: date | None = None

    @cached_property
    def by(self) -> Operator:
        return operators()[self.operator]

    @cached_property
    def items(self) -> list[str]:
        """What its own value is compared with, each as text."""
        if "set" in self.by.value_types or self.by.takes in ("none", "one"):
            return self.by.items(self.expected)
        # Nothing is stripped: blanks at the ends of another attribute's text belong to it, and so may a |.
        parts, written = self.expected.split("|"), self.by.items(self.value)
        if self.value and len(parts) > len(written):
            place = next((n for n, item in enumerate(written) if item.startswith("attr:")), 0)
            end = place + 1 + len(parts) - len(written)
            parts[place:end] = ["|".join(parts[place:end])]
        return parts

    @cached_property
    def references(self) -> list[str]:
        """Each item as written in the rule where it refers to something else, such as attr:order_count; else empty."""
        written = (self.by.items(self.value) if self.value else []) or self.items
        if "set" in self.by.value_types:
            return [""] * len(written)
        return [
            item if item.startswith("attr:") or (item.startswith("pct:") and is_number(self.data_type)) else ""
            for item in written
        ]

    @cached_property
    def item_values(self) -> list[date | Decimal | str | None]:
        """The items as values of the attribute; None for one that is missing."""
        return [
            None if reference and item == MISSING else value_of(item, self.data_type)
            for item, reference in zip(self.items, self.references, strict=True)
        ]

    @cached_property
    def is_rounded(self) -> list[bool]:
        """For each item, whether it is rounded: a percentile, or another attribute except counts and money."""
        return [
            reference.startswith("pct:")
            or (reference.startswith("attr:") and is_number(self.data_type) and not EXACT.fullmatch(item))
            for item, reference in zip(self.items, self.references, strict=True)
        ]

    @cached_property
    def compared(self) -> list[str]:
        """The other attributes that it compares its own with."""
        return [item.removeprefix("attr:") for item in self.references if item.startswith("attr:")]

    @cached_property
    def reads(self) -> list[str]:
        """All attributes that it depends on; none where the rule itself states the result without a source."""
        return [self.attribute, *self.compared] if self.can_change or self.kind == "scope" else []


def is_member(conditions: Sequence[Traced], values: Values | None = None, shift: Decimal = Decimal(0)) -> bool:
    """Whether the rule includes the customer; with other `values` of some attributes, whether it would.

    `shift` is added to what the trace rounded: where half a step up and half a step down agree, the answer is certain.
    """
    alternatives: dict[tuple[str, str], bool] = {}
    for condition in conditions:
        met = condition.is_met
        if values and not values.keys().isdisjoint(condition.reads):
            met = meets(condition, values, shift)
        key = (condition.kind, condition.alternative)
        alternatives[key] = alternatives.get(key, True) and met
    return (
        all(met for (kind, _), met in alternatives.items() if kind == "scope")
        and any(met for (kind, _), met in alternatives.items() if kind == "include")
        and not any(met for (kind, _), met in alternatives.items() if kind == "exclude")
    )


def readings(conditions: Sequence[Traced]) -> tuple[Decimal, ...]:
    """The shifts under which an answer has to be the same to be certain."""
    is_exact = not any(any(one.is_rounded) or is_double(one.data_type) for one in conditions)
    return (Decimal(0),) if is_exact else (-ROUNDING, Decimal(0), ROUNDING)


def meets(condition: Traced, values: Values, shift: Decimal = Decimal(0)) -> bool:
    """Whether the condition would hold with other values of its attribute, and of those that it is compared with."""
    operator = condition.by
    actual = values.get(condition.attribute, condition.actual)
    if operator.missing_value == "tested":
        return bool(operator.holds(actual is not None))
    if operator.missing_value == "never":
        return bool(operator.holds(actual == "member"))
    others = list(_compared_values(condition, values, shift))
    has_gap = actual is None or any(
        other is None and reference.startswith("attr:")
        for other, reference in zip(others, condition.references, strict=True)
    )
    if has_gap and condition.if_missing == "true":
        return True
    if actual is None:
        return False
    if operator.takes == "none":
        return bool(operator.holds(actual == "true"))
    own = value_of(actual, condition.data_type)
    if is_double(condition.data_type) and condition.attribute not in values and isinstance(own, Decimal):
        own += shift
    return own is not None and bool(operator.holds(own, others))


def can_become(condition: Traced, target: str | None) -> bool:
    """Whether the attribute of a condition could have this value one day, given what it is now."""
    actual, changes = condition.actual, condition.changes
    if target in (actual, KNOWN):
        return True
    if actual is not None and (changes == "never" or (target is None and changes != "any")):
        return False
    value, now = (value_of(text or "", condition.data_type) for text in (target, actual))
    if isinstance(value, Decimal):
        if condition.lowest is not None and value < condition.lowest:
            return False
        if condition.highest is not None and value > condition.highest:
            return False
        if changes == "restart":
            return value >= 0
    if changes not in ("up", "never"):
        return True
    if isinstance(value, date):
        # What happens from now on happens today or later.
        return condition.day is None or value >= condition.day
    if isinstance(value, Decimal) and isinstance(now, Decimal):
        return value >= now
    if "set" in condition.by.value_types and actual and target is not None:
        return set(actual.split("|")) <= set(target.split("|"))
    return True


def _compared_values(condition: Traced, values: Values, shift: Decimal) -> Iterator[object]:
    """The values that the customer's value is compared with; None for a missing one."""
    if not any(condition.references):
        yield from condition.item_values
        return
    for value, reference, is_rounded in zip(
        condition.item_values, condition.references, condition.is_rounded, strict=True
    ):
        other = reference.removeprefix("attr:")
        if reference.startswith("attr:") and other in values:
            text = values[other]
            yield None if text is None else value_of(text, condition.data_type)
        else:
            yield value + shift if is_rounded and isinstance(value, Decimal) else value


def value_of(text: str, data_type: str) -> date | Decimal | str | None:
    """A text as a value of an attribute of this type; None where it is no such value."""
    if data_type == "date":
        try:
            return date.fromisoformat(text.strip()[:10])
        except ValueError:
            return None
    if is_number(data_type):
        try:
            return Decimal(text.strip())
        except InvalidOperation:
            return None
    return text


def is_number(data_type: str) -> bool:
    return data_type.startswith(
        ("bigint", "int", "smallint", "tinyint", "hugeint", "decimal", "double", "float", "real")
    )


def is_double(data_type: str) -> bool:
    """Whether a trace shows its values rounded."""
    return data_type.startswith(("double", "float", "real"))


def shown(text: str | None, data_type: str) -> str:
    """A value as shown to people: thousands separated, no trailing zeros."""
    if text is None or text == MISSING:
        return "none"
    if not is_number(data_type):
        return text
    try:
        number = Decimal(text)
    except InvalidOperation:
        return text
    plain = f"{number:,f}"
    return plain.rstrip("0").rstrip(".") if "." in plain and not data_type.startswith("decimal") else plain
