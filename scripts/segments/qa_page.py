"""A page of the checks before activation: segments by checks, then each segment with explanations and samples."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from scripts.platform.pages.page import INDEX, write_page

WORDS = {"pass": "ok", "warn": "warn", "fail": "fail", "not_applicable": "–"}
ORDER = ("not_applicable", "pass", "warn", "fail")


def write_qa_page(document: dict[str, Any], folder: Path) -> Path:
    """Write `<folder>/index.html` from the document of `qa.examine`; returns the file. It holds no identifiers."""
    segments = [
        {**row, "statuses": {check["check_name"]: check["status"] for check in row["checks"]}}
        for row in document["segments"]
    ]
    failing = sum(row["status"] == "fail" for row in segments)
    return write_page(
        folder / INDEX,
        "segments/qa_page.html.j2",
        title="Checks before activation",
        about=f"{len(segments)} active segment(s) on {document['as_of_date']}, {failing} of which must not be used.",
        names=list(dict.fromkeys(name for row in segments for name in row["statuses"])),
        segments=segments,
        worst_first=sorted(segments, key=lambda row: -ORDER.index(row["status"])),
        words=WORDS,
    )
