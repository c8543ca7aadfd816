"""What is compared, and which pairs, as data: comparison levels from strong to weak agreement, and blocking rules.

A level has words, the fields it needs, and SQL over the sides `_l` and `_r`; the last one takes all remaining pairs. A
blocking rule is a list of keys: only records that agree in all of them are compared.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

FIELDS = ("first_name", "last_name", "birth_date", "street", "postcode", "city", "email", "phone")


@dataclass(frozen=True)
class Level:
    """One outcome of a comparison: its usual share among records of one person, and whether it is an agreement."""

    words: str
    needs: tuple[str, ...]
    condition: str
    usual: float
    agrees: bool = True
    rare_counts_more: str | None = None


@dataclass(frozen=True)
class Comparison:
    """One thing that is compared; `known` is the condition under which it is informative."""

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
# E-mail addresses are made of names, so namesakes have similar ones: only the digits distinguish them.
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
    # One comparison, because street, postcode and city carry the same information.
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
# Weight of a level's usual share against the data, in pairs of one person: few observed pairs prove little.
USUAL_WEIGHT = 20
# Present customers were joined by these fields, so their pairs would suggest that no person has two values.
NEVER_TRAINED_ON_CUSTOMERS = ("email", "phone")
# Blocking rules for EM training, one after the other: each lets the fields vary that the others hold fixed.
TRAINING_RULES: tuple[tuple[str, ...], ...] = (
    ("birth_date",),
    ("email",),
    ("first_name", "last_name"),
    ("last_name", "postcode"),
)
# Pairs assumed to be one person when the share of matches among all pairs is estimated.
SURE_RULES: tuple[tuple[str, ...], ...] = (("first_name", "last_name", "birth_date"), ("email",))
# Share of all true pairs that these are assumed to find.
SURE_RECALL = 0.6
# A key value shared by more records than this makes no pairs: a common name in a large town is no evidence.
MAX_BLOCK = 200
REVIEW_THRESHOLD = 0.9


def usable_rules(rules: Iterable[Iterable[str]], fields: set[str]) -> list[tuple[str, ...]]:
    """The rules whose keys can be derived from these fields."""
    return [tuple(rule) for rule in rules if all(KEYS[key][0] in fields for key in rule)]


def levels_of(comparison: Comparison, fields: set[str]) -> tuple[Level, ...]:
    """The levels that can occur with these fields."""
    return tuple(level for level in comparison.levels if set(level.needs) <= fields)


def comparisons_of(fields: set[str]) -> tuple[Comparison, ...]:
    """The comparisons that are possible with these fields."""
    return tuple(item for item in COMPARISONS if fields & set(item.fields))
