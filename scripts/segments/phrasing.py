"""Rules in words, for rules that are not in the library yet: the same words as the macros of segment_phrases.sql.

The name and unit of an attribute come from the column `phrase` of attribute_catalogue, the words of an operator for
each kind of attribute from the seed segment_operators. This module only combines the two.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal

from scripts.segments.drafts import Condition
from scripts.segments.operators import Operator, operators

Phrase = Mapping[str, str]
Alternatives = Sequence[Sequence[Condition]]
NUMBERS = ("count", "recency", "since", "due", "amount", "share", "part", "number")
# The order of conditions in a text: how many, how much, when, and then the rest.
PLACES = {"count": 1} | dict.fromkeys(("part", "amount", "share", "number"), 2)
PLACES |= dict.fromkeys(("recency", "since", "due", "date"), 3)
# Numbers that are worded in days.
DAYS = {"recency": re.compile(r"[0-9]+"), "since": re.compile(r"[0-9]+"), "due": re.compile(r"-?[0-9]+")}
# Whole years; no other number of days is worded like this.
MONTHS = {365: "12 months", 730: "24 months", 1095: "36 months"}
MONTH_NAMES = (
    *("January", "February", "March", "April", "May", "June"),
    *("July", "August", "September", "October", "November", "December"),
)
SCOPE = "staff, wholesalers, relay and test accounts"
NUMBER = re.compile(r"[+-]?[0-9]{1,18}([.][0-9]{1,10})?")
PERCENTILE = re.compile(r"pct:(100|[0-9]{1,2}(?:[.][0-9]{1,2})?)(?: +of +([a-z][a-z0-9_]*))?")
RELATIVE_DAY = re.compile(r"[+-]?[0-9]{1,5}d")
ESCAPES = {"\n": "\\n", "\r": "\\r", "\t": "\\t"} | {
    sign: f"\\u{ord(sign):04x}" for sign in "\x0b\x0c\x1c\x1d\x1e\x85\u2028\u2029"
}


@dataclass(frozen=True)
class Phrases:
    """The wording of attributes, by name: the cells `phrase` of attribute_catalogue, read as JSON."""

    of: Mapping[str, Phrase]

    @staticmethod
    def read(cells: Iterable[tuple[str, str]]) -> Phrases:
        """From rows of attribute_name and phrase."""
        return Phrases({name: json.loads(phrase) for name, phrase in cells})

    def rule(self, include: Alternatives, exclude: Alternatives = (), *, is_for_all: bool = False) -> str:
        """A rule as segment_rule_text words it."""
        parts = [self.included(include)] if include else []
        if out := self.left_out(exclude, is_for_all=is_for_all):
            parts.append(f"Left out: {out}.")
        return " ".join(parts)

    def included(self, alternatives: Alternatives) -> str:
        """Who is included: what all alternatives share, and what each requires in addition."""
        found = _distinct(alternatives, self)
        shared = [part for part in found[0] if all(part in parts for parts in found)]
        rests = [[part for part in parts if part not in shared] for parts in found]
        if len(found) > 1 and [] in rests:
            shared, rests = [], found
        sentences = []
        if shared:
            text = " · ".join(text for text, _ in shared)
            sentences.append(f"All of: {text}" if len(shared) > 1 else text[0].upper() + text[1:])
        if len(found) > 1:
            sentences.append(("And any of: " if shared else "Any of: ") + " · ".join(map(_joined, rests)))
        return ". ".join(sentences) + "."

    def left_out(self, alternatives: Alternatives, *, is_for_all: bool = False) -> str:
        """Who is left out, as a list; empty when nobody is."""
        out = [_joined(parts) for parts in _distinct(alternatives, self)]
        return " · ".join([*out, *([] if is_for_all else [SCOPE])])

    def joined(self, conditions: Sequence[Condition]) -> str:
        """The conditions of one alternative, in a sentence."""
        return _joined([(self.condition(one), self.condition(one, is_inner=True)) for one in conditions])

    def place(self, condition: Condition) -> int:
        """The position of a condition among others."""
        return PLACES.get(self.of.get(condition.attribute, {}).get("kind", ""), 4)

    def label(self, attribute: str) -> str:
        """The name of an attribute where its value is shown or compared."""
        return self._phrase(attribute)["label"]

    def condition(self, condition: Condition, *, is_inner: bool = False) -> str:
        """A condition as segment_condition_text words it; `is_inner`: beside others joined by "and"."""
        operator = operators()[condition.operator]
        if condition.attribute.startswith("segment:"):
            return f"{operator.words} {condition.attribute.removeprefix('segment:').strip()}"
        phrase = self._phrase(condition.attribute)
        said = self._said(condition, operator, phrase)
        if condition.if_missing == "true":
            return f"{said} (or {phrase['absent']})" if is_inner else f"{said}, or {phrase['absent']}"
        return f"{said} (if known)" if condition.if_missing == "false" else said

    def _phrase(self, attribute: str) -> Phrase:
        name = re.sub(r"_([0-9]+)d$", r" in \1 days", attribute).replace("_", " ")
        return self.of.get(attribute) or {"kind": "", "label": name, "unit": "", "absent": "not known"}

    def _said(self, condition: Condition, operator: Operator, phrase: Phrase) -> str:
        own = {True: "missing", False: "known"}[operator.is_negated]
        if operator.comparisons == ("is_known",) and phrase.get(own):
            return phrase[own]
        items = operator.items(condition.value.strip())
        is_number = phrase["kind"] in NUMBERS
        numbers = [_plain(item) for item in items if is_number and NUMBER.fullmatch(item)]
        words, kind, slots = _words(operator, phrase, items, numbers)
        is_plain = len(numbers) == len(items)
        texts, bare = [], []
        for item in items:
            text, unit = self._value(phrase["kind"], item), ""
            if is_number and NUMBER.fullmatch(item):
                number, unit = _plain(item), phrase["unit"]
                number = _percent(number) if unit == " %" else number
                text = _day(int(number)) if kind == "due" else _grouped(number)
            texts.append(text + unit)
            bare.append(text if is_plain and words else text + unit)
        if not words:
            return " ".join([slots["label"], operator.phrase(texts)])
        if items:
            slots |= {"value": texts[-1], "low": bare[0], "high": texts[-1], "list": ", ".join(texts)}
            slots["either"] = " or ".join([*([", ".join(bare[:-1])] if bare[1:] else []), texts[-1]])
            slots["noun"] = slots["one"] if numbers[-1:] == ["1"] else slots["many"]
            slots["unit"] = "day" if numbers[-1:] == ["1"] else "days"
            slots["days"] = _days(int(Decimal(numbers[0]))) if numbers else ""
            if found := PERCENTILE.fullmatch(items[0]):
                is_upper = operator.comparisons[0] in ("above", "at_least")
                share = Decimal(100) - Decimal(found[1]) if is_upper else Decimal(found[1])
                slots |= {"share": _plain(str(share)), "base": f"segment {found[2]}" if found[2] else "buyers"}
        return re.sub(r"\{(\w+)\}", lambda slot: slots[slot[1]], words)

    def _value(self, kind: str, item: str) -> str:
        """A value of a condition in words; without a kind it is read by its form."""
        if re.fullmatch(r"attr:[A-Za-z0-9_]+", item) and kind != "set":
            return self.label(item[5:])
        if kind in (*NUMBERS, ""):
            if found := PERCENTILE.fullmatch(item):
                number = _plain(found[1])
                ordinal = "th" if number in ("11", "12", "13") else _ENDINGS.get(number[-1], "th")
                name = "median" if number == "50" else f"{number}{ordinal} percentile"
                return f"the {name} of {f'segment {found[2]}' if found[2] else 'buyers'}"
            if NUMBER.fullmatch(item):
                return _grouped(_plain(item))
        if kind in ("date", ""):
            if RELATIVE_DAY.fullmatch(item):
                return _day(int(item[:-1]))
            if found := re.fullmatch(r"([0-9]{4})-(0[1-9]|1[0-2])-(0[1-9]|[12][0-9]|3[01])", item):
                return f"{int(found[3])} {MONTH_NAMES[int(found[2]) - 1]} {found[1]}"
        return _quoted(item)


_ENDINGS = {"1": "st", "2": "nd", "3": "rd"}


def _words(operator: Operator, phrase: Phrase, items: list[str], numbers: list[str]) -> tuple[str, str, dict[str, str]]:
    """The words of an operator for an attribute ('' where it has none of its own), the kind of value, and the slots."""
    kind, known = phrase["kind"], operator.phrases
    slots = {name: phrase.get(name, "") for name in ("one", "many", "a", "negative", "tail", "label", "head")}
    measure = slots | {"head": slots["label"], "tail": ""}
    if kind in NUMBERS and len(numbers) < len(items):
        found = PERCENTILE.fullmatch(items[0]) if len(items) == 1 else None
        if found and _plain(found[1]) not in ("0", "100") and "percentile" in known:
            return known["percentile"], "number", measure
        return known.get("number", ""), "number", measure
    if any(not DAYS[kind].fullmatch(number) for number in numbers if kind in DAYS):
        return known.get("number", ""), "number", measure
    own = (known.get(f"{kind} {numbers[0]}") if numbers else None) or known.get(kind)
    if own:
        return own, kind, slots | ({"label": phrase["many"]} if kind in ("since", "due") else {})
    if kind in ("amount", "share") and "number" in known:
        return known["number"], kind, slots
    words = known.get("any", "") if kind else ""
    return words, "number", measure | ({"label": phrase["many"]} if words and kind in ("since", "due") else {})


def _distinct(alternatives: Alternatives, phrases: Phrases) -> list[list[tuple[str, str]]]:
    """Each alternative as texts of its conditions, alone and beside others, without duplicates."""
    found: list[list[tuple[str, str]]] = []
    for conditions in alternatives:
        parts = list(
            dict.fromkeys(
                (phrases.condition(one), phrases.condition(one, is_inner=True))
                for one in sorted(conditions, key=phrases.place)
            )
        )
        if not any(sorted(parts) == sorted(other) for other in found):
            found.append(parts)
    return found


def _joined(parts: Sequence[tuple[str, str]]) -> str:
    return " and ".join(inner for _, inner in parts) if len(parts) > 1 else parts[0][0]


def _plain(text: str) -> str:
    """A number in one spelling: 3, 3.0 and 03 are the same."""
    number = Decimal(text)
    return f"{number.normalize() + 0:f}"


def _grouped(number: str) -> str:
    whole, point, decimals = number.partition(".")
    return re.sub(r"(?<=[0-9])(?=(?:[0-9]{3})+$)", ",", whole) + point + decimals


def _percent(number: str) -> str:
    return _plain(str(Decimal(number) * 100))


def _days(number: int) -> str:
    return MONTHS.get(number) or f"{_grouped(str(number))} day{'' if number == 1 else 's'}"


def _day(days: int) -> str:
    """A day counted from today."""
    return "today" if days == 0 else _days(abs(days)) + (" from now" if days > 0 else " ago")


def _quoted(text: str) -> str:
    """A text in quotes, on one line: what would end the line or the quotes is written as an escape."""
    text = text.replace("\\", "\\\\").replace('"', '\\"')
    return '"' + "".join(ESCAPES.get(sign, sign) for sign in text) + '"'
