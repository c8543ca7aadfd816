"""Commands for identity: profiles that may be one person, how well they were joined, and erasure."""

from __future__ import annotations

import argparse
from pathlib import Path

from scripts.commands.options import Commands, probability
from scripts.platform.errors import UserError
from scripts.platform.progress import Display
from scripts.platform.workspace import Workspace


def _match(options: argparse.Namespace, workspace: Workspace) -> None:
    from scripts.identity import matching

    given = [name for name in ("train", "accept", "evaluate") if getattr(options, name)]
    if len(given) > 1:
        raise UserError(f"--{given[0]}, --{given[1]}: these are two steps; run one after the other")
    if (options.truth or options.out) and not options.evaluate:
        raise UserError("--truth, --out: nothing is evaluated; add --evaluate FILE, or leave them out")
    if options.by and not options.accept:
        raise UserError("--by: nothing is accepted; add --accept FILE, or leave it out")
    if options.accept and options.threshold is not None:
        raise UserError("--threshold: has no effect on decisions already made; leave it out with --accept")
    with Display("match") as display:
        if options.train:
            matching.train_workspace(workspace, options.threshold, display)
        elif options.accept:
            matching.accept(workspace, Path(options.accept), options.by, progress=display)
        elif options.evaluate:
            truth, out = (Path(path) if path else None for path in (options.truth, options.out))
            files = [Path(file) for file in options.evaluate]
            matching.evaluate(workspace, files, truth, options.threshold, out, display)
        else:
            matching.propose(workspace, options.threshold, display)


def add_match(commands: Commands) -> None:
    command = commands.add(
        "match",
        _match,
        "Propose pairs of customers that may be one person.",
        "--accept data/review/match_proposals.csv --by 'A. Reviewer'",
        "A reviewer decides; nobody is linked without a decision.",
    )
    command.add_argument(
        "--train", action="store_true", help="estimate each field's match weights from the built profiles"
    )
    command.add_argument("--threshold", type=probability, metavar="P", help="lowest probability (default: 0.9)")
    command.add_argument("--accept", metavar="FILE", help="import the decisions of a reviewed file")
    command.add_argument("--by", metavar="NAME", help="reviewer, where the file does not name one")
    command.add_argument(
        "--evaluate",
        metavar="FILE",
        nargs="+",
        help="resolve records whose true identities are known, and count errors",
    )
    command.add_argument("--truth", metavar="FILE", help="their true identities (default: their column cluster)")
    command.add_argument("--out", metavar="FILE", help="figures of --evaluate (default: beside the warehouse)")


def _identity(options: argparse.Namespace, workspace: Workspace) -> None:
    from scripts.identity.identity_report import identity_report

    identity_report(workspace)


def add_identity(commands: Commands) -> None:
    commands.add(
        "identity",
        _identity,
        "Report how well profiles were joined into customers.",
        "--warehouse /srv/segments/warehouse.duckdb",
        "On a demo, measured against its ground truth; otherwise, sizes and evidence.",
    )


def _erase(options: argparse.Namespace, workspace: Workspace) -> None:
    from scripts.erasure.command import Request, erase, requests_of_file

    given = tuple(
        (name, getattr(options, name))
        for name in ("email", "phone", "loyalty_number", "customer_number", "shop_customer_id")
        if getattr(options, name)
    )
    if given and options.file:
        raise UserError("--file: a person is named as well; give either the file or one person's identifiers")
    requests = requests_of_file(Path(options.file)) if options.file else [Request(given)] if given else []
    with Display("erase") as display:
        outcome = erase(
            workspace, requests, despite_hold=options.despite_hold, dry_run=options.dry_run, progress=display
        )
        would = "would be " if options.dry_run else ""
        display(f"{outcome.erased} people {would}erased, {outcome.unknown} not known here")


def add_erase(commands: Commands) -> None:
    command = commands.add(
        "erase",
        _erase,
        "Erase a person from all data held here.",
        "--file requests.csv --dry-run",
        "If no person is named, the open requests in the landing zone are carried out.",
    )
    named = command.add_argument_group("who (shells keep a history: prefer --file)")
    for name in ("email", "phone", "loyalty-number", "customer-number", "shop-customer-id"):
        named.add_argument(f"--{name}", metavar="X", help=f"{name.replace('-', ' ')} of the person")
    named.add_argument("--file", metavar="CSV", help="many people: columns named as above, with _ for -, one line each")
    command.add_argument("--dry-run", action="store_true", help="count what would be affected; change nothing")
    command.add_argument("--despite-hold", action="store_true", help="also erase people under a legal hold")
