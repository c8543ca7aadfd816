"""Payments, totals and statuses of orders against the simulator's truth and an independent calculation in pandas."""

from __future__ import annotations

from collections.abc import Iterator
from decimal import Decimal

import duckdb
import pandas as pd
import pytest

from scripts.platform.warehouse import open_warehouse
from scripts.platform.workspace import Workspace


@pytest.fixture(scope="module")
def built(demo_workspace: Workspace) -> Iterator[duckdb.DuckDBPyConnection]:
    with open_warehouse(demo_workspace.warehouse, read_only=True) as connection:
        yield connection


@pytest.fixture(scope="module")
def orders(demo_workspace: Workspace, built: duckdb.DuckDBPyConnection) -> pd.DataFrame:
    """Every order of the marts with what the simulator knows about it."""
    truth = pd.read_parquet(demo_workspace.truth / "orders.parquet")
    truth["order_id"] = truth["source_system"] + ":" + truth["source_order_id"]
    planted = pd.read_parquet(demo_workspace.truth / "planted.parquet")
    headers = planted[planted["table"].isin(["order", "receipt"]) & (planted["expected"] != "dedupe")]
    truth["is_corrupted"] = truth["source_order_id"].isin(headers["record_key"])
    truth = truth.drop(columns=["source_system", "ordered_at", "is_counted"])
    mine = built.execute(
        "select * exclude (order_total), cast(order_total as double) as order_total from marts.orders"
    ).df()
    return mine.merge(truth, on="order_id")


def newest(connection: duckdb.DuckDBPyConnection, table: str, key: list[str], stamp: str) -> pd.DataFrame:
    """The latest version of every record known by the end of 30 June; ties go to the one delivered later, then to the
    smaller hash."""
    end = pd.Timestamp("2026-07-01", tz="Europe/London").tz_convert("UTC").tz_localize(None)
    rows = connection.execute(f"select * from {table}").df()
    rows = rows[rows[stamp] < end]
    # A version blocked by a rule is left out; a quarantined one also excludes all versions before it.
    source, name = table.replace('"', "").removeprefix("raw_").split(".")
    violations = connection.execute(
        "select record_key, version_hash, known_at, severity from intermediate.int_record_violations"
        " where is_blocking and source = ? and table_name = ?",
        [source, name],
    ).df()
    held = violations[violations["severity"] == "quarantine"].groupby("record_key")["known_at"].max()
    record = rows[key].astype(str).agg("|".join, axis=1)
    is_held = rows[stamp] <= record.map(held).fillna(pd.Timestamp("1900-01-01").as_unit("us"))
    rows = rows[~rows["_record_hash"].astype(str).isin(violations["version_hash"]) & ~is_held]
    rows = rows.sort_values([stamp, "_delivered_at", "_record_hash"], ascending=[False, False, True])
    return rows.drop_duplicates(key, keep="first")


def money(value: object) -> Decimal:
    return Decimal("0") if pd.isna(value) else Decimal(str(value))


def by(rows: pd.DataFrame, column: str, amount: str) -> dict[str, Decimal]:
    sums: dict[str, Decimal] = {}
    for name, value in zip(rows[column], rows[amount], strict=True):
        sums[name] = sums.get(name, Decimal("0")) + money(value)
    return {name: value.quantize(Decimal("0.01")) for name, value in sums.items()}


def test_payments_by_method_equal_an_independent_calculation(built: duckdb.DuckDBPyConnection) -> None:
    """Successful, real money of known real orders in pounds, per source and method, straight from the raw rows."""
    shop_orders = newest(built, 'raw_shopify."order"', ["id"], "_fivetran_synced")
    real = shop_orders[(shop_orders["currency"] == "GBP") & ~shop_orders["test"].fillna(False).astype(bool)]
    paid = newest(built, "raw_shopify.transaction", ["id"], "_fivetran_synced")
    paid = paid[paid["kind"].isin(["sale", "capture"]) & (paid["status"] == "success")]
    paid = paid[~paid["test"].fillna(False).astype(bool) & paid["order_id"].isin(real["id"])]
    # A planted currency that does not exist has no rate: its money is unknown, and in no sum.
    paid = paid[paid["currency"].fillna("GBP") == "GBP"]
    receipts = newest(built, "raw_pos.receipt", ["receipt_id"], "synced_at")
    receipts = receipts[(receipts["status"] == "completed") & (receipts["currency"] == "GBP")]
    tills = newest(built, "raw_pos.receipt_payment", ["receipt_id", "payment_number"], "synced_at")
    tills = tills[tills["receipt_id"].isin(receipts["receipt_id"]) & (tills["amount"] >= 0)]
    mine = built.execute(
        """
        select source_system, method, sum(amount) as amount from marts.order_payments
        where kind = 'payment' and not is_pending and order_currency = 'GBP' group by all
        """
    ).df()
    for system, expected in (("shopify", by(paid, "gateway", "amount")), ("pos", by(tills, "method", "amount"))):
        assert len(expected) >= 3, system
        assert by(mine[mine["source_system"] == system], "method", "amount") == expected, system


def test_order_totals_by_channel_equal_an_independent_calculation(built: duckdb.DuckDBPyConnection) -> None:
    """What customers in pounds had to pay, per channel: stated by shop and tills, added up for marketplaces."""
    shop = newest(built, 'raw_shopify."order"', ["id"], "_fivetran_synced")
    shop["channel"] = shop["source_name"].map(lambda name: "store" if name == "pos" else "online")
    shop = shop.rename(columns={"total_price": "total"})
    tills = newest(built, "raw_pos.receipt", ["receipt_id"], "synced_at")
    tills = tills.rename(columns={"sales_channel": "channel", "total_amount": "total"})
    market = newest(built, 'raw_marketplace."order"', ["order_id"], "synced_at").assign(channel="marketplace")
    items = newest(built, "raw_marketplace.order_item", ["order_item_id"], "synced_at")
    parts = {order: Decimal("0") for order in market["order_id"]}
    for row in items.itertuples(index=False):
        if row.order_id in parts:
            parts[row.order_id] += money(row.item_price) - money(row.promotion_discount) + money(row.item_tax)
    market["total"] = [
        parts[row.order_id] + money(row.shipping_amount) + money(row.shipping_tax_amount)
        for row in market.itertuples(index=False)
    ]
    wanted = pd.concat([rows[["channel", "currency", "total"]] for rows in (shop, tills, market)])
    mine = built.execute("select channel, order_total from marts.orders where currency = 'GBP'").df()
    expected = by(wanted[wanted["currency"] == "GBP"], "channel", "total")
    assert set(expected) == {"online", "store", "phone", "mail_order", "marketplace"}
    assert by(mine, "channel", "order_total") == expected


def test_statuses_agree_with_the_simulator(orders: pd.DataFrame) -> None:
    """An order's simulated state shows in its statuses; records that arrive late explain the rest. Orders with a
    corrupted version keep the status of their last good version and are left out."""
    orders = orders[~orders["is_corrupted"]]
    allowed = {
        "test": {"test"},
        "training": {"test"},
        "voided": {"cancelled"},
        "cancelled": {"cancelled"},
        "pending": {"awaiting payment"},
        "normal": {"paid", "fulfilled", "delivered", "partly refunded", "refunded", "returned"},
    }
    assert set(orders["state"]) >= {"normal", "cancelled", "pending", "voided"}
    # The simulated marketplaces ship orders that the simulator considers unpaid.
    for state, rows in orders[(orders["state"] != "pending") | (orders["channel"] == "online")].groupby("state"):
        # A cancellation or a refund of the last days may not be known yet; a planted fault may hide a version.
        assert rows["order_status"].isin(allowed[state]).mean() > 0.9, state
        assert rows["order_status"].isin(allowed[state]).sum() >= len(rows) - 3 - 0.002 * len(rows), state
    delivered = orders[(orders["state"] == "normal") & (orders["source_system"] == "pos")]
    in_store = delivered[delivered["channel"] == "store"]
    assert in_store["fulfilment_status"].isin(["delivered", "returned"]).all()
    assert (in_store["delivered_at"] == in_store["ordered_at"]).all()


def test_totals_and_payments_equal_what_the_simulator_charged(orders: pd.DataFrame) -> None:
    pounds = orders[orders["currency"] == "GBP"]
    # Where a planted fault removed a line: shop and tills state the total, for a marketplace order it is summed.
    for system, rows in pounds.groupby("source_system"):
        assert ((rows["order_total"] - rows["total"]).abs() < 0.005).mean() > 0.98, system
        paid = rows[(rows["state"] == "normal")]
        received = paid["amount_paid"].astype(float)
        assert ((received - paid["total"]).abs() < 0.005).mean() > 0.98, system
        assert paid["paid_at"].notna().mean() > 0.99, system
        waiting = rows[
            rows["state"].isin(["voided", "training", "test", *(["pending"] if system == "shopify" else [])])
        ]
        assert (waiting["amount_paid"].astype(float) == 0).all(), system


def test_what_does_not_add_up_was_planted(demo_workspace: Workspace, built: duckdb.DuckDBPyConnection) -> None:
    """Every order whose parts miss its total, or whose money contradicts its status, has a record that the simulator
    corrupted."""
    mismatched = built.execute(
        """
        select order_id from intermediate.int_order_reconciliation
        where total_state in ('differs', 'no lines') or payment_state <> 'agrees'
        """
    ).df()
    planted = pd.read_parquet(demo_workspace.truth / "planted.parquet")
    keys = {part for key in planted["record_key"].dropna() for part in key.split("|")}
    children = built.execute(
        """
        select 'shopify:' || order_id as order_id, id from raw_shopify.order_line
        union all select 'shopify:' || order_id, id from raw_shopify.transaction
        union all select 'shopify:' || order_id, id from raw_shopify.refund
        """
    ).df()
    corrupted = set(children[children["id"].isin(keys)]["order_id"])
    known = {order for order in mismatched["order_id"] if order.split(":")[1] in keys or order in corrupted}
    # A record rejected at intake is in no raw table, so its order lacks just that.
    rejected = built.execute(
        """
        select count(*) from intake.rejects
        where source_name in ('shopify', 'pos', 'marketplace')
        """
    ).fetchone()
    assert rejected is not None
    assert 0 < len(mismatched) < 0.02 * len(planted) + rejected[0]
    assert len(set(mismatched["order_id"]) - known) <= rejected[0]


def test_every_money_record_is_accounted_for(built: duckdb.DuckDBPyConnection) -> None:
    """The records in the reconciliation are those of staging, with the same sums."""
    reconciled = built.execute(
        """
        select source_system, subject, sum(record_count) as n, sum(amount) as amount
        from marts.money_reconciliation where check_name = 'records' group by all
        """
    ).fetchall()
    sums = {(row[0], row[1]): (row[2], row[3]) for row in reconciled}
    for key, query in {
        ("shopify", "order"): "select count(*), sum(total_price) from staging.stg_shopify__orders",
        ("pos", "order"): "select count(*), sum(total_amount) from staging.stg_pos__receipts",
        ("marketplace", "order"): "select count(*), null from staging.stg_marketplace__orders",
        ("shopify", "order line"): "select count(*), sum(unit_price * quantity) from staging.stg_shopify__order_lines",
        ("pos", "order line"): "select count(*), sum(unit_price * quantity) from staging.stg_pos__receipt_lines",
        ("shopify", "payment"): "select count(*), sum(amount) from staging.stg_shopify__transactions",
        ("pos", "payment"): "select count(*), sum(abs(amount)) from staging.stg_pos__receipt_payments",
        ("returns", "refund"): "select count(*), sum(refund_amount) from staging.stg_returns__return_lines",
    }.items():
        assert sums[key] == built.execute(query).fetchone(), key
