"""A customer or a draft segment in a paragraph of plain language: the same words for the same values, no model."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import duckdb

if TYPE_CHECKING:
    from scripts.preview import Preview

STAGES = {
    "visitor": "has visited but never bought",
    "lead": "is known but has never bought",
    "cart": "has filled a cart but never bought",
    "first_order": "has bought once",
    "repeat": "buys again",
    "loyal": "is a loyal buyer",
    "at_risk": "is a buyer at risk",
    "lapsed": "has lapsed",
    "inactive": "is inactive",
    "won_back": "was won back",
}


def customer_brief(connection: duckdb.DuckDBPyConnection, customer_id: str) -> str:
    """Who a customer is to us, what drives the next action, and what to avoid; no name and no address."""
    customer = _row(connection, "from marts.customer_features where customer_id = ?", [customer_id])
    primary = _row(
        connection,
        "select library.segment_name, library.next_action, library.tags from marts.segment_memberships as memberships"
        " inner join marts.segment_library as library on memberships.segment_key = library.segment_key"
        " where memberships.customer_id = ? and memberships.is_primary",
        [customer_id],
    )
    parts = [_who(customer), _bought(customer), _taste(customer), _prices(customer), _reach(customer)]
    if primary:
        parts.append(f"What comes next is that of {primary['segment_name']}: {_sentence(primary['next_action'])}")
    else:
        parts.append("They are in no active segment, so nothing is planned for them.")
    return " ".join([*(part for part in parts if part), *_avoid(customer)])


def segment_brief(preview: Preview) -> str:
    """A segment for whoever writes the campaign: who they are, what they are worth, angle, and what to avoid."""
    definition, money = preview.definition, preview.money
    share = preview.size / preview.customers if preview.customers else 0
    parts = [
        f"{definition['segment_name']}: {preview.size:,} customers, {share:.1%} of all.",
        _sentence(definition["included"]),
    ]
    if preview.size:
        per_head, margin = money["revenue"] / preview.size, money["margin"] / preview.size
        parts.append(
            f"In the last 365 days each brought {per_head:,.2f} {preview.currency} of net revenue and {margin:,.2f} of"
            " contribution margin on average."
        )
        if margin <= 0:
            parts.append("They cost more than they bring: offer no discount.")
        elif money["revenue"] > 0:
            rate = money["margin"] / money["revenue"]
            parts.append(f"A discount of {rate:.0%} would eat the whole margin; stay well below it.")
        reached = [
            f"{row['channel'].replace('_', ' ')} {row['reachable']:,}" for row in preview.reach if row["reachable"]
        ]
        parts.append(f"Reachable: {', '.join(reached)}." if reached else "Nobody of them may be reached by a message.")
    if preview.overlaps:
        top = preview.overlaps[0]
        parts.append(f"{top['share_of_draft']:.0%} of them are also in {top['segment_key']}.")
    parts += [f"What is done: {_sentence(definition['next_action'])}", f"Left out: {_sentence(definition['excluded'])}"]
    return " ".join(parts)


def _who(customer: dict[str, Any]) -> str:
    where = f" from {customer['region']}" if customer["region"] else ""
    age = f", aged {customer['age_band'].replace('-', ' to ')}" if customer["age_band"] else ""
    person = "This customer" if customer["customer_type"] == "person" else f"This {customer['customer_type']} account"
    stage = STAGES.get(customer["lifecycle_stage"] or "", "is known")
    return f"{person}{where}{age} {stage}."


def _bought(customer: dict[str, Any]) -> str:
    orders = customer["order_count"]
    if not orders:
        return ""
    ago = customer["days_since_last_order"] or 0
    revenue = customer["net_revenue"] or 0
    text = f"{_count(orders, 'order')}, the last {_count(ago, 'day')} ago, brought {revenue:,.2f} in all"
    if customer["contribution_margin"] is not None:
        text += f", of which {customer['contribution_margin']:,.2f} is margin"
    if customer["overdue_ratio"] is not None and customer["overdue_ratio"] > 1:
        text += f"; the next order is overdue ({customer['overdue_ratio']:.1f} times the usual interval)"
    return f"{text}."


def _taste(customer: dict[str, Any]) -> str:
    if not customer["favourite_category"]:
        return ""
    text = f"They buy {customer['favourite_category']} most"
    if customer["next_best_category"] and customer["next_best_category"] != customer["favourite_category"]:
        text += f" and may take to {customer['next_best_category']} next"
    return f"{text}."


def _prices(customer: dict[str, Any]) -> str:
    rate = customer["largest_bearable_discount_rate"]
    habit = {"likes offers": "They like offers", "buys either way": "They buy with or without an offer"}
    text = habit.get(customer["price_sensitivity"] or "", "")
    if rate is None or not customer["order_count"]:
        return f"{text}." if text else ""
    ceiling = f"their margin bears a discount of at most {rate:.0%}" if rate > 0 else "their margin bears no discount"
    return f"{text}; {ceiling}." if text else f"{ceiling[0].upper()}{ceiling[1:]}."


def _reach(customer: dict[str, Any]) -> str:
    channels = [name for name, column in (("e-mail", "is_email_contactable"), ("text message", "is_sms_contactable"),
                                          ("post", "is_post_contactable")) if customer[column]]  # fmt: skip
    if not channels:
        return "No message may be sent to them."
    return f"They may be reached by {' and '.join(channels)}."


def _avoid(customer: dict[str, Any]) -> list[str]:
    reasons = [words for words, column in (
        ("a complaint is open", "has_open_complaint"), ("a refund is on its way", "has_pending_refund"),
        ("an issue is open", "has_open_issue"), ("a legal hold stands", "has_legal_hold"),
    ) if customer[column]]  # fmt: skip
    return [f"Do not sell to them now: {', '.join(reasons)}."] if reasons else []


def _count(number: int, word: str) -> str:
    return f"{number:,} {word}{'' if number == 1 else 's'}"


def _sentence(text: str) -> str:
    text = text.strip()
    return text if text.endswith((".", "!", "?")) else f"{text}."


def _row(connection: duckdb.DuckDBPyConnection, query: str, parameters: list[Any]) -> dict[str, Any]:
    relation = connection.execute(query, parameters)
    names = [column[0] for column in relation.description]
    row = relation.fetchone()
    return dict(zip(names, row, strict=True)) if row else {}
