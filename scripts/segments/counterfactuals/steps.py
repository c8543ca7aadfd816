"""Other values of an attribute that matter to a rule: one for each way in which its conditions would turn.

For numbers and days these are the bounds of a condition and the values next to them; for texts and sets they are made
of the items that the conditions name. Between two such values nothing changes for the rule.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from decimal import ROUND_FLOOR, Decimal
from itertools import combinations, product

from scripts.segments.counterfactuals.conditions import (
    KNOWN,
    Traced,
    can_become,
    is_double,
    is_number,
    meets,
    readings,
    shown,
    value_of,
)
from scripts.segments.operators import operators, opposite_of

# A text that no condition names.
OTHER = "another"
# For a value that is compared with one that is missing too.
SOME_DAY = date(2000, 1, 1)
# Separates the parts of a made-up text; the first that no condition contains is used.
FILLERS = "·~#¤§"
# Items of one set, or parts of one text, that are tried in all combinations.
MOST_PARTS = 8


@dataclass(frozen=True)
class Step:
    """One value that would have to change: to `target` (None: missing), in `words`; `kind`: of the condition that asks
    for it; `days`: after this many days it happens by itself, if nothing else does.
    """

    attribute: str
    actual: str | None
    target: str | None
    words: str
    kind: str
    days: int | None = None


def steps_by_attribute(conditions: Sequence[Traced]) -> dict[str, list[Step]]:
    """For every attribute that could change, its values that turn a condition, the nearest first.

    A value becomes missing, or known without saying which, only where a condition tests for that.
    """
    found: dict[str, list[Step]] = {}
    rule = [condition for condition in conditions if condition.kind != "scope" and condition.can_change]
    for attribute in dict.fromkeys(condition.attribute for condition in rule):
        mine = [condition for condition in rule if condition.attribute == attribute]
        found[attribute] = list(_steps(conditions, attribute, mine))
    return found


def _steps(conditions: Sequence[Traced], attribute: str, mine: Sequence[Traced]) -> Iterator[Step]:
    linked = _linked(conditions, attribute)
    reading = [one for one in conditions if attribute in one.reads]
    actual = mine[0].actual
    shifts = readings(reading)
    taken = set()
    possible = (target for target in _targets(conditions, mine, linked) if can_become(mine[0], target))
    for target in sorted(dict.fromkeys(possible), key=lambda one: _nearness(mine[0], one)):
        verdicts = tuple(meets(condition, {attribute: target}, shift) for condition in reading for shift in shifts)
        # Where other values are compared with this one, more depends on it than the current verdicts.
        way = (verdicts, _is_up(mine[0], target), target if len(linked) > 1 else None)
        if way in taken or target == actual:
            continue
        taken.add(way)
        turned = [one for one in mine if meets(one, {attribute: target}) != one.is_met]
        if turned or len(linked) > 1:
            kind = "include" if any(one.kind == "include" for one in turned or mine) else "exclude"
            words = " and ".join(_words(turned or mine, target)).replace(" and once it ", " and ")
            yield Step(attribute, actual, target, words, kind)


def _linked(conditions: Sequence[Traced], attribute: str) -> set[str]:
    """The attribute, and those with conditions of their own that are compared with it, directly or through others."""
    own = {condition.attribute for condition in conditions if condition.kind != "scope" and condition.can_change}
    found, before = {attribute}, set[str]()
    while found != before:
        before = set(found)
        for condition in conditions:
            names = set(condition.reads) & own
            if len(names) > 1 and names & found:
                found |= names
    return found


# ---- values ----


def _targets(conditions: Sequence[Traced], mine: Sequence[Traced], linked: set[str]) -> Iterator[str | None]:
    operator, data_type = mine[0].by, mine[0].data_type
    comparing = [one for one in mine if one.by.missing_value != "tested"]
    asks_to_compare = comparing or len(linked) > 1
    if len(comparing) < len(mine):
        yield None
        if not asks_to_compare:
            yield KNOWN
    if operator.missing_value == "never":
        yield from ("member", "not a member")
    elif data_type == "boolean":
        yield from ("true", "false")
    elif not asks_to_compare:
        return
    elif data_type == "date" or is_number(data_type):
        for point, offset in product(_points(conditions, linked), (-1, 0, 1)):
            yield str(_beside(point, data_type, offset))
    elif any("set" in one.by.value_types for one in comparing):
        yield from _sets(comparing)
    else:
        yield from _texts(conditions, linked)


def _points(conditions: Sequence[Traced], linked: set[str]) -> set[date | Decimal]:
    """The values at which a condition on one of the linked attributes may turn."""
    mine = [one for one in conditions if one.attribute in linked and one.can_change]
    values = {value for one in mine for value in one.item_values}
    # The ends of what its value can be: all that the rule asks for may lie beyond.
    values |= {bound for one in mine for bound in (one.lowest, one.highest)}
    if mine[0].data_type == "date" and any(one.changes in ("up", "never") for one in mine):
        values |= {one.day for one in mine}
    if len(linked) > 1:
        values |= {value_of(one.actual, one.data_type) for one in mine if one.actual is not None}
    points = {value for value in values if isinstance(value, date | Decimal)}
    if not points:
        points = {SOME_DAY if mine[0].data_type == "date" else Decimal(0)}
    # One value may have to lie next to another that had to move itself.
    for _ in range(len(linked) - 1):
        points |= {_beside(point, one.data_type, offset) for one in mine for point in points for offset in (-1, 1)}
    return points


def _beside(value: date | Decimal, data_type: str, steps: int) -> date | Decimal:
    """The value that many steps up or down; between two values of the type, the first step goes to the next one."""
    if isinstance(value, date):
        return value + timedelta(days=steps)
    step = Decimal(1)
    if is_double(data_type):
        if steps == 0:
            return value
        step = Decimal("0.0001")
    elif data_type.startswith("decimal"):
        step = Decimal(1).scaleb(-int(data_type.rstrip(") ").partition(",")[2] or 0))
    below = (value / step).to_integral_value(ROUND_FLOOR) * step
    return below + step * (steps + 1 if below < value and steps < 0 else steps)


def _sets(mine: Sequence[Traced]) -> Iterator[str]:
    """The customer's set with any of the items that the conditions name, the others as they are."""
    named = list(dict.fromkeys(item for one in mine for item in one.items))[:MOST_PARTS]
    kept = [item for item in (mine[0].actual or "").split("|") if item and item not in named]
    for count in range(len(named) + 1):
        yield from ("|".join(sorted([*kept, *some])) for some in combinations(named, count))


def _texts(conditions: Sequence[Traced], linked: set[str]) -> Iterator[str]:
    """Texts that are, begin with, end with or contain what the conditions name, in all combinations; and another."""
    mine = [one for one in conditions if one.attribute in linked]
    named: dict[str, list[str]] = {}
    for one in mine:
        for comparison in one.by.comparisons:
            named.setdefault(comparison, []).extend(one.items)
    if len(linked) > 1:
        named.setdefault("equals", []).extend(one.actual for one in mine if one.actual is not None)
    every = "".join(text for texts in named.values() for text in texts)
    filler = next(sign for sign in FILLERS if sign not in every)
    yield from (OTHER, filler, *(text for texts in named.values() for text in texts))
    starts = ["", filler, *dict.fromkeys(named.get("starts_with", []))]
    ends = ["", filler, *dict.fromkeys(named.get("ends_with", []))]
    inner = list(dict.fromkeys(named.get("contains", [])))[:MOST_PARTS]
    for count in range(len(inner) + 1):
        for start, some, end in product(starts, combinations(inner, count), ends):
            yield filler.join(part for part in (start, *some, end) if part) or filler


def _nearness(condition: Traced, target: str | None) -> tuple[float, bool, int, str]:
    """Smaller is nearer: by how far a number or day moves, of two equally near the upper one, then the shorter text."""
    if target is None or target == KNOWN:
        return (0, False, 0, "")
    value, actual = (value_of(text, condition.data_type) for text in (target, condition.actual or ""))
    if isinstance(value, Decimal) and isinstance(actual, Decimal):
        return (float(abs(value - actual)), value < actual, 0, target)
    if isinstance(value, date) and isinstance(actual, date):
        return (abs((value - actual).days), value < actual, 0, target)
    here = set((condition.actual or "").split("|"))
    apart = len(here ^ set(target.split("|"))) if "set" in condition.by.value_types else 0
    return (apart, False, len(target) if target != OTHER else 0, target)


def _is_up(condition: Traced, target: str | None) -> bool:
    """Whether the value would grow; time does that by itself."""
    value, actual = (value_of(text or "", condition.data_type) for text in (target, condition.actual))
    return isinstance(value, date | Decimal) and isinstance(actual, date | Decimal) and value > actual  # type: ignore[operator]


# ---- words ----


def _words(turned: Iterable[Traced], target: str | None) -> Iterator[str]:
    """What the value has to be for each condition that turns."""
    said = set()
    for condition in turned:
        met = meets(condition, {condition.attribute: target})
        words = _phrase(condition, target, met)
        if words not in said:
            said.add(words)
            yield words


def _phrase(condition: Traced, target: str | None, met: bool) -> str:
    operator = condition.by
    if target is None:
        return "once there is none"
    if operator.missing_value == "tested":
        return "once there is one"
    if operator.missing_value == "never":
        return "once they are a member" if target == "member" else "once they are not a member"
    value = value_of(target, condition.data_type)
    if operator.takes != "none" and isinstance(value, date | Decimal):
        return _range(condition, value, met)
    if met:
        return f"once it {operator.phrase(condition.items)}"
    other = opposite_of(condition.operator)
    if other is not None:
        return f"once it {operators()[other].phrase(condition.items)}"
    return f"once it no longer {operator.phrase(condition.items)}"


def _range(condition: Traced, value: date | Decimal, met: bool) -> str:
    """The range around `value` in which the condition is, or is not, met: `from 120 on`, `between 31 and 120`."""
    note = f" ({condition.note})" if condition.note else ""
    points = sorted({point for item in condition.items if (point := value_of(item, condition.data_type)) is not None})

    def at(point: object) -> str:
        return shown(str(point), condition.data_type)

    def is_same(other: object) -> bool:
        return meets(condition, {condition.attribute: str(other)}) == met

    low, is_low_in, high, is_high_in = None, False, None, False
    # From the value outwards, point by point, as long as the points and what lies beyond them are the same.
    for point in [point for point in reversed(points) if point <= value]:  # type: ignore[operator]
        low, is_low_in = point, is_same(point)
        if not is_low_in or not is_same(_beside(point, condition.data_type, -1)):  # type: ignore[arg-type]
            break
        low = None
    for point in [point for point in points if point >= value]:  # type: ignore[operator]
        high, is_high_in = point, is_same(point)
        if not is_high_in or not is_same(_beside(point, condition.data_type, 1)):  # type: ignore[arg-type]
            break
        high = None
    if low is None and high is None:
        return "once there is one"
    if low is None:
        return f"at {at(high)} or less{note}" if is_high_in else f"below {at(high)}{note}"
    if high is None:
        return f"from {at(low)} on{note}" if is_low_in else f"above {at(low)}{note}"
    if low == high:
        return f"at {at(low)}{note}"
    if is_low_in and is_high_in:
        return f"between {at(low)} and {at(high)}{note}"
    lower = f"from {at(low)} on" if is_low_in else f"above {at(low)}"
    return f"{lower} and {'at most' if is_high_in else 'below'} {at(high)}{note}"
