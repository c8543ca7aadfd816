"""The predicted impact of a limit is exactly what changing it does, and equals a calculation from the landing files."""

from __future__ import annotations

import csv
import gzip
from decimal import Decimal, InvalidOperation
from pathlib import Path

import pandas as pd
import pytest

from scripts.__main__ import main
from scripts.intake.rule_impact import rule_impact
from scripts.platform.dbt import run_dbt
from scripts.platform.warehouse import open_warehouse
from scripts.platform.workspace import Workspace

Held = set[tuple[str, str]]
EVALUATED = ["int_validation_rules", "int_pos__violations"]


def quiet(_: str) -> None:
    return None


def set_store_limit(workspace: Workspace, limit: str) -> None:
    """Set the maximum amount of the tills' receipts in the seed, as a retailer would, and evaluate the rules."""
    file = workspace.seeds / "validation_rules.csv"
    with file.open(newline="", encoding="utf-8") as lines:
        rows = list(csv.DictReader(lines))
    columns = list(rows[0])
    general = next(row for row in rows if row["rule_key"] == "till_receipt_amount" and not row["channel"])
    rows = [row for row in rows if row["rule_key"] != "till_receipt_amount" or row["channel"] != "store"]
    rows.append({**general, "channel": "store", "max_value": limit})
    with file.open("w", newline="", encoding="utf-8") as lines:
        writer = csv.DictWriter(lines, columns, lineterminator="\n")
        writer.writeheader()
        writer.writerows(rows)
    run_dbt(workspace, ["seed", "--select", "validation_rules"], progress=quiet)
    run_dbt(workspace, ["run", "--select", *EVALUATED], progress=quiet)


def held(workspace: Workspace, table: str) -> Held:
    """Record versions that any rule holds back."""
    with open_warehouse(workspace.warehouse, read_only=True) as connection:
        rows = connection.execute(
            "select record_key, version_hash from intermediate.int_pos__violations"
            " where is_blocking and table_name = ?",
            [table],
        ).fetchall()
    return set(rows)


def number(text: str) -> Decimal | None:
    try:
        return Decimal(text.strip())
    except InvalidOperation:
        return None


def landed(workspace: Workspace, table: str) -> pd.DataFrame:
    """The rows of a table's landing files as text, without duplicates and without rows refused by the load."""
    parts = []
    with open_warehouse(workspace.warehouse, read_only=True) as connection:
        refused = set(connection.execute("select path, line_number from intake.rejects").fetchall())
    for file in sorted((workspace.landing / "pos" / table).glob("*.csv*")):
        text = gzip.decompress(file.read_bytes()) if file.suffix == ".gz" else file.read_bytes()
        rows = list(csv.DictReader(text.decode().splitlines()))
        path = str(file.relative_to(workspace.landing))
        parts.append(pd.DataFrame([row for line, row in enumerate(rows, 2) if (path, line) not in refused]))
    return pd.concat(parts).map(str.strip).drop_duplicates()


@pytest.mark.verify
def test_a_raised_limit_releases_exactly_what_was_predicted(demo_copy: Workspace) -> None:
    set_store_limit(demo_copy, "300")
    receipts, lines = landed(demo_copy, "receipt"), landed(demo_copy, "receipt_line")
    receipts["amount"] = [number(text) for text in receipts["total_amount"]]
    at_store = receipts["sales_channel"].replace("", "store") == "store"
    between = pd.Series([300 < amount <= 450 for amount in receipts["amount"]], index=receipts.index)
    # No other rule may hold the receipt.
    otherwise_valid = receipts["currency"].isin(["GBP", "EUR", "USD"]) & (receipts["sold_at"] < "2027")
    otherwise_valid &= pd.Series(
        [-1 < (number(text) or 0) <= 300 for text in receipts["tax_amount"]], index=receipts.index
    )
    expected = receipts[at_store & between & otherwise_valid]
    assert len(expected) > 20

    before = demo_copy.warehouse.read_bytes()
    result = rule_impact(demo_copy, "till_receipt_amount", channel="store", maximum="450", progress=quiet)
    assert demo_copy.warehouse.read_bytes() == before

    (effect,) = result.effects
    assert (effect.channel, effect.released, effect.newly_held) == ("store", len(expected), 0)
    rates = {"GBP": Decimal(1)}
    assert set(expected["currency"]) == set(rates)
    assert effect.released_value == sum(expected["amount"])

    held_before = {table: held(demo_copy, table) for table in ("receipt", "receipt_line", "receipt_payment")}
    set_store_limit(demo_copy, "450")
    released = {table: keys - held(demo_copy, table) for table, keys in held_before.items()}
    assert sorted(key for key, _ in released["receipt"]) == sorted(expected["receipt_id"])
    assert all(held(demo_copy, table) <= keys for table, keys in held_before.items()), "nothing is newly held"
    # The lines and payments of a receipt are released with it.
    assert {key.split("|")[0] for key, _ in released["receipt_line"]} <= set(expected["receipt_id"])
    assert result.following["pos.receipt_line"] == len(released["receipt_line"])
    assert result.following["pos.receipt_payment"] == len(released["receipt_payment"])
    assert len(released["receipt_line"]) == lines["receipt_id"].isin(set(expected["receipt_id"])).sum()

    # Conversely, the old limit would hold the same rows back again.
    (effect,) = rule_impact(demo_copy, "till_receipt_amount", channel="store", maximum="300", progress=quiet).effects
    assert (effect.released, effect.newly_held) == (0, len(expected))
    assert effect.newly_held_value == sum(expected["amount"])


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["--what-if", "till_receipt_amont", "--max", "1"], "did you mean `till_receipt_amount`?"),
        (["--what-if", "till_receipt_amount", "--max", "1,000"], "--max is `1,000`; write a number such as"),
        (["--what-if", "till_receipt_amount"], "no limit to try is given"),
        (["--what-if", "till_receipt_amount", "--min", "9", "--max", "1"], "is above --max 1"),
        (["--what-if", "till_receipt_currency", "--max", "1"], "has no limit to change, as it is of type currency"),
        (["--what-if", "till_receipt_date", "--min", "yesterday"], "write the earliest day"),
        (["--what-if", "till_receipt_date", "--max", "1.5"], "write a whole number of days"),
        (["--max", "1"], "add --what-if RULE_KEY"),
    ],
)
def test_invalid_arguments_get_one_line(
    demo_workspace: Workspace, capsys: pytest.CaptureFixture[str], arguments: list[str], message: str
) -> None:
    assert main(["validate", "--warehouse", str(demo_workspace.warehouse), *arguments]) == 2
    lines = capsys.readouterr().err.splitlines()
    assert len(lines) == 1
    assert message in lines[0]


def test_before_a_build_the_missing_step_is_named(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    warehouse = tmp_path / "warehouse.duckdb"
    with open_warehouse(warehouse):
        pass
    assert main(["validate", "--warehouse", str(warehouse), "--what-if", "till_receipt_amount", "--max", "1"]) == 2
    assert main(["validate", "--warehouse", str(warehouse), "--rates"]) == 2
    lines = capsys.readouterr().err.splitlines()
    assert "run `python -m scripts build`" in lines[0]
    assert "need a simulated retailer" in lines[1]
