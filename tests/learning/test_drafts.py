"""Draft rows in the library: appended, replaced where they are drafts from clusters, and nothing else touched."""

from __future__ import annotations

import shutil
from pathlib import Path

import pandas as pd
import pytest

from scripts.learning.clusters.drafts import condition_rows, definition_row, into_library, segment_keys, write_drafts
from scripts.learning.clusters.rules import Condition, Draft
from scripts.platform.errors import CheckFailed
from scripts.platform.seed_files import seed_problems
from scripts.platform.workspace import BUSINESS_SEEDS
from scripts.segments.segment_library import CONDITIONS, DEFINITIONS, free_priorities

DRAFT = Draft(
    "cluster_recent_frequent",
    "Recent, frequent",
    "cluster_1",
    [[Condition("order_count", ">=", "4"), Condition("average_satisfaction_365d", "<", "3", "true")]],
    precision=0.9,
    recall=0.8,
    share=0.12,
)


def rows_of(draft: Draft, priority: int = 990) -> tuple[list[dict[str, str]], list[dict[str, str]]]:
    definition = definition_row(draft, priority=priority, themes=["orders", "service"], fit_id="f1", share_of_known=0.1)
    return [definition], condition_rows(draft)


def table(file: Path) -> pd.DataFrame:
    return pd.read_csv(file, dtype=str, keep_default_na=False)


@pytest.fixture
def seeds(tmp_path: Path) -> Path:
    for name in (DEFINITIONS, CONDITIONS):
        shutil.copyfile(BUSINESS_SEEDS / name, tmp_path / name)
    return tmp_path


def test_drafts_are_appended_and_the_rest_stays(seeds: Path) -> None:
    before = {name: table(seeds / name) for name in (DEFINITIONS, CONDITIONS)}
    assert into_library(seeds, *rows_of(DRAFT)) == 0
    definitions, conditions = table(seeds / DEFINITIONS), table(seeds / CONDITIONS)
    assert definitions.iloc[:-1].equals(before[DEFINITIONS])
    assert conditions.iloc[:-2].equals(before[CONDITIONS])
    added = definitions.iloc[-1]
    assert added[["segment_key", "status", "tags"]].tolist() == ["cluster_recent_frequent", "draft", "cluster"]
    assert "90% of the customers matching the rule" in added["included"] and "80% of the cluster" in added["included"]
    may_be_empty = {"library_number", "expires_on", "review_by"}
    needed = [name for name in definitions.columns if name not in may_be_empty]
    assert (added[needed] != "").all()
    assert conditions.iloc[-2:]["if_missing"].tolist() == ["", "true"]


def test_an_earlier_draft_of_the_same_cluster_is_replaced(seeds: Path) -> None:
    into_library(seeds, *rows_of(DRAFT))
    changed = Draft("cluster_recent_frequent", "Recent, frequent", "cluster_2", [[Condition("order_count", ">=", "9")]])
    assert into_library(seeds, *rows_of(changed)) == 1
    definitions, conditions = table(seeds / DEFINITIONS), table(seeds / CONDITIONS)
    assert (definitions["segment_key"] == "cluster_recent_frequent").sum() == 1
    assert conditions[conditions["segment_key"] == "cluster_recent_frequent"]["value"].tolist() == ["9"]


@pytest.mark.parametrize(("column", "value"), [("status", "active"), ("status", "paused"), ("tags", "mine")])
def test_drafts_that_a_person_has_taken_over_are_not_replaced_and_nothing_is_written(
    seeds: Path, column: str, value: str
) -> None:
    into_library(seeds, *rows_of(DRAFT))
    definitions = table(seeds / DEFINITIONS)
    definitions.loc[definitions["segment_key"] == "cluster_recent_frequent", column] = value
    definitions.to_csv(seeds / DEFINITIONS, index=False)
    before = [(seeds / name).read_bytes() for name in (DEFINITIONS, CONDITIONS)]
    with pytest.raises(CheckFailed, match=r"has cluster_recent_frequent .* already.*nothing was written"):
        into_library(seeds, *rows_of(DRAFT))
    assert [(seeds / name).read_bytes() for name in (DEFINITIONS, CONDITIONS)] == before


def test_an_unreadable_library_is_not_overwritten(seeds: Path) -> None:
    file = seeds / CONDITIONS
    file.write_text(file.read_text(encoding="utf-8") + "lapsed,include,1\n", encoding="utf-8")
    before = (seeds / DEFINITIONS).read_bytes(), file.read_bytes()
    with pytest.raises(CheckFailed, match="has 3 cells where the header has 7"):
        into_library(seeds, *rows_of(DRAFT))
    assert ((seeds / DEFINITIONS).read_bytes(), file.read_bytes()) == before


def test_drafts_next_to_the_review_have_the_library_s_format(tmp_path: Path) -> None:
    write_drafts(tmp_path, *rows_of(DRAFT))
    for name in (DEFINITIONS, CONDITIONS):
        columns = table(BUSINESS_SEEDS / name).columns.tolist()
        assert list(seed_problems(tmp_path / name, columns)) == []
        assert table(tmp_path / name).columns.tolist() == columns


def test_priorities_come_after_those_of_the_library(seeds: Path) -> None:
    highest = table(seeds / DEFINITIONS)["priority"].astype(int).max()
    found = free_priorities(seeds, 3, besides=set())
    assert min(found) > highest and len(set(found)) == 3
    into_library(seeds, *rows_of(DRAFT, priority=found[0]))
    assert free_priorities(seeds, 1, besides={"cluster_recent_frequent"}) == found[:1]


def test_keys_are_valid_and_unique() -> None:
    names = ["Recent, frequent", "Recent – frequent!", "Reads e-mail", "x" * 90, "x" * 80]
    keys = segment_keys(names)
    assert keys[:3] == ["cluster_recent_frequent", "cluster_recent_frequent_2", "cluster_reads_e_mail"]
    assert len(set(keys)) == len(keys) and max(map(len, keys)) <= 60
