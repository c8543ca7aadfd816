"""Fits lifetime value: how often customers buy, when they stop, and how much they spend per purchase.

Purchases are modelled by BG/NBD, or by MBG/NBD where customers may leave after their first; spend by Gamma-Gamma.
The parameters become the seed `clv_parameters` and a model card; the models in
`models/customers/intermediate/prediction` score customers from it. A purchase is a business day with counted orders;
time is in weeks.
"""

from __future__ import annotations

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
from scripts.learning.prediction.clv_holdout import hold_out, holdout_doubts, holdout_figures, try_skips
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
# Uses the purchase model that fits better.
AUTO = "auto"
# Smaller cohorts are scored by the parameters of all customers.
COHORT_CUSTOMERS, COHORT_REPEATERS = 500, 100
DRIFT_INPUTS = ("purchase_day_count", "days_since_last_order", "average_order_value")
ALL_CUSTOMERS = "all"
YEAR_WEEKS = 365 / DAYS_PER_WEEK


def fit_clv(workspace: Workspace, by: str | None = None, purchases: str = AUTO, progress: Progress = print) -> str:
    """Fit purchase and spend models on the built warehouse and write them as seeds; returns the fit_id.

    With `by` (country_code or first_order_channel) every value with enough customers is also fitted separately.
    `purchases` is bg_nbd, mbg_nbd, or auto for whichever fits better; cohorts use the one chosen for all customers.
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
    held = hold_out(workspace, facts.as_of_date, facts.data_from, limits)
    tried = try_skips(held, PURCHASE_MODELS.get(purchases))
    models, skipped = _fit_best(within, PURCHASE_MODELS.get(purchases), [days for days, _ in tried] or [0])
    modified = models.purchases.leaves_after_first
    whole = {**limits, "skipped_first_days": float(skipped)}
    rows = _rows(ALL_CUSTOMERS, ALL_CUSTOMERS, models) + [
        _row(ALL_CUSTOMERS, ALL_CUSTOMERS, "scope", name, value) for name, value in whole.items()
    ]
    figures = _fit_figures(models) + _skip_figures(tried, skipped) + _scope_figures(everyone, persons, within, limits)
    if by is not None:
        cohort_rows, cohort_figures = _fit_cohorts(within, by, modified, skipped, progress)
        rows, figures = rows + cohort_rows, figures + cohort_figures
    figures += holdout_figures(held, modified, skipped)
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


def _fit_best(within: pd.DataFrame, leaves_after_first: bool | None, skips: list[int]) -> tuple[PurchaseModels, int]:
    """The models for the first of `skips` (days left out) that gives a reliable fit; for the first one if none does."""
    fitted = []
    for days in skips:
        fitted.append((fit_models(within, leaves_after_first, days), days))
        if not fitted[-1][0].problems:
            return fitted[-1]
    return fitted[0]


def _skip_figures(tried: list[tuple[int, float]], skipped: int) -> list[Figure]:
    """How leaving out the customers of the first days changes the error on the holdout days."""
    figures = [Figure("choice", "first days left out", skipped, "customers first seen then may predate the data")]
    for days, deviance in sorted(tried):
        note = "mean Poisson deviance on the holdout days" + (", chosen" if days == skipped else "")
        figures.append(Figure("choice", f"error with the first {days} days left out", deviance, note))
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
        *_choice_figures(purchases, models.rejected),
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


def _choice_figures(chosen: bg_nbd.BgNbdFit, rejected: bg_nbd.BgNbdFit | None) -> list[Figure]:
    """Which purchase model is used, and why."""
    if rejected is None:
        why = "as requested"
    elif chosen.log_likelihood >= rejected.log_likelihood:
        why = f"higher log-likelihood than {rejected.model_name}, which has as many parameters"
    else:
        why = f"{rejected.model_name} has a higher log-likelihood but is not reliable: {rejected.message}"
    leaving = "after any purchase" if chosen.leaves_after_first else "after a repeat purchase only"
    figures = [Figure("choice", "purchase model", chosen.model_name, f"{why}; customers may leave {leaving}")]
    for fit, note in ((chosen, "chosen"), (rejected, "rejected")):
        if fit is not None:
            figures.append(Figure("choice", f"log-likelihood of {fit.model_name}", round(fit.log_likelihood, 2), note))
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
