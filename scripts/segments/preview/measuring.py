"""Measures a draft whose rule was evaluated, compared with all customers and today's segments."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

import duckdb

from scripts.platform.settings import recorded_settings
from scripts.platform.warehouse import rows_of
from scripts.segments.counterfactuals import shown
from scripts.segments.evaluation import Evaluation
from scripts.segments.explain import condition_words, explained_rows, holding

# Number of members shown.
SAMPLE = 5
# Channels of the library and the attribute that says whether somebody may be contacted on them.
REACHED_BY = {
    "email": "is_email_contactable",
    "sms": "is_sms_contactable",
    "ads": "is_ads_contactable",
    "direct_mail": "is_post_contactable",
}
# Who would be in it.
MEMBERS = "(select customer_id from intermediate.int_segment_matches where segment_key = $segment)"


@dataclass(frozen=True)
class Preview:
    """What a segment would be, over all customers who may be profiled.

    `definition`: its row of int_segment_definitions. `entering`, `leaving`: compared with today's members, None for a
    draft. Money: sums of the last 365 days over members and over all; `is_margin_known`: whether any member's costs
    are known. `sample`: customer_id and why. `overlaps`:
    segment_key, shared, share_of_draft, share_of_other. `reach`: channel, reachable, suppressed. `priorities`: segments
    that it would take the next action from (`takes`), that would keep it (`keeps`), and members without one (`first`).
    """

    definition: dict[str, Any]
    size: int
    customers: int
    entering: int | None
    leaving: int | None
    currency: str
    money: dict[str, Decimal]
    is_margin_known: bool
    sample: list[dict[str, Any]]
    overlaps: list[dict[str, Any]]
    reach: list[dict[str, Any]]
    priorities: dict[str, Any]


def measured(evaluation: Evaluation, definition: dict[str, Any]) -> Preview:
    """What the segment of `definition` would be."""
    key, connection = definition["segment_key"], evaluation.connection
    suppressions = connection.execute(
        "select segment_key from intermediate.int_segment_definitions"
        " where is_suppression and effective_status = 'active'"
    ).fetchall()
    # Who would be suppressed is all that matters of other segments.
    evaluation.only = {key, *(other for (other,) in suppressions)}
    for model in ("int_segment_matches", "int_segment_traces"):
        evaluation.relation(model)
    evaluation.view("marts", "customer_features")

    def rows(query: str, **more: Any) -> list[dict[str, Any]]:
        return rows_of(connection, query, {"segment": key} | more if "$segment" in query else more)

    (size,) = rows(f"select count(*) as size from {MEMBERS}")
    (customers,) = rows("select count(*) as customers from marts.customer_features")
    present = "(select customer_id from given.marts.segment_memberships where segment_key = $segment)"
    (moved,) = rows(
        f"select (select count(*) from (from {MEMBERS} except from {present})) as entering,"
        f" (select count(*) from (from {present} except from {MEMBERS})) as leaving,"
        f" (select count(*) from {present}) as members"
    )
    was_active = moved["members"] > 0
    (money,) = rows(
        "select sum(net_revenue_365d) filter (where is_in) as revenue,"
        " sum(contribution_margin_365d) filter (where is_in) as margin,"
        " sum(net_revenue_365d) as revenue_of_all, sum(contribution_margin_365d) as margin_of_all,"
        " count(contribution_margin_365d) filter (where is_in) as known_margins"
        f" from (select *, customer_id in {MEMBERS} as is_in from marts.customer_features)"
    )
    known_margins = money.pop("known_margins")
    return Preview(
        definition=definition,
        size=size["size"],
        customers=customers["customers"],
        entering=moved["entering"] if was_active else None,
        leaving=moved["leaving"] if was_active else None,
        currency=recorded_settings(connection, "the warehouse", "given.marts")["reporting_currency"],
        money={name: Decimal(value or 0) for name, value in money.items()},
        is_margin_known=known_margins > 0,
        sample=_sample(connection, key, rows),
        overlaps=rows(
            f"""
            select others.segment_key, count(*) filter (where mine.customer_id is not null) as shared,
                shared / {max(size["size"], 1)} as share_of_draft, shared / count(*) as share_of_other
            from given.marts.segment_memberships as others
            left join {MEMBERS} as mine on others.customer_id = mine.customer_id
            where others.segment_key <> $segment
            group by others.segment_key
            having shared > 0
            order by shared desc, others.segment_key
            """
        ),
        reach=_reach(definition, rows),
        priorities=_priorities(definition, rows),
    )


def _sample(connection: duckdb.DuckDBPyConnection, key: str, rows: Callable[..., Any]) -> list[dict[str, Any]]:
    """A few members with the conditions that hold for them; the same ones for the same members."""
    found = rows(f"select customer_id from {MEMBERS} order by md5(customer_id || $segment) limit {SAMPLE}")
    sample = []
    for row in found:
        conditions = explained_rows(connection, row["customer_id"], key)
        why = [
            {"condition": condition_words(c), "value": shown(c.actual, c.data_type)}
            for c in holding([condition for _, condition in conditions])
        ]
        sample.append({"customer_id": row["customer_id"], "why": why})
    return sample


def _reach(definition: dict[str, Any], rows: Callable[..., Any]) -> list[dict[str, Any]]:
    """Per channel of the segment, members that a message may reach: consent, address, and no suppression."""
    found = []
    for channel in definition["channels"].split("|"):
        column = REACHED_BY.get(channel)
        if column is None:
            found.append({"channel": channel, "reachable": None, "suppressed": None})
            continue
        (row,) = rows(
            f"""
            with suppressed as (
                select distinct matches.customer_id
                from intermediate.int_segment_matches as matches
                inner join intermediate.int_segment_definitions as definitions
                    on matches.segment_key = definitions.segment_key
                where definitions.is_suppression and definitions.effective_status = 'active'
                    and list_contains(string_split(definitions.channels, '|'), $channel)
            )
            select count(*) filter (where features.{column} and suppressed.customer_id is null) as reachable,
                count(suppressed.customer_id) as suppressed
            from {MEMBERS} as mine
            inner join marts.customer_features as features on mine.customer_id = features.customer_id
            left join suppressed on mine.customer_id = suppressed.customer_id
            """,
            channel=channel,
        )
        found.append({"channel": channel, **row})
    return found


def _priorities(definition: dict[str, Any], rows: Callable[..., Any]) -> dict[str, Any]:
    """Which segments it would take the next action from, by the priorities of today's primary segments."""
    found = rows(
        f"""
        select primary_segments.segment_key, any_value(primary_segments.priority) as priority, count(*) as customers
        from {MEMBERS} as mine
        left join (
            select customer_id, segment_key, priority from given.marts.segment_memberships
            where is_primary and segment_key <> $segment
        ) as primary_segments on mine.customer_id = primary_segments.customer_id
        group by primary_segments.segment_key
        order by customers desc, primary_segments.segment_key
        """
    )
    mine = definition["priority"]
    return {
        "priority": mine,
        "takes": [row for row in found if row["segment_key"] and row["priority"] > mine],
        "keeps": [row for row in found if row["segment_key"] and row["priority"] < mine],
        "first": sum(row["customers"] for row in found if not row["segment_key"]),
    }
