"""An approval adds one row, for the rule and the size of the last build, or nothing at all."""

from __future__ import annotations

import csv
from pathlib import Path

import pytest

from scripts.platform.errors import CheckFailed, UserError
from scripts.platform.workspace import Workspace
from scripts.segments.approval_log import COLUMNS, FILE
from scripts.segments.approve import approve, approve_all, list_approvals, withdraw
from tests.support.small_library import APPROVED, USE, small_library

BEFORE = sum(len(roles) for *_, roles in APPROVED)


@pytest.fixture
def workspace(tmp_path: Path) -> Workspace:
    return small_library(tmp_path)


def quiet(_: str) -> None:
    return None


def rows(workspace: Workspace) -> list[dict[str, str]]:
    """The rows that were added to those of the small library."""
    with (workspace.seeds / FILE).open(newline="", encoding="utf-8") as lines:
        return list(csv.DictReader(lines))[BEFORE:]


def test_an_approval_records_the_fingerprint_and_a_band_around_the_size(workspace: Workspace) -> None:
    approve(workspace, "promoters", "data_owner", "Dora", tolerance=0.25, progress=quiet)
    (row,) = rows(workspace)
    assert list(row) == COLUMNS
    assert (row["segment_key"], row["rule_fingerprint"], row["role"]) == ("promoters", "fp-promoters", "data_owner")
    assert row["approved_by"] == "Dora"
    assert (row["count_low"], row["count_high"], row["decision"]) == ("7", "13", "approved")
    assert row["sequence"] == "2"


def test_the_subject_of_an_approval_is_shown_first(workspace: Workspace) -> None:
    messages: list[str] = []
    approve(workspace, "promoters", "data_owner", "Dora", progress=messages.append)
    assert messages[:2] == ["promoters: active, version 1, 10 customers", "  All of: …"]
    assert "segment_owner: approved by Ann for 30 to 50" in messages[2]
    assert messages[-1].endswith("still needed: campaign_owner")


def test_the_risk_owner_waives_care_for_one_rule_and_use_and_takes_it_back(workspace: Workspace) -> None:
    """The waiver is no role that a segment needs: promoters still lacks the approvals that it lacked."""
    approve(workspace, "promoters", "care_waiver", "Dora", progress=quiet)
    (row,) = rows(workspace)
    assert (row["role"], row["approved_by"], row["approved_use"]) == ("care_waiver", "Dora", USE)
    told: list[str] = []
    list_approvals(workspace, "promoters", told.append)
    assert "care_waiver Dora; still needed: campaign_owner, data_owner" in told[0]
    withdraw(workspace, "promoters", "care_waiver", "Dora", progress=quiet)
    assert [row["decision"] for row in rows(workspace)] == ["approved", "withdrawn"]


def test_existing_rows_stay_as_they_are(workspace: Workspace) -> None:
    file = workspace.seeds / FILE
    before = file.read_bytes().rstrip(b"\n").replace(b"\n", b"\r\n")
    file.write_bytes(before)
    files = set(workspace.seeds.iterdir())
    approve(workspace, "promoters", "data_owner", "Dora", progress=quiet)
    assert file.read_bytes().startswith(before + b"\n")
    assert [row["approved_by"] for row in rows(workspace)] == ["Dora"]
    assert set(workspace.seeds.iterdir()) == files


@pytest.mark.parametrize(
    ("segment", "role", "by", "tolerance", "words"),
    [
        ("promoter", "data_owner", "Dora", 0.25, "did you mean `promoters`"),
        ("promoters", "boss", "Dora", 0.25, "role `boss` is not known"),
        ("promoters", "data_owner", " ", 0.25, "is not an id of .*approvers.csv; known are Ann, Bob, Cid, Dora, Eve"),
        ("promoters", "data_owner", "D\u043era", 0.25, "is not an id of"),
        ("promoters", "campaign_owner", "ANN", 0.25, "is not an id of"),
        ("promoters", "campaign_owner", "Ann ", 0.25, "is not an id of"),
        ("promoters", "campaign_owner", "Ann", 0.25, "`Ann` does not hold the role campaign_owner today"),
        ("promoters", "data_owner", "Dora", 25, "not between 0 and 1"),
        ("promoters", "data_owner", "Ann", 0.25, "Ann has approved it as segment_owner already"),
        ("promoters", "risk_owner", "Cid", 0.25, "has no risk class"),
        ("vip", "data_owner", "Dora", 0.25, "is draft"),
        ("inactive", "data_owner", "Dora", 0.25, "their source is off"),
        ("reviewed", "data_owner", "Dora", 0.25, "say which size you approve with --count"),
    ],
)
def test_a_refused_approval_writes_nothing(
    workspace: Workspace, segment: str, role: str, by: str, tolerance: float, words: str
) -> None:
    with pytest.raises((UserError, CheckFailed), match=words) as problem:
        approve(workspace, segment, role, by, tolerance=tolerance, progress=quiet)
    assert len(str(problem.value).splitlines()) == 1
    assert rows(workspace) == []


def test_two_roles_need_two_people_even_before_the_next_build(workspace: Workspace) -> None:
    approve(workspace, "changed", "data_owner", "Dora", progress=quiet)
    with pytest.raises(CheckFailed, match="3 different people"):
        approve(workspace, "changed", "campaign_owner", "Dora", progress=quiet)


def test_a_segment_with_a_risk_class_needs_a_fourth_person(workspace: Workspace) -> None:
    messages: list[str] = []
    for role, by in (("segment_owner", "Ann"), ("campaign_owner", "Bob"), ("data_owner", "Cid")):
        approve(workspace, "priced", role, by, progress=messages.append)
    assert messages[-1].endswith("still needed: risk_owner")
    with pytest.raises(CheckFailed, match="4 different people"):
        approve(workspace, "priced", "risk_owner", "Cid", progress=quiet)
    approve(workspace, "priced", "risk_owner", "Dora", progress=messages.append)
    assert messages[-1].endswith("build and publish, then it may be exported")


def test_a_segment_in_review_is_approved_for_the_stated_size(workspace: Workspace) -> None:
    approve(workspace, "reviewed", "data_owner", "Dora", count=200, tolerance=0.1, progress=quiet)
    assert [(row["count_low"], row["count_high"]) for row in rows(workspace)] == [("180", "220")]
    with pytest.raises(UserError, match="has 10 customers"):
        approve(workspace, "promoters", "data_owner", "Dora", count=200, progress=quiet)


def test_a_withdrawal_adds_a_row_and_reopens_the_role(workspace: Workspace) -> None:
    withdraw(workspace, "promoters", "segment_owner", "Ann", progress=quiet)
    assert [(row["decision"], row["sequence"]) for row in rows(workspace)] == [("withdrawn", "2")]
    with pytest.raises(CheckFailed, match="nothing to withdraw"):
        withdraw(workspace, "promoters", "segment_owner", "Ann", progress=quiet)
    # Ann may now approve in another role.
    approve(workspace, "promoters", "data_owner", "Ann", progress=quiet)
    messages: list[str] = []
    list_approvals(workspace, "promoters", messages.append)
    (line,) = messages
    assert line.endswith("approved by data_owner Ann; still needed: segment_owner, campaign_owner")


def test_a_file_with_other_columns_is_left_alone(workspace: Workspace) -> None:
    (workspace.seeds / FILE).write_text("segment;role\n")
    with pytest.raises(UserError, match="its first line must be"):
        approve(workspace, "promoters", "data_owner", "Dora", progress=quiet)
    assert (workspace.seeds / FILE).read_text() == "segment;role\n"


def test_approving_all_adds_only_what_is_missing(workspace: Workspace) -> None:
    approvers = {"segment_owner": "Ann", "campaign_owner": "Bob", "data_owner": "Cid", "risk_owner": "Dora"}
    added = approve_all(workspace, approvers, quiet)
    keys = {row["segment_key"] for row in rows(workspace)}
    assert "lapsed" not in keys and "vip" not in keys and "inactive" not in keys
    assert {"grown", "changed", "promoters", "nobody", "suppression", "priced"} == keys
    # Promoters was approved for another size, so all three roles must approve again; priced has a risk class.
    assert added == len(rows(workspace)) == 5 * 3 + 4
