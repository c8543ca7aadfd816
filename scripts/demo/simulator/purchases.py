"""When people buy: the BG/NBD purchase process in seasonal time."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

from scripts.demo.simulator.arrays import DAY, Floats, Ints, ranks, to_utc
from scripts.demo.simulator.model import HISTORY_DAYS, LEAD, MARKETPLACE_BUYERS, MARKETPLACE_RATE, MONTHS, WEEKDAYS
from scripts.demo.simulator.people import People

ONLINE, STORE, MARKETPLACE = range(3)
# Hours of the day (London), midnight first.
ONLINE_HOURS = (2.2, 1.2, 0.6, 0.4, 0.3, 0.5, 1.2, 2.4, 3.6, 4.4, 5.0, 5.2, 5.8, 5.4, 4.8, 4.6, 4.8, 5.2, 5.8, 6.8,
                7.8, 8.0, 6.6, 4.4)  # fmt: skip
STORE_HOURS = (0, 0, 0, 0, 0, 0, 0, 0, 0, 3, 6, 8, 10, 9, 8, 8, 8, 8, 6, 3, 0, 0, 0, 0)


@dataclass
class Purchases:
    """Orders before their contents: person (-1: unknown), time (UTC seconds), channel.

    `buyer` is the number of a marketplace buyer, `campaign` the number of the campaign that caused the order (or -1).
    """

    person: Ints
    at: Ints
    channel: Ints
    buyer: Ints
    campaign: Ints

    def __len__(self) -> int:
        return len(self.person)

    def take(self, rows: Any) -> Purchases:
        return Purchases(self.person[rows], self.at[rows], self.channel[rows], self.buyer[rows], self.campaign[rows])


def season(start: int) -> Floats:
    """Cumulative demand at the start of every day of the history, and at its end; 1 per day on average."""
    days = np.arange(start, start + HISTORY_DAYS)
    months = days.astype("datetime64[D]").astype("datetime64[M]").astype(int) % 12
    weight = np.array(MONTHS)[months] * np.array(WEEKDAYS)[(days + 3) % 7]
    return np.r_[0.0, np.cumsum(weight / weight.mean())]


def clock(rng: np.random.Generator, size: int, hours: tuple[float, ...]) -> Ints:
    """Random seconds of the day, weighted by hour."""
    p = np.array(hours, dtype=float)
    return rng.choice(24, size, p=p / p.sum()) * 3600 + rng.integers(0, 3600, size)


def buy(people: People, rng: np.random.Generator) -> Purchases:
    """Orders of known people.

    BG/NBD (Fader, Hardie, Lee 2005), but with drop-out after the first order too: while a person is active, orders are
    a Poisson process with that person's rate (gamma over people), here in seasonal time; after each order the person
    drops out with that person's probability (beta over people), so the number of orders is geometric unless the history
    ends first. Sets `people.last_active`: the last order of those who dropped out, else a time after the history.
    """
    cumulative = season(people.start)
    end = cumulative[-1]
    who = np.flatnonzero(people.klass != LEAD)
    day = people.acquired[who] - people.start
    begin = cumulative[day] + rng.random(len(who)) * (cumulative[day + 1] - cumulative[day]) * 0.999
    more = rng.poisson(people.rate[who] / 365 * (end - begin))
    most = rng.geometric(people.dropout[who])
    person = np.repeat(np.arange(len(who)), more + 1)
    position = begin[person] + rng.random(len(person)) * (end - begin[person])
    first = np.r_[0, np.cumsum(more + 1)[:-1]] if len(who) else np.zeros(0, int)
    position[first] = begin
    order = np.lexsort((position, person))
    person, position = person[order], position[order]
    kept = ranks(person) < most[person]
    person, position = person[kept], position[kept]
    local_day = people.start + np.minimum(np.searchsorted(cumulative, position, side="right") - 1, HISTORY_DAYS - 1)
    known = who[person]
    in_store = rng.random(len(known)) < np.where(people.has_email[known], people.store_share[known], 1.0)
    seconds = np.where(in_store, clock(rng, len(known), STORE_HOURS), clock(rng, len(known), ONLINE_HOURS))
    at = to_utc(local_day * DAY + seconds)
    none = np.full(len(known), -1)
    orders = Purchases(known, at, np.where(in_store, STORE, ONLINE), none, none.copy())
    orders = orders.take(np.lexsort((at, known)))
    # The first order may have moved within its day; no person becomes known only after buying.
    first_at = np.full(people.n, np.iinfo(np.int64).max)
    np.minimum.at(first_at, orders.person, orders.at)
    people.opened = np.minimum(people.opened, first_at - 900)
    last = np.zeros(people.n, dtype=np.int64)
    np.maximum.at(last, orders.person, orders.at)
    dropped = np.zeros(people.n, dtype=bool)
    dropped[who] = most <= more + 1
    people.last_active = np.where(dropped, last, (people.end + 3650) * DAY)
    return orders


def walk_in(people: People, receipts: int, rng: np.random.Generator) -> Purchases:
    """Receipts of unknown people."""
    cumulative = season(people.start)
    day = people.start + np.searchsorted(cumulative, rng.random(receipts) * cumulative[-1], side="right") - 1
    at = to_utc(day * DAY + clock(rng, receipts, STORE_HOURS))
    none = np.full(receipts, -1)
    return Purchases(none, at, np.full(receipts, STORE), none, none)


def buy_at_marketplaces(people: People, rng: np.random.Generator) -> Purchases:
    """Orders of marketplace buyers, known only by a relay address: a Poisson process in seasonal time each."""
    buyers = int(people.n * MARKETPLACE_BUYERS)
    cumulative = season(people.start)
    begin = rng.random(buyers) * cumulative[-1]
    more = rng.poisson(MARKETPLACE_RATE / 365 * (cumulative[-1] - begin))
    buyer = np.repeat(np.arange(buyers), more + 1)
    position = begin[buyer] + rng.random(len(buyer)) * (cumulative[-1] - begin[buyer])
    day = people.start + np.searchsorted(cumulative, position, side="right") - 1
    at = to_utc(np.minimum(day, people.end) * DAY + clock(rng, len(buyer), ONLINE_HOURS))
    none = np.full(len(buyer), -1)
    return Purchases(none, at, np.full(len(buyer), MARKETPLACE), buyer, none)


def in_time_order(*parts: Purchases) -> Purchases:
    """All orders, sorted by time."""
    names = ("person", "at", "channel", "buyer", "campaign")
    all_rows = Purchases(*[np.concatenate([getattr(p, name) for p in parts]) for name in names])
    return all_rows.take(np.argsort(all_rows.at, kind="stable"))
