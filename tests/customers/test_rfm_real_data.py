"""RFM scores of real customers, by the models and by pandas from the definition (tests/support/rfm_scores.py).

The whole path of Online Retail, from invoices to scores, is in tests/e2e/test_real_retailer.py.
"""

from __future__ import annotations

from pathlib import Path

import pandas as pd
import pytest

from scripts.intake.command import intake
from scripts.pipeline import steps
from scripts.platform.dbt import run_dbt
from scripts.platform.warehouse import open_warehouse
from scripts.platform.workspace import Workspace
from tests.support.cdnow import purchase_log
from tests.support.real_data import shared_data
from tests.support.rfm_scores import rfm_scores
from tests.support.workspaces import workspace_in


def cdnow_log() -> pd.DataFrame:
    """The purchase log: customer_id, date, spend."""
    return purchase_log().rename(columns={"sample_customer_id": "customer_id"})


def cdnow(end: pd.Timestamp) -> pd.DataFrame:
    """Recency, frequency and monetary value of the CDNOW sample; purchases without spend do not count."""
    log = cdnow_log()
    grouped = log[(log["spend"] > 0) & (log["date"] <= end)].groupby("customer_id")
    return pd.DataFrame(
        {
            "recency_days": (end - grouped["date"].max()).dt.days,
            "frequency": grouped.size(),
            "monetary": grouped["spend"].sum().round(2),
        }
    )


def online_retail(end: pd.Timestamp) -> pd.DataFrame:
    """The same for the plain invoices of Online Retail: realistic inputs are enough here, without every return."""
    rows = pd.read_parquet(shared_data("online_retail/online_retail_ii.parquet"))
    rows = rows[rows["customer_id"].notna() & (rows["quantity"] > 0) & (rows["unit_price"].astype(float) > 0)]
    rows = rows.assign(
        amount=rows["quantity"] * rows["unit_price"].astype(float), day=rows["invoice_ts"].dt.normalize()
    )
    grouped = rows[rows["day"] <= end].groupby("customer_id")
    return pd.DataFrame(
        {
            "recency_days": (end - grouped["day"].max()).dt.days,
            "frequency": grouped["invoice_no"].nunique(),
            "monetary": grouped["amount"].sum().round(2),
        }
    )


def score_by_models(workspace: Workspace, base: pd.DataFrame, end: pd.Timestamp, **variables: object) -> pd.DataFrame:
    """The models' scores of a given base, by customer."""
    base = base.rename_axis("customer_id").reset_index().astype({"customer_id": "string"})
    with open_warehouse(workspace.warehouse) as connection:
        connection.execute("create schema if not exists intermediate")
        connection.register("base", base)
        connection.execute(
            """
            create or replace table intermediate.int_rfm_base as
            select customer_id, cast(recency_days as bigint) as recency_days, cast(frequency as bigint) as frequency,
                cast(monetary as decimal(18, 2)) as monetary
            from base
            """
        )
    given = {"as_of_date": str(end.date()), **variables}
    run_dbt(
        workspace,
        ["run", "--select", "rfm_cut_points", "customer_rfm", "rfm_cut_points_history"],
        variables=given,
        progress=lambda _: None,
    )
    with open_warehouse(workspace.warehouse, read_only=True) as connection:
        return connection.execute("select * from marts.customer_rfm").df().set_index("customer_id")


def assert_equal_scores(found: pd.DataFrame, base: pd.DataFrame) -> None:
    base = base.set_axis(base.index.astype("string"))
    assert len(found) == len(base)
    found = found.loc[base.index]
    assert (found["recency_days"] == base["recency_days"]).all()
    expected = rfm_scores(base)
    for column, score in (("recency_days", "r_score"), ("frequency", "f_score"), ("monetary", "m_score")):
        assert (found[score] == expected[score]).all(), score
        assert found.groupby(base[column])[score].nunique().max() == 1, f"equal values, unequal {score}"


def assert_scored(workspace: Workspace, base: pd.DataFrame, end: pd.Timestamp) -> None:
    found = score_by_models(workspace, base, end)
    assert_equal_scores(found, base)
    # Ties are common, such as one-time buyers: by ranks they would get different scores.
    assert base["frequency"].value_counts().max() > 0.2 * len(base)
    assert found["rfm_group"].notna().all()
    # Every frequency score occurs, and score 1 is exactly the one-time buyers.
    assert set(found["f_score"]) == {1, 2, 3, 4, 5}
    assert (found["f_score"] == 1).sum() == (base["frequency"] == 1).sum()


@pytest.fixture(scope="module")
def ready(tmp_path_factory: pytest.TempPathFactory) -> Workspace:
    """A workspace with the seeds loaded that scores read."""
    workspace = workspace_in(tmp_path_factory.mktemp("scores"))
    steps.setup(workspace, lambda _: None)
    run_dbt(workspace, ["seed", "--select", "rfm_groups", "rfm_fixed_cut_points"], progress=lambda _: None)
    return workspace


def test_scores_of_cdnow_equal_pandas(ready: Workspace) -> None:
    end = pd.Timestamp("1998-06-30")
    assert_scored(ready, cdnow(end), end)


@pytest.mark.verify
def test_scores_of_cdnow_by_fixed_cut_points(ready: Workspace) -> None:
    """Cut-points of the seed; the history keeps every day, and a day evaluated again only once."""
    earlier, end = pd.Timestamp("1998-05-31"), pd.Timestamp("1998-06-30")
    base = cdnow(end)
    assert_scored(ready, base, end)
    fixed = score_by_models(ready, base, end, rfm_method="fixed")
    expected = 1 + sum((base["monetary"] > cut).astype(int) for cut in (50, 150, 400, 1000))
    assert (fixed["m_score"] == expected.set_axis(expected.index.astype("string")).loc[fixed.index]).all()
    assert_scored(ready, cdnow(earlier), earlier)
    with open_warehouse(ready.warehouse, read_only=True) as connection:
        days = connection.execute(
            """
            select cast(as_of_date as varchar), rfm_method, count(*) from marts.rfm_cut_points_history
            where as_of_date < date '2000-01-01'
            group by all order by 1
            """
        ).fetchall()
    assert days == [("1998-05-31", "measured", 12), ("1998-06-30", "fixed", 12)]


@pytest.mark.parametrize(
    ("orders", "expected"),
    [([1, 1, 7], [1, 1, 2]), ([1, 2, 2], [1, 2, 2]), ([1, 1], [1, 1])],
    ids=["one repeat buyer", "equal repeat buyers", "no repeat buyer"],
)
def test_frequency_of_few_repeat_buyers(ready: Workspace, orders: list[int], expected: list[int]) -> None:
    """Quartiles of equal values are that value, and no customer is strictly above it."""
    base = pd.DataFrame({"recency_days": 3, "frequency": orders, "monetary": 5.0}, index=list("abc")[: len(orders)])
    found = score_by_models(ready, base, pd.Timestamp("2001-04-30"))
    assert found["f_score"].sort_index().tolist() == expected


def test_scores_of_online_retail_equal_pandas(ready: Workspace) -> None:
    end = pd.Timestamp("2011-12-09")
    assert_scored(ready, online_retail(end), end)


@pytest.mark.verify
def test_cdnow_from_receipts_to_scores(tmp_path: Path) -> None:
    """The purchase log as till receipts with a card number each, through intake, identity, orders and RFM."""
    end = pd.Timestamp("1998-06-30")
    log = cdnow_log()
    workspace = workspace_in(tmp_path)
    stamp = log["date"] + pd.Timedelta(hours=12)
    receipts = pd.DataFrame(
        {
            "receipt_id": [f"R{number}" for number in range(len(log))],
            "receipt_number": [f"R{number}" for number in range(len(log))],
            "sales_channel": "store",
            "store_id": "S1",
            "sold_at": stamp,
            "currency": "USD",
            "prices_include_tax": False,
            "loyalty_number": "CD" + log["customer_id"].str.zfill(7),
            "status": "completed",
            "total_amount": log["spend"],
            "synced_at": stamp,
        }
    )
    lines = pd.DataFrame(
        {
            "receipt_id": receipts["receipt_id"],
            "line_number": 1,
            "sku": "CD",
            "line_type": "product",
            "quantity": 1,
            "unit_price": log["spend"],
            "discount_amount": 0.0,
            "synced_at": stamp,
        }
    )
    for name, frame in (("receipt", receipts), ("receipt_line", lines)):
        folder = workspace.landing / "pos" / name
        folder.mkdir(parents=True)
        frame.to_parquet(folder / "cdnow_1998-06-30.parquet", index=False)
    intake(workspace, lambda _: None)
    steps.setup(workspace, lambda _: None)
    # By default a date before 2000 counts as a wrong clock; here it is genuine.
    rules = workspace.seeds / "validation_rules.csv"
    rules.write_text(rules.read_text(encoding="utf-8").replace("2000-01-01", "1990-01-01"), encoding="utf-8")
    variables = {"as_of_date": "1998-06-30", "reporting_currency": "USD", "business_timezone": "UTC"}
    run_dbt(workspace, ["seed"], variables=variables, progress=lambda _: None)
    run_dbt(workspace, ["run", "--select", "+customer_rfm"], variables=variables, progress=lambda _: None)
    with open_warehouse(workspace.warehouse, read_only=True) as connection:
        found = connection.execute("select * from marts.customer_rfm").df()
        orders = connection.execute("select order_id, customer_id from marts.orders").df()
    card = dict(zip("pos:" + receipts["receipt_id"], receipts["loyalty_number"], strict=True))
    cards = orders.assign(card=orders["order_id"].map(card)).drop_duplicates(["customer_id", "card"])
    assert cards["customer_id"].is_unique and cards["card"].is_unique
    found["customer_id"] = found["customer_id"].map(cards.set_index("customer_id")["card"])
    base = cdnow(end)
    base.index = "CD" + base.index.str.zfill(7)
    assert_equal_scores(found.set_index("customer_id"), base)
    assert (found.set_index("customer_id")["monetary"].astype(float) - base["monetary"]).abs().max() < 0.01
