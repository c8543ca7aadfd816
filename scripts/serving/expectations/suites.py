"""Turns limits into Great Expectations suites, runs them on pandas batches of profiles, and reads the results."""

from __future__ import annotations

import importlib.metadata
import importlib.util
import logging
import math
import os
from collections.abc import Iterator
from typing import Any

import pandas as pd

from scripts.serving.expectations.limits import Limit
from scripts.serving.expectations.phrasing import seen_text, subject_text
from scripts.serving.expectations.profiles import Profiles
from scripts.serving.expectations.results import MET, NOT_JUDGED, Quality, Result, verdict

ENGINE = "great_expectations"
ROW = "profile_row"


def missing_engine() -> str | None:
    """Why Great Expectations cannot be used here; None when it can."""
    if importlib.util.find_spec(ENGINE) is None:
        return "great-expectations is not installed; `pip install 'customer-segmentation[quality]'` adds it"
    return None


def evaluate(profiles: Profiles, limits: list[Limit]) -> Quality:
    """Check every limit on every row of a profile that it applies to, and return the results of the last day.

    A row is checked when it has a value, rests on at least `min_rows` rows and has at least `min_history` earlier
    periods (for a distribution: rows of the reference period); otherwise its result says why not. A limit that finds
    no row at all has one result, not_judged. The days before show since when a limit has been breached.
    """
    results: list[Result] = []
    for suite in sorted({limit.suite for limit in limits}):
        rows = _rows(profiles, suite)
        mine = [limit for limit in limits if limit.suite == suite]
        failed = _failed_rows(suite, rows, mine)
        for limit in mine:
            results += _results_of(profiles, limit, rows, failed[limit.expectation_key])
    version = importlib.metadata.version("great-expectations")
    return verdict(profiles.as_of_date, f"great-expectations {version}", results, _distributions(profiles.bins))


def _rows(profiles: Profiles, suite: str) -> pd.DataFrame:
    """The rows of profiles that a suite applies to, including those of earlier days, numbered from zero."""
    frame = {"distribution": profiles.drift, "cross_field": profiles.cross_fields}.get(suite)
    return (profiles.history if frame is None else frame).reset_index(drop=True)


def _batch(rows: pd.DataFrame, limits: list[Limit]) -> pd.DataFrame:
    """The frame for Great Expectations: one column per expectation, named by its key, one row per row of the profile.

    A cell holds the value that the limits apply to; it is empty, and so not checked, where the expectation does not
    apply to the row. Selecting the rows by a condition per expectation would take most of the time of the whole step.
    """
    columns = {
        limit.expectation_key: rows[limit.column_name].astype(float).where(_applies_to(limit, rows)) for limit in limits
    }
    return pd.DataFrame(columns, index=rows.index).assign(**{ROW: rows.index})


def _applies_to(limit: Limit, rows: pd.DataFrame) -> pd.Series[bool]:
    """Which rows a limit applies to."""
    in_slice = rows["slice_name"] != "all" if limit.slice_name == "*" else rows["slice_name"] == limit.slice_name
    return (
        (rows["profile_name"] == limit.profile_name)
        & in_slice
        & (rows["measure"] == limit.measure)
        & (rows["period"] == limit.period)
    )


def _failed_rows(suite: str, rows: pd.DataFrame, limits: list[Limit]) -> dict[str, set[int]]:
    """Numbers of the rows that breach each expectation, as Great Expectations reports them."""
    # Set before the import, which takes some seconds: the library would otherwise report its use over the network.
    os.environ["GX_ANALYTICS_ENABLED"] = "false"
    import great_expectations as gx
    from great_expectations.data_context.types.base import ProgressBarsConfig
    from great_expectations.expectations.metadata_types import FailureSeverity

    for name in [name for name in logging.root.manager.loggerDict if name.startswith(ENGINE)]:
        logging.getLogger(name).setLevel(logging.WARNING)  # some of its modules set their own
    context = gx.get_context(mode="ephemeral")
    context.variables.progress_bars = ProgressBarsConfig(globally=False)
    asset = context.data_sources.add_pandas("profiles").add_dataframe_asset(suite)
    wanted = gx.ExpectationSuite(name=suite)
    for limit in limits:
        wanted.add_expectation(
            gx.expectations.ExpectColumnValuesToBeBetween(
                column=limit.expectation_key,
                min_value=limit.min_value,
                max_value=limit.max_value,
                severity=FailureSeverity(limit.severity),
                description=limit.expectation,
                meta={"expectation_key": limit.expectation_key},
            )
        )
    batch = asset.add_batch_definition_whole_dataframe(suite).get_batch({"dataframe": _batch(rows, limits)})
    validation = batch.validate(
        wanted, result_format={"result_format": "COMPLETE", "unexpected_index_column_names": [ROW]}
    )
    failed: dict[str, set[int]] = {}
    for outcome in validation.results:
        key = ((outcome.expectation_config and outcome.expectation_config.meta) or {})["expectation_key"]
        if outcome.exception_info.get("raised_exception"):
            raise RuntimeError(f"{key}: {outcome.exception_info.get('exception_message')}")
        found = outcome.result.get("unexpected_index_list") or []
        failed[key] = {int(row[ROW]) for row in found}
    return failed


def _results_of(profiles: Profiles, limit: Limit, rows: pd.DataFrame, failed: set[int]) -> Iterator[Result]:
    applicable = rows[_applies_to(limit, rows)]
    has_days = limit.suite in ("volume", "drift")
    last = applicable[applicable["profile_date"] == profiles.as_of_date] if has_days else applicable
    if last.empty:
        yield _result(limit, {}, NOT_JUDGED, reason="nothing was delivered, or its source is off")
    for number, row in zip(last.index, last.to_dict("records"), strict=True):
        seen = {str(name): _plain(value) for name, value in row.items()}
        if reason := _reason_not_to_check(limit, seen):
            yield _result(limit, seen, NOT_JUDGED, reason=reason)
        elif number in failed:
            days = applicable[applicable["slice_name"] == row["slice_name"]] if has_days else applicable[:0]
            values = [_plain(value) for value in days[limit.column_name]]
            yield _result(limit, seen, limit.severity, since=_since(limit, seen, days, failed), days=values)
        else:
            yield _result(limit, seen, MET)


def _reason_not_to_check(limit: Limit, row: dict[str, Any]) -> str | None:
    """Why a row is not checked; None when it is."""
    if row["history_count"] < limit.min_history:
        unit = "rows in the 52 weeks before" if limit.suite == "distribution" else "earlier periods"
        return f"needs {limit.min_history} {unit}, has {row['history_count']}"
    if row["basis_rows"] < limit.min_rows:
        counted = row.get("measure_kind") == "count"
        return f"needs {limit.min_rows} rows{' in a usual period' if counted else ''}, has {row['basis_rows']}"
    if row[limit.column_name] is None:
        return "has no value to compare with: the usual value is zero"
    return None


def _since(limit: Limit, row: dict[str, Any], days: pd.DataFrame, failed: set[int]) -> str | None:
    """First day of the current unbroken breach of the expectation.

    For a distribution the first day of its recent period; for a cross-field check the day of the first violation.
    """
    if limit.suite == "cross_field":
        return row["first_faulty_date"]
    if limit.suite == "distribution":
        return str((pd.Timestamp(row["profile_date"]) - pd.Timedelta(days=27)).date())
    since = None
    for number, day in reversed(list(days["profile_date"].items())):
        if number not in failed:
            break
        since = str(day)
    return since


def _result(limit: Limit, row: dict[str, Any], outcome: str, **more: Any) -> Result:
    slice_name = str(row.get("slice_name", limit.slice_name))
    return Result(
        expectation_key=limit.expectation_key,
        suite=limit.suite,
        severity=limit.severity,
        outcome=outcome,
        expectation=limit.expectation,
        subject=subject_text(limit.profile_name, slice_name, limit.measure),
        seen=seen_text(limit, row),
        column_name=limit.column_name,
        value=row.get(limit.column_name),
        min_value=limit.min_value,
        max_value=limit.max_value,
        observed=row.get("observed"),
        expected=row.get("expected"),
        basis_rows=row.get("basis_rows"),
        history_count=row.get("history_count"),
        since=more.get("since"),
        reason=more.get("reason"),
        what_to_do=limit.what_to_do,
        days=more.get("days", []),
    )


def _distributions(bins: pd.DataFrame) -> list[dict[str, Any]]:
    """The bins of every distribution, for the page."""
    return [
        {
            "measure": str(measure),
            "bins": [
                {
                    "bin_name": str(row["bin_name"]),
                    "recent_count": int(row["recent_count"]),
                    "reference_count": int(row["reference_count"]),
                    "recent_share": _plain(row["recent_share"]),
                    "reference_share": _plain(row["reference_share"]),
                }
                for row in rows.to_dict("records")
            ],
        }
        for measure, rows in bins.groupby("measure", sort=True)
    ]


def _plain(value: Any) -> Any:
    """A cell as a plain value: None for missing, integers whole, other numbers to 6 significant digits."""
    if value is None or value is pd.NA or (isinstance(value, float) and math.isnan(value)):
        return None
    if hasattr(value, "item"):
        value = value.item()
    if isinstance(value, float):
        return None if math.isnan(value) else float(f"{value:.6g}")
    return value
