"""The overlap of discovered groups of customers with the existing segments."""

from __future__ import annotations

import pandas as pd

from scripts.platform.warehouse import open_warehouse
from scripts.platform.workspace import Workspace

COLUMNS = ["group_key", "segment_key", "segment_name", "shared_count", "member_count"]


def segment_overlap(workspace: Workspace, groups: pd.DataFrame) -> pd.DataFrame:
    """Today's segments that hold customers of a group, as COLUMNS, one row per group and segment that share some.

    `groups` has customer_id and group_key. `shared_count`: customers of both; `member_count`: of the segment. Empty
    before segments are built.
    """
    with open_warehouse(workspace.warehouse, read_only=True) as connection:
        built = {
            name
            for (name,) in connection.execute(
                "select table_name from information_schema.tables where table_schema = 'marts'"
            ).fetchall()
        }
        if "segment_memberships" not in built:
            return pd.DataFrame(columns=COLUMNS)
        names = (
            "select segment_key, segment_name from marts.segment_library"
            if "segment_library" in built
            else "select distinct segment_key, segment_key as segment_name from marts.segment_memberships"
        )
        connection.register("found", groups)
        return connection.execute(
            f"""
            with members as (
                select customer_id, segment_key, count(*) over (partition by segment_key) as member_count
                from marts.segment_memberships
                where as_of_date = (select max(as_of_date) from marts.segment_memberships)
            )
            select found.group_key, members.segment_key,
                coalesce(any_value(names.segment_name), members.segment_key) as segment_name,
                count(distinct found.customer_id) as shared_count, any_value(members.member_count) as member_count
            from found
            inner join members on found.customer_id = members.customer_id
            left join ({names}) as names on members.segment_key = names.segment_key
            group by found.group_key, members.segment_key
            order by found.group_key, shared_count desc, members.segment_key
            """
        ).df()
