"""A tiny warehouse and a tiny published version with just what approve and export read."""

from __future__ import annotations

from pathlib import Path

import duckdb

from scripts.world import World

LIBRARY = """
    select *, 'In when …' as rule_text from (values
        ('lapsed', 'Lapsed customers', 'active', null, 'fp-lapsed', 1, 40, 'email|sms', 'approved', false),
        ('promoters', 'Promoters', 'active', null, 'fp-promoters', 1, 10, 'email', 'partial', false),
        ('changed', 'Changed', 'active', null, 'fp-new', 1, 10, 'email', 'lapsed', false),
        ('grown', 'Grown', 'active', null, 'fp-grown', 1, 90, 'email', 'count_outside_band', false),
        ('nobody', 'Nobody', 'active', null, 'fp-nobody', 1, 3, 'email', 'approved', false),
        ('vip', 'VIP', 'draft', 'these attributes do not exist yet: lifetime_value_total', 'fp-vip', 1, null, 'email',
         'none', false),
        ('inactive', 'Inactive', 'not_computable', 'their source is off: email_click_count_90d', 'fp-inactive', 1, null,
         'email', 'none', false),
        ('suppression', 'Suppression', 'active', null, 'fp-suppression', 1, 5, 'email', 'approved', true)
    ) as t(segment_key, segment_name, effective_status, status_reason, rule_fingerprint, rule_version, customer_count,
           channels, approval_status, is_suppression)
"""
APPROVALS = """
    select segment_key, role, 'fp' as rule_fingerprint, person as approved_by, '2026-07-01T09:00:00Z' as approved_at,
           30 as count_low, 50 as count_high, customer_count, person is not null as is_given,
           customer_count between 30 and 50 and person is not null as is_count_in_band
    from (values
        ('lapsed', 'segment_owner', 'Ann', 40), ('lapsed', 'campaign_owner', 'Bob', 40),
        ('lapsed', 'data_owner', 'Cid', 40),
        ('promoters', 'segment_owner', 'Ann', 10), ('promoters', 'campaign_owner', null, 10),
        ('promoters', 'data_owner', null, 10),
        ('grown', 'segment_owner', 'Ann', 90), ('grown', 'campaign_owner', 'Bob', 90),
        ('grown', 'data_owner', 'Cid', 90)
    ) as t(segment_key, role, person, customer_count)
"""
MEMBERS = """
    select date '2026-06-30' as as_of_date, 'lapsed' as segment_key, channel, customer_id, email, phone, is_primary,
           explanation, 1 as rule_version, 'fp-lapsed' as rule_fingerprint
    from (values
        ('email', 'c1', 'one@example.com', null, true, 'days_since_last_order 200 between 181 and 365'),
        ('email', 'c2', 'two@example.com', null, false, '=1+1'),
        ('email', 'c3', '=cmd|x@example.com', null, false, 'days_since_last_order 300 between 181 and 365'),
        ('sms', 'c1', null, '+447700900123', true, 'days_since_last_order 200 between 181 and 365')
    ) as t(channel, customer_id, email, phone, is_primary, explanation)
"""
QA = """
    select segment_key, check_name, status, observed, '1 % to 5 %' as expected, 'fails above 6 %' as threshold,
           explanation, null as plan_key, date '2026-06-30' as as_of_date
    from (values
        ('lapsed', 'count', 'pass', '40 customers', 'as expected'),
        ('lapsed', 'consent', 'pass', '25 % by email', 'enough members may be contacted'),
        ('lapsed', 'holdout', 'warn', '10 reachable', 'too few people'),
        ('nobody', 'count', 'pass', '3 customers', 'as expected')
    ) as t(segment_key, check_name, status, observed, explanation)
"""
COUNTS = """
    select date '2026-06-30' as as_of_date, segment_key, channel, member_count, suppressed_count,
           0 as suppression_unknown_count, no_consent_count, 0 as no_address_count, 0 as not_contactable_count,
           reachable_count
    from (values
        ('lapsed', 'email', 40, 7, 30, 3), ('lapsed', 'sms', 40, 0, 39, 1), ('nobody', 'email', 3, 0, 3, 0)
    ) as t(segment_key, channel, member_count, suppressed_count, no_consent_count, reachable_count)
"""


def small_library(folder: Path) -> World:
    """A world whose warehouse holds the library and whose published version `v1` holds an audience."""
    world = World.at(warehouse=str(folder / "warehouse.duckdb"))
    version = world.versions / "v1"
    version.mkdir(parents=True)
    contents = {
        "marts": {"segment_library": LIBRARY, "segment_approval_status": APPROVALS, "segment_qa": QA},
        "activation": {"audience_members": MEMBERS, "audience_counts": COUNTS},
    }
    with duckdb.connect(str(world.warehouse)) as connection:
        connection.execute("create schema marts")
        for name, query in contents["marts"].items():
            query = query.replace("select *,", "select *, row_number() over () as priority,", 1)
            connection.execute(f"create table marts.{name} as {query}")
    for schema, relations in contents.items():
        with duckdb.connect(str(version / f"{schema}.duckdb")) as connection:
            for name, query in relations.items():
                connection.execute(f"create table {name} as {query}")
    world.published.symlink_to(version)
    return world
