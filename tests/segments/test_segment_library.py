"""The segment library as files: rows are changed in place, and what cannot be read is never overwritten."""

from __future__ import annotations

import csv
import shutil
from pathlib import Path

import pytest

from scripts.platform.errors import CheckFailed, UserError, did_you_mean
from scripts.platform.workspace import BUSINESS_SEEDS
from scripts.segments.segment_library import (
    CONDITIONS,
    DEFINITIONS,
    FILES,
    SegmentLibrary,
    free_priorities,
    library_to_change,
    read_library,
    which_segment,
)


@pytest.fixture
def seeds(tmp_path: Path) -> Path:
    for name in FILES:
        shutil.copyfile(BUSINESS_SEEDS / name, tmp_path / name)
    return tmp_path


def cells(file: Path) -> list[list[str]]:
    with file.open(newline="", encoding="utf-8") as lines:
        return list(csv.reader(lines))


def test_a_segment_is_replaced_in_place_and_a_new_one_comes_last(seeds: Path) -> None:
    before = {name: cells(seeds / name) for name in FILES}
    with library_to_change(seeds) as library:
        definition, (first, *_) = library.definition("lapsed"), library.conditions_of("lapsed")
        library.replace("lapsed", {**definition, "owner": "Somebody"}, [{**first, "value": "1|2"}])
        library.replace(
            "brand_new", {**definition, "segment_key": "brand_new"}, [{**first, "segment_key": "brand_new"}]
        )
        library.write()
    place = before[DEFINITIONS][0].index("owner")
    expected = [
        [*row[:place], "Somebody", *row[place + 1 :]] if row[0] == "lapsed" else row for row in before[DEFINITIONS]
    ]
    found = cells(seeds / DEFINITIONS)
    assert found[:-1] == expected and found[-1][0] == "brand_new"
    keys = [row[0] for row in before[CONDITIONS]]
    start, count = keys.index("lapsed"), keys.count("lapsed")
    assert count > 1
    rules = cells(seeds / CONDITIONS)
    assert rules[:start] == before[CONDITIONS][:start]
    assert "1|2" in rules[start] and rules[start + 1 : -1] == before[CONDITIONS][start + count :]
    assert rules[-1][0] == "brand_new"


def test_only_the_definitions_are_written_for_a_status(seeds: Path) -> None:
    """The conditions file is unchanged byte for byte, such as a spreadsheet's line ends."""
    conditions = seeds / CONDITIONS
    conditions.write_bytes(conditions.read_bytes().replace(b"\n", b"\r\n"))
    before = conditions.read_bytes()
    with library_to_change(seeds) as library:
        library.set_status("lapsed", "paused")
        library.write_definitions()
    assert read_library(seeds).definition("lapsed")["status"] == "paused"
    assert conditions.read_bytes() == before


def test_blanks_around_column_names_lose_no_cell(seeds: Path) -> None:
    file = seeds / DEFINITIONS
    before = cells(file)
    text = file.read_text(encoding="utf-8")
    header, rest = text.split("\n", 1)
    file.write_text(header.replace(",", " , ") + "\n" + rest, encoding="utf-8")
    with library_to_change(seeds) as library:
        library.set_status("lapsed", "active")
        library.write()
    assert cells(file) == before


def test_a_library_that_cannot_be_read_completely_is_refused(seeds: Path) -> None:
    (seeds / DEFINITIONS).unlink()
    with (seeds / CONDITIONS).open("a", encoding="utf-8") as lines:
        lines.write("lapsed,include,1\n")
    with pytest.raises(CheckFailed) as problem:
        read_library(seeds)
    missing, short, last = str(problem.value).splitlines()
    assert "is missing" in missing and "has 3 cells" in short and "nothing was written" in last
    assert free_priorities(seeds, 2, set()) == [10, 20]


def test_an_unknown_segment_is_named_with_a_suggestion(seeds: Path) -> None:
    with pytest.raises(UserError, match=r"segment_definitions.csv: has no segment `laps`; did you mean `lapsed`\?$"):
        read_library(seeds).definition("laps")
    assert SegmentLibrary(seeds, [], []).keys == []


@pytest.mark.parametrize(
    ("word", "expected"),
    [
        ("lapsd", "did you mean `lapsed`?"),
        ("loyal", "did you mean `vip_loyalists`?"),
        ("shoe", "the segments are lapsed, vip_loyalists"),
        ("", "the segments are lapsed, vip_loyalists"),
    ],
)
def test_hints_are_similar_or_contain_the_word_or_list_all(word: str, expected: str) -> None:
    assert which_segment(word, ["vip_loyalists", "lapsed"]) == expected


def test_the_similarity_cutoff_can_be_set() -> None:
    assert did_you_mean("cat", ["cup"], otherwise="none") == "none"
    assert did_you_mean("cat", ["cup"], otherwise="none", cutoff=0.3) == "did you mean `cup`?"
    assert which_segment("x", []) == "it holds no segments yet"
