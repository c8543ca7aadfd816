"""Evaluates segment rules within seconds: the project's own models, rendered without dbt, over the warehouse's tables.

Seeds are read from their files into a database in memory, and what depends on rules is built there; everything else is
read where it is. The warehouse is opened for reading only, and nothing is written anywhere.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import duckdb

from scripts.platform.dbt import one_line
from scripts.platform.errors import CheckFailed, UserError
from scripts.platform.rendering import Relation, Rendering, keep_compiled, model_files
from scripts.platform.seed_files import read_header
from scripts.platform.settings import as_built, recorded_settings, store_settings
from scripts.platform.warehouse import WarehouseBusy, literal, lock_holder, open_memory, quote
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
    ) -> None:
        self.connection, self.seeds, self.where = connection, seeds, where
        # The segments that are evaluated, with those they refer to; None: all.
        self.only: set[str] | None = None
        # Asked once: a look into the catalogue takes as long as a model.
        self.stored: dict[tuple[str, str], dict[str, str]] = {}
        for schema, name, column, data_type in connection.execute(
            "select schema_name, table_name, column_name, data_type from duckdb_columns() where database_name = ?"
            " order by schema_name, table_name, column_index",
            [GIVEN],
        ).fetchall():
            self.stored.setdefault((schema, name), {})[column] = data_type
        self.built: dict[tuple[str, str], Relation] = {}
        self.rendering = Rendering(
            connection, find=self._find, resolve=self.relation, variables=variables,
            overrides={"segment_rules_explained": self._limited, "raw_columns": lambda _: self._raw_columns},
        )  # fmt: skip

    def relation(self, name: str) -> Relation:
        """The relation of a model or seed: built in memory where it depends on rules, else as the warehouse holds it.

        Raises CheckFailed where a rule is at fault, UserError where the warehouse lacks what a model reads.
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
        # As in dbt, a reference to what is not there only fails where it is read.
        return Relation(GIVEN, "missing", name)

    def _is_evaluated(self, name: str) -> bool:
        file = model_files().get(name)
        return file is not None and (
            name in ALSO_EVALUATED or any(folder in file.as_posix() for folder in RULE_FOLDERS)
        )

    def _build(self, name: str) -> Relation:
        schema = "marts" if name in ("attribute_catalogue", "segment_rules") else "intermediate"
        kind = "view" if name == "int_segment_traces" else "table"
        try:
            self.connection.execute(f"create {kind} {schema}.{quote(name)} as {self.rendering.model(name)}")
        except (duckdb.CatalogException, duckdb.BinderException) as problem:
            lacking = str(problem).splitlines()[0]
            raise UserError(
                f"{self.where}: {name} cannot be evaluated over it ({lacking}); run `python -m scripts build`"
            ) from None
        return self._keep(schema, name)

    def _load(self, name: str) -> Relation:
        """A seed as its file is now, with the types of the one that the warehouse holds."""
        columns = read_header(self.seeds / f"{name}.csv")
        types = self.stored["seeds", name]
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
            raise CheckFailed(f"{name}: {one_line(str(problem))}") from None
        return self._keep("seeds", name)

    def _keep(self, schema: str, name: str) -> Relation:
        found = self.built[schema, name] = Relation(MEMORY, schema, name)
        return found

    def hold(self, schema: str, name: str) -> None:
        """Take a model as the warehouse holds it, although it depends on rules."""
        self.built[schema, name] = Relation(GIVEN, schema, name)

    def view(self, schema: str, name: str) -> None:
        """Let queries name a relation of the warehouse as it is named there."""
        self.connection.execute(f"create view {schema}.{quote(name)} as from {GIVEN}.{schema}.{quote(name)}")

    def _limited(self, macro: Callable[..., Any]) -> Callable[..., Any]:
        """Makes of the macro segment_rules_explained one of only the wanted segments and those they refer to."""

        def limited() -> list[dict[str, Any]]:
            every = {segment["segment_key"]: segment for segment in macro()}
            wanted, asked = set(), list(every if self.only is None else self.only)
            while asked:
                key = asked.pop()
                if key in every and key not in wanted:
                    wanted.add(key)
                    asked += every[key]["referenced_segments"]
            return [segment for key, segment in every.items() if key in wanted]

        return limited

    def _raw_columns(self, relation: Relation) -> list[str]:
        """What the macro raw_columns gives: the columns of a table that dbt does not build, in lower case."""
        return [name.lower() for name in self.stored.get((relation.schema, relation.identifier), {})]

    def _find(self, _: str | None, schema: str, name: str) -> Relation | None:
        """A relation as macros look it up by schema and name."""
        if schema == "seeds" and ("seeds", name) in self.stored:
            return self.relation(name)
        if found := self.built.get((schema, name)):
            return found
        return Relation(GIVEN, schema, name) if (schema, name) in self.stored else None


@contextmanager
def rules_in_memory(
    workspace: Workspace,
    variables: dict[str, Any] | None = None,
    *,
    seeds: Path | None = None,
    settings: dict[str, str] | None = None,
    draft: str | None = None,
) -> Iterator[Evaluation]:
    """The rules of a folder of seeds over the warehouse, which is attached as `given`.

    `variables`: the vars; those of the last build by default. `settings`: those of the landing zone, where they are not
    the stored ones. `draft`: a segment that counts as new.
    """
    if not workspace.warehouse.exists():
        raise UserError(f"{workspace.warehouse}: no such warehouse; run `python -m scripts intake` and `build` first")
    with open_memory() as connection:
        _attach(connection, workspace.warehouse)
        for schema in SCHEMAS:
            connection.execute(f"create schema if not exists {schema}")
        where = str(workspace.warehouse)
        if variables is None:
            variables = as_built(recorded_settings(connection, where, f"{GIVEN}.marts"))
        evaluation = Evaluation(connection, seeds or workspace.seeds, variables, where=where)
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


def _attach(connection: duckdb.DuckDBPyConnection, warehouse: Path) -> None:
    """Attach a warehouse as `given`, read only."""
    try:
        connection.execute(f"attach {literal(str(warehouse))} as {GIVEN} (read_only)")
    except duckdb.IOException as problem:
        if holder := lock_holder(str(problem)):
            raise WarehouseBusy(f"{warehouse}: {holder}") from None
        raise UserError(f"{warehouse}: cannot be opened as a DuckDB file; move it away and rebuild") from None
