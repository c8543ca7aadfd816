"""The full run: from nothing to a published, approved and exported result with its report."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Collection
from datetime import timedelta
from pathlib import Path
from typing import Any

from scripts.pipeline.steps import build, demo, setup
from scripts.pipeline.summary import LOG, summary
from scripts.platform import build_record
from scripts.platform.errors import CheckFailed, UserError
from scripts.platform.files import replace_file
from scripts.platform.keyed_hash import hash_key
from scripts.platform.progress import Display, Progress, quiet
from scripts.platform.settings import made_from, read_settings
from scripts.platform.warehouse import open_warehouse
from scripts.platform.workspace import PROJECT, Workspace

# The demo includes one finished export; its segment and its approvers are the demo's own.
DEMO_EXPORT = ("new_need_second_purchase", "email")
# Seeds that a run writes itself: fitted parameters, and the approvals of a demo.
FITTED = frozenset(
    {
        "cluster_centres.csv",
        "clv_parameters.csv",
        "churn_parameters.csv",
        "adoption_parameters.csv",
        "model_cards.csv",
        "model_card_figures.csv",
        "model_reference_shares.csv",
    }
)
WRITTEN_BY_RUN = FITTED | {"segment_approvals.csv", "approvers.csv"}
# Those of their descendants that wait for the fits; customers are built before, because models are fitted to them.
AFTER_FITS = ("path:models/segments", "path:models/activation", "path:models/monitoring", "resource_type:test")
# What `run` fits to generated data, in the workspace's own seeds; on a retailer's own data, run `fit` explicitly.
FITS = ("clv", "churn", "adoption")
RUN_HORIZON = 180
# Past days on which `run` evaluates the segments of generated data too, so that there is a history to look at.
RUN_HISTORY = (28, 7, 1)
DEMO_ADOPTION = "email_click_count_90d"
DEMO_APPROVERS = {
    "segment_owner": "demo_owner",
    "campaign_owner": "demo_campaigner",
    "data_owner": "demo_steward",
    "risk_owner": "demo_officer",
}


def run(
    workspace: Workspace,
    arguments: dict[str, Any],
    *,
    force: bool = False,
    fits: Collection[str] = FITS,
    history: Collection[int] = RUN_HISTORY,
    verbose: bool = False,
) -> None:
    """From nothing to a published, approved and exported result with its report; unchanged input is not built again.

    A landing zone that holds files of one's own is used as it is: then models are not fitted, clusters not looked for,
    and nothing is approved or exported. `fits` names the models that are fitted on generated data; `history` says how
    many days before the last one their segments are evaluated too. One line a step is printed, with `verbose`
    everything the steps report, which the log keeps in any case; the summary says what was made, what needs attention
    and where to look.
    """
    with Display("run", verbose=verbose, log=workspace.home / LOG) as display:
        _run(workspace, arguments, display, force=force, fits=fits, history=history)


def _run(
    workspace: Workspace,
    arguments: dict[str, Any],
    display: Display,
    *,
    force: bool,
    fits: Collection[str],
    history: Collection[int],
) -> None:
    from scripts.erasure.command import carry_out_requests
    from scripts.intake.command import intake
    from scripts.learning.clusters import cluster
    from scripts.learning.prediction.review import write_model_page
    from scripts.platform.dbt import parsed_meanwhile
    from scripts.serving.export import export
    from scripts.serving.publish import publish
    from scripts.serving.report import report

    left_out: list[str] = []

    def try_step(name: str, what: str, work: Callable[[], object]) -> None:
        """Run a step that may fail without stopping the run, such as clusters of too few buyers."""
        with display.step(name):
            try:
                work()
            except (UserError, CheckFailed) as problem:
                left_out.append(display.left_out(what, problem))

    with display.step("Set-up"):
        setup(workspace, display)
    with parsed_meanwhile(workspace):
        is_own = _has_own_files(workspace, arguments)
        if not is_own:
            with display.step("Landing files"):
                demo(workspace, arguments, display)
        _start_again_on_other_data(workspace, display)
        # Taken before anything is read: what changes during the run must not count as built.
        began = _inputs(workspace, without=WRITTEN_BY_RUN)
        with display.step("Intake"):
            for line in intake(workspace, display).lines():
                display(line)
    if not force and _is_current(workspace):
        display(
            f"nothing changed since version {workspace.published.resolve().name}; see {workspace.home / 'report.html'}"
        )
        return
    # Segments wait for the fits and for the past days: history is written in chronological order.
    fitted = [f"{seed.removesuffix('.csv')}+" for seed in sorted(FITTED)]
    later = None if is_own else " ".join(f"{descendants},{part}" for descendants in fitted for part in AFTER_FITS)
    first = "" if is_own else build_record.CUSTOMERS
    with display.step("Build" if is_own else "Customers"):
        tests = build(workspace, exclude=later, kind=first, progress=display)
    # Erasure requests in the first delivery had to wait until identities were resolved.
    with display.step("Erasures"):
        if carry_out_requests(workspace, display):
            tests = build(workspace, exclude=later, kind=first, progress=display)
    if not is_own:
        try_step("Clusters", "no clusters", lambda: cluster(workspace, progress=display))
        for name, fit in _fits(workspace, fits, display).items():
            try_step(f"Model {name}", f"no {name} model", fit)
        write_model_page(workspace, quiet)
        try_step("Past days", "no earlier history", lambda: look_back(workspace, history, display))
        with display.step("Segments"):
            tests += build(workspace, select=" ".join(fitted), kind=build_record.FITTED, progress=display)
    if read_settings(workspace)["kind"] == "demo":
        with display.step("Approvals"):
            approve_demo(workspace, display)
            build(workspace, select="segment_approvals+ approvers+", kind=build_record.APPROVALS, progress=display)
    built_from = _inputs(workspace) if _inputs(workspace, without=WRITTEN_BY_RUN) == began else None
    with display.step("Publication"):
        publish(workspace, display, tests_passed=tests)
    if read_settings(workspace)["kind"] == "demo":
        segment, channel = DEMO_EXPORT
        # In a very small workspace the segment may be empty.
        try_step("Export", "no export", lambda: export(workspace, segment, channel=channel, progress=display))
    with display.step("Report"):
        report(workspace, progress=display)
    _remember(workspace, built_from)
    for line in summary(workspace, left_out, display.seconds):
        display.show(line)


def _has_own_files(workspace: Workspace, arguments: dict[str, Any]) -> bool:
    """Whether the landing zone holds deliveries that were not generated, and no data set is asked for instead."""
    asked = any(arguments.get(name) is not None for name in ("source", "customers", "end_date", "seed"))
    return (
        not asked
        and workspace.made_from() is None
        and any(path.is_file() and path != workspace.settings_file for path in workspace.landing.rglob("*"))
    )


def _fits(workspace: Workspace, fits: Collection[str], progress: Progress) -> dict[str, Callable[[], object]]:
    """How each of the named models is fitted in the workspace's own seeds."""
    from scripts.learning.prediction.adoption import fit_adoption
    from scripts.learning.prediction.churn import fit_churn
    from scripts.learning.prediction.clv import fit_clv
    from scripts.platform.snapshots import described_day

    # One day to evaluate on, the same for both: every past day used has to be built.
    days = [described_day(workspace) - timedelta(days=RUN_HORIZON)]
    known: dict[str, Callable[[], object]] = {
        "clv": lambda: fit_clv(workspace, progress=progress),
        "churn": lambda: fit_churn(workspace, RUN_HORIZON, days, progress=progress),
    }
    if read_settings(workspace)["kind"] == "demo":
        known["adoption"] = lambda: fit_adoption(
            workspace, attribute=DEMO_ADOPTION, horizon=RUN_HORIZON, dates=days, progress=progress
        )
    return {name: known[name] for name in fits if name in known}


def look_back(workspace: Workspace, days: Collection[int], progress: Progress = print) -> None:
    """Evaluate the segments as of each number of days before the described one."""
    from scripts.platform.snapshots import described_day
    from scripts.segments.backfill import backfill_days

    today = described_day(workspace)
    backfill_days(workspace, sorted(today - timedelta(days=count) for count in days), shown=False, progress=progress)


def _start_again_on_other_data(workspace: Workspace, progress: Progress) -> None:
    """Remove the warehouse of another demo: it can be rebuilt, and two demos in one would be added together."""
    if not workspace.warehouse.exists():
        return
    with open_warehouse(workspace.warehouse, read_only=True) as connection:
        stored = made_from(connection)
    if stored and stored != workspace.made_from():
        progress(f"{workspace.warehouse} holds another demo; it is deleted and built again")
        # With its log: left behind, it would be replayed into the next warehouse.
        for file in (workspace.warehouse, workspace.warehouse.with_name(f"{workspace.warehouse.name}.wal")):
            file.unlink(missing_ok=True)


def approve_demo(workspace: Workspace, progress: Progress = print) -> None:
    """Sign the demo's active segments in all roles, in the demo's own seeds."""
    from scripts.segments.approve import approve_all
    from scripts.segments.approvers import Approver, add_approvers

    people = (Approver(by, f"Demo {by[5:].title()}", (role,), "2000-01-01", "") for role, by in DEMO_APPROVERS.items())
    add_approvers(workspace, people)
    approve_all(workspace, DEMO_APPROVERS, progress)


def _inputs(workspace: Workspace, without: Collection[str] = ()) -> str:
    """Fingerprint of all that a result depends on: landing files, seeds (except `without`), the project's own code."""
    digest = hashlib.sha256()
    for file in sorted(path for path in workspace.landing.rglob("*") if path.is_file()):
        status = file.stat()
        digest.update(f"{file.relative_to(workspace.landing)}|{status.st_size}|{status.st_mtime_ns}\n".encode())
    own = [PROJECT / name for name in ("dbt_project.yml", "packages.yml", "requirements.lock")]
    for folder in ("models", "macros", "seeds/reference", "scripts", "tests/dbt"):
        own += [path for path in (PROJECT / folder).rglob("*") if path.is_file() and "__pycache__" not in path.parts]
    own += [file for file in workspace.seeds.glob("*.csv") if file.name not in without]
    for file in sorted(own):
        # By name, so that a workspace which was moved as a whole is still current.
        name = file.relative_to(PROJECT) if file.parent != workspace.seeds else file.name
        digest.update(f"{name}|".encode())
        digest.update(file.read_bytes())
    digest.update(hash_key().encode())
    return digest.hexdigest()


def _state_file(workspace: Workspace) -> Path:
    return workspace.home / "run.json"


def _is_current(workspace: Workspace) -> bool:
    """Whether the published version was made from exactly the present inputs."""
    file = _state_file(workspace)
    if not (file.exists() and workspace.published.exists() and workspace.warehouse.exists()):
        return False
    try:
        state = json.loads(file.read_text(encoding="utf-8"))
    except ValueError:
        return False
    published = workspace.published.resolve().name
    return bool(
        state == {"inputs": _inputs(workspace), "version": published} and (workspace.home / "report.html").exists()
    )


def _remember(workspace: Workspace, inputs: str | None) -> None:
    """Note which inputs the published version was made from; None (matches nothing) if they changed during the run."""
    state = {"inputs": inputs, "version": workspace.published.resolve().name}
    replace_file(_state_file(workspace), json.dumps(state, indent=2) + "\n")
