"""A miniature built warehouse: only the relations that matching reads, with people whose true identity is known."""

from __future__ import annotations

from pathlib import Path

import duckdb
import numpy as np
import pandas as pd

from scripts.platform.workspace import Workspace
from tests.support.build_notes import recorded

FIRST = [
    f"{start}{end}"
    for start in ("an", "bel", "cor", "dom", "el", "fin", "gus", "hol")
    for end in ("a", "ix", "or", "uma")
]
LAST = [f"{start}{end}" for start in ("arc", "bow", "cald", "dray", "eld", "farr", "gow", "hask", "ing", "jes")
        for end in ("ley", "man", "stone", "wick", "by", "ton", "ham")]  # fmt: skip
# The last name of the first person, who is among the duplicates.
FIRST_SURNAME = "arcley"
TABLES = {
    "stg_crm__profiles": "profile_id, first_name, last_name, birth_date, street, postcode, city, email, phone",
    "stg_shopify__customers": "source_customer_id, first_name, last_name, email, phone, is_deleted",
    "stg_shopify__orders": "source_order_id, source_customer_id, is_test, ship_postcode, ship_city, email, phone",
    "stg_loyalty__members": "loyalty_number, first_name, last_name, email, phone",
    "stg_klaviyo__persons": "person_id, first_name, last_name, postcode, city, email, phone, is_deleted",
    "stg_hubspot__contacts": "contact_id, first_name, last_name, email, is_deleted",
}


def people_workspace(folder: Path, people: int = 160, duplicates: int = 12) -> Workspace:
    """A workspace of `people` persons, each with a CRM profile c<n> and a newsletter profile k<n>.

    Both have the same e-mail address and are one customer, except for the first `duplicates` persons: their newsletter
    goes to another address, so they are two customers. Two namesakes, n1 and n2, share only their name.
    """
    random = np.random.default_rng(5)
    numbers = np.arange(people)
    first = [FIRST[number * 7 % len(FIRST)] for number in numbers]
    last = [LAST[number % len(LAST)] for number in numbers]
    born = pd.Timestamp("1960-01-01") + pd.to_timedelta(random.integers(0, 15_000, people), unit="D")
    postcode = [f"N{number % 97 + 1} {number % 9 + 1}AA" for number in numbers]
    city = [("London", "Leeds", "Bath")[number % 3] for number in numbers]
    email = [f"{a}.{b}{number + 100}@example.com" for a, b, number in zip(first, last, numbers, strict=True)]
    other = [f"mail{9000 + 3 * number}@example.org" if number < duplicates else email[number] for number in numbers]
    crm = pd.DataFrame({
        "profile_id": [f"c{number}" for number in numbers], "first_name": first, "last_name": last,
        "birth_date": born.strftime("%Y-%m-%d"), "street": [f"{number} Mill Lane" for number in numbers],
        "postcode": postcode, "city": city, "email": email, "phone": None,
    })  # fmt: skip
    namesakes = pd.DataFrame({
        "profile_id": ["n1", "n2"], "first_name": "zoe", "last_name": "quill",
        "birth_date": ["1961-02-03", "1990-10-11"], "street": ["1 Oak Road", "99 Elm Row"],
        "postcode": ["B1 1AA", "M9 9ZZ"], "city": ["Birmingham", "Manchester"],
        "email": ["zoe1@example.com", "quill77@example.net"], "phone": None,
    })  # fmt: skip
    klaviyo = pd.DataFrame({
        "person_id": [f"k{number}" for number in numbers], "first_name": first, "last_name": last,
        "postcode": postcode, "city": city, "email": other, "phone": None, "is_deleted": False,
    })  # fmt: skip
    frames = {"stg_crm__profiles": pd.concat([crm, namesakes]), "stg_klaviyo__persons": klaviyo}
    identities = pd.DataFrame(
        [("crm", f"c{number}", f"person {number}") for number in numbers]
        + [("klaviyo", f"k{number}", f"{'other' if number < duplicates else 'person'} {number}") for number in numbers]
        + [("crm", "n1", "namesake 1"), ("crm", "n2", "namesake 2")],
        columns=["source_system", "source_profile_id", "customer_id"],
    ).assign(profile_key=lambda frame: frame["source_system"] + ":" + frame["source_profile_id"])
    workspace = Workspace.at(warehouse=str(folder / "warehouse.duckdb"))
    with duckdb.connect(str(workspace.warehouse)) as connection:
        for schema in ("staging", "intermediate", "marts"):
            connection.execute(f"create schema {schema}")
        for name, columns in TABLES.items():
            typed = ", ".join(f"{column} {'boolean' if column.startswith('is_') else 'varchar'}"
                              for column in columns.split(", "))  # fmt: skip
            connection.execute(f"create table staging.{name} ({typed})")
            if name in frames:
                connection.register("frame", frames[name])
                connection.execute(f"insert into staging.{name} by name select * from frame")
        connection.register("frame", identities)
        connection.execute("create table intermediate.int_customer_identities as select * from frame")
        connection.execute(
            "create table marts.customers as select distinct customer_id, 'person' as customer_type from frame"
        )
        connection.execute("create table marts.customer_features as select date '2026-06-30' as as_of_date")
        connection.execute(f"create table marts.build_notes as {recorded()}")
    return workspace
