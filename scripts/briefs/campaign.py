"""The campaign brief: to whom, with what angle, how deep an offer at most, what to show, when, and what to avoid."""

from __future__ import annotations

from dataclasses import dataclass, field
from math import floor, sqrt

import pandas as pd

from scripts.briefs import words
from scripts.briefs.angles import angles
from scripts.briefs.document import Brief, Section
from scripts.briefs.facts import LEAST_DESCRIBED, Facts, segment_facts
from scripts.briefs.reading import Published, Row, SegmentFrames, segment_frames
from scripts.briefs.segment import (
    approval_sentence,
    finding_points,
    finding_sentence,
    level_points,
    mix_points,
    segment_sections,
)
from scripts.briefs.traits import CONSENTS, WITHOUT_CONSENT
from scripts.errors import UserError

# An offer that nine in ten members bear: what the tenth costs more is paid by the others.
BEARING_SHARE = 0.9
# Depths of offers that shops use, to show how the number who bear them falls.
DEPTHS = (0.05, 0.1, 0.15, 0.2, 0.25, 0.3)
# Below this the cost of too many goods is unknown, and the bearable discount looks larger than it is.
LEAST_COST_COVERAGE = 0.9
# Twice a week: who had more e-mails in 90 days needs a rest before more.
MOST_EMAILS_90D = 26
# Buys mostly at full price: a discount would give away what they pay anyway.
FULL_PRICE_BUYER = 0.8
# A tenth is the usual holdout; of few people more must be kept back to see anything.
HOLDOUT_SHARE, HOLDOUT_OF_FEW, FEW = 0.1, 0.2, 1000
# Weeks that an effect is looked for, and what makes it seen: 5 % false alarms, 80 % found.
OUTCOME_DAYS, ERRORS = 90, 1.96 + 0.84
# Campaigns that change more than this of a hundred decisions are rare.
LARGEST_LIFT = 0.1
# What the campaign brief repeats of what moves the segment.
MOVES_SHOWN = (
    "price_sensitivity",
    "full_price_share",
    "offer_response_rate_365d",
    "engagement_tier",
    "engagement_trend",
    "channel_preference",
    "email_open_rate_90d",
)
# A weekday or hour is named where it holds clearly more than an even spread would give it.
LEAST_TIMES, LEAST_FACTOR_OF_EVEN = 30, 1.5
PRODUCTS_SHOWN, CATEGORIES_SHOWN, PRIMARY_SHOWN = 5, 3, 3
TIMES = {
    "email": ("favourite_email_weekday_180d", "favourite_email_hour_180d", "opened and clicked e-mails"),
    "sms": ("favourite_email_weekday_180d", "favourite_email_hour_180d", "opened and clicked e-mails"),
    "onsite": ("favourite_visit_weekday_90d", "favourite_visit_hour_90d", "visited the web site"),
    "ads": ("favourite_visit_weekday_90d", "favourite_visit_hour_90d", "visited the web site"),
}


@dataclass
class CampaignFrames:
    """What a campaign brief is made from: the segment's frames, and of its members what may be shown to them."""

    segment: SegmentFrames
    channel: str
    recommendations: pd.DataFrame
    products: pd.DataFrame
    primary: pd.DataFrame
    others: dict[str, Row] = field(default_factory=dict)


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


def campaign_brief(frames: CampaignFrames, about: str) -> Brief:
    """The brief of a campaign to the segment on the channel."""
    facts = campaign_facts(frames)
    title = f"Campaign brief: {facts['segment']['segment_name']}, {words.through(frames.channel)}"
    return Brief(title, about, campaign_sections(facts), facts)


# ---- facts -----------------------------------------------------------------------------------------------------------


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
    # Of fewer, a ceiling or a best time would tell of single people.
    about_whom = audience if len(audience) >= LEAST_DESCRIBED else members
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
        "ceiling": ceiling_facts(about_whom, frames.segment.unavailable),
        "products": product_facts(frames, set(about_whom["customer_id"])),
        "categories": category_facts(about_whom, frames.segment.unavailable),
        "time": time_facts(about_whom, frames),
        "full_price_buyers": _count(about_whom["full_price_share"] >= FULL_PRICE_BUYER),
        "over_contacted": _count(about_whom["email_received_count_90d"] > MOST_EMAILS_90D),
        "pending_refunds": _count(_true(about_whom["has_pending_refund"])),
        "people": len(about_whom),
        "out_of_stock": stock_facts(frames, about_whom),
        "holdout": holdout_facts(about_whom, len(audience)),
    }
    facts["campaign"] = campaign
    campaign["angles"] = angles(about_whom, frames, facts)
    return facts


def suppressed_customers(frames: CampaignFrames) -> set[str]:
    """Members whose first segment on this channel is a suppression; these have the highest priority, so none is missed."""
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
    """The largest discount that BEARING_SHARE of the people bear, and how many bear the usual depths."""
    if reason := unavailable.get("largest_bearable_discount_rate"):
        return {"not_known": reason, "rate": None}
    covered = people["cost_coverage"].astype(float).fillna(0) >= LEAST_COST_COVERAGE
    rates = people.loc[covered, "largest_bearable_discount_rate"].astype(float).dropna()
    if len(rates) < LEAST_DESCRIBED:
        bought = "never bought, or the cost of what they bought is not known well enough"
        return {"not_known": f"{len(people) - len(rates):,} of {len(people):,} {bought}", "rate": None}
    # The largest rate that so many bear: sorted from above, the rate of the last of them. Down to a whole per cent.
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
    """What most of the people are recommended; in stock, as customer_recommendations holds nothing else."""
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
    """Favourite categories, and those that are likeliest to be their next new one."""
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
    """How much of their favourite category cannot be sold; None where stock is not known."""
    products = frames.products
    favourite = people["favourite_category"].dropna().value_counts()
    if products.empty or favourite.empty or "inventory" in _sources_off(frames):
        return None
    category = str(min(favourite.index, key=lambda name: (-favourite[name], str(name))))
    own = products[products["category"].astype(str).str.split(" > ").str[0] == category]
    own = own[_true(own["is_sellable"])]
    return {"category": category, "products": len(own), "out_of_stock": int((~_true(own["is_in_stock"])).sum())}


def holdout_facts(people: pd.DataFrame, audience: int) -> Facts | None:
    """How many to keep back, and the smallest difference in the order rate that would then be seen."""
    if audience < LEAST_DESCRIBED:
        return None
    share = HOLDOUT_SHARE if audience >= FEW else HOLDOUT_OF_FEW
    held = max(1, round(share * audience))
    ordered = int((people[f"order_count_{OUTCOME_DAYS}d"].astype(float).fillna(0) > 0).sum())
    # Where nobody or everybody ordered, one more would not have been a wonder.
    likely = (ordered + 1) / (len(people) + 2)
    spread = likely * (1 - likely) * (1 / held + 1 / (audience - held))
    return {
        "share": share,
        "held": held,
        "ordered": ordered,
        "people": len(people),
        "smallest": ERRORS * sqrt(spread),
    }


def _sources_off(frames: CampaignFrames) -> str:
    return " ".join(reason for reason in frames.segment.unavailable.values() if reason.startswith("source "))


def _true(column: pd.Series) -> pd.Series:
    return column.map(lambda value: value is True or value == 1).astype(bool)


def _count(flags: pd.Series) -> int:
    return int(flags.fillna(False).astype(bool).sum())


# ---- words -----------------------------------------------------------------------------------------------------------


def campaign_sections(facts: Facts) -> list[Section]:
    if "campaign" not in facts:
        short = segment_sections(facts)
        if facts["segment"]["effective_status"] != "active":
            return [Section("No campaign yet", ["Only active segments may be addressed."]), *short]
        return short
    library, campaign = facts["segment"], facts["campaign"]
    if library["is_suppression"]:
        return [
            Section(
                "No campaign",
                [
                    "This segment says who must not be addressed; there is nothing to send to it.",
                    words.sentence(library["next_action"]),
                ],
            )
        ]
    who = next(one for one in segment_sections(facts) if one.title == "In short")
    return [
        Section(
            "Who they are",
            [*who.sentences[:1], words.sentence(library["included"]), *who.sentences[1:]],
            finding_points(facts),
        ),
        Section("Who may be contacted", audience_sentences(facts)),
        Section("Angle", [f"The library says: {words.sentence(library['next_action'])}"], angle_points(campaign)),
        Section("Offer ceiling", ceiling_sentences(campaign)),
        Section("What to show", [], product_points(campaign)),
        Section("When", time_sentences(campaign)),
        Section("What to avoid", [], avoid_points(facts)),
        Section(
            "Holdout and measure",
            [*holdout_sentences(campaign), f"Success means: {words.sentence(library['success_measure'])}"],
        ),
        Section(
            "What moves them",
            [],
            [*mix_points(facts, "moves", MOVES_SHOWN), *level_points(facts, "moves", MOVES_SHOWN)],
        ),
        Section(
            "Before it goes out",
            [
                approval_sentence(facts),
                f"Owner: {words.sentence(library['owner'])}",
                f"Approved uses: {words.sentence(library['approved_uses'])}",
            ],
        ),
    ]


def audience_sentences(facts: Facts) -> list[str]:
    campaign, size = facts["campaign"], facts["size"]["members"]
    name, place = words.channel(campaign["channel"]), words.through(campaign["channel"])
    said = []
    if campaign["not_known"]:
        return [f"Not known: {campaign['not_known']}."]
    if not campaign["is_channel_of_segment"]:
        said.append(f"The library does not name {name} as a channel of this segment; ask its owner first.")
    if not campaign["needs_consent"]:
        said.append(
            f"{place.capitalize()} all {words.counted(size, 'member')} may be met; no consent is needed for it."
        )
    else:
        said.append(f"{words.share_of(campaign['contactable'], size, 'members')} may be contacted {place}.")
        if campaign["contactable"] == 0:
            return [
                *said,
                "Nobody has agreed to it; unknown consent is no consent. There is no campaign on this channel.",
            ]
    left_out = [
        (campaign["suppressed"], "are suppressed on this channel"),
        (campaign["complaining"], "have an open complaint"),
    ]
    if why := [f"{words.number(count)} who {reason}" for count, reason in left_out if count]:
        said.append(f"Left out of them: {words.joined(why)}; {words.number(campaign['audience'])} remain.")
    if primary := campaign["primary"]:
        others = [f"{one['segment_name']} ({one['customers']:,})" for one in primary["others"][:PRIMARY_SHOWN]]
        rest = sum(one["customers"] for one in primary["others"][PRIMARY_SHOWN:])
        others += [f"more such segments ({rest:,})"] if rest else []
        said.append(
            f"For {words.number(primary['own'])} of these {words.number(campaign['audience'])} this segment decides what "
            "they get "
            + (f"here; others are also in a segment that goes first: {words.joined(others)}." if others else "here.")
        )
    said.append("The list itself comes from `export`, which checks consent again.")
    return said


def angle_points(campaign: Facts) -> list[str]:
    found = campaign["angles"]
    if not found:
        return ["Nothing in their figures asks for a particular angle; follow the library."]
    first, *others = found
    points = [f"Angle: {first['angle']} Because {first['because']}."]
    return points + [f"Also: {one['angle']} Because {one['because']}." for one in others]


def ceiling_sentences(campaign: Facts) -> list[str]:
    ceiling = campaign["ceiling"]
    if ceiling["not_known"]:
        return [f"Not known: {ceiling['not_known']}. Without it, no discount."]
    known = ceiling["known_of"]
    at_least = f"{words.share(BEARING_SHARE)} of them"
    if ceiling["rate"] <= 0:
        said = [
            f"No discount: fewer than {at_least} earn us anything to give away; "
            f"{words.share_of(ceiling['earn_nothing'], known)} leave no margin at all."
        ]
    else:
        said = [
            f"At most {words.share(ceiling['rate'])} off list price: the largest discount at which at least {at_least} "
            "have not cost more than they brought, over all their orders, after returns and service.",
            "A ceiling is no advice to go there: at it some earn us nothing, and every point less is margin.",
        ]
    steps = [
        f"{float(depth):.0%} off: {words.share(count / known)}".replace("% off", " % off")
        for depth, count in ceiling["bear"].items()
    ]
    said.append(f"Of the {known:,} whose costs are known, these bear: {'; '.join(steps)}.")
    if missing := ceiling["people"] - known:
        said.append(
            f"Of {words.number(missing)} more it is not known: no purchase, or the cost of the goods is missing."
        )
    return said


def product_points(campaign: Facts) -> list[str]:
    points = []
    for name, title in (("favourite_category", "What they buy most"), ("next_best_category", "Likeliest to be new")):
        found = campaign["categories"][name]
        if reason := campaign["categories"].get(f"{name}_not_known"):
            points.append(f"{title}: not known: {reason}.")
        elif found:
            parts = [f"{one['category']} ({one['people']:,})" for one in found]
            points.append(f"{title}: {words.joined(parts)}.")
    for one in campaign["products"]:
        units = one["available_units"]
        stock = "in stock" if units is None else f"{words.counted(units, 'unit')} in stock"
        few = ", fewer than people" if units is not None and units < one["people"] else ""
        name = one["product_name"] or one["sku"]
        points.append(f"{name} ({one['sku']}, {one['category']}): recommended to {one['people']:,}; {stock}{few}.")
    points.append(
        "Each customer's own list is in the relation `customer_recommendations`."
        if campaign["products"]
        else "No product is recommended to them: nothing of theirs is known, or nothing is in stock."
    )
    return points


def time_sentences(campaign: Facts) -> list[str]:
    time = campaign["time"]
    if time is None:
        return ["This channel has no hour."]
    if time["not_known"]:
        return [f"Not known: {time['not_known']}."]
    if not time["known_of"]:
        return [f"Not known: too few of them have {time['what']}."]
    said = []
    if time["weekday_stands_out"]:
        said.append(
            f"{time['weekday']}: {words.share_of(time['weekday_people'], time['known_of'])} {time['what']} mostly then."
        )
    if time["hour_stands_out"]:
        span = f"Between {time['hour']}:00 and {(time['hour'] + 3) % 24}:00 in the business time zone"
        said.append(f"{span}: {words.share_of(time['hour_people'], time['known_of'])} did so mostly then.")
    if not said:
        return [f"No day and no hour stands out among the {words.number(time['known_of'])} of whom it is known."]
    if "e-mail" in time["what"]:
        said.append("They can only open what was sent: another day is worth a test.")
    return said


def avoid_points(facts: Facts) -> list[str]:
    campaign = facts["campaign"]
    people = campaign["people"]
    not_known = facts["not_known"]
    points = []
    if reason := not_known.get("has_open_complaint"):
        points.append(f"Open complaints: not known: {reason}; ask the service team before sending.")
    else:
        now = words.number(campaign["complaining"])
        left = f"{now} left out" if campaign["complaining"] else "nobody has one now"
        points.append(f"Open complaints: {left}; look again on the day of sending.")
    if reason := not_known.get("full_price_share"):
        points.append(f"Discounts for those who pay anyway: not known: {reason}.")
    elif campaign["full_price_buyers"]:
        points.append(
            f"No discount to the {words.share_of(campaign['full_price_buyers'], people)} who buy at least "
            f"{words.share(FULL_PRICE_BUYER)} at full price: they pay it anyway."
        )
    if campaign["over_contacted"]:
        points.append(
            f"Rest for the {words.share_of(campaign['over_contacted'], people)} who had more than {MOST_EMAILS_90D} "
            "e-mails in 90 days."
        )
    if campaign["pending_refunds"]:
        points.append(f"{words.share_of(campaign['pending_refunds'], people)} wait for a refund: settle it first.")
    stock = campaign["out_of_stock"]
    if stock and stock["out_of_stock"]:
        points.append(
            f"{words.share_of(stock['out_of_stock'], stock['products'], 'products')} of {stock['category']}, the favourite "
            "category of most, are out of stock: do not show these."
        )
    elif stock is None:
        points.append("Stock is not known: check what is promised before it is shown.")
    found = facts["flags"].get("complaint_count_365d")
    if found and found["words"] and found["effect"] > 0:
        points.append(f"No promise that is not kept: {finding_sentence(found, facts)}")
    return points


def holdout_sentences(campaign: Facts) -> list[str]:
    found = campaign["holdout"]
    if found is None:
        return ["Too few people for a holdout: whether it worked cannot be told."]
    said = [
        f"A holdout is needed: without one, nobody can tell what the campaign itself did. Keep back "
        f"{words.counted(found['held'], 'customer')} at random ({words.share(found['share'])}).",
        f"{words.share_of(found['ordered'], found['people'])} ordered in the last {OUTCOME_DAYS} days; with that "
        f"holdout, a change of the share who order by less than {100 * found['smallest']:.0f} points would not be seen "
        "(found four times in five, one false alarm in twenty).",
    ]
    if found["smallest"] > LARGEST_LIFT:
        said.append("Few campaigns move so many: run it over several rounds, and judge these together.")
    return said
