"""Expectations before publishing: a healthy retailer passes, each planted fault is caught by the right one."""

from __future__ import annotations

import csv
import json
import shutil
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pandas as pd
import pytest

from scripts.platform.errors import CheckFailed, UserError
from scripts.platform.warehouse import open_warehouse
from scripts.platform.workspace import BUSINESS_SEEDS, Workspace
from scripts.serving import expectations
from scripts.serving.expectations import suites
from scripts.serving.expectations.page import _limits
from scripts.serving.publish import publish
from tests.support.profiled_workspace import LAST_DAY, drawn_orders, profiled_workspace, put_orders
from tests.support.small_workspace import change, small_workspace


def quiet(_: str) -> None:
    return None


@pytest.fixture(scope="module")
def profiled(tmp_path_factory: pytest.TempPathFactory) -> tuple[Workspace, Path]:
    """The retailer without orders, and a copy of its warehouse."""
    workspace = profiled_workspace(tmp_path_factory.mktemp("profiled"))
    copy = workspace.home / "before.duckdb"
    shutil.copyfile(workspace.warehouse, copy)
    return workspace, copy


@pytest.fixture
def workspace(profiled: tuple[Workspace, Path]) -> Workspace:
    """The retailer as it was made, nothing published; each test puts the orders that it needs."""
    workspace, copy = profiled
    shutil.copyfile(copy, workspace.warehouse)
    workspace.published.unlink(missing_ok=True)
    for folder in (workspace.versions, workspace.home / "refused"):
        shutil.rmtree(folder, ignore_errors=True)
    return workspace


@pytest.fixture(scope="module")
def orders() -> pd.DataFrame:
    return drawn_orders()


def read(workspace: Workspace, query: str) -> pd.DataFrame:
    with open_warehouse(workspace.warehouse, read_only=True) as connection:
        return connection.execute(query).df()


def outcomes(quality: expectations.Quality, outcome: str) -> set[tuple[str, str]]:
    return {(result.expectation_key, result.subject) for result in quality.results if result.outcome == outcome}


def last_days(orders: pd.DataFrame, days: int) -> pd.Series:
    return orders["ordered_date"] > LAST_DAY - pd.Timedelta(days=days)


def psi(recent: np.ndarray, reference: np.ndarray) -> float:
    """Population stability index of two arrays of counts over the same bins, half a row added to each."""
    recent_share = (recent + 0.5) / (recent + 0.5).sum()
    reference_share = (reference + 0.5) / (reference + 0.5).sum()
    return float(((recent_share - reference_share) * np.log(recent_share / reference_share)).sum())


def test_a_demo_passes_without_a_false_alarm(demo_workspace: Workspace) -> None:
    results = json.loads((demo_workspace.published / "quality.json").read_text())
    assert results["status"] == "passed"
    assert results["as_of_date"] == "2026-06-30"
    assert results["counts"]["met"] > 30
    outcomes_by_suite = {(row["suite"], row["outcome"]) for row in results["results"]}
    assert {(suite, "met") for suite in ("volume", "drift", "distribution", "cross_field")} <= outcomes_by_suite


def test_a_healthy_retailer_passes_and_everything_is_checked(workspace: Workspace, orders: pd.DataFrame) -> None:
    put_orders(workspace, orders)
    quality = expectations.check_profiles(workspace.warehouse)
    assert quality.status == "passed"
    checked = {key for key, _ in outcomes(quality, "met")}
    assert {"channel_week_missing", "channel_value_absurd", "order_value_drifts", "currency_mix_flips"} <= checked
    assert len([key for key, _ in outcomes(quality, "met") if key == "channel_week_missing"]) == 3


def test_profiles_equal_an_independent_calculation(workspace: Workspace, orders: pd.DataFrame) -> None:
    """The index in numpy, the usual week in pandas, from the orders alone."""
    put_orders(workspace, orders.assign(gross_revenue=orders["gross_revenue"] * (1 + 0.5 * last_days(orders, 28))))
    changed = read(workspace, "select * from intermediate.int_orders")
    age = (LAST_DAY - changed["ordered_date"]).dt.days
    is_recent, is_reference = age < 28, (age >= 28) & (age < 392)
    drift = read(workspace, "select * from intermediate.int_data_profile_drift").set_index("measure")

    gross = changed["gross_revenue"].astype(float)
    amounts = {
        "order_value": gross,
        "units_per_order": changed["unit_count"].astype(float),
        "discount_share": (changed["discounts"].astype(float) / gross).round(6),
    }
    for measure, amount in amounts.items():
        cuts = np.unique(np.quantile(amount[is_reference], np.arange(1, 10) / 10))
        counts = [
            np.bincount(np.searchsorted(cuts, amount[part], side="left"), minlength=len(cuts) + 1)
            for part in (is_recent, is_reference)
        ]
        seen = np.sum(counts, axis=0) > 0
        assert drift.loc[measure, "psi"] == pytest.approx(psi(counts[0][seen], counts[1][seen]), abs=1e-7)
        assert drift.loc[measure, "bin_count"] == seen.sum()
    mixes = {"channel_mix": "channel", "currency_mix": "currency", "country_mix": "ship_country_code"}
    for measure, column in mixes.items():
        both = pd.DataFrame(
            {
                "recent": changed.loc[is_recent, column].value_counts(),
                "reference": changed.loc[is_reference, column].value_counts(),
            }
        ).fillna(0)
        assert (both["recent"] / both["recent"].sum()).min() > 0.01
        index = psi(both["recent"].to_numpy(), both["reference"].to_numpy())
        assert drift.loc[measure, "psi"] == pytest.approx(index, abs=1e-7)
    bins = drift["bin_count"] - 1
    chance = (bins + 4 * np.sqrt(2 * bins)) * (1 / drift["basis_rows"] + 1 / drift["history_count"])
    pd.testing.assert_series_equal(drift["psi_by_chance"], chance, check_names=False, atol=1e-6)
    assert drift.loc["order_value", "psi_beyond_chance"] > 0.1 > drift.loc["channel_mix", "psi_beyond_chance"]

    weeks = [((changed["channel"] == "store") & (age >= 7 * k) & (age < 7 * k + 7)).sum() for k in range(13)]
    usual = np.median(weeks[1:])
    spread = max(1.4826 * np.median(np.abs(np.array(weeks[1:]) - usual)), np.sqrt(usual), 0.1 * usual)
    row = read(
        workspace,
        "select * from intermediate.int_data_profile_deviations where slice_name = 'store' and measure = 'order_count'"
        " and period = 'week' and profile_date = date '2026-06-30'",
    ).iloc[0]
    assert (row["observed"], row["expected"], row["history_count"]) == (weeks[0], usual, 12)
    assert row["deviation"] == pytest.approx((weeks[0] - usual) / spread, abs=1e-6)
    typical = [np.exp(np.log(gross[(age >= 7 * k) & (age < 7 * k + 7)]).mean()) for k in range(13)]
    row = read(
        workspace,
        "select * from intermediate.int_data_profile_deviations where slice_name = 'all' and measure = 'typical_value'"
        " and period = 'week' and profile_date = date '2026-06-30'",
    ).iloc[0]
    assert row["ratio"] == pytest.approx(typical[0] / np.median(typical[1:]), abs=1e-4)


PLANTS = {
    "a channel has no orders for a week": (
        lambda orders: orders[~((orders["channel"] == "store") & last_days(orders, 7))],
        {("channel_week_missing", "orders, store: number")},
    ),
    "pence instead of pounds in one week": (
        lambda orders: orders.assign(
            gross_revenue=orders["gross_revenue"] * np.where(last_days(orders, 7), 100, 1),
            tax=orders["tax"] * np.where(last_days(orders, 7), 100, 1),
        ),
        {("order_value_absurd", "orders: typical value")}
        | {
            (key, f"orders, {channel}: typical value")
            for key in ("channel_value_absurd",)
            for channel in ("online", "store", "marketplace")
        },
    ),
    "currencies are swapped": (
        lambda orders: orders.assign(
            currency=np.where(
                last_days(orders, 28), orders["currency"].map({"GBP": "EUR", "EUR": "GBP"}), orders["currency"]
            )
        ),
        {("currency_mix_flips", "distributions: currency mix")},
    ),
    "discounts are percentages instead of amounts": (
        lambda orders: orders.assign(
            discounts=np.where(
                last_days(orders, 28) & (orders["discounts"] > 0),
                np.maximum(orders["gross_revenue"] + 1, 20),
                orders["discounts"],
            )
        ),
        {("discount_above_gross_often", "cross fields: discount above gross")},
    ),
    "no customer is identified any more": (
        lambda orders: orders.assign(customer_id=orders["customer_id"].mask(last_days(orders, 7), None)),
        {("orders_lose_customers", "orders: share with a known customer")},
    ),
    "deliveries before their orders": (
        lambda orders: orders.assign(
            delivered_at=orders["delivered_at"].mask(last_days(orders, 28), orders["ordered_at"] - pd.Timedelta(days=1))
        ),
        {("delivered_before_ordered_often", "cross fields: delivered before ordered")},
    ),
}


@pytest.mark.parametrize("fault", PLANTS)
def test_a_planted_fault_is_caught_and_nothing_is_published(
    workspace: Workspace, orders: pd.DataFrame, fault: str
) -> None:
    plant, caught = PLANTS[fault]
    put_orders(workspace, plant(orders))
    with pytest.raises(CheckFailed) as problem:
        publish(workspace, quiet)
    assert not workspace.published.exists()
    refused = json.loads((workspace.home / "refused" / "quality.json").read_text())
    assert refused["status"] == "failed"
    found = {(row["expectation_key"], row["subject"]) for row in refused["results"] if row["outcome"] == "critical"}
    assert found == caught
    lines = str(problem.value).splitlines()
    assert len(lines) == len(caught) + 1
    for (key, subject), line in zip(sorted(caught), sorted(lines[:-1]), strict=True):
        assert line.startswith(f"{key} ({subject}): expected: ")
        assert "Observed: " in line
    page = (workspace.home / "refused" / "quality.html").read_text()
    assert all(key in page for key, _ in caught)
    assert "Not published" in page


def test_a_refused_version_leaves_the_last_good_one_until_it_is_fixed(
    workspace: Workspace, orders: pd.DataFrame
) -> None:
    put_orders(workspace, orders)
    before = publish(workspace, quiet)
    put_orders(workspace, PLANTS["currencies are swapped"][0](orders))
    change(workspace, "update marts.customers set customer_type = customer_type || '!'")
    with pytest.raises(CheckFailed):
        publish(workspace, quiet)
    assert workspace.published.resolve() == before
    assert (workspace.home / "refused").exists()
    put_orders(workspace, orders)
    assert publish(workspace, quiet) != before
    assert not (workspace.home / "refused").exists()


@pytest.mark.parametrize(
    ("column", "low", "high", "text"),
    [
        ("ratio", 0.3, None, "at least 0.3 times the usual"),
        ("ratio", 0.2, 5.0, "0.2 to 5 times the usual"),
        ("deviation", -5.0, None, "at most 5 spreads below the usual"),
        ("deviation", None, 6.0, "at most 6 spreads above the usual"),
        ("deviation", -6.0, 8.0, "at most 6 spreads below and 8 spreads above the usual"),
        ("deviation", 1.0, 2.0, "1 to 2 spreads from the usual"),
        ("observed", None, 0.05, "at most 0.05"),
    ],
)
def test_limits_read_as_people_would_say_them(column: str, low: float | None, high: float | None, text: str) -> None:
    result = SimpleNamespace(column_name=column, min_value=low, max_value=high)
    assert _limits(result) == text  # type: ignore[arg-type]


def test_since_is_the_day_on_which_the_breach_began(workspace: Workspace, orders: pd.DataFrame) -> None:
    """Store orders end 12 days before: a week below a tenth of the usual is found from the seventh such day on."""
    put_orders(workspace, orders[~((orders["channel"] == "store") & last_days(orders, 12))])
    (result,) = [
        result
        for result in expectations.check_profiles(workspace.warehouse).results
        if result.outcome == "critical" and result.expectation_key == "channel_week_missing"
    ]
    assert (result.observed, result.value) == (0, 0)
    # 18 June is the last day with orders; the week that ends on the 24th still holds one seventh of a week.
    assert result.since in ("2026-06-24", "2026-06-25")
    assert len(result.days) == 28


def test_a_shift_that_a_sale_could_explain_only_warns(workspace: Workspace, orders: pd.DataFrame) -> None:
    put_orders(workspace, orders.assign(gross_revenue=orders["gross_revenue"] * np.where(last_days(orders, 28), 2, 1)))
    messages: list[str] = []
    publish(workspace, messages.append)
    results = json.loads((workspace.published / "quality.json").read_text())
    assert results["status"] == "warnings"
    warned = {row["expectation_key"] for row in results["results"] if row["outcome"] == "warning"}
    assert "order_value_drifts" in warned
    assert any("warnings, 0 critical" in line for line in messages)


def test_nothing_is_checked_on_the_first_day_or_without_orders(workspace: Workspace, orders: pd.DataFrame) -> None:
    put_orders(workspace, orders.head(0))
    quality = expectations.check_profiles(workspace.warehouse)
    assert quality.status == "passed"
    assert {result.outcome for result in quality.results} == {"not_judged"}
    assert all(result.reason for result in quality.results)
    put_orders(workspace, orders[last_days(orders, 1)])
    quality = expectations.check_profiles(workspace.warehouse)
    assert quality.status == "passed"
    checked = {result.suite for result in quality.results if result.outcome != "not_judged" and result.min_value}
    assert checked == set()
    reasons = {
        result.reason
        for result in quality.results
        if result.expectation_key == "order_value_absurd" and result.outcome == "not_judged"
    }
    assert reasons == {"nothing was delivered, or its source is off"}


def test_the_results_add_up(workspace: Workspace, orders: pd.DataFrame) -> None:
    plant, _ = PLANTS["pence instead of pounds in one week"]
    put_orders(workspace, plant(orders))
    quality = expectations.check_profiles(workspace.warehouse)
    results = json.loads(json.dumps(quality.as_dict()))
    assert sum(results["counts"].values()) == len(results["results"])
    with (BUSINESS_SEEDS / "expectation_limits.csv").open(encoding="utf-8") as lines:
        declared = {row["expectation_key"]: row for row in csv.DictReader(lines)}
    assert {row["expectation_key"] for row in results["results"]} == set(declared)
    for row in results["results"]:
        seed = declared[row["expectation_key"]]
        low, high = (float(seed[name]) if seed[name] else None for name in ("min_value", "max_value"))
        assert (row["min_value"], row["max_value"], row["severity"]) == (low, high, seed["severity"])
        if row["outcome"] == "not_judged":
            assert row["reason"]
            continue
        inside = (low is None or row["value"] >= low) and (high is None or row["value"] <= high)
        assert row["outcome"] == ("met" if inside else seed["severity"])
        assert (row["since"] is not None) == (row["outcome"] != "met")
        assert row["basis_rows"] >= int(seed["min_rows"])
        assert row["history_count"] >= int(seed["min_history"])
    for distribution in results["distributions"]:
        for part in ("recent_share", "reference_share"):
            assert sum(row[part] for row in distribution["bins"]) == pytest.approx(1, abs=1e-4)


def test_the_page_is_self_contained(workspace: Workspace, orders: pd.DataFrame) -> None:
    put_orders(workspace, orders.assign(channel="<b>shop & co</b>"))
    page = expectations.page(expectations.check_profiles(workspace.warehouse))
    for outside in ("http:", "https:", "src=", "@import", "<script", "<link", "url("):
        assert outside not in page
    assert "<b>shop" not in page
    assert "&lt;b&gt;shop &amp; co&lt;/b&gt;" in page
    assert "customer_id" not in page


def test_the_same_warehouse_gives_the_same_files(workspace: Workspace, orders: pd.DataFrame) -> None:
    put_orders(workspace, orders)
    first = publish(workspace, quiet)
    files = [(first / name).read_bytes() for name in ("quality.json", "quality.html")]
    assert publish(workspace, quiet) == first
    change(workspace, "update marts.customers set customer_type = customer_type || '?'")
    second = publish(workspace, quiet)
    assert second != first
    assert [(second / name).read_bytes() for name in ("quality.json", "quality.html")] == files


def test_other_limits_check_the_same_version_again(workspace: Workspace, orders: pd.DataFrame) -> None:
    put_orders(workspace, orders)
    first = publish(workspace, quiet)
    row = "where expectation_key = 'order_value_moved'"
    change(workspace, f"update seeds.expectation_limits set max_value = -5 {row}")
    assert publish(workspace, quiet) == first
    assert json.loads((first / "quality.json").read_text())["counts"]["warning"] == 1
    change(workspace, f"update seeds.expectation_limits set is_active = false {row}")
    assert publish(workspace, quiet) == first
    results = json.loads((first / "quality.json").read_text())["results"]
    assert "order_value_moved" not in {result["expectation_key"] for result in results}


@pytest.mark.parametrize(
    ("fault", "message"),
    [
        ("severity = 'fatal'", "severity is 'fatal'; use critical or warning"),
        ("column_name = 'z_score'", "column_name is 'z_score'; use observed or ratio or deviation"),
        ("min_value = null, max_value = null", "neither min_value nor max_value"),
        ("min_value = 3, max_value = 2", "min_value 3 is above max_value 2"),
        ("measure = null", "measure is empty"),
    ],
)
def test_an_invalid_row_of_limits_is_named(
    workspace: Workspace, orders: pd.DataFrame, fault: str, message: str
) -> None:
    put_orders(workspace, orders.head(0))
    change(workspace, f"update seeds.expectation_limits set {fault} where expectation_key = 'orders_week_low'")
    with pytest.raises(UserError, match=message) as problem:
        publish(workspace, quiet)
    assert "expectation_limits.csv, orders_week_low" in str(problem.value)


def test_an_unknown_measure_is_shown_as_not_checked(workspace: Workspace, orders: pd.DataFrame) -> None:
    put_orders(workspace, orders)
    change(workspace, "update seeds.expectation_limits set measure = 'sales' where expectation_key = 'orders_week_low'")
    quality = expectations.check_profiles(workspace.warehouse)
    (result,) = [result for result in quality.results if result.expectation_key == "orders_week_low"]
    assert result.outcome == "not_judged"


def test_without_great_expectations_publishing_continues_and_reports_it(
    workspace: Workspace, orders: pd.DataFrame, monkeypatch: pytest.MonkeyPatch
) -> None:
    plant, _ = PLANTS["pence instead of pounds in one week"]
    put_orders(workspace, plant(orders))
    change(workspace, "update marts.customers set customer_type = customer_type || '.'")
    monkeypatch.setattr(suites.importlib.util, "find_spec", lambda name: None)
    messages: list[str] = []
    version = publish(workspace, messages.append)
    assert any(line.startswith("expectations were not run: great-expectations is not installed") for line in messages)
    results = json.loads((version / "quality.json").read_text())
    assert (results["status"], results["results"]) == ("not_run", [])
    assert "not installed" in (version / "quality.html").read_text()


def test_a_warehouse_without_profiles_is_reported(tmp_path: Path) -> None:
    messages: list[str] = []
    version = publish(small_workspace(tmp_path), messages.append)
    assert "expectations were not run: the warehouse holds no profiles; run `python -m scripts build`" in messages
    assert json.loads((version / "quality.json").read_text())["status"] == "not_run"
