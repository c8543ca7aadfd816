"""Commands that build, publish, draw and monitor: from raw tables to what readers see."""

from __future__ import annotations

import argparse
from pathlib import Path

from scripts.commands.options import (
    Commands,
    add_build_options,
    add_demo_options,
    demo_arguments,
    hours,
    instant,
    variables,
)
from scripts.platform.progress import Display
from scripts.platform.workspace import Workspace


def _run(options: argparse.Namespace, workspace: Workspace) -> None:
    from scripts.pipeline.run import run

    run(workspace, demo_arguments(options), force=options.force, verbose=options.verbose)


def add_run(commands: Commands) -> None:
    command = commands.add(
        "run",
        _run,
        "Run everything, from landing files to report.",
        "",
        "Without files, a demo is made and taken through every step. Files of your own in the landing zone are loaded, "
        "built, published and reported. Unchanged inputs are not processed again.",
    )
    command.add_argument("--force", action="store_true", help="build again even if nothing changed")
    command.add_argument(
        "--verbose", action="store_true", help="print everything that goes to logs/run.log beside the warehouse"
    )
    add_demo_options(command)


def _setup(options: argparse.Namespace, workspace: Workspace) -> None:
    from scripts.pipeline import steps

    steps.setup(workspace)


def add_setup(commands: Commands) -> None:
    commands.add("setup", _setup, "Install the dbt packages and copy the starting seeds.", "")


def _build(options: argparse.Namespace, workspace: Workspace) -> None:
    from scripts.pipeline import steps

    with Display("build") as display:
        steps.build(workspace, variables=variables(options), select=options.select, progress=display)


def add_build(commands: Commands) -> None:
    command = commands.add("build", _build, "Build and test all models with dbt.", "--as-of 2026-06-30")
    command.add_argument("--select", metavar="NODES", help="dbt node selection, such as customer_rfm+")
    add_build_options(command)


def _refresh_segments(options: argparse.Namespace, workspace: Workspace) -> None:
    from scripts.pipeline.refresh import refresh_segments

    with Display("refresh-segments") as display:
        refresh_segments(workspace, display)


def add_refresh_segments(commands: Commands) -> None:
    commands.add(
        "refresh-segments",
        _refresh_segments,
        "Build and test the segments alone.",
        "",
        "From changed rows to audiences, on the last complete build; may be published like it. Refused where anything "
        "but segment rows and approvals changed since.",
    )


def _import_marts(options: argparse.Namespace, workspace: Workspace) -> None:
    from scripts.pipeline.import_marts import import_marts, import_past_day

    with Display("import-marts") as display:
        (import_past_day if options.past_day else import_marts)(workspace, Path(options.folder).absolute(), display)


def add_import_marts(commands: Commands) -> None:
    command = commands.add(
        "import-marts",
        _import_marts,
        "Take in marts that Spark built, exported as Parquet.",
        "/mnt/lake/export",
        "They are checked first: whole, of one day, as the contracts promise.",
    )
    command.add_argument("folder", metavar="DIR", help="folder that `dbt run-operation export_to_parquet` wrote")
    command.add_argument(
        "--past-day", action="store_true", help="take an earlier day, for `fit` and `backtest`; the marts stay"
    )


def _publish(options: argparse.Namespace, workspace: Workspace) -> None:
    from scripts.serving.publish import publish

    with Display("publish") as display:
        publish(workspace, display)


def add_publish(commands: Commands) -> None:
    commands.add("publish", _publish, "Audit the build and switch readers to it.", "")


def _health(options: argparse.Namespace, workspace: Workspace) -> None:
    from scripts.serving.health import health

    health(workspace, as_json=options.json, strict=options.strict, now=options.now, max_age_hours=options.max_age)


def add_health(commands: Commands) -> None:
    command = commands.add(
        "health",
        _health,
        "Report health of sources, models and the published version.",
        "--json --max-age 36 --warehouse /srv/segments/warehouse.duckdb",
        "Exit code 1 when something is stale, missing or refused.",
    )
    command.add_argument("--json", action="store_true", help="one JSON document for monitors (schema_version 1)")
    command.add_argument("--strict", action="store_true", help="exit code 1 on warnings too")
    command.add_argument(
        "--now", type=instant, metavar="INSTANT", help="check the published version's age at this time (default: now)"
    )
    command.add_argument(
        "--max-age",
        type=hours,
        default=48.0,
        metavar="HOURS",
        help="how old the published version may be, from the end of the day it describes (default: 48)",
    )


def _rollback(options: argparse.Namespace, workspace: Workspace) -> None:
    from scripts.serving.publish import rollback

    print(f"readers now see version {rollback(workspace, options.version).name}")


def add_rollback(commands: Commands) -> None:
    command = commands.add("rollback", _rollback, "Switch readers back to an earlier version.", "")
    command.add_argument("--version", default=None, help="version to go back to (default: the one before)")


def _report(options: argparse.Namespace, workspace: Workspace) -> None:
    from scripts.serving.report import report

    with Display("report") as display:
        report(workspace, Path(options.out) if options.out else None, display)


def add_report(commands: Commands) -> None:
    command = commands.add("report", _report, "Draw the report page from the published version.", "")
    command.add_argument("--out", metavar="PATH", help="where to write (default: beside the warehouse)")
