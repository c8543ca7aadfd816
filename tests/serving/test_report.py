"""The page is self-contained, shows what it should, and is replaced in one step or not at all."""

from __future__ import annotations

import importlib.util
import re
from pathlib import Path

import pytest

from scripts.platform.errors import CheckFailed, UserError
from scripts.platform.pages.page import outside_references
from scripts.platform.workspace import Workspace
from scripts.serving import report as reporting
from scripts.serving.publish import publish
from scripts.serving.report import report
from tests.support.small_workspace import change, small_workspace

needs_charts = pytest.mark.skipif(importlib.util.find_spec("dbt_charts") is None, reason="extra `report` not installed")


def quiet(_: str) -> None:
    return None


def words(page: str) -> str:
    """What a reader sees: the page's text without styles, scripts and tags."""
    page = re.sub(r"(?s)<(style|script)\b.*?</\1>", " ", page)
    return re.sub(r"\s+", " ", re.sub(r"<[^>]+>", " ", page))


@pytest.fixture(scope="module")
def published(tmp_path_factory: pytest.TempPathFactory) -> Workspace:
    workspace = small_workspace(tmp_path_factory.mktemp("report"))
    publish(workspace, quiet)
    return workspace


@needs_charts
def test_the_page_shows_its_contents_and_loads_nothing_from_outside(published: Workspace) -> None:
    file = report(published, progress=quiet)
    page = file.read_text(encoding="utf-8")
    text = words(page)
    assert file == published.home / "report.html"
    assert outside_references(page) == []
    assert "<link" not in page
    for expected in (
        "2026-06-30",
        "EUR",
        "€",
        "How large is each segment?",
        "Lapsed",
        "62.5%",
        "Loyal",
        "What moved, and what needs attention?",
        "count outside band",
        "unusual entered, likely source outage; fails recent activity; look at consent",
        "Where do segments overlap?",
        "shopify",
        "fresh",
        "off",
        "stale",
        "no news",
        "What does each segment bring in?",
        "the cost of 50 % of product revenue is not known",
    ):
        assert expected in text, expected
    assert "High potential" not in text  # a draft
    # Of 41 entries, one was because the segment was new.
    moved = text[text.index("What moved") : text.index("Who bought recently")]
    assert "40" in moved and "41" not in moved and "not needed" in moved
    assert str(published.home) not in page


@needs_charts
def test_a_workspace_without_buyers_and_members_is_described_in_words(tmp_path: Path) -> None:
    workspace = small_workspace(tmp_path)
    change(workspace, "update marts.source_health set row_count = 0, is_on = false, status = 'off'")
    for name in ("orders", "order_lines", "customer_rfm", "customer_margin", "segment_memberships", "segment_overlap"):
        change(workspace, f"delete from marts.{name}")
    change(workspace, "update marts.segment_sizes set customer_count = 0")
    change(
        workspace, "update marts.segment_library set effective_status = 'not_computable' where segment_key = 'lapsed'"
    )
    publish(workspace, quiet)
    text = words(report(workspace, tmp_path / "pages" / "empty.html", quiet).read_text(encoding="utf-8"))
    assert "Nobody is in an active segment yet" in text
    assert "No customer has bought" in text
    assert "Not computable now" in text
    assert "Lapsed" in text


def test_nothing_published_is_reported(tmp_path: Path) -> None:
    with pytest.raises(UserError, match="nothing is published"):
        report(small_workspace(tmp_path), progress=quiet)


def test_a_missing_extra_is_named(published: Workspace, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(importlib.util, "find_spec", lambda _: None)
    with pytest.raises(UserError, match=r"pip install .*\[report\]"):
        report(published, progress=quiet)


def test_a_page_that_cannot_be_drawn_keeps_the_old_one(published: Workspace, monkeypatch: pytest.MonkeyPatch) -> None:
    old = published.home / "old.html"
    old.write_text("old page")

    def fail(*_: object) -> str:
        raise CheckFailed("report: a chart could not be drawn")

    monkeypatch.setattr(reporting, "_render", fail)
    with pytest.raises(CheckFailed):
        report(published, old, quiet)
    monkeypatch.setattr(reporting, "_render", lambda *_: '<script src="https://cdn.example.com/x.js"></script>')
    with pytest.raises(CheckFailed, match=r"cdn\.example\.com"):
        report(published, old, quiet)
    assert old.read_text() == "old page"
    assert [path.name for path in published.home.glob(".old.html*")] == []


def test_a_folder_is_refused_as_the_page(published: Workspace) -> None:
    with pytest.raises(UserError, match="is a folder"):
        report(published, published.home, quiet)


@pytest.mark.parametrize(
    "page",
    [
        '<script src="//cdn.example.com/x.js">',
        "<link href='https://fonts.example.com/css'>",
        "<style>@import 'x.css';</style>",
        "<style>a { background: url(https://example.com/a.png) }</style>",
        "<script>fetch('https://example.com/data')</script>",
        "<img srcset=http://example.com/a.png>",
    ],
)
def test_outside_references_are_found(page: str) -> None:
    assert outside_references(page)


def test_internal_references_are_no_outside_references() -> None:
    assert not outside_references(
        '<svg xmlns="http://www.w3.org/2000/svg"><use href="#a"/><rect clip-path="url(#c)"/></svg>'
        "<style>@font-face { src: url(data:font/woff2;base64,AA==) }</style>"
    )
