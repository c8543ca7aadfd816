"""Revenue and RFM, compared with independent calculations in pandas."""

from __future__ import annotations

from decimal import ROUND_HALF_EVEN, Decimal

import numpy as np
import pandas as pd

from scripts.platform.warehouse import open_warehouse
from scripts.platform.workspace import Workspace
from tests.support.rfm_scores import rfm_scores

CENT = Decimal("0.01")


def cents(value: Decimal) -> Decimal:
    return value.quantize(CENT, rounding=ROUND_HALF_EVEN)


def test_till_revenue_equals_an_independent_calculation_from_raw_receipts(demo_workspace: Workspace) -> None:
    """Net revenue, without gift cards, of every counted receipt in pounds, from the raw rows alone."""
    with open_warehouse(demo_workspace.warehouse, read_only=True) as connection:
        receipts = connection.execute("select * from raw_pos.receipt").df()
        lines = connection.execute("select * from raw_pos.receipt_line").df()
        orders = connection.execute(
            """
            select order_id, gross_revenue, discounts from marts.orders
            where source_system = 'pos' and currency = 'GBP' and is_counted
            """
        ).df()
    receipts = receipts.sort_values(["synced_at", "_record_hash"]).drop_duplicates("receipt_id", keep="last")
    included = receipts.set_index("receipt_id")["prices_include_tax"].fillna(False)
    lines = lines.sort_values(["synced_at", "_record_hash"])
    # The newest version counts; of two with the same timestamp, the one with the smaller hash.
    newest = lines.groupby(["receipt_id", "line_number"])["synced_at"].transform("max")
    lines = lines[lines["synced_at"] == newest].drop_duplicates(["receipt_id", "line_number"], keep="first")
    expected: dict[str, Decimal] = {}
    for row in lines.itertuples(index=False):
        if row.line_type == "gift_card":
            continue
        net = Decimal(str(row.unit_price)) * int(row.quantity) - Decimal(str(row.discount_amount or 0))
        if included.get(row.receipt_id, False):
            tax = Decimal("0") if pd.isna(row.tax_amount) else Decimal(str(row.tax_amount))
            net -= tax
        key = f"pos:{row.receipt_id}"
        expected[key] = expected.get(key, Decimal("0")) + cents(net)
    assert len(orders) > 100
    for row in orders.itertuples(index=False):
        assert Decimal(str(row.gross_revenue)) - Decimal(str(row.discounts)) == expected[row.order_id], row.order_id


def test_rfm_equals_pandas(demo_workspace: Workspace) -> None:
    """Scores by definition: 1 + the number of quintile cut points strictly below the value."""
    with open_warehouse(demo_workspace.published / "marts.duckdb", read_only=True) as connection:
        orders = connection.execute("select * from marts.orders where is_counted and customer_id is not null").df()
        returns = connection.execute("select * from marts.returns where is_counted and customer_id is not null").df()
        rfm = connection.execute("select * from marts.customer_rfm").df().set_index("customer_id")
        consents = connection.execute("select * from marts.customer_consents where purpose = 'profiling'").df()
    # Customers who object to profiling have no score.
    objectors = set(consents[consents["status"] == "opted_out"]["customer_id"])
    assert objectors & set(orders["customer_id"]), "the test would be vacuous"
    assert not objectors & set(rfm.index)
    orders = orders[~orders["customer_id"].isin(objectors)]
    returns = returns[~returns["customer_id"].isin(objectors)]
    end = pd.Timestamp(rfm["as_of_date"].iloc[0])
    orders = orders[orders["ordered_date"] > end - pd.Timedelta(days=730)]
    returns = returns[returns["returned_date"] > end - pd.Timedelta(days=730)]
    sold = (orders["gross_revenue"] - orders["discounts"] + orders["shipping_revenue"]).groupby(orders["customer_id"])
    base = pd.DataFrame(
        {
            "recency_days": (end - orders.groupby("customer_id")["ordered_date"].max()).dt.days,
            "frequency": orders.groupby("customer_id").size(),
        }
    )
    base["monetary"] = (
        sold.sum()
        .astype(float)
        .sub(returns.groupby("customer_id")["returns_amount"].sum().astype(float), fill_value=0)
        .reindex(base.index)
        .round(2)
    )
    assert set(base.index) == set(rfm.index)
    for column in base:
        assert np.allclose(base[column].astype(float), rfm[column].reindex(base.index).astype(float)), column
    for score, expected in rfm_scores(base).items():
        assert (expected == rfm[score].reindex(base.index)).all(), score


def test_orders_match_the_simulated_truth(demo_workspace: Workspace) -> None:
    """For each order: whether it counts and, for orders in pounds, its net revenue.

    Planted faults (orphan lines, rejected rows) and goodwill, which the truth omits, explain the differences.
    """
    truth = pd.read_parquet(demo_workspace.truth / "orders.parquet")
    truth["order_id"] = truth["source_system"] + ":" + truth["source_order_id"]
    with open_warehouse(demo_workspace.published / "marts.duckdb", read_only=True) as connection:
        orders = connection.execute(
            "select order_id, currency, is_counted as counts, cast(net_revenue as double) as net_revenue"
            " from marts.orders"
        ).df()
    both = truth.merge(orders, on="order_id")
    assert len(both) > 0.99 * len(truth)
    assert (both["is_counted"] == both["counts"]).mean() > 0.99
    sold = both[both["is_counted"] & both["counts"] & (both["currency"] == "GBP")]
    assert set(sold["source_system"]) == {"shopify", "pos", "marketplace"}
    for system, rows in sold.groupby("source_system"):
        equal = (rows["net_revenue"] - rows["net_revenue_gbp"]).abs() < 0.015
        assert equal.mean() > 0.97, system
