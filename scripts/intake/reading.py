"""Retries and circuit breaker: retries transient errors, and stops reading a failing source before it delays others."""

from __future__ import annotations

import random
import time
from collections.abc import Callable
from typing import TypeVar

from scripts.intake.landing import TransientError

TRIES = 4
FIRST_PAUSE = 0.2
# After this many files of a source in a row that could not be read, each tried TRIES times, its disk or mount is down.
FAILURES_TO_OPEN = 3

Result = TypeVar("Result")


def with_retries(
    action: Callable[[], Result],
    pause: Callable[[float], None] = time.sleep,
    draw: Callable[[], float] = random.random,
) -> Result:
    """Run `action` up to TRIES times while it raises TransientError.

    The pauses double from FIRST_PAUSE seconds, each lengthened at random by up to a half, so that several readers of
    one failing disk do not retry at the same moment.
    """
    for tried in range(1, TRIES):
        try:
            return action()
        except TransientError:
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
        """Count transient read failures; a success resets the count. Damage to one file says nothing about the next."""
        if problem is None:
            self.failures = 0
        elif isinstance(problem, TransientError):
            self.failures += 1
