"""Damage to CSV as text: encodings, line ends, quotes, shapes, headers, sizes, names."""

from __future__ import annotations

import bz2
import codecs
import gzip

from tests.support.damage import AT, PAYMENT, PAYMENTS, STAMP, Damage, Refused, Row, key_of, paid, payments, table_file

FEW, MANY, QUOTE = "fewer fields", "more fields", "quotation mark"
PROFILES = "profile_id,first_name,city,country_code,synced_at\n"


def profile(line: int, key: str, first_name: str | None, **others: object) -> Row:
    return {"profile_id": key, "first_name": first_name, "synced_at": AT, "_line": line} | others


def encodings() -> list[Damage]:
    word = f"KEY,1,chèque – 10 €,1.50,{STAMP}"
    read = [paid(3, "KEY", "chèque – 10 €")]
    names = [f"é{number}è Łódź" for number in range(30)]
    rows = "".join(f"KEY {number},{name},Ürümqi,,{STAMP}\n" for number, name in enumerate(names))
    good = [profile(number + 2, f"KEY {number}", name, city="Ürümqi") for number, name in enumerate(names)]
    bad_bytes = table_file(
        "a few broken bytes in UTF-8",
        "crm/profile",
        PROFILES + rows,
        [row for row in good if row["_line"] not in (7, 13)],
        [Refused(7, "encoding", "UTF-8", ("KEY 5",)), Refused(13, "encoding", "UTF-8", ("KEY 11",))],
    )
    bad_bytes.content = bad_bytes.content.replace("é5è".encode(), b"\xe95").replace("é11è".encode(), b"x\xc3")
    no_letter = payments(
        "bytes that are undefined in Windows-1252",
        f"KEY,1,ch\xe8que \x81,1.50,{STAMP}",
        accepted=[paid(3, "KEY", "chèque \x81")],
        coding="latin-1",
        encoding="cp1252",
    )
    big_endian = payments("UTF-16 big-endian", word, accepted=read, coding="utf-16-be", encoding="utf-16")
    big_endian.content = codecs.BOM_UTF16_BE + big_endian.content
    no_mark = payments(
        "UTF-16 without a byte order mark", word, accepted=read, coding="utf-16-le", encoding="utf-16-le"
    )
    both = payments(
        "lines of two encodings in one file",
        *(f"KEY {number},1,chèque,1.50,{STAMP}" for number in range(5)),
        accepted=[paid(3 + number, f"KEY {number}", "chèque") for number in range(5) if number != 2],
        refused=[Refused(5, "encoding", "UTF-8", ("KEY 2",))],
    )
    letter, place = "è".encode(), -1
    for _ in range(3):
        place = both.content.index(letter, place + 1)
    both.content = both.content[:place] + b"\xe8" + both.content[place + 2 :]
    two_marks = payments("two byte order marks", word, accepted=read)
    two_marks.content = codecs.BOM_UTF8 + two_marks.content
    zipped = payments("Windows-1252 compressed", word, accepted=read, coding="cp1252", encoding="cp1252")
    zipped.content, zipped.suffix = gzip.compress(zipped.content), "csv.gz"
    return [
        payments("byte order mark", word, accepted=read, coding="utf-8-sig"),
        two_marks,
        payments("UTF-16 little-endian", word, accepted=read, coding="utf-16", encoding="utf-16"),
        big_endian,
        no_mark,
        both,
        payments("Windows-1252", word, accepted=read, coding="cp1252", encoding="cp1252"),
        zipped,
        no_letter,
        bad_bytes,
        payments(
            "UTF-8 that was once read as Latin-1", f"KEY,1,chÃ¨que,1.50,{STAMP}", accepted=[paid(3, "KEY", "chÃ¨que")]
        ),
        payments(
            "the replacement character", f"KEY,1,ch\ufffdque,1.50,{STAMP}", accepted=[paid(3, "KEY", "ch\ufffdque")]
        ),
    ]


def letters() -> list[Damage]:
    """Text that must be stored unchanged."""
    names = {
        "emoji": "👩🏽‍🚀 Zoë",
        "Hebrew": "שלום כהן",
        "Arabic": "محمد بن سلمان",
        "direction override": "\u202elive\u202c",
        "combining accents": "e\u0301 is not é",
        "beyond the basic plane": "𝕏𝔸 𠮷野家",
        "odd spaces": "\u3000x\u00a0y",
        "control characters": "a\x01b\x1bc\x7fd",
        "Unicode line separators": "a\u2028b\u2029c\x85d\x0be\x0cf",
        "invisible letters": "a\u200bb\ufeffc",
        "a word that means null elsewhere": "NULL",
        "a formula": "=HYPERLINK(1)",
        "SQL in a value": "Robert'); drop table intake.files; --",
        "format characters": "%s {0} ${HOME} \\N \\n",
    }
    return [
        table_file(name, "crm/profile", f"{PROFILES}KEY,{text},,,{STAMP}\n", [profile(2, "KEY", text, city=None)])
        for name, text in names.items()
    ]


def line_ends() -> list[Damage]:
    row, cut, last = f"KEY,1,card,1.50,{STAMP}", [Refused(4, "shape", FEW, ("KEY 2",))], [paid(3, "KEY")]
    mixed = payments("mixed line ends", row, "KEY 2,1", accepted=last, refused=cut)
    mixed.content = mixed.content.replace(b"\n", b"\r\n", 2)
    no_end = payments("no line end at the end", row, "KEY 2,1", accepted=last, refused=cut)
    no_end.content = no_end.content.rstrip(b"\n")
    truncated = payments("cut off in the last row", row, accepted=last)
    truncated.content = truncated.content[: -len(f"ash,-2,{STAMP}\n")]
    truncated.accepted.pop()
    truncated.refused = [Refused(4, "shape", FEW, (f"{key_of(truncated.name)} last",))]
    truncated_stamp = payments("cut off in the last timestamp", row, accepted=last)
    truncated_stamp.content = truncated_stamp.content[: -len("10:00:00\n")]
    truncated_stamp.content += b"1"
    truncated_stamp.accepted.pop()
    truncated_stamp.refused = [Refused(4, "type", "synced_at is not a timestamp")]
    blank = [paid(4, "KEY")]
    return [
        payments("Windows line ends", row, "KEY 2,1", accepted=last, refused=cut, ends="\r\n"),
        payments("old Mac line ends", row, "KEY 2,1", accepted=last, refused=cut, ends="\r"),
        mixed,
        no_end,
        truncated,
        truncated_stamp,
        payments("blank lines between", "", row, "", "KEY 2,1", accepted=blank, refused=[Refused(6, "shape", FEW)]),
    ]


def quotes() -> list[Damage]:
    escaped = f'"{PAYMENTS}"'.replace(",", '","')
    swallowed = f'KEY,1,"card,1,{STAMP}'
    return [
        payments(
            "quotes and delimiters in quotes",
            f'"KEY","1","a ""b"", c","1.50","{STAMP}"',
            accepted=[paid(3, "KEY", 'a "b", c')],
        ),
        payments(
            "line break in quotes",
            f'KEY,1,"two\nlines\n",1.50,{STAMP}',
            accepted=[paid(3, "KEY", "two\nlines\n")],
            last_line=None,
        ),
        payments(
            "text after a closing quote", f'KEY,1,"card"x,1,{STAMP}', refused=[Refused(3, "shape", QUOTE, ("KEY",))]
        ),
        payments("quote within an unquoted field", f'KEY,1,6" disc,1.50,{STAMP}', accepted=[paid(3, "KEY", '6" disc')]),
        payments(
            "quote escaped with a backslash",
            f'KEY,1,"a \\"b\\" c",1,{STAMP}',
            refused=[Refused(3, "shape", QUOTE, ("KEY",))],
        ),
        at_the_end("unclosed quote at the end of the file", swallowed, [Refused(3, "shape", QUOTE, ("KEY",))]),
        at_the_end(
            "unclosed quote followed by rows",
            f"{swallowed}\nKEY 2,1,cash,2,{STAMP}",
            [Refused(3, "shape", QUOTE, ("KEY", "KEY 2"))],
        ),
        payments("header in quotes", f"KEY,1,card,1.50,{STAMP}", accepted=[paid(3, "KEY")], header=escaped),
        payments("empty quotes", f'KEY,1,"",1,{STAMP}', refused=[Refused(3, "required", "method is missing")]),
    ]


def at_the_end(name: str, row: str, refused: list[Refused]) -> Damage:
    """Payments with the damaged row last."""
    text = f"{PAYMENTS}\nKEY first,1,card,1.50,{STAMP}\n{row}\n"
    return table_file(name, PAYMENT, text, [paid(2, "KEY first")], refused)


def shapes() -> list[Damage]:
    good, kept = f"KEY,1,card,1.50,{STAMP}", [paid(3, "KEY")]
    twice = f"{PAYMENTS}\n{PAYMENTS}\n{good}\n{PAYMENTS}\n"
    shifted = [Refused(3, "type|required", "payment_number is not a whole number", ("card", "KEY"))]
    return [
        payments("too few fields", "KEY,1,card", refused=[Refused(3, "shape", FEW, ("KEY", "card"))]),
        payments("too many fields", good + ",x", refused=[Refused(3, "shape", MANY, ("KEY", "card"))]),
        payments("an extra comma", f"KEY,1,card, blue,1.50,{STAMP}", refused=[Refused(3, "shape", MANY, ("KEY",))]),
        payments("values shifted to the left", f"KEY,card,1.50,{STAMP},", refused=shifted),
        payments("values shifted to the right", f"KEY,,1,card,1.50,{STAMP}", refused=[Refused(3, "shape", MANY)]),
        payments(
            "header repeated in the middle",
            PAYMENTS,
            good,
            accepted=[paid(4, "KEY")],
            refused=[Refused(3, "shape|header", "header", ("receipt_id",))],
        ),
        table_file(
            "header repeated at the beginning and at the end",
            PAYMENT,
            twice,
            [paid(3, "KEY")],
            [Refused(2, "shape|header", "header"), Refused(4, "shape|header", "header")],
        ),
        payments("header in capitals", good, header=PAYMENTS.upper(), accepted=kept),
        payments("header with spaces", good, header=PAYMENTS.replace(",", " , "), accepted=kept),
        table_file("only a header", PAYMENT, PAYMENTS + "\n", []),
        table_file("only a header without line end", PAYMENT, PAYMENTS, []),
        reordered(),
        trailing_commas(),
        many_columns(),
        sql_in_header(),
        table_file(
            "optional columns missing",
            "crm/profile",
            f"profile_id,synced_at\nKEY,{STAMP}\n",
            [profile(2, "KEY", None, city=None, birth_date=None)],
        ),
        *(delimited(word, sign) for word, sign in (("semicolons", ";"), ("tabs", "\t"), ("bars", "|"))),
        table_file(
            "one delimiter in the header and another in the rows",
            PAYMENT,
            f"{PAYMENTS}\n{good}\n{good.replace(',', ';')}\n",
            [paid(2, "KEY")],
            [Refused(3, "shape", FEW, ("KEY",))],
        ),
    ]


def reordered() -> Damage:
    text = f"synced_at,amount,receipt_id,method,payment_number\n{STAMP},1.50,KEY,card,1\n{STAMP},x,KEY,card,1\n"
    refused = [Refused(3, "type", "amount is not a decimal number", ("x",))]
    return table_file("columns in another order", PAYMENT, text, [paid(2, "KEY")], refused)


def trailing_commas() -> Damage:
    """As in some exports, every line ends in a delimiter, including the header."""
    text = f"{PAYMENTS},\nKEY,1,card,1.50,{STAMP},\nKEY 2,x,card,1,{STAMP},\n"
    refused = [Refused(3, "type", "payment_number is not a whole number")]
    return table_file("a delimiter at the end of every line", PAYMENT, text, [paid(2, "KEY")], refused)


def many_columns() -> Damage:
    header = ",".join([PAYMENTS, *(f"extra_{number}" for number in range(1_500))])
    row = ",".join([f"KEY,1,card,1.50,{STAMP}", *(str(number) for number in range(1_500))])
    damage = table_file("very many columns", PAYMENT, f"{header}\n{row}\n", [paid(2, "KEY")])
    damage.drift = {(f"extra_{number}", "extra") for number in range(1_500)}
    return damage


def sql_in_header() -> Damage:
    hostile = "x\"'); drop table intake.files; --"
    quoted = '"' + hostile.replace('"', '""') + '"'
    text = f"{PAYMENTS},{quoted}\nKEY,1,card,1.50,{STAMP},1\nKEY,1,card,none,{STAMP},seven\n"
    refused = [Refused(3, "type", "amount is not a decimal number", ("seven",))]
    damage = table_file("SQL in a header", PAYMENT, text, [paid(2, "KEY")], refused)
    damage.drift = {(hostile, "extra")}
    return damage


def delimited(word: str, sign: str) -> Damage:
    text = f"{PAYMENTS}\nKEY,1,card,1.50,{STAMP}\n".replace(",", sign)
    return table_file(
        f"{word} for commas",
        PAYMENT,
        f'{text}KEY 2{sign}1{sign}"a{sign}b"{sign}2{sign}{STAMP}\n',
        [paid(2, "KEY"), paid(3, "KEY 2", f"a{sign}b", "2")],
        drift=set(),
    )


def sizes_and_bytes() -> list[Damage]:
    large, huge = "é" * 500_000, "x" * 2_200_000
    nul = payments("NUL bytes", f"KEY,1,ca\0rd\0,1.50,{STAMP}", accepted=[paid(3, "KEY")])
    members = payments(
        "gzip in several members", f"KEY,1,card,1.50,{STAMP}", accepted=[paid(3, "KEY")], suffix="csv.gz"
    )
    half = members.content.index(b"card")
    members.content = gzip.compress(members.content[:half]) + gzip.compress(members.content[half:])
    packed = payments("compressed with bzip2", f"KEY,1,card,1.50,{STAMP}", accepted=[paid(3, "KEY")], suffix="csv.bz2")
    packed.content = bz2.compress(packed.content)
    return [
        nul,
        packed,
        members,
        payments("a field of 1 MB", f"KEY,1,{large},1.50,{STAMP}", accepted=[paid(3, "KEY", large)]),
        payments(
            "a line of more than 2 MB", f"KEY,1,{huge},1.50,{STAMP}", refused=[Refused(3, "shape", "2 MB", ("KEY",))]
        ),
    ]


def names() -> list[Damage]:
    """File names such as people choose."""
    odd = {
        "spaces": "till 3, week 1 (copy)_2026-02-01.csv",
        "quotes": 'it\'s "new"_2026-02-01.csv',
        "letters": "Кассы_店_é😀_2026-02-01.csv",
        "pattern": "x[1]*?{a,b}_2026-02-01.csv",
        "capitals": "EXPORT_2026-02-01.CSV",
        "SQL": "x'); drop table intake.files; --_2026-02-01.csv",
        "percent": "a%20b$HOME%s_2026-02-01.csv",
    }
    return [
        payments(f"file name with {word}", f"KEY,1,card,1.50,{STAMP}", accepted=[paid(3, "KEY")], file_name=name)
        for word, name in odd.items()
    ]


def repeats() -> list[Damage]:
    row = f"KEY,1,card,1.50,{STAMP}"
    other = f"KEY,1,cash,1.50,{STAMP}"
    later = f"KEY,1,cash,2,{STAMP.replace('-05', '-06')}"
    unit = "\x1f"
    forged = f"{PROFILES}KEY,a,X{unit}country_code=GB,,{STAMP}\nKEY,a,X,GB,{STAMP.replace('-05', '-06')}\n"
    day = AT.replace(day=6)
    return [
        payments("the same row twice", row, row, accepted=[paid(3, "KEY")], duplicates=1),
        payments(
            "the same content in other spellings",
            row,
            f'"KEY",+1,card,01.5,{STAMP}Z',
            accepted=[paid(3, "KEY")],
            duplicates=1,
        ),
        payments(
            "one key with two contents",
            row,
            later,
            accepted=[paid(3, "KEY"), paid(4, "KEY", "cash", "2", synced_at=day)],
        ),
        payments(
            "one key with two contents at the same time", row, other, accepted=[paid(3, "KEY"), paid(4, "KEY", "cash")]
        ),
        table_file(
            "content that imitates the boundary between two columns",
            "crm/profile",
            forged,
            [
                profile(2, "KEY", "a", city=f"X{unit}country_code=GB", country_code=None),
                profile(3, "KEY", "a", city="X", country_code="GB", synced_at=day),
            ],
        ),
    ]


def joined_keys() -> Damage:
    """Two members whose keys look the same once their columns are joined; each is delivered twice, alternately."""
    keys, days = ("KEY a|b,c,x", "KEY a,b|c,y"), ("05", "06", "07", "08")
    rows = [f"{keys[number % 2]},2026-01-{day} 10:00:00\n" for number, day in enumerate(days)]
    kept: list[Row] = [
        {"list_name": "KEY a|b", "member_email": "c", "tool": "x", "synced_at": AT, "_line": 2},
        {"list_name": "KEY a", "member_email": "b|c", "tool": "y", "synced_at": AT.replace(day=6), "_line": 3},
    ]
    text = "list_name,member_email,tool,synced_at\n" + "".join(rows)
    return table_file("keys that look the same once joined", "external_lists/list_member", text, kept, duplicates=2)


CASES = [
    *encodings(),
    *letters(),
    *line_ends(),
    *quotes(),
    *shapes(),
    *sizes_and_bytes(),
    *names(),
    *repeats(),
    joined_keys(),
]
