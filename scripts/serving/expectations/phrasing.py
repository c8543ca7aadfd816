"""Measures and numbers in words, for readers who do not know the profiles."""

from __future__ import annotations

from typing import Any

from scripts.serving.expectations.limits import Limit

PERIODS = {
    "day": "on the last day",
    "week": "in the last 7 days",
    "month": "in the last 28 days",
    "history": "in all history",
}
MEASURES = {
    "order_count": "number",
    "line_count": "number",
    "visit_count": "number",
    "ticket_count": "number",
    "email_count": "number of e-mails",
    "new_customer_count": "number of new customers",
    "unknown_sku_share": "share of products missing from the catalogue",
    "linked_share": "share with a known customer",
    "no_country_share": "share without a country",
    "no_rate_share": "share in a currency without exchange rate",
    "typical_value": "typical value",
    "psi": "population stability index",
}


def subject_text(profile_name: str, slice_name: str, measure: str) -> str:
    """What was checked, such as `orders, store: typical value`."""
    words = MEASURES.get(measure, measure.replace("_", " "))
    about = profile_name.replace("_", " ")
    where = {"all": "", "*": ", each channel"}.get(slice_name, f", {slice_name}")
    return f"{about}{where}: {words}"


def seen_text(limit: Limit, row: dict[str, Any]) -> str:
    """What was observed, in the measure's own unit, with the usual value."""
    if not row:
        return "nothing."
    period = PERIODS[limit.period]
    if limit.suite == "cross_field":
        return f"{row['faulty_rows']:,} of {row['basis_rows']:,} {period}{_share(row['faulty_share'])}."
    if limit.suite == "distribution":
        psi, chance = row["psi"], row["psi_by_chance"]
        return (
            f"an index of {_number(psi)}, of which up to {_number(chance)} is explained by chance; "
            f"{row['basis_rows']:,} rows {period}, {row['history_count']:,} in the 52 weeks before."
        )
    kind = row["measure_kind"]
    observed = _in_kind(kind, row["observed"])
    if row["expected"] is None:
        return f"{observed} {period}; nothing earlier to compare with."
    return f"{observed} {period}, usually {_in_kind(kind, row['expected'])}."


def _share(value: float | None) -> str:
    return "" if value is None else f" ({value:.1%})"


def _in_kind(kind: str, value: float | None) -> str:
    if value is None:
        return "nothing"
    return f"{value:.1%}" if kind == "share" else _number(value)


def _number(value: float | None) -> str:
    if value is None:
        return "unknown"
    if value == 0 or abs(value) >= 100:
        return f"{value:,.0f}"
    return f"{value:,.2f}" if abs(value) >= 1 and value != int(value) else f"{value:.3g}"
