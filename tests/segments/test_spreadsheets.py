"""Seeds opened and saved by LibreOffice Calc: unchanged meanings still load, changed ones are named."""

from __future__ import annotations

import csv
import shutil
import subprocess
from pathlib import Path

import pytest

from scripts.pipeline import steps
from scripts.platform.errors import CheckFailed
from scripts.platform.workspace import Workspace
from scripts.segments.evaluation import rules_in_memory
from scripts.segments.validate import check_seeds

pytestmark = pytest.mark.verify

COMMA, SEMICOLON = 44, 59
ENGLISH, GERMAN = 2057, 1031
EDITED = ("segment_definitions", "segment_rule_conditions", "behaviour_windows", "cost_assumptions", "consent_rules")


def save_again(seeds: Path, scratch: Path, language: int, separator: int, quote_all: bool = False) -> None:
    """Open the seeds in LibreOffice as a user with this language would, and save them in place."""
    office = shutil.which("soffice")
    if office is None:
        pytest.skip("needs LibreOffice Calc (Debian package libreoffice-calc-nogui), which opens and saves the seeds")
    reading = f"{COMMA},34,76,1,,{language},false,true"
    writing = f"{separator},34,76,1,,{language},{str(quote_all).lower()},true,false"
    files = [str(seeds / f"{name}.csv") for name in EDITED]
    command = [
        office, f"-env:UserInstallation=file://{scratch / 'profile'}", "--headless",
        f"--infilter=Text - txt - csv (StarCalc):{reading}",
        "--convert-to", f"csv:Text - txt - csv (StarCalc):{writing}", "--outdir", str(scratch / "saved"), *files,
    ]  # fmt: skip
    subprocess.run(command, check=True, capture_output=True, timeout=180)
    saved = sorted((scratch / "saved").glob("*.csv"))
    assert [file.stem for file in saved] == sorted(EDITED)
    for file in saved:
        shutil.copyfile(file, seeds / file.name)


def meanings(workspace: Workspace) -> dict[str, str]:
    with rules_in_memory(workspace) as evaluation:
        rules = evaluation.relation("int_segment_rules")
        return dict(evaluation.connection.execute(f"select segment_key, rule_fingerprint from {rules}").fetchall())


def cells(file: Path) -> list[list[str]]:
    with file.open(encoding="utf-8-sig", newline="") as lines:
        return list(csv.reader(lines))


@pytest.mark.parametrize("quote_all", [False, True], ids=["default quoting", "all text in quotes"])
def test_seeds_saved_by_an_english_spreadsheet_mean_the_same(
    demo_copy: Workspace, tmp_path: Path, quote_all: bool
) -> None:
    before = meanings(demo_copy)
    original = cells(demo_copy.seeds / "segment_rule_conditions.csv")
    save_again(demo_copy.seeds, tmp_path, ENGLISH, COMMA, quote_all)
    # Without any change in the file the test would prove nothing: Calc writes TRUE for true.
    assert cells(demo_copy.seeds / "segment_rule_conditions.csv") != original
    steps.validate(demo_copy, {}, progress=lambda _: None)
    assert before and meanings(demo_copy) == before


def test_windows_line_ends_and_byte_order_marks_change_nothing(demo_copy: Workspace) -> None:
    before = meanings(demo_copy)
    for name in EDITED:
        file = demo_copy.seeds / f"{name}.csv"
        file.write_bytes(b"\xef\xbb\xbf" + file.read_bytes().replace(b"\n", b"\r\n"))
    steps.validate(demo_copy, {}, progress=lambda _: None)
    assert meanings(demo_copy) == before


def test_semicolons_are_named_with_the_fix(demo_copy: Workspace, tmp_path: Path) -> None:
    save_again(demo_copy.seeds, tmp_path, GERMAN, SEMICOLON)
    with pytest.raises(CheckFailed) as problem:
        check_seeds(demo_copy.seeds)
    lines = str(problem.value).splitlines()
    assert len(lines) == len(EDITED)
    assert all("separated by semicolons; save it with commas" in line for line in lines)


def test_numbers_that_a_german_spreadsheet_misread_are_named(demo_copy: Workspace, tmp_path: Path) -> None:
    """Read as German, 0.005 is no longer five thousandths but 5, and a rate of 0.018 becomes 18."""
    save_again(demo_copy.seeds, tmp_path, GERMAN, COMMA)
    messages: list[str] = []
    with pytest.raises(CheckFailed):
        steps.validate(demo_copy, {}, progress=messages.append)
    text = "\n".join(messages)
    assert "expected_min_share is `5`" in text and "write a share of all customers from 0 to 1" in text
    assert "cost_assumptions.csv, line 7" in text and "rate is `18" in text
