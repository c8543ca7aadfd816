"""The input of a clustering: the buyers' attributes that the seed model_inputs names, in random order."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import duckdb
import numpy as np
import pandas as pd

from scripts.learning.prediction import model_inputs
from scripts.learning.prediction.transform import SCALES
from scripts.platform.errors import UserError
from scripts.platform.warehouse import literal, open_warehouse, quote
from scripts.platform.workspace import Workspace

MODEL_KEY = "clusters"
INPUTS = "int_prediction_inputs"
# Larger populations are sampled down to this size; the number of clusters settles well before it.
MOST_CUSTOMERS = 500_000
# What a cluster is worth; read in addition to the features.
VALUES = ("net_revenue", "contribution_margin")


@dataclass(frozen=True)
class Buyers:
    """Buyers who are people and may be profiled.

    `frame`: customer_id, the features and VALUES as double, one row per customer, ordered by a hash of the id, so that
    the first n rows are a random sample for any n, whichever other customers exist. `customer_count`: the number of
    such buyers, of whom `frame` holds at most MOST_CUSTOMERS. `words`: attribute_name, scale, low_words, high_words.
    `catalogue`: the features that a segment rule may use: attribute_name, theme, unit, value_type, description.
    `known_count`: number of customers in customer_features.
    """

    frame: pd.DataFrame
    customer_count: int
    words: pd.DataFrame
    catalogue: pd.DataFrame
    known_count: int

    @property
    def features(self) -> list[str]:
        return [str(name) for name in self.words["attribute_name"]]


def read_words(seeds: Path) -> pd.DataFrame:
    """The features named in the retailer's seed: attribute_name, scale, low_words, high_words."""
    file = seeds / model_inputs.FILE
    rows = model_inputs.read_model_inputs(seeds, MODEL_KEY)
    if not rows:
        raise UserError(f"{file}: names no attribute for `{MODEL_KEY}`; add rows, or restore the file with `setup`")
    words = pd.DataFrame(rows)[model_inputs.COLUMNS[1:]]
    for row in words[~words["scale"].isin(SCALES)].to_dict("records"):
        raise UserError(f"{file}: {row['attribute_name']} has scale '{row['scale']}'; write {' or '.join(SCALES)}")
    if words["attribute_name"].duplicated().any():
        twice = words.loc[words["attribute_name"].duplicated(), "attribute_name"].iloc[0]
        raise UserError(f"{file}: {twice} is listed twice for `{MODEL_KEY}`; delete one row")
    return words.reset_index(drop=True)


def read_buyers(workspace: Workspace, seed: int) -> Buyers:
    """Read the buyers of a built warehouse; `seed` sets their random order."""
    words = read_words(workspace.seeds)
    with open_warehouse(workspace.warehouse, read_only=True) as connection:
        columns = _columns(connection, "intermediate", INPUTS)
        if not columns:
            raise UserError(f"{workspace.warehouse}: {INPUTS} does not exist; run `python -m scripts build` first")
        missing = [name for name in words["attribute_name"] if name not in columns]
        if missing:
            raise UserError(
                f"{workspace.seeds / model_inputs.FILE}: {', '.join(missing)} is not a column of {INPUTS}; "
                "correct or delete the row"
            )
        wanted = dict.fromkeys([*words["attribute_name"], *(name for name in VALUES if name in columns)])
        people = f"from intermediate.{INPUTS} where customer_type = 'person'"
        frame = connection.execute(
            f"select customer_id, {', '.join(f'cast({quote(name)} as double) as {quote(name)}' for name in wanted)}"
            f" {people} order by md5(customer_id || {literal(f'|{seed}')}), customer_id limit {MOST_CUSTOMERS}"
        ).df()
        counted = connection.execute(f"select count(*) {people}").fetchone()
        known = _count(connection, "customer_features")
        catalogue = _catalogue(connection, words)
        unknown = _without_costs(connection)
    # A margin without its costs is no trait and no value of a cluster.
    words = words[~words["attribute_name"].isin(unknown)].reset_index(drop=True)
    frame = frame.drop(columns=[name for name in unknown if name in frame])
    for name in VALUES:
        if name not in frame:
            frame[name] = np.nan
    return Buyers(frame, int(counted[0]) if counted else 0, words, catalogue, known)


def _catalogue(connection: duckdb.DuckDBPyConnection, words: pd.DataFrame) -> pd.DataFrame:
    """The features that rules may use; empty where the catalogue is not built."""
    columns = ["attribute_name", "theme", "unit", "value_type", "description"]
    if not _columns(connection, "marts", "attribute_catalogue"):
        return pd.DataFrame(columns=columns)
    found = connection.execute(
        f"select {', '.join(columns)} from marts.attribute_catalogue"
        " where source_relation = 'customer_features' and is_available and value_type in ('number', 'boolean')"
    ).df()
    return words[["attribute_name"]].merge(found, on="attribute_name")


def _without_costs(connection: duckdb.DuckDBPyConnection) -> list[str]:
    """The attributes that no rule may use because the cost of goods is not known."""
    if "unavailable_reason" not in _columns(connection, "marts", "attribute_catalogue"):
        return []
    found = connection.execute(
        "select attribute_name from marts.attribute_catalogue"
        " where starts_with(unavailable_reason, 'the cost of goods')"
    ).fetchall()
    return [str(name) for (name,) in found]


def _columns(connection: duckdb.DuckDBPyConnection, schema: str, table: str) -> list[str]:
    return [
        str(row[0])
        for row in connection.execute(
            "select column_name from information_schema.columns"
            f" where table_schema = {literal(schema)} and table_name = {literal(table)}"
        ).fetchall()
    ]


def _count(connection: duckdb.DuckDBPyConnection, table: str) -> int:
    if not _columns(connection, "marts", table):
        return 0
    found = connection.execute(f"select count(*) from marts.{table}").fetchone()
    return int(found[0]) if found else 0
