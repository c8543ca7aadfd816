"""The sample deliveries of four connectors, as their maker publishes them: loaded, built, and right by the files alone.

They are the seeds of Fivetran's dbt packages dbt_shopify, dbt_klaviyo, dbt_zendesk and dbt_hubspot on GitHub, which are
not copied into the project. Clone the four side by side and name the folder:

    SEGMENTATION_CONNECTOR_SAMPLES=~/fivetran python -m pytest -m verify tests/e2e/test_connector_samples.py

What is expected is counted from the CSV files by short queries of their own, or by hand.
"""

from __future__ import annotations

import json
import os
import re
import shutil
from collections.abc import Iterator
from decimal import Decimal
from pathlib import Path
from typing import Any

import duckdb
import pytest

from scripts.intake.command import intake
from scripts.pipeline import steps
from scripts.platform.dbt import run_dbt
from scripts.platform.errors import CheckFailed
from scripts.platform.warehouse import open_warehouse
from scripts.platform.workspace import Workspace
from tests.support.workspaces import workspace_in

pytestmark = pytest.mark.verify
FOLDER = "SEGMENTATION_CONNECTOR_SAMPLES"
SOURCES = ("shopify", "klaviyo", "zendesk", "hubspot")
# The same content in the spelling of another warehouse, and tables of the layout that is not read.
OTHER_FORMS = re.compile("_(snowflake|postgres|databricks|norename)$|^shopify_gql_")
# The sales are in pounds; five orders in dollars came without their lines.
SETTINGS = {"as_of_date": "2025-05-05", "reporting_currency": "GBP", "default_country": "US"}
WANTED = (
    *("orders", "returns", "tickets", "customer_consents", "customer_identities"),
    *("int_order_reconciliation", "dead_letters", "record_conservation", "build_notes", "int_external_list_members"),
)


def samples(source: str) -> Path:
    """The folder with a connector's CSV files; the test is skipped where it does not exist."""
    folder = Path(os.environ.get(FOLDER, "")) / f"dbt_{source}" / "integration_tests" / "seeds"
    if not os.environ.get(FOLDER) or not folder.is_dir():
        pytest.skip(f"needs {FOLDER}=FOLDER with a clone of Fivetran's dbt_{source} in it")
    return folder


def deliver(landing: Path, source: str, layout: str = "") -> None:
    """Land the files of one connector, each in the folder of its table."""
    for file in sorted(samples(source).glob(f"{layout}*.csv")):
        if not layout and OTHER_FORMS.search(file.stem):
            continue
        table = file.stem.removeprefix(layout).removeprefix("shopify_").removesuffix("_data")
        folder = landing / source / table
        folder.mkdir(parents=True, exist_ok=True)
        shutil.copy(file, folder / file.name)


class Sample:
    """The built workspace, and the files as they were delivered."""

    def __init__(self, workspace: Workspace, connection: duckdb.DuckDBPyConnection, said: str) -> None:
        self.landing, self.connection, self.said = workspace.landing, connection, said

    def rows(self, query: str) -> list[tuple[Any, ...]]:
        """What was built."""
        return self.connection.execute(query).fetchall()

    def raw(self, query: str) -> list[tuple[Any, ...]]:
        """What the files say: `{shopify.order}` stands for the file of a table, in which all is text."""
        read = re.sub(
            "{([a-z]+)[.]([a-z_]+)}",
            lambda found: f"read_csv('{self.landing}/{found[1]}/{found[2]}/*.csv', all_varchar = true)",
            query,
        )
        return duckdb.execute(read).fetchall()


@pytest.fixture(scope="module")
def sample(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Sample]:
    workspace = workspace_in(tmp_path_factory.mktemp("connectors"))
    for source in SOURCES:
        deliver(workspace.landing, source)
    workspace.settings_file.write_text(json.dumps(SETTINGS), encoding="utf-8")
    said: list[str] = []
    steps.setup(workspace)
    said += intake(workspace, progress=said.append).lines()
    selection = ["--indirect-selection", "cautious", "--select", *(f"+{name}" for name in WANTED)]
    run_dbt(workspace, ["build", "--exclude-resource-type", "unit_test", *selection])
    with open_warehouse(workspace.warehouse, read_only=True) as connection:
        yield Sample(workspace, connection, "\n".join(said))


def test_every_file_is_loaded_or_named_as_not_needed(sample: Sample) -> None:
    delivered = {f"{folder.parent.name}/{folder.name}" for folder in sample.landing.glob("*/*") if folder.is_dir()}
    loaded = {f"{source}/{table}" for source, table in sample.rows("select source_name, table_name from intake.files")}
    unread = {
        f"{source}/{table}"
        for source, tables in re.findall("^([a-z]+): not read, as nothing needs them: (.*)$", sample.said, re.MULTILINE)
        for table in tables.split(", ")
    }
    assert loaded | unread == delivered and not loaded & unread


def test_no_row_is_refused_and_no_column_is_unknown(sample: Sample) -> None:
    assert sample.rows("select * from intake.rejects") == []
    assert sample.rows("select table_name, column_name from intake.schema_drift where drift = 'extra'") == []
    for source, table, landed in sample.rows("select source_name, table_name, landed_rows from intake.files"):
        [(rows,)] = sample.raw(f"select count(*) from {{{source}.{table}}}")
        assert (table, landed) == (table, rows)


def test_sales_are_the_goods_less_the_discount(sample: Sample) -> None:
    """Goods in pounds, less what separates the order's list price from its subtotal."""
    wanted = sample.raw("""
        select 'shopify:' || orders.id, cast(
            sum(cast(price as decimal(18, 2)) * cast(quantity as int))
            - any_value(cast(total_line_items_price as decimal(18, 2)) - cast(subtotal_price as decimal(18, 2)))
            as decimal(18, 2))
        from {shopify.order} as orders inner join {shopify.order_line} as lines on lines.order_id = orders.id
        where currency = 'GBP' and financial_status = 'paid' and cancelled_at is null and lower(test) = 'false'
        group by orders.id
    """)
    assert sorted(amount for _, amount in wanted) == [Decimal("2.80"), Decimal("2.80"), Decimal("4.40")]
    assert sorted(sample.rows("select order_id, net_revenue from marts.orders where is_counted")) == sorted(wanted)
    # Their tax is stated as none.
    assert sample.rows("select sum(tax), sum(discounts) from marts.orders where is_counted") == [
        (Decimal("0.00"), Decimal("2.80"))
    ]


def test_what_a_total_holds_beyond_its_lines_is_no_revenue_and_is_named(sample: Sample) -> None:
    unexplained = sample.raw("""
        select id, cast(cast(total_price as decimal(18, 2)) - cast(subtotal_price as decimal(18, 2)) as decimal(18, 2))
        from {shopify.order} where currency = 'GBP' and total_price <> subtotal_price
    """)
    assert len(unexplained) == 2
    found = sample.rows("""
        select substr(parts.order_id, 9), cast(parts.stated_total - orders.net_revenue as decimal(18, 2))
        from intermediate.int_order_reconciliation as parts
        inner join marts.orders on parts.order_id = orders.order_id
        where parts.total_state = 'agrees with duties'
    """)
    assert sorted(found) == sorted(unexplained)


def test_orders_without_lines_are_no_sale_and_say_so(sample: Sample) -> None:
    without = sample.raw("""
        select 'shopify:' || id from {shopify.order} as orders
        where not exists (select * from {shopify.order_line} as lines where lines.order_id = orders.id)
    """)
    reasons = sample.rows("select order_id, not_counted_reason from marts.orders where not is_counted")
    assert sorted(reasons) == sorted((order, "no priced product") for (order,) in without)
    assert len(reasons) == 5


def test_refunds_of_orders_that_were_not_delivered_wait_for_them(sample: Sample) -> None:
    assert sample.rows("select * from marts.returns") == []
    for table in ("refund", "order_adjustment", "transaction"):
        orphans = sample.raw(
            f"select id from {{shopify.{table}}} where order_id not in (select id from {{shopify.order}})"
        )
        held = sample.rows(
            "select record_key from intermediate.int_dead_letters where severity <> 'warn' and state = 'open'"
            f" and source = 'shopify' and table_name = '{table}'"
        )
        assert sorted(set(held)) == sorted(orphans), table
        assert len(orphans) == 5


def test_nobody_has_given_a_permission_that_counts(sample: Sample) -> None:
    """One account of the shop accepts marketing, at an unknown time and without a confirmation."""
    accepting = sample.raw("select id from {shopify.customer} where lower(accepts_marketing) = 'true'")
    assert accepting == [("3589760876641",)]
    assert sample.rows("select * from marts.customer_consents where is_permitted") == []


def test_tickets_are_those_of_the_help_desk(sample: Sample) -> None:
    """One was changed six weeks after the connector says that it read it, which cannot be; none is open."""
    statuses = sample.raw("select id, status from {zendesk.ticket} where cast(updated_at as timestamp)"
                          " < cast(_fivetran_synced as timestamp) + interval 2 days")  # fmt: skip
    assert len(statuses) == 9
    assert sorted(sample.rows("select ticket_id, status from marts.tickets")) == sorted(statuses)
    assert sample.rows("select * from marts.tickets where is_open") == []
    held = sample.rows(
        "select record_key, reason from intermediate.int_dead_letters where source = 'zendesk' and severity <> 'warn'"
    )
    assert held == [("11071", "a date is before 2000 or after the record became known")]


def test_members_of_lists_are_those_who_were_not_taken_off(sample: Sample) -> None:
    kept = sample.raw("select count(*) from {hubspot.contact_list_member} where lower(_fivetran_deleted) = 'false'")
    assert kept == [(68,)]
    assert sample.rows(
        "select in_use_row_count, superseded_row_count from marts.record_conservation"
        " where source = 'hubspot' and table_name = 'contact_list_member'"
    ) == [(68, 32)]


def test_hashed_addresses_are_said_at_the_load_and_by_the_build(sample: Sample) -> None:
    """All 22 contacts of the CRM and all accounts of the shop have a hash in place of an address."""
    assert sample.raw("select count(*) from {hubspot.contact} where property_email like '%@%'") == [(0,)]
    for place in ("hubspot/contact: 22 of 22", "shopify/customer: 4 of 4"):
        assert f"{place} e-mail addresses in" in sample.said
    assert sample.said.count("because they are hashed") == 3
    notes = dict(sample.rows("select subject, note from marts.build_notes where note_key like 'hashed %'"))
    assert notes.keys() == {"hubspot", "shopify"}
    assert notes["hubspot"].startswith("22 of 22 e-mail addresses of hubspot cannot be read, such as ")


def test_people_who_share_only_a_placeholder_or_a_hash_stay_apart(sample: Sample) -> None:
    """The help desk wrote example@email.com for everybody."""
    assert sample.raw("select distinct email from {zendesk.user}") == [("example@email.com",)]
    [(people,)] = sample.rows(
        "select count(distinct customer_id) from marts.customer_identities where source_system = 'zendesk'"
    )
    assert [(people,)] == sample.raw("select count(*) from {zendesk.user} where role = 'end-user'")


def test_the_graphql_layout_is_refused_once_by_its_name(tmp_path: Path) -> None:
    workspace = workspace_in(tmp_path)
    deliver(workspace.landing, "shopify", layout="shopify_gql_")
    with pytest.raises(CheckFailed) as refused:
        intake(workspace, progress=lambda _: None)
    [line] = str(refused.value).splitlines()
    assert "is in the GraphQL layout of Fivetran's Shopify connector, which is not read" in line
    with open_warehouse(workspace.warehouse, read_only=True) as connection:
        assert connection.execute('select count(*) from raw_shopify."order"').fetchall() == [(0,)]
