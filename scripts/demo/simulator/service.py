"""Service and feedback: support tickets in Zendesk's format, and surveys."""

from __future__ import annotations

import numpy as np
import pyarrow as pa

from scripts.demo.simulator.arrays import DAY, NULL, Bools, Ints, choose, join, lag, only, pick, text
from scripts.demo.simulator.catalogue import Catalogue, sku_text
from scripts.demo.simulator.landing import Landing
from scripts.demo.simulator.model import (
    CSAT_SHARE,
    NPS_SHARE,
    REVIEW_SHARE,
    TICKET_ELSE,
    TICKET_IF_LATE,
    TICKET_IF_RETURN,
)
from scripts.demo.simulator.orders import NORMAL, Orders, order_ids
from scripts.demo.simulator.people import People
from scripts.demo.simulator.purchases import STORE
from scripts.demo.simulator.shop import ShopOrders
from scripts.demo.simulator.tills import receipt_ids

LATE, BACK, DAMAGED, SIZE, QUESTION = range(5)
SUBJECTS = ("Where is my parcel?", "My refund", "Arrived broken", "Does not fit", "A question about my order")
TEXTS = (
    "My order should have been here last week and nobody can tell me where it is.",
    "I sent the goods back ten days ago and still wait for the money.",
    "The box was crushed and what was in it does not work.",
    "The size is far smaller than your chart says. I would like to exchange it.",
    "Could you tell me whether this can be delivered to another address?",
)
TAGS = ("late_delivery", "refund", "damaged", "size", "question")
GOOD = ("Quick and friendly, thank you.", "Lovely quality, exactly as described.", "Arrived early. Will buy again.",
        "Great service in the shop.", "Fits well and looks better than in the picture.")  # fmt: skip
FAIR = ("Fine for the price.", "Does what it should.", "Delivery was slow, the product is good.",
        "OK, nothing special.")  # fmt: skip
BAD = ("Two weeks late and no answer to my mails.", "Broke after three days.", "Sizes are all wrong.",
       "The colour is nothing like the picture.", "Still waiting for my refund.")  # fmt: skip
AGENTS = 6


def write_service(landing: Landing, orders: Orders, people: People) -> None:
    """Write tickets: likely after a late delivery, less so after a return, rare otherwise; some are still open."""
    rng = landing.streams("service")
    n = len(orders.person)
    chance = np.where(orders.late, TICKET_IF_LATE, np.where(orders.refund_at != NULL, TICKET_IF_RETURN, TICKET_ELSE))
    chance = np.where((orders.person >= 0) & (orders.state == NORMAL), chance, 0.0)
    o = np.flatnonzero(rng.random(n) < chance)
    late, returns = orders.late[o], orders.refund_at[o] != NULL
    other = rng.choice(5, len(o), p=[0.0, 0.1, 0.2, 0.15, 0.55])
    topic = np.where(late, LATE, np.where(returns, rng.choice([BACK, DAMAGED, SIZE], len(o)), other))
    wait = np.where(late, orders.shipped[o] + 5 * DAY, np.where(returns, orders.refund_at[o], orders.delivered[o]))
    wait = np.where(orders.channel[o] == STORE, orders.at[o], wait)
    created = wait + (rng.exponential(1.5, len(o)) * DAY).astype(np.int64) + 600
    soon = created < landing.end_second
    o, topic, created = o[soon], topic[soon], created[soon]
    # A follow-up on the same matter, later merged into the first ticket.
    twice = np.flatnonzero(rng.random(len(o)) < 0.04)
    first = np.r_[np.full(len(o), -1), twice]
    o, topic = np.r_[o, o[twice]], np.r_[topic, topic[twice]]
    created = np.r_[created, created[twice] + rng.integers(3600, 30 * 3600, len(twice))]
    ticket = 300_000 + rng.permutation(len(o))
    _write_tickets(landing, orders, people, (o, topic, created, first, ticket), rng)


def _write_tickets(
    landing: Landing, orders: Orders, people: People, of: tuple[Ints, Ints, Ints, Ints, Ints], rng: np.random.Generator
) -> None:
    o, topic, created, first, ticket = of
    m = len(o)
    merged = first >= 0
    complaint = (topic != QUESTION) & (rng.random(m) < np.where(topic == LATE, 0.85, 0.55))
    took = (rng.exponential(np.where(complaint, 5.0, 2.2), m) * DAY).astype(np.int64) + 1800
    # Some are never solved.
    took = np.where(rng.random(m) < 0.004, 4000 * DAY, took)
    solved = created + np.where(merged, DAY, took)
    person = orders.person[o]
    child = np.full(m, -1)
    child[first[merged]] = ticket[merged]
    folded = only(child >= 0, join("[", text(child), "]"))
    channel, priority = rng.choice(4, m, p=[0.5, 0.25, 0.2, 0.05]), rng.choice(4, m, p=[0.1, 0.6, 0.22, 0.08])
    opened = rng.choice(4, m, p=[0.15, 0.5, 0.25, 0.1])
    row, done = np.r_[np.arange(m), np.arange(m)], np.repeat([False, True], m)
    updated = np.where(done, solved[row], created[row])
    user = 800_000 + person
    about = choose(orders.channel[o] == STORE, receipt_ids(orders, o), text(order_ids(orders)[o]))
    about = only(rng.random(m) < 0.8, about)
    ended = np.where(merged, 5, np.where(solved < landing.end_second - 4 * DAY, 5, 4))
    body = pick(TEXTS, topic)

    def tickets(r: Ints) -> dict[str, object]:
        t, d = row[r], done[r]
        return {
            "id": ticket[t], "requester_id": user[t], "external_id": about.take(pa.array(t)),
            "subject": pick(SUBJECTS, topic[t]), "description": body.take(pa.array(t)),
            "type": pick(["problem", "question"], (topic[t] == QUESTION).astype(int)),
            "priority": pick(["low", "normal", "high", "urgent"], priority[t]),
            "status": pick(["new", "open", "pending", "hold", "solved", "closed"], np.where(d, ended[t], opened[t])),
            "via_channel": pick(["email", "web", "chat", "phone"], channel[t]),
            "merged_ticket_ids": only(d, folded.take(pa.array(t))), "created_at": created[t], "updated_at": updated[r],
        }  # fmt: skip

    landing.write("zendesk", "ticket", updated + lag(rng, 2 * m, 30), tickets)
    tags = [(np.flatnonzero(complaint), 5), *[(np.flatnonzero(topic == t), t) for t in range(5)]]
    which = np.concatenate([t[0] for t in tags])
    tag = np.repeat([t[1] for t in tags], [len(t[0]) for t in tags])
    landing.write("zendesk", "ticket_tag", created[which] + lag(rng, len(which), 30), lambda r: {
        "ticket_id": ticket[which[r]], "tag": pick([*TAGS, "complaint"], tag[r]),
    })  # fmt: skip
    _write_history(landing, ticket, created, solved, complaint, ended, merged, rng)
    _write_users(landing, people, person, created, rng)


def _write_history(
    landing: Landing, ticket: Ints, created: Ints, solved: Ints, complaint: Bools, ended: Ints, merged: Bools,
    rng: np.random.Generator,
) -> None:  # fmt: skip
    """Write field changes: the status, and satisfaction where it was requested and given."""
    m = len(ticket)
    every = np.arange(m)
    asked = np.flatnonzero(~merged & (rng.random(m) < 0.45))
    answered = asked[rng.random(len(asked)) < 0.5]
    bad = rng.random(m) < np.where(complaint, 0.55, 0.10)
    says = answered[rng.random(len(answered)) < 0.5]
    reply = solved + rng.integers(3600, 3 * DAY, m)
    rows = np.r_[every, every, asked, answered, says, answered[bad[answered]]]
    parts = [every, every, asked, answered, says, answered[bad[answered]]]
    sort = np.repeat(np.arange(6), [len(p) for p in parts])
    names = ("status", "status", "satisfaction_score", "satisfaction_score", "satisfaction_comment",
             "satisfaction_reason_code")  # fmt: skip
    answer = reply[rows]
    at = np.choose(sort, [created[rows], solved[rows], solved[rows] + 60, answer, answer + 5, answer + 9])
    value = pick(["open", "solved", "offered", "", "", ""], sort)
    value = choose((sort == 1) & (ended[rows] == 5) & merged[rows], "closed", value)
    value = choose(sort == 3, pick(["good", "bad"], bad[rows].astype(int)), value)
    comments = choose(bad[rows], pick(BAD, rows % len(BAD)), pick(GOOD, rows % len(GOOD)))
    value = choose(sort == 4, comments, value)
    value = choose(sort == 5, pick(["1001", "1002", "1003"], rows % 3), value)
    by = np.where(sort >= 3, NULL, 700_000 + rows % AGENTS)
    landing.write("zendesk", "ticket_field_history", at + lag(rng, len(at), 30), lambda r: {
        "ticket_id": ticket[rows[r]], "field_name": pick(names, sort[r]), "updated": at[r], "user_id": by[r],
        "value": value.take(pa.array(r)),
    })  # fmt: skip


def _write_users(landing: Landing, people: People, person: Ints, created: Ints, rng: np.random.Generator) -> None:
    """Write requesters, known since their first ticket, and a few agents."""
    order = np.argsort(created, kind="stable")
    who, first = np.unique(person[order], return_index=True)
    since = created[order][first] - 5
    email, phone = people.email_typed(who, rng, 0.08), people.phone_typed(who, rng, created[order][first])
    luck = rng.random((2, len(who)))
    agents = np.arange(AGENTS)
    since = np.r_[since, np.full(AGENTS, people.start * DAY)]
    ids = np.r_[800_000 + who, 700_000 + agents]
    pad = pa.nulls(AGENTS, pa.string())
    mail = pa.concat_arrays([only(luck[0] < 0.9, email), join("agent", text(agents), "@support.example.com")])
    calls = pa.concat_arrays([only(luck[0] > 0.8, phone), pad])
    names = pa.concat_arrays([join(people.first_name(who), " ", people.last_name(who)), join("Agent ", text(agents))])
    shop = pa.concat_arrays([only(luck[1] < 0.4, text(people.shop[who])), pad])
    landing.write("zendesk", "user", since + lag(rng, len(ids), 20), lambda r: {
        "id": ids[r], "email": mail.take(pa.array(r)), "phone": calls.take(pa.array(r)),
        "name": names.take(pa.array(r)),
        "role": pick(["end-user", "agent"], (ids[r] < 800_000).astype(int)), "external_id": shop.take(pa.array(r)),
        "created_at": since[r], "updated_at": since[r],
    })  # fmt: skip
    landing.record_owners("zendesk", 800_000 + who, who)


def write_surveys(landing: Landing, orders: Orders, people: People, shop: ShopOrders, catalogue: Catalogue) -> None:
    """Write NPS and satisfaction after orders, and product reviews; worse after late deliveries and returns."""
    rng = landing.streams("surveys")
    n = len(orders.person)
    asked = (orders.person >= 0) & (orders.state == NORMAL)
    first_line = np.searchsorted(orders.order, np.arange(n))
    draws = [np.flatnonzero(asked & (rng.random(n) < share)) for share in (NPS_SHARE, CSAT_SHARE, REVIEW_SHARE)]
    o = np.concatenate(draws)
    sort = np.repeat(np.arange(3), [len(d) for d in draws])
    mood = rng.normal(0.8, 1.0, len(o)) - 2.2 * orders.late[o] - 0.9 * (orders.refund_at[o] != NULL)
    nps = np.clip(np.rint(8.3 + 1.6 * mood), 0, 10)
    stars = np.clip(np.rint(4.0 + 0.9 * mood), 1, 5)
    score = np.where(sort == 0, nps, stars).astype(np.int64)
    at = np.where(orders.channel[o] == STORE, orders.at[o], orders.delivered[o])
    at = at + (rng.gamma(2, 2.5, len(o)) * DAY).astype(np.int64)
    soon = at < landing.end_second
    o, sort, mood, score, at = o[soon], sort[soon], mood[soon], score[soon], at[soon]
    m, who = len(o), orders.person[o]
    words = choose(mood > -0.9, pick(FAIR, o % len(FAIR)), pick(BAD, o % len(BAD)))
    words = choose(mood > 0.4, pick(GOOD, o % len(GOOD)), words)
    luck = rng.random((4, m))
    email = people.email_typed(who, rng, 0.03)
    response_id = join("RSP", text(1_000_000 + rng.permutation(m)))
    sku = sku_text(catalogue, orders.sku[first_line[o]])
    ref = choose(orders.channel[o] == STORE, receipt_ids(orders, o), text(order_ids(orders)[o]))
    landing.write("surveys", "response", at + lag(rng, m, 120), lambda r: {
        "response_id": response_id.take(pa.array(r)), "survey_type": pick(["nps", "csat", "review"], sort[r]),
        "email": only(luck[0][r] < 0.75, email.take(pa.array(r))),
        "shopify_customer_id": only(luck[1][r] < 0.4, text(shop.account[o[r]])),
        "loyalty_number": only(luck[2][r] < 0.3, people.loyalty_number(who[r])),
        "order_ref": only(luck[3][r] < 0.85, ref.take(pa.array(r))), "sku": only(sort[r] == 2, sku.take(pa.array(r))),
        "score": score[r], "comment": only(luck[3][r] < 0.5, words.take(pa.array(r))), "responded_at": at[r],
    })  # fmt: skip
    landing.record_owners("surveys", response_id, who)
