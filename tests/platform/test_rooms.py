"""Imports go one way: from a room to itself and to lower rooms, and never in a cycle."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from pathlib import Path

import pytest

from scripts.platform.workspace import PROJECT

# From the lowest to the highest; the table of CONTRIBUTING.md has the same order.
ROOMS = (
    "platform",
    "erasure",
    "intake",
    "identity",
    "segments",
    "learning",
    "serving",
    "demo",
    "pipeline",
    "benchmarks",
    "commands",
)
# Modules outside the rooms: the package, and the entry point above them all.
OUTSIDE = {"scripts", "scripts.__main__"}

Imports = dict[str, set[str]]


def imports_of(project: Path) -> Imports:
    """What every module of `<project>/scripts` imports from the package, anywhere in the file, even for types only."""
    files = {}
    for file in sorted((project / "scripts").rglob("*.py")):
        parts = file.relative_to(project).with_suffix("").parts
        files[".".join(parts[:-1] if parts[-1] == "__init__" else parts)] = file
    return {module: set(_imported(file, set(files))) - {module} for module, file in files.items()}


def _imported(file: Path, modules: set[str]) -> Iterator[str]:
    for node in ast.walk(ast.parse(file.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names if alias.name in modules)
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, f"{file}: imports are written in full"
            for alias in node.names:
                name = f"{node.module}.{alias.name}"
                if name in modules:
                    yield name
                elif node.module in modules:
                    yield node.module


def backward(imports: Imports) -> list[str]:
    """Imports of a module in a higher room, and modules outside all rooms."""
    found = [f"{module} is in no room" for module in imports if module not in OUTSIDE and _room(module) not in ROOMS]
    for module, others in imports.items():
        if _room(module) in ROOMS:
            height = ROOMS.index(_room(module))
            found += [
                f"{module} imports {other}"
                for other in sorted(others)
                if _room(other) not in ROOMS or ROOMS.index(_room(other)) > height
            ]
    return found


def _room(module: str) -> str:
    return module.split(".")[1] if "." in module else ""


def cycles(imports: Imports) -> list[str]:
    """Modules in an import cycle: what remains when modules without remaining imports are removed repeatedly."""
    left = {module: set(others) for module, others in imports.items()}
    while done := {module for module, others in left.items() if not others & left.keys()}:
        left = {module: others for module, others in left.items() if module not in done}
    # Without those that only lead into a cycle.
    while first := left.keys() - {other for others in left.values() for other in others}:
        left = {module: others for module, others in left.items() if module not in first}
    return sorted(left)


def test_no_room_imports_from_a_higher_one() -> None:
    assert backward(imports_of(PROJECT)) == []


def test_no_module_is_imported_by_what_it_imports() -> None:
    assert cycles(imports_of(PROJECT)) == []


def test_the_contributors_table_has_the_same_rooms_in_the_same_order() -> None:
    text = (PROJECT / "CONTRIBUTING.md").read_text(encoding="utf-8")
    table = text.split("## Rooms of `scripts`")[1].split("\n## ")[0]
    assert tuple(re.findall(r"^\| `(\w+)` \|", table, flags=re.MULTILINE)) == ROOMS
    folders = {folder.name for folder in (PROJECT / "scripts").iterdir() if folder.is_dir()} - {"__pycache__"}
    assert folders == set(ROOMS)


@pytest.fixture
def planted(tmp_path: Path) -> Path:
    """A package of three modules with nothing wrong."""
    for name, text in {
        "scripts/__init__.py": "",
        "scripts/platform/__init__.py": "",
        "scripts/platform/low.py": "import os\n",
        "scripts/serving/__init__.py": "",
        "scripts/serving/high.py": "from scripts.platform import low\n",
        "scripts/serving/higher.py": "from scripts.serving.high import low\n",
    }.items():
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_text(text, encoding="utf-8")
    assert backward(imports_of(tmp_path)) == cycles(imports_of(tmp_path)) == []
    return tmp_path


@pytest.mark.parametrize(
    "text",
    [
        "from scripts.serving import high\n",
        "import scripts.serving.high\n",
        "def later():\n    from scripts.serving.high import low\n",
        "from typing import TYPE_CHECKING\nif TYPE_CHECKING:\n    from scripts.serving.high import low\n",
    ],
)
def test_an_import_of_a_higher_room_is_found_wherever_it_is_written(planted: Path, text: str) -> None:
    (planted / "scripts/platform/low.py").write_text(text, encoding="utf-8")
    assert backward(imports_of(planted)) == ["scripts.platform.low imports scripts.serving.high"]


def test_a_cycle_within_a_room_is_found(planted: Path) -> None:
    (planted / "scripts/serving/high.py").write_text(
        "def later():\n    from scripts.serving import higher\n", encoding="utf-8"
    )
    assert backward(imports_of(planted)) == []
    assert cycles(imports_of(planted)) == ["scripts.serving.high", "scripts.serving.higher"]


def test_a_module_outside_the_rooms_is_found(planted: Path) -> None:
    (planted / "scripts/stray.py").write_text("", encoding="utf-8")
    assert backward(imports_of(planted)) == ["scripts.stray is in no room"]
