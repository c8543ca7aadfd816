"""The first load of a history: the day that it describes, and since when its records are known."""

from __future__ import annotations

import json
from datetime import date, datetime, timedelta
from pathlib import Path

import pytest

from tests.support.landing_zone import Zone

RECEIPTS = "receipt_id,store_id,status,sold_at,currency,total_amount\n"
LINES = "receipt_id,line_number,sku,quantity,unit_price\n"
TODAY = date.today()


@pytest.fixture
def zone(tmp_path: Path) -> Zone:
    return Zone(tmp_path)


def deliver_history(zone: Zone, *days: str) -> None:
    """Receipts at noon of these days, a line for each, and a catalogue, in files whose names have no day."""
    receipts = "".join(f"r{number},s1,completed,{day} 12:00:00,GBP,10\n" for number, day in enumerate(days))
    zone.deliver("pos/receipt/receipts.csv", RECEIPTS + receipts)
    zone.deliver(
        "pos/receipt_line/lines.csv", LINES + "".join(f"r{number},1,A-1,1,10\n" for number in range(len(days)))
    )
    zone.deliver(
        "products/product/products.csv", "sku,product_name,category,valid_from\nA-1,Kettle,Kitchen,2018-01-01\n"
    )


def stated(zone: Zone) -> object:
    file = zone.workspace.settings_file
    return json.loads(file.read_text(encoding="utf-8")).get("as_of_date") if file.exists() else None


def test_the_day_is_the_newest_of_the_history_and_is_said(zone: Zone) -> None:
    zone.deliver("world.json", '{"reporting_currency": "EUR"}')
    deliver_history(zone, "2018-01-05", "2018-08-29", "2018-03-01")
    lines = zone.load().lines()
    assert stated(zone) == "2018-08-29"
    assert json.loads(zone.workspace.settings_file.read_text(encoding="utf-8"))["reporting_currency"] == "EUR"
    assert lines[-2] == (
        f"first load: nothing happened after 2018-08-29, so as_of_date is 2018-08-29, written to "
        f"{zone.workspace.settings_file}; delete it there once data arrive daily"
    )
    assert ("as_of_date", "2018-08-29") in zone.rows("from intake.settings")


def test_rows_without_a_stamp_are_known_from_the_day_they_happened(zone: Zone) -> None:
    deliver_history(zone, "2018-01-05", "2018-08-29")
    lines = zone.load().lines()
    happened = [(datetime(2018, 1, 5, 12),), (datetime(2018, 8, 29, 12),)]
    assert zone.rows("select _delivered_at from raw_pos.receipt order by receipt_id") == happened
    # A line is known with its receipt, a catalogue from the beginning.
    assert zone.rows("select _delivered_at from raw_pos.receipt_line order by receipt_id") == happened
    assert zone.rows("select _delivered_at from raw_products.product") == happened[:1]
    assert "5 rows without a timestamp of their source count as known from the day they happened" in lines[-3]
    assert zone.value("select value from intake.engine where name = 'reconstructed_rows'") == "5"


def test_stamps_and_days_in_names_are_kept(zone: Zone) -> None:
    zone.deliver("pos/receipt/receipts_2020-05-01.csv", RECEIPTS + "r1,s1,completed,2018-01-05 12:00:00,GBP,10\n")
    stamped = (
        RECEIPTS.replace("\n", ",synced_at\n") + "r2,s1,completed,2018-01-05 12:00:00,GBP,10,2019-02-03 04:05:06\n"
    )
    zone.deliver("pos/receipt/receipts.csv", stamped)
    zone.load()
    known = "select receipt_id, coalesce(synced_at, _delivered_at) from raw_pos.receipt order by 1"
    assert zone.rows(known) == [("r1", datetime(2020, 5, 1)), ("r2", datetime(2019, 2, 3, 4, 5, 6))]


def test_a_history_stamped_on_the_day_of_its_export_is_said(zone: Zone) -> None:
    """A build for the day of the newest sale would be empty."""
    stamped = RECEIPTS.replace("\n", ",synced_at\n")
    zone.deliver("pos/receipt/r.csv", f"{stamped}r1,s1,completed,2018-01-05 12:00:00,GBP,10,2019-02-03 04:05:06\n")
    assert zone.load().notes[-1] == (
        "first load: all rows became known on 2019-02-03 or later, so a build for 2018-01-05 knows none of them: set"
        " as_of_date to 2019-02-03, or leave synced_at out of the files if that is the time of an export"
    )


def test_a_shop_whose_data_reach_yesterday_keeps_a_moving_day(zone: Zone) -> None:
    deliver_history(zone, "2018-01-05", str(TODAY - timedelta(days=1)), str(TODAY))
    zone.load()
    assert stated(zone) is None


def test_a_mistyped_day_in_the_future_is_not_taken(zone: Zone) -> None:
    deliver_history(zone, "2018-01-05", "2099-01-01")
    zone.load()
    assert stated(zone) == "2018-01-05"


def test_a_day_that_is_stated_and_later_loads_stay_as_they_are(zone: Zone) -> None:
    zone.deliver("world.json", '{"as_of_date": "2018-02-01"}')
    deliver_history(zone, "2018-01-05", "2018-08-29")
    zone.load()
    assert stated(zone) == "2018-02-01"
    zone.deliver("pos/receipt/more.csv", RECEIPTS + "r9,s1,completed,2018-01-07 12:00:00,GBP,10\n")
    zone.load()
    (known,) = zone.rows("select _delivered_at from raw_pos.receipt where receipt_id = 'r9'")[0]
    assert known.date() >= TODAY - timedelta(days=1)


@pytest.mark.parametrize(("zone_name", "day"), [("UTC", "2018-08-30"), ("America/Sao_Paulo", "2018-08-29")])
def test_the_day_is_one_of_the_business_time_zone(zone: Zone, zone_name: str, day: str) -> None:
    zone.deliver("world.json", json.dumps({"business_timezone": zone_name}))
    zone.deliver("pos/receipt/receipts.csv", RECEIPTS + "r1,s1,completed,2018-08-30 01:30:00,GBP,10\n")
    zone.load()
    assert stated(zone) == day
