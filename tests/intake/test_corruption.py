"""Every kind of damage that a delivery may have: what is accepted, what is refused and why, and nothing gets lost.

Files that can be loaded with some rows refused are together in one landing zone and loaded at once; the modules
`damage_*.py` state the expected result of each. Files that cannot be loaded at all are tried beside good ones.
"""

from __future__ import annotations

import bz2
import gzip
import io
import json
import re
from collections import defaultdict
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path

import pandas as pd
import pyarrow as pa
import pytest

from scripts.platform.contracts import Table, load_contracts
from scripts.platform.warehouse import open_warehouse
from tests.support import damage_json, damage_parquet, damage_text, damage_values
from tests.support.damage import Refused, Row, good_row
from tests.support.landing_zone import Zone

CASES = {
    case.name: case for case in [*damage_text.CASES, *damage_values.CASES, *damage_json.CASES, *damage_parquet.CASES]
}


@dataclass
class Stored:
    """What a load stored, by path: the file's row in the ledger, its rows, rejects and drift."""

    files: dict[str, Row] = field(default_factory=dict)
    rows: dict[str, list[Row]] = field(default_factory=lambda: defaultdict(list))
    rejects: dict[str, list[Row]] = field(default_factory=lambda: defaultdict(list))
    drift: dict[str, set[tuple[str, str]]] = field(default_factory=lambda: defaultdict(set))


def stored(zone: Zone) -> Stored:
    result = Stored()
    with open_warehouse(zone.workspace.warehouse, read_only=True) as connection:

        def read(query: str) -> Iterator[Row]:
            cursor = connection.execute(query)
            names = [column[0] for column in cursor.description or []]
            for values in cursor.fetchall():
                yield dict(zip(names, values, strict=True))

        paths = {}
        for file in read("from intake.files"):
            assert file["path"] not in result.files, "one row per path was expected in this ledger"
            result.files[file["path"]] = file
            paths[file["file_id"]] = file["path"]
        for reject in read("from intake.rejects order by line_number"):
            result.rejects[reject["path"]].append(reject)
        for drift in read("from intake.schema_drift"):
            result.drift[drift["path"]].add((drift["column_name"], drift["drift"]))
        for source, table in {Path(path).parts[:2] for path in paths.values()}:
            for row in read(f'from raw_{source}."{table}" order by _file_id, _line'):
                result.rows[paths[row["_file_id"]]].append(row)
    return result


@pytest.fixture(scope="module")
def outcome(tmp_path_factory: pytest.TempPathFactory) -> Stored:
    """What one load of all cases stored. A load that is interrupted, or a file that fails, fails all of them."""
    assert len({case.path for case in CASES.values()}) == len(CASES), "two cases write one file"
    together = Zone(tmp_path_factory.mktemp("together"))
    for case in CASES.values():
        write(together, case.path, case.content)
    together.load()
    return stored(together)


@pytest.mark.parametrize("name", CASES)
def test_every_row_of_a_damaged_file_is_accounted_for(name: str, outcome: Stored) -> None:
    case, result = CASES[name], outcome
    file = result.files[case.path]
    assert (file["status"], file["reason"]) == ("loaded", None)
    rows, rejects = result.rows[case.path], result.rejects[case.path]
    assert [(one["line_number"], one["reason"]) for one in rejects if not is_expected(one, case.refused)] == []
    assert [one["line_number"] for one in rejects] == [one.line for one in case.refused]
    assert [matching_columns(row, like) for row, like in zip(rows, case.accepted, strict=False)] == case.accepted
    counts = tuple(file[f"{part}_rows"] for part in ("landed", "accepted", "duplicate", "rejected"))
    assert counts == case.counts
    assert (len(rows), len(rejects)) == (file["accepted_rows"], file["rejected_rows"])
    if case.drift is not None:
        assert result.drift[case.path] == case.drift
    assert file["encoding"] == case.encoding


def is_expected(reject: Row, expected: list[Refused]) -> bool:
    """Whether the reject is as expected: rule, reason, payload, and open with a hint."""
    wanted = next((one for one in expected if one.line == reject["line_number"]), None)
    if wanted is None or wanted.words not in reject["reason"]:
        return False
    payload = json.loads(reject["payload"])
    assert isinstance(payload, dict)
    text = " ".join(map(str, payload.values())) + reject["payload"]
    assert [part for part in wanted.holds if part not in text] == [], "not in the payload"
    assert reject["rule"] in wanted.rule.split("|")
    assert reject["repair_hint"], "no repair hint"
    assert (reject["state"], reject["closed_at"], reject["closed_by"]) == ("open", None, None)
    return True


def matching_columns(row: Row, like: Row) -> Row:
    """The columns of a stored row that the expected row has."""
    return {name: row[name] for name in like}


def test_at_least_45_kinds_of_damage_are_covered() -> None:
    assert len(CASES) + len(BROKEN) >= 45
    assert sum(bool(case.refused) for case in CASES.values()) >= 45


@dataclass(frozen=True)
class Broken:
    """A file that cannot be loaded at all: its suffix, its bytes for a table, and a pattern of the message."""

    suffix: str
    content: Callable[[Table], bytes]
    message: str


def as_file(row: Row, suffix: str, times: int = 1) -> bytes:
    """One row, repeated `times` times, in the format of `suffix`."""
    if suffix == "parquet":
        out = io.BytesIO()
        pd.DataFrame([row] * times).to_parquet(out)
        return out.getvalue()
    values = [str(value) for value in row.values()]
    if suffix.startswith("jsonl"):
        content = "\n".join([json.dumps(dict(zip(row, values, strict=True)))] * times).encode()
    else:
        content = "\n".join([",".join(row), *[",".join(values)] * times, ""]).encode()
    pack = {"gz": gzip.compress, "bz2": bz2.compress, "zst": lambda raw: pa.compress(raw, "zstd", asbytes=True)}
    return pack.get(suffix.split(".")[-1], bytes)(content)


def good(table: Table, suffix: str = "csv", times: int = 1) -> bytes:
    return as_file(good_row(table, "never stored"), suffix, times)


def without(table: Table, suffix: str) -> bytes:
    """A file that lacks the key of its table."""
    row = good_row(table, "never stored")
    del row[table.key[0]]
    return as_file(row, suffix)


def corrupted(content: bytes, start: int, length: int) -> bytes:
    return content[:start] + bytes(255 - byte for byte in content[start : start + length]) + content[start + length :]


BROKEN = {
    "zero bytes of CSV": Broken("csv", lambda table: b"", "empty, 0 bytes"),
    "zero bytes of gzip": Broken("csv.gz", lambda table: b"", "empty, 0 bytes"),
    "zero bytes of Parquet": Broken("parquet", lambda table: b"", "empty, 0 bytes"),
    "zero bytes of JSON": Broken("jsonl", lambda table: b"", "empty, 0 bytes"),
    "nothing inside gzip": Broken("csv.gz", lambda table: gzip.compress(b""), "empty"),
    "white space": Broken("csv", lambda table: b" \n\r\n\t\n", "empty, not even a header"),
    "nothing but NUL bytes": Broken("csv", lambda table: bytes(5_000), "empty|is missing"),
    "gzip cut in half": Broken(
        "csv.gz", lambda table: good(table, "csv.gz", 5_000)[:-200], "truncated or damaged gzip"
    ),
    "gzip without its last bytes": Broken("csv.gz", lambda table: good(table, "csv.gz", 5_000)[:-4], "damaged gzip"),
    "gzip with a wrong checksum": Broken(
        "jsonl.gz", lambda table: gzip.compress(b"{}")[:-8] + bytes(8), "damaged gzip"
    ),
    "gzip with corrupted bytes": Broken(
        "csv.gz", lambda table: corrupted(good(table, "csv.gz", 5_000), 60, 40), "damaged gzip"
    ),
    "bzip2 cut in half": Broken("csv.bz2", lambda table: good(table, "csv.bz2", 5_000)[:-50], "damaged bzip2"),
    "bzip2 in name only": Broken("jsonl.bz2", lambda table: good(table, "jsonl"), "truncated or damaged bzip2"),
    "Zstandard cut in half": Broken("csv.zst", lambda table: good(table, "csv.zst", 5_000)[:-20], "damaged zstd"),
    "gzip in name only": Broken("csv.gz", good, "gzip"),
    "gzip without saying so": Broken("csv", lambda table: good(table, "csv.gz", 5_000), "gzip|header|is missing"),
    "Parquet cut off": Broken("parquet", lambda table: good(table, "parquet", 500)[:-100], "not readable as Parquet"),
    "Parquet without its end": Broken(
        "parquet", lambda table: good(table, "parquet", 500)[:200], "not readable as Parquet"
    ),
    "Parquet with a corrupted footer": Broken(
        "parquet", lambda table: corrupted(good(table, "parquet", 500), -60, 40), "not readable"
    ),
    "Parquet in name only": Broken("parquet", good, "not readable as Parquet"),
    "Parquet with text that is no text": Broken(
        "parquet", lambda table: as_file(good_row(table, "") | {table.key[0]: b"ch\xe8que"}, "parquet"), "Parquet|UTF-8"
    ),
    "Parquet without saying so": Broken("csv", lambda table: good(table, "parquet"), "header|is missing"),
    "spreadsheet without saying so": Broken("csv", lambda table: b"PK" + bytes(range(256)) * 20, "header|is missing"),
    "page of a web site": Broken("csv", lambda table: b"<!DOCTYPE html>\n<html>404</html>\n", "is missing"),
    "CSV without a key column": Broken(
        "csv", lambda table: without(table, "csv"), "is missing; deliver the file with it"
    ),
    "JSON without a key column": Broken("jsonl", lambda table: without(table, "jsonl"), "is missing"),
    "Parquet without a key column": Broken("parquet", lambda table: without(table, "parquet"), "is missing"),
    "a title above the header": Broken("csv", lambda table: b"Export of 2026-01-05\n" + good(table), "is missing"),
    "rows without a header": Broken("csv", lambda table: good(table).split(b"\n", 1)[1], "is missing"),
    "a column that appears twice": Broken(
        "csv", lambda table: f"{','.join([c.name for c in table.columns])},{table.key[0]}\n".encode(), "appears twice"
    ),
}


@dataclass
class Attempt:
    """Result of one broken file and its good neighbour: the messages, and what was stored before and after the fix."""

    broken: str
    neighbour: str
    table: Table
    messages: list[str]
    after: Stored
    fixed: Stored


@pytest.fixture(scope="module")
def attempts(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Attempt]:
    """Every broken file beside a good file of its table; one per source and load, so that no circuit opens."""
    zone = Zone(tmp_path_factory.mktemp("broken"))
    sources = list(load_contracts().values())
    results: dict[str, Attempt] = {}
    for start in range(0, len(BROKEN), len(sources)):
        batch: dict[str, tuple[str, str, Table]] = {}
        for name, source in zip(list(BROKEN)[start : start + len(sources)], sources, strict=False):
            table, case = next(iter(source.tables.values())), BROKEN[name]
            paths = (
                f"{table.label}/broken_{start}_2026-02-01.{case.suffix}",
                f"{table.label}/good_{start}_2026-02-01.csv",
            )
            batch[name] = (*paths, table)
            write(zone, paths[0], case.content(table))
            write(zone, paths[1], as_file(good_row(table, f"good {start}"), "csv"))
        messages = zone.failing_load()
        after = stored(zone)
        for name, (path, _, table) in batch.items():
            write(zone, path, as_file(good_row(table, f"fixed {start}"), BROKEN[name].suffix))
        zone.load()
        fixed = stored(zone)
        results |= {name: Attempt(*paths_and_table, messages, after, fixed) for name, paths_and_table in batch.items()}
    return results


@pytest.mark.parametrize("name", BROKEN)
def test_an_unreadable_file_stops_nothing_else(name: str, attempts: dict[str, Attempt]) -> None:
    attempt = attempts[name]
    (line,) = [line for line in attempt.messages if attempt.broken in line]
    assert re.search(BROKEN[name].message, line)
    assert "never stored" not in line, "messages must not quote data"
    file = attempt.after.files[attempt.broken]
    assert (file["status"], file["landed_rows"], file["accepted_rows"], file["rejected_rows"]) == ("failed", 0, 0, 0)
    assert file["reason"] and file["reason"] in line
    assert attempt.after.rows[attempt.broken] == attempt.after.rejects[attempt.broken] == []
    start = Path(attempt.neighbour).name.split("_")[1]
    (row,) = attempt.after.rows[attempt.neighbour]
    assert matching_columns(row, good_row(attempt.table, f"good {start}")) == good_row(attempt.table, f"good {start}")

    assert attempt.fixed.files[attempt.broken]["status"] == "loaded"
    (row,) = attempt.fixed.rows[attempt.broken]
    assert matching_columns(row, good_row(attempt.table, f"fixed {start}")) == good_row(attempt.table, f"fixed {start}")
    assert attempt.fixed.rows[attempt.neighbour] == attempt.after.rows[attempt.neighbour]


def write(zone: Zone, name: str, content: bytes) -> Path:
    path = zone.workspace.landing / name
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(content)
    return path
