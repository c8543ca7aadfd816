"""A warehouse with only hand-made customers, on which the shipped segment models run."""

from __future__ import annotations

import csv
import functools
import json
import shutil
from collections.abc import Callable, Iterable, Mapping
from datetime import date
from pathlib import Path

import duckdb
import yaml

from scripts.platform.dbt import run_dbt
from scripts.platform.workspace import BUSINESS_SEEDS, PROJECT, Workspace
from tests.support.build_notes import recorded

Customer = Mapping[str, object]
Row = dict[str, str]

DAY = date(2026, 6, 30)
FITTED = ("clv", "churn", "adoption")
SEEDS = [
    *("segment_definitions", "segment_rule_conditions", "segment_approvals", "segment_status_steps"),
    "approvers",
    "approved_uses",
    "segment_operators",
    *("behaviour_windows", "model_cards"),
    *(f"{model}_parameters" for model in FITTED),
]
RULE_TARGETS = ("int_segment_matches", "int_segment_definitions", "int_segment_traces")
RULE_MODELS = [
    *(f"+{model},path:models/segments/intermediate" for model in RULE_TARGETS),
    "attribute_catalogue",
    "segment_versions",
]


@functools.cache
def feature_types() -> dict[str, str]:
    """The columns of customer_features with their types, from its contract."""
    text = (PROJECT / "models/customers/_customer_features.yml").read_text(encoding="utf-8")
    return {column["name"]: column["data_type"] for column in yaml.safe_load(text)["models"][0]["columns"]}


def plain_customer() -> dict[str, object]:
    """A person about whom nothing is known: counts are 0, flags are false, and everything else is null."""
    customer: dict[str, object] = {}
    for name, data_type in feature_types().items():
        if data_type == "boolean":
            customer[name] = False
        elif name.startswith("order_count") or "_count_" in name or name.endswith("_count"):
            customer[name] = 0
    return customer | {"customer_type": "person", "as_of_date": DAY}


def fabricated_workspace(folder: Path, customers: Iterable[Customer], also: Iterable[str] = ()) -> Workspace:
    """A workspace whose warehouse has these customers, with the shipped seeds.

    `also`: statements that fill further tables. All fitted models count as usable. `run_rules` builds the models.
    """
    workspace = Workspace.at(warehouse=str(folder / "warehouse.duckdb"))
    shutil.copytree(BUSINESS_SEEDS, workspace.seeds)
    _pretend_that_models_are_fitted(workspace.seeds)
    types = feature_types()
    with duckdb.connect(str(workspace.warehouse)) as connection:
        for schema in ("intake", "intermediate", "marts", "pii", "seeds", "state"):
            connection.execute(f"create schema {schema}")
        connection.execute("create table intake.settings (setting_name varchar, setting_value varchar)")
        connection.execute("insert into intake.settings values ('as_of_date', ?)", [DAY.isoformat()])
        connection.execute(f"create table marts.build_notes as {recorded(as_of_date=DAY.isoformat())}")
        delivered = folder / "customers.json"
        delivered.write_text("\n".join(json.dumps(customer, default=str) for customer in customers))
        columns = ", ".join(f"'{name}': '{data_type}'" for name, data_type in types.items())
        connection.execute(
            "create table marts.customer_features as"
            f" select * from read_json('{delivered}', format = 'newline_delimited', columns = {{{columns}}})"
        )
        windows = ", ".join(f'cast(0 as bigint) as "{name}"' for name in _window_names(workspace.seeds))
        connection.execute(
            "create table marts.customer_behaviour_windows as"
            f" select customer_id, as_of_date, {windows} from marts.customer_features"
        )
        usable = ", ".join(f"('{model}', 'fit', 'usable', cast(null as varchar))" for model in FITTED)
        connection.execute(
            "create table intermediate.int_model_status as"
            f" select * from (values {usable}) as t(model_key, fit_id, status, reason)"
        )
        for statement in also:
            connection.execute(statement)
    return workspace


def change_seed(workspace: Workspace, name: str, change: Callable[[Row], Row]) -> None:
    """Apply `change` to every row of a seed."""
    file = workspace.seeds / f"{name}.csv"
    with file.open(newline="", encoding="utf-8") as lines:
        rows = list(csv.DictReader(lines))
    with file.open("w", newline="", encoding="utf-8") as lines:
        writer = csv.DictWriter(lines, list(rows[0]), lineterminator="\n")
        writer.writeheader()
        writer.writerows(change(row) for row in rows)


def run_rules(workspace: Workspace, models: Iterable[str] = ()) -> None:
    """Load the seeds that rules read, and run the models that evaluate them and `models`."""
    run_dbt(workspace, ["seed", "--select", *SEEDS], progress=lambda _: None)
    run_dbt(workspace, ["run", "--select", *RULE_MODELS, *models], progress=lambda _: None)


def _pretend_that_models_are_fitted(seeds: Path) -> None:
    for name, cells in {
        "model_cards": [{"model_key": model, "fit_id": "fit"} for model in FITTED],
        **{f"{model}_parameters": [{"model_key": model, "fit_id": "fit"}] for model in FITTED},
    }.items():
        file = seeds / f"{name}.csv"
        header = file.read_text(encoding="utf-8").splitlines()[0].split(",")
        with file.open("w", newline="", encoding="utf-8") as lines:
            writer = csv.DictWriter(lines, header, lineterminator="\n")
            writer.writeheader()
            writer.writerows(cells)


def _window_names(seeds: Path) -> list[str]:
    with (seeds / "behaviour_windows.csv").open(newline="", encoding="utf-8") as lines:
        return [row["attribute_name"] for row in csv.DictReader(lines)]
