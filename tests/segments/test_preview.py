"""A preview shows what the segment will be, names errors by file and line, and leaves nothing behind."""

from __future__ import annotations

import csv
import hashlib
import json
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from scripts.platform.errors import CheckFailed, UserError
from scripts.platform.workspace import BUSINESS_SEEDS, Workspace
from scripts.segments.preview import Preview, preview
from tests.segments.test_explain import customers, rows
from tests.support.rule_evaluator import Base, Row, is_member

CONDITIONS = "segment_key,kind,alternative,attribute,operator,value,if_missing\n"
DRAFT = (
    "spenders,include,1,order_count,>=,2,\n"
    "spenders,include,1,net_revenue,>,pct:50,\n"
    "spenders,include,2,page_view_count_7d,>,3,\n"
    "spenders,exclude,1,has_open_complaint,is_true,,false\n"
)


def quiet(_: str) -> None:
    return None


def draft_files(folder: Path, conditions: str) -> tuple[Path, Path]:
    """A draft that is not in the library, as two files: the definition of lapsed under another name."""
    with (BUSINESS_SEEDS / "segment_definitions.csv").open(newline="", encoding="utf-8") as lines:
        (like,) = [row for row in csv.DictReader(lines) if row["segment_key"] == "lapsed"]
    like |= {"segment_key": "spenders", "segment_name": "Spenders", "library_number": ""}
    like |= {"priority": "55", "status": "draft"}
    definitions = folder / "my definitions.csv"
    with definitions.open("w", newline="", encoding="utf-8") as lines:
        writer = csv.DictWriter(lines, list(like), lineterminator="\n")
        writer.writeheader()
        writer.writerow(like)
    (folder / "my conditions.csv").write_text(CONDITIONS + conditions, encoding="utf-8")
    return definitions, folder / "my conditions.csv"


def files_of(workspace: Workspace) -> dict[str, str]:
    """What a preview must not touch."""
    files = [workspace.warehouse, *workspace.seeds.glob("*.csv")]
    return {str(file): hashlib.sha256(file.read_bytes()).hexdigest() for file in files}


def members_of(workspace: Workspace, rule: list[Row], scope: str = "people") -> list[dict[str, Any]]:
    everybody = customers(workspace)
    base = Base(everybody)
    return [one for one in everybody if is_member(rule, scope, one, base, one["as_of_date"])]


@pytest.mark.verify
def test_a_draft_of_two_files_is_measured_as_in_plain_python(demo_copy: Workspace, tmp_path: Path) -> None:
    before = files_of(demo_copy)
    text: list[str] = []
    found = preview(demo_copy, "spenders", draft_files(tmp_path, DRAFT), progress=text.append)
    assert files_of(demo_copy) == before
    rule = list(csv.DictReader((CONDITIONS + DRAFT).splitlines()))
    members = members_of(demo_copy, rule)
    ids = {member["customer_id"] for member in members}
    everybody = customers(demo_copy)
    assert (found.size, found.customers) == (len(members), len(everybody))
    assert 0 < found.size < found.customers
    for name, column in (("revenue", "net_revenue_365d"), ("margin", "contribution_margin_365d")):
        assert found.money[name] == sum((member[column] or Decimal(0) for member in members), Decimal(0))
        assert found.money[f"{name}_of_all"] == sum((one[column] or Decimal(0) for one in everybody), Decimal(0))
    _check_overlap_and_priority(demo_copy, found, ids)
    _check_reach(demo_copy, found, members)
    assert {row["customer_id"] for row in found.sample} <= ids and len(found.sample) == 5
    assert all(row["why"] for row in found.sample)
    assert any(f"Size        {found.size:,} of {found.customers:,} customers" in line for line in text[-1].splitlines())


def _check_overlap_and_priority(workspace: Workspace, found: Preview, ids: set[str]) -> None:
    memberships = rows(workspace, "from marts.segment_memberships")
    shared: dict[str, int] = {}
    for row in memberships:
        if row["customer_id"] in ids:
            shared[row["segment_key"]] = shared.get(row["segment_key"], 0) + 1
    assert {row["segment_key"]: row["shared"] for row in found.overlaps} == shared
    assert [row["shared"] for row in found.overlaps] == sorted(shared.values(), reverse=True)
    primary = {row["customer_id"]: row for row in memberships if row["is_primary"] and row["customer_id"] in ids}
    taken = sum(1 for row in primary.values() if row["priority"] > 55)
    assert sum(row["customers"] for row in found.priorities["takes"]) == taken
    assert sum(row["customers"] for row in found.priorities["keeps"]) == len(primary) - taken
    assert found.priorities["first"] == len(ids) - len(primary)


def _check_reach(workspace: Workspace, found: Preview, members: list[dict[str, Any]]) -> None:
    channels = {row["segment_key"]: row["channels"] for row in rows(workspace, "from marts.segment_library")
                if row["is_suppression"] and row["effective_status"] == "active"}  # fmt: skip
    held = {
        (row["customer_id"], channel)
        for row in rows(workspace, "from marts.segment_memberships")
        for channel in channels.get(row["segment_key"], "").split("|")
    }
    for row in found.reach:
        column = {"email": "is_email_contactable", "sms": "is_sms_contactable"}.get(row["channel"])
        if column:
            reached = [one for one in members if one[column] and (one["customer_id"], row["channel"]) not in held]
            assert row["reachable"] == len(reached)


@pytest.mark.verify
def test_every_error_in_a_draft_is_named_with_its_file_and_line(demo_copy: Workspace, tmp_path: Path) -> None:
    before = files_of(demo_copy)
    wrong = (
        "spenders,include,1,orders_180,>=,3,\n"
        "spenders,include,1,order_count,>=,many,\n"
        "spenders,include,1,favourite_category,>,Home,\n"
    )
    with pytest.raises(CheckFailed) as problem:
        preview(demo_copy, "spenders", draft_files(tmp_path, wrong), progress=quiet)
    text = str(problem.value)
    assert "my conditions.csv, line 2 (" in text and "did you mean `order_count_180d`?" in text
    assert "my conditions.csv, line 3 (" in text and "value `many` for a number" in text
    assert "my conditions.csv, line 4 (" in text and "is not allowed for `favourite_category`" in text
    assert files_of(demo_copy) == before
    assert not (demo_copy.home / "preview").exists()


@pytest.mark.verify
def test_drafts_and_active_segments_of_the_seeds(demo_copy: Workspace) -> None:
    text: list[str] = []
    preview(demo_copy, "vip_loyalists", as_json=True, progress=text.append)
    (answer,) = [json.loads(line) for line in text]
    assert answer["size"] > 0 and answer["entering"] is None
    # An active segment whose rule did not change is what it is today.
    same = preview(demo_copy, "lapsed", progress=quiet)
    assert (same.entering, same.leaving) == (0, 0)
    with pytest.raises(CheckFailed, match="churn_propensity"):
        preview(demo_copy, "high_churn_risk", progress=quiet)
    with pytest.raises(UserError, match="did you mean `vip_loyalists`"):
        preview(demo_copy, "vip_loyalist", progress=quiet)
