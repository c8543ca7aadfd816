"""Landing zones for the tests of intake."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from tests.support.landing_zone import Zone


@pytest.fixture
def zone(tmp_path: Path) -> Zone:
    return Zone(tmp_path)


@pytest.fixture
def make_zone(tmp_path: Path) -> Callable[[str], Zone]:
    return lambda name: Zone(tmp_path / name)
