"""The summary of a run names what was made, what is wrong, and where to look."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from scripts.pipeline.summary import LOG, MOST_POINTS, summary
from scripts.platform.progress import quiet
from scripts.platform.workspace import Workspace
from scripts.serving.publish import publish
from tests.support.small_workspace import change, small_workspace

PASSED = {"status": "passed", "counts": {"warning": 0}}


@pytest.fixture
def workspace(tmp_path: Path) -> Workspace:
    """A published workspace with two unapproved segments, one of which fails a check, and a stale source."""
    workspace = small_workspace(tmp_path)
    change(workspace, "alter table marts.source_health add column as_of_date date default date '2026-06-30'")
    # The day is pinned: its age by the machine's clock is no finding.
    change(workspace, "insert into intake.settings values ('as_of_date', '2026-06-30')")
    _publish(workspace)
    return workspace


def _publish(workspace: Workspace) -> None:
    publish(workspace, quiet)
    (workspace.published / "quality.json").write_text(json.dumps(PASSED), encoding="utf-8")


def points(lines: list[str]) -> list[str]:
    return [line.strip() for line in lines[lines.index("Needs attention:") + 1 : lines.index("Where to look:")]]


def test_every_problem_is_named_with_where_to_read_more(workspace: Workspace) -> None:
    lines = summary(workspace, ["no churn model: 12 customers on 2026-01-01"], 93.4)
    assert lines[1] == (
        "Made in 93 s: version 2026-06-30-001, 40 customers, 30 orders that count, 40 memberships of 2 segments"
    )
    assert points(lines) == [
        "no churn model: 12 customers on 2026-01-01",
        "2 segments without approval: suppression, lapsed; see `python -m scripts approve --list`",
        "1 segment not fit for use today: lapsed; see `python -m scripts qa --all`",
        "fail: pos: no news",
    ]


def test_a_segment_that_cannot_be_computed_and_a_warning_on_the_data_are_named(workspace: Workspace) -> None:
    change(workspace, "update marts.segment_library set effective_status = 'not_computable' where priority = 3")
    _publish(workspace)
    results = {"status": "warnings", "counts": {"warning": 3}}
    (workspace.published / "quality.json").write_text(json.dumps(results), encoding="utf-8")
    found = points(summary(workspace, [], 1))
    assert "1 segment cannot be computed: high_potential; segment_library.status_reason says why" in found
    assert f"expectations on the data: 3 not met; see {workspace.published / 'quality.html'}" in found


def test_nothing_needs_attention_when_all_is_well(workspace: Workspace) -> None:
    change(workspace, "update marts.segment_library set approval_status = 'approved'")
    change(workspace, "delete from marts.segment_qa where status = 'fail'")
    change(workspace, "update marts.source_health set severity = 'ok', status_reason = null")
    _publish(workspace)
    assert "Nothing needs attention." in summary(workspace, [], 1)


def test_the_summary_stays_short_however_many_problems_there_are(workspace: Workspace) -> None:
    lines = summary(workspace, [f"no model {number}" for number in range(50)], 1)
    assert len(points(lines)) == MOST_POINTS
    assert points(lines)[-1] == "and 48 more; `python -m scripts health` and `qa --all` name them"


def test_only_existing_files_are_places_to_look(workspace: Workspace) -> None:
    log = workspace.home / LOG
    before = summary(workspace, [], 1)
    log.parent.mkdir()
    log.touch()
    after = summary(workspace, [], 1)
    assert not [line for line in before if line.endswith(str(log))]
    assert after[-1].split() == ["detail", str(log)]
    places = after[after.index("Where to look:") + 1 :]
    assert all(Path(place.split()[-1]).exists() for place in places)
