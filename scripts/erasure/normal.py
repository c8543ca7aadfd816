"""SQL that normalises identifiers for comparison, with the project's dbt macros."""

from __future__ import annotations

import json
from functools import cache

from scripts.platform.dbt import rendered
from scripts.platform.keyed_hash import hash_key
from scripts.platform.warehouse import literal

ERASED = "erased"
COLUMN = "column_to_normalise"
COUNTRY = "column_with_country"


@cache
def normalised(kind: str, column: str, country: str) -> str:
    """SQL of a raw column's normalised value; null where there is none.

    A value without the form of its kind identifies nobody; it is removed with its row.
    """
    text = f"nullif(trim(cast({column} as varchar)), '')"
    if kind in ("email", "phone"):
        return _of_macros(country)[kind].replace(COLUMN, text)
    return f"lower({text})"


def unreadable(kind: str, column: str, country: str, country_column: str | None = None) -> str:
    """SQL: whether a raw column's value has nothing it could be compared by.

    `country_column` names the column with the country of a phone number.
    """
    macros = _of_macros(country)
    name = kind if kind in ("email", "phone") else "number"
    if country_column:
        return macros[f"unreadable_{name}_of_country"].replace(COLUMN, column).replace(COUNTRY, country_column)
    return macros[f"unreadable_{name}"].replace(COLUMN, column)


def described(column: str, country: str) -> tuple[str, str]:
    """SQL of a value of which only the ends can be read, and of whether it is a hash."""
    macros = _of_macros(country)
    return macros["masked"].replace(COLUMN, column), macros["looks_hashed"].replace(COLUMN, column)


def keyed_hash(kind: str, value: str) -> str:
    """SQL of the tombstone of a normalised value."""
    return f"substr(sha256({literal(f'{hash_key()}|{kind}:')} || {value}), 1, 32)"


def pseudonym(kind: str, column: str) -> str:
    """SQL of the pseudonym of an erased identifier, for rows that need one: the same for the same value."""
    hashed = keyed_hash(f"pseudonym|{kind}", f"lower(trim(cast({column} as varchar)))")
    return f"case when {is_erased(column)} then {column} else '{ERASED}-' || substr({hashed}, 1, 16) end"


def is_erased(column: str) -> str:
    """SQL: whether a value is the pseudonym of an erased identifier."""
    return f"starts_with({column}, '{ERASED}-')"


def erased_record_hash(column: str) -> str:
    """SQL of the content hash of an erased row: a keyed hash of the hash of its full content.

    Intake recognises the content by it; without the key nobody can find out by trial whose row it was.
    """
    return f"cast('0x' || substr({keyed_hash('record', f'cast({column} as varchar)')}, 1, 15) as bigint)"


def calling_code(country: str) -> str:
    """The country calling code: the digits after the + in the country's numbers."""
    return _of_macros(country)["calling_code"]


@cache
def _of_macros(country: str) -> dict[str, str]:
    """The SQL that the project's macros produce for a column called `COLUMN`, with this default country."""
    wanted = f"""{{{{ tojson({{
        'email': normalise_email('{COLUMN}'),
        'phone': normalise_phone('{COLUMN}'),
        'calling_code': numbering_plan().code,
        'unreadable_email': is_unreadable('email', '{COLUMN}'),
        'unreadable_phone': is_unreadable('phone', '{COLUMN}'),
        'unreadable_phone_of_country': is_unreadable('phone', '{COLUMN}', '{COUNTRY}'),
        'unreadable_number': is_unreadable('number', '{COLUMN}'),
        'masked': masked('{COLUMN}'),
        'looks_hashed': looks_hashed('{COLUMN}')
    }}) }}}}"""
    found: dict[str, str] = json.loads(rendered(wanted, {"default_country": country}))
    return found
