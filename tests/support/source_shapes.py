"""Rows of the tables that common connectors deliver, with exactly their columns, independent of the contracts.

Columns are those of Fivetran's published fixtures for Shopify, Klaviyo, Zendesk and HubSpot, and of Segment's warehouse
schema. A value follows from the name of its column: ids are big integers where the connector has big integers,
timestamps have a UTC offset, and card numbers, IP addresses, coordinates and tokens are canaries that must not be found
anywhere afterwards.
"""

from __future__ import annotations

import csv
import io
import json
from datetime import UTC, datetime, timedelta, timezone
from decimal import Decimal
from typing import Any

import pyarrow as pa

Row = dict[str, Any]
Key = tuple[str, str]

SHAPES = {
    ("shopify", "abandoned_checkout"): """
        id _fivetran_synced abandoned_checkout_url applied_discount_amount applied_discount_applicable
        applied_discount_description applied_discount_non_applicable_reason applied_discount_title
        applied_discount_value applied_discount_value_type billing_address_address_1 billing_address_address_0
        billing_address_city billing_address_company billing_address_country billing_address_country_code
        billing_address_first_name billing_address_last_name billing_address_latitude billing_address_longitude
        billing_address_name billing_address_phone billing_address_province billing_address_province_code
        billing_address_zip buyer_accepts_marketing cart_token closed_at completed_at created_at
        credit_card_first_name credit_card_last_name credit_card_month credit_card_number
        credit_card_verification_value credit_card_year currency customer_id customer_locale device_id email gateway
        landing_site_base_url location_id name note phone referring_site shipping_address_address_1
        shipping_address_address_0 shipping_address_city shipping_address_company shipping_address_country
        shipping_address_country_code shipping_address_first_name shipping_address_last_name
        shipping_address_latitude shipping_address_longitude shipping_address_name shipping_address_phone
        shipping_address_province shipping_address_province_code shipping_address_zip shipping_line shipping_rate_id
        shipping_rate_price shipping_rate_title source source_identifier source_name source_url subtotal_price
        taxes_included token total_discounts total_line_items_price total_price total_tax total_weight updated_at
        user_id note_attribute_littledata_updated_at note_attribute_segment_client_id billing_address_id
        billing_address_is_default presentment_currency shipping_address_id shipping_address_is_default total_duties
        note_attribute_email_client_id note_attributes note_attribute_google_client_id _fivetran_deleted""",
    ("shopify", "customer"): """
        id first_name last_name email phone state orders_count total_spent created_at updated_at accepts_marketing
        tax_exempt verified_email default_address_id _fivetran_synced""",
    ("shopify", "customer_tag"): """
        customer_id index _fivetran_synced value""",
    ("shopify", "discount_allocation"): """
        _fivetran_synced amount amount_set_presentment_money_amount amount_set_presentment_money_currency_code
        amount_set_shop_money_amount amount_set_shop_money_currency_code discount_application_index index
        order_line_id""",
    ("shopify", "discount_application"): """
        _fivetran_synced allocation_method code description index order_id target_selection target_type title type
        value value_type""",
    ("shopify", "fulfillment"): """
        id _fivetran_synced created_at location_id order_id status tracking_company tracking_number updated_at
        tracking_numbers tracking_urls shipment_status service name receipt_authorization""",
    ("shopify", "inventory_item"): """
        id country_code_of_origin created_at duplicate_sku_count harmonized_system_code inventory_history_url
        legacy_resource_id measurement_id measurement_weight_value measurement_weight_unit province_code_of_origin
        requires_shipping sku tracked tracked_editable_locked tracked_editable_reason unit_cost_amount
        unit_cost_currency_code updated_at _fivetran_deleted _fivetran_synced""",
    ("shopify", "inventory_level"): """
        id inventory_item_id location_id can_deactivate created_at deactivation_alert updated_at _fivetran_synced""",
    ("shopify", "inventory_quantity"): """
        id inventory_item_id inventory_level_id name quantity updated_at _fivetran_synced""",
    ("shopify", "location"): """
        id _fivetran_synced active address_1 address_2 city country created_at legacy name phone province updated_at
        zip country_code country_name localized_country_name localized_province_name province_code _fivetran_deleted""",
    ("shopify", "order_adjustment"): """
        id order_id refund_id amount tax_amount kind reason amount_set tax_amount_set _fivetran_synced""",
    ("shopify", "order"): """
        id note email taxes_included currency subtotal_price total_tax total_price created_at updated_at name
        shipping_address_name shipping_address_first_name shipping_address_last_name shipping_address_company
        shipping_address_phone shipping_address_address_1 shipping_address_address_2 shipping_address_city
        shipping_address_country shipping_address_country_code shipping_address_province
        shipping_address_province_code shipping_address_zip shipping_address_latitude shipping_address_longitude
        billing_address_name billing_address_first_name billing_address_last_name billing_address_company
        billing_address_phone billing_address_address_1 billing_address_address_2 billing_address_city
        billing_address_country billing_address_country_code billing_address_province billing_address_province_code
        billing_address_zip billing_address_latitude billing_address_longitude customer_id location_id user_id
        number order_number financial_status fulfillment_status processed_at processing_method referring_site
        cancel_reason cancelled_at closed_at total_discounts total_line_items_price total_weight source_name
        browser_ip buyer_accepts_marketing token cart_token checkout_token test landing_site_base_url
        _fivetran_synced""",
    ("shopify", "order_discount_code"): """
        index order_id _fivetran_synced amount code type""",
    ("shopify", "order_line"): """
        order_id id product_id variant_id name title vendor price quantity grams sku fulfillable_quantity
        fulfillment_service gift_card requires_shipping taxable index total_discount pre_tax_price
        fulfillment_status _fivetran_synced""",
    ("shopify", "order_line_refund"): """
        id location_id refund_id restock_type quantity order_line_id _fivetran_synced subtotal total_tax_set
        subtotal_set total_tax""",
    ("shopify", "order_shipping_line"): """
        id order_id _fivetran_synced carrier_identifier code delivery_category discounted_price phone price
        requested_fulfillment_service_id source title discounted_price_set price_set""",
    ("shopify", "order_tag"): """
        index order_id _fivetran_synced value""",
    ("shopify", "product"): """
        id title handle product_type vendor created_at updated_at published_at published_scope _fivetran_deleted
        _fivetran_synced""",
    ("shopify", "product_tag"): """
        index product_id _fivetran_synced value""",
    ("shopify", "product_variant"): """
        product_id id inventory_item_id available_for_sale barcode compare_at_price created_at display_name
        inventory_policy inventory_quantity legacy_resource_id metafield position price requires_components
        sellable_online_quantity sku tax_code taxable title updated_at _fivetran_synced""",
    ("shopify", "refund"): """
        id created_at processed_at note restock user_id _fivetran_synced total_duties_set order_id""",
    ("shopify", "tax_line"): """
        index order_line_id _fivetran_synced price rate title price_set""",
    ("shopify", "transaction"): """
        id order_id refund_id amount authorization created_at processed_at device_id gateway source_name message
        currency location_id parent_id payment_avs_result_code kind currency_exchange_id
        currency_exchange_adjustment currency_exchange_original_amount currency_exchange_final_amount
        currency_exchange_currency error_code status test user_id _fivetran_synced payment_credit_card_bin
        payment_cvv_result_code payment_credit_card_number payment_credit_card_company receipt""",
    ("klaviyo", "campaign"): """
        id from_name status_id campaign_type status_label from_email subject name status created updated send_time
        sent_at _fivetran_deleted email_template_id _fivetran_synced archived scheduled""",
    ("klaviyo", "event"): """
        id person_id campaign_id flow_id flow_message_id uuid datetime timestamp _fivetran_deleted metric_id type
        _variation _fivetran_synced property_value property_attribution""",
    ("klaviyo", "flow"): """
        id name status created updated customer_filter _fivetran_deleted _fivetran_synced archived trigger_type""",
    ("klaviyo", "metric"): """
        id name integration_id created updated _fivetran_deleted _fivetran_synced integration_category
        integration_name""",
    ("klaviyo", "person"): """
        id updated created _fivetran_deleted first_name last_name address_1 address_2 title timezone organization
        region longitude latitude phone_number country zip city email _fivetran_synced last_event_date
        custom_shoe_size custom_favourite_shop""",
    ("zendesk", "ticket_comment"): """
        id _fivetran_synced body created facebook_comment public ticket_id tweet user_id voice_comment""",
    ("zendesk", "ticket"): """
        id _fivetran_synced allow_channelback assignee_id brand_id created_at description due_at external_id
        forum_topic_id group_id has_incidents is_public organization_id priority problem_id recipient requester_id
        status subject submitter_id system_client ticket_form_id type updated_at url via_channel via_source_from_id
        via_source_from_title via_source_rel via_source_to_address via_source_to_name merged_ticket_ids
        via_source_from_address followup_ids via_followup_source_id""",
    ("zendesk", "ticket_field_history"): """
        field_name ticket_id updated _fivetran_synced user_id value""",
    ("zendesk", "ticket_tag"): """
        tag ticket_id _fivetran_synced""",
    ("zendesk", "user"): """
        id _fivetran_synced active alias authenticity_token chat_only created_at details email external_id
        last_login_at locale locale_id moderator name notes only_private_comments organization_id phone
        remote_photo_url restricted_agent role shared shared_agent signature suspended ticket_restriction time_zone
        two_factor_auth_enabled updated_at url verified""",
    ("hubspot", "contact"): """
        _fivetran_deleted _fivetran_synced property_email id property_company property_firstname property_lastname
        property_email_1 property_createdate property_jobtitle property_annualrevenue property_hs_merged_object_ids
        property_created_at property_first_conversion_date""",
    ("hubspot", "contact_list"): """
        id _fivetran_deleted _fivetran_synced created_at updated_at name created_by_id object_type_id
        processing_status processing_type list_version filters_updated_at""",
    ("hubspot", "contact_list_member"): """
        contact_id contact_list_id _fivetran_deleted _fivetran_synced added_at""",
    ("hubspot", "deal"): """
        deal_id is_deleted deal_pipeline_id deal_pipeline_stage_id owner_id portal_id property_dealname
        property_description property_amount property_closedate property_createdate""",
    ("web", "pages"): """
        id anonymous_id user_id received_at sent_at timestamp url path title search referrer context_campaign_source
        context_campaign_medium context_campaign_name context_campaign_term context_campaign_content context_ip
        context_user_agent""",
    # Events of Segment's e-commerce spec: its common columns, and the properties that the spec names.
    ("web", "product_viewed"): """
        id anonymous_id user_id received_at sent_at timestamp original_timestamp uuid_ts event event_text context_ip
        context_page_url context_user_agent product_id sku category name brand variant price quantity coupon
        currency position value url image_url""",
    ("web", "product_added"): """
        id anonymous_id user_id received_at sent_at timestamp original_timestamp uuid_ts event event_text context_ip
        context_page_url context_user_agent cart_id product_id sku category name brand variant price quantity coupon
        position url image_url""",
    ("web", "product_removed"): """
        id anonymous_id user_id received_at sent_at timestamp original_timestamp uuid_ts event event_text context_ip
        context_page_url context_user_agent cart_id product_id sku category name brand variant price quantity coupon
        position url image_url""",
    ("web", "product_list_viewed"): """
        id anonymous_id user_id received_at sent_at timestamp original_timestamp uuid_ts event event_text context_ip
        context_page_url context_user_agent list_id category products""",
    ("web", "products_searched"): """
        id anonymous_id user_id received_at sent_at timestamp original_timestamp uuid_ts event event_text context_ip
        context_page_url context_user_agent query""",
    ("web", "cart_viewed"): """
        id anonymous_id user_id received_at sent_at timestamp original_timestamp uuid_ts event event_text context_ip
        context_page_url context_user_agent cart_id products""",
    ("web", "checkout_started"): """
        id anonymous_id user_id received_at sent_at timestamp original_timestamp uuid_ts event event_text context_ip
        context_page_url context_user_agent order_id affiliation value revenue shipping tax discount coupon currency
        products""",
    ("web", "order_completed"): """
        id anonymous_id user_id received_at sent_at timestamp original_timestamp uuid_ts event event_text context_ip
        context_page_url context_user_agent checkout_id order_id affiliation total subtotal revenue shipping tax
        discount coupon currency products""",
    ("web", "order_refunded"): """
        id anonymous_id user_id received_at sent_at timestamp original_timestamp uuid_ts event event_text context_ip
        context_page_url context_user_agent order_id total currency products""",
    ("web", "tracks"): """
        id anonymous_id user_id received_at sent_at timestamp original_timestamp uuid_ts event event_text context_ip
        context_page_url context_user_agent""",
    ("web", "identifies"): """
        id anonymous_id user_id received_at sent_at timestamp original_timestamp uuid_ts email context_ip""",
}

# Values that must never be stored, by the column in which they are delivered.
CANARIES: dict[str, Any] = {
    "credit_card_number": "4000056655665556",
    "payment_credit_card_number": "4000056655665556",
    "credit_card_verification_value": "cvv-73913",
    "authenticity_token": "tok-3f9a1c7e",
    "token": "tok-3f9a1c7e",
    "cart_token": "tok-3f9a1c7e",
    "checkout_token": "tok-3f9a1c7e",
    "browser_ip": "203.0.113.77",
    "context_ip": "203.0.113.77",
    "billing_address_latitude": 51.4778111,
    "shipping_address_latitude": 51.4778111,
    "latitude": 51.4778111,
    "billing_address_longitude": -0.0014777,
    "shipping_address_longitude": -0.0014777,
    "longitude": -0.0014777,
}
CANARY_TEXTS = sorted({str(value) for value in CANARIES.values()})

BIG_IDS = {"shopify": 5_100_000_000_000, "zendesk": 360_000_000_000, "hubspot": 7_000_000}
# The entity that an id refers to, where its name does not show it.
POINTS_TO = {"requester": "user", "submitter": "user", "assignee": "user", "contact_list": "contact_list"}
OWN_ID = {"deal_id": "deal"}
INTEGERS = {
    "index", "quantity", "fulfillable_quantity", "grams", "orders_count", "position", "discount_application_index",
    "number", "order_number", "list_version", "total_weight", "inventory_quantity", "sellable_online_quantity",
    "duplicate_sku_count",
}  # fmt: skip
MONEY = {
    "price", "amount", "value", "rate", "subtotal", "total_tax", "total", "revenue", "shipping", "tax", "discount",
    "total_discount", "total_discounts", "total_spent", "total_duties", "property_annualrevenue",
}  # fmt: skip
FLAGS = {
    "_fivetran_deleted", "taxes_included", "test", "gift_card", "requires_shipping", "taxable", "accepts_marketing",
    "buyer_accepts_marketing", "tax_exempt", "verified_email", "tracked", "tracked_editable_locked", "can_deactivate",
    "active", "legacy", "available_for_sale", "requires_components", "restock", "archived", "public",
    "facebook_comment", "tweet", "voice_comment", "allow_channelback", "has_incidents", "is_public", "chat_only",
    "moderator", "only_private_comments", "restricted_agent", "shared", "shared_agent", "suspended",
    "two_factor_auth_enabled", "verified", "is_deleted", "applied_discount_applicable", "billing_address_is_default",
    "shipping_address_is_default",
}  # fmt: skip
INSTANTS = {
    "_fivetran_synced", "created", "updated", "datetime", "timestamp", "send_time", "last_event_date", "uuid_ts",
    "original_timestamp", "property_createdate", "property_closedate", "property_first_conversion_date",
}  # fmt: skip
LISTS = {"merged_ticket_ids", "followup_ids", "tracking_numbers", "tracking_urls", "products", "note_attributes"}
TRUE_FLAGS = {"taxes_included", "accepts_marketing", "buyer_accepts_marketing", "active", "tracked", "public"}
# Columns for which an arbitrary text will not do.
WORDS: dict[tuple[str, str, str], Any] = {
    ("shopify", "order", "financial_status"): "paid",
    ("shopify", "order", "fulfillment_status"): "fulfilled",
    ("shopify", "order", "cancelled_at"): None,
    ("shopify", "order", "cancel_reason"): None,
    ("shopify", "transaction", "kind"): "sale",
    ("shopify", "transaction", "status"): "success",
    ("shopify", "fulfillment", "shipment_status"): "delivered",
    ("shopify", "customer_tag", "value"): "Wholesale",
    ("shopify", "order_tag", "value"): "Gift",
    ("shopify", "product_tag", "value"): "Summer",
    ("shopify", "inventory_quantity", "name"): "available",
    ("shopify", "order_line_refund", "restock_type"): "return",
    ("klaviyo", "event", "type"): "Opened Email",
    ("klaviyo", "event", "timestamp"): 1_777_888_999,
    ("zendesk", "ticket", "status"): "open",
    ("zendesk", "ticket", "external_id"): "5100000000300",
    ("zendesk", "ticket_field_history", "field_name"): "satisfaction_score",
    ("zendesk", "ticket_field_history", "value"): "good",
    ("zendesk", "user", "role"): "end-user",
    ("zendesk", "user", "external_id"): "5100000000100",
    ("hubspot", "contact", "property_hs_merged_object_ids"): "7000901;7000902",
    ("shopify", "abandoned_checkout", "note_attribute_littledata_updated_at"): "1777888999",
}
ENTITIES = sorted({table for _, table in SHAPES})
FIRST = datetime(2026, 5, 4, 10, 30, tzinfo=UTC)


def columns_of(key: Key) -> list[str]:
    return SHAPES[key].split()


def rows_of(key: Key) -> list[Row]:
    """Two rows of a table."""
    return [{column: value_of(*key, column, number) for column in columns_of(key)} for number in (0, 1)]


def id_of(source: str, entity: str, number: int) -> Any:
    """The id of an entity's n-th row: a big integer or a text, as the connector has it."""
    place = (ENTITIES.index(entity) + 1) * 100 + number if entity in ENTITIES else 99_900 + number
    return BIG_IDS[source] + place if source in BIG_IDS else f"{entity}-{place}"


def value_of(source: str, table: str, column: str, number: int) -> Any:
    """A plausible value of a column in the n-th row of a table."""
    if column in CANARIES:
        return CANARIES[column]
    if (source, table, column) in WORDS:
        return WORDS[source, table, column]
    if column == "id":
        # The second event of `tracks` is also in a table of its own; the first is not.
        return id_of(source, "products_searched" if (table, number) == ("tracks", 1) else table, number)
    if source == "web" and column in ("anonymous_id", "user_id"):
        return f"anon-{number}" if column == "anonymous_id" else str(id_of("shopify", "customer", number))
    if source == "web" and column == "order_id":
        return str(id_of("shopify", "order", number))
    if column.endswith("_id"):
        entity = column[:-3]
        return id_of(source, POINTS_TO.get(entity, {"variant": "product_variant"}.get(entity, entity)), number)
    if column in INSTANTS or column.endswith("_at"):
        return FIRST + timedelta(days=number, minutes=7 * len(column))
    if column in FLAGS:
        return column in TRUE_FLAGS
    if column in INTEGERS:
        return number + 1
    if column.endswith(("_set", "metafield", "receipt")):
        return '{"shop_money": {"amount": "1.50", "currency_code": "GBP"}}'
    if column in LISTS:
        return "[]"
    if column in MONEY or column.endswith(("_price", "_amount")):
        return Decimal("12.50") + number
    if "currency" in column:
        return "GBP"
    if "country_code" in column or column == "country":
        return "GB"
    if column.startswith("email") or column in ("property_email", "property_email_1"):
        return f"Anna.{number}@Example.com"
    if column.startswith("phone"):
        return f"+44770090000{number}"
    if source == "web" and column in ("event", "event_text"):
        name = "products_searched" if table == "tracks" else table
        return name if column == "event" else name.replace("_", " ").title()
    return f"{column} {number}"


def as_csv(rows: list[Row]) -> str:
    """CSV as an export writes it: timestamps in local time with their offset."""
    local = timezone(timedelta(hours=2))

    def text(value: Any) -> Any:
        if isinstance(value, bool):
            return str(value).lower()
        return value.astimezone(local).isoformat() if isinstance(value, datetime) else value

    out = io.StringIO()
    writer = csv.writer(out, lineterminator="\n")
    writer.writerow(rows[0])
    writer.writerows([text(value) for value in row.values()] for row in rows)
    return out.getvalue()


def as_json_lines(rows: list[Row]) -> str:
    """JSON lines: ids and amounts as numbers, timestamps with Z."""

    def plain(value: Any) -> Any:
        if isinstance(value, datetime):
            return value.isoformat().replace("+00:00", "Z")
        return float(value) if isinstance(value, Decimal) else value

    return "".join(json.dumps({name: plain(value) for name, value in row.items()}) + "\n" for row in rows)


def as_arrow(rows: list[Row]) -> pa.Table:
    """The connector's own types: 64-bit ids, timestamps in UTC, amounts as decimals, coordinates as doubles."""
    types: dict[type, pa.DataType] = {
        bool: pa.bool_(), int: pa.int64(), float: pa.float64(), str: pa.string(), Decimal: pa.decimal128(20, 4),
        datetime: pa.timestamp("us", tz="UTC"), type(None): pa.string(),
    }  # fmt: skip
    return pa.table({name: pa.array([row[name] for row in rows], types[type(rows[0][name])]) for name in rows[0]})
