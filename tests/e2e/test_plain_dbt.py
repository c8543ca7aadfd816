"""Plain dbt, as a data team runs it: no script except the load of the landing files."""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
import sys
from datetime import UTC
from pathlib import Path
from zoneinfo import ZoneInfo

import duckdb
import pytest

from scripts.platform.dbt import COMPILED_VARS, seeds_path
from scripts.platform.versions import content_checksums
from scripts.platform.workspace import PROJECT, Workspace
from tests.platform.test_manifest import UNIT_TESTS
from tests.support.workspaces import STRICT, workspace_in

# Programs of this environment, and of the environment for testing a newer dbt.
CURRENT = Path(sys.executable).parent
NEWER = PROJECT / ".venv-dbt-1.12" / "bin"


def dbt(
    workspace: Workspace, programs: Path, *arguments: str, target: Path | None = None
) -> subprocess.CompletedProcess[str]:
    """One dbt command in a separate process, with only the two environment variables added."""
    environment = {
        **os.environ,
        "SEGMENTATION_WAREHOUSE": str(workspace.warehouse),
        "SEGMENTATION_SEEDS": seeds_path(workspace),
    }
    target = target or workspace.home / "plain"
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


def test_unit_tests_pass_without_warnings(demo_copy: Workspace) -> None:
    outcome = dbt(demo_copy, CURRENT, *STRICT, "test", "--resource-type", "unit_test")
    assert outcome.returncode == 0, outcome.stdout[-3000:]
    assert "deprecat" not in outcome.stdout.lower()
    passed = re.search(r"PASS=([0-9]+) WARN=0 ERROR=0 SKIP=0", outcome.stdout)
    assert passed and int(passed[1]) >= UNIT_TESTS


@pytest.mark.parametrize(
    ("programs", "commands"),
    [
        pytest.param(CURRENT, [["build"]], id="build"),
        pytest.param(CURRENT, [["seed"], ["run"], ["test"], ["docs", "generate"]], id="step by step"),
        pytest.param(NEWER, [["build"]], id="build by dbt 1.12"),
    ],
)
@pytest.mark.verify
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


@pytest.mark.parametrize("zone", ["America/Sao_Paulo", "Asia/Kolkata"])
@pytest.mark.verify
def test_a_build_with_all_tests_passes_in_any_business_time_zone(raw_workspace: Workspace, zone: str) -> None:
    outcome = dbt(raw_workspace, CURRENT, *STRICT, "build", "--vars", json.dumps({"business_timezone": zone}))
    assert outcome.returncode == 0, outcome.stdout[-3000:]
    with duckdb.connect(str(raw_workspace.warehouse), read_only=True) as connection:
        orders = connection.execute("select ordered_at, ordered_date from marts.orders").fetchall()
    local = {at: at.replace(tzinfo=UTC).astimezone(ZoneInfo(zone)).date() for at, _ in orders}
    assert all(day == local[at] for at, day in orders)
    # Some of them are on another day than in UTC.
    assert sum(day != at.date() for at, day in local.items()) > 10
    assert max(local.values()).isoformat() <= "2026-06-30"


@pytest.mark.verify
def test_only_compiled_sql_depends_on_some_vars(demo_workspace: Workspace, tmp_path: Path) -> None:
    """A project parsed once is used with other values of these vars."""
    values = ("2001-02-03", "Asia/Tokyo", "JPY", "US")
    names = ("as_of_date", "business_timezone", "reporting_currency", "default_country")
    assert set(names) == COMPILED_VARS
    found = []
    for given in ({}, dict(zip(names, values, strict=True))):
        target = tmp_path / str(len(found))
        command = ["parse", "--no-partial-parse", "--vars", json.dumps(given)]
        outcome = dbt(demo_workspace, CURRENT, *command, target=target)
        assert outcome.returncode == 0, outcome.stdout[-3000:]
        manifest = json.loads((target / "target/manifest.json").read_text(encoding="utf-8"))
        kept = {key: (node["depends_on"], node["config"]) for key, node in manifest["nodes"].items()}
        found.append((kept, {key: source["relation_name"] for key, source in manifest["sources"].items()}))
    assert found[0] == found[1]


@pytest.mark.verify
def test_dbt_1_12_lacks_only_its_parser() -> None:
    command = [str(installed(NEWER) / "python"), "-m", "pip", "check"]
    missing = subprocess.run(command, capture_output=True, text=True).stdout.splitlines()
    assert len(missing) == 1
    assert missing[0].endswith("requires dbt-core-experimental-parser, which is not installed.")
