"""A retailer with randomly drawn orders, in the tables that data profiles read: 60 orders a day in three channels."""

from __future__ import annotations

import json
from graphlib import TopologicalSorter
from pathlib import Path

import numpy as np
import pandas as pd

from scripts.pipeline.steps import setup
from scripts.platform.build_record import ALL
from scripts.platform.dbt import run_dbt
from scripts.platform.warehouse import open_warehouse
from scripts.platform.workspace import Workspace
from tests.support.small_workspace import AS_OF, small_workspace

LAST_DAY = pd.Timestamp(AS_OF)
FOLDER = "models/monitoring/intermediate/data_profiles"
DAYS = 420
CHANNELS = {"online": 30, "store": 20, "marketplace": 10}

# The relations upstream of the profiles, with the columns that the profiles read. All except the orders stay empty.
UPSTREAM = {
    "int_order_lines": "line_id varchar, sku varchar, line_type varchar, is_promoted boolean, ordered_date date",
    "int_products": "sku varchar",
    "int_returns": "return_id varchar, order_id varchar, returned_date date",
    "int_order_payment_totals": "order_id varchar, payment_method varchar",
    "int_message_events": "event_type varchar, occurred_date date",
    "int_web_sessions": "session_date date, customer_id varchar, cart_addition_count bigint",
    "int_web_events": "event_id varchar, event_type varchar, source_order_id varchar, occurred_date date",
    "int_tickets": "ticket_id varchar, created_date date, is_complaint boolean",
    "int_customer_spine": "customer_id varchar, first_seen_date date",
    "int_orders": (
        "order_id varchar, customer_id varchar, channel varchar, currency varchar, payment_method varchar,"
        " ship_country_code varchar, ordered_at timestamp, ordered_date date, delivered_at timestamp,"
        " has_known_currency boolean, is_test boolean, line_count bigint, unit_count bigint,"
        " gross_revenue decimal(18, 2), discounts decimal(18, 2), tax decimal(18, 2), returns_amount decimal(18, 2),"
        " shipping_revenue decimal(18, 2), gift_card_amount decimal(18, 2), not_counted_reason varchar"
    ),
}

# Columns that profiles read from marts.order_lines, in addition to those of the small workspace.
LINE_COLUMNS = (
    "line_id varchar", "category varchar", "line_type varchar", "quantity bigint", "returned_units bigint",
    "ordered_date date",
)  # fmt: skip


def drawn_orders(seed: int = 1) -> pd.DataFrame:
    """One row per order with the columns of int_orders: three channels, two currencies, log-normal values."""
    generator = np.random.default_rng(seed)
    parts = []
    for channel, mean in CHANNELS.items():
        days = LAST_DAY - pd.to_timedelta(np.arange(DAYS), unit="D")
        weekend = np.where(days.day_of_week >= 5, 1.3, 0.9)
        parts.append(
            pd.DataFrame({"ordered_date": np.repeat(days, generator.poisson(mean * weekend))}).assign(channel=channel)
        )
    orders = pd.concat(parts, ignore_index=True)
    count = len(orders)
    gross = np.exp(generator.normal(4, 0.8, count)).round(2)
    discounted = generator.random(count) < 0.3
    discounts = np.where(discounted, (gross * 0.2).round(2), 0)
    has_customer = generator.random(count) < np.where(orders["channel"] == "store", 0.6, 1.0)
    return orders.assign(
        order_id=[f"o{number}" for number in range(count)],
        customer_id=np.where(has_customer, [f"c{number % 5000}" for number in range(count)], None),
        currency=np.where(generator.random(count) < 0.9, "GBP", "EUR"),
        payment_method=np.where(generator.random(count) < 0.7, "card", "wallet"),
        ship_country_code="GB",
        ordered_at=orders["ordered_date"] + pd.Timedelta(hours=12),
        delivered_at=orders["ordered_date"] + pd.Timedelta(hours=60),
        has_known_currency=True,
        is_test=False,
        line_count=1,
        unit_count=1 + generator.poisson(1, count),
        gross_revenue=gross,
        discounts=discounts,
        tax=((gross - discounts) * 0.2).round(2),
        returns_amount=0,
        shipping_revenue=0,
        gift_card_amount=0,
        not_counted_reason=None,
    )


def profiled_workspace(home: Path) -> Workspace:
    """A workspace ready to publish, with the shipped limits, and with profiles computed by dbt on empty relations."""
    workspace = small_workspace(home)
    setup(workspace, lambda _: None)
    with open_warehouse(workspace.warehouse) as connection:
        connection.execute("create schema if not exists intermediate")
        for name, columns in UPSTREAM.items():
            connection.execute(f"create table intermediate.{name} ({columns})")
        for column in LINE_COLUMNS:
            connection.execute(f"alter table marts.order_lines add column {column}")
    run_dbt(
        workspace,
        ["build", "--exclude-resource-type", "unit_test", "--select", "expectation_limits", f"path:{FOLDER}"],
        variables={"as_of_date": AS_OF},
        kind=ALL,
        progress=lambda _: None,
    )
    return workspace


def put_orders(workspace: Workspace, orders: pd.DataFrame) -> None:
    """Replace the orders and recompute the profiles, with the statements that dbt has compiled for this workspace.

    The statements run in a second; another dbt run would take ten.
    """
    target = workspace.home / "dbt" / "target"
    nodes = json.loads((target / "manifest.json").read_text(encoding="utf-8"))["nodes"]
    profiles = {
        key: node
        for key, node in nodes.items()
        if node["original_file_path"].startswith(FOLDER) and node["resource_type"] == "model"
    }
    ordered = TopologicalSorter({key: node["depends_on"]["nodes"] for key, node in profiles.items()}).static_order()
    with open_warehouse(workspace.warehouse) as connection:
        connection.execute("delete from intermediate.int_orders")
        if len(orders):
            connection.register("drawn", orders)
            connection.execute("insert into intermediate.int_orders by name select * from drawn")
        for node in (profiles[key] for key in ordered if key in profiles):
            compiled = target / "compiled" / "customer_segmentation" / node["original_file_path"]
            kind = "view" if node["config"]["materialized"] == "view" else "table"
            connection.execute(
                f"create or replace {kind} intermediate.{node['name']} as {compiled.read_text(encoding='utf-8')}"
            )
