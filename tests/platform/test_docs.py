"""What the documentation names exists: commands, options, paths, links, tables; and its catalogues are current."""

from __future__ import annotations

import csv
import re
import shlex
import string
from collections.abc import Iterator
from pathlib import Path

import pytest
import yaml

from scripts.platform.contracts import load_contracts
from scripts.platform.workspace import BUSINESS_SEEDS, PROJECT
from tests.support import catalogues
from tests.support.documentation import Block, blocks_of, command_lines, prose_of

PAGES = [PROJECT / "README.md", PROJECT / "CONTRIBUTING.md", *sorted((PROJECT / "docs").glob("*.md"))]
USER_PAGES = [page for page in PAGES if page.name != "CONTRIBUTING.md"]
LINK = re.compile(r"\[[^\]]+\]\(([^)\s]+)\)")
CODE = re.compile(r"(?<!`)`([^`\n]+)`(?!`)")
OUR_FOLDERS = ("analyses/", "docs/", "macros/", "models/", "scripts/", "seeds/", "tests/")
# Placeholders for other names: `<source>`, `…`.
PLACEHOLDER = re.compile(r"<[^>]*>|…")
# Options of other tools, as named on the pages.
OTHERS_OPTIONS = {"--full-refresh", "--select", "--vars", "--help"}


def pages(pages: list[Path]) -> pytest.MarkDecorator:
    return pytest.mark.parametrize("page", pages, ids=[str(page.relative_to(PROJECT)) for page in pages])


def inline_code(page: Path) -> Iterator[str]:
    yield from (found[1] for found in CODE.finditer(prose_of(page)))


def every_command(page: Path) -> Iterator[list[str]]:
    """The words of every command line on a page, in blocks and in the text."""
    for block in blocks_of(page):
        if block.is_shell:
            yield from command_lines(block)
    for code in inline_code(page):
        if code.startswith(("python -m ", "pytest ", "make ", "dbt ")):
            yield shlex.split(code)
        elif " " in code and code.split()[0] in catalogues.every_command().parsers:
            yield ["python", "-m", "scripts", *shlex.split(code)]


def problem_of(words: list[str]) -> str | None:
    """Why a command line must be wrong, as far as can be seen without running it."""
    line = " ".join(words)
    if "scripts" in words[:4] and "-m" in words:
        arguments = words[words.index("scripts") + 1 :]
        if not arguments or arguments[0] in ("COMMAND", "--help"):
            return None
        try:
            catalogues.every_command().parse(arguments)
        except SystemExit as stopped:
            return f"{line}: no such command or options" if stopped.code else None
    elif words[0] == "make":
        targets = re.findall(r"^([\w.-]+):", (PROJECT / "Makefile").read_text("utf-8"), re.MULTILINE)
        wanted = [word for word in words[1:] if "=" not in word]
        return next((f"{line}: no target {word}" for word in wanted if word not in targets), None)
    elif words[0] == "pytest":
        paths = [word for word in words[1:] if "/" in word]
        return next((f"{line}: no {path}" for path in paths if not (PROJECT / path).exists()), None)
    elif words[0] == "dbt" and "--vars" in words:
        known = catalogues.declared(PROJECT / "dbt_project.yml")["vars"]
        given = yaml.safe_load(words[words.index("--vars") + 1])
        return next((f"{line}: no variable {name}" for name in given if name not in known), None)
    return None


@pages([page for page in PAGES if page in catalogues.pages()])
def test_catalogues_are_current(page: Path) -> None:
    assert page.read_text("utf-8") == catalogues.current(page), "run `make docs` and commit what it writes"


def test_every_catalogue_has_a_place() -> None:
    named = [name for page in catalogues.pages() for name in re.findall(r"<!-- catalogue: (\w+)", page.read_text())]
    assert sorted(named) == sorted(catalogues.CATALOGUES)


@pytest.mark.parametrize("lacks", ["**One row per order.**", "Answers: *which?*"])
def test_a_mart_without_grain_or_question_is_named(lacks: str, monkeypatch: pytest.MonkeyPatch) -> None:
    described = "**One row per order.** Answers: *which?*".replace(lacks, "")
    monkeypatch.setattr(catalogues, "_models", lambda _: [{"name": "nameless", "description": described}])
    with pytest.raises(ValueError, match="nameless: its description lacks"):
        catalogues.marts()


def test_the_catalogue_of_commands_has_every_option() -> None:
    text = catalogues.commands()
    for name, command in catalogues.every_command().parsers.items():
        assert f"`{name}`" in text
        for action in command._actions:
            for option in action.option_strings:
                assert option in ("-h", "--help") or option in text, (name, option)


@pages(PAGES)
def test_commands_exist(page: Path, capsys: pytest.CaptureFixture[str]) -> None:
    problems = [problem for words in every_command(page) if (problem := problem_of(words))]
    capsys.readouterr()
    assert problems == []


@pytest.mark.parametrize(
    "line",
    [
        "python -m scripts biuld",
        "python -m scripts export --segment lapsed --chanel email",
        "python -m scripts fit clw",
        "make tset",
        "pytest tests/nowhere/test_nothing.py",
        "dbt run --vars '{reporting_curency: GBP}'",
    ],
)
def test_a_wrong_command_is_found(line: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert problem_of(shlex.split(line))
    capsys.readouterr()


@pages(USER_PAGES)
def test_options_named_in_the_text_exist(page: Path) -> None:
    commands = catalogues.every_command().parsers.values()
    known = {option for command in commands for option in command._option_string_actions} | OTHERS_OPTIONS
    named = {word for code in inline_code(page) for word in code.split() if re.fullmatch(r"--[a-z][a-z-]*", word)}
    assert named - known == set()


@pages(PAGES)
def test_paths_named_in_the_text_exist(page: Path) -> None:
    missing = []
    for code in inline_code(page):
        name = PLACEHOLDER.sub("*", code).split("::")[0]
        if name.startswith(OUR_FOLDERS) and not re.search(r"\s", name) and not list(PROJECT.glob(name.rstrip("/"))):
            missing.append(code)
        if re.fullmatch(r"\w+\.csv", name) and name not in WRITTEN_ELSEWHERE:
            missing += [] if list((PROJECT / "seeds").glob(f"*/{name}")) else [code]
    assert missing == []


@pages(USER_PAGES)
def test_tables_and_columns_named_in_the_text_exist(page: Path) -> None:
    columns = catalogues.columns_by_mart()
    codes = [code for code in inline_code(page) if not code.endswith((".csv", ".duckdb", ".html", ".json"))]
    named = [code.split(".") for code in codes if re.fullmatch(r"[a-z_]+\.[a-z_0-9]+", code)]
    assert [pair for pair in named if pair[0] in columns and pair[1] not in columns[pair[0]]] == []
    assert [pair for pair in named if pair[0] in catalogues.SCHEMAS and pair[1] not in columns] == []


# Named on a page, and written by a command or a source rather than kept as a seed.
WRITTEN_ELSEWHERE = {"requests.csv", "match_proposals.csv", "order_2026-06-30.csv"}


@pages(PAGES)
def test_links_have_targets(page: Path) -> None:
    broken = []
    for link in LINK.findall(prose_of(page)):
        if link.startswith(("http://", "https://")):
            continue
        path, _, anchor = link.partition("#")
        target = (page.parent / path).resolve() if path else page
        if not target.is_file() or (anchor and anchor not in anchors(target)):
            broken.append(link)
    assert broken == []


def anchors(page: Path) -> set[str]:
    """The anchors that a code host gives the headings of a page."""
    headings = re.findall(r"^#+ (.+)$", prose_of(page), re.MULTILINE)
    kept = string.ascii_lowercase + string.digits + "-_ "
    return {"".join(letter for letter in text.lower() if letter in kept).replace(" ", "-") for text in headings}


@pages(PAGES)
def test_every_block_has_a_known_language(page: Path) -> None:
    kinds = {"sh", "csv", "yaml", "mermaid"}
    assert [block.where for block in blocks_of(page) if block.language not in kinds] == []


@pages(PAGES)
def test_example_rows_have_the_columns_of_their_file(page: Path) -> None:
    headers = [header(file) for file in (PROJECT / "seeds").glob("*/*.csv")]
    sources = load_contracts().values()
    headers += [[column.name for column in table.columns] for source in sources for table in source.tables.values()]
    for block in blocks_of(page):
        if block.language == "csv":
            first, *rows = csv.reader(block.text.splitlines())
            assert first in headers, f"{block.where}: no seed or source table has these columns"
            assert {len(row) for row in rows} == {len(first)}, block.where


def header(file: Path) -> list[str]:
    with file.open(encoding="utf-8", newline="") as rows:
        return next(csv.reader(rows))


def test_the_readme_is_short_and_its_marts_exist() -> None:
    text = (PROJECT / "README.md").read_text("utf-8")
    assert text.count("\n") <= 150
    [section] = re.findall(r"^## The fifteen marts that matter$(.*?)^## ", text, re.MULTILINE | re.DOTALL)
    named = re.findall(r"^\| `(\w+)` \|", section, re.MULTILINE)
    assert len(set(named)) == len(named) == 15
    assert set(named) <= set(re.findall(r"^\| `(\w+)` \|", catalogues.marts(), re.MULTILINE))


def test_the_readme_links_to_every_page() -> None:
    linked = set(LINK.findall((PROJECT / "README.md").read_text("utf-8")))
    assert {f"docs/{page.name}" for page in (PROJECT / "docs").glob("*.md")} <= linked


@pytest.mark.parametrize(
    ("file", "model"),
    [("monitoring/_source_health.yml", "source_checks"), ("customers/_model_health.yml", "model_health")],
)
def test_operations_have_a_remedy_for_every_check(file: str, model: str) -> None:
    described = catalogues.declared(PROJECT / "models" / file)["models"]
    [shape] = [test["shape"] for item in described if item["name"] == model for test in item["data_tests"]]
    checks = shape["arguments"]["accepted"]["check_name"]
    rows = re.findall(r"^\| `(\w+)`", (PROJECT / "docs" / "operations.md").read_text("utf-8"), re.MULTILINE)
    assert checks and set(checks) <= set(rows)


def test_every_environment_variable_is_described() -> None:
    folders = ("scripts", "macros", "models")
    files = [file for folder in folders for file in (PROJECT / folder).rglob("*") if file.suffix in (".py", ".sql")]
    read = {name for file in files for name in re.findall(r"SEGMENTATION_[A-Z_]+", file.read_text("utf-8"))}
    text = (PROJECT / "docs" / "own-data.md").read_text("utf-8")
    assert read == set(re.findall(r"^\| `(SEGMENTATION_[A-Z_]+)`", text, re.MULTILINE))


def test_the_business_seeds_named_in_own_data_exist() -> None:
    text = (PROJECT / "docs" / "own-data.md").read_text("utf-8")
    named = set(re.findall(r"`(\w+)\.csv`", text))
    assert named and all((BUSINESS_SEEDS / f"{name}.csv").exists() for name in named)


def test_blocks_and_lines_are_read_as_by_a_shell(tmp_path: Path) -> None:
    page = tmp_path / "page.md"
    page.write_text(
        "# Title\n\n```sh\nexport W=x   # why\npython -m scripts build \\\n    --warehouse $W\n"
        "cat > a.csv <<'END'\npython -m scripts nonsense\nEND\n```\n\ntext\n\n```csv\na,b\n```\n"
    )
    first, second = blocks_of(page)
    assert (first.line, first.language, first.is_shell) == (3, "sh", True)
    assert list(command_lines(first)) == [
        ["export", "W=x"],
        ["python", "-m", "scripts", "build", "--warehouse", "$W"],
        ["cat"],
    ]
    assert second == Block(page, 14, "csv", "a,b\n")
    assert prose_of(page).split() == ["#", "Title", "text"]
