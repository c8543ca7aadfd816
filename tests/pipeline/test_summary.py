"""The end of a run names what was made, what is wrong, and where to look."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from scripts.pipeline.summary import LOG, MOST_POINTS, summary
from scripts.platform.progress import quiet
from scripts.platform.world import World
from scripts.serving.publish import publish
from tests.support.small_world import change, small_world

PASSED = {"status": "passed", "counts": {"warning": 0}}


@pytest.fixture
def world(tmp_path: Path) -> World:
    """A published world with two segments that nobody approved, of which one fails a check, and a stale source."""
    world = small_world(tmp_path)
    change(world, "alter table marts.source_health add column as_of_date date default date '2026-06-30'")
    # The day is pinned: how old it is by the machine's clock is no fault.
    change(world, "insert into intake.settings values ('as_of_date', '2026-06-30')")
    _publish(world)
    return world


def _publish(world: World) -> None:
    publish(world, quiet)
    (world.published / "quality.json").write_text(json.dumps(PASSED), encoding="utf-8")


def points(lines: list[str]) -> list[str]:
    return [line.strip() for line in lines[lines.index("Needs attention:") + 1 : lines.index("Where to look:")]]


def test_all_that_is_wrong_is_named_with_where_to_read_on(world: World) -> None:
    lines = summary(world, ["no churn model: 12 customers on 2026-01-01"], 93.4)
    assert lines[1] == (
        "Made in 93 s: version 2026-06-30-001, 40 customers, 30 orders that count, 40 memberships of 2 segments"
    )
    assert points(lines) == [
        "no churn model: 12 customers on 2026-01-01",
        "2 segments without approval: suppression, lapsed; see `python -m scripts approve --list`",
        "1 segment not fit for use today: lapsed; see `python -m scripts qa --all`",
        "fail: pos: no news",
    ]


def test_a_segment_that_cannot_be_computed_and_a_warning_on_the_data_are_named(world: World) -> None:
    change(world, "update marts.segment_library set effective_status = 'not_computable' where priority = 3")
    _publish(world)
    judged = {"status": "warnings", "counts": {"warning": 3}}
    (world.published / "quality.json").write_text(json.dumps(judged), encoding="utf-8")
    found = points(summary(world, [], 1))
    assert "1 segment cannot be computed: high_potential; segment_library.status_reason says why" in found
    assert f"expectations on the data: 3 not met; see {world.published / 'quality.html'}" in found


def test_where_all_is_well_nothing_needs_attention(world: World) -> None:
    change(world, "update marts.segment_library set approval_status = 'approved'")
    change(world, "delete from marts.segment_qa where status = 'fail'")
    change(world, "update marts.source_health set severity = 'ok', status_reason = null")
    _publish(world)
    assert "Nothing needs attention." in summary(world, [], 1)


def test_however_much_is_wrong_the_end_is_short(world: World) -> None:
    lines = summary(world, [f"no model {number}" for number in range(50)], 1)
    assert len(points(lines)) == MOST_POINTS
    assert points(lines)[-1] == "and 48 more; `python -m scripts health` and `qa --all` name them"


def test_only_what_is_there_is_a_place_to_look(world: World) -> None:
    log = world.home / LOG
    before = summary(world, [], 1)
    log.parent.mkdir()
    log.touch()
    after = summary(world, [], 1)
    assert not [line for line in before if line.endswith(str(log))]
    assert after[-1].split() == ["detail", str(log)]
    places = after[after.index("Where to look:") + 1 :]
    assert all(Path(place.split()[-1]).exists() for place in places)
