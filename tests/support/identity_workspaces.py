"""Simulated retailers whose deliveries arrive in a different order, and the resulting customer ids."""

from __future__ import annotations

import csv
import gzip
import json
import shutil
from collections.abc import Callable
from datetime import date, datetime, time, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq

from scripts.intake.command import intake
from scripts.pipeline.steps import setup
from scripts.platform.contracts import load_contracts
from scripts.platform.dbt import run_dbt
from scripts.platform.warehouse import open_warehouse
from scripts.platform.workspace import MAKERS_MARKS, SETTINGS_FILE, Workspace
from tests.support.workspaces import workspace_in

# Tables that profiles, or the rules that validate them, are read from; other tables do not affect identities.
TABLES = (
    *("campaigns/campaign", "campaigns/send", "consent/consent_event", "crm/profile", "external_lists/list_member"),
    *("klaviyo/person", "loyalty/member", "marketplace/order", "pos/receipt", "products/product"),
    *("returns/return_line", "shopify/customer", "shopify/order", "surveys/response", "web/identifies"),
    *("zendesk/user",),
)
ZONE = ZoneInfo("Europe/London")
LATE = date(2026, 6, 30)  # of the simulator's late files; the other files contain the history up to two days earlier
Rows = list[bytes] | pa.Table


def quiet(_: str) -> None:
    """No progress messages."""


class Retailer:
    """One workspace whose landing zone is filled from a simulated one, always in the same place, so dbt parses once."""

    def __init__(self, source: Workspace, folder: Path) -> None:
        self.source, self.workspace = source, workspace_in(folder)

    def reset(self) -> None:
        """Remove deliveries, warehouse and registry."""
        for file in self.workspace.home.glob(f"{self.workspace.warehouse.name}*"):
            file.unlink()
        shutil.rmtree(self.workspace.landing, ignore_errors=True)
        self.workspace.landing.mkdir(parents=True)
        for name in (*MAKERS_MARKS, SETTINGS_FILE):
            if (self.source.landing / name).exists():
                shutil.copyfile(self.source.landing / name, self.workspace.landing / name)

    def deliver(self, change: Callable[[str, Path, Rows], dict[str, Rows]]) -> None:
        """Put the source's files into the landing zone; `change(table, file, rows)` returns rows by file name."""
        for table in TABLES:
            for file in sorted((self.source.landing / table).iterdir()):
                header, rows = read_rows(file)
                for name, part in change(table, file, rows).items():
                    if len(part):
                        write_rows(self.workspace.landing / table / name, header, part)

    def resolve(self, as_of: date | None = None) -> pd.Series:
        """Load what is new and resolve as of a day (default: the last); returns customer_id by profile_key."""
        if as_of:
            settings = self.workspace.landing / SETTINGS_FILE
            stated = json.loads(settings.read_text(encoding="utf-8")) | {"as_of_date": as_of.isoformat()}
            settings.write_text(json.dumps(stated), encoding="utf-8")
        intake(self.workspace, quiet)
        return build_identities(self.workspace)

    def changes(self) -> set[tuple[str, str]]:
        """Old and new ids of the logged merges and splits."""
        with open_warehouse(self.workspace.warehouse, read_only=True) as connection:
            found = connection.execute(
                "select old_customer_id, new_customer_id from marts.customer_id_changes"
            ).fetchall()
        return {(str(old), str(new)) for old, new in found}


def build_identities(workspace: Workspace) -> pd.Series:
    """Build the resolution, with everything it needs and its log; returns customer_id by profile_key."""
    setup(workspace, quiet)
    wanted = ["+int_customer_identities", "+int_identity_edges", "+customer_id_changes"]
    no_tests = ["--exclude-resource-type", "test", "--exclude-resource-type", "unit_test"]
    run_dbt(workspace, ["build", *no_tests, "--select", *wanted], progress=quiet)
    return identities(workspace)


def identities(workspace: Workspace) -> pd.Series:
    """customer_id by profile_key."""
    with open_warehouse(workspace.warehouse, read_only=True) as connection:
        found = connection.execute("select profile_key, customer_id from intermediate.int_customer_identities").df()
    assert found["profile_key"].is_unique
    return found.set_index("profile_key")["customer_id"].sort_index()


def read_rows(file: Path) -> tuple[bytes, Rows]:
    """A landing file's header (empty where there is none) and its rows: lines of text, or a table."""
    if file.suffix == ".parquet":
        return b"", pq.read_table(file)
    data = gzip.decompress(file.read_bytes()) if file.suffix == ".gz" else file.read_bytes()
    lines = data.splitlines(keepends=True)
    return (b"", lines) if ".jsonl" in file.suffixes else (lines[0], lines[1:])


def write_rows(file: Path, header: bytes, rows: Rows) -> None:
    """Write a landing file with these rows."""
    file.parent.mkdir(parents=True, exist_ok=True)
    if isinstance(rows, pa.Table):
        pq.write_table(rows, file)
        return
    data = header + b"".join(rows)
    file.write_bytes(gzip.compress(data) if file.suffix == ".gz" else data)


def take(rows: Rows, index: np.ndarray) -> Rows:
    return rows.take(pa.array(index)) if isinstance(rows, pa.Table) else [rows[i] for i in index]


def unchanged(table: str, file: Path, rows: Rows) -> dict[str, Rows]:
    """The source's file without changes."""
    return {file.name: rows}


def shuffled(seed: int) -> Callable[[str, Path, Rows], dict[str, Rows]]:
    """The rows of every file in random order, in three files whose names sort in random order."""
    rng = np.random.default_rng(seed)

    def change(table: str, file: Path, rows: Rows) -> dict[str, Rows]:
        order = rng.permutation(len(rows))
        letters = rng.permutation(list("abcdefghijklmnopqrstuvwxyz"))[:3]
        parts = np.array_split(order, 3)
        return {f"{letter}_{file.name}": take(rows, part) for letter, part in zip(letters, parts, strict=True)}

    return change


def between(first: date | None, last: date) -> Callable[[str, Path, Rows], dict[str, Rows]]:
    """What became known after the business day `first` and up to `last`, in files of that day; late files complete."""

    def change(table: str, file: Path, rows: Rows) -> dict[str, Rows]:
        if LATE.isoformat() in file.name:
            return {file.name: rows} if last == LATE else {}
        known = known_seconds(table, file, rows)
        inside = (known >= (end_of(first) if first else -np.inf)) & (known < end_of(last))
        day = LATE - timedelta(days=2)
        return {file.name.replace(day.isoformat(), min(last, day).isoformat()): take(rows, np.flatnonzero(inside))}

    return change


def end_of(day: date) -> float:
    """The time at which a business day ends, in seconds since 1970."""
    return datetime.combine(day + timedelta(days=1), time(), ZONE).timestamp()


def known_seconds(table: str, file: Path, rows: Rows) -> np.ndarray:
    """When each row became known, in seconds since 1970."""
    source, name = table.split("/")
    column = str(load_contracts()[source].tables[name].known_at)
    if isinstance(rows, pa.Table):
        stamps = rows.column(column).to_pandas()
    elif ".jsonl" in file.suffixes:
        stamps = pd.Series([json.loads(line)[column] for line in rows])
    else:
        header = next(csv.reader([read_rows(file)[0].decode()]))
        place = header.index(column)
        stamps = pd.Series([row[place] for row in csv.reader(line.decode() for line in rows)])
    unit = "ms" if pd.api.types.is_integer_dtype(stamps) else None
    instants = pd.to_datetime(stamps, unit=unit, utc=True)
    return (instants - pd.Timestamp(0, tz="UTC")).dt.total_seconds().to_numpy()
