"""Random rules over random customers: compiled SQL, an evaluator in plain Python and the text agree on all of them."""

from __future__ import annotations

import csv
import json
import random
import re
from collections import Counter, defaultdict
from dataclasses import dataclass, replace
from datetime import timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

import duckdb
import pytest

from scripts.platform.warehouse import open_warehouse
from scripts.platform.workspace import BUSINESS_SEEDS, Workspace
from scripts.segments.counterfactuals import is_member
from scripts.segments.counterfactuals.conditions import meets
from scripts.segments.evaluation import Evaluation, rules_in_memory
from scripts.segments.explain.reading import explained_rows
from tests.support.rule_evaluator import DEEPEST, OPERATORS, Evaluator, references
from tests.support.rule_reader import Reader, meaning_of
from tests.support.rules_workspace import (
    DAY,
    MATCHES,
    WINDOWS,
    Row,
    Rule,
    build,
    make_workspace,
    put_rules,
    query,
    row,
    shown,
    value_types,
)

TYPES = {
    "customer_id": "varchar",
    "as_of_date": "date",
    "customer_type": "varchar",
    "order_count": "bigint",
    "order_count_30d": "bigint",
    "days_since_last_order": "bigint",
    "r_score": "int",
    "contribution_margin": "decimal(18,2)",
    "net_revenue": "decimal(18,2)",
    "contribution_margin_rate": "double",
    "full_price_share": "double",
    "expected_orders_365d": "double",
    "churn_propensity": "double",
    "first_order_date": "date",
    "last_order_date": "date",
    "favourite_category": "varchar",
    "second_category": "varchar",
    "missing_add_on_sku": "varchar",
    "bought_categories": "varchar",
    "known_channels": "varchar",
    "has_open_complaint": "boolean",
    "has_pending_refund": "boolean",
    **{window["attribute_name"]: "bigint" for window in WINDOWS},
}
# Attributes of models that are not fitted in this workspace.
ABSENT = ("expected_orders_365d", "churn_propensity")
KINDS = value_types()
READER = Reader(KINDS)
TEXTS = [
    *("Garden", "Garden tools", "garden", "Kitchen", "Pets", "O'Brien", "d", "en", "naïve café", "日本", "%s", "100 %"),
    *('say "x"', "back\\slash", "-- no comment", "'; drop table marts.customer_features; --", "*/ /*", "{{ 1 / 0 }}"),
    *("{% x %}", "or not known", "a, or b", "$1", "tab\tin it", "two\nlines", "\u2028x", "null", "1", "is", "x_y%"),
]
OPERATORS_OF = {
    kind: [name for name, row in OPERATORS.items() if kind in row["value_types"].split("|")]
    for kind in ("number", "date", "text", "set", "boolean")
}


def people(chance: random.Random, count: int) -> list[Row]:
    """Customers with few different values, so that bounds are met, and a fifth of all values missing."""

    def maybe(value: Any) -> Any:
        return None if chance.random() < 0.2 else value

    def one(number: int) -> Row:
        return {
            "customer_id": f"c{number}",
            "as_of_date": DAY,
            "customer_type": chance.choice(["person"] * 5 + ["staff"]),
            "order_count": chance.choice([0, 0, 1, 2, 3, 5]),
            "order_count_30d": chance.choice([0, 1, 2]),
            "days_since_last_order": maybe(chance.choice([0, 1, 29, 30, 31, 180, 365])),
            "r_score": maybe(chance.randint(1, 5)),
            "contribution_margin": maybe(
                Decimal(chance.choice(["-12.34", "0.00", "0.01", "25.00", "99.99", "100.00"]))
            ),
            "net_revenue": maybe(Decimal(chance.choice(["0.00", "25.00", "99.99", "250.50"]))),
            "contribution_margin_rate": maybe(chance.choice([-0.1, 0.0, 0.1, 0.25, 0.3, 1 / 3])),
            "full_price_share": maybe(chance.choice([0.0, 0.1, 0.25, 0.3, 0.7, 1.0])),
            "expected_orders_365d": None,
            "churn_propensity": None,
            "first_order_date": maybe(DAY - timedelta(days=chance.choice([0, 1, 30, 365, 366]))),
            "last_order_date": maybe(DAY + timedelta(days=chance.choice([-30, -29, -1, 0, 1]))),
            "favourite_category": maybe(chance.choice(TEXTS)),
            "second_category": maybe(chance.choice([*TEXTS, ""])),
            "missing_add_on_sku": maybe(chance.choice(TEXTS)),
            "bought_categories": "|".join(sorted(chance.sample(TEXTS, chance.randint(0, 4)))),
            "known_channels": maybe("|".join(sorted(chance.sample(["online", "store", "marketplace"], 2)))),
            "has_open_complaint": maybe(chance.random() < 0.5),
            "has_pending_refund": chance.random() < 0.5,
            **{window["attribute_name"]: chance.randint(0, 3) for window in WINDOWS},
        }

    return [one(number) for number in range(count)]


def number_text(chance: random.Random, name: str) -> str:
    whole = TYPES[name] in ("bigint", "int")
    value = chance.choice(
        ["0", "1", "2", "3", "30", "31", "180", "2.5"] if whole else ["-0.1", "0", "0.1", "0.25", "0.3"]
    )
    if TYPES[name].startswith("decimal"):
        value = chance.choice(["-12.34", "0", "0.005", "25", "99.99", "100.0", "250.5"])
    if chance.random() < 0.2 and not value.startswith("-"):
        value = chance.choice(["+", "0"]) + value
    return value


def value_text(chance: random.Random, name: str, lower: list[str]) -> str:
    kind = KINDS[name]
    others = [other for other in TYPES if KINDS.get(other) == kind and other != name]
    if kind not in ("set", "boolean") and chance.random() < 0.15:
        return f"attr:{chance.choice(others)}"
    if kind == "number":
        if chance.random() < 0.2:
            base = f" of {chance.choice(lower)}" if lower and chance.random() < 0.4 else ""
            return f"pct:{chance.choice(['0', '10', '25', '33.3', '50', '50.0', '90', '100'])}{base}"
        return number_text(chance, name)
    if kind == "date":
        return chance.choice(["-30d", "-029d", "0d", "+1d", "-1d", "2026-06-30", "2025-06-30", "2026-05-31"])
    if name == "known_channels":
        return chance.choice(["online", "store", "marketplace", "line"])
    return chance.choice([text for text in TEXTS if text == text.strip()])


def condition(chance: random.Random, kind: str, alternative: int, lower: list[str]) -> Row:
    if lower and chance.random() < 0.12:
        of_segments = [name for name, one in OPERATORS.items() if one["value_types"] == "segment"]
        return row(kind, alternative, f"segment:{chance.choice(lower)}", chance.choice(of_segments))
    name = chance.choice([name for name in TYPES if name not in ("customer_id", "as_of_date", "customer_type")])
    if name in ABSENT and chance.random() < 0.6:
        name = "order_count"
    operator = chance.choice(OPERATORS_OF[KINDS[name]])
    takes = OPERATORS[operator]["takes"]
    glue = chance.choice(["|", " | "]) if takes == "several" else "|"
    count = chance.randint(1, 3) if takes == "several" else ["none", "one", "two"].index(takes)
    value = glue.join(value_text(chance, name, lower) for _ in range(count))
    may_state = OPERATORS[operator]["missing_value"] == "unmet"
    if_missing = chance.choice(["", "", "", "true", "false"]) if may_state else ""
    return row(kind, alternative, name, operator.upper() if chance.random() < 0.1 else operator, value, if_missing)


def random_rules(chance: random.Random, count: int) -> list[Rule]:
    """Rules of every form; some refer to others, some too deeply, in a cycle, or to inactive segments."""
    rules: list[Rule] = []
    depths: dict[str, int] = {}
    for number in range(count):
        key = f"s{number}"
        lower = [one for one, depth in depths.items() if depth < DEEPEST or chance.random() < 0.02]
        lower = chance.sample(lower, min(len(lower), 3)) if chance.random() < 0.5 else []
        if chance.random() < 0.01:
            lower.append(f"s{number + 1}")
        rows = []
        for side, most in (("include", 3), ("exclude", 2)):
            for alternative in range(1, chance.randint(1 if side == "include" else 0, most) + 1):
                rows += [condition(chance, side, alternative, lower) for _ in range(chance.randint(1, 3))]
        chance.shuffle(rows)
        rule = Rule(key, rows, chance.choice(["active"] * 14 + ["draft"]), chance.choice(["people", "all", " All"]))
        rules.append(rule)
        depths[key] = 1 + max((depths.get(other, 9) for other in references(rule, KINDS)), default=0)
    return rules


def check(workspace: Workspace, rules: list[Rule], customers: list[Row]) -> Counter[str]:
    """Members, texts and fingerprints of rules that were built; returns how often each form of rule occurred."""
    evaluator = Evaluator(rules, customers, KINDS, ABSENT)
    expected = evaluator.memberships()
    found = query(workspace, "select segment_key, customer_id from intermediate.int_segment_matches")
    assert len(found) == len(set(found)), "somebody is in a segment twice"
    wrong = sorted({key for key, _ in set(found) ^ expected})
    by_key = {rule.key: rule for rule in rules}
    # SQL in a value stays a value.
    assert query(workspace, "select count(*) from marts.customer_features") == [(len(customers),)]
    assert not wrong, f"{len(wrong)} rules have other members than they should, such as {shown(by_key[wrong[0]])}"

    fingerprints: dict[str, Any] = {}
    for key, (text, fingerprint) in described(workspace).items():
        meaning = meaning_of(by_key[key], KINDS)
        assert READER.meaning(text) == meaning, f"{text}\nis read as another rule than {shown(by_key[key])}"
        assert fingerprints.setdefault(fingerprint, meaning) == meaning, "two meanings have one fingerprint"
    sizes = Counter(key for key, _ in expected)
    return Counter(
        {
            "rules": len(rules),
            "with some people": sum(0 < size < len(customers) for size in sizes.values()),
            "with a percentile of a segment": sum(" of s" in str(one["value"]) for rule in rules for one in rule.rows),
            **{f"level {level}": sum(evaluator.depth(key) == level for key in sizes) for level in (1, 2, 3)},
            "not computable": sum(members is None for members in evaluator.members.values()),
        }
    )


def described(workspace: Workspace) -> dict[str, tuple[str, str]]:
    """Text and fingerprint of each rule."""
    rows = query(workspace, "select segment_key, rule_text, rule_fingerprint from intermediate.int_segment_rules")
    return {key: (text, fingerprint) for key, text, fingerprint in rows}


def family(days: str = "30d", alternative: int = 1) -> list[Rule]:
    """Rules that depend on one another and on windows."""
    return [
        Rule("ground", [row("include", alternative, "last_order_date", ">=", f"-{days}")]),
        Rule("above", [row("include", 1, "segment:ground", "is_member")]),
        Rule("top", [row("include", 1, "order_count", ">", "pct:50 of above")]),
        Rule("baskets", [row("include", 1, "basket_count_9d", ">=", "1")]),
        Rule("shoes", [row("exclude", 1, "shoe_view_count_20d", "=", "0"), row("include", 1, "order_count", ">", "1")]),
        Rule("on_baskets", [row("include", alternative, "segment:baskets", "is_not_member")]),
    ]


@dataclass
class Built:
    """The workspace of the quick tests: random rules, the shipped ones as drafts, and a family of rules."""

    workspace: Workspace
    customers: list[Row]
    rules: list[Rule]
    before: dict[str, tuple[str, str]]


@pytest.fixture(scope="module")
def built(tmp_path_factory: pytest.TempPathFactory) -> Built:
    chance = random.Random(7)
    customers = people(chance, 150)
    drafts = [replace(rule, status="draft") for rule in shipped()]
    rules = [*random_rules(chance, 120), *drafts, *family()]
    workspace = make_workspace(tmp_path_factory.mktemp("rules"), customers, TYPES)
    put_rules(workspace, rules)
    build(workspace, MATCHES)
    return Built(workspace, customers, rules, described(workspace))


def test_random_rules_have_the_same_members_as_in_plain_python(built: Built) -> None:
    """And every rule, including the shipped ones, is read back from its text as it was written."""
    assert len(shipped()) >= 28
    counts = check(built.workspace, built.rules, built.customers)
    assert counts["with some people"] > 60, counts
    assert min(counts[f"level {level}"] for level in (1, 2, 3)) > 2, counts
    assert counts["with a percentile of a segment"] > 1, counts
    assert counts["not computable"] > 3, counts


def check_evaluation(workspace: Workspace, models: list[str], folder: Path) -> None:
    """The evaluation without dbt gives the rows that the models gave, and leaves the warehouse as it was."""
    before = workspace.warehouse.read_bytes()
    with rules_in_memory(workspace, {"as_of_date": DAY.isoformat()}, seeds=folder / "no seeds") as evaluation:
        # The random rules break rules of style, which do not matter here.
        evaluation.hold("intermediate", "int_segment_rule_errors")
        for model in models:
            mine = evaluation.relation(model)
            theirs = f"given.{mine.schema}.{mine.identifier}"
            assert mine.database == "memory" and differing(evaluation, str(mine), theirs) == (0, 0), model
    assert workspace.warehouse.read_bytes() == before


def differing(evaluation: Evaluation, one: str, other: str) -> tuple[int, int]:
    (found,) = evaluation.connection.execute(
        f"select (select count(*) from (from {one} except all from {other})),"
        f" (select count(*) from (from {other} except all from {one}))"
    ).fetchall()
    return found[0], found[1]


def test_the_evaluation_without_dbt_gives_what_the_models_give(built: Built, tmp_path: Path) -> None:
    """Whose members are those of plain Python, by the test above: three levels, percentiles, windows, if_missing."""
    check_evaluation(built.workspace, MATCHES, tmp_path)


def test_traces_and_counterfactuals_agree_with_members_on_every_operator(tmp_path: Path) -> None:
    chance = random.Random(11)
    customers, rules = people(chance, 30), random_rules(chance, 100)
    workspace = make_workspace(tmp_path, customers, TYPES)
    put_rules(workspace, rules)
    build(workspace, [*MATCHES, "attribute_catalogue", "int_segment_rule_items", "int_segment_traces"])
    check_evaluation(workspace, ["attribute_catalogue", "int_segment_rule_items", "int_segment_traces"], tmp_path)
    allowed = dict(query(workspace, "select distinct value_type, allowed_operators from marts.attribute_catalogue"))
    assert allowed == {kind: "|".join(operators) for kind, operators in OPERATORS_OF.items()}
    evaluator = Evaluator(rules, customers, KINDS, ABSENT)
    expected = evaluator.memberships()
    wrong, tried = set(), Counter[str]()
    with open_warehouse(workspace.warehouse, read_only=True) as connection:
        for customer in (cells["customer_id"] for cells in customers):
            traces = defaultdict(list)
            for key, condition in explained_rows(connection, customer):
                traces[key].append(condition)
            for key, conditions in traces.items():
                if evaluator.members[key] is not None and is_member(conditions) != ((key, customer) in expected):
                    wrong.add(f"the trace of {key} disagrees with its members")
                for condition in conditions:
                    # Binary fractions are shown rounded.
                    if condition.can_change and condition.data_type != "double":
                        tried[condition.operator] += 1
                        if meets(condition, {}) != condition.is_met:
                            wrong.add(f"counterfactuals misread operator {condition.operator}, as in {condition.text}")
    assert not wrong, "\n".join(sorted(wrong))
    assert set(tried) >= set(OPERATORS)


def test_the_fingerprint_changes_with_what_a_rule_depends_on_and_nothing_else(built: Built) -> None:
    """Must run last in this workspace: it changes the windows and the rules."""
    before = {key: built.before[key][1] for key in (rule.key for rule in family())}
    assert len(set(before.values())) == len(before)
    respelled = [
        replace(rule, rows=[respell(cells) for cells in reversed(rule.rows)], scope=f" {rule.scope.upper()}")
        for rule in built.rules
        if rule.key.startswith("s") and rule.key not in before
    ]
    put_rules(built.workspace, [*respelled, *family(days="031d")])
    put_windows(
        built.workspace,
        [
            WINDOWS[0] | {"days": "10"},
            WINDOWS[1] | {"filter": " category = shoes", "description": "another word for it"},
        ],
    )
    build(built.workspace, ["int_segment_rules"])
    after = described(built.workspace)
    assert {key for key in before if after[key][1] != before[key]} == {
        "ground",
        "above",
        "top",
        "baskets",
        "on_baskets",
    }
    ours = set(WINDOWS[0].values()) & {cells["attribute"] for rule in respelled for cells in rule.rows}
    moved = {rule.key for rule in respelled if after[rule.key][1] != built.before[rule.key][1]}
    evaluator = Evaluator(respelled, [], KINDS)
    assert moved == {rule.key for rule in respelled if evaluator.reads(rule.key, ours)}


def respell(cells: Row) -> Row:
    """The same condition in another spelling."""
    value = "|".join(f" {item} " for item in cells["value"].split("|")) if cells["value"] else ""
    return cells | {
        "kind": f" {cells['kind'].upper()}",
        "alternative": str(int(cells["alternative"]) + 4),
        "operator": f"{cells['operator'].upper()} ",
        "value": re.sub(r"^ ([0-9]+) $", r"+0\1.0", value) if KINDS.get(cells["attribute"]) == "number" else value,
    }


@pytest.mark.verify
def test_thousands_of_random_rules_have_the_same_members_as_in_plain_python(tmp_path: Path) -> None:
    counts: Counter[str] = Counter()
    for seed in range(100, 112):
        chance = random.Random(seed)
        customers, rules = people(chance, 150), random_rules(chance, 300)
        workspace = make_workspace(tmp_path / str(seed), customers, TYPES)
        put_rules(workspace, rules)
        build(workspace, MATCHES)
        check_evaluation(workspace, MATCHES, tmp_path)
        counts += check(workspace, rules, customers)
    print(dict(counts))
    assert counts["rules"] == 3600
    assert counts["level 3"] > 50


def shipped() -> list[Rule]:
    def rows(seed: str) -> list[dict[str, str]]:
        with (BUSINESS_SEEDS / f"{seed}.csv").open(newline="", encoding="utf-8-sig") as lines:
            return list(csv.DictReader(lines))

    conditions: dict[str, list[Row]] = defaultdict(list)
    for cells in rows("segment_rule_conditions"):
        conditions[cells.pop("segment_key")].append(cells)
    return [
        Rule(one["segment_key"], conditions[one["segment_key"]], one["status"], one["scope"])
        for one in rows("segment_definitions")
        if one["segment_key"] in conditions
    ]


def put_windows(workspace: Workspace, windows: list[Row]) -> None:
    with duckdb.connect(str(workspace.warehouse)) as connection:
        connection.execute("delete from seeds.behaviour_windows")
        for window in windows:
            connection.execute(
                "insert into seeds.behaviour_windows select w ->> 'attribute_name', w ->> 'event', w ->> 'filter',"
                " w ->> 'measure', w ->> 'days', w ->> 'description', null from (select cast(? as json) as w)",
                [json.dumps(window)],
            )
