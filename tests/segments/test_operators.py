"""Every operator of the seed, in every place that uses it; and some that the test adds to the seed, in the same places.

Adding one takes a row, and here its meaning in plain Python, because only the seed may define an operator.
"""

from __future__ import annotations

import csv
import random
from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass, field
from decimal import Decimal
from pathlib import Path
from typing import Any

import duckdb
import pandas as pd
import pytest

from scripts.platform.warehouse import open_warehouse
from scripts.segments import operators as product
from scripts.segments.counterfactuals import Traced, counterfactuals, is_member
from scripts.segments.counterfactuals.conditions import meets
from scripts.segments.drafts import Condition
from scripts.segments.explain.reading import explained_rows
from scripts.segments.request import request_words
from scripts.segments.rule_parser import Attribute, read_request
from tests.segments.test_counterfactuals_of_any_rule import changed, exhaustive
from tests.segments.test_rule_faults import MODELS as FAULT_MODELS
from tests.segments.test_rule_faults import SPEC
from tests.segments.test_rule_language import KINDS, READER, TYPES, described, people
from tests.support.rule_evaluator import MEANINGS, OPERATORS, Evaluator, Meaning, every, is_met, order
from tests.support.rule_reader import meaning_of
from tests.support.rules_workspace import (
    DAY,
    MATCHES,
    Row,
    Rule,
    build,
    make_workspace,
    put_operators,
    put_rules,
    query,
    row,
)
from tests.support.rules_workspace import OPERATORS as SEED

# Rows of the seed without their place, and the meaning of each.
ADDED: dict[str, tuple[dict[str, str], Meaning]] = {
    "not_between": (
        {"value_types": "number|date", "takes": "two", "comparison": "at_least|at_most", "is_negated": "true",
         "opposite": "between", "words": "is not between", "spellings": "outside"},
        every(lambda own, values: order(own, values[0]) < 0 or order(own, values[1]) > 0),
    ),
    "from_to_below": (
        {"value_types": "number|date", "takes": "two", "comparison": "at_least|below", "words": "lies within"},
        every(lambda own, values: order(own, values[0]) >= 0 and order(own, values[1]) < 0),
    ),
    "above_any": (
        {"value_types": "number", "takes": "several", "comparison": "above", "combine": "any",
         "words": "is above any of"},
        lambda own, values: any(order(own, value) > 0 for value in values if value is not None),
    ),
    "differs": (
        {"value_types": "number|date|text", "takes": "one", "comparison": "equals", "is_negated": "true",
         "opposite": "=", "words": "differs from"},
        every(lambda own, values: order(own, values[0]) != 0),
    ),
    "not_starts_with": (
        {"value_types": "text", "takes": "one", "comparison": "starts_with", "is_negated": "true",
         "opposite": "starts_with", "words": "does not start with"},
        every(lambda own, values: own[: len(values[0])] != values[0]),
    ),
    "contains_any": (
        {"value_types": "text", "takes": "several", "comparison": "contains", "combine": "any",
         "words": "contains any of"},
        lambda own, values: any(value in own for value in values if value is not None),
    ),
    "has_not_all": (
        {"value_types": "set", "takes": "several", "comparison": "has_item", "combine": "all", "is_negated": "true",
         "opposite": "has_all", "words": "does not have all of"},
        lambda own, values: not set(values) <= set(own.split("|")),
    ),
}  # fmt: skip
# For each value type, an attribute and another to compare it with; below, values in ascending order.
ATTRIBUTES = {
    "number": ("net_revenue", "contribution_margin"),
    "date": ("first_order_date", "last_order_date"),
    "text": ("favourite_category", "second_category"),
    "set": ("bought_categories", ""),
    "boolean": ("has_open_complaint", ""),
    "segment": ("segment:ground", ""),
}
VALUES = {
    "number": ["25", "99.99", "250.5"],
    "date": ["2025-06-30", "2026-06-29", "2026-06-30"],
    "text": ["Garden", "Pets", "is"],
    "set": ["Garden", "Pets", "is"],
}
SEGMENTS = ["ground", "vip_loyalists"]
CATALOGUE = [Attribute(name, kind) for name, kind in KINDS.items()] + [
    Attribute(f"segment:{key}", "segment") for key in SEGMENTS
]


@dataclass
class Case:
    """A rule of one condition by one operator, on an attribute of one type."""

    rule: Rule
    operator: str
    kind: str

    @property
    def condition(self) -> Row:
        return self.rule.rows[0]


@dataclass
class Proof:
    """A workspace in which every operator was built, and the results."""

    customers: list[Row]
    evaluator: Evaluator
    cases: list[Case]
    traces: dict[tuple[str, str], list[Traced]]
    texts: dict[str, tuple[str, str]]
    explanations: dict[tuple[str, str], str]
    near_misses: set[tuple[str, str]]
    faults: dict[str, set[str]] = field(default_factory=dict)

    def of(self, operator: str) -> list[Case]:
        return [case for case in self.cases if case.operator == operator]


def value_of(operator: str, kind: str, *, start: int = 0) -> str:
    """A value that an operator takes."""
    takes = OPERATORS[operator]["takes"]
    if takes == "none":
        return ""
    return "|".join(VALUES[kind][start : start + {"one": 1, "two": 2, "several": 2}[takes]])


def cases() -> list[Case]:
    """For each operator and type: plain, with missing values met, and compared with another attribute."""
    found = []
    for operator, cells in OPERATORS.items():
        for kind in cells["value_types"].split("|"):
            if kind not in ATTRIBUTES:
                continue
            name, other = ATTRIBUTES[kind]
            turned = "|".join(reversed(value_of(operator, kind).split("|")))
            values = [(value_of(operator, kind), ""), (value_of(operator, kind, start=1), ""), (turned, "")]
            if cells["missing_value"] == "unmet":
                values.append((value_of(operator, kind), "true"))
            if other and cells["takes"] != "none":
                parts = value_of(operator, kind).split("|")
                values += [("|".join([f"attr:{other}", *parts[1:]]), if_missing) for if_missing in ("", "true")]
            for value, if_missing in dict.fromkeys(values):
                key = f"s{len(found)}"
                rows = [row("include", 1, name, operator, value, if_missing)]
                found.append(Case(Rule(key, rows, scope="all"), operator, kind))
    return found


@pytest.fixture(scope="module")
def proof(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Proof]:
    """A seed with more operators, read by the warehouse and by Python; the one of the project stays as it is."""
    folder = tmp_path_factory.mktemp("operators")
    with pytest.MonkeyPatch.context() as patch:
        seed = _extended_seed(folder, patch)
        patch.setattr(product, "SEED", seed)
        yield _proof(folder, seed)


def _extended_seed(folder: Path, patch: pytest.MonkeyPatch) -> Path:
    columns, rows = list(OPERATORS["="]), list(OPERATORS.values())
    for place, (name, (cells, meaning)) in enumerate(ADDED.items(), start=len(rows) + 1):
        added = dict.fromkeys(columns, "") | {"is_negated": "false", "missing_value": "unmet"}
        added |= {"place": str(place), "operator": name, **cells}
        rows.append(added)
        patch.setitem(OPERATORS, name, added)
        patch.setitem(MEANINGS, name, meaning)
    with (folder / SEED.name).open("w", newline="", encoding="utf-8") as lines:
        writer = csv.DictWriter(lines, columns, lineterminator="\n")
        writer.writeheader()
        writer.writerows(rows)
    return folder / SEED.name


def _proof(folder: Path, seed: Path) -> Proof:
    customers = people(random.Random(5), 80)
    for customer in customers[::4]:
        customer["bought_categories"] = "Garden|Pets|is"
    ground = Rule("ground", [row("include", 1, "order_count", ">", "1")], scope="all")
    found = cases()
    rules = [ground, *(case.rule for case in found)]
    evaluator = Evaluator(rules, customers, KINDS)
    members = evaluator.memberships()
    workspace = make_workspace(folder, customers, TYPES)
    put_rules(workspace, rules)
    with duckdb.connect(str(workspace.warehouse)) as connection:
        put_operators(connection, seed)
        columns = "(as_of_date date, customer_id varchar, segment_key varchar"
        connection.execute(f"create table marts.membership_changes {columns}, change varchar, reason varchar)")
        for table in ("marts.segment_memberships", "intermediate.int_segment_members"):
            connection.execute(f"create table {table} {columns})")
            rows = [[DAY, customer, key] for key, customer in sorted(members)]
            connection.executemany(f"insert into {table} values (?, ?, ?)", rows)
    models = ["attribute_catalogue", "int_segment_rule_items", "int_segment_traces", "segment_explanations"]
    build(workspace, [*MATCHES, *models, "int_segment_samples"])
    traces = defaultdict(list)
    with open_warehouse(workspace.warehouse, read_only=True) as opened:
        for customer in customers:
            for key, condition in explained_rows(opened, customer["customer_id"]):
                traces[key, customer["customer_id"]].append(condition)
    said = query(workspace, "select segment_key, customer_id, explanation from marts.segment_explanations")
    near = query(
        workspace, "select segment_key, customer_id from intermediate.int_segment_samples where sample = 'near_miss'"
    )
    matches = set(query(workspace, "select segment_key, customer_id from intermediate.int_segment_matches"))
    assert matches == members
    proof = Proof(
        customers, evaluator, found, dict(traces), described(workspace),
        {(key, customer): text for key, customer, text in said}, set(near),
    )  # fmt: skip
    proof.faults = _faults(workspace)
    return proof


def each() -> Any:
    """Every operator, those of the seed and those that are added."""
    return pytest.mark.parametrize("operator", [*OPERATORS, *ADDED])


@each()
def test_members_match_its_meaning(proof: Proof, operator: str) -> None:
    """All memberships were compared already; here, that each operator distinguishes customers."""
    sizes = [len(proof.evaluator.members[case.rule.key] or ()) for case in proof.of(operator)]
    assert sizes and any(0 < size < len(proof.customers) for size in sizes)


@each()
def test_its_text_is_read_back_as_the_rule(proof: Proof, operator: str) -> None:
    for case in proof.of(operator):
        text, _ = proof.texts[case.rule.key]
        if operator in ADDED:
            assert OPERATORS[operator]["words"] in text
        assert READER.meaning(text) == meaning_of(case.rule, KINDS)


@each()
def test_traces_and_python_agree_with_its_meaning(proof: Proof, operator: str) -> None:
    verdicts = set()
    for case in proof.of(operator):
        for customer in proof.customers:
            (condition,) = proof.traces[case.rule.key, customer["customer_id"]]
            expected = is_met(case.condition, customer, proof.evaluator, DAY)
            assert condition.is_met == expected, (case.condition, customer)
            assert meets(condition, {}) == expected, (case.condition, customer)
            verdicts.add(expected)
    assert verdicts == {True, False}


@each()
def test_explanations_show_the_values_and_what_is_required(proof: Proof, operator: str) -> None:
    found = 0
    customers = {customer["customer_id"]: customer for customer in proof.customers}
    for (key, customer), text in proof.explanations.items():
        for case in [case for case in proof.of(operator) if case.rule.key == key]:
            found += 1
            asked = proof.texts[key][0].removesuffix(".")
            assert text.lower().startswith(asked.lower())
            name, value = case.condition["attribute"], case.condition["value"]
            if value:
                assert f"({_shown(customers[customer][name])}" in text
            for item in value.split("|"):
                if item.startswith("attr:"):
                    assert f"threshold {_shown(customers[customer][item[5:]])}" in text
    assert found


def _shown(value: Any) -> str:
    if value is None:
        return "not known"
    return f"{value} GBP" if isinstance(value, Decimal) else str(value)


@each()
def test_near_misses_are_not_members(proof: Proof, operator: str) -> None:
    for case in proof.of(operator):
        missing = {customer for key, customer in proof.near_misses if key == case.rule.key}
        inside = proof.evaluator.members[case.rule.key] or set()
        assert len(missing) == min(10, len(proof.customers) - len(inside))
        assert missing.isdisjoint(inside)


@each()
def test_counterfactuals_turn_the_verdict(proof: Proof, operator: str) -> None:
    found = 0
    for case in proof.of(operator):
        for customer in proof.customers:
            conditions = proof.traces[case.rule.key, customer["customer_id"]]
            before = proof.evaluator.holds(case.rule, customer)
            assert is_member(conditions) == before
            changes = counterfactuals(conditions)
            assert changes or exhaustive(proof.evaluator, case.rule, customer, before, most=1) is None
            for change in changes:
                assert proof.evaluator.holds(case.rule, changed(customer, change)) != before, (case.condition, change)
                assert change.steps[0].words
                found += 1
    assert found > 50


@each()
def test_the_order_of_its_values_matters_only_where_they_are_bounds(proof: Proof, operator: str) -> None:
    fingerprints = {
        (case.kind, case.condition["value"], case.condition["if_missing"]): proof.texts[case.rule.key][1]
        for case in proof.of(operator)
    }
    for (kind, value, if_missing), fingerprint in fingerprints.items():
        turned = fingerprints.get((kind, "|".join(reversed(value.split("|"))), if_missing))
        if value.count("|") and turned:
            assert (turned == fingerprint) == (OPERATORS[operator]["takes"] == "several")
    others = {proof.texts[case.rule.key][1] for case in proof.cases if case.operator != operator}
    assert others.isdisjoint(fingerprints.values())


@each()
def test_a_request_in_its_words_is_understood(proof: Proof, operator: str) -> None:
    for kind in OPERATORS[operator]["value_types"].split("|"):
        if kind not in ATTRIBUTES:
            continue
        name, value = ATTRIBUTES[kind][0], value_of(operator, kind)
        items = [f'"{item}"' if kind in ("text", "set") else item for item in value.split("|")]
        said = product.operators()[operator].phrase(items if value else [])
        said = f"{said} {name[8:]}" if kind == "segment" else f"{name.replace('_', ' ')} {said}"
        reading = read_request(f"customers whose order count is above 2 and {said}", request_words(), CATALOGUE)
        assert reading.problems == []
        assert reading.include == [[Condition("order_count", ">", "2"), Condition(name, operator, value)]]


@each()
def test_drafts_match_the_same_customers_as_its_meaning(proof: Proof, operator: str) -> None:
    frame = pd.DataFrame(proof.customers)
    numbers = ["net_revenue", "contribution_margin", "has_open_complaint"]
    frame[numbers] = frame[numbers].map(lambda value: None if value is None else float(value)).astype(float)
    for case in proof.of(operator):
        value = case.condition["value"]
        if case.kind not in ("number", "text", "set", "boolean") or "attr:" in value:
            continue
        found = Condition(case.condition["attribute"], operator, value, case.condition["if_missing"]).holds(frame)
        expected = [is_met(case.condition, customer, proof.evaluator, DAY) for customer in proof.customers]
        assert found.tolist() == expected, case.condition


# ---- faults ----


def _faults(workspace: Any) -> dict[str, set[str]]:
    """The errors reported for rules with a wrong use of their operator, by key."""
    rules = [Rule("ground", [row("include", 1, "order_count", ">", "1")], more=SPEC | {"priority": 1})]
    for key, rows in _faulty_rules().items():
        rules.append(Rule(key, rows, more=SPEC | {"priority": len(rules) + 1}))
    put_rules(workspace, rules)
    build(workspace, FAULT_MODELS)
    said = defaultdict(set)
    errors = "intermediate.int_segment_rule_errors where seed_name = 'segment_rule_conditions'"
    for key, reason in query(workspace, f"select segment_key, reason from {errors}"):
        said[key].add(reason)
    return dict(said)


def _faulty_rules() -> dict[str, list[Row]]:
    name, hole = "net_revenue", "25|99.99"
    rules: dict[str, list[Row]] = {
        key: [row("include", 1, name, operator, value), row("include", 1, name, "not_between", hole)]
        for key, operator, value in (
            ("range_inside", "between", "30|90"), ("range_beyond", "between", "30|100"),
            ("list_inside", "in", "30|90"), ("list_beyond", "in", "30|100"),
        )
    }  # fmt: skip
    for number, (operator, cells) in enumerate(OPERATORS.items()):
        kind = next(kind for kind in cells["value_types"].split("|") if kind in ATTRIBUTES)
        name, value = ATTRIBUTES[kind][0], value_of(operator, kind)
        few = {"none": "Garden", "one": "", "two": value.split("|")[0], "several": ""}[cells["takes"]]
        rules[f"few_{number}"] = [row("include", 1, name, operator, few)]
        stranger = next(other for other in ATTRIBUTES if other not in cells["value_types"].split("|"))
        rules[f"stranger_{number}"] = [row("include", 1, ATTRIBUTES[stranger][0], operator, value)]
        rules[f"sound_{number}"] = [row("include", 1, name, operator, value)]
        rules[f"same_{number}"] = [row("include", place, name, operator, value) for place in (1, 2)]
        if opposite := cells["opposite"]:
            rules[f"clash_{number}"] = [row("include", 1, name, one, value) for one in (operator, opposite)]
            rules[f"all_{number}"] = [
                row("include", place, name, one, value) for place, one in enumerate((operator, opposite), start=1)
            ]
    return rules


@each()
def test_faults_of_its_rules_are_named(proof: Proof, operator: str) -> None:
    number = list(OPERATORS).index(operator)
    cells = OPERATORS[operator]

    def said(kind: str) -> str:
        return "\n".join(proof.faults.get(f"{kind}_{number}", ()))

    few = {
        "none": f"operator `{operator}` takes no value, `Garden` was given", "two": f"{operator} takes two values",
    }.get(cells["takes"], f"operator `{operator}` needs a value")  # fmt: skip
    # A rule that only requires what is always known matches every customer, which is reported.
    everybody = {"the rule matches every customer"} if operator == "is_not_null" else set()
    assert proof.faults[f"few_{number}"] == everybody | {few}
    assert f"operator `{operator}` is not allowed for" in said("stranger")
    assert proof.faults.get(f"sound_{number}", set()) == everybody
    assert "mean the same" in said("same")
    if cells["opposite"]:
        assert "it cannot hold together with" in said("clash")
        assert "it matches every customer" in said("all")


def test_values_inside_a_negated_range_contradict_it(proof: Proof) -> None:
    assert "it cannot hold together with" in "".join(proof.faults["range_inside"])
    assert "it cannot hold together with" in "".join(proof.faults["list_inside"])
    assert not {"range_beyond", "list_beyond"} & proof.faults.keys()
