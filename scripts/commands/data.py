"""Commands for incoming data: make a demo, load deliveries, check seeds and rules."""

from __future__ import annotations

import argparse
from pathlib import Path

from scripts.commands.options import (
    Commands,
    add_build_options,
    add_demo_options,
    country,
    currency,
    demo_arguments,
    folder_name,
    variables,
    zone,
)
from scripts.platform.errors import UserError
from scripts.platform.progress import Display
from scripts.platform.workspace import Workspace


def _demo(options: argparse.Namespace, workspace: Workspace) -> None:
    from scripts.pipeline import steps

    with Display("demo") as display:
        steps.demo(workspace, demo_arguments(options), display)


def add_demo(commands: Commands) -> None:
    command = commands.add("demo", _demo, "Write landing files of a simulated or a real retailer.", "--customers 20000")
    add_demo_options(command)


def _intake(options: argparse.Namespace, workspace: Workspace) -> None:
    from scripts.intake.command import intake

    with Display("intake") as display:
        for line in intake(workspace, display).lines():
            display(line)


def add_intake(commands: Commands) -> None:
    commands.add(
        "intake", _intake, "Load new files from the landing zone into the raw tables.", "--landing /srv/landing"
    )


def _scaffold(options: argparse.Namespace, workspace: Workspace) -> None:
    from scripts.intake.scaffold import scaffold

    with Display("scaffold") as display:
        scaffold(
            workspace,
            [Path(file) for file in options.files],
            zone=options.zone,
            currency=options.currency,
            country=options.country,
            name=options.name,
            progress=display,
        )


def add_scaffold(commands: Commands) -> None:
    command = commands.add(
        "scaffold",
        _scaffold,
        "Look at files of unknown shape and propose how to map them.",
        "orders.csv products.csv --currency EUR --zone Europe/Berlin",
        "The proposal is a small file beside a copy of the files in the landing zone; intake applies it once you have "
        "reviewed it.",
    )
    command.add_argument(
        "files", nargs="+", metavar="FILE", help="CSV, JSON lines or Parquet; alike files share a mapping"
    )
    command.add_argument("--zone", type=zone, help="time zone of times without an offset, such as Europe/Berlin")
    command.add_argument("--currency", type=currency, help="currency of amounts without one, such as EUR")
    command.add_argument("--country", type=country, help="country of phone numbers without a code, such as DE")
    command.add_argument(
        "--name", type=folder_name, help="name of the mapping's folder (default: from the file's name)"
    )


def _validate(options: argparse.Namespace, workspace: Workspace) -> None:
    from scripts.pipeline import steps

    limits = {"channel": options.channel, "account": options.account, "minimum": options.min, "maximum": options.max}
    if options.what_if:
        from scripts.intake.rule_impact import rule_impact

        with Display("validate") as display:
            rule_impact(workspace, options.what_if, **limits, variables=variables(options), progress=display)
    elif any(value is not None for value in limits.values()):
        raise UserError("--channel, --account, --min, --max: no rule is named; add --what-if RULE_KEY")
    elif options.rates:
        from scripts.intake.rule_false_positives import rule_false_positives

        rule_false_positives(workspace)
    else:
        with Display("validate") as display:
            steps.validate(workspace, variables(options), display)


def add_validate(commands: Commands) -> None:
    command = commands.add(
        "validate",
        _validate,
        "Check seeds and rules before a build, or try another limit.",
        "--what-if till_line_quantity --channel phone --max 20000",
    )
    asked = command.add_argument_group("instead of checking; nothing is written")
    asked.add_argument(
        "--what-if", metavar="RULE_KEY", help="show what another limit of a validation rule would accept"
    )
    asked.add_argument("--channel", help="channel the limit is for (default: channels without their own limit)")
    asked.add_argument("--account", help="store, marketplace or platform the limit is for")
    asked.add_argument("--min", metavar="X", help="lowest value, or earliest day; none: no limit")
    asked.add_argument("--max", metavar="Y", help="highest value, days or tolerance; none: no limit")
    asked.add_argument("--rates", action="store_true", help="false alarms and misses of every rule on simulated data")
    add_build_options(command)
