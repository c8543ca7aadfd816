"""What to search for in text that no contract describes: the spellings of persons' identifiers, as one pattern."""

from __future__ import annotations

import re
from dataclasses import dataclass, field

import duckdb

from scripts.erasure.normal import calling_code
from scripts.erasure.person import Person
from scripts.erasure.redact import Redactor
from scripts.platform.contracts import Source
from scripts.platform.keyed_hash import keyed_hash
from scripts.platform.privacy import ACCOUNTS
from scripts.platform.warehouse import quote

BETWEEN = "[ ()./-]*"
MARK = "[erased]"
REPLACEMENT = f"\\1\\3{MARK}\\2\\4"
# Matches no text.
NOTHING = "[^\\s\\S]"
# A shorter number may be anything: a quantity, a number of the shop's own, half a telephone number.
DISTINCT_LENGTH = 8
DISTINCT_DIGITS = 9


@dataclass
class IdentifierPatterns:
    """Patterns of the persons' identifiers, valid in both RE2 and Python, and of names, which are for free text only.

    `cores` are plain texts, one of which is in every match, ignoring spaces and punctuation; `aliases` are the hashes
    that identify the persons in the warehouse.
    """

    emails: list[str] = field(default_factory=list)
    numbers: list[str] = field(default_factory=list)
    names: list[str] = field(default_factory=list)
    cores: set[str] = field(default_factory=set)
    aliases: set[str] = field(default_factory=set)

    def pattern(self, *, with_names: bool = False) -> str:
        """One pattern, to be used ignoring case; replace with REPLACEMENT, which keeps the surrounding characters."""
        found = []
        if self.emails:  # not the end of another address, nor the beginning of another domain
            found.append(
                f"(^|[^a-z0-9._+-]|%[0-9a-f][0-9a-f])(?:{'|'.join(self.emails)})($|[^a-z0-9.-]|[.]$|[.][^a-z0-9])"
            )
        numbers = self.numbers + (self.names if with_names else [])
        # Four groups in any case, which REPLACEMENT names.
        if numbers:
            before = "(^|[^a-z0-9])" if found else "()()(^|[^a-z0-9])"
            found.append(f"{before}(?:{'|'.join(numbers)})($|[^a-z0-9])")
        elif found:
            found = [f"{found[0]}()()"]
        return "|".join(found) or NOTHING

    def may_be_in(self, data: bytes) -> bool:
        """A cheap check: False means that no pattern matches."""
        stripped = data.lower().replace(b"%40", b"@").translate(None, b" ()./-")
        return any(core.encode() in stripped for core in self.cores)

    def replace_in(self, text: str) -> tuple[str, int]:
        """The text without the identifiers, and how many there were."""
        pattern, total, found = re.compile(self.pattern(), re.IGNORECASE), 0, 1
        while found:  # adjacent identifiers share the character between them
            text, found = pattern.subn(REPLACEMENT, text)
            total += found
        return text, total


def identifier_patterns_of(
    connection: duckdb.DuckDBPyConnection, sources: dict[str, Source], persons: list[Person], country: str
) -> IdentifierPatterns:
    """The patterns of the persons; their ids must be in `temp.erasure_ids`, and their rows in the raw tables."""
    patterns = IdentifierPatterns()
    values: dict[str, set[str]] = {}
    for person in persons:
        for kind, value in person.ids:
            values.setdefault(kind, set()).add(value)
        patterns.aliases |= {*person.customer_ids, *(keyed_hash(key) for key in person.profile_keys)}
    for email in sorted(values.get("email", ())):
        patterns.emails.append(re.escape(email).replace("@", "(?:@|%40)"))
        patterns.cores.add(_core(email))
    for phone in sorted(values.get("phone", ())):
        pattern, core = _phone(phone, country)
        patterns.numbers.append(pattern)
        patterns.cores.add(core)
    for kind in (*ACCOUNTS, "browser_id"):
        for value in sorted(values.get(kind, ())):
            if is_distinct(value):
                patterns.numbers.append(re.escape(value))
                patterns.cores.add(_core(value))
    for first, last in sorted(_names(connection, sources, country)):
        patterns.names.append(f"{re.escape(first)}[ ,]+{re.escape(last)}")
        patterns.names.append(f"{re.escape(last)}[ ,]+{re.escape(first)}")
    return patterns


def is_distinct(value: str) -> bool:
    """Whether a number or id is long enough to identify the person wherever it occurs."""
    return len(value) >= (DISTINCT_DIGITS if value.isdigit() else DISTINCT_LENGTH)


def _core(value: str) -> str:
    return re.sub(r"[ ()./-]", "", value.lower())


def _phone(phone: str, country: str) -> tuple[str, str]:
    """Pattern and core of an E.164 number: with its country code, or as it is dialled in the default country."""
    code = calling_code(country)
    digits = phone.lstrip("+")
    if not digits.startswith(code):
        return BETWEEN.join(digits), digits
    national = digits[len(code) :]
    before = f"(?:{BETWEEN.join(code)}{BETWEEN}(?:\\(0\\){BETWEEN})?|00{BETWEEN.join(code)}{BETWEEN}|0{BETWEEN})?"
    return f"{before}{BETWEEN.join(national)}", national


def _names(connection: duckdb.DuckDBPyConnection, sources: dict[str, Source], country: str) -> set[tuple[str, str]]:
    """First and last names on the persons' own rows, in lower case."""
    found: set[tuple[str, str]] = set()
    redactor = Redactor(connection, country, by_hash=False)
    for source in sources.values():
        for table in source.tables.values():
            columns = table.privacy.of_kind("name")[:2]
            if len(columns) < 2 or not redactor.find(table):
                continue
            first, last = (f"lower(trim({quote(name)}))" for name in columns)
            found.update(
                connection.execute(
                    f"select distinct {first}, {last} from {quote(table.schema)}.{quote(table.name)} where rowid in "
                    f"(select id from temp.erasure_touched where is_own) and length({first}) > 1 and length({last}) > 1"
                ).fetchall()
            )
    return found
