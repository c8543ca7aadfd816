"""The materialization connected_components against scipy, on the hardest graphs that identity data may produce."""

from __future__ import annotations

import os
import shutil
from pathlib import Path
from typing import Any

import duckdb
import numpy as np
import pandas as pd
from scipy.sparse import coo_matrix
from scipy.sparse.csgraph import connected_components

from tests.support.real_data import PROJECT

PROFILES = "links_project: {{target: duckdb, outputs: {{duckdb: {{type: duckdb, path: '{file}', threads: 1}}}}}}\n"
CONFIG = """
name: links_project
version: "1.0"
profile: links_project
models:
  links_project:
    +materialized: connected_components
flags: {send_anonymous_usage_stats: false}
"""


def graph() -> pd.DataFrame:
    """Links between nodes: random pairs, stars, chains in unfavourable orders, a ring, a tree, isolated nodes."""
    random = np.random.default_rng(5)
    parts, start = [], 1

    def add(nodes: Any, links: Any, size: int) -> None:
        nonlocal start
        parts.append(
            pd.DataFrame({"node": np.asarray(nodes) + start, "link": [f"{len(parts)}-{link}" for link in links]})
        )
        start += size

    add(random.integers(0, 4000, 5000), random.integers(0, 2600, 5000), 4000)
    add(np.arange(500), np.zeros(500, int), 500)
    for order in (np.arange(3000), np.arange(3000)[::-1], random.permutation(3000)):
        add(np.repeat(order, 2)[1:-1], np.repeat(np.arange(2999), 2), 3000)
    ring = np.r_[np.arange(777), 0]
    add(np.repeat(ring, 2)[1:-1], np.repeat(np.arange(777), 2), 777)
    children = np.arange(1, 1023)
    add(np.c_[children, (children - 1) // 2].ravel(), np.repeat(children, 2), 1023)
    add(np.arange(40), np.arange(40), 40)
    links = pd.concat(parts)
    return links.sample(frac=1, random_state=3)


def run(folder: Path, links: pd.DataFrame, max_rounds: int) -> Any:
    """Run a project of one model that joins `links`; returns dbt's result."""
    from dbt.adapters.duckdb.connections import DuckDBConnectionManager
    from dbt.cli.main import dbtRunner

    file = folder / "graph.duckdb"
    with duckdb.connect(str(file)) as connection:
        connection.execute("create or replace table links as select * from links")
    (folder / "dbt_project.yml").write_text(CONFIG)
    (folder / "profiles.yml").write_text(PROFILES.format(file=file))
    for name in ("models", "macros"):
        (folder / name).mkdir(exist_ok=True)
    shutil.copy(PROJECT / "macros" / "materializations" / "connected_components.sql", folder / "macros")
    model = f"{{{{ config(max_rounds={max_rounds}) }}}}\nselect node, link from main.links\n"
    (folder / "models" / "joined.sql").write_text(model)
    before = Path.cwd()
    os.chdir(folder)
    try:
        return dbtRunner().invoke(
            ["run", "--project-dir", str(folder), "--profiles-dir", str(folder), "--quiet", "--log-level", "none"]
        )
    finally:
        os.chdir(before)
        DuckDBConnectionManager.close_all_connections()


def test_components_equal_those_of_scipy(tmp_path: Path) -> None:
    links = graph()
    assert run(tmp_path, links, 40).success
    with duckdb.connect(str(tmp_path / "graph.duckdb"), read_only=True) as connection:
        found = connection.execute("select node, component from main.joined").df()
        left_behind = connection.execute(
            "select table_name from duckdb_tables() where table_name like 'joined%'"
        ).fetchall()
    assert left_behind == [("joined",)]
    assert found["node"].is_unique
    names = pd.factorize(links["link"])[0] + links["node"].max() + 1
    size = int(names.max()) + 1
    matrix = coo_matrix((np.ones(len(links)), (links["node"], names)), shape=(size, size))
    labels = connected_components(matrix, directed=False)[1]
    expected = links[["node"]].drop_duplicates().assign(label=lambda frame: labels[frame["node"]])
    expected["component"] = expected.groupby("label")["node"].transform("min")
    joined = expected[expected.groupby("label")["node"].transform("size") > 1].set_index("node")["component"]
    pd.testing.assert_series_equal(
        found.set_index("node")["component"].sort_index(), joined.sort_index(), check_dtype=False
    )
    assert joined.nunique() > 100, "the graph would be trivial"


def test_an_unfinished_resolution_stops_the_run(tmp_path: Path) -> None:
    outcome = run(tmp_path, graph(), 2)
    assert not outcome.success
    message = outcome.result.results[0].message
    assert "has not converged after 2 rounds" in message
    with duckdb.connect(str(tmp_path / "graph.duckdb"), read_only=True) as connection:
        tables = connection.execute("select table_name from duckdb_tables() where table_name = 'joined'").fetchall()
    assert not tables
