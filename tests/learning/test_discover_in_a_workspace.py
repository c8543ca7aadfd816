"""The whole command on a small workspace: its output loads, passes the rule check, and finds the right customers."""

from __future__ import annotations

import csv
from pathlib import Path

import pandas as pd
import pytest

from scripts.platform.dbt import run_dbt
from scripts.platform.files import replace_file
from scripts.platform.seed_files import rows_as_csv
from scripts.platform.warehouse import open_warehouse
from scripts.platform.workspace import Workspace
from scripts.segments.drafts import Condition, holds
from scripts.segments.phrasing import Phrases
from scripts.segments.segment_library import CONDITIONS, DEFINITIONS
from scripts.segments.validate import check_rules

pytestmark = pytest.mark.verify

Rows = list[dict[str, str]]


def quiet(_: str) -> None:
    return None


def rows(file: Path) -> Rows:
    with file.open(newline="", encoding="utf-8") as lines:
        return list(csv.DictReader(lines))


def read(workspace: Workspace, text: str) -> pd.DataFrame:
    with open_warehouse(workspace.warehouse, read_only=True) as connection:
        return connection.execute(text).df()


def as_csv(definitions: Rows) -> bytes:
    cells: list[dict[str, object]] = [dict(row) for row in definitions]
    return rows_as_csv(list(definitions[0]), cells)


def load(workspace: Workspace) -> None:
    """Build the checks of the library and the memberships of its segments."""
    run_dbt(workspace, ["seed", "--select", "segment_definitions", "segment_rule_conditions"], progress=quiet)
    run_dbt(
        workspace,
        ["run", "--select", "+segment_memberships,path:models/segments"],
        progress=quiet,
    )


def test_discoveries_load_as_drafts_and_find_the_stated_customers(
    demo_copy: Workspace, capsys: pytest.CaptureFixture[str]
) -> None:
    from scripts.__main__ import main

    before = {name: rows(demo_copy.seeds / name) for name in (DEFINITIONS, CONDITIONS)}
    command = ["discover", "--target", "value", "--into-library", "--warehouse", str(demo_copy.warehouse)]
    assert main(command) == 0, capsys.readouterr().err
    folder = demo_copy.home / "review" / "discoveries"
    drafts, conditions = rows(folder / DEFINITIONS), rows(folder / CONDITIONS)
    assert drafts and {row["status"] for row in drafts} == {"draft"}
    assert all("adjusted p" in row["business_purpose"] and row["owner"] for row in drafts)

    # The library has its former rows and the drafts.
    assert rows(demo_copy.seeds / DEFINITIONS) == before[DEFINITIONS] + drafts
    assert rows(demo_copy.seeds / CONDITIONS) == before[CONDITIONS] + conditions

    # The page and the rows identify no customer.
    known = read(demo_copy, "select customer_id from marts.customers")["customer_id"]
    names = read(demo_copy, "select distinct last_name from pii.customer_profiles where length(last_name) > 4")
    for file in (folder / "index.html", folder / DEFINITIONS, folder / CONDITIONS):
        text = file.read_text(encoding="utf-8")
        assert not any(key in text for key in known)
        assert not any(f" {name} " in text for name in names["last_name"])
    page = (folder / "index.html").read_text(encoding="utf-8")
    assert page.count("<svg") == len(drafts) and "http://" not in page.replace("http://www.w3.org", "")

    # As drafts they have no members and violate no rule of the library.
    load(demo_copy)
    check_rules(demo_copy, quiet)
    keys = [row["segment_key"] for row in drafts]
    members = "select segment_key, customer_id from marts.segment_memberships"
    assert not read(demo_copy, members)["segment_key"].isin(keys).any()

    # Active, they find the same people as pandas, and their rule text matches.
    activated = before[DEFINITIONS] + [{**row, "status": "active"} for row in drafts]
    replace_file(demo_copy.seeds / DEFINITIONS, as_csv(activated))
    load(demo_copy)
    check_rules(demo_copy, quiet)
    found = read(demo_copy, members)
    texts = read(demo_copy, "select segment_key, rule_text from intermediate.int_segment_rules")
    said = dict(zip(texts["segment_key"], texts["rule_text"], strict=True))
    features = read(demo_copy, "select * from marts.customer_features where customer_type = 'person'")
    cells = read(demo_copy, "select attribute_name, phrase from marts.attribute_catalogue")
    phrases = Phrases.read(zip(cells["attribute_name"], cells["phrase"], strict=True))
    for row in drafts:
        rule = [
            Condition(part["attribute"], part["operator"], part["value"], part["if_missing"])
            for part in conditions
            if part["segment_key"] == row["segment_key"]
        ]
        expected = set(features.loc[holds([rule], features), "customer_id"])
        assert expected and set(found.loc[found["segment_key"] == row["segment_key"], "customer_id"]) == expected
        assert phrases.rule([rule]) == said[row["segment_key"]]
        assert row["included"] in said[row["segment_key"]]
        share = len(expected) / read(demo_copy, "select count(*) as n from marts.customer_features")["n"].iloc[0]
        assert float(row["expected_min_share"]) < share < float(row["expected_max_share"])

    # Again with the same data and seed: the same rules, and drafts that a person has accepted are not replaced.
    assert main(command) == 1
    assert f"has {keys[0]} (active)" in capsys.readouterr().err
    assert rows(folder / CONDITIONS) == conditions
    replace_file(demo_copy.seeds / DEFINITIONS, as_csv(before[DEFINITIONS] + drafts))
    assert main(command) == 0
    assert rows(demo_copy.seeds / DEFINITIONS) == before[DEFINITIONS] + drafts
