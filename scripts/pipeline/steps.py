"""The steps up to a built warehouse, and what each needs from the one before."""

from __future__ import annotations

import os
from collections.abc import Iterable
from typing import Any

from scripts.platform.build_record import RULES
from scripts.platform.errors import CheckFailed, UserError
from scripts.platform.files import copy_file, replace_file
from scripts.platform.imported import stop_without_raw_tables
from scripts.platform.keyed_hash import KEY_VARIABLE
from scripts.platform.progress import Progress, quiet
from scripts.platform.seed_files import only_writer, read_header, read_rows, rows_as_csv, seed_problems
from scripts.platform.settings import NOTES, Settings, changed_settings, read_settings, store_settings
from scripts.platform.warehouse import open_warehouse, quote
from scripts.platform.workspace import BUSINESS_SEEDS, PROJECT, Workspace
from scripts.segments.approval_log import add_missing_column

# How a build says how serious a statement is.
STATEMENT_WORDS = {"fail": "error", "warn": "warning", "ok": "note"}
# Schemas that dbt can rebuild. Raw tables and the state of identity and history cannot be rebuilt and are elsewhere.
REBUILT_SCHEMAS = frozenset({"seeds", "staging", "intermediate", "marts", "pii", "activation"})


def setup(workspace: Workspace, progress: Progress = print) -> None:
    """Install dbt packages, and give the workspace a seeds folder of its own if it has none."""
    from scripts.platform.packages import install_packages

    install_packages(PROJECT, progress)
    copy_missing_seeds(workspace, progress)


def copy_missing_seeds(workspace: Workspace, progress: Progress = print) -> None:
    """Copy the business seeds that the workspace lacks; existing ones are the retailer's and stay."""
    if workspace.seeds == BUSINESS_SEEDS:
        return
    workspace.seeds.mkdir(parents=True, exist_ok=True)
    missing = [file for file in sorted(BUSINESS_SEEDS.glob("*.csv")) if not (workspace.seeds / file.name).exists()]
    for file in missing:
        copy_file(file, workspace.seeds / file.name)
    if missing:
        progress(f"seeds: {len(missing)} copied to {workspace.seeds}")
    add_missing_limits(workspace, progress)
    if add_missing_column(workspace.seeds):
        progress(
            f"seeds: the approval log in {workspace.seeds} has the column approved_use now; approve every use anew"
        )


# Seeds of which every row is needed: models look each limit up by name.
LIMITS = ("attribute_limits", "consent_signals", "qa_limits")


def add_missing_limits(workspace: Workspace, progress: Progress = print) -> None:
    """Add the limits that a seeds folder of an earlier version lacks, with the shipped values; existing rows stay."""
    from scripts.segments.validate import row_places

    for name in LIMITS:
        shipped, own = BUSINESS_SEEDS / f"{name}.csv", workspace.seeds / f"{name}.csv"
        columns = read_header(shipped)
        with only_writer(workspace.seeds):
            # An unreadable file is left as it is; `check_seeds` reports it.
            if list(seed_problems(own, columns)):
                continue
            there = row_places(workspace.seeds, [name])
            rows = dict(zip(row_places(BUSINESS_SEEDS, [name]), read_rows(shipped, columns), strict=True))
            missing: dict[str, dict[str, object]] = {key[1]: dict(row) for key, row in rows.items() if key not in there}
            if not missing:
                continue
            given = own.read_bytes()
            added = rows_as_csv(read_header(own), missing.values()).split(b"\n", 1)[1]
            replace_file(own, given + (b"" if given.endswith(b"\n") else b"\n") + added)
        progress(f"seeds: {own} had no row for {', '.join(missing)}; added with the shipped values")


def demo(workspace: Workspace, arguments: dict[str, Any], progress: Progress = print) -> None:
    """Write landing files: simulated, or converted from a real data set."""
    if arguments["source"] == "online-retail":
        from scripts.demo.online_retail import convert

        convert(arguments["file"], workspace, progress)
        return
    from scripts.demo.simulator import simulate

    given = {name: arguments[name] for name in ("customers", "end_date", "seed") if arguments[name] is not None}
    simulate(workspace, **given, progress=progress)


def validate(workspace: Workspace, variables: dict[str, Any], progress: Progress = print) -> None:
    """Check the seeds as files and the approval log, then all rules and declarations.

    Once a warehouse has been built, the rules are checked over it and nothing is written; before, dbt builds what the
    checks read.
    """
    from scripts.platform.dbt import run_dbt
    from scripts.segments.approval_log import verified_log
    from scripts.segments.approvers import read_roster
    from scripts.segments.validate import VIOLATIONS, check_rules, check_rules_of_seeds, check_seeds

    settings = read_settings(workspace, variables)
    setup(workspace, progress)
    check_seeds(workspace.seeds)
    verified_log(workspace)
    read_roster(workspace)
    _need_raw_tables(workspace)
    if _is_built(workspace):
        check_rules_of_seeds(workspace, settings.variables, settings.landing, progress)
        return
    _use_settings(workspace, settings)
    variables = settings.variables
    run_dbt(workspace, ["seed"], variables=variables, kind=RULES, progress=quiet)
    run_dbt(
        workspace,
        [
            # What the rules depend on, not the data that fitted models are evaluated on.
            *("run", "--select", "attribute_catalogue"),
            "+int_segment_rule_errors,path:models/segments/intermediate/rules",
            *("+int_catalogue_name_violations", "+int_validation_rule_errors"),
            *VIOLATIONS,
        ],
        variables=variables,
        kind=RULES,
        progress=quiet,
    )
    check_rules(workspace, progress)


def build(
    workspace: Workspace,
    *,
    variables: dict[str, Any] | None = None,
    select: str | None = None,
    exclude: str | None = None,
    kind: str = "",
    progress: Progress = print,
) -> int:
    """Build and test the models of one workspace, all or those selected; returns the number of tests that passed.

    `kind` is what the record of builds calls a selection that the scripts make; a user's own has none, and what it
    builds is not published. Raises UserError where nothing is selected.
    """
    from scripts.platform.dbt import parsed_project, run_dbt
    from scripts.platform.state import restore
    from scripts.segments.approval_log import verified_log
    from scripts.segments.approvers import read_roster
    from scripts.segments.validate import check_rules, check_seeds, is_about_rules

    settings = read_settings(workspace, variables)
    setup(workspace, progress)
    check_seeds(workspace.seeds)
    verified_log(workspace)
    read_roster(workspace)
    _need_raw_tables(workspace)
    if select:
        _refuse_other_settings(workspace, settings)
    _use_settings(workspace, settings)
    if workspace.made_from() is None and not os.environ.get(KEY_VARIABLE):
        progress(
            "warning: customer ids are hashed with the public demo key; "
            "set SEGMENTATION_HASH_KEY to a secret of your own"
        )
    restore(workspace, progress)
    # Unit tests check the code, not the data: plain `dbt build` and `make test` run them, a daily build need not.
    arguments = ["build", "--exclude-resource-type", "unit_test"]
    arguments += ["--select", *select.split()] if select else []
    arguments += ["--exclude", *exclude.split()] if exclude else []
    progress(f"build: {'selected models' if select or exclude else 'all models and tests'}")
    try:
        results = run_dbt(workspace, arguments, variables=settings.variables, kind=kind, progress=progress)
    except CheckFailed as problem:
        # Says which rows are wrong; the failed test alone only counts them.
        if is_about_rules(str(problem)):
            check_rules(workspace, progress)
        raise
    if not results:
        raise UserError(f"--select {select}: matches nothing; `dbt ls --select …` shows what it holds")
    if not select:
        # Excluded models are left for another build; they are no leftovers.
        drop_leftovers(workspace, parsed_project(workspace).nodes.values(), progress)
    tests = sum(result.node.resource_type == "test" for result in results)
    progress(f"build: {len(results) - tests} seeds and models, {tests} tests passed")
    if not select:
        for line in statements(workspace):
            progress(line)
    return tests


def drop_leftovers(workspace: Workspace, built: Iterable[Any], progress: Progress = print) -> None:
    """Drop what an earlier version of the project built and this one no longer does; `built` are all its nodes."""
    kept = {(node.schema, node.alias) for node in built if node.resource_type in ("model", "seed")}
    with open_warehouse(workspace.warehouse) as connection:
        found = connection.execute(
            "select table_schema, table_name, table_type from information_schema.tables"
            " where table_catalog = current_database()"
        ).fetchall()
        leftovers = [row for row in found if row[0] in REBUILT_SCHEMAS and (row[0], row[1]) not in kept]
        for schema, name, kind in leftovers:
            connection.execute(f"drop {'view' if kind == 'VIEW' else 'table'} {quote(schema)}.{quote(name)} cascade")
    if leftovers:
        progress(f"build: {len(leftovers)} relations that no model builds any more were dropped")


def statements(workspace: Workspace) -> list[str]:
    """What makes the results of the last build empty or doubtful, one line each, the worst first."""
    with open_warehouse(workspace.warehouse, read_only=True) as connection:
        found = connection.execute(
            f"select severity, note from marts.{NOTES} where kind = 'statement'"
            " order by severity <> 'fail', severity <> 'warn', note_key"
        ).fetchall()
    return [f"{STATEMENT_WORDS[severity]}: {note}" for severity, note in found]


def _use_settings(workspace: Workspace, settings: Settings) -> None:
    """Let dbt read the landing zone's settings as they are now, not as they were at the last intake."""
    with open_warehouse(workspace.warehouse) as connection:
        store_settings(connection, settings.landing)


def _is_built(workspace: Workspace) -> bool:
    """Whether the warehouse has been built down to memberships."""
    with open_warehouse(workspace.warehouse, read_only=True) as connection:
        return bool(
            connection.execute(
                "select 1 from duckdb_tables() where schema_name = 'marts' and table_name = 'segment_memberships'"
            ).fetchone()
        )


def _refuse_other_settings(workspace: Workspace, settings: Settings) -> None:
    """UserError where part of the models would be built with other settings than the rest was."""
    if changed := changed_settings(workspace, settings):
        raise UserError(
            f"{workspace.warehouse}: was built with other settings ({'; '.join(changed)}); build all models, "
            "without --select"
        )


def _need_raw_tables(workspace: Workspace) -> None:
    if not workspace.warehouse.exists():
        raise UserError(f"{workspace.warehouse}: no warehouse yet; run `python -m scripts intake` first")
    stop_without_raw_tables(workspace, "build on Spark and import its marts again")
