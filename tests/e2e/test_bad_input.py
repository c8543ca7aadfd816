"""User errors: one clear line, a non-zero exit code, nothing half-written."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from scripts.__main__ import main
from scripts.platform.dbt import run_dbt
from scripts.platform.errors import CheckFailed
from scripts.platform.workspace import BUSINESS_SEEDS, Workspace


def failing_command(arguments: list[str], capsys: pytest.CaptureFixture[str]) -> tuple[int, list[str]]:
    """Exit code and error output lines of one command."""
    capsys.readouterr()
    code = main(arguments)
    return code, capsys.readouterr().err.strip().splitlines()


def at(workspace: Workspace) -> list[str]:
    return ["--warehouse", str(workspace.warehouse)]


def files_under(folder: Path) -> dict[str, int]:
    return {str(path): path.stat().st_mtime_ns for path in folder.rglob("*") if path.is_file()}


def test_missing_landing_folder(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    code, lines = failing_command(["intake", "--warehouse", str(tmp_path / "w.duckdb")], capsys)
    assert (code, len(lines)) == (2, 1)
    assert "landing" in lines[0]
    assert not list(tmp_path.iterdir())


def test_build_without_a_warehouse(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    code, lines = failing_command(["build", "--warehouse", str(tmp_path / "w.duckdb")], capsys)
    assert (code, len(lines)) == (2, 1)
    assert "intake" in lines[0]


@pytest.mark.parametrize("options", [["--customers", "-5"], ["--customers", "5"]])
def test_demo_rejects_absurd_options(tmp_path: Path, capsys: pytest.CaptureFixture[str], options: list[str]) -> None:
    code, lines = failing_command(["demo", "--warehouse", str(tmp_path / "w.duckdb"), *options], capsys)
    assert (code, len(lines)) == (2, 1)
    assert not (tmp_path / "landing").exists()


def test_invalid_arguments_are_rejected(capsys: pytest.CaptureFixture[str]) -> None:
    for arguments in (["build", "--as-of", "30.6.2026"], ["buidl"], ["approve", "--segment", "lapsed"]):
        with pytest.raises(SystemExit) as stopped:
            main(arguments)
        assert stopped.value.code == 2
    code, lines = failing_command(["build", "--vars", "{using_web: no}"], capsys)
    assert (code, len(lines)) == (2, 1)
    assert "--vars" in lines[0]


@pytest.mark.verify
def test_unknown_attribute_stops_before_memberships(demo_copy: Workspace, capsys: pytest.CaptureFixture[str]) -> None:
    rules = demo_copy.seeds / "segment_rule_conditions.csv"
    before = files_under(demo_copy.versions)
    text = rules.read_text(encoding="utf-8")
    assert "days_since_last_order" in text
    rules.write_text(text.replace("days_since_last_order", "days_since_last_ordr"), encoding="utf-8")
    for command in ("validate", "build"):
        capsys.readouterr()
        assert main([command, *at(demo_copy)]) == 1
        errors = [line for line in capsys.readouterr().out.splitlines() if line.startswith("error")]
        assert len(errors) >= 5
        for line in errors:
            assert "segment_rule_conditions.csv, line" in line
            assert "`days_since_last_ordr` is not an attribute; did you mean `days_since_last_order`?" in line
    assert files_under(demo_copy.versions) == before


def test_malformed_seed_row_is_reported_with_file_and_line(
    demo_copy: Workspace, capsys: pytest.CaptureFixture[str]
) -> None:
    rules = demo_copy.seeds / "segment_rule_conditions.csv"
    lines = rules.read_text(encoding="utf-8").splitlines()
    lines.insert(4, "lapsed,include,1,days_since_last_order,>=,181,,,surplus")
    rules.write_text("\n".join(lines) + "\n", encoding="utf-8")
    code, errors = failing_command(["validate", *at(demo_copy)], capsys)
    assert code in (1, 2)
    assert len(errors) == 1
    assert "segment_rule_conditions.csv" in errors[0]
    assert "5" in errors[0]


def test_a_cell_of_the_wrong_type_is_reported_with_line_and_column(tmp_path: Path) -> None:
    """DuckDB finds it while it loads the seed; its own message is a page long."""
    seeds = tmp_path / "seeds"
    shutil.copytree(BUSINESS_SEEDS, seeds)
    header = (seeds / "clv_parameters.csv").read_text(encoding="utf-8")
    row = "clv,f,all,all,bg_nbd,r,0.24O,\n"
    (seeds / "clv_parameters.csv").write_text(header + row.replace("0.24O", "0.24") + row, encoding="utf-8")
    workspace = Workspace.at(warehouse=str(tmp_path / "warehouse.duckdb"))
    with pytest.raises(CheckFailed) as problem:
        run_dbt(workspace, ["seed", "--select", "clv_parameters"], progress=lambda _: None)
    said = "clv_parameters: line 3, column estimate: '0.24O' is not a number; correct the cell"
    assert str(problem.value) == said


def test_unapproved_segment_is_not_exported(demo_copy: Workspace, capsys: pytest.CaptureFixture[str]) -> None:
    before = files_under(demo_copy.exports)
    for segment in ("vip_loyalists", "no_such_segment"):
        code, lines = failing_command(["export", "--segment", segment, *at(demo_copy)], capsys)
        assert code in (1, 2)
        assert len(lines) == 1
        assert segment in lines[0]
    assert files_under(demo_copy.exports) == before


@pytest.mark.verify
def test_changed_rule_loses_its_approval(demo_copy: Workspace, capsys: pytest.CaptureFixture[str]) -> None:
    rules = demo_copy.seeds / "segment_rule_conditions.csv"
    text = rules.read_text(encoding="utf-8")
    changed = text.replace("181|365", "182|365")
    assert changed != text
    rules.write_text(changed, encoding="utf-8")
    assert main(["build", *at(demo_copy)]) == 0
    assert main(["publish", *at(demo_copy)]) == 0
    code, lines = failing_command(["export", "--segment", "lapsed", *at(demo_copy)], capsys)
    assert code == 1
    assert len(lines) == 1
    assert "approv" in lines[0]


def test_a_clone_ships_without_approvals() -> None:
    assert len((BUSINESS_SEEDS / "segment_approvals.csv").read_text(encoding="utf-8").splitlines()) == 1
