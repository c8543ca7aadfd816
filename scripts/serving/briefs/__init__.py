"""Briefs in plain words, on a segment, a customer or a campaign. The same facts always give the same text."""

from __future__ import annotations

from scripts.serving.briefs.command import brief

__all__ = ["brief"]
