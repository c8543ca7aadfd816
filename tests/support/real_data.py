"""The real data that lie beside the project."""

from __future__ import annotations

from pathlib import Path

import pytest

PROJECT = Path(__file__).resolve().parents[2]
SHARED = PROJECT.parent / "shared" / "data"

# Why a clone has not got them: none comes with a package, and what others publish is not copied into the project.
ORIGIN = {
    "cdnow": "a second copy of what lifetimes brings, compared with it",
    "online_retail": "UCI Online Retail II, doi 10.24432/C5CG6D, two years of invoices",
    "identity": "people whose truth is known, of Splink and of Senzing",
    "tickets": "Banking77, questions of customers with their intent",
}


def shared_data(name: str) -> Path:
    """A file of the real data that lie beside the project; the test is skipped where they are not there."""
    file = SHARED / name
    if not file.exists():
        pytest.skip(f"needs ../shared/data/{name}: {ORIGIN[name.split('/')[0]]}")
    return file
