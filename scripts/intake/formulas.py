"""Formulas and conditions of mapping files, as values: parsed into a few forms, never passed on as text.

A formula is `("number", "1.2")`, `("column", "price")` or `(sign, left, right)`; a condition is a list of comparisons
that must all hold.
"""

from __future__ import annotations

import re
from typing import Any

Formula = tuple[Any, ...]
# Comparisons (operator, left, right): left is a formula, or a column for texts; right a formula or a tuple of texts.
Condition = tuple[tuple[str, Any, Any], ...]

TOKEN = re.compile(
    r"\s*(?:(?P<number>\d+(?:\.\d+)?)|(?P<text>'[^']*')|\[(?P<bracketed>[^\]\[]+)\]|(?P<name>[^\W\d]\w*)"
    r"|(?P<sign><=|>=|!=|[-+*/()=<>,]))"
)
WORDS = ("and", "in", "is", "not", "empty")
COMPARISONS = ("=", "!=", "<", "<=", ">", ">=")
# Deeper nesting than any price needs, and far from what Python's own stack bears.
DEPTH = 20
LENGTH = 200


class WrongFormula(Exception):
    """A text that is no formula or condition, and what to write instead."""


def formula(text: str) -> Formula:
    """A formula of columns, numbers, + - * / and brackets; names with blanks are written as [Unit price]."""
    parser = _Parser(text)
    found = parser.sum()
    parser.end("+ - * / or the end")
    return found


def condition(text: str) -> Condition:
    """Comparisons joined by `and`: `quantity > 0 and type in ('sale', 'exchange') and [Order no] is not empty`."""
    if not text.strip():
        return ()
    parser = _Parser(text)
    found = [parser.comparison()]
    while parser.taken("and"):
        found.append(parser.comparison())
    parser.end("`and` or the end")
    return tuple(found)


def columns(parsed: Formula) -> tuple[str, ...]:
    """The columns that a formula reads."""
    if not parsed or parsed[0] == "number":
        return ()
    if parsed[0] == "column":
        return (parsed[1],)
    return tuple(dict.fromkeys((*columns(parsed[1]), *columns(parsed[2]))))


def condition_columns(parsed: Condition) -> set[str]:
    """The columns that a condition reads."""
    return {
        name
        for _, left, right in parsed
        for side in (left, right)
        if side and side[0] in ("column", "number", *"+-*/")
        for name in columns(side)
    }


def is_number(text: str) -> bool:
    """Whether a text is one number, with or without a sign."""
    return bool(re.fullmatch(r"-?\d+(\.\d+)?", text))


def in_words(parsed: Formula) -> str:
    """The formula as a person writes it."""
    if parsed[0] in ("number", "column"):
        return str(parsed[1])
    return f"{in_words(parsed[1])} {parsed[0]} {in_words(parsed[2])}"


class _Parser:
    def __init__(self, text: str) -> None:
        self.text, self.depth = text, 0
        self.tokens: list[tuple[str, str]] = []
        place = 0
        while text[place:].strip():
            found = TOKEN.match(text, place)
            if not found:
                rest = text[place:].strip()
                raise WrongFormula(
                    f"cannot read '{rest[:20]}'; use columns, numbers and + - * / ( ), and write a name with blanks "
                    "as [Unit price]"
                )
            kind = str(found.lastgroup)
            value = found[kind]
            if kind == "name" and value.lower() in WORDS:
                kind, value = "word", value.lower()
            self.tokens.append((kind, value[1:-1] if kind == "text" else value))
            place = found.end()
        if len(self.tokens) > LENGTH:
            raise WrongFormula(f"has more than {LENGTH} parts; write it more simply")

    def sum(self) -> Formula:
        left = self._product()
        while (sign := self._sign("+", "-")) is not None:
            left = (sign, left, self._product())
        return left

    def comparison(self) -> tuple[str, Any, Any]:
        left = self.sum()
        if self.taken("is"):
            wanted = "filled" if self.taken("not") else "empty"
            if not self.taken("empty") or left[0] != "column":
                raise WrongFormula("write `[column] is empty` or `[column] is not empty`")
            return (wanted, left, ())
        is_not = self.taken("not")
        if self.taken("in"):
            return ("not in" if is_not else "in", self._text_side(left), self._texts())
        sign = None if is_not else self._sign(*COMPARISONS)
        if sign is None:
            raise WrongFormula("a comparison is missing; write one such as `quantity > 0` or `type = 'sale'`")
        if self._peek()[0] == "text":
            if sign not in ("=", "!="):
                raise WrongFormula(f"texts are compared with = or !=, not with {sign}")
            return ("in" if sign == "=" else "not in", self._text_side(left), ("texts", self._next()[1]))
        return (sign, left, self.sum())

    def taken(self, word: str) -> bool:
        if self._peek() == ("word", word):
            self._next()
            return True
        return False

    def end(self, expected: str) -> None:
        if self.tokens:
            raise WrongFormula(f"'{self.tokens[0][1]}' is unexpected; after a part comes {expected}")

    def _product(self) -> Formula:
        left = self._operand()
        while (sign := self._sign("*", "/")) is not None:
            left = (sign, left, self._operand())
        return left

    def _operand(self) -> Formula:
        kind, value = self._next()
        if kind == "number":
            return ("number", value)
        if kind in ("name", "bracketed"):
            return ("column", value.strip().lower())
        if (kind, value) == ("sign", "-"):
            return ("-", ("number", "0"), self._deeper(self._operand))
        if (kind, value) == ("sign", "("):
            inner = self._deeper(self.sum)
            if self._next() != ("sign", ")"):
                raise WrongFormula("a bracket is not closed; add )")
            return inner
        what = f"'{value}' is unexpected" if value else "it ends too early"
        raise WrongFormula(f"{what}; a column or number is missing")

    def _deeper(self, parse: Any) -> Formula:
        self.depth += 1
        if self.depth > DEPTH:
            raise WrongFormula(f"brackets are nested more than {DEPTH} deep; write it more simply")
        found: Formula = parse()
        self.depth -= 1
        return found

    def _texts(self) -> tuple[str, ...]:
        found = []
        if self._next() == ("sign", "("):
            while True:
                kind, value = self._next()
                if kind not in ("text", "number"):
                    break
                found.append(value)
                separator = self._next()
                if separator == ("sign", ")"):
                    return ("texts", *found)
                if separator != ("sign", ","):
                    break
        raise WrongFormula("after `in` comes a list such as ('sale', 'exchange')")

    @staticmethod
    def _text_side(side: Formula) -> Formula:
        if side[0] != "column":
            raise WrongFormula("a text is compared with one column, not with a formula")
        return side

    def _sign(self, *signs: str) -> str | None:
        kind, value = self._peek()
        if kind == "sign" and value in signs:
            self._next()
            return value
        return None

    def _peek(self) -> tuple[str, str]:
        return self.tokens[0] if self.tokens else ("end", "")

    def _next(self) -> tuple[str, str]:
        return self.tokens.pop(0) if self.tokens else ("end", "")
