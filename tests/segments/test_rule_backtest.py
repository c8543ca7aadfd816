"""Variants of a rule: which they are, what the success measure counts, and whether their comparison is valid."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from scripts.platform.errors import UserError
from scripts.segments.rule_backtest.compare import compare, difference_of, mean_of
from scripts.segments.rule_backtest.measures import Measure, measure_of
from scripts.segments.rule_backtest.variants import variants


def condition(attribute: str, operator: str, value: str = "", kind: str = "include") -> dict[str, str]:
    return {
        "segment_key": "at_risk", "kind": kind, "alternative": "1", "attribute": attribute, "operator": operator,
        "value": value, "if_missing": "",
    }  # fmt: skip


RULE = [
    condition("days_since_last_order", ">=", "60"),
    condition("lifetime_value_total", ">", "500"),
    condition("has_high_email_engagement", "is_true"),
    condition("has_pending_refund", "is_true", kind="exclude"),
]


def test_every_combination_is_listed_once_and_the_current_rule_comes_first() -> None:
    varied = ["days_since_last_order=60,90", "lifetime_value_total=500,400"]
    found = variants(RULE, varied, ["has_high_email_engagement"])
    cells = {
        tuple(next((row["value"] for row in one.conditions if row["attribute"] == name), "-") for name in
              ("days_since_last_order", "lifetime_value_total", "has_high_email_engagement"))
        for one in found
    }  # fmt: skip
    assert len(found) == 8
    assert cells == {(days, value, mail) for days in ("60", "90") for value in ("500", "400") for mail in ("", "-")}
    assert [one.is_current for one in found] == [True] + [False] * 7
    assert found[0].name == "days_since_last_order >= 60, lifetime_value_total > 500, with has_high_email_engagement"
    assert all(row["attribute"] != "" for one in found for row in one.conditions)


def test_the_current_rule_is_added_where_no_variant_equals_it() -> None:
    found = variants(RULE, ["days_since_last_order=90,120"], [])
    assert (found[0].name, found[0].is_current) == ("the current rule", True)
    assert len(found) == 3


@pytest.mark.parametrize(
    ("vary", "without", "message"),
    [
        ([], [], "nothing to compare"),
        (["days_since_last_ordr=60"], [], "did you mean `days_since_last_order`"),
        ([], ["order_count"], "no condition on `order_count`"),
        (["days_since_last_order"], [], "write it as"),
        (["days_since_last_order=60,,90"], [], "empty value"),
        (["days_since_last_order=60,60"], [], "one twice"),
        (["days_since_last_order=" + ",".join(map(str, range(40)))], [], "too many"),
    ],
)
def test_variations_that_are_not_possible_are_named(vary: list[str], without: list[str], message: str) -> None:
    with pytest.raises(UserError, match=message):
        variants(RULE, vary, without)


def test_a_variant_without_any_include_condition_is_refused() -> None:
    with pytest.raises(UserError, match="nobody could be in it"):
        variants(RULE[:1], [], ["days_since_last_order"])


@pytest.mark.parametrize(
    ("words", "expected"),
    [
        ("Margin in 90 days per member, against a holdout", Measure("margin", 90)),
        ("Share with a second order within 60 days, against a holdout", Measure("ordered", 60)),
        ("Orders within 3 days per member, against a holdout", Measure("orders", 3)),
        ("Margin in 12 months per member, against a holdout", Measure("margin", 360)),
        ("Clicks per mail and unsubscribes per mail", Measure("responded", 90)),
        ("Adoption within 60 days, against a holdout", Measure("ordered", 60)),
    ],
)
def test_the_success_measure_determines_what_is_counted(words: str, expected: Measure) -> None:
    assert measure_of("any", words, None, None) == expected


def test_a_measure_that_cannot_be_counted_is_refused_and_can_be_overridden() -> None:
    with pytest.raises(UserError, match="name it with --outcome"):
        measure_of("promoters", "Reviews and referrals per 100 asked", None, None)
    assert measure_of("promoters", "Reviews and referrals per 100 asked", "revenue", 30) == Measure("revenue", 30)
    with pytest.raises(UserError, match="not known"):
        measure_of("promoters", "Margin", "profit", None)


def people(rng: np.random.Generator, count: int, days: int) -> pd.DataFrame:
    """Customers whose outcomes on several days are alike: the days of one person tell less than as many people."""
    level = rng.gamma(1.0, 10.0, count)
    return pd.DataFrame(
        {
            "day": np.repeat(np.arange(days), count),
            "customer_id": np.tile([f"c{number}" for number in range(count)], days),
            "value": np.tile(level, days) + rng.normal(0, 1, count * days),
        }
    )


def test_intervals_cover_the_truth_as_often_as_stated() -> None:
    """Mean and difference of overlapping groups; a naive error would be too small by the root of three days."""
    rng = np.random.default_rng(7)
    hits = {"mean": 0, "difference": 0}
    rounds = 200
    for _ in range(rounds):
        table = people(rng, 300, 3)
        number = table["customer_id"].str[1:].astype(int)
        indexed = table.set_index(["day", "customer_id"])["value"]
        mine, theirs = indexed[(number < 200).to_numpy()], indexed[(number >= 100).to_numpy()]
        mean, difference = mean_of(mine), difference_of(mine, theirs)
        assert mean is not None and difference is not None
        hits["mean"] += mean.low <= 10.0 <= mean.high
        hits["difference"] += difference.low <= 0.0 <= difference.high
    # 95 of 100, within three standard errors for this number of rounds; a gamma has a long tail, which costs a little.
    assert all(0.90 <= hit / rounds <= 0.99 for hit in hits.values()), hits


def test_people_who_match_only_one_of_two_rules_are_counted_apart() -> None:
    outcomes = pd.DataFrame(
        [(day, f"c{number}", float(number >= 50)) for day in (1, 2) for number in range(100)],
        columns=["day", "customer_id", "value"],
    )
    both = [(day, f"c{number}", "rule") for day in (1, 2) for number in range(40)]
    wider = [(day, f"c{number}", "wider") for day in (1, 2) for number in range(90)]
    members = pd.DataFrame(both + wider, columns=["day", "customer_id", "variant"])
    rule, other = compare(members, outcomes, "rule", ["rule", "wider"])
    assert (rule.members, rule.added, rule.dropped, rule.difference) == (40, 0, 0, None)
    assert (other.members, other.added, other.dropped, other.total) == (90, 50, 0, 40)
    assert other.mean_added is not None and other.mean_added.value == pytest.approx(0.8)
    assert other.mean_dropped is None
    assert other.difference is not None and other.difference.value == pytest.approx(40 / 90)


def test_few_people_get_no_interval() -> None:
    table = people(np.random.default_rng(1), 29, 5).set_index(["day", "customer_id"])["value"]
    assert mean_of(table) is None
