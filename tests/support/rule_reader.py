"""Reads a rule back from its plain-English text, without a look at how that text is made.

Every way to read a text is tried; a text that can be read in two ways fails.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from decimal import Decimal
from typing import Any

from tests.support.rule_evaluator import OPERATORS, cleaned, items
from tests.support.rules_world import Rule

# attribute, operator, values in one spelling, what a missing value means
Condition = tuple[str, str, tuple[Any, ...], str]
# scope, include, exclude
Meaning = tuple[str, frozenset[frozenset[Condition]], frozenset[frozenset[Condition]]]

SCOPE = ". Staff, wholesalers, relay and test accounts are left out."
QUOTED = re.compile(r'"((?:[^"\\\n]|\\.)*)"')
ESCAPES = {"n": "\n", "r": "\r", "t": "\t"}


class Reader:
    """`kinds` says the type of value of every attribute there is."""

    def __init__(self, kinds: dict[str, str]):
        self.kinds = kinds
        self.names = {name: re.sub(r"_([0-9]+)d$", r" in \1 days", name).replace("_", " ") for name in kinds}
        assert len(set(self.names.values())) == len(self.names), "two attributes read the same"

    def meaning(self, text: str) -> Meaning:
        scope = "people" if text.endswith(SCOPE) else "all"
        body = text.removesuffix(SCOPE).removesuffix(".")
        found = set()
        for at in [match.start() for match in re.finditer(r"\. Out when ", body)] + [len(body)]:
            out = body[at:].removeprefix(". Out when ")
            for include in self._alternatives(body[:at].removeprefix("In when ")):
                for exclude in self._alternatives(out) if out else [frozenset[frozenset[Condition]]()]:
                    found.add((scope, include, exclude))
        assert len(found) == 1, f"{len(found)} ways to read: {text}"
        return found.pop()

    def _alternatives(self, text: str) -> Iterator[frozenset[frozenset[Condition]]]:
        for conditions, end in self._conjunction(text, 0):
            if end == len(text):
                yield frozenset([conditions])
            elif text.startswith(", or ", end):
                for others in self._alternatives(text[end + 5 :]):
                    yield others | {conditions}

    def _conjunction(self, text: str, start: int) -> Iterator[tuple[frozenset[Condition], int]]:
        for condition, end in self._condition(text, start):
            yield frozenset([condition]), end
            if text.startswith(" and ", end):
                for others, last in self._conjunction(text, end + 5):
                    yield others | {condition}, last

    def _condition(self, text: str, start: int) -> Iterator[tuple[Condition, int]]:
        for row in OPERATORS.values():
            if row["value_types"] == "segment" and text.startswith(f"{row['words']} ", start):
                key = re.compile(r"[a-z0-9_]+").match(text, start + len(row["words"]) + 1)
                if key:
                    yield (f"segment:{key.group()}", row["operator"], (), ""), key.end()
        for name, spoken in self.names.items():
            for row in OPERATORS.values() if text.startswith(spoken, start) else ():
                operator, words = row["operator"], row["words"]
                if self.kinds[name] in row["value_types"].split("|") and text.startswith(f"{spoken} {words}", start):
                    at = start + len(spoken) + len(words) + 1
                    alone = row["takes"] == "none"
                    for values, end in [((), at)] if alone else self._values(text, at + 1, name, row["takes"]):
                        for if_missing, last in self._ending(text, end):
                            yield (name, operator, _in_order(operator, values), if_missing), last

    @staticmethod
    def _ending(text: str, at: int) -> Iterator[tuple[str, int]]:
        yield "", at
        for words, if_missing in ((" or not known", "true"), (", where that is known", "false")):
            if text.startswith(words, at):
                yield if_missing, at + len(words)

    def _values(self, text: str, at: int, name: str, takes: str) -> Iterator[tuple[tuple[Any, ...], int]]:
        glue = " and " if takes == "two" else ", "
        for value, end in self._value(text, at, self.kinds[name]):
            if takes != "two":
                yield (value,), end
            if takes in ("two", "several") and text.startswith(glue, end):
                for others, last in self._values(text, end + len(glue), name, "one" if takes == "two" else takes):
                    yield (value, *others), last

    def _value(self, text: str, at: int, kind: str) -> Iterator[tuple[Any, int]]:
        if kind == "number":
            if found := re.compile(r"[+-]?[0-9]+(\.[0-9]+)?").match(text, at):
                yield ("number", Decimal(found.group()).normalize() + 0), found.end()
            pattern = r"the ([0-9.]+)(?:st|nd|rd|th) percentile of (buyers|segment [a-z0-9_]+)"
            if found := re.compile(pattern).match(text, at):
                yield ("percentile", Decimal(found.group(1)).normalize() + 0, found.group(2)), found.end()
        if kind == "date":
            if found := re.compile(r"([0-9]+) days (before|after) the day of evaluation").match(text, at):
                yield ("day", int(found.group(1)) * (-1 if found.group(2) == "before" else 1)), found.end()
            if found := re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}").match(text, at):
                yield ("date", found.group()), found.end()
        if kind in ("text", "set") and (found := QUOTED.match(text, at)):
            yield ("text", _unquoted(found.group(1))), found.end()
        for other, spoken in self.names.items():
            if kind != "set" and self.kinds[other] == kind and text.startswith(spoken, at):
                yield ("attribute", other), at + len(spoken)


def _in_order(operator: str, values: tuple[Any, ...]) -> tuple[Any, ...]:
    """Values whose order means nothing in one order, each once."""
    return tuple(sorted(set(values), key=repr)) if OPERATORS[operator]["takes"] == "several" else values


def _unquoted(text: str) -> str:
    def sign(found: re.Match[str]) -> str:
        code = found.group(1)
        return chr(int(code[1:], 16)) if code.startswith("u") else ESCAPES.get(code, code)

    return re.sub(r"\\(u[0-9a-f]{4}|.)", sign, text)


def meaning_of(rule: Rule, kinds: dict[str, str]) -> Meaning:
    """What the rows of a rule mean, in the same form."""
    sides: dict[str, dict[str, set[Condition]]] = {"include": {}, "exclude": {}}
    for condition in map(cleaned, rule.rows):
        values: tuple[Any, ...] = tuple(
            _value(item, kinds.get(condition["attribute"], "")) for item in items(condition)
        )
        values = _in_order(condition["operator"], values)
        one = (condition["attribute"], condition["operator"], values, condition["if_missing"])
        sides[condition["kind"]].setdefault(condition["alternative"], set()).add(one)
    include, exclude = (frozenset(map(frozenset, sides[side].values())) for side in ("include", "exclude"))
    return "all" if rule.scope.strip().lower() == "all" else "people", include, exclude


def _value(item: str, kind: str) -> tuple[Any, ...]:
    if item.startswith("attr:") and kind != "set":
        return ("attribute", item[5:])
    if item.startswith("pct:") and kind == "number":
        share, _, base = item[4:].partition(" of ")
        return ("percentile", Decimal(share.strip()).normalize() + 0, f"segment {base.strip()}" if base else "buyers")
    if kind == "number":
        return ("number", Decimal(item).normalize() + 0)
    if kind == "date":
        return ("day", int(item[:-1])) if item.endswith("d") else ("date", item)
    return ("text", item)
