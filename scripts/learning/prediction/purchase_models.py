"""Purchase and spend models of a frame of customers: whom they cover, how they are fitted, what they expect."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd

from scripts.learning.prediction import bg_nbd, gamma_gamma
from scripts.learning.prediction.likelihood import Floats

DAYS_A_WEEK = 7.0
# Purchase models by name, and whether customers may leave after their first purchase.
PURCHASE_MODELS = {"bg_nbd": False, "mbg_nbd": True}

Fit = bg_nbd.BgNbdFit | gamma_gamma.GammaGammaFit


@dataclass(frozen=True)
class PurchaseModels:
    """The three models of one group of customers, and what is left of gross margin as contribution.

    `set_aside` is the purchase model that was fitted too, and was not taken.
    """

    purchases: bg_nbd.BgNbdFit
    revenue: gamma_gamma.GammaGammaFit
    margin: gamma_gamma.GammaGammaFit
    contribution_ratio: float
    set_aside: bg_nbd.BgNbdFit | None = None

    @property
    def faults(self) -> list[str]:
        """What keeps the parameters from being relied on, in words; empty when nothing does."""
        named: list[tuple[str, Fit]] = [
            ("purchases", self.purchases),
            ("revenue a purchase", self.revenue),
            ("margin a purchase", self.margin),
        ]
        return [f"{name}: {fit.message}" for name, fit in named if not fit.converged]


def scope_limits(persons: pd.DataFrame) -> dict[str, float]:
    """Purchases a week and mean value beyond which a person buys like a business: far out by Tukey, on a log scale.

    Far out is three interquartile ranges above the upper quartile; of purchases a week only repeat buyers are asked,
    and two a week are nothing unusual in any case.
    """
    repeaters = persons[persons["repeat_count"] > 0]
    rate = purchase_rate(repeaters)
    value = persons.loc[persons["mean_purchase_value"] > 0, "mean_purchase_value"]
    return {
        "highest_purchase_rate": round(max(2.0, _far_out(rate.to_numpy(float))), 6),
        "highest_purchase_value": round(_far_out(value.to_numpy(float)), 2),
    }


def purchase_rate(frame: pd.DataFrame) -> pd.Series:
    """Purchases a week, as the SQL of int_clv_customers counts them."""
    return frame["purchase_day_count"] / (frame["observed_days"] / DAYS_A_WEEK + 1)


def in_scope(frame: pd.DataFrame, limits: dict[str, float]) -> pd.Series:
    """Which rows the purchase model covers."""
    return (purchase_rate(frame) <= limits["highest_purchase_rate"]) & (
        frame["mean_purchase_value"] <= limits["highest_purchase_value"]
    )


def new_customers(frame: pd.DataFrame, skipped_days: int, seen_days: int | None = None) -> pd.DataFrame:
    """Those who first bought later than the first `skipped_days` of the data; who came before may be older than these.

    `seen_days`: from the first day of the data to the day of the frame; by default since the frame's first customer.
    """
    seen = frame["observed_days"].max() if seen_days is None else seen_days
    return frame[frame["observed_days"] <= seen - skipped_days]


def fit_models(
    within: pd.DataFrame,
    leaves_after_first: bool | None = None,
    skipped_days: int = 0,
    seen_days: int | None = None,
) -> PurchaseModels:
    """The three models of some customers (rows as of read_purchases). Raises CannotFit where they carry none.

    Whether customers may leave after their first purchase is what the data say where it is not said. The purchase model
    learns from `new_customers` alone, the models of spend from all.
    """
    purchases, set_aside = fit_purchases(new_customers(within, skipped_days, seen_days), leaves_after_first)
    n = within["purchase_day_count"].to_numpy(float)
    fits = {}
    for name in ("mean_purchase_value", "mean_purchase_margin"):
        mean = within[name].to_numpy(float)
        # The model is of positive amounts. Whose purchases brought nothing in all are few; SQL scores them too.
        fits[name] = gamma_gamma.fit(n[mean > 0], mean[mean > 0])
    margin = fits["mean_purchase_margin"]
    expected = gamma_gamma.expected_value(n, within["mean_purchase_margin"].to_numpy(float), margin.parameters)
    total = float((n * expected).sum())
    return PurchaseModels(
        purchases=purchases,
        revenue=fits["mean_purchase_value"],
        margin=margin,
        # So that what is expected of past purchases adds up to what they brought, after every cost.
        contribution_ratio=float(within["contribution_margin"].sum()) / total if total > 0 else 0.0,
        set_aside=set_aside,
    )


def fit_purchases(
    within: pd.DataFrame, leaves_after_first: bool | None = None
) -> tuple[bg_nbd.BgNbdFit, bg_nbd.BgNbdFit | None]:
    """The purchase model to use, and the one set aside if there was a choice.

    Both have four parameters, so the likelier is the better; but one that can be relied on before one that cannot.
    """
    if leaves_after_first is not None:
        return bg_nbd.fit(*purchase_arrays(within), leaves_after_first=leaves_after_first), None
    both = [bg_nbd.fit(*purchase_arrays(within), leaves_after_first=modified) for modified in PURCHASE_MODELS.values()]
    worse, better = sorted(both, key=lambda fit: (fit.converged, fit.log_likelihood))
    return better, worse


def expected_purchases(weeks: float, frame: pd.DataFrame, fit: bg_nbd.BgNbdFit) -> Floats:
    """Purchases to expect of each customer (rows as of read_purchases) in so many weeks."""
    return bg_nbd.expected_purchases(
        weeks, *purchase_arrays(frame), fit.parameters, leaves_after_first=fit.leaves_after_first
    )


def _far_out(values: np.ndarray[Any, np.dtype[np.float64]]) -> float:
    if len(values) == 0:
        return float("inf")
    low, high = np.quantile(np.log(values), [0.25, 0.75])
    return float(np.exp(high + 3 * (high - low)))


def purchase_arrays(frame: pd.DataFrame) -> tuple[Any, Any, Any]:
    """x, t_x and T in weeks of rows as of read_purchases."""
    return (
        frame["repeat_count"].to_numpy(float),
        frame["last_purchase_age_days"].to_numpy(float) / DAYS_A_WEEK,
        frame["observed_days"].to_numpy(float) / DAYS_A_WEEK,
    )
