"""Whatever is delivered, in whatever order: nothing gets lost, and the result is that of a single clean delivery.

The rule for versions has a second implementation here, in plain Python: of a record's good rows in order of time, each
run of equal content is one version, known since the first row of the run.
"""

from __future__ import annotations

import csv
import gzip
import io
import json
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import Decimal
from functools import lru_cache
from itertools import groupby, permutations
from pathlib import Path
from typing import Any

import pandas as pd
import pytest
from hypothesis import HealthCheck, Phase, example, given, settings
from hypothesis import strategies as st

from scripts.platform.errors import CheckFailed
from tests.support.landing_zone import Zone

DAY_ONE = datetime(2026, 1, 1)
COLUMNS = ["receipt_id", "payment_number", "method", "amount", "synced_at"]
METHODS = ["card", 'a "b", c', "two\nlines", "é😀", "NULL", "שלום"]
AMOUNTS = {"1.5": Decimal("1.5"), "-2": Decimal(-2), "1e2": Decimal(100), "+0.10": Decimal("0.1")}
RESPONSES = ["response_id", "survey_type", "score", "comment", "responded_at", "synced_at"]
# The position of a field, and a text that its contract does not accept.
INVALID_FIELDS = [
    (0, ""),
    (0, " \t"),
    (1, "x"),
    (1, "1.5"),
    (2, ""),
    (3, "1,5"),
    (3, "NaN"),
    (3, "free"),
    (4, "31/12/2025"),
    (4, ""),
]

common = settings(deadline=None, suppress_health_check=list(HealthCheck))
# Every example is one or more loads, so the quick tests do not shrink failing examples.
quick = settings(common, max_examples=12, phases=[Phase.explicit, Phase.reuse, Phase.generate])
thorough = settings(common, max_examples=150)


@lru_cache(maxsize=1)
def empty_warehouse() -> bytes:
    """A warehouse with all its tables and no rows, so that each example need not create them."""
    with tempfile.TemporaryDirectory() as folder:
        zone = Zone(Path(folder))
        zone.load()
        return zone.workspace.warehouse.read_bytes()


@contextmanager
def new_zone() -> Iterator[Zone]:
    folder = Path(tempfile.mkdtemp(prefix="property_"))
    try:
        zone = Zone(folder)
        zone.workspace.warehouse.write_bytes(empty_warehouse())
        yield zone
    finally:
        shutil.rmtree(folder)


@dataclass(frozen=True)
class Payment:
    """A well-formed row. `day` and `content` decide the time, so different contents of a record never share a time."""

    receipt: str
    content: int
    day: int

    @property
    def method(self) -> str:
        return METHODS[self.content % len(METHODS)]

    @property
    def amount(self) -> str:
        return list(AMOUNTS)[self.content % len(AMOUNTS)]

    @property
    def known_at(self) -> datetime:
        return DAY_ONE + timedelta(days=self.day, minutes=self.content)

    def fields(self) -> list[str]:
        return [self.receipt, "1", self.method, self.amount, self.known_at.isoformat(" ")]

    def version(self) -> tuple[str, datetime, str, Decimal]:
        return self.receipt, self.known_at, self.method, AMOUNTS[self.amount]


def versions_of(rows: list[Payment]) -> list[tuple[str, datetime, str, Decimal]]:
    """The versions that must be stored according to the rule."""
    result = []
    for _, history in groupby(sorted(rows, key=lambda row: (row.receipt, row.known_at)), lambda row: row.receipt):
        for _, run in groupby(history, lambda row: (row.method, AMOUNTS[row.amount])):
            result.append(next(run).version())
    return sorted(result)


def stored_versions(zone: Zone) -> list[tuple[Any, ...]]:
    return zone.rows("select receipt_id, synced_at, method, amount from raw_pos.receipt_payment order by all")


payments = st.builds(Payment, st.sampled_from(["a", "b"]), st.integers(0, 2), st.integers(0, 3))
invalid = st.tuples(payments, st.sampled_from(INVALID_FIELDS))
ragged = st.lists(st.sampled_from(["a", "b", "1", "é"]), min_size=1, max_size=8).filter(lambda row: len(row) != 5)
lines = st.one_of(payments, payments, payments, invalid, ragged)


@dataclass(frozen=True)
class File:
    """One delivery: its lines (a payment, a payment with one invalid field, or a row of another shape) and format."""

    lines: tuple[Any, ...]
    suffix: str

    @property
    def good(self) -> list[Payment]:
        return [line for line in self.lines if isinstance(line, Payment)]

    def rows(self) -> list[list[str]]:
        """The fields of every line, as delivered."""
        result = []
        for line in self.lines:
            if isinstance(line, Payment):
                result.append(line.fields())
            elif isinstance(line, tuple):
                payment, (position, text) = line
                row = payment.fields()
                row[position] = text
                result.append(row)
            else:
                result.append(line)
        return result

    def content(self) -> bytes:
        text = io.StringIO()
        if self.suffix.startswith("csv"):
            csv.writer(text, lineterminator="\n").writerows([COLUMNS, *self.rows()])
        else:
            for row in self.rows():
                whole = dict(zip(COLUMNS, row, strict=True)) if len(row) == len(COLUMNS) else row
                text.write(json.dumps(whole, ensure_ascii=False) + "\n")
        data = text.getvalue().encode()
        return gzip.compress(data) if self.suffix.endswith(".gz") else data


files = st.builds(
    File, st.lists(lines, min_size=1, max_size=10).map(tuple), st.sampled_from(["csv", "csv.gz", "jsonl", "jsonl.gz"])
).filter(
    lambda file: file.suffix.startswith("csv") or bool(file.good)
)  # JSON without any complete object has no columns


@st.composite
def deliveries(draw: st.DrawFn) -> list[list[tuple[str, File]]]:
    """Loads, each with the files to deliver before it; some files are repeated under another name."""
    delivered = draw(st.lists(files, min_size=1, max_size=4))
    again = draw(st.lists(st.sampled_from(delivered), max_size=2))
    every = draw(st.permutations(delivered + again))
    loads: list[list[tuple[str, File]]] = [[]]
    for number, file in enumerate(every):
        day = draw(st.integers(1, 28))
        loads[-1].append((f"pos/receipt_payment/{number}_2026-02-{day:02d}.{file.suffix}", file))
        if draw(st.booleans()):
            loads.append([])
    return loads


def check_conservation(zone: Zone) -> None:
    """Every file in the ledger balances, and its rows and rejects exist, each with a different line number."""
    broken = zone.rows(
        """
        with stored as (
            select _file_id as file_id, _line as line, 'row' as kind from raw_pos.receipt_payment
            union all
            select file_id, line_number, 'reject' from intake.rejects
        ),

        counted as (
            select
                file_id, count(*) filter (where kind = 'row') as accepted,
                count(*) filter (where kind = 'reject') as rejected, count(distinct line) as different_lines
            from stored
            group by file_id
        )

        select path, files.* exclude (path), counted.*
        from intake.files
        left join counted using (file_id)
        where landed_rows <> accepted_rows + duplicate_rows + rejected_rows
            or accepted_rows <> coalesce(accepted, 0)
            or rejected_rows <> coalesce(rejected, 0)
            or different_lines <> accepted + rejected
        """
    )
    assert broken == []
    assert (
        zone.value("select count(*) from intake.rejects left join intake.files using (file_id) where status is null")
        == 0
    )


def run(zone: Zone, loads: list[list[tuple[str, File]]]) -> None:
    for load in loads:
        for name, file in load:
            path = zone.deliver(name, b"")
            path.write_bytes(file.content())
        zone.load()


def check_deliveries(loads: list[list[tuple[str, File]]]) -> None:
    every = [file for load in loads for _, file in load]
    with new_zone() as zone:
        run(zone, loads)
        check_conservation(zone)
        landed = zone.value("select coalesce(sum(landed_rows), 0) from intake.files where status = 'loaded'")
        assert landed == sum(len(file.lines) for file in every)
        assert stored_versions(zone) == versions_of([row for file in every for row in file.good])
        check_payloads(zone, {name: file for load in loads for name, file in load})


def check_payloads(zone: Zone, by_path: dict[str, File]) -> None:
    """Every refused line is stored with all its fields, and no other line is."""
    found: dict[str, list[str]] = {path: [] for path in by_path}
    for path, payload in zone.rows("select path, payload from intake.rejects order by file_id, line_number"):
        found[path].append(payload)
    for path, file in by_path.items():
        refused = [row for line, row in zip(file.lines, file.rows(), strict=True) if not isinstance(line, Payment)]
        assert len(found[path]) == len(refused)
        for row, payload in zip(refused, found[path], strict=True):
            kept = json.loads(payload)
            if "_raw" in kept:
                assert as_csv_or_json(kept["_raw"], file.suffix) == row
            else:
                assert [kept[name] or "" for name in COLUMNS] == row


def as_csv_or_json(raw: str, suffix: str) -> Any:
    return json.loads(raw) if suffix.startswith("jsonl") else next(csv.reader(io.StringIO(raw, newline="")))


@quick
@given(deliveries())
def test_stored_versions_follow_the_rule(loads: list[list[tuple[str, File]]]) -> None:
    check_deliveries(loads)


@pytest.mark.verify
@thorough
@given(deliveries())
def test_stored_versions_follow_the_rule_thoroughly(loads: list[list[tuple[str, File]]]) -> None:
    check_deliveries(loads)


contents_of_one = st.lists(payments, min_size=2, max_size=7)


def check_order(rows: list[Payment], orders: list[list[int]], splits: list[int]) -> None:
    """However the rows are split over files and loads, and in whatever order they come, the same is stored."""
    for order, split in zip(orders, splits, strict=True):
        with new_zone() as zone:
            for number, start in enumerate(range(0, len(order), split)):
                part = File(tuple(rows[index] for index in order[start : start + split]), "csv")
                # All files have the same delivery date: lateness must not show in the name.
                zone.deliver(f"pos/receipt_payment/{number}_2026-02-01.csv", part.content().decode())
                zone.load()
            check_conservation(zone)
            assert stored_versions(zone) == versions_of(rows), f"order {order} in files of {split}"


@quick
@given(contents_of_one, st.data())
def test_the_order_of_delivery_does_not_matter(rows: list[Payment], data: st.DataObject) -> None:
    check_order(rows, [data.draw(st.permutations(range(len(rows))))], [data.draw(st.integers(1, len(rows)))])


@pytest.mark.verify
@pytest.mark.parametrize("rows", [
    [Payment("a", 0, 0), Payment("a", 0, 2), Payment("a", 1, 1)],
    [Payment("a", 0, 0), Payment("a", 1, 1), Payment("a", 0, 2), Payment("a", 1, 3)],
    [Payment("a", 0, 0), Payment("a", 0, 1), Payment("a", 0, 2), Payment("a", 1, 1)],
], ids=["one between two equal ones", "back and forth", "one between three equal ones"])  # fmt: skip
def test_every_order_of_a_history_gives_the_same(rows: list[Payment]) -> None:
    orders = [list(order) for order in permutations(range(len(rows)))]
    check_order(rows, orders, [1] * len(orders))


def test_a_late_version_between_two_equal_ones() -> None:
    """Equal content was one version until other content arrived in between; the last state is still the last."""
    rows = [Payment("a", 0, 0), Payment("a", 0, 2), Payment("a", 1, 1)]
    check_order(rows, [[0, 1, 2], [1, 0, 2], [2, 1, 0]], [1, 2, 1])


@dataclass(frozen=True)
class Sent:
    """One delivery of one record: good, or with an amount that is not a number."""

    record: str
    day: int
    content: int
    is_good: bool

    def file(self) -> tuple[str, str]:
        """Its name, with the day of delivery, and its text."""
        amount = list(AMOUNTS)[self.content] if self.is_good else "none"
        text = f"{','.join(COLUMNS)}\n{self.record},1,card,{amount},2026-01-0{self.content + 1} 10:00:00\n"
        return f"pos/receipt_payment/{self.record}_{self.is_good}_{self.content}_2026-03-{self.day:02d}.csv", text


sent = st.builds(Sent, st.sampled_from(["a", "b"]), st.integers(1, 5), st.integers(0, 2), st.booleans())


def states_of(history: list[Sent]) -> list[tuple[str, str]]:
    """A refused row is repaired once a good version of its record has been delivered on the same day or later.

    Of good deliveries with the same content that were loaded before it, only the earliest left a trace: the others were
    exact copies.
    """
    result = []
    for number, bad in enumerate(history):
        if not bad.is_good:
            good = [one for one in history if one.is_good and one.record == bad.record]
            before = [one for one in good if history.index(one) < number]
            traces = {one.content: min(other.day for other in before if other.content == one.content) for one in before}
            days = [one.day for one in good if history.index(one) > number] + list(traces.values())
            result.append((bad.file()[0], "repaired" if any(day >= bad.day for day in days) else "open"))
    return sorted(result)


def check_states(history: list[Sent]) -> None:
    with new_zone() as zone:
        for one in history:
            zone.deliver(*one.file())
            zone.load()
        assert zone.rows("select path, state from intake.rejects order by all") == states_of(history)
        assert zone.value("select count(*) from intake.rejects where (state = 'open') <> (closed_at is null)") == 0
        check_conservation(zone)


@quick
@given(st.lists(sent, min_size=2, max_size=5, unique=True))
def test_rows_are_repaired_by_later_good_versions(history: list[Sent]) -> None:
    check_states(history)


@pytest.mark.parametrize("order", list(permutations(range(3))))
def test_a_bad_row_between_two_equal_good_ones_is_repaired(order: tuple[int, ...]) -> None:
    history = [Sent("a", 1, 0, True), Sent("a", 2, 0, False), Sent("a", 3, 0, True)]
    check_states([history[number] for number in order])


@pytest.mark.parametrize("order", list(permutations(range(2))))
def test_a_bad_and_a_good_row_of_one_day(order: tuple[int, ...]) -> None:
    history = [Sent("a", 1, 0, True), Sent("a", 1, 0, False)]
    check_states([history[number] for number in order])


texts = st.text(
    # Excluded are characters that are not stored unchanged: NUL (dropped) and carriage returns (line ends are
    # normalised); and lone surrogates, which are not text.
    st.characters(exclude_characters="\0\r", exclude_categories=["Cs"]),
    min_size=1,
    max_size=40,
)


def check_texts(comments: list[str], as_json: bool) -> None:
    rows = [
        [f"r{n}", "nps", "7", text, "2026-01-05 10:00:00", "2026-01-05 10:00:00"] for n, text in enumerate(comments)
    ]
    with new_zone() as zone:
        if as_json:
            content = "".join(json.dumps(dict(zip(RESPONSES, row, strict=True))) + "\n" for row in rows)
            zone.deliver("surveys/response/a_2026-02-01.jsonl", content)
        else:
            out = io.StringIO()
            csv.writer(out, quoting=csv.QUOTE_ALL, lineterminator="\n").writerows([RESPONSES, *rows])
            zone.deliver("surveys/response/a_2026-02-01.csv", out.getvalue())
        zone.load()
        assert zone.rejects() == []
        found = zone.rows("select comment from raw_surveys.response order by _line")
        assert [text for (text,) in found] == comments


@quick
@given(st.lists(texts, min_size=1, max_size=60), st.booleans())
def test_text_is_stored_unchanged(comments: list[str], as_json: bool) -> None:
    check_texts(comments, as_json)


@pytest.mark.verify
@thorough
@given(st.lists(texts, min_size=1, max_size=60), st.booleans())
def test_text_is_stored_unchanged_thoroughly(comments: list[str], as_json: bool) -> None:
    check_texts(comments, as_json)


def single(byte: int) -> bytes:
    return bytes([byte])


@st.composite
def corrupted_files(draw: st.DrawFn) -> tuple[str, bytes]:
    """A good file of forty payments, with some bytes lost, doubled, inserted or changed, or truncated."""
    suffix = draw(st.sampled_from(["csv", "csv.gz", "jsonl", "jsonl.gz", "parquet"]))
    rows = [Payment(f"corrupted {number}", number % 6, number % 4) for number in range(40)]
    if suffix == "parquet":
        out = io.BytesIO()
        pd.DataFrame([row.fields() for row in rows], columns=COLUMNS).to_parquet(out)
        content = out.getvalue()
    else:
        content = File(tuple(rows), suffix).content()
    for _ in range(draw(st.integers(1, 3))):
        at = draw(st.integers(0, len(content) - 1))
        kind = draw(st.sampled_from(["cut", "change", "insert", "delete", "double"]))
        some = draw(
            st.one_of(st.binary(min_size=1, max_size=4), st.sampled_from([b'"', b"\n", b"\r", b",", b"\xff", b"\0"]))
        )
        length = draw(st.integers(1, 60))
        if kind == "cut":
            content = content[: at + 1]
        elif kind == "change":
            content = content[:at] + some + content[at + len(some) :]
        elif kind == "insert":
            content = content[:at] + some + content[at:]
        elif kind == "delete":
            content = content[:at] + content[at + length :]
        else:
            content = content[: at + length] + content[at:]
        if not content:
            break
    return suffix, content


def check_corrupted(suffix: str, content: bytes) -> None:
    """Such a file is loaded or fails, but it balances, stops nothing else, and what it stores can be read."""
    with new_zone() as zone:
        path = zone.deliver(f"pos/receipt_payment/corrupted_2026-02-01.{suffix}", b"")
        path.write_bytes(content)
        good = File((Payment("good", 0, 0), Payment("good", 1, 1)), "csv")
        for name in ("a_good", "z_good"):
            zone.deliver(f"pos/receipt_payment/{name}_2026-02-01.csv", good.content().decode())
        try:
            zone.load()
        except CheckFailed as failure:
            (line,) = str(failure).splitlines()
            assert path.name in line
        statuses = dict(zone.rows("select path, status from intake.files"))
        assert statuses.pop(f"pos/receipt_payment/{path.name}") in ("loaded", "failed")
        assert set(statuses.values()) == {"loaded"} and len(statuses) == 2
        check_conservation(zone)
        kept = zone.rows(
            "select receipt_id, synced_at, method, amount from raw_pos.receipt_payment where receipt_id = 'good'"
        )
        assert sorted(kept) == versions_of(good.good)
        for (payload,) in zone.rows("select payload from intake.rejects"):
            assert isinstance(json.loads(payload), dict)
        zone.rows("from raw_pos.receipt_payment")


@quick
@given(corrupted_files())
@example(("jsonl", b'{"receipt_id": "a", "payment_number": "1", "amount": "x", "method": "", "synced_at": "",}\n'))
def test_corrupted_bytes_stop_nothing_else(file: tuple[str, bytes]) -> None:
    check_corrupted(*file)


@pytest.mark.verify
@settings(thorough, max_examples=300)
@given(corrupted_files())
def test_corrupted_bytes_stop_nothing_else_thoroughly(file: tuple[str, bytes]) -> None:
    check_corrupted(*file)
