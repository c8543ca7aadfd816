"""Commands about who is who: profiles that may be one person, how well they were joined, and erasure."""

from __future__ import annotations

import argparse
from pathlib import Path

from scripts.commands.options import Commands, probability
from scripts.platform.errors import UserError
from scripts.platform.world import World


def _match(options: argparse.Namespace, world: World) -> None:
    from scripts.identity import matching

    given = [name for name in ("train", "accept", "evaluate") if getattr(options, name)]
    if len(given) > 1:
        raise UserError(f"--{given[0]} and --{given[1]} are two steps; run them one after the other")
    if (options.truth or options.out) and not options.evaluate:
        raise UserError("--truth and --out go with --evaluate FILE")
    if options.by and not options.accept:
        raise UserError("--by goes with --accept FILE")
    if options.accept and options.threshold is not None:
        raise UserError("--threshold says nothing about decisions; leave it out with --accept")
    if options.train:
        matching.train_world(world, options.threshold)
    elif options.accept:
        matching.accept(world, Path(options.accept), options.by)
    elif options.evaluate:
        truth, out = (Path(path) if path else None for path in (options.truth, options.out))
        matching.evaluate(world, [Path(file) for file in options.evaluate], truth, options.threshold, out)
    else:
        matching.propose(world, options.threshold)


def add_match(commands: Commands) -> None:
    command = commands.add(
        "match",
        _match,
        "Propose pairs of customers that may be one person, for a reviewer to decide; links nobody by itself.",
        "--accept data/review/match_proposals.csv --by 'A. Reviewer'",
    )
    command.add_argument("--train", action="store_true", help="learn from the built profiles how telling each field is")
    command.add_argument("--threshold", type=probability, metavar="P", help="lowest probability (default: 0.9)")
    command.add_argument("--accept", metavar="FILE", help="take over the decisions of a reviewed file")
    command.add_argument("--by", metavar="NAME", help="who decided, where the file does not say")
    command.add_argument(
        "--evaluate", metavar="FILE", nargs="+", help="resolve records whose truth is known, and count"
    )
    command.add_argument("--truth", metavar="FILE", help="who is who in them (default: their column cluster)")
    command.add_argument("--out", metavar="FILE", help="figures of --evaluate (default: beside the warehouse)")


def _identity(options: argparse.Namespace, world: World) -> None:
    from scripts.identity.identity_report import identity_report

    identity_report(world)


def add_identity(commands: Commands) -> None:
    commands.add(
        "identity",
        _identity,
        "Say how well profiles were joined to people: against the truth of a demo, else what can be said without one.",
        "--warehouse /srv/segments/warehouse.duckdb",
    )


def _erase(options: argparse.Namespace, world: World) -> None:
    from scripts.erasure.command import Request, erase, requests_of_file

    given = tuple(
        (name, getattr(options, name))
        for name in ("email", "phone", "loyalty_number", "customer_number", "shop_customer_id")
        if getattr(options, name)
    )
    if given and options.file:
        raise UserError("give one person's identifiers or --file, not both")
    requests = requests_of_file(Path(options.file)) if options.file else [Request(given)] if given else []
    outcome = erase(world, requests, despite_hold=options.despite_hold, dry_run=options.dry_run)
    print(f"{outcome.erased} people {'would be ' if options.dry_run else ''}erased, {outcome.unknown} not known here")


def add_erase(commands: Commands) -> None:
    command = commands.add(
        "erase",
        _erase,
        "Erase a person from everything held here; without a name, carry out the open requests of the landing zone.",
        "--file requests.csv --dry-run",
    )
    named = command.add_argument_group("who (a shell keeps what is typed: prefer --file)")
    for name in ("email", "phone", "loyalty-number", "customer-number", "shop-customer-id"):
        named.add_argument(f"--{name}", metavar="X", help=f"{name.replace('-', ' ')} of the person")
    named.add_argument("--file", metavar="CSV", help="many people: columns named as above with _, one line each")
    command.add_argument("--dry-run", action="store_true", help="say in counts what would be touched; change nothing")
    command.add_argument("--despite-hold", action="store_true", help="erase a person who is under a legal hold, too")
