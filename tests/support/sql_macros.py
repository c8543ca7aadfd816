"""Renders the project's SQL macros without dbt, so that a test can run them on its own tables."""

from __future__ import annotations

import csv
import re
from types import SimpleNamespace
from typing import Any

import jinja2

from tests.support.real_data import PROJECT


def text_literal(value: object) -> str:
    return "'" + str(value).replace("'", "''") + "'"


def _environment() -> jinja2.Environment:
    environment = jinja2.Environment(extensions=["jinja2.ext.do"], autoescape=False)
    helpers: dict[str, Any] = {
        "text_literal": text_literal,
        "regexp_replace_all": lambda text, pattern, new="": f"regexp_replace({text}, '{pattern}', '{new}', 'g')",
        "split_to_rows": lambda column: f"unnest(string_split({column}, '|'))",
        "whole_number": lambda text: f"cast({text} as int)",
        "modules": SimpleNamespace(re=re),
    }
    environment.globals.update(helpers)
    return environment


def sql_of(file: str, macro: str, *arguments: object) -> str:
    """The DuckDB SQL of one macro of a file under macros/."""
    source = (PROJECT / "macros" / file).read_text(encoding="utf-8")
    return str(getattr(_environment().from_string(source).module, macro)(*arguments))


def model_sql(file: str, macro_file: str, **helpers: object) -> str:
    """The DuckDB SQL of a model under models/, with every relation by its bare name.

    `macro_file` contains the project's macros that the model calls; `helpers` replace others.
    """
    environment = _environment()
    macros = environment.from_string((PROJECT / "macros" / macro_file).read_text(encoding="utf-8")).module
    environment.globals.update({name: value for name, value in vars(macros).items() if callable(value)})
    environment.globals.update(helpers, ref=lambda name: name)
    return environment.from_string((PROJECT / "models" / file).read_text(encoding="utf-8")).render()


def reference_seed(name: str) -> list[dict[str, str]]:
    """The rows of a seed under seeds/reference."""
    with (PROJECT / "seeds" / "reference" / f"{name}.csv").open(encoding="utf-8", newline="") as lines:
        return list(csv.DictReader(lines))
