"""A warehouse with only the inputs of segment anomalies: sizes, changes, rules, and source volumes."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd

from scripts.pipeline.steps import setup
from scripts.platform.dbt import run_dbt
from scripts.platform.warehouse import open_warehouse
from scripts.platform.workspace import Workspace

AS_OF = "2026-06-30"
ANOMALY_MODELS = (
    "int_source_day_incidents int_segment_rule_sources segment_growth int_segment_flow_expected"
    " int_segment_change_reasons int_segment_data_incidents int_segment_day_bands int_segment_anomaly_causes"
    " segment_anomalies"
)
EMPTY = {
    "marts.segment_sizes": (
        "as_of_date date, segment_key varchar, customer_count bigint, rule_version integer, rule_fingerprint varchar,"
        " status varchar"
    ),
    "marts.membership_changes": (
        "as_of_date date, customer_id varchar, segment_key varchar, change varchar, reason varchar,"
        " previous_as_of_date date, rule_version integer, reason_kind varchar"
    ),
    "marts.segment_rules": "segment_key varchar, attribute varchar",
    "marts.attribute_catalogue": "attribute_name varchar, needs_sources varchar, needs_any_source varchar",
    "intermediate.int_source_volume_daily": (
        "source varchar, table_name varchar, known_date date, row_count bigint, last_known_at timestamp"
    ),
    "intermediate.int_source_late_daily": "source varchar, table_name varchar, known_date date, late_row_count bigint",
    "marts.segment_growth": (
        "as_of_date date, segment_key varchar, rule_version integer, previous_as_of_date date, customer_count bigint,"
        " previous_customer_count bigint, change_count bigint, entered_count bigint,"
        " entered_by_initial_load_count bigint, left_count bigint, is_rule_changed boolean"
    ),
}


def anomalies(folder: Path, tables: dict[str, pd.DataFrame]) -> pd.DataFrame:
    """The rows of segment_anomalies as dbt computes them from `tables` (schema.name to rows; other tables stay empty).

    If marts.segment_growth is given, it is not computed, and sizes and changes are not needed.
    """
    workspace = Workspace.at(warehouse=str(folder / "warehouse.duckdb"))
    setup(workspace, lambda _: None)
    with open_warehouse(workspace.warehouse) as connection:
        for name, columns in EMPTY.items():
            connection.execute(f"create schema if not exists {name.split('.')[0]}")
            connection.execute(f"create table {name} ({columns})")
            if name in tables:
                connection.register("given", tables[name])
                connection.execute(f"insert into {name} by name select * from given")
    wanted = ANOMALY_MODELS.replace(" segment_growth", "") if "marts.segment_growth" in tables else ANOMALY_MODELS
    run_dbt(
        workspace,
        ["run", "--select", *wanted.split()],
        variables={"as_of_date": AS_OF},
        progress=lambda _: None,
    )
    with open_warehouse(workspace.warehouse, read_only=True) as connection:
        return connection.execute("select * from marts.segment_anomalies").df()


def growth_rows(
    key: str, days: pd.DatetimeIndex, size: np.ndarray, entered: np.ndarray, left: np.ndarray
) -> pd.DataFrame:
    """A series as rows of segment_growth. `size` is the count at the end of each day; the rule does not change."""
    return pd.DataFrame(
        {
            "as_of_date": days.date,
            "segment_key": key,
            "rule_version": 1,
            "previous_as_of_date": (days - pd.Timedelta(days=1)).date,
            "customer_count": size,
            "previous_customer_count": size - entered + left,
            "change_count": entered - left,
            "entered_count": entered,
            "entered_by_initial_load_count": 0,
            "left_count": left,
            "is_rule_changed": False,
        }
    )
