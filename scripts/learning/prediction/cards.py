"""Model cards: the data a model was trained on and how good it is, written together with its parameters.

Four seeds are written together: the model's own parameters, `model_cards` (one row per model), `model_card_figures`
(its evidence) and `model_reference_shares` (the distribution of its inputs and scores, for drift). Every row carries
the model's `fit_id`, a hash of parameters and data: SQL uses parameters only with the card of the same fit, so that an
interrupted write gives no score rather than a wrong one.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import duckdb
import numpy as np
import pandas as pd

from scripts.platform.errors import UserError
from scripts.platform.files import replace_file
from scripts.platform.seed_files import only_writer, read_rows, rows_as_csv
from scripts.platform.settings import recorded_settings
from scripts.platform.warehouse import open_warehouse
from scripts.platform.workspace import Workspace

CARDS = "model_cards.csv"
CARD_COLUMNS = [
    "model_key",
    "model_name",
    "fit_id",
    "as_of_date",
    "data_from",
    "label_days",
    "customer_count",
    "fingerprint_orders",
    "fingerprint_revenue",
    "reporting_currency",
    "world_kind",
    "review_date",
    "is_usable",
    "summary",
]
FIGURES = "model_card_figures.csv"
FIGURE_COLUMNS = ["model_key", "fit_id", "section", "figure", "figure_date", "value", "note"]
SHARES = "model_reference_shares.csv"
SHARE_COLUMNS = ["model_key", "fit_id", "input_name", "bin_number", "bin_low", "bin_high", "share"]
REVIEW_DAYS = 90
BINS = 10
# Bin of customers without a value.
MISSING_BIN = 0


@dataclass(frozen=True)
class Figure:
    """One figure of a card; its value is a number or a text.

    `section`: fit, holdout, comparison, calibration, choice, limits and the like. `figure_date`: the day it describes,
    where a card covers several.
    """

    section: str
    figure: str
    value: float | int | str
    note: str = ""
    figure_date: date | None = None


# Expected over actual, or actual over expected, beyond which a forecast of held-out days is in doubt.
LEAST_RATIO, MOST_RATIO = 0.75, 1.33
DOUBT = "doubt"
# Section of a card whose one figure says that scores are only an order of customers, not probabilities.
RANKING = "ranking only"


def doubt_figures(doubts: Sequence[str]) -> list[Figure]:
    """What an evaluation found wrong with a model that may be used, as the one figure that `model_health` reads."""
    return [Figure(DOUBT, "on days held out", "; ".join(doubts))] if doubts else []


def ranking_figures(reasons: Sequence[str]) -> list[Figure]:
    """Why the scores of a model are not probabilities, as the one figure that `int_model_status` reads; or nothing."""
    return [Figure(RANKING, "no probabilities", "; ".join(reasons))] if reasons else []


@dataclass(frozen=True)
class DataFacts:
    """Identifies the data in a warehouse, so that parameters fitted on different data are refused."""

    as_of_date: date
    data_from: date
    orders: int
    revenue: float
    reporting_currency: str
    world_kind: str


@dataclass(frozen=True)
class Card:
    """The card of one fitted model. `label_days`: length in days of the outcome window after the inputs, if any."""

    model_key: str
    model_name: str
    customer_count: int
    summary: str
    is_usable: bool = True
    label_days: int | None = None
    review_days: int = REVIEW_DAYS
    figures: Sequence[Figure] = ()
    reference: pd.DataFrame = field(default_factory=pd.DataFrame)


def data_facts(workspace: Workspace) -> DataFacts:
    """Identifies the data in the built warehouse. Raises UserError if there is no counted order."""
    with open_warehouse(workspace.warehouse, read_only=True) as connection:
        try:
            row = connection.execute(
                """
                select
                    (select max(as_of_date) from marts.customer_margin),
                    min(ordered_date), count(*), coalesce(sum(gross_revenue), 0)
                from marts.order_margins
                where is_counted
                """
            ).fetchone()
            settings = recorded_settings(connection, str(workspace.warehouse))
        except duckdb.CatalogException:
            raise UserError(f"{workspace.warehouse}: has not been built; run `python -m scripts build` first") from None
    if row is None or not row[2]:
        raise UserError(
            f"{workspace.warehouse}: has no counted orders, so there is nothing to train on; load some and build"
        )
    return DataFacts(
        as_of_date=row[0],
        data_from=row[1],
        orders=int(row[2]),
        revenue=float(row[3]),
        reporting_currency=settings["reporting_currency"],
        world_kind=settings["kind"],
    )


def write_model(
    workspace: Workspace,
    card: Card,
    seed_file: str,
    columns: list[str],
    rows: Iterable[dict[str, Any]],
    facts: DataFacts,
) -> str:
    """Write parameters and card of one model into the workspace's seeds; returns the fit_id.

    They replace its earlier fit. `rows` are parameter rows without `model_key` and `fit_id`, which are added; rows of
    other models are kept.
    """
    parameters = [dict(row) for row in rows]
    identity = json.dumps(
        [card.model_key, parameters, str(facts), card.is_usable, card.summary], sort_keys=True, default=str
    )
    fit_id = hashlib.sha256(identity.encode()).hexdigest()[:12]
    key: dict[str, Any] = {"model_key": card.model_key, "fit_id": fit_id}
    shares = [] if card.reference.empty else card.reference.to_dict("records")
    new: dict[str, tuple[list[str], list[dict[str, Any]]]] = {
        seed_file: (columns, [{**key, **row} for row in parameters]),
        SHARES: (SHARE_COLUMNS, [{**key, **{str(k): _cell(v) for k, v in row.items()}} for row in shares]),
        FIGURES: (FIGURE_COLUMNS, [{**key, **_figure_cells(figure)} for figure in card.figures]),
        # Last: the card puts the fit into effect.
        CARDS: (CARD_COLUMNS, [{**key, **_card_cells(card, facts)}]),
    }
    with only_writer(workspace.seeds):
        before = {name: read_rows(workspace.seeds / name, head) for name, (head, _) in new.items()}
        for name, (head, added) in new.items():
            kept: list[dict[str, Any]] = [dict(row) for row in before[name] if row["model_key"] != card.model_key]
            replace_file(workspace.seeds / name, rows_as_csv(head, [*kept, *added]))
    return fit_id


def put_figures(workspace: Workspace, model_key: str, section: str, figures: Sequence[Figure]) -> None:
    """Put figures on a model's card, replacing its section of that name. Raises UserError without a card."""
    with only_writer(workspace.seeds):
        card = read_card(workspace.seeds, model_key)
        if card is None:
            raise UserError(f"{workspace.seeds / CARDS}: {model_key} has no card; fit the model first")
        kept = [
            row
            for row in read_rows(workspace.seeds / FIGURES, FIGURE_COLUMNS)
            if (row["model_key"], row["section"]) != (model_key, section)
        ]
        key = {"model_key": model_key, "fit_id": card["fit_id"]}
        added = [{**key, **_figure_cells(figure), "section": section} for figure in figures]
        rows: list[dict[str, Any]] = [*kept, *added]
        replace_file(workspace.seeds / FIGURES, rows_as_csv(FIGURE_COLUMNS, rows))


def reference_shares(frame: pd.DataFrame, names: Iterable[str], bins: int = BINS) -> pd.DataFrame:
    """The distribution of each named column of a frame: input_name, bin_number, bin_low, bin_high, share.

    Bins are value intervals (low, high] between distinct quantiles, the first and last unbounded; bin 0 counts missing
    values.
    """
    rows: list[dict[str, Any]] = []
    for name in names:
        values = frame[name].astype(float)
        known = values.dropna()
        rows.append({"input_name": name, "bin_number": MISSING_BIN, "share": float(values.isna().mean())})
        if known.empty:
            continue
        edges = np.unique(np.round(np.quantile(known, np.arange(1, bins) / bins), 6))
        limits = [-np.inf, *edges, np.inf]
        counts = np.bincount(np.searchsorted(edges, known.to_numpy(), side="left"), minlength=len(limits) - 1)
        for number, count in enumerate(counts, start=1):
            low, high = limits[number - 1], limits[number]
            rows.append(
                {
                    "input_name": name,
                    "bin_number": number,
                    "bin_low": None if np.isinf(low) else float(low),
                    "bin_high": None if np.isinf(high) else float(high),
                    "share": round(count / len(values), 6),
                }
            )
    return pd.DataFrame(rows, columns=SHARE_COLUMNS[2:])


def read_card(seeds: Path, model_key: str) -> dict[str, str] | None:
    """The card of a model in a seeds folder; None where it has none."""
    found = [row for row in read_rows(seeds / CARDS, CARD_COLUMNS) if row["model_key"] == model_key]
    return found[-1] if found else None


def _card_cells(card: Card, facts: DataFacts) -> dict[str, Any]:
    return {
        "model_name": card.model_name,
        "as_of_date": facts.as_of_date.isoformat(),
        "data_from": facts.data_from.isoformat(),
        "label_days": card.label_days,
        "customer_count": card.customer_count,
        "fingerprint_orders": facts.orders,
        "fingerprint_revenue": f"{facts.revenue:.2f}",
        "reporting_currency": facts.reporting_currency,
        "world_kind": facts.world_kind,
        "review_date": (facts.as_of_date + timedelta(days=card.review_days)).isoformat(),
        "is_usable": "true" if card.is_usable else "false",
        "summary": card.summary,
    }


def _figure_cells(figure: Figure) -> dict[str, Any]:
    return {
        "section": figure.section,
        "figure": figure.figure,
        "figure_date": figure.figure_date.isoformat() if figure.figure_date else None,
        "value": _cell(figure.value),
        "note": figure.note,
    }


def _cell(value: Any) -> Any:
    """A number to six significant digits, for readability; None for no value."""
    if value is None or (isinstance(value, float) and np.isnan(value)):
        return None
    if isinstance(value, float | np.floating):
        return f"{float(value):.6g}"
    return value
