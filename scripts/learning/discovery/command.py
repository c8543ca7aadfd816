"""`python -m scripts discover`: search for rules, test them, and write a review page and draft rows."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import pandas as pd

from scripts.learning.discovery.confirm import (
    SMALLEST_TESTED,
    Evidence,
    adjust,
    share_evidence,
    value_evidence,
)
from scripts.learning.discovery.findings import Proposal, Tested, evidence_text
from scripts.learning.discovery.inputs import People, read_people
from scripts.learning.discovery.search import search
from scripts.learning.discovery.targets import FEWEST, TARGETS, Cohort, cohort, whole_rule
from scripts.platform.errors import UserError
from scripts.platform.progress import Progress
from scripts.platform.workspace import Workspace
from scripts.segments import drafts
from scripts.segments.drafts import Condition, holds
from scripts.segments.overlap import segment_overlap
from scripts.segments.phrasing import Phrases
from scripts.segments.segment_library import DEFINITIONS, Rows, free_priorities

TAG = "discovered"
HORIZON_DAYS = 180
# Rules tested per target; the more are tested, the stricter the adjustment for each.
TESTED_PER_TARGET = 10


def discover(
    workspace: Workspace,
    targets: Sequence[str] | None = None,
    horizon: int = HORIZON_DAYS,
    seed: int = 0,
    into_library: bool = False,
    progress: Progress = print,
) -> Path:
    """Search for rules that predict unusual value, lapse or response; returns the path of the review page.

    Rules use what was known `horizon` days ago; their outcome is what customers have done since. Half of the customers
    are searched, the other half decides. Writes the page and the draft rows to `<home>/review/discoveries/`; with
    `into_library` the drafts also go into the segment library. The same data and `seed` give the same files. Raises
    UserError if the history is too short, or if none of the requested targets can be searched.
    """
    from scripts.learning.discovery.review import write_review

    people = read_people(workspace, horizon, seed, progress)
    cohorts, left_out = usable_cohorts(people, targets)
    for reason in left_out:
        progress(f"discover: left out, {reason}")
    if not cohorts:
        raise UserError(f"{workspace.warehouse}: nothing to search for; " + "; ".join(left_out))
    tested = find_and_test(cohorts, people.attributes)
    proposals = _proposals(workspace, people, tested)
    definitions, conditions = _draft_rows(workspace, people, proposals)
    folder = review_folder(workspace)
    drafts.write_drafts(folder, definitions, conditions)
    page = write_review(folder, people, cohorts, left_out, tested, proposals, progress)
    progress(f"discover: {len(proposals)} of {len(tested)} tested rules hold up on held-out customers; see {page}")
    if into_library and proposals:
        replaced = drafts.into_library(workspace.seeds, definitions, conditions, tag=TAG)
        progress(
            f"discover: {len(definitions)} drafts in {workspace.seeds / DEFINITIONS}"
            f"{f', {replaced} of them in place of earlier ones' if replaced else ''}; none is active until approved"
        )
    return page


def review_folder(workspace: Workspace) -> Path:
    """Where the review page and the draft rows are written."""
    return workspace.home / "review" / "discoveries"


def usable_cohorts(people: People, targets: Sequence[str] | None) -> tuple[list[Cohort], list[str]]:
    """The two halves of every target that can be searched, and one line of explanation for each that cannot."""
    found, left_out = [], []
    for key in targets or list(TARGETS):
        target = TARGETS[key]
        off = next((people.unavailable[name] for name in target.attributes if name in people.unavailable), None)
        if off:
            left_out.append(f"{key}: {off}")
            continue
        one = cohort(target, people.then, people.is_kept_back)
        count = min(len(one.searched), len(one.kept_back))
        if 2 * count < FEWEST:
            left_out.append(
                f"{key}: {len(one.searched) + len(one.kept_back)} {target.population.format(day=people.day)}; "
                f"at least {FEWEST} are needed"
            )
        elif one.searched[target.column].nunique() < 2:
            what = target.what.format(days=people.days)
            left_out.append(f"{key}: the outcome ({what}) is the same for all, so there is nothing to predict")
        else:
            found.append(one)
    return found, left_out


def find_and_test(cohorts: Sequence[Cohort], attributes: pd.DataFrame) -> list[Tested]:
    """Search the first half of every cohort and test the rules found on the second; p adjusted over all tests."""
    phrases = Phrases.read(zip(attributes["attribute_name"], attributes["phrase"], strict=True))
    tested = []
    for one in cohorts:
        outcome = one.outcome(one.searched)
        for rule in search(one.searched, outcome, attributes, most=TESTED_PER_TARGET, worth=one.worth):
            evidence = evidence_of(one, rule.conditions)
            if evidence is not None:
                conditions = whole_rule(one.target, rule.conditions)
                tested.append(Tested(one.target, rule, conditions, evidence, one.worth, one.low, one.high, phrases))
    adjusted = adjust([one.evidence for one in tested])
    return [replace(one, evidence=evidence) for one, evidence in zip(tested, adjusted, strict=True)]


def evidence_of(one: Cohort, conditions: Sequence[Condition]) -> Evidence | None:
    """The evidence of the held-out customers for a rule; None where too few match, or do not match, for a test."""
    found = holds([conditions], one.kept_back)
    if min(found.sum(), (~found).sum()) < SMALLEST_TESTED:
        return None
    outcome = one.outcome(one.kept_back)
    if one.target.is_share:
        return share_evidence(found, outcome)
    return value_evidence(found, outcome, one.raw(one.kept_back))


def _proposals(workspace: Workspace, people: People, tested: Sequence[Tested]) -> list[Proposal]:
    held_up = [one for one in tested if one.is_proposed]
    keys = drafts.segment_keys([_key_words(one) for one in held_up], TAG)
    members = {
        key: people.today.loc[holds([one.conditions], people.today), ["customer_id"]]
        for one, key in zip(held_up, keys, strict=True)
    }
    groups = [found.assign(group_key=key) for key, found in members.items()]
    overlap = segment_overlap(workspace, pd.concat(groups)) if groups else pd.DataFrame()
    return [
        Proposal(number, one, key, len(members[key]), overlap[overlap["group_key"] == key])
        for number, (one, key) in enumerate(zip(held_up, keys, strict=True), start=1)
    ]


def _key_words(one: Tested) -> str:
    """The words of a draft's key: direction, target, and those of the rule's attributes whose full names still fit."""
    words = f"{'high' if one.rule.direction > 0 else 'low'} {one.target.key}"
    for name in dict.fromkeys(part.attribute for part in one.rule.conditions):
        if len(f"{TAG}_{words} {name}") <= drafts.MOST_LETTERS - 3:
            words += f" {name}"
    return words


def _draft_rows(workspace: Workspace, people: People, proposals: Sequence[Proposal]) -> tuple[Rows, Rows]:
    themes = dict(zip(people.attributes["attribute_name"], people.attributes["theme"], strict=True))
    keys = {proposal.segment_key for proposal in proposals}
    priorities = free_priorities(workspace.seeds, len(proposals), besides=keys)
    definitions = [
        drafts.definition_row(
            segment_key=proposal.segment_key,
            name=proposal.tested.name,
            purpose=(
                "Proposed by a search for rules that predict what customers do; decide what to do differently for "
                f"these customers. {evidence_text(proposal.tested, people)}"
            ),
            included=proposal.tested.phrases.included([proposal.tested.conditions]),
            review_rule="Change or retire when a later search on newer data does not confirm it",
            priority=priority,
            themes=sorted({themes.get(part.attribute, "orders") for part in proposal.tested.conditions}),
            tag=TAG,
            share_of_known=proposal.count_today / max(people.known_count, 1),
        )
        for proposal, priority in zip(proposals, priorities, strict=True)
    ]
    return definitions, [
        row
        for proposal in proposals
        for row in drafts.condition_rows(proposal.segment_key, [proposal.tested.conditions])
    ]
