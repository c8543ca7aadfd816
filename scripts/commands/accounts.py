"""Commands that describe a segment, a draft or a customer; none of them changes the warehouse."""

from __future__ import annotations

import argparse
from pathlib import Path

from scripts.commands.options import Commands, day
from scripts.platform.errors import UserError
from scripts.platform.progress import Display
from scripts.platform.workspace import Workspace


def _explain(options: argparse.Namespace, workspace: Workspace) -> None:
    from scripts.segments.explain import explain

    with Display("explain") as display:
        explain(workspace, options.customer, options.segment, options.as_of, as_json=options.json, progress=display)


def add_explain(commands: Commands) -> None:
    command = commands.add(
        "explain",
        _explain,
        "Explain why a customer is in a segment or not.",
        "--customer shopify:600000000 --segment lapsed",
        "Shows for each condition whether it holds, and what would change the answer. Nothing is written.",
    )
    command.add_argument(
        "--customer", required=True, metavar="ID", help="customer_id (a retired one too), or <source>:<id>"
    )
    command.add_argument("--segment", default=None, metavar="KEY", help="one segment in full (default: all in brief)")
    command.add_argument(
        "--as-of", type=day, default=None, help="another day, rebuilt in a copy from what was known then"
    )
    command.add_argument("--json", action="store_true", help="as JSON, for a program")


def _preview(options: argparse.Namespace, workspace: Workspace) -> None:
    from scripts.segments.preview import preview

    if bool(options.definitions) != bool(options.conditions):
        raise UserError("--definitions, --conditions: only one of the two is given; a draft needs both files")
    files = (Path(options.definitions), Path(options.conditions)) if options.definitions else None
    with Display("preview") as display:
        preview(workspace, options.segment, files, as_json=options.json, progress=display)


def add_preview(commands: Commands) -> None:
    command = commands.add(
        "preview",
        _preview,
        "Preview a draft segment: size, members, value, reach.",
        "--segment vip_loyalists",
        "Lists errors in its rule first, and shows the overlap with other segments. Nothing is stored.",
    )
    command.add_argument("--segment", required=True, metavar="KEY", help="draft in the seeds, or in the two files")
    command.add_argument("--definitions", default=None, metavar="FILE", help="segment_definitions rows to try")
    command.add_argument("--conditions", default=None, metavar="FILE", help="segment_rule_conditions rows to try")
    command.add_argument("--json", action="store_true", help="as JSON, for a program")


def _brief(options: argparse.Namespace, workspace: Workspace) -> None:
    from scripts.serving.briefs import brief

    brief(
        workspace,
        segment=options.segment,
        customer=options.customer,
        campaign_for=options.campaign_for,
        channel=options.channel,
        as_json=options.json,
        out=Path(options.out) if options.out else None,
    )


def add_brief(commands: Commands) -> None:
    command = commands.add(
        "brief",
        _brief,
        "Describe a segment, a customer or a campaign in plain words.",
        "--campaign-for high_value_repeat --channel email --out brief.html",
        "Reads the published version.",
    )
    command.add_argument("--segment", metavar="KEY", help="who is in it, what sets them apart, what they bring in")
    command.add_argument("--customer", metavar="ID", help="customer_id of one customer, or its first characters")
    command.add_argument("--campaign-for", metavar="KEY", help="angle, offer ceiling, products, timing, what to avoid")
    command.add_argument("--channel", help="the campaign's: email, sms, ads, direct_mail, onsite, ... (default: email)")
    command.add_argument("--json", action="store_true", help="the facts behind the sentences, as JSON")
    command.add_argument("--out", metavar="FILE", help="write Markdown, or an HTML page if the name ends in .html")
