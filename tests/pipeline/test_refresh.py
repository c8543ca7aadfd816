"""Segments refreshed alone are what a complete build makes of them; whatever else changed is refused."""

from __future__ import annotations

import json
from pathlib import Path
from types import SimpleNamespace

import duckdb
import pytest

from scripts.pipeline import refresh, steps
from scripts.platform.build_record import ALL, SEGMENTS, code_checksum, record_whole, recorded_builds
from scripts.platform.errors import CheckFailed
from scripts.platform.progress import quiet
from scripts.platform.warehouse import open_warehouse
from scripts.platform.workspace import PROJECT, Workspace
from scripts.serving.publish import publish
from tests.support.rules_workspace import WINDOWS, make_workspace, put_rules

# The rooms that a refresh builds.
REFRESHED = {file.stem for room in ("segments", "activation") for file in (PROJECT / "models" / room).rglob("*.sql")}


@pytest.fixture
def built(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Workspace:
    """A small warehouse after a complete build of a project without nodes; a refresh that goes through says so."""
    types = {"customer_id": "varchar", "as_of_date": "date"} | {one["attribute_name"]: "bigint" for one in WINDOWS}
    workspace = make_workspace(tmp_path, [], types)
    put_rules(workspace, [])
    with duckdb.connect(str(workspace.warehouse)) as connection:
        costs = workspace.seeds / "cost_assumptions.csv"
        connection.execute(f"create table seeds.cost_assumptions as from read_csv('{costs}', all_varchar = true)")
        connection.execute("drop table seeds.behaviour_windows")
        connection.execute(
            "create table marts.build_notes as select 'setting as_of_date' as note_key, 'setting' as kind,"
            " 'as_of_date' as subject, '2026-06-30' as value"
        )
        connection.execute("create schema intake; create table intake.files as select '000001' as load_id")
        record_whole(connection, ALL)
        connection.execute(
            "update builds.build_record set as_of_date = '2026-06-30', detail = 'up to load 000001', code_checksum = ?",
            [code_checksum([])],
        )
    monkeypatch.setattr(refresh, "parsed_project", lambda _: SimpleNamespace(nodes={}))
    monkeypatch.setattr(refresh, "check_rules_of_seeds", lambda *_: None)
    monkeypatch.setattr(refresh, "build", lambda *_, **given: int(given["kind"] == SEGMENTS))
    return workspace


def test_changed_segment_rows_alone_are_refreshed(built: Workspace) -> None:
    file = built.seeds / "segment_rule_conditions.csv"
    file.write_text(file.read_text(encoding="utf-8").replace("181|365", "200|365"), encoding="utf-8")
    assert refresh.refresh_segments(built, quiet) == 1


@pytest.mark.parametrize("why", ["seed", "day", "load", "models", "part"])
def test_anything_else_that_changed_is_named_and_refused(built: Workspace, why: str) -> None:
    words = {
        "seed": "cost_assumptions.csv: changed since the build of",
        "day": "describes 2026-06-30, and as_of_date is 2026-07-01 now",
        "load": "took in files since the build of",
        "models": "the models changed since the build of",
        "part": "built a part of the models only",
    }
    costs = built.seeds / "cost_assumptions.csv"
    if why == "seed":
        costs.write_text(costs.read_text(encoding="utf-8").replace("0.018", "0.019"), encoding="utf-8")
    if why == "day":
        built.landing.mkdir()
        built.settings_file.write_text(json.dumps({"as_of_date": "2026-07-01"}), encoding="utf-8")
    with duckdb.connect(str(built.warehouse)) as connection:
        if why == "load":
            connection.execute("insert into intake.files values ('000002')")
        if why == "models":
            connection.execute("update builds.build_record set code_checksum = 'other'")
        if why == "part":
            record_whole(connection, "selection")
    with pytest.raises(CheckFailed, match=words[why]):
        refresh.refresh_segments(built, quiet)


@pytest.mark.verify
def test_a_refresh_makes_what_a_complete_build_makes(demo_copy: Workspace) -> None:
    """Every relation of its rooms, and what is published, after a changed and a paused rule."""
    conditions = demo_copy.seeds / "segment_rule_conditions.csv"
    definitions = demo_copy.seeds / "segment_definitions.csv"
    text = conditions.read_text(encoding="utf-8")
    assert "181|365" in text
    conditions.write_text(text.replace("181|365", "121|365"), encoding="utf-8")
    text = definitions.read_text(encoding="utf-8")
    line = next(line for line in text.splitlines() if line.startswith("promoters,"))
    definitions.write_text(text.replace(line, line.replace(",active,", ",paused,")), encoding="utf-8")
    assert refresh.refresh_segments(demo_copy, quiet) > 50
    version = publish(demo_copy, quiet)
    with open_warehouse(demo_copy.warehouse, read_only=True) as connection:
        builds = recorded_builds(connection)
        assert builds[-1].kind == SEGMENTS and builds[-1].detail
        assert builds[-1].detail.removeprefix("stands on the build ") in {build.build_id for build in builds[:-1]}
    refreshed = contents(demo_copy)
    steps.build(demo_copy, progress=quiet)
    complete = contents(demo_copy)
    assert len(complete) > 80
    assert refreshed.keys() == complete.keys()
    assert [name for name in complete if refreshed[name] != complete[name]] == []
    assert publish(demo_copy, quiet) == version, "nothing changed, so there is no new version"


def contents(workspace: Workspace) -> dict[str, object]:
    """Number and checksum of the rows of every table, whatever their order."""
    with open_warehouse(workspace.warehouse, read_only=True) as connection:
        tables = connection.execute("select schema_name, table_name from duckdb_tables() order by all").fetchall()
        return {
            f"{schema}.{name}": connection.execute(
                f'select count(*), sum(hash(one::varchar)) from (select one from {schema}."{name}" as one)'
            ).fetchone()
            for schema, name in tables
            if name in REFRESHED
        }
