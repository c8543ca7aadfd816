"""Evaluates the resolution of records with a known truth: by exact identifiers, by probability, by both."""

from __future__ import annotations

import csv
from collections.abc import Iterable
from pathlib import Path

import pandas as pd

from scripts.identity.matching.model import need_splink
from scripts.identity.matching.records import Records, file_records
from scripts.identity.matching.scoring import score
from scripts.identity.matching.training import train
from scripts.platform.errors import UserError
from scripts.platform.files import replacing
from scripts.platform.progress import Progress
from scripts.platform.workspace import Workspace

TRUTH_COLUMNS = ("cluster", "cluster_id")
# Also shown, so that the default threshold need not be taken on trust.
OTHER_THRESHOLDS = (0.5, 0.8, 0.95, 0.99)
COLUMNS = ["method", "threshold", "true_pairs", "found_pairs", "right_pairs", "precision", "recall", "f1",
           "largest_group"]  # fmt: skip


def evaluate(
    workspace: Workspace,
    files: list[Path],
    truth: Path | None = None,
    threshold: float | None = None,
    out: Path | None = None,
    progress: Progress = print,
) -> pd.DataFrame:
    """Resolve the records of `files`, compare with the truth and write the figures.

    Returns one row per method and threshold. The truth is the column `cluster` or `cluster_id` of the files, or of the
    file `truth`, which is joined on all columns that both have. It is used only for the figures: training sees the
    records alone. Figures count pairs of records in one group; groups are connected components, so one wrong pair
    counts with all the pairs it brings together.
    """
    need_splink()
    records, rows = file_records(files)
    clusters = _truth(rows, files, truth)
    settings = train(records, threshold)
    chosen = settings["review_threshold"]
    thresholds = sorted({chosen, *OTHER_THRESHOLDS})
    pairs = score(records, settings, thresholds[0])
    exact = deterministic_pairs(records)
    table = [_row("deterministic", None, records, exact, clusters)]
    for method, start in (("probabilistic", []), ("both", exact)):
        for at_least in thresholds if method == "probabilistic" else [chosen]:
            likely = pairs[pairs["match_probability"] >= at_least]
            joined = [*start, *zip(likely["unique_id_l"], likely["unique_id_r"], strict=True)]
            table.append(_row(method, at_least, records, joined, clusters))
    result = pd.DataFrame(table, columns=COLUMNS)
    file = out or workspace.home / "match_evaluation.csv"
    _write(file, result)
    for row in result.to_dict("records"):
        at = f" at {row['threshold']:g}" if row["method"] != "deterministic" else ""
        default = " (default)" if row["method"] == "probabilistic" and row["threshold"] == chosen else ""
        progress(
            f"match: {row['method']}{at}{default}: precision {row['precision']:.3f}, recall {row['recall']:.3f}, "
            f"F1 {row['f1']:.3f}"
        )
    progress(f"match: {len(rows):,} records, {table[0][2]:,} true pairs: {file}")
    return result


def deterministic_pairs(records: Records) -> list[tuple[str, str]]:
    """Records that share an exact e-mail or phone, each paired with the first record that has it."""
    pairs = []
    for field in ("email", "phone"):
        known = records.frame[records.frame[field].notna()]
        first = known.groupby(field)["unique_id"].transform("first")
        pairs += [(a, b) for a, b in zip(first, known["unique_id"], strict=True) if a != b]
    return pairs


def groups(ids: Iterable[str], pairs: Iterable[tuple[str, str]]) -> dict[str, str]:
    """Connected components: the representative id of every id."""
    parent = {identifier: identifier for identifier in ids}

    def root(identifier: str) -> str:
        while parent[identifier] != identifier:
            parent[identifier] = parent[parent[identifier]]
            identifier = parent[identifier]
        return identifier

    for left, right in pairs:
        parent[root(left)] = root(right)
    return {identifier: root(identifier) for identifier in parent}


def pairwise(found: pd.Series, truth: pd.Series) -> tuple[int, int, int]:
    """Number of pairs of records together in the truth, as found, and in both; the series hold a group per record."""

    def pairs(counts: pd.Series) -> int:
        return int((counts * (counts - 1) // 2).sum())

    together = pd.DataFrame({"found": found.to_numpy(), "truth": truth.to_numpy()})
    return (
        pairs(together.groupby("truth").size()),
        pairs(together.groupby("found").size()),
        pairs(together.groupby(["found", "truth"]).size()),
    )


def _row(
    method: str, threshold: float | None, records: Records, pairs: list[tuple[str, str]], clusters: pd.Series
) -> list[object]:
    grouped = pd.Series(groups(records.frame["unique_id"], pairs)).reindex(records.frame["unique_id"])
    true, found, right = pairwise(grouped, clusters)
    precision, recall = right / found if found else 1.0, right / true if true else 1.0
    f1 = 2 * precision * recall / (precision + recall) if right else 0.0
    largest = int(grouped.value_counts().max())
    return [method, threshold, true, found, right, round(precision, 4), round(recall, 4), round(f1, 4), largest]


def _truth(rows: pd.DataFrame, files: list[Path], truth: Path | None) -> pd.Series:
    """The true group of every row, in the order of the records."""
    if truth:
        _, key = _read_truth(truth)
        shared = [column for column in key.columns if column in rows.columns and column not in TRUTH_COLUMNS]
        if not shared:
            raise UserError(f"{truth}: has no column in common with {files[0]}; add one that identifies a record")
        texts = rows[shared].astype(str).merge(key.assign(**{name: key[name].astype(str) for name in shared}), "left")
        if len(texts) != len(rows):
            raise UserError(f"{truth}: has several rows for the same record; keep one")
        rows = texts
    column = next((name for name in TRUTH_COLUMNS if name in rows.columns), None)
    if column is None:
        raise UserError(
            f"{truth or files[0]}: has no column cluster or cluster_id; name a file that has one with --truth"
        )
    if rows[column].isna().any():
        raise UserError(
            f"{truth or files[0]}: {int(rows[column].isna().sum())} records have no {column}; "
            "fill it in, or leave them out"
        )
    return rows[column].astype(str)


def _read_truth(file: Path) -> tuple[Path, pd.DataFrame]:
    if not file.exists():
        raise UserError(f"{file}: no such file; name an existing one with --truth")
    try:
        key = pd.read_parquet(file) if file.suffix == ".parquet" else pd.read_csv(file, dtype=str)
    except (OSError, ValueError) as problem:
        raise UserError(f"{file}: not readable ({problem}); give a CSV or Parquet file") from None
    return file, key.rename(columns=str.lower)


def _write(file: Path, table: pd.DataFrame) -> None:
    with replacing(file) as unfinished:
        table.to_csv(unfinished, index=False, quoting=csv.QUOTE_MINIMAL)
