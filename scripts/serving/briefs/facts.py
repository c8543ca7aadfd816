"""Facts of a segment compared with the customers it is part of: shares, levels, reach, money. No words, no files."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd

from scripts.serving.briefs.comparison import Level, Share, level
from scripts.serving.briefs.reading import SegmentFrames
from scripts.serving.briefs.traits import CONSENTS, FLAGS, MEASURES, MIXES, WITHOUT_CONSENT, Flag, Measure, Mix

# A smaller group would reveal individuals; the same number as the var small_cell_minimum.
LEAST_DESCRIBED = 10
# Values of a mix that are listed.
VALUES_SHOWN = 3
# Age and region are shown for a whole lifecycle stage only, and only if at least this share of members is in it.
LEAST_IN_ONE_STAGE = 0.9
# Heavier buyers return more and contact service more: shown as figures, but never as a difference or a finding.
GROWS_WITH_SALES = ("returns_amount_365d", "service_cost_365d")
# A segment that has grown or shrunk by less than this counts as unchanged.
LEAST_GROWTH = 0.1

Facts = dict[str, Any]


def segment_facts(frames: SegmentFrames) -> Facts:
    """Everything that a segment's brief says, as a dict for JSON. Unknown is None, with its reason in `not_known`."""
    people = frames.people
    members = people["is_member"].to_numpy(bool)
    size = int(members.sum())
    facts: Facts = {
        "segment": frames.library,
        "as_of_date": frames.as_of_date,
        "currency": frames.currency,
        "size": {"members": size, "customers": len(people), "share": size / len(people) if len(people) else None},
        "approvals": frames.approvals,
        "trend": trend(frames),
        "is_described": size >= LEAST_DESCRIBED,
        "has_buyers": bool((people.loc[people["is_member"], "order_count"].fillna(1) > 0).any()),
    }
    if not facts["is_described"]:
        return facts
    base = base_of(people)
    inside = base["is_member"].to_numpy(bool)
    facts["base"] = {"name": base.attrs["name"], "customers": len(base)}
    facts["mixes"] = {one.attribute: mix_facts(one, base, inside, frames) for one in MIXES}
    facts["flags"] = {one.attribute: flag_facts(one, base, inside, frames) for one in FLAGS}
    facts["measures"] = {one.attribute: measure_facts(one, base, inside, frames) for one in MEASURES}
    facts["not_known"] = {
        one.attribute: frames.unavailable[one.attribute]
        for one in (*MIXES, *FLAGS, *MEASURES)
        if one.attribute in frames.unavailable
    }
    facts["money"] = money_facts(frames.margin)
    facts["reach"] = reach_facts(frames, people[people["is_member"]])
    facts["overlaps"] = overlap_facts(frames)
    facts["demographics"] = demographic_facts(frames, base[inside])
    facts["findings"] = findings(facts)
    return facts


def base_of(people: pd.DataFrame) -> pd.DataFrame:
    """The customers that members are compared with, members included: all buyers if every member bought, else all.

    Compared with people who never bought, every buyer is remarkable, which says nothing about the segment.
    """
    name = "all customers"
    bought = people["order_count"].fillna(0) > 0
    if bool(bought[people["is_member"]].all()) and bool((bought & ~people["is_member"]).any()):
        people, name = people[bought], "all buyers"
    people = people.copy()
    people.attrs["name"] = name
    return people


def mix_facts(mix: Mix, base: pd.DataFrame, inside: np.ndarray, frames: SegmentFrames) -> list[Facts]:
    """The values of a mix, most frequent among members first; empty where it is known for too few."""
    if mix.attribute in frames.unavailable:
        return []
    codes, found = pd.factorize(base[mix.attribute])
    names = [str(name) for name in found]
    if mix.missing and (codes < 0).any():
        codes, names = np.where(codes < 0, len(names), codes), [*names, mix.missing]
    known = codes >= 0
    own, every = (np.bincount(codes[which], minlength=len(names)) for which in (known & inside, known))
    if own.sum() < LEAST_DESCRIBED:
        return []
    # Including values that occur in the base only.
    ordered = sorted(range(len(names)), key=lambda place: (-own[place], names[place]))
    follows = bool(frames.rule_attributes & (mix.follows | {mix.attribute}))
    return [
        {
            "attribute": mix.attribute,
            "value": names[place],
            **share_facts(Share(int(own[place]), int(own.sum()), int(every[place]), int(known.sum()))),
            "says": mix.says(names[place]),
            "follows_from_rule": follows,
        }
        for place in ordered
    ]


def flag_facts(flag: Flag, base: pd.DataFrame, inside: np.ndarray, frames: SegmentFrames) -> Facts | None:
    """How many have it, of those for whom it is known."""
    if flag.attribute in frames.unavailable:
        return None
    column = base[flag.attribute]
    if pd.api.types.is_numeric_dtype(column) or pd.api.types.is_bool_dtype(column):
        known = column.notna().to_numpy(bool)
        true = (column.fillna(0).astype(float) > 0).to_numpy(bool)
    elif flag.attribute.startswith(("has_", "is_")):
        known = column.notna().to_numpy(bool)
        true = column.map(lambda value: value is True or value == 1).to_numpy(bool)
    else:
        # A name or nothing: null means there is none.
        known = np.ones(len(base), bool)
        true = column.notna().to_numpy(bool)
    if not (known & inside).any():
        return None
    counts = Share(int((true & inside).sum()), int((known & inside).sum()), int(true.sum()), int(known.sum()))
    follows = bool(frames.rule_attributes & (flag.follows | {flag.attribute}))
    facts = share_facts(counts)
    return {"attribute": flag.attribute, **facts, "says": flag.verb, "follows_from_rule": follows}


def measure_facts(measure: Measure, base: pd.DataFrame, inside: np.ndarray, frames: SegmentFrames) -> Facts | None:
    """The mean of members and of the base, over those for whom it is known."""
    if measure.attribute in frames.unavailable:
        return None
    found = level(base[measure.attribute].astype(float).to_numpy(), inside, is_share=measure.unit == "share")
    if found is None:
        return None
    follows = bool(frames.rule_attributes & (measure.follows | {measure.attribute}))
    facts = level_facts(found)
    if measure.attribute in GROWS_WITH_SALES:
        facts["words"] = None
    return {"attribute": measure.attribute, **facts, "unit": measure.unit, "follows_from_rule": follows}


def share_facts(found: Share) -> Facts:
    return {
        "count": found.count,
        "members": found.members,
        "base_count": found.base_count,
        "base": found.base,
        "share": found.share,
        "base_share": found.base_share,
        "ratio": found.ratio,
        # A difference that would not matter needs no probability.
        "chance": found.chance if found.is_large else None,
        "words": found.words,
        "effect": effect(found),
    }


def level_facts(found: Level) -> Facts:
    return {
        "mean": found.mean,
        "base_mean": found.base_mean,
        "members": found.above.members,
        "base": found.above.base,
        "ratio": found.ratio,
        "chance": found.above.chance if found.is_large else None,
        "words": found.words,
        "effect": effect(found.above),
    }


def effect(found: Share) -> float:
    """The difference between two shares as Cohen's h, a scale that is fair to small ones."""
    return float(2 * np.arcsin(np.sqrt(found.share)) - 2 * np.arcsin(np.sqrt(found.base_share)))


def findings(facts: Facts) -> list[Facts]:
    """What distinguishes members from the base, largest effect first; one per attribute."""
    every = [
        *(one for values in facts["mixes"].values() for one in values),
        *(one for one in facts["flags"].values() if one),
        *(one for one in facts["measures"].values() if one),
    ]
    said: dict[str, Facts] = {}
    # What they are before what they are not; within an attribute the value with the largest effect.
    every.sort(key=lambda one: (one["effect"] < 0, -abs(one["effect"]), one["attribute"], one.get("value", "")))
    for one in every:
        # Customers who never bought have no comebacks, spend or returns; that is no finding.
        if not facts["has_buyers"] and not one.get("share", one.get("mean")):
            continue
        if one["words"] and not one["follows_from_rule"]:
            said.setdefault(one["attribute"], one)
    return sorted(said.values(), key=lambda one: (-abs(one["effect"]), one["attribute"]))


def money_facts(margin: dict[str, Any] | None) -> Facts | None:
    """What the segment brought in 365 days, from segment_margin."""
    if margin is None:
        return None
    names = ("gross_revenue", "discounts", "returns_amount", "net_revenue", "service_cost", "contribution_margin")
    return {
        **{name: _number(margin[f"{name}_365d"]) for name in names},
        "contribution_margin_rate": _number(margin["contribution_margin_rate_365d"]),
        "cost_coverage": _number(margin["cost_coverage"]),
    }


def reach_facts(frames: SegmentFrames, members: pd.DataFrame) -> list[Facts]:
    """How many members may be contacted, for every channel of the segment."""
    found = []
    for channel in str(frames.library["channels"] or "").split("|"):
        if not channel:
            continue
        flag = CONSENTS.get(channel)
        reason = frames.unavailable.get(flag) if flag else None
        contactable = int(members[flag].map(lambda value: value is True or value == 1).sum()) if flag else None
        found.append(
            {
                "channel": channel,
                "needs_consent": channel not in WITHOUT_CONSENT,
                "contactable": None if reason else contactable,
                "members": len(members),
                "not_known": reason,
            }
        )
    return found


def overlap_facts(frames: SegmentFrames) -> list[Facts]:
    """The other segments of the members, largest overlap first, and which of them take priority."""
    found = []
    for row in sorted(frames.overlaps, key=lambda row: (-row["customer_count"], row["other_segment_key"])):
        other = frames.others.get(row["other_segment_key"])
        if other is None or row["other_segment_key"] == frames.library["segment_key"]:
            continue
        found.append(
            {
                "segment_key": row["other_segment_key"],
                "segment_name": other["segment_name"],
                "customers": int(row["customer_count"]),
                "share": float(row["share_of_segment"]),
                "goes_first": other["priority"] < frames.library["priority"],
                "is_suppression": bool(other["is_suppression"]),
            }
        )
    return found


def demographic_facts(frames: SegmentFrames, members: pd.DataFrame) -> Facts:
    """Age and region of the lifecycle stage that nearly all members are in, from demographic_overlap's shown cells.

    Never counted among the members themselves: that would reveal what the small-cell rule hides.
    """
    stages = members["lifecycle_stage"].value_counts()
    if stages.empty or stages.iloc[0] < LEAST_IN_ONE_STAGE * len(members):
        return {"stage": None}
    stage = str(stages.index[0])
    shown = [row for row in frames.demographics if row["value"] == stage]
    total = next((int(row["customer_count"]) for row in shown if row["other_dimension"] == "all"), 0)
    cells = [
        {
            "dimension": row["other_dimension"],
            "value": row["other_value"],
            "count": int(row["customer_count"]),
            "share": int(row["customer_count"]) / total,
        }
        for row in sorted(shown, key=lambda row: (row["other_dimension"], -row["customer_count"], row["other_value"]))
        if total and row["other_dimension"] != "all" and row["customer_count"] > 0
    ]
    return {"stage": stage, "customers": total, "cells": cells}


def trend(frames: SegmentFrames) -> Facts | None:
    """Its size on the first and the last day that it was evaluated by the current rule; None for a single day."""
    rows = [
        row
        for row in frames.sizes
        if row.get("status") in (None, "active")
        and str(row["as_of_date"])[:10] <= frames.as_of_date
        and row.get("customer_count") is not None
    ]
    rows.sort(key=lambda row: str(row["as_of_date"]))
    if not rows:
        return None
    newest = rows[-1]
    same_rule = [row for row in rows if row.get("rule_fingerprint") == newest.get("rule_fingerprint")]
    if len(same_rule) < 2:
        return {"rule_changed": True} if len(rows) > 1 else None
    first, last = int(same_rule[0]["customer_count"]), int(newest["customer_count"])
    # Sizes vary at least like Poisson counts: by about their square root.
    clear = abs(last - first) >= max(LEAST_GROWTH * first, 3 * np.sqrt(max(first, last, 1)))
    return {
        "rule_changed": False,
        "from_date": str(same_rule[0]["as_of_date"])[:10],
        "to_date": str(newest["as_of_date"])[:10],
        "from": first,
        "to": last,
        "change": "same" if not clear else "grew" if last > first else "shrank",
    }


def _number(value: Any) -> float | None:
    return None if value is None else float(value)
