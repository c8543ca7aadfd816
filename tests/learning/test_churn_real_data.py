"""Propensities on the real retailer, end to end: better than recency alone on every evaluation day."""

from __future__ import annotations

import csv
from datetime import date

import numpy as np
import pandas as pd
import pytest
from sklearn import metrics

from scripts.intake.command import intake
from scripts.learning.prediction.adoption import fit_adoption
from scripts.learning.prediction.cards import data_facts
from scripts.learning.prediction.churn import fit_churn
from scripts.learning.prediction.holdout_evaluation import MODEL, RECENCY_ALONE, Trained
from scripts.learning.prediction.propensity_fits import evaluation_days
from scripts.pipeline import steps
from scripts.platform.warehouse import open_warehouse
from scripts.platform.workspace import Workspace
from tests.support.real_data import shared_data
from tests.support.workspaces import workspace_in

pytestmark = pytest.mark.verify
DAYS = [date(2011, 6, 13), date(2011, 4, 14), date(2011, 2, 13)]


@pytest.fixture(scope="module")
def retailer(tmp_path_factory: pytest.TempPathFactory) -> Workspace:
    workspace = workspace_in(tmp_path_factory.mktemp("online_retail"))
    invoices = shared_data("online_retail/online_retail_ii.parquet")
    steps.setup(workspace)
    steps.demo(workspace, {"source": "online-retail", "file": invoices})
    intake(workspace)
    steps.build(workspace)
    return workspace


@pytest.fixture(scope="module")
def trained(retailer: Workspace) -> Trained:
    return fit_churn(retailer, dates=DAYS)


def test_better_than_recency_alone_on_every_day(trained: Trained) -> None:
    """By scikit-learn's metrics, and beyond chance by the intervals of the differences."""
    assert [result.evaluated.day for result in trained.results] == DAYS
    for result in trained.results:
        label, ours, recency = result.evaluated.label, result.scores[MODEL], result.scores[RECENCY_ALONE]
        assert metrics.roc_auc_score(label, ours) > metrics.roc_auc_score(label, recency) + 0.05
        assert metrics.brier_score_loss(label, ours) < metrics.brier_score_loss(label, recency)
        assert result.auc_above(RECENCY_ALONE).low > 0
        assert result.brier_above(RECENCY_ALONE).high < 0


def test_training_precedes_evaluation_and_labels_match_the_invoices(trained: Trained) -> None:
    """Customers who ordered products again, counted from the raw file alone."""
    raw = pd.read_parquet(shared_data("online_retail/online_retail_ii.parquet"))
    raw = raw[raw["customer_id"].notna() & ~raw["invoice_no"].str.startswith("C")]
    raw = raw[raw["stock_code"].str.strip().str.upper().str.match(r"^[0-9]{5}[A-Z]{0,2}$")]
    paid = raw.assign(amount=raw["quantity"] * raw["unit_price"].astype(float), day=raw["invoice_ts"].dt.normalize())
    paid = paid.groupby(["customer_id", "invoice_no"]).agg(day=("day", "first"), amount=("amount", "sum")).reset_index()
    paid = paid[paid["amount"] > 0]
    for result in trained.results:
        assert (result.evaluated.day - result.training.day).days == 180
        day = pd.Timestamp(result.evaluated.day)
        last = paid[paid["day"] <= day].groupby("customer_id")["day"].max()
        active = last.index[(day - last).dt.days <= 180]
        later = paid[(paid["day"] > day) & (paid["day"] <= day + pd.Timedelta(days=180))]
        left = 1 - np.isin(active, later["customer_id"]).mean()
        # Cancelled orders and other product codes, which only the models handle, change a few customers.
        assert len(result.evaluated.label) == pytest.approx(len(active), rel=0.02)
        assert result.evaluated.rate == pytest.approx(left, abs=0.01)


def test_probabilities_are_calibrated_where_the_year_before_is_known(trained: Trained) -> None:
    """Only the last day has a season before it: there expected and observed rates agree; the slope is right on all."""
    last, *earlier = trained.results
    assert last.level is not None and all(result.level is None for result in earlier)
    assert last.calibration.expected == pytest.approx(last.calibration.observed, abs=0.04)
    for result in trained.results:
        assert 0.85 < result.calibration.slope.value < 1.15


def test_the_card_shows_the_comparison(retailer: Workspace, trained: Trained) -> None:
    with (retailer.seeds / "model_card_figures.csv").open(encoding="utf-8") as rows:
        figures = [row for row in csv.DictReader(rows) if row["model_key"] == "churn"]
    for measure, sign in (("AUC", 1), ("Brier score", -1)):
        shown = {
            row["figure_date"]: float(row["value"])
            for row in figures
            if row["figure"] == f"{measure} less that of {RECENCY_ALONE}"
        }
        assert sorted(shown) == sorted(day.isoformat() for day in DAYS)
        assert all(sign * value > 0 for value in shown.values())
    opponents = {row["figure"].removeprefix("AUC of ") for row in figures if row["figure"].startswith("AUC of ")}
    assert opponents == {"the model", "recency alone", "gradient boosting", "purchase model"}
    assert evaluation_days(data_facts(retailer), 180, 3) == DAYS


def test_sql_scores_as_python_does(retailer: Workspace, trained: Trained) -> None:
    """Every probability that the models calculate from the written seed."""
    scoring = "churn_parameters adoption_parameters model_cards int_model_status int_propensity_contributions"
    steps.build(retailer, select=scoring)
    with open_warehouse(retailer.warehouse, read_only=True) as connection:
        scored = connection.execute(
            "select distinct customer_id, propensity as churn_propensity"
            " from intermediate.int_propensity_contributions where model_key = 'churn'"
        ).df()
        inputs = connection.execute(
            "from intermediate.int_prediction_inputs where customer_type = 'person' and days_since_last_order <= 180"
        ).df()
    expected = pd.Series(trained.model.score(inputs), index=inputs["customer_id"])
    assert len(scored) == len(inputs) > 2_000
    found = scored.set_index("customer_id")["churn_propensity"].reindex(expected.index)
    np.testing.assert_allclose(found, expected, rtol=1e-9)


def test_adoption_of_the_christmas_category(retailer: Workspace) -> None:
    """Trained in summer, evaluated in autumn: more than four times as many adopt, as the year before suggests."""
    trained = fit_adoption(retailer, category="christmas", dates=[date(2011, 9, 11)])
    result = trained.results[0]
    label = result.evaluated.label
    assert metrics.roc_auc_score(label, result.scores[MODEL]) > metrics.roc_auc_score(
        label, result.scores[RECENCY_ALONE]
    )
    assert result.auc_above(RECENCY_ALONE).low > 0
    assert result.brier_above(RECENCY_ALONE).high < 0
    assert result.evaluated.rate > 4 * result.training.rate
    assert result.calibration.expected == pytest.approx(result.evaluated.rate, abs=0.03)
    scoring = "adoption_parameters model_cards int_model_status int_adoption_candidates int_propensity_contributions"
    steps.build(retailer, select=f"{scoring} int_customer_adoption")
    with open_warehouse(retailer.warehouse, read_only=True) as connection:
        scored = connection.execute("from intermediate.int_customer_adoption order by customer_id").df()
        could = connection.execute(
            "from intermediate.int_adoption_candidates"
            " inner join intermediate.int_prediction_inputs using (customer_id)"
            " order by customer_id"
        ).df()
    assert scored["model_key"].unique().tolist() == ["adoption:category:christmas"]
    assert len(scored) == len(could) > 1_000
    np.testing.assert_allclose(scored["adoption_propensity"], trained.model.score(could), rtol=1e-9)
