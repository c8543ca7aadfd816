"""The CDNOW sample as the models need it: 39 weeks to fit, 39 weeks to evaluate; and the log of the whole file.

The package lifetimes includes the purchase logs and the published summary, so the published figures are checked in
every clone.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd
from lifetimes import datasets
from numpy.typing import NDArray

Array = NDArray[Any]
START, END = pd.Timestamp("1997-01-01"), pd.Timestamp("1997-09-30")


@dataclass(frozen=True)
class Cdnow:
    """Customers in order of their number. Purchases on the same day count as one; weeks are days / 7.

    `n` and `mean` refer to repeat purchases, for customers whose mean spend is above 0. `first_day` and `repeat_days`
    count from 1997-01-01, the latter over all 78 weeks; `later` is the number of purchases after 1997-09-30.
    """

    x: Array
    t_x: Array
    T: Array
    n: Array
    mean: Array
    first_day: Array
    repeat_days: Array
    later: Array


def purchase_log() -> pd.DataFrame:
    """Every purchase of the sample over 78 weeks: sample_customer_id (four digits), date, cds, spend."""
    names = ["master_customer_id", "sample_customer_id", "date", "cds", "spend"]
    texts = dict.fromkeys(names[:3], str)
    log = datasets.load_dataset("CDNOW_sample.txt", sep=r"\s+", header=None, names=names, dtype=texts)
    return log.assign(date=pd.to_datetime(log["date"], format="%Y%m%d"))


def whole_purchase_log() -> pd.DataFrame:
    """Every purchase of the whole file, 23,570 customers over 78 weeks: customer_id, date, cds, spend."""
    names = ["customer_id", "date", "cds", "spend"]
    texts = dict.fromkeys(names[:2], str)
    log = datasets.load_dataset("CDNOW_master.txt", sep=r"\s+", skiprows=1, header=None, names=names, dtype=texts)
    return log.assign(date=pd.to_datetime(log["date"], format="%Y%m%d"))


def cdnow() -> Cdnow:
    log = purchase_log()
    days = log.groupby(["sample_customer_id", "date"], as_index=False)["spend"].sum().rename(columns={"date": "day"})
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
    """The summary published with the paper, rounded to two decimals."""
    summary = datasets.load_cdnow_summary_data_with_monetary_value().reset_index()
    return summary.set_axis(
        ["sample_customer_id", "frequency_x", "recency_tx_weeks", "T_weeks", "monetary_zbar"], axis="columns"
    )
