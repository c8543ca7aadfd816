"""Propensities that a person can read: piecewise linear logistic regression, written as rows from which SQL scores.

Every attribute is standardised (`transform`) and enters as a line that may bend at two knots, plus a term for missing
values. The rows with COLUMNS define the model completely; for a customer with value v of an attribute, a row adds

- intercept: coefficient;
- missing: coefficient, if v is null;
- slope: coefficient * z;
- hinge: coefficient * greatest(0, z - knot), the knot in standardised units;

where z is the standardised v, or `missing_value` if v is null. Score = 1 / (1 + exp(-sum)). All numbers are rounded
before the next step uses them: exactly what is in the seed is evaluated.

The coefficients maximise the log-likelihood minus half the penalty times the sum of their squares (ridge; the intercept
is not penalised). The standard errors are those of this penalised estimate, by the sandwich formula: they show how much
it varies between samples of customers, not how far the penalty shrinks it to zero.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import pandas as pd
from threadpoolctl import threadpool_limits

from scripts.learning.prediction.transform import SCALES, apply_transform, fit_transform_of

COLUMNS = [
    "term_number",
    "attribute_name",
    "term_kind",
    "scale",
    "winsor_low",
    "winsor_high",
    "centre",
    "spread",
    "knot",
    "missing_value",
    "coefficient",
    "standard_error",
]
INTERCEPT = "intercept"
KNOT_QUANTILES = (1 / 3, 2 / 3)
PENALTIES = (0.3, 1.0, 3.0, 10.0, 30.0, 100.0, 300.0, 1000.0)
FOLDS = 10
TOLERANCE = 0.5
# With fewer customers of either kind, nothing learned would hold next month.
SMALLEST_CLASS = 40
# Missing values of a smaller share of customers get no term of their own.
SMALLEST_MISSING_SHARE = 0.01
# A few hundred coefficients do not improve with more customers than this.
LARGEST_SAMPLE = 200_000
DECIMALS = 4
DIGITS = 6

Vector = np.ndarray[Any, np.dtype[np.float64]]
Matrix = np.ndarray[Any, np.dtype[np.float64]]


@dataclass(frozen=True)
class Propensity:
    """A fitted propensity: `parameters` has the COLUMNS, one row per term, and is all that scoring needs."""

    parameters: pd.DataFrame
    penalty: float
    customer_count: int
    event_count: int
    unused: tuple[str, ...] = ()

    @property
    def attributes(self) -> list[str]:
        """The attributes it uses, in the order of its terms."""
        return [str(name) for name in self.parameters["attribute_name"].unique() if name != INTERCEPT]

    def contributions(self, frame: pd.DataFrame) -> pd.DataFrame:
        """What each attribute adds to the log-odds: one row per row of `frame`, one column per attribute."""
        added = {name: np.zeros(len(frame)) for name in self.attributes}
        for term in records(self.parameters[self.parameters["attribute_name"] != INTERCEPT]):
            added[term["attribute_name"]] += _column(frame, term) * term["coefficient"]
        return pd.DataFrame(added, index=frame.index)

    def log_odds(self, frame: pd.DataFrame) -> Vector:
        """The sum of all terms for every row of `frame`."""
        intercept = self.parameters.loc[self.parameters["term_kind"] == INTERCEPT, "coefficient"].item()
        return np.asarray(intercept + self.contributions(frame).sum(axis=1).to_numpy(float))

    def score(self, frame: pd.DataFrame) -> Vector:
        """The probability for every row of `frame`; its columns must hold all `attributes`, nulls allowed."""
        return logistic(self.log_odds(frame))

    def levelled(self, frame: pd.DataFrame, rate: float) -> Propensity:
        """The same differences between customers, with the intercept at which the mean score on `frame` is `rate`."""
        rows = self.parameters.copy()
        is_intercept = rows["term_kind"] == INTERCEPT
        shift = intercept_for(self.log_odds(frame), rate)
        rows.loc[is_intercept, "coefficient"] = (rows.loc[is_intercept, "coefficient"] + shift).round(DECIMALS)
        return replace(self, parameters=rows)

    def spread_by(self, slope: float, frame: pd.DataFrame) -> Propensity:
        """The same order of customers, with log-odds scaled by `slope`; the mean score on `frame` stays.

        For a model that later days showed to be overconfident (calibration slope below 1) or underconfident.
        """
        rows = self.parameters.copy()
        scaled = ["coefficient", "standard_error"]
        is_intercept = rows["term_kind"] == INTERCEPT
        rows.loc[~is_intercept, scaled] = (rows.loc[~is_intercept, scaled] * slope).round(DECIMALS)
        return replace(self, parameters=rows).levelled(frame, float(self.score(frame).mean()))


def fit_propensity(
    frame: pd.DataFrame, label: Vector, scales: dict[str, str], penalty: float | None = None
) -> Propensity:
    """Fit the probability that `label` is 1.

    `frame` has one row per customer and the columns named in `scales` (attribute -> log or linear; numeric or boolean,
    nulls allowed); `label` is 0 or 1 for each row. A column `customer_id`, if there is one, makes the result
    independent of the order of rows. Attributes that do not vary between customers are left out (`unused`). If no
    `penalty` is given, it is chosen by 10-fold cross-validation (`choose_penalty`). Raises ValueError if fewer than
    SMALLEST_CLASS customers have a label of 0 or of 1.
    """
    events = int(np.sum(label))
    if min(events, len(label) - events) < SMALLEST_CLASS:
        raise ValueError(
            f"{len(label):,} customers, {events:,} of them with the outcome:"
            f" at least {SMALLEST_CLASS} with and as many without are needed"
        )
    frame, label = _ordered(frame, np.asarray(label, dtype=float))
    terms = _terms(frame, scales)
    design = np.column_stack([_column(frame, term) for term in terms])
    with threadpool_limits(limits=1):  # Keeps the order of summation, and so the last digits, the same.
        chosen = penalty if penalty is not None else choose_penalty(design, label)
        coefficients, errors = fit_logistic(design, label, chosen)
    rows = pd.DataFrame(terms)
    rows["coefficient"] = np.round(coefficients, DECIMALS) + 0.0  # No minus zero.
    rows["standard_error"] = np.round(errors, DECIMALS)
    rows["term_number"] = range(1, len(rows) + 1)
    used = set(rows["attribute_name"])
    return Propensity(
        parameters=rows[COLUMNS],
        penalty=chosen,
        customer_count=len(frame),
        event_count=int(label.sum()),
        unused=tuple(name for name in scales if name not in used),
    )


def fit_logistic(design: Matrix, label: Vector, penalty: float, start: Vector | None = None) -> tuple[Vector, Vector]:
    """Coefficients and standard errors of penalised logistic regression by Newton steps.

    `design` has one row per customer and one column per term; the first is the constant, which is not penalised. Raises
    ArithmeticError if 100 steps do not reach the maximum.
    """
    weights = np.full(design.shape[1], float(penalty))
    weights[0] = 0.0
    coefficients = np.zeros(design.shape[1]) if start is None else start.copy()
    value = _penalised_loss(design, label, coefficients, weights)
    for _ in range(100):
        probability = logistic(design @ coefficients)
        gradient = design.T @ (label - probability) - weights * coefficients
        information = _information(design, probability)
        step = np.linalg.solve(information + np.diag(weights) + 1e-9 * np.eye(len(weights)), gradient)
        size = 1.0
        while size > 1e-6:
            tried = coefficients + size * step
            lower = _penalised_loss(design, label, tried, weights)
            if lower <= value + 1e-10 * abs(value):
                break
            size /= 2
        coefficients, value = tried, lower
        if np.max(np.abs(step)) < 1e-8:
            inverse = np.linalg.inv(information + np.diag(weights) + 1e-9 * np.eye(len(weights)))
            scatter = design.T @ (design * ((label - probability) ** 2)[:, None])
            return coefficients, np.sqrt(np.diag(inverse @ scatter @ inverse))
    raise ArithmeticError("the coefficients of the logistic regression did not converge in 100 steps")


def choose_penalty(design: Matrix, label: Vector, penalties: tuple[float, ...] = PENALTIES) -> float:
    """The strongest penalty whose cross-validated log loss is indistinguishable from the best.

    That is, within half a standard error of the difference over the folds: a whole one leaves models of rare outcomes
    far too underconfident, none at all makes models of few customers overconfident.
    """
    fold = _folds(label)
    losses = np.empty((len(penalties), FOLDS))
    for number in range(FOLDS):
        inside, outside = fold != number, fold == number
        start: Vector | None = None
        for position in range(len(penalties) - 1, -1, -1):  # From the strongest: each is a good start for the next.
            start, _ = fit_logistic(design[inside], label[inside], penalties[position], start)
            losses[position, number] = _loss(design[outside] @ start, label[outside]) / outside.sum()
    best = int(np.argmin(losses.mean(axis=1)))
    excess = losses - losses[best]
    allowed = TOLERANCE * excess.std(axis=1, ddof=1) / np.sqrt(FOLDS)
    return max(value for value, more, most in zip(penalties, excess.mean(axis=1), allowed, strict=True) if more <= most)


def intercept_for(log_odds: Vector, rate: float) -> float:
    """What must be added to the log-odds for their mean probability to be `rate` (strictly between 0 and 1)."""
    shift = 0.0
    for _ in range(100):
        probability = logistic(log_odds + shift)
        step = (rate - probability.mean()) / max(float((probability * (1 - probability)).mean()), 1e-6)
        shift += float(np.clip(step, -2, 2))
        if abs(step) < 1e-10:
            break
    return shift


def records(frame: pd.DataFrame) -> list[dict[str, Any]]:
    """The rows of a frame as dicts."""
    return [{str(name): value for name, value in row.items()} for row in frame.to_dict("records")]


def logistic(log_odds: Vector) -> Vector:
    """1 / (1 + exp(-x)), without overflow."""
    return np.asarray(0.5 * (1 + np.tanh(0.5 * log_odds)))


def _ordered(frame: pd.DataFrame, label: Vector) -> tuple[pd.DataFrame, Vector]:
    """Rows ordered by customer_id; if there are more, a random sample of LARGEST_SAMPLE."""
    order = np.arange(len(frame))
    if "customer_id" in frame.columns:
        order = np.argsort(frame["customer_id"].to_numpy(dtype=str), kind="stable")
    if len(order) > LARGEST_SAMPLE:
        order = order[np.sort(np.random.default_rng(0).permutation(len(order))[:LARGEST_SAMPLE])]
    return frame.iloc[order], label[order]


def _terms(frame: pd.DataFrame, scales: dict[str, str]) -> list[dict[str, Any]]:
    """The parameter rows, without coefficients."""
    empty = dict.fromkeys(COLUMNS[3:10])
    terms: list[dict[str, Any]] = [{"attribute_name": INTERCEPT, "term_kind": INTERCEPT, **empty}]
    transform = fit_transform_of(frame, scales)
    numbers = ["winsor_low", "winsor_high", "centre", "spread", "missing_value"]
    transform[numbers] = transform[numbers].map(lambda value: float(f"{value:.{DIGITS}g}"))
    points = apply_transform(frame, transform)
    for position, row in enumerate(records(transform)):
        unknown = frame[row["attribute_name"]].isna().to_numpy()
        terms.append({**row, "term_kind": "slope", "knot": None})
        for knot in _knots(points[~unknown, position]):
            terms.append({**row, "term_kind": "hinge", "knot": knot})
        if SMALLEST_MISSING_SHARE <= unknown.mean() <= 1 - SMALLEST_MISSING_SHARE:
            terms.append({**row, "term_kind": "missing", "knot": None})
    return terms


def _knots(points: Vector) -> list[float]:
    """Where the line may bend: distinct points strictly inside the range."""
    low, high = points.min(), points.max()
    knots = sorted({round(float(knot), 2) for knot in np.quantile(points, KNOT_QUANTILES)})
    return [knot for knot in knots if low + 0.01 < knot < high - 0.01]


def _column(frame: pd.DataFrame, term: dict[str, Any]) -> Vector:
    """What the coefficient of a term is multiplied by, for every row of `frame`."""
    if term["term_kind"] == INTERCEPT:
        return np.ones(len(frame))
    if term["term_kind"] == "missing":
        return np.asarray(frame[term["attribute_name"]].isna().to_numpy(dtype=float))
    if term["scale"] not in SCALES:
        raise ValueError(f"{term['attribute_name']}: scale '{term['scale']}' is neither {' nor '.join(SCALES)}")
    points = apply_transform(frame, pd.DataFrame([term]))[:, 0]
    return points if term["term_kind"] == "slope" else np.maximum(0.0, points - term["knot"])


def _folds(label: Vector) -> Vector:
    """A fold for every row, stratified by label."""
    random = np.random.default_rng(0)
    fold = np.empty(len(label))
    for value in (0, 1):
        rows = np.flatnonzero(label == value)
        fold[random.permutation(rows)] = np.arange(len(rows)) % FOLDS
    return fold


def _information(design: Matrix, probability: Vector) -> Matrix:
    return np.asarray(design.T @ (design * (probability * (1 - probability))[:, None]))


def _loss(log_odds: Vector, label: Vector) -> float:
    return float(np.sum(np.logaddexp(0, log_odds) - label * log_odds))


def _penalised_loss(design: Matrix, label: Vector, coefficients: Vector, weights: Vector) -> float:
    return _loss(design @ coefficients, label) + 0.5 * float(np.sum(weights * coefficients**2))
