"""The command that measures the project, at scale and against independent implementations."""

from __future__ import annotations

import argparse

from scripts.commands.options import Commands, whole_number
from scripts.platform.progress import Display, Progress
from scripts.platform.workspace import Workspace


def _benchmark(options: argparse.Namespace, workspace: Workspace) -> None:
    with Display("benchmark") as display:
        _measure(options, workspace, display)


def _measure(options: argparse.Namespace, workspace: Workspace, progress: Progress) -> None:
    from scripts.benchmarks.whole_path import benchmark, benchmark_intake

    if options.against:
        from scripts.benchmarks.commits import compare_commits

        compare_commits(workspace, options.against, days=options.days, progress=progress)
        return
    if options.events:
        benchmark_intake(workspace, events=options.events, progress=progress)
        return
    if options.profiles:
        from scripts.benchmarks.identity import benchmark_identity

        benchmark_identity(workspace, profiles=options.profiles, progress=progress)
        return
    if options.clv:
        from scripts.benchmarks.clv import benchmark_clv, benchmark_scoring

        benchmark_clv(customers=options.customers or 1_000_000, progress=progress)
        benchmark_scoring(workspace, customers=options.customers or 1_000_000, progress=progress)
        return
    if options.recovery is not None:
        from scripts.benchmarks.clv import benchmark_recovery

        benchmark_recovery(data_sets=options.recovery, progress=progress)
        return
    if options.features:
        from scripts.benchmarks.features import benchmark_features

        benchmark_features(workspace, customers=options.customers or 250_000, smaller=options.times, progress=progress)
        return
    if options.clusters:
        from scripts.benchmarks.clusters import benchmark_clusters

        benchmark_clusters(workspace, customers=options.customers or 250_000, progress=progress)
        return
    if options.segments:
        from scripts.benchmarks.segments import benchmark_segments

        benchmark_segments(workspace, customers=options.customers or 1_000_000, progress=progress)
        return
    if options.loop:
        from scripts.benchmarks.loop import benchmark_loop

        benchmark_loop(workspace, customers=options.customers, progress=progress)
        return
    if options.history:
        from scripts.benchmarks.history import benchmark_history

        benchmark_history(workspace, customers=options.customers or 1_000_000, progress=progress)
        return
    if options.overhead:
        from scripts.benchmarks.overhead import benchmark_overhead

        benchmark_overhead(workspace, customers=options.customers or 5000, progress=progress)
        return
    if options.audiences:
        from scripts.benchmarks.audiences import SEEDS, benchmark_audiences

        benchmark_audiences(
            workspace, customers=options.customers or 250_000, seeds=options.seed_list or SEEDS, progress=progress
        )
        return
    benchmark(workspace, customers=options.customers or 250_000, seeds=options.seed_list or [1], progress=progress)


def add_benchmark(commands: Commands) -> None:
    command = commands.add(
        "benchmark",
        _benchmark,
        "Measure speed and accuracy at scale and against other tools.",
        "--customers 250000",
        "Without options: the whole pipeline at scale, and the demo compared with its reference scenario.",
    )
    command.add_argument(
        "--customers",
        type=whole_number,
        default=None,
        help="known people (default: 250000; a million with --clv, --segments, --history; 5000 with --overhead)",
    )
    command.add_argument(
        "--against",
        metavar="COMMIT",
        help="build the same raw tables with that commit and with this code, and compare every published relation",
    )
    command.add_argument(
        "--days",
        type=whole_number,
        default=1,
        help="with --against: number of days; both build the last one, the commit alone those before",
    )
    command.add_argument(
        "--seed-list", type=whole_number, nargs="+", metavar="SEED", help="one workspace per seed (default: 1)"
    )
    command.add_argument(
        "--audiences", action="store_true", help="compare five audiences with the published ones on five fresh seeds"
    )
    command.add_argument(
        "--events", type=whole_number, help="measure intake of this many web events against a bare load"
    )
    command.add_argument(
        "--profiles", type=whole_number, help="measure identity resolution of this many profiles against scipy"
    )
    command.add_argument(
        "--features", action="store_true", help="measure the feature models against one scan and one grouped pass"
    )
    command.add_argument("--segments", action="store_true", help="measure rules against one hand-written statement")
    command.add_argument(
        "--loop", action="store_true", help="measure validate, preview, refresh-segments and what references cost"
    )
    command.add_argument(
        "--history", action="store_true", help="measure a day of membership history by how much changed"
    )
    command.add_argument(
        "--overhead",
        action="store_true",
        help="measure a build against its statements run without dbt, and rows stored",
    )
    command.add_argument("--clusters", action="store_true", help="measure clustering and the assignment in SQL")
    command.add_argument(
        "--times",
        type=whole_number,
        default=10,
        help="with --features: compare with this many times fewer people (default: 10; 0: skip)",
    )
    command.add_argument(
        "--clv", action="store_true", help="measure lifetime value: its fit against lifetimes, and scoring in SQL"
    )
    command.add_argument(
        "--recovery",
        type=whole_number,
        metavar="DATASETS",
        help="fit this many simulated data sets and count how often the true parameters are recovered",
    )
