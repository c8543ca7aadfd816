"""E-mail addresses, phone numbers and account numbers of a load that cannot be read, and so would identify nobody.

A build counts them again over all deliveries, with what the seeds tell (macros/sources/unreadable_identifiers.sql).
"""

from __future__ import annotations

from collections.abc import Iterable

import duckdb

from scripts.erasure.normal import ERASED, described, unreadable
from scripts.platform.contracts import Table
from scripts.platform.warehouse import literal, quote, scalar

WORDS = {"email": "e-mail addresses", "phone": "phone numbers"}
NUMBERS = ("customer_number", "loyalty_number", "shop_customer_id")
# What is certain to be readable, so that a load of nothing else needs no macros, which take seconds to compile.
READABLE = {
    "email": "[a-zA-Z0-9._+-]+@[a-zA-Z0-9-]+([.][a-zA-Z0-9-]+)+",
    "phone": "[+][1-9][0-9]{7,14}",
    "number": ".*[a-zA-Z0-9].*",
}


def unreadable_identifiers(
    connection: duckdb.DuckDBPyConnection, tables: Iterable[Table], load_id: str, country: str
) -> list[str]:
    """One line per column of this load with identifiers that cannot be read: how many, and how one of them looks."""
    lines = []
    for table in sorted(tables, key=lambda table: table.label):
        if not table.privacy.of_kind("email", "phone"):
            continue
        for name in table.privacy.of_kind("email", "phone", *NUMBERS):
            kind = table.privacy.columns[name]
            shown = f"nullif(trim(cast({quote(name)} as varchar)), '')"
            countries = f", {quote(table.phone_country)} as country" if table.phone_country and kind == "phone" else ""
            values = (
                f"select {shown} as shown{countries} from {quote(table.schema)}.{quote(table.name)}"
                f" where _load_id = {literal(load_id)} and {shown} not like '{ERASED}-%'"
            )
            doubtful = f"not regexp_full_match(shown, {literal(READABLE.get(kind, READABLE['number']))})"
            if not scalar(connection, f"select count(*) from ({values}) where {doubtful}"):
                continue
            test = unreadable(kind, "shown", country, "country" if countries else None)
            masked, hashed = described("shown", country)
            [(total, count, hashes, example)] = connection.execute(
                f"select count(*), count(*) filter (where {test}), count(*) filter (where {test} and {hashed}),"
                f" min({masked}) filter (where {test}) from ({values})"
            ).fetchall()
            if count:
                why = ", because they are hashed," if hashes * 2 > count else ""
                what = WORDS.get(kind, "account and card numbers")
                lines.append(
                    f"{table.label}: {count:,} of {total:,} {what} in {name} cannot be read{why} and identify nobody,"
                    f" such as {example}"
                )
    return lines
