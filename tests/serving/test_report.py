"""The page is self-contained, shows what it should, and is replaced in one step or not at all."""

from __future__ import annotations

import html
import importlib.util
import json
import re
import shutil
import subprocess
from pathlib import Path

import pytest

from scripts.platform.errors import CheckFailed, UserError
from scripts.platform.pages.page import outside_references
from scripts.platform.workspace import PROJECT, Workspace
from scripts.serving import report as reporting
from scripts.serving.briefs.campaign_facts import LEAST_COST_COVERAGE
from scripts.serving.publish import publish
from scripts.serving.report import LAYOUTS, report
from tests.support.small_workspace import change, small_workspace

needs_charts = pytest.mark.skipif(importlib.util.find_spec("dbt_charts") is None, reason="extra `report` not installed")


def quiet(_: str) -> None:
    return None


def words(page: str) -> str:
    """What a reader of a wide window sees: the page's text without styles, scripts and tags."""
    page = page.split('<div class="board wide">')[-1]
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
        "Margins are not known: the cost of 50 % of product revenue is not known.",
        "not known; net revenue €1,425",
        "Switched off: surveys.",
        "Jun 26",
        "4.5 of 5",
        "rated by 4 customers in 365 days",
        "€1,250",
        "in 2 records, partly estimated",
        "the currency has no rate",
        "add its rate",
    ):
        assert expected in text, expected
    # No order of 30 buyers was their second.
    assert "0 of 30 ordered again" in text
    assert "a column is missing" not in text
    assert "High potential" not in text  # a draft
    # Of 41 entries, one was because the segment was new.
    moved = text[text.index("What moved") : text.index("Who bought recently")]
    assert "40" in moved and "41" not in moved and "not needed" in moved
    assert str(published.home) not in page


# Currencies whose amounts are long, have no decimals, or a symbol of several letters; and what an amount looks like.
CURRENCIES = {"IDR": "IDR 12,345,678,910", "JPY": "JP¥12,345,678,910", "BRL": "R$12,345,678,910"}
LONG_NAME = "Customers with a very long name who have not bought anything for more than ninety days"
CUT_LABELS = """
<script>
document.fonts.ready.then(() => {
  const cut = [];
  for (const text of document.querySelectorAll("svg text")) {
    const box = text.getBoundingClientRect();
    if (!box.width) continue;
    for (let frame = text.parentElement.closest("svg"); frame; frame = frame.parentElement.closest("svg")) {
      const room = frame.getBoundingClientRect();
      if (box.left < room.left - 1 || box.right > room.right + 1) cut.push(text.textContent.trim());
    }
    if (text.textContent.includes("…")) cut.push(text.textContent.trim());
  }
  document.title = JSON.stringify(cut);
});
</script>
"""


@pytest.fixture(scope="module", params=CURRENCIES)
def long_amounts(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> tuple[str, Path]:
    """The page of a business with large amounts and a segment with a long name."""
    workspace = small_workspace(tmp_path_factory.mktemp(request.param))
    change(workspace, f"update marts.build_notes set value = '{request.param}' where subject = 'reporting_currency'")
    change(workspace, f"update marts.segment_library set segment_name = '{LONG_NAME}' where segment_key = 'lapsed'")
    change(workspace, "alter table marts.orders alter gross_revenue type decimal(18, 2)")
    change(workspace, "update marts.orders set gross_revenue = 411522630.33 where customer_id < 'c30'")
    change(workspace, "alter table marts.customer_margin alter cost_coverage type double")
    change(
        workspace,
        "update marts.customer_margin"
        " set cost_coverage = 1, contribution_margin = 617283945.5, net_revenue = 900000000",
    )
    publish(workspace, quiet)
    return request.param, report(workspace, progress=quiet)


@needs_charts
def test_amounts_are_written_in_full_in_any_currency(long_amounts: tuple[str, Path]) -> None:
    currency, file = long_amounts
    page = file.read_text(encoding="utf-8")
    for layout in LAYOUTS:
        board = page.split(f'<div class="board {layout.name}">')[1].split('<div class="board')[0]
        assert CURRENCIES[currency] in words(board), layout.name
        assert LONG_NAME in words(board).replace("  ", " "), layout.name


@needs_charts
@pytest.mark.skipif(shutil.which("chromium") is None, reason="needs chromium to measure the page")
@pytest.mark.parametrize("width", [360, 768, 1440])
def test_no_label_is_cut_at_any_width(long_amounts: tuple[str, Path], width: int, tmp_path: Path) -> None:
    page = tmp_path / "page.html"
    page.write_text(long_amounts[1].read_text(encoding="utf-8").replace("</body>", CUT_LABELS + "</body>"))
    shown = subprocess.run(
        [
            *("chromium", "--headless=new", "--no-sandbox", "--disable-gpu", f"--user-data-dir={tmp_path / 'profile'}"),
            *(f"--window-size={width},900", "--virtual-time-budget=5000", "--dump-dom", page.as_uri()),
        ],
        capture_output=True, text=True, timeout=300, check=True,
    ).stdout  # fmt: skip
    found = re.search("<title>(.*)</title>", shown)
    assert found and json.loads(html.unescape(found[1])) == []


@needs_charts
def test_each_width_has_its_own_drawing_with_names_of_its_own(published: Workspace) -> None:
    page = report(published, progress=quiet).read_text(encoding="utf-8")
    names = re.findall(r'\bid="([^"]+)"', page)
    assert len(names) == len(set(names)) > 0
    assert set(re.findall(r"url\(#([^)]+)\)", page)) <= set(names)
    assert page.count("@font-face") == page.split('<div class="board')[1].count("@font-face") > 0
    for layout in LAYOUTS:
        assert f"(min-width: {layout.shown_from}px)" in page


@needs_charts
def test_a_workspace_without_buyers_and_members_is_described_in_words(tmp_path: Path) -> None:
    workspace = small_workspace(tmp_path)
    change(workspace, "update marts.source_health set row_count = 0, is_on = false, status = 'off', severity = 'ok'")
    change(workspace, "update marts.customer_features set average_satisfaction_365d = null")
    change(workspace, "delete from marts.dead_letters")
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
    assert "Nothing has been sold yet." in text and "no record is held back" in text and "not known" in text
    assert "Switched off: pos, shopify, surveys." in text
    assert "no news" not in text


def test_page_and_models_know_a_margin_from_the_same_share_of_costs() -> None:
    macro = (PROJECT / "macros" / "money" / "margin.sql").read_text(encoding="utf-8")
    found = re.search(r"macro least_cost_coverage\(\) -%}([0-9.]+)", macro)
    assert found and float(found[1]) == LEAST_COST_COVERAGE


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
