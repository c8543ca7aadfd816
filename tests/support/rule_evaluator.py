"""Who is in which segment, worked out in plain Python from the rows and the customers: no SQL, nothing of the product.

It follows the words of the rule language. A condition is met, not met, or open because a value is missing; only a met
one counts.
"""

from __future__ import annotations

import math
from collections.abc import Iterable
from datetime import date, timedelta
from decimal import Decimal
from typing import Any

from tests.support.rules_world import DAY, Row, Rule

DEEPEST = 3
NO_VALUE = ("is_null", "is_not_null", "is_true", "is_false", "is_member", "is_not_member")
LISTS = ("between", "in", "not_in", "has_any", "has_all", "has_none")


class Evaluator:
    """Memberships of all rules over all customers.

    `kinds` says the type of value of each attribute, `absent` which of them cannot be computed.
    """

    def __init__(self, rules: list[Rule], customers: list[Row], kinds: dict[str, str], absent: Iterable[str] = ()):
        self.rules = {rule.key: rule for rule in rules}
        self.customers = customers
        self.kinds = kinds
        self.absent = set(absent)
        self.members: dict[str, set[str] | None] = {}

    def memberships(self) -> set[tuple[str, str]]:
        """Pairs of segment and customer."""
        for key in self.rules:
            self._members(key, ())
        return {(key, customer) for key, found in self.members.items() for customer in found or ()}

    def depth(self, key: str, above: tuple[str, ...] = ()) -> float:
        if key in above:
            return math.inf
        if key not in self.rules:
            return 0
        return 1 + max(
            (self.depth(other, (*above, key)) for other in references(self.rules[key], self.kinds)), default=0
        )

    def reads(self, key: str, names: set[str], above: tuple[str, ...] = ()) -> bool:
        """Whether a rule, or one that it refers to, reads one of these attributes."""
        rule = self.rules.get(key)
        if rule is None or key in above or self.depth(key) > DEEPEST + 1:
            return False
        own = any(not names.isdisjoint(attributes(cleaned(cells))) for cells in rule.rows)
        others = (self.reads(other, names, (*above, key)) for other in references(rule, self.kinds))
        return own or any(others)

    def _members(self, key: str, above: tuple[str, ...]) -> set[str] | None:
        """The members of a segment; None where it cannot be computed."""
        if key not in self.members:
            self.members[key] = self._evaluate(key, above)
        return self.members[key]

    def _evaluate(self, key: str, above: tuple[str, ...]) -> set[str] | None:
        rule = self.rules.get(key)
        if rule is None or rule.status.strip().lower() != "active" or self.depth(key) > DEEPEST:
            return None
        if any(self._members(other, (*above, key)) is None for other in references(rule, self.kinds)):
            return None
        conditions = [cleaned(cells) for cells in rule.rows]
        if any(self._is_missing(condition) and not condition["if_missing"] for condition in conditions):
            return None
        sides: dict[str, dict[str, list[Row]]] = {"include": {}, "exclude": {}}
        for condition in conditions:
            sides[condition["kind"]].setdefault(condition["alternative"], []).append(condition)
        if not sides["include"]:
            return None

        def holds(customer: Row, side: str) -> bool:
            return any(all(self._met(customer, one) for one in group) for group in sides[side].values())

        return {
            customer["customer_id"]
            for customer in self.customers
            if holds(customer, "include")
            and not holds(customer, "exclude")
            and (rule.scope.strip().lower() == "all" or customer["customer_type"] == "person")
        }

    def _is_missing(self, condition: Row) -> bool:
        return not self.absent.isdisjoint(attributes(condition))

    def _met(self, customer: Row, condition: Row) -> bool:
        if self._is_missing(condition):
            return bool(condition["if_missing"] == "true")
        name, operator = condition["attribute"], condition["operator"]
        if name.startswith("segment:"):
            inside = customer["customer_id"] in (self.members[name[8:]] or set())
            return inside == (operator == "is_member")
        own = customer[name]
        if operator in ("is_null", "is_not_null"):
            return (own is None) == (operator == "is_null")
        if condition["if_missing"] == "true" and any(customer[one] is None for one in attributes(condition)):
            return True
        if own is None:
            return False
        if operator in ("is_true", "is_false"):
            return bool(own) == (operator == "is_true")
        values = [self._value(customer, name, item) for item in items(condition)]
        return compared(own, operator, values)

    def _value(self, customer: Row, name: str, item: str) -> Any:
        kind = self.kinds[name]
        if kind == "set":
            return item
        if item.startswith("attr:"):
            return customer[item[5:]]
        if kind == "number":
            return self._percentile(name, item) if item.startswith("pct:") else Decimal(item)
        if kind == "date":
            return DAY + timedelta(days=int(item[:-1])) if item.endswith("d") else date.fromisoformat(item)
        return item

    def _percentile(self, name: str, item: str) -> float | None:
        share, _, base = item[4:].partition(" of ")
        if base.strip():
            inside = self.members[base.strip()] or set()
            people = [customer for customer in self.customers if customer["customer_id"] in inside]
        else:
            people = [customer for customer in self.customers if customer["order_count"] >= 1]
        values = sorted(float(customer[name]) for customer in people if customer[name] is not None)
        if not values:
            return None
        place = float(share) / 100 * (len(values) - 1)
        below, above = values[math.floor(place)], values[math.ceil(place)]
        return below + (above - below) * (place - math.floor(place))


def compared(own: Any, operator: str, values: list[Any]) -> bool:
    """Whether a known value meets an operator; a missing value on the other side meets nothing, not even "is not"."""
    if operator in ("has_any", "has_all", "has_none"):
        inside = [value in own.split("|") for value in values]
        return {"has_any": any(inside), "has_all": all(inside), "has_none": not any(inside)}[operator]
    if operator == "in":
        return any(value is not None and order(own, value) == 0 for value in values)
    if any(value is None for value in values):
        return False
    if operator == "not_in":
        return all(order(own, value) != 0 for value in values)
    if operator == "between":
        return order(own, values[0]) >= 0 and order(own, values[1]) <= 0
    (value,) = values
    if operator in ("contains", "not_contains"):
        return (value in own) == (operator == "contains")
    if operator == "starts_with":
        return bool(own.startswith(value))
    if operator == "ends_with":
        return bool(own.endswith(value))
    found = order(own, value)
    return {
        "=": found == 0,
        "!=": found != 0,
        ">": found > 0,
        ">=": found >= 0,
        "<": found < 0,
        "<=": found <= 0,
    }[operator]


def order(left: Any, right: Any) -> int:
    """-1, 0 or 1; numbers exactly, unless one of them is a binary fraction."""
    if isinstance(left, float) or isinstance(right, float):
        left, right = float(left), float(right)
    return (left > right) - (left < right)


def cleaned(cells: Row) -> Row:
    """A row without the freedom of spelling that a spreadsheet has."""
    plain = {name: str(cell or "").strip() for name, cell in cells.items()}
    return plain | {name: plain[name].lower() for name in ("kind", "operator", "if_missing")}


def items(condition: Row) -> list[str]:
    if condition["operator"] in NO_VALUE:
        return []
    if condition["operator"] in LISTS:
        return [item.strip() for item in condition["value"].split("|")]
    return [condition["value"]]


def attributes(condition: Row) -> list[str]:
    """What a condition reads of a customer."""
    if condition["attribute"].startswith("segment:"):
        return []
    return [condition["attribute"], *(item[5:] for item in items(condition) if item.startswith("attr:"))]


def references(rule: Rule, kinds: dict[str, str]) -> set[str]:
    """The segments that a rule refers to."""
    found = set()
    for condition in map(cleaned, rule.rows):
        if condition["attribute"].startswith("segment:"):
            found.add(condition["attribute"][8:])
        elif kinds.get(condition["attribute"]) == "number":
            found |= {item.partition(" of ")[2].strip() for item in items(condition) if item.startswith("pct:")} - {""}
    return found
