"""Searches for the smallest changes of one customer that turn the verdict of a whole rule, nearest first."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from decimal import Decimal
from itertools import combinations, product

from scripts.segments.counterfactuals.conditions import Traced, Values, is_member, meets, readings
from scripts.segments.counterfactuals.steps import Step, steps_by_attribute

# Up to this many values, all changes are compared; for more values, a single change is looked for.
ALL_COMPARED = 2

Steps = Mapping[str, list[Step]]
Chosen = dict[str, Step]


@dataclass(frozen=True)
class Change:
    """Steps which together make the customer `in` or `out`."""

    becomes: str
    steps: tuple[Step, ...]

    @property
    def days(self) -> int | None:
        """The days after which it happens by itself; None when it does not."""
        return self.steps[0].days if len(self.steps) == 1 else None


def counterfactuals(conditions: Sequence[Traced], most: int = 3) -> list[Change]:
    """The smallest changes that turn the verdict, nearest first; none where no change of the customer can.

    What changes are values of attributes that the rule has conditions on. First come those of fewest values; among
    these those that come about by themselves, soonest first; then those with the smallest relative change.
    """
    turns_in = not is_member(conditions)
    becomes = "in" if turns_in else "out"
    found: dict[frozenset[str], Change] = {}
    for steps in _proposals(conditions, turns_in):
        change = Change(becomes, tuple(_with_days(conditions, step, turns_in, len(steps)) for step in steps))
        key = frozenset(step.attribute for step in steps)
        if key not in found or nearness(change) < nearness(found[key]):
            found[key] = change
    fewest = min((len(change.steps) for change in found.values()), default=0)
    return sorted((change for change in found.values() if len(change.steps) == fewest), key=nearness)[:most]


def _turns(conditions: Sequence[Traced], values: Values, turns_in: bool) -> bool:
    """Whether the verdict certainly turns, whatever the trace has rounded away."""
    return all(is_member(conditions, values, shift) == turns_in for shift in readings(conditions))


def _proposals(conditions: Sequence[Traced], turns_in: bool) -> Iterator[tuple[Step, ...]]:
    """Sets of steps that turn the verdict: all of the fewest values, or one that leads there through more."""
    steps = steps_by_attribute(conditions)
    found = False
    for count in range(1, ALL_COMPARED + 1):
        for names in combinations(steps, count):
            for chosen in product(*(steps[name] for name in names)):
                if _turns(conditions, {step.attribute: step.target for step in chosen}, turns_in):
                    found = True
                    yield chosen
        if found:
            return
    best: Chosen | None = None
    for chosen_by_name in _far_changes(conditions, steps, turns_in):
        if best is None or len(chosen_by_name) < len(best):
            best = chosen_by_name
    if best is not None:
        yield tuple(_needed(conditions, best, turns_in).values())


def _far_changes(conditions: Sequence[Traced], steps: Steps, turns_in: bool) -> Iterator[Chosen]:
    """Every alternative made true as a whole, with what has to be broken beside it: for rules that are far away."""
    groups: dict[tuple[str, str], list[Traced]] = {}
    for condition in conditions:
        groups.setdefault((condition.kind, condition.alternative), []).append(condition)
    sides = {side: [rows for (kind, _), rows in groups.items() if kind == side] for side in ("include", "exclude")}
    makings = sides["include" if turns_in else "exclude"]
    breakings = sides["exclude" if turns_in else "include"]
    # Customers are out who match an exclude, or no include.
    ways = [(rows, breakings if turns_in else []) for rows in makings] + ([] if turns_in else [([], breakings)])
    for to_meet, to_break in ways:
        for chosen in _search(to_meet, to_break, steps, {}, set()):
            if _turns(conditions, _targets(chosen), turns_in):
                yield chosen


def _search(
    to_meet: Sequence[Traced],
    to_break: Sequence[Sequence[Traced]],
    steps: Steps,
    chosen: Chosen,
    seen: set[tuple[object, ...]],
) -> Iterator[Chosen]:
    """Choices of steps with which all of `to_meet` hold and no group of `to_break` does, condition by condition."""
    values = _targets(chosen)
    rows = [*to_meet, *(one for group in to_break for one in group)]
    # A chosen value matters only through the verdicts on it, unless a value that is still open is compared with it.
    compared = {name for one in rows if any(other not in chosen for other in one.reads) for name in one.reads}
    state = (
        frozenset(chosen),
        tuple(verdict for one in rows for verdict in _verdicts(one, values)),
        frozenset((name, value) for name, value in values.items() if name in compared),
    )
    if state in seen:
        return
    seen.add(state)
    unmet = next((one for one in to_meet if not _holds(one, values)), None)
    held = [] if unmet else next((rows for rows in to_break if all(_may_hold(one, values) for one in rows)), [])
    if unmet is None and not held:
        yield chosen
        return
    for condition in [unmet] if unmet else held:
        for name in condition.reads:
            for step in steps.get(name, []) if name not in chosen else []:
                after = values | {name: step.target}
                # Two values that are compared may both have to move.
                is_open = any(other in steps and other not in after for other in condition.reads)
                if is_open or (_holds(condition, after) if unmet else not _may_hold(condition, after)):
                    yield from _search(to_meet, to_break, steps, chosen | {name: step}, seen)


def _holds(condition: Traced, values: Values) -> bool:
    """Whether a condition certainly holds, with other values of some attributes."""
    return all(_verdicts(condition, values))


def _may_hold(condition: Traced, values: Values) -> bool:
    return any(_verdicts(condition, values))


def _verdicts(condition: Traced, values: Values) -> list[bool]:
    if values.keys().isdisjoint(condition.reads):
        return [condition.is_met]
    return [meets(condition, values, shift) for shift in readings([condition])]


def _targets(chosen: Chosen) -> dict[str, str | None]:
    return {name: step.target for name, step in chosen.items()}


def _needed(conditions: Sequence[Traced], chosen: Chosen, turns_in: bool) -> Chosen:
    """The steps without those that are not needed to turn the verdict."""
    for name in list(chosen):
        fewer = {other: step for other, step in chosen.items() if other != name}
        if fewer and _turns(conditions, _targets(fewer), turns_in):
            chosen = fewer
    return chosen


# ---- time and distance ----


def _clock(attribute: str) -> int:
    """How the value moves each day if nothing happens."""
    if attribute.startswith("days_since_"):
        return 1
    return -1 if attribute.endswith("_in_days") else 0


def _with_days(conditions: Sequence[Traced], step: Step, turns_in: bool, count: int) -> Step:
    """The step with the days after which it happens by itself, if the whole verdict turns then."""
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
    return replace(step, days=int(days)) if _turns(conditions, moved, turns_in) else step


def nearness(change: Change) -> tuple[int, int, float, int, float, str]:
    """Smaller is nearer: fewer values, then what happens by itself, sooner, then the smaller relative change.

    That a reason for exclusion might arise comes after other reasons to leave: it is true of everybody.
    """
    days = change.days
    distance = sum(_distance(step) for step in change.steps)
    against = sum(step.kind == "exclude" for step in change.steps) if change.becomes == "out" else 0
    return (
        len(change.steps),
        0 if days is not None else 1,
        days or 0,
        against,
        distance,
        change.steps[0].attribute,
    )


def _distance(step: Step) -> float:
    """The relative change of the value; 1 where it has none."""
    try:
        actual, target = float(step.actual or ""), float(step.target or "")
    except ValueError:
        return 1.0
    return abs(target - actual) / max(abs(actual), abs(target), 1e-9)
