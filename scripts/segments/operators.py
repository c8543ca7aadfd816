"""The operators of rules: what the seed segment_operators says about them, and what they mean in plain Python.

An operator consists of comparisons, how several of them combine, and whether it is negated. In SQL the macros
segment_operator_sql and segment_comparison_sql do the same.
"""

from __future__ import annotations

import functools
import operator as python
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from scripts.platform.errors import UserError
from scripts.platform.seed_files import read_header, read_rows
from scripts.platform.workspace import PROJECT

SEED = PROJECT / "seeds" / "reference" / "segment_operators.csv"
# A customer's value compared with one of the rule. Those of numbers and days also take arrays, element by element.
COMPARISONS: dict[str, Callable[[Any, Any], Any]] = {
    "equals": python.eq,
    "above": python.gt,
    "at_least": python.ge,
    "below": python.lt,
    "at_most": python.le,
    "contains": python.contains,
    "starts_with": str.startswith,
    "ends_with": str.endswith,
    "has_item": lambda items, item: item in items.split("|"),
}


@dataclass(frozen=True)
class Operator:
    """A row of the seed; its columns are described there."""

    name: str
    value_types: tuple[str, ...]
    takes: str
    comparisons: tuple[str, ...]
    combine: str
    is_negated: bool
    missing_value: str
    opposite: str
    words: str
    phrases: Mapping[str, str]
    expected: str

    def items(self, value: str) -> list[str]:
        """The values in the cell `value` of a condition."""
        if self.takes == "none":
            return []
        return [value] if self.takes == "one" else [item.strip() for item in value.split("|")]

    def holds(self, actual: Any, values: Sequence[Any] = ()) -> Any:
        """Whether a known value meets it; for an array, which elements do. A missing one of `values` is None.

        Without values, `actual` is the answer to what the operator asks: whether it is true, known, a member.
        """
        if self.takes == "none":
            return actual ^ self.is_negated
        is_any = self.combine == "any"
        if None in values and (self.is_negated or not is_any):
            return False
        tests = [
            COMPARISONS[comparison](actual, value)
            for comparison, value in zip(self._comparisons(len(values)), values, strict=True)
            if value is not None
        ]
        if not tests:
            return False
        return functools.reduce(python.or_ if is_any else python.and_, tests) ^ self.is_negated

    def phrase(self, values: Sequence[str]) -> str:
        """The operator with its values in words: `is between 3 and 5`."""
        return f"{self.words} {(' and ' if self.takes == 'two' else ', ').join(values)}".rstrip()

    def _comparisons(self, count: int) -> Iterator[str]:
        return (self.comparisons[min(place, len(self.comparisons) - 1)] for place in range(count))


def operators() -> dict[str, Operator]:
    """All operators by name, in the order of the seed."""
    return _read(SEED)


def opposite_of(name: str) -> str | None:
    """The operator that is met exactly where this one is not, values known; None where there is none."""
    known = operators()
    return known[name].opposite or next((other.name for other in known.values() if other.opposite == name), None)


@functools.cache
def _read(file: Path) -> dict[str, Operator]:
    rows = read_rows(file, read_header(file)) if file.exists() else []
    if not rows:
        raise UserError(f"{file}: the operators of rules are missing; restore the file")
    return {
        row["operator"]: Operator(
            name=row["operator"],
            value_types=tuple(row["value_types"].split("|")),
            takes=row["takes"],
            comparisons=tuple(row["comparison"].split("|")),
            combine=row["combine"],
            is_negated=row["is_negated"].lower() == "true",
            missing_value=row["missing_value"],
            opposite=row["opposite"],
            words=row["words"],
            phrases=dict(phrase.split(": ", 1) for phrase in row["phrases"].split(" | ") if phrase),
            expected=row["expected"],
        )
        for row in sorted(rows, key=lambda row: int(row["place"]))
    }
