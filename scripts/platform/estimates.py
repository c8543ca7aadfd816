"""An estimate with its uncertainty."""

from __future__ import annotations

from dataclasses import dataclass

from scipy.special import ndtr

Z_95 = 1.959963984540054


@dataclass(frozen=True)
class Estimate:
    """A value with its standard error and its 95 % confidence interval."""

    value: float
    standard_error: float

    @property
    def low(self) -> float:
        return self.value - Z_95 * self.standard_error

    @property
    def high(self) -> float:
        return self.value + Z_95 * self.standard_error

    @property
    def p_value(self) -> float:
        """Two-sided: the probability of a value at least as far from 0 if the true value were 0."""
        if self.standard_error == 0:
            return 1.0 if self.value == 0 else 0.0
        return float(2 * ndtr(-abs(self.value) / self.standard_error))
