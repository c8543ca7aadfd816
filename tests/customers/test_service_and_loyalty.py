"""Attributes of service and loyalty compared with a replay of the raw landing files, customer by customer.

The replay spends points lot by lot and steps to the next tier day by day, where the models use sums and windows. Only
the owners of cards and tickets are taken from the warehouse.
"""

from __future__ import annotations

import math
from collections import defaultdict
from datetime import date, timedelta
from pathlib import Path

import pandas as pd
import pytest

from scripts.platform.warehouse import open_warehouse
from scripts.platform.workspace import Workspace

SILVER, GOLD = 400, 1000
ZONE = "Europe/London"


def landed(landing: Path, table: str, as_of: date) -> pd.DataFrame:
    """All versions of a source's records known by the end of a day, in the order of knowing, or of changes.

    Timestamps become UTC; `_day` is the business day.
    """
    parts = []
    for file in sorted((landing / table).iterdir()):
        if ".jsonl" in file.name:
            parts.append(pd.read_json(file, lines=True, dtype=False))
        else:
            parts.append(pd.read_csv(file, dtype=str))
    rows = pd.concat(parts, ignore_index=True)
    for name in rows.select_dtypes(["object", "str"]):
        rows[name] = rows[name].str.strip()
    stamps = ("occurred_at", "expires_at", "joined_at", "created_at", "updated_at", "updated", "synced_at")
    for name in (*stamps, "_fivetran_synced"):
        if name in rows:
            rows[name] = pd.to_datetime(rows[name], utc=True, format="mixed", errors="coerce")
            rows[name + "_day"] = rows[name].dt.tz_convert(ZONE).dt.date
    known = "synced_at" if "synced_at" in rows else "_fivetran_synced"
    rows = rows[rows[known + "_day"] <= as_of].sort_values(known)
    if table != "zendesk/ticket":
        return rows
    # The help desk says itself when a ticket changed: an older state may be delivered after a newer one.
    return rows.assign(at=rows["updated_at"].fillna(rows[known])).sort_values("at", kind="stable")


def newest(rows: pd.DataFrame, keys: list[str]) -> pd.DataFrame:
    return rows.drop_duplicates(keys, keep="last")


def points_left(movements: pd.DataFrame, as_of: date) -> tuple[int, list[tuple[date, int]]]:
    """Balance, and the unexpired lots with points left: day of expiry and points."""
    lots = sorted([row.expires_at_day, row.points] for row in movements.itertuples() if row.points > 0)
    spend = -sum(row.points for row in movements.itertuples() if row.points < 0)
    for lot in lots:
        taken = min(spend, lot[1])
        lot[1] -= taken
        spend -= taken
    return sum(points for _, points in lots), [(day, points) for day, points in lots if points and day > as_of]


def days_to_tier(earned: dict[date, int], threshold: float, as_of: date) -> int | None:
    """Steps day by day: points keep coming at the pace of the last 180 days, and drop out after 365 days."""
    recent = sum(points for day, points in earned.items() if as_of - timedelta(180) < day <= as_of)
    for ahead in range(366):
        still = sum(points for day, points in earned.items() if as_of + timedelta(ahead - 365) < day <= as_of)
        if still * 180 + recent * ahead >= threshold * 180:
            return ahead
    return None


def check_loyalty(workspace: Workspace, as_of: date) -> int:
    """Every member's attributes; returns how many were compared."""
    landing, last_day = workspace.home / "landing", date(2026, 6, 30)
    moves = landed(landing, "loyalty/points_movement", last_day)
    moves = moves.assign(points=pd.to_numeric(moves["points"], errors="coerce")).dropna(
        subset=["points", "occurred_at"]
    )
    named = moves[["movement_id", "movement_type", "loyalty_number"]].fillna("").ne("").all(axis=1)
    dated = moves["expires_at"].notna() | moves["movement_type"].ne("earned")
    moves = newest(moves[named & dated], ["movement_id"])
    # The simulator's balances equal its movements, but it plants defects: a card whose sums differ has lost a movement.
    stated = newest(landed(landing, "loyalty/member", last_day), ["loyalty_number"]).set_index("loyalty_number")
    total = moves.groupby("loyalty_number")["points"].sum()
    stated = pd.to_numeric(stated["points_balance"], errors="coerce")
    complete_cards = set(stated.index[stated == total.reindex(stated.index).fillna(0)])
    moves = moves[(moves["synced_at_day"] <= as_of) & (moves["occurred_at_day"] <= as_of)]
    members = newest(landed(landing, "loyalty/member", as_of), ["loyalty_number"])
    with open_warehouse(workspace.warehouse, read_only=True) as connection:
        owners = dict(connection.execute(
            "select source_profile_id, customer_id from intermediate.int_customer_identities"
            " where source_system = 'loyalty'"
        ).fetchall())  # fmt: skip
        features = connection.execute("select * from intermediate.int_features_loyalty").df()
    features = features.astype(object).where(features.notna(), None).set_index("customer_id")
    assert set(features.index[features["loyalty_card_count"] > 0]) == set(owners.values())
    tiers = members.assign(owner=members["loyalty_number"].map(owners)).groupby("owner")["tier"].agg(list)
    of_owner = dict(list(moves.groupby(moves["loyalty_number"].map(owners))))
    complete = tiers.drop(
        {owner for card, owner in owners.items() if card not in complete_cards} & set(tiers.index)
    ).index
    assert len(complete) > 0.95 * len(tiers)
    for owner in complete:
        mine, row = of_owner.get(owner, moves.iloc[:0]), features.loc[owner]
        balance, lots = points_left(mine, as_of)
        earned: dict[date, int] = defaultdict(int)
        for move in mine[mine["movement_type"] == "earned"].itertuples():
            earned[move.occurred_at_day] += move.points
        year = sum(points for day, points in earned.items() if day > as_of - timedelta(365))
        best = max(["bronze", "silver", "gold"].index(tier.lower()) for tier in tiers[owner])
        threshold = [SILVER, GOLD, math.inf][best]
        assert row["loyalty_points_balance"] == balance, owner
        assert row["points_earned_365d"] == year, owner
        assert row["points_expiring_30d"] == sum(points for day, points in lots if day <= as_of + timedelta(30)), owner
        expiry = row["next_points_expiry_date"]
        assert (expiry.date() if expiry else None) == min((day for day, _ in lots), default=None), (
            owner,
            expiry,
            lots[:3],
        )
        assert row["next_tier_gap"] == (None if best == 2 else max(threshold - year, 0)), owner
        assert row["expected_days_to_next_tier"] == (None if best == 2 else days_to_tier(earned, threshold, as_of)), (
            owner
        )
    return len(complete)


def check_tickets(workspace: Workspace, as_of: date) -> int:
    """Counts, waiting and resolution times of every customer with a ticket; returns how many were compared."""
    landing = workspace.home / "landing"
    tickets = newest(landed(landing, "zendesk/ticket", as_of), ["id"]).set_index("id")
    tickets = tickets[tickets.index.fillna("") != ""]  # planted defects of the simulator
    tickets = tickets[tickets["created_at_day"] <= as_of]
    tags = (
        newest(landed(landing, "zendesk/ticket_tag", as_of), ["ticket_id", "tag"]).groupby("ticket_id")["tag"].agg(set)
    )
    history = newest(landed(landing, "zendesk/ticket_field_history", as_of), ["ticket_id", "field_name", "updated"])
    solved = (
        history[history["value"].eq("solved") & history["field_name"].eq("status")]
        .groupby("ticket_id")["updated"]
        .max()
    )
    merged = {part.strip() for text in tickets["merged_ticket_ids"].dropna() for part in text.strip("[]").split(",")}
    with open_warehouse(workspace.warehouse, read_only=True) as connection:
        owners = dict(connection.execute(
            "select source_profile_id, customer_id from intermediate.int_customer_identities"
            " where source_system = 'zendesk'"
        ).fetchall())  # fmt: skip
        features = connection.execute("select * from intermediate.int_features_service").df().set_index("customer_id")
    tickets["owner"] = tickets["requester_id"].map(owners)
    tickets = tickets[tickets["owner"].notna() & ~tickets.index.isin(merged - {""})]
    for owner, mine in tickets.groupby("owner"):
        row = features.loc[owner]
        recent = mine[mine["created_at_day"] > as_of - timedelta(365)]
        is_open = ~mine["status"].str.lower().isin(["solved", "closed"])
        assert row["open_ticket_count"] == is_open.sum(), owner
        assert row["ticket_count_365d"] == len(recent), owner
        assert row["complaint_count_365d"] == sum("complaint" in tags.get(i, set()) for i in recent.index), owner
        assert row["days_since_last_ticket"] == (as_of - mine["created_at_day"].max()).days, owner
        if is_open.any():
            assert row["oldest_open_ticket_days"] == (as_of - mine["created_at_day"][is_open].min()).days, owner
        took = [
            (solved[i] - mine["created_at"][i]).total_seconds() / 3600
            for i in mine.index[~is_open]
            if i in solved.index and solved[i].tz_convert(ZONE).date() > as_of - timedelta(365)
        ]
        mean = row["average_resolution_hours_365d"]
        assert mean == pytest.approx(sum(took) / len(took)) if took else pd.isna(mean), owner
    assert not features[~features.index.isin(tickets["owner"])]["ticket_count_365d"].any()
    return tickets["owner"].nunique()


def test_loyalty_equals_a_replay_of_the_movements(demo_workspace: Workspace) -> None:
    assert check_loyalty(demo_workspace, date(2026, 6, 30)) > 200


def test_tickets_equal_a_replay_of_the_records(demo_workspace: Workspace) -> None:
    assert check_tickets(demo_workspace, date(2026, 6, 30)) > 50
