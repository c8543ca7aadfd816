"""Measures the whole path at scale, and the demo against its reference scenario."""

from __future__ import annotations

import resource
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager

from scripts.world import World

Progress = Callable[[str], None]


def benchmark(
    world: World, *, customers: int = 250_000, seeds: Sequence[int] = (1,), progress: Progress = print
) -> None:
    """Simulate, load, build and publish one world per seed beside `world`, and print what each step took.

    The five audience sizes are compared with the published ones by an evaluator of the simulator's own, which reads
    landing files and ground truth and none of the models.
    """
    from scripts import pipeline
    from scripts.intake import intake
    from scripts.publish import publish
    from scripts.simulator import simulate
    from scripts.simulator.reference import reference_table

    for seed in seeds:
        own = World.at(warehouse=str(world.home / f"seed-{seed}-{customers}" / "warehouse.duckdb"))
        progress(f"seed {seed}, {customers:,} customers")
        with _timed("simulate", progress):
            simulate(own, customers=customers, seed=seed, progress=_quiet)
        for line in reference_table(own, customers):
            progress(line)
        with _timed("intake", progress):
            intake(own, _quiet)
        with _timed("build", progress):
            pipeline.build(own, progress=_quiet)
        with _timed("publish", progress):
            publish(own, _quiet)


@contextmanager
def _timed(step: str, progress: Progress) -> Iterator[None]:
    started = time.monotonic()
    yield
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    progress(f"  {step:<10} {time.monotonic() - started:8.1f} s   peak memory so far {peak:,.0f} MB")


def _quiet(_: str) -> None:
    return None
