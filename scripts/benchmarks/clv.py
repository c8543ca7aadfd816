"""Measures lifetime value: its fit compared with lifetimes and with the truth of simulated data, and scoring in SQL."""

from __future__ import annotations

import contextlib
import io
import statistics
import time
from dataclasses import dataclass
from datetime import date
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from scripts.learning.prediction import bg_nbd
from scripts.learning.prediction.bg_nbd import NAMES, BgNbdFit, Parameters
from scripts.platform.errors import CheckFailed, UserError
from scripts.platform.progress import Progress, quiet
from scripts.platform.warehouse import open_warehouse
from scripts.platform.workspace import Workspace

# Customers of the comparison: two years of history, new ones in its first half.
COMPARED = Parameters(0.6, 8.0, 0.8, 2.5)
WEEKS, ENTRY_WEEKS = 104.0, 52.0
REPEATS = 5
# The goal holds from this many customers: fixed costs, such as the eight starts, weigh more when customers are few.
GOAL_TIMES, GOAL_CUSTOMERS = 20.0, 1_000_000
GOAL_DIFFERENCE = 1e-3

# Scored customers: new ones throughout three years, so that there are many distinct (x, T).
SCORED_WEEKS = 156.0
SCORED_MODELS = ("int_clv_customers", "int_clv_expected_orders", "int_customer_clv")
SCORED_PARAMETERS = {
    **{f"bg_nbd_{name}": value for name, value in COMPARED._asdict().items()},
    "bg_nbd_leaves_after_first": 1.0,
    **{f"spend_revenue_{name}": value for name, value in {"p": 4.0, "q": 5.0, "v": 60.0}.items()},
    **{f"spend_margin_{name}": value for name, value in {"p": 4.0, "q": 5.0, "v": 30.0}.items()},
    "scope_contribution_ratio": 0.8,
    "scope_highest_purchase_rate": 7.0,
    "scope_highest_purchase_value": 1e6,
}
SCORINGS = 4
GOAL_SCORING = 3.0

# Known people per data set, and the class of buyers whose parameters are to be recovered.
PEOPLE = 40_000
BUYER_CLASS = "regular"
LAST_DAY = date(2026, 6, 30)
GOAL_RECOVERED = 0.9
WEEKS_PER_YEAR = 365 / 7


@dataclass(frozen=True)
class Compared:
    """Seconds of both fits (ours: the median of several) and their parameters."""

    ours: float
    theirs: float
    parameters: Parameters
    their_parameters: Parameters

    @property
    def times(self) -> float:
        return self.theirs / self.ours

    @property
    def difference(self) -> float:
        pairs = zip(self.parameters, self.their_parameters, strict=True)
        return max(abs(one / other - 1) for one, other in pairs)


def benchmark_clv(customers: int = 1_000_000, seed: int = 1, progress: Progress = print) -> Compared:
    """Fit `customers` simulated customers with our code and with lifetimes, in this process, and print the comparison.

    Ours includes grouping the customers, eight starts, standard errors and all checks; lifetimes climbs from one start.
    Ours is fitted several times and the median counts; lifetimes once. Raises CheckFailed if the fit does not converge,
    if the parameters differ by more than a thousandth or if, from a million customers, ours is less than twenty times
    as fast; UserError if lifetimes is not installed.
    """
    fitter = _lifetimes()
    x, t_x, T = bg_nbd.simulate(
        customers, COMPARED, WEEKS, np.random.default_rng(seed), entry_weeks=ENTRY_WEEKS, whole_days=True
    )
    progress(f"{customers:,} customers, {(x > 0).mean():.0%} of whom came back, {x.sum():,} repeat purchases")
    seconds = []
    for _ in range(REPEATS):
        started = time.monotonic()
        found = bg_nbd.fit(x, t_x, T)
        seconds.append(time.monotonic() - started)
    started = time.monotonic()
    with contextlib.redirect_stdout(io.StringIO()):  # lifetimes prints the result of its search
        theirs = fitter.fit(x, t_x, T)
    their_seconds = time.monotonic() - started
    compared = Compared(
        statistics.median(seconds),
        their_seconds,
        found.parameters,
        Parameters(*(float(theirs.params_[name]) for name in NAMES)),
    )
    progress(f"  {found.distinct_customers:,} distinct; {found.starts_agreeing} of {found.starts} starts agree")
    progress(f"  {'':<10}{'ours':>14}{'error':>10}{'lifetimes':>14}{'truth':>14}")
    for name, mine, other, true in zip(NAMES, found.parameters, compared.their_parameters, COMPARED, strict=True):
        progress(f"  {name:<10}{mine:>14.6f}{found.standard_errors[name]:>10.4f}{other:>14.6f}{true:>14.3f}")
    progress(f"  largest relative difference {compared.difference:.1e} (goal: at most {GOAL_DIFFERENCE:.0e})")
    spread = f"{min(seconds):.2f} to {max(seconds):.2f} s over {REPEATS}"
    progress(f"  ours {compared.ours:.2f} s ({spread}), lifetimes {compared.theirs:.2f} s")
    goal = f"goal from {GOAL_CUSTOMERS:,} customers: at least {GOAL_TIMES:.0f}"
    progress(f"  {compared.times:.0f} times as fast ({goal})")
    if not found.converged:
        raise CheckFailed(f"the fit did not converge: {found.message}")
    if compared.difference > GOAL_DIFFERENCE:
        raise CheckFailed(f"parameters differ from those of lifetimes by {compared.difference:.1e}")
    if compared.times < GOAL_TIMES and customers >= GOAL_CUSTOMERS:
        raise CheckFailed(f"{compared.times:.1f} times as fast as lifetimes, the goal is {GOAL_TIMES:.0f}")
    return compared


def benchmark_scoring(workspace: Workspace, customers: int = 1_000_000, progress: Progress = print) -> float:
    """Score `customers` simulated customers with the SQL models, and print how long it takes.

    Includes everything from customers' purchases to their expected value, as built by dbt, but not dbt's start-up. It
    is repeated and the best run counts, as other work on the machine can only slow it down. Returns seconds. Raises
    CheckFailed if up to a million customers take longer than three seconds.
    """
    from scripts.pipeline.steps import copy_missing_seeds
    from scripts.platform.dbt import run_dbt

    own = Workspace.at(warehouse=str(workspace.home / f"clv-{customers}" / "warehouse.duckdb"))
    copy_missing_seeds(own, quiet)
    pairs = _write_scored(own, customers)
    runs = []
    for _ in range(SCORINGS):
        results = run_dbt(own, ["run", "--select", *SCORED_MODELS], progress=quiet)
        runs.append({result.node.name: float(result.execution_time) for result in results})
    best = min(runs, key=lambda run: sum(run.values()))
    seconds = sum(best.values())
    parts = ", ".join(f"{name} {best[name]:.2f} s" for name in SCORED_MODELS)
    progress(
        f"scored in SQL in {seconds:.2f} s: {customers:,} customers, {pairs:,} distinct (x, T) (best of {SCORINGS};"
        f" goal for {GOAL_CUSTOMERS:,}: {GOAL_SCORING:.0f} s)"
    )
    progress(f"  {parts}")
    if customers <= GOAL_CUSTOMERS and seconds > GOAL_SCORING:
        raise CheckFailed(f"scoring took {seconds:.2f} s, the goal is {GOAL_SCORING:.0f} s")
    return seconds


def _write_scored(workspace: Workspace, customers: int) -> int:
    """Write a warehouse with only customers' purchases and parameters; returns the number of distinct (x, T)."""
    rng = np.random.default_rng(1)
    x, t_x, T = bg_nbd.simulate(
        customers, COMPARED, SCORED_WEEKS, rng, leaves_after_first=True, entry_weeks=SCORED_WEEKS, whole_days=True
    )
    value = rng.lognormal(3.5, 0.5, customers)
    frame = pd.DataFrame(
        {
            "repeat_count": x,
            "last_purchase_age_days": np.rint(t_x * bg_nbd.DAYS).astype(np.int64),
            "observed_days": np.rint(T * bg_nbd.DAYS).astype(np.int64),
            "mean_purchase_value": value,
            "mean_purchase_margin": value / 2,
        }
    )
    parameters = pd.DataFrame([{"cohort_by": "all", "cohort": "all", **SCORED_PARAMETERS}])
    for file in workspace.home.glob(f"{workspace.warehouse.name}*"):
        file.unlink()
    with open_warehouse(workspace.warehouse) as connection:
        connection.register("frame", frame)
        connection.register("parameters", parameters)
        connection.execute(
            """
            create schema intermediate;
            create table intermediate.int_customer_purchases as
            select 'c' || row_number() over () as customer_id, date '2026-06-30' as as_of_date,
                'person' as customer_type, 'GB' as country_code, 'online' as first_order_channel,
                repeat_count + 1 as purchase_day_count, frame.*
            from frame;
            create table intermediate.int_clv_parameters as select * from parameters
            """
        )
    return len(frame[["repeat_count", "observed_days"]].drop_duplicates())


def _lifetimes() -> Any:
    try:
        from lifetimes import BetaGeoFitter
    except ImportError:
        raise UserError(
            "benchmark --clv needs lifetimes, which is not installed; `pip install 'customer-segmentation[dev]'`"
        ) from None
    return BetaGeoFitter()


def benchmark_recovery(data_sets: int = 50, people: int = PEOPLE, progress: Progress = print) -> dict[str, int]:
    """Fit one class of buyers in each of `data_sets` simulated data sets, and print how often the truth was recovered.

    The truth is the simulator's gamma distribution of rates and beta distribution of leaving probabilities. Two things
    follow the simulator: time is seasonal (a week in December is longer than one in February), and buyers may leave
    after their first order, which BG/NBD rules out. Ground truth says who did; without them the rest is exactly BG/NBD
    with b + 1, the posterior of the leaving probability after staying once.

    Returns for each parameter in how many data sets the truth is within two standard errors. Raises CheckFailed if that
    is less than 90 % for one of them.
    """
    if data_sets < 1:
        raise UserError("--recovery needs at least one data set")
    true = _truth()
    within = dict.fromkeys(NAMES, 0)
    relative: dict[str, list[float]] = {name: [] for name in NAMES}
    buyers, unconverged = [], 0
    for seed in range(1, data_sets + 1):
        found = _recovered(people, seed)
        buyers.append(found.customers)
        unconverged += not found.converged
        for name, value in zip(NAMES, true, strict=True):
            deviation = abs(getattr(found, name) - value)
            within[name] += bool(deviation <= 2 * found.standard_errors[name])
            relative[name].append(getattr(found, name) / value - 1)
    progress(
        f"{data_sets} data sets of {people:,} people, buyers of the class {BUYER_CLASS!r}:"
        f" {min(buyers):,} to {max(buyers):,} in a data set; {unconverged} fits did not converge"
    )
    progress(f"  {'':<8}{'truth':>10}{'within two errors':>20}{'mean deviation':>17}")
    for name, value in zip(NAMES, true, strict=True):
        share = f"{within[name]} of {data_sets}"
        progress(f"  {name:<8}{value:>10.3f}{share:>20}{np.mean(relative[name]):>+16.1%}")
    missed_names = [name for name in NAMES if within[name] < GOAL_RECOVERED * data_sets]
    if missed_names:
        raise CheckFailed(
            f"{', '.join(missed_names)}: the truth is within two standard errors in less than {GOAL_RECOVERED:.0%}"
        )
    return within


def _truth() -> Parameters:
    """The parameters of the class, in weeks, for buyers who stayed after their first order."""
    from scripts.demo.simulator.model import CLASSES

    of = next(buyers for buyers in CLASSES if buyers.name == BUYER_CLASS)
    return Parameters(of.rate_shape, of.rate_shape / of.rate * WEEKS_PER_YEAR, of.dropout_a, of.dropout_b + 1)


def _recovered(people: int, seed: int) -> BgNbdFit:
    return bg_nbd.fit(*_observed(people, seed), seed=seed)


def _observed(people: int, seed: int) -> tuple[NDArray[np.int64], NDArray[np.float64], NDArray[np.float64]]:
    """x, t_x, T in seasonal weeks for one data set's buyers of the class who did not leave after their first order.

    Orders are known by day only, so each gets the middle of its day; several orders on one day are one.
    """
    from scripts.demo.simulator.arrays import DAY, Streams, to_local
    from scripts.demo.simulator.model import CLASSES
    from scripts.demo.simulator.people import PERSON, make_people
    from scripts.demo.simulator.purchases import buy, season

    streams = Streams(seed)
    population = make_people(people, LAST_DAY, streams)
    orders = buy(population, streams("orders"))
    klass = [buyers.name for buyers in CLASSES].index(BUYER_CLASS)
    cumulative = season(population.start)
    middle = (cumulative[:-1] + cumulative[1:]) / 2
    ours = (population.klass == klass) & (population.kind == PERSON)
    count = np.bincount(orders.person, minlength=population.n)
    left_at_once = (count == 1) & (population.last_active <= population.end * DAY + DAY)
    kept = np.flatnonzero(ours & ~left_at_once)

    day = to_local(orders.at) // DAY - population.start
    days = np.unique(np.stack([orders.person, day]), axis=1)
    x = np.bincount(days[0], minlength=population.n) - 1
    first, last = np.full(population.n, len(middle)), np.zeros(population.n, dtype=np.int64)
    np.minimum.at(first, days[0], days[1])
    np.maximum.at(last, days[0], days[1])
    first, last = first[kept], last[kept]
    return x[kept], (middle[last] - middle[first]) / 7, (cumulative[-1] - middle[first]) / 7
