"""The meaning of segment rules, said a second time in plain Python: what the models find is held against this."""

from __future__ import annotations

import csv
import math
from collections.abc import Mapping, Sequence
from datetime import date, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

Row = dict[str, str]
Customer = Mapping[str, Any]


def rule_rows(seeds: Path) -> dict[str, list[Row]]:
    """The conditions of every segment, in the order of the seed."""
    rules: dict[str, list[Row]] = {}
    with (seeds / "segment_rule_conditions.csv").open(newline="", encoding="utf-8") as lines:
        for row in csv.DictReader(lines):
            rules.setdefault(row["segment_key"], []).append(row)
    return rules


def percentile(values: Sequence[float], share: float) -> float:
    """The value below which `share` of the values lie, between two of them where need be."""
    ordered = sorted(values)
    place = share * (len(ordered) - 1)
    low, high = math.floor(place), math.ceil(place)
    return ordered[low] + (ordered[high] - ordered[low]) * (place - low)


class Base:
    """The buyers that percentiles are of.

    `known`: percentiles that need not be worked out, by attribute and by number as a rule writes it.
    """

    def __init__(self, customers: Sequence[Customer], known: dict[tuple[str, str], float] | None = None) -> None:
        self.buyers = [customer for customer in customers if (customer["order_count"] or 0) >= 1]
        self.known = dict(known or {})

    def percentile(self, attribute: str, number: str) -> float:
        if (attribute, number) not in self.known:
            values = [float(buyer[attribute]) for buyer in self.buyers if buyer.get(attribute) is not None]
            self.known[attribute, number] = percentile(values, float(number) / 100)
        return self.known[attribute, number]


def wanted(condition: Row, item: str, customer: Customer, base: Base, day: date, actual: Any) -> Any:
    """One value of a condition, as something that the actual one can be compared with; None when it is missing."""
    item = item.strip()
    if item.startswith("attr:"):
        return customer.get(item[5:])
    if item.startswith("pct:"):
        return base.percentile(condition["attribute"], item[4:])
    if isinstance(actual, date):
        return day + timedelta(days=int(item[:-1])) if item.endswith("d") else date.fromisoformat(item)
    return item if isinstance(actual, str) else Decimal(item)


def is_met(condition: Row, customer: Customer, base: Base, day: date) -> bool:
    """Whether a customer meets one condition; a missing value meets it only where the rule says so."""
    actual = customer.get(condition["attribute"])
    operator = condition["operator"].strip().lower()
    if operator in ("is_null", "is_not_null"):
        return (actual is None) == (operator == "is_null")
    if_missing = condition["if_missing"].strip().lower() == "true"
    if actual is None:
        return if_missing
    if operator in ("is_true", "is_false"):
        return bool(actual) == (operator == "is_true")
    if not isinstance(actual, str | date):
        actual = Decimal(str(actual))
    parts = condition["value"].split("|") if operator in ("between", "in", "not_in") else [condition["value"]]
    items = [wanted(condition, part, customer, base, day, actual) for part in parts]
    if any(item is None for item in items):
        return if_missing
    if isinstance(actual, Decimal):
        actual, items = float(actual), [float(item) for item in items]
    return bool(
        {
            "=": lambda: actual == items[0],
            "!=": lambda: actual != items[0],
            ">": lambda: actual > items[0],
            ">=": lambda: actual >= items[0],
            "<": lambda: actual < items[0],
            "<=": lambda: actual <= items[0],
            "between": lambda: items[0] <= actual <= items[1],
            "in": lambda: actual in items,
            "not_in": lambda: actual not in items,
            "contains": lambda: items[0] in actual,
            "starts_with": lambda: actual.startswith(items[0]),
        }[operator]()
    )


def is_member(rows: Sequence[Row], scope: str, customer: Customer, base: Base, day: date) -> bool:
    """Whether a rule takes a customer in."""
    if scope != "all" and customer["customer_type"] != "person":
        return False
    alternatives: dict[tuple[str, str], bool] = {}
    for row in rows:
        key = (row["kind"].strip().lower(), row["alternative"].strip())
        alternatives[key] = alternatives.get(key, True) and is_met(row, customer, base, day)
    return any(met for (kind, _), met in alternatives.items() if kind == "include") and not any(
        met for (kind, _), met in alternatives.items() if kind == "exclude"
    )
