"""Whether a warehouse is whole: every run of dbt records its start and its end in it, and one rule judges them.

dbt writes the record itself (macros/project/build_record.sql), so that plain `dbt build` is judged like a build of the
scripts. What is not whole may contradict itself, such as orders of today beside margins of yesterday.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from typing import Any

import duckdb

from scripts.platform.errors import CheckFailed
from scripts.platform.warehouse import open_warehouse
from scripts.platform.workspace import Workspace

# The environment variable by which the scripts tell dbt which kind of run this is.
KIND_VARIABLE = "SEGMENTATION_BUILD_KIND"
ALL, IMPORT = "all", "import"
# Everything that does not wait for fitted models; a build of kind FITTED completes it.
CUSTOMERS, FITTED = "customers", "fitted"
# Runs that leave a whole warehouse whole: each rebuilds all that depends on what changed.
APPROVALS, HISTORY, RULES = "approvals", "history", "rules"
BASES = (ALL, CUSTOMERS, IMPORT)
PARTS = (FITTED, APPROVALS, HISTORY, RULES)
RUNNING, SUCCEEDED = "running", "succeeded"
COLUMNS = (
    "build_id", "kind", "selection", "started_at", "ended_at", "outcome", "detail", "as_of_date", "code_checksum",
    "seeds_checksum",
)  # fmt: skip


@dataclass(frozen=True)
class Build:
    """One run of dbt, or one import; instants in UTC."""

    build_id: str
    kind: str
    selection: str | None = None
    started_at: datetime | None = None
    ended_at: datetime | None = None
    outcome: str = SUCCEEDED
    detail: str | None = None
    as_of_date: Any = None
    code_checksum: str | None = None
    seeds_checksum: str | None = None

    @property
    def when(self) -> str:
        return f"{self.started_at:%Y-%m-%d %H:%M} UTC"

    def described(self) -> dict[str, Any]:
        """What a manifest says of the build."""
        return {name: None if value is None else str(value) for name, value in asdict(self).items()}


def problem_with(builds: Sequence[Build], *, to_learn: bool = False) -> str | None:
    """Why a warehouse with this record, in order of time, is not whole, and what to do; None where it is.

    The last complete build counts, with what came after it: every later kind of run has to have succeeded the last
    time, with the same models, and nothing else may have run. `to_learn`: what is not learnt from may be missing: the
    segments that wait for fits, and a history that is being completed.
    """
    starts = [number for number, build in enumerate(builds) if build.kind in BASES]
    if not starts:
        last = f"; the last run was `{builds[-1].selection}`" if builds else ""
        return f"no complete build is recorded{last}; run `python -m scripts build`"
    base, later = builds[starts[-1]], builds[starts[-1] + 1 :]
    newest = {build.kind: build for build in (base, *later)}
    if to_learn:
        newest.pop(HISTORY, None)
    for build in newest.values():
        what = f"{'the check of the rules' if build.kind == RULES else 'the build'} of {build.when}"
        if build.outcome == RUNNING:
            return f"{what} was interrupted; run `python -m scripts build` again"
        if build.outcome != SUCCEEDED:
            return f"{what} failed ({build.detail}); correct what it named, then run `python -m scripts build` again"
        if build.kind not in (*BASES, *PARTS):
            return (
                f"`{build.selection}` of {build.when} built a part of the models only, so they may contradict each "
                "other; run `python -m scripts build` without --select"
            )
        if build.code_checksum != base.code_checksum:
            return f"the models changed between {base.when} and {build.when}; run `python -m scripts build`"
    loaded = base.seeds_checksum
    for build in later:
        if build.kind == RULES and build.seeds_checksum != loaded:
            return f"`validate` of {build.when} loaded seeds that changed; run `python -m scripts build`"
        loaded = build.seeds_checksum
    if base.kind == CUSTOMERS and FITTED not in newest and not to_learn:
        return "the segments were not built after the customers; run `python -m scripts build`"
    return None


def recorded_builds(connection: duckdb.DuckDBPyConnection) -> list[Build]:
    """The record of an open warehouse, in order of time."""
    found = connection.execute(
        "select 1 from duckdb_tables() where database_name = current_database() and schema_name = 'builds'"
        " and table_name = 'build_record'"
    ).fetchone()
    if not found:
        return []
    rows = connection.execute(f"select {', '.join(COLUMNS)} from builds.build_record order by rowid").fetchall()
    return [Build(*row) for row in rows]


def whole_build(workspace: Workspace, *, to_learn: bool = False) -> Build:
    """The complete build that the warehouse stands on. Raises CheckFailed where the warehouse is not whole."""
    with open_warehouse(workspace.warehouse, read_only=True) as connection:
        builds = recorded_builds(connection)
    if problem := problem_with(builds, to_learn=to_learn):
        raise CheckFailed(f"{workspace.warehouse}: {problem}")
    return next(build for build in reversed(builds) if build.kind in BASES)


def record_whole(connection: duckdb.DuckDBPyConnection, kind: str = IMPORT) -> None:
    """Record marts that came here whole, within the transaction that brings them."""
    connection.execute("create schema if not exists builds")
    connection.execute(
        "create table if not exists builds.build_record (build_id varchar, kind varchar, selection varchar,"
        " started_at timestamp, ended_at timestamp, outcome varchar, detail varchar, as_of_date date,"
        " code_checksum varchar, seeds_checksum varchar)"
    )
    now = datetime.now(UTC).replace(tzinfo=None, microsecond=0)
    connection.execute(
        "insert into builds.build_record (build_id, kind, selection, started_at, ended_at, outcome)"
        " values (?, ?, ?, ?, ?, ?)",
        [f"{kind} {now}", kind, kind, now, now, SUCCEEDED],
    )
