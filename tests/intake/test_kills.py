"""Killed, run concurrently or out of disk space at any moment: after another run the warehouse is as if undisturbed."""

from __future__ import annotations

import random
import re
import resource
import shutil
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from scripts.pipeline import steps
from scripts.platform.warehouse import open_warehouse, quote
from scripts.platform.workspace import Workspace
from tests.support.landing_zone import Zone
from tests.support.real_data import PROJECT

CUSTOMERS = {"customers": 800, "end_date": None, "seed": None, "source": None, "file": None}
PAYMENTS = "receipt_id,payment_number,method,amount,synced_at\n"
# Which load a file belongs to depends on the number of runs: only the numbers of files and loads, and file stamps.
LOAD_NUMBERS = {"_load_id", "load_id", "_file_id", "file_id", "file_stamp"}


# Which of several equal rows is kept, and so which file it is attributed to, depends on the order of loading.
ORIGIN = {"_line", "_delivered_at"}

Contents = dict[str, tuple[Any, ...]]


def contents(warehouse: Path, leave_out: set[str] = LOAD_NUMBERS) -> Contents:
    """Per raw table and table of the ledger: row count and content checksum, with files identified by path."""
    result: Contents = {}
    with open_warehouse(warehouse, read_only=True) as connection:
        columns: dict[tuple[str, str], list[str]] = {}
        for schema, table, column in connection.execute(
            "select schema_name, table_name, column_name from duckdb_columns() "
            "where database_name = current_database() and (schema_name like 'raw%' or schema_name = 'intake')"
        ).fetchall():
            columns.setdefault((schema, table), []).append(column)
        for (schema, table), names in columns.items():
            picked = [f"this.{quote(name)}" for name in names if name not in leave_out]
            source = f"{quote(schema)}.{quote(table)} as this"
            if "_file_id" in names and "_line" not in leave_out:
                picked.append("files.path as _path")
                source += " left join intake.files as files on this._file_id = files.file_id"
            query = f"select {', '.join(picked)} from {source}"
            checksum = f"select count(*), sum(cast(hash(rows) as hugeint)) from ({query}) as rows"
            result[f"{schema}.{table}"] = connection.execute(checksum).fetchone() or ()
        balance = (
            "select count(*) from intake.files where landed_rows <> accepted_rows + duplicate_rows + rejected_rows"
        )
        assert connection.execute(balance).fetchone() == (0,)
    return result


def versions(warehouse: Path) -> Contents:
    """The same for record versions and rejects only, whichever file they came from."""
    found = contents(warehouse, LOAD_NUMBERS | ORIGIN)
    return {name: value for name, value in found.items() if name.startswith("raw_") or name == "intake.rejects"}


def start(workspace: Workspace, limit: int | None = None) -> subprocess.Popen[str]:
    """Start an intake; `limit`: the size in bytes that no file may exceed, as on a full disk."""
    command = [sys.executable, "-m", "scripts", "intake", "--landing", str(workspace.landing)]
    command += ["--warehouse", str(workspace.warehouse)]
    limited = None if limit is None else lambda: resource.setrlimit(resource.RLIMIT_FSIZE, (limit, limit))
    return subprocess.Popen(
        command, cwd=PROJECT, text=True, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, preexec_fn=limited
    )


def finish(process: subprocess.Popen[str]) -> tuple[int, str]:
    said, _ = process.communicate(timeout=300)
    return process.returncode, said


@dataclass
class Undisturbed:
    """An undisturbed run: its landing zone, what it stored, the files it left, its duration, the warehouse size."""

    landing: Path
    contents: Contents
    versions: Contents
    left: set[str]
    seconds: float
    size: int


def files_of(workspace: Workspace) -> set[str]:
    """Files beside the warehouse, except the landing zone."""
    return {
        str(path.relative_to(workspace.home))
        for path in workspace.home.rglob("*")
        if path.is_file() and workspace.landing not in path.parents
    }


def make_landing(workspace: Workspace) -> None:
    """A small retailer, and files that the load has to clean or to refuse."""
    steps.demo(workspace, CUSTOMERS, progress=lambda text: None)
    shutil.rmtree(workspace.seeds, ignore_errors=True)
    shutil.rmtree(workspace.truth, ignore_errors=True)
    folder = workspace.landing / "pos/receipt_payment"
    rows = [f"cleaned {n},1,card,{n % 90}.5,2026-01-{n % 28 + 1:02d} 10:00:00" for n in range(60_000)]
    mixed = PAYMENTS + "\r\n".join(rows[:30_000]) + "\n" + "\n".join(rows[30_000:]) + "\nbad,row\n"
    (folder / "mixed_ends_2026-06-01.csv").write_bytes(mixed.encode().replace(b"card", b"ca\0rd", 50))
    (folder / "utf16_2026-06-02.csv").write_bytes((PAYMENTS + "\n".join(rows[5_000:40_000])).encode("utf-16"))
    late = "".join(f"cleaned {n},1,cash,1,2026-02-01 10:00:00\n" for n in range(20_000))
    (folder / "late_2026-06-03.csv").write_text(PAYMENTS + late)


def copy_of(calm: Undisturbed, folder: Path) -> Workspace:
    """A workspace with the same landing zone and nothing loaded yet."""
    folder.mkdir(parents=True)
    return Workspace.at(landing=str(calm.landing), warehouse=str(folder / "warehouse.duckdb"))


@pytest.fixture(scope="module")
def calm(tmp_path_factory: pytest.TempPathFactory) -> Undisturbed:
    made = Workspace.at(warehouse=str(tmp_path_factory.mktemp("made") / "warehouse.duckdb"))
    make_landing(made)
    undisturbed = Workspace.at(
        landing=str(made.landing), warehouse=str(tmp_path_factory.mktemp("calm") / "warehouse.duckdb")
    )
    started = time.perf_counter()
    status, said = finish(start(undisturbed))
    seconds = time.perf_counter() - started
    assert status == 0, said
    assert contents(undisturbed.warehouse)["raw_pos.receipt_payment"][0] > 60_000
    file = undisturbed.warehouse
    return Undisturbed(
        made.landing, contents(file), versions(file), files_of(undisturbed), seconds, file.stat().st_size
    )


def check_recovery(workspace: Workspace, calm: Undisturbed, in_order: bool = True) -> None:
    """Another run succeeds and leaves what the undisturbed run left; the next run has nothing to do.

    Not `in_order`: some files failed and were loaded after others, so only record versions are compared.
    """
    status, said = finish(start(workspace))
    assert status == 0, said
    assert versions(workspace.warehouse) == calm.versions
    if in_order:
        assert contents(workspace.warehouse) == calm.contents
    status, said = finish(start(workspace))
    assert (status, said.startswith("nothing new")) == (0, True)


def files_in_ledger(workspace: Workspace) -> int:
    """Files in the ledger of a warehouse that a killed run left."""
    try:
        with open_warehouse(workspace.warehouse) as connection:
            return int((connection.execute("select count(*) from intake.files").fetchone() or (0,))[0])
    except Exception:
        return 0


SEED = random.SystemRandom().randrange(10**6)


@pytest.mark.verify
@pytest.mark.parametrize("trial", range(10))
def test_killed_at_a_random_moment_and_run_again(trial: int, calm: Undisturbed, tmp_path: Path) -> None:
    """Every third trial is killed twice before it can finish."""
    moments = random.Random(f"{SEED} {trial}")
    workspace = copy_of(calm, tmp_path / "workspace")
    for _ in range(2 if trial % 3 == 2 else 1):
        pause = moments.uniform(0.05, 0.98) * calm.seconds
        process = start(workspace)
        time.sleep(pause)
        process.send_signal(signal.SIGKILL)
        process.communicate()
        print(f"seed {SEED}, trial {trial}: killed after {pause:.2f} of {calm.seconds:.2f} s")
    check_recovery(workspace, calm)


@pytest.mark.verify
def test_repeatedly_killed_runs_still_make_progress(calm: Undisturbed, tmp_path: Path) -> None:
    """What a killed run had finished is not done again, so even runs that are always cut short reach the end."""
    workspace = copy_of(calm, tmp_path / "workspace")
    progress = []
    for _ in range(12):
        process = start(workspace)
        time.sleep(calm.seconds / 4)
        process.send_signal(signal.SIGKILL)
        process.communicate()
        progress.append(files_in_ledger(workspace))
    assert progress == sorted(progress)
    assert progress[-1] > progress[0]
    check_recovery(workspace, calm)


@pytest.mark.verify
def test_killed_while_writing_a_cleaned_copy(calm: Undisturbed, tmp_path: Path) -> None:
    """Cleaned copies contain rows in plain text: none may be left behind."""
    workspace = copy_of(calm, tmp_path / "workspace")
    process = start(workspace)
    while process.poll() is None and not is_spilling(workspace):
        time.sleep(0.002)
    process.send_signal(signal.SIGKILL)
    process.communicate()
    check_recovery(workspace, calm)
    assert files_of(workspace) == calm.left


def is_spilling(workspace: Workspace) -> bool:
    return any(path.name not in ("warehouse.duckdb", "warehouse.duckdb.wal") for path in map(Path, files_of(workspace)))


@pytest.mark.verify
def test_two_at_once(calm: Undisturbed, tmp_path: Path) -> None:
    """The second waits, or reports that another process has the warehouse open; together they do no harm."""
    workspace = copy_of(calm, tmp_path / "workspace")
    first = start(workspace)
    time.sleep(calm.seconds / 4)
    second = start(workspace)
    status, said = finish(second)
    assert finish(first)[0] == 0
    assert_waited_or_was_refused(status, said)
    assert contents(workspace.warehouse) == calm.contents
    check_recovery(workspace, calm)


@pytest.mark.verify
def test_four_at_the_same_moment(calm: Undisturbed, tmp_path: Path) -> None:
    workspace = copy_of(calm, tmp_path / "workspace")
    ends = [finish(process) for process in [start(workspace) for _ in range(4)]]
    assert 0 in [status for status, _ in ends]
    for status, said in ends:
        assert_waited_or_was_refused(status, said)
    check_recovery(workspace, calm)


@pytest.mark.verify
def test_killed_while_another_waits(calm: Undisturbed, tmp_path: Path) -> None:
    moments = random.Random(f"{SEED} waiting")
    for trial in range(2):
        workspace = copy_of(calm, tmp_path / f"workspace {trial}")
        first = start(workspace)
        time.sleep(calm.seconds / 5)
        second = start(workspace)
        pause = moments.uniform(0.1, 0.6) * calm.seconds
        time.sleep(pause)
        print(f"seed {SEED}: first killed {pause:.2f} s after the second had started")
        first.send_signal(signal.SIGKILL)
        first.communicate()
        assert_waited_or_was_refused(*finish(second))
        check_recovery(workspace, calm)


def assert_waited_or_was_refused(status: int, said: str) -> None:
    assert status in (0, 2), said
    if status == 2:
        assert "has it open" in said
        assert said.count("\n") == 1


@pytest.mark.verify
@pytest.mark.parametrize("part", [0.02, 0.2, 0.4, 0.6])
def test_a_full_disk_is_reported_in_one_line_and_the_next_run_recovers(
    part: float, calm: Undisturbed, tmp_path: Path
) -> None:
    """A limit on file sizes simulates the full disk: DuckDB gets the same kind of error."""
    workspace = copy_of(calm, tmp_path / "workspace")
    status, said = finish(start(workspace, limit=int(calm.size * part)))
    assert status == 1, said
    assert "Traceback" not in said
    (line,) = [line for line in said.splitlines() if line.startswith("error:")]
    assert re.search("file too large|disk|space", line, re.IGNORECASE), line
    check_recovery(workspace, calm, in_order=False)


@pytest.fixture
def writing() -> Iterator[Callable[[Path, str], threading.Event]]:
    """Starts threads that append to a file every few milliseconds until they are stopped."""
    threads: list[tuple[threading.Thread, threading.Event]] = []

    def begin(path: Path, line: str) -> threading.Event:
        stop = threading.Event()

        def write() -> None:
            number = 0
            with path.open("a", encoding="utf-8", buffering=1) as stream:
                while not stop.wait(0.003):
                    stream.write(line.format(number))
                    number += 1

        thread = threading.Thread(target=write, daemon=True)
        threads.append((thread, stop))
        thread.start()
        return stop

    yield begin
    for thread, stop in threads:
        stop.set()
        thread.join()


def rows_of_payments(count: int) -> str:
    return PAYMENTS + "".join(f"{number},1,card,1,2026-01-05 10:00:00\n" for number in range(count))


@pytest.mark.parametrize("suffix", ["csv", "jsonl"])
def test_a_file_that_grows_while_it_is_read_is_not_loaded_partially(
    zone: Zone, writing: Callable[[Path, str], threading.Event], suffix: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("scripts.intake.reading.FIRST_PAUSE", 0.01)
    line = "new {0},1,cash,2,2026-01-06 10:00:00\n"
    whole = rows_of_payments(20_000)
    if suffix == "jsonl":
        shape = '{{"receipt_id": "{}", "payment_number": 1, "method": "m", "amount": 1, "synced_at": "2026-01-05"}}\n'
        whole = "".join(shape.format(number) for number in range(20_000))
        line = shape.format("new {0}").replace("{", "{{", 1).replace("}\n", "}}\n")
    path = zone.deliver(f"pos/receipt_payment/growing_2026-02-01.{suffix}", whole)
    zone.deliver("pos/receipt_payment/still_2026-02-01.csv", PAYMENTS + "still,1,card,1,2026-01-05 10:00:00\n")
    stop = writing(path, line)
    (said,) = zone.failing_load()
    assert "changed while it was read" in said
    assert zone.rows("select receipt_id from raw_pos.receipt_payment") == [("still",)]
    assert zone.value("select count(*) from intake.rejects") == 0
    stop.set()
    time.sleep(0.05)
    zone.load()
    count = path.read_text(encoding="utf-8").count("\n") - (suffix == "csv")
    assert zone.value("select count(*) from raw_pos.receipt_payment") == count + 1 > 20_001
    assert zone.value("select count(*) from intake.rejects") == 0


def test_a_file_with_an_unfinished_name_is_ignored_until_it_is_renamed(zone: Zone) -> None:
    text = rows_of_payments(10)
    parts = [zone.deliver(f"pos/receipt_payment/a_2026-02-01.csv{end}", text[:100]) for end in (".part", ".tmp")]
    assert zone.load().total.files == 0
    parts[0].write_text(text)
    parts[0].rename(parts[0].with_suffix(""))
    assert zone.load().total.accepted == 10
    assert zone.ledger() == [(10, 10, 0, 0)]


def test_a_truncated_file_is_repaired_by_the_complete_file(zone: Zone) -> None:
    """A sender that stopped in the middle of a row cannot be distinguished from one that has finished."""
    text = rows_of_payments(10)
    path = zone.deliver("pos/receipt_payment/a_2026-02-01.csv", text[: text.index("7,1,card") + 5])
    zone.load()
    assert zone.ledger() == [(8, 7, 0, 1)]
    path.write_text(text)
    zone.load()
    assert zone.ledger() == [(8, 7, 0, 1), (10, 3, 7, 0)]
    assert zone.value("select count(*) from raw_pos.receipt_payment") == 10
    assert zone.rows("select line_number, state from intake.rejects") == [(9, "repaired")]
