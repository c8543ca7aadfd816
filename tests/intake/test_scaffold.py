"""Proposed mappings: files as other systems write them, loaded through what is proposed, with hand-computed values."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from pathlib import Path

import pytest

from scripts.intake.scaffold import scaffold
from scripts.platform.errors import UserError
from tests.support.landing_zone import Zone

SMALLEST = "order,customer,date,amount\n1,c1,2026-05-01,10.00\n2,c1,2026-05-20,5.50\n3,c2,2026-05-21,7\n"
# The real data set of a British mail-order house, in its spelling; the third row is a cancellation.
ONLINE_RETAIL = """\
InvoiceNo,StockCode,Description,Quantity,InvoiceDate,UnitPrice,CustomerID,Country
536365,85123A,WHITE HANGING HEART,6,12/1/2010 8:26,2.55,17850,United Kingdom
536365,71053,WHITE METAL LANTERN,2,12/1/2010 8:26,3.39,17850,United Kingdom
C536379,D,Discount,-1,12/13/2010 9:41,27.50,14527,United Kingdom
536367,84879,ASSORTED COLOUR BIRD,32,12/13/2010 8:34,1.69,13047,United Kingdom
"""
# What Shopify's back office exports: what belongs to the order stands on its first line only.
SHOPIFY_HEADER = "Name,Email,Financial Status,Paid at,Currency,Total,Created at,Lineitem quantity,Lineitem name," \
                 "Lineitem price,Lineitem sku\n"  # fmt: skip
SHOPIFY_EXPORT = (
    SHOPIFY_HEADER
    + """\
#1001,ann@shop.example,paid,2026-05-01 10:00:00 +0100,GBP,30.00,2026-05-01 10:00:00 +0100,2,Mug,10.00,MUG-1
#1001,,,,,,,1,Spoon,5.00,SP-1
#1002,bob@shop.example,refunded,2026-05-02 10:00:00 +0100,GBP,8.00,2026-05-02 10:00:00 +0100,1,Cup,8.00,CUP-1
"""
)
GERMAN = """\
Bestellnummer;Kundennummer;Bestelldatum;Betrag;Status
B1;K1;01.05.2026 09:30;1.234,50;bezahlt
B2;K2;31.05.2026 18:00;7,00;storniert
"""
STORE_LINES = """\
basket_id,household_id,store_id,product_id,quantity,sales_value,sold_at
1,7,S1,P1,2,3.00,2026-05-01 08:00:00
1,7,S1,P2,10862,30.40,2026-05-01 08:00:00
2,8,S1,P1,1,1.50,2026-05-02 08:00:00
"""


def proposed(zone: Zone, /, content: str, name: str = "orders.csv", **given: str) -> str:
    """The mapping that is proposed for a file outside the landing zone."""
    path = zone.workspace.home / name
    path.write_text(content, encoding="utf-8")
    zone.said.clear()
    scaffold(zone.workspace, [path], progress=zone.said.append, **given)
    [mapping] = (zone.workspace.landing / "mapped").glob("*/mapping.yml")
    return mapping.read_text(encoding="utf-8")


def loaded(zone: Zone, /, content: str, name: str = "orders.csv", **given: str) -> None:
    """Load a file through the mapping proposed for it, as it stands; nothing may be refused."""
    proposed(zone, content, name, **given)
    zone.load()
    assert zone.rejects() == []
    assert zone.rows("select * from intake.schema_drift") == []


def receipts(zone: Zone) -> list[tuple[object, ...]]:
    return zone.rows("select receipt_id, customer_number, sold_at, total_amount from raw_pos.receipt order by all")


def lines(zone: Zone) -> list[tuple[object, ...]]:
    return zone.rows("select receipt_id, line_number, sku, quantity, unit_price from raw_pos.receipt_line order by all")


def test_the_smallest_start_is_one_file_of_orders(zone: Zone) -> None:
    loaded(zone, SMALLEST, zone="Europe/London", currency="GBP")
    assert receipts(zone) == [
        ("1", "c1", datetime(2026, 4, 30, 23), Decimal("10")),
        ("2", "c1", datetime(2026, 5, 19, 23), Decimal("5.5")),
        ("3", "c2", datetime(2026, 5, 20, 23), Decimal("7")),
    ]
    assert lines(zone) == [
        (order, 1, None, 1, Decimal(amount)) for order, amount in (("1", "10"), ("2", "5.5"), ("3", "7"))
    ]
    assert zone.rows("select distinct sales_channel, status, currency from raw_pos.receipt") == [
        ("online", "completed", "GBP")
    ]


def test_the_tax_of_an_order_is_taken_as_included_and_that_is_said(zone: Zone) -> None:
    loaded(zone, "order,customer,date,total,vat\n1,c,2026-05-01,12.00,2.00\n", zone="UTC", currency="GBP")
    assert zone.rows("select total_amount, tax_amount, prices_include_tax from raw_pos.receipt") == [(12, 2, True)]
    assert zone.rows("select unit_price, tax_amount from raw_pos.receipt_line") == [(12, 2)]
    assert any("taken as included" in line for line in zone.said)


def test_order_lines_of_a_mail_order_house(zone: Zone) -> None:
    loaded(zone, ONLINE_RETAIL, zone="Europe/London", currency="GBP")
    # 6 x 2.55 + 2 x 3.39, and 32 x 1.69; London is on UTC in December, and dates are month first.
    assert receipts(zone) == [
        ("536365", "17850", datetime(2010, 12, 1, 8, 26), Decimal("22.08")),
        ("536367", "13047", datetime(2010, 12, 13, 8, 34), Decimal("54.08")),
    ]
    assert len(lines(zone)) == 3
    returned = "select return_id, customer_number, sku, quantity, refund_amount from raw_returns.return_line"
    assert zone.rows(returned) == [("C536379", "14527", "D", 1, Decimal("27.5"))]


def test_the_export_of_a_shopify_back_office(zone: Zone) -> None:
    loaded(zone, SHOPIFY_EXPORT)
    assert zone.rows(
        "select receipt_id, email, status, currency, total_amount, sold_at from raw_pos.receipt order by 1"
    ) == [
        ("#1001", "ann@shop.example", "completed", "GBP", Decimal("30"), datetime(2026, 5, 1, 9)),
        ("#1002", "bob@shop.example", "voided", "GBP", Decimal("8"), datetime(2026, 5, 2, 9)),
    ]
    assert [line[:4] for line in lines(zone)] == [
        ("#1001", 1, "MUG-1", 2),
        ("#1001", 2, "SP-1", 1),
        ("#1002", 1, "CUP-1", 1),
    ]


@pytest.mark.parametrize(
    ("header", "order", "amount"),
    [
        ("Order Number,Order Date,Order Total Amount,Customer Email", "Order Number", "Order Total Amount"),
        ("increment_id,created_at,grand_total,customer_email", "increment_id", "grand_total"),
        ("Order ID,Order Date,Order Total (inc tax),Customer Email", "Order ID", '"Order Total (inc tax)"'),
        ("amazon-order-id,purchase-date,item-price,buyer-email", "amazon-order-id", "item-price"),
        ("TransactionID,TransactionDate,Revenue,EmailAddress", "TransactionID", "Revenue"),
        ("Rechnungsnummer,Rechnungsdatum,Betrag,E-Mail", "Rechnungsnummer", "Betrag"),
    ],
)
def test_the_names_that_other_systems_give_their_columns(zone: Zone, header: str, order: str, amount: str) -> None:
    rows = "1,2026-05-01,9.50,a@shop.example\n2,2026-05-02,8.00,b@shop.example\n"
    text = proposed(zone, f"{header}\n{rows}", zone="UTC", currency="EUR")
    assert f"      receipt_id: {order}\n" in text
    assert f"      total_amount: {amount}\n" in text
    assert "      email: " in text
    zone.load()
    assert zone.rejects() == []


def test_what_cannot_be_known_is_asked_and_stops_the_load_until_it_is_answered(zone: Zone) -> None:
    text = proposed(zone, GERMAN)
    asked = [line for line in zone.said if "open:" in line]
    assert len(asked) == 4
    for question, about in zip(asked, ("'bezahlt'", "'storniert'", "currency", "time zone"), strict=True):
        assert about in question
    [line] = zone.failing_load()
    assert "this question is still open" in line
    answers = text.replace('bezahlt: "?"', "bezahlt: completed").replace('storniert: "?"', "storniert: voided")
    answers = answers.replace('zone: "?"', "zone: Europe/Berlin").replace('{value: "?"}', "{value: EUR}")
    zone.deliver("mapped/orders/mapping.yml", answers)
    zone.load()
    assert receipts(zone) == [
        ("B1", "K1", datetime(2026, 5, 1, 7, 30), Decimal("1234.5")),
        ("B2", "K2", datetime(2026, 5, 31, 16), Decimal("7")),
    ]
    assert zone.rows("select status from raw_pos.receipt order by receipt_id") == [("completed",), ("voided",)]


def test_lines_with_a_value_each_keep_their_money_where_the_quantity_is_a_volume(zone: Zone) -> None:
    loaded(zone, STORE_LINES, zone="UTC", currency="USD")
    assert [row[3] for row in receipts(zone)] == [Decimal("33.4"), Decimal("1.5")]
    assert lines(zone) == [
        ("1", 1, "P1", 2, Decimal("1.5")),
        ("1", 2, "P2", 1, Decimal("30.4")),
        ("2", 1, "P1", 1, Decimal("1.5")),
    ]
    assert zone.value("select distinct sales_channel from raw_pos.receipt") == "store"


def test_products_and_customers(zone: Zone) -> None:
    products = zone.workspace.home / "products_2026.csv"
    products.write_text("sku;name;category;price;cost\nA;Mug;Kitchen;10,50;4,00\nB;Rug;;99,00;40,00\n")
    customers = zone.workspace.home / "kunden.jsonl"
    rows = [{"customer_id": 1, "email": "a@x.example", "city": "Bonn"}, {"customer_id": 2, "email": "b@x.example"}]
    customers.write_text("".join(json.dumps(row) + "\n" for row in rows))
    scaffold(zone.workspace, [products, customers], currency="EUR", progress=zone.said.append)
    zone.load()
    assert zone.rows("select sku, category, list_price, unit_cost, currency from raw_products.product order by 1") == [
        ("A", "Kitchen", Decimal("10.5"), Decimal("4"), "EUR"),
        ("B", "uncategorised", Decimal("99"), Decimal("40"), "EUR"),
    ]
    assert zone.rows("select profile_id, customer_number, email, city from raw_crm.profile order by 1") == [
        ("1", "1", "a@x.example", "Bonn"),
        ("2", "2", "b@x.example", None),
    ]


@pytest.mark.parametrize(
    ("dates", "asked"),
    [
        (("01/02/2026", "03/04/2026"), True),
        (("13/02/2026", "03/04/2026"), False),
        (("01/13/2026", "03/04/2026"), False),
        (("2026-02-01", "2026-04-03"), False),
    ],
)
def test_day_and_month_are_asked_where_the_file_does_not_show_which_is_first(
    zone: Zone, dates: tuple[str, str], asked: bool
) -> None:
    content = f"order_id,customer,order_date,total\n1,c,{dates[0]},5\n2,c,{dates[1]},6\n"
    text = proposed(zone, content, zone="UTC", currency="GBP")
    assert ('time: "?"' in text) == asked
    assert any("DD/MM/YYYY or MM/DD/YYYY" in line for line in zone.said) == asked


def test_it_says_what_is_missing_and_what_that_costs(zone: Zone) -> None:
    text = proposed(zone, SMALLEST.replace("customer", "colour"), zone="UTC", currency="GBP")
    assert "# Missing, and what that costs:" in text
    for missing in ("orders belong to nobody", "no products", "no status", "no tax", "no returns", "no consent"):
        assert any(missing in line for line in zone.said), missing
        assert missing in text
    assert "unread: [colour]" in text


def test_what_another_of_the_files_brings_is_not_missing(zone: Zone) -> None:
    files = []
    for name, content in (("lines", STORE_LINES), ("products", "product_id,department,brand\nP1,Deli,A\nP2,Fuel,B\n")):
        files.append(zone.workspace.home / f"{name}.csv")
        files[-1].write_text(content, encoding="utf-8")
    scaffold(zone.workspace, files, zone="UTC", currency="USD", progress=zone.said.append)
    written = (zone.workspace.landing / "mapped" / "lines" / "mapping.yml").read_text(encoding="utf-8")
    assert "come with products/product" not in written + "".join(zone.said)
    assert zone.said[-1].startswith("next: review the 2 mappings line by line, then `python -m scripts run --warehouse")


def test_settings_are_written_where_there_are_none(zone: Zone) -> None:
    proposed(zone, SMALLEST, zone="Europe/Paris", currency="EUR", country="FR")
    settings = zone.workspace.landing / "world.json"
    expected = {"business_timezone": "Europe/Paris", "reporting_currency": "EUR", "default_country": "FR"}
    assert json.loads(settings.read_text()) == expected | {"as_of_date": "2026-05-21"}
    settings.write_text('{"business_timezone": "UTC", "reporting_currency": "CHF"}')
    text = proposed_again(zone, SMALLEST)
    assert "zone: UTC" in text and "value: CHF" in text
    assert json.loads(settings.read_text()) == {"business_timezone": "UTC", "reporting_currency": "CHF"}


def proposed_again(zone: Zone, content: str) -> str:
    path = zone.workspace.home / "more.csv"
    path.write_text(content)
    scaffold(zone.workspace, [path], progress=zone.said.append)
    return (zone.workspace.landing / "mapped/more/mapping.yml").read_text()


def test_current_data_need_no_day(zone: Zone) -> None:
    yesterday = (datetime.now(UTC) - timedelta(days=1)).date()
    proposed(zone, f"order_id,customer,order_date,total\n1,c,{yesterday},5\n", zone="UTC", currency="GBP")
    assert "as_of_date" not in (zone.workspace.landing / "world.json").read_text()


def test_files_of_one_shape_share_a_mapping_and_nothing_is_overwritten(zone: Zone) -> None:
    paths = []
    for year in (2025, 2026):
        paths.append(zone.workspace.home / f"orders_{year}.csv")
        paths[-1].write_text(SMALLEST.replace("2026", str(year)).replace("\n", f"\n{year}-"))
    scaffold(zone.workspace, paths, zone="UTC", currency="GBP", progress=zone.said.append)
    mapping = zone.workspace.landing / "mapped/orders/mapping.yml"
    assert 'files: ["orders_2025.csv", "orders_2026.csv"]' in mapping.read_text().replace(
        "[orders_2025.csv, orders_2026.csv]", '["orders_2025.csv", "orders_2026.csv"]'
    )
    assert [oct((mapping.parent / path.name).stat().st_mode)[-3:] for path in paths] == ["600", "600"]
    mapping.write_text("mine")
    with pytest.raises(UserError, match=r"mapping.yml: is there already; edit it, delete it, or give .* --name"):
        scaffold(zone.workspace, paths, progress=zone.said.append)
    assert mapping.read_text() == "mine"


def test_a_file_that_has_a_contracts_columns_needs_no_mapping(zone: Zone) -> None:
    path = zone.workspace.home / "r.csv"
    path.write_text(
        "receipt_id,sold_at,currency,status,total_amount,synced_at\n1,2026-01-01,GBP,completed,1,2026-01-01\n"
    )
    with pytest.raises(UserError, match="nothing to map"):
        scaffold(zone.workspace, [path], progress=zone.said.append)
    assert "has the columns of pos/receipt and needs no mapping; put it in" in zone.said[0]


@pytest.mark.parametrize(
    ("name", "content", "said"),
    [
        ("a.csv", "x,y\n1,2\n", "nothing to map; orders need a number, a time and an amount"),
        ("a.xlsx", "PK", "unsupported file type; save it as CSV"),
        ("a.csv", "", "is empty, not even a header"),
        ("a.csv", "order,date,amount\n", "has no rows"),
        ("a.csv", "date,date\n1,2\n", "column date appears twice in the header"),
        ("a.jsonl", "nothing\n", "holds no JSON object"),
        ("a.parquet", "no parquet", "not readable as PARQUET"),
    ],
)
def test_what_cannot_be_mapped_is_said_in_one_line(zone: Zone, name: str, content: str, said: str) -> None:
    path = zone.workspace.home / name
    path.write_text(content)
    with pytest.raises(UserError) as problem:
        scaffold(zone.workspace, [path], progress=zone.said.append)
    assert said in str(problem.value)
    assert str(path) in str(problem.value)
    assert "\n" not in str(problem.value)


def test_ones_own_data_are_not_mixed_with_a_demo(zone: Zone) -> None:
    (zone.workspace.landing / "_simulation.json").write_text("{}", encoding="utf-8")
    with pytest.raises(UserError, match=r"holds a demo, .* such as --warehouse data/mine/warehouse[.]duckdb"):
        proposed(zone, SMALLEST)
    assert not (zone.workspace.landing / "mapped").exists()


def test_a_missing_file_is_named(zone: Zone, tmp_path: Path) -> None:
    with pytest.raises(UserError, match=r"nowhere\.csv: no such file"):
        scaffold(zone.workspace, [tmp_path / "nowhere.csv"], progress=zone.said.append)
