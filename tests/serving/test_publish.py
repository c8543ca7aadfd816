"""What readers can rely on: all or nothing, audited, no identifiers, the last good version whatever happens."""

from __future__ import annotations

import errno
import json
import signal
import stat
import subprocess
import sys
import time
from pathlib import Path

import duckdb
import pytest

from scripts.platform import files
from scripts.platform.errors import CheckFailed, UserError
from scripts.platform.versions import content_checksums, current_version
from scripts.platform.workspace import PROJECT, Workspace
from scripts.serving import publish as publishing
from scripts.serving.publish import publish, rollback
from tests.support.small_workspace import RELATIONS, change, small_workspace


def quiet(_: str) -> None:
    return None


@pytest.fixture
def workspace(tmp_path: Path) -> Workspace:
    return small_workspace(tmp_path)


def read(file: Path, query: str) -> list[tuple[object, ...]]:
    with duckdb.connect(str(file), read_only=True) as connection:
        return connection.execute(query).fetchall()


def leftovers(workspace: Workspace) -> list[str]:
    return [path.name for path in workspace.versions.iterdir() if path.name.startswith(".incoming")]


def test_a_version_holds_marts_activation_parquet_and_manifest(workspace: Workspace) -> None:
    folder = publish(workspace, quiet, tests_passed=7)
    marts = workspace.published / "marts.duckdb"
    assert folder == workspace.published.resolve()
    assert folder.name == current_version(workspace) == "2026-06-30-001"
    assert read(marts, "select count(*) from marts.customers") == [(40,)]
    assert read(marts, "select count(*) from customers") == [(40,)]
    assert read(marts, "select comment from duckdb_columns() where comment is not null") == [("Who's who.",)]
    assert read(marts, "select comment from duckdb_tables() where comment is not null") == [("One row per customer.",)]
    assert read(folder / "activation.duckdb", "select segment_key from activation.audience_members") == [("lapsed",)]
    assert stat.S_IMODE((folder / "activation.duckdb").stat().st_mode) == 0o600
    manifest = json.loads((folder / "manifest.json").read_text())
    assert manifest["version"] == folder.name
    assert manifest["as_of_date"] == "2026-06-30"
    assert (manifest["tests_passed"], manifest["kind"], manifest["reporting_currency"]) == (7, "demo", "EUR")
    assert {name: entry["checksum"] for name, entry in manifest["relations"].items() if name.startswith("marts.")} == (
        content_checksums(marts)
    )
    for name, entry in manifest["relations"].items():
        if name.startswith("marts."):
            file = folder / "parquet" / f"{name.removeprefix('marts.')}.parquet"
            assert duckdb.sql(f"select count(*) from '{file}'").fetchall() == [(entry["rows"],)]
    assert not leftovers(workspace)
    assert sorted(path.name for path in folder.iterdir()) == [
        "activation.duckdb",
        "manifest.json",
        "marts.duckdb",
        "parquet",
        "quality.html",
        "quality.json",
        "state",
    ]


def test_nothing_from_schema_pii_is_published(workspace: Workspace) -> None:
    folder = publish(workspace, quiet)
    tables = {name for (name,) in read(folder / "marts.duckdb", "select table_name from duckdb_tables()")}
    assert tables == set(RELATIONS) and tables >= set(publishing.REQUIRED)
    assert b"a@example.com" not in (folder / "marts.duckdb").read_bytes()


def test_the_same_content_makes_no_new_version(workspace: Workspace) -> None:
    messages: list[str] = []
    first = publish(workspace, messages.append)
    change(
        workspace, "create or replace table marts.customers as select * from marts.customers order by customer_id desc"
    )
    change(workspace, "update marts.customer_features set overdue_ratio = overdue_ratio * (1 + 1e-13)")
    assert publish(workspace, messages.append) == first
    assert "no new version" in messages[-1]
    change(workspace, "update marts.customers set customer_type = 'staff' where customer_id = 'c01'")
    assert publish(workspace, messages.append).name == "2026-06-30-002"


@pytest.mark.parametrize(
    "fault",
    [
        "update marts.customers set customer_type = 'ask jo.bloggs+x@shop.example.com first' where customer_id = 'c01'",
        "update marts.products set product_name = 'call +44 20 7946 0958'",
        "update marts.products set product_name = '020 7946 0958'",
        "alter table marts.products add column contact_email varchar",
        "update marts.orders set order_id = 'x@example.com' where customer_id = 'c01'",
        "alter table marts.customers add column notes varchar[] default ['c@example.com']",
    ],
)
def test_an_identifier_in_a_mart_is_refused(workspace: Workspace, fault: str) -> None:
    version = publish(workspace, quiet)
    change(workspace, fault)
    with pytest.raises(CheckFailed, match="schema pii"):
        publish(workspace, quiet)
    assert workspace.published.resolve() == version
    assert not leftovers(workspace)


@pytest.mark.parametrize(
    "text", ["A-0123456789", "5010029000", "10:00+01:00", "2 + 2", "meet @ noon", "2026-06-30", "00012"]
)
def test_codes_and_prose_are_no_identifiers(workspace: Workspace, text: str) -> None:
    change(workspace, f"update marts.products set product_name = '{text}'")
    publish(workspace, quiet)


@pytest.mark.parametrize(
    ("fault", "message"),
    [
        ("drop table marts.orders", "marts.orders: is missing"),
        ("delete from marts.customers", "marts.customers: has no rows"),
        ("delete from marts.orders", "marts.orders: has no rows"),
        ("alter table marts.customer_rfm rename column monetary to spend", "marts.customer_rfm: its first columns"),
        ("update marts.segment_library set effective_status = 'not_computable'", "segment lapsed has members"),
        ("update marts.customer_rfm set as_of_date = date '2026-06-29'", "different days"),
    ],
)
def test_a_build_that_fails_the_audit_stays_private(workspace: Workspace, fault: str, message: str) -> None:
    version = publish(workspace, quiet)
    change(workspace, fault)
    with pytest.raises(CheckFailed, match=message):
        publish(workspace, quiet)
    assert workspace.published.resolve() == version


HELD_BACK = "insert into marts.dead_letters by name select 'crm' as source, 'a' as record_key, 'bad' as reason, "
NOTHING_HELD = "delete from marts.dead_letters"


@pytest.mark.parametrize(
    ("faults", "message"),
    [
        (["update marts.source_health set row_count = 0"], "no source has delivered anything; fill the landing zone"),
        (
            [NOTHING_HELD, f"{HELD_BACK} 'reject' as severity, 1.0 as value_at_risk, 'open' as state from range(7)"],
            "7 of the rows delivered are held back; marts.dead_letters says why",
        ),
        # A row with a warning is in use, and a closed dead letter holds nothing back.
        (
            [
                NOTHING_HELD,
                f"{HELD_BACK} 'warn' as severity, 1.0 as value_at_risk, 'open' as state",
                f"{HELD_BACK} 'reject' as severity, 1.0 as value_at_risk, 'closed' as state",
            ],
            "none of the 60 rows delivered counts on the day that was built; build for a later day",
        ),
    ],
)
def test_the_reason_for_having_no_customers_is_named(workspace: Workspace, faults: list[str], message: str) -> None:
    """Intake is blamed only where nothing was delivered."""
    for fault in ["delete from marts.customers", *faults]:
        change(workspace, fault)
    with pytest.raises(CheckFailed, match=message) as problem:
        publish(workspace, quiet)
    assert ("intake" in str(problem.value)) == ("delivered anything" in message)


def test_an_empty_library_is_not_blamed_on_the_data(workspace: Workspace) -> None:
    change(workspace, "delete from marts.segment_memberships")
    change(workspace, "delete from marts.segment_library")
    with pytest.raises(CheckFailed, match=r"segment_library: has no rows; segment_definitions.csv defines no segment"):
        publish(workspace, quiet)


def test_every_problem_has_its_own_line(workspace: Workspace) -> None:
    change(workspace, "delete from marts.customers")
    change(workspace, "update marts.products set product_name = 'x@example.com'")
    with pytest.raises(CheckFailed) as problem:
        publish(workspace, quiet)
    assert len(str(problem.value).splitlines()) == 2


def test_a_workspace_without_orders_may_have_empty_orders(workspace: Workspace) -> None:
    change(workspace, "update marts.source_health set row_count = 0, is_on = false")
    for name in ("orders", "order_lines", "customer_rfm", "customer_margin"):
        change(workspace, f"delete from marts.{name}")
    publish(workspace, quiet)


def test_a_missing_or_unbuilt_warehouse_is_named(tmp_path: Path) -> None:
    workspace = Workspace.at(warehouse=str(tmp_path / "warehouse.duckdb"))
    with pytest.raises(UserError, match="no such warehouse"):
        publish(workspace, quiet)
    duckdb.connect(str(workspace.warehouse)).close()
    with pytest.raises(UserError, match="holds no marts"):
        publish(workspace, quiet)


def test_a_full_disk_leaves_the_published_version(workspace: Workspace, monkeypatch: pytest.MonkeyPatch) -> None:
    version = publish(workspace, quiet)
    change(workspace, "update marts.customers set customer_type = 'staff' where customer_id = 'c01'")

    def full(_: Path) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(files, "sync", full)
    with pytest.raises(UserError, match="No space left on device"):
        publish(workspace, quiet)
    assert workspace.published.resolve() == version
    assert not leftovers(workspace)
    monkeypatch.undo()
    assert publish(workspace, quiet).name == "2026-06-30-002"


def test_a_kill_at_any_moment_leaves_the_last_good_version(workspace: Workspace) -> None:
    version = publish(workspace, quiet)
    change(workspace, "update marts.customers set customer_type = 'staff' where customer_id = 'c01'")
    for step in ("_copy_schema", "audit", "_install", "_switch"):
        code = (
            "import os, signal; from scripts.serving import publish as p\n"
            "from scripts.platform.workspace import Workspace\n"
            f"p.{step} = lambda *a, **k: os.kill(os.getpid(), signal.SIGKILL)\n"
            f"p.publish(Workspace.at(warehouse={str(workspace.warehouse)!r}))"
        )
        killed = subprocess.run([sys.executable, "-c", code], cwd=PROJECT, check=False)
        assert killed.returncode == -signal.SIGKILL
        assert workspace.published.resolve() == version
        assert read(workspace.published / "marts.duckdb", "select count(*) from customers") == [(40,)]
    assert publish(workspace, quiet) != version
    assert not leftovers(workspace)
    assert not list(workspace.home.glob(".published-*"))


def test_readers_see_the_old_or_the_new_version_never_half(workspace: Workspace) -> None:
    publish(workspace, quiet)
    code = (
        "import duckdb, sys, time\n"
        "end = time.monotonic() + float(sys.argv[2])\n"
        "seen = set()\n"
        "while time.monotonic() < end:\n"
        "    with duckdb.connect(sys.argv[1], read_only=True) as c:\n"
        "        types = c.execute('select distinct customer_type from marts.customers').fetchall()\n"
        "        rows = c.execute('select count(*) from marts.segment_sizes').fetchall()\n"
        "    assert len(types) == 1 and rows == [(2,)], (types, rows)\n"
        "    seen.add(types[0][0])\n"
        "print(len(seen))\n"
    )
    reader = subprocess.Popen(
        [sys.executable, "-c", code, str(workspace.published / "marts.duckdb"), "4"], stdout=subprocess.PIPE, text=True
    )
    started = time.monotonic()
    round_number = 0
    while time.monotonic() - started < 3:
        round_number += 1
        change(workspace, f"update marts.customers set customer_type = 'type {round_number}'")
        publish(workspace, quiet)
    out, _ = reader.communicate(timeout=60)
    assert reader.returncode == 0
    assert int(out) > 1


def test_a_reader_keeps_what_it_opened(workspace: Workspace) -> None:
    publish(workspace, quiet)
    with duckdb.connect(str(workspace.published / "marts.duckdb"), read_only=True) as connection:
        for number in range(publishing.VERSIONS_KEPT + 1):
            change(workspace, f"update marts.customers set customer_type = 'type {number}'")
            publish(workspace, quiet)
        assert connection.execute("select distinct customer_type from customers").fetchall() == [("person",)]


def test_the_last_versions_are_kept_for_rollback(workspace: Workspace) -> None:
    for number in range(publishing.VERSIONS_KEPT + 2):
        change(workspace, f"update marts.customers set customer_type = 'type {number}'")
        publish(workspace, quiet)
    kept = sorted(path.name for path in workspace.versions.glob("2*"))
    assert kept == [f"2026-06-30-{number:03d}" for number in range(3, 8)]
    assert rollback(workspace).name == current_version(workspace) == "2026-06-30-006"
    assert rollback(workspace, "2026-06-30-003").name == current_version(workspace)
    with pytest.raises(UserError, match="no earlier version"):
        rollback(workspace)
    with pytest.raises(UserError, match="no version 2026-06-30-001"):
        rollback(workspace, "2026-06-30-001")


def test_one_publisher_at_a_time(workspace: Workspace) -> None:
    with publishing.only_publisher(workspace), pytest.raises(UserError, match="another publish is running"):
        publish(workspace, quiet)


def test_a_folder_in_the_place_of_the_symlink_is_not_touched(workspace: Workspace) -> None:
    (workspace.published / "mine").mkdir(parents=True)
    with pytest.raises(UserError, match="is not the symlink"):
        publish(workspace, quiet)
    assert (workspace.published / "mine").exists()


def test_checksums_distinguish_values_nulls_and_columns(tmp_path: Path) -> None:
    def checksum(query: str) -> str:
        file = tmp_path / "t.duckdb"
        file.unlink(missing_ok=True)
        with duckdb.connect(str(file)) as connection:
            connection.execute(f"create table t as {query}")
        return content_checksums(file)["t.t"]

    ab = checksum("select 'ab' as x, 'c' as y")
    assert ab == checksum("select 'ab' as x, 'c' as y")
    assert ab != checksum("select 'a' as x, 'bc' as y")
    assert ab != checksum("select 'ab' as x, 'c' as z")
    assert checksum("select cast(null as varchar) as x") != checksum("select '' as x")
    assert checksum("select * from (values (1), (2)) as v(x)") == checksum("select * from (values (2), (1)) as v(x)")
    assert checksum("select * from (values (1), (1)) as v(x)") != checksum("select * from (values (2), (2)) as v(x)")
    assert checksum("select 0.1::double + 0.2::double as x") == checksum("select 0.3::double as x")
    assert checksum("select 0.3::double as x") != checksum("select 0.30000001::double as x")
    assert checksum("select -0.0::double as x") == checksum("select 0.0::double as x")
