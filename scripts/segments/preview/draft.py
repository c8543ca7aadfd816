"""Reads a draft from the seeds or from two files, and reports errors in its rows by file and line."""

from __future__ import annotations

import shutil
from pathlib import Path
from typing import Any

import duckdb

from scripts.platform.errors import CheckFailed, UserError
from scripts.platform.seed_files import read_header, read_rows, seed_problems
from scripts.platform.warehouse import open_warehouse
from scripts.platform.workspace import Workspace
from scripts.segments.segment_library import (
    DEFINITIONS,
    FILES,
    Rows,
    key_of,
    read_library,
    shipped_columns,
    which_segment,
)
from scripts.segments.validate import row_places


def add_draft(
    workspace: Workspace, small: Workspace, segment: str, files: tuple[Path, Path] | None
) -> dict[Any, list[str]]:
    """Put the draft into the small workspace's seeds as an active segment; returns the places of its rows."""
    library = read_library(workspace.seeds)
    places = {
        key: [f"{key[0]}.csv, line {line}" for line in lines] for key, lines in row_places(workspace.seeds).items()
    }
    if files is not None:
        given = small.seeds.parent / "given"
        shutil.rmtree(given, ignore_errors=True)
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
        for key, lines in row_places(given).items():
            places[key] = [f"{names[key[0]]}, line {line}" for line in lines]
        shutil.rmtree(given)
    if segment not in library.keys:
        where = files[0] if files is not None else workspace.seeds / DEFINITIONS
        raise UserError(f"{where}: has no segment `{segment}`; {which_segment(segment, library.keys)}")
    library.set_status(segment, "active")
    library.write(small.seeds)
    return places


def _rows(name: str, file: Path) -> Rows:
    """The rows of a draft's file, which has the form of the seed `name`. Raises CheckFailed when it cannot be read."""
    if not file.exists():
        raise UserError(f"{file}: no such file; name the two files of the draft")
    if problems := list(seed_problems(file, shipped_columns()[name])):
        raise CheckFailed("\n".join(problems))
    return read_rows(file, read_header(file))


def errors_and_definition(
    small: Workspace, segment: str, places: dict[Any, list[str]]
) -> tuple[list[str], dict[str, Any] | None]:
    """The errors of the segment's rows, each on one line, and its definition when that was built."""
    with open_warehouse(small.warehouse, read_only=True) as connection:
        try:
            found = connection.execute(
                "select seed_name, row_text, reason, suggestion from intermediate.int_segment_rule_errors"
                " where segment_key = ? order by all",
                [segment],
            ).fetchall()
        except duckdb.CatalogException:
            return [], None
        errors = []
        for seed, row_text, reason, suggestion in found:
            place = ", ".join(places.get((seed, row_text), [f"{seed}.csv"]))
            errors.append(f"{place} ({row_text}): {reason}; {suggestion}")
        try:
            relation = connection.execute("from intermediate.int_segment_definitions where segment_key = ?", [segment])
        except duckdb.CatalogException:
            return errors, None
        names = [column[0] for column in relation.description]
        row = relation.fetchone()
    return errors, dict(zip(names, row, strict=True)) if row else None
