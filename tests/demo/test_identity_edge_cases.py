"""Each identity edge case of the simulated retailer is found in its landing files, and changes nothing else."""

from __future__ import annotations

import re
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

import scripts.demo.simulator as simulator
from scripts.demo.simulator import simulate
from scripts.demo.simulator.arrays import Streams
from scripts.demo.simulator.identity_edge_cases import no_edge_cases
from scripts.demo.simulator.people import People
from scripts.platform.workspace import PROJECT, Workspace
from tests.demo.test_simulator import quiet, read, workspace_in

KEY = ["source_system", "source_profile_id"]


@pytest.fixture(scope="module")
def workspace(tmp_path_factory: pytest.TempPathFactory) -> Workspace:
    made = workspace_in(tmp_path_factory.mktemp("edge_cases"))
    # A seed at which each edge case occurs at least once and its rows have no planted defects.
    simulate(made, customers=2000, seed=17, progress=quiet)
    return made


@pytest.fixture(scope="module")
def owner(workspace: Workspace) -> pd.Series:
    """The owner of every profile."""
    return pd.read_parquet(workspace.truth / "profiles.parquet").set_index(KEY)["person_id"]


def edge_case(workspace: Workspace, name: str) -> pd.DataFrame:
    found = pd.read_parquet(workspace.truth / "identity_traps.parquet")
    found = found[found["trap"] == name]
    assert not found.empty, name
    return found


def pairs_of(workspace: Workspace, name: str) -> list[tuple[int, int]]:
    """The two people of every case."""
    cases = edge_case(workspace, name).groupby("case_id")["person_id"].agg(list)
    return [(int(one), int(other)) for one, other in cases]


def of_person(table: pd.DataFrame, system: str, key: str, owner: pd.Series) -> pd.Series:
    return table[key].astype(str).map(owner.loc[system]).fillna(-9).astype(int)


def digits(phones: pd.Series) -> pd.Series:
    """The subscriber's seven digits of a British number."""
    return phones.fillna("").str.replace(r"[^0-9]", "", regex=True).str[-7:]


def blocked(kind: str, value: str) -> bool:
    patterns = pd.read_csv(PROJECT / "seeds" / "reference" / "blocked_identifiers.csv")
    return any(re.search(p, value) for p in patterns.loc[patterns["identifier_type"] == kind, "pattern"])


def test_a_recycled_number_moves_from_one_person_to_another(workspace: Workspace, owner: pd.Series) -> None:
    crm = read(workspace, "crm", "profile", latest=False)
    shop = read(workspace, "shopify", "customer", latest=False)
    shop = shop.rename(columns={"_fivetran_synced": "synced_at"})
    versions = pd.concat([
        crm.assign(person=of_person(crm, "crm", "profile_id", owner)),
        shop.assign(person=of_person(shop, "shopify", "id", owner)),
    ])  # fmt: skip
    versions = versions.assign(number=digits(versions["phone"]), at=pd.to_datetime(versions["synced_at"]))
    versions = versions[versions["number"] != ""].sort_values("at")
    taker_versions = giver_versions = 0
    pairs = pairs_of(workspace, "recycled_number")
    for giver, taker in pairs:
        last = versions[versions["person"] == giver].iloc[-1]
        theirs = versions[versions["person"] == taker]
        old = set(theirs["number"])
        assert last["number"] not in old, "the newest version shows the new number"
        assert (theirs["at"] > last["at"] - pd.Timedelta(days=40)).all()
        known = versions[(versions["person"] == giver) & versions["number"].isin(old)]
        assert (known["at"] < last["at"]).all()
        giver_versions += len(known)
        taker_versions += len(theirs)
    assert len(pairs) == 8 and giver_versions >= 8 and taker_versions >= 8


def test_couples_are_two_people_with_one_address(workspace: Workspace, owner: pd.Series) -> None:
    tables = [read(workspace, "crm", "profile"), read(workspace, "loyalty", "member")]
    keys = (("crm", "profile_id"), ("loyalty", "loyalty_number"))
    profiles = pd.concat([t.assign(person=of_person(t, *k, owner)) for t, k in zip(tables, keys, strict=True)])
    profiles["email"] = profiles["email"].str.strip().str.lower()
    shared = 0
    for one, other in pairs_of(workspace, "couple_on_one_email"):
        first, second = (profiles[profiles["person"] == person] for person in (one, other))
        assert set(first["first_name"].str.strip().str[:3]) != set(second["first_name"].str.strip().str[:3])
        shared += bool((set(first["email"]) & set(second["email"])) - {""})
    assert shared >= 4
    lists = pd.read_parquet(workspace.truth / "profiles.parquet")
    assert (lists.loc[lists["note"].str.contains("couple"), "person_id"] == -1).all()


def test_two_people_log_in_on_one_browser_and_sessions_on_it_stay_anonymous(
    workspace: Workspace, owner: pd.Series
) -> None:
    sessions = pd.read_parquet(workspace.truth / "shared_browser_sessions.parquet")
    assert (sessions.groupby("anonymous_id")["person_id"].nunique() == 2).all() and not sessions.empty
    assert (owner.loc["web"].loc[sessions["anonymous_id"].unique()] == -1).all()
    files = (workspace.landing / "web" / "pages").glob("*.parquet")
    pages = pd.concat([pd.read_parquet(file) for file in files])
    pages = pages[pages["anonymous_id"].isin(sessions["anonymous_id"])]
    assert (pages.groupby("anonymous_id")["user_id"].nunique() == 2).any() and pages["user_id"].isna().any()
    assert set(map(tuple, np.sort(pairs_of(workspace, "tablet_of_two")))) >= set(
        sessions.groupby("anonymous_id")["person_id"].agg(lambda who: tuple(sorted(set(who))))
    )


def test_a_counter_address_is_on_receipts_with_and_without_a_card(workspace: Workspace) -> None:
    receipts = read(workspace, "pos", "receipt").set_index("receipt_id")
    found = receipts.loc[receipts.index.intersection(edge_case(workspace, "desk_email")["source_profile_id"])]
    assert found["email"].str.contains("stores.example.com").all()
    cards = found["loyalty_number"] != ""
    assert found.loc[cards, "loyalty_number"].nunique() > 5 and (~cards).sum() > 5
    assert not any(blocked("email", email.strip().lower()) for email in found["email"])


def test_a_placeholder_number_is_on_profiles_of_several_people(workspace: Workspace, owner: pd.Series) -> None:
    found = edge_case(workspace, "placeholder_phone")
    who = {owner.loc[(system, name)] for system, name in found[KEY].itertuples(index=False)}
    assert len(who) >= 10 and set(found["source_system"]) == {"crm", "loyalty", "shopify"}
    assert not blocked("phone", "+4477009" + "1234567"), "no list can know it: it is learnt from the data"


def test_a_mistyped_card_number_belongs_to_another_person(workspace: Workspace, owner: pd.Series) -> None:
    crm = read(workspace, "crm", "profile", latest=False)
    person = of_person(crm, "crm", "profile_id", owner)
    cases = edge_case(workspace, "mistyped_card").groupby("case_id")["person_id"].agg(list)
    for wrong, right in cases:
        shown = crm.loc[person == wrong, "loyalty_number"]
        assert (shown.map(owner.loc["loyalty"]) == right).all() and len(shown) > 0


def test_only_one_address_in_two_spellings_links_two_profiles(workspace: Workspace, owner: pd.Series) -> None:
    shop, tool = read(workspace, "shopify", "customer", latest=False), read(workspace, "klaviyo", "person")
    mine = of_person(shop, "shopify", "id", owner)
    for person in edge_case(workspace, "email_in_other_spelling")["person_id"]:
        (other,) = tool.loc[of_person(tool, "klaviyo", "id", owner) == person, "email"]
        plain = shop.loc[mine == person, "email"].iloc[0]
        assert other.strip() != plain.strip() and other.strip().lower() == plain.strip().lower()
        assert not owner.loc[["crm", "loyalty"]].eq(person).any()
        assert (shop.loc[mine == person, "phone"] == "").all()


def test_consent_is_withdrawn_under_a_different_identifier(workspace: Workspace) -> None:
    events = read(workspace, "consent", "consent_event").set_index("event_id")

    def of(name: str) -> pd.DataFrame:
        return events.loc[events.index.intersection(edge_case(workspace, name)["source_profile_id"])]

    by_card = of("opt_out_by_card")
    assert (by_card["status"] == "opted_out").all() and (by_card["email"] == "").all()
    assert (by_card["loyalty_number"] != "").all() and (by_card["shopify_customer_id"] == "").all()
    second = of("opt_out_by_second_address")
    assert (second["status"] == "opted_out").all() and second["email"].str.contains("@work.example.com").all()
    asked = of("pending_then_opted_in")
    assert (asked["status"] == "pending").all() and len(asked) > 5
    unsure = of("pending_only")
    addresses = events["email"].str.strip().str.lower()
    said = events[addresses.isin(addresses.loc[unsure.index])]
    assert (unsure["status"] == "pending").all() and (said["status"] != "opted_in").all()
    objections = events[(events["purpose"] == "profiling") & (events["status"] == "opted_out")]
    holds = events[events["purpose"] == "legal_hold"]
    assert len(objections) > 3 and len(holds) >= 2 and (holds["status"] == "opted_out").all()


def test_edge_cases_change_neither_orders_nor_campaigns(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def no_cases(people: People, streams: Streams) -> None:
        people.edge_cases = no_edge_cases(people.n)
        people.edge_cases.cases = {
            name: [np.zeros(0, dtype=np.int64)] for name in ("profiling_objection", "legal_hold")
        }

    with_edge_cases, without = workspace_in(tmp_path / "with"), workspace_in(tmp_path / "without")
    simulate(with_edge_cases, customers=400, seed=3, progress=quiet)
    monkeypatch.setattr(simulator, "set_edge_cases", no_cases)
    simulate(without, customers=400, seed=3, progress=quiet)
    for name in ("orders", "people", "campaigns"):
        one, other = (pd.read_parquet(w.truth / f"{name}.parquet") for w in (with_edge_cases, without))
        pd.testing.assert_frame_equal(one, other)
    for table in ("klaviyo/event", "shopify/order_line", "pos/receipt_line", "loyalty/points_movement"):
        for file in sorted((with_edge_cases.landing / table).iterdir()):
            assert file.read_bytes() == (without.landing / table / file.name).read_bytes(), file
