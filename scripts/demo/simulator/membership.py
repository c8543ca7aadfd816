"""The loyalty programme, consent statements, and lists that live in other tools."""

from __future__ import annotations

import numpy as np
import pyarrow as pa

from scripts.demo.simulator.arrays import DAY, NULL, Bools, Ints, choose, join, lag, only, padded, pick, text, totals
from scripts.demo.simulator.campaigns import Plan
from scripts.demo.simulator.identity_edge_cases import (
    LEAVES_BY_CARD,
    LEAVES_BY_SECOND_ADDRESS,
    NEVER_CONFIRMED,
    record_profiles,
)
from scripts.demo.simulator.landing import Landing
from scripts.demo.simulator.model import RECENT_DAYS, REPORTING_RATE
from scripts.demo.simulator.orders import NORMAL, Orders, order_ids
from scripts.demo.simulator.people import People, record_addresses
from scripts.demo.simulator.purchases import STORE
from scripts.demo.simulator.tills import BY_CARD, receipt_ids

GOLD_FROM, SILVER_FROM = 1_000, 400  # GBP spent in the last twelve months
POINTS_LAST = 730  # days
LISTS = (("VIP 2024", "spreadsheet"), ("Newsletter old", "mailtool"), ("Sale shoppers", "mailtool"),
         ("Lost customers", "spreadsheet"), ("Big baskets", "adtool"), ("Test list", "mailtool"))  # fmt: skip


def write_loyalty(landing: Landing, orders: Orders, people: People, shows: Ints) -> None:
    """Write members and points: one point per pound paid, redeemed in hundreds, expired two years after the last order.

    The balance equals the sum of the movements, and the tier follows the spend of the last twelve months.
    """
    rng = landing.streams("loyalty")
    end = landing.end_second
    who = np.maximum(orders.person, 0)
    counts = (orders.person >= 0) & (people.loyalty[who] != NULL) & (orders.state == NORMAL)
    counts &= (people.joined[who] <= orders.at) & ((orders.channel != STORE) | (shows == BY_CARD))
    paid = orders.by_order(orders.net) * np.array(REPORTING_RATE)[orders.currency]
    points = np.rint(paid / 100).astype(np.int64)
    earned = np.flatnonzero(counts & (points > 0) & (orders.known + 7200 <= end))
    owner = orders.person[earned]
    total = totals(owner, points[earned], people.n)
    last = np.zeros(people.n, dtype=np.int64)
    np.maximum.at(last, owner, orders.at[earned])
    rewards = (total * rng.random(people.n) * 0.9 // 100 * 100).astype(np.int64)
    spent = np.where((total >= 100) & (rng.random(people.n) < 0.6), rewards, 0)
    spent_at = last + rng.integers(DAY, 20 * DAY, people.n)
    spent = np.where(spent_at < end - DAY, spent, 0)
    gone_at = last + POINTS_LAST * DAY + DAY
    gone = np.where((gone_at < end - DAY) & (last > 0), total - spent, 0)
    redeemers, losers = np.flatnonzero(spent > 0), np.flatnonzero(gone > 0)
    o = np.r_[earned, np.full(len(redeemers) + len(losers), 0)]
    member = np.r_[owner, redeemers, losers]
    kind = np.repeat([0, 1, 2], [len(earned), len(redeemers), len(losers)])
    change = np.r_[points[earned], -spent[redeemers], -gone[losers]]
    at = np.r_[orders.at[earned], spent_at[redeemers], gone_at[losers]]
    known = np.r_[orders.known[earned] + 3600, spent_at[redeemers] + 3600, gone_at[losers] + 3600]
    ref = choose(orders.channel == STORE, receipt_ids(orders, np.arange(len(orders.person))), text(order_ids(orders)))
    landing.write("loyalty", "points_movement", known, lambda r: {
        "movement_id": join("MV", padded(r, 9)), "loyalty_number": people.loyalty_number(member[r]),
        "movement_type": pick(["earned", "redeemed", "expired"], kind[r]), "points": change[r],
        "order_ref": only(kind[r] == 0, ref.take(pa.array(o[r]))), "occurred_at": at[r],
        "expires_at": np.where(kind[r] == 0, at[r] + POINTS_LAST * DAY, NULL),
    })  # fmt: skip
    year = counts & (orders.at > end - 365 * DAY) & (orders.at <= end)
    recent = totals(who[year], np.rint(paid[year] / 100), people.n)
    tier = np.where(recent >= GOLD_FROM, 2, np.where(recent >= SILVER_FROM, 1, 0))
    changed = np.maximum(np.maximum(last, np.where(spent > 0, spent_at, 0)), np.where(gone > 0, gone_at, 0)) + 4200
    base = np.flatnonzero((people.loyalty != NULL) & (people.joined <= end))
    later = base[(last[base] > 0) & (changed[base] > people.joined[base])]
    m = np.r_[base, later]
    now = np.repeat([False, True], [len(base), len(later)])
    updated = np.where(now, changed[m], people.joined[m])
    email, phone = people.email_typed(m, rng, 0.05), people.phone_typed(m, rng, updated, form=True)
    luck = rng.random((3, people.n))
    balance = total - spent - gone
    stamp = np.where(now, np.maximum(updated + 600, 0), updated + lag(rng, len(m), 100))
    late_order = np.zeros(people.n, dtype=np.int64)
    np.maximum.at(late_order, owner, orders.known[earned] + 3600)
    stamp = np.where(now, np.minimum(np.maximum(stamp, late_order[m] + 60), np.maximum(stamp, end - 60)), stamp)
    landing.write("loyalty", "member", stamp, lambda r: {
        "loyalty_number": people.loyalty_number(m[r]),
        "customer_number": only(luck[0][m[r]] < 0.75, people.customer_number(m[r])),
        "email": only(luck[1][m[r]] < 0.72, email.take(pa.array(r))),
        "phone": only(luck[2][m[r]] < 0.6, phone.take(pa.array(r))), "first_name": people.first_name(m[r]),
        "last_name": people.last_name(m[r]),
        "tier": pick(["bronze", "silver", "gold"], np.where(now[r], tier[m[r]], 0)),
        "points_balance": np.where(now[r], balance[m[r]], 0), "joined_at": people.joined[m[r]],
        "updated_at": updated[r],
    })  # fmt: skip
    landing.record_owners("loyalty", people.loyalty_number(base), base)


def write_consent(landing: Landing, people: People, plan: Plan) -> None:
    """Write consent by channel: given at sign-up, withdrawn by some, given again by a few, refused by others.

    Some people were never asked.

    Edge cases: withdrawn under the card alone or under a second address; sign-ups never confirmed, or confirmed an hour
    later; objections to profiling; legal holds.
    """
    rng = landing.streams("consent")
    end, everyone = landing.end_second, np.arange(people.n)
    gave = everyone[people.consent_at != NULL]
    left = gave[people.optout_at[gave] < end]
    again = left[(rng.random(len(left)) < 0.06) & (plan.complained_at[left] > end)]
    back = np.minimum(people.optout_at[again] + rng.integers(20 * DAY, 200 * DAY, len(again)), end + DAY)
    text_in = everyone[people.sms_consent]
    text_out = text_in[rng.random(len(text_in)) < 0.05]
    refused = everyone[(people.consent_at == NULL) & people.has_email & (rng.random(people.n) < 0.5)]
    waiting = gave[rng.random(len(gave)) < 0.03]
    profiling = gave[rng.random(len(gave)) < 0.2]
    groups: list[tuple[Ints, int, int, Ints]] = [  # who, channel, status, when
        (gave, 0, 0, people.consent_at[gave]), (left, 0, 1, people.optout_at[left]), (again, 0, 0, back),
        (text_in, 1, 0, people.opened[text_in] + 900), (text_out, 1, 1, people.opened[text_out] + 200 * DAY),
        (refused, 0, 1, people.opened[refused] + 60), (waiting, 0, 2, people.consent_at[waiting] - 3600),
        (profiling, 2, 0, people.consent_at[profiling] + 30),
    ]  # fmt: skip
    who, at = np.concatenate([g[0] for g in groups]), np.concatenate([g[3] for g in groups])
    sort = np.repeat(np.arange(len(groups)), [len(g[0]) for g in groups])
    channel, status = np.array([g[1] for g in groups])[sort], np.array([g[2] for g in groups])[sort]
    n = len(who)
    by_card: Bools = (people.loyalty[who] != NULL) & (rng.random(n) < 0.25)
    by_shop: Bools = (people.shop[who] != NULL) & (rng.random(n) < 0.3)
    email, phone = people.email_typed(who, rng, 0.03), people.phone_typed(who, rng, at)
    place = rng.choice(4, n, p=[0.5, 0.2, 0.2, 0.1])
    number, known = rng.permutation(n), at + lag(rng, n, 20)
    edge_case_rng = landing.streams("consent traps")
    # Withdrawn before the sending tool's own events begin, so that no other record shows it.
    quiet = (sort == 1) & (at < (people.end - RECENT_DAYS) * DAY)
    second = quiet & (people.shop2[who] != NULL) & (edge_case_rng.random(n) < LEAVES_BY_SECOND_ADDRESS)
    card_only = quiet & ~second & (people.loyalty[who] != NULL) & (edge_case_rng.random(n) < LEAVES_BY_CARD)
    email = choose(second, people.email2.take(pa.array(who)), email)
    account = only(by_shop & ~card_only, text(people.shop[who]))
    account = choose(second, text(people.shop2[who]), account)
    by_card = by_card & ~second | card_only
    silent = np.flatnonzero((people.consent_at == NULL) & people.has_email & ~np.isin(everyone, refused))
    unsure = edge_case_rng.choice(silent, min(max(2, round(NEVER_CONFIRMED * people.n)), len(silent)), replace=False)
    objects, held = people.edge_cases.cases["profiling_objection"][0], people.edge_cases.cases["legal_hold"][0]
    # 2: a pending sign-up; 3: an objection to profiling; 4: a legal hold
    more = np.r_[unsure, objects, held]
    kind = np.repeat([2, 3, 4], [len(unsure), len(objects), len(held)])
    when = np.maximum(people.opened[more], people.start * DAY)
    when = when + ((end - when) * np.where(kind == 2, 0.0, edge_case_rng.random(len(more)))).astype(np.int64) + 120
    who, at, known = np.r_[who, more], np.r_[at, when], np.r_[known, when + lag(edge_case_rng, len(more), 20)]
    channel = np.r_[channel, np.where(kind == 2, 0, kind - 1)]
    status, sort = np.r_[status, np.where(kind == 2, 2, 1)], np.r_[sort, len(groups) - 2 + kind]
    number, place = np.r_[number, n + np.arange(len(more))], np.r_[place, np.full(len(more), 3)]
    no = np.zeros(len(more), dtype=bool)
    by_card, card_only = np.r_[by_card, no], np.r_[card_only, no]
    email = pa.concat_arrays([email, people.email.take(pa.array(more))])
    phone = pa.concat_arrays([phone, pa.nulls(len(more), pa.string())])
    account = pa.concat_arrays([account, pa.nulls(len(more), pa.string())])
    event_id = join("CE", padded(number, 9))
    landing.write("consent", "consent_event", known, lambda r: {
        "event_id": event_id.take(pa.array(r)),
        "email": only((channel[r] != 1) & ~card_only[r], email.take(pa.array(r))),
        "phone": only(channel[r] == 1, phone.take(pa.array(r))),
        "loyalty_number": only(by_card[r], people.loyalty_number(who[r])),
        "shopify_customer_id": account.take(pa.array(r)),
        "channel": pick(["email", "sms", "email", "email"], channel[r]),
        "purpose": pick(["marketing", None, "profiling", "legal_hold"],
                        np.where(channel[r] >= 2, channel[r], (r % 4 == 0).astype(int))),
        "status": pick(["opted_in", "opted_out", "pending"], status[r]),
        "source_name": pick(["checkout", "account page", "till", "preference centre"], place[r]), "occurred_at": at[r],
    })  # fmt: skip
    landing.record_owners("consent", event_id, who)
    visible = known <= end
    for edge_case, mask in (
        ("opt_out_by_second_address", np.r_[second, no]), ("opt_out_by_card", card_only),
        ("pending_then_opted_in", sort == 6), ("pending_only", sort == len(groups)),
    ):  # fmt: skip
        rows = np.flatnonzero(mask & visible)
        record_profiles(landing, edge_case, "consent", event_id.take(pa.array(rows)), np.arange(len(rows)))


def write_lists(landing: Landing, people: People, orders: Orders) -> None:
    """Write lists kept by hand: overlapping and out of date."""
    rng = landing.streams("lists")
    known = orders.person[orders.person >= 0]
    count = np.bincount(known, minlength=people.n)
    last = np.zeros(people.n, dtype=np.int64)
    np.maximum.at(last, orders.person[orders.person >= 0], orders.at[orders.person >= 0])
    end = landing.end_second
    rules = [
        (count >= 9) & (rng.random(people.n) < 0.7), rng.random(people.n) < 0.10,
        (people.price_class == 0) & (count >= 2) & (rng.random(people.n) < 0.5),
        (count > 0) & (last < end - 400 * DAY) & (rng.random(people.n) < 0.2),
        (people.spend > 0.6) & (count >= 3) & (rng.random(people.n) < 0.6), rng.random(people.n) < 0.002,
    ]  # fmt: skip
    groups = [np.flatnonzero(rule & people.has_email) for rule in rules]
    who = np.concatenate(groups)
    which = np.repeat(np.arange(len(LISTS)), [len(g) for g in groups])
    added = np.maximum(end - rng.integers(20 * DAY, 900 * DAY, len(who)), people.opened[who])
    email = people.email.take(pa.array(who))
    landing.write("external_lists", "list_member", added + lag(rng, len(who), 1000), lambda r: {
        "list_name": pick([x[0] for x in LISTS], which[r]), "tool": pick([x[1] for x in LISTS], which[r]),
        "member_email": email.take(pa.array(r)), "added_at": added[r],
    })  # fmt: skip
    listed = np.unique(who)
    record_addresses(landing, "external_lists", people, listed)
