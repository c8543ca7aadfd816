"""An explanation in words, or for JSON: verdict, rule with the customer's values, and what would change it."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import asdict

from scripts.segments.counterfactuals import Change, Traced, is_past, nearness, shown
from scripts.segments.explain.reading import Explanation, Row

# Number of nearly reached segments that are named.
NEARLY = 3
MARKS = {True: "✓", False: "✗"}


def of_one(one: Explanation) -> list[str]:
    lines = [*_verdict(one), ""]
    if not one.conditions:
        reason = one.definition["status_reason"] or "its rule has errors; `python -m scripts validate` shows where"
        return [*lines, f"No customer can be evaluated: {reason}"]
    lines += [f"Rule: {one.definition['rule_text']}", "", *_table(one.conditions), "", *_ways(one)]
    lines += ["", "Messages", *_channel_lines(one)]
    return lines


def _verdict(one: Explanation) -> Iterator[str]:
    definition = one.definition
    name = _name(one)
    if not one.is_evaluated:
        verdict = "would be IN" if one.matches else "would be OUT"
        yield f"{verdict}: {name}" if one.conditions else name
        yield f"  {definition['effective_status'].replace('_', ' ')}, so nobody is a member yet"
        return
    yield f"{'IN' if one.is_in else 'OUT'}: {name}"
    membership, change = one.membership, one.last_change
    if membership is not None:
        because = f": {_reason(change)}" if change and change["change"] == "entered" else ""
        yield f"  since {membership['entered_date']}{because}"
        if membership["is_primary"] and not membership.get("may_act", True):
            yield "  first of all their segments, but drives no action: not approved, or the customer is in care"
        elif membership["is_primary"]:
            yield f"  first of all their segments (priority {membership['priority']}): it drives the next action"
        else:
            first = membership.get("priority_reason") or membership.get("lost_priority_to")
            yield f"  does not drive the next action: {first}"
    elif change is not None and change["change"] == "left":
        yield f"  left on {change['as_of_date']}: {_reason(change)}"
    if one.conditions and one.is_in != one.matches:
        yield "  the list is frozen: it holds those who matched when it was first evaluated"


def _reason(change: Row) -> str:
    return "the first evaluation" if change["reason_kind"] == "initial_load" else str(change["reason"])


def _table(conditions: list[Traced]) -> Iterator[str]:
    """Conditions by alternative, with the customer's value."""
    width = max(len(condition_words(condition)) for condition in conditions)

    def line(condition: Traced, mark: str) -> str:
        return (
            f"  {mark} {condition_words(condition):<{width}}  {shown(condition.actual, condition.data_type)}".rstrip()
        )

    include = _groups(conditions, "include")
    for number, group in enumerate(include, start=1):
        met = sum(condition.is_met for condition in group)
        which = f", alternative {number} of {len(include)}"
        yield f"Required{which if len(include) > 1 else ''}: {met} of {len(group)} met"
        yield from (line(condition, MARKS[condition.is_met]) for condition in group)
    against = _groups(conditions, "exclude")
    scope = [condition for condition in conditions if condition.kind == "scope"]
    holding = sum(all(condition.is_met for condition in group) for group in against)
    holding += sum(not condition.is_met for condition in scope)
    if against or scope:
        yield f"Excluded by any one of these: {holding or 'none'} {'apply' if holding > 1 else 'applies'}"
    for group in against:
        holds = all(condition.is_met for condition in group)
        for number, condition in enumerate(group):
            text = line(condition, MARKS[False] if holds else "·")
            yield text if number == 0 else text.replace(" ", "  and", 1)
    for condition in scope:
        actual = shown(condition.actual, condition.data_type)
        yield f"  {'·' if condition.is_met else MARKS[False]} {'customer type is not person':<{width}}  {actual}"


def _groups(conditions: list[Traced], kind: str) -> list[list[Traced]]:
    """The alternatives of a kind, each with its conditions."""
    names = {condition.alternative: None for condition in conditions if condition.kind == kind}
    return [[c for c in conditions if c.kind == kind and c.alternative == name] for name in names]


def condition_words(condition: Traced) -> str:
    """The condition in words, with the value of what the rule only names."""
    if condition.note and condition.note != condition.expected:
        values = " and ".join(shown(item, condition.data_type) for item in condition.items)
        return f"{condition.text} ({values})"
    return condition.text


def _ways(one: Explanation) -> Iterator[str]:
    is_in = one.is_in if one.is_evaluated else one.matches
    if not one.changes:
        yield "Nothing that the customer does would change this."
        return
    yield "What would take them out" if is_in else "What would bring them in"
    for number, change in enumerate(one.changes):
        yield f"  {'or ' if number else ''}{way(change, one.conditions)}"


def way(change: Change, conditions: list[Traced]) -> str:
    """A change in words: `days since the last order is 118: from 120 on (in 2 days, if nothing happens)`."""
    parts = []
    for step in change.steps:
        days = f" (in {step.days} day{'s' if step.days != 1 else ''}, if nothing happens)" if step.days else ""
        about = next(condition for condition in conditions if condition.attribute == step.attribute)
        parts.append(f"{about.label} is {shown(step.actual, about.data_type)}: {step.words}{days}")
    return "; and ".join(parts)


def _channel_lines(one: Explanation) -> Iterator[str]:
    for row in one.channels:
        reached = "reached" if row["reached"] else f"not reached: {str(row['reason']).replace('_', ' ')}"
        yield f"  {row['channel']:<5}  {reached} (consent: {row['consent'].replace('_', ' ')})"


def of_all(found: list[Explanation]) -> Iterator[str]:
    """The segments they are in, those they are nearly in, and the rest by name."""
    inside = [one for one in found if one.is_evaluated and one.is_in]
    would = [one for one in found if not one.is_evaluated and one.matches]
    outside = [one for one in found if one not in inside and one not in would and one.conditions]
    yield f"In {len(inside)} segment{'s' if len(inside) != 1 else ''}" + (
        ", the first drives the next action" if inside else ""
    )
    for one in inside:
        membership: Row = one.membership or {}
        yield f"  {one.definition['priority']:>3}  {_name(one)}, since {membership['entered_date']}"
        yield from (
            f"       {MARKS[True]} {condition_words(c)}: {shown(c.actual, c.data_type)}"
            for c in holding(one.conditions)
        )
        if one.changes:
            yield f"       out when {_one_way(one)}"
    if would:
        yield ""
        yield "Would be in if active: " + ", ".join(one.definition["segment_key"] for one in would)
    reachable = [one for one in outside if _is_in_reach(one)]
    nearly = sorted(reachable, key=lambda one: nearness(one.changes[0]))[:NEARLY]
    if nearly:
        yield ""
        yield "Nearly in"
        for one in nearly:
            yield f"       {_name(one)}: {_one_way(one)}"
    rest = [one.definition["segment_key"] for one in outside if one not in nearly]
    if rest:
        yield ""
        yield "Out: " + ", ".join(rest)
    unknown = [one.definition["segment_key"] for one in found if not one.conditions]
    if unknown:
        yield "Cannot be computed: " + ", ".join(unknown)
    yield ""
    yield "All conditions of one segment: add --segment KEY"


def holding(conditions: list[Traced]) -> list[Traced]:
    """The conditions of the first alternative that holds."""
    return next((group for group in _groups(conditions, "include") if all(c.is_met for c in group)), [])


def _name(one: Explanation) -> str:
    return f"{one.definition['segment_name']} ({one.definition['segment_key']})"


def _one_way(one: Explanation) -> str:
    return way(one.changes[0], one.conditions)


def _is_in_reach(one: Explanation) -> bool:
    """Whether one number is all that is missing; that somebody might complain tomorrow is true of everybody."""
    if not one.changes or one.definition["is_suppression"] or is_past(one.changes[0]):
        return False
    (step, *more) = one.changes[0].steps
    if one.changes[0].days is not None:
        return True
    return not more and step.actual is not None and step.target is not None and step.target not in ("true", "false")


def as_plain(one: Explanation) -> Row:
    """An explanation as plain values for JSON."""
    return {
        "segment_key": one.definition["segment_key"],
        "segment_name": one.definition["segment_name"],
        "status": one.definition["effective_status"],
        "status_reason": one.definition["status_reason"],
        "is_member": one.membership is not None,
        "rule_holds": one.matches if one.conditions else None,
        "membership": one.membership,
        "last_change": one.last_change,
        "rule": one.definition["rule_text"],
        "conditions": [asdict(condition) for condition in one.conditions],
        "nearest_changes": [
            {"becomes": change.becomes, "days": change.days, "steps": [asdict(step) for step in change.steps]}
            for change in one.changes
        ],
        "channels": one.channels,
    }
