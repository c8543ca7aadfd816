"""Customer ids over time: the effect of decisions, another day, another key and a lost warehouse."""

from __future__ import annotations

import csv
from pathlib import Path

import pandas as pd
import pytest

from scripts.intake.command import intake
from scripts.platform import state
from scripts.platform.dbt import run_dbt
from scripts.platform.errors import CheckFailed
from scripts.platform.warehouse import open_warehouse
from scripts.platform.workspace import Workspace

COLUMNS = [
    *["decision_id", "action", "left_system", "left_profile_id", "right_system", "right_profile_id"],
    *["identifier_type", "identifier_value", "reason", "decided_by", "decided_at"],
]
RESOLVE = [
    "run",
    "--select",
    "stg_identity__link_decisions",
    "path:models/identity/intermediate/resolution",
    "path:models/identity/intermediate/sightings",
    "customer_id_changes",
]


def quiet(_: str) -> None:
    return None


def query(workspace: Workspace, text: str) -> pd.DataFrame:
    with open_warehouse(workspace.warehouse, read_only=True) as connection:
        return connection.execute(text).df()


def ids(workspace: Workspace) -> pd.Series:
    found = query(workspace, "select profile_key, customer_id from intermediate.int_customer_identities")
    return found.set_index("profile_key")["customer_id"].sort_index()


def decide(workspace: Workspace, name: str, **fields: str) -> None:
    """Deliver one decision, known on the last day of the demo, and resolve again."""
    file = workspace.landing / "identity" / "link_decision" / f"{name}_2026-06-30.csv"
    file.parent.mkdir(parents=True, exist_ok=True)
    with file.open("w", newline="") as handle:
        writer = csv.DictWriter(handle, COLUMNS)
        writer.writeheader()
        writer.writerow({"decision_id": name, "decided_by": "data team", "reason": "test", **fields})
    intake(workspace, quiet)
    run_dbt(workspace, RESOLVE, progress=quiet)


def pair_joined_by_address(workspace: Workspace) -> tuple[str, str, str]:
    """A customer with a CRM profile and a profile of the sending tool; if possible just these, joined by address."""
    found = query(
        workspace,
        """
        select identities.customer_id, min(profiles.profile_key) as crm, max(profiles.profile_key) as klaviyo
        from intermediate.int_customer_identities as identities
        inner join intermediate.int_identity_profiles as profiles using (profile_key)
        group by identities.customer_id
        having count(*) = 2 and count(distinct profiles.email) = 1 and count(profiles.email) = 2
            and min(profiles.source_system) = 'crm' and max(profiles.source_system) = 'klaviyo'
            and max(profiles.phone) is null
        order by 1
        """,
    )
    if found.empty:
        found = query(
            workspace,
            """
            select identities.customer_id,
                min(profiles.profile_key) filter (where profiles.source_system = 'crm') as crm,
                min(profiles.profile_key) filter (where profiles.source_system = 'klaviyo') as klaviyo
            from intermediate.int_customer_identities as identities
            inner join intermediate.int_identity_profiles as profiles using (profile_key)
            group by identities.customer_id
            having count(*) filter (where profiles.source_system = 'crm') = 1
                and count(*) filter (where profiles.source_system = 'klaviyo') = 1
            order by 1
            """,
        )
    customer, crm, klaviyo = found.iloc[0]
    return customer, crm, klaviyo


@pytest.mark.verify
def test_a_cut_splits_a_withdrawal_joins_again_and_no_other_id_changes(demo_copy: Workspace) -> None:
    run_dbt(demo_copy, RESOLVE, progress=quiet)
    before = ids(demo_copy)
    customer, crm, klaviyo = pair_joined_by_address(demo_copy)
    pair = {
        "left_system": "crm",
        "left_profile_id": crm.partition(":")[2],
        "right_system": "klaviyo",
        "right_profile_id": klaviyo.partition(":")[2],
    }

    decide(demo_copy, "d1", action="cut", decided_at="2026-06-30 09:00:00", **pair)
    apart = ids(demo_copy)
    assert apart[crm] != apart[klaviyo]
    assert customer in set(apart[before[before == customer].index]), "the customer with the first profile keeps the id"
    others = before[before != customer].index
    pd.testing.assert_series_equal(apart[others], before[others])
    log = query(demo_copy, "select * from marts.customer_id_changes")
    split = log[(log["change"] == "split") & (log["old_customer_id"] == customer)]
    assert set(split["new_customer_id"]) == set(apart[before[before == customer].index]) - {customer}
    assert "cut_by_hand" in set(split["reason"])

    decide(demo_copy, "d2", action="withdraw", decided_at="2026-06-30 10:00:00", **pair)
    pd.testing.assert_series_equal(ids(demo_copy), before)
    log = query(demo_copy, "select * from marts.customer_id_changes where change = 'merge'")
    merged = log[log["new_customer_id"] == customer]
    assert set(merged["old_customer_id"]) == set(split["new_customer_id"])
    assert (merged["current_customer_id"] == customer).all()

    # A run for an earlier day leaves the registry unchanged.
    registry = query(demo_copy, "select * from state.identity_registry order by all")
    run_dbt(demo_copy, RESOLVE, variables={"as_of_date": "2026-03-31"}, progress=quiet)
    pd.testing.assert_frame_equal(query(demo_copy, "select * from state.identity_registry order by all"), registry)


@pytest.mark.verify
def test_a_run_repeated_from_the_registry_adds_nothing(demo_copy: Workspace) -> None:
    """Identities are stored as they were resolved, before the registry was written."""
    rows = "select * from state.identity_registry order by all"
    stale = "select count(*) as n from intermediate.int_customer_identities where registered_customer_id is null"
    before = query(demo_copy, rows)
    assert query(demo_copy, stale)["n"][0] == len(before) > 500
    run_dbt(demo_copy, ["run", "--select", "identity_registry"], progress=quiet)
    assert query(demo_copy, rows).equals(before)


def test_another_key_stops_the_run(demo_copy: Workspace, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SEGMENTATION_HASH_KEY", "another")
    with pytest.raises(CheckFailed, match="SEGMENTATION_HASH_KEY is not the key") as caught:
        run_dbt(demo_copy, ["run", "--select", "int_identity_profiles"], progress=quiet)
    assert len(str(caught.value).splitlines()) == 1


def a_workspace(folder: Path) -> Workspace:
    workspace = Workspace.at(warehouse=str(folder / "warehouse.duckdb"))
    workspace.landing.mkdir(parents=True)
    with open_warehouse(workspace.warehouse) as connection:
        connection.execute("create schema state")
        connection.execute("create table state.identity_registry as select 'p' as profile_id, 'c' as customer_id")
        connection.execute("create table state.identity_log as select 'c' as old_customer_id where false")
        connection.execute("create table state.tombstones as select 'kept elsewhere' as hash")
    return workspace


def test_the_registry_comes_back_into_a_new_warehouse(tmp_path: Path) -> None:
    workspace = a_workspace(tmp_path)
    version = workspace.versions / "2026-06-30-001"
    version.mkdir(parents=True)
    state.back_up(workspace, version)
    assert {file.stat().st_mode & 0o077 for file in (version / "state").glob("*.parquet")} == {0}
    workspace.published.symlink_to(version)
    workspace.warehouse.unlink()

    state.restore(workspace, quiet)
    assert query(workspace, "select * from state.identity_registry").to_dict("records") == [
        {"profile_id": "p", "customer_id": "c"}
    ]
    assert query(workspace, "select * from state.identity_log").empty
    # Existing state is never overwritten.
    with open_warehouse(workspace.warehouse) as connection:
        connection.execute("update state.identity_registry set customer_id = 'newer'")
    state.restore(workspace, quiet)
    assert query(workspace, "select customer_id from state.identity_registry").iloc[0, 0] == "newer"


def test_another_demo_does_not_get_the_registry(tmp_path: Path) -> None:
    workspace = a_workspace(tmp_path)
    version = workspace.versions / "2026-06-30-001"
    version.mkdir(parents=True)
    state.back_up(workspace, version)
    workspace.published.symlink_to(version)
    workspace.warehouse.unlink()
    (workspace.landing / "_simulation.json").write_text('{"seed": 7}')
    state.restore(workspace, quiet)
    assert not workspace.warehouse.exists(), "nothing is opened, so nothing is created"
