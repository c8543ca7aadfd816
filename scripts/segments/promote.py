"""Moves a segment to its next status, or copies it from one seeds folder to another; never its approvals."""

from __future__ import annotations

from pathlib import Path

import duckdb

from scripts.platform.errors import CheckFailed, UserError
from scripts.platform.progress import Progress
from scripts.platform.seed_files import read_rows
from scripts.platform.warehouse import open_warehouse
from scripts.platform.workspace import PROJECT, Workspace
from scripts.segments.segment_library import DEFINITIONS, SEED_NAMES, Cells, Rows, library_to_change, read_library

STEPS = PROJECT / "seeds" / "reference" / "segment_status_steps.csv"


def set_status(workspace: Workspace, segment_key: str, status: str, progress: Progress = print) -> None:
    """Set a segment's status in the workspace's seeds, if one step leads there from its current one.

    Raises UserError for an unknown segment or status, CheckFailed for a step that is not allowed.
    """
    with library_to_change(workspace.seeds) as library:
        before = library.definition(segment_key)["status"].strip().lower()
        if before == status:
            progress(f"{segment_key}: is {status} already; nothing to do")
            return
        allowed = _steps().get(before, [])
        if status not in _steps():
            raise UserError(f"status `{status}` is not known; use one of {', '.join(_steps())}")
        if status not in allowed:
            raise CheckFailed(
                f"segment `{segment_key}`: {before} → {status} is not allowed; from {before} it goes to "
                f"{' or '.join(allowed) or 'no other status'}"
            )
        library.set_status(segment_key, status)
        library.write_definitions()
    progress(
        f"{segment_key}: {before} → {status} in {workspace.seeds / DEFINITIONS}; it takes effect with the next build"
    )


def promote(workspace: Workspace, segment_key: str, target: Path, progress: Progress = print) -> None:
    """Copy a segment's definition and conditions from the workspace's seeds to the folder `target`.

    The segment's rows in `target` are replaced as a whole; its approvals are never copied, so that they are given again
    where the rule is used. Raises CheckFailed, and writes nothing, when the last check found errors in the segment.
    """
    target = target.expanduser().absolute()
    if target == workspace.seeds:
        raise UserError(f"{target}: is the folder that the segment comes from; name another one with --to")
    if not target.is_dir():
        raise UserError(f"{target}: no such folder of seeds; name one with --to")
    source = read_library(workspace.seeds)
    definition, conditions = source.definition(segment_key), source.conditions_of(segment_key)
    _check_errors(workspace, segment_key, definition, conditions)
    with library_to_change(target) as library:
        is_new = segment_key not in library.keys
        library.replace(segment_key, definition, conditions)
        library.write()
    progress(
        f"{segment_key}: {'added to' if is_new else 'replaced in'} {target}, {len(conditions)} condition(s), status "
        f"{definition['status']}; it must be approved again there"
    )


def _check_errors(workspace: Workspace, segment_key: str, definition: Cells, conditions: Rows) -> None:
    """Raises CheckFailed when the rule check found errors in these very rows, or has not checked them yet."""
    with open_warehouse(workspace.warehouse, read_only=True) as connection:
        try:
            errors = connection.execute(
                "select row_text, reason, suggestion from intermediate.int_segment_rule_errors"
                " where segment_key = $key order by all",
                {"key": segment_key},
            ).fetchall()
            loaded = [
                _loaded(connection, name, segment_key, list(rows[0]) if rows else ["segment_key"])
                for name, rows in zip(SEED_NAMES, ([definition], conditions), strict=True)
            ]
        except (duckdb.CatalogException, duckdb.BinderException):
            raise UserError(
                f"{workspace.warehouse}: the rules have not been checked yet; run `python -m scripts validate` first"
            ) from None
    wanted = [
        sorted(tuple(cell.strip() for cell in row.values()) for row in part) for part in ([definition], conditions)
    ]
    if loaded != wanted:
        raise CheckFailed(
            f"segment `{segment_key}`: was edited since it was last checked; run `python -m scripts validate` first"
        )
    if errors:
        lines = [f"{row_text}: {reason}; {suggestion}" for row_text, reason, suggestion in errors]
        raise CheckFailed("\n".join([*lines, f"segment `{segment_key}` is not copied; correct the rows listed above"]))


def _loaded(
    connection: duckdb.DuckDBPyConnection, table: str, segment_key: str, columns: list[str]
) -> list[tuple[str, ...]]:
    cells = ", ".join(f"""coalesce(trim("{name}"), '')""" for name in columns)
    found = connection.execute(
        f"select {cells} from seeds.{table} where trim(segment_key) = $key", {"key": segment_key}
    ).fetchall()
    return sorted(found)


def _steps() -> dict[str, list[str]]:
    """The statuses that one step leads to, by status."""
    steps: dict[str, list[str]] = {}
    for row in read_rows(STEPS, ["from_status", "to_status", "steps"]):
        allowed = steps.setdefault(row["from_status"], [])
        if row["steps"] == "1":
            allowed.append(row["to_status"])
    return steps
