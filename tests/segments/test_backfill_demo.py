"""Sixty days of the demo, forward, backward and shuffled, give one history; its reasons agree with the kept values."""

from __future__ import annotations

import os
import random
import shutil
from collections.abc import Iterator
from datetime import date, timedelta
from typing import Any

import duckdb
import pytest

from scripts.platform.dbt import run_dbt
from scripts.platform.past_day import data_state
from scripts.platform.snapshots import SEGMENTS, described_day
from scripts.platform.workspace import Workspace
from scripts.segments.backfill import OTHER_SEEDS, _Kept, backfill_days
from tests.support.rule_evaluator import Base, is_met, rule_rows

DAYS = int(os.environ.get("BACKFILL_DAYS", "60"))
SAMPLE = 1000
Row = dict[str, Any]
WHAT = ("membership_changes", "segment_membership_history", "segment_sizes", "segment_memberships")


def quiet(_: str) -> None:
    return None


def table(workspace: Workspace, text: str) -> list[tuple[Any, ...]]:
    with duckdb.connect(str(workspace.warehouse), read_only=True) as connection:
        return connection.execute(text).fetchall()


@pytest.fixture(scope="module")
def histories(demo_workspace: Workspace, tmp_path_factory: pytest.TempPathFactory) -> Iterator[dict[str, Workspace]]:
    """The demo, backfilled in three orders; its days are built once and reused by the others."""
    last = described_day(demo_workspace)
    forward = [last - timedelta(days=back) for back in range(DAYS, 0, -1)]
    orders = {"forward": forward, "backward": forward[::-1], "shuffled": random.Random(3).sample(forward, DAYS)}
    found: dict[str, Workspace] = {}
    home = tmp_path_factory.mktemp("backfill")
    for name, days in orders.items():
        copy = home / name
        for part in ("landing", "seeds"):
            shutil.copytree(demo_workspace.home / part, copy / part)
        shutil.copyfile(demo_workspace.warehouse, copy / demo_workspace.warehouse.name)
        found[name] = Workspace.at(warehouse=str(copy / demo_workspace.warehouse.name))
        folders = [workspace.snapshots / SEGMENTS for workspace in (*found.values(), demo_workspace)]
        kept = next((folder for folder in folders if folder.exists()), None)
        if kept:
            shutil.copytree(kept, found[name].snapshots / kept.name, ignore=shutil.ignore_patterns("carried"))
        backfill_days(found[name], days, progress=quiet)
    yield found
    shutil.rmtree(home)


def state_of(workspace: Workspace) -> str:
    return data_state(workspace, OTHER_SEEDS)


@pytest.mark.verify
@pytest.mark.parametrize("what", WHAT)
def test_history_does_not_depend_on_the_order_of_backfill(histories: dict[str, Workspace], what: str) -> None:
    forward = table(histories["forward"], f"from marts.{what} order by all")
    assert forward
    assert table(histories["backward"], f"from marts.{what} order by all") == forward
    assert table(histories["shuffled"], f"from marts.{what} order by all") == forward


@pytest.mark.verify
def test_stays_neither_overlap_nor_have_gaps(histories: dict[str, Workspace]) -> None:
    """The members of a day are exactly the matches of that day."""
    workspace = histories["shuffled"]
    kept = _Kept(workspace, state_of(workspace))
    days = [day for (day,) in table(workspace, "select distinct as_of_date from marts.segment_sizes order by 1")]
    assert len(days) == DAYS + 1
    for day in days[:-1]:
        within = f"valid_from <= date '{day}' and coalesce(valid_to > date '{day}', true)"
        stays = table(
            workspace, f"select customer_id, segment_key from marts.segment_membership_history where {within}"
        )
        assert len(stays) == len(set(stays))
        matches = duckdb.sql(f"select customer_id, segment_key from '{kept.of(day) / 'matches.parquet'}'").fetchall()
        active = {
            key
            for (key,) in duckdb.sql(
                f"select segment_key from '{kept.of(day) / 'definitions.parquet'}' where effective_status = 'active'"
            ).fetchall()
        }
        assert {pair for pair in stays if pair[1] in active} == set(matches)


def values_of(workspace: Workspace, day: date) -> tuple[dict[str, Row], Base]:
    """The values of all customers that were kept of a day, and its percentiles."""
    folder = _Kept(workspace, state_of(workspace)).of(day)
    if not folder.exists():
        return {}, Base([])
    found = duckdb.sql(f"from '{folder / 'values.parquet'}'")
    columns = found.columns
    rows = {row["customer_id"]: row for row in (dict(zip(columns, line, strict=True)) for line in found.fetchall())}
    thresholds = duckdb.sql(
        f"select attribute_name, percentile, threshold from '{folder / 'percentiles.parquet'}'"
    ).fetchall()
    return rows, Base([], {(name, number): bar for name, number, bar in thresholds})


def is_in(verdicts: list[tuple[Row, bool]], is_person: bool) -> bool:
    def holds(kind: str) -> bool:
        alternatives = {rule["alternative"] for rule, _ in verdicts if rule["kind"] == kind}
        return any(
            all(met for rule, met in verdicts if (rule["kind"], rule["alternative"]) == (kind, alternative))
            for alternative in alternatives
        )

    return is_person and holds("include") and not holds("exclude")


def condition_of(rule: Row) -> tuple[str, ...]:
    return tuple(rule[name] for name in ("segment_key", "kind", "attribute", "operator", "value", "if_missing"))


def shown(value: Any) -> str:
    if value is None:
        return "not known"
    if isinstance(value, bool):
        return "yes" if value else "no"
    return str(round(value, 4)) if isinstance(value, float) else str(value)


@pytest.mark.verify
def test_reasons_agree_with_the_kept_values(histories: dict[str, Workspace]) -> None:
    """For sampled changes: both days' values are those stated, the conditions named did flip, and they suffice.

    They suffice if, with the named conditions as on the day before, the customer's membership would be as before.
    """
    workspace = histories["backward"]
    rules = rule_rows(workspace.seeds)
    whole = {
        key
        for (key,) in table(workspace, "select segment_key from marts.segment_library where scope = 'all'")
    }  # fmt: skip
    said = {
        tuple(cell or "" for cell in cells): text
        for *cells, text in table(
            workspace,
            "select segment_key, kind, attribute, operator, value, if_missing, condition_text from marts.segment_rules",
        )
    }
    changes = table(
        workspace,
        "select as_of_date, previous_as_of_date, customer_id, segment_key, change, reason from marts.membership_changes"
        " where reason_kind in ('condition', 'suppression') and as_of_date < (select max(as_of_date) from"
        " marts.segment_sizes) order by all",
    )
    sample = random.Random(11).sample(changes, min(SAMPLE, len(changes)))
    assert len(sample) == SAMPLE or DAYS < 60
    memory: dict[date, Any] = {}
    for day, before, customer, segment, change, reason in sample:
        for wanted in (day, before):
            if wanted not in memory:
                memory[wanted] = values_of(workspace, wanted)
        (rows, base), (old_rows, old_base) = memory[day], memory[before]
        now, then = rows[customer], old_rows.get(customer)
        verdicts = [(rule, is_met(rule, now, base, day)) for rule in rules[segment]]
        old = [(rule, then is not None and is_met(rule, then, old_base, before)) for rule in rules[segment]]
        everybody = segment in whole
        person = everybody or now["customer_type"] == "person"
        was_person = then is not None and (everybody or then["customer_type"] == "person")
        label = (day, customer, segment, change, reason)
        assert is_in(verdicts, person) == (change == "entered"), label
        assert is_in(old, was_person) == (change == "left"), label
        named = set()
        for part in reason.removeprefix("suppressed: ").removeprefix("first profiled: ").split("; "):
            hits = set()
            for number, (rule, met) in enumerate(verdicts):
                value = shown(now.get(rule["attribute"]))
                earlier = value if then is None else shown(then.get(rule["attribute"]))
                text = f"{said[condition_of(rule)]}: {value if earlier == value else f'{earlier} → {value}'}"
                if met != old[number][1] and (part == text or part.startswith(f"{text}, threshold ")):
                    hits.add(number)
            is_scope = part.startswith("customer type is person: ") and person != was_person
            assert hits or is_scope, (label, part)
            named |= hits
        undone = [(rule, old[n][1] if n in named else met) for n, (rule, met) in enumerate(verdicts)]
        still_person = was_person if "customer type is person: " in reason or then is None else person
        assert is_in(undone, still_person) == (change == "left"), label


@pytest.mark.verify
def test_a_past_day_is_evaluated_by_the_rule_of_that_day(demo_copy: Workspace) -> None:
    """The rule of `lapsed` is widened tomorrow; a past day evaluated after that still has the old rule's members."""
    last = described_day(demo_copy)
    file = demo_copy.seeds / "segment_rule_conditions.csv"
    text = file.read_text(encoding="utf-8")
    assert "days_since_last_order,between,181|365" in text
    file.write_text(text.replace("order,between,181|365", "order,between,1|365"), encoding="utf-8")
    run_dbt(demo_copy, ["seed", "--select", "segment_rule_conditions"], progress=quiet)
    recording = ["attribute_catalogue", "+segment_versions,path:models/segments/intermediate/rules", "segment_versions"]
    tomorrow = {"as_of_date": (last + timedelta(days=1)).isoformat()}
    run_dbt(demo_copy, ["run", "--select", *recording], variables=tomorrow, progress=quiet)
    versions = "select rule_version, effective_from from marts.segment_versions where segment_key = 'lapsed' order by 1"
    assert table(demo_copy, versions) == [(1, last), (2, last + timedelta(days=1))]

    day = last - timedelta(days=3)
    backfill_days(demo_copy, [day], progress=quiet)
    evaluated = f"from history.segment_evaluations where segment_key = 'lapsed' and as_of_date = date '{day}'"
    [(version, size)] = table(demo_copy, f"select rule_version, customer_count {evaluated}")
    kept = _Kept(demo_copy, state_of(demo_copy)).of(day)
    values = duckdb.sql(
        "select values.days_since_last_order from "
        f"'{kept / 'matches.parquet'}' as matches inner join '{kept / 'values.parquet'}' as values"
        " on matches.customer_id = values.customer_id where matches.segment_key = 'lapsed'"
    ).fetchall()
    assert version == 1
    assert len(values) == size > 0
    assert all(181 <= days <= 365 for (days,) in values)
