"""What a retailer's sources deliver after a day about the time up to it, planted into a landing zone.

Each kind changes records that were known by the end of the day, or adds new records dated before it, with a timestamp
after it; a few are sent before the end of the day and dated after it, as by a till whose clock runs ahead. A model that
reads any of it for that day is wrong.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path

import duckdb

from scripts.platform.contracts import Table, load_contracts


@dataclass(frozen=True)
class Kind:
    """One kind of later knowledge: `changes` to the columns of the newest known versions of up to `limit` records.

    `{end}` in a text is the first moment after the day, `{later}` about two days later, `{before}` some hours before
    the end. A kind that changes no key adds versions of records; one that changes the key adds records.
    """

    name: str
    table: str
    changes: dict[str, str]
    where: str = "true"
    limit: int = 40


KINDS = (
    Kind("cost corrected for the past", "products/product", {"unit_cost": "unit_cost * 2", "synced_at": "{later}"}),
    Kind(
        "product renamed and moved",
        "products/product",
        {"product_name": "'Renamed'", "category": "'Elsewhere'", "is_sellable": "false", "synced_at": "{later}"},
        "hash(sku) % 3 = 0",
    ),
    Kind("add-on found later", "products/product_relation", {"related_sku": "sku || '-X'", "synced_at": "{later}"}),
    Kind(
        "order cancelled",
        "shopify/order",
        {
            "cancelled_at": "{later}",
            "financial_status": "'voided'",
            "updated_at": "{later}",
            "_fivetran_synced": "{later}",
        },
        "cancelled_at is null",
    ),
    Kind(
        "order given to another account",
        "shopify/order",
        {"customer_id": "cast(cast(customer_id as bigint) + 1 as varchar)", "_fivetran_synced": "{later}"},
        "customer_id is not null and hash(id) % 3 = 0",
    ),
    Kind("order edited", "shopify/order_line", {"price": "price * 3", "_fivetran_synced": "{later}"}),
    Kind(
        "order made implausible",
        "shopify/order",
        {"total_price": "-1", "currency": "'???'", "_fivetran_synced": "{later}"},
        "hash(id) % 3 = 1",
    ),
    Kind(
        "refund sent late",
        "shopify/refund",
        {"id": "id || '9'", "created_at": "{before}", "processed_at": "{before}", "_fivetran_synced": "{later}"},
    ),
    Kind(
        "refunded line sent late",
        "shopify/order_line_refund",
        {"id": "id || '9'", "refund_id": "refund_id || '9'", "_fivetran_synced": "{later}"},
    ),
    Kind(
        "receipt sent late",
        "pos/receipt",
        {"receipt_id": "receipt_id || 'L'", "sold_at": "{before}", "synced_at": "{later}"},
    ),
    Kind(
        "line of a receipt sent late",
        "pos/receipt_line",
        {"receipt_id": "receipt_id || 'L'", "synced_at": "{later}"},
        limit=400,
    ),
    Kind(
        "payment of a receipt sent late",
        "pos/receipt_payment",
        {"receipt_id": "receipt_id || 'L'", "synced_at": "{later}"},
        limit=400,
    ),
    Kind(
        "marketplace order sent late",
        "marketplace/order",
        {"order_id": "order_id || 'L'", "purchased_at": "{before}", "synced_at": "{later}"},
    ),
    Kind(
        "return booked late",
        "returns/return_line",
        {"return_id": "return_id || 'L'", "returned_at": "{before}", "synced_at": "{later}"},
    ),
    Kind("ticket closed or opened again", "zendesk/ticket",
         {"status": "case when status = 'closed' then 'open' else 'closed' end", "updated_at": "{later}",
          "_fivetran_synced": "{later}"}),
    Kind("ticket tagged a complaint", "zendesk/ticket_tag", {"tag": "'complaint'", "_fivetran_synced": "{later}"},
         "tag <> 'complaint'"),
    Kind("rating sent late", "zendesk/ticket_field_history",
         {"field_name": "'satisfaction_score'", "value": "'bad'", "updated": "{before}",
          "_fivetran_synced": "{later}"}),
    Kind("requester changed an address", "zendesk/user", {"email": "'u' || id || '@later.example.com'",
                                                            "_fivetran_synced": "{later}"}),
    Kind("CRM profile moved and married", "crm/profile",
         {"city": "'Elsewhere'", "region": "'Elsewhere'", "last_name": "'Later'", "birth_date": "date '1950-01-01'",
          "customer_type": "'staff'", "updated_at": "{later}", "synced_at": "{later}"}),
    Kind("CRM profile's account found", "crm/profile",
         {"shopify_customer_id": "(select max(id) from raw_shopify.customer)", "synced_at": "{later}"},
         "shopify_customer_id is null", 1),
    Kind("shop account changed its address", "shopify/customer",
         {"email": "'s' || id || '@later.example.com'", "accepts_marketing": "not accepts_marketing",
          "updated_at": "{later}", "_fivetran_synced": "{later}"}),
    Kind("card moved up a tier", "loyalty/member",
         {"tier": "'gold'", "points_balance": "points_balance + 1000", "updated_at": "{later}",
          "synced_at": "{later}"}),
    Kind("points booked late", "loyalty/points_movement",
         {"movement_id": "movement_id || 'L'", "occurred_at": "{before}", "synced_at": "{later}"}),
    Kind("consent withdrawn, sent late", "consent/consent_event",
         {"event_id": "event_id || 'L'", "status": "'opted_out'", "occurred_at": "{before}", "synced_at": "{later}"}),
    Kind("answer sent late", "surveys/response",
         {"response_id": "response_id || 'L'", "score": "1", "responded_at": "{before}", "synced_at": "{later}"}),
    Kind("stock counted, sent late", "inventory/stock_level",
         {"counted_at": "{before}", "on_hand": "0", "synced_at": "{later}"}),
    Kind("on an outside list later", "external_lists/list_member",
         {"list_name": "'Later list'", "synced_at": "{later}"}),
    Kind("open found to be a machine's", "klaviyo/event",
         {"property_machine_open": "not coalesce(property_machine_open, false)", "_fivetran_synced": "{later}"},
         "type = 'Opened Email'"),
    Kind("e-mail event deleted", "klaviyo/event", {"_fivetran_deleted": "true", "_fivetran_synced": "{later}"},
         "type <> 'Opened Email'"),
    Kind("e-mail event sent late", "klaviyo/event",
         {"id": "id || 'L'", "datetime": "{before}", "_fivetran_synced": "{later}"}),
    Kind("e-mail profile changed", "klaviyo/person",
         {"email": "'k' || id || '@later.example.com'", "_fivetran_synced": "{later}"}),
    Kind("page view sent late", "web/pages", {"id": "id || 'L'", "timestamp": "{before}", "received_at": "{later}"}),
    Kind("cart addition sent late", "web/product_added",
         {"id": "id || 'L'", "timestamp": "{before}", "received_at": "{later}"}),
    Kind("log-in after earlier visits", "web/identifies",
         {"id": "id || 'N'", "timestamp": "{later}", "received_at": "{later}",
          "anonymous_id": "(select max(anonymous_id) from raw_web.pages where anonymous_id not in"
          " (select anonymous_id from raw_web.identifies) and received_at < {end})"}, limit=1),
    Kind("log-in before the day, sent late", "web/identifies",
         {"id": "id || 'L'", "timestamp": "{before}", "received_at": "{later}", "email": "'second@later.example.com'",
          "user_id": "null"}),
    Kind("page view by a clock ahead", "web/pages",
         {"id": "id || 'A'", "timestamp": "{later}", "received_at": "{before}"}),
    Kind("e-mail event by a clock ahead", "klaviyo/event",
         {"id": "id || 'A'", "datetime": "{later}", "_fivetran_synced": "{before}"}),
    Kind("return by a clock ahead", "returns/return_line",
         {"return_id": "return_id || 'A'", "returned_at": "{later}", "synced_at": "{before}"},
         "order_ref is not null"),
    Kind("count by a clock ahead", "inventory/stock_level",
         {"counted_at": "{later}", "on_hand": "0", "synced_at": "{before}"}),
    Kind("rating by a clock ahead", "zendesk/ticket_field_history",
         {"field_name": "'satisfaction_score'", "value": "'bad'", "updated": "{later}",
          "_fivetran_synced": "{before}"}),
    Kind("points by a clock ahead", "loyalty/points_movement",
         {"movement_id": "movement_id || 'A'", "occurred_at": "{later}", "synced_at": "{before}"}),
)  # fmt: skip


def plant(warehouse: Path, landing: Path, end: datetime, delivered: str) -> dict[str, int]:
    """Write files with every kind of later knowledge for the day that ends at `end`; returns rows per kind.

    Records are taken from the raw tables of `warehouse`, which is only read. `delivered` is the day in the file names;
    use a different one for each call.
    """
    words = {
        "end": f"timestamp '{end}'",
        "later": f"timestamp '{end + timedelta(days=2, hours=1)}'",
        "before": f"timestamp '{end - timedelta(hours=5)}'",
    }
    tables = {table.label: table for source in load_contracts().values() for table in source.tables.values()}
    planted: dict[str, int] = {}
    with duckdb.connect(str(warehouse), read_only=True) as connection:
        for number, kind in enumerate(KINDS):
            folder = landing / kind.table
            folder.mkdir(parents=True, exist_ok=True)
            file = folder / f"planted{number}_{delivered}.parquet"
            connection.execute(f"copy ({_rows(kind, tables[kind.table], words)}) to '{file}'")
            planted[kind.name] = _count(connection, f"from '{file}'")
            if not planted[kind.name]:
                file.unlink()
        planted.update(_decisions(connection, landing, end, words["end"], delivered))
    return planted


def natural(warehouse: Path, end: datetime) -> dict[str, int]:
    """Rows per table that the raw tables already have from `end` onwards about records known before it."""
    counts: dict[str, int] = {}
    with duckdb.connect(str(warehouse), read_only=True) as connection:
        for source in load_contracts().values():
            for table in source.tables.values():
                if table.known_at:
                    key = ", ".join(f'"{name}"' for name in table.key)
                    raw = f'{table.schema}."{table.name}"'
                    known = f"select {key} from {raw} where {table.known_at} < timestamp '{end}'"
                    counts[table.label] = _count(
                        connection,
                        f"from {raw} where {table.known_at} >= timestamp '{end}' and ({key}) in ({known})",
                    )
    return counts


def _rows(kind: Kind, table: Table, words: dict[str, str]) -> str:
    stamp = f'"{table.known_at}"'
    key = ", ".join(f'"{name}"' for name in table.key)
    columns = ", ".join(f'"{column.name}"' for column in table.columns)
    changes = ", ".join(
        f'cast({text.format(**words)} as {column.type}) as "{column.name}"'
        for name, text in kind.changes.items()
        for column in table.columns
        if column.name == name
    )
    return f"""
        select * replace ({changes}) from (
            select {columns} from (
                select * from {table.schema}."{table.name}" where {stamp} < {words["end"]}
                qualify row_number() over (partition by {key} order by {stamp} desc, _record_hash) = 1
            ) where {kind.where} order by {stamp} desc, {key} limit {kind.limit}
        )
    """


def _decisions(
    connection: duckdb.DuckDBPyConnection, landing: Path, end: datetime, end_text: str, delivered: str
) -> dict[str, int]:
    """Links, cuts, blocks and waivers decided after the day about earlier data, and corrections decided before it."""
    later = str(end + timedelta(days=1))
    profiles = [
        row[0]
        for row in connection.execute(
            f"select distinct profile_id from raw_crm.profile where synced_at < {end_text} order by 1 limit 12"
        ).fetchall()
    ]
    linked = [
        {
            "decision_id": f"link {delivered} {left}", "action": "link", "left_system": "crm",
            "left_profile_id": left, "right_system": "crm", "right_profile_id": right,
            "decided_by": "A. Reviewer", "decided_at": later,
        }
        for left, right in zip(profiles[::2], profiles[1::2], strict=False)
    ]  # fmt: skip
    cut = [
        {
            "decision_id": f"cut {delivered} {profile}", "action": "cut", "left_system": "crm",
            "left_profile_id": profile, "right_system": "shopify", "right_profile_id": account,
            "decided_by": "A. Reviewer", "decided_at": later,
        }
        for profile, account in connection.execute(
            f"select profile_id, max(shopify_customer_id) from raw_crm.profile where synced_at < {end_text} "
            "and shopify_customer_id is not null group by 1 order by 1 desc limit 10"
        ).fetchall()
    ]  # fmt: skip
    blocked = [
        {
            "decision_id": f"block {delivered} {email}", "action": "block", "identifier_type": "email",
            "identifier_value": email, "decided_by": "A. Reviewer", "decided_at": later,
        }
        for (email,) in connection.execute(
            f"select distinct email from raw_shopify.customer where _fivetran_synced < {end_text} "
            "and email is not null order by 1 limit 10"
        ).fetchall()
    ]  # fmt: skip
    waived = [
        {
            "override_id": f"waive {delivered} {key}", "source_name": "pos", "table_name": "receipt",
            "record_key": key, "action": "waive", "decided_by": "A. Reviewer", "decided_at": later,
        }
        for (key,) in connection.execute(
            f"select receipt_id from raw_pos.receipt where synced_at < {end_text} and total_amount > 0 "
            "order by total_amount desc limit 40"
        ).fetchall()
    ]  # fmt: skip
    # Decided before the end of the day about profiles that change later: the correction must not use later versions.
    corrected = [
        {
            "override_id": f"replace {delivered} {key}", "source_name": "crm", "table_name": "profile",
            "record_key": key, "action": "replace", "corrected_fields": '{"language": "cy"}',
            "decided_by": "A. Reviewer", "decided_at": str(end - timedelta(hours=3)),
        }
        for (key,) in connection.execute(
            f"select distinct on (profile_id) profile_id from raw_crm.profile where synced_at < {end_text} "
            "order by synced_at desc, profile_id limit 5"
        ).fetchall()
    ]  # fmt: skip
    overrides = waived + corrected
    for folder, rows in (("identity/link_decision", linked + cut + blocked), ("overrides/record_override", overrides)):
        (landing / folder).mkdir(parents=True, exist_ok=True)
        file = landing / folder / f"planted_{delivered}.jsonl"
        if rows:
            file.write_text("".join(json.dumps(row) + "\n" for row in rows), encoding="utf-8")
    return {
        "profiles joined by hand": len(linked),
        "profiles separated by hand": len(cut),
        "addresses blocked by hand": len(blocked),
        "receipts waived by hand": len(waived),
        "profiles corrected by hand before the day": len(corrected),
    }


def _count(connection: duckdb.DuckDBPyConnection, rest: str) -> int:
    found = connection.execute(f"select count(*) {rest}").fetchone()
    return int(found[0]) if found else 0
