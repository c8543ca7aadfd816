"""A complete run on a small simulated retailer: what is published, and what must not be."""

from __future__ import annotations

import re

import pandas as pd
import pytest

from scripts.pipeline import run as whole_run
from scripts.platform.versions import content_checksums
from scripts.platform.warehouse import open_warehouse
from scripts.platform.workspace import Workspace
from tests.support.workspaces import RUN_OUTPUT, SMALL_DEMO

# The first columns of the published relations; other tools rely on them and on their order.
INTERFACE = {
    "customers": "customer_id customer_type",
    "customer_identities": "source_system source_profile_id customer_id",
    "orders": "order_id customer_id channel ordered_at ordered_date",
    "order_lines": "line_id order_id customer_id",
    "returns": "return_id order_id",
    "engagement_daily": "customer_id activity_date",
    "tickets": "ticket_id customer_id",
    "products": "sku",
    "customer_rfm": "customer_id as_of_date recency_days frequency monetary r_score f_score m_score rfm_group",
    "customer_margin": (
        "customer_id as_of_date gross_revenue discounts returns_amount shipping_revenue net_revenue cogs shipping_cost "
        "payment_fees marketplace_fees return_handling_cost service_cost contribution_margin"
    ),
    "customer_features": "customer_id as_of_date",
    "customer_behaviour_windows": "customer_id as_of_date",
    "customer_clusters": "customer_id as_of_date",
    "attribute_catalogue": "attribute_name",
    "segment_library": "segment_key",
    "segment_rules": "segment_key",
    "segment_memberships": "as_of_date customer_id segment_key priority is_primary entered_date rule_version",
    "customer_primary_segment": "customer_id channel segment_key",
    "segment_sizes": "as_of_date segment_key customer_count",
    "segment_overlap": "as_of_date segment_key other_segment_key",
    "segment_explanations": "as_of_date customer_id segment_key explanation",
    "customer_consents": "customer_id channel purpose status is_permitted",
    "consent_history": "customer_id channel purpose status valid_from valid_to",
    "suppressions": "customer_id channel reason since source",
    "source_health": "source",
    "dead_letters": "source record_key reason severity value_at_risk",
}


def query(workspace: Workspace, sql: str) -> pd.DataFrame:
    with open_warehouse(workspace.published / "marts.duckdb", read_only=True) as connection:
        return connection.execute(sql).df()


def test_every_relation_of_the_interface_is_published(demo_workspace: Workspace) -> None:
    columns = query(
        demo_workspace,
        "select table_name, column_name from duckdb_columns() where not internal order by column_index",
    )
    found = columns.groupby("table_name", sort=False)["column_name"].agg(list)
    for relation, first in INTERFACE.items():
        names = first.split()
        assert relation in found.index, relation
        assert found[relation][: len(names)] == names, relation


def test_only_marts_are_published(demo_workspace: Workspace) -> None:
    published = set(query(demo_workspace, "select table_name from duckdb_tables()")["table_name"])
    with open_warehouse(demo_workspace.warehouse, read_only=True) as connection:
        marts = connection.execute("select table_name from duckdb_tables() where schema_name = 'marts'").fetchall()
    assert published == {table for (table,) in marts}


def test_at_least_twelve_starting_segments_have_plausible_sizes(demo_workspace: Workspace) -> None:
    sizes = query(
        demo_workspace,
        """
        select library.segment_key, sizes.customer_count
        from marts.segment_sizes as sizes
        inner join marts.segment_library as library on sizes.segment_key = library.segment_key
        where library.effective_status = 'active' and not library.is_suppression
        """,
    )
    people = query(demo_workspace, "select count(*) as n from marts.customers")["n"].iloc[0]
    filled = sizes[(sizes["customer_count"] > 0) & (sizes["customer_count"] < 0.6 * people)]
    assert len(filled) >= 12, sizes.to_string()


def test_every_rule_attribute_exists_and_drafts_wait_for_known_reasons(demo_workspace: Workspace) -> None:
    """All attributes of the starting library are in the catalogue; drafts wait for fitted models or for products."""
    library = query(
        demo_workspace, "select segment_key, effective_status, missing_attributes from marts.segment_library"
    )
    assert library["missing_attributes"].isna().all(), library.to_string()
    waiting = query(
        demo_workspace,
        """
        select distinct rules.segment_key
        from marts.segment_rules as rules
        inner join marts.attribute_catalogue as attributes on rules.attribute = attributes.attribute_name
        where not attributes.is_available and attributes.unavailable_reason like '%no fitted parameters%'
        """,
    )["segment_key"]
    drafts = set(library.loc[library["effective_status"] == "draft", "segment_key"])
    assert set(waiting) == {"high_churn_risk", "high_value_low_churn", "likely_adopters"}
    # `ready` could be activated, as lifetime value is fitted; `already_bought` waits for a campaign's products.
    ready = {"engaged_base", "high_potential", "high_value_at_risk", "vip_loyalists"}
    assert drafts == {*waiting, *ready, "already_bought"}


def test_lifetime_value_is_revenue_to_date_plus_prediction(demo_workspace: Workspace) -> None:
    """Customers outside the model have revenue to date only."""
    value = query(
        demo_workspace,
        """
        select value.*, coalesce(margin.net_revenue, 0) as net_revenue, features.lifetime_value_total as as_feature
        from marts.customer_value as value
        inner join marts.customer_features as features on value.customer_id = features.customer_id
        left join marts.customer_margin as margin on value.customer_id = margin.customer_id
        """,
    )
    assert {"modelled", "not_a_person", "no_order"} == set(value["value_scope"])
    bought = value[value["value_scope"] != "no_order"]
    expected = bought["net_revenue"].astype(float) + bought["predicted_value_12m"].fillna(0).astype(float)
    assert (bought["lifetime_value_total"].astype(float) - expected).abs().max() < 0.011
    assert value.loc[value["value_scope"] == "no_order", "lifetime_value_total"].isna().all()
    assert (value["as_feature"].fillna(-1) == value["lifetime_value_total"].fillna(-1)).all()
    modelled = value[value["value_scope"] == "modelled"]
    assert (modelled["expected_orders_365d"] > 0).all() and modelled["p_alive"].between(0, 1).all()


def test_every_member_has_one_primary_segment_the_best_that_may_act(demo_workspace: Workspace) -> None:
    wrong = query(
        demo_workspace,
        """
        select memberships.customer_id
        from marts.segment_memberships as memberships
        left join marts.customer_primary_segment as primaries
            on memberships.customer_id = primaries.customer_id and primaries.channel = 'all'
        group by memberships.customer_id
        having sum(case when is_primary then 1 else 0 end) <> 1
            or min_by(memberships.segment_key, (not memberships.may_act, memberships.priority))
                <> min(case when is_primary then memberships.segment_key end)
            or min(primaries.segment_key) is distinct from min(case when is_primary then memberships.segment_key end)
        """,
    )
    assert wrong.empty


def test_explanations_exist_for_exactly_the_memberships(demo_workspace: Workspace) -> None:
    difference = query(
        demo_workspace,
        """
        (select customer_id, segment_key from marts.segment_memberships
         except select customer_id, segment_key from marts.segment_explanations where explanation <> '' and is_member)
        union all
        (select customer_id, segment_key from marts.segment_explanations where is_member
         except select customer_id, segment_key from marts.segment_memberships)
        """,
    )
    assert difference.empty


def test_a_run_prints_at_most_thirty_lines_and_logs_the_rest(demo_workspace: Workspace) -> None:
    lines = (demo_workspace.home.parent / RUN_OUTPUT).read_text(encoding="utf-8").splitlines()
    # On a slow machine a long step also prints its progress.
    lines = [line for line in lines if not re.search(r": [0-9]+% \([0-9]+ of [0-9]+\)$", line)]
    assert 15 <= len(lines) <= 30
    log = demo_workspace.home / "logs" / "run.log"
    kept = log.read_text(encoding="utf-8")
    assert len(kept.splitlines()) > 2 * len(lines)
    for step in ("Landing files", "Intake", "Customers", "Model clv", "Segments", "Publication", "Export", "Report"):
        (line_of_step,) = [line for line in lines if line.startswith(f"{step} ")]
        outcome = line_of_step.split(" s  ", 1)[1]
        assert len(line_of_step) <= 120
        # A long line is cut.
        assert f"] {outcome.split('…')[0].rstrip()}" in kept
    # The log has one line per source table; the output shows only the total.
    assert "] pos/receipt: " in kept
    assert not [line for line in lines if "pos/receipt" in line]
    people = query(demo_workspace, "select count(*) as n from marts.customers")["n"].item()
    (made,) = [line for line in lines if line.startswith("Made in ")]
    assert f"{people:,} customers" in made
    # A shop this small has no stable clusters.
    assert [line for line in lines if line.startswith("Needs attention:")]
    for place in ("report.html", "published/marts.duckdb", "logs/run.log"):
        assert [line for line in lines[-7:] if line.endswith(place)]


def test_the_log_of_a_run_is_private_and_names_nobody(demo_workspace: Workspace) -> None:
    log = demo_workspace.home / "logs" / "run.log"
    assert log.stat().st_mode & 0o777 == 0o600
    kept = log.read_text(encoding="utf-8")
    assert "@" not in kept
    with open_warehouse(demo_workspace.warehouse, read_only=True) as connection:
        people = connection.execute(
            "select first_name || ' ' || last_name, phone from pii.customer_profiles"
            " where first_name is not null and last_name is not null"
        ).fetchall()
    assert len(people) > 100
    assert not [name for name, phone in people if name in kept or (phone and phone in kept)]


@pytest.mark.verify
def test_a_second_run_does_nothing_and_a_forced_run_gives_the_same_marts(
    demo_copy: Workspace, capsys: pytest.CaptureFixture[str]
) -> None:
    before = content_checksums(demo_copy.published / "marts.duckdb")
    whole_run.run(demo_copy, SMALL_DEMO)
    assert "nothing changed" in capsys.readouterr().out
    assert content_checksums(demo_copy.published / "marts.duckdb") == before
    # With the fits and history of the fixture: others give different marts.
    whole_run.run(demo_copy, SMALL_DEMO, fits=("clv",), history=(), force=True)
    assert content_checksums(demo_copy.published / "marts.duckdb") == before
    assert len(before) >= len(INTERFACE)


@pytest.mark.verify
def test_changes_during_a_run_are_built_by_the_next_run(demo_copy: Workspace, monkeypatch: pytest.MonkeyPatch) -> None:
    """An edit between the two builds may be too late for the first, so the run must not count as current."""

    def edit_during_approval(workspace: Workspace, progress: object) -> None:
        with (workspace.seeds / "cost_assumptions.csv").open("a", encoding="utf-8") as file:
            file.write("service,ticket,2030-01-01,5.00,0\n")

    monkeypatch.setattr(whole_run, "approve_demo", edit_during_approval)
    whole_run.run(demo_copy, SMALL_DEMO, force=True)
    assert not whole_run._is_current(demo_copy)


def test_the_demo_produces_clusters_and_an_explained_audience(demo_workspace: Workspace) -> None:
    # A workspace this small may have no stable clusters; then the model card says so and no customer is assigned.
    clustered = query(demo_workspace, "select count(*) as n from marts.customer_clusters")["n"].item()
    card = query(demo_workspace, "select * from marts.fitted_models where model_key = 'clusters'").iloc[0]
    assert (card["status"] == "usable") == (clustered > 100)
    assert clustered > 0 or card["summary"].startswith("No stable clustering")
    (folder,) = demo_workspace.exports.iterdir()
    audience = pd.read_csv(folder / "audience.csv")
    assert len(audience) > 0
    assert audience["email"].str.contains("@").all()
    assert audience["explanation"].str.contains("exactly 1 order (1)", regex=False).all()


def test_the_page_loads_nothing_from_outside(demo_workspace: Workspace) -> None:
    page = (demo_workspace.home / "report.html").read_text(encoding="utf-8")
    outside = re.findall(r"""(?:src|href)\s*=\s*["']https?://[^"']+""", page)
    assert not outside
