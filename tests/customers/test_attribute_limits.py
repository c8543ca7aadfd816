"""The limits of attributes are data: each one changes a result, and a missing one is reported or restored."""

from __future__ import annotations

import csv
import shutil
from collections.abc import Iterator
from pathlib import Path

import duckdb
import pytest

from scripts.pipeline import steps
from scripts.platform.dbt import run_dbt
from scripts.platform.errors import CheckFailed
from scripts.platform.progress import quiet
from scripts.platform.warehouse import open_warehouse
from scripts.platform.workspace import BUSINESS_SEEDS, Workspace
from tests.support.workspaces import workspace_in

SEED = "attribute_limits.csv"


def shipped() -> dict[str, str]:
    """Each shipped limit with its value."""
    with (BUSINESS_SEEDS / SEED).open(newline="", encoding="utf-8") as lines:
        return {row["limit_name"]: row["value"] for row in csv.DictReader(lines)}


@pytest.fixture(scope="module")
def workspace(demo_workspace: Workspace, tmp_path_factory: pytest.TempPathFactory) -> Workspace:
    home = tmp_path_factory.mktemp("limits")
    shutil.copytree(demo_workspace.seeds, home / "seeds")
    shutil.copyfile(demo_workspace.warehouse, home / "warehouse.duckdb")
    return Workspace.at(
        landing=str(demo_workspace.landing), warehouse=str(home / "warehouse.duckdb"), seeds=str(home / "seeds")
    )


@pytest.fixture(scope="module")
def readers(workspace: Workspace) -> dict[str, str]:
    """The models that read the limits, as SQL."""
    results = run_dbt(workspace, ["compile", "--select", "int_attribute_limits+1"], progress=quiet)
    return {result.node.name: result.node.compiled_code for result in results if result.node.resource_type == "model"}


@pytest.fixture(scope="module")
def connection(demo_workspace: Workspace) -> Iterator[duckdb.DuckDBPyConnection]:
    with open_warehouse(demo_workspace.warehouse, read_only=True) as opened:
        yield opened


@pytest.fixture(scope="module")
def results(connection: duckdb.DuckDBPyConnection, readers: dict[str, str]) -> dict[str, object]:
    return {name: result_of(connection, sql) for name, sql in readers.items() if name != "int_attribute_limits"}


def result_of(connection: duckdb.DuckDBPyConnection, sql: str) -> object:
    """A fingerprint of the rows of a query, independent of their order."""
    return connection.execute(f"select count(*), sum(hash(found)) from ({sql}\n) as found").fetchone()


# In a small demo no customer is affected by these; a unit test of their model gives them two values.
TOO_RARE = {"own_pace_count", "pending_refund_days"}


@pytest.mark.parametrize("limit", [limit for limit in shipped() if limit not in TOO_RARE])
def test_changing_a_limit_changes_the_result(
    limit: str,
    connection: duckdb.DuckDBPyConnection,
    readers: dict[str, str],
    results: dict[str, object],
) -> None:
    database = connection.execute("select current_database()").fetchone()
    assert database is not None
    relation = f'"{database[0]}"."intermediate"."int_attribute_limits"'
    users = {name: sql for name, sql in readers.items() if f"limits.{limit}" in sql and relation in sql}
    assert users, "no model reads it"
    kind = "int" if limit.endswith(("days", "hours", "minutes", "count")) else "double"
    for factor in (0.25, 4, 0.5, 0.05):
        changed = f"(select * replace (cast({limit} * {factor} as {kind}) as {limit}) from {relation})"
        if all(result_of(connection, sql.replace(relation, changed)) != results[name] for name, sql in users.items()):
            return
    pytest.fail(f"{limit} changes nothing in one of {', '.join(users)}")


def test_a_seed_folder_of_an_earlier_version_gets_the_missing_limits(tmp_path: Path) -> None:
    workspace = workspace_in(tmp_path)
    steps.copy_missing_seeds(workspace, quiet)
    file = workspace.seeds / SEED
    lines = file.read_text(encoding="utf-8").splitlines()
    own = [lines[0], *(line.replace(",180,", ",200,", 1) for line in lines[1:15])]
    file.write_text("\n".join(own), encoding="utf-8")
    messages: list[str] = []
    steps.copy_missing_seeds(workspace, messages.append)
    found = file.read_text(encoding="utf-8").splitlines()
    assert found[:15] == own and list(csv.reader(found[15:])) == list(csv.reader(lines[15:]))
    assert len(messages) == 1 and "had no row for visit_gap_minutes, open_cart_hours" in messages[0]
    steps.copy_missing_seeds(workspace, messages.append)
    assert len(messages) == 1


def test_an_unreadable_file_is_left_unchanged(tmp_path: Path) -> None:
    workspace = workspace_in(tmp_path)
    steps.copy_missing_seeds(workspace, quiet)
    file = workspace.seeds / SEED
    file.write_text(file.read_text(encoding="utf-8").replace(",", ";"), encoding="utf-8")
    before = file.read_bytes()
    steps.copy_missing_seeds(workspace, quiet)
    assert file.read_bytes() == before


@pytest.fixture(scope="module")
def limits_only(tmp_path_factory: pytest.TempPathFactory) -> Workspace:
    """A workspace with the seeds and nothing else."""
    workspace = workspace_in(tmp_path_factory.mktemp("seeds"))
    steps.copy_missing_seeds(workspace, quiet)
    return workspace


@pytest.mark.parametrize(
    ("row", "message"),
    [
        ("", "habit_count: has no row; copy its row from the attribute_limits.csv in seeds/business"),
        ("habits,habit_count,,visits,", "habit_count: the column value is empty; fill it in"),
        ("habits,habit_count,2.5,visits,", "habit_count: 2.5 is not a whole number"),
        ("habits,habit_count,three,visits,", "habit_count: value is `three`"),
    ],
)
def test_dbt_alone_reports_a_missing_limit(limits_only: Workspace, row: str, message: str) -> None:
    file = limits_only.seeds / SEED
    kept = [line for line in file.read_text(encoding="utf-8").splitlines() if not line.startswith("habits,habit_count")]
    file.write_text("\n".join([*kept, *([row] if row else [])]) + "\n", encoding="utf-8")
    with pytest.raises(CheckFailed) as failed:
        run_dbt(
            limits_only,
            [
                *("build", "--select", "attribute_limits", "int_attribute_limits", "int_customer_habits"),
                *("--resource-type", "seed", "--resource-type", "model"),
            ],
            progress=quiet,
        )
    assert message in " ".join(str(failed.value).split())
