"""The real data that lie beside the project."""

from __future__ import annotations

from pathlib import Path

import pytest

PROJECT = Path(__file__).resolve().parents[2]
SHARED = PROJECT.parent / "shared" / "data"


def shared_data(name: str) -> Path:
    """A file of the real data that lie beside the project; the test is skipped where they are not there."""
    file = SHARED / name
    if not file.exists():
        pytest.skip(f"needs the real data beside the project, ../shared/data/{name}")
    return file
