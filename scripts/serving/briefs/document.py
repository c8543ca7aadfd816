"""A brief as a document: sections of sentences and points, as Markdown, as a page, or as facts for machines."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date
from decimal import Decimal
from pathlib import Path
from typing import Any

import numpy as np

from scripts.platform.errors import UserError
from scripts.platform.files import replace_file
from scripts.platform.pages.page import write_page

Facts = Mapping[str, Any]


@dataclass(frozen=True)
class Section:
    """A heading, sentences that make a paragraph, and points that make a list."""

    title: str
    sentences: list[str] = field(default_factory=list)
    points: list[str] = field(default_factory=list)


@dataclass(frozen=True)
class Brief:
    """The text, and the facts behind it."""

    title: str
    about: str
    sections: list[Section]
    facts: Facts

    def markdown(self) -> str:
        lines = [f"# {self.title}", "", f"_{self.about}_"]
        for one in self.sections:
            if not one.sentences and not one.points:
                continue
            lines += ["", f"## {one.title}"]
            if one.sentences:
                lines += ["", " ".join(one.sentences)]
            if one.points:
                lines += ["", *(f"- {point}" for point in one.points)]
        return "\n".join(lines) + "\n"

    def json(self) -> str:
        text = {one.title: [*one.sentences, *one.points] for one in self.sections}
        return json.dumps({"title": self.title, "facts": plain(self.facts), "text": text}, indent=2, ensure_ascii=False)

    def write(self, file: Path) -> Path:
        """Write a page where the name ends in .html, else Markdown; returns the file."""
        file = file.expanduser().absolute()
        if file.is_dir():
            raise UserError(f"{file}: is a folder; name a file such as {file / 'brief.md'}")
        if file.suffix.lower() in (".html", ".htm"):
            content = {"title": self.title, "about": self.about, "sections": self.sections}
            return write_page(file, "serving/briefs/brief.html.j2", **content)
        replace_file(file, self.markdown())
        return file


def plain(value: Any) -> Any:
    """Facts as JSON values: unknown numbers become null, days strings."""
    if isinstance(value, Mapping):
        return {str(name): plain(part) for name, part in value.items()}
    if isinstance(value, list | tuple | set):
        return [plain(part) for part in value]
    if isinstance(value, np.generic):
        return plain(value.item())
    if isinstance(value, Decimal):
        return float(value)
    if isinstance(value, date):
        return value.isoformat()
    if isinstance(value, float) and np.isnan(value):
        return None
    return value
