"""An independent implementation of segment rules in plain Python: no SQL, no code of the product.

The seed segment_operators lists the operators and how many values each takes; their meaning is defined here. A test
that adds an operator adds a row to OPERATORS and its meaning to MEANINGS. A condition is met, not met, or unknown
because a value is missing; only a condition that is met counts.
"""

from __future__ import annotations

import csv
import math
from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import date, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

from tests.support.rules_workspace import DAY, Row, Rule
from tests.support.rules_workspace import OPERATORS as SEED

Customer = Mapping[str, Any]
Meaning = Callable[[Any, list[Any]], bool]
DEEPEST = 3


def seed_rows(file: Path) -> list[dict[str, str]]:
    with file.open(newline="", encoding="utf-8-sig") as lines:
        return list(csv.DictReader(lines))


OPERATORS = {row["operator"]: row for row in seed_rows(SEED)}


def rule_rows(seeds: Path) -> dict[str, list[dict[str, str]]]:
    """The conditions of every segment, in the order of the seed."""
    rules: dict[str, list[dict[str, str]]] = {}
    for row in seed_rows(seeds / "segment_rule_conditions.csv"):
        rules.setdefault(row["segment_key"], []).append(row)
    return rules


# ---- operators ----


def order(left: Any, right: Any) -> int:
    """-1, 0 or 1; numbers exactly, unless one of them is a binary fraction."""
    if isinstance(left, float) or isinstance(right, float):
        left, right = float(left), float(right)
    return (left > right) - (left < right)


def every(meaning: Meaning) -> Meaning:
    """An operator that needs all values of the rule; if one is missing, it is not met, not even "is not"."""
    return lambda own, values: None not in values and meaning(own, values)


# Functions of the customer's value and the values of the rule; for another segment, the value is the membership.
MEANINGS: dict[str, Meaning] = {
    "=": every(lambda own, values: order(own, values[0]) == 0),
    "!=": every(lambda own, values: order(own, values[0]) != 0),
    ">": every(lambda own, values: order(own, values[0]) > 0),
    ">=": every(lambda own, values: order(own, values[0]) >= 0),
    "<": every(lambda own, values: order(own, values[0]) < 0),
    "<=": every(lambda own, values: order(own, values[0]) <= 0),
    "between": every(lambda own, values: order(own, values[0]) >= 0 and order(own, values[1]) <= 0),
    "in": lambda own, values: any(order(own, value) == 0 for value in values if value is not None),
    "not_in": every(lambda own, values: all(order(own, value) != 0 for value in values)),
    "contains": every(lambda own, values: values[0] in own),
    "not_contains": every(lambda own, values: values[0] not in own),
    "starts_with": every(lambda own, values: own[: len(values[0])] == values[0]),
    "ends_with": every(lambda own, values: own[len(own) - len(values[0]) :] == values[0]),
    "has_any": lambda own, values: not set(own.split("|")).isdisjoint(values),
    "has_all": lambda own, values: set(own.split("|")) >= set(values),
    "has_none": lambda own, values: set(own.split("|")).isdisjoint(values),
    "is_true": lambda own, values: own is True,
    "is_false": lambda own, values: own is False,
    "is_member": lambda own, values: own is True,
    "is_not_member": lambda own, values: own is False,
    "is_null": lambda own, values: own is None,
    "is_not_null": lambda own, values: own is not None,
}


# ---- conditions ----


def cleaned(cells: Row) -> Row:
    """A row with the spelling variants of spreadsheets removed: spaces and, in some cells, capitals."""
    plain = {name: str(cell or "").strip() for name, cell in cells.items()}
    return plain | {name: plain.get(name, "").lower() for name in ("kind", "operator", "if_missing")}


def items(condition: Row) -> list[str]:
    """The values of a condition."""
    takes = OPERATORS[condition["operator"]]["takes"]
    if takes == "none":
        return []
    return [condition["value"]] if takes == "one" else [item.strip() for item in condition["value"].split("|")]


def attributes(condition: Row) -> list[str]:
    """The attributes of a customer that a condition reads."""
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


def percentile(values: Iterable[Any], share: float) -> float | None:
    """The percentile of the values at `share`, interpolated between two of them if necessary; None without values."""
    ordered = sorted(float(value) for value in values)
    if not ordered:
        return None
    place = share * (len(ordered) - 1)
    below, above = ordered[math.floor(place)], ordered[math.ceil(place)]
    return below + (above - below) * (place - math.floor(place))


class Base:
    """What a condition needs besides the customer: percentiles of the buyers among `customers`, and memberships.

    `known`: percentiles that need not be calculated, by attribute and by the number as written in a rule.
    """

    def __init__(self, customers: Sequence[Customer], known: Mapping[tuple[str, str], float] | None = None) -> None:
        self.buyers = [customer for customer in customers if (customer["order_count"] or 0) >= 1]
        self.known: dict[tuple[str, str], float | None] = dict(known or {})

    def percentile(self, attribute: str, number: str) -> float | None:
        if (attribute, number) not in self.known:
            share = float(number.partition(" of ")[0]) / 100
            found = [one[attribute] for one in self.people(number) if one.get(attribute) is not None]
            self.known[attribute, number] = percentile(found, share)
        return self.known[attribute, number]

    def people(self, number: str) -> Sequence[Customer]:
        """The customers over whom a percentile is calculated."""
        return self.buyers

    def is_in(self, key: str, customer: Customer) -> bool:
        raise NotImplementedError("these rules refer to no other segment")


def is_met(condition: Row, customer: Customer, base: Base, day: date) -> bool:
    """Whether a customer meets one condition; a missing value meets it only where the rule states so."""
    condition = cleaned(condition)
    name, operator = condition["attribute"], condition["operator"]
    meaning, missing = MEANINGS[operator], OPERATORS[operator]["missing_value"]
    if name.startswith("segment:"):
        return meaning(base.is_in(name[8:], customer), [])
    own = customer.get(name)
    if missing == "tested":
        return meaning(own, [])
    if condition["if_missing"] == "true" and any(customer.get(one) is None for one in attributes(condition)):
        return True
    if own is None:
        return False
    return bool(meaning(own, [_wanted(condition, item, customer, base, day, own) for item in items(condition)]))


def _wanted(condition: Row, item: str, customer: Customer, base: Base, day: date, own: Any) -> Any:
    """One value of a condition, in a form that can be compared with the customer's value; None when it is missing."""
    if OPERATORS[condition["operator"]]["value_types"] == "set":
        return item
    if item.startswith("attr:"):
        return customer.get(item[5:])
    if isinstance(own, date):
        return day + timedelta(days=int(item[:-1])) if item.endswith("d") else date.fromisoformat(item)
    if isinstance(own, str):
        return item
    return base.percentile(condition["attribute"], item[4:].strip()) if item.startswith("pct:") else Decimal(item)


def is_member(rows: Iterable[Row], scope: str, customer: Customer, base: Base, day: date) -> bool:
    """Whether a rule includes a customer."""
    if scope.strip().lower() != "all" and customer["customer_type"] != "person":
        return False
    alternatives: dict[tuple[str, str], bool] = {}
    for row in rows:
        key = (row["kind"].strip().lower(), row["alternative"].strip())
        alternatives[key] = alternatives.get(key, True) and is_met(row, customer, base, day)
    return any(met for (kind, _), met in alternatives.items() if kind == "include") and not any(
        met for (kind, _), met in alternatives.items() if kind == "exclude"
    )


# ---- rules ----


class Evaluator(Base):
    """Memberships of all rules over all customers.

    `kinds`: the value type of each attribute; `absent`: the attributes that cannot be computed.
    """

    def __init__(self, rules: list[Rule], customers: list[Row], kinds: dict[str, str], absent: Iterable[str] = ()):
        super().__init__(customers)
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

    def people(self, number: str) -> Sequence[Customer]:
        base = number.partition(" of ")[2].strip()
        if not base:
            return self.buyers
        inside = self.members[base] or set()
        return [customer for customer in self.customers if customer["customer_id"] in inside]

    def is_in(self, key: str, customer: Customer) -> bool:
        """Whether the customer is in a segment; the customer's own `segment:<key>` value takes precedence."""
        if f"segment:{key}" in customer:
            return bool(customer[f"segment:{key}"])
        return customer["customer_id"] in (self.members[key] or set())

    def depth(self, key: str, above: tuple[str, ...] = ()) -> float:
        if key in above:
            return math.inf
        if key not in self.rules:
            return 0
        return 1 + max(
            (self.depth(other, (*above, key)) for other in references(self.rules[key], self.kinds)), default=0
        )

    def reads(self, key: str, names: set[str], above: tuple[str, ...] = ()) -> bool:
        """Whether a rule, or a rule that it refers to, reads one of these attributes."""
        rule = self.rules.get(key)
        if rule is None or key in above or self.depth(key) > DEEPEST + 1:
            return False
        own = any(not names.isdisjoint(attributes(cleaned(cells))) for cells in rule.rows)
        others = (self.reads(other, names, (*above, key)) for other in references(rule, self.kinds))
        return own or any(others)

    def holds(self, rule: Rule, customer: Customer) -> bool:
        """Whether a computable rule includes a customer, given the memberships of all other segments."""
        sides: dict[str, dict[str, bool]] = {"include": {}, "exclude": {}}
        for condition in map(cleaned, rule.rows):
            side, alternative = sides[condition["kind"]], condition["alternative"]
            met = condition["if_missing"] == "true" if self._is_absent(condition) else None
            if met is None:
                met = is_met(condition, customer, self, DAY)
            side[alternative] = side.get(alternative, True) and met
        return (
            any(sides["include"].values())
            and not any(sides["exclude"].values())
            and (rule.scope.strip().lower() == "all" or customer["customer_type"] == "person")
        )

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
        if any(self._is_absent(condition) and not condition["if_missing"] for condition in conditions):
            return None
        if not any(condition["kind"] == "include" for condition in conditions):
            return None
        return {customer["customer_id"] for customer in self.customers if self.holds(rule, customer)}

    def _is_absent(self, condition: Row) -> bool:
        return not self.absent.isdisjoint(attributes(condition))
