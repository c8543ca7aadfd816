"""Every starting segment does what its description says: hand-made customers, one at each threshold, in or out.

The customers are in starting_library.csv, a row each. A `positive` row is a complete person (anything not named is
zero, false or unknown); the rows below it are that person with one thing changed. `-` is a missing value. Percentiles
are exact, because many other buyers have the value of the threshold (OTHER_BUYERS).
"""

from __future__ import annotations

import csv
from decimal import Decimal
from pathlib import Path

import duckdb
import pytest

from scripts.platform.workspace import BUSINESS_SEEDS, Workspace
from tests.support.fabricated_warehouse import (
    DAY,
    change_seed,
    fabricated_workspace,
    feature_types,
    plain_customer,
    run_rules,
)
from tests.support.rule_evaluator import Base, Row, is_member, is_met, rule_rows

TABLE = Path(__file__).with_name("starting_library.csv")
# Segments that sell nothing, and so need not leave out customers with a pending refund or an open complaint.
NOT_SELLING = {
    "suppression",
    "suppression_email",
    "suppression_sms",
    "suppression_ads",
    "suppression_post",
    "suppression_onsite",
    "service_recovery",
    "serial_returners",
    "already_bought",
}
FOR_EVERYBODY = {key for key in NOT_SELLING if key.startswith("suppression")}
# Values of 4,000 other buyers, each from this share of them on. The blocks that contain a percentile are so wide that
# the few hundred customers of the table cannot move it.
OTHER_BUYERS = {
    "lifetime_value_total": [(0.0, 300), (0.4, 800), (0.6, 1200), (0.72, 1800), (0.88, 3000)],
    "churn_propensity": [(0.0, 0.05), (0.15, 0.2), (0.35, 0.5), (0.8, 0.7), (0.97, 0.9)],
    "predicted_margin_12m": [(0.0, 40), (0.8, 120), (0.97, 300)],
    "adoption_propensity": [(0.0, 0.1), (0.8, 0.6), (0.97, 0.9)],
    "contribution_margin_rate": [(0.0, 0.02), (0.15, 0.1), (0.35, 0.4)],
}
OTHERS = 4000
EXACT = {
    ("contribution_margin_rate", "25"): 0.1,
    ("predicted_margin_12m", "90"): 120,
    ("lifetime_value_total", "80"): 1800,
    ("lifetime_value_total", "50"): 800,
    ("churn_propensity", "25"): 0.2,
    ("churn_propensity", "90"): 0.7,
    ("adoption_propensity", "90"): 0.6,
}


class Case:
    """A row of the table with the complete customer that it describes."""

    def __init__(self, number: int, row: Row, customer: dict[str, object]) -> None:
        self.customer_id = f"{number:03d} {row['segment_key']}"
        self.segment_key, self.kind, self.because = row["segment_key"], row["case"], row["because"]
        self.is_in = {"yes": True, "no": False}[row["is_in"]]
        self.customer = customer | {"customer_id": self.customer_id}

    def __str__(self) -> str:
        return f"{TABLE.name}, {self.customer_id} ({self.because})"


def cases() -> list[Case]:
    found: list[Case] = []
    positive: dict[str, object] = {}
    with TABLE.open(newline="", encoding="utf-8") as lines:
        for number, row in enumerate(csv.DictReader(lines), start=2):
            changes = dict(_cell(pair) for pair in row["customer"].split())
            customer = (plain_customer() if row["case"] == "positive" else positive) | changes
            if row["case"] == "positive":
                positive = customer
            found.append(Case(number, row, customer))
    return found


def _cell(pair: str) -> tuple[str, object]:
    name, text = pair.split("=")
    data_type = feature_types()[name]
    if text == "-":
        return name, None
    if data_type == "boolean":
        return name, {"yes": True, "no": False}[text]
    return name, text if data_type == "varchar" else Decimal(text)


def left_out() -> list[Case]:
    """Every positive customer again, with a reason to be left out of segments that sell, or as staff."""
    reasons = {
        "staff": {"customer_type": "staff"},
        "refund": {"has_pending_refund": True},
        "complaint": {"has_open_complaint": True},
    }
    found = []
    for case in cases():
        for name, change in reasons.items() if case.kind == "positive" else ():
            exempt = FOR_EVERYBODY if name == "staff" else NOT_SELLING
            row = {"segment_key": case.segment_key, "case": name, "because": f"{case.because}, but {name}"}
            row["is_in"] = "yes" if case.segment_key in exempt else "no"
            other = Case(0, row, case.customer | change)
            other.customer_id = other.customer["customer_id"] = f"{case.customer_id} {name}"
            found.append(other)
    return found


def others() -> str:
    """Inserts the other buyers."""
    columns = {
        "customer_id": "'other ' || n",
        "as_of_date": f"date '{DAY}'",
        "customer_type": "'person'",
        "order_count": "1",
    }
    for name, steps in OTHER_BUYERS.items():
        whens = " ".join(f"when n >= {int(share * OTHERS)} then {value}" for share, value in reversed(steps))
        columns[name] = f"case {whens} end"
    return (
        f"insert into marts.customer_features ({', '.join(columns)})"
        f" select {', '.join(columns.values())} from range({OTHERS}) as t(n)"
    )


@pytest.fixture(scope="module")
def evaluated(tmp_path_factory: pytest.TempPathFactory) -> Workspace:
    """All customers of the table, evaluated once by the shipped rules, drafts included."""
    customers = [case.customer for case in cases() + left_out()]
    workspace = fabricated_workspace(tmp_path_factory.mktemp("library"), customers, also=[others()])
    change_seed(workspace, "segment_definitions", lambda row: row | {"status": "active"})
    run_rules(workspace)
    return workspace


def rows(workspace: Workspace, query: str) -> list[tuple[object, ...]]:
    with duckdb.connect(str(workspace.warehouse), read_only=True) as connection:
        return connection.execute(query).fetchall()


def test_all_starting_segments_can_be_computed(evaluated: Workspace) -> None:
    states = rows(evaluated, "select library_number, effective_status from intermediate.int_segment_definitions")
    assert {number for number, _ in states} == set(range(1, 29))
    assert {status for _, status in states} == {"active"}
    assert rows(evaluated, "select * from intermediate.int_segment_rule_errors") == []


def test_percentiles_are_as_the_table_assumes(evaluated: Workspace) -> None:
    found = rows(evaluated, "select attribute_name, percentile, threshold from intermediate.int_segment_percentiles")
    assert {(name, number): threshold for name, number, threshold in found} == EXACT


def test_every_customer_of_the_table_is_in_or_out_as_stated(evaluated: Workspace) -> None:
    members = set(rows(evaluated, "select customer_id, segment_key from intermediate.int_segment_matches"))
    wrong = [
        f"{case} should be {'in' if case.is_in else 'out'}"
        for case in cases() + left_out()
        if ((case.customer_id, case.segment_key) in members) != case.is_in
    ]
    assert not wrong, "\n".join(wrong)


def test_traces_agree_with_the_independent_evaluator_on_every_condition(evaluated: Workspace) -> None:
    """For customers who are out too: the verdict that follows from the conditions is the one that decided."""
    rules, base = rule_rows(BUSINESS_SEEDS), Base([], EXACT)
    customers = {case.customer_id: case for case in cases() + left_out()}
    found = rows(
        evaluated,
        "select customer_id, segment_key, kind, alternative, attribute, operator, coalesce(value, ''),"
        " actual_value, is_met from intermediate.int_segment_traces where not starts_with(customer_id, 'other')",
    )
    assert len({(customer, key) for customer, key, *_ in found}) == len(customers) * len(rules)
    for customer_id, key, kind, alternative, attribute, operator, value, actual, met in found:
        customer = customers[str(customer_id)].customer
        if kind == "scope":
            assert met == (customer["customer_type"] == "person")
            continue
        condition = {
            "kind": kind,
            "alternative": alternative,
            "attribute": attribute,
            "operator": operator,
            "value": value,
        }
        (row,) = [row for row in rules[str(key)] if condition.items() <= row.items()]
        assert met == is_met(row, customer, base, DAY), (customer_id, row)
        assert (actual == "missing") == (customer.get(str(attribute)) is None), (customer_id, row)


def test_the_table_has_a_positive_and_a_negative_customer_for_every_segment() -> None:
    with (BUSINESS_SEEDS / "segment_definitions.csv").open(newline="", encoding="utf-8") as lines:
        library = {row["segment_key"] for row in csv.DictReader(lines)}
    for kind in ("positive", "negative"):
        assert {case.segment_key for case in cases() if case.kind == kind} == library, kind
    assert all(case.is_in for case in cases() if case.kind == "positive")
    assert not any(case.is_in for case in cases() if case.kind == "negative")


def test_the_table_has_a_customer_at_every_threshold_and_detects_every_change_of_a_rule() -> None:
    """Each number of a rule is met exactly by a boundary customer; without a condition, or with its edge shifted,
    another verdict would come out for somebody.
    """
    everybody = cases() + left_out()
    base = Base([], EXACT)
    unnoticed = []
    flipped = {">=": ">", ">": ">=", "<=": "<", "<": "<=", "=": "!=", "is_true": "is_false", "is_false": "is_true"}
    for key, rule in rule_rows(BUSINESS_SEEDS).items():
        scope = "all" if key in FOR_EVERYBODY else "people"
        mine = [case for case in everybody if case.segment_key == key]
        for number, condition in enumerate(rule):
            for text in _numbers(condition):
                value = EXACT[condition["attribute"], text[4:]] if text.startswith("pct:") else float(text)
                at = [c for c in mine if c.kind == "boundary" and _is(c.customer.get(condition["attribute"]), value)]
                assert at, f"{key}: nobody is exactly at {condition['attribute']} {condition['operator']} {text}"
            changed = [rule[:number] + rule[number + 1 :]]
            if condition["operator"] in flipped:
                changed.append(
                    [*rule[:number], condition | {"operator": flipped[condition["operator"]]}, *rule[number + 1 :]]
                )
            for shifted in _shifted(condition):
                changed.append([*rule[:number], condition | {"value": shifted}, *rule[number + 1 :]])
            for other in changed:
                if all(is_member(other, scope, case.customer, base, DAY) == case.is_in for case in mine):
                    unnoticed.append(f"{key}: nobody notices a change of {condition}")
        assert all(is_member(rule, scope, case.customer, base, DAY) == case.is_in for case in mine), key
    assert not unnoticed, "\n".join(unnoticed)


def _is(actual: object, value: float) -> bool:
    return actual is not None and float(str(actual)) == value


def _numbers(condition: Row) -> list[str]:
    return [item for item in condition["value"].split("|") if item]


def _shifted(condition: Row) -> list[str]:
    """The values of `between` with one edge moved inwards by one."""
    if condition["operator"] != "between":
        return []
    low, high = (int(item) for item in condition["value"].split("|"))
    return [f"{low + 1}|{high}", f"{low}|{high - 1}", f"{low - 1}|{high}", f"{low}|{high + 1}"]


def test_the_independent_evaluator_agrees_on_single_conditions() -> None:
    """What the other tests compare the models with is itself compared with hand-made verdicts."""
    person = {"order_count": 2, "days": None, "group": "b", "since": DAY}
    base = Base([], EXACT)

    def met(attribute: str, operator: str, value: str = "", if_missing: str = "") -> bool:
        row = {"attribute": attribute, "operator": operator, "value": value, "if_missing": if_missing}
        return is_met(row, person, base, DAY)

    assert met("order_count", "between", "2|3") and not met("order_count", "not_in", "1 | 2")
    assert not met("days", "!=", "3") and met("days", "!=", "3", "true") and met("days", "is_null")
    assert met("group", "in", "a|b") and not met("group", "starts_with", "bb")
    assert met("since", ">=", "-0d") and not met("since", "<", "-1d")
