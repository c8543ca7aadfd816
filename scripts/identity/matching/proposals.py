"""Proposes pairs of customers: a private file for a reviewer, and the same pairs without identifiers for the marts."""

from __future__ import annotations

import csv
import io
from pathlib import Path
from typing import Any

import duckdb
import pandas as pd

from scripts.identity.matching.decisions import ACTIONS, Decision, decision_id, read_rows, stored_decisions
from scripts.identity.matching.fields import FIELDS
from scripts.identity.matching.landed import land_proposals, newest_proposals
from scripts.identity.matching.model import need_splink
from scripts.identity.matching.records import Records, workspace_records
from scripts.identity.matching.scoring import score
from scripts.identity.matching.training import read_settings
from scripts.platform.errors import UserError
from scripts.platform.files import PRIVATE, replace_file
from scripts.platform.keyed_hash import keyed_hash
from scripts.platform.progress import Progress
from scripts.platform.warehouse import open_warehouse
from scripts.platform.workspace import Workspace

REVIEW_FILE = "match_proposals.csv"
SIDES = ("left", "right")
SHOWN = ("first_name", "last_name", "birth_date", "street", "postcode", "city", "email", "phone")
COLUMNS = ["decision_id", "match_probability", "decision", "decided_by", "decided_at", "speaks_for", "speaks_against",
           *(f"{side}_{name}" for side in SIDES for name in ("system", "profile_id")),
           *(f"{side}_{name}" for name in SHOWN for side in SIDES)]  # fmt: skip
# First characters that make a spreadsheet treat a cell as a formula.
FORMULA = ("=", "+", "-", "@", "\t", "\r", "\n")


def review_file(workspace: Workspace) -> Path:
    """The path of the file with pairs for review."""
    return workspace.home / "review" / REVIEW_FILE


def propose(workspace: Workspace, threshold: float | None = None, progress: Progress = print) -> Path:
    """Score the workspace's profiles with the stored settings and write the pairs for review; returns the file.

    For two customers only the most likely pair of profiles is proposed; pairs that people have decided about are not
    proposed. Raises UserError without training, on data of another kind, or if a reviewed file has not been accepted
    yet.
    """
    need_splink()
    stored = stored_decisions(workspace)
    _check_reviewed(review_file(workspace), stored)
    records = workspace_records(workspace)
    settings = read_settings(workspace, records)
    pairs = score(records, settings, threshold)
    customers = _customers(workspace)
    pairs = _undecided(_one_per_customers(pairs), stored, customers)
    rows = _rows(pairs, records)
    target = review_file(workspace)
    target.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    replace_file(target, _csv(rows), mode=PRIVATE)
    _land(workspace, pairs, rows, records, stored)
    at_least = settings["review_threshold"] if threshold is None else threshold
    progress(
        f"match: {len(rows):,} pairs of customers with a probability of at least {at_least:g}: {target}; fill in "
        f"`decision` with same or different, then run `python -m scripts match --accept {target}`"
    )
    return target


def _check_reviewed(file: Path, stored: dict[str, Decision]) -> None:
    """Raises UserError rather than overwrite a review."""
    if not file.exists():
        return
    waiting = sum(
        1
        for row in read_rows(file)
        if row.get("decision")
        and (row["decision_id"] not in stored
             or stored[row["decision_id"]].action != ACTIONS.get(row["decision"].lower()))
    )  # fmt: skip
    if waiting:
        raise UserError(
            f"{file}: has {waiting} decisions that were not accepted; run `python -m scripts match --accept {file}`, "
            "or move the file"
        )


def _customers(workspace: Workspace) -> dict[str, str]:
    with open_warehouse(workspace.warehouse, read_only=True) as connection:
        try:
            return dict(
                connection.execute(
                    "select profile_key, customer_id from intermediate.int_customer_identities"
                ).fetchall()
            )
        except duckdb.CatalogException:
            raise UserError(
                f"{workspace.warehouse}: has no customers yet; run `python -m scripts build` first"
            ) from None


def _one_per_customers(pairs: pd.DataFrame) -> pd.DataFrame:
    """The most likely pair of any two customers; the pairs given are in that order."""
    both = [tuple(sorted(customers)) for customers in zip(pairs["customer_id_l"], pairs["customer_id_r"], strict=True)]
    return pairs[~pd.Series(both, index=pairs.index, dtype=object).duplicated()].reset_index(drop=True)


def _undecided(pairs: pd.DataFrame, stored: dict[str, Decision], customers: dict[str, str]) -> pd.DataFrame:
    """The pairs of customers about whom nobody has decided, under any of their profiles."""
    decided = {
        frozenset((customers.get(item.left, item.left), customers.get(item.right, item.right)))
        for item in stored.values()
    }
    keep = [
        frozenset((left, right)) not in decided
        for left, right in zip(pairs["customer_id_l"], pairs["customer_id_r"], strict=True)
    ]
    return pairs[pd.Series(keep, index=pairs.index, dtype=bool)].reset_index(drop=True)


def _rows(pairs: pd.DataFrame, records: Records) -> list[dict[str, str]]:
    """One row per pair with both profiles' values as compared, for the reviewer."""
    by_id = records.frame.set_index("unique_id").to_dict("index")
    rows = []
    for pair in pairs.to_dict("records"):
        keys = {"left": str(pair["unique_id_l"]), "right": str(pair["unique_id_r"])}
        row: dict[str, Any] = {
            "decision_id": decision_id(keys["left"], keys["right"]),
            "match_probability": f"{pair['match_probability']:.4f}",
            "speaks_for": pair["speaks_for"],
            "speaks_against": pair["speaks_against"],
        }
        for side, key in keys.items():
            record = by_id[key]
            row |= {f"{side}_system": record["source_system"], f"{side}_profile_id": record["source_profile_id"]}
            row |= {f"{side}_{name}": record[name] for name in FIELDS}
        rows.append({name: _cell(row.get(name)) for name in COLUMNS})
    return rows


def _land(
    workspace: Workspace, pairs: pd.DataFrame, rows: list[dict[str, str]], records: Records, stored: dict[str, Decision]
) -> None:
    """Land pairs without identifiers, and pairs no longer proposed, as rows of the source `matching`."""
    stated_at = f"{records.as_of_date} 00:00:00"
    newest = newest_proposals(workspace)
    proposed = [
        {
            "proposal_id": row["decision_id"],
            **{
                f"{side}_{name}": value
                for side, key in (("left", pair["unique_id_l"]), ("right", pair["unique_id_r"]))
                for name, value in (
                    ("source_system", str(key).split(":", 1)[0]),
                    ("source_profile_id", keyed_hash(key)),
                )
            },
            "match_probability": row["match_probability"],
            "agreeing_fields": "|".join(pair["agreeing"]),
            "differing_fields": "|".join(pair["differing"]),
            "status": "proposed",
            "stated_at": stated_at,
        }
        for row, pair in zip(rows, pairs.to_dict("records"), strict=True)
    ]
    named = {row["proposal_id"] for row in proposed}
    gone = [
        {**row, "status": "withdrawn", "stated_at": stated_at}
        for key, row in newest.items()
        if row["status"] == "proposed" and key not in named and key not in stored
    ]
    land_proposals(workspace, [*proposed, *gone])


def _csv(rows: list[dict[str, str]]) -> bytes:
    text = io.StringIO()
    writer = csv.DictWriter(text, COLUMNS, lineterminator="\n")
    writer.writeheader()
    writer.writerows(rows)
    return text.getvalue().encode("utf-8")


def _cell(value: Any) -> str:
    """A text that is safe to open in a spreadsheet."""
    text = "" if value is None else str(value)
    return f"'{text}" if text.startswith(FORMULA) else text
