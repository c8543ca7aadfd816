"""`brief`: reads the published version, writes one brief and prints it or saves it to a file."""

from __future__ import annotations

from pathlib import Path

from scripts.platform.errors import UserError
from scripts.platform.progress import Progress
from scripts.platform.workspace import Workspace
from scripts.serving.briefs.campaign import campaign_brief
from scripts.serving.briefs.campaign_facts import campaign_frames
from scripts.serving.briefs.customer import customer_brief
from scripts.serving.briefs.document import Brief
from scripts.serving.briefs.reading import open_published, segment_frames
from scripts.serving.briefs.segment import segment_brief


def brief(
    workspace: Workspace,
    *,
    segment: str | None = None,
    customer: str | None = None,
    campaign_for: str | None = None,
    channel: str | None = None,
    as_json: bool = False,
    out: Path | None = None,
    progress: Progress = print,
) -> Brief:
    """Write the brief of a segment, of a customer, or for a campaign to a segment on a channel.

    Prints Markdown, or JSON with the facts behind the sentences; with `out` writes a file instead. Raises UserError
    for what is not known or not published.
    """
    if sum(one is not None for one in (segment, customer, campaign_for)) != 1:
        raise UserError("brief: name what to describe by exactly one of --segment, --customer and --campaign-for")
    if channel and campaign_for is None:
        raise UserError("--channel: only a campaign has a channel; add --campaign-for KEY, or leave it out")
    with open_published(workspace) as published:
        if segment is not None:
            found = segment_brief(segment_frames(published, segment), published.about)
        elif customer is not None:
            found = customer_brief(published, customer)
        else:
            frames = campaign_frames(published, str(campaign_for), channel or "email")
            found = campaign_brief(frames, published.about)
    if out is None:
        progress(found.json() if as_json else found.markdown().rstrip())
    elif as_json:
        raise UserError("--json, --out: JSON is only printed; leave out --out and redirect the output")
    else:
        progress(f"{found.title}: {found.write(out)}")
    return found
