"""Approvals: who approved which rule, appended to the retailer's own log. The models decide which of them are valid."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime

import duckdb

from scripts.platform.errors import CheckFailed, UserError
from scripts.platform.progress import Progress
from scripts.platform.warehouse import open_warehouse
from scripts.platform.workspace import Workspace
from scripts.segments.approval_log import FILE, Cells, Row, append_rows, rows_that_count, verified_log
from scripts.segments.approvers import ROLES, Roster, check_approver, fault_of, read_roster
from scripts.segments.segment_library import which_segment

# A rule is approved while it is in review, and again whenever it changes later.
OPEN_TO_APPROVAL = ("in_review", "approved", "active")


@dataclass(frozen=True)
class _Segment:
    """The subject of an approval: rule and size of the last build, the roles it needs and their approvals so far."""

    key: str
    status: str
    reason: str | None
    is_computable: bool
    fingerprint: str | None
    version: int | None
    rule: str | None
    count: int | None
    approval_status: str
    # The use that each role has to approve, by role.
    needed: dict[str, str]
    given: dict[str, Cells]

    @property
    def still_needed(self) -> list[str]:
        return [role for role in self.needed if role not in self.given]

    def describe(self) -> str:
        size = "not evaluated" if self.count is None else f"{self.count} customers"
        return f"{self.key}: {self.status}, version {self.version or '-'}, {size}"


def approve(
    workspace: Workspace,
    segment_key: str,
    role: str,
    by: str,
    *,
    tolerance: float = 0.25,
    count: int | None = None,
    progress: Progress = print,
) -> None:
    """Approve a segment's rule as it was last built, in one role, for sizes within `tolerance` of the current one.

    `count` is the size to approve of a segment that is not active yet and so was not evaluated. Appends one row to
    `segment_approvals.csv` in the workspace's seeds; it takes effect with the next build. `by` is an id of the
    roster. Raises UserError for an unknown segment, role or id, CheckFailed when the segment cannot be approved as it
    is, or the log is broken.
    """
    _check(role, tolerance)
    check_approver(workspace, read_roster(workspace), by, role)
    segment = _segment(workspace, segment_key)
    _check_segment(segment, role, by)
    size = _size(segment, count)
    low, high = _band(size, tolerance)
    progress(segment.describe())
    progress(f"  {segment.rule}")
    for other, cells in segment.given.items():
        progress(f"  {other}: approved by {cells['approved_by']} for {cells['count_low']} to {cells['count_high']}")
    append_rows(workspace, [_row(segment, role, by, "approved", low, high)])
    still_needed = [name for name in segment.still_needed if name != role]
    progress(
        f"{segment_key}: approved by {by.strip()} as {role} for {size} customers, {tolerance:.0%} more or less; "
        + (f"still needed: {', '.join(still_needed)}" if still_needed else _next_step(segment))
    )


def withdraw(workspace: Workspace, segment_key: str, role: str, by: str, *, progress: Progress = print) -> None:
    """Withdraw the approval of one role for the segment's current rule; the log keeps both rows.

    From then on nothing is exported, without waiting for a build. Raises CheckFailed when there is nothing to
    withdraw.
    """
    _check(role, 0)
    check_approver(workspace, read_roster(workspace), by, role)
    segment = _segment(workspace, segment_key)
    if role not in segment.given:
        raise CheckFailed(f"segment `{segment_key}`: its current rule is not approved by {role}; nothing to withdraw")
    append_rows(workspace, [_row(segment, role, by, "withdrawn", "", "")])
    progress(
        f"{segment_key}: the approval of {segment.given[role]['approved_by']} as {role} was withdrawn by {by.strip()}; "
        "build and publish for readers to see it"
    )


def list_approvals(workspace: Workspace, segment_key: str | None = None, progress: Progress = print) -> None:
    """List the state of approval of every segment, or of one."""
    segments = [_segment(workspace, segment_key)] if segment_key else list(_segments(workspace).values())
    for segment in segments:
        given = ", ".join(f"{role} {cells['approved_by']}" for role, cells in segment.given.items())
        needed = ", ".join(segment.still_needed)
        progress(
            f"{segment.describe()}; {segment.approval_status} in the last build"
            + (f"; approved by {given}" if given else "")
            + (f"; still needed: {needed}" if needed else "")
        )


def approve_all(
    workspace: Workspace, approvers: dict[str, str], progress: Progress = print, *, tolerance: float = 0.25
) -> int:
    """Approve every active segment in every role of `approvers` that it needs, as {role: id}; returns the new rows.

    A role that has approved the current rule, with the current size in its band, is left as it is.
    """
    rows = []
    roster = read_roster(workspace)
    for role, by in approvers.items():
        _check(role, tolerance)
        check_approver(workspace, roster, by, role)
    for segment in _segments(workspace).values():
        if segment.status != "active" or segment.fingerprint is None or segment.count is None:
            continue
        low, high = _band(segment.count, tolerance)
        for role, by in approvers.items():
            if role in segment.needed and not _covers(segment.given.get(role), segment.count):
                rows.append(_row(segment, role, by, "approved", low, high))
    if rows:
        append_rows(workspace, rows)
    progress(f"approvals: {len(rows)} added to {workspace.seeds / FILE}")
    return len(rows)


def given_approvals(
    rows: Iterable[Row], segment_key: str, fingerprint: str | None, uses: Mapping[str, str], roster: Roster
) -> dict[str, Cells]:
    """The valid approvals of one rule and use, by role: of several rows of a role the last one decides,
    by the roster of its day.

    `uses`: the use that each role has to approve, by role.
    """
    given: dict[str, Cells] = {}
    for row in rows:
        role = row.cells["role"]
        if row.key == segment_key and row.cells["rule_fingerprint"] == fingerprint:
            given.pop(role, None)
            if (
                row.cells["decision"] == "approved"
                and row.cells["approved_use"] == uses.get(role)
                and not fault_of(roster, row.cells)
            ):
                given[role] = row.cells
    return given


def _check(role: str, tolerance: float) -> None:
    if role not in ROLES:
        raise UserError(f"role `{role}` is not known; use one of {', '.join(ROLES)}")
    if not 0 <= tolerance <= 1:
        raise UserError(f"tolerance {tolerance} is not between 0 and 1; write 0.25 for a quarter more or less")


def _check_segment(segment: _Segment, role: str, by: str) -> None:
    if segment.status not in OPEN_TO_APPROVAL or segment.fingerprint is None or not segment.is_computable:
        why = f" ({segment.reason})" if segment.reason else ""
        raise CheckFailed(
            f"segment `{segment.key}` is {segment.status}{why}; only a segment in review, approved or active, whose "
            "rule can be computed, can be approved"
        )
    if role not in segment.needed:
        raise CheckFailed(
            f"segment `{segment.key}` has no risk class, so it needs no {role}; its roles are "
            f"{', '.join(segment.needed)}"
        )
    for other_role, cells in segment.given.items():
        if other_role != role and cells["approved_by"] == by:
            raise CheckFailed(
                f"segment `{segment.key}`: {cells['approved_by']} has approved it as {other_role} already; "
                f"its {len(segment.needed)} roles need {len(segment.needed)} different people"
            )


def _size(segment: _Segment, count: int | None) -> int:
    """The size that is approved: the one of the last build, or what the approver says of a segment not active yet."""
    if segment.count is not None:
        if count is not None:
            raise UserError(f"segment `{segment.key}` has {segment.count} customers; leave --count out")
        return segment.count
    if count is None:
        raise UserError(
            f"segment `{segment.key}` is {segment.status} and was not evaluated; say which size you approve with "
            "--count N, as the preview of its rule shows it"
        )
    if count < 0:
        raise UserError(f"--count {count}: below zero; give the size that the preview shows")
    return count


def _band(size: int, tolerance: float) -> tuple[str, str]:
    # Rounded first: 200 plus a tenth is 220, not slightly more.
    return str(math.floor(round(size * (1 - tolerance), 6))), str(math.ceil(round(size * (1 + tolerance), 6)))


def _covers(cells: Cells | None, count: int) -> bool:
    return cells is not None and int(cells["count_low"]) <= count <= int(cells["count_high"])


def _next_step(segment: _Segment) -> str:
    if segment.status == "active":
        return "build and publish, then it may be exported"
    return "set its status to active, build and publish, then it may be exported"


def _segment(workspace: Workspace, segment_key: str) -> _Segment:
    segments = _segments(workspace)
    if segment_key not in segments:
        raise UserError(
            f"segment `{segment_key}` is not in the library that was last built; {which_segment(segment_key, segments)}"
        )
    return segments[segment_key]


def _segments(workspace: Workspace) -> dict[str, _Segment]:
    """The library of the last build, by key, with what the log says now: approvals since that build count too."""
    log = rows_that_count(verified_log(workspace))
    roster = read_roster(workspace)
    with open_warehouse(workspace.warehouse, read_only=True) as connection:
        try:
            library = connection.execute(
                "select segment_key, effective_status, status_reason,"
                " missing_attributes is null and unavailable_attributes is null, rule_fingerprint, rule_version,"
                " rule_text, customer_count, approval_status from marts.segment_library order by priority, segment_key"
            ).fetchall()
            roles = connection.execute(
                "select segment_key, role, required_use from marts.segment_approval_status"
            ).fetchall()
        except (duckdb.CatalogException, duckdb.BinderException):
            raise UserError(
                f"{workspace.warehouse}: holds no segment library of this release; run `python -m scripts build`"
            ) from None
    uses: dict[str, dict[str, str]] = {}
    for key, role, use in roles:
        uses.setdefault(key, {})[role] = use
    segments = {}
    for key, status, reason, is_computable, fingerprint, version, rule, count, approval_status in library:
        needed = {role: uses[key][role] for role in ROLES if role in uses.get(key, {})}
        given = given_approvals(log, key, fingerprint, needed, roster)
        segments[key] = _Segment(
            key, status, reason, is_computable, fingerprint, version, rule, count, approval_status, needed, given
        )
    return segments


def _row(segment: _Segment, role: str, by: str, decision: str, low: str, high: str) -> Cells:
    return {
        "segment_key": segment.key,
        "rule_fingerprint": segment.fingerprint or "",
        "role": role,
        "approved_by": by.strip(),
        "approved_at": datetime.now(UTC).strftime("%Y-%m-%dT%H:%M:%SZ"),
        "count_low": low,
        "count_high": high,
        "decision": decision,
        "approved_use": segment.needed[role],
    }
