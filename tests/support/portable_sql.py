"""Forms of SQL that DuckDB and Spark do not read alike: where the project has one, and what to write instead."""

from __future__ import annotations

import csv
import re
from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path

import sqlglot
from sqlglot import exp
from sqlglot.dialects.duckdb import DuckDB

from tests.support.sql_scopes import KIND_OF_TYPE, Reader, Relation, Scope, Value, conjuncts, parts_of

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
        for fault in RULES[type(node)](node, scope, reader) if type(node) in RULES else ():
            found[f"`{shortened(node)}`: {fault}"] = None

    def step(name: str, relation: Relation) -> None:
        for column, times in Counter(column for column, _ in relation.columns).items():
            if column and times > 1:
                found[f"step `{name}`: two columns are named {column}; rename one, or name the columns"] = None

    relation = Reader(tables, visit, step).read(statement)
    return list(found), relation


def shortened(node: exp.Expression) -> str:
    text = " ".join(node.sql(Portable, normalize_functions="lower", comments=False).split())
    text = text.replace("arg_max(", "max_by(").replace("arg_min(", "min_by(")
    return text if len(text) <= 100 else f"{text[:97]}..."


def concatenation(node: exp.Expression, scope: Scope, reader: Reader) -> Iterator[str]:
    yield "a null is left out on DuckDB and makes all null on Spark; write concat_ws('', ...), or || to keep the null"


def quotient(node: exp.Expression, scope: Scope, reader: Reader) -> Iterator[str]:
    kinds = {reader.known(node.this).kind, reader.known(node.expression).kind}
    if "double" not in kinds and kinds & {"decimal", "unknown"}:
        yield "a quotient of decimals has few digits on Spark; cast to double before dividing"


def whole_quotient(node: exp.Expression, scope: Scope, reader: Reader) -> Iterator[str]:
    yield "// is for DuckDB only; write floor(cast(... as double) / ...)"


def mean(node: exp.Expression, scope: Scope, reader: Reader) -> Iterator[str]:
    value = node.expression.expressions[0] if isinstance(node, exp.WithinGroup) else node.this
    if reader.known(value).kind in ("decimal", "unknown"):
        yield "of decimals it has other digits on Spark; write cast(... as double) inside"


def extreme(node: exp.Expression, scope: Scope, reader: Reader) -> Iterator[str]:
    """min_by and max_by: rows that tie, and nulls."""
    value, order, holder = node.this, node.expression, node.parent
    orders = order.expressions if isinstance(order, exp.Tuple) else [order]
    filled: list[exp.Expression] = []
    if isinstance(holder, exp.Filter):
        conditions = [part.this.unnest() for part in conjuncts(holder.expression.this) if isinstance(part, exp.Not)]
        filled = [part.this for part in conditions if isinstance(part, exp.Is)]
        holder = holder.parent
    by = holder.args.get("partition_by") or [] if isinstance(holder, exp.Window) else scope.grouped or []
    if value not in orders and not scope.decides(scope.columns_of([*by, *orders]), value):
        yield "rows may tie; order by a tuple that ends in a unique key, or in the value itself"
    if reader.known(value).nullable and value not in filled:
        yield "a row without a value is left out on DuckDB only; add filter (where ... is not null)"
    for part in orders:
        if len(orders) > 1 and reader.known(part).nullable and part not in filled:
            yield f"`{shortened(part)}` may be null, the largest on DuckDB and the smallest on Spark; coalesce it"


def cast(node: exp.Expression, scope: Scope, reader: Reader) -> Iterator[str]:
    inner, kind = node.this.unnest(), reader.known(node.this).kind
    target = KIND_OF_TYPE.get(node.to.this.name)
    places = int(node.to.expressions[1].name) if len(node.to.expressions) > 1 else 0
    if target == "decimal" and places < SAFE_PLACES and kind in ("double", "unknown"):
        yield "engines round halves of a double differently; write to_cents(), or to_decimal() if it is not money"
    if target == "integer" and kind in ("double", "decimal", "unknown") and not is_whole(inner):
        yield "DuckDB rounds and Spark truncates; write floor() or round() inside the cast"
    if target == "integer" and kind == "text" and not inner.find(exp.RegexpExtract):
        yield "a text such as 1.5 becomes 2 on DuckDB and null on Spark; write whole_number()"
    if target == "text" and kind in ("double", "unknown") and not is_exact(node):
        yield f"{TEXTS_OF_DOUBLES}; write number_text(), or exact_text() where nobody sees it"


def is_exact(node: exp.Expression) -> bool:
    """Whether a text was made by the macro exact_text()."""
    places = [node, node.parent] if isinstance(node.parent, exp.Alias) else [node]
    return any(" exact_text " in (place.comments or []) for place in places)


def is_whole(node: exp.Expression) -> bool:
    """Whether a number is whole by the way it is written."""
    if isinstance(node, exp.Add | exp.Sub):
        return all(is_whole(part.unnest()) for part in (node.this, node.expression))
    if isinstance(node, exp.Round):
        return node.args.get("decimals") is None
    return isinstance(node, exp.Floor | exp.Ceil) or (isinstance(node, exp.Literal) and node.is_int)


def rounding(node: exp.Expression, scope: Scope, reader: Reader) -> Iterator[str]:
    places = node.args.get("decimals")
    if places is not None and int(places.name) < SAFE_PLACES and reader.known(node.this).kind in ("double", "unknown"):
        yield "engines round halves of a double differently; write to_decimal()"


def joined_text(node: exp.Expression, scope: Scope, reader: Reader) -> Iterator[str]:
    for part in parts_of(node):
        if reader.known(part).kind == "double":
            yield f"`{shortened(part)}`: {TEXTS_OF_DOUBLES}; write number_text()"


def difference(node: exp.Expression, scope: Scope, reader: Reader) -> Iterator[str]:
    if reader.known(node.this).kind == reader.known(node.expression).kind == "date":
        yield "a difference of dates is a number on DuckDB and an interval on Spark; write days_between()"


def truncated(node: exp.Expression, scope: Scope, reader: Reader) -> Iterator[str]:
    if not isinstance(node.parent, exp.Cast):
        yield "what date_trunc() yields depends on the engine; write cast(date_trunc(...) as date)"


def window(node: exp.Expression, scope: Scope, reader: Reader) -> Iterator[str]:
    for part in node.args["order"].expressions if node.args.get("order") else []:
        if part.args.get("nulls_first") and not part.args.get("desc") and reader.known(part.this).nullable:
            yield f"`{shortened(part.this)}` may be null, last on DuckDB and first on Spark; write nulls last after it"


def rows(node: exp.Expression, scope: Scope, reader: Reader) -> Iterator[str]:
    holder = node.parent.parent if isinstance(node.parent, exp.Alias) else node.parent
    if not isinstance(holder, exp.Select):
        yield "Spark makes no rows inside an expression; make them in a step before it"


TEXTS_OF_DOUBLES = "a double has a text of its own on every engine, such as 1e-05 and 1.0E-5"
RULES: dict[type[exp.Expression], Callable[[exp.Expression, Scope, Reader], Iterator[str]]] = {
    exp.Concat: concatenation, exp.Div: quotient, exp.IntDiv: whole_quotient, exp.Avg: mean, exp.Median: mean,
    exp.WithinGroup: mean, exp.ArgMax: extreme, exp.ArgMin: extreme, exp.Cast: cast, exp.TryCast: cast,
    exp.Round: rounding, exp.ConcatWs: joined_text, exp.DPipe: joined_text, exp.Sub: difference,
    exp.TimestampTrunc: truncated, exp.DateTrunc: truncated, exp.Window: window, exp.Explode: rows, exp.Unnest: rows,
}  # fmt: skip


class Models(Mapping[str, Relation]):
    """The relations of a project by `schema.name`; a model is read, and checked, when its columns are first wanted.

    `stored` holds what the warehouse and the shapes in the YAML say, `statements` the compiled models.
    """

    def __init__(self, statements: Mapping[str, exp.Expression], stored: Mapping[str, Relation]) -> None:
        self.statements, self.stored = statements, stored
        self.faults: dict[str, list[str]] = {}
        self._read: dict[str, Relation] = {}

    def __getitem__(self, name: str) -> Relation:
        if name not in self.statements:
            return self.stored[name]
        if name not in self._read:
            stored = self.stored.get(name, Relation([]))
            self._read[name] = stored  # for a model that reads its own earlier state
            self.faults[name], read = compiled_faults(self.statements[name], self)
            known = dict(stored.columns)
            columns = [
                (
                    column,
                    Value(
                        known.get(column, value).kind if value.kind in ("unknown", "null") else value.kind,
                        value.nullable and known.get(column, value).nullable,
                    ),
                )
                for column, value in read.columns
            ]
            self._read[name] = Relation(columns, read.keys | stored.keys)
        return self._read[name]

    def __iter__(self) -> Iterator[str]:
        return iter(self.statements)

    def __len__(self) -> int:
        return len(self.statements)


# Templates


def functions() -> dict[str, str]:
    """Each reviewed function, and what to write instead where Spark has not the same: else `same`."""
    with FUNCTIONS.open(encoding="utf-8", newline="") as lines:
        return {row["function"]: row["spark"] for row in csv.DictReader(lines)}


# Whole constructs that are read differently or by one engine only, and what to write instead.
CONSTRUCTS = (
    (re.compile(r"\bas\s+varchar\b|\bvarchar\s*\(|\bcast\([^()]*\bas\s+text\)", re.IGNORECASE),
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
MACRO_OF_AN_ENGINE = re.compile(r"\{%-?\s*macro\s+(?:default|duckdb|spark)__.*?endmacro\s*-?%\}", re.DOTALL)


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
