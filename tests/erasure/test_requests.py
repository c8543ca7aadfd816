"""Requests that arrive, are refused, are interrupted or are repeated; on a hand-made warehouse, without a build."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from scripts.__main__ import main
from scripts.erasure import command
from scripts.erasure.command import Request, erase, requests_of_file
from scripts.intake.command import intake
from scripts.platform.errors import CheckFailed, UserError
from scripts.platform.warehouse import open_warehouse
from scripts.platform.workspace import Workspace
from tests.support.everywhere import Subject, places
from tests.support.workspaces import workspace_in

CRM = "profile_id,customer_number,loyalty_number,email,phone,first_name,last_name,street,created_at,synced_at\n"
RECEIPTS = "receipt_id,sold_at,currency,loyalty_number,email,status,total_amount,synced_at\n"
CONSENT = "event_id,email,channel,purpose,status,occurred_at,synced_at\n"
REQUESTS = "request_id,email,phone,loyalty_number,requested_at,reason\n"
DAY = "2026-06-01 10:00:00"
# Identities as a build resolves them: two people with the till's e-mail address on their receipts.
IDENTITIES = f"""
    create schema intermediate;
    create table intermediate.int_customer_identities (profile_key varchar, source_system varchar,
        source_profile_id varchar, customer_id varchar, first_seen_at timestamp);
    insert into intermediate.int_customer_identities values
        ('crm:P1', 'crm', 'P1', 'cust-one', '{DAY}'), ('crm:P2', 'crm', 'P2', 'cust-two', '{DAY}'),
        ('pos:R1', 'pos', 'R1', 'cust-one', '{DAY}'), ('pos:R2', 'pos', 'R2', 'cust-two', '{DAY}');
    create table intermediate.int_identity_profiles (profile_key varchar, email varchar, phone varchar,
        loyalty_number varchar, customer_number varchar, shop_customer_id varchar);
    insert into intermediate.int_identity_profiles values
        ('crm:P1', 'ann@example.com', '+447700900001', 'LOY-0001', 'CUS-0001', null),
        ('crm:P2', 'bob@example.com', '+447700900002', 'LOY-0002', 'CUS-0002', null),
        ('pos:R1', 'till@example.com', null, 'LOY-0001', null, null),
        ('pos:R2', 'till@example.com', null, 'LOY-0002', null, null);
    create table intermediate.int_identity_edges (profile_key varchar, identifier varchar);
    insert into intermediate.int_identity_edges values
        ('crm:P1', 'email:ann@example.com'), ('crm:P1', 'phone:+447700900001'), ('crm:P1', 'loyalty_number:LOY-0001'),
        ('pos:R1', 'loyalty_number:LOY-0001'), ('crm:P2', 'email:bob@example.com'),
        ('crm:P2', 'loyalty_number:LOY-0002'), ('pos:R2', 'loyalty_number:LOY-0002');
"""


@pytest.fixture
def workspace(tmp_path: Path) -> Workspace:
    """Two customers with one receipt each, loaded and resolved."""
    made = workspace_in(tmp_path / "workspace")
    deliver(made, "crm/profile/a_2026-06-02.csv", CRM
            + f"P1,CUS-0001,LOY-0001,Ann@Example.com,07700 900001,Ann,Archer,1 Long Lane,{DAY},{DAY}\n"
            + f"P2,CUS-0002,LOY-0002,bob@example.com,07700 900002,Bob,Baker,2 Long Lane,{DAY},{DAY}\n")  # fmt: skip
    deliver(made, "pos/receipt/a_2026-06-02.csv", RECEIPTS
            + f"R1,{DAY},GBP,LOY-0001,till@example.com,completed,10.50,{DAY}\n"
            + f"R2,{DAY},GBP,LOY-0002,till@example.com,completed,20.00,{DAY}\n")  # fmt: skip
    load(made)
    with open_warehouse(made.warehouse) as connection:
        connection.execute(IDENTITIES)
    return made


def deliver(workspace: Workspace, name: str, text: str) -> None:
    file = workspace.landing / name
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_text(text)


def load(workspace: Workspace) -> list[str]:
    said: list[str] = []
    intake(workspace, said.append)
    return said


def rows(workspace: Workspace, query: str) -> list[tuple[Any, ...]]:
    with open_warehouse(workspace.warehouse, read_only=True) as connection:
        return connection.execute(query).fetchall()


def ask(**given: str) -> list[Request]:
    return [Request(tuple(given.items()))]


def quiet(_: str) -> None:
    return None


def test_the_search_finds_only_planted_identifiers(workspace: Workspace) -> None:
    subject = Subject({"ann@example.com", "loy-0001", "cus-0001", "1 long lane"}, {"7700900001"}, ("ann", "archer"))
    before = places(workspace.home, subject, (workspace.landing,))
    assert any("raw_crm.profile" in place for place in before) and any("bytes" in place for place in before)
    erase(workspace, ask(email="ann@example.com"), progress=quiet)
    assert places(workspace.home, subject, (workspace.landing,)) == []
    (workspace.home / "left.json").write_text('{"to": "ANN@example.com"}')
    assert places(workspace.home, subject, (workspace.landing,)) == ["left.json: bytes"]


def test_a_file_that_cannot_be_rewritten_is_reported(workspace: Workspace) -> None:
    (workspace.home / "left.bin").write_bytes(b"\0\xff ann@example.com")
    with pytest.raises(CheckFailed, match=r"left.bin: contains a person and cannot be rewritten; delete it"):
        erase(workspace, ask(email="ann@example.com"), progress=quiet)
    (workspace.home / "left.bin").unlink()
    erase(workspace, [], progress=quiet)
    assert not (workspace.home / "erasures" / ".journal.json").exists()


def test_profiles_are_deleted_and_receipts_stay_without_a_person(workspace: Workspace) -> None:
    erase(workspace, ask(email=" ANN@example.com"), progress=quiet)
    total = "cast(total_amount as varchar)"
    assert rows(workspace, "select profile_id, email from raw_crm.profile") == [("P2", "bob@example.com")]
    assert rows(workspace, f"select receipt_id, loyalty_number, email, {total} from raw_pos.receipt order by 1") == [
        ("R1", None, None, "10.5000"), ("R2", "LOY-0002", "till@example.com", "20.0000"),
    ]  # fmt: skip
    landed = rows(workspace, "select accepted_rows, erased_rows from intake.files order by path")
    assert landed == [(1, 1), (2, 0)]


def test_intake_carries_out_landed_requests_and_empties_them(workspace: Workspace) -> None:
    deliver(workspace, "privacy/erasure_request/a_2026-06-03.csv",
            f"{REQUESTS}Q1,,+44 7700 900001,,{DAY},moves to Ann's sister\n")  # fmt: skip
    load(workspace)
    assert rows(workspace, "select count(*) from raw_crm.profile where profile_id = 'P1'") == [(0,)]
    assert rows(workspace, "select request_id, phone, reason from raw_privacy.erasure_request") == [("Q1", None, None)]
    assert rows(workspace, "select request_id, outcome from state.erasure_requests") == [("Q1", "erased")]
    assert b"7700900001" not in workspace.warehouse.read_bytes().replace(b" ", b"")
    # The same request in another file is recognised, and nothing of it is stored.
    deliver(workspace, "privacy/erasure_request/b_2026-06-04.csv",
            f"{REQUESTS}Q1,,+44 7700 900001,,{DAY},moves to Ann's sister\n")  # fmt: skip
    load(workspace)
    assert rows(workspace, "select request_id, phone, reason from raw_privacy.erasure_request") == [("Q1", None, None)]


def test_a_new_delivery_of_the_person_is_skipped_and_a_strangers_is_not(workspace: Workspace) -> None:
    erase(workspace, ask(loyalty_number="LOY-0001"), progress=quiet)
    later = "2026-06-09 10:00:00"
    deliver(workspace, "crm/profile/b_2026-06-10.csv", CRM
            + f"P1,CUS-0001,LOY-0001,ann.new@example.com,,Ann,Archer,9 New Road,{DAY},{later}\n"
            + f"P3,CUS-0003,,carl@example.com,07700 900001,Carl,Cook,3 Long Lane,{DAY},{later}\n")  # fmt: skip
    deliver(workspace, "pos/receipt/b_2026-06-10.csv", RECEIPTS
            + f"R1,{DAY},GBP,LOY-0001,till@example.com,refunded,10.50,{later}\n"
            + f"R3,{DAY},GBP,LOY-0001,,completed,5.00,{later}\n")  # fmt: skip
    load(workspace)
    # A recycled number: the stranger stays, without the number, which is still recorded as erased.
    assert rows(workspace, "select profile_id, first_name, phone from raw_crm.profile order by 1") == [
        ("P2", "Bob", "07700 900002"), ("P3", "Carl", None),
    ]  # fmt: skip
    receipts = "select receipt_id, status, loyalty_number, email from raw_pos.receipt where receipt_id <> 'R2'"
    assert rows(workspace, f"{receipts} order by all") == [
        ("R1", "completed", None, None), ("R1", "refunded", None, None), ("R3", "completed", None, None),
    ]  # fmt: skip
    assert rows(workspace, "select landed_rows - accepted_rows - duplicate_rows - rejected_rows - erased_rows from "
                       "intake.files where delivered_at > timestamp '2026-06-05'") == [(0,), (0,)]  # fmt: skip


def test_shared_identifiers_identify_nobody(workspace: Workspace) -> None:
    before = rows(workspace, "from raw_pos.receipt order by 1")
    with pytest.raises(CheckFailed, match="shared by several people or belong to nobody"):
        erase(workspace, ask(email="till@example.com"), progress=quiet)
    with pytest.raises(CheckFailed, match="belong to 2 people"):
        erase(workspace, ask(email="ann@example.com", loyalty_number="LOY-0002"), progress=quiet)
    with pytest.raises(UserError, match="is not valid"):
        erase(workspace, ask(email="ann at example"), progress=quiet)
    assert rows(workspace, "from raw_pos.receipt order by 1") == before


def test_unknown_identifiers_are_recorded_as_erased(workspace: Workspace) -> None:
    outcome = erase(workspace, ask(email="dora@example.com"), progress=quiet)
    assert (outcome.erased, outcome.unknown) == (0, 1)
    deliver(workspace, "crm/profile/c_2026-06-11.csv", CRM + f"P4,CUS-0004,,Dora@example.com,,Dora,Dane,,{DAY},{DAY}\n")
    load(workspace)
    assert rows(workspace, "select count(*) from raw_crm.profile where profile_id = 'P4'") == [(0,)]


def test_a_legal_hold_stops_an_erasure(workspace: Workspace) -> None:
    deliver(workspace, "consent/consent_event/a_2026-06-02.csv",
            f"{CONSENT}E1,ann@example.com,all,legal_hold,opted_out,{DAY},{DAY}\n")  # fmt: skip
    load(workspace)
    with pytest.raises(CheckFailed, match="legal hold") as stopped:
        erase(workspace, ask(email="ann@example.com"), progress=quiet)
    assert "\n" not in str(stopped.value)
    assert rows(workspace, "select count(*) from raw_crm.profile") == [(2,)]
    erase(workspace, ask(email="ann@example.com"), despite_hold=True, progress=quiet)
    assert rows(workspace, "select count(*) from raw_crm.profile") == [(1,)]


@pytest.mark.parametrize(
    "step",
    [
        "rewrite_file",
        *(pytest.param(name, marks=pytest.mark.verify) for name in ("_in_warehouse", "rewrite_versions", "search")),
    ],
)
def test_a_killed_erasure_is_finished_by_the_next_run(
    workspace: Workspace, step: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    class Killed(BaseException):
        pass

    def die(*_: Any, **__: Any) -> None:
        raise Killed

    (workspace.home / "note.txt").write_text("ann@example.com")
    with monkeypatch.context() as patched:
        patched.setattr(command, step, die)
        with pytest.raises(Killed):
            erase(workspace, ask(email="ann@example.com"), progress=quiet)
    journal = workspace.home / "erasures" / ".journal.json"
    assert journal.exists() and journal.stat().st_mode & 0o077 == 0
    said: list[str] = []
    erase(workspace, [], progress=said.append)
    assert said[0] == "an earlier erasure was interrupted; finishing it first"
    assert not journal.exists()
    assert rows(workspace, "select profile_id from raw_crm.profile") == [("P2",)]
    assert (workspace.home / "note.txt").read_text() == "[erased]"
    assert b"ann@example.com" not in workspace.warehouse.read_bytes().lower()


STEPS = (
    "_in_warehouse",
    "save_state",
    "close_requests",
    "rewrite_file",
    "rewrite_versions",
    "search",
    "certify",
    "end",
)


class _Killed(BaseException):
    pass


def killed_at(step: str, workspace: Workspace, monkeypatch: pytest.MonkeyPatch) -> None:
    """Erase Ann, but die when `step` begins."""

    def die(*_: Any, **__: Any) -> None:
        raise _Killed

    with monkeypatch.context() as patched:
        patched.setattr(command._Journal if step == "end" else command, step, die)
        with pytest.raises(_Killed):
            erase(workspace, ask(email="ann@example.com"), progress=quiet)


def certificate(workspace: Workspace) -> dict[str, Any]:
    (file,) = [file for file in (workspace.home / "erasures").glob("*.json") if file.name[0] not in ".t"]
    found: dict[str, Any] = json.loads(file.read_text())
    return found


@pytest.mark.parametrize("step", STEPS)
def test_certificates_survive_kills_and_repetitions(
    workspace: Workspace, step: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Killed at every step, repeated three times and killed in a repetition: what was done stays certified."""
    (workspace.home / "note.txt").write_text("ann@example.com")
    killed_at(step, workspace, monkeypatch)
    for _ in range(3):
        erase(workspace, ask(email="ann@example.com"), progress=quiet)
    killed_at(step, workspace, monkeypatch)
    erase(workspace, [], progress=quiet)
    found = certificate(workspace)
    assert found["outcome"] == "erased"
    assert found["customer_ids"] == ["cust-one"]
    # By hand: one profile and one receipt of hers were delivered, and one file mentions her.
    assert found["raw_tables"] == {"crm/profile": {"deleted": 1}, "pos/receipt": {"redacted": 1}}
    assert found["files"] == {"note.txt": 1}
    assert found["searched"]["places_left"] == 0
    assert [run["outcome"] for run in found["runs"]] == ["erased"] + ["nobody found"] * 4
    kept = json.loads((workspace.home / "erasures" / "tombstones.json").read_text())
    # E-mail address, phone, loyalty and customer number, profile and receipt.
    assert len(kept["erasure_tombstones"]) == found["tombstones"] == 6
    assert rows(workspace, "select distinct outcome from state.erasure_requests") == [("erased",)]
    assert rows(workspace, "select profile_id from raw_crm.profile") == [("P2",)]


def test_a_repeated_erasure_that_was_killed_removes_what_came_since(
    workspace: Workspace, monkeypatch: pytest.MonkeyPatch
) -> None:
    """That the log has the person already does not mean that this run reached the warehouse."""
    erase(workspace, ask(email="ann@example.com"), progress=quiet)
    before = certificate(workspace)
    with open_warehouse(workspace.warehouse) as connection:
        connection.execute("update raw_pos.receipt set email = 'ann@example.com' where receipt_id = 'R2'")
    killed_at("_in_warehouse", workspace, monkeypatch)
    erase(workspace, [], progress=quiet)
    assert rows(workspace, "select count(*) from raw_pos.receipt where email like 'ann%'") == [(0,)]
    after = certificate(workspace)
    assert after["carried_out_at"] == before["carried_out_at"]
    # By hand: her own receipt, then the mention of her on that of Bob, whose loyalty card it names.
    assert before["raw_tables"]["pos/receipt"] == {"redacted": 1}
    assert after["raw_tables"]["pos/receipt"] == {"mention removed": 1, "redacted": 1}


def test_another_identifier_of_an_erased_person_names_the_erasure(workspace: Workspace) -> None:
    erase(workspace, ask(email="ann@example.com"), progress=quiet)
    first = certificate(workspace)["erasure_id"]
    erase(workspace, ask(phone="07700 900001"), progress=quiet)
    (other,) = [
        json.loads(file.read_text())
        for file in (workspace.home / "erasures").glob("*.json")
        if file.name not in ("tombstones.json", f"{first}.json")
    ]
    assert (other["outcome"], other["erased_before_as"]) == ("nobody found", [first])


def test_a_dry_run_changes_nothing(workspace: Workspace) -> None:
    everything = "select (select list(p order by p) from raw_crm.profile as p), (select list(f) from intake.files as f)"
    before, said = rows(workspace, everything), list[str]()
    erase(workspace, ask(email="ann@example.com"), dry_run=True, progress=said.append)
    assert any("crm/profile: rows deleted 1" in line for line in said)
    assert rows(workspace, everything) == before
    assert not (workspace.home / "erasures" / "tombstones.json").exists()


def test_the_command_takes_a_file_and_prints_no_identifier(
    workspace: Workspace, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    file = tmp_path / "asked.csv"
    file.write_text("request_id,email,loyalty_number\nA,ann@example.com,\nB,till@example.com,\nC,,LOY-0002\n")
    assert main(["erase", "--warehouse", str(workspace.warehouse), "--file", str(file)]) == 1
    output = capsys.readouterr()
    assert "line 3" in output.err and "example.com" not in output.out + output.err
    assert rows(workspace, "select count(*) from raw_crm.profile") == [(0,)]
    assert (
        main(["erase", "--warehouse", str(workspace.warehouse), "--file", str(file), "--email", "x@example.com"]) == 2
    )
    file.write_text("name\nAnn\n")
    with pytest.raises(UserError, match="has none of the columns"):
        requests_of_file(file)


def test_a_concurrent_erasure_or_a_changed_key_is_refused(
    workspace: Workspace, monkeypatch: pytest.MonkeyPatch
) -> None:
    erase(workspace, ask(email="ann@example.com"), progress=quiet)
    with command._only_eraser(workspace), pytest.raises(UserError, match="another erasure is running"):
        erase(workspace, ask(email="bob@example.com"), progress=quiet)
    monkeypatch.setenv("SEGMENTATION_HASH_KEY", "another")
    with pytest.raises(UserError, match="another SEGMENTATION_HASH_KEY"):
        load(workspace)
