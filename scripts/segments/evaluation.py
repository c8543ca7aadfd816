"""Evaluates segment rules within seconds: the project's own models, rendered without dbt, over the warehouse's tables.

Seeds are read from their files into a database in memory, and what depends on rules is built there; everything else is
read where it is. The warehouse is opened for reading only, and nothing is written anywhere.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import duckdb

from scripts.platform.errors import CheckFailed, UserError
from scripts.platform.rendering import Relation, Rendering, keep_compiled, model_files
from scripts.platform.seed_files import read_header
from scripts.platform.settings import store_settings
from scripts.platform.warehouse import literal, open_memory, quote
from scripts.platform.workspace import Workspace

MEMORY, GIVEN = "memory", "given"
SCHEMAS = ("seeds", "marts", "intermediate", "intake")
# Folders of models that depend on rules alone, and on what they are about.
RULE_FOLDERS = ("models/segments/intermediate/rules/", "models/segments/intermediate/evaluation/")
# Models in other folders that depend on seeds a marketer writes.
ALSO_EVALUATED = (
    "attribute_catalogue", "segment_rules", "int_validation_rules", "int_validation_name_errors",
    "int_validation_rule_errors", "int_seed_violations", "int_catalogue_name_violations",
    "int_campaign_plan_violations", "int_behaviour_window_errors",
)  # fmt: skip
# Recorded versions: a draft that is tried as active must not be checked against the order of statuses.
RECORDED = "segment_versions"


class Evaluation:
    """Rules over one connection: models are built in memory as they are asked for, each once."""

    def __init__(
        self,
        connection: duckdb.DuckDBPyConnection,
        seeds: Path,
        variables: dict[str, Any],
        *,
        where: str,
        only: Collection[str] | None = None,
    ) -> None:
        self.connection, self.seeds, self.where = connection, seeds, where
        self.stored = {
            (schema, name)
            for schema, name in connection.execute(
                "select schema_name, table_name from duckdb_tables() where database_name = $given"
                " union all select schema_name, view_name from duckdb_views() where database_name = $given",
                {"given": GIVEN},
            ).fetchall()
        }
        self.built: dict[tuple[str, str], Relation] = {}
        overrides = {} if only is None else {"segment_rules_to_evaluate": _limited_to(only)}
        self.rendering = Rendering(
            connection, find=self._find, resolve=self.relation, variables=variables, overrides=overrides
        )

    def relation(self, name: str) -> Relation:
        """The relation of a model or seed: built in memory where it depends on rules, else as the warehouse holds it.

        Raises CheckFailed where a rule is at fault, UserError where the warehouse lacks what is read.
        """
        for schema in ("seeds", "marts", "intermediate", "staging"):
            if found := self.built.get((schema, name)):
                return found
        if self._is_evaluated(name):
            return self._build(name)
        if (self.seeds / f"{name}.csv").exists() and ("seeds", name) in self.stored:
            return self._load(name)
        for schema in ("seeds", "marts", "intermediate", "staging"):
            if (schema, name) in self.stored:
                return Relation(GIVEN, schema, name)
        raise UserError(f"{self.where}: has no {name} yet; run `python -m scripts build`")

    def _is_evaluated(self, name: str) -> bool:
        file = model_files().get(name)
        return file is not None and (
            name in ALSO_EVALUATED or any(folder in file.as_posix() for folder in RULE_FOLDERS)
        )

    def _build(self, name: str) -> Relation:
        sql = self.rendering.model(name)
        schema = "marts" if name in ("attribute_catalogue", "segment_rules") else "intermediate"
        kind = "view" if name == "int_segment_traces" else "table"
        self.connection.execute(f"create {kind} {schema}.{quote(name)} as {sql}")
        return self._keep(schema, name)

    def _load(self, name: str) -> Relation:
        """A seed as its file is now, with the types of the one that the warehouse holds."""
        columns = read_header(self.seeds / f"{name}.csv")
        types = dict(
            self.connection.execute(
                "select column_name, data_type from duckdb_columns() where database_name = ? and schema_name = 'seeds'"
                " and table_name = ?",
                [GIVEN, name],
            ).fetchall()
        )
        if not set(columns) <= types.keys():
            raise UserError(f"{self.where}: holds the seed {name} with other columns; run `python -m scripts build`")
        declared = ", ".join(f"{quote(column)} {types[column]}" for column in columns)
        self.connection.execute(f"create table seeds.{quote(name)} ({declared})")
        try:
            self.connection.execute(
                f"copy seeds.{quote(name)} from {literal(str(self.seeds / f'{name}.csv'))}"
                " (format csv, header true, delimiter ',', quote '\"', escape '\"', auto_detect false)"
            )
        except duckdb.Error as problem:
            from scripts.platform.dbt import _one_line

            raise CheckFailed(f"{name}: {_one_line(str(problem))}") from None
        return self._keep("seeds", name)

    def _keep(self, schema: str, name: str) -> Relation:
        found = self.built[schema, name] = Relation(MEMORY, schema, name)
        return found

    def _find(self, _: str | None, schema: str, name: str) -> Relation | None:
        """A relation as macros look it up by schema and name."""
        if schema == "seeds" and ("seeds", name) in self.stored:
            return self.relation(name)
        if found := self.built.get((schema, name)):
            return found
        return Relation(GIVEN, schema, name) if (schema, name) in self.stored else None


def _limited_to(only: Collection[str]) -> Callable[[Callable[..., Any]], Callable[..., Any]]:
    """Makes of the macro segment_rules_to_evaluate one that gives only these segments and those they refer to."""

    def make(macro: Callable[..., Any]) -> Callable[..., Any]:
        def limited(level: int | None = None) -> list[dict[str, Any]]:
            every = {segment["segment_key"]: segment for segment in macro()}
            wanted, asked = set(), list(only)
            while asked:
                key = asked.pop()
                if key in every and key not in wanted:
                    wanted.add(key)
                    asked += every[key]["referenced_segments"]
            return [segment for key, segment in every.items() if key in wanted and level in (None, segment["level"])]

        return limited

    return make


@contextmanager
def rules_in_memory(
    workspace: Workspace,
    variables: dict[str, Any],
    *,
    seeds: Path | None = None,
    settings: dict[str, str] | None = None,
    draft: str | None = None,
    only: Collection[str] | None = None,
) -> Iterator[Evaluation]:
    """The rules of a folder of seeds over the warehouse, which is attached as `given`.

    `settings`: those of the landing zone, where they are not the stored ones. `draft`: a segment that counts as new.
    `only`: the segments whose members are wanted; all active ones by default.
    """
    if not workspace.warehouse.exists():
        raise UserError(f"{workspace.warehouse}: no such warehouse; run `python -m scripts intake` and `build` first")
    with open_memory() as connection:
        attach(connection, workspace.warehouse)
        for schema in SCHEMAS:
            connection.execute(f"create schema if not exists {schema}")
        evaluation = Evaluation(
            connection, seeds or workspace.seeds, variables, where=str(workspace.warehouse), only=only
        )
        if settings is not None:
            store_settings(connection, settings)
            evaluation._keep("intake", "settings")
        if draft is not None and ("marts", RECORDED) in evaluation.stored:
            connection.execute(
                f"create table marts.{RECORDED} as from given.marts.{RECORDED} where segment_key <> {literal(draft)}"
            )
            evaluation._keep("marts", RECORDED)
        yield evaluation
    keep_compiled()


def attach(connection: duckdb.DuckDBPyConnection, warehouse: Path) -> None:
    """Attach a warehouse as `given`, read only."""
    from scripts.platform.warehouse import WarehouseBusy, lock_holder

    try:
        connection.execute(f"attach {literal(str(warehouse))} as {GIVEN} (read_only)")
    except duckdb.IOException as problem:
        if holder := lock_holder(str(problem)):
            raise WarehouseBusy(f"{warehouse}: {holder}") from None
        raise UserError(f"{warehouse}: cannot be opened as a DuckDB file; move it away and rebuild") from None
