"""Which rows a changed limit of a validation rule would release or hold back. Neither rules nor rows are changed."""

from __future__ import annotations

import json
import re
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import Any

import duckdb

from scripts.platform.errors import UserError, did_you_mean
from scripts.platform.progress import Progress, quiet
from scripts.platform.warehouse import open_warehouse
from scripts.platform.workspace import Workspace

NUMBER = re.compile(r"[+-]?[0-9]{1,14}([.][0-9]{1,4})?")
DAYS = re.compile(r"[0-9]{1,5}")
MOST_DAYS = 36500
NO_LIMIT = "none"
LIMITED = ("range", "date_range", "arithmetic")

Rule = dict[str, str]


@dataclass(frozen=True)
class Effect:
    """Effect of a limit in one channel: record versions, and their money in the reporting currency.

    `still_held` are those that another rule would still hold. For a rule that only warns, they are the rows that it
    would no longer, or newly, warn about.
    """

    channel: str | None
    released: int
    released_value: Decimal
    still_held: int
    newly_held: int
    newly_held_value: Decimal


@dataclass(frozen=True)
class RuleImpact:
    """The effect per channel, and by table the rows of other tables that would be released with the records."""

    effects: list[Effect]
    following: dict[str, int]


def rule_impact(
    workspace: Workspace,
    rule_key: str,
    *,
    channel: str | None = None,
    account: str | None = None,
    minimum: str | None = None,
    maximum: str | None = None,
    variables: dict[str, Any] | None = None,
    progress: Progress = print,
) -> RuleImpact:
    """Report the impact of another limit for a channel, an account, or all rows without a specific limit.

    A limit that is not given stays as it is; `none` removes it. Rules and rows are those of the last build. Raises
    UserError on an unknown rule or an invalid limit.
    """
    from scripts.platform.dbt import run_dbt

    rows = _rows_of(workspace, rule_key)
    rule = rows[0]
    scope = {"channel": (channel or "").strip().lower(), "account": (account or "").strip().lower()}
    changes = scope | _limits(rule, rows, scope, minimum, maximum)
    is_arithmetic = rule["rule_type"] == "arithmetic"
    call = ", ".join(
        [*(json.dumps(rule[name]) for name in ("source", "table_name", "rule_key")), str(is_arithmetic).lower()]
    )
    compiled = run_dbt(
        workspace,
        ["compile", "--inline", f"{{{{ rule_impact({call}, {json.dumps(changes)}) }}}}"],
        variables=variables,
        progress=quiet,
    )
    with open_warehouse(workspace.warehouse, read_only=True) as connection:
        found = connection.execute(compiled[0].node.compiled_code).fetchall()
    effects = [Effect(name, *numbers) for kind, name, *numbers in found if kind == "channel"]
    result = RuleImpact(
        sorted(effects, key=lambda effect: effect.channel or ""),
        {name: rows for kind, name, rows, *_ in sorted(found) if kind == "following"},
    )
    _report(rule, changes, result, progress)
    return result


def _rows_of(workspace: Workspace, rule_key: str) -> list[Rule]:
    """The rows of a rule, normalised, as of the last build; the most general first."""
    with open_warehouse(workspace.warehouse, read_only=True) as connection:
        try:
            relation = connection.sql(
                "select rule_key, source, table_name, rule_type, column_name, min_value, max_value, channel, account,"
                " severity from intermediate.int_validation_rules order by account, channel"
            )
            rows = [dict(zip(relation.columns, row, strict=True)) for row in relation.fetchall()]
            connection.execute("select 1 from intermediate.int_record_violations limit 1")
        except duckdb.CatalogException:
            raise UserError(
                f"{workspace.warehouse}: the rules have not been evaluated yet; run `python -m scripts build` first"
            ) from None
    found = [row for row in rows if row["rule_key"] == rule_key]
    if not found:
        known = sorted({row["rule_key"] for row in rows})
        hint = did_you_mean(rule_key, known, otherwise="validation_rules.csv lists the rules", cutoff=0.4)
        raise UserError(f"there is no rule `{rule_key}`; {hint}")
    if found[0]["rule_type"] not in LIMITED:
        raise UserError(
            f"rule `{rule_key}` has no limit to change, as it is of type {found[0]['rule_type']}; give another rule"
        )
    return found


def _limits(rule: Rule, rows: list[Rule], scope: Rule, minimum: str | None, maximum: str | None) -> Rule:
    """The limits to evaluate: those given, else those that apply to the scope now."""
    if minimum is None and maximum is None:
        raise UserError("--what-if: no limit to try is given; add --min, --max or both")
    kind = rule["rule_type"]
    if kind == "arithmetic" and minimum is not None:
        raise UserError(f"rule `{rule['rule_key']}` has only a tolerance; set it with --max")
    if kind == "arithmetic" and scope["account"]:
        raise UserError(f"rule `{rule['rule_key']}` has no limits by account; leave out --account")
    present = next((row for row in rows if all(row[name] == scope[name] for name in scope)), rule)
    limits = {
        "min_value": present["min_value"] if minimum is None else _limit("--min", minimum, kind),
        "max_value": present["max_value"] if maximum is None else _limit("--max", maximum, kind),
    }
    low, high = limits["min_value"], limits["max_value"]
    if kind == "range" and low and high and Decimal(low) > Decimal(high):
        raise UserError(f"--min {low} is above --max {high}; swap them")
    return limits


def _limit(option: str, text: str, kind: str) -> str:
    text = text.strip()
    if text.lower() == NO_LIMIT and kind != "arithmetic":
        return ""
    if kind == "date_range" and option == "--min":
        try:
            return date.fromisoformat(text).isoformat()
        except ValueError:
            raise UserError(f"{option} is `{text}`; write the earliest day, such as 2000-01-01") from None
    if kind == "date_range":
        if not DAYS.fullmatch(text) or int(text) > MOST_DAYS:
            raise UserError(f"{option} is `{text}`; write a whole number of days, such as 2, at most {MOST_DAYS}")
    elif not NUMBER.fullmatch(text):
        raise UserError(f"{option} is `{text}`; write a number such as 5000 or -0.5")
    return text


def _report(rule: Rule, changes: Rule, result: RuleImpact, progress: Progress) -> None:
    scope = " and ".join(f"{name} {changes[name]}" for name in ("channel", "account") if changes[name])
    limits = f"from {changes['min_value'] or 'no limit'} to {changes['max_value'] or 'no limit'}"
    progress(
        f"{rule['rule_key']} ({scope or 'wherever there is no specific row'}): {limits} instead; nothing is changed"
    )
    released, held = "released", "held back"
    if rule["severity"] == "warn":
        released, held = "no longer warned about", "newly warned about"
    for effect in result.effects:
        words = [
            f"{effect.released:,} rows worth {effect.released_value:,.2f} {released}",
            f"{effect.newly_held:,} rows worth {effect.newly_held_value:,.2f} {held}",
        ]
        if effect.still_held:
            words.append(f"{effect.still_held:,} rows still held by another rule")
        progress(f"  {effect.channel or 'no channel'}: {', '.join(words)}")
    for table, rows in result.following.items():
        progress(f"  {rows:,} rows of {table} that refer to them are released with them")
    if not result.effects:
        progress("  no row is affected")
