"""The CDNOW data shipped with a package match the published ones, and the log gives the summary."""

from __future__ import annotations

import numpy as np
import pandas as pd
from pandas.testing import assert_frame_equal

from tests.support.cdnow import cdnow, published_summary, purchase_log
from tests.support.real_data import shared_data


def test_the_log_gives_the_summary() -> None:
    """Every customer's purchases, recency and age in the published summary, from the individual purchases."""
    data, summary = cdnow(), published_summary()
    assert (len(purchase_log()), len(summary)) == (6919, 2357)
    assert np.array_equal(data.x, summary["frequency_x"])
    assert np.abs(data.t_x - summary["recency_tx_weeks"]).max() < 0.00501
    assert np.abs(data.T - summary["T_weeks"]).max() < 0.00501
    spent = summary[summary["monetary_zbar"] > 0]
    assert np.array_equal(data.n, spent["frequency_x"])
    assert np.abs(data.mean - spent["monetary_zbar"]).max() < 0.00501


def test_the_shared_copy_of_the_data_is_the_same() -> None:
    """Two copies of one data set: the shared file, where it is available, and the one from the package."""
    log = pd.read_parquet(shared_data("cdnow/cdnow_sample.parquet"))
    log["date"] = pd.to_datetime(log["date"])
    assert_frame_equal(purchase_log(), log, check_dtype=False, check_exact=True)
    summary = pd.read_parquet(shared_data("cdnow/cdnow_sample_rfm_39wk.parquet"))
    assert_frame_equal(published_summary(), summary, check_dtype=False, check_exact=True)
