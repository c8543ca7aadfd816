"""The golden record, households, customer types and profile accuracy, recalculated with pandas from the records."""

from __future__ import annotations

import re
from datetime import date
from pathlib import Path

import pandas as pd
import pytest

from scripts.pipeline import steps
from scripts.platform.errors import CheckFailed
from scripts.platform.warehouse import open_warehouse
from scripts.platform.workspace import Workspace

END = pd.Timestamp("2026-06-30 23:00:00")  # the demo's last day ends in London
TODAY = date(2026, 6, 30)
# Where a name or an e-mail address may come from, in the order of trust: system, relation, key, condition, columns.
NAMES = [
    ("crm", "stg_crm__profiles", "profile_id", "true", ["first_name", "last_name"]),
    ("shopify", "stg_shopify__customers", "source_customer_id", "true", ["first_name", "last_name"]),
    ("loyalty", "stg_loyalty__members", "loyalty_number", "true", ["first_name", "last_name"]),
    ("klaviyo", "stg_klaviyo__persons", "person_id", "true", ["first_name", "last_name"]),
]
EMAILS = [
    ("crm", "stg_crm__profiles", "profile_id", "true", ["email"]),
    ("shopify", "stg_shopify__customers", "source_customer_id", "true", ["email"]),
    ("shopify_guest", "stg_shopify__orders", "source_order_id", "source_customer_id is null", ["email"]),
    ("loyalty", "stg_loyalty__members", "loyalty_number", "true", ["email"]),
    ("klaviyo", "stg_klaviyo__persons", "person_id", "true", ["email"]),
    ("pos", "stg_pos__receipts", "source_order_id", "true", ["email"]),
]
STAMPS = {"stg_crm__profiles": "updated_at", "stg_shopify__orders": "ordered_at", "stg_pos__receipts": "ordered_at"}


def quiet(_: str) -> None:
    return None


def frame(workspace: Workspace, sql: str) -> pd.DataFrame:
    with open_warehouse(workspace.warehouse, read_only=True) as connection:
        return connection.execute(sql).df()


@pytest.fixture(scope="module")
def identities(demo_workspace: Workspace) -> pd.DataFrame:
    return frame(demo_workspace, "select * from intermediate.int_customer_identities")


@pytest.fixture(scope="module")
def profiles(demo_workspace: Workspace) -> pd.DataFrame:
    return frame(demo_workspace, "select * from pii.customer_profiles").set_index("customer_id")


def stated(
    workspace: Workspace, identities: pd.DataFrame, places: list[tuple[str, str, str, str, list[str]]]
) -> pd.DataFrame:
    """Every record of a known person in these places, with its trust rank and its date."""
    found = []
    for trust, (system, relation, key, condition, columns) in enumerate(places, start=1):
        stamp = STAMPS.get(relation, "known_at")
        rows = frame(
            workspace,
            f"select {key} as source_profile_id, {', '.join(columns)}, {stamp} as stamp, known_at"
            f" from staging.{relation} where {condition}",
        )
        if system in ("shopify", "klaviyo"):
            gone = frame(workspace, f"select {key} as id from staging.{relation} where coalesce(is_deleted, false)")
            rows = rows[~rows["source_profile_id"].isin(gone["id"])]
        rows["source_system"], rows["trust"] = system, trust
        rows["at"] = rows["stamp"].fillna(rows["known_at"]).combine(rows["known_at"], min)
        found.append(rows)
    return pd.concat(found).merge(identities, on=["source_system", "source_profile_id"])


def test_names_come_whole_from_one_record(
    demo_workspace: Workspace, identities: pd.DataFrame, profiles: pd.DataFrame
) -> None:
    rows = stated(demo_workspace, identities, NAMES)
    rows["parts"] = rows[["first_name", "last_name"]].notna().sum(axis=1)
    rows = rows[rows["parts"] > 0].sort_values(
        ["parts", "trust", "at", "first_name", "last_name"], ascending=[False, True, False, True, True]
    )
    best = rows.drop_duplicates("customer_id").set_index("customer_id")
    named = profiles[profiles["name_source"].notna()]
    assert len(named) == len(best) > 500
    assert set(best["source_system"]) >= {"crm", "shopify", "klaviyo"}, "one source alone would prove nothing"
    pd.testing.assert_frame_equal(
        named[["first_name", "last_name", "name_source"]].sort_index(),
        best[["first_name", "last_name", "source_system"]]
        .rename(columns={"source_system": "name_source"})
        .sort_index(),
    )


def test_email_comes_from_the_most_trusted_source_and_is_never_a_shared_one(
    demo_workspace: Workspace, identities: pd.DataFrame, profiles: pd.DataFrame
) -> None:
    rows = stated(demo_workspace, identities, EMAILS).dropna(subset=["email"])
    links = frame(demo_workspace, "select profile_key, identifier from intermediate.int_identity_edges")
    own = set(links["profile_key"] + "|" + links["identifier"])
    rows = rows[(rows["profile_key"] + "|email:" + rows["email"]).isin(own)]
    rows = rows.sort_values(["trust", "at", "email"], ascending=[True, False, True])
    best = rows.drop_duplicates("customer_id").set_index("customer_id").sort_index()
    known = profiles[profiles["email"].notna()].sort_index()
    assert list(known.index) == list(best.index) and len(known) > 500
    assert (known["email"] == best["email"]).all() and (known["email_source"] == best["source_system"]).all()
    contacts = frame(demo_workspace, "select * from pii.contacts").set_index("customer_id")["email"].dropna()
    assert contacts.sort_index().to_dict() == known["email"].to_dict()


def test_birth_dates_are_plausible_and_from_the_crm(
    demo_workspace: Workspace, identities: pd.DataFrame, profiles: pd.DataFrame
) -> None:
    rows = frame(demo_workspace, "select profile_id as source_profile_id, birth_date, updated_at, known_at from"
                 " staging.stg_crm__profiles where birth_date is not null")  # fmt: skip
    rows = rows.merge(identities[identities["source_system"] == "crm"], on="source_profile_id")
    days = pd.to_datetime(rows["birth_date"]).dt.date
    ages = [TODAY.year - day.year - ((TODAY.month, TODAY.day) < (day.month, day.day)) for day in days]
    rows = rows[[16 <= age <= 110 for age in ages]]
    rows["at"] = rows["updated_at"].fillna(rows["known_at"]).combine(rows["known_at"], min)
    rows["statement_count"] = rows.groupby(["customer_id", "birth_date"])["birth_date"].transform("size")
    best = (
        rows.sort_values(["statement_count", "at"], ascending=False)
        .drop_duplicates("customer_id")
        .set_index("customer_id")
    )
    known = profiles["birth_date"].dropna()
    assert len(known) > 100 and known.sort_index().to_dict() == best["birth_date"].sort_index().to_dict()
    assert set(profiles.loc[known.index, "birth_date_source"]) == {"crm"}
    marts = frame(demo_workspace, "select customer_id, age_band from marts.customers where age_band is not null")
    assert set(marts["customer_id"]) == set(known.index)


def test_an_address_comes_from_one_record(
    demo_workspace: Workspace, identities: pd.DataFrame, profiles: pd.DataFrame
) -> None:
    """Customers with a street in a CRM profile have the CRM's address; none of the others has a street."""
    rows = frame(demo_workspace, "select profile_id as source_profile_id, street, postcode, city, region, country_code"
                 " from staging.stg_crm__profiles")  # fmt: skip
    rows = rows.merge(identities[identities["source_system"] == "crm"], on="source_profile_id")
    columns = ["street", "postcode", "city", "region", "country_code"]
    whole = rows.dropna(subset=columns)
    addresses = set(whole[["customer_id", *columns]].itertuples(index=False, name=None))
    found = profiles.loc[sorted(set(whole["customer_id"]))]
    assert len(found) > 200 and set(found["address_source"]) == {"crm"}
    assert set(found[columns].reset_index().itertuples(index=False, name=None)) <= addresses
    others = profiles.loc[~profiles.index.isin(rows["customer_id"])]
    assert others["street"].isna().all() and others["postcode"].notna().sum() > 100


def test_households_follow_surname_and_address(demo_workspace: Workspace, profiles: pd.DataFrame) -> None:
    found = frame(
        demo_workspace, "select customer_id, household_id, household_size, household_source from marts.customers"
    )
    found = found.set_index("customer_id").join(profiles[["last_name", "street", "postcode", "stated_household"]])

    def plain(text: object) -> str | None:
        return re.sub(r"[ .,/#'-]", "", text.lower()) or None if isinstance(text, str) else None

    parts = [found[name].map(plain) for name in ("last_name", "street", "postcode")]
    has_address = parts[0].notna() & parts[1].notna() & parts[2].notna()
    key = (parts[0] + "|" + parts[1] + "|" + parts[2]).where(has_address)
    stated_household = found["stated_household"].notna()
    crowded = key.groupby(key).transform("size") > 8
    assert (found["household_id"].notna() == (stated_household | (has_address & ~crowded))).all()
    assert found["household_id"].notna().sum() > 100
    grouped = found.dropna(subset=["household_id"])
    assert (grouped.groupby("household_id")["household_size"].transform("size") == grouped["household_size"]).all()
    # Members of a household never differ in the stated one or, without a stated one, in name or address.
    for _, members in grouped.groupby("household_id"):
        assert members["stated_household"].nunique() <= 1
        if members["stated_household"].isna().all():
            assert key[members.index].nunique() == 1
    assert not set(found["household_id"].dropna()) & set(found["stated_household"].dropna())


def test_customer_types_agree_with_the_simulator(demo_workspace: Workspace, identities: pd.DataFrame) -> None:
    """The truth lists staff, wholesalers and test accounts; all of them have a CRM profile that states it."""
    people = pd.read_parquet(demo_workspace.truth / "people.parquet")[["person_id", "customer_type"]]
    owners = pd.read_parquet(demo_workspace.truth / "profiles.parquet")
    types = frame(demo_workspace, "select customer_id, customer_type from marts.customers")
    found = owners.merge(identities, on=["source_system", "source_profile_id"]).merge(people, on="person_id")
    found = found.merge(types, on="customer_id", suffixes=("_true", ""))
    crm = found[found["source_system"] == "crm"]
    special = crm[crm["customer_type_true"] != "person"]
    assert len(special) >= 3 and (special["customer_type"] == special["customer_type_true"]).all()
    alone = crm.groupby("customer_id")["person_id"].transform("nunique") == 1
    ordinary = crm[alone & (crm["customer_type_true"] == "person")]
    assert len(ordinary) > 200 and (ordinary["customer_type"] == "person").all()
    systems = identities.groupby("customer_id")["source_system"].agg(set)
    relays = set(types.loc[types["customer_type"] == "relay", "customer_id"])
    assert relays == set(systems[systems.map(lambda names: names == {"marketplace"})].index) and len(relays) > 50


def test_profile_accuracy_equals_a_calculation_from_the_records(
    demo_workspace: Workspace, identities: pd.DataFrame, profiles: pd.DataFrame
) -> None:
    found = frame(demo_workspace, "select * from marts.profile_accuracy")
    cells = found.set_index(["field", "source_system"])
    assert cells.index.is_unique
    people = profiles[profiles["customer_type"] == "person"]
    for field in ("email", "phone", "city", "birth_date"):
        cell = cells.loc[(field, "golden")]
        values = people[field].dropna()
        assert cell["completeness"] == pytest.approx(len(values) / len(people))
        assert cell["record_count"] == len(people) and cell["filled_count"] == len(values)
        stamps = people.loc[values.index, "address_date" if field == "city" else f"{field}_date"]
        ages = (pd.Timestamp(TODAY) - pd.to_datetime(stamps)).dt.days
        assert cell["median_age_days"] == ages.median()
        assert cell["recency"] == pytest.approx((ages < 730).mean())
        if field in ("email", "phone"):
            assert cell["uniqueness"] == pytest.approx(values.str.lower().nunique() / len(values))
        else:
            assert pd.isna(cell["uniqueness"])
    # The sending tool's e-mail: newest per person, compared with the CRM's.
    rows = stated(demo_workspace, identities, [("klaviyo", "stg_klaviyo__persons", "person_id", "true", ["email"])])
    newest = rows.dropna(subset=["email"]).sort_values(["known_at", "email"]).groupby("customer_id")["email"].last()
    trusted = stated(demo_workspace, identities, EMAILS[:1]).dropna(subset=["email"]).sort_values(["known_at", "email"])
    both = pd.concat([newest, trusted.groupby("customer_id")["email"].last()], axis=1, join="inner", keys=["a", "b"])
    cell = cells.loc[("email", "klaviyo")]
    assert cell["compared_count"] == len(both) > 50
    assert cell["agreement"] == pytest.approx((both["a"] == both["b"]).mean())
    assert cell["uniqueness"] == pytest.approx(newest.nunique() / len(newest))
    records = frame(demo_workspace, "select email from staging.stg_klaviyo__persons")["email"]
    assert cell["completeness"] == pytest.approx(records.notna().mean())
    # Score and total by their definitions.
    shares = ["completeness", "validity", "uniqueness", "agreement", "recency"]
    fields = found[found["field"] != "total"]
    assert fields["score"].to_numpy() == pytest.approx(fields[shares].mean(axis=1).to_numpy())
    weights = {"first_name": 1 / 2, "last_name": 1 / 2, "birth_date": 1, "gender": 1, "language": 1, "email": 1,
               "phone": 1} | dict.fromkeys(["street", "postcode", "city", "region", "country"], 1 / 5)  # fmt: skip
    golden = fields[(fields["source_system"] == "golden") & fields["field"].isin(weights)].set_index("field")["score"]
    total = sum(golden[field] * weight for field, weight in weights.items()) / sum(weights.values())
    assert cells.loc[("total", "golden"), "score"] == pytest.approx(total)


def test_invalid_rules_are_reported_with_their_lines(demo_copy: Workspace) -> None:
    put_wrong_cell(demo_copy.seeds / "survivorship_rules.csv", "gender,trusted", "gender,trustd")
    put_wrong_cell(
        demo_copy.seeds / "customer_type_rules.csv", "crm_staff,staff,2,crm_type", "crm_staff,staff,2,crmtype"
    )
    messages: list[str] = []
    with pytest.raises(CheckFailed, match=r"2 error\(s\)"):
        steps.build(
            demo_copy,
            select="survivorship_rules customer_type_rules int_seed_violations int_customer_golden_values",
            progress=messages.append,
        )
    lines = [line for line in messages if line.startswith("error: survivorship_rules") or "customer_type_rules" in line]
    assert any(
        "survivorship_rules.csv, line 4 (gender): rule is `trustd`; did you mean `trusted`? write one of trusted"
        in line
        for line in lines
    )
    assert any(
        "customer_type_rules.csv, line 8 (crm_staff): looks_at is `crmtype`; did you mean `crm_type`?" in line
        for line in lines
    )


def put_wrong_cell(seed: Path, good: str, bad: str) -> None:
    """Put one wrong cell into a seed."""
    text = seed.read_text(encoding="utf-8")
    assert good in text
    seed.write_text(text.replace(good, bad), encoding="utf-8")
