"""Worlds that several tests share: each is made once a session, and never under `data/`."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from scripts import pipeline
from scripts.world import World

SMALL_DEMO = {"customers": 800, "end_date": None, "seed": None, "source": None, "file": None}


def world_in(folder: Path) -> World:
    """A world with all its parts in one folder."""
    return World.at(warehouse=str(folder / "warehouse.duckdb"))


@pytest.fixture(scope="session")
def demo_world(tmp_path_factory: pytest.TempPathFactory) -> World:
    """The whole path on a small simulated retailer, from landing files to page. Read it, do not change it."""
    world = world_in(tmp_path_factory.mktemp("demo"))
    pipeline.run(world, SMALL_DEMO)
    return world


@pytest.fixture
def demo_copy(demo_world: World, tmp_path: Path) -> World:
    """A copy of the small demo that a test may spoil."""
    shutil.copytree(demo_world.home, tmp_path / "world", symlinks=True)
    return world_in(tmp_path / "world")
