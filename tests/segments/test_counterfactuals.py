"""The nearest counterfactual of a customer turns the verdict when it happens, and no smaller one does."""

from __future__ import annotations

import random
from datetime import date
from decimal import Decimal
from typing import Any

import pytest

from scripts.platform.workspace import BUSINESS_SEEDS
from scripts.segments.counterfactuals import KNOWN, Change, Traced, counterfactuals, is_member
from tests.support import rule_evaluator
from tests.support.fabricated_warehouse import DAY, feature_types, plain_customer
from tests.support.rule_evaluator import OPERATORS, Base, Row, rule_rows

TYPES = feature_types()
CUSTOMERS = 40


class FixedBase(Base):
    """Percentiles that do not depend on the customers."""

    def __init__(self) -> None:
        super().__init__([])

    def percentile(self, attribute: str, number: str) -> float:
        part = float(number)
        return {"double": 0.004 * part, "bigint": part // 10}.get(TYPES[attribute], 20.0 * part)


BASE = FixedBase()


def trace(rule: list[Row], scope: str, customer: dict[str, Any]) -> list[Traced]:
    """The trace that the warehouse would give of the customer, from the plain evaluator."""
    rows = []
    if scope != "all":
        met = customer["customer_type"] == "person"
        rows.append(
            Traced(
                "scope", "", 0, "customer_type", "=", "", "", customer["customer_type"], "person", None, met, "varchar"
            )
        )
    for number, row in enumerate(rule, start=1):
        value = row["value"]
        if value.startswith("pct:"):
            value = str(BASE.percentile(row["attribute"], value[4:]))
        actual = customer.get(row["attribute"])
        text = None if actual is None else str(actual).lower() if isinstance(actual, bool) else str(actual)
        rows.append(
            Traced(
                row["kind"],
                row["alternative"],
                number,
                row["attribute"],
                row["operator"],
                row["if_missing"],
                "",
                text,
                OPERATORS[row["operator"]]["expected"] or value,
                None,
                rule_evaluator.is_met(row, customer, BASE, DAY),
                TYPES[row["attribute"]],
                value=row["value"],
            )
        )
    return rows


def changed(customer: dict[str, Any], change: Change) -> dict[str, Any]:
    """The customer after the change."""
    values: dict[str, Any] = {}
    for step in change.steps:
        data_type = TYPES[step.attribute]
        if step.target is None:
            values[step.attribute] = None
        elif data_type == "boolean":
            values[step.attribute] = step.target == "true"
        elif data_type == "varchar":
            values[step.attribute] = step.target
        else:
            values[step.attribute] = 1 if step.target == KNOWN else Decimal(step.target)
    return customer | values


def somebody(rule: list[Row], pick: random.Random) -> dict[str, Any]:
    """A customer whose values are at, next to or far from the thresholds of a rule, or missing."""
    customer: dict[str, Any] = plain_customer()
    for row in rule:
        data_type = TYPES[row["attribute"]]
        if data_type == "boolean":
            value: Any = pick.random() < 0.5
        elif data_type == "varchar":
            value = pick.choice(["Home", None])
        else:
            items = [item for item in row["value"].split("|") if item]
            numbers = [BASE.percentile(row["attribute"], i[4:]) if "pct" in i else float(i) for i in items]
            value = Decimal(str(pick.choice(numbers or [5.0]))) + pick.choice([0, 0, 1, -1, 40, -3])
            if data_type == "bigint":
                value = int(value)
            if pick.random() < 0.1 and "count" not in row["attribute"]:
                value = None
        customer[row["attribute"]] = value
    if pick.random() < 0.05:
        customer["customer_type"] = "staff"
    return customer


@pytest.mark.parametrize("key", sorted(rule_rows(BUSINESS_SEEDS)))
def test_applying_the_nearest_change_turns_the_verdict_of_the_rule(key: str) -> None:
    rule = rule_rows(BUSINESS_SEEDS)[key]
    scope = "all" if key.startswith("suppression") else "people"
    pick = random.Random(key)
    for _ in range(CUSTOMERS):
        customer = somebody(rule, pick)
        before = rule_evaluator.is_member(rule, scope, customer, BASE, DAY)
        conditions = trace(rule, scope, customer)
        assert is_member(conditions) == before
        changes = counterfactuals(conditions)
        assert changes or customer["customer_type"] != "person", customer
        for change in changes:
            assert change.becomes == ("out" if before else "in")
            after = rule_evaluator.is_member(rule, scope, changed(customer, change), BASE, DAY)
            assert after != before, (customer, change)
            # No single step does it alone: every step is needed.
            for step in change.steps if len(change.steps) > 1 else ():
                alone = changed(customer, Change(change.becomes, (step,)))
                assert rule_evaluator.is_member(rule, scope, alone, BASE, DAY) == before, (customer, change)


def numeric(
    kind: str, attribute: str, operator: str, expected: str, actual: str | None, met: bool, **more: Any
) -> Traced:
    parts = {"alternative": "1", "if_missing": "", "text": "", "note": None, "data_type": "bigint"} | more
    return Traced(kind=kind, number=1, attribute=attribute, operator=operator, expected=expected, actual=actual,
                  is_met=met, **parts)  # fmt: skip


def test_a_change_that_happens_by_itself_states_in_how_many_days() -> None:
    (change,) = counterfactuals([numeric("include", "days_since_last_order", ">=", "120", "118", False)])
    assert (change.becomes, change.days, change.steps[0].words) == ("in", 2, "from 120 on")


def test_days_are_not_stated_where_another_condition_fails_before() -> None:
    rule = [
        numeric("include", "days_since_last_order", ">=", "120", "118", False),
        numeric("include", "days_since_last_visit", "<", "30", "29", True),
    ]
    (change,) = counterfactuals(rule)
    assert change.steps[0].target == "120" and change.days is None


def test_for_members_what_happens_by_itself_comes_first() -> None:
    rule = [
        numeric("include", "order_count", "=", "1", "1", True),
        numeric("include", "days_since_first_order", "between", "31|120", "100", True),
    ]
    first, second = counterfactuals(rule)
    assert (first.becomes, first.days, first.steps[0].words) == ("out", 21, "above 120")
    assert second.steps[0].attribute == "order_count"


def test_a_member_by_two_alternatives_must_lose_both() -> None:
    rule = [
        numeric("include", "visit_count", ">=", "3", "4", True),
        numeric("include", "order_count", ">=", "2", "9", True, alternative="2"),
    ]
    changes = counterfactuals(rule)
    assert [{step.attribute: step.target for step in change.steps} for change in changes] == [
        {"visit_count": "2", "order_count": "1"}
    ]


def test_dates_and_decimals_move_by_their_own_step() -> None:
    (change,) = counterfactuals(
        [numeric("include", "last_order_date", ">", "2026-05-31", "2026-05-01", False, data_type="date")]
    )
    assert change.steps[0].target == date(2026, 6, 1).isoformat()
    (change,) = counterfactuals(
        [numeric("include", "net_revenue", ">", "2000", "12", False, data_type="decimal(18,2)")]
    )
    assert (change.steps[0].target, change.steps[0].words) == ("2000.01", "above 2,000")


def test_staff_have_no_counterfactual() -> None:
    assert (
        counterfactuals([numeric("scope", "customer_type", "=", "person", "staff", False, data_type="varchar")]) == []
    )


DAYS = {"attribute": "days_since_last_order", "actual": "10"}


@pytest.mark.parametrize(
    ("condition", "expected"),
    [
        # Orders cannot be undone, but more can be placed.
        ({"attribute": "order_count", "actual": "3", "operator": "<", "value": "2", "changes": "up"}, None),
        ({"attribute": "order_count", "actual": "3", "operator": ">", "value": "3", "changes": "up"}, "4"),
        # A last order is today or later: never in the past, however recent.
        ({"attribute": "last_order_date", "actual": "2026-05-01", "operator": "between", "data_type": "date",
          "value": "2026-06-01|2026-06-08", "changes": "up"}, None),
        ({"attribute": "last_order_date", "actual": "2026-05-01", "operator": ">", "data_type": "date",
          "value": "2026-06-01", "changes": "up"}, "2026-06-10"),
        # What happened once keeps its date; for somebody without one, it can still happen.
        ({"attribute": "first_order_date", "actual": "2024-01-01", "operator": ">", "data_type": "date",
          "value": "2026-06-20", "changes": "never"}, None),
        ({"attribute": "first_order_date", "actual": None, "operator": ">=", "data_type": "date",
          "value": "2026-06-10", "changes": "never"}, "2026-06-10"),
        ({"attribute": "first_order_date", "actual": None, "operator": "<", "data_type": "date",
          "value": "2026-06-10", "changes": "never"}, None),
        # Days start again at 0, and do not become missing.
        (DAYS | {"operator": "<", "value": "1", "changes": "restart"}, "0"),
        (DAYS | {"operator": "<", "value": "0", "changes": "restart"}, None),
        (DAYS | {"operator": "is_null", "value": "", "changes": "restart"}, None),
        # Nothing lies beyond the ends of a scale.
        ({"attribute": "r_score", "actual": "4", "operator": ">", "value": "5", "highest": Decimal(5)}, None),
        ({"attribute": "r_score", "actual": "4", "operator": ">=", "value": "5", "highest": Decimal(5)}, "5"),
        # A set of what was bought only grows.
        ({"attribute": "bought_categories", "actual": "Coffee|Tea", "operator": "has_none", "value": "Tea",
          "data_type": "varchar", "changes": "up"}, None),
        ({"attribute": "bought_categories", "actual": "Tea", "operator": "has_all", "value": "Coffee|Tea",
          "data_type": "varchar", "changes": "up"}, "Coffee|Tea"),
    ],
)  # fmt: skip
def test_no_change_is_proposed_that_nobody_can_make(condition: dict[str, Any], expected: str | None) -> None:
    cells = {"kind": "include", "met": False, "expected": condition["value"], "day": date(2026, 6, 10)} | condition
    found = counterfactuals([numeric(**cells)])
    assert [step.target for change in found for step in change.steps] == ([] if expected is None else [expected])
