"""Draws the one static page: dbt-charts boards over the published marts, in one HTML file that opens from disk."""

from __future__ import annotations

import importlib.util
import os
import re
import shutil
import subprocess
import sys
import tempfile
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml
from babel.numbers import get_currency_symbol

from scripts.platform.errors import CheckFailed, UserError
from scripts.platform.files import replace_file
from scripts.platform.pages.page import outside_references, render
from scripts.platform.progress import Progress
from scripts.platform.settings import recorded_settings
from scripts.platform.warehouse import open_warehouse
from scripts.platform.workspace import Workspace
from scripts.serving.briefs.campaign_facts import LEAST_COST_COVERAGE

BOARDS = Path(__file__).resolve().parent / "charts"
NEEDED = [
    "build_notes",
    "customers",
    "customer_features",
    "customer_margin",
    "customer_rfm",
    "dead_letters",
    "orders",
    "returns",
    "segment_anomalies",
    "segment_growth",
    "segment_library",
    "segment_memberships",
    "segment_overlap",
    "segment_qa",
    "segment_sizes",
    "source_health",
]
LOCALE = "en_GB"
SECONDS_ALLOWED = 300
# The space that dbt-charts leaves on the left and right of a board, and how much of it the page keeps.
EMPTY_SIDE, SIDE = 44, 16
# What a drawing cuts a chart to, and what it says of its size.
CLIP = re.compile(r'<clipPath id=".*?</clipPath>', re.S)
SIZE = re.compile(r'viewBox="0 0 ([0-9.]+) ([0-9.]+)" width="[0-9.]+" height="[0-9.]+"')


@dataclass(frozen=True)
class Layout:
    """The board drawn for windows from `shown_from` pixels on, `width` wide, without the columns in `hidden`.

    `bar_height`: pixels of one row of the bar charts. `figures`, `charts`: how many stand side by side.
    """

    name: str
    shown_from: int
    width: int
    figures: int
    charts: int
    bar_height: int
    hidden: dict[str, tuple[str, ...]]


LAYOUTS = (
    Layout(
        "narrow",
        0,
        424,
        1,
        1,
        46,
        {
            "segment_movement": (
                *("customer_count_28d_ago", "change_rate_28d", "entered_count", "left_count", "approval"),
            ),
            "source_freshness": ("table_count", "row_count", "last_known_at", "age_hours", "sla_hours"),
            "held_records": ("source_name", "record_count", "repair_hint"),
        },
    ),
    Layout(
        "medium",
        600,
        808,
        2,
        1,
        36,
        {
            "segment_movement": ("customer_count_28d_ago", "entered_count", "left_count"),
            "source_freshness": ("table_count", "age_hours", "sla_hours"),
            "held_records": ("source_name",),
        },
    ),
    Layout("wide", 1100, 1240, 4, 2, 36, {}),
)
# Widths of the columns that a narrow page keeps.
NARROW_COLUMNS = {
    "segment_movement": {"segment_name": 120, "customer_count": 75},
    "source_freshness": {"source_name": 85, "status": 75},
    "held_records": {"held_value": 130},
    "build_statements": {"weight": 85},
}


def report(workspace: Workspace, out: Path | str | None = None, progress: Progress = print) -> Path:
    """Write the page about the published version to `out` (default: report.html beside the warehouse).

    Raises UserError when nothing is published or dbt-charts is not installed, CheckFailed when a chart cannot
    be drawn or the page would load something from outside. An existing page is replaced in one step.
    """
    if importlib.util.find_spec("dbt_charts") is None:
        raise UserError("report: dbt-charts is not installed; run `pip install 'customer-segmentation[report]'`")
    # Resolved once: a publish that happens meanwhile does not mix two versions on one page.
    version = workspace.published.resolve()
    marts = version / "marts.duckdb"
    if not marts.exists():
        raise UserError(f"{workspace.published}: nothing is published; run `python -m scripts publish` first")
    _check_relations(marts)
    target = Path(out).expanduser().absolute() if out else workspace.home / "report.html"
    if target.is_dir():
        raise UserError(f"{target}: is a folder; name a file such as {target / 'report.html'}")
    with open_warehouse(marts, read_only=True) as connection:
        currency = recorded_settings(connection, str(marts), "main")["reporting_currency"]
    with tempfile.TemporaryDirectory(prefix="report-") as folder:
        page = _render(Path(folder), marts, currency)
    if found := outside_references(page):
        raise CheckFailed(f"{target}: it would load {found[0]}, so it was not written; remove that from its charts")
    try:
        replace_file(target, page)
    except OSError as problem:
        raise UserError(f"{target}: cannot be written ({problem.strerror}); name another file with --out") from None
    progress(f"report on {version.name}: {target}")
    return target


def _render(folder: Path, marts: Path, currency: str) -> str:
    """The page as HTML, drawn in a copy of the boards that reads `marts` and writes money in `currency`."""
    project = folder / "boards"
    shutil.copytree(BOARDS, project)
    symbol = get_currency_symbol(currency, LOCALE)
    symbol += "\N{NO-BREAK SPACE}" if symbol[-1].isalpha() else ""
    _write_yaml(project / "dbt_charts.yml", {"sources": {"published": {"type": "duckdb", "path": str(marts)}}})
    number = {"decimal": ".", "thousands": ",", "grouping": [3], "currency": [symbol, ""]}
    _write_yaml(
        project / "charts" / "meta.yml",
        {"regional": {"locale": {"number": number, "time": "en-GB"}, "language": "en"}},
    )
    board = yaml.safe_load((project / "charts" / "report.yml").read_text(encoding="utf-8"))
    for layout in LAYOUTS:
        _write_yaml(project / "charts" / f"{layout.name}.yml", _fitted(board, layout, _segments_with_members(marts)))
    command = [
        str(Path(sys.executable).with_name("dct")),
        "--no-send-anonymous-usage-stats",
        "--no-workspace-guard",
        "render",
        *(f"charts/{layout.name}.yml" for layout in LAYOUTS),
        "--format",
        "svg",
        "--output",
        str(folder / "{stem}.svg"),
        "--project-dir",
        str(project),
        "--no-cache",
        "--no-warnings",
        "--var",
        f"currency={currency}",
        "--var",
        f"symbol={symbol}",
        "--var",
        f"known={LEAST_COST_COVERAGE}",
    ]
    environment = os.environ | {"DO_NOT_TRACK": "1", "NO_COLOR": "1", "COLUMNS": "200"}
    try:
        run = subprocess.run(
            command, cwd=project, env=environment, capture_output=True, text=True, timeout=SECONDS_ALLOWED, check=False
        )
    except OSError as problem:
        raise UserError(
            f"report: `dct` cannot be started ({problem.strerror}); run `pip install 'customer-segmentation[report]'`"
        ) from None
    except subprocess.TimeoutExpired:
        raise CheckFailed(
            f"report: drawing took more than {SECONDS_ALLOWED} seconds and was stopped; "
            "run it again when the machine is less busy"
        ) from None
    files = [folder / f"{layout.name}.svg" for layout in LAYOUTS]
    if run.returncode or not all(file.exists() for file in files):
        said = [line.strip() for line in (run.stderr + run.stdout).splitlines() if line.strip()]
        raise CheckFailed(f"report: a chart could not be drawn: {' '.join(said)[:500]}")
    return _page(str(board["title"]), [file.read_text(encoding="utf-8") for file in files])


def _segments_with_members(marts: Path) -> int:
    with open_warehouse(marts, read_only=True) as connection:
        found = connection.execute("select count(distinct segment_key) from segment_memberships").fetchone()
    return int(found[0]) if found else 0


def _fitted(board: dict[str, Any], layout: Layout, segment_count: int) -> dict[str, Any]:
    """The board for one width: fewer charts side by side, fewer columns in tables, charts as high as they need."""
    charts: dict[str, Any] = {name: {**chart} for name, chart in board["charts"].items()}
    for name in ("segment_sizes", "segment_margins"):
        height = max(1, segment_count) * layout.bar_height + 60
        charts[name]["style"] = {"aspect_ratio": 1, "min_height": height, "max_height": height}
    height = max(2, segment_count) * 26 + 90
    charts["segment_overlap"]["style"] = {"aspect_ratio": 1, "min_height": height, "max_height": height}
    for name, hidden in layout.hidden.items():
        columns = {**charts[name]["style"]["columns"]}
        columns.update({column: {**columns[column], "visible": False} for column in hidden})
        charts[name]["style"] = {**charts[name]["style"], "columns": columns}
    if layout.charts == 1 and layout.figures == 1:
        for name, widths in NARROW_COLUMNS.items():
            columns = {**charts[name]["style"]["columns"]}
            columns.update({column: {**columns[column], "width": width} for column, width in widths.items()})
            charts[name]["style"] = {**charts[name]["style"], "columns": columns}
    rows: list[Any] = []
    for row in board["rows"]:
        side_by_side = row.get("cols") if isinstance(row, dict) else None
        if side_by_side is None:
            rows.append(row)
            continue
        if layout.name == "narrow":
            side_by_side = ["segment_pairs" if name == "segment_overlap" else name for name in side_by_side]
        most = layout.figures if charts[side_by_side[0]]["type"] == "kpi" else layout.charts
        rows += [{**row, "cols": side_by_side[start : start + most]} for start in range(0, len(side_by_side), most)]
    used = {name for row in rows for name in (row.get("cols", []) if isinstance(row, dict) else [row])}
    style = {**board["style"], "frame": {"width": layout.width}}
    return {**board, "style": style, "charts": {name: charts[name] for name in charts if name in used}, "rows": rows}


def _without_sides(size: re.Match[str]) -> str:
    cut = EMPTY_SIDE - SIDE
    return f'viewBox="{cut} 0 {float(size[1]) - 2 * cut:g} {size[2]}"'


def _page(title: str, drawings: list[str]) -> str:
    """One page of the drawings of all layouts, of which a window shows the one for its width."""
    boards = []
    for number, (layout, drawing) in enumerate(zip(LAYOUTS, drawings, strict=True)):
        if number:
            # The first drawing brings the fonts for all.
            drawing = re.sub(r"@font-face\s*\{[^}]*\}", "", drawing)
        # Charts of one size bring the same cut, which one drawing needs once.
        for clip in set(CLIP.findall(drawing)):
            before, after = drawing.split(clip, 1)
            drawing = before + clip + after.replace(clip, "")
        # Names within a drawing are its own: what one refers to must not be found in another, which is not shown.
        drawing = re.sub(r'\bid="', f'id="{layout.name}-', drawing)
        drawing = re.sub(r"url\(#", f"url(#{layout.name}-", drawing)
        drawing = re.sub(r'href="#', f'href="#{layout.name}-', drawing)
        drawing = SIZE.sub(_without_sides, drawing, count=1)
        wider = LAYOUTS[number + 1].shown_from if number + 1 < len(LAYOUTS) else None
        boards.append({"name": layout.name, "from": layout.shown_from, "below": wider, "drawing": drawing})
    return render("serving/report.html.j2", title=title, boards=boards)


def _check_relations(marts: Path) -> None:
    with open_warehouse(marts, read_only=True) as connection:
        found = {name for (name,) in connection.execute("select table_name from duckdb_tables()").fetchall()}
    if missing := [name for name in NEEDED if name not in found]:
        raise UserError(f"{marts}: lacks {', '.join(missing)}; build and publish again")


def _write_yaml(file: Path, content: dict[str, Any]) -> None:
    file.write_text(yaml.safe_dump(content, allow_unicode=True), encoding="utf-8")
