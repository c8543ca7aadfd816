"""The benchmark of features: what it measures, what it multiplies, and that it runs."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import duckdb
import pytest

from scripts.benchmarks import features as benchmark_features
from scripts.benchmarks.features import Plan, _multiply, plan_of
from scripts.platform.errors import UserError
from scripts.platform.workspace import Workspace


def node(name: str, folder: str, *parents: str, schema: str = "intermediate", kind: str = "model") -> dict[str, Any]:
    return {
        "name": name, "alias": name, "schema": schema, "resource_type": kind,
        "original_file_path": f"models/{folder}/{name}.sql", "depends_on": {"nodes": list(parents)},
    }  # fmt: skip


def test_feature_models_are_those_downstream_of_the_core_marts() -> None:
    nodes = {
        "stg": node("stg_pos__receipts", "staging/pos", schema="staging"),
        "survey": node("stg_surveys__responses", "staging/surveys", schema="staging"),
        "int": node("int_orders", "core/intermediate/orders", "stg"),
        "orders": node("orders", "core", "int", schema="marts"),
        "rates": node("cost_assumptions", "seeds", schema="seeds", kind="seed"),
        "costs": node("int_order_costs", "customers/intermediate/margin", "orders", "rates"),
        "scores": node("int_scores", "core/intermediate/service", "survey"),
        "features": node("customer_features", "customers", "costs", "scores", schema="marts"),
        "segments": node("segment_rules", "segments", "features", schema="marts"),
    }
    plan = plan_of(nodes)
    assert plan.models == ("int_order_costs", "customer_features", "int_scores")
    assert plan.results == ("marts.customer_features",)
    assert plan.inputs == {
        "marts.orders": ("int_order_costs",),
        "seeds.cost_assumptions": ("int_order_costs",),
        "staging.stg_surveys__responses": ("int_scores",),
    }


def test_copies_of_a_customer_keep_their_own_orders(tmp_path: Path) -> None:
    base = tmp_path / "base.duckdb"
    with duckdb.connect(str(base)) as connection:
        connection.execute(
            """
            create schema marts; create schema seeds; create schema intake;
            create table marts.orders as
                from (values ('o1', 'c1', 's1', 'm1', 5), ('o2', 'c1', 's2', 'm1', 7), ('o3', 'c2', 's1', null, 9))
                as given (order_id, customer_id, sku, campaign_id, amount);
            create table marts.products as from (values ('s1'), ('s2')) as given (sku);
            create table seeds.rules as from (values ('r1')) as given (rule_id);
            create table intake.settings as from (values ('as_of_date')) as given (setting_name);
            """
        )
    plan = Plan((), (), {"marts.orders": (), "marts.products": ()})
    target = tmp_path / "target" / "warehouse.duckdb"
    assert _multiply(base, target, plan, 3) == {"marts.orders": 9, "marts.products": 2}
    with duckdb.connect(str(target), read_only=True) as connection:
        per_customer = "select count(*), count(distinct order_id), sum(amount) from marts.orders group by customer_id"
        found = connection.execute(f"{per_customer} order by all").fetchall()
        assert found == [(1, 1, 9)] * 3 + [(2, 2, 12)] * 3
        shared = connection.execute("select distinct sku, campaign_id from marts.orders order by all").fetchall()
        assert shared == [("s1", "m1"), ("s1", None), ("s2", "m1")]
        assert connection.execute("select rule_id from seeds.rules").fetchall() == [("r1",)]


def test_too_few_people_to_compare_sizes_is_a_user_error(tmp_path: Path) -> None:
    with pytest.raises(UserError, match="at least 50,000"):
        benchmark_features.benchmark_features(Workspace.at(warehouse=str(tmp_path / "w.duckdb")), customers=20_000)


@pytest.mark.verify
def test_it_measures_two_sizes(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(benchmark_features, "BASE_CUSTOMERS", 300)
    said: list[str] = []
    measured = benchmark_features.benchmark_features(
        Workspace.at(warehouse=str(tmp_path / "w.duckdb")), customers=3000, smaller=10, progress=said.append
    )
    assert [one.factor for one in measured] == [1, 10]
    assert all(one.yardstick > 0 and one.wall > 0 and "customer_features" in one.nodes for one in measured)
    assert any(line.startswith("10 times the data took") for line in said)
