"""Files that are repeated, change, are truncated or misplaced; versions and duplicates of records."""

from __future__ import annotations

import itertools
import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from datetime import datetime
from pathlib import Path

import pandas as pd
import pytest

from scripts.platform.errors import UserError
from scripts.platform.warehouse import open_warehouse
from tests.support.landing_zone import Zone
from tests.support.real_data import PROJECT

HEADER = "receipt_id,payment_number,method,amount,synced_at\n"


def payment(receipt: str, method: str, day: int, amount: str = "1") -> str:
    return f"{receipt},1,{method},{amount},2026-01-{day:02d} 10:00:00\n"


def stored(zone: Zone) -> list[tuple[object, ...]]:
    return zone.rows("select receipt_id, method, day(synced_at) from raw_pos.receipt_payment order by all")


def test_a_second_run_finds_nothing_new_and_is_quick(zone: Zone) -> None:
    zone.deliver("pos/receipt_payment/a.csv", HEADER + payment("1", "card", 1))
    zone.load()
    before = stored(zone)
    started = time.perf_counter()
    summary = zone.load()
    assert time.perf_counter() - started < 2
    assert (summary.total.files, summary.known_files) == (0, 1)
    assert summary.lines()[0].startswith("nothing new in 1 files")
    assert stored(zone) == before


def test_a_file_that_was_only_touched_is_recognised_by_its_content(zone: Zone) -> None:
    path = zone.deliver("pos/receipt_payment/a.csv", HEADER + payment("1", "card", 1))
    zone.load()
    os.utime(path, (1, 1))
    assert zone.load().known_files == 1


def test_a_file_rewritten_within_one_clock_tick_is_loaded(zone: Zone) -> None:
    """Same size and, as on a file system with a coarse clock, same modification time."""
    path = zone.deliver("pos/receipt_payment/a.csv", HEADER + payment("1", "card", 1))
    stat = path.stat()
    zone.load()
    path.write_text(HEADER + payment("2", "card", 1))
    os.utime(path, ns=(stat.st_atime_ns, stat.st_mtime_ns))
    zone.load()
    assert stored(zone) == [("1", "card", 1), ("2", "card", 1)]


def test_a_changed_file_is_a_new_delivery_whose_old_rows_are_duplicates(zone: Zone) -> None:
    zone.deliver("pos/receipt_payment/a.csv", HEADER + payment("1", "card", 1))
    zone.load()
    zone.deliver("pos/receipt_payment/a.csv", HEADER + payment("1", "card", 1) + payment("2", "cash", 2))
    zone.load()
    assert zone.ledger() == [(1, 1, 0, 0), (2, 1, 1, 0)]


def test_the_same_file_under_another_name_adds_nothing(zone: Zone) -> None:
    content = HEADER + payment("1", "card", 1) + payment("2", "cash", 2)
    zone.deliver("pos/receipt_payment/a.csv", content)
    zone.deliver("pos/receipt_payment/b.csv.gz", content)
    zone.load()
    assert zone.ledger() == [(2, 2, 0, 0), (2, 0, 2, 0)]


def test_other_content_under_the_same_key_is_a_version(zone: Zone) -> None:
    zone.deliver("pos/receipt_payment/a.csv", HEADER + payment("1", "card", 1) + payment("1", "cash", 2))
    zone.deliver("pos/receipt_payment/b.csv", HEADER + payment("1", "voucher", 3))
    zone.load()
    assert stored(zone) == [("1", "card", 1), ("1", "cash", 2), ("1", "voucher", 3)]


@pytest.mark.parametrize("order", [(1, 2, 3), (3, 2, 1), (2, 3, 1)])
@pytest.mark.parametrize("in_one_file", [True, False])
def test_equal_content_keeps_its_earliest_timestamp_in_any_order(
    zone: Zone, order: tuple[int, ...], in_one_file: bool
) -> None:
    rows = [payment("1", "card", day) for day in order]
    if in_one_file:
        zone.deliver("pos/receipt_payment/a.csv", HEADER + "".join(rows))
    else:
        for number, row in enumerate(rows):
            zone.deliver(f"pos/receipt_payment/{number}.csv", HEADER + row)
    zone.load()
    assert stored(zone) == [("1", "card", 1)]
    assert sum(row[2] for row in zone.ledger()) == 2


@pytest.mark.parametrize("days", list(itertools.permutations((1, 2, 3, 4))))
def test_late_content_splits_a_version_in_two(make_zone: Callable[[str], Zone], days: tuple[int, ...]) -> None:
    """Card on days 1, 3 and 4, cash on day 2: in any order, three versions, of which the last is card."""
    zone = make_zone("zone")
    for number, day in enumerate(days):
        zone.deliver(f"pos/receipt_payment/{number}.csv", HEADER + payment("1", "cash" if day == 2 else "card", day))
        zone.load()
    assert stored(zone) == [("1", "card", 1), ("1", "card", 3), ("1", "cash", 2)]
    assert sum(row[1] for row in zone.ledger()) == 3
    assert sum(row[2] for row in zone.ledger()) == 1
    for file_id, accepted in zone.rows("select file_id, accepted_rows from intake.files"):
        assert zone.value(f"select count(*) from raw_pos.receipt_payment where _file_id = {file_id}") == accepted


@pytest.mark.parametrize("in_one_file", [True, False])
def test_content_that_returns_after_another_version_is_a_new_version(zone: Zone, in_one_file: bool) -> None:
    rows = [payment("1", "card", 1), payment("1", "cash", 2), payment("1", "card", 3), payment("1", "card", 4)]
    if in_one_file:
        zone.deliver("pos/receipt_payment/a.csv", HEADER + "".join(rows))
    else:
        for number, row in enumerate(rows):
            zone.deliver(f"pos/receipt_payment/{number}.csv", HEADER + row)
    zone.load()
    assert stored(zone) == [("1", "card", 1), ("1", "card", 3), ("1", "cash", 2)]


def test_a_change_in_a_column_that_nobody_reads_is_a_version(zone: Zone) -> None:
    header = HEADER.replace("synced_at", "mood,_airbyte_raw_id,synced_at")
    rows = [
        row.replace("2026-", f"{mood},{number},2026-", 1)
        for number, (mood, row) in enumerate(
            (mood, payment("1", "card", day)) for day, mood in enumerate(("calm", "calm", "tense"), 1)
        )
    ]
    zone.deliver("pos/receipt_payment/a.csv", header + "".join(rows))
    zone.load()
    # The loader's own numbers differ in all three.
    assert zone.ledger() == [(3, 2, 1, 0)]
    assert stored(zone) == [("1", "card", 1), ("1", "card", 3)]


@pytest.mark.parametrize(
    ("column", "values"),
    [
        ("_fivetran_deleted", ("false", "true")),
        ("__deleted", ("", "1")),
        ("_sdc_deleted_at", ("", "2026-02-02 10:00:00")),
        ("deleted_at", ("", "yesterday")),
    ],
)
@pytest.mark.parametrize("kind", ["csv", "jsonl"])
def test_a_deletion_flag_that_no_contract_declares_is_kept(
    zone: Zone, column: str, values: tuple[str, str], kind: str
) -> None:
    names = [*HEADER.strip().split(","), column]
    rows = [
        dict(zip(names, [*payment("1", "card", day).strip().split(","), value], strict=True))
        for day, value in enumerate(values, 1)
    ]
    lines = [",".join(row.values()) for row in rows] if kind == "csv" else [json.dumps(row) for row in rows]
    zone.deliver(f"pos/receipt_payment/a.{kind}", "\n".join([",".join(names), *lines][kind == "jsonl" :]) + "\n")
    zone.load()
    flags = "select coalesce(_fivetran_deleted, false) from raw_pos.receipt_payment order by synced_at"
    assert zone.rows(flags) == [(False,), (True,)]
    assert zone.rows("select * from intake.schema_drift") == []


def test_a_flag_that_says_not_deleted_says_as_much_as_none(zone: Zone) -> None:
    zone.deliver("pos/receipt_payment/a.csv", HEADER + payment("1", "card", 1))
    zone.deliver(
        "pos/receipt_payment/b.csv",
        HEADER.strip() + ",_fivetran_deleted\n" + payment("1", "card", 2).strip() + ",false\n",
    )
    zone.load()
    assert stored(zone) == [("1", "card", 1)]


def test_delivery_date_comes_from_the_name_else_from_the_modification_time(zone: Zone) -> None:
    zone.deliver("pos/receipt_payment/a_2026-02-03.csv", HEADER + payment("1", "card", 1))
    path = zone.deliver("pos/receipt_payment/b_2026-02-31.csv", HEADER + payment("2", "card", 1))
    os.utime(path, (1_767_225_600, 1_767_225_600))
    zone.load()
    assert zone.rows("select _delivered_at from raw_pos.receipt_payment order by receipt_id") == [
        (datetime(2026, 2, 3),),
        (datetime(2026, 1, 1),),
    ]


def test_a_header_alone_is_a_delivery_without_rows(zone: Zone) -> None:
    zone.deliver("pos/receipt_payment/a.csv", HEADER)
    zone.deliver("pos/receipt_payment/b.csv.gz", HEADER.strip())
    assert zone.load().total.files == 2
    assert zone.ledger() == [(0, 0, 0, 0)] * 2


def test_all_tables_exist_even_if_nothing_was_delivered(zone: Zone) -> None:
    zone.load()
    assert zone.value("select count(*) from duckdb_tables() where schema_name like 'raw_%'") > 40
    assert zone.value("select count(*) from raw_zendesk.ticket_tag") == 0


BROKEN: dict[str, tuple[str, bytes, str]] = {
    "zero bytes": ("pos/receipt_payment/x.csv", b"", "empty, 0 bytes"),
    "zero bytes of parquet": ("pos/receipt_payment/x.parquet", b"", "empty, 0 bytes"),
    "white space": ("pos/receipt_payment/x.csv", b" \n", "empty, not even a header"),
    "missing column": ("pos/receipt_payment/x.csv", b"receipt_id,amount\n1,2\n", "column payment_number, method"),
    "missing key of JSON": ("pos/receipt_payment/x.jsonl", b'{"receipt_id": 1}\n', "column payment_number, method"),
    "column twice": ("pos/receipt_payment/x.csv", HEADER.strip().encode() + b",amount\n", "amount appears twice"),
    "folder": ("pos/receipt_payment/x.csv/y.csv", b"", "unsupported file type"),
    "no parquet": ("pos/receipt_payment/x.parquet", b"PAR1 is what I say", "not readable as Parquet"),
    "unknown table": ("pos/recipe/x.csv", HEADER.encode(), "no such table; pos has receipt, receipt_line"),
    "unknown source": ("till/receipt/x.csv", HEADER.encode(), "no such source; use one of campaigns, consent"),
    "wrong place": ("pos/x.csv", HEADER.encode(), "is not in the folder of a table"),
    "top": ("x.csv", HEADER.encode(), "is not in the folder of a table"),
    "spreadsheet": ("pos/receipt_payment/x.xlsx", b"PK", "unsupported file type"),
}


@pytest.mark.parametrize("case", BROKEN)
def test_a_broken_file_is_reported_in_one_clear_line_and_stops_nothing_else(zone: Zone, case: str) -> None:
    name, content, said = BROKEN[case]
    zone.deliver(name, content)
    zone.deliver("pos/receipt_payment/good.csv", HEADER + payment("1", "card", 1))
    zone.deliver("web/identifies/good.csv", "id,anonymous_id,received_at,timestamp\n1,a,2026-01-01,2026-01-01\n")
    (line,) = zone.failing_load()
    assert said in line
    assert line.startswith(str(zone.workspace.landing / Path(name).parts[0]))
    assert zone.ledger() == [(1, 1, 0, 0)] * 2
    (again,) = zone.failing_load()
    assert again == line


@pytest.mark.parametrize("cut", ["half", "checksum"])
@pytest.mark.parametrize("suffix", ["csv.gz", "jsonl.gz"])
def test_a_damaged_gzip_file_is_refused_as_a_whole(zone: Zone, cut: str, suffix: str) -> None:
    rows = [payment(str(number), "card", 1) for number in range(20_000)]
    path = zone.deliver(f"pos/receipt_payment/x.{suffix}", HEADER + "".join(rows))
    data = path.read_bytes()
    path.write_bytes(data[: len(data) // 2] if cut == "half" else data[:-8] + bytes(8))
    (line,) = zone.failing_load()
    assert "truncated or damaged gzip" in line
    assert zone.value("select count(*) from raw_pos.receipt_payment") == 0


def test_a_truncated_parquet_file_is_refused_as_a_whole(zone: Zone) -> None:
    path = zone.deliver("pos/receipt_payment/x.parquet", b"")
    pd.DataFrame({"receipt_id": range(10_000)}).to_parquet(path)
    path.write_bytes(path.read_bytes()[:-100])
    assert "not readable as Parquet, truncated or damaged" in zone.failing_load()[0]


def test_a_failed_file_is_recorded_until_it_is_fixed(zone: Zone) -> None:
    zone.deliver("pos/receipt_payment/x.csv", b"")
    zone.failing_load()
    assert zone.rows("select status, landed_rows from intake.files") == [("failed", 0)]
    zone.deliver("pos/receipt_payment/x.csv", HEADER + payment("1", "card", 1))
    zone.load()
    assert zone.rows("select status, landed_rows from intake.files") == [("loaded", 1)]


def test_hidden_and_unfinished_files_are_ignored(zone: Zone) -> None:
    for name in ("_x.csv", ".x.csv", "x.csv.tmp", "x.parquet.part"):
        zone.deliver(f"pos/receipt_payment/{name}", b"half")
    assert zone.load().total.files == 0


def test_no_landing_folder(zone: Zone) -> None:
    zone.workspace.landing.rmdir()
    with pytest.raises(UserError, match="no such landing folder"):
        zone.load()
    assert not zone.workspace.warehouse.exists()


@pytest.mark.parametrize(
    ("settings", "said"),
    [
        ({"as_of_date": "2026-02-30"}, "as_of_date must be a date"),
        ({"as_of_date": 20260630}, "as_of_date must be a date"),
        ({"business_timezone": "Mars/Olympus"}, "business_timezone must be a time zone"),
        ({"reporting_currency": "pounds"}, "reporting_currency must be a code"),
        ({"default_country": "UK!"}, "default_country must be a code"),
        ({"using_tills": False}, "using_tills is not the switch of any source"),
        ({"using_pos": "no"}, "using_pos must be true or false"),
        ({"kind": ["demo"]}, "kind must be text"),
    ],
)
def test_an_invalid_setting_is_reported(zone: Zone, settings: dict[str, object], said: str) -> None:
    zone.deliver("world.json", json.dumps(settings))
    with pytest.raises(UserError, match=said):
        zone.load()


def test_settings_come_from_the_last_run(zone: Zone) -> None:
    zone.deliver("world.json", '{"as_of_date": "2026-06-30", "using_pos": false, "kind": "demo"}')
    zone.load()
    zone.deliver("world.json", '{"as_of_date": "2026-07-01", "business_timezone": "Europe/London"}')
    zone.load()
    assert zone.rows("from intake.settings order by 1") == [
        ("as_of_date", "2026-07-01"),
        ("business_timezone", "Europe/London"),
    ]


INTAKE = "import sys; from scripts.intake.command import intake; from scripts.platform.workspace import Workspace; " \
         "intake(Workspace.at(landing=sys.argv[1], warehouse=sys.argv[2]))"  # fmt: skip


def start(zone: Zone) -> subprocess.Popen[bytes]:
    command = [sys.executable, "-c", INTAKE, str(zone.workspace.landing), str(zone.workspace.warehouse)]
    return subprocess.Popen(command, cwd=PROJECT, stdout=subprocess.PIPE, stderr=subprocess.STDOUT)


def test_a_killed_load_run_again_equals_an_undisturbed_run(make_zone: Callable[[str], Zone]) -> None:
    undisturbed, killed = make_zone("undisturbed"), make_zone("killed")
    for zone in (undisturbed, killed):
        for number in range(6):
            rows = "".join(payment(str(i % 9_000), f"m{number % 4}", number + 1, str(i % 7)) for i in range(30_000))
            zone.deliver(f"pos/receipt_payment/{number}_2026-02-01.csv", HEADER + rows + "bad,row\n")
    undisturbed.load()
    for pause in (0.0, 0.15, 0.4):
        process = start(killed)
        assert process.stdout is not None
        while not killed.workspace.warehouse.exists() and process.poll() is None:
            time.sleep(0.01)
        time.sleep(pause)
        process.send_signal(signal.SIGKILL)
        process.wait()
    killed.load()
    for query in (
        "select * exclude (_load_id) from raw_pos.receipt_payment order by all",
        "select * exclude (load_id) from intake.rejects order by all",
        "select * exclude (load_id, file_stamp) from intake.files order by all",
    ):
        assert killed.rows(query) == undisturbed.rows(query)


def test_a_second_intake_at_the_same_time_is_refused(zone: Zone) -> None:
    zone.deliver("pos/receipt_payment/a.csv", HEADER + payment("1", "card", 1))
    with open_warehouse(zone.workspace.warehouse):
        process = start(zone)
        said, _ = process.communicate(timeout=30)
    assert process.returncode != 0
    assert b"has it open" in said
    assert zone.load().total.accepted == 1


@pytest.mark.parametrize("before", ["another hash of the engine", "hashes as text"])
def test_hashes_of_another_engine_are_recomputed(zone: Zone, before: str) -> None:
    content = HEADER + payment("1", "card", 1) + payment("2", "cash", 2)
    zone.deliver("pos/receipt_payment/a.csv", content)
    zone.load()
    rows = "select * from raw_pos.receipt_payment order by receipt_id"
    stored_before = zone.rows(rows)
    with open_warehouse(zone.workspace.warehouse) as connection:
        if before == "hashes as text":
            connection.execute("alter table raw_pos.receipt_payment alter _record_hash type varchar")
        else:
            connection.execute("update intake.engine set value = 'other'")
            connection.execute("update raw_pos.receipt_payment set _record_hash = 7")
    zone.deliver("pos/receipt_payment/b.csv", content)
    zone.load()
    assert zone.rows(rows) == stored_before
    assert zone.ledger()[1] == (2, 0, 2, 0)
