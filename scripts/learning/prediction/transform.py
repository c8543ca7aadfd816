"""One transform for every model on numeric inputs: winsorise, put on a log or linear scale, standardise. Same in SQL.

For an attribute with value v: v is clipped to [winsor_low, winsor_high]; on the log scale
u = ln(1 + v - winsor_low), on the linear scale u = v - winsor_low; z = (u - centre) / spread. A null becomes
z = missing_value, the transformed median.
"""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd

SCALES = ("log", "linear")
WINSOR_QUANTILES = (0.01, 0.99)
COLUMNS = ["attribute_name", "scale", "winsor_low", "winsor_high", "centre", "spread", "missing_value"]
# Significant digits kept: far more than the data justify, but few enough that the order of summation does not matter.
DIGITS = 12

Matrix = np.ndarray[Any, np.dtype[np.float64]]


def fit_transform_of(frame: pd.DataFrame, scales: dict[str, str]) -> pd.DataFrame:
    """The transform of the columns named in `scales` (attribute -> log or linear), one row per attribute.

    `frame` has one row per customer; columns are numeric or boolean, nulls allowed. Returns the COLUMNS in the order
    of `scales`. An attribute that does not vary between its 1st and 99th percentile carries no information and has no
    row (compare `attribute_name` with `scales` to see which). Raises ValueError for an unknown scale and for infinite
    values.
    """
    rows = []
    for name, scale in scales.items():
        if scale not in SCALES:
            raise ValueError(f"{name}: scale '{scale}' is neither {' nor '.join(SCALES)}")
        values = frame[name].to_numpy(dtype=np.float64, na_value=np.nan)
        if np.isinf(values).any():
            raise ValueError(f"{name}: contains infinite values")
        known = values[~np.isnan(values)]
        if not len(known):
            continue
        low, high = (_rounded(limit) for limit in np.quantile(known, WINSOR_QUANTILES))
        scaled = _scaled(known, low, high, scale)
        spread = _rounded(float(scaled.std()))
        # Below the precision of the numbers: the values differ by rounding only.
        if high <= low or spread <= 1e-9 * max(abs(low), abs(high), 1e-9):
            continue
        centre = _rounded(float(scaled.mean()))
        middle = float(_scaled(np.array([np.median(known)]), low, high, scale)[0])
        rows.append((name, scale, low, high, centre, spread, _rounded((middle - centre) / spread)))
    return pd.DataFrame(rows, columns=COLUMNS)


def apply_transform(frame: pd.DataFrame, transform: pd.DataFrame) -> Matrix:
    """Standardised values: one row per row of `frame`, one column per row of `transform`.

    Nulls get the attribute's `missing_value`, so the result has none.
    """
    points = np.empty((len(frame), len(transform)))
    for position, row in enumerate(transform.to_dict("records")):
        values = frame[row["attribute_name"]].to_numpy(dtype=np.float64, na_value=np.nan)
        scaled = _scaled(values, row["winsor_low"], row["winsor_high"], row["scale"])
        standard = (scaled - row["centre"]) / row["spread"]
        points[:, position] = np.where(np.isnan(values), row["missing_value"], standard)
    return points


def invert_transform(points: Matrix, transform: pd.DataFrame) -> Matrix:
    """Standardised values (columns in the order of the transform's rows) back in each attribute's own unit."""
    scaled = points * transform["spread"].to_numpy(float) + transform["centre"].to_numpy(float)
    is_log = (transform["scale"] == "log").to_numpy()
    return np.asarray(np.where(is_log, np.expm1(scaled), scaled) + transform["winsor_low"].to_numpy(float))


def _scaled(values: Matrix, low: float, high: float, scale: str) -> Matrix:
    """Clipped, shifted to start at 0, and put on the given scale; nulls stay null."""
    clipped = np.clip(values, low, high) - low
    return np.asarray(np.log1p(clipped) if scale == "log" else clipped)


def _rounded(value: float) -> float:
    return float(f"{value:.{DIGITS}g}")
