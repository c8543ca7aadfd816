"""Campaigns: their audience, the random holdout, and the orders they truly caused."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import pyarrow as pa

from scripts.demo.simulator.arrays import (
    DAY,
    NULL,
    Bools,
    Floats,
    Ints,
    Streams,
    choose,
    join,
    lag,
    only,
    padded,
    pick,
    to_utc,
)
from scripts.demo.simulator.landing import Landing
from scripts.demo.simulator.model import (  # fmt: skip
    CORE,
    HARD_BOUNCE,
    HOLDOUT_SHARES,
    LEAD,
    NEWSLETTER_EVERY,
    PRICE_CLASSES,
    RECENT_DAYS,
    SPAM_COMPLAINT,
    TARGETED_CAMPAIGNS,
)
from scripts.demo.simulator.people import People, record_addresses
from scripts.demo.simulator.purchases import ONLINE, Purchases

# target segment, name, offer, depth, extra orders per 100 people treated (mean over people)
TARGETS = (
    ("new_need_second_purchase", "Come back soon", "percent_off", 0.10, 3.0),
    ("high_value_at_risk", "We miss you", "percent_off", 0.15, 3.5),
    ("lapsed", "Welcome back", "percent_off", 0.20, 1.2),
    ("vip_loyalists", "Early access", "none", 0.0, 4.0),
    ("at_risk_repeat_buyers", "Your favourites", "percent_off", 0.15, 2.2),
    ("engaged_base", "New arrivals", "none", 0.0, 1.5),
    ("leads_to_nurture", "Your first order", "percent_off", 0.15, 0.8),
    ("discount_dependent", "Members' sale", "percent_off", 0.15, 0.0),
    ("replenishment_due", "Time to restock", "free_shipping", 0.0, 3.0),
)
NEWSLETTER_EFFECT = 0.0015  # extra orders per person and newsletter, at an open rate of a quarter
TARGETED_WITHOUT_SEGMENT = 7  # every seventh targeted campaign has no recorded segment


@dataclass
class Campaign:
    """One campaign: its people, who was treated, and each person's probability of ordering because of it."""

    number: int
    name: str
    segment: str | None
    sms: bool
    offer: str
    depth: float
    sent_at: int
    people: Ints
    treated: Bools
    effect: Floats
    logged: bool

    @property
    def id(self) -> str:
        return f"CMP{self.number:04d}"


@dataclass
class Plan:
    """All campaigns of the recent window, the orders they caused, and when addresses stopped working."""

    campaigns: list[Campaign]
    caused: Purchases
    bounced_at: Ints
    complained_at: Ints


def plan_campaigns(people: People, purchases: Purchases, streams: Streams) -> Plan:
    """Newsletters to all people with consent, and targeted campaigns with a random holdout.

    True effect: each treated person makes one extra order within ten days with an individual probability: the
    campaign's mean times the person's response to offers (price class) and to e-mail. People held out make none.
    """
    rng = streams("campaigns")
    never = np.iinfo(np.int64).max
    end = (people.end + 1) * DAY
    begin = end - RECENT_DAYS * DAY
    somewhen = begin + rng.integers(0, RECENT_DAYS * DAY, people.n)
    luck = rng.random(people.n)
    reachable = people.klaviyo != NULL
    bounced = np.where(reachable & (luck < HARD_BOUNCE), somewhen, never)
    complains = reachable & (luck >= HARD_BOUNCE) & (luck < HARD_BOUNCE + SPAM_COMPLAINT)
    complains &= people.consent_at != NULL
    complained = np.where(complains, np.maximum(somewhen, people.opened + 30 * DAY), never)
    people.optout_at = np.where(complained < people.optout_at, complained, people.optout_at)
    campaigns: list[Campaign] = []
    for number in range(RECENT_DAYS // NEWSLETTER_EVERY):
        day = people.end - 4 - NEWSLETTER_EVERY * number
        at = int(to_utc(np.array([day * DAY + 9 * 3600]))[0])
        to = np.flatnonzero(people.opted_in(np.arange(people.n), at) & (people.opened < at) & (bounced > at))
        logged = number % 4 == 0
        treated = rng.random(len(to)) >= (0.10 if logged else 0.0)
        name = f"Newsletter {np.datetime64(day, 'D')}"
        effect = NEWSLETTER_EFFECT * people.open_rate[to] / 0.25
        campaigns.append(Campaign(number, name, None, False, "none", 0.0, at, to, treated, effect, logged))
    for turn in range(TARGETED_CAMPAIGNS):
        day = people.end - 9 - 15 * turn
        campaigns.append(_targeted(people, purchases, bounced, turn, day, len(campaigns), rng))
    caused = [_caused(c, people, rng) for c in campaigns]
    who = np.concatenate([c[0] for c in caused])
    when = np.concatenate([c[1] for c in caused])
    by = np.repeat([c.number for c in campaigns], [len(c[0]) for c in caused])
    inside = when < end - DAY // 4
    who, when, by = who[inside], when[inside], by[inside]
    orders = Purchases(who, when, np.full(len(who), ONLINE), np.full(len(who), -1), by)
    return Plan(campaigns, orders, bounced, complained)


def _targeted(
    people: People, purchases: Purchases, bounced: Ints, turn: int, day: int, number: int, rng: np.random.Generator
) -> Campaign:
    at = int(to_utc(np.array([day * DAY + 10 * 3600]))[0])
    sms = turn % 6 == 4
    segment, name, offer, depth, per_cent = TARGETS[turn % len(TARGETS)]
    everyone = np.arange(people.n)
    if sms:
        able = people.sms_consent & (people.phone != NULL) & (people.klaviyo != NULL) & (people.optout_at > at)
    else:
        able = people.opted_in(everyone, at) & (bounced > at)
    to = np.flatnonzero(able & (people.opened < at) & _aimed_at(segment, people, purchases, at))
    unexplained = turn % TARGETED_WITHOUT_SEGMENT == TARGETED_WITHOUT_SEGMENT - 1
    treated = rng.random(len(to)) >= HOLDOUT_SHARES[turn % 2]
    response = np.array([c[3] for c in PRICE_CLASSES])[people.price_class[to]] if depth else np.ones(len(to))
    response = response * (0.4 + 2.0 * (people.sms_rate if sms else people.open_rate)[to])
    effect = np.minimum(per_cent / 100 * response / max(float(response.mean()) if len(to) else 1.0, 1e-9), 0.5)
    name = f"{name} {np.datetime64(day, 'D')}"
    key = None if unexplained else segment
    return Campaign(number, name, key, sms, offer, depth, at, to, treated, effect, True)


def _aimed_at(segment: str, people: People, purchases: Purchases, at: int) -> Bools:
    """The members of the segment at that second, as in the retailer's old lists (from orders alone)."""
    before = purchases.at < at
    person, when = purchases.person[before], purchases.at[before]
    count = np.bincount(person, minlength=people.n)
    last_row = np.maximum(np.cumsum(count) - 1, 0)
    last = np.where(count > 0, when[last_row] if len(when) else 0, 0)
    days = (np.full(people.n, at) - last) // DAY
    value = count * np.exp(people.spend)
    rules: dict[str, Any] = {
        "new_need_second_purchase": (count == 1) & (days > 30) & (days <= 120),
        "high_value_at_risk": (count >= 2) & (days >= 120) & (value > 15),
        "lapsed": (count > 0) & (days > 180) & (days <= 365),
        "vip_loyalists": (count >= 8) & (days < 90) & (value > 15),
        "at_risk_repeat_buyers": (count >= 3) & (days > 75) & (days < 300),
        "engaged_base": (count > 0) & (days <= 90),
        "leads_to_nurture": (count == 0) & (people.klass == LEAD) & (people.interest_end * DAY > at),
        "discount_dependent": (count >= 2) & (people.price_class == 0) & (days < 365),
        "replenishment_due": (count >= 2) & (days > 20) & (days < 60) & (people.klass <= CORE + 2),
    }
    found: Bools = rules[segment]
    return found


def _caused(campaign: Campaign, people: People, rng: np.random.Generator) -> tuple[Ints, Ints]:
    orders = campaign.treated & (rng.random(len(campaign.people)) < campaign.effect)
    orders &= people.has_email[campaign.people]
    delay = np.minimum(rng.exponential(2.5, int(orders.sum())), 9.5) * DAY
    return campaign.people[orders], campaign.sent_at + 3600 + delay.astype(np.int64)


def write_campaigns(landing: Landing, plan: Plan, people: People) -> None:
    """Write the campaign list, the sends with their arm, the sending tool's own list, and the true effects."""
    rng = landing.streams("campaign files")
    all_of = plan.campaigns
    sent = np.array([c.sent_at for c in all_of])
    sms = np.array([c.sms for c in all_of])
    size = np.array([int(c.treated.sum()) for c in all_of])
    words = ["none", "percent_off", "free_shipping"]
    offer = np.array([words.index(c.offer) for c in all_of])
    depth = np.array([round(c.depth * 100) for c in all_of])
    names, ids = [c.name for c in all_of], [c.id for c in all_of]
    landing.write("campaigns", "campaign", sent - 2 * DAY, lambda r: {
        "campaign_id": pick(ids, r), "campaign_name": pick(names, r),
        "segment_key": pick([c.segment for c in all_of], r),
        "channel": pick(["email", "sms"], sms[r].astype(int)), "offer_type": pick(words, offer[r]),
        "offer_depth": depth[r], "starts_at": sent[r], "ends_at": sent[r] + 10 * DAY,
        "cost_amount": 4000 + np.where(sms, size * 4, size // 5)[r], "currency": pick(["GBP"], np.zeros(len(r), int)),
    })  # fmt: skip
    landing.write("klaviyo", "campaign", sent + lag(rng, len(sent)), lambda r: {
        "id": pick(ids, r), "name": pick(names, r), "subject": join(pick(names, r), " for you"),
        "campaign_type": pick(["Regular"], np.zeros(len(r), int)), "status": pick(["Sent"], np.zeros(len(r), int)),
        "send_time": sent[r], "sent_at": sent[r] + 60, "created": sent[r] - 3 * DAY,
        "_fivetran_deleted": np.zeros(len(r), dtype=bool),
    })  # fmt: skip
    number = 0
    with landing.open("campaigns", "send") as writer:
        for c in sorted((c for c in all_of if c.logged), key=lambda c: c.sent_at):
            n, who = len(c.people), c.people
            at = c.sent_at + rng.integers(0, 1200, n)
            email = people.email.take(pa.array(who))
            phone = people.phone_typed(who, rng, at)
            writer.add({
                "send_id": join("SND", padded(number + np.arange(n), 9)), "campaign_id": pa.repeat(c.id, n),
                "klaviyo_person_id": only(rng.random(n) < 0.97, people.klaviyo_id(who)),
                "email": choose(np.full(n, c.sms), None, email), "phone": choose(np.full(n, c.sms), phone, None),
                "arm": pick(["holdout", "treatment"], c.treated.astype(int)), "sent_at": at,
                "synced_at": at + lag(rng, n, 90),
            })  # fmt: skip
            number += n
    for c in all_of:
        mean = float(c.effect[c.treated].mean()) if c.treated.any() else 0.0
        landing.add_truth("campaigns", {
            "campaign_id": [c.id], "segment_key": pa.array([c.segment], pa.string()),
            "channel": ["sms" if c.sms else "email"],
            "people": [len(c.people)], "treated": [int(c.treated.sum())], "true_extra_orders_per_treated": [mean],
            "caused_orders": [int((plan.caused.campaign == c.number).sum())],
        })  # fmt: skip
    addressed = [c.people for c in all_of if c.logged and not c.sms]
    who = np.unique(np.concatenate(addressed)) if addressed else np.zeros(0, np.int64)
    record_addresses(landing, "campaigns", people, who)
