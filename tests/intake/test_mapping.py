"""Files of unknown shape, read through a mapping: each value as the file's owner meant it, or refused with a reason."""

from __future__ import annotations

import json
from datetime import datetime
from decimal import Decimal
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from scripts.intake.formulas import WrongFormula, condition, formula
from scripts.intake.mapping import FORMS, WrongMapping, load_mapping
from scripts.platform.contracts import load_contracts
from scripts.platform.workspace import PROJECT
from tests.support.documentation import blocks_of
from tests.support.landing_zone import Zone

ORDERS = """\
columns:
  Order Date: {time: "DD/MM/YYYY hh:mm", zone: America/Sao_Paulo}
  Total: {number: "1.234,50"}
history: {files: [orders.csv], known_from: Order Date}
tables:
  pos/receipt:
    columns:
      receipt_id: Order No
      sold_at: Order Date
      status: {column: State, values: {paid: completed, canceled: voided}}
      currency: {value: BRL}
      sales_channel: {value: online}
      email: E-mail
      total_amount: Total
  pos/receipt_line:
    columns:
      receipt_id: Order No
      line_number: {value: 1}
      quantity: {value: 1}
      unit_price: Total
"""
ORDERS_FILE = """\
Order No;Order Date;State;Total;E-mail
A1;31/12/2025 23:30;paid;1.234,50;a@shop.example
A2;01/01/2026 08:00;Canceled;R$ 10,00;b@shop.example
"""
# Lines without receipts of their own: what is sold and, with negative quantities, what is returned.
LINES = """\
columns:
  at: {zone: Europe/London}
tables:
  pos/receipt:
    only: quantity > 0 and kind != 'void'
    one_row_per: basket
    columns:
      receipt_id: basket
      customer_number: client
      sold_at: {earliest: at}
      status: {value: completed}
      currency: {value: GBP}
      total_amount: {sum: "quantity * [unit price] - discount"}
      synced_at: {latest: at}
  pos/receipt_line:
    only: quantity > 0 and kind != 'void'
    columns:
      receipt_id: basket
      line_number: {number_within: basket}
      sku: {join: [brand, article], with: "-"}
      quantity: quantity
      unit_price: unit price
      discount_amount: discount
      synced_at: at
  returns/return_line:
    only: quantity < 0 and kind != 'void'
    columns:
      return_id: {join: [basket, article], with: "/"}
      line_number: {value: 1}
      channel: {value: store}
      order_ref: basket
      sku: {join: [brand, article], with: "-"}
      quantity: {formula: 0 - quantity}
      refund_amount: {formula: "-quantity * [unit price]"}
      currency: {value: GBP}
      returned_at: at
      synced_at: at
"""
LINES_FILE = """\
basket,client,at,brand,article,quantity,unit price,discount,kind
B1,C1,2026-06-30 00:10:00,X,1,2,1.10,0.20,sale
B1,C1,2026-06-30 00:12:00,X,2,3,0.335,0,sale
B2,C2,2026-06-30 09:00:00,Y,1,1,5,0,sale
B2,C2,2026-06-30 09:05:00,Y,1,-1,5,0,refund
B3,C3,2026-06-30 10:00:00,Y,1,9,5,0,void
"""


def deliver(zone: Zone, mapping: str, content: str, name: str = "orders/orders.csv") -> None:
    folder = name.split("/")[0]
    zone.deliver(f"mapped/{folder}/mapping.yml", mapping)
    zone.deliver(f"mapped/{name}", content)


def receipts(zone: Zone) -> list[tuple[object, ...]]:
    return zone.rows("select receipt_id, sold_at, status, total_amount, synced_at from raw_pos.receipt order by all")


def test_one_file_of_orders_becomes_receipts_with_one_line_each(zone: Zone) -> None:
    deliver(zone, ORDERS, ORDERS_FILE)
    zone.load()
    # São Paulo is three hours behind UTC.
    first, second = datetime(2026, 1, 1, 2, 30), datetime(2026, 1, 1, 11)
    assert receipts(zone) == [
        ("A1", first, "completed", Decimal("1234.5"), first),
        ("A2", second, "voided", Decimal("10"), second),
    ]
    assert zone.rows("select receipt_id, line_number, quantity, unit_price from raw_pos.receipt_line order by all") == [
        ("A1", 1, 1, Decimal("1234.5")),
        ("A2", 1, 1, Decimal("10")),
    ]
    assert zone.rows("select * from intake.schema_drift") == []


def test_a_second_load_does_nothing_and_a_later_file_is_known_from_its_delivery(zone: Zone) -> None:
    deliver(zone, ORDERS, ORDERS_FILE)
    zone.load()
    assert zone.load().total.files == 0
    later = ORDERS_FILE.replace("1.234,50", "1.000,00")
    zone.deliver("mapped/orders/orders_2026-02-03.csv", later)
    zone.load()
    assert zone.rows("select total_amount, synced_at from raw_pos.receipt where receipt_id = 'A1' order by all") == [
        (Decimal("1000"), datetime(2026, 2, 3)),
        (Decimal("1234.5"), datetime(2026, 1, 1, 2, 30)),
    ]
    # A2 is the same in both.
    assert zone.value("select count(*) from raw_pos.receipt where receipt_id = 'A2'") == 1


def test_one_file_of_lines_is_split_over_receipts_lines_and_returns(zone: Zone) -> None:
    deliver(zone, LINES, LINES_FILE)
    zone.load()
    # London is an hour ahead of UTC in June; 2 x 1.10 - 0.20 + 3 x 0.335 = 3.005.
    assert receipts(zone) == [
        ("B1", datetime(2026, 6, 29, 23, 10), "completed", Decimal("3.005"), datetime(2026, 6, 29, 23, 12)),
        ("B2", datetime(2026, 6, 30, 8), "completed", Decimal("5"), datetime(2026, 6, 30, 8)),
    ]
    lines = "select receipt_id, line_number, sku, quantity, unit_price from raw_pos.receipt_line order by all"
    assert zone.rows(lines) == [
        ("B1", 1, "X-1", 2, Decimal("1.1")),
        ("B1", 2, "X-2", 3, Decimal("0.335")),
        ("B2", 1, "Y-1", 1, Decimal("5")),
    ]
    returned = "select return_id, order_ref, quantity, refund_amount, returned_at from raw_returns.return_line"
    assert zone.rows(returned) == [("B2/1", "B2", 1, Decimal("5"), datetime(2026, 6, 30, 8, 5))]


def test_rows_that_a_mapping_leaves_out_are_counted(zone: Zone) -> None:
    deliver(zone, LINES, LINES_FILE)
    lines = zone.load().lines()
    assert "pos/receipt_line: 3 accepted, 0 duplicates, 0 rejected, 2 left out by the mapping" in lines
    assert "returns/return_line: 1 accepted, 0 duplicates, 0 rejected, 4 left out by the mapping" in lines


def test_what_cannot_be_read_is_refused_as_delivered(zone: Zone) -> None:
    bad = "A3;13/13/2026 08:00;paid;1,00;c@shop.example\nA4;02/01/2026 08:00;paid;twelve;c@shop.example\n"
    deliver(zone, ORDERS, ORDERS_FILE + bad)
    zone.load()
    found = zone.rows("select reason, payload from intake.rejects where table_name = 'receipt' order by line_number")
    assert [reason.split(" such")[0] for reason, _ in found] == [
        "sold_at is not a timestamp",
        "total_amount is not a decimal number",
    ]
    assert json.loads(found[0][1])["sold_at"] == "13/13/2026 08:00"
    assert json.loads(found[1][1])["total_amount"] == "twelve"


def test_a_formula_may_have_a_condition(zone: Zone) -> None:
    """Fuel is sold by volume: 10 862 are no units."""
    choice = 'when: "quantity > 0 and quantity < 100"'
    mapping = LINES.replace("quantity: quantity", f'quantity: {{formula: quantity, {choice}, otherwise: "1"}}')
    price = f'unit_price: {{formula: "[unit price] / quantity", {choice}, otherwise: "[unit price]"}}'
    mapping = mapping.replace("unit_price: unit price", price).split("  returns/return_line")[0]
    rows = "B4,C4,2026-06-30,Z,1,10862,30.4,0,sale\nB5,C4,2026-06-30,Z,1,4,30.4,0,sale\n"
    deliver(zone, mapping, LINES_FILE.split("\n")[0] + "\n" + rows)
    zone.load()
    lines = "select receipt_id, quantity, unit_price from raw_pos.receipt_line order by all"
    assert zone.rows(lines) == [("B4", 1, Decimal("30.4")), ("B5", 4, Decimal("7.6"))]


@pytest.mark.parametrize(
    ("row", "reason"),
    [
        ("B1,C9,2026-06-30 00:13:00,X,3,1,1,0,sale", "rows of one record differ in customer_number"),
        ("B1,C1,2026-06-30 00:13:00,X,3,1,,0,sale", "total_amount: no number in quantity * unit price - discount"),
        ("B1,C1,2026-06-30 00:13:00,X,3,two,1,0,sale", "total_amount: no number in quantity * unit price - discount"),
    ],
)
def test_a_record_whose_rows_disagree_or_lack_a_number_is_refused_as_a_whole(zone: Zone, row: str, reason: str) -> None:
    deliver(zone, LINES, f"{LINES_FILE}{row}\n")
    zone.load()
    assert zone.rows("select record_key, reason from intake.rejects where table_name = 'receipt'") == [("B1", reason)]
    assert [row[0] for row in receipts(zone)] == ["B2"]


@pytest.mark.parametrize(
    ("written", "number", "expected"),
    [
        ("1.234,50", "1.234,50", "1234.5"),
        ("1 234,5 €", "1.234,50", "1234.5"),
        ("-3,25", "1234,50", "-3.25"),
        ("£1,234.50", "1,234.50", "1234.5"),
        ("1'234.50", "1,234.50", "1234.5"),
        ("GBP -12", "1234.50", "-12"),
        (".5", "1234.50", "0.5"),
    ],
)
def test_numbers_as_they_are_written(zone: Zone, written: str, number: str, expected: str) -> None:
    deliver(zone, ORDERS.replace('"1.234,50"', f'"{number}"'), ORDERS_FILE.replace("1.234,50", written))
    zone.load()
    assert zone.value("select total_amount from raw_pos.receipt where receipt_id = 'A1'") == Decimal(expected)


@pytest.mark.parametrize("written", ["1.2.3,4.5", "1,5,0", "12 or 13", "--5"])
def test_doubtful_numbers_are_refused(zone: Zone, written: str) -> None:
    deliver(zone, ORDERS, ORDERS_FILE.replace("1.234,50", written))
    zone.load()
    assert [row[0] for row in receipts(zone)] == ["A2"]


@pytest.mark.parametrize(
    ("written", "time", "expected"),
    [
        ("31/12/2025 23:30", '"DD/MM/YYYY hh:mm"', datetime(2026, 1, 1, 2, 30)),
        ("12/31/2025 11:30 PM", '"MM/DD/YYYY hh:mm AM"', datetime(2026, 1, 1, 2, 30)),
        ("31.12.25", '"DD.MM.YY"', datetime(2025, 12, 31, 3)),
        ("31-Dec-2025", "[DD/MM/YYYY, DD-MON-YYYY]", datetime(2025, 12, 31, 3)),
        ("2025-12-31 23:30:00", "ISO", datetime(2026, 1, 1, 2, 30)),
        ("2025-12-31", "ISO", datetime(2025, 12, 31, 3)),
        ("2025-12-31T23:30:00+01:00", "ISO", datetime(2025, 12, 31, 22, 30)),
        ("2025-12-31T23:30:00Z", "ISO", datetime(2025, 12, 31, 23, 30)),
    ],
)
def test_times_as_they_are_written(zone: Zone, written: str, time: str, expected: datetime) -> None:
    mapping = ORDERS.replace('"DD/MM/YYYY hh:mm"', time)
    deliver(zone, mapping, ORDERS_FILE.replace("31/12/2025 23:30", written))
    zone.load()
    assert zone.value("select sold_at from raw_pos.receipt where receipt_id = 'A1'") == expected


def test_a_file_without_a_column_is_refused_once_and_for_all_tables(zone: Zone) -> None:
    deliver(zone, ORDERS, ORDERS_FILE)
    zone.load()
    zone.deliver("mapped/orders/orders_2026-02-03.csv", ORDERS_FILE.replace("Total", "Amount"))
    [line] = zone.failing_load()
    assert "mapped/orders/orders_2026-02-03.csv: column total is missing, which its mapping reads" in line
    assert zone.value("select count(*) from raw_pos.receipt_line") == 2


def test_a_new_column_is_drift_unless_it_is_named_as_unread(zone: Zone) -> None:
    content = ORDERS_FILE.replace("E-mail\n", "E-mail;Note;Colour\n").replace(".example\n", ".example;n;c\n")
    deliver(zone, ORDERS + "unread: [Note]\n", content)
    zone.load()
    assert zone.rows("select distinct column_name, drift from intake.schema_drift") == [("colour", "extra")]


def test_a_changed_mapping_takes_back_what_it_loaded(zone: Zone) -> None:
    deliver(zone, ORDERS.replace("Order No", "E-mail"), ORDERS_FILE + "A3;13/13/2026 08:00;paid;1,00;c@shop.example\n")
    zone.load()
    zone.deliver("mapped/orders/mapping.yml", ORDERS + "# a comment\n")
    zone.load()
    assert [row[0] for row in receipts(zone)] == ["A1", "A2"]
    assert zone.rows("select record_key from intake.rejects where table_name = 'receipt'") == [("A3",)]
    assert len(zone.ledger()) == 2
    zone.deliver("mapped/orders/mapping.yml", ORDERS + "# another comment\n")
    assert zone.load().total.files == 0


def test_a_table_that_a_mapping_no_longer_fills_is_emptied(zone: Zone) -> None:
    deliver(zone, ORDERS, ORDERS_FILE)
    zone.load()
    zone.deliver("mapped/orders/mapping.yml", ORDERS.split("  pos/receipt_line:")[0])
    zone.load()
    assert zone.value("select count(*) from raw_pos.receipt_line") == 0
    assert zone.value("select count(*) from raw_pos.receipt") == 2


def test_a_changed_mapping_changes_nothing_while_a_loaded_file_is_gone(zone: Zone) -> None:
    deliver(zone, ORDERS, ORDERS_FILE)
    zone.deliver("mapped/orders/old_2025-01-01.csv", ORDERS_FILE.replace("A1", "A0"))
    zone.load()
    before = receipts(zone)
    (zone.workspace.landing / "mapped/orders/old_2025-01-01.csv").unlink()
    zone.deliver("mapped/orders/mapping.yml", ORDERS.replace("BRL", "EUR"))
    lines = zone.failing_load()
    assert all("mapped/orders/mapping.yml: has changed, but mapped/orders/old_2025-01-01.csv" in line for line in lines)
    assert receipts(zone) == before


def test_files_of_a_contract_are_read_again_beside_a_changed_mapping(zone: Zone) -> None:
    header = "receipt_id,line_number,quantity,unit_price,synced_at\n"
    zone.deliver("pos/receipt_line/own_2026-01-05.csv", f"{header}A1,1,1,1234.5,2026-01-05\nZ9,1,1,7,2026-01-05\n")
    deliver(zone, ORDERS, ORDERS_FILE)
    zone.load()
    zone.deliver("mapped/orders/mapping.yml", ORDERS.replace("quantity: {value: 1}", "quantity: {value: 2}"))
    zone.load()
    lines = "select receipt_id, quantity from raw_pos.receipt_line order by all"
    assert zone.rows(lines) == [("A1", 1), ("A1", 2), ("A2", 2), ("Z9", 1)]


def test_json_lines_and_parquet_are_mapped_too(zone: Zone) -> None:
    rows = [
        {"Order No": "A1", "Order Date": "31/12/2025 23:30", "State": "paid", "Total": "1.234,50", "E-mail": None},
        {"order no": "A2", "Order Date": "01/01/2026 08:00", "State": "Canceled", "Total": "10,00", "E-mail": ""},
    ]
    deliver(zone, ORDERS, "".join(json.dumps(row) + "\n" for row in rows) + "not json\n", "orders/orders.jsonl")
    zone.load()
    assert [(row[0], row[3]) for row in receipts(zone)] == [("A1", Decimal("1234.5")), ("A2", Decimal("10"))]
    assert zone.ledger() == [(3, 2, 0, 1), (3, 2, 0, 1)]

    table = pa.table(
        {
            "Order No": [17, 18],
            "Order Date": [datetime(2025, 12, 31, 23, 30), datetime(2026, 1, 1, 8)],
            "State": ["paid", "paid"],
            "Total": [2.5, float("nan")],
            "E-mail": [None, "b@shop.example"],
        }
    )
    zone.deliver("mapped/more/mapping.yml", ORDERS.replace('{number: "1.234,50"}', "{blank: 0}"))
    pq.write_table(table, zone.workspace.landing / "mapped" / "more" / "orders.parquet")
    zone.load()
    assert zone.rows("select reason from intake.rejects where path like '%parquet%'") == []
    assert [(row[0], row[1], row[3]) for row in receipts(zone)][:2] == [
        ("17", datetime(2026, 1, 1, 2, 30), Decimal("2.5")),
        ("18", datetime(2026, 1, 1, 11), Decimal("0")),
    ]


def test_texts_of_a_mapping_never_become_sql(zone: Zone) -> None:
    evil = "x'); drop table raw_pos.receipt; --"
    mapping = ORDERS.replace("{value: online}", json.dumps({"value": evil}))
    mapping = mapping.replace("State, values: {", f'State, otherwise: "{evil}", values: {{"{evil}": "{evil}", ')
    content = ORDERS_FILE.replace("E-mail", f'"{evil}"').replace("Canceled", "?")
    deliver(zone, mapping.replace("E-mail", json.dumps(evil)), content)
    zone.load()
    assert zone.rows("select sales_channel, status, email from raw_pos.receipt order by receipt_id") == [
        (evil, "completed", "a@shop.example"),
        (evil, evil, "b@shop.example"),
    ]


@pytest.mark.parametrize(
    "text",
    [
        "quantity; drop table x",
        "sum(price)",
        "price || 'x'",
        "(select 1)",
        "price::text",
        "a b",
        "1 +",
        "(1",
        "x--1)",
        "'a'",
    ],
)
def test_a_formula_is_arithmetic_of_columns_and_nothing_else(text: str) -> None:
    with pytest.raises(WrongFormula):
        formula(text)


def test_a_formula_keeps_precedence_and_brackets() -> None:
    price, two = ("column", "unit price"), ("number", "2")
    assert formula("a + 2 * [Unit price]") == ("+", ("column", "a"), ("*", two, price))
    assert formula("(a + 2) / -b") == ("/", ("+", ("column", "a"), two), ("-", ("number", "0"), ("column", "b")))


def test_conditions_are_comparisons_joined_by_and() -> None:
    assert condition("Quantity > 0 and kind not in ('a', 'b') and [Order no] is not empty") == (
        (">", ("column", "quantity"), ("number", "0")),
        ("not in", ("column", "kind"), ("texts", "a", "b")),
        ("filled", ("column", "order no"), ()),
    )
    for text in ("a > 0 or b > 0", "a", "a > 'x'", "a in ()", "a is null", "1 is empty", "a + 1 = 'x'"):
        with pytest.raises(WrongFormula):
            condition(text)


@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        ("pos/receipt:", "pos/reciept:", "tables.pos/reciept: no such table; did you mean `pos/receipt`?"),
        ("sold_at:", "sold_on:", "tables.pos/receipt.columns.sold_on: pos/receipt has no such column; did you mean"),
        ("      currency: {value: BRL}\n", "", "tables.pos/receipt.columns: currency is required"),
        ("BRL", '"?"', "tables.pos/receipt.columns.currency.value: this question is still open"),
        ("{value: online}", "{valeu: online}", "sales_channel.valeu: not known here; did you mean `value`?"),
        ("{value: online}", "{value: a, column: b}", "sales_channel: write the name of a column, or one of value"),
        ("America/Sao_Paulo", "Brazil", "columns.Order Date.zone: Brazil is not a time zone"),
        ("DD/MM/YYYY hh:mm", "dd/mm/yyyy", "'dd/mm/yyyy' is not a format"),
        ("DD/MM/YYYY hh:mm", "MM/YYYY", "'MM/YYYY' lacks the year, the month or the day"),
        ('"1.234,50"', '"1.234.50"', "columns.Total.number: write how a number looks"),
        ("total_amount: Total", "total_amount: {sum: Total}", "total_amount: sum needs one_row_per"),
        ("total_amount: Total", "total_amount: {formula: Total *}", "total_amount.formula: it ends too early"),
        ("total_amount: Total", "total_amount: {formula: Total, when: Total > 0}", "takes when and otherwise together"),
        ("sold_at: Order Date", "sold_at: Order Date\n      sold_at: State", "line 9: sold_at is written twice"),
        ("tables:", "tables: [", "not valid YAML"),
        ("tables:", "tabels:", "tabels: not known here; did you mean `tables`?"),
        (", known_from: Order Date", "", "history: needs files"),
        ("history:", "unread: [State]\nhistory:", "unread: state is read as well"),
    ],
)
def test_each_mistake_is_named_with_its_place(tmp_path: Path, old: str, new: str, said: str) -> None:
    assert old in ORDERS
    file = tmp_path / "mapping.yml"
    file.write_text(ORDERS.replace(old, new, 1), encoding="utf-8")
    with pytest.raises(WrongMapping) as problem:
        load_mapping(file, load_contracts())
    assert said in str(problem.value)
    assert "\n" not in str(problem.value)


def test_the_mapping_of_the_documentation_can_be_applied(tmp_path: Path) -> None:
    page = PROJECT / "docs" / "files-of-any-shape.md"
    [text] = [block.text for block in blocks_of(page) if block.language == "yaml"]
    (tmp_path / "mapping.yml").write_text(text, encoding="utf-8")
    assert [mapping.table.label for mapping in load_mapping(tmp_path / "mapping.yml", load_contracts())] == [
        "pos/receipt",
        "pos/receipt_line",
    ]
    for form in FORMS:
        assert form in page.read_text("utf-8")


def test_a_wrong_mapping_stops_only_its_own_files(zone: Zone) -> None:
    deliver(zone, ORDERS, ORDERS_FILE)
    zone.deliver("mapped/other/mapping.yml", "tables: {}\n")
    zone.deliver("mapped/none/a.csv", "a\n1\n")
    zone.deliver("mapped/lost.csv", "a\n1\n")
    lines = [line.split("/landing/")[1] for line in zone.failing_load()]
    assert lines == [
        "mapped/lost.csv: is not in the folder of a mapping; move it to mapped/<name>/",
        "mapped/none/mapping.yml: is not there; `python -m scripts scaffold FILE` proposes one",
        "mapped/other/mapping.yml: tables: names no table; add one, such as pos/receipt",
    ]
    assert len(receipts(zone)) == 2
