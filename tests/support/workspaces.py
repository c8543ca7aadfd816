"""Workspaces of tests, and the parameters of the shared demo."""

from __future__ import annotations

from pathlib import Path

from scripts.platform.workspace import Workspace

# dbt treats every warning as an error, including deprecations and mismatches between macros and their YAML.
STRICT = ["--warn-error-options", '{"error": "all"}']
# File beside the shared demo with the output of the run that created it.
RUN_OUTPUT = "demo.output"
SMALL_DEMO = {"customers": 800, "end_date": None, "seed": None, "source": None, "file": None}


def workspace_in(folder: Path) -> Workspace:
    """A workspace with all its parts in one folder."""
    return Workspace.at(warehouse=str(folder / "warehouse.duckdb"))
