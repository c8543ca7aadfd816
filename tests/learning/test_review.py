"""The page of model cards shows what is in the seeds, loads nothing from other servers, and works without charts."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from scripts.learning.prediction import review
from scripts.learning.prediction.cards import DOUBT, RANKING
from scripts.learning.prediction.clv import fit_clv
from scripts.platform.errors import UserError
from scripts.platform.pages.page import outside_references
from scripts.platform.workspace import Workspace
from tests.support.small_purchases import purchase_days, purchases_workspace


def quiet(_: str) -> None:
    return None


@pytest.fixture(scope="module")
def fitted(tmp_path_factory: pytest.TempPathFactory) -> Workspace:
    workspace = purchases_workspace(tmp_path_factory.mktemp("cards"), purchase_days(1_200, seed=3))
    fit_clv(workspace, progress=quiet)
    return workspace


def test_the_page_shows_every_card_and_is_self_contained(fitted: Workspace) -> None:
    page = review.write_model_page(fitted, progress=quiet).read_text(encoding="utf-8")
    card = pd.read_csv(fitted.seeds / "model_cards.csv").iloc[0]
    assert card["fit_id"] in page and card["review_date"] in page and f"{card['customer_count']:,}" in page
    figures = pd.read_csv(fitted.seeds / "model_card_figures.csv")
    for figure in figures.loc[figures["section"] == "holdout", "figure"]:
        assert figure in page
    assert page.count("<svg") == 1 and not outside_references(page)
    # No customer is identified on it.
    assert "c00001" not in page


def test_the_curve_matches_the_purchases(fitted: Workspace) -> None:
    """Repeat purchases of the training customers, counted independently from the purchase days."""
    figures = pd.read_csv(fitted.seeds / "model_card_figures.csv")
    tracking = figures[figures["section"] == "tracking"].set_index("figure")["value"].astype(float)
    held = figures[figures["section"] == "holdout"].iloc[0]["figure_date"]
    days = purchase_days(1_200, seed=3).assign(day=lambda rows: pd.to_datetime(rows["ordered_date"]))
    first = days.groupby("customer_id")["day"].transform("min")
    skipped = int(figures.loc[figures["figure"] == "first days left out", "value"].astype(float).iloc[0])
    begin = first.min() + pd.Timedelta(days=skipped)
    training = days[(first >= begin) & (first <= pd.Timestamp(held))]
    origin = training["day"].min()
    repeats = training[training["day"] > training.groupby("customer_id")["day"].transform("min")]
    week = ((repeats["day"] - origin).dt.days // 7 + 1).to_numpy()
    for name in ("actual to week 20", "actual to week 60", "actual to week 100"):
        assert tracking[name] == np.sum(week <= int(name.rsplit(" ", 1)[1]))


def test_without_the_drawing_packages_there_are_tables(fitted: Workspace, monkeypatch: pytest.MonkeyPatch) -> None:
    def absent() -> None:
        raise UserError("pictures need Altair")

    monkeypatch.setattr(review, "altair", absent)
    said: list[str] = []
    page = review.write_model_page(fitted, progress=said.append).read_text(encoding="utf-8")
    assert "<svg" not in page and "actual to week" in page
    assert "no charts: pictures need Altair" in said[0]


@pytest.mark.parametrize(
    ("found", "is_usable", "said"),
    [
        ({}, "true", "yes"),
        ({DOUBT: "twice the purchases"}, "true", "yes; in doubt: twice the purchases"),
        ({RANKING: "6% were expected"}, "true", "for ranking only, not as probabilities: 6% were expected"),
        ({RANKING: "6% were expected"}, "false", "no: its own evidence contradicts it"),
    ],
)
def test_the_page_says_for_what_a_model_may_be_used(found: dict[str, str], is_usable: str, said: str) -> None:
    figures = pd.DataFrame({"section": ["fit", *found], "value": ["1", *found.values()]})
    assert review._use({"is_usable": is_usable}, figures) == said


def test_no_card_is_an_empty_page(tmp_path: Path) -> None:
    workspace = Workspace.at(warehouse=str(tmp_path / "warehouse.duckdb"))
    page = review.write_model_page(workspace, progress=quiet).read_text(encoding="utf-8")
    assert "Model cards" in page and "<section" not in page
