"""Records with a known truth: published data sets where they are stored next to the project, and examples by hand."""

from __future__ import annotations

from pathlib import Path

import pandas as pd
import pytest

from scripts.__main__ import main
from scripts.identity.matching import evaluate
from scripts.identity.matching.evaluation import groups, pairwise
from scripts.platform.errors import UserError
from scripts.platform.workspace import Workspace
from tests.support.real_data import shared_data


def quiet(_: str) -> None:
    """No progress messages."""


def workspace_in(folder: Path) -> Workspace:
    return Workspace.at(warehouse=str(folder / "warehouse.duckdb"))


def test_pairs_are_counted_within_groups() -> None:
    # Truth {a b c} {d e}, found {a b} {c d e}: 4 true pairs, 4 found, right are ab and de.
    found, truth = pd.Series([1, 1, 2, 2, 2]), pd.Series(["x", "x", "x", "y", "y"])
    assert pairwise(found, truth) == (4, 4, 2)


def test_groups_are_connected_components() -> None:
    found = groups("abcde", [("a", "b"), ("c", "b"), ("d", "d")])
    assert found["a"] == found["b"] == found["c"]
    assert len({found["a"], found["d"], found["e"]}) == 3


def test_splink_fake_1000_is_resolved_without_labels(tmp_path: Path) -> None:
    file = shared_data("identity/splink_fake_1000.parquet")
    table = evaluate(workspace_in(tmp_path), [file], progress=quiet).set_index(["method", "threshold"])
    exact = table.loc["deterministic"].iloc[0]
    # Published with the data: exact e-mail alone has precision 1.000 and recall 0.336.
    assert (exact["precision"], round(exact["recall"], 3)) == (1.0, 0.336)
    default = table.loc[("probabilistic", 0.9)]
    assert default["precision"] >= 0.98
    assert default["f1"] >= 0.90
    assert table.loc[("both", 0.9), "f1"] >= default["f1"]
    # Counted again, by pairs: each true cluster of n has n (n - 1) / 2.
    sizes = pd.read_parquet(file)["cluster"].value_counts()
    assert default["true_pairs"] == int((sizes * (sizes - 1) / 2).sum())
    written = pd.read_csv(tmp_path / "match_evaluation.csv")
    assert len(written) == len(table)


@pytest.mark.verify
def test_senzing_truth_sets_give_a_report(tmp_path: Path) -> None:
    files = [shared_data(f"identity/senzing_{name}.parquet") for name in ("customers", "reference", "watchlist")]
    table = evaluate(
        workspace_in(tmp_path), files, truth=shared_data("identity/senzing_truth_key.parquet"), progress=quiet
    )
    # 159 records are too few to train well: the figures are reported, and both together match the better recall.
    recall = table[table["threshold"].isna() | (table["threshold"] == 0.9)].set_index("method")["recall"]
    assert recall["both"] >= max(recall["deterministic"], recall["probabilistic"])
    assert set(table["true_pairs"]) == {108}


def test_files_without_a_truth_or_fields_are_rejected(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    file = tmp_path / "people.csv"
    file.write_text("surname,email\nSmith,a@example.com\nSmith,b@example.com\n", encoding="utf-8")
    with pytest.raises(UserError, match="no column cluster"):
        evaluate(workspace_in(tmp_path), [file], progress=quiet)
    file.write_text("name,shoe_size\nSmith,42\n", encoding="utf-8")
    assert main(["match", "--evaluate", str(file), "--warehouse", str(tmp_path / "w.duckdb")]) == 2
    assert "fewer than two of the columns" in capsys.readouterr().err
