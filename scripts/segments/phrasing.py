"""Rules in words, for rules that are not in the library yet: worded by the macros that word those of the library.

The macros are templates of macros/segments that need no warehouse. They are called here as dbt calls them, without
starting dbt, which takes seconds.
"""

from __future__ import annotations

import functools
import json
import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from scripts.platform.workspace import PROJECT
from scripts.segments import operators as seed
from scripts.segments.drafts import Condition

Phrase = Mapping[str, str]
Alternatives = Sequence[Sequence[Condition]]
# The type of an attribute's values, by the kind of its phrase; every other kind is a number.
VALUE_TYPES = {"flag": "boolean", "text": "text", "set": "set", "date": "date", "": None}


@dataclass(frozen=True)
class Phrases:
    """The wording of attributes, by name: the cells `phrase` of attribute_catalogue, read as JSON."""

    of: Mapping[str, Phrase]

    @staticmethod
    def read(cells: Iterable[tuple[str, str]]) -> Phrases:
        """From rows of attribute_name and phrase."""
        return Phrases({name: json.loads(phrase) for name, phrase in cells})

    def rule(self, include: Alternatives, exclude: Alternatives = (), *, is_for_all: bool = False) -> str:
        """A rule as in `rule_text`."""
        return _macro("segment_rule_text", self._segment(include, exclude, is_for_all))

    def included(self, alternatives: Alternatives) -> str:
        """Who is included: what all alternatives share, and what each requires in addition."""
        return _macro("segment_include_text", self._texts(alternatives))

    def left_out(self, alternatives: Alternatives, *, is_for_all: bool = False) -> str:
        """Who is left out, as a list; empty when nobody is."""
        return _macro("segment_left_out_text", self._segment((), alternatives, is_for_all))

    def joined(self, conditions: Sequence[Condition]) -> str:
        """The conditions of one alternative, in a sentence."""
        return _macro("segment_joined_text", self._texts([conditions])[0])

    def condition(self, condition: Condition) -> str:
        """A condition as in `condition_text`."""
        return _macro("segment_condition_text", self._known(condition))

    def _segment(self, include: Alternatives, exclude: Alternatives, is_for_all: bool) -> dict[str, Any]:
        return {
            "include": self._numbered(include),
            "exclude": self._numbered(exclude),
            "scope": "all" if is_for_all else "people",
        }

    def _texts(self, alternatives: Alternatives) -> Any:
        return _macro("segment_alternative_texts", self._numbered(alternatives))

    def _numbered(self, alternatives: Alternatives) -> dict[int, list[dict[str, Any]]]:
        return {number: [self._known(one) for one in alternative] for number, alternative in enumerate(alternatives, 1)}

    def _known(self, condition: Condition) -> dict[str, Any]:
        """A condition as macros have it; see segment_known_condition."""
        phrase = self.of.get(condition.attribute)
        compared = re.findall(r"attr:(\w+)", condition.value)
        return {
            **asdict(condition),
            "value": condition.value.strip(),
            "phrase": phrase,
            "value_type": VALUE_TYPES.get(phrase["kind"] if phrase else "", "number"),
            "labels": {name: self.of[name]["label"] for name in compared if name in self.of},
        }


def _macro(name: str, *arguments: Any) -> Any:
    """The result of a macro."""
    return _context()[name](*arguments)


@functools.cache
def _context() -> dict[str, Any]:
    """What a macro sees: the other macros, and in place of the warehouse the seed of the operators."""
    from dbt_common.clients.jinja import BaseMacroGenerator, extract_toplevel_blocks, get_template
    from dbt_common.exceptions.macros import MacroReturn

    class Macro(BaseMacroGenerator):
        def __init__(self, block: Any, context: dict[str, Any]) -> None:
            super().__init__(context)
            self.block = block
            self.template: Any = None

        def get_name(self) -> str:
            return str(self.block.block_name)

        def get_template(self) -> Any:
            self.template = self.template or get_template(self.block.full_block, {})
            return self.template

        def __call__(self, *arguments: Any, **named: Any) -> Any:
            return self.call_macro(*arguments, **named)

    def give(value: Any) -> None:
        raise MacroReturn(value)

    context: dict[str, Any] = {"return": give, "modules": {"re": re}, "execute": True}
    for file in sorted((PROJECT / "macros" / "segments").glob("*.sql")):
        text = file.read_text(encoding="utf-8")
        for block in extract_toplevel_blocks(text, allowed_blocks={"macro"}, collect_raw_data=False):
            macro = Macro(block, context)
            context[macro.get_name()] = macro
    context |= {"segment_operators": lambda: _operators(seed.SEED), "reporting_currency": str}
    return context


@functools.cache
def _operators(_: Path) -> dict[str, dict[str, Any]]:
    """The operators as the macro segment_operators gives them, with lists for tuples."""
    dicts = json.loads(json.dumps({name: asdict(operator) for name, operator in seed.operators().items()}))
    return {name: {**operator, "operator": name} for name, operator in dicts.items()}
