"""Looks at files of unknown shape and proposes how to map them, for a person to review."""

from scripts.intake.scaffold.command import scaffold

__all__ = ["scaffold"]
