"""A past day executed from the SQL of another day equals what dbt builds for it, row by row."""

from __future__ import annotations

import shutil
from datetime import date
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest

from scripts.platform import past_day
from scripts.platform.dbt import parsed_project, run_dbt
from scripts.platform.past_day import build_past_day
from scripts.platform.progress import quiet
from scripts.platform.warehouse import literal, open_warehouse
from scripts.platform.workspace import Workspace
from tests.support.build_notes import recorded
from tests.support.workspaces import workspace_in

DAYS = (date(2025, 10, 25), date(2026, 3, 29))


@pytest.fixture
def demo_twin(demo_workspace: Workspace, tmp_path: Path) -> Workspace:
    """A second copy, for dbt alone."""
    shutil.copytree(demo_workspace.home, tmp_path / "twin", symlinks=True)
    return workspace_in(tmp_path / "twin")


def executed(workspace: Workspace, monkeypatch: pytest.MonkeyPatch, select: list[str]) -> tuple[set[str], list[str]]:
    """Build both days, one after the other; returns names executed without dbt, and all relations built."""
    monkeypatch.setattr(past_day, "_KEPT", {})
    names: set[str] = set()
    execute = past_day._execute

    def noted(connection, node, sql):  # type: ignore[no-untyped-def]
        names.add(node.name)
        execute(connection, node, sql)

    monkeypatch.setattr(past_day, "_execute", noted)
    for day in DAYS:
        build_past_day(workspace, day, select)
    wanted = past_day._with_parents(parsed_project(workspace), select).values()
    return names, [node.relation_name for node in wanted if node.config.materialized != "ephemeral"]


def differing(workspace: Workspace, other: Workspace, relations: list[str]) -> list[str]:
    """The relations whose columns or rows differ between the two; numbers are compared to nine digits."""
    with open_warehouse(workspace.warehouse) as connection:
        name = connection.execute("select current_database()").fetchall()[0][0]
        connection.execute(f"attach {literal(str(other.warehouse))} as other (read_only)")
        found = []
        for relation in relations:
            there = relation.replace(f'"{name}"', '"other"', 1)
            columns = [connection.execute(f"describe {one}").fetchall() for one in (relation, there)]
            cells = ", ".join(
                f"format('{{:.9g}}', \"{column[0]}\")" if column[1] == "DOUBLE" else f'"{column[0]}"'
                for column in columns[0]
            )
            rows = f"select {cells} from {relation}", f"select {cells} from {there}"
            counted = (
                f"select count(*) from (({rows[0]} except all {rows[1]}) union all ({rows[1]} except all {rows[0]}))"
            )
            if columns[0] != columns[1] or connection.execute(counted).fetchall()[0][0]:
                found.append(relation)
        return found


def by_dbt(workspace: Workspace, select: list[str]) -> None:
    for day in DAYS:
        run_dbt(workspace, ["run", "--select", *select], variables={"as_of_date": day.isoformat()}, progress=quiet)


@pytest.mark.verify
def test_orders_of_a_past_day(demo_copy: Workspace, demo_twin: Workspace, monkeypatch: pytest.MonkeyPatch) -> None:
    """Contracts, views, connected components, records held back; the days are at or just before a clock change."""
    select = ["+orders"]
    names, relations = executed(demo_copy, monkeypatch, select)
    assert {"orders", "int_identity_email_components", "stg_shopify__orders"} <= names
    by_dbt(demo_twin, select)
    assert differing(demo_copy, demo_twin, relations) == []


@pytest.mark.verify
def test_memberships_of_a_past_day(demo_copy: Workspace, demo_twin: Workspace, monkeypatch: pytest.MonkeyPatch) -> None:
    select = ["+membership_log", "+int_prediction_inputs"]
    names, relations = executed(demo_copy, monkeypatch, select)
    assert len(names) > len(relations) / 2
    by_dbt(demo_twin, select)
    assert differing(demo_copy, demo_twin, relations) == []


def test_only_what_differs_from_day_to_day_is_left_to_dbt(demo_workspace: Workspace) -> None:
    """Models with a macro that queries something new are left to dbt until the macro is listed as harmless."""
    project = parsed_project(demo_workspace)
    harmless = past_day.ASK_FOR_THE_SAME | past_day.ASK_SEEDS

    def asking(node: Any) -> set[str]:
        return past_day._asking_macros(node.depends_on.macros, project.macros) - harmless

    nodes = {node.name: node for node in past_day._with_parents(project, ["+membership_log"]).values()}
    for name in ("int_segment_rules", "int_segment_matches", "attribute_catalogue", "int_membership_changes"):
        assert asking(nodes[name]), name
    trained_on = past_day._with_parents(project, ["+int_prediction_inputs", "+customers"]).values()
    assert {node.name: asking(node) for node in trained_on if asking(node)} == {}


def test_only_marked_days_are_replaced() -> None:
    sql = (
        "cast('2026-06-02' as date) /* as_of_date */ > cast('2026-06-02' as date),"
        " cast('x' as timestamp) /* as_of_end */"
    )
    assert past_day._of_day(sql, {"as_of_date": "2025-01-01", "as_of_end": "2025-01-02 05:00:00"}) == (
        "cast('2025-01-01' as date) /* as_of_date */ > cast('2026-06-02' as date),"
        " cast('2025-01-02 05:00:00' as timestamp) /* as_of_end */"
    )


@pytest.mark.parametrize(
    ("day", "end"),
    [
        (date(2026, 3, 28), "2026-03-28 23:00:00"),
        (date(2026, 3, 29), "2026-03-29 22:00:00"),
        (date(2025, 10, 25), "2025-10-25 22:00:00"),
        (date(2025, 10, 26), "2025-10-26 23:00:00"),
    ],
)
def test_a_day_ends_at_midnight_in_the_business_time_zone(tmp_path: Path, day: date, end: str) -> None:
    """In Berlin clocks go forward on 29 March 2026, and went back on 26 October 2025."""
    workspace = workspace_in(tmp_path)
    with open_warehouse(workspace.warehouse) as connection:
        notes = recorded(business_timezone="Europe/Berlin")
        connection.execute(f"create schema marts; create table marts.build_notes as {notes}")
    assert past_day._day_texts(workspace, day) == {"as_of_date": day.isoformat(), "as_of_end": end}


def test_components_are_named_after_their_smallest_node() -> None:
    """Two chains, one of them through text links; a link with one node, and one with a node twice, join nothing."""
    linked = pd.DataFrame(
        [(7, "a"), (3, "a"), (3, "b"), (9, "b"), (5, "c"), (8, "d"), (4, "d"), (6, "e"), (6, "e")],
        columns=["node", "link"],
    )
    found = past_day._components(linked)
    assert dict(zip(found["node"], found["component"], strict=True)) == {3: 3, 7: 3, 9: 3, 4: 4, 8: 4}
    assert past_day._components(linked.iloc[:0].astype({"node": np.int64})).empty
