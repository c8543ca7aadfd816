"""Setup installs the dbt packages, with or without the package hub, and the stand-in behaves like the real one."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import duckdb
import pytest

from scripts.platform.packages import STANDIN, install_packages
from scripts.platform.workspace import PROJECT

# Ranges that touch, overlap, end before they start, have no length or an open end; repeated and unknown groups.
RANGES = """
select * from (values
    (1, 1, 5, 'a', 1.0), (1, 5, 9, 'a', null), (1, 8, 12, 'b', -1.0), (2, 3, 3, 'b', 0.0), (2, 4, 2, null, 10.0),
    (3, 1, null, 'c', 11.0), (3, null, 4, 'zz', 5.0), (4, 1, 3, 'a', 2.0), (4, 4, 6, 'a', 2.0)
) as t(p, lo, hi, g, v)
"""
KEYS = """
select {{ dbt_utils.generate_surrogate_key(['a', 'b']) }} as surrogate_key
from (select 1 as a, 'x' as b union all select null, 'y' union all select 3, '') as t
"""
PARENTS = "select * from (values ('a', 1), ('b', 2), ('c', 3)) as t(g, ok)"
CHECKS = """
version: 2
models:
  - name: ranges
    data_tests:
      - dbt_utils.unique_combination_of_columns: {name: twice, arguments: {combination_of_columns: [p, g]}}
      - dbt_utils.unique_combination_of_columns:
          {name: once, arguments: {combination_of_columns: [p, lo, hi], quote_columns: true}}
      - dbt_utils.expression_is_true: {name: expression, arguments: {expression: "lo < hi"}}
      - dbt_utils.mutually_exclusive_ranges:
          {name: overlap, arguments: {lower_bound_column: lo, upper_bound_column: hi, partition_by: p}}
      - dbt_utils.mutually_exclusive_ranges:
          {name: no_gaps, arguments: {lower_bound_column: lo, upper_bound_column: hi, partition_by: p,
           gaps: not_allowed}}
      - dbt_utils.mutually_exclusive_ranges:
          {name: gaps, arguments: {lower_bound_column: lo, upper_bound_column: hi, partition_by: p, gaps: required,
           zero_length_range_allowed: true}}
      - dbt_utils.mutually_exclusive_ranges:
          {name: overlap_in_all, arguments: {lower_bound_column: lo, upper_bound_column: hi}}
    columns:
      - name: v
        data_tests:
          - dbt_utils.accepted_range: {name: between, arguments: {min_value: 0, max_value: 10}}
          - dbt_utils.accepted_range: {name: above, arguments: {min_value: 0, inclusive: false}}
          - dbt_utils.accepted_range: {name: below_column, arguments: {max_value: "p * 3"}}
          - dbt_utils.expression_is_true: {name: column_expression, arguments: {expression: ">= 0"}}
      - name: g
        data_tests:
          - dbt_utils.relationships_where: {name: parent, arguments: {to: ref('parents'), field: g}}
          - dbt_utils.relationships_where:
              {name: parent_where, arguments: {to: ref('parents'), field: g, from_condition: "p <> 3",
               to_condition: "ok < 2"}}
"""
# The results of dbt-labs/dbt_utils itself for the same rows.
FAILURES = {
    "twice": 2, "once": 0, "expression": 2, "overlap": 5, "no_gaps": 6, "gaps": 5, "overlap_in_all": 8,
    "between": 2, "above": 2, "below_column": 2, "column_expression": 1, "parent": 1, "parent_where": 2,
}  # fmt: skip
SURROGATE_KEYS = {
    "951ebf3d84016150c6241fb72a055f79",
    "dabc28663bfe1dda8312c780356e8fdc",
    "01a395a6f409a18d75821974a1afefbc",
}


def test_offline_the_stand_in_is_installed_once_and_kept_up_to_date(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SEGMENTATION_OFFLINE", "1")
    said: list[str] = []
    assert install_packages(tmp_path, said.append) == "stand-in"
    assert len(said) == 1 and "stand-in" in said[0]
    assert install_packages(tmp_path, said.append) == "present" and len(said) == 1
    installed = tmp_path / "dbt_packages" / "dbt_utils"
    (installed / "macros" / "left_over.sql").write_text("{# of an older version #}")
    assert install_packages(tmp_path, said.append) == "stand-in"
    assert sorted(p.name for p in installed.rglob("*.sql")) == sorted(p.name for p in STANDIN.rglob("*.sql"))


def test_the_real_package_is_left_alone(tmp_path: Path) -> None:
    project_file = tmp_path / "dbt_packages" / "dbt_utils" / "dbt_project.yml"
    project_file.parent.mkdir(parents=True)
    project_file.write_text("name: dbt_utils\n")
    assert install_packages(tmp_path) == "present"
    assert project_file.read_text() == "name: dbt_utils\n"


def test_the_stand_in_finds_what_the_real_package_finds(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SEGMENTATION_OFFLINE", "1")
    monkeypatch.setenv("SEGMENTATION_WAREHOUSE", str(tmp_path / "warehouse.duckdb"))
    install_packages(tmp_path)
    (tmp_path / "models").mkdir()
    for name, text in {"ranges.sql": RANGES, "keys.sql": KEYS, "parents.sql": PARENTS, "checks.yml": CHECKS}.items():
        (tmp_path / "models" / name).write_text(text)
    for name in ("packages.yml", "profiles.yml"):
        (tmp_path / name).write_text((PROJECT / name).read_text())
    (tmp_path / "dbt_project.yml").write_text(
        "name: standin_check\nconfig-version: 2\nprofile: customer_segmentation\nmodel-paths: [models]\n"
        "flags: {send_anonymous_usage_stats: false}\n"
    )
    subprocess.run([sys.executable, "-m", "dbt.cli.main", "build"], cwd=tmp_path, capture_output=True, check=False)
    results = json.loads((tmp_path / "target" / "run_results.json").read_text())["results"]
    failures = {r["unique_id"].split(".")[2]: r["failures"] for r in results if r["unique_id"].startswith("test.")}
    assert failures == FAILURES
    with duckdb.connect(str(tmp_path / "warehouse.duckdb"), read_only=True) as warehouse:
        keys = {row[0] for row in warehouse.execute("select surrogate_key from keys").fetchall()}
    assert keys == SURROGATE_KEYS
