"""Adoption: who can adopt, the inputs about them and the target; wrong use gets a clear message."""

from __future__ import annotations

from datetime import date
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from scripts.learning.prediction import adoption
from scripts.learning.prediction.adoption import AFFINITY, VIEWS, Target, find_target
from scripts.learning.prediction.cards import DataFacts
from scripts.learning.prediction.propensity_fits import allowed_inputs, check_horizon
from scripts.platform.errors import UserError
from scripts.platform.workspace import Workspace
from tests.support.workspaces import workspace_in

INPUTS = pd.DataFrame({"customer_id": ["a", "b", "c", "d"], "loyalty_card_count": [0.0, 2.0, np.nan, 1.0]})
INTERESTS = pd.DataFrame(
    {
        "customer_id": ["a", "a", "b", "c"],
        "category": ["tea", "coffee", "tea", "tea"],
        "view_count_90d": [3.0, 9.0, 0.0, 1.0],
        "affinity_lift": [1.5, 4.0, 1.0, 2.5],
        "order_day_count": [0, 7, 2, 0],
    }
)


def candidates(target: Target, owners: list[str]) -> pd.DataFrame:
    return adoption._candidates(INPUTS, target, INTERESTS, pd.Series(owners, dtype=object)).set_index("customer_id")


def test_buyers_of_a_category_cannot_adopt_it() -> None:
    found = candidates(Target("category", "tea", "tea"), [])
    assert found.index.tolist() == ["a", "c", "d"]
    # Without a row of interests: no views, and an affinity lift of 1.
    assert found[VIEWS].tolist() == [3.0, 1.0, 0.0]
    assert found[AFFINITY].tolist() == [1.5, 2.5, 1.0]


def test_a_product_can_be_adopted_by_buyers_of_its_category() -> None:
    found = candidates(Target("product", "tea-1", "tea"), ["c"])
    assert found.index.tolist() == ["a", "b", "d"]
    assert found[VIEWS].tolist() == [3.0, 0.0, 0.0]


def test_an_attribute_is_adopted_from_zero_or_unknown() -> None:
    found = candidates(Target("attribute", "loyalty_card_count"), [])
    assert found.index.tolist() == ["a", "c"]
    assert VIEWS not in found.columns


def test_exactly_one_known_target_is_required(demo_workspace: Workspace) -> None:
    with pytest.raises(UserError, match="one of --category, --product and --attribute"):
        find_target(demo_workspace)
    with pytest.raises(UserError, match="one of --category, --product and --attribute"):
        find_target(demo_workspace, category="tea", product="tea-1")
    with pytest.raises(UserError, match="--category nonsense: not the category of any product; use one of "):
        find_target(demo_workspace, category="nonsense")
    with pytest.raises(UserError, match="--product nonsense: not the SKU of a product"):
        find_target(demo_workspace, product="nonsense")
    with pytest.raises(UserError, match="--attribute country_code: not a numeric attribute"):
        find_target(demo_workspace, attribute="country_code")
    assert (
        find_target(demo_workspace, attribute="loyalty_card_count").model_key == "adoption:attribute:loyalty_card_count"
    )


def test_wrong_rows_of_model_inputs_are_reported(tmp_path: Path) -> None:
    workspace = workspace_in(tmp_path)
    workspace.seeds.mkdir(parents=True)
    file = workspace.seeds / "model_inputs.csv"
    head = "model_key,attribute_name,scale,low_words,high_words\n"
    for row, message in (
        ("clusters,order_count,log,few,many", "has no row for churn"),
        ("churn,ordr_count,log,few,many", "ordr_count of churn is not a numeric attribute"),
        ("churn,order_count,cubic,few,many", "scale 'cubic'; write log or linear"),
    ):
        file.write_text(f"{head}{row}\n", encoding="utf-8")
        with pytest.raises(UserError, match=message):
            allowed_inputs(workspace, "churn", ["order_count"])
    file.write_text(f"{head}churn,order_count,log,few,many\n", encoding="utf-8")
    assert allowed_inputs(workspace, "churn", ["order_count"]) == {"order_count": "log"}


def test_a_horizon_too_long_for_the_history_is_refused() -> None:
    facts = DataFacts(date(2025, 12, 31), date(2025, 1, 1), 100, 1000.0, "GBP", "own")
    with pytest.raises(UserError, match=r"a horizon of 180 days needs orders of 540 days: .* there are only 364"):
        check_horizon(facts, 180)
    check_horizon(facts, 90)
