"""A seed that cannot be loaded is reported with its line and the fix, before dbt reads it."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from scripts.platform.errors import CheckFailed, UserError
from scripts.platform.seed_files import seed_problems
from scripts.platform.workspace import BUSINESS_SEEDS
from scripts.segments.validate import check_seeds

COLUMNS = ["segment_key", "kind", "value"]
GOOD = "segment_key,kind,value\nlapsed,include,181|365\n"


def problems(tmp_path: Path, content: str | bytes) -> list[str]:
    file = tmp_path / "seed.csv"
    file.write_bytes(content if isinstance(content, bytes) else content.encode())
    return [line.removeprefix(str(file)) for line in seed_problems(file, COLUMNS)]


def test_the_shipped_seeds_are_valid() -> None:
    check_seeds(BUSINESS_SEEDS)


@pytest.mark.parametrize(
    "content",
    [
        GOOD,
        "\ufeff" + GOOD,
        GOOD.replace("\n", "\r\n"),
        GOOD.rstrip("\n"),
        "value,kind,segment_key,my_notes\n1,include,lapsed,\n",
        'segment_key,kind,value\n"a, b",include,"two\nlines and ""quotes"""\n',
    ],
    ids=["plain", "byte order mark", "CRLF", "no last line end", "other order and more columns", "quoted"],
)
def test_what_spreadsheets_write_is_accepted(tmp_path: Path, content: str) -> None:
    assert problems(tmp_path, content) == []


@pytest.mark.parametrize(
    ("content", "expected"),
    [
        ("", ": is empty; its first line must be segment_key,kind,value"),
        (
            GOOD + "lapsed,include\n",
            ", line 3: has 2 cells where the header has 3; write the empty cells too, as commas",
        ),
        (
            GOOD + "lapsed,include,1,500\n",
            ", line 3: has 4 cells where the header has 3; put a cell that contains a comma in double quotes",
        ),
        (GOOD + "\nlapsed,include,1\n", ", line 3: is empty; delete the line"),
        (GOOD.replace(",", ";"), ", line 1: cells are separated by semicolons; save it with commas between the cells"),
        (GOOD.replace(",", "\t"), ", line 1: cells are separated by tabs; save it with commas between the cells"),
        ("segment,kind,value\n", ", line 1: the column `segment_key` is missing; is `segment` a misspelling of it?"),
        ("segment_key,kind,value,kind\n", ", line 1: the column `kind` appears twice; delete one"),
        (GOOD.encode() + b"caf\xe9,include,1\n", ", line 3: is not UTF-8; save it as CSV UTF-8"),
        (GOOD.encode("utf-16"), ": is not a text file (spreadsheet format or UTF-16); save it as CSV UTF-8"),
        (GOOD + 'lapsed,include,"1\n', ": cannot be read as CSV (unexpected end of data); check the double quotes"),
    ],
)
def test_what_cannot_be_loaded_is_named(tmp_path: Path, content: str | bytes, expected: str) -> None:
    assert problems(tmp_path, content) == [expected]


def test_the_line_is_that_of_the_row_even_after_a_cell_of_two_lines(tmp_path: Path) -> None:
    content = 'segment_key,kind,value\na,include,"two\nlines"\nb,include\n'
    assert [line[: len(", line 4")] for line in problems(tmp_path, content)] == [", line 4"]


def test_all_problems_of_all_files_come_at_once(tmp_path: Path) -> None:
    shutil.copytree(BUSINESS_SEEDS, tmp_path / "seeds")
    (tmp_path / "seeds" / "segment_definitions.csv").unlink()
    (tmp_path / "seeds" / "segment_rule_conditions.csv").write_text("")
    with pytest.raises(CheckFailed) as problem:
        check_seeds(tmp_path / "seeds")
    assert len(str(problem.value).splitlines()) == 2
    with pytest.raises(UserError, match="no such folder"):
        check_seeds(tmp_path / "elsewhere")
