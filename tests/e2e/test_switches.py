"""Any source may be absent: the build still passes, and segments that need the source say so."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from scripts.pipeline import steps
from scripts.platform.warehouse import open_warehouse
from scripts.platform.world import World
from tests.support.worlds import world_in

# Active segments that cannot do without the source. Order segments need at least one of three order systems.
NEEDED_BY = {
    "shopify": set(),
    "pos": set(),
    "marketplace": set(),
    "crm": set(),
    "klaviyo": {"inactive", "suppression_email", "at_risk_repeat_buyers", "leads_to_nurture"},
    "web": {
        "active_browsers",
        "cart_abandoners",
        "frequent_viewers_with_purchase",
        "frequent_viewers_without_purchase",
        "leads_to_nurture",
    },
    "zendesk": {"service_recovery", "high_value_repeat", "promoters"},
    "loyalty": set(),
    "surveys": {"service_recovery", "promoters"},
    "inventory": {"missing_add_on"},
    "campaigns": set(),
    "paid_media": set(),
    "external_lists": set(),
    "hubspot": set(),
}


@pytest.fixture(scope="module")
def switchable(demo_world: World, tmp_path_factory: pytest.TempPathFactory) -> World:
    """One copy of the demo that is built again with one source off at a time."""
    folder: Path = tmp_path_factory.mktemp("switches")
    shutil.copytree(demo_world.seeds, folder / "seeds")
    shutil.copyfile(demo_world.warehouse, folder / "warehouse.duckdb")
    return world_in(folder)


def build_without(world: World, source: str) -> dict[str, str]:
    """Status of every segment after a build with one source off."""
    steps.build(world, variables={f"using_{source}": False})
    with open_warehouse(world.warehouse, read_only=True) as connection:
        rows = connection.execute("select segment_key, effective_status from marts.segment_library").fetchall()
        stored = connection.execute(
            """
            select distinct segment_key from marts.segment_memberships
            where segment_key in (select segment_key from marts.segment_library where effective_status <> 'active')
            """
        ).fetchall()
    assert not stored, "a segment that is not active has members"
    return dict(rows)


def check(world: World, source: str) -> None:
    status = build_without(world, source)
    for segment in NEEDED_BY[source]:
        assert status[segment] == "not_computable", segment
    active = [segment for segment, state in status.items() if state == "active"]
    assert len(active) >= 8, status


@pytest.mark.verify
def test_without_web_events(switchable: World) -> None:
    check(switchable, "web")


@pytest.mark.verify
@pytest.mark.parametrize("source", [source for source in NEEDED_BY if source != "web"])
def test_without_each_source(switchable: World, source: str) -> None:
    check(switchable, source)


@pytest.mark.verify
def test_without_any_order_system_no_order_segment_is_computable(switchable: World) -> None:
    off = {"using_shopify": False, "using_pos": False, "using_marketplace": False}
    steps.build(switchable, variables=off)
    with open_warehouse(switchable.warehouse, read_only=True) as connection:
        status = dict(connection.execute("select segment_key, effective_status from marts.segment_library").fetchall())
    assert {status[key] for key in ("lapsed", "new_customers", "full_price_buyers")} == {"not_computable"}
