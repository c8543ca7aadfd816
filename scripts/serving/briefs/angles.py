"""Campaign angles by explicit rules: each checks one figure of the audience and says why it applies."""

from __future__ import annotations

import pandas as pd

from scripts.serving.briefs import phrasing
from scripts.serving.briefs.facts import Facts
from scripts.serving.briefs.reading import CampaignFrames

# An angle applies when it holds for this share of the audience; two fifths, where more than one may hold.
MOST_OF_THEM = 0.6
MANY_OF_THEM = 0.4
# A current need is worth an angle of its own from a quarter of the audience on.
NEED_OF_THEM = 0.25
# After this long, people come back for something new rather than out of habit (the library's lapsed starts then).
LONG_AWAY_DAYS = 180
ANGLES_SHOWN = 3


def angles(people: pd.DataFrame, frames: CampaignFrames, facts: Facts) -> list[Facts]:
    """The angles that apply, weightiest first: care, needs of now, habits, price, and what could be new.

    Nothing is concluded about people whose figure is unknown.
    """
    size = len(people)
    if not size:
        return []
    rules = (
        _care(facts),
        _cart(people, size),
        _replenish(people, frames, size),
        _second_purchase(people, size),
        _add_on(people, frames, size),
        _long_away(people, size),
        _never_bought(people, size),
        _price(people),
        _new_category(people, size),
    )
    return [one for one in rules if one][:ANGLES_SHOWN]


def _care(facts: Facts) -> Facts | None:
    found = facts["flags"].get("has_open_complaint")
    if found and found["share"] >= NEED_OF_THEM:
        return _angle(
            "care first: fix what went wrong before selling anything.",
            f"{phrasing.share(found['share'])} of the members have an open complaint",
        )
    return None


def _cart(people: pd.DataFrame, size: int) -> Facts | None:
    count = int((people["has_open_cart"].map(lambda value: value is True or value == 1)).sum())
    if count >= NEED_OF_THEM * size:
        return _angle(
            "help them finish: the cart, delivery dates, sizes; no discount in the first message.",
            f"{phrasing.share_of(count, size)} have an open cart",
        )
    return None


def _replenish(people: pd.DataFrame, frames: CampaignFrames, size: int) -> Facts | None:
    count = _recommended(people, frames, "replenish")
    if count >= NEED_OF_THEM * size:
        return _angle(
            "remind them of what is running out, with one click to order it again.",
            f"{phrasing.share_of(count, size)} are due to buy something again",
        )
    return None


def _add_on(people: pd.DataFrame, frames: CampaignFrames, size: int) -> Facts | None:
    count = _recommended(people, frames, "add_on")
    if count >= MOST_OF_THEM * size:
        return _angle(
            "show each of them an add-on to what they own.",
            f"for {phrasing.share_of(count, size)} there is one, in stock",
        )
    return None


def _recommended(people: pd.DataFrame, frames: CampaignFrames, kind: str) -> int:
    """How many are recommended something of this kind."""
    rows = frames.recommendations
    if rows.empty:
        return 0
    found = rows[(rows["kind"] == kind) & rows["customer_id"].isin(set(people["customer_id"]))]
    return int(found["customer_id"].nunique())


def _second_purchase(people: pd.DataFrame, size: int) -> Facts | None:
    once = people[people["order_count"].astype(float) == 1]
    days = once["days_since_last_order"].astype(float)
    recent = int((days < LONG_AWAY_DAYS).sum())
    if recent >= MOST_OF_THEM * size:
        return _angle(
            "make the first purchase a success, then show what complements it.",
            f"{phrasing.share_of(recent, size)} have bought once, less than {LONG_AWAY_DAYS} days ago",
        )
    return None


def _long_away(people: pd.DataFrame, size: int) -> Facts | None:
    days = people["days_since_last_order"].astype(float).dropna()
    away = int((days > LONG_AWAY_DAYS).sum())
    if away >= MOST_OF_THEM * size:
        return _angle(
            "what is new since they were last here, and an honest question why they stayed away.",
            f"{phrasing.share_of(away, size)} last ordered more than {LONG_AWAY_DAYS} days ago, in the median "
            f"{days.median():,.0f} days ago",
        )
    return None


def _never_bought(people: pd.DataFrame, size: int) -> Facts | None:
    never = int((people["order_count"].astype(float) == 0).sum())
    if never >= MOST_OF_THEM * size:
        return _angle(
            "trust before price: reviews, returns, delivery, and what they looked at.",
            f"{phrasing.share_of(never, size)} have never bought",
        )
    return None


def _price(people: pd.DataFrame) -> Facts | None:
    full = people["full_price_share"].astype(float).dropna()
    if full.empty:
        return None
    mean, known = float(full.mean()), len(full)
    because = f"on average {{}} of what {phrasing.number(known)} of them bought was at {{}}"
    if mean >= MOST_OF_THEM:
        return _angle(
            "quality, novelty and service at full price; no discount in the subject line.",
            because.format(phrasing.share(mean), "full price"),
        )
    if mean <= 1 - MOST_OF_THEM:
        return _angle(
            "value: bundles and thresholds rather than a percentage off everything.",
            because.format(phrasing.share(1 - mean), "a discount"),
        )
    return None


def _new_category(people: pd.DataFrame, size: int) -> Facts | None:
    counts = people["next_best_category"].dropna().value_counts()
    if counts.empty or counts.max() < MANY_OF_THEM * size:
        return None
    category = min(counts.index, key=lambda name: (-counts[name], str(name)))
    return _angle(
        f"introduce {category}, as a guide and not as an offer.",
        f"it is the most likely new category for {phrasing.share_of(int(counts[category]), size)}",
    )


def _angle(text: str, because: str) -> Facts:
    return {"angle": text, "because": because}
