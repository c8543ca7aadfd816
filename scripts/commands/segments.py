"""Commands of a segment's life cycle: from a request in words to an approved audience."""

from __future__ import annotations

import argparse
from pathlib import Path

from scripts.commands.options import Commands, day, whole_number
from scripts.platform.build_record import whole_build
from scripts.platform.errors import UserError
from scripts.platform.progress import Display
from scripts.platform.workspace import Workspace


def _request(options: argparse.Namespace, workspace: Workspace) -> None:
    from scripts.segments.request import request

    request(workspace, options.text, library=options.into_library)


def add_request(commands: Commands) -> None:
    command = commands.add(
        "request",
        _request,
        "Turn a request in plain words into a draft segment.",
        "'customers who ordered at least 3 times in 180 days and have not opened an e-mail in 30 days'",
    )
    command.add_argument("text", metavar="WORDS", help="the customers meant, in words, as one argument")
    command.add_argument(
        "--into-library", action="store_true", help="append the rows to the segment library, as a draft"
    )


def _approve(options: argparse.Namespace, workspace: Workspace) -> None:
    from scripts.segments.approve import approve, list_approvals, withdraw

    if options.list:
        if options.role or options.by or options.withdraw:
            raise UserError("--list: only lists approvals; leave out --role, --by and --withdraw")
        list_approvals(workspace, options.segment)
        return
    for name in ("segment", "role", "by"):
        if not getattr(options, name):
            options.parser.error(f"the following arguments are required: --{name}")
    if options.withdraw:
        withdraw(workspace, options.segment, options.role, options.by)
        return
    whole_build(workspace)
    approve(workspace, options.segment, options.role, options.by, tolerance=options.tolerance, count=options.count)


def add_approve(commands: Commands) -> None:
    command = commands.add(
        "approve",
        _approve,
        "Approve a segment's rule and size in a role, or withdraw it.",
        "--segment lapsed --role segment_owner --by a_owner",
        "With --list: which approvals are given, and which are still needed.",
    )
    command.add_argument("--segment", metavar="KEY", help="segment to approve")
    command.add_argument(
        "--role", help="segment_owner, campaign_owner, data_owner, or risk_owner where it has a risk class"
    )
    command.add_argument("--by", metavar="ID", help="who approves: an approver_id of approvers.csv")
    command.add_argument("--tolerance", type=float, default=0.25, help="how far the count may drift (default: 0.25)")
    command.add_argument(
        "--count", type=whole_number, metavar="N", help="size to approve for a segment that is not active yet"
    )
    command.add_argument("--withdraw", action="store_true", help="withdraw the role's approval")
    command.add_argument("--list", action="store_true", help="list which approvals each segment has and still needs")
    command.set_defaults(parser=command)


def _approvers(options: argparse.Namespace, workspace: Workspace) -> None:
    from scripts.segments.approvers import list_approvers, sign_roster

    if options.sign:
        print(f"approvers: {sign_roster(workspace)} signed")
    list_approvers(workspace)


def add_approvers(commands: Commands) -> None:
    command = commands.add(
        "approvers",
        _approvers,
        "List who may approve in which role, from approvers.csv.",
        "--sign",
    )
    command.add_argument("--sign", action="store_true", help="sign every row with SEGMENTATION_APPROVAL_KEY first")


def _promote(options: argparse.Namespace, workspace: Workspace) -> None:
    from scripts.segments.promote import promote, set_status

    if options.source:
        workspace = Workspace(workspace.landing, workspace.warehouse, Path(options.source).expanduser().absolute())
    if bool(options.status) == bool(options.to):
        given = "both are given" if options.status else "neither is given"
        raise UserError(f"--status, --to: {given}; write --status S for its next status, or --to DIR to copy it")
    if options.status:
        set_status(workspace, options.segment, options.status)
    else:
        promote(workspace, options.segment, Path(options.to))


def add_promote(commands: Commands) -> None:
    command = commands.add(
        "promote",
        _promote,
        "Move a segment to its next status or copy it to other seeds.",
        "--segment lapsed --to seeds/business",
    )
    command.add_argument("--segment", required=True, metavar="KEY", help="segment to promote")
    command.add_argument("--status", metavar="S", help="draft, in_review, approved, active, paused or retired")
    command.add_argument("--to", metavar="DIR", help="seeds folder to copy to")
    command.add_argument("--from", dest="source", metavar="DIR", help="seeds folder to copy from (default: --seeds)")


def _backfill(options: argparse.Namespace, workspace: Workspace) -> None:
    from scripts.segments.backfill import backfill

    with Display("backfill") as display:
        backfill(workspace, getattr(options, "from"), options.to, options.every, force=options.force, progress=display)


def add_backfill(commands: Commands) -> None:
    command = commands.add(
        "backfill",
        _backfill,
        "Evaluate segments on past days, to give them a history.",
        "--from 2026-05-01 --to 2026-06-29",
        "If interrupted, run it again to continue where it stopped.",
        learns=True,
    )
    command.add_argument("--from", required=True, type=day, metavar="DAY", help="first day")
    command.add_argument("--to", required=True, type=day, metavar="DAY", help="last day, before the built one")
    command.add_argument(
        "--every", type=whole_number, default=1, metavar="N", help="every Nth day (default: every day)"
    )
    command.add_argument("--force", action="store_true", help="also evaluate days already in the history")


def _qa(options: argparse.Namespace, workspace: Workspace) -> None:
    from scripts.segments.qa import qa

    segment = None if options.all else options.segment
    qa(workspace, segment, as_json=options.json, strict=options.strict, page=options.page)


def add_qa(commands: Commands) -> None:
    command = commands.add(
        "qa",
        _qa,
        "Show the checks that a segment must pass before it is used.",
        "--segment lapsed",
        "Shows a sample of its members too. Exit code 1 when a check fails.",
    )
    which = command.add_mutually_exclusive_group(required=True)
    which.add_argument("--segment", metavar="KEY", help="segment to show, with samples")
    which.add_argument("--all", action="store_true", help="all active segments, side by side")
    command.add_argument("--json", action="store_true", help="one JSON document (schema_version 1)")
    command.add_argument("--strict", action="store_true", help="exit code 1 on warnings too")
    command.add_argument(
        "--page", action="store_true", help="also write an HTML page to review/qa beside the warehouse"
    )


def _export(options: argparse.Namespace, workspace: Workspace) -> None:
    from scripts.serving.export import export

    export(
        workspace,
        options.segment,
        channel=options.channel,
        out=Path(options.out) if options.out else None,
        despite_qa=options.despite_qa,
        members=options.members,
    )


def add_export(commands: Commands) -> None:
    command = commands.add(
        "export", _export, "Write the audience of an approved segment.", "--segment lapsed --channel email"
    )
    command.add_argument("--segment", required=True, metavar="KEY", help="segment to export")
    command.add_argument("--channel", default="email", help="email or sms (default: email)")
    command.add_argument(
        "--despite-qa", metavar="REASON", help="export even though a check fails; the reason goes into the manifest"
    )
    command.add_argument(
        "--members",
        choices=("primary", "all"),
        help="primary: those whose next action this segment decides, the default where it sells; all: everybody",
    )
    command.add_argument("--out", metavar="PATH", help="where to write (default: beside the warehouse)")
