"""Patience with a sick source: tries again what may pass, and gives up a source before it holds up the others."""

from __future__ import annotations

import random
import time
from collections.abc import Callable
from typing import TypeVar

from scripts.intake.landing import PassingFault

TRIES = 4
FIRST_PAUSE = 0.2
# So many files of a source in a row that could not be read, each tried TRIES times: its disk or mount is away.
FAILURES_TO_OPEN = 3

Result = TypeVar("Result")


def with_patience(
    action: Callable[[], Result],
    pause: Callable[[float], None] = time.sleep,
    draw: Callable[[], float] = random.random,
) -> Result:
    """Run `action` up to TRIES times while it raises PassingFault.

    The pauses double from FIRST_PAUSE seconds and are stretched by up to a half at random, so that several readers of
    one sick disk do not come back at the same moment.
    """
    for tried in range(1, TRIES):
        try:
            return action()
        except PassingFault:
            pause(FIRST_PAUSE * 2 ** (tried - 1) * (1 + draw() / 2))
    return action()


class Circuit:
    """Counts the files of one source that could not be read; open once FAILURES_TO_OPEN failed in a row."""

    def __init__(self, failures: int = 0) -> None:
        self.failures = failures

    @property
    def is_open(self) -> bool:
        return self.failures >= FAILURES_TO_OPEN

    def note(self, problem: Exception | None) -> None:
        """Damage of one file says nothing of the next; only a reading that failed counts, and any success resets."""
        if problem is None:
            self.failures = 0
        elif isinstance(problem, PassingFault):
            self.failures += 1
