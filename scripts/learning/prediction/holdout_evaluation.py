"""Evaluates a propensity out of time: trained on one day, evaluated on a later one, compared with other models.

Training sees nothing that happened after the evaluation day. Before the latest evaluation day two periods have ended:

    fit | calibrate | judge

The model of the first period is tested on the outcomes of the second. If its log-odds prove too wide or too narrow
beyond chance, it is calibrated on them (Platt 1999) and kept; otherwise the model is trained anew on them. Either is
judged on the outcomes of the third. The model that is written comes from the same steps one period later, and is
calibrated only if that could be judged. Probabilities that the third period refutes, or has too few outcomes to check,
are not offered: the scores are then an order of customers and no more.

The baselines use the same customers:

- recency alone: the same regression with the days since the last order as its only attribute, just as flexible;
- purchase model: BG/NBD or MBG/NBD, fitted to the purchases up to the evaluation day, where the caller provides its
  probabilities;
- gradient boosting: trees on the same attributes (scikit-learn), to show what readability costs.

The overall rate changes with the season and over the years. So all probabilities are shifted to the rate of such
customers after the same day a year earlier, adjusted by how the latest known rate differs from the one a year before
it, as far as that exceeds chance: the intercept is shifted until the mean score equals that rate. The differences
between customers are trained on the latest day whose outcome is known. If the history is too short, the level stays as
trained.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from datetime import date, timedelta
from typing import Any

import numpy as np
import pandas as pd
from sklearn.ensemble import HistGradientBoostingClassifier
from threadpoolctl import threadpool_limits

from scripts.learning.prediction import evaluation
from scripts.learning.prediction.cards import LEAST_RATIO, MOST_RATIO, Figure, doubt_figures, ranking_figures
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
# With fewer customers of either kind, chance alone moves the share with the outcome by a fifth: probabilities of a
# model can then be neither confirmed nor refuted.
LEAST_CHECKED = 100
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
class Calibrated:
    """A model trained on `trained`, log-odds multiplied by `slope`, at the level of the outcomes after `day`."""

    model: Propensity
    slope: float
    day: date
    trained: date


@dataclass(frozen=True)
class HoldoutResult:
    """Scores of all models, by name, for the customers of `evaluated`.

    `level` is what they were shifted to, if anything. `calibrated`: the model that is judged instead of `model`, if
    earlier outcomes asked for it.
    """

    training: Cohort
    evaluated: Cohort
    level: Level | None
    model: Propensity
    scores: dict[str, Vector]
    calibrated: Calibrated | None = None

    @property
    def trained(self) -> date:
        """The day that the judged model was trained on."""
        return self.calibrated.trained if self.calibrated else self.training.day

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
    def refutations(self) -> list[str]:
        """Why the scores may not be used as probabilities; empty if the outcomes bear them out."""
        label, score = self.evaluated.label, self.scores[MODEL]
        fewest = int(min(label.sum(), len(label) - label.sum()))
        if fewest < LEAST_CHECKED:
            return [f"only {fewest} customers show whether the probabilities are right, {LEAST_CHECKED} are needed"]
        highest = records(evaluation.reliability(label, score))[-1]
        groups = (
            (
                "of the tenth with the highest probabilities",
                highest["expected"],
                highest["observed"],
                highest["customers"],
            ),
            ("of all customers", score.mean(), label.mean(), len(label)),
        )
        found = []
        for whom, expected, observed, customers in groups:
            near = max(float(expected), evaluation.NEAREST)
            chance = np.sqrt(near * (1 - near) / customers)
            if not LEAST_RATIO <= observed / near <= MOST_RATIO and abs(observed - near) > 2 * chance:
                found.append(f"{whom} {observed:.0%} had the outcome, and {near:.0%} were expected")
        slope = self.calibration.slope
        if slope.low > MOST_RATIO or slope.high < LEAST_RATIO:
            near_or_far = "close together" if slope.value > 1 else "far apart"
            found.append(
                f"the probabilities are too {near_or_far}: the slope of their log-odds is {slope.value:.2f}, not 1"
            )
        return found

    @property
    def doubts(self) -> list[str]:
        """What else is wrong with the scores of the evaluation day, if anything."""
        return [] if self.ranks_better_than(PURCHASE_MODEL) else ["the purchase model ranks customers as well"]

    def ranks_better_than(self, other: str) -> bool:
        """Whether the model has the higher AUC; true if there are no scores of the other model."""
        return other not in self.scores or self.auc_above(other).value > 0

    def figures(self) -> list[Figure]:
        """All its figures for a card, dated by the evaluation day."""
        label, day, score = self.evaluated.label, self.evaluated.day, self.scores[MODEL]
        found = [
            Figure("holdout", "trained on", self.trained.isoformat(), f"outcomes up to {self.evaluated.day}", day),
            Figure("holdout", "customers evaluated", len(label), f"{int(label.sum())} with the outcome", day),
            Figure(
                "holdout",
                "level",
                self.level.rate if self.level else "as trained",
                self.level.note if self.level else "too little is known about the year before",
                day,
            ),
        ]
        if self.calibrated is not None:
            note = f"calibrated on the outcomes after {self.calibrated.day}"
            found.append(Figure("holdout", "log-odds multiplied by", self.calibrated.slope, note, day))
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
    """The model to write, its training cohort, its holdout results (latest first) and its figures for the card.

    `rivals`: models that it must outrank, besides recency alone, to be worth using.
    """

    model: Propensity
    training: Cohort
    results: Sequence[HoldoutResult]
    figures: Sequence[Figure]
    rivals: Sequence[str] = ()

    @property
    def is_usable(self) -> bool:
        """The latest result decides: a model that a simpler one equals is not worth its complexity."""
        return not self.as_good

    @property
    def as_good(self) -> list[str]:
        """The simpler models that are as good on the latest day."""
        last = self.results[0]
        outranked_by = [name for name in self.rivals if not last.ranks_better_than(name)]
        return ([] if last.is_better_than_recency else [RECENCY_ALONE]) + outranked_by

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
            f"Trained on {last.trained}, it predicted {outcome} after {last.evaluated.day}: "
            f"AUC {auc[0]:.3f} (recency alone {auc[1]:.3f}), Brier score {brier[0]:.3f} ({brier[1]:.3f}), "
            f"lift {evaluation.top(label, last.scores[MODEL]).lift:.1f} in the top tenth; "
            f"AUC of {others}. "
            f"Better than recency alone on {sum(verdicts)} of {len(verdicts)} days. "
            f"The parameters were then trained on {self.training.day}."
        )
        if not self.is_usable:
            return f"Not usable: as good without it, by {' and by '.join(self.as_good)}. {text}"
        if last.refutations:
            text = f"For ranking only, not as probabilities: {'; '.join(last.refutations)}. {text}"
        return f"{text} In doubt: {'; '.join(last.doubts)}." if last.doubts else text


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
        log_odds[MODEL] = _log_odds(model, evaluated, level)
    for name, probability in evaluated.opponents.items():
        near = np.clip(probability, evaluation.NEAREST, 1 - evaluation.NEAREST)
        odds = np.log(near / (1 - near))
        log_odds[name] = odds + intercept_for(odds, level.rate if level else training.rate)
    return HoldoutResult(training, evaluated, level, model, {name: logistic(odds) for name, odds in log_odds.items()})


def calibrate(result: HoldoutResult) -> Calibrated | None:
    """The model of a result, calibrated on its outcomes; None where they ask for no correction beyond chance."""
    slope = result.calibration.slope
    if slope.low <= 1 + SLOPE_TOLERANCE and slope.high >= 1 - SLOPE_TOLERANCE:
        return None
    after, factor = result.evaluated, max(slope.value, 0.1)
    model = result.model.spread_by(factor, after.customers).levelled(after.customers, after.rate)
    return Calibrated(model, factor, after.day, result.training.day)


def judge(result: HoldoutResult, calibrated: Calibrated | None) -> HoldoutResult:
    """The same result with the scores of a calibrated model, if there is one."""
    if calibrated is None:
        return result
    log_odds = _log_odds(calibrated.model, result.evaluated, result.level)
    return replace(result, scores={**result.scores, MODEL: logistic(log_odds)}, calibrated=calibrated)


def _log_odds(model: Propensity, cohort: Cohort, level: Level | None) -> Vector:
    """As they will be written: with a rounded intercept."""
    shifted = model if level is None else model.levelled(cohort.customers, level.rate)
    return shifted.log_odds(cohort.customers)


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
    rivals: Sequence[str] = (),
) -> Trained:
    """Evaluate the model on `dates` and train the final one on the latest day whose outcome is known on `as_of`.

    On the latest of `dates` a model calibrated on the days before is judged, if there are enough of them; only then is
    the final model calibrated where the latest outcomes ask for it. `cohort_of` gives the customers of a past day,
    `count_on` how many there were and how many had the outcome (None: the level stays as trained). `present`: the
    customers to be scored; `rivals`: see Trained. Raises UserError if the history is too short or too few customers are
    with or without the outcome.
    """

    def level_of(day: date) -> Level | None:
        return level_for(day, horizon, data_from, count_on) if count_on else None

    def evaluated_on(day: date) -> HoldoutResult:
        first = day - timedelta(days=horizon)
        _check_history(first, data_from, horizon)
        return evaluate_on_holdout(_enough(cohort_of(first)), _enough(cohort_of(day)), scales, level_of(day))

    last, *others = map(evaluated_on, sorted(dates, reverse=True))
    earlier = calibration_day(last.evaluated.day, horizon, data_from)
    calibrating = None
    if earlier is not None and all(cohort_of(one).is_enough for one in (earlier, earlier - timedelta(days=horizon))):
        calibrating = evaluated_on(earlier)
    results = [judge(last, calibrate(calibrating) if calibrating else None), *others]
    latest = _enough(cohort_of(as_of - timedelta(days=horizon)))
    # Only where the step itself could be judged, and on outcomes as recent.
    calibrated = calibrate(last) if calibrating and last.evaluated.day == latest.day else None
    model = calibrated.model if calibrated else _fit(latest, scales)
    training = last.training if calibrated else latest
    figures = [
        *_period_figures(results[0], calibrating, training, horizon),
        Figure("fit", "trained on", training.day.isoformat(), f"outcome of the {horizon} days after it"),
        Figure("fit", "customers", len(training.label), f"{int(training.label.sum())} with the outcome"),
        Figure("fit", "penalty", model.penalty, "of the squared coefficients, chosen by cross-validation"),
    ]
    if model.unused:
        figures.append(Figure("fit", "attributes left out", ", ".join(model.unused), "the same for all customers"))
    if calibrated is not None:
        note = f"calibrated on the outcomes after {calibrated.day}"
        figures.append(Figure("fit", "log-odds multiplied by", calibrated.slope, note))
    level = level_of(as_of)
    if level is not None:
        model = model.levelled(present, level.rate)
        figures.append(Figure("fit", "level", level.rate, level.note))
    figures += doubt_figures(results[0].doubts) + ranking_figures(results[0].refutations)
    figures += [figure for result in results for figure in result.figures()]
    return Trained(model, training, results, figures, rivals)


def calibration_day(day: date, horizon: int, data_from: date) -> date | None:
    """The day whose outcomes, known by `day`, calibrate the model judged on it; None if the history is too short."""
    earlier = day - timedelta(days=horizon)
    return earlier if _has_history(earlier - timedelta(days=horizon), data_from) else None


def _period_figures(
    judged: HoldoutResult, calibrating: HoldoutResult | None, training: Cohort, horizon: int
) -> list[Figure]:
    """The days that each step used: what one period calibrates is judged on a later one."""

    def outcomes_of(cohort: Cohort) -> str:
        return f"{cohort.day + timedelta(days=1)} to {cohort.day + timedelta(days=horizon)}"

    if calibrating is None:
        calibrated = [Figure("periods", "calibrated", "not", "too little before the days to judge on")]
    else:
        found = "corrected" if judged.calibrated else "nothing to correct, so trained anew on these days"
        calibrated = [
            Figure("periods", "fitted to be calibrated", outcomes_of(calibrating.training)),
            Figure("periods", "calibrated", outcomes_of(calibrating.evaluated), found),
        ]
    return [
        *calibrated,
        Figure("periods", "judged", outcomes_of(judged.evaluated), "only days after those before"),
        Figure("periods", "fitted for use", outcomes_of(training), "the parameters in the seed"),
    ]


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
