"""Holdout evaluation on customers whose truth is known: which model wins, what the level does, which days are used."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, timedelta

import numpy as np
import pandas as pd
import pytest

from scripts.learning.prediction import evaluation, holdout_evaluation
from scripts.learning.prediction.holdout_evaluation import (
    BOOSTED,
    MODEL,
    PURCHASE_MODEL,
    RECENCY_ALONE,
    Cohort,
    Count,
    evaluate_on_holdout,
    train,
)
from scripts.learning.prediction.propensity import SMALLEST_CLASS, fit_propensity
from scripts.platform.errors import UserError

SCALES = {"days_since_last_order": "log", "visits": "log"}
BEGIN = date(2024, 1, 1)


@pytest.fixture(autouse=True)
def few_trees(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(holdout_evaluation.BOOSTING, "max_iter", 25)
    monkeypatch.setitem(holdout_evaluation.BOOSTING, "learning_rate", 0.2)


def cohort(day: date, visits_count: float, season: float = 0.0, count: int = 1000) -> Cohort:
    """Customers more likely to leave the longer they are inactive and, weighted by `visits_count`, the fewer visits."""
    random = np.random.default_rng(day.toordinal())
    days, visits = random.integers(0, 180, count), random.poisson(3, count)
    log_odds = season + 0.01 * (days - 90) - visits_count * (visits - 3)
    frame = pd.DataFrame({"days_since_last_order": days.astype(float), "visits": visits.astype(float)})
    label = (random.random(count) < 1 / (1 + np.exp(-log_odds))).astype(float)
    return Cohort(day, frame, label, np.full(count, 10.0))


def test_information_beyond_recency_wins() -> None:
    result = evaluate_on_holdout(cohort(date(2025, 1, 1), 0.6), cohort(date(2025, 7, 1), 0.6), SCALES, None)
    assert result.is_better_than_recency
    assert result.auc_above(RECENCY_ALONE).low > 0 > result.brier_above(RECENCY_ALONE).high
    assert 0.8 < result.calibration.slope.value < 1.4
    # With linear log-odds, trees cannot be better; the regression must not be far behind.
    assert result.auc_above(BOOSTED).value > -0.01


def test_nothing_is_gained_where_only_recency_matters() -> None:
    result = evaluate_on_holdout(cohort(date(2025, 1, 1), 0.0), cohort(date(2025, 7, 1), 0.0), SCALES, None)
    assert result.auc_above(RECENCY_ALONE).low < 0
    assert abs(result.auc_above(RECENCY_ALONE).value) < 0.01


def test_probabilities_that_a_later_day_refutes_are_in_doubt_and_right_ones_are_not() -> None:
    before = cohort(date(2025, 1, 1), 0.6)
    right = evaluate_on_holdout(before, cohort(date(2025, 7, 1), 0.6), SCALES, None)
    assert right.doubts == []
    # Far fewer leave in this season, as nothing in the training days could tell.
    calm = evaluate_on_holdout(before, cohort(date(2025, 7, 1), 0.6, season=-3.0), SCALES, None)
    [doubt] = calm.doubts
    assert doubt.startswith("of the tenth with the highest probabilities ")
    assert doubt.endswith("were expected: use the ranking, not the probabilities")


def test_a_model_that_ranks_no_better_than_the_purchase_model_is_in_doubt() -> None:
    before, after = cohort(date(2025, 1, 1), 0.6), cohort(date(2025, 7, 1), 0.6)
    truth = 1 / (
        1 + np.exp(-0.01 * (after.customers["days_since_last_order"] - 90) + 0.6 * (after.customers["visits"] - 3))
    )
    better = replace(after, opponents={PURCHASE_MODEL: np.clip(truth.to_numpy() + 0.3 * (after.label - 0.5), 0, 1)})
    assert evaluate_on_holdout(before, better, SCALES, None).doubts == ["the purchase model ranks customers as well"]
    worse = replace(after, opponents={PURCHASE_MODEL: 1 - truth.to_numpy()})
    assert evaluate_on_holdout(before, worse, SCALES, None).doubts == []


def test_the_level_of_the_season_calibrates_probabilities() -> None:
    """Trained when many leave, evaluated when few do, as a year before: without the level too many are expected."""
    training, evaluated = cohort(date(2025, 1, 1), 0.6, season=1.0), cohort(date(2025, 7, 1), 0.6, season=-1.0)
    before = holdout_evaluation.Level(cohort(date(2024, 7, 1), 0.6, season=-1.0).rate, "a year before")
    off, right = (
        evaluate_on_holdout(training, evaluated, SCALES, None),
        evaluate_on_holdout(training, evaluated, SCALES, before),
    )
    assert off.calibration.intercept.high < -1
    assert right.calibration.expected == pytest.approx(before.rate, abs=1e-4)
    assert right.calibration.expected == pytest.approx(evaluated.rate, abs=0.05)
    for name in (MODEL, RECENCY_ALONE, BOOSTED):
        # The order of customers is the same, the probabilities are better.
        assert evaluation.auc(evaluated.label, right.scores[name]).value == pytest.approx(
            evaluation.auc(evaluated.label, off.scores[name]).value, abs=1e-12
        )
        assert evaluation.brier(evaluated.label, right.scores[name]) < evaluation.brier(
            evaluated.label, off.scores[name]
        )


def test_opponents_from_elsewhere_are_shifted_to_the_known_rate() -> None:
    training, evaluated = cohort(date(2025, 1, 1), 0.6), cohort(date(2025, 7, 1), 0.6)
    sure = np.clip(evaluated.customers["days_since_last_order"].to_numpy() / 180, 0, 1)
    evaluated = Cohort(evaluated.day, evaluated.customers, evaluated.label, evaluated.money, {"guess": sure})
    result = evaluate_on_holdout(training, evaluated, SCALES, None)
    assert result.scores["guess"].mean() == pytest.approx(training.rate, abs=1e-6)
    assert any(figure.figure == "AUC less that of guess" for figure in result.figures())


def test_train_uses_the_latest_day_and_today_s_level() -> None:
    asked = []

    def cohort_of(day: date) -> Cohort:
        asked.append(day)
        return cohort(day, 0.6)

    as_of, today = date(2026, 7, 1), cohort(date(2026, 7, 1), 0.6)
    found = train(cohort_of, lambda _: Count(1000, 300), [date(2026, 1, 2)], today.customers, as_of, 180, BEGIN, SCALES)
    assert found.is_usable
    assert found.training.day == date(2026, 1, 2)
    assert found.model.score(today.customers).mean() == pytest.approx(0.3, abs=1e-4)
    assert sorted(set(asked)) == [date(2025, 7, 6), date(2026, 1, 2)]
    assert "Better than recency alone on 1 of 1 days" in found.summary("who left")


def test_an_overconfident_model_is_corrected() -> None:
    """Trained where visits matter a lot, evaluated where they matter little."""
    days = {date(2025, 7, 6): 1.5, date(2026, 1, 2): 0.3}
    today = cohort(date(2026, 7, 1), 0.3).customers
    found = train(
        lambda day: cohort(day, days[day]), None, [date(2026, 1, 2)], today, date(2026, 7, 1), 180, BEGIN, SCALES
    )
    assert found.results[0].calibration.slope.high < 0.9
    spread = [figure for figure in found.figures if figure.figure == "log-odds spread by"]
    assert len(spread) == 1 and 0.1 <= float(spread[0].value) < 0.9
    latest = cohort(date(2026, 1, 2), 0.3)
    unspread = fit_propensity(latest.customers, latest.label, SCALES).log_odds(today)
    assert found.model.log_odds(today).std() / unspread.std() == pytest.approx(float(spread[0].value), rel=0.01)


def season_and_trend(day: date) -> Count:
    """Out of very many customers half leave in winter and a fifth in summer; the odds grow by a tenth every year."""
    base = 0.0 if day.month in (12, 1, 2) else float(np.log(0.25))
    log_odds = base + np.log(1.1) * ((day - BEGIN).days / 365)
    return Count(10**9, round(10**9 / (1 + np.exp(-log_odds))))


@pytest.mark.parametrize(
    ("day", "horizon"), [(date(2026, 1, 15), 180), (date(2026, 7, 15), 180), (date(2026, 1, 15), 90)]
)
def test_the_level_follows_season_and_trend(day: date, horizon: int) -> None:
    asked = []

    def count_on(one: date) -> Count:
        asked.append(one)
        return season_and_trend(one)

    level = holdout_evaluation.level_for(day, horizon, BEGIN, count_on)
    expected = season_and_trend(day)
    assert level is not None
    assert level.rate == pytest.approx(expected.events / expected.customers, abs=1e-4)
    # Only outcomes that were over on the day.
    assert max(asked) <= day - timedelta(days=horizon)


def test_a_change_within_chance_or_with_a_short_history_is_ignored() -> None:
    """41 and 43 of 100 do not differ significantly; without a second year no change can be observed."""
    day = date(2026, 1, 15)
    level = holdout_evaluation.level_for(day, 180, BEGIN, lambda one: Count(100, 41 if one.year == 2024 else 43))
    assert level is not None and level.rate == pytest.approx(0.43, abs=1e-9)
    short = holdout_evaluation.level_for(day, 180, date(2024, 7, 1), season_and_trend)
    assert short is not None
    assert short.rate == pytest.approx(season_and_trend(date(2025, 1, 15)).events / 10**9, abs=1e-9)
    assert holdout_evaluation.level_for(day, 180, date(2024, 8, 1), season_and_trend) is None
    assert holdout_evaluation.level_for(day, 180, BEGIN, lambda _: Count(100, 39)) is None
    assert holdout_evaluation.level_for(day, 400, BEGIN, season_and_trend) is None


def test_too_little_history_or_too_few_outcomes_are_refused() -> None:
    today = cohort(date(2025, 1, 1), 0.6).customers
    with pytest.raises(UserError, match="180 are needed: give a horizon below 180 days"):
        train(lambda day: cohort(day, 0.6), None, [date(2024, 7, 1)], today, date(2025, 1, 1), 180, BEGIN, SCALES)

    def few(day: date) -> Cohort:
        whole = cohort(day, 0.6)
        label = np.where(np.arange(len(whole.label)) < SMALLEST_CLASS - 1, 1.0, 0.0)
        return Cohort(day, whole.customers, label, whole.money)

    with pytest.raises(UserError, match=r"1,000 customers on .*, 39 of them with the outcome"):
        train(few, None, [date(2025, 12, 1)], today, date(2026, 6, 1), 180, BEGIN, SCALES)
