"""A small demo, a Spark cluster, and both engines on the demo's raw tables; created once per run."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from scripts.pipeline.run import run
from scripts.platform.spark.cluster import Cluster, spark_cluster
from scripts.platform.workspace import DATA, Workspace
from tests.support.two_engines import Engines, copy_of
from tests.support.workspaces import workspace_in

CUSTOMERS = 300
FOLDER = DATA / "spark"


@pytest.fixture(scope="session")
def finished_demo() -> Workspace:
    """A complete run on DuckDB: its seeds hold fitted parameters, clusters and approvals. Kept from run to run."""
    workspace = workspace_in(FOLDER / "demo")
    print(f"\ndemo: {CUSTOMERS} customers, on DuckDB", flush=True)
    demo = {"customers": CUSTOMERS, "end_date": None, "seed": None, "source": None, "file": None}
    run(workspace, demo, fits=("clv",), history=())
    return workspace


@pytest.fixture(scope="session")
def cluster() -> Iterator[Cluster]:
    with spark_cluster(FOLDER / "cluster", lambda line: print(line, flush=True)) as started:
        yield started


@pytest.fixture(scope="session")
def engines(finished_demo: Workspace, cluster: Cluster) -> Engines:
    """Both engines with the demo's raw tables and seeds, and nothing built."""
    both = Engines(copy_of(finished_demo, FOLDER / "reference"), cluster, FOLDER / "report.md")
    both.report.unlink(missing_ok=True)
    both.target.mkdir()
    both.load()
    both.note(f"{CUSTOMERS} simulated customers; Spark with two workers on this machine")
    both.note(f"a table of one row takes Spark {both.trivial_seconds():.2f} s")
    return both


@pytest.fixture(scope="session")
def spark_folder() -> Path:
    return FOLDER
