"""The checks before activation: each planted fault is found by its own check, and a failure stops an export."""

from __future__ import annotations

import csv
import json
from pathlib import Path
from typing import Any

import duckdb
import pytest

from scripts.pipeline import steps
from scripts.platform.errors import CheckFailed, UserError
from scripts.platform.workspace import Workspace
from scripts.segments.qa import CHECKS, examine, qa
from scripts.segments.qa_page import write_qa_page
from scripts.serving.export import export
from tests.support.small_library import small_library


def quiet(_: str) -> None:
    return None


def spoil(workspace: Workspace, statement: str) -> None:
    """Change what is published in the small library."""
    with duckdb.connect(str(workspace.versions / "v1" / "marts.duckdb")) as connection:
        connection.execute(statement)


@pytest.fixture
def library(tmp_path: Path) -> Workspace:
    return small_library(tmp_path)


def test_the_manifest_keeps_every_check(library: Workspace) -> None:
    folder = export(library, "lapsed", progress=quiet)
    checked = json.loads((folder / "manifest.json").read_text())["qa"]
    assert checked == {
        "checks": {"count": "pass", "consent": "pass", "holdout": "warn"},
        "failing": [],
        "despite": None,
    }


def test_a_failing_check_stops_the_export_unless_a_reason_is_given_and_recorded(library: Workspace) -> None:
    spoil(library, "update segment_qa set status = 'fail' where segment_key = 'lapsed' and check_name = 'count'")
    with pytest.raises(
        CheckFailed, match=r"`count` fails .40 customers; expected 1 % to 5 %; fails above 6 %"
    ) as problem:
        export(library, "lapsed", progress=quiet)
    assert "--despite-qa" in str(problem.value) and len(str(problem.value).splitlines()) == 1
    assert not library.exports.exists()
    for empty in ("  ", "two\nlines"):
        with pytest.raises(UserError, match="needs a reason on one line"):
            export(library, "lapsed", despite_qa=empty, progress=quiet)
    folder = export(library, "lapsed", despite_qa="agreed with the owner", progress=quiet)
    checked = json.loads((folder / "manifest.json").read_text())["qa"]
    assert checked["despite"] == "agreed with the owner"
    assert [check["check_name"] for check in checked["failing"]] == ["count"]


def test_no_reason_exports_without_consent(library: Workspace) -> None:
    spoil(library, "update segment_qa set status = 'fail' where check_name = 'consent'")
    with pytest.raises(CheckFailed, match=r"`consent` fails .*no reason overrides it"):
        export(library, "lapsed", despite_qa="agreed with the owner", progress=quiet)
    assert not library.exports.exists()


@pytest.mark.parametrize("statement", ["drop table segment_qa", "delete from segment_qa where segment_key = 'lapsed'"])
def test_without_checks_nothing_is_exported(library: Workspace, statement: str) -> None:
    spoil(library, statement)
    with pytest.raises(CheckFailed, match="holds no checks of it; build and publish"):
        export(library, "lapsed", despite_qa="never mind", progress=quiet)


def test_the_command_shows_explanations_and_samples_and_fails_when_a_check_does(demo_workspace: Workspace) -> None:
    lines: list[str] = []
    qa(demo_workspace, "lapsed", progress=lines.append)
    text = "\n".join(lines)
    assert all(f"  {name} " in text for name in CHECKS[:8])
    assert "in it, most contribution margin first:" in text and "misses: last order 181 to 365 days ago: " in text
    with pytest.raises(UserError, match="did you mean `lapsed`"):
        qa(demo_workspace, "lapse", progress=quiet)
    with pytest.raises(CheckFailed, match="`vip_loyalists` is draft"):
        qa(demo_workspace, "vip_loyalists", progress=quiet)
    warned = next(row["segment_key"] for row in examine(demo_workspace)["segments"] if row["status"] == "warn")
    with pytest.raises(CheckFailed, match="fail or warn: " + warned):
        qa(demo_workspace, warned, strict=True, progress=quiet)


def test_no_check_of_the_demo_fails(demo_workspace: Workspace) -> None:
    lines: list[str] = []
    qa(demo_workspace, as_json=True, progress=lines.append)
    document = json.loads("\n".join(lines))
    assert len(document["segments"]) >= 20
    assert all([check["check_name"] for check in row["checks"]][:8] == list(CHECKS[:8]) for row in document["segments"])


def holds(condition: dict[str, str], row: dict[str, Any]) -> bool:
    """An independent evaluation of a condition of the seed, limited to what the rules of the test use."""
    actual, operator, value = row[condition["attribute"]], condition["operator"], condition["value"]
    if actual is None:
        return operator == "is_null" or condition["if_missing"] == "true"
    if operator in ("is_true", "is_false"):
        return bool(actual) == (operator == "is_true")
    if operator == "between":
        low, high = value.split("|")
        return float(low) <= actual <= float(high)
    compare = {">=": float.__ge__, ">": float.__gt__, "<": float.__lt__, "<=": float.__le__, "=": float.__eq__}
    return compare[operator](float(actual), float(value))


def distance(condition: dict[str, str], row: dict[str, Any]) -> float:
    """How far a number is from what a condition requires, relative to that; 0 for what is not a number."""
    actual = row[condition["attribute"]]
    if condition["operator"] in ("is_true", "is_false"):
        return 0
    asked = [float(item) for item in condition["value"].split("|")]
    if actual is None:
        return float("inf")
    return min(abs(float(actual) - item) / abs(item) if item else float("inf") for item in asked)


@pytest.mark.parametrize("segment_key", ["high_value_repeat", "new_need_second_purchase"])
def test_samples_are_members_and_customers_who_fail_one_condition(demo_workspace: Workspace, segment_key: str) -> None:
    with (demo_workspace.seeds / "segment_rule_conditions.csv").open(newline="", encoding="utf-8") as lines:
        conditions = [row for row in csv.DictReader(lines) if row["segment_key"] == segment_key]
    with duckdb.connect(str(demo_workspace.warehouse), read_only=True) as connection:
        found = connection.execute("select * from marts.customer_features")
        names = [column[0] for column in found.description]
        features = [dict(zip(names, row, strict=True)) for row in found.fetchall()]
        samples = connection.execute(
            "select sample, customer_id from marts.segment_samples where segment_key = ? order by sample_rank",
            [segment_key],
        ).fetchall()

    def missed(row: dict[str, Any]) -> int:
        def failed(kind: str, number: str) -> int:
            own = [c for c in conditions if (c["kind"], c["alternative"]) == (kind, number)]
            return sum(not holds(condition, row) for condition in own)

        numbers = {(c["kind"], c["alternative"]) for c in conditions}
        out = sum(failed(kind, number) == 0 for kind, number in numbers if kind == "exclude")
        return min(failed(kind, number) for kind, number in numbers if kind == "include") + out

    def is_far(row: dict[str, Any]) -> bool:
        """Whether the number that fails is more than a quarter away, in each alternative that one condition fails."""
        near = False
        for number in {c["alternative"] for c in conditions if c["kind"] == "include"}:
            own = [c for c in conditions if (c["kind"], c["alternative"]) == ("include", number)]
            failed = [c for c in own if not holds(c, row)]
            near = near or not failed or (len(failed) == 1 and distance(failed[0], row) <= 0.25)
        return not near

    people = [row for row in features if row["customer_type"] == "person"]
    people.sort(
        key=lambda row: (
            missed(row) == 1 and is_far(row),
            -(row["contribution_margin"] or 0),
            -(row["net_revenue"] or 0),
            row["customer_id"],
        )
    )
    for sample, count in (("included", 0), ("near_miss", 1)):
        expected = [row["customer_id"] for row in people if missed(row) == count][:10]
        assert expected and [key for name, key in samples if name == sample] == expected


def test_the_page_shows_every_check_and_writes_names_as_text(tmp_path: Path) -> None:
    checks = [
        {"check_name": "count", "status": "fail", "observed": "9 < 10", "expected": "10", "explanation": "<too few>"},
        {"check_name": "consent", "status": "not_applicable", "observed": "-", "expected": "-", "explanation": "none"},
    ]
    sample = {"sample": "near_miss", "customer_id": "c1", "explanation": "misses: a < 3", "contribution_margin": None}
    segment = {"segment_name": "R&D", "status": "fail", "checks": checks, "samples": [sample]}
    page = write_qa_page({"as_of_date": "2026-06-30", "segments": [segment]}, tmp_path).read_text(encoding="utf-8")
    assert "1 active segment(s) on 2026-06-30, 1 of which must not be used" in page
    assert page.count("R&amp;D") == 2 and "&lt;too few&gt;" in page and "misses: a &lt; 3" in page
    assert page.count(">fail</span>") == 2 and page.count(">–</span>") == 2


PLANS = """\
clearance,missing_add_on,email,0.9,,,2026-06-01,,,,,,,Ann
gone,replenishment_due,email,,{sku},,2026-06-01,,,,,,,Ann
blind,full_price_buyers,email,,,,2026-06-01,,,,0.01,0.05,0.02,Ann
over,high_value_repeat,email,0.9,{sku},,2026-05-01,2026-06-29,,,,,,Ann
"""
# The input of each check is spoilt for one segment; the input of its other checks stays valid.
FAULTS = {
    ("lapsed", "count"): "update intermediate.int_segment_definitions set expected_max_share = 0.0001"
    " where segment_key = 'lapsed'",
    ("cart_abandoners", "count"): "update intermediate.int_segment_definitions set effective_status = 'not_computable',"
    " status_reason = 'source web is off' where segment_key = 'cart_abandoners'",
    ("won_back", "samples"): "insert into marts.segment_memberships select * replace ("
    "(select min(customer_id) from marts.customers where customer_type = 'staff') as customer_id)"
    " from marts.segment_memberships where segment_key = 'won_back' limit 1",
    ("active_browsers", "overlap"): "update marts.segment_overlap set jaccard = 0.99"
    " where segment_key = 'active_browsers' and other_segment_key = 'frequent_viewers_without_purchase'",
    ("inactive", "recent_activity"): "update marts.customer_features set has_open_complaint = true where customer_id in"
    " (select customer_id from marts.segment_memberships where segment_key not like 'suppression%'"
    " group by 1 having min(segment_key) = 'inactive' and count(*) = 1)",
    ("missing_add_on", "margin"): None,
    ("promoters", "consent"): "update intermediate.int_segment_audience_candidates set left_out_reason = 'no_consent'"
    " where segment_key = 'promoters'",
    ("replenishment_due", "stock"): None,
    ("full_price_buyers", "holdout"): None,
}


@pytest.mark.verify
def test_each_planted_fault_fails_its_own_check_and_no_other(demo_copy: Workspace) -> None:
    with duckdb.connect(str(demo_copy.warehouse)) as connection:
        (sku,) = connection.execute("select min(sku) from marts.products where not is_in_stock").fetchone() or ("",)
        for statement in filter(None, FAULTS.values()):
            assert connection.execute(statement).fetchall() > [(0,)], f"nothing was spoilt by: {statement}"
    with (demo_copy.seeds / "campaign_plans.csv").open("a", encoding="utf-8") as plans:
        plans.write(PLANS.format(sku=sku))
    steps.build(
        demo_copy,
        select="campaign_plans int_catalogue_name_violations+ int_campaign_plan_violations+ int_segment_qa_segments+",
        progress=quiet,
    )
    with duckdb.connect(str(demo_copy.warehouse), read_only=True) as connection:
        failing = set(
            connection.execute("select segment_key, check_name from marts.segment_qa where status = 'fail'").fetchall()
        )
    assert failing == set(FAULTS)
    with pytest.raises(CheckFailed, match=r"check.s. fail: "):
        qa(demo_copy, progress=quiet)
