"""What the command `discover` leaves out, what it refuses, and what a draft says."""

from __future__ import annotations

import shutil
from dataclasses import replace
from datetime import date
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from scripts.learning.discovery import command, inputs
from scripts.learning.discovery.command import find_and_test, usable_cohorts
from scripts.learning.discovery.inputs import read_people, shuffled, with_outcomes
from scripts.learning.discovery.review import write_review
from scripts.learning.discovery.targets import TARGETS, cohort, whole_rule
from scripts.learning.prediction.cards import DataFacts
from scripts.platform.errors import CheckFailed, UserError
from scripts.platform.workspace import BUSINESS_SEEDS, Workspace
from scripts.segments import drafts
from scripts.segments.drafts import Condition, holds
from scripts.segments.segment_library import CONDITIONS, DEFINITIONS
from tests.support.invented_people import invented, people_of


def quiet(_: str) -> None:
    return None


def test_a_target_without_its_source_or_with_too_few_customers_is_left_out() -> None:
    people = people_of(invented(600, seed=1), {"email_received_count_90d": "source klaviyo is off"})
    recent = people.then["days_since_last_order"] <= 180
    people = replace(people, then=people.then[recent].head(390), is_kept_back=people.is_kept_back[:390])
    found, left_out = usable_cohorts(people, ["response", "lapse"])
    assert found == []
    assert left_out == [
        "response: source klaviyo is off",
        "lapse: 390 customers whose last order was at most 180 days before 2026-01-01; at least 400 are needed",
    ]


def test_a_constant_outcome_is_left_out() -> None:
    frame = invented(1_200, seed=2).assign(response_after=0.0)
    found, left_out = usable_cohorts(people_of(frame), None)
    assert [one.target.key for one in found] == ["value", "lapse"]
    assert left_out == [
        "response: the outcome (an e-mail opened by hand or clicked in the 180 days after) is the same for all, "
        "so there is nothing to predict"
    ]


def test_who_counts_for_a_target() -> None:
    frame = invented(1_000, seed=3)
    frame.loc[:99, "order_count"] = 0.0
    half = np.arange(1_000) % 2 == 1
    value, lapse, response = (cohort(target, frame, half) for target in TARGETS.values())
    assert len(value.searched) + len(value.kept_back) == 900
    assert set(lapse.searched.index) == set(frame.index[(frame["days_since_last_order"] <= 180) & ~half])
    assert (response.kept_back[["order_count", "email_received_count_90d"]] > 0).all(axis=None)
    # Winsor limits come from the searched half and are used on both halves.
    assert (value.low, value.high) == tuple(np.quantile(value.searched["value_after"], [0.01, 0.99]))
    assert value.outcome(value.kept_back).max() == value.high < value.raw(value.kept_back).max()


@pytest.mark.parametrize(
    ("target", "own", "added"),
    [
        ("value", Condition("order_count", ">=", "3"), 0),
        ("value", Condition("order_count", "<=", "3"), 1),
        ("value", Condition("order_count", "=", "2"), 0),
        ("value", Condition("country_code", "=", "DE"), 1),
        ("lapse", Condition("days_since_last_order", "<", "90"), 0),
        ("lapse", Condition("days_since_last_order", ">=", "90"), 1),
        ("response", Condition("email_received_count_90d", ">=", "1"), 1),
        ("response", Condition("email_received_count_90d", "<=", "4"), 2),
    ],
)
def test_a_draft_includes_the_target_s_conditions_unless_its_rule_implies_them(
    target: str, own: Condition, added: int
) -> None:
    rule = whole_rule(TARGETS[target], (own,))
    assert len(rule) == 1 + added and rule[-1] == own
    frame = invented(1_000, seed=4)
    frame.loc[:99, ["order_count", "email_received_count_90d"]] = 0.0
    counts = np.logical_and.reduce([part.holds(frame) for part in TARGETS[target].who])
    assert (holds([rule], frame) == (holds([[own]], frame) & counts)).all()


def test_the_split_depends_only_on_the_customer() -> None:
    frame = pd.DataFrame({"customer_id": [f"c{number}" for number in range(2_000)]})
    ordered, kept_back = shuffled(frame, seed=0)
    assert 900 < kept_back.sum() < 1_100
    part, kept_back_part = shuffled(frame.iloc[::-3], seed=0)
    kept = dict(zip(ordered["customer_id"], kept_back, strict=True))
    assert [kept[name] for name in part["customer_id"]] == kept_back_part.tolist()
    places = {name: place for place, name in enumerate(ordered["customer_id"])}
    assert part["customer_id"].map(places).is_monotonic_increasing
    assert shuffled(frame, seed=1)[0]["customer_id"].tolist() != ordered["customer_id"].tolist()


def test_outcomes_are_joined_by_customer() -> None:
    after = pd.DataFrame(
        {
            "customer_id": ["b", "a", "x"],
            "order_count": [0, 2, 9],
            "contribution_margin": [0.0, 12.5, 99.0],
            "email_response_count": [3, 0, 9],
        }
    )
    joined = with_outcomes(pd.DataFrame({"customer_id": ["a", "b"], "order_count": [4.0, 1.0]}), after)
    assert joined.to_dict("records") == [
        {"customer_id": "a", "order_count": 4.0, "value_after": 12.5, "lapse_after": 0.0, "response_after": 0.0},
        {"customer_id": "b", "order_count": 1.0, "value_after": 0.0, "lapse_after": 1.0, "response_after": 1.0},
    ]


def test_a_horizon_beyond_the_history_is_one_clear_line(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    facts = DataFacts(date(2026, 6, 30), date(2024, 7, 1), 100, 1.0, "GBP", "own")
    monkeypatch.setattr(inputs, "data_facts", lambda workspace: facts)
    workspace = Workspace.at(warehouse=str(tmp_path / "warehouse.duckdb"))
    with pytest.raises(UserError, match=r"^--horizon 729: 2024-07-01 is not after the first order of 2024-07-01; give"):
        read_people(workspace, 729, 0, quiet)
    with pytest.raises(UserError, match=r"^--horizon 0: too short; give 1 day or more"):
        read_people(workspace, 0, 0, quiet)


def test_nothing_to_search_for_is_one_clear_line(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    people = people_of(invented(100, seed=5))
    monkeypatch.setattr(command, "read_people", lambda *_: people)
    workspace = Workspace.at(warehouse=str(tmp_path / "warehouse.duckdb"))
    with pytest.raises(UserError, match=r"value: 100 customers who had bought by 2026-01-01; at least 400") as problem:
        command.discover(workspace, targets=["value"], progress=quiet)
    assert len(str(problem.value).splitlines()) == 1


def test_a_page_without_discoveries_says_so(tmp_path: Path) -> None:
    people = people_of(invented(1_000, seed=6))
    cohorts, left_out = usable_cohorts(people, None)
    tested = [one for one in find_and_test(cohorts, people.attributes) if not one.is_proposed]
    assert tested
    page = write_review(tmp_path, people, cohorts, left_out, tested, [], quiet).read_text(encoding="utf-8")
    assert "No discoveries" in page and "Nothing held up." in page and "There are no drafts to review." in page
    assert all(f"<b>{name}" not in page for name in people.then["customer_id"])
    assert page.count("may be chance") == len(tested)


def test_a_draft_of_another_origin_is_not_replaced(tmp_path: Path) -> None:
    for name in (DEFINITIONS, CONDITIONS):
        shutil.copyfile(BUSINESS_SEEDS / name, tmp_path / name)
    row = drafts.definition_row(
        segment_key="found_key", name="Found", purpose="p", included="i", review_rule="r", priority=990,
        themes=["orders"], tag="cluster", share_of_known=0.1,
    )  # fmt: skip
    rules = drafts.condition_rows("found_key", [[Condition("order_count", ">=", "4")]])
    drafts.into_library(tmp_path, [row], rules, tag="cluster")
    with pytest.raises(CheckFailed, match=r"has found_key .* no draft tagged `discovered` may replace"):
        drafts.into_library(tmp_path, [row], rules, tag="discovered")
