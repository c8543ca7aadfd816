"""Scores pairs with trained settings and explains what supports and what contradicts each."""

from __future__ import annotations

import math
from typing import Any

import pandas as pd

from scripts.identity.matching.fields import comparisons_of, levels_of
from scripts.identity.matching.model import linker
from scripts.identity.matching.records import Records

# Comparisons with a smaller weight (in bits) are not mentioned.
LEAST_WEIGHT = 0.5


def score(records: Records, settings: dict[str, Any], threshold: float | None = None) -> pd.DataFrame:
    """Pairs of records of different customers at or above the threshold (default: the settings' own).

    Columns: unique_id_l, unique_id_r, match_probability, agreeing and differing (lists of comparison names), speaks_for
    and speaks_against (texts, the highest weight first). The most likely pair comes first.
    """
    at_least = settings["review_threshold"] if threshold is None else threshold
    rules = [tuple(rule) for rule in settings["blocking_rules"]]
    with linker(records, rules, trained=settings) as model:
        pairs = model.inference.predict(threshold_match_probability=at_least).as_pandas_dataframe()
    explained = [_explain(row, records.fields) for row in pairs.to_dict("records")]
    result = pairs[["unique_id_l", "unique_id_r", "customer_id_l", "customer_id_r", "match_probability"]].copy()
    for name in ("agreeing", "differing", "speaks_for", "speaks_against"):
        result[name] = [row[name] for row in explained]
    # The order of the two records in a pair does not matter.
    swapped = result["unique_id_l"] > result["unique_id_r"]
    for name in ("unique_id", "customer_id"):
        left, right = f"{name}_l", f"{name}_r"
        result.loc[swapped, [left, right]] = result.loc[swapped, [right, left]].to_numpy()
    return result.sort_values(
        ["match_probability", "unique_id_l", "unique_id_r"], ascending=[False, True, True], ignore_index=True
    )


def _explain(row: dict[str, Any], fields: set[str]) -> dict[str, Any]:
    """The outcome of one pair's comparisons; `row` holds a level number (gamma_) and a weight (mw_) for each."""
    agreeing: list[str] = []
    differing: list[str] = []
    weighted: list[tuple[float, str]] = []
    for comparison in comparisons_of(fields):
        levels = levels_of(comparison, fields)
        # Splink numbers levels from the last one, 0, upwards; -1 means not known.
        number = int(row[f"gamma_{comparison.name}"])
        if number < 0:
            continue
        level = levels[len(levels) - 1 - number]
        (agreeing if level.agrees else differing).append(comparison.name)
        weighted.append((_weight(row, comparison.name), level.words))
    weighted.sort(key=lambda item: (-abs(item[0]), item[1]))
    return {
        "agreeing": agreeing,
        "differing": differing,
        "speaks_for": "; ".join(words for weight, words in weighted if weight >= LEAST_WEIGHT),
        "speaks_against": "; ".join(words for weight, words in weighted if weight <= -LEAST_WEIGHT),
    }


def _weight(row: dict[str, Any], name: str) -> float:
    """Bits that a comparison adds, including the adjustment for how common the value is."""
    parts = [row.get(f"mw_{name}"), row.get(f"mw_tf_adj_{name}")]
    return sum(float(part) for part in parts if part is not None and not math.isnan(float(part)))
