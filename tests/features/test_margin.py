"""Contribution margin against a second computation from the landing files (margin_from_landing), to the cent."""

from __future__ import annotations

import random
import sys
from collections.abc import Callable
from datetime import date
from decimal import Decimal
from pathlib import Path
from typing import Any

import pandas as pd
import pytest

from scripts.warehouse import open_warehouse
from scripts.world import World

sys.path.insert(0, str(Path(__file__).parent))

from margin_from_landing import AMOUNTS, Books, Margin, Order

LAST_DAY = date(2026, 6, 30)
# Faults of the simulator that change nothing in what a record says. Any other may hold a record back, or make its money
# absurd: how that is decided is the matter of the intake and validation tests, so their customers are left out here.
HARMLESS = {"exact_duplicate", "redelivered", "stray_whitespace", "emoji", "changed_duplicate"}
SAMPLE = 30


@pytest.fixture(scope="module")
def books(demo_world: World) -> Books:
    planted = pd.read_parquet(demo_world.truth / "planted.parquet")
    spoilt = set(planted[~planted["kind"].isin(HARMLESS)]["record_key"].dropna())
    return Books(demo_world.landing, demo_world.seeds, LAST_DAY, spoilt)


@pytest.fixture(scope="module")
def built(demo_world: World) -> dict[str, Any]:
    """The marts, and whose each profile is: the one thing that the second computation takes over."""
    with open_warehouse(demo_world.warehouse, read_only=True) as connection:
        owners = connection.execute(
            "select source_system, source_profile_id, customer_id from intermediate.int_customer_identities"
        ).fetchall()
        return {
            "owner": {(system, profile): customer for system, profile, customer in owners},
            "customers": connection.execute("select * from marts.customer_margin").df().set_index("customer_id"),
            "orders": connection.execute("select * from marts.order_margins").df().set_index("order_id"),
        }


def differences(key: str, expected: Margin, found: pd.Series | None) -> list[str]:
    """Each amount that is not the same to the cent."""
    amounts = {name: Decimal(0) if found is None else Decimal(str(found[name])) for name in AMOUNTS}
    return [
        f"{key} {name}: {amounts[name]} in the mart, {getattr(expected, name)} from the files"
        for name in AMOUNTS
        if amounts[name] != getattr(expected, name)
    ]


def test_margin_of_thirty_customers_equals_a_second_computation(books: Books, built: dict[str, Any]) -> None:
    owner: Callable[[str, str], str | None] = lambda system, profile: built["owner"].get((system, profile))  # noqa: E731
    by_order, by_customer, placed = books.customers(owner)
    clean = sorted(customer for customer, orders in placed.items() if not any(map(books.is_touched, orders)))
    assert len(clean) > 0.5 * len(placed)

    # Each kind of cost must be in the sample, several times, or the test would say nothing of it.
    def having(condition: Callable[[Order], Any]) -> list[str]:
        return [customer for customer in clean if any(condition(order) for order in placed[customer])]

    groups = {
        "goods back on the shelf": having(lambda order: any(back[3] and back[5] for back in order.returns)),
        "goods returned spoilt": having(lambda order: any(not back[3] and back[5] for back in order.returns)),
        "refunds of no line": having(lambda order: any(back[0] is None for back in order.returns)),
        "several currencies": having(lambda order: order.currency != "GBP"),
        "marketplace": having(lambda order: order.channel == "marketplace"),
        "tills": having(lambda order: order.channel == "store" and order.returns),
        "cancelled": having(lambda order: any(not back[5] and back[1] for back in order.returns)),
        "tickets": [customer for customer in clean if by_customer[customer].service_cost > 0],
        "returns without an order": [
            customer for customer in clean
            if any(owner("returns", return_id) == customer for return_id, *_ in books.loose_returns)
        ],
    }  # fmt: skip
    draw = random.Random(5)
    chosen: set[str] = set()
    for name, members in groups.items():
        assert members, f"nobody to test: {name}"
        chosen |= set(draw.sample(members, min(3, len(members))))
    chosen |= set(draw.sample([customer for customer in clean if customer not in chosen], SAMPLE - len(chosen)))
    assert len(chosen) == SAMPLE

    wrong = []
    for customer in sorted(chosen):
        found = built["customers"].loc[customer] if customer in built["customers"].index else None
        wrong += differences(customer, by_customer[customer], found)
        for order in placed[customer]:
            found = built["orders"].loc[order.order_id] if order.order_id in built["orders"].index else None
            wrong += differences(order.order_id, by_order[order.order_id], found)
    assert not wrong, "\n".join(wrong)
