"""Rows with exactly the columns that common connectors deliver are loaded, and staging reads them.

The columns are written out in source_shapes.py, not read from the contracts that are tested here.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pyarrow.parquet as pq
import pytest

from scripts.pipeline.steps import copy_missing_seeds
from scripts.platform.contracts import load_contracts
from scripts.platform.dbt import run_dbt
from scripts.platform.errors import UserError
from scripts.platform.warehouse import literal, open_warehouse, quote
from scripts.platform.workspace import Workspace
from tests.support.landing_zone import Zone
from tests.support.source_shapes import CANARY_TEXTS, SHAPES, Key, Row, as_arrow, as_csv, as_json_lines, rows_of
from tests.support.workspaces import STRICT, workspace_in

FORMATS = ("csv", "jsonl", "parquet")
SETTINGS: dict[str, Any] = {"as_of_date": "2026-06-30", "business_timezone": "Europe/London"}

# Per table its staging model, and the expected value of its columns: a column as delivered, or a function of the row.
Reading = dict[str, str | Callable[[Row], Any]]


def lower(column: str) -> Callable[[Row], Any]:
    return lambda row: row[column].lower()


def is_set(column: str) -> Callable[[Row], Any]:
    return lambda row: row[column] is not None


def london_day(column: str) -> Callable[[Row], Any]:
    # All timestamps of the fixture are at an hour that is on the same day in London and in UTC.
    return lambda row: row[column].date()


EVENT: Reading = {"event_id": "id", "anonymous_id": "anonymous_id", "user_id": "user_id", "occurred_at": "timestamp",
                  "known_at": "received_at"}  # fmt: skip
STAGED: dict[Key, tuple[str, Reading]] = {
    ("shopify", "abandoned_checkout"): ("stg_shopify__abandoned_checkouts", {
        "source_checkout_id": "id", "source_customer_id": "customer_id", "email": lower("email"), "phone": "phone",
        "currency": "currency", "total_price": "total_price", "is_completed": is_set("completed_at"),
        "begun_at": "created_at", "begun_date": london_day("created_at"), "known_at": "_fivetran_synced"}),
    ("shopify", "customer"): ("stg_shopify__customers", {
        "source_customer_id": "id", "email": lower("email"), "phone": "phone", "created_at": "created_at",
        "accepts_marketing": "accepts_marketing", "known_at": "_fivetran_synced"}),
    ("shopify", "customer_tag"): ("stg_shopify__customer_tags", {
        "source_customer_id": "customer_id", "tag_index": "index", "tag": lower("value")}),
    ("shopify", "discount_allocation"): ("stg_shopify__discount_allocations", {
        "source_line_id": "order_line_id", "allocation_index": "index", "amount": "amount",
        "application_index": "discount_application_index"}),
    ("shopify", "discount_application"): ("stg_shopify__discount_applications", {
        "source_order_id": "order_id", "application_index": "index", "code": "code", "value": "value"}),
    ("shopify", "fulfillment"): ("stg_shopify__fulfillments", {
        "source_fulfillment_id": "id", "source_order_id": "order_id", "shipped_at": "created_at",
        "delivered_at": "updated_at"}),
    ("shopify", "inventory_item"): ("stg_shopify__inventory_items", {
        "inventory_item_id": "id", "sku": "sku", "unit_cost": "unit_cost_amount",
        "cost_currency": "unit_cost_currency_code"}),
    ("shopify", "inventory_level"): ("stg_shopify__inventory_levels", {
        "inventory_level_id": "id", "inventory_item_id": "inventory_item_id", "location_id": "location_id"}),
    ("shopify", "inventory_quantity"): ("stg_shopify__inventory_quantities", {
        "inventory_quantity_id": "id", "inventory_level_id": "inventory_level_id", "state": "name",
        "quantity": "quantity"}),
    ("shopify", "location"): ("stg_shopify__locations", {
        "location_id": "id", "name": "name", "country_code": "country_code", "is_active": "active"}),
    ("shopify", "order_adjustment"): ("stg_shopify__order_adjustments", {
        "source_adjustment_id": "id", "source_order_id": "order_id", "source_refund_id": "refund_id",
        "amount": "amount", "tax_amount": "tax_amount"}),
    ("shopify", "order"): ("stg_shopify__orders", {
        "source_order_id": "id", "source_customer_id": "customer_id", "email": lower("email"),
        "total_price": "total_price", "is_test": "test", "is_cancelled": is_set("cancelled_at"),
        "ordered_at": "processed_at", "taxes_included": "taxes_included", "known_at": "_fivetran_synced"}),
    ("shopify", "order_discount_code"): ("stg_shopify__order_discount_codes", {
        "source_order_id": "order_id", "code_index": "index", "code": lambda row: row["code"].upper(),
        "amount": "amount"}),
    ("shopify", "order_line"): ("stg_shopify__order_lines", {
        "source_line_id": "id", "source_order_id": "order_id", "sku": "sku", "quantity": "quantity",
        "unit_price": "price", "is_gift_card": "gift_card"}),
    ("shopify", "order_line_refund"): ("stg_shopify__order_line_refunds", {
        "source_line_refund_id": "id", "source_refund_id": "refund_id", "source_line_id": "order_line_id",
        "quantity": "quantity", "subtotal": "subtotal", "tax_amount": "total_tax"}),
    ("shopify", "order_shipping_line"): ("stg_shopify__order_shipping_lines", {
        "source_shipping_line_id": "id", "source_order_id": "order_id", "price": "price",
        "discounted_price": "discounted_price"}),
    ("shopify", "order_tag"): ("stg_shopify__order_tags", {
        "source_order_id": "order_id", "tag_index": "index", "tag": lower("value")}),
    ("shopify", "product"): ("stg_shopify__products", {
        "source_product_id": "id", "title": "title", "product_type": "product_type"}),
    ("shopify", "product_tag"): ("stg_shopify__product_tags", {
        "source_product_id": "product_id", "tag_index": "index", "tag": lower("value")}),
    ("shopify", "product_variant"): ("stg_shopify__product_variants", {
        "source_variant_id": "id", "source_product_id": "product_id", "inventory_item_id": "inventory_item_id",
        "sku": "sku", "price": "price", "inventory_quantity": "inventory_quantity"}),
    ("shopify", "refund"): ("stg_shopify__refunds", {
        "source_refund_id": "id", "source_order_id": "order_id", "refunded_at": "processed_at"}),
    ("shopify", "tax_line"): ("stg_shopify__tax_lines", {"source_line_id": "order_line_id"}),
    ("shopify", "transaction"): ("stg_shopify__transactions", {
        "source_transaction_id": "id", "source_order_id": "order_id", "amount": "amount", "kind": "kind",
        "status": "status", "processed_at": "processed_at"}),
    ("klaviyo", "campaign"): ("stg_klaviyo__campaigns", {"campaign_id": "id", "name": "name", "sent_at": "sent_at"}),
    ("klaviyo", "event"): ("stg_klaviyo__events", {
        "event_id": "id", "person_id": "person_id", "campaign_id": "campaign_id", "flow_id": "flow_id",
        "event_type": lambda row: "opened_email", "is_machine_open": lambda row: False,
        "is_deleted": "_fivetran_deleted", "occurred_at": "datetime"}),
    ("klaviyo", "flow"): ("stg_klaviyo__flows", {"flow_id": "id", "name": "name", "created_at": "created"}),
    ("klaviyo", "metric"): ("stg_klaviyo__metrics", {
        "metric_id": "id", "name": "name", "integration_name": "integration_name"}),
    ("klaviyo", "person"): ("stg_klaviyo__persons", {
        "person_id": "id", "email": lower("email"), "phone": "phone_number", "created_at": "created"}),
    ("zendesk", "ticket_comment"): ("stg_zendesk__ticket_comments", {
        "comment_id": "id", "ticket_id": "ticket_id", "author_id": "user_id", "is_public": "public",
        "commented_at": "created"}),
    ("zendesk", "ticket"): ("stg_zendesk__tickets", {
        "ticket_id": "id", "requester_id": "requester_id", "status": "status", "created_at": "created_at",
        "source_order_id": "external_id", "merged_ticket_ids": "merged_ticket_ids"}),
    ("zendesk", "ticket_field_history"): ("stg_zendesk__ticket_field_changes", {
        "ticket_id": "ticket_id", "field_name": "field_name", "value": "value", "changed_at": "updated"}),
    ("zendesk", "ticket_tag"): ("stg_zendesk__ticket_tags", {"ticket_id": "ticket_id", "tag": "tag"}),
    ("zendesk", "user"): ("stg_zendesk__users", {
        "user_id": "id", "email": lower("email"), "phone": "phone", "role": "role",
        "source_customer_id": "external_id"}),
    ("hubspot", "contact"): ("stg_hubspot__contacts", {
        "contact_id": "id", "email": lower("property_email"), "first_name": "property_firstname",
        "merged_contact_ids": "property_hs_merged_object_ids", "created_at": "property_createdate"}),
    ("hubspot", "contact_list"): ("stg_hubspot__contact_lists", {
        "list_id": "id", "name": "name", "created_at": "created_at"}),
    ("hubspot", "contact_list_member"): ("stg_hubspot__contact_list_members", {
        "list_id": "contact_list_id", "contact_id": "contact_id", "added_at": "added_at"}),
    ("hubspot", "deal"): ("stg_hubspot__deals", {
        "deal_id": "deal_id", "amount": "property_amount", "created_at": "property_createdate",
        "closed_at": "property_closedate"}),
    ("web", "pages"): ("stg_web__pages", {
        **EVENT, "path": "path", "title": "title", "campaign_source": "context_campaign_source"}),
    ("web", "product_viewed"): ("stg_web__product_views", {
        **EVENT, "sku": "sku", "category": "category", "price": "price"}),
    ("web", "product_added"): ("stg_web__cart_additions", {
        **EVENT, "cart_id": "cart_id", "sku": "sku", "price": "price", "quantity": "quantity"}),
    ("web", "product_removed"): ("stg_web__cart_removals", {
        **EVENT, "cart_id": "cart_id", "sku": "sku", "price": "price", "quantity": "quantity"}),
    ("web", "product_list_viewed"): ("stg_web__product_list_views", {
        **EVENT, "list_id": "list_id", "category": "category"}),
    ("web", "products_searched"): ("stg_web__product_searches", {**EVENT, "query": "query"}),
    ("web", "cart_viewed"): ("stg_web__cart_views", {**EVENT, "cart_id": "cart_id"}),
    ("web", "checkout_started"): ("stg_web__checkouts_started", {
        **EVENT, "source_order_id": "order_id", "value": "value", "currency": "currency"}),
    ("web", "order_completed"): ("stg_web__orders_completed", {**EVENT, "source_order_id": "order_id"}),
    ("web", "order_refunded"): ("stg_web__orders_refunded", {
        **EVENT, "source_order_id": "order_id", "total": "total", "currency": "currency"}),
    ("web", "tracks"): ("stg_web__tracks", {**EVENT, "event_name": "event"}),
    ("web", "identifies"): ("stg_web__identifies", {
        "event_id": "id", "anonymous_id": "anonymous_id", "user_id": "user_id", "email": lower("email")}),
}  # fmt: skip
# (model, its column, the model it refers to, the column there): both rows must have a match.
JOINS = [
    ("stg_shopify__orders", "source_customer_id", "stg_shopify__customers", "source_customer_id"),
    ("stg_shopify__order_lines", "source_order_id", "stg_shopify__orders", "source_order_id"),
    ("stg_shopify__order_line_refunds", "source_line_id", "stg_shopify__order_lines", "source_line_id"),
    ("stg_shopify__order_line_refunds", "source_refund_id", "stg_shopify__refunds", "source_refund_id"),
    ("stg_shopify__product_variants", "inventory_item_id", "stg_shopify__inventory_items", "inventory_item_id"),
    ("stg_shopify__inventory_quantities", "inventory_level_id", "stg_shopify__inventory_levels", "inventory_level_id"),
    ("stg_shopify__inventory_levels", "location_id", "stg_shopify__locations", "location_id"),
    ("stg_shopify__customer_tags", "source_customer_id", "stg_shopify__customers", "source_customer_id"),
    ("stg_klaviyo__events", "person_id", "stg_klaviyo__persons", "person_id"),
    ("stg_klaviyo__events", "flow_id", "stg_klaviyo__flows", "flow_id"),
    ("stg_zendesk__ticket_comments", "ticket_id", "stg_zendesk__tickets", "ticket_id"),
    ("stg_zendesk__tickets", "requester_id", "stg_zendesk__users", "user_id"),
    ("stg_hubspot__contact_list_members", "contact_id", "stg_hubspot__contacts", "contact_id"),
    ("stg_hubspot__contact_list_members", "list_id", "stg_hubspot__contact_lists", "list_id"),
    ("stg_web__orders_completed", "source_order_id", "stg_shopify__orders", "source_order_id"),
    ("stg_web__pages", "user_id", "stg_shopify__customers", "source_customer_id"),
]


def deliver(zone: Zone, key: Key, rows: list[Row], kind: str, name: str = "rows_2026-06-01") -> None:
    path = f"{key[0]}/{key[1]}/{name}.{kind}"
    if kind == "parquet":
        pq.write_table(as_arrow(rows), zone.deliver(path, b""))
    else:
        zone.deliver(path, as_csv(rows) if kind == "csv" else as_json_lines(rows))


def normalised(value: Any) -> Any:
    """A delivered value as it is stored: timestamps are in UTC, without time zone."""
    return value.astimezone(UTC).replace(tzinfo=None) if isinstance(value, datetime) else value


def staged(value: Any, found: Any) -> Any:
    """The delivered value in the type found: an id delivered as a number becomes text."""
    return str(value) if isinstance(found, str) else normalised(value)


def build_staging(workspace: Workspace, variables: dict[str, Any]) -> None:
    copy_missing_seeds(workspace, lambda _: None)
    # Without the validation rules, which need seeds: nothing is held back.
    wanted = ["--select", "path:models/staging", "--exclude", "path:models/staging/intermediate"]
    wanted += ["--indirect-selection", "cautious"]
    command = ["build", *wanted, "--exclude-resource-type", "unit_test", *STRICT]
    run_dbt(workspace, command, variables=variables, progress=lambda _: None)


@pytest.fixture(scope="module")
def zones(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Zone]:
    """One loaded zone per format, and one in which neighbouring tables have different formats."""
    made: dict[str, Zone] = {}
    for kind in (*FORMATS, "mixed"):
        made[kind] = zone = Zone(tmp_path_factory.mktemp(kind))
        for number, key in enumerate(SHAPES):
            deliver(zone, key, rows_of(key), FORMATS[number % 3] if kind == "mixed" else kind)
        zone.load()
    return made


@pytest.fixture(scope="module")
def staged_zone(zones: dict[str, Zone]) -> Workspace:
    build_staging(zones["mixed"].workspace, SETTINGS)
    return zones["mixed"].workspace


@pytest.fixture(scope="module")
def connector_workspace(tmp_path_factory: pytest.TempPathFactory) -> Workspace:
    """A warehouse filled by a connector: schemas named after the systems, the connector's types, no intake."""
    workspace = workspace_in(tmp_path_factory.mktemp("connector"))
    with open_warehouse(workspace.warehouse) as connection:
        for (source, table), file in {key: workspace.home / f"{key[0]}_{key[1]}.parquet" for key in SHAPES}.items():
            pq.write_table(as_arrow(rows_of((source, table))), file)
            connection.execute(f"create schema if not exists {source}")
            connection.execute(f"create table {source}.{quote(table)} as from {literal(str(file))}")
    build_staging(workspace, {**SETTINGS, "raw_schema_prefix": ""})
    return workspace


def test_every_shape_is_staged() -> None:
    assert set(STAGED) == set(SHAPES)
    assert len([key for key in SHAPES if key[0] == "shopify"]) == 23


@pytest.mark.parametrize("kind", [*FORMATS, "mixed"])
def test_every_row_is_loaded_and_nothing_is_reported_as_drift(zones: dict[str, Zone], kind: str) -> None:
    zone = zones[kind]
    loaded = zone.rows("select source_name, table_name, landed_rows, accepted_rows from intake.files order by all")
    assert loaded == sorted((*key, 2, 2) for key in SHAPES)
    assert zone.rejects() == []
    assert zone.rows("select * from intake.schema_drift") == []


@pytest.mark.parametrize("key", SHAPES, ids="/".join)
def test_every_format_stores_the_same(zones: dict[str, Zone], key: Key) -> None:
    contract = load_contracts()[key[0]].tables[key[1]]
    # Without the hash of the content, in which columns that nobody reads count as text, as each format writes it.
    columns = ", ".join(quote(column.name) for column in contract.stored_columns)
    relation = f"raw_{key[0]}.{quote(key[1])}"
    stored = [zones[kind].rows(f"select {columns} from {relation} order by all") for kind in FORMATS]
    assert stored[0] == stored[1] == stored[2]
    assert len(stored[0]) == 2


@pytest.mark.parametrize("kind", ["staged", *FORMATS])
def test_secrets_are_nowhere_in_the_warehouse(zones: dict[str, Zone], staged_zone: Workspace, kind: str) -> None:
    workspace = staged_zone if kind == "staged" else zones[kind].workspace
    search_for_secrets(workspace)


def search_for_secrets(workspace: Workspace) -> None:
    """Search every value of every column, and the bytes of the files."""
    assert tables_with(workspace, ["Anna.0@Example.com"]), "the search finds nothing"
    assert tables_with(workspace, CANARY_TEXTS) == []
    for file in workspace.home.glob("*.duckdb*"):
        content = file.read_bytes()
        assert not [text for text in CANARY_TEXTS if text.encode() in content], file.name


def tables_with(workspace: Workspace, texts: list[str]) -> list[str]:
    """Tables with a row that contains one of the texts in any column."""
    pattern = "|".join(text.replace(".", "[.]") for text in texts)
    query = "select count(*) from {} as one where regexp_matches(cast(one as varchar), ?)"
    found = []
    with open_warehouse(workspace.warehouse, read_only=True) as connection:
        for schema, table in connection.execute("select schema_name, table_name from duckdb_tables()").fetchall():
            if connection.execute(query.format(f"{quote(schema)}.{quote(table)}"), [pattern]).fetchone() != (0,):
                found.append(f"{schema}.{table}")
    return found


@pytest.mark.parametrize("kind", FORMATS)
def test_a_refused_row_is_kept_without_its_secrets(zone: Zone, kind: str) -> None:
    rows = rows_of(("shopify", "abandoned_checkout"))
    for row in rows:
        row["created_at"] = "soon"
    deliver(zone, ("shopify", "abandoned_checkout"), rows, kind)
    zone.load()
    payloads = [json.loads(payload) for (payload,) in zone.rows("select payload from intake.rejects")]
    assert [payload["email"] for payload in payloads] == ["Anna.0@Example.com", "Anna.1@Example.com"]
    assert all(payload["created_at"] == "soon" and "credit_card_number" not in payload for payload in payloads)
    search_for_secrets(zone.workspace)


def test_a_line_that_cannot_be_split_is_kept_without_card_number_and_ip_address(zone: Zone) -> None:
    header, *lines = as_csv(rows_of(("shopify", "order"))).splitlines()
    lines = [line.replace("203.0.113.77", "203.0.113.77,4000 0566 5566 5556") for line in lines]
    zone.deliver("shopify/order/rows.csv", "\n".join([header, *lines]) + "\n")
    zone.load()
    kept = [payload for (payload,) in zone.rows("select payload from intake.rejects")]
    assert len(kept) == 2
    for line in kept:
        assert "Anna." in line and "[left out],[left out]" in line
        assert "203.0.113" not in line and "5566" not in line


def test_a_column_that_is_neither_declared_nor_ignored_is_drift(zone: Zone) -> None:
    rows = [row | {"loyalty_tier": "gold", "custom_hat": "L"} for row in rows_of(("klaviyo", "person"))]
    deliver(zone, ("klaviyo", "person"), rows, "csv")
    rows = [{name: value for name, value in row.items() if name != "updated"} for row in rows_of(("klaviyo", "flow"))]
    deliver(zone, ("klaviyo", "flow"), rows, "jsonl")
    zone.load()
    assert zone.rows("select table_name, column_name, drift from intake.schema_drift order by all") == [
        ("flow", "updated", "missing_optional"),
        ("person", "loyalty_tier", "extra"),
    ]


@pytest.mark.parametrize("key", STAGED, ids="/".join)
@pytest.mark.parametrize("loader", ["intake", "connector"])
def test_staging_reads_the_rows(loader: str, key: Key, request: pytest.FixtureRequest) -> None:
    workspace = request.getfixturevalue("staged_zone" if loader == "intake" else "connector_workspace")
    model, reading = STAGED[key]
    delivered = rows_of(key)
    names = list(reading)
    first, source = names[0], reading[names[0]]
    assert isinstance(source, str)
    with open_warehouse(workspace.warehouse, read_only=True) as connection:
        for row in delivered:
            found = connection.execute(
                f"select {', '.join(names)} from staging.{model} where {first} = ? and known_at is not null",
                [str(row[source])],
            ).fetchall()
            assert len(found) == 1, f"{model}: {len(found)} rows of {first}"
            for name, value in zip(names, found[0], strict=True):
                how = reading[name]
                assert value == staged(row[how] if isinstance(how, str) else how(row), value), f"{model}.{name}"


@pytest.mark.parametrize("loader", ["intake", "connector"])
def test_ids_join_whatever_type_they_were_delivered_as(loader: str, request: pytest.FixtureRequest) -> None:
    workspace = request.getfixturevalue("staged_zone" if loader == "intake" else "connector_workspace")
    with open_warehouse(workspace.warehouse, read_only=True) as connection:
        for child, reference, parent, key in JOINS:
            matched = connection.execute(
                f"select count(*) from staging.{child} as c join staging.{parent} as p on c.{reference} = p.{key}"
            ).fetchone()
            assert matched == (2,), f"{child}.{reference}"


def test_both_loaders_stage_the_same(staged_zone: Workspace, connector_workspace: Workspace) -> None:
    for model, _ in STAGED.values():
        read = []
        for workspace in (staged_zone, connector_workspace):
            with open_warehouse(workspace.warehouse, read_only=True) as connection:
                # A deal has no timestamp: it is known since its delivery, or always.
                columns = "* exclude (known_at)" if model == "stg_hubspot__deals" else "*"
                read.append(connection.execute(f"select {columns} from staging.{model} order by all").fetchall())
        assert read[0] == read[1], model


@pytest.mark.parametrize("loader", ["intake", "connector"])
def test_an_event_known_from_tracks_alone_counts_once(loader: str, request: pytest.FixtureRequest) -> None:
    workspace = request.getfixturevalue("staged_zone" if loader == "intake" else "connector_workspace")
    own = [row["id"] for row in rows_of(("web", "products_searched"))]
    tracked = [row["id"] for row in rows_of(("web", "tracks"))]
    assert len(set(own) & set(tracked)) == 1
    with open_warehouse(workspace.warehouse, read_only=True) as connection:
        events = connection.execute("select event_id, query from staging.stg_web__product_searches").fetchall()
    assert sorted(event for event, _ in events) == sorted(set(own) | set(tracked))
    assert [event for event, query in events if query is None] == sorted(set(tracked) - set(own))


@pytest.mark.verify
def test_the_whole_project_builds_on_connector_tables(connector_workspace: Workspace) -> None:
    """Marts too, with nothing but these tables."""
    run_dbt(
        connector_workspace,
        ["build", "--exclude-resource-type", "unit_test", *STRICT],
        variables={**SETTINGS, "raw_schema_prefix": ""},
        progress=lambda _: None,
    )
    with open_warehouse(connector_workspace.warehouse, read_only=True) as connection:
        assert connection.execute("select count(*) from marts.orders").fetchone() == (2,)
        systems = connection.execute("select distinct source_system from marts.customer_identities").fetchall()
    assert {"shopify", "klaviyo", "zendesk", "hubspot", "web"} <= {system for (system,) in systems}


CONTRACT = """
sources:
  - name: shop
    config: {meta: {switch: using_shop, sla_hours: 24}}
    tables:
      - name: thing
        config: {meta: {key: [id], ignored_columns: [%s]}}
        columns:
          - {name: id, data_type: varchar, config: {meta: {required: true%s}}}
"""


@pytest.mark.parametrize(
    ("ignored", "more", "message"),
    [
        ("colour, id", "", "shop/thing.id is both declared and in ignored_columns"),
        ('"c*r"', "", "ignored column c*r must be a lower-case name"),
        ("Colour", "", "ignored column Colour must be a lower-case name"),
        ("colour", ", may_be_absent: true", "shop/thing.id is required, so it cannot be may_be_absent"),
    ],
)
def test_a_contract_that_contradicts_itself_is_refused(tmp_path: Path, ignored: str, more: str, message: str) -> None:
    file = tmp_path / "shop" / "_shop__sources.yml"
    file.parent.mkdir()
    file.write_text(CONTRACT % (ignored, more))
    with pytest.raises(UserError) as problem:
        load_contracts(tmp_path)
    assert message in str(problem.value)


def test_a_pattern_ignores_all_but_declared_columns(tmp_path: Path) -> None:
    file = tmp_path / "shop" / "_shop__sources.yml"
    file.parent.mkdir()
    file.write_text(CONTRACT % ('"i*", colour', ""))
    table = load_contracts(tmp_path)["shop"].tables["thing"]
    assert [table.ignores(name) for name in ("id", "idea", "colour", "colours")] == [False, True, True, False]


def test_no_contract_stores_a_secret() -> None:
    """No table has a column whose name suggests a secret."""
    words = ("latitude", "longitude", "credit_card", "cvv", "verification_value", "authenticity", "_ip", "_token")
    names = [
        f"{table.label}.{column.name}"
        for source in load_contracts().values()
        for table in source.tables.values()
        for column in table.columns
        if column.name.endswith(words)
        or any(word in column.name for word in words[:6])
        or column.name in ("ip", "token")
    ]
    assert names == []
