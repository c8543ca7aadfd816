"""SQL scores compared with the papers' formulas in exact arithmetic, and with customers simulated from the model."""

from __future__ import annotations

import itertools
from collections.abc import Sequence
from datetime import date
from typing import Any

import duckdb
import jinja2
import numpy as np
import pandas as pd
import pytest

from scripts.learning.prediction import bg_nbd
from scripts.pipeline.steps import copy_missing_seeds
from scripts.platform.dbt import run_dbt
from scripts.platform.warehouse import open_warehouse
from scripts.platform.workspace import PROJECT, Workspace
from tests.support import exact

AS_OF = date(2026, 6, 30)
HORIZONS = (90, 180, 270, 365)
YEAR = 365 / 7
MODELS = ["int_clv_expected_orders", "int_customer_clv"]
PARAMETERS = ["bg_nbd_r", "bg_nbd_alpha", "bg_nbd_a", "bg_nbd_b"]

# Every combination of these, with a = 1 and close to it, x = 0, T = 0, almost no leavers, almost only leavers.
R, ALPHA = (0.05, 0.243, 1.0, 3.0, 10.0), (0.5, 4.4, 60.0)
A, B = (0.05, 0.3, 0.793, 1.0, 1.0001, 2.0, 10.0, 100.0), (0.05, 0.5, 2.426, 20.0, 200.0)
X, T_DAYS = (0, 1, 2, 5, 30, 300), (0, 1, 70, 273, 2100)
SAMPLE = 200

# Customers drawn from the models: purchases, and spend per purchase.
DRAWN = (0.8, 6.0, 0.9, 3.0)
SPEND = (4.0, 5.0, 60.0)
CUSTOMERS = 20_000
DISCOUNT = 0.10


def grid_parameters() -> pd.DataFrame:
    """A cohort for every combination and each of the two models."""
    rows = list(itertools.product(R, ALPHA, A, B, (0.0, 1.0)))
    frame = pd.DataFrame(rows, columns=[*PARAMETERS, "bg_nbd_leaves_after_first"])
    return frame.assign(cohort=[f"grid_{number}" for number in range(len(frame))])


def grid_customers(parameters: pd.DataFrame) -> pd.DataFrame:
    """Customers of every cohort with every possible x and T; the last purchase is anywhere in between."""
    times = pd.DataFrame(
        [(x, days) for x in X for days in T_DAYS if x == 0 or days > 0], columns=["repeat_count", "observed_days"]
    )
    frame = parameters[["cohort"]].merge(times, how="cross")
    between = np.random.default_rng(1).integers(1, np.maximum(frame["observed_days"], 1) + 1)
    frame["last_purchase_age_days"] = np.where(frame["repeat_count"] > 0, between, 0)
    return frame.assign(customer_id=frame.index.map("g{:06d}".format), mean_purchase_value=50.0)


def drawn_customers(modified: bool) -> pd.DataFrame:
    """Customers of up to three years, simulated event by event: their history, and the year after (`later_...`)."""
    r, alpha, a, b = DRAWN
    p, q, v = SPEND
    rng = np.random.default_rng(40 + modified)
    rows = []
    for number in range(CUSTOMERS):
        rate, leaving, spend_rate = rng.gamma(r) / alpha, rng.beta(a, b), rng.gamma(q) / v
        days = int(rng.integers(1, 3 * 365))
        end, week, times = days / 7, 0.0, [0.0]
        stays = not modified or rng.random() >= leaving
        while stays:
            week += rng.exponential(1 / rate)
            if week > end + YEAR:
                break
            times.append(week)
            stays = rng.random() >= leaving
        at, spent = np.array(times), rng.gamma(p, 1 / spend_rate, len(times))
        seen, later = at <= end, at > end
        rows.append(
            {
                "customer_id": f"d{int(modified)}{number:06d}",
                "repeat_count": int(seen.sum()) - 1,
                "last_purchase_age_days": 7 * float(at[seen][-1]),
                "observed_days": days,
                "mean_purchase_value": float(spent[seen].mean()),
                "later_count": int(later.sum()),
                "later_value": float((spent[later] * (1 + DISCOUNT) ** (-(at[later] - end) / YEAR)).sum()),
                "next_days": 7 * (float(at[later][0]) - end) if later.any() else np.inf,
            }
        )
    return pd.DataFrame(rows).assign(cohort=f"drawn_{int(modified)}")


def drawn_parameters() -> pd.DataFrame:
    frame = pd.DataFrame([DRAWN] * 2, columns=PARAMETERS)
    return frame.assign(bg_nbd_leaves_after_first=[0.0, 1.0], cohort=["drawn_0", "drawn_1"])


@pytest.fixture(scope="module")
def tables() -> dict[str, pd.DataFrame]:
    """The inputs of scoring, by name of the relation; the spend parameters are the same for all."""
    parameters = grid_parameters()
    p, q, v = SPEND
    customers = [grid_customers(parameters), drawn_customers(False), drawn_customers(True)]
    combined = pd.concat(customers, ignore_index=True)
    return {
        "int_clv_parameters": pd.concat([parameters, drawn_parameters()], ignore_index=True).assign(
            spend_revenue_p=p, spend_revenue_q=q, spend_revenue_v=v,
            spend_margin_p=p, spend_margin_q=q, spend_margin_v=v / 2, scope_contribution_ratio=0.8,
        ),
        "int_clv_customers": combined.assign(
            purchase_day_count=combined["repeat_count"] + 1,
            mean_purchase_margin=combined["mean_purchase_value"] / 2,
            as_of_date=AS_OF,
            value_scope="modelled",
        ),
    }  # fmt: skip


@pytest.fixture(scope="module")
def workspace(tmp_path_factory: pytest.TempPathFactory, tables: dict[str, pd.DataFrame]) -> Workspace:
    workspace = Workspace.at(warehouse=str(tmp_path_factory.mktemp("clv_sql") / "warehouse.duckdb"))
    with open_warehouse(workspace.warehouse) as connection:
        connection.execute("create schema intermediate")
        for name, frame in tables.items():
            connection.register("frame", frame)
            connection.execute(f"create table intermediate.{name} as select * from frame")
        connection.execute("alter table intermediate.int_clv_customers alter as_of_date type date")
    copy_missing_seeds(workspace, lambda _: None)
    run_dbt(workspace, ["run", "--select", *MODELS], progress=lambda _: None)
    return workspace


@pytest.fixture(scope="module")
def scored(workspace: Workspace, tables: dict[str, pd.DataFrame]) -> pd.DataFrame:
    """All customers with parameters, history, later purchases, and the scores of int_customer_clv."""
    with duckdb.connect(str(workspace.warehouse), read_only=True) as connection:
        scores = connection.execute("select * from intermediate.int_customer_clv").df()
    expected = tables["int_clv_customers"].merge(tables["int_clv_parameters"], on="cohort")
    merged = expected.merge(scores, on="customer_id", validate="one_to_one")
    assert len(merged) == len(scores) == len(expected)
    return merged


@pytest.fixture(scope="module")
def on_grid(scored: pd.DataFrame) -> pd.DataFrame:
    return scored[scored["cohort"].str.startswith("grid")]


def exactly(row: Any, days: int | None = None) -> float:
    """P(alive) of a row, or with `days` its expected purchases in that many days."""
    parameters = (row.bg_nbd_r, row.bg_nbd_alpha, row.bg_nbd_a, row.bg_nbd_b)
    history = (int(row.repeat_count), row.last_purchase_age_days / 7, row.observed_days / 7, parameters)
    modified = row.bg_nbd_leaves_after_first == 1
    return exact.expected_purchases(days / 7, *history, modified) if days else exact.p_alive(*history, modified)


def test_expected_purchases_match_the_papers(on_grid: pd.DataFrame) -> None:
    """Within a millionth, for customers from all over the grid, with four horizons each."""
    sample = on_grid.sample(SAMPLE, random_state=3)
    assert set(sample["bg_nbd_leaves_after_first"]) == {0, 1} and {0, 300} < set(sample["repeat_count"])
    for days in HORIZONS:
        expected = [exactly(row, days) for row in sample.itertuples()]
        assert sample[f"expected_orders_{days}d"].tolist() == pytest.approx(expected, rel=1e-6, abs=1e-300)


def test_p_alive_matches_the_papers(on_grid: pd.DataFrame) -> None:
    sample = on_grid.sample(3 * SAMPLE, random_state=4)
    expected = [exactly(row) for row in sample.itertuples()]
    assert sample["p_alive"].tolist() == pytest.approx(expected, rel=1e-9, abs=1e-300)
    once = on_grid[on_grid["repeat_count"] == 0]
    assert (once.loc[once["bg_nbd_leaves_after_first"] == 0, "p_alive"] == 1).all()
    assert (once.loc[once["bg_nbd_leaves_after_first"] == 1, "p_alive"] < 1).all()


def test_python_and_sql_score_alike(on_grid: pd.DataFrame) -> None:
    """On the whole grid, so that backtests in Python are valid for the scores in SQL."""
    for key, rows in on_grid.groupby([*PARAMETERS, "bg_nbd_leaves_after_first"]):
        found = bg_nbd.expected_purchases(
            YEAR, rows["repeat_count"], rows["last_purchase_age_days"] / 7, rows["observed_days"] / 7, key[:4],
            leaves_after_first=key[4] == 1,
        )  # fmt: skip
        assert rows["expected_orders_365d"].to_numpy() == pytest.approx(found, rel=1e-7, abs=1e-250), key


@pytest.mark.verify
def test_the_whole_grid_is_exact(workspace: Workspace, on_grid: pd.DataFrame) -> None:
    """Every combination, compared to fifty digits; each row with one of the horizons in turn."""
    for number, days in enumerate(HORIZONS):
        rows = on_grid.iloc[number :: len(HORIZONS)]
        expected = [exactly(row, days) for row in rows.itertuples()]
        assert rows[f"expected_orders_{days}d"].tolist() == pytest.approx(expected, rel=1e-6, abs=1e-300)


def orders_over(workspace: Workspace, horizons: Sequence[int]) -> pd.DataFrame:
    """int_clv_expected_orders as written, with other horizons than the project uses."""
    known: dict[str, Any] = {
        "ref": lambda name: f"intermediate.{name}",
        "clv_horizons": lambda: list(horizons),
        "number_spine": lambda count: f"select range as number from range({count})",
    }
    for file, names in {
        "arithmetic": ("logistic", "softplus"),
        "bg_nbd": ("expected_orders_given_dropout", "expected_order_pairs_given_dropout"),
    }.items():
        text = (PROJECT / "macros" / "prediction" / f"{file}.sql").read_text(encoding="utf-8")
        module = jinja2.Environment().from_string(text, globals=known).module
        known.update({name: getattr(module, name) for name in names})
    model = PROJECT / "models" / "customers" / "intermediate" / "prediction" / "int_clv_expected_orders.sql"
    query = jinja2.Environment().from_string(model.read_text(encoding="utf-8"), globals=known).render()
    with duckdb.connect(str(workspace.warehouse), read_only=True) as connection:
        return connection.execute(query).df()


def test_a_day_and_ten_years_are_exact_too(workspace: Workspace, on_grid: pd.DataFrame) -> None:
    given_alive = orders_over(workspace, (1, 365, 3650))
    keys = ["cohort", "repeat_count", "observed_days"]
    sample = on_grid.sample(SAMPLE // 2, random_state=5).merge(given_alive, on=keys, validate="one_to_one")
    assert len(sample) == SAMPLE // 2
    # This is the same query that dbt ran.
    assert (sample["p_alive"] * sample["orders_365d"]).tolist() == pytest.approx(
        sample["expected_orders_365d"].tolist(), rel=1e-12, abs=1e-300
    )
    for days in (1, 3650):
        expected = [exactly(row, days) for row in sample.itertuples()]
        assert (sample["p_alive"] * sample[f"orders_{days}d"]).tolist() == pytest.approx(expected, rel=1e-6, abs=1e-300)


def test_value_is_discounted_expected_revenue(scored: pd.DataFrame) -> None:
    """Summed over 73 steps of five days instead of four quarters: equal within a thousandth."""
    rows = scored[scored["cohort"] == "drawn_0"].iloc[:300]
    p, q, v = SPEND
    n, mean = rows["purchase_day_count"], rows["mean_purchase_value"]
    per_purchase = p * (v + n * mean) / (p * n + q - 1)
    assert rows["expected_order_value"].tolist() == pytest.approx(per_purchase.tolist(), rel=1e-9)
    discounted, before = 0.0, 0.0
    for days in range(5, 366, 5):
        expected = bg_nbd.expected_purchases(
            days / 7, rows["repeat_count"], rows["last_purchase_age_days"] / 7, rows["observed_days"] / 7, DRAWN
        )
        discounted = discounted + (expected - before) * (1 + DISCOUNT) ** (-(days - 2.5) / 365)
        before = expected
    assert rows["predicted_value_12m"].tolist() == pytest.approx((per_purchase * discounted).tolist(), rel=1e-3)


def test_margin_is_the_true_share_of_value(scored: pd.DataFrame) -> None:
    """Half of every purchase is gross margin, and eight tenths of that remain as contribution."""
    assert scored["expected_order_margin"].tolist() == pytest.approx(
        (0.4 * scored["expected_order_value"]).tolist(), rel=1e-9
    )
    assert scored["predicted_margin_12m"].tolist() == pytest.approx(
        (0.4 * scored["predicted_value_12m"]).tolist(), rel=1e-9
    )


@pytest.mark.parametrize("cohort", ["drawn_0", "drawn_1"])
def test_expectations_come_true(scored: pd.DataFrame, cohort: str) -> None:
    """Purchases and discounted revenue in the year after, on average; and half have ordered by their expected date."""
    rows = scored[scored["cohort"] == cohort]
    for expected, made in (("expected_orders_365d", "later_count"), ("predicted_value_12m", "later_value")):
        difference = rows[made] - rows[expected]
        assert abs(difference.mean()) < 3.5 * difference.std() / np.sqrt(len(rows)), (expected, difference.mean())
    # Also for customers with low, medium and high expectations separately.
    ranked = rows.sort_values("expected_orders_365d")
    for third in (ranked.iloc[start : start + len(rows) // 3] for start in range(0, len(rows) - 2, len(rows) // 3)):
        difference = third["later_count"] - third["expected_orders_365d"]
        assert abs(difference.mean()) < 3.5 * difference.std() / np.sqrt(len(third))
    dated = rows[rows["expected_next_order_date"].notna()]
    wait = (pd.to_datetime(dated["expected_next_order_date"]) - pd.Timestamp(AS_OF)).dt.days
    assert len(dated) > 1000
    assert (dated["next_days"] <= wait).mean() == pytest.approx(0.5, abs=0.03)


@pytest.mark.parametrize("cohort", ["drawn_0", "drawn_1"])
def test_the_interval_holds_four_years_in_five(scored: pd.DataFrame, cohort: str) -> None:
    """A tenth of revenues lie above it, and about a tenth below.

    No revenue is below 0: if the probability of no purchase exceeds a tenth, the interval starts at 0 and only its
    upper end can be missed; if it exceeds nine tenths, the interval is 0 to 0.
    """
    rows = scored[scored["cohort"] == cohort]
    low, high, made = (rows[name] for name in ("predicted_value_12m_low", "predicted_value_12m_high", "later_value"))
    assert (low <= rows["predicted_value_12m"]).all() and (low <= high).all()
    both, upper, neither = rows[low > 0], rows[high > 0], rows[high == 0]
    assert min(len(both), len(upper) - len(both), len(neither)) > 150
    above = (upper["later_value"] > upper["predicted_value_12m_high"]).mean()
    below = (both["later_value"] < both["predicted_value_12m_low"]).mean()
    assert above == pytest.approx(0.1, abs=0.03)
    assert below == pytest.approx(0.1, abs=0.05)
    inside = both["later_value"].between(both["predicted_value_12m_low"], both["predicted_value_12m_high"]).mean()
    assert 0.72 < inside < 0.9
    assert (neither["later_value"] == 0).mean() > 0.9
    assert made.between(low, high).mean() > 0.8
