"""Fixtures shared by the tests of the dbt project as a whole."""

from __future__ import annotations

from typing import Any

import pytest

from scripts.platform.dbt import parsed_project
from scripts.platform.workspace import BUSINESS_SEEDS, Workspace


@pytest.fixture(scope="session")
def manifest(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Any]:
    """The project as dbt parses it. Read it, do not change it."""
    folder = tmp_path_factory.mktemp("manifest")
    workspace = Workspace.at(warehouse=str(folder / "warehouse.duckdb"), seeds=str(BUSINESS_SEEDS))
    return dict(parsed_project(workspace).writable_manifest().to_dict())
