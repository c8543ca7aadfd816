"""Explains one customer on one day: as the warehouse describes it, or as it was known on a past day."""

from __future__ import annotations

import json
from datetime import date

import duckdb

from scripts.platform.errors import UserError, did_you_mean
from scripts.platform.progress import Progress
from scripts.platform.warehouse import open_warehouse, rows_of
from scripts.platform.workspace import Workspace
from scripts.segments.explain.reading import explanations, find_customer
from scripts.segments.explain.wording import as_plain, of_all, of_one


def explain(
    workspace: Workspace,
    customer: str,
    segment: str | None = None,
    as_of: date | None = None,
    *,
    as_json: bool = False,
    progress: Progress = print,
) -> None:
    """Explain one segment, or all, for one customer: their id, a retired id, or `<source>:<id>`.

    For another day than the one that the warehouse describes, what was known then is built in a copy of it. Raises
    UserError for a customer or segment that is not known, and for a day in the future.
    """
    with open_warehouse(workspace.warehouse, read_only=True) as connection:
        day = _described_day(connection, workspace)
        if as_of is None or as_of == day:
            _explain(connection, customer, segment, day, as_json, progress)
            return
    if as_of > day:
        raise UserError(f"--as-of is {as_of}, and the warehouse describes {day}; build that day first")
    from scripts.platform.past_day import build_past_day
    from scripts.platform.snapshots import sandbox

    if not as_json:
        progress(f"building what was known on {as_of} in a copy of the warehouse, which takes a while …")
    with sandbox(workspace) as copy:
        wanted = [
            "+int_segment_traces", "+segment_library", "+segment_memberships", "+int_segment_audience_candidates",
            "+customer_id_changes",
        ]  # fmt: skip
        build_past_day(copy, as_of, wanted)
        with open_warehouse(copy.warehouse, read_only=True) as connection:
            _explain(connection, customer, segment, as_of, as_json, progress)


def _explain(
    connection: duckdb.DuckDBPyConnection,
    customer: str,
    segment: str | None,
    day: date,
    as_json: bool,
    progress: Progress,
) -> None:
    library = {row["segment_key"]: row for row in rows_of(connection, "from marts.segment_library order by priority")}
    if segment is not None and segment not in library:
        hint = did_you_mean(segment, library, otherwise="segment_library lists the ones there are", cutoff=0.4)
        raise UserError(f"there is no segment `{segment}`; {hint}")
    customer_id, notes = find_customer(connection, customer)
    found = explanations(connection, customer_id, library, segment)
    if as_json:
        segments = [as_plain(one) for one in found]
        answer = {"customer_id": customer_id, "as_of_date": day, "notes": notes, "segments": segments}
        progress(json.dumps(answer, default=str, indent=2, ensure_ascii=False))
        return
    lines = [f"Customer {customer_id} on {day}", *(f"  {note}" for note in notes), ""]
    lines += of_one(found[0]) if segment is not None else of_all(found)
    progress("\n".join(lines).rstrip())


def _described_day(connection: duckdb.DuckDBPyConnection, workspace: Workspace) -> date:
    try:
        found = connection.execute("select max(as_of_date) from marts.customer_features").fetchone()
        connection.execute("describe intermediate.int_segment_traces")
    except duckdb.CatalogException:
        raise UserError(
            f"{workspace.warehouse}: segments have not been built yet; run `python -m scripts build` first"
        ) from None
    if found is None or found[0] is None:
        raise UserError(f"{workspace.warehouse}: holds no customers yet; run `python -m scripts build` first")
    day: date = found[0]
    return day
