"""Approvals: who signed which rule, appended to the retailer's own seeds. The models decide what they are worth."""

from __future__ import annotations

import csv
import difflib
import io
import math
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import UTC, datetime

import duckdb

from scripts.errors import CheckFailed, UserError
from scripts.seed_files import only_writer, read_rows, replace_file
from scripts.warehouse import open_warehouse
from scripts.world import World

ROLES = ("segment_owner", "campaign_owner", "data_owner")
COLUMNS = ["segment_key", "rule_fingerprint", "role", "approved_by", "approved_at", "count_low", "count_high"]
FILE = "segment_approvals.csv"

Progress = Callable[[str], None]


@dataclass(frozen=True)
class _Segment:
    """What an approval is about: the rule and the size of the last build, and who approved them so far."""

    key: str
    status: str
    reason: str | None
    fingerprint: str | None
    count: int | None
    approvals: dict[str, str]
    outside_band: frozenset[str]


def approve(
    world: World, segment_key: str, role: str, by: str, *, tolerance: float = 0.25, progress: Progress = print
) -> None:
    """Approve a segment's rule as it was last built, in one role, for sizes within `tolerance` of the present one.

    Appends one row to `segment_approvals.csv` in the world's seeds; it counts from the next build on. Raises
    UserError for an unknown segment or role, CheckFailed when the segment cannot be approved as it is.
    """
    _check(role, by, tolerance)
    segments = _segments(world)
    if segment_key not in segments:
        raise UserError(
            f"segment `{segment_key}` is not in the library that was last built; {which_segment(segment_key, segments)}"
        )
    segment = segments[segment_key]
    _check_segment(segment, role, by)
    _append(world, [_row(segment, role, by, tolerance)])
    still_needed = [name for name in ROLES if name not in {**segment.approvals, role: by}]
    progress(
        f"{segment_key}: approved by {by.strip()} as {role} for {segment.count} customers, "
        f"{tolerance:.0%} more or less; "
        + (f"still needed: {', '.join(still_needed)}" if still_needed else "build and publish, then it may be exported")
    )


def approve_all(world: World, approvers: dict[str, str], progress: Progress = print, *, tolerance: float = 0.25) -> int:
    """Approve every active segment in every role of `approvers`, as {role: name}; returns the number of new rows.

    A role that has approved the present rule, with the present size in its band, is left as it is.
    """
    rows = []
    for role, by in approvers.items():
        _check(role, by, tolerance)
    for segment in _segments(world).values():
        if segment.status != "active" or segment.fingerprint is None or segment.count is None:
            continue
        for role, by in approvers.items():
            if role not in segment.approvals or role in segment.outside_band:
                rows.append(_row(segment, role, by, tolerance))
    if rows:
        _append(world, rows)
    progress(f"approvals: {len(rows)} added to {world.seeds / FILE}")
    return len(rows)


def which_segment(segment_key: str, known: Iterable[str]) -> str:
    """What may have been meant by a key that is not known."""
    keys = sorted(known)
    if meant := difflib.get_close_matches(segment_key, keys, n=1):
        return f"did you mean `{meant[0]}`?"
    return f"the segments are {', '.join(keys)}" if keys else "it holds no segments yet"


def _check(role: str, by: str, tolerance: float) -> None:
    if role not in ROLES:
        raise UserError(f"role `{role}` is not known; use one of {', '.join(ROLES)}")
    if not by.strip() or any(ord(letter) < 32 for letter in by):
        raise UserError("the approver needs a name on one line; give it with --by 'A. Owner'")
    if not 0 <= tolerance <= 1:
        raise UserError(f"tolerance {tolerance} is not between 0 and 1; write 0.25 for a quarter more or less")


def _check_segment(segment: _Segment, role: str, by: str) -> None:
    if segment.status != "active" or segment.fingerprint is None or segment.count is None:
        why = f" ({segment.reason})" if segment.reason else ""
        raise CheckFailed(
            f"segment `{segment.key}` is {segment.status}{why}; only an active segment with a rule can be approved"
        )
    for other_role, name in segment.approvals.items():
        if other_role != role and name.casefold() == by.strip().casefold():
            raise CheckFailed(
                f"segment `{segment.key}`: {name} has approved it as {other_role} already; "
                "the three roles are three different people"
            )


def _segments(world: World) -> dict[str, _Segment]:
    """The library of the last build, by key."""
    with open_warehouse(world.warehouse, read_only=True) as connection:
        try:
            library = connection.execute(
                "select segment_key, effective_status, status_reason, rule_fingerprint, customer_count"
                " from marts.segment_library order by priority, segment_key"
            ).fetchall()
            given = connection.execute(
                "select segment_key, role, approved_by, is_count_in_band"
                " from marts.segment_approval_status where is_given"
            ).fetchall()
        except duckdb.CatalogException:
            raise UserError(f"{world.warehouse}: holds no segment library; run `python -m scripts build`") from None
    fingerprints = {row[0]: row[3] for row in library}
    approvals: dict[str, dict[str, str]] = {}
    outside: dict[str, set[str]] = {}
    for key, role, name, in_band in given:
        approvals.setdefault(key, {})[role] = name
        if not in_band:
            outside.setdefault(key, set()).add(role)
    # Approvals written since that build count too: they must come from different people as well.
    for row in _written(world):
        key, role = row["segment_key"], row["role"]
        if row["rule_fingerprint"] == fingerprints.get(key):
            approvals.setdefault(key, {})[role] = row["approved_by"]
    return {
        key: _Segment(
            key, status, reason, fingerprint, count, approvals.get(key, {}), frozenset(outside.get(key, set()))
        )
        for key, status, reason, fingerprint, count in library
    }


def _row(segment: _Segment, role: str, by: str, tolerance: float) -> list[str]:
    count = segment.count or 0
    return [
        segment.key,
        segment.fingerprint or "",
        role,
        by.strip(),
        datetime.now(UTC).strftime("%Y-%m-%dT%H:%M:%SZ"),
        str(math.floor(count * (1 - tolerance))),
        str(math.ceil(count * (1 + tolerance))),
    ]


def _written(world: World) -> list[dict[str, str]]:
    """The rows of the approvals file; none when there is no file."""
    return read_rows(world.seeds / FILE, COLUMNS)


def _append(world: World, rows: list[list[str]]) -> None:
    """Add rows to the approvals file, which keeps its own spelling of what is there."""
    file = world.seeds / FILE
    with only_writer(world.seeds):
        _written(world)
        before = file.read_bytes() if file.exists() else (",".join(COLUMNS) + "\n").encode()
        if not before.endswith(b"\n"):
            before += b"\n"
        added = io.StringIO()
        csv.writer(added, lineterminator="\n").writerows(rows)
        replace_file(file, before + added.getvalue().encode())
