"""Rules evaluated without dbt, on the demo: the same rows as the models, from the seeds as they are now."""

from __future__ import annotations

import hashlib
from pathlib import Path

import pytest

from scripts.pipeline import steps
from scripts.platform import rendering
from scripts.platform.dbt import run_dbt
from scripts.platform.errors import CheckFailed, UserError
from scripts.platform.workspace import Workspace
from scripts.segments.evaluation import Evaluation, rules_in_memory
from scripts.segments.validate import VIOLATIONS

MODELS = [
    *VIOLATIONS,
    "int_segment_definitions",
    "int_segment_matches",
    "int_segment_percentiles",
    "attribute_catalogue",
]
SLIPS = (
    ("order_count,>=,3", "order_count,>=,many"), ("days_since_last_order", "days_since_last_ordr"),
    (",is_true,", ",is_treu,"), ("181|365", "365|181"), ("181|365", "181"), ("include,1,", "include,one,"),
)  # fmt: skip


def quiet(_: str) -> None:
    return None


def rows(evaluation: Evaluation, relation: str) -> list[tuple[object, ...]]:
    return sorted(evaluation.connection.execute(f"from {relation}").fetchall(), key=repr)


def equal_to_the_models(workspace: Workspace, models: list[str]) -> int:
    """Compares each model with what dbt built; returns how many errors there are."""
    with rules_in_memory(workspace) as evaluation:
        for model in models:
            mine = evaluation.relation(model)
            assert rows(evaluation, str(mine)) == rows(evaluation, f"given.{mine.schema}.{mine.identifier}"), model
        return len(rows(evaluation, "intermediate.int_segment_rule_errors"))


@pytest.mark.verify
def test_every_check_and_membership_is_that_of_the_models(demo_copy: Workspace) -> None:
    assert equal_to_the_models(demo_copy, MODELS) == 0
    conditions = demo_copy.seeds / "segment_rule_conditions.csv"
    text = conditions.read_text(encoding="utf-8")
    for slip, wrong in SLIPS:
        assert slip in text
        text = text.replace(slip, wrong, 1)
    conditions.write_text(text, encoding="utf-8")
    run_dbt(demo_copy, ["seed", "--select", "segment_rule_conditions"], progress=quiet)
    checks = ["int_segment_cell_violations", "int_segment_conditions+,+int_segment_rule_errors"]
    run_dbt(demo_copy, ["run", "--select", *checks], progress=quiet)
    assert equal_to_the_models(demo_copy, ["int_segment_rule_errors"]) >= len(SLIPS)


@pytest.mark.verify
def test_checking_the_rules_of_a_built_warehouse_writes_nothing(demo_copy: Workspace) -> None:
    def state() -> dict[str, str]:
        files = [demo_copy.warehouse, *demo_copy.seeds.glob("*.csv")]
        return {file.name: hashlib.sha256(file.read_bytes()).hexdigest() for file in files}

    before, said = state(), list[str]()
    steps.validate(demo_copy, {}, said.append)
    assert "segment rules: no errors, 0 warning(s)" in said
    assert state() == before


def test_a_warehouse_that_lacks_what_rules_read_is_named(tmp_path: Path) -> None:
    workspace = Workspace.at(warehouse=str(tmp_path / "warehouse.duckdb"))
    with pytest.raises(UserError, match="no such warehouse"), rules_in_memory(workspace):
        pass


def test_a_macro_that_needs_dbt_is_named(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    model = tmp_path / "odd.sql"
    model.write_text("select '{{ dbt_utils.star(ref('customers')) }}'", encoding="utf-8")
    monkeypatch.setattr(rendering, "model_files", lambda: {"odd": model})
    made = rendering.Rendering(
        None,  # type: ignore[arg-type]
        find=lambda *_: None,
        resolve=lambda name: rendering.Relation("given", "marts", name),
        variables={},
    )
    with pytest.raises(CheckFailed, match=r"odd: uses what is only there in dbt .*dbt_utils"):
        made.model("odd")


def test_a_damaged_or_outdated_cache_is_compiled_anew(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    file = tmp_path / "compiled.bin"
    monkeypatch.setattr(rendering, "COMPILED", file)
    rendering._kept.cache_clear()
    try:
        names = list(rendering._kept_or("nodes", lambda: {"a": 1}))
        rendering.keep_compiled()
        rendering._kept.cache_clear()
        assert names == ["a"] and list(rendering._kept()["declared"]) == ["nodes"]
        content = file.read_bytes()
        for damaged in (content[:-1], b"", content[:40], content[:50] + b"x" + content[51:]):
            file.write_bytes(damaged)
            rendering._kept.cache_clear()
            assert rendering._kept()["declared"] == {}
    finally:
        rendering._kept.cache_clear()
