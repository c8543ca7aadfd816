"""The settings of a workspace: read here and nowhere else, and checked before anything runs.

The first of these that states a setting decides: the command line (`--as-of`, `--vars`), `vars` in dbt_project.yml,
`world.json` in the landing zone, the default. A build records what it used in the mart `build_notes`; whatever reads
marts, such as `publish`, `fit` and `export`, asks `built_settings`, so that it never says other than what was built.
"""

from __future__ import annotations

import codecs
import re
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import date
from functools import cache
from typing import Any
from zoneinfo import ZoneInfo

import duckdb
import yaml
from babel.numbers import list_currencies

from scripts.platform.contracts import load_contracts
from scripts.platform.errors import UserError, did_you_mean
from scripts.platform.warehouse import open_warehouse
from scripts.platform.workspace import PROJECT, Workspace

COMMAND_LINE, PROJECT_FILE, LANDING, DEFAULT = "command line", "dbt_project.yml", "world.json", "default"
ENCODING = "encoding_"
SWITCH = "using_"
# Not a setting: which generated data a landing zone holds, kept with the settings so that other data are refused.
MADE_FROM = "made_from"
# What the whole of a warehouse has to agree on; the day is compared by publish.
DAY = "as_of_date"
NOTES = "build_notes"
NUMBERING_PLANS = PROJECT / "macros" / "text" / "numbering_plan.sql"
CHOICES = {"rfm_method": ("measured", "fixed")}


@dataclass(frozen=True)
class Settings:
    """Checked settings, each with where it comes from.

    `values`: all that are stated or have a default, by name; texts, numbers, booleans. `origins`: COMMAND_LINE and so
    on, by name. `landing`: those of the landing zone as texts. `variables`: what dbt has to be given as vars.
    """

    values: dict[str, Any]
    origins: dict[str, str]
    landing: dict[str, str]
    variables: dict[str, Any]

    def __getitem__(self, name: str) -> Any:
        return self.values[name]

    def get(self, name: str, default: Any = None) -> Any:
        return self.values.get(name, default)


def read_settings(workspace: Workspace, given: dict[str, Any] | None = None) -> Settings:
    """The settings of the next intake or build; `given` are those of the command line.

    Without a settings file, those that the last intake read still hold. Raises UserError for the first that is wrong.
    """
    project = project_vars()
    file = workspace.landing_settings()
    where = str(workspace.settings_file)
    stated = _stored(workspace) if file is None else file
    landing = {name: _checked(name, value, where, of_file=True) for name, value in stated.items() if name != MADE_FROM}
    line = {name: _checked(name, value, "--vars", of_file=False) for name, value in (given or {}).items()}
    own = {
        name: _checked(name, value, str(PROJECT / "dbt_project.yml"), of_file=False)
        for name, value in project.items()
        if name in landing_names() and value is not None
    }
    # Other vars have their defaults in dbt_project.yml, so the landing zone's come before it.
    tuning = {name: value for name, value in landing.items() if name in project and name not in landing_names()}
    defaults = {**setting_defaults(), **{name: value for name, value in project.items() if value is not None}}
    values: dict[str, Any] = {**defaults, **landing, **own, **line}
    origins = dict.fromkeys(values, DEFAULT)
    for names, origin in ((landing, LANDING), (own, PROJECT_FILE), (line, COMMAND_LINE)):
        origins |= dict.fromkeys(names, origin)
    texts = {name: _text(value) for name, value in landing.items()}
    if source := stated.get(MADE_FROM) if file is None else workspace.made_from():
        texts[MADE_FROM] = source
    return Settings(
        {name: value for name, value in values.items() if value is not None}, origins, texts, {**tuning, **line}
    )


def built_settings(workspace: Workspace) -> dict[str, str]:
    """The settings that the last full build used, as texts. Raises UserError where there is no such build."""
    with open_warehouse(workspace.warehouse, read_only=True) as connection:
        return recorded_settings(connection, str(workspace.warehouse))


def recorded_settings(connection: duckdb.DuckDBPyConnection, where: str, schema: str = "marts") -> dict[str, str]:
    """The settings that the marts of an open warehouse were built with; UserError, which names `where`, without any."""
    found = _recorded(connection, schema)
    if not found:
        raise UserError(f"{where}: has not been built with this version; run `python -m scripts build` first")
    return found


def _recorded(connection: duckdb.DuckDBPyConnection, schema: str) -> dict[str, str]:
    try:
        rows = connection.execute(f"select subject, value from {schema}.{NOTES} where kind = 'setting'").fetchall()
    except duckdb.CatalogException:
        rows = []
    return {name: value for name, value in rows if value is not None}


def built_variables(workspace: Workspace) -> dict[str, Any]:
    """The vars, except the day, with which dbt has to be run so that it builds as the last full build did."""
    return {name: value for name, value in as_built(built_settings(workspace)).items() if name != DAY}


def as_built(found: dict[str, str]) -> dict[str, Any]:
    """Recorded settings as the vars, with the day, of a run that builds as the last full build did."""
    vars_found = {
        name: _checked(name, found[name], NOTES, of_file=True)
        for name in project_vars()
        if name in found and name not in landing_names()
    }
    return {**vars_found, DAY: found[DAY]}


def built_var(workspace: Workspace, name: str) -> Any:
    """A var of dbt_project.yml as the last full build used it."""
    return built_variables(workspace).get(name, project_vars()[name])


def keep_as_built(connection: duckdb.DuckDBPyConnection, schema: str = "marts") -> None:
    """Let a copy of a warehouse state the settings that its marts were built with, for what dbt builds in it."""
    found = recorded_settings(connection, "the copy", schema)
    store_settings(connection, {name: found[name] for name in found if name != DAY})


def changed_settings(workspace: Workspace, settings: Settings) -> list[str]:
    """What was built with other settings, such as `reporting_currency GBP, now EUR`; the day is left out."""
    with open_warehouse(workspace.warehouse, read_only=True) as connection:
        found = _recorded(connection, "marts")
    if not found:
        return []
    names = sorted({*found, *settings.landing} & {*landing_names(), *project_vars()} - {DAY})
    values = {name: _text(settings.values[name]) if name in settings.values else "true" for name in names}
    return [
        f"{name} {found.get(name, 'none')}, now {values[name]}" for name in names if found.get(name) != values[name]
    ]


def store_settings(connection: duckdb.DuckDBPyConnection, settings: dict[str, str]) -> None:
    """Make these the settings that dbt reads from the warehouse."""
    connection.execute("create schema if not exists intake")
    connection.execute("create table if not exists intake.settings (setting_name varchar, setting_value varchar)")
    stored = dict(connection.execute("select setting_name, setting_value from intake.settings").fetchall())
    if stored != settings:
        connection.execute("delete from intake.settings")
        for name, value in settings.items():
            connection.execute("insert into intake.settings values (?, ?)", [name, value])


def made_from(connection: duckdb.DuckDBPyConnection) -> str | None:
    """What the generated data in a warehouse was made from; None for a retailer's own data or an empty warehouse."""
    return stored_settings(connection).get(MADE_FROM)


def landing_names() -> frozenset[str]:
    """The settings that dbt reads from the warehouse, where its var is null."""
    return frozenset({DAY, "kind", "business_timezone", "reporting_currency", "default_country", *_switches()})


@cache
def project_vars() -> dict[str, Any]:
    """The vars of dbt_project.yml with their values there."""
    found = yaml.safe_load((PROJECT / "dbt_project.yml").read_text(encoding="utf-8"))["vars"]
    return {name: value for name, value in found.items() if name != "setting_defaults"}


@cache
def setting_defaults() -> dict[str, str]:
    """What a setting is that nobody states."""
    found: dict[str, str] = yaml.safe_load((PROJECT / "dbt_project.yml").read_text(encoding="utf-8"))["vars"][
        "setting_defaults"
    ]
    return found


def _stored(workspace: Workspace) -> dict[str, Any]:
    """The settings kept in the warehouse."""
    if not workspace.warehouse.exists():
        return {}
    with open_warehouse(workspace.warehouse, read_only=True) as connection:
        return dict(stored_settings(connection))


def stored_settings(connection: duckdb.DuckDBPyConnection) -> dict[str, str]:
    """The settings that the last intake or build read; empty where there are none."""
    try:
        return dict(connection.execute("select setting_name, setting_value from intake.settings").fetchall())
    except duckdb.CatalogException:
        return {}


def _switches() -> list[str]:
    return sorted({source.switch for source in load_contracts().values() if source.switch != "always"})


def _text(value: Any) -> str:
    return str(value).lower() if isinstance(value, bool) else str(value)


def _checked(name: str, value: Any, where: str, *, of_file: bool) -> Any:
    """The value of a setting as its type; UserError where the setting is unknown or the value is none for it."""
    if name.startswith(SWITCH):
        _known(name, _switches(), f"{where}: {name} is not the switch of any source", "use one of ")
    elif of_file and name.startswith(ENCODING):
        sources = list(load_contracts())
        if name.removeprefix(ENCODING) not in sources:
            raise UserError(f"{where}: {name} does not name a source; use one of {', '.join(sources)}")
    elif name not in _EXAMPLES and name not in project_vars():
        _known(name, [*landing_names(), *project_vars()], f"{where}: {name} is not a setting", "use one of ")
    if value is None and not of_file:
        return None
    if value is None or isinstance(value, (list, dict)):
        raise UserError(f"{where}: {name} must be text, a number, true or false")
    text = _text(value)
    if name.startswith(SWITCH):
        if text not in ("true", "false"):
            raise UserError(f"{where}: {name} must be true or false, not {value!r}")
        return text == "true"
    if name.startswith(ENCODING):
        if not _is_encoding(text):
            raise UserError(f"{where}: {name} must be an encoding such as cp1250, not {value!r}")
        return text
    if name in _EXAMPLES:
        holds, example = _EXAMPLES[name]
        if not holds(text):
            raise UserError(f"{where}: {name} must be {example}, not {value!r}")
        return text
    return _as_default(name, value, where)


def _as_default(name: str, value: Any, where: str) -> Any:
    """The value of a var of dbt_project.yml, in the type of its default there."""
    default = project_vars()[name]
    text = _text(value)
    if name in CHOICES and text not in CHOICES[name]:
        raise UserError(f"{where}: {name} must be one of {', '.join(CHOICES[name])}, not {value!r}")
    if isinstance(default, bool):
        if text not in ("true", "false"):
            raise UserError(f"{where}: {name} must be true or false, not {value!r}")
        return text == "true"
    if isinstance(default, (int, float)) or name.endswith("_days"):
        if isinstance(value, bool) or not re.fullmatch(r"[0-9]+([.][0-9]+)?", text):
            raise UserError(f"{where}: {name} must be a number such as {default or 365}, not {value!r}")
        return float(text) if "." in text else int(text)
    return text


def _known(name: str, names: Iterable[str], fault: str, otherwise: str) -> None:
    known = sorted(names)
    if name not in known:
        raise UserError(f"{fault}; {did_you_mean(name, known, otherwise=otherwise + ', '.join(known), cutoff=0.7)}")


def _is_date(text: str) -> bool:
    try:
        return bool(re.fullmatch(r"\d{4}-\d{2}-\d{2}", text)) and bool(date.fromisoformat(text))
    except ValueError:
        return False


def _is_zone(text: str) -> bool:
    try:
        return bool(text) and bool(ZoneInfo(text))
    except (ValueError, OSError, KeyError):
        return False


def _is_currency(text: str) -> bool:
    return text in list_currencies()


def _is_country(text: str) -> bool:
    return text in countries()


@cache
def countries() -> frozenset[str]:
    """The countries whose way of writing phone numbers is known."""
    return frozenset(re.findall(r"'([A-Z]{2})': \{'code'", NUMBERING_PLANS.read_text(encoding="utf-8")))


def _is_encoding(name: str) -> bool:
    try:
        return codecs.lookup(name)._is_text_encoding
    except LookupError:
        return False


_EXAMPLES: dict[str, tuple[Callable[[str], bool], str]] = {
    DAY: (_is_date, "a date such as 2026-06-30"),
    "business_timezone": (_is_zone, "a time zone such as Europe/London"),
    "reporting_currency": (_is_currency, "a code such as GBP"),
    "default_country": (_is_country, "a code such as GB"),
    "kind": (bool, "a word such as own"),
}
