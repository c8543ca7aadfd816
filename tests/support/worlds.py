"""Where worlds of tests lie, and how large the shared demo is."""

from __future__ import annotations

from pathlib import Path

from scripts.platform.world import World

# What the run that made the shared demo printed, beside the demo.
RUN_OUTPUT = "demo.output"
SMALL_DEMO = {"customers": 800, "end_date": None, "seed": None, "source": None, "file": None}


def world_in(folder: Path) -> World:
    """A world with all its parts in one folder."""
    return World.at(warehouse=str(folder / "warehouse.duckdb"))
