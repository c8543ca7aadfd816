"""False positive and false negative rates of the validation rules on a simulated retailer with known planted faults."""

from __future__ import annotations

from dataclasses import dataclass

import duckdb

from scripts.platform.errors import UserError
from scripts.platform.progress import Progress
from scripts.platform.warehouse import literal, open_warehouse
from scripts.platform.workspace import Workspace

# By type of rule, the kind of planted fault that it should find.
PLANTED_KINDS = {
    "range": "absurd_amount",
    "currency": "unknown_currency",
    "date_range": "future_date",
    "reference": "orphan",
}
RATES = """
with planted as (

    select source, "table" as table_name, path, line as line_number, kind, expected, record_key
    from read_parquet({planted})

),

-- Rules never see rows that the load refused.
refused as (

    select path, line_number from intake.rejects

),

to_find as (

    select planted.*
    from planted
    anti join refused on planted.path = refused.path and planted.line_number = refused.line_number

),

violations as (

    select
        violations.*,
        files.path,
        rules.rule_type,
        rules.reference
    from intermediate.int_record_violations as violations
    left join intake.files as files on violations.file_id = files.file_id
    left join (
        select rule_key, any_value(rule_type) as rule_type, string_agg(reference, '|') as reference
        from intermediate.int_validation_rules
        group by rule_key
    ) as rules on violations.rule_key = rules.rule_key

),

-- A row that was broken on purpose, or that refers to such a record, is not a false positive.
classified as (

    select
        violations.*,
        planted.kind,
        violations.is_consequential or exists (
            select 1 from planted as parent
            where
                parent.record_key = violations.measured
                and contains(violations.reference, parent.source || '.' || parent.table_name || '.')
        ) as follows_from_another
    from violations
    left join planted on violations.path = planted.path and violations.line_number = planted.line_number

),

by_rule as (

    select
        rule_key,
        count(*) as flagged,
        count(case when kind is not null then 1 end) as planted_flagged,
        count(case when kind is null and follows_from_another then 1 end) as consequential,
        count(case when kind is null and not follows_from_another then 1 end) as false_positives
    from classified
    group by rule_key

),

rules as (

    select
        rule_key,
        any_value(source) as source,
        any_value(table_name) as table_name,
        any_value(rule_type) as rule_type,
        sum(checked_row_count) as checked
    from marts.validation_rule_results
    group by rule_key

),

-- Held back as a whole, for whatever reason: amounts below zero are judged with the receipt's total.
held_receipts as (

    select distinct source, record_key
    from violations
    where source = 'pos' and table_name = 'receipt' and is_blocking

),

-- A planted row is missed when no rule of its kind on its table flags it and the receipt it belongs to counts.
missed as (

    select
        to_find.source,
        to_find.table_name,
        to_find.kind,
        count(*) as planted,
        count(case when found.path is null and held_receipts.record_key is null then 1 end) as missed
    from to_find
    left join held_receipts
        on to_find.source = held_receipts.source
            and split_part(to_find.record_key, '|', 1) = held_receipts.record_key
            and to_find.kind = 'absurd_amount'
    left join (select distinct path, line_number, rule_type from violations) as found
        on to_find.path = found.path
            and to_find.line_number = found.line_number
            and to_find.kind = {looks_for}
    group by all

)

select
    rules.rule_key,
    rules.rule_type,
    cast(rules.checked as bigint) as checked,
    coalesce(by_rule.flagged, 0) as flagged,
    coalesce(by_rule.planted_flagged, 0) as planted_flagged,
    coalesce(by_rule.consequential, 0) as consequential,
    coalesce(by_rule.false_positives, 0) as false_positives,
    missed.planted,
    missed.missed
from rules
left join by_rule on rules.rule_key = by_rule.rule_key
left join missed
    on rules.source = missed.source
        and rules.table_name = missed.table_name
        and missed.kind = {looks_for_rule}
where rules.rule_type <> 'arithmetic'
order by rules.rule_key
"""


@dataclass(frozen=True)
class Rate:
    """One rule compared with the planted faults; counts are record versions.

    `consequential` rows follow from another broken record, such as the lines of a refused order. `planted` are the
    rows with the fault that this type of rule should find, on its table, and `missed` those that no rule of the type
    flags (amounts on receipts that are held back left out); both None where nothing of the kind was planted.
    """

    rule_key: str
    rule_type: str
    checked: int
    flagged: int
    planted_flagged: int
    consequential: int
    false_positives: int
    planted: int | None
    missed: int | None

    @property
    def false_positive_rate(self) -> float:
        """False positives among the checked rows that were not broken on purpose."""
        return self.false_positives / max(self.checked - self.planted_flagged - self.consequential, 1)

    @property
    def false_negative_rate(self) -> float | None:
        """Planted rows missed; None where nothing was planted."""
        return self.missed / self.planted if self.planted and self.missed is not None else None


def rule_false_positives(workspace: Workspace, progress: Progress = print) -> list[Rate]:
    """The rates of every rule as of the last build, except arithmetic rules, which no planted row tests in isolation.

    Raises UserError where the workspace is not simulated or has not been built.
    """
    planted = workspace.truth / "planted.parquet"
    if not planted.exists():
        raise UserError(
            f"{planted}: no such file; rates need a simulated retailer, created by `python -m scripts demo`"
        )
    cases = " ".join(f"when '{rule_type}' then '{kind}'" for rule_type, kind in PLANTED_KINDS.items())
    query = RATES.format(
        planted=literal(str(planted)),
        looks_for=f"case found.rule_type {cases} end",
        looks_for_rule=f"case rules.rule_type {cases} end",
    )
    with open_warehouse(workspace.warehouse, read_only=True) as connection:
        try:
            rates = [Rate(*row) for row in connection.execute(query).fetchall()]
        except duckdb.CatalogException:
            raise UserError(
                f"{workspace.warehouse}: the rules have not been evaluated yet; run `python -m scripts build` first"
            ) from None
    for rate in rates:
        missed = (
            "nothing planted"
            if rate.false_negative_rate is None
            else (f"{rate.missed} of {rate.planted} planted rows missed ({rate.false_negative_rate:.1%})")
        )
        progress(
            f"{rate.rule_key}: {rate.false_positives} of {rate.checked:,} rows wrongly flagged "
            f"({rate.false_positive_rate:.2%}), {missed}, {rate.flagged} flagged, {rate.consequential} of them "
            "because of another broken record"
        )
    return rates
