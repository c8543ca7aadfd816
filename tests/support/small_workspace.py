"""A small warehouse with all relations that publishing and the report need: 40 customers, 3 segments."""

from __future__ import annotations

from pathlib import Path

from scripts.platform.build_record import ALL, record_whole
from scripts.platform.warehouse import open_warehouse
from scripts.platform.workspace import Workspace
from tests.support.build_notes import recorded

AS_OF = "2026-06-30"

RELATIONS = {
    "customers": "select printf('c%02d', i) as customer_id, 'person' as customer_type from range(40) as t(i)",
    "customer_identities": """
        select 'shopify' as source_system, md5(customer_id) as source_profile_id, customer_id from marts.customers
    """,
    "orders": """
        select 'shopify:' || customer_id as order_id, customer_id, 'online' as channel,
            timestamp '2026-06-01 10:00:00' as ordered_at, date '2026-06-01' as ordered_date, true as is_counted,
            60.00 as gross_revenue, 5.00 as discounts, 5.00 as shipping_revenue
        from marts.customers where customer_id < 'c30'
    """,
    "order_lines": "select order_id || ':1' as order_line_id, order_id, 'A-1' as sku from marts.orders",
    "returns": """
        select order_line_id as return_line_id, order_id, 'c00' as customer_id, date '2026-06-05' as returned_date,
            0.00 as returns_amount, true as is_counted
        from marts.order_lines where false
    """,
    "products": "select 'A-1' as sku, 'Kettle' as product_name",
    "customer_rfm": f"""
        select customer_id, date '{AS_OF}' as as_of_date, row_number() over (order by customer_id) * 5 as recency_days,
            row_number() over (order by customer_id) % 4 + 1 as frequency,
            cast(row_number() over (order by customer_id) * 12.5 as decimal(18, 2)) as monetary,
            cast(row_number() over (order by customer_id) % 5 + 1 as int) as r_score,
            cast(row_number() over (order by customer_id) % 3 + 1 as int) as f_score, 3 as m_score, 'loyal' as rfm_group
        from marts.orders
    """,
    "customer_margin": f"""
        select customer_id, date '{AS_OF}' as as_of_date,
            {
        ", ".join(
            f"cast({value} as decimal(18, 2)) as {name}"
            for name, value in {
                "gross_revenue": "case when customer_id < 'c30' then 100 else 0 end",
                "discounts": 10,
                "returns_amount": 0,
                "shipping_revenue": 5,
                "net_revenue": 95,
                "cogs": 40,
                "shipping_cost": 5,
                "payment_fees": 2,
                "marketplace_fees": 0,
                "return_handling_cost": 0,
                "service_cost": 1,
                "contribution_margin": 47,
            }.items()
        )
    },
            0.5 as cost_coverage
        from marts.customers
    """,
    "customer_features": f"""
        select customer_id, date '{AS_OF}' as as_of_date, 0.1 + 0.2 as overdue_ratio,
            cast(60 as decimal(18, 2)) as net_revenue_365d,
            case when customer_id < 'c04' then 4.5 end as average_satisfaction_365d
        from marts.customers
    """,
    "segment_library": """
        select * from (values
            ('suppression', 'Suppression, every channel', 'active', 'active', 1, true, 'none'),
            ('lapsed', 'Lapsed', 'active', 'active', 2, false, 'count_outside_band'),
            ('high_potential', 'High potential', 'draft', 'draft', 3, false, 'none')
        ) as t(segment_key, segment_name, status, effective_status, priority, is_suppression, approval_status)
    """,
    "segment_rules": "select segment_key, 'order_count' as attribute from marts.segment_library",
    "segment_memberships": f"""
        select date '{AS_OF}' as as_of_date, customer_id, segment_key, priority,
            segment_key = 'suppression' as is_primary, date '{AS_OF}' as entered_date, 1 as rule_version
        from marts.customers, marts.segment_library
        where effective_status = 'active' and customer_id < 'c' || cast(priority as varchar) || '5'
    """,
    "customer_primary_segment": """
        select customer_id, 'email' as channel, segment_key from marts.segment_memberships where is_primary
    """,
    "segment_sizes": """
        select as_of_date, segment_key, count(*) as customer_count from marts.segment_memberships group by all
    """,
    "segment_growth": """
        select as_of_date, segment_key, customer_count, customer_count * 2 as customer_count_28d_ago,
            -0.5 as change_rate_28d, 41 as entered_count, 1 as entered_by_initial_load_count, 37 as left_count
        from marts.segment_sizes
    """,
    "segment_anomalies": """
        select as_of_date, segment_key, segment_key = 'lapsed' as is_unusual, 'entered' as unusual_measure,
            'source_outage' as cause
        from marts.segment_sizes
    """,
    "segment_qa": """
        select * from (values
            ('lapsed', 'recent_activity', 'fail'), ('lapsed', 'consent', 'warn'), ('lapsed', 'count', 'pass')
        ) as t(segment_key, check_name, status)
    """,
    "segment_overlap": """
        select one.as_of_date, one.segment_key, other.segment_key as other_segment_key, count(*) as customer_count,
            0.5 as share_of_segment, 0.4 as jaccard
        from marts.segment_memberships as one
        inner join marts.segment_memberships as other
            on one.customer_id = other.customer_id and one.segment_key <> other.segment_key
        group by all
    """,
    "build_notes": recorded(as_of_date=AS_OF, kind="demo", reporting_currency="EUR"),
    "dead_letters": """
        select source, record_key, reason, 'quarantine' as severity,
            cast(value_at_risk as decimal(18, 2)) as value_at_risk, rule_key, repair_hint, state,
            state = 'open' as is_held, false as is_consequential, true as is_value_estimated
        from (values
            ('shopify', 'a', 'the currency has no rate', 1250.4, 'no_rate', 'add its rate', 'open'),
            ('shopify', 'b', 'the currency has no rate', null, 'no_rate', 'add its rate', 'open'),
            ('pos', 'c', 'a column is missing', 90, 'door_column', null, 'repaired')
        ) as t(source, record_key, reason, value_at_risk, rule_key, repair_hint, state)
    """,
    "source_health": """
        select * from (values
            ('shopify', 'orders', 30, 5, 48, true, 'fresh', timestamp '2026-06-30 18:00:00', 'ok', null, 5),
            ('pos', 'receipts', 30, 50, 48, true, 'stale', timestamp '2026-06-28 18:00:00', 'fail', 'no news', 50),
            ('surveys', 'responses', 0, null, 168, false, 'off', null, 'ok', 'switched off', null)
        ) as t(source, table_name, row_count, age_hours, sla_hours, is_on, status, last_known_at, severity,
            status_reason, source_age_hours)
    """,
}


def small_workspace(home: Path) -> Workspace:
    """A workspace under `home` whose warehouse is built and ready to publish."""
    workspace = Workspace.at(warehouse=str(home / "warehouse.duckdb"))
    with open_warehouse(workspace.warehouse) as connection:
        for schema in ("marts", "activation", "pii", "intake"):
            connection.execute(f"create schema {schema}")
        for name, query in RELATIONS.items():
            connection.execute(f"create table marts.{name} as {query}")
        connection.execute("comment on table marts.customers is 'One row per customer.'")
        connection.execute("comment on column marts.customers.customer_id is 'Who''s who.'")
        connection.execute("create table pii.contacts as select 'a@example.com' as email")
        connection.execute(
            "create table activation.audience_members as select 'lapsed' as segment_key, 'a@example.com' as email"
        )
        connection.execute(
            "create table intake.settings as select * from"
            " (values ('kind', 'demo'), ('reporting_currency', 'EUR')) as t(setting_name, setting_value)"
        )
        record_whole(connection, ALL)
    return workspace


def change(workspace: Workspace, statement: str) -> None:
    """Run one statement on the workspace's warehouse, such as a planted fault."""
    with open_warehouse(workspace.warehouse) as connection:
        connection.execute(statement)
