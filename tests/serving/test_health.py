"""`python -m scripts health`: its report on healthy, unhealthy and missing workspaces."""

from __future__ import annotations

import gzip
import json
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from scripts.__main__ import main
from scripts.intake.command import intake
from scripts.pipeline import steps
from scripts.platform.errors import CheckFailed
from scripts.platform.versions import current_version
from scripts.platform.warehouse import open_warehouse
from scripts.platform.workspace import Workspace
from scripts.serving.health import examine, health
from scripts.serving.publish import publish
from tests.support.small_workspace import small_workspace
from tests.support.workspaces import workspace_in

DOCUMENT = {
    "schema_version": int, "overall": str, "as_of_date": (str, type(None)), "read_from": (str, type(None)),
    "warehouse": dict, "published": (dict, type(None)), "last_load": (dict, type(None)), "sources": list,
    "dead_letters": (dict, type(None)), "models": list, "statements": list, "findings": list, "notes": list,
    "strict": bool, "healthy": bool,
}  # fmt: skip
TABLE_KEYS = {
    "table_name", "status", "severity", "status_reason", "row_count", "last_known_at", "age_hours", "source_age_hours",
    "sla_hours", "checks",
}  # fmt: skip
CHECKS = {"freshness", "volume", "lag", "failed_files", "circuit", "rejects", "schema_drift"}


def quiet(_: str) -> None:
    return None


def ask(workspace: Workspace, capsys: pytest.CaptureFixture[str], *arguments: str) -> tuple[int, str, str]:
    """Exit code, standard output and standard error of the command."""
    capsys.readouterr()
    code = main(["health", "--warehouse", str(workspace.warehouse), *arguments])
    output = capsys.readouterr()
    return code, output.out, output.err


def document(workspace: Workspace, capsys: pytest.CaptureFixture[str], *arguments: str) -> tuple[int, dict[str, Any]]:
    """Exit code and document of `--json`, which must be the only standard output."""
    code, out, _ = ask(workspace, capsys, "--json", *arguments)
    found = json.loads(out)
    assert set(found) == set(DOCUMENT)
    for key, kind in DOCUMENT.items():
        assert isinstance(found[key], kind), key
    assert found["healthy"] == (code == 0)
    for source in found["sources"]:
        for table in source["tables"]:
            assert set(table) == TABLE_KEYS
            assert {check["check_name"] for check in table["checks"]} in (CHECKS, set())
            assert (table["severity"] == "ok") or table["status_reason"]
    return code, found


@contextmanager
def held(file: Path) -> Iterator[None]:
    """Another process has the file open for writing, as during a build."""
    code = f"import duckdb, sys; c = duckdb.connect({str(file)!r}); print('open', flush=True); sys.stdin.read()"
    process = subprocess.Popen([sys.executable, "-c", code], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
    try:
        assert process.stdout is not None and process.stdout.readline() == "open\n"
        yield
    finally:
        process.communicate()


def build_health(workspace: Workspace, **variables: Any) -> None:
    steps.build(
        workspace,
        variables=variables,
        select="source_health_limits +source_health source_volume_daily +dead_letters",
        exclude="test_type:singular",
        progress=quiet,
    )


def test_a_healthy_workspace_passes_and_is_shown_in_a_table(
    demo_workspace: Workspace, capsys: pytest.CaptureFixture[str]
) -> None:
    code, out, err = ask(demo_workspace, capsys)
    assert (code, err) == (0, "")
    with open_warehouse(demo_workspace.published / "marts.duckdb", read_only=True) as marts:
        rows = dict(
            marts.execute("select source, sum(row_count) from source_health group by source order by 1").fetchall()
        )
    cells = {line.split()[0]: line.split() for line in out.splitlines() if line.startswith("  ")}
    for source, count in rows.items():
        assert f"{count:,}" in cells[source]
    assert "overall: ok" in out
    assert current_version(demo_workspace) in out


def test_the_document_agrees_with_the_ledger_and_the_marts(
    demo_workspace: Workspace, capsys: pytest.CaptureFixture[str]
) -> None:
    code, found = document(demo_workspace, capsys)
    assert code == 0
    assert found["overall"] == "ok" and found["findings"] == []
    assert found["as_of_date"] == "2026-06-30"
    assert (found["read_from"], found["warehouse"]["state"]) == ("warehouse", "ready")
    assert found["published"]["version"] == current_version(demo_workspace)
    files = sum(
        1 for path in demo_workspace.landing.rglob("*") if path.is_file() and path.parent != demo_workspace.landing
    )
    assert found["last_load"]["file_count"] == files
    with open_warehouse(demo_workspace.warehouse, read_only=True) as warehouse:
        landed, accepted, rejected = warehouse.execute(
            "select sum(landed_rows), sum(accepted_rows), sum(rejected_rows) from intake.files"
        ).fetchone() or (0, 0, 0)
    load = found["last_load"]
    assert (load["landed_rows"], load["accepted_rows"], load["rejected_rows"]) == (landed, accepted, rejected)
    assert sum(source["row_count"] for source in found["sources"]) == accepted
    assert found["dead_letters"]["open_count"] >= rejected > 0


def test_the_age_of_the_published_version_is_checked_at_the_given_time(
    demo_workspace: Workspace, capsys: pytest.CaptureFixture[str]
) -> None:
    code, found = document(demo_workspace, capsys)
    clock = (datetime.now(UTC) - datetime(2026, 7, 1, tzinfo=UTC)) / timedelta(hours=1)
    # A demo's day is pinned: its age is reported, not checked.
    assert code == 0 and not found["published"]["is_age_judged"]
    assert found["published"]["age_hours"] == pytest.approx(max(clock, 0), abs=0.2)
    code, found = document(demo_workspace, capsys, "--now", "2026-07-02T23:00:00Z")
    assert code == 0 and found["published"]["age_hours"] == 47
    code, found = document(demo_workspace, capsys, "--now", "2026-07-03T03:00:00+02:00")
    assert code == 1 and found["published"]["age_hours"] == 49
    assert "49 hours old" in found["findings"][0]["text"]
    assert document(demo_workspace, capsys, "--now", "2026-07-03T03:00:00+02:00", "--max-age", "50")[0] == 0


def test_without_news_sources_are_stale_and_the_command_fails(
    demo_copy: Workspace, capsys: pytest.CaptureFixture[str]
) -> None:
    build_health(demo_copy, as_of_date="2026-07-10")
    code, found = document(demo_copy, capsys)
    assert code == 1 and found["as_of_date"] == "2026-07-10"
    stale = {source["source"] for source in found["sources"] if source["status"] == "stale"}
    # Delivered until 30 June: ten days are too many for sources with an SLA of seven or fewer.
    delivering = [source for source in found["sources"] if source["row_count"]]
    assert stale == {source["source"] for source in delivering if source["sla_hours"] <= 168}
    _, out, err = ask(demo_copy, capsys)
    assert "no news from shopify for" in out and "not healthy" in err
    web = next(source for source in found["sources"] if source["source"] == "web")
    pages = next(table for table in web["tables"] if table["table_name"] == "pages")
    volume = next(check for check in pages["checks"] if check["check_name"] == "volume")
    assert (volume["severity"], volume["observed"]) == ("fail", 0)
    assert "usually brings" in pages["status_reason"]


def test_a_missing_delivery_a_broken_and_a_changed_file_are_named(
    tmp_path: Path, demo_workspace: Workspace, capsys: pytest.CaptureFixture[str]
) -> None:
    workspace = workspace_in(tmp_path)
    for file in [*demo_workspace.landing.glob("world.json"), *demo_workspace.landing.glob("web/*/*.parquet"),
                 *demo_workspace.landing.glob("pos/*/*"), *demo_workspace.landing.glob("crm/*/*")]:  # fmt: skip
        copy = workspace.landing / file.relative_to(demo_workspace.landing)
        copy.parent.mkdir(parents=True, exist_ok=True)
        if "pos" in copy.parts and "06-30" in copy.name:
            continue  # missing delivery
        copy.write_bytes(file.read_bytes())
    newest = workspace.landing / "crm" / "profile" / "profile_2026-06-30.csv"
    header, *rows = newest.read_text(encoding="utf-8").splitlines()
    newest.write_text("\n".join([f"{header},shoe_size", *(f"{row},42" for row in rows)]) + "\n", encoding="utf-8")
    broken = workspace.landing / "crm" / "profile" / "profile_2026-06-29.csv.gz"
    broken.write_bytes(gzip.compress(b"profile_id,synced_at\n" * 500)[:30])
    with pytest.raises(CheckFailed, match="2026-06-29"):
        intake(workspace, quiet)
    build_health(workspace)
    code, found = document(workspace, capsys)
    assert code == 1
    by_name = {source["source"]: source for source in found["sources"]}
    assert by_name["pos"]["status"] == "stale"
    assert by_name["web"]["status"] == "fresh"
    crm = by_name["crm"]
    assert crm["status"] == "failed"
    assert "profile_2026-06-29.csv.gz" in crm["reasons"][0] and "new column(s) shoe_size" in crm["reasons"][0]
    # This workspace has published nothing, which is a warning; a source without any delivery is no finding.
    assert {finding["severity"] for finding in found["findings"]} == {"fail", "warn"}
    assert by_name["shopify"]["status"] == "empty"

    broken.unlink()
    with open_warehouse(workspace.warehouse) as connection:
        connection.execute("delete from intake.files where status = 'failed'")
    said = json.loads(workspace.settings_file.read_text(encoding="utf-8")) if workspace.settings_file.exists() else {}
    workspace.settings_file.write_text(json.dumps(said | {"using_pos": False}), encoding="utf-8")
    build_health(workspace)
    code, found = document(workspace, capsys)
    by_name = {source["source"]: source for source in found["sources"]}
    assert (code, by_name["pos"]["status"], by_name["crm"]["status"]) == (0, "off", "drift")
    assert document(workspace, capsys, "--strict")[0] == 1


@pytest.mark.verify
def test_many_refused_rows_fail_and_a_few_warn(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    def deliver(workspace: Workspace, faulty: int) -> dict[str, Any]:
        lines = ["profile_id,birth_date,synced_at"]
        lines += [f"p{i},{'1980-13-45' if i < faulty else '1980-01-02'},2026-06-30 10:00:00" for i in range(100)]
        file = workspace.landing / "crm" / "profile" / "profile_2026-06-30.csv"
        file.parent.mkdir(parents=True)
        file.write_text("\n".join(lines) + "\n", encoding="utf-8")
        (workspace.landing / "world.json").write_text('{"as_of_date": "2026-06-30"}', encoding="utf-8")
        intake(workspace, quiet)
        build_health(workspace)
        _, found = document(workspace, capsys)
        crm = next(source for source in found["sources"] if source["source"] == "crm")
        check = next(check for check in crm["tables"][0]["checks"] if check["check_name"] == "rejects")
        assert check["observed"] == faulty / 100
        return crm

    many, few = deliver(workspace_in(tmp_path / "many"), 11), deliver(workspace_in(tmp_path / "few"), 3)
    assert (many["severity"], many["status"]) == ("fail", "rejects")
    assert "11 of 100 rows" in many["reasons"][0]
    assert (few["severity"], few["status"]) == ("warn", "rejects")


def test_with_a_busy_warehouse_the_published_version_is_reported(
    demo_copy: Workspace, capsys: pytest.CaptureFixture[str]
) -> None:
    with held(demo_copy.warehouse):
        code, found = document(demo_copy, capsys)
        _, out, err = ask(demo_copy, capsys)
    assert code == 0
    assert (found["warehouse"]["state"], found["read_from"]) == ("busy", "published")
    assert found["last_load"] is None
    assert len(found["sources"]) > 10 and found["dead_letters"]["open_count"] > 0
    assert err == "" and "has it open; wait for it to end" in out


def test_a_busy_warehouse_with_nothing_published_fails(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    workspace = workspace_in(tmp_path)
    with held(workspace.warehouse):
        code, found = document(workspace, capsys)
    assert code == 1 and found["warehouse"]["state"] == "busy" and found["sources"] == []


def test_missing_or_incomplete_workspaces_get_one_clear_line(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    missing = workspace_in(tmp_path / "missing")
    empty = workspace_in(tmp_path / "empty")
    with open_warehouse(empty.warehouse):
        pass
    damaged = workspace_in(tmp_path / "damaged")
    damaged.home.mkdir()
    damaged.warehouse.write_bytes(b"no database" * 999)
    half = workspace_in(tmp_path / "half")
    with open_warehouse(half.warehouse) as connection:
        connection.execute("create schema marts; create table marts.source_health as select 'pos' as source")
    wanted = {missing: ("missing", "no such warehouse"), empty: ("not_built", "run `python -m scripts build`"),
              damaged: ("unreadable", "cannot be opened"), half: ("outdated", "earlier version")}  # fmt: skip
    for workspace, (state, words) in wanted.items():
        code, found = document(workspace, capsys)
        assert (code, found["warehouse"]["state"], found["sources"]) == (1, state, [])
        _, out, _ = ask(workspace, capsys)
        lines = [line for line in out.splitlines() if line.startswith("fail: ")]
        assert len(lines) == 1 and words in lines[0]
    assert not missing.home.exists()


def test_damage_to_the_published_version_and_the_settings_is_named(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    workspace = small_workspace(tmp_path)
    publish(workspace, quiet)
    workspace.warehouse.unlink()
    _, found = document(workspace, capsys)
    assert any("earlier version" in finding["text"] for finding in found["findings"])
    (workspace.published / "marts.duckdb").write_bytes(b"no database" * 999)
    (workspace.published / "manifest.json").write_text("[]", encoding="utf-8")
    workspace.landing.mkdir(exist_ok=True)
    (workspace.landing / "world.json").write_text("{", encoding="utf-8")
    code, found = document(workspace, capsys)
    texts = " ".join(finding["text"] for finding in found["findings"])
    assert code == 1
    for words in ("manifest.json cannot be read", "marts.duckdb: cannot be opened", "not readable as JSON"):
        assert words in texts


def test_a_load_that_failed_after_the_build_shows_at_once(
    demo_copy: Workspace, capsys: pytest.CaptureFixture[str]
) -> None:
    assert examine(demo_copy).overall == "ok"
    late = demo_copy.landing / "pos" / "receipt" / "late.csv"
    late.write_text("", encoding="utf-8")
    with pytest.raises(CheckFailed):
        intake(demo_copy, quiet)
    code, out, _ = ask(demo_copy, capsys)
    assert code == 1 and "fail: pos/receipt/late.csv" in out
    late.unlink()


def test_warnings_fail_only_when_asked(demo_copy: Workspace) -> None:
    with open_warehouse(demo_copy.warehouse) as connection:
        connection.execute(
            "update marts.source_health set severity = 'warn', status = 'drift', status_reason = 'columns'"
            " where table_name = 'pages'"
        )
    health(demo_copy, progress=quiet)
    with pytest.raises(CheckFailed, match="1 finding"):
        health(demo_copy, strict=True, progress=quiet)


@pytest.mark.parametrize("wrong", [["--now", "soon"], ["--max-age", "long"], ["--max-age", "-1"], ["--weird"]])
def test_incorrect_use_exits_with_two(wrong: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as left:
        main(["health", *wrong])
    assert left.value.code == 2
    assert "error: " in capsys.readouterr().err
