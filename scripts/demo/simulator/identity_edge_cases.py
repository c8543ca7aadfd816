"""Edge cases of identity and consent beyond everyday typos: what each is, and the record of who is in it.

Who is in one is drawn in `edge_case_draws`. Cases are recorded in `truth/identity_traps.parquet`: `trap` (the kind of
edge case), `case_id` (shared by those in the same case), and the person or the profile; a person alone means all their
profiles.
"""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass, field
from typing import Any, Protocol

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from scripts.demo.simulator.arrays import NULL, Bools, Ints, choose, join, text
from scripts.platform.contracts import Table

# Share of all people with an unconfirmed sign-up.
NEVER_CONFIRMED = 0.006
# Shares of receipts with a counter's address: among those with a card, and among those without any identifier.
DESK_BY_CARD, DESK_BARE = 0.015, 0.030
# Shares of people who withdraw consent: under the card alone; under the second address, among those who have one.
LEAVES_BY_CARD, LEAVES_BY_SECOND_ADDRESS = 0.4, 0.8
PLACEHOLDER = 1_234_567  # subscriber digits that forms show as an example
DESKS = ("welcome.desk@stores.example.com", "front.counter@stores.example.com")


class Record(Protocol):
    """Accepts rows of a ground-truth table, as a `Landing` does."""

    def add_truth(self, name: str, columns: dict[str, Any]) -> None: ...


@dataclass
class EdgeCases:
    """Who is in which edge case, by person; `cases` lists the people of each for the record."""

    phone_before: Ints  # subscriber digits of the former number; NULL if the number never changed
    phone_changed_at: Ints
    recycles: Bools  # had a number that another person had before or has now
    placeholder: Bools  # gives the form's example as a phone number
    spelled: Bools  # the sending tool has the address in another spelling, and nothing else links it
    wrong_card: Ints  # the person whose card number the CRM profile shows; -1: none
    tablet: Ints  # the person whose browser is used; -1: none
    home: Ints  # the person at whose address someone lives, usually their own
    shares_email: Bools
    cases: dict[str, list[Ints]] = field(default_factory=dict)

    def pairs(self, edge_case: str) -> tuple[Ints, Ints]:
        one, two = self.cases[edge_case]
        return one, two


def no_edge_cases(n: int) -> EdgeCases:
    """No person is in any edge case."""
    nobody, never = np.full(n, -1), np.full(n, NULL)
    no = np.zeros(n, dtype=bool)
    return EdgeCases(
        phone_before=never, phone_changed_at=never.copy(), recycles=no, placeholder=no.copy(), spelled=no.copy(),
        wrong_card=nobody, tablet=nobody.copy(), home=np.arange(n), shares_email=no.copy(),
    )  # fmt: skip


def respelled(email: pa.Array, style: Ints) -> pa.Array:
    """Addresses in another spelling: upper case, or capitalised with blanks around."""
    upper = pc.utf8_upper(email)
    return choose(style % 2 == 0, upper, join(" ", pc.utf8_capitalize(email), "  "))


def desk_addresses(store: Ints) -> pa.Array:
    """The address typed at a store's counter: one shared by four stores, one by two."""
    return pa.array(DESKS).take(pa.array((store % 6 >= 4).astype(np.int64)))


# Edge cases recognised by a value, wherever it is written: edge case, column, pattern of the value.
TYPED = (
    ("misspelt_address", "email", "@.*exmaple[.]"), ("null_email", "email", "null@null"),
    ("till_email", "email", "^till[0-9]@stores[.]"), ("desk_email", "email", "^(welcome[.]desk|front[.]counter)@"),
    ("placeholder_phone", "phone", "7700 ?9 ?1234567$"),
)  # fmt: skip
# Tables whose rows are profiles: the system and the column of the profile's id.
PROFILES = {
    "crm.profile": ("crm", "profile_id"), "shopify.customer": ("shopify", "id"),
    "shopify.order": ("shopify_guest", "id"), "loyalty.member": ("loyalty", "loyalty_number"),
    "klaviyo.person": ("klaviyo", "id"), "zendesk.user": ("zendesk", "id"), "pos.receipt": ("pos", "receipt_id"),
    "surveys.response": ("surveys", "response_id"), "consent.consent_event": ("consent", "event_id"),
}  # fmt: skip


class DetectedProfiles:
    """Records profiles that were written with an edge case in a value."""

    def __init__(self) -> None:
        self.found: dict[tuple[str, str], list[pa.Array]] = defaultdict(list)

    def detect(self, contract: Table, rows: pa.Table) -> None:
        """Search rows of one source table as they are written."""
        place = PROFILES.get(f"{contract.source}.{contract.name}")
        if place is None or rows.num_rows == 0:
            return
        system, key = place
        for edge_case, column, pattern in TYPED:
            if column not in rows.column_names:
                continue
            hit = pc.match_substring_regex(rows.column(column), pattern)
            if system == "shopify_guest":
                hit = pc.and_(hit, pc.is_null(rows.column("customer_id")))
            ids = rows.column(key).filter(hit).combine_chunks()
            if len(ids):
                self.found[edge_case, system].append(pc.cast(ids, pa.string()))

    def write_truth(self, landing: Record) -> None:
        """Write them to the ground truth. Each misspelling is a case; profiles with the same value are one case."""
        misspelt = 0
        for (edge_case, system), parts in self.found.items():
            ids = pc.unique(pa.chunked_array(parts))
            case = np.zeros(len(ids), dtype=np.int64)
            if edge_case == "misspelt_address":
                case, misspelt = misspelt + np.arange(len(ids)), misspelt + len(ids)
            record_profiles(landing, edge_case, system, ids, case)


def record_people(landing: Record, edge_case: str, person: Ints, case: Ints) -> None:
    """Record people who are in an edge case with all their profiles."""
    nothing = pa.nulls(len(person), pa.string())
    _record(landing, edge_case, case, pa.array(person), nothing, nothing)


def record_profiles(landing: Record, edge_case: str, system: str, profile: object, case: Ints) -> None:
    """Record profiles that are in an edge case; their owners are in `truth/profiles.parquet`."""
    ids = text(profile)
    _record(landing, edge_case, case, pa.nulls(len(ids), pa.int64()), pa.repeat(system, len(ids)), ids)


def _record(landing: Record, edge_case: str, case: Ints, person: pa.Array, system: pa.Array, profile: pa.Array) -> None:
    landing.add_truth("identity_traps", {
        "trap": pa.repeat(edge_case, len(case)), "case_id": pa.array(case), "person_id": person,
        "source_system": system, "source_profile_id": profile,
    })  # fmt: skip
