"""Backtests a rule: evaluates its variants on past days and prints what their members did afterwards."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, timedelta

import pandas as pd

from scripts.platform.errors import UserError
from scripts.platform.estimates import Estimate
from scripts.platform.progress import Progress
from scripts.platform.settings import built_settings
from scripts.platform.snapshots import described_day
from scripts.platform.workspace import Workspace
from scripts.segments.rule_backtest.compare import FEWEST, Comparison, compare
from scripts.segments.rule_backtest.measures import OUTCOMES, Measure, measure_of
from scripts.segments.rule_backtest.past_days import members_and_outcomes
from scripts.segments.rule_backtest.variants import variants
from scripts.segments.segment_library import CONDITIONS, read_library

DAYS = 3
DAYS_APART = 30


def backtest_rule(
    workspace: Workspace,
    segment_key: str,
    *,
    vary: Sequence[str] = (),
    without: Sequence[str] = (),
    days: Sequence[date] | None = None,
    outcome: str | None = None,
    horizon: int | None = None,
    later_parameters: bool = False,
    progress: Progress = print,
) -> list[Comparison]:
    """Compare variants of a segment's rule on past days by the outcome that its success measure names.

    `days`: days of evaluation (default: three, 30 days apart, the last as late as the horizon allows). Nothing is
    written. Raises UserError for what cannot be varied, counted or evaluated, CheckFailed where a variant or the
    library has errors.
    """
    library = read_library(workspace.seeds)
    definition, conditions = library.definition(segment_key), library.conditions_of(segment_key)
    if not conditions:
        raise UserError(
            f"segment `{segment_key}` has no condition in {workspace.seeds / CONDITIONS}; write its rule first"
        )
    measure = measure_of(segment_key, definition["success_measure"], outcome, horizon)
    found = variants(conditions, vary, without)
    last = described_day(workspace) - timedelta(days=measure.days)
    wanted = sorted(set(days)) if days else [last - timedelta(days=DAYS_APART * number) for number in range(DAYS)][::-1]
    if wanted[-1] > last:
        raise UserError(f"the {measure.days} days after {wanted[-1]} are not over; give a day up to {last}")
    progress(f"{segment_key}: {len(found)} rules on {', '.join(map(str, wanted))}, by {measure.words}")
    members, outcomes = members_and_outcomes(
        workspace, definition, found, wanted, measure, later_parameters=later_parameters, progress=progress
    )
    current = next(variant.name for variant in found if variant.is_current)
    comparisons = compare(members, outcomes, current, [variant.name for variant in found])
    for line in table(comparisons, outcomes, measure, built_settings(workspace)["reporting_currency"]):
        progress(line)
    return comparisons


def table(comparisons: list[Comparison], outcomes: pd.DataFrame, measure: Measure, currency: str) -> list[str]:
    """The comparison as lines of text: one row a rule, and how to read it."""
    money = f" ({currency})" if measure.outcome in ("margin", "revenue") else ""
    width = max(len(comparison.variant) for comparison in comparisons) + 2
    title = OUTCOMES[measure.outcome] + money
    lines = [f"{'rule':<{width}}{'members':>9}{title:>38}{'added':>28}{'dropped':>28}"]
    for row in comparisons:
        lines.append(
            f"{row.variant:<{width}}{row.members:>9,.0f}{_estimate(row.mean):>38}"
            f"{_group(row.added, row.mean_added):>28}{_group(row.dropped, row.mean_dropped):>28}"
        )
    overall = outcomes["value"].mean()
    lines += [
        f"members: daily average. {measure.words}, with its 95 % interval; for all customers: {_plain(overall)}.",
        "added, dropped: people a day compared with the current rule (the first), with their own outcome.",
        f"No figure is given for fewer than {FEWEST} people. Outcomes are what people did, not the effect of contact.",
    ]
    compared = [row for row in comparisons if row.difference is not None]
    clear = [row for row in compared if row.difference is not None and row.difference.low * row.difference.high > 0]
    for row in clear:
        assert row.difference is not None
        word = "above" if row.difference.value > 0 else "below"
        lines.append(
            f"{row.variant}: {_plain(abs(row.difference.value))} per member {word} the current rule"
            f" (95 % interval {_plain(row.difference.low)} to {_plain(row.difference.high)})"
        )
    if compared and not clear:
        lines.append("No variant's members differ from those of the current rule by more than chance.")
    return lines


def _estimate(estimate: Estimate | None) -> str:
    if estimate is None:
        return "too few"
    return f"{_plain(estimate.value)} [{_plain(estimate.low)}, {_plain(estimate.high)}]"


def _group(count: float, estimate: Estimate | None) -> str:
    if not count:
        return "nobody"
    return f"{count:,.0f}: {_estimate(estimate)}"


def _plain(value: float) -> str:
    return f"{value:,.3f}" if abs(value) < 10 else f"{value:,.2f}"
