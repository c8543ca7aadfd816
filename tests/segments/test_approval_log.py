"""Any change to the approval log, other than appending to it, is detected and named."""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Callable
from pathlib import Path

import pytest

from scripts.platform.approval_key import KEY_VARIABLE
from scripts.platform.errors import CheckFailed
from scripts.platform.workspace import Workspace
from scripts.segments.approval_log import (
    EARLIER_COLUMNS,
    FILE,
    append_rows,
    log_heads,
    read_log,
    rows_that_count,
    verified_log,
)
from scripts.segments.approve import given_approvals
from scripts.segments.approvers import Approver
from tests.support.small_library import log_row

Lines = list[str]
ROSTER = {
    by: Approver(by, by, ("segment_owner", "campaign_owner", "data_owner"), "2026-07-01", "2026-07-01")
    for by in ("Ann", "Bob", "Cid", "Dora")
}


@pytest.fixture
def workspace(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Workspace:
    """A log of two segments with interleaved rows, with which a version was published."""
    monkeypatch.delenv(KEY_VARIABLE, raising=False)
    workspace = Workspace.at(warehouse=str(tmp_path / "warehouse.duckdb"))
    write(workspace)
    publish(workspace)
    return workspace


def write(workspace: Workspace) -> None:
    for role, by in (("segment_owner", "Ann"), ("campaign_owner", "Bob"), ("data_owner", "Cid, the third")):
        append_rows(workspace, [log_row("lapsed", "fp", role, by), log_row("won_back", "fp", role, by)])


def publish(workspace: Workspace, version: str = "2026-06-30-001") -> None:
    folder = workspace.versions / version
    folder.mkdir(parents=True)
    manifest = {"approval_heads": log_heads(read_log(workspace.seeds))}
    (folder / "manifest.json").write_text(json.dumps(manifest))


def change(workspace: Workspace, how: Callable[[Lines], Lines]) -> None:
    """Change the lines of the log after its header."""
    file = workspace.seeds / FILE
    header, *lines = file.read_text().splitlines()
    file.write_text("\n".join([header, *how(lines)]) + "\n")


def problems(workspace: Workspace) -> list[str]:
    with pytest.raises(CheckFailed) as problem:
        verified_log(workspace)
    return str(problem.value).splitlines()


def test_the_hash_is_the_sha256_of_the_cells_with_their_lengths(workspace: Workspace) -> None:
    """Written out by hand: the model that checks the log in the warehouse hashes the same text."""
    first, second = (row.cells for row in read_log(workspace.seeds) if row.key == "lapsed" and row.sequence < 3)
    text = "6:lapsed1:18:approved2:fp13:segment_owner3:Ann20:2026-07-01T09:00:00Z2:302:500:18:channels=1;offer=2"
    assert first["row_hash"] == hashlib.sha256(text.encode()).hexdigest()
    assert second["previous_hash"] == first["row_hash"]
    assert len(verified_log(workspace)) == 6


@pytest.mark.parametrize(
    ("how", "line", "words"),
    [
        (lambda lines: [lines[0].replace("Ann", "Eve"), *lines[1:]], 2, "row 1 .* was changed after it was written"),
        (lambda lines: [lines[0].replace(",30,", ",3,"), *lines[1:]], 2, "row 1 .* was changed after it was written"),
        (lambda lines: [lines[0].replace("Ann,2026", "Ann2,026"), *lines[1:]], 2, "was changed after it was written"),
        (lambda lines: lines[:2] + lines[3:], 5, "row 2 .* was deleted or moved: this is row 3"),
        (lambda lines: lines[2:], 2, "row 1 .* was deleted or moved: this is row 2"),
        (lambda lines: [*lines[:3], lines[2], *lines[3:]], 5, "row 2 .* appears twice or out of order"),
        (lambda lines: [lines[2], lines[1], lines[0], *lines[3:]], 2, "row 1 .* was deleted or moved"),
        (lambda lines: lines[:4], None, "its log was cut off: version 2026-06-30-001 .* with row 3, which is gone"),
        (lambda lines: [], None, "its log was cut off"),
    ],
    ids=["name", "band", "moved between cells", "deleted", "beheaded", "doubled", "reordered", "cut off", "emptied"],
)
def test_tampering_is_named_with_segment_line_and_fix(
    workspace: Workspace, how: Callable[[Lines], Lines], line: int | None, words: str
) -> None:
    change(workspace, how)
    messages = problems(workspace)
    named = [text for text in messages if "segment `lapsed`" in text]
    assert named and (line is None or f"{FILE}, line {line}: " in named[0])
    assert re.search(words, named[0])
    assert "restore the file from version control" in named[0]
    before = (workspace.seeds / FILE).read_bytes()
    with pytest.raises(CheckFailed):
        append_rows(workspace, [log_row("lapsed", "fp", "data_owner", "Eve")])
    assert (workspace.seeds / FILE).read_bytes() == before


def test_a_rewritten_log_is_valid_in_itself_but_contradicts_what_was_published(
    workspace: Workspace, tmp_path: Path
) -> None:
    forged = Workspace.at(warehouse=str(tmp_path / "forged" / "warehouse.duckdb"))
    for role in ("segment_owner", "campaign_owner", "data_owner"):
        append_rows(forged, [log_row("lapsed", "fp", role, f"Forged {role}")])
    (workspace.seeds / FILE).write_bytes((forged.seeds / FILE).read_bytes())
    assert len(verified_log(forged)) == 3
    messages = problems(workspace)
    assert len(messages) == 2
    assert "segment `lapsed`: its log was rewritten" in messages[0] and "is different now" in messages[0]


def test_every_kept_version_is_checked_against_the_log(workspace: Workspace) -> None:
    append_rows(workspace, [log_row("lapsed", "fp2", "data_owner", "Cid")])
    publish(workspace, "2026-07-01-002")
    change(workspace, lambda lines: lines[:-1])
    (messages,) = problems(workspace)
    assert "version 2026-07-01-002 was published with row 4" in messages


def test_signatures_need_their_key(workspace: Workspace, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(KEY_VARIABLE, "secret")
    append_rows(workspace, [log_row("signed", "fp", role, role) for role in ("segment_owner", "data_owner")])
    assert [row.is_signed for row in verified_log(workspace)] == [False] * 6 + [True] * 2
    monkeypatch.setenv(KEY_VARIABLE, "other")
    (messages,) = problems(workspace)
    assert "it is not the key that the rows were signed with" in messages
    monkeypatch.delenv(KEY_VARIABLE)
    (messages,) = problems(workspace)
    assert "2 of its rows are signed and cannot be checked without their key" in messages


def test_after_a_signed_row_none_without_a_signature_is_accepted(
    workspace: Workspace, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setenv(KEY_VARIABLE, "secret")
    append_rows(workspace, [log_row("signed", "fp", "segment_owner", "Ann")])
    signed = (workspace.seeds / FILE).read_text()
    # A forger without the key continues the chain as the program itself would.
    other = Workspace.at(warehouse=str(tmp_path / "other" / "warehouse.duckdb"))
    other.seeds.mkdir(parents=True)
    (other.seeds / FILE).write_text(signed)
    monkeypatch.setattr("scripts.segments.approval_log.verified_log", lambda workspace: read_log(workspace.seeds))
    monkeypatch.delenv(KEY_VARIABLE)
    append_rows(other, [log_row("signed", "fp", "data_owner", "Eve")])
    monkeypatch.undo()
    monkeypatch.setenv(KEY_VARIABLE, "secret")
    (workspace.seeds / FILE).write_bytes((other.seeds / FILE).read_bytes())
    (messages,) = problems(workspace)
    assert "row 2 of its approvals is not signed although those before it are" in messages
    # Nor is a changed signed row accepted.
    (workspace.seeds / FILE).write_text(signed.replace("Ann,2026", "Eve,2026"))
    assert any(
        "was changed after it was written" in text or "no signature is valid" in text for text in problems(workspace)
    )


def test_with_a_key_unsigned_rows_count_for_nothing(workspace: Workspace, monkeypatch: pytest.MonkeyPatch) -> None:
    """For whatever segment and wherever they are: the rows before the first signed one too."""
    monkeypatch.setenv(KEY_VARIABLE, "a key")
    append_rows(workspace, [log_row("lapsed", "fp", "data_owner", "Dora")])
    counting = rows_that_count(verified_log(workspace))
    assert [(row.key, row.cells["role"], row.cells["approved_by"]) for row in counting] == [
        ("lapsed", "data_owner", "Dora")
    ]
    uses = dict.fromkeys(("segment_owner", "campaign_owner", "data_owner"), "channels=1;offer=2")
    assert list(given_approvals(counting, "lapsed", "fp", uses, ROSTER)) == ["data_owner"]
    assert given_approvals(counting, "won_back", "fp", uses, ROSTER) == {}
    monkeypatch.delenv(KEY_VARIABLE)
    assert len(rows_that_count(read_log(workspace.seeds))) == 7


def test_another_segments_approvals_cannot_be_replayed(workspace: Workspace) -> None:
    """Two segments with the same rule and use: the rows of one say so in their hash."""

    def replay(lines: Lines) -> Lines:
        return [*lines, *(line.replace("lapsed", "vip", 1) for line in lines if line.startswith("lapsed"))]

    change(workspace, replay)
    found = problems(workspace)
    assert len(found) == 3
    assert all("segment `vip`: row" in line and "was changed after it was written" in line for line in found)


def test_a_log_of_an_earlier_release_stays_valid_and_counts_for_nothing(workspace: Workspace) -> None:
    """Its cells and hashes stay as they were; a new approval follows in the same chain."""
    file = workspace.seeds / FILE
    for manifest in workspace.versions.glob("*/manifest.json"):
        manifest.unlink()
    text = "6:lapsed1:18:approved2:fp10:data_owner3:Ann20:2026-07-01T09:00:00Z2:302:500:"
    cells = ["lapsed", "fp", "data_owner", "Ann", "2026-07-01T09:00:00Z", "30", "50", "approved", "1", ""]
    row_hash = hashlib.sha256(text.encode()).hexdigest()
    file.write_text(",".join(EARLIER_COLUMNS) + "\n" + ",".join([*cells, row_hash]) + "\n")
    (row,) = verified_log(workspace)
    assert given_approvals([row], "lapsed", "fp", {"data_owner": "channels=1;offer=2"}, ROSTER) == {}
    append_rows(workspace, [log_row("lapsed", "fp", "data_owner", "Bob")])
    first, second = verified_log(workspace)
    assert first.cells["row_hash"] == second.cells["previous_hash"] == row_hash
    given = given_approvals([first, second], "lapsed", "fp", {"data_owner": "channels=1;offer=2"}, ROSTER)
    assert given["data_owner"]["approved_by"] == "Bob"
