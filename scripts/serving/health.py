"""Health report for people and monitors: each source at the last build, what is published, what is waiting.

Sources are checked as of the build's as_of_date, never against the clock: a build of last month's data is as healthy
as the data were then. The clock is used for one thing only, the age of the published version. Where the day is pinned
by the settings of generated data, that age is reported but not checked, unless a time is given to check it at.
"""

from __future__ import annotations

import json
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from typing import Any

import duckdb

from scripts.platform.errors import CheckFailed, UserError
from scripts.platform.progress import Progress
from scripts.platform.settings import DAY, NOTES, changed_settings, read_settings
from scripts.platform.versions import current_version
from scripts.platform.warehouse import WarehouseBusy, open_warehouse, rows_of
from scripts.platform.workspace import Workspace

SCHEMA_VERSION = 1
MAX_AGE_HOURS = 48.0
SEVERITIES = ("ok", "warn", "fail")
CHECK_COLUMNS = ["source", "table_name", "check_name", "severity", "reason", "observed", "limit_value"]
# What a colour of model_health means here.
MODEL_SEVERITIES = {"green": "ok", "yellow": "warn", "red": "fail"}
MODEL_COLUMNS = ["model_key", "check_name", "status", "observed", "reason"]
HEALTH_COLUMNS = [
    "source", "table_name", "status", "severity", "status_reason", "is_on", "row_count", "last_known_at", "age_hours",
    "source_age_hours", "sla_hours", "as_of_date",
]  # fmt: skip

Rows = list[dict[str, Any]]


@dataclass
class Health:
    """The report: `document` is what `--json` prints; `problems` and `notes` are its findings, one line each."""

    document: dict[str, Any] = field(default_factory=dict)
    problems: list[tuple[str, str]] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)

    def add(self, severity: str, line: str) -> None:
        if (severity, line) not in self.problems:
            self.problems.append((severity, line))

    @property
    def overall(self) -> str:
        return max((severity for severity, _ in self.problems), key=SEVERITIES.index, default="ok")


def health(
    workspace: Workspace,
    *,
    as_json: bool = False,
    strict: bool = False,
    now: datetime | None = None,
    max_age_hours: float = MAX_AGE_HOURS,
    progress: Progress = print,
) -> None:
    """Print the health report. Raises CheckFailed when something fails, or with `strict` when something warns."""
    found = examine(workspace, now=now, max_age_hours=max_age_hours)
    bad = ("warn", "fail") if strict else ("fail",)
    found.document["strict"] = strict
    found.document["healthy"] = found.overall not in bad
    if as_json:
        progress(json.dumps(found.document, indent=2, default=_as_text))
    else:
        for line in _lines(found):
            progress(line)
    if not found.document["healthy"]:
        count = sum(severity in bad for severity, _ in found.problems)
        raise CheckFailed(f"not healthy: {count} finding(s), listed above")


def examine(workspace: Workspace, *, now: datetime | None = None, max_age_hours: float = MAX_AGE_HOURS) -> Health:
    """Examine the warehouse, or the published version where the warehouse cannot be read.

    The document, version 1; a part that cannot be known is null, and none holds personal data:

        schema_version  1; keys may be added within a version, never renamed
        overall         ok, warn or fail: the worst of `findings`
        healthy         whether the exit code is 0; `strict` says whether warnings count (both are set by `health`)
        as_of_date      business day that the sources are checked for
        read_from       warehouse or published: where the sources' rows were read
        warehouse       path; state: ready, busy (held by another process), missing, not_built, outdated, unreadable;
                        reason
        published       version, as_of_date, created_at, age_hours (from the end of as_of_date), is_age_judged
        last_load       load_id, file_count, failed_file_count, landed_rows, accepted_rows, rejected_rows,
                        last_delivered_at, open_circuits (list of sources)
        sources         per source: source, status and severity of its worst table, reasons, is_on, row_count,
                        last_known_at, age_hours (since its last news), sla_hours, tables; per table the same as in
                        marts.source_health, and checks as in marts.source_checks
        models          per check of a fitted model: model_key, check_name, status, observed, reason, as in
                        marts.model_health; empty where nothing is fitted
        statements      what makes results empty or doubtful: subject, severity, note, value, as in marts.build_notes
        dead_letters    open_count, value_at_risk (as in marts.dead_letters)
        findings, notes all problems (severity, text), and what is merely worth knowing

    Days are ISO 8601, instants UTC.
    """
    found = Health()
    warehouse: dict[str, Any] = {"path": str(workspace.warehouse), "state": "ready", "reason": None}
    sources: Rows | None = None
    checks: Rows = []
    models: Rows = []
    statements: Rows = []
    letters = last_load = None
    read_from = None
    pinned = _pinned_day(workspace, found)
    try:
        with open_warehouse(workspace.warehouse, read_only=True) as connection:
            last_load = _last_load(connection, found)
            sources, checks, letters = _read(connection, "marts.")
            if sources is None:
                built = _has(connection, "marts", "source_health")
                warehouse["state"] = "outdated" if built else "not_built"
                warehouse["reason"] = (
                    "was built by an earlier version" if built else "holds no source_health"
                ) + "; run `python -m scripts build`"
            else:
                read_from = "warehouse"
                models = _models(connection, "marts.")
                statements = _statements(connection, "marts.")
    except UserError as problem:
        warehouse["state"] = (
            "missing"
            if not workspace.warehouse.exists()
            else ("busy" if isinstance(problem, WarehouseBusy) else "unreadable")
        )
        warehouse["reason"] = str(problem).removeprefix(f"{workspace.warehouse}: ")
    except duckdb.Error as problem:
        warehouse["state"], warehouse["reason"] = "unreadable", str(problem).splitlines()[0]
    if warehouse["reason"]:
        # A build or a load that holds it is normal; readers have the published version.
        found.add("ok" if warehouse["state"] == "busy" else "fail", f"{workspace.warehouse}: {warehouse['reason']}")
    published = _published(workspace, found, now, pinned, max_age_hours)
    if sources is None and published is not None:
        sources, checks, letters, models, statements = _read_published(workspace, found)
        read_from = "published" if sources is not None else None
    if sources is None and warehouse["state"] == "busy":
        found.add("fail", f"{workspace.published}: nothing readable is published either; wait for the other process")
    for row in sources or []:
        if row["severity"] != "ok":
            found.add(row["severity"], f"{row['source']}: {row['status_reason']}")
    for row in statements:
        if row["severity"] == "ok":
            found.notes.append(row["note"])
        else:
            found.add(row["severity"], row["note"])
    for row in models:
        if (severity := MODEL_SEVERITIES[row["status"]]) != "ok":
            what = f"{row['check_name']} is {row['status']}, {row['reason']}"
            found.add(severity, f"model {row['model_key']}: {what}; fit it again")
    found.document = {
        "schema_version": SCHEMA_VERSION,
        "overall": found.overall,
        "as_of_date": sources[0]["as_of_date"] if sources else None,
        "read_from": read_from,
        "warehouse": warehouse,
        "published": published,
        "last_load": last_load,
        "sources": _by_source(sources or [], checks),
        "models": models,
        "statements": statements,
        "dead_letters": letters,
        "findings": [{"severity": severity, "text": line} for severity, line in found.problems],
        "notes": found.notes,
    }
    return found


def _pinned_day(workspace: Workspace, found: Health) -> bool:
    """Whether the settings fix the day of generated data: its age says nothing then."""
    try:
        settings = read_settings(workspace)
    except UserError as problem:
        if str(workspace.settings_file) in str(problem):
            found.add("fail", str(problem))
        return False
    with suppress(UserError):  # not built, or held by another process: said elsewhere
        for line in changed_settings(workspace, settings):
            found.add("warn", f"{workspace.settings_file}: was changed after the build ({line}); build and publish")
    return DAY in settings.values and settings["kind"] != "own"


def _read(connection: duckdb.DuckDBPyConnection, schema: str) -> tuple[Rows | None, Rows, dict[str, Any] | None]:
    """Rows of source_health and source_checks, and the sum of open dead letters; None where there are none."""
    try:
        sources = rows_of(
            connection, f"select {', '.join(HEALTH_COLUMNS)} from {schema}source_health order by source, table_name"
        )
    except (duckdb.CatalogException, duckdb.BinderException):
        return None, [], None
    try:
        checks = rows_of(
            connection,
            f"select {', '.join(CHECK_COLUMNS)} from {schema}source_checks order by source, table_name, check_name",
        )
    except (duckdb.CatalogException, duckdb.BinderException):
        checks = []
    return sources or None, checks, _open_letters(connection, schema)


def _models(connection: duckdb.DuckDBPyConnection, schema: str) -> Rows:
    """Checks of fitted models; none where nothing is fitted, or the build was by an earlier version."""
    try:
        return rows_of(
            connection, f"select {', '.join(MODEL_COLUMNS)} from {schema}model_health order by model_key, check_name"
        )
    except (duckdb.CatalogException, duckdb.BinderException):
        return []


def _statements(connection: duckdb.DuckDBPyConnection, schema: str) -> Rows:
    """What makes results empty or doubtful; none where the build was by an earlier version."""
    try:
        return rows_of(
            connection,
            f"select subject, severity, note, value from {schema}{NOTES} where kind = 'statement' order by note_key",
        )
    except (duckdb.CatalogException, duckdb.BinderException):
        return []


def _open_letters(connection: duckdb.DuckDBPyConnection, schema: str) -> dict[str, Any] | None:
    """How many refused rows still wait for a fix, and their value; rows with warnings are in use and do not count."""
    try:
        row = rows_of(
            connection,
            f"select count(*) as open_count, coalesce(sum(value_at_risk), 0) as value_at_risk from {schema}dead_letters"
            " where state = 'open' and severity <> 'warn'",
        )[0]
    except (duckdb.CatalogException, duckdb.BinderException):
        return None
    return {"open_count": row["open_count"], "value_at_risk": float(row["value_at_risk"])}


def _last_load(connection: duckdb.DuckDBPyConnection, found: Health) -> dict[str, Any] | None:
    """The latest load in the ledger. Files that could not be read are findings whatever day the build describes."""
    try:
        rows = rows_of(
            connection,
            """
            select
                load_id,
                count(*) as file_count,
                count(*) filter (where status <> 'loaded') as failed_file_count,
                cast(coalesce(sum(landed_rows), 0) as bigint) as landed_rows,
                cast(coalesce(sum(accepted_rows), 0) as bigint) as accepted_rows,
                cast(coalesce(sum(rejected_rows), 0) as bigint) as rejected_rows,
                max(delivered_at) as last_delivered_at
            from intake.files
            where load_id = (select max(load_id) from intake.files)
            group by load_id
            """,
        )
        failed = rows_of(
            connection,
            """
            select failed.path, failed.reason from intake.files as failed
            where failed.status <> 'loaded' and not exists (
                select 1 from intake.files as later
                where later.path = failed.path and later.status = 'loaded' and later.file_id > failed.file_id
            )
            order by failed.path
            """,
        )
    except (duckdb.CatalogException, duckdb.BinderException):
        return None
    for row in failed:
        found.add("fail", f"{row['path']}: {row['reason'] or 'could not be read; deliver it again'}")
    try:
        circuits = rows_of(connection, "select distinct source_name, reason from intake.circuits order by 1")
    except (duckdb.CatalogException, duckdb.BinderException):
        circuits = []
    for row in circuits:
        found.add(
            "fail",
            f"{row['source_name']}: intake stopped trying the source ({row['reason']}); fix this and run intake",
        )
    return {**rows[0], "open_circuits": sorted({row["source_name"] for row in circuits})} if rows else None


def _published(
    workspace: Workspace, found: Health, now: datetime | None, pinned: bool, max_age_hours: float
) -> dict[str, Any] | None:
    """The published version and its age: hours from the end of the day that it describes (in UTC) to now."""
    version = current_version(workspace)
    if version is None:
        found.add("warn", f"{workspace.published}: nothing is published; run `python -m scripts publish`")
        return None
    try:
        manifest = json.loads((workspace.versions / version / "manifest.json").read_text(encoding="utf-8"))
        day = date.fromisoformat(manifest["as_of_date"])
    except (OSError, ValueError, KeyError, TypeError):
        found.add(
            "fail", f"{workspace.versions / version}: its manifest.json cannot be read; publish again or roll back"
        )
        return {"version": version, "as_of_date": None, "created_at": None, "age_hours": None, "is_age_judged": False}
    end = datetime(day.year, day.month, day.day, tzinfo=UTC) + timedelta(days=1)
    age = round(max(((now or datetime.now(UTC)) - end).total_seconds() / 3600, 0.0), 1)
    is_checked = now is not None or not pinned
    if is_checked and age > max_age_hours:
        found.add(
            "fail", f"version {version} is {age:.0f} hours old where {max_age_hours:.0f} are allowed; build and publish"
        )
    elif not is_checked:
        found.notes.append(
            f"the day is pinned to {day} by the settings: the age of the published version is not checked"
        )
    return {
        "version": version,
        "as_of_date": day,
        "created_at": manifest.get("created_at"),
        "age_hours": age,
        "is_age_judged": is_checked,
    }


def _read_published(workspace: Workspace, found: Health) -> tuple[Rows | None, Rows, dict[str, Any] | None, Rows, Rows]:
    file = workspace.published.resolve() / "marts.duckdb"
    try:
        with open_warehouse(file, read_only=True) as connection:
            sources, checks, letters = _read(connection, "")
            models, statements = _models(connection, ""), _statements(connection, "")
    except (UserError, duckdb.Error) as problem:
        found.add("fail", f"{file}: {str(problem).splitlines()[0].removeprefix(f'{file}: ')}")
        return None, [], None, [], []
    if sources is None:
        found.add("fail", f"{file}: was published by an earlier version; build and publish again")
    return sources, checks, letters, models, statements


def _by_source(tables: Rows, checks: Rows) -> Rows:
    """One entry per source with its tables, and for each table its checks; the worst gives the source's status."""
    entries: Rows = []
    for name in dict.fromkeys(row["source"] for row in tables):
        rows = [row for row in tables if row["source"] == name]
        worst = max(rows, key=lambda row: (SEVERITIES.index(row["severity"]), row["row_count"]))
        # A table without rows says nothing about a source that delivers others.
        ages = [row["source_age_hours"] for row in rows if row["source_age_hours"] is not None]
        entries.append({
            "source": name,
            "status": worst["status"],
            "severity": worst["severity"],
            "reasons": list(dict.fromkeys(row["status_reason"] for row in rows if row["severity"] != "ok")),
            "is_on": worst["is_on"],
            "row_count": sum(row["row_count"] for row in rows),
            "last_known_at": max((row["last_known_at"] for row in rows if row["last_known_at"]), default=None),
            "age_hours": min(ages, default=None),
            "sla_hours": min(row["sla_hours"] for row in rows),
            "tables": [
                {
                    **{key: row[key] for key in HEALTH_COLUMNS if key not in ("source", "as_of_date", "is_on")},
                    "checks": [
                        {key: check[key] for key in CHECK_COLUMNS[2:]}
                        for check in checks
                        if (check["source"], check["table_name"]) == (name, row["table_name"])
                    ],
                }
                for row in rows
            ],
        })  # fmt: skip
    return entries


def _lines(found: Health) -> list[str]:
    """The document as a table and sentences."""
    document = found.document
    lines = []
    if document["sources"]:
        lines.append(f"sources at the end of {document['as_of_date']}, from the {document['read_from']}")
        cells = [["source", "status", "tables", "rows", "news, hours ago", "SLA, hours"]]
        cells += [
            [
                entry["source"],
                entry["status"],
                str(sum(1 for table in entry["tables"] if table["row_count"])),
                f"{entry['row_count']:,}",
                "" if entry["age_hours"] is None else f"{entry['age_hours']:,}",
                f"{entry['sla_hours']:,}",
            ]
            for entry in document["sources"]
        ]
        widths = [max(len(row[place]) for row in cells) for place in range(len(cells[0]))]
        for row in cells:
            texts = [text.ljust(width) for text, width in zip(row[:2], widths[:2], strict=True)]
            texts += [text.rjust(width) for text, width in zip(row[2:], widths[2:], strict=True)]
            lines.append("  " + "  ".join(texts).rstrip())
    if load := document["last_load"]:
        lines.append(
            f"last load {load['load_id']}: {load['file_count']} files, {load['accepted_rows']:,} of "
            f"{load['landed_rows']:,} rows accepted, {load['rejected_rows']:,} refused"
        )
    if models := document["models"]:
        names = sorted({row["model_key"] for row in models})
        lines.append(f"fitted models: {', '.join(names)}")
    if letters := document["dead_letters"]:
        lines.append(f"dead letters: {letters['open_count']:,} open, {letters['value_at_risk']:,.2f} at risk")
    if published := document["published"]:
        age = "" if published["age_hours"] is None else f", {published['age_hours']:,.0f} hours old"
        lines.append(f"published: {published['version']}{age}")
    lines += [f"note: {note}" for note in found.notes]
    order = sorted(found.problems, key=lambda finding: -SEVERITIES.index(finding[0]))
    lines += [f"{'note' if severity == 'ok' else severity}: {line}" for severity, line in order]
    return [*lines, f"overall: {found.overall}"]


def _has(connection: duckdb.DuckDBPyConnection, schema: str, table: str) -> bool:
    return bool(
        connection.execute(
            "select 1 from information_schema.tables where table_schema = ? and table_name = ?", [schema, table]
        ).fetchall()
    )


def _as_text(value: Any) -> str:
    """Days and instants as ISO 8601; instants are UTC."""
    if isinstance(value, datetime):
        return value.strftime("%Y-%m-%dT%H:%M:%SZ")
    return value.isoformat() if isinstance(value, date) else str(value)


def instant(text: str) -> datetime:
    """A UTC instant from `2026-07-01T06:00:00Z`, or a day's beginning from `2026-07-01`; ValueError otherwise."""
    found = datetime.fromisoformat(text)
    return found.replace(tzinfo=UTC) if found.tzinfo is None else found.astimezone(UTC)
