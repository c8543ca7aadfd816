"""A page of the checks before activation: every segment beside every check, then each with words and samples."""

from __future__ import annotations

from html import escape
from pathlib import Path
from typing import Any

from scripts.platform.pages.page import details, section, table, write_page

# Told apart without colour too: the word stands in it.
COLOURS = {"pass": "#009e73", "warn": "#b87f00", "fail": "#c3431a", "not_applicable": "#8a95a0"}
WORDS = {"pass": "ok", "warn": "warn", "fail": "fail", "not_applicable": "–"}
ORDER = ("not_applicable", "pass", "warn", "fail")
SAMPLES = (("included", "Who is in it"), ("near_miss", "Who just misses it"))


def write_qa_page(document: dict[str, Any], folder: Path) -> Path:
    """Write `<folder>/index.html` from what `qa.examine` found; returns it. It holds no identifiers."""
    segments = document["segments"]
    names = list(dict.fromkeys(check["check_name"] for row in segments for check in row["checks"]))
    failing = sum(row["status"] == "fail" for row in segments)
    return write_page(
        folder,
        "Checks before activation",
        f"{len(segments)} active segment(s) on {document['as_of_date']}, {failing} of which must not be used.",
        [
            section("All segments", _grid(segments, names)),
            *(
                section(f"{row['segment_name']}: {WORDS[row['status']]}", _checks(row["checks"]), *_samples(row))
                for row in sorted(segments, key=lambda row: -ORDER.index(row["status"]))
            ),
        ],
    )


def _grid(segments: list[dict[str, Any]], names: list[str]) -> str:
    rows = []
    for row in segments:
        statuses = {check["check_name"]: check["status"] for check in row["checks"]}
        marks = [_mark(statuses[name]) if name in statuses else "" for name in names]
        rows.append([escape(row["segment_name"]), *marks])
    return table(["Segment", *(_title(name) for name in names)], rows, text_columns=1 + len(names))


def _checks(checks: list[dict[str, Any]]) -> str:
    rows = [
        [
            escape(_title(check["check_name"])),
            _mark(check["status"]),
            escape(check["observed"]),
            escape(check["expected"]),
            escape(check["explanation"]),
        ]
        for check in checks
    ]
    return table(["Check", "Status", "Found", "Expected", "What it means"], rows, text_columns=5)


def _samples(segment: dict[str, Any]) -> list[str]:
    parts = []
    for sample, title in SAMPLES:
        rows = [
            [
                f"<code>{escape(row['customer_id'])}</code>",
                escape(row["explanation"]),
                f"{row['contribution_margin'] or 0:,.2f}",
            ]
            for row in segment["samples"]
            if row["sample"] == sample
        ]
        if rows:
            parts.append(details(title, table(["Customer", "Why", "Margin"], rows, text_columns=2)))
    return parts


def _mark(status: str) -> str:
    return f'<span class="key" style="background:{COLOURS[status]}">{WORDS[status]}</span>'


def _title(name: str) -> str:
    return name.replace("_", " ").capitalize()
