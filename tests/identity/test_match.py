"""Pairs are proposed, decided by reviewers, and written to the landing zone once."""

from __future__ import annotations

import builtins
import csv
import json
import shutil
import stat
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import duckdb
import pytest

from scripts.__main__ import main
from scripts.identity import matching
from scripts.identity.matching.decisions import COLUMNS, decision_id, stored_decisions
from scripts.identity.matching.landed import landing_rows
from scripts.identity.matching.proposals import review_file
from scripts.identity.matching.records import workspace_records
from scripts.identity.matching.training import SETTINGS_FILE, train
from scripts.platform.errors import CheckFailed, UserError
from scripts.platform.keyed_hash import keyed_hash
from scripts.platform.workspace import Workspace
from tests.support.people import FIRST_SURNAME, people_workspace

NOON = datetime(2026, 7, 1, 12, tzinfo=UTC)


def quiet(_: str) -> None:
    """No progress messages."""


@pytest.fixture(scope="module")
def trained(tmp_path_factory: pytest.TempPathFactory) -> Workspace:
    """A built workspace of 160 people, some of them split over two customers, with trained settings and proposals."""
    workspace = people_workspace(tmp_path_factory.mktemp("people"))
    matching.train_workspace(workspace, progress=quiet)
    matching.propose(workspace, progress=quiet)
    return workspace


@pytest.fixture
def workspace(trained: Workspace, tmp_path: Path) -> Workspace:
    """A copy that a test may change."""
    shutil.copytree(trained.home, tmp_path / "workspace")
    return Workspace.at(warehouse=str(tmp_path / "workspace" / "warehouse.duckdb"))


def read(file: Path) -> list[dict[str, str]]:
    with file.open(encoding="utf-8", newline="") as handle:
        return list(csv.DictReader(handle))


def review(workspace: Workspace, **decisions: str) -> Path:
    """Fill in decisions by left profile id; the rest stay open."""
    file = review_file(workspace)
    rows = read(file)
    for row in rows:
        row["decision"] = decisions.get(row["left_profile_id"], "")
    with file.open("w", encoding="utf-8", newline="") as handle:
        writer = csv.DictWriter(handle, list(rows[0]))
        writer.writeheader()
        writer.writerows(rows)
    return file


def pairs(file: Path) -> set[tuple[str, str]]:
    return {(row["left_profile_id"], row["right_profile_id"]) for row in read(file)}


def test_people_under_two_customers_are_proposed_and_namesakes_are_not(trained: Workspace) -> None:
    # c<n> and k<n> are one person under two addresses; the namesakes n1 and n2 differ in all but the name.
    found = pairs(review_file(trained))
    assert found == {(f"c{number}", f"k{number}") for number in range(12)}


def test_the_review_file_is_guarded_and_explains_itself(trained: Workspace) -> None:
    file = review_file(trained)
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    assert stat.S_IMODE(file.parent.stat().st_mode) == 0o700
    row = next(row for row in read(file) if row["left_profile_id"] == "c0")
    assert float(row["match_probability"]) >= 0.9
    assert {"same postcode", "same first name", "same last name"} <= set(row["speaks_for"].split("; "))
    assert row["speaks_against"] == "different e-mail"
    assert (row["left_last_name"], row["right_last_name"]) == (FIRST_SURNAME, FIRST_SURNAME)
    assert row["decision"] == ""


def test_landed_proposals_contain_no_identifiers(trained: Workspace) -> None:
    rows = landing_rows(trained, ("matching", "proposal"))
    assert len(rows) == 12
    first = next(row for row in rows if row["left_source_profile_id"] == keyed_hash("crm:c0"))
    assert first["right_source_profile_id"] == keyed_hash("klaviyo:k0")
    assert first["status"] == "proposed"
    assert first["agreeing_fields"] == "first_name|last_name|address"
    assert first["differing_fields"] == "email"
    text = "".join(file.read_text() for file in trained.landing.joinpath("matching", "proposal").iterdir())
    assert not [word for word in ("@", FIRST_SURNAME, "c0,", "k0,") if word in text]


def test_the_hash_equals_that_of_the_macro(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SEGMENTATION_HASH_KEY", "a key")
    found = duckdb.execute("select substr(sha256('a key|' || 'crm:1'), 1, 32)").fetchall()
    assert found == [(keyed_hash("crm:1"),)]


@pytest.mark.verify
def test_the_same_data_train_the_same_settings(trained: Workspace, workspace: Workspace) -> None:
    stored = (trained.seeds / SETTINGS_FILE).read_bytes()
    matching.train_workspace(workspace, progress=quiet)
    assert (workspace.seeds / SETTINGS_FILE).read_bytes() == stored
    settings = json.loads(stored)
    for levels in settings["comparisons"].values():
        for part in ("m", "u"):
            assert 0.95 < sum(level[part] for level in levels) < 1.05
    assert settings["kind"] == "own"
    # Customers were joined by their address, so it teaches nothing about people with two.
    assert {level["learnt_from_pairs"] for level in settings["comparisons"]["email"]} == {0}


def test_proposing_twice_adds_nothing(workspace: Workspace) -> None:
    before = landing_rows(workspace, ("matching", "proposal"))
    matching.propose(workspace, progress=quiet)
    assert landing_rows(workspace, ("matching", "proposal")) == before


def test_decisions_become_landing_rows_once(workspace: Workspace) -> None:
    file = review(workspace, c0="same", c1="different")
    written = matching.accept(workspace, file, by="Rita", now=NOON, progress=quiet)
    assert written is not None
    assert stat.S_IMODE(written.stat().st_mode) == 0o600
    rows = read(written)
    assert list(rows[0]) == COLUMNS
    sides = ("action", "left_system", "left_profile_id", "right_system", "right_profile_id")
    assert {tuple(row[name] for name in sides) for row in rows} == {
        ("link", "crm", "c0", "klaviyo", "k0"),
        ("cut", "crm", "c1", "klaviyo", "k1"),
    }
    assert {(row["decided_by"], row["decided_at"]) for row in rows} == {("Rita", "2026-07-01 12:00:00")}
    assert not [row for row in rows if FIRST_SURNAME in row["reason"] or "@" in row["reason"]]
    again = matching.accept(workspace, file, by="Rita", now=NOON.replace(hour=13), progress=quiet)
    assert again is None
    assert len(landing_rows(workspace, ("identity", "link_decision"))) == 2


def test_decided_pairs_are_not_proposed_again_and_their_status_is_landed(workspace: Workspace) -> None:
    matching.accept(workspace, review(workspace, c0="same", c1="different"), by="Rita", now=NOON, progress=quiet)
    matching.propose(workspace, progress=quiet)
    assert pairs(review_file(workspace)) == {(f"c{number}", f"k{number}") for number in range(2, 12)}
    newest = {row["proposal_id"]: row["status"] for row in landing_rows(workspace, ("matching", "proposal"))}
    assert sorted(newest.values()) == ["accepted", *["proposed"] * 10, "rejected"]
    assert newest[decision_id("klaviyo:k0", "crm:c0")] == "accepted"


def test_a_changed_mind_is_a_newer_version_of_the_same_decision(workspace: Workspace) -> None:
    file = review(workspace, c0="same")
    matching.accept(workspace, file, by="Rita", now=NOON, progress=quiet)
    review(workspace, c0="different")
    with pytest.raises(UserError, match="a later decision, at "):
        matching.accept(workspace, file, by="Rita", now=NOON, progress=quiet)
    matching.accept(workspace, file, by="Rita", now=NOON.replace(hour=14), progress=quiet)
    key = decision_id("crm:c0", "klaviyo:k0")
    assert [row["decision_id"] for row in landing_rows(workspace, ("identity", "link_decision"))] == [key, key]
    assert stored_decisions(workspace)[key].action == "cut"


def test_a_review_that_was_not_accepted_is_not_overwritten(workspace: Workspace) -> None:
    review(workspace, c0="same")
    with pytest.raises(UserError, match="1 decisions that were not accepted"):
        matching.propose(workspace, progress=quiet)


def test_invalid_reviews_write_nothing(workspace: Workspace) -> None:
    file = review(workspace, c0="same", c1="perhaps")
    with pytest.raises(UserError, match="decision is neither same nor different"):
        matching.accept(workspace, file, by="Rita", progress=quiet)
    with pytest.raises(UserError, match="does not say who decided"):
        matching.accept(workspace, review(workspace, c0="same"), progress=quiet)
    swapped = file.read_text(encoding="utf-8").replace(",klaviyo,k0,", ",klaviyo,k1,")
    file.write_text(swapped, encoding="utf-8")
    with pytest.raises(UserError, match="does not belong to these two profiles"):
        matching.accept(workspace, file, by="Rita", progress=quiet)
    assert not workspace.landing.joinpath("identity").exists()


def test_settings_of_other_data_are_rejected(workspace: Workspace, capsys: pytest.CaptureFixture[str]) -> None:
    file = workspace.seeds / SETTINGS_FILE
    settings: dict[str, Any] = json.loads(file.read_text(encoding="utf-8"))
    for change, message in (
        ({"kind": "demo"}, "trained on data of kind 'demo', these are 'own'"),
        ({"review_threshold": 1.5}, "must be between 0 and 1"),
        ({"blocking_rules": [["shoe_size"]]}, "blocking_rules name shoe_size; use only"),
        ({"comparisons": {}}, "has no settings for address, birth_date, email, first_name, last_name"),
    ):
        file.write_text(json.dumps({**settings, **change}), encoding="utf-8")
        assert main(["match", "--warehouse", str(workspace.warehouse)]) == 2
        output = capsys.readouterr().err
        assert message in output
        assert output.count("\n") == 1
    file.unlink()
    assert main(["match", "--warehouse", str(workspace.warehouse)]) == 2
    assert "has not been trained yet" in capsys.readouterr().err


def test_a_missing_extra_is_reported_in_one_line(
    workspace: Workspace, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    real = builtins.__import__

    def absent(name: str, *arguments: Any, **named: Any) -> Any:
        if name.split(".")[0] == "splink":
            raise ImportError(name)
        return real(name, *arguments, **named)

    monkeypatch.setattr(builtins, "__import__", absent)
    assert main(["match", "--train", "--warehouse", str(workspace.warehouse)]) == 2
    assert capsys.readouterr().err == (
        "error: match needs Splink, which is not installed; `pip install 'customer-segmentation[matching]'` adds it\n"
    )
    # Accepting decisions needs no Splink.
    assert matching.accept(workspace, review(workspace, c0="same"), by="Rita", now=NOON, progress=quiet)


def test_too_little_data_stops_training(tmp_path: Path) -> None:
    with pytest.raises(CheckFailed, match="1 likely pairs among 4 records are too few"):
        matching.train_workspace(people_workspace(tmp_path, people=1, duplicates=0), progress=quiet)


def test_only_too_little_data_is_reported_as_such(trained: Workspace, monkeypatch: pytest.MonkeyPatch) -> None:
    """Records that nearly all agree teach nothing about different people; any other Splink error is raised as it is."""
    from splink.internals.linker_components.training import LinkerTraining

    def stop(problem: Exception) -> None:
        def stopped(*_: object, **__: object) -> None:
            raise problem

        monkeypatch.setattr(LinkerTraining, "estimate_probability_two_random_records_match", stopped)

    records = workspace_records(trained)
    stop(ValueError("more observed matches than is consistent with supplied recall"))
    with pytest.raises(CheckFailed, match=r"nearly all pairs of these .* agree, so there is too little data"):
        train(records)
    stop(MemoryError("out of memory"))
    with pytest.raises(MemoryError):
        train(records)
    with pytest.raises(CheckFailed, match="no two records have an e-mail"):
        train(replace(records, frame=records.frame.head(1)))


def test_wrong_use_is_one_line(workspace: Workspace, capsys: pytest.CaptureFixture[str]) -> None:
    for arguments in (
        ["--train", "--accept", "x.csv"],
        ["--truth", "x.csv"],
        ["--by", "Rita"],
        ["--accept", "none.csv"],
    ):
        assert main(["match", *arguments, "--warehouse", str(workspace.warehouse)]) == 2
        assert capsys.readouterr().err.count("\n") == 1
