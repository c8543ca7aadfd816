"""Writes the audience of an approved segment, from what is published, as a CSV file with a manifest."""

from __future__ import annotations

import csv
import hashlib
import io
import json
import re
from collections import Counter
from dataclasses import dataclass
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

import duckdb

from scripts.platform.errors import CheckFailed, UserError
from scripts.platform.files import PRIVATE, new_folder, replace_file
from scripts.platform.progress import Progress
from scripts.platform.settings import recorded_settings
from scripts.platform.warehouse import open_warehouse, rows_of
from scripts.platform.workspace import Workspace
from scripts.segments.approval_log import FILE as APPROVAL_LOG
from scripts.segments.approval_log import Row, log_heads, rows_that_count, verified_log
from scripts.segments.approve import given_approvals
from scripts.segments.approvers import Roster, fault_of, read_roster
from scripts.segments.changed_since import stops_export
from scripts.segments.qa import qa_gate
from scripts.segments.segment_library import which_segment

ADDRESS = {"email": "email", "sms": "phone"}
MEMBERS = ("primary", "all")
# An audience of real people is not written when it describes an earlier day than this.
MOST_DAYS_OLD = 7
E164 = re.compile(r"\+[1-9][0-9]{7,14}")
FORMULA = ("=", "+", "-", "@", "\t", "\r", "\n")
LEFT_OUT = {
    "suppressed_count": "suppressed on this channel",
    "suppression_unknown_count": "a suppression of this channel could not be computed",
    "in_care_count": "in care (service recovery, or an open complaint), and this segment sells",
    "no_consent_count": "no consent for this channel",
    "no_address_count": "no address",
    "not_contactable_count": "not contactable for another reason, such as a bounce",
}
# Why members are suppressed or without consent.
LEFT_OUT_DETAILS = (
    "opted_out", "spam_complaint", "hard_bounce", "legal_hold", "do_not_contact", "suppression_segment", "expired",
    "pending",
)  # fmt: skip


@dataclass(frozen=True)
class _Audience:
    """What the published version says of one segment on one channel, and its rows of the approval log."""

    version: str
    segment: dict[str, Any]
    approvals: list[dict[str, Any]]
    log: list[Row]
    counts: dict[str, Any]
    members: list[tuple[Any, ...]]
    kind: str
    # A hash of every suppression segment as it was built, by its key.
    suppression: dict[str, str]
    roster: Roster


def export(
    workspace: Workspace,
    segment_key: str,
    channel: str = "email",
    out: Path | None = None,
    despite_qa: str | None = None,
    members: str | None = None,
    progress: Progress = print,
) -> Path:
    """Write the published audience of `segment_key` on `channel` and return the folder that holds it.

    The folder, readable by its owner only, holds `audience.csv` and `manifest.json` and appears as a whole or
    not at all. `out` is the folder to write; default: one in the workspace's `exports`, named after segment, channel,
    day and version. A file that a reader may have is never overwritten. When a check before activation fails, nothing
    is written either, unless `despite_qa` gives a reason, which the manifest keeps with what failed. `members` is
    `primary` for those whose next action this segment decides, or `all`; default: primary where the segment sells.

    Raises UserError for an unknown segment, a channel that cannot be exported or an `out` that exists, CheckFailed
    when the segment is not active or not approved, nobody in it may be contacted, or the approval log is broken.
    """
    if members not in (None, *MEMBERS):
        raise UserError(f"--members {members}: not known; use {' or '.join(MEMBERS)}")
    if channel not in ADDRESS:
        raise UserError(f"channel `{channel}` cannot be exported; use {' or '.join(ADDRESS)}")
    try:
        audience = _read(workspace, segment_key, channel)
    except duckdb.CatalogException:
        raise UserError(
            f"{workspace.published}: published by an earlier release that lacks what an export needs; build and publish"
        ) from None
    _check(audience, segment_key, channel)
    if problem := stops_export(workspace.seeds, segment_key, audience.version, audience.suppression):
        raise CheckFailed(problem)
    _check_log(audience, segment_key, workspace.seeds / APPROVAL_LOG)
    if despite_qa is None:
        _check_age(audience, segment_key)
    day = audience.counts["as_of_date"]
    target = (
        out.expanduser().absolute()
        if out
        else (workspace.exports / f"{segment_key}_{channel}_{day}_{audience.version}")
    )
    checked = qa_gate(workspace.versions / audience.version / "marts.duckdb", segment_key, despite_qa)
    columns = ["customer_id", ADDRESS[channel], "segment_key", "is_primary", "explanation", "primary_segment_key"]
    chosen = members or ("primary" if audience.segment["is_selling"] else "all")
    others = Counter(row[5] for row in audience.members if not row[2])
    if chosen == "primary" and others.total() == len(audience.members):
        raise CheckFailed(
            f"segment `{segment_key}`: another segment decides the next action of all {others.total()} who may be "
            "contacted, so nothing was written; --members all includes them"
        )
    rows, unsafe = _rows(audience, channel, segment_key, only_primary=chosen == "primary")
    if not rows:
        raise CheckFailed(
            f"segment `{segment_key}`: no {ADDRESS[channel]} in it can be written safely, "
            "so nothing was written; correct them at the source"
        )
    text = _csv(columns, rows)
    manifest = {
        **_manifest(audience, segment_key, channel, columns, len(rows), unsafe, text),
        "members": chosen,
        "other_primary_segments": dict(sorted(others.items())),
        "qa": checked,
    }
    if chosen == "primary":
        manifest["counts"]["left_out"]["other_primary"] = len(audience.members) - unsafe - len(rows)
    if target.exists() and not out and _is_same(target, manifest):
        progress(f"{target}: already exists with the same content; nothing to do")
        return target
    if target.exists():
        raise UserError(f"{target}: exists already; move it away, or name another folder with --out")
    _write(target, text, manifest)
    whole = audience.counts["member_count"]
    progress(f"{target}: {len(rows)} of {whole} members, {whole - len(rows)} left out (manifest.json says why)")
    if others:
        what = "left out; --members all includes them" if chosen == "primary" else "included"
        progress(f"  {others.total()} have another primary segment, such as {others.most_common(1)[0][0]}: {what}")
    return target


def _read(workspace: Workspace, segment_key: str, channel: str) -> _Audience:
    """The segment, its approvals and its audience; both files come from the same published version."""
    if not workspace.published.exists():
        raise UserError(f"{workspace.published}: nothing is published; run `python -m scripts publish` first")
    folder = workspace.published.resolve()
    file = folder / "manifest.json"
    manifest = json.loads(file.read_text(encoding="utf-8")) if file.exists() else {}
    if not manifest.get("build"):
        raise CheckFailed(
            f"{folder}: published by an earlier release, which did not record its builds; build and publish"
        )
    log = [row for row in rows_that_count(verified_log(workspace)) if row.key == segment_key]
    with open_warehouse(folder / "marts.duckdb", read_only=True) as marts:
        library = rows_of(marts, "select * from segment_library where segment_key = $key", {"key": segment_key})
        if not library:
            known = [row["segment_key"] for row in rows_of(marts, "select segment_key from segment_library order by 1")]
            raise UserError(
                f"segment `{segment_key}` is not in the published library; {which_segment(segment_key, known)}"
            )
        approvals = rows_of(
            marts,
            "select role, approved_by, approved_at, count_low, count_high, is_given, is_count_in_band, required_use,"
            " changed_parts from segment_approval_status where segment_key = $key order by role",
            {"key": segment_key},
        )
        kind = recorded_settings(marts, str(folder / "marts.duckdb"), "main")["kind"]
    with open_warehouse(folder / "activation.duckdb", read_only=True) as activation:
        chosen = {"key": segment_key, "channel": channel}
        counts = rows_of(
            activation, "select * from audience_counts where segment_key = $key and channel = $channel", chosen
        )
        members = activation.execute(
            "select customer_id, coalesce(email, phone) as address, is_primary, explanation, rule_fingerprint,"
            " primary_segment_key from audience_members where segment_key = $key and channel = $channel"
            " order by customer_id",
            chosen,
        ).fetchall()
    return _Audience(
        folder.name,
        library[0],
        approvals,
        log,
        counts[0] if counts else {},
        members,
        kind,
        manifest["suppression"],
        read_roster(workspace),
    )


def _check_age(audience: _Audience, segment_key: str) -> None:
    """Raises CheckFailed for an audience of own data that describes a day long past: who opted out since is unknown."""
    day = audience.counts["as_of_date"]
    days = (datetime.now(UTC).date() - day).days
    if audience.kind == "own" and days > MOST_DAYS_OLD:
        raise CheckFailed(
            f"segment `{segment_key}` is as of {day}, {days:,} days ago, and who opted out since is not known; "
            "build for yesterday and publish, or give a reason with --despite-qa"
        )


def _check(audience: _Audience, segment_key: str, channel: str) -> None:
    """Raises CheckFailed, one line, when this audience must not be exported."""
    segment = audience.segment
    if segment["effective_status"] != "active":
        reason = f": {segment['status_reason']}" if segment["status_reason"] else ""
        raise CheckFailed(
            f"segment `{segment_key}` is {segment['effective_status']}{reason}; "
            "only active segments are exported, so activate it, then build and publish"
        )
    if segment["is_suppression"]:
        raise CheckFailed(
            f"segment `{segment_key}` holds people who must not be contacted; it is never exported as an audience"
        )
    if channel not in (segment["channels"] or "").split("|"):
        raise CheckFailed(
            f"segment `{segment_key}` may not be used on {channel}; "
            f"use one of its channels: {segment['channels'].replace('|', ', ')}"
        )
    if segment["approval_status"] != "approved":
        raise CheckFailed(f"segment `{segment_key}` is not approved: {_approval_gap(audience)}")
    if not audience.members:
        raise CheckFailed(
            f"segment `{segment_key}`: none of its {audience.counts.get('member_count', 0)} members may be contacted "
            f"by {channel} ({_why_left_out(audience.counts)}); nothing was written"
        )
    if any(row[4] != segment["rule_fingerprint"] for row in audience.members):
        raise CheckFailed(f"segment `{segment_key}`: audience and approved rule differ; build and publish again")


def _check_log(audience: _Audience, segment_key: str, file: Path) -> None:
    """Raises CheckFailed when a published approval is no longer in the log."""
    uses = {row["role"]: row["required_use"] for row in audience.approvals}
    given = given_approvals(audience.log, segment_key, audience.segment["rule_fingerprint"], uses, audience.roster)
    for row in audience.approvals:
        if row["role"] in given:
            continue
        if faults := _roster_faults(audience):
            raise CheckFailed(f"segment `{segment_key}` is not approved: {'; '.join(faults)}")
        withdrawn = [other.cells for other in audience.log if other.cells["role"] == row["role"]]
        if not withdrawn:
            raise CheckFailed(
                f"segment `{segment_key}`: the approval of {row['approved_by']} as {row['role']} is not in {file}; "
                "name the seeds that it was built from with --seeds"
            )
        raise CheckFailed(
            f"segment `{segment_key}` is not approved: {withdrawn[-1]['approved_by']} withdrew the approval as "
            f"{row['role']} at {withdrawn[-1]['approved_at']}; approve it with `python -m scripts approve`, then build "
            "and publish"
        )


def _roster_faults(audience: _Audience) -> list[str]:
    """Why approvals of the published rule do not count by the roster: the last row of each role."""
    last = {
        row.cells["role"]: row.cells
        for row in audience.log
        if row.cells["rule_fingerprint"] == audience.segment["rule_fingerprint"]
    }
    faults = (fault_of(audience.roster, cells) for cells in last.values() if cells["decision"] == "approved")
    return [fault for fault in faults if fault]


def _approval_gap(audience: _Audience) -> str:
    """What is missing for approval, and how to fix it."""
    segment = audience.segment
    status = segment["approval_status"]
    if faults := _roster_faults(audience):
        return f"{'; '.join(faults)}; approve it with the id of an approver, then build and publish"
    missing = [row["role"] for row in audience.approvals if not row["is_given"]]
    approve = "approve it with `python -m scripts approve`, then build and publish"
    if changed := [row for row in audience.approvals if row["changed_parts"] and not row["is_given"]]:
        parts = ", ".join(dict.fromkeys(part for row in changed for part in row["changed_parts"].split(", ")))
        whose = ", ".join(f"{row['role']} (given by {row['approved_by']} at {row['approved_at']})" for row in changed)
        return f"changed since its approval: {parts}; this ends the approval as {whose}; {approve}"
    if status == "broken_log":
        return "its approval log was broken when it was built; build and publish again"
    if status == "lapsed":
        if any(row.cells["rule_fingerprint"] == segment["rule_fingerprint"] for row in audience.log):
            return f"its approvals were withdrawn; {approve}"
        since = (
            f" (version {segment['approved_version']} to {segment['rule_version']}: {segment['change_since_approval']})"
            if segment.get("change_since_approval")
            else ""
        )
        return f"its rule changed since it was approved{since}; {approve}"
    if status == "same_person_twice":
        return f"one person approved in two roles; {approve}, by {len(audience.approvals)} different people"
    if status == "count_outside_band":
        bands = ", ".join(
            f"{row['role']} {row['count_low']} to {row['count_high']}"
            for row in audience.approvals
            if row["is_given"] and not row["is_count_in_band"]
        )
        return f"it has {segment['customer_count']} customers, outside the approved range ({bands}); {approve}"
    return f"the approval of {', '.join(missing)} is missing; {approve}"


def _why_left_out(counts: dict[str, Any]) -> str:
    return ", ".join(f"{counts[name]} {words}" for name, words in LEFT_OUT.items() if counts.get(name)) or "it is empty"


def _rows(audience: _Audience, channel: str, segment_key: str, *, only_primary: bool) -> tuple[list[list[str]], int]:
    """The rows to write, and how many members are left out because a spreadsheet would run their address.

    A phone number in E.164 begins with + and is safe; an address is written as it is or not at all, because a
    changed one reaches nobody. Text cells that a spreadsheet would take for a formula get a leading apostrophe.
    """
    rows, unsafe = [], 0
    for customer_id, address, is_primary, explanation, _, primary in audience.members:
        if only_primary and not is_primary:
            continue
        safe = E164.fullmatch(address) if channel == "sms" else not address.startswith(FORMULA)
        if not safe:
            unsafe += 1
            continue
        first = "true" if is_primary else "false"
        rows.append([_cell(customer_id), address, segment_key, first, _cell(explanation), primary or ""])
    return rows, unsafe


def _cell(text: str | None) -> str:
    """The text, safe for a spreadsheet."""
    text = text or ""
    return f"'{text}" if text.startswith(FORMULA) else text


def _csv(columns: list[str], rows: list[list[str]]) -> bytes:
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(columns)
    writer.writerows(rows)
    return text.getvalue().encode("utf-8")


def _manifest(
    audience: _Audience, segment_key: str, channel: str, columns: list[str], written: int, unsafe: int, text: bytes
) -> dict[str, Any]:
    segment, counts = audience.segment, audience.counts
    return {
        "segment_key": segment_key,
        "segment_name": segment["segment_name"],
        "channel": channel,
        "as_of_date": counts["as_of_date"],
        "published_version": audience.version,
        "rule": {
            "version": segment["rule_version"],
            "fingerprint": segment["rule_fingerprint"],
            "text": segment["rule_text"],
        },
        "approvals": [
            {name: row[name] for name in ("role", "approved_by", "approved_at", "count_low", "count_high")}
            for row in audience.approvals
        ],
        "approval_head": log_heads(audience.log).get(segment_key),
        "counts": {
            "members": counts["member_count"],
            "written": written,
            "left_out": {
                **{name.removesuffix("_count"): counts[name] for name in LEFT_OUT},
                "unsafe_address": unsafe,
            },
        },
        "left_out_details": {name: counts[f"{name}_count"] for name in LEFT_OUT_DETAILS if f"{name}_count" in counts},
        "left_out_reasons": {
            **{name.removesuffix("_count"): words for name, words in LEFT_OUT.items()},
            "unsafe_address": "a spreadsheet would run the address as a formula, or the number is not E.164",
        },
        "file": {
            "name": "audience.csv",
            "columns": columns,
            "rows": written,
            "bytes": len(text),
            "sha256": hashlib.sha256(text).hexdigest(),
            "format": "UTF-8, comma, header line; text cells that begin like a formula carry a leading apostrophe",
        },
        "created_at": datetime.now(UTC).strftime("%Y-%m-%dT%H:%M:%SZ"),
    }


def _is_same(target: Path, manifest: dict[str, Any]) -> bool:
    """Whether a folder holds this very export, its file intact."""
    try:
        there = json.loads((target / "manifest.json").read_text(encoding="utf-8"))
        digest = hashlib.sha256((target / "audience.csv").read_bytes()).hexdigest()
    except (OSError, ValueError):
        return False
    here = json.loads(json.dumps(manifest, default=_as_text))
    return bool({**there, "created_at": None} == {**here, "created_at": None} and digest == here["file"]["sha256"])


def _write(target: Path, text: bytes, manifest: dict[str, Any]) -> None:
    """Write both files into a hidden folder beside the target, then give it the target's name."""
    content = json.dumps(manifest, indent=2, ensure_ascii=False, default=_as_text) + "\n"
    is_begun = False
    try:
        with new_folder(target) as incoming:
            is_begun = True
            replace_file(incoming / "audience.csv", text, mode=PRIVATE)
            replace_file(incoming / "manifest.json", content, mode=PRIVATE)
    except OSError as problem:
        if not is_begun:
            raise UserError(
                f"{target.parent}: cannot be written to ({problem.strerror}); name another folder with --out"
            ) from None
        raise UserError(f"{target}: cannot be written ({problem.strerror}); nothing was left there") from None


def _as_text(value: Any) -> str:
    return value.isoformat() if isinstance(value, date) else str(value)
