"""What closes a refused row: a good version, the same file again, an override; and retries of failing reads."""

from __future__ import annotations

import json
from datetime import datetime
from decimal import Decimal
from pathlib import Path

import pytest

from scripts.intake.landing import BrokenFile, TransientError
from scripts.intake.reading import FIRST_PAUSE, TRIES, with_retries
from tests.support.landing_zone import Zone

HEADER = "receipt_id,payment_number,method,amount,synced_at\n"
OVERRIDES = "override_id,source_name,table_name,record_key,rule_key,action,corrected_fields,reason,decided_at\n"
BAD = "1,1,card,twelve,2026-01-01 10:00:00\n"
GOOD = "1,1,card,12,2026-01-02 10:00:00\n"


def states(zone: Zone) -> list[tuple[object, ...]]:
    return zone.rows("select state, closed_at, closed_by from intake.rejects order by file_id, line_number")


def override(action: str, corrected: str = "", key: str = "1|1", decided: str = "2026-01-05 09:00:00") -> str:
    fields = corrected.replace('"', '""')
    return f'{OVERRIDES}o1,pos,receipt_payment,{key},,{action},"{fields}",typing error,{decided}\n'


def test_a_good_version_of_the_record_repairs_it(zone: Zone) -> None:
    zone.deliver("pos/receipt_payment/a_2026-01-01.csv", HEADER + BAD + "2,1,card,x,2026-01-01 10:00:00\n")
    zone.load()
    assert states(zone) == [("open", None, None)] * 2
    zone.deliver("pos/receipt_payment/b_2026-01-02.csv", HEADER + GOOD)
    zone.load()
    assert states(zone) == [
        ("repaired", datetime(2026, 1, 2), "delivered again in pos/receipt_payment/b_2026-01-02.csv"),
        ("open", None, None),
    ]


def test_a_good_version_that_is_a_duplicate_repairs_it_too(zone: Zone) -> None:
    zone.deliver("pos/receipt_payment/a_2026-01-01.csv", HEADER + GOOD)
    zone.deliver("pos/receipt_payment/b_2026-01-02.csv", HEADER + BAD)
    zone.load()
    assert [row[0] for row in states(zone)] == ["open"]
    zone.deliver("pos/receipt_payment/c_2026-01-03.csv", HEADER + GOOD)
    zone.load()
    assert [row[0] for row in states(zone)] == ["repaired"]


def test_an_older_good_version_repairs_nothing_and_a_late_bad_one_is_repaired_already(zone: Zone) -> None:
    zone.deliver("pos/receipt_payment/b_2026-01-03.csv", HEADER + GOOD)
    zone.load()
    zone.deliver("pos/receipt_payment/a_2026-01-02.csv", HEADER + BAD)
    zone.deliver("pos/receipt_payment/c_2026-01-04.csv", HEADER + BAD)
    zone.load()
    assert states(zone) == [
        ("repaired", datetime(2026, 1, 3), "already repaired by a later delivery"),
        ("open", None, None),
    ]


def test_a_file_delivered_again_closes_its_earlier_rejects(zone: Zone) -> None:
    zone.deliver("pos/receipt_payment/a.csv", HEADER + BAD + "9,1,card\n")
    zone.load()
    zone.deliver("pos/receipt_payment/a.csv", HEADER + GOOD + "9,1,cash\n")
    zone.load()
    assert [row[0] for row in states(zone)] == ["repaired", "repaired", "open"]
    assert states(zone)[0][2] == "file delivered again: pos/receipt_payment/a.csv"


def test_an_override_replaces_a_refused_record_once(zone: Zone) -> None:
    zone.deliver("pos/receipt_payment/a_2026-01-01.csv", HEADER + BAD)
    zone.load()
    zone.deliver("overrides/record_override/o_2026-01-05.csv", override("replace", '{"amount": "12.50"}'))
    zone.load()
    assert zone.rows("select receipt_id, amount, synced_at from raw_pos.receipt_payment") == [
        ("1", Decimal("12.5"), datetime(2026, 1, 5, 9))
    ]
    assert states(zone)[0][0] == "repaired"
    before = zone.rows("select * from intake.files order by file_id")
    zone.load()
    assert [row[:8] for row in zone.rows("select * from intake.files order by file_id")] == [row[:8] for row in before]
    # What the source delivers later counts: the decision is not carried out again.
    zone.deliver("pos/receipt_payment/b_2026-01-07.csv", HEADER + "1,1,card,13,2026-01-07 10:00:00\n")
    zone.load()
    assert zone.value("select max_by(amount, synced_at) from raw_pos.receipt_payment") == Decimal(13)
    assert not list((zone.workspace.home / "spill").glob("*.jsonl"))


def test_an_override_replaces_a_stored_record(zone: Zone) -> None:
    zone.deliver("pos/receipt_payment/a_2026-01-01.csv", HEADER + GOOD)
    zone.deliver("overrides/record_override/o_2026-01-05.csv", override("replace", '{"amount": 99}'))
    zone.load()
    assert zone.rows("select amount, method from raw_pos.receipt_payment order by synced_at") == [
        (Decimal(12), "card"), (Decimal(99), "card")
    ]  # fmt: skip


def test_a_correction_of_the_past_does_not_contain_later_deliveries(zone: Zone) -> None:
    zone.deliver("pos/receipt_payment/a_2026-01-01.csv", HEADER + GOOD)
    zone.deliver("overrides/record_override/o_2026-01-05.csv", override("replace", '{"amount": 99}'))
    zone.deliver("pos/receipt_payment/b_2026-01-07.csv", HEADER + "1,1,voucher,13,2026-01-07 10:00:00\n")
    zone.load()
    assert zone.rows("select amount, method from raw_pos.receipt_payment order by synced_at") == [
        (Decimal(12), "card"), (Decimal(99), "card"), (Decimal(13), "voucher")
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (override("replace", '{"amount": 1}', key="7|1"), "pos/receipt_payment has no record with this key"),
        (override("replace", "amount=1"), "corrected_fields must be a JSON object"),
        (override("replace", '{"amuont": 1}'), "pos/receipt_payment has no column amuont"),
        (override("replace", '{"amount": 1}').replace(",pos,", ",post,"), "there is no such source and table"),
    ],
)
def test_an_invalid_override_is_reported_in_one_line(zone: Zone, content: str, said: str) -> None:
    zone.deliver("pos/receipt_payment/a_2026-01-01.csv", HEADER + BAD)
    zone.deliver("overrides/record_override/o_2026-01-05.csv", content)
    (line,) = zone.failing_load()
    assert said in line
    assert "o1" in line


def test_an_override_waives_a_refused_row(zone: Zone) -> None:
    zone.deliver("pos/receipt_payment/a_2026-01-01.csv", HEADER + BAD)
    zone.deliver("overrides/record_override/o_2026-01-05.csv", override("waive"))
    zone.load()
    assert states(zone) == [("waived", datetime(2026, 1, 5, 9), "override o1")]
    assert zone.value("select count(*) from raw_pos.receipt_payment") == 0


def test_retries_end_and_their_pauses_double() -> None:
    pauses: list[float] = []
    tried = 0

    def failing() -> None:
        nonlocal tried
        tried += 1
        raise TransientError("locked")

    with pytest.raises(TransientError):
        with_retries(failing, pauses.append, lambda: 0.0)
    assert tried == TRIES
    assert pauses == [FIRST_PAUSE, FIRST_PAUSE * 2, FIRST_PAUSE * 4]
    with pytest.raises(BrokenFile):
        with_retries(lambda: (_ for _ in ()).throw(BrokenFile("truncated")), pauses.append)
    assert len(pauses) == 3


def test_a_retry_succeeds_after_transient_errors(zone: Zone, monkeypatch: pytest.MonkeyPatch) -> None:
    """A disk that fails twice and then responds."""
    zone.deliver("pos/receipt_payment/a.csv", HEADER + GOOD)
    answers = iter([OSError(5, "Input/output error"), OSError(116, "Stale file handle")])
    usual = Path.open

    def failing(self: Path, *args: object, **kwargs: object) -> object:
        if self.name == "a.csv" and (problem := next(answers, None)):
            raise problem
        return usual(self, *args, **kwargs)  # type: ignore[call-overload]

    monkeypatch.setattr(Path, "open", failing)
    monkeypatch.setattr("scripts.intake.reading.FIRST_PAUSE", 0.001)
    assert zone.load().total.accepted == 1


def test_a_failing_source_does_not_hold_up_the_others(zone: Zone, monkeypatch: pytest.MonkeyPatch) -> None:
    for number in range(6):
        zone.deliver(f"pos/receipt_payment/{number}.csv", HEADER + GOOD)
    zone.deliver("web/identifies/i.csv", "id,anonymous_id,received_at,timestamp\n1,a,2026-01-01,2026-01-01\n")
    usual = Path.open
    is_failing = True

    def failing(self: Path, *args: object, **kwargs: object) -> object:
        if is_failing and "receipt_payment" in str(self):
            raise OSError(5, "Input/output error")
        return usual(self, *args, **kwargs)  # type: ignore[call-overload]

    monkeypatch.setattr(Path, "open", failing)
    monkeypatch.setattr("scripts.intake.reading.FIRST_PAUSE", 0.001)
    said = zone.failing_load()
    assert sum("cannot be read (OSError)" in line for line in said) == 3
    assert "3 files in a row could not be read, so 3 more were not tried" in said[-1]
    assert zone.rows("select source_name, failures from intake.circuits") == [("pos", 3)]
    assert zone.value("select count(*) from raw_web.identifies") == 1
    is_failing = False
    zone.load()
    assert zone.rows("from intake.circuits") == []
    assert json.loads(zone.value("select to_json(list(status)) from intake.files")).count("loaded") == 7
