"""The two ways a command may end badly, each with one clear line, and the hint that such a line may end with."""

from __future__ import annotations

import difflib
from collections.abc import Iterable


class UserError(Exception):
    """Wrong use or wrong input: what is wrong, where, and how to put it right. Exit code 2."""

    exit_code = 2


class CheckFailed(Exception):
    """The command ran and a check does not hold. Exit code 1."""

    exit_code = 1


def places(problem: UserError | CheckFailed) -> str:
    """Where the faults of a message are: what each of its lines names before its first colon."""
    return "; ".join(dict.fromkeys(line.split(": ")[0] for line in str(problem).splitlines()))


def did_you_mean(word: str, known: Iterable[str], *, otherwise: str, cutoff: float = 0.6) -> str:
    """What was probably meant by a word that is not known, as a question; `otherwise` where nothing is like it.

    Like it is a known word that is near, by difflib's ratio of at least `cutoff`, or that holds the one given.
    """
    words = list(known)
    near = difflib.get_close_matches(word, words, n=1, cutoff=cutoff) or [name for name in words if word in name]
    return f"did you mean `{near[0]}`?" if word and near else otherwise
