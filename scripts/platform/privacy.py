"""What the columns of a source table reveal about a person, as its contract states."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

# Numbers and ids that identify one account of one person, whoever typed the rest of the row.
ACCOUNTS = (
    "customer_number", "loyalty_number", "shop_customer_id", "crm_id", "klaviyo_id", "zendesk_id", "hubspot_id",
    "buyer_id",
)  # fmt: skip
# A phone number or a browser may change hands: it decides only where a row has no better identifier.
PASSING = ("phone", "browser_id")
IDENTIFIERS = ("email", *ACCOUNTS, *PASSING)
# What a row reveals about its person.
DETAILS = ("name", "address", "birth_date", "demographic", "household", "device", "url", "free_text")
# `field_value`: personal unless the row's `field_name` is one of FIELDS_KEPT. `any_value`: may hold any identifier.
SPECIAL = ("field_value", "any_value")
FIELDS_KEPT = ("status", "priority", "type", "satisfaction_score", "satisfaction_reason_code", "group_id")
# Records that other tables refer to; `any_order` is one of the first three.
RECORDS = ("shop_order", "receipt", "marketplace_order", "ticket", "survey")
ANY_ORDER = "any_order"
ROWS = ("none", "delete", "anchor", "redact", "request")

# The source systems of int_identity_profiles, and the kind of identifier or record that their profile id is.
PROFILE_KINDS = {
    "crm": "crm_id", "shopify": "shop_customer_id", "shopify_guest": "shop_order", "loyalty": "loyalty_number",
    "pos": "receipt", "marketplace": "buyer_id", "klaviyo": "klaviyo_id", "zendesk": "zendesk_id",
    "hubspot": "hubspot_id", "surveys": "survey", "consent": None, "returns": None, "external_lists": "email",
    "campaigns": "email", "web": "browser_id",
}  # fmt: skip


@dataclass(frozen=True)
class Privacy:
    """How a table describes persons.

    `rows`: what happens to a row about an erased person: `delete`; `redact` (it stays, with its money and counts, but
    belongs to no customer); `anchor` (redacted, and one row per key is kept, because other rows refer to it); `request`
    (a request for erasure, emptied once it is carried out); `none`.
    `columns`: the kind of each personal column; `links`: the columns that refer to a record of another table, and the
    kind of that record; `record`: the kind of record that this table's key identifies, if other tables refer to it.
    """

    rows: str = "none"
    columns: dict[str, str] = field(default_factory=dict)
    not_personal: tuple[str, ...] = ()
    links: dict[str, str] = field(default_factory=dict)
    record: str | None = None

    def of_kind(self, *kinds: str) -> list[str]:
        """The columns of these kinds."""
        return [name for name, kind in self.columns.items() if kind in kinds]


def privacy_of(meta: dict[str, Any]) -> Privacy:
    """The classification in a table's meta; ValueError names an unknown value."""
    privacy = Privacy(
        meta.get("erasure", "none"),
        dict(meta.get("personal", {})),
        tuple(meta.get("not_personal", ())),
        dict(meta.get("belongs_to", {})),
        meta.get("record"),
    )
    if privacy.rows not in ROWS:
        raise ValueError(f"erasure is {privacy.rows}; use one of {', '.join(ROWS)}")
    for name, kind in privacy.columns.items():
        if kind not in (*IDENTIFIERS, *DETAILS, *SPECIAL):
            raise ValueError(
                f"personal {name}: unknown kind {kind}; use one of {', '.join((*IDENTIFIERS, *DETAILS, *SPECIAL))}"
            )
    for name, kind in privacy.links.items():
        if kind not in (*RECORDS, ANY_ORDER):
            raise ValueError(f"belongs_to {name}: unknown record {kind}; use one of {', '.join((*RECORDS, ANY_ORDER))}")
    if privacy.record and privacy.record not in RECORDS:
        raise ValueError(f"unknown record {privacy.record}; use one of {', '.join(RECORDS)}")
    return privacy
