"""`fit clv` recovers the parameters behind the data, reports whom it leaves out, and writes consistent seeds."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, timedelta
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from scripts.learning.prediction import bg_nbd, cards, clv, clv_holdout
from scripts.learning.prediction.cards import Figure
from scripts.learning.prediction.clv import fit_clv
from scripts.learning.prediction.clv_holdout import Candidate, candidates, hold_out, holdout_doubts
from scripts.learning.prediction.purchase_models import purchase_arrays
from scripts.platform.errors import CheckFailed, UserError
from scripts.platform.workspace import BUSINESS_SEEDS, Workspace
from tests.support.cdnow import whole_purchase_log
from tests.support.small_purchases import (
    CONTRIBUTION_SHARE,
    LAST,
    MARGIN_SHARE,
    SPEND,
    TRUTH,
    purchase_days,
    purchases_workspace,
)

CUSTOMERS = 2_500
SEEDS = ("clv_parameters", "model_cards", "model_card_figures", "model_reference_shares")


def quiet(_: str) -> None:
    return None


def seed(workspace: Workspace, name: str) -> pd.DataFrame:
    return pd.read_csv(workspace.seeds / f"{name}.csv")


def parameters(workspace: Workspace, part: str, cohort: str = "all") -> pd.DataFrame:
    rows = seed(workspace, "clv_parameters")
    return rows[(rows["part"] == part) & (rows["cohort"] == cohort)].set_index("parameter")


@pytest.fixture(scope="module")
def days() -> pd.DataFrame:
    return purchase_days(CUSTOMERS, seed=7)


@pytest.fixture(scope="module")
def fitted(tmp_path_factory: pytest.TempPathFactory, days: pd.DataFrame) -> Workspace:
    """People, one of whom buys like a business, and a wholesaler."""
    daily = pd.DataFrame(
        {
            "customer_id": "c_daily",
            "ordered_date": [day.date() for day in pd.date_range(end=LAST, periods=200)],
            "revenue": 50.0,
        }
    )
    shop = daily.assign(customer_id="shop_1", revenue=9_000.0)
    workspace = purchases_workspace(tmp_path_factory.mktemp("clv"), pd.concat([days, daily, shop]))
    fit_clv(workspace, by="country_code", progress=quiet)
    return workspace


@pytest.mark.parametrize(("part", "truth"), [("bg_nbd", TRUTH), ("spend_revenue", SPEND)])
def test_the_parameters_behind_the_data_are_recovered(fitted: Workspace, part: str, truth: dict[str, float]) -> None:
    """Within three standard errors each, which an error in the fit or in the unit of time would exceed."""
    found = parameters(fitted, part)
    for name, value in truth.items():
        assert abs(found.loc[name, "estimate"] - value) < 3 * found.loc[name, "standard_error"], found.to_string()


def test_the_card_says_which_purchase_model_was_chosen_and_why(fitted: Workspace) -> None:
    """In these data, customers leave only after a repeat purchase."""
    figures = seed(fitted, "model_card_figures")
    choice = figures[figures["section"] == "choice"].set_index("figure")
    assert choice.loc["purchase model", "value"] == "BG/NBD"
    assert "than MBG/NBD" in choice.loc["purchase model", "note"]
    errors, likelihoods = (
        [float(choice.loc[f"{measure} of {name}", "value"]) for name in ("BG/NBD", "MBG/NBD")]
        for measure in ("error", "log-likelihood")
    )
    assert errors[0] < errors[1] or likelihoods[0] > likelihoods[1]
    assert seed(fitted, "model_cards").loc[0, "model_name"].startswith("BG/NBD and Gamma-Gamma")
    for cohort in ("all", "GB", "FR"):
        assert parameters(fitted, "bg_nbd", cohort).loc["leaves_after_first", "estimate"] == 0


def test_what_is_chosen_is_judged_on_later_days(fitted: Workspace) -> None:
    """Every figure of the choice is of an earlier day than the holdout, and the card says both in words."""
    figures = seed(fitted, "model_card_figures")
    days = figures.dropna(subset=["figure_date"]).groupby("section")["figure_date"].unique()
    [chosen], [judged] = days["choice"], days["holdout"]
    held_out = (LAST - date.fromisoformat(judged)).days
    assert date.fromisoformat(judged) - date.fromisoformat(chosen) == timedelta(days=held_out)
    periods = figures[figures["section"] == "periods"].set_index("figure")["value"]
    assert periods["chosen"] == f"after {chosen}, to {judged}"
    assert periods["judged"] == f"after {judged}, to {LAST}"
    assert periods["fitted for use"].endswith(f" to {LAST}")


@pytest.fixture(scope="module")
def whole_cdnow(tmp_path_factory: pytest.TempPathFactory) -> Workspace:
    """All 23,570 customers of CDNOW over 78 weeks, dated so that the last day is LAST."""
    log = whole_purchase_log()
    spent = log.groupby(["customer_id", "date"], as_index=False)["spend"].sum()
    shift = pd.Timestamp(LAST) - spent["date"].max()
    spent = spent.assign(ordered_date=(spent["date"] + shift).dt.date, revenue=spent["spend"])
    columns = ["customer_id", "ordered_date", "revenue"]
    return purchases_workspace(tmp_path_factory.mktemp("cdnow"), spent[columns])


def test_the_held_out_days_decide_against_the_likelihood(whole_cdnow: Workspace) -> None:
    """39 weeks to fit, 39 held out: MBG/NBD is likelier and foretells 81 % of the purchases, BG/NBD 86 %."""
    held = hold_out(whole_cdnow, LAST - timedelta(days=39 * 7), 39 * 7)
    best, other = (one for one in candidates(held) if one.skipped_days == 0)
    assert (best.fit.model_name, other.fit.model_name) == ("BG/NBD", "MBG/NBD")
    assert other.fit.log_likelihood > best.fit.log_likelihood + 20
    assert best.expected_over_actual == pytest.approx(0.86, abs=0.01)
    assert other.expected_over_actual == pytest.approx(0.81, abs=0.01)
    assert [one.fit.model_name for one in candidates(held, leaves_after_first=True)] == ["MBG/NBD"]


def test_the_choice_holds_on_the_days_after_it(whole_cdnow: Workspace) -> None:
    """A third of the time to fit, one to choose, one to judge: BG/NBD is chosen, and then foretells more as well."""
    fit_clv(whole_cdnow, progress=quiet)
    assert clv.purchase_model_in_use(whole_cdnow)[0] is False
    figures = seed(whole_cdnow, "model_card_figures")
    choice = figures[figures["section"] == "choice"].set_index("figure")
    assert "better than MBG/NBD on the days held out" in choice.loc["purchase model", "note"]
    values = choice["value"]
    assert float(values["log-likelihood of MBG/NBD"]) > float(values["log-likelihood of BG/NBD"])
    held = figures[figures["section"] == "holdout"].set_index("figure")["value"]
    ours, theirs = float(held["expected over actual"]), float(held["expected over actual by MBG/NBD"])
    assert theirs < ours < 1


def test_the_likelihood_decides_only_what_the_days_held_out_leave_open() -> None:
    """Of two models, the one that is likelier; unless the other was better by more than two standard errors."""

    def candidate(likelihood: float, deviances: list[float]) -> Candidate:
        fit = replace(bg_nbd.fit(*bg_nbd.simulate(2_000, (0.8, 6.0, 0.9, 3.0), 80, rng)), log_likelihood=likelihood)
        return Candidate(fit, 0, np.array(deviances), 1.0)

    rng = np.random.default_rng(1)
    likelier = candidate(-100.0, [1.0, 1.1, 1.2, 1.3] * 25)
    for other, is_better in (([0.9, 1.0, 1.1, 1.2], True), ([0.5, 1.6, 0.7, 1.7], False), ([1.4] * 4, False)):
        less_likely = candidate(-101.0, other * 25)
        first, _ = clv_holdout._better_first([less_likely, likelier])
        assert (first is less_likely) == is_better


def test_customers_who_leave_after_their_first_purchase_are_recognised(tmp_path: Path) -> None:
    """Data from the modified model: it is chosen, recovers the truth and predicts well; BG/NBD only on request."""
    drawn = purchase_days(CUSTOMERS, seed=8, leaves_after_first=True)
    workspace = purchases_workspace(tmp_path, drawn)
    fit_clv(workspace, by="country_code", progress=quiet)
    found = parameters(workspace, "bg_nbd")
    for name, value in TRUTH.items():
        assert abs(found.loc[name, "estimate"] - value) < 3 * found.loc[name, "standard_error"], found.to_string()
    cohorts = seed(workspace, "clv_parameters")
    assert cohorts.loc[cohorts["parameter"] == "leaves_after_first", "estimate"].tolist() == [1, 1, 1]
    assert clv.purchase_model_in_use(workspace)[0] is True
    assert seed(workspace, "model_cards").loc[0, "model_name"].startswith("MBG/NBD and Gamma-Gamma")

    figures = seed(workspace, "model_card_figures").set_index("figure")["value"]
    assert float(figures["expected over actual"]) == pytest.approx(1, abs=0.2)
    fit_clv(workspace, purchases="bg_nbd", progress=quiet)
    assert clv.purchase_model_in_use(workspace)[0] is False
    assert parameters(workspace, "bg_nbd").loc["leaves_after_first", "estimate"] == 0
    notes = seed(workspace, "model_card_figures").set_index("figure")["note"]
    assert notes["purchase model"] == "as requested; customers may leave after a repeat purchase only"


def test_customers_who_predate_the_data_are_not_trained_on(tmp_path: Path) -> None:
    """Four years of data on customers acquired over eight: most of those seen first are old customers.

    Treated as new they make all customers look more loyal; without them, the next year is predicted better.
    """
    drawn = purchase_days(4 * CUSTOMERS, seed=9, weeks=8 * 52)
    workspace = purchases_workspace(tmp_path, drawn[drawn["ordered_date"] > LAST - timedelta(days=4 * 364)])
    fit_clv(workspace, purchases="bg_nbd", progress=quiet)
    skipped = parameters(workspace, "scope").loc["skipped_first_days", "estimate"]
    assert skipped >= 90 and clv.purchase_model_in_use(workspace) == (False, skipped)
    figures = seed(workspace, "model_card_figures").set_index("figure")["value"]
    errors = {days: float(figures[f"error with the first {days} days left out"]) for days in (0, int(skipped))}
    assert errors[int(skipped)] < errors[0]
    # Slow old buyers still enter as new ones, so not every parameter is recovered; but the share who leave is.
    without_skipping = bg_nbd.fit(*purchase_arrays(clv.read_purchases(workspace))).parameters
    found = parameters(workspace, "bg_nbd")["estimate"]
    leaving = [
        fit["a"] / (fit["a"] + fit["b"]) - TRUTH["a"] / (TRUTH["a"] + TRUTH["b"])
        for fit in (found, without_skipping._asdict())
    ]
    assert leaving[1] < -0.01 and abs(leaving[0]) < abs(leaving[1]) / 2, leaving


def test_margin_and_contribution_follow_from_revenue(fitted: Workspace) -> None:
    """Gamma-Gamma fitted to a share of the amounts has the same p and q, and v times that share."""
    revenue, margin = parameters(fitted, "spend_revenue")["estimate"], parameters(fitted, "spend_margin")["estimate"]
    assert margin["p"] == pytest.approx(revenue["p"], rel=1e-2)
    assert margin["v"] == pytest.approx(MARGIN_SHARE * revenue["v"], rel=1e-2)
    ratio = parameters(fitted, "scope").loc["contribution_ratio", "estimate"]
    assert ratio == pytest.approx(CONTRIBUTION_SHARE / MARGIN_SHARE, rel=0.1)


def test_businesses_are_left_out_and_reported(fitted: Workspace) -> None:
    figures = seed(fitted, "model_card_figures").drop_duplicates("figure").set_index("figure")["value"]
    assert figures["buyers who are not people"] == "1"
    assert figures["rank customers by"] == "expected purchases"
    assert figures["people with unusual volume"] == "1"
    assert int(figures["customers"]) in (CUSTOMERS, CUSTOMERS - 1)


def test_cohorts_with_enough_customers_have_their_own_parameters(fitted: Workspace) -> None:
    rows = seed(fitted, "clv_parameters")
    assert set(rows["cohort"]) == {"all", "GB", "FR"}
    assert set(rows.loc[rows["cohort"] != "all", "cohort_by"]) == {"country_code"}
    # The limits of the model are the same for all customers.
    assert set(rows.loc[rows["parameter"].str.startswith("highest"), "cohort"]) == {"all"}


def test_the_holdout_is_predicted_by_the_true_model(fitted: Workspace) -> None:
    """The data are drawn from the model, so expectations must hold; over eight seeds the ratio was 0.99 +- 0.07."""
    figures = seed(fitted, "model_card_figures")
    held = figures[figures["section"] == "holdout"].set_index("figure")["value"].astype(float)
    assert held["actual purchases"] > 500
    assert held["expected over actual"] == pytest.approx(1, abs=0.2)
    assert held["revenue expected over actual"] == pytest.approx(1, abs=0.2)
    assert "doubt" not in set(figures["section"])


@pytest.mark.parametrize(
    ("purchases", "revenue", "correlation", "doubts"),
    [
        (1.0, 1.0, 0.4, []),
        (0.76, 1.32, 0.07, []),
        (1.9, 1.0, 0.4, ["expected purchases were 1.90 times the actual"]),
        (1.0, 0.7, 0.4, ["expected revenue was 0.70 times the actual"]),
        # With 1,000 customers chance alone gives up to 0.063.
        (1.0, 1.0, 0.06, ["expected and actual purchases do not rank alike (correlation 0.060)"]),
        (1.0, 1.0, float("nan"), ["expected and actual purchases do not rank alike (correlation nan)"]),
    ],
)
def test_a_forecast_that_the_holdout_refutes_is_in_doubt(
    purchases: float, revenue: float, correlation: float, doubts: list[str]
) -> None:
    figures = [
        Figure("holdout", "customers", 1000),
        Figure("holdout", "expected over actual", purchases),
        Figure("holdout", "revenue expected over actual", revenue),
        Figure("holdout", "rank correlation with actual purchases", correlation),
    ]
    assert holdout_doubts(figures) == doubts


def test_without_a_holdout_there_is_nothing_to_doubt() -> None:
    assert holdout_doubts([Figure("holdout", "not possible", "too few customers")]) == []


def test_every_row_carries_the_same_fit_and_the_card_the_fingerprint(fitted: Workspace, days: pd.DataFrame) -> None:
    assert len({tuple(seed(fitted, name)["fit_id"].unique()) for name in SEEDS}) == 1
    card = seed(fitted, "model_cards").iloc[0]
    assert card["fingerprint_orders"] == len(days) + 400
    assert card["fingerprint_revenue"] == pytest.approx(days["revenue"].sum() + 200 * 9_050, rel=1e-9)
    assert (card["world_kind"], card["reporting_currency"], card["as_of_date"]) == ("demo", "EUR", "2026-06-30")
    assert bool(card["is_usable"]) and card["review_date"] == "2026-09-28"


def test_the_same_data_give_the_same_files(fitted: Workspace) -> None:
    before = {name: (fitted.seeds / f"{name}.csv").read_bytes() for name in SEEDS}
    fit_clv(fitted, by="country_code", progress=quiet)
    assert {name: (fitted.seeds / f"{name}.csv").read_bytes() for name in SEEDS} == before


def test_rows_of_other_models_are_kept(fitted: Workspace, tmp_path: Path, days: pd.DataFrame) -> None:
    workspace = purchases_workspace(tmp_path, days)
    other = cards.Card(model_key="other", model_name="Other", customer_count=1, summary="fine")
    columns = ["model_key", "fit_id", "x"]
    cards.write_model(workspace, other, "other_parameters.csv", columns, [{"x": 1}], cards.data_facts(workspace))
    fit_clv(workspace, progress=quiet)
    fit_clv(workspace, progress=quiet)
    assert sorted(seed(workspace, "model_cards")["model_key"]) == ["clv", "other"]


def test_an_interrupted_write_leaves_no_card_for_the_new_parameters(
    tmp_path: Path, days: pd.DataFrame, monkeypatch: pytest.MonkeyPatch
) -> None:
    """SQL needs parameters and card of the same fit: an interrupted write gives no score instead of a wrong one."""
    workspace = purchases_workspace(tmp_path, days)
    fit_clv(workspace, progress=quiet)
    first = seed(workspace, "model_cards")["fit_id"][0]
    real = cards.replace_file

    def killed(file: Path, data: bytes) -> None:
        if file.name == cards.CARDS:
            raise KeyboardInterrupt
        real(file, data)

    monkeypatch.setattr(cards, "replace_file", killed)
    with pytest.raises(KeyboardInterrupt):
        fit_clv(workspace, by="country_code", progress=quiet)
    assert seed(workspace, "model_cards")["fit_id"].tolist() == [first]
    assert first not in set(seed(workspace, "clv_parameters")["fit_id"])
    assert not list(workspace.seeds.glob("*.part"))


def test_data_that_cannot_be_fitted_get_a_message_of_one_line(tmp_path: Path, days: pd.DataFrame) -> None:
    with pytest.raises(UserError, match=r"not a cohort column; use country_code or first_order_channel"):
        fit_clv(Workspace.at(warehouse=str(tmp_path / "none.duckdb")), by="age", progress=quiet)
    with pytest.raises(UserError, match="not a model; use bg_nbd, mbg_nbd or auto"):
        fit_clv(Workspace.at(warehouse=str(tmp_path / "none.duckdb")), purchases="pareto", progress=quiet)
    with pytest.raises(UserError, match="no such warehouse"):
        fit_clv(Workspace.at(warehouse=str(tmp_path / "none.duckdb")), progress=quiet)
    once = days.drop_duplicates("customer_id")
    with pytest.raises((UserError, CheckFailed)) as problem:
        fit_clv(purchases_workspace(tmp_path / "once", once), progress=quiet)
    assert "\n" not in str(problem.value)
    few = days[days["customer_id"] < "c00030"]
    with pytest.raises(UserError, match="at least 50"):
        fit_clv(purchases_workspace(tmp_path / "few", few), progress=quiet)


def test_the_shipped_seeds_are_empty(fitted: Workspace) -> None:
    for name in SEEDS:
        assert len((BUSINESS_SEEDS / f"{name}.csv").read_text(encoding="utf-8").splitlines()) == 1
    assert (BUSINESS_SEEDS / "clv_parameters.csv").read_text(encoding="utf-8").strip().split(",") == clv.COLUMNS


def test_reference_shares_cover_all_customers() -> None:
    """Bins are (low, high], the outer ones unbounded; missing values have their own bin; the shares add up to 1."""
    frame = pd.DataFrame({"n": [0, 0, 0, 0, 1, 2, 3, None, None, 9.5], "empty": [None] * 10})
    shares = cards.reference_shares(frame, ["n", "empty"])
    assert shares.groupby("input_name")["share"].sum().round(6).tolist() == [1.0, 1.0]
    n = shares[shares["input_name"] == "n"]
    assert n.loc[n["bin_number"] == 0, "share"].tolist() == [0.2]
    for row in n[n["bin_number"] > 0].itertuples():
        low = float("-inf") if pd.isna(row.bin_low) else row.bin_low
        high = float("inf") if pd.isna(row.bin_high) else row.bin_high
        assert row.share == pytest.approx(((frame["n"] > low) & (frame["n"] <= high)).mean())
