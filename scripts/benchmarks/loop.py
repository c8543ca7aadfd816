"""Measures the loop of somebody who writes rules: check, preview, refresh and publish, each as a command of its own.

Everything happens in a copy of the workspace. What the same takes by dbt is measured beside it in the same run.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import time
from collections.abc import Sequence
from pathlib import Path

from scripts.platform.errors import CheckFailed, UserError
from scripts.platform.progress import Progress
from scripts.platform.rendering import COMPILED
from scripts.platform.warehouse import open_warehouse
from scripts.platform.workspace import PROJECT, Workspace
from scripts.segments.evaluation import Evaluation

# Relations with a row per customer that a preview reads, enlarged for more customers than there are.
PER_CUSTOMER = ("customer_features", "customer_behaviour_windows", "segment_memberships")
# What dbt has to build for what `validate` and `preview` show.
BY_DBT = ("run", "--select", "attribute_catalogue", "path:models/segments/intermediate/rules",
          "path:models/segments/intermediate/evaluation")  # fmt: skip
REFERRING, REFERENCES = 10, 4
REPEATS = 5


def benchmark_loop(workspace: Workspace, *, customers: int | None = None, progress: Progress = print) -> None:
    """Print the seconds of each step: by dbt and now, the first time and again; and the cost of references.

    `customers`: the customers are repeated up to this number, and only what does not build them is measured.
    """
    if not workspace.warehouse.exists():
        raise UserError(f"{workspace.warehouse}: no such warehouse; run `python -m scripts run` first")
    home = workspace.home / "loop_benchmark"
    shutil.rmtree(home, ignore_errors=True)
    home.mkdir(mode=0o700)
    copy = Workspace(workspace.landing, home / workspace.warehouse.name, home / "seeds")
    try:
        shutil.copyfile(workspace.warehouse, copy.warehouse)
        shutil.copytree(workspace.seeds, copy.seeds)
        if customers is not None:
            _enlarge(copy, customers)
        _measure(copy, customers, progress)
    finally:
        shutil.rmtree(home, ignore_errors=True)


def _measure(copy: Workspace, customers: int | None, progress: Progress) -> None:
    with open_warehouse(copy.warehouse, read_only=True) as connection:
        (count,) = connection.execute("select count(*) from marts.customer_features").fetchone() or (0,)
        (segment,) = connection.execute("select min(segment_key) from marts.segment_memberships").fetchone() or ("",)
    progress(f"{count:,} customers, seconds of each command{'':>14}first   again")
    now = {}
    for name, arguments in (("validate", ["validate"]), ("preview", ["preview", "--segment", str(segment)])):
        COMPILED.unlink(missing_ok=True)
        now[name] = [_seconds(_script(copy, arguments)) for _ in range(2)]
        progress(f"  {name:<42}{now[name][0]:7.1f} {now[name][1]:7.1f}")
    if customers is None:
        now["refresh-segments"] = [_seconds(_script(copy, ["refresh-segments"])) for _ in range(2)]
        progress(f"  {'refresh-segments':<42}{now['refresh-segments'][0]:7.1f} {now['refresh-segments'][1]:7.1f}")
        rules = [_seconds(_dbt(copy, BY_DBT)) for _ in range(2)]
        progress(f"  {'the models of rules, by dbt':<42}{rules[0]:7.1f} {rules[1]:7.1f}")
        build = _seconds(_script(copy, ["build"]))
        progress(f"  {'build, after which rules were in force':<42}{'':>7} {build:7.1f}")
        progress(
            f"  validate takes {now['validate'][1] / rules[1]:.2f} of the models by dbt, preview "
            f"{now['preview'][1] / rules[1]:.2f}, refresh-segments {now['refresh-segments'][1] / build:.2f} of a build"
        )
    progress(
        f"  references: {cost_of_references(copy):.2f} times the same rules with other conditions (goal: under 1.5)"
    )


def cost_of_references(copy: Workspace) -> float:
    """Seconds of 10 rules with 40 references as a multiple of those with a condition on an attribute in their place."""
    from scripts.segments.evaluation import rules_in_memory

    with rules_in_memory(copy) as evaluation:
        _invent_rules(evaluation)
        spent = {}
        for kind, other in (("referring", "plain"), ("plain", "referring")):
            sql = _matches_of(evaluation, kind, other)
            times = []
            for _ in range(REPEATS):
                started = time.monotonic()
                evaluation.connection.execute(f"create or replace temp table tried as {sql}")
                times.append(time.monotonic() - started)
            spent[kind] = min(times)
    return spent["referring"] / spent["plain"]


def _matches_of(evaluation: Evaluation, kind: str, other: str) -> str:
    """The SQL of the members of the ground rules and of the rules of one kind."""
    definitions = evaluation.relation("segment_definitions")
    evaluation.connection.execute(f"update {definitions} set status = 'draft' where segment_key like '{other}_%'")
    evaluation.connection.execute(f"update {definitions} set status = 'active' where segment_key like '{kind}_%'")
    # Rules are read once a run: this is another one.
    evaluation.rendering.context["graph"]["run_memory"] = {}
    return evaluation.rendering.model("int_segment_matches")


def _invent_rules(evaluation: Evaluation) -> None:
    """Only these: rules without references, rules with four each, and the same with a boolean attribute for each."""
    definitions, conditions = (evaluation.relation(name) for name in ("segment_definitions", "segment_rule_conditions"))
    evaluation.connection.execute(f"delete from {definitions}")
    evaluation.connection.execute(f"delete from {conditions}")
    evaluation.hold("intermediate", "int_segment_rule_errors")
    flags = ("has_open_complaint", "has_pending_refund", "has_legal_hold", "has_do_not_contact")

    def add(key: str, rows: Sequence[tuple[str, str, str]]) -> None:
        evaluation.connection.execute(
            f"insert into {definitions} by name select ? as segment_key, 'active' as status, 'people' as scope", [key]
        )
        for attribute, operator, value in rows:
            evaluation.connection.execute(
                f"insert into {conditions} by name select ? as segment_key, 'include' as kind, '1' as alternative,"
                " ? as attribute, ? as operator, ? as value",
                [key, attribute, operator, value or None],
            )

    for number in range(REFERRING):
        add(f"ground_{number}", [("order_count", ">=", str(number % 5)), ("net_revenue", ">", str(10 * number))])
    for number in range(REFERRING):
        own = [("order_count", ">=", "1"), ("days_since_last_order", "<", str(100 + 50 * number))]
        others = [(number + step) % REFERRING for step in range(REFERENCES)]
        references = [(f"segment:ground_{other}", "is_member", "") for other in others]
        add(f"referring_{number}", [*own, *references])
        add(f"plain_{number}", [*own, *((flag, "is_false", "") for flag in flags)])


def _enlarge(copy: Workspace, customers: int) -> None:
    with open_warehouse(copy.warehouse) as connection:
        (there,) = connection.execute("select count(*) from marts.customer_features").fetchone() or (0,)
        if not there:
            raise UserError(f"{copy.warehouse}: has no customers to repeat")
        for name in PER_CUSTOMER:
            connection.execute(
                f"insert into marts.{name} select repeated.* replace (repeated.customer_id || '-' || n as customer_id)"
                f" from marts.{name} as repeated cross join range(1, {-(-customers // there)}) as times (n)"
            )


def _script(copy: Workspace, arguments: Sequence[str]) -> list[str]:
    where = ["--warehouse", str(copy.warehouse), "--landing", str(copy.landing)]
    return [sys.executable, "-m", "scripts", *arguments, *where]


def _dbt(copy: Workspace, arguments: Sequence[str]) -> list[str]:
    code = (
        "import sys; from scripts.platform.dbt import run_dbt; from scripts.platform.workspace import Workspace;"
        " run_dbt(Workspace.at(warehouse=sys.argv[1]), sys.argv[2:], kind='rules', progress=lambda _: None)"
    )
    return [sys.executable, "-c", code, str(copy.warehouse), *arguments]


def _seconds(command: list[str]) -> float:
    started = time.monotonic()
    done = subprocess.run(command, cwd=PROJECT, capture_output=True, text=True, env=dict(os.environ))
    if done.returncode:
        raise CheckFailed(f"{' '.join(Path(part).name for part in command[1:5])}: {done.stderr.strip()[-300:]}")
    return time.monotonic() - started
