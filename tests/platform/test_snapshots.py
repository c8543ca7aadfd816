"""A snapshot of a past day equals a build as of that day, and outcomes are what happened after it."""

from __future__ import annotations

import fcntl
import os
import shutil
from datetime import date, timedelta
from pathlib import Path
from types import SimpleNamespace

import pandas as pd
import pytest

from scripts.platform.dbt import run_dbt
from scripts.platform.errors import UserError
from scripts.platform.snapshots import described_day, outcomes, products_bought_after, snapshots
from scripts.platform.warehouse import open_warehouse
from scripts.platform.workspace import Workspace
from tests.support.small_purchases import purchase_days, purchases_workspace

DAY = date(2025, 12, 31)
AFTER = 90


def quiet(_: str) -> None:
    return None


@pytest.mark.verify
def test_a_past_day_is_what_a_build_as_of_it_gives(demo_copy: Workspace) -> None:
    """Column by column; stored on disk, found again, and today's warehouse is unchanged."""
    before = _all(demo_copy, "marts.customer_value")
    found = snapshots(demo_copy, [DAY], quiet)[DAY]
    pd.testing.assert_frame_equal(_all(demo_copy, "marts.customer_value"), before)
    said: list[str] = []
    again = snapshots(demo_copy, [DAY], said.append)[DAY]
    assert not said
    pd.testing.assert_frame_equal(again.inputs, found.inputs)
    assert not (demo_copy.snapshots / ".work").exists()
    run_dbt(
        demo_copy,
        ["run", "--select", "+int_prediction_inputs", "+int_category_interests"],
        variables={"as_of_date": DAY.isoformat()},
        progress=quiet,
    )
    for name, table in (("inputs", "int_prediction_inputs"), ("interests", "int_category_interests")):
        built = _all(demo_copy, f"intermediate.{table}")
        kept = getattr(found, name)
        pd.testing.assert_frame_equal(
            kept.sort_values(list(kept.columns[:2])).reset_index(drop=True),
            built.sort_values(list(built.columns[:2])).reset_index(drop=True),
            check_dtype=False,
            rtol=1e-9,
        )
    assert found.inputs["as_of_date"].astype(str).str[:10].unique().tolist() == [DAY.isoformat()]


@pytest.mark.verify
def test_outcomes_are_the_orders_of_the_days_after(demo_copy: Workspace) -> None:
    """Counted again from today's orders, for customers whose id has not changed since."""
    found = snapshots(demo_copy, [DAY], quiet)[DAY]
    outcome = outcomes(demo_copy, found, AFTER).set_index("customer_id")
    assert sorted(outcome.index) == sorted(found.purchases["customer_id"])
    same = found.present_ids[found.present_ids["customer_id"] == found.present_ids["present_customer_id"]]
    orders = _all(demo_copy, "marts.orders")
    orders = orders[orders["is_counted"] & orders["customer_id"].isin(same["customer_id"])]
    days = pd.to_datetime(orders["ordered_date"]).dt.date
    within = orders[(days > DAY) & (days <= DAY + timedelta(days=AFTER))]
    counts = within.groupby("customer_id").size().reindex(outcome.index, fill_value=0)
    stayed = outcome.index.isin(same["customer_id"])
    assert (outcome.loc[stayed, "order_count"] == counts[stayed]).all()
    assert outcome["order_count"].sum() > 20
    bought = products_bought_after(demo_copy, found, AFTER)
    assert set(bought["customer_id"]) <= set(outcome.index[outcome["order_count"] > 0])


@pytest.mark.verify
def test_days_without_complete_outcomes_are_refused(demo_copy: Workspace) -> None:
    last = described_day(demo_copy)
    with pytest.raises(UserError, match=f"is not before {last}"):
        snapshots(demo_copy, [last], quiet)
    found = snapshots(demo_copy, [DAY], quiet)[DAY]
    with pytest.raises(UserError, match="are not over"):
        outcomes(demo_copy, found, 365)


def test_two_at_once_do_not_interfere(tmp_path: Path) -> None:
    """The second has to wait, and leaves the first one's copy alone."""
    workspace = purchases_workspace(tmp_path, purchase_days(60, seed=1))
    workspace.snapshots.mkdir()
    work = workspace.snapshots / ".work" / "warehouse.duckdb"
    work.parent.mkdir()
    work.write_bytes(b"of the first")
    descriptor = os.open(workspace.snapshots, os.O_RDONLY)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX)
        with pytest.raises(UserError, match="another process is building past days"):
            snapshots(workspace, [DAY], quiet)
    finally:
        os.close(descriptor)
    assert work.read_bytes() == b"of the first"


def test_a_full_disk_is_reported_before_anything_is_copied(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    workspace = purchases_workspace(tmp_path, purchase_days(60, seed=1))
    monkeypatch.setattr(shutil, "disk_usage", lambda _: SimpleNamespace(free=1 << 10))
    with pytest.raises(UserError, match="0 MB free"):
        snapshots(workspace, [DAY], quiet)
    assert not (workspace.snapshots / ".work").exists()


def _all(workspace: Workspace, table: str) -> pd.DataFrame:
    with open_warehouse(workspace.warehouse, read_only=True) as connection:
        return connection.execute(f"from {table} order by all").df()
