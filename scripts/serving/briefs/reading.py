"""What briefs read: the published marts, which hold no names and no addresses."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

import duckdb
import pandas as pd

from scripts.platform.errors import UserError
from scripts.platform.warehouse import open_warehouse, quote, rows_of
from scripts.platform.workspace import Workspace
from scripts.segments.segment_library import which_segment
from scripts.serving.briefs import phrasing
from scripts.serving.briefs.traits import COLUMNS

NEEDED = ("attribute_catalogue", "customer_features", "segment_library", "segment_memberships", "segment_rules")
# customer_id is a hash: this many of its characters identify a customer.
LEAST_OF_AN_ID = 8
Row = dict[str, Any]


def _query(relation: str, where: str, columns: str = "*") -> str:
    return f"select {columns} from {quote(relation)} where {where}"


@dataclass
class Published:
    """One published version, open for reading. Relations that it lacks are empty frames."""

    connection: duckdb.DuckDBPyConnection
    version: str
    as_of_date: str
    currency: str
    kind: str
    relations: frozenset[str]
    unavailable: dict[str, str]

    def frame(self, relation: str, where: str = "true", values: Sequence[Any] = (), columns: str = "*") -> pd.DataFrame:
        """Rows of a mart; none where this version has no such mart."""
        if relation not in self.relations:
            return pd.DataFrame()
        return self.connection.execute(_query(relation, where, columns), list(values)).df()

    def rows(self, relation: str, where: str = "true", values: Sequence[Any] = ()) -> list[Row]:
        """The same as dicts, with None for what is not known."""
        if relation not in self.relations:
            return []
        return rows_of(self.connection, _query(relation, where), list(values))

    def features(self, where: str = "true", values: Sequence[Any] = ()) -> pd.DataFrame:
        """The attributes that briefs use. Those whose source is off are unknown for all customers."""
        known = set(self.connection.table("customer_features").columns)
        columns = [name for name in COLUMNS if name in known and name not in self.unavailable]
        frame = self.frame("customer_features", where, values, ", ".join(map(quote, columns)))
        return frame.reindex(columns=list(COLUMNS))

    @property
    def about(self) -> str:
        """What the numbers are about, under the title of every brief."""
        demo = "simulated data, " if self.kind == "demo" else ""
        return (
            f"As of {self.as_of_date}, {demo}published version {self.version}; amounts in {self.currency}; "
            f"“365 days” are the 365 days ending on {self.as_of_date}."
        )


@dataclass
class SegmentFrames:
    """Everything that the brief of one segment is made from. `people` has a row per customer of the segment's scope,
    with the columns of `traits.COLUMNS` and `is_member`."""

    library: Row
    people: pd.DataFrame
    rule_attributes: frozenset[str]
    as_of_date: str
    currency: str
    unavailable: dict[str, str] = field(default_factory=dict)
    margin: Row | None = None
    overlaps: list[Row] = field(default_factory=list)
    sizes: list[Row] = field(default_factory=list)
    approvals: list[Row] = field(default_factory=list)
    demographics: list[Row] = field(default_factory=list)
    others: dict[str, Row] = field(default_factory=dict)


@dataclass
class CampaignFrames:
    """What a campaign brief is made from: the segment's frames, and what may be shown to its members."""

    segment: SegmentFrames
    channel: str
    recommendations: pd.DataFrame
    products: pd.DataFrame
    primary: pd.DataFrame
    others: dict[str, Row] = field(default_factory=dict)


@contextmanager
def open_published(workspace: Workspace) -> Iterator[Published]:
    """The version that readers see. Raises UserError where nothing is published, or it lacks what briefs need."""
    version = workspace.published.resolve()
    marts = version / "marts.duckdb"
    if not marts.exists():
        raise UserError(f"{workspace.published}: nothing is published; run `python -m scripts publish` first")
    try:
        manifest = dict(json.loads((version / "manifest.json").read_text(encoding="utf-8")))
    except (OSError, ValueError):
        raise UserError(f"{version / 'manifest.json'}: cannot be read; publish again") from None
    with open_warehouse(marts, read_only=True) as connection:
        relations = frozenset(
            name for (name,) in connection.execute("select table_name from duckdb_tables()").fetchall()
        )
        if missing := [name for name in NEEDED if name not in relations]:
            raise UserError(f"{marts}: lacks {', '.join(missing)}; build and publish again")
        unavailable = connection.execute(
            "select attribute_name, coalesce(unavailable_reason, 'not computed') from attribute_catalogue "
            "where not is_available"
        ).fetchall()
        yield Published(
            connection,
            version.name,
            str(manifest["as_of_date"]),
            str(manifest.get("reporting_currency") or "GBP"),
            str(manifest.get("kind") or ""),
            relations,
            dict(unavailable),
        )


def segment_frames(published: Published, segment_key: str) -> SegmentFrames:
    """Read what the brief of a segment needs. Raises UserError for a segment that is not in the library."""
    library = {row["segment_key"]: row for row in published.rows("segment_library")}
    if segment_key not in library:
        hint = which_segment(segment_key, library)
        raise UserError(f"segment `{segment_key}` is not in the published library; {hint}")
    own = library[segment_key]
    scope = "true" if own["scope"] == "all" else "customer_type = 'person'"
    people = published.features(scope)
    members = published.frame("segment_memberships", "segment_key = ?", [segment_key], "customer_id")
    people["is_member"] = people["customer_id"].isin(set(members["customer_id"])) if len(members) else False
    of_the_segment = ("segment_key = ?", [segment_key])
    rules = published.frame("segment_rules", "segment_key = ? and kind = 'include'", [segment_key], "attribute")
    margins = published.rows("segment_margin", *of_the_segment)
    return SegmentFrames(
        library=own,
        people=people,
        rule_attributes=frozenset(rules["attribute"]) if len(rules) else frozenset(),
        as_of_date=published.as_of_date,
        currency=published.currency,
        unavailable=published.unavailable,
        margin=margins[0] if margins else None,
        overlaps=published.rows("segment_overlap", *of_the_segment),
        sizes=published.rows("segment_sizes", *of_the_segment),
        approvals=published.rows("segment_approval_status", *of_the_segment),
        demographics=published.rows(
            "demographic_overlap",
            "dimension = 'lifecycle_stage' and not is_suppressed and other_dimension in ('all', 'age_band', 'region')",
        ),
        others=library,
    )


def find_customer(published: Published, asked: str) -> tuple[str, str]:
    """The customer_id meant by `asked` and a note, empty or about a merge. Raises UserError where there is none.

    What was typed is not repeated unless it looks like a customer_id: it may be somebody's address.
    """
    asked = asked.strip()
    if not re.fullmatch(r"[0-9a-fA-F]+", asked):
        raise UserError(
            "briefs identify customers by their customer_id only (letters a to f and digits), not by a name or an "
            "address; take it from the relation `customers` or from an audience file"
        )
    asked = asked.lower()
    found = published.frame("customer_features", "customer_id = ?", [asked], "customer_id")
    if len(found):
        return asked, ""
    merged = published.rows("customer_id_changes", "old_customer_id = ? and current_customer_id <> ?", [asked, asked])
    if merged:
        row = merged[0]
        return row["current_customer_id"], f"{asked} was merged into this customer on {phrasing.day(row['changed_on'])}"
    if len(asked) >= LEAST_OF_AN_ID:
        begun = published.frame("customer_features", "starts_with(customer_id, ?)", [asked], "customer_id")
        if len(begun) == 1:
            return str(begun["customer_id"].iloc[0]), ""
    like = published.frame(
        "customer_features", "starts_with(customer_id, ?)", [asked[:4]], "customer_id"
    ).sort_values("customer_id")  # fmt: skip
    meant = [str(value) for value in like.get("customer_id", [])][:3]
    did_you_mean = (
        f"; did you mean {phrasing.joined(meant, 'or')}?" if meant else "; the relation `customers` lists them"
    )
    raise UserError(f"customer {asked} is not in the published version{did_you_mean}")
