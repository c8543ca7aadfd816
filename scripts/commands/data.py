"""Commands about the data that come in: make a demo, take deliveries in, check seeds, watch over the sources."""

from __future__ import annotations

import argparse

from scripts.commands.options import (
    Commands,
    add_build_options,
    add_demo_options,
    demo_arguments,
    hours,
    instant,
    variables,
)
from scripts.platform.errors import UserError
from scripts.platform.world import World


def _setup(options: argparse.Namespace, world: World) -> None:
    from scripts.pipeline import steps

    steps.setup(world)


def add_setup(commands: Commands) -> None:
    commands.add("setup", _setup, "Install dbt packages and make the folders.", "")


def _demo(options: argparse.Namespace, world: World) -> None:
    from scripts.pipeline import steps

    steps.demo(world, demo_arguments(options))


def add_demo(commands: Commands) -> None:
    command = commands.add("demo", _demo, "Write landing files of a simulated or a real retailer.", "--customers 20000")
    add_demo_options(command)


def _intake(options: argparse.Namespace, world: World) -> None:
    from scripts.intake.command import intake

    for line in intake(world).lines():
        print(line)


def add_intake(commands: Commands) -> None:
    commands.add(
        "intake", _intake, "Load what is new in the landing zone into the raw tables.", "--landing /srv/landing"
    )


def _validate(options: argparse.Namespace, world: World) -> None:
    from scripts.pipeline import steps

    limits = {"channel": options.channel, "account": options.account, "minimum": options.min, "maximum": options.max}
    if options.what_if:
        from scripts.intake.what_if import what_if

        what_if(world, options.what_if, **limits, variables=variables(options))
    elif any(value is not None for value in limits.values()):
        raise UserError("--channel, --account, --min and --max go with --what-if RULE_KEY")
    elif options.rates:
        from scripts.intake.rule_rates import rule_rates

        rule_rates(world)
    else:
        steps.validate(world, variables(options))


def add_validate(commands: Commands) -> None:
    command = commands.add(
        "validate",
        _validate,
        "Check the retailer's seeds and rules before a build, or ask what another limit would do.",
        "--what-if till_line_quantity --channel phone --max 20000",
    )
    asked = command.add_argument_group("instead of checking; nothing is written")
    asked.add_argument("--what-if", metavar="RULE_KEY", help="say what another limit of a validation rule would let in")
    asked.add_argument("--channel", help="channel that the limit is for (default: those without one of their own)")
    asked.add_argument("--account", help="store, marketplace or platform that the limit is for")
    asked.add_argument("--min", metavar="X", help="lowest value, or earliest day; none: no limit")
    asked.add_argument("--max", metavar="Y", help="highest value, days or tolerance; none: no limit")
    asked.add_argument("--rates", action="store_true", help="false alarms and misses of every rule on simulated data")
    add_build_options(command)


def _health(options: argparse.Namespace, world: World) -> None:
    from scripts.serving.health import health

    health(world, as_json=options.json, strict=options.strict, now=options.now, max_age_hours=options.max_age)


def add_health(commands: Commands) -> None:
    command = commands.add(
        "health",
        _health,
        "Say how the sources are and what is published; exit code 1 when something is stale, missing or refused.",
        "--json --max-age 36 --warehouse /srv/segments/warehouse.duckdb",
    )
    command.add_argument("--json", action="store_true", help="one JSON document for monitors (schema_version 1)")
    command.add_argument("--strict", action="store_true", help="exit code 1 on warnings too")
    command.add_argument(
        "--now", type=instant, metavar="INSTANT", help="judge the published version's age at this time (default: now)"
    )
    command.add_argument(
        "--max-age",
        type=hours,
        default=48.0,
        metavar="HOURS",
        help="how old the published version may be, from the end of the day it describes (default: 48)",
    )
