"""Runs dbt against one workspace, in this process, so that dbt starts up only once."""

from __future__ import annotations

import gc
import hashlib
import json
import os
import re
import subprocess
import sys
import tempfile
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import yaml

from scripts.platform.approval_key import KEY_VARIABLE, SIGNATURES_VARIABLE
from scripts.platform.build_record import KIND_VARIABLE
from scripts.platform.errors import CheckFailed
from scripts.platform.files import copy_file
from scripts.platform.progress import Progress, tell_share
from scripts.platform.warehouse import WarehouseBusy, lock_holder, open_warehouse, rows_of
from scripts.platform.workspace import BUSINESS_SEEDS, DATA, PROJECT, Workspace

# On small data, models wait for dbt rather than for DuckDB, so more threads are faster; on large data each model needs
# memory, which the profile limits and its two threads share.
SMALL_WAREHOUSE_BYTES = 500_000_000
THREADS_ON_SMALL_DATA = 4
# Nodes that take at least this long are reported.
SLOW_SECONDS = 10


def seeds_path(workspace: Workspace) -> str:
    """The folder from which dbt reads the workspace's seeds, as a path within the project.

    dbt writes each seed's SQL to its target folder joined with the seed's path: given an absolute path, or one with
    `..`, it would overwrite the retailer's own file. Seeds from outside the project are therefore copied in first.
    """
    if workspace.seeds.is_relative_to(PROJECT):
        return str(workspace.seeds.relative_to(PROJECT))
    name = hashlib.sha256(str(workspace.seeds).encode()).hexdigest()[:12]
    inside = DATA / "seeds_read" / name
    inside.mkdir(parents=True, exist_ok=True)
    wanted = {file.name for file in workspace.seeds.glob("*.csv")}
    for file in inside.glob("*.csv"):
        if file.name not in wanted:
            file.unlink()
    for file_name in wanted:
        copy_file(workspace.seeds / file_name, inside / file_name)
    return str(inside.relative_to(PROJECT))


@contextmanager
def workspace_environment(workspace: Workspace, kind: str = "") -> Iterator[None]:
    """The environment variables by which dbt finds the workspace and knows the kind of run, restored afterwards."""
    wanted = {
        "SEGMENTATION_WAREHOUSE": str(workspace.warehouse),
        "SEGMENTATION_SEEDS": seeds_path(workspace),
        "DBT_SEND_ANONYMOUS_USAGE_STATS": "false",
        KIND_VARIABLE: kind,
        # dbt learns whether signatures are needed, and never the key itself.
        SIGNATURES_VARIABLE: "required" if os.environ.get(KEY_VARIABLE) else os.environ.get(SIGNATURES_VARIABLE, ""),
    }
    before = {name: os.environ.get(name) for name in wanted}
    os.environ.update(wanted)
    try:
        yield
    finally:
        for name, value in before.items():
            if value is None:
                os.environ.pop(name, None)
            else:
                os.environ[name] = value


@contextmanager
def _rare_garbage_collection() -> Iterator[None]:
    """Collects garbage less often: a parsed project has millions of objects, and each collection visits them all."""
    before = gc.get_threshold()
    gc.set_threshold(100_000, 50, 50)
    try:
        yield
    finally:
        gc.set_threshold(*before)


def run_dbt(
    workspace: Workspace,
    arguments: list[str],
    *,
    variables: dict[str, Any] | None = None,
    kind: str = "",
    progress: Progress = print,
) -> list[Any]:
    """Run one dbt command, such as `["build", "--select", "customer_rfm+"]`, and return its node results.

    `kind` is what the record of builds calls this run; without it, dbt decides whether it was complete.

    Target and log files go to `<home>/dbt/`, so that workspaces do not share parse state. Only a build leaves its
    artefacts (manifest.json, run_results.json) there: writing them takes as long as the rest of a small command.
    Raises CheckFailed with one line per failed node.
    """
    from dbt.adapters.duckdb.connections import DuckDBConnectionManager

    options = _options(workspace, variables or {})
    command = [*arguments, *options, *([] if arguments[0] == "build" else ["--no-write-json"])]
    counter = _Counter(progress)
    # dbt resolves relative paths against the current directory.
    before = Path.cwd()
    os.chdir(PROJECT)
    try:
        with workspace_environment(workspace, kind), _rare_garbage_collection():
            manifest = _parsed(workspace, options, variables or {})
            outcome = _invoke([*command, *_threads(workspace, command)], callbacks=[counter], manifest=manifest)
    finally:
        os.chdir(before)
        # Otherwise the runner would keep the file locked and block the next step.
        DuckDBConnectionManager.close_all_connections()
    results = list(getattr(outcome.result, "results", None) or [])
    failed = [result for result in results if str(result.status) in ("error", "fail", "runtime error")]
    if failed:
        raise CheckFailed("\n".join(line for result in failed for line in _failure_lines(workspace, result)))
    if not outcome.success:
        if holder := lock_holder(str(outcome.exception)):
            raise WarehouseBusy(f"{workspace.warehouse}: {holder}")
        raise CheckFailed(f"dbt {arguments[0]}: {one_line(str(outcome.exception or 'failed'))}")
    return [result for result in results if result.node.resource_type != "operation"]


def parsed_project(workspace: Workspace) -> Any:
    """The manifest of the project for this workspace: its nodes and their dependencies. Raises CheckFailed."""
    before = Path.cwd()
    os.chdir(PROJECT)
    try:
        with workspace_environment(workspace):
            manifest = _parsed(workspace, _options(workspace, {}), {})
    finally:
        os.chdir(before)
    if manifest is None:
        raise CheckFailed(f"{PROJECT}: dbt cannot parse the project; run `dbt parse` there to see why")
    return manifest


@contextmanager
def parsed_meanwhile(workspace: Workspace) -> Iterator[None]:
    """Lets dbt parse the project in a separate process during other work, if this workspace has no parse state yet.

    The next command checks and completes the parse state, so it does not matter whether or how this process ended.
    """
    if (workspace.home / "dbt" / "target" / "partial_parse.msgpack").exists():
        yield
        return
    with workspace_environment(workspace):
        command = [sys.executable, "-m", "dbt.cli.main", "parse", "--no-write-json", *_options(workspace, {})]
        parsing = subprocess.Popen(
            command, cwd=PROJECT, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
        )
    try:
        yield
        parsing.wait()
    finally:
        parsing.kill()
        parsing.wait()


def rendered(template: str, variables: dict[str, Any]) -> str:
    """The compiled text of a template that calls the project's macros and does not query a warehouse.

    Compiled in a project of macros alone: parsing the models as well would take ten times as long. Raises CheckFailed.
    """
    from dbt.adapters.duckdb.connections import DuckDBConnectionManager

    project = yaml.safe_load((PROJECT / "dbt_project.yml").read_text(encoding="utf-8"))
    with tempfile.TemporaryDirectory(prefix="segmentation-") as name:
        folder = Path(name)
        (folder / "macros").symlink_to(PROJECT / "macros", target_is_directory=True)
        only_macros = {key: project[key] for key in ("name", "version", "config-version", "profile", "vars")}
        (folder / "dbt_project.yml").write_text(yaml.safe_dump(only_macros), encoding="utf-8")
        options = ["--project-dir", name, "--profiles-dir", str(PROJECT), *_quietly(folder, variables)]
        try:
            with workspace_environment(
                Workspace.at(warehouse=str(folder / "warehouse.duckdb"), seeds=str(BUSINESS_SEEDS))
            ):
                outcome = _invoke(["compile", "--inline", template, *options])
        finally:
            DuckDBConnectionManager.close_all_connections()
    if not outcome.success:
        # The cause says more than the fact that the template could not be parsed.
        problem = getattr(outcome.exception, "__context__", None) or outcome.exception
        raise CheckFailed(f"dbt compile: {one_line(str(problem or 'failed'))}")
    return str(outcome.result.results[0].node.compiled_code)


def _invoke(command: list[str], **runner: Any) -> Any:
    """The result of a dbt command. Raises KeyboardInterrupt, which dbt would report like any other failure."""
    from dbt.cli.main import dbtRunner

    outcome = dbtRunner(**runner).invoke(command)
    if isinstance(outcome.exception, KeyboardInterrupt):
        raise outcome.exception
    return outcome


def _options(workspace: Workspace, variables: dict[str, Any]) -> list[str]:
    """Options of every dbt command in this workspace."""
    target = workspace.home / "dbt"
    # Compiled SQL and logs contain the hash key.
    target.mkdir(parents=True, exist_ok=True)
    target.chmod(0o700)
    return ["--project-dir", str(PROJECT), "--profiles-dir", str(PROJECT), *_quietly(target, variables)]


def _threads(workspace: Workspace, command: list[str]) -> list[str]:
    """The number of threads, where neither the profile nor the caller sets it."""
    size = workspace.warehouse.stat().st_size if workspace.warehouse.exists() else 0
    is_open = size < SMALL_WAREHOUSE_BYTES and command[0] != "parse" and "--threads" not in command
    return ["--threads", str(THREADS_ON_SMALL_DATA)] if is_open else []


def _quietly(folder: Path, variables: dict[str, Any]) -> list[str]:
    return [
        *["--target-path", str(folder / "target"), "--log-path", str(folder / "logs")],
        "--quiet",
        "--no-use-colors",
        *["--log-level", "none"],
        *(["--vars", json.dumps(variables)] if variables else []),
    ]


# Vars on which only compiled SQL depends: nodes, their configuration and references are the same with any value.
COMPILED_VARS = frozenset({"as_of_date", "business_timezone", "reporting_currency", "default_country"})
# Parsed projects, by a hash of what they were parsed from.
_PARSED: dict[str, Any] = {}


def _parsed(workspace: Workspace, options: list[str], variables: dict[str, Any]) -> Any:
    """The parsed project, parsed once per process for all workspaces of one kind: parsing may take longer than a build.

    The result is valid for another workspace whose warehouse and seeds have the same names and whose vars are the same
    except COMPILED_VARS; only the seeds folder differs. None where parsing fails, so that dbt parses again and reports
    the error itself.
    """
    folder = Path(seeds_path(workspace))
    names = sorted(file.name for file in (PROJECT / folder).glob("*.csv"))
    given = {name: value for name, value in variables.items() if name not in COMPILED_VARS}
    parts = [workspace.warehouse.stem, names, given, project_state()]
    key = hashlib.sha256(json.dumps(parts, sort_keys=True).encode()).hexdigest()
    if key not in _PARSED:
        outcome = _invoke(["parse", "--no-write-json", *options])
        if not outcome.success:
            return None
        _PARSED[key] = outcome.result
    # A run modifies the manifest that it is given.
    manifest = _PARSED[key].deepcopy()
    for node in manifest.nodes.values():
        if node.resource_type == "seed" and not node.original_file_path.startswith("seeds/reference/"):
            node.original_file_path = str(folder / Path(node.original_file_path).name)
    return manifest


def project_state() -> list[tuple[str, int]]:
    """The files that dbt parses, with their modification times."""
    folders = ("models", "macros", "seeds/reference", "tests/dbt", "analyses", "dbt_packages")
    files = [file for folder in folders for file in (PROJECT / folder).rglob("*") if file.is_file()]
    files += [PROJECT / "dbt_project.yml", PROJECT / "profiles.yml"]
    return sorted((str(file), file.stat().st_mtime_ns) for file in files)


# DuckDB's message about a seed cell that cannot be cast to the type of its column.
SEED_CELL = re.compile(
    r'CSV Error on Line: (\d+) .*?Error when converting column "([^"]*)"\. '
    r"Could not convert string \"(.*?)\" to '?([A-Z]+)"
)


def _failure_lines(workspace: Workspace, result: Any) -> list[str]:
    """One line per failure; a failed `shape` test lists what its query finds, where dbt only counts the rows."""
    metadata = getattr(result.node, "test_metadata", None)
    if str(result.status) != "fail" or not metadata or metadata.name != "shape":
        return [f"{result.node.name}: {one_line(result.message)}"]
    with open_warehouse(workspace.warehouse, read_only=True) as connection:
        broken = rows_of(connection, f"{result.node.compiled_code} order by rule, column_name")
    model = result.node.attached_node.split(".")[-1]
    return [
        f"{model}: {rule['rule']} {rule['column_name']}: {rule['failures']:,} "
        + ("failure" if rule["failures"] == 1 else "failures")
        + (f", such as {rule['example']}" if rule["example"] else "")
        for rule in broken
    ]


def one_line(message: str | None) -> str:
    """A dbt message without its frame and line breaks."""
    if cell := SEED_CELL.search(" ".join((message or "").split())):
        line, column, text, kind = cell.groups()
        fault = {"DATE": "is not a date; use YYYY-MM-DD", "BOOLEAN": "is not true or false; write one of them"}.get(
            kind, "is not a number; correct the cell"
        )
        return f"line {line}, column {column}: '{text}' {fault}"
    skip = ("compilation error", "runtime error", "database error", "> in macro", "> called by", "compiled code at")
    lines = [line.strip() for line in (message or "failed").splitlines()]
    kept = [line for line in lines if line and not line.lower().startswith(skip)]
    return " ".join(kept or lines)


class _Counter:
    """Reports the share of the selected nodes that is finished, and names each slow node."""

    def __init__(self, progress: Progress) -> None:
        self.progress = progress
        self.done = self.selected = 0
        # Events arrive from every thread that runs a node.
        self.lock = threading.Lock()

    def __call__(self, event: Any) -> None:
        if event.info.name == "ConcurrencyLine":
            self.selected = event.data.node_count
        elif event.info.name == "NodeFinished":
            with self.lock:
                self.done += 1
                if (seconds := event.data.run_result.execution_time) >= SLOW_SECONDS:
                    self.progress(f"{event.data.node_info.node_name} took {seconds:.0f} s")
                tell_share(self.progress, min(self.done, self.selected), self.selected)
