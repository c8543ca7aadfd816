"""Follows README and docs to the letter in a clean copy: every ```sh block, page by page, each page in a new shell.

Two things differ from what a reader does: the installed environment is linked in, so that nothing is downloaded, and
commands that would run these tests again (`make test` and the like) are dry runs. The block that needs the reader's own
file (`needs=`) is run by a test that links the file into the copy.
"""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from scripts.platform.ledger_tables import HIDDEN_COLUMNS
from scripts.platform.warehouse import open_warehouse, quote, scalar
from scripts.platform.workspace import PROJECT
from tests.support.documentation import Block, blocks_of
from tests.support.real_data import shared_data

pytestmark = pytest.mark.verify
GENERATED = (".git", ".venv*", "data", "target", "logs", "dbt_packages", "package-lock.yml", "__pycache__", ".*_cache")
README = PROJECT / "README.md"
# In the order in which the README lists them.
FURTHER_READING = README.read_text(encoding="utf-8").split("## Read on")[1]
PAGES = list(dict.fromkeys(re.findall(r"\((docs/[\w-]+\.md)\)", FURTHER_READING)))
RUNS_TESTS = re.compile(r"^make (test|lint|verify)\b", re.MULTILINE)
ENVIRONMENT = ("bin", "lib", "pyvenv.cfg")


def follow(clone: Path, blocks: list[Block]) -> str:
    """Run blocks one after the other in one shell that stops at the first failure; returns their output."""
    lines = ["set -eu -o pipefail", ". .venv/bin/activate"]
    for block in blocks:
        lines += [f"echo '== {block.where}'", RUNS_TESTS.sub(r"make --dry-run \1", block.text)]
    script = clone / "data" / "followed.sh"
    script.parent.mkdir(exist_ok=True)
    script.write_text("\n".join(lines), encoding="utf-8")
    home = clone.parent / "home"
    home.mkdir(exist_ok=True)
    environment = {name: os.environ[name] for name in ("PATH", "LANG", "TMPDIR") if name in os.environ}
    run = subprocess.run(
        ["bash", str(script)],
        cwd=clone,
        env={**environment, "HOME": str(home), "SEGMENTATION_OFFLINE": "1"},
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    )
    assert run.returncode == 0, "\n".join(run.stdout.splitlines()[-40:])
    return run.stdout


def shell_blocks(page: Path) -> list[Block]:
    return [block for block in blocks_of(page) if block.is_shell and not block.needs]


@pytest.fixture(scope="module")
def clone(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The project as a reader gets it, after following the README."""
    clone = tmp_path_factory.mktemp("reader") / "project"
    shutil.copytree(PROJECT, clone, ignore=shutil.ignore_patterns(*GENERATED))
    (clone / ".venv").mkdir()
    for part in ENVIRONMENT:
        (clone / ".venv" / part).symlink_to(Path(sys.prefix) / part)
    os.utime(clone / "requirements.lock", (0, 0))
    (clone / ".venv" / ".installed").touch()
    follow(clone, shell_blocks(README))
    return clone


def count(clone: Path, warehouse: str, relation: str) -> int:
    with open_warehouse(clone / warehouse, read_only=True) as connection:
        return int(scalar(connection, f"select count(*) from {relation}"))


def test_the_readme_produces_what_it_promises(clone: Path) -> None:
    assert (clone / "data" / "report.html").stat().st_size > 10_000
    assert count(clone, "data/published/marts.duckdb", "marts.segment_memberships") > 1000
    assert list((clone / "data" / "exports").glob("*/*.csv"))
    assert count(clone, "data/mine/published/marts.duckdb", "marts.customer_rfm") > 100


@pytest.mark.parametrize("page", PAGES)
def test_a_page_can_be_followed_step_by_step(clone: Path, page: str) -> None:
    if page == "docs/own-data.md":
        load_as_a_connector_does(clone)
    blocks = shell_blocks(clone / page)
    printed = follow(clone, blocks)
    assert printed.count("== ") >= len(blocks)
    if page == "docs/own-data.md":
        assert count(clone, "data/connector/warehouse.duckdb", "marts.customer_rfm") > 100
        # It holds the same people as the demo, so the search of a later erasure would report them.
        shutil.rmtree(clone / "data" / "connector")
    if page == "docs/segments.md":
        assert list((clone / "data" / "exports").glob("lapsed_email_*/*.csv"))


def load_as_a_connector_does(clone: Path) -> None:
    """The demo's raw tables in schemas named after their sources, without the columns that intake adds."""
    file = clone / "data" / "connector" / "warehouse.duckdb"
    file.parent.mkdir()
    with open_warehouse(file) as connection:
        connection.execute(f"attach '{clone / 'data' / 'warehouse.duckdb'}' as demo (read_only)")
        tables = connection.execute(
            "select schema_name, table_name, list(column_name) from duckdb_columns() where database_name = 'demo'"
            " and starts_with(schema_name, 'raw_') and not list_contains($of_intake, column_name) group by all",
            {"of_intake": [name for name, _ in HIDDEN_COLUMNS]},
        ).fetchall()
        for schema, table, columns in tables:
            own = schema.removeprefix("raw_")
            connection.execute(f"create schema if not exists {quote(own)}")
            wanted = ", ".join(map(quote, columns))
            source = f"demo.{quote(schema)}.{quote(table)}"
            connection.execute(f"create table {quote(own)}.{quote(table)} as select {wanted} from {source}")


def test_a_foreign_data_set_can_be_tried(clone: Path) -> None:
    [block] = [block for block in blocks_of(clone / "docs" / "files-of-any-shape.md") if block.needs]
    baskets = shared_data(f"{block.needs}/data/transactions.parquet")
    (clone / str(block.needs)).symlink_to(baskets.parents[1])
    follow(clone, [block])
    # 155,848 baskets worth 4,596,039.58, as the file's own columns say.
    orders = "data/journey/published/marts.duckdb", "marts.orders"
    assert count(clone, *orders) == 155_848


def test_the_real_retailer_can_be_tried(clone: Path) -> None:
    [block] = [block for block in blocks_of(clone / "docs" / "own-data.md") if block.needs]
    (clone / str(block.needs)).symlink_to(shared_data(f"online_retail/{block.needs}"))
    follow(clone, [block])
    assert count(clone, "data/online_retail/published/marts.duckdb", "marts.customer_rfm") > 1000
