"""What commands share: how they are declared, how their values are read, and the options that two of them have."""

from __future__ import annotations

import argparse
import json
from collections.abc import Callable
from datetime import date, datetime
from pathlib import Path
from typing import Any

from scripts.platform.errors import UserError
from scripts.platform.world import World

Handler = Callable[[argparse.Namespace, World], None]


class Commands:
    """Collects the commands, all with the same options for where the data are."""

    def __init__(self, parser: argparse.ArgumentParser) -> None:
        self.commands = parser.add_subparsers(title="commands", metavar="COMMAND", required=True)

    def add(self, name: str, handler: Handler, text: str, example: str) -> argparse.ArgumentParser:
        """A new command that `handler` carries out; `text` says what it does, `example` what may follow its name."""
        command = self.commands.add_parser(
            name,
            help=text,
            description=text,
            epilog=f"example: python -m scripts {name} {example}".rstrip(),
            formatter_class=argparse.RawDescriptionHelpFormatter,
        )
        where = command.add_argument_group("where the data are")
        where.add_argument("--warehouse", metavar="FILE", help="private DuckDB file (default: data/warehouse.duckdb)")
        where.add_argument("--landing", metavar="DIR", help="landing zone (default: landing/ beside the warehouse)")
        where.add_argument("--seeds", metavar="DIR", help="the retailer's seeds (default: seeds/ beside the warehouse)")
        command.set_defaults(handler=handler)
        return command


def add_demo_options(command: argparse.ArgumentParser) -> None:
    """What `demo` and `run` take about the data to make; `demo_arguments` reads it."""
    command.add_argument("--customers", type=int, default=5000, help="known people to simulate (default: 5000)")
    command.add_argument("--end-date", type=day, default=None, help="last day of the data (default: 2026-06-30)")
    command.add_argument("--seed", type=int, default=None, help="seed of the random generator")
    command.add_argument(
        "--from", dest="source", choices=["online-retail"], help="convert a real data set instead of simulating"
    )
    command.add_argument("file", nargs="?", metavar="FILE", help="the data set for --from")


def demo_arguments(options: argparse.Namespace) -> dict[str, Any]:
    """What `demo` and `run` may say about the data to make."""
    if options.source and not options.file:
        raise UserError("--from online-retail needs the file: `demo --from online-retail FILE`")
    if options.file and not options.source:
        raise UserError(f"{options.file}: say what it is: `demo --from online-retail FILE`")
    return {
        "customers": options.customers,
        "end_date": options.end_date,
        "seed": options.seed,
        "source": options.source,
        "file": Path(options.file) if options.file else None,
    }


def add_build_options(command: argparse.ArgumentParser) -> None:
    """What `validate` and `build` take about the day and the dbt vars; `variables` reads it."""
    command.add_argument("--as-of", type=day, metavar="DAY", help="business day to describe (as_of_date)")
    command.add_argument("--vars", metavar="JSON", help="dbt vars, such as '{\"using_web\": false}'")


def variables(options: argparse.Namespace) -> dict[str, Any]:
    """The dbt vars of `--vars` and `--as-of`."""
    given: dict[str, Any] = {}
    if options.vars:
        try:
            given = json.loads(options.vars)
        except ValueError as problem:
            raise UserError(f"--vars is not JSON ({problem}); write it as '{{\"using_web\": false}}'") from None
        if not isinstance(given, dict):
            raise UserError("--vars must be one JSON object, such as '{\"using_web\": false}'")
    if options.as_of:
        given["as_of_date"] = options.as_of.isoformat()
    return given


def day(text: str) -> date:
    """A value of an option that is a day."""
    try:
        return date.fromisoformat(text)
    except ValueError:
        raise argparse.ArgumentTypeError(f"'{text}' is no day; write it as 2026-06-30") from None


def instant(text: str) -> datetime:
    """A value of an option that is an instant, with its zone or in UTC."""
    from scripts.serving import health

    try:
        return health.instant(text)
    except ValueError:
        raise argparse.ArgumentTypeError(f"'{text}' is no instant; write it as 2026-07-01T06:00:00Z") from None


def hours(text: str) -> float:
    """A value of an option that is a finite number of hours, 0 or more."""
    try:
        number = float(text)
    except ValueError:
        number = -1.0
    if not 0 <= number < float("inf"):
        raise argparse.ArgumentTypeError(f"'{text}' is no number of hours; write it as 48")
    return number


def probability(text: str) -> float:
    """A value of an option that is above 0 and below 1."""
    try:
        number = float(text)
    except ValueError:
        number = -1.0
    if not 0 < number < 1:
        raise argparse.ArgumentTypeError(f"'{text}' is no probability; write it as 0.9")
    return number
