"""Reads the profiles that dbt has computed into small frames."""

from __future__ import annotations

from dataclasses import dataclass

import duckdb
import pandas as pd

TABLES = {
    "int_data_profile_deviations": "order by profile_name, slice_name, measure, period, profile_date",
    "int_data_profile_drift": "order by measure",
    "int_data_profile_cross_fields": "order by measure, period",
    "int_data_profile_distribution": "order by measure, bin_number, bin_name",
}


@dataclass(frozen=True)
class Profiles:
    """The profiles that expectations are checked on.

    `history`: one row per profile, slice, measure, period and one of the last 28 days. `drift`: one row per
    distribution. `cross_fields`: one row per check and period. `bins`: one row per distribution and bin.
    """

    as_of_date: str
    history: pd.DataFrame
    drift: pd.DataFrame
    cross_fields: pd.DataFrame
    bins: pd.DataFrame


def read_profiles(connection: duckdb.DuckDBPyConnection) -> Profiles | None:
    """The profiles of a warehouse; None when it holds none. Days are ISO strings."""
    present = {
        name
        for (name,) in connection.execute(
            "select table_name from information_schema.tables"
            " where table_schema || '.' || table_name in ('seeds.expectation_limits')"
            " or table_schema = 'intermediate' and table_name like 'int_data_profile_%'"
        ).fetchall()
    }
    if not {*TABLES, "expectation_limits"} <= present:
        return None
    frames = [
        _with_day_texts(connection.execute(f"select * from intermediate.{name} {order}").df())
        for name, order in TABLES.items()
    ]
    # All rows of one build end on the same day; without a row there is no date, and nothing to check.
    days = [str(day) for frame in frames[:3] for day in frame["profile_date"]]
    return Profiles(max(days, default=""), *frames)


def _with_day_texts(frame: pd.DataFrame) -> pd.DataFrame:
    for name in frame.columns:
        if pd.api.types.is_datetime64_any_dtype(frame[name]):
            frame[name] = frame[name].dt.strftime("%Y-%m-%d")
    return frame
