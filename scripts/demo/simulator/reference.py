"""Published and simulated audience sizes compared: a check of the simulator's calibration.

Uses a simulated workspace's landing files (e-mail and web events) and ground truth (orders, people, profiles), without
any dbt model. The published figures contradict each other; the five sizes were kept, so others deviate:

- Revenue is about 22 million a year instead of 15. With a constant probability of leaving, 8,500 loyal people above
  2,000 and 12,300 lapsing ones above 1,500 in five years require at least about 16 million a year from the core
  customers alone; casual buyers, walk-ins and marketplaces are additional.
- Churn: 35 % lies between the churn of repeat buyers (about 28 %) and of all buyers (about 50 %, as most first-time
  buyers never return and 26.9 % of all customers should be inactive).
- Most core customers had bought before the five years began, so revenue starts high and falls over the five years
  while the number of new, mostly casual buyers grows.
"""

from __future__ import annotations

import json
from datetime import date
from typing import Any

import numpy as np
import pandas as pd
import pyarrow.parquet as pq
from scipy.optimize import minimize
from scipy.special import betaln, gammaln, hyp2f1

from scripts.demo.simulator.arrays import DAY, day_number, to_local
from scripts.platform.errors import UserError
from scripts.platform.workspace import Workspace

# Customers of each audience in the published scenario of 250,000.
PUBLISHED = {
    "vip_loyalists": 8_500, "high_value_at_risk": 12_300, "active_browsers": 18_700, "new_customers": 3_200,
    "inactive": 67_300,
}  # fmt: skip
PUBLISHED_CUSTOMERS = 250_000
VISIT_GAP = 30 * 60


def compare(workspace: Workspace, customers: int | None = None) -> pd.DataFrame:
    """One row per published figure: `figure`, `published` (scaled to the workspace's size), `simulated`, `ratio`.

    Raises UserError if the workspace was not simulated.
    """
    marker = workspace.landing / "_simulation.json"
    if not marker.exists() or not workspace.truth.is_dir():
        raise UserError(f"{workspace.landing}: not a simulated workspace; run `python -m scripts demo` first")
    made = json.loads(marker.read_text(encoding="utf-8"))
    scale = (customers or made["customers"]) / PUBLISHED_CUSTOMERS
    figures = measure(workspace, date.fromisoformat(made["end_date"]))
    published = {name: size * scale for name, size in PUBLISHED.items()}
    published |= {"revenue_last_year": 15e6 * scale, "mean_days_between_orders": 45, "yearly_churn": 0.35}
    published |= {"yearly_churn_of_repeat_buyers": 0.35}
    rows = [(name, float(published[name]), float(figures[name])) for name in published]
    table = pd.DataFrame(rows, columns=["figure", "published", "simulated"])
    table["ratio"] = table["simulated"] / table["published"]
    return table


def reference_table(workspace: Workspace, customers: int | None = None) -> list[str]:
    """The comparison as lines of text, ready to print."""
    lines = [f"{'figure':<32}{'published':>14}{'simulated':>14}{'ratio':>8}"]
    for figure, published, simulated, ratio in compare(workspace, customers).itertuples(index=False, name=None):
        form = ",.2f" if published < 1 else ",.0f"
        lines.append(f"{figure:<32}{published:>14{form}}{simulated:>14{form}}{ratio:>8.2f}")
    return lines


def measure(workspace: Workspace, end: date) -> dict[str, float]:
    """Sizes of the five audiences, revenue of the last year, days between orders, yearly churn."""
    people = pd.read_parquet(workspace.truth / "people.parquet", columns=["person_id", "customer_type"])
    people = people[people["customer_type"] == "person"].set_index("person_id")
    orders = pd.read_parquet(workspace.truth / "orders.parquet")
    orders["day"] = local_day(orders["ordered_at"])
    last = day_number(end)
    counted = orders[orders["is_counted"] & (orders["day"] <= last)]
    mine = counted[counted["is_identifiable"] & counted["person_id"].isin(people.index)]
    by = mine.groupby("person_id")
    feature = people.join(by["day"].agg(["count", "min", "max"])).join(by["net_revenue_gbp"].sum())
    feature = feature.rename(columns={"count": "orders", "min": "first", "max": "last", "net_revenue_gbp": "net"})
    recent = mine[mine["day"] > last - 180].groupby("person_id").size()
    feature = feature.join(recent.rename("orders_180d"))
    feature = (
        feature.join(lifetime_value(mine, last)).join(email_engagement(workspace, last)).join(visits(workspace, last))
    )
    feature = feature.fillna({c: 0 for c in feature.columns if c not in ("first", "last", "customer_type")})
    since = (last - feature["last"]).fillna(9999)
    value = feature["net"] + feature["expected_12m"]
    year = mine[mine["day"] > last - 365]
    earlier = mine[mine["day"] <= last - 365]
    before = earlier.loc[earlier["day"] > last - 730, "person_id"].unique()
    times = earlier.groupby("person_id").size()
    repeat = before[times.loc[before].to_numpy() >= 2]
    gaps = year.sort_values(["person_id", "day"]).groupby("person_id")["day"].diff().dropna()
    engaged = (feature["clicks_90d"] > 0) | (feature["opens_90d"] >= 3)
    return {
        "vip_loyalists": int(((feature["orders_180d"] >= 3) & (value > 2000) & engaged).sum()),
        "high_value_at_risk": int(((feature["orders"] >= 2) & (since >= 120) & (value > 1500)).sum()),
        "active_browsers": int(((feature["visits_30d"] >= 5) & (feature["carts_30d"] > 0) & (since >= 30)).sum()),
        "new_customers": int((last - feature["first"] < 30).sum()),
        "inactive": int(
            ((feature["orders"] > 0) & (since >= 365) & (feature["opens_90d"] + feature["clicks_90d"] == 0)).sum()
        ),
        "revenue_last_year": float(counted.loc[counted["day"] > last - 365, "net_revenue_gbp"].sum()),
        "revenue_a_year": float(counted["net_revenue_gbp"].sum() / 5),
        "median_days_between_orders": float(gaps[gaps > 0].median()),
        "mean_days_between_orders": float(gaps[gaps > 0].mean()),
        "yearly_churn": float(1 - np.isin(before, year["person_id"].unique()).mean()),
        "yearly_churn_of_repeat_buyers": float(1 - np.isin(repeat, year["person_id"].unique()).mean()),
        "buyers": int((feature["orders"] > 0).sum()),
    }


def local_day(instants: pd.Series) -> np.ndarray[Any, Any]:
    """Business day numbers of UTC instants."""
    return to_local(instants.to_numpy().astype("datetime64[s]").astype(np.int64)) // DAY


def lifetime_value(orders: pd.DataFrame, last: int) -> pd.Series:
    """Expected net revenue of the next twelve months per person (`expected_12m`).

    BG/NBD (Fader, Hardie, Lee 2005) fitted by maximum likelihood to a sample, times the mean order value shrunk towards
    the population mean (the simplest form of the Gamma-Gamma estimate, with a prior worth two orders).
    """
    days = orders.groupby(["person_id", "day"])["net_revenue_gbp"].sum().reset_index()
    by = days.groupby("person_id")
    table = pd.DataFrame({"x": by.size() - 1, "first": by["day"].min(), "last": by["day"].max()})
    x = table["x"].to_numpy(dtype=float)
    recency = (table["last"] - table["first"]).to_numpy(dtype=float) / 7
    age = (last - table["first"] + 1).to_numpy(dtype=float) / 7
    sample = np.linspace(0, len(x) - 1, min(len(x), 20_000)).astype(int)

    def loss(logs: np.ndarray[Any, Any]) -> float:
        r, alpha, a, b = np.exp(np.clip(logs, -8, 8))
        n, t_x, t = x[sample], recency[sample], age[sample]
        common = gammaln(r + n) - gammaln(r) + r * np.log(alpha)
        alive = betaln(a, b + n) - betaln(a, b) - (r + n) * np.log(alpha + t)
        gone = betaln(a + 1, b + np.maximum(n, 1) - 1) - betaln(a, b) - (r + n) * np.log(alpha + t_x)
        return -float(np.mean(common + np.where(n > 0, np.logaddexp(alive, gone), alive)))

    r, alpha, a, b = np.exp(minimize(loss, np.zeros(4), method="Nelder-Mead", options={"maxiter": 600}).x)
    horizon = 365 / 7
    z = horizon / (alpha + age + horizon)
    growth = 1 - ((alpha + age) / (alpha + age + horizon)) ** (r + x) * hyp2f1(r + x, b + x, a + b + x - 1, z)
    odds = np.where(x > 0, a / (b + np.maximum(x, 1) - 1) * ((alpha + age) / (alpha + recency)) ** (r + x), 0.0)
    expected = (a + b + x - 1) / (a - 1) * growth / (1 + odds)
    mean = by["net_revenue_gbp"].mean().to_numpy()
    value = (mean * (x + 1) + 2 * mean.mean()) / (x + 3)
    return pd.Series(np.maximum(expected, 0) * value, index=table.index, name="expected_12m")


def email_engagement(workspace: Workspace, last: int) -> pd.DataFrame:
    """Human opens and clicks per person in the last 90 days."""
    profiles = _profiles(workspace, ["klaviyo"])
    opens, clicks = [], []
    for file in sorted((workspace.landing / "klaviyo" / "event").glob("*.parquet")):
        columns = ["id", "person_id", "type", "datetime", "property_machine_open"]
        since = np.datetime64(last - 91, "D").astype("datetime64[us]")
        events = pq.read_table(file, columns=columns, filters=[("datetime", ">=", since)]).to_pandas()
        events = events[(local_day(events["datetime"]) > last - 90) & (local_day(events["datetime"]) <= last)]
        human = (events["type"] == "Opened Email") & ~events["property_machine_open"].fillna(True).astype(bool)
        opens.append(events.loc[human, ["id", "person_id"]])
        clicks.append(events.loc[events["type"].isin(["Clicked Email", "Clicked SMS"]), ["id", "person_id"]])
    table = {
        "opens_90d": pd.concat(opens).drop_duplicates("id")["person_id"].map(profiles).value_counts(),
        "clicks_90d": pd.concat(clicks).drop_duplicates("id")["person_id"].map(profiles).value_counts(),
    }
    return pd.DataFrame(table)


def visits(workspace: Workspace, last: int) -> pd.DataFrame:
    """Visits (30-minute gap) and cart additions per person in the last 30 days, where a log-in links them."""
    shop, devices = _profiles(workspace, ["shopify"]), _profiles(workspace, ["web"])
    since = np.datetime64(last - 31, "D").astype("datetime64[us]")

    def read(table: str, columns: list[str], everything: bool = False) -> pd.DataFrame:
        files = sorted((workspace.landing / "web" / table).glob("*.parquet"))
        only = None if everything else [("timestamp", ">=", since)]
        return pd.concat([pq.read_table(f, columns=columns, filters=only).to_pandas() for f in files])

    tied = set(read("identifies", ["anonymous_id"], True)["anonymous_id"])

    def of_people(table: str) -> pd.DataFrame:
        events = read(table, ["id", "anonymous_id", "user_id", "timestamp"]).drop_duplicates("id")
        day = local_day(events["timestamp"])
        events = events[(day > last - 30) & (day <= last)]
        known = events["anonymous_id"].where(events["anonymous_id"].isin(tied))
        events["person"] = events["user_id"].map(shop).fillna(known.map(devices))
        return events.dropna(subset=["person"])

    pages = of_people("pages").sort_values(["person", "timestamp"])
    seconds = pages["timestamp"].to_numpy().astype("datetime64[s]").astype(np.int64)
    new = np.r_[True, (np.diff(seconds) > VISIT_GAP) | (np.diff(pages["person"].to_numpy()) != 0)][: len(pages)]
    carts = of_people("product_added")["person"].value_counts()
    return pd.DataFrame({"visits_30d": pages[new]["person"].value_counts(), "carts_30d": carts})


def _profiles(workspace: Workspace, systems: list[str]) -> pd.Series:
    table = pq.read_table(workspace.truth / "profiles.parquet", filters=[("source_system", "in", systems)]).to_pandas()
    table = table[table["person_id"] >= 0]
    return table.drop_duplicates("source_profile_id").set_index("source_profile_id")["person_id"]
