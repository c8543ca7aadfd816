"""The marts of a past day depend only on what was known by its end: proved with data cut off there.

Two warehouses: one from all landing files, with every kind of later knowledge planted, rebuilt for a past day; one
from landing files that end with that day. Marts must agree row by row and column by column.

The landing files are cut and loaded again, rather than the raw tables filtered, because the load makes decisions too:
which observations of a record are versions, what an override replaces, what is rejected.
"""

from __future__ import annotations

import shutil
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from pathlib import Path

import duckdb
import pyarrow as pa
import pytest

import scripts.platform.dbt
from scripts.intake.command import intake
from scripts.platform.dbt import run_dbt
from scripts.platform.workspace import PROJECT, Workspace
from tests.support.planted_knowledge import natural, plant
from tests.support.point_in_time import Difference, cut_off, differences, end_of

ZONE = "Europe/London"
# New marts are included automatically.
MARTS = tuple(f"+path:models/{room}/*.sql" for room in ("identity", "core", "customers"))
MUST_BE_COVERED = {
    *("orders", "order_lines", "order_payments", "order_events", "returns", "tickets", "products", "engagement_daily"),
    *("customers", "customer_identities", "customer_consents", "consent_history", "suppressions"),
    *("customer_rfm", "rfm_cut_points", "customer_margin", "customer_features"),
}
# A day on which the clocks changed, with traffic, messages and stock counts before it.
ONE_DAY = date(2026, 3, 29)
FIVE_DAYS = {
    "in the first week": date(2021, 7, 4),
    "a leap day": date(2024, 2, 29),
    "the clocks go back": date(2025, 10, 26),
    "the day before the end": date(2026, 6, 29),
    "the end": date(2026, 6, 30),
}


@dataclass(frozen=True)
class Leak:
    """A text in one project file, its replacement, the models to build, and the marts that must then differ."""

    file: str
    written: str
    leaking: str
    select: tuple[str, ...]
    must_differ: set[str]


LEAKS = (
    # A window that does not end with the day, in one model.
    Leak(
        "models/core/intermediate/service/int_tickets.sql",
        "and {{ business_date('changed_at') }} <= {{ as_of_date() }}",
        "and changed_at is not null",
        ("int_tickets", "tickets"),
        {"tickets"},
    ),
    # All models ignore when a version became known: every mart must differ.
    Leak(
        "macros/sources/known_versions.sql",
        "where known_at < {{ as_of_end() }}",
        "where known_at is not null",
        MARTS,
        MUST_BE_COVERED,
    ),
)


def quiet(_: str) -> None:
    return None


def build(workspace: Workspace, day: date, select: Sequence[str] = MARTS) -> set[str]:
    """Build models for a day, without their tests; returns the marts that were built, as `schema.name`.

    State, such as a history of cut-points, does not depend on one day alone and is left out, as is the log of merges:
    a run for a past day writes nothing to it, while the run on that day does.
    """
    kinds = ("--exclude-resource-type", "test", "--exclude-resource-type", "unit_test")
    results = run_dbt(
        workspace, ["build", *kinds, "--select", *select], variables={"as_of_date": day.isoformat()}, progress=quiet
    )
    nodes = [result.node for result in results if result.node.resource_type == "model"]
    return {
        f"{node.schema}.{node.name}"
        for node in nodes
        if node.schema in ("marts", "pii")
        and node.config.materialized == "table"
        and node.name != "customer_id_changes"
    }


class Pair:
    """The two warehouses of a day."""

    def __init__(self, workspace: Workspace, day: date, number: int = 0) -> None:
        self.workspace = workspace
        self.day = day
        end = end_of(day, ZONE)
        self.full = workspace.home / f"full{number}.duckdb"
        self.natural = natural(workspace.warehouse, end)
        self.planted = plant(workspace.warehouse, workspace.landing, end, f"2026-07-{10 + number}")
        intake(workspace, quiet)
        state = state_of(workspace.warehouse, day)
        self.relations = build(workspace, day)
        shutil.copyfile(workspace.warehouse, self.full)
        # In the same folder, so that dbt does not have to parse again.
        self.kept = workspace.home / "kept.duckdb"
        workspace.warehouse.rename(self.kept)
        landing = workspace.home / f"cut{number}"
        self.cut_counts = cut_off(workspace.landing, landing, end)
        self.cut_workspace = Workspace(landing=landing, warehouse=workspace.warehouse, seeds=workspace.seeds)
        intake(self.cut_workspace, quiet)
        restore_state(workspace.warehouse, state)
        build(self.cut_workspace, day)
        self.cut = workspace.home / f"cut{number}.duckdb"
        workspace.warehouse.rename(self.cut)
        self.kept.rename(workspace.warehouse)

    def differences(self) -> list[Difference]:
        return differences(self.full, self.cut, self.relations)


def state_of(warehouse: Path, day: date) -> dict[str, pa.Table]:
    """Customer ids recorded by runs up to a day: they were known then and cannot be recomputed."""
    stamps = {"identity_registry": "assigned_date", "identity_log": "changed_date"}
    with duckdb.connect(str(warehouse), read_only=True) as connection:
        return {
            name: connection.sql(f"select * from state.{name} where {stamp} <= ?", params=[day]).to_arrow_table()
            for name, stamp in stamps.items()
        }


def restore_state(warehouse: Path, state: dict[str, pa.Table]) -> None:
    with duckdb.connect(str(warehouse)) as connection:
        connection.execute("create schema state")
        for name, rows in state.items():
            connection.register("rows_of_state", rows)
            connection.execute(f"create table state.{name} as from rows_of_state")
            connection.unregister("rows_of_state")


def lines(found: Sequence[Difference]) -> str:
    return "\n".join(map(str, found))


def test_a_past_day_uses_only_what_was_known_by_its_end(demo_copy: Workspace) -> None:
    pair = Pair(demo_copy, ONE_DAY)

    assert {relation.split(".")[1] for relation in pair.relations} >= MUST_BE_COVERED
    assert [kind for kind, count in pair.planted.items() if not count] == []
    for table in ("crm/profile", "loyalty/member", "shopify/customer", "shopify/order"):
        assert pair.natural[table] > 0, f"no record of {table} changed by itself after the day"
    assert sum(dropped for _, dropped in pair.cut_counts.values()) > 1000
    found = pair.differences()
    assert not found, lines(found)

    # If a model read the last version of a ticket instead of the last known one, it would be detected.
    with duckdb.connect(str(pair.full)) as connection:
        connection.execute(
            "update marts.tickets set status = newest.status from"
            " (select id, arg_max(status, _fivetran_synced) as status from raw_zendesk.ticket group by id) as newest"
            " where newest.id = ticket_id"
        )
    leaked = pair.differences()
    assert {(difference.relation, difference.column) for difference in leaked} == {("marts.tickets", "status")}
    assert leaked[0].rows > 0


@pytest.mark.verify
def test_five_past_days(demo_copy: Workspace, capsys: pytest.CaptureFixture[str]) -> None:
    # State of a later day, with everything planted for the first one, must not reach an earlier day either.
    later = end_of(date(2026, 7, 3), ZONE)
    plant(demo_copy.warehouse, demo_copy.landing, later, "2026-07-09")
    intake(demo_copy, quiet)
    build(demo_copy, date(2026, 7, 5), ("+identity_registry", "customer_id_changes"))
    failed = []
    for number, (name, day) in enumerate(FIVE_DAYS.items()):
        pair = Pair(demo_copy, day, number)
        assert sum(pair.planted.values()) > 100
        found = pair.differences()
        failed += [f"{name}, {day}: {difference}" for difference in found]
    assert not failed, "\n".join(failed)


@pytest.mark.verify
def test_planted_leaks_are_found(demo_copy: Workspace, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    pair = Pair(demo_copy, ONE_DAY)
    assert not pair.differences()

    for number, leak in enumerate(LEAKS):
        project = leaky_project(tmp_path / f"project{number}", leak)
        monkeypatch.setattr(scripts.platform.dbt, "PROJECT", project)
        workspace = Workspace(demo_copy.landing, demo_copy.warehouse, project / "seeds" / "business")
        built = build(workspace, ONE_DAY, leak.select)
        found = {
            difference.relation.split(".")[1]
            for difference in differences(demo_copy.warehouse, pair.cut, built & pair.relations)
        }
        assert found >= leak.must_differ, f"{leak.file}: not detected in {leak.must_differ - found}"


def leaky_project(folder: Path, leak: Leak) -> Path:
    """A copy of the project in which one file lets later knowledge through."""
    for name in ("models", "macros", "seeds", "tests/dbt", "dbt_packages"):
        shutil.copytree(PROJECT / name, folder / name)
    for name in ("dbt_project.yml", "profiles.yml", "packages.yml"):
        shutil.copyfile(PROJECT / name, folder / name)
    (folder / "analyses").mkdir()
    text = (folder / leak.file).read_text(encoding="utf-8")
    assert leak.written in text, f"{leak.file} has changed; adapt the planted leak"
    (folder / leak.file).write_text(text.replace(leak.written, leak.leaking), encoding="utf-8")
    return folder
