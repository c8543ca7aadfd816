"""Reads the project's Markdown: its fenced blocks, the command lines in them, and the text around them."""

from __future__ import annotations

import re
import shlex
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import takewhile
from pathlib import Path

FENCE = re.compile(r"^```([^\n`]*)\n(.*?)^```$", re.MULTILINE | re.DOTALL)
HERE_DOCUMENT = re.compile(r"<<'?(\w+)'?")
REDIRECTIONS = {">", ">>", "|"}


@dataclass(frozen=True)
class Block:
    """A fenced block; `info` is the text after the opening fence, `line` the line of that fence."""

    page: Path
    line: int
    info: str
    text: str

    @property
    def language(self) -> str:
        return self.info.split()[0] if self.info.split() else ""

    @property
    def needs(self) -> str | None:
        """A file of the reader's own that the block needs."""
        return next((word.removeprefix("needs=") for word in self.info.split() if word.startswith("needs=")), None)

    @property
    def is_shell(self) -> bool:
        return self.language == "sh"

    @property
    def where(self) -> str:
        return f"{self.page.name}:{self.line}"


def blocks_of(page: Path) -> list[Block]:
    text = page.read_text(encoding="utf-8")
    return [Block(page, text[: found.start()].count("\n") + 1, found[1], found[2]) for found in FENCE.finditer(text)]


def prose_of(page: Path) -> str:
    """The text of a page without its blocks."""
    return FENCE.sub("", page.read_text(encoding="utf-8"))


def command_lines(block: Block) -> Iterator[list[str]]:
    """The words of each command line of a shell block: continued lines joined, without comments and redirections."""
    until = None
    for line in block.text.replace("\\\n", " ").splitlines():
        if until:
            until = None if line.strip() == until else until
            continue
        if found := HERE_DOCUMENT.search(line):
            until = found[1]
        if words := shlex.split(line, comments=True):
            yield list(takewhile(lambda word: word not in REDIRECTIONS, words))
