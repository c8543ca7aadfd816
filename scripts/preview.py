"""What a draft segment would be: faults, size, members, overlap, money, reach. Nothing is stored."""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable
from dataclasses import asdict, dataclass
from decimal import Decimal
from pathlib import Path
from typing import Any

import duckdb

from scripts.errors import CheckFailed, UserError
from scripts.explain import condition_words, explained_rows, holding
from scripts.nearest_change import shown
from scripts.seed_files import read_header, read_rows, seed_problems
from scripts.segment_library import DEFINITIONS, FILES, Rows, key_of, read_library, shipped_columns, which_segment
from scripts.segment_workshop import both_open, evaluate, segment_workshop
from scripts.validate import row_places
from scripts.warehouse import open_warehouse
from scripts.world import World

Progress = Callable[[str], None]

SAMPLE = 5
OVERLAPS = 8
# Channels of the library and the attribute that says whether somebody may be reached on them.
REACHED_BY = {
    "email": "is_email_contactable",
    "sms": "is_sms_contactable",
    "ads": "is_ads_contactable",
    "direct_mail": "is_post_contactable",
}


@dataclass(frozen=True)
class Preview:
    """What a segment would be, over all customers who may be profiled.

    `definition`: its row of int_segment_definitions. `entering`, `leaving`: against today's members, None for a draft.
    Money: sums of the last 365 days over members and over all. `sample`: customer_id and why. `overlaps`:
    segment_key, shared, share_of_draft, share_of_other. `reach`: channel, reachable, left_out. `priorities`: from whom
    it would take the next action (`takes`), from whom not (`keeps`), and customers who had none (`first`).
    """

    definition: dict[str, Any]
    size: int
    customers: int
    entering: int | None
    leaving: int | None
    currency: str
    money: dict[str, Decimal]
    sample: list[dict[str, Any]]
    overlaps: list[dict[str, Any]]
    reach: list[dict[str, Any]]
    priorities: dict[str, Any]


def preview(
    world: World,
    segment: str,
    files: tuple[Path, Path] | None = None,
    *,
    as_json: bool = False,
    progress: Progress = print,
) -> Preview:
    """Say what the draft `segment` would be, of the seeds, or of two files of definition and condition rows.

    Its rule is compiled and evaluated by the models of the library, in a small warehouse beside the real one. Raises
    CheckFailed with every fault of its rows, with line, reason and suggestion, and UserError for an unknown segment.
    """
    say: Progress = (lambda _: None) if as_json else progress
    with segment_workshop(world) as small:
        places = _take_in(world, small, segment, files)
        problem: CheckFailed | None = None
        try:
            evaluate(world, small, segment, say)
        except CheckFailed as failed:
            problem = failed
        faults, definition = _faults_and_definition(small, segment, places)
        if faults or problem:
            raise CheckFailed("\n".join(faults) or str(problem))
        if definition is None or definition["effective_status"] != "active":
            reason = (definition or {}).get("status_reason") or "it has no rule yet"
            raise CheckFailed(f"{segment}: {reason}")
        with both_open(world, small) as connection:
            result = _measured(connection, definition)
    if as_json:
        progress(json.dumps(asdict(result), default=str, indent=2, ensure_ascii=False))
    else:
        progress("\n".join(_words(result)))
    return result


# ---- the draft ----


def _take_in(world: World, small: World, segment: str, files: tuple[Path, Path] | None) -> dict[Any, list[str]]:
    """Put the draft into the small world's seeds as an active segment; returns where its rows stand."""
    library = read_library(world.seeds)
    places = {key: [f"{key[0]}.csv, line {line}" for line in lines] for key, lines in row_places(world.seeds).items()}
    if files is not None:
        given = small.seeds.parent / "given"
        shutil.rmtree(given, ignore_errors=True)
        given.mkdir(mode=0o700)
        of_form = dict(zip(FILES, files, strict=True))
        definitions, conditions = (
            [row for row in _rows(name, file) if key_of(row) == segment] for name, file in of_form.items()
        )
        library.remove({segment})
        library.add(definitions, conditions)
        for name, file in of_form.items():
            shutil.copyfile(file, given / name)
        names = {Path(name).stem: file.name for name, file in of_form.items()}
        for key, lines in row_places(given).items():
            places[key] = [f"{names[key[0]]}, line {line}" for line in lines]
        shutil.rmtree(given)
    if segment not in library.keys:
        where = files[0] if files is not None else world.seeds / DEFINITIONS
        raise UserError(f"{where}: has no segment `{segment}`; {which_segment(segment, library.keys)}")
    library.set_status(segment, "active")
    library.write(small.seeds)
    return places


def _rows(name: str, file: Path) -> Rows:
    """The rows of a draft's file, which has the form of the seed `name`. Raises CheckFailed when it cannot be read."""
    if not file.exists():
        raise UserError(f"{file}: no such file")
    if problems := list(seed_problems(file, shipped_columns()[name])):
        raise CheckFailed("\n".join(problems))
    return read_rows(file, read_header(file))


def _faults_and_definition(
    small: World, segment: str, places: dict[Any, list[str]]
) -> tuple[list[str], dict[str, Any] | None]:
    """The faults of the segment's rows, each on one line, and its definition when that was built."""
    with open_warehouse(small.warehouse, read_only=True) as connection:
        try:
            found = connection.execute(
                "select seed_name, row_text, reason, suggestion from intermediate.int_segment_rule_errors"
                " where segment_key = ? order by all",
                [segment],
            ).fetchall()
        except duckdb.CatalogException:
            return [], None
        faults = []
        for seed, row_text, reason, suggestion in found:
            place = ", ".join(places.get((seed, row_text), [f"{seed}.csv"]))
            faults.append(f"{place} ({row_text}): {reason}; {suggestion}")
        try:
            relation = connection.execute("from intermediate.int_segment_definitions where segment_key = ?", [segment])
        except duckdb.CatalogException:
            return faults, None
        names = [column[0] for column in relation.description]
        row = relation.fetchone()
    return faults, dict(zip(names, row, strict=True)) if row else None


# ---- what it would be ----

MEMBERS = "(select customer_id from intermediate.int_segment_matches where segment_key = $segment)"


def _measured(connection: duckdb.DuckDBPyConnection, definition: dict[str, Any]) -> Preview:
    key = definition["segment_key"]

    def rows(query: str, **more: Any) -> list[dict[str, Any]]:
        relation = connection.execute(query, {"segment": key} | more if "$segment" in query else more or None)
        names = [column[0] for column in relation.description]
        return [dict(zip(names, row, strict=True)) for row in relation.fetchall()]

    (size,) = rows(f"select count(*) as size from {MEMBERS}")
    (customers,) = rows("select count(*) as customers from marts.customer_features")
    present = "(select customer_id from given.marts.segment_memberships where segment_key = $segment)"
    (moved,) = rows(
        f"select (select count(*) from (from {MEMBERS} except from {present})) as entering,"
        f" (select count(*) from (from {present} except from {MEMBERS})) as leaving,"
        f" (select count(*) from {present}) as members"
    )
    was_active = moved["members"] > 0
    (money,) = rows(
        "select sum(net_revenue_365d) filter (where is_in) as revenue,"
        " sum(contribution_margin_365d) filter (where is_in) as margin,"
        " sum(net_revenue_365d) as revenue_of_all, sum(contribution_margin_365d) as margin_of_all"
        f" from (select *, customer_id in {MEMBERS} as is_in from marts.customer_features)"
    )
    currency = rows("select setting_value as currency from intake.settings where setting_name = 'reporting_currency'")
    return Preview(
        definition=definition,
        size=size["size"],
        customers=customers["customers"],
        entering=moved["entering"] if was_active else None,
        leaving=moved["leaving"] if was_active else None,
        currency=currency[0]["currency"] if currency else "GBP",
        money={name: Decimal(value or 0) for name, value in money.items()},
        sample=_sample(connection, key, rows),
        overlaps=rows(
            f"""
            select others.segment_key, count(*) filter (where mine.customer_id is not null) as shared,
                shared / {max(size["size"], 1)} as share_of_draft, shared / count(*) as share_of_other
            from given.marts.segment_memberships as others
            left join {MEMBERS} as mine on others.customer_id = mine.customer_id
            where others.segment_key <> $segment
            group by others.segment_key
            having shared > 0
            order by shared desc, others.segment_key
            """
        ),
        reach=_reach(definition, rows),
        priorities=_priorities(definition, rows),
    )


def _sample(connection: duckdb.DuckDBPyConnection, key: str, rows: Callable[..., Any]) -> list[dict[str, Any]]:
    """A few members with the conditions that hold for them; the same ones for the same members."""
    found = rows(f"select customer_id from {MEMBERS} order by md5(customer_id || $segment) limit {SAMPLE}")
    sample = []
    for row in found:
        conditions = explained_rows(connection, row["customer_id"], key)
        why = [
            {"condition": condition_words(c), "value": shown(c.actual, c.data_type)}
            for c in holding([condition for _, condition in conditions])
        ]
        sample.append({"customer_id": row["customer_id"], "why": why})
    return sample


def _reach(definition: dict[str, Any], rows: Callable[..., Any]) -> list[dict[str, Any]]:
    """Per channel of the segment, members whom a message may reach: consent, address, and no suppression."""
    found = []
    for channel in definition["channels"].split("|"):
        column = REACHED_BY.get(channel)
        if column is None:
            found.append({"channel": channel, "reachable": None, "suppressed": None})
            continue
        (row,) = rows(
            f"""
            with suppressed as (
                select distinct matches.customer_id
                from intermediate.int_segment_matches as matches
                inner join intermediate.int_segment_definitions as definitions
                    on matches.segment_key = definitions.segment_key
                where definitions.is_suppression and definitions.effective_status = 'active'
                    and list_contains(string_split(definitions.channels, '|'), $channel)
            )
            select count(*) filter (where features.{column} and suppressed.customer_id is null) as reachable,
                count(suppressed.customer_id) as suppressed
            from {MEMBERS} as mine
            inner join marts.customer_features as features on mine.customer_id = features.customer_id
            left join suppressed on mine.customer_id = suppressed.customer_id
            """,
            channel=channel,
        )
        found.append({"channel": channel, **row})
    return found


def _priorities(definition: dict[str, Any], rows: Callable[..., Any]) -> dict[str, Any]:
    """Whom it would take the next action from, by the priorities of today's primary segments."""
    found = rows(
        f"""
        select primary_segments.segment_key, any_value(primary_segments.priority) as priority, count(*) as customers
        from {MEMBERS} as mine
        left join (
            select customer_id, segment_key, priority from given.marts.segment_memberships
            where is_primary and segment_key <> $segment
        ) as primary_segments on mine.customer_id = primary_segments.customer_id
        group by primary_segments.segment_key
        order by customers desc, primary_segments.segment_key
        """
    )
    mine = definition["priority"]
    return {
        "priority": mine,
        "takes": [row for row in found if row["segment_key"] and row["priority"] > mine],
        "keeps": [row for row in found if row["segment_key"] and row["priority"] < mine],
        "first": sum(row["customers"] for row in found if not row["segment_key"]),
    }


# ---- in words ----


def _words(result: Preview) -> list[str]:
    definition, size = result.definition, result.size
    share = size / result.customers if result.customers else 0
    lines = [
        "",
        f"{definition['segment_name']} ({definition['segment_key']}), priority {definition['priority']}",
        f"  {definition['rule_text']}",
        "",
        f"Size        {size:,} of {result.customers:,} customers ({share:.1%}){_expected(definition, share)}",
    ]
    if result.entering is not None:
        lines.append(
            f"            against today's members {result.entering:,} would enter, {result.leaving:,} would leave"
        )
    if not size:
        return [*lines, "", "Nobody is in it: loosen a condition, or look at `explain` for a customer whom you expect."]
    lines += ["", *_money(result), "", "Reach"]
    for row in result.reach:
        if row["reachable"] is None:
            lines.append(f"  {row['channel']:<12}{size:>7,}  shown to whoever comes")
        else:
            suppressed = f", {row['suppressed']:,} suppressed" if row["suppressed"] else ""
            lines.append(f"  {row['channel']:<12}{row['reachable']:>7,}  ({row['reachable'] / size:.0%}){suppressed}")
    lines += ["", *_overlaps(result), "", *_next_action(result), "", f"{len(result.sample)} of its members"]
    for row in result.sample:
        lines.append(f"  {row['customer_id']}")
        lines += [f"    {part['condition']}: {part['value']}" for part in row["why"]]
    return lines


def _expected(definition: dict[str, Any], share: float) -> str:
    low, high = definition["expected_min_share"], definition["expected_max_share"]
    if low is None or high is None:
        return ""
    verdict = "as expected" if low <= share <= high else "unexpected"
    return f", {verdict}: {low:.1%} to {high:.1%} were thought plausible"


def _money(result: Preview) -> list[str]:
    money, size = result.money, result.size
    lines = ["Money of the last 365 days"]
    for name, words in (("revenue", "net revenue"), ("margin", "contribution margin")):
        total, of_all = money[name], money[f"{name}_of_all"]
        per_head = total / size
        per_head_of_all = of_all / result.customers if result.customers else Decimal(0)
        part = f", {total / of_all:.0%} of all" if of_all > 0 and total >= 0 else ""
        times = f" ({per_head / per_head_of_all:.1f} times)" if per_head_of_all > 0 and per_head > 0 else ""
        lines.append(
            f"  {words:<20}{total:>14,.2f} {result.currency}{part}; {per_head:,.2f} a head, all customers"
            f" {per_head_of_all:,.2f}{times}"
        )
    return lines


def _overlaps(result: Preview) -> list[str]:
    if not result.overlaps:
        return ["Overlap     none with an active segment"]
    width = max(len(row["segment_key"]) for row in result.overlaps[:OVERLAPS])
    lines = ["Overlap with active segments"]
    for row in result.overlaps[:OVERLAPS]:
        lines.append(
            f"  {row['segment_key']:<{width}} {row['shared']:>7,}  {row['share_of_draft']:>4.0%} of it,"
            f" {row['share_of_other']:.0%} of theirs"
        )
    if len(result.overlaps) > OVERLAPS:
        lines.append(f"  and {len(result.overlaps) - OVERLAPS} smaller ones")
    return lines


def _next_action(result: Preview) -> list[str]:
    takes, keeps, first = (result.priorities[name] for name in ("takes", "keeps", "first"))
    taken = sum(row["customers"] for row in takes)
    lines = [f"Next action: it would drive that of {taken + first:,} of its {result.size:,} members"]
    if takes:
        lines.append("  taken from  " + ", ".join(f"{row['segment_key']} {row['customers']:,}" for row in takes))
    if first:
        lines.append(f"  had none    {first:,}")
    if keeps:
        lines.append("  stays with  " + ", ".join(f"{row['segment_key']} {row['customers']:,}" for row in keeps))
    return lines
