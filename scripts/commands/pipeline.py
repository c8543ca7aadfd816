"""Commands that build, publish and draw: the way from raw tables to what readers see."""

from __future__ import annotations

import argparse
from pathlib import Path

from scripts.commands.options import Commands, add_build_options, add_demo_options, demo_arguments, variables
from scripts.platform.world import World


def _run(options: argparse.Namespace, world: World) -> None:
    from scripts.pipeline.run import run

    run(world, demo_arguments(options), force=options.force)


def add_run(commands: Commands) -> None:
    command = commands.add("run", _run, "Everything, from data to page; what did not change is not done again.", "")
    command.add_argument("--force", action="store_true", help="build again even where nothing changed")
    add_demo_options(command)


def _build(options: argparse.Namespace, world: World) -> None:
    from scripts.pipeline import steps

    steps.build(world, variables=variables(options), select=options.select)


def add_build(commands: Commands) -> None:
    command = commands.add("build", _build, "Build and test all models with dbt.", "--as-of 2026-06-30")
    command.add_argument("--select", metavar="NODES", help="dbt node selection, such as customer_rfm+")
    add_build_options(command)


def _publish(options: argparse.Namespace, world: World) -> None:
    from scripts.serving.publish import publish

    publish(world)


def add_publish(commands: Commands) -> None:
    commands.add("publish", _publish, "Audit the build and switch readers to it.", "")


def _rollback(options: argparse.Namespace, world: World) -> None:
    from scripts.serving.publish import rollback

    print(f"readers now see version {rollback(world, options.version).name}")


def add_rollback(commands: Commands) -> None:
    command = commands.add("rollback", _rollback, "Switch readers back to an earlier version.", "")
    command.add_argument("--version", default=None, help="version to go back to (default: the one before)")


def _report(options: argparse.Namespace, world: World) -> None:
    from scripts.serving.report import report

    report(world, out=Path(options.out) if options.out else None)


def add_report(commands: Commands) -> None:
    command = commands.add("report", _report, "Draw the static page from what is published.", "")
    command.add_argument("--out", metavar="PATH", help="where to write (default: beside the warehouse)")
