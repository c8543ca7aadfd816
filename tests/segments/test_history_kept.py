"""Membership history survives the loss of the warehouse, and an erased person is erased from it too."""

from __future__ import annotations

from datetime import date
from pathlib import Path

import duckdb

from scripts.platform import state
from scripts.platform.warehouse import open_warehouse
from scripts.platform.workspace import Workspace
from scripts.segments.backfill import KEPT, _Kept


def quiet(_: str) -> None:
    return None


def published(folder: Path) -> Workspace:
    workspace = Workspace.at(warehouse=str(folder / "warehouse.duckdb"))
    with open_warehouse(workspace.warehouse) as connection:
        connection.execute("create schema history")
        connection.execute(
            "create table history.membership_log as from (values (date '2026-06-01', 'c1', 'lapsed', 'entered'),"
            " (date '2026-06-01', 'c2', 'lapsed', 'entered'), (date '2026-06-01', null, null, 'evaluated'))"
            " as t(as_of_date, customer_id, segment_key, change)"
        )
        connection.execute(
            "create table history.segment_evaluations as select date '2026-06-01' as as_of_date, 'lapsed' as key"
        )
    version = workspace.versions / "2026-06-30-001"
    version.mkdir(parents=True)
    state.back_up(workspace, version)
    workspace.published.symlink_to(version)
    return workspace


def log(workspace: Workspace) -> set[object]:
    with open_warehouse(workspace.warehouse, read_only=True) as connection:
        return {row[0] for row in connection.execute("select customer_id from history.membership_log").fetchall()}


def test_history_is_restored_into_a_new_warehouse_and_never_overwrites_another(tmp_path: Path) -> None:
    workspace = published(tmp_path)
    workspace.warehouse.unlink()
    # An existing identity registry does not prevent the restore.
    with open_warehouse(workspace.warehouse) as connection:
        connection.execute("create schema state")
        connection.execute("create table state.identity_registry as select 'p' as profile_id")
    messages: list[str] = []
    state.restore(workspace, messages.append)
    assert messages == ["segments: the membership history of version 2026-06-30-001 was restored"]
    assert log(workspace) == {"c1", "c2", None}
    with open_warehouse(workspace.warehouse) as connection:
        connection.execute("delete from history.membership_log where customer_id = 'c1'")
    state.restore(workspace, quiet)
    assert log(workspace) == {"c2", None}


def test_an_erased_person_is_removed_from_the_kept_history(tmp_path: Path) -> None:
    workspace = published(tmp_path)
    version = workspace.published.resolve()
    assert not state.is_back_up(version / "state" / "membership_log.parquet")
    assert state.remove_from_back_up(version, {"c1", "not_there"}) == {"state/membership_log.parquet": 1}
    assert state.remove_from_back_up(version, {"c1"}) == {}
    assert (version / "state" / "membership_log.parquet").stat().st_mode & 0o077 == 0
    workspace.warehouse.unlink()
    state.restore(workspace, quiet)
    assert log(workspace) == {"c2", None}


def test_a_kept_day_replaces_whatever_the_models_left(tmp_path: Path) -> None:
    """Models make views and tables; so does a day that was loaded before."""
    day = date(2026, 6, 1)
    workspace = Workspace.at(warehouse=str(tmp_path / "warehouse.duckdb"))
    kept = _Kept(workspace, "state")
    kept.of(day).mkdir(parents=True)
    for name in KEPT:
        file = kept.of(day) / f"{name}.parquet"
        duckdb.sql(f"select date '{day}' as as_of_date, '{name}' as customer_id").write_parquet(str(file))
    with open_warehouse(workspace.warehouse) as connection:
        connection.execute("create schema intermediate; create schema history")
        before = "select date '2026-05-31' as as_of_date, 'c9' as customer_id"
        connection.execute(f"create table {KEPT['values']} as {before}")
        connection.execute(f"create table {KEPT['definitions']} as select 'of another day' as segment_key")
        connection.execute(f"create view {KEPT['matches']} as select 'of another day' as segment_key")
    for _ in range(2):
        kept.load(workspace, day, list(KEPT))
        with open_warehouse(workspace.warehouse, read_only=True) as connection:
            for name, table in KEPT.items():
                found = connection.execute(f"select customer_id from {table} where as_of_date = $day", {"day": day})
                assert found.fetchall() == [(name,)]
            [(days,)] = connection.execute(f"select count(*) from {KEPT['values']}").fetchall()
            assert days == 2
