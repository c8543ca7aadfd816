"""A preview in words, for a terminal."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

from scripts.segments.preview.measuring import Preview

# Number of overlapping segments named; there are always many small ones.
OVERLAPS = 8


def as_words(result: Preview) -> list[str]:
    """The preview in lines."""
    definition, size = result.definition, result.size
    share = size / result.customers if result.customers else 0
    lines = [
        "",
        f"{definition['segment_name']} ({definition['segment_key']}), priority {definition['priority']}",
        f"  {definition['rule_text']}",
        "",
        f"Size        {size:,} of {result.customers:,} customers ({share:.1%}){_expected(definition, share)}",
    ]
    if result.entering is not None:
        lines.append(
            f"            compared with today, {result.entering:,} would enter, {result.leaving:,} would leave"
        )
    if not size:
        return [*lines, "", "Nobody is in it: loosen a condition, or run `explain` for a customer you expect in it."]
    lines += ["", *_money(result), "", "Reach"]
    for row in result.reach:
        if row["reachable"] is None:
            lines.append(f"  {row['channel']:<12}{size:>7,}  shown to all visitors")
        else:
            suppressed = f", {row['suppressed']:,} suppressed" if row["suppressed"] else ""
            lines.append(f"  {row['channel']:<12}{row['reachable']:>7,}  ({row['reachable'] / size:.0%}){suppressed}")
    lines += ["", *_overlaps(result), "", *_next_action(result), "", f"{len(result.sample)} of its members"]
    for row in result.sample:
        lines.append(f"  {row['customer_id']}")
        lines += [f"    {part['condition']}: {part['value']}" for part in row["why"]]
    return lines


def _expected(definition: dict[str, Any], share: float) -> str:
    low, high = definition["expected_min_share"], definition["expected_max_share"]
    if low is None or high is None:
        return ""
    verdict = "as expected" if low <= share <= high else "unexpected"
    return f", {verdict}: the plausible range is {low:.1%} to {high:.1%}"


def _money(result: Preview) -> list[str]:
    money, size = result.money, result.size
    lines = ["Revenue and margin of the last 365 days"]
    for name, words in (("revenue", "net revenue"), ("margin", "contribution margin")):
        if name == "margin" and not result.is_margin_known:
            lines.append(f"  {words:<20}{'not known':>14}: the cost of what they bought is not known")
            continue
        total, of_all = money[name], money[f"{name}_of_all"]
        per_head = total / size
        per_head_of_all = of_all / result.customers if result.customers else Decimal(0)
        part = f", {total / of_all:.0%} of all" if of_all > 0 and total >= 0 else ""
        times = f" ({per_head / per_head_of_all:.1f} times)" if per_head_of_all > 0 and per_head > 0 else ""
        lines.append(
            f"  {words:<20}{total:>14,.2f} {result.currency}{part}; {per_head:,.2f} per head, all customers"
            f" {per_head_of_all:,.2f}{times}"
        )
    return lines


def _overlaps(result: Preview) -> list[str]:
    if not result.overlaps:
        return ["Overlap     none with an active segment"]
    width = max(len(row["segment_key"]) for row in result.overlaps[:OVERLAPS])
    lines = ["Overlap with active segments"]
    for row in result.overlaps[:OVERLAPS]:
        lines.append(
            f"  {row['segment_key']:<{width}} {row['shared']:>7,}  {row['share_of_draft']:>4.0%} of it,"
            f" {row['share_of_other']:.0%} of theirs"
        )
    if len(result.overlaps) > OVERLAPS:
        lines.append(f"  and {len(result.overlaps) - OVERLAPS} smaller ones")
    return lines


def _next_action(result: Preview) -> list[str]:
    takes, keeps, first = (result.priorities[name] for name in ("takes", "keeps", "first"))
    taken = sum(row["customers"] for row in takes)
    lines = [f"Next action: it would decide it for {taken + first:,} of its {result.size:,} members"]
    if takes:
        lines.append("  taken from  " + ", ".join(f"{row['segment_key']} {row['customers']:,}" for row in takes))
    if first:
        lines.append(f"  had none    {first:,}")
    if keeps:
        lines.append("  stays with  " + ", ".join(f"{row['segment_key']} {row['customers']:,}" for row in keeps))
    return lines
