"""Searches the smallest change of one customer that turns the verdict of a whole rule, and says which is nearest."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from decimal import Decimal
from itertools import combinations, product

from scripts.segments.nearest_change.conditions import Traced, is_member, meets
from scripts.segments.nearest_change.steps import Step, steps_of

MOST_STEPS = 3


@dataclass(frozen=True)
class Change:
    """Steps which together make the customer `in` or `out`."""

    becomes: str
    steps: tuple[Step, ...]

    @property
    def days(self) -> int | None:
        """The days after which it happens by itself; None when it does not."""
        return self.steps[0].days if len(self.steps) == 1 else None


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
    moves = [step for condition in conditions for wanted in (True, False) for step in steps_of(condition, wanted)]
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
        _together([next(iter(steps_of(row, True)), None) for row in rows if not row.is_met], rows)
        for (kind, _), rows in groups.items()
        if kind == to_make
    ]
    if not turns_in:
        makings.append(())
    for making in makings:
        if making is None:
            continue
        breakings = [[step for row in rows for step in steps_of(row, False)] for rows in held[to_break]]
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
            other for row in same for other in steps_of(row, True) if all(meets(one, other.target) for one in same)
        ]
        chosen[step.attribute] = fitting[0] if fitting else step
    return tuple(chosen.values())


# ---- time and distance ----


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
