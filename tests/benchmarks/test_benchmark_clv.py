"""The benchmark of lifetime value: what it measures, and when it fails."""

from __future__ import annotations

from pathlib import Path

import duckdb
import numpy as np
import pytest

from scripts.benchmarks import clv as benchmark_clv
from scripts.demo.simulator.model import CLASSES, HISTORY_DAYS
from scripts.learning.prediction.bg_nbd import NAMES, Parameters
from scripts.platform.errors import CheckFailed, UserError
from scripts.platform.workspace import Workspace


def test_it_compares_with_lifetimes() -> None:
    said: list[str] = []
    compared = benchmark_clv.benchmark_clv(customers=4000, progress=said.append)
    assert compared.difference < 1e-5
    assert compared.times == compared.theirs / compared.ours
    assert "8 of 8 starts agree" in said[1]


def test_a_result_different_from_lifetimes_fails(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(benchmark_clv, "GOAL_DIFFERENCE", 0.0)
    with pytest.raises(CheckFailed, match="differ from those of lifetimes"):
        benchmark_clv.benchmark_clv(customers=2000, progress=lambda _: None)


@pytest.mark.verify
def test_all_customers_are_scored(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    said: list[str] = []
    workspace = Workspace.at(warehouse=str(tmp_path / "warehouse.duckdb"))
    monkeypatch.setattr(benchmark_clv, "SCORINGS", 1)
    assert benchmark_clv.benchmark_scoring(workspace, customers=3000, progress=said.append) > 0
    assert said[0].startswith("scored in SQL in ") and "3,000 customers" in said[0]
    with duckdb.connect(str(tmp_path / "clv-3000" / "warehouse.duckdb"), read_only=True) as connection:
        scored = connection.execute("select count(*), sum(expected_orders_365d) from intermediate.int_customer_clv")
        count, orders = scored.fetchall()[0]
    assert count == 3000 and 1000 < orders < 6000
    monkeypatch.setattr(benchmark_clv, "GOAL_SCORING", 0.0)
    with pytest.raises(CheckFailed, match="scoring took"):
        benchmark_clv.benchmark_scoring(workspace, customers=1000, progress=said.append)


def test_the_truth_matches_the_simulator() -> None:
    regular = next(buyers for buyers in CLASSES if buyers.name == "regular")
    true = benchmark_clv._truth()
    # Purchases per year; and the mean probability of leaving, before having stayed once added 1 to b.
    assert true.r / true.alpha * 365 / 7 == pytest.approx(regular.rate)
    chance = regular.dropout_a / (regular.dropout_a + regular.dropout_b)
    assert true.a / (true.a + true.b - 1) == pytest.approx(chance)


def test_the_truth_is_recovered_in_a_data_set() -> None:
    said: list[str] = []
    within = benchmark_clv.benchmark_recovery(data_sets=1, people=20_000, progress=said.append)
    assert within == dict.fromkeys(NAMES, 1)
    assert "0 fits did not converge" in said[0]


def test_buyers_are_observed_in_seasonal_weeks() -> None:
    x, t_x, T = benchmark_clv._observed(8000, 3)
    assert len(x) > 300
    assert np.all((t_x > 0) == (x > 0)) and np.all(t_x <= T)
    # The season stretches and shrinks weeks but does not lengthen the history.
    assert 0.9 * HISTORY_DAYS / 7 < T.max() <= HISTORY_DAYS / 7


def test_a_truth_that_is_not_recovered_fails(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(benchmark_clv, "_truth", lambda: Parameters(2.5, 500.0, 1.1, 4.6))
    with pytest.raises(CheckFailed, match="alpha: the truth is within two standard errors in less than 90%"):
        benchmark_clv.benchmark_recovery(data_sets=1, people=20_000, progress=lambda _: None)
    with pytest.raises(UserError, match="at least one data set"):
        benchmark_clv.benchmark_recovery(data_sets=0)
