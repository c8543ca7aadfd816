"""Unusual movement: at most the stated false alarms over a quiet year, and planted incidents found with their cause."""

from __future__ import annotations

from pathlib import Path

import duckdb
import numpy as np
import pandas as pd
import pytest

from scripts.demo.simulator import simulate
from scripts.platform.workspace import Workspace
from tests.support.movement_workspace import AS_OF, anomalies, growth_rows

DAYS = pd.date_range(end=AS_OF, periods=365 + 112)
STATED = 1 / 200
FAMILIES = ("flows", "levels", "windows")
Series = tuple[np.ndarray, np.ndarray, np.ndarray]


def quiet_series(family: str, random: np.random.Generator) -> tuple[float, Series]:
    """Average entries a day, and a year of (size, entered, left) without any incident.

    A weekday pattern, a trend, a season and noise, Poisson or overdispersed. `flows`: entries and exits are
    independent; `levels`: each day's size is drawn around a level, half the members change; `windows`: those who enter
    leave after 30 days.
    """
    day = np.arange(len(DAYS))
    rate = 10 ** random.uniform(-0.5, 3)
    week = np.exp(random.normal(0, random.choice([0, 0.3, 0.6]), 7))
    course = np.exp(random.normal(0, 0.002) * (day - len(day) / 2))
    course *= np.exp(random.choice([0, 0.15]) * np.sin(2 * np.pi * day / 365 + random.uniform(0, 2 * np.pi)))
    mean = rate * (week / week.mean())[DAYS.day_of_week] * course
    excess = random.choice([0, 0, 0.02, 0.1])

    def drawn(expected: np.ndarray) -> np.ndarray:
        spread = random.gamma(1 / excess, excess, len(expected)) if excess else 1
        return random.poisson(expected * spread)

    if family == "levels":
        size = drawn(mean * 5)
        before = np.r_[size[0], size[:-1]]
        entered = np.maximum(random.binomial(before, 0.5) + size - before, 0)
        return rate, (size, entered, entered - size + before)
    entered = drawn(mean)
    left = drawn(rate * course) if family == "flows" else np.r_[drawn(mean[:30]), entered[:-30]]
    return rate, (500 * int(rate + 1) + np.cumsum(entered - left), entered, left)


def independent_score(entered: np.ndarray, today: int) -> float:
    """An independent calculation of the score of entries: lists and medians, no SQL."""
    root = [2 * (count + 0.375) ** 0.5 for count in entered]

    def expected(day: int) -> float:
        weekdays = [root[day - 7 * week] for week in range(1, 9)]
        trend = np.median([root[day - back] - root[day - back - 28] for back in range(1, 29)])
        return float(np.median(weekdays) + trend * 4.5 / 4)

    def scatter(days_back: range) -> float:
        return float(1.4826 * np.median([abs(root[today - back] - expected(today - back)) for back in days_back]))

    return float((root[today] - expected(today)) / max(scatter(range(1, 57)), scatter(range(7, 57, 7)), 1))


@pytest.mark.verify
# Seeds that were not used to set any threshold.
@pytest.mark.parametrize("seed", [2026, 77])
def test_a_quiet_year_has_at_most_the_stated_false_alarms(seed: int, tmp_path: Path) -> None:
    random = np.random.default_rng(seed)
    rows, entering = [], {}
    for number in range(900):
        family = FAMILIES[number % 3]
        key = f"{family}_{number}"
        rate, series = quiet_series(family, random)
        entering[key] = (rate, series[1])
        rows.append(growth_rows(key, DAYS, *series))
    # In some of them far more enter on one day than expected: a test that never alarms would miss this.
    surges = {}
    for key, (rate, _) in entering.items():
        if key.startswith("flows") and rate >= 30 and len(surges) < 60:
            surges[key] = int(random.integers(200, len(DAYS)))
    table = pd.concat(rows, ignore_index=True)
    for key, day in surges.items():
        extra = int(np.ceil(1.5 * entering[key][1][day - 28 : day].max()))
        at = (table["segment_key"] == key) & (table["as_of_date"] == DAYS[day].date())
        table.loc[at, ["entered_count", "change_count"]] += extra
        table.loc[(table["segment_key"] == key) & (table["as_of_date"] >= DAYS[day].date()), "customer_count"] += extra
    found = anomalies(tmp_path, {"marts.segment_growth": table})

    found["day"] = pd.to_datetime(found["as_of_date"])
    planted = found["segment_key"].map(lambda key: DAYS[surges[key]] if key in surges else pd.NaT)
    assert found.loc[found["day"] == planted, "is_unusual"].mean() >= 0.9

    quiet = found[~found["segment_key"].isin(surges)]
    assert quiet["is_judged"].mean() == 1
    rates = quiet.groupby(quiet["segment_key"].str.split("_").str[0])["is_unusual"].mean()
    print(rates.to_dict(), len(quiet))
    assert (rates <= STATED).all(), rates.to_dict()
    # Every band is exact: outside it there is an alarm, inside all three there is none.
    inside = np.logical_and.reduce(
        [
            quiet[f"{name}_count"].between(quiet[f"lowest_{name}_count"] - 1e-6, quiet[f"highest_{name}_count"] + 1e-6)
            for name in ("customer", "entered", "left")
        ]
    )
    assert (inside != quiet["is_unusual"]).mean() > 0.9999

    worst = quiet[quiet["unusual_measure"] == "entered"].sample(300, random_state=seed)
    for row in worst.itertuples():
        day = int(np.flatnonzero(row.day == DAYS)[0])
        assert row.score == pytest.approx(independent_score(entering[row.segment_key][1], day), abs=1e-9)


def visited(rows: np.ndarray, days: np.ndarray, customers: int, length: int) -> np.ndarray:
    """Customers by days: how often each had an event on each day."""
    counts = np.zeros((customers, length), dtype=np.int32)
    np.add.at(counts, (rows, days), 1)
    return counts


def in_window(counts: np.ndarray, days: int) -> np.ndarray:
    """The same over the days that end with each day."""
    total = np.cumsum(counts, axis=1)
    total[:, days:] = total[:, days:] - total[:, :-days].copy()
    return total


@pytest.mark.verify
def test_planted_incidents_of_a_simulated_year_are_found_with_their_cause(tmp_path: Path) -> None:
    """Sizes of rules straight from the facts of a simulated retailer, without 365 builds.

    The web shop delivers nothing for two days and everything on the third; a rule is edited; a surge of orders is real;
    and many opt out on one day.
    """
    retailer = Workspace.at(warehouse=str(tmp_path / "retailer" / "warehouse.duckdb"))
    simulate(retailer, customers=30_000, progress=lambda _: None)
    orders = duckdb.sql(
        f"""
        select person_id, source_system, cast(ordered_at as date) as day
        from '{retailer.home}/truth/orders.parquet' where person_id >= 0 and is_counted
        """
    ).df()
    orders["day"] = pd.to_datetime(orders["day"])
    random = np.random.default_rng(5)

    length = 900
    days = pd.date_range(end=AS_OF, periods=length)
    outage, edit, surge, opt_out = (length - back for back in (220, 150, 90, 40))
    people, orders["person"] = np.unique(orders["person_id"], return_inverse=True)
    orders["at"] = (orders["day"] - days[0]).dt.days
    burst = random.choice(len(people), 250, replace=False)
    orders = pd.concat(
        [orders, pd.DataFrame({"person": burst, "source_system": "shopify", "at": surge})], ignore_index=True
    )
    orders = orders[orders["at"].between(0, length - 1)]
    # The day on which an order became known.
    stopped = (orders["source_system"] == "shopify") & orders["at"].isin([outage, outage + 1])
    orders["known"] = np.where(stopped, outage + 2, orders["at"])

    arrived = orders[orders["known"] == orders["at"]]
    known = visited(arrived["person"].to_numpy(), arrived["at"].to_numpy(), len(people), length)
    late = orders[orders["known"] != orders["at"]]
    complete = known + visited(late["person"].to_numpy(), late["at"].to_numpy(), len(people), length)

    def members(days_back: int) -> np.ndarray:
        """Who ordered in the last `days_back` days, as known on each day."""
        inside = in_window(complete, days_back) > 0
        inside[:, outage : outage + 2] = (in_window(known, days_back) > 0)[:, outage : outage + 2]
        return inside

    recent, longer = members(30), members(45)
    edited = np.concatenate([recent[:, :edit], longer[:, edit:]], axis=1)
    suppressed = random.random(len(people)) < 0.25
    reachable = members(60)
    reachable[suppressed, opt_out:] = False
    half_year = in_window(complete, 180) > 0
    ever = np.cumsum(complete, axis=1) > 0
    lapsed = ever & ~half_year & (in_window(complete, 365) > 0)
    segments = {"ordered_30": recent, "edited": edited, "reachable": reachable, "lapsed": lapsed}

    first = length - 365 - 112
    sizes, changes = [], []
    for key, inside in segments.items():
        version = np.where((np.arange(length) >= edit) & (key == "edited"), 2, 1)
        for day in range(first, length):
            sizes.append((days[day].date(), key, inside[:, day].sum(), version[day], f"{key}{version[day]}", "active"))
            if day == first:
                continue
            for person in np.flatnonzero(inside[:, day] != inside[:, day - 1]):
                entered = inside[person, day]
                kind, reason = "condition", f"at least 1 order in the last 30 days: {'0 → 1' if entered else '1 → 0'}"
                if key == "edited" and day == edit:
                    kind, reason = "rule_change", "rule changed v1 → v2"
                elif key == "reachable" and day == opt_out and suppressed[person] and not entered:
                    kind, reason = "suppression", "suppressed: opted out"
                changes.append((days[day].date(), f"c{person}", key, "entered" if entered else "left", reason, kind))
    by_day = orders.groupby(["source_system", "known"]).size().reset_index(name="row_count")
    by_day["known_date"] = [days[day].date() for day in by_day["known"]]
    old = late[late["known"] - late["at"] >= 2]
    found = anomalies(
        tmp_path / "judged",
        {
            "marts.segment_sizes": pd.DataFrame(
                sizes,
                columns=["as_of_date", "segment_key", "customer_count", "rule_version", "rule_fingerprint", "status"],
            ),
            "marts.membership_changes": pd.DataFrame(
                changes, columns=["as_of_date", "customer_id", "segment_key", "change", "reason", "reason_kind"]
            ),
            "marts.segment_rules": pd.DataFrame(
                [(key, "order_count_30d") for key in segments], columns=["segment_key", "attribute"]
            ),
            "marts.attribute_catalogue": pd.DataFrame(
                [("order_count_30d", None, "shopify|pos|marketplace")],
                columns=["attribute_name", "needs_sources", "needs_any_source"],
            ),
            "intermediate.int_source_volume_daily": by_day.assign(source=by_day["source_system"], table_name="order")[
                ["source", "table_name", "known_date", "row_count"]
            ],
            "intermediate.int_source_late_daily": pd.DataFrame(
                [("shopify", "order", days[outage + 2].date(), len(old))],
                columns=["source", "table_name", "known_date", "late_row_count"],
            ),
        },
    )
    found["day"] = (pd.to_datetime(found["as_of_date"]) - days[0]).dt.days
    unusual = found[found["is_unusual"]]
    print(unusual[["day", "segment_key", "score", "cause", "cause_evidence"]].to_string(max_colwidth=200))

    def cause(segment: str, day: int) -> str | None:
        row = unusual[(unusual["segment_key"] == segment) & (unusual["day"] == day)]
        return row["cause"].item() if len(row) else None

    assert [cause("ordered_30", outage + later) for later in range(3)] == [
        "source_outage",
        "source_outage",
        "late_data",
    ]
    assert cause("edited", edit) == "rule_change"
    assert cause("ordered_30", surge) == "real_behaviour"
    assert cause("reachable", opt_out) == "suppression"
    evidence = unusual.set_index(["segment_key", "day"])["cause_evidence"]
    assert "shopify.order delivered 0 rows that day" in evidence["ordered_30", outage]
    assert f"{len(old)} rows that day that were two or more days old" in evidence["ordered_30", outage + 2]
    assert "who entered): at least 1 order in the last 30 days" in evidence["ordered_30", surge]

    # Later effects of the planted days: a burst of orders leaves after the 30, 45, 60 days of the rules.
    echoes = {day + window + shift for day in (outage, surge) for window in (0, 30, 45, 60) for shift in range(4)} | {
        edit,
        opt_out,
    }
    quiet = found[found["is_judged"] & ~found["day"].isin(echoes)]
    print(quiet["is_unusual"].mean(), len(quiet))
    assert quiet["is_unusual"].mean() <= STATED
    after_edit = found[(found["segment_key"] == "edited") & found["day"].between(edit + 1, edit + 40)]
    assert not after_edit["is_judged"].any()
