"""Approvals count by the roster of their day, and nobody is two people in it."""

from __future__ import annotations

from pathlib import Path

import pytest

from scripts.platform.approval_key import KEY_VARIABLE
from scripts.platform.errors import CheckFailed, UserError
from scripts.platform.workspace import Workspace
from scripts.segments.approvers import ROSTER, read_roster, sign_roster, skeleton
from scripts.serving.export import export
from tests.support.small_library import ROSTER as SMALL_ROSTER
from tests.support.small_library import small_library

HEADER = "approver_id,name,roles,valid_from,valid_to,signature\n"


@pytest.fixture
def workspace(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Workspace:
    monkeypatch.delenv(KEY_VARIABLE, raising=False)
    return small_library(tmp_path)


def quiet(_: str) -> None:
    return None


def write(workspace: Workspace, *lines: str) -> None:
    (workspace.seeds / ROSTER).write_text(HEADER + "\n".join(lines) + "\n", encoding="utf-8")


@pytest.mark.parametrize(
    "other",
    ["ANN LEE",
      "ann  lee", "Ann\u00a0Lee", "\uff21nn Lee", "\u0410nn Lee", "Ann L\u0435e", "Ann L\u03b5e", "\u00c4nn Lee",
     "Ann.Lee"],
    ids=["case", "blanks", "hard blank", "width", "Cyrillic A", "Cyrillic e", "Greek epsilon", "accent", "point"],
)  # fmt: skip
def test_spellings_of_one_name_are_refused(workspace: Workspace, other: str) -> None:
    write(workspace, "ann,Ann Lee,data_owner,2026-01-01,,", f"second,{other},risk_owner,2026-01-01,,")
    with pytest.raises(UserError, match=r"line 3: `second` looks like `ann` in id or name"):
        read_roster(workspace)


def test_ids_that_look_alike_are_refused_and_others_are_not(workspace: Workspace) -> None:
    write(workspace, "bill,B One,data_owner,2026-01-01,,", "bi11,Someone Else,data_owner,2026-01-01,,")
    with pytest.raises(UserError, match="`bi11` looks like `bill`"):
        read_roster(workspace)
    assert len({skeleton(name) for name in ("Ann", "Anna", "Hanna", "Bob", "Rob", "Ana")}) == 6
    assert list(read_roster(small_library(workspace.home / "other"))) == ["Ann", "Bob", "Cid", "Dora", "Eve"]


@pytest.mark.parametrize(
    ("line", "words"),
    [
        ("ann,Ann,boss,2026-01-01,,", "role `boss` is not known"),
        ("ann,Ann,data_owner,1.7.2026,,", "valid_from `1.7.2026` is not a date"),
        ("ann,Ann,data_owner,,,", "valid_from `` is not a date"),
        ("ann,,data_owner,2026-01-01,,", "approver_id or name is empty"),
        ("an\u200bn,Ann,data_owner,2026-01-01,,", "letters that cannot be seen"),
        ("ann,Ann,data_owner,2026-01-01", "has 4 cells, not 6"),
        ("demo_owner,Demo Owner,data_owner,2026-01-01,,", "`demo_owner` approves in demos only"),
    ],
)
def test_faults_are_named_with_their_line(workspace: Workspace, line: str, words: str) -> None:
    write(workspace, line)
    with pytest.raises(UserError, match=f"{ROSTER}, line 2: .*{words}"):
        read_roster(workspace)


def test_ids_of_a_demo_hold_on_its_data(workspace: Workspace) -> None:
    write(workspace, "demo_owner,Demo Owner,data_owner,2026-01-01,,")
    workspace.landing.mkdir()
    (workspace.landing / "_simulation.json").write_text("{}")
    assert list(read_roster(workspace)) == ["demo_owner"]


@pytest.mark.parametrize(
    ("before", "after", "words"),
    [
        ("Ann,Ann Example,segment_owner|data_owner,2026-01-01,,\n", "", "`Ann`, who approved as segment_owner, is not"),
        ("Cid Example,data_owner|risk", "Cid Example,risk", "`Cid` did not hold the role data_owner on 2026-07-01"),
        ("Bob Example,campaign_owner,2026-01-01,,", "Bob Example,campaign_owner,2026-07-02,,", "`Bob` did not hold"),
    ],
    ids=["removed", "role taken", "came later"],
)  # fmt: skip
def test_export_names_who_may_not_sign(workspace: Workspace, before: str, after: str, words: str) -> None:
    assert export(workspace, "lapsed", progress=quiet)
    assert before in SMALL_ROSTER
    (workspace.seeds / ROSTER).write_text(SMALL_ROSTER.replace(before, after), encoding="utf-8")
    with pytest.raises(CheckFailed, match=words) as refused:
        export(workspace, "lapsed", progress=quiet)
    assert len(str(refused.value).splitlines()) == 1


def test_with_a_key_only_signed_rows_count(workspace: Workspace, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(KEY_VARIABLE, "secret")
    assert read_roster(workspace) == {}
    assert sign_roster(workspace) == 5
    assert len(read_roster(workspace)) == 5
    file = workspace.seeds / ROSTER
    signed = file.read_text()
    file.write_text(signed + "eva,Eva New,risk_owner,2026-01-01,,\n")
    assert "eva" not in read_roster(workspace)
    file.write_text(signed.replace("Bob Example,campaign_owner", "Bob Example,risk_owner"))
    with pytest.raises(CheckFailed, match="`Bob` was changed after it was signed"):
        read_roster(workspace)
    file.write_text(signed)
    monkeypatch.delenv(KEY_VARIABLE)
    with pytest.raises(CheckFailed, match="its signature cannot be checked without the key"):
        read_roster(workspace)
    with pytest.raises(UserError, match="there is no key"):
        sign_roster(workspace)
