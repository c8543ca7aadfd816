"""Reads a request in words as conditions of a rule: phrases from a seed, attributes from the catalogue, no guessing.

The meaning of phrases comes from the seeds request_words and segment_operators and from the names of the attributes;
this module only combines phrases, numbers and windows. The same words always give the same rule, and what was not
understood is reported.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field

from scripts.segments.drafts import Condition, plain
from scripts.segments.operators import Operator, operators, opposite_of

Row = dict[str, str]
SUBJECTS = ("event", "measure", "flag", "value")
# What a rule may compare with.
VALUES = ("number", "day", "unknown")


@dataclass(frozen=True)
class Attribute:
    """What the catalogue says about an attribute: its value type and its unit."""

    name: str
    value_type: str
    unit: str = ""


@dataclass
class Reading:
    """A request as conditions: alternatives of which one must hold, and alternatives of which none may."""

    include: list[list[Condition]] = field(default_factory=list)
    exclude: list[list[Condition]] = field(default_factory=list)
    problems: list[str] = field(default_factory=list)

    @property
    def is_empty(self) -> bool:
        return not self.include


@dataclass(frozen=True)
class Part:
    """A phrase, number or word of the request."""

    kind: str
    text: str
    attribute: str = ""
    since: str = ""
    operator: str = ""
    value: str = ""


@dataclass
class Quantity:
    """A number with the words around it: `at least 3`, `30 days`, `more than 90 days ago`, `between 31 and 120`."""

    values: list[float]
    operator: str = ""
    days: bool = False
    ago: bool = False
    percent: bool = False
    percentile: bool = False
    top: bool = False


class NotUnderstood(Exception):
    """Reports which words have no meaning here, and what would have one."""


def read_request(text: str, words: Sequence[Row], catalogue: Iterable[Attribute]) -> Reading:
    """The conditions that `text` asks for. `words` are the rows of request_words.

    What joins conditions is `and`; `or` begins another alternative; what follows `except` is left out.
    """
    attributes = {attribute.name: attribute for attribute in catalogue}
    include: list[list[Condition]] = [[]]
    exclude: list[list[Condition]] = []
    problems: list[str] = []
    before: list[Part] = []
    for joint, clause in _clauses(_parts(text, _phrases(words, attributes))):
        if joint == "except" or (joint == "or" and exclude):
            exclude.append([])
        elif joint == "or":
            include.append([])
        try:
            before, condition = _condition(clause, before, attributes)
        except NotUnderstood as problem:
            problems.append(str(problem))
            continue
        side = (exclude or include)[-1]
        if condition is not None and condition not in side:
            side.append(condition)
    return Reading(
        [alternative for alternative in include if alternative],
        [alternative for alternative in exclude if alternative],
        problems,
    )


def _tokens(text: str) -> list[str]:
    """The words of a text as written, numbers bare; what is in quotation marks is one word."""
    text = re.sub(r"(?<=\d),(?=\d{3}\b)", "", text.replace("’", "'"))
    text = re.sub(r"\be-?mails?\b", "email", text, flags=re.IGNORECASE)
    text = re.sub(r"n't\b", " not", text, flags=re.IGNORECASE).replace("%", " percent ")
    text = re.sub(r"[£€$]|(?<=[a-z])'s\b", "", text)
    return re.findall(r"'[^']+'|\"[^\"]+\"|\d{4}-\d\d-\d\d|\d+(?:\.\d+)?(?:st|nd|rd|th)?\+?|[^\W\d_]+|,", text)


def _normal(text: str) -> tuple[str, ...]:
    """The words in the form in which they are compared: lower case, singular."""
    return tuple(_singular(token.lower()) for token in _tokens(text))


def _singular(word: str) -> str:
    return word[:-1] if len(word) > 3 and word.endswith("s") and not word.endswith(("ss", "us", "is")) else word


def _phrases(words: Sequence[Row], attributes: dict[str, Attribute]) -> dict[tuple[str, ...], Part]:
    """Phrases by their words: the names of the attributes and the operators, overridden by those of the seed."""
    found: dict[tuple[str, ...], Part] = {}
    segments = [name.removeprefix("segment:") for name in attributes if name.startswith("segment:")]
    for operator in operators().values():
        if "segment" not in operator.value_types:
            found[_normal(operator.words)] = Part("operator", operator.words, operator=operator.name)
        if operator.takes in ("two", "several"):
            # So that `is not one of` is understood as well.
            said = operator.words.removeprefix("is ")
            found.setdefault(_normal(said), Part("operator", said, operator=operator.name))
        for key in segments if "segment" in operator.value_types else []:
            said = f"{operator.words} {key}"
            found[_normal(said.replace("_", " "))] = Part("flag", said, f"segment:{key}", operator=operator.name)
    for attribute in attributes.values():
        if attribute.value_type == "segment":
            continue
        family = re.sub(r"_[0-9]+d$", "", attribute.name)
        name = re.sub(r"^(has|is)_", "", family) if attribute.value_type == "boolean" else family
        kind = "flag" if attribute.value_type == "boolean" else "measure"
        normal = _normal(name.replace("_", " "))
        # With several windows, the name alone means none of them: the window of the request decides.
        subject = attribute.name if kind == "flag" else family
        found.setdefault(normal, Part(kind, name, subject, operator="is_true" if kind == "flag" else ""))
    for row in words:
        part = Part(row["kind"], row["phrase"], row["attribute"], row["since_attribute"], row["operator"], row["value"])
        found[_normal(row["phrase"])] = part
    return {key: part for key, part in found.items() if key}


def _parts(text: str, phrases: dict[tuple[str, ...], Part]) -> list[Part]:
    """The request cut into the longest phrases that are known."""
    written = _tokens(text)
    tokens = [_singular(token.lower()) for token in written]
    longest = max(map(len, phrases), default=1)
    parts: list[Part] = []
    place = 0
    while place < len(tokens):
        for length in range(min(longest, len(tokens) - place), 0, -1):
            part = phrases.get(tuple(tokens[place : place + length]))
            if part is not None:
                parts.append(part)
                place += length
                break
        else:
            parts.append(_word(written[place]))
            place += 1
    return parts


def _word(token: str) -> Part:
    if token == ",":
        return Part("and", token)
    if re.fullmatch(r"\d{4}-\d\d-\d\d", token):
        return Part("day", token, value=token)
    number = re.fullmatch(r"(\d+(?:\.\d+)?)(st|nd|rd|th)?(\+?)", token)
    if number is None:
        return Part("unknown", token.strip("'\""))
    return Part("number", token, operator=">=" if number[3] else "", value=number[1])


def _clauses(parts: list[Part]) -> list[tuple[str, list[Part]]]:
    """The request cut at `and`, `or`, `except`; the `and` of `between 3 and 5` does not cut, nor the `or` of a list."""
    clauses: list[tuple[str, list[Part]]] = [("and", [])]
    for place, part in enumerate(parts):
        rest = parts[place + 1 :]
        after = next((other.kind for other in rest if other.kind != "or"), "")
        in_range = after in ("number", "day") and _is_open_range(clauses[-1][1])
        if (part.text == "," or part.kind == "or") and after in VALUES and _is_open_list(clauses[-1][1]):
            clauses[-1][1].append(Part("separator", part.text))
        elif part.kind == "who":
            # `buyers in the top tenth who ordered twice` joins; `customers who` does not yet.
            if any(earlier.kind in SUBJECTS for earlier in clauses[-1][1]):
                clauses.append(("and", []))
        elif part.kind in ("and", "or", "except") and not (part.kind == "and" and in_range):
            # `, and` and `, except` cut once.
            if clauses[-1][1] or part.kind == "except":
                clauses.append((part.kind, []))
            elif part.kind == "or":
                clauses[-1] = ("or", [])
        else:
            clauses[-1][1].append(part)
    return [(joint, clause) for joint, clause in clauses if clause or joint == "except"]


def _is_open_range(clause: list[Part]) -> bool:
    """Whether one of two values is still to come."""
    return len(_values_of(clause, "two")) == 1


def _is_open_list(clause: list[Part]) -> bool:
    """Whether more values may follow."""
    return bool(_values_of(clause, "several"))


def _values_of(clause: list[Part], takes: str) -> list[Part]:
    """The values after an operator that takes this many; none where there is no such operator."""
    places = [place for place, part in enumerate(clause) if part.kind == "operator" and _takes(part.operator) == takes]
    return [part for part in clause[places[-1] :] if part.kind in VALUES] if places else []


def _takes(operator: str) -> str:
    return operators()[operator].takes if operator else ""


def _condition(
    clause: list[Part], before: list[Part], attributes: dict[str, Attribute]
) -> tuple[list[Part], Condition | None]:
    """A clause as one condition, and its subject for a following clause that names none."""
    subjects = [part for part in clause if part.kind in SUBJECTS]
    quantities = _quantities(clause)
    unknown = [part.text for part in clause if part.kind == "unknown"]
    if not subjects and before and quantities and not unknown:
        subjects = before
    if not subjects:
        if not quantities and not unknown:
            return before, None
        raise NotUnderstood(f"`{_text(clause)}`: names nothing that is known about a customer")
    if len(subjects) > 1:
        names = ", ".join(f"`{part.text}`" for part in subjects)
        raise NotUnderstood(f"`{_text(clause)}`: is about several things ({names}); join them with `and`")
    subject = subjects[0]
    negated = sum(part.kind == "not" for part in clause) % 2 == 1
    takes_words = subject.kind == "measure" and _value_type(subject.attribute, attributes) in ("text", "set")
    if unknown and not takes_words:
        raise NotUnderstood(f"`{' '.join(unknown)}` in `{_text(clause)}`")
    said = next((part.operator for part in clause if part.kind == "operator" and _says_itself(part.operator)), "")
    if said:
        condition = _of_words(subject, clause, quantities, said, negated, attributes)
    elif subject.kind == "event":
        condition = _of_event(subject, quantities, negated, attributes)
    elif subject.kind == "measure":
        condition = _of_measure(subject, clause, quantities, negated, unknown, attributes)
    else:
        condition = _of_state(subject, quantities, negated, attributes)
    return subjects, condition


def _said(clause: list[Part]) -> str:
    """The operator that is named; without one, equality is meant."""
    return next((part.operator for part in clause if part.kind == "operator"), "=")


def _says_itself(operator: str) -> bool:
    """Whether an operator is more than a bound of one number or a range of two, which depend on the words around."""
    found = operators()[operator]
    return found.takes in ("none", "several") or not {"number", "date"} & set(found.value_types)


def _of_words(
    subject: Part,
    clause: list[Part],
    quantities: list[Quantity],
    said: str,
    negated: bool,
    attributes: dict[str, Attribute],
) -> Condition:
    """A value, flag or last time with an operator of the language in its own words: `has any of Garden, Pets`."""
    name = subject.since if subject.kind == "event" else subject.attribute
    if name not in attributes and not subject.attribute:
        raise NotUnderstood(f"`{subject.text}`: no attribute says how long ago that was")
    attribute = attributes.get(name) or attributes[_windowed(subject, [], attributes)]
    operator = _operator(subject, said, negated)
    if attribute.value_type not in operator.value_types or subject.kind == "value":
        raise NotUnderstood(f"`{subject.text}`: `{operator.words}` does not apply to it")
    values = _texts(clause)
    if attribute.value_type == "date":
        values = _days(clause, quantities)
    elif attribute.value_type == "number":
        values = [plain(value) for quantity in quantities for value in quantity.values]
    if (operator.takes == "none") == bool(values) or (operator.takes == "one" and len(values) > 1):
        count = {"none": "no value", "one": "one value", "two": "two values", "several": "one or more values"}
        raise NotUnderstood(f"`{subject.text}`: `{operator.words}` takes {count[operator.takes]}")
    return Condition(attribute.name, operator.name, "|".join(values))


def _operator(subject: Part, said: str, negated: bool) -> Operator:
    """The operator that is meant, or the opposite of it."""
    meant = opposite_of(said) if negated else said
    if meant is None:
        raise NotUnderstood(f"`not {subject.text}`: `{operators()[said].words}` has no opposite")
    return operators()[meant]


def _texts(clause: list[Part]) -> list[str]:
    """The words that have no meaning here and so are values; adjacent words are one value."""
    texts: list[list[str]] = [[]]
    for part in clause:
        if part.kind == "separator":
            texts.append([])
        elif part.kind == "unknown":
            texts[-1].append(part.text)
    return [" ".join(words) for words in texts if words]


def _days(clause: list[Part], quantities: list[Quantity]) -> list[str]:
    """Calendar dates, and days counted back from today, as the language writes them."""
    named = [part.value for part in clause if part.kind == "day"]
    return named + [f"-{plain(value)}d" for one in quantities if one.days and one.ago for value in one.values]


def _quantities(clause: list[Part]) -> list[Quantity]:
    """The numbers of a clause, each with its operator before or after it and its unit."""
    found: list[Quantity] = []
    operator, before = "", ""
    for part in (part for part in clause if part.kind != "filler"):
        last = found[-1] if found else Quantity([])
        if part.kind == "operator":
            operator = part.operator
        elif part.kind == "top":
            found.append(Quantity([], part.operator, percentile=True, top=part.operator == ">="))
        elif part.kind in ("number", "percent", "percentile"):
            value = float(part.value)
            if (last.percentile and not last.values) or (_takes(last.operator) == "two" and len(last.values) == 1):
                last.values.append(value)
            else:
                found.append(Quantity([value], part.operator or operator, percentile=part.kind == "percentile"))
                operator = ""
        elif part.kind == "operator_after":
            last.operator = part.operator
        elif part.kind == "percent_unit":
            last.percent = True
        elif part.kind == "percentile_unit":
            last.percentile = True
        elif part.kind == "unit" and before != "number":
            # `in the last month` is a month.
            found.append(Quantity([float(part.value)], operator, days=True))
            operator = ""
        elif part.kind == "unit":
            # `2 to 4 weeks`, but `2 weeks to 2 months`.
            start = 1 if last.days else 0
            last.values[start:] = [value * float(part.value) for value in last.values[start:]]
            last.days = True
        elif part.kind == "ago":
            last.ago = True
        before = part.kind
    if any(not quantity.values for quantity in found):
        raise NotUnderstood(f"`{_text(clause)}`: does not say how large a share")
    return found


def _of_event(subject: Part, quantities: list[Quantity], negated: bool, attributes: dict[str, Attribute]) -> Condition:
    """How often, or how long ago, something happened."""
    spans = [quantity for quantity in quantities if quantity.days]
    counts = [quantity for quantity in quantities if not quantity.days]
    if len(spans) > 1 or len(counts) > 1:
        raise NotUnderstood(f"`{subject.text}`: more numbers than one count and one window")
    since = subject.since if subject.since in attributes else ""
    if spans and not counts and (spans[0].ago or (spans[0].operator and since)):
        if not since:
            raise NotUnderstood(f"`{subject.text}`: no attribute says how long ago that was")
        return _compared(subject, since, spans[0].operator or "=", spans[0].values, negated and spans[0].ago)
    if counts:
        name = _counted(subject, spans, attributes)
        return _compared(subject, name, counts[0].operator or "=", counts[0].values, negated)
    if spans and since:
        days = plain(spans[0].values[0])
        # Customers who never did it have not done it in these days either.
        return Condition(since, ">=", days, "true") if negated else Condition(since, "<", days)
    if not spans and since and subject.attribute not in attributes:
        return Condition(since, "is_null" if negated else "is_not_null", "")
    name = _counted(subject, spans, attributes)
    return Condition(name, "=", "0") if negated else Condition(name, ">=", "1")


def _counted(subject: Part, spans: list[Quantity], attributes: dict[str, Attribute]) -> str:
    """The attribute that counts the event, ever or in the window asked for."""
    if not subject.attribute:
        raise NotUnderstood(f"`{subject.text}`: happens only once, so it cannot be counted")
    return _windowed(subject, spans, attributes)


def _windowed(subject: Part, spans: list[Quantity], attributes: dict[str, Attribute]) -> str:
    family = subject.attribute
    name = f"{family}_{plain(spans[0].values[0])}d" if spans else family
    if name in attributes:
        return name
    windows = sorted(
        int(found[1])
        for found in (re.fullmatch(rf"{re.escape(family)}_(\d+)d", other) for other in attributes)
        if found
    )
    if not windows:
        raise NotUnderstood(f"`{subject.text}`: there is no attribute {name}")
    known = ", ".join(map(str, windows))
    asked = f"not for {plain(spans[0].values[0])}" if spans else "not without a window"
    raise NotUnderstood(
        f"`{subject.text}`: known for {known} days, {asked}; ask for one of them, or declare it in behaviour_windows"
    )


def _of_measure(
    subject: Part,
    clause: list[Part],
    quantities: list[Quantity],
    negated: bool,
    words: list[str],
    attributes: dict[str, Attribute],
) -> Condition:
    """A value compared with a number, a share, a percentile or a word."""
    in_days = re.search(r"(^|_)days(_|$)", subject.attribute) is not None
    is_date = _value_type(subject.attribute, attributes) == "date"
    spans = [] if in_days or is_date else [quantity for quantity in quantities if quantity.days]
    numbers = [quantity for quantity in quantities if quantity not in spans]
    name = _windowed(subject, spans, attributes)
    attribute = attributes[name]
    if attribute.value_type == "date":
        return _of_date(subject, clause, quantities, negated, attribute)
    if attribute.value_type == "text":
        if not words or numbers:
            raise NotUnderstood(f"`{subject.text}`: takes a word, such as `{subject.text} is ...`")
        operator = _operator(subject, _said(clause), negated)
        if "text" not in operator.value_types:
            raise NotUnderstood(f"`{subject.text}`: `{operator.words}` does not apply to it")
        return Condition(name, operator.name, " ".join(words))
    if attribute.value_type != "number" or len(numbers) > 1:
        raise NotUnderstood(f"`{subject.text}`: does not say clearly how much")
    if not numbers:
        if not name.endswith("_count") and "_count_" not in name:
            raise NotUnderstood(f"`{subject.text}`: does not say how much")
        return Condition(name, "=", "0") if negated else Condition(name, ">=", "1")
    number = numbers[0]
    if number.percentile:
        if not number.operator:
            raise NotUnderstood(f"`{subject.text}`: does not say whether above or below the percentile")
        # The top 10 % begin at the 90th percentile.
        value = 100 - number.values[0] if number.top else number.values[0]
        return Condition(name, _operator(subject, number.operator, negated).name, f"pct:{plain(value)}")
    values = [value / 100 for value in number.values] if number.percent else number.values
    if number.percent and "share" not in attribute.unit:
        raise NotUnderstood(f"`{subject.text}`: is no share, so it cannot be compared with per cent")
    return _compared(subject, name, number.operator or "=", values, negated)


def _of_state(subject: Part, quantities: list[Quantity], negated: bool, attributes: dict[str, Attribute]) -> Condition:
    """Something that is true or false: a flag, or a word that means a value."""
    if subject.attribute not in attributes:
        raise NotUnderstood(f"`{subject.text}`: there is no attribute {subject.attribute}")
    if quantities:
        raise NotUnderstood(f"`{subject.text}`: is true or false, so a number does not apply to it")
    if negated and opposite_of(subject.operator) is None:
        raise NotUnderstood(f"`not {subject.text}`: say in numbers what it is instead")
    return Condition(subject.attribute, _operator(subject, subject.operator, negated).name, subject.value)


def _of_date(
    subject: Part, clause: list[Part], quantities: list[Quantity], negated: bool, attribute: Attribute
) -> Condition:
    """A day compared with a calendar date, or with one a number of days ago."""
    operator, values = _operator(subject, _said(clause), negated), _days(clause, quantities)
    if len(values) != (2 if operator.takes == "two" else 1):
        raise NotUnderstood(f"`{subject.text}`: does not say clearly which day; write 2026-06-30, or 30 days ago")
    return Condition(attribute.name, operator.name, "|".join(values))


def _compared(subject: Part, name: str, said: str, values: list[float], negated: bool) -> Condition:
    operator = _operator(subject, said, negated)
    if len(values) != (2 if operator.takes == "two" else 1):
        raise NotUnderstood(f"`{operator.words}`: takes {'two numbers' if operator.takes == 'two' else 'one number'}")
    return Condition(name, operator.name, "|".join(plain(value) for value in values))


def _value_type(family: str, attributes: dict[str, Attribute]) -> str:
    return attributes[family].value_type if family in attributes else "number"


def _text(clause: list[Part]) -> str:
    return " ".join(part.text for part in clause)
