"""Why a customer is in a segment, or out of it, and what would change that. Read only; says no name and no address."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterator
from dataclasses import asdict, dataclass, replace
from datetime import date
from typing import Any

import duckdb

from scripts.errors import UserError, did_you_mean
from scripts.nearest_change import Change, Traced, is_member, is_past, nearest_changes, nearness, shown
from scripts.warehouse import open_warehouse, rows_of
from scripts.world import World

Progress = Callable[[str], None]
Row = dict[str, Any]

CHANNELS = ("email", "sms")
# How many segments that are nearly reached are named, and how many ways into or out of one.
NEARLY = 3
WAYS = 3
MARKS = {True: "✓", False: "✗"}


@dataclass(frozen=True)
class Explanation:
    """One customer and one segment. `definition`: its row of segment_library; `membership`: of segment_memberships,
    None when out; `last_change`: the newest of membership_changes; `channels`: whether a message would reach them.
    """

    definition: Row
    conditions: list[Traced]
    membership: Row | None
    last_change: Row | None
    changes: list[Change]
    channels: list[Row]

    @property
    def is_in(self) -> bool:
        return self.membership is not None if self.is_evaluated else self.matches

    @property
    def matches(self) -> bool:
        """Whether the rule holds: what decides for drafts, which nobody is a member of."""
        return bool(self.conditions) and is_member(self.conditions)

    @property
    def is_evaluated(self) -> bool:
        return self.definition["effective_status"] == "active"


def explain(
    world: World,
    customer: str,
    segment: str | None = None,
    as_of: date | None = None,
    *,
    as_json: bool = False,
    progress: Progress = print,
) -> None:
    """Explain one segment, or all, for one customer: their id, an id given up since, or `<source>:<id>`.

    For another day than the one that the warehouse describes, what was known then is built in a copy of it. Raises
    UserError for a customer or segment that is not known, and for a day that is still to come.
    """
    with open_warehouse(world.warehouse, read_only=True) as connection:
        day = _described_day(connection, world)
        if as_of is None or as_of == day:
            _explain(connection, customer, segment, day, as_json, progress)
            return
    if as_of > day:
        raise UserError(f"--as-of is {as_of}, and the warehouse describes {day}; build that day first")
    from scripts.dbt import run_dbt
    from scripts.prediction.snapshots import workshop

    if not as_json:
        progress(f"building what was known on {as_of} in a copy of the warehouse, which takes a while …")
    with workshop(world) as copy:
        wanted = ["+int_segment_traces", "+segment_library", "+int_segment_audience_candidates", "+customer_id_changes"]
        variables = {"as_of_date": as_of.isoformat()}
        run_dbt(copy, ["run", "--select", *wanted], variables=variables, progress=lambda _: None)
        with open_warehouse(copy.warehouse, read_only=True) as connection:
            _explain(connection, customer, segment, as_of, as_json, progress)


def _explain(
    connection: duckdb.DuckDBPyConnection,
    customer: str,
    segment: str | None,
    day: date,
    as_json: bool,
    progress: Progress,
) -> None:
    library = {row["segment_key"]: row for row in rows_of(connection, "from marts.segment_library order by priority")}
    if segment is not None and segment not in library:
        hint = did_you_mean(segment, library, otherwise="segment_library lists the ones there are", cutoff=0.4)
        raise UserError(f"there is no segment `{segment}`; {hint}")
    customer_id, notes = find_customer(connection, customer)
    found = explanations(connection, customer_id, library, segment)
    if as_json:
        answer = {"customer_id": customer_id, "as_of_date": day, "notes": notes, "segments": [_plain(e) for e in found]}
        progress(json.dumps(answer, default=str, indent=2, ensure_ascii=False))
        return
    lines = [f"Customer {customer_id} on {day}", *(f"  {note}" for note in notes), ""]
    lines += _of_one(found[0]) if segment is not None else _of_all(found)
    progress("\n".join(lines).rstrip())


# ---- what the warehouse says ----


def find_customer(connection: duckdb.DuckDBPyConnection, given: str) -> tuple[str, list[str]]:
    """The customer id that is meant, and what is to be said of the way to it."""
    wanted, notes = given.strip(), []
    if ":" in wanted:
        from scripts.keyed_hash import keyed_hash

        source, _, profile = wanted.partition(":")
        found = connection.execute(
            "select customer_id from marts.customer_identities where source_system = ? and source_profile_id = ?",
            [source, keyed_hash(wanted)],
        ).fetchone()
        if found is None:
            sources = [row[0] for row in connection.execute(
                "select distinct source_system from marts.customer_identities order by 1").fetchall()]  # fmt: skip
            hint = f"sources are {', '.join(sources)}" if source not in sources else "check the id in that system"
            raise UserError(f"no profile `{profile}` of source `{source}` belongs to a known customer; {hint}")
        wanted, notes = found[0], [f"whom {source} knows by the given id"]
    changed = connection.execute(
        "select current_customer_id, change, changed_on from marts.customer_id_changes"
        " where old_customer_id = ? and current_customer_id <> ? order by changed_on desc limit 1",
        [wanted, wanted],
    ).fetchone()
    known = _is_known(connection, "marts.customers", wanted)
    if not known and changed is not None and changed[0] is not None:
        notes.append(
            f"{wanted} was given up on {changed[2]} ({str(changed[1]).replace('_', ' ')}): this is who it is now"
        )
        wanted, known = changed[0], _is_known(connection, "marts.customers", changed[0])
    if not known:
        raise UserError(
            f"customer `{given}` is not known; give a customer_id, or <source>:<id> such as shopify:600000000"
        )
    if not _is_known(connection, "marts.customer_features", wanted):
        raise UserError(f"customer `{wanted}` objects to profiling, and so is in no segment and has no attributes")
    return wanted, notes


def explanations(
    connection: duckdb.DuckDBPyConnection, customer_id: str, library: dict[str, Row], segment: str | None = None
) -> list[Explanation]:
    """Every segment of the library, or the one given, for one customer; by priority."""
    one = " and segment_key = $segment" if segment is not None else ""
    ids = {"customer": customer_id} | ({"segment": segment} if segment is not None else {})

    def rows(relation: str, more: str = "") -> list[Row]:
        return rows_of(connection, f"from {relation} where customer_id = $customer{one} {more}", ids)

    traces = explained_rows(connection, customer_id, segment)
    memberships = {row["segment_key"]: row for row in rows("marts.segment_memberships")}
    changes = {row["segment_key"]: row for row in rows("marts.membership_changes", "order by as_of_date")}
    candidates = rows("intermediate.int_segment_audience_candidates")
    consents = rows_of(
        connection,
        "from marts.customer_consents where customer_id = $customer and purpose = 'marketing'",
        {"customer": customer_id},
    )
    found = []
    for key, definition in library.items():
        if segment is not None and key != segment:
            continue
        conditions = [condition for name, condition in traces if name == key]
        mine = [row for row in candidates if row["segment_key"] == key]
        found.append(
            Explanation(
                definition,
                conditions,
                memberships.get(key),
                changes.get(key),
                nearest_changes(conditions, WAYS) if conditions else [],
                list(_channels(definition, mine, consents, key in memberships)),
            )
        )
    return found


def explained_rows(
    connection: duckdb.DuckDBPyConnection, customer_id: str, segment: str | None = None
) -> list[tuple[str, Traced]]:
    """Every condition of every rule, or of one, for a customer: its segment and how it stands; in the rule's order."""
    one = " and traces.segment_key = $segment" if segment is not None else ""
    return [
        _traced(row)
        for row in rows_of(
            connection,
            "select traces.*, attributes.data_type, attributes.is_available"
            " from intermediate.int_segment_traces as traces"
            " left join marts.attribute_catalogue as attributes on traces.attribute = attributes.attribute_name"
            f" where traces.customer_id = $customer{one} order by traces.segment_key, traces.condition_number",
            {"customer": customer_id} | ({"segment": segment} if segment is not None else {}),
        )
    ]


def _traced(row: Row) -> tuple[str, Traced]:
    attribute = row["attribute"]
    is_waived = row["is_available"] is False
    return row["segment_key"], Traced(
        kind=row["kind"],
        alternative=row["alternative"] or "",
        number=row["condition_number"],
        attribute=attribute,
        operator=row["operator"],
        if_missing=row["if_missing"] or "",
        text=row["condition_text"],
        actual=None if row["actual_value"] == "missing" else row["actual_value"],
        expected=row["expected_value"] or "",
        note=row["expected_note"],
        is_met=row["is_met"],
        data_type=(row["data_type"] or "varchar").lower(),
        can_change=not is_waived and row["kind"] != "scope",
    )


def _channels(definition: Row, candidates: list[Row], consents: list[Row], is_in: bool) -> Iterator[Row]:
    """Per channel that addresses people: whether a message of this segment would reach them, and why not."""
    for channel in CHANNELS:
        consent = next((row for row in consents if row["channel"] == channel), None)
        state = (consent or {}).get("status") or "never asked"
        if channel not in (definition["channels"] or "").split("|"):
            reason: str | None = "the segment may not be used on this channel"
        elif definition["is_suppression"]:
            reason = "members of a suppression segment get nothing"
        elif not is_in:
            reason = "not a member"
        else:
            row = next((row for row in candidates if row["channel"] == channel), None)
            reason = row["left_out_reason"] if row else "not a member"
            if row and row["left_out_detail"]:
                reason = f"{reason}: {row['left_out_detail']}"
            if reason is None and definition["approval_status"] != "approved":
                reason = f"nothing leaves before the rule is approved (now: {definition['approval_status']})"
        yield {"channel": channel, "consent": state, "reached": reason is None, "reason": reason}


def _described_day(connection: duckdb.DuckDBPyConnection, world: World) -> date:
    try:
        found = connection.execute("select max(as_of_date) from marts.customer_features").fetchone()
        connection.execute("describe intermediate.int_segment_traces")
    except duckdb.CatalogException:
        raise UserError(f"{world.warehouse}: segments are not built yet; run `python -m scripts build`") from None
    if found is None or found[0] is None:
        raise UserError(f"{world.warehouse}: knows no customer yet; run `python -m scripts build`")
    day: date = found[0]
    return day


def _is_known(connection: duckdb.DuckDBPyConnection, relation: str, customer_id: str) -> bool:
    return connection.execute(f"select 1 from {relation} where customer_id = ?", [customer_id]).fetchone() is not None


# ---- in words ----


def _of_one(one: Explanation) -> list[str]:
    lines = [*_verdict(one), ""]
    if not one.conditions:
        reason = one.definition["status_reason"] or "its rule is faulty; `python -m scripts validate` says where"
        return [*lines, f"No customer can be judged: {reason}"]
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
        if membership["is_primary"]:
            yield f"  first of all their segments (priority {membership['priority']}): it drives the next action"
        else:
            first = membership.get("priority_reason") or membership.get("lost_priority_to")
            yield f"  does not drive the next action: {first}"
    elif change is not None and change["change"] == "left":
        yield f"  left on {change['as_of_date']}: {_reason(change)}"
    if one.conditions and one.is_in != one.matches:
        yield "  the list is frozen: it holds who matched when it was first evaluated"


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
        which = f", one way of {len(include)}" if number == 1 else ", another way"
        yield f"Wanted{which if len(include) > 1 else ''}: {met} of {len(group)} met"
        yield from (line(condition, MARKS[condition.is_met]) for condition in group)
    against = _groups(conditions, "exclude")
    scope = [condition for condition in conditions if condition.kind == "scope"]
    holding = sum(all(condition.is_met for condition in group) for group in against)
    holding += sum(not condition.is_met for condition in scope)
    if against or scope:
        yield f"Keeps out, any one of these: {holding or 'none'} {'do' if holding > 1 else 'does'}"
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
    yield "What would take them out" if is_in else "What would take them in"
    types = {condition.attribute: condition.data_type for condition in one.conditions}
    for number, change in enumerate(one.changes):
        yield f"  {'or ' if number else ''}{way(change, types)}"


def way(change: Change, types: dict[str, str]) -> str:
    """A change in words: `days since last order is 118: from 120 on (in 2 days, if nothing happens)`."""
    parts = []
    for step in change.steps:
        days = f" (in {step.days} day{'s' if step.days != 1 else ''}, if nothing happens)" if step.days else ""
        name = attribute_words(step.attribute)
        parts.append(f"{name} is {shown(step.actual, types[step.attribute])}: {step.words}{days}")
    return "; and ".join(parts)


def attribute_words(attribute: str) -> str:
    """order_count_180d as `order count in 180 days`."""
    name = attribute.replace("segment:", "membership of ")
    return re.sub(r"_([0-9]+)d$", r" in \1 days", name).replace("_", " ")


def _channel_lines(one: Explanation) -> Iterator[str]:
    for row in one.channels:
        reached = "reached" if row["reached"] else f"not reached: {str(row['reason']).replace('_', ' ')}"
        yield f"  {row['channel']:<5}  {reached} (consent: {row['consent'].replace('_', ' ')})"


def _of_all(found: list[Explanation]) -> Iterator[str]:
    """Where they are in, where nearly, and the rest by name."""
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
        yield "Would be in, were they active: " + ", ".join(one.definition["segment_key"] for one in would)
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
    return way(one.changes[0], {condition.attribute: condition.data_type for condition in one.conditions})


def _is_in_reach(one: Explanation) -> bool:
    """Whether one number is all that is missing; that somebody might complain tomorrow is true of everybody."""
    if not one.changes or one.definition["is_suppression"] or is_past(one.changes[0]):
        return False
    (step, *more) = one.changes[0].steps
    if one.changes[0].days is not None:
        return True
    return not more and step.actual is not None and step.target is not None and step.target not in ("true", "false")


def _plain(one: Explanation) -> Row:
    """An explanation as JSON has it."""
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
        "conditions": [asdict(replace(condition)) for condition in one.conditions],
        "nearest_changes": [
            {"becomes": change.becomes, "days": change.days, "steps": [asdict(step) for step in change.steps]}
            for change in one.changes
        ],
        "channels": one.channels,
    }
