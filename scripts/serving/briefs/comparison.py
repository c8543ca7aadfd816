"""When and how a difference is stated: only if it is large enough and unlikely to be chance, in words that fit it.

Members are compared with the base, which includes them. The probability that a random draw of as many customers would
be as far off is exact (hypergeometric distribution), even for small segments and rare traits.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import numpy as np

# With fewer members than this, shares are shown but nothing is concluded.
LEAST_MEMBERS = 30
# A difference that matters in practice: half as often again, or a third less often.
LEAST_FACTOR = 1.5
# A trait that most people have cannot be half as frequent again: there, 20 percentage points more or less count too.
LEAST_POINTS = 0.2
# A brief makes some seventy comparisons. At this level (3.6 standard errors) 49 of 50 random groups of customers get
# a brief without any finding; at the usual 5 % every one would get several.
LARGEST_CHANCE = 0.0003

# From (included), to (excluded), how often, how much. The words are true for every ratio of their band.
BANDS: tuple[tuple[float, float, str, str], ...] = (
    (0.0, 1e-12, "never", "nothing"),
    (1e-12, 0.1, "less than a tenth as often", "less than a tenth as much"),
    (0.1, 0.29, "less than a third as often", "less than a third as much"),
    (0.29, 0.4, "about a third as often", "about a third as much"),
    (0.4, 0.6, "about half as often", "about half as much"),
    (0.6, 1 / LEAST_FACTOR, "about a third less often", "about a third less"),
    (1 / LEAST_FACTOR, 1.0, "clearly less often", "clearly less"),
    (1.0, LEAST_FACTOR, "clearly more often", "clearly more"),
    (LEAST_FACTOR, 1.75, "over one and a half times as often", "over one and a half times as much"),
    (1.75, 2.25, "about twice as often", "about twice as much"),
    (2.25, 2.75, "about two and a half times as often", "about two and a half times as much"),
    (2.75, 3.5, "about three times as often", "about three times as much"),
    (3.5, 4.5, "about four times as often", "about four times as much"),
    (4.5, 5.5, "about five times as often", "about five times as much"),
    (5.5, 10.0, "more than five times as often", "more than five times as much"),
    (10.0, float("inf"), "ten times as often or more", "ten times as much or more"),
)


@dataclass(frozen=True)
class Share:
    """How many members and how many customers of the base have a trait, and how likely that is by chance.

    `base_count` and `base` include the members. `chance` is the probability that as many customers, drawn at random,
    would be at least as far from the base's share, to either side.
    """

    count: int
    members: int
    base_count: int
    base: int

    @property
    def share(self) -> float:
        return self.count / self.members if self.members else 0.0

    @property
    def base_share(self) -> float:
        return self.base_count / self.base if self.base else 0.0

    @property
    def ratio(self) -> float | None:
        return self.share / self.base_share if self.base_share else None

    @cached_property
    def chance(self) -> float:
        return chance_of(self.count, self.members, self.base_count, self.base)

    @property
    def is_large(self) -> bool:
        """Whether the difference would matter, if it were certain."""
        return is_large(self.share, self.base_share, by_points=True)

    @property
    def words(self) -> str | None:
        """How much more or less often than the base, such as `about twice as often`; None if it must not be stated."""
        if self.ratio is None or not self.is_large or not is_certain(self):
            return None
        return band(self.ratio)


@dataclass(frozen=True)
class Level:
    """The mean of the members and of the base.

    `above` says how many are above the median of the base. A few extreme customers can move a mean; a difference is
    stated only if the count shows it too.
    """

    mean: float
    base_mean: float
    above: Share
    is_share: bool = False

    @property
    def ratio(self) -> float | None:
        return self.mean / self.base_mean if self.base_mean > 0 else None

    @property
    def is_large(self) -> bool:
        return is_large(self.mean, self.base_mean, by_points=self.is_share)

    @property
    def words(self) -> str | None:
        """How much more or less than the base, such as `about twice as much`; None if it must not be stated."""
        same_way = (self.mean > self.base_mean) == (self.above.share > self.above.base_share)
        if self.ratio is None or self.mean < 0 or not same_way or not self.is_large or not is_certain(self.above):
            return None
        return band(self.ratio, often=False)


def level(values: np.ndarray, members: np.ndarray, *, is_share: bool = False) -> Level | None:
    """The level of `values`, one per customer of the base with NaN for unknown; None where no member's is known."""
    known = ~np.isnan(values)
    inside = known & members
    if not inside.any():
        return None
    above = known & (values > np.median(values[known]))
    counts = Share(int((above & inside).sum()), int(inside.sum()), int(above.sum()), int(known.sum()))
    return Level(float(values[inside].mean()), float(values[known].mean()), counts, is_share)


def chance_of(count: int, members: int, base_count: int, base: int) -> float:
    """Probability that `members` drawn at random from the base are as far from its share as `count`, or farther."""
    if not 0 < members < base:
        return 1.0
    # Imported here: it takes longer than the whole brief of a customer, which compares nothing.
    from scipy.stats import hypergeom

    lower = hypergeom.cdf(count, base, base_count, members)
    upper = hypergeom.sf(count - 1, base, base_count, members)
    return float(min(1.0, 2 * min(lower, upper)))


def is_large(own: float, others: float, *, by_points: bool) -> bool:
    """Whether two values differ by the factor that matters, or by LEAST_POINTS where they are shares."""
    factor = others > 0 and (own >= LEAST_FACTOR * others or own < others / LEAST_FACTOR)
    return factor or (by_points and abs(own - others) >= LEAST_POINTS)


def is_certain(found: Share) -> bool:
    """Whether there are enough members, and others too, and chance is an unlikely cause."""
    return found.members >= LEAST_MEMBERS and found.base > found.members and found.chance <= LARGEST_CHANCE


def band(ratio: float, *, often: bool = True) -> str:
    """The words for a ratio: `about twice as often` from 1.75 to below 2.25, and so on."""
    return next(
        how_often if often else how_much for low, high, how_often, how_much in BANDS if low <= max(ratio, 0.0) < high
    )
