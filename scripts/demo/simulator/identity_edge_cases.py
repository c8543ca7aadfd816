"""Edge cases for identity and consent beyond everyday typing: what each is, and the record of who is in it.

Who is in one is drawn in `trap_cases`. What is planted is on record in `truth/identity_traps.parquet`:
`trap`, `case_id` (who is in it together), and the person or the profile; a person alone means all its profiles.
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

# Share of all people who never confirm their address.
NEVER_CONFIRMED = 0.006
# Shares of receipts: by card, and without anything.
DESK_BY_CARD, DESK_BARE = 0.015, 0.030
# Shares of those who withdrew: under the card alone; under the second address, of those who have one.
LEAVES_BY_CARD, LEAVES_BY_SECOND_ADDRESS = 0.4, 0.8
PLACEHOLDER = 9_999_999  # subscriber digits that forms of the shop offer as an example
DESKS = ("welcome.desk@stores.example.com", "front.counter@stores.example.com")


class Record(Protocol):
    """Takes rows of a table of ground truth; a `Landing` is one."""

    def tell(self, name: str, columns: dict[str, Any]) -> None: ...


@dataclass
class EdgeCases:
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


def no_edge_cases(n: int) -> EdgeCases:
    """Nobody is in any trap."""
    nobody, never = np.full(n, -1), np.full(n, NULL)
    no = np.zeros(n, dtype=bool)
    return EdgeCases(
        phone_before=never, phone_changed_at=never.copy(), recycles=no, placeholder=no.copy(), spelled=no.copy(),
        wrong_card=nobody, tablet=nobody.copy(), home=np.arange(n), shares_email=no.copy(),
    )  # fmt: skip


def respelled(email: pa.Array, style: Ints) -> pa.Array:
    """Addresses in another spelling: capitals, or capitals and blanks."""
    shouted = pc.utf8_upper(email)
    return choose(style % 2 == 0, shouted, join(" ", pc.utf8_capitalize(email), "  "))


def desk_addresses(store: Ints) -> pa.Array:
    """The address typed at a store's counter: one for four stores, one for two."""
    return pa.array(DESKS).take(pa.array((store % 6 >= 4).astype(np.int64)))


# Edge cases that lie in a value, wherever it is written: edge case, column, what it holds.
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


class DetectedProfiles:
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

    def tell(self, landing: Record) -> None:
        """Write them to the record. A misspelling concerns one profile; who gave the same value are one case."""
        misspelt = 0
        for (trap, system), parts in self.found.items():
            ids = pc.unique(pa.chunked_array(parts))
            case = np.zeros(len(ids), dtype=np.int64)
            if trap == "misspelt_address":
                case, misspelt = misspelt + np.arange(len(ids)), misspelt + len(ids)
            record_profiles(landing, trap, system, ids, case)


def record_people(landing: Record, trap: str, person: Ints, case: Ints) -> None:
    """These people are in a trap, with all their profiles."""
    nothing = pa.nulls(len(person), pa.string())
    _record(landing, trap, case, pa.array(person), nothing, nothing)


def record_profiles(landing: Record, trap: str, system: str, profile: object, case: Ints) -> None:
    """These profiles are in a trap; whose they are is in `truth/profiles.parquet`."""
    ids = text(profile)
    _record(landing, trap, case, pa.nulls(len(ids), pa.int64()), pa.repeat(system, len(ids)), ids)


def _record(landing: Record, trap: str, case: Ints, person: pa.Array, system: pa.Array, profile: pa.Array) -> None:
    landing.add_truth("identity_traps", {
        "trap": pa.repeat(trap, len(case)), "case_id": pa.array(case), "person_id": person, "source_system": system,
        "source_profile_id": profile,
    })  # fmt: skip
