"""An approval is one row more, for the rule and the size of the last build, or nothing at all."""

from __future__ import annotations

import csv
from pathlib import Path

import pytest

from scripts.approve import COLUMNS, FILE, approve, approve_all
from scripts.errors import CheckFailed, UserError
from scripts.world import World
from tests.segments.small_library import small_library


@pytest.fixture
def world(tmp_path: Path) -> World:
    return small_library(tmp_path)


def quiet(_: str) -> None:
    return None


def rows(world: World) -> list[dict[str, str]]:
    file = world.seeds / FILE
    if not file.exists():
        return []
    with file.open(newline="", encoding="utf-8") as lines:
        return list(csv.DictReader(lines))


def test_an_approval_carries_the_fingerprint_and_a_band_round_the_size(world: World) -> None:
    approve(world, "promoters", "data_owner", 'Dora "D", data', tolerance=0.25, progress=quiet)
    (row,) = rows(world)
    assert list(row) == COLUMNS
    assert (row["segment_key"], row["rule_fingerprint"], row["role"]) == ("promoters", "fp-promoters", "data_owner")
    assert row["approved_by"] == 'Dora "D", data'
    assert (row["count_low"], row["count_high"]) == ("7", "13")


def test_rows_that_are_there_stay_as_they_are(world: World) -> None:
    world.seeds.mkdir()
    before = ",".join(COLUMNS) + "\r\n" + "old,fp,data_owner,Eve,2026-01-01T00:00:00Z,1,2"
    (world.seeds / FILE).write_bytes(before.encode())
    approve(world, "promoters", "data_owner", "Dora", progress=quiet)
    assert (world.seeds / FILE).read_bytes().startswith(before.encode() + b"\n")
    assert [row["approved_by"] for row in rows(world)] == ["Eve", "Dora"]
    assert [path.name for path in world.seeds.iterdir()] == [FILE]


@pytest.mark.parametrize(
    ("segment", "role", "by", "tolerance", "words"),
    [
        ("promoter", "data_owner", "Dora", 0.25, "did you mean `promoters`"),
        ("promoters", "boss", "Dora", 0.25, "role `boss` is not known"),
        ("promoters", "data_owner", " ", 0.25, "needs a name"),
        ("promoters", "data_owner", "Dora\nEve", 0.25, "on one line"),
        ("promoters", "data_owner", "Dora", 25, "not between 0 and 1"),
        ("promoters", "data_owner", "ANN", 0.25, "Ann has approved it as segment_owner already"),
        ("vip", "data_owner", "Dora", 0.25, "is draft"),
        ("inactive", "data_owner", "Dora", 0.25, "their source is off"),
    ],
)
def test_what_is_refused_writes_nothing(
    world: World, segment: str, role: str, by: str, tolerance: float, words: str
) -> None:
    with pytest.raises((UserError, CheckFailed), match=words) as problem:
        approve(world, segment, role, by, tolerance=tolerance, progress=quiet)
    assert len(str(problem.value).splitlines()) == 1
    assert rows(world) == []


def test_two_roles_are_two_people_also_before_the_next_build(world: World) -> None:
    approve(world, "changed", "data_owner", "Dora", progress=quiet)
    with pytest.raises(CheckFailed, match="three different people"):
        approve(world, "changed", "campaign_owner", "dora", progress=quiet)


def test_a_file_of_another_shape_is_left_alone(world: World) -> None:
    world.seeds.mkdir()
    (world.seeds / FILE).write_text("segment;role\n")
    with pytest.raises(UserError, match="its first line must be"):
        approve(world, "promoters", "data_owner", "Dora", progress=quiet)
    assert (world.seeds / FILE).read_text() == "segment;role\n"


def test_approving_all_adds_only_what_is_missing(world: World) -> None:
    approvers = {"segment_owner": "A", "campaign_owner": "B", "data_owner": "C"}
    added = approve_all(world, approvers, quiet)
    keys = {row["segment_key"] for row in rows(world)}
    assert "lapsed" not in keys and "vip" not in keys and "inactive" not in keys
    assert {"grown", "changed", "promoters", "nobody", "suppression"} == keys
    # Whoever approved promoters did so for another size, so that all three have to again.
    assert added == len(rows(world)) == 5 * 3
