"""Measures identity resolution against scipy's connected components on the same edges."""

from __future__ import annotations

import shutil
import time

import numpy as np
import pandas as pd

from scripts.platform.progress import Progress, quiet
from scripts.platform.warehouse import open_warehouse
from scripts.platform.workspace import Workspace

# The models from the identifiers of profiles to the person of each profile.
RESOLUTION = (
    "int_identity_blocked_values",
    "int_identity_dropped_claims",
    "int_identity_account_components",
    "int_identity_by_account",
    "int_identity_email_values",
    "int_identity_email_components",
    "int_identity_by_email",
    "int_identity_phone_values",
    "int_identity_phone_components",
    "int_identity_by_phone",
)
# Two and a half profiles per person, with two identifiers each. One profile in twenty has a second address, which only
# the phone links to the first; one person in fifty shares the phone of the previous person, under another name.
PEOPLE = """
    select
        number,
        person,
        case when number % 20 = 0 then 'second.' else '' end || 'person' || person || '@mail' || person % 7
            || '.example.com' as email,
        '+4477009' || lpad(cast(case when person % 50 = 0 then person - 1 else person end as varchar), 7, '0') as phone,
        ['Anna', 'Ben', 'Carl', 'Dora', 'Emil', 'Fay', 'Gus'][person % 7 + 1] as first_name,
        ['Archer', 'Birch', 'Cole', 'Drake', 'Eaton', 'Frost'][person % 6 + 1] as last_name,
        timestamp '2024-01-01' + to_seconds(cast(number * 7 as bigint)) as seen_at
    from (select range as number, cast(hash(range) % greatest({profiles} * 2 // 5, 1) as bigint) as person
          from range({profiles}))
"""


def benchmark_identity(workspace: Workspace, *, profiles: int = 1_000_000, progress: Progress = print) -> None:
    """Resolve `profiles` profiles with two identifiers each, and print the time as a multiple of scipy's.

    scipy's time includes encoding profiles and identifiers as integers, which it needs; both read the same table in the
    same run. Ours includes merge protection by names and limits, which scipy does not do.
    """
    from scripts.pipeline import steps
    from scripts.platform.dbt import run_dbt

    own = Workspace.at(warehouse=str(workspace.home / f"profiles-{profiles}" / "warehouse.duckdb"))
    shutil.rmtree(own.home, ignore_errors=True)
    progress(f"{profiles:,} profiles with two identifiers each")
    _write_raw_tables(own, profiles)
    steps.setup(own, quiet)
    run_dbt(own, ["seed"], progress=quiet)
    results = run_dbt(own, ["run", "--select", "+int_identity_by_phone"], progress=quiet)
    seconds = {result.node.name: float(result.execution_time) for result in results}
    resolution = sum(seconds[name] for name in RESOLUTION)
    before = sum(seconds.values()) - resolution
    progress(f"  resolution {resolution:.1f} s, reading and normalising before it {before:.1f} s")
    for name in RESOLUTION:
        progress(f"    {name:<30} {seconds[name]:5.2f} s")
    scipy_seconds, components = _scipy_seconds(own)
    progress(f"  scipy {scipy_seconds:.1f} s, {components:,} components before any protection")
    progress(f"  resolution took {resolution / scipy_seconds:.2f} times scipy")
    shutil.rmtree(own.home)


def _write_raw_tables(workspace: Workspace, profiles: int) -> None:
    """CRM and sending-tool profiles, as a connector would land them."""
    with open_warehouse(workspace.warehouse) as connection:
        connection.execute("create schema raw_crm; create schema raw_klaviyo")
        connection.execute(f"create temp table people as {PEOPLE.format(profiles=profiles)}")
        connection.execute(
            "create table raw_crm.profile as select 'CRM-' || number as profile_id, email, phone, first_name,"
            " last_name, seen_at as created_at, seen_at as synced_at from people where number % 2 = 0"
        )
        connection.execute(
            "create table raw_klaviyo.person as select 'KL' || number as id, email, phone as phone_number, first_name,"
            " last_name, seen_at as created, seen_at as updated, seen_at as _fivetran_synced from people"
            " where number % 2 = 1"
        )


def _scipy_seconds(workspace: Workspace) -> tuple[float, int]:
    from scipy.sparse import coo_matrix
    from scipy.sparse.csgraph import connected_components

    with open_warehouse(workspace.warehouse, read_only=True) as connection:
        started = time.monotonic()
        edges = connection.execute(
            "select profile_key, identifier_type || ':' || identifier_value as identifier"
            " from intermediate.int_identity_identifiers"
        ).df()
        profiles, profile_names = pd.factorize(edges["profile_key"])
        identifiers, identifier_names = pd.factorize(edges["identifier"])
        size = len(profile_names) + len(identifier_names)
        graph = coo_matrix(
            (np.ones(len(edges), dtype=np.int8), (profiles, identifiers + len(profile_names))), shape=(size, size)
        )
        count, _ = connected_components(graph, directed=False)
        return time.monotonic() - started, int(count)
