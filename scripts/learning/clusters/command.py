"""`python -m scripts cluster`: find clusters of buyers, and write centres, model card, review pack and draft rules."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd

from scripts.learning.clusters import drafts
from scripts.learning.clusters.card import SEED_FILE, write_centres
from scripts.learning.clusters.choice import METHODS
from scripts.learning.clusters.fitting import Clustering, draft_rules, find_clusters
from scripts.learning.clusters.inputs import Buyers, read_buyers
from scripts.learning.clusters.review import write_review
from scripts.learning.clusters.rules import Draft
from scripts.learning.prediction.cards import data_facts
from scripts.platform.errors import CheckFailed, UserError
from scripts.platform.progress import Progress
from scripts.platform.workspace import Workspace
from scripts.segments.overlap import segment_overlap
from scripts.segments.segment_library import DEFINITIONS, Rows, free_priorities


def cluster(
    workspace: Workspace,
    k: int | None = None,
    seed: int = 0,
    method: str = "best",
    into_library: bool = False,
    progress: Progress = print,
) -> Path:
    """Find clusters of buyers; returns the path of the seed that holds their centres.

    The features are those named in the seed `model_inputs`. Without `k`, the number is chosen by stated criteria
    (scripts.learning.clusters.choice); with it, the card says that it was requested. `method` is kmeans, ward or best
    (of both). Writes centres and card into the workspace's seeds, and a review pack with draft rules to
    `<home>/review/clusters/`; with `into_library` the drafts also go into the segment library. The same data and `seed`
    give the same files. Raises UserError for too few customers or an impossible `k`; CheckFailed when no stable
    clustering exists, after writing a card and a review pack that say so.
    """
    if method not in (*METHODS, "best"):
        raise UserError(f"--method {method}: not a method; use {', '.join(METHODS)} or best")
    if k is not None and k < 2:
        raise UserError(f"--k {k}: too few clusters; give 2 or more")
    facts = data_facts(workspace)
    buyers = read_buyers(workspace, seed)
    found = find_clusters(buyers, k=k, method=method, seed=seed, where=str(workspace.warehouse))
    if found.left_out:
        progress(f"cluster: left out, the same for nearly all buyers: {', '.join(found.left_out)}")
    rules = draft_rules(found)
    fit_id = write_centres(workspace, found, rules, facts, forced=k is not None, seed=seed)
    definitions, conditions = _draft_rows(workspace, rules, buyers, fit_id)
    drafts.write_drafts(review_folder(workspace), definitions, conditions)
    write_review(review_folder(workspace), found, rules, _overlap(workspace, found), facts, fit_id, progress)
    for reason in found.choice.reasons:
        progress(f"cluster: {reason}")
    if found.choice.count is None:
        raise CheckFailed(
            f"no stable clustering exists among {buyers.customer_count:,} buyers; the model card and "
            f"{review_folder(workspace) / 'index.html'} explain why; `--k N` forces a number"
        )
    progress(
        f"cluster: {len(found.keys)} clusters of {buyers.customer_count:,} customers: {'; '.join(found.names)};"
        f" see {review_folder(workspace) / 'index.html'}"
    )
    if into_library:
        replaced = drafts.into_library(workspace.seeds, definitions, conditions)
        progress(
            f"cluster: {len(definitions)} drafts in {workspace.seeds / DEFINITIONS}"
            f"{f', {replaced} of them in place of earlier ones' if replaced else ''}; none is active until approved"
        )
    return workspace.seeds / SEED_FILE


def review_folder(workspace: Workspace) -> Path:
    """Where the review pack and the draft rows are written."""
    return workspace.home / "review" / "clusters"


def _draft_rows(workspace: Workspace, rules: list[Draft], buyers: Buyers, fit_id: str) -> tuple[Rows, Rows]:
    themes = dict(zip(buyers.catalogue["attribute_name"], buyers.catalogue["theme"], strict=True))
    usable = [draft for draft in rules if draft.alternatives]
    keys = {draft.segment_key for draft in usable}
    priorities = free_priorities(workspace.seeds, len(usable), besides=keys)
    definitions = [
        drafts.definition_row(
            draft,
            priority=priority,
            themes=sorted({themes.get(part.attribute, "orders") for rule in draft.alternatives for part in rule}),
            fit_id=fit_id,
            share_of_known=draft.share * len(buyers.frame) / max(buyers.known_count, len(buyers.frame)),
        )
        for draft, priority in zip(usable, priorities, strict=True)
    ]
    return definitions, [row for draft in usable for row in drafts.condition_rows(draft)]


def _overlap(workspace: Workspace, found: Clustering) -> pd.DataFrame:
    if not found.keys:
        return pd.DataFrame()
    keys = np.array(found.keys, dtype=object)[found.labels]
    return segment_overlap(
        workspace, pd.DataFrame({"customer_id": found.buyers.frame["customer_id"], "group_key": keys})
    )
