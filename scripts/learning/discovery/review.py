"""The review page of discoveries: every proposed rule with its evidence, and how it was found.

It contains no names and no customer ids, loads nothing from other servers, and can be printed.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from scripts.learning.discovery import pictures, search
from scripts.learning.discovery.confirm import MOST_ERRORS
from scripts.learning.discovery.phrasing import amount, effect_text, p_text
from scripts.learning.discovery.targets import BUYERS, LIMITS, WORTH_OF_SHARE, WORTH_OF_VALUE, Cohort
from scripts.platform.errors import UserError
from scripts.platform.pages.page import INDEX, write_page
from scripts.platform.progress import Progress

if TYPE_CHECKING:
    from scripts.learning.discovery.findings import Proposal, Tested
    from scripts.learning.discovery.inputs import People

SEGMENTS_SHOWN = 3
# From this overlap (Jaccard) on, a segment counts as nearly the same as a rule.
NEARLY_THE_SAME = 0.6


def write_review(
    folder: Path,
    people: People,
    cohorts: Sequence[Cohort],
    left_out: Sequence[str],
    tested: Sequence[Tested],
    proposals: Sequence[Proposal],
    progress: Progress,
) -> Path:
    """Write the page into `folder` and return its path. Without altair it has tables and text only."""
    drawn: dict[int, str] = {}
    try:
        drawn = _pictures(people, proposals)
    except UserError as problem:
        progress(f"discover: the review page has no charts: {problem}")
    cards = [_card(people, proposal, drawn.get(proposal.number)) for proposal in proposals]
    held = "1 rule holds up" if len(proposals) == 1 else f"{len(proposals)} rules hold up"
    return write_page(
        folder / INDEX,
        "learning/discovery/review.html.j2",
        title="Discoveries: rules that predict what customers do" if proposals else "No discoveries",
        about=_about(people),
        colour=pictures.RULE_COLOUR,
        summary=f"{held} of the {len(tested)} that were tested on held-out customers.",
        cards=cards,
        cohorts=[_cohort(people, one, cards) for one in cohorts],
        rest=[_rest(people, one) for one in tested if not one.is_proposed],
        method=_method(people, cohorts, tested),
        left_out=[f"Left out, {reason}." for reason in left_out],
    )


def _about(people: People) -> str:
    facts = people.facts
    return (
        f"What was known on {people.day.isoformat()}, and what customers did in the {people.days} days until "
        f"{facts.as_of_date.isoformat()}; {facts.world_kind} data, amounts in {facts.reporting_currency}."
    )


def _cohort(people: People, one: Cohort, cards: Sequence[dict[str, Any]]) -> dict[str, Any]:
    who = one.target.population.format(day=people.day.isoformat())
    what = f"{one.target.what.format(days=people.days)}, among {who}"
    return {
        "title": one.target.title,
        "what": what[:1].upper() + what[1:],
        "cards": [card for card in cards if card["target"] == one.target],
    }


def _card(people: People, proposal: Proposal, picture: str | None) -> dict[str, Any]:
    one = proposal.tested
    evidence, is_share = one.evidence, one.target.is_share
    currency = people.facts.reporting_currency
    extra = [part for part in one.conditions if part not in (BUYERS, *one.rule.conditions)]
    return {
        "target": one.target,
        "number": proposal.number,
        "unusual": _unusual(one),
        "conditions": _conditions(one),
        "picture": picture,
        "outcome": amount(evidence.inside.value, is_share, currency),
        "outcome_of_others": amount(evidence.others.value, is_share, currency),
        "adjusted_p": p_text(evidence.adjusted_p),
        "effect": effect_text(evidence.effect, is_share, currency),
        "raw_effect": None if is_share else effect_text(evidence.raw_effect, False, currency),
        "counts": f"{evidence.count:,} held-out customers match the rule, {evidence.other_count:,} do not; "
        f"adjusted p {p_text(evidence.adjusted_p)}",
        "count_today": f"{proposal.count_today:,}",
        "extra": one.phrases.joined(extra) if extra else "",
        "segment_key": proposal.segment_key,
        **_segments(proposal),
    }


def _segments(proposal: Proposal) -> dict[str, Any]:
    """The segments that already contain the rule's current customers."""
    overlap = proposal.overlap
    if overlap.empty or not proposal.count_today:
        return {"overlaps": [], "nearly_the_same": None}
    both, own = overlap["shared_count"], overlap["member_count"]
    overlap = overlap.assign(same=both / (proposal.count_today + own - both)).sort_values(
        ["same", "segment_name"], ascending=[False, True]
    )
    first = overlap.iloc[0]
    return {
        "overlaps": [
            f"{row['segment_name']} ({_share(row['shared_count'], proposal.count_today)} of the rule, "
            f"{_share(row['shared_count'], row['member_count'])} of the segment)"
            for row in overlap.head(SEGMENTS_SHOWN).to_dict("records")
        ],
        "nearly_the_same": first["segment_name"] if first["same"] >= NEARLY_THE_SAME else None,
    }


def _rest(people: People, one: Tested) -> dict[str, Any]:
    return {
        "unusual": _unusual(one),
        "conditions": _conditions(one),
        "effect": effect_text(one.evidence.effect, one.target.is_share, people.facts.reporting_currency),
        "adjusted_p": p_text(one.evidence.adjusted_p),
        "verdict": "effect too small" if one.evidence.adjusted_p < MOST_ERRORS else "may be chance",
    }


def _method(people: People, cohorts: Sequence[Cohort], tested: Sequence[Tested]) -> list[str]:
    sizes = "; ".join(f"{one.target.title.lower()} {len(one.searched):,} and {len(one.kept_back):,}" for one in cohorts)
    limits = [f"{one.low:,.2f} and {one.high:,.2f}".replace("-", "−") for one in cohorts if not one.target.is_share]
    texts = [
        f"Customers were split in two by a hash of their id: one half was searched, the other held out ({sizes}).",
        f"The search tries rules of one to {search.LONGEST} conditions over {len(people.attributes)} attributes. It "
        "ranks them by the difference between their mean outcome and the overall mean, in standard deviations, times "
        "the square root of the number of customers they find. A rule finds at least "
        f"{_share(search.SMALLEST_SHARE, 1)} and {search.SMALLEST_COUNT} of the customers searched, and at most half "
        f"of them; every condition must add clearly to the others; of rules that share more than "
        f"{_share(search.SAME_CUSTOMERS, 1)} of their customers only the best is kept, and each rule must find unusual "
        "customers whom no better rule finds.",
        f"Only the best {len(tested)} were tested, once, on the held-out customers, by Welch's or Student's t (value), "
        "chi-square or Fisher's exact test (shares). The p-values are adjusted for all these tests (Holm). A rule is "
        f"proposed when its adjusted p is below {MOST_ERRORS} and its effect is at least {WORTH_OF_VALUE} standard "
        f"deviations of value or {100 * WORTH_OF_SHARE:.0f} percentage points of a share. All effects shown are those "
        "among held-out customers; the intervals are not adjusted for multiple testing.",
    ]
    if limits:
        texts.append(
            f"For value, margins beyond the {100 * LIMITS[0]:.0f}st and {100 * LIMITS[1]:.0f}th percentile "
            f"({limits[0]}) are capped at these limits, so that a few extreme customers do not make a rule; each rule "
            "also shows its effect without capping, with an interval that is only rough."
        )
    texts.append(
        "That a rule predicts an outcome does not mean that it causes it, nor that treating these customers "
        "differently would change it: only a holdout can show that."
    )
    return texts


def _pictures(people: People, proposals: Sequence[Proposal]) -> dict[int, str]:
    """The chart of every proposal, on one scale per target."""
    drawn = {}
    for proposal in proposals:
        target = proposal.tested.target
        means = [
            mean
            for other in proposals
            if other.tested.target == target
            for mean in (other.tested.evidence.inside, other.tested.evidence.others)
        ]
        drawn[proposal.number] = pictures.inside_and_others(
            proposal.tested.evidence,
            is_share=target.is_share,
            currency=people.facts.reporting_currency,
            highest=1.12 * max(mean.high for mean in means),
            lowest=min(mean.low for mean in means),
        )
    return drawn


def _unusual(one: Tested) -> str:
    return one.target.higher if one.rule.direction > 0 else one.target.lower


def _conditions(one: Tested) -> list[str]:
    return [one.phrases.condition(part) for part in one.rule.conditions]


def _share(part: float, whole: float) -> str:
    return f"{100 * part / whole:.0f} %"
