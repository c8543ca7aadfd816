"""When briefs state a difference: the words, the numbers behind them, and what chance alone produces."""

from __future__ import annotations

import re
from math import comb

import numpy as np
import pandas as pd
import pytest

from scripts.platform.workspace import Workspace
from scripts.serving.briefs.comparison import BANDS, Share, band, chance_of, level
from scripts.serving.briefs.facts import GROWS_WITH_SALES, segment_facts
from scripts.serving.briefs.reading import open_published
from scripts.serving.briefs.segment import segment_sections
from tests.support.brief_people import frames_of, invented_people, with_members

# What a reader takes the words to mean: the ratios for which they are true. Written by hand, not from BANDS.
MEANING = {
    "never": (0, 0),
    "nothing": (0, 0),
    "less than a tenth": (0, 0.1),
    "less than a third": (0, 1 / 3),
    "about a third as": (0.28, 0.42),
    "about half": (0.4, 0.6),
    "about a third less": (0.6, 0.67),
    "clearly less": (0.6, 1),
    "clearly more": (1, 1.6),
    "over one and a half times": (1.5, 1.75),
    "about twice": (1.75, 2.25),
    "about two and a half": (2.25, 2.75),
    "about three": (2.7, 3.5),
    "about four": (3.5, 4.5),
    "about five": (4.5, 5.5),
    "more than five": (5, 10),
    "ten times": (10, float("inf")),
}


@pytest.mark.parametrize(("own", "words"), [(0.42, "about twice as often"), (0.1, "about half as often")])
def test_a_large_and_certain_difference_is_stated(own: float, words: str) -> None:
    assert Share(round(own * 200), 200, 420, 2000).words == words


@pytest.mark.parametrize(
    "share",
    [
        Share(12, 29, 200, 2000),  # too few members
        Share(54, 200, 420, 2000),  # not large: 27 % against 21 %
        Share(13, 31, 420, 2000),  # large, but chance produces as much in one group in two hundred
        Share(2000, 2000, 2000, 2000),  # nobody else
        Share(3, 200, 3, 2000),  # rare: three people are no pattern
    ],
    ids=["few", "small", "chance", "everybody", "rare"],
)
def test_small_or_possibly_random_differences_are_not_stated(share: Share) -> None:
    assert share.words is None


def test_for_a_trait_of_most_people_twenty_points_more_are_stated() -> None:
    # 90 % against 68 %: no factor of one and a half is possible any more.
    assert Share(180, 200, 1360, 2000).words == "clearly more often"
    assert Share(164, 200, 1360, 2000).words is None


@pytest.mark.parametrize(("count", "members", "base_count", "base"), [(7, 10, 12, 40), (0, 8, 9, 30), (3, 12, 11, 33)])
def test_chance_equals_the_count_over_all_draws(count: int, members: int, base_count: int, base: int) -> None:
    draws = [
        comb(base_count, hits) * comb(base - base_count, members - hits) / comb(base, members)
        for hits in range(min(members, base_count) + 1)
    ]
    expected = min(1.0, 2 * min(sum(draws[: count + 1]), sum(draws[count:])))
    assert chance_of(count, members, base_count, base) == pytest.approx(expected, rel=1e-9)


def test_every_ratio_has_words_and_they_are_true() -> None:
    for ratio in [0, *np.geomspace(0.001, 50, 4000)]:
        for often in (True, False):
            text = band(float(ratio), often=often)
            low, high = next(
                limits for words, limits in sorted(MEANING.items(), key=lambda one: -len(one[0])) if words in text
            )
            assert low - 1e-9 <= ratio <= high + 1e-9, (text, ratio)
    assert [low for low, *_ in BANDS[1:]] == [high for _, high, *_ in BANDS[:-1]]


def test_twice_as_often_is_stated_exactly_within_its_band() -> None:
    rng = np.random.default_rng(1)
    seen = 0
    for _ in range(2000):
        base = int(rng.integers(200, 3000))
        members = int(rng.integers(30, base // 2))
        base_count = int(rng.integers(1, base))
        count = int(rng.integers(max(0, members - (base - base_count)), min(members, base_count) + 1))
        share = Share(count, members, base_count, base)
        ratio = (count / members) / (base_count / base)
        within = 1.75 <= ratio < 2.25
        certain = within and chance_of(count, members, base_count, base) <= 0.0003
        assert (share.words == "about twice as often") == certain, share
        seen += share.words == "about twice as often"
    assert seen > 20


def test_a_few_big_spenders_are_no_finding() -> None:
    """One member with a million raises the mean, while most members are like everybody else."""
    values = np.r_[np.tile([10.0, 20.0, 30.0], 200)]
    members = np.arange(600) < 60
    values[0] = 1e6
    found = level(values, members)
    assert found is not None and found.mean > 10 * found.base_mean / 2
    assert found.words is None
    values[:60] = 60
    found = level(values, members)
    assert found is not None and found.words == band(60 / values.mean(), often=False)


def test_unknown_values_are_not_zeros() -> None:
    values = np.array([4.0, np.nan, np.nan, 2.0, 2.0])
    found = level(values, np.array([True, True, False, False, False]))
    assert found is not None and (found.mean, found.above.members, found.above.base) == (4.0, 1, 3)
    assert level(values, np.array([False, True, True, False, False])) is None


def test_a_trait_that_nobody_has_gets_no_words() -> None:
    assert Share(0, 100, 0, 1000).words is None


def _differences(facts: dict) -> list[str]:
    """Everything that a brief calls a difference, findings or not."""
    text = " ".join(" ".join([*one.sentences, *one.points]) for one in segment_sections(facts))
    words = r"(?:times |twice |half |third |tenth |clearly )[a-z ]*(?:often|much|many|more|less|fewer)\b"
    # For a trait that no member has, a finding gives the figures only.
    return re.findall(rf"{words}|None of them|On average they", text)


def _silent(people: pd.DataFrame, draws: int, seed: int) -> int:
    """How many of the random groups get a brief without any difference."""
    rng = np.random.default_rng(seed)
    silent = 0
    for draw in range(draws):
        members = rng.choice(len(people), 30 + 200 * draw // draws, replace=False)
        facts = segment_facts(frames_of(with_members(people, members)))
        assert bool(_differences(facts)) == bool(facts["findings"])
        silent += not facts["findings"]
    return silent


def test_random_groups_have_no_findings() -> None:
    assert _silent(invented_people(900, seed=11), draws=20, seed=12) >= 18


@pytest.mark.verify
def test_random_groups_have_no_findings_in_200_draws() -> None:
    assert _silent(invented_people(900, seed=11), draws=200, seed=12) >= 190


@pytest.mark.verify
def test_random_groups_of_the_demo_have_no_findings(demo_workspace: Workspace) -> None:
    with open_published(demo_workspace) as published:
        people = published.features("customer_type = 'person'")
    assert _silent(people, draws=200, seed=14) >= 190
    assert _silent(people[people["order_count"] > 0], draws=200, seed=15) >= 190


def test_what_grows_with_sales_is_shown_as_figures_only() -> None:
    """A brief that finds nothing must not call it a difference further down."""
    people = invented_people(900, seed=11)
    members = np.random.default_rng(13).choice(len(people), 90, replace=False)
    for attribute in GROWS_WITH_SALES:
        people[attribute] = 10.0
        people.iloc[members, people.columns.get_loc(attribute)] = 100.0
    facts = segment_facts(frames_of(with_members(people, members)))
    assert facts["measures"]["returns_amount_365d"]["ratio"] > 5
    assert facts["findings"] == [] and _differences(facts) == []
    points = " ".join(point for section in segment_sections(facts) for point in section.points)
    assert "Returns per head in 365 days: 100.00 GBP (19.00 GBP)." in points


def test_only_a_planted_trait_is_stated() -> None:
    people = invented_people(900, seed=11)
    members = np.random.default_rng(13).choice(len(people), 90, replace=False)
    others = np.setdiff1d(np.arange(900), members)
    people["favourite_category"] = "Home"
    people.iloc[members[:45], people.columns.get_loc("favourite_category")] = "Garden"
    people.iloc[others[:135], people.columns.get_loc("favourite_category")] = "Garden"
    facts = segment_facts(frames_of(with_members(people, members)))
    section = segment_sections(facts)[0]
    # 45 of 90 members against 180 of 900 buyers: 50 % against 20 %.
    assert section.points[:-1] == [
        "50 % have Garden as their favourite category, about two and a half times as often as all buyers (20 %)."
    ]
