"""Damage to values: numbers, times, ids, booleans, blanks, and records that contradict others."""

from __future__ import annotations

from datetime import date, datetime
from decimal import Decimal

from tests.support.damage import AT, PAYMENT, PAYMENTS, STAMP, Damage, Refused, paid, payments, table_file

RECEIPT_LINES = "receipt_id,line_number,sku,quantity,unit_price,is_promotion,synced_at\n"
RETURNS = "return_id,line_number,channel,order_ref,quantity,refund_amount,currency,returned_at,synced_at\n"
DECIMAL, WHOLE, NOT_FINITE = "amount is not a decimal number", "is not a whole number", "NaN or infinite"


def amount(name: str, text: str, becomes: str) -> Damage:
    row = f'KEY,1,card,"{text}",{STAMP}'
    return payments(f"amount as {name}", row, accepted=[paid(3, "KEY", amount=becomes)])


def invalid_amount(name: str, text: str, words: str = DECIMAL) -> Damage:
    row = f'KEY,1,card,"{text}",{STAMP}'
    return payments(f"amount with {name}", row, refused=[Refused(3, "type", words, ("KEY", text))])


def numbers() -> list[Damage]:
    comma = "decimal comma"
    in_semicolons = table_file(
        "decimal comma between semicolons",
        PAYMENT,
        f"{PAYMENTS}\nKEY,1,card,1.50,{STAMP}\n".replace(",", ";") + f"KEY;1;card;12,50;{STAMP}\n",
        [paid(2, "KEY")],
        [Refused(3, "type", comma, ("12,50",))],
    )
    return [
        invalid_amount("a decimal comma", "12,50", comma),
        invalid_amount("points for thousands and a decimal comma", "1.234,50", comma),
        in_semicolons,
        invalid_amount("commas for thousands", "1,234,567.50", "thousands separators"),
        invalid_amount("one comma for thousands", "1,234.50", "thousands separators"),
        invalid_amount("spaces for thousands", "1 234.50"),
        invalid_amount("hard spaces for thousands", "1\u00a0234.50"),
        invalid_amount("an apostrophe for thousands", "1'234.50"),
        invalid_amount("a currency symbol", "£12.50"),
        invalid_amount("a currency code", "12.50 GBP"),
        invalid_amount("brackets for minus", "(12.50)"),
        invalid_amount("a trailing minus", "12.50-"),
        invalid_amount("a typographic minus", "−12.50"),
        invalid_amount("digits of another script", "١٢"),
        invalid_amount("an underscore", "1_000"),
        invalid_amount("hexadecimal digits", "0x1F"),
        invalid_amount("a fraction", "1/2"),
        invalid_amount("a word for null", "NULL"),
        invalid_amount("a word", "free"),
        invalid_amount("NaN", "NaN", NOT_FINITE),
        invalid_amount("Infinity", "Infinity", NOT_FINITE),
        invalid_amount("minus infinity", "-inf", NOT_FINITE),
        invalid_amount("too many digits", "1e30"),
        amount("scientific notation", "1.25E+2", "125"),
        amount("a plus sign", "+3", "3"),
        amount("spaces around", "  3.5 ", "3.5"),
        amount("leading zeros", "0012.5", "12.5"),
        amount("a bare fraction", ".5", "0.5"),
        amount("five decimals", "1.23456", "1.2346"),
        amount("negative", "-12.5", "-12.5"),
        amount("absurd", "99999999999999.9999", "99999999999999.9999"),
        payments("half a payment number", f"KEY,1.5,card,1,{STAMP}", refused=[Refused(3, "type", WHOLE)]),
        payments("a whole number as a decimal", f"KEY,1.0,card,1.50,{STAMP}", accepted=[paid(3, "KEY")]),
        payments(
            "a whole number beyond 64 bits",
            f"KEY,9223372036854775808,card,1,{STAMP}",
            refused=[Refused(3, "type", WHOLE)],
        ),
    ]


def ids() -> list[Damage]:
    plain = [paid(3, "1E5 KEY"), paid(4, "0012E3")]
    order = "id,customer_id,currency,total_price,financial_status,created_at,_fivetran_synced\n"
    orders = f"{order}KEY,6.12346E+12,GBP,1,paid,{STAMP},{STAMP}\nKEY 2,00612,GBP,1,paid,{STAMP},{STAMP}\n"
    kept = {"id": "KEY 2", "customer_id": "00612", "_line": 3}
    return [
        payments(
            "key in scientific notation",
            f"1.23457E+12,1,card,1,{STAMP}",
            refused=[Refused(3, "precision", "digits", ("1.23457E+12",))],
        ),
        table_file(
            "id in scientific notation",
            "shopify/order",
            orders,
            [kept],
            [Refused(2, "precision", "customer_id", ("6.12346E+12", "KEY"))],
        ),
        payments(
            "keys that only look like numbers",
            f"1E5 KEY,1,card,1.50,{STAMP}",
            f"0012E3,1,card,1.50,{STAMP}",
            accepted=plain,
        ),
        payments(
            "leading zeros in a key",
            f"000771,1,card,1.50,{STAMP}",
            f"771,1,cash,1,{STAMP}",
            accepted=[paid(3, "000771"), paid(4, "771", "cash", "1")],
        ),
        payments("spaces around a key", f"  KEY ,1,card,1.50,{STAMP}", accepted=[paid(3, "  KEY ")]),
        payments(
            "scientific notation in a text that is not an id",
            f"KEY,1,1.5E+3,1.50,{STAMP}",
            accepted=[paid(3, "KEY", "1.5E+3")],
        ),
    ]


def at(name: str, text: str, utc: datetime) -> Damage:
    row = f'KEY,1,card,1.50,"{text}"'
    return payments(f"time as {name}", row, accepted=[paid(3, "KEY", synced_at=utc)])


def invalid_time(name: str, text: str) -> Damage:
    words = "synced_at is not a timestamp such as 2026-06-30 18:05:00"
    row = f'KEY,1,card,1.50,"{text}"'
    return payments(f"time as {name}", row, refused=[Refused(3, "type", words, ("KEY", text))])


def times() -> list[Damage]:
    mixed = [
        f"KEY {n},1,card,1.50,{text}"
        for n, text in enumerate(
            (
                "2026-01-05T10:00:00Z",
                "05/01/2026 10:00",
                "1767607200",
                "2026-01-05 12:00:00+02:00",
                "5 Jan 2026",
                "2026-01-05 10:00:00.000",
            )
        )
    ]
    birthdays = (
        f"profile_id,birth_date,synced_at\nKEY,1990-12-31,{STAMP}\nKEY 2,31/12/1990,{STAMP}\n"
        f"KEY 3,1990-02-30,{STAMP}\nKEY 4,1885-01-01T00:00:00Z,{STAMP}\n"
    )
    return [
        at("ISO with T and Z", "2026-01-05T10:00:00Z", AT),
        at("ISO with an offset", "2026-01-05T15:30:00.5+05:30", AT.replace(microsecond=500_000)),
        at("a day", "2026-01-05", datetime(2026, 1, 5)),
        at("epoch seconds", "1767607200", AT),
        at("epoch milliseconds", "1767607200250", AT.replace(microsecond=250_000)),
        at("the beginning of the epoch", "1970-01-01 00:00:00", datetime(1970, 1, 1)),
        at("the far future", "2199-12-31T23:59:59Z", datetime(2199, 12, 31, 23, 59, 59)),
        at("a date long ago", "1899-12-31", datetime(1899, 12, 31)),
        invalid_time("day, month and year", "31/12/2025"),
        invalid_time("month, day and year", "12/31/2025 10:00 AM"),
        invalid_time("dotted day, month and year", "31.12.2025 10:00"),
        invalid_time("words", "Dec 31, 2025"),
        invalid_time("digits without dashes", "20251231"),
        invalid_time("days of a spreadsheet", "46022.4166"),
        invalid_time("a day that does not exist", "2026-02-30 10:00:00"),
        invalid_time("an hour that does not exist", "2026-01-05 25:00:00"),
        invalid_time("a month that does not exist", "2026-13-05T10:00:00Z"),
        invalid_time("infinity", "infinity"),
        invalid_time("zeros", "0000-00-00 00:00:00"),
        payments(
            "several forms of time in one column",
            *mixed,
            accepted=[paid(3, "KEY 0"), paid(5, "KEY 2"), paid(6, "KEY 3"), paid(8, "KEY 5")],
            refused=[Refused(4, "type", "such as 2026-06-30 18:05:00"), Refused(7, "type", "such as 2026-06-30")],
        ),
        table_file(
            "dates of birth in several forms",
            "crm/profile",
            birthdays,
            [
                {"profile_id": "KEY", "birth_date": date(1990, 12, 31), "_line": 2},
                {"profile_id": "KEY 4", "birth_date": date(1885, 1, 1), "_line": 5},
            ],
            [Refused(3, "type", "birth_date is not a date such as 2026-06-30"), Refused(4, "type", "birth_date")],
        ),
    ]


def blanks_and_switches() -> list[Damage]:
    spellings = {
        "true": True,
        "FALSE": False,
        "1": True,
        "0": False,
        "Yes": True,
        "no": False,
        " true ": True,
        "": None,
    }
    refused = ("maybe", "2", "oui", "-1")
    rows = "".join(f"KEY,{n},A,1,2.5,{text},{STAMP}\n" for n, text in enumerate([*spellings, *refused]))
    kept = [
        {"receipt_id": "KEY", "line_number": n, "is_promotion": value, "_line": n + 2}
        for n, value in enumerate(spellings.values())
    ]
    wrong = [
        Refused(10 + n, "type", "is_promotion is not one of true, false", (text,)) for n, text in enumerate(refused)
    ]
    blank = f"profile_id,first_name,city,birth_date,synced_at\nKEY,   ,\t,  ,{STAMP}\n"
    return [
        table_file("spellings of true and false", "pos/receipt_line", RECEIPT_LINES + rows, kept, wrong),
        payments(
            "key of white space", f"  \t ,1,card,1,{STAMP}", refused=[Refused(3, "required", "receipt_id is missing")]
        ),
        payments(
            "number of white space", f"KEY,1,card,  ,{STAMP}", refused=[Refused(3, "required", "amount is missing")]
        ),
        payments(
            "required value missing",
            f"KEY,1,,1,{STAMP}",
            refused=[Refused(3, "required", "method is missing", ("KEY",))],
        ),
        payments("a row of nothing but commas", ",,,,", refused=[Refused(3, "required", "receipt_id is missing")]),
        payments(
            "several violations in one row",
            "KEY,x,,1,",
            refused=[
                Refused(3, "type|required", "payment_number is not a whole number"),
            ],
        ),
        table_file(
            "optional values of white space",
            "crm/profile",
            blank,
            [{"profile_id": "KEY", "first_name": "   ", "city": "\t", "birth_date": None, "_line": 2}],
        ),
    ]


def records() -> list[Damage]:
    """Well-formed rows that contradict other records: the load accepts them, the validation rules check them."""
    money = Decimal("1000000")
    orphan = f"{RECEIPT_LINES}KEY nobody has,1,A,1,2.5,,{STAMP}\n"
    refunds = (
        f"{RETURNS}KEY,1,online,no such order,1,10,GBP,{STAMP},{STAMP}\nKEY,2,online,x,-5,1000000,,{STAMP},{STAMP}\n"
    )
    receipts = "receipt_id,sold_at,currency,status,total_amount,synced_at\n"
    currencies = f"{receipts}KEY 1,{STAMP},,completed,5,{STAMP}\nKEY 2,{STAMP},XXX,completed,5,{STAMP}\n"
    kept = {"receipt_id": "KEY 2", "currency": "XXX", "total_amount": Decimal(5), "_line": 3}
    return [
        table_file(
            "line of a receipt that was never delivered",
            "pos/receipt_line",
            orphan,
            [{"receipt_id": "KEY nobody has", "unit_price": Decimal("2.5"), "_line": 2}],
        ),
        table_file(
            "refund of an order that was never delivered, and one above every order",
            "returns/return_line",
            refunds,
            [
                {"order_ref": "no such order", "refund_amount": Decimal(10), "_line": 2},
                {"quantity": -5, "refund_amount": money, "currency": None, "_line": 3},
            ],
        ),
        table_file(
            "currency missing and currency unknown",
            "pos/receipt",
            currencies,
            [kept],
            [Refused(2, "required", "currency is missing", ("KEY 1",))],
        ),
    ]


CASES = [*numbers(), *ids(), *times(), *blanks_and_switches(), *records()]
