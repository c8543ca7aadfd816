"""Fits lifetime value: how often customers buy, when they stop, and how much they spend per purchase.

Purchases are modelled by BG/NBD, or by MBG/NBD where customers may leave after their first; spend by Gamma-Gamma.
Which of the two is used is decided on days held out, and judged on the days after them (`clv_holdout`). The parameters
become the seed `clv_parameters` and a model card; the models in `models/customers/intermediate/prediction` score
customers from it. A purchase is a business day with counted orders; time is in weeks.
"""

from __future__ import annotations

from datetime import date
from typing import Any

import duckdb
import pandas as pd

from scripts.learning.prediction import bg_nbd
from scripts.learning.prediction.cards import (
    DOUBT,
    Card,
    Figure,
    data_facts,
    doubt_figures,
    reference_shares,
    write_model,
)
from scripts.learning.prediction.clv_holdout import (
    Candidate,
    Holdout,
    candidates,
    hold_out_twice,
    holdout_doubts,
    holdout_figures,
)
from scripts.learning.prediction.likelihood import CannotFit
from scripts.learning.prediction.purchase_models import (
    DAYS_PER_WEEK,
    PURCHASE_MODELS,
    Fit,
    PurchaseModels,
    expected_purchases,
    fit_models,
    in_scope,
    scope_limits,
)
from scripts.platform.errors import CheckFailed, UserError
from scripts.platform.progress import Progress
from scripts.platform.seed_files import read_rows
from scripts.platform.warehouse import open_warehouse
from scripts.platform.workspace import Workspace

MODEL = "clv"
SEED_FILE = "clv_parameters.csv"
COLUMNS = ["model_key", "fit_id", "cohort_by", "cohort", "part", "parameter", "estimate", "standard_error"]
COHORT_COLUMNS = ("country_code", "first_order_channel")
# Uses the purchase model that foretold the days held out better.
AUTO = "auto"
ERROR = "mean Poisson deviance on the days held out"
# Smaller cohorts are scored by the parameters of all customers.
COHORT_CUSTOMERS, COHORT_REPEATERS = 500, 100
DRIFT_INPUTS = ("purchase_day_count", "days_since_last_order", "average_order_value")
ALL_CUSTOMERS = "all"
YEAR_WEEKS = 365 / DAYS_PER_WEEK


def fit_clv(workspace: Workspace, by: str | None = None, purchases: str = AUTO, progress: Progress = print) -> str:
    """Fit purchase and spend models on the built warehouse and write them as seeds; returns the fit_id.

    With `by` (country_code or first_order_channel) every value with enough customers is also fitted separately.
    `purchases` is bg_nbd, mbg_nbd, or auto for whichever foretold held-out days better; cohorts use the one chosen for
    all customers.
    Raises UserError if the data cannot support the models, CheckFailed if no reliable maximum was found; parameters and
    card are then still written, but marked not usable.
    """
    if by is not None and by not in COHORT_COLUMNS:
        raise UserError(f"--by {by}: not a cohort column; use {' or '.join(COHORT_COLUMNS)}")
    if purchases != AUTO and purchases not in PURCHASE_MODELS:
        raise UserError(f"--purchases {purchases}: not a model; use {', '.join(PURCHASE_MODELS)} or {AUTO}")
    facts = data_facts(workspace)
    everyone = read_purchases(workspace)
    persons = everyone[everyone["customer_type"] == "person"]
    limits = scope_limits(persons)
    within = persons[in_scope(persons, limits)]
    progress(f"fit clv: {len(within):,} customers with orders up to {facts.as_of_date}")
    choosing, judging = hold_out_twice(workspace, facts.as_of_date, facts.data_from)
    tried = candidates(choosing, PURCHASE_MODELS.get(purchases))
    models, skipped = _fit_best(within, PURCHASE_MODELS.get(purchases), tried)
    modified = models.purchases.leaves_after_first
    whole = {**limits, "skipped_first_days": float(skipped)}
    rows = _rows(ALL_CUSTOMERS, ALL_CUSTOMERS, models) + [
        _row(ALL_CUSTOMERS, ALL_CUSTOMERS, "scope", name, value) for name, value in whole.items()
    ]
    figures = _period_figures(choosing, judging, facts.data_from)
    figures += _choice_figures(choosing, models.purchases, skipped, tried, is_asked_for=purchases != AUTO)
    figures += _fit_figures(models) + _scope_figures(everyone, persons, within, limits)
    if by is not None:
        cohort_rows, cohort_figures = _fit_cohorts(within, by, modified, skipped, progress)
        rows, figures = rows + cohort_rows, figures + cohort_figures
    figures += holdout_figures(judging, modified, skipped)
    figures += doubt_figures(holdout_doubts(figures))
    score = expected_purchases(YEAR_WEEKS, within, models.purchases)
    scores = pd.DataFrame({"customer_id": within["customer_id"], "score": score})
    inputs = _drift_inputs(workspace).merge(scores, on="customer_id", how="left")
    problems = models.problems
    card = Card(
        model_key=MODEL,
        model_name=f"{models.purchases.model_name} and Gamma-Gamma, maximum likelihood",
        customer_count=len(within),
        is_usable=not problems,
        summary="; ".join(problems) if problems else _summary(figures),
        figures=figures,
        reference=reference_shares(inputs, [*DRIFT_INPUTS, "score"]),
    )
    fit_id = write_model(workspace, card, SEED_FILE, COLUMNS, rows, facts)
    if problems:
        raise CheckFailed(
            f"fit clv: {card.summary}; the parameters in {workspace.seeds} are marked not usable; "
            "fit again on more data"
        )
    progress(f"fit clv: {card.summary}; review {workspace.seeds / SEED_FILE} and the card, then build")
    return fit_id


def _fit_best(
    within: pd.DataFrame, leaves_after_first: bool | None, tried: list[Candidate]
) -> tuple[PurchaseModels, int]:
    """The models of the first candidate that gives a reliable fit, and the first days it leaves out.

    That of the first if none does; without candidates the likelihood decides.
    """
    fitted = []
    for one in tried:
        models = fit_models(within, one.fit.leaves_after_first, one.skipped_days)
        fitted.append((models, one.skipped_days))
        if not models.problems:
            return fitted[-1]
    return fitted[0] if fitted else (fit_models(within, leaves_after_first), 0)


def _period_figures(choosing: Holdout, judging: Holdout, first: date) -> list[Figure]:
    """The days that each step used: what is chosen on some days is judged on later ones."""
    return [
        Figure("periods", "fitted for the choice", f"{first} to {choosing.day}"),
        Figure("periods", "chosen", f"after {choosing.day}, to {choosing.last}", "purchase model, first days left out"),
        Figure("periods", "judged", f"after {judging.day}, to {judging.last}", f"as fitted up to {judging.day}"),
        Figure("periods", "fitted for use", f"{first} to {judging.last}", "the parameters in the seed"),
    ]


def _choice_figures(
    held: Holdout, chosen: bg_nbd.BgNbdFit, skipped: int, tried: list[Candidate], *, is_asked_for: bool
) -> list[Figure]:
    """Which purchase model is used, which first days it leaves out, and why."""
    same = {one.fit.leaves_after_first: one for one in tried if one.skipped_days == skipped}
    ours, other = (same.get(modified) for modified in (chosen.leaves_after_first, not chosen.leaves_after_first))
    if is_asked_for:
        why = "as requested"
    elif ours is None:
        why = "higher log-likelihood; no days could be held out to choose on"
    elif other is None:
        why = f"the fit of {bg_nbd.model_name(not chosen.leaves_after_first)} is not reliable"
    elif other.is_refuted_by(ours):
        why = f"better than {other.fit.model_name} on the days held out"
    else:
        why = f"higher log-likelihood than {other.fit.model_name}; the days held out cannot tell the two apart"
    leaving = "after any purchase" if chosen.leaves_after_first else "after a repeat purchase only"
    figures = [Figure("choice", "purchase model", chosen.model_name, f"{why}; customers may leave {leaving}")]
    for one, note in ((ours, "chosen"), (other, "not chosen")):
        if one is not None:
            name, likelihood = one.fit.model_name, round(one.fit.log_likelihood, 2)
            figures += [
                Figure("choice", f"log-likelihood of {name}", likelihood, note, held.day),
                Figure(
                    "choice", f"error of {name}", one.deviance, "mean Poisson deviance on the days held out", held.day
                ),
                Figure("choice", f"expected over actual by {name}", one.expected_over_actual, "", held.day),
            ]
    figures.append(Figure("choice", "first days left out", skipped, "customers first seen then may predate the data"))
    errors = {one.skipped_days: one.deviance for one in reversed(tried)}
    for days, deviance in sorted(errors.items()):
        note = ERROR + (", chosen" if days == skipped else "")
        figures.append(Figure("choice", f"error with the first {days} days left out", deviance, note, held.day))
    return figures


def read_purchases(workspace: Workspace) -> pd.DataFrame:
    """int_customer_purchases of the last build, amounts as float, sorted by customer."""
    with open_warehouse(workspace.warehouse, read_only=True) as connection:
        try:
            frame = connection.execute(
                """
                select customer_id, customer_type, country_code, first_order_channel, purchase_day_count, repeat_count,
                    last_purchase_age_days, observed_days, mean_purchase_value, mean_purchase_margin,
                    cast(contribution_margin as double) as contribution_margin
                from intermediate.int_customer_purchases
                order by customer_id
                """
            ).df()
        except duckdb.CatalogException:
            raise UserError(
                f"{workspace.warehouse}: has no purchases yet; run `python -m scripts build` first"
            ) from None
    return frame


def purchase_model_in_use(workspace: Workspace) -> tuple[bool | None, int]:
    """Whether customers may leave after their first purchase in the fitted model, and how many first days it left out.

    None and 0 before a model has been fitted.
    """
    rows = read_rows(workspace.seeds / SEED_FILE, COLUMNS)
    if not rows:
        return None, 0
    whole = {row["parameter"]: float(row["estimate"]) for row in rows if row["cohort"] == ALL_CUSTOMERS}
    return whole.get("leaves_after_first") == 1, int(whole.get("skipped_first_days", 0))


def _row(cohort_by: str, cohort: str, part: str, name: str, value: float, error: float | None = None) -> dict[str, Any]:
    return {
        "cohort_by": cohort_by,
        "cohort": cohort,
        "part": part,
        "parameter": name,
        "estimate": f"{value:.8g}",
        "standard_error": None if error is None else f"{error:.4g}",
    }


def _rows(cohort_by: str, cohort: str, models: PurchaseModels) -> list[dict[str, Any]]:
    rows = []
    fits: list[tuple[str, Fit]] = [
        ("bg_nbd", models.purchases),
        ("spend_revenue", models.revenue),
        ("spend_margin", models.margin),
    ]
    for part, fit in fits:
        for name, value in fit.parameters._asdict().items():
            rows.append(_row(cohort_by, cohort, part, name, value, fit.standard_errors.get(name)))
    return [
        *rows,
        _row(cohort_by, cohort, "bg_nbd", "leaves_after_first", models.purchases.leaves_after_first),
        _row(cohort_by, cohort, "scope", "contribution_ratio", models.contribution_ratio),
    ]


def _fit_cohorts(
    within: pd.DataFrame, by: str, leaves_after_first: bool, skipped_days: int, progress: Progress
) -> tuple[list[dict[str, Any]], list[Figure]]:
    rows: list[dict[str, Any]] = []
    figures: list[Figure] = []
    for cohort, part in within.groupby(by):
        repeaters = int((part["repeat_count"] > 0).sum())
        if len(part) < COHORT_CUSTOMERS or repeaters < COHORT_REPEATERS:
            figures.append(Figure("cohorts", str(cohort), len(part), "too few; scored by the overall parameters"))
            continue
        try:
            models = fit_models(part, leaves_after_first, skipped_days, int(within["observed_days"].max()))
        except CannotFit as problem:
            figures.append(Figure("cohorts", str(cohort), len(part), f"{problem}; scored by the overall parameters"))
            continue
        if models.problems:
            note = f"{'; '.join(models.problems)}; scored by the overall parameters"
            figures.append(Figure("cohorts", str(cohort), len(part), note))
            continue
        progress(f"fit clv: cohort {cohort}, {len(part):,} customers")
        rows += _rows(by, str(cohort), models)
        figures.append(Figure("cohorts", str(cohort), len(part), "customers; parameters of its own"))
    return rows, figures


def _fit_figures(models: PurchaseModels) -> list[Figure]:
    purchases = models.purchases
    figures = [
        Figure("fit", "customers", purchases.customers),
        Figure("fit", "repeat customers", purchases.repeat_customers),
        Figure("fit", "starts that agree", f"{purchases.starts_agreeing} of {purchases.starts}"),
        Figure("fit", "contribution per unit of gross margin", models.contribution_ratio, "after all costs"),
    ]
    for name, fit in (("revenue", models.revenue), ("margin", models.margin)):
        figures.append(Figure("fit", f"customers with positive {name}", fit.customers))
        figures.append(
            Figure("fit", f"correlation of frequency and {name} per purchase", fit.correlation, "assumed to be 0")
        )
    return figures


def _scope_figures(
    everyone: pd.DataFrame, persons: pd.DataFrame, within: pd.DataFrame, limits: dict[str, float]
) -> list[Figure]:
    return [
        Figure("limits", "buyers who are not people", len(everyone) - len(persons), "not modelled"),
        Figure("limits", "people with unusual volume", len(persons) - len(within), "not modelled"),
        Figure("limits", "highest purchases per week", limits["highest_purchase_rate"]),
        Figure("limits", "highest mean value per purchase", limits["highest_purchase_value"], "reporting currency"),
        Figure(
            "limits",
            "rank customers by",
            "expected purchases",
            "never by P(alive), which is 1 in BG/NBD for all one-time buyers",
        ),
    ]


def _drift_inputs(workspace: Workspace) -> pd.DataFrame:
    with open_warehouse(workspace.warehouse, read_only=True) as connection:
        return connection.execute(
            f"select customer_id, {', '.join(DRIFT_INPUTS)} from intermediate.int_prediction_inputs"
            " where customer_type = 'person' order by customer_id"
        ).df()


def _summary(figures: list[Figure]) -> str:
    found = {figure.figure: figure.value for figure in figures if figure.section == "holdout"}
    if "expected over actual" not in found:
        return "Fitted; the history is too short for a holdout"
    doubt = next((f"; in doubt: {figure.value}" for figure in figures if figure.section == DOUBT), "")
    return (
        f"In the holdout, expected purchases were {float(found['expected over actual']):.2f} times the actual ones, "
        f"and the top tenth brought {float(found['revenue of the top tenth by expected value']):.0%} of revenue{doubt}"
    )
