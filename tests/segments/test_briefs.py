"""Briefs say what the warehouse knows of a customer, and no more."""

from __future__ import annotations

import duckdb

from scripts.briefs import customer_brief
from tests.segments.fabricated_warehouse import feature_types, plain_customer


def brief(changes: dict[str, object], segment: str | None = None) -> str:
    customer = dict.fromkeys(feature_types()) | plain_customer() | {"customer_id": "c1"} | changes
    with duckdb.connect() as connection:
        connection.execute("create schema marts")
        columns = ", ".join(f'"{name}" {data_type}' for name, data_type in feature_types().items())
        connection.execute(f"create table marts.customer_features ({columns})")
        marks = ", ".join("?" for _ in customer)
        connection.execute(f"insert into marts.customer_features values ({marks})", list(customer.values()))
        connection.execute(
            "create table marts.segment_memberships as"
            " select 'c1' as customer_id, ? as segment_key, true as is_primary",
            [segment],
        )
        connection.execute(
            "create table marts.segment_library as select 'lapsed' as segment_key, 'Lapsed' as segment_name,"
            " 'Write to them' as next_action, '' as tags"
        )
        return customer_brief(connection, "c1")


def test_a_buyer_in_full() -> None:
    text = brief(
        {"lifecycle_stage": "lapsed", "order_count": 1, "days_since_last_order": 200, "net_revenue": 1234.5,
         "contribution_margin": 99, "overdue_ratio": 2.04, "favourite_category": "Home", "region": "Wales",
         "price_sensitivity": "likes offers", "largest_bearable_discount_rate": 0.25, "is_email_contactable": True},
        "lapsed",
    )  # fmt: skip
    assert text == (
        "This customer from Wales has lapsed. 1 order, the last 200 days ago, brought 1,234.50 in all, of which 99.00"
        " is margin; the next order is overdue (2.0 times the usual interval). They buy Home most. They like offers;"
        " their margin bears a discount of at most 25%. They may be reached by e-mail. What comes next is that of"
        " Lapsed: Write to them."
    )


def test_what_is_not_known_is_not_said_and_a_complaint_is() -> None:
    assert brief({"has_open_complaint": True}) == (
        "This customer is known. No message may be sent to them. They are in no active segment, so nothing is planned"
        " for them. Do not sell to them now: a complaint is open."
    )
