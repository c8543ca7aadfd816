"""Metrics compared with scikit-learn, the bootstrap, and cases calculated by hand."""

from __future__ import annotations

import numpy as np
import pytest
from sklearn import metrics
from sklearn.linear_model import LogisticRegression

from scripts.learning.prediction import evaluation


@pytest.fixture(scope="module")
def scored() -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Labels, a score with many ties, and a second score correlated with the first."""
    random = np.random.default_rng(5)
    log_odds = random.normal(-0.5, 1.2, 600)
    label = (random.random(600) < 1 / (1 + np.exp(-log_odds))).astype(float)
    score = np.round(1 / (1 + np.exp(-(log_odds + random.normal(0, 0.6, 600)))), 1).clip(0.05, 0.95)
    other = 1 / (1 + np.exp(-(0.4 * log_odds + random.normal(0, 1, 600))))
    return label, score, other


def test_losses_are_those_of_scikit_learn(scored: tuple[np.ndarray, np.ndarray, np.ndarray]) -> None:
    label, score, _ = scored
    assert evaluation.auc(label, score).value == pytest.approx(metrics.roc_auc_score(label, score), abs=1e-12)
    assert evaluation.brier(label, score) == pytest.approx(metrics.brier_score_loss(label, score), abs=1e-12)
    assert evaluation.log_loss(label, score) == pytest.approx(metrics.log_loss(label, score), abs=1e-12)


def test_delong_equals_the_pairs_of_its_definition(scored: tuple[np.ndarray, np.ndarray, np.ndarray]) -> None:
    """Every customer with the event compared with every one without, as DeLong defined it; ties count half."""
    label, *scores = scored
    placements = []
    for score in scores:
        with_event, without = score[label == 1], score[label == 0]
        wins = (with_event[:, None] > without).astype(float) + 0.5 * (with_event[:, None] == without)
        placements.append((wins.mean(axis=1), wins.mean(axis=0)))
    of_events, of_others = (np.cov([placements[0][side], placements[1][side]]) for side in (0, 1))
    covariance = of_events / (label == 1).sum() + of_others / (label == 0).sum()
    difference = evaluation.auc_difference(label, *scores)
    assert difference.value == pytest.approx(placements[0][0].mean() - placements[1][0].mean(), abs=1e-12)
    expected = np.sqrt(covariance[0, 0] + covariance[1, 1] - 2 * covariance[0, 1])
    assert difference.standard_error == pytest.approx(expected, rel=1e-10)


def test_standard_errors_agree_with_the_bootstrap(scored: tuple[np.ndarray, np.ndarray, np.ndarray]) -> None:
    label, score, other = scored
    random = np.random.default_rng(1)
    drawn = []
    for _ in range(250):
        rows = random.integers(0, len(label), len(label))
        these = label[rows], score[rows], other[rows]
        drawn.append(
            (
                evaluation.auc(these[0], these[1]).value - evaluation.auc(these[0], these[2]).value,
                np.mean((these[1] - these[0]) ** 2) - np.mean((these[2] - these[0]) ** 2),
            )
        )
    by_auc, by_brier = np.std(drawn, axis=0)
    assert evaluation.auc_difference(label, score, other).standard_error == pytest.approx(by_auc, rel=0.15)
    assert evaluation.brier_difference(label, score, other).standard_error == pytest.approx(by_brier, rel=0.15)


def test_a_score_compared_with_itself_makes_no_difference(scored: tuple[np.ndarray, np.ndarray, np.ndarray]) -> None:
    label, score, _ = scored
    assert evaluation.auc_difference(label, score, score).p_value == 1.0
    assert evaluation.brier_difference(label, score, score).value == 0.0


def test_calibration_detects_distorted_probabilities() -> None:
    """Log-odds that are doubled and raised by 0.7 have slope 1/2; those only raised by 0.7 have intercept -0.7."""
    random = np.random.default_rng(11)
    log_odds = random.normal(-1, 1, 40_000)
    label = (random.random(40_000) < 1 / (1 + np.exp(-log_odds))).astype(float)
    true = evaluation.calibration(label, 1 / (1 + np.exp(-log_odds)))
    assert true.slope.low < 1 < true.slope.high
    assert true.intercept.low < 0 < true.intercept.high
    stretched = evaluation.calibration(label, 1 / (1 + np.exp(-(2 * log_odds + 0.7))))
    assert stretched.slope.low < 0.5 < stretched.slope.high
    raised = evaluation.calibration(label, 1 / (1 + np.exp(-(log_odds + 0.7))))
    assert raised.intercept.low < -0.7 < raised.intercept.high
    assert raised.expected > raised.observed


def test_calibration_slope_is_that_of_scikit_learn(scored: tuple[np.ndarray, np.ndarray, np.ndarray]) -> None:
    label, _, score = scored
    log_odds = np.log(score / (1 - score))
    free = LogisticRegression(C=np.inf, tol=1e-10, max_iter=1000).fit(log_odds[:, None], label)
    assert evaluation.calibration(label, score).slope.value == pytest.approx(free.coef_[0, 0], rel=1e-5)


def test_reliability_by_tenths() -> None:
    score = np.arange(1, 101) / 101
    label = (np.arange(100) % 2).astype(float)
    table = evaluation.reliability(label, score)
    assert table["customers"].tolist() == [10] * 10
    assert table["observed"].tolist() == [0.5] * 10
    assert table["expected"].tolist() == pytest.approx([(10 * number + 5.5) / 101 for number in range(10)])


def test_equal_scores_share_a_bin_and_a_lift_of_one() -> None:
    label, score = np.array([1.0, 0, 0, 0] * 25), np.full(100, 0.25)
    table = evaluation.reliability(label, score)
    assert len(table) == 1 and table["customers"].item() == 100
    assert evaluation.top(label, score).lift == pytest.approx(1.0)


def test_top_by_hand() -> None:
    """Twenty customers, five events worth 10, 20, ... 50; a quarter is five of them, one tied with three others."""
    score = np.array([0.9, 0.8, 0.7, 0.6] + [0.5] * 4 + [0.1] * 12)
    label = np.array([1.0, 0, 1, 1] + [1, 0, 0, 0] + [1] + [0] * 11)
    money = np.array([10.0, 99, 20, 30] + [40, 99, 99, 99] + [50] + [99] * 11)
    found = evaluation.top(label, score, money, share=0.25)
    assert found.customers == pytest.approx(5)
    assert found.captured == pytest.approx(3.25 / 5)
    assert found.lift == pytest.approx((3.25 / 5) / (5 / 20))
    assert found.money == pytest.approx(10 + 20 + 30 + 40 / 4)
    assert found.money_captured == pytest.approx(70 / 150)


def test_one_kind_of_outcome_has_no_auc() -> None:
    with pytest.raises(ValueError, match="with the event and without"):
        evaluation.auc(np.ones(5), np.arange(5.0))
