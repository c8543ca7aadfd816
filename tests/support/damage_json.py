"""Damage to JSON lines."""

from __future__ import annotations

import gzip
import json
from typing import Any

from tests.support.damage import AT, PAYMENT, STAMP, Damage, Refused, Row, paid, table_file

NOT_JSON = "not a JSON object"


def record(**changes: Any) -> str:
    row = {"receipt_id": "KEY", "payment_number": 1, "method": "card", "amount": 1.5, "synced_at": STAMP} | changes
    return json.dumps(row, ensure_ascii=False)


def lines(
    name: str, *between: str, accepted: list[Row] | None = None, refused: list[Refused] | None = None, **others: Any
) -> Damage:
    """A good line, the damaged lines from line 2 on, and a good line."""
    text = "\n".join([record(receipt_id="KEY first"), *between, record(receipt_id="KEY last"), ""])
    last = 2 + sum(part.count("\n") + 1 for part in between)
    kept = [paid(1, "KEY first"), *(accepted or []), paid(last, "KEY last")]
    return table_file(name, PAYMENT, text, kept, refused, **({"suffix": "jsonl"} | others))


def not_json(name: str, *texts: str) -> Damage:
    refused = [Refused(2 + number, "json", NOT_JSON, ("KEY",)) for number in range(len(texts))]
    return lines(f"JSON: {name}", *texts, refused=refused)


def read_normally(name: str, text: str, **others: Any) -> Damage:
    return lines(f"JSON: {name}", text, accepted=[paid(2, "KEY", **others)])


def wrong(name: str, text: str, rule: str, words: str, *holds: str) -> Damage:
    return lines(f"JSON: {name}", text, refused=[Refused(2, rule, words, ("KEY", *holds))])


def syntax() -> list[Damage]:
    whole = record()
    pretty = json.dumps([json.loads(record())], indent=1)
    count = pretty.count("\n") + 1
    several = lines(
        "JSON: an array over several lines",
        pretty,
        refused=[Refused(2 + number, "json", NOT_JSON) for number in range(count)],
    )
    cut = lines("JSON: cut off in the last line", whole, accepted=[paid(2, "KEY")])
    cut.content = cut.content[:-30]
    cut.accepted.pop()
    cut.refused = [Refused(3, "json", NOT_JSON, ("last",))]
    blank = lines("JSON: blank lines between", "", whole, "  ", accepted=[paid(3, "KEY")])
    windows = lines(
        "JSON: Windows line ends", whole, whole[:-1], accepted=[paid(2, "KEY")], refused=[Refused(3, "json", NOT_JSON)]
    )
    windows.content = windows.content.replace(b"\n", b"\r\n")
    mark = lines("JSON: byte order mark", whole, accepted=[paid(2, "KEY")])
    mark.content = b"\xef\xbb\xbf" + mark.content
    other = lines(
        "JSON: UTF-16",
        record(method="chèque €"),
        accepted=[paid(2, "KEY", "chèque €")],
        encoding="utf-16",
        coding="utf-16",
    )
    windows_1252 = lines(
        "JSON: Windows-1252",
        record(method="chèque €"),
        accepted=[paid(2, "KEY", "chèque €")],
        encoding="cp1252",
        coding="cp1252",
    )
    zipped = lines("JSON: compressed", whole[:-1], refused=[Refused(2, "json", NOT_JSON)], suffix="jsonl.gz")
    zipped.content = gzip.compress(zipped.content)
    return [
        read_normally("comma after the last field", whole[:-1] + ",}"),
        not_json("array instead of an object", f"[{whole}]"),
        lines(
            "JSON: nulls, numbers and texts instead of objects",
            "null",
            "17",
            '"KEY"',
            "true",
            refused=[Refused(line, "json", NOT_JSON) for line in (2, 3, 4, 5)],
        ),
        not_json("two objects in one line", whole + whole),
        not_json("text after the object", whole + " // KEY"),
        not_json("single quotes", whole.replace('"', "'")),
        not_json("key without quotes", whole.replace('"method"', "method")),
        not_json("control character in a text", whole.replace("card", "ca\x01rd")),
        not_json("broken escape", whole.replace("card", "\\x41")),
        not_json("half of a surrogate pair", whole.replace("card", "\\ud83d")),
        wrong("NaN", whole.replace("1.5", "NaN"), "type", "NaN or infinite", "NaN"),
        not_json("number with a leading zero", whole.replace("1.5", "01.5")),
        several,
        table_file(
            "JSON: a whole file of one array",
            PAYMENT,
            pretty,
            [],
            [Refused(1 + number, "json", NOT_JSON) for number in range(count)],
            suffix="jsonl",
        ),
        table_file("JSON: no complete line", PAYMENT, "{", [], [Refused(1, "json", NOT_JSON)], suffix="jsonl"),
        cut,
        blank,
        windows,
        mark,
        other,
        windows_1252,
        zipped,
    ]


def contents() -> list[Damage]:
    nested = {"type": "card", "last4": [1, None, {"x": "é"}]}
    deep = "[" * 500 + "]" * 500
    big = "12345678901234567890"
    twice = record().replace('"amount": 1.5', '"amount": 1.5, "amount": 2.5')
    cases = record().replace('"amount": 1.5', '"amount": 1.5, "AMOUNT": 2.5')
    return [
        lines(
            "JSON: object and array in a text column",
            record(method=nested),
            record(receipt_id="KEY 2", method=[1, 2]),
            accepted=[
                paid(2, "KEY", json.dumps(nested, ensure_ascii=False, separators=(",", ":"))),
                paid(3, "KEY 2", "[1,2]"),
            ],
        ),
        lines("JSON: deeply nested", record().replace('"card"', deep), accepted=[paid(2, "KEY", deep)]),
        wrong(
            "object in a number column",
            record(amount={"value": 1.5, "currency": "GBP"}),
            "type",
            "amount is not a decimal",
            "GBP",
        ),
        wrong("array in a number column", record(payment_number=[1]), "type", "payment_number is not a whole number"),
        wrong(
            "object in a time column",
            record(synced_at={"$date": STAMP}),
            "type",
            "synced_at is not a timestamp",
            "$date",
        ),
        wrong("true in a number column", record(amount=True), "type", "amount is not a decimal number"),
        read_normally("numbers as texts", record(payment_number="1", amount="1.50")),
        read_normally("true in a text column", record(method=True), method="true"),
        read_normally("exponent in a number", record().replace("1.5", "1.5e0")),
        read_normally("epoch seconds as a number", record(synced_at=1767607200)),
        read_normally("epoch milliseconds as a number", record(synced_at=1767607200000)),
        table_file(
            "JSON: keys in capitals with spaces",
            PAYMENT,
            record().replace("receipt_id", " RECEIPT_ID ").replace("amount", "Amount"),
            [paid(1, "KEY")],
            suffix="jsonl",
        ),
        read_normally("keys in another case in one line of several", record().replace("method", "METHOD")),
        table_file(
            "JSON: optional keys in another case in one line of several",
            "crm/profile",
            f'{{"profile_id": "KEY 1", "city": "x", "synced_at": "{STAMP}"}}\n'
            f'{{"profile_id": "KEY 2", "City": "y", "synced_at": "{STAMP}"}}\n',
            [{"profile_id": "KEY 1", "city": "x", "_line": 1}, {"profile_id": "KEY 2", "city": "y", "_line": 2}],
            suffix="jsonl",
        ),
        read_normally("an extra field", record(shade={"a": 1})),
        read_normally(
            "escaped characters",
            record().replace("card", 'ch\\u00e8que \\ud83d\\ude00 \\"x\\" \\n'),
            method='chèque 😀 "x" \n',
        ),
        lines("JSON: number as a key, all digits kept", record().replace('"KEY"', big), accepted=[paid(2, big)]),
        wrong("required field null", record(method=None), "required", "method is missing"),
        wrong("required field absent", record().replace('"method": "card", ', ""), "required", "method is missing"),
        wrong("required field an empty text", record(method=""), "required", "method is missing"),
        lines("JSON: an empty object", "{}", refused=[Refused(2, "required", "receipt_id is missing")]),
        wrong("decimal comma", record(amount="1,50"), "type", "decimal comma", "1,50"),
        wrong(
            "id in scientific notation",
            record(method="KEY").replace('"receipt_id": "KEY"', '"receipt_id": 1.23457E+12'),
            "precision",
            "digits",
        ),
        wrong("one key twice with two values", twice, "json", "twice"),
        wrong("one key twice in two cases", cases, "json", "twice"),
        wrong("a line of more than 2 MB", record(method="x" * 2_200_000), "shape|json", "2 MB"),
        read_normally("a field of 1 MB", record(method="é" * 500_000), method="é" * 500_000),
        table_file(
            "JSON: SQL in a key",
            PAYMENT,
            record(**{"x'); drop table intake.files; --": 1}),
            [paid(1, "KEY")],
            suffix="jsonl",
        ),
        table_file(
            "JSON: optional fields that only some lines have",
            "crm/profile",
            f'{{"profile_id": "KEY 1", "synced_at": "{STAMP}"}}\n'
            f'{{"city": "x", "profile_id": "KEY 2", "synced_at": "{STAMP}"}}\n',
            [
                {"profile_id": "KEY 1", "city": None, "synced_at": AT, "_line": 1},
                {"profile_id": "KEY 2", "city": "x", "synced_at": AT, "_line": 2},
            ],
            suffix="jsonl",
        ),
    ]


CASES = [*syntax(), *contents()]
