"""The records to compare: a workspace's profiles with their customers, or the rows of files with a known truth."""

from __future__ import annotations

import csv
import hashlib
import re
from dataclasses import dataclass
from pathlib import Path

import duckdb
import pandas as pd

from scripts.identity.matching.fields import FIELDS
from scripts.platform.errors import UserError
from scripts.platform.settings import recorded_settings
from scripts.platform.warehouse import literal, open_memory, open_warehouse, quote
from scripts.platform.workspace import PROJECT, Workspace

# For each source of people: relation, source system, id, condition, and the fields it has.
SOURCES = (
    ("stg_crm__profiles", "crm", "profile_id", "true", {
        "first_name": "first_name", "last_name": "last_name", "birth_date": "birth_date", "street": "street",
        "postcode": "postcode", "city": "city", "email": "email", "phone": "phone"}),
    ("stg_shopify__customers", "shopify", "source_customer_id", "not is_deleted", {
        "first_name": "first_name", "last_name": "last_name", "email": "email", "phone": "phone"}),
    ("stg_shopify__orders", "shopify_guest", "source_order_id", "source_customer_id is null and not is_test", {
        "postcode": "ship_postcode", "city": "ship_city", "email": "email", "phone": "phone"}),
    ("stg_loyalty__members", "loyalty", "loyalty_number", "true", {
        "first_name": "first_name", "last_name": "last_name", "email": "email", "phone": "phone"}),
    ("stg_klaviyo__persons", "klaviyo", "person_id", "not is_deleted", {
        "first_name": "first_name", "last_name": "last_name", "postcode": "postcode", "city": "city",
        "email": "email", "phone": "phone"}),
    ("stg_hubspot__contacts", "hubspot", "contact_id", "not is_deleted", {
        "first_name": "first_name", "last_name": "last_name", "email": "email"}),
)  # fmt: skip

# Names that files use for the fields, in lower case.
ALIASES = {
    "surname": "last_name",
    "dob": "birth_date",
    "date_of_birth": "birth_date",
    "primary_name_first": "first_name",
    "primary_name_last": "last_name",
    "primary_name_full": "last_name",
    "primary_name_org": "last_name",
    "addr_line1": "street",
    "addr_full": "street",
    "addr_city": "city",
    "addr_postal_code": "postcode",
    "email_address": "email",
    "phone_number": "phone",
}


@dataclass(frozen=True)
class Records:
    """One row per record: unique_id, source_system, source_profile_id, customer_id, the fields and email_name.

    All values are text, normalised for comparison, null where unknown. `kind`: kind of data, such as demo, own or file.
    """

    frame: pd.DataFrame
    kind: str
    as_of_date: str

    @property
    def fields(self) -> set[str]:
        """The fields that at least two records have."""
        return {field for field in FIELDS if self.frame[field].notna().sum() >= 2}

    @property
    def fingerprint(self) -> str:
        """A hash of the compared values, independent of the order of the records."""
        rows = pd.util.hash_pandas_object(self.frame[["unique_id", *FIELDS]].fillna(""), index=False)
        return hashlib.sha256(rows.sort_values().to_numpy().tobytes()).hexdigest()[:16]


def workspace_records(workspace: Workspace) -> Records:
    """The profiles of a built warehouse that look like people, each with its present customer.

    Profiles of one customer with the same values are one record; customers who are not people are left out.
    """
    with open_warehouse(workspace.warehouse, read_only=True) as connection:
        try:
            frame = connection.execute(_workspace_query(_has(connection, "marts", "customers"))).df()
            day = connection.execute("select cast(max(as_of_date) as varchar) from marts.customer_features").fetchone()
        except duckdb.CatalogException:
            raise UserError(
                f"{workspace.warehouse}: has no profiles and customers yet; run `python -m scripts build` first"
            ) from None
        kind = recorded_settings(connection, str(workspace.warehouse))["kind"]
    if not day or not day[0]:
        raise UserError(f"{workspace.warehouse}: has no customers yet; run `python -m scripts build` first")
    return Records(_texts(frame), kind, str(day[0]))


def file_records(files: list[Path]) -> tuple[Records, pd.DataFrame]:
    """Rows of Parquet or CSV files as records, each its own customer, and the rows as read; ALIASES are accepted.

    Raises UserError if a file is not readable or the files have too few fields to compare.
    """
    parts = []
    with open_memory() as connection:
        for file in files:
            if not file.exists():
                raise UserError(f"{file}: no such file; name existing ones with --evaluate")
            reader = "read_parquet" if file.suffix == ".parquet" else "read_csv"
            extra = "" if reader == "read_parquet" else ", all_varchar = true"
            try:
                part = connection.execute(f"select * from {reader}({literal(str(file))}{extra})").df()
            except duckdb.Error as problem:
                raise UserError(f"{file}: not readable ({str(problem).splitlines()[0]}); give CSV or Parquet") from None
            parts.append(part.rename(columns=str.lower))
        rows = pd.concat(parts, ignore_index=True)
        found: dict[str, list[str]] = {}
        for column in rows.columns:
            found.setdefault(ALIASES.get(column, column), []).append(column)
        usable = {field: found[field] for field in FIELDS if field in found}
        if len(usable) < 2:
            raise UserError(f"{files[0]}: has fewer than two of the columns {', '.join(FIELDS)}; add what is missing")
        connection.register("rows", rows.assign(row_number=range(len(rows))))
        fields = {
            field: "coalesce(" + ", ".join(f"nullif(cast({quote(column)} as varchar), '')" for column in columns) + ")"
            for field, columns in usable.items()
        }
        frame = connection.execute(
            "select cast(row_number as varchar) as unique_id, 'file' as source_system,"
            " cast(row_number as varchar) as source_profile_id, cast(row_number as varchar) as customer_id, "
            + ", ".join(_normalised(field, fields.get(field, "null")) for field in FIELDS)
            + " from rows order by row_number"
        ).df()
    return Records(_texts(frame), "file", ""), rows


def _has(connection: duckdb.DuckDBPyConnection, schema: str, table: str) -> bool:
    return bool(
        connection.execute(
            "select 1 from information_schema.tables where table_schema = ? and table_name = ?", [schema, table]
        ).fetchone()
    )


def _workspace_query(has_types: bool) -> str:
    parts = [
        f"select '{system}' as source_system, {key} as source_profile_id, "
        + ", ".join(_normalised(field, columns.get(field, "null")) for field in FIELDS)
        + f" from staging.{relation} where {condition}"
        for relation, system, key, condition, columns in SOURCES
    ]
    shown = ", ".join(FIELDS)
    people = (
        "inner join marts.customers as customers on identities.customer_id = customers.customer_id"
        " and coalesce(customers.customer_type, 'person') = 'person'"
        if has_types
        else ""
    )
    return f"""
        select concat(profiles.source_system, ':', min(profiles.source_profile_id)) as unique_id,
            profiles.source_system, min(profiles.source_profile_id) as source_profile_id,
            identities.customer_id, {shown}
        from ({" union all ".join(parts)}) as profiles
        inner join intermediate.int_customer_identities as identities
            on profiles.source_system = identities.source_system
                and profiles.source_profile_id = identities.source_profile_id
        {people}
        group by profiles.source_system, identities.customer_id, {shown}
        order by unique_id
    """


def _normalised(field: str, expression: str) -> str:
    """A field as normalised text: case, accents and punctuation are ignored."""
    text = f"cast({expression} as varchar)"
    if field == "email":
        text = f"lower(trim({text}))"
    elif field == "phone":
        text = f"regexp_replace({text}, '[^0-9]', '', 'g')"
    elif field == "postcode":
        text = f"regexp_replace(upper({text}), '[^A-Z0-9]', '', 'g')"
    elif field == "birth_date":
        formats = "['%m/%d/%y', '%m/%d/%Y', '%d/%m/%y', '%d/%m/%Y', '%d-%b-%y', '%b %d %Y']"
        day = f"coalesce(try_cast({text} as date), cast(try_strptime({text}, {formats}) as date))"
        text = f"coalesce(cast({day} as varchar), lower({text}))"
    else:
        text = f"trim(regexp_replace(strip_accents(lower({text})), '[^a-z0-9]+', ' ', 'g'))"
    return f"nullif({text}, '') as {field}"


def _blocked(field: str) -> list[re.Pattern[str]]:
    """Patterns of placeholder values, the same as in the models."""
    with (PROJECT / "seeds" / "reference" / "blocked_identifiers.csv").open(encoding="utf-8", newline="") as handle:
        return [re.compile(row["pattern"]) for row in csv.DictReader(handle) if row["identifier_type"] == field]


def _texts(frame: pd.DataFrame) -> pd.DataFrame:
    """The frame with nulls as None, without blocked e-mails and phones, and with email_name, the part before the @."""
    frame = frame.astype(object).where(frame.notna(), None)
    for field, prefix in (("email", ""), ("phone", "+")):
        blocked = _blocked(field)
        allowed = [
            value if value and not any(pattern.search(prefix + value) for pattern in blocked) else None
            for value in frame[field]
        ]
        frame[field] = pd.Series(allowed, index=frame.index, dtype=object)
    names = [email.split("@", 1)[0] or None if email else None for email in frame["email"]]
    return frame.assign(email_name=pd.Series(names, index=frame.index, dtype=object))
