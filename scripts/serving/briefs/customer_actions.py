"""The segments of a customer and why, what they ask for, and what not to do, in points."""

from __future__ import annotations

from math import floor
from typing import Any

from scripts.serving.briefs import phrasing
from scripts.serving.briefs.campaign_facts import FULL_PRICE_BUYER, LEAST_COST_COVERAGE, MOST_EMAILS_90D
from scripts.serving.briefs.facts import Facts
from scripts.serving.briefs.traits import CONSENTS

NO_CAMPAIGNS = {
    "staff": "staff are not an audience",
    "wholesaler": "wholesalers have their own account manager",
    "relay": "they are known through the relay address of a marketplace only",
    "test": "this is a test account",
}
# Reasons that forbid every channel, even one without an address.
EVERYWHERE = ("legal_hold", "do_not_contact")
HOLDS = {
    "legal_hold": "a legal hold",
    "do_not_contact": "do not contact",
    "opted_out": "opted out",
    "spam_complaint": "marked our mail as spam",
    "hard_bounce": "the address bounces",
}


def segment_points(facts: Facts) -> list[str]:
    points = []
    for one in facts["segments"]:
        entered = phrasing.day(one["entered_date"]) if one.get("entered_date") else facts["as_of_date"]
        # A customer who is in it on the first day of a history may have been in it before.
        since = f", since {entered}" if entered < facts["as_of_date"] else ""
        why = f": {one['why']}" if one.get("why") else ""
        points.append(f"{one['segment_name']}{since}{why}.")
    return points or ["In no active segment."]


def next_points(facts: Facts) -> list[str]:
    """What comes before selling, what the segment with priority asks for, and where another one has priority."""
    one, primary, library = facts["features"], facts["primary"], facts["library"]
    if one.get("customer_type") in NO_CAMPAIGNS:
        return ["Nothing: campaigns are for people."]
    points = []
    if one.get("has_open_complaint"):
        points.append("Resolve the open complaint before selling anything.")
    if one.get("has_pending_refund"):
        points.append("Settle the refund they wait for.")
    main = primary.get("all")
    if main in library:
        points.append(
            f"“{library[main]['segment_name']}” takes priority: {phrasing.sentence(library[main]['next_action'])}"
        )
    by_segment: dict[str, list[str]] = {}
    for channel, key in sorted(primary.items()):
        may = channel not in CONSENTS or one.get(CONSENTS[channel]) is not False
        if may and channel != "all" and key != main and key in library:
            by_segment.setdefault(key, []).append(phrasing.through(channel))
    for key, places in by_segment.items():
        named = f"{phrasing.joined(places)} “{library[key]['segment_name']}” takes priority"
        points.append(f"{phrasing.sentence(named).rstrip('.')}: {phrasing.sentence(library[key]['next_action'])}")
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
        points.append(f"No discount: {phrasing.share(share)} is bought at full price anyway.")
    elif (ceiling := ceiling_point(one)) is not None:
        points.append(ceiling)
    if (count := one.get("email_received_count_90d")) is not None and count > MOST_EMAILS_90D:
        points.append(f"No more e-mail for now: {phrasing.number(count)} in 90 days.")
    return points or ["Nothing in particular."]


def no_contact_points(facts: Facts) -> list[str]:
    """The channels that are closed, and why; those without a reason of their own lack consent."""
    one, points = facts["features"], []
    everywhere = sorted({row["reason"] for row in facts["suppressions"]} & set(EVERYWHERE))
    if everywhere:
        return [f"No marketing at all: {phrasing.joined([HOLDS[reason] for reason in everywhere])}."]
    held: dict[str, list[str]] = {}
    for row in facts["suppressions"]:
        reason = HOLDS.get(row["reason"], str(row["reason"]).replace("_", " "))
        held.setdefault(reason, []).append(row["channel"])
    for reason, channels in sorted(held.items()):
        places = [phrasing.through(str(channel)) for channel in channels]
        points.append(f"No marketing {phrasing.joined(places, 'or')}: {reason}.")
    closed = {channel for channels in held.values() for channel in channels}
    silent = [
        phrasing.through(channel)
        for channel, flag in CONSENTS.items()
        if one.get(flag) is False and channel not in closed
    ]
    if silent:
        points.append(
            f"No marketing {phrasing.joined(silent, 'or')}: no consent is known, and unknown consent is no consent."
        )
    return points


def ceiling_point(one: Facts) -> str | None:
    """The deepest discount that this customer's own margin can bear."""
    rate: Any = one.get("max_affordable_discount_rate")
    coverage = one.get("cost_coverage")
    if rate is None and coverage is None:
        return None
    if (coverage or 0) < LEAST_COST_COVERAGE:
        return "No discount based on their margin: too many costs of what they bought are not known."
    if rate is None:
        return None
    if rate <= 0.01:
        return "No discount: over all their orders there is no margin to give away."
    return (
        f"No discount above {floor(100 * rate + 1e-9)} %: at that rate, over all their orders, no margin "
        "would have been left."
    )
