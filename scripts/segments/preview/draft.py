"""Reads a draft from the seeds or from two files, and reports errors in its rows by file and line."""

from __future__ import annotations

import shutil
from pathlib import Path
from typing import Any

from scripts.platform.errors import CheckFailed, UserError
from scripts.platform.seed_files import read_header, read_rows, seed_problems
from scripts.platform.warehouse import rows_of
from scripts.platform.workspace import Workspace
from scripts.segments.evaluation import Evaluation
from scripts.segments.segment_library import (
    DEFINITIONS,
    FILES,
    SEED_NAMES,
    Rows,
    key_of,
    read_library,
    shipped_columns,
    which_segment,
)
from scripts.segments.validate import row_places


def add_draft(workspace: Workspace, seeds: Path, segment: str, files: tuple[Path, Path] | None) -> dict[Any, list[str]]:
    """Put the draft into a copy of the workspace's seeds as an active segment; returns the places of its rows."""
    library = read_library(workspace.seeds)
    places = {
        key: [f"{key[0]}.csv, line {line}" for line in lines]
        for key, lines in row_places(workspace.seeds, SEED_NAMES).items()
    }
    if files is not None:
        given = seeds.parent / "given"
        given.mkdir(mode=0o700)
        file_of_seed = dict(zip(FILES, files, strict=True))
        definitions, conditions = (
            [row for row in _rows(name, file) if key_of(row) == segment] for name, file in file_of_seed.items()
        )
        library.remove({segment})
        library.add(definitions, conditions)
        for name, file in file_of_seed.items():
            shutil.copyfile(file, given / name)
        names = {Path(name).stem: file.name for name, file in file_of_seed.items()}
        for key, lines in row_places(given, SEED_NAMES).items():
            places[key] = [f"{names[key[0]]}, line {line}" for line in lines]
    if segment not in library.keys:
        where = files[0] if files is not None else workspace.seeds / DEFINITIONS
        raise UserError(f"{where}: has no segment `{segment}`; {which_segment(segment, library.keys)}")
    library.set_status(segment, "active")
    library.write(seeds)
    return places


def _rows(name: str, file: Path) -> Rows:
    """The rows of a draft's file, which has the form of the seed `name`. Raises CheckFailed when it cannot be read."""
    if not file.exists():
        raise UserError(f"{file}: no such file; name the two files of the draft")
    if problems := list(seed_problems(file, shipped_columns()[name])):
        raise CheckFailed("\n".join(problems))
    return read_rows(file, read_header(file))


def errors_of(evaluation: Evaluation, segment: str, places: dict[Any, list[str]]) -> list[str]:
    """The errors of the segment's rows, each on one line."""
    found = evaluation.connection.execute(
        f"select seed_name, row_text, reason, suggestion from {evaluation.relation('int_segment_rule_errors')}"
        " where segment_key = ? order by all",
        [segment],
    ).fetchall()
    return [
        f"{', '.join(places.get((seed, row_text), [f'{seed}.csv']))} ({row_text}): {reason}; {suggestion}"
        for seed, row_text, reason, suggestion in found
    ]


def definition_of(evaluation: Evaluation, segment: str) -> dict[str, Any] | None:
    """The segment's row of int_segment_definitions; None where it has none."""
    rows = rows_of(
        evaluation.connection,
        f"from {evaluation.relation('int_segment_definitions')} where segment_key = ?",
        [segment],
    )
    return rows[0] if rows else None
