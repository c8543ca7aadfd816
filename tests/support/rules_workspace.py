"""A warehouse with only what segment rules read: invented customers, and rules loaded as from a seed.

It contains nothing of the demo, so one dbt run can evaluate hundreds of rules in a second or two.
"""

from __future__ import annotations

import json
import shutil
from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import date
from pathlib import Path
from typing import Any

import duckdb
import yaml

from scripts.platform.dbt import run_dbt
from scripts.platform.workspace import BUSINESS_SEEDS, PROJECT, Workspace

Row = dict[str, Any]
DAY = date(2026, 6, 30)
OPERATORS = PROJECT / "seeds/reference/segment_operators.csv"
COLUMNS = ("segment_key", "kind", "alternative", "attribute", "operator", "value", "if_missing")
# The models that evaluate rules, in order of dependency.
MATCHES = [
    "int_segment_rules",
    "int_segment_percentiles_of_buyers",
    "int_segment_matches",
    "int_segment_percentiles",
]
WINDOWS = [
    {"attribute_name": "basket_count_9d", "event": "cart_addition", "filter": "", "measure": "count", "days": "9"},
    {"attribute_name": "shoe_view_count_20d", "event": "product_view", "filter": "category=Shoes", "days": "20"},
]


@dataclass
class Rule:
    """One segment: its rows as in a seed, and the cells of its definition that rules read."""

    key: str
    rows: list[Row]
    status: str = "active"
    scope: str = "people"
    more: Row = field(default_factory=dict)


def row(kind: str, alternative: object, attribute: str, operator: str, value: str = "", if_missing: str = "") -> Row:
    return dict(zip(COLUMNS[1:], (kind, str(alternative), attribute, operator, value, if_missing), strict=True))


def value_types() -> dict[str, str]:
    """The value type of every attribute of customer_features and of the windows above, from their declarations."""
    text = (PROJECT / "models/customers/_customer_features.yml").read_text(encoding="utf-8")
    found = {}
    for column in yaml.safe_load(text)["models"][0]["columns"]:
        if column["name"] in ("customer_id", "as_of_date"):
            continue
        kind = column["data_type"].split("(")[0]
        declared = column.get("config", {}).get("meta", {}).get("value_type")
        found[column["name"]] = declared or {"varchar": "text", "boolean": "boolean", "date": "date"}.get(
            kind, "number"
        )
    return found | {window["attribute_name"]: "number" for window in WINDOWS}


def make_workspace(folder: Path, customers: list[Row], types: dict[str, str]) -> Workspace:
    """A workspace with these customers; `types`: the data type of each of their attributes."""
    workspace = Workspace.at(warehouse=str(folder / "warehouse.duckdb"))
    shutil.copytree(BUSINESS_SEEDS, workspace.seeds)
    windows = [window["attribute_name"] for window in WINDOWS]
    with duckdb.connect(str(workspace.warehouse)) as connection:
        for schema in ("seeds", "marts", "intermediate"):
            connection.execute(f"create schema {schema}")
        for table, names in (
            ("customer_features", [name for name in types if name not in windows]),
            ("customer_behaviour_windows", ["customer_id", "as_of_date", *windows]),
        ):
            declared = ", ".join(f'"{name}" {types[name]}' for name in names)
            connection.execute(f"create table marts.{table} ({declared})")
            _insert(connection, f"marts.{table}", [[customer.get(name) for name in names] for customer in customers])
        _texts(connection, "behaviour_windows", "attribute_name event filter measure days description unit", WINDOWS)
        connection.execute(
            "create table intermediate.int_segment_rule_errors as select '' as seed_name, '' as segment_key,"
            " '' as row_text, '' as reason, '' as suggestion, '' as severity, true as is_faulty where false"
        )
        for name in ("segment_status_steps", "approved_uses"):
            file = PROJECT / f"seeds/reference/{name}.csv"
            connection.execute(f"create table seeds.{name} as from read_csv('{file}')")
        put_operators(connection)
    return workspace


def put_operators(connection: duckdb.DuckDBPyConnection, file: Path = OPERATORS) -> None:
    """Load the seed of operators."""
    connection.execute(
        f"create or replace table seeds.segment_operators as from read_csv('{file}', delim = ',', header = true)"
    )


def put_rules(workspace: Workspace, rules: Iterable[Rule]) -> None:
    """Make these the rules of the workspace."""
    with duckdb.connect(str(workspace.warehouse)) as connection:
        conditions = [{"segment_key": rule.key, **cells} for rule in rules for cells in rule.rows]
        _texts(connection, "segment_rule_conditions", " ".join(COLUMNS), conditions)
        header = (BUSINESS_SEEDS / "segment_definitions.csv").read_text(encoding="utf-8-sig").splitlines()[0]
        definitions = [
            {"segment_key": rule.key, "status": rule.status, "scope": rule.scope, **rule.more} for rule in rules
        ]
        _texts(connection, "segment_definitions", header.replace(",", " "), definitions)


def _texts(connection: duckdb.DuckDBPyConnection, seed: str, names: str, rows: Iterable[Row]) -> None:
    columns = names.split()
    connection.execute(f"create or replace table seeds.{seed} ({', '.join(f'{name} varchar' for name in columns)})")
    # An empty cell of a CSV file is null.
    values = [[str(cells[name]) if cells.get(name) not in (None, "") else None for name in columns] for cells in rows]
    _insert(connection, f"seeds.{seed}", values)


def _insert(connection: duckdb.DuckDBPyConnection, table: str, values: list[list[Any]]) -> None:
    if values:
        connection.executemany(f"insert into {table} values ({', '.join('?' for _ in values[0])})", values)


def build(workspace: Workspace, models: list[str]) -> None:
    run_dbt(workspace, ["run", "--select", *models], variables={"as_of_date": DAY.isoformat()}, progress=lambda _: None)


def query(workspace: Workspace, text: str) -> list[tuple[Any, ...]]:
    with duckdb.connect(str(workspace.warehouse), read_only=True) as connection:
        return connection.execute(text).fetchall()


def shown(rule: Rule) -> str:
    """A rule as text for the message of a failed test."""
    return json.dumps({"key": rule.key, "status": rule.status, "scope": rule.scope, "rows": rule.rows}, indent=1)
