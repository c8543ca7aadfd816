"""How often customers buy and when they stop: BG/NBD and its modification MBG/NBD, fitted by maximum likelihood.

Fader, Hardie, Lee (2005), "Counting Your Customers" the Easy Way, Marketing Science 24(2): while a customer is alive,
purchases come at a Poisson rate, gamma over customers (shape r, rate alpha, here per week); after every repeat purchase
the customer leaves for good with a probability, beta over customers (a, b). One-time buyers are alive with
probability 1.

Batislam, Denizel, Filiztekin (2007), Empirical Validation and Comparison of Models for Customer Base Analysis,
International Journal of Research in Marketing 24(3), with the erratum of Wagner and Hoppe (2008), 25(3): customers may
leave after the first purchase as well. `leaves_after_first` selects this model. A customer who has stayed x times in
the first model has stayed x + 1 times in the second; all else is the same.

A customer is x (repeat purchases), t_x (weeks from the first purchase to the last) and T (weeks from the first purchase
to the end of observation). Purchases on one day are one purchase, so t_x is above zero where x is.

    found = fit(x, t_x, T)                        # or fit(x, t_x, T, counts) for rows that are already grouped
    found.parameters                              # Parameters(r, alpha, a, b)
    p_alive(x, t_x, T, found.parameters)          # array
    expected_purchases(52, x, t_x, T, found.parameters)

    found = fit(x, t_x, T, leaves_after_first=True)
    p_alive(x, t_x, T, found.parameters, leaves_after_first=found.leaves_after_first)
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy.special import digamma, expit, gammaln, polygamma

from scripts.learning.prediction.likelihood import CannotFit, Estimate, Floats, as_floats, estimate

Ints = NDArray[np.int64]

NAMES = ("r", "alpha", "a", "b")
FEWEST_CUSTOMERS, FEWEST_REPEATERS = 50, 20
# If a smaller share of repeat buyers has left, a failed fit is explained by the lack of leavers.
SMALLEST_LEFT_SHARE = 0.005
# With more distinct customers than this, the starts climb the likelihood of a sample of this size.
SAMPLE = 20_000
# Rows processed at a time, so that intermediate results stay in the processor's cache.
ROWS_AT_A_TIME = 16_384
DAYS = 7.0
# Nodes of the integral over the chance of leaving, see _mean_over_leaving.
NODE_STEP, FARTHEST = 0.05, 40.0


class Parameters(NamedTuple):
    """Purchase rate: gamma (shape r, rate alpha in weeks). Probability of leaving after a purchase: beta (a, b)."""

    r: float
    alpha: float
    a: float
    b: float


@dataclass(frozen=True)
class Customers:
    """Distinct (x, t_x, T) with the number of customers that share them; times in weeks."""

    x: Ints
    t_x: Floats
    T: Floats
    counts: Floats

    def __len__(self) -> int:
        return len(self.x)


@dataclass(frozen=True)
class BgNbdFit:
    """Parameters, their standard errors and covariance (in the order r, alpha, a, b), and how the fit went.

    `gradient_norm` is that of the log-likelihood with respect to the logarithms of the parameters. `converged` is true
    only at a proper maximum: gradient zero, observed information positive definite, no parameter at the limit of its
    range or poorly determined, reached by at least half of the starts. Otherwise `message` says what is wrong.
    `leaves_after_first` is true for MBG/NBD.
    """

    r: float
    alpha: float
    a: float
    b: float
    standard_errors: dict[str, float]
    covariance: tuple[tuple[float, ...], ...]
    log_likelihood: float
    customers: int
    repeat_customers: int
    distinct_customers: int
    converged: bool
    starts: int
    starts_agreeing: int
    gradient_norm: float
    message: str
    leaves_after_first: bool = False

    @property
    def parameters(self) -> Parameters:
        return Parameters(self.r, self.alpha, self.a, self.b)

    @property
    def model_name(self) -> str:
        return model_name(self.leaves_after_first)


def model_name(leaves_after_first: bool) -> str:
    """The name of the model in the literature."""
    return "MBG/NBD" if leaves_after_first else "BG/NBD"


def collapse(x: ArrayLike, t_x: ArrayLike, T: ArrayLike, counts: ArrayLike | None = None) -> Customers:
    """The distinct customers in arrays of equal length, ordered by x, t_x, T; times in weeks.

    Fast if all times are whole days (a million customers in about a tenth of a second), correct in any case. Raises
    ValueError for an invalid row: x not whole or negative, not 0 <= t_x <= T, t_x above 0 where x is 0 or the reverse,
    a negative or infinite count.
    """
    return _grouped(x, t_x, T, counts).customers


@dataclass(frozen=True)
class _Grouped:
    """Distinct customers, with their times as positions in a table of times."""

    customers: Customers
    times: Floats
    t_x_place: Ints
    T_place: Ints


def _grouped(x: ArrayLike, t_x: ArrayLike, T: ArrayLike, counts: ArrayLike | None) -> _Grouped:
    xs, first, last = as_floats(x), as_floats(t_x), as_floats(T)
    weights = np.ones(len(xs)) if counts is None else as_floats(counts)
    _check(xs, first, last, weights)
    kept = weights > 0
    if not kept.all():
        xs, first, last, weights = xs[kept], first[kept], last[kept], weights[kept]
    times, places = _places(np.concatenate([first, last]))
    whole = xs.astype(np.int64)
    size = len(times)
    if len(xs) and (int(whole.max()) + 1) * size**2 >= 2**62:
        raise ValueError("too many distinct times: round them to days")
    key = (whole * size + places[: len(xs)]) * size + places[len(xs) :]
    if counts is None:
        distinct, number = np.unique(key, return_counts=True)
    else:
        distinct, inverse = np.unique(key, return_inverse=True)
        number = np.bincount(inverse, weights, len(distinct))
    rest, T_place = np.divmod(distinct, size)
    found, t_x_place = np.divmod(rest, size)
    customers = Customers(found, times[t_x_place], times[T_place], number.astype(np.float64))
    return _Grouped(customers, times, t_x_place, T_place)


def _check(x: Floats, t_x: Floats, T: Floats, counts: Floats) -> None:
    if not len(x) == len(t_x) == len(T) == len(counts):
        raise ValueError(f"x, t_x, T and counts differ in length: {len(x)}, {len(t_x)}, {len(T)}, {len(counts)}")
    problems = {
        "x must be a whole number, not below 0": ~((x >= 0) & (x == np.floor(x))),
        "times must be 0 <= t_x <= T, in weeks": ~((t_x >= 0) & (t_x <= T) & np.isfinite(T)),
        "t_x must be above 0 where x is, and 0 where x is 0: purchases on one day are one": (t_x > 0) != (x > 0),
        "counts must not be below 0": ~((counts >= 0) & (counts < np.inf)),
    }
    for problem, rows in problems.items():
        if rows.any():
            row = int(np.flatnonzero(rows)[0])
            raise ValueError(f"{problem}; row {row} has x {x[row]:g}, t_x {t_x[row]:g}, T {T[row]:g}")


def _places(times: Floats) -> tuple[Floats, Ints]:
    """A table of times, and every time's position in it; if all are whole days, it has every day up to the last."""
    days = np.rint(times * DAYS)
    if len(times) and np.abs(days - times * DAYS).max() < 1e-6:
        return np.arange(int(days.max()) + 1) / DAYS, days.astype(np.int64)
    distinct, places = np.unique(times, return_inverse=True)
    return distinct, places.astype(np.int64)


class _LogLikelihood:
    """Log-likelihood of distinct customers, with gradient and Hessian.

    Gamma functions are needed once per distinct x, logarithms of times once per distinct time; that leaves one
    exponential and one logarithm per distinct customer. Customers who never came back and cannot have left need
    neither: their likelihood depends on T alone.
    """

    def __init__(self, grouped: _Grouped, leaves_after_first: bool, counts: Floats | None = None) -> None:
        customers = grouped.customers
        counts = customers.counts if counts is None else counts
        seen = counts > 0
        may_have_left = seen & (customers.x + leaves_after_first > 0)
        used = np.zeros(len(grouped.times), dtype=bool)
        used[grouped.T_place[seen]] = used[grouped.t_x_place[may_have_left]] = True
        self.times, place_of = grouped.times[used], np.cumsum(used) - 1
        T_place = place_of[grouped.T_place]
        # The gamma functions and (alpha + T)^-(r + x) only need totals by x and by time.
        self.x_of, place = np.unique(customers.x[seen], return_inverse=True)
        # Number of purchases after which a customer might have left: one alive has stayed that many times.
        self.chances_of = self.x_of + leaves_after_first
        self.count_by_x = np.bincount(place, counts[seen])
        self.count_by_time = np.bincount(T_place[seen], counts[seen], len(self.times))
        self.x_by_time = np.bincount(T_place[seen], (counts * customers.x)[seen], len(self.times))
        self.x = customers.x[may_have_left].astype(np.float64)
        self.x_place = np.searchsorted(self.x_of, customers.x[may_have_left])
        self.t_x_place, self.T_place = place_of[grouped.t_x_place[may_have_left]], T_place[may_have_left]
        self.counts = counts[may_have_left]

    def __call__(self, parameters: Floats) -> tuple[float, Floats, Floats]:
        """Value, gradient (4) and Hessian (4 by 4) at r, alpha, a, b."""
        r, alpha, a, b = (float(p) for p in parameters)
        value, gradient, hessian = self._common(r, alpha, a, b)
        logs, inverses = np.log(alpha + self.times), 1 / (alpha + self.times)
        # Customers who may have left after their last purchase add log(1 + odds of having left).
        before = np.maximum(b + self.chances_of - 1, 1e-300)
        log_odds, slope_b = np.log(a) - np.log(before), -1 / before
        for low in range(0, len(self.x), ROWS_AT_A_TIME):
            part = slice(low, low + ROWS_AT_A_TIME)
            place, last, end, counts = self.x_place[part], self.t_x_place[part], self.T_place[part], self.counts[part]
            shape = r + self.x[part]
            by_r = logs[end] - logs[last]
            difference = inverses[end] - inverses[last]
            by_alpha = shape * difference
            by_b = slope_b[place]
            odds = log_odds[place] + shape * by_r
            small = np.exp(-np.abs(odds))
            value += float(counts @ (np.maximum(odds, 0) + np.log1p(small)))
            left = np.where(odds >= 0, 1.0, small) / (1 + small)
            weight = counts * left
            slopes = np.stack([by_r, by_alpha, np.full_like(by_r, 1 / a), by_b])
            gradient += slopes @ weight
            hessian += (slopes * (weight * (1 - left))) @ slopes.T
            cross = weight @ difference
            hessian[0, 1] += cross
            hessian[1, 0] += cross
            hessian[1, 1] -= weight @ (by_alpha * (inverses[end] + inverses[last]))
            hessian[2, 2] -= weight.sum() / a**2
            hessian[3, 3] += weight @ (by_b * by_b)
        return value, gradient, hessian

    def _common(self, r: float, alpha: float, a: float, b: float) -> tuple[float, Floats, Floats]:
        """The part common to all customers: the likelihood of being alive to the end."""
        x, stayed, counts = self.x_of, self.chances_of, self.count_by_x
        number = counts.sum()
        weights = r * self.count_by_time + self.x_by_time
        ends = alpha + self.times
        logs = np.log(ends)
        value = (
            counts @ (gammaln(r + x) + gammaln(b + stayed) - gammaln(a + b + stayed))
            - number * (gammaln(r) + gammaln(b) - gammaln(a + b) - r * np.log(alpha))
            - weights @ logs
        )
        gradient = np.array([
            counts @ digamma(r + x) - number * (digamma(r) - np.log(alpha)) - self.count_by_time @ logs,
            number * r / alpha - weights @ (1 / ends),
            number * digamma(a + b) - counts @ digamma(a + b + stayed),
            counts @ (digamma(b + stayed) - digamma(a + b + stayed)) - number * (digamma(b) - digamma(a + b)),
        ])  # fmt: skip
        hessian = np.zeros((4, 4))
        hessian[0, 0] = counts @ polygamma(1, r + x) - number * polygamma(1, r)
        hessian[0, 1] = hessian[1, 0] = number / alpha - self.count_by_time @ (1 / ends)
        hessian[1, 1] = -number * r / alpha**2 + weights @ (1 / ends**2)
        both = number * polygamma(1, a + b) - counts @ polygamma(1, a + b + stayed)
        hessian[2, 2] = hessian[2, 3] = hessian[3, 2] = both
        hessian[3, 3] = both + counts @ polygamma(1, b + stayed) - number * polygamma(1, b)
        return float(value), gradient, hessian


def log_likelihood(
    parameters: Sequence[float],
    x: ArrayLike,
    t_x: ArrayLike,
    T: ArrayLike,
    counts: ArrayLike | None = None,
    *,
    leaves_after_first: bool = False,
) -> float:
    """Log-likelihood of customers (times in weeks) at (r, alpha, a, b)."""
    natural = np.array(parameters, dtype=float)
    return _LogLikelihood(_grouped(x, t_x, T, counts), leaves_after_first)(natural)[0]


def log_likelihood_gradient(
    parameters: Sequence[float],
    x: ArrayLike,
    t_x: ArrayLike,
    T: ArrayLike,
    counts: ArrayLike | None = None,
    *,
    leaves_after_first: bool = False,
) -> tuple[float, Floats]:
    """Log-likelihood, and its gradient with respect to the logarithms of (r, alpha, a, b)."""
    natural = np.array(parameters, dtype=float)
    value, gradient, _ = _LogLikelihood(_grouped(x, t_x, T, counts), leaves_after_first)(natural)
    return value, natural * gradient


def fit(
    x: ArrayLike,
    t_x: ArrayLike,
    T: ArrayLike,
    counts: ArrayLike | None = None,
    *,
    leaves_after_first: bool = False,
    seed: int = 0,
) -> BgNbdFit:
    """Fit by maximum likelihood. Arrays of equal length, times in weeks; `counts` if rows stand for several customers.

    BG/NBD, or with `leaves_after_first` MBG/NBD, in which customers may leave after their first purchase. `seed` draws
    a few of the starts and, if there are very many distinct customers, the sample that the starts climb. Raises
    CannotFit (a UserError) if the data do not determine the parameters; check `converged` before use.
    """
    grouped = _grouped(x, t_x, T, counts)
    customers = grouped.customers
    number, repeaters = customers.counts.sum(), customers.counts[customers.x > 0].sum()
    _check_usable(customers, number, repeaters, model_name(leaves_after_first))
    rng = np.random.default_rng(seed)
    rough = None
    if len(customers) > SAMPLE:
        sample = rng.multinomial(SAMPLE, customers.counts / number).astype(np.float64)
        rough = _LogLikelihood(grouped, leaves_after_first, sample)
    found = estimate(_LogLikelihood(grouped, leaves_after_first), _starts(customers, rng), NAMES, rough)
    return _fit_of(found, customers, leaves_after_first)


def _fit_of(found: Estimate, customers: Customers, leaves_after_first: bool) -> BgNbdFit:
    r, alpha, a, b = (float(value) for value in found.parameters)
    message = found.message
    repeat = customers.x > 0
    alive = p_alive(
        customers.x[repeat], customers.t_x[repeat], customers.T[repeat], found.parameters.tolist(),
        leaves_after_first=leaves_after_first,
    )  # fmt: skip
    if message and np.average(1 - alive, weights=customers.counts[repeat]) < SMALLEST_LEFT_SHARE:
        message = (
            "hardly any customers have left, so differences in the probability of leaving cannot be estimated "
            f"({message})"
        )
    return BgNbdFit(
        r=r,
        alpha=alpha,
        a=a,
        b=b,
        standard_errors=dict(zip(NAMES, (float(error) for error in found.standard_errors), strict=True)),
        covariance=tuple(tuple(float(value) for value in row) for row in found.covariance),
        log_likelihood=found.value,
        customers=round(customers.counts.sum()),
        repeat_customers=round(customers.counts[repeat].sum()),
        distinct_customers=len(customers),
        converged=found.converged,
        starts=found.starts,
        starts_agreeing=found.starts_agreeing,
        gradient_norm=found.gradient_norm,
        message=message,
        leaves_after_first=leaves_after_first,
    )


def _check_usable(customers: Customers, number: float, repeaters: float, model: str) -> None:
    if number < FEWEST_CUSTOMERS:
        raise CannotFit(f"{model} needs at least {FEWEST_CUSTOMERS} customers, there are {number:.0f}")
    if repeaters < 1:
        raise CannotFit(
            f"{model}: no customer bought on a second day, so the rate of return cannot be estimated;"
            " use a longer history"
        )
    if repeaters < FEWEST_REPEATERS:
        raise CannotFit(
            f"{model} needs at least {FEWEST_REPEATERS} customers who came back, there are {repeaters:.0f};"
            " use a longer history"
        )
    if np.all(customers.t_x == customers.T):
        raise CannotFit(
            f"{model}: every customer's last purchase is on the last day, so leaving cannot be estimated;"
            " check the end of the history"
        )


def _starts(customers: Customers, rng: np.random.Generator) -> list[Floats]:
    """Start values around the mean rate of the data: even and uneven rates, few and many leavers; some random."""
    rate = (customers.counts @ customers.x) / (customers.counts @ customers.T)
    grid = [(0.3, 0.1, 3.0), (0.3, 0.4, 3.0), (1.0, 0.2, 3.0), (1.0, 0.6, 1.0), (4.0, 0.05, 10.0), (4.0, 0.4, 1.0)]
    grid += [(np.exp(rng.normal(0, 1)), rng.uniform(0.05, 0.7), np.exp(rng.normal(1, 0.7))) for _ in range(2)]
    # Customers still alive buy more often than the overall mean, the more so the more customers leave.
    return [
        np.array([r, r / (rate * (1 + 2 * leave)), leave * weight, (1 - leave) * weight]) for r, leave, weight in grid
    ]


def p_alive(
    x: ArrayLike, t_x: ArrayLike, T: ArrayLike, parameters: Sequence[float], *, leaves_after_first: bool = False
) -> Floats:
    """Probability of still being a customer; in BG/NBD 1 for one-time buyers, who cannot have left.

    Not for ranking customers: in BG/NBD it puts one-time buyers before all others. Rank by expected_purchases.
    """
    r, alpha, a, b = parameters
    xs, last, end = np.broadcast_arrays(as_floats(x), as_floats(t_x), as_floats(T))
    chances = xs + leaves_after_first
    odds = np.log(a) - np.log(np.maximum(b + chances - 1, 1e-300)) + (r + xs) * np.log1p((end - last) / (alpha + last))
    return np.where(chances > 0, expit(-odds), 1.0)


def expected_purchases(
    t: ArrayLike,
    x: ArrayLike,
    t_x: ArrayLike,
    T: ArrayLike,
    parameters: Sequence[float],
    *,
    leaves_after_first: bool = False,
) -> Floats:
    """Expected purchases, in the `t` weeks after T, of customers with this history.

    P(alive) times the mean of (1 - (1 + p t / (alpha + T))^-(r + x)) / p over the posterior of the probability p of
    leaving: equal to the closed form with the Gaussian hypergeometric function, but without its pole at a = 1 and
    without cancellation.
    """
    r, alpha, a, b = parameters
    weeks, xs, last, end = np.broadcast_arrays(as_floats(t), as_floats(x), as_floats(t_x), as_floats(T))
    # The mean depends on x, T and t alone: few are distinct.
    distinct, inverse = np.unique(np.stack([weeks, xs, end]), axis=1, return_inverse=True)
    stayed = distinct[1] + leaves_after_first
    mean = _mean_over_leaving(distinct[0] / (alpha + distinct[2]), r + distinct[1], a, b + stayed)
    alive = p_alive(xs, last, end, parameters, leaves_after_first=leaves_after_first)
    return alive * mean[inverse.reshape(-1)]


def expected_from_first(t: ArrayLike, parameters: Sequence[float], *, leaves_after_first: bool = False) -> Floats:
    """Expected repeat purchases of a new customer in the `t` weeks after the first purchase."""
    return expected_purchases(t, 0, 0, 0, parameters, leaves_after_first=leaves_after_first)


def expected_cumulative(
    weeks: ArrayLike, first_day: ArrayLike, parameters: Sequence[float], *, leaves_after_first: bool = False
) -> Floats:
    """Expected repeat purchases of all customers together by the end of each calendar week.

    `weeks` are counted from day 0: week 1 ends with day 6; `first_day` is the day of each customer's first purchase.
    """
    days, counts = np.unique(np.asarray(first_day), return_counts=True)
    passed = np.maximum(7 * as_floats(weeks)[:, None] - 1 - days, 0) / DAYS
    expected = expected_from_first(passed.ravel(), parameters, leaves_after_first=leaves_after_first)
    return expected.reshape(passed.shape) @ counts


def _mean_over_leaving(time: Floats, shape: Floats, a: float, b: Floats) -> Floats:
    """Mean of (1 - (1 + p time)^-shape) / p over p with a beta distribution (a, b), for each row.

    Trapezoidal rule in u, with p = logistic(centre + width sinh(u)): on either side the integrand falls doubly
    exponentially, so a fixed number of nodes gives about twelve digits. The weights are divided by their own sum.
    """
    result = np.empty(len(time))
    for low in range(0, len(time), 2048):
        part = slice(low, low + 2048)
        c, k, beta = time[part, None], shape[part, None], b[part, None]
        centre, narrow = np.log(a) - np.log(beta), np.sqrt(1 / a + 1 / beta)
        width = np.minimum(narrow, 1.0)
        reach = np.arcsinh((FARTHEST / np.minimum(a, beta) + 10 * narrow) / width)
        nodes = int(np.ceil(2 * reach.max() / NODE_STEP)) + 1
        u = np.linspace(-1, 1, nodes)[None, :] * reach
        v = centre + width * np.sinh(u)
        log_weight = a * v - (a + beta) * np.logaddexp(0, v) + np.log(np.cosh(u))
        weight = np.exp(log_weight - log_weight.max(axis=1, keepdims=True))
        p = np.maximum(expit(v), 1e-250)
        bought = -np.expm1(-k * np.log1p(p * c)) / p
        result[part] = (weight * bought).sum(axis=1) / weight.sum(axis=1)
    return result


def simulate(
    customers: int,
    parameters: Sequence[float],
    weeks: float,
    rng: np.random.Generator,
    *,
    leaves_after_first: bool = False,
    entry_weeks: float = 0.0,
    whole_days: bool = False,
) -> tuple[Ints, Floats, Floats]:
    """Draw x, t_x, T of customers who behave exactly as the model assumes, for tests and benchmarks.

    First purchases are spread evenly over the first `entry_weeks` of the `weeks` observed. With `whole_days`, times are
    truncated to days and purchases on one day are one, as in a shop's data, which no longer quite follows the model.
    """
    r, alpha, a, b = parameters
    rate = rng.gamma(r, 1 / alpha, customers)
    leave = rng.beta(a, b, customers)
    first = rng.random(customers) * entry_weeks
    possible = rng.poisson(rate * (weeks - first))
    # Given their number, purchases of a Poisson process are uniform; the one after which a customer leaves is the last.
    allowed = rng.geometric(np.maximum(leave, 1e-12)) - leaves_after_first
    who = np.repeat(np.arange(customers), possible)
    at = first[who] + rng.random(len(who)) * (weeks - first)[who]
    order = np.lexsort((at, who))
    who, at = who[order], at[order]
    rank = np.arange(len(who)) - np.repeat(np.cumsum(possible) - possible, possible)
    kept = rank < allowed[who]
    who, at = who[kept], at[kept]
    end = np.full(customers, float(weeks))
    if whole_days:
        first, at, end = (np.floor(times * DAYS) / DAYS for times in (first, at, end))
        new = np.r_[True, (who[1:] != who[:-1]) | (at[1:] != at[:-1])] if len(who) else np.zeros(0, dtype=bool)
        new &= at > first[who]
        who, at = who[new], at[new]
    x = np.bincount(who, minlength=customers)
    last = first.copy()
    np.maximum.at(last, who, at)
    return x, last - first, end - first
