"""Hand-made landing zones, and what is stored from them."""

from __future__ import annotations

import gzip
from pathlib import Path
from typing import Any

import pytest

from scripts.intake.command import IntakeSummary, intake
from scripts.platform.errors import CheckFailed
from scripts.platform.warehouse import open_warehouse
from scripts.platform.workspace import Workspace

LINE_HEADER = "receipt_id,line_number,sku,description,line_type,quantity,unit_price,discount_amount,tax_amount," \
              "is_promotion,synced_at"  # fmt: skip


class Zone:
    """A workspace in a temporary folder: `deliver` files, `load` them, query the stored `rows`."""

    def __init__(self, folder: Path) -> None:
        self.workspace = Workspace.at(warehouse=str(folder / "warehouse.duckdb"))
        self.workspace.landing.mkdir(parents=True, exist_ok=True)
        self.said: list[str] = []

    def deliver(self, name: str, content: str | bytes) -> Path:
        """Write a landing file; a name ending in .gz is compressed."""
        path = self.workspace.landing / name
        path.parent.mkdir(parents=True, exist_ok=True)
        data = content.encode() if isinstance(content, str) else content
        path.write_bytes(gzip.compress(data) if name.endswith(".gz") else data)
        return path

    def load(self) -> IntakeSummary:
        return intake(self.workspace, progress=self.said.append)

    def failing_load(self) -> list[str]:
        """Lines of the error with which the load must end."""
        with pytest.raises(CheckFailed) as failure:
            self.load()
        return str(failure.value).splitlines()

    def rows(self, query: str) -> list[tuple[Any, ...]]:
        with open_warehouse(self.workspace.warehouse, read_only=True) as connection:
            return connection.execute(query).fetchall()

    def value(self, query: str) -> Any:
        return self.rows(query)[0][0]

    def ledger(self) -> list[tuple[Any, ...]]:
        """Per loaded file: landed, accepted, duplicates, rejected."""
        return self.rows(
            "select landed_rows, accepted_rows, duplicate_rows, rejected_rows from intake.files "
            "where status = 'loaded' order by file_id"
        )

    def rejects(self) -> list[tuple[Any, ...]]:
        return self.rows("select line_number, reason from intake.rejects order by file_id, line_number")
