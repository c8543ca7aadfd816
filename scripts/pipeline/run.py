"""The run from nothing to a published, approved, exported and drawn result."""

from __future__ import annotations

import hashlib
import json
import time
from collections.abc import Callable, Collection
from datetime import timedelta
from pathlib import Path
from typing import Any

from scripts.pipeline.steps import build, demo, setup
from scripts.platform.errors import CheckFailed, UserError
from scripts.platform.files import replace_file
from scripts.platform.keyed_hash import hash_key
from scripts.platform.progress import Progress
from scripts.platform.warehouse import open_warehouse
from scripts.platform.world import PROJECT, World

# The demo shows one finished export; its segment and the people who sign are a demo's.
DEMO_EXPORT = ("new_need_second_purchase", "email")
# Seeds that a run writes itself: what it fits, and what is signed in a demo.
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
WRITTEN_BY_RUN = FITTED | {"segment_approvals.csv"}
# What of their descendants waits for the fits; customers are built before, because models learn from them.
AFTER_FITS = ("path:models/segments", "path:models/activation", "path:models/monitoring", "resource_type:test")
# What `run` fits on generated data, in the world's own seeds; a retailer's own data wait for somebody to say `fit`.
FITS = ("clv", "churn", "adoption")
RUN_HORIZON = 180
# Past days on which `run` evaluates the segments of generated data too, so that there is a history to look at.
RUN_HISTORY = (28, 7, 1)
DEMO_ADOPTION = "points_redeemed_365d"
DEMO_APPROVERS = {
    "segment_owner": "Demo Owner",
    "campaign_owner": "Demo Campaigner",
    "data_owner": "Demo Data Steward",
    "risk_owner": "Demo Risk Officer",
}


def run(
    world: World,
    arguments: dict[str, Any],
    *,
    force: bool = False,
    fits: Collection[str] = FITS,
    history: Collection[int] = RUN_HISTORY,
    progress: Progress = print,
) -> None:
    """From nothing to a published, approved, exported and drawn result; unchanged input is not built again.

    `fits` names the models that are fitted on generated data; `history` says how many days before the last one their
    segments are evaluated too.
    """
    from scripts.erasure.command import carry_out_requests
    from scripts.intake.command import intake
    from scripts.learning.clusters import cluster
    from scripts.platform.dbt import parsed_meanwhile
    from scripts.serving.export import export
    from scripts.serving.publish import publish
    from scripts.serving.report import report

    started = time.monotonic()

    def step(text: str) -> None:
        progress(f"[{time.monotonic() - started:5.1f} s] {text}")

    setup(world, step)
    with parsed_meanwhile(world):
        demo(world, arguments, step)
        _start_anew_on_other_data(world, step)
        # Taken before anything is read: what changes while the run goes on must not count as built.
        began = _inputs(world, without=WRITTEN_BY_RUN)
        for line in intake(world, step).lines():
            step(line)
    if not force and _is_current(world):
        step(f"nothing changed since version {world.published.resolve().name}; see {world.home / 'report.html'}")
        return
    # Segments wait for what is fitted, and for the past days: history in the order of time.
    fitted = [f"{seed.removesuffix('.csv')}+" for seed in sorted(FITTED)]
    later = " ".join(f"{descendants},{part}" for descendants in fitted for part in AFTER_FITS)
    tests = build(world, exclude=later, progress=step)
    # Requests for erasure that came with the first delivery had to wait until it was known who is who.
    if carry_out_requests(world, step):
        tests = build(world, exclude=later, progress=step)
    try:
        cluster(world, progress=step)
    except (UserError, CheckFailed) as problem:
        # Too few buyers, or none that fall into kinds; everything else stands without clusters.
        step(f"no clusters: {problem}")
    if world.made_from() is not None:
        fit_models(world, fits, step)
        look_back(world, history, step)
    tests += build(world, select=" ".join(fitted), progress=step)
    if world.settings().get("kind") == "demo":
        approve_demo(world, step)
        build(world, select="segment_approvals+", progress=step)
    built_from = _inputs(world) if _inputs(world, without=WRITTEN_BY_RUN) == began else None
    publish(world, step, tests_passed=tests)
    if world.settings().get("kind") == "demo":
        try:
            export(world, DEMO_EXPORT[0], channel=DEMO_EXPORT[1], progress=step)
        except CheckFailed as problem:
            # In a very small world nobody may be in the segment.
            step(f"no export: {problem}")
    page = report(world, progress=step)
    _remember(world, built_from)
    step(f"done: open {page}")


def fit_models(world: World, fits: Collection[str], progress: Progress = print) -> None:
    """Fit the named models in the world's own seeds; one that its data cannot carry is said so and left out."""
    from scripts.learning.prediction.adoption import fit_adoption
    from scripts.learning.prediction.churn import fit_churn
    from scripts.learning.prediction.clv import fit_clv
    from scripts.learning.prediction.review import write_model_page
    from scripts.platform.snapshots import described_day

    # One day to judge on, the same for both: every past day that is looked at has to be built.
    days = [described_day(world) - timedelta(days=RUN_HORIZON)]

    def adoption() -> None:
        if world.settings().get("kind") == "demo":
            fit_adoption(world, attribute=DEMO_ADOPTION, horizon=RUN_HORIZON, dates=days, progress=progress)

    steps: dict[str, Callable[[], object]] = {
        "clv": lambda: fit_clv(world, progress=progress),
        "churn": lambda: fit_churn(world, RUN_HORIZON, days, progress=progress),
        "adoption": adoption,
    }
    for name in fits:
        try:
            steps[name]()
        except (UserError, CheckFailed) as problem:
            progress(f"no {name} model: {problem}")
    write_model_page(world, progress)


def look_back(world: World, days: Collection[int], progress: Progress = print) -> None:
    """Evaluate the segments as of so many days before the described one; a day that cannot be is said and left out."""
    from scripts.platform.snapshots import described_day
    from scripts.segments.backfill import backfill_days

    today = described_day(world)
    try:
        backfill_days(world, sorted(today - timedelta(days=count) for count in days), shown=False, progress=progress)
    except (UserError, CheckFailed) as problem:
        progress(f"no earlier history: {problem}")


def _start_anew_on_other_data(world: World, progress: Progress) -> None:
    """Remove the warehouse of an earlier demo: it can be made again, and two demos in one would be added up."""
    from scripts.intake.command import warehouse_made_from

    if not world.warehouse.exists():
        return
    with open_warehouse(world.warehouse, read_only=True) as connection:
        stored = warehouse_made_from(connection)
    if stored and stored != world.made_from():
        progress(f"{world.warehouse} holds another demo and is made anew")
        # With its log: left behind, it would be replayed into the next warehouse.
        for file in (world.warehouse, world.warehouse.with_name(f"{world.warehouse.name}.wal")):
            file.unlink(missing_ok=True)


def approve_demo(world: World, progress: Progress = print) -> None:
    """Sign the demo's active segments in all roles, in the demo's own seeds."""
    from scripts.segments.approve import approve_all

    approve_all(world, DEMO_APPROVERS, progress)


def _inputs(world: World, without: Collection[str] = ()) -> str:
    """Fingerprint of all that a result depends on: landing files, seeds (but those named), the project's own code."""
    digest = hashlib.sha256()
    for file in sorted(path for path in world.landing.rglob("*") if path.is_file()):
        status = file.stat()
        digest.update(f"{file.relative_to(world.landing)}|{status.st_size}|{status.st_mtime_ns}\n".encode())
    own = [PROJECT / name for name in ("dbt_project.yml", "packages.yml", "requirements.lock")]
    for folder in ("models", "macros", "seeds/reference", "scripts", "tests/dbt"):
        own += [path for path in (PROJECT / folder).rglob("*") if path.is_file() and "__pycache__" not in path.parts]
    own += [file for file in world.seeds.glob("*.csv") if file.name not in without]
    for file in sorted(own):
        # By name, so that a world which was moved as a whole is still current.
        name = file.relative_to(PROJECT) if file.parent != world.seeds else file.name
        digest.update(f"{name}|".encode())
        digest.update(file.read_bytes())
    digest.update(hash_key().encode())
    return digest.hexdigest()


def _state_file(world: World) -> Path:
    return world.home / "run.json"


def _is_current(world: World) -> bool:
    """Whether the published version was made from exactly the present inputs."""
    file = _state_file(world)
    if not (file.exists() and world.published.exists() and world.warehouse.exists()):
        return False
    try:
        state = json.loads(file.read_text(encoding="utf-8"))
    except ValueError:
        return False
    published = world.published.resolve().name
    return bool(state == {"inputs": _inputs(world), "version": published} and (world.home / "report.html").exists())


def _remember(world: World, inputs: str | None) -> None:
    """Note which inputs the published version was made from; None when they changed on the way, so nothing matches."""
    state = {"inputs": inputs, "version": world.published.resolve().name}
    replace_file(_state_file(world), json.dumps(state, indent=2) + "\n")
