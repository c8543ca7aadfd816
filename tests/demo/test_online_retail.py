"""A retailer's invoices: every row and every penny is accounted for, by an independent calculation in pandas.

The tests run on invoices generated here, with every quirk of the real ones, and on the real ones where available;
published figures are checked only for the real ones.
"""

from __future__ import annotations

from collections.abc import Iterator
from decimal import Decimal
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from scripts.demo.online_retail import convert, reconcile
from scripts.platform.errors import UserError
from tests.support.landing_zone import Zone
from tests.support.real_data import shared_data


@pytest.fixture(scope="module", params=["made", "real"])
def invoices(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Path:
    if request.param == "real":
        return shared_data("online_retail/online_retail_ii.parquet")
    file = tmp_path_factory.mktemp("made") / "invoices.parquet"
    made_invoices().to_parquet(file, index=False)
    return file


def made_invoices(count: int = 400) -> pd.DataFrame:
    """Invoices over two years with the known quirks of the real ones, each many times."""
    random = np.random.default_rng(12)
    products = [f"{number}{end}" for number in range(20_000, 20_060) for end in ("", "A", "BL")]
    products += ["DCGS0003", "SP1002"]
    first = pd.Timestamp("2009-12-01 07:45:00")
    rows: list[dict[str, object]] = []
    for number in range(count):
        # Every other day in local time; after the very first invoice never before a quarter past eight.
        day = first.normalize() + pd.Timedelta(days=2 * number)
        at = day + pd.Timedelta(hours=8, minutes=15 + number % 500) if number else first
        customer = None if number % 5 == 0 else 12_000.0 + number % 70
        kind = "A" if number % 80 == 7 else "C" if number % 9 == 4 else ""
        common = {
            "invoice_no": f"{kind}{489_000 + number}", "invoice_ts": at, "customer_id": customer,
            "country": ("United Kingdom", "EIRE")[number % 3 // 2], "src": "made",
        }  # fmt: skip
        if kind == "A":
            rows.append(common | line("B", "Adjust bad debt", 1, -float(random.integers(1_000, 9_000)) / 10))
            continue
        sign = -1 if kind == "C" else 1
        for code in random.choice(products, random.integers(1, 6), replace=False):
            units = int(random.choice([1, 2, 12, 1_500], p=[0.5, 0.3, 0.18, 0.02]))
            price = 0.0 if random.random() < 0.02 else float(random.integers(1, 20_000)) / 1_000
            rows.append(common | line(code, f"goods {code[:3]}", sign * units, price))
        if number % 4 == 0:
            rows.append(common | line(("POST", "DOT", "M", "BANK CHARGES")[number % 16 // 4], None, sign, 4.5))
        if number % 6 == 0 and not kind:
            rows.append(common | line(products[number % 50], "damaged", -3, 0.0))
        if number % 7 == 0:
            rows.append(dict(rows[-1]))
    return pd.DataFrame(rows)


def line(code: str, description: str | None, quantity: int, price: float) -> dict[str, object]:
    return {"stock_code": code, "description": description, "quantity": quantity, "unit_price": price}


@pytest.fixture
def is_real(request: pytest.FixtureRequest) -> bool:
    """Whether the test runs on the real invoices, for which there are published figures."""
    return bool(request.node.callspec.params["invoices"] == "real")


@pytest.fixture(scope="module")
def loaded(invoices: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Zone]:
    zone = Zone(tmp_path_factory.mktemp("online_retail"))
    convert(invoices, zone.workspace, progress=zone.said.append)
    zone.load()
    yield zone


@pytest.fixture(scope="module")
def frame(invoices: Path) -> pd.DataFrame:
    """The file, with money in tenths of pence as whole numbers, so that sums are exact."""
    frame = pd.read_parquet(invoices).drop(columns="src")
    frame["money"] = frame["quantity"] * (frame["unit_price"].astype(float) * 1000).round().astype("int64")
    frame["is_repeat"] = frame.duplicated()
    frame["code"] = frame["stock_code"].str.strip().str.upper()
    frame["is_product"] = frame["code"].str.fullmatch(r"\d{5}[A-Z]{0,2}|DCGS\w+|SP1002")
    frame["is_return"] = frame["invoice_no"].str.startswith("C") & frame["is_product"] & (frame["quantity"] < 0)
    return frame


def test_money_is_conserved_to_the_penny(loaded: Zone, frame: pd.DataFrame, is_real: bool) -> None:
    kept = frame[~frame["is_repeat"]]
    lines = loaded.value("select sum(quantity * unit_price) from raw_pos.receipt_line")
    returns = loaded.value("select sum(refund_amount) from raw_returns.return_line")
    assert int(lines * 1000) == kept.loc[~kept["is_return"], "money"].sum()
    assert int(returns * 1000) == -kept.loc[kept["is_return"], "money"].sum()
    refused = loaded.value("select count(*) from intake.rejects")
    assert refused == 0
    duplicates = Decimal(int(frame.loc[frame["is_repeat"], "money"].sum())) / 1000
    assert lines - returns + duplicates == Decimal(int(frame["money"].sum())) / 1000
    assert not is_real or lines - returns + duplicates == Decimal("18909744.118")


def test_its_own_reconciliation_balances(loaded: Zone, invoices: Path, frame: pd.DataFrame, is_real: bool) -> None:
    account = reconcile(invoices, loaded.workspace).set_index("part")
    assert (account.at["difference", "row_count"], account.at["difference", "amount"]) == (0, 0)
    assert account.at["landed", "row_count"] == len(frame)
    assert account.at["duplicates", "row_count"] == frame["is_repeat"].sum() > 0
    if is_real:
        assert (len(frame), frame["is_repeat"].sum()) == (1_044_847, 11_812)
        assert account.at["tests", "row_count"] == 17
        assert account.at["sales", "amount"] == Decimal("19643861.62")


def test_customers_and_lines_without_one(loaded: Zone, frame: pd.DataFrame, is_real: bool) -> None:
    customers = loaded.value("select count(distinct profile_id) from raw_crm.profile")
    assert customers == frame["customer_id"].nunique() > 0
    assert not is_real or (customers, frame["customer_id"].isna().sum()) == (5_942, 235_287)
    kept = frame[~frame["is_repeat"] & frame["customer_id"].isna()]
    anonymous = loaded.value(
        "select count(*) from raw_pos.receipt_line inner join raw_pos.receipt using (receipt_id) "
        "where customer_number is null"
    ) + loaded.value("select count(*) from raw_returns.return_line where customer_number is null")
    assert anonymous == len(kept)


def test_invoices_cancellations_and_codes_are_classified_correctly(
    loaded: Zone, frame: pd.DataFrame, is_real: bool
) -> None:
    assert loaded.value("select count(*) from raw_pos.receipt where receipt_id not like 'C%'") == (
        frame.loc[~frame["invoice_no"].str.startswith("C"), "invoice_no"].nunique()
    )
    cancelled = loaded.value(
        "select count(*) from (select receipt_id from raw_pos.receipt where receipt_id like 'C%' "
        "union select return_id from raw_returns.return_line)"
    )
    assert cancelled == frame.loc[frame["invoice_no"].str.startswith("C"), "invoice_no"].nunique() > 0
    assert not is_real or cancelled == 8_292
    # Negative rows outside cancellations, without repeats; bad debt; only products are products.
    assert loaded.value(
        "select count(*) from raw_pos.receipt_line where quantity < 0 and receipt_id not like 'C%'"
    ) == len(frame[(frame["quantity"] < 0) & ~frame["invoice_no"].str.startswith("C") & ~frame["is_repeat"]])
    assert loaded.rows("select distinct line_type from raw_pos.receipt_line where receipt_id like 'A%'") == [
        ("adjustment",)
    ]
    assert loaded.rows(
        "select distinct line_type from raw_pos.receipt_line where sku in ('POST', 'DOT') and quantity > 0"
    ) == [("shipping",)]
    assert loaded.value("select count(*) from raw_pos.receipt_line where line_type = 'product' and quantity < 0") == 0
    products = set(frame.loc[frame["is_product"], "code"])
    assert {sku for (sku,) in loaded.rows("select sku from raw_products.product")} == products
    assert loaded.value("select count(*) from raw_returns.return_line where quantity <= 0 or refund_amount < 0") == 0


QUIRKS = {
    # Known oddities of the file: published number of rows, the rows themselves, and where all but repeats must be.
    "rows without a customer": (235_287, lambda f: f["customer_id"].isna(),
                                "customer_number is null"),
    "rows of cancellations": (19_165, lambda f: f["invoice_no"].str.startswith("C"),
                              "invoice like 'C%'"),
    "negative rows outside cancellations": (3_393, lambda f: (f["quantity"] < 0) & (f["invoice_no"].str[0] != "C"),
                                               "invoice not like 'C%' and quantity < 0 and line_type = 'adjustment'"),
    "bad debts": (6, lambda f: f["invoice_no"].str.startswith("A"),
                  "invoice like 'A%' and line_type = 'adjustment'"),
    "zero prices": (6_024, lambda f: f["unit_price"].astype(float) == 0,
                    "price = 0"),
    "thousands at once": (None, lambda f: (f["quantity"].abs() >= 1_000),
                          "abs(quantity) >= 1000"),
    "codes that are not products": (None, lambda f: ~f["is_product"],
                                   "line_type not in ('product', 'return')"),
}  # fmt: skip


@pytest.mark.parametrize("quirk", QUIRKS)
def test_every_quirk_is_stored_correctly(loaded: Zone, frame: pd.DataFrame, quirk: str, is_real: bool) -> None:
    """Exact repeats are duplicates; every other row with the quirk is stored as the right kind of line."""
    published, rows, place = QUIRKS[quirk]
    chosen = frame[rows(frame)]
    assert len(chosen) > 0
    assert published is None or not is_real or len(chosen) == published
    stored = f"""
        select count(*) from (
            select receipt_id as invoice, customer_number, quantity, unit_price as price, line_type
            from raw_pos.receipt_line inner join raw_pos.receipt using (receipt_id)
            union all
            select return_id, customer_number, -quantity, refund_amount / quantity, 'return'
            from raw_returns.return_line
        ) where {place}
    """
    expected = int((~chosen["is_repeat"]).sum())
    if quirk == "codes that are not products":
        # Stock movements of products without a price are not sales either.
        odd = frame["is_product"] & (frame["quantity"] < 0) & ~frame["is_return"]
        expected = int((~frame["is_repeat"] & (~frame["is_product"] | odd)).sum())
    assert loaded.value(stored) == expected
    assert loaded.value("select sum(duplicate_rows) from intake.files where source_name in ('pos', 'returns')") >= int(
        chosen["is_repeat"].sum()
    )


def test_local_time_becomes_utc(loaded: Zone) -> None:
    winter, summer = "2009-12-01 07:45:00", "2010-06-01 07:00:00"
    assert str(loaded.value("select min(sold_at) from raw_pos.receipt")) == winter
    first = loaded.value("select min(sold_at) from raw_pos.receipt where sold_at >= timestamp '2010-06-01'")
    assert str(first) > summer
    assert loaded.value("select hour(min(sold_at)) from raw_pos.receipt where cast(sold_at as date) = '2010-06-01'") < 9


def test_the_total_of_a_receipt_is_the_sum_of_its_lines(loaded: Zone) -> None:
    assert loaded.value(
        "select count(*) from (select receipt_id, any_value(total_amount) as total, sum(quantity * unit_price) as sum "
        "from raw_pos.receipt inner join raw_pos.receipt_line using (receipt_id) group by receipt_id) "
        "where total <> sum"
    ) == 0  # fmt: skip


SMALL = """invoice_no,stock_code,description,quantity,invoice_ts,unit_price,customer_id,country
1,85048,LIGHTS,2,2011-06-01 09:00:00,1.5,12346.0,EIRE
1,85048,LIGHTS,2,2011-06-01 09:00:00,1.5,12346.0,EIRE
1,post,POSTAGE,1,2011-06-01 09:00:00,3,12346.0,EIRE
C2,85048,LIGHTS,-1,2011-06-02 09:00:00,1.5,12346.0,EIRE
C2,BANK CHARGES,,-1,2011-06-02 09:00:00,5,12346.0,EIRE
C2,POST,,-1,2011-06-02 09:00:00,3,12346.0,EIRE
3,85048,damaged,-4,2011-06-02 09:00:00,0,,United Kingdom
"""


def test_a_small_csv_file(tmp_path: Path) -> None:
    zone = Zone(tmp_path)
    file = tmp_path / "invoices.csv"
    file.write_text(SMALL)
    convert(file, zone.workspace, progress=zone.said.append)
    zone.load()
    assert zone.rows(
        "select receipt_id, line_number, sku, line_type, quantity from raw_pos.receipt_line order by all"
    ) == [
        ("1", 1, "85048", "product", 2),
        ("1", 2, "POST", "shipping", 1),
        ("3", 1, "85048", "adjustment", -4),
        ("C2", 2, "BANK CHARGES", "fee", -1),
        ("C2", 3, "POST", "adjustment", -1),
    ]
    assert zone.rows("select return_id, line_number, customer_number, quantity, refund_amount, hour(returned_at) "
                     "from raw_returns.return_line") == [("C2", 1, "12346", 1, Decimal("1.5"), 8)]  # fmt: skip
    assert zone.rows("select product_name, category from raw_products.product") == [("LIGHTS", "lights")]
    assert zone.rows("select profile_id, country_code from raw_crm.profile") == [("12346", "IE")]
    assert reconcile(file, zone.workspace).iloc[-1].tolist() == ["difference", 0, 0]

    written = {path: path.stat().st_mtime_ns for path in zone.workspace.landing.rglob("*.parquet")}
    convert(file, zone.workspace, progress=zone.said.append)
    assert {path: path.stat().st_mtime_ns for path in zone.workspace.landing.rglob("*.parquet")} == written
    file.write_text(SMALL + "4,85048,LIGHTS,1,2011-06-03 09:00:00,1.5,,EIRE\n")
    convert(file, zone.workspace, progress=zone.said.append)
    with pytest.raises(UserError, match="filled from other generated data"):
        zone.load()
    zone.workspace.warehouse.unlink()
    zone.load()
    assert zone.value("select count(*) from raw_pos.receipt") == 4


def test_wrong_files_and_foreign_folders_are_refused(tmp_path: Path) -> None:
    zone = Zone(tmp_path)
    with pytest.raises(UserError, match="no such file"):
        convert(tmp_path / "none.parquet", zone.workspace)
    file = tmp_path / "other.csv"
    file.write_text("invoice_no,stock_code\n1,2\n")
    with pytest.raises(UserError, match="column description, quantity, invoice_ts, unit_price, customer_id, country"):
        convert(file, zone.workspace)
    file.write_text(SMALL.replace("-4", "minus four"))
    with pytest.raises(UserError, match="has values of the wrong type"):
        convert(file, zone.workspace)
    file.with_suffix(".parquet").write_text("no parquet")
    with pytest.raises(UserError, match="not readable as Parquet or CSV"):
        convert(file.with_suffix(".parquet"), zone.workspace)
    file.write_text(SMALL)
    zone.deliver("pos/receipt/mine.csv", "receipt_id\n")
    with pytest.raises(UserError, match="contains other landing files"):
        convert(file, zone.workspace)
    assert [path.name for path in zone.workspace.landing.rglob("*.*")] == ["mine.csv"]
