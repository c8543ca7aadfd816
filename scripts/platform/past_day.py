"""Builds what was known on a past day, in a copy of the warehouse: the first day with dbt, later days from its SQL.

On small data dbt takes longer to compile a model than DuckDB takes to run it, and the SQL of two days differs only in
the day, which `as_of_date` and `as_of_end` mark. So the SQL of the first day is kept and executed for each further day
with that day substituted. A model that, while it is compiled, queries the warehouse for anything that differs from day
to day (which rules are in force, which models may score, what earlier builds left) is built by dbt on every day, and so
is everything downstream of it.
"""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Iterable
from datetime import date, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import duckdb
import numpy as np
import pandas as pd
from scipy.sparse import coo_matrix
from scipy.sparse.csgraph import connected_components

from scripts.platform.keyed_hash import hash_key
from scripts.platform.progress import quiet
from scripts.platform.settings import DAY, built_settings, built_variables, recorded_settings
from scripts.platform.warehouse import open_warehouse, quote
from scripts.platform.workspace import Workspace

# Seeds of fitted parameters and of segments: training data does not depend on them.
FITTED_OR_RULES = (
    "model_", "clv_parameters", "churn_parameters", "adoption_parameters", "cluster_centres", "segment_"
)  # fmt: skip
PACKAGE = "customer_segmentation"
# As the macros as_of_date and as_of_end write the day.
MARKED_DAY = re.compile(r"cast\('[^']*' as (\w+)\) /\* (as_of_date|as_of_end) \*/")
COMPONENTS = "connected_components"
REPLAYED = ("table", "view", COMPONENTS)
# Ways to query the warehouse while a model is compiled.
ASKS = re.compile(r"run_query|get_relation\(|get_columns_in_relation|load_relation|load_cached_relation")
# Macros that query what is the same on every day of one warehouse: settings, columns, the hash key, the operators of
# rules; and one that queries nothing in a run for a given day.
ASK_FOR_THE_SAME = frozenset(
    {
        "blocked_versions", "duckdb__raw_columns", "identity_registry_relation", "landing_settings",
        "segment_operators", "source_map_columns", "stop_on_other_hash_key", "tables_with_rows", "undelivered_sources",
    }
)  # fmt: skip
# Macros that query rows of seeds.
ASK_SEEDS = frozenset(
    {
        "blocked_patterns", "seed_rows", "seed_violation_rows", "stop_on_rule_errors", "validation_rule_rows",
    }
)  # fmt: skip
# Compiled models by unique id, in the order in which dbt built them; one such dict per state of what the SQL of a day
# depends on.
_KEPT: dict[str, dict[str, Any]] = {}


def data_state(workspace: Workspace, without_seeds: tuple[str, ...] = FITTED_OR_RULES) -> str:
    """A hash of what a past day depends on: raw data, models, and seeds except those with the given prefixes."""
    from scripts.platform.dbt import project_state

    with open_warehouse(workspace.warehouse, read_only=True) as connection:
        sizes = connection.execute(
            "select schema_name, table_name, estimated_size from duckdb_tables()"
            " where schema_name like 'raw%' or schema_name in ('intake', 'state') order by all"
        ).fetchall()
        settings = recorded_settings(connection, str(workspace.warehouse))
    settings.pop(DAY, None)
    return _hash([sizes, settings, _seeds(workspace, without_seeds), project_state()])


def build_past_day(
    copy: Workspace, day: date, select: Iterable[str], *, variables: dict[str, Any] | None = None
) -> None:
    """Build models as of `day` in `copy`. `select`: names of models; a leading + adds all upstream models."""
    from scripts.platform.dbt import parsed_project

    select, given = list(select), {**built_variables(copy), **(variables or {})}
    kept = _KEPT.setdefault(_hash([_sql_state(copy), given]), {})
    project = parsed_project(copy)
    wanted = _with_parents(project, select)
    known = {key: node for key, node in kept.items() if key in wanted}
    # The full name: a mart and a folder may share a name.
    rest = [".".join(node.fqn) for key, node in wanted.items() if key not in known]
    if known and _replayed(copy, day, list(known.values())):
        if rest:
            _by_dbt(copy, day, rest, given, kept, project)
        return
    _by_dbt(copy, day, select, given, kept, project)


def _sql_state(workspace: Workspace) -> str:
    """A hash of what the SQL of any day depends on: models, settings, columns, and seeds except FITTED_OR_RULES."""
    from scripts.platform.dbt import project_state

    with open_warehouse(workspace.warehouse, read_only=True) as connection:
        columns = connection.execute(
            "select schema_name, table_name, column_name, data_type from duckdb_columns()"
            " where schema_name like 'raw%' or schema_name in ('intake', 'state') order by all"
        ).fetchall()
        is_set = ("intake", "settings") in {column[:2] for column in columns}
        settings = connection.execute("from intake.settings order by all").fetchall() if is_set else []
    return _hash(
        [workspace.warehouse.stem, hash_key(), settings, columns, _seeds(workspace, FITTED_OR_RULES), project_state()]
    )


def _seeds(workspace: Workspace, without: tuple[str, ...]) -> list[tuple[str, str]]:
    return [
        (file.name, hashlib.sha256(file.read_bytes()).hexdigest())
        for file in sorted(workspace.seeds.glob("*.csv"))
        if not file.name.startswith(without)
    ]


def _hash(parts: list[Any]) -> str:
    return hashlib.sha256(json.dumps(parts, default=str).encode()).hexdigest()[:12]


def _by_dbt(
    copy: Workspace, day: date, select: list[str], variables: dict[str, Any], kept: dict[str, Any], project: Any
) -> None:
    from scripts.platform.dbt import run_dbt

    results = run_dbt(
        copy,
        ["run", "--no-write-json", "--select", *select],
        variables={**variables, "as_of_date": day.isoformat()},
        progress=quiet,
    )
    texts = _day_texts(copy, day)
    for result in results:
        node = result.node
        if node.unique_id not in kept and _is_replayable(node, project, kept, texts):
            kept[node.unique_id] = node


def _replayed(copy: Workspace, day: date, nodes: list[Any]) -> bool:
    """Whether the kept SQL could be executed for `day`."""
    texts = _day_texts(copy, day)
    with open_warehouse(copy.warehouse) as connection:
        try:
            # One write of the log instead of one per model.
            connection.execute("begin")
            for node in nodes:
                _execute(connection, node, _of_day(node.compiled_code, texts))
            connection.execute("commit")
        except duckdb.Error:
            # dbt builds the day instead and reports the error.
            return False
    return True


def _execute(connection: duckdb.DuckDBPyConnection, node: Any, sql: str) -> None:
    """Create a model's relation from its SQL, as dbt would."""
    if node.config.materialized == COMPONENTS:
        found = _components(connection.execute(f"select node, link from ({sql})").df())
        connection.register("components", found)
        sql = "from components"
    elif node.config.contract.enforced:
        sql = f"select {', '.join(quote(name) for name in node.columns)} from ({sql})"
    kind = "view" if node.config.materialized == "view" else "table"
    connection.execute(f"create or replace {kind} {node.relation_name} as ({sql})")


def _components(linked: pd.DataFrame) -> pd.DataFrame:
    """Result of the materialization connected_components for `node` and `link`: node, component (its smallest node)."""
    nodes, rows = np.unique(linked["node"].to_numpy(np.int64), return_inverse=True)
    links = linked["link"].factorize()[0]
    size = len(nodes) + len(linked)
    edges = coo_matrix((np.ones(len(linked)), (rows, len(nodes) + links)), shape=(size, size))
    labels = connected_components(edges, directed=False)[1][: len(nodes)]
    found = pd.DataFrame({"node": nodes, "label": labels})
    groups = found.groupby("label")["node"]
    found["component"] = groups.transform("min")
    return found.loc[groups.transform("size") > 1, ["node", "component"]]


def _is_replayable(node: Any, project: Any, kept: dict[str, Any], texts: dict[str, str]) -> bool:
    """Whether only the day can change the SQL of a model that dbt has built for the day of `texts`."""
    seeds = [key.split(".")[-1] for key in node.depends_on.nodes if key.startswith("seed.")]
    # Kept SQL stays valid after models are fitted and rules are written.
    harmless = (
        ASK_FOR_THE_SAME if any(seed.startswith(FITTED_OR_RULES) for seed in seeds) else ASK_FOR_THE_SAME | ASK_SEEDS
    )
    return (
        node.resource_type == "model"
        and node.config.materialized in REPLAYED
        and not (node.config.pre_hook or node.config.post_hook)
        and not ASKS.search(node.raw_code)
        and not _asking_macros(node.depends_on.macros, project.macros) - harmless
        and all(key in kept for key in _model_parents(node, project))
        # If the day is calculated differently there, dbt builds the model.
        and _of_day(node.compiled_code, texts) == node.compiled_code
    )


def _asking_macros(keys: Iterable[str], macros: dict[str, Any]) -> set[str]:
    """Names of this project's macros that query the warehouse, among the given ones and those they call."""
    found, seen, open_keys = set(), set(), list(keys)
    while open_keys:
        macro = macros.get(open_keys.pop())
        if macro is None or macro.package_name != PACKAGE or macro.unique_id in seen:
            continue
        seen.add(macro.unique_id)
        if ASKS.search(macro.macro_sql):
            found.add(macro.name)
        open_keys += macro.depends_on.macros
    return found


def _model_parents(node: Any, project: Any) -> set[str]:
    """The models whose relations a model reads; ephemeral models are replaced by their own parents."""
    found: set[str] = set()
    for key in node.depends_on.nodes:
        if key.startswith("model."):
            parent = project.nodes[key]
            found |= _model_parents(parent, project) if parent.config.materialized == "ephemeral" else {key}
    return found


def _with_parents(project: Any, select: list[str]) -> dict[str, Any]:
    """The selected models by unique id; those selected with a + include their ancestors."""
    nodes = {key: node for key, node in project.nodes.items() if node.resource_type == "model"}
    by_name = {node.name: key for key, node in nodes.items()}
    found: dict[str, Any] = {}
    for name in select:
        open_keys = [by_name[name.removeprefix("+")]]
        while open_keys:
            key = open_keys.pop()
            if key in nodes and key not in found:
                found[key] = nodes[key]
                open_keys += nodes[key].depends_on.nodes if name.startswith("+") else []
    return found


def _day_texts(copy: Workspace, day: date) -> dict[str, str]:
    """The texts for a day in compiled SQL, by the macro that writes them."""
    zone = ZoneInfo(built_settings(copy)["business_timezone"])
    end = datetime.combine(day + timedelta(days=1), datetime.min.time(), zone).astimezone(ZoneInfo("UTC"))
    return {"as_of_date": day.isoformat(), "as_of_end": f"{end:%Y-%m-%d %H:%M:%S}"}


def _of_day(sql: str, texts: dict[str, str]) -> str:
    return MARKED_DAY.sub(lambda found: f"cast('{texts[found[2]]}' as {found[1]}) /* {found[2]} */", sql)
