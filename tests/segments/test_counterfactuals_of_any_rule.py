"""Counterfactuals of random customers for random rules with every operator: they turn the verdict, or nothing does.

The traces come from the warehouse; plain Python decides whether a change turns the verdict, and whether there is one.
"""

from __future__ import annotations

import math
import random
from collections import Counter, defaultdict
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, timedelta
from decimal import Decimal
from itertools import chain, combinations, product
from typing import Any

import pytest
import yaml

from scripts.platform.warehouse import open_warehouse
from scripts.platform.workspace import PROJECT
from scripts.segments.counterfactuals import KNOWN, Change, Traced, counterfactuals, is_member
from scripts.segments.explain.reading import explained_rows
from tests.segments.test_rule_language import ABSENT, KINDS, TEXTS, TYPES, people, random_rules
from tests.support.rule_evaluator import OPERATORS, Evaluator, attributes, cleaned, is_met, items
from tests.support.rules_workspace import DAY, MATCHES, WINDOWS, Row, Rule, build, make_workspace, put_rules, shown

CUSTOMERS = 40
RULES = 120
# How far a value may differ from the four decimals that a trace shows.
ROUNDING = 0.00005
FEATURES = yaml.safe_load((PROJECT / "models/customers/_customer_features.yml").read_text(encoding="utf-8"))
# How values can move; windows count events.
META = {column["name"]: column.get("config", {}).get("meta", {}) for column in FEATURES["models"][0]["columns"]} | {
    window["attribute_name"]: {"lowest": 0} for window in WINDOWS
}


@dataclass
class Workspace:
    """Random rules over random customers, and how each rule evaluates for each of them."""

    evaluator: Evaluator
    customers: list[Row]
    traces: dict[tuple[str, str], list[Traced]]


@pytest.fixture(scope="module")
def workspace(tmp_path_factory: pytest.TempPathFactory) -> Workspace:
    chance = random.Random(23)
    customers, rules = people(chance, CUSTOMERS), random_rules(chance, RULES)
    made = make_workspace(tmp_path_factory.mktemp("changes"), customers, TYPES)
    put_rules(made, rules)
    build(made, [*MATCHES, "attribute_catalogue", "int_segment_rule_items", "int_segment_traces"])
    evaluator = Evaluator(rules, customers, KINDS, ABSENT)
    evaluator.memberships()
    traces = defaultdict(list)
    with open_warehouse(made.warehouse, read_only=True) as connection:
        for customer in (cells["customer_id"] for cells in customers):
            for key, condition in explained_rows(connection, customer):
                traces[key, customer].append(condition)
    return Workspace(evaluator, customers, dict(traces))


@pytest.mark.parametrize("count", [250, pytest.param(2000, marks=pytest.mark.verify)])
def test_counterfactuals_turn_the_verdict_or_nothing_does(workspace: Workspace, count: int) -> None:
    counts = Counter[str]()
    tried = set()
    by_id = {customer["customer_id"]: customer for customer in workspace.customers}
    for key, customer_id in pairs(workspace, count):
        rule, customer = workspace.evaluator.rules[key], by_id[customer_id]
        conditions = workspace.traces[key, customer_id]
        before = workspace.evaluator.holds(rule, customer)
        assert is_member(conditions) == before
        said = f"{customer_id}: {customer}\n{shown(rule)}"
        changes = counterfactuals(conditions)
        for change in changes:
            after = workspace.evaluator.holds(rule, changed(customer, change))
            for step in change.steps:
                now, then = customer.get(step.attribute), typed(step.attribute, step.target)
                assert step.target == KNOWN or may_move(step.attribute, now, then), f"{step}\n{said}"
                counts[META.get(step.attribute, {}).get("changes", "any")] += 1
            assert after != before and change.becomes == ("in" if after else "out"), f"{change}\n{said}"
        if changes:
            (steps,) = {len(change.steps) for change in changes}
            fewer = exhaustive(workspace.evaluator, rule, customer, before, most=min(steps - 1, 2))
            assert fewer is None, f"{fewer} value(s) would do: {changes}\n{said}"
            counts[f"{steps} value(s)"] += 1
        else:
            fewest = exhaustive(workspace.evaluator, rule, customer, before, most=99)
            assert fewest is None, f"nothing was proposed, but {fewest} value(s) would do\n{said}"
            counts["none"] += 1
        tried |= {cells["operator"].lower() for cells in rule.rows}
    print(dict(counts))
    assert sum(counts[found] for found in counts if found.endswith("value(s)") or found == "none") == count
    assert counts["up"] > 0 and counts["restart"] > 0
    assert counts["1 value(s)"] > count // 3 and counts["2 value(s)"] > count // 50 and counts["none"] > 0
    assert tried == set(OPERATORS)


def test_staff_stay_out_of_a_segment_of_people(workspace: Workspace) -> None:
    by_id = {customer["customer_id"]: customer for customer in workspace.customers}
    found = 0
    for (key, customer_id), conditions in workspace.traces.items():
        if workspace.evaluator.rules[key].scope == "people" and by_id[customer_id]["customer_type"] == "staff":
            assert counterfactuals(conditions) == []
            found += 1
    assert found > 100


def pairs(workspace: Workspace, count: int) -> list[tuple[str, str]]:
    """Pairs of a rule that can be computed and a customer in its scope."""
    person = {customer["customer_id"] for customer in workspace.customers if customer["customer_type"] == "person"}
    found = [
        (key, customer)
        for key, customer in sorted(workspace.traces)
        if workspace.evaluator.members[key] is not None
        and (customer in person or workspace.evaluator.rules[key].scope.strip().lower() == "all")
    ]
    return random.Random(29).sample(found, count)


def changed(customer: Row, change: Change) -> Row:
    return customer | {step.attribute: typed(step.attribute, step.target) for step in change.steps}


def typed(attribute: str, text: str | None) -> Any:
    """A value as the warehouse would hold it."""
    if text is None:
        return None
    if attribute.startswith("segment:"):
        return text == "member"
    data_type = TYPES[attribute]
    if text == KNOWN:
        text = {"date": "2026-01-01", "boolean": "true"}.get(data_type, "1")
    if data_type == "date":
        return date.fromisoformat(text)
    if data_type == "boolean":
        return {"true": True, "false": False}[text]
    if data_type == "varchar":
        return text
    number = Decimal(text)
    if data_type == "double":
        return float(number)
    scale = 2 if data_type.startswith("decimal") else 0
    assert number == round(number, scale), f"{attribute} cannot be {text}"
    return number if scale else int(number)


def may_move(name: str, now: Any, then: Any) -> bool:
    """Whether a customer's value can become another one, by what the attribute declares."""
    meta = META.get(name, {})
    changes = meta.get("changes", "any")
    if then is None or now is None:
        possible = now is None or changes == "any"
    elif changes == "never":
        possible = False
    elif changes == "up" and meta.get("value_type") == "set":
        possible = not (set(now.split("|")) - {""}) - set(then.split("|"))
    elif changes == "up" and not isinstance(then, date):
        possible = then >= now
    else:
        possible = True
    if changes in ("up", "never") and isinstance(then, date):
        possible = possible and then >= DAY
    if isinstance(then, int | float | Decimal) and not isinstance(then, bool):
        lowest, highest = meta.get("lowest", -math.inf), meta.get("highest", math.inf)
        possible = possible and max(lowest, 0 if changes == "restart" else lowest) <= then <= highest
    return possible


# ---- all that could be tried ----


def exhaustive(evaluator: Evaluator, rule: Rule, customer: Row, before: bool, most: int) -> int | None:
    """The fewest values that have to change for the verdict to turn; None where no change of up to `most` does it.

    Attributes that conditions compare with one another are tried together. Of every such group only the verdicts of
    its conditions matter, so that all combinations of groups can be tried.
    """
    conditions = [cleaned(cells) for cells in rule.rows]
    verdicts: list[dict[tuple[bool, ...], int]] = []
    places: list[list[int]] = []
    for group in groups(evaluator, conditions):
        mine = [place for place, one in enumerate(conditions) if one["attribute"] in group]
        ways: dict[tuple[bool, ...], int] = {}
        for values in product(*(reachable(evaluator, conditions, group, name, customer) for name in group)):
            other = customer | {name: value for name, value in zip(group, values, strict=True) if value is not SAME}
            met = tuple(is_met(conditions[place], other, evaluator, DAY) for place in mine)
            cost = sum(value is not SAME for value in values)
            ways[met] = min(cost, ways.get(met, cost))
        verdicts.append(ways)
        places.append(mine)
    fixed = [_fixed(evaluator, one, customer) for one in conditions]

    def tried(number: int, met: list[bool], left: int) -> Iterator[int]:
        """What is left of `most` for each choice that turns the verdict."""
        if number == len(verdicts):
            if takes_in(conditions, met) != before:
                yield left
            return
        for found, cost in verdicts[number].items():
            if cost <= left:
                other = list(met)
                for place, verdict in zip(places[number], found, strict=True):
                    other[place] = verdict
                yield from tried(number + 1, other, left - cost)

    left = max(tried(0, fixed, most), default=None)
    return None if left is None else most - left


# The customer's own value.
SAME = object()


def _fixed(evaluator: Evaluator, condition: Row, customer: Row) -> bool:
    if not evaluator.absent.isdisjoint(attributes(condition)):
        return bool(condition["if_missing"] == "true")
    return is_met(condition, customer, evaluator, DAY)


def takes_in(conditions: list[Row], met: list[bool]) -> bool:
    sides: dict[str, dict[str, bool]] = {"include": {}, "exclude": {}}
    for one, verdict in zip(conditions, met, strict=True):
        side = sides[one["kind"]]
        side[one["alternative"]] = side.get(one["alternative"], True) and verdict
    return any(sides["include"].values()) and not any(sides["exclude"].values())


def groups(evaluator: Evaluator, conditions: list[Row]) -> list[list[str]]:
    """The attributes that could change, grouped where they are compared with one another."""
    own = {
        one["attribute"]
        for one in conditions
        if all(evaluator.absent.isdisjoint(attributes(other)) for other in conditions
               if other["attribute"] == one["attribute"])
    }  # fmt: skip
    found = [{name} for name in sorted(own)]
    for one in conditions:
        together = set(attributes(one)) & own
        touched = [group for group in found if group & together]
        if len(touched) > 1:
            found = [group for group in found if group not in touched] + [set().union(*touched)]
    return [sorted(group) for group in found]


def reachable(evaluator: Evaluator, conditions: list[Row], group: list[str], name: str, customer: Row) -> Iterator[Any]:
    """The values of its domain that an attribute of the customer can take."""
    for value in domain(evaluator, conditions, group, name, customer):
        if value is SAME or may_move(name, customer.get(name), value):
            yield value


def domain(evaluator: Evaluator, conditions: list[Row], group: list[str], name: str, customer: Row) -> Iterator[Any]:
    """Values that represent all that an attribute could have. It is missing only where a condition tests for that."""
    mine = [one for one in conditions if one["attribute"] == name]
    yield SAME
    if any(OPERATORS[one["operator"]]["missing_value"] == "tested" for one in mine):
        yield None
    kind = "segment" if name.startswith("segment:") else KINDS[name]
    texts = [item for one in conditions if one["attribute"] in group for item in items(one)]
    if kind in ("segment", "boolean"):
        yield from (True, False)
    elif kind == "set":
        named = sorted(set(texts))
        kept = sorted(set((customer[name] or "").split("|")) - set(named) - {""})
        for some in chain.from_iterable(combinations(named, count) for count in range(len(named) + 1)):
            yield "|".join([*kept, *some])
    elif kind == "text":
        parts = sorted({item for item in texts if not item.startswith("attr:")})
        yield from (*TEXTS, "", "§", *parts, *(one + "§" + other for one in parts for other in parts))
        yield from (one + "§" for one in parts)
        yield from ("§" + one for one in parts)
        yield from (customer[other] for other in group if customer.get(other) is not None)
    else:
        linked = [one for one in conditions if one["attribute"] in group]
        points = [point for one in linked for point in _points(evaluator, one, customer)]
        points += [customer[other] for other in group if customer.get(other) is not None]
        if KINDS[name] == "date":
            points.append(DAY)
        else:
            points += [Decimal(str(META[name][end])) for end in ("lowest", "highest") if end in META.get(name, {})]
        yield from _beside(evaluator, conditions, name, points, len(group), customer)


def _points(evaluator: Evaluator, condition: Row, customer: Row) -> Iterator[Any]:
    """The values that a condition on a number or day compares with, where known."""
    for item in items(condition):
        if item.startswith("attr:"):
            found = customer.get(item[5:])
        elif item.startswith("pct:"):
            found = evaluator.percentile(condition["attribute"], item[4:].strip())
        elif item.endswith("d"):
            found = DAY + timedelta(days=int(item[:-1]))
        else:
            found = date.fromisoformat(item) if KINDS[condition["attribute"]] == "date" else Decimal(item)
        if found is not None:
            yield found


def _beside(
    evaluator: Evaluator, conditions: list[Row], name: str, points: list[Any], reach: int, customer: Row
) -> Iterator[Any]:
    """The points and their neighbours, without those that a trace cannot distinguish from an equal value."""
    if KINDS[name] == "date":
        yield from {point + timedelta(days=days) for point in points for days in range(-reach, reach + 1)}
        yield from (date(1990, 1, 1), date(2090, 1, 1))
        return
    scale = {"double": 4, "decimal(18,2)": 2}.get(TYPES[name], 0)
    step = Decimal(1).scaleb(-scale)
    beside = [step * count for count in range(-reach - 1, reach + 2)]
    numbers = {round(Decimal(str(point)), scale) + more for point in points for more in beside}
    numbers = {number for number in numbers if not _may_equal(evaluator, conditions, name, number, customer)}
    for number in (*numbers, Decimal(-1_000_000), Decimal(1_000_000)):
        yield float(number) if scale == 4 else number if scale else int(number)


def _may_equal(evaluator: Evaluator, conditions: list[Row], name: str, number: Decimal, customer: Row) -> bool:
    """Whether a condition compares a value with one that a trace shows rounded, and the two may be equal."""
    rounded = [customer.get(one["attribute"]) for one in conditions if name in attributes(one)[1:]]
    for one in conditions:
        if one["attribute"] == name:
            rounded += [customer.get(item[5:]) for item in items(one) if item.startswith("attr:")]
            rounded += [evaluator.percentile(name, item[4:].strip()) for item in items(one) if item.startswith("pct:")]
    return any(isinstance(other, float) and abs(float(number) - other) < ROUNDING for other in rounded)
