"""Expectations on the profiles of a warehouse: suites declared as rows, checked by Great Expectations, shown on a page.

dbt tests check each row and key; these check what no single row shows: volume, drift and fields that contradict each
other. They read the small profiles that dbt has computed (`int_data_profile_*`), never orders or events.
"""

from __future__ import annotations

import json
from pathlib import Path

from scripts.platform.files import replace_file
from scripts.platform.warehouse import open_warehouse
from scripts.serving.expectations.limits import read_limits
from scripts.serving.expectations.page import page
from scripts.serving.expectations.profiles import read_profiles
from scripts.serving.expectations.results import Quality, not_run
from scripts.serving.expectations.suites import evaluate, missing_engine

__all__ = ["Quality", "check_profiles", "write"]

PAGE = "quality.html"
RESULTS = "quality.json"


def check_profiles(warehouse: Path) -> Quality:
    """Check the profiles of a built warehouse against its `expectation_limits`.

    Where the warehouse holds no profiles, or Great Expectations is not installed, the result says so and nothing is
    checked. Raises UserError when a row of the limits is invalid.
    """
    with open_warehouse(warehouse, read_only=True) as connection:
        profiles = read_profiles(connection)
        if profiles is None:
            return not_run("the warehouse holds no profiles; run `python -m scripts build`")
        limits = read_limits(connection)
    if reason := missing_engine():
        return not_run(reason, profiles.as_of_date)
    return evaluate(profiles, limits)


def write(quality: Quality, folder: Path) -> None:
    """Write the results as JSON and as a page. The same results give the same files, byte for byte."""
    for name, text in ((RESULTS, json.dumps(quality.as_dict(), indent=2) + "\n"), (PAGE, page(quality))):
        replace_file(folder / name, text)
