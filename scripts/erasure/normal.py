"""SQL that brings an identifier into the one spelling in which it is compared: that of the project's dbt macros."""

from __future__ import annotations

import json
from functools import cache

from scripts.platform.dbt import rendered
from scripts.platform.keyed_hash import hash_key
from scripts.platform.warehouse import literal

ERASED = "erased"
COLUMN = "column_to_normalise"


@cache
def normalised(kind: str, column: str, country: str) -> str:
    """SQL of a raw column's value as it is compared; null where there is none.

    What has not the form of its kind identifies nobody; it goes with the row it stands on.
    """
    text = f"nullif(trim(cast({column} as varchar)), '')"
    if kind in ("email", "phone"):
        return _of_macros(country)[kind].replace(COLUMN, text)
    return f"lower({text})"


def keyed_hash(kind: str, value: str) -> str:
    """SQL of the tombstone of a normalised value."""
    return f"substr(sha256({literal(f'{hash_key()}|{kind}:')} || {value}), 1, 32)"


def pseudonym(kind: str, column: str) -> str:
    """SQL of what stands for an erased identifier where a row cannot do without one: the same for the same value."""
    hashed = keyed_hash(f"pseudonym|{kind}", f"lower(trim(cast({column} as varchar)))")
    return f"case when {is_erased(column)} then {column} else '{ERASED}-' || substr({hashed}, 1, 16) end"


def is_erased(column: str) -> str:
    """SQL: whether a value is the stand-in of an erased one."""
    return f"starts_with({column}, '{ERASED}-')"


def erased_record_hash(column: str) -> str:
    """SQL of the content hash of an erased row: that of the full content, under the key.

    Intake knows the content again by it; without the key nobody can try out whose row it was.
    """
    return f"cast('0x' || substr({keyed_hash('record', f'cast({column} as varchar)')}, 1, 15) as bigint)"


def calling_code(country: str) -> str:
    """The digits after the + of the numbers of a country."""
    return _of_macros(country)["calling_code"]


@cache
def _of_macros(country: str) -> dict[str, str]:
    """What the macros of the models make of a column called `COLUMN`, where the default country is this one."""
    wanted = f"""{{{{ tojson({{
        'email': normalise_email('{COLUMN}'),
        'phone': normalise_phone('{COLUMN}'),
        'calling_code': numbering_plan().code
    }}) }}}}"""
    found: dict[str, str] = json.loads(rendered(wanted, {"default_country": country}))
    return found
