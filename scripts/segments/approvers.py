"""The roster of approvers: who may sign in which role, and on which days.

An id is asserted here by whoever runs the command; authenticating that person is up to whoever lets them run it. With
SEGMENTATION_APPROVAL_KEY in the environment rows of the roster are signed too, and those without a signature count for
nothing.
"""

from __future__ import annotations

import csv
import hashlib
import hmac
import io
import os
import unicodedata
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date
from pathlib import Path

from scripts.platform.approval_key import KEY_VARIABLE
from scripts.platform.errors import CheckFailed, UserError
from scripts.platform.files import replace_file
from scripts.platform.progress import Progress
from scripts.platform.seed_files import only_writer
from scripts.platform.settings import read_settings
from scripts.platform.workspace import Workspace

ROSTER = "approvers.csv"
ROSTER_COLUMNS = ["approver_id", "name", "roles", "valid_from", "valid_to", "signature"]
ROLES = ("segment_owner", "campaign_owner", "data_owner", "risk_owner")
# The risk owner's signature that a segment may sell although it cannot be computed who has an open complaint.
WAIVER = "care_waiver"
# Ids of a demo; they hold on generated data only.
DEMO_PREFIX = "demo_"
SIGNED = "hmac:"
# Letters and digits that look like Latin letters, after casefold: Cyrillic, Greek by their capitals, digits, strokes.
_LOOK_ALIKES = str.maketrans(
    "\u0430\u0432\u0435\u043a\u043c\u043d\u043e\u0440\u0441\u0442\u0443\u0445\u0456\u0458\u0455\u0501\u051b\u051d\u04cf\u044c"
    "\u03b1\u03b2\u03b5\u03b6\u03b7\u03b9\u03ba\u03bc\u03bd\u03bf\u03c1\u03c4\u03c5\u03c7\u03f3\u0131\u0142" + "015|!",
    "abekmhopctyxijsdqwlb" + "abezhikmnoptyxjil" + "olsll",
)


@dataclass(frozen=True)
class Approver:
    """A row of the roster."""

    id: str
    name: str
    roles: tuple[str, ...]
    valid_from: str
    valid_to: str

    def holds(self, role: str, day: str) -> bool:
        """Whether the approver held the role on a day (ISO); a waiver is the risk owner's."""
        held = "risk_owner" if role == WAIVER else role
        return held in self.roles and self.valid_from <= day <= (self.valid_to or "9999-12-31")


Roster = Mapping[str, Approver]


def skeleton(text: str) -> str:
    """What a name looks like: without differences of width, case, accents, blanks, or letters that look alike."""
    plain = unicodedata.normalize("NFKD", unicodedata.normalize("NFKC", text).casefold())
    letters = "".join(letter for letter in plain if unicodedata.category(letter)[0] in "LNS" or letter in "|!")
    return letters.translate(_LOOK_ALIKES).replace("rn", "m").replace("vv", "w").replace("i", "l")


def read_roster(workspace: Workspace) -> dict[str, Approver]:
    """The approvers by id; with a key in the environment those whose row is signed only.

    Raises UserError for a roster that cannot be read or in which two people cannot be told apart, CheckFailed for a
    signature that does not hold.
    """
    file = workspace.seeds / ROSTER
    key = os.environ.get(KEY_VARIABLE)
    roster: dict[str, Approver] = {}
    seen: dict[str, str] = {}
    for line, cells in _rows(file):
        approver = _approver(f"{file}, line {line}", cells)
        if approver.id.startswith(DEMO_PREFIX) and not _is_generated(workspace):
            raise UserError(f"{file}, line {line}: `{approver.id}` approves in demos only; delete the line")
        for text in {skeleton(approver.id), skeleton(approver.name)}:
            if text in seen:
                raise UserError(
                    f"{file}, line {line}: `{approver.id}` looks like `{seen[text]}` in id or name: case, blanks and "
                    "letters that look alike do not tell people apart; write one row per person"
                )
            seen[text] = approver.id
        signature = cells["signature"]
        if signature and not key:
            raise CheckFailed(
                f"{file}, line {line}: its signature cannot be checked without the key; set {KEY_VARIABLE}"
            )
        if signature and not hmac.compare_digest(signature, _signature(cells, key or "")):
            raise CheckFailed(
                f"{file}, line {line}: `{approver.id}` was changed after it was signed, or signed with another key; "
                "restore the line, or sign it anew with `python -m scripts approvers --sign`"
            )
        if signature or not key:
            roster[approver.id] = approver
    return roster


def check_approver(workspace: Workspace, roster: Roster, by: str, role: str) -> None:
    """Raises UserError where `by` is not the id of somebody who holds the role today."""
    file = workspace.seeds / ROSTER
    if by not in roster:
        known = f"known are {', '.join(sorted(roster))}" if roster else "it names nobody that counts"
        sign = "; rows without a signature count for nothing" if os.environ.get(KEY_VARIABLE) else ""
        raise UserError(f"--by: `{by}` is not an id of {file}; {known}{sign}")
    today = date.today().isoformat()
    if not roster[by].holds(role, today):
        raise UserError(f"--by: `{by}` does not hold the role {role} today by {file}; it says who does")


def fault_of(roster: Roster, cells: Mapping[str, str]) -> str | None:
    """Why an approval of the log does not count by the roster; None where it does."""
    by, role, day = cells["approved_by"], cells["role"], cells["approved_at"][:10]
    if by not in roster:
        signed = "a signed row of " if os.environ.get(KEY_VARIABLE) else ""
        return f"`{by}`, who approved as {role}, is not the id of {signed}{ROSTER}"
    if not roster[by].holds(role, day):
        return f"`{by}` did not hold the role {role} on {day} by {ROSTER}"
    return None


def add_approvers(workspace: Workspace, approvers: Iterable[Approver]) -> None:
    """Append those that the roster does not have yet; signed where a key is set."""
    file = workspace.seeds / ROSTER
    with only_writer(workspace.seeds):
        rows = [cells for _, cells in _rows(file)]
        known = {cells["approver_id"] for cells in rows}
        for approver in approvers:
            if approver.id not in known:
                cells = {
                    "approver_id": approver.id, "name": approver.name, "roles": "|".join(approver.roles),
                    "valid_from": approver.valid_from, "valid_to": approver.valid_to, "signature": "",
                }  # fmt: skip
                rows.append(_signed(cells))
        _write(file, rows)


def list_approvers(workspace: Workspace, progress: Progress = print) -> None:
    """List the approvers that count, and in which role and since when they may sign."""
    for approver in read_roster(workspace).values():
        until = f" to {approver.valid_to}" if approver.valid_to else ""
        progress(f"{approver.id}: {approver.name}; {', '.join(approver.roles)}; from {approver.valid_from}{until}")


def sign_roster(workspace: Workspace) -> int:
    """Sign every row with the key of the environment; returns their number. Raises UserError without a key."""
    if not os.environ.get(KEY_VARIABLE):
        raise UserError(f"--sign: there is no key; set {KEY_VARIABLE}")
    file = workspace.seeds / ROSTER
    with only_writer(workspace.seeds):
        rows = [_signed(cells) for _, cells in _rows(file)]
        _write(file, rows)
    read_roster(workspace)
    return len(rows)


def _is_generated(workspace: Workspace) -> bool:
    """Whether the data are no retailer's; of imported marts, their settings say so."""
    return workspace.made_from() is not None or read_settings(workspace)["kind"] != "own"


def _rows(file: Path) -> list[tuple[int, dict[str, str]]]:
    """The cells of each row, with its line number."""
    if not file.exists():
        return []
    reader = csv.reader(io.StringIO(file.read_text(encoding="utf-8-sig"), newline=""))
    if [name.strip() for name in next(reader, [])] != ROSTER_COLUMNS:
        raise UserError(f"{file}: its first line must be {','.join(ROSTER_COLUMNS)}; restore it")
    rows = []
    for cells in reader:
        if not cells:
            continue
        if len(cells) != len(ROSTER_COLUMNS):
            raise UserError(f"{file}, line {reader.line_num}: has {len(cells)} cells, not {len(ROSTER_COLUMNS)}")
        rows.append((reader.line_num, dict(zip(ROSTER_COLUMNS, (cell.strip() for cell in cells), strict=True))))
    return rows


def _approver(place: str, cells: Mapping[str, str]) -> Approver:
    roles = tuple(role.strip() for role in cells["roles"].split("|"))
    if not skeleton(cells["approver_id"]) or not skeleton(cells["name"]):
        raise UserError(f"{place}: approver_id or name is empty; every approver has both")
    if any(unicodedata.category(letter)[0] == "C" for letter in cells["approver_id"] + cells["name"]):
        raise UserError(f"{place}: approver_id or name has letters that cannot be seen; write them without")
    for role in roles:
        if role not in ROLES:
            raise UserError(f"{place}: role `{role}` is not known; use {', '.join(ROLES)}, several joined by |")
    for column in ("valid_from", "valid_to"):
        if (text := cells[column]) or column == "valid_from":
            try:
                valid = date.fromisoformat(text).isoformat() == text
            except ValueError:
                valid = False
            if not valid:
                raise UserError(f"{place}: {column} `{text}` is not a date; write it as 2026-06-30")
    return Approver(cells["approver_id"], cells["name"], roles, cells["valid_from"], cells["valid_to"])


def _signature(cells: Mapping[str, str], key: str) -> str:
    text = "".join(f"{len(cells[name])}:{cells[name]}" for name in ROSTER_COLUMNS[:-1])
    return SIGNED + hmac.new(key.encode(), f"{ROSTER}:{text}".encode(), hashlib.sha256).hexdigest()


def _signed(cells: dict[str, str]) -> dict[str, str]:
    key = os.environ.get(KEY_VARIABLE)
    return {**cells, "signature": _signature(cells, key)} if key else cells


def _write(file: Path, rows: Iterable[Mapping[str, str]]) -> None:
    text = io.StringIO()
    writer = csv.DictWriter(text, ROSTER_COLUMNS, lineterminator="\n")
    writer.writeheader()
    writer.writerows(rows)
    replace_file(file, text.getvalue().encode())
