"""Whatever is delivered, every row is accounted for, as an independent calculation in plain Python confirms."""

from __future__ import annotations

import csv
import io
import tempfile
from collections import Counter, defaultdict
from pathlib import Path

from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from tests.support.landing_zone import Zone

COLUMNS = ["receipt_id", "payment_number", "method", "amount", "synced_at"]
NUMBERS = {"1": 1, "2.0": 2, "+1": 1, "": None, "x": None, "1.5": None}
AMOUNTS = {"1.5": 1.5, "1.50": 1.5, "-2": -2.0, " 3 ": 3.0, "NaN": None, "": None, "1,5": None, "inf": None}
STAMPS = {
    "2026-01-01": 1.0, "2026-01-02 00:00:00": 2.0, "2026-01-02T02:00:00+02:00": 2.0, "2026-01-03T00:00:00Z": 3.0,
    "": None, "yesterday": None, "2026-13-01": None,
}  # fmt: skip

field = st.sampled_from
methods = field(["x", 'y "z"', "l1\nl2", "é😀,"])
stamps = field(["2026-01-01", "2026-01-02 00:00:00", "2026-01-03T00:00:00Z"])
good = st.tuples(field(["a", "b"]), field(["1", "2.0"]), methods, field(["1.5", "-2"]), stamps)
any_row = st.tuples(
    field(["a", "b", "", " "]), field(list(NUMBERS)), st.one_of(methods, field([""])), field(list(AMOUNTS)),
    field(list(STAMPS)),
)  # fmt: skip
ragged = st.lists(field(["a", "b", "1"]), min_size=1, max_size=8).filter(lambda row: len(row) not in (5, 6))
files = st.lists(st.lists(st.one_of(good, good, any_row, ragged), max_size=12), min_size=1, max_size=3)


def expected_totals(deliveries: list[list[tuple[str, ...]]]) -> Counter[str]:
    """Landed and rejected rows, records, and distinct contents per record, summed."""
    totals: Counter[str] = Counter()
    seen: dict[tuple[str, int], set[tuple[float, tuple[str, float]]]] = defaultdict(set)
    for rows in deliveries:
        for row in rows:
            totals["landed"] += 1
            if len(row) != len(COLUMNS):
                totals["rejected"] += 1
                continue
            receipt, number, method, amount, stamp = row
            record, money, time = NUMBERS[number], AMOUNTS[amount], STAMPS[stamp]
            if not receipt.strip() or not method or record is None or money is None or time is None:
                totals["rejected"] += 1
                continue
            seen[receipt, record].add((time, (method, money)))
    totals["records"] = len(seen)
    totals["contents"] = sum(len({content for _, content in versions}) for versions in seen.values())
    return totals


# Other content separates a duplicate in an earlier file from its version, so that it becomes a version itself.
SPLIT_DUPLICATE = [
    [("b", "2.0", "x", "-2", "2026-01-01"), ("b", "2.0", "x", "-2", "2026-01-02 00:00:00")],
    [("b", "2.0", "x", "1.5", "2026-01-01")],
]


@example(SPLIT_DUPLICATE)
@settings(max_examples=20, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(files)
def test_landed_is_accepted_plus_duplicates_plus_rejected(deliveries: list[list[tuple[str, ...]]]) -> None:
    with tempfile.TemporaryDirectory() as folder:
        zone = Zone(Path(folder))
        for number, rows in enumerate(deliveries):
            text = io.StringIO()
            writer = csv.writer(text, lineterminator="\n")
            writer.writerows([COLUMNS, *rows])
            zone.deliver(f"pos/receipt_payment/{number}_2026-02-01.csv", text.getvalue())
        total = zone.load().total
        expected = expected_totals(deliveries)
        assert total.landed == expected["landed"] == total.accepted + total.duplicates + total.rejected
        assert total.rejected == expected["rejected"] == zone.value("select count(*) from intake.rejects")
        assert total.accepted == zone.value("select count(*) from raw_pos.receipt_payment")
        assert zone.value("select count(distinct _record_hash) from raw_pos.receipt_payment") == expected["contents"]
        assert expected["records"] == zone.value(
            "select count(*) from (select distinct receipt_id, payment_number from raw_pos.receipt_payment)"
        )
        lines = "select _file_id, _line from raw_pos.receipt_payment union all select file_id, line_number from {}"
        lines = f"select count(*), count(distinct (_file_id, _line)) from ({lines.format('intake.rejects')})"
        assert len(set(zone.rows(lines)[0])) == 1, "two rows on one line"

        before = zone.rows("from raw_pos.receipt_payment order by all")
        for number, _ in enumerate(deliveries):
            source = zone.workspace.landing / f"pos/receipt_payment/{number}_2026-02-01.csv"
            zone.deliver(f"pos/receipt_payment/again_{number}.csv", source.read_bytes())
        again = zone.load().total
        assert (again.accepted, again.rejected) == (0, expected["rejected"])
        assert zone.rows("from raw_pos.receipt_payment order by all") == before
