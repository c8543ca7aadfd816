"""BG/NBD and MBG/NBD: published figures, a second implementation, exact arithmetic, and data drawn from the model."""

from __future__ import annotations

from collections.abc import Sequence

import lifetimes
import mpmath
import numpy as np
import pytest
from scipy.optimize import approx_fprime
from scipy.special import roots_genlaguerre, roots_jacobi
from sklearn.metrics import roc_auc_score

from scripts.learning.prediction import bg_nbd
from scripts.learning.prediction.bg_nbd import Parameters, fit, simulate
from scripts.learning.prediction.likelihood import CannotFit
from tests.support.cdnow import cdnow, published_summary
from tests.support.exact import expected_purchases as exactly

# Fader, Hardie, Lee (2005), table 2.
PUBLISHED = {"r": 0.243, "alpha": 4.414, "a": 0.793, "b": 2.426}
PUBLISHED_LOG_LIKELIHOOD = -9582.4
# MBG/NBD for the same customers, as fitted by the package BTYDplus.
PUBLISHED_MODIFIED = {"r": 0.525, "alpha": 6.183, "a": 0.891, "b": 1.614}
TRUE = Parameters(0.6, 8.0, 0.8, 2.5)

both_models = pytest.mark.parametrize("modified", [False, True], ids=["bg_nbd", "mbg_nbd"])


def test_the_published_summary_gives_the_published_parameters() -> None:
    data = published_summary()
    found = fit(data["frequency_x"], data["recency_tx_weeks"], data["T_weeks"])
    assert {name: round(value, 3) for name, value in found.parameters._asdict().items()} == PUBLISHED
    assert round(found.log_likelihood, 1) == PUBLISHED_LOG_LIKELIHOOD
    assert (found.customers, found.repeat_customers) == (2357, 946)
    assert found.converged and not found.message
    assert found.starts_agreeing == found.starts >= 8
    assert found.gradient_norm < 1e-6


def test_the_raw_log_gives_the_published_parameters() -> None:
    data = cdnow()
    found = fit(data.x, data.t_x, data.T)
    assert {name: round(value, 3) for name, value in found.parameters._asdict().items()} == {**PUBLISHED}
    assert round(found.log_likelihood, 1) == PUBLISHED_LOG_LIKELIHOOD


def test_the_modified_model_gives_the_published_parameters() -> None:
    data = published_summary()
    found = fit(data["frequency_x"], data["recency_tx_weeks"], data["T_weeks"], leaves_after_first=True)
    assert {name: round(value, 3) for name, value in found.parameters._asdict().items()} == PUBLISHED_MODIFIED
    assert found.converged and found.starts_agreeing == found.starts
    assert found.leaves_after_first and found.model_name == "MBG/NBD"


@both_models
def test_lifetimes_agrees(modified: bool) -> None:
    data = cdnow()
    found = fit(data.x, data.t_x, data.T, leaves_after_first=modified)
    fitter = lifetimes.ModifiedBetaGeoFitter() if modified else lifetimes.BetaGeoFitter()
    # Tolerance on its gradient: with less than about 1e-10 it fails for lack of precision on some processors.
    other = fitter.fit(data.x, data.t_x, data.T, tol=1e-7)
    for name, value in found.parameters._asdict().items():
        assert value == pytest.approx(other.params_[name], rel=1e-4)
    # lifetimes gives the mean, and works with parameters scaled by the longest T.
    assert other.conditional_probability_alive(data.x, data.t_x, data.T) == pytest.approx(
        bg_nbd.p_alive(data.x, data.t_x, data.T, found.parameters, leaves_after_first=modified), rel=1e-3
    )
    expected = bg_nbd.expected_purchases(39, data.x, data.t_x, data.T, found.parameters, leaves_after_first=modified)
    assert other.conditional_expected_number_of_purchases_up_to_time(39, data.x, data.t_x, data.T) == pytest.approx(
        expected, rel=1e-3
    )
    weeks = np.array([1.0, 39.0, 520.0])
    assert other.expected_number_of_purchases_up_to_time(weeks) == pytest.approx(
        bg_nbd.expected_from_first(weeks, found.parameters, leaves_after_first=modified), rel=1e-3
    )


def test_expected_purchases_rank_repeat_buyers_and_p_alive_does_not() -> None:
    """Buyers in the second 39 weeks of CDNOW: in BG/NBD, P(alive) ranks all one-time buyers first.

    That is worse than chance, in lifetimes as here; so nothing may rank or select customers by it.
    """
    data = cdnow()
    found = fit(data.x, data.t_x, data.T)
    alive = bg_nbd.p_alive(data.x, data.t_x, data.T, found.parameters)
    assert (alive[data.x == 0] == 1).all() and (alive[data.x > 0] < 1).all()
    expected = bg_nbd.expected_purchases(39, data.x, data.t_x, data.T, found.parameters)
    other = lifetimes.BetaGeoFitter().fit(data.x, data.t_x, data.T, tol=1e-7)
    other_alive = other.conditional_probability_alive(data.x, data.t_x, data.T)
    other_expected = other.conditional_expected_number_of_purchases_up_to_time(39, data.x, data.t_x, data.T)
    bought = data.later > 0
    for ranked, published in ((alive, 0.32), (other_alive, 0.32), (expected, 0.77), (other_expected, 0.77)):
        assert round(roc_auc_score(bought, ranked), 2) == published


@both_models
@pytest.mark.parametrize("parameters", [(0.243, 4.414, 0.793, 2.426), (2.0, 30.0, 1.0, 0.4), (0.7, 0.9, 20.0, 35.0)])
def test_the_gradient_and_the_hessian_are_those_of_the_likelihood(parameters: Sequence[float], modified: bool) -> None:
    x, t_x, T = simulate(400, TRUE, 52, np.random.default_rng(5), entry_weeks=26, whole_days=True)
    at = np.log(parameters)

    def value(logs: Sequence[float]) -> float:
        return bg_nbd.log_likelihood(np.exp(logs), x, t_x, T, leaves_after_first=modified)

    def slope(logs: Sequence[float]) -> np.ndarray:
        return bg_nbd.log_likelihood_gradient(np.exp(logs), x, t_x, T, leaves_after_first=modified)[1]

    assert slope(at) == pytest.approx(approx_fprime(at, value, 1e-6), rel=2e-4, abs=2e-3)
    # The likelihood's own Hessian, for natural parameters.
    likelihood = bg_nbd._LogLikelihood(bg_nbd._grouped(x, t_x, T, None), modified)
    natural = np.array(parameters)
    hessian = np.array([
        (likelihood(natural + step)[1] - likelihood(natural - step)[1]) / (2 * step.sum())
        for step in np.diag(natural * 1e-5)
    ])  # fmt: skip
    assert likelihood(natural)[2] == pytest.approx(hessian, rel=1e-5, abs=1e-6 * np.abs(hessian).max())


@both_models
def test_the_likelihood_is_that_of_the_paper(modified: bool) -> None:
    """Equation 6 of the paper, and its counterpart for the modified model, per customer, in exact arithmetic."""
    rows = [(0, 0.0, 0.0), (0, 0.0, 39.0), (1, 2.0, 30.4), (2, 30.43, 38.86), (29, 37.0, 38.0), (3, 12.0, 12.0)]
    r, alpha, a, b = (mpmath.mpf(value) for value in (0.243, 4.414, 0.793, 2.426))
    total = mpmath.mpf(0)
    for x, t_x, T in rows:
        if modified:
            there = mpmath.beta(a, b + x + 1) / mpmath.beta(a, b) * (alpha + T) ** -(r + x)
            left = mpmath.beta(a + 1, b + x) / mpmath.beta(a, b) * (alpha + t_x) ** -(r + x)
        else:
            there = mpmath.beta(a, b + x) / mpmath.beta(a, b) * (alpha + T) ** -(r + x)
            left = mpmath.beta(a + 1, b + x - 1) / mpmath.beta(a, b) * (alpha + t_x) ** -(r + x) if x else 0
        total += mpmath.log(mpmath.gamma(r + x) * alpha**r / mpmath.gamma(r) * (there + left))
    x, t_x, T = np.array(rows).T
    found = bg_nbd.log_likelihood((0.243, 4.414, 0.793, 2.426), x, t_x, T, leaves_after_first=modified)
    assert found == pytest.approx(float(total), rel=1e-13)


@pytest.mark.parametrize("x", [0, 1, 4])
def test_the_modified_likelihood_follows_from_one_customer_s_behaviour(x: int) -> None:
    """Numerical integral over rate and probability of leaving: stayed x + 1 times, or stayed x times and then left."""
    r, alpha, a, b, t_x, T = 1.3, 6.0, 1.4, 2.2, 7.0 if x else 0.0, 20.0
    rates, weights = roots_genlaguerre(80, r - 1)
    nodes, node_weights = roots_jacobi(80, b - 1, a - 1)
    rate, leave = rates[:, None] / alpha, (1 + nodes) / 2
    share = np.outer(weights / weights.sum(), node_weights / node_weights.sum())
    there = (share * rate**x * (1 - leave) ** (x + 1) * np.exp(-rate * T)).sum()
    left = (share * rate**x * leave * (1 - leave) ** x * np.exp(-rate * t_x)).sum()
    found = bg_nbd.log_likelihood((r, alpha, a, b), [x], [t_x], [T], leaves_after_first=True)
    assert found == pytest.approx(np.log(there + left), rel=1e-9)
    alive = bg_nbd.p_alive(x, t_x, T, (r, alpha, a, b), leaves_after_first=True)
    assert alive == pytest.approx(there / (there + left), rel=1e-9)


def test_standard_errors_are_those_of_a_numerical_hessian() -> None:
    data = cdnow()
    found = fit(data.x, data.t_x, data.T)
    at = np.array(found.parameters)
    steps = at * 1e-3

    def value(*moves: np.ndarray) -> float:
        return bg_nbd.log_likelihood(at + sum(moves), data.x, data.t_x, data.T)

    hessian = np.empty((4, 4))
    moves = np.diag(steps)
    for i, one in enumerate(moves):
        for j, other in enumerate(moves):
            corners = value(one, other) - value(one, -other) - value(-one, other) + value(-one, -other)
            hessian[i, j] = corners / (4 * steps[i] * steps[j])
    errors = np.sqrt(np.diag(np.linalg.inv(-hessian)))
    assert list(found.standard_errors.values()) == pytest.approx(errors, rel=1e-3)
    assert np.array(found.covariance) == pytest.approx(np.linalg.inv(-hessian), rel=1e-2, abs=1e-6)


def test_grouped_customers_are_the_same_customers() -> None:
    x, t_x, T = simulate(3000, TRUE, 30, np.random.default_rng(2), whole_days=True)
    customers = bg_nbd.collapse(x, t_x, T)
    assert len(customers) < 2000 and customers.counts.sum() == 3000
    again = bg_nbd.collapse(customers.x, customers.t_x, customers.T, customers.counts)
    for name in ("x", "t_x", "T", "counts"):
        assert np.array_equal(getattr(again, name), getattr(customers, name))
    one, other = fit(x, t_x, T), fit(customers.x, customers.t_x, customers.T, customers.counts)
    assert one.parameters == pytest.approx(other.parameters, rel=1e-9)
    # Times that are not whole days use the other kind of time table, with the same result.
    shifted = fit(x, t_x * 1.01, T * 1.01)
    assert shifted.parameters == pytest.approx((one.r, one.alpha * 1.01, one.a, one.b), rel=1e-6)


GRID = [
    (0.243, 4.414, 0.793, 2.426), (2.5, 50.0, 1.1, 3.6), (1.0, 52.0, 3.2, 1.1), (25.0, 148.0, 6.0, 189.0),
    (0.05, 0.5, 0.02, 0.05), (0.5, 10.0, 1.0, 2.0), (1.5, 8.0, 1.0000001, 4.0), (5.0, 3.0, 30.0, 2.0),
    (0.3, 5.0, 0.01, 30.0), (50.0, 100.0, 200.0, 400.0),
]  # fmt: skip
HISTORIES = [(0, 0.0, 0.0), (0, 0.0, 1 / 7), (0, 0.0, 40.0), (1, 1 / 7, 1 / 7), (3, 20.0, 39.0), (30, 100.0, 104.0),
             (200, 250.0, 260.0), (1, 1.0, 260.0)]  # fmt: skip


@both_models
@pytest.mark.parametrize("parameters", GRID)
def test_expected_purchases_are_exact(parameters: Sequence[float], modified: bool) -> None:
    for t in (0.1, 13.0, 52.0, 5000.0):
        x, t_x, T = np.array(HISTORIES).T
        found = bg_nbd.expected_purchases(t, x, t_x, T, parameters, leaves_after_first=modified)
        exact = [exactly(t, int(x), t_x, T, parameters, modified) for x, t_x, T in HISTORIES]
        assert found == pytest.approx(exact, rel=1e-9, abs=1e-250)


@both_models
def test_a_new_customer_is_one_without_history(modified: bool) -> None:
    r, alpha, a, b = TRUE
    stay = b / (a + b) if modified else 1.0
    assert bg_nbd.p_alive(0, 0, 0, TRUE, leaves_after_first=modified) == pytest.approx(stay)
    # Immediately after, purchases come at the mean rate of those who stay.
    weeks = np.array([0.0, 1e-7])
    assert bg_nbd.expected_from_first(weeks, TRUE, leaves_after_first=modified) == pytest.approx(
        stay * weeks * r / alpha, rel=1e-6
    )


@both_models
def test_expectations_are_what_simulated_customers_do(modified: bool) -> None:
    x, _, _ = simulate(40_000, TRUE, 104, np.random.default_rng(7), leaves_after_first=modified)
    expected = bg_nbd.expected_from_first(104, TRUE, leaves_after_first=modified)[0]
    assert x.mean() == pytest.approx(expected, abs=4 * x.std() / np.sqrt(len(x)))
    # A share of a / (a + b) leaves at once in the modified model; hardly any other customer fails to come back.
    x, _, _ = simulate(4000, (20.0, 10.0, 1.0, 3.0), 10, np.random.default_rng(8), leaves_after_first=modified)
    assert (x == 0).mean() == pytest.approx(0.25 if modified else 0.0, abs=0.03)


@both_models
def test_the_true_parameters_are_recovered(modified: bool) -> None:
    rng = np.random.default_rng(1)
    x, t_x, T = simulate(10_000, TRUE, 104, rng, entry_weeks=52, leaves_after_first=modified)
    found = fit(x, t_x, T, leaves_after_first=modified)
    assert found.converged
    for name, true in TRUE._asdict().items():
        assert getattr(found, name) == pytest.approx(true, abs=3.5 * found.standard_errors[name])
        assert found.standard_errors[name] < 0.12 * true
    # The model that generated the data explains them better.
    assert found.log_likelihood > fit(x, t_x, T, leaves_after_first=not modified).log_likelihood + 10


def test_the_sample_that_starts_climb_changes_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    x, t_x, T = simulate(6000, TRUE, 104, np.random.default_rng(4), entry_weeks=52)
    whole = fit(x, t_x, T)
    monkeypatch.setattr(bg_nbd, "SAMPLE", 1000)
    for seed in (0, 1):
        sampled = fit(x, t_x, T, seed=seed)
        assert sampled.converged and sampled.starts_agreeing == sampled.starts
        assert sampled.parameters == pytest.approx(whole.parameters, rel=1e-5)
        assert sampled.log_likelihood == pytest.approx(whole.log_likelihood, abs=1e-6)


def test_data_that_cannot_be_fitted_are_refused() -> None:
    weeks = np.full(200, 30.0)
    none = np.zeros(200)
    with pytest.raises(CannotFit, match="no customer bought on a second day"):
        fit(none, none, weeks)
    with pytest.raises(CannotFit, match="at least 50 customers, there are 10"):
        fit(none[:10], none[:10], weeks[:10])
    few = np.r_[np.ones(5), np.zeros(195)]
    with pytest.raises(CannotFit, match="at least 20 customers who came back, there are 5"):
        fit(few, few, weeks)
    with pytest.raises(CannotFit, match="MBG/NBD: no customer bought on a second day"):
        fit(none, none, weeks, leaves_after_first=True)
    with pytest.raises(CannotFit, match="last purchase is on the last day"):
        fit(none + 2, weeks, weeks)


def test_parameters_that_the_data_do_not_determine_are_flagged() -> None:
    rng = np.random.default_rng(3)
    stays = simulate(2000, (1.0, 10.0, 1e-6, 1.0), 50, rng)
    found = fit(*stays)
    assert not found.converged and "hardly any customers have left" in found.message
    once = np.ones(1000)
    found = fit(once, rng.uniform(1, 20, 1000), np.full(1000, 30.0))
    assert not found.converged and found.message


@pytest.mark.parametrize(
    ("x", "t_x", "T", "said"),
    [
        (1, 3, 2, "0 <= t_x <= T"), (1, np.nan, 2, "0 <= t_x <= T"), (0.5, 1, 2, "whole number"),
        (-1, 0, 2, "not below 0"), (0, 1, 2, "0 where x is 0"), (2, 0, 2, "purchases on one day are one"),
    ],
)  # fmt: skip
def test_an_invalid_row_is_refused(x: float, t_x: float, T: float, said: str) -> None:
    with pytest.raises(ValueError, match=said):
        fit([0, x], [0, t_x], [1, T])


def test_the_second_half_of_cdnow_is_predicted() -> None:
    """39 weeks that the fit has not seen, in total and week by week.

    In the paper the model's cumulative repeat purchases stay close to the actual ones through the 78 weeks and end a
    few per cent below them; here they must be within 5 % from week 21 on. For the second half alone, that is about a
    ninth fewer than were bought.
    """
    data = cdnow()
    found = fit(data.x, data.t_x, data.T)
    weeks = np.arange(1, 79)
    expected = bg_nbd.expected_cumulative(weeks, data.first_day, found.parameters)
    actual = np.searchsorted(data.repeat_days, 7 * weeks)
    assert actual[[38, 77]].tolist() == [2457, 4339]
    error = (expected / np.maximum(actual, 1) - 1)[20:]
    assert -0.05 < error[-1] < 0
    assert np.abs(error).max() < 0.05
    total = bg_nbd.expected_purchases(39, data.x, data.t_x, data.T, found.parameters).sum()
    assert data.later.sum() == 1882
    assert total == pytest.approx(1882, rel=0.13)
    # Customers with more expected purchases buy more; three in five had never come back and differ only in T.
    ranked = np.argsort(bg_nbd.expected_purchases(39, data.x, data.t_x, data.T, found.parameters))
    bought = [data.later[group].mean() for group in np.split(ranked, [1400, 1800, 2100, 2250])]
    assert bought == sorted(bought)
    assert bought[-1] > 10 * bought[0]
