"""Relations that an earlier version of the project built and no model builds any more are dropped, and nothing else."""

from __future__ import annotations

from pathlib import Path
from types import SimpleNamespace

from scripts.pipeline.steps import drop_leftovers
from scripts.platform.warehouse import open_warehouse
from scripts.platform.workspace import Workspace


def test_only_rebuildable_relations_are_dropped(tmp_path: Path) -> None:
    workspace = Workspace.at(warehouse=str(tmp_path / "warehouse.duckdb"))
    names = ("raw_pos", "intake", "state", "history", "intermediate", "marts")
    with open_warehouse(workspace.warehouse) as connection:
        for schema in names:
            connection.execute(f"create schema {schema}")
            connection.execute(f"create table {schema}.kept as select 1 as id")
            connection.execute(f"create table {schema}.left_behind as select 1 as id")
        connection.execute("create view marts.old_view as from intermediate.left_behind")
    built = [SimpleNamespace(resource_type="model", schema=schema, alias="kept") for schema in names]
    built.append(SimpleNamespace(resource_type="test", schema="intermediate", alias="left_behind"))

    messages: list[str] = []
    drop_leftovers(workspace, built, messages.append)

    with open_warehouse(workspace.warehouse, read_only=True) as connection:
        found = connection.execute("select table_schema || '.' || table_name from information_schema.tables").fetchall()
    present = {name for (name,) in found}
    assert present == {f"{schema}.kept" for schema in names} | {
        f"{schema}.left_behind" for schema in ("raw_pos", "intake", "state", "history")
    }
    assert messages == ["build: 3 relations that no model builds any more were dropped"]
    drop_leftovers(workspace, built, messages.append)
    assert len(messages) == 1
