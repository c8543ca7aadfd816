"""The rows of `expectation_limits`: what is expected of which measure, and how severe a breach is."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import duckdb

from scripts.platform.errors import UserError
from scripts.platform.warehouse import rows_of

SEED = "expectation_limits.csv"
SEVERITIES = ("critical", "warning")
# Columns of a profile that a limit may be put on.
COLUMNS = {
    "volume": ("observed", "ratio", "deviation"),
    "drift": ("observed", "ratio", "deviation"),
    "distribution": ("psi", "psi_beyond_chance"),
    "cross_field": ("faulty_share", "faulty_rows"),
}
PERIODS = ("day", "week", "month", "history")
TYPES = ("expect_column_values_to_be_between",)


@dataclass(frozen=True)
class Limit:
    """One expectation. `slice_name` `*` means every slice but `all`; either limit may be None."""

    expectation_key: str
    suite: str
    profile_name: str
    slice_name: str
    measure: str
    period: str
    expectation_type: str
    column_name: str
    min_value: float | None
    max_value: float | None
    min_history: int
    min_rows: int
    severity: str
    expectation: str
    what_to_do: str


def read_limits(connection: duckdb.DuckDBPyConnection) -> list[Limit]:
    """The active expectations as the last build loaded them, by key. Raises UserError for invalid rows."""
    rows = rows_of(connection, "select * from seeds.expectation_limits order by expectation_key")
    errors = [f"{SEED}, {row.get('expectation_key')}: {error}" for row in rows for error in _errors(row)]
    keys = [row["expectation_key"] for row in rows]
    errors += [
        f"{SEED}, {key}: appears twice; give one of them another key"
        for key in sorted({key for key in keys if keys.count(key) > 1})
    ]
    if errors:
        raise UserError("\n".join(errors))
    return [_limit(row) for row in rows if row["is_active"]]


def _limit(row: dict[str, Any]) -> Limit:
    values = {name: row[name] for name in Limit.__dataclass_fields__}
    return Limit(
        **{
            **values,
            "min_history": values["min_history"] or 0,
            "min_rows": max(values["min_rows"] or 0, 1),
            "what_to_do": values["what_to_do"] or "",
        }
    )


def _errors(row: dict[str, Any]) -> list[str]:
    """Errors in one row, each with its fix."""
    errors = []
    for name, allowed in (
        ("suite", tuple(COLUMNS)),
        ("severity", SEVERITIES),
        ("period", PERIODS),
        ("expectation_type", TYPES),
        ("column_name", COLUMNS.get(row["suite"], ())),
    ):
        if allowed and row[name] not in allowed:
            errors.append(f"{name} is '{row[name]}'; use {' or '.join(allowed)}")
    for name in ("expectation_key", "profile_name", "slice_name", "measure", "expectation"):
        if not row[name]:
            errors.append(f"{name} is empty; fill it in")
    low, high = row["min_value"], row["max_value"]
    if low is None and high is None:
        errors.append("has neither min_value nor max_value; give one")
    if low is not None and high is not None and low > high:
        errors.append(f"min_value {low:g} is above max_value {high:g}; swap them")
    return errors
