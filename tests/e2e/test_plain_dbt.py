"""dbt alone, as a data team runs it: no script but the load of the landing files."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from scripts.platform.dbt import seeds_path
from scripts.platform.versions import content_checksums
from scripts.platform.world import PROJECT, World
from tests.support.worlds import world_in

STRICT = ["--warn-error-options", '{"error": "all"}']


def dbt(world: World, *arguments: str) -> subprocess.CompletedProcess[str]:
    """One dbt command in a process of its own, with nothing but the two environment variables."""
    environment = {
        **os.environ,
        "SEGMENTATION_WAREHOUSE": str(world.warehouse),
        "SEGMENTATION_SEEDS": seeds_path(world),
    }
    target = world.home / "plain"
    return subprocess.run(
        [
            str(Path(sys.executable).with_name("dbt")),
            *arguments,
            *["--target-path", str(target / "target"), "--log-path", str(target / "logs"), "--no-use-colors"],
        ],
        cwd=PROJECT,
        env=environment,
        capture_output=True,
        text=True,
    )


@pytest.fixture
def raw_world(demo_world: World, tmp_path_factory: pytest.TempPathFactory) -> World:
    """The demo's raw tables alone, with the seeds that the demo ended with."""
    from scripts.platform.warehouse import open_warehouse, quote

    world = world_in(tmp_path_factory.mktemp("plain"))
    shutil.copytree(demo_world.seeds, world.seeds)
    shutil.copyfile(demo_world.warehouse, world.warehouse)
    with open_warehouse(world.warehouse) as connection:
        schemas = connection.execute("select schema_name from duckdb_schemas() where not internal").fetchall()
        for (schema,) in schemas:
            if schema != "main" and schema != "intake" and not schema.startswith("raw_"):
                connection.execute(f"drop schema {quote(schema)} cascade")
    return world


@pytest.mark.parametrize(
    "commands",
    [
        pytest.param([["build"]], id="build"),
        pytest.param([["seed"], ["run"], ["test"], ["docs", "generate"]], id="step by step", marks=pytest.mark.verify),
    ],
)
def test_plain_commands_make_the_same_marts_without_a_warning(
    raw_world: World, demo_world: World, commands: list[list[str]]
) -> None:
    for command in commands:
        outcome = dbt(raw_world, *STRICT, *command)
        assert outcome.returncode == 0, outcome.stdout[-3000:]
        assert "deprecat" not in outcome.stdout.lower()
    wanted = content_checksums(demo_world.published / "marts.duckdb")
    assert {name: value for name, value in content_checksums(raw_world.warehouse).items() if name in wanted} == wanted
