"""Previews one draft: reads it, evaluates its rule, measures the result, and prints it."""

from __future__ import annotations

import json
import shutil
import tempfile
from dataclasses import asdict
from pathlib import Path

from scripts.platform.errors import CheckFailed
from scripts.platform.progress import Progress
from scripts.platform.workspace import Workspace
from scripts.segments.evaluation import rules_in_memory
from scripts.segments.preview.draft import add_draft, definition_of, errors_of
from scripts.segments.preview.measuring import Preview, measured
from scripts.segments.preview.wording import as_words


def preview(
    workspace: Workspace,
    segment: str,
    files: tuple[Path, Path] | None = None,
    *,
    as_json: bool = False,
    progress: Progress = print,
) -> Preview:
    """Preview the draft `segment`, from the seeds or from two files of definition and condition rows.

    Its rule is compiled by the models of the library and evaluated over the warehouse's tables, without writing to
    them. Raises CheckFailed with every error in its rows, with line, reason and suggestion, and UserError for an
    unknown segment.
    """
    with tempfile.TemporaryDirectory(prefix="segmentation-") as name:
        seeds = Path(name) / "seeds"
        shutil.copytree(workspace.seeds, seeds)
        places = add_draft(workspace, seeds, segment, files)
        with rules_in_memory(workspace, seeds=seeds, draft=segment) as evaluation:
            if errors := errors_of(evaluation, segment, places):
                raise CheckFailed("\n".join(errors))
            definition = definition_of(evaluation, segment)
            if definition is None or definition["effective_status"] != "active":
                reason = (definition or {}).get("status_reason") or "it has no rule yet"
                raise CheckFailed(f"{segment}: {reason}")
            result = measured(evaluation, definition)
    if as_json:
        progress(json.dumps(asdict(result), default=str, indent=2, ensure_ascii=False))
    else:
        progress("\n".join(as_words(result)))
    return result
