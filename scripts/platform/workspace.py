"""A workspace: one landing zone, one warehouse, one seeds folder, and what is published from them."""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from scripts.platform.errors import UserError

PROJECT = Path(__file__).resolve().parents[2]
DATA = PROJECT / "data"
BUSINESS_SEEDS = PROJECT / "seeds" / "business"
SETTINGS_FILE = "world.json"
# Files left by whatever generated a landing zone: the simulator, or the converter of a real data set.
MAKERS_MARKS = ("_simulation.json", "_converted.json")


@dataclass(frozen=True)
class Workspace:
    """Where one retailer's data is kept. All paths are absolute.

    `landing` holds delivered files as `<source>/<table>/<file>`; `warehouse` is the private DuckDB file; `seeds` the
    retailer's own business seeds. Everything produced for readers is kept beside the warehouse.
    """

    landing: Path
    warehouse: Path
    seeds: Path

    @classmethod
    def at(cls, landing: str | None = None, warehouse: str | None = None, seeds: str | None = None) -> Workspace:
        """The workspace given by the options. Defaults: the warehouse in `data/`, landing and seeds beside it."""
        file = Path(warehouse).expanduser().absolute() if warehouse else DATA / "warehouse.duckdb"
        return cls(
            landing=Path(landing).expanduser().absolute() if landing else file.parent / "landing",
            warehouse=file,
            seeds=Path(seeds).expanduser().absolute() if seeds else file.parent / "seeds",
        )

    @property
    def home(self) -> Path:
        """Folder of the warehouse; it also contains `published`, `versions`, `exports` and `truth`."""
        return self.warehouse.parent

    @property
    def published(self) -> Path:
        """Symlink to the version that readers open."""
        return self.home / "published"

    @property
    def versions(self) -> Path:
        return self.home / "versions"

    @property
    def exports(self) -> Path:
        return self.home / "exports"

    @property
    def snapshots(self) -> Path:
        """What was known on past days, as training data; can be rebuilt at any time."""
        return self.home / "snapshots"

    @property
    def truth(self) -> Path:
        """Ground truth of a simulated workspace; never read by the product."""
        return self.home / "truth"

    def made_from(self) -> str | None:
        """What a generated landing zone was made from, as one line; None for a retailer's own deliveries."""
        for mark in MAKERS_MARKS:
            file = self.landing / mark
            if file.exists():
                return " ".join(file.read_text(encoding="utf-8").split())
        return None

    @property
    def settings_file(self) -> Path:
        return self.landing / SETTINGS_FILE

    def landing_settings(self) -> dict[str, Any] | None:
        """What the settings file says, unchecked; None without one. For `scripts.platform.settings`."""
        file = self.settings_file
        if not file.exists():
            return None
        try:
            settings = json.loads(file.read_text(encoding="utf-8"))
        except (OSError, ValueError) as problem:
            raise UserError(f"{file}: not readable as JSON ({problem}); correct or delete it") from problem
        if not isinstance(settings, dict):
            raise UserError(f'{file}: must contain one JSON object, such as {{"as_of_date": "2026-06-30"}}')
        return settings
