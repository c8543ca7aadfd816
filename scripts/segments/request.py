"""A request in words as a draft of the segment library, for a person to review and accept; never active by itself."""

from __future__ import annotations

import csv
from pathlib import Path

from scripts.platform.errors import CheckFailed, UserError
from scripts.platform.progress import Progress
from scripts.platform.seed_files import read_header, read_rows
from scripts.platform.warehouse import open_warehouse
from scripts.platform.workspace import PROJECT, Workspace
from scripts.segments.drafts import (
    condition_rows,
    definition_row,
    into_library,
    segment_keys,
    write_drafts,
)
from scripts.segments.phrasing import Phrases
from scripts.segments.rule_parser import Attribute, read_request
from scripts.segments.segment_library import DEFINITIONS, free_priorities, key_of

TAG = "request"
WORDS = PROJECT / "seeds" / "reference" / "request_words.csv"
NAME_LETTERS = 80


def request(workspace: Workspace, text: str, *, library: bool = False, progress: Progress = print) -> Path:
    """Read `text`, write its rows to `review/requests/<key>/` beside the warehouse, and report how it was understood.

    With `library`, the rows are appended to the retailer's library as a draft too. Returns the folder. Raises
    CheckFailed when something was not understood: the draft of the rest stays for review and the library as it is;
    nothing is written when nothing was understood.
    """
    if not text.strip():
        raise UserError(
            'request: describe in words who is meant, such as request "customers who ordered twice in 90 days"'
        )
    themes, catalogue, phrases = _catalogue(workspace)
    reading = read_request(text, request_words(), catalogue)
    for problem in reading.problems:
        progress(f"not understood: {problem}")
    if reading.is_empty:
        raise CheckFailed(
            "nothing of the request was understood; name attributes of attribute_catalogue, or add your words to "
            f"{WORDS.relative_to(PROJECT)}"
        )
    name = " ".join(text.split())
    key = segment_keys([name], TAG)[0]
    used = [part.attribute for side in (reading.include, reading.exclude) for parts in side for part in parts]
    definition = definition_row(
        segment_key=key,
        name=name if len(name) <= NAME_LETTERS else f"{name[: NAME_LETTERS - 2]} …",
        purpose=f"Requested in words: {name}",
        included=phrases.included(reading.include),
        review_rule="Before first use: does the rule say what was meant?",
        priority=free_priorities(workspace.seeds, 1, {key})[0],
        themes=sorted({themes[attribute] for attribute in used if themes.get(attribute)}),
        tag=TAG,
        share_of_known=0,
    )
    # Its size is unknown until it is evaluated.
    definition |= {"expected_min_share": "", "expected_max_share": ""}
    if reading.exclude:
        definition["excluded"] = f"Left out: {phrases.left_out(reading.exclude)}."
    conditions = condition_rows(key, reading.include) + [
        {**row, "kind": "exclude"} for row in condition_rows(key, reading.exclude)
    ]
    folder = workspace.home / "review" / "requests" / key
    write_drafts(folder, [definition], conditions)
    progress(f"read as: {phrases.rule(reading.include, reading.exclude)}")
    progress(f"{folder}: draft rows for review, {len(conditions)} condition(s)")
    if reading.problems:
        raise CheckFailed(
            f"{len(reading.problems)} part(s) of the request were left out of {folder}, as they were not understood; "
            f"say them in other words, or add your words to {WORDS.relative_to(PROJECT)}"
        )
    if library:
        into_library(workspace.seeds, [definition], conditions, tag=TAG)
        progress(f"{workspace.seeds}: draft {key} appended to the library")
    return folder


def request_words() -> list[dict[str, str]]:
    """The phrases that are understood, as rows of the seed request_words."""
    with WORDS.open(encoding="utf-8", newline="") as lines:
        return list(csv.DictReader(lines))


def _catalogue(workspace: Workspace) -> tuple[dict[str, str], list[Attribute], Phrases]:
    with open_warehouse(workspace.warehouse, read_only=True) as connection:
        built = connection.execute(
            "select 1 from information_schema.tables"
            " where table_schema = 'marts' and table_name = 'attribute_catalogue'"
        ).fetchall()
        if not built:
            raise UserError(
                f"{workspace.warehouse}: has no attribute_catalogue yet; run `python -m scripts build` first"
            )
        rows = connection.execute(
            "select attribute_name, value_type, coalesce(unit, ''), coalesce(theme, ''), phrase"
            " from marts.attribute_catalogue order by attribute_name"
        ).fetchall()
    file = workspace.seeds / DEFINITIONS
    library = read_rows(file, read_header(file)) if file.exists() else []
    segments = [Attribute(f"segment:{key_of(row)}", "segment") for row in library]
    themes = {row[0]: row[3] for row in rows}
    return themes, [Attribute(*row[:3]) for row in rows] + segments, Phrases.read((row[0], row[4]) for row in rows)
