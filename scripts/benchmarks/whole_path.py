"""Measures the whole path at scale, the demo against its reference scenario, and intake against a bare load."""

from __future__ import annotations

import resource
import shutil
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

from scripts.platform.progress import Progress, quiet
from scripts.platform.warehouse import literal, open_warehouse
from scripts.platform.workspace import Workspace


def benchmark(
    workspace: Workspace, *, customers: int = 250_000, seeds: Sequence[int] = (1,), progress: Progress = print
) -> None:
    """Simulate, load, build and publish one workspace per seed in the home of `workspace`; print the time of each step.

    The five audience sizes are compared with the published ones by the simulator's own evaluator, which reads landing
    files and ground truth and none of the models.
    """
    from scripts.demo.simulator import simulate
    from scripts.demo.simulator.reference import reference_table
    from scripts.intake.command import intake
    from scripts.pipeline import steps
    from scripts.serving.publish import publish

    for seed in seeds:
        own = Workspace.at(warehouse=str(workspace.home / f"seed-{seed}-{customers}" / "warehouse.duckdb"))
        progress(f"seed {seed}, {customers:,} customers")
        with _timed("simulate", progress):
            simulate(own, customers=customers, seed=seed, progress=quiet)
        for line in reference_table(own, customers):
            progress(line)
        with _timed("intake", progress):
            intake(own, quiet)
        with _timed("build", progress):
            steps.build(own, progress=quiet)
        with _timed("publish", progress):
            publish(own, quiet)


# Every hundredth event is repeated; the timestamps are a little over a second apart.
EVENTS = """
    select
        md5(cast(number as varchar)) as id,
        'anonymous-' || md5(cast(number // 8 as varchar)) as anonymous_id,
        case when number % 3 = 0 then cast(number // 24 as varchar) end as user_id,
        strftime(seen_at, '%Y-%m-%d %H:%M:%S') as received_at,
        strftime(seen_at - interval 1 second, '%Y-%m-%d %H:%M:%S') as sent_at,
        strftime(seen_at - interval 2 second, '%Y-%m-%d %H:%M:%S') as "timestamp",
        'https://shop.example/products/' || page as url,
        '/products/' || page as path,
        'Product ' || page as title,
        case when number % 4 = 0 then 'https://search.example/?q=' || (page % 999) end as referrer,
        case when number % 5 = 0 then 'newsletter' end as context_campaign_source,
        case when number % 5 = 0 then 'email' end as context_campaign_medium,
        case when number % 5 = 0 then 'spring-' || (number % 12) end as context_campaign_name,
        'Mozilla/5.0 (X11; Linux x86_64) ' || (page % 40) as context_user_agent
    from (
        select
            *,
            hash(number) % 5000 as page,
            timestamp '2026-01-01' + to_seconds(cast(number * 1.3 as bigint)) as seen_at
        from (select case when position % 100 = 99 then position - 1 else position end as number
              from range({events}) as places (position))
    )
"""


def benchmark_intake(workspace: Workspace, *, events: int = 10_000_000, progress: Progress = print) -> None:
    """Load `events` web events as Parquet and as CSV, each compared with a bare load of the same file by the engine.

    Prints the ratio of the two times, measured one after the other on this machine, and the time for loading the same
    file again, for an intake with nothing new, and for the validation rules.
    """
    from scripts.intake.command import intake

    home = workspace.home / f"events-{events}"
    shutil.rmtree(home, ignore_errors=True)
    home.mkdir(parents=True)
    for kind in ("parquet", "csv"):
        own = Workspace.at(warehouse=str(home / kind / "warehouse.duckdb"))
        file = own.landing / "web" / "pages" / f"events_2026-06-30.{kind}"
        file.parent.mkdir(parents=True)
        progress(f"{events:,} web events as {kind}")
        _write_events(file, events)
        with _timed("bare load", progress) as bare:
            _bare_load(file, home / "bare.duckdb")
        with _timed("intake", progress) as full:
            for line in intake(own, quiet).lines()[-1:]:
                progress(f"  {line}")
        file.rename(file.with_name(f"again_2026-07-01.{kind}"))
        with _timed("same file", progress):
            intake(own, quiet)
        with _timed("no files", progress):
            intake(own, quiet)
        progress(f"  intake took {full[0] / bare[0]:.2f} times the bare load")
        progress(
            f"  checking the table's validation rules takes {_rules_seconds(own) / bare[0]:.2f} times the bare load"
        )
        shutil.rmtree(own.home)


def _rules_seconds(workspace: Workspace) -> float:
    """Seconds of the model that checks the table's records against the validation rules."""
    from scripts.pipeline import steps
    from scripts.platform.dbt import run_dbt

    steps.setup(workspace, quiet)
    run_dbt(workspace, ["seed"], progress=quiet)
    results = run_dbt(workspace, ["run", "--select", "+int_web__violations"], progress=quiet)
    return next(float(result.execution_time) for result in results if result.node.name == "int_web__violations")


def _write_events(file: Path, events: int) -> None:
    with open_warehouse(file.with_suffix(".making")) as connection:
        stamps = ", ".join(
            f'cast("{name}" as timestamp) as "{name}"' for name in ("received_at", "sent_at", "timestamp")
        )
        fields = "*" if file.suffix == ".csv" else f"* replace ({stamps})"
        connection.execute(f"copy (select {fields} from ({EVENTS.format(events=events)})) to {literal(str(file))}")
    file.with_suffix(".making").unlink()


def _bare_load(file: Path, into: Path) -> None:
    into.unlink(missing_ok=True)
    with open_warehouse(into) as connection:
        connection.execute(f"create table events as from {literal(str(file))}")
    into.unlink()


@contextmanager
def _timed(step: str, progress: Progress) -> Iterator[list[float]]:
    """Times the block; afterwards the yielded list holds its seconds."""
    started = time.monotonic()
    seconds: list[float] = []
    yield seconds
    seconds.append(time.monotonic() - started)
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    progress(f"  {step:<10} {seconds[0]:8.1f} s   peak memory so far {peak:,.0f} MB")
