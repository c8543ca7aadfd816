"""The checks before activation: prints the results of segment_qa, and stops an export when a check fails."""

from __future__ import annotations

import json
from datetime import date
from decimal import Decimal
from pathlib import Path
from typing import Any

import duckdb

from scripts.platform.errors import CheckFailed, UserError
from scripts.platform.progress import Progress
from scripts.platform.warehouse import open_warehouse, rows_of
from scripts.platform.workspace import Workspace
from scripts.segments.segment_library import which_segment

SCHEMA_VERSION = 1
# In order of display; models only where a rule reads a fitted model.
CHECKS = ("count", "samples", "overlap", "recent_activity", "margin", "consent", "stock", "holdout", "models")
CHECK_COLUMNS = ("check_name", "status", "observed", "expected", "threshold", "explanation", "plan_key")
SAMPLE_COLUMNS = ("sample", "sample_rank", "customer_id", "contribution_margin", "net_revenue", "explanation")
STATUSES = ("not_applicable", "pass", "warn", "fail")
SHORT = {"not_applicable": "-", "pass": "ok", "warn": "warn", "fail": "FAIL"}
# No reason justifies contacting people without their consent.
NEVER_DESPITE = ("consent",)

Rows = list[dict[str, Any]]


def qa(
    workspace: Workspace,
    segment_key: str | None = None,
    *,
    as_json: bool = False,
    strict: bool = False,
    page: bool = False,
    progress: Progress = print,
) -> None:
    """Print the checks of one segment with its samples, or of all active segments, as of the last build.

    With `as_json` one document: schema_version (1; keys may be added), as_of_date, and per segment segment_key,
    segment_name, customer_count, status (its worst), checks (CHECK_COLUMNS) and samples (SAMPLE_COLUMNS). With `page`
    the same is drawn as `review/qa/index.html` beside the warehouse.

    Raises UserError for an unknown segment or a warehouse without checks, CheckFailed when the segment is not active
    or a check fails, with `strict` also when one warns.
    """
    document = examine(workspace, segment_key)
    segments = document["segments"]
    if as_json:
        progress(json.dumps(document, indent=2, default=_as_text, ensure_ascii=False))
    else:
        lines = _lines(segments[0], document["as_of_date"]) if segment_key else _overview(document)
        for line in lines:
            progress(line)
    if page:
        from scripts.segments.qa_page import write_qa_page

        file = write_qa_page(document, workspace.home / "review" / "qa")
        if not as_json:
            progress(f"page: {file}")
    bad = ("fail", "warn") if strict else ("fail",)
    found = [(row["segment_key"], check) for row in segments for check in row["checks"] if check["status"] in bad]
    if found:
        names = ", ".join(f"{key} {check['check_name']}" for key, check in found[:5])
        more = f" and {len(found) - 5} more" if len(found) > 5 else ""
        raise CheckFailed(
            f"{len(found)} check(s) {'fail or warn' if strict else 'fail'}: {names}{more}; see above for what to do"
        )


def examine(workspace: Workspace, segment_key: str | None = None) -> dict[str, Any]:
    """The document that `qa --json` prints; of one segment, or of all that are active or should be."""
    with open_warehouse(workspace.warehouse, read_only=True) as connection:
        try:
            library = rows_of(
                connection,
                "select segment_key, segment_name, effective_status, status_reason, customer_count"
                " from marts.segment_library order by priority, segment_key",
            )
            checks = rows_of(
                connection, f"select segment_key, as_of_date, {', '.join(CHECK_COLUMNS)} from marts.segment_qa"
            )
            samples = rows_of(
                connection,
                f"select segment_key, {', '.join(SAMPLE_COLUMNS)} from marts.segment_samples order by 1, 2, 3",
            )
        except duckdb.CatalogException:
            raise UserError(
                f"{workspace.warehouse}: holds no checks of segments; run `python -m scripts build`"
            ) from None
    if segment_key:
        library = [_named(library, segment_key)]
    days = {row["as_of_date"] for row in checks}
    return {
        "schema_version": SCHEMA_VERSION,
        "as_of_date": max(days) if days else None,
        "segments": [
            _segment(row, checks, samples)
            for row in library
            if row["effective_status"] in ("active", "not_computable")
        ],
    }  # fmt: skip


def qa_gate(marts: Path, segment_key: str, despite: str | None = None) -> dict[str, Any]:
    """What a manifest records of a published segment's checks: every status, and what failed despite which reason.

    `marts` is the published file; `despite` a reason to export although checks fail, never although `consent` does.
    Raises CheckFailed when a check fails without a reason, or when the published version has no checks of the segment.
    """
    if despite is not None and (not despite.strip() or any(ord(letter) < 32 for letter in despite)):
        raise UserError("--despite-qa needs a reason on one line, such as --despite-qa 'stock arrives on Monday'")
    with open_warehouse(marts, read_only=True) as connection:
        try:
            checks = rows_of(
                connection,
                f"select {', '.join(CHECK_COLUMNS)} from segment_qa where segment_key = $key",
                {"key": segment_key},
            )
        except duckdb.CatalogException:
            checks = []
    checks = _in_order(checks)
    if not checks:
        raise CheckFailed(
            f"segment `{segment_key}`: the published version holds no checks of it; "
            "build and publish, then export again"
        )
    failing = [check for check in checks if check["status"] == "fail"]
    forbidden = [check for check in failing if check["check_name"] in NEVER_DESPITE]
    if forbidden or (failing and despite is None):
        fix = (
            "fix this, then build and publish; no reason overrides it"
            if forbidden
            else "fix this, then build and publish, or give a reason with --despite-qa"
        )
        raise CheckFailed(f"segment `{segment_key}`: {'; '.join(_failure(check) for check in failing)}; {fix}")
    return {
        "checks": {check["check_name"]: check["status"] for check in checks},
        "failing": failing,
        "despite": despite.strip() if failing and despite else None,
    }


def _failure(check: dict[str, Any]) -> str:
    return (
        f"check `{check['check_name']}` fails ({check['observed']}; expected {check['expected']}; "
        f"{check['threshold']}): {check['explanation']}"
    )


def _named(library: Rows, segment_key: str) -> dict[str, Any]:
    """The segment with that key, which must be one that is checked."""
    row = next((row for row in library if row["segment_key"] == segment_key), None)
    if row is None:
        meant = which_segment(segment_key, [row["segment_key"] for row in library])
        raise UserError(f"segment `{segment_key}` is not in the library that was last built; {meant}")
    if row["effective_status"] not in ("active", "not_computable"):
        raise CheckFailed(
            f"segment `{segment_key}` is {row['effective_status']}; activate it and build to have it checked"
        )
    return row


def _segment(row: dict[str, Any], checks: Rows, samples: Rows) -> dict[str, Any]:
    key = row["segment_key"]
    own = _in_order([check for check in checks if check["segment_key"] == key])
    return {
        "segment_key": key,
        "segment_name": row["segment_name"],
        "customer_count": row["customer_count"],
        "status": max((check["status"] for check in own), key=STATUSES.index, default="not_applicable"),
        "checks": [{name: check[name] for name in CHECK_COLUMNS} for check in own],
        "samples": [
            {name: sample[name] for name in SAMPLE_COLUMNS} for sample in samples if sample["segment_key"] == key
        ],
    }  # fmt: skip


def _in_order(checks: Rows) -> Rows:
    return sorted(checks, key=lambda check: CHECKS.index(check["check_name"]))


def _lines(segment: dict[str, Any], day: date | None) -> list[str]:
    """One segment as a table with words, then its samples."""
    checks = segment["checks"]
    count = segment["customer_count"]
    size = "not computed" if count is None else f"{count:,} customers"
    lines = [f"{segment['segment_key']} ({segment['segment_name']}): {size} on {day}"]
    lines += _table([["check", "status", "observed"], *(_cells(check) for check in checks)], details=checks)
    titles = (("included", "in it, most contribution margin first"), ("near_miss", "just miss it, the nearest first"))
    for sample, title in titles:
        rows = [row for row in segment["samples"] if row["sample"] == sample]
        lines.append(f"{title}:" if rows else f"{title}: nobody")
        lines += [f"  {row['customer_id']}  {_money(row['contribution_margin'])}  {row['explanation']}" for row in rows]
    return [*lines, f"overall: {segment['status']}"]


def _cells(check: dict[str, Any]) -> list[str]:
    return [check["check_name"], check["status"].replace("_", " "), check["observed"]]


def _table(rows: list[list[str]], details: Rows) -> list[str]:
    """Rows in columns; below each check what it means, and where it warns or fails, what it was compared with."""
    widths = [max(len(row[place]) for row in rows) for place in range(2)]
    lines = []
    for number, row in enumerate(rows):
        lines.append("  " + "  ".join([row[0].ljust(widths[0]), row[1].ljust(widths[1]), row[2]]).rstrip())
        if number:
            check = details[number - 1]
            indent = " " * (widths[0] + widths[1] + 6)
            plan = f" (plan {check['plan_key']})" if check["plan_key"] else ""
            lines.append(f"{indent}{check['explanation']}{plan}")
            if check["status"] in ("warn", "fail"):
                lines.append(f"{indent}expected {check['expected']}; {check['threshold']}")
    return lines


def _overview(document: dict[str, Any]) -> list[str]:
    """All segments as a grid of statuses, then what warns or fails in words."""
    segments = document["segments"]
    if not segments:
        return ["no segment is active"]
    names = [name for name in CHECKS if any(check["check_name"] == name for row in segments for check in row["checks"])]
    cells = [["segment", *names]]
    for row in segments:
        statuses = {check["check_name"]: SHORT[check["status"]] for check in row["checks"]}
        cells.append([row["segment_key"], *(statuses.get(name, "-") for name in names)])
    widths = [max(len(line[place]) for line in cells) for place in range(len(cells[0]))]
    lines = [f"checks before activation on {document['as_of_date']}"]
    lines += [
        "  " + "  ".join(text.ljust(width) for text, width in zip(line, widths, strict=True)).rstrip() for line in cells
    ]
    for status in ("fail", "warn"):
        lines += [
            f"{status}: {row['segment_key']}, {check['check_name']}: {check['observed']}; {check['explanation']}"
            for row in segments
            for check in row["checks"]
            if check["status"] == status
        ]
    return lines


def _money(amount: Decimal | None) -> str:
    return "-" if amount is None else f"{amount:,.2f}"


def _as_text(value: Any) -> Any:
    """Days as ISO 8601, amounts as numbers."""
    if isinstance(value, Decimal):
        return float(value)
    return value.isoformat() if isinstance(value, date) else str(value)
