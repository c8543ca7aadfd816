"""A simulated omnichannel retailer: landing files in the formats of real sources, and the ground truth next to them."""

from __future__ import annotations

import json
import shutil
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa

from scripts.demo.simulator.arrays import Streams, text
from scripts.demo.simulator.campaigns import plan_campaigns, write_campaigns
from scripts.demo.simulator.catalogue import make_catalogue, write_catalogue
from scripts.demo.simulator.edge_case_draws import record_edge_cases, set_edge_cases
from scripts.demo.simulator.email import write_email
from scripts.demo.simulator.landing import Landing
from scripts.demo.simulator.membership import write_consent, write_lists, write_loyalty
from scripts.demo.simulator.model import HISTORY_DAYS, WALK_IN_RECEIPTS
from scripts.demo.simulator.orders import STATES, Orders, fill, order_ids, revenue
from scripts.demo.simulator.people import make_people, write_people
from scripts.demo.simulator.purchases import (  # fmt: skip
    MARKETPLACE,
    ONLINE,
    STORE,
    buy,
    buy_at_marketplaces,
    in_time_order,
    walk_in,
)
from scripts.demo.simulator.service import write_service, write_surveys
from scripts.demo.simulator.shop import write_shop
from scripts.demo.simulator.tills import (  # fmt: skip
    BY_TILL,
    NOBODY,
    identified_by,
    marketplace_ids,
    receipt_ids,
    write_marketplace,
    write_returns,
    write_tills,
)
from scripts.demo.simulator.web import make_sessions, write_web
from scripts.platform.errors import UserError
from scripts.platform.files import recover_folder, swap_folder
from scripts.platform.progress import Progress
from scripts.platform.workspace import SETTINGS_FILE, Workspace

SIMULATOR_VERSION = 4
MARKER = "_simulation.json"
FEWEST, MOST = 50, 5_000_000
DEFAULT_END, DEFAULT_SEED = date(2026, 6, 30), 20260630


def simulate(
    workspace: Workspace,
    customers: int = 5000,
    end_date: date = DEFAULT_END,
    seed: int = DEFAULT_SEED,
    progress: Progress = print,
) -> None:
    """Write the landing zone of a simulated retailer to `workspace.landing` and the ground truth to `workspace.truth`.

    `customers` is the number of known people (buyers and leads); anonymous visitors, walk-ins and marketplace buyers
    are additional. The same arguments give the same bytes. Files are written to a temporary folder and swapped in, so
    an interrupted run leaves the old ones intact. A landing zone not written by the simulator is never overwritten.

    Raises UserError for invalid arguments and for a landing folder that contains someone's own data.
    """
    asked = {"customers": customers, "end_date": str(end_date), "seed": seed, "simulator_version": SIMULATOR_VERSION}
    _check(customers, end_date, seed)
    for folder in (workspace.landing, workspace.truth):
        recover_folder(folder)
    if _present(workspace.landing) == asked == _present(workspace.truth):
        progress(f"{workspace.landing}: already there ({customers:,} customers, to {end_date}, seed {seed})")
        return
    if workspace.landing.is_file():
        raise UserError(f"{workspace.landing}: is a file; name a folder for the landing zone")
    if workspace.landing.is_dir() and any(workspace.landing.iterdir()) and not (workspace.landing / MARKER).exists():
        raise UserError(
            f"{workspace.landing}: contains files not written by the simulator; name another folder with --landing"
        )
    new, new_truth = _beside(workspace.landing, "new"), _beside(workspace.truth, "new")
    for folder in (new, new_truth):
        shutil.rmtree(folder, ignore_errors=True)
        folder.mkdir(parents=True)
    try:
        landing = _write(new, new_truth, customers, end_date, seed)
        settings = {
            "kind": "demo", "as_of_date": str(end_date), "business_timezone": "Europe/London",
            "reporting_currency": "GBP", "default_country": "GB",
        }  # fmt: skip
        (new / SETTINGS_FILE).write_text(json.dumps(settings, indent=2) + "\n", encoding="utf-8")
        for folder in (new, new_truth):
            (folder / MARKER).write_text(json.dumps(asked, indent=2) + "\n", encoding="utf-8")
        swap_folder(new_truth, workspace.truth)
        swap_folder(new, workspace.landing)
    finally:
        for folder in (new, new_truth):
            shutil.rmtree(folder, ignore_errors=True)
    rows = sum(landing.rows.values())
    progress(f"{workspace.landing}: {customers:,} customers to {end_date}, {rows:,} rows in {len(landing.rows)} files")


def _check(customers: int, end_date: date, seed: int) -> None:
    if not FEWEST <= customers <= MOST:
        raise UserError(f"--customers {customers}: give a number from {FEWEST} to {MOST:,}")
    if not date(2010, 1, 1) <= end_date <= date(2040, 12, 31):
        raise UserError(f"--end-date {end_date}: give a date from 2010-01-01 to 2040-12-31")
    if not 0 <= seed < 2**63:
        raise UserError(f"--seed {seed}: give a whole number from 0 to {2**63 - 1}")


def _present(landing: Path) -> dict[str, Any] | None:
    try:
        found: dict[str, Any] = json.loads((landing / MARKER).read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return None
    return found


def _beside(folder: Path, word: str) -> Path:
    return folder.with_name(f".{folder.name}.{word}")


def _write(folder: Path, truth: Path, customers: int, end_date: date, seed: int) -> Landing:
    streams = Streams(seed)
    landing = Landing(folder, truth, end_date, streams)
    catalogue = make_catalogue(streams)
    write_catalogue(landing, catalogue, end_date - timedelta(days=HISTORY_DAYS - 1), end_date)
    people = make_people(customers, end_date, streams)
    set_edge_cases(people, streams)
    known = buy(people, streams("purchases"))
    plan = plan_campaigns(people, known, streams)
    receipts = int((known.channel == STORE).sum() * WALK_IN_RECEIPTS)
    strangers = walk_in(people, receipts, streams("walk-ins"))
    market = buy_at_marketplaces(people, streams("marketplace buyers"))
    orders = fill(in_time_order(known, plan.caused, strangers, market), people, catalogue, streams)
    shows = identified_by(orders, people, streams("receipts"))
    write_people(landing, people)
    record_edge_cases(landing, people)
    shop = write_shop(landing, orders, people, catalogue)
    write_tills(landing, orders, people, catalogue, shows)
    write_marketplace(landing, orders, people, catalogue)
    write_returns(landing, orders, people, catalogue, shows)
    write_loyalty(landing, orders, people, shows)
    write_consent(landing, people, plan)
    write_lists(landing, people, orders)
    write_service(landing, orders, people)
    write_surveys(landing, orders, people, shop, catalogue)
    write_campaigns(landing, plan, people)
    _record_orders(landing, orders, shows)
    write_email(landing, plan, people, orders)
    sessions = make_sessions(people, orders, streams)
    write_web(landing, sessions, people, orders, shop, catalogue)
    landing.finish()
    return landing


def _record_orders(landing: Landing, orders: Orders, shows: np.ndarray[Any, Any]) -> None:
    """Ground truth of orders: person, state, total to pay, whether it counts, final net revenue, causing campaign."""
    counts, net = revenue(orders, landing.end_second)
    on_top = np.where(orders.taxed_in, 0, orders.by_order(orders.tax) + orders.shipping_tax)
    total = orders.by_order(orders.net) + orders.shipping + on_top
    rows = np.flatnonzero(orders.known <= landing.end_second)
    identified = (orders.person >= 0) & ((orders.channel == ONLINE) | ~np.isin(shows, (NOBODY, BY_TILL)))
    for start in range(0, max(len(rows), 1), 500_000):
        r = rows[start : start + 500_000]
        channel = orders.channel[r]
        ids = pa.compute.if_else(pa.array(channel == STORE), receipt_ids(orders, r), text(order_ids(orders)[r]))
        ids = pa.compute.if_else(pa.array(channel == MARKETPLACE), marketplace_ids(orders, r), ids)
        landing.add_truth("orders", {
            "source_system": pa.array(["shopify", "pos", "marketplace"]).take(pa.array(channel)),
            "source_order_id": ids, "person_id": orders.person[r],
            "ordered_at": pa.array(orders.at[r]).cast(pa.timestamp("s")),
            "is_counted": counts[r], "is_identifiable": identified[r], "net_revenue_gbp": net[r] / 100,
            "state": pa.array(STATES).take(pa.array(orders.state[r])), "total": total[r] / 100,
            "caused_by_campaign": orders.campaign[r],
        })  # fmt: skip


__all__ = ["MARKER", "simulate"]
