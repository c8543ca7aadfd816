"""The two ways in which a command can fail, and the hint that their messages may end with."""

from __future__ import annotations

import difflib
from collections.abc import Iterable


class UserError(Exception):
    """Wrong use or wrong input: what is wrong, where, and how to fix it. Exit code 2."""

    exit_code = 2


class CheckFailed(Exception):
    """The command ran and a check does not hold. Exit code 1."""

    exit_code = 1


def places(problem: UserError | CheckFailed) -> str:
    """The places that a message names: the part of each line before its first colon."""
    return "; ".join(dict.fromkeys(line.split(": ")[0] for line in str(problem).splitlines()))


def did_you_mean(word: str, known: Iterable[str], *, otherwise: str, cutoff: float = 0.6) -> str:
    """A suggestion for an unknown word, as a question; `otherwise` where no known word resembles it.

    A known word resembles it if difflib's ratio is at least `cutoff` or if it contains the word given.
    """
    words = list(known)
    near = difflib.get_close_matches(word, words, n=1, cutoff=cutoff) or [name for name in words if word in name]
    return f"did you mean `{near[0]}`?" if word and near else otherwise
