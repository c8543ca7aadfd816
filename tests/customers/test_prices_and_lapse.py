"""Features of customers compared with the truth of the simulator."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from sklearn.metrics import roc_auc_score

from scripts.demo.simulator import simulate
from scripts.intake.command import intake
from scripts.pipeline import steps
from scripts.platform.dbt import run_dbt
from scripts.platform.warehouse import open_warehouse
from scripts.platform.workspace import Workspace
from tests.support.workspaces import workspace_in


def people_of(workspace: Workspace) -> pd.DataFrame:
    """Truth of each customer who is exactly one simulated person, by customer_id: the columns of truth/people."""
    with open_warehouse(workspace.warehouse, read_only=True) as connection:
        identities = connection.execute(
            "select source_system, source_profile_id, customer_id from intermediate.int_customer_identities"
        ).df()
    profiles = pd.read_parquet(workspace.truth / "profiles.parquet")
    known = identities.merge(profiles[profiles["person_id"] >= 0], on=["source_system", "source_profile_id"])
    persons = known.groupby("customer_id")["person_id"].agg(["nunique", "first"])
    one = persons.loc[persons["nunique"] == 1, "first"]
    people = pd.read_parquet(workspace.truth / "people.parquet").set_index("person_id")
    people = people.loc[one].set_axis(one.index)
    return people[people["customer_type"] == "person"]


def features_of(workspace: Workspace, columns: str) -> pd.DataFrame:
    with open_warehouse(workspace.warehouse, read_only=True) as connection:
        found = connection.execute(f"select customer_id, as_of_date, {columns} from marts.customer_features").df()
    return found.set_index("customer_id")


def separation_of_discount_lovers(workspace: Workspace) -> tuple[float, int]:
    """AUC of the price score for people who rarely buy without an offer, and the number of people with a score."""
    scored = features_of(workspace, "price_sensitivity_score").join(people_of(workspace), how="inner")
    scored = scored.dropna(subset="price_sensitivity_score")
    loves = scored["price_class"] == "discount_lover"
    return float(roc_auc_score(loves, scored["price_sensitivity_score"])), len(scored)


def test_price_score_separates_discount_lovers(demo_workspace: Workspace) -> None:
    auc, count = separation_of_discount_lovers(demo_workspace)
    assert count > 150
    assert auc >= 0.85
    # The band follows the score, and both are null after only one order.
    read = features_of(demo_workspace, "order_count, promoted_order_share, price_sensitivity_score, price_sensitivity")
    assert (read["price_sensitivity"].isna() == (read["order_count"] < 2)).all()
    promoted = read["promoted_order_share"].fillna(0) * read["order_count"]
    usual = promoted.sum() / read["order_count"].sum()
    # Customers who object to profiling have no features but count towards the usual share: hence the tolerance.
    expected = 100 * (promoted + 3 * usual) / (read["order_count"] + 3)
    assert (expected - read["price_sensitivity_score"])[read["order_count"] >= 2].abs().max() < 1.5
    bands = read.groupby("price_sensitivity")["price_sensitivity_score"].agg(["min", "max"])
    assert bands.loc["waits for offers", "min"] >= 70 > bands.loc["likes offers", "max"]
    assert bands.loc["likes offers", "min"] >= 40 > bands.loc["buys either way", "max"]


@pytest.mark.verify
@pytest.mark.parametrize("seed", [41, 42, 43])
def test_at_scale_on_untuned_seeds(tmp_path: Path, seed: int) -> None:
    """20,000 people, half a year before the end: the price score, and lateness against recency for detecting dropout.

    Only the simulator knows that a person has dropped out; nothing in the data states it.
    """
    workspace = workspace_in(tmp_path)
    simulate(workspace, customers=20_000, seed=seed, progress=lambda _: None)
    intake(workspace, lambda _: None)
    steps.setup(workspace, lambda _: None)
    day = pd.Timestamp("2025-12-31")
    variables = {"as_of_date": str(day.date())}
    run_dbt(workspace, ["seed"], variables=variables, progress=lambda _: None)
    run_dbt(workspace, ["run", "--select", "+customer_features"], variables=variables, progress=lambda _: None)
    auc, count = separation_of_discount_lovers(workspace)
    assert count > 4000
    assert auc >= 0.85
    buyers = features_of(workspace, "overdue_ratio, days_since_last_order").dropna()
    buyers = buyers.join(people_of(workspace), how="inner")
    gone = buyers["dropped_out_at"] < day + pd.Timedelta(days=1)
    late, recency = (roc_auc_score(gone, buyers[name]) for name in ("overdue_ratio", "days_since_last_order"))
    print(f"seed {seed}: price score AUC {auc:.3f} ({count}); dropped out: lateness {late:.4f}, recency {recency:.4f}")
    # Paired bootstrap: both measures on the same resampled people.
    rng = np.random.default_rng(seed)
    differences = []
    for _ in range(200):
        rows = rng.integers(0, len(buyers), len(buyers))
        drawn, truth = buyers.iloc[rows], gone.to_numpy()[rows]
        differences.append(
            roc_auc_score(truth, drawn["overdue_ratio"]) - roc_auc_score(truth, drawn["days_since_last_order"])
        )
    assert np.quantile(differences, 0.025) > 0
