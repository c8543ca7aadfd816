"""Compares what two commits build from the same raw tables: every published relation, its columns and its rows."""

from __future__ import annotations

import shutil
import subprocess
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, timedelta
from pathlib import Path

from scripts.intake.command import intake
from scripts.platform.errors import CheckFailed, UserError
from scripts.platform.progress import Progress, quiet
from scripts.platform.versions import column_checksums, columns_of, relation_checksum, relations_of
from scripts.platform.warehouse import open_warehouse, quote
from scripts.platform.workspace import PROJECT, Workspace

PUBLISHED = ("marts", "pii", "activation")
Columns = tuple[tuple[str, str], ...]


@dataclass(frozen=True)
class Relation:
    """A published relation as one commit built it: its columns as (name, type), in order, and a checksum of each."""

    columns: Columns
    rows: int
    checksum: str
    values: Mapping[str, str]


def compare_commits(workspace: Workspace, commit: str, *, days: int = 1, progress: Progress = print) -> None:
    """Build the raw tables of `workspace` with the code of `commit` and with this code; report which relations differ.

    Both start from a copy of the warehouse without anything built by models, and use the seeds of `workspace`. With
    `days` above 1, earlier days are built too, all by `commit`, and only the last day by both, so that this code
    continues what the other began. Raises CheckFailed if a published relation differs.
    """
    if not workspace.warehouse.exists():
        raise UserError(f"{workspace.warehouse}: no warehouse to compare on; run `python -m scripts run` first")
    folder = workspace.home / "comparison"
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True, mode=0o700)
    other = folder / "code"
    _git("worktree", "add", "--detach", "--force", str(other), commit)
    try:
        last = _last_day(workspace)
        start = _raw_copy(workspace, folder / "begun")
        for back in range(days - 1, 0, -1):
            progress(f"{commit}: day {back} before the last")
            _build(other, start, progress, last, back)
        results = {}
        for name, code in (("then", other), ("now", PROJECT)):
            copy = Workspace.at(warehouse=str(folder / name / "warehouse.duckdb"))
            shutil.copytree(start.home, copy.home)
            progress(f"building with {commit if name == 'then' else 'this code'}")
            _build(code, copy, progress, last, 0)
            results[name] = published_relations(copy.warehouse)
    finally:
        _git("worktree", "remove", "--force", str(other))
    shutil.rmtree(folder, ignore_errors=True)
    problems = differences(results["then"], results["now"])
    if problems:
        raise CheckFailed("\n".join(problems))
    progress(f"equal: all {len(results['now'])} published relations")


def published_relations(warehouse: Path) -> dict[str, Relation]:
    """The published relations of a warehouse by `schema.name`, without intermediate ones."""
    found: dict[str, Relation] = {}
    with open_warehouse(warehouse, read_only=True) as connection:
        for schema in PUBLISHED:
            for name in relations_of(connection, schema):
                if name.startswith("int_"):
                    continue
                counted = connection.execute(f"select count(*) from {schema}.{quote(name)}").fetchone()
                found[f"{schema}.{name}"] = Relation(
                    columns=tuple(columns_of(connection, name, schema).items()),
                    rows=counted[0] if counted else 0,
                    checksum=relation_checksum(connection, schema, name),
                    values=column_checksums(connection, schema, name),
                )
    return found


def differences(then: dict[str, Relation], now: dict[str, Relation]) -> list[str]:
    """A line for each relation that differs."""
    problems = [f"{key}: missing now" for key in sorted(then.keys() - now.keys())]
    problems += [f"{key}: new, {now[key].rows} rows" for key in sorted(now.keys() - then.keys())]
    for key in sorted(then.keys() & now.keys()):
        old, new = then[key], now[key]
        if old.columns != new.columns:
            gone = [name for name, _ in old.columns if name not in dict(new.columns)]
            come = [name for name, _ in new.columns if name not in dict(old.columns)]
            changed = [name for name, kind in new.columns if dict(old.columns).get(name, kind) != kind]
            parts = (("missing", gone), ("new", come), ("changed type", changed))
            details = "; ".join(f"{what}: {', '.join(names)}" for what, names in parts if names)
            problems.append(f"{key}: columns differ ({details or 'only in order'})")
        elif old != new:
            changed = [name for name, value in new.values.items() if old.values[name] != value]
            details = f"in {', '.join(changed)}" if changed else "in how the values of their columns combine"
            problems.append(f"{key}: rows differ ({old.rows} then, {new.rows} now) {details}")
    return problems


def _last_day(workspace: Workspace) -> str | None:
    with open_warehouse(workspace.warehouse, read_only=True) as connection:
        found = connection.execute("select max(as_of_date) from marts.customer_features").fetchone()
    return str(found[0]) if found and found[0] else None


def _raw_copy(workspace: Workspace, folder: Path) -> Workspace:
    """A workspace with the landing zone, the seeds and the raw tables of `workspace`, and nothing built by models."""
    copy = Workspace.at(warehouse=str(folder / "warehouse.duckdb"))
    shutil.copytree(workspace.landing, copy.landing)
    shutil.copytree(workspace.seeds, copy.seeds)
    intake(copy, quiet)
    return copy


def _build(code: Path, workspace: Workspace, progress: Progress, last: str | None, back: int) -> None:
    """Run `build` of the given code as a separate process: one process cannot hold two versions of a package."""
    command = [sys.executable, "-m", "scripts", "build", "--warehouse", str(workspace.warehouse)]
    if last and back:
        command += ["--as-of", str(date.fromisoformat(last) - timedelta(days=back))]
    run = subprocess.run(command, cwd=code, capture_output=True, text=True, check=False)
    if run.returncode:
        raise CheckFailed(f"build with {code}:\n{run.stderr.strip() or run.stdout.strip()}")
    progress(f"  {run.stdout.strip().splitlines()[-1]}")


def _git(*arguments: str) -> None:
    run = subprocess.run(["git", "-C", str(PROJECT), *arguments], capture_output=True, text=True, check=False)
    if run.returncode:
        reason = (run.stderr.strip().splitlines() or ["failed"])[-1]
        raise UserError(f"git {arguments[0]} {arguments[1]}: {reason}; name a commit by its hash, a tag or a branch")
