"""Renders models of the project with its own macros, without starting dbt: for what has to be answered in seconds.

A plain Jinja environment offers what the models of rules use of dbt's context; a model that uses anything else ends
with an error that names it. What a model refers to is resolved by the caller, so it may be in any attached database.
"""

from __future__ import annotations

import contextlib
import functools
import hashlib
import importlib
import json
import marshal
import os
import re
import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import duckdb
import yaml
from jinja2 import Environment, Template, TemplateError, Undefined, nodes
from jinja2 import __version__ as jinja_version
from jinja2.parser import Parser
from jinja2.runtime import Context

from scripts.platform.errors import CheckFailed
from scripts.platform.files import replace_file
from scripts.platform.settings import project_vars, setting_defaults
from scripts.platform.warehouse import quote
from scripts.platform.workspace import DATA, PROJECT

PACKAGE = "customer_segmentation"
MACRO = re.compile(r"\{%-?\s*macro\s+(\w+)\s*\(.*?\{%-?\s*endmacro\s*-?%\}", re.DOTALL)
PREFIX = "macro_of_project__"
# Compiled macros and declarations; may be deleted at any time.
COMPILED = DATA / "compiled" / "macros.bin"


@dataclass(frozen=True)
class Relation:
    """A table or view, as macros see it: as text, its quoted name."""

    database: str
    schema: str
    identifier: str

    def __str__(self) -> str:
        return ".".join(quote(part) for part in (self.database, self.schema, self.identifier))


class Row(tuple[Any, ...]):
    """A row of a query whose cells are found by position or by column."""

    names: tuple[str, ...]

    def __getitem__(self, key: Any) -> Any:
        return super().__getitem__(self.names.index(key) if isinstance(key, str) else key)


class _Values(tuple[Any, ...]):
    def values(self) -> _Values:
        return self


class Found:
    """What run_query returns: `rows`, and `columns` each with `values()`."""

    def __init__(self, names: list[str], rows: list[tuple[Any, ...]]) -> None:
        kind = type("NamedRow", (Row,), {"names": tuple(names)})
        self.rows = [kind(row) for row in rows]
        self.columns = [_Values(row[place] for row in rows) for place in range(len(names))]


class _Returned(BaseException):
    """Carries what a macro returns; not an Exception, so that nothing on the way takes it for a fault."""

    def __init__(self, value: Any) -> None:
        self.value = value


class _MacroParser(Parser):
    """Renames a macro, so that calls within it go through the context, which ends them at `return`."""

    def parse_macro(self) -> nodes.Macro:
        found = super().parse_macro()
        found.name = PREFIX + found.name
        return found


class _Context(Context):
    """Calls without looking for what the called might ask of the context: nothing offered here asks."""

    def call(self, called: Any, *given: Any, _loop_vars: Any = None, _block_vars: Any = None, **named: Any) -> Any:
        return called(*given, **named)


# What a dict has besides its keys.
OF_DICTS = frozenset(dir(dict))


class _Environment(Environment):
    context_class = _Context

    def getattr(self, obj: Any, attribute: str) -> Any:
        """The usual look-up, in one step for dicts, of which macros are full."""
        if type(obj) is dict and attribute not in OF_DICTS and attribute in obj:
            return obj[attribute]
        return super().getattr(obj, attribute)

    def _parse(self, source: str, name: str | None, filename: str | None) -> nodes.Template:
        return _MacroParser(self, source, name, filename).parse()


class Rendering:
    """Renders models and macros over one connection.

    `find` gives the relation of a schema and a name, or None; `resolve` that of a model or seed, which it may build.
    `variables` are those of the run. `overrides`: macros that Python replaces, by name.
    """

    def __init__(
        self,
        connection: duckdb.DuckDBPyConnection,
        *,
        find: Callable[[str | None, str, str], Relation | None],
        resolve: Callable[[str], Relation],
        variables: dict[str, Any],
        overrides: dict[str, Callable[..., Any]] | None = None,
    ) -> None:
        self.connection, self.find, self.resolve = connection, find, resolve
        self.variables = {**project_vars(), "setting_defaults": setting_defaults(), **variables}
        self.environment = _environment()
        self.context: dict[str, Any] = dict(self.environment.globals)
        self.context |= {name: self._macro(name) for name in macro_texts()}
        self.context |= self._offered()
        self.overridden = {name: make(self.context[name]) for name, make in (overrides or {}).items()}
        self.context |= self.overridden

    def model(self, name: str) -> str:
        """The SQL of a model. Raises CheckFailed where it refuses or uses what is not offered here."""
        source = model_files()[name].read_text(encoding="utf-8")
        try:
            return Template.from_code(self.environment, _compiled(source), self.context).render()
        except TemplateError as problem:
            raise CheckFailed(
                f"{name}: uses what is only there in dbt ({problem}); offer it in scripts/platform/rendering.py"
            ) from problem

    def _macro(self, name: str) -> Callable[..., Any]:
        made: list[Any] = []

        def call(*given: Any, **named: Any) -> Any:
            if not made:
                module = _compiled_macro(name).make_module(self.context, shared=True)
                made.append(getattr(module, PREFIX + name))
            try:
                return made[0](*given, **named)
            except _Returned as returned:
                return returned.value

        return call

    def _offered(self) -> dict[str, Any]:
        """What dbt's context offers, as far as macros of rules use it."""

        def returned(value: Any = None) -> None:
            raise _Returned(value)

        def refused(message: str, *_: Any) -> None:
            raise CheckFailed(message)

        from_package = {
            "dispatch": lambda name, *_: self.context.get(f"duckdb__{name}") or self.context[f"default__{name}"],
            "quote": quote,
            "get_relation": self.find,
            "get_columns_in_relation": self._columns,
        }
        target = {"type": "duckdb", "database": "given", "schema": "main", "name": "dev"}
        return {
            "return": returned,
            "execute": True,
            "var": lambda name, default=None: self.variables.get(name, default),
            "env_var": lambda name, default="": os.environ.get(name, default),
            "ref": self.resolve,
            "source": lambda schema, name: Relation("given", *self._source(schema, name)),
            "config": lambda *_, **__: "",
            "log": lambda *_, **__: "",
            "target": target,
            "project_name": PACKAGE,
            "graph": {"nodes": _Nodes(self.find), "sources": _sources(str(self.variables["raw_schema_prefix"]))},
            "adapter": from_package,
            "api": {
                "Relation": {"create": lambda database, schema, identifier: Relation(database, schema, identifier)}
            },
            "exceptions": {"raise_compiler_error": refused},
            "flags": {"WHICH": "run"},
            "run_query": self._query,
            "load_relation": lambda one: self.find(one.database, one.schema, one.identifier),
            "run_started_at": datetime.now(UTC),
            "modules": _MODULES,
            "dbt": {
                "type_string": lambda: "TEXT",
                "type_timestamp": lambda: "TIMESTAMP",
                "string_literal": lambda text: f"'{text}'",
                "escape_single_quotes": lambda text: text.replace("'", "''"),
                "dateadd": lambda part, number, start: f"date_add({start}, interval ({number}) {part})",
            },
            "tojson": lambda value, default=None, sort_keys=False: json.dumps(value, sort_keys=sort_keys, default=str),
            "fromjson": lambda text, default=None: _from_json(text, default),
            "zip": lambda *lists: list(zip(*lists, strict=False)),
            "set": lambda values: set(values),
            "local_md5": _md5,
            "invocation_args_dict": {},
        }

    def _source(self, schema: str, name: str) -> tuple[str, str]:
        entry = self.context["graph"]["sources"].get(f"source.{PACKAGE}.{schema}.{name}")
        if entry is None:
            raise CheckFailed(f"{schema}.{name}: is no source of the project")
        return entry["schema"], entry["identifier"]

    def _query(self, query: str) -> Found:
        found = self.connection.execute(query)
        return Found([column[0] for column in found.description or []], found.fetchall())

    def _columns(self, relation: Relation) -> list[dict[str, str]]:
        rows = self.connection.execute(f"describe {relation}").fetchall()
        return [{"name": row[0], "dtype": row[1], "data_type": row[1]} for row in rows]


class _Nodes:
    """The nodes of the project: seeds and attributes as their YAML declares them, any other as where it is stored."""

    def __init__(self, find: Callable[[str | None, str, str], Relation | None]) -> None:
        self.find = find

    def get(self, key: str, default: Any = None) -> Any:
        kind, _, name = key.split(".", 2)
        declared = declared_nodes().get(key)
        for schema in ("seeds",) if kind == "seed" else ("marts", "intermediate", "staging"):
            if relation := self.find(None, schema, name):
                place = {"database": relation.database, "schema": relation.schema, "alias": name}
                return {**(declared or {"name": name}), **place}
        return declared or default

    def values(self) -> Iterator[Any]:
        return iter([node for key, node in declared_nodes().items() if key.startswith("seed.")])


@functools.cache
def macro_texts() -> dict[str, str]:
    """The text of every macro of the project, by name."""
    texts = {}
    for file in sorted((PROJECT / "macros").rglob("*.sql")):
        for found in MACRO.finditer(file.read_text(encoding="utf-8")):
            texts[found[1]] = found[0]
    return texts


@functools.cache
def model_files() -> dict[str, Path]:
    """The file of every model, by name."""
    return {file.stem: file for file in (PROJECT / "models").rglob("*.sql")}


@functools.cache
def declared_nodes() -> dict[str, Any]:
    """The seeds, and the model whose columns are attributes, as the YAML declares them."""
    return _kept_or("nodes", _declared)


def _kept_or(name: str, read: Callable[[], dict[str, Any]]) -> dict[str, Any]:
    """What was kept under a name, or else is read, as JSON, which holds only what can be kept."""
    kept = _kept()
    if name not in kept["declared"]:
        kept["declared"][name] = json.dumps(read(), default=str)
        kept["is_new"] = True
    return dict(json.loads(kept["declared"][name]))


def _declaring_files() -> list[Path]:
    return [
        *sorted((PROJECT / "seeds/reference").glob("*.yml")),
        PROJECT / "models/customers/_customer_features.yml",
        *sorted((PROJECT / "models/staging").rglob("*__sources.yml")),
    ]


def _declared() -> dict[str, Any]:
    nodes_found = {}
    for file in _declaring_files():
        if file.name.endswith("__sources.yml"):
            continue
        for kind, key in (("seed", "seeds"), ("model", "models")):
            for entry in _yaml(file).get(key, []):
                columns = {
                    column["name"]: {"description": "", "data_type": None, **column}
                    for column in entry.get("columns", [])
                }
                config = {"meta": {}, **(entry.get("config") or {})}
                nodes_found[f"{kind}.{PACKAGE}.{entry['name']}"] = {
                    **entry, "resource_type": kind, "columns": columns, "config": config,
                    "unique_id": f"{kind}.{PACKAGE}.{entry['name']}",
                }  # fmt: skip
    return nodes_found


def _yaml(file: Path) -> dict[str, Any]:
    loader = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
    return dict(yaml.load(file.read_text(encoding="utf-8"), Loader=loader) or {})


def _sources(raw_prefix: str) -> dict[str, Any]:
    """The source tables as `graph.sources` describes them."""
    return _kept_or(f"sources {raw_prefix}", lambda: _read_sources(raw_prefix))


def _read_sources(raw_prefix: str) -> dict[str, Any]:
    found = {}
    for file in sorted((PROJECT / "models/staging").rglob("*__sources.yml")):
        for source in _yaml(file).get("sources", []):
            schema = _plain(str(source.get("schema", source["name"])), raw_prefix)
            for table in source["tables"]:
                meta = {
                    **((source.get("config") or {}).get("meta") or {}),
                    **((table.get("config") or {}).get("meta") or {}),
                }
                key = f"source.{PACKAGE}.{source['name']}.{table['name']}"
                found[key] = {
                    **table, "unique_id": key, "package_name": PACKAGE, "source_name": source["name"],
                    "database": "given", "schema": schema, "identifier": table.get("identifier", table["name"]),
                    "config": {"meta": meta},
                    "columns": {column["name"]: column for column in table.get("columns", [])},
                    "original_file_path": str(file.relative_to(PROJECT)),
                }  # fmt: skip
    return found


def _plain(schema: str, raw_prefix: str) -> str:
    return Environment().from_string(schema).render(var=lambda *_: raw_prefix)


@functools.cache
def _environment() -> _Environment:
    return _Environment(extensions=["jinja2.ext.do"], undefined=Undefined, cache_size=0)


@functools.cache
def _compiled_macro(name: str) -> Template:
    return Template.from_code(_environment(), _compiled(macro_texts()[name]), {})


def _compiled(source: str) -> Any:
    """The code of a template, compiled once for all commands."""
    kept, key = _kept(), hashlib.sha256(source.encode()).hexdigest()
    if key not in kept["code"]:
        kept["code"][key] = _environment().compile(source)
        kept["is_new"] = True
    return kept["code"][key]


@functools.cache
def _kept() -> dict[str, Any]:
    """What earlier commands compiled of the project as it is now; nothing where the file is missing or damaged."""
    fresh: dict[str, Any] = {"state": _state(), "code": {}, "declared": {}, "is_new": False}
    try:
        content = COMPILED.read_bytes()
        if hashlib.sha256(content[32:]).digest() == content[:32]:
            found = marshal.loads(content[32:])
            if found["state"] == fresh["state"]:
                return {**found, "is_new": False}
    except (OSError, ValueError, EOFError, TypeError, KeyError):
        pass
    return fresh


def keep_compiled() -> None:
    """Keep what this command compiled for the next one; a folder that cannot be written to only costs time."""
    kept = _kept()
    if not kept["is_new"]:
        return
    content = marshal.dumps({**kept, "is_new": False})
    with contextlib.suppress(OSError):
        COMPILED.parent.mkdir(parents=True, exist_ok=True)
        replace_file(COMPILED, hashlib.sha256(content).digest() + content)
    kept["is_new"] = False


def _state() -> str:
    """A hash of what declarations are read from, and of the versions that compile; code is kept by its text."""
    parts = [(str(file), file.stat().st_mtime_ns, file.stat().st_size) for file in _declaring_files()]
    return hashlib.sha256(repr([parts, sys.version, jinja_version]).encode()).hexdigest()


def _from_json(text: str, default: Any) -> Any:
    try:
        return json.loads(text)
    except ValueError:
        return default


def _md5(text: str) -> str:
    return hashlib.md5(text.encode()).hexdigest()


class _Modules:
    """The modules that macros use; pytz only where no day is given."""

    re = re

    @property
    def datetime(self) -> Any:
        return importlib.import_module("datetime")

    @property
    def pytz(self) -> Any:
        return importlib.import_module("pytz")


_MODULES = _Modules()
