"""Requests in words become the rows that a person would have written, or report what was not understood."""

from __future__ import annotations

import csv
import shutil
from pathlib import Path

import duckdb
import pytest

from scripts.__main__ import main
from scripts.platform.workspace import BUSINESS_SEEDS, Workspace
from scripts.segments.drafts import Condition
from scripts.segments.request import request_words
from scripts.segments.rule_parser import Attribute, Reading, read_request

NUMBERS = [
    "order_count",
    "order_count_30d",
    "order_count_180d",
    "order_count_365d",
    "days_since_last_order",
    "days_since_first_order",
    "email_human_open_count_30d",
    "email_human_open_count_90d",
    "days_since_last_email_open",
    "email_click_count_90d",
    "days_since_last_email_click",
    "visit_count_30d",
    "days_since_last_visit",
    "cart_addition_count_30d",
    "days_since_last_cart_addition",
    "lifetime_value_total",
    "loyalty_points_balance",
    "open_ticket_count",
    "net_revenue",
    "predicted_margin_12m",
    "complaint_count_365d",
    "household_size",
    "expected_order_in_days",
    "days_since_last_return",
]
SHARES = ["full_price_share", "churn_propensity", "unit_return_rate"]
FLAGS = ["has_open_complaint", "has_pending_refund", "is_email_contactable", "has_opted_out", "has_open_cart"]
TEXTS = ["country_code", "favourite_category", "loyalty_tier", "nps_group"]
CATALOGUE = (
    [Attribute(name, "number") for name in NUMBERS]
    + [Attribute(name, "number", "share 0 to 1") for name in SHARES]
    + [Attribute(name, "boolean") for name in FLAGS]
    + [Attribute(name, "text") for name in TEXTS]
)

# Request, include, exclude: alternatives joined by `;`, conditions by `&`, a missing value that counts as met by `?`.
UNDERSTOOD = [
    (
        "customers who ordered at least 3 times in 180 days and have not opened an e-mail in 30 days",
        "order_count_180d >= 3 & days_since_last_email_open >= 30 ?",
        "",
    ),
    ("Customers who ordered more than twice in the last 6 months", "order_count_180d > 2", ""),
    ("people who ordered 3 or more times in the last year", "order_count_365d >= 3", ""),
    ("ordered 5+ times", "order_count >= 5", ""),
    ("customers who have ordered only once", "order_count = 1", ""),
    ("customers who haven't ordered for 120 days", "days_since_last_order >= 120 ?", ""),
    ("people who never ordered", "order_count = 0", ""),
    ("who bought something in the last 30 days", "days_since_last_order < 30", ""),
    ("customers whose last order was more than 90 days ago", "days_since_last_order > 90", ""),
    (
        "customers whose first order was between 31 and 120 days ago, and who have ordered exactly once",
        "days_since_first_order between 31|120 & order_count = 1",
        "",
    ),
    ("last purchase between 2 weeks and 2 months ago", "days_since_last_order between 14|60", ""),
    ("customers with a lifetime value above £2,000", "lifetime_value_total > 2000", ""),
    ("lifetime value between 500 and 1,500.50", "lifetime_value_total between 500|1500.5", ""),
    (
        "buyers in the top 10 % of predicted margin who ordered at most 2 times",
        "predicted_margin_12m >= pct:90 & order_count <= 2",
        "",
    ),
    (
        "top decile of lifetime value and churn risk below the 25th percentile",
        "lifetime_value_total >= pct:90 & churn_propensity < pct:25",
        "",
    ),
    ("lifetime value above the median", "lifetime_value_total > pct:50", ""),
    ("full-price share of at least 80 %", "full_price_share >= 0.8", ""),
    (
        "visited at least 5 times in 30 days but did not order in 30 days",
        "visit_count_30d >= 5 & days_since_last_order >= 30 ?",
        "",
    ),
    (
        "opted in to e-mail and with an abandoned cart, except those with an open complaint or a pending refund",
        "is_email_contactable is_true & has_open_cart is_true",
        "has_open_complaint is_true ; has_pending_refund is_true",
    ),
    (
        "customers in Germany or customers whose favourite category is Garden",
        "country_code = DE ; favourite_category = Garden",
        "",
    ),
    ("loyalty tier is gold and no open tickets", "loyalty_tier = gold & open_ticket_count = 0", ""),
    ("favourite category is not 'Home and Living'", "favourite_category != Home and Living", ""),
    ("without an open complaint and not unsubscribed", "has_open_complaint is_false & has_opted_out is_false", ""),
    ("ordered at least 2 times and at most 6 times", "order_count >= 2 & order_count <= 6", ""),
    ("have not ordered more than 2 times in 180 days", "order_count_180d <= 2", ""),
    ("clicked an email in the last month", "days_since_last_email_click < 30", ""),
]
# Request, the part that is understood, words that must be in the message about the rest.
PARTLY = [
    ("customers who ordered at least twice and like jazz", "order_count >= 2", ["like", "jazz"]),
    ("people who ordered 3 times in 45 days", "", ["ordered", "30, 180, 365", "45"]),
    ("customers with a high lifetime value", "", ["high"]),
    ("lifetime value and opted out", "has_opted_out is_true", ["lifetime value", "how much"]),
    ("churn risk above 50 % and lifetime value above 50 %", "churn_propensity > 0.5", ["no share"]),
    ("everybody who lives near the sea", "", ["near", "sea"]),
    ("searched 3 times", "", ["searched", "search_count"]),
    ("not lapsed", "", ["lapsed", "in numbers"]),
    ("first ordered 3 times", "", ["cannot be counted"]),
    ("promoters with more than 500 points", "", ["several things", "join them with `and`"]),
    ("top customers by lifetime value", "", ["how large a share"]),
]


def written(alternatives: list[list[Condition]]) -> str:
    return " ; ".join(
        " & ".join(
            f"{part.attribute} {part.operator} {part.value}".strip() + (" ?" if part.if_missing else "")
            for part in parts
        )
        for parts in alternatives
    )


def read(text: str) -> Reading:
    return read_request(text, request_words(), CATALOGUE)


@pytest.mark.parametrize(("text", "include", "exclude"), UNDERSTOOD)
def test_a_request_becomes_the_expected_rows(text: str, include: str, exclude: str) -> None:
    reading = read(text)
    assert written(reading.include) == include
    assert written(reading.exclude) == exclude
    assert reading.problems == []


@pytest.mark.parametrize(("text", "include", "words"), PARTLY)
def test_what_is_not_understood_is_reported_and_not_guessed(text: str, include: str, words: list[str]) -> None:
    reading = read(text)
    assert written(reading.include) == include
    assert reading.problems
    for word in words:
        assert word in " ".join(reading.problems)


def test_every_phrase_of_the_seed_says_what_it_means() -> None:
    kinds = dict.fromkeys(["event", "measure", "flag"], "attribute") | dict.fromkeys(
        ["value", "unit", "number"], "value"
    )
    kinds["operator"] = "operator"
    for row in request_words():
        needed = kinds.get(row["kind"])
        assert needed is None or row[needed] or (row["kind"] == "event" and row["since_attribute"]), row


def test_attributes_are_understood_by_their_names() -> None:
    reading = read("open ticket count of at least 2, household size above 3 and complaint count in 365 days over 1")
    assert written(reading.include) == "open_ticket_count >= 2 & household_size > 3 & complaint_count_365d > 1"
    assert reading.problems == []


@pytest.fixture
def catalogued(tmp_path: Path) -> Workspace:
    """A workspace with three attributes."""
    workspace = Workspace.at(warehouse=str(tmp_path / "warehouse.duckdb"))
    workspace.seeds.mkdir()
    for name in ("segment_definitions.csv", "segment_rule_conditions.csv"):
        shutil.copyfile(BUSINESS_SEEDS / name, workspace.seeds / name)
    with duckdb.connect(str(workspace.warehouse)) as connection:
        connection.execute(
            """
            create schema marts;
            create table marts.attribute_catalogue as select * from (values
                ('order_count_180d', 'number', 'orders', 'orders', '{"kind": "count", "one": "order in 180 days",
                    "many": "orders in 180 days", "label": "number of orders", "unit": "", "absent": "not known"}'),
                ('days_since_last_email_open', 'number', 'days', 'engagement', '{"kind": "recency",
                    "one": "e-mail open", "label": "days since", "unit": "", "absent": "none ever"}'),
                ('has_open_complaint', 'boolean', 'yes or no', 'service',
                    '{"kind": "flag", "label": "open complaint", "unit": ""}')
            ) as t (attribute_name, value_type, unit, theme, phrase)
            """
        )
    return workspace


def test_the_command_writes_a_draft_for_review(catalogued: Workspace, capsys: pytest.CaptureFixture[str]) -> None:
    text = "customers who ordered at least 3 times in 180 days and have not opened an e-mail in 30 days"
    arguments = ["request", f"{text}, except those with an open complaint", "--warehouse", str(catalogued.warehouse)]
    assert main([*arguments, "--into-library"]) == 0
    output = capsys.readouterr().out
    assert "not understood" not in output
    assert (
        "read as: All of: 3 or more orders in 180 days · no e-mail open in the last 30 days, or none ever. "
        "Left out: open complaint · staff, wholesalers, relay and test accounts." in output
    )
    (folder,) = (catalogued.home / "review" / "requests").iterdir()
    with (folder / "segment_rule_conditions.csv").open(encoding="utf-8") as lines:
        rows = [tuple(row.values()) for row in csv.DictReader(lines)]
    assert [row[1:] for row in rows] == [
        ("include", "1", "order_count_180d", ">=", "3", ""),
        ("include", "1", "days_since_last_email_open", ">=", "30", "true"),
        ("exclude", "1", "has_open_complaint", "is_true", "", ""),
    ]
    with (catalogued.seeds / "segment_definitions.csv").open(encoding="utf-8") as lines:
        (definition,) = [row for row in csv.DictReader(lines) if row["segment_key"] == rows[0][0]]
    assert (definition["status"], definition["tags"], definition["expected_max_share"]) == ("draft", "request", "")
    assert definition["required_data"] == "engagement, orders, service"
    assert definition["excluded"] == "Left out: open complaint · staff, wholesalers, relay and test accounts."


def test_what_is_left_out_fails_and_leaves_the_library_alone(
    catalogued: Workspace, capsys: pytest.CaptureFixture[str]
) -> None:
    library = (catalogued.seeds / "segment_definitions.csv").read_bytes()
    text = "customers who ordered at least 3 times in 180 days, but like jazz"
    assert main(["request", text, "--into-library", "--warehouse", str(catalogued.warehouse)]) == 1
    output = capsys.readouterr()
    assert "not understood: `like jazz`" in output.out
    assert "1 part(s) of the request were left out" in output.err
    (folder,) = (catalogued.home / "review" / "requests").iterdir()
    with (folder / "segment_rule_conditions.csv").open(encoding="utf-8") as lines:
        assert [row["attribute"] for row in csv.DictReader(lines)] == ["order_count_180d"]
    assert (catalogued.seeds / "segment_definitions.csv").read_bytes() == library


def test_nothing_understood_is_a_failure_that_writes_nothing(
    catalogued: Workspace, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["request", "people near the sea", "--warehouse", str(catalogued.warehouse)]) == 1
    output = capsys.readouterr()
    assert "not understood" in output.out
    assert "nothing of the request was understood" in output.err
    assert not (catalogued.home / "review").exists()
