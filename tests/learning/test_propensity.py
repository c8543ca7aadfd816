"""Propensities: the maximum is scikit-learn's, and the score follows from the seed rows alone."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import pandas as pd
import pytest
from sklearn.linear_model import LogisticRegression

from scripts.learning.prediction import propensity
from scripts.learning.prediction.propensity import COLUMNS, Propensity, fit_logistic, fit_propensity

SCALES = {"recency": "log", "orders": "log", "satisfaction": "linear", "is_member": "linear", "nothing": "log"}


def customers(count: int = 3000, seed: int = 3) -> tuple[pd.DataFrame, np.ndarray]:
    """Customers whose log-odds bend at 60 days, and for whom missing satisfaction is informative."""
    random = np.random.default_rng(seed)
    frame = pd.DataFrame(
        {
            "customer_id": [f"c{number:05}" for number in random.permutation(count)],
            "recency": random.integers(0, 180, count).astype(float),
            "orders": random.poisson(3, count) + 1.0,
            "satisfaction": np.where(random.random(count) < 0.7, np.nan, random.integers(1, 6, count)),
            "is_member": random.random(count) < 0.3,
            "nothing": 0.0,
        }
    )
    log_odds = (
        -1.0
        + np.maximum(0, np.log1p(frame["recency"]) - np.log1p(60)) * 2.5
        - 0.8 * np.log(frame["orders"])
        + np.where(frame["satisfaction"].isna(), 0.9, -0.4 * (frame["satisfaction"].fillna(0) - 3))
    ).to_numpy()
    return frame, (random.random(count) < 1 / (1 + np.exp(-log_odds))).astype(float)


@pytest.fixture(scope="module")
def fitted() -> tuple[pd.DataFrame, np.ndarray, Propensity]:
    frame, label = customers()
    return frame, label, fit_propensity(frame, label, SCALES)


def score_from_rows(rows: list[dict[str, Any]], customer: dict[str, Any]) -> float:
    """An independent calculation from the seed, one customer and one row at a time."""
    total = 0.0
    for row in rows:
        if row["term_kind"] == "intercept":
            total += row["coefficient"]
            continue
        value = customer[row["attribute_name"]]
        unknown = value is None or math.isnan(value)
        if row["term_kind"] == "missing":
            total += row["coefficient"] if unknown else 0.0
            continue
        if unknown:
            z = row["missing_value"]
        else:
            shifted = min(max(float(value), row["winsor_low"]), row["winsor_high"]) - row["winsor_low"]
            z = ((math.log(1 + shifted) if row["scale"] == "log" else shifted) - row["centre"]) / row["spread"]
        total += row["coefficient"] * (z if row["term_kind"] == "slope" else max(0.0, z - row["knot"]))
    return 1 / (1 + math.exp(-total))


def test_the_score_follows_from_the_rows(fitted: tuple[pd.DataFrame, np.ndarray, Propensity]) -> None:
    """Also for new customers, with values outside the observed range and missing where none was missing before."""
    _, _, model = fitted
    frame, _ = customers(200, seed=8)
    frame.loc[:20, ["recency", "orders"]] = [1e6, -3.0]
    frame.loc[30:40, "orders"] = np.nan
    rows = model.parameters.to_dict("records")
    expected = [score_from_rows(rows, customer) for customer in frame.to_dict("records")]
    assert model.score(frame) == pytest.approx(expected, rel=1e-12)
    added = model.contributions(frame)
    assert list(added.columns) == model.attributes == ["recency", "orders", "satisfaction", "is_member"]
    log_odds = (rows[0]["coefficient"] + added.sum(axis=1)).to_numpy()
    assert 1 / (1 + np.exp(-log_odds)) == pytest.approx(expected, rel=1e-12)


def test_rows_of_the_seed(fitted: tuple[pd.DataFrame, np.ndarray, Propensity]) -> None:
    frame, label, model = fitted
    rows = model.parameters
    assert list(rows.columns) == COLUMNS
    assert rows["term_number"].tolist() == list(range(1, len(rows) + 1))
    kinds = rows.groupby("attribute_name")["term_kind"].apply(list).to_dict()
    assert kinds["recency"] == ["slope", "hinge", "hinge"]
    assert kinds["satisfaction"][-1] == "missing"
    assert kinds["is_member"] == ["slope"]
    assert model.unused == ("nothing",)
    assert (rows["coefficient"] == rows["coefficient"].round(4)).all()
    assert (rows["standard_error"] > 0).all()
    # Rounding the coefficients must not change the mean.
    assert model.score(frame).mean() == pytest.approx(label.mean(), abs=2e-4)


def test_the_maximum_is_that_of_scikit_learn() -> None:
    random = np.random.default_rng(2)
    design = np.column_stack([np.ones(500), random.normal(size=(500, 4))])
    label = (random.random(500) < 1 / (1 + np.exp(-(design @ [-0.5, 1, -1, 0.5, 0])))).astype(float)
    for penalty in (0.5, 20.0):
        other = LogisticRegression(C=1 / penalty, tol=1e-12, max_iter=5000).fit(design[:, 1:], label)
        ours, _ = fit_logistic(design, label, penalty)
        assert ours == pytest.approx([other.intercept_[0], *other.coef_[0]], abs=1e-5)


def test_standard_errors_match_the_variation_of_the_estimate() -> None:
    """Over many samples of customers, with the same penalty."""
    random = np.random.default_rng(4)
    found = []
    for _ in range(300):
        design = np.column_stack([np.ones(400), random.normal(size=(400, 2))])
        probability = 1 / (1 + np.exp(-(design @ [-0.3, 0.8, 0.0])))
        found.append(fit_logistic(design, (random.random(400) < probability).astype(float), penalty=40.0))
    spread = np.std([coefficients for coefficients, _ in found], axis=0)
    assert np.mean([errors for _, errors in found], axis=0) == pytest.approx(spread, rel=0.12)


def test_a_bend_is_found(fitted: tuple[pd.DataFrame, np.ndarray, Propensity]) -> None:
    """Nothing happens before 60 days, much after: the line is flat, then steep."""
    frame, _, model = fitted
    days = pd.DataFrame([frame.iloc[0]] * 4).assign(recency=[5.0, 40.0, 80.0, 160.0])
    at_5, at_40, at_80, at_160 = model.contributions(days)["recency"]
    assert abs(at_40 - at_5) < 0.4
    assert at_160 - at_80 > 0.8
    missing = model.parameters.query("term_kind == 'missing'")
    assert missing["coefficient"].item() == pytest.approx(0.9, abs=0.4)


def test_order_of_rows_and_a_second_run_change_nothing(fitted: tuple[pd.DataFrame, np.ndarray, Propensity]) -> None:
    frame, label, model = fitted
    mixed = np.random.default_rng(0).permutation(len(frame))
    again = fit_propensity(frame.iloc[mixed], label[mixed], SCALES)
    pd.testing.assert_frame_equal(again.parameters, model.parameters)
    assert again.penalty == model.penalty


def test_pure_noise_is_penalised_away() -> None:
    random = np.random.default_rng(9)
    frame = pd.DataFrame(random.normal(size=(800, 6)), columns=list("abcdef"))
    label = (random.random(800) < 0.4).astype(float)
    model = fit_propensity(frame, label, dict.fromkeys("abcdef", "linear"))
    assert model.penalty == max(propensity.PENALTIES)
    assert model.score(frame).std() < 0.05


def test_spread_and_level_keep_the_order(fitted: tuple[pd.DataFrame, np.ndarray, Propensity]) -> None:
    frame, _, model = fitted
    before = model.log_odds(frame)
    narrow = model.spread_by(0.5, frame)
    after = narrow.log_odds(frame)
    # Every coefficient is rounded to four decimal places.
    assert after - after.mean() == pytest.approx(0.5 * (before - before.mean()), abs=2e-3)
    assert narrow.score(frame).mean() == pytest.approx(model.score(frame).mean(), abs=1e-4)
    raised = model.levelled(frame, 0.8)
    assert raised.score(frame).mean() == pytest.approx(0.8, abs=1e-4)
    assert np.ptp(raised.log_odds(frame) - before) == pytest.approx(0, abs=1e-9)


def test_too_few_with_the_outcome() -> None:
    frame, label = customers(300)
    label[np.flatnonzero(label)[39:]] = 0
    with pytest.raises(ValueError, match="300 customers, 39 of them with the outcome"):
        fit_propensity(frame, label, SCALES)
