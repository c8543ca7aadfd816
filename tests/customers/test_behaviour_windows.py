"""One row of a seed defines an attribute: recounted with pandas from the landing files, described, used in a rule."""

from __future__ import annotations

import csv
import json
import shutil
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
import yaml

from scripts.pipeline import steps
from scripts.platform.dbt import rendered, run_dbt
from scripts.platform.errors import CheckFailed
from scripts.platform.warehouse import open_warehouse
from scripts.platform.workspace import PROJECT, Workspace

NAME = "product_view_count_14d"
LAST_DAY = pd.Timestamp("2026-06-30").date()
FIRST_DAY = pd.Timestamp("2026-06-17").date()  # 14 days with the last one
END = pd.Timestamp("2026-06-30 23:00:00")  # end of the last day in London, as UTC
WEB_TABLES = ("pages", "product_viewed", "product_added", "order_completed", "identifies")


def quiet(_: str) -> None:
    return None


def frame(workspace: Workspace, sql: str) -> pd.DataFrame:
    with open_warehouse(workspace.warehouse, read_only=True) as connection:
        return connection.execute(sql).df()


def landed(workspace: Workspace, table: str) -> pd.DataFrame:
    """The latest version of each web event received by the end of the last day, from the landing files."""
    files = sorted((workspace.landing / "web" / table).glob("*.parquet"))
    rows = pd.concat([pd.read_parquet(file) for file in files], ignore_index=True)
    for column in ("timestamp", "received_at"):
        rows[column] = pd.to_datetime(rows[column])
    rows = rows[(rows["received_at"] < END) & (rows["timestamp"] < END)]
    return rows.sort_values("received_at").drop_duplicates("id", keep="last")


def rewrite(file: Path, change: dict[str, str], *, like: str | None = None) -> None:
    """Add one row to a seed: the cells of `change`, the others empty or as in the row whose first cell is `like`."""
    with file.open(newline="", encoding="utf-8") as lines:
        rows = list(csv.DictReader(lines))
    first = next(iter(rows[0]))
    model = next((row for row in rows if row[first] == like), dict.fromkeys(rows[0], ""))
    with file.open("w", newline="", encoding="utf-8") as lines:
        writer = csv.DictWriter(lines, list(rows[0]), lineterminator="\n")
        writer.writeheader()
        writer.writerows([*rows, model | change])


@pytest.fixture(scope="module")
def workspace(demo_workspace: Workspace, tmp_path_factory: pytest.TempPathFactory) -> Workspace:
    """The small demo with one more window and one more segment whose rule reads it."""
    home = tmp_path_factory.mktemp("windows")
    shutil.copytree(demo_workspace.seeds, home / "seeds")
    shutil.copyfile(demo_workspace.warehouse, home / "warehouse.duckdb")
    copy = Workspace.at(
        landing=str(demo_workspace.landing), warehouse=str(home / "warehouse.duckdb"), seeds=str(home / "seeds")
    )
    rewrite(copy.seeds / "behaviour_windows.csv", {"attribute_name": NAME, "event": "product_view", "days": "14"})
    rewrite(
        copy.seeds / "segment_definitions.csv",
        {"segment_key": "keen_lookers", "segment_name": "Keen lookers", "priority": "77", "status": "active"},
        like="lapsed",
    )
    rule = {"segment_key": "keen_lookers", "kind": "include", "attribute": NAME, "operator": ">="}
    rewrite(copy.seeds / "segment_rule_conditions.csv", rule | {"alternative": "1", "value": "3"})
    rewrite(copy.seeds / "segment_rule_conditions.csv", rule | {"alternative": "2", "value": "pct:97"})
    models = (
        "behaviour_windows segment_definitions segment_rule_conditions"
        " int_behaviour_window_errors customer_behaviour_windows attribute_catalogue"
        " +segment_explanations,path:models/segments"
    )
    run_dbt(
        copy,
        ["build", "--select", *models.split(), "--exclude-resource-type", "unit_test", "test"],
        progress=quiet,
    )
    return copy


def test_the_seed_accepts_exactly_the_computable_events_and_measures() -> None:
    computed = json.loads(rendered("{{ tojson([behaviour_events() | list, behaviour_measures() | list]) }}", {}))
    declared = yaml.safe_load((PROJECT / "seeds/reference/_business__behaviour.yml").read_text(encoding="utf-8"))
    accepted = {
        column["name"]: column["config"]["meta"].get("accepted")
        for column in declared["seeds"][0]["columns"]
        if "config" in column
    }
    assert [accepted["event"], accepted["measure"]] == computed


def test_counts_equal_those_of_the_landing_files(workspace: Workspace) -> None:
    """Browser owners are derived independently too, except shared ones and those known only by an address or order."""
    events = {table: landed(workspace, table) for table in WEB_TABLES}
    logins = pd.concat([rows[["anonymous_id", "user_id"]] for rows in events.values()]).dropna().drop_duplicates()
    identities = frame(
        workspace,
        "select source_profile_id as user_id, customer_id from intermediate.int_customer_identities"
        " where source_system = 'shopify'",
    )
    logins = logins.merge(identities, on="user_id", how="left")
    unclear = set(logins[logins["customer_id"].isna()]["anonymous_id"])
    for table in ("order_completed", "identifies"):
        unclear |= set(events[table][events[table]["user_id"].isna()]["anonymous_id"])
    people = logins.groupby("anonymous_id")["customer_id"].agg(["nunique", "first"])
    unclear |= set(people[people["nunique"] != 1].index)
    owners = people[~people.index.isin(unclear)]["first"]

    views = events["product_viewed"]
    days = views["timestamp"].dt.tz_localize("UTC").dt.tz_convert("Europe/London").dt.date
    views = views[(days >= FIRST_DAY) & (days <= LAST_DAY)]
    expected = views["anonymous_id"].map(owners).dropna().value_counts()

    found = frame(workspace, f"select customer_id, {NAME} from marts.customer_behaviour_windows").set_index(
        "customer_id"
    )
    pairs = frame(workspace, "select distinct customer_id, anonymous_id from intermediate.int_web_events")
    elsewhere = pairs[pairs["anonymous_id"].isin(unclear)]["customer_id"].dropna()
    compared = found[~found.index.isin(elsewhere)][NAME]
    assert (compared == expected.reindex(compared.index).fillna(0)).all()
    assert (compared > 0).sum() > 10
    # No event is lost on the way to the table of events, and none is duplicated.
    ids = frame(workspace, "select event_id from intermediate.int_web_events where event_type = 'product_view'")[
        "event_id"
    ]
    assert ids.is_unique and set(events["product_viewed"]["id"]) == set(ids)


def test_the_attribute_is_described_in_catalogue_and_database(workspace: Workspace) -> None:
    catalogue = frame(workspace, f"select * from marts.attribute_catalogue where attribute_name = '{NAME}'").iloc[0]
    assert catalogue["source_relation"] == "customer_behaviour_windows"
    assert catalogue["theme"] == "behaviour_windows"
    assert (catalogue["data_type"], catalogue["value_type"]) == ("bigint", "number")
    assert catalogue["description"] == "Product views in the last 14 days."
    assert (catalogue["unit"], catalogue["null_meaning"]) == ("product views", "never null")
    assert catalogue["needs_sources"] == "web" and catalogue["is_available"]
    comments = frame(
        workspace,
        "select column_name, comment from duckdb_columns() where table_name = 'customer_behaviour_windows'"
        " and schema_name = 'marts' order by column_index",
    )
    first, second, *windows = comments["column_name"]
    assert [first, second] == ["customer_id", "as_of_date"]
    assert NAME in windows and windows == sorted(windows)
    assert comments["comment"].fillna("").str.strip().ne("").all()


def test_a_rule_on_the_attribute_selects_the_right_customers(workspace: Workspace) -> None:
    people = frame(
        workspace,
        f"select customer_id, customer_type, order_count, {NAME} as views from marts.customer_features"
        " inner join marts.customer_behaviour_windows using (customer_id)",
    )
    threshold = np.percentile(people[people["order_count"] >= 1]["views"], 97)
    wanted = people[(people["customer_type"] == "person") & ((people["views"] >= 3) | (people["views"] >= threshold))]
    members = frame(
        workspace,
        "select customer_id, explanation from marts.segment_explanations where segment_key = 'keen_lookers'",
    ).set_index("customer_id")["explanation"]
    assert len(wanted) > 20 and set(members.index) == set(wanted["customer_id"])
    for row in wanted[wanted["views"] >= 3].itertuples(index=False):
        assert f"3 or more product views in the last 14 days ({row.views})" in members[row.customer_id]


def test_an_invalid_row_is_reported_with_its_line(workspace: Workspace, capsys: pytest.CaptureFixture[str]) -> None:
    file = workspace.seeds / "behaviour_windows.csv"
    before = file.read_text(encoding="utf-8")
    try:
        rewrite(file, {"attribute_name": "serches_9d", "event": "serch", "days": "9"})
        with pytest.raises(CheckFailed, match="1 error"):
            steps.build(workspace, select="behaviour_windows int_behaviour_window_errors customer_behaviour_windows")
        line = before.count("\n") + 1
        reason = "no event 'serch'; did you mean 'search'? use one of"
        assert f"error: behaviour_windows.csv, line {line} (serches_9d): {reason}" in capsys.readouterr().out
        # dbt alone stops too, and leaves the table unchanged.
        with pytest.raises(CheckFailed, match="no event 'serch'"):
            run_dbt(workspace, ["run", "--select", "customer_behaviour_windows"], progress=quiet)
        assert len(frame(workspace, f"select {NAME} from marts.customer_behaviour_windows")) > 0
    finally:
        file.write_text(before, encoding="utf-8")
