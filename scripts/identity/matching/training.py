"""Estimates, without labels, how informative each level is, and stores that as data with the retailer's other seeds."""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from scripts.identity.matching.fields import (
    BLOCKING_RULES,
    COMPARISONS,
    FIELDS,
    KEYS,
    NEVER_TRAINED_ON_CUSTOMERS,
    REVIEW_THRESHOLD,
    SURE_RECALL,
    SURE_RULES,
    TRAINING_RULES,
    USUAL_WEIGHT,
    comparisons_of,
    levels_of,
    usable_rules,
)
from scripts.identity.matching.model import linker, need_splink
from scripts.identity.matching.records import Records, workspace_records
from scripts.platform.errors import CheckFailed, UserError
from scripts.platform.files import replace_file
from scripts.platform.progress import Progress
from scripts.platform.workspace import Workspace

SETTINGS_FILE = "match_settings.json"
RANDOM_SEED = 1
RANDOM_PAIRS = 1_000_000
DECIMALS = 8
FORMAT = 1
FEWEST_MATCHES = 20


def train_workspace(workspace: Workspace, threshold: float | None = None, progress: Progress = print) -> Path:
    """Train on the workspace's profiles and write `match_settings.json` into its seeds; returns the file.

    The same data give the same file. Raises UserError without Splink or a build, CheckFailed if the data have too few
    likely pairs to train on.
    """
    need_splink()
    records = workspace_records(workspace)
    settings = train(records, threshold)
    file = workspace.seeds / SETTINGS_FILE
    write_settings(file, settings)
    counts = settings["counts"]
    progress(
        f"match: trained on {counts['records']:,} records and {len(settings['comparisons'])} comparisons, "
        f"review from {settings['review_threshold']}: {file}"
    )
    return file


def train(records: Records, threshold: float | None = None) -> dict[str, Any]:
    """Settings estimated from the records alone: probabilities per level, threshold, and the data used.

    How often a level occurs among strangers (u) is estimated from random pairs with a fixed seed; how often among
    records of one person (m), by expectation maximisation over pairs that agree on one rule, while the others vary.
    """
    need_splink()
    from splink import block_on

    threshold = REVIEW_THRESHOLD if threshold is None else threshold
    rules = usable_rules(TRAINING_RULES, records.fields)
    if not rules:
        raise CheckFailed("match: no two records have an e-mail, a birth date or a name; train on more data")
    with linker(records, list(BLOCKING_RULES), across_customers=False) as model:
        sure = usable_rules(SURE_RULES, records.fields)
        try:
            model.training.estimate_probability_two_random_records_match(
                [block_on(*rule) for rule in sure or rules], recall=SURE_RECALL
            )
        except ValueError:
            # Splink raises this when the sure rules find more pairs than its estimate allows.
            raise CheckFailed(
                f"match: nearly all pairs of these {len(records.frame):,} records agree, so there is too little data "
                "to estimate how strangers differ; train on more data"
            ) from None
        model.training.estimate_u_using_random_sampling(max_pairs=RANDOM_PAIRS, seed=RANDOM_SEED)
        em_results = [em_result for rule in rules if (em_result := _run_em(model, rule, records))]
        likely = max((item.matches for item in em_results), default=0.0)
        if likely < FEWEST_MATCHES:
            raise CheckFailed(
                f"match: {likely:.0f} likely pairs among {len(records.frame):,} records are too few to train on, "
                f"{FEWEST_MATCHES} are needed; train on more data"
            )
        fitted = model.misc.save_model_to_json()
    return {
        "format": FORMAT,
        "kind": records.kind,
        "as_of_date": records.as_of_date,
        "data_fingerprint": records.fingerprint,
        "counts": {
            "records": len(records.frame),
            "known": {field: int(records.frame[field].notna().sum()) for field in sorted(records.fields)},
            "random_pairs_at_most": RANDOM_PAIRS,
            "random_seed": RANDOM_SEED,
        },
        "review_threshold": threshold,
        "prior": round(float(fitted["probability_two_random_records_match"]), 12),
        "trained_on": [
            {"pairs_that_share": list(item.rule), "matching_pairs": round(item.matches, 1)} for item in em_results
        ],
        "blocking_rules": [list(rule) for rule in BLOCKING_RULES],
        "comparisons": _probabilities(fitted, em_results, records),
    }


def write_settings(file: Path, settings: dict[str, Any]) -> None:
    """Write the settings atomically."""
    replace_file(file, json.dumps(settings, indent=2, ensure_ascii=False) + "\n")


def read_settings(workspace: Workspace, records: Records) -> dict[str, Any]:
    """The stored settings, checked against the data to be scored. Raises UserError with a message of one line."""
    file = workspace.seeds / SETTINGS_FILE
    again = "run `python -m scripts match --train` on these data"
    if not file.exists():
        raise UserError(f"{file}: no such file, so matching has not been trained yet; {again}")
    try:
        settings: dict[str, Any] = json.loads(file.read_text(encoding="utf-8"))
        kind, threshold, rules = settings["kind"], settings["review_threshold"], settings["blocking_rules"]
        stored = {name: [row["level"] for row in rows] for name, rows in settings["comparisons"].items()}
        probabilities = [row[part] for rows in settings["comparisons"].values() for row in rows for part in ("m", "u")]
        probabilities.append(settings["prior"])
    except (OSError, ValueError, KeyError, TypeError, AttributeError):
        raise UserError(f"{file}: is not a settings file of match; {again}") from None
    if kind != records.kind:
        raise UserError(f"{file}: was trained on data of kind '{kind}', these are '{records.kind}'; {again}")
    if settings.get("format") != FORMAT:
        raise UserError(f"{file}: was written by a different version; {again}")
    if not all(isinstance(value, float | int) and 0 < value < 1 for value in [*probabilities, threshold]):
        raise UserError(f"{file}: probabilities and review_threshold must be between 0 and 1; correct them, or {again}")
    unknown = sorted({key for rule in rules for key in rule if key not in KEYS})
    if unknown:
        raise UserError(f"{file}: blocking_rules name {', '.join(unknown)}; use only {', '.join(KEYS)}")
    wanted = {item.name: [level.words for level in levels_of(item, records.fields)]
              for item in comparisons_of(records.fields)}  # fmt: skip
    if missing := sorted(name for name, levels in wanted.items() if not set(levels) <= set(stored.get(name, []))):
        raise UserError(f"{file}: has no settings for {', '.join(missing)}, which these data have; {again}")
    return settings


@dataclass(frozen=True)
class _EmResult:
    """What EM estimated for the pairs that share one rule's keys.

    `matches`: expected number of matching pairs; `shares`: for each comparison, the shares of its levels among them;
    `comparable`: how many of them have values to compare.
    """

    rule: tuple[str, ...]
    matches: float
    shares: dict[str, dict[str, float]]
    comparable: dict[str, float]


def _run_em(model: Any, rule: tuple[str, ...], records: Records) -> _EmResult | None:
    """EM over the pairs that agree in the rule's keys; None if there are none, or nothing varies among them."""
    from splink import block_on

    varying = [item for item in comparisons_of(records.fields) if not {*item.fields, "street"} & set(rule)]
    # Without such pairs, Splink would lose the comparisons that the rule holds fixed.
    if not varying or not _pairs(records, rule):
        return None
    session = model.training.estimate_parameters_using_expectation_maximisation(
        block_on(*rule), estimate_without_term_frequencies=True
    )
    found = session.core_model_settings
    matching = float(found.probability_two_random_records_match)
    shares, comparable = {}, {}
    for comparison in found.comparisons:
        levels = {level.label_for_charts: level._m_probability for level in comparison.comparison_levels
                  if not level.is_null_level}  # fmt: skip
        # For a level that did not occur Splink has a text instead of a number.
        shares[comparison.output_column_name] = {
            name: share if isinstance(share, float) else 0.0 for name, share in levels.items()
        }
        comparable[comparison.output_column_name] = matching * _pairs(records, rule, comparison.output_column_name)
    return _EmResult(rule, matching * _pairs(records, rule), shares, comparable)


def _pairs(records: Records, rule: tuple[str, ...], comparison: str | None = None) -> int:
    """How many pairs of records agree in all keys of a rule; with `comparison`, those that have values for it."""
    frame = records.frame[list(FIELDS)].assign(email_name=records.frame["email_name"])
    known = frame[list(rule)].notna().all(axis=1)
    if comparison:
        needed = next(item.fields for item in COMPARISONS if item.name == comparison)
        known &= frame[list(needed)].notna().any(axis=1)
    sizes = frame[known].groupby(list(rule)).size() if rule else [int(known.sum())]
    return int(sum(size * (size - 1) // 2 for size in sizes))


def _probabilities(
    fitted: dict[str, Any], em_results: list[_EmResult], records: Records
) -> dict[str, list[dict[str, Any]]]:
    """m and u of every level, by comparison.

    m is the share among matching pairs, averaged over the EM results of all rules, with the level's usual share counted
    as USUAL_WEIGHT further pairs. If no random pair had the level, u is that of half a pair.
    """
    described = {item["output_column_name"]: item["comparison_levels"] for item in fitted["comparisons"]}
    result = {}
    for comparison in comparisons_of(records.fields):
        levels = levels_of(comparison, records.fields)
        skipped = records.kind != "file" and comparison.name in NEVER_TRAINED_ON_CUSTOMERS
        contributing = [] if skipped else [item for item in em_results if comparison.name in item.shares]
        comparable = sum(item.comparable[comparison.name] for item in contributing)
        usual = sum(level.usual for level in levels)
        seen_u = {level["label_for_charts"]: level.get("u_probability") for level in described[comparison.name]}
        half_a_pair = 0.5 / max(_pairs(records, (), comparison.name), 1)
        result[comparison.name] = [
            {
                "level": level.words,
                "m": _inside(
                    (
                        sum(
                            item.comparable[comparison.name] * item.shares[comparison.name][level.words]
                            for item in contributing
                        )
                        + USUAL_WEIGHT * level.usual / usual
                    )
                    / (comparable + USUAL_WEIGHT)
                ),
                "u": _inside(seen_u[level.words] or half_a_pair),
                "learnt_from_pairs": round(comparable, 1),
            }
            for level in levels
        ]
    return result


def _inside(probability: float) -> float:
    """Rounded, and neither 0 nor 1: no single comparison is proof."""
    return min(max(round(float(probability), DECIMALS), 1e-7), 1 - 1e-7)
