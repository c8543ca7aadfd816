"""A rule made from a cluster passes the library's check as a draft and, once active, finds its customers."""

from __future__ import annotations

import operator
from pathlib import Path

import pandas as pd
import pytest

from scripts.learning.clusters import cluster
from scripts.pipeline import steps
from scripts.platform.dbt import run_dbt
from scripts.platform.warehouse import open_warehouse
from scripts.platform.workspace import Workspace
from scripts.segments.segment_library import CONDITIONS, DEFINITIONS

COMPARISONS = {
    "=": operator.eq,
    "<": operator.lt,
    "<=": operator.le,
    ">": operator.gt,
    ">=": operator.ge,
}


def quiet(_: str) -> None:
    return None


def table(file: Path) -> pd.DataFrame:
    return pd.read_csv(file, dtype=str, keep_default_na=False)


def query(workspace: Workspace, sql: str) -> pd.DataFrame:
    with open_warehouse(workspace.warehouse, read_only=True) as connection:
        return connection.execute(sql).df()


def members(features: pd.DataFrame, conditions: pd.DataFrame) -> set[str]:
    """Customers who meet the rows of one segment, by pandas: alternatives joined by or, their conditions by and."""
    found: set[str] = set()
    for _, alternative in conditions.groupby("alternative"):
        met = features["customer_type"] == "person"
        for row in alternative.to_dict("records"):
            values = features[row["attribute"]]
            test = COMPARISONS[row["operator"]](values.astype(float), float(row["value"]))
            met &= test.where(values.notna(), row["if_missing"] == "true").astype(bool)
        found |= set(features.loc[met, "customer_id"])
    return found


@pytest.mark.verify
def test_a_draft_passes_the_check_and_finds_the_customers_it_describes(demo_copy: Workspace) -> None:
    library = demo_copy.seeds / DEFINITIONS
    own = set(table(library)["segment_key"])
    # So few customers have no stable clusters; the rules of any clusters will do.
    cluster(demo_copy, k=5, into_library=True, progress=quiet)
    definitions, conditions = table(library), table(demo_copy.seeds / CONDITIONS)
    drafts = definitions[~definitions["segment_key"].isin(own)]
    assert len(drafts) >= 4 and set(drafts["status"]) == {"draft"}

    said: list[str] = []
    steps.validate(demo_copy, {}, progress=said.append)
    assert not [line for line in said if "cluster_" in line], "the rule check complains about a draft"
    keys = sorted(drafts["segment_key"])
    listed = ", ".join(f"'{key}'" for key in keys)
    select = ["+segment_memberships,path:models/segments"]
    run_dbt(demo_copy, ["seed", "--select", "segment_definitions", "segment_rule_conditions"], progress=quiet)
    run_dbt(demo_copy, ["run", "--select", *select], progress=quiet)
    assert query(demo_copy, f"select * from marts.segment_memberships where segment_key in ({listed})").empty

    # A person accepts them.
    definitions.loc[definitions["segment_key"].isin(keys), "status"] = "active"
    definitions.to_csv(library, index=False)
    run_dbt(demo_copy, ["seed", "--select", "segment_definitions"], progress=quiet)
    run_dbt(demo_copy, ["run", "--select", *select], progress=quiet)
    found = query(demo_copy, f"select * from marts.segment_memberships where segment_key in ({listed})")
    features = query(demo_copy, "select * from marts.customer_features")
    for key in keys:
        expected = members(features, conditions[conditions["segment_key"] == key])
        assert expected, f"{key} matches no customer"
        assert set(found.loc[found["segment_key"] == key, "customer_id"]) == expected
