"""Previews one draft: reads it, evaluates its rule, measures the result, and prints it."""

from __future__ import annotations

import json
from dataclasses import asdict
from pathlib import Path

from scripts.platform.errors import CheckFailed
from scripts.platform.progress import Progress, quiet
from scripts.platform.workspace import Workspace
from scripts.segments.preview.draft import add_draft, errors_and_definition
from scripts.segments.preview.measuring import Preview, measured
from scripts.segments.preview.wording import as_words
from scripts.segments.segment_sandbox import both_open, evaluate, segment_sandbox


def preview(
    workspace: Workspace,
    segment: str,
    files: tuple[Path, Path] | None = None,
    *,
    as_json: bool = False,
    progress: Progress = print,
) -> Preview:
    """Preview the draft `segment`, from the seeds or from two files of definition and condition rows.

    Its rule is compiled and evaluated by the models of the library, in a small warehouse beside the real one. Raises
    CheckFailed with every error in its rows, with line, reason and suggestion, and UserError for an unknown segment.
    """
    say: Progress = quiet if as_json else progress
    with segment_sandbox(workspace) as small:
        places = add_draft(workspace, small, segment, files)
        problem: CheckFailed | None = None
        try:
            evaluate(workspace, small, segment, say)
        except CheckFailed as failed:
            problem = failed
        errors, definition = errors_and_definition(small, segment, places)
        if errors or problem:
            raise CheckFailed("\n".join(errors) or str(problem))
        if definition is None or definition["effective_status"] != "active":
            reason = (definition or {}).get("status_reason") or "it has no rule yet"
            raise CheckFailed(f"{segment}: {reason}")
        with both_open(workspace, small) as connection:
            result = measured(connection, definition)
    if as_json:
        progress(json.dumps(asdict(result), default=str, indent=2, ensure_ascii=False))
    else:
        progress("\n".join(as_words(result)))
    return result
