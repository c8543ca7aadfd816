"""What dbt gives to Jinja when it parses a project, as far as the macros here need it, so that sqlfluff renders them.

sqlfluff's jinja templater knows `ref`, `source` and `config` itself (`apply_dbt_builtins`) and reads the macros from
`macros/`; with this module it lints the whole project in seconds, without a database.
"""

from __future__ import annotations

import datetime
import os
import re
from collections.abc import Callable
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import jinja2
import pytz  # type: ignore[import-untyped]
import yaml
from sqlfluff.core.templaters.builtins.dbt import MacroReturn

PROJECT = yaml.safe_load((Path(__file__).resolve().parents[3] / "dbt_project.yml").read_text(encoding="utf-8"))

# As while dbt parses: nothing may be asked of the database.
execute = False
project_name = PROJECT["name"]
run_started_at = datetime.datetime(2026, 7, 1, tzinfo=datetime.UTC)
modules = SimpleNamespace(datetime=datetime, pytz=pytz, re=re)
target = SimpleNamespace(name="duckdb", type="duckdb", database="warehouse", schema="main")
flags = SimpleNamespace(EMPTY=False, FULL_REFRESH=False)


def var(name: str, default: Any = None) -> Any:
    """A var of dbt_project.yml, else the default."""
    given = PROJECT["vars"].get(name)
    return default if given is None else given


def env_var(name: str, default: str = "") -> str:
    return os.environ.get(name, default)


def _raise(message: str) -> None:
    raise ValueError(message)


exceptions = SimpleNamespace(raise_compiler_error=_raise, warn=lambda message: "")


@jinja2.pass_context
def _dispatch(
    context: jinja2.runtime.Context, macro_name: str, macro_namespace: str | None = None
) -> Callable[..., Any]:
    """The default implementation of a dispatched macro."""
    implementation: Callable[..., Any] = context["default__" + macro_name]
    return implementation


adapter = SimpleNamespace(
    dispatch=_dispatch,
    quote=lambda name: f'"{name}"',
    get_relation=lambda database, schema, identifier: None,
    get_columns_in_relation=lambda relation: [],
)


dbt = SimpleNamespace(
    type_string=lambda: "text",
    type_timestamp=lambda: "timestamp",
    type_int=lambda: "integer",
    type_bigint=lambda: "bigint",
    type_float=lambda: "double",
    type_numeric=lambda: "numeric",
    type_boolean=lambda: "boolean",
    concat=lambda fields: " || ".join(fields),
    hash=lambda field: f"md5(cast({field} as text))",
    dateadd=lambda datepart, interval, from_date_or_timestamp: (
        f"date_add({from_date_or_timestamp}, interval ({interval}) {datepart})"
    ),
    datediff=lambda first, second, datepart: f"datediff('{datepart}', {first}, {second})",
    date_trunc=lambda datepart, date: f"date_trunc('{datepart}', {date})",
    last_day=lambda date, datepart: f"last_day({date})",
    safe_cast=lambda field, type: f"try_cast({field} as {type})",
    cast_bool_to_text=lambda field: f"cast({field} as text)",
    escape_single_quotes=lambda text: text.replace("'", "''"),
    string_literal=lambda text: f"'{text}'",
    listagg=lambda measure, *arguments: f"string_agg({measure})",
    right=lambda text, length: f"right({text}, {length})",
    split_part=lambda text, delimiter, part: f"split_part({text}, {delimiter}, {part})",
)

dbt_utils = SimpleNamespace(
    generate_surrogate_key=lambda field_list: dbt.hash(" || '-' || ".join(field_list)),
)


def _mend_sqlfluff() -> None:
    """Two repairs of sqlfluff's own rendering, made once per process.

    A macro's `return` ends that macro; sqlfluff ends with it every macro of the same file that called it. And a macro
    is compiled once, not anew for each file linted: that takes a quarter of the time.
    """
    if hasattr(jinja2.Environment, "compiles_once"):
        return
    invoke, compile_template = jinja2.runtime.Macro._invoke, jinja2.Environment.compile
    compiled: dict[tuple[Any, ...], Any] = {}

    def invoke_until_return(macro: Any, *arguments: Any, **options: Any) -> Any:
        try:
            return invoke(macro, *arguments, **options)
        except MacroReturn as returned:
            return returned.value

    def compile_once(environment: Any, source: Any, *arguments: Any, **options: Any) -> Any:
        if not isinstance(source, str):
            return compile_template(environment, source, *arguments, **options)
        key = (source, arguments, tuple(sorted(options.items())))
        if key not in compiled:
            compiled[key] = compile_template(environment, source, *arguments, **options)
        return compiled[key]

    jinja2.runtime.Macro._invoke = invoke_until_return  # type: ignore[method-assign, assignment]
    jinja2.Environment.compile = compile_once  # type: ignore[method-assign, assignment]
    jinja2.Environment.compiles_once = True  # type: ignore[attr-defined]


_mend_sqlfluff()
