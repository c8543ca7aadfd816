"""Measures the evaluation of segment rules against the same conditions written by hand as one statement.

The customers are invented directly in the warehouse, with the attributes that the rules read; the rules go where their
seeds would be. What dbt compiles from them is then run and timed on one connection, next to the statement one would
write by hand for the same memberships: one `union all` over the features, percentiles as subqueries, rules of other
segments copied in.
"""

from __future__ import annotations

import random
import re
import shutil
import time
from dataclasses import dataclass
from pathlib import Path

import duckdb

from scripts.platform.dbt import run_dbt
from scripts.platform.errors import CheckFailed
from scripts.platform.progress import Progress, quiet
from scripts.platform.warehouse import literal, open_warehouse, quote
from scripts.platform.workspace import BUSINESS_SEEDS, Workspace
from scripts.segments.operators import SEED

DAY = "2026-06-30"
SEGMENTS = 100
CONDITIONS = 500
THREADS = 2
GOAL_RATIO = 3.0
# The models from rules to matches, in the order in which they run.
EVALUATION = ("int_segment_percentiles_of_buyers", "int_segment_matches", "int_segment_percentiles")
# Attributes of an invented customer, as SQL over $r, a separate random number between 0 and 1 for each.
FEATURES = {
    "order_count": "cast(floor($r * $r * 12) as bigint)",
    "order_count_180d": "cast(floor($r * $r * 5) as bigint)",
    "days_since_last_order": "case when $r > 0.2 then cast(floor($r * 900) as bigint) end",
    "visit_count_30d": "cast(floor($r * $r * 20) as bigint)",
    "net_revenue": "cast($r * $r * 2000 as decimal(18, 2))",
    "contribution_margin": "cast($r * 900 - 100 as decimal(18, 2))",
    "contribution_margin_rate": "case when $r > 0.1 then $r - 0.2 end",
    "full_price_share": "case when $r > 0.1 then $r end",
    "unit_return_rate": "case when $r > 0.2 then $r * $r end",
    "last_order_date": "case when $r > 0.2 then cast(date '2026-06-30' - cast($r * 900 as int) as date) end",
    "has_open_complaint": "$r < 0.03",
    "is_email_contactable": "$r < 0.6",
    "favourite_category": "split_part('Garden|Kitchen|Pets|Sports', '|', cast(floor($r * 4) as int) + 1)",
    "bought_categories": "case when $r < 0.3 then '' when $r < 0.6 then 'Garden|Pets' else 'Kitchen|Pets|Sports' end",
}
NUMBERS = {
    "order_count": (1, 6), "order_count_180d": (1, 3), "days_since_last_order": (30, 700), "visit_count_30d": (1, 9),
    "net_revenue": (50, 1500), "contribution_margin": (0, 500), "contribution_margin_rate": (0, 0.6),
    "full_price_share": (0.1, 0.9), "unit_return_rate": (0.1, 0.6),
}  # fmt: skip


@dataclass(frozen=True)
class Condition:
    """A row of the seed, and the same condition as hand-written SQL."""

    kind: str
    alternative: int
    attribute: str
    operator: str
    value: str
    sql: str


def benchmark_segments(workspace: Workspace, *, customers: int = 1_000_000, progress: Progress = print) -> float:
    """Evaluate 100 segments with 500 conditions on invented customers, and print the comparison with one statement.

    Returns the time of all evaluation models together (percentiles and memberships) as a multiple of the hand-written
    statement's. Raises CheckFailed if the two find different memberships.
    """
    own, rules = invented_workspace(workspace.home / "segments_benchmark", customers)
    progress(f"{customers:,} customers, {len(rules)} segments, {sum(map(len, rules.values()))} conditions")
    results = run_dbt(own, ["run", "--select", *EVALUATION], variables={"as_of_date": DAY}, progress=quiet)
    compiled = {
        result.node.name: str(result.node.compiled_code) for result in results if result.node.name in EVALUATION
    }
    with open_warehouse(own.warehouse) as connection:
        connection.execute(f"set threads = {THREADS}")
        by_hand = "\nunion all\n".join(_statement(key, rules) for key in rules)
        seconds = {}
        for name in EVALUATION:
            seconds[name] = _seconds(connection, f"create or replace table intermediate.{name} as {compiled[name]}")
        hand = _seconds(connection, f"create table by_hand as {by_hand}")
        ours, theirs = (
            connection.execute(
                f"select count(*), sum(hash(customer_id, segment_key) % 1000000007) from {table}"
            ).fetchall()[0]
            for table in ("intermediate.int_segment_matches", "by_hand")
        )
    if ours != theirs:
        raise CheckFailed(
            f"benchmark of segments: {ours[0]:,} memberships differ from the "
            f"{theirs[0]:,} found by the hand-written statement"
        )
    total = sum(seconds.values())
    for name, spent in seconds.items():
        progress(f"    {name:<34} {spent:6.2f} s")
    ratio = total / hand
    progress(
        f"  {ours[0]:,} memberships, equal; evaluation {total:.1f} s, one statement by hand {hand:.1f} s:"
        f" {ratio:.2f} times (goal: under {GOAL_RATIO:.0f})"
    )
    shutil.rmtree(own.home, ignore_errors=True)
    return ratio


def invented_workspace(home: Path, customers: int) -> tuple[Workspace, dict[str, list[Condition]]]:
    """A new workspace in `home` whose warehouse holds invented customers and rules, and the rules."""
    shutil.rmtree(home, ignore_errors=True)
    own = Workspace.at(warehouse=str(home / "warehouse.duckdb"))
    shutil.copytree(BUSINESS_SEEDS, own.seeds)
    rules = invented_rules(random.Random(1))
    with open_warehouse(own.warehouse) as connection:
        _fill(connection, rules, customers)
    return own, rules


def invented_rules(chance: random.Random) -> dict[str, list[Condition]]:
    """100 rules of 5 conditions: two include alternatives and an exclude; every tenth refers to an earlier segment."""
    rules: dict[str, list[Condition]] = {}
    for number in range(SEGMENTS):
        places = [("include", 1), ("include", 1), ("include", 2), ("include", 2), ("exclude", 1)]
        conditions = [_condition(chance, kind, alternative) for kind, alternative in places]
        if number >= 10 and number % 10 == 0:
            other = f"segment_{chance.randrange(number // 10) if number < 60 else (number // 10 - 5) * 10}"
            member = f"segment:{other}"
            conditions[0] = Condition("include", 1, member, "is_member", "", f"({_where(rules[other], rules)})")
        rules[f"segment_{number}"] = conditions
    return rules


def _condition(chance: random.Random, kind: str, alternative: int) -> Condition:
    def made(attribute: str, operator: str, value: str, sql: str) -> Condition:
        return Condition(kind, alternative, attribute, operator, value, sql)

    pick = chance.random()
    if kind == "exclude":
        return made("has_open_complaint", "is_true", "", "has_open_complaint")
    if pick < 0.1:
        return made("is_email_contactable", "is_true", "", "is_email_contactable")
    if pick < 0.2:
        text = chance.choice(["Garden", "Kitchen", "Pets"])
        return made("favourite_category", "=", text, f"favourite_category = {literal(text)}")
    if pick < 0.3:
        text = chance.choice(["Garden", "Kitchen", "Sports"])
        has = f"contains('|' || bought_categories || '|', {literal(f'|{text}|')})"
        return made("bought_categories", "has_any", text, has)
    if pick < 0.4:
        days = chance.randint(30, 365)
        return made("last_order_date", ">=", f"-{days}d", f"last_order_date >= date {literal(DAY)} - {days}")
    name = chance.choice(list(NUMBERS))
    low, high = NUMBERS[name]
    value = round(chance.uniform(low, high), 0 if isinstance(high, int) else 2)
    text = f"{value:.0f}" if isinstance(high, int) else f"{value:.2f}"
    if pick < 0.5:
        share = chance.choice([10, 25, 50, 75, 90])
        threshold = (
            f"(select quantile_cont(cast({name} as double), {share / 100}) from marts.customer_features"
            " where order_count >= 1)"
        )
        return made(name, ">=", f"pct:{share}", f"{name} >= {threshold}")
    operator = chance.choice([">=", "<", ">"])
    return made(name, operator, text, f"{name} {operator} {text}")


def _where(conditions: list[Condition], rules: dict[str, list[Condition]]) -> str:
    alternatives: dict[tuple[str, int], list[str]] = {}
    for one in conditions:
        alternatives.setdefault((one.kind, one.alternative), []).append(one.sql)
    include = " or ".join(f"({' and '.join(tests)})" for (kind, _), tests in alternatives.items() if kind == "include")
    exclude = [
        f"not coalesce({' and '.join(tests)}, false)" for (kind, _), tests in alternatives.items() if kind == "exclude"
    ]
    return " and ".join([f"({include})", *exclude, "customer_type = 'person'"])


def _statement(key: str, rules: dict[str, list[Condition]]) -> str:
    columns = f"as_of_date, customer_id, {literal(key)} as segment_key"
    return f"select {columns} from marts.customer_features where {_where(rules[key], rules)}"


def _fill(connection: duckdb.DuckDBPyConnection, rules: dict[str, list[Condition]], customers: int) -> None:
    """Write the features of invented customers, and the rules as their seeds would hold them."""
    for schema in ("seeds", "marts", "intermediate"):
        connection.execute(f"create schema {schema}")
    columns = []
    for name, text in FEATURES.items():
        chance = f"((hash(i, {literal(name)}) % 1000003) / 1000003.0)"
        columns.append(f"{re.sub('[$]r', chance, text)} as {quote(name)}")
    connection.execute(
        "create table marts.customer_features as select md5(cast(i as varchar)) as customer_id,"
        f" cast({literal(DAY)} as date) as as_of_date,"
        f" case when i % 20 = 0 then 'staff' else 'person' end as customer_type, {', '.join(columns)}"
        f" from range({customers}) as people (i)"
    )
    connection.execute(
        "create table seeds.segment_rule_conditions (segment_key varchar, kind varchar, alternative varchar,"
        " attribute varchar, operator varchar, value varchar, if_missing varchar)"
    )
    for key, conditions in rules.items():
        for one in conditions:
            connection.execute(
                "insert into seeds.segment_rule_conditions values (?, ?, ?, ?, ?, ?, null)",
                [key, one.kind, str(one.alternative), one.attribute, one.operator, one.value or None],
            )
    connection.execute(
        "create table seeds.segment_definitions as select distinct segment_key, 'active' as status, 'people' as scope"
        " from seeds.segment_rule_conditions"
    )
    operators = f"read_csv({literal(str(SEED))}, delim = ',', header = true)"
    connection.execute(f"create table seeds.segment_operators as from {operators}")


def _seconds(connection: duckdb.DuckDBPyConnection, statement: str) -> float:
    started = time.monotonic()
    connection.execute(statement)
    return time.monotonic() - started
