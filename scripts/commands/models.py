"""Commands that fit models to the built warehouse and evaluate them: clusters, discoveries, scores."""

from __future__ import annotations

import argparse

from scripts.commands.options import Commands, day, whole_number
from scripts.platform.errors import CheckFailed, UserError
from scripts.platform.progress import Display, Progress
from scripts.platform.workspace import Workspace


def _cluster(options: argparse.Namespace, workspace: Workspace) -> None:
    from scripts.learning.clusters import cluster

    with Display("cluster") as display:
        cluster(
            workspace,
            k=options.k,
            seed=options.seed,
            method=options.method,
            into_library=options.into_library,
            progress=display,
        )


def add_cluster(commands: Commands) -> None:
    command = commands.add(
        "cluster",
        _cluster,
        "Find natural groups of buyers, and propose rules for them.",
        "--k 5 --method ward",
        "Writes centres and a model card into the seeds, a review page and draft rules beside the warehouse.",
        learns=True,
    )
    command.add_argument(
        "--k", type=whole_number, default=None, help="number of clusters (default: chosen by stated criteria)"
    )
    command.add_argument("--method", default="best", help="kmeans, ward, or best of both (default: best)")
    command.add_argument("--seed", type=whole_number, default=0, help="seed of the random generator")
    command.add_argument(
        "--into-library", action="store_true", help="append the draft rules to the segment library, as drafts"
    )


def _discover(options: argparse.Namespace, workspace: Workspace) -> None:
    from scripts.learning.discovery import discover

    with Display("discover") as display:
        discover(
            workspace,
            targets=options.target,
            horizon=options.horizon,
            seed=options.seed,
            into_library=options.into_library,
            progress=display,
        )


def add_discover(commands: Commands) -> None:
    command = commands.add(
        "discover",
        _discover,
        "Find rules that predict unusual value, lapse or response.",
        "--target lapse --horizon 90 --into-library",
        "Writes a review page and draft rules beside the warehouse.",
        learns=True,
    )
    command.add_argument(
        "--target",
        action="append",
        choices=["value", "lapse", "response"],
        help="outcome to predict; may be given more than once (default: all three)",
    )
    command.add_argument(
        "--horizon",
        type=whole_number,
        default=180,
        metavar="DAYS",
        help="days up to as_of_date to predict (default: 180)",
    )
    command.add_argument(
        "--seed", type=whole_number, default=0, help="seed that decides which half is searched (default: 0)"
    )
    command.add_argument(
        "--into-library", action="store_true", help="append the rules to the segment library, as drafts"
    )


def _fit(options: argparse.Namespace, workspace: Workspace) -> None:
    from scripts.learning.prediction.review import write_model_page

    target = {name: getattr(options, name) for name in ("category", "product", "attribute")}
    if options.model != "clv" and (options.by or options.purchases):
        raise UserError(f"--by, --purchases: `fit {options.model}` does not take them; they belong to `fit clv`")
    if options.model == "clv" and (options.horizon or options.judge):
        raise UserError("--horizon, --judge: `fit clv` does not take them; they belong to `churn` and `adoption`")
    if options.model != "adoption" and any(target.values()):
        said = "they belong to `fit adoption`"
        raise UserError(f"--category, --product, --attribute: `fit {options.model}` does not take them; {said}")
    with Display(f"fit {options.model}") as display:
        try:
            _fit_model(options, workspace, target, display)
        except CheckFailed:
            # A model that failed its evaluation has a card as well.
            write_model_page(workspace, display)
            raise
        write_model_page(workspace, display)


def _fit_model(
    options: argparse.Namespace, workspace: Workspace, target: dict[str, str | None], progress: Progress
) -> None:
    if options.model == "clv":
        from scripts.learning.prediction.clv import fit_clv

        fit_clv(workspace, by=options.by, purchases=options.purchases or "auto", progress=progress)
    elif options.model == "churn":
        from scripts.learning.prediction.churn import fit_churn

        fit_churn(workspace, options.horizon, options.judge, progress)
    else:
        from scripts.learning.prediction.adoption import fit_adoption

        fit_adoption(
            workspace,
            category=target["category"],
            product=target["product"],
            attribute=target["attribute"],
            horizon=options.horizon,
            dates=options.judge,
            progress=progress,
        )


def add_fit(commands: Commands) -> None:
    command = commands.add(
        "fit",
        _fit,
        "Fit lifetime value, churn or adoption to a built warehouse.",
        "adoption --attribute email_click_count_90d --horizon 180 --judge 2026-01-01",
        "Writes the parameters, with a model card, into the seeds.",
        learns=True,
    )
    command.add_argument(
        "model",
        choices=["clv", "churn", "adoption"],
        help="lifetime value, churn, or first purchase or use of something",
    )
    command.add_argument(
        "--by", metavar="COLUMN", help="clv: separate parameters per value of this column (country_code, ...)"
    )
    command.add_argument(
        "--purchases",
        choices=["auto", "bg_nbd", "mbg_nbd"],
        help="clv: may customers leave after one purchase (mbg_nbd) or not (bg_nbd); default: auto, by held-out days",
    )
    command.add_argument("--category", help="adoption: first purchase in a category")
    command.add_argument("--product", metavar="SKU", help="adoption: first purchase of a product")
    command.add_argument("--attribute", help="adoption: first use of a feature, an attribute that rises from 0")
    command.add_argument(
        "--horizon", type=whole_number, metavar="DAYS", help="churn, adoption: length of the outcome window"
    )
    command.add_argument(
        "--judge", type=day, nargs="+", metavar="DAY", help="churn, adoption: past days to evaluate it on"
    )


def _backtest(options: argparse.Namespace, workspace: Workspace) -> None:
    rule_only = {"--vary": options.vary, "--without": options.without, "--outcome": options.outcome}
    if options.rule:
        from scripts.segments.rule_backtest import backtest_rule

        if options.model:
            raise UserError(f"{options.model}, --rule: both are given; leave one out")
        with Display("backtest") as display:
            backtest_rule(
                workspace,
                options.rule,
                vary=options.vary or (),
                without=options.without or (),
                days=options.judge,
                outcome=options.outcome,
                horizon=options.horizon,
                later_parameters=options.allow_later_parameters,
                progress=display,
            )
        return
    if not options.model:
        raise UserError(
            "backtest: nothing to evaluate is named; give clv, churn, adoption:<kind>:<target> or --rule KEY"
        )
    if given := [name for name, value in rule_only.items() if value]:
        raise UserError(f"{', '.join(given)}: only for a segment's rule; name the segment with --rule KEY")
    from scripts.learning.prediction.backtest import backtest
    from scripts.learning.prediction.review import write_model_page

    with Display("backtest") as display:
        backtest(workspace, options.model, options.judge, options.horizon, display)
        write_model_page(workspace, display)


def add_backtest(commands: Commands) -> None:
    command = commands.add(
        "backtest",
        _backtest,
        "Evaluate a model, or variants of a rule, on past days.",
        "churn --judge 2025-06-30 2025-09-30 2025-12-31",
        "Each past day is evaluated on what came after it.",
        learns=True,
    )
    command.add_argument(
        "model", nargs="?", metavar="MODEL", help="clv, churn, or a model_key such as adoption:category:Garden"
    )
    ruled = command.add_argument_group("a segment's rule instead of a model; nothing is written")
    ruled.add_argument("--rule", metavar="KEY", help="compare variants of this segment's rule on past days")
    ruled.add_argument(
        "--vary",
        action="append",
        metavar="X=A,B",
        help="values to try in a condition, such as days_since_last_order=60,90",
    )
    ruled.add_argument("--without", action="append", metavar="X", help="with and without the condition on attribute X")
    ruled.add_argument("--outcome", help="margin, revenue, orders, ordered or responded (default: the success measure)")
    ruled.add_argument("--allow-later-parameters", action="store_true", help="score past days with models fitted later")
    command.add_argument("--judge", type=day, nargs="+", metavar="DAY", help="past days (default: three)")
    command.add_argument(
        "--horizon", type=whole_number, metavar="DAYS", help="length of the outcome window (default: the model card's)"
    )
