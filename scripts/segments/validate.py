"""Checks before a build: the seeds as files, then the rules in the warehouse; every fault on one line."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import duckdb

from scripts.platform.errors import CheckFailed, UserError
from scripts.platform.seed_files import numbered_rows, read_header, seed_problems
from scripts.platform.warehouse import open_warehouse
from scripts.platform.world import BUSINESS_SEEDS, World
from scripts.segments.segment_library import CONDITIONS, DEFINITIONS

VALIDATION_RULES = "validation_rules.csv"

Progress = Callable[[str], None]


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


def validate(world: World, progress: Progress = print) -> None:
    """Report every fault of the segment rules as the warehouse found them, each on one line.

    Reads `int_segment_rule_errors`, which the caller has built. Faults of segments that are not active are
    warnings. Raises CheckFailed when there is an error.
    """
    found = _report(
        world,
        "select severity, seed_name, row_text, reason, suggestion from intermediate.int_segment_rule_errors"
        " order by severity, seed_name, segment_key, row_text, reason",
        progress,
    )
    errors = sum(1 for severity, *_ in found if severity == "error")
    warnings = len(found) - errors
    if errors:
        raise CheckFailed(f"{world.seeds}: the segment rules have {errors} error(s); mend the rows named above")
    progress(f"segment rules: no errors, {warnings} warning(s) about segments that are not active yet")


@dataclass(frozen=True)
class SeedRules:
    """Rules that a retailer keeps in seeds and the warehouse checks.

    `what` names them in messages; `select` builds `model`, which lists their faults (seed_name, row_text, reason,
    suggestion); one of `marks` is in the message of a build that they stopped.
    """

    what: str
    model: str
    marks: tuple[str, ...]
    with_parents: bool = True

    @property
    def select(self) -> str:
        return f"+{self.model}" if self.with_parents else self.model


SEED_RULES = (
    SeedRules("validation", "int_validation_rule_errors", ("validation_rule",)),
    SeedRules("consent", "int_consent_rule_errors", ("consent_rule",)),
    SeedRules(
        "customer",
        "int_customer_rule_errors",
        ("customer_rule", "survivorship_rule", "customer_type_rule"),
        with_parents=False,
    ),
    SeedRules("event window", "int_behaviour_window_errors", ("behaviour_window",), with_parents=False),
    SeedRules("cost", "int_cost_rule_errors", ("cost_rule", "cost assumptions")),
    SeedRules(
        "topic and loyalty",
        "int_experience_rule_errors",
        ("experience_rule", "topic_keyword", "sentiment_word", "loyalty_tier"),
        with_parents=False,
    ),
    SeedRules("category", "int_category_rule_errors", ("category_rule",)),
    SeedRules("campaign plan and QA", "int_qa_rule_errors", ("qa_rule",)),
)


def check_seed_rules(world: World, rules: SeedRules, progress: Progress = print) -> None:
    """Report every fault of these rules as the warehouse found them, each on one line.

    Reads `rules.model`, which the caller has built. Raises CheckFailed when there is a fault: nothing is judged,
    counted or sent by rules that are in doubt.
    """
    found = _report(
        world,
        f"select 'error', seed_name, row_text, reason, suggestion from intermediate.{rules.model} order by all",
        progress,
    )
    if found:
        raise CheckFailed(
            f"{world.seeds}: the {rules.what} rules have {len(found)} error(s); mend the rows named above"
        )
    progress(f"{rules.what} rules: no errors")


def _report(world: World, query: str, progress: Progress) -> list[tuple[str, ...]]:
    """Say every fault that `query` finds (severity, seed, row, reason, suggestion) with its line, and return them."""
    with open_warehouse(world.warehouse, read_only=True) as connection:
        try:
            found = connection.execute(query).fetchall()
        except duckdb.CatalogException:
            raise UserError(f"{world.warehouse}: rules not checked yet; run `python -m scripts build`") from None
    places = row_places(world.seeds)
    for severity, seed, row_text, reason, suggestion in found:
        lines = places.get((seed, row_text), [])
        place = f"{seed}.csv" + (f", line {', '.join(map(str, lines))}" if lines else "")
        progress(f"{severity}: {place} ({row_text}): {reason}; {suggestion}")
    return found


def row_places(seeds: Path) -> dict[tuple[str, str], list[int]]:
    """Line numbers in the seeds, by seed and the text that the rule check gives to a row."""
    places: dict[tuple[str, str], list[int]] = {}
    for name, text_of in ROW_TEXTS.items():
        file = seeds / name
        if not file.exists():
            continue
        rows = numbered_rows(file.read_text(encoding="utf-8-sig"))
        header = [column.strip() for column in next(rows)[1]]
        for line, row in rows:
            cells = {column: cell.strip() for column, cell in zip(header, row, strict=False)}
            places.setdefault((file.stem, text_of(cells) or "(no key)"), []).append(line)
    return places


def _cells(*columns: str, lower: bool = False, missing: str = "") -> Callable[[dict[str, str]], str]:
    """How the rule check writes a row of which these cells are the key."""

    def text_of(cells: dict[str, str]) -> str:
        text = ", ".join(cells.get(column, "") for column in columns)
        return (text.lower() if lower else text) or missing

    return text_of


def _row_text(cells: dict[str, str]) -> str:
    """A condition as the rule check writes it."""
    return (
        f"{cells.get('segment_key', '')}, {cells.get('kind', '').lower()} {cells.get('alternative', '')}, "
        f"{cells.get('attribute', '')} {cells.get('operator', '').lower()} {cells.get('value', '')}"
    ).strip()


def _rule_text(cells: dict[str, str]) -> str:
    """A row of a validation rule as the rule check writes it: its key and scope."""
    scope = "".join(f", {name} {cells[name].lower()}" for name in ("channel", "account") if cells.get(name))
    return cells.get("rule_key", "") + scope


ROW_TEXTS: dict[str, Callable[[dict[str, str]], str]] = {
    CONDITIONS: _row_text,
    DEFINITIONS: _cells("segment_key"),
    VALIDATION_RULES: _rule_text,
    "survivorship_rules.csv": _cells("field", missing="(no field)"),
    "customer_type_rules.csv": _cells("rule_key"),
    "consent_rules.csv": _cells("channel", "purpose", lower=True),
    "consent_signals.csv": _cells("source", "signal", lower=True),
    "behaviour_windows.csv": _cells("attribute_name", missing="(no name)"),
    "cost_assumptions.csv": _cells("cost_type", "applies_to", "valid_from", lower=True),
    "loyalty_tiers.csv": _cells("tier", missing="(no tier)"),
    "category_relations.csv": _cells("category", "related_category"),
    "campaign_products.csv": _cells("campaign_key", "sku", "category"),
    "campaign_plans.csv": _cells("plan_key"),
    "qa_limits.csv": _cells("check_name", "limit_name", lower=True),
}
