"""Rules from rows, in a real world: same meaning, same fingerprint; a fault stops memberships and is named."""

from __future__ import annotations

import csv
import random
from collections.abc import Callable
from pathlib import Path

import duckdb
import pytest

from scripts.dbt import run_dbt
from scripts.errors import CheckFailed
from scripts.validate import validate
from scripts.world import World

Row = dict[str, str]


def quiet(_: str) -> None:
    return None


def query(world: World, text: str) -> list[tuple[object, ...]]:
    with duckdb.connect(str(world.warehouse), read_only=True) as connection:
        return connection.execute(text).fetchall()


def fingerprints(world: World) -> dict[object, object]:
    return dict(query(world, "select segment_key, rule_fingerprint from intermediate.int_segment_rules"))  # type: ignore[arg-type]


def rewrite(world: World, change: Callable[[list[Row]], list[Row]]) -> Path:
    """Change the rows of the world's rules and build what the rule check reads."""
    file = world.seeds / "segment_rule_conditions.csv"
    with file.open(newline="", encoding="utf-8") as lines:
        rows = list(csv.DictReader(lines))
    columns = list(rows[0])
    with file.open("w", newline="", encoding="utf-8") as lines:
        writer = csv.DictWriter(lines, columns, lineterminator="\n")
        writer.writeheader()
        writer.writerows(change(rows))
    run_dbt(world, ["seed", "--select", "segment_rule_conditions"], progress=quiet)
    run_dbt(
        world,
        ["run", "--select", "int_segment_rules", "int_segment_conditions+1", "int_segment_rule_errors"],
        progress=quiet,
    )
    return file


def test_only_a_change_of_meaning_changes_the_fingerprint(demo_copy: World) -> None:
    before = fingerprints(demo_copy)

    def same_meaning(rows: list[Row]) -> list[Row]:
        random.Random(7).shuffle(rows)
        for row in rows:
            row["alternative"] = str(int(row["alternative"]) + 4)
            row["kind"] = f" {row['kind'].upper()}"
            row["value"] = "|".join(f" {item} " for item in row["value"].split("|")).replace("0.8", "0.80")
        return rows

    rewrite(demo_copy, same_meaning)
    assert fingerprints(demo_copy) == before

    def other_meaning(rows: list[Row]) -> list[Row]:
        for row in rows:
            if row["segment_key"] == "lapsed" and row["attribute"] == "days_since_last_order":
                row["value"] = "181|366"
            if row["segment_key"] == "inactive" and row["if_missing"]:
                row["if_missing"] = "true"
        return [row for row in rows if row["segment_key"] != "won_back" or row["attribute"] != "has_open_complaint"]

    rewrite(demo_copy, other_meaning)
    after = fingerprints(demo_copy)
    assert {key for key in before if before[key] != after[key]} == {"lapsed", "inactive", "won_back"}


def test_a_faulty_rule_stops_memberships_and_is_named_with_its_line(
    demo_copy: World, capsys: pytest.CaptureFixture[str]
) -> None:
    members = query(demo_copy, "select count(*) from marts.segment_memberships")

    def misspelt(rows: list[Row]) -> list[Row]:
        for row in rows:
            if row["segment_key"] == "high_value_repeat" and row["attribute"] == "order_count":
                row["attribute"] = "orders_count"
        return rows

    file = rewrite(demo_copy, misspelt)
    line = next(
        number for number, text in enumerate(file.read_text().splitlines(), start=1) if ",orders_count," in text
    )
    with pytest.raises(CheckFailed, match="1 error"):
        validate(demo_copy)
    assert (
        f"error: segment_rule_conditions.csv, line {line} (high_value_repeat, include 1, orders_count >= 3): "
        "`orders_count` is not an attribute; did you mean `order_count`?"
    ) in capsys.readouterr().out

    with pytest.raises(CheckFailed, match="did you mean `order_count`"):
        run_dbt(demo_copy, ["run", "--select", "int_segment_matches", "segment_memberships"], progress=quiet)
    with pytest.raises(CheckFailed, match="assert_segment_rules_have_no_errors"):
        run_dbt(
            demo_copy,
            ["build", "--select", "int_segment_rule_errors", "int_segment_matches", "segment_memberships"],
            progress=quiet,
        )
    assert query(demo_copy, "select count(*) from marts.segment_memberships") == members


def test_sql_in_a_value_stays_a_value(demo_copy: World) -> None:
    evil = "x'; drop table marts.customers; --\n*/ union all select 1"

    def injected(rows: list[Row]) -> list[Row]:
        nobody = {
            "segment_key": "promoters",
            "kind": "include",
            "alternative": "3",
            "attribute": "favourite_category",
            "operator": "=",
            "value": evil,
            "if_missing": "",
        }
        return [*rows, nobody]

    rewrite(demo_copy, injected)
    run_dbt(demo_copy, ["run", "--select", "segment_rules", "int_segment_percentiles+1"], progress=quiet)
    assert query(demo_copy, "select count(*) > 0 from marts.customers") == [(True,)]
    named = query(demo_copy, "select segment_key from marts.segment_rules where value like '%drop table%'")
    assert named == [("promoters",)]
