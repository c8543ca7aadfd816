"""How much customers spend per purchase: the Gamma-Gamma model, fitted by maximum likelihood.

Fader, Hardie (2013), The Gamma-Gamma Model of Monetary Value: the value of a customer's transactions is gamma with
shape p, and its rate is gamma over customers with shape q and rate v (gamma in some of the literature). Spend is
assumed to be independent of frequency; `correlation` of a fit shows how far it is.

A customer is n (transactions) and their mean value, which must be above zero. Which transactions count is the
caller's choice: the published figures for CDNOW leave out the first purchase of each customer.

    found = fit(n, mean)
    found.parameters                              # Parameters(p, q, v)
    expected_value(n, mean, found.parameters)     # array: expected mean value of a future transaction
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
from numpy.typing import ArrayLike
from scipy.special import digamma, gammaln, polygamma

from scripts.learning.prediction.likelihood import CannotFit, Estimate, Floats, as_floats, estimate

NAMES = ("p", "q", "v")
FEWEST_CUSTOMERS = 50
# With more customers than this, the starts climb the likelihood of a sample of this size.
SAMPLE = 20_000
ROWS_AT_A_TIME = 65_536


class Parameters(NamedTuple):
    """Shape p of a transaction's value; shape q and rate v of its rate over customers (v in money)."""

    p: float
    q: float
    v: float


@dataclass(frozen=True)
class GammaGammaFit:
    """Parameters, their standard errors and covariance (in the order p, q, v), and how the fit went.

    `correlation` is between the number of transactions and their mean value; the model assumes zero. `population_mean`
    is the expected transaction value of a customer without history, nan if q <= 1. `gradient_norm` is that of the
    log-likelihood with respect to the logarithms of the parameters. `converged` is true only at a proper maximum (see
    BgNbdFit); otherwise `message` says what is wrong.
    """

    p: float
    q: float
    v: float
    standard_errors: dict[str, float]
    covariance: tuple[tuple[float, ...], ...]
    log_likelihood: float
    customers: int
    correlation: float
    converged: bool
    starts: int
    starts_agreeing: int
    gradient_norm: float
    message: str

    @property
    def parameters(self) -> Parameters:
        return Parameters(self.p, self.q, self.v)

    @property
    def population_mean(self) -> float:
        return self.p * self.v / (self.q - 1) if self.q > 1 else float("nan")


class _LogLikelihood:
    """Log-likelihood of customers, with gradient and Hessian; gamma functions once for every distinct n."""

    def __init__(self, n: Floats, mean: Floats) -> None:
        self.n, self.total = n, n * mean
        self.n_of, place = np.unique(n, return_inverse=True)
        self.count_by_n = np.bincount(place).astype(np.float64)
        self.customers = float(len(n))
        log_total = np.log(self.total)
        self.log_means = float(np.log(mean).sum())
        self.n_log_total = float(n @ log_total)

    def __call__(self, parameters: Floats) -> tuple[float, Floats, Floats]:
        """Value, gradient (3) and Hessian (3 by 3) at p, q, v."""
        p, q, v = (float(parameter) for parameter in parameters)
        logs = n_logs = inverses = n_inverses = squares = n_squares = 0.0
        for low in range(0, len(self.n), ROWS_AT_A_TIME):
            n, shifted_total = self.n[low : low + ROWS_AT_A_TIME], v + self.total[low : low + ROWS_AT_A_TIME]
            log, inverse = np.log(shifted_total), 1 / shifted_total
            logs, n_logs = logs + float(log.sum()), n_logs + float(n @ log)
            inverses, n_inverses = inverses + float(inverse.sum()), n_inverses + float(n @ inverse)
            squares, n_squares = squares + float(inverse @ inverse), n_squares + float(n @ (inverse * inverse))
        n, counts, customers = self.n_of, self.count_by_n, self.customers
        value = (
            counts @ (gammaln(p * n + q) - gammaln(p * n))
            - customers * (gammaln(q) - q * np.log(v))
            + p * self.n_log_total - self.log_means
            - p * n_logs - q * logs
        )  # fmt: skip
        gradient = np.array([
            counts @ (n * (digamma(p * n + q) - digamma(p * n))) + self.n_log_total - n_logs,
            counts @ digamma(p * n + q) - customers * (digamma(q) - np.log(v)) - logs,
            customers * q / v - p * n_inverses - q * inverses,
        ])  # fmt: skip
        curved = polygamma(1, p * n + q)
        by_pp = counts @ (n * n * (curved - polygamma(1, p * n)))
        by_pq = counts @ (n * curved)
        by_qq = counts @ curved - customers * polygamma(1, q)
        by_qv = customers / v - inverses
        by_vv = -customers * q / v**2 + p * n_squares + q * squares
        hessian = np.array([[by_pp, by_pq, -n_inverses], [by_pq, by_qq, by_qv], [-n_inverses, by_qv, by_vv]])
        return float(value), gradient, hessian


def log_likelihood(parameters: Sequence[float], n: ArrayLike, mean: ArrayLike) -> float:
    """Log-likelihood of customers' mean values at (p, q, v)."""
    return _LogLikelihood(as_floats(n), as_floats(mean))(np.array(parameters, dtype=float))[0]


def log_likelihood_gradient(parameters: Sequence[float], n: ArrayLike, mean: ArrayLike) -> tuple[float, Floats]:
    """Log-likelihood, and its gradient with respect to the logarithms of (p, q, v)."""
    natural = np.array(parameters, dtype=float)
    value, gradient, _ = _LogLikelihood(as_floats(n), as_floats(mean))(natural)
    return value, natural * gradient


def fit(n: ArrayLike, mean: ArrayLike, *, seed: int = 0) -> GammaGammaFit:
    """Fit by maximum likelihood: `n` transactions (1 or more) and their mean value (above zero), one customer per row.

    `seed` draws the sample that the starts climb if there are very many customers. Raises CannotFit (a UserError) if
    the data do not determine the parameters; check `converged` before use.
    """
    number, means = as_floats(n), as_floats(mean)
    _check_usable(number, means)
    # In units of a typical value, so that start values and the range of v suit any currency.
    unit = float(np.exp(np.log(means).mean()))
    rough = None
    if len(number) > SAMPLE:
        drawn = np.random.default_rng(seed).choice(len(number), SAMPLE, replace=False)
        rough = _LogLikelihood(number[drawn], means[drawn] / unit)
    found = estimate(_LogLikelihood(number, means / unit), _starts(float(means.mean()) / unit), NAMES, rough)
    correlation = float(np.corrcoef(number, means)[0, 1]) if np.ptp(number) > 0 else 0.0
    return _fit_of(found, unit, len(number), correlation)


def _fit_of(found: Estimate, unit: float, customers: int, correlation: float) -> GammaGammaFit:
    scale = np.array([1.0, 1.0, unit])
    covariance = found.covariance * np.outer(scale, scale)
    p, q, v = (float(value) for value in found.parameters * scale)
    errors = np.sqrt(np.diag(covariance))
    return GammaGammaFit(
        p=p,
        q=q,
        v=v,
        standard_errors=dict(zip(NAMES, (float(error) for error in errors), strict=True)),
        covariance=tuple(tuple(float(value) for value in row) for row in covariance),
        # The density of a mean in money is its density in units, divided by the unit.
        log_likelihood=found.value - customers * float(np.log(unit)),
        customers=customers,
        correlation=correlation,
        converged=found.converged,
        starts=found.starts,
        starts_agreeing=found.starts_agreeing,
        gradient_norm=found.gradient_norm,
        message=found.message,
    )


def _check_usable(n: Floats, mean: Floats) -> None:
    if len(n) != len(mean):
        raise ValueError(f"n and mean differ in length: {len(n)}, {len(mean)}")
    few = ~((n >= 1) & (n == np.floor(n)) & (n < np.inf))
    if few.any():
        raise ValueError(f"n must be a whole number of transactions, 1 or more; row {int(np.argmax(few))} is not")
    bad = ~((mean > 0) & (mean < np.inf))
    if bad.any():
        raise CannotFit(
            f"Gamma-Gamma needs mean values above 0: {int(bad.sum())} of {len(mean)} customers have none, the first in"
            f" row {int(np.argmax(bad))} ({mean[np.argmax(bad)]:g}); leave them out and report how many"
        )
    if len(n) < FEWEST_CUSTOMERS:
        raise CannotFit(f"Gamma-Gamma needs at least {FEWEST_CUSTOMERS} customers, there are {len(n)}")
    if np.ptp(mean) == 0:
        raise CannotFit("Gamma-Gamma: all customers have the same mean value, so its variation cannot be estimated")


def _starts(mean: float) -> list[Floats]:
    """Start values with the mean of the data, for low and high variation within and between customers."""
    grid = [(p, q) for p in (1.0, 5.0, 20.0) for q in (1.5, 4.0)]
    return [np.array([p, q, mean * (q - 1) / p]) for p, q in grid]


def expected_value(n: ArrayLike, mean: ArrayLike, parameters: Sequence[float]) -> Floats:
    """Expected mean value of customers' future transactions: their own mean shrunk towards the population mean.

    With n = 0 (`mean` is ignored) it is the population mean, which is infinite if q <= 1.
    """
    p, q, v = parameters
    number, means = np.broadcast_arrays(as_floats(n), as_floats(mean))
    total = np.where(number > 0, number * np.where(number > 0, means, 0.0), 0.0)
    weight = p * number + q - 1
    with np.errstate(divide="ignore"):
        return np.where(weight > 0, p * (v + total) / np.where(weight > 0, weight, 1.0), np.inf)
