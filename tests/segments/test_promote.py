"""A segment's status moves one step at a time; it is copied to another folder without its approvals, or not at all."""

from __future__ import annotations

import csv
import shutil
from pathlib import Path

import duckdb
import pytest

from scripts.platform.errors import CheckFailed, UserError
from scripts.platform.seed_files import read_rows
from scripts.platform.workspace import BUSINESS_SEEDS, Workspace
from scripts.segments.promote import promote, set_status
from scripts.segments.segment_library import CONDITIONS, DEFINITIONS
from tests.support.rules_workspace import WINDOWS, make_workspace, put_rules


def quiet(_: str) -> None:
    return None


@pytest.fixture
def workspace(tmp_path: Path) -> Workspace:
    """A warehouse with what rules are checked against, and a library that was edited since."""
    types = {"customer_id": "varchar", "as_of_date": "date"} | {one["attribute_name"]: "bigint" for one in WINDOWS}
    (tmp_path / "own").mkdir()
    workspace = make_workspace(tmp_path / "own", [], types)
    put_rules(workspace, [])
    with duckdb.connect(str(workspace.warehouse)) as connection:
        connection.execute(
            "create table marts.build_notes as select 'setting as_of_date' as note_key, 'setting' as kind,"
            " 'as_of_date' as subject, '2026-06-30' as value"
        )
    return workspace


def edit(workspace: Workspace, value: str) -> None:
    text = (workspace.seeds / CONDITIONS).read_text(encoding="utf-8")
    (workspace.seeds / CONDITIONS).write_text(text.replace("181|365", value), encoding="utf-8")


def rows(folder: Path, name: str, key: str | None = None) -> list[dict[str, str]]:
    with (folder / name).open(newline="", encoding="utf-8") as lines:
        return [row for row in csv.DictReader(lines) if key in (None, row["segment_key"])]


def test_a_status_goes_one_step_at_a_time(workspace: Workspace) -> None:
    messages: list[str] = []
    others = [row for row in rows(workspace.seeds, DEFINITIONS) if row["segment_key"] != "vip_loyalists"]
    for status in ("in_review", "approved", "active", "paused", "retired", "draft"):
        set_status(workspace, "vip_loyalists", status, messages.append)
    assert "approved → active" in messages[2]
    with pytest.raises(CheckFailed, match=r"draft → active is not allowed; from draft it goes to in_review$"):
        set_status(workspace, "vip_loyalists", "active", quiet)
    set_status(workspace, "lapsed", "retired", quiet)
    with pytest.raises(CheckFailed, match=r"retired → active is not allowed; from retired it goes to draft$"):
        set_status(workspace, "lapsed", "active", quiet)
    with pytest.raises(UserError, match="status `live` is not known"):
        set_status(workspace, "lapsed", "live", quiet)
    with pytest.raises(UserError, match="did you mean `lapsed`"):
        set_status(workspace, "laps", "draft", quiet)
    after = [row for row in rows(workspace.seeds, DEFINITIONS) if row["segment_key"] != "vip_loyalists"]
    assert [row for row in after if row["segment_key"] != "lapsed"] == [
        row for row in others if row["segment_key"] != "lapsed"
    ]


def test_the_allowed_status_changes_are_paths_of_single_steps_that_avoid_draft() -> None:
    """The pairs that a build allows are paths of single steps that do not start again from draft."""
    listed = read_rows(
        BUSINESS_SEEDS.parent / "reference" / "segment_status_steps.csv", ["from_status", "to_status", "steps"]
    )
    single = {(row["from_status"], row["to_status"]) for row in listed if row["steps"] == "1"}
    shortest: dict[tuple[str, str], int] = {}
    for start in {pair[0] for pair in single}:
        reached, steps = {start}, 0
        while reached:
            steps += 1
            onwards = {to for step_from, to in single if step_from in reached} - {start}
            reached = {to for to in onwards if (start, to) not in shortest and to != "draft"}
            shortest |= {(start, to): steps for to in onwards if (start, to) not in shortest}
    assert shortest == {(row["from_status"], row["to_status"]): int(row["steps"]) for row in listed}
    assert ("retired", "active") not in shortest and ("active", "in_review") not in shortest


def test_only_definition_and_conditions_are_copied(workspace: Workspace, tmp_path: Path) -> None:
    target = tmp_path / "target"
    shutil.copytree(workspace.seeds, target)
    others = {file.name: file.read_bytes() for file in target.iterdir() if file.name not in (DEFINITIONS, CONDITIONS)}
    before = rows(target, CONDITIONS)
    edit(workspace, "200|365")
    promote(workspace, "lapsed", target, quiet)
    assert rows(target, CONDITIONS) == [{**row, "value": row["value"].replace("181|365", "200|365")} for row in before]
    assert rows(target, DEFINITIONS) == rows(workspace.seeds, DEFINITIONS)
    for name, content in others.items():
        assert (target / name).read_bytes() == content


@pytest.mark.parametrize("why", ["faults", "same folder"])
def test_a_segment_that_is_faulty_is_not_copied(workspace: Workspace, tmp_path: Path, why: str) -> None:
    target = tmp_path / "target"
    shutil.copytree(workspace.seeds, target)
    edit(workspace, "181|many")
    before = (target / CONDITIONS).read_bytes()
    words = {"faults": "value `many` for a number", "same folder": "is the folder that the segment comes from"}
    with pytest.raises((UserError, CheckFailed), match=words[why]):
        promote(workspace, "lapsed", workspace.seeds if why == "same folder" else target, quiet)
    assert (target / CONDITIONS).read_bytes() == before
