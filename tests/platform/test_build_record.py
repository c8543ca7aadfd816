"""What is published or learnt from is whole: killed, failed and partial builds are refused."""

from __future__ import annotations

import os
import random
import re
import signal
import subprocess
import sys
from datetime import datetime, timedelta
from pathlib import Path

import pytest

from scripts.__main__ import main
from scripts.platform import build_record
from scripts.platform.build_record import ALL, APPROVALS, CUSTOMERS, FITTED, HISTORY, IMPORT, RULES, Build, problem_with
from scripts.platform.dbt import run_dbt
from scripts.platform.errors import CheckFailed, UserError
from scripts.platform.progress import quiet
from scripts.platform.versions import current_version
from scripts.platform.warehouse import open_warehouse
from scripts.platform.workspace import PROJECT, Workspace
from scripts.serving.export import export
from scripts.serving.publish import publish
from tests.support.small_workspace import change, small_workspace

SELECTION = "selection"


def builds(*kinds: str) -> list[Build]:
    """Builds an hour apart, each written as kind:outcome:seeds:code, where the last three may be left out."""
    made = []
    for number, text in enumerate(kinds):
        kind, outcome, seeds, code = [*text.split(":"), *["", "", ""]][:4]
        start = datetime(2026, 6, 30, 6) + timedelta(hours=number)
        made.append(
            Build(
                f"b{number}", kind, f"dbt {kind}", start, start, outcome or "succeeded",
                "some_test" if outcome == "failed" else None, None, code or "m1", seeds or "s1",
            )
        )  # fmt: skip
    return made


@pytest.mark.parametrize(
    "kinds",
    [
        [ALL],
        [IMPORT],
        [CUSTOMERS, FITTED],
        [CUSTOMERS, FITTED, APPROVALS, HISTORY],
        # What failed or was left half-done is built anew, as a whole or in its own kind.
        [f"{ALL}:failed", ALL],
        [f"{ALL}:running", ALL],
        [SELECTION, ALL],
        [ALL, f"{APPROVALS}:failed", APPROVALS],
        [f"{CUSTOMERS}:running", CUSTOMERS, f"{FITTED}:running", FITTED],
        # The rules were checked with the seeds of the build.
        [ALL, RULES],
        [ALL, f"{APPROVALS}::s2", f"{RULES}::s2"],
    ],
    ids=lambda kinds: " ".join(kinds),
)
def test_a_whole_warehouse(kinds: list[str]) -> None:
    assert problem_with(builds(*kinds)) is None


@pytest.mark.parametrize(
    ("kinds", "problem"),
    [
        ([], "no complete build is recorded; run"),
        ([SELECTION], "no complete build is recorded; the last run was `dbt selection`"),
        ([f"{ALL}:running"], "the build of 2026-06-30 06:00 UTC was interrupted"),
        ([ALL, f"{ALL}:running"], "the build of 2026-06-30 07:00 UTC was interrupted"),
        ([ALL, f"{ALL}:failed"], "the build of 2026-06-30 07:00 UTC failed (some_test)"),
        ([ALL, "test:failed"], "the build of 2026-06-30 07:00 UTC failed (some_test)"),
        ([ALL, SELECTION], "`dbt selection` of 2026-06-30 07:00 UTC built a part of the models only"),
        # A later approval does not heal what another selection left behind.
        ([ALL, SELECTION, APPROVALS], "`dbt selection` of 2026-06-30 07:00 UTC built a part"),
        ([ALL, f"{FITTED}:failed", APPROVALS], "the build of 2026-06-30 07:00 UTC failed"),
        ([ALL, f"{HISTORY}:running"], "was interrupted"),
        ([ALL, f"{RULES}:failed"], "the check of the rules of 2026-06-30 07:00 UTC failed (some_test)"),
        ([CUSTOMERS], "the segments were not built after the customers"),
        ([CUSTOMERS, FITTED, f"{CUSTOMERS}:running"], "was interrupted"),
        ([CUSTOMERS, FITTED, CUSTOMERS], "the segments were not built after the customers"),
        ([ALL, f"{APPROVALS}:::m2"], "the models changed between 2026-06-30 06:00 UTC and 2026-06-30 07:00 UTC"),
        ([ALL, f"{RULES}::s2"], "`validate` of 2026-06-30 07:00 UTC loaded seeds that changed"),
        ([ALL, f"{RULES}::s2", f"{APPROVALS}::s2"], "`validate` of 2026-06-30 07:00 UTC loaded seeds that changed"),
    ],
    ids=lambda value: " ".join(value) if isinstance(value, list) else "",
)
def test_a_warehouse_that_is_not_whole(kinds: list[str], problem: str) -> None:
    found = problem_with(builds(*kinds))
    assert found is not None
    assert problem in found
    assert "python -m scripts build" in found


def test_models_are_fitted_to_whole_customers_only() -> None:
    assert problem_with(builds(CUSTOMERS), to_learn=True) is None
    # A history that was interrupted is completed by the same command.
    assert problem_with(builds(ALL, f"{HISTORY}:running"), to_learn=True) is None
    assert "failed" in str(problem_with(builds(f"{CUSTOMERS}:failed"), to_learn=True))
    assert "a part of the models" in str(problem_with(builds(ALL, SELECTION), to_learn=True))


def recorded(workspace: Workspace) -> list[Build]:
    with open_warehouse(workspace.warehouse, read_only=True) as connection:
        return build_record.recorded_builds(connection)


def refused(workspace: Workspace) -> str:
    """The refusal of publish, which every other command that needs a whole warehouse repeats."""
    before = current_version(workspace)
    with pytest.raises(CheckFailed) as problem:
        publish(workspace, quiet)
    assert current_version(workspace) == before
    assert not list(workspace.versions.glob(".incoming*"))
    return str(problem.value)


def test_what_dbt_records_decides(demo_copy: Workspace, capsys: pytest.CaptureFixture[str]) -> None:
    """A part of the models, a failing test alone and in a build: on one copy, because each run of dbt takes seconds."""
    made = recorded(demo_copy)
    assert [build.kind for build in made] == [CUSTOMERS, FITTED, APPROVALS]
    assert {build.outcome for build in made} == {"succeeded"}
    assert all(build.started_at <= build.ended_at for build in made)  # type: ignore[operator]
    assert len({build.code_checksum for build in made}) == 1
    publish(demo_copy, quiet)

    run_dbt(demo_copy, ["run", "--select", "customer_rfm"], progress=quiet)
    assert "`dbt run --select customer_rfm` of " in refused(demo_copy)
    where = ["--warehouse", str(demo_copy.warehouse)]
    for command in (
        ["fit", "clv"], ["cluster"], ["discover"], ["backtest", "clv"],
        ["backfill", "--from", "2026-06-01", "--to", "2026-06-01"],
        ["approve", "--segment", "lapsed", "--role", "segment_owner", "--by", "A. Owner"],
    ):  # fmt: skip
        assert main([*command, *where]) == 1, command
        assert "built a part of the models only" in capsys.readouterr().err

    with open_warehouse(demo_copy.warehouse) as connection:
        connection.execute("delete from builds.build_record where kind = 'selection'")
    publish(demo_copy, quiet)
    # A grain that does not hold: the test fails, alone or in a build of a declared kind.
    change(demo_copy, "insert into marts.customer_rfm from marts.customer_rfm limit 1")
    tests = ["--select", "customer_rfm", "--exclude-resource-type", "unit_test"]
    with pytest.raises(CheckFailed):
        run_dbt(demo_copy, ["test", *tests], progress=quiet)
    assert re.search(r"the build of .* failed \(shape_customer_rfm.*\)", refused(demo_copy))
    with open_warehouse(demo_copy.warehouse) as connection:
        connection.execute("delete from builds.build_record where kind = 'test'")
    with pytest.raises(CheckFailed):
        run_dbt(demo_copy, ["build", *tests, "--resource-type", "test"], kind=APPROVALS, progress=quiet)
    assert recorded(demo_copy)[-1].outcome == "failed"
    assert "failed (shape_customer_rfm" in refused(demo_copy)


def test_a_selection_that_matches_nothing(demo_copy: Workspace, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["build", "--select", "no_such_model", "--warehouse", str(demo_copy.warehouse)]) == 2
    assert "--select no_such_model: matches nothing" in capsys.readouterr().err


def test_versions_of_earlier_releases_are_not_exported(tmp_path: Path) -> None:
    workspace = small_workspace(tmp_path)
    version = publish(workspace, quiet)
    manifest = version / "manifest.json"
    text = manifest.read_text()
    assert '"build"' in text
    manifest.write_text(text.replace('"build"', '"other"'))
    with pytest.raises(CheckFailed, match="published by an earlier release, which did not record its builds"):
        export(workspace, "lapsed", progress=quiet)
    # Building and publishing heals it, although no mart changed.
    assert publish(workspace, quiet) == version
    assert '"build"' in manifest.read_text()


def test_a_second_process_is_told_who_holds_the_warehouse(tmp_path: Path) -> None:
    file = tmp_path / "warehouse.duckdb"
    holding = "import duckdb, sys; c = duckdb.connect(sys.argv[1]); print('open', flush=True); sys.stdin.read()"
    with subprocess.Popen(
        [sys.executable, "-c", holding, str(file)], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    ) as process:
        assert process.stdout and process.stdout.readline() == "open\n"
        with pytest.raises(UserError) as problem, open_warehouse(file):
            pass
        process.communicate()
    since = r"since \d{4}-\d\d-\d\d \d\d:\d\d"
    program = re.escape(Path(sys.executable).name)
    assert re.fullmatch(
        rf"{re.escape(str(file))}: `{program}` \(process {process.pid}, {since}\) has it open; "
        "wait for it to end, then run again",
        str(problem.value),
    )


@pytest.mark.verify
def test_builds_killed_at_ten_random_nodes_are_never_published(demo_copy: Workspace) -> None:
    source = random.Random(20261201)
    where = ["--warehouse", str(demo_copy.warehouse)]
    published = publish(demo_copy, quiet)
    for share in sorted(source.sample(range(1, 99), 10)):
        with subprocess.Popen(
            [sys.executable, "-m", "scripts", "build", *where],
            cwd=PROJECT, stdout=subprocess.PIPE, text=True, start_new_session=True,
            env={**os.environ, "PYTHONUNBUFFERED": "1"},
        ) as process:  # fmt: skip
            assert process.stdout
            for line in process.stdout:
                if (found := re.search(r"(\d+)%", line)) and int(found[1]) >= share:
                    break
            assert process.poll() is None, f"the build ended before {share}%"
            os.killpg(process.pid, signal.SIGKILL)
        assert "was interrupted" in refused(demo_copy)
        assert main(["fit", "clv", *where]) == 1
    assert main(["build", *where]) == 0
    # The same content as if nothing had happened: no new version.
    assert publish(demo_copy, quiet) == published
