"""Small vector helpers: text columns, money, time zones and grouped sums."""

from __future__ import annotations

import zlib
from collections.abc import Sequence
from datetime import date, datetime, timedelta
from zoneinfo import ZoneInfo

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

Ints = NDArray[np.int64]
Floats = NDArray[np.float64]
Bools = NDArray[np.bool_]
DAY = 86_400
NULL = np.iinfo(np.int64).min  # "no value" in whole-number columns
EPOCH = date(1970, 1, 1)


class Streams:
    """Independent random generators by name, all from one seed, so that parts do not affect each other."""

    def __init__(self, seed: int) -> None:
        self.seed = seed

    def __call__(self, name: str) -> np.random.Generator:
        return np.random.default_rng([self.seed, zlib.crc32(name.encode())])


def day_number(day: date) -> int:
    """Days since 1970."""
    return (day - EPOCH).days


def _clock_changes() -> tuple[Ints, Ints]:
    """UTC seconds at which Europe/London changes its clocks, and the offset from then on."""
    zone, start, offsets = ZoneInfo("Europe/London"), datetime(1995, 1, 1), []
    for hour in range(0, 24 * 366 * 60, 24):
        moment = start + timedelta(hours=hour)
        offset = zone.utcoffset(moment)
        offsets.append(int(offset.total_seconds()) if offset else 0)
    values = np.array(offsets, dtype=np.int64)
    changes = np.flatnonzero(np.diff(values)) + 1
    first = day_number(start.date())
    # Clocks change at 01:00 UTC on the day before the first midnight with the new offset.
    seconds = (first + changes - 1) * DAY + 3600
    return np.r_[-(2**62), seconds].astype(np.int64), np.r_[values[0], values[changes]]


_CHANGES, _OFFSETS = _clock_changes()


def to_utc(local: Ints) -> Ints:
    """UTC seconds of London wall-clock seconds."""
    return local - _OFFSETS[np.searchsorted(_CHANGES, local - 1, side="right") - 1]


def to_local(utc: Ints) -> Ints:
    """London wall-clock seconds of UTC seconds."""
    return utc + _OFFSETS[np.searchsorted(_CHANGES, utc, side="right") - 1]


def text(values: object) -> pa.Array:
    """Any column as text; the null marker of whole numbers becomes null."""
    if isinstance(values, np.ndarray) and values.dtype == np.int64:
        mask = values == NULL
        return pa.array(values, mask=mask if mask.any() else None).cast(pa.string())
    return values if isinstance(values, pa.Array) else pa.array(values).cast(pa.string())


def pick(words: Sequence[str | None], index: NDArray[np.integer]) -> pa.Array:
    """`words[index]` as a text column."""
    return pa.array(words, pa.string()).take(pa.array(index))


def join(*parts: object, sep: str = "") -> pa.Array:
    """Texts joined row by row; null where any part is null."""
    return pc.binary_join_element_wise(*[p if isinstance(p, str) else text(p) for p in parts], sep)


def padded(values: Ints, width: int) -> pa.Array:
    """Whole numbers with leading zeros."""
    return pc.utf8_lpad(text(values), width, "0")


def choose(mask: Bools, yes: object, no: object) -> pa.Array:
    """`yes` where the mask holds, else `no`; either may be None or one text."""
    return pc.if_else(pa.array(mask), _side(yes), _side(no))


def _side(value: object) -> pa.Array | pa.Scalar:
    return pa.scalar(value, pa.string()) if value is None or isinstance(value, str) else text(value)


def only(mask: Bools, values: object) -> pa.Array:
    """The text where the mask holds, else null."""
    return choose(mask, values, None)


def blank(mask: Bools, values: Ints) -> Ints:
    """Whole numbers with the null marker where the mask does not hold."""
    return np.where(mask, values, NULL)


def totals(index: Ints, values: NDArray[np.generic], size: int) -> Ints:
    """Whole-number sums of `values` by `index`."""
    return np.bincount(index, weights=values.astype(np.float64), minlength=size).round().astype(np.int64)


def ranks(groups: Ints) -> Ints:
    """Position of each row within its run of equal, adjacent group numbers, from 0."""
    if len(groups) == 0:
        return np.zeros(0, dtype=np.int64)
    starts = np.flatnonzero(np.r_[True, groups[1:] != groups[:-1]])
    return np.arange(len(groups)) - np.repeat(starts, np.diff(np.r_[starts, len(groups)]))


def split_exactly(amount: Ints, index: Ints, weight: Ints) -> Ints:
    """Whole amounts per group split over its rows in proportion to weight; the remainder to the heaviest row.

    `amount` is by group, `index` names each row's group (rows of a group adjacent).
    """
    total = totals(index, weight, len(amount))
    share = (amount[index] * weight) // np.maximum(total[index], 1)
    share = np.where(total[index] > 0, share, 0)
    rest = amount - totals(index, share, len(amount))
    rest[total == 0] = 0
    order = np.lexsort((-weight, index))
    first = order[np.r_[True, index[order][1:] != index[order][:-1]]] if len(index) else order
    share[first] += rest[index[first]]
    return share


def part_of(amount: Ints, rate: NDArray[np.float64]) -> Ints:
    """Tax contained in amounts that include it, to the cent."""
    return np.rint(amount * rate / (1 + rate)).astype(np.int64)


def lag(rng: np.random.Generator, size: int, minutes: float = 40.0, late: float = 0.0) -> Ints:
    """Seconds between an event and its sync by the source: minutes to hours; days for a share of `late`."""
    seconds = rng.exponential(minutes * 60, size) + 60
    if late:
        slow = rng.random(size) < late
        seconds[slow] += rng.uniform(1, 6, int(slow.sum())) * DAY
    return seconds.astype(np.int64)
