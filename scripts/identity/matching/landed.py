"""Files that matching writes to the landing zone, and their rows; the profile ids of proposals are keyed hashes."""

from __future__ import annotations

import csv
import hashlib
import io
from collections.abc import Iterable
from datetime import datetime, timedelta
from pathlib import Path

from scripts.platform.files import PRIVATE, replace_file
from scripts.platform.workspace import Workspace

PROPOSALS = ("matching", "proposal")
PROPOSAL_COLUMNS = ["proposal_id", "left_source_system", "left_source_profile_id", "right_source_system",
                    "right_source_profile_id", "match_probability", "agreeing_fields", "differing_fields", "status",
                    "stated_at"]  # fmt: skip


def landing_rows(workspace: Workspace, table: tuple[str, str]) -> list[dict[str, str]]:
    """The rows of a table's CSV files in the landing zone, oldest file first."""
    rows: list[dict[str, str]] = []
    files = workspace.landing.joinpath(*table).glob("*.csv")
    for file in sorted(files, key=lambda path: (path.stat().st_mtime_ns, path.name)):
        with file.open(encoding="utf-8-sig", newline="") as handle:
            rows += [{name: value or "" for name, value in row.items() if name} for row in csv.DictReader(handle)]
    return rows


def newest_proposals(workspace: Workspace) -> dict[str, dict[str, str]]:
    """The latest row of every proposal."""
    newest: dict[str, dict[str, str]] = {}
    for row in landing_rows(workspace, PROPOSALS):
        before = newest.get(row["proposal_id"])
        if not before or row["stated_at"] >= before["stated_at"]:
            newest[row["proposal_id"]] = row
    return newest


def land_proposals(workspace: Workspace, rows: Iterable[dict[str, str]]) -> Path | None:
    """Write rows that are new or differ from the latest ones; returns the file, None if there are none."""
    newest = newest_proposals(workspace)
    compared = [name for name in PROPOSAL_COLUMNS if name != "stated_at"]
    changed = sorted(
        (
            {**row, "stated_at": _after(row["stated_at"], newest.get(row["proposal_id"]))}
            for row in rows
            if any(row[name] != newest.get(row["proposal_id"], {}).get(name) for name in compared)
        ),
        key=lambda row: row["proposal_id"],
    )
    if not changed:
        return None
    text = io.StringIO()
    writer = csv.DictWriter(text, PROPOSAL_COLUMNS, lineterminator="\n")
    writer.writeheader()
    writer.writerows(changed)
    content = text.getvalue().encode("utf-8")
    target = workspace.landing.joinpath(*PROPOSALS) / f"match_{hashlib.sha256(content).hexdigest()[:16]}.csv"
    replace_file(target, content, mode=PRIVATE)
    return target


def land_decided(workspace: Workspace, decided: dict[str, tuple[str, str]]) -> Path | None:
    """Mark proposals as accepted or rejected; `decided` has status and instant by proposal."""
    newest = newest_proposals(workspace)
    return land_proposals(
        workspace,
        [
            {**newest[key], "status": status, "stated_at": when}
            for key, (status, when) in decided.items()
            if key in newest
        ],
    )


def _after(stated_at: str, before: dict[str, str] | None) -> str:
    """`stated_at`, or one second after the earlier row if not later: two versions at one instant have no order."""
    if not before or stated_at > before["stated_at"]:
        return stated_at
    return str(datetime.fromisoformat(before["stated_at"]) + timedelta(seconds=1))
