"""The summary at the end of a run: what was made, what needs attention, and where to look."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

from scripts.platform.versions import current_version
from scripts.platform.warehouse import open_warehouse, rows_of
from scripts.platform.workspace import Workspace

# Where the detail of a run is kept, beside the warehouse.
LOG = Path("logs") / "run.log"
# What goes beyond these limits is left to `health` and `qa`.
MOST_POINTS = 6
MOST_NAMES = 4


def summary(workspace: Workspace, left_out: list[str], seconds: float) -> list[str]:
    """The end of a run in lines; `left_out` says of each part that could not be done why."""
    points = [*left_out, *_segment_points(workspace), *_quality_points(workspace), *_health_points(workspace)]
    shown = points if len(points) <= MOST_POINTS else points[: MOST_POINTS - 1]
    lines = ["", f"Made in {seconds:.0f} s: {_made(workspace)}"]
    lines += ["Needs attention:", *(f"  {point}" for point in shown)] if points else ["Nothing needs attention."]
    if hidden := len(points) - len(shown):
        lines.append(f"  and {hidden} more; `python -m scripts health` and `qa --all` name them")
    return [*lines, "Where to look:", *(f"  {what:<10} {_short(place)}" for what, place in _places(workspace))]


def _made(workspace: Workspace) -> str:
    with open_warehouse(workspace.published / "marts.duckdb", read_only=True) as connection:
        counts = rows_of(
            connection,
            """
            select
                (select count(*) from customers) as customers,
                (select count(*) from orders where is_counted) as orders,
                (select count(distinct segment_key) from segment_memberships) as segments,
                (select count(*) from segment_memberships) as memberships
            """,
        )[0]
    return (
        f"version {current_version(workspace)}, {counts['customers']:,} customers, "
        f"{counts['orders']:,} orders that count, "
        f"{counts['memberships']:,} memberships of {counts['segments']:,} segments"
    )


def _segment_points(workspace: Workspace) -> Iterator[str]:
    """Active segments that cannot be computed, are not approved, or fail a check before use."""
    with open_warehouse(workspace.published / "marts.duckdb", read_only=True) as connection:
        library = rows_of(
            connection,
            "select segment_key, effective_status, approval_status from segment_library"
            " where effective_status in ('active', 'not_computable') order by priority, segment_key",
        )
        failing = rows_of(
            connection, "select distinct segment_key from segment_qa where status = 'fail' order by segment_key"
        )
    missing = [row["segment_key"] for row in library if row["effective_status"] == "not_computable"]
    active = [row for row in library if row["effective_status"] == "active"]
    waiting = [row["segment_key"] for row in active if row["approval_status"] != "approved"]
    unfit = [row["segment_key"] for row in failing if row["segment_key"] not in missing]
    if missing:
        yield f"{_names(missing, 'cannot be computed')}; segment_library.status_reason says why"
    if waiting:
        yield f"{_names(waiting, 'without approval')}; see `python -m scripts approve --list`"
    if unfit:
        yield f"{_names(unfit, 'not fit for use today')}; see `python -m scripts qa --all`"


def _quality_points(workspace: Workspace) -> Iterator[str]:
    """Expectations on the data that are not met; critical ones would have stopped the publication."""
    from scripts.serving.expectations import PAGE, RESULTS

    file = workspace.published / RESULTS
    results = json.loads(file.read_text(encoding="utf-8"))
    if results["status"] == "not_run":
        yield f"expectations on the data were not checked: {results['reason']}"
    elif count := results["counts"]["warning"]:
        yield f"expectations on the data: {count} not met; see {_short(workspace.published / PAGE)}"


def _health_points(workspace: Workspace) -> list[str]:
    """Failures and warnings about sources, models and the published version, failures first."""
    from scripts.serving.health import examine

    problems = examine(workspace).problems
    return [f"{severity}: {line}" for wanted in ("fail", "warn") for severity, line in problems if severity == wanted]


def _places(workspace: Workspace) -> Iterator[tuple[str, Path]]:
    """The files to open next, where they exist."""
    places = {
        "report": workspace.home / "report.html",
        "marts": workspace.published / "marts.duckdb",
        "audiences": workspace.exports,
        "reviews": workspace.home / "review",
        "detail": workspace.home / LOG,
    }
    return ((what, place) for what, place in places.items() if place.exists())


def _names(keys: list[str], what: str) -> str:
    more = f" and {len(keys) - MOST_NAMES} more" if len(keys) > MOST_NAMES else ""
    return f"{len(keys)} segment{'s' if len(keys) > 1 else ''} {what}: {', '.join(keys[:MOST_NAMES])}{more}"


def _short(path: Path) -> str:
    """The path relative to the working directory, if it is inside it."""
    return str(path.relative_to(Path.cwd())) if path.is_relative_to(Path.cwd()) else str(path)
