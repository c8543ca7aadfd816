"""Macros that yield expressions, lists of errors or whole validation queries, on cases that read no model.

Each `assert_*.sql` beside this file is a singular test of dbt: one row for every case that fails. They run together in
a project of macros only, on an empty warehouse: parsing all models for them would take ten times as long.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
import yaml

from scripts.platform.dbt import workspace_environment
from scripts.platform.workspace import BUSINESS_SEEDS, PROJECT, Workspace
from tests.support.workspaces import STRICT

HERE = Path(__file__).parent
CASES = sorted(file.stem for file in HERE.glob("assert_*.sql"))
# What the macros look up in the project besides the contract of one source: the columns of customer_features.
STAND_IN = {
    "models": [{"name": "customer_features", "columns": [{"name": "customer_id"}, {"name": "order_count_90d"}]}]
}


def write_project(folder: Path) -> None:
    """Writes the project settings for a project of macros and cases only."""
    project = yaml.safe_load((PROJECT / "dbt_project.yml").read_text(encoding="utf-8"))
    kept = {key: project[key] for key in ("name", "version", "config-version", "profile", "flags", "vars")}
    (folder / "dbt_project.yml").write_text(yaml.safe_dump(kept | {"test-paths": ["cases"]}), encoding="utf-8")


def options(folder: Path) -> list[str]:
    places = ["--project-dir", str(folder), "--profiles-dir", str(PROJECT)]
    return [*places, "--target-path", str(folder / "target"), "--log-path", str(folder / "logs"), "--quiet"]


def outcomes(folder: Path, select: list[str], variables: dict[str, Any]) -> dict[str, str]:
    """The result of each case by its name: `pass`, or the failure with the compiled SQL."""
    from dbt.adapters.duckdb.connections import DuckDBConnectionManager
    from dbt.cli.main import dbtRunner

    write_project(folder)
    (folder / "macros").symlink_to(PROJECT / "macros", target_is_directory=True)
    (folder / "cases").mkdir()
    for name in CASES:
        (folder / "cases" / f"{name}.sql").symlink_to(HERE / f"{name}.sql")
    (folder / "models").mkdir()
    (folder / "models" / "sources.yml").symlink_to(PROJECT / "models" / "staging" / "pos" / "_pos__sources.yml")
    (folder / "models" / "features.yml").write_text(yaml.safe_dump(STAND_IN), encoding="utf-8")
    (folder / "models" / "customer_features.sql").write_text("select 1 as customer_id", encoding="utf-8")
    workspace = Workspace.at(warehouse=str(folder / "warehouse.duckdb"), seeds=str(BUSINESS_SEEDS))
    command = ["test", "--select", *select, "--vars", json.dumps(variables), *STRICT, *options(folder)]
    try:
        with workspace_environment(workspace):
            outcome: Any = dbtRunner().invoke(command)
    finally:
        DuckDBConnectionManager.close_all_connections()
    assert outcome.result is not None, outcome.exception
    return {
        result.node.name: str(result.status)
        if str(result.status) == "pass"
        else f"{result.status}: {result.message}\n{result.node.compiled_code}"
        for result in outcome.result.results
    }


@pytest.fixture(scope="module")
def in_london(tmp_path_factory: pytest.TempPathFactory) -> dict[str, str]:
    """Results of every case for a business in the London time zone with British phone numbers."""
    variables = {"as_of_date": "2026-06-30", "business_timezone": "Europe/London", "default_country": "GB"}
    return outcomes(tmp_path_factory.mktemp("macros"), ["test_type:singular"], variables)


@pytest.mark.parametrize("name", CASES)
def test_macro(name: str, in_london: dict[str, str]) -> None:
    assert in_london[name] == "pass"


@pytest.mark.parametrize(
    ("day", "zone", "country"),
    [
        ("2026-06-30", "UTC", "US"),
        ("2026-06-30", "America/Sao_Paulo", "BR"),
        # The next day has no midnight.
        ("2018-11-03", "America/Sao_Paulo", "BR"),
        ("2026-06-30", "Asia/Kolkata", "IN"),
    ],
)
def test_dates_and_phone_numbers_of_another_country(tmp_path: Path, day: str, zone: str, country: str) -> None:
    """The cases that depend on the location of the business, for one that is neither in London nor British."""
    cases = ["assert_business_date", "assert_days_between", "assert_normalise_phone"]
    variables = {"as_of_date": day, "business_timezone": zone, "default_country": country}
    assert outcomes(tmp_path, cases, variables) == dict.fromkeys(cases, "pass")


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ([{"name": "amount", "type": "dict"}], "Argument amount in the yaml for macro cents has an invalid type"),
        ([{"name": "value", "type": "string"}], "Argument value in yaml for macro cents does not match"),
        ([{"name": "amount"}, {"name": "currency"}], "The number of arguments in the yaml for macro cents"),
        ([{"name": "amount", "type": "dict[string, any]"}], None),
    ],
)
def test_macro_arguments_in_yaml_are_validated(tmp_path: Path, arguments: list[Any], message: str | None) -> None:
    from dbt.cli.main import dbtRunner

    write_project(tmp_path)
    (tmp_path / "macros").mkdir()
    (tmp_path / "macros" / "cents.sql").write_text("{% macro cents(amount) %}{{ amount }} * 100{% endmacro %}")
    declared = {"macros": [{"name": "cents", "description": "Cents", "arguments": arguments}]}
    (tmp_path / "macros" / "macros.yml").write_text(yaml.safe_dump(declared), encoding="utf-8")
    outcome = dbtRunner().invoke(["parse", *STRICT, *options(tmp_path)])
    assert outcome.success == (message is None)
    assert message is None or message in str(outcome.exception)
