"""Candidate rules of clusters as draft rows of the segment library: never active until a person accepts them."""

from __future__ import annotations

from pathlib import Path

from scripts.learning.clusters.rules import Draft
from scripts.segments import drafts
from scripts.segments.drafts import write_drafts

__all__ = [
    "TAG",
    "condition_rows",
    "definition_row",
    "into_library",
    "segment_keys",
    "write_drafts",
]

# Marks the drafts that this module writes: only these are ever replaced.
TAG = "cluster"


def segment_keys(names: list[str]) -> list[str]:
    """A library key for each cluster name: `cluster_` and its words, unique, at most 60 characters."""
    return drafts.segment_keys(names, TAG)


def definition_row(
    draft: Draft, *, priority: int, themes: list[str], fit_id: str, share_of_known: float
) -> dict[str, str]:
    """The draft as a row of segment_definitions.

    `themes`: those of the attributes in its rule; `share_of_known`: share of all known customers whom the rule finds.
    """
    return drafts.definition_row(
        segment_key=draft.segment_key,
        name=draft.name,
        purpose=f"Proposed from clustering {fit_id}; decide what to do differently for these customers.",
        included=(
            f"Buyers like the cluster '{draft.name}': {draft.precision:.0%} of the customers matching the rule are in "
            f"the cluster, and the rule finds {draft.recall:.0%} of the cluster"
        ),
        review_rule="Change or retire when clusters are fitted again and this one is not among them",
        priority=priority,
        themes=themes,
        tag=TAG,
        share_of_known=share_of_known,
    )


def condition_rows(draft: Draft) -> list[dict[str, str]]:
    """The draft as rows of segment_rule_conditions."""
    return drafts.condition_rows(draft.segment_key, draft.alternatives)


def into_library(seeds: Path, definitions: list[dict[str, str]], conditions: list[dict[str, str]]) -> int:
    """Append draft rows to the retailer's library, as scripts.segments.drafts.into_library does."""
    return drafts.into_library(seeds, definitions, conditions, tag=TAG)
