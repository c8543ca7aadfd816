"""Nothing is exported without approval, consent and a manifest; an export is complete and private."""

from __future__ import annotations

import csv
import hashlib
import json
import stat
from datetime import UTC, datetime, timedelta
from pathlib import Path

import duckdb
import pytest

from scripts.platform.errors import CheckFailed, UserError
from scripts.platform.workspace import Workspace
from scripts.segments.approval_log import FILE, append_rows, log_heads, read_log
from scripts.serving.export import export
from tests.support.small_library import log_row, small_library


@pytest.fixture
def workspace(tmp_path: Path) -> Workspace:
    return small_library(tmp_path)


def quiet(_: str) -> None:
    return None


def written(folder: Path) -> list[dict[str, str]]:
    with (folder / "audience.csv").open(newline="", encoding="utf-8") as lines:
        return list(csv.DictReader(lines))


def test_an_approved_audience_is_written_with_its_manifest(workspace: Workspace) -> None:
    folder = export(workspace, "lapsed", progress=quiet)
    rows = written(folder)
    assert [(row["customer_id"], row["email"], row["is_primary"]) for row in rows] == [
        ("c1", "one@example.com", "true"),
        ("c2", "two@example.com", "false"),
    ]
    manifest = json.loads((folder / "manifest.json").read_text())
    assert manifest["file"]["sha256"] == hashlib.sha256((folder / "audience.csv").read_bytes()).hexdigest()
    assert manifest["published_version"] == "v1"
    assert manifest["rule"]["fingerprint"] == "fp-lapsed"
    assert {approval["approved_by"] for approval in manifest["approvals"]} == {"Ann", "Bob", "Cid"}
    counts = manifest["counts"]
    assert counts["members"] == counts["written"] + sum(counts["left_out"].values())
    assert counts["left_out"]["unsafe_address"] == 1


def test_only_the_owner_can_read_it(workspace: Workspace) -> None:
    folder = export(workspace, "lapsed", progress=quiet)
    assert stat.S_IMODE(folder.stat().st_mode) == 0o700
    assert {stat.S_IMODE(file.stat().st_mode) for file in folder.iterdir()} == {0o600}


def test_formulas_are_disarmed_and_phone_numbers_are_not(workspace: Workspace) -> None:
    assert written(export(workspace, "lapsed", progress=quiet))[1]["explanation"] == "'=1+1"
    assert written(export(workspace, "lapsed", "sms", progress=quiet))[0]["phone"] == "+447700900123"


def test_the_same_export_again_is_left_as_it_is_and_nothing_is_overwritten(
    workspace: Workspace, tmp_path: Path
) -> None:
    folder = export(workspace, "lapsed", progress=quiet)
    before = (folder / "manifest.json").read_bytes()
    assert export(workspace, "lapsed", progress=quiet) == folder
    assert (folder / "manifest.json").read_bytes() == before
    (folder / "audience.csv").write_text("spoilt")
    with pytest.raises(UserError, match="exists already"):
        export(workspace, "lapsed", progress=quiet)
    (tmp_path / "mine").mkdir()
    with pytest.raises(UserError, match="exists already"):
        export(workspace, "lapsed", out=tmp_path / "mine", progress=quiet)


@pytest.mark.parametrize(
    ("segment", "channel", "words"),
    [
        ("laps", "email", "did you mean `lapsed`"),
        ("lapsed", "ads", "channel `ads` cannot be exported"),
        ("promoters", "sms", "may not be used on sms"),
        ("promoters", "email", "the approval of campaign_owner, data_owner is missing"),
        (
            "changed",
            "email",
            r"its rule changed since it was approved \(version 1 to 3: days since last order is at least 120 became at "
            "least 100.; approve it with",
        ),
        ("grown", "email", "it has 90 customers, outside the approved range .*30 to 50"),
        ("nobody", "email", "none of its 3 members may be contacted by email .3 no consent"),
        ("vip", "email", "is draft: these attributes do not exist yet: lifetime_value_total"),
        ("inactive", "email", "is not_computable: their source is off"),
        ("suppression", "email", "must not be contacted"),
    ],
)
def test_a_refusal_gives_its_reason_on_one_line_and_writes_nothing(
    workspace: Workspace, segment: str, channel: str, words: str
) -> None:
    with pytest.raises((UserError, CheckFailed), match=words) as problem:
        export(workspace, segment, channel, progress=quiet)
    assert len(str(problem.value).splitlines()) == 1
    assert not workspace.exports.exists()


def test_a_withdrawal_takes_effect_at_once_and_a_new_approval_restores_it(workspace: Workspace) -> None:
    append_rows(workspace, [log_row("lapsed", "fp-lapsed", "data_owner", "Zoe", "withdrawn")])
    with pytest.raises(CheckFailed, match="not approved: Zoe withdrew the approval as data_owner at 2026-07-01"):
        export(workspace, "lapsed", progress=quiet)
    assert not workspace.exports.exists()
    append_rows(workspace, [log_row("lapsed", "fp-lapsed", "data_owner", "Cid")])
    folder = export(workspace, "lapsed", progress=quiet)
    head = json.loads((folder / "manifest.json").read_text())["approval_head"]
    assert head == log_heads(read_log(workspace.seeds))["lapsed"] and head["sequence"] == 5


def test_nothing_is_exported_with_a_log_that_was_tampered_with_or_replaced(workspace: Workspace) -> None:
    file = workspace.seeds / FILE
    text = file.read_text()
    file.write_text(text.replace("Bob", "Eve", 1))
    with pytest.raises(CheckFailed, match="row 2 of its approvals was changed after it was written"):
        export(workspace, "lapsed", progress=quiet)
    file.write_text(text.splitlines()[0] + "\n")
    with pytest.raises(CheckFailed, match="the approval of Bob as campaign_owner is not in"):
        export(workspace, "lapsed", progress=quiet)
    assert not workspace.exports.exists()
    file.write_text(text)
    assert export(workspace, "lapsed", progress=quiet)


def test_nothing_published_is_reported(workspace: Workspace) -> None:
    workspace.published.unlink()
    with pytest.raises(UserError, match="nothing is published"):
        export(workspace, "lapsed", progress=quiet)


def describe_day(workspace: Workspace, days_ago: int) -> None:
    day = datetime.now(UTC).date() - timedelta(days=days_ago)
    with duckdb.connect(str(workspace.published / "activation.duckdb")) as activation:
        activation.execute("update audience_counts set as_of_date = ?", [day])


def test_an_old_audience_of_real_people_needs_a_reason(workspace: Workspace) -> None:
    """A pinned day makes sources look fresh for ever; whoever opted out since would still get the campaign."""
    with duckdb.connect(str(workspace.published / "marts.duckdb")) as marts:
        marts.execute("update build_notes set value = 'own' where subject = 'kind'")
    describe_day(workspace, 1030)
    with pytest.raises(CheckFailed, match=r"`lapsed` is as of [0-9-]+, 1,030 days ago, and who opted out since"):
        export(workspace, "lapsed", progress=quiet)
    assert not workspace.exports.exists()
    assert written(export(workspace, "lapsed", despite_qa="a test mailing to ourselves", progress=quiet))
    describe_day(workspace, 1)
    assert written(export(workspace, "lapsed", progress=quiet))


def test_a_changed_use_is_named_by_part(workspace: Workspace) -> None:
    with duckdb.connect(str(workspace.published / "marts.duckdb")) as marts:
        marts.execute("update segment_library set approval_status = 'partial' where segment_key = 'lapsed'")
        marts.execute(
            "update segment_approval_status set is_given = false, changed_parts = 'channels, suppression in force'"
            " where segment_key = 'lapsed' and role <> 'data_owner'"
        )
    with pytest.raises(CheckFailed) as problem:
        export(workspace, "lapsed", progress=quiet)
    assert str(problem.value) == (
        "segment `lapsed` is not approved: changed since its approval: channels, suppression in force; this ends the "
        "approval as campaign_owner (given by Bob at 2026-07-01T09:00:00Z), segment_owner (given by Ann at "
        "2026-07-01T09:00:00Z); approve it with `python -m scripts approve`, then build and publish"
    )
    assert not workspace.exports.exists()


def edit(workspace: Workspace, seed: str, old: str, new: str) -> None:
    file = workspace.seeds / f"{seed}.csv"
    text = file.read_text()
    assert text.count(old) == 1
    file.write_text(text.replace(old, new))


@pytest.mark.parametrize(
    ("seed", "old", "new", "words"),
    [
        ("segment_definitions", "lapsed,active", "lapsed,Paused", "segment `lapsed` is paused in "),
        ("segment_definitions", "lapsed,active", "lapsed,retired", "segment `lapsed` is retired in "),
        ("segment_definitions", "lapsed,active", "other,active", "segment `lapsed` is no longer in "),
        (
            "segment_definitions",
            "suppression,active",
            "suppression,paused",
            "suppression segment `suppression` changed",
        ),
        ("segment_definitions", "suppression,active,email", "suppression,active,sms", "segment `suppression` changed"),
        ("segment_definitions", "suppression|core", "core", "suppression segment `suppression` changed"),
        ("segment_rule_conditions", "complaint_count_30d,>=,1", "complaint_count_30d,>=,2", "`suppression` changed"),
        # What its rule rests on: a segment it refers to, and an event window.
        ("segment_rule_conditions", "nps_score,>=,9", "nps_score,>=,8", "segment `suppression` changed"),
        ("behaviour_windows", "count,30", "count,7", "suppression segment `suppression` changed"),
        ("consent_rules", "marketing,true", "marketing,false", "consent rules changed"),
        ("segment_definitions", "recovery,active", "recovery,paused", "service recovery segment `recovery` changed"),
    ],
)
def test_what_the_seeds_say_now_stops_the_next_export(
    workspace: Workspace, seed: str, old: str, new: str, words: str
) -> None:
    """Without a build; and what was put back allows it again."""
    file = workspace.seeds / f"{seed}.csv"
    before = file.read_text()
    edit(workspace, seed, old, new)
    with pytest.raises(CheckFailed) as problem:
        export(workspace, "lapsed", progress=quiet)
    message = str(problem.value)
    assert words in message
    assert str(workspace.seeds) in message
    assert message.endswith(("build and publish to use it again", "build and publish before anything is exported"))
    assert len(message.splitlines()) == 1
    assert not workspace.exports.exists()
    file.write_text(before)
    assert export(workspace, "lapsed", progress=quiet)


@pytest.mark.parametrize("damage", [b"segment_key,status\nlapsed,\xff\n", b"key,status\nlapsed,active\n"])
def test_a_damaged_library_is_named(workspace: Workspace, damage: bytes) -> None:
    file = workspace.seeds / "segment_definitions.csv"
    file.write_bytes(damage)
    with pytest.raises(UserError, match=r"segment_definitions\.csv: .*`python -m scripts validate` says"):
        export(workspace, "lapsed", progress=quiet)


def test_another_suppression_segment_stops_the_next_export(workspace: Workspace) -> None:
    file = workspace.seeds / "segment_definitions.csv"
    file.write_text(file.read_text() + "suppression_new,active,sms,all,,suppression\n")
    with pytest.raises(CheckFailed, match="suppression segment `suppression_new` changed"):
        export(workspace, "lapsed", progress=quiet)


@pytest.mark.parametrize(
    ("seed", "old", "new"),
    [
        # Spelling, other segments and descriptions decide nothing about this audience.
        ("segment_definitions", "suppression,active,email,all", " suppression , Active,email,all"),
        ("segment_definitions", "promoters,active", "promoters,paused"),
        ("segment_rule_conditions", "days_since_last_order,>=,120", "days_since_last_order,>=,130"),
        ("behaviour_windows", "30,Complaints", "30,Complaints in words"),
        ("consent_rules", "Asked twice", "Asked two times"),
    ],
)
def test_other_changes_wait_for_the_build(workspace: Workspace, seed: str, old: str, new: str) -> None:
    edit(workspace, seed, old, new)
    assert export(workspace, "lapsed", progress=quiet)


def test_a_segment_that_sells_is_exported_to_those_whose_action_it_decides(workspace: Workspace) -> None:
    """Of three who may be contacted by e-mail, c1 has it as primary segment; c3's address is unsafe."""
    with duckdb.connect(str(workspace.published / "marts.duckdb")) as marts:
        marts.execute("update segment_library set is_selling = true where segment_key = 'lapsed'")
    said: list[str] = []
    folder = export(workspace, "lapsed", progress=said.append)
    assert [row["customer_id"] for row in written(folder)] == ["c1"]
    manifest = json.loads((folder / "manifest.json").read_text())
    assert manifest["members"] == "primary"
    assert manifest["other_primary_segments"] == {"promoters": 2}
    assert manifest["counts"]["left_out"]["other_primary"] == 2
    assert said[-1] == "  2 have another primary segment, such as promoters: left out; --members all includes them"
    everybody = export(workspace, "lapsed", out=workspace.home / "all", members="all", progress=quiet)
    rows = written(everybody)
    assert [(row["customer_id"], row["primary_segment_key"]) for row in rows] == [("c1", "lapsed"), ("c2", "promoters")]
    with pytest.raises(UserError, match="--members some: not known; use primary or all"):
        export(workspace, "lapsed", members="some", progress=quiet)
    with duckdb.connect(str(workspace.published / "activation.duckdb")) as activation:
        activation.execute("update audience_members set is_primary = false")
    with pytest.raises(CheckFailed, match="another segment decides the next action of all 3"):
        export(workspace, "lapsed", out=workspace.home / "none", progress=quiet)
    assert not (workspace.home / "none").exists()
