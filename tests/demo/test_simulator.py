"""The simulator's guarantees: same seed same bytes, money adds up, defects on record, no one's data overwritten."""

from __future__ import annotations

import csv
import gzip
import hashlib
import json
import os
import subprocess
import sys
from collections import Counter
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import numpy as np
import pandas as pd
import pytest

import scripts.demo.simulator as simulator
from scripts.demo.simulator import simulate
from scripts.demo.simulator.arrays import split_exactly, to_local, to_utc, totals
from scripts.demo.simulator.landing import NOT_DELIVERED, TABLES_NOT_DELIVERED
from scripts.demo.simulator.planted_defects import PlantedDefects
from scripts.demo.simulator.reference import PUBLISHED, compare, reference_table
from scripts.platform.contracts import Source, load_contracts
from scripts.platform.errors import UserError
from scripts.platform.settings import read_settings
from scripts.platform.workspace import PROJECT, Workspace

END = date(2026, 6, 30)
# Defects in names and the like, which leave a row's keys and amounts unchanged.
HARMLESS = ("redelivered", "stray_whitespace", "emoji")
# Tables that the simulated retailer does not have; example rows are in tests/support/source_shapes.py.
NOT_SIMULATED = {
    "hubspot/contact", "hubspot/contact_list", "hubspot/contact_list_member", "hubspot/deal", "klaviyo/flow",
    "identity/link_decision", "klaviyo/metric", "matching/proposal", "overrides/record_override",
    "privacy/erasure_request", "shopify/abandoned_checkout", "shopify/customer_tag", "shopify/inventory_level",
    "shopify/inventory_quantity", "shopify/location", "shopify/order_discount_code", "shopify/order_tag",
    "shopify/product_tag", "web/cart_viewed", "web/checkout_started", "web/order_refunded", "web/product_list_viewed",
    "web/product_removed", "web/products_searched", "web/tracks", "zendesk/ticket_comment",
}  # fmt: skip


def quiet(_: str) -> None:
    """No progress messages."""


def workspace_in(folder: Path) -> Workspace:
    return Workspace.at(warehouse=str(folder / "warehouse.duckdb"))


@pytest.fixture(scope="module")
def workspace(tmp_path_factory: pytest.TempPathFactory) -> Workspace:
    made = workspace_in(tmp_path_factory.mktemp("simulated"))
    simulate(made, customers=2000, seed=11, progress=quiet)
    return made


@pytest.fixture(scope="module")
def clean(tmp_path_factory: pytest.TempPathFactory) -> Workspace:
    """The same retailer without planted defects: the data drawn do not depend on them."""
    made = workspace_in(tmp_path_factory.mktemp("clean"))
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(PlantedDefects, "plant", lambda self, table, *_, **__: table)
        simulate(made, customers=2000, seed=11, progress=quiet)
    return made


def simulated_sources() -> list[Source]:
    """The contracts, as far as the simulated retailer has their tables."""
    sources = load_contracts().values()
    assert {table.label for source in sources for table in source.tables.values()} >= NOT_SIMULATED
    return [
        replace(source, tables={n: table for n, table in source.tables.items() if table.label not in NOT_SIMULATED})
        for source in sources
    ]


def files_of(workspace: Workspace, source: str, table: str) -> list[Path]:
    return sorted((workspace.landing / source / table).glob("*"))


def read(workspace: Workspace, source: str, table: str, latest: bool = True) -> pd.DataFrame:
    """A table without harmful planted defects, text files as text, one row per key (the latest version) if `latest`."""
    planted = pd.read_parquet(workspace.truth / "planted.parquet")
    frames = []
    for file in files_of(workspace, source, table):
        if file.suffix == ".parquet":
            frames.append(pd.read_parquet(file))
            continue
        frame = (
            pd.read_json(file, lines=True, dtype=False)
            if file.suffix == ".jsonl"
            else pd.read_csv(file, dtype=str, keep_default_na=False)
        )
        first = 1 if file.suffix == ".jsonl" else 2
        path = str(file.relative_to(workspace.landing))
        bad = planted[(planted["path"] == path) & ~planted["kind"].isin(HARMLESS)]["line"] - first
        frames.append(frame.drop(index=bad.to_list()))
    contract = load_contracts()[source].tables[table]
    rows = pd.concat(frames)
    return rows.drop_duplicates(list(contract.key), keep="last") if latest else rows


def fingerprint(folder: Path) -> dict[str, str]:
    files = sorted(p for p in folder.rglob("*") if p.is_file())
    return {str(p.relative_to(folder)): hashlib.sha256(p.read_bytes()).hexdigest() for p in files}


def test_the_same_seed_gives_the_same_bytes_and_another_seed_different_ones(tmp_path: Path) -> None:
    one, two, other = (workspace_in(tmp_path / name) for name in ("one", "two", "other"))
    simulate(one, customers=300, seed=5, progress=quiet)
    simulate(two, customers=300, seed=5, progress=quiet)
    simulate(other, customers=300, seed=6, progress=quiet)
    assert fingerprint(one.landing) == fingerprint(two.landing)
    assert fingerprint(one.truth) == fingerprint(two.truth)
    assert fingerprint(one.landing) != fingerprint(other.landing)


def test_another_process_writes_the_same_bytes(tmp_path: Path) -> None:
    here = workspace_in(tmp_path / "here")
    simulate(here, customers=300, seed=5, progress=quiet)
    code = (
        "import sys; from scripts.demo.simulator import simulate; from scripts.platform.workspace import Workspace;"
        "simulate(Workspace.at(warehouse=sys.argv[1]), customers=300, seed=5)"
    )
    there = workspace_in(tmp_path / "there")
    run = [sys.executable, "-c", code, str(there.warehouse)]
    subprocess.run(run, check=True, cwd=PROJECT, env=os.environ | {"PYTHONHASHSEED": "7"}, capture_output=True)
    assert fingerprint(here.landing) == fingerprint(there.landing)


def test_every_table_of_the_contract_is_delivered_with_its_columns(workspace: Workspace) -> None:
    for source in simulated_sources():
        for table in source.tables.values():
            files = files_of(workspace, source.name, table.name)
            if (source.name, table.name) in TABLES_NOT_DELIVERED:
                assert not files
                continue
            assert files, table.label
            absent = NOT_DELIVERED.get((source.name, table.name), ())
            names = [column.name for column in table.columns if column.name not in absent]
            for file in files:
                assert file.stem.split(".")[0].endswith(("_2026-06-28", "_2026-06-30"))
                if file.suffix == ".parquet":
                    assert list(pd.read_parquet(file).columns) == names
                elif file.suffix == ".jsonl":
                    assert list(json.loads(file.read_text().splitlines()[0])) == names
                else:
                    assert next(rows_of(file)) == names


def rows_of(file: Path) -> Iterator[list[str]]:
    text = gzip.decompress(file.read_bytes()) if file.suffix == ".gz" else file.read_bytes()
    yield from csv.reader(text.decode().splitlines())


def test_a_small_workspace_also_delivers_every_table(tmp_path: Path) -> None:
    small = workspace_in(tmp_path)
    simulate(small, customers=50, end_date=date(2024, 2, 29), seed=1, progress=quiet)
    tables = [
        table
        for source in simulated_sources()
        for table in source.tables.values()
        if (table.source, table.name) not in TABLES_NOT_DELIVERED
    ]
    assert len(tables) == 46
    assert all(files_of(small, table.source, table.name) for table in tables)
    assert read_settings(small)["as_of_date"] == "2024-02-29"


def test_settings_have_the_date_and_the_time_zone(workspace: Workspace) -> None:
    assert workspace.landing_settings() == {
        "kind": "demo",
        "as_of_date": "2026-06-30",
        "business_timezone": "Europe/London",
        "reporting_currency": "GBP",
        "default_country": "GB",
    }


def test_a_second_call_with_equal_arguments_changes_nothing(workspace: Workspace) -> None:
    before = {p: p.stat().st_mtime_ns for p in workspace.landing.rglob("*")}
    said: list[str] = []
    simulate(workspace, customers=2000, seed=11, progress=said.append)
    assert "already there" in said[0]
    assert before == {p: p.stat().st_mtime_ns for p in workspace.landing.rglob("*")}


def test_a_retailers_own_files_are_never_overwritten(tmp_path: Path) -> None:
    own = workspace_in(tmp_path)
    file = own.landing / "shopify" / "order" / "orders.csv"
    file.parent.mkdir(parents=True)
    file.write_text("id\n1\n")
    with pytest.raises(UserError, match="not written by the simulator"):
        simulate(own, customers=100, progress=quiet)
    assert file.read_text() == "id\n1\n"


def test_an_interrupted_run_keeps_the_last_good_landing_zone(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    mine = workspace_in(tmp_path)
    simulate(mine, customers=100, seed=1, progress=quiet)
    before = fingerprint(mine.landing), fingerprint(mine.truth)

    def fail(*_: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(simulator, "write_web", fail)
    with pytest.raises(KeyboardInterrupt):
        simulate(mine, customers=100, seed=2, progress=quiet)
    assert (fingerprint(mine.landing), fingerprint(mine.truth)) == before
    assert sorted(p.name for p in tmp_path.iterdir()) == ["landing", "truth"]


def test_an_interrupted_swap_is_recovered(tmp_path: Path) -> None:
    mine = workspace_in(tmp_path)
    simulate(mine, customers=100, seed=1, progress=quiet)
    before = fingerprint(mine.landing)
    mine.landing.rename(mine.landing.with_name(".landing.old"))
    said: list[str] = []
    simulate(mine, customers=100, seed=1, progress=said.append)
    assert "already there" in said[0]
    assert fingerprint(mine.landing) == before


@pytest.mark.parametrize(
    ("wrong", "named"),
    [
        ({"customers": 0}, "--customers"),
        ({"customers": 49}, "--customers"),
        ({"customers": 10**9}, "--customers"),
        ({"end_date": date(1999, 1, 1)}, "--end-date"),
        ({"seed": -1}, "--seed"),
    ],
)
def test_invalid_arguments_get_one_clear_line(tmp_path: Path, wrong: dict[str, object], named: str) -> None:
    with pytest.raises(UserError, match=named) as problem:
        simulate(workspace_in(tmp_path), **wrong, progress=quiet)  # type: ignore[arg-type]
    assert "\n" not in str(problem.value)
    assert list(tmp_path.iterdir()) == []


def test_london_time_agrees_with_the_zone_database() -> None:
    seconds = np.random.default_rng(3).integers(1_200_000_000, 1_900_000_000, 2000)
    offsets = to_local(seconds) - seconds
    zone = ZoneInfo("Europe/London")
    expected = [datetime.fromtimestamp(int(s), UTC).astimezone(zone).utcoffset().total_seconds() for s in seconds]  # type: ignore[union-attr]
    assert offsets.tolist() == expected
    assert to_utc(to_local(seconds)).tolist() == seconds.tolist()


def test_amounts_are_split_to_the_cent() -> None:
    index = np.array([0, 0, 0, 1, 2, 2])
    share = split_exactly(np.array([1000, 7, 5]), index, np.array([1, 1, 1, 5, 0, 0]))
    assert totals(index, share, 3).tolist() == [1000, 7, 0]


def money(column: pd.Series) -> pd.Series:
    return (column.replace("", "0").astype(float) * 100).round().astype("int64")


def test_shop_orders_equal_their_lines_discounts_taxes_and_shipping(clean: Workspace) -> None:
    orders = read(clean, "shopify", "order").set_index("id")
    lines = read(clean, "shopify", "order_line")
    taxes, offers = read(clean, "shopify", "tax_line"), read(clean, "shopify", "discount_allocation")
    shipping = read(clean, "shopify", "order_shipping_line")
    owner = lines.set_index("id")["order_id"]

    def of(values: pd.Series) -> pd.Series:
        assert set(values.index) <= set(orders.index)
        return values.reindex(orders.index).fillna(0).astype("int64")

    gross = of((money(lines["price"]) * lines["quantity"].astype(int)).groupby(lines["order_id"]).sum())
    tax = of(money(taxes["price"]).groupby(taxes["order_line_id"].map(owner)).sum())
    discount = of(money(offers["amount"]).groupby(offers["order_line_id"].map(owner)).sum())
    sent = of(money(shipping["discounted_price"]).groupby(shipping["order_id"]).sum())
    assert (money(orders["total_line_items_price"]) == gross).all()
    assert (money(orders["total_discounts"]) == discount).all()
    extra = tax.where(orders["taxes_included"] == "false", 0)
    assert (money(orders["total_price"]) == gross - discount + sent + extra).all()
    # The rest of the order's tax is the tax on shipping.
    shipping_tax = money(orders["total_tax"]) - tax
    assert shipping_tax.between(0, sent * 0.21).all()


def test_receipts_equal_their_lines_and_payments(clean: Workspace) -> None:
    receipts = read(clean, "pos", "receipt").set_index("receipt_id")
    lines, payments = read(clean, "pos", "receipt_line"), read(clean, "pos", "receipt_payment")
    net = money(lines["unit_price"]) * lines["quantity"].astype(int) - money(lines["discount_amount"])
    assert (money(receipts["total_amount"]) == net.groupby(lines["receipt_id"]).sum().reindex(receipts.index)).all()
    tax = money(lines["tax_amount"]).groupby(lines["receipt_id"]).sum()
    assert (money(receipts["tax_amount"]) == tax.reindex(receipts.index)).all()
    done = receipts[receipts["status"] == "completed"]
    paid = money(payments["amount"]).groupby(payments["receipt_id"]).sum()
    assert (money(done["total_amount"]) == paid.reindex(done.index).fillna(0)).all()


def test_refunds_equal_the_money_paid_back(clean: Workspace) -> None:
    refunds, lines = read(clean, "shopify", "refund"), read(clean, "shopify", "order_line_refund")
    extras, paid = read(clean, "shopify", "order_adjustment"), read(clean, "shopify", "transaction")
    included = read(clean, "shopify", "order").set_index("id")["taxes_included"] == "true"
    refunds = refunds.set_index("id")
    order = lines["refund_id"].map(refunds["order_id"])
    on_top = money(lines["total_tax"]).where(~order.isin(included.index[included]), 0)
    parts = (money(lines["subtotal"]) + on_top).groupby(lines["refund_id"]).sum()
    # Refunded shipping is stated without its tax, which is in a separate column.
    shipping = money(extras["amount"]) + money(extras["tax_amount"])
    parts = parts.add(-shipping.groupby(extras["refund_id"]).sum(), fill_value=0)
    back = paid[paid["kind"] == "refund"]
    went = money(back["amount"]).groupby(back["refund_id"]).sum()
    assert set(parts.index) == set(went.index) == set(refunds.index)
    assert (parts.loc[refunds.index] == went.loc[refunds.index]).all()


def test_loyalty_balances_are_the_sum_of_their_movements(clean: Workspace) -> None:
    members, moves = read(clean, "loyalty", "member"), read(clean, "loyalty", "points_movement")
    balance = members.set_index("loyalty_number")["points_balance"].replace("", "0").astype(int)
    total = moves["points"].astype(int).groupby(moves["loyalty_number"]).sum()
    assert set(total.index) <= set(balance.index)
    assert (balance == total.reindex(balance.index).fillna(0)).all()
    assert (balance >= 0).all()
    assert set(members["tier"]) == {"bronze", "silver", "gold"}


def test_planted_defects_are_the_only_difference_from_a_clean_delivery(workspace: Workspace, clean: Workspace) -> None:
    """File by file: every new row is on record, and every missing row has a recorded one in its place."""
    planted = pd.read_parquet(workspace.truth / "planted.parquet")
    planted = planted[planted["kind"] != "redelivered"]
    contracts = {table.label: table for source in load_contracts().values() for table in source.tables.values()}
    paths = {str(file.relative_to(workspace.landing)) for file in workspace.landing.glob("*/*/*")}
    assert paths == {str(file.relative_to(clean.landing)) for file in clean.landing.glob("*/*/*")}
    assert set(planted["path"]) <= paths
    for path in paths:
        dirty, before = lines_of(workspace.landing / path), lines_of(clean.landing / path)
        first = 2 if ".csv" in path else 1
        recorded = planted[planted["path"] == path]
        places = set(recorded["line"] - first)
        assert len(places) == len(recorded), path
        kept = Counter(row for place, row in enumerate(dirty) if place not in places)
        assert not kept - Counter(before), f"{path}: rows that no recorded defect explains"
        gone = list((Counter(before) - kept).elements())
        assert len(dirty) - len(before) == len(recorded) - len(gone), path
        keys = Counter(keys_of(clean.landing / path, gone, contracts[path.rsplit("/", 1)[0]].key))
        assert not keys - Counter(recorded["record_key"]), f"{path}: rows missing without a record"


def lines_of(file: Path) -> list[Any]:
    """The rows of a file, each as a text or hash that only equal rows share."""
    if file.suffix == ".parquet":
        return list(pd.util.hash_pandas_object(pd.read_parquet(file), index=False))
    text = gzip.decompress(file.read_bytes()) if file.suffix == ".gz" else file.read_bytes()
    return text.decode().splitlines()[0 if file.suffix == ".jsonl" else 1 :]


def keys_of(file: Path, lines: list[Any], key: tuple[str, ...]) -> list[str]:
    """The keys of some lines of a file. In Parquet no row is overwritten, so no lines are ever given for it."""
    if file.suffix == ".jsonl":
        return ["|".join(str(json.loads(line)[name]) for name in key) for line in lines]
    assert file.suffix != ".parquet" or not lines
    names = next(rows_of(file)) if lines else []
    return ["|".join(row[names.index(name)] for name in key) for row in csv.reader(lines)]


def test_about_two_per_cent_of_text_rows_are_defective_in_every_way(workspace: Workspace) -> None:
    planted = pd.read_parquet(workspace.truth / "planted.parquet")
    rows = 0
    for path in workspace.landing.rglob("*.*"):
        if path.suffix in (".csv", ".gz"):
            rows += sum(1 for _ in rows_of(path)) - 1
        elif path.suffix == ".jsonl":
            rows += len(path.read_text().splitlines())
    text = planted[~planted["path"].str.endswith("parquet") & (planted["kind"] != "redelivered")]
    assert 0.012 < len(text) / rows < 0.05
    kinds = {"text_in_number", "impossible_date", "missing_required", "empty_key", "stray_whitespace", "emoji",
             "future_date", "absurd_amount", "unknown_currency", "exact_duplicate", "changed_duplicate", "orphan",
             "redelivered"}  # fmt: skip
    assert set(planted["kind"]) == kinds
    headers = planted[planted["table"].isin(["order", "receipt"]) & (planted["expected"] == "reject")]
    orders = len(read(workspace, "shopify", "order")) + len(read(workspace, "pos", "receipt"))
    assert len(headers) < 0.003 * orders + 6


def test_recorded_defects_point_at_their_lines(workspace: Workspace) -> None:
    planted = pd.read_parquet(workspace.truth / "planted.parquet")
    for kind, is_defect in (("empty_key", lambda row, at: not row[at].strip()), ("orphan", lambda row, at: True)):
        rows = planted[(planted["kind"] == kind) & planted["path"].str.contains("csv")]
        for path, group in rows.groupby("path"):
            lines = list(rows_of(workspace.landing / str(path)))
            table = load_contracts()[group["source"].iloc[0]].tables[group["table"].iloc[0]]
            places = [lines[0].index(name) for name in table.key]
            for line in group["line"]:
                row = lines[int(line) - 1]
                assert any(is_defect(row, at) for at in places), (path, line, row)


def test_exact_duplicates_are_exact(workspace: Workspace) -> None:
    planted = pd.read_parquet(workspace.truth / "planted.parquet")
    rows = planted[(planted["kind"] == "exact_duplicate") & planted["path"].str.contains("csv")]
    for path, group in rows.groupby("path"):
        lines = [tuple(row) for row in rows_of(workspace.landing / str(path))]
        assert all(lines.count(lines[int(line) - 1]) > 1 for line in group["line"].head(3)), path


def test_nothing_was_known_after_the_last_day(workspace: Workspace) -> None:
    end = pd.Timestamp("2026-06-30 23:00:00")  # midnight in London
    for source in simulated_sources():
        for table in source.tables.values():
            if (source.name, table.name) in TABLES_NOT_DELIVERED:
                continue
            rows = read(workspace, source.name, table.name, latest=False)
            known = pd.to_datetime(rows[table.known_at], errors="coerce")
            assert (known < end).all(), table.label


def test_late_files_bring_changes_and_late_orders(workspace: Workspace) -> None:
    orders = read(workspace, "shopify", "order", latest=False)
    versions = orders.groupby("id")["financial_status"].agg(list)
    assert versions.map(lambda v: v[0] == "paid" and v[-1] in ("refunded", "partially_refunded")).any()
    behind = pd.to_datetime(orders["_fivetran_synced"]) - pd.to_datetime(orders["updated_at"])
    assert (behind > pd.Timedelta(days=1)).any()
    tickets = read(workspace, "zendesk", "ticket", latest=False).groupby("id")["status"].agg(list)
    assert tickets.map(lambda v: v[0] in ("new", "open") and v[-1] in ("solved", "closed")).any()


def test_only_reserved_domains_and_numbers_that_cannot_be_dialled(workspace: Workspace) -> None:
    reserved = ("example.com", "example.org", "example.net", "exmaple.example.com", "null@null")
    for source, table, column in (("shopify", "customer", "email"), ("shopify", "order", "email"),
                                  ("crm", "profile", "email"), ("marketplace", "order", "buyer_email"),
                                  ("pos", "receipt", "email"), ("zendesk", "user", "email")):  # fmt: skip
        address = read(workspace, source, table)[column].fillna("").str.strip().str.lower()
        address = address[address != ""]
        assert address.map(lambda a: a.endswith(reserved) or ".example." in a).all(), (source, table)
    phones = read(workspace, "crm", "profile")["phone"]
    digits = phones[phones != ""].str.replace(r"[^0-9]", "", regex=True)
    british = digits[digits.str.startswith(("44", "0044", "0"))].str.replace(r"^(0044|44|0)", "", regex=True)
    assert (british.str.startswith("77009") & (british.str.len() == 12)).all()


def test_the_truth_has_every_profile(clean: Workspace) -> None:
    truth = pd.read_parquet(clean.truth / "profiles.parquet")
    named = truth.groupby("source_system")["source_profile_id"].agg(set)
    for system, source, table, column in (("shopify", "shopify", "customer", "id"),
                                          ("crm", "crm", "profile", "profile_id"),
                                          ("loyalty", "loyalty", "member", "loyalty_number"),
                                          ("klaviyo", "klaviyo", "person", "id"),
                                          ("marketplace", "marketplace", "order", "buyer_id"),
                                          ("surveys", "surveys", "response", "response_id"),
                                          ("consent", "consent", "consent_event", "event_id")):  # fmt: skip
        assert set(read(clean, source, table)[column]) <= named[system], system
    assert {"shopify_guest", "pos", "web", "zendesk", "external_lists", "campaigns"} <= set(named.index)
    shared = truth[truth["note"].str.contains("anyone")]
    assert len(shared) > 0 and (shared["person_id"] == -1).all()


def test_campaigns_hold_out_at_random_and_cause_orders_among_the_treated_only(workspace: Workspace) -> None:
    campaigns = pd.read_parquet(workspace.truth / "campaigns.parquet")
    targeted = campaigns[campaigns["segment_key"].notna()]
    assert len(targeted) > 10 and campaigns["segment_key"].isna().sum() > 10
    assert (campaigns["caused_orders"] <= campaigns["treated"]).all()
    share = targeted["treated"].sum() / targeted["people"].sum()
    assert 0.80 < share < 0.92
    sends = read(workspace, "campaigns", "send")
    out = sends[sends["arm"] == "holdout"]
    held = set((out["campaign_id"] + out["klaviyo_person_id"])[out["klaviyo_person_id"] != ""])
    events = read(workspace, "klaviyo", "event")
    assert not held & set(events["campaign_id"].fillna("") + events["person_id"])


def test_sizes_are_close_to_the_reference_at_another_seed(tmp_path: Path) -> None:
    made = workspace_in(tmp_path)
    simulate(made, customers=12_000, seed=97, progress=quiet)
    table = compare(made).set_index("figure")
    # Three standard deviations of a count this small, and 12 % for the calibration itself.
    for name in PUBLISHED:
        row = table.loc[name]
        assert abs(row["simulated"] - row["published"]) < 0.12 * row["published"] + 3 * row["published"] ** 0.5, name
    assert len(reference_table(made)) == len(table) + 1


def test_the_reference_needs_a_simulated_workspace(tmp_path: Path) -> None:
    with pytest.raises(UserError, match="not a simulated workspace"):
        compare(workspace_in(tmp_path))
