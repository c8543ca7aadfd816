"""The smallest change of a customer that would take them into a segment, or out of it.

Works on the trace that the warehouse gives of a rule: its conditions with the customer's values and verdicts. What a
proposed change does is judged on the whole rule, so that a change that mends one condition and breaks another is none.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from decimal import Decimal, InvalidOperation
from itertools import combinations, product

MISSING = "missing"
# Something, where a rule only asks that there is something.
KNOWN = "known"
MOST_STEPS = 3
LISTS = ("between", "in", "not_in", "has_any", "has_all", "has_none")


@dataclass(frozen=True)
class Traced:
    """A condition of a rule as it stands for one customer. Values are text; `actual` is None where there is none.

    `kind`: scope, include or exclude. `data_type`: that of the attribute. `can_change`: False for what no customer can
    change, such as an attribute whose source is off.
    """

    kind: str
    alternative: str
    number: int
    attribute: str
    operator: str
    if_missing: str
    text: str
    actual: str | None
    expected: str
    note: str | None
    is_met: bool
    data_type: str
    can_change: bool = True

    @property
    def items(self) -> list[str]:
        return self.expected.split("|") if self.operator in LISTS else [self.expected]


@dataclass(frozen=True)
class Step:
    """One value that would have to be another: `target` (None: missing), in `words`; `kind`: of the condition that asks
    for it; `days`: so many days from now it is so by itself, if nothing happens.
    """

    attribute: str
    actual: str | None
    target: str | None
    words: str
    kind: str
    days: int | None = None


@dataclass(frozen=True)
class Change:
    """Steps which together make the customer `in` or `out`."""

    becomes: str
    steps: tuple[Step, ...]

    @property
    def days(self) -> int | None:
        """The days after which it happens by itself; None when it does not."""
        return self.steps[0].days if len(self.steps) == 1 else None


def is_member(conditions: Sequence[Traced], values: Mapping[str, str | None] | None = None) -> bool:
    """Whether the rule takes the customer in; with other `values` of some attributes, whether it would."""
    alternatives: dict[tuple[str, str], bool] = {}
    for condition in conditions:
        met = condition.is_met
        if values is not None and condition.attribute in values:
            met = meets(condition, values[condition.attribute])
        key = (condition.kind, condition.alternative)
        alternatives[key] = alternatives.get(key, True) and met
    return (
        all(met for (kind, _), met in alternatives.items() if kind == "scope")
        and any(met for (kind, _), met in alternatives.items() if kind == "include")
        and not any(met for (kind, _), met in alternatives.items() if kind == "exclude")
    )


def nearest_changes(conditions: Sequence[Traced], most: int = 3) -> list[Change]:
    """The smallest changes that turn the verdict, nearest first; none where no change of the customer can.

    First come those of fewest values; among these those that come about by themselves, soonest first; then those by the
    smallest part of the present value.
    """
    turns_in = not is_member(conditions)
    becomes = "in" if turns_in else "out"
    found: dict[frozenset[str], Change] = {}
    for steps in _proposals(conditions, turns_in):
        values = {step.attribute: step.target for step in steps}
        if is_member(conditions, values) == turns_in:
            change = Change(becomes, tuple(_with_days(conditions, step, turns_in, len(steps)) for step in steps))
            key = frozenset(values)
            if key not in found or nearness(change) < nearness(found[key]):
                found[key] = change
    # What would need a day to come back is named only where nothing else would do.
    possible = [change for change in found.values() if not is_past(change)] or list(found.values())
    fewest = min((len(change.steps) for change in possible), default=0)
    return sorted((change for change in possible if len(change.steps) == fewest), key=nearness)[:most]


def _proposals(conditions: Sequence[Traced], turns_in: bool) -> Iterator[tuple[Step, ...]]:
    """Sets of steps that may turn the verdict, those of few values first."""
    moves = [step for condition in conditions for wanted in (True, False) for step in _steps(condition, wanted)]
    found = False
    for count in range(1, MOST_STEPS):
        for steps in combinations(moves, count):
            if len({step.attribute for step in steps}) == count:
                values = {step.attribute: step.target for step in steps}
                if is_member(conditions, values) == turns_in:
                    found = True
                    yield steps
        if found:
            return
    yield from _whole_alternatives(conditions, turns_in)


def _whole_alternatives(conditions: Sequence[Traced], turns_in: bool) -> Iterator[tuple[Step, ...]]:
    """Every alternative made true as a whole, with what has to be broken beside it: for rules that are far away."""
    groups: dict[tuple[str, str], list[Traced]] = {}
    for condition in conditions:
        groups.setdefault((condition.kind, condition.alternative), []).append(condition)
    held = {
        kind: [rows for (name, _), rows in groups.items() if name == kind and all(row.is_met for row in rows)]
        for kind in ("include", "exclude")
    }
    to_make = "include" if turns_in else "exclude"
    to_break = "exclude" if turns_in else "include"
    makings = [
        _together([next(iter(_steps(row, True)), None) for row in rows if not row.is_met], rows)
        for (kind, _), rows in groups.items()
        if kind == to_make
    ]
    if not turns_in:
        makings.append(())
    for making in makings:
        if making is None:
            continue
        breakings = [[step for row in rows for step in _steps(row, False)] for rows in held[to_break]]
        for breaking in product(*breakings) if turns_in or not making else [()]:
            steps = {step.attribute: step for step in (*making, *breaking)}
            yield tuple(steps.values())


def _together(steps: Sequence[Step | None], rows: Sequence[Traced]) -> tuple[Step, ...] | None:
    """One step for each attribute that suits all conditions on it; None where there is none."""
    chosen: dict[str, Step] = {}
    for step in steps:
        if step is None:
            return None
        same = [row for row in rows if row.attribute == step.attribute]
        fitting = [
            other for row in same for other in _steps(row, True) if all(meets(one, other.target) for one in same)
        ]
        chosen[step.attribute] = fitting[0] if fitting else step
    return tuple(chosen.values())


# ---- one condition ----


def meets(condition: Traced, actual: str | None) -> bool:
    """Whether the condition would hold with another value of its attribute."""
    operator = condition.operator
    if operator in ("is_null", "is_not_null"):
        return (actual is None) == (operator == "is_null")
    if actual is None or MISSING in condition.items:
        return condition.if_missing == "true"
    if operator in ("is_true", "is_false"):
        return actual == ("true" if operator == "is_true" else "false")
    if operator in ("is_member", "is_not_member"):
        return (actual == "member") == (operator == "is_member")
    if operator in ("has_any", "has_all", "has_none"):
        held = [item in actual.split("|") for item in condition.items]
        return {"has_any": any(held), "has_all": all(held), "has_none": not any(held)}[operator]
    if operator in ("contains", "starts_with"):
        return condition.expected in actual if operator == "contains" else actual.startswith(condition.expected)
    return _compares(operator, _plain(actual, condition), [_plain(item, condition) for item in condition.items])


def _compares(operator: str, actual: object, items: list[object]) -> bool:
    if operator in ("=", "in"):
        return actual in items
    if operator in ("!=", "not_in"):
        return actual not in items
    if any(not isinstance(item, type(actual)) for item in items):
        return False
    if isinstance(actual, Decimal | date):
        low, high = items[0], items[-1]
        verdicts = {
            ">": actual > low,  # type: ignore[operator]
            ">=": actual >= low,  # type: ignore[operator]
            "<": actual < low,  # type: ignore[operator]
            "<=": actual <= low,  # type: ignore[operator]
            "between": low <= actual <= high,  # type: ignore[operator]
        }
        return bool(verdicts[operator])
    return False


def _plain(text: str, condition: Traced) -> object:
    if condition.data_type == "date":
        try:
            return date.fromisoformat(text.strip()[:10])
        except ValueError:
            return text
    if is_number(condition.data_type):
        try:
            return Decimal(text.strip())
        except InvalidOperation:
            return text
    return text.strip()


def is_number(data_type: str) -> bool:
    return data_type.startswith(
        ("bigint", "int", "smallint", "tinyint", "hugeint", "decimal", "double", "float", "real")
    )


def _steps(condition: Traced, wanted: bool) -> Iterator[Step]:
    """How the customer's value could change so that the condition holds, or no longer does; the nearest first."""
    if not condition.can_change or condition.kind == "scope" or condition.is_met == wanted:
        return
    for target, words in _targets(condition, wanted):
        yield Step(condition.attribute, condition.actual, target, words, condition.kind)


def _targets(condition: Traced, wanted: bool) -> Iterator[tuple[str | None, str]]:
    operator = condition.operator
    if operator in ("is_null", "is_not_null"):
        missing = (operator == "is_null") == wanted
        yield (None, "once there is none") if missing else (KNOWN, "once there is one")
    elif operator in ("is_true", "is_false"):
        text = "true" if (operator == "is_true") == wanted else "false"
        yield text, f"once it is {text}"
    elif operator in ("is_member", "is_not_member"):
        text = "member" if (operator == "is_member") == wanted else "not a member"
        yield text, f"once they are {'a member' if text == 'member' else text}"
    elif MISSING in condition.items:
        return
    elif condition.data_type == "date" or is_number(condition.data_type):
        yield from _nearest_values(condition, wanted)
    else:
        yield from _nearest_texts(condition, wanted)


def _nearest_texts(condition: Traced, wanted: bool) -> Iterator[tuple[str, str]]:
    operator, items = condition.operator, [item.strip() for item in condition.items]
    negative = operator in ("!=", "not_in", "has_none")
    if wanted != negative:
        together = operator in ("has_all", "has_none")
        for item in ["|".join(items)] if operator == "has_all" else items:
            yield item, f"once it is {' and '.join(items) if together else item}"
    else:
        other = "another"
        yield other, f"once it is none of {', '.join(items)}" if len(items) > 1 else f"once it is not {items[0]}"


def _nearest_values(condition: Traced, wanted: bool) -> Iterator[tuple[str, str]]:
    items = [_plain(item, condition) for item in condition.items]
    if any(isinstance(item, str) for item in items):
        return
    low, high = items[0], items[-1]
    note = f" ({condition.note})" if condition.note else ""

    def at(value: object) -> str:
        return shown(str(value), condition.data_type)

    def beside(value: object, sign: int) -> str:
        return str(_beside(value, condition.data_type, sign))

    above = (beside(low, 1), f"above {at(low)}{note}")
    below = (beside(low, -1), f"below {at(low)}{note}")
    from_on = (str(low), f"from {at(low)} on{note}")
    up_to = (str(low), f"at {at(low)} or less{note}")
    if condition.operator == "between":
        if wanted:
            words = f"between {at(low)} and {at(high)}{note}"
            is_above = condition.actual is not None and _compares(">", _plain(condition.actual, condition), [high])
            edges = [str(high), str(low)] if is_above else [str(low), str(high)]
            yield from ((edge, words) for edge in edges)
        else:
            yield beside(high, 1), f"above {at(high)}{note}"
            yield below
        return
    if condition.operator in ("=", "in", "!=", "not_in"):
        equal = condition.operator in ("=", "in")
        if equal == wanted:
            yield from ((str(item), f"at {at(item)}{note}") for item in items)
        else:
            yield beside(max(items), 1), f"above {at(max(items))}{note}"  # type: ignore[type-var]
            yield beside(min(items), -1), f"below {at(min(items))}{note}"  # type: ignore[type-var]
        return
    met = {">": above, ">=": from_on, "<": below, "<=": up_to}
    unmet = {">": up_to, ">=": below, "<": from_on, "<=": above}
    if condition.operator in met:
        yield (met if wanted else unmet)[condition.operator]


def _beside(value: object, data_type: str, sign: int) -> object:
    """The next value up or down."""
    if isinstance(value, date):
        return value + timedelta(days=sign)
    assert isinstance(value, Decimal)
    if data_type.startswith("decimal"):
        return value + sign * Decimal("0.01")
    if data_type.startswith(("double", "float", "real")):
        return value + sign * Decimal("0.0001")
    return (value + sign).to_integral_value()


# ---- time, distance, words ----


def _clock(attribute: str) -> int:
    """How the value moves each day if nothing happens."""
    if attribute.startswith("days_since_"):
        return 1
    return -1 if attribute.endswith("_in_days") else 0


def _with_days(conditions: Sequence[Traced], step: Step, turns_in: bool, count: int) -> Step:
    """The step with the days after which it comes by itself, where the whole verdict turns then, and not before."""
    clock = _clock(step.attribute)
    if count > 1 or not clock or step.actual is None or step.target is None:
        return step
    days = (Decimal(step.target) - Decimal(step.actual)) * clock
    if days <= 0 or days != days.to_integral_value():
        return step
    moved = {
        condition.attribute: str(Decimal(condition.actual) + _clock(condition.attribute) * days)
        for condition in conditions
        if _clock(condition.attribute) and condition.actual is not None
    }
    if is_member(conditions, moved) != turns_in:
        return step
    return Step(step.attribute, step.actual, step.target, step.words, step.kind, int(days))


def is_past(change: Change) -> bool:
    """Whether it asks for a day to come back: nobody's first order gets younger."""
    return any(
        step.attribute.startswith("days_since_first_") and _distance(step) < 1 and _is_below(step.target, step.actual)
        for step in change.steps
    )


def _is_below(text: str | None, other: str | None) -> bool:
    return text is not None and other is not None and Decimal(text) < Decimal(other)


def nearness(change: Change) -> tuple[int, int, int, float, int, float, str]:
    """Smaller is nearer: fewer values, then what comes by itself, sooner, then the smaller part of the present value.

    That some reason to be left out might arise comes last: it is true of everybody.
    """
    days = change.days
    distance = sum(_distance(step) for step in change.steps)
    against = sum(step.kind == "exclude" for step in change.steps) if change.becomes == "out" else 0
    past = 1 if is_past(change) else 0
    return (
        past,
        len(change.steps),
        0 if days is not None else 1,
        days or 0,
        against,
        distance,
        change.steps[0].attribute,
    )


def _distance(step: Step) -> float:
    """By what part of the present value it would have to move; 1 where that says nothing."""
    try:
        actual, target = float(step.actual or ""), float(step.target or "")
    except ValueError:
        return 1.0
    return abs(target - actual) / max(abs(actual), abs(target), 1e-9)


def shown(text: str | None, data_type: str) -> str:
    """A value for people: thousands separated, no needless zeros."""
    if text is None or text == MISSING:
        return "none"
    if not is_number(data_type):
        return text
    try:
        number = Decimal(text)
    except InvalidOperation:
        return text
    plain = f"{number:,f}"
    return plain.rstrip("0").rstrip(".") if "." in plain and not data_type.startswith("decimal") else plain
