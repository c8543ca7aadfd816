"""Rules from rows, in a real workspace: an error stops memberships, and is named with its line."""

from __future__ import annotations

import csv
from collections.abc import Callable
from pathlib import Path

import duckdb
import pytest

from scripts.platform.dbt import run_dbt
from scripts.platform.errors import CheckFailed
from scripts.platform.workspace import Workspace
from scripts.segments.validate import check_rules

Row = dict[str, str]


def quiet(_: str) -> None:
    return None


def query(workspace: Workspace, text: str) -> list[tuple[object, ...]]:
    with duckdb.connect(str(workspace.warehouse), read_only=True) as connection:
        return connection.execute(text).fetchall()


def rewrite(workspace: Workspace, change: Callable[[list[Row]], list[Row]]) -> Path:
    """Change the rows of the workspace's rules and build what the rule check reads."""
    file = workspace.seeds / "segment_rule_conditions.csv"
    with file.open(newline="", encoding="utf-8") as lines:
        rows = list(csv.DictReader(lines))
    columns = list(rows[0])
    with file.open("w", newline="", encoding="utf-8") as lines:
        writer = csv.DictWriter(lines, columns, lineterminator="\n")
        writer.writeheader()
        writer.writerows(change(rows))
    run_dbt(workspace, ["seed", "--select", "segment_rule_conditions"], progress=quiet)
    run_dbt(
        workspace,
        ["run", "--select", "int_segment_cell_violations", "int_segment_conditions+,+int_segment_rule_errors"],
        progress=quiet,
    )
    return file


def test_a_faulty_rule_stops_memberships_and_is_named_with_its_line(
    demo_copy: Workspace, capsys: pytest.CaptureFixture[str]
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
        check_rules(demo_copy)
    assert (
        f"error: segment_rule_conditions.csv, line {line} (high_value_repeat, include 1, orders_count >= 3): "
        "`orders_count` is not an attribute; did you mean `order_count`?"
    ) in capsys.readouterr().out

    with pytest.raises(CheckFailed, match="did you mean `order_count`"):
        run_dbt(demo_copy, ["run", "--select", "int_segment_matches", "segment_memberships"], progress=quiet)
    with pytest.raises(CheckFailed, match="assert_seeds_have_no_violations"):
        run_dbt(
            demo_copy,
            ["build", "--select", "assert_seeds_have_no_violations", "int_segment_matches+,+segment_memberships"],
            progress=quiet,
        )
    assert query(demo_copy, "select count(*) from marts.segment_memberships") == members
