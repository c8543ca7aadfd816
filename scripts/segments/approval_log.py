"""The approval log as a chain: every row holds a hash of itself and of the row before it, per segment.

Changing, moving, adding or removing a row breaks the chain, and cutting off its end loses the head that every
published version names. With SEGMENTATION_APPROVAL_KEY in the environment rows are signed (HMAC): then nobody without
the key can write a valid row. Without a key, somebody with write access to the log and all published versions can
forge both; only the key, or version control, prevents that. With the key set, rows without a signature count for
nothing.
"""

from __future__ import annotations

import codecs
import csv
import hashlib
import hmac
import io
import json
import os
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from scripts.platform.approval_key import KEY_VARIABLE
from scripts.platform.errors import CheckFailed, UserError
from scripts.platform.files import replace_file
from scripts.platform.seed_files import only_writer
from scripts.platform.workspace import Workspace

FILE = "segment_approvals.csv"
SIGNED = "hmac:"
# The order of the cells in the text that is hashed; the model int_segment_approval_log hashes the same text.
CHAINED = (
    "segment_key", "sequence", "decision", "rule_fingerprint", "role", "approved_by", "approved_at", "count_low",
    "count_high", "previous_hash",
)  # fmt: skip
COLUMNS = [
    "segment_key", "rule_fingerprint", "role", "approved_by", "approved_at", "count_low", "count_high", "decision",
    "sequence", "previous_hash", "row_hash", "approved_use",
]  # fmt: skip
# Logs of earlier releases; a row without a use has the hash that it had then, and counts for nothing.
EARLIER_COLUMNS = COLUMNS[:-1]

Cells = dict[str, str]
Heads = dict[str, dict[str, Any]]


@dataclass(frozen=True)
class Row:
    """A row of the log and its line number."""

    line: int
    cells: Cells

    @property
    def key(self) -> str:
        return self.cells["segment_key"]

    @property
    def sequence(self) -> int:
        """Its place in the segment's chain; 0 where the cell holds no number."""
        text = self.cells["sequence"]
        return int(text) if text.isascii() and text.isdigit() and len(text) < 10 else 0

    @property
    def is_signed(self) -> bool:
        return self.cells["row_hash"].startswith(SIGNED)


def read_log(seeds: Path) -> list[Row]:
    """The rows of the log in their order; none when there is no file. Raises UserError when its columns differ."""
    file = seeds / FILE
    if not file.exists():
        return []
    reader = csv.reader(io.StringIO(file.read_text(encoding="utf-8-sig"), newline=""))
    rows: list[Row] = []
    header: list[str] | None = None
    line = 1
    for cells in reader:
        if header is None:
            header = [name.strip() for name in cells]
            if header not in (COLUMNS, EARLIER_COLUMNS):
                raise UserError(f"{file}: its first line must be {','.join(COLUMNS)}; restore it, nothing was written")
        elif len(cells) != len(header):
            raise UserError(f"{file}, line {line}: has {len(cells)} cells, not {len(header)}; restore the line")
        else:
            rows.append(Row(line, {"approved_use": "", **dict(zip(header, cells, strict=True))}))
        line = reader.line_num + 1
    return rows


def verified_log(workspace: Workspace) -> list[Row]:
    """The rows of the log, verified to be as they were written.

    Raises CheckFailed with one line per problem: a broken chain, a signature that is invalid or cannot be checked,
    rows missing that a published version knew.
    """
    rows = read_log(workspace.seeds)
    problems = [*_chain_problems(workspace.seeds / FILE, rows), *_anchor_problems(workspace, rows)]
    if problems:
        raise CheckFailed("\n".join(problems))
    return rows


def rows_that_count(rows: list[Row]) -> list[Row]:
    """With a key in the environment the signed rows only: anybody may have written the others, wherever they are."""
    return [row for row in rows if row.is_signed] if os.environ.get(KEY_VARIABLE) else rows


def append_rows(workspace: Workspace, rows: list[Cells]) -> None:
    """Append rows to the chains of their segments, filling in their last three cells.

    Existing rows keep their own spelling. Raises CheckFailed, and writes nothing, when the log is broken.
    """
    file = workspace.seeds / FILE
    add_missing_column(workspace.seeds)
    with only_writer(workspace.seeds):
        heads = log_heads(verified_log(workspace))
        before = file.read_bytes() if file.exists() else (",".join(COLUMNS) + "\n").encode()
        if not before.endswith(b"\n"):
            before += b"\n"
        added = io.StringIO()
        writer = csv.DictWriter(added, COLUMNS, lineterminator="\n")
        for row in rows:
            head = heads.get(row["segment_key"], {"sequence": 0, "row_hash": ""})
            cells = {**row, "sequence": str(head["sequence"] + 1), "previous_hash": head["row_hash"]}
            cells["row_hash"] = _hash(cells, os.environ.get(KEY_VARIABLE))
            heads[row["segment_key"]] = {"sequence": head["sequence"] + 1, "row_hash": cells["row_hash"]}
            writer.writerow(cells)
        replace_file(file, before + added.getvalue().encode())


def add_missing_column(seeds: Path) -> bool:
    """Give a log of an earlier release the column that it lacks; its cells stay as they are. Whether it lacked it."""
    file = seeds / FILE
    with only_writer(seeds):
        # Any other first line is a fault, which `check_seeds` names.
        header = file.read_bytes().partition(b"\n")[0] if file.exists() else b""
        if header.removeprefix(codecs.BOM_UTF8).strip() != ",".join(EARLIER_COLUMNS).encode():
            return False
        rows = read_log(seeds)
        text = io.StringIO()
        writer = csv.DictWriter(text, COLUMNS, lineterminator="\n")
        writer.writeheader()
        writer.writerows(row.cells for row in rows)
        replace_file(file, text.getvalue().encode())
    return True


def log_heads(rows: list[Row]) -> Heads:
    """The last row of every segment's chain, as {segment: {sequence, row_hash}}: what manifests name."""
    return {row.key: {"sequence": row.sequence, "row_hash": row.cells["row_hash"]} for row in rows}


def _hash(cells: Cells, key: str | None) -> str:
    """Hash of the cells, each with its length before it, so that nothing can move from one cell to the next."""
    chained = [*CHAINED, *(["approved_use"] if cells["approved_use"] else [])]
    text = "".join(f"{len(cells[name])}:{cells[name]}" for name in chained).encode()
    if key:
        return SIGNED + hmac.new(key.encode(), text, hashlib.sha256).hexdigest()
    return hashlib.sha256(text).hexdigest()


def _chain_problems(file: Path, rows: list[Row]) -> Iterator[str]:
    key = os.environ.get(KEY_VARIABLE)
    signed = [row for row in rows if row.is_signed]
    if signed and not key:
        yield (
            f"{file}: {len(signed)} of its rows are signed and cannot be checked without their key; set {KEY_VARIABLE}"
        )
        return
    if signed and not any(_is_valid(row, key) for row in signed):
        yield (
            f"{file}: no signature is valid under {KEY_VARIABLE}: it is not the key that the rows were signed with, or "
            "all of them were changed; set the key they were signed with"
        )
        return
    chains: dict[str, list[Row]] = {}
    for row in rows:
        chains.setdefault(row.key, []).append(row)
    for segment, chain in chains.items():
        for line, what in _violations(chain, key):
            yield (
                f"{file}, line {line}: segment `{segment}`: {what}; restore the file from version control or from "
                f"data/versions/*/{FILE}, then approve what is missing"
            )


def _is_valid(row: Row, key: str | None) -> bool:
    return hmac.compare_digest(row.cells["row_hash"], _hash(row.cells, key if row.is_signed else None))


def _violations(chain: list[Row], key: str | None) -> Iterator[tuple[int, str]]:
    """What is wrong with one segment's rows, in the order of the file."""
    before: Row | None = None
    for row in chain:
        number = before.sequence + 1 if before else 1
        if not _is_valid(row, key):
            yield row.line, f"row {row.cells['sequence']} of its approvals was changed after it was written"
        elif row.sequence > number:
            yield row.line, f"row {number} of its approvals was deleted or moved: this is row {row.sequence}"
        elif row.sequence < number:
            yield row.line, f"row {row.sequence} of its approvals appears twice or out of order"
        elif row.cells["previous_hash"] != (before.cells["row_hash"] if before else ""):
            yield (
                row.line,
                f"row {row.sequence} of its approvals does not follow from the row before: a row was inserted",
            )
        elif before and before.is_signed and not row.is_signed:
            yield row.line, f"row {row.sequence} of its approvals is not signed although those before it are"
        before = row


def _anchor_problems(workspace: Workspace, rows: list[Row]) -> Iterator[str]:
    """Rows that a published version knew and the log no longer has."""
    held = {(row.key, row.sequence): row.cells["row_hash"] for row in rows}
    seen = set()
    for manifest in sorted(workspace.versions.glob("[0-9]*/manifest.json"), reverse=True):
        for segment, head in _anchored_heads(manifest).items():
            found = held.get((segment, head["sequence"]))
            if found == head["row_hash"] or segment in seen:
                continue
            seen.add(segment)
            what = "was cut off" if found is None else "was rewritten"
            yield (
                f"{workspace.seeds / FILE}: segment `{segment}`: its log {what}: version {manifest.parent.name} was "
                f"published with row {head['sequence']}, which is {'gone' if found is None else 'different now'}; "
                f"restore the file from version control or from {manifest.parent / FILE}"
            )


def _anchored_heads(manifest: Path) -> Heads:
    try:
        return dict(json.loads(manifest.read_text(encoding="utf-8")).get("approval_heads") or {})
    except (OSError, ValueError):
        return {}
