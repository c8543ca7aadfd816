"""How models become tables and views on DuckDB: replaced in one step, kept on failure, with enforced contracts."""

from __future__ import annotations

import os
import shutil
from pathlib import Path
from typing import Any

import duckdb
import pytest

from scripts.platform.workspace import PROJECT

PROFILES = "replaced: {{target: duckdb, outputs: {{duckdb: {{type: duckdb, path: '{file}', threads: 1}}}}}}\n"
CONFIG = """
name: replaced
version: "1.0"
profile: replaced
models: {replaced: {+persist_docs: {relation: true, columns: true}}}
flags: {send_anonymous_usage_stats: false}
"""
CONTRACT = """
  - name: {name}
    description: Who it's about.
    config: {{contract: {{enforced: true}}}}
    columns:
      - {{name: person, data_type: varchar, description: Who.}}
      - {{name: number, data_type: integer}}
"""
ANN = "select 1 as number, 'ann' as person"
# Models by name: as built first, and as built next; those with a contract have the columns above.
MODELS = {
    "stays": (("table", "select 1 as number"), ("table", "select 2 as number")),
    "turns_view": (("table", "select 1 as number"), ("view", "select 2 as number")),
    "turns_table": (("view", "select 1 as number"), ("table", "select 2 as number")),
    "view_fails": (("view", "select 1 as number"), ("view", "select number from nowhere")),
    "with_contract_grows": (("table", ANN), ("table", "from {{ this }} union all select 'bob', 2")),
    "with_contract_fails": (("table", ANN), ("table", "select 'bob' as person, cast('two' as integer) as number")),
    "with_contract_lacks": (("table", ANN), ("table", "select 'bob' as person")),
    "with_contract_differs": (("table", ANN), ("table", "select 'bob' as person, 'two' as number")),
    "with_contract_constrained": (("table", ANN), ("table", ANN)),
}


@pytest.fixture(scope="module")
def built(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, dict[str, str]]:
    """The file after both runs, and the message of dbt for each model in the second; the first succeeded."""
    folder = tmp_path_factory.mktemp("replaced")
    assert set(run(folder, 0).values()) == {"OK"}
    return folder / "people.duckdb", run(folder, 1)


def run(folder: Path, time: int) -> dict[str, str]:
    """Run the project in its first (0) or second (1) state; returns the message of each model."""
    from dbt.adapters.duckdb.connections import DuckDBConnectionManager
    from dbt.cli.main import dbtRunner

    (folder / "dbt_project.yml").write_text(CONFIG)
    (folder / "profiles.yml").write_text(PROFILES.format(file=folder / "people.duckdb"))
    for name in ("models", "macros"):
        (folder / name).mkdir(exist_ok=True)
    shutil.copy(PROJECT / "macros" / "materializations" / "replaced_relation.sql", folder / "macros")
    for name, states in MODELS.items():
        kind, query = states[time]
        (folder / "models" / f"{name}.sql").write_text(f"{{{{ config(materialized='{kind}') }}}}\n{query}\n")
    properties = "models:" + "".join(CONTRACT.format(name=name) for name in MODELS if name.startswith("with_contract"))
    if time == 1:
        head, tail = properties.split("- name: with_contract_constrained")
        tail = tail.replace("description: Who.", "constraints: [{type: not_null}]")
        properties = f"{head}- name: with_contract_constrained{tail}"
    (folder / "models" / "models.yml").write_text(properties)
    before = Path.cwd()
    os.chdir(folder)
    try:
        outcome: Any = dbtRunner().invoke(
            ["run", "--project-dir", str(folder), "--profiles-dir", str(folder), "--quiet", "--log-level", "none"]
        )
    finally:
        os.chdir(before)
        DuckDBConnectionManager.close_all_connections()
    return {result.node.name: result.message for result in outcome.result.results}


def read(file: Path, query: str) -> list[Any]:
    with duckdb.connect(str(file), read_only=True) as connection:
        return connection.execute(query).fetchall()


def test_a_model_is_replaced_whatever_it_was_before(built: tuple[Path, dict[str, str]]) -> None:
    file, messages = built
    kinds = dict(read(file, "select table_name, table_type from information_schema.tables"))
    for name, kind in (("stays", "BASE TABLE"), ("turns_view", "VIEW"), ("turns_table", "BASE TABLE")):
        assert messages[name] == "OK"
        assert kinds[name] == kind
        assert read(file, f"from main.{name}") == [(2,)]
    assert sorted(kinds) == sorted(MODELS), "something was left behind"


def test_a_model_may_read_what_it_replaces(built: tuple[Path, dict[str, str]]) -> None:
    assert read(built[0], "from main.with_contract_grows order by all") == [("ann", 1), ("bob", 2)]


def test_a_model_that_fails_leaves_what_was_there(built: tuple[Path, dict[str, str]]) -> None:
    file, messages = built
    assert "Could not convert string 'two'" in messages["with_contract_fails"]
    assert "nowhere" in messages["view_fails"]
    assert read(file, "from main.with_contract_fails") == [("ann", 1)]
    comments = read(file, "select comment from duckdb_tables() where table_name = 'with_contract_fails'")
    assert comments == [("Who it's about.",)]
    assert read(file, "from main.view_fails") == [(1,)]


def test_a_contract_sets_the_order_and_is_enforced(built: tuple[Path, dict[str, str]]) -> None:
    file, messages = built
    columns = "select column_name, data_type, comment from duckdb_columns() where table_name = 'with_contract_grows'"
    assert read(file, columns) == [("person", "VARCHAR", "Who."), ("number", "INTEGER", None)]
    for name in ("with_contract_lacks", "with_contract_differs"):
        assert "has an enforced contract that failed" in messages[name]
        assert read(file, f"from main.{name}") == [("ann", 1)]


def test_a_constraint_is_refused_rather_than_ignored(built: tuple[Path, dict[str, str]]) -> None:
    assert "with_contract_constrained: constraints are not enforced here" in built[1]["with_contract_constrained"]
