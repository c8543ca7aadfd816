"""SQL that brings an identifier into the one spelling in which it is compared: that of the project's dbt macros."""

from __future__ import annotations

import os
import re
from collections.abc import Callable
from functools import cache
from types import SimpleNamespace
from typing import Any

import jinja2

from scripts.platform.keyed_hash import hash_key
from scripts.platform.warehouse import literal
from scripts.platform.world import PROJECT

ERASED = "erased"
MACRO = re.compile(r"\{%-?\s*macro\s+(\w+)\s*\(.*?\{%-?\s*endmacro\s*-?%\}", re.DOTALL)


class _Returned(Exception):
    """A macro's `return`, as dbt knows it."""

    def __init__(self, value: Any) -> None:
        self.value = value


@cache
def normalised(kind: str, column: str, country: str) -> str:
    """SQL of a raw column's value as it is compared; null where there is none.

    What has not the form of its kind identifies nobody; it goes with the row it stands on.
    """
    text = f"nullif(trim(cast({column} as varchar)), '')"
    if kind == "email":
        return macro("normalise_email", country)(text)
    if kind == "phone":
        return macro("normalise_phone", country)(text)
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


@cache
def macro(name: str, country: str) -> Callable[..., str]:
    """A macro of the project that asks nothing of a database, as a function from SQL to SQL."""
    environment = jinja2.Environment(extensions=["jinja2.ext.do"])
    sources: dict[str, str] = {}
    for file in sorted((PROJECT / "macros").rglob("*.sql")):
        for found in MACRO.finditer(file.read_text(encoding="utf-8")):
            sources[found.group(1)] = found.group(0)

    modules: dict[str, Any] = {}

    def callable_of(macro_name: str) -> Callable[..., Any]:
        def call(*arguments: Any, **named: Any) -> Any:
            if macro_name not in modules:
                modules[macro_name] = environment.from_string(sources[macro_name]).module
            try:
                return str(getattr(modules[macro_name], macro_name)(*arguments, **named))
            except _Returned as returned:
                return returned.value

        return call

    def return_(value: Any) -> None:
        raise _Returned(value)

    def fail(message: str) -> None:
        raise ValueError(message)

    environment.globals.update({known: callable_of(known) for known in sources})
    environment.globals.update(
        {
            "return": return_,
            "run_setting": lambda setting, default=None: country if setting == "default_country" else default,
            "exceptions": SimpleNamespace(raise_compiler_error=fail),
            "adapter": SimpleNamespace(dispatch=lambda dispatched, _=None: callable_of(f"default__{dispatched}")),
            "dbt": SimpleNamespace(
                type_string=lambda: "varchar", escape_single_quotes=lambda text: text.replace("'", "''")
            ),
            "env_var": lambda variable, default="": os.environ.get(variable, default),
            "execute": False,
        }
    )
    return callable_of(name)
