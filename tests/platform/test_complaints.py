"""The page of complaints is true: every public report is on it, with its link, and every test that it names exists."""

from __future__ import annotations

import re

from scripts.platform.workspace import PROJECT
from tests.e2e import test_public_cases as cases
from tests.support.real_data import CASES, shared_case

PAGE = PROJECT / "docs" / "complaints-we-test-for.md"
CODE = re.compile(r"`([^`]+)`")
# `owner/name issues #1, #2 and PR #3` in the README of a case.
REFERENCE = re.compile(r"([\w.-]+/[\w.-]+) ((?:(?:,| and)? ?(?:issues?|PRs?)? ?#\d+)+)")
NUMBER = re.compile(r"(issues?|PRs?)? ?#(\d+)")


def rows() -> list[list[str]]:
    """The cells of every row of the page's tables, without headings."""
    lines = [line for line in PAGE.read_text("utf-8").splitlines() if re.match(r"\| (?!complaint \|)", line)]
    return [[cell.strip() for cell in line.strip("|").split(" | ")] for line in lines]


def named() -> list[str]:
    """What the last column names: cases, and tests of other files."""
    return [code for row in rows() for code in CODE.findall(row[-1])]


def references(source: str) -> set[str]:
    """The addresses that a case's `source:` line refers to."""
    found = set()
    for repository, numbers in REFERENCE.findall(source):
        kind = "issue"
        for stated, number in NUMBER.findall(numbers):
            kind = "PR" if stated.startswith("PR") else "issue" if stated else kind
            found.add(f"https://github.com/{repository}/{'pull' if kind == 'PR' else 'issues'}/{number}")
    return found


def test_addresses_are_read_from_a_source_line() -> None:
    assert references("a/b.c issues #1, #2 and PR #3, d/e PR #4 (words)") == {
        "https://github.com/a/b.c/issues/1",
        "https://github.com/a/b.c/issues/2",
        "https://github.com/a/b.c/pull/3",
        "https://github.com/d/e/pull/4",
    }


def test_every_case_is_on_the_page_once() -> None:
    found = [name for name in named() if "::" not in name]
    assert sorted(found) == sorted({*cases.CHECKS, *cases.ELSEWHERE})


def test_every_report_is_on_the_page_with_its_link() -> None:
    if not CASES.exists():
        shared_case("any")
    page = PAGE.read_text("utf-8")
    on_page = {name for name in named() if "::" not in name}
    for folder in sorted(CASES.iterdir()):
        if not folder.is_dir():
            continue
        assert folder.name in on_page
        source = (folder / "README").read_text("utf-8").splitlines()[0]
        for address in references(source):
            assert f"]({address})" in page, f"{folder.name}: the page lacks {address}"


def test_the_tests_that_the_page_names_exist() -> None:
    for row in rows():
        codes = CODE.findall(row[-1])
        for name in codes:
            path, _, test = name.partition("::")
            if test:
                assert f"def {test}(" in (PROJECT / path).read_text("utf-8"), name
        # A case that the common test leaves out names the test that it has.
        if codes[0] in cases.ELSEWHERE:
            assert codes[1:] == [cases.ELSEWHERE[codes[0]]]
        else:
            assert codes[0] in cases.CHECKS and len(codes) == 1, codes


def test_a_report_of_others_has_a_link_and_says_what_others_do() -> None:
    others = [row for row in rows() if len(row) == 4]
    assert len(others) > 40
    assert [row[0] for row in others if not re.search(r"\]\(https://", row[0])] == []
    assert [row[0] for row in rows() if not all(row) or len(row) not in (3, 4)] == []
