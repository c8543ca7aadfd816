"""Rebuilds the segments alone, from changed rows to memberships and audiences, on the complete build before.

The customers stay as that build left them, so nothing else may have changed since: no other seed, no delivery, no
setting, no model. Whatever is built this way may be published like a complete build.
"""

from __future__ import annotations

from scripts.pipeline.steps import build, copy_missing_seeds
from scripts.platform.build_record import SEGMENTS, Build, code_checksum, stand_on, up_to_load, whole_build
from scripts.platform.dbt import parsed_project
from scripts.platform.errors import CheckFailed
from scripts.platform.progress import Progress
from scripts.platform.settings import DAY, read_settings
from scripts.platform.warehouse import open_warehouse, quote
from scripts.platform.workspace import PROJECT, Workspace
from scripts.segments.evaluation import rules_in_memory
from scripts.segments.validate import check_rules_of_seeds, check_seeds

# What a refresh may be about: the library, and who approved it.
SEGMENT_SEEDS = ("segment_definitions", "segment_rule_conditions", "segment_approvals", "approvers")
SELECTION = " ".join(f"{name}+" for name in SEGMENT_SEEDS)
COMPLETE = "run `python -m scripts build`"


def refresh_segments(workspace: Workspace, progress: Progress = print) -> int:
    """Rebuild everything that depends on the segment seeds, with its tests; returns how many of them passed.

    Raises CheckFailed where the rules are at fault or a test fails, and where the warehouse is not whole or something
    else changed since its last complete build.
    """
    base = whole_build(workspace, before=SEGMENTS)
    copy_missing_seeds(workspace, progress)
    check_seeds(workspace.seeds)
    settings = read_settings(workspace)
    day = str(base.as_of_date)
    if (stated := settings.get(DAY)) is not None and str(stated) != day:
        raise CheckFailed(f"{workspace.warehouse}: describes {day}, and as_of_date is {stated} now; {COMPLETE}")
    _stop_where_more_changed(workspace, base)
    check_rules_of_seeds(workspace, {**settings.variables, DAY: day}, settings.landing, progress)
    if code_checksum(parsed_project(workspace).nodes.values()) != base.code_checksum:
        raise CheckFailed(f"{PROJECT}: the models changed since the build of {base.when}; {COMPLETE}")
    # A var makes dbt parse the whole project anew, so the day is only given where nothing else states it.
    variables = settings.variables if stated is not None else {**settings.variables, DAY: day}
    tests = build(workspace, variables=variables, select=SELECTION, kind=SEGMENTS, progress=progress)
    with open_warehouse(workspace.warehouse) as connection:
        stand_on(connection, base)
    return tests


def _stop_where_more_changed(workspace: Workspace, base: Build) -> None:
    """CheckFailed where anything but the segment seeds differs from what the complete build was built from."""
    with rules_in_memory(workspace) as evaluation:
        for file in sorted(workspace.seeds.glob("*.csv")):
            if file.stem in SEGMENT_SEEDS or ("seeds", file.stem) not in evaluation.stored:
                continue
            mine, theirs = evaluation.relation(file.stem), f"given.seeds.{quote(file.stem)}"
            names = ", ".join(map(quote, evaluation.stored["seeds", file.stem]))
            differing = evaluation.connection.execute(
                f"(select {names} from {mine} except all select {names} from {theirs})"
                f" union all (select {names} from {theirs} except all select {names} from {mine}) limit 1"
            ).fetchall()
            if differing:
                raise CheckFailed(f"{file}: changed since the build of {base.when}; {COMPLETE}")
    with open_warehouse(workspace.warehouse, read_only=True) as connection:
        if up_to_load(connection) != base.detail:
            raise CheckFailed(f"{workspace.warehouse}: took in files since the build of {base.when}; {COMPLETE}")
