"""Conditions of a rule as they stand for one customer, and what they and the whole rule say of other values."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal, InvalidOperation

MISSING = "missing"
LISTS = ("between", "in", "not_in", "has_any", "has_all", "has_none")


@dataclass(frozen=True)
class Traced:
    """A condition of a rule as it stands for one customer. Values are text; `actual` is None where there is none.

    `kind`: scope, include or exclude. `data_type`: that of the attribute. `can_change`: False for what no customer can
    change, such as an attribute whose source is off.
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

    @property
    def items(self) -> list[str]:
        if self.operator not in LISTS:
            return [self.expected]
        return [item.strip() for item in self.expected.split("|")]


def is_member(conditions: Sequence[Traced], values: Mapping[str, str | None] | None = None) -> bool:
    """Whether the rule takes the customer in; with other `values` of some attributes, whether it would."""
    alternatives: dict[tuple[str, str], bool] = {}
    for condition in conditions:
        met = condition.is_met
        if values is not None and condition.attribute in values:
            met = meets(condition, values[condition.attribute])
        key = (condition.kind, condition.alternative)
        alternatives[key] = alternatives.get(key, True) and met
    return (
        all(met for (kind, _), met in alternatives.items() if kind == "scope")
        and any(met for (kind, _), met in alternatives.items() if kind == "include")
        and not any(met for (kind, _), met in alternatives.items() if kind == "exclude")
    )


def meets(condition: Traced, actual: str | None) -> bool:
    """Whether the condition would hold with another value of its attribute."""
    operator = condition.operator
    if operator in ("is_null", "is_not_null"):
        return (actual is None) == (operator == "is_null")
    if actual is None or MISSING in condition.items:
        return condition.if_missing == "true"
    if operator in ("is_true", "is_false"):
        return actual == ("true" if operator == "is_true" else "false")
    if operator in ("is_member", "is_not_member"):
        return (actual == "member") == (operator == "is_member")
    if operator in ("has_any", "has_all", "has_none"):
        held = [item in actual.split("|") for item in condition.items]
        return {"has_any": any(held), "has_all": all(held), "has_none": not any(held)}[operator]
    if operator in ("contains", "not_contains"):
        return (condition.expected in actual) == (operator == "contains")
    if operator in ("starts_with", "ends_with"):
        return (actual.startswith if operator == "starts_with" else actual.endswith)(condition.expected)
    return compares(operator, value_of(actual, condition), [value_of(item, condition) for item in condition.items])


def compares(operator: str, actual: object, items: list[object]) -> bool:
    """Whether a value stands to those of a condition as its operator says; of different types none is the smaller."""
    if operator in ("=", "in"):
        return actual in items
    if operator in ("!=", "not_in"):
        return actual not in items
    if any(not isinstance(item, type(actual)) for item in items):
        return False
    if isinstance(actual, Decimal | date):
        low, high = items[0], items[-1]
        verdicts = {
            ">": actual > low,  # type: ignore[operator]
            ">=": actual >= low,  # type: ignore[operator]
            "<": actual < low,  # type: ignore[operator]
            "<=": actual <= low,  # type: ignore[operator]
            "between": low <= actual <= high,  # type: ignore[operator]
        }
        return bool(verdicts[operator])
    return False


def value_of(text: str, condition: Traced) -> object:
    """A text as a value of the condition's attribute: a day, a number, or the text where it is neither."""
    if condition.data_type == "date":
        try:
            return date.fromisoformat(text.strip()[:10])
        except ValueError:
            return text
    if is_number(condition.data_type):
        try:
            return Decimal(text.strip())
        except InvalidOperation:
            return text
    return text.strip()


def is_number(data_type: str) -> bool:
    return data_type.startswith(
        ("bigint", "int", "smallint", "tinyint", "hugeint", "decimal", "double", "float", "real")
    )


def shown(text: str | None, data_type: str) -> str:
    """A value for people: thousands separated, no needless zeros."""
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
