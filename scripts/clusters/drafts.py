"""Candidate rules of clusters as draft rows of the segment library: for a person to accept, never active by itself."""

from __future__ import annotations

import csv
import re
from pathlib import Path

from scripts.clusters.rules import Draft, plain
from scripts.errors import CheckFailed
from scripts.seed_files import only_writer, read_rows, replace_file, rows_as_csv
from scripts.validate import CONDITIONS, DEFINITIONS, seed_problems
from scripts.world import BUSINESS_SEEDS

# Marks what this module has written: only such drafts are replaced.
TAG = "cluster"


def segment_keys(names: list[str]) -> list[str]:
    """A key of the library for each cluster's name: `cluster_` and its words, unique, at most 60 letters."""
    keys: list[str] = []
    for name in names:
        key = f"{TAG}_" + re.sub(r"[^a-z0-9]+", "_", name.lower()).strip("_")
        key = key[:57].rstrip("_")
        same = sum(1 for other in keys if other == key or re.fullmatch(re.escape(key) + r"_\d+", other))
        keys.append(f"{key}_{same + 1}" if same else key)
    return keys


def definition_row(
    draft: Draft, *, priority: int, themes: list[str], fit_id: str, share_of_known: float
) -> dict[str, str]:
    """The draft as a row of segment_definitions: what is not known yet says that a person has to decide it.

    `themes` of the attributes that its rule reads; `share_of_known`: whom the rule finds, of all known customers.
    """
    return {
        "segment_key": draft.segment_key,
        "library_number": "",
        "segment_name": draft.name,
        "business_purpose": f"Proposed from clustering {fit_id}; to be decided what is done differently for them.",
        "included": (
            f"Buyers like the cluster '{draft.name}': {draft.precision:.0%} of those whom the rule finds are in the "
            f"cluster, and it finds {draft.recall:.0%} of the cluster"
        ),
        "excluded": "Nobody beyond the rule itself",
        "required_data": ", ".join(themes) or "Orders",
        "refresh_cadence": "daily",
        "owner": "To be named",
        "priority": str(priority),
        "channels": "email",
        "approved_uses": "None before somebody has decided on one",
        "success_measure": "To be agreed with the use",
        "review_rule": "Change or retire when clusters are found anew and this one is not among them",
        "next_action": "Decide what is done differently for them, or delete the draft",
        "status": "draft",
        "tags": TAG,
        "segment_kind": "dynamic",
        "scope": "people",
        "risk_class": "sensitive" if "demographics" in themes else "pricing" if "prices" in themes else "none",
        "expected_min_share": plain(float(f"{share_of_known / 2:.1e}")),
        "expected_max_share": plain(min(1.0, float(f"{share_of_known * 1.5:.1e}"))),
        "rule_version": "1",
    }


def condition_rows(draft: Draft) -> list[dict[str, str]]:
    """The draft as rows of segment_rule_conditions."""
    return [
        {
            "segment_key": draft.segment_key,
            "kind": "include",
            "alternative": str(number),
            "attribute": part.attribute,
            "operator": part.operator,
            "value": part.value,
            "if_missing": part.if_missing,
        }
        for number, alternative in enumerate(draft.alternatives, start=1)
        for part in alternative
    ]


def write_drafts(folder: Path, definitions: list[dict[str, str]], conditions: list[dict[str, str]]) -> None:
    """Write the draft rows as two files of the library's form into `folder`."""
    folder.mkdir(parents=True, exist_ok=True)
    for name, rows in ((DEFINITIONS, definitions), (CONDITIONS, conditions)):
        cells: list[dict[str, object]] = [dict(row) for row in rows]
        replace_file(folder / name, rows_as_csv(_header(BUSINESS_SEEDS / name), cells))


def into_library(seeds: Path, definitions: list[dict[str, str]], conditions: list[dict[str, str]]) -> int:
    """Append draft rows to the retailer's library; earlier drafts of clusters with the same keys are replaced.

    Returns how many earlier drafts were replaced. Raises CheckFailed, and writes nothing, when a key belongs to a
    segment that is no draft of a cluster: what somebody has taken over is theirs.
    """
    keys = {row["segment_key"] for row in definitions}
    with only_writer(seeds):
        # What cannot be read would be lost in writing.
        problems = [
            problem
            for name in (DEFINITIONS, CONDITIONS)
            for problem in seed_problems(seeds / name, _header(BUSINESS_SEEDS / name))
        ]
        if problems:
            raise CheckFailed("\n".join([*problems, "nothing was written; mend the library first"]))
        held, rules = _rows(seeds / DEFINITIONS), _rows(seeds / CONDITIONS)
        earlier = [row for row in held if row["segment_key"].strip() in keys]
        taken = [
            f"{row['segment_key'].strip()} ({row['status'].strip() or 'no status'})"
            for row in earlier
            if row["status"].strip().lower() != "draft" or TAG not in row["tags"].lower().split("|")
        ]
        if taken:
            raise CheckFailed(
                f"{seeds / DEFINITIONS}: has {', '.join(sorted(taken))} already, which no draft of a cluster may "
                "replace; nothing was written: give that segment another key, or copy the draft rows by hand"
            )
        kept = [row for row in held if row["segment_key"].strip() not in keys]
        kept_rules = [row for row in rules if row["segment_key"].strip() not in keys]
        # Definitions first: a draft without conditions is only warned of, conditions without a definition are an error.
        for name, rows in ((DEFINITIONS, kept + definitions), (CONDITIONS, kept_rules + conditions)):
            cells: list[dict[str, object]] = [dict(row) for row in rows]
            replace_file(seeds / name, rows_as_csv(_header(seeds / name), cells))
    return len(earlier)


def free_priorities(seeds: Path, count: int, besides: set[str]) -> list[int]:
    """Priorities after all that the library has, ten apart; those of the segments `besides` are free again."""
    held = [
        int(row["priority"])
        for row in _rows(seeds / DEFINITIONS)
        if (row["priority"] or "").strip().isdigit() and row["segment_key"].strip() not in besides
    ]
    start = (max(held, default=0) // 10 + 1) * 10
    return [start + 10 * number for number in range(count)]


def _rows(file: Path) -> list[dict[str, str]]:
    return read_rows(file, _header(file)) if file.exists() else []


def _header(file: Path) -> list[str]:
    with (file if file.exists() else BUSINESS_SEEDS / file.name).open(encoding="utf-8-sig", newline="") as handle:
        return [name.strip() for name in next(csv.reader(handle))]
