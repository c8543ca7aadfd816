"""Faulty rows of rules: each kind is named with its reason and a suggestion, all of them by one build."""

# A table reads best with one case a line.
# ruff: noqa: E501

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass
from pathlib import Path

from tests.segments.test_rule_language import OPERATORS_OF, TYPES, shipped
from tests.support.rules_workspace import Row, Rule, build, make_workspace, put_rules, query, row

MODELS = [
    "attribute_catalogue",
    "int_segment_rules",
    "int_segment_conditions",
    "int_segment_conditions+,+int_segment_rule_errors",
    *("int_segment_cell_violations", "int_segment_priority_violations"),
]
SPEC = dict.fromkeys(
    (
        *("segment_name", "business_purpose", "included", "excluded", "required_data", "owner", "approved_uses"),
        *("success_measure", "review_rule", "next_action"),
    ),
    "filled",
) | {"refresh_cadence": "daily", "channels": "email", "segment_kind": "dynamic", "risk_class": "none"}
NUMBER, BOOLEAN, TEXT, SET = (
    f"use one of {' '.join(OPERATORS_OF[kind])}" for kind in ("number", "boolean", "text", "set")
)
A_NUMBER = "write a number such as 3 or 0.25, without thousands separators"


@dataclass(frozen=True)
class Case:
    """Rows of one segment, and the reasons and suggestions reported for them. `notes` are reported as warnings."""

    rows: list[Row]
    said: list[tuple[str, str]]
    notes: tuple[tuple[str, str], ...] = ()
    status: str = "active"


def one(attribute: str, operator: str, value: str = "", if_missing: str = "") -> list[Row]:
    return [row("include", 1, attribute, operator, value, if_missing)]


def both(
    first: tuple[str, str, str], second: tuple[str, str, str], alternative: int = 1, kind: str = "include"
) -> list[Row]:
    return [row("include", 1, *first), row(kind, alternative, *second)]


def clash(first: tuple[str, str, str], second: tuple[str, str, str]) -> Case:
    """Two conditions that cannot both hold: the first in order of the text is named, with the other."""
    other = max(" ".join(first).strip(), " ".join(second).strip())
    reason = f"it cannot hold together with `include 1, {other}`"
    return Case(both(first, second), [(reason, "put the two into different alternatives, or delete one")])


CASES: dict[str, Case] = {
    # ---- what a row refers to ----
    "unknown_attribute": Case(one("orders_180", ">", "3"), [("`orders_180` is not an attribute", "did you mean `order_count_180d`?")]),
    "wrong_case": Case(one("Order_Count", ">", "3"), [("`Order_Count` is not an attribute", "did you mean `order_count`?")]),
    "blank_in_name": Case(one("order count", ">", "3"), [("`order count` is not an attribute", "did you mean `order_count`?")]),
    "nothing_like_it": Case(one("shoe_size", ">", "3"), [("`shoe_size` is not an attribute", "attribute_catalogue lists all attributes")]),
    "kind": Case([row("includes", 1, "order_count", ">", "3"), *one("order_count", ">", "4")], [("`includes` is not a kind of condition", "write include or exclude")]),
    "alternative": Case([row("include", "a", "order_count", ">", "3"), *one("net_revenue", ">", "4")], [("alternative `a` is not a number", "write 1, or 2 and so on for another alternative")]),
    "if_missing": Case(one("order_count", ">", "3", "maybe"), [("if_missing is `maybe`", "write true or false, or leave it empty")]),
    "idle_if_missing": Case(one("net_revenue", "is_null", "", "true"), [("if_missing has no effect with operator `is_null`", "leave it empty")]),
    "twice": Case([*one("order_count", ">", "3"), *one("order_count", ">", "3")], [("the same condition is listed twice", "delete one of the rows")]),
    # ---- operators ----
    "gt": Case(one("order_count", "gt", "3"), [("operator `gt` is not allowed for `order_count`, which is a number", f"did you mean `>`? {NUMBER}")]),
    "equals": Case(one("order_count", "equals", "3"), [("operator `equals` is not allowed for `order_count`, which is a number", f"did you mean `=`? {NUMBER}")]),
    "at_least": Case(one("order_count", "at least", "3"), [("operator `at least` is not allowed for `order_count`, which is a number", f"did you mean `>=`? {NUMBER}")]),
    "is_true_apart": Case(one("has_open_complaint", "is true"), [("operator `is true` is not allowed for `has_open_complaint`, which is a boolean", f"did you mean `is_true`? {BOOLEAN}")]),
    "boolean_as_value": Case(one("has_open_complaint", "=", "TRUE"), [("operator `=` is not allowed for `has_open_complaint`, which is a boolean", "write is_true and leave the column value empty")]),
    "boolean_no": Case(one("has_open_complaint", "=", "FALSE"), [("operator `=` is not allowed for `has_open_complaint`, which is a boolean", "write is_false and leave the column value empty")]),
    "order_of_texts": Case(one("favourite_category", ">=", "Garden"), [("operator `>=` is not allowed for `favourite_category`, which is a text", TEXT)]),
    "like": Case(one("favourite_category", "like", "Gard"), [("operator `like` is not allowed for `favourite_category`, which is a text", f"did you mean `contains`? {TEXT}")]),
    "set_as_text": Case(one("bought_categories", "in", "Garden"), [("operator `in` is not allowed for `bought_categories`, which is a set", f"did you mean `has_any`? {SET}")]),
    "set_without": Case(one("bought_categories", "not in", "Garden"), [("operator `not in` is not allowed for `bought_categories`, which is a set", f"did you mean `has_none`? {SET}")]),
    "no_operator": Case(one("order_count", "", "3"), [("operator `` is not allowed for `order_count`, which is a number", NUMBER)]),
    # ---- values ----
    "no_value": Case(one("order_count", ">"), [("operator `>` needs a value", "fill the column value")]),
    "needless_value": Case(one("has_open_complaint", "is_true", "yes"), [("operator `is_true` takes no value, `yes` was given", "leave the column value empty")]),
    "half_between": Case(one("order_count", "between", "3"), [("between takes two values", "write the lower and the upper one joined by |, such as 31|120")]),
    "reversed": Case(one("order_count", "between", "9|3"), [("between has its values the wrong way round: 9|3", "write the lower one first")]),
    "reversed_days": Case(one("last_order_date", "between", "2026-06-30|2026-06-01"), [("between has its values the wrong way round: 2026-06-30|2026-06-01", "write the lower one first")]),
    "reversed_relative": Case(one("last_order_date", "between", "-7d|-30d"), [("between has its values the wrong way round: -7d|-30d", "write the lower one first")]),
    "empty_item": Case(one("favourite_category", "in", "Garden||Pets"), [("the list has an empty item", "delete the extra |")]),
    "no_number": Case(one("order_count", ">", "abc"), [("value `abc` for a number", A_NUMBER)]),
    "sql_for_a_number": Case(one("order_count", ">", "1; drop table x"), [("value `1; drop table x` for a number", A_NUMBER)]),
    "decimal_comma": Case(one("full_price_share", ">", "0,25"), [("value `0,25` for a number", "write 0.25, with a decimal point")]),
    "thousands": Case(one("net_revenue", ">", "1,500"), [("value `1,500` for a number", "write 1500, without thousands separators")]),
    "thousands_blank": Case(one("net_revenue", ">", "1 500"), [("value `1 500` for a number", "write 1500, without thousands separators")]),
    "continental": Case(one("net_revenue", ">", "1.500,50"), [("value `1.500,50` for a number", "write 1500.50, with only a decimal point")]),
    "percent_of_a_share": Case(one("full_price_share", ">", "25%"), [("value `25%` for a number", "write the share, 0.25 for 25%")]),
    "percent": Case(one("order_count", ">", "25 %"), [("value `25 %` for a number", "write the number without the percent sign")]),
    "currency": Case(one("net_revenue", ">", "£20"), [("value `£20` for a number", "write only the number")]),
    "percentile_spelling": Case(one("net_revenue", ">", "p80"), [("value `p80` for a number", "write pct:80")]),
    "percentile_range": Case(one("net_revenue", ">", "pct:101"), [("`pct:101` is not a percentile", "write pct: and a number from 0 to 100, such as pct:25 or pct:25 of a_segment")]),
    "day_turned": Case(one("last_order_date", ">", "30/06/2026"), [("value `30/06/2026` for a date", "write 2026-06-30")]),
    "day_american": Case(one("last_order_date", ">", "06/30/2026"), [("value `06/30/2026` for a date", "write 2026-06-30")]),
    "day_either": Case(one("last_order_date", ">", "05/06/2026"), [("value `05/06/2026` for a date", "write year, month and day: 2026-06-05 or 2026-05-06")]),
    "day_loose": Case(one("last_order_date", ">", "2026-6-3"), [("value `2026-6-3` for a date", "write 2026-06-03")]),
    "day_with_time": Case(one("last_order_date", ">", "2026-06-30 00:00"), [("value `2026-06-30 00:00` for a date", "write only the date, 2026-06-30")]),
    "day_as_number": Case(one("last_order_date", ">", "46203"), [("value `46203` for a date", "a spreadsheet turned the date into a number: format the cell as text and write it as 2026-06-30")]),
    "day_that_is_not": Case(one("last_order_date", ">", "2026-02-30"), [("`2026-02-30` is not a calendar date", "write a date that exists")]),
    "days_ago": Case(one("last_order_date", ">", "30 days ago"), [("value `30 days ago` for a date", "write -30d")]),
    "other_type": Case(one("order_count", ">", "attr:last_order_date"), [("`last_order_date` is a date, `order_count` is a number", "name an attribute of the same type after attr:")]),
    "other_unknown": Case(one("order_count", ">", "attr:orders"), [("`orders` is not an attribute", "name an attribute of the same type after attr:")]),
    "itself": Case(one("order_count", ">", "attr:order_count"), [("`order_count` is compared with itself", "name another attribute after attr:")]),
    "above_one": Case(one("full_price_share", ">", "25"), [("`full_price_share` is never 25", "write a number from 0 to 1, such as 0.25 for 25 %")]),
    "score": Case(one("r_score", "=", "6"), [("`r_score` is never 6", "write a number from 1 to 5")]),
    "negative_count": Case(one("order_count", "<", "-1"), [("`order_count` is never -1", "write a number from 0 upwards")]),
    "curly_quotes": Case(one("favourite_category", "=", "“Garden”"), [("the cell value contains a curly quote", "type the cell again, without pasting it from another program")]),
    "curly_number": Case(one("order_count", ">", "’3"), [("the cell value contains a curly quote", "type the cell again, without pasting it from another program")]),
    "hard_blank": Case(one("order_count", ">\u00a0", "3"), [("the cell operator contains a non-breaking space", "type the cell again, without pasting it from another program")]),
    "hard_blank_in_text": Case(one("favourite_category", "=", "Garden\u00a0tools"), [("the cell value contains a non-breaking space", "type the cell again, without pasting it from another program")]),
    "unseen": Case(one("\ufefforder_count", ">", "3"), [("the cell attribute contains an invisible character", "type the cell again, without pasting it from another program")]),
    # ---- references ----
    "to_nobody": Case(one("segment:grund", "is_member"), [("`grund` is not a segment of segment_definitions", "did you mean `ground`?")]),
    "base_unknown": Case(one("order_count", ">", "pct:50 of groundd"), [("`groundd` is not a segment of segment_definitions", "did you mean `ground`?")]),
    "to_itself": Case(one("segment:to_itself", "is_member"), [("the segment refers to itself", "name another segment, or write its conditions here")]),
    "cycle_a": Case(one("segment:cycle_b", "is_member"), [("the rule refers to itself in a cycle: cycle_a > cycle_b > cycle_a", "remove one of these references")]),
    "cycle_b": Case(one("order_count", ">", "pct:50 of cycle_a"), [("the rule refers to itself in a cycle: cycle_b > cycle_a > cycle_b", "remove one of these references")]),
    "second": Case(one("segment:ground", "is_member"), []),
    "third": Case(one("segment:second", "is_not_member"), []),
    "too_deep": Case(one("segment:third", "is_member"), [("the rule depends on more than 3 levels of segments, or on a cycle of segments", "write the conditions of the lowest segment here in place of a reference")]),
    "to_a_draft": Case(one("segment:a_draft", "is_member"), [("`a_draft` is draft, not active, so it has no members", "make it active first, or write its conditions here in place of the reference")]),
    "member_operator": Case(one("segment:ground", "in"), [("operator `in` is not allowed for `segment:ground`, which is a segment", "did you mean `is_member`? use one of is_member is_not_member")]),
    # ---- rules that cannot be intended ----
    "no_number_between": clash(("order_count", ">", "5"), ("order_count", "<", "6")),
    "no_share_between": clash(("full_price_share", ">", "0.5"), ("full_price_share", "<=", "0.5")),
    "two_values": clash(("favourite_category", "=", "Garden"), ("favourite_category", "=", "Pets")),
    "yes_and_no_text": clash(("favourite_category", "=", "Garden"), ("favourite_category", "!=", "Garden")),
    "list_and_start": clash(("favourite_category", "in", "Garden|Pets"), ("favourite_category", "starts_with", "K")),
    "list_and_range": clash(("order_count", "in", "1|9"), ("order_count", "between", "3|5")),
    "two_ranges": clash(("last_order_date", "between", "-30d|-20d"), ("last_order_date", ">", "-10d")),
    "two_percentiles": clash(("net_revenue", ">", "pct:80"), ("net_revenue", "<", "pct:25")),
    "two_sides": clash(("order_count", ">", "attr:r_score"), ("order_count", "<=", "attr:r_score")),
    "missing_and_more": clash(("net_revenue", "is_null", ""), ("net_revenue", ">", "5")),
    "true_and_false": clash(("has_open_complaint", "is_true", ""), ("has_open_complaint", "is_false", "")),
    "in_and_out": clash(("segment:ground", "is_member", ""), ("segment:ground", "is_not_member", "")),
    "all_and_none": clash(("bought_categories", "has_all", "Garden|Pets"), ("bought_categories", "has_none", "Pets")),
    "any_and_none": clash(("bought_categories", "has_any", "Garden"), ("bought_categories", "has_none", "Garden|Pets")),
    "above_the_highest": Case(one("full_price_share", ">", "1"), [("no customer can meet it: `full_price_share` is never above its highest value, 1", "correct the value")]),
    "below_the_lowest": Case(one("order_count", "<", "0"), [("no customer can meet it: `order_count` is never below its lowest value, 0", "correct the value")]),
    "everybody": Case(one("order_count", ">=", "0"), [("the rule matches every customer", "correct the value; if every customer is meant, write customer_type is_not_null")]),
    "everybody_out": Case(both(("order_count", ">", "3"), ("order_count_30d", ">=", "0"), kind="exclude"), [("it excludes every customer", "correct the value, or delete the row")]),
    "two_halves": Case(both(("order_count", "<", "5"), ("order_count", ">=", "5"), 2), [("together with `include 2, order_count >= 5` it matches every customer", "correct one of the two; if every customer is meant, write customer_type is_not_null")]),
    "out_again": Case(both(("order_count", ">", "3"), ("order_count", ">", "3"), kind="exclude"), [("exclude 1 removes every customer that include 1 matches", "correct one of the two, or delete both")]),
    "out_again_by_more": Case(both(("order_count", ">", "5"), ("order_count", ">=", "3"), kind="exclude"), [("exclude 1 removes every customer that include 1 matches", "correct one of the two, or delete both")]),
    # ---- reported, but nothing is stopped ----
    "idle_condition": Case(both(("order_count", ">=", "0"), ("net_revenue", ">", "5")), [], (("every customer meets the condition", "correct the value, or delete the row"),)),
    "known_halves": Case(both(("full_price_share", "<", "0.5"), ("full_price_share", ">=", "0.5"), 2), [], (("together with `include 2, full_price_share >= 0.5` it matches every customer whose full_price_share is known", "correct one of the two, or write full_price_share is_not_null"),)),
    "same_alternatives": Case(both(("order_count", "in", "1|2"), ("order_count", "in", "2 | 1.0"), 2), [], (("include 2 and include 1 mean the same", "delete include 2, or correct it"),)),
    "contained": Case(both(("order_count", ">", "5"), ("order_count", ">", "3"), 2), [], (("include 1 adds nothing to include 2", "delete include 1, or correct it"),)),
    "draft_with_a_fault": Case(one("orders_180", ">", "3"), [], (("`orders_180` is not an attribute", "did you mean `order_count_180d`?"),), "draft"),
    # ---- texts that no customer has, reported where another is probably meant ----
    "mistyped_text": Case(one("bought_categories", "has_any", "Gardn"), [], (("no customer has `Gardn` as bought_categories", "did you mean `Garden`? it is one of Garden, Pets"),)),
    "text_in_small_letters": Case(one("favourite_category", "=", "garden"), [], (("no customer has `garden` as favourite_category", "did you mean `Garden`? it is one of Garden, Pets"),)),
    "texts_with_a_comma": Case(one("favourite_category", "in", "Garden,Pets"), [], (("no customer has `Garden,Pets` as favourite_category", "join several values with |; it is one of Garden, Pets"),)),
    "text_for_a_code": Case(one("country_code", "=", "United Kingdom"), [], (("no customer has `United Kingdom` as country_code", "it is one of DE, GB"),)),
    # ---- valid, however close to an error ----
    "text_of_nobody_yet": Case(one("favourite_category", "=", "Shoes"), []),
    "ground": Case(one("order_count", ">", "3"), []),
    "a_draft": Case(one("segment:ground", "is_member"), [], (), "draft"),
    "draft_on_draft": Case(one("segment:a_draft", "is_member"), [], (), "draft"),
    "everybody_but": Case(both(("order_count", ">=", "0"), ("has_open_complaint", "is_true", ""), kind="exclude"), []),
    "everybody_meant": Case(one("customer_type", "is_not_null"), []),
    "apostrophe": Case(one("favourite_category", "=", "Women’s shoes"), []),
    "just_between": Case(both(("order_count", ">", "5"), ("order_count", "<", "7")), []),
    "missing_or_more": Case([row("include", 1, "net_revenue", "<", "3", "true"), row("include", 1, "net_revenue", ">", "5", "true")], []),
    "full_share": Case(one("full_price_share", "=", "1"), []),
    "other_scale": Case(both(("net_revenue", ">", "pct:80"), ("net_revenue", "<", "5")), []),
    "spelling": Case([row(" Include", " 1 ", " order_count ", " >= ", " 03 ")], []),
}  # fmt: skip
CUSTOMERS: list[Row] = [
    {"customer_id": "c1", "favourite_category": "Garden", "bought_categories": "Garden|Pets", "country_code": "GB"},
    {"customer_id": "c2", "favourite_category": "Pets", "bought_categories": "", "country_code": "DE"},
]


def faults(folder: Path) -> tuple[dict[str, set[tuple[str, str, str]]], dict[str, str | None]]:
    """What is reported for each case and for the shipped rules, and their texts."""
    workspace = make_workspace(folder, CUSTOMERS, {**TYPES, "country_code": "varchar"})
    rules = [
        Rule(key, case.rows, case.status, more=SPEC | {"priority": n}) for n, (key, case) in enumerate(CASES.items(), 1)
    ]
    rules += [Rule(f"shipped_{rule.key}", rule.rows, "active", rule.scope) for rule in shipped()]
    put_rules(workspace, rules)
    build(workspace, MODELS)
    said = defaultdict(set)
    for key, severity, reason, suggestion in query(
        workspace,
        "select segment_key, severity, reason, suggestion from intermediate.int_segment_rule_errors"
        " where seed_name = 'segment_rule_conditions'",
    ):
        said[key].add((severity, reason, suggestion))
    texts = dict(query(workspace, "select segment_key, unavailable_reasons from intermediate.int_segment_rules"))
    return dict(said), texts


def test_every_kind_of_faulty_row_is_named_with_a_suggestion(tmp_path: Path) -> None:
    said, texts = faults(tmp_path)
    wanted = {
        key: {("error", *pair) for pair in case.said} | {("warning", *pair) for pair in case.notes}
        for key, case in CASES.items()
    }
    assert sum(bool(case.said or case.notes) for case in CASES.values()) >= 30
    wrong = [
        f"{key}: said {said.get(key, set())}, wanted {faults}"
        for key, faults in wanted.items()
        if said.get(key, set()) != faults
    ]
    assert not wrong, "\n".join(wrong)
    assert not {key for key in said if key.startswith("shipped_")}
    # What an active rule refers to, and is not there, keeps it from being computed.
    assert texts["to_a_draft"] == "segment:a_draft (its status is draft, not active)"
    assert texts["to_nobody"] == "segment:grund (there is no such rule)"
    assert texts["cycle_a"] == "segment:cycle_b (a cycle, or more than 3 levels)"
