"""Installs the dbt packages: from the package hub, or from the stand-in here where the hub cannot be reached."""

from __future__ import annotations

import filecmp
import os
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Literal

from scripts.platform.errors import UserError
from scripts.platform.files import swap_folder
from scripts.platform.progress import Progress

STANDIN = Path(__file__).resolve().parent / "dbt_utils_standin"
STANDIN_NAME = "scripts/platform/dbt_utils_standin"
# Without a route the hub client gives up by itself after about 10 s; where packets are dropped it takes longer.
HUB_PATIENCE_SECONDS = 60

Installed = Literal["present", "hub", "stand-in"]


def install_packages(project: Path, progress: Progress = print) -> Installed:
    """Make sure that `<project>/dbt_packages/dbt_utils` exists; report what was done, if anything.

    The network is tried only when the package is absent, and never with SEGMENTATION_OFFLINE=1. An installed
    stand-in is updated from the one in the repository. No file tracked by git changes.

    Returns where the package came from: "present" (nothing to do), "hub" or "stand-in".
    """
    installed = project / "dbt_packages" / "dbt_utils"
    if (installed / "dbt_project.yml").exists():
        if not _is_standin(installed) or _same_files(STANDIN, installed):
            return "present"
        progress("dbt_utils: updating the installed stand-in")
    elif os.environ.get("SEGMENTATION_OFFLINE") == "1":
        progress(f"dbt_utils: offline (SEGMENTATION_OFFLINE=1); using the stand-in in {STANDIN_NAME}")
    else:
        progress("dbt_utils: contacting the package hub")
        if _dbt_deps(project) and (installed / "dbt_project.yml").exists():
            return "hub"
        progress(f"dbt_utils: no answer from the package hub; using the stand-in in {STANDIN_NAME}")
    _copy_standin(installed)
    return "stand-in"


def _dbt_deps(project: Path) -> bool:
    """Whether `dbt deps` installed the packages."""
    command = [
        sys.executable,
        "-m",
        "dbt.cli.main",
        "deps",
        "--project-dir",
        str(project),
        "--profiles-dir",
        str(project),
    ]
    try:
        run = subprocess.run(command, cwd=project, capture_output=True, timeout=HUB_PATIENCE_SECONDS, check=False)
    except subprocess.TimeoutExpired:
        return False
    return run.returncode == 0


def _copy_standin(installed: Path) -> None:
    """Replace `installed` with the stand-in in one step, so that an interrupted copy never passes for the package."""
    fresh = installed.with_name(f".dbt_utils.{os.getpid()}")
    try:
        installed.parent.mkdir(parents=True, exist_ok=True)
        shutil.copytree(STANDIN, fresh)
        swap_folder(fresh, installed)
    except OSError as problem:
        raise UserError(f"{installed}: cannot be written ({problem.strerror}); make the folder writable") from None
    finally:
        shutil.rmtree(fresh, ignore_errors=True)


def _is_standin(package: Path) -> bool:
    """Whether it is the stand-in, which the first line of its project file says; the real package has no such line."""
    first_line = (STANDIN / "dbt_project.yml").read_text(encoding="utf-8").splitlines()[0]
    return (package / "dbt_project.yml").read_text(encoding="utf-8").startswith(first_line)


def _same_files(one: Path, other: Path) -> bool:
    """Whether two folders hold the same files with the same content."""
    names = {file.relative_to(one) for file in one.rglob("*") if file.is_file()}
    if names != {file.relative_to(other) for file in other.rglob("*") if file.is_file()}:
        return False
    return all(filecmp.cmp(one / name, other / name, shallow=False) for name in names)
