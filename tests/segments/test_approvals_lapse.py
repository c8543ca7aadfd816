"""Any change of meaning of an approved rule stops its export and says what changed; a new approval restores it."""

from __future__ import annotations

import csv
import re
from collections.abc import Callable
from pathlib import Path

import duckdb
import pytest

from scripts.pipeline import steps
from scripts.pipeline.run import DEMO_APPROVERS
from scripts.platform.build_record import APPROVALS
from scripts.platform.dbt import run_dbt
from scripts.platform.errors import CheckFailed
from scripts.platform.workspace import Workspace
from scripts.segments.approval_log import FILE
from scripts.segments.approve import approve_all
from scripts.serving.export import export
from scripts.serving.publish import publish

Row = dict[str, str]
CONDITIONS = "segment_rule_conditions.csv"
WINDOWS = "behaviour_windows.csv"
# Rules, what depends on them, and who may be contacted.
REBUILT = (
    "segment_definitions segment_rule_conditions behaviour_windows segment_approvals consent_rules customer_type_rules "
    "campaign_plans customer_behaviour_windows+1 attribute_catalogue "
    "path:models/segments "
    "audience_members audience_counts"
)
# In the demo's rule of `lapsed`: a window, and another segment; neither changes anybody's membership.
DEPENDS_ON = [("product_view_count_7d", ">=", "0", "true"), ("segment:won_back", "is_not_member", "", "")]


def quiet(_: str) -> None:
    return None


def edit(file: Path, change: Callable[[list[Row]], list[Row]]) -> None:
    with file.open(newline="", encoding="utf-8") as lines:
        reader = csv.DictReader(lines)
        rows, columns = list(reader), list(reader.fieldnames or [])
    with file.open("w", newline="", encoding="utf-8") as lines:
        writer = csv.DictWriter(lines, columns, lineterminator="\n")
        writer.writeheader()
        writer.writerows(change(rows))


def with_cell(wanted: Row, column: str, value: str) -> Callable[[list[Row]], list[Row]]:
    """All rows, with one cell changed in those that contain `wanted`."""

    def change(rows: list[Row]) -> list[Row]:
        found = [row for row in rows if wanted.items() <= row.items()]
        assert found
        for row in found:
            row[column] = value
        return rows

    return change


def without(wanted: Row) -> Callable[[list[Row]], list[Row]]:
    return lambda rows: [row for row in rows if not wanted.items() <= row.items()]


DAYS = {"segment_key": "lapsed", "attribute": "days_since_last_order"}
REFUND = {"segment_key": "lapsed", "attribute": "has_pending_refund"}
CHANGES = {
    "value": (
        CONDITIONS,
        with_cell(DAYS, "value", "181|360"),
        "last order 181 to 365 days ago became last order 181 to 360 days ago",
    ),
    "operator": (
        CONDITIONS,
        with_cell(REFUND, "operator", "is_false"),
        "refund pending became leaving out no refund pending",
    ),
    "fewer conditions": (CONDITIONS, without(REFUND), "no longer: leaving out refund pending"),
    "days of a window": (
        WINDOWS,
        with_cell({"attribute_name": "product_view_count_7d"}, "days", "14"),
        "counts product view .count. in 7 days became .* in 14 days",
    ),
    "rule of a segment referred to": (
        CONDITIONS,
        with_cell({"segment_key": "won_back", "attribute": "days_since_last_comeback"}, "value", "59"),
        "the rule of segment won_back .* became the rule of segment won_back",
    ),
}


DEFINITIONS = "segment_definitions.csv"
LAPSED = {"segment_key": "lapsed"}
PLAN = {"plan_key": "p1", "segment_key": "lapsed", "channel": "email", "planned_discount_rate": "0.05"}
# Changes of the use while the rule stays: the part that is named.
USES = {
    "a channel added": (DEFINITIONS, with_cell(LAPSED, "channels", "email|sms|ads|direct_mail|onsite"), "channels"),
    "another use": (DEFINITIONS, with_cell(LAPSED, "approved_uses", "Anything at all"), "approved uses"),
    "risk class lowered": (DEFINITIONS, with_cell(LAPSED, "risk_class", "none"), "risk class"),
    "exclusions": (DEFINITIONS, with_cell(LAPSED, "excluded", "Nobody"), "stated exclusions"),
    "consent rule loosened": (
        "consent_rules.csv",
        with_cell({"channel": "email", "purpose": "marketing"}, "requires_double_opt_in", "false"),
        "consent rules",
    ),
    "staff become people": (
        "customer_type_rules.csv", with_cell({"customer_type": "staff"}, "is_active", "false"), "customer types",
    ),
    "suppression paused": (
        DEFINITIONS, with_cell({"segment_key": "suppression_email"}, "status", "paused"), "suppression in force",
    ),
    "suppression narrowed": (
        CONDITIONS, without({"segment_key": "suppression_email", "alternative": "1"}), "suppression in force",
    ),
    "offer raised": ("campaign_plans.csv", with_cell(PLAN, "planned_discount_rate", "0.5"), "campaign offer"),
}  # fmt: skip


def rebuild(workspace: Workspace) -> None:
    # Everything that depends on what these tests change.
    steps.build(workspace, select=REBUILT, kind=APPROVALS, progress=quiet)
    publish(workspace, quiet)


@pytest.mark.verify
def test_every_change_of_use_stops_the_export_and_is_named(demo_copy: Workspace) -> None:
    workspace = demo_copy
    edit(workspace.seeds / DEFINITIONS, with_cell(LAPSED, "risk_class", "price"))
    edit(workspace.seeds / "campaign_plans.csv", lambda rows: [*rows, PLAN])
    rebuild(workspace)
    approve_all(workspace, DEMO_APPROVERS, quiet)
    rebuild(workspace)
    assert export(workspace, "lapsed", progress=quiet, despite_qa="a test")
    for what, (name, change, part) in USES.items():
        approved = (workspace.seeds / name).read_bytes()
        edit(workspace.seeds / name, change)
        rebuild(workspace)
        with pytest.raises(CheckFailed) as refused:
            export(workspace, "lapsed", progress=quiet, despite_qa="a test")
        message = str(refused.value)
        assert len(message.splitlines()) == 1, what
        assert f"`lapsed` is not approved: changed since its approval: {part}; this ends" in message, (what, message)
        # The offer is the campaign owner's alone.
        assert ("data_owner" in message) == (part != "campaign offer"), (what, message)
        (workspace.seeds / name).write_bytes(approved)
    rebuild(workspace)
    assert export(workspace, "lapsed", progress=quiet, despite_qa="a test")


@pytest.mark.verify
def test_every_change_of_meaning_stops_the_export_until_it_is_approved_again(demo_copy: Workspace) -> None:
    workspace = demo_copy

    def depend_on_more(rows: list[Row]) -> list[Row]:
        row = next(row for row in rows if DAYS.items() <= row.items())
        names = ("attribute", "operator", "value", "if_missing")
        return rows + [{**row, **dict(zip(names, cells, strict=True))} for cells in DEPENDS_ON]

    edit(workspace.seeds / CONDITIONS, depend_on_more)
    rebuild(workspace)
    with pytest.raises(CheckFailed, match="its rule changed since it was approved"):
        export(workspace, "lapsed", progress=quiet)
    approve_all(workspace, DEMO_APPROVERS, quiet)
    rebuild(workspace)
    assert export(workspace, "lapsed", progress=quiet)
    approved = {name: (workspace.seeds / name).read_bytes() for name in (CONDITIONS, WINDOWS)}

    for what, (name, change, words) in CHANGES.items():
        edit(workspace.seeds / name, change)
        rebuild(workspace)
        exports = sorted(workspace.exports.iterdir())
        with pytest.raises(CheckFailed) as refused:
            export(workspace, "lapsed", progress=quiet)
        message = str(refused.value)
        assert len(message.splitlines()) == 1, what
        assert "segment `lapsed` is not approved: its rule changed since it was approved (version" in message, what
        assert re.search(words, message), (what, message)
        # What differs from the approved rule, and none of the edits that were reverted before.
        assert message.count(" became ") + message.count("no longer: ") == 1, (what, message)
        assert sorted(workspace.exports.iterdir()) == exports
        (workspace.seeds / name).write_bytes(approved[name])

    # A change again, then approved again.
    name, change, _ = CHANGES["value"]
    edit(workspace.seeds / name, change)
    rebuild(workspace)
    approve_all(workspace, DEMO_APPROVERS, quiet)
    rebuild(workspace)
    assert export(workspace, "lapsed", progress=quiet)

    # And a log that was tampered with: named before anything is built, and stopped by plain dbt as well.
    file = workspace.seeds / FILE
    file.write_text(file.read_text(encoding="utf-8").replace("demo_owner", "demo_outsider", 1), encoding="utf-8")
    for step in (steps.build, publish):
        with pytest.raises(CheckFailed, match=r"line 2: segment .* was changed after it was written"):
            step(workspace, progress=quiet)
    with pytest.raises(CheckFailed, match="assert_approval_log_is_unbroken"):
        run_dbt(workspace, ["build", "--select", "segment_approvals", "int_segment_approval_log"], progress=quiet)
    with duckdb.connect(str(workspace.warehouse), read_only=True) as connection:
        versions = connection.execute(
            "select rule_version from marts.segment_versions where segment_key = 'lapsed' order by change_number"
        ).fetchall()
    # The demo's, the one that depends on more, each change, and the one that was approved in the end.
    assert [version for (version,) in versions] == list(range(1, len(CHANGES) + 4))
