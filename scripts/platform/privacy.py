"""What the columns of a source table say of a person, as its contract states it."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

# Numbers and ids that stand for one account of one person, whoever typed the rest of the row.
ACCOUNTS = (
    "customer_number", "loyalty_number", "shop_customer_id", "crm_id", "klaviyo_id", "zendesk_id", "hubspot_id",
    "buyer_id",
)  # fmt: skip
# A number or a browser passes from hand to hand: it decides only where a row shows nothing better.
PASSING = ("phone", "browser_id")
IDENTIFIERS = ("email", *ACCOUNTS, *PASSING)
# What a row tells of the person it is about.
DETAILS = ("name", "address", "birth_date", "demographic", "household", "device", "url", "free_text")
# `field_value`: personal unless the row's `field_name` is one of FIELDS_KEPT. `any_value`: may hold any identifier.
SPECIAL = ("field_value", "any_value")
FIELDS_KEPT = ("status", "priority", "type", "satisfaction_score", "satisfaction_reason_code", "group_id")
# Records that other tables refer to; `any_order` is one of the first three.
RECORDS = ("shop_order", "receipt", "marketplace_order", "ticket", "survey")
ANY_ORDER = "any_order"
ROWS = ("none", "delete", "anchor", "redact", "request")

# The source systems of int_identity_profiles, and what their profile id is an identifier or record of.
PROFILE_KINDS = {
    "crm": "crm_id", "shopify": "shop_customer_id", "shopify_guest": "shop_order", "loyalty": "loyalty_number",
    "pos": "receipt", "marketplace": "buyer_id", "klaviyo": "klaviyo_id", "zendesk": "zendesk_id",
    "hubspot": "hubspot_id", "surveys": "survey", "consent": None, "returns": None, "external_lists": "email",
    "campaigns": "email", "web": "browser_id",
}  # fmt: skip


@dataclass(frozen=True)
class Privacy:
    """How a table speaks of persons.

    `rows`: what becomes of a row that is about an erased person: `delete`; `redact` (it stays, with its money and
    counts, and belongs to nobody); `anchor` (redacted, one per key, because other rows refer to it); `request` (a
    request for erasure, emptied once it is carried out); `none`.
    `columns` gives the kind of each personal column; `links` the columns that name a record of another table and the
    kind of that record; `record` the kind that this table's key is, if any refers to it.
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
    """The classification in a table's meta; ValueError names a word that means nothing."""
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
                f"personal {name}: there is no kind {kind}; use {', '.join((*IDENTIFIERS, *DETAILS, *SPECIAL))}"
            )
    for name, kind in privacy.links.items():
        if kind not in (*RECORDS, ANY_ORDER):
            raise ValueError(f"belongs_to {name}: there is no record {kind}; use {', '.join((*RECORDS, ANY_ORDER))}")
    if privacy.record and privacy.record not in RECORDS:
        raise ValueError(f"there is no record {privacy.record}; use {', '.join(RECORDS)}")
    return privacy
