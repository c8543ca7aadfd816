"""How held records are released: by a corrected record, a late parent or an override. Nothing is replayed."""

from __future__ import annotations

from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from scripts.__main__ import main
from scripts.intake.command import intake
from scripts.pipeline.steps import setup
from scripts.platform.dbt import run_dbt
from scripts.platform.warehouse import open_warehouse
from scripts.platform.workspace import Workspace
from tests.support.workspaces import workspace_in

RECEIPTS = (
    "receipt_id,sales_channel,store_id,till_id,sold_at,currency,prices_include_tax,status,total_amount,synced_at\n"
)

LINES = "receipt_id,line_number,sku,line_type,quantity,unit_price,synced_at\n"
OVERRIDES = "override_id,source_name,table_name,record_key,rule_key,action,reason,decided_by,decided_at\n"
BUILT = ["+dead_letters", "+dead_letter_payloads", "+record_conservation", "+int_order_lines"]


def quiet(_: str) -> None:
    return None


def deliver(workspace: Workspace, name: str, text: str) -> None:
    file = workspace.landing / name
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_text(text, encoding="utf-8")


def build(workspace: Workspace) -> None:
    intake(workspace, quiet)
    run_dbt(workspace, ["seed"], progress=quiet)
    run_dbt(workspace, ["run", "--select", *BUILT], variables={"as_of_date": "2026-03-31"}, progress=quiet)


def rows(workspace: Workspace, query: str) -> list[tuple[Any, ...]]:
    with open_warehouse(workspace.warehouse, read_only=True) as connection:
        return connection.execute(query).fetchall()


LETTERS = """
    select raw_record_key, rule_key, state, value_at_risk, is_held, closed_by
    from marts.dead_letters as letters
    join pii.dead_letter_payloads as payloads using (source, table_name, record_key, rule_key)
    where severity <> 'warn' order by 1, 2
"""
IN_USE = "select line_id from intermediate.int_order_lines where line_id like 'pos:%' order by 1"


@pytest.fixture(scope="module")
def first_day(tmp_path_factory: pytest.TempPathFactory) -> Workspace:
    """R1 is good; R2 has an unknown currency, R3 an absurd amount, the line of R4 no receipt, R5 a good and then an
    invalid version; R6 repeats R1 under another key; goods were sold on R7, but its total is negative. L1 of the web
    shop, sold in euros, has an absurd tax at rate 0.2.
    """
    workspace = workspace_in(tmp_path_factory.mktemp("letters"))
    setup(workspace, quiet)
    till = "S1,T1,2026-03-01 10:00:00"
    deliver(
        workspace,
        "pos/receipt/a_2026-03-02.csv",
        RECEIPTS
        + f"R1,store,{till},GBP,true,completed,10.00,2026-03-01 11:00:00\n"
        + "R2,store,S1,T1,2026-03-01 10:01:00,GPB,true,completed,20.00,2026-03-01 11:00:00\n"
        + "R3,store,S1,T1,2026-03-01 10:02:00,EUR,true,completed,7000.00,2026-03-01 11:00:00\n"
        + "R5,store,S1,T1,2026-03-01 10:04:00,GBP,true,completed,50.00,2026-03-01 11:00:00\n"
        + "R5,store,S1,T1,2026-03-01 10:04:00,GBP,true,completed,-6000.00,2026-03-01 12:00:00\n"
        + f"R6,store,{till},GBP,true,completed,10.00,2026-03-01 13:00:00\n"
        + "R7,store,S1,T1,2026-03-01 10:05:00,GBP,true,completed,-70.00,2026-03-01 11:00:00\n",
    )
    lines = [
        ("R1", "1,10"),
        ("R2", "1,20"),
        ("R3", "2,3500"),
        ("R4", "1,40"),
        ("R5", "1,50"),
        ("R6", "1,10"),
        ("R7", "1,70"),
    ]
    deliver(
        workspace,
        "pos/receipt_line/a_2026-03-02.csv",
        LINES + "".join(f"{key},1,SKU1,product,{sold},2026-03-01 11:00:00\n" for key, sold in lines),
    )
    sold, synced = "2026-03-01 10:00:00", "2026-03-01 11:00:00"
    for table, header, row in (
        ("order", "id,currency,total_price,financial_status,created_at", f"O1,EUR,100.00,paid,{sold}"),
        ("order_line", "id,order_id,price,quantity", "L1,O1,100.00,1"),
        ("tax_line", "order_line_id,index,rate,price", "L1,0,0.2,6000.00"),
    ):
        deliver(workspace, f"shopify/{table}/a_2026-03-02.csv", f"{header},_fivetran_synced\n{row},{synced}\n")
    build(workspace)
    return workspace


def test_invalid_records_are_held_with_their_lines(first_day: Workspace) -> None:
    found = rows(first_day, LETTERS)
    euros = Decimal("7000") * Decimal("0.87")
    assert found == [
        # Converted at the euro's exchange rate, not at the tax rate.
        ("L1|0", "shop_tax_amount", "open", Decimal("6000") * Decimal("0.87"), True, None),
        ("R2", "till_receipt_currency", "open", Decimal("20.00"), True, None),
        # A line's money is counted on its receipt, except for the line of an unknown receipt.
        ("R2|1", "till_line_receipt", "open", Decimal("0.00"), True, None),
        ("R3", "till_receipt_amount", "open", euros, True, None),
        ("R3|1", "till_line_receipt", "open", Decimal("0.00"), True, None),
        ("R4|1", "till_line_receipt", "open", Decimal("40.00"), True, None),
        ("R5", "till_receipt_amount", "open", Decimal("6000.00"), True, None),
        ("R5|1", "till_line_receipt", "open", Decimal("0.00"), True, None),
        ("R7", "till_negative_amount", "open", Decimal("70.00"), True, None),
    ]
    # All of R5 is held, including its older good version; a repeat only causes a warning.
    assert rows(first_day, IN_USE) == [("pos:R1:1",), ("pos:R6:1",)]
    repeated = "select record_key from intermediate.int_pos__violations where rule_key = 'till_receipt_repeated'"
    assert rows(first_day, repeated) == [("R6",)]
    payload = rows(first_day, "select payload, measured from pii.dead_letter_payloads where raw_record_key = 'R2'")
    assert '"currency":"GPB"' in payload[0][0]
    assert payload[0][1] == "GPB"
    # Nothing is wrong with the line of R7 itself.
    assert rows(
        first_day, "select accepted_row_count, in_use_row_count, superseded_row_count, dead_letter_row_count"
        " from marts.record_conservation where source = 'pos' order by table_name"
    ) == [(7, 2, 1, 4), (7, 3, 0, 4), (0, 0, 0, 0)]  # fmt: skip


def test_corrections_late_parents_and_overrides_release_records(first_day: Workspace) -> None:
    corrected = "pos/receipt/b_2026-03-10.csv"
    deliver(
        first_day,
        corrected,
        RECEIPTS
        + "R2,store,S1,T1,2026-03-01 10:01:00,GBP,true,completed,20.00,2026-03-09 11:00:00\n"
        + "R4,store,S1,T1,2026-03-01 10:03:00,GBP,true,completed,40.00,2026-03-09 11:00:00\n",
    )
    deliver(
        first_day,
        "overrides/record_override/a_2026-03-10.csv",
        OVERRIDES + "O1,pos,receipt,R3,till_receipt_amount,waive,a wholesaler,A. Steward,2026-03-09 12:00:00\n",
    )
    build(first_day)
    assert rows(first_day, LETTERS) == [
        ("L1|0", "shop_tax_amount", "open", Decimal("5220.00"), True, None),
        ("R2", "till_receipt_currency", "repaired", Decimal("20.00"), False, f"a good version in {corrected}"),
        ("R3", "till_receipt_amount", "waived", Decimal("6090.00"), False, "override O1"),
        ("R5", "till_receipt_amount", "open", Decimal("6000.00"), True, None),
        ("R5|1", "till_line_receipt", "open", Decimal("0.00"), True, None),
        ("R7", "till_negative_amount", "open", Decimal("70.00"), True, None),
    ]  # fmt: skip
    assert [line for (line,) in rows(first_day, IN_USE)] == [f"pos:R{number}:1" for number in (1, 2, 3, 4, 6)]
    wrong = "where accepted_row_count <> in_use_row_count + superseded_row_count + dead_letter_row_count"
    assert rows(first_day, f"select source, table_name from marts.record_conservation {wrong}") == []
    closed = "select closed_at >= first_seen_at from marts.dead_letters where state <> 'open'"
    assert rows(first_day, closed) == [(True,), (True,)]


def test_an_invalid_rule_is_reported_with_its_line(
    first_day: Workspace, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    file = first_day.seeds / "validation_rules.csv"
    sound = file.read_text(encoding="utf-8")
    file.write_text(sound.replace("pos,receipt,range", "pos,reciept,range", 1), encoding="utf-8")
    line = next(i for i, text in enumerate(file.read_text(encoding="utf-8").splitlines(), 1) if "reciept" in text)
    try:
        assert main(["validate", "--warehouse", str(first_day.warehouse)]) == 1
    finally:
        file.write_text(sound, encoding="utf-8")
    said = capsys.readouterr()
    assert (
        f"error: validation_rules.csv, line {line} (till_receipt_amount): `pos.reciept` is not a table of a source; "
        "did you mean `pos.receipt`?"
    ) in said.out
    assert "validation rules have" in said.err
