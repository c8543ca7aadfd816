"""Takes a segment one step further: to the next status, or from one seeds folder to another. Never its approvals."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import duckdb

from scripts.approve import which_segment
from scripts.errors import CheckFailed, UserError
from scripts.seed_files import only_writer, read_header, read_rows, replace_file, rows_as_csv
from scripts.validate import CONDITIONS, DEFINITIONS, seed_problems
from scripts.warehouse import open_warehouse
from scripts.world import BUSINESS_SEEDS, PROJECT, World

STEPS = PROJECT / "seeds" / "reference" / "segment_status_steps.csv"

Progress = Callable[[str], None]
Rows = list[dict[str, str]]


def set_status(world: World, segment_key: str, status: str, progress: Progress = print) -> None:
    """Set a segment's status in the world's seeds, when one step leads there from the one it has.

    Raises UserError for an unknown segment or status, CheckFailed for a step that is not allowed.
    """
    file = world.seeds / DEFINITIONS
    with only_writer(world.seeds):
        _check_files(world.seeds)
        rows = _rows(file)
        row = _definition(rows, segment_key, file)
        before = row["status"].strip().lower()
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
        row["status"] = status
        _write(file, rows)
    progress(f"{segment_key}: {before} → {status} in {file}; it counts from the next build on")


def promote(world: World, segment_key: str, target: Path, progress: Progress = print) -> None:
    """Copy a segment's definition and conditions from the world's seeds to the folder `target`.

    What `target` has of the segment is replaced, whole; its approvals are never copied, so that they are given anew
    where the rule is used. Raises CheckFailed, and writes nothing, when the last check found faults in the segment.
    """
    target = target.expanduser().absolute()
    if target == world.seeds:
        raise UserError(f"{target}: is the folder that the segment comes from; name another one with --to")
    if not target.is_dir():
        raise UserError(f"{target}: no such folder of seeds; name one with --to")
    _check_files(world.seeds)
    definition = _definition(_rows(world.seeds / DEFINITIONS), segment_key, world.seeds / DEFINITIONS)
    conditions = [row for row in _rows(world.seeds / CONDITIONS) if row["segment_key"].strip() == segment_key]
    _check_faults(world, segment_key, definition, conditions)
    with only_writer(target):
        _check_files(target)
        held, rules = _rows(target / DEFINITIONS), _rows(target / CONDITIONS)
        is_new = all(row["segment_key"].strip() != segment_key for row in held)
        # Definitions first: one without conditions is only warned of, conditions without a definition are an error.
        for name, rows, taken in ((DEFINITIONS, held, [definition]), (CONDITIONS, rules, conditions)):
            _write(target / name, _replaced(rows, segment_key, taken))
    progress(
        f"{segment_key}: {'added to' if is_new else 'replaced in'} {target}, {len(conditions)} condition(s), status "
        f"{definition['status']}; approvals are given anew there"
    )


def _replaced(rows: Rows, segment_key: str, taken: Rows) -> Rows:
    """`rows` with those of the segment replaced, where they stood, or appended."""
    places = [place for place, row in enumerate(rows) if row["segment_key"].strip() == segment_key]
    kept = [row for row in rows if row["segment_key"].strip() != segment_key]
    start = places[0] if places else len(kept)
    return kept[:start] + taken + kept[start:]


def _check_faults(world: World, segment_key: str, definition: dict[str, str], conditions: Rows) -> None:
    """Raises CheckFailed when the rule check found faults in these very rows, or has not seen them yet."""
    with open_warehouse(world.warehouse, read_only=True) as connection:
        try:
            faults = connection.execute(
                "select row_text, reason, suggestion from intermediate.int_segment_rule_errors"
                " where segment_key = $key order by all",
                {"key": segment_key},
            ).fetchall()
            seen = [
                _loaded(connection, Path(name).stem, segment_key, list(rows[0]) if rows else ["segment_key"])
                for name, rows in ((DEFINITIONS, [definition]), (CONDITIONS, conditions))
            ]
        except (duckdb.CatalogException, duckdb.BinderException):
            raise UserError(f"{world.warehouse}: rules not checked yet; run `python -m scripts validate`") from None
    wanted = [
        sorted(tuple(cell.strip() for cell in row.values()) for row in part) for part in ([definition], conditions)
    ]
    if seen != wanted:
        raise CheckFailed(
            f"segment `{segment_key}`: was edited since it was last checked; run `python -m scripts validate` first"
        )
    if faults:
        lines = [f"{row_text}: {reason}; {suggestion}" for row_text, reason, suggestion in faults]
        raise CheckFailed("\n".join([*lines, f"segment `{segment_key}` is not copied; mend the rows named above"]))


def _loaded(
    connection: duckdb.DuckDBPyConnection, table: str, segment_key: str, columns: list[str]
) -> list[tuple[str, ...]]:
    cells = ", ".join(f"""coalesce(trim("{name}"), '')""" for name in columns)
    found = connection.execute(
        f"select {cells} from seeds.{table} where trim(segment_key) = $key", {"key": segment_key}
    ).fetchall()
    return sorted(found)


def _steps() -> dict[str, list[str]]:
    """Where one step leads from each status."""
    steps: dict[str, list[str]] = {}
    for row in read_rows(STEPS, ["from_status", "to_status", "steps"]):
        allowed = steps.setdefault(row["from_status"], [])
        if row["steps"] == "1":
            allowed.append(row["to_status"])
    return steps


def _definition(rows: Rows, segment_key: str, file: Path) -> dict[str, str]:
    for row in rows:
        if row["segment_key"].strip() == segment_key:
            return row
    raise UserError(
        f"{file}: has no segment `{segment_key}`; {which_segment(segment_key, (row['segment_key'] for row in rows))}"
    )


def _check_files(seeds: Path) -> None:
    """Raises CheckFailed when the library cannot be read whole: what cannot be read would be lost in writing."""
    problems = [
        problem
        for name in (DEFINITIONS, CONDITIONS)
        for problem in seed_problems(seeds / name, read_header(BUSINESS_SEEDS / name))
    ]
    if problems:
        raise CheckFailed("\n".join([*problems, "nothing was written; mend the library first"]))


def _rows(file: Path) -> Rows:
    return read_rows(file, read_header(file))


def _write(file: Path, rows: Rows) -> None:
    cells: list[dict[str, object]] = [dict(row) for row in rows]
    replace_file(file, rows_as_csv(read_header(file), cells))
