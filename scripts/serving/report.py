"""Draws the one static page: dbt-charts boards over the published marts, in one HTML file that opens from disk."""

from __future__ import annotations

import importlib.util
import os
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Any

import yaml
from babel.numbers import get_currency_symbol

from scripts.platform.errors import CheckFailed, UserError
from scripts.platform.files import replace_file
from scripts.platform.pages.page import outside_references
from scripts.platform.progress import Progress
from scripts.platform.settings import recorded_settings
from scripts.platform.warehouse import open_warehouse
from scripts.platform.workspace import Workspace

BOARDS = Path(__file__).resolve().parent / "charts"
NEEDED = [
    "build_notes",
    "customers",
    "customer_features",
    "customer_margin",
    "customer_rfm",
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
    page = folder / "report.html"
    command = [
        str(Path(sys.executable).with_name("dct")),
        "--no-send-anonymous-usage-stats",
        "--no-workspace-guard",
        "render",
        "charts/report.yml",
        "--format",
        "html",
        "--output",
        str(page),
        "--project-dir",
        str(project),
        "--no-cache",
        "--no-warnings",
        "--var",
        f"currency={currency}",
        "--var",
        f"symbol={symbol}",
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
    if run.returncode or not page.exists():
        said = [line.strip() for line in (run.stderr + run.stdout).splitlines() if line.strip()]
        raise CheckFailed(f"report: a chart could not be drawn: {' '.join(said)[:500]}")
    return page.read_text(encoding="utf-8")


def _check_relations(marts: Path) -> None:
    with open_warehouse(marts, read_only=True) as connection:
        found = {name for (name,) in connection.execute("select table_name from duckdb_tables()").fetchall()}
    if missing := [name for name in NEEDED if name not in found]:
        raise UserError(f"{marts}: lacks {', '.join(missing)}; build and publish again")


def _write_yaml(file: Path, content: dict[str, Any]) -> None:
    file.write_text(yaml.safe_dump(content, allow_unicode=True), encoding="utf-8")
