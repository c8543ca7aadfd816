"""Generated rules as drafts of the segment library: for a person to accept, never active."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from scripts.platform.errors import CheckFailed
from scripts.segments.operators import operators
from scripts.segments.segment_library import DEFINITIONS, Cells, Rows, SegmentLibrary, key_of, library_to_change

Flags = np.ndarray[Any, np.dtype[np.bool_]]

MOST_LETTERS = 60


@dataclass(frozen=True)
class Condition:
    """One condition as the library writes it: attribute, operator, value, and what a missing value means."""

    attribute: str
    operator: str
    value: str
    if_missing: str = ""

    def holds(self, frame: pd.DataFrame) -> Flags:
        """For every row of `frame` whether it holds; a missing value meets it only when `if_missing` is true."""
        column, operator = frame[self.attribute], operators()[self.operator]
        missing = column.isna().to_numpy()
        if operator.missing_value == "tested":
            return np.asarray(operator.holds(~missing), dtype=bool)
        items = operator.items(self.value)
        if pd.api.types.is_numeric_dtype(column) or all(map(_is_number, items)):
            numbers = column.to_numpy(dtype=float, na_value=np.nan)
            with np.errstate(invalid="ignore"):
                met = operator.holds(
                    numbers == 1 if operator.takes == "none" else numbers, [float(item) for item in items]
                )
        else:
            texts = column.astype(object).to_numpy()
            met = [not gap and operator.holds(text, items) for text, gap in zip(texts, missing, strict=True)]
        return np.asarray(np.where(missing, self.if_missing == "true", met), dtype=bool)


def holds(alternatives: Sequence[Sequence[Condition]], frame: pd.DataFrame) -> Flags:
    """Rows for which all conditions of at least one alternative hold."""
    met = np.zeros(len(frame), dtype=bool)
    for alternative in alternatives:
        every = np.ones(len(frame), dtype=bool)
        for condition in alternative:
            every &= condition.holds(frame)
        met |= every
    return met


def plain(number: float) -> str:
    """A number as the library writes it: no exponent, no trailing zeros."""
    text = f"{number:.10f}".rstrip("0").rstrip(".")
    return "0" if text in ("-0", "") else text


def segment_keys(names: Sequence[str], tag: str) -> list[str]:
    """A key of the library for each name: the tag and the name's words, unique, at most 60 characters."""
    keys: list[str] = []
    for name in names:
        key = f"{tag}_" + re.sub(r"[^a-z0-9]+", "_", name.lower()).strip("_")
        key = key[: MOST_LETTERS - 3].rstrip("_")
        same = sum(1 for other in keys if other == key or re.fullmatch(re.escape(key) + r"_\d+", other))
        keys.append(f"{key}_{same + 1}" if same else key)
    return keys


def _fitting(name: str, priority: int) -> str:
    """A name that meets the naming standard: a long one is cut after a word and ends with its priority."""
    if len(name) <= MOST_LETTERS:
        return name
    ending = f" ({priority})"
    return name[: MOST_LETTERS - len(ending) + 1].rsplit(" ", 1)[0].rstrip(" ,;") + ending


def definition_row(
    *,
    segment_key: str,
    name: str,
    purpose: str,
    included: str,
    review_rule: str,
    priority: int,
    themes: list[str],
    tag: str,
    share_of_known: float,
) -> Cells:
    """A draft as a row of segment_definitions: what is still open says that a person has to decide it.

    `purpose`, `included` and `review_rule` say where it comes from; `themes`: of the attributes that its rule reads;
    `tag` marks what wrote it; `share_of_known`: share of all known customers who match the rule.
    """
    return {
        "segment_key": segment_key,
        "library_number": "",
        "segment_name": _fitting(name, priority),
        "business_purpose": purpose,
        "included": included,
        "excluded": "Nobody beyond the rule itself",
        "required_data": ", ".join(themes) or "Orders",
        "refresh_cadence": "daily",
        "owner": "To be named",
        "priority": str(priority),
        "channels": "email",
        "approved_uses": "None until somebody decides on one",
        "success_measure": "To be agreed with the use",
        "review_rule": review_rule,
        "next_action": "Decide what is done differently for them, or delete the draft",
        "status": "draft",
        "tags": tag,
        "segment_kind": "dynamic",
        "scope": "people",
        "risk_class": "sensitive" if "demographics" in themes else "pricing" if "prices" in themes else "none",
        "expected_min_share": plain(float(f"{share_of_known / 2:.1e}")),
        "expected_max_share": plain(min(1.0, float(f"{share_of_known * 1.5:.1e}"))),
        "expires_on": "",
        "review_by": "",
    }


def condition_rows(segment_key: str, alternatives: Sequence[Sequence[Condition]]) -> Rows:
    """A draft's rule as rows of segment_rule_conditions."""
    return [
        {
            "segment_key": segment_key,
            "kind": "include",
            "alternative": str(number),
            "attribute": part.attribute,
            "operator": part.operator,
            "value": part.value,
            "if_missing": part.if_missing,
        }
        for number, alternative in enumerate(alternatives, start=1)
        for part in alternative
    ]


def write_drafts(folder: Path, definitions: Rows, conditions: Rows) -> None:
    """Write the draft rows as two files of the library's form into `folder`."""
    SegmentLibrary(folder, definitions, conditions).write()


def into_library(seeds: Path, definitions: Rows, conditions: Rows, *, tag: str) -> int:
    """Append draft rows to the retailer's library; earlier drafts with the same keys and `tag` are replaced.

    Returns how many earlier drafts were replaced. Raises CheckFailed, and writes nothing, when a key belongs to a
    segment that is not a draft with this tag: a draft that somebody has adopted is theirs.
    """
    keys = {row["segment_key"] for row in definitions}
    with library_to_change(seeds) as library:
        earlier = [row for row in library.definitions if key_of(row) in keys]
        taken = [
            f"{key_of(row)} ({row['status'].strip() or 'no status'})"
            for row in earlier
            if row["status"].strip().lower() != "draft" or tag not in row["tags"].lower().split("|")
        ]
        if taken:
            raise CheckFailed(
                f"{seeds / DEFINITIONS}: has {', '.join(sorted(taken))} already, which no draft tagged `{tag}` may "
                "replace; nothing was written: give that segment another key, or copy the draft rows by hand"
            )
        library.remove(keys)
        library.add(definitions, conditions)
        library.write()
    return len(earlier)


def _is_number(text: str) -> bool:
    try:
        float(text)
    except ValueError:
        return False
    return True
