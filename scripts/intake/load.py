"""Loads one landing file into its raw table: stages it if it is text, types it, deduplicates it, stores it."""

from __future__ import annotations

import os
from collections import defaultdict
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import duckdb

from scripts.erasure.at_load import LoadGuard
from scripts.intake import encoding
from scripts.intake.landing import BrokenFile, LandingFile, UnreadLayout, check_once, column_names, read_header
from scripts.intake.mapped_rows import MAPPED, MappedFile
from scripts.intake.rejects import RejectStore
from scripts.intake.typed_rows import (
    Reader,
    TypedRows,
    csv_reader,
    csv_staging,
    is_blank,
    is_object,
    jsonl_reader,
    lines_staging,
    parquet_reader,
)
from scripts.intake.versions import STAGING, drop_old_confirmations, find_duplicates, relation
from scripts.platform.errors import CheckFailed
from scripts.platform.ledger_tables import HIDDEN_COLUMNS
from scripts.platform.warehouse import changed, literal, quote, rollback, scalar

TEXT = "delivered_text"
COPY = "cleaned_"
MISSHAPEN = "misshapen"
SHAPE_REASONS = {
    "MISSING COLUMNS": "row has fewer fields than the header",
    "TOO MANY COLUMNS": "row has more fields than the header",
    "UNQUOTED VALUE": "row has a quotation mark that is not closed or not doubled",
    "LINE SIZE OVER MAXIMUM": "row is longer than 2 MB",
}
JSON_SHAPE_REASONS = {"LINE SIZE OVER MAXIMUM": "line is longer than 2 MB"}


@dataclass
class Counts:
    """Rows of one or more files; landed = accepted + duplicates + rejected + erased.

    `erased`: not stored, because they are about an erased person. `left_out`: rows of mapped files that their mapping
    does not take for this table; they are not among those landed.
    """

    files: int = 0
    landed: int = 0
    accepted: int = 0
    duplicates: int = 0
    rejected: int = 0
    erased: int = 0
    left_out: int = 0

    def add(self, other: Counts) -> None:
        for name in vars(self):
            setattr(self, name, getattr(self, name) + getattr(other, name))

    def __str__(self) -> str:
        erased = f", {self.erased:,} erased" if self.erased else ""
        left_out = f", {self.left_out:,} left out by the mapping" if self.left_out else ""
        return (
            f"{self.accepted:,} accepted, {self.duplicates:,} duplicates, {self.rejected:,} rejected{erased}{left_out}"
        )


@dataclass(frozen=True)
class TakenFile:
    """What the ledger records about a file besides its row counts."""

    load_id: str
    size: int
    checksum: str
    stamp: str


@contextmanager
def load_file(
    connection: duckdb.DuckDBPyConnection,
    file: LandingFile,
    stated_encoding: str | None,
    scratch: Path,
    guard: LoadGuard,
) -> Iterator[Loading]:
    """Make a file readable and stage it; staged data is removed at the end. BrokenFile when it cannot be read."""
    copy = scratch / f"{COPY}{os.getpid()}.txt"
    loading = Loading(connection, file, guard)
    try:
        if file.kind == "parquet":
            loading.stage_parquet()
        else:
            scan = encoding.TextScan(file, stated_encoding)
            if scan.needs_copy:
                scratch.mkdir(parents=True, exist_ok=True)
                loading.note_blank_lines(encoding.write_copy(file, scan, copy))
            loading.stage_text(scan, str(copy if scan.needs_copy else file.path))
        yield loading
    finally:
        rollback(connection)  # anything not committed by now was interrupted
        copy.unlink(missing_ok=True)
        for name in (TEXT, MISSHAPEN, f"{MISSHAPEN}_scan", "shapes", "blank_lines", MAPPED, *STAGING):
            connection.execute(f"drop table if exists temp.{name}")


class Loading:
    """One staged file: `rows` are its typed rows, `names` its columns as delivered, in lower case."""

    def __init__(self, connection: duckdb.DuckDBPyConnection, file: LandingFile, guard: LoadGuard) -> None:
        self.connection, self.file, self.table, self.guard = connection, file, file.table, guard
        self.encoding: str | None = None
        self.names: list[str] = []
        self.rows: TypedRows
        self.landed = self.left_out = 0
        self.first_line = 1
        self.has_blank_lines = False

    def stage_parquet(self) -> None:
        """Prepare a Parquet file; it needs no staging, as it is read by column, as often as needed."""
        path = literal(str(self.file.path))
        described = self.connection.execute(f"describe select * from read_parquet({path})").fetchall()
        names = self._names([row[0] for row in described])
        check_once(names, self.file.expected)
        reader = parquet_reader(str(self.file.path), tuple((row[0], row[1]) for row in described), names)
        self.landed = int(scalar(self.connection, f"select sum(num_rows) from parquet_file_metadata({path})") or 0)
        self._set_reader(reader, [name for name, _ in reader.columns])

    def note_blank_lines(self, records_before: list[int]) -> None:
        """Record the blank lines that DuckDB will not see, by the number of records before each."""
        self.has_blank_lines = bool(records_before)
        if records_before:
            self.connection.execute(
                "create temp table blank_lines as select record as after_line, max(position) as blanks "
                "from (select unnest(?) as record, generate_subscripts(?, 1) as position) group by record",
                [records_before, records_before],
            )

    def stage_text(self, scan: encoding.TextScan, path: str) -> None:
        """Split a text file once, into a temporary table of text."""
        self.encoding = scan.encoding
        if self.file.kind == "csv":
            header = read_header(self.file, encoding.sample_text(self.file, scan))
            if not self.file.mapping:
                self._check_columns(list(header.columns))
            self.first_line = 2
            self._split(csv_staging(path, header, MISSHAPEN))
            numbered = self._with_blank_lines(f"select *, {self._line()} as _line from {self._numbered()}", "_line")
            self.landed = self._count(TEXT) + self._count("shapes")
            self._set_reader(csv_reader(numbered, header, scan.has_not_text), list(header.columns))
        else:
            self._split(lines_staging(path, MISSHAPEN))
            self.landed = self._count(f"{TEXT} where not {is_blank('line')}") + self._count("shapes")
            self._set_json_reader(scan.has_not_text)

    def store(self, taken: TakenFile) -> Counts:
        """Inside a transaction: store new versions, refused rows, drift and the ledger row; returns the counts."""
        file, table, connection = self.file, self.table, self.connection
        connection.execute("delete from intake.files where path = ? and status = 'failed'", [file.name])
        file_id = scalar(connection, "select coalesce(max(file_id), 0) + 1 from intake.files")
        self._record_drift()
        counts = Counts(files=1, landed=self.landed, left_out=self.left_out)
        counts.duplicates = find_duplicates(connection, table, self.rows, file_id, file.delivered_at, self.guard)
        kept = self.rows.good(line_not_in="duplicates" if counts.duplicates else "")
        columns = ", ".join(quote(column.name) for column in table.stored_columns)
        counts.accepted = changed(
            connection,
            f"insert into {relation(table)} ({columns}, {', '.join(name for name, _ in HIDDEN_COLUMNS)}) "
            f"select {columns}, {literal(taken.load_id)}, {file_id}, _line, "
            f"timestamp {literal(str(file.delivered_at))}, _record_hash from ({kept}) as kept",
        )
        rejects = RejectStore(connection, table, file.name, taken.load_id, file_id, file.delivered_at)
        # Refused rows are queried only where the counts show that there are some.
        if counts.landed > counts.accepted + counts.duplicates:
            counts.rejected = rejects.store(self.rows) + self._store_unreadable(rejects)
        rejects.close_repaired(self.rows)
        counts.erased = self.guard.new_rows(table, file_id)
        counts.accepted -= counts.erased
        drop_old_confirmations(connection, table, file.delivered_at)
        if counts.landed != counts.accepted + counts.duplicates + counts.rejected + counts.erased:
            raise CheckFailed(
                f"{file.path}: rows are not conserved ({counts.landed:,} rows landed, but {counts}); "
                "nothing of this file was stored"
            )
        connection.execute(
            "insert into intake.files (file_id, source_name, table_name, path, size_bytes, checksum, landed_rows, "
            "accepted_rows, duplicate_rows, rejected_rows, erased_rows, delivered_at, load_id, status, file_stamp, "
            "encoding, mapping) values (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, 'loaded', ?, ?, ?)",
            [file_id, table.source, table.name, file.name, taken.size, taken.checksum, counts.landed, counts.accepted,
             counts.duplicates, counts.rejected, counts.erased, file.delivered_at, taken.load_id, taken.stamp,
             self.encoding, file.mapping.digest if file.mapping else None],
        )  # fmt: skip
        return counts

    def _set_reader(self, reader: Reader, names: list[str]) -> None:
        self.names = names
        if self.file.mapping:
            reader = self._mapped(reader)
        else:
            self._check_columns(names)
        self.rows = TypedRows(self.table, reader)

    def _mapped(self, reader: Reader) -> Reader:
        """The rows as the file's mapping reads them for its table, in a temporary table."""
        assert self.file.mapping
        mapped = MappedFile(self.file.mapping, reader, self.file.path.name, self.file.delivered_at)
        self.connection.execute(f"create temp table {MAPPED} as {mapped.query()}")
        if mapped.rows_left_out:
            self.left_out = int(scalar(self.connection, mapped.rows_left_out))
        unread = 0 if self.file.kind == "parquet" else self._count("shapes") + self._count_no_objects()
        self.landed = self._count(MAPPED) + unread
        described = self.connection.execute(f"describe {MAPPED}").fetchall()
        return mapped.reader([(row[0], row[1]) for row in described])

    def _count_no_objects(self) -> int:
        """Lines of a JSONL file that can be split and are no objects."""
        if self.file.kind != "jsonl":
            return 0
        return self._count(f"{TEXT} where not {is_blank('line')} and not {is_object('line')}")

    def _set_json_reader(self, has_not_text: bool) -> None:
        numbered = f"select line, {self._line()} as _line from {self._numbered()} where not {is_blank('line')}"
        keys = self.connection.execute(
            f"select distinct unnest(json_keys(line)) from {TEXT} where {is_object('line')} order by all"
        ).fetchall()
        spellings: dict[str, list[str]] = defaultdict(list)
        for name, (key,) in zip(self._names([key for (key,) in keys]), keys, strict=True):
            spellings[name].append(key)
        contract = sorted(self.file.expected) if self.file.mapping else [c.name for c in self.table.columns]
        if not keys:  # a file without any object cannot lack a column
            spellings = {name: [name] for name in contract}
        found = [name for name in contract if name in spellings] + [name for name in spellings if name not in contract]
        reader = jsonl_reader(numbered, found, spellings, has_not_text)
        self._set_reader(reader, list(spellings))

    def _names(self, delivered: list[str]) -> tuple[str, ...]:
        """The columns that delivered names stand for; those of a mapped file stand for themselves."""
        if self.file.mapping:
            return tuple(name.strip().lower() for name in delivered)
        return column_names(delivered, self.file.expected)

    def _check_columns(self, names: list[str]) -> None:
        absent = [column.name for column in self.table.columns if column.required and column.name not in names]
        if absent and (layout := self.table.unread_layout(names)):
            raise UnreadLayout(
                f"is in {layout}, which is not read (column {', '.join(absent)} is missing); deliver the columns of "
                "its contract, or map the files (docs/own-data.md)"
            )
        # The day of delivery stands in for the source's own timestamp.
        missing = [name for name in absent if name != self.table.known_at]
        if missing:
            raise BrokenFile(f"column {', '.join(missing)} is missing; deliver the file with it")

    def _split(self, staging: str) -> None:
        """Fill the text table, and `shapes` with the rows that could not be split."""
        self.connection.execute(f"create temp table {TEXT} as {staging}")
        if scalar(self.connection, f"select count(*) from {MISSHAPEN} where error_type = 'INVALID ENCODING'"):
            raise BrokenFile("contains bytes that are not UTF-8 text; save the file as UTF-8")
        reasons, other = SHAPE_REASONS, "row cannot be read as CSV"
        if self.file.kind == "jsonl":
            reasons, other = JSON_SHAPE_REASONS, "line is not a JSON object"
        cases = " ".join(f"when {literal(kind)} then {literal(text)}" for kind, text in reasons.items())
        reason = f"case min(error_type) {cases} else {literal(other)} end"
        self.connection.execute(
            f"""
            create temp table shapes as
            select
                line,
                row_number() over (order by line) as place,
                {reason} as reason,
                ltrim(min(csv_line), chr(10) || chr(13)) as raw
            from {MISSHAPEN}
            group by line
            """
        )

    def _numbered(self) -> str:
        """The staged rows with their number among the good rows, and the number of misshapen rows before each.

        DuckDB numbers good rows only: row n comes after the first k misshapen rows if n > line(k) - k.
        """
        rows = f"(select rowid + {self.first_line} as _number, * from {TEXT}) as good"
        if not self._count("shapes"):
            return rows
        steps = "(select line - place as last_before, max(place) as places from shapes group by all) as steps"
        return f"(select good.*, steps.places from {rows} asof left join {steps} on good._number > steps.last_before)"

    def _with_blank_lines(self, rows: str, line: str) -> str:
        """The rows, with the number of blank lines before each added to its line number."""
        if not self.has_blank_lines:
            return rows
        return (
            f"select rows.* replace (rows.{line} + coalesce(blank_lines.blanks, 0) as {line}) from ({rows}) as rows "
            f"asof left join blank_lines on rows.{line} > blank_lines.after_line"
        )

    def _line(self) -> str:
        return "_number + coalesce(places, 0)" if self._count("shapes") else "_number"

    def _store_unreadable(self, rejects: RejectStore) -> int:
        if self.file.kind == "parquet":
            return 0
        shapes = self._with_blank_lines("select line, reason, raw from shapes", "line")
        stored = rejects.store_unreadable(shapes, "json" if self.file.kind == "jsonl" else "shape")
        if self.file.kind == "jsonl":
            numbered = f"select line, {self._line()} as _line from {self._numbered()} where not {is_blank('line')}"
            stored += rejects.store_unreadable(
                f"select _line as line, 'line is not a JSON object' as reason, line as raw from ({numbered}) "
                f"where not {is_object('line')}",
                "json",
            )
        return stored

    def _count(self, rows: str) -> int:
        return int(scalar(self.connection, f"select count(*) from {rows}"))

    def _record_drift(self) -> None:
        file, contract = self.file, {column.name: column for column in self.table.columns}
        extra = [name for name in sorted(set(self.names)) if name not in contract and not self.table.ignores(name)]
        if file.mapping:  # what a mapping does not read of a contract is a decision, not drift
            extra = sorted(set(self.names).difference(file.mapping.read, file.mapping.unread))
            contract = {}
        drift = [(name, "extra") for name in extra]
        drift += [(n, "missing_optional") for n, c in contract.items() if n not in self.names and not c.may_be_absent]
        self.connection.execute("delete from intake.schema_drift where path = ?", [file.name])
        for name, kind in drift:
            self.connection.execute(
                "insert into intake.schema_drift values (?, ?, ?, ?, ?)",
                [self.table.source, self.table.name, file.name, name, kind],
            )
