"""The campaign brief: to whom, with what angle, how deep an offer at most, what to show, when, and what to avoid."""

from __future__ import annotations

from scripts.serving.briefs import phrasing
from scripts.serving.briefs.campaign_facts import (
    BEARING_SHARE,
    FULL_PRICE_BUYER,
    MOST_EMAILS_90D,
    OUTCOME_DAYS,
    campaign_facts,
)
from scripts.serving.briefs.document import Brief, Section
from scripts.serving.briefs.facts import LEAST_DESCRIBED, Facts
from scripts.serving.briefs.reading import CampaignFrames
from scripts.serving.briefs.segment import (
    approval_sentence,
    finding_points,
    finding_sentence,
    level_points,
    mix_points,
    segment_sections,
)

# Number of segments with priority for some of the audience that are named.
PRIMARY_SHOWN = 3
# Channels that `export` writes lists for.
EXPORTED = ("email", "sms")
# Campaigns that change the order rate by more than this are rare.
LARGEST_LIFT = 0.1
# What the campaign brief repeats from the segment's "What moves them".
MOVES_SHOWN = (
    "price_sensitivity",
    "full_price_share",
    "offer_response_rate_365d",
    "engagement_tier",
    "engagement_trend",
    "channel_preference",
    "email_open_rate_90d",
)


def campaign_brief(frames: CampaignFrames, about: str) -> Brief:
    """The brief of a campaign to the segment on the channel."""
    facts = campaign_facts(frames)
    title = f"Campaign brief: {facts['segment']['segment_name']}, {phrasing.through(frames.channel)}"
    return Brief(title, about, campaign_sections(facts), facts)


def campaign_sections(facts: Facts) -> list[Section]:
    if "campaign" not in facts:
        short = segment_sections(facts)
        if facts["segment"]["effective_status"] != "active":
            return [Section("No campaign yet", ["Only active segments may be targeted."]), *short]
        return short
    library, campaign = facts["segment"], facts["campaign"]
    if library["is_suppression"]:
        return [
            Section(
                "No campaign",
                [
                    "This segment says who must not be contacted; there is nothing to send to it.",
                    phrasing.sentence(library["next_action"]),
                ],
            )
        ]
    who = next(one for one in segment_sections(facts) if one.title == "In short")
    return [
        Section(
            "Who they are",
            [*who.sentences[:1], phrasing.sentence(library["included"]), *who.sentences[1:]],
            finding_points(facts),
        ),
        Section("Who may be contacted", audience_sentences(facts)),
        Section("Angle", [f"The library says: {phrasing.sentence(library['next_action'])}"], angle_points(campaign)),
        Section("Offer ceiling", ceiling_sentences(campaign)),
        Section("What to show", [], product_points(campaign)),
        Section("When", time_sentences(campaign)),
        Section("What to avoid", [], avoid_points(facts)),
        Section(
            "Holdout and measure",
            [*holdout_sentences(campaign), f"Success means: {phrasing.sentence(library['success_measure'])}"],
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
                f"Owner: {phrasing.sentence(library['owner'])}",
                f"Approved uses: {phrasing.sentence(library['approved_uses'])}",
            ],
        ),
    ]


def audience_sentences(facts: Facts) -> list[str]:
    campaign, size = facts["campaign"], facts["size"]["members"]
    name, place = phrasing.channel(campaign["channel"]), phrasing.through(campaign["channel"])
    sentences = []
    if campaign["not_known"]:
        return [f"Not known: {campaign['not_known']}."]
    if not campaign["is_channel_of_segment"]:
        sentences.append(f"The library does not name {name} as a channel of this segment; ask its owner first.")
    if not campaign["needs_consent"]:
        sentences.append(
            f"{place.capitalize()} all {phrasing.counted(size, 'member')} may be reached; no consent is needed for it."
        )
    else:
        sentences.append(f"{phrasing.share_of(campaign['contactable'], size, 'members')} may be contacted {place}.")
        if campaign["contactable"] == 0:
            return [
                *sentences,
                "Nobody has given consent; unknown consent is no consent. There is no campaign on this channel.",
            ]
    left_out = [
        (campaign["suppressed"], "are suppressed on this channel"),
        (campaign["complaining"], "have an open complaint"),
    ]
    if why := [f"{phrasing.number(count)} who {reason}" for count, reason in left_out if count]:
        sentences.append(f"Left out: {phrasing.joined(why)}; {phrasing.number(campaign['audience'])} remain.")
    if primary := campaign["primary"]:
        others = [f"{one['segment_name']} ({one['customers']:,})" for one in primary["others"][:PRIMARY_SHOWN]]
        rest = sum(one["customers"] for one in primary["others"][PRIMARY_SHOWN:])
        others += [f"more such segments ({rest:,})"] if rest else []
        own = (
            "none" if not primary["own"] else "all" if primary["own"] == campaign["audience"] else f"{primary['own']:,}"
        )
        text = f"For {own} of these {phrasing.number(campaign['audience'])} this segment decides what they get here"
        if others:
            text += f"; others are also in a segment that takes priority: {phrasing.joined(others)}. "
            text += "Leave these out, or agree with its owner"
        sentences.append(f"{text}.")
    if campaign["figures_of"] == "members":
        sentences.append(
            f"Groups of fewer than {LEAST_DESCRIBED} people are not described: what follows is about all members."
        )
    if campaign["channel"] in EXPORTED:
        sentences.append("The list itself comes from `export`, which checks consent again.")
    return sentences


def angle_points(campaign: Facts) -> list[str]:
    found = campaign["angles"]
    if not found:
        return ["Nothing in their figures suggests a particular angle; follow the library."]
    first, *others = found
    points = [f"Angle: {first['angle']} Because {first['because']}."]
    return points + [f"Also: {one['angle']} Because {one['because']}." for one in others]


def ceiling_sentences(campaign: Facts) -> list[str]:
    ceiling = campaign["ceiling"]
    if ceiling["not_known"]:
        return [f"Not known: {ceiling['not_known']}. Without it, no discount."]
    known = ceiling["known_of"]
    at_least = f"{phrasing.share(BEARING_SHARE)} of them"
    if ceiling["rate"] <= 0:
        sentences = [
            f"No discount: fewer than {at_least} leave any margin to give away; "
            f"{phrasing.share_of(ceiling['earn_nothing'], known)} leave no margin at all."
        ]
    else:
        sentences = [
            f"At most {phrasing.share(ceiling['rate'])} off list price: the largest discount at which at least "
            f"{at_least} would not have cost more than they brought in, over all orders, after returns and service.",
            "A ceiling is no recommendation: at that discount some leave no margin, and every point less is margin.",
        ]
    steps = [
        f"{float(depth):.0%} off: {phrasing.share(count / known)}".replace("% off", " % off")
        for depth, count in ceiling["bear"].items()
    ]
    sentences.append(f"Of the {known:,} whose costs are known, this share can bear {'; '.join(steps)}.")
    if missing := ceiling["people"] - known:
        sentences.append(
            f"For {phrasing.number(missing)} more it is not known: no purchase, or the cost of the goods is missing."
        )
    return sentences


def product_points(campaign: Facts) -> list[str]:
    points = []
    for name, title in (
        ("favourite_category", "What they buy most"),
        ("next_best_category", "Most likely new category"),
    ):
        found = campaign["categories"][name]
        if reason := campaign["categories"].get(f"{name}_not_known"):
            points.append(f"{title}: not known: {reason}.")
        elif found:
            parts = [f"{one['category']} ({one['people']:,})" for one in found]
            points.append(f"{title}: {phrasing.joined(parts)}.")
    for one in campaign["products"]:
        units = one["available_units"]
        stock = "in stock" if units is None else f"{phrasing.counted(units, 'unit')} in stock"
        few = ", fewer than people" if units is not None and units < one["people"] else ""
        name = one["product_name"] or one["sku"]
        points.append(f"{name} ({one['sku']}, {one['category']}): recommended to {one['people']:,}; {stock}{few}.")
    points.append(
        "Each customer's own list is in the relation `customer_recommendations`."
        if campaign["products"]
        else "No product is recommended to them: too little is known about them, or nothing is in stock."
    )
    return points


def time_sentences(campaign: Facts) -> list[str]:
    time = campaign["time"]
    if time is None:
        return ["This channel has no time of day."]
    if time["not_known"]:
        return [f"Not known: {time['not_known']}."]
    if not time["known_of"]:
        return [f"Not known: too few of them have {time['what']}."]
    sentences = []
    if time["weekday_stands_out"]:
        sentences.append(
            f"{time['weekday']}: {phrasing.share_of(time['weekday_people'], time['known_of'])} "
            f"{time['what']} mostly then."
        )
    if time["hour_stands_out"]:
        span = f"Between {time['hour']}:00 and {(time['hour'] + 3) % 24}:00 in the business time zone"
        sentences.append(f"{span}: {phrasing.share_of(time['hour_people'], time['known_of'])} did so mostly then.")
    if not sentences:
        return [f"No weekday or hour stands out among the {phrasing.number(time['known_of'])} for whom it is known."]
    if "e-mail" in time["what"]:
        sentences.append("They can only open what was sent, so another day is worth a test.")
    return sentences


def avoid_points(facts: Facts) -> list[str]:
    campaign = facts["campaign"]
    people = campaign["people"]
    not_known = campaign["unknown"]
    points = []
    if reason := not_known.get("has_open_complaint"):
        points.append(f"Open complaints: not known: {reason}; ask the service team before sending.")
    else:
        now = phrasing.number(campaign["complaining"])
        left = f"{now} left out" if campaign["complaining"] else "nobody has one now"
        points.append(f"Open complaints: {left}; check again on the day of sending.")
    if reason := not_known.get("full_price_share"):
        points.append(f"Discounts for those who pay anyway: not known: {reason}.")
    elif campaign["full_price_buyers"]:
        most = f"at least {phrasing.share(FULL_PRICE_BUYER)} at full price"
        points.append(
            f"No discount at all: every one of the {people:,} buys {most} and pays it anyway."
            if campaign["full_price_buyers"] == people
            else f"No discount to the {phrasing.share_of(campaign['full_price_buyers'], people)} who buy {most}: "
            "they pay it anyway."
        )
    if reason := not_known.get("email_received_count_90d"):
        points.append(f"How often they were mailed: not known: {reason}.")
    elif campaign["over_contacted"]:
        points.append(
            f"A pause for the {phrasing.share_of(campaign['over_contacted'], people)} who received more than "
            f"{MOST_EMAILS_90D} e-mails in 90 days."
        )
    if reason := not_known.get("has_pending_refund"):
        points.append(f"Pending refunds: not known: {reason}.")
    elif campaign["pending_refunds"]:
        points.append(f"{phrasing.share_of(campaign['pending_refunds'], people)} wait for a refund: settle it first.")
    stock = campaign["out_of_stock"]
    if stock and stock["out_of_stock"]:
        missing = phrasing.share_of(stock["out_of_stock"], stock["products"], "products")
        points.append(
            f"{missing} in {stock['category']}, their most frequent favourite, are out of stock: do not show these."
        )
    elif stock is None:
        points.append("Stock is not known: check availability before showing a product.")
    found = facts["flags"].get("complaint_count_365d")
    if found and found["words"] and found["effect"] > 0:
        points.append(f"Promise nothing that may not be kept: {finding_sentence(found, facts)}")
    return points


def holdout_sentences(campaign: Facts) -> list[str]:
    found = campaign["holdout"]
    if found is None:
        return ["Too few people for a holdout: the effect cannot be measured."]
    sentences = [
        f"A holdout is needed: without one, the effect of the campaign cannot be measured. Hold back "
        f"{phrasing.counted(found['held'], 'customer')} at random ({phrasing.share(found['share'])}).",
    ]
    if found["not_known"]:
        return [*sentences, f"What it can detect is not known: {found['not_known']}."]
    sentences.append(
        f"{phrasing.share_of(found['ordered'], found['people'])} ordered in the last {OUTCOME_DAYS} days; with that "
        f"holdout, a change in that share of less than {100 * found['smallest']:.0f} points would go undetected "
        "(80 % power, 5 % false alarms)."
    )
    if found["smallest"] > LARGEST_LIFT:
        sentences.append(
            "Few campaigns have so large an effect: run it over several rounds, and evaluate these together."
        )
    return sentences
