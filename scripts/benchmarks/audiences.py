"""Compares five audiences of the starting library with those of the published scenario of 250,000 customers.

The audiences are what the library's rules find in workspaces built end to end: simulated, loaded, resolved, scored and
segmented. Next to each is the size by the simulator's own evaluator, which reads landing files and ground truth and
none of the models, so that a difference shows whether the simulated data or the product is off.
"""

from __future__ import annotations

import shutil
from collections.abc import Sequence
from pathlib import Path

import pandas as pd

from scripts.platform.errors import CheckFailed
from scripts.platform.progress import Progress, quiet
from scripts.platform.warehouse import open_warehouse
from scripts.platform.workspace import Workspace
from scripts.segments.segment_library import library_to_change

# Largest relative deviation of a size from the published one.
TOLERANCE = 0.15
# Seeds that were not used to calibrate the simulator.
SEEDS = (201, 202, 203, 204, 205)
BUILD = ["build", "--exclude-resource-type", "unit_test", "test"]


def benchmark_audiences(
    workspace: Workspace, *, customers: int = 250_000, seeds: Sequence[int] = SEEDS, progress: Progress = print
) -> None:
    """Make one workspace per seed in the home of `workspace`, compare its five audiences with the published, remove it.

    The published sizes are scaled to `customers`. Raises CheckFailed if a size is off by more than TOLERANCE.
    """
    from scripts.demo.simulator.reference import PUBLISHED, compare

    off = []
    for seed in seeds:
        own = Workspace.at(warehouse=str(workspace.home / f"audiences-{seed}-{customers}" / "warehouse.duckdb"))
        shutil.rmtree(own.home, ignore_errors=True)
        progress(f"seed {seed}, {customers:,} customers")
        _make(own, customers, seed, list(PUBLISHED), progress)
        table = compare(own, customers).set_index("figure")
        sizes = _sizes(own)
        progress(f"  {'figure':<32}{'published':>14}{'segment':>14}{'ratio':>8}{'truth':>14}")
        for figure, row in table.iterrows():
            found = sizes.get(str(figure))
            ratio = None if found is None else found / row["published"]
            published, truth = float(row["published"]), float(row["simulated"])
            progress(f"  {figure:<32}{_number(published)}{_number(found)}{_ratio(ratio)}{_number(truth)}")
            if ratio is not None and abs(ratio - 1) > TOLERANCE:
                off.append(f"seed {seed}, {figure}: {found:,} customers are {ratio:.2f} times the published size")
        shutil.rmtree(own.home)
    if off:
        raise CheckFailed("\n".join([*off, f"sizes may be at most {TOLERANCE:.0%} off"]))
    progress(f"all five audiences are within {TOLERANCE:.0%} of the published sizes on {len(seeds)} seed(s)")


def _make(workspace: Workspace, customers: int, seed: int, audiences: list[str], progress: Progress) -> None:
    """Simulate, load and build; two of the audiences are drafts that need lifetime value, so it is fitted too."""
    from scripts.demo.simulator import simulate
    from scripts.intake.command import intake
    from scripts.learning.prediction.clv import fit_clv
    from scripts.pipeline import steps
    from scripts.platform.dbt import run_dbt

    steps.setup(workspace, quiet)
    simulate(workspace, customers=customers, seed=seed, progress=quiet)
    progress("  simulated")
    intake(workspace, quiet)
    progress("  loaded")
    run_dbt(workspace, [*BUILD, "--select", "+int_prediction_inputs"], progress=progress)
    fit_clv(workspace, progress=quiet)
    activate(workspace.seeds, audiences)
    run_dbt(workspace, [*BUILD, "--select", "+segment_sizes"], progress=progress)


def activate(seeds: Path, segment_keys: Sequence[str]) -> None:
    """Set the status of these segments to active in a workspace's own seeds."""
    with library_to_change(seeds) as library:
        for segment_key in segment_keys:
            library.set_status(segment_key, "active")
        library.write_definitions()


def _sizes(workspace: Workspace) -> dict[str, int]:
    with open_warehouse(workspace.warehouse, read_only=True) as connection:
        return dict(
            connection.execute(
                "select segment_key, customer_count from marts.segment_sizes"
                " where as_of_date = (select max(as_of_date) from marts.segment_sizes)"
            ).fetchall()
        )


def _number(value: float | None) -> str:
    if value is None or pd.isna(value):
        return f"{'-':>14}"
    return f"{value:>14,.2f}" if abs(value) < 1 else f"{value:>14,.0f}"


def _ratio(value: float | None) -> str:
    return f"{'-':>8}" if value is None else f"{value:>8.2f}"
