"""Tasks that one module does for all others are done nowhere else."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from pathlib import Path

import pytest

from scripts.platform import warehouse
from scripts.platform.warehouse import open_memory, open_warehouse
from scripts.platform.workspace import PROJECT

Place = tuple[str, ast.AST]


def nodes(*, without: str) -> Iterator[Place]:
    """Every node of every module of `scripts` except one, with the module's path."""
    for file in sorted((PROJECT / "scripts").rglob("*.py")):
        name = str(file.relative_to(PROJECT))
        if name != without:
            yield from ((name, node) for node in ast.walk(ast.parse(file.read_text(encoding="utf-8"))))


def opens_duckdb(node: ast.AST) -> bool:
    """Whether something connects to DuckDB, or uses its default connection; importing types is allowed."""
    if isinstance(node, ast.ImportFrom):
        return node.module == "duckdb" and any(not alias.name[0].isupper() for alias in node.names)
    return (
        isinstance(node, ast.Attribute)
        and isinstance(node.value, ast.Name)
        and node.value.id == "duckdb"
        and not node.attr[0].isupper()
    ) or (isinstance(node, ast.alias) and node.name == "duckdb" and node.asname is not None)


def test_only_the_warehouse_module_opens_duckdb() -> None:
    assert [name for name, node in nodes(without="scripts/platform/warehouse.py") if opens_duckdb(node)] == []


@pytest.mark.parametrize(
    "text",
    ["duckdb.connect()", "from duckdb import connect", "import duckdb as other", "duckdb.sql('select 1')"],
)
def test_another_way_to_open_duckdb_is_found(text: str) -> None:
    assert any(opens_duckdb(node) for node in ast.walk(ast.parse(text)))


def test_files_and_memory_are_opened_in_utc_with_bounded_memory(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(warehouse, "MEMORY_LIMIT", "1GiB")
    question = "select current_setting('TimeZone'), current_setting('memory_limit'), current_setting('temp_directory')"
    with open_warehouse(tmp_path / "warehouse.duckdb") as connection:
        assert connection.execute(question).fetchone() == ("UTC", "1.0 GiB", str(tmp_path / "spill"))
    with open_memory() as connection:
        zone, limit, spill = connection.execute(question).fetchone() or ()
        assert (zone, limit) == ("UTC", "1.0 GiB")
        assert Path(spill).stat().st_mode & 0o077 == 0
    assert not Path(spill).exists()


# Modules that move a file without replacing one.
MOVES = {"scripts/benchmarks/whole_path.py": "delivers landing files again under new names"}


def moves_file(node: ast.AST) -> bool:
    """Whether a node moves or replaces a file or a folder, or waits for the disk."""
    if isinstance(node, ast.ImportFrom):
        return node.module in ("os", "shutil") and any(alias.name in FILE_CALLS for alias in node.names)
    if not isinstance(node, ast.Call) or not isinstance(node.func, ast.Attribute):
        return False
    owner, name = node.func.value, node.func.attr
    if isinstance(owner, ast.Name) and owner.id in ("os", "shutil"):
        return name in FILE_CALLS
    # `replace` and `rename` of a path have one argument; of a text two, of frames and dates keywords or constants.
    is_path_like = len(node.args) == 1 and not node.keywords and not isinstance(node.args[0], ast.Constant)
    return name in ("replace", "rename") and is_path_like


FILE_CALLS = {"replace", "rename", "renames", "move", "fsync", "fdatasync"}


def test_only_the_files_module_replaces_files() -> None:
    found = {name for name, node in nodes(without="scripts/platform/files.py") if moves_file(node)}
    assert found == set(MOVES)


@pytest.mark.parametrize(
    "text",
    [
        "incoming.replace(file)",
        "Path('a').rename(folder / 'b')",
        "os.replace(a, b)",
        "shutil.move(a, b)",
        "from os import rename",
        "os.fsync(handle)",
    ],
)
def test_another_way_to_replace_a_file_is_found(text: str) -> None:
    assert any(moves_file(node) for node in ast.walk(ast.parse(text)))


def test_progress_callbacks_have_one_type() -> None:
    found = [
        name
        for name, node in nodes(without="scripts/platform/progress.py")
        if isinstance(node, ast.Subscript) and ast.unparse(node) in ("Callable[[str], None]", "Callable[[str], Any]")
    ]
    assert found == []


CLOSING_TAG = re.compile(r"</[a-z][a-z0-9]*>")


def test_html_is_written_only_in_templates() -> None:
    found = [
        (name, node.value)
        for name, node in nodes(without="")
        if isinstance(node, ast.Constant) and isinstance(node.value, str) and CLOSING_TAG.search(node.value)
    ]
    assert found == []


def test_only_pictures_are_not_escaped() -> None:
    safe = [
        (file.name, line.strip())
        for file in (PROJECT / "scripts").rglob("*.html.j2")
        for line in file.read_text(encoding="utf-8").splitlines()
        if re.search(r"\|\s*safe\b|autoescape", line)
    ]
    assert [name for name, _ in safe] == ["parts.html.j2"]
    assert "macro picture(svg)" in safe[0][1]
