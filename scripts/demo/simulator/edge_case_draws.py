"""Draws who is in which edge case of identity and consent, from a separate stream so that nothing else changes.

Each person is in at most one edge case of this module.
"""

from __future__ import annotations

from collections import defaultdict

import numpy as np
import pyarrow as pa

from scripts.demo.simulator.arrays import DAY, NULL, Bools, Ints, Streams
from scripts.demo.simulator.identity_edge_cases import no_edge_cases, record_people
from scripts.demo.simulator.landing import Landing
from scripts.demo.simulator.people import CURRENCY_OF, FIRST, PERSON, People

# Shares of all people; each edge case occurs at least twice, as far as people fit.
RECYCLED_NUMBERS, COUPLES, TABLETS, PLACEHOLDERS = 0.004, 0.004, 0.003, 0.010
WRONG_CARDS, SPELLINGS, OBJECTIONS, LEGAL_HOLDS = 0.002, 0.004, 0.004, 0.001


class _Draw:
    """Draws people for edge cases, each at most once."""

    def __init__(self, people: People, free: Bools, rng: np.random.Generator) -> None:
        self.people, self.free, self.rng = people, free, rng

    def some(self, fits: Bools, share: float) -> Ints:
        """About a share of all people, from those who fit and are free, in random order."""
        found = np.flatnonzero(fits & self.free)
        count = min(max(2, round(share * self.people.n)), len(found))
        who = self.rng.choice(found, count, replace=False) if count else found[:0]
        self.free[who] = False
        return who

    def couples(self, first: Bools, second: Bools, share: float) -> tuple[Ints, Ints]:
        """Pairs from the same town: one person who fits `first`, one who fits `second`."""
        others = np.flatnonzero(second & self.free)
        wanted = max(2, round(share * self.people.n))
        waiting: dict[int, list[int]] = defaultdict(list)
        for person in self.rng.permutation(np.flatnonzero(first & self.free)).tolist():
            waiting[int(self.people.place[person])].append(person)
        ones: list[int] = []
        twos: list[int] = []
        taken: set[int] = set()
        for person in self.rng.permutation(others).tolist():
            there = waiting[int(self.people.place[person])]
            while there and (there[-1] == person or there[-1] in taken):
                there.pop()
            if person in taken or not there or len(ones) == wanted:
                continue
            ones.append(there.pop())
            twos.append(person)
            taken |= {ones[-1], person}
        one, two = np.array(ones, dtype=np.int64), np.array(twos, dtype=np.int64)
        self.free[one] = self.free[two] = False
        return one, two


def set_edge_cases(people: People, streams: Streams) -> None:
    """Draw who is in which edge case, and set their contact data accordingly."""
    rng = streams("identity traps")
    n, everyone = people.n, np.arange(people.n)
    edge_cases = people.edge_cases = no_edge_cases(n)
    family = _families(people)
    at_home = CURRENCY_OF[people.place] == 0
    draw = _Draw(people, (people.kind == PERSON) & ~np.isin(everyone, np.concatenate(family)), rng)
    has = {name: getattr(people, name) != NULL for name in ("phone", "shop", "crm", "loyalty", "klaviyo")}
    edge_cases.cases["family_phone"] = [*family]

    _recycle(people, draw, at_home & has["phone"] & has["crm"])

    only_mail = has["klaviyo"] & has["shop"] & ~has["crm"] & ~has["loyalty"] & ~has["phone"]
    spelled = draw.some(only_mail, SPELLINGS)
    edge_cases.spelled[spelled] = True
    edge_cases.cases["email_in_other_spelling"] = [spelled]

    # The sending tool and the shop keep each address only once, so the second of a couple has no account there.
    guest = people.has_email & ~has["shop"] & ~has["klaviyo"] & (has["crm"] | has["loyalty"])
    one, two = draw.couples(people.has_email & has["crm"], guest, COUPLES)
    people.last[two] = people.last[one]
    people.first[two] = np.where(people.first[two] == people.first[one], (people.first[one] + 1) % len(FIRST),
                                 people.first[two])  # fmt: skip
    owner = everyone.copy()
    owner[two] = one
    people.email = people.email.take(pa.array(owner))
    edge_cases.home[two] = one
    edge_cases.shares_email[np.r_[one, two]] = True
    edge_cases.cases["couple_on_one_email"] = [one, two]

    one, two = draw.couples(has["shop"], has["shop"], TABLETS)
    edge_cases.tablet[two] = one
    edge_cases.home[two] = one
    edge_cases.cases["tablet_of_two"] = [one, two]

    unknown = draw.some(at_home & ~has["phone"] & (has["crm"] | has["loyalty"]), PLACEHOLDERS)
    edge_cases.placeholder[unknown] = True

    by_card = np.full(int(people.loyalty.max()) - 2_000_000 + 2 if has["loyalty"].any() else 1, -1)
    by_card[people.loyalty[has["loyalty"]] - 2_000_000] = everyone[has["loyalty"]]
    neighbour = np.where(has["loyalty"], by_card[np.where(has["loyalty"], people.loyalty - 2_000_000 + 1, 0)], -1)
    fits = has["crm"] & (neighbour >= 0) & draw.free[neighbour]
    mistyped = draw.some(fits, WRONG_CARDS)
    # If a person's neighbour was drawn too, only one of the two stays.
    mistyped = mistyped[~np.isin(mistyped, neighbour[mistyped])]
    edge_cases.wrong_card[mistyped] = neighbour[mistyped]
    draw.free[neighbour[mistyped]] = False
    edge_cases.cases["mistyped_card"] = [mistyped, neighbour[mistyped]]

    edge_cases.cases["profiling_objection"] = [draw.some(people.has_email, OBJECTIONS)]
    edge_cases.cases["legal_hold"] = [draw.some(people.has_email, LEGAL_HOLDS)]


def _families(people: People) -> tuple[Ints, Ints]:
    """People who give the phone number of the previous person, after those people."""
    same = np.flatnonzero((people.phone[1:] == people.phone[:-1]) & (people.phone[1:] != NULL))
    return same, same + 1


def _recycle(people: People, draw: _Draw, fits: Bools) -> None:
    """Phone numbers that one person stops using and another starts using months later."""
    edge_cases, rng = people.edge_cases, draw.rng
    start = people.start * DAY
    early = fits & (people.opened < start + 200 * DAY)
    late = fits & (people.opened > start + 500 * DAY)
    before = draw.some(early, RECYCLED_NUMBERS)
    after = draw.some(late, RECYCLED_NUMBERS)
    count = min(len(before), len(after))
    draw.free[np.r_[before[count:], after[count:]]] = True
    before, after = before[:count], after[:count]
    from_, to = np.maximum(people.opened[before], start) + 100 * DAY, people.opened[after] - 60 * DAY
    edge_cases.recycles[np.r_[before, after]] = True
    edge_cases.phone_before[before] = people.phone[before]
    edge_cases.phone_changed_at[before] = from_ + ((to - from_) * rng.random(count)).astype(np.int64)
    people.phone[after] = people.phone[before]
    people.phone[before] = people.n + np.arange(count)
    edge_cases.cases["recycled_number"] = [before, after]


def record_edge_cases(landing: Landing, people: People) -> None:
    """Write the cases of people to the ground truth; single profiles are recorded where they are written."""
    for edge_case, groups in people.edge_cases.cases.items():
        for member in groups:
            record_people(landing, edge_case, member, np.arange(len(member)))
    second = np.flatnonzero(people.shop2 != NULL)
    record_people(landing, "second_account", second, np.arange(len(second)))
