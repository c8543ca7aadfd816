"""RFM scores in pandas, from the definition, independently of the models."""

from __future__ import annotations

import numpy as np
import pandas as pd


def scores_by_fifths(values: pd.Series, *, newest_first: bool = False) -> pd.Series:
    """1 + the number of quintile cut points strictly below the value; strictly above it with `newest_first`."""
    values = values.astype(float)
    cuts = np.percentile(values, [20, 40, 60, 80])
    passed = [cuts > value if newest_first else cuts < value for value in values]
    return pd.Series([1 + int(each.sum()) for each in passed], index=values.index)


def frequency_scores(orders: pd.Series) -> pd.Series:
    """1 for one order; otherwise 2 + the number of quartiles of the repeat buyers strictly below the value."""
    repeat = orders[orders >= 2].astype(float)
    quartiles = np.percentile(repeat, [25, 50, 75]) if len(repeat) else np.array([])
    found = [1 if count == 1 else 2 + int((quartiles < count).sum()) for count in orders]
    return pd.Series(found, index=orders.index)


def rfm_scores(base: pd.DataFrame) -> pd.DataFrame:
    """r_score, f_score and m_score of a frame with recency_days, frequency and monetary."""
    return pd.DataFrame(
        {
            "r_score": scores_by_fifths(base["recency_days"], newest_first=True),
            "f_score": frequency_scores(base["frequency"]),
            "m_score": scores_by_fifths(base["monetary"]),
        }
    )
