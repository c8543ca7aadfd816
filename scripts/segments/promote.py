"""Moves a segment to its next status, or copies it from one seeds folder to another; never its approvals."""

from __future__ import annotations

from pathlib import Path

from scripts.platform.errors import CheckFailed, UserError
from scripts.platform.progress import Progress
from scripts.platform.seed_files import read_rows
from scripts.platform.workspace import PROJECT, Workspace
from scripts.segments.evaluation import rules_in_memory
from scripts.segments.segment_library import DEFINITIONS, library_to_change, read_library

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
    where the rule is used. Raises CheckFailed, and writes nothing, when the rule check finds errors in the segment.
    """
    target = target.expanduser().absolute()
    if target == workspace.seeds:
        raise UserError(f"{target}: is the folder that the segment comes from; name another one with --to")
    if not target.is_dir():
        raise UserError(f"{target}: no such folder of seeds; name one with --to")
    source = read_library(workspace.seeds)
    definition, conditions = source.definition(segment_key), source.conditions_of(segment_key)
    _check_errors(workspace, segment_key)
    with library_to_change(target) as library:
        is_new = segment_key not in library.keys
        library.replace(segment_key, definition, conditions)
        library.write()
    progress(
        f"{segment_key}: {'added to' if is_new else 'replaced in'} {target}, {len(conditions)} condition(s), status "
        f"{definition['status']}; it must be approved again there"
    )


def _check_errors(workspace: Workspace, segment_key: str) -> None:
    """Raises CheckFailed when the rule check finds errors in the segment's rows."""
    with rules_in_memory(workspace) as evaluation:
        errors = evaluation.connection.execute(
            f"select row_text, reason, suggestion from {evaluation.relation('int_segment_rule_errors')}"
            " where segment_key = ? order by all",
            [segment_key],
        ).fetchall()
    if errors:
        lines = [f"{row_text}: {reason}; {suggestion}" for row_text, reason, suggestion in errors]
        raise CheckFailed("\n".join([*lines, f"segment `{segment_key}` is not copied; correct the rows listed above"]))


def _steps() -> dict[str, list[str]]:
    """The statuses that one step leads to, by status."""
    steps: dict[str, list[str]] = {}
    for row in read_rows(STEPS, ["from_status", "to_status", "steps"]):
        allowed = steps.setdefault(row["from_status"], [])
        if row["steps"] == "1":
            allowed.append(row["to_status"])
    return steps
