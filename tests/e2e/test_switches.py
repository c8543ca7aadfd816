"""Any source may be absent: what needs it is empty and gives the reason, everything else is unchanged.

What must be empty follows from the declarations alone: the sources that the attribute catalogue lists for each
attribute, and the conditions of the library. Everything else is compared with the demo, in which every source is on.
"""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import duckdb
import pytest

from scripts.pipeline import steps
from scripts.platform.warehouse import literal, open_warehouse
from scripts.platform.workspace import Workspace
from tests.support.workspaces import workspace_in

pytestmark = pytest.mark.verify

ORDER_SYSTEMS = ("shopify", "pos", "marketplace")
SOURCES = (
    *ORDER_SYSTEMS, "crm", "klaviyo", "web", "zendesk", "loyalty", "surveys", "inventory", "campaigns", "paid_media",
    "external_lists", "hubspot",
)  # fmt: skip
# Active segments that need the source from a marketer's point of view, so that a missing declaration is noticed.
NEEDED_BY = {
    "klaviyo": {"inactive", "at_risk_repeat_buyers", "leads_to_nurture"},
    "web": {
        "active_browsers",
        "cart_abandoners",
        "frequent_viewers_with_purchase",
        "frequent_viewers_without_purchase",
        "leads_to_nurture",
    },
    "zendesk": {"service_recovery", "high_value_repeat", "promoters"},
    "surveys": {"service_recovery", "promoters"},
    "inventory": {"missing_add_on", "replenishment_due", "category_growth"},
    "all order systems": {"lapsed", "new_customers", "full_price_buyers", "discount_dependent", "won_back"},
}
# Predictions of the purchase model. It is fitted on the orders of all systems, so it must not score with fewer.
PURCHASE_MODEL_ATTRIBUTES = {
    "p_alive", "expected_orders_365d", "predicted_value_12m", "lifetime_value_total", "predicted_margin_12m",
}  # fmt: skip
# Never null: where no orders are known, addresses and carts still determine the lifecycle stage.
LIFECYCLE_ATTRIBUTES = {"lifecycle_stage", "lifecycle_stage_entered_date", "days_in_lifecycle_stage"}
# Rows of marts that come from one source: the columns that depend on no other source, and the rows of each source.
ROWS = {
    "marts.orders": (
        "order_id, ordered_date, gross_revenue, discounts, shipping_revenue",
        {source: f"starts_with(order_id, '{source}:')" for source in ORDER_SYSTEMS},
    ),
    "marts.order_lines": (
        "line_id, order_id, sku, quantity, gross_revenue, discounts",
        {source: f"starts_with(order_id, '{source}:')" for source in ORDER_SYSTEMS},
    ),
    "marts.tickets": ("ticket_id, created_date, status, is_complaint, satisfaction", {"zendesk": "true"}),
    "marts.customer_identities": (
        "source_system, source_profile_id",
        {
            "shopify": "source_system in ('shopify', 'shopify_guest')",
            **{
                source: f"source_system = '{source}'"
                for source in SOURCES
                if source not in ("shopify", "inventory", "paid_media", "hubspot")
            },
        },
    ),
}
# Browsers on which an account and an address were observed, but never in the same call. Only the shop shows that the
# address belongs to the account; without it two people may share the browser, so it identifies nobody.
LINKED_ONLY_BY_THE_SHOP = """
    select profiles.profile_id
    from everything.intermediate.int_identity_profiles as profiles
    inner join everything.staging.stg_web__identifies as calls on profiles.source_profile_id = calls.anonymous_id
    where profiles.source_system = 'web' and profiles.shop_customer_id is not null and calls.email is not null
        and not exists (
            from everything.staging.stg_web__identifies as linking_calls
            where linking_calls.user_id = profiles.shop_customer_id and linking_calls.email = calls.email
        )
"""
# Columns of engagement_daily, by the source that they are counted from.
ENGAGEMENT = {
    "klaviyo": (
        "email_received_count", "email_human_open_count", "email_machine_open_count", "email_click_count",
        "sms_received_count", "sms_click_count",
    ),
    "web": ("visit_count", "page_view_count", "product_view_count", "cart_addition_count"),
}  # fmt: skip


@dataclass
class Without:
    """A build with some sources off (schema names as usual), and the build with all on attached as `everything`."""

    off: tuple[str, ...]
    connection: duckdb.DuckDBPyConnection

    def rows(self, query: str) -> list[tuple[object, ...]]:
        return self.connection.execute(query).fetchall()

    def value(self, query: str) -> int:
        return int(str(self.rows(query)[0][0]))

    def attributes(self) -> dict[str, str]:
        """Attributes that, by their declarations, cannot be computed without the sources, with the reason.

        That a source is off takes precedence over a model that is not fitted.
        """
        found = {}
        for name, all_of, one_of, before in self.rows(
            "select attribute_name, needs_sources, needs_any_source, unavailable_reason"
            " from everything.marts.attribute_catalogue"
        ):
            needs, needs_any = (str(text or "").split("|") if text else [] for text in (all_of, one_of))
            missing = [source for source in needs if source in self.off]
            if needs_any and set(needs_any) <= set(self.off):
                missing += needs_any
            assert before is None or "no fitted parameters" in str(before), "every source is on in this build"
            if missing:
                found[str(name)] = f"source {', '.join(dict.fromkeys(missing))} is off"
            elif name in PURCHASE_MODEL_ATTRIBUTES and set(self.off) & set(ORDER_SYSTEMS):
                found[str(name)] = self.refusal()
        return found

    def refusal(self) -> str:
        """Why the purchase model, which was fitted with every source on, now scores no customer."""
        counted = "select count(*), cast(round(sum(gross_revenue)) as bigint) from {}marts.orders where is_counted"
        (then, revenue), (now, left) = (self.rows(counted.format(whose))[0] for whose in ("everything.", ""))
        fitted = self.rows("select as_of_date from everything.marts.fitted_models where model_key = 'clv'")[0][0]
        return (
            f"the model clv is refused: fitted on other data: {then} orders worth {revenue} up to {fitted},"
            f" but here {now} worth {left}"
        )


@pytest.fixture(scope="module", params=[*SOURCES, "all order systems"])
def without(
    request: pytest.FixtureRequest, demo_workspace: Workspace, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Without]:
    off = ORDER_SYSTEMS if request.param == "all order systems" else (request.param,)
    folder: Path = tmp_path_factory.mktemp("without")
    shutil.copytree(demo_workspace.seeds, folder / "seeds")
    shutil.copyfile(demo_workspace.warehouse, folder / "warehouse.duckdb")
    workspace = workspace_in(folder)
    steps.build(workspace, variables={f"using_{source}": False for source in off})
    with open_warehouse(workspace.warehouse, read_only=True) as connection:
        connection.execute(f"attach {literal(str(demo_workspace.warehouse))} as everything (read_only)")
        yield Without(off, connection)
    shutil.rmtree(folder)


def test_segments_that_need_the_source_are_not_computable(without: Without, request: pytest.FixtureRequest) -> None:
    gone = without.attributes()
    needed: dict[str, set[str]] = {}
    waived: dict[str, set[str]] = {}
    for segment, attribute, value, if_missing in without.rows(
        "select segment_key, attribute, coalesce(value, ''), coalesce(if_missing, '')"
        " from everything.marts.segment_rules"
    ):
        assert "segment:" not in f"{attribute} {value}", "no rule of the library refers to another segment"
        for name in {str(attribute), str(value).removeprefix("attr:")} & set(gone):
            (waived if if_missing else needed).setdefault(str(segment), set()).add(name)
    before = dict(without.rows("select segment_key, effective_status from everything.marts.segment_library"))
    library = {
        str(segment): (status, set(str(missing or "").split("|")) - {""}, str(reason or ""))
        for segment, status, missing, reason in without.rows(
            "select segment_key, effective_status, unavailable_attributes, status_reason from marts.segment_library"
        )
    }
    assert library.keys() == before.keys()
    for segment, (status, missing, reason) in library.items():
        wanted = needed.get(segment, set())
        assert missing >= wanted and not (missing - wanted) & set(gone), segment
        assert status == ("not_computable" if wanted and before[segment] == "active" else before[segment]), segment
        if before[segment] != "active":
            continue
        for name in wanted:
            assert name in reason and gone[name] in reason, (segment, reason)
        if not wanted and segment in waived:
            names = ", ".join(sorted(waived[segment]))
            assert reason.endswith(f"because their source is off or has delivered nothing: {names}"), (segment, reason)
    asked = request.node.callspec.params["without"]
    assert {segment for segment in needed if before[segment] == "active"} >= NEEDED_BY.get(asked, set())
    members = """
        select distinct segment_key from marts.segment_memberships
        where segment_key in (select segment_key from marts.segment_library where effective_status <> 'active')
    """
    assert without.rows(members) == [], "a segment that is not active has members"


def test_attributes_that_need_the_source_are_empty_and_others_unchanged(without: Without) -> None:
    """Others: attributes that do not declare the source, for customers whom the source did not know."""
    gone = without.attributes()
    reasons = dict(without.rows("select attribute_name, unavailable_reason from marts.attribute_catalogue"))
    before = dict(without.rows("select attribute_name, unavailable_reason from everything.marts.attribute_catalogue"))
    assert reasons == before | gone
    declared = without.rows(
        "select attribute_name, source_relation, concat_ws('|', needs_sources, needs_any_source)"
        " from everything.marts.attribute_catalogue"
    )
    sources = {str(name): set(str(text).split("|")) - {""} for name, _, text in declared}
    still_varying = {}
    for name, relation, _ in declared:
        if name in gone and (sources[str(name)] <= set(without.off) or "is refused" in gone[str(name)]):
            # Null or a count of zero: no source is left that could distinguish two customers. Returns without an order
            # and tickets still have a cost, so their customers are excluded.
            values = without.rows(
                f"""
                select distinct "{name}" from marts.{relation}
                where customer_id not in (select customer_id from marts.returns where customer_id is not null)
                    and customer_id not in (select customer_id from marts.tickets where customer_id is not null)
                """
            )
            if values not in ([(None,)], [(0,)], [(False,)], [("",)]) and name not in LIFECYCLE_ATTRIBUTES:
                still_varying[name] = values[:5]
    assert still_varying == {}
    if gone.keys() >= LIFECYCLE_ATTRIBUTES:
        stages = without.rows("select distinct lifecycle_stage from marts.customer_features")
        assert set(stages) <= {("visitor",), ("lead",), ("cart",)}
    # The source may know customers who have no profile of it: a browser can show an account without a login.
    seen = " or ".join(f"{column} > 0" for source in without.off for column in ENGAGEMENT.get(source, ())) or "false"
    without.connection.execute(
        f"""
        create or replace temp table untouched as
        with now as (
            select customer_id, list(source_system || ':' || source_profile_id order by all) as profiles
            from marts.customer_identities group by customer_id
        ),
        before as (
            select customer_id, list(source_system || ':' || source_profile_id order by all) as profiles
            from everything.marts.customer_identities
            group by customer_id
        )
        select customer_id from now inner join before using (customer_id, profiles)
        where customer_id not in (select customer_id from everything.marts.engagement_daily where {seen})
        """
    )
    assert without.value("select count(*) from untouched") > 50
    touched = {name for name, needed in sources.items() if needed & set(without.off)}
    buyers = "select order_id, customer_id from {}marts.orders"
    if without.rows(f"{buyers.format('')} except all {buyers.format('everything.')}"):
        # Without the source some buyers are split in two. Statistics over all buyers, which stabilise intervals and
        # define percentiles, then change for every customer.
        touched |= {name for name, needed in sources.items() if needed & set(ORDER_SYSTEMS)}
    for relation in ("customer_features", "customer_behaviour_windows"):
        kinds = {
            str(name): str(kind)
            for name, kind in without.rows(f"select column_name, column_type from (describe marts.{relation})")
        }
        for name, kind in kinds.items():
            if name in touched:
                continue
            now, then = f'now."{name}"', f'before."{name}"'
            differs = f"{now} is distinct from {then}"
            if kind == "DOUBLE":
                differs += f" and coalesce(abs({now} - {then}) > 1e-9 * greatest(1, abs({then})), true)"
            changed = without.value(
                f"""
                select count(*) from untouched
                left join marts.{relation} as now using (customer_id)
                left join everything.marts.{relation} as before using (customer_id)
                where {differs}
                """
            )
            assert changed == 0, f"{relation}.{name} of {changed} customers"


def test_rows_of_the_source_are_gone_and_other_rows_unchanged(without: Without) -> None:
    for relation, (columns, rows_of) in ROWS.items():
        own = " or ".join(f"({rows_of[source]})" for source in without.off if source in rows_of) or "false"
        assert without.value(f"select count(*) from {relation} where {own}") == 0, relation
        if own != "false":
            assert without.value(f"select count(*) from everything.{relation} where {own}") > 0, relation
        kept = f"not ({own})"
        if relation == "marts.customer_identities" and "shopify" in without.off:
            assert without.value(f"select count(*) from ({LINKED_ONLY_BY_THE_SHOP})") > 0
            kept += f" and source_profile_id not in ({LINKED_ONLY_BY_THE_SHOP})"
        now, before = f"select {columns} from {relation}", f"select {columns} from everything.{relation} where {kept}"
        assert without.rows(f"({now} except all {before}) union all ({before} except all {now})") == [], relation
    for source, columns in ENGAGEMENT.items():
        for column in columns:
            total = without.value(f"select coalesce(sum({column}), 0) from marts.engagement_daily")
            assert (total == 0) == (source in without.off), column


def test_the_source_is_not_staged_and_its_health_is_off(without: Without) -> None:
    staged = [
        str(name)
        for (name,) in without.rows(
            "select table_name from information_schema.tables"
            " where table_catalog = current_database() and table_schema = 'staging'"
        )
    ]
    own = [name for name in staged if name.startswith(tuple(f"stg_{source}__" for source in without.off))]
    assert own
    for name in own:
        assert without.value(f"select count(*) from staging.{name}") == 0, name
    health = "select distinct source, is_on, status from {}marts.source_health where {}"
    off = ", ".join(literal(source) for source in without.off)
    assert set(without.rows(health.format("", f"source in ({off})"))) == {(s, False, "off") for s in without.off}
    others = f"source not in ({off})"
    assert set(without.rows(health.format("", others))) == set(without.rows(health.format("everything.", others)))
