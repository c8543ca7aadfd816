"""A number that was estimated, with how far it may be off."""

from __future__ import annotations

from dataclasses import dataclass

from scipy.special import ndtr

Z_95 = 1.959963984540054


@dataclass(frozen=True)
class Estimate:
    """A value with its standard error, and the interval that would hold the true one in 95 of 100 samples."""

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
        """Chance of a value as far from 0 if the true one were 0."""
        if self.standard_error == 0:
            return 1.0 if self.value == 0 else 0.0
        return float(2 * ndtr(-abs(self.value) / self.standard_error))
