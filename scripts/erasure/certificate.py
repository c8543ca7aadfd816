"""Log and certificates of erasures.

Entries are only ever added: repeating an erasure, or finishing one that was killed, can make a certificate say more and
never less.
"""

from __future__ import annotations

import json
from datetime import datetime
from typing import Any

import duckdb

from scripts.erasure.person import Person
from scripts.erasure.state import folder
from scripts.platform.errors import UserError
from scripts.platform.files import PRIVATE, replace_file
from scripts.platform.versions import code_version
from scripts.platform.workspace import Workspace

ERASED, NOBODY = "erased", "nobody found"
# Counts by table or file, and for raw tables by action too.
COUNTS = ("raw_tables", "other_relations", "kept_versions", "files")


def add_to_log(
    connection: duckdb.DuckDBPyConnection, run: str, person: Person, request_id: str | None,
    requested_at: datetime | None, now: datetime, content: dict[str, Any],
) -> None:  # fmt: skip
    """Add what one run did for one person; within the transaction that does it."""
    known = ERASED if person.is_known else NOBODY
    before = {entry["outcome"] for entry in log_of(connection, person.erasure_id)}
    entry = {
        "run": run,
        "outcome": known,
        "request_id": request_id,
        "requested_at": requested_at.isoformat() if requested_at else None,
        "carried_out_at": f"{now.isoformat()}Z",
        "customer_ids": person.customer_ids,
        **content,
    }
    connection.execute("insert into state.erasure_log values (?, ?)", [person.erasure_id, json.dumps(entry)])
    outcome = ERASED if ERASED in before else known
    connection.execute(
        "insert into state.erasure_requests select $request, $erasure, $outcome, null, $now where not exists (select 1 "
        "from state.erasure_requests where erasure_id = $erasure and request_id is not distinct from $request)",
        {"request": request_id, "erasure": person.erasure_id, "outcome": outcome, "now": now},
    )


def log_of(connection: duckdb.DuckDBPyConnection, erasure_id: str) -> list[dict[str, Any]]:
    """What each run did for one erasure, the earliest first."""
    rows = connection.execute("select content from state.erasure_log where erasure_id = ?", [erasure_id]).fetchall()
    # Entries of earlier releases have neither run nor instant; they are the oldest.
    entries = [{"run": None, "outcome": ERASED, "carried_out_at": "", **json.loads(row[0])} for row in rows]
    return sorted(entries, key=lambda entry: str(entry["carried_out_at"]))


def earlier_erasures(connection: duckdb.DuckDBPyConnection, erasure_id: str, hashes: list[str]) -> list[str]:
    """The other erasures that tombstones with one of these hashes belong to."""
    found = connection.execute(
        "select distinct erasure_id from state.erasure_tombstones where list_contains($hashes, identifier_hash)"
        " and erasure_id <> $erasure_id order by 1",
        {"hashes": hashes, "erasure_id": erasure_id},
    ).fetchall()
    return [row[0] for row in found]


def certify(
    workspace: Workspace,
    erasure_id: str,
    entries: list[dict[str, Any]],
    outside: dict[str, Any],
    searched: dict[str, int],
) -> None:
    """Write the certificate of one erasure: what the log has of it, and what was changed and searched outside.

    `outside`: rows by kept version and by file. UserError when the certificate that is there cannot be read.
    """
    file = folder(workspace) / f"{erasure_id}.json"
    try:
        before: dict[str, Any] = json.loads(file.read_text(encoding="utf-8")) if file.exists() else {}
    except ValueError:
        raise UserError(f"{file}: not readable as a certificate; restore it from a copy, then erase again") from None
    first = entries[0]
    certificate: dict[str, Any] = {
        "schema_version": 1,
        "erasure_id": erasure_id,
        "request_id": None,
        "requested_at": None,
        "code_version": code_version(),
        # An earlier release wrote only the certificate of the run that came last.
        **{name: value for name, value in before.items() if value is not None},
        "outcome": ERASED if ERASED in {before.get("outcome"), *(entry["outcome"] for entry in entries)} else NOBODY,
        "carried_out_at": before.get("carried_out_at") or first["carried_out_at"],
        "searched": searched,
    }
    for entry in entries:
        for name in ("request_id", "requested_at"):
            certificate[name] = certificate[name] or entry.get(name)
        for name in ("customer_ids", "erased_before_as"):
            if found := sorted({*certificate.get(name, []), *entry.get(name, [])}):
                certificate[name] = found
        for name in ("relations_to_build_anew", "tombstones", "removals"):
            certificate[name] = max(certificate.get(name, 0), entry.get(name, 0))
    for name in COUNTS:
        certificate[name] = stronger(certificate.get(name, {}), {**outside.get(name, {})})
        done: dict[str, Any] = {}
        for entry in entries:
            done = added(done, entry.get(name, {}))
        certificate[name] = stronger(certificate[name], done)
    certificate["runs"] = [
        {name: entry.get(name) for name in ("carried_out_at", "outcome", "request_id")}
        for entry in entries
        if entry["run"]
    ]
    replace_file(file, json.dumps(certificate, indent=2) + "\n", mode=PRIVATE)


def stronger(one: Any, other: Any) -> Any:
    """The union of two counts, each the larger where both have it: the same run counted twice is counted once."""
    if isinstance(one, dict) and isinstance(other, dict):
        return {name: stronger(one.get(name), other.get(name)) for name in sorted({*one, *other})}
    return max(value for value in (one, other) if value is not None)


def added(one: Any, other: Any) -> Any:
    """The sum of the counts of two runs."""
    if isinstance(one, dict) and isinstance(other, dict):
        return {name: added(one.get(name), other.get(name)) for name in sorted({*one, *other})}
    return (one or 0) + (other or 0) if not isinstance(one or other, dict) else one or other
