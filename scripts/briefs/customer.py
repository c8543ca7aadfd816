"""The brief of a customer: one readable paragraph, what is expected, and what to do and not to do. No names."""

from __future__ import annotations

import re
from datetime import date, timedelta
from math import floor
from typing import Any

from scripts.briefs import words
from scripts.briefs.campaign_facts import FULL_PRICE_BUYER, LEAST_COST_COVERAGE, MOST_EMAILS_90D
from scripts.briefs.customer_facts import customer_facts
from scripts.briefs.document import Brief, Section
from scripts.briefs.facts import Facts
from scripts.briefs.reading import Published, find_customer
from scripts.briefs.traits import ANSWERS, CONSENTS, PLACES, SENSITIVITY, TOPICS

TYPES = {
    "staff": "A member of staff",
    "wholesaler": "A wholesaler",
    "relay": "Known through a marketplace only",
    "test": "A test account",
}
BASIS = {
    "own": "their own pace",
    "category": "the pace of buyers of their favourite category",
    "everyone": "the pace of all buyers",
}
NO_CAMPAIGNS = {
    "staff": "staff are no audience",
    "wholesaler": "wholesalers have their own account manager",
    "relay": "they are known through the relay address of a marketplace only",
    "test": "this is a test account",
}
# Reasons that forbid every channel, also one that we hold no address for.
EVERYWHERE = ("legal_hold", "do_not_contact")
SCOPES = {
    "no_order": "They never bought, so that the purchase model says nothing of them.",
    "not_a_person": "The purchase model is about people; of this kind of account it says nothing.",
    "unusual_volume": "They buy more than anybody whom the purchase model learnt from; it says nothing of them.",
    "no_model": "No purchase model is fitted, so that nothing is predicted (`python -m scripts fit clv`).",
}
HOLDS = {
    "legal_hold": "a legal hold",
    "do_not_contact": "do not contact",
    "opted_out": "opted out",
    "spam_complaint": "marked our mail as spam",
    "hard_bounce": "the address is dead",
}

# How the trace of a rule reads: the first pattern that fits; other texts stay as they are.
READINGS = (
    (r"^(has|is) (.+) true$", r"\1 \2"),
    (r"^has (.+) false$", r"no \1"),
    (r"^is (.+) false$", r"not \1"),
    (r"^(.+) (\S+) = \2$", r"\1 \2"),
    (r"^(.+) between (\S+) and (\S+)$", r"\1 (between \2 and \3)"),
    (r"^(.+) >= (.+)$", r"\1 (at least \2)"),
    (r"^(.+) <= (.+)$", r"\1 (at most \2)"),
    (r"^(.+) > (.+)$", r"\1 (above \2)"),
    (r"^(.+) < (.+)$", r"\1 (below \2)"),
)


def customer_brief(published: Published, asked: str) -> Brief:
    """The brief of one customer, by customer_id or its unmistakable beginning."""
    customer_id, note = find_customer(published, asked)
    facts = customer_facts(published, customer_id)
    facts["note"] = note
    return Brief(f"Customer {customer_id}", published.about, customer_sections(facts), facts)


def customer_sections(facts: Facts) -> list[Section]:
    note = [words.sentence(facts["note"])] if facts.get("note") else []
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
    in_stage += f" for {words.counted(since, 'day')}" if stage and since is not None else ""
    group = f" and the RFM group “{one['rfm_group']}”" if one.get("rfm_group") else ""
    return [f"{kind}{seen}{in_stage}{group}."]


def _orders(facts: Facts) -> list[str]:
    one = facts["features"]
    if reason := facts["not_known"].get("order_count"):
        return [f"Orders: not known: {reason}."]
    if not one["order_count"]:
        return ["Has never bought."]
    last = words.day(one["last_order_date"])
    ago = words.counted(one["days_since_last_order"], "day")
    if one["order_count"] == 1:
        said = [f"Bought once, on {last} ({ago} ago)."]
    else:
        said = [
            f"{words.counted(one['order_count'], 'order')} since {words.day(one['first_order_date'])}, "
            f"{words.number(one['order_count_365d'])} of them in 365 days, the last on {last} ({ago} ago)."
        ]
    if one.get("comeback_count"):
        said.append(f"Came back {_times(one['comeback_count'])} after a gap of 180 days or more.")
    return said


def _taste(facts: Facts) -> list[str]:
    one = facts["features"]
    if not one.get("order_count"):
        viewed = one.get("favourite_viewed_category_90d")
        return [f"Looks mostly at {viewed} (90 days)."] if viewed else []
    if one["order_count"] == 1:
        return [_only_order(facts)]
    said = []
    if one.get("favourite_category"):
        text = f"Buys mostly {one['favourite_category']}"
        if one.get("favourite_category_share") is not None:
            text += f" ({words.share(one['favourite_category_share'])} of product revenue)"
        if one.get("second_category"):
            text += f", then {one['second_category']}"
        if place := PLACES.get(str(one.get("preferred_order_channel"))):
            text += f", mostly {place}"
        said.append(f"{text}.")
    spends = words.money(float(one["average_order_value"]), facts["currency"])
    said.append(f"Spends {spends} an order, {words.number(one['units_per_order'])} units.")
    if one.get("full_price_share") is not None:
        text = f"{words.share(one['full_price_share'])} of it at full price"
        if one.get("price_sensitivity") in SENSITIVITY:
            text += f" (they {SENSITIVITY[one['price_sensitivity']]})"
        said.append(words.sentence(text))
    return said


def _only_order(facts: Facts) -> str:
    one = facts["features"]
    parts = [
        one.get("favourite_category"),
        PLACES.get(str(one.get("preferred_order_channel"))),
        words.money(float(one["average_order_value"]), facts["currency"]),
        words.counted(one["units_per_order"], "unit"),
    ]
    if (share := one.get("full_price_share")) is not None:
        parts.append("at full price" if share == 1 else f"{words.share(share)} of it at full price")
    return f"It was {', '.join(str(part) for part in parts if part)}."


def _worth(facts: Facts) -> list[str]:
    one, currency = facts["features"], facts["currency"]
    if not one.get("order_count"):
        return []
    rate = one.get("contribution_margin_rate")
    text = (
        f"Has brought net revenue of {words.money(float(one['net_revenue']), currency)} and a contribution margin of "
        f"{words.money(float(one['contribution_margin']), currency)}"
    )
    if rate is not None and float(one["net_revenue"]) > 0:
        text += f" ({words.share(rate)})"
    revenue, margin = float(one["net_revenue_365d"]), float(one["contribution_margin_365d"])
    lately = f"{words.money(revenue, currency)} and {words.money(margin, currency)}" if revenue or margin else "nothing"
    rank = facts["revenue_rank"]
    than = f", more net revenue than {words.share(rank)} of all buyers" if rank is not None else ""
    said = [f"{text} to date{than}; in 365 days {lately}."]
    coverage = one.get("cost_coverage")
    if coverage is not None and coverage < LEAST_COST_COVERAGE:
        said.append(f"The cost is known of {words.share(coverage)} of it only: the margin looks better than it is.")
    if one.get("returned_order_count"):
        said.append(
            f"Sent something back from {words.counted(one['returned_order_count'], 'order')} "
            f"({words.share(one['unit_return_rate'])} of the units)."
        )
    return said


def prediction_sentences(facts: Facts) -> list[str]:
    """What the models expect and how sure they are; a clear word where there is no model."""
    one, value, currency = facts["features"], facts["value"], facts["currency"]
    said = _interval(one) if one.get("order_count") else []
    scope = (value or {}).get("value_scope") or "no_model"
    if value is None or scope != "modelled" or value.get("predicted_value_12m") is None:
        said.append(SCOPES.get(scope, SCOPES["no_model"]))
    else:
        low, high = value.get("predicted_value_12m_low"), value.get("predicted_value_12m_high")
        between = ""
        if low is not None and high is not None:
            between = (
                f"; in eight cases of ten it is between {words.money(float(low), currency)} and "
                f"{words.money(float(high), currency)}"
                if float(high) > 0
                else "; in nine cases of ten it is nothing"
            )
        said.append(
            f"The purchase model expects net revenue of {words.money(float(value['predicted_value_12m']), currency)} "
            f"and a margin of {words.money(float(value['predicted_margin_12m']), currency)} in the next 12 "
            f"months{between}."
        )
        said.append(
            f"It expects {_few(value['expected_orders_365d'])} in 365 days and gives "
            f"{words.share(value['p_alive'])} that they are still a customer"
            + (" (so it does of everybody who bought once)." if value["p_alive"] == 1 else ".")
        )
    said += _churn(facts)
    return said


def _interval(one: Facts) -> list[str]:
    interval = one.get("expected_interval_days")
    if interval is None:
        return []
    basis = BASIS.get(str(one.get("interval_basis")), "")
    said = [f"An order is usual every {words.counted(round(interval), 'day')} ({basis})."]
    expected, days = one.get("expected_order_date"), one.get("expected_order_in_days")
    if expected is None or days is None:
        return said
    if days >= 0:
        window = ""
        if one.get("order_window_start_date") is not None and one.get("order_window_end_date") is not None:
            window = (
                f"; half of all such orders come between {words.day(one['order_window_start_date'])} and "
                f"{words.day(one['order_window_end_date'])}"
            )
        said.append(f"The next is to be expected about {words.day(expected)}{window}.")
    else:
        said.append(f"The next was to be expected about {words.day(expected)}, {words.counted(-days, 'day')} ago.")
    return said


def _churn(facts: Facts) -> list[str]:
    one = facts["features"]
    if reason := facts["not_known"].get("churn_propensity"):
        return [f"Whether they are about to leave is not predicted: {reason}."]
    if one.get("churn_propensity") is None:
        return ["The churn model says nothing of them: never bought, lapsed already, or no person."]
    return [f"The churn model gives {words.share(one['churn_propensity'])} that no order comes within its horizon."]


def engagement_sentences(facts: Facts) -> list[str]:
    one, not_known = facts["features"], facts["not_known"]
    said = []
    if reason := not_known.get("engagement_tier"):
        said.append(f"Not known: {reason}.")
    else:
        tier = str(one.get("engagement_tier"))
        trend = f", {one['engagement_trend']}" if one.get("engagement_trend") else ""
        said.append(f"{'No' if tier == 'none' else tier.capitalize()} engagement{trend}.")
        if one.get("channel_preference") in ANSWERS:
            verb = ANSWERS[str(one["channel_preference"])]
            said.append(f"In 180 days they {verb}.")
    if reason := not_known.get("email_received_count_90d"):
        said.append(f"E-mail: not known: {reason}.")
    elif one.get("email_received_count_90d"):
        said.append(
            f"{words.counted(one['email_received_count_90d'], 'e-mail')} in 90 days, "
            f"{words.number(one['email_human_open_count_90d'])} opened by a person, "
            f"{words.counted(one['email_click_count_90d'], 'click')}."
        )
    if reason := not_known.get("visit_count_90d"):
        said.append(f"Web site: not known: {reason}.")
    elif one.get("visit_count_90d"):
        visits, last = words.counted(one["visit_count_90d"], "visit"), _ago(one["days_since_last_visit"])
        text = f"{visits} in 90 days, the last {last}"
        if one.get("favourite_viewed_category_90d"):
            text += f"; looked mostly at {one['favourite_viewed_category_90d']}"
        said.append(f"{text}.")
        if one.get("has_open_cart"):
            said.append("There is an open cart.")
    if one.get("favourite_email_weekday_180d") and one.get("favourite_email_hour_180d") is not None:
        said.append(
            f"Opens e-mails mostly on a {one['favourite_email_weekday_180d']} about "
            f"{int(one['favourite_email_hour_180d'])}:00 (business time zone)."
        )
    if one.get("loyalty_tier"):
        points = one.get("loyalty_points_balance")
        balance = f", {words.counted(points, 'point')} to spend" if points is not None else ""
        said.append(f"Loyalty tier {one['loyalty_tier']}{balance}.")
    may = [words.channel(channel) for channel, flag in CONSENTS.items() if one.get(flag)]
    said.append(f"May be contacted by {words.joined(may)}." if may else "May not be contacted on any channel.")
    return said


def service_sentences(facts: Facts) -> list[str]:
    one = facts["features"]
    if reason := facts["not_known"].get("ticket_count_365d"):
        return [f"Not known: {reason}."]
    said = []
    if one.get("has_open_complaint"):
        said.append("A complaint is open.")
    if one.get("open_ticket_count"):
        age = one.get("oldest_open_ticket_days")
        since = f", the oldest for {words.counted(age, 'day')}" if age is not None else ""
        said.append(f"{words.counted(one['open_ticket_count'], 'open ticket')}{since}.")
    if one.get("has_pending_refund"):
        said.append("Waits for a refund.")
    if one.get("ticket_count_365d"):
        topic = str(one.get("latest_ticket_topic") or "")
        about = f", the latest about {TOPICS.get(topic, topic.replace('_', ' '))}" if topic else ""
        said.append(
            f"{words.counted(one['ticket_count_365d'], 'ticket')} in 365 days, "
            f"{words.counted(one['complaint_count_365d'], 'complaint')} among them{about}."
        )
    elif not said:
        said.append("Nothing open; no ticket in 365 days.")
    if one.get("average_satisfaction_365d") is not None:
        said.append(f"Rates us {one['average_satisfaction_365d']:.1f} of 5 in 365 days.")
    if one.get("latest_nps_score") is not None:
        said.append(f"Latest answer on recommending us: {words.number(one['latest_nps_score'])} of 10.")
    return said


def segment_points(facts: Facts) -> list[str]:
    points = []
    for one in facts["segments"]:
        entered = words.day(one["entered_date"]) if one.get("entered_date") else facts["as_of_date"]
        # Whoever is in it for the first day of a history may have been in it before.
        since = f", since {entered}" if entered < facts["as_of_date"] else ""
        why = f": {_readable(str(one['why']))}" if one.get("why") else ""
        points.append(f"{one['segment_name']}{since}{why}.")
    return points or ["In no active segment."]


def next_points(facts: Facts) -> list[str]:
    """What comes before selling, what the segment that goes first asks for, and where another one goes first."""
    one, primary, library = facts["features"], facts["primary"], facts["library"]
    if one.get("customer_type") in NO_CAMPAIGNS:
        return ["Nothing: campaigns are for people."]
    points = []
    if one.get("has_open_complaint"):
        points.append("Mend the open complaint before anything is sold.")
    if one.get("has_pending_refund"):
        points.append("Settle the refund they wait for.")
    main = primary.get("all")
    if main in library:
        points.append(f"“{library[main]['segment_name']}” goes first: {words.sentence(library[main]['next_action'])}")
    by_segment: dict[str, list[str]] = {}
    for channel, key in sorted(primary.items()):
        may = channel not in CONSENTS or one.get(CONSENTS[channel]) is not False
        if may and channel != "all" and key != main and key in library:
            by_segment.setdefault(key, []).append(words.through(channel))
    for key, places in by_segment.items():
        named = f"{words.joined(places)} “{library[key]['segment_name']}” goes first"
        points.append(f"{words.sentence(named).rstrip('.')}: {words.sentence(library[key]['next_action'])}")
    if not one.get("has_open_complaint") and not (main in library and library[main]["is_suppression"]):
        for row in facts["recommendations"]:
            name = row.get("product_name") or row["sku"]
            points.append(f"Show {name} ({row['sku']}, in stock): {row['reason']}.")
    return points or ["Nothing: no segment asks for an action, and nothing is recommended."]


def avoid_points(facts: Facts) -> list[str]:
    one = facts["features"]
    points = []
    if kind := NO_CAMPAIGNS.get(str(one.get("customer_type"))):
        points.append(f"No campaigns: {kind}.")
    points += no_contact_points(facts)
    if reason := facts["not_known"].get("has_open_complaint"):
        points.append(f"Open complaints: not known: {reason}; ask the service team before selling.")
    if one.get("has_open_complaint"):
        points.append("No selling while the complaint is open.")
    if one.get("has_pending_refund"):
        points.append("No offer before the refund has arrived.")
    if (share := one.get("full_price_share")) is not None and share >= FULL_PRICE_BUYER and one["order_count"] >= 2:
        points.append(f"No discount: {words.share(share)} is bought at full price anyway.")
    elif (ceiling := ceiling_point(one)) is not None:
        points.append(ceiling)
    if (count := one.get("email_received_count_90d")) is not None and count > MOST_EMAILS_90D:
        points.append(f"No more e-mail for now: {words.number(count)} in 90 days.")
    return points or ["Nothing in particular."]


def no_contact_points(facts: Facts) -> list[str]:
    """The channels that are closed, and why; those without a reason of their own lack consent."""
    one, points = facts["features"], []
    everywhere = sorted({row["reason"] for row in facts["suppressions"]} & set(EVERYWHERE))
    if everywhere:
        return [f"No marketing at all: {words.joined([HOLDS[reason] for reason in everywhere])}."]
    held: dict[str, list[str]] = {}
    for row in facts["suppressions"]:
        reason = HOLDS.get(row["reason"], str(row["reason"]).replace("_", " "))
        held.setdefault(reason, []).append(row["channel"])
    for reason, channels in sorted(held.items()):
        places = [words.through(str(channel)) for channel in channels]
        points.append(f"No marketing {words.joined(places, 'or')}: {reason}.")
    closed = {channel for channels in held.values() for channel in channels}
    silent = [
        words.through(channel) for channel, flag in CONSENTS.items() if one.get(flag) is False and channel not in closed
    ]
    if silent:
        points.append(f"No marketing {words.joined(silent, 'or')}: no consent is known, and unknown consent is none.")
    return points


def ceiling_point(one: Facts) -> str | None:
    """How deep a discount this customer's own margin bears."""
    rate: Any = one.get("largest_bearable_discount_rate")
    if rate is None:
        return None
    if (one.get("cost_coverage") or 0) < LEAST_COST_COVERAGE:
        return "No discount by their margin: too many costs of what they bought are not known."
    if rate <= 0.01:
        return "No discount: over all their orders they have left no margin to give away."
    return (
        f"No discount above {floor(100 * rate + 1e-9)} %: at it, over all their orders, nothing of the margin "
        "would have been left."
    )


def _readable(why: str) -> str:
    """`has_open_issue false; order_count_180d 3 >= 3` as `no open issue, order count in 180 days 3 (at least 3)`."""
    parts = []
    for part in why.split("; "):
        text = " ".join(words.attribute(token) if "_" in token else token for token in part.split())
        for pattern, replacement in READINGS:
            text, found = re.subn(pattern, replacement, text)
            if found:
                break
        parts.append(text)
    return ", ".join(parts)


def _times(count: float) -> str:
    return {1: "once", 2: "twice"}.get(int(count), f"{words.number(count)} times")


def _few(purchases: float) -> str:
    return f"{purchases:.1f} purchases" if purchases >= 0.05 else "hardly any purchase"


def _ago(days: float) -> str:
    return "today" if days == 0 else "yesterday" if days == 1 else f"{words.number(days)} days ago"
