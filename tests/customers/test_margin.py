"""Contribution margin equals an independent calculation from the landing files (margin_from_landing), to the cent."""

from __future__ import annotations

import random
from collections.abc import Callable
from datetime import date
from decimal import Decimal
from typing import Any

import pandas as pd
import pytest

from scripts.platform.warehouse import open_warehouse
from scripts.platform.workspace import Workspace
from tests.support.margin_from_landing import AMOUNTS, Books, Margin, Order

LAST_DAY = date(2026, 6, 30)
# Planted defects that do not change the content of a record. Any other may cause a record to be rejected or its amounts
# to be absurd; that is the subject of the intake and validation tests, so the customers concerned are left out here.
HARMLESS = {"exact_duplicate", "redelivered", "stray_whitespace", "emoji"}
SAMPLE = 30


@pytest.fixture(scope="module")
def books(demo_workspace: Workspace) -> Books:
    planted = pd.read_parquet(demo_workspace.truth / "planted.parquet")
    damaged = set(planted[~planted["kind"].isin(HARMLESS)]["record_key"].dropna())
    return Books(demo_workspace.landing, demo_workspace.seeds, LAST_DAY, damaged)


@pytest.fixture(scope="module")
def built(demo_workspace: Workspace) -> dict[str, Any]:
    """The marts, and the customer of each profile: the only thing that the independent calculation takes over."""
    with open_warehouse(demo_workspace.warehouse, read_only=True) as connection:
        owners = connection.execute(
            "select source_system, source_profile_id, customer_id from intermediate.int_customer_identities"
        ).fetchall()
        return {
            "owner": {(system, profile): customer for system, profile, customer in owners},
            "customers": connection.execute("select * from marts.customer_margin").df().set_index("customer_id"),
            "orders": connection.execute("select * from marts.order_margins").df().set_index("order_id"),
        }


def differences(key: str, expected: Margin, found: pd.Series | None) -> list[str]:
    """Each amount that differs, to the cent."""
    amounts = {name: Decimal(0) if found is None else Decimal(str(found[name])) for name in AMOUNTS}
    return [
        f"{key} {name}: {amounts[name]} in the mart, {getattr(expected, name)} from the files"
        for name in AMOUNTS
        if amounts[name] != getattr(expected, name)
    ]


class Independent:
    """The independent calculation: margins by order and by customer, and the customers with undamaged records."""

    def __init__(self, books: Books, owners: dict[tuple[str, str], str]) -> None:
        self.books = books
        self.owner: Callable[[str, str], str | None] = lambda system, profile: owners.get((system, profile))
        self.by_order, self.by_customer, self.placed = books.customers(self.owner)
        self.clean = sorted(
            customer for customer, orders in self.placed.items() if not any(map(books.is_touched, orders))
        )

    def having(self, condition: Callable[[Order], Any]) -> list[str]:
        return [customer for customer in self.clean if any(condition(order) for order in self.placed[customer])]


@pytest.fixture(scope="module")
def independent(books: Books, built: dict[str, Any]) -> Independent:
    return Independent(books, built["owner"])


def found_in(mart: pd.DataFrame, key: str) -> pd.Series | None:
    return mart.loc[key] if key in mart.index else None


def test_margin_of_thirty_customers_equals_an_independent_calculation(
    independent: Independent, built: dict[str, Any]
) -> None:
    """Order by order and in total. Each kind of cost must be in the sample, or it would not be tested."""
    groups = {
        "goods back on the shelf": independent.having(lambda order: any(back[3] and back[5] for back in order.returns)),
        "goods returned unsellable": independent.having(
            lambda order: any(not back[3] and back[5] for back in order.returns)
        ),
        "refunds without a line": independent.having(lambda order: any(back[0] is None for back in order.returns)),
        "several currencies": independent.having(lambda order: order.currency != "GBP"),
        "marketplace": independent.having(lambda order: order.channel == "marketplace"),
        "tills": independent.having(lambda order: order.channel == "store" and order.returns),
        "cancelled": independent.having(lambda order: any(not back[5] and back[1] for back in order.returns)),
        "tickets": [customer for customer in independent.clean if independent.by_customer[customer].service_cost > 0],
        "returns without an order": [
            customer
            for customer in (independent.owner("returns", back[0]) for back in independent.books.loose_returns)
            if customer in independent.clean
        ],
    }
    draw = random.Random(5)
    chosen: set[str] = set()
    for name, members in groups.items():
        assert members, f"no customer to test: {name}"
        chosen |= set(draw.sample(sorted(set(members)), min(3, len(set(members)))))
    chosen |= set(
        draw.sample([customer for customer in independent.clean if customer not in chosen], SAMPLE - len(chosen))
    )
    assert len(chosen) == SAMPLE
    wrong = []
    for customer in sorted(chosen):
        wrong += differences(customer, independent.by_customer[customer], found_in(built["customers"], customer))
        for order in independent.placed[customer]:
            found = found_in(built["orders"], order.order_id)
            wrong += differences(order.order_id, independent.by_order[order.order_id], found)
    assert not wrong, "\n".join(wrong)


def test_margins_of_all_other_customers_are_equal_too(independent: Independent, built: dict[str, Any]) -> None:
    """All customers with undamaged records, which are most of them, to the cent."""
    assert len(independent.clean) > 0.8 * len(independent.placed)
    wrong = []
    for customer in independent.clean:
        wrong += differences(customer, independent.by_customer[customer], found_in(built["customers"], customer))
    assert not wrong, "\n".join(wrong[:20])
