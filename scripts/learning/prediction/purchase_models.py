"""Purchase and spend models of a frame of customers: their scope, their fit, what they expect."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd

from scripts.learning.prediction import bg_nbd, gamma_gamma
from scripts.learning.prediction.likelihood import Floats

DAYS_PER_WEEK = 7.0
# Purchase models by name, and whether customers may leave after their first purchase.
PURCHASE_MODELS = {"bg_nbd": False, "mbg_nbd": True}

Fit = bg_nbd.BgNbdFit | gamma_gamma.GammaGammaFit


@dataclass(frozen=True)
class PurchaseModels:
    """The three models of one group of customers, and the contribution left per unit of gross margin."""

    purchases: bg_nbd.BgNbdFit
    revenue: gamma_gamma.GammaGammaFit
    margin: gamma_gamma.GammaGammaFit
    contribution_ratio: float

    @property
    def problems(self) -> list[str]:
        """Why the parameters are not reliable; empty if they are."""
        named: list[tuple[str, Fit]] = [
            ("purchases", self.purchases),
            ("revenue per purchase", self.revenue),
            ("margin per purchase", self.margin),
        ]
        return [f"{name}: {fit.message}" for name, fit in named if not fit.converged]


def scope_limits(persons: pd.DataFrame) -> dict[str, float]:
    """Purchases per week and mean value above which a person buys like a business: Tukey's outer fence, on a log scale.

    The outer fence is three interquartile ranges above the upper quartile. The limit of purchases per week is taken
    from repeat buyers only, and is at least two.
    """
    repeaters = persons[persons["repeat_count"] > 0]
    rate = purchase_rate(repeaters)
    value = persons.loc[persons["mean_purchase_value"] > 0, "mean_purchase_value"]
    return {
        "highest_purchase_rate": round(max(2.0, _outer_fence(rate.to_numpy(float))), 6),
        "highest_purchase_value": round(_outer_fence(value.to_numpy(float)), 2),
    }


def purchase_rate(frame: pd.DataFrame) -> pd.Series:
    """Purchases per week, as int_clv_customers calculates them in SQL."""
    return frame["purchase_day_count"] / (frame["observed_days"] / DAYS_PER_WEEK + 1)


def in_scope(frame: pd.DataFrame, limits: dict[str, float]) -> pd.Series:
    """Which rows the purchase model covers."""
    return (purchase_rate(frame) <= limits["highest_purchase_rate"]) & (
        frame["mean_purchase_value"] <= limits["highest_purchase_value"]
    )


def new_customers(frame: pd.DataFrame, skipped_days: int, seen_days: int | None = None) -> pd.DataFrame:
    """Customers who first bought after the first `skipped_days` of the data; earlier ones may predate the data.

    `seen_days`: days from the start of the data to the day of the frame; by default since the frame's first customer.
    """
    seen = frame["observed_days"].max() if seen_days is None else seen_days
    return frame[frame["observed_days"] <= seen - skipped_days]


def fit_models(
    within: pd.DataFrame,
    leaves_after_first: bool | None = None,
    skipped_days: int = 0,
    seen_days: int | None = None,
) -> PurchaseModels:
    """The three models of some customers (rows as in read_purchases). Raises CannotFit if the data cannot support them.

    If `leaves_after_first` is None, the likelihood decides whether customers may leave after their first purchase. The
    purchase model is fitted to `new_customers` only, the spend models to all.
    """
    purchases = fit_purchases(new_customers(within, skipped_days, seen_days), leaves_after_first)
    n = within["purchase_day_count"].to_numpy(float)
    fits = {}
    for name in ("mean_purchase_value", "mean_purchase_margin"):
        mean = within[name].to_numpy(float)
        # The model needs positive amounts. The few customers whose purchases brought nothing are still scored in SQL.
        fits[name] = gamma_gamma.fit(n[mean > 0], mean[mean > 0])
    margin = fits["mean_purchase_margin"]
    expected = gamma_gamma.expected_value(n, within["mean_purchase_margin"].to_numpy(float), margin.parameters)
    total = float((n * expected).sum())
    return PurchaseModels(
        purchases=purchases,
        revenue=fits["mean_purchase_value"],
        margin=margin,
        # So that the expected value of past purchases adds up to their contribution, after all costs.
        contribution_ratio=float(within["contribution_margin"].sum()) / total if total > 0 else 0.0,
    )


def fit_purchases(within: pd.DataFrame, leaves_after_first: bool | None = None) -> bg_nbd.BgNbdFit:
    """The purchase model; if there is a choice, the likelier of the reliable ones: both have four parameters."""
    wanted = list(PURCHASE_MODELS.values()) if leaves_after_first is None else [leaves_after_first]
    fits = [bg_nbd.fit(*purchase_arrays(within), leaves_after_first=modified) for modified in wanted]
    return max(fits, key=lambda fit: (fit.converged, fit.log_likelihood))


def expected_purchases(weeks: float, frame: pd.DataFrame, fit: bg_nbd.BgNbdFit) -> Floats:
    """Expected purchases of each customer (rows as in read_purchases) in the next `weeks`."""
    return bg_nbd.expected_purchases(
        weeks, *purchase_arrays(frame), fit.parameters, leaves_after_first=fit.leaves_after_first
    )


def _outer_fence(values: np.ndarray[Any, np.dtype[np.float64]]) -> float:
    if len(values) == 0:
        return float("inf")
    low, high = np.quantile(np.log(values), [0.25, 0.75])
    return float(np.exp(high + 3 * (high - low)))


def purchase_arrays(frame: pd.DataFrame) -> tuple[Any, Any, Any]:
    """x, t_x and T (times in weeks) from rows as in read_purchases."""
    return (
        frame["repeat_count"].to_numpy(float),
        frame["last_purchase_age_days"].to_numpy(float) / DAYS_PER_WEEK,
        frame["observed_days"].to_numpy(float) / DAYS_PER_WEEK,
    )
