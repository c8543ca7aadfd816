"""What was known about customers on past days, and what they did afterwards: the features and labels of the models.

A past day is built by the same models as today, with `as_of_date` set to that day, in a copy of the warehouse: it holds
nothing that happened or became known later, and every attribute has one definition only. A finished day is kept as
Parquet under `<home>/snapshots/` and reused as long as data and models are the same.
"""

from __future__ import annotations

import fcntl
import os
import shutil
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import date, timedelta
from pathlib import Path

import duckdb
import pandas as pd

from scripts.platform.errors import UserError
from scripts.platform.files import new_folder
from scripts.platform.imported import stop_without_raw_tables
from scripts.platform.past_day import build_past_day, data_state
from scripts.platform.progress import Progress, tell_share
from scripts.platform.settings import keep_as_built
from scripts.platform.warehouse import literal, open_warehouse
from scripts.platform.workspace import Workspace

# Where past days are built.
SANDBOX = ".work"
# Segments on past days; kept by scripts.segments.backfill.
SEGMENTS = "segments"
# The tables kept of a day, and the relations they come from.
TABLES = {
    "inputs": "intermediate.int_prediction_inputs",
    "purchases": "intermediate.int_customer_purchases",
    "interests": "intermediate.int_category_interests",
    "identities": "marts.customer_identities",
}


@dataclass(frozen=True)
class Snapshot:
    """One past day. Customer ids are those of that day.

    `inputs`: int_prediction_inputs; `purchases`: int_customer_purchases; `interests`: int_category_interests, each as
    of the day. `present_ids`: customer_id of that day -> present_customer_id, for outcomes.
    """

    day: date
    inputs: pd.DataFrame
    purchases: pd.DataFrame
    interests: pd.DataFrame
    present_ids: pd.DataFrame


def snapshots(workspace: Workspace, days: Iterable[date], progress: Progress = print) -> dict[date, Snapshot]:
    """The given past days, each built if it is not kept already. Raises UserError for a day that is not in the past."""
    wanted = sorted(set(days))
    last = described_day(workspace)
    for day in wanted:
        if day >= last:
            raise UserError(f"{day} is not before {last}, the as_of_date of {workspace.warehouse}; give an earlier day")
    state = data_state(workspace)
    folders = {day: snapshot_folder(workspace, day, state) for day in wanted}
    missing = [day for day in wanted if not folders[day].exists()]
    if missing:
        stop_without_raw_tables(
            workspace, f"build {missing[0]} on Spark, export it as a past day and run `import-marts DIR --past-day`"
        )
        with sandbox(workspace) as copy:
            _drop_other_states(workspace, state)
            for number, day in enumerate(missing, start=1):
                progress(f"snapshot {number} of {len(missing)}: what was known on {day}")
                _build(copy, day, folders[day])
                tell_share(progress, number, len(missing))
    return {day: _read(workspace, day, folder) for day, folder in folders.items()}


def snapshot_folder(workspace: Workspace, day: date, state: str | None = None) -> Path:
    """The folder of a kept day, for the given or the present state of data and models."""
    return workspace.snapshots / f"{day.isoformat()}-{state or data_state(workspace)}"


def described_day(workspace: Workspace) -> date:
    """The last day that the built warehouse describes."""
    with open_warehouse(workspace.warehouse, read_only=True) as connection:
        try:
            found = connection.execute("select max(as_of_date) from marts.customer_margin").fetchone()
        except duckdb.CatalogException:
            raise UserError(f"{workspace.warehouse}: has not been built; run `python -m scripts build` first") from None
    if found is None or found[0] is None:
        raise UserError(
            f"{workspace.warehouse}: holds no orders, so there is nothing to learn from; load some and build"
        )
    day: date = found[0]
    return day


def outcomes(workspace: Workspace, snapshot: Snapshot, days: int) -> pd.DataFrame:
    """What each customer of a snapshot did in the `days` days after it, as known to the warehouse now.

    One row per customer of `snapshot.purchases`: customer_id (of that day), order_count, purchase_day_count,
    net_revenue, contribution_margin (reporting currency; 0 without an order), email_response_count (human opens and
    clicks). Raises UserError when the days are not over.
    """
    begin, end = _window(workspace, snapshot, days)
    with open_warehouse(workspace.warehouse, read_only=True) as connection:
        connection.register("present_ids", snapshot.present_ids)
        connection.register("known", snapshot.purchases[["customer_id"]])
        return connection.execute(
            """
            with bought as (
                select customer_id, count(*) as order_count, count(distinct ordered_date) as purchase_day_count,
                    sum(net_revenue) as net_revenue, sum(contribution_margin) as contribution_margin
                from marts.order_margins
                where is_counted and ordered_date > $begin and ordered_date <= $end
                group by customer_id
            ),
            answered as (
                select customer_id, sum(email_human_open_count + email_click_count) as email_response_count
                from marts.engagement_daily
                where activity_date > $begin and activity_date <= $end
                group by customer_id
            )
            select known.customer_id,
                coalesce(bought.order_count, 0) as order_count,
                coalesce(bought.purchase_day_count, 0) as purchase_day_count,
                cast(coalesce(bought.net_revenue, 0) as double) as net_revenue,
                cast(coalesce(bought.contribution_margin, 0) as double) as contribution_margin,
                cast(coalesce(answered.email_response_count, 0) as bigint) as email_response_count
            from known
            left join present_ids on known.customer_id = present_ids.customer_id
            left join bought on coalesce(present_ids.present_customer_id, known.customer_id) = bought.customer_id
            left join answered on coalesce(present_ids.present_customer_id, known.customer_id) = answered.customer_id
            order by known.customer_id
            """,
            {"begin": begin, "end": end},
        ).df()


def products_bought_after(workspace: Workspace, snapshot: Snapshot, days: int) -> pd.DataFrame:
    """What customers of a snapshot bought in the `days` days after it: customer_id (of that day), category, sku."""
    begin, end = _window(workspace, snapshot, days)
    with open_warehouse(workspace.warehouse, read_only=True) as connection:
        connection.register("present_ids", snapshot.present_ids)
        connection.register("known", snapshot.purchases[["customer_id"]])
        return connection.execute(
            """
            select distinct known.customer_id, products.category, lines.sku
            from known
            left join present_ids on known.customer_id = present_ids.customer_id
            inner join marts.order_lines as lines
                on coalesce(present_ids.present_customer_id, known.customer_id) = lines.customer_id
            inner join marts.products as products on lines.sku = products.sku
            where lines.is_counted and lines.line_type = 'product'
                and lines.ordered_date > $begin and lines.ordered_date <= $end
            order by all
            """,
            {"begin": begin, "end": end},
        ).df()


def _window(workspace: Workspace, snapshot: Snapshot, days: int) -> tuple[date, date]:
    end = snapshot.day + timedelta(days=days)
    last = described_day(workspace)
    if end > last:
        raise UserError(f"the {days} days after {snapshot.day} are not over on {last}; give an earlier day")
    return snapshot.day, end


@contextmanager
def sandbox(workspace: Workspace) -> Iterator[Workspace]:
    """A copy of the warehouse in which past days are built; removed afterwards."""
    stop_without_raw_tables(workspace, "past days are built from raw tables; evaluate them on Spark")
    with _alone(workspace.snapshots):
        yield from _copied(workspace)


@contextmanager
def _alone(folder: Path) -> Iterator[None]:
    """Only one process builds past days of a workspace. Raises UserError when another does."""
    folder.mkdir(parents=True, exist_ok=True, mode=0o700)
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        yield
    except BlockingIOError:
        raise UserError(
            f"{folder}: another process is building past days; wait for it to end, then run again"
        ) from None
    finally:
        os.close(descriptor)


def _copied(workspace: Workspace) -> Iterator[Workspace]:
    folder = workspace.snapshots / SANDBOX
    # Left by an interrupted run.
    shutil.rmtree(folder, ignore_errors=True)
    size = workspace.warehouse.stat().st_size
    free = shutil.disk_usage(workspace.snapshots).free
    if free < 2 * size:
        raise UserError(f"{folder}: {free >> 20} MB free, but a copy needs {2 * size >> 20} MB; free some space")
    folder.mkdir(mode=0o700)
    try:
        # Under the same file name, by which dbt's parsed project refers to the database.
        copy = Workspace(landing=workspace.landing, warehouse=folder / workspace.warehouse.name, seeds=workspace.seeds)
        # Opened once, so that its log is written into the file before that is copied.
        with open_warehouse(workspace.warehouse) as connection:
            connection.execute("checkpoint")
        shutil.copyfile(workspace.warehouse, copy.warehouse)
        copy.warehouse.chmod(0o600)
        with open_warehouse(copy.warehouse) as connection:
            keep_as_built(connection)
        yield copy
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def _build(copy: Workspace, day: date, folder: Path) -> None:
    build_past_day(copy, day, [f"+{table.split('.')[1]}" for table in TABLES.values()])
    with new_folder(folder) as unfinished, open_warehouse(copy.warehouse, read_only=True) as connection:
        for name, table in TABLES.items():
            target = literal(str(unfinished / f"{name}.parquet"))
            connection.execute(f"copy (from {table} order by all) to {target} (format parquet, compression zstd)")


def _read(workspace: Workspace, day: date, folder: Path) -> Snapshot:
    with open_warehouse(workspace.warehouse, read_only=True) as connection:
        # Read by DuckDB like the tables of today, so that columns have the same types.
        frames = {
            name: connection.execute(f"from read_parquet({literal(str(folder / f'{name}.parquet'))})").df()
            for name in TABLES
            if name != "identities"
        }
        then = f"read_parquet({literal(str(folder / 'identities.parquet'))})"
        found = present_ids(connection, then, "marts.customer_identities")
    return Snapshot(day=day, present_ids=found, **frames)


def present_ids(connection: duckdb.DuckDBPyConnection, then: str, now: str) -> pd.DataFrame:
    """The current ids of the customers of a past day: customer_id (of that day), present_customer_id.

    `then` and `now` are relations with the columns of customer_identities. Where a customer's profiles were split among
    several customers, the one with most of them counts.
    """
    return connection.execute(
        f"""
        select customer_id, arg_max(present_customer_id, (profiles, present_customer_id)) as present_customer_id
        from (
            select then_.customer_id, now_.customer_id as present_customer_id, count(*) as profiles
            from {then} as then_
            inner join {now} as now_
                on then_.source_system = now_.source_system
                and then_.source_profile_id = now_.source_profile_id
            group by all
        )
        group by customer_id
        order by customer_id
        """
    ).df()


def _drop_other_states(workspace: Workspace, state: str) -> None:
    """Remove days built from data or models that have changed since."""
    for folder in workspace.snapshots.iterdir():
        # Also removes half-written days of an interrupted run.
        if folder.name not in (SANDBOX, SEGMENTS) and not folder.name.endswith(state):
            shutil.rmtree(folder, ignore_errors=True)
