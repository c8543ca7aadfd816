"""Intake: landing files become typed raw tables, append-only by record version, with a ledger and refused rows.

A file is loaded as a whole or not at all: its rows, its rejects and its row in the ledger are one transaction, so an
interrupted run is fixed by running again. For every file: landed = accepted + duplicates + rejected + erased.

A row is a duplicate if its content (all contract columns except the timestamp `known_at`) equals the version of that
record before or after it in time. The earliest timestamp is kept. Content that returns after another version (A, B, A)
is a new version. The order in which files arrive does not matter.
"""

from __future__ import annotations

import errno
import time
from collections import defaultdict
from dataclasses import dataclass, field

import duckdb

from scripts.erasure.at_load import LoadGuard
from scripts.erasure.command import carry_out_requests
from scripts.intake.first_load import is_first_load, settle_first_load
from scripts.intake.landing import (
    BrokenFile,
    LandingFile,
    Stamp,
    TransientError,
    UnreadLayout,
    checksum,
    find_files,
    read_error,
    unread_folders,
)
from scripts.intake.ledger import known_files, next_load_id, prepare
from scripts.intake.load import COPY, Counts, TakenFile, load_file
from scripts.intake.overrides import Replacement, replacements, waive
from scripts.intake.reading import Circuit, with_retries
from scripts.intake.taken_back import take_back
from scripts.intake.unreadable import unreadable_identifiers
from scripts.platform.contracts import Source, load_contracts
from scripts.platform.errors import CheckFailed, UserError
from scripts.platform.progress import Progress, tell_share
from scripts.platform.settings import ENCODING, MADE_FROM, Settings, made_from, read_settings
from scripts.platform.warehouse import open_warehouse
from scripts.platform.workspace import Workspace

# Errors of these kinds come from the SQL of this package, not from a damaged file.
SQL_ERRORS = (duckdb.BinderException, duckdb.CatalogException, duckdb.ParserException, duckdb.SyntaxException)


@dataclass
class IntakeSummary:
    """Result of one intake: counts per (source, table) that had new files, and the number of files already loaded."""

    load_id: str
    tables: dict[tuple[str, str], Counts] = field(default_factory=lambda: defaultdict(Counts))
    known_files: int = 0
    failures: list[str] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)
    seconds: float = 0.0

    @property
    def total(self) -> Counts:
        total = Counts()
        for counts in self.tables.values():
            total.add(counts)
        return total

    def recount(self, connection: duckdb.DuckDBPyConnection) -> None:
        """Take the counts from the ledger: a later file may have turned an earlier file's duplicate into a version."""
        for (source, table), counts in self.tables.items():
            counts.accepted, counts.duplicates = connection.execute(
                "select coalesce(sum(accepted_rows), 0), coalesce(sum(duplicate_rows), 0) from intake.files"
                " where load_id = ? and source_name = ? and table_name = ? and status <> 'failed'",
                [self.load_id, source, table],
            ).fetchone() or (counts.accepted, counts.duplicates)

    def lines(self) -> list[str]:
        """The summary as text: one line per table with new files, and the total."""
        if not self.tables:
            return [f"nothing new in {self.known_files} files ({self.seconds:.1f} s)"]
        lines = [f"{source}/{table}: {counts}" for (source, table), counts in sorted(self.tables.items())]
        known = f", {self.known_files} already loaded" if self.known_files else ""
        return [*lines, *self.notes, f"total of {self.total.files} files{known}: {self.total} ({self.seconds:.1f} s)"]


def intake(workspace: Workspace, progress: Progress = print) -> IntakeSummary:
    """Load what is new under `workspace.landing`, then carry out the overrides that were delivered.

    Raises UserError when there is no landing folder, a setting is wrong or another process has the warehouse open;
    CheckFailed, after everything else is loaded, with one line per file that could not be loaded.
    """
    started = time.perf_counter()
    if not workspace.landing.is_dir():
        raise UserError(
            f"{workspace.landing}: no such landing folder; run `python -m scripts demo` or give --landing DIR"
        )
    sources = load_contracts()
    settings = read_settings(workspace)
    files, problems = find_files(workspace.landing, sources)
    for line in unread_folders(workspace.landing, sources):
        progress(line)
    with open_warehouse(workspace.warehouse) as connection:
        workspace.warehouse.chmod(0o600)
        _refuse_other_data(connection, workspace, settings)
        prepare(connection, sources, settings.landing)
        files, not_taken_back = take_back(connection, files, sources, progress)
        problems += not_taken_back
        summary = IntakeSummary(next_load_id(connection), failures=problems)
        guard = LoadGuard(connection, workspace, settings["default_country"])
        run = _Run(connection, workspace, settings, summary, progress, guard)
        by_source: dict[str, list[LandingFile]] = defaultdict(list)
        for file in files:
            by_source[file.table.source].append(file)
        for source, deliveries in by_source.items():
            run.load_source(source, deliveries, len(files))
        summary.recount(connection)
        run.carry_out_overrides(sources)
        guard.finish(sources, summary.load_id)
        loaded = [sources[source].tables[name] for source, name in summary.tables]
        summary.notes = unreadable_identifiers(connection, loaded, summary.load_id, settings["default_country"])
        if is_first_load(connection, summary.load_id):
            summary.notes += settle_first_load(connection, workspace, sources, settings)
    carry_out_requests(workspace, progress)
    summary.seconds = time.perf_counter() - started
    if summary.failures:
        for line in summary.notes:
            progress(line)
        shown = "\n".join(f"{workspace.landing}/{problem}" for problem in summary.failures)
        raise CheckFailed(shown)
    return summary


class _Run:
    """One intake into an open warehouse."""

    def __init__(
        self, connection: duckdb.DuckDBPyConnection, workspace: Workspace, settings: Settings,
        summary: IntakeSummary, progress: Progress, guard: LoadGuard,
    ) -> None:  # fmt: skip
        self.guard = guard
        self.connection, self.settings, self.summary, self.progress = connection, settings, summary, progress
        self.warehouse = workspace.warehouse
        self.scratch = workspace.home / "spill"
        for left_over in self.scratch.glob(f"{COPY}*"):  # of a killed run: no other process has the warehouse open
            left_over.unlink(missing_ok=True)
        self.known = known_files(connection)
        self.checked_count = 0

    def load_source(self, source: str, files: list[LandingFile], all_files: int) -> None:
        """Load a source's files in the order of delivery, until too many in a row cannot be read."""
        started = time.perf_counter()
        circuit, counts = Circuit(), Counts()
        self.connection.execute("delete from intake.circuits where source_name = ?", [source])
        for number, file in enumerate(files):
            taken, problem = self._load_file(file)
            self.checked_count += 1
            tell_share(self.progress, self.checked_count, all_files)
            counts.add(taken)
            circuit.note(problem)
            left = len(files) - number - 1
            if isinstance(problem, UnreadLayout):
                # Once for the source: its other tables are of little use without this one.
                if left:
                    self.summary.failures[-1] += f"; {left} other files of {source} were not tried"
                break
            if circuit.is_open and left:
                self.summary.failures.append(
                    f"{source}/: {circuit.failures} files in a row could not be read, so {left} more were not tried; "
                    "check the disk and run intake again"
                )
                self.connection.execute(
                    "insert into intake.circuits values (?, ?, ?, ?)",
                    [source, circuit.failures, self.summary.load_id, str(problem)],
                )
                break
        if counts.files:
            seconds = time.perf_counter() - started
            self.progress(f"{source}: {counts.files} new files, {counts} ({seconds:.1f} s)")

    def carry_out_overrides(self, sources: dict[str, Source]) -> None:
        """Reload the records that overrides correct, once per decision, and close the rows that they waive."""
        for decision in list(replacements(self.connection)):
            if any(digest == decision.checksum for _, _, digest, _ in self.known[decision.name]):
                continue
            file: LandingFile | None = None
            try:
                file = decision.file(self.connection, sources, self.scratch)
                self._load_once(file, decision)
            except BrokenFile as problem:
                self.summary.failures.append(f"overrides/record_override: {decision.override_id}: {problem}")
            finally:
                if file is not None:
                    file.path.unlink(missing_ok=True)
        if closed := waive(self.connection):
            self.progress(f"overrides: {closed} refused rows waived")

    def _load_file(self, file: LandingFile) -> tuple[Counts, BrokenFile | None]:
        """Load one file if it is new or has changed; a file that cannot be read is recorded as failed."""
        try:
            return with_retries(lambda: self._load_once(file)), None
        except BrokenFile as problem:
            self._record_failure(file, str(problem))
            # Once for all tables that a mapping reads of the file.
            if (line := f"{file.place}: {problem}") not in self.summary.failures:
                self.summary.failures.append(line)
            return Counts(), problem

    def _load_once(self, file: LandingFile, decision: Replacement | None = None) -> Counts:
        """One attempt at one file; BrokenFile gives the reason why nothing of it was loaded."""
        known = self.known[file.name]
        # A file counts as loaded only as its mapping reads it now.
        mapped = f" {file.mapping.digest}" if file.mapping else ""
        try:
            stamp = Stamp.of(file.path)
            if any(version[3] == stamp.text + mapped for version in known):
                self.summary.known_files += 1
                return Counts()
            if stamp.size == 0:
                raise BrokenFile("empty, 0 bytes; deliver it again or delete it")
            stamp_text = stamp.text + mapped if stamp.is_settled() else ""
            digest = decision.checksum if decision else checksum(file.path) + mapped
            for file_id, size, known_digest, _ in known:
                if (size, known_digest) == (stamp.size, digest):
                    stamped = "update intake.files set file_stamp = ? where file_id = ?"
                    self.connection.execute(stamped, [stamp_text, file_id])
                    self.summary.known_files += 1
                    return Counts()
            encoding = self.settings.get(f"{ENCODING}{file.table.source}") if decision is None else None
            with load_file(self.connection, file, encoding, self.scratch, self.guard) as loading:
                if stamp != Stamp.of(file.path):
                    raise TransientError("changed while it was read; run intake again once it is delivered")
                self.connection.begin()
                taken = TakenFile(self.summary.load_id, stamp.size, digest, stamp_text)
                counts = loading.store(taken)
                if stamp != Stamp.of(file.path):
                    raise TransientError("changed while it was read; run intake again once it is delivered")
                self.connection.commit()
        except SQL_ERRORS:
            raise
        except (BrokenFile, duckdb.Error, OSError) as problem:
            if _is_full_disk(problem):
                raise CheckFailed(
                    f"{self.warehouse}: no space left to write it; free some space and run intake again"
                ) from None
            raise _broken(problem, file) from None
        self.summary.tables[file.table.source, file.table.name].add(counts)
        return counts

    def _record_failure(self, file: LandingFile, reason: str) -> None:
        self.connection.begin()
        self.connection.execute("delete from intake.files where path = ? and status = 'failed'", [file.name])
        self.connection.execute(
            "insert into intake.files by name select coalesce(max(file_id), 0) + 1 as file_id, ? as source_name, "
            "? as table_name, ? as path, 0 as landed_rows, 0 as accepted_rows, 0 as duplicate_rows, "
            "0 as rejected_rows, ? as delivered_at, ? as load_id, 'failed' as status, ? as reason from intake.files",
            [file.table.source, file.table.name, file.name, file.delivered_at, self.summary.load_id, reason],
        )
        self.connection.commit()


def _is_full_disk(problem: Exception) -> bool:
    """Whether the disk or the quota of the warehouse, or of its scratch folder, is exhausted."""
    if isinstance(problem, OSError):
        return problem.errno in (errno.ENOSPC, errno.EDQUOT, errno.EFBIG)
    words = ("no space left", "file too large", "disk quota", "database has been invalidated", "failed to write")
    return isinstance(problem, duckdb.Error) and any(word in str(problem).lower() for word in words)


def _broken(problem: Exception, file: LandingFile) -> BrokenFile:
    """Why a file was not loaded. DuckDB's messages quote the data, so they are never passed on."""
    if isinstance(problem, BrokenFile):
        return problem
    if isinstance(problem, duckdb.OutOfMemoryException):
        return BrokenFile("needs more memory than allowed; set SEGMENTATION_MEMORY higher, or split the file")
    if isinstance(problem, OSError):
        return read_error(problem, file)
    if not file.path.exists():
        return read_error(FileNotFoundError(), file)
    name = "Parquet" if file.kind == "parquet" else file.kind.upper()
    return BrokenFile(f"not readable as {name}, truncated or damaged; deliver it again")


def _refuse_other_data(connection: duckdb.DuckDBPyConnection, workspace: Workspace, settings: Settings) -> None:
    """UserError if the warehouse holds other generated data: two retailers would be added up.

    A retailer's own data has no such mark and cannot be distinguished.
    """
    stored = made_from(connection)
    if stored and stored != settings.landing.get(MADE_FROM):
        raise UserError(
            f"{workspace.warehouse}: filled from other generated data ({stored}); "
            "give another --warehouse or delete this one first"
        )
