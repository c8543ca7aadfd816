"""The same people get the same ids: built in one go, from shuffled files, or loaded day by day."""

from __future__ import annotations

from datetime import date
from pathlib import Path

import pandas as pd
import pytest

from scripts.demo.simulator import simulate
from scripts.platform.warehouse import open_warehouse, quote
from scripts.platform.workspace import Workspace
from tests.support.identity_workspaces import LATE, Retailer, between, identities, quiet, shuffled, unchanged
from tests.support.workspaces import workspace_in

# Long steps through the history, then day by day to its end.
DAYS = [date(2021, 12, 31), date(2023, 3, 31), date(2024, 6, 30), date(2025, 3, 31), date(2025, 9, 30),
        date(2026, 1, 31), date(2026, 5, 31), *(date(2026, 6, day) for day in range(24, 29)), LATE]  # fmt: skip


def unexplained(one: pd.Series, other: pd.Series, logged: set[tuple[str, str]]) -> pd.DataFrame:
    """Profiles whose two ids differ though no chain of logged merges and splits leads from one to the other."""
    both = pd.DataFrame({"one": one, "other": other})
    assert both.notna().all(axis=None), "some profile is in only one of the two"
    parent: dict[str, str] = {}

    def root_of(name: str) -> str:
        while parent.get(name, name) != name:
            name = parent[name]
        return name

    for old, new in logged:
        parent[root_of(old)] = root_of(new)
    apart = both[both["one"] != both["other"]]
    return apart[apart["one"].map(root_of) != apart["other"].map(root_of)]


def test_an_id_that_changed_without_a_log_entry_is_found() -> None:
    one = pd.Series({"crm:1": "a", "crm:2": "b", "crm:3": "c"})
    other = pd.Series({"crm:1": "a", "crm:2": "x", "crm:3": "y"})
    assert unexplained(one, other, {("b", "m"), ("m", "x")}).index.to_list() == ["crm:3"]


@pytest.mark.verify
def test_shuffled_and_split_files_give_the_same_ids(demo_workspace: Workspace, tmp_path: Path) -> None:
    retailer = Retailer(demo_workspace, tmp_path)
    retailer.reset()
    retailer.deliver(shuffled(3))
    assert len(list(retailer.workspace.landing.glob("*/*/*"))) > 3 * 16
    pd.testing.assert_series_equal(retailer.resolve(), identities(demo_workspace))


@pytest.mark.verify
def test_one_go_shuffled_and_day_by_day_give_the_same_ids(tmp_path: Path) -> None:
    source = workspace_in(tmp_path / "source")
    simulate(source, customers=2000, seed=17, progress=quiet)
    retailer = Retailer(source, tmp_path / "retailer")
    retailer.reset()
    retailer.deliver(unchanged)
    at_once = retailer.resolve()
    assert retailer.changes() == set(), "a first build has nothing to change"
    for seed in (1, 2):
        retailer.reset()
        retailer.deliver(shuffled(seed))
        pd.testing.assert_series_equal(retailer.resolve(), at_once)

    retailer.reset()
    before = None
    for day in DAYS:
        retailer.deliver(between(before, day))
        day_by_day = retailer.resolve(day)
        before = day
    wrong = unexplained(at_once, day_by_day, retailer.changes())
    assert wrong.empty, f"{len(wrong)} of {len(at_once)} profiles have an id that no logged change explains"

    logged = retailer.changes()
    with open_warehouse(retailer.workspace.warehouse) as connection:
        schemas = connection.execute("select schema_name from duckdb_schemas() where not internal").fetchall()
        for (schema,) in schemas:
            if schema not in ("main", "intake", "state") and not schema.startswith("raw_"):
                connection.execute(f"drop schema {quote(schema)} cascade")
    pd.testing.assert_series_equal(retailer.resolve(LATE), day_by_day)
    assert retailer.changes() == logged, "a rebuild changes no one's id"
