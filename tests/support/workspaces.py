"""Where workspaces of tests lie, and how large the shared demo is."""

from __future__ import annotations

from pathlib import Path

from scripts.platform.workspace import Workspace

# To dbt a warning is an error, deprecations and what the YAML says of macros included.
STRICT = ["--warn-error-options", '{"error": "all"}']
# What the run that made the shared demo printed, beside the demo.
RUN_OUTPUT = "demo.output"
SMALL_DEMO = {"customers": 800, "end_date": None, "seed": None, "source": None, "file": None}


def workspace_in(folder: Path) -> Workspace:
    """A workspace with all its parts in one folder."""
    return Workspace.at(warehouse=str(folder / "warehouse.duckdb"))
