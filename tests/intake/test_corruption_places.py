"""Damage around files rather than in them: entries that are not files, cannot be opened, vanish; stated encodings."""

from __future__ import annotations

import errno
import json
import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from tests.support.damage import PAYMENT, PAYMENTS, STAMP
from tests.support.landing_zone import Zone

GOOD = f"{PAYMENTS}\ngood,1,card,1,{STAMP}\n"
BAD = f"{PAYMENTS}\nbad,1,card,1,{STAMP}\n"
PATH = f"{PAYMENT}/bad_2026-02-01.csv"
IDS = "select receipt_id from raw_pos.receipt_payment order by all"


def directory(path: Path) -> None:
    path.mkdir()


def pipe(path: Path) -> None:
    os.mkfifo(path)


def dangling_link(path: Path) -> None:
    path.symlink_to("nowhere.csv")


def link_to_itself(path: Path) -> None:
    path.symlink_to(path.name)


@pytest.mark.parametrize("make", [directory, pipe, dangling_link, link_to_itself])
def test_an_entry_that_is_not_a_file_is_reported_in_one_line_and_stops_nothing_else(
    zone: Zone, make: Callable[[Path], None]
) -> None:
    good = zone.deliver(f"{PAYMENT}/good_2026-02-02.csv", GOOD)
    make(good.with_name("bad_2026-02-01.csv"))
    (line,) = zone.failing_load()
    assert line.startswith(f"{zone.workspace.landing}/{PATH}: ")
    assert zone.rows(IDS) == [("good",)]


def test_a_link_to_a_file_is_loaded(zone: Zone, tmp_path: Path) -> None:
    elsewhere = tmp_path / "elsewhere.txt"
    elsewhere.write_text(GOOD)
    folder = zone.workspace.landing / PAYMENT
    folder.mkdir(parents=True)
    (folder / "link_2026-02-01.csv").symlink_to(elsewhere)
    zone.load()
    assert zone.rows(IDS) == [("good",)]


@pytest.fixture(autouse=True)
def short_pauses(monkeypatch: pytest.MonkeyPatch) -> None:
    """The pauses between attempts are tested elsewhere."""
    monkeypatch.setattr("scripts.intake.reading.FIRST_PAUSE", 0.001)


class FailingFileSystem:
    """A failing file system: opening files that match the pattern `like` fails `times` times."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch, like: str, error: OSError, times: int = 10**9) -> None:
        self.failed = 0
        healthy = Path.open

        def open_path(path: Path, *arguments: Any, **named: Any) -> Any:
            if path.match(like) and self.failed < times:
                self.failed += 1
                raise error
            return healthy(path, *arguments, **named)

        self.monkeypatch = monkeypatch
        monkeypatch.setattr(Path, "open", open_path)

    def heal(self) -> None:
        self.monkeypatch.undo()


FILE_ERRORS = {
    "locked": (OSError(errno.EBUSY, "busy"), "cannot be read"),
    "input/output error": (OSError(errno.EIO, "input/output error"), "cannot be read"),
    "stale network file": (OSError(errno.ESTALE, "stale"), "cannot be read"),
    "forbidden": (PermissionError(errno.EACCES, "forbidden"), "cannot be read; grant read permission"),
    "vanished": (FileNotFoundError(errno.ENOENT, "gone"), "vanished before it was read"),
}


@pytest.mark.parametrize("case", FILE_ERRORS)
def test_a_file_that_cannot_be_opened_fails_alone(zone: Zone, monkeypatch: pytest.MonkeyPatch, case: str) -> None:
    error, said = FILE_ERRORS[case]
    zone.deliver(PATH, BAD)
    zone.deliver(f"{PAYMENT}/good_2026-02-02.csv", GOOD)
    failing = FailingFileSystem(monkeypatch, PATH, error)
    (line,) = zone.failing_load()
    assert failing.failed > 0
    assert said in line
    assert line.startswith(f"{zone.workspace.landing}/{PATH}: ")
    assert zone.rows(IDS) == [("good",)]
    assert zone.rows("select path, status from intake.files order by 1") == [
        (PATH, "failed"),
        (f"{PAYMENT}/good_2026-02-02.csv", "loaded"),
    ]
    failing.heal()
    zone.load()
    assert zone.rows(IDS) == [("bad",), ("good",)]
    assert {status for (status,) in zone.rows("select status from intake.files")} == {"loaded"}


def test_a_file_that_opens_at_the_third_attempt_is_loaded(zone: Zone, monkeypatch: pytest.MonkeyPatch) -> None:
    zone.deliver(PATH, BAD)
    failing = FailingFileSystem(monkeypatch, PATH, OSError(errno.EBUSY, "busy"), times=2)
    zone.load()
    assert failing.failed == 2
    assert zone.ledger() == [(1, 1, 0, 0)]
    assert zone.value("select count(*) from intake.files") == 1


def test_a_failing_source_is_stopped_and_the_others_continue(zone: Zone, monkeypatch: pytest.MonkeyPatch) -> None:
    """Once it works again, its files are loaded and the record of the failure is removed."""
    for number in range(12):
        zone.deliver(f"{PAYMENT}/sick_{number:02d}_2026-02-01.csv", BAD.replace("bad", f"failing {number}"))
    zone.deliver("crm/profile/good_2026-02-01.csv", f"profile_id,city,synced_at\np,x,{STAMP}\n")
    zone.deliver("web/identifies/good_2026-02-01.csv", f"id,anonymous_id,received_at,timestamp\n1,a,{STAMP},{STAMP}\n")
    failing = FailingFileSystem(monkeypatch, "pos/receipt_payment/sick_*", OSError(errno.EIO, "input/output error"))
    said = zone.failing_load()
    not_tried = [line for line in said if "were not tried" in line]
    assert (len(not_tried), 1 < len(said) < 12) == (1, True)
    assert zone.value("select count(*) from raw_crm.profile") == 1
    assert zone.value("select count(*) from raw_web.identifies") == 1
    ((source, failures),) = zone.rows("select source_name, failures from intake.circuits")
    assert (source, failures) == ("pos", len(said) - 1)
    failing.heal()
    zone.load()
    assert zone.value("select count(*) from raw_pos.receipt_payment") == 12
    assert zone.rows("from intake.circuits") == []
    assert zone.value("select count(*) from intake.files where status = 'failed'") == 0


def test_damaged_files_do_not_open_the_circuit_of_their_source(zone: Zone) -> None:
    for number in range(8):
        zone.deliver(f"{PAYMENT}/bad_{number}_2026-02-01.csv.gz", BAD).write_bytes(b"\x1f\x8b damaged")
    zone.deliver(f"{PAYMENT}/good_2026-02-02.csv", GOOD)
    assert len(zone.failing_load()) == 8
    assert zone.rows(IDS) == [("good",)]
    assert zone.rows("from intake.circuits") == []


def test_the_setting_of_a_source_decides_its_encoding(zone: Zone) -> None:
    """Bytes that are valid UTF-8 by chance, and a Polish file that would be taken for Western European."""
    header = "profile_id,city,synced_at\n"
    zone.deliver("world.json", json.dumps({"encoding_crm": "cp1252", "encoding_loyalty": "cp1250"}))
    zone.deliver("crm/profile/a_2026-02-01.csv", f"{header}1,ZoÃ«,{STAMP}\n".encode("cp1252"))
    members = f"loyalty_number,first_name,joined_at,synced_at\n1,Łukasz Żak,{STAMP},{STAMP}\n"
    zone.deliver("loyalty/member/a_2026-02-01.csv", members.encode("cp1250"))
    zone.deliver("klaviyo/person/a_2026-02-01.csv", f"id,city,_fivetran_synced\n1,Zoë,{STAMP}\n")
    zone.load()
    assert zone.value("select city from raw_crm.profile") == "ZoÃ«"
    assert zone.value("select first_name from raw_loyalty.member") == "Łukasz Żak"
    assert zone.value("select city from raw_klaviyo.person") == "Zoë"


def test_the_newest_version_does_not_depend_on_the_order_of_loading(make_zone: Callable[[str], Zone]) -> None:
    """Two contents with the same timestamp, one delivered twice: readers take the content that was delivered later."""
    rows = {"1": "card", "2": "cash", "3": "card"}
    last = set()
    for order in ("123", "321", "213", "312"):
        zone = make_zone(order)
        for day in order:
            text = f"{PAYMENTS}\nsame,1,{rows[day]},1,{STAMP}\n"
            zone.deliver(f"{PAYMENT}/a_2026-02-0{day}.csv", text)
            zone.load()
        newest = "select method from raw_pos.receipt_payment order by synced_at desc, _delivered_at desc, _record_hash"
        last.add(tuple(zone.rows(newest)))
    assert len(last) == 1
