"""How a step tells what it is doing: one line of text at a time."""

from __future__ import annotations

from collections.abc import Callable

Progress = Callable[[str], None]


def quiet(_: str) -> None:
    """For steps within a step, which nobody needs to follow."""
