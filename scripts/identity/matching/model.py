"""The Splink model, built from the levels defined as data, with or without trained probabilities."""

from __future__ import annotations

import logging
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import duckdb
import pandas as pd

from scripts.identity.matching.fields import KEYS, MAX_BLOCK, comparisons_of, levels_of, usable_rules
from scripts.identity.matching.records import Records
from scripts.platform.errors import UserError
from scripts.platform.warehouse import open_memory, quote

ABSENT = "match needs Splink, which is not installed; `pip install 'customer-segmentation[matching]'` adds it"


def need_splink() -> None:
    """Raises UserError, one line, when the extra is not installed."""
    try:
        import splink  # noqa: F401
    except ImportError:
        raise UserError(ABSENT) from None


@contextmanager
def linker(
    records: Records,
    rules: list[tuple[str, ...]],
    *,
    trained: dict[str, Any] | None = None,
    across_customers: bool = True,
) -> Iterator[Any]:
    """A Splink linker over the records; what it holds is removed afterwards.

    `rules`: blocking rules as lists of keys. `trained`: settings as written by training; without them the model is
    untrained. `across_customers` leaves out pairs that already are one customer.
    """
    need_splink()
    from splink import DuckDBAPI, Linker

    logging.getLogger("splink").setLevel(logging.ERROR)
    with open_memory() as connection:
        usable = usable_rules(rules, records.fields)
        table = _with_blocks(connection, records.frame, usable)
        apart = " and l.customer_id <> r.customer_id" if across_customers else ""
        settings = {
            "link_type": "dedupe_only",
            "unique_id_column_name": "unique_id",
            "probability_two_random_records_match": (trained or {}).get("prior", 0.0001),
            "blocking_rules_to_generate_predictions": [
                f"l.block_{number} = r.block_{number}{apart}" for number in range(len(usable))
            ],
            "comparisons": comparison_settings(records.fields, trained),
            "retain_matching_columns": True,
            "retain_intermediate_calculation_columns": True,
            "additional_columns_to_retain": ["customer_id"],
        }
        api = DuckDBAPI(connection)
        yield Linker(api.register(table), settings, log_level=logging.ERROR)


def comparison_settings(fields: set[str], trained: dict[str, Any] | None = None) -> list[dict[str, Any]]:
    """Splink's comparisons for these fields, with the trained probabilities of each level where there are any."""
    comparisons = []
    for comparison in comparisons_of(fields):
        trained_levels = {row["level"]: row for row in (trained or {}).get("comparisons", {}).get(comparison.name, [])}
        levels: list[dict[str, Any]] = [
            {"sql_condition": f"not ({comparison.known})",
             "label_for_charts": "not known", "is_null_level": True}
        ]  # fmt: skip
        for level in levels_of(comparison, fields):
            described: dict[str, Any] = {"sql_condition": level.condition, "label_for_charts": level.words}
            if level.condition == "else":
                described["sql_condition"] = "ELSE"
            if level.rare_counts_more:
                described["tf_adjustment_column"] = level.rare_counts_more
                described["tf_minimum_u_value"] = 0.001
            if level.words in trained_levels:
                described |= {
                    "m_probability": trained_levels[level.words]["m"],
                    "u_probability": trained_levels[level.words]["u"],
                }
            levels.append(described)
        comparisons.append({"output_column_name": comparison.name, "comparison_levels": levels})
    return comparisons


def _with_blocks(
    connection: duckdb.DuckDBPyConnection, frame: pd.DataFrame, rules: list[tuple[str, ...]]
) -> duckdb.DuckDBPyRelation:
    """The records with a column per blocking rule: its keys joined, null if one is unknown or too many share them."""
    connection.register("given", frame)
    keys = [" || '|' || ".join(f"({KEYS[key][1]})" for key in rule) for rule in rules]
    columns = ", ".join(f"{key} as key_{number}" for number, key in enumerate(keys))
    kept = ", ".join(
        f"case when count(*) over (partition by key_{number}) <= {MAX_BLOCK} then key_{number} end as block_{number}"
        for number in range(len(keys))
    )
    names = ", ".join(quote(str(name)) for name in frame.columns)
    connection.execute(
        f"create table records as select {names}{', ' + kept if kept else ''}"
        f" from (select *{', ' + columns if columns else ''} from given)"
    )
    return connection.table("records")
