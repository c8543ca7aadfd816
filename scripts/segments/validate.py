"""Checks before a build: the seeds as files, then the rules in the warehouse; every error on one line."""

from __future__ import annotations

import functools
from collections.abc import Callable, Collection
from pathlib import Path
from typing import Any

import duckdb

from scripts.platform.errors import CheckFailed, UserError
from scripts.platform.progress import Progress
from scripts.platform.rendering import declared_nodes
from scripts.platform.seed_files import numbered_rows, read_header, seed_problems
from scripts.platform.warehouse import open_warehouse
from scripts.platform.workspace import BUSINESS_SEEDS, Workspace

RowText = Callable[[dict[str, str]], str]


def check_seeds(seeds: Path) -> None:
    """Check that every business seed is a file that can be loaded: encoding, header, delimiter, length of rows.

    Raises UserError when the folder is missing, CheckFailed with one line per problem otherwise.
    """
    if not seeds.is_dir():
        raise UserError(f"{seeds}: no such folder of seeds; run `python -m scripts setup`, or name it with --seeds")
    problems = []
    for shipped in sorted(BUSINESS_SEEDS.glob("*.csv")):
        problems += list(seed_problems(seeds / shipped.name, read_header(shipped)))
    if problems:
        raise CheckFailed("\n".join(problems))


# Models that list violations in seeds (seed_name, row_text, reason, suggestion), and their severity. Read one by one,
# because a violation may have kept some of them from being built.
VIOLATIONS = {
    "int_seed_violations": "'error'",
    "int_catalogue_name_violations": "'error'",
    "int_campaign_plan_violations": "'error'",
    "int_behaviour_window_errors": "'error'",
    "int_validation_rule_errors": "'error'",
    "int_segment_rule_errors": "severity",
}
# The retailer's rules, by their name in messages, and their seeds.
RULES = {
    "validation": ("validation_rules",),
    "consent": ("consent_rules", "consent_signals"),
    "customer": ("survivorship_rules", "customer_type_rules"),
    "event window": ("behaviour_windows",),
    "cost": ("cost_assumptions",),
    "topic and loyalty": ("topic_keywords", "sentiment_words", "loyalty_tiers"),
    "category": ("category_relations", "campaign_products"),
    "campaign plan and QA": ("campaign_plans", "qa_limits"),
    "source health": ("source_health_limits",),
    "source map": ("source_map_fields",),
    "attribute": ("attribute_limits", "attribute_bands"),
    "segment": ("segment_definitions", "segment_rule_conditions", "segment_operators"),
}
# Texts in the message of a build that was stopped by errors in seeds, besides the names of seeds.
MARKS = ("seeds_have_no_violations", "validation_rule", "segment rules have")


def is_about_rules(message: str) -> bool:
    """Whether the message of a failed build is about errors in seeds."""
    return any(mark in message for mark in (*MARKS, *(seed for seeds in RULES.values() for seed in seeds)))


def check_rules(workspace: Workspace, progress: Progress = print) -> None:
    """Report every error in the rules of the seeds as found in the warehouse, each on one line.

    Reads the models in VIOLATIONS, which the caller has built. Errors of segments that are not active are warnings.
    Raises CheckFailed when there is an error: nothing is evaluated, counted or sent by rules that are in doubt.
    """
    with open_warehouse(workspace.warehouse, read_only=True) as connection:
        tables = connection.execute(
            "select table_name from duckdb_tables() where schema_name = 'intermediate'"
        ).fetchall()
        built = sorted({name for (name,) in tables} & VIOLATIONS.keys())
        if not built:
            raise UserError(
                f"{workspace.warehouse}: the rules have not been checked yet; run `python -m scripts build` first"
            )
        found = _violations(connection, {model: f"intermediate.{model}" for model in built})
    _report(workspace, found, progress)


def check_rules_of_seeds(
    workspace: Workspace, variables: dict[str, Any], settings: dict[str, str], progress: Progress = print
) -> None:
    """The same for the seeds as they are now, over a warehouse that was built before; nothing is written."""
    from scripts.segments.evaluation import rules_in_memory

    with rules_in_memory(workspace, variables, settings=settings) as evaluation:
        relations = {model: str(evaluation.relation(model)) for model in VIOLATIONS}
        found = _violations(evaluation.connection, relations)
    _report(workspace, found, progress)


def _report(workspace: Workspace, found: list[tuple[str, ...]], progress: Progress) -> None:
    places = row_places(workspace.seeds)
    for severity, seed, row_text, reason, suggestion in found:
        lines = places.get((seed, row_text), [])
        place = f"{seed}.csv" + (f", line {', '.join(map(str, lines))}" if lines else "")
        progress(f"{severity}: {place} ({row_text}): {reason}; {suggestion}")
    problems = []
    for what, seeds in RULES.items():
        severities = [severity for severity, seed, *_ in found if seed in seeds]
        errors = severities.count("error")
        if errors:
            problems.append(
                f"{workspace.seeds}: the {what} rules have {errors} error(s); correct the rows listed above"
            )
        elif what == "segment":
            progress(f"segment rules: no errors, {len(severities)} warning(s)")
        else:
            progress(f"{what} rules: no errors")
    if problems:
        raise CheckFailed("\n".join(problems))


def _violations(connection: duckdb.DuckDBPyConnection, relations: dict[str, str]) -> list[tuple[str, ...]]:
    """Severity, seed, row, reason and suggestion of every violation, in this order."""
    found: list[tuple[str, ...]] = []
    for model, relation in relations.items():
        found += connection.execute(
            f"select {VIOLATIONS[model]}, seed_name, row_text, reason, suggestion from {relation}"
        ).fetchall()
    return sorted(found)


def row_places(seeds: Path, names: Collection[str] | None = None) -> dict[tuple[str, str], list[int]]:
    """Line numbers in the seeds (all, or `names`), by seed and the text that the rule check gives to a row."""
    places: dict[tuple[str, str], list[int]] = {}
    for name, text_of in _row_texts().items():
        if names is not None and name not in names:
            continue
        file = seeds / f"{name}.csv"
        if not file.exists():
            continue
        rows = numbered_rows(file.read_text(encoding="utf-8-sig"))
        header = [column.strip() for column in next(rows)[1]]
        for line, row in rows:
            cells = {column: cell.strip() for column, cell in zip(header, row, strict=False)}
            places.setdefault((name, text_of(cells)), []).append(line)
    return places


@functools.cache
def _row_texts() -> dict[str, RowText]:
    """How the rule check names a row, by seed: as the seed's YAML says, except for seeds checked by SQL alone."""
    texts: dict[str, RowText] = {
        "validation_rules": _rule_text,
    }
    for seed in declared_nodes().values():
        if seed["resource_type"] == "seed" and (row := seed["config"]["meta"].get("row")):
            texts[seed["name"]] = _declared_text(seed, row)
    return texts


def _declared_text(seed: dict[str, Any], row: str) -> RowText:
    """The text of a row by the template `row`; case is ignored where the column says so."""
    columns = {
        column["name"]: bool(column.get("config", {}).get("meta", {}).get("lower"))
        for column in seed["columns"].values()
    }
    unnamed = seed["config"]["meta"].get("unnamed", "(no key)")

    def text_of(cells: dict[str, str]) -> str:
        given = {name: cells.get(name, "").lower() if lower else cells.get(name, "") for name, lower in columns.items()}
        return row.format(**given).strip() or unnamed

    return text_of


def _rule_text(cells: dict[str, str]) -> str:
    """A row of a validation rule as the rule check writes it: its key and scope."""
    scope = "".join(f", {name} {cells[name].lower()}" for name in ("channel", "account") if cells.get(name))
    return (cells.get("rule_key", "") + scope) or "(no key)"
