"""A model that only ranks: rules may ask for a percentile of its scores, not for a probability."""

from __future__ import annotations

import duckdb
import pytest

from scripts.platform.workspace import Workspace
from tests.support.fabricated_warehouse import Row, change_seed, fabricated_workspace, plain_customer, run_rules

REASON = "only ranks customers: of all customers 30% had the outcome, and 6% were expected"
CUSTOMERS = 40


@pytest.fixture(scope="module")
def evaluated(tmp_path_factory: pytest.TempPathFactory) -> Workspace:
    """Valuable buyers in order of churn; one of the two shipped rules about churn asks for a probability instead."""
    customers = [
        plain_customer()
        | {"customer_id": f"c{number:02}", "order_count": 3, "lifetime_value_total": 2000 + number}
        | {"churn_propensity": number / (CUSTOMERS - 1)}
        for number in range(CUSTOMERS)
    ]
    status = f"update intermediate.int_model_status set status = 'ranking_only', reason = '{REASON}'"
    workspace = fabricated_workspace(
        tmp_path_factory.mktemp("ranks"), customers, also=[f"{status} where model_key = 'churn'"]
    )

    def ask_for_a_probability(row: Row) -> Row:
        is_it = (row["segment_key"], row["attribute"]) == ("high_value_low_churn", "churn_propensity")
        return row | {"value": "0.25"} if is_it else row

    change_seed(workspace, "segment_definitions", lambda row: row | {"status": "active"})
    change_seed(workspace, "segment_rule_conditions", ask_for_a_probability)
    run_rules(workspace)
    return workspace


def rows(workspace: Workspace, query: str) -> list[tuple[object, ...]]:
    with duckdb.connect(str(workspace.warehouse), read_only=True) as connection:
        return connection.execute(query).fetchall()


def test_a_percentile_is_computed_and_a_probability_is_not(evaluated: Workspace) -> None:
    found = rows(
        evaluated,
        "select segment_key, effective_status, status_reason from intermediate.int_segment_definitions"
        " where segment_key in ('high_churn_risk', 'high_value_low_churn', 'likely_adopters') order by segment_key",
    )
    by_percentile, by_probability, of_another_model = found
    assert by_percentile[1] == of_another_model[1] == "active"
    assert by_probability[1] == "not_computable"
    assert str(by_probability[2]).endswith(
        f"churn_propensity (the model churn {REASON}; compare it with a percentile, such as pct:90)"
    )


def test_the_top_of_the_ranking_is_in(evaluated: Workspace) -> None:
    """The top tenth of 40 customers in order, of whom the most valuable half is asked for: numbers 36 to 39."""
    members = rows(
        evaluated, "select customer_id from intermediate.int_segment_matches where segment_key = 'high_churn_risk'"
    )
    highest = {f"c{number}" for number in range(36, CUSTOMERS)}
    assert {member for (member,) in members} == highest


def test_the_attribute_is_called_a_rank(evaluated: Workspace) -> None:
    (phrase,) = rows(
        evaluated, "select phrase from marts.attribute_catalogue where attribute_name = 'churn_propensity'"
    )
    (other,) = rows(
        evaluated, "select phrase from marts.attribute_catalogue where attribute_name = 'adoption_propensity'"
    )
    assert "churn risk (rank)" in str(phrase[0]) and "(rank)" not in str(other[0])
