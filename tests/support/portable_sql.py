"""Forms of SQL that DuckDB and Spark do not read alike: where the project has one, and what to write instead."""

from __future__ import annotations

import csv
import re
from collections import Counter
from collections.abc import Iterator, Mapping
from pathlib import Path

import sqlglot
from sqlglot import exp
from sqlglot.dialects.duckdb import DuckDB

from tests.support.sql_scopes import KIND_OF_TYPE, Reader, Relation, Scope, conjuncts, filled_by, parts_of

FUNCTIONS = Path(__file__).parents[1] / "platform" / "portable_functions.csv"
# A double with fewer decimal places than these has values halfway between two of them.
SAFE_PLACES = 6


class Portable(DuckDB):
    """DuckDB's dialect, except that it tells an order without `nulls last` from one with it."""

    NULL_ORDERING = "nulls_are_small"


def parsed(sql: str) -> exp.Expression:
    return sqlglot.parse_one(sql, read=Portable)


def compiled_faults(statement: exp.Expression, tables: Mapping[str, Relation]) -> tuple[list[str], Relation]:
    """The faults of a compiled statement, each with its text and what to write instead; and what it yields."""
    found: dict[str, None] = {}

    def visit(node: exp.Expression, scope: Scope, reader: Reader) -> None:
        for rule in RULES:
            for fault in rule(node, scope, reader):
                found[f"`{shortened(node)}`: {fault}"] = None

    def step(name: str, relation: Relation) -> None:
        for column, times in Counter(column for column, _ in relation.columns).items():
            if column and times > 1:
                found[f"step `{name}`: two columns are named {column}; rename one, or name the columns"] = None

    relation = Reader(tables, visit, step).read(statement)
    return list(found), relation


def shortened(node: exp.Expression) -> str:
    text = " ".join(node.sql("duckdb", normalize_functions="lower").split())
    return text if len(text) <= 100 else f"{text[:97]}..."


def concatenation(node: exp.Expression, scope: Scope, reader: Reader) -> Iterator[str]:
    if isinstance(node, exp.Concat):
        yield (
            "a null is left out on DuckDB and makes the whole text null on Spark; write concat_ws('', ...), or || where"
            " null is wanted"
        )


def quotient(node: exp.Expression, scope: Scope, reader: Reader) -> Iterator[str]:
    if isinstance(node, exp.Div):
        kinds = {reader.known(node.this).kind, reader.known(node.expression).kind}
        if "double" not in kinds and kinds & {"decimal", "unknown"}:
            yield "a quotient of decimals has few digits on Spark; cast both to double, write 7e0 for 7.0"
    if isinstance(node, exp.IntDiv):
        yield "// is for DuckDB only; write floor(cast(... as double) / ...)"
    if isinstance(node, exp.Avg | exp.Median) and reader.known(node.this).kind in ("decimal", "unknown"):
        yield "of decimals it has other digits on Spark; cast its argument to double"
    if isinstance(node, exp.WithinGroup) and reader.known(node.expression.expressions[0]).kind == "decimal":
        yield "of decimals it has other digits on Spark; order by cast(... as double)"


def extreme(node: exp.Expression, scope: Scope, reader: Reader) -> Iterator[str]:
    """min_by and max_by: rows that tie, and nulls."""
    if not isinstance(node, exp.ArgMax | exp.ArgMin):
        return
    value, order = node.this, node.expression
    orders = order.expressions if isinstance(order, exp.Tuple) else [order]
    holder, filled = node.parent, set()
    if isinstance(holder, exp.Filter):
        filled = {column.sql() for part in conjuncts(holder.expression.this) for column in filled_by(part)}
        filled |= {part.this.this.sql() for part in conjuncts(holder.expression.this) if isinstance(part, exp.Not)}
        holder = holder.parent
    by = holder.args.get("partition_by") or [] if isinstance(holder, exp.Window) else scope.grouped or []
    if value not in orders and not scope.decides(scope.columns_of([*by, *orders]), value):
        yield "rows may tie; order by a tuple that ends in a unique key, or in the value itself"
    if reader.known(value).nullable and value.sql() not in filled:
        yield "a row without a value is left out on DuckDB only; add filter (where ... is not null)"
    if len(orders) > 1 and any(reader.known(part).nullable and part.sql() not in filled for part in orders):
        yield "a null in a tuple is the largest value on DuckDB and the smallest on Spark; leave such rows out, or coalesce"


def cast(node: exp.Expression, scope: Scope, reader: Reader) -> Iterator[str]:
    if not isinstance(node, exp.Cast):
        return
    inner, kind = node.this.unnest(), reader.known(node.this).kind
    target = KIND_OF_TYPE.get(node.to.this.name)
    places = int(node.to.expressions[1].name) if target == "decimal" and len(node.to.expressions) > 1 else 0
    if target == "decimal" and places < SAFE_PLACES and kind in ("double", "unknown"):
        yield "halves of a double are rounded differently; write to_cents(), or to_decimal() for what is not money"
    if target == "integer" and kind in ("double", "decimal", "unknown") and not is_whole(inner):
        yield "DuckDB rounds, Spark cuts off; write floor() or round() inside the cast"
    if target == "integer" and kind == "text" and not inner.find(exp.RegexpExtract):
        yield "a text such as 1.5 becomes 2 on DuckDB and null on Spark; write whole_number()"
    if target == "text" and kind in ("double", "unknown"):
        yield "a double has different texts, such as 1e-05 and 1.0E-5; write number_text()"


def is_whole(node: exp.Expression) -> bool:
    if isinstance(node, exp.Add | exp.Sub):
        return all(is_whole(part.unnest()) or isinstance(part, exp.Literal) for part in (node.this, node.expression))
    if isinstance(node, exp.Case):
        return all(is_whole(part) for part in [*(branch.args["true"] for branch in node.args["ifs"])])
    return isinstance(node, exp.Floor | exp.Ceil) or (isinstance(node, exp.Round) and not node.args.get("decimals"))


def rounding(node: exp.Expression, scope: Scope, reader: Reader) -> Iterator[str]:
    places = node.args.get("decimals") if isinstance(node, exp.Round) else None
    if places is not None and int(places.name) < SAFE_PLACES and reader.known(node.this).kind in ("double", "unknown"):
        yield "halves of a double are rounded differently; write to_decimal()"


def text(node: exp.Expression, scope: Scope, reader: Reader) -> Iterator[str]:
    if isinstance(node, exp.ConcatWs | exp.DPipe):
        for part in parts_of(node):
            if reader.known(part).kind == "double":
                yield f"`{shortened(part)}` is a double, whose texts differ, such as 1e-05 and 1.0E-5; write number_text()"


def dates(node: exp.Expression, scope: Scope, reader: Reader) -> Iterator[str]:
    if isinstance(node, exp.Sub) and reader.known(node.this).kind == reader.known(node.expression).kind == "date":
        yield "a difference of dates is a number on DuckDB and an interval on Spark; write days_between()"
    if isinstance(node, exp.TimestampTrunc | exp.DateTrunc) and not isinstance(node.parent, exp.Cast):
        yield "a truncated date is a timestamp; write cast(date_trunc(...) as date)"


def nulls_in_order(node: exp.Expression, scope: Scope, reader: Reader) -> Iterator[str]:
    if isinstance(node, exp.Window) and node.args.get("order"):
        for part in node.args["order"].expressions:
            if part.args.get("nulls_first") and not part.args.get("desc") and reader.known(part.this).nullable:
                yield f"`{shortened(part.this)}` may be null, last on DuckDB and first on Spark; write nulls last after it"


def statement_forms(node: exp.Expression, scope: Scope, reader: Reader) -> Iterator[str]:
    if isinstance(node, exp.Explode | exp.Unnest):
        holder = node.parent if not isinstance(node.parent, exp.Alias) else node.parent.parent
        if not isinstance(holder, exp.Select):
            yield "rows cannot be made inside an expression on Spark; make them in a step of their own"


RULES = (concatenation, quotient, extreme, cast, rounding, text, dates, nulls_in_order, statement_forms)

# Templates


def functions() -> dict[str, str]:
    """Each reviewed function, and what to write instead where Spark has not the same: else `same`."""
    with FUNCTIONS.open(encoding="utf-8", newline="") as lines:
        return {row["function"]: row["spark"] for row in csv.DictReader(lines)}


# Whole constructs that are read differently or by one engine only, and what to write instead.
CONSTRUCTS = (
    (re.compile(r"\bas\s+varchar\b|\bvarchar\s*\(|\bcast\([^()]*\bas\s+(?:string|text)\)", re.IGNORECASE),
     "a type's name differs between engines; write dbt.type_string()"),
    (re.compile(r"::"), "a cast for DuckDB only; write cast(... as ...)"),
    (re.compile(r"\bqualify\b", re.IGNORECASE), "not every engine has qualify; filter a row_number() in the next step"),
    (re.compile(r"\blateral\b", re.IGNORECASE), "lateral is wrong on Spark across integer types; write a join"),
    (re.compile(r"\*\s+(?:exclude|except|replace)\b", re.IGNORECASE), "not every engine has it; name the columns"),
    (re.compile(r"\bilike\b", re.IGNORECASE), "not every engine has ilike; write lower(...) like"),
    (re.compile(r"\brecursive\b", re.IGNORECASE), "not every engine has recursion; see connected_components"),
)  # fmt: skip
NEW_FUNCTION = f"another, a dispatched macro, or compare both engines and add it to {FUNCTIONS.name}"
CALL = re.compile(r"(?<![\w.])([a-z]\w*)\((?!s\))", re.IGNORECASE)
TAG = re.compile(r"\{%.*?%\}|\{\{.*?\}\}", re.DOTALL)
TEXT = re.compile(r"'((?:[^'\\]|\\.)*)'|\"((?:[^\"\\]|\\.)*)\"", re.DOTALL)
MACRO_OF_AN_ENGINE = re.compile(
    r"\{%-?\s*macro\s+(?:default|duckdb|spark)__.*?endmacro\s*-?%\}", re.DOTALL
)


def blanked(match: re.Match[str]) -> str:
    """A part of a file without its characters, so that lines keep their numbers."""
    return "\n" * match.group().count("\n")


def sql_of_template(template: str) -> str:
    """The SQL of a model or macro: what is outside of tags, and the texts within them. Lines keep their numbers.

    Left out are comments, SQL's own texts, and macros that an engine has for itself.
    """
    template = re.sub(r"\{#.*?#\}", blanked, template, flags=re.DOTALL)
    template = MACRO_OF_AN_ENGINE.sub(blanked, template)
    template = re.sub(r"--[^\n]*", "", template)
    parts, end = [], 0
    for tag in TAG.finditer(template):
        parts.append(without_texts(template[end : tag.start()]))
        parts.append(texts_of_tag(tag.group()))
        end = tag.end()
    return "".join([*parts, without_texts(template[end:])])


def without_texts(sql: str) -> str:
    return re.sub(r"'(?:[^']|'')*'", lambda match: f"'{blanked(match)}'", sql)


def texts_of_tag(tag: str) -> str:
    """The texts of a tag, which are SQL or words, each on the line where it begins."""
    parts, end = [], 0
    for match in TEXT.finditer(tag):
        parts.append("\n" * tag[end : match.start()].count("\n"))
        content = match.group(1) if match.group(1) is not None else match.group(2)
        is_word = re.fullmatch(r"[\w%., -]*", content) is not None
        parts.append(" " if is_word else f" {without_texts(content)} ")
        end = match.end()
    return "".join([*parts, "\n" * tag[end:].count("\n")])


def template_faults(template: str, reviewed: Mapping[str, str]) -> list[str]:
    """The faults of a model or macro as it is written, each with its line and what to write instead."""
    found = []
    for number, line in enumerate(sql_of_template(template).split("\n"), start=1):
        for pattern, cure in CONSTRUCTS:
            found += [f"line {number}: `{match.group().strip()}`: {cure}" for match in pattern.finditer(line)]
        for name in CALL.findall(line):
            instead = reviewed.get(name.lower(), NEW_FUNCTION)
            if instead != "same":
                found.append(f"line {number}: `{name}()`: not the same on Spark; write {instead}")
    return found
