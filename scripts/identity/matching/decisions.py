"""People's decisions about pairs: read from the reviewed file, written as rows for the next intake."""

from __future__ import annotations

import csv
import hashlib
import io
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

import duckdb

from scripts.identity.matching.landed import land_decided, landing_rows
from scripts.platform.errors import UserError
from scripts.platform.files import PRIVATE, replace_file
from scripts.platform.progress import Progress
from scripts.platform.warehouse import open_warehouse
from scripts.platform.workspace import Workspace

TABLE = ("identity", "link_decision")
COLUMNS = ["decision_id", "action", "left_system", "left_profile_id", "right_system", "right_profile_id",
           "identifier_type", "identifier_value", "reason", "decided_by", "decided_at"]  # fmt: skip
ACTIONS = {"same": "link", "different": "cut"}
STATUS = {"link": "accepted", "cut": "rejected"}
# Columns that the reviewed file must have; the others are for the reviewer.
NEEDED = ["decision_id", "left_system", "left_profile_id", "right_system", "right_profile_id", "decision"]
INSTANT = "%Y-%m-%d %H:%M:%S"


@dataclass(frozen=True)
class Decision:
    """The latest decision about two profiles."""

    decision_id: str
    action: str
    left: str
    right: str
    decided_at: str


def decision_id(left: str, right: str) -> str:
    """The id of decisions about two profiles (keys `system:id`), in either order."""
    text = "\n".join(sorted((left, right)))
    return f"match-{hashlib.sha256(text.encode()).hexdigest()[:24]}"


def accept(
    workspace: Workspace, file: Path, by: str | None = None, now: datetime | None = None, progress: Progress = print
) -> Path | None:
    """Turn a reviewed file into landing rows of `identity/link_decision`; returns the file, None if nothing is new.

    Column `decision` is same, different or empty; `decided_by` (or `by`) says who decided, `decided_at` when (default:
    now). Decisions that are already known are left out, so accepting a file twice adds nothing; a changed decision
    replaces the earlier one. Raises UserError, and writes nothing, if any row is invalid.
    """
    reviewed = _read_reviewed(file)
    stored = stored_decisions(workspace)
    decided_now = (now or datetime.now(UTC)).strftime(INSTANT)
    rows: dict[str, dict[str, str]] = {}
    known, open_count = 0, 0
    for number, row in enumerate(reviewed, start=2):
        if not row["decision"]:
            open_count += 1
            continue
        decided = _decision_row(file, number, row, by, decided_now)
        before = stored.get(decided["decision_id"])
        if before and before.action == decided["action"]:
            known += 1
            continue
        if before and decided["decided_at"] <= before.decided_at:
            raise UserError(
                f"{file}, line {number}: a later decision, at {before.decided_at}, is different; delete the row"
            )
        if rows.get(decided["decision_id"], decided) != decided:
            raise UserError(f"{file}, line {number}: an earlier line decides the same pair differently; keep one")
        rows[decided["decision_id"]] = decided
    actions = [row["action"] for row in rows.values()]
    counts = {name: actions.count(action) for name, action in ACTIONS.items()}
    kept = f", {known} already known" if known else ""
    summary = f"{counts['same']} pairs are one person, {counts['different']} are not{kept}, {open_count} undecided"
    if not rows:
        progress(f"match: no new decisions: {summary}")
        return None
    target = write_landing(workspace, [rows[key] for key in sorted(rows)])
    land_decided(workspace, {key: (STATUS[row["action"]], row["decided_at"]) for key, row in rows.items()})
    progress(f"match: {summary}: {target}; `python -m scripts intake` and `build` apply it")
    return target


def write_landing(workspace: Workspace, rows: list[dict[str, str]]) -> Path:
    """Write decisions as one landing file, named by a hash of its content, atomically."""
    text = io.StringIO()
    writer = csv.DictWriter(text, COLUMNS, lineterminator="\n")
    writer.writeheader()
    writer.writerows(rows)
    content = text.getvalue().encode("utf-8")
    target = workspace.landing.joinpath(*TABLE) / f"match_{hashlib.sha256(content).hexdigest()[:16]}.csv"
    replace_file(target, content, mode=PRIVATE)
    return target


def stored_decisions(workspace: Workspace) -> dict[str, Decision]:
    """The newest decision of every id, from the landing zone and, where files are gone, from the warehouse."""
    rows = landing_rows(workspace, TABLE)
    if workspace.warehouse.exists():
        with open_warehouse(workspace.warehouse, read_only=True) as connection:
            try:
                texts = ", ".join(f"cast({name} as varchar)" for name in COLUMNS)
                found = connection.execute(f"select {texts} from raw_identity.link_decision").fetchall()
            except (duckdb.CatalogException, duckdb.BinderException):
                found = []
        rows += [dict(zip(COLUMNS, (value or "" for value in row), strict=True)) for row in found]
    newest: dict[str, dict[str, str]] = {}
    for row in rows:
        before = newest.get(row["decision_id"])
        if not before or _when(row) >= _when(before):
            newest[row["decision_id"]] = row
    return {
        key: Decision(
            key,
            row["action"],
            f"{row['left_system']}:{row['left_profile_id']}",
            f"{row['right_system']}:{row['right_profile_id']}",
            _when(row),
        )
        for key, row in newest.items()
        if row["action"] in STATUS
    }


def read_rows(file: Path) -> list[dict[str, str]]:
    """The rows of a CSV file as saved by a spreadsheet: comma or semicolon, with or without a byte order mark."""
    try:
        text = file.read_text(encoding="utf-8-sig")
    except FileNotFoundError:
        raise UserError(f"{file}: no such file; name the reviewed file") from None
    except UnicodeDecodeError:
        raise UserError(f"{file}: is not UTF-8; save it as CSV UTF-8") from None
    delimiter = ";" if text.split("\n", 1)[0].count(";") > text.split("\n", 1)[0].count(",") else ","
    reader = csv.DictReader(io.StringIO(text), delimiter=delimiter)
    return [{name: (value or "").strip() for name, value in row.items() if name} for row in reader]


def _read_reviewed(file: Path) -> list[dict[str, str]]:
    rows = read_rows(file)
    if rows and (missing := [name for name in NEEDED if name not in rows[0]]):
        raise UserError(
            f"{file}: has no column {', '.join(missing)}; start from the file that `python -m scripts match` writes"
        )
    return rows


def _decision_row(file: Path, number: int, row: dict[str, str], by: str | None, now: str) -> dict[str, str]:
    """One line of the reviewed file as a decision; a UserError names the line, never personal data."""
    where = f"{file}, line {number}"
    action = ACTIONS.get(row["decision"].lower())
    if not action:
        raise UserError(f"{where}: decision is neither same nor different; write one of these, or leave it empty")
    sides = {name: row[name].removeprefix("'") for name in NEEDED[1:5]}
    left = f"{sides['left_system']}:{sides['left_profile_id']}"
    right = f"{sides['right_system']}:{sides['right_profile_id']}"
    if row["decision_id"] != decision_id(left, right):
        raise UserError(
            f"{where}: decision_id does not belong to these two profiles; restore them as `match` wrote them"
        )
    who = row.get("decided_by") or by
    if not who:
        raise UserError(f"{where}: does not say who decided; fill in decided_by, or give --by NAME")
    decided_at = now
    if given := row.get("decided_at"):
        try:
            instant = datetime.fromisoformat(given)
        except ValueError:
            raise UserError(
                f"{where}: decided_at is not a date and time; write it as 2026-07-01 09:00:00 (UTC)"
            ) from None
        decided_at = (instant.astimezone(UTC) if instant.tzinfo else instant).strftime(INSTANT)
    return {
        "decision_id": row["decision_id"],
        "action": action,
        **sides,
        "identifier_type": "",
        "identifier_value": "",
        "reason": f"probabilistic match {row.get('match_probability', '')}: {row.get('speaks_for', '')}".strip(": "),
        "decided_by": who,
        "decided_at": decided_at,
    }


def _when(row: dict[str, str]) -> str:
    """An instant as comparable text, whatever its format."""
    return row["decided_at"].replace("T", " ").rstrip("Z")[:19]
