"""The brief of a customer: one readable paragraph, what is expected, and what to do and not to do. No names."""

from __future__ import annotations

from datetime import date, timedelta
from typing import Any

from scripts.serving.briefs import phrasing
from scripts.serving.briefs.campaign_facts import LEAST_COST_COVERAGE
from scripts.serving.briefs.customer_actions import avoid_points, next_points, segment_points
from scripts.serving.briefs.customer_activity import engagement_sentences, prediction_sentences, service_sentences
from scripts.serving.briefs.customer_facts import customer_facts
from scripts.serving.briefs.document import Brief, Section
from scripts.serving.briefs.facts import Facts
from scripts.serving.briefs.reading import Published, find_customer
from scripts.serving.briefs.traits import PLACES, SENSITIVITY

TYPES = {
    "staff": "A member of staff",
    "wholesaler": "A wholesaler",
    "relay": "Known through a marketplace only",
    "test": "A test account",
}


def customer_brief(published: Published, asked: str) -> Brief:
    """The brief of one customer, by customer_id or an unambiguous prefix of it."""
    customer_id, note = find_customer(published, asked)
    facts = customer_facts(published, customer_id)
    facts["note"] = note
    return Brief(f"Customer {customer_id}", published.about, customer_sections(facts), facts)


def customer_sections(facts: Facts) -> list[Section]:
    note = [phrasing.sentence(facts["note"])] if facts.get("note") else []
    return [
        Section("In short", [*note, *_who(facts), *_orders(facts), *_taste(facts), *_worth(facts)]),
        Section("What is expected", prediction_sentences(facts)),
        Section("Engagement", engagement_sentences(facts)),
        Section("Service", service_sentences(facts)),
        Section("Segments, and why", [], segment_points(facts)),
        Section("What to do next", [], next_points(facts)),
        Section("What not to do", [], avoid_points(facts)),
    ]


def _who(facts: Facts) -> list[str]:
    one = facts["features"]
    kind = TYPES.get(one["customer_type"], "A customer")
    days = one.get("days_since_first_seen")
    today = date.fromisoformat(facts["as_of_date"])
    known = "" if one["customer_type"] == "relay" else "known "
    seen = f", {known}since {today - timedelta(days=int(days))}" if days is not None else ""
    stage = str(one.get("lifecycle_stage") or "").replace("_", " ")
    since = one.get("days_in_lifecycle_stage")
    in_stage = f", in the lifecycle stage “{stage}”" if stage else ""
    in_stage += f" for {phrasing.counted(since, 'day')}" if stage and since is not None else ""
    group = f" and the RFM group “{one['rfm_group']}”" if one.get("rfm_group") else ""
    return [f"{kind}{seen}{in_stage}{group}."]


def _orders(facts: Facts) -> list[str]:
    one = facts["features"]
    if reason := facts["not_known"].get("order_count"):
        return [f"Orders: not known: {reason}."]
    if not one["order_count"]:
        return ["Has never bought."]
    last = phrasing.day(one["last_order_date"])
    ago = phrasing.counted(one["days_since_last_order"], "day")
    if one["order_count"] == 1:
        sentences = [f"Bought once, on {last} ({ago} ago)."]
    else:
        sentences = [
            f"{phrasing.counted(one['order_count'], 'order')} since {phrasing.day(one['first_order_date'])}, "
            f"{phrasing.number(one['order_count_365d'])} of them in 365 days, the last on {last} ({ago} ago)."
        ]
    if one.get("comeback_count"):
        sentences.append(f"Came back {_times(one['comeback_count'])} after a gap of 180 days or more.")
    return sentences


def _taste(facts: Facts) -> list[str]:
    one = facts["features"]
    if not one.get("order_count"):
        viewed = one.get("favourite_viewed_category_90d")
        return [f"Looks mostly at {viewed} (90 days)."] if viewed else []
    if one["order_count"] == 1:
        return [_only_order(facts)]
    sentences = []
    if one.get("favourite_category"):
        text = f"Buys mostly {one['favourite_category']}"
        if one.get("favourite_category_share") is not None:
            text += f" ({phrasing.share(one['favourite_category_share'])} of product revenue)"
        if one.get("second_category"):
            text += f", then {one['second_category']}"
        if place := PLACES.get(str(one.get("preferred_order_channel"))):
            text += f", mostly {place}"
        sentences.append(f"{text}.")
    spends = phrasing.money(float(one["average_order_value"]), facts["currency"])
    sentences.append(f"Spends {spends} an order, {phrasing.number(one['units_per_order'])} units.")
    if one.get("full_price_share") is not None:
        text = f"{phrasing.share(one['full_price_share'])} of it at full price"
        if one.get("price_sensitivity") in SENSITIVITY:
            text += f" (they {SENSITIVITY[one['price_sensitivity']]})"
        sentences.append(phrasing.sentence(text))
    return sentences


def _only_order(facts: Facts) -> str:
    one = facts["features"]
    parts = [
        one.get("favourite_category"),
        PLACES.get(str(one.get("preferred_order_channel"))),
        phrasing.money(float(one["average_order_value"]), facts["currency"]),
        phrasing.counted(one["units_per_order"], "unit"),
    ]
    if (share := one.get("full_price_share")) is not None:
        parts.append("at full price" if share == 1 else f"{phrasing.share(share)} of it at full price")
    return f"It was {', '.join(str(part) for part in parts if part)}."


def _of_margin(margin: Any, currency: str) -> str:
    return "that is not known" if margin is None else f"of {phrasing.money(float(margin), currency)}"


def _worth(facts: Facts) -> list[str]:
    one, currency = facts["features"], facts["currency"]
    if not one.get("order_count"):
        return []
    rate = one.get("contribution_margin_rate")
    text = (
        f"Has brought net revenue of {phrasing.money(float(one['net_revenue']), currency)} "
        f"and a contribution margin {_of_margin(one.get('contribution_margin'), currency)}"
    )
    if rate is not None and float(one["net_revenue"]) > 0:
        text += f" ({phrasing.share(rate)})"
    revenue, margin = float(one["net_revenue_365d"]), one.get("contribution_margin_365d")
    lately = (
        phrasing.money(revenue, currency)
        + ("" if margin is None else f" and {phrasing.money(float(margin), currency)}")
        if revenue or margin
        else "nothing"
    )
    rank = facts["revenue_rank"]
    than = f", more net revenue than {phrasing.share(rank)} of all buyers" if rank is not None else ""
    sentences = [f"{text} to date{than}; in 365 days {lately}."]
    coverage = one.get("cost_coverage")
    if coverage is not None and coverage < LEAST_COST_COVERAGE:
        sentences.append(f"The cost is known for only {phrasing.share(coverage)} of what they bought.")
    if one.get("returned_order_count"):
        sentences.append(
            f"Sent something back from {phrasing.counted(one['returned_order_count'], 'order')} "
            f"({phrasing.share(one['unit_return_rate'])} of the units)."
        )
    return sentences


def _times(count: float) -> str:
    return {1: "once", 2: "twice"}.get(int(count), f"{phrasing.number(count)} times")
