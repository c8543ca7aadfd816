"""The source contracts: what every landing table must look like, read from the dbt source files."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from functools import lru_cache
from pathlib import Path
from typing import Any

import yaml

from scripts.platform.errors import UserError
from scripts.platform.privacy import Privacy, privacy_of
from scripts.platform.warehouse import literal, quote
from scripts.platform.workspace import PROJECT

CONTRACTS = PROJECT / "models" / "staging"
TYPES = ("varchar", "bigint", "decimal(18,4)", "boolean", "timestamp", "date")

# The column that gives the money at risk in a rejected row: the first of these that a table has.
AMOUNTS = (
    "total_price", "total_amount", "total", "amount", "refund_amount", "subtotal", "spend_amount", "cost_amount",
    "item_price", "unit_price", "price",
)  # fmt: skip
UNIT_PRICES = ("unit_price", "price")

# Columns by which a connector marks a record of any table as deleted: flags, and times that only a deleted one has.
# The first is the column in which a raw table keeps what any of them says.
DELETION_FLAGS = ("_fivetran_deleted", "__deleted")
DELETION_TIMES = ("_sdc_deleted_at", "_ab_cdc_deleted_at", "deleted_at")
# What a loader notes about its own work differs between two deliveries of the same record.
LOADER_PREFIXES = ("_fivetran_", "_airbyte_", "_ab_", "_sdc_", "_dlt_")


# Columns by which other tools mark what they load, whatever the source: the beginning of a name, and the tool.
OTHER_LOADERS = {
    "_airbyte_": "Airbyte's layout",
    "_dlt_": "dlt's layout",
    "_sdc_": "the layout of Singer taps, such as Stitch's",
}


@dataclass(frozen=True)
class Column:
    """One column of a landing table; `type` is one of TYPES.

    `may_be_absent`: not every account or connector delivers it, so its absence is not schema drift.
    """

    name: str
    type: str
    required: bool
    may_be_absent: bool = False


@dataclass(frozen=True)
class Table:
    """One landing table: `key` identifies a record; `known_at` is the column with the version's timestamp, if any.

    `ignored` are columns that the source is known to have and that are skipped on purpose: never stored, and not
    schema drift. A name that ends in `*` matches every column with that prefix, except columns of the contract.
    """

    source: str
    name: str
    columns: tuple[Column, ...]
    key: tuple[str, ...]
    known_at: str | None
    ignored: tuple[str, ...] = ()
    privacy: Privacy = field(default_factory=Privacy, hash=False)
    # Layouts of the source that are not read: the name, and columns that only they have.
    other_layouts: tuple[tuple[str, tuple[str, ...]], ...] = ()
    # Column with the country of a phone number that is given without its code.
    phone_country: str | None = None

    @property
    def schema(self) -> str:
        return f"raw_{self.source}"

    @property
    def label(self) -> str:
        return f"{self.source}/{self.name}"

    @property
    def stored_columns(self) -> tuple[Column, ...]:
        """The columns of the contract, and the deletion flag that every raw table has, declared or not."""
        flag = Column(DELETION_FLAGS[0], "boolean", required=False, may_be_absent=True)
        return self.columns if any(column.name == flag.name for column in self.columns) else (*self.columns, flag)

    def ignores(self, name: str) -> bool:
        """Whether a delivered column is skipped on purpose, or read without being in the contract."""
        if any(column.name == name for column in self.columns):
            return False
        if name in DELETION_FLAGS + DELETION_TIMES:
            return True
        return any(name == known or (known[-1] == "*" and name.startswith(known[:-1])) for known in self.ignored)

    def unread_layout(self, names: list[str]) -> str | None:
        """The name of the layout that a file with these columns is in, where it is one that is not read."""
        for layout, columns in self.other_layouts:
            if set(columns).intersection(names):
                return layout
        return next(
            (layout for mark, layout in OTHER_LOADERS.items() if any(name.startswith(mark) for name in names)), None
        )

    @property
    def amount(self) -> str | None:
        """Column that holds the row's amount of money, if there is one."""
        names = {column.name for column in self.columns}
        return next((name for name in AMOUNTS if name in names), None)

    @property
    def amount_times(self) -> str | None:
        """Column to multiply `amount` by: the quantity, where the amount is a unit price."""
        names = {column.name for column in self.columns}
        return "quantity" if self.amount in UNIT_PRICES and "quantity" in names else None


@dataclass(frozen=True)
class Source:
    """One source system: tables by name, the setting that switches it on, the hours within which it must deliver.

    `unread_tables` are tables that its connector is known to load and that no model needs.
    """

    name: str
    switch: str
    sla_hours: int
    tables: dict[str, Table]
    unread_tables: frozenset[str] = frozenset()


def joined_key(table: Table, separator: str) -> str:
    """SQL expression for a stored record's key as one text."""
    return f" || {literal(separator)} || ".join(f"cast({quote(name)} as varchar)" for name in table.key)


@lru_cache(maxsize=4)
def load_contracts(folder: Path = CONTRACTS) -> dict[str, Source]:
    """All sources by name, from `<folder>/<source>/_<source>__sources.yml`; UserError names an invalid file."""
    sources: dict[str, Source] = {}
    for file in sorted(folder.glob("*/_*__sources.yml")):
        try:
            document = yaml.load(file.read_text(encoding="utf-8"), Loader=getattr(yaml, "CSafeLoader", yaml.SafeLoader))
            for entry in document["sources"]:
                sources[entry["name"]] = _source(entry)
        except (KeyError, TypeError, ValueError, yaml.YAMLError) as problem:
            text = " ".join(str(problem).split())
            raise UserError(
                f"{file}: not a source contract ({type(problem).__name__}: {text}); correct it"
            ) from problem
    if not sources:
        raise UserError(f"{folder}: no source contracts (_<source>__sources.yml) there; run from a complete project")
    return sources


def _source(entry: dict[str, Any]) -> Source:
    meta = entry["config"]["meta"]
    layouts = tuple((name, tuple(columns)) for name, columns in meta.get("other_layouts", {}).items())
    tables = {table["name"]: _table(entry["name"], table, layouts) for table in entry["tables"]}
    unread = frozenset(meta.get("unread_tables", ()))
    if both := sorted(unread.intersection(tables)):
        raise ValueError(f"{entry['name']}.{both[0]} is both declared and in unread_tables; remove it from one")
    return Source(entry["name"], meta["switch"], int(meta["sla_hours"]), tables, unread)


def _table(source: str, entry: dict[str, Any], layouts: tuple[tuple[str, tuple[str, ...]], ...]) -> Table:
    meta = entry["config"]["meta"]
    columns = tuple(
        Column(
            column["name"],
            column["data_type"].replace(" ", ""),
            bool(column.get("config", {}).get("meta", {}).get("required", False)),
            bool(column.get("config", {}).get("meta", {}).get("may_be_absent", False)),
        )
        for column in entry["columns"]
    )
    ignored = tuple(meta.get("ignored_columns", ()))
    table = Table(
        source, entry["name"], columns, tuple(meta["key"]), meta.get("known_at"), ignored, privacy_of(meta), layouts,
        meta.get("phone_country"),
    )  # fmt: skip
    required = {column.name for column in columns if column.required}
    for column in columns:
        if column.type not in TYPES:
            raise ValueError(f"{table.label}.{column.name} has type {column.type}; use one of {', '.join(TYPES)}")
        if column.name in ignored:
            raise ValueError(f"{table.label}.{column.name} is both declared and in ignored_columns; remove it from one")
        if column.required and column.may_be_absent:
            raise ValueError(f"{table.label}.{column.name} is required, so it cannot be may_be_absent")
    for name in ignored:
        if not re.fullmatch(r"[a-z0-9_]+[*]?", name):
            raise ValueError(
                f"{table.label}: ignored column {name} must be a lower-case name; only its last character may be *"
            )
    for name in table.key:
        if name not in required:
            raise ValueError(f"{table.label}: key column {name} must be a required column")
    if table.known_at and not any(c.name == table.known_at and c.type == "timestamp" for c in columns):
        raise ValueError(f"{table.label}: known_at column {table.known_at} must be a timestamp column")
    return table
