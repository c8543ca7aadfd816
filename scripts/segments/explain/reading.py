"""Reads from a warehouse how each rule evaluates for one customer, and the resulting memberships."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass, replace
from decimal import Decimal
from typing import Any

import duckdb

from scripts.platform.errors import UserError
from scripts.platform.warehouse import rows_of
from scripts.segments.counterfactuals import Change, Traced, counterfactuals, is_member

Row = dict[str, Any]

CHANNELS = ("email", "sms")
# Number of ways into a segment, or out of it, to look for.
WAYS = 3


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
        """Whether the rule holds; this decides for drafts, which have no members."""
        return bool(self.conditions) and is_member(self.conditions)

    @property
    def is_evaluated(self) -> bool:
        return self.definition["effective_status"] == "active"


def find_customer(connection: duckdb.DuckDBPyConnection, given: str) -> tuple[str, list[str]]:
    """The customer id meant by `given`, and notes on how it was found."""
    wanted, notes = given.strip(), []
    if ":" in wanted:
        from scripts.platform.keyed_hash import keyed_hash

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
        wanted, notes = found[0], [f"found by the given id of {source}"]
    changed = connection.execute(
        "select current_customer_id, change, changed_on from marts.customer_id_changes"
        " where old_customer_id = ? and current_customer_id <> ? order by changed_on desc limit 1",
        [wanted, wanted],
    ).fetchone()
    known = _is_known(connection, "marts.customers", wanted)
    if not known and changed is not None and changed[0] is not None:
        notes.append(
            f"{wanted} was retired on {changed[2]} ({str(changed[1]).replace('_', ' ')}): this is the current id"
        )
        wanted, known = changed[0], _is_known(connection, "marts.customers", changed[0])
    if not known:
        raise UserError(
            f"customer `{given}` is not known; give a customer_id, or <source>:<id> such as shopify:600000000"
        )
    if not _is_known(connection, "marts.customer_features", wanted):
        raise UserError(f"customer `{wanted}` objects to profiling, so there is no segment or attribute to explain")
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
                counterfactuals(conditions, WAYS) if conditions else [],
                list(_channels(definition, mine, consents, key in memberships)),
            )
        )
    return found


def explained_rows(
    connection: duckdb.DuckDBPyConnection, customer_id: str, segment: str | None = None
) -> list[tuple[str, Traced]]:
    """Every condition of every rule, or of one, for a customer, with its segment and verdict; in the rule's order."""
    one = " and traces.segment_key = $segment" if segment is not None else ""
    return [
        _traced(row)
        for row in rows_of(
            connection,
            "select traces.*, attributes.data_type, attributes.phrase, attributes.changes, attributes.lowest,"
            " attributes.highest, (select max(as_of_date) from marts.customer_features) as described_day,"
            " (select list(attribute_name) from marts.attribute_catalogue where not is_available) as unavailable"
            " from intermediate.int_segment_traces as traces"
            " left join marts.attribute_catalogue as attributes on traces.attribute = attributes.attribute_name"
            f" where traces.customer_id = $customer{one} order by traces.segment_key, traces.condition_number",
            {"customer": customer_id} | ({"segment": segment} if segment is not None else {}),
        )
    ]


def _traced(row: Row) -> tuple[str, Traced]:
    attribute = row["attribute"]
    condition = Traced(
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
        can_change=row["kind"] != "scope",
        value=row["value"] or "",
        label=json.loads(row["phrase"])["label"] if row["phrase"] else attribute.replace("segment:", "membership of "),
        changes=row["changes"] or "any",
        lowest=_bound(row["lowest"]),
        highest=_bound(row["highest"]),
        day=row["described_day"],
    )
    is_waived = not set(row["unavailable"] or []).isdisjoint(condition.reads)
    return row["segment_key"], replace(condition, can_change=False) if is_waived else condition


def _bound(number: float | None) -> Decimal | None:
    return None if number is None else Decimal(str(number))


def _channels(definition: Row, candidates: list[Row], consents: list[Row], is_in: bool) -> Iterator[Row]:
    """Per channel that contacts people: whether a message of this segment would reach them, and why not."""
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
                reason = f"nothing is sent before the rule is approved (now: {definition['approval_status']})"
        yield {"channel": channel, "consent": state, "reached": reason is None, "reason": reason}


def _is_known(connection: duckdb.DuckDBPyConnection, relation: str, customer_id: str) -> bool:
    return connection.execute(f"select 1 from {relation} where customer_id = ?", [customer_id]).fetchone() is not None
