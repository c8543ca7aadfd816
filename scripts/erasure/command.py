"""Erases persons: identifies them, removes them from all stored data, and makes sure that they do not come back.

In this order, with a journal until the end, so that the next run finishes what a killed run began: the warehouse in
one transaction (with the tombstones), its file rewritten, the kept versions, exports and other files, a search through
all of these, the certificate. No identifier is printed, logged or quoted in an error.
"""

from __future__ import annotations

import csv
import fcntl
import json
import os
import shutil
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import duckdb

from scripts.erasure.certificate import add_to_log, certify, earlier_erasures, log_of, stronger
from scripts.erasure.files import CannotRewrite, files_of, remove_from_export, remove_from_file
from scripts.erasure.identifier_patterns import IdentifierPatterns, identifier_patterns_of
from scripts.erasure.person import (
    GIVEN,
    Person,
    collect,
    legal_hold,
    load_ids,
    need_identities,
    normalise_given,
    resolve,
)
from scripts.erasure.redact import TOMBSTONES
from scripts.erasure.removals import removals_of
from scripts.erasure.requests import close_requests, open_requests
from scripts.erasure.search import search
from scripts.erasure.state import folder, prepare_state, restore_state, save_state, tombstone
from scripts.erasure.versions import rewrite_versions
from scripts.erasure.warehouse import clear_left_overs, remove_from_warehouse, rewrite_file
from scripts.platform.contracts import Source, load_contracts
from scripts.platform.errors import CheckFailed, UserError
from scripts.platform.files import PRIVATE, replace_file
from scripts.platform.ledger_tables import LEDGER
from scripts.platform.progress import Progress
from scripts.platform.settings import read_settings
from scripts.platform.warehouse import open_warehouse, quote, rollback
from scripts.platform.workspace import Workspace

JOURNAL = ".journal.json"


@dataclass(frozen=True)
class Request:
    """One request: the identifiers of the person, as given."""

    given: tuple[tuple[str, str], ...]
    request_id: str | None = None
    requested_at: datetime | None = None
    label: str = "the person"


@dataclass
class Outcome:
    """Result of the requests: people erased, requests that match nobody, and one line per refused request."""

    erased: int = 0
    unknown: int = 0
    refused: list[str] = field(default_factory=list)


def erase(
    workspace: Workspace,
    requests: list[Request],
    *,
    despite_hold: bool = False,
    dry_run: bool = False,
    progress: Progress = print,
) -> Outcome:
    """Carry out the given requests, or, if none are given, the open requests of the landing source.

    Raises UserError on wrong use, CheckFailed when a request was refused or a trace of a person is left.
    """
    if not workspace.warehouse.exists():
        raise UserError(f"{workspace.warehouse}: no such warehouse; run `python -m scripts intake` and `build` first")
    outcome = Outcome()
    with _only_eraser(workspace):
        _finish_journal(workspace, progress)
        sources, country = load_contracts(), read_settings(workspace)["default_country"]
        from_landing = not requests
        with open_warehouse(workspace.warehouse) as connection:
            _prepare(connection, workspace)
            if from_landing:
                requests = [
                    Request(given, request_id, requested_at, f"request {request_id}")
                    for request_id, given, requested_at in open_requests(connection)
                ]
            persons = _who(connection, sources, requests, outcome, country, despite_hold, progress)
            if persons:
                patterns = identifier_patterns_of(connection, sources, [person for person, _ in persons], country)
                _announce(connection, sources, persons, patterns, country, dry_run, progress)
            if dry_run:
                persons = []
            if persons:
                journal = _Journal.begin(workspace, persons, patterns.names)
                _in_warehouse(connection, workspace, sources, persons, patterns, country, journal.run)
            closed = 0 if dry_run else close_requests(connection)
            if persons or closed:
                rewrite_file(connection, workspace)
        if persons:
            _everywhere_else(workspace, sources, persons, patterns, country, journal, progress)
    if outcome.refused:
        raise CheckFailed("\n".join(outcome.refused))
    return outcome


def carry_out_requests(workspace: Workspace, progress: Progress = print) -> int:
    """Carry out the requests of the landing source as far as possible; returns how many people were erased.

    Called by intake: a request that cannot be carried out is reported and does not stop the load.
    """
    with open_warehouse(workspace.warehouse, read_only=True) as connection:
        wanted = open_requests(connection, also_closed=True)
        if not wanted and not (workspace.home / "erasures" / JOURNAL).exists():
            return 0
        try:
            need_identities(connection)
        except UserError:
            progress(f"{len(wanted)} erasure requests need the first build; run `python -m scripts erase` after it")
            return 0
    try:
        return erase(workspace, [], progress=progress).erased
    except CheckFailed as problem:
        for line in str(problem).splitlines():
            progress(f"erasure: {line}")
        return 0


def requests_of_file(file: Path) -> list[Request]:
    """The requests of a CSV file with the columns of the landing source; UserError names the invalid line."""
    try:
        with file.open(encoding="utf-8-sig", newline="") as stream:
            rows = list(csv.DictReader(stream))
    except (OSError, UnicodeDecodeError, csv.Error) as problem:
        raise UserError(f"{file}: cannot be read ({type(problem).__name__}); give a CSV file in UTF-8") from None
    if not rows:
        raise UserError(f"{file}: has no requests; give a header with {', '.join(GIVEN)} and one line per person")
    if not set(rows[0]).intersection(GIVEN):
        raise UserError(f"{file}: has none of the columns {', '.join(GIVEN)}; add at least one of them")
    found = []
    for number, row in enumerate(rows, start=2):
        given = tuple((kind, (row.get(kind) or "").strip()) for kind in GIVEN if (row.get(kind) or "").strip())
        if not given:
            raise UserError(f"{file}: line {number} identifies nobody; fill one of {', '.join(GIVEN)}")
        try:
            at = datetime.fromisoformat(row["requested_at"]) if row.get("requested_at") else None
        except ValueError:
            raise UserError(
                f"{file}: line {number}: requested_at is not a date and time; write it as 2026-07-01T09:00"
            ) from None
        if at and at.tzinfo:
            at = at.astimezone(UTC).replace(tzinfo=None)
        found.append(Request(given, row.get("request_id") or None, at, f"line {number}"))
    return found


def _who(
    connection: duckdb.DuckDBPyConnection,
    sources: dict[str, Source],
    requests: list[Request],
    outcome: Outcome,
    country: str,
    despite_hold: bool,
    progress: Progress,
) -> list[tuple[Person, Request]]:
    """The people identified by the requests; requests that cannot be carried out go to `outcome.refused`."""
    persons: dict[str, tuple[Person, Request]] = {}
    for request in requests:
        try:
            given = normalise_given(connection, list(request.given), country)
            text = "|".join(f"{kind}:{value}" for kind, value in given)
            person = Person(tombstone("erasure", text)[:16], given)
            resolve(connection, person)
            collect(connection, sources, person, country)
            if not despite_hold and legal_hold(connection, sources, person, country):
                raise CheckFailed("this person is under a legal hold; lift it, or erase with --despite-hold")
        except (CheckFailed, UserError) as problem:
            if len(requests) == 1 and isinstance(problem, UserError):
                raise
            outcome.refused.append(f"{request.label}: {problem}")
            continue
        if person.is_known:
            outcome.erased += 1
        else:
            outcome.unknown += 1
            erased = connection.execute(
                "select 1 from state.erasure_tombstones where erasure_id = ?", [person.erasure_id]
            ).fetchone()
            progress(
                f"{request.label}: was erased before (erasure {person.erasure_id}); nothing more was found"
                if erased
                else f"{request.label}: matches nobody; its identifiers are recorded as erased"
            )
        persons[person.erasure_id] = (person, request)
    return list(persons.values())


def _announce(
    connection: duckdb.DuckDBPyConnection,
    sources: dict[str, Source],
    persons: list[tuple[Person, Request]],
    patterns: IdentifierPatterns,
    country: str,
    dry_run: bool,
    progress: Progress,
) -> None:
    """Report the number of rows that will change; a dry run makes all the changes and rolls them back."""
    for person, request in persons:
        progress(
            f"{request.label}: {len(person.customer_ids)} customer, {len(person.profile_keys)} profiles, "
            f"{len(person.ids)} identifiers and records (erasure {person.erasure_id})"
        )
    if not dry_run:
        return
    connection.begin()
    try:
        load_ids(connection, [person for person, _ in persons])
        result = remove_from_warehouse(connection, sources, [person for person, _ in persons], patterns, country)
    finally:
        rollback(connection)
    totals: dict[str, int] = {}
    for (_, table, done), count in sorted(result.raw.rows.items()):
        totals[f"{table}: rows {done}"] = totals.get(f"{table}: rows {done}", 0) + count
    for line, count in [*totals.items(), *((f"{name}: rows", count) for name, count in result.relations.items())]:
        progress(f"  would change {line} {count}")
    progress("dry run: nothing was changed")


def _in_warehouse(
    connection: duckdb.DuckDBPyConnection,
    workspace: Workspace,
    sources: dict[str, Source],
    persons: list[tuple[Person, Request]],
    patterns: IdentifierPatterns,
    country: str,
    run: str,
) -> None:
    """All changes within the warehouse, including the tombstones and the log, as one transaction."""
    now = datetime.now(UTC).replace(tzinfo=None, microsecond=0)
    people = [person for person, _ in persons]
    connection.begin()
    try:
        load_ids(connection, people)
        result = remove_from_warehouse(connection, sources, people, patterns, country)
        for person, request in persons:
            requested_at = request.requested_at or now
            tombstones = [[kind, tombstone(kind, value), person.erasure_id, now] for kind, value in person.ids]
            if tombstones:
                connection.execute(
                    "create or replace temp table new_tombstones as select * from state.erasure_tombstones limit 0"
                )
                connection.executemany("insert into temp.new_tombstones values (?, ?, ?, ?)", tombstones)
                connection.execute(
                    f"insert into {TOMBSTONES} select * from temp.new_tombstones as new where not exists (select 1 "
                    f"from {TOMBSTONES} as old where old.identifier_type = new.identifier_type "
                    "and old.identifier_hash = new.identifier_hash)"
                )
            for row in removals_of(person, requested_at):
                known = "select 1 from state.erasure_removals where removal_id = ?"
                if not connection.execute(known, [row[0]]).fetchone():
                    connection.execute("insert into state.erasure_removals values (?, ?, ?, ?, ?, ?, ?, ?)", list(row))
            done = {
                "raw_tables": result.raw.of(person.erasure_id),
                "other_relations": result.relations,
                "relations_to_build_anew": result.dropped,
                "tombstones": len(tombstones),
                "removals": len(list(removals_of(person, requested_at))),
                "erased_before_as": earlier_erasures(
                    connection, person.erasure_id, [str(row[1]) for row in tombstones]
                ),
            }
            add_to_log(connection, run, person, request.request_id, request.requested_at, now, done)
        connection.commit()
    except BaseException:
        rollback(connection)
        raise
    save_state(connection, workspace)


def _everywhere_else(
    workspace: Workspace,
    sources: dict[str, Source],
    persons: list[tuple[Person, Request]],
    patterns: IdentifierPatterns,
    country: str,
    journal: _Journal,
    progress: Progress,
) -> None:
    """Versions, exports, copies and pages; then the search, the certificates and the removal of the journal."""
    people = [person for person, _ in persons]

    def redo_warehouse(connection: duckdb.DuckDBPyConnection) -> int:
        _prepare_ledger(connection)
        load_ids(connection, people)
        result = remove_from_warehouse(connection, sources, people, patterns, country)
        return result.raw.count() + sum(result.relations.values())

    # Snapshots of past days are rebuilt from the remaining data when a model is next fitted.
    shutil.rmtree(workspace.snapshots, ignore_errors=True)
    versions = rewrite_versions(workspace, patterns, redo_warehouse)
    journal.note("kept_versions", versions)
    progress(f"warehouse rewritten, {len(versions)} kept versions rewritten")
    stuck: list[str] = []
    for path in list(files_of(workspace)):
        try:
            if path.name == "audience.csv" and (path.parent / "manifest.json").exists():
                count = remove_from_export(path.parent, patterns)
            else:
                count = remove_from_file(path, patterns, redo_warehouse)
        except CannotRewrite:
            stuck.append(str(path))
            continue
        if count:
            journal.note("files", {patterns.replace_in(str(path.relative_to(workspace.home)))[0]: count})
    found = search(workspace, patterns)
    searched = {"files": found.files, "relations": found.relations, "places_left": len(found.places)}
    with open_warehouse(workspace.warehouse, read_only=True) as connection:
        logs = {person.erasure_id: log_of(connection, person.erasure_id) for person in people}
    for erasure_id, entries in logs.items():
        certify(workspace, erasure_id, entries, journal.outside, searched)
    left = [f"{path}: contains a person and cannot be rewritten; delete it and erase again" for path in stuck]
    left += [f"{place}: still contains a person; delete it and erase again" for place in found.places]
    if left:
        raise CheckFailed("\n".join(dict.fromkeys(left)))
    journal.end()
    progress(
        f"{len(journal.outside['files'])} other files rewritten; searched {found.files} files and {found.relations} "
        f"relations: nothing is left; certificates are in {folder(workspace)}"
    )
    progress("run `python -m scripts build` and `publish` next")


@dataclass
class _Journal:
    """What a later run needs to finish this one, rewritten as the work goes on.

    While the erasure runs, the file, readable by its owner only, holds the identifiers.
    """

    workspace: Workspace
    content: dict[str, Any]

    @classmethod
    def begin(cls, workspace: Workspace, persons: list[tuple[Person, Request]], names: list[str]) -> _Journal:
        content = {
            "run": uuid.uuid4().hex[:16],
            "persons": [asdict(person) for person, _ in persons],
            "requests": [
                {
                    "request_id": request.request_id,
                    "requested_at": request.requested_at.isoformat() if request.requested_at else None,
                    "label": request.label,
                }
                for _, request in persons
            ],
            "names": names,
            "outside": {"kept_versions": {}, "files": {}},
        }
        journal = cls(workspace, content)
        journal.write()
        return journal

    @property
    def run(self) -> str:
        return str(self.content["run"])

    @property
    def outside(self) -> dict[str, Any]:
        """Rows changed outside the warehouse, by kept version and by file, in this run and those it finishes."""
        found: dict[str, Any] = self.content["outside"]
        return found

    def note(self, part: str, counts: dict[str, Any]) -> None:
        if counts:
            self.outside[part] = stronger(self.outside[part], counts)
            self.write()

    def write(self) -> None:
        replace_file(folder(self.workspace) / JOURNAL, json.dumps(self.content), mode=PRIVATE)

    def end(self) -> None:
        (folder(self.workspace) / JOURNAL).unlink(missing_ok=True)


def _finish_journal(workspace: Workspace, progress: Progress) -> None:
    """Continue where a killed run stopped."""
    file = workspace.home / "erasures" / JOURNAL
    if not file.exists():
        return
    content: dict[str, Any] = json.loads(file.read_text(encoding="utf-8"))
    # A journal of an earlier release names no run.
    content = {"run": "", "outside": {"kept_versions": {}, "files": {}}, **content}
    journal = _Journal(workspace, content)
    progress("an earlier erasure was interrupted; finishing it first")
    persons = []
    for person, request in zip(content["persons"], content["requests"], strict=True):
        at = request["requested_at"]
        persons.append(
            (
                Person(**{**person, "given": _pairs(person["given"]), "ids": _pairs(person["ids"])}),
                Request((), request["request_id"], datetime.fromisoformat(at) if at else None, request["label"]),
            )
        )
    sources, country = load_contracts(), read_settings(workspace)["default_country"]
    with open_warehouse(workspace.warehouse) as connection:
        _prepare(connection, workspace)
        people = [person for person, _ in persons]
        load_ids(connection, people)
        patterns = identifier_patterns_of(connection, sources, people, country)
        patterns.names = content["names"]
        logs = [log_of(connection, person.erasure_id) for person in people]
        if not all(journal.run in {entry["run"] or "" for entry in entries} for entries in logs):
            _in_warehouse(connection, workspace, sources, persons, patterns, country, journal.run)
        close_requests(connection)
        save_state(connection, workspace)
        rewrite_file(connection, workspace)
    _everywhere_else(workspace, sources, persons, patterns, country, journal, progress)


def _pairs(values: list[list[str]]) -> list[tuple[str, str]]:
    return [(kind, value) for kind, value in values]


def _prepare(connection: duckdb.DuckDBPyConnection, workspace: Workspace) -> None:
    """Create the tables that an erasure writes to; UserError when the raw tables come from another loader."""
    found = connection.execute(
        "select 1 from duckdb_tables() where database_name = current_database() and schema_name = 'intake' "
        "and table_name = 'files'"
    ).fetchone()
    if not found:
        raise UserError(
            f"{workspace.warehouse}: its raw tables were not loaded by intake; erase the person there, then build again"
        )
    clear_left_overs(workspace)
    _prepare_ledger(connection)
    prepare_state(connection)
    restore_state(connection, workspace)


def _prepare_ledger(connection: duckdb.DuckDBPyConnection) -> None:
    """Add columns of the ledger that an older warehouse may lack."""
    for name, kind in LEDGER["files"].items():
        connection.execute(f"alter table intake.files add column if not exists {quote(name)} {kind}")


@contextmanager
def _only_eraser(workspace: Workspace) -> Iterator[None]:
    """One erasure at a time."""
    handle = os.open(folder(workspace) / ".lock", os.O_CREAT | os.O_RDWR, 0o600)
    try:
        try:
            fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            raise UserError(f"{folder(workspace)}: another erasure is running; wait for it to end") from None
        yield
    finally:
        os.close(handle)
