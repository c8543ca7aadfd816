"""Mistakes of the first day, each with the one sentence that names its cause and says what to do.

Settings are in `tests/platform/test_settings.py`, files in `tests/intake`; here is what is noticed in the data.
"""

from __future__ import annotations

import csv
import json
import re
from functools import cache
from typing import Any

import pytest

from scripts.platform.dbt import rendered
from scripts.platform.warehouse import open_memory
from scripts.platform.workspace import BUSINESS_SEEDS, PROJECT

# Identifiers of one source.
IDENTIFIERS: dict[str, Any] = {
    "source": "hubspot",
    "identifier_type": "email",
    "value_count": 220,
    "unreadable_count": 0,
    "hashed_count": 0,
    "example": None,
}
UNREADABLE = {"unreadable_count": 22, "example": "n…s (14 characters)"}
MISTAKES_OF_IDENTIFIERS: list[tuple[str, dict[str, Any], dict[str, Any], str]] = [
    (
        "the e-mail column holds something else",
        UNREADABLE,
        {},
        "warn: 22 of 220 e-mail addresses of hubspot cannot be read, such as n…s (14 characters), and identify nobody:"
        " correct them at the source",
    ),
    (
        "a few addresses are mistyped",
        UNREADABLE | {"unreadable_count": 21},
        {},
        "ok: 21 of 220 e-mail addresses of hubspot cannot be read, such as n…s (14 characters), and identify nobody:"
        " correct them at the source",
    ),
    (
        "the connector hashes e-mail addresses",
        {"unreadable_count": 220, "hashed_count": 219, "example": "d…5 (32 characters)"},
        {},
        "warn: 220 of 220 e-mail addresses of hubspot cannot be read, such as d…5 (32 characters), because they are"
        " hashed: they identify nobody; have the connector deliver them as they are",
    ),
    (
        "phone numbers are those of another country",
        UNREADABLE | {"identifier_type": "phone"},
        {},
        "warn: 22 of 220 phone numbers of hubspot cannot be read, such as n…s (14 characters), and identify nobody:"
        " deliver them with their country code, or set default_country",
    ),
    (
        "nobody is written as undefined",
        UNREADABLE | {"identifier_type": "number"},
        {},
        "warn: 22 of 220 account and card numbers of hubspot are placeholders, such as n…s (14 characters), and"
        " identify nobody: leave them empty at the source",
    ),
]

VARS = {"as_of_date": "2026-06-30", "reporting_currency": "GBP", "business_timezone": "Europe/London", "kind": "own"}

# A shop of which nothing has to be said.
SHOP: dict[str, Any] = {
    "row_count": 900,
    "later_known_count": 0,
    "newest_known_date": "2026-06-30",
    "order_count": 120,
    "counted_count": 100,
    "customer_order_count": 90,
    "not_counted_reason": "not paid",
    "held_count": 2,
    "held_reason": "the currency has no exchange rate",
    "held_hint": "add its rate to exchange_rates",
    "order_currency_count": 1,
    "order_currency": "GBP",
    "line_count": 300,
    "catalogue_line_count": 280,
    "costed_line_count": 250,
    "known_cost_percent": 93,
    "customer_count": 80,
    "person_count": 70,
    "customer_type": "person",
    "permitted_count": 30,
    "missing_cost_count": 0,
    "missing_cost": None,
    "is_example_cost": False,
    "is_example_limit": False,
    "product_count": 40,
    "reconstructed_count": 0,
}
# One source of it.
SOURCE: dict[str, Any] = {
    "source": "pos",
    "row_count": 900,
    "later_known_count": 0,
    "later_count": 0,
    "newest_known_date": "2026-06-30",
    "newest_date": "2026-06-30",
    "is_everything_later": False,
    "order_count": 120,
    "midnight_count": 3,
    "shifted": "",
}

# What is different, and what is said: severity and sentence.
MISTAKES_OF_ALL: list[tuple[str, dict[str, Any], dict[str, Any], str]] = [
    (
        "all rows were stamped on the day of the export",
        {"later_known_count": 900, "newest_known_date": "2026-07-02"},
        {},
        "fail: All 900 rows that were delivered became known after 2026-06-30, the day of this build, the newest on"
        " 2026-07-02: set as_of_date to 2026-07-02 and build again",
    ),
    (
        "the year of as_of_date is mistyped",
        {},
        {"as_of_date": "2062-06-30"},
        "warn: as_of_date is 2062-06-30, a day to come: every customer looks as inactive as they would be by then;"
        " correct as_of_date",
    ),
    (
        "a history is loaded in one go",
        {"reconstructed_count": 840},
        {},
        "ok: 840 rows of the first load had no timestamp of their source and count as known from the day they happened:"
        " this history is reconstructed, and past days know more than was known then",
    ),
    (
        "the status of orders is not what the contract says",
        {"counted_count": 0},
        {},
        "warn: None of 120 orders counts as a sale, most often because: not paid; check the status columns of the order"
        " source, and that the lines of its orders were delivered",
    ),
    (
        "every order is in a currency without a rate",
        {"order_count": 0, "held_count": 120, "order_currency_count": 0, "line_count": 0, "customer_count": 0},
        {"reporting_currency": None},
        "fail: There is no order: 120 records are held back, most often because the currency has no exchange rate; add"
        " its rate to exchange_rates, or set reporting_currency",
    ),
    (
        "orders come without their customers",
        {"customer_order_count": 0},
        {},
        "warn: None of 120 orders names a known customer, so nobody bought anything: deliver the customers whose"
        " accounts the orders name, or an e-mail address or a phone number with the orders",
    ),
    (
        "the currency of the business is not stated",
        {"order_currency": "BRL"},
        {},
        "warn: All 120 orders are in BRL, but amounts are in GBP: set reporting_currency to BRL if that is the currency"
        " of the business",
    ),
    (
        "no catalogue is delivered",
        {"product_count": 0, "catalogue_line_count": 0, "costed_line_count": 0, "known_cost_percent": 0},
        {},
        "warn: No product catalogue was delivered (products/product): categories and costs of goods are not known, and"
        " neither are margins",
    ),
    (
        "the catalogue writes its skus in another way",
        {"catalogue_line_count": 0, "costed_line_count": 0, "known_cost_percent": 0},
        {},
        "warn: None of 300 order lines has a sku of the catalogue: compare the sku of products/product with that of the"
        " orders",
    ),
    (
        "the catalogue has no unit costs",
        {"costed_line_count": 0, "known_cost_percent": 0},
        {},
        "warn: No product sold has a unit_cost in products/product: the cost of goods is not known, and neither are"
        " margins",
    ),
    (
        "only some products have unit costs",
        {"known_cost_percent": 89},
        {},
        "warn: The cost of goods is known for only 89 % of sales, so margins are not known: deliver unit_cost in"
        " products/product for what was sold",
    ),
    (
        "costs of a channel are not stated",
        {"missing_cost_count": 2, "missing_cost": "shipping of online"},
        {},
        "warn: cost_assumptions.csv has no row for 2 kinds of cost that happened, such as shipping of online: margins"
        " are too high; missing_costs lists them",
    ),
    (
        "the costs are still those of the example",
        {"is_example_cost": True},
        {},
        "warn: Margins assume the costs of the example that ships, as amounts in GBP: 3.80 to ship an order online,"
        " 0.20 and 1.8 % for its payment, 13 % to a marketplace, 2.90 for a returned line, 4.50 for a ticket; put"
        " yours into cost_assumptions.csv, or set costs_confirmed to true",
    ),
    (
        "the limits are still those of the example",
        {"is_example_limit": True},
        {},
        "ok: Limits are those of the example that ships: a customer has lapsed after 180 days without an order, a cart"
        " is abandoned after 24 hours, a promoter scores 9 or more; put yours into attribute_limits.csv, or set"
        " limits_confirmed to true",
    ),
    (
        "every customer is a wholesaler",
        {"person_count": 0, "customer_type": "wholesaler"},
        {},
        "warn: All 80 customers are of a type that segments of people leave out, most of them wholesaler: check"
        " customer_type_rules.csv",
    ),
    (
        "no consent is delivered",
        {"permitted_count": 0},
        {},
        "warn: None of 80 customers may be contacted by e-mail or text message, because no permission was delivered:"
        " unknown consent is no consent; deliver consent/consent_event",
    ),
]
MISTAKES_OF_A_SOURCE: list[tuple[str, dict[str, Any], dict[str, Any], str]] = [
    (
        "one source was stamped on the day of the export",
        {"later_known_count": 900, "newest_known_date": "2026-07-02"},
        {},
        "warn: All 900 rows of pos became known after 2026-06-30, the newest on 2026-07-02, and none of them counts:"
        " build for that day, or correct their timestamps",
    ),
    (
        "as_of_date was left behind",
        {"later_known_count": 40, "later_count": 40, "newest_date": "2026-07-09"},
        {},
        "warn: 40 of 900 rows of pos happened after 2026-06-30, the newest on 2026-07-09, and do not count: set"
        " as_of_date to that day, or delete it from the settings",
    ),
    (
        "orders have a day and no time",
        {"midnight_count": 120},
        {},
        "warn: All 120 orders of pos are at midnight: only their day is known, so hours and habits by time of day mean"
        " nothing",
    ),
    (
        "orders have a day and no time, west of UTC",
        {"midnight_count": 120, "shifted": ", and they count on the day before"},
        {"business_timezone": "America/Sao_Paulo"},
        "warn: All 120 orders of pos are at midnight: only their day is known, so hours and habits by time of day mean"
        " nothing, and they count on the day before",
    ),
]


@cache
def rendered_once(template: str, variables: str) -> str:
    return rendered(template, json.loads(variables))


def said(facts: str, row: dict[str, Any], variables: dict[str, Any]) -> list[str]:
    """What a build says of these facts."""
    subject = "'all'" if facts == "of_all" else "source"
    template = f"{{{{ statement_rows(build_statements().{facts}, '{facts}', \"{subject}\") }}}}"
    query = rendered_once(template, json.dumps(VARS | variables))
    values = ", ".join(f"{'null' if value is None else repr(value)} as {name}" for name, value in row.items())
    values = values.replace("'2026-", "date '2026-")
    with open_memory() as connection:
        rows = connection.execute(f"with {facts} as (select {values}) select severity, note from ({query})").fetchall()
    return [f"{severity}: {note}" for severity, note in rows]


def test_nothing_is_said_of_a_shop_without_mistakes() -> None:
    assert said("of_all", SHOP, {}) == said("of_sources", SOURCE, {}) == said("of_identifiers", IDENTIFIERS, {}) == []


@pytest.mark.parametrize(
    ("facts", "usual", "different", "variables", "sentence"),
    [
        pytest.param(facts, usual, different, variables, sentence, id=name)
        for facts, usual, mistakes in (
            ("of_all", SHOP, MISTAKES_OF_ALL),
            ("of_sources", SOURCE, MISTAKES_OF_A_SOURCE),
            ("of_identifiers", IDENTIFIERS, MISTAKES_OF_IDENTIFIERS),
        )
        for name, different, variables, sentence in mistakes
    ],
)
def test_a_mistake_of_the_first_day_gets_one_sentence(
    facts: str, usual: dict[str, Any], different: dict[str, Any], variables: dict[str, Any], sentence: str
) -> None:
    assert said(facts, usual | different, variables) == [sentence]


def test_what_is_confirmed_or_generated_is_not_questioned() -> None:
    example = SHOP | {"is_example_cost": True, "is_example_limit": True, "order_currency": "BRL"}
    assert len(said("of_all", example, {})) == 3
    confirmed = {"costs_confirmed": True, "limits_confirmed": True}
    assert said("of_all", example | {"order_currency": "GBP"}, confirmed) == []
    assert said("of_all", example, {"kind": "demo"}) == []


def test_the_example_is_what_ships() -> None:
    """The sentences about the example name figures of the seeds, and the facts know the seeds by their sums."""
    costs = list(csv.DictReader((BUSINESS_SEEDS / "cost_assumptions.csv").open(encoding="utf-8")))
    stated = {(row["cost_type"], row["applies_to"]): (float(row["fixed_amount"]), float(row["rate"])) for row in costs}
    assert stated["shipping", "online"] == (3.8, 0)
    assert stated["payment_fee", "online"] == (0.2, 0.018)
    assert stated["marketplace_fee", "marketplace"] == (0, 0.13)
    assert stated["return_handling", "return_line"] == (2.9, 0)
    assert stated["service", "ticket"] == (4.5, 0)
    limits = list(csv.DictReader((BUSINESS_SEEDS / "attribute_limits.csv").open(encoding="utf-8")))
    values = {row["limit_name"]: float(row["value"]) for row in limits}
    assert (values["lapsed_after_days"], values["open_cart_hours"], values["promoter_score"]) == (180, 24, 9)
    facts = (PROJECT / "models/monitoring/intermediate/sources/int_build_facts.sql").read_text(encoding="utf-8")
    known = [float(number) for number in re.findall(r"(?:count\(\*\) =|as double\)\) -) ([0-9.]+)", facts)]
    assert known == pytest.approx(
        [
            *(len(costs), sum(fixed for fixed, _ in stated.values()), sum(rate for _, rate in stated.values())),
            *(len(limits), sum(values.values())),
        ]
    )
