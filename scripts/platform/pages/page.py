"""Renders page templates, and writes a page only if it opens without a network."""

from __future__ import annotations

import re
from functools import cache
from pathlib import Path
from typing import Any

import jinja2

from scripts.platform.errors import CheckFailed
from scripts.platform.files import replace_file
from scripts.platform.workspace import PROJECT

INDEX = "index.html"
# Whatever would make a browser fetch something from another server.
OUTSIDE = re.compile(
    r"""(?ix)
    \b(?:src|srcset|href|xlink:href|action|poster|data)\s*=\s*["']?\s*(?:https?:)?//[^"'\s>]+
    | @import\s+[^;]+
    | url\(\s*["']?\s*(?:https?:)?//[^)]+
    | \b(?:fetch|importScripts|sendBeacon|WebSocket|EventSource)\s*\(\s*["'`](?:https?:|wss?:)?//[^"'`]+
    """
)


def render(template: str, **content: Any) -> str:
    """A page as HTML. `template` is a path within `scripts`; the values of `content` are escaped."""
    return _templates().get_template(template).render(**content)


def write_page(file: Path, template: str, **content: Any) -> Path:
    """Write a page in one step; returns its file.

    Raises CheckFailed, and writes nothing, where the page would load something from another server.
    """
    page = render(template, **content)
    if outside := outside_references(page):
        raise CheckFailed(f"{file}: not written, because it would load {outside[0]}; remove that from its template")
    replace_file(file, page)
    return file


def outside_references(page: str) -> list[str]:
    """Every reference in an HTML page that a browser would fetch from elsewhere; empty for a self-contained page."""
    return [found.strip() for found in OUTSIDE.findall(page)]


@cache
def _templates() -> jinja2.Environment:
    return jinja2.Environment(
        loader=jinja2.FileSystemLoader(PROJECT / "scripts"),
        autoescape=True,
        undefined=jinja2.StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        keep_trailing_newline=True,
    )
