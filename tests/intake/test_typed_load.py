"""How rows are read: types, formats, quoting, and the rows that are refused with line and reason."""

from __future__ import annotations

import bz2
import json
from datetime import date, datetime
from decimal import Decimal
from pathlib import Path

import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from scripts.platform.errors import UserError
from tests.support.landing_zone import LINE_HEADER, Zone

PAYMENTS = "receipt_id,payment_number,method,amount,synced_at\n"
STAMP = "2026-01-05 10:00:00"


def payments(*rows: str) -> str:
    return PAYMENTS + "".join(f"{row}\n" for row in rows)


def test_every_type_is_read_and_ids_stay_text(zone: Zone) -> None:
    zone.deliver(
        "pos/receipt_line/lines_2026-01-06.csv",
        f"{LINE_HEADER}\n007,1.0,0123,name,,+2,3.5,,1e1,yes,{STAMP}\n",
    )
    zone.deliver(
        "products/product/all_2026-01-06.csv",
        f"sku,valid_from,category,is_sellable,unit_cost,synced_at\n1E5,2026-01-01,toys,0,.5,{STAMP}\n",
    )
    zone.load()
    assert zone.rows("select * exclude (_record_hash, _load_id, _fivetran_deleted) from raw_pos.receipt_line") == [
        ("007", 1, "0123", "name", None, 2, Decimal("3.5"), None, Decimal(10), True, datetime(2026, 1, 5, 10),
         1, 2, datetime(2026, 1, 6))
    ]  # fmt: skip
    assert zone.rows("select sku, valid_from, is_sellable, unit_cost, product_name from raw_products.product") == [
        ("1E5", date(2026, 1, 1), False, Decimal("0.5"), None)
    ]


@pytest.mark.parametrize(
    ("text", "utc"),
    [
        ("2026-06-30T18:05:00+02:00", datetime(2026, 6, 30, 16, 5)),
        ("2026-06-30 18:05:00 +0200", datetime(2026, 6, 30, 16, 5)),
        ("2026-06-30 18:05:00 -02", datetime(2026, 6, 30, 20, 5)),
        ("2026-06-30 18:05 Z", datetime(2026, 6, 30, 18, 5)),
        ("2026-06-30 18:05:00UTC", datetime(2026, 6, 30, 18, 5)),
        ("2026-06-30 18:05:00.5 UTC", datetime(2026, 6, 30, 18, 5, 0, 500000)),
        ("2026-06-30 18:05:00-0530", datetime(2026, 6, 30, 23, 35)),
        ("2026-06-30T18:05:00.250Z", datetime(2026, 6, 30, 18, 5, 0, 250000)),
        ("2026-06-30 18:05:00 UTC", datetime(2026, 6, 30, 18, 5)),
        ("2026-06-30 18:05", datetime(2026, 6, 30, 18, 5)),
        ("2026-06-30", datetime(2026, 6, 30)),
        ("1782842700", datetime(2026, 6, 30, 18, 5)),
        ("1782842700250", datetime(2026, 6, 30, 18, 5, 0, 250000)),
    ],
)
def test_timestamps_become_utc(zone: Zone, text: str, utc: datetime) -> None:
    zone.deliver("pos/receipt_payment/p.csv", payments(f"1,1,card,1,{text}"))
    zone.load()
    assert zone.value("select synced_at from raw_pos.receipt_payment") == utc


@pytest.mark.parametrize(
    ("row", "reason"),
    [
        (f",1,card,1,{STAMP}", "receipt_id is missing"),
        (f"   ,1,card,1,{STAMP}", "receipt_id is missing"),
        (f"1,1.5,card,1,{STAMP}", "payment_number is not a whole number"),
        (f"1,1_0,card,1,{STAMP}", "payment_number is not a whole number"),
        (f"1,1,card,NaN,{STAMP}", "amount is NaN or infinite"),
        (f"1,1,card,-Infinity,{STAMP}", "amount is NaN or infinite"),
        (f'1,1,card,"12,50",{STAMP}', "amount has a decimal comma"),
        (f'1,1,card,"1,250.00",{STAMP}', "amount has thousands separators"),
        (f"1.23457E+12,1,card,1,{STAMP}", "receipt_id is in scientific notation, so digits are lost"),
        (PAYMENTS.strip(), "row repeats the header"),
        (f"1,1,card,1e30,{STAMP}", "amount is not a decimal number"),
        ("1,1,card,1,30/06/2026", "synced_at is not a timestamp such as 2026-06-30 18:05:00 or "
         "2026-06-30T18:05:00+02:00"),
        ("1,1,card,1,2026-02-30 10:00:00", "synced_at is not a timestamp such as 2026-06-30 18:05:00 or "
         "2026-06-30T18:05:00+02:00"),
        ("1,1,card,1,17828427", "synced_at is not a timestamp such as 2026-06-30 18:05:00 or "
         "2026-06-30T18:05:00+02:00"),
        ("1,1,card,1,infinity", "synced_at is not a timestamp such as 2026-06-30 18:05:00 or "
         "2026-06-30T18:05:00+02:00"),
        ("1,1,card", "row has fewer fields than the header"),
        (f"1,1,card,1,{STAMP},x", "row has more fields than the header"),
        (f'1,1,"card"x,1,{STAMP}', "row has a quotation mark that is not closed or not doubled"),
        (f"1,x,,1,{STAMP}", "payment_number is not a whole number; method is missing"),
    ],
)  # fmt: skip
def test_a_bad_row_is_refused_with_its_line_and_reason(zone: Zone, row: str, reason: str) -> None:
    zone.deliver("pos/receipt_payment/p.csv", payments(f"8,1,cash,5,{STAMP}", row, f"9,1,cash,5,{STAMP}"))
    zone.load()
    assert zone.rejects() == [(3, reason)]
    assert zone.ledger() == [(3, 2, 0, 1)]
    assert zone.rows("select receipt_id, _line from raw_pos.receipt_payment order by 1") == [("8", 2), ("9", 4)]


def test_a_reject_keeps_the_whole_payload_and_its_money(zone: Zone) -> None:
    zone.deliver(
        "pos/receipt_line/a.csv",
        f"{LINE_HEADER},shade\n1,1,A,lamp,,3,-2.50,,,maybe,{STAMP},blue\n2,1,A\n",
    )
    zone.load()
    (key, payload, value), (_, raw, nothing) = zone.rows(
        "select record_key, payload, value_at_risk from intake.rejects order by line_number"
    )
    assert (key, value) == ("1|1", Decimal("7.5"))
    assert json.loads(payload)["is_promotion"] == "maybe"
    assert json.loads(payload)["shade"] == "blue"
    assert (json.loads(raw), nothing) == ({"_raw": "2,1,A"}, None)


def test_quotes_line_breaks_and_a_byte_order_mark(zone: Zone) -> None:
    text = payments(f'1,1,"a ""b"", c",1,{STAMP}', f'2,1,"two\nlines",1,{STAMP}', "3,1", f'4,1,"x\r\ny",1,{STAMP}')
    zone.deliver("pos/receipt_payment/p.csv", b"\xef\xbb\xbf" + text.encode())
    zone.load()
    assert zone.rejects() == [(4, "row has fewer fields than the header")]
    assert zone.rows("select method, _line from raw_pos.receipt_payment order by 2") == [
        ('a "b", c', 2),
        ("two\nlines", 3),
        ("x\ny", 5),
    ]


@pytest.mark.parametrize("delimiter", [";", "\t", "|"])
def test_other_delimiters(zone: Zone, delimiter: str) -> None:
    zone.deliver("pos/receipt_payment/p.csv", payments(f"1,1,card,1.5,{STAMP}").replace(",", delimiter))
    zone.load()
    assert zone.value("select amount from raw_pos.receipt_payment") == Decimal("1.5")


@pytest.mark.parametrize("ends", ["\r\n", "\r", "mixed"])
def test_other_line_ends(zone: Zone, ends: str) -> None:
    text = payments(f"1,1,card,1.5,{STAMP}", f"2,1,card,1.5,{STAMP}", "3,1", f"4,1,cash,2,{STAMP}")
    text = text.replace("\n", "\r\n", 2) if ends == "mixed" else text.replace("\n", ends)
    zone.deliver("pos/receipt_payment/p.csv", text)
    zone.load()
    assert zone.ledger() == [(4, 3, 0, 1)]
    assert zone.rejects()[0][0] == 4


@pytest.mark.parametrize(
    ("encoding", "expected"),
    [("utf-8", "utf-8"), ("utf-8-sig", "utf-8"), ("utf-16", "utf-16"), ("utf-16-le", "utf-16-le"),
     ("utf-32", "utf-32"), ("latin-1", "cp1252"), ("cp1252", "cp1252")],
)  # fmt: skip
@pytest.mark.parametrize("suffix", ["csv", "jsonl", "csv.gz", "csv.zst", "csv.bz2"])
def test_encodings_and_compressions(zone: Zone, encoding: str, expected: str, suffix: str) -> None:
    method = "chèque dès août"
    text = payments(f"1,1,{method},1.5,{STAMP}", f"2,1,cash,1.5,{STAMP}")
    if suffix == "jsonl":
        text = json.dumps({"receipt_id": "1", "payment_number": 1, "method": method, "amount": 1.5, "synced_at": STAMP},
                          ensure_ascii=False) + "\n" + json.dumps({"receipt_id": "2"})  # fmt: skip
    data = text.encode(encoding)
    if suffix.endswith("zst"):
        data = pa.compress(data, codec="zstd", asbytes=True)
    elif suffix.endswith("bz2"):
        data = bz2.compress(data)
    zone.deliver(f"pos/receipt_payment/p.{suffix}", data)
    zone.load()
    assert zone.value("select method from raw_pos.receipt_payment where receipt_id = '1'") == method
    assert zone.value("select encoding from intake.files") == expected


def test_a_stated_encoding_wins(zone: Zone) -> None:
    zone.deliver("world.json", '{"encoding_pos": "cp1250"}')
    zone.deliver("pos/receipt_payment/p.csv", payments(f"1,1,zlecenie stałe,1.5,{STAMP}").encode("cp1250"))
    zone.load()
    assert zone.value("select method from raw_pos.receipt_payment") == "zlecenie stałe"
    zone.deliver("world.json", '{"encoding_pos": "cp-eleven"}')
    with pytest.raises(UserError, match="encoding_pos must be an encoding"):
        zone.load()


@pytest.mark.parametrize("suffix", ["csv", "jsonl"])
def test_a_stray_byte_loses_one_line_not_the_file(zone: Zone, suffix: str) -> None:
    rows = [f"{number},1,chèque é,1.5,{STAMP}" for number in (1, 2, 3)]
    text = payments(*rows)
    if suffix == "jsonl":
        names = PAYMENTS.strip().split(",")
        text = "\n".join(json.dumps(dict(zip(names, row.split(","), strict=True)), ensure_ascii=False) for row in rows)
    data = text.encode()
    place = data.index("è".encode(), data.index(b"2,1" if suffix == "csv" else b'"2"'))
    zone.deliver(f"pos/receipt_payment/p.{suffix}", data[:place] + data[place + 1 :])
    zone.load()
    line = 3 if suffix == "csv" else 2
    assert zone.rows("select line_number, reason, rule, state from intake.rejects") == [
        (line, "line holds bytes that are not UTF-8 text", "encoding", "open")
    ]
    assert zone.rows("select receipt_id, method from raw_pos.receipt_payment order by 1") == [
        ("1", "chèque é"), ("3", "chèque é")
    ]  # fmt: skip


def test_nul_bytes_are_dropped(zone: Zone) -> None:
    zone.deliver("pos/receipt_payment/p.csv", payments(f"1,1,ca\0rd,1,{STAMP}"))
    zone.load()
    assert zone.value("select method from raw_pos.receipt_payment") == "card"


def test_jsonl(zone: Zone) -> None:
    lines = [
        {"Receipt_ID": 123, "payment_number": 1, "method": "card", "amount": 12.5, "synced_at": "2026-01-05T10:00:00Z"},
        {"Receipt_ID": "é😀", "payment_number": 2.0, "method": {"a": [1]}, "amount": "3", "synced_at": STAMP, "x": 1},
        {"Receipt_ID": "5", "payment_number": 1, "method": None, "amount": 1, "synced_at": STAMP},
    ]
    text = "\ufeff" + "\n".join(json.dumps(line, ensure_ascii=False) for line in lines)
    zone.deliver("pos/receipt_payment/p.jsonl.gz", text + '\n\nno json\n[1, 2]\n{"Receipt_ID": "\x01"}\n')
    zone.load()
    assert zone.rows(
        "select receipt_id, payment_number, method, amount, _line from raw_pos.receipt_payment order by 5"
    ) == [
        ("123", 1, "card", Decimal("12.5"), 1),
        ("é😀", 2, '{"a":[1]}', Decimal(3), 2),
    ]
    assert zone.rejects() == [(3, "method is missing")] + [(line, "line is not a JSON object") for line in (5, 6, 7)]
    assert zone.ledger() == [(6, 2, 0, 4)]


def test_parquet_of_a_data_frame(zone: Zone) -> None:
    """Ids that became floats, timestamps with a time zone, amounts as doubles."""
    stamps = pd.to_datetime(["2026-01-05 10:00"] * 4).tz_localize("Europe/Berlin")
    frame = pd.DataFrame(
        {
            "receipt_id": [1.0, 2.0, None, 4.0],
            "payment_number": [1, 1, 1, 1],
            "method": pd.Categorical(["card", "cash", "card", "card"]),
            "amount": [1.5, float("inf"), 2.0, float("nan")],
            "synced_at": stamps,
            "extra": [[1], [2], [3], [4]],
        }
    )
    path = zone.workspace.landing / "pos/receipt_payment/p.parquet"
    path.parent.mkdir(parents=True)
    frame.to_parquet(path)
    zone.load()
    assert zone.rows("select receipt_id, amount, synced_at from raw_pos.receipt_payment") == [
        ("1", Decimal("1.5"), datetime(2026, 1, 5, 9))
    ]
    # A data frame's missing double is a null in Parquet.
    assert [reason for _, reason in zone.rejects()] == [
        "amount is NaN or infinite",
        "receipt_id is missing",
        "amount is missing",
    ]


def test_an_id_that_is_nan_is_missing_also_where_all_others_are_equal(zone: Zone) -> None:
    """Parquet's statistics leave NaN out, so the column looks like a constant."""
    columns = {
        "receipt_id": pa.array([7.0, float("nan")]),
        "payment_number": [1, 1],
        "method": ["card", "card"],
        "amount": [1.5, 2.5],
        "synced_at": [datetime(2026, 1, 5), datetime(2026, 1, 5)],
    }
    path = zone.workspace.landing / "pos/receipt_payment/p.parquet"
    path.parent.mkdir(parents=True)
    pq.write_table(pa.table(columns), path)
    zone.load()
    assert zone.rows("select receipt_id from raw_pos.receipt_payment") == [("7",)]
    assert [reason for _, reason in zone.rejects()] == ["receipt_id is missing"]


def test_same_content_is_the_same_in_every_format(zone: Zone) -> None:
    row = {"receipt_id": "1", "payment_number": 1, "method": "card", "amount": 2.5}
    zone.deliver("pos/receipt_payment/a.csv", payments(f"1,1,card,2.50,{STAMP}"))
    zone.deliver("pos/receipt_payment/b.jsonl", json.dumps(row | {"synced_at": STAMP}))
    pd.DataFrame([row | {"synced_at": pd.Timestamp(STAMP)}]).to_parquet(
        zone.workspace.landing / "pos/receipt_payment/c.parquet"
    )
    zone.load()
    assert sorted(zone.ledger()) == [(1, 0, 1, 0), (1, 0, 1, 0), (1, 1, 0, 0)]


def test_extra_and_missing_optional_columns_are_tolerated_and_reported(zone: Zone) -> None:
    zone.deliver("pos/receipt_payment/p.csv", payments(f"1,1,card,1,{STAMP}").replace("method", "method,shade", 1)
                 .replace("card", "card,blue"))  # fmt: skip
    zone.deliver("web/identifies/i.csv", "id,anonymous_id,received_at,timestamp\n1,a,2026-01-01,2026-01-01\n")
    zone.load()
    assert zone.rows("select table_name, column_name, drift from intake.schema_drift order by all") == [
        ("identifies", "email", "missing_optional"),
        ("identifies", "user_id", "missing_optional"),
        ("receipt_payment", "shade", "extra"),
    ]
    assert zone.rows("select user_id, email from raw_web.identifies") == [(None, None)]


def test_messages_quote_no_data(zone: Zone, tmp_path: Path) -> None:
    zone.deliver("consent/consent_event/a.csv", "event_id,email\n1,ada@example.org\n")
    zone.deliver("crm/profile/b.csv", b"profile_id,email,synced_at\n1,ada@ex\xe4mple.org,2026-01-01\n")
    zone.deliver("crm/profile/c.csv", "profile_id,email,synced_at\n1,ada@example.org,ada@example.org\n")
    said = " ".join(zone.failing_load() + zone.said)
    assert "ada" not in said
    assert "ada" not in str(zone.rows("select reason from intake.rejects union all select reason from intake.files"))
