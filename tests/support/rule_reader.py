"""Parses a rule's text back into its conditions, independently of the code that writes the text.

Every way to parse a text is tried; an ambiguous text fails.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from decimal import Decimal
from functools import cache
from itertools import product
from typing import Any

import yaml

from scripts.platform.workspace import PROJECT
from tests.support.rule_evaluator import OPERATORS, cleaned, items
from tests.support.rules_workspace import Rule

# attribute, operator, values in one spelling, what a missing value means
Condition = tuple[str, str, tuple[Any, ...], str]
Alternative = frozenset[Condition]
# scope, include, exclude
Meaning = tuple[str, frozenset[Alternative], frozenset[Alternative]]

SCOPE = "staff, wholesalers, relay and test accounts"
QUOTED = re.compile(r'"((?:[^"\\\n]|\\.)*)"')
ESCAPES = {"n": "\n", "r": "\r", "t": "\t"}
NUMBER = re.compile(r"-?([0-9]{1,3}(,[0-9]{3})+|[0-9]{1,3})(\.[0-9]+)?")
MONTHS = {"12 months": 365, "24 months": 730, "36 months": 1095}
NAMES = (
    *("January", "February", "March", "April", "May", "June"),
    *("July", "August", "September", "October", "November", "December"),
)
UNITS = {"amount": " GBP", "share": " %", "part": " %"}
KINDS = (
    *("count", "recency", "since", "due", "amount", "share", "part", "number"),
    *("flag", "text", "set", "date"),
)
# Phrases of the windows of rules_workspace.
WINDOWS = {
    "basket_count_9d": {"count": "cart [addition|additions] in the last 9 days"},
    "shoe_view_count_20d": {"count": 'product [view|views] with category "Shoes" in the last 20 days'},
}
# How a number is compared with one value, or with two.
ONE = {
    "=": "of exactly", "!=": "of anything but", ">": "above", ">=": "of at least", "<": "below", "<=": "of at most",
}  # fmt: skip
AGO = {"=": "exactly", "!=": "not exactly", ">": "more than", ">=": "at least", "<=": "at most"}
DUE = {
    "=": "exactly", "!=": "not exactly", ">": "later than", ">=": "no earlier than", "<": "earlier than",
    "<=": "no later than",
}  # fmt: skip
PART = {
    "=": "exactly", "!=": "anything but", ">": "more than", ">=": "at least", "<": "less than", "<=": "at most",
}  # fmt: skip
DATES = {">": "after", ">=": "on or after", "<": "before", "<=": "on or before"}


@dataclass(frozen=True)
class Wording:
    """How an attribute is worded, and its value type."""

    name: str
    type: str
    kind: str
    one: str
    many: str
    head: str
    tail: str
    label: str
    more: dict[str, str]

    @property
    def unit(self) -> str:
        return UNITS.get(self.kind, "")

    @property
    def absent(self) -> str:
        return self.more.get("absent") or ("none ever" if self.kind == "recency" else "not known")

    @property
    def last(self) -> str:
        """The name of an event without the article."""
        return self.one.split(" ", 1)[1]


def wording(name: str, kind_of_value: str, phrase: dict[str, str]) -> Wording:
    """From the `phrase` of its column."""
    (kind,) = [key for key in phrase if key in KINDS]
    head, _, tail = phrase[kind].partition(" ~ ")
    whole = f"{head} {tail}".strip()
    one, many = (re.sub(r"\[(.*?)\|(.*?)\]", rf"\{place}", whole) for place in (1, 2))
    label = {
        "count": f"number of {many}",
        "part": f"share of {one}",
        "recency": f"days since the last {one.partition(' ')[2]}",
        "since": f"days since {one}",
    }.get(kind, many)
    tail = f" {tail}" if tail else ""
    return Wording(name, kind_of_value, kind, one, many, head, tail, phrase.get("measure", label), phrase)


@cache
def phrases() -> dict[str, dict[str, str]]:
    """The phrase of every attribute, from its declaration."""
    text = (PROJECT / "models/customers/_customer_features.yml").read_text(encoding="utf-8")
    columns = yaml.safe_load(text)["models"][0]["columns"]
    return {one["name"]: one["config"]["meta"]["phrase"] for one in columns if "config" in one} | WINDOWS


class Reader:
    """`kinds`: the value type of every attribute."""

    def __init__(self, kinds: dict[str, str]):
        self.attributes = {name: wording(name, kind, phrases()[name]) for name, kind in kinds.items()}
        self.read: dict[str, list[Condition]] = {}

    def meaning(self, text: str) -> Meaning:
        assert text.endswith("."), text
        include, _, out = _cut(text[:-1], "Left out: ")
        listed = _split(out, " · ") if out else []
        scope = "people" if listed[-1:] == [SCOPE] else "all"
        excluded = [self._alternative(part) for part in listed[: len(listed) - (scope == "people")]]
        excludes = {frozenset(one) for one in product(*excluded)}
        found = {(scope, one, other) for one in self._included(include) for other in excludes}
        assert len(found) == 1, f"{len(found)} ways to parse: {text}"
        return found.pop()

    def conditions(self, text: str) -> list[Condition]:
        """Every way to parse the text of a condition."""
        if text not in self.read:
            self.read[text] = list(dict.fromkeys(self._conditions(text)))
        return self.read[text]

    def _included(self, text: str) -> set[frozenset[Alternative]]:
        shared, _, ways = _cut(text, "any of: ")
        if not ways:
            return {frozenset([one]) for one in self._shared(text)} if text else {frozenset()}
        rests = [self._alternative(part) for part in _split(ways, " · ")]
        if shared == "":
            return {frozenset(one) for one in product(*rests)}
        return {frozenset(one | rest for rest in some) for one in self._shared(shared) for some in product(*rests)}

    def _shared(self, text: str) -> set[Alternative]:
        if text.startswith("All of: "):
            return {frozenset(one) for one in product(*map(self.conditions, _split(text[8:], " · ")))}
        starts = {text, text[:1].lower() + text[1:]}
        return {frozenset([one]) for start in starts for one in self.conditions(start)}

    def _alternative(self, text: str) -> set[Alternative]:
        """Conditions joined by "and", split in every possible way."""
        found = {frozenset([one]) for one in self.conditions(text)}
        for start in _places(text, " and "):
            for one in self.conditions(text[:start]):
                found |= {rest | {one} for rest in self._alternative(text[start + 5 :])}
        return found

    def _conditions(self, text: str) -> Iterator[Condition]:
        for row in OPERATORS.values():
            if row["value_types"] == "segment" and text.startswith(f"{row['words']} "):
                key = text.removeprefix(f"{row['words']} ")
                if re.fullmatch(r"[a-z0-9_]+", key):
                    yield f"segment:{key}", row["operator"], (), ""
        for one in self.attributes.values():
            # Texts name an event without its article.
            bare = [one.last] if one.kind == "recency" else []
            if not any(words in text for words in (one.one, one.many, one.head, one.label, *bare, *one.more.values())):
                continue
            for ending, if_missing in (
                ("", ""), (f", or {one.absent}", "true"), (f" (or {one.absent})", "true"), (" (if known)", "false"),
            ):  # fmt: skip
                if text.endswith(ending):
                    for operator, values in self._requirements(one, text.removesuffix(ending) if ending else text):
                        if _is_allowed(one, operator):
                            yield one.name, operator, _in_order(operator, values), if_missing

    def _requirements(self, one: Wording, text: str) -> Iterator[tuple[str, tuple[Any, ...]]]:
        """Operators and values that the text may mean for an attribute."""
        if one.type == "number":
            yield from self._number(one, text)
            yield from getattr(self, f"_{one.kind}", lambda *_: ())(one, text)
        yield from self._known(one, text)
        for operator, row in OPERATORS.items():
            if one.type in row["value_types"].split("|") and text.startswith(f"{one.label} {row['words']}"):
                rest = text.removeprefix(f"{one.label} {row['words']}")
                if row["takes"] == "none":
                    if not rest:
                        yield operator, ()
                elif rest.startswith(" "):
                    for parts in _sequences(rest[1:], row["takes"]):
                        yield from self._each(one, operator, parts)
        if one.kind == "date":
            for operator, words in DATES.items():
                if text.startswith(f"{one.label} {words} "):
                    yield from self._each(one, operator, [text.removeprefix(f"{one.label} {words} ")])
            if text.startswith(f"{one.label} between "):
                for parts in _sequences(text.removeprefix(f"{one.label} between "), "two"):
                    yield from self._each(one, "between", parts)
        for operator, words in {"has_any": "any", "has_all": "all", "has_none": "none"}.items():
            if one.kind == "set" and text.startswith(f"{one.label} include {words} of "):
                rest = text.removeprefix(f"{one.label} include {words} of ")
                yield from self._each(one, operator, _split(rest, ", "))
        if one.kind == "flag":
            yield from ((op, ()) for op, said in (("is_true", one.one), ("is_false", one.more["not"])) if text == said)

    def _known(self, one: Wording, text: str) -> Iterator[tuple[str, tuple[Any, ...]]]:
        named = one.many if one.kind in ("since", "due") else one.label
        missing, known = f"{named} not known", f"{named} known"
        if one.kind == "recency":
            missing, known = f"no {one.last} ever", f"at least one {one.last} ever"
        if one.kind == "flag":
            missing, known = f"{one.one}: not known", f"{one.one}: known"
        if text == one.more.get("missing", missing):
            yield "is_null", ()
        if text == one.more.get("known", known):
            yield "is_not_null", ()

    # ---- numbers ----

    def _number(self, one: Wording, text: str) -> Iterator[tuple[str, tuple[Any, ...]]]:
        for side, of in (("top", ">="), ("bottom", "<=")):
            pattern = rf"in the {side} ([0-9.]+) % of (buyers|segment [a-z0-9_]+) by {re.escape(one.label)}"
            if found := re.fullmatch(pattern, text):
                share = Decimal(found[1]) if side == "bottom" else 100 - Decimal(found[1])
                yield of, (("percentile", share.normalize() + 0, found[2]),)
        for operator, values in self._measured(one, one.label, text):
            yield operator, values
        # The value stands inside the phrase only where all of it is plain numbers.
        if text.endswith(one.tail):
            for operator, values in self._measured(one, one.head, text.removesuffix(one.tail)):
                if one.head == one.label or all(kind == "number" for kind, *_ in values):
                    yield operator, values

    def _measured(self, one: Wording, head: str, text: str) -> Iterator[tuple[str, tuple[Any, ...]]]:
        """What is compared, then how and with what."""
        if not text.startswith(f"{head} "):
            return
        asked = text.removeprefix(f"{head} ")
        for operator, words in ONE.items():
            if asked.startswith(f"{words} "):
                yield from self._each(one, operator, [asked.removeprefix(f"{words} ")])
        for operator, words in (("between", "of "), ("in", "of "), ("not_in", "not of ")):
            if asked.startswith(words):
                yield from self._several(one, operator, asked.removeprefix(words))

    def _several(self, one: Wording, operator: str, text: str) -> Iterator[tuple[str, tuple[Any, ...]]]:
        """Several values; if all are plain numbers, only the last has the unit."""
        cuts = [[text[:at], text[at + 4 :]] for at in _places(text, " to ")]
        for parts in cuts if operator == "between" else _sequences(text, "either"):
            plain = [*(part + one.unit for part in parts[:-1]), parts[-1]]
            values = [_number(part, one) for part in plain]
            if None not in values:
                yield operator, tuple(values)
            elif one.unit or any(_number(part, one) is None for part in parts):
                yield from self._each(one, operator, parts)

    def _count(self, one: Wording, text: str) -> Iterator[tuple[str, tuple[Any, ...]]]:
        whole = {f"no {one.many}": ("=", 0), f"some {one.many}": ("!=", 0), f"at least 1 {one.one}": (">=", 1)}
        if text in whole:
            operator, number = whole[text]
            yield operator, (("number", Decimal(number)),)
        for noun in dict.fromkeys((one.one, one.many)):
            if not text.endswith(f" {noun}"):
                continue
            asked = text.removesuffix(f" {noun}")
            for operator, words in {
                "=": "exactly", "!=": "not exactly", ">": "more than", "<": "fewer than", "<=": "at most",
            }.items():  # fmt: skip
                if asked.startswith(f"{words} "):
                    yield from self._nouns(one, noun, operator, [asked.removeprefix(f"{words} ")])
            if asked.endswith(" or more") and noun == one.many:
                yield from self._each(one, ">=", [asked.removesuffix(" or more")], literal=True)
            for parts in _sequences(asked, "either"):
                yield from self._nouns(one, noun, "in", parts)
            if asked.startswith("not "):
                for parts in _sequences(asked[4:], "either"):
                    yield from self._nouns(one, noun, "not_in", parts)
            for at in _places(asked, " to "):
                yield from self._nouns(one, noun, "between", [asked[:at], asked[at + 4 :]])

    def _nouns(self, one: Wording, noun: str, operator: str, parts: list[str]) -> Iterator[Any]:
        """Values whose noun agrees with the last number: singular after 1."""
        if (noun == one.one) == (parts[-1] == "1") or one.one == one.many:
            yield from self._each(one, operator, parts, literal=True)

    def _part(self, one: Wording, text: str) -> Iterator[tuple[str, tuple[Any, ...]]]:
        if not text.endswith(f" of {one.one}"):
            return
        asked = text.removesuffix(f" of {one.one}")
        for operator, words in PART.items():
            if asked.startswith(f"{words} "):
                yield from self._each(one, operator, [asked.removeprefix(f"{words} ")], literal=True)
        yield from self._several(one, "between", asked)
        yield from self._several(one, "in", asked)
        if asked.startswith("not "):
            yield from self._several(one, "not_in", asked[4:])

    def _amount(self, one: Wording, text: str) -> Iterator[tuple[str, tuple[Any, ...]]]:
        for operator, word in ((">", "positive"), ("<", "negative")):
            if text == f"{word} {one.label}":
                yield operator, (("number", Decimal(0)),)

    def _recency(self, one: Wording, text: str) -> Iterator[tuple[str, tuple[Any, ...]]]:
        for operator, words in ((">=", f"no {one.last}"), ("<", one.one)):
            if text.startswith(f"{words} in the last "):
                yield from _days(operator, text.removeprefix(f"{words} in the last "))
        ago = {operator: words for operator, words in AGO.items() if operator != ">="}
        yield from self._ago(f"last {one.last}", ago, text)

    def _since(self, one: Wording, text: str) -> Iterator[tuple[str, tuple[Any, ...]]]:
        if text.startswith(f"{one.one} in the last "):
            yield from _days("<", text.removeprefix(f"{one.one} in the last "))
        yield from self._ago(one.one, AGO, text)

    @staticmethod
    def _ago(event: str, words: dict[str, str], text: str) -> Iterator[tuple[str, tuple[Any, ...]]]:
        if not (text.startswith(f"{event} ") and text.endswith(" ago")):
            return
        asked = text.removeprefix(f"{event} ").removesuffix(" ago")
        for operator, how in words.items():
            if asked.startswith(f"{how} "):
                yield from _days(operator, asked.removeprefix(f"{how} "))
        numbers, _, unit = asked.rpartition(" ")
        for operator, parts in [
            *(("between", [numbers[:at], numbers[at + 4 :]]) for at in _places(numbers, " to ")),
            *(("in", parts) for parts in _sequences(numbers, "either")),
            *(("not_in", parts) for parts in _sequences(numbers[4:], "either") if numbers.startswith("not ")),
        ]:
            values = [_plain(part) for part in parts]
            if unit == ("day" if parts[-1] == "1" else "days") and None not in values:
                yield operator, tuple(("number", value) for value in values)

    def _due(self, one: Wording, text: str) -> Iterator[tuple[str, tuple[Any, ...]]]:
        if not text.startswith(f"{one.one} "):
            return
        asked = text.removeprefix(f"{one.one} ")
        cuts = [(operator, [asked.removeprefix(f"{how} ")]) for operator, how in DUE.items()]
        between = asked.removeprefix("between ") if asked.startswith("between ") else ""
        cuts += [("between", [between[:at], between[at + 5 :]]) for at in _places(between, " and ")]
        cuts += [("in", parts) for parts in _sequences(asked, "either")]
        cuts += [("not_in", parts) for parts in _sequences(asked[4:], "either") if asked.startswith("not ")]
        for operator, parts in cuts:
            if operator in DUE and not asked.startswith(f"{DUE[operator]} "):
                continue
            days = [_day(part) for part in parts]
            if None not in days:
                yield operator, tuple(("number", Decimal(str(day))) for day in days)

    # ---- values ----

    def _each(
        self, one: Wording, operator: str, parts: list[str], *, literal: bool = False
    ) -> Iterator[tuple[str, tuple[Any, ...]]]:
        for values in product(*(list(self._value(part, one, literal=literal)) for part in parts)):
            yield operator, values

    def _value(self, text: str, one: Wording, *, literal: bool) -> Iterator[Any]:
        if one.type == "number":
            if (number := _number(text, one)) is not None:
                yield number
            if found := re.fullmatch(r"the (.+) of (buyers|segment [a-z0-9_]+)", text):
                share = re.fullmatch(r"([0-9.]+)(?:st|nd|rd|th) percentile", found[1])
                if share or found[1] == "median":
                    yield "percentile", Decimal(share[1] if share else 50).normalize() + 0, found[2]
        if one.type == "date":
            if (day := _day(text)) is not None:
                yield "day", day
            found = re.fullmatch(r"([0-9]{1,2}) ([A-Z][a-z]+) ([0-9]{4})", text)
            if found and found[2] in NAMES:
                yield "date", f"{found[3]}-{NAMES.index(found[2]) + 1:02}-{int(found[1]):02}"
        if one.type in ("text", "set") and (found := QUOTED.fullmatch(text)):
            yield "text", _unquoted(found.group(1))
        for other in self.attributes.values() if not literal and one.type not in ("set", "boolean") else ():
            if other.type == one.type and other.label == text:
                yield "attribute", other.name


def _is_allowed(one: Wording, operator: str) -> bool:
    return one.type in OPERATORS[operator]["value_types"].split("|")


def _plain(text: str) -> Decimal | None:
    return Decimal(text.replace(",", "")).normalize() + 0 if NUMBER.fullmatch(text) else None


def _number(text: str, one: Wording) -> tuple[str, Decimal] | None:
    """A number with the unit of its attribute."""
    if not text.endswith(one.unit):
        return None
    number = _plain(text.removesuffix(one.unit) if one.unit else text)
    if number is None:
        return None
    return "number", (number / 100 if one.unit == " %" else number).normalize() + 0


def _days(operator: str, text: str) -> Iterator[tuple[str, tuple[Any, ...]]]:
    number = MONTHS.get(text)
    if found := re.fullmatch(r"([0-9,]+) (days?)", text):
        number = int(found[1].replace(",", ""))
        if (number == 1) == (found[2] == "days") or number in MONTHS.values():
            return
    if number is not None:
        yield operator, (("number", Decimal(number).normalize() + 0),)


def _day(text: str) -> int | None:
    """A day as a number of days from today."""
    if text == "today":
        return 0
    for ending, sign in ((" ago", -1), (" from now", 1)):
        for _, ((_, number),) in _days("=", text.removesuffix(ending)) if text.endswith(ending) else ():
            return sign * int(number)
    return None


# ---- texts ----


def _masked(text: str) -> str:
    """The same text with everything in quotes masked."""
    return QUOTED.sub(lambda found: '"' + "\0" * (len(found[0]) - 2) + '"', text)


def _places(text: str, glue: str) -> list[int]:
    return [found.start() for found in re.finditer(f"(?={re.escape(glue)})", _masked(text))]


def _split(text: str, glue: str) -> list[str]:
    starts = [0, *(place + len(glue) for place in _places(text, glue))]
    ends = [*_places(text, glue), len(text)]
    return [text[start:end] for start, end in zip(starts, ends, strict=True)]


def _cut(text: str, opening: str) -> tuple[str, str, str]:
    """The text before and after a heading; the heading is at the beginning of the text or of a sentence."""
    for start in _places(text, opening.capitalize()):
        if start == 0 or text[start - 2 : start] == ". ":
            return text[: max(start - 2, 0)], opening, text[start + len(opening) :]
    for start in _places(text, f". And {opening}"):
        return text[:start], opening, text[start + 6 + len(opening) :]
    return text, "", ""


def _sequences(text: str, takes: str) -> Iterator[list[str]]:
    """The values in a text that contains one, two or several of them, or alternatives (`either`)."""
    if takes == "two":
        yield from ([text[:place], text[place + 5 :]] for place in _places(text, " and "))
    elif takes == "either":
        yield [text]
        for place in _places(text, " or "):
            yield [*_split(text[:place], ", "), text[place + 4 :]]
    else:
        yield _split(text, ", ") if takes == "several" else [text]


def _in_order(operator: str, values: tuple[Any, ...]) -> tuple[Any, ...]:
    """Values whose order has no meaning: sorted, without duplicates."""
    return tuple(sorted(set(values), key=repr)) if OPERATORS[operator]["takes"] == "several" else values


def _unquoted(text: str) -> str:
    def sign(found: re.Match[str]) -> str:
        code = found.group(1)
        return chr(int(code[1:], 16)) if code.startswith("u") else ESCAPES.get(code, code)

    return re.sub(r"\\(u[0-9a-f]{4}|.)", sign, text)


def meaning_of(rule: Rule, kinds: dict[str, str]) -> Meaning:
    """The meaning of a rule's rows, in the same form."""
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
