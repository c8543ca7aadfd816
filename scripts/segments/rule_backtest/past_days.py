"""Who would have matched the variants of a rule on past days, and what these people did afterwards.

A past day is built by the same models as today's, with `as_of_date` set to it, in a copy of the warehouse; the variants
are added to a copy of the seeds with the rest of the library, so that a rule may refer to other segments.
"""

from __future__ import annotations

import shutil
import tempfile
from collections.abc import Sequence
from dataclasses import replace
from datetime import date, timedelta
from pathlib import Path

import duckdb
import pandas as pd

from scripts.platform.errors import CheckFailed
from scripts.platform.past_day import build_past_day
from scripts.platform.progress import Progress, quiet, tell_share
from scripts.platform.snapshots import present_ids, sandbox
from scripts.platform.warehouse import literal, open_warehouse
from scripts.platform.workspace import Workspace
from scripts.segments.rule_backtest.measures import Measure
from scripts.segments.rule_backtest.variants import Variant
from scripts.segments.segment_library import SEED_NAMES, read_library

KEY = "variant_{}"
# Beyond every priority that a library can hold: a variant must not come before suppression.
FIRST_PRIORITY = 900_000_000
ERROR_MODELS = "+int_segment_rule_errors,path:models/segments/intermediate/rules"


def members_and_outcomes(
    workspace: Workspace,
    definition: dict[str, str],
    variants: Sequence[Variant],
    days: Sequence[date],
    measure: Measure,
    *,
    later_parameters: bool,
    progress: Progress,
) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Members (day, customer_id, variant) and outcomes (day, customer_id, value) of all customers of each day.

    Customer ids are today's. Raises CheckFailed, one line per error, when a variant has errors or cannot be computed on
    one of the days.
    """
    names = {KEY.format(number): variant.name for number, variant in enumerate(variants, start=1)}
    members, outcomes = [], []
    with tempfile.TemporaryDirectory(prefix="rules-") as folder, sandbox(workspace) as copy:
        copy = replace(copy, seeds=_seeds_with(workspace.seeds, Path(folder), definition, variants))
        _check(copy, names)
        for number, day in enumerate(days, start=1):
            progress(f"day {number} of {len(days)}: what was known on {day}")
            _evaluate(copy, day, later_parameters)
            found, done = _read(copy, workspace, day, measure, names)
            members.append(found)
            outcomes.append(done)
            tell_share(progress, number, len(days))
    return pd.concat(members, ignore_index=True), pd.concat(outcomes, ignore_index=True)


def _seeds_with(seeds: Path, folder: Path, definition: dict[str, str], variants: Sequence[Variant]) -> Path:
    """A copy of the seeds with the variants in the library, as active segments after all others."""
    target = folder / "seeds"
    shutil.copytree(seeds, target)
    library = read_library(target)
    for number, variant in enumerate(variants, start=1):
        key = {"segment_key": KEY.format(number)}
        rest = {
            "segment_name": f"Variant {number}", "priority": str(FIRST_PRIORITY + number), "status": "active",
            "tags": "variant",
        }  # fmt: skip
        library.add([{**definition, **key, **rest}], [{**row, **key} for row in variant.conditions])
    library.write()
    return target


def _check(copy: Workspace, names: dict[str, str]) -> None:
    """Raises CheckFailed with the errors of the variants."""
    from scripts.platform.dbt import run_dbt

    run_dbt(copy, ["seed", "--select", *SEED_NAMES], progress=quiet)
    run_dbt(copy, ["run", "--select", "attribute_catalogue", ERROR_MODELS], progress=quiet)
    with open_warehouse(copy.warehouse, read_only=True) as connection:
        errors = connection.execute(
            "select segment_key, reason, suggestion from intermediate.int_segment_rule_errors"
            " where severity = 'error' and list_contains($keys, segment_key) order by all",
            {"keys": list(names)},
        ).fetchall()
    if errors:
        raise CheckFailed("\n".join(f"{names[key]}: {reason}; {suggestion}" for key, reason, suggestion in errors))


def _evaluate(copy: Workspace, day: date, later_parameters: bool) -> None:
    variables = {"allow_later_parameters": True} if later_parameters else {}
    build_past_day(copy, day, ["+int_segment_matches"], variables=variables)


def _read(
    copy: Workspace, workspace: Workspace, day: date, measure: Measure, names: dict[str, str]
) -> tuple[pd.DataFrame, pd.DataFrame]:
    with open_warehouse(copy.warehouse) as connection:
        _check_computed(connection, day, names)
        connection.execute(f"attach {literal(str(workspace.warehouse))} as present (read_only)")
        ids = present_ids(connection, "marts.customer_identities", "present.marts.customer_identities")
        connection.register("ids", ids)
        members = connection.execute(
            """
            select distinct coalesce(ids.present_customer_id, matches.customer_id) as customer_id, matches.segment_key
            from intermediate.int_segment_matches as matches
            left join ids on matches.customer_id = ids.customer_id
            where list_contains($keys, matches.segment_key)
            """,
            {"keys": list(names)},
        ).df()
        outcomes = connection.execute(
            f"""
            with people as (
                select distinct coalesce(ids.present_customer_id, features.customer_id) as customer_id
                from marts.customer_features as features
                left join ids on features.customer_id = ids.customer_id
            ),
            bought as (
                select customer_id, count(*) as orders, sum(net_revenue) as revenue, sum(contribution_margin) as margin
                from present.marts.order_margins
                where is_counted and ordered_date > $begin and ordered_date <= $end
                group by customer_id
            ),
            engaged as (
                select customer_id, sum(email_human_open_count + email_click_count) as responses
                from present.marts.engagement_daily
                where activity_date > $begin and activity_date <= $end
                group by customer_id
            )
            select people.customer_id, cast(coalesce({OUTCOME_SQL[measure.outcome]}, 0) as double) as value
            from people
            left join bought on people.customer_id = bought.customer_id
            left join engaged on people.customer_id = engaged.customer_id
            order by people.customer_id
            """,
            {"begin": day, "end": day + timedelta(days=measure.days)},
        ).df()
    members["variant"] = members.pop("segment_key").map(names)
    return members.assign(day=day), outcomes.assign(day=day)


# An outcome of measures.OUTCOMES as SQL over a customer's purchases and responses.
OUTCOME_SQL = {
    "margin": "bought.margin",
    "revenue": "bought.revenue",
    "orders": "bought.orders",
    "ordered": "case when bought.orders > 0 then 1 end",
    "responded": "case when engaged.responses > 0 then 1 end",
}


def _check_computed(connection: duckdb.DuckDBPyConnection, day: date, names: dict[str, str]) -> None:
    """Raises CheckFailed when a variant could not be computed on the day, with the reason and the fix."""
    found = connection.execute(
        "select segment_key, coalesce(missing_attributes, unavailable_reasons) from intermediate.int_segment_rules"
        " where list_contains($keys, segment_key) and coalesce(missing_attributes, unavailable_attributes) is not null",
        {"keys": list(names)},
    ).fetchall()
    if found:
        hint = (
            "; --allow-later-parameters scores past days with models fitted later"
            if any("model" in (reason or "") for _, reason in found)
            else ""
        )
        raise CheckFailed(
            "\n".join(f"{names[key]}: cannot be computed on {day}: {reason}{hint}" for key, reason in found)
        )
