"""Marts that another engine built, taken in from Parquet: whole, of one day, and served like any others.

The exports here are written from the demo's own warehouse, in the way Spark writes them.
"""

from __future__ import annotations

import re
import shutil
from pathlib import Path

import pytest

from scripts.learning.prediction.clv import fit_clv
from scripts.pipeline.import_marts import CONTENTS, import_marts, import_past_day
from scripts.pipeline.steps import build
from scripts.platform.dbt import parsed_project, rendered
from scripts.platform.errors import CheckFailed, UserError
from scripts.platform.progress import quiet
from scripts.platform.snapshots import TABLES, sandbox, snapshots
from scripts.platform.versions import content_checksums
from scripts.platform.warehouse import literal, open_warehouse
from scripts.platform.workspace import PROJECT, Workspace
from scripts.segments.explain import explain
from scripts.serving.export import export
from scripts.serving.publish import publish
from scripts.serving.report import report
from tests.support.workspaces import workspace_in

EXPORTED = ("marts", "pii", "activation", "history", "state", "seeds")


def macro_list(call: str) -> list[str]:
    return rendered("{{ " + call + " | join(' ') }}", {}).split()


def write_export(workspace: Workspace, folder: Path, relations: list[str]) -> None:
    """An export like that of Spark: several files a relation, instants with a zone, the list of contents last."""
    with open_warehouse(workspace.warehouse, read_only=True) as connection:
        counts = []
        for relation in relations:
            target = folder.joinpath(*relation.split("."))
            target.mkdir(parents=True)
            cells = [
                f'cast("{name}" as timestamptz) as "{name}"' if kind == "TIMESTAMP" else f'"{name}"'
                for name, kind, *_ in connection.execute(f"describe {relation}").fetchall()
            ]
            query = f"select {', '.join(cells)} from {relation}"
            for part in (0, 1):
                rows = f"{query} {'limit 10' if part == 0 else 'offset 10'}"
                connection.execute(f"copy ({rows}) to {literal(f'{target}/part-{part}.parquet')} (format parquet)")
            counts.append(f"select '{relation}' as relation, count(*) as row_count from {relation}")
        (folder / CONTENTS).mkdir()
        day = "(select max(as_of_date) from marts.customer_margin)"
        contents = f"select *, {day} as as_of_date from ({' union all '.join(counts)})"
        connection.execute(f"copy ({contents}) to {literal(f'{folder}/{CONTENTS}/part-0.parquet')} (format parquet)")


@pytest.fixture(scope="module")
def exported(demo_workspace: Workspace, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The demo's marts, exported."""
    folder = tmp_path_factory.mktemp("lake") / "export"
    steps = macro_list("exported_steps()")
    nodes = parsed_project(demo_workspace).nodes.values()
    relations = [
        f"{node.schema}.{node.alias}"
        for node in nodes
        if node.resource_type in ("model", "seed") and (node.schema in EXPORTED or node.name in steps)
    ]
    write_export(demo_workspace, folder, [*sorted(relations), "intake.settings"])
    return folder


@pytest.fixture
def export_copy(exported: Path, tmp_path: Path) -> Path:
    shutil.copytree(exported, tmp_path / "export")
    return tmp_path / "export"


def empty_workspace(demo_workspace: Workspace, folder: Path) -> Workspace:
    """A workspace with the demo's seeds and no data."""
    workspace = workspace_in(folder / "workspace")
    shutil.copytree(demo_workspace.seeds, workspace.seeds)
    return workspace


@pytest.fixture(scope="module")
def imported(demo_workspace: Workspace, exported: Path, tmp_path_factory: pytest.TempPathFactory) -> Workspace:
    workspace = empty_workspace(demo_workspace, tmp_path_factory.mktemp("imported"))
    import_marts(workspace, exported, quiet)
    return workspace


def test_published_marts_are_the_same(imported: Workspace, demo_workspace: Workspace) -> None:
    version = publish(imported, quiet)
    for name in ("marts", "activation"):
        wanted = content_checksums(demo_workspace.published / f"{name}.duckdb")
        assert content_checksums(version / f"{name}.duckdb") == wanted
        assert len(wanted) > 2
    with (
        open_warehouse(version / "marts.duckdb", read_only=True) as connection,
        open_warehouse(demo_workspace.published / "marts.duckdb", read_only=True) as wanted_connection,
    ):
        comments = (
            "select table_name, column_name, comment from duckdb_columns() where comment is not null order by all"
        )
        # The windows' own columns, which no YAML describes, are commented by a hook.
        named = [
            row for row in wanted_connection.execute(comments).fetchall() if row[0] != "customer_behaviour_windows"
        ]
        found = [row for row in connection.execute(comments).fetchall() if row[0] != "customer_behaviour_windows"]
        assert found == named and len(named) > 500


def test_commands_answer_the_same(imported: Workspace, demo_workspace: Workspace) -> None:
    with open_warehouse(demo_workspace.warehouse, read_only=True) as connection:
        customers = connection.execute(
            "select customer_id from marts.segment_memberships group by 1 order by count(*) desc, 1 limit 3"
        ).fetchall()
    for (customer,) in customers:
        answers: list[list[str]] = [[], []]
        for workspace, lines in zip((imported, demo_workspace), answers, strict=True):
            explain(workspace, customer, progress=lines.append)
        assert answers[0] == answers[1] and customer in answers[0][0]
    publish(imported, quiet)
    files = []
    for workspace, name in ((imported, "imported"), (demo_workspace, "own")):
        folder = export(workspace, "new_need_second_purchase", out=imported.home / name, progress=quiet)
        files.append((folder / "audience.csv").read_bytes())
    assert files[0] == files[1] and files[0].count(b"\n") > 1
    report(imported, imported.home / "report.html", quiet)
    assert "</html>" in (imported.home / "report.html").read_text("utf-8")


def test_a_fit_is_the_same(imported: Workspace, demo_workspace: Workspace, tmp_path: Path) -> None:
    figures = []
    for workspace, name in ((imported, "imported"), (demo_workspace, "own")):
        copy = workspace_in(tmp_path / name)
        copy.home.mkdir()
        shutil.copyfile(workspace.warehouse, copy.warehouse)
        shutil.copytree(workspace.seeds, copy.seeds)
        fit_clv(copy, progress=quiet)
        figures.append((copy.seeds / "clv_parameters.csv").read_text("utf-8"))
    assert figures[0] == figures[1] and figures[0].count("\n") > 4


def test_models_do_not_replace_imported_marts_by_nothing(imported: Workspace) -> None:
    with pytest.raises(UserError, match="its marts were imported, without raw tables; build on Spark"):
        build(imported, progress=quiet)
    with pytest.raises(UserError, match="past days are built from raw tables"), sandbox(imported):
        pass


def test_a_past_day_is_imported_for_fits(imported: Workspace, demo_workspace: Workspace, tmp_path: Path) -> None:
    from datetime import date

    day = date(2026, 1, 1)
    with pytest.raises(UserError, match="build 2026-01-01 on Spark, export it as a past day"):
        snapshots(imported, [day], quiet)
    [kept] = [snapshots(demo_workspace_copy(demo_workspace, tmp_path), [day], quiet)[day]]
    folder = tmp_path / "past"
    with open_warehouse(tmp_path / "past.duckdb") as connection:
        connection.execute("create schema intermediate")
        connection.execute("create schema marts")
        source = next((tmp_path / "copy" / "snapshots").glob("2026-01-01-*"))
        for name, relation in TABLES.items():
            connection.execute(f"create table {relation} as from read_parquet('{source}/{name}.parquet')")
        connection.execute("create table marts.customer_margin as select date '2026-01-01' as as_of_date")
    write_export(
        Workspace.at(warehouse=str(tmp_path / "past.duckdb")), folder, [*TABLES.values(), "marts.customer_margin"]
    )
    assert import_past_day(imported, folder, quiet) == day
    found = snapshots(imported, [day], quiet)[day]
    for one, other in (
        (found.inputs, kept.inputs),
        (found.purchases, kept.purchases),
        (found.present_ids, kept.present_ids),
    ):
        assert one.equals(other) and len(one) > 100


def demo_workspace_copy(demo_workspace: Workspace, tmp_path: Path) -> Workspace:
    copy = workspace_in(tmp_path / "copy")
    copy.home.mkdir()
    shutil.copyfile(demo_workspace.warehouse, copy.warehouse)
    shutil.copytree(demo_workspace.seeds, copy.seeds)
    return copy


def damaged(folder: Path, how: str) -> None:
    if how == "unfinished":
        shutil.rmtree(folder / CONTENTS)
    elif how == "relation":
        contents = folder / CONTENTS / "part-0.parquet"
        rewrite(contents, f"select * from read_parquet('{contents}') where relation <> 'marts.orders'")
    elif how == "file":
        (folder / "marts" / "orders" / "part-1.parquet").unlink()
    elif how == "day":
        file = folder / "marts" / "customer_rfm" / "part-0.parquet"
        rewrite(file, f"select * replace (as_of_date - 1 as as_of_date) from read_parquet('{file}')")
    elif how == "column":
        for file in (folder / "marts" / "returns").glob("*.parquet"):
            rewrite(file, f"select * exclude (order_id) from read_parquet('{file}')")
    elif how == "unknown":
        contents = folder / CONTENTS / "part-0.parquet"
        rewrite(
            contents,
            "select * replace (replace(relation, 'marts.orders', 'marts.sales') as relation)"
            f" from read_parquet('{contents}')",
        )


def rewrite(file: Path, query: str) -> None:
    import duckdb

    beside = file.with_suffix(".new")
    duckdb.sql(query).write_parquet(str(beside))
    beside.replace(file)


@pytest.mark.parametrize(
    ("how", "message"),
    [
        ("unfinished", r"is not a finished export"),
        ("relation", r"marts.orders: is not in the export; export again"),
        ("file", r"marts.orders: 10 rows, of [\d,]+ exported; copy it again"),
        ("day", r"marts.customer_rfm: describes \d{4}-\d\d-\d\d, and the export \d{4}-\d\d-\d\d; build all of one day"),
        ("column", r"marts.returns: its columns are not those of its contract"),
        ("unknown", r"marts.sales: no model of this version of the project builds it"),
    ],
)
def test_a_damaged_export_changes_nothing(
    demo_workspace: Workspace, export_copy: Path, tmp_path: Path, how: str, message: str
) -> None:
    workspace = empty_workspace(demo_workspace, tmp_path)
    with open_warehouse(workspace.warehouse) as connection:
        connection.execute("create schema marts")
        connection.execute("create table marts.orders as select 'kept' as order_id")
    before = content_checksums(workspace.warehouse)
    damaged(export_copy, how)
    with pytest.raises((UserError, CheckFailed), match=message):
        import_marts(workspace, export_copy, quiet)
    assert content_checksums(workspace.warehouse) == before


def test_every_step_that_a_command_reads_is_exported() -> None:
    text = "\n".join(file.read_text("utf-8") for file in (PROJECT / "scripts").rglob("*.py"))
    named = set(re.findall(r"\bintermediate\.(int_\w+)|\b(int_data_profile_\w+)\b", text))
    read = {one or other for one, other in named} - {"int_data_profile_", "int_segment_traces"}
    assert len(read) > 15
    assert read - set(macro_list("exported_steps()")) == set()


def test_a_view_that_is_built_anew_finds_all_it_reads(demo_workspace: Workspace) -> None:
    nodes = parsed_project(demo_workspace).nodes
    [view] = [node for node in nodes.values() if node.name == "int_segment_traces"]
    steps = macro_list("exported_steps()")
    parents = [nodes[key] for key in view.depends_on.nodes]
    assert [node.name for node in parents if node.schema not in EXPORTED and node.name not in steps] == []


def test_past_days_hold_what_fits_read() -> None:
    assert {relation.split(".")[1] for relation in TABLES.values()} <= set(macro_list("past_day_relations()"))
