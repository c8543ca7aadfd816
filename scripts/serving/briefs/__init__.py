"""Briefs in plain words: of a segment, of a customer, and for a campaign. The same facts always give the same text."""

from __future__ import annotations

from scripts.serving.briefs.command import brief

__all__ = ["brief"]
