"""The source map states what the sources hold, checked by shares calculated with pandas; and it names its errors."""

from __future__ import annotations

import csv
from datetime import date
from pathlib import Path

import pandas as pd
import pytest

from scripts.pipeline import steps
from scripts.platform.dbt import run_dbt
from scripts.platform.errors import CheckFailed
from scripts.platform.warehouse import open_warehouse
from scripts.platform.workspace import BUSINESS_SEEDS, Workspace

MAP_MODELS = "source_map_fields int_source_map_measures int_source_map_agreement source_map"


def frame(workspace: Workspace, sql: str) -> pd.DataFrame:
    with open_warehouse(workspace.warehouse, read_only=True) as connection:
        return connection.execute(sql).df()


def quiet(_: str) -> None:
    return None


@pytest.fixture(scope="module")
def source_map(demo_workspace: Workspace) -> pd.DataFrame:
    with open_warehouse(demo_workspace.published / "marts.duckdb", read_only=True) as marts:
        return marts.execute("select * from source_map").df()


def row(source_map: pd.DataFrame, field: str, relation: str, **more: str) -> pd.Series:
    found = source_map[(source_map["field"] == field) & (source_map["relation"] == relation)]
    for column, value in more.items():
        found = found[found[column] == value]
    assert len(found) == 1
    return found.iloc[0]


def landed(workspace: Workspace, source: str, table: str, key: str, stamp: str) -> pd.DataFrame:
    """The newest version of every record of the landing files, read as text, without dbt and without intake."""
    files = sorted((workspace.landing / source / table).glob("*.csv*"))
    rows = pd.concat([pd.read_csv(file, dtype=str, keep_default_na=False) for file in files])
    rows = rows.apply(lambda column: column.str.strip())
    rows[stamp] = pd.to_datetime(rows[stamp], format="ISO8601", utc=True)
    end = pd.Timestamp("2026-07-01", tz="Europe/London")
    rows = rows[rows[stamp] < end].sort_values(stamp, kind="stable").drop_duplicates(key, keep="last")
    return rows.replace("", None)


def test_completeness_is_that_of_the_landing_files(demo_workspace: Workspace, source_map: pd.DataFrame) -> None:
    profiles = landed(demo_workspace, "crm", "profile", "profile_id", "synced_at")
    kept = frame(demo_workspace, "select profile_id from staging.stg_crm__profiles")["profile_id"]
    profiles = profiles[profiles["profile_id"].isin(kept)]
    assert len(profiles) == len(kept) > 300
    for field in ("birth_date", "gender", "street", "household", "loyalty_number", "last_name"):
        column = "household_id" if field == "household" else field
        measured = row(source_map, field, "stg_crm__profiles")
        assert measured["row_count"] == len(profiles)
        assert measured["completeness"] == pytest.approx(profiles[column].notna().mean(), abs=1e-12), field
        assert 0 < measured["completeness"] <= 1
    members = landed(demo_workspace, "loyalty", "member", "loyalty_number", "synced_at")
    assert row(source_map, "loyalty_tier", "stg_loyalty__members")["filled_count"] == members["tier"].notna().sum()


def test_validity_and_freshness_are_those_of_the_records(demo_workspace: Workspace, source_map: pd.DataFrame) -> None:
    births = frame(demo_workspace, "select birth_date, known_at from staging.stg_crm__profiles")
    days = pd.to_datetime(births["birth_date"].dropna()).dt.date
    today = date(2026, 6, 30)
    ages = [today.year - day.year - ((today.month, today.day) < (day.month, day.day)) for day in days]
    measured = row(source_map, "birth_date", "stg_crm__profiles")
    assert measured["valid_share"] == pytest.approx(sum(16 <= age <= 110 for age in ages) / len(ages))
    assert measured["last_known_at"] == births["known_at"].max()
    # The day ends at 23:00 UTC, since the business is in London.
    age = (pd.Timestamp("2026-06-30 23:00:00") - births["known_at"].max()).total_seconds() // 3600
    assert measured["age_hours"] == age
    # Relay addresses of marketplaces identify no one: the seed of blocked identifiers lists them.
    assert row(source_map, "email", "stg_marketplace__orders")["valid_share"] == 0


@pytest.mark.parametrize(
    ("field", "column", "relation", "system", "key"),
    [
        ("email", "email", "stg_klaviyo__persons", "klaviyo", "person_id"),
        ("email", "email", "stg_pos__receipts", "pos", "source_order_id"),
        ("city", "city", "stg_klaviyo__persons", "klaviyo", "person_id"),
        ("first_name", "first_name", "stg_shopify__customers", "shopify", "source_customer_id"),
    ],
)
def test_agreement_is_that_of_newest_values_of_the_same_person(
    demo_workspace: Workspace, source_map: pd.DataFrame, field: str, column: str, relation: str, system: str, key: str
) -> None:
    people = frame(
        demo_workspace, "select source_system, source_profile_id, customer_id from intermediate.int_customer_identities"
    )

    def newest(name: str, system: str, key: str) -> tuple[pd.Series, set[str]]:
        rows = frame(demo_workspace, f"select {key} as id, {column} as value, known_at from staging.{name}")
        rows = rows.dropna(subset=["value"])
        rows["value"] = rows["value"].str.strip().str.lower()
        rows = rows.merge(people[people["source_system"] == system], left_on="id", right_on="source_profile_id")
        last = rows["known_at"] == rows.groupby("customer_id")["known_at"].transform("max")
        # Of two values with the same timestamp, the map takes the one that sorts last.
        return rows[last].groupby("customer_id")["value"].max(), set(rows["value"])

    truth, _ = newest("stg_crm__profiles", "crm", "profile_id")
    other, values = newest(relation, system, key)
    both = pd.concat([truth, other], axis=1, join="inner", keys=["truth", "other"])
    measured = row(source_map, field, relation, profile_system=system)
    assert measured["compared_count"] == len(both) > 20
    assert measured["agreement"] == pytest.approx((both["truth"] == both["other"]).mean(), abs=1e-12)
    # Shares and counts only.
    texts = {str(text).lower() for name in source_map.select_dtypes(exclude="number") for text in source_map[name]}
    assert not texts & (values - {field, "email"})


def test_every_field_has_a_source_of_truth_or_a_note(source_map: pd.DataFrame) -> None:
    for field, rows in source_map.groupby("field"):
        used = rows["precedence"].dropna()
        assert used.empty or used.min() == 1, field
        assert not used.empty or rows["note"].notna().all(), field
        assert (rows["is_source_of_truth"] == (rows["precedence"] == 1)).all()
    assert source_map["completeness"].dropna().between(0, 1).all()
    assert source_map["agreement"].dropna().between(0, 1).all()
    assert {
        "email",
        "phone",
        "birth_date",
        "consent",
        "loyalty_tier",
        "order_count",
        "nps",
        "ad_spend",
        "unit_cost",
    } <= set(source_map["field"])


def test_a_source_that_is_off_has_status_off(demo_copy: Workspace) -> None:
    selected = ["--select", "+stg_klaviyo__persons", *MAP_MODELS.split()]
    run_dbt(demo_copy, ["run", *selected], variables={"using_klaviyo": False}, progress=quiet)
    found = frame(demo_copy, "select * from marts.source_map")
    off = found[found["source"] == "klaviyo"]
    assert set(off["status"]) == {"off"} and off["row_count"].isna().all() and off["completeness"].isna().all()
    assert set(found[found["source"] == "crm"]["status"]) == {"measured"}


def test_errors_are_named_in_one_line(demo_copy: Workspace) -> None:
    file = demo_copy.seeds / "source_map_fields.csv"
    with file.open(newline="", encoding="utf-8") as lines:
        rows = list(csv.DictReader(lines))
    rows[0] |= {"column_name": "e_mail"}
    rows[1] |= {"precedence": "first"}
    rows[2] = dict(rows[3])
    with file.open("w", newline="", encoding="utf-8") as out:
        writer = csv.DictWriter(out, rows[0], lineterminator="\n")
        writer.writeheader()
        writer.writerows(rows)
    with pytest.raises(CheckFailed) as failed:
        steps.build(demo_copy, select=MAP_MODELS, progress=quiet)
    line = next(text for text in str(failed.value).splitlines() if text.startswith("int_source_map_measures"))
    assert "3 error(s)" in line
    for text in (
        "email, crm, stg_crm__profiles, e_mail: no column 'e_mail'",
        "precedence is 'first'",
        "is listed twice",
    ):
        assert text in line


def test_the_shipped_map_has_complete_and_distinct_rows() -> None:
    file = Path(BUSINESS_SEEDS) / "source_map_fields.csv"
    with file.open(newline="", encoding="utf-8") as lines:
        header, *rows = list(csv.reader(lines))
    assert all(len(cells) == len(header) for cells in rows)
    assert len({tuple(cells) for cells in rows}) == len(rows)
