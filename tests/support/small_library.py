"""A tiny warehouse and a tiny published version with only what approve and export read."""

from __future__ import annotations

import json
from functools import cache
from pathlib import Path
from shutil import copytree
from tempfile import TemporaryDirectory

import duckdb

from scripts.platform.workspace import Workspace
from scripts.segments.approval_log import append_rows
from scripts.segments.changed_since import present_rows, suppression
from tests.support.build_notes import recorded

LIBRARY = """
    select *, 'All of: …' as rule_text, false as is_selling, null as missing_attributes, null as unavailable_attributes,
           case when segment_key = 'changed' then 1 end as approved_version,
           case when segment_key = 'changed' then 'days since last order is at least 120 became at least 100' end
           as change_since_approval
    from (values
        ('lapsed', 'Lapsed customers', 'active', null, 'fp-lapsed', 1, 40, 'email|sms', 'approved', false),
        ('promoters', 'Promoters', 'active', null, 'fp-promoters', 1, 10, 'email', 'partial', false),
        ('changed', 'Changed', 'active', null, 'fp-new', 3, 10, 'email', 'lapsed', false),
        ('grown', 'Grown', 'active', null, 'fp-grown', 1, 90, 'email', 'count_outside_band', false),
        ('nobody', 'Nobody', 'active', null, 'fp-nobody', 1, 3, 'email', 'approved', false),
        ('priced', 'Priced', 'active', null, 'fp-priced', 1, 20, 'email', 'none', false),
        ('reviewed', 'Reviewed', 'in_review', null, 'fp-reviewed', 1, null, 'email', 'none', false),
        ('vip', 'VIP', 'draft', 'these attributes do not exist yet: lifetime_value_total', 'fp-vip', 1, null, 'email',
         'none', false),
        ('inactive', 'Inactive', 'not_computable', 'their source is off: email_click_count_90d', 'fp-inactive', 1, null,
         'email', 'none', false),
        ('suppression', 'Suppression', 'active', null, 'fp-suppression', 1, 5, 'email', 'approved', true)
    ) as t(segment_key, segment_name, effective_status, status_reason, rule_fingerprint, rule_version, customer_count,
           channels, approval_status, is_suppression)
"""
# Who has approved what, as (segment, fingerprint, roles); the names are those of PEOPLE.
APPROVED = [
    ("lapsed", "fp-lapsed", ("segment_owner", "campaign_owner", "data_owner")),
    ("promoters", "fp-promoters", ("segment_owner",)),
    ("grown", "fp-grown", ("segment_owner", "campaign_owner", "data_owner")),
    ("changed", "fp-old", ("segment_owner", "campaign_owner", "data_owner")),
]
PEOPLE = {"segment_owner": "Ann", "campaign_owner": "Bob", "data_owner": "Cid"}
# Of the seeds, what decides whether an audience may leave.
SEEDS = {
    "segment_definitions": "segment_key,status,channels,scope,expires_on,tags\n"
    + "".join(
        f"{key},active,email|sms,people,,core\n"
        for key in ("lapsed", "promoters", "changed", "grown", "nobody", "priced", "reviewed", "vip", "inactive")
    )
    + "suppression,active,email,all,,suppression|core\nrecovery,active,service,people,,service_recovery\n",
    "segment_rule_conditions": "segment_key,kind,alternative,attribute,operator,value,if_missing\n"
    "suppression,include,1,complaint_count_30d,>=,1,\nsuppression,exclude,1,segment:promoters,is_member,,\n"
    "promoters,include,1,nps_score,>=,9,\nlapsed,include,1,days_since_last_order,>=,120,\n",
    "behaviour_windows": "attribute_name,event,filter,measure,days,description\n"
    "complaint_count_30d,ticket_created,topic=complaint,count,30,Complaints\n",
    "consent_rules": "channel,purpose,requires_double_opt_in,reason\nemail,marketing,true,Asked twice\n",
}
ROSTER = "approver_id,name,roles,valid_from,valid_to,signature\n" + "".join(
    f"{by},{by} Example,{roles},2026-01-01,,\n"
    for by, roles in (
        ("Ann", "segment_owner|data_owner"), ("Bob", "campaign_owner"), ("Cid", "data_owner|risk_owner"),
        ("Dora", "data_owner|campaign_owner|risk_owner"), ("Eve", "segment_owner"),
    )
)  # fmt: skip
USE = "channels=1;offer=2"
APPROVALS = """
    select library.segment_key, roles.role, library.rule_fingerprint, given.person as approved_by,
           '2026-07-01T09:00:00Z' as approved_at, 30 as count_low, 50 as count_high, library.customer_count,
           given.person is not null as is_given, 'channels=1;offer=2' as required_use,
           cast(null as varchar) as changed_parts,
           library.customer_count between 30 and 50 and given.person is not null as is_count_in_band
    from segment_library as library
    inner join (values ('segment_owner'), ('campaign_owner'), ('data_owner'), ('risk_owner')) as roles(role)
        on roles.role <> 'risk_owner' or library.segment_key = 'priced'
    left join (values
        ('lapsed', 'segment_owner', 'Ann'), ('lapsed', 'campaign_owner', 'Bob'), ('lapsed', 'data_owner', 'Cid'),
        ('promoters', 'segment_owner', 'Ann'),
        ('grown', 'segment_owner', 'Ann'), ('grown', 'campaign_owner', 'Bob'), ('grown', 'data_owner', 'Cid')
    ) as given(segment_key, role, person) using (segment_key, role)
"""
MEMBERS = """
    select date '2026-06-30' as as_of_date, 'lapsed' as segment_key, channel, customer_id, email, phone, is_primary,
           explanation, 1 as rule_version, 'fp-lapsed' as rule_fingerprint,
           case when is_primary then 'lapsed' else 'promoters' end as primary_segment_key
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
           0 as suppression_unknown_count, 0 as in_care_count, no_consent_count, 0 as no_address_count,
           0 as not_contactable_count, reachable_count
    from (values
        ('lapsed', 'email', 40, 7, 30, 3), ('lapsed', 'sms', 40, 0, 39, 1), ('nobody', 'email', 3, 0, 3, 0)
    ) as t(segment_key, channel, member_count, suppressed_count, no_consent_count, reachable_count)
"""


@cache
def _template() -> TemporaryDirectory[str]:
    """The library, created once per process and removed when the process ends."""
    folder = TemporaryDirectory(prefix="small_library_")
    _make(Path(folder.name))
    return folder


def small_library(folder: Path) -> Workspace:
    """A workspace whose warehouse contains the library and whose published version `v1` contains an audience."""
    copytree(_template().name, folder, dirs_exist_ok=True)
    workspace = Workspace.at(warehouse=str(folder / "warehouse.duckdb"))
    workspace.published.symlink_to(workspace.versions / "v1")
    return workspace


def _make(folder: Path) -> None:
    workspace = Workspace.at(warehouse=str(folder / "warehouse.duckdb"))
    version = workspace.versions / "v1"
    version.mkdir(parents=True)
    marts = {
        "segment_library": LIBRARY,
        "segment_approval_status": APPROVALS,
        "segment_qa": QA,
        "build_notes": recorded(kind="demo"),
    }
    workspace.seeds.mkdir()
    for name, text in SEEDS.items():
        (workspace.seeds / f"{name}.csv").write_text(text, encoding="utf-8")
    (workspace.seeds / "approvers.csv").write_text(ROSTER, encoding="utf-8")
    built = {"build": {"kind": "all"}, "suppression": suppression(present_rows(workspace.seeds))}
    (version / "manifest.json").write_text(json.dumps(built), encoding="utf-8")
    with duckdb.connect(str(workspace.warehouse)) as connection:
        connection.execute("create schema marts")
        connection.execute("use marts")
        for name, query in marts.items():
            query = query.replace("select *,", "select *, row_number() over () as priority,", 1)
            connection.execute(f"create table {name} as {query}")
    contents = {"marts": marts, "activation": {"audience_members": MEMBERS, "audience_counts": COUNTS}}
    for schema, relations in contents.items():
        with duckdb.connect(str(version / f"{schema}.duckdb")) as connection:
            for name, query in relations.items():
                connection.execute(f"create table {name} as {query}")
    append_rows(
        workspace,
        [log_row(key, fingerprint, role, PEOPLE[role]) for key, fingerprint, roles in APPROVED for role in roles],
    )


def log_row(key: str, fingerprint: str, role: str, by: str, decision: str = "approved") -> dict[str, str]:
    """A row of the approval log before it is chained."""
    return {
        "segment_key": key,
        "rule_fingerprint": fingerprint,
        "role": role,
        "approved_by": by,
        "approved_at": "2026-07-01T09:00:00Z",
        "count_low": "30",
        "count_high": "50",
        "decision": decision,
        "approved_use": USE,
    }
