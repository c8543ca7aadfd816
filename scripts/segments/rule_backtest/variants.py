"""Variants of a rule: the same conditions with another value, or without one of them."""

from __future__ import annotations

import itertools
import re
from collections.abc import Sequence
from dataclasses import dataclass

from scripts.platform.errors import UserError, did_you_mean

Rows = list[dict[str, str]]

MOST_VARIANTS = 24
CHANGE = re.compile(r"^\s*([^=<>\s]+)\s*=\s*(.+)$")


@dataclass(frozen=True)
class Variant:
    """A rule to compare: its words, its rows of segment_rule_conditions, and whether it is the current rule."""

    name: str
    conditions: Rows
    is_current: bool


def variants(rows: Rows, vary: Sequence[str], without: Sequence[str]) -> list[Variant]:
    """All combinations of what is varied; the current rule comes first.

    `rows`: the segment's own conditions. `vary`: texts such as `days_since_last_order=60,90`, the values that the
    condition on this attribute gets in turn. `without`: attributes whose conditions are there in one half of the
    variants and left out in the other. Raises UserError for an attribute that the rule does not use.
    """
    choices: list[list[tuple[str, str, str | None]]] = []
    for text in vary:
        if not (found := CHANGE.match(text)):
            raise UserError(f"--vary '{text}' is not understood; write it as days_since_last_order=60,90")
        attribute, values = found[1], [value.strip() for value in found[2].split(",")]
        _check(attribute, rows)
        if any(not value for value in values) or len(set(values)) != len(values):
            raise UserError(f"--vary '{text}' has an empty value, or one twice; write it as {attribute}=60,90")
        choices.append([("value", attribute, value) for value in values])
    for attribute in without:
        _check(attribute, rows)
        choices.append([("with", attribute, None), ("without", attribute, None)])
    if not choices:
        raise UserError("nothing to compare; give --vary days_since_last_order=60,90 or --without ATTRIBUTE")
    found_variants = [_variant(rows, combination) for combination in itertools.product(*choices)]
    if not any(variant.is_current for variant in found_variants):
        found_variants.insert(0, Variant("the current rule", rows, True))
    if len(found_variants) > MOST_VARIANTS:
        raise UserError(f"{len(found_variants)} variants are too many; vary less, {MOST_VARIANTS} at most")
    return sorted(found_variants, key=lambda variant: not variant.is_current)


def _variant(rows: Rows, combination: Sequence[tuple[str, str, str | None]]) -> Variant:
    changed = [dict(row) for row in rows]
    names = []
    for kind, attribute, value in combination:
        if kind == "value":
            for row in changed:
                if row["attribute"].strip() == attribute:
                    row["value"] = value or ""
            operators = sorted({row["operator"].strip() for row in rows if row["attribute"].strip() == attribute})
            names.append(f"{attribute} {'/'.join(operators)} {value}")
        elif kind == "without":
            changed = [row for row in changed if row["attribute"].strip() != attribute]
            names.append(f"without {attribute}")
        else:
            names.append(f"with {attribute}")
    if not any(row["kind"].strip().lower() == "include" for row in changed):
        raise UserError(f"{', '.join(names)}: leaves no include condition, so nobody could be in it; keep one")
    return Variant(", ".join(names), changed, _cells(changed) == _cells(rows))


def _cells(rows: Rows) -> list[tuple[str, ...]]:
    return sorted(tuple(str(cell).strip() for cell in row.values()) for row in rows)


def _check(attribute: str, rows: Rows) -> None:
    used = sorted({row["attribute"].strip() for row in rows})
    if attribute not in used:
        hint = did_you_mean(attribute, used, otherwise=f"its conditions are on {', '.join(used)}")
        raise UserError(f"the rule has no condition on `{attribute}`; {hint}")
