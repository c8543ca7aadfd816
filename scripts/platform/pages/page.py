"""The frame of a page, and the parts that pages are put together from."""

from __future__ import annotations

import re
from collections.abc import Sequence
from html import escape
from pathlib import Path
from string import Template

from scripts.platform.errors import CheckFailed
from scripts.platform.seed_files import replace_file

TEMPLATE = Path(__file__).with_name("page.html")
FILE = "index.html"
# Whatever would make a browser fetch something: the page must open without a network.
OUTSIDE = re.compile(
    r"""(?ix)
    \b(?:src|srcset|href|xlink:href|action|poster|data)\s*=\s*["']?\s*(?:https?:)?//[^"'\s>]+
    | @import\s+[^;]+
    | url\(\s*["']?\s*(?:https?:)?//[^)]+
    | \b(?:fetch|importScripts|sendBeacon|WebSocket|EventSource)\s*\(\s*["'`](?:https?:|wss?:)?//[^"'`]+
    """
)


def write_page(folder: Path, title: str, about: str, sections: Sequence[str]) -> Path:
    """Write `<folder>/index.html` at once; returns it. `title` and `about` are text, sections ready HTML.

    Raises CheckFailed, and writes nothing, where the page would ask another server for something.
    """
    page = Template(TEMPLATE.read_text(encoding="utf-8")).substitute(
        title=escape(title), about=escape(about), body="\n".join(sections)
    )
    if outside := outside_references(page):
        raise CheckFailed(f"{folder / FILE}: the page would ask for {outside[0]}; it was not written")
    replace_file(folder / FILE, page.encode())
    return folder / FILE


def section(title: str, *parts: str) -> str:
    """A section with a heading; parts that are SVG become pictures, empty ones are left out."""
    inside = "\n".join(
        part if not part.startswith("<svg") else f'<div class="picture">{part}</div>' for part in parts if part
    )
    return f"<section>\n<h2>{escape(title)}</h2>\n{inside}\n</section>"


def paragraphs(texts: Sequence[str]) -> str:
    return "".join(f"<p>{escape(text)}</p>" for text in texts)


def table(head: Sequence[str], rows: Sequence[Sequence[str]], *, text_columns: int = 1) -> str:
    """A table of ready HTML cells; those after the first `text_columns` are numbers."""
    kinds = ["" if place < text_columns else ' class="number"' for place in range(len(head))]
    top = "".join(f"<th{kind}>{escape(text)}</th>" for kind, text in zip(kinds, head, strict=True))
    body = "".join(
        f"<tr>{''.join(f'<td{kind}>{cell}</td>' for kind, cell in zip(kinds, row, strict=True))}</tr>" for row in rows
    )
    return f'<div class="table"><table><thead><tr>{top}</tr></thead><tbody>{body}</tbody></table></div>'


def details(title: str, *parts: str) -> str:
    """What a reader may unfold."""
    return f"<details><summary>{escape(title)}</summary>{''.join(parts)}</details>"


def outside_references(page: str) -> list[str]:
    """Every reference in an HTML page that a browser would fetch from elsewhere; empty for a page that stands alone."""
    return [found.strip() for found in OUTSIDE.findall(page)]
