"""Publishes the marts: copy, audit, one atomic switch. Readers see the old version or the new one, never half of one.

In a published file the relations lie in its main schema: DuckDB names a file's catalogue after the file, so
`marts.customers` finds them in marts.duckdb, while a schema of that name in it would make `marts` ambiguous.
"""

from __future__ import annotations

import hashlib
import json
import os
import re
import shutil
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import duckdb

from scripts.platform.build_record import whole_build
from scripts.platform.errors import CheckFailed, UserError
from scripts.platform.files import move_file, name_folder, remove_folder, replace_file, switch_link
from scripts.platform.progress import Progress
from scripts.platform.settings import NOTES, built_settings
from scripts.platform.state import back_up, replace_back_up
from scripts.platform.versions import (
    INCOMING,
    code_version,
    columns_of,
    content_checksums,
    current_version,
    only_publisher,
    relations_of,
)
from scripts.platform.warehouse import literal, open_warehouse, quote
from scripts.platform.workspace import Workspace
from scripts.segments import approval_log
from scripts.segments.changed_since import built_rows, suppression
from scripts.serving import expectations

VERSIONS_KEPT = 5
ORDER_SOURCES = ("shopify", "pos", "marketplace")

# Relations that readers rely on: their first columns, in this order. Those under OPTIONAL may be missing.
REQUIRED: dict[str, list[str]] = {
    "customers": ["customer_id", "customer_type"],
    "customer_identities": ["source_system", "source_profile_id", "customer_id"],
    "orders": ["order_id", "customer_id", "channel", "ordered_at", "ordered_date"],
    "order_lines": [],
    "returns": [],
    "products": [],
    "customer_rfm": [
        "customer_id",
        "as_of_date",
        "recency_days",
        "frequency",
        "monetary",
        "r_score",
        "f_score",
        "m_score",
        "rfm_group",
    ],
    "customer_margin": [
        "customer_id",
        "as_of_date",
        "gross_revenue",
        "discounts",
        "returns_amount",
        "shipping_revenue",
        "net_revenue",
        "cogs",
        "shipping_cost",
        "payment_fees",
        "marketplace_fees",
        "return_handling_cost",
        "service_cost",
        "contribution_margin",
    ],
    "customer_features": ["customer_id", "as_of_date"],
    "segment_library": ["segment_key"],
    "segment_rules": ["segment_key"],
    "segment_memberships": [
        "as_of_date",
        "customer_id",
        "segment_key",
        "priority",
        "is_primary",
        "entered_date",
        "rule_version",
    ],
    "customer_primary_segment": ["customer_id", "channel", "segment_key"],
    "segment_sizes": ["as_of_date", "segment_key", "customer_count"],
    "segment_overlap": ["as_of_date", "segment_key", "other_segment_key"],
    "source_health": ["source"],
    "build_notes": ["note_key", "kind", "severity", "subject", "value", "origin", "note"],
}
OPTIONAL: dict[str, list[str]] = {
    "customer_clusters": ["customer_id", "as_of_date", "cluster_key", "cluster_name", "distance"],
    "customer_value": ["customer_id", "as_of_date"],
    "customer_behaviour_windows": ["customer_id", "as_of_date"],
    "customer_recommendations": ["customer_id", "sku", "as_of_date"],
    "order_margins": ["order_id", "customer_id"],
    "segment_margin": ["as_of_date", "segment_key"],
    "membership_changes": [
        "as_of_date",
        "customer_id",
        "segment_key",
        "change",
        "reason",
        "previous_as_of_date",
        "rule_version",
    ],
    "segment_membership_history": [
        "customer_id",
        "segment_key",
        "valid_from",
        "valid_to",
        "entry_reason",
        "exit_reason",
    ],
    "segment_versions": ["segment_key", "change_number", "rule_version", "rule_fingerprint"],
    "segment_changelog": ["segment_key", "from_version", "to_version", "effective_from"],
    "segment_qa": ["segment_key", "check_name", "status"],
    "customer_consents": ["customer_id", "channel", "purpose", "status", "is_permitted"],
    "consent_history": ["customer_id", "channel", "purpose", "status", "valid_from", "valid_to"],
    "suppressions": ["customer_id", "channel", "reason", "since", "source"],
    "dead_letters": ["source", "record_key", "reason", "severity", "value_at_risk"],
    "source_map": ["field", "kind", "source"],
}
NEVER_EMPTY = ["customers", "customer_identities", "customer_features", "segment_library", "source_health"]
# Empty only when no source delivered an order.
NEVER_EMPTY_WITH_ORDERS = ["orders", "order_lines", "customer_margin"]
# All of them must describe the same day.
ONE_DAY = ["customer_features", "customer_rfm", "customer_margin"]

IDENTIFIER_COLUMN = re.compile(r"^(.*_)?(email|phone|first_name|last_name|full_name|address_line_?[0-9]*)$")
EMAIL = "[A-Za-z0-9._%+-]+@[A-Za-z0-9-]+[.][A-Za-z]{2,}"
INTERNATIONAL_PHONE = "(^|[^0-9A-Za-z])[+][1-9][0-9 ()-]{6,16}[0-9]($|[^0-9])"
NATIONAL_PHONE = "[(]?0[1-9][0-9 ().-]{8,15}"
# Codes of this kind may look like a national phone number.
CODE_COLUMN = re.compile(r"(_id|_key|_hash|_number|_ref|sku|barcode)$")


def publish(workspace: Workspace, progress: Progress = print, *, tests_passed: int | None = None) -> Path:
    """Publish what the warehouse holds and return the folder of the version that readers now see.

    The marts are copied into a hidden folder, audited there, renamed into place and switched to; content
    that equals the published version makes no new one. Raises CheckFailed, one line per problem, when the warehouse is
    not whole, the audit fails or the approval log is broken, UserError when the warehouse or the disk prevents it.
    Either way the published version stays.
    """
    approval_heads = approval_log.log_heads(approval_log.verified_log(workspace))
    with open_warehouse(workspace.warehouse, read_only=True) as warehouse:
        if not relations_of(warehouse, "marts"):
            raise UserError(f"{workspace.warehouse}: holds no marts; run `python -m scripts build` first")
        built_suppression = suppression(built_rows(warehouse))
    stands_on = whole_build(workspace).described()
    with only_publisher(workspace):
        incoming = workspace.versions / f"{INCOMING}{os.getpid()}"
        incoming.mkdir(mode=0o700)
        try:
            manifest = {
                **_write(workspace, incoming, tests_passed, progress),
                "approval_heads": approval_heads,
                "build": stands_on,
                "suppression": built_suppression,
            }
            target = _install(workspace, incoming, manifest, progress)
        except OSError as problem:
            raise _not_written(workspace, problem) from problem
        except duckdb.Error as problem:
            raise _not_written(workspace, problem) from problem
        finally:
            shutil.rmtree(incoming, ignore_errors=True)
        _prune(workspace)
    return target


def rollback(workspace: Workspace, version: str | None = None) -> Path:
    """Switch readers to `version`, or to the one before the current; returns its folder."""
    with only_publisher(workspace):
        kept = _kept(workspace)
        current = current_version(workspace)
        if version is None:
            earlier = kept[: kept.index(current)] if current in kept else kept
            if not earlier:
                raise UserError(f"{workspace.versions}: no earlier version to roll back to; build and publish instead")
            version = earlier[-1]
        if version not in kept:
            raise UserError(f"{workspace.versions}: no version {version}; kept are {', '.join(kept) or 'none'}")
        _switch(workspace, version)
    return workspace.versions / version


def audit(marts: Path) -> list[str]:
    """What is wrong with a marts.duckdb, one line per problem; empty when it may be published."""
    with open_warehouse(marts, read_only=True) as connection:
        relations = relations_of(connection)
        problems = list(_shape_problems(connection, relations))
        if not problems:
            problems += _content_problems(connection)
        return [*problems, *_identifier_problems(connection, relations)]


def _write(workspace: Workspace, incoming: Path, tests_passed: int | None, progress: Progress) -> dict[str, Any]:
    """Copy, audit and describe: everything of a version except its name."""
    marts, activation = incoming / "marts.duckdb", incoming / "activation.duckdb"
    _copy_schema(workspace.warehouse, marts, "marts", incoming / "parquet")
    if problems := audit(marts):
        raise CheckFailed("\n".join(problems))
    _check_profiles(workspace, incoming, progress)
    _copy_schema(workspace.warehouse, activation, "activation", None)
    activation.chmod(0o600)
    back_up(workspace, incoming)
    if (workspace.seeds / approval_log.FILE).exists():
        shutil.copyfile(workspace.seeds / approval_log.FILE, incoming / approval_log.FILE)
    shutil.rmtree(incoming / "spill", ignore_errors=True)
    with open_warehouse(marts, read_only=True) as connection:
        day = _value(connection, "select max(as_of_date) from marts.customer_features")
    checksums = content_checksums(marts) | content_checksums(activation)
    rows = _row_counts(marts) | _row_counts(activation)
    manifest: dict[str, Any] = {
        "version": None,
        "as_of_date": day.isoformat(),
        "created_at": datetime.now(UTC).strftime("%Y-%m-%dT%H:%M:%SZ"),
        "code_version": code_version(),
        **_run_settings(workspace),
        "input_fingerprint": _input_fingerprint(workspace),
        "tests_passed": tests_passed,
        "checksum_rule": "md5 per row, summed over rows in any order; doubles rounded to 9 significant digits",
        "relations": {name: {"rows": rows[name], "checksum": checksums[name]} for name in sorted(checksums)},
    }
    return manifest


def _check_profiles(workspace: Workspace, incoming: Path, progress: Progress) -> None:
    """Check the warehouse's profiles against the expectations; the results become part of the version.

    Raises CheckFailed, one line per expectation, when a critical one is not met; the page that shows all of them
    is then left in `refused/`, beside the warehouse.
    """
    quality = expectations.check_profiles(workspace.warehouse)
    progress(quality.summary())
    refused = workspace.home / "refused"
    if lines := quality.critical_lines():
        refused.mkdir(exist_ok=True)
        expectations.write(quality, refused)
        raise CheckFailed("\n".join([*lines, f"nothing is published; all results: {refused / expectations.PAGE}"]))
    shutil.rmtree(refused, ignore_errors=True)
    expectations.write(quality, incoming)


def _keep_newest_results(incoming: Path, version: Path) -> None:
    """The same data may be checked again with other limits: readers then see the new results with the same data."""
    results = json.loads((incoming / expectations.RESULTS).read_text(encoding="utf-8"))
    if results["status"] != "not_run" or not (version / expectations.RESULTS).exists():
        for name in (expectations.RESULTS, expectations.PAGE):
            move_file(incoming / name, version / name)


def _keep_newest_origin(incoming: Path, version: Path, manifest: dict[str, Any]) -> None:
    """Log and build may be newer although the data did not change: the version then names the new ones."""
    file = version / "manifest.json"
    described = json.loads(file.read_text(encoding="utf-8"))
    newer = {name: manifest[name] for name in ("build", "suppression")}
    if (incoming / approval_log.FILE).exists():
        move_file(incoming / approval_log.FILE, version / approval_log.FILE)
        newer["approval_heads"] = manifest["approval_heads"]
    replace_file(file, json.dumps({**described, **newer}, indent=2) + "\n")


def _install(workspace: Workspace, incoming: Path, manifest: dict[str, Any], progress: Progress) -> Path:
    """Give the written version its name and switch to it, unless readers have the very same content already."""
    current = current_version(workspace)
    if current and _same_content(_manifest(workspace, current), manifest):
        _keep_newest_results(incoming, workspace.versions / current)
        _keep_newest_origin(incoming, workspace.versions / current, manifest)
        replace_back_up(incoming, workspace.versions / current)
        progress(f"published {current}: nothing changed, no new version")
        return workspace.versions / current
    number = max((int(name.rsplit("-", 1)[1]) for name in _kept(workspace)), default=0) + 1
    version = f"{manifest['as_of_date']}-{number:03d}"
    (incoming / "manifest.json").write_text(
        json.dumps({**manifest, "version": version}, indent=2) + "\n", encoding="utf-8"
    )
    incoming.chmod(0o755)
    name_folder(incoming, workspace.versions / version)
    _switch(workspace, version)
    rows = sum(relation["rows"] for relation in manifest["relations"].values())
    progress(f"published {version}: {len(manifest['relations'])} relations, {rows:,} rows")
    return workspace.versions / version


def _copy_schema(warehouse: Path, target: Path, schema: str, parquet: Path | None) -> None:
    """All relations of one schema as tables of a new DuckDB file, with their comments, and as Parquet if asked."""
    with open_warehouse(target) as connection:
        connection.execute(f"attach {literal(str(warehouse))} as warehouse (read_only)")
        for name in relations_of(connection, schema, "warehouse"):
            relation = f"main.{quote(name)}"
            connection.execute(f"create table {relation} as select * from warehouse.{schema}.{quote(name)}")
            if parquet:
                parquet.mkdir(exist_ok=True)
                file = literal(str(parquet / f"{name}.parquet"))
                connection.execute(f"copy {relation} to {file} (format parquet, compression zstd)")
        for name, column, comment in connection.execute(
            """
            select table_name, null, comment from duckdb_tables()
            where database_name = 'warehouse' and schema_name = $schema and comment is not null
            union all
            select table_name, column_name, comment from duckdb_columns()
            where database_name = 'warehouse' and schema_name = $schema and comment is not null
            """,
            {"schema": schema},
        ).fetchall():
            part = f"column main.{quote(name)}.{quote(column)}" if column else f"table main.{quote(name)}"
            connection.execute(f"comment on {part} is {literal(comment)}")
        connection.execute("detach warehouse")
        connection.execute("checkpoint")


def _shape_problems(connection: duckdb.DuckDBPyConnection, relations: list[str]) -> Iterator[str]:
    for name, first_columns in (REQUIRED | OPTIONAL).items():
        if name not in relations:
            if name in REQUIRED:
                yield f"marts.{name}: is missing; run `python -m scripts build`"
            continue
        found = list(columns_of(connection, name))[: len(first_columns)]
        if found != first_columns:
            yield (
                f"marts.{name}: its first columns are {', '.join(found)} where readers expect "
                f"{', '.join(first_columns)}; correct the model"
            )


def _content_problems(connection: duckdb.DuckDBPyConnection) -> Iterator[str]:
    sources = ", ".join(literal(name) for name in ORDER_SOURCES)
    delivered = (
        _value(connection, "select coalesce(sum(row_count), 0) from marts.source_health")
        if ("row_count" in columns_of(connection, "source_health"))
        else 0
    )
    ordering = delivered and _value(
        connection, f"select coalesce(sum(row_count), 0) from marts.source_health where source in ({sources})"
    )
    for name in NEVER_EMPTY + (NEVER_EMPTY_WITH_ORDERS if ordering else []):
        if not _value(connection, f"select count(*) from marts.{quote(name)}"):
            yield f"marts.{name}: has no rows; {_why_empty(connection, name, delivered)}"
    days = {
        (name, day)
        for name in ONE_DAY
        for (day,) in connection.execute(f"select distinct as_of_date from marts.{quote(name)}").fetchall()
    }
    if len({day for _, day in days}) > 1:
        seen = ", ".join(f"{name} {day}" for name, day in sorted(days))
        yield f"marts: relations describe different days ({seen}); build all of them for one as_of_date"
    # The status in this run where there is one: an active segment may lack a source.
    statuses = [name for name in ("effective_status", "status") if name in columns_of(connection, "segment_library")]
    inactive = (
        connection.execute(
            f"""
        select distinct memberships.segment_key from marts.segment_memberships as memberships
        left join marts.segment_library as library on memberships.segment_key = library.segment_key
        where coalesce(library.{statuses[0]}, '') <> 'active' order by 1
        """
        ).fetchall()
        if statuses
        else []
    )
    for (segment,) in inactive:
        yield f"marts.segment_memberships: segment {segment} has members but is not active; build again"


def _why_empty(connection: duckdb.DuckDBPyConnection, name: str, delivered: int) -> str:
    """The likely cause of a relation without rows, and what to do about it."""
    if name == "segment_library":
        return "segment_definitions.csv defines no segment; restore the seeds with `python -m scripts setup` and build"
    if name == "source_health":
        return "the build left the sources out; run `python -m scripts build` without --select"
    said = _value(connection, f"select min(note) from marts.{NOTES} where kind = 'statement' and severity = 'fail'")
    if said:
        return str(said)
    if not delivered:
        return "no source has delivered anything; fill the landing zone, run `python -m scripts intake` and build"
    held_back = (
        _value(connection, "select count(*) from marts.dead_letters where state = 'open' and severity <> 'warn'")
        if {"state", "severity"} <= set(columns_of(connection, "dead_letters"))
        else 0
    )
    if held_back:
        return f"{held_back:,} of the rows delivered are held back; marts.dead_letters says why; correct them and build"
    return f"none of the {delivered:,} rows delivered counts on the day that was built; build for a later day (--as-of)"


def _identifier_problems(connection: duckdb.DuckDBPyConnection, relations: list[str]) -> Iterator[str]:
    """Columns that hold, or are named like, an e-mail address, a phone number or a name."""
    for name in relations:
        texts = [column for column, kind in columns_of(connection, name).items() if re.search("VARCHAR|JSON", kind)]
        checks = []
        for column in texts:
            if IDENTIFIER_COLUMN.match(column):
                yield f"marts.{name}.{column}: identifiers belong in schema pii; leave the column out of the mart"
            text = f"cast({quote(column)} as varchar)"
            # A cheap test first, in a case: only what passes it is matched against the pattern.
            tests = [
                f"when contains({text}, '@') then regexp_matches({text}, '{EMAIL}')",
                f"when contains({text}, '+') then regexp_matches({text}, '{INTERNATIONAL_PHONE}')",
            ]
            if not CODE_COLUMN.search(column):
                tests.append(
                    f"when starts_with({text}, '0') or starts_with({text}, '(')"
                    f" then regexp_full_match({text}, '{NATIONAL_PHONE}')"
                    f" and length(regexp_replace({text}, '[^0-9]', '', 'g')) between 10 and 12"
                )
            matches = " or ".join(f"case {test} else false end" for test in tests)
            checks.append(f"count(*) filter (where {matches})")
        if not checks:
            continue
        found = connection.execute(f"select {', '.join(checks)} from marts.{quote(name)}").fetchone() or ()
        for column, count in zip(texts, found, strict=True):
            if count:
                yield (
                    f"marts.{name}.{column}: {count} value(s) look like an e-mail address or a phone number; "
                    "identifiers belong in schema pii"
                )


def _row_counts(file: Path) -> dict[str, int]:
    with open_warehouse(file, read_only=True) as connection:
        return {
            f"{file.stem}.{name}": _value(connection, f"select count(*) from {quote(name)}")
            for name in relations_of(connection)
        }


def _value(connection: duckdb.DuckDBPyConnection, query: str) -> Any:
    row = connection.execute(query).fetchone()
    return row[0] if row else None


def _input_fingerprint(workspace: Workspace) -> str | None:
    """Hash of the intake ledger and the settings; None where the raw tables were loaded another way."""
    with open_warehouse(workspace.warehouse, read_only=True) as connection:
        if not {"files", "settings"} <= set(relations_of(connection, "intake")):
            return None
        wanted = [
            name
            for name in ("source_name", "table_name", "checksum", "accepted_rows")
            if name in columns_of(connection, "files", "intake")
        ]
        files = connection.execute(f"select {', '.join(wanted)} from intake.files order by all").fetchall()
        settings = connection.execute("select setting_name, setting_value from intake.settings order by all").fetchall()
    return hashlib.sha256(json.dumps([files, settings], default=str).encode()).hexdigest()[:32]


def _run_settings(workspace: Workspace) -> dict[str, str]:
    """Kind of data and reporting currency, as built."""
    found = built_settings(workspace)
    return {name: found[name] for name in ("kind", "reporting_currency")}


def _same_content(published: dict[str, Any], candidate: dict[str, Any]) -> bool:
    return all(published.get(part) == candidate[part] for part in ("as_of_date", "relations"))


def _manifest(workspace: Workspace, version: str) -> dict[str, Any]:
    try:
        return dict(json.loads((workspace.versions / version / "manifest.json").read_text(encoding="utf-8")))
    except (OSError, ValueError):
        return {}


def _kept(workspace: Workspace) -> list[str]:
    """Ids of complete versions, in the order in which they were published."""
    found = [path.parent.name for path in workspace.versions.glob("*/manifest.json")]
    return sorted(
        (name for name in found if re.fullmatch(r"[0-9]{4}-[0-9]{2}-[0-9]{2}-[0-9]+", name)),
        key=lambda name: int(name.rsplit("-", 1)[1]),
    )


def _prune(workspace: Workspace) -> None:
    """Keep the last versions, and the published one in any case."""
    current = current_version(workspace)
    for version in _kept(workspace)[:-VERSIONS_KEPT]:
        if version != current:
            remove_folder(workspace.versions / version, workspace.versions / f"{INCOMING}old-{version}")


def _switch(workspace: Workspace, version: str) -> None:
    """Point `published` at a version in one step."""
    if workspace.published.exists() and not workspace.published.is_symlink():
        raise UserError(
            f"{workspace.published}: is not the symlink that publishing keeps; move it away and publish again"
        )
    switch_link(
        workspace.published, Path(workspace.versions.name) / version, workspace.home / f".published-{os.getpid()}"
    )


def _not_written(workspace: Workspace, problem: Exception) -> UserError:
    first_line = str(problem).strip().splitlines()[0]
    kept = current_version(workspace) or "nothing"
    return UserError(
        f"{workspace.versions}: could not write ({first_line}); fix this and publish again; readers keep {kept}"
    )
