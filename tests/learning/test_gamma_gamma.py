"""Gamma-Gamma: published figures, a second implementation, and data drawn from the model."""

from __future__ import annotations

from collections.abc import Sequence

import lifetimes
import numpy as np
import pytest
from scipy import stats
from scipy.optimize import approx_fprime

from scripts.learning.prediction import gamma_gamma
from scripts.learning.prediction.gamma_gamma import Parameters, expected_value, fit
from scripts.learning.prediction.likelihood import CannotFit
from tests.support.cdnow import Array, cdnow, published_summary

# Fader, Hardie (2013), from unrounded purchases.
PUBLISHED = {"p": 6.25, "q": 3.74, "v": 15.44}
TRUE = Parameters(6.0, 4.0, 30.0)


def drawn(customers: int, seed: int) -> tuple[Array, Array]:
    """Customers with one to eight transactions, drawn from the model."""
    rng = np.random.default_rng(seed)
    n = rng.integers(1, 9, customers)
    rate = rng.gamma(TRUE.q, 1 / TRUE.v, customers)
    return n, rng.gamma(TRUE.p * n) / (n * rate)


def test_the_raw_log_gives_the_published_parameters() -> None:
    data = cdnow()
    found = fit(data.n, data.mean)
    assert {name: round(value, 2) for name, value in found.parameters._asdict().items()} == PUBLISHED
    assert found.customers == 946
    assert found.converged and found.starts_agreeing == found.starts >= 6
    assert found.gradient_norm < 1e-6


def test_the_published_summary_agrees_up_to_rounding() -> None:
    data = published_summary().query("frequency_x > 0")
    found = fit(data["frequency_x"], data["monetary_zbar"])
    assert (round(found.p, 3), round(found.q, 3), round(found.v, 3)) == (6.249, 3.745, 15.448)


def test_lifetimes_agrees() -> None:
    data = cdnow()
    found = fit(data.n, data.mean)
    other = lifetimes.GammaGammaFitter().fit(data.n, data.mean, tol=1e-8)
    for name, value in found.parameters._asdict().items():
        assert value == pytest.approx(other.params_[name], rel=1e-4)
    assert other.conditional_expected_average_profit(data.n, data.mean) == pytest.approx(
        expected_value(data.n, data.mean, found.parameters), rel=1e-5
    )


def test_the_likelihood_is_that_of_the_model() -> None:
    """Given the customer's rate, a mean of n gamma values is gamma too; integrated here over a fine grid of rates."""
    p, q, v = 6.25, 3.74, 15.44
    n, mean = np.array([(1, 29.73), (2, 22.35), (7, 73.74), (29, 1.5)]).T[:, :, None]
    logs = np.linspace(-12, 6, 4001)
    rate = np.exp(logs)
    density = stats.gamma.pdf(mean, p * n, scale=1 / (n * rate)) * stats.gamma.pdf(rate, q, scale=1 / v) * rate
    total = np.log(density.sum(axis=1) * (logs[1] - logs[0])).sum()
    assert gamma_gamma.log_likelihood((p, q, v), n.ravel(), mean.ravel()) == pytest.approx(total, rel=1e-10)


@pytest.mark.parametrize("parameters", [(6.25, 3.74, 15.44), (0.5, 0.8, 300.0), (40.0, 9.0, 2.0)])
def test_the_gradient_and_the_hessian_are_those_of_the_likelihood(parameters: Sequence[float]) -> None:
    n, mean = drawn(300, 4)
    at = np.log(parameters)
    numerical = approx_fprime(at, lambda logs: gamma_gamma.log_likelihood(np.exp(logs), n, mean), 1e-6)
    assert gamma_gamma.log_likelihood_gradient(parameters, n, mean)[1] == pytest.approx(numerical, rel=1e-4, abs=1e-3)
    likelihood = gamma_gamma._LogLikelihood(n.astype(float), mean)
    natural = np.array(parameters)
    hessian = np.array([
        (likelihood(natural + step)[1] - likelihood(natural - step)[1]) / (2 * step.sum())
        for step in np.diag(natural * 1e-5)
    ])  # fmt: skip
    assert likelihood(natural)[2] == pytest.approx(hessian, rel=1e-5, abs=1e-6 * np.abs(hessian).max())


def test_standard_errors_are_those_of_a_numerical_hessian() -> None:
    data = cdnow()
    found = fit(data.n, data.mean)
    at = np.array(found.parameters)
    moves = np.diag(at * 1e-3)

    def value(*by: Array) -> float:
        return gamma_gamma.log_likelihood(at + sum(by), data.n, data.mean)

    hessian = np.array([
        [(value(i, j) - value(i, -j) - value(-i, j) + value(-i, -j)) / (4 * i.sum() * j.sum()) for j in moves]
        for i in moves
    ])  # fmt: skip
    errors = np.sqrt(np.diag(np.linalg.inv(-hessian)))
    assert list(found.standard_errors.values()) == pytest.approx(errors, rel=5e-3)


def test_the_true_parameters_are_recovered() -> None:
    n, mean = drawn(20_000, 1)
    found = fit(n, mean)
    assert found.converged
    for name, true in TRUE._asdict().items():
        assert getattr(found, name) == pytest.approx(true, abs=3.5 * found.standard_errors[name])
        assert found.standard_errors[name] < 0.1 * true
    assert found.population_mean == pytest.approx(TRUE.p * TRUE.v / (TRUE.q - 1), rel=0.02)


def test_another_currency_changes_only_v() -> None:
    n, mean = drawn(1000, 2)
    found, yen = fit(n, mean), fit(n, mean * 1e7)
    assert (yen.p, yen.q, yen.v / 1e7) == pytest.approx(tuple(found.parameters), rel=1e-6)
    assert yen.standard_errors["v"] / 1e7 == pytest.approx(found.standard_errors["v"], rel=1e-6)
    assert yen.log_likelihood == pytest.approx(found.log_likelihood - 1000 * np.log(1e7), abs=1e-5)


def test_the_sample_that_starts_climb_changes_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    n, mean = drawn(5000, 3)
    whole = fit(n, mean)
    monkeypatch.setattr(gamma_gamma, "SAMPLE", 500)
    sampled = fit(n, mean, seed=7)
    assert sampled.converged and sampled.parameters == pytest.approx(whole.parameters, rel=1e-5)


def test_expected_spend_is_between_the_customer_s_mean_and_the_population_s() -> None:
    population = TRUE.p * TRUE.v / (TRUE.q - 1)
    found = expected_value([0, 1, 5, 1000], [np.nan, 200.0, 200.0, 200.0], TRUE)
    assert found[0] == pytest.approx(population)
    assert population < found[1] < found[2] < found[3] < 200
    assert found[3] == pytest.approx(200, rel=1e-2)
    assert expected_value(0, 0, (6.0, 0.9, 30.0)) == [np.inf]


def test_data_that_cannot_be_fitted_are_refused() -> None:
    n, mean = drawn(100, 1)
    with pytest.raises(CannotFit, match="mean values above 0: 2 of 100 customers have none, the first in row 3"):
        fit(n, np.where(np.isin(np.arange(100), (3, 8)), -4.0, mean))
    with pytest.raises(CannotFit, match="at least 50 customers, there are 9"):
        fit(n[:9], mean[:9])
    with pytest.raises(CannotFit, match="the same mean value"):
        fit(n, np.full(100, 5.0))
    with pytest.raises(ValueError, match="1 or more; row 0 is not"):
        fit(n * 0, mean)
    with pytest.raises(ValueError, match="differ in length"):
        fit(n[1:], mean)


def test_customers_who_are_all_alike_are_flagged() -> None:
    """If customers do not differ, q and v diverge together: only their ratio is determined."""
    rng = np.random.default_rng(1)
    n = rng.integers(1, 9, 400)
    alike = fit(n, rng.gamma(6.0 * n) / (n * 0.1))
    assert not alike.converged and alike.message
