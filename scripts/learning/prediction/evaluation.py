"""How good probabilities are: discrimination, calibration, and what acting on the top scores would find.

Arrays in, numbers out: `label` is 0 or 1 and `score` the probability of 1, one of each per customer. Customers with
equal scores are never separated by their order: at the edge of a top share they count fractionally.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd
from scipy.stats import rankdata

from scripts.learning.prediction.propensity import fit_logistic, intercept_for, logistic
from scripts.platform.estimates import Estimate

Vector = np.ndarray[Any, np.dtype[np.float64]]

# Probabilities closer to 0 or 1 are clipped to this distance, so that one surprise does not make a loss infinite.
NEAREST = 1e-6


@dataclass(frozen=True)
class Calibration:
    """`slope`: of the label on the log-odds of the score; 1 is right, below 1 the scores are overconfident.

    `intercept`: what must be added to the log-odds for the mean score to equal the share of events; 0 is right, below 0
    the scores are too high. `expected` and `observed`: mean score and share of events.
    """

    slope: Estimate
    intercept: Estimate
    expected: float
    observed: float


@dataclass(frozen=True)
class Top:
    """What acting on the customers with the highest scores finds.

    `customers`: their number. `lift`: share of events among them over the share among all. `captured`: their share of
    all events. `money`: at stake with those of them who had the event; `money_captured`: its share of the money at
    stake with all who had the event.
    """

    customers: float
    lift: float
    captured: float
    money: float
    money_captured: float


def auc(label: Vector, score: Vector) -> Estimate:
    """Probability that a customer with the event outscores one without (ties half); standard error by DeLong (1988)."""
    values, covariance = _aucs(label, [score])
    return Estimate(float(values[0]), float(np.sqrt(covariance[0, 0])))


def auc_difference(label: Vector, score: Vector, other: Vector) -> Estimate:
    """AUC of `score` minus that of `other` on the same customers (DeLong, DeLong, Clarke-Pearson 1988)."""
    values, covariance = _aucs(label, [score, other])
    variance = covariance[0, 0] + covariance[1, 1] - 2 * covariance[0, 1]
    return Estimate(float(values[0] - values[1]), float(np.sqrt(max(variance, 0.0))))


def brier(label: Vector, score: Vector) -> float:
    """Mean squared difference between probability and outcome: 0 is perfect."""
    return float(np.mean((score - label) ** 2))


def brier_difference(label: Vector, score: Vector, other: Vector) -> Estimate:
    """Brier score of `score` minus that of `other` on the same customers: below 0 `score` is better."""
    return _mean((score - label) ** 2 - (other - label) ** 2)


def log_loss(label: Vector, score: Vector) -> float:
    """Mean negative log-likelihood of the outcomes."""
    near = np.clip(score, NEAREST, 1 - NEAREST)
    return float(-np.mean(label * np.log(near) + (1 - label) * np.log1p(-near)))


def calibration(label: Vector, score: Vector) -> Calibration:
    """Calibration of probabilities (Cox 1958). Raises ValueError if all scores, or all labels, are the same."""
    if np.ptp(score) == 0 or np.ptp(label) == 0:
        raise ValueError("calibration needs different scores and both outcomes")
    near = np.clip(score, NEAREST, 1 - NEAREST)
    log_odds = np.log(near / (1 - near))
    coefficients, errors = fit_logistic(np.column_stack([np.ones(len(score)), log_odds]), label, 0.0)
    intercept = intercept_for(log_odds, float(np.mean(label)))
    shifted = logistic(log_odds + intercept)
    return Calibration(
        slope=Estimate(float(coefficients[1]), float(errors[1])),
        intercept=Estimate(intercept, float(1 / np.sqrt(np.sum(shifted * (1 - shifted))))),
        expected=float(np.mean(score)),
        observed=float(np.mean(label)),
    )


def reliability(label: Vector, score: Vector, bins: int = 10) -> pd.DataFrame:
    """Expected and observed rates by bins of customers (tenths): bin_number (1 lowest), customers, expected, observed.

    Equal scores share a bin, so a bin may be missing.
    """
    place = rankdata(score, method="average") / (len(score) + 1)
    frame = pd.DataFrame({"bin_number": np.floor(place * bins).astype(int) + 1, "score": score, "label": label})
    table = frame.groupby("bin_number").agg(
        customers=("label", "size"), expected=("score", "mean"), observed=("label", "mean")
    )
    return table.reset_index()


def top(label: Vector, score: Vector, money: Vector | None = None, share: float = 0.1) -> Top:
    """What acting on the `share` of customers with the highest scores finds; `money`: at stake with each customer."""
    weight = _weight_of_top(score, share)
    at_stake = np.zeros(len(label)) if money is None else np.maximum(np.asarray(money, dtype=float), 0.0) * label
    found = float(np.sum(weight * label))
    events = float(np.sum(label))
    captured = found / events if events else float("nan")
    total = float(np.sum(at_stake))
    held = float(np.sum(weight * at_stake))
    return Top(
        customers=float(np.sum(weight)),
        lift=captured * len(label) / float(np.sum(weight)),
        captured=captured,
        money=held,
        money_captured=held / total if total else float("nan"),
    )


def _weight_of_top(score: Vector, share: float) -> Vector:
    """1 for customers certainly in the top, 0 for the others, a fraction for those with the score at its edge."""
    wanted = share * len(score)
    edge = np.sort(score)[::-1][min(int(np.ceil(wanted)), len(score)) - 1]
    above, at_edge = score > edge, score == edge
    return np.where(above, 1.0, np.where(at_edge, (wanted - above.sum()) / at_edge.sum(), 0.0))


def _aucs(label: Vector, scores: list[Vector]) -> tuple[Vector, Vector]:
    """AUC of each score and their covariance, by ranks (Sun and Xu 2014)."""
    is_event = np.asarray(label) == 1
    events, others = int(is_event.sum()), int((~is_event).sum())
    if not events or not others:
        raise ValueError("an AUC needs customers with the event and without")
    of_events, of_others = np.empty((len(scores), events)), np.empty((len(scores), others))
    for number, score in enumerate(scores):
        ranks = rankdata(score)
        # For each event the share of non-events it outscores; for each non-event the share of events that outscore it.
        of_events[number] = (ranks[is_event] - rankdata(score[is_event])) / others
        of_others[number] = 1 - (ranks[~is_event] - rankdata(score[~is_event])) / events
    covariance = np.zeros((len(scores), len(scores)))
    for parts, count in ((of_events, events), (of_others, others)):
        if count > 1:
            covariance = covariance + np.atleast_2d(np.cov(parts)) / count
    return of_events.mean(axis=1), covariance


def _mean(values: Vector) -> Estimate:
    return Estimate(float(values.mean()), float(values.std(ddof=1) / np.sqrt(len(values))))
