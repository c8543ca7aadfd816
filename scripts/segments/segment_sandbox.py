"""A small separate warehouse in which segment rules are tried out: the real one and the seeds are never written to.

It is under `<home>/preview/` and holds a copy of only what the rule models read, according to dbt's own lineage.
"""

from __future__ import annotations

import fcntl
import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import duckdb

from scripts.platform.dbt import parsed_project, run_dbt
from scripts.platform.errors import UserError
from scripts.platform.progress import Progress, quiet
from scripts.platform.settings import built_variables, keep_as_built
from scripts.platform.warehouse import literal, open_warehouse, quote
from scripts.platform.workspace import Workspace
from scripts.segments.segment_library import SEED_NAMES

FOLDER = "preview"
# From rules to the customers who match them, and why.
TARGETS = ("int_segment_rule_errors", "int_segment_definitions", "int_segment_matches", "int_segment_traces")
RULE_MODELS = ("models/segments/intermediate/rules/", "models/segments/intermediate/evaluation/")
# Read without a reference: whether models are fitted, and which sources have delivered.
ALSO_READ = ("seeds.*", "marts.build_notes")
# Recorded versions: a draft that is tried as active must not be checked against the order of statuses.
RECORDED = "marts.segment_versions"


@contextmanager
def segment_sandbox(workspace: Workspace) -> Iterator[Workspace]:
    """A workspace with a copy of the seeds of `workspace` that may be changed; `evaluate` fills its warehouse.

    The folder stays, because dbt's parsed project in it saves most of the time; seeds and data are removed. Raises
    UserError while another process uses it.
    """
    folder = workspace.home / FOLDER
    folder.mkdir(parents=True, exist_ok=True, mode=0o700)
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        small = Workspace(
            landing=workspace.landing, warehouse=folder / workspace.warehouse.name, seeds=folder / "seeds"
        )
        _clear(small)
        shutil.copytree(workspace.seeds, small.seeds)
        try:
            yield small
        finally:
            _clear(small)
    except BlockingIOError:
        raise UserError(f"{folder}: another preview is running; wait for it to end, then run again") from None
    finally:
        os.close(descriptor)


def evaluate(workspace: Workspace, small: Workspace, segment: str, progress: Progress) -> None:
    """Evaluate the rules of the small workspace's seeds, `segment` as a new one, over the customers of `workspace`.

    Raises CheckFailed on an error.
    """
    progress("reading the project …")
    nodes = parsed_project(small).nodes
    models, inputs = _models_and_inputs(nodes)
    progress("copying what rules read …")
    _copy(workspace, small, inputs, segment)
    progress(f"evaluating the rules ({len(models)} models) …")
    kinds = ["--resource-type", "seed", "--resource-type", "model"]
    run_dbt(
        small,
        ["build", *kinds, "--select", *SEED_NAMES, *models],
        variables=built_variables(workspace),
        progress=quiet,
    )


def _models_and_inputs(nodes: Any) -> tuple[list[str], list[str]]:
    """The models from rules to TARGETS, and the other relations that they read."""
    by_name = {node.name: key for key, node in nodes.items() if node.resource_type == "model"}
    open_keys, models, inputs = [by_name[name] for name in TARGETS], set(), set()
    while open_keys:
        key = open_keys.pop()
        node = nodes.get(key)
        if node is None or node.name in SEED_NAMES:
            continue
        if not node.original_file_path.startswith(RULE_MODELS):
            inputs.add(f"{node.schema}.{node.alias}")
        elif node.name not in models:
            models.add(node.name)
            open_keys += node.depends_on.nodes
    return sorted(models), sorted(inputs)


def _copy(workspace: Workspace, small: Workspace, relations: list[str], segment: str) -> None:
    with open_warehouse(small.warehouse) as connection:
        connection.execute(f"attach {literal(str(workspace.warehouse))} as given (read_only)")
        built = {
            f"{schema}.{name}"
            for schema, name in connection.execute(
                "select schema_name, table_name from duckdb_tables() where database_name = 'given'"
            ).fetchall()
        }
        wanted = {name for name in built if name in ALSO_READ or f"{name.split('.')[0]}.*" in ALSO_READ}
        if missing := sorted(set(relations) - built):
            raise UserError(f"{workspace.warehouse}: has no {missing[0]} yet; run `python -m scripts build`")
        for relation in sorted(wanted | set(relations)):
            schema, name = (quote(part) for part in relation.split(".", 1))
            connection.execute(f"create schema if not exists {schema}")
            connection.execute(f"create table {schema}.{name} as from given.{schema}.{name}")
        keep_as_built(connection, "given.marts")
        if RECORDED in relations:
            connection.execute(f"delete from {RECORDED} where segment_key = ?", [segment])
    small.warehouse.chmod(0o600)


@contextmanager
def both_open(workspace: Workspace, small: Workspace) -> Iterator[duckdb.DuckDBPyConnection]:
    """The small warehouse, and the real one as `given`, read only."""
    with open_warehouse(small.warehouse, read_only=True) as connection:
        connection.execute(f"attach {literal(str(workspace.warehouse))} as given (read_only)")
        yield connection


def _clear(small: Workspace) -> None:
    shutil.rmtree(small.seeds, ignore_errors=True)
    for file in (small.warehouse, Path(f"{small.warehouse}.wal")):
        file.unlink(missing_ok=True)
