"""The one front door: parses the command line, calls one module, prints, and returns the exit code.

Exit codes: 0 success, 1 a check does not hold, 2 wrong use.
"""

from __future__ import annotations

import argparse
import json
import os
import sys
from collections.abc import Callable
from datetime import date, datetime
from pathlib import Path
from typing import Any

import duckdb

from scripts.errors import CheckFailed, UserError
from scripts.world import World

Handler = Callable[[argparse.Namespace, World], None]


def main(arguments: list[str] | None = None) -> int:
    """Run one command and return its exit code."""
    options = _parser().parse_args(arguments)
    try:
        handler: Handler = options.handler
        handler(options, World.at(options.landing, options.warehouse, options.seeds))
    except (UserError, CheckFailed) as problem:
        print(f"error: {problem}", file=sys.stderr)
        return problem.exit_code
    except duckdb.Error as problem:
        # Such as a full disk: DuckDB rolls back, nothing is half-written.
        print(f"error: the warehouse stopped: {str(problem).splitlines()[0]}; mend this and run again", file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        print("interrupted; what was finished is kept, run the same command again to go on", file=sys.stderr)
        return 1
    except BrokenPipeError:
        # Whoever read the output, such as `head`, has had enough; nothing more may be written, not even at the end.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 0
    except OSError as problem:
        where = f"{problem.filename}: " if problem.filename else ""
        print(f"error: {where}{problem.strerror or problem}; mend this and run again", file=sys.stderr)
        return 1
    return 0


def _run(options: argparse.Namespace, world: World) -> None:
    from scripts import pipeline

    pipeline.run(world, _demo_arguments(options), force=options.force)


def _setup(options: argparse.Namespace, world: World) -> None:
    from scripts import pipeline

    pipeline.setup(world)


def _demo(options: argparse.Namespace, world: World) -> None:
    from scripts import pipeline

    pipeline.demo(world, _demo_arguments(options))


def _intake(options: argparse.Namespace, world: World) -> None:
    from scripts.intake import intake

    for line in intake(world).lines():
        print(line)


def _validate(options: argparse.Namespace, world: World) -> None:
    from scripts import pipeline

    limits = {"channel": options.channel, "account": options.account, "minimum": options.min, "maximum": options.max}
    if options.what_if:
        from scripts.what_if import what_if

        what_if(world, options.what_if, **limits, variables=_variables(options))
    elif any(value is not None for value in limits.values()):
        raise UserError("--channel, --account, --min and --max go with --what-if RULE_KEY")
    elif options.rates:
        from scripts.rule_rates import rule_rates

        rule_rates(world)
    else:
        pipeline.validate(world, _variables(options))


def _build(options: argparse.Namespace, world: World) -> None:
    from scripts import pipeline

    pipeline.build(world, variables=_variables(options), select=options.select)


def _publish(options: argparse.Namespace, world: World) -> None:
    from scripts.publish import publish

    publish(world)


def _rollback(options: argparse.Namespace, world: World) -> None:
    from scripts.publish import rollback

    print(f"readers now see version {rollback(world, options.version).name}")


def _erase(options: argparse.Namespace, world: World) -> None:
    from scripts.erase.command import Request, erase, requests_of_file

    given = tuple(
        (name, getattr(options, name))
        for name in ("email", "phone", "loyalty_number", "customer_number", "shop_customer_id")
        if getattr(options, name)
    )
    if given and options.file:
        raise UserError("give one person's identifiers or --file, not both")
    requests = requests_of_file(Path(options.file)) if options.file else [Request(given)] if given else []
    outcome = erase(world, requests, despite_hold=options.despite_hold, dry_run=options.dry_run)
    print(f"{outcome.erased} people {'would be ' if options.dry_run else ''}erased, {outcome.unknown} not known here")


def _cluster(options: argparse.Namespace, world: World) -> None:
    from scripts.clusters import cluster

    cluster(world, k=options.k, seed=options.seed, method=options.method, into_library=options.into_library)


def _discover(options: argparse.Namespace, world: World) -> None:
    from scripts.discovery import discover

    discover(
        world,
        targets=options.target,
        horizon=options.horizon,
        seed=options.seed,
        into_library=options.into_library,
    )


def _fit(options: argparse.Namespace, world: World) -> None:
    from scripts.prediction.review import write_model_page

    target = {name: getattr(options, name) for name in ("category", "product", "attribute")}
    if options.model != "clv" and (options.by or options.purchases):
        raise UserError("--by and --purchases go with `fit clv`")
    if options.model == "clv" and (options.horizon or options.judge):
        raise UserError("--horizon and --judge go with `fit churn` and `fit adoption`")
    if options.model != "adoption" and any(target.values()):
        raise UserError("--category, --product and --attribute go with `fit adoption`")
    try:
        _fit_model(options, world, target)
    except CheckFailed:
        # A model that failed its trials has a card as well.
        write_model_page(world)
        raise
    write_model_page(world)


def _fit_model(options: argparse.Namespace, world: World, target: dict[str, str | None]) -> None:
    if options.model == "clv":
        from scripts.prediction.clv import fit_clv

        fit_clv(world, by=options.by, purchases=options.purchases or "auto")
    elif options.model == "churn":
        from scripts.prediction.churn import fit_churn

        fit_churn(world, options.horizon, options.judge)
    else:
        from scripts.prediction.adoption import fit_adoption

        fit_adoption(
            world,
            category=target["category"],
            product=target["product"],
            attribute=target["attribute"],
            horizon=options.horizon,
            dates=options.judge,
        )


def _backfill(options: argparse.Namespace, world: World) -> None:
    from scripts.backfill import backfill

    backfill(world, getattr(options, "from"), options.to, options.every, force=options.force)


def _backtest(options: argparse.Namespace, world: World) -> None:
    rule_only = {"--vary": options.vary, "--without": options.without, "--outcome": options.outcome}
    if options.rule:
        from scripts.rule_backtest import backtest_rule

        if options.model:
            raise UserError("give a model or --rule KEY, not both")
        backtest_rule(
            world,
            options.rule,
            vary=options.vary or (),
            without=options.without or (),
            days=options.judge,
            outcome=options.outcome,
            horizon=options.horizon,
            later_parameters=options.allow_later_parameters,
        )
        return
    if not options.model:
        raise UserError("give a model (clv, churn, adoption:<kind>:<target>) or --rule KEY")
    if given := [name for name, value in rule_only.items() if value]:
        raise UserError(f"{', '.join(given)} goes with --rule KEY")
    from scripts.prediction.backtest import backtest
    from scripts.prediction.review import write_model_page

    backtest(world, options.model, options.judge, options.horizon)
    write_model_page(world)


def _match(options: argparse.Namespace, world: World) -> None:
    from scripts import matching

    given = [name for name in ("train", "accept", "evaluate") if getattr(options, name)]
    if len(given) > 1:
        raise UserError(f"--{given[0]} and --{given[1]} are two steps; run them one after the other")
    if (options.truth or options.out) and not options.evaluate:
        raise UserError("--truth and --out go with --evaluate FILE")
    if options.by and not options.accept:
        raise UserError("--by goes with --accept FILE")
    if options.accept and options.threshold is not None:
        raise UserError("--threshold says nothing about decisions; leave it out with --accept")
    if options.train:
        matching.train_world(world, options.threshold)
    elif options.accept:
        matching.accept(world, Path(options.accept), options.by)
    elif options.evaluate:
        truth, out = (Path(path) if path else None for path in (options.truth, options.out))
        matching.evaluate(world, [Path(file) for file in options.evaluate], truth, options.threshold, out)
    else:
        matching.propose(world, options.threshold)


def _request(options: argparse.Namespace, world: World) -> None:
    from scripts.request import request

    request(world, options.text, library=options.into_library)


def _approve(options: argparse.Namespace, world: World) -> None:
    from scripts.approve import approve, list_approvals, withdraw

    if options.list:
        if options.role or options.by or options.withdraw:
            raise UserError("--list only says how approvals are; it takes no --role, --by or --withdraw")
        list_approvals(world, options.segment)
        return
    for name in ("segment", "role", "by"):
        if not getattr(options, name):
            options.parser.error(f"the following arguments are required: --{name}")
    if options.withdraw:
        withdraw(world, options.segment, options.role, options.by)
        return
    approve(world, options.segment, options.role, options.by, tolerance=options.tolerance, count=options.count)


def _promote(options: argparse.Namespace, world: World) -> None:
    from scripts.promote import promote, set_status

    if options.source:
        world = World(world.landing, world.warehouse, Path(options.source).expanduser().absolute())
    if bool(options.status) == bool(options.to):
        raise UserError("say either --status S, to take the segment a step further, or --to DIR, to copy it there")
    if options.status:
        set_status(world, options.segment, options.status)
    else:
        promote(world, options.segment, Path(options.to))


def _export(options: argparse.Namespace, world: World) -> None:
    from scripts.export import export

    export(
        world,
        options.segment,
        channel=options.channel,
        out=Path(options.out) if options.out else None,
        despite_qa=options.despite_qa,
    )


def _qa(options: argparse.Namespace, world: World) -> None:
    from scripts.qa import qa

    segment = None if options.all else options.segment
    qa(world, segment, as_json=options.json, strict=options.strict, page=options.page)


def _report(options: argparse.Namespace, world: World) -> None:
    from scripts.report import report

    report(world, out=Path(options.out) if options.out else None)


def _brief(options: argparse.Namespace, world: World) -> None:
    from scripts.briefs import brief

    brief(
        world,
        segment=options.segment,
        customer=options.customer,
        campaign_for=options.campaign_for,
        channel=options.channel,
        as_json=options.json,
        out=Path(options.out) if options.out else None,
    )


def _identity(options: argparse.Namespace, world: World) -> None:
    from scripts.identity_report import identity_report

    identity_report(world)


def _benchmark(options: argparse.Namespace, world: World) -> None:
    from scripts.benchmark import benchmark, benchmark_intake

    if options.events:
        benchmark_intake(world, events=options.events)
        return
    if options.profiles:
        from scripts.benchmark_identity import benchmark_identity

        benchmark_identity(world, profiles=options.profiles)
        return
    if options.clv:
        from scripts.benchmark_clv import benchmark_clv, benchmark_scoring

        benchmark_clv(customers=options.customers or 1_000_000)
        benchmark_scoring(world, customers=options.customers or 1_000_000)
        return
    if options.recovery is not None:
        from scripts.benchmark_clv import benchmark_recovery

        benchmark_recovery(worlds=options.recovery)
        return
    if options.features:
        from scripts.benchmark_features import benchmark_features

        benchmark_features(world, customers=options.customers or 250_000, smaller=options.times)
        return
    if options.clusters:
        from scripts.benchmark_clusters import benchmark_clusters

        benchmark_clusters(world, customers=options.customers or 250_000)
        return
    if options.segments:
        from scripts.benchmark_segments import benchmark_segments

        benchmark_segments(world, customers=options.customers or 1_000_000)
        return
    if options.history:
        from scripts.benchmark_history import benchmark_history

        benchmark_history(world, customers=options.customers or 1_000_000)
        return
    if options.audiences:
        from scripts.benchmark_audiences import SEEDS, benchmark_audiences

        benchmark_audiences(world, customers=options.customers or 250_000, seeds=options.seed_list or SEEDS)
        return
    benchmark(world, customers=options.customers or 250_000, seeds=options.seed_list or [1])


def _explain(options: argparse.Namespace, world: World) -> None:
    from scripts.explain import explain

    explain(world, options.customer, options.segment, options.as_of, as_json=options.json)


def _preview(options: argparse.Namespace, world: World) -> None:
    from scripts.preview import preview

    if bool(options.definitions) != bool(options.conditions):
        raise UserError("--definitions and --conditions go together: one file of each")
    files = (Path(options.definitions), Path(options.conditions)) if options.definitions else None
    preview(world, options.segment, files, as_json=options.json)


def _health(options: argparse.Namespace, world: World) -> None:
    from scripts.health import health

    health(world, as_json=options.json, strict=options.strict, now=options.now, max_age_hours=options.max_age)


def _demo_arguments(options: argparse.Namespace) -> dict[str, Any]:
    """What `demo` and `run` may say about the data to make."""
    if options.source and not options.file:
        raise UserError("--from online-retail needs the file: `demo --from online-retail FILE`")
    if options.file and not options.source:
        raise UserError(f"{options.file}: say what it is: `demo --from online-retail FILE`")
    return {
        "customers": options.customers,
        "end_date": options.end_date,
        "seed": options.seed,
        "source": options.source,
        "file": Path(options.file) if options.file else None,
    }


def _variables(options: argparse.Namespace) -> dict[str, Any]:
    """The dbt vars of `--vars` and `--as-of`."""
    variables: dict[str, Any] = {}
    if options.vars:
        try:
            variables = json.loads(options.vars)
        except ValueError as problem:
            raise UserError(f"--vars is not JSON ({problem}); write it as '{{\"using_web\": false}}'") from None
        if not isinstance(variables, dict):
            raise UserError("--vars must be one JSON object, such as '{\"using_web\": false}'")
    if options.as_of:
        variables["as_of_date"] = options.as_of.isoformat()
    return variables


def _day(text: str) -> date:
    try:
        return date.fromisoformat(text)
    except ValueError:
        raise argparse.ArgumentTypeError(f"'{text}' is no day; write it as 2026-06-30") from None


def _instant(text: str) -> datetime:
    from scripts.health import instant

    try:
        return instant(text)
    except ValueError:
        raise argparse.ArgumentTypeError(f"'{text}' is no instant; write it as 2026-07-01T06:00:00Z") from None


def _hours(text: str) -> float:
    try:
        hours = float(text)
    except ValueError:
        hours = -1.0
    if not 0 <= hours < float("inf"):
        raise argparse.ArgumentTypeError(f"'{text}' is no number of hours; write it as 48")
    return hours


def _probability(text: str) -> float:
    try:
        probability = float(text)
    except ValueError:
        probability = -1.0
    if not 0 < probability < 1:
        raise argparse.ArgumentTypeError(f"'{text}' is no probability; write it as 0.9")
    return probability


class _Commands:
    """Collects the commands, all with the same options for where the data are."""

    def __init__(self, parser: argparse.ArgumentParser) -> None:
        self.commands = parser.add_subparsers(title="commands", metavar="COMMAND", required=True)

    def add(self, name: str, handler: Handler, text: str, example: str) -> argparse.ArgumentParser:
        command = self.commands.add_parser(
            name,
            help=text,
            description=text,
            epilog=f"example: python -m scripts {name} {example}".rstrip(),
            formatter_class=argparse.RawDescriptionHelpFormatter,
        )
        where = command.add_argument_group("where the data are")
        where.add_argument("--warehouse", metavar="FILE", help="private DuckDB file (default: data/warehouse.duckdb)")
        where.add_argument("--landing", metavar="DIR", help="landing zone (default: landing/ beside the warehouse)")
        where.add_argument("--seeds", metavar="DIR", help="the retailer's seeds (default: seeds/ beside the warehouse)")
        command.set_defaults(handler=handler)
        return command


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="python -m scripts",
        description="Customer segments a retailer can trust: from landing files to an approved audience.",
    )
    commands = _Commands(parser)

    run = commands.add("run", _run, "Everything, from data to page; what did not change is not done again.", "")
    run.add_argument("--force", action="store_true", help="build again even where nothing changed")
    commands.add("setup", _setup, "Install dbt packages and make the folders.", "")
    demo = commands.add("demo", _demo, "Write landing files of a simulated or a real retailer.", "--customers 20000")
    for command in (run, demo):
        command.add_argument("--customers", type=int, default=5000, help="known people to simulate (default: 5000)")
        command.add_argument("--end-date", type=_day, default=None, help="last day of the data (default: 2026-06-30)")
        command.add_argument("--seed", type=int, default=None, help="seed of the random generator")
        command.add_argument(
            "--from", dest="source", choices=["online-retail"], help="convert a real data set instead of simulating"
        )
        command.add_argument("file", nargs="?", metavar="FILE", help="the data set for --from")

    commands.add(
        "intake", _intake, "Load what is new in the landing zone into the raw tables.", "--landing /srv/landing"
    )
    validate = commands.add(
        "validate",
        _validate,
        "Check the retailer's seeds and rules before a build, or ask what another limit would do.",
        "--what-if till_line_quantity --channel phone --max 20000",
    )
    asked = validate.add_argument_group("instead of checking; nothing is written")
    asked.add_argument("--what-if", metavar="RULE_KEY", help="say what another limit of a validation rule would let in")
    asked.add_argument("--channel", help="channel that the limit is for (default: those without one of their own)")
    asked.add_argument("--account", help="store, marketplace or platform that the limit is for")
    asked.add_argument("--min", metavar="X", help="lowest value, or earliest day; none: no limit")
    asked.add_argument("--max", metavar="Y", help="highest value, days or tolerance; none: no limit")
    asked.add_argument("--rates", action="store_true", help="false alarms and misses of every rule on simulated data")
    build = commands.add("build", _build, "Build and test all models with dbt.", "--as-of 2026-06-30")
    build.add_argument("--select", metavar="NODES", help="dbt node selection, such as customer_rfm+")
    for command in (validate, build):
        command.add_argument("--as-of", type=_day, metavar="DAY", help="business day to describe (as_of_date)")
        command.add_argument("--vars", metavar="JSON", help="dbt vars, such as '{\"using_web\": false}'")

    cluster = commands.add(
        "cluster",
        _cluster,
        "Find clusters of buyers: centres and card into the seeds, review pack and draft rules beside the warehouse.",
        "--k 5 --method ward",
    )
    cluster.add_argument("--k", type=int, default=None, help="number of clusters (default: chosen by stated criteria)")
    cluster.add_argument("--method", default="best", help="kmeans, ward, or best of both (default: best)")
    cluster.add_argument("--seed", type=int, default=0, help="seed of the random generator")
    cluster.add_argument(
        "--into-library", action="store_true", help="append the draft rules to the segment library, as drafts"
    )

    discover = commands.add(
        "discover",
        _discover,
        "Search for rules that foretell unusual value, lapse or response: review page and draft rules.",
        "--target lapse --horizon 90 --into-library",
    )
    discover.add_argument(
        "--target",
        action="append",
        choices=["value", "lapse", "response"],
        help="what customers do that others do not; may be given more than once (default: all three)",
    )
    discover.add_argument(
        "--horizon", type=int, default=180, metavar="DAYS", help="days until as_of_date to foretell (default: 180)"
    )
    discover.add_argument("--seed", type=int, default=0, help="decides which half is searched (default: 0)")
    discover.add_argument(
        "--into-library", action="store_true", help="append the rules to the segment library, as drafts"
    )

    fit = commands.add(
        "fit",
        _fit,
        "Learn a model's parameters from the built warehouse and write them, with a model card, into the seeds.",
        "adoption --attribute points_redeemed_365d --horizon 180 --judge 2026-01-01",
    )
    fit.add_argument("model", choices=["clv", "churn", "adoption"], help="lifetime value, churn, or first purchase of")
    fit.add_argument("--by", metavar="COLUMN", help="clv: cohorts with parameters of their own (country_code, ...)")
    fit.add_argument(
        "--purchases",
        choices=["auto", "bg_nbd", "mbg_nbd"],
        help="clv: mbg_nbd lets customers leave after their first purchase, bg_nbd not (default: auto, the likelier)",
    )
    fit.add_argument("--category", help="adoption: of a category")
    fit.add_argument("--product", metavar="SKU", help="adoption: of a product")
    fit.add_argument("--attribute", help="adoption: of a feature, an attribute that is 0 before and above 0 after")
    fit.add_argument("--horizon", type=int, metavar="DAYS", help="churn, adoption: days of the outcome")
    fit.add_argument("--judge", type=_day, nargs="+", metavar="DAY", help="churn, adoption: past days to judge it on")

    backfill = commands.add(
        "backfill",
        _backfill,
        "Evaluate segments on past days, so that entries and exits have a history; interrupted, it can go on.",
        "--from 2026-05-01 --to 2026-06-29",
    )
    backfill.add_argument("--from", required=True, type=_day, metavar="DAY", help="first day")
    backfill.add_argument("--to", required=True, type=_day, metavar="DAY", help="last day, before the built one")
    backfill.add_argument("--every", type=int, default=1, metavar="N", help="every Nth day (default: every day)")
    backfill.add_argument("--force", action="store_true", help="also days that are in the history already")

    backtest = commands.add(
        "backtest",
        _backtest,
        "Judge a model, or variants of a segment's rule, on past days by what came after.",
        "churn --judge 2025-06-30 2025-09-30 2025-12-31",
    )
    backtest.add_argument(
        "model", nargs="?", metavar="MODEL", help="clv, churn, or a model_key such as adoption:category:Garden"
    )
    ruled = backtest.add_argument_group("a segment's rule instead of a model; nothing is written")
    ruled.add_argument("--rule", metavar="KEY", help="compare variants of this segment's rule on past days")
    ruled.add_argument(
        "--vary", action="append", metavar="X=A,B", help="values of a condition, such as days_since_last_order=60,90"
    )
    ruled.add_argument("--without", action="append", metavar="X", help="with and without the condition on attribute X")
    ruled.add_argument("--outcome", help="margin, revenue, orders, ordered or responded (default: the success measure)")
    ruled.add_argument(
        "--allow-later-parameters", action="store_true", help="score past days by models that were fitted later"
    )
    backtest.add_argument("--judge", type=_day, nargs="+", metavar="DAY", help="past days (default: three)")
    backtest.add_argument("--horizon", type=int, metavar="DAYS", help="days of the outcome (default: the card's)")

    match = commands.add(
        "match",
        _match,
        "Propose pairs of customers that may be one person, for a reviewer to decide; links nobody by itself.",
        "--accept data/review/match_proposals.csv --by 'A. Reviewer'",
    )
    match.add_argument("--train", action="store_true", help="learn from the built profiles how telling each field is")
    match.add_argument("--threshold", type=_probability, metavar="P", help="lowest probability (default: 0.9)")
    match.add_argument("--accept", metavar="FILE", help="take over the decisions of a reviewed file")
    match.add_argument("--by", metavar="NAME", help="who decided, where the file does not say")
    match.add_argument("--evaluate", metavar="FILE", nargs="+", help="resolve records whose truth is known, and count")
    match.add_argument("--truth", metavar="FILE", help="who is who in them (default: their column cluster)")
    match.add_argument("--out", metavar="FILE", help="figures of --evaluate (default: beside the warehouse)")

    requested = commands.add(
        "request",
        _request,
        "Turn a request in words into draft rows of the segment library, for review.",
        "'customers who ordered at least 3 times in 180 days and have not opened an e-mail in 30 days'",
    )
    requested.add_argument("text", metavar="WORDS", help="who is meant, in words, as one argument")
    requested.add_argument(
        "--into-library", action="store_true", help="append the rows to the segment library, as a draft"
    )

    approve = commands.add(
        "approve",
        _approve,
        "Approve a segment's present rule and size in one role, take that back, or say what is still needed.",
        "--segment lapsed --role segment_owner --by 'A. Owner'",
    )
    approve.add_argument("--segment", metavar="KEY", help="segment to approve")
    approve.add_argument(
        "--role", help="segment_owner, campaign_owner, data_owner, or risk_owner where it has a risk class"
    )
    approve.add_argument("--by", metavar="NAME", help="who approves")
    approve.add_argument("--tolerance", type=float, default=0.25, help="how far the count may drift (default: 0.25)")
    approve.add_argument("--count", type=int, metavar="N", help="size to approve of a segment that is not active yet")
    approve.add_argument("--withdraw", action="store_true", help="take back what the role approved")
    approve.add_argument("--list", action="store_true", help="say of every segment how far its approval is")
    approve.set_defaults(parser=approve)

    promoted = commands.add(
        "promote",
        _promote,
        "Take a segment to its next status, or copy its definition and rule to another seeds folder.",
        "--segment lapsed --to seeds/business",
    )
    promoted.add_argument("--segment", required=True, metavar="KEY", help="segment to promote")
    promoted.add_argument("--status", metavar="S", help="draft, in_review, approved, active, paused or retired")
    promoted.add_argument("--to", metavar="DIR", help="seeds folder to copy to")
    promoted.add_argument("--from", dest="source", metavar="DIR", help="seeds folder to copy from (default: --seeds)")

    qa = commands.add(
        "qa",
        _qa,
        "Show the checks before activation and who is in a segment; exit code 1 when a check fails.",
        "--segment lapsed",
    )
    which = qa.add_mutually_exclusive_group(required=True)
    which.add_argument("--segment", metavar="KEY", help="segment to show, with samples")
    which.add_argument("--all", action="store_true", help="all active segments, side by side")
    qa.add_argument("--json", action="store_true", help="one JSON document (schema_version 1)")
    qa.add_argument("--strict", action="store_true", help="exit code 1 on warnings too")
    qa.add_argument("--page", action="store_true", help="draw them as a page too, review/qa beside the warehouse")

    commands.add("publish", _publish, "Audit the build and switch readers to it.", "")
    rollback = commands.add("rollback", _rollback, "Switch readers back to an earlier version.", "")
    rollback.add_argument("--version", default=None, help="version to go back to (default: the one before)")

    export = commands.add(
        "export", _export, "Write the audience of an approved segment.", "--segment lapsed --channel email"
    )
    export.add_argument("--segment", required=True, metavar="KEY", help="segment to export")
    export.add_argument("--channel", default="email", help="email or sms (default: email)")
    export.add_argument(
        "--despite-qa", metavar="REASON", help="export although a check fails; the reason goes into the manifest"
    )
    report = commands.add("report", _report, "Draw the static page from what is published.", "")
    for command in (export, report):
        command.add_argument("--out", metavar="PATH", help="where to write (default: beside the warehouse)")

    briefs = commands.add(
        "brief",
        _brief,
        "Say in plain words what is published of a segment, of a customer, or for a campaign to a segment.",
        "--campaign-for high_value_repeat --channel email --out brief.html",
    )
    briefs.add_argument("--segment", metavar="KEY", help="who is in it, what sets them apart, what they earn us")
    briefs.add_argument("--customer", metavar="ID", help="customer_id (or its beginning) of one customer")
    briefs.add_argument("--campaign-for", metavar="KEY", help="angle, offer ceiling, products, time, what to avoid")
    briefs.add_argument("--channel", help="of the campaign: email, sms, ads, direct_mail, onsite, ... (default: email)")
    briefs.add_argument("--json", action="store_true", help="the facts behind the sentences, as JSON")
    briefs.add_argument("--out", metavar="FILE", help="write Markdown, or a page where the name ends in .html")

    erased = commands.add(
        "erase",
        _erase,
        "Erase a person from everything held here; without a name, carry out the open requests of the landing zone.",
        "--file requests.csv --dry-run",
    )
    named = erased.add_argument_group("who (a shell keeps what is typed: prefer --file)")
    for name in ("email", "phone", "loyalty-number", "customer-number", "shop-customer-id"):
        named.add_argument(f"--{name}", metavar="X", help=f"{name.replace('-', ' ')} of the person")
    named.add_argument("--file", metavar="CSV", help="many people: columns named as above with _, one line each")
    erased.add_argument("--dry-run", action="store_true", help="say in counts what would be touched; change nothing")
    erased.add_argument("--despite-hold", action="store_true", help="erase a person who is under a legal hold, too")

    explain = commands.add(
        "explain",
        _explain,
        "Say why a customer is in a segment or not, and what would change that; nothing is written.",
        "--customer shopify:600000000 --segment lapsed",
    )
    explain.add_argument(
        "--customer", required=True, metavar="ID", help="customer_id, also one given up since, or <source>:<id>"
    )
    explain.add_argument("--segment", default=None, metavar="KEY", help="one segment in full (default: all in brief)")
    explain.add_argument("--as-of", type=_day, default=None, help="another day; what was known then is built in a copy")
    preview = commands.add(
        "preview",
        _preview,
        "Say what a draft would be: faults, size, members, overlap, money, reach; nothing is stored.",
        "--segment vip_loyalists",
    )
    preview.add_argument("--segment", required=True, metavar="KEY", help="draft of the seeds, or of the two files")
    preview.add_argument("--definitions", default=None, metavar="FILE", help="rows of segment_definitions to try")
    preview.add_argument("--conditions", default=None, metavar="FILE", help="rows of segment_rule_conditions to try")
    for command in (explain, preview):
        command.add_argument("--json", action="store_true", help="as JSON, for a program")
    health = commands.add(
        "health",
        _health,
        "Say how the sources are and what is published; exit code 1 when something is stale, missing or refused.",
        "--json --max-age 36 --warehouse /srv/segments/warehouse.duckdb",
    )
    health.add_argument("--json", action="store_true", help="one JSON document for monitors (schema_version 1)")
    health.add_argument("--strict", action="store_true", help="exit code 1 on warnings too")
    health.add_argument(
        "--now", type=_instant, metavar="INSTANT", help="judge the published version's age at this time (default: now)"
    )
    health.add_argument(
        "--max-age",
        type=_hours,
        default=48.0,
        metavar="HOURS",
        help="how old the published version may be, from the end of the day it describes (default: 48)",
    )

    commands.add(
        "identity",
        _identity,
        "Say how well profiles were joined to people: against the truth of a demo, else what can be said without one.",
        "--warehouse /srv/segments/warehouse.duckdb",
    )
    benchmark = commands.add(
        "benchmark",
        _benchmark,
        "Measure the whole path at scale and compare the demo with its reference scenario; or intake alone.",
        "--customers 250000",
    )
    benchmark.add_argument(
        "--customers", type=int, default=None, help="known people (default: 250000; a million with --clv, --segments)"
    )
    benchmark.add_argument("--seed-list", type=int, nargs="+", metavar="SEED", help="one world per seed (default: 1)")
    benchmark.add_argument(
        "--audiences", action="store_true", help="compare five audiences with the published ones on five fresh seeds"
    )
    benchmark.add_argument("--events", type=int, help="measure intake of so many web events against a bare load")
    benchmark.add_argument("--profiles", type=int, help="measure identity resolution of so many profiles against scipy")
    benchmark.add_argument(
        "--features", action="store_true", help="measure the feature models against one scan and one grouped pass"
    )
    benchmark.add_argument("--segments", action="store_true", help="measure rules against one statement by hand")
    benchmark.add_argument("--history", action="store_true", help="measure a day of membership history by what changed")
    benchmark.add_argument("--clusters", action="store_true", help="measure clustering and the assignment in SQL")
    benchmark.add_argument(
        "--times", type=int, default=10, help="with --features: compare with so many times fewer (default: 10; 0: not)"
    )
    benchmark.add_argument(
        "--clv", action="store_true", help="measure lifetime value: its fit against lifetimes, and its scores by SQL"
    )
    benchmark.add_argument(
        "--recovery",
        type=int,
        metavar="WORLDS",
        help="fit so many simulated worlds and count how often the true parameters are found",
    )
    return parser


if __name__ == "__main__":
    sys.exit(main())
