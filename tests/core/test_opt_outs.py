"""An opt-out under any profile of a person stops every export to that channel in the same run, with its reason shown;
an objection to profiling removes the person from scores and segments and leaves the books unchanged.

Demo people are given second profiles, with addresses and numbers of their own, and make statements under those.
"""

from __future__ import annotations

import csv
import shutil
from dataclasses import dataclass
from pathlib import Path

import duckdb
import pandas as pd
import pytest

from scripts.platform.dbt import run_dbt
from scripts.platform.errors import CheckFailed
from scripts.platform.warehouse import open_warehouse
from scripts.platform.workspace import Workspace
from scripts.serving.export import export
from scripts.serving.publish import publish
from tests.support.workspaces import workspace_in

pytestmark = pytest.mark.verify

# What each person states under the second profile: the channel, and the reason that suppressions should show.
CASES = {
    "consent by e-mail": ("email", "opted_out"),
    "consent by phone": ("email", "opted_out"),
    "consent by loyalty number": ("email", "opted_out"),
    "consent by shop account": ("email", "opted_out"),
    "consent to text messages": ("sms", "opted_out"),
    "unsubscribed in the tool": ("email", "opted_out"),
    "spam complaint": ("email", "spam_complaint"),
    "hard bounce": ("email", "hard_bounce"),
    "legal hold": ("email", "legal_hold"),
    "do-not-contact request": ("email", "do_not_contact"),
}
OBJECTING = ["objects by loyalty number", "objects by e-mail"]
STATED_AT = "2026-06-29 12:00:00"
MONEY = {
    "customer_margin": "sum(net_revenue) as net, sum(contribution_margin) as margin, count(*) as customers",
    "orders": "count(*) as orders, sum(gross_revenue) as gross, sum(discounts) as discounts",
    "returns": "count(*) as returns, sum(returns_amount) as amount",
    "money_reconciliation": "count(*) as checks, sum(record_count) as records, sum(amount) as amount",
    "customers": "count(*) as customers, sum(source_count) as sources",
}


@dataclass(frozen=True)
class OptOuts:
    """The rebuilt workspace, the person chosen for each case, and the figures before."""

    workspace: Workspace
    people: dict[str, str]
    members_before: pd.DataFrame
    money_before: dict[str, tuple[object, ...]]
    margin_before: pd.DataFrame

    def marts(self, query: str, **parameters: object) -> pd.DataFrame:
        return _rows(self.workspace.published / "marts.duckdb", query, parameters)

    def activation(self, query: str, **parameters: object) -> pd.DataFrame:
        return _rows(self.workspace.published / "activation.duckdb", query, parameters)


def _rows(file: Path, query: str, parameters: dict[str, object]) -> pd.DataFrame:
    with open_warehouse(file, read_only=True) as connection:
        return connection.execute(query, parameters).df() if parameters else connection.execute(query).df()


def _money(workspace: Workspace) -> dict[str, tuple[object, ...]]:
    with open_warehouse(workspace.published / "marts.duckdb", read_only=True) as connection:
        return {
            relation: connection.execute(f"select {figures} from marts.{relation}").fetchall()[0]
            for relation, figures in MONEY.items()
        }


@pytest.fixture(scope="module")
def opt_outs(demo_workspace: Workspace, tmp_path_factory: pytest.TempPathFactory) -> OptOuts:
    """A copy of the demo in which chosen people make statements under second profiles, built and published again."""
    folder = tmp_path_factory.mktemp("opt_outs") / "workspace"
    shutil.copytree(demo_workspace.home, folder, symlinks=True)
    workspace = workspace_in(folder)
    members = _rows(workspace.published / "activation.duckdb", "select * from audience_members", {})
    money = _money(workspace)
    margin = _rows(workspace.published / "marts.duckdb", "select * from marts.customer_margin order by customer_id", {})
    with duckdb.connect(str(workspace.warehouse)) as connection:
        people = _choose(connection)
        for number, (case, customer_number) in enumerate(people["numbers"].items()):
            _second_profiles(connection, number, customer_number)
            _state(connection, number, case, people["ids"][case])
    run_dbt(workspace, ["run"], progress=lambda _: None)
    run_dbt(workspace, ["test", "--select", "path:tests/dbt", "customer_rfm", "suppressions"], progress=lambda _: None)
    publish(workspace, lambda _: None)
    return OptOuts(workspace, people["ids"], members, money, margin)


def _choose(connection: duckdb.DuckDBPyConnection) -> dict[str, dict[str, str]]:
    """For every case a customer in an audience of its channel, with the customer number that links what we add."""
    found = connection.execute(
        """
        select members.channel, members.customer_id, min(profiles.customer_number) as customer_number
        from activation.audience_members as members
        inner join intermediate.int_customer_identities as identities
            on members.customer_id = identities.customer_id and identities.source_system = 'crm'
        inner join staging.stg_crm__profiles as profiles on identities.source_profile_id = profiles.profile_id
        inner join marts.customer_rfm as scored on members.customer_id = scored.customer_id
        where profiles.customer_number is not null
            -- A second card under one customer number would look like a number that two people share.
            and members.customer_id not in (
                select customer_id from intermediate.int_customer_identities where source_system = 'loyalty'
            )
        group by all
        having count(distinct profiles.profile_id) = 1
        order by 1, 2
        """
    ).fetchall()
    ids: dict[str, str] = {}
    numbers: dict[str, str] = {}
    for case in [*CASES, *OBJECTING]:
        channel = CASES[case][0] if case in CASES else "email"
        customer_id, number = next((c, n) for k, c, n in found if k == channel and c not in ids.values())
        ids[case], numbers[case] = customer_id, number
    return {"ids": ids, "numbers": numbers}


def _add(connection: duckdb.DuckDBPyConnection, table: str, **values: object) -> None:
    """One more row of a raw table, as the source would send it: columns not given are null."""
    connection.execute(
        f"insert into {table} ({', '.join(values)}, _load_id, _delivered_at, _record_hash) "
        f"values ({', '.join('?' * len(values))}, 'planted', '2026-06-30 06:00:00', hash(?) // 2)",
        [*values.values(), repr(values)],
    )


def _second_profiles(connection: duckdb.DuckDBPyConnection, number: int, customer_number: str) -> None:
    """A loyalty card (which shows the person's customer number), a shop account and a profile of the sending tool."""
    email, phone = f"second-{number}@example.com", f"+4479460{number:05d}"
    stamps = {"updated_at": "2026-06-01 10:00:00"}
    _add(
        connection,
        "raw_loyalty.member",
        loyalty_number=f"LSECOND{number}",
        customer_number=customer_number,
        email=email,
        phone=phone,
        joined_at="2026-06-01 10:00:00",
        synced_at="2026-06-01 11:00:00",
        **stamps,
    )
    _add(
        connection,
        "raw_shopify.customer",
        id=f"99000{number}",
        email=email,
        created_at="2026-06-01 10:00:00",
        _fivetran_synced="2026-06-01 11:00:00",
        **stamps,
    )
    _add(connection, "raw_klaviyo.person", id=f"PSECOND{number}", email=email, created="2026-06-01 10:00:00",
         _fivetran_deleted=False, _fivetran_synced="2026-06-01 11:00:00")  # fmt: skip


def _state(connection: duckdb.DuckDBPyConnection, number: int, case: str, customer_id: str) -> None:
    statement = {"event_id": f"SECOND{number}", "channel": "email", "purpose": "marketing", "status": "opted_out",
                 "occurred_at": STATED_AT, "synced_at": "2026-06-29 13:00:00"}  # fmt: skip
    event = {"id": f"ESECOND{number}", "person_id": f"PSECOND{number}", "datetime": STATED_AT,
             "_fivetran_deleted": False, "_fivetran_synced": "2026-06-29 13:00:00"}  # fmt: skip
    named: dict[str, dict[str, str]] = {
        "consent by e-mail": {"email": f"Second-{number}@Example.com"},
        "consent by phone": {"phone": f"+4479460{number:05d}"},
        "consent by loyalty number": {"loyalty_number": f"LSECOND{number}"},
        "consent by shop account": {"shopify_customer_id": f"99000{number}"},
        "consent to text messages": {"phone": f"+4479460{number:05d}", "channel": "sms"},
        "legal hold": {"loyalty_number": f"LSECOND{number}", "purpose": "legal_hold", "channel": "post"},
        "do-not-contact request": {"loyalty_number": f"LSECOND{number}", "purpose": "do_not_contact"},
        "objects by loyalty number": {"loyalty_number": f"LSECOND{number}", "purpose": "profiling"},
        "objects by e-mail": {"email": f"second-{number}@example.com", "purpose": "profiling"},
    }
    if case in named:
        _add(connection, "raw_consent.consent_event", **{**statement, **named[case]})
    elif case == "hard bounce":
        (used,) = connection.execute("select email from pii.contacts where customer_id = ?", [customer_id]).fetchall()
        _add(connection, "raw_klaviyo.person", id=f"PUSED{number}", email=used[0], created="2026-06-01 10:00:00",
             _fivetran_deleted=False, _fivetran_synced="2026-06-01 11:00:00")  # fmt: skip
        bounced = {"person_id": f"PUSED{number}", "type": "Bounced Email", "property_bounce_type": "Hard"}
        _add(connection, "raw_klaviyo.event", **{**event, **bounced})
    else:
        kind = {"unsubscribed in the tool": "Unsubscribed", "spam complaint": "Marked Email as Spam"}[case]
        _add(connection, "raw_klaviyo.event", **{**event, "type": kind})


@pytest.mark.parametrize("case", list(CASES))
def test_the_person_leaves_every_audience_of_the_channel_and_the_reason_is_visible(
    opt_outs: OptOuts, case: str
) -> None:
    channel, reason = CASES[case]
    person = opt_outs.people[case]
    before = opt_outs.members_before
    assert not before[(before["customer_id"] == person) & (before["channel"] == channel)].empty
    remaining = opt_outs.activation(
        "select segment_key from audience_members where customer_id = $person and channel = $channel",
        person=person, channel=channel,
    )  # fmt: skip
    assert remaining.empty
    found = opt_outs.marts(
        "select reason, strftime(since, '%Y-%m-%d') as since from marts.suppressions"
        " where customer_id = $person and channel = $channel",
        person=person, channel=channel,
    )  # fmt: skip
    assert (reason, "2026-06-29") in list(found.itertuples(index=False, name=None))
    history = opt_outs.marts(
        "select status, valid_to from marts.consent_history"
        " where customer_id = $person and channel = $channel and purpose = 'marketing' and valid_to is null",
        person=person, channel=channel,
    )  # fmt: skip
    permitted = reason in ("legal_hold", "do_not_contact")  # The permission remains; the hold overrides it.
    assert (history["status"].item() == "opted_in") == permitted


@pytest.mark.parametrize("case", list(CASES))
def test_the_person_is_in_no_file_that_is_exported(opt_outs: OptOuts, case: str, tmp_path: Path) -> None:
    channel, _ = CASES[case]
    person = opt_outs.people[case]
    before = opt_outs.members_before
    segments = before[(before["customer_id"] == person) & (before["channel"] == channel)]["segment_key"]
    written = 0
    for segment in segments:
        try:
            folder = export(opt_outs.workspace, segment, channel, tmp_path / segment, progress=lambda _: None)
        except CheckFailed as refused:  # No one is left in it, or its count left the approved band.
            assert "may be contacted" in str(refused) or "not approved" in str(refused)
            continue
        with (folder / "audience.csv").open(newline="", encoding="utf-8") as lines:
            rows = list(csv.DictReader(lines))
        written += len(rows)
        assert rows and person not in {row["customer_id"] for row in rows}
    assert written or len(segments) == 1


def test_audience_counts_show_the_reasons(opt_outs: OptOuts) -> None:
    """Counted again from memberships and suppressions, by the reason with the highest priority."""
    reasons_by_priority = ["legal_hold", "do_not_contact", "opted_out", "spam_complaint", "hard_bounce"]
    suppressions = opt_outs.marts("select customer_id, channel, reason from marts.suppressions")
    suppressions["priority"] = suppressions["reason"].map(reasons_by_priority.index)
    first = suppressions.sort_values("priority").groupby(["customer_id", "channel"], as_index=False).first()
    # Consent calls direct mail post.
    first["channel"] = first["channel"].replace("post", "direct_mail")
    members = opt_outs.marts("select customer_id, segment_key from marts.segment_memberships")
    expected = members.merge(first).groupby(["segment_key", "channel", "reason"]).size()
    counts = opt_outs.activation("select * from audience_counts").set_index(["segment_key", "channel"])
    for reason in reasons_by_priority:
        for key, count in counts[f"{reason}_count"].items():
            assert count == expected.get((*key, reason), 0), (key, reason)
    assert {reason for reason in reasons_by_priority if counts[f"{reason}_count"].sum()} == set(reasons_by_priority)
    detailed = counts[[f"{reason}_count" for reason in [*reasons_by_priority, "suppression_segment"]]].sum(axis=1)
    assert (detailed == counts["suppressed_count"]).all()


@pytest.mark.parametrize("case", OBJECTING)
def test_objectors_to_profiling_are_in_no_score_segment_or_audience(opt_outs: OptOuts, case: str) -> None:
    person = opt_outs.people[case]
    for relation in (
        "customer_rfm", "customer_clusters", "customer_features", "segment_memberships", "segment_explanations",
        "customer_primary_segment", "customer_behaviour_windows", "customer_recommendations", "customer_replenishment",
    ):  # fmt: skip
        found = opt_outs.marts(f"select 1 from marts.{relation} where customer_id = $person", person=person)
        assert found.empty, relation
    assert opt_outs.activation("select 1 from audience_members where customer_id = $person", person=person).empty
    books = opt_outs.marts("select net_revenue from marts.customer_margin where customer_id = $person", person=person)
    assert len(books) == 1


def test_cut_points_are_those_of_customers_without_an_objection(opt_outs: OptOuts) -> None:
    """Cut-points are calculated without the people who object."""
    measured = opt_outs.marts("select customer_id, recency_days, frequency, monetary from marts.customer_rfm")
    assert not set(measured["customer_id"]) & {opt_outs.people[case] for case in OBJECTING}
    points = opt_outs.marts("select metric, cut_number, cut_value from marts.rfm_cut_points")
    repeat = measured.loc[measured["frequency"] > 1, "frequency"].astype(float)
    for metric, cut_number, value in points.itertuples(index=False):
        # One order scores 1; the other cut-points of frequency are the quartiles of repeat buyers.
        expected = measured[metric].astype(float).quantile(cut_number / 5)
        if metric == "frequency":
            expected = 1 if cut_number == 1 else repeat.quantile((cut_number - 1) / 4)
        assert value == pytest.approx(expected), (metric, cut_number)


def test_the_books_are_the_same_to_the_cent(opt_outs: OptOuts) -> None:
    after = _money(opt_outs.workspace)
    assert after == opt_outs.money_before | {"customers": after["customers"]}
    # The second profiles were added to the same people: there are no new customers.
    assert after["customers"][0] == opt_outs.money_before["customers"][0]
    assert after["customers"][1] > opt_outs.money_before["customers"][1]
    margin = opt_outs.marts("select * from marts.customer_margin order by customer_id")
    pd.testing.assert_frame_equal(margin, opt_outs.margin_before)
