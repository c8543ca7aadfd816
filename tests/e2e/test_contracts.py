"""Every mart has an enforced contract and describes all its columns; every model states its grain."""

from __future__ import annotations

import json
import re
from typing import Any

import pytest

from scripts.platform.warehouse import open_warehouse
from scripts.platform.workspace import PROJECT, Workspace

# The meta keys of a column that the attribute catalogue and the fitted models read.
ATTRIBUTE_META = {
    "theme", "unit", "null_meaning", "lowest", "highest", "changes", "value_type", "model_input", "needs", "needs_any",
    "needs_parameters", "needs_costs", "phrase",
}  # fmt: skip


@pytest.fixture(scope="module")
def models(demo_workspace: Workspace) -> list[dict[str, Any]]:
    manifest = json.loads((demo_workspace.home / "dbt" / "target" / "manifest.json").read_text(encoding="utf-8"))
    return [
        node
        for node in manifest["nodes"].values()
        if node["resource_type"] == "model" and node["package_name"] == "customer_segmentation"
    ]


def test_marts_have_contracts_and_descriptions(models: list[dict[str, Any]]) -> None:
    marts = [node for node in models if node["schema"] in ("marts", "activation")]
    assert len(marts) >= 20
    for node in marts:
        # Its columns come from a seed; comments in the database describe them.
        assert node["config"]["contract"]["enforced"] or node["name"] == "customer_behaviour_windows", node["name"]
        assert node["description"].strip(), node["name"]
        for name, column in node["columns"].items():
            assert column["description"].strip(), f"{node['name']}.{name}"
            assert column["data_type"], f"{node['name']}.{name}"


def test_every_published_column_is_described(demo_workspace: Workspace) -> None:
    with open_warehouse(demo_workspace.published / "marts.duckdb", read_only=True) as connection:
        columns = connection.execute(
            "select table_name, column_name, comment from duckdb_columns() where not internal"
        ).fetchall()
    assert sum(table == "customer_behaviour_windows" for table, _, _ in columns) > 2
    assert [f"{table}.{column}" for table, column, comment in columns if not (comment or "").strip()] == []


def test_every_model_is_described_and_states_its_grain(models: list[dict[str, Any]]) -> None:
    for node in models:
        assert node["description"].strip(), node["name"]
        assert node["raw_code"].startswith("-- Grain: one row per"), node["name"]
        assert "current_date" not in node["raw_code"], node["name"]


def test_every_rule_attribute_describes_null(models: list[dict[str, Any]]) -> None:
    features = next(node for node in models if node["name"] == "customer_features")
    for name, column in features["columns"].items():
        if name not in ("customer_id", "as_of_date"):
            meta = column["config"]["meta"]
            assert meta["theme"] and meta["unit"] and meta["null_meaning"], name
            # In a YAML flow mapping, a comma in an unquoted text ends it and turns the rest into a key.
            assert set(meta) <= ATTRIBUTE_META, name


def test_seeds_are_described() -> None:
    described = "".join(file.read_text(encoding="utf-8") for file in (PROJECT / "seeds" / "reference").glob("*.yml"))
    for seed in (PROJECT / "seeds").rglob("*.csv"):
        assert f"name: {seed.stem}\n" in described, seed.name


def written_values(sql: str, column: str) -> set[str]:
    """The texts that `case … end as column` writes as they stand, in the branches of the outermost case."""
    found = set()
    for end in re.finditer(rf"\bend as {column}\b", sql):
        words = list(re.finditer(r"'(?:[^']|'')*'|\b(?:case|when|then|else|end)\b", sql[: end.start() + 3]))
        depth = 0
        for branch, value in zip(reversed(words[:-1]), reversed(words[1:]), strict=True):
            depth += {"end": 1, "case": -1}.get(value[0], 0)
            is_whole = branch[0] in ("then", "else") and not sql[branch.end() : value.start()].strip()
            if depth == 1 and is_whole and value[0].startswith("'") and "{" not in value[0]:
                found.add(value[0].strip("'"))
            if depth == 1 and branch[0] == "case":
                break
    return found


def test_what_a_model_writes_is_among_the_values_that_it_accepts(demo_workspace: Workspace) -> None:
    """A rare value would otherwise stop the first build that has it."""
    assert written_values("case when a then 'x' when b then case when c then 'y' end else 'z' end as kind", "kind") == {
        "x",
        "z",
    }
    nodes = json.loads((demo_workspace.home / "dbt" / "target" / "manifest.json").read_text(encoding="utf-8"))["nodes"]
    count = 0
    for test in nodes.values():
        accepted = (test.get("test_metadata") or {}).get("kwargs", {}).get("accepted") or {}
        for column, values in accepted.items():
            written = written_values(nodes[test["attached_node"]]["raw_code"], column)
            count += len(written)
            assert written <= {str(value) for value in values}, (test["attached_node"], column)
    assert count > 40
