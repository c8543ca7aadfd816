"""Workspaces shared by several tests: each is created once per session, and never under `data/`."""

from __future__ import annotations

import fcntl
import gc
import os
import shutil
import time
from collections.abc import Iterator
from contextlib import nullcontext, redirect_stdout
from pathlib import Path
from unittest.mock import patch

import pytest

from scripts.pipeline.run import run
from scripts.platform.workspace import BUSINESS_SEEDS, Workspace
from tests.support.shared_parses import SharedParses
from tests.support.workspaces import RUN_OUTPUT, SMALL_DEMO, workspace_in

# A parsed project has millions of objects, and each collection of garbage visits them all.
gc.set_threshold(100_000, 50, 50)


# Zones of the machine, west and east of UTC and one with half an hour: no result may depend on them.
ZONES = ("America/Sao_Paulo", "Asia/Kolkata")


def pytest_configure() -> None:
    """The two processes of the suite run in two zones, so that every test meets one that is not UTC."""
    worker = os.environ.get("PYTEST_XDIST_WORKER", "gw0")
    os.environ["TZ"] = ZONES[int(worker.removeprefix("gw")) % len(ZONES)]
    time.tzset()


def pytest_report_header() -> str:
    return f"zone of this process: {os.environ['TZ']}"


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """First the file with the longest test on the demo, then all that do not need the demo, then the others that do.

    Creating the demo takes long; in this order one process creates it while the others run other tests.
    """
    demo_files = {item.path for item in items if "demo_workspace" in getattr(item, "fixturenames", ())}
    first = max(demo_files, key=lambda file: (file.name == "test_plain_dbt.py", file), default=None)
    items.sort(key=lambda item: 0 if item.path == first else 2 if item.path in demo_files else 1)


@pytest.fixture(scope="session")
def shared_folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder shared by all test processes of this run."""
    folder = tmp_path_factory.getbasetemp()
    return folder.parent if "PYTEST_XDIST_WORKER" in os.environ else folder


@pytest.fixture(scope="session", autouse=True)
def parsed_once(shared_folder: Path) -> Iterator[None]:
    """Shares parsed projects between test processes."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("scripts.platform.dbt._PARSED", SharedParses(shared_folder / "parsed"))
        yield


@pytest.fixture(scope="session")
def demo_workspace(shared_folder: Path) -> Workspace:
    """A complete run on a small simulated retailer, from landing files to report. Read-only.

    Created once for all test processes: the first one creates it, the others wait.
    """
    workspace = workspace_in(shared_folder / "demo")
    with (shared_folder / "demo.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        finished = shared_folder / "demo.finished"
        if not finished.exists():
            _relax_health_limits(workspace)
            with (
                (shared_folder / RUN_OUTPUT).open("w", encoding="utf-8") as output,
                redirect_stdout(output),
                # Another test process parses the project already.
                patch("scripts.platform.dbt.parsed_meanwhile", nullcontext),
            ):
                # Other models and a history need past days to be built, which takes longer than everything else here.
                run(workspace, SMALL_DEMO, fits=("clv",), history=())
            finished.touch()
    return workspace


def _relax_health_limits(workspace: Workspace) -> None:
    """A shop of this size has days without a ticket, return or receipt, which do not mean that the source is broken."""
    limits = "source_health_limits.csv"
    workspace.seeds.mkdir(parents=True)
    rows = "".join(f"{source},,168{',' * 15}small shop\n" for source in ("returns", "zendesk", "pos"))
    text = (BUSINESS_SEEDS / limits).read_text(encoding="utf-8")
    (workspace.seeds / limits).write_text(f"{text.rstrip()}\n{rows}", encoding="utf-8")


@pytest.fixture
def demo_copy(demo_workspace: Workspace, tmp_path: Path) -> Workspace:
    """A copy of the small demo that a test may change."""
    shutil.copytree(demo_workspace.home, tmp_path / "workspace", symlinks=True)
    return workspace_in(tmp_path / "workspace")
