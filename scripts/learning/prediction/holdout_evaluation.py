"""Evaluates a propensity out of time: trained on one day, evaluated on a later one, compared with other models.

Training sees nothing that happened after the evaluation day. The baselines use the same customers:

- recency alone: the same regression with the days since the last order as its only attribute, just as flexible;
- purchase model: BG/NBD or MBG/NBD, whichever has the higher likelihood, fitted to the purchases up to the evaluation
  day, where the caller provides its probabilities;
- gradient boosting: trees on the same attributes (scikit-learn), to show what readability costs.

The overall rate changes with the season and over the years. So all probabilities are shifted to the rate of such
customers after the same day a year earlier, adjusted by how the latest known rate differs from the one a year before
it, as far as that exceeds chance: the intercept is shifted until the mean score equals that rate. The differences
between customers are trained on the latest day whose outcome is known. If the history is too short, the level stays as
trained.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import date, timedelta
from typing import Any

import numpy as np
import pandas as pd
from sklearn.ensemble import HistGradientBoostingClassifier
from threadpoolctl import threadpool_limits

from scripts.learning.prediction import evaluation
from scripts.learning.prediction.cards import LEAST_RATIO, MOST_RATIO, Figure, doubt_figures
from scripts.learning.prediction.propensity import (
    SMALLEST_CLASS,
    Propensity,
    fit_propensity,
    intercept_for,
    logistic,
    records,
)
from scripts.platform.errors import UserError

Vector = np.ndarray[Any, np.dtype[np.float64]]

RECENCY = {"days_since_last_order": "log"}
YEAR = 365
# Days of history needed before a day for its customers to be comparable with those of later days.
LEAST_HISTORY = 180
# The spread of log-odds is corrected only if later days show, beyond chance, that it is off by more than this.
SLOPE_TOLERANCE = 0.1
BOOSTING = {"max_iter": 100, "learning_rate": 0.05, "max_leaf_nodes": 8, "min_samples_leaf": 40, "random_state": 0}
MODEL, RECENCY_ALONE, PURCHASE_MODEL, BOOSTED = "the model", "recency alone", "purchase model", "gradient boosting"


@dataclass(frozen=True)
class Cohort:
    """Customers as they were on `day`, and what they did after it; all parts have the same rows.

    `customers`: inputs, with customer_id. `label`: 1 where the outcome happened. `money`: what is at stake with each
    customer. `opponents`: probabilities of other models, by name.
    """

    day: date
    customers: pd.DataFrame
    label: Vector
    money: Vector
    opponents: dict[str, Vector] = field(default_factory=dict)

    @property
    def rate(self) -> float:
        return float(self.label.mean())

    @property
    def is_enough(self) -> bool:
        events = int(self.label.sum())
        return min(events, len(self.label) - events) >= SMALLEST_CLASS


@dataclass(frozen=True)
class Count:
    """How many customers there were, and how many of them had the outcome (`events`)."""

    customers: int
    events: int

    @property
    def is_enough(self) -> bool:
        return min(self.events, self.customers - self.events) >= SMALLEST_CLASS

    @property
    def log_odds(self) -> float:
        return float(np.log(self.events / (self.customers - self.events)))

    @property
    def variance(self) -> float:
        """Sampling variance of the log-odds."""
        return 1 / self.events + 1 / (self.customers - self.events)


@dataclass(frozen=True)
class Level:
    """The rate to which scores are shifted, and where it comes from."""

    rate: float
    note: str


@dataclass(frozen=True)
class HoldoutResult:
    """Scores of all models, by name, for the customers of `evaluated`; `level` is what they were shifted to, if any."""

    training: Cohort
    evaluated: Cohort
    level: Level | None
    model: Propensity
    scores: dict[str, Vector]

    @property
    def is_better_than_recency(self) -> bool:
        """Whether the model is better both in discrimination (AUC) and in its probabilities (Brier), on unseen days."""
        return self.auc_above(RECENCY_ALONE).value > 0 and self.brier_above(RECENCY_ALONE).value < 0

    def auc_above(self, other: str) -> evaluation.Estimate:
        """AUC of the model minus that of another: above 0 the model is better."""
        return evaluation.auc_difference(self.evaluated.label, self.scores[MODEL], self.scores[other])

    def brier_above(self, other: str) -> evaluation.Estimate:
        """Brier score of the model minus that of another: below 0 the model is better."""
        return evaluation.brier_difference(self.evaluated.label, self.scores[MODEL], self.scores[other])

    @property
    def calibration(self) -> evaluation.Calibration:
        return evaluation.calibration(self.evaluated.label, self.scores[MODEL])

    @property
    def doubts(self) -> list[str]:
        """What is wrong with the scores of the evaluation day, if anything."""
        doubts = []
        highest = records(evaluation.reliability(self.evaluated.label, self.scores[MODEL]))[-1]
        expected, observed = float(highest["expected"]), float(highest["observed"])
        chance = np.sqrt(max(expected * (1 - expected), evaluation.NEAREST) / float(highest["customers"]))
        ratio = observed / max(expected, evaluation.NEAREST)
        if not LEAST_RATIO <= ratio <= MOST_RATIO and abs(observed - expected) > 2 * chance:
            doubts.append(
                f"of the tenth with the highest probabilities {observed:.0%} had the outcome, and {expected:.0%} "
                "were expected: use the ranking, not the probabilities"
            )
        if PURCHASE_MODEL in self.scores and self.auc_above(PURCHASE_MODEL).value <= 0:
            doubts.append("the purchase model ranks customers as well")
        return doubts

    def figures(self) -> list[Figure]:
        """All its figures for a card, dated by the evaluation day."""
        label, day, score = self.evaluated.label, self.evaluated.day, self.scores[MODEL]
        found = [
            Figure(
                "holdout", "trained on", self.training.day.isoformat(), f"{len(self.training.label)} customers", day
            ),
            Figure("holdout", "customers evaluated", len(label), f"{int(label.sum())} with the outcome", day),
            Figure(
                "holdout",
                "level",
                self.level.rate if self.level else "as trained",
                self.level.note if self.level else "too little is known about the year before",
                day,
            ),
        ]
        for name, other in self.scores.items():
            estimate = evaluation.auc(label, other)
            found += [
                Figure("comparison", f"AUC of {name}", estimate.value, _interval(estimate), day),
                Figure("comparison", f"Brier score of {name}", evaluation.brier(label, other), "0 is perfect", day),
                Figure("comparison", f"log loss of {name}", evaluation.log_loss(label, other), "0 is perfect", day),
                Figure("comparison", f"lift of {name}", evaluation.top(label, other).lift, "in the top tenth", day),
            ]
        for name in self.scores:
            if name != MODEL:
                for measure, difference, better in (
                    ("AUC", self.auc_above(name), "above"),
                    ("Brier score", self.brier_above(name), "below"),
                ):
                    note = f"{_interval(difference)}; {better} 0 the model is better"
                    found.append(Figure("comparison", f"{measure} less that of {name}", difference.value, note, day))
        return found + self._calibration_figures() + self._value_figures(score)

    def _calibration_figures(self) -> list[Figure]:
        day, found = self.evaluated.day, self.calibration
        table = evaluation.reliability(self.evaluated.label, self.scores[MODEL])
        return [
            Figure("calibration", "slope", found.slope.value, f"{_interval(found.slope)}; 1 is right", day),
            Figure("calibration", "intercept", found.intercept.value, f"{_interval(found.intercept)}; 0 is right", day),
            Figure("calibration", "expected rate", found.expected, "mean score", day),
            Figure("calibration", "observed rate", found.observed, "", day),
            *(
                Figure("reliability", f"{kind} rate in tenth {row['bin_number']:.0f}", float(row[kind]), note, day)
                for row in records(table)
                for kind, note in (("expected", "mean score"), ("observed", f"{row['customers']:.0f} customers"))
            ),
        ]

    def _value_figures(self, score: Vector) -> list[Figure]:
        day, label, money = self.evaluated.day, self.evaluated.label, self.evaluated.money
        held = evaluation.top(label, score, money)
        by_money = evaluation.top(label, score * np.maximum(money, 0), money)
        return [
            Figure("value", "lift in the top tenth", held.lift, "1 is chance", day),
            Figure("value", "share of the outcome in the top tenth", held.captured, "0.1 is chance", day),
            Figure("value", "money in the top tenth", held.money, "of those with the outcome", day),
            Figure("value", "share of money in the top tenth", held.money_captured, "0.1 is chance", day),
            Figure("value", "share of money in the top tenth by score times money", by_money.money_captured, "", day),
        ]


@dataclass(frozen=True)
class Trained:
    """The model to write, its training cohort, its holdout results (latest first) and its figures for the card."""

    model: Propensity
    training: Cohort
    results: Sequence[HoldoutResult]
    figures: Sequence[Figure]

    @property
    def is_usable(self) -> bool:
        """The latest result decides: a model that a single attribute beats is not worth its complexity."""
        return self.results[0].is_better_than_recency

    def summary(self, outcome: str) -> str:
        """The evidence in sentences; `outcome` such as "who did not order again"."""
        last, verdicts = self.results[0], [result.is_better_than_recency for result in self.results]
        label = last.evaluated.label
        auc, brier = (
            [measure(label, last.scores[name]) for name in (MODEL, RECENCY_ALONE)]
            for measure in (lambda *pair: evaluation.auc(*pair).value, evaluation.brier)
        )
        others = ", ".join(
            f"{name} {evaluation.auc(label, score).value:.3f}"
            for name, score in last.scores.items()
            if name not in (MODEL, RECENCY_ALONE)
        )
        text = (
            f"Trained on {last.training.day}, it predicted {outcome} after {last.evaluated.day}: "
            f"AUC {auc[0]:.3f} (recency alone {auc[1]:.3f}), Brier score {brier[0]:.3f} ({brier[1]:.3f}), "
            f"lift {evaluation.top(label, last.scores[MODEL]).lift:.1f} in the top tenth; "
            f"AUC of {others}. "
            f"Better than recency alone on {sum(verdicts)} of {len(verdicts)} days. "
            f"The parameters were then trained again on {self.training.day}."
        )
        if doubts := self.results[0].doubts:
            text += f" In doubt: {'; '.join(doubts)}."
        return text if self.is_usable else f"Not usable: recency alone is as good. {text}"


def evaluate_on_holdout(
    training: Cohort, evaluated: Cohort, scales: dict[str, str], level: Level | None
) -> HoldoutResult:
    """Fit the model and its opponents on `training` and score `evaluated` with them; all are shifted to `level`.

    Opponents from elsewhere are shifted to the rate of `training` if there is no `level`: they have not seen outcomes.
    """
    model = _fit(training, scales)
    log_odds = {
        MODEL: model.log_odds(evaluated.customers),
        RECENCY_ALONE: _fit(training, RECENCY).log_odds(evaluated.customers),
        BOOSTED: _boosted(training, evaluated.customers, model.attributes),
    }
    if level is not None:
        log_odds = {name: odds + intercept_for(odds, level.rate) for name, odds in log_odds.items()}
        # As it will be written: with a rounded intercept.
        log_odds[MODEL] = model.levelled(evaluated.customers, level.rate).log_odds(evaluated.customers)
    for name, probability in evaluated.opponents.items():
        near = np.clip(probability, evaluation.NEAREST, 1 - evaluation.NEAREST)
        odds = np.log(near / (1 - near))
        log_odds[name] = odds + intercept_for(odds, level.rate if level else training.rate)
    return HoldoutResult(training, evaluated, level, model, {name: logistic(odds) for name, odds in log_odds.items()})


def level_for(day: date, horizon: int, data_from: date, count_on: Callable[[date], Count]) -> Level | None:
    """The rate expected in the `horizon` days after `day`, from rates known then; None if too little is known.

    `count_on` counts the customers of a day and those of them with the outcome. In log-odds: the rate a year earlier,
    plus the latest known rate minus the one a year before it, shrunk by its sampling variance (positive-part
    James-Stein).
    """
    year = timedelta(days=YEAR)
    before, latest = day - year, day - timedelta(days=horizon)
    if horizon > YEAR or not _has_history(before, data_from):
        return None
    base = count_on(before)
    if not base.is_enough:
        return None
    note = f"{base.events / base.customers:.3f} after {before}"
    change = 0.0
    if _has_history(latest - year, data_from):
        now, then = count_on(latest), count_on(latest - year)
        if now.is_enough and then.is_enough:
            change = now.log_odds - then.log_odds
            change *= max(0.0, 1 - (now.variance + then.variance) / change**2) if change else 0.0
            note += f", moved by {change:+.2f} in log-odds, the change from {latest - year} to {latest}"
    return Level(float(logistic(np.array(base.log_odds + change))), note)


def train(
    cohort_of: Callable[[date], Cohort],
    count_on: Callable[[date], Count] | None,
    dates: Sequence[date],
    present: pd.DataFrame,
    as_of: date,
    horizon: int,
    data_from: date,
    scales: dict[str, str],
) -> Trained:
    """Evaluate the model on `dates` and train the final one on the latest day whose outcome is known on `as_of`.

    `cohort_of` gives the customers of a past day, `count_on` how many there were and how many had the outcome (None:
    the level stays as trained). `present`: the customers to be scored. Raises UserError if the history is too short or
    too few customers are with or without the outcome.
    """

    def level_of(day: date) -> Level | None:
        return level_for(day, horizon, data_from, count_on) if count_on else None

    results = []
    for day in sorted(dates, reverse=True):
        first = day - timedelta(days=horizon)
        _check_history(first, data_from, horizon)
        results.append(evaluate_on_holdout(_enough(cohort_of(first)), _enough(cohort_of(day)), scales, level_of(day)))
    latest = _enough(cohort_of(as_of - timedelta(days=horizon)))
    model = _fit(latest, scales)
    figures = [
        Figure("fit", "trained on", latest.day.isoformat(), f"outcome of the {horizon} days after it"),
        Figure("fit", "customers", len(latest.label), f"{int(latest.label.sum())} with the outcome"),
        Figure("fit", "penalty", model.penalty, "of the squared coefficients, chosen by cross-validation"),
    ]
    if model.unused:
        figures.append(Figure("fit", "attributes left out", ", ".join(model.unused), "the same for all customers"))
    slope = results[0].calibration.slope
    if slope.high < 1 - SLOPE_TOLERANCE or slope.low > 1 + SLOPE_TOLERANCE:
        model = model.spread_by(max(slope.value, 0.1), latest.customers)
        figures.append(
            Figure("fit", "log-odds spread by", slope.value, f"slope shown after {results[0].evaluated.day}")
        )
    level = level_of(as_of)
    if level is not None:
        model = model.levelled(present, level.rate)
        figures.append(Figure("fit", "level", level.rate, level.note))
    figures += doubt_figures(results[0].doubts)
    return Trained(model, latest, results, [*figures, *(figure for result in results for figure in result.figures())])


def _fit(cohort: Cohort, scales: dict[str, str]) -> Propensity:
    return fit_propensity(cohort.customers, cohort.label, scales)


def _boosted(training: Cohort, customers: pd.DataFrame, attributes: list[str]) -> Vector:
    with threadpool_limits(limits=1):
        trees = HistGradientBoostingClassifier(**BOOSTING).fit(
            training.customers[attributes].to_numpy(dtype=float, na_value=np.nan), training.label
        )
        odds = trees.decision_function(customers[attributes].to_numpy(dtype=float, na_value=np.nan))
    return np.asarray(odds, dtype=float)


def _has_history(day: date, data_from: date) -> bool:
    return (day - data_from).days >= LEAST_HISTORY


def _check_history(day: date, data_from: date, horizon: int) -> None:
    if not _has_history(day, data_from):
        raise UserError(
            f"the orders begin on {data_from}, only {max((day - data_from).days, 0)} days before {day}, the training "
            f"day; {LEAST_HISTORY} are needed: give a horizon below {horizon} days, a later day, or more history"
        )


def _enough(cohort: Cohort) -> Cohort:
    if not cohort.is_enough:
        raise UserError(
            f"{len(cohort.label):,} customers on {cohort.day}, {int(cohort.label.sum()):,} of them with the outcome: "
            f"at least {SMALLEST_CLASS} with and without are needed; train on more data, or give another horizon"
        )
    return cohort


def _interval(estimate: evaluation.Estimate) -> str:
    return f"95 % interval {estimate.low:.3f} to {estimate.high:.3f}"
