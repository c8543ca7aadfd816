"""The two ways a command may end badly, each with one clear line."""

from __future__ import annotations


class UserError(Exception):
    """Wrong use or wrong input: what, where and how to mend it. Exit code 2."""

    exit_code = 2


class CheckFailed(Exception):
    """The command ran and a check does not hold. Exit code 1."""

    exit_code = 1
