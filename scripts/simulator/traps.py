"""Traps for identity and consent beyond everyday typing: who is in them, drawn apart so that nothing else changes.

Everyone is in one trap of this module at most. What is planted is on record in `truth/identity_traps.parquet`:
`trap`, `case_id` (who is in it together), and the person or the profile; a person alone means all its profiles.
"""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from scripts.simulator.arrays import DAY, NULL, Bools, Ints, Streams, choose, join, text

if TYPE_CHECKING:
    from scripts.contracts import Table
    from scripts.simulator.landing import Landing
    from scripts.simulator.people import People

# Shares of all people; of each trap there are at least two cases where anyone fits.
RECYCLED_NUMBERS, COUPLES, TABLETS, PLACEHOLDERS = 0.004, 0.004, 0.003, 0.010
WRONG_CARDS, SPELLINGS, OBJECTIONS, LEGAL_HOLDS, NEVER_CONFIRMED = 0.002, 0.004, 0.004, 0.001, 0.006
# Shares of receipts: by card, and without anything.
DESK_BY_CARD, DESK_BARE = 0.015, 0.030
# Shares of those who withdrew: under the card alone; under the second address, of those who have one.
LEAVES_BY_CARD, LEAVES_BY_SECOND_ADDRESS = 0.4, 0.8
PLACEHOLDER = 9_999_999  # subscriber digits that forms of the shop offer as an example
DESKS = ("welcome.desk@stores.example.com", "front.counter@stores.example.com")


@dataclass
class Traps:
    """Who is in which trap, by person; `cases` lists pairs or people for the record."""

    phone_before: Ints  # subscriber digits given up; NULL when the number never changed
    phone_changed_at: Ints
    recycles: Bools  # had a number that another one had before or has now
    placeholder: Bools  # gives the form's example as a telephone number
    spelled: Bools  # the sending tool has the address in another spelling, and nothing else ties it
    wrong_card: Ints  # the person whose card number the CRM profile shows; -1: none
    tablet: Ints  # the person whose browser is used; -1: none
    home: Ints  # the person at whose address one lives, oneself as a rule
    shares_email: Bools
    cases: dict[str, list[Ints]] = field(default_factory=dict)

    def pairs(self, trap: str) -> tuple[Ints, Ints]:
        one, two = self.cases[trap]
        return one, two


class _Draw:
    """Draws people for traps; whoever is drawn is not drawn again."""

    def __init__(self, people: People, free: Bools, rng: np.random.Generator) -> None:
        self.people, self.free, self.rng = people, free, rng

    def some(self, fits: Bools, share: float) -> Ints:
        """About a share of all people, from those who fit and are free, in no order."""
        found = np.flatnonzero(fits & self.free)
        count = min(max(2, round(share * self.people.n)), len(found))
        who = self.rng.choice(found, count, replace=False) if count else found[:0]
        self.free[who] = False
        return who

    def couples(self, first: Bools, second: Bools, share: float) -> tuple[Ints, Ints]:
        """Pairs in one town: the first of each fits `first`, the other `second`."""
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


def no_traps(n: int) -> Traps:
    """Nobody is in any trap."""
    nobody, never = np.full(n, -1), np.full(n, NULL)
    no = np.zeros(n, dtype=bool)
    return Traps(
        phone_before=never, phone_changed_at=never.copy(), recycles=no, placeholder=no.copy(), spelled=no.copy(),
        wrong_card=nobody, tablet=nobody.copy(), home=np.arange(n), shares_email=no.copy(),
    )  # fmt: skip


def set_traps(people: People, streams: Streams) -> None:
    """Draw who is in which trap, and give them the contact data that go with it."""
    from scripts.simulator.people import CURRENCY_OF, FIRST, PERSON  # which imports this module

    rng = streams("identity traps")
    n, everyone = people.n, np.arange(people.n)
    traps = people.traps = no_traps(n)
    family = _families(people)
    at_home = CURRENCY_OF[people.place] == 0
    draw = _Draw(people, (people.kind == PERSON) & ~np.isin(everyone, np.concatenate(family)), rng)
    has = {name: getattr(people, name) != NULL for name in ("phone", "shop", "crm", "loyalty", "klaviyo")}
    traps.cases["family_phone"] = [*family]

    _recycle(people, draw, at_home & has["phone"] & has["crm"])

    only_mail = has["klaviyo"] & has["shop"] & ~has["crm"] & ~has["loyalty"] & ~has["phone"]
    spelled = draw.some(only_mail, SPELLINGS)
    traps.spelled[spelled] = True
    traps.cases["email_in_other_spelling"] = [spelled]

    # The sending tool and the shop keep an address once, so the second of a couple has no account there.
    guest = people.has_email & ~has["shop"] & ~has["klaviyo"] & (has["crm"] | has["loyalty"])
    one, two = draw.couples(people.has_email & has["crm"], guest, COUPLES)
    people.last[two] = people.last[one]
    people.first[two] = np.where(people.first[two] == people.first[one], (people.first[one] + 1) % len(FIRST),
                                 people.first[two])  # fmt: skip
    owner = everyone.copy()
    owner[two] = one
    people.email = people.email.take(pa.array(owner))
    traps.home[two] = one
    traps.shares_email[np.r_[one, two]] = True
    traps.cases["couple_on_one_email"] = [one, two]

    one, two = draw.couples(has["shop"], has["shop"], TABLETS)
    traps.tablet[two] = one
    traps.home[two] = one
    traps.cases["tablet_of_two"] = [one, two]

    unknown = draw.some(at_home & ~has["phone"] & (has["crm"] | has["loyalty"]), PLACEHOLDERS)
    traps.placeholder[unknown] = True

    by_card = np.full(int(people.loyalty.max()) - 2_000_000 + 2 if has["loyalty"].any() else 1, -1)
    by_card[people.loyalty[has["loyalty"]] - 2_000_000] = everyone[has["loyalty"]]
    neighbour = np.where(has["loyalty"], by_card[np.where(has["loyalty"], people.loyalty - 2_000_000 + 1, 0)], -1)
    fits = has["crm"] & (neighbour >= 0) & draw.free[neighbour]
    mistyped = draw.some(fits, WRONG_CARDS)
    # Where one's neighbour was drawn too, only one of the two stays.
    mistyped = mistyped[~np.isin(mistyped, neighbour[mistyped])]
    traps.wrong_card[mistyped] = neighbour[mistyped]
    draw.free[neighbour[mistyped]] = False
    traps.cases["mistyped_card"] = [mistyped, neighbour[mistyped]]

    traps.cases["profiling_objection"] = [draw.some(people.has_email, OBJECTIONS)]
    traps.cases["legal_hold"] = [draw.some(people.has_email, LEGAL_HOLDS)]


def _families(people: People) -> tuple[Ints, Ints]:
    """People who give the telephone of the person before them."""
    same = np.flatnonzero((people.phone[1:] == people.phone[:-1]) & (people.phone[1:] != NULL))
    return same, same + 1


def _recycle(people: People, draw: _Draw, fits: Bools) -> None:
    """Numbers given up and, months later, given by somebody else."""
    traps, rng = people.traps, draw.rng
    start = people.start * DAY
    early = fits & (people.opened < start + 200 * DAY)
    late = fits & (people.opened > start + 500 * DAY)
    before = draw.some(early, RECYCLED_NUMBERS)
    after = draw.some(late, RECYCLED_NUMBERS)
    count = min(len(before), len(after))
    draw.free[np.r_[before[count:], after[count:]]] = True
    before, after = before[:count], after[:count]
    from_, to = np.maximum(people.opened[before], start) + 100 * DAY, people.opened[after] - 60 * DAY
    traps.recycles[np.r_[before, after]] = True
    traps.phone_before[before] = people.phone[before]
    traps.phone_changed_at[before] = from_ + ((to - from_) * rng.random(count)).astype(np.int64)
    people.phone[after] = people.phone[before]
    people.phone[before] = people.n + np.arange(count)
    traps.cases["recycled_number"] = [before, after]


def respelled(email: pa.Array, style: Ints) -> pa.Array:
    """Addresses in another spelling: capitals, or capitals and blanks."""
    shouted = pc.utf8_upper(email)
    return choose(style % 2 == 0, shouted, join(" ", pc.utf8_capitalize(email), "  "))


def desk_addresses(store: Ints) -> pa.Array:
    """The address typed at a store's counter: one for four stores, one for two."""
    return pa.array(DESKS).take(pa.array((store % 6 >= 4).astype(np.int64)))


# Traps that lie in a value, wherever it is written: trap, column, what it holds.
TYPED = (
    ("misspelt_address", "email", "@.*exmaple[.]"), ("null_email", "email", "null@null"),
    ("till_email", "email", "^till[0-9]@stores[.]"), ("desk_email", "email", "^(welcome[.]desk|front[.]counter)@"),
    ("placeholder_phone", "phone", "7700 ?9 ?9999999$"),
)  # fmt: skip
# Tables whose rows are profiles: the system and the column of the profile's id.
PROFILES = {
    "crm.profile": ("crm", "profile_id"), "shopify.customer": ("shopify", "id"),
    "shopify.order": ("shopify_guest", "id"), "loyalty.member": ("loyalty", "loyalty_number"),
    "klaviyo.person": ("klaviyo", "id"), "zendesk.user": ("zendesk", "id"), "pos.receipt": ("pos", "receipt_id"),
    "surveys.response": ("surveys", "response_id"), "consent.consent_event": ("consent", "event_id"),
}  # fmt: skip


class Noticed:
    """Notes the profiles that were written with a trap in them."""

    def __init__(self) -> None:
        self.found: dict[tuple[str, str], list[pa.Array]] = defaultdict(list)

    def look(self, contract: Table, rows: pa.Table) -> None:
        """Look through rows of one source table, as they are written."""
        place = PROFILES.get(f"{contract.source}.{contract.name}")
        if place is None or rows.num_rows == 0:
            return
        system, key = place
        for trap, column, pattern in TYPED:
            if column not in rows.column_names:
                continue
            hit = pc.match_substring_regex(rows.column(column), pattern)
            if system == "shopify_guest":
                hit = pc.and_(hit, pc.is_null(rows.column("customer_id")))
            ids = rows.column(key).filter(hit).combine_chunks()
            if len(ids):
                self.found[trap, system].append(pc.cast(ids, pa.string()))

    def tell(self, landing: Landing) -> None:
        """Write them to the record. A misspelling concerns one profile; who gave the same value are one case."""
        misspelt = 0
        for (trap, system), parts in self.found.items():
            ids = pc.unique(pa.chunked_array(parts))
            case = np.zeros(len(ids), dtype=np.int64)
            if trap == "misspelt_address":
                case, misspelt = misspelt + np.arange(len(ids)), misspelt + len(ids)
            tell_profiles(landing, trap, system, ids, case)


def tell_traps(landing: Landing, people: People) -> None:
    """Write the cases that concern people to the record; single profiles are noted where they are written."""
    for trap, groups in people.traps.cases.items():
        for member in groups:
            tell_people(landing, trap, member, np.arange(len(member)))
    second = np.flatnonzero(people.shop2 != NULL)
    tell_people(landing, "second_account", second, np.arange(len(second)))


def tell_people(landing: Landing, trap: str, person: Ints, case: Ints) -> None:
    """These people are in a trap, with all their profiles."""
    nothing = pa.nulls(len(person), pa.string())
    _tell(landing, trap, case, pa.array(person), nothing, nothing)


def tell_profiles(landing: Landing, trap: str, system: str, profile: object, case: Ints) -> None:
    """These profiles are in a trap; whose they are is in `truth/profiles.parquet`."""
    ids = text(profile)
    _tell(landing, trap, case, pa.nulls(len(ids), pa.int64()), pa.repeat(system, len(ids)), ids)


def _tell(landing: Landing, trap: str, case: Ints, person: pa.Array, system: pa.Array, profile: pa.Array) -> None:
    landing.tell("identity_traps", {
        "trap": pa.repeat(trap, len(case)), "case_id": pa.array(case), "person_id": person, "source_system": system,
        "source_profile_id": profile,
    })  # fmt: skip
