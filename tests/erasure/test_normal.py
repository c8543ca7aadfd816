"""Identifiers are normalised as in the models: by the project's macros, for the retailer's country."""

from __future__ import annotations

import pytest

from scripts.erasure.normal import calling_code, normalised
from scripts.platform.errors import CheckFailed
from scripts.platform.warehouse import open_memory


@pytest.mark.parametrize(
    ("kind", "country", "given", "expected"),
    [
        ("email", "GB", "  Ann.Smith@Example.COM ", "ann.smith@example.com"),
        ("email", "GB", "no address", None),
        ("email", "GB", "", None),
        ("phone", "GB", "+44 (0)20 7946 0958", "+442079460958"),
        ("phone", "GB", "020 7946 0958", "+442079460958"),
        ("phone", "GB", "0049 30 901820", "+4930901820"),
        ("phone", "DE", "030/901820", "+4930901820"),
        ("phone", "US", "(212) 555-0123", "+12125550123"),
        ("phone", "BR", "(11) 96123-4567", "+5511961234567"),
        ("phone", "BR", "0 11 96123-4567", "+5511961234567"),
        ("phone", "IN", "081234 56789", "+918123456789"),
        ("phone", "IN", "81234 56789", "+918123456789"),
        ("phone", "JP", "090-1234-5678", "+819012345678"),
        ("phone", "RU", "8 (912) 345-67-89", "+79123456789"),
        ("phone", "HU", "06 20 123 4567", "+36201234567"),
        ("phone", "MX", "222 123 4567", "+522221234567"),
        ("phone", "ZA", "071 123 4567", "+27711234567"),
        ("phone", "UA", "050 123 4567", "+380501234567"),
        # Mobile numbers of Argentina change when dialled from abroad: not guessed.
        ("phone", "AR", "011 15-2345-6789", None),
        ("phone", "GB", "call me", None),
        ("address", "GB", " Abc-1 ", "abc-1"),
    ],
)
def test_identifiers_are_normalised(kind: str, country: str, given: str, expected: str | None) -> None:
    with open_memory() as connection:
        query = f"select {normalised(kind, 'given', country)} from (select ? as given)"
        assert connection.execute(query, [given]).fetchone() == (expected,)


def test_a_column_may_be_any_expression() -> None:
    with open_memory() as connection:
        query = f"""select {normalised("email", "concat('A', '@b.c')", "GB")}"""
        assert connection.execute(query).fetchone() == ("a@b.c",)


def test_the_calling_code_comes_from_the_numbering_plan() -> None:
    assert (calling_code("GB"), calling_code("US")) == ("44", "1")


def test_a_country_without_a_numbering_plan_is_reported() -> None:
    with pytest.raises(CheckFailed, match="default_country is 'XX'"):
        normalised("phone", "value", "XX")
