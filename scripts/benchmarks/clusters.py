"""Measures the choice of clusters on many buyers, and their assignment in SQL.

The buyers are drawn from five kinds that differ in twenty features, skewed like those of a real shop. A million of them
are assigned in SQL, however many are clustered.
"""

from __future__ import annotations

import shutil
import time

import numpy as np
import pandas as pd

from scripts.learning.clusters.card import COLUMNS, SEED_FILE, centre_rows
from scripts.learning.clusters.fitting import Clustering, draft_rules, find_clusters
from scripts.learning.clusters.inputs import MODEL_KEY, Buyers
from scripts.platform.files import replace_file
from scripts.platform.progress import Progress, quiet
from scripts.platform.seed_files import rows_as_csv
from scripts.platform.warehouse import open_warehouse
from scripts.platform.workspace import Workspace

KINDS = 5
ASSIGNED = 1_000_000
THREADS = 2
GOAL_SECONDS = 60.0
FIT_ID = "benchmark"
# Twenty columns of int_prediction_inputs, each with its scale.
FEATURES = {
    "days_since_last_order": "log",
    "days_since_first_order": "log",
    "order_count": "log",
    "order_count_365d": "log",
    "net_revenue": "log",
    "average_order_value": "log",
    "highest_order_value": "log",
    "units_per_order": "log",
    "category_count": "log",
    "visit_count_90d": "log",
    "product_view_count_30d": "log",
    "cart_addition_count_30d": "log",
    "email_human_open_count_90d": "log",
    "email_click_count_90d": "log",
    "ticket_count_365d": "log",
    "contribution_margin_rate": "linear",
    "promoted_order_share": "linear",
    "unit_return_rate": "linear",
    "store_order_share": "linear",
    "age_band_middle": "linear",
}


def benchmark_clusters(
    workspace: Workspace, *, customers: int = 250_000, progress: Progress = print
) -> dict[str, float]:
    """Choose clusters of `customers` buyers with twenty features, and assign a million buyers in SQL.

    Clusters are chosen by K-means alone, and by the better of both methods. Prints and returns the seconds: kmeans,
    best, rules, assignment.
    """
    buyers = buyers_of_kinds(customers)
    progress(f"{customers:,} buyers of {KINDS} kinds with {len(FEATURES)} features")
    seconds: dict[str, float] = {}
    for method in ("kmeans", "best"):
        started = time.monotonic()
        found = find_clusters(buyers, method=method)
        seconds[method] = time.monotonic() - started
        progress(
            f"  {method}: {len(found.keys)} clusters chosen and fitted in {seconds[method]:.1f} s"
            f" (goal: K-means under {GOAL_SECONDS:.0f} s)"
        )
    started = time.monotonic()
    draft_rules(found)
    seconds["rules"] = time.monotonic() - started
    progress(f"  readable rules of all clusters in {seconds['rules']:.1f} s")
    seconds["assignment"] = _assignment_seconds(workspace, found)
    progress(f"  {ASSIGNED:,} buyers assigned in SQL in {seconds['assignment']:.1f} s with {THREADS} threads")
    return seconds


def buyers_of_kinds(customers: int, seed: int = 1) -> Buyers:
    """Buyers of a few kinds, as `read_buyers` would return them."""
    random = np.random.default_rng(seed)
    kind = random.integers(0, KINDS, customers)
    frame = pd.DataFrame({"customer_id": np.arange(customers).astype(str)})
    for name, scale in FEATURES.items():
        level = random.normal(0.0, 1.2, KINDS)[kind] + random.normal(0.0, 0.8, customers)
        frame[name] = np.floor(np.exp(1.5 + level)) if scale == "log" else 1 / (1 + np.exp(-level))
    frame["contribution_margin"] = frame["net_revenue"] * frame["contribution_margin_rate"]
    frame.loc[random.random(customers) < 0.3, "age_band_middle"] = np.nan
    words = pd.DataFrame(
        {
            "attribute_name": list(FEATURES),
            "scale": list(FEATURES.values()),
            "low_words": [f"low {name}" for name in FEATURES],
            "high_words": [f"high {name}" for name in FEATURES],
        }
    )
    catalogue = pd.DataFrame(
        {"attribute_name": list(FEATURES), "theme": "orders", "unit": "", "value_type": "number", "description": ""}
    )
    return Buyers(frame, customers, words, catalogue, customers)


def _assignment_seconds(workspace: Workspace, found: Clustering) -> float:
    """Seconds that dbt reports for customer_clusters over a million buyers, with the centres in the seed."""
    from scripts.pipeline import steps
    from scripts.platform.dbt import run_dbt

    own = Workspace.at(warehouse=str(workspace.home / "clusters" / "warehouse.duckdb"))
    shutil.rmtree(own.home, ignore_errors=True)
    steps.setup(own, quiet)
    rows: list[dict[str, object]] = [{"model_key": MODEL_KEY, "fit_id": FIT_ID, **row} for row in centre_rows(found)]
    replace_file(own.seeds / SEED_FILE, rows_as_csv(COLUMNS, rows))
    frame = found.buyers.frame
    with open_warehouse(own.warehouse) as connection:
        connection.register("frame", frame)
        connection.execute("create schema intermediate")
        connection.execute(
            f"""
            create table intermediate.int_prediction_inputs as
            select frame.* replace (frame.customer_id || '-' || copies.copy as customer_id),
                date '2026-06-30' as as_of_date, 'person' as customer_type
            from frame cross join range({-(-ASSIGNED // len(frame))}) as copies (copy)
            limit {ASSIGNED}
            """
        )
        connection.execute(
            "create table intermediate.int_model_status as"
            f" select '{MODEL_KEY}' as model_key, '{FIT_ID}' as fit_id, 'usable' as status"
        )
    run_dbt(own, ["seed", "--select", "cluster_centres"], progress=quiet)
    options = ["--threads", str(THREADS), "--select", "customer_clusters"]
    result = run_dbt(own, ["run", *options], progress=quiet)[-1]
    shutil.rmtree(own.home)
    return float(result.execution_time)
