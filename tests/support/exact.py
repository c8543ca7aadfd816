"""BG/NBD and MBG/NBD by the formulas of the papers, with fifty digits; slow, so only for tests."""

from __future__ import annotations

from collections.abc import Sequence

import mpmath


def p_alive(x: int, t_x: float, T: float, parameters: Sequence[float], modified: bool) -> float:
    """Fader and Hardie (2008), "Computing P(alive) using the BG/NBD model"; Batislam, Denizel, Filiztekin (2007)."""
    with mpmath.workdps(50):
        return float(1 / (1 + _odds_of_having_left(x, t_x, T, parameters, modified)))


def expected_purchases(t: float, x: int, t_x: float, T: float, parameters: Sequence[float], modified: bool) -> float:
    """Purchases in the t weeks after T: equation 10 of Fader, Hardie, Lee (2005); Wagner and Hoppe (2008).

    The formulas of the modified model have x + 1 instead of x wherever b occurs. a = 1 is a pole of factors that
    cancel; it is evaluated slightly beside the pole, which loses fifteen of the digits.
    """
    with mpmath.workdps(50):
        r, alpha, a, b = (mpmath.mpf(value) for value in parameters)
        a += mpmath.mpf(10) ** -15 if a == 1 else 0
        stayed = x + modified
        stays = ((alpha + T) / (alpha + T + t)) ** (r + x)
        series = mpmath.hyp2f1(r + x, b + stayed, a + b + stayed - 1, t / (alpha + T + t))
        alive = 1 / (1 + _odds_of_having_left(x, t_x, T, parameters, modified))
        return float((a + b + stayed - 1) / (a - 1) * (1 - stays * series) * alive)


def _odds_of_having_left(x: int, t_x: float, T: float, parameters: Sequence[float], modified: bool) -> mpmath.mpf:
    r, alpha, a, b = (mpmath.mpf(value) for value in parameters)
    if x + modified == 0:
        return mpmath.mpf(0)
    return a / (b + x + modified - 1) * ((alpha + T) / (alpha + mpmath.mpf(t_x))) ** (r + x)
