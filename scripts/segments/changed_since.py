"""What the seeds say now that must stop an export at once, without waiting for a build: pauses, and other suppression.

A published version keeps a hash of every suppression segment and of the consent rules as they were built.
"""

from __future__ import annotations

import csv
import hashlib
import json
from collections.abc import Callable, Iterable
from pathlib import Path

import duckdb

from scripts.platform.errors import UserError
from scripts.platform.warehouse import quote
from scripts.segments.segment_library import CONDITIONS, DEFINITIONS, SEED_NAMES, Cells, Rows, key_of

CONSENT_RULES = "consent rules"
# What decides whom a suppression segment holds and where; its other cells are descriptions.
DECISIVE = ("segment_key", "status", "channels", "scope", "expires_on", "tags")
REFERENCE = "segment:"
# Tags of segments that keep people from messages.
HOLDING = {"suppression", "service_recovery"}

RowsOf = Callable[[str], Rows]


def built_rows(connection: duckdb.DuckDBPyConnection) -> RowsOf:
    """The rows of a seed as the last build loaded it; none where it loaded none."""

    def rows_of(name: str) -> Rows:
        try:
            found = connection.execute(f"select columns(*)::varchar from seeds.{quote(name)}")
        except duckdb.CatalogException:
            return []
        names = [column[0] for column in found.description or []]
        return [_plain(dict(zip(names, row, strict=True)).items()) for row in found.fetchall()]

    return rows_of


def present_rows(seeds: Path) -> RowsOf:
    """The rows of a seed as its file is now; none where there is no file. Raises UserError for one that is damaged."""

    def rows_of(name: str) -> Rows:
        file = seeds / f"{name}.csv"
        if not file.exists():
            return []
        try:
            with file.open(encoding="utf-8-sig", newline="") as lines:
                found = [_plain(row.items()) for row in csv.DictReader(lines)]
        except (UnicodeDecodeError, csv.Error):
            raise UserError(f"{file}: cannot be read as CSV in UTF-8; `python -m scripts validate` says why") from None
        if name in SEED_NAMES and any("segment_key" not in row for row in found):
            raise UserError(f"{file}: has no column segment_key; `python -m scripts validate` says what it needs")
        return found

    return rows_of


def suppression(rows_of: RowsOf) -> dict[str, str]:
    """A hash of every segment that holds people back, with the rules and windows it rests on, and of consent rules."""
    definitions = {key_of(row): row for row in rows_of(Path(DEFINITIONS).stem)}
    conditions: dict[str, Rows] = {}
    for row in rows_of(Path(CONDITIONS).stem):
        conditions.setdefault(key_of(row), []).append(row)
    windows = {row.get("attribute_name", ""): row for row in rows_of("behaviour_windows")}
    found = {
        _name(key, row): _hash(
            [
                {name: row.get(name, "").lower() for name in DECISIVE},
                *_foundations(key, conditions, windows, seen=set()),
            ]
        )
        for key, row in definitions.items()
        if HOLDING & set(row.get("tags", "").lower().split("|"))
    }
    if rules := rows_of("consent_rules"):
        found[CONSENT_RULES] = _hash([{**row, "reason": ""} for row in rules])
    return found


def stops_export(seeds: Path, segment_key: str, version: str, built: dict[str, str]) -> str | None:
    """Why the seeds of today forbid an export of this segment from `version`, in which suppression was `built`."""
    rows_of = present_rows(seeds)
    file = seeds / DEFINITIONS
    status = {key_of(row): row.get("status", "").lower() for row in rows_of(file.stem)}.get(segment_key)
    if status != "active":
        now = f"is {status} in" if status else "is no longer in"
        return f"segment `{segment_key}` {now} {file}; set it to active, build and publish to use it again"
    present = suppression(rows_of)
    changed = sorted(name for name in {*built, *present} if built.get(name) != present.get(name))
    if not changed:
        return None
    named = ", ".join(name if " " in name else f"suppression segment `{name}`" for name in changed)
    return (
        f"{named} changed in {seeds} after version {version} was built; build and publish before anything is exported"
    )


def _name(key: str, row: Cells) -> str:
    """What a segment that holds people back is called in a manifest."""
    return key if "suppression" in row["tags"].lower().split("|") else f"service recovery segment `{key}`"


def _foundations(key: str, conditions: dict[str, Rows], windows: dict[str, Cells], seen: set[str]) -> Rows:
    """The conditions of a segment, of those it refers to, and the windows that they read."""
    if key in seen:
        return []
    seen.add(key)
    found: Rows = []
    for row in conditions.get(key, []):
        found.append({name: cell for name, cell in row.items() if name != "note"})
        attribute = row.get("attribute", "")
        if attribute.startswith(REFERENCE):
            found += _foundations(attribute.removeprefix(REFERENCE), conditions, windows, seen)
        elif attribute in windows:
            found.append({name: cell for name, cell in windows[attribute].items() if name != "description"})
    return found


def _plain(cells: Iterable[tuple[str | None, object]]) -> Cells:
    """Names and cells without the spaces around them; an empty cell is an empty text."""
    return {str(name).strip(): "" if value is None else str(value).strip() for name, value in cells if name is not None}


def _hash(rows: Rows) -> str:
    """The same for any order of rows."""
    texts = sorted(json.dumps(row, sort_keys=True) for row in rows)
    return hashlib.sha256("\n".join(texts).encode()).hexdigest()[:32]
