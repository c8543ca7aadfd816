"""Maximum likelihood for small models with positive parameters: Newton's method from several starts, with checks."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray
from threadpoolctl import threadpool_limits

from scripts.platform.errors import UserError

Floats = NDArray[np.float64]
# Log-likelihood, its gradient and its Hessian with respect to the natural parameters.
LogLikelihood = Callable[[Floats], tuple[float, Floats, Floats]]

# Longest step and widest range, in logarithms of parameters: a factor of 4.5, and from one millionth to one million.
LONGEST_STEP = 1.5
EDGE = float(np.log(1e6))
MOST_STEPS = 200
MOST_HALVINGS = 40
# A drop of less than this share of the log-likelihood is rounding, not a loss.
ROUNDING = 1e-13
# Squared distance from the optimum, in standard errors, below which the next step is the last.
NEAR = 1e-8
# Two standard errors up or down would be a factor of more than 50: the data do not determine such a parameter.
LARGEST_STANDARD_ERROR = 2.0
# Starts agree if they end within this much log-likelihood of the best.
SAME = 1e-4


class CannotFit(UserError):
    """The data do not determine the parameters of a model; the message says why, and where possible what would help."""


@dataclass(frozen=True)
class Optimum:
    """Where one start ended: natural parameters, log-likelihood, gradient and Hessian."""

    parameters: Floats
    value: float
    gradient: Floats
    hessian: Floats
    settled: bool
    at_edge: bool

    @property
    def information(self) -> Floats:
        """Observed information with respect to the logarithms of the parameters."""
        scale = self.parameters
        return -(self.hessian * np.outer(scale, scale) + np.diag(scale * self.gradient))

    @property
    def is_peak(self) -> bool:
        """Whether the observed information is positive definite."""
        return bool(np.all(np.linalg.eigvalsh(self.information) > 0))


@dataclass(frozen=True)
class Estimate:
    """Maximum-likelihood parameters, with diagnostics.

    `covariance` is the inverse of the observed information, for natural parameters (nan where there is none).
    `message` is empty when all is well; otherwise it says what is wrong, and `converged` is false.
    """

    parameters: Floats
    covariance: Floats
    value: float
    gradient_norm: float
    starts: int
    starts_agreeing: int
    converged: bool
    message: str

    @property
    def standard_errors(self) -> Floats:
        return np.sqrt(np.diag(self.covariance))


def maximise(function: LogLikelihood, start: Floats) -> Optimum:
    """Climb from `start` by Newton's method in the logarithms of the parameters.

    Where the surface is not concave, absolute eigenvalues are used, which still leads uphill; a step without a gain is
    halved. Stops at a peak, at the edge of the range, or where no step brings a gain.
    """
    theta = np.log(np.asarray(start, dtype=float))
    value, gradient, hessian = function(np.exp(theta))
    for _ in range(MOST_STEPS):
        scale = np.exp(theta)
        slope = scale * gradient
        curvature = -(hessian * np.outer(scale, scale) + np.diag(slope))
        sizes, directions = np.linalg.eigh(curvature)
        step = directions @ ((directions.T @ slope) / np.maximum(np.abs(sizes), 1e-10 * np.abs(sizes).max() + 1e-300))
        near = bool(sizes[0] > 0 and slope @ step < NEAR)
        step *= min(1.0, LONGEST_STEP / max(float(np.linalg.norm(step)), 1e-300))
        for _ in range(MOST_HALVINGS):
            tried = np.clip(theta + step, -EDGE, EDGE)
            found = function(np.exp(tried))
            if near or found[0] > value - ROUNDING * abs(value):
                break
            step = step / 2
        else:
            return _optimum(theta, value, gradient, hessian, settled=False)
        theta, (value, gradient, hessian) = tried, found
        if near or np.any(np.abs(theta) >= EDGE):
            return _optimum(theta, value, gradient, hessian, settled=near)
    return _optimum(theta, value, gradient, hessian, settled=False)


def _optimum(theta: Floats, value: float, gradient: Floats, hessian: Floats, *, settled: bool) -> Optimum:
    at_edge = bool(np.any(np.abs(theta) >= EDGE - 1e-9))
    return Optimum(np.exp(theta), value, gradient, hessian, settled and not at_edge, at_edge)


def estimate(
    function: LogLikelihood, starts: Sequence[Floats], names: Sequence[str], rough: LogLikelihood | None = None
) -> Estimate:
    """Climb from every start, compare where they end, and check the best.

    With `rough` (the same likelihood on a sample) the starts climb that, and `function` is climbed only from where they
    end: as many starts at a fraction of the cost. Every distinct end is climbed in full, so the sample hides no second
    peak that one of the starts finds.
    """
    # One thread: the matrices are small, and the same data give the same digits whatever the number of cores.
    with threadpool_limits(limits=1):
        ends = [maximise(rough or function, start) for start in starts]
        if rough:
            ends = _finish(function, ends)
    best = max(ends, key=lambda end: end.value)
    agreeing = sum(best.value - end.value < SAME for end in ends)
    spread = _inverse(best.information)
    message = _problem(best, spread, agreeing, len(ends), names)
    # Delta method: at a peak the gradient is zero.
    covariance = spread * np.outer(best.parameters, best.parameters) if best.is_peak else np.full_like(spread, np.nan)
    norm = float(np.linalg.norm(best.parameters * best.gradient))
    return Estimate(best.parameters, covariance, best.value, norm, len(ends), agreeing, not message, message)


def _finish(function: LogLikelihood, ends: list[Optimum]) -> list[Optimum]:
    """Climb in full from each point where starts ended, once for those that ended together."""
    finished: dict[int, Optimum] = {}
    result = []
    for position, end in enumerate(ends):
        together = next((p for p in finished if abs(ends[p].value - end.value) < SAME), None)
        if together is None:
            finished[position] = maximise(function, end.parameters)
            together = position
        result.append(finished[together])
    return result


def _inverse(matrix: Floats) -> Floats:
    try:
        return np.asarray(np.linalg.inv(matrix), dtype=np.float64)
    except np.linalg.LinAlgError:
        return np.full_like(matrix, np.nan)


def _problem(best: Optimum, spread: Floats, agreeing: int, starts: int, names: Sequence[str]) -> str:
    """What is wrong with an optimum; empty when nothing is."""
    if best.at_edge:
        edge = np.abs(np.log(best.parameters)) >= EDGE - 1e-9
        far = ", ".join(name for name, there in zip(names, edge, strict=True) if there)
        return f"{far} reached the limit of the range: the data do not determine it"
    if not best.is_peak:
        return "the observed information is not positive definite: the parameters are not identified"
    if not best.settled:
        return f"did not converge in {MOST_STEPS} steps"
    vague = [
        name for name, variance in zip(names, np.diag(spread), strict=True) if not variance <= LARGEST_STANDARD_ERROR**2
    ]
    if vague:
        return f"the data hardly determine {', '.join(vague)}: two standard errors are more than a factor of 50"
    if agreeing * 2 < starts:
        return f"only {agreeing} of {starts} starts reached the best parameters"
    return ""


def as_floats(values: Any) -> Floats:
    """A one-dimensional array of floats."""
    return np.atleast_1d(np.asarray(values, dtype=np.float64))
