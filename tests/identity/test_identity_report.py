"""Precision and recall of identity resolution: the report against an independent count, and the required minimums."""

from __future__ import annotations

import itertools
import json
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest

from scripts.__main__ import main
from scripts.demo.simulator import simulate
from scripts.identity.identity_report import KEY, REPORT, against_truth, by_edge_cases, identity_report, label
from scripts.platform.warehouse import open_warehouse
from scripts.platform.workspace import Workspace
from tests.support.identity_workspaces import Retailer, quiet, unchanged
from tests.support.workspaces import workspace_in

PRECISION, RECALL = 0.999, 0.97


def linked_workspace(workspace: Workspace, folder: Path, with_truth: bool = True) -> Workspace:
    """The same warehouse and truth under another home, so that a report leaves nothing in a shared workspace."""
    (folder / "warehouse.duckdb").symlink_to(workspace.warehouse)
    if with_truth:
        (folder / "truth").symlink_to(workspace.truth)
    return workspace_in(folder)


def random_profiles(seed: int) -> tuple[pd.DataFrame, pd.DataFrame, pd.DataFrame]:
    """Truth, resolution and identifiers of a few dozen profiles, some of them missing from one or the other."""
    rng = np.random.default_rng(seed)
    n = 60
    keys = pd.DataFrame({"source_system": rng.choice(["crm", "web"], n), "source_profile_id": np.arange(n).astype(str)})
    truth = keys.assign(person_id=rng.integers(-1, 9, n), note="").iloc[:-4]
    profile_key = keys["source_system"] + ":" + keys["source_profile_id"]
    customer = rng.integers(0, 12, n).astype(str)
    profiles = keys.assign(profile_key=profile_key, customer_id=customer).drop(index=range(5))
    rows = rng.integers(5, n, 70)
    shown = pd.DataFrame({
        "profile_key": profile_key[rows].to_numpy(), "identifier_type": "email", "value_id": rng.integers(0, 25, 70),
    }).drop_duplicates()  # fmt: skip
    shown["is_blocked"] = shown["value_id"] % 7 == 0
    return truth, profiles, shown


def counted_pair_by_pair(truth: pd.DataFrame, profiles: pd.DataFrame, shown: pd.DataFrame) -> dict[str, float]:
    """The figures of the report from every single pair, with its own search along chains of shared values."""
    person = {(s, i): p for s, i, p in truth[[*KEY, "person_id"]].itertuples(index=False) if p >= 0}
    customer = profiles.set_index(KEY)["customer_id"].to_dict()
    values: dict[tuple[str, str], set[int]] = {key: set() for key in person}
    shows: set[tuple[str, str]] = set()
    for name, value, blocked in shown[["profile_key", "value_id", "is_blocked"]].itertuples(index=False):
        key = tuple(name.split(":"))
        shows.add(key)
        if key in values and not blocked:
            values[key].add(value)

    def chained(one: tuple[str, str], other: tuple[str, str]) -> bool:
        mine = [key for key in person if person[key] == person[one]]
        reached, known = {one}, set(values[one])
        while more := {key for key in mine if key not in reached and values[key] & known}:
            reached |= more
            known |= set().union(*[values[key] for key in more])
        return other in reached

    same = claimed = right = same_showing = right_showing = reachable = right_reachable = 0
    for one, other in itertools.combinations(person, 2):
        is_same = person[one] == person[other]
        is_claimed = one in customer and customer[one] == customer.get(other)
        both_show = one in shows and other in shows
        in_reach = is_same and chained(one, other)
        same += is_same
        claimed += is_claimed
        right += is_same and is_claimed
        same_showing += is_same and both_show
        right_showing += is_same and is_claimed and both_show
        reachable += in_reach
        right_reachable += in_reach and is_claimed
    return {
        "pairs": same, "precision": right / claimed, "recall": right_showing / same_showing,
        "recall_of_all_profiles": right / same, "recall_of_what_is_reachable": right_reachable / reachable,
        "pairs_that_nothing_could_link": same - reachable,
    }  # fmt: skip


@pytest.mark.parametrize("seed", range(6))
def test_figures_equal_a_count_of_every_single_pair(seed: int) -> None:
    truth, profiles, shown = random_profiles(seed)
    report = against_truth(label(truth, profiles, shown))
    expected = counted_pair_by_pair(truth, profiles, shown)
    assert {name: report[name] for name in expected} == pytest.approx(expected)


def test_an_edge_case_reports_who_is_joined_and_who_is_split() -> None:
    """A couple in one customer; a person whose two profiles show one address but are separate; receipts
    of no known person."""
    rows = [("crm", "a", 1, "x", 1), ("crm", "b", 2, "x", 1), ("crm", "c", 3, "y", 2), ("web", "d", 3, "z", 2),
            ("pos", "e", -1, "v", 3), ("pos", "f", -1, "v", 3), ("pos", "g", -1, "w", 3)]  # fmt: skip
    table = pd.DataFrame(rows, columns=[*KEY, "person_id", "customer_id", "value_id"])
    table["profile_key"] = table["source_system"] + ":" + table["source_profile_id"]
    shown = table.assign(identifier_type="email", is_blocked=False)
    no_profile = pd.Series([None, None], dtype=object)
    edge_cases = pd.concat([
        pd.DataFrame({"trap": "couple", "case_id": 0, "person_id": [1, 2], **dict.fromkeys(KEY, no_profile)}),
        pd.DataFrame({"trap": "lone", "case_id": [0], "person_id": [3], **dict.fromkeys(KEY, no_profile[:1])}),
        pd.DataFrame({"trap": "desk", "case_id": 0, "person_id": None, "source_system": "pos",
                      "source_profile_id": ["e", "f", "g"]}),
    ])  # fmt: skip
    labelled = label(table[[*KEY, "person_id"]], table[["profile_key", *KEY, "customer_id"]], shown)
    found = {row["trap"]: row for row in by_edge_cases(labelled, edge_cases)}
    assert found["couple"] == {"trap": "couple", "cases": 1, "people": 2, "profiles": 2, "people_joined": 2,
                               "people_split": 0, "precision": 0.0, "recall": None}  # fmt: skip
    assert (found["lone"]["people_joined"], found["lone"]["people_split"], found["lone"]["recall"]) == (0, 1, 0.0)
    assert (found["desk"]["cases"], found["desk"]["people"], found["desk"]["people_joined"]) == (1, 3, 2)


@pytest.fixture(scope="module")
def demo_report(
    demo_workspace: Workspace, tmp_path_factory: pytest.TempPathFactory
) -> tuple[dict[str, Any], list[str], str]:
    """Report, printed lines and written file of the shared demo."""
    messages: list[str] = []
    workspace = linked_workspace(demo_workspace, tmp_path_factory.mktemp("report"))
    report = identity_report(workspace, messages.append)
    return report, messages, (workspace.home / REPORT).read_text(encoding="utf-8")


def test_precision_and_recall_of_the_demo_by_a_join_of_pairs(
    demo_workspace: Workspace, demo_report: tuple[dict[str, Any], list[str], str]
) -> None:
    """Every pair is made, in SQL, from the truth and the resolution alone."""
    with open_warehouse(demo_workspace.warehouse, read_only=True) as connection:
        both, claimed, true = connection.execute(
            f"""
            with truth as (
                select source_system, source_profile_id, any_value(person_id) as person
                from read_parquet('{demo_workspace.truth}/profiles.parquet')
                group by all
                having min(person_id) = max(person_id) and min(person_id) >= 0
            ),
            profiles as (
                select row_number() over () as number, truth.person, found.customer_id
                from truth left join intermediate.int_customer_identities as found
                using (source_system, source_profile_id)
            )
            select count(*) filter (one.person = other.person and one.customer_id = other.customer_id),
                count(*) filter (one.customer_id = other.customer_id), count(*) filter (one.person = other.person)
            from profiles as one inner join profiles as other
            on one.number < other.number
            and (one.person = other.person or one.customer_id = other.customer_id)
            """
        ).fetchall()[0]
    truth = demo_report[0]["truth"]
    assert truth["pairs"] == true and truth["pairs_claimed"] == claimed
    assert truth["precision"] == pytest.approx(both / claimed)
    assert truth["recall_of_all_profiles"] == pytest.approx(both / true)
    assert both > 10_000


def test_profiles_with_an_identifier_count_in_the_recall(
    demo_workspace: Workspace, demo_report: tuple[dict[str, Any], list[str], str]
) -> None:
    """The headline leaves out profiles without identifiers, so a profile delivered with one must not be among them."""
    with open_warehouse(demo_workspace.warehouse, read_only=True) as connection:
        delivered = connection.execute(
            """
            select 'crm' as source_system, count(distinct profile_id) as n from raw_crm.profile
            where email like '%_@_%._%' or loyalty_number <> '' or customer_number <> ''
            union all
            select 'klaviyo', count(distinct id) from raw_klaviyo.person where email like '%_@_%._%'
            union all
            select 'loyalty', count(distinct loyalty_number) from raw_loyalty.member
            union all
            select 'shopify_guest', count(distinct id) from raw_shopify."order"
            where customer_id is null and email like '%_@_%._%'
            """
        ).fetchall()
    counted = {row["source_system"]: row for row in demo_report[0]["truth"]["by_source"]}
    for system, number in delivered:
        row = counted[system]
        assert row["profiles"] - row["without_identifier"] >= 0.97 * number > 100, system


def test_no_personal_data_in_the_report(
    demo_workspace: Workspace, demo_report: tuple[dict[str, Any], list[str], str]
) -> None:
    _, messages, written = demo_report
    text = "\n".join(messages) + written
    assert "@" not in text
    with open_warehouse(demo_workspace.warehouse, read_only=True) as connection:
        values = connection.execute(
            """
            select phone from raw_crm.profile union select loyalty_number from raw_loyalty.member
            union select customer_number from raw_crm.profile union select cast(id as varchar) from raw_shopify.customer
            union select last_name from raw_crm.profile where length(last_name) > 4
            """
        ).fetchall()
    words = {value for (value,) in values if value and len(value) > 4}
    assert len(words) > 1000 and not [word for word in words if word in text]
    assert json.loads(written) == demo_report[0]


def test_every_edge_case_has_its_line(demo_report: tuple[dict[str, Any], list[str], str]) -> None:
    report, messages, _ = demo_report
    edge_cases = {row["trap"]: row for row in report["traps"]}
    assert {"till_email", "family_phone", "recycled_number", "null_email", "couple_on_one_email", "tablet_of_two",
            "desk_email", "placeholder_phone", "mistyped_card", "email_in_other_spelling", "misspelt_address",
            "second_account", "moved_address", "opt_out_by_card", "pending_only", "pending_then_opted_in",
            "profiling_objection", "legal_hold"} <= set(edge_cases)  # fmt: skip
    assert all(row["people"] > 0 and any(row["trap"] in line for line in messages) for row in edge_cases.values())


def test_without_a_truth_it_reports_what_it_can(demo_workspace: Workspace, tmp_path: Path) -> None:
    messages: list[str] = []
    report = identity_report(linked_workspace(demo_workspace, tmp_path, with_truth=False), messages.append)
    assert "truth" not in report and any("no ground truth" in line for line in messages)
    sizes = report["customers"]["profiles_per_customer"]
    assert sum(row["customers"] for row in sizes) == report["customers"]["customers"] > 500
    assert {row["identifier_type"] for row in report["stopped_linking"]} >= {"email", "phone"}


def test_a_warehouse_that_is_missing_or_not_built_is_reported(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    file = tmp_path / "warehouse.duckdb"
    assert main(["identity", "--warehouse", str(file)]) == 2
    assert str(file) in capsys.readouterr().err
    with open_warehouse(file):
        pass
    assert main(["identity", "--warehouse", str(file)]) == 2
    assert "build" in capsys.readouterr().err


def test_minimums_are_met_for_the_small_demo(demo_report: tuple[dict[str, Any], list[str], str]) -> None:
    truth = demo_report[0]["truth"]
    assert truth["precision"] >= PRECISION and truth["recall"] >= RECALL, (truth["precision"], truth["recall"])


@pytest.mark.verify
def test_minimums_are_met_for_fifty_thousand_people(tmp_path: Path) -> None:
    workspace = workspace_in(tmp_path)
    simulate(workspace, customers=50_000, seed=4, progress=quiet)
    # Data irrelevant to identity is not loaded: it would take ten times as long.
    retailer = Retailer(workspace, tmp_path / "retailer")
    retailer.reset()
    retailer.deliver(unchanged)
    retailer.resolve()
    (retailer.workspace.home / "truth").symlink_to(workspace.truth)
    report = identity_report(retailer.workspace)
    truth = report["truth"]
    assert truth["people"] > 45_000
    assert truth["precision"] >= PRECISION and truth["recall"] >= RECALL, (truth["precision"], truth["recall"])
