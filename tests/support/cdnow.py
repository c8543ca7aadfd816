"""The CDNOW sample as the models need it: 39 weeks to fit, 39 weeks to see what came of it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from tests.support.real_data import shared_data

Array = NDArray[Any]
START, END = pd.Timestamp("1997-01-01"), pd.Timestamp("1997-09-30")


@dataclass(frozen=True)
class Cdnow:
    """Customers in the order of their number. Same-day purchases are one; weeks are days / 7.

    `n` and `mean` are of repeat purchases with spend. `first_day` and `repeat_days` count from 1997-01-01, the latter
    over all 78 weeks; `later` is the number of purchases after 1997-09-30.
    """

    x: Array
    t_x: Array
    T: Array
    n: Array
    mean: Array
    first_day: Array
    repeat_days: Array
    later: Array


def cdnow() -> Cdnow:
    log = pd.read_parquet(shared_data("cdnow/cdnow_sample.parquet"))
    log["day"] = pd.to_datetime(log["date"])
    days = log.groupby(["sample_customer_id", "day"], as_index=False)["spend"].sum()
    days["first"] = days.groupby("sample_customer_id")["day"].transform("min")
    seen, repeats = days[days["day"] <= END], days[days["day"] > days["first"]]
    by = seen.groupby("sample_customer_id")
    first, last = by["day"].min(), by["day"].max()
    value = repeats[repeats["day"] <= END].groupby("sample_customer_id")["spend"].agg(["size", "mean"])
    value = value[value["mean"] > 0]
    later = days[days["day"] > END].groupby("sample_customer_id").size().reindex(first.index, fill_value=0)
    return Cdnow(
        x=(by.size() - 1).to_numpy(),
        t_x=((last - first).dt.days / 7).to_numpy(),
        T=((END - first).dt.days / 7).to_numpy(),
        n=value["size"].to_numpy(),
        mean=value["mean"].to_numpy(),
        first_day=(first - START).dt.days.to_numpy(),
        repeat_days=np.sort((repeats["day"] - START).dt.days.to_numpy()),
        later=later.to_numpy(),
    )


def published_summary() -> pd.DataFrame:
    """The summary that was published with the paper, rounded to two places."""
    return pd.read_parquet(shared_data("cdnow/cdnow_sample_rfm_39wk.parquet"))
