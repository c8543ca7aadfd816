"""On a simulated retailer the rules find what was planted and little else; dead letters reveal no personal data."""

from __future__ import annotations

import re

import pandas as pd

from scripts.intake.rule_false_positives import PLANTED_KINDS, rule_false_positives
from scripts.platform.contracts import AMOUNTS
from scripts.platform.warehouse import open_warehouse
from scripts.platform.workspace import PROJECT, Workspace


def quiet(_: str) -> None:
    return None


def test_rules_find_what_was_planted_and_little_else(demo_workspace: Workspace) -> None:
    rates = {rate.rule_key: rate for rate in rule_false_positives(demo_workspace, quiet)}
    assert len(rates) > 80
    planted = [rate for rate in rates.values() if rate.planted]
    assert {rate.rule_type for rate in planted} == set(PLANTED_KINDS)
    for rate in rates.values():
        assert rate.false_positive_rate <= 0.001, rate
    for rate in planted:
        assert rate.false_negative_rate is not None
        assert rate.false_negative_rate <= 0.02, rate


def test_rates_agree_with_a_count_in_pandas(demo_workspace: Workspace) -> None:
    """Unknown currencies on shop orders, counted without the SQL of the rates."""
    planted = pd.read_parquet(demo_workspace.truth / "planted.parquet")
    with open_warehouse(demo_workspace.warehouse, read_only=True) as connection:
        raw = connection.execute(
            'select path, _line as line, o.currency from raw_shopify."order" as o'
            " join intake.files on file_id = _file_id"
        ).df()
    matched = planted.merge(raw, on=["path", "line"])
    wanted = matched[matched["kind"] == "unknown_currency"]
    rate = next(rate for rate in rule_false_positives(demo_workspace, quiet) if rate.rule_key == "shop_order_currency")
    unknown = raw[~raw["currency"].str.upper().isin(["GBP", "EUR", "USD"])]
    assert rate.checked == len(raw)
    assert rate.planted == len(wanted) > 0
    assert rate.flagged == len(unknown) == rate.planted_flagged + rate.false_positives + rate.consequential


def test_dead_letters_are_ranked_and_reveal_no_value_of_a_record(demo_workspace: Workspace) -> None:
    with open_warehouse(demo_workspace.warehouse, read_only=True) as connection:
        letters = connection.execute("select * from marts.dead_letters order by money_rank").df()
        payloads = connection.execute("select * from pii.dead_letter_payloads").df()
    assert list(letters.columns[:5]) == ["source", "record_key", "reason", "severity", "value_at_risk"]
    assert len(letters) == len(payloads) > 100
    assert payloads["payload"].notna().all()
    held = letters[letters["is_held"]]
    assert held["money_rank"].max() == len(held), "what is held comes first"
    money = held["value_at_risk"].astype(float)
    assert money.dropna().is_monotonic_decreasing
    assert money.isna().sum() == 0 or money.isna().to_numpy()[-money.isna().sum() :].all()

    personal_values = {text for text in payloads["raw_record_key"].dropna() if len(text) > 5}
    for payload in payloads["payload"]:
        personal_values |= set(re.findall(r"[\w.+-]+@[\w-]+[.]\w+|[+]?[0-9]{9,}", payload))
    assert len(personal_values) > 200
    published = ["reason", "repair_hint", "closed_by", "record_key", "rule_key"]
    said = "\n".join(str(cell) for name in published for cell in letters[name])
    assert not [personal_value for personal_value in personal_values if personal_value in said]


def test_no_money_is_counted_twice(demo_workspace: Workspace) -> None:
    """Each held record's money is counted once; the lines of a held receipt count for nothing."""
    with open_warehouse(demo_workspace.warehouse, read_only=True) as connection:
        twice = connection.execute(
            "select source, table_name, record_key from marts.dead_letters"
            " where state = 'open' and value_at_risk <> 0 and rule_key not like 'door_%'"
            " group by all having count(*) > 1"
        ).fetchall()
        lines = connection.execute(
            "select count(*), sum(value_at_risk) from marts.dead_letters"
            " where rule_key = 'till_line_receipt' and is_consequential"
        ).fetchone()
    assert twice == []
    assert lines is not None
    assert lines[0] > 0
    assert lines[1] == 0


def test_the_load_and_the_models_use_the_same_amount_columns() -> None:
    text = (PROJECT / "macros" / "validation" / "record_scopes.sql").read_text(encoding="utf-8")
    listed = text[text.index("return([", text.index("{% macro amount_column")) :]
    assert tuple(re.findall(r"'([a-z_]+)'", listed[: listed.index("] | select")])) == AMOUNTS
