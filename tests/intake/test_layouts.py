"""Other layouts of a known source: refused once, by name; and what a connector loads that nothing here needs.

The columns are written out from the public column lists of the connectors, not read from the contracts.
"""

from __future__ import annotations

import pytest

from scripts.platform.contracts import load_contracts
from tests.support.landing_zone import Zone

# What the GraphQL layout of Fivetran's Shopify connector has of each table, apart from columns that both layouts have.
GRAPHQL = {
    "customer": "id,email,first_name,last_name,state,currency,email_marketing_consent_state,_fivetran_synced",
    "order": "id,currency_code,display_financial_status,total_price_set_shop_amount,created_at,_fivetran_synced",
    "order_line": "id,order_id,quantity,original_total_set_shop_amount,is_gift_card,_fivetran_synced",
    "tax_line": "order_line_id,index,rate,title,price_set_shop_amount,_fivetran_synced",
    "transaction": "id,order_id,kind,status,amount_set_shop_amount,created_at,_fivetran_synced",
    "discount_allocation": "order_line_id,index,allocated_amount_set_shop_amount,_fivetran_synced",
    "order_line_refund": "id,refund_id,order_line_id,quantity,subtotal_set_shop_amount,_fivetran_synced",
    "order_adjustment": "id,refund_id,amount_set_shop_amount,reason,_fivetran_synced",
}
# Columns of the connectors that no model reads.
UNREAD = {
    "shopify/customer": "currency,note,orders_count,total_spent,tax_exempt,default_address_id",
    "shopify/order": "app_id,checkout_id,client_details_user_agent,confirmed,customer_locale,order_status_url,"
    "presentment_currency,total_discounts_set,total_line_items_price_set,"
    "total_tax_set,browser_ip,note,token,user_id,location_id",
    "shopify/order_line": "grams,fulfillable_quantity,fulfillment_service,pre_tax_price_set,price_set,properties,"
    "tax_code,total_discount_set,variant_inventory_management,variant_title",
    "shopify/transaction": "authorization,authorization_expires_at,receipt,payment_credit_card_number",
    "shopify/product": "published_at,published_scope,status",
    "shopify/inventory_item": "cost,measurement_id,tracked_editable_locked",
    "shopify/abandoned_checkout": "billing_address_address_2,shipping_address_address_2,gateway",
    "zendesk/ticket": "system_client,system_ccs,system_ip_address,system_latitude,system_location,system_longitude,"
    "system_machine_generated,system_message_id,system_raw_email_identifier,system_json_email_identifier",
    "zendesk/ticket_comment": "facebook_comment,tweet,voice_comment,call_duration,call_id,location,recording_url,"
    "started_at,transcription_status,transcription_text,trusted,voice_comment_transcription_visible",
    "hubspot/contact_list": "deleteable,dynamic,metadata_error,metadata_last_processing_state_change_at,"
    "metadata_last_size_change_at,metadata_processing,metadata_size,portal_id",
    "klaviyo/event": "property_value,property_attribution,_variation,uuid",
}


def row(header: str) -> str:
    return f"{header}\n{','.join('1' for _ in header.split(','))}\n"


def failures(zone: Zone) -> list[str]:
    return [line.split("/landing/")[1] for line in zone.failing_load()]


def test_the_graphql_layout_of_the_shop_is_refused_once_by_its_name(zone: Zone) -> None:
    for table, header in GRAPHQL.items():
        zone.deliver(f"shopify/{table}/{table}.csv", row(header))
    zone.deliver("shopify/refund_line_item/r.csv", row("id,refund_id,subtotal_set_shop_amount"))
    zone.deliver("pos/receipt/r.csv", "receipt_id,sold_at,currency,status,total_amount,synced_at\n"
                 "1,2026-01-01,GBP,completed,1,2026-01-01\n")  # fmt: skip
    [line] = failures(zone)
    assert line.startswith(
        "shopify/order/order.csv: is in the GraphQL layout of Fivetran's Shopify connector, which is not read"
    )
    assert "other files of shopify were not tried" in line
    # Other sources are loaded; money of this one is not, in any part.
    assert zone.value("select count(*) from raw_pos.receipt") == 1
    for table in set(GRAPHQL) - {"customer"}:
        assert zone.value(f'select count(*) from raw_shopify."{table}"') == 0


@pytest.mark.parametrize(
    ("columns", "layout"),
    [
        ("_airbyte_raw_id,_airbyte_extracted_at,_airbyte_meta,id,currency,total_price,created_at", "Airbyte's layout"),
        ("id,currency,total_price,financial_status,created_at,_dlt_load_id,_dlt_id", "dlt's layout"),
        ("id,currency,total_price,created_at,_sdc_received_at,_sdc_batched_at", "the layout of Singer taps"),
    ],
)
def test_the_layouts_of_other_loaders_are_refused_by_name(zone: Zone, columns: str, layout: str) -> None:
    zone.deliver("shopify/order/o.csv", row(columns))
    [line] = failures(zone)
    assert f"shopify/order/o.csv: is in {layout}" in line
    assert "_fivetran_synced" in line


def test_another_loaders_stamps_beside_all_columns_of_the_contract_do_no_harm(zone: Zone) -> None:
    header = "id,currency,total_price,financial_status,created_at,_fivetran_synced,_dlt_id"
    zone.deliver("shopify/order/o.csv", f"{header}\n1,GBP,5,paid,2026-01-01,2026-01-01,x\n")
    zone.load()
    assert zone.value('select count(*) from raw_shopify."order"') == 1


def test_a_missing_column_alone_is_no_other_layout(zone: Zone) -> None:
    zone.deliver("shopify/order/o.csv", row("id,currency,total_price,created_at,_fivetran_synced"))
    assert failures(zone) == ["shopify/order/o.csv: column financial_status is missing; deliver the file with it"]


def test_tables_that_nothing_needs_are_named_and_unknown_ones_refused_in_one_line(zone: Zone) -> None:
    for folder in ("metafield", "collection", "orders", "customers"):
        zone.deliver(f"shopify/{folder}/f.csv", "id\n1\n")
    zone.deliver("zendesk/brand/b.csv", "id\n1\n")
    [line] = failures(zone)
    assert line.startswith("shopify/customers/, shopify/orders/: no such table; shopify has customer, order,")
    assert "shopify: not read, as nothing needs them: collection, metafield" in zone.said
    assert "zendesk: not read, as nothing needs them: brand" in zone.said


@pytest.mark.parametrize("label", UNREAD)
def test_columns_of_the_connectors_that_nothing_reads_are_known(label: str) -> None:
    source, name = label.split("/")
    table = load_contracts()[source].tables[name]
    assert [column for column in UNREAD[label].split(",") if not table.ignores(column)] == []
