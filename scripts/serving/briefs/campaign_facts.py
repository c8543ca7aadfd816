"""Facts of a campaign to a segment on a channel: audience, offer ceiling, products, time, what to avoid. No words."""

from __future__ import annotations

from math import floor, sqrt

import pandas as pd

from scripts.platform.errors import UserError
from scripts.serving.briefs.angles import angles
from scripts.serving.briefs.facts import LEAST_DESCRIBED, Facts, segment_facts
from scripts.serving.briefs.reading import CampaignFrames, Published, segment_frames
from scripts.serving.briefs.traits import CONSENTS, WITHOUT_CONSENT

# An offer that nine in ten members can bear: the others pay for what the tenth costs.
BEARING_SHARE = 0.9
# Depths of offers that shops use, to show how the number who can bear them falls.
DEPTHS = (0.05, 0.1, 0.15, 0.2, 0.25, 0.3)
# Below this the cost of too many goods is unknown, and the affordable discount looks larger than it is.
LEAST_COST_COVERAGE = 0.9
# Twice a week: more e-mails than this in 90 days call for a pause.
MOST_EMAILS_90D = 26
# Buys mostly at full price: a discount would give away what they pay anyway.
FULL_PRICE_BUYER = 0.8
# A tenth is the usual holdout; a small audience needs a larger one to detect anything.
HOLDOUT_SHARE, HOLDOUT_OF_FEW, FEW = 0.1, 0.2, 1000
# Days in which an effect is measured, and the power calculation's z-values: 5 % false alarms, 80 % power.
OUTCOME_DAYS, ERRORS = 90, 1.96 + 0.84
# A weekday or hour is named if its share is clearly above an even spread.
LEAST_TIMES, LEAST_FACTOR_OF_EVEN = 30, 1.5
PRODUCTS_SHOWN, CATEGORIES_SHOWN = 5, 3
TIMES = {
    "email": ("favourite_email_weekday_180d", "favourite_email_hour_180d", "opened and clicked e-mails"),
    "sms": ("favourite_email_weekday_180d", "favourite_email_hour_180d", "opened and clicked e-mails"),
    "onsite": ("favourite_visit_weekday_90d", "favourite_visit_hour_90d", "visited the web site"),
    "ads": ("favourite_visit_weekday_90d", "favourite_visit_hour_90d", "visited the web site"),
}


def campaign_frames(published: Published, segment_key: str, channel: str) -> CampaignFrames:
    """Read what a campaign to a segment on a channel needs. Raises UserError for a channel that is not known."""
    channels = (*CONSENTS, *WITHOUT_CONSENT)
    if channel not in channels:
        raise UserError(f"channel `{channel}` is not known; use one of {', '.join(channels)}")
    frames = segment_frames(published, segment_key)
    members = "customer_id in (select customer_id from segment_memberships where segment_key = ?)"
    return CampaignFrames(
        segment=frames,
        channel=channel,
        recommendations=published.frame("customer_recommendations", members, [segment_key]),
        products=published.frame("products"),
        primary=published.frame("customer_primary_segment", f"channel = ? and {members}", [channel, segment_key]),
        others=frames.others,
    )


def campaign_facts(frames: CampaignFrames) -> Facts:
    """The segment's facts, and `campaign`: audience, ceiling, products, time, what to avoid, holdout, angles."""
    facts = segment_facts(frames.segment)
    if facts["segment"]["effective_status"] != "active" or not facts["is_described"]:
        return facts
    members = frames.segment.people[frames.segment.people["is_member"]]
    flag = CONSENTS.get(frames.channel)
    reason = frames.segment.unavailable.get(flag or "")
    contactable = _true(members[flag]) if flag else pd.Series(True, index=members.index)
    complaining = _true(members["has_open_complaint"])
    suppressed = members["customer_id"].isin(suppressed_customers(frames))
    audience = members[contactable & ~complaining & ~suppressed]
    # With fewer, a ceiling or a best time would reveal individuals.
    described = audience if len(audience) >= LEAST_DESCRIBED else members
    campaign: Facts = {
        "channel": frames.channel,
        "not_known": reason,
        "needs_consent": frames.channel not in WITHOUT_CONSENT,
        "is_channel_of_segment": frames.channel in str(facts["segment"]["channels"] or "").split("|"),
        "contactable": None if reason else int(contactable.sum()),
        "suppressed": int((contactable & suppressed).sum()),
        "complaining": int((contactable & complaining & ~suppressed).sum()),
        "audience": None if reason else len(audience),
        "figures_of": "audience" if len(audience) >= LEAST_DESCRIBED else "members",
        "primary": primary_facts(frames, set(audience["customer_id"])),
        "ceiling": ceiling_facts(described, frames.segment.unavailable),
        "products": product_facts(frames, set(described["customer_id"])),
        "categories": category_facts(described, frames.segment.unavailable),
        "time": time_facts(described, frames),
        "full_price_buyers": int((described["full_price_share"] >= FULL_PRICE_BUYER).sum()),
        "over_contacted": int((described["email_received_count_90d"] > MOST_EMAILS_90D).sum()),
        "pending_refunds": int(_true(described["has_pending_refund"]).sum()),
        "unknown": {
            name: frames.segment.unavailable[name]
            for name in ("has_open_complaint", "full_price_share", "email_received_count_90d", "has_pending_refund")
            if name in frames.segment.unavailable
        },
        "people": len(described),
        "out_of_stock": stock_facts(frames, described),
        "holdout": holdout_facts(described, len(audience), frames.segment.unavailable),
    }
    facts["campaign"] = campaign
    campaign["angles"] = angles(described, frames, facts)
    return facts


def suppressed_customers(frames: CampaignFrames) -> set[str]:
    """Members whose first segment on this channel is a suppression; as suppressions take priority, none is missed."""
    lists = {key for key, row in frames.others.items() if row["is_suppression"]}
    if frames.primary.empty:
        return set()
    return set(frames.primary.loc[frames.primary["segment_key"].isin(lists), "customer_id"])


def primary_facts(frames: CampaignFrames, audience: set[str]) -> Facts | None:
    """Which segment decides the next action for the audience on this channel."""
    if frames.primary.empty:
        return None
    counts = frames.primary[frames.primary["customer_id"].isin(audience)]["segment_key"].value_counts()
    own = frames.segment.library["segment_key"]
    others = sorted(((int(count), str(key)) for key, count in counts.items() if key != own), reverse=True)
    return {
        "own": int(counts.get(own, 0)),
        "others": [
            {"segment_name": frames.others.get(key, {}).get("segment_name", key), "customers": count}
            for count, key in others
        ],
    }


def ceiling_facts(people: pd.DataFrame, unavailable: dict[str, str]) -> Facts:
    """The largest discount that BEARING_SHARE of the people can bear, and how many can bear the usual depths."""
    if reason := unavailable.get("max_affordable_discount_rate"):
        return {"not_known": reason, "rate": None}
    covered = people["cost_coverage"].astype(float).fillna(0) >= LEAST_COST_COVERAGE
    rates = people.loc[covered, "max_affordable_discount_rate"].astype(float).dropna()
    if len(rates) < LEAST_DESCRIBED:
        bought = "never bought, or the cost of what they bought is not known well enough"
        return {"not_known": f"{len(people) - len(rates):,} of {len(people):,} {bought}", "rate": None}
    # The largest rate that this share can bear: the last of their rates in descending order, down to a whole per cent.
    ranked = rates.sort_values(ascending=False).to_list()
    needed = next(count for count in range(1, len(ranked) + 1) if count >= BEARING_SHARE * len(ranked))
    exact = ranked[needed - 1]
    rate = max(0.0, floor(100 * exact + 1e-9) / 100)
    return {
        "not_known": None,
        "rate": rate,
        "exact": exact,
        "known_of": len(rates),
        "people": len(people),
        "earn_nothing": int((rates <= 0).sum()),
        "bear": {f"{depth:.2f}": int((rates >= depth).sum()) for depth in DEPTHS},
    }


def product_facts(frames: CampaignFrames, people: set[str]) -> list[Facts]:
    """The products recommended to most people; in stock, as customer_recommendations holds nothing else."""
    rows = frames.recommendations
    if rows.empty:
        return []
    rows = rows[rows["customer_id"].isin(people)]
    units = (
        {}
        if frames.products.empty
        else dict(zip(frames.products["sku"], frames.products["available_units"], strict=True))
    )
    found: list[Facts] = []
    for sku, part in rows.groupby("sku"):
        first, available = part.iloc[0], units.get(sku)
        found.append(
            {
                "sku": str(sku),
                "product_name": None if pd.isna(first["product_name"]) else str(first["product_name"]),
                "category": str(first["category"]),
                "people": int(part["customer_id"].nunique()),
                "available_units": None if available is None or pd.isna(available) else int(available),
                "kinds": sorted(part["kind"].unique()),
            }
        )
    found.sort(key=lambda one: (-one["people"], one["sku"]))
    return found[:PRODUCTS_SHOWN]


def category_facts(people: pd.DataFrame, unavailable: dict[str, str]) -> Facts:
    """Favourite categories, and the most likely next new ones."""
    found: Facts = {}
    for name in ("favourite_category", "next_best_category"):
        counts = people[name].dropna().value_counts()
        found[name] = [
            {"category": str(value), "people": int(count)}
            for value, count in sorted(counts.items(), key=lambda one: (-one[1], str(one[0])))
        ][:CATEGORIES_SHOWN]
        if name in unavailable:
            found[f"{name}_not_known"] = unavailable[name]
    return found


def time_facts(people: pd.DataFrame, frames: CampaignFrames) -> Facts | None:
    """The weekday and the three hours in a row that most people favour, where they stand out from an even spread."""
    if frames.channel not in TIMES:
        return None
    weekday, hour, what = TIMES[frames.channel]
    for name in (weekday, hour):
        if name in frames.segment.unavailable:
            return {"what": what, "not_known": frames.segment.unavailable[name]}
    days = people[weekday].dropna().value_counts()
    hours = people[hour].dropna().astype(int)
    spans = {start: int(hours.isin([(start + step) % 24 for step in range(3)]).sum()) for start in range(24)}
    best = min(spans, key=lambda start: (-spans[start], start))
    return {
        "what": what,
        "not_known": None,
        "known_of": len(hours),
        "weekday": None if days.empty else str(min(days.index, key=lambda name: (-days[name], str(name)))),
        "weekday_people": 0 if days.empty else int(days.max()),
        "weekday_stands_out": not days.empty and stands_out(int(days.max()), int(days.sum()), 1 / 7),
        "hour": best,
        "hour_people": spans[best],
        "hour_stands_out": stands_out(spans[best], len(hours), 3 / 24),
    }


def stands_out(count: int, known: int, even: float) -> bool:
    """Whether a share is clearly above an even spread: half as much again, and over 3 standard errors."""
    if known < LEAST_TIMES:
        return False
    share = count / known
    return share >= LEAST_FACTOR_OF_EVEN * even and (share - even) > 3 * sqrt(even * (1 - even) / known)


def stock_facts(frames: CampaignFrames, people: pd.DataFrame) -> Facts | None:
    """How much of their favourite category is out of stock; None where stock is not known."""
    products = frames.products
    favourite = people["favourite_category"].dropna().value_counts()
    if products.empty or favourite.empty or "inventory" in _sources_off(frames):
        return None
    category = str(min(favourite.index, key=lambda name: (-favourite[name], str(name))))
    own = products[products["category"].astype(str).str.split(" > ").str[0] == category]
    own = own[_true(own["is_sellable"])]
    return {"category": category, "products": len(own), "out_of_stock": int((~_true(own["is_in_stock"])).sum())}


def holdout_facts(people: pd.DataFrame, audience: int, unavailable: dict[str, str]) -> Facts | None:
    """How many to hold back, and the smallest difference in the order rate that would then be detected."""
    if audience < LEAST_DESCRIBED:
        return None
    share = HOLDOUT_SHARE if audience >= FEW else HOLDOUT_OF_FEW
    held = max(1, round(share * audience))
    if reason := unavailable.get(f"order_count_{OUTCOME_DAYS}d"):
        return {"share": share, "held": held, "not_known": reason}
    ordered = int((people[f"order_count_{OUTCOME_DAYS}d"].astype(float).fillna(0) > 0).sum())
    # Smoothed, because a rate of 0 or 1 among these people is not certain.
    likely = (ordered + 1) / (len(people) + 2)
    spread = likely * (1 - likely) * (1 / held + 1 / (audience - held))
    return {
        "share": share,
        "held": held,
        "not_known": None,
        "ordered": ordered,
        "people": len(people),
        "smallest": ERRORS * sqrt(spread),
    }


def _sources_off(frames: CampaignFrames) -> str:
    return " ".join(reason for reason in frames.segment.unavailable.values() if reason.startswith("source "))


def _true(column: pd.Series) -> pd.Series:
    return column.map(lambda value: value is True or value == 1).astype(bool)
