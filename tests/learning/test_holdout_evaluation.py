"""Holdout evaluation on customers whose truth is known: which model wins, what the level does, which days are used."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, timedelta

import numpy as np
import pandas as pd
import pytest
from sklearn.linear_model import LogisticRegression

from scripts.learning.prediction import evaluation, holdout_evaluation
from scripts.learning.prediction.cards import RANKING
from scripts.learning.prediction.holdout_evaluation import (
    BOOSTED,
    LEAST_CHECKED,
    MODEL,
    PURCHASE_MODEL,
    RECENCY_ALONE,
    Cohort,
    Count,
    Trained,
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


def test_probabilities_that_a_later_day_refutes_are_no_probabilities_and_right_ones_are() -> None:
    before = cohort(date(2025, 1, 1), 0.6)
    right = evaluate_on_holdout(before, cohort(date(2025, 7, 1), 0.6), SCALES, None)
    assert right.refutations == []
    # Far fewer leave in this season, as nothing in the training days could tell.
    calm = evaluate_on_holdout(before, cohort(date(2025, 7, 1), 0.6, season=-2.0), SCALES, None)
    highest, overall = calm.refutations
    assert highest.startswith("of the tenth with the highest probabilities ")
    assert overall.startswith("of all customers ") and overall.endswith(
        f"{calm.scores[MODEL].mean():.0%} were expected"
    )


def test_too_few_outcomes_keep_the_ranking_only() -> None:
    """The probabilities are right, but 99 outcomes cannot show it."""
    before = cohort(date(2025, 1, 1), 0.6)
    after = cohort(date(2025, 7, 1), 0.6)
    events, others = np.flatnonzero(after.label == 1), np.flatnonzero(after.label == 0)
    for count, is_enough in ((LEAST_CHECKED, True), (LEAST_CHECKED - 1, False)):
        kept = np.sort(np.concatenate([events[:count], others[: round(count * len(others) / len(events))]]))
        part = Cohort(after.day, after.customers.iloc[kept], after.label[kept], after.money[kept])
        refutations = evaluate_on_holdout(before, part, SCALES, None).refutations
        assert (refutations == []) == is_enough
        if not is_enough:
            assert refutations == ["only 99 customers show whether the probabilities are right, 100 are needed"]


def ranked_by_purchases(after: Cohort, is_better: bool) -> Cohort:
    """The same customers, with a purchase model that knows more than the inputs tell, or nothing."""
    guess = np.clip(0.5 + 0.3 * (after.label - 0.5), 0, 1) if is_better else np.linspace(0.1, 0.9, len(after.label))
    return replace(after, opponents={PURCHASE_MODEL: guess})


def test_a_model_that_ranks_no_better_than_the_purchase_model_is_in_doubt_or_not_offered() -> None:
    before, after = cohort(date(2025, 1, 1), 0.6), cohort(date(2025, 7, 1), 0.6)
    as_good = evaluate_on_holdout(before, ranked_by_purchases(after, True), SCALES, None)
    better = evaluate_on_holdout(before, ranked_by_purchases(after, False), SCALES, None)
    alone = evaluate_on_holdout(before, after, SCALES, None)
    assert as_good.doubts == ["the purchase model ranks customers as well"]
    assert better.doubts == alone.doubts == []
    for result, rivals, is_offered in (
        (as_good, [], True), (as_good, [PURCHASE_MODEL], False), (better, [PURCHASE_MODEL], True),
        (alone, [PURCHASE_MODEL], True),
    ):  # fmt: skip
        found = Trained(result.model, before, [result], [], rivals)
        assert found.is_usable == is_offered
        assert found.summary("who left").startswith("Not usable: as good without it, by purchase model.") != is_offered


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
    assert sorted(set(asked)) == [FIT, CALIBRATE, JUDGE]
    assert "Better than recency alone on 1 of 1 days" in found.summary("who left")


# The days on which outcomes of 180 days are over by 1 July 2026: to fit, to calibrate on and to judge on.
FIT, CALIBRATE, JUDGE, TODAY = date(2025, 1, 7), date(2025, 7, 6), date(2026, 1, 2), date(2026, 7, 1)


def trained(world: dict[date, Cohort], data_from: date = BEGIN) -> Trained:
    return train(lambda day: world[day], None, [JUDGE], world[JUDGE].customers, TODAY, 180, data_from, SCALES)


def figures(found: Trained, section: str) -> dict[str, object]:
    return {figure.figure: figure.value for figure in found.figures if figure.section == section}


def test_a_period_that_misleads_is_corrected_by_the_next_and_judged_on_the_last() -> None:
    """At first visits matter a lot, then little. What is learned at first is far too sure of itself."""
    world = {FIT: cohort(FIT, 1.5), CALIBRATE: cohort(CALIBRATE, 0.3), JUDGE: cohort(JUDGE, 0.3)}
    found = trained(world)
    [judged] = found.results
    misled = evaluate_on_holdout(world[FIT], world[JUDGE], SCALES, None)
    assert misled.refutations != []
    # Platt's slope, as scikit-learn finds it.
    odds = misled.model.log_odds(world[CALIBRATE].customers)[:, None]
    platt = LogisticRegression(C=np.inf, tol=1e-10).fit(odds, world[CALIBRATE].label)
    assert judged.calibrated is not None
    assert judged.calibrated.slope == pytest.approx(platt.coef_.item(), rel=1e-3)
    # Nothing of the days it is judged on was used.
    np.testing.assert_allclose(
        judged.scores[MODEL],
        platt.predict_proba(misled.model.log_odds(world[JUDGE].customers)[:, None])[:, 1],
        atol=2e-3,
    )
    assert judged.refutations == [] and figures(found, RANKING) == {}
    periods = figures(found, "periods")
    assert periods["fitted to be calibrated"] == "2025-01-08 to 2025-07-06"
    assert periods["calibrated"] == "2025-07-07 to 2026-01-02"
    assert periods["judged"] == "2026-01-03 to 2026-07-01"
    # By now the latest days alone tell the truth: there is nothing to correct.
    assert found.training.day == JUDGE and "log-odds multiplied by" not in figures(found, "fit")


def test_a_calibration_that_the_last_period_refutes_is_not_offered() -> None:
    """What calibrates is itself the exception: the first and the last period agree, the one between does not."""
    world = {FIT: cohort(FIT, 1.5), CALIBRATE: cohort(CALIBRATE, 0.3), JUDGE: cohort(JUDGE, 1.5)}
    found = trained(world)
    [too_close] = found.results[0].refutations
    assert too_close.startswith("the probabilities are too close together: the slope of their log-odds is ")
    assert figures(found, RANKING) == {"no probabilities": "; ".join(found.results[0].refutations)}
    assert found.is_usable and found.summary("who left").startswith(
        f"For ranking only, not as probabilities: {too_close}. "
    )


def test_a_calibrated_model_stays_as_it_is() -> None:
    world = {day: cohort(day, 0.6) for day in (FIT, CALIBRATE, JUDGE)}
    found = trained(world)
    plain = evaluate_on_holdout(world[CALIBRATE], world[JUDGE], SCALES, None)
    np.testing.assert_array_equal(found.results[0].scores[MODEL], plain.scores[MODEL])
    latest = fit_propensity(world[JUDGE].customers, world[JUDGE].label, SCALES)
    pd.testing.assert_frame_equal(found.model.parameters, latest.parameters)
    assert figures(found, RANKING) == {}


def test_a_shifted_base_rate_is_recalibrated_where_earlier_days_could_show_it() -> None:
    """Three times as many leave as at first. Known before the last period, it is corrected; otherwise not offered."""
    rates = {"known": (-2.0, 0.0, 0.0), "unforeseen": (-2.0, -2.0, 0.0)}
    for name, seasons in rates.items():
        days = zip((FIT, CALIBRATE, JUDGE), seasons, strict=True)
        world = {day: cohort(day, 0.6, season) for day, season in days}
        assert evaluate_on_holdout(world[FIT], world[JUDGE], SCALES, None).refutations != []
        found = trained(world)
        assert (found.results[0].refutations == []) == (name == "known")
        assert (RANKING in {figure.section for figure in found.figures}) == (name == "unforeseen")
        # Either way the written model has the latest rate.
        assert found.model.score(world[JUDGE].customers).mean() == pytest.approx(world[JUDGE].rate, abs=0.005)


def test_without_days_to_calibrate_on_nothing_is_corrected() -> None:
    """What could not be judged is not applied, however far off the last period shows the model to be."""
    world = {CALIBRATE: cohort(CALIBRATE, 1.5), JUDGE: cohort(JUDGE, 0.3)}
    found = trained(world, data_from=CALIBRATE - timedelta(days=200))
    latest = fit_propensity(world[JUDGE].customers, world[JUDGE].label, SCALES)
    pd.testing.assert_frame_equal(found.model.parameters, latest.parameters)
    assert figures(found, "periods")["calibrated"] == "not"
    # The same three periods with a day to calibrate on: there, and only there, the last one corrects.
    whole = trained({FIT: cohort(FIT, 1.5), **world})
    assert 0.1 <= float(str(figures(whole, "fit")["log-odds multiplied by"])) < 0.9
    assert whole.training.day == CALIBRATE
    # Its slope is known from 1,000 customers to within a seventh.
    truth = cohort(TODAY, 0.3, count=20_000)
    misled = whole.results[0].model
    for model, low, high in ((whole.model, 0.7, 1.4), (misled, 0.1, 0.4)):
        slope = evaluation.calibration(truth.label, model.score(truth.customers)).slope
        assert low < slope.value < high


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
