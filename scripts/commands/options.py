"""What commands share: how they are declared, how option values are parsed, and options that several commands have."""

from __future__ import annotations

import argparse
import itertools
import json
import re
import sys
import textwrap
from collections.abc import Callable
from datetime import date, datetime
from pathlib import Path
from typing import Any, NoReturn

from scripts.platform.errors import UserError, did_you_mean
from scripts.platform.workspace import Workspace

Handler = Callable[[argparse.Namespace, Workspace], None]


PROGRAM = "python -m scripts"
ABOUT = f"""\
Customer segments a retailer can trust: from files to an approved audience.
To look around, start with `{PROGRAM} run`: it sets up a whole demo."""
FOR_MORE = f"""\
`{PROGRAM} COMMAND --help` shows a command's options and an example.
Exit code 0 is success, 1 a failed check, 2 incorrect use."""


class Parser(argparse.ArgumentParser):
    """The options of one command. Errors are reported in one line."""

    def error(self, message: str) -> NoReturn:
        self.exit(2, f"error: {message}; `{self.prog} --help` shows how it is used\n")

    def read(self, given: list[str]) -> argparse.Namespace:
        """The options as values; exits with 2 where they are wrong, and with 0 when help was asked for."""
        known = self._option_string_actions
        for word in itertools.takewhile(lambda word: word != "--", given):
            name = word.split("=")[0]
            # Looked for beforehand: otherwise a misspelt option would be reported as a missing one.
            if word.startswith("--") and not any(option.startswith(name) for option in known):
                hint = did_you_mean(name, known, otherwise=f"`{self.prog} --help` lists them", cutoff=0.7)
                self.exit(2, f"error: unknown option `{name}`; {hint}\n")
        return self.parse_args(given)


class Commands:
    """Collects the commands by job, all with the same options for where the data are."""

    def __init__(self) -> None:
        self.parsers: dict[str, Parser] = {}
        # Job -> command -> what it does.
        self.jobs: dict[str, dict[str, str]] = {}

    def begin(self, job: str) -> None:
        """The commands added next are for this job."""
        self.jobs[job] = {}

    def add(
        self, name: str, handler: Handler, text: str, example: str, detail: str = "", *, learns: bool = False
    ) -> Parser:
        """A new command that `handler` carries out.

        `text` says in one line what it does, `detail` adds what else users should know; `example` may follow its name.
        One that `learns` from the warehouse needs a whole one.
        """
        command = Parser(
            prog=f"{PROGRAM} {name}",
            description=textwrap.fill(f"{text} {detail}", 80),
            epilog=f"example: {PROGRAM} {name} {example}".rstrip(),
            # An example is one line, to be copied.
            formatter_class=argparse.RawDescriptionHelpFormatter,
        )
        where = command.add_argument_group("where the data are")
        where.add_argument("--warehouse", metavar="FILE", help="private DuckDB file (default: data/warehouse.duckdb)")
        where.add_argument("--landing", metavar="DIR", help="landing zone (default: landing/ beside the warehouse)")
        where.add_argument("--seeds", metavar="DIR", help="the retailer's seeds (default: seeds/ beside the warehouse)")
        command.set_defaults(handler=handler, learns=learns)
        self.parsers[name] = command
        self.jobs[next(reversed(self.jobs))][name] = text
        return command

    def parse(self, given: list[str]) -> argparse.Namespace:
        """The options of the command that is named first; exits with 2 where it or they are wrong."""
        name, rest = (given[0], given[1:]) if given else ("", [])
        if name in ("-h", "--help", "help"):
            print(self.help())
            raise SystemExit(0)
        if name in self.parsers:
            return self.parsers[name].read(rest)
        if not given:
            print(self.help())
            problem = f"no command given; try `{PROGRAM} run` first"
        elif name.startswith("-"):
            problem = f"`{name}` comes before any command; name the command first, such as `{PROGRAM} run`"
        else:
            hint = did_you_mean(name, self.parsers, otherwise=f"`{PROGRAM} --help` lists them")
            problem = f"unknown command `{name}`; {hint}"
        print(f"error: {problem}", file=sys.stderr)
        raise SystemExit(2)

    def help(self) -> str:
        """All commands, a line each, under their jobs."""
        width = max(map(len, self.parsers))
        jobs = (
            "\n".join([job, *(f"  {name:<{width}}  {text}" for name, text in commands.items())])
            for job, commands in self.jobs.items()
        )
        return "\n\n".join([f"usage: {PROGRAM} COMMAND [options]", ABOUT, *jobs, FOR_MORE])


def add_demo_options(command: argparse.ArgumentParser) -> None:
    """What `demo` and `run` take about the data to make; `demo_arguments` reads it."""
    command.add_argument("--customers", type=whole_number, help="known people to simulate (default: 5000)")
    command.add_argument("--end-date", type=day, default=None, help="last day of the data (default: 2026-06-30)")
    command.add_argument("--seed", type=whole_number, default=None, help="seed of the random generator")
    command.add_argument(
        "--from", dest="source", choices=["online-retail"], help="convert a real data set instead of simulating"
    )
    command.add_argument("file", nargs="?", metavar="FILE", help="the data set for --from")


def demo_arguments(options: argparse.Namespace) -> dict[str, Any]:
    """What `demo` and `run` may say about the data to make."""
    if options.source and not options.file:
        raise UserError("--from: no file to convert is given; write --from online-retail FILE")
    if options.file and not options.source:
        raise UserError(f"{options.file}: the kind of data set is not given; add --from online-retail")
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
            raise UserError(f"--vars: not valid JSON ({problem}); write it as '{{\"using_web\": false}}'") from None
        if not isinstance(given, dict):
            raise UserError("--vars: not a JSON object; write it as '{\"using_web\": false}'")
    if options.as_of:
        given["as_of_date"] = options.as_of.isoformat()
    return given


def day(text: str) -> date:
    """A value of an option that is a day."""
    try:
        return date.fromisoformat(text)
    except ValueError:
        raise argparse.ArgumentTypeError(f"'{text}' is not a date; use YYYY-MM-DD") from None


def whole_number(text: str) -> int:
    """A value of an option that is a whole number."""
    try:
        return int(text)
    except ValueError:
        raise argparse.ArgumentTypeError(f"'{text}' is not a whole number; write one such as 10") from None


def instant(text: str) -> datetime:
    """A value of an option that is an instant, with its zone or in UTC."""
    from scripts.serving import health

    try:
        return health.instant(text)
    except ValueError:
        raise argparse.ArgumentTypeError(f"'{text}' is not a date and time; use YYYY-MM-DDTHH:MM:SSZ") from None


def hours(text: str) -> float:
    """A value of an option that is a finite number of hours, 0 or more."""
    try:
        number = float(text)
    except ValueError:
        number = -1.0
    if not 0 <= number < float("inf"):
        raise argparse.ArgumentTypeError(f"'{text}' is not a number of hours; write one such as 48")
    return number


def probability(text: str) -> float:
    """A value of an option that is above 0 and below 1."""
    try:
        number = float(text)
    except ValueError:
        number = -1.0
    if not 0 < number < 1:
        raise argparse.ArgumentTypeError(f"'{text}' is not a probability; write a number between 0 and 1, such as 0.9")
    return number


def zone(text: str) -> str:
    """A value of an option that is a time zone."""
    from scripts.intake.mapping import is_zone

    if not is_zone(text):
        raise argparse.ArgumentTypeError(f"'{text}' is not a time zone; write one such as Europe/London")
    return text


def currency(text: str) -> str:
    """A value of an option that is a currency's code."""
    return _code(text, 3, "a currency's code; write one such as EUR")


def country(text: str) -> str:
    """A value of an option that is a country's code."""
    return _code(text, 2, "a country's code; write one such as DE")


def folder_name(text: str) -> str:
    """A value of an option that is the name of a folder."""
    if not re.fullmatch(r"[a-z0-9][a-z0-9_-]*", text):
        raise argparse.ArgumentTypeError(f"'{text}' is not a name; use lower-case letters, digits, - and _")
    return text


def _code(text: str, length: int, what: str) -> str:
    if not re.fullmatch(f"[A-Za-z]{{{length}}}", text):
        raise argparse.ArgumentTypeError(f"'{text}' is not {what}")
    return text.upper()
