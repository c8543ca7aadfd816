"""The generic test `shape` finds violations, says where and how often, and passes valid and empty relations."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from scripts.platform import dbt
from scripts.platform.errors import CheckFailed
from scripts.platform.workspace import PROJECT, Workspace

ORDERS = """
select * from (values
    ('a', 1, 'paid', 0.5, 'x', 'x@example.com', date '2026-01-01', 1),
    ('a', 2, 'it''s', 1.0, 'x', null, date '2026-01-02', 2),
    ('b', 1, null, null, 'y', 'y@example.com', date '2026-01-03', 5)
) as t(order_id, line_number, status, rate, customer_id, email, ordered_date, stars)
"""
SHAPE = """
            keys: [[order_id, line_number], ordered_date, [customer_id, "coalesce(status, '')"], [email, customer_id]]
            nullable: [email]
            not_null: [customer_id, order_id]
            accepted:
              status: [paid, "it's", none]
              stars: [1, 2, 5]
            ranges:
              rate: {min: 0, max: "line_number / 1.0"}
              ordered_date: {max: "date '2026-01-03'"}
"""
# Further rows that break one part of the shape, and how a build reports them.
BROKEN = {
    "twice": (
        "('a', 1, 'none', 0, 'z', 'z@example.com', date '2025-01-01', 1)",
        ["unique order_id, line_number: 1 failure, such as order_id=a, line_number=1"],
    ),
    "twice_by_another_key": (
        "('c', 1, 'none', 0, 'z', 'z@example.com', date '2026-01-01', 1)",
        ["unique ordered_date: 1 failure, such as ordered_date=2026-01-01"],
    ),
    "twice_by_an_expression": (
        "('c', 1, null, 0, 'y', 'z@example.com', date '2025-01-01', 1)",
        ["unique customer_id, coalesce(status, ''): 1 failure, such as customer_id=y, coalesce(status, '')="],
    ),
    "twice_by_null": (
        "('c', 1, 'none', 0, 'x', null, date '2025-01-01', 1)",
        ["unique email, customer_id: 1 failure, such as email=(not shown), customer_id=x"],
    ),
    "null_in_a_key": (
        "('c', null, 'none', 0, 'z', 'z@example.com', date '2025-01-01', 1)",
        ["not_null line_number: 1 failure, such as order_id=c, line_number=null"],
    ),
    "null": (
        "('c', 1, 'none', 0, null, 'z@example.com', date '2025-01-01', 1)",
        ["not_null customer_id: 1 failure, such as order_id=c, line_number=1"],
    ),
    "not_accepted": (
        "('c', 1, 'lost', 0, 'z', 'z@example.com', date '2025-01-01', 4),"
        " ('c', 2, 'gone', 0, 'z', 'u@example.com', date '2025-01-02', 1)",
        [
            "accepted stars: 1 failure, such as stars=4, order_id=c, line_number=1",
            "accepted status: 2 failures, such as status=gone, order_id=c, line_number=2",
        ],
    ),
    "out_of_range": (
        "('c', 1, 'none', 1.5, 'z', 'z@example.com', date '2026-01-04', 1),"
        " ('c', 2, 'none', -0.1, 'u', 'u@example.com', date '2025-01-02', 1)",
        [
            "ranges ordered_date: 1 failure, such as ordered_date=2026-01-04, order_id=c, line_number=1",
            "ranges rate: 2 failures, such as rate=-0.1, order_id=c, line_number=2",
        ],
    ),
}
# It breaks every part of the shape.
WORST = "('a', 1, 'lost', 2, null, 'x@example.com', date '2025-01-01', 1)"


def quiet(_: str) -> None:
    """Says nothing."""


@pytest.fixture
def workspace(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Workspace:
    """A project that contains only the test, and a workspace to build it in."""
    project = tmp_path / "project"
    for folder in ("models", "macros", "seeds"):
        (project / folder).mkdir(parents=True)
    shutil.copytree(PROJECT / "tests" / "dbt" / "generic", project / "tests" / "dbt" / "generic")
    shutil.copyfile(PROJECT / "profiles.yml", project / "profiles.yml")
    (project / "dbt_project.yml").write_text(
        "name: shapes\nconfig-version: 2\nprofile: customer_segmentation\nmodel-paths: [models]\n"
        "test-paths: [tests/dbt]\nflags: {send_anonymous_usage_stats: false}\n"
    )
    monkeypatch.setattr(dbt, "PROJECT", project)
    return Workspace.at(warehouse=str(tmp_path / "warehouse.duckdb"), seeds=str(project / "seeds"))


def add_model(name: str, rows: str, *, arguments: str = SHAPE, more: str = "", config: str = "") -> None:
    """A model of these rows with a shape of these arguments."""
    models = dbt.PROJECT / "models"
    (models / f"{name}.sql").write_text(f"{config}\n{rows}")
    (models / f"{name}.yml").write_text(
        f"models:\n  - name: {name}\n    data_tests:\n      - shape:\n          arguments: {arguments}{more}"
    )


def with_rows(more: str) -> str:
    """The valid orders, and more rows."""
    return f"{ORDERS} union all select * from (values {more}) as more(a, b, c, d, e, f, g, h)"


def failures(workspace: Workspace) -> list[str]:
    """The lines with which a build fails, sorted; none when it succeeds."""
    try:
        dbt.run_dbt(workspace, ["build"], progress=quiet)
    except CheckFailed as problem:
        return sorted(str(problem).splitlines())
    return []


def test_valid_and_empty_relations_pass(workspace: Workspace) -> None:
    add_model("sound", ORDERS)
    add_model("sound_view", ORDERS, config="{{ config(materialized='view') }}")
    add_model("empty", f"{ORDERS} where false")
    assert failures(workspace) == []


def test_what_breaks_a_shape_is_named(workspace: Workspace) -> None:
    expected = []
    for name, (rows, lines) in BROKEN.items():
        for kind in ("table", "view"):
            add_model(f"{name}_{kind}", with_rows(rows), config=f"{{{{ config(materialized='{kind}') }}}}")
            expected += [f"{name}_{kind}: {line}" for line in lines]
    assert failures(workspace) == sorted(expected)


def test_rows_that_may_hold_identifiers_are_only_counted(workspace: Workspace) -> None:
    found = ["accepted status", "not_null customer_id", "ranges rate", "unique order_id, line_number"]
    for schema in ("pii", "activation"):
        add_model(f"in_{schema}", with_rows(WORST), config=f"{{{{ config(schema='{schema}') }}}}")
    add_model("some_rows", with_rows(WORST), more="          config: {where: \"order_id = 'a'\"}\n")
    add_model("never_stored", with_rows(WORST), config="{{ config(materialized='ephemeral') }}")
    assert failures(workspace) == [
        f"{name}: {rule}: 1 failure"
        for name in ("in_activation", "in_pii", "never_stored", "some_rows")
        for rule in found
    ]


def test_values_exist_in_the_parent_and_conditions_hold_in_every_row(workspace: Workspace) -> None:
    arguments = """
            keys: [[order_id, line_number]]
            parents: {customer_id: ref('customers'), email: ref('customers')}
            holds:
              the rate has a status: status is not null or rate is null
              stars are few: stars < 6
"""
    customers = "('x', 'x@example.com'), ('y', 'y@example.com'), (null, null)"
    (dbt.PROJECT / "models" / "customers.sql").write_text(
        f"select * from (values {customers}) as t(customer_id, email)"
    )
    add_model("sound", ORDERS, arguments=arguments)
    assert failures(workspace) == []
    add_model("orphan", with_rows("('c', 1, 'none', 0, 'z', null, date '2025-01-01', 1)"), arguments=arguments)
    add_model("untrue", with_rows("('c', 1, null, 0, 'x', null, date '2025-01-01', null)"), arguments=arguments)
    assert failures(workspace) == [
        "orphan: parents customer_id: 1 failure, such as order_id=c, line_number=1",
        "untrue: holds the rate has a status: 1 failure, such as order_id=c, line_number=1",
    ]


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        ("{not_null: [order_id]}", "orders: its shape needs `keys`"),
        ("{keys: [], not_null: [order_id]}", "orders: its shape needs `keys`"),
        ("{keys: order_id}", "orders: its shape needs `keys`"),
        ("{keys: [order_id], ranges: {rate: {mim: 0}}}", "orders: the range of `rate` in its shape needs `min`, `max`"),
        ("{keys: [order_id], ranges: {rate: {}}}", "orders: the range of `rate` in its shape needs `min`, `max`"),
        ("{keys: [order_id], nonnull: [rate]}", "nonnull"),
    ],
)
def test_an_invalid_shape_is_refused_before_anything_runs(workspace: Workspace, arguments: str, said: str) -> None:
    add_model("orders", ORDERS, arguments=arguments)
    (line,) = failures(workspace)
    assert said in line
    assert not workspace.warehouse.exists()
