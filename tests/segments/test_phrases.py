"""Every attribute has a phrase; a condition on it says what it requires, and no other condition says the same."""

from __future__ import annotations

import copy
import json
import random
import re
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml

from scripts.platform.warehouse import open_warehouse
from scripts.platform.workspace import PROJECT
from scripts.segments.drafts import Condition
from scripts.segments.phrasing import Phrases
from tests.segments.test_rule_language import KINDS, TYPES
from tests.support.rule_evaluator import OPERATORS
from tests.support.rule_reader import KINDS as PHRASE_KINDS
from tests.support.rule_reader import Reader, meaning_of
from tests.support.rules_workspace import Rule, build, make_workspace, put_rules, query, row

NUMBERS = PHRASE_KINDS[:8]
KEYS = {"absent", "missing", "known", "measure", "not"}
WINDOW = {365: "12 months", 730: "24 months"}
# A rule joins and quotes by these.
SIGNS = (" · ", ", ", '"', ": ", "{", "}", " (")


def columns() -> list[dict[str, Any]]:
    text = (PROJECT / "models/customers/_customer_features.yml").read_text(encoding="utf-8")
    found: list[dict[str, Any]] = yaml.safe_load(text)["models"][0]["columns"]
    return [column for column in found if column["name"] not in ("customer_id", "as_of_date")]


def faults(found: list[dict[str, Any]]) -> Iterator[str]:
    """What is wrong with the phrases of some columns, one line each."""
    taken: dict[str, str] = {}
    for column in found:
        name = column["name"]
        phrase = column["config"]["meta"].get("phrase", {})
        kinds = [key for key in phrase if key in PHRASE_KINDS]
        if len(kinds) != 1:
            yield f"{name}: its phrase names {len(kinds)} kinds; give it one of {', '.join(PHRASE_KINDS)}"
            continue
        (kind,) = kinds
        text, type_ = phrase[kind], KINDS.get(name, "number")
        wanted = {"number": NUMBERS, "boolean": ("flag",)}.get(type_, (type_,))
        if kind not in wanted:
            yield f"{name}: a {type_} cannot be said as {kind}; use one of {', '.join(wanted)}"
        if strange := set(phrase) - {kind} - KEYS:
            yield f"{name}: `{min(strange)}` says nothing in a phrase; there are {', '.join(sorted(KEYS))}"
        for sign in [sign for sign in SIGNS for part in phrase.values() if sign in part]:
            yield f"{name}: `{sign}` in its phrase would be read as part of the rule"
        if (kind == "count") != ("[" in text):
            yield f"{name}: write what is counted as [one|many], and only that"
        if kind == "recency" and text.split(" ")[0] not in ("a", "an", "any"):
            yield f"{name}: `{text}` needs its article, such as `an order`"
        if (kind == "flag") != ("not" in phrase):
            yield f"{name}: a flag, and nothing else, says in `not` what holds when it is false"
        if window := re.search(r"_([0-9]+)d$", name):
            days = WINDOW.get(int(window[1]), f"{window[1]} days")
            if days not in text and "in the next" not in text:
                yield f"{name}: its phrase does not say `{days}`"
        for said in {text, phrase.get("not"), phrase.get("missing"), phrase.get("known")} - {None}:
            if said in taken:
                yield f"{name}: reads like {taken[said]}: `{said}`"
            taken[said] = name


def test_the_phrases_of_all_attributes_are_valid() -> None:
    assert len(columns()) > 180
    assert list(faults(columns())) == []


@pytest.mark.parametrize(
    ("name", "phrase", "said"),
    [
        ("order_count", {}, "order_count: its phrase names 0 kinds; give it one of count, recency, since, due, amount, "
            "share, part, number, flag, text, set, date"),
        ("order_count", {"count": "[order|orders]", "number": "orders"}, "order_count: its phrase names 2 kinds"),
        ("order_count", {"flag": "ordered", "not": "never"}, "order_count: a number cannot be said as flag"),
        ("order_count", {"count": "[order|orders]", "missing ": "x"}, "order_count: `missing ` says nothing"),
        ("order_count", {"count": "orders"}, "order_count: write what is counted as [one|many]"),
        ("order_count", {"count": "[order|orders], ever"}, "order_count: `, ` in its phrase would be read"),
        ("order_count_30d", {"count": "[order|orders] in 60 days"}, "order_count_30d: its phrase does not say"),
        ("days_since_last_order", {"recency": "order"}, "days_since_last_order: `order` needs its article"),
        ("has_open_issue", {"flag": "open issue"}, "has_open_issue: a flag, and nothing else, says in `not`"),
        ("net_revenue", {"amount": "gross revenue"}, "net_revenue: reads like gross_revenue: `gross revenue`"),
    ],
)  # fmt: skip
def test_a_faulty_phrase_is_named(name: str, phrase: dict[str, str], said: str) -> None:
    found = copy.deepcopy(columns())
    (column,) = [column for column in found if column["name"] == name]
    column["config"]["meta"]["phrase"] = phrase
    (line,) = faults(found)
    assert line.startswith(said)


# ---- all attributes, all operators ----

VALUES = {
    "number": [
        *("0", "1", "2", "1500", "12345.678", "-7", "365", "730", "0.125"),
        *("pct:80", "pct:50", "pct:33.3", "pct:25 of s", "pct:100", "attr"),
    ],
    "date": ["2026-06-30", "2025-01-05", "-30d", "0d", "14d", "-365d", "1d", "attr"],
    "text": ["Garden", "a, or b", 'say "x"', " · ".strip(), "1 or more", "attr"],
    "set": ["Garden", "a, or b", "Left out: x"],
}  # fmt: skip


def values(chance: random.Random, kind: str, name: str, takes: str, rounds: int) -> Iterator[str]:
    """Some values that an operator takes; for one value, 1 and 2 first, because they need singular and plural."""
    if takes == "none":
        yield ""
        return
    others = [other for other in KINDS if KINDS[other] == kind and other != name]
    pool = [f"attr:{chance.choice(others)}" if value == "attr" else value for value in VALUES[kind]]
    if kind == "number" and takes == "one":
        yield from ("1", "2")
    count = {"one": 1, "two": 2}.get(takes, chance.randint(1, 3))
    for _ in range(rounds):
        yield "|".join(chance.sample(pool, count))


@pytest.fixture(scope="module", params=[1, pytest.param(5, marks=pytest.mark.verify)])
def said(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> tuple[list[Rule], dict[str, str], Phrases]:
    """Rules of one condition, their texts, and the phrases as the catalogue has them."""
    chance = random.Random(3)
    rules = []
    for name, kind in KINDS.items():
        for operator, cells in OPERATORS.items():
            if kind in cells["value_types"].split("|"):
                for value in dict.fromkeys(values(chance, kind, name, cells["takes"], request.param)):
                    if_missing = chance.choice(["", "true", "false"]) if cells["missing_value"] == "unmet" else ""
                    rows = [row("include", 1, name, operator, value, if_missing)]
                    rules.append(Rule(f"s{len(rules)}", rows, "draft", "all"))
    workspace = make_workspace(Path(tmp_path_factory.mktemp("phrases")), [], TYPES)
    put_rules(workspace, rules)
    build(workspace, ["segment_rules", "attribute_catalogue"])
    texts = dict(query(workspace, "select segment_key, condition_text from marts.segment_rules"))
    cells = query(workspace, "select attribute_name, phrase from marts.attribute_catalogue")
    return rules, texts, Phrases.read((str(name), str(phrase)) for name, phrase in cells)


def test_every_condition_on_every_attribute_is_read_back(said: tuple[list[Rule], dict[str, str], Phrases]) -> None:
    rules, texts, _ = said
    reader = Reader(KINDS)
    tried = Counter[str]()
    wrong = []
    for rule in rules:
        text = texts[rule.key]
        (asked,) = meaning_of(rule, KINDS)[1]
        tried[rule.rows[0]["operator"]] += 1
        if frozenset(reader.conditions(text)) != asked:
            wrong.append(f"{rule.rows[0]}: `{text}` reads as {reader.conditions(text)}")
    assert wrong == []
    assert set(tried) == {name for name, cells in OPERATORS.items() if cells["value_types"] != "segment"}


def test_python_words_conditions_as_the_warehouse_does(said: tuple[list[Rule], dict[str, str], Phrases]) -> None:
    rules, texts, phrases = said
    for rule in rules:
        cells = rule.rows[0]
        condition = Condition(cells["attribute"], cells["operator"], cells["value"], cells["if_missing"])
        assert phrases.condition(condition) == texts[rule.key]


@pytest.mark.parametrize(
    ("condition", "text"),
    [
        (("order_count_180d", "=", "1", ""), "exactly 1 order in the last 180 days"),
        (("order_count_180d", "<=", "2", ""), "at most 2 orders in the last 180 days"),
        (("order_count_180d", "in", "1|3|5", ""), "1, 3 or 5 orders in the last 180 days"),
        (("order_count_730d", ">=", "3", ""), "3 or more orders in the last 24 months"),
        (("order_count", "=", "0", ""), "no orders"),
        (("days_since_last_order", ">=", "60", ""), "no order in the last 60 days"),
        (("days_since_last_order", "<", "365", ""), "an order in the last 12 months"),
        (("days_since_last_order", "<=", "30", ""), "last order at most 30 days ago"),
        (("days_since_last_order", ">=", "1", "true"), "no order in the last 1 day, or none ever"),
        (("days_since_first_order", "between", "31|120", ""), "first order 31 to 120 days ago"),
        (("replenishment_due_in_days", "between", "-7|14", ""),
            "replenishment due between 7 days ago and 14 days from now"),
        (("lifetime_value_total", ">", "2000", ""), "lifetime value above 2,000 GBP"),
        (("lifetime_value_total", ">=", "pct:80", ""), "in the top 20 % of buyers by lifetime value"),
        (("lifetime_value_total", ">", "pct:50", ""), "lifetime value above the median of buyers"),
        (("contribution_margin", ">", "0", ""), "positive contribution margin"),
        (("full_price_share", ">=", "0.8", ""), "at least 80 % of spend at full price"),
        (("worst_satisfaction_90d", "<=", "2", ""), "worst rating of at most 2 in the last 90 days"),
        (("first_order_date", ">=", "2026-06-01", ""), "first order date on or after 1 June 2026"),
        (("has_open_complaint", "is_true", "", "false"), "open complaint (if known)"),
        (("has_open_issue", "is_false", "", ""), "no open issue"),
        (("loyalty_tier", "in", "gold|silver", "true"), 'loyalty tier is one of "gold", "silver", or not a member'),
        (("bought_categories", "has_none", "Pets", ""), 'categories bought include none of "Pets"'),
        (("shoe_view_count_20d", ">", "3", ""), 'more than 3 product views with category "Shoes" in the last 20 days'),
        (("segment:vip_loyalists", "is_not_member", "", ""), "not in segment vip_loyalists"),
    ],
)  # fmt: skip
def test_conditions_read_as_people_would_say_them(
    said: tuple[list[Rule], dict[str, str], Phrases], condition: tuple[str, str, str, str], text: str
) -> None:
    assert said[2].condition(Condition(*condition)) == text


def test_what_alternatives_share_is_stated_once(said: tuple[list[Rule], dict[str, str], Phrases]) -> None:
    once, lately = Condition("order_count", "=", "1"), Condition("days_since_last_order", "<", "30")
    mail, text = (Condition(f"is_{channel}_contactable", "is_true", "", "true") for channel in ("email", "sms"))
    complains = Condition("has_open_complaint", "is_true", "")
    out = "Left out: staff, wholesalers, relay and test accounts."
    both = "All of: exactly 1 order · an order in the last 30 days."
    for include, asked in (
        ([[once]], "Exactly 1 order."),
        ([[once, lately]], both),
        ([[once, lately], [lately, once]], both),
        ([[once], [lately]], "Any of: exactly 1 order · an order in the last 30 days."),
        ([[once], [once, lately]], "Any of: exactly 1 order · exactly 1 order and an order in the last 30 days."),
        (
            [[once, mail], [lately, text, mail]],
            "Reachable by e-mail, or not known. And any of: exactly 1 order"
            " · an order in the last 30 days and reachable by SMS (or not known).",
        ),
        (
            [[lately, once, mail], [lately, once, text]],
            f"{both} And any of: reachable by e-mail, or not known · reachable by SMS, or not known.",
        ),
    ):
        assert said[2].rule(include) == f"{asked} {out}"
    assert said[2].rule([[once]], [[complains, mail], [lately]], is_for_all=True) == (
        "Exactly 1 order. Left out: open complaint and reachable by e-mail (or not known)"
        " · an order in the last 30 days."
    )


# ---- versions recorded by an earlier release ----


def test_a_new_wording_is_no_change_of_a_rule(tmp_path: Path) -> None:
    """Versions 1 and 2 were recorded in other words, version 1 of `old` without its conditions as JSON."""
    workspace = make_workspace(tmp_path, [], TYPES)
    put_rules(workspace, [])
    rows = [["include", "1", "order_count", ">=", "3", ""], ["include", "1", "product_view_count_7d", ">", "1", ""]]
    later = [["include", "1", "order_count", ">=", "4", ""], rows[1]]
    window = "window product_view_count_7d: product view count in 7 days counts product view (count) in {} days"
    words = "include 1, order_count: order count is at least {}\ninclude 1, product_view_count_7d: views above 1\n{}"
    recorded = [
        ("a", 1, words.format(3, "scope: people\n" + window.format(7)), rows),
        ("a", 2, words.format(4, "scope: people\n" + window.format(7)), later),
        ("a", 3, words.format("words of today", "scope: people\n" + window.format(14)), later),
        ("old", 1, "include 1, order_count: order count is at least 3\nscope: people", None),
        ("old", 2, "scope: people", rows[:1]),
    ]
    with open_warehouse(workspace.warehouse) as connection:
        connection.execute(
            "create table marts.segment_versions"
            " (segment_key varchar, rule_version integer, conditions varchar, rule_rows varchar)"
        )
        connection.executemany(
            "insert into marts.segment_versions values (?, ?, ?, ?)",
            [(*cells, rule and json.dumps({"scope": "people", "rows": rule})) for *cells, rule in recorded],
        )
        connection.execute(
            "create table intermediate.int_segment_version_pairs as select * from (values"
            " ('a', 1, 2), ('a', 2, 3), ('old', 1, 2)) as t(segment_key, from_version, to_version)"
        )
    build(workspace, ["int_segment_rule_differences"])
    found = query(
        workspace,
        "select segment_key, from_version, change_text from intermediate.int_segment_rule_differences order by all",
    )
    assert found == [
        ("a", 1, "3 or more orders became 4 or more orders"),
        ("a", 2, f"{window.format(7).split(': ')[1]} became {window.format(14).split(': ')[1]}"),
        # Nothing says in which words of today the first version's condition reads.
        ("old", 1, "order count is at least 3 became 3 or more orders"),
    ]
