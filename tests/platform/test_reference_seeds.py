"""The reference seeds: no row is listed twice, and every cell holds an accepted value."""

from __future__ import annotations

import csv
from itertools import product

import pytest

from scripts.platform.workspace import PROJECT

FOLDER = PROJECT / "seeds" / "reference"
# By seed: the columns that are unique together, and the accepted values of a column.
RULES: dict[str, tuple[list[str], dict[str, set[str]]]] = {
    "rfm_groups": (["r_score", "f_score"], {}),
    "identifier_limits": (
        ["identifier_type"],
        {"told_apart_by": {"first_name", "full_name", "either_name", "nothing"}},
    ),
    "email_providers": (["domain"], {}),
    "nicknames": (["nickname"], {}),
    "segment_status_steps": (["from_status", "to_status"], {}),
    "approved_uses": (["approved_use"], {"is_selling": {"true", "false"}}),
    "blocked_identifiers": (["identifier_type", "pattern"], {}),
    "request_words": (
        ["phrase"],
        {
            "kind": {
                "event", "measure", "flag", "value", "operator", "operator_after", "number", "unit", "ago", "top",
                "percent", "percentile", "percentile_unit", "percent_unit", "not", "and", "or", "except", "who",
                "filler",
            }
        },
    ),
}  # fmt: skip


def rows_of(seed: str) -> list[dict[str, str]]:
    with (FOLDER / f"{seed}.csv").open(newline="", encoding="utf-8") as lines:
        return list(csv.DictReader(lines))


@pytest.mark.parametrize("seed", RULES)
def test_rows_are_unique_and_cells_hold_accepted_values(seed: str) -> None:
    keys, accepted = RULES[seed]
    rows = rows_of(seed)
    found = [tuple(row[key].strip() for key in keys) for row in rows]
    assert found and all(all(key) for key in found)
    assert sorted(set(found)) == sorted(found)
    for column, values in accepted.items():
        assert {row[column] for row in rows} <= values


def test_every_cell_of_recency_and_frequency_has_a_name() -> None:
    named = {(int(row["r_score"]), int(row["f_score"])): row["rfm_group"] for row in rows_of("rfm_groups")}
    assert set(named) == set(product(range(1, 6), repeat=2))
    assert all(named.values())
