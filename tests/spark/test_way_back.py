"""Marts built by Spark, imported into a workspace without raw tables: what serves people answers as from DuckDB.

After tests/spark/test_days.py, in whose state these continue.
"""

from __future__ import annotations

import csv
import re
import shutil
from datetime import date
from pathlib import Path

import duckdb
import pytest

from scripts.benchmarks.engines import compare_all
from scripts.learning.prediction.clv import fit_clv
from scripts.pipeline.import_marts import import_marts
from scripts.platform.progress import quiet
from scripts.platform.versions import relations_of
from scripts.platform.warehouse import literal, open_warehouse
from scripts.platform.workspace import Workspace
from scripts.segments.explain import explain
from scripts.serving.export import export
from scripts.serving.publish import publish
from scripts.serving.report import report
from tests.support.two_engines import Engines
from tests.support.workspaces import workspace_in

pytestmark = pytest.mark.spark

LATER = date(2026, 6, 30)


@pytest.fixture(scope="module")
def exported(engines: Engines, spark_folder: Path) -> Path:
    folder = spark_folder / "export"
    shutil.rmtree(folder, ignore_errors=True)
    engines.dbt("run-operation", "export_to_parquet", "--args", f"{{folder: '{folder.as_uri()}'}}", day=LATER)
    engines.note(f"export of the marts: {engines.last_seconds:.0f} s")
    return folder


@pytest.fixture(scope="module")
def imported(engines: Engines, exported: Path, spark_folder: Path) -> Workspace:
    workspace = workspace_in(spark_folder / "imported")
    shutil.rmtree(workspace.home, ignore_errors=True)
    shutil.copytree(engines.workspace.seeds, workspace.seeds)
    assert import_marts(workspace, exported, quiet) == LATER
    return workspace


def test_published_versions_are_equal(engines: Engines, imported: Workspace) -> None:
    versions = [publish(workspace, quiet) for workspace in (engines.workspace, imported)]
    for name in ("marts", "activation"):
        with duckdb.connect() as connection:
            for side, version in zip(("duckdb_side", "spark_side"), versions, strict=True):
                connection.execute(f"attach {literal(str(version / f'{name}.duckdb'))} as {side} (read_only)")
            relations = [f"main.{table}" for table in relations_of(connection, "main", "duckdb_side")]
            found = compare_all(connection, relations, "duckdb_side", "spark_side")
        assert [one for one in found if not one.is_equal] == []
        assert len(found) > (60 if name == "marts" else 2)
    engines.note("published from Spark's marts: equal to the version published from DuckDB's")


def test_explanations_are_equal(engines: Engines, imported: Workspace) -> None:
    with open_warehouse(engines.workspace.warehouse, read_only=True) as connection:
        customers = connection.execute(
            "select customer_id from marts.segment_memberships group by 1 order by count(*) desc, 1 limit 5"
        ).fetchall()
    for (customer,) in customers:
        answers: list[list[str]] = [[], []]
        for workspace, lines in zip((imported, engines.workspace), answers, strict=True):
            explain(workspace, customer, progress=lines.append)
        assert answers[0] == answers[1] and customer in answers[0][0]
    assert len(customers) == 5


def test_audiences_are_equal(engines: Engines, imported: Workspace, tmp_path: Path) -> None:
    files = [
        export(workspace, "new_need_second_purchase", out=tmp_path / str(number), progress=quiet) / "audience.csv"
        for number, workspace in enumerate((engines.workspace, imported))
    ]
    assert files[0].read_bytes() == files[1].read_bytes()
    assert files[0].read_bytes().count(b"\n") > 1


def test_reports_are_equal(engines: Engines, imported: Workspace, tmp_path: Path) -> None:
    texts = []
    for number, workspace in enumerate((engines.workspace, imported)):
        report(workspace, tmp_path / f"{number}.html", quiet)
        # Instants of publication and drawing differ.
        texts.append(
            re.sub(r"\d{4}-\d\d-\d\d[T ]\d\d:\d\d(:\d\d)?", "", (tmp_path / f"{number}.html").read_text("utf-8"))
        )
    assert texts[0] == texts[1] and len(texts[0]) > 10_000


def test_fits_are_equal(engines: Engines, imported: Workspace, tmp_path: Path) -> None:
    rows = []
    for number, workspace in enumerate((engines.workspace, imported)):
        copy = workspace_in(tmp_path / str(number))
        copy.home.mkdir()
        shutil.copyfile(workspace.warehouse, copy.warehouse)
        shutil.copytree(workspace.seeds, copy.seeds)
        fit_clv(copy, progress=quiet)
        with (copy.seeds / "clv_parameters.csv").open(encoding="utf-8", newline="") as file:
            rows.append(list(csv.DictReader(file)))
    assert len(rows[0]) == len(rows[1]) > 4
    for one, other in zip(*rows, strict=True):
        assert {**one, "estimate": "", "standard_error": ""} == {**other, "estimate": "", "standard_error": ""}
        assert float(one["estimate"]) == pytest.approx(float(other["estimate"]), rel=1e-6)
