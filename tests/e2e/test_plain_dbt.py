"""Plain dbt, as a data team runs it: no script except the load of the landing files."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from scripts.platform.dbt import seeds_path
from scripts.platform.versions import content_checksums
from scripts.platform.workspace import PROJECT, Workspace
from tests.support.workspaces import STRICT, workspace_in

# Programs of this environment, and of the environment for testing a newer dbt.
CURRENT = Path(sys.executable).parent
NEWER = PROJECT / ".venv-dbt-1.12" / "bin"


def dbt(workspace: Workspace, programs: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    """One dbt command in a separate process, with only the two environment variables added."""
    environment = {
        **os.environ,
        "SEGMENTATION_WAREHOUSE": str(workspace.warehouse),
        "SEGMENTATION_SEEDS": seeds_path(workspace),
    }
    target = workspace.home / "plain"
    return subprocess.run(
        [
            str(programs / "dbt"),
            *arguments,
            *["--target-path", str(target / "target"), "--log-path", str(target / "logs"), "--no-use-colors"],
        ],
        cwd=PROJECT,
        env=environment,
        capture_output=True,
        text=True,
    )


@pytest.fixture
def raw_workspace(demo_workspace: Workspace, tmp_path_factory: pytest.TempPathFactory) -> Workspace:
    """Only the demo's raw tables, with the seeds as the demo left them."""
    from scripts.platform.warehouse import open_warehouse, quote

    workspace = workspace_in(tmp_path_factory.mktemp("plain"))
    shutil.copytree(demo_workspace.seeds, workspace.seeds)
    shutil.copyfile(demo_workspace.warehouse, workspace.warehouse)
    with open_warehouse(workspace.warehouse) as connection:
        schemas = connection.execute("select schema_name from duckdb_schemas() where not internal").fetchall()
        for (schema,) in schemas:
            if schema != "main" and schema != "intake" and not schema.startswith("raw_"):
                connection.execute(f"drop schema {quote(schema)} cascade")
    return workspace


def installed(programs: Path) -> Path:
    assert programs.exists(), f"{programs}: dbt 1.12 is not installed; `make dbt-1.12` installs it"
    return programs


@pytest.mark.parametrize(
    ("programs", "commands"),
    [
        pytest.param(CURRENT, [["build"]], id="build"),
        pytest.param(
            CURRENT, [["seed"], ["run"], ["test"], ["docs", "generate"]], id="step by step", marks=pytest.mark.verify
        ),
        pytest.param(NEWER, [["build"]], id="build by dbt 1.12", marks=pytest.mark.verify),
    ],
)
def test_plain_dbt_commands_build_the_same_marts_without_warnings(
    raw_workspace: Workspace, demo_workspace: Workspace, programs: Path, commands: list[list[str]]
) -> None:
    for command in commands:
        outcome = dbt(raw_workspace, installed(programs), *STRICT, *command)
        assert outcome.returncode == 0, outcome.stdout[-3000:]
        assert programs == CURRENT or "Running with dbt=1.12." in outcome.stdout
        assert "deprecat" not in outcome.stdout.lower()
    wanted = content_checksums(demo_workspace.published / "marts.duckdb")
    assert {
        name: value for name, value in content_checksums(raw_workspace.warehouse).items() if name in wanted
    } == wanted


@pytest.mark.verify
def test_dbt_1_12_lacks_only_its_parser() -> None:
    command = [str(installed(NEWER) / "python"), "-m", "pip", "check"]
    missing = subprocess.run(command, capture_output=True, text=True).stdout.splitlines()
    assert len(missing) == 1
    assert missing[0].endswith("requires dbt-core-experimental-parser, which is not installed.")
