"""E-mail and SMS events, in Klaviyo's format."""

from __future__ import annotations

from typing import Any

import numpy as np
import pyarrow as pa

from scripts.demo.simulator.arrays import DAY, Bools, Floats, Ints, join, lag, only, padded, pick
from scripts.demo.simulator.campaigns import Plan
from scripts.demo.simulator.landing import Landing, TableWriter
from scripts.demo.simulator.model import CLICK_GIVEN_OPEN, DORMANT_OPEN, MACHINE_OPEN, RECENT_DAYS
from scripts.demo.simulator.orders import NORMAL, Orders
from scripts.demo.simulator.people import People
from scripts.demo.simulator.purchases import ONLINE

(RECEIVED, OPENED, MACHINE, CLICKED, SOFT, HARD, SPAM, UNSUBSCRIBED, SMS, SMS_CLICK) = range(10)
TYPES = ("Received Email", "Opened Email", "Opened Email", "Clicked Email", "Bounced Email", "Bounced Email",
         "Marked Email as Spam", "Unsubscribed", "Received SMS", "Clicked SMS")  # fmt: skip


LINKS = ("https://shop.example.com/new-in", "https://shop.example.com/sale")


class _Events:
    """Adds events to the landing file and numbers them."""

    def __init__(self, writer: TableWriter, people: People, rng: np.random.Generator) -> None:
        self.writer, self.people, self.rng, self.number = writer, people, rng, 0

    def add(self, who: Ints, kind: Ints, at: Ints, campaign: Any, flow: str | None) -> None:
        if len(who) == 0:
            return
        order = np.argsort(at, kind="stable")
        who, kind, at = who[order], kind[order], at[order]
        n = len(who)
        opened = (kind == OPENED) | (kind == MACHINE)
        machine = pa.array(kind == MACHINE, mask=~opened)
        clicked, bounced = (kind == CLICKED) | (kind == SMS_CLICK), (kind == SOFT) | (kind == HARD)
        many = isinstance(campaign, pa.Array)
        campaigns = campaign.take(pa.array(order)) if many else pa.array([campaign] * n, pa.string())
        self.writer.add({
            "id": join("EV", padded(self.number + np.arange(n), 10)), "person_id": self.people.klaviyo_id(who),
            "campaign_id": campaigns, "flow_id": pa.array([flow] * n, pa.string()), "type": pick(TYPES, kind),
            "datetime": at,
            "property_machine_open": machine,
            "property_bounce_type": only(bounced, pick(["Soft", "Hard"], (kind == HARD).astype(int))),
            "property_url": only(clicked, pick(LINKS, at % 2)),
            "_fivetran_deleted": np.zeros(n, dtype=bool), "_fivetran_synced": at + lag(self.rng, n, 20),
        })  # fmt: skip
        self.number += n

    def mailing(self, who: Ints, at: Ints, chance: Floats, campaign: Any, flow: str | None) -> None:
        """One mailing: received by all but a few, opened by machines and by people, clicked by some."""
        rng, n = self.rng, len(who)
        soft = rng.random(n) < 0.004
        machine = ~soft & self.people.apple[who] & (rng.random(n) < MACHINE_OPEN)
        human = ~soft & (rng.random(n) < chance)
        click = human & (rng.random(n) < CLICK_GIVEN_OPEN)
        open_at = at + 120 + (rng.exponential(5 * 3600, n)).astype(np.int64)
        groups: list[tuple[Bools, int, Ints]] = [
            (~soft, RECEIVED, at), (soft, SOFT, at), (machine, MACHINE, at + rng.integers(5, 900, n)),
            (human, OPENED, open_at), (click, CLICKED, open_at + rng.integers(5, 300, n)),
        ]  # fmt: skip
        kind = np.repeat([g[1] for g in groups], [int(g[0].sum()) for g in groups])
        rows = np.concatenate([np.flatnonzero(g[0]) for g in groups])
        times = np.concatenate([g[2][g[0]] for g in groups])
        ids = campaign if not isinstance(campaign, pa.Array) else campaign.take(pa.array(rows))
        self.add(who[rows], kind, times, ids, flow)


def write_email(landing: Landing, plan: Plan, people: People, orders: Orders) -> None:
    """Write events of campaigns and flows in the recent window, bounces, complaints, unsubscriptions.

    Whether a person opens is a Bernoulli draw at that person's rate (beta over people), much lower once they have
    dropped out. Machine opens do not depend on these rates.
    """
    rng = landing.streams("email")
    with landing.open("klaviyo", "event") as writer:
        events = _Events(writer, people, rng)
        for c in sorted(plan.campaigns, key=lambda c: c.sent_at):
            who = c.people[c.treated]
            at = c.sent_at + rng.integers(30, 1500, len(who))
            if c.sms:
                click = rng.random(len(who)) < people.sms_rate[who]
                kinds = np.r_[np.full(len(who), SMS), np.full(int(click.sum()), SMS_CLICK)]
                events.add(np.r_[who, who[click]], kinds, np.r_[at, at[click] + 600], c.id, None)
            else:
                events.mailing(who, at, open_chance(people, who, at) * rng.uniform(0.85, 1.15), c.id, None)
        _flows(events, people, orders, plan)
        end = (people.end + 1) * DAY
        begin = end - RECENT_DAYS * DAY
        # Attributed to the last newsletter without a holdout.
        newsletters = [c for c in plan.campaigns if not c.logged]
        for at, kind in ((people.optout_at, UNSUBSCRIBED), (plan.complained_at, SPAM), (plan.bounced_at, HARD)):
            hit = np.flatnonzero((at > begin) & (at < end) & (people.opened < at))
            hit = hit[people.consent_at[hit] >= 0]
            nearest = np.searchsorted(np.sort([c.sent_at for c in newsletters]), at[hit]) - 1
            ids = [c.id for c in sorted(newsletters, key=lambda c: c.sent_at)]
            events.add(hit, np.full(len(hit), kind), at[hit], pick(ids, np.maximum(nearest, 0)), None)


def open_chance(people: People, who: Ints, at: Ints) -> Floats:
    """Probability that a person opens an e-mail sent at that second."""
    return np.minimum(people.open_rate[who] * np.where(people.engaged(who, at - 45 * DAY), 1.0, DORMANT_OPEN), 0.97)


def _flows(events: _Events, people: People, orders: Orders, plan: Plan) -> None:
    """Automated e-mails: a welcome, and one some days after an online order."""
    begin = (people.end + 1 - RECENT_DAYS) * DAY
    new = np.flatnonzero((people.consent_at > begin) & (people.klaviyo >= 0))
    at = people.consent_at[new] + 1800
    events.mailing(new, at, np.minimum(people.open_rate[new] * 1.4, 0.95), None, "FLOW-WELCOME")
    who = np.maximum(orders.person, 0)
    after = orders.delivered + 2 * DAY
    due = (orders.channel == ONLINE) & (orders.person >= 0) & (after > begin) & (orders.state == NORMAL)
    due &= people.opted_in(who, after) & (plan.bounced_at[who] > after) & (people.klaviyo[who] >= 0)
    rows = np.flatnonzero(due)
    events.mailing(who[rows], after[rows], open_chance(people, who[rows], after[rows]), None, "FLOW-AFTER-ORDER")
