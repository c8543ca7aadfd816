"""The project's own identity resolution on a published data set with a known truth."""

from __future__ import annotations

from pathlib import Path

import pandas as pd
import pytest

from scripts.intake.command import intake
from scripts.pipeline.steps import setup
from scripts.platform.dbt import run_dbt
from scripts.platform.warehouse import open_warehouse
from scripts.platform.workspace import Workspace
from tests.support.real_data import shared_data

RESOLVE = ["run", "--select", "+int_customer_identities"]


def quiet(_: str) -> None:
    return None


def pairs(groups: pd.Series) -> int:
    return int((groups * (groups - 1) // 2).sum())


@pytest.mark.verify
def test_fake_people_are_joined_by_address_and_never_with_a_stranger(tmp_path: Path) -> None:
    """Every address in the data set belongs to one person, so an exact match has precision 1 and a recall of 0.336.

    Its names are mangled on purpose (letters swapped, lost and doubled, first and last name exchanged): a resolution
    that distinguishes people by name loses part of that recall, but never its precision.
    """
    people = pd.read_parquet(shared_data("identity/splink_fake_1000.parquet"))
    workspace = Workspace.at(warehouse=str(tmp_path / "warehouse.duckdb"))
    folder = workspace.landing / "crm" / "profile"
    folder.mkdir(parents=True)
    pd.DataFrame(
        {
            "profile_id": people["unique_id"].astype(str),
            "email": people["email"],
            "first_name": people["first_name"],
            "last_name": people["surname"],
            "birth_date": people["dob"],
            "city": people["city"],
            "synced_at": "2026-01-01 00:00:00",
        }
    ).to_csv(folder / "people_2026-01-01.csv", index=False)
    setup(workspace, quiet)
    intake(workspace, quiet)
    run_dbt(workspace, ["seed"], progress=quiet)
    run_dbt(workspace, RESOLVE, variables={"as_of_date": "2026-01-31"}, progress=quiet)
    with open_warehouse(workspace.warehouse, read_only=True) as connection:
        found = connection.execute(
            "select source_profile_id, customer_id from intermediate.int_customer_identities"
        ).df()
    both = people.assign(source_profile_id=people["unique_id"].astype(str)).merge(
        found, on="source_profile_id", how="left"
    )
    # A record without an address shows no identifier and stays separate.
    both["customer_id"] = both["customer_id"].fillna("alone " + both["source_profile_id"])
    together = pairs(both.groupby(["cluster", "customer_id"]).size())
    joined, true = pairs(both.groupby("customer_id").size()), pairs(both.groupby("cluster").size())
    print(f"precision {together / joined:.4f}, recall {together / true:.4f}, of {true} pairs")
    assert together == joined > 0
    exact = both.dropna(subset=["email"])
    by_address = pairs(exact.groupby(["cluster", exact["email"].str.strip().str.lower()]).size())
    assert together >= 0.5 * by_address
