"""Proposes mappings for files of unknown shape, and puts the files where intake finds them with their mapping."""

from __future__ import annotations

import json
import re
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

from scripts.intake.mapping import FOLDER, MAPPING_FILE
from scripts.intake.scaffold.profile import profiled
from scripts.intake.scaffold.proposal import Given, Proposal, contract_of, propose
from scripts.platform.contracts import load_contracts
from scripts.platform.errors import UserError
from scripts.platform.files import copy_file, replace_file
from scripts.platform.progress import Progress
from scripts.platform.settings import read_settings
from scripts.platform.workspace import SETTINGS_FILE, Workspace

# Data that end longer ago than this describe a past day, which the settings then name.
CURRENT_DAYS = 7


def scaffold(
    workspace: Workspace,
    files: list[Path],
    *,
    zone: str | None = None,
    currency: str | None = None,
    country: str | None = None,
    name: str | None = None,
    progress: Progress = print,
) -> None:
    """Write a mapping for each shape of file to `landing/mapped/<name>/`, with the files; settings if there are none.

    Files with the same columns share a mapping. UserError where none is recognised, a mapping is there already, or the
    landing zone is a demo's.
    """
    if workspace.made_from() is not None:
        raise UserError(
            f"{workspace.landing}: holds a demo, with which your data must not be mixed; name a warehouse of your own, "
            "such as --warehouse data/mine/warehouse.duckdb"
        )
    settings = read_settings(workspace).landing
    given = Given(zone or settings.get("business_timezone"), currency or settings.get("reporting_currency"))
    sources = load_contracts()
    found: dict[tuple[str, ...], tuple[Proposal, list[Path]]] = {}
    for path in files:
        with profiled(path, workspace.home / "spill") as profile:
            shape = tuple(sorted(column.name.strip().lower() for column in profile.columns))
            if shape in found:
                found[shape][1].append(path)
            elif table := contract_of(profile, sources):
                folder = workspace.landing / table.source / table.name
                progress(f"{path}: has the columns of {table.label} and needs no mapping; put it in {folder}")
            elif proposal := propose(profile, given):
                found[shape] = (proposal, [path])
            else:
                names = ", ".join(column.name for column in profile.columns)
                progress(
                    f"{path}: left out; its columns ({names}) look like none of orders, order lines, products "
                    "and customers"
                )
    if not found:
        raise UserError(
            f"{', '.join(map(str, files))}: nothing to map; orders need a number, a time and an amount in columns "
            "whose names say so, and a mapping can be written by hand: see docs/own-data.md"
        )
    if name and len(found) > 1:
        raise UserError(f"--name: the files have {len(found)} different shapes; give them one at a time")
    targets = {shape: workspace.landing / FOLDER / (name or _name_of(alike[0])) for shape, (_, alike) in found.items()}
    for shape, folder in targets.items():
        if (folder / MAPPING_FILE).exists() or list(targets.values()).count(folder) > 1:
            raise UserError(
                f"{folder / MAPPING_FILE}: is there already; edit it, delete it, or give {found[shape][1][0].name} "
                "another --name"
            )
    if any(proposal.what.startswith("products") for proposal, _ in found.values()):
        found = {shape: (proposal.beside_products(), alike) for shape, (proposal, alike) in found.items()}
    for shape, (proposal, alike) in found.items():
        _write(targets[shape], proposal, alike, progress)
    newest = max((proposal.newest for proposal, _ in found.values() if proposal.newest), default=None)
    _write_settings(workspace, given, country, newest, progress)
    asked = sum(len(proposal.questions) for proposal, _ in found.values())
    which = "it" if len(found) == 1 else f"the {len(found)} mappings"
    what = f"answer the {asked} open questions (?) in {which}" if asked else f"review {which} line by line"
    progress(f"next: {what}, then `python -m scripts run --warehouse {workspace.warehouse}`")


def _name_of(path: Path) -> str:
    """A folder's name from a file's, without the day or year at its end."""
    stem = path.name.split(".")[0].lower()
    return re.sub(r"[^a-z0-9]+", "_", re.sub(r"[-_ ]*\d[\d_-]*$", "", stem)).strip("_") or "files"


def _write(folder: Path, proposal: Proposal, files: list[Path], progress: Progress) -> None:
    """Write a mapping, and copy the files beside it."""
    folder.mkdir(parents=True, exist_ok=True)
    for path in files:
        if path.resolve().parent != folder.resolve():
            copy_file(path, folder / path.name)
            # They hold what their owner knows of customers.
            (folder / path.name).chmod(0o600)
    replace_file(folder / MAPPING_FILE, proposal.text([path.name for path in files]))
    progress(f"{folder / MAPPING_FILE}: {proposal.what} ({', '.join(path.name for path in files)})")
    for text in proposal.questions:
        progress(f"  open: {text}")
    for text in proposal.missing:
        progress(f"  missing: {text}")


def _write_settings(
    workspace: Workspace, given: Given, country: str | None, newest: str | None, progress: Progress
) -> None:
    """Write the settings of the landing zone where it has none."""
    file = workspace.landing / SETTINGS_FILE
    if file.exists():
        return
    settings = {
        "business_timezone": given.zone,
        "reporting_currency": given.currency,
        "default_country": country,
    }
    is_past = newest is not None and date.fromisoformat(newest) < datetime.now(UTC).date() - timedelta(CURRENT_DAYS)
    if is_past:
        settings["as_of_date"] = newest
    written = {name: value for name, value in settings.items() if value}
    if written:
        replace_file(file, json.dumps(written, indent=2) + "\n")
        progress(f"{file}: {', '.join(f'{name} {value}' for name, value in written.items())}")
    if is_past:
        progress(f"  the files end on {newest}, so builds describe that day; remove as_of_date once newer ones arrive")
