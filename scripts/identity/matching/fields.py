"""What is compared, and which pairs are looked at, as data: levels from telling to not, and blocking rules.

A level is (words, fields it needs, SQL over the sides `_l` and `_r`); the last one takes what is left. A blocking rule
is a list of keys: only records that agree in all of them are compared.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

FIELDS = ("first_name", "last_name", "birth_date", "street", "postcode", "city", "email", "phone")


@dataclass(frozen=True)
class Level:
    """One outcome of a comparison: how usual it is among records of one person, and whether it is an agreement."""

    words: str
    needs: tuple[str, ...]
    condition: str
    usual: float
    agrees: bool = True
    rare_counts_more: str | None = None


@dataclass(frozen=True)
class Comparison:
    """One thing that is compared; `known` is the condition under which it says anything."""

    name: str
    fields: tuple[str, ...]
    known: str
    levels: tuple[Level, ...]


def _both(field: str) -> str:
    return f"{field}_l is not null and {field}_r is not null"


def _same(field: str) -> str:
    return f"{field}_l = {field}_r"


def _alike(field: str, similarity: float) -> str:
    return f"jaro_winkler_similarity({field}_l, {field}_r) >= {similarity}"


def _name(field: str, words: str) -> Comparison:
    return Comparison(
        field,
        (field,),
        _both(field),
        (
            Level(f"same {words}", (field,), _same(field), 0.80, rare_counts_more=field),
            Level(f"nearly the same {words}", (field,), _alike(field, 0.92), 0.08),
            Level(f"similar {words}", (field,), _alike(field, 0.80), 0.04),
            Level(f"different {words}", (field,), "else", 0.08, agrees=False),
        ),
    )


_DAYS_APART = "abs(date_diff('day', try_cast(birth_date_l as date), try_cast(birth_date_r as date)))"
# Addresses are made of names, so namesakes have like ones: the number is what tells them apart.
_SAME_DIGITS = "regexp_replace(email_name_l, '[^0-9]', '', 'g') = regexp_replace(email_name_r, '[^0-9]', '', 'g')"

COMPARISONS = (
    _name("first_name", "first name"),
    _name("last_name", "last name"),
    Comparison(
        "birth_date",
        ("birth_date",),
        _both("birth_date"),
        (
            Level("same date of birth", ("birth_date",), _same("birth_date"), 0.90),
            Level("date of birth one digit off", ("birth_date",), "levenshtein(birth_date_l, birth_date_r) <= 1", 0.04),
            Level("dates of birth a month apart at most", ("birth_date",), f"{_DAYS_APART} <= 31", 0.01),
            Level("dates of birth a year apart at most", ("birth_date",), f"{_DAYS_APART} <= 366", 0.01, agrees=False),
            Level(
                "dates of birth ten years apart at most", ("birth_date",), f"{_DAYS_APART} <= 3653", 0.01, agrees=False
            ),
            Level("different date of birth", ("birth_date",), "else", 0.03, agrees=False),
        ),
    ),
    # One comparison: street, postcode and city say the same thing three times.
    Comparison(
        "address",
        ("postcode", "city"),
        f"(({_both('postcode')}) or ({_both('city')}))",
        (
            Level(
                "same street and postcode",
                ("street", "postcode"),
                f"{_same('postcode')} and {_alike('street', 0.90)}",
                0.45,
            ),
            Level("same postcode", ("postcode",), _same("postcode"), 0.15),
            Level("same city only", ("city",), _same("city"), 0.15, rare_counts_more="city"),
            Level("nearly the same city only", ("city",), _alike("city", 0.85), 0.03),
            Level("different place", (), "else", 0.22, agrees=False),
        ),
    ),
    Comparison(
        "email",
        ("email",),
        _both("email"),
        (
            Level("same e-mail", ("email",), _same("email"), 0.45, rare_counts_more="email"),
            Level("same e-mail name at another domain", ("email",), _same("email_name"), 0.05),
            Level("nearly the same e-mail", ("email",), f"{_alike('email', 0.88)} and {_SAME_DIGITS}", 0.06),
            Level("similar e-mail name", ("email",), f"{_alike('email_name', 0.88)} and {_SAME_DIGITS}", 0.09),
            Level("different e-mail", ("email",), "else", 0.35, agrees=False),
        ),
    ),
    Comparison(
        "phone",
        ("phone",),
        _both("phone"),
        (
            Level("same phone", ("phone",), _same("phone"), 0.60, rare_counts_more="phone"),
            Level("phone one digit off", ("phone",), "levenshtein(phone_l, phone_r) <= 1", 0.04),
            Level("different phone", ("phone",), "else", 0.36, agrees=False),
        ),
    ),
)

# Keys that a blocking rule may name: the field they need, and SQL over a record.
KEYS = {
    **{field: (field, field) for field in FIELDS},
    "first_name_2": ("first_name", "substr(first_name, 1, 2)"),
    "last_name_2": ("last_name", "substr(last_name, 1, 2)"),
    "last_name_3": ("last_name", "substr(last_name, 1, 3)"),
    "birth_year": ("birth_date", "substr(birth_date, 1, 4)"),
    "birth_month": ("birth_date", "substr(birth_date, 1, 7)"),
    "birth_day": ("birth_date", "substr(birth_date, 6, 5)"),
    "email_name": ("email", "email_name"),
    "phone_tail": ("phone", "right(phone, 7)"),
}
BLOCKING_RULES: tuple[tuple[str, ...], ...] = (
    ("email",),
    ("email_name",),
    ("phone_tail",),
    ("birth_date",),
    ("first_name", "last_name"),
    ("last_name", "postcode"),
    ("last_name", "city"),
    ("first_name", "postcode"),
    ("street", "postcode"),
    ("birth_month", "first_name_2"),
    ("birth_day", "first_name_2"),
    ("birth_day", "last_name_2"),
    ("birth_year", "last_name_3"),
)
# How many pairs of one person a level's usual share is worth against what the data show: few pairs prove little.
USUAL_WEIGHT = 20
# By these the present customers were put together: their pairs would teach that nobody has two of them.
NEVER_LEARNT_FROM_CUSTOMERS = ("email", "phone")
# What EM trains on, one rule after the other: each lets the fields that the others hold fixed vary.
TRAINING_RULES: tuple[tuple[str, ...], ...] = (
    ("birth_date",),
    ("email",),
    ("first_name", "last_name"),
    ("last_name", "postcode"),
)
# Pairs that are taken for one person when the share of matches among all pairs is guessed.
SURE_RULES: tuple[tuple[str, ...], ...] = (("first_name", "last_name", "birth_date"), ("email",))
# How many of all true pairs those are thought to find.
SURE_RECALL = 0.6
# A key value on more records than this pairs nobody: a common name in a large town is no hint.
MAX_BLOCK = 200
REVIEW_THRESHOLD = 0.9


def usable_rules(rules: Iterable[Iterable[str]], fields: set[str]) -> list[tuple[str, ...]]:
    """The rules whose keys can be had from these fields."""
    return [tuple(rule) for rule in rules if all(KEYS[key][0] in fields for key in rule)]


def levels_of(comparison: Comparison, fields: set[str]) -> tuple[Level, ...]:
    """The levels that these fields can reach."""
    return tuple(level for level in comparison.levels if set(level.needs) <= fields)


def comparisons_of(fields: set[str]) -> tuple[Comparison, ...]:
    """The comparisons that these fields allow."""
    return tuple(item for item in COMPARISONS if fields & set(item.fields))
