"""Reads a statement without an engine: the columns of each step, with their types and nulls, and its unique keys.

Types are those that Spark would give (an average of decimals is a decimal), in classes such as `decimal`. A key is
known where it follows from what is known of the tables, from a `group by`, a `distinct` or a `row_number`.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from typing import NamedTuple

from sqlglot import exp


class Value(NamedTuple):
    """Class of the type of an expression, `unknown` if it is not known, and whether it may be null."""

    kind: str
    nullable: bool = True


KINDS = {
    "double": ("DOUBLE", "FLOAT"),
    "decimal": ("DECIMAL",),
    "integer": ("INT", "INTEGER", "BIGINT", "SMALLINT", "TINYINT", "INT128", "HUGEINT"),
    "text": ("TEXT", "VARCHAR"),
    "boolean": ("BOOLEAN",),
    "date": ("DATE",),
    "timestamp": ("TIMESTAMP", "TIMESTAMPTZ", "TIMESTAMPNTZ"),
}
KIND_OF_TYPE = {name: kind for kind, names in KINDS.items() for name in names}
UNKNOWN = Value("unknown")
# More keys of a step than this are not followed.
MOST_KEYS = 24

Column = tuple[str, str]  # source and name
Key = frozenset[Column]
Names = frozenset[str]


@dataclass(frozen=True)
class Relation:
    """Columns in their order, in which a name may occur twice, and what is unique: sets of names."""

    columns: list[tuple[str, Value]]
    keys: frozenset[Names] = frozenset()

    def renamed(self, names: list[str]) -> Relation:
        """With the columns named by an alias such as `t (a, b)`."""
        given = [(new, value) for new, (_, value) in zip(names, self.columns, strict=False)]
        return Relation(given + self.columns[len(names) :], frozenset() if names else self.keys)


@dataclass
class Scope:
    """What the expressions of a select may read, and what is known of the rows that it reads."""

    outer: Scope | None = None
    sources: dict[str, dict[str, Value]] = field(default_factory=dict)
    aliases: dict[str, Value] = field(default_factory=dict)
    keys: set[Key] = field(default_factory=lambda: {frozenset()})
    keys_of_sources: dict[str, set[Key]] = field(default_factory=dict)
    equal: dict[Column, Column] = field(default_factory=dict)
    constant: set[Column] = field(default_factory=set)
    grouped: list[exp.Expression] | None = None
    is_aggregated: bool = False

    def find(self, column: exp.Column) -> tuple[str, Value] | None:
        """The source of a column, and what is known of it there."""
        for source, columns in self.sources.items():
            if column.table.lower() in ("", source) and column.name.lower() in columns:
                return source, columns[column.name.lower()]
        return None

    def value_of(self, column: exp.Column) -> Value:
        """What is known of a column: of a source, else of an expression of the select, else of the query around it."""
        place = self.find(column)
        if place is not None:
            return place[1]
        if not column.table and column.name.lower() in self.aliases:
            return self.aliases[column.name.lower()]
        return self.outer.value_of(column) if self.outer else UNKNOWN

    def same(self, column: Column) -> Column:
        """One of all columns that are equal to this one."""
        while column in self.equal:
            column = self.equal[column]
        return column

    def columns_of(self, expressions: Iterable[exp.Expression]) -> set[Column]:
        """Those of the expressions, or of the items of a tuple, that are plain columns."""
        found = set()
        for expression in expressions:
            node = expression.this if isinstance(expression, exp.Ordered) else expression
            for part in node.expressions if isinstance(node, exp.Tuple) else [node]:
                if isinstance(part, exp.Column):
                    place = self.find(part)
                    found.add(self.same((place[0] if place else "", part.name.lower())))
        return found

    def decides(self, columns: set[Column], value: exp.Expression) -> bool:
        """Whether rows that agree in these columns agree in the value: they are one row, or one row of its source."""
        known = columns | {self.same(column) for column in self.constant}
        if any(key <= known for key in self.keys):
            return True
        places = [self.find(part) for part in within(value) if isinstance(part, exp.Column)]
        sources = {place[0] for place in places if place}
        return (
            len(sources) == 1
            and all(places)
            and any({self.same(column) for column in key} <= known for key in self.keys_of_sources[sources.pop()])
        )

    def filtered(self, condition: exp.Expression) -> Scope:
        """The scope of an aggregate that only reads rows which meet a condition."""
        scope = replace(self, sources={name: dict(columns) for name, columns in self.sources.items()})
        for column in (column for part in conjuncts(condition) for column in filled_by(part)):
            scope.fill(column)
        return scope

    def fill(self, column: exp.Column) -> None:
        """Notes that a column is not null."""
        place = self.find(column)
        if place is not None:
            self.sources[place[0]][column.name.lower()] = Value(place[1].kind, False)

    def make_equal(self, left: Column, right: Column) -> None:
        left, right = self.same(left), self.same(right)
        if left != right:
            self.equal[right] = left
            self.keys = {frozenset(self.same(column) for column in key) for key in self.keys}

    def equalities(self, conditions: Iterable[exp.Expression]) -> tuple[list[tuple[Column, Column]], set[Column]]:
        """Pairs of columns that conditions make equal, and columns that they make equal to what is no column."""
        pairs, fixed = [], set()
        for condition in conditions:
            if isinstance(condition, exp.EQ):
                left, right = self.columns_of([condition.this]), self.columns_of([condition.expression])
                if left and right:
                    pairs.append((left.pop(), right.pop()))
                elif not condition.expression.find(exp.Column):
                    fixed |= left
                elif not condition.this.find(exp.Column):
                    fixed |= right
        return pairs, fixed

    def restrict(self, conditions: Iterable[exp.Expression]) -> None:
        """What follows for the rows that meet conditions: columns that are equal, constant or not null."""
        for condition in conditions:
            pairs, fixed = self.equalities([condition])
            self.constant |= fixed
            for left, right in pairs:
                self.make_equal(left, right)
            for column in filled_by(condition):
                self.fill(column)


class Reader:
    """Reads statements from the inside out; calls `visit` for each expression and `step` for each CTE."""

    def __init__(
        self,
        tables: Mapping[str, Relation],
        visit: Callable[[exp.Expression, Scope, Reader], None] = lambda node, scope, reader: None,
        step: Callable[[str, Relation], None] = lambda name, relation: None,
    ) -> None:
        self.tables, self.visit, self.step = tables, visit, step
        self.values: dict[int, Value] = {}

    def known(self, node: exp.Expression | None) -> Value:
        """What is known of an expression that has been read."""
        return self.values.get(id(node), UNKNOWN)

    def read(
        self, query: exp.Expression, steps: Mapping[str, Relation] | None = None, outer: Scope | None = None
    ) -> Relation:
        """The columns and keys of a query, which may name `steps` and tables."""
        steps = dict(steps or {})
        clause = query.args.get("with_")
        for item in clause.expressions if clause is not None else []:
            names = [column.name.lower() for column in item.args["alias"].args.get("columns") or []]
            relation = self.read(item.this, steps, outer).renamed(names)
            self.step(item.alias, relation)
            steps[item.alias.lower()] = relation
        if isinstance(query, exp.Subquery):
            return self.read(query.this, steps, outer)
        if isinstance(query, exp.SetOperation):
            return self._set(query, steps, outer)
        return self._select(query, steps, outer) if isinstance(query, exp.Select) else Relation([])

    def _set(self, query: exp.SetOperation, steps: Mapping[str, Relation], outer: Scope | None) -> Relation:
        left, right = self.read(query.this, steps, outer), self.read(query.expression, steps, outer)
        if not isinstance(query, exp.Union):
            return left
        pairs = zip(left.columns, right.columns, strict=False)
        columns = [(name, either([value, other])) for (name, value), (_, other) in pairs]
        if is_empty(query.expression):
            return left
        return Relation(columns, frozenset({frozenset(dict(columns))} if query.args.get("distinct") else ()))

    def _source(self, node: exp.Expression, steps: Mapping[str, Relation], outer: Scope | None) -> Relation:
        """What follows `from` or `join`."""
        alias = node.args.get("alias")
        names = [column.name.lower() for column in (alias.args.get("columns") or [] if alias else [])]
        if isinstance(node, exp.Table) and isinstance(node.this, exp.Identifier):
            if not node.db and node.name.lower() in steps:
                return steps[node.name.lower()].renamed(names)
            return self.tables.get(f"{node.db}.{node.name}".lower(), Relation([])).renamed(names)
        if isinstance(node, exp.Table):
            return Relation([(name, Value("integer", False)) for name in names[:1]], frozenset({frozenset(names[:1])}))
        if isinstance(node, exp.Values):
            rows = [row.expressions if isinstance(row, exp.Tuple) else [row] for row in node.expressions]
            scope = Scope(outer)
            values = [either([self.value(cell, scope, steps) for cell in cells]) for cells in zip(*rows, strict=True)]
            return Relation(list(zip(names, values, strict=False)))
        return self.read(node, steps, outer).renamed(names)

    def _select(self, query: exp.Select, steps: Mapping[str, Relation], outer: Scope | None) -> Relation:
        scope = Scope(outer)
        start, where, group = query.args.get("from_"), query.args.get("where"), query.args.get("group")
        for join in ([start] if start else []) + query.args.get("joins", []):
            self._join(join, scope, steps)
        if where:
            scope.restrict(conjuncts(where.this))
            self.value(where.this, scope, steps)
        scope.grouped = group.expressions if group else None
        scope.is_aggregated = bool(group) or any(is_aggregate(item) for item in query.expressions)
        columns = self._projections(query, scope, steps)
        for part in ("group", "order"):
            for node in query.args[part].expressions if query.args.get(part) else []:
                self.value(node, scope, steps)
        for part in ("having", "qualify"):
            if query.args.get(part):
                self.value(query.args[part].this, scope, steps)
        if is_empty(query):
            return Relation([(name, Value(value.kind, False)) for name, value in columns], frozenset({frozenset()}))
        return Relation(columns, self._keys(query, scope, columns))

    def _join(self, join: exp.Expression, scope: Scope, steps: Mapping[str, Relation]) -> None:
        """Adds a source. The keys of one side stay keys where each of its rows meets at most one of the other."""
        source, alias = self._source(join.this, steps, scope.outer), join.this.alias_or_name.lower()
        side, on = join.args.get("side") or "", join.args.get("on")
        others = set(scope.sources)
        if side in ("RIGHT", "FULL"):
            scope.sources = {name: may_be_missing(columns) for name, columns in scope.sources.items()}
        columns = dict(source.columns)
        scope.sources[alias] = may_be_missing(columns) if side in ("LEFT", "FULL") else columns
        pairs, fixed = scope.equalities(conjuncts(on))
        for name in [column.name.lower() for column in join.args.get("using") or []]:
            pairs += [((other, name), (alias, name)) for other in others if name in scope.sources[other]][:1]
        matched = fixed | {end for pair in pairs for end in pair if {pair[0][0], pair[1][0]} & others}
        own = {frozenset((alias, name) for name in key) for key in source.keys}
        scope.keys_of_sources[alias] = own
        kept = {key | mine for key in scope.keys for mine in own}
        if any(key <= matched for key in own):
            kept |= scope.keys
        if side not in ("LEFT", "FULL") and any(key <= {scope.same(end) for end in matched} for key in scope.keys):
            kept |= own
        scope.keys = set(sorted(kept, key=lambda key: (len(key), sorted(key)))[:MOST_KEYS])
        if not side:
            scope.restrict(conjuncts(on))
            for left, right in pairs:
                scope.make_equal(left, right)
        if on is not None:
            self.value(on, scope, steps)

    def _projections(self, query: exp.Select, scope: Scope, steps: Mapping[str, Relation]) -> list[tuple[str, Value]]:
        columns: list[tuple[str, Value]] = []
        for item in query.expressions:
            node = item.unalias()
            if item.is_star:
                columns += self._star(node, scope, steps)
            else:
                value = self.value(node, scope, steps)
                columns.append((item.alias_or_name.lower(), value))
                if isinstance(item, exp.Alias):
                    scope.aliases[item.alias.lower()] = value
        return columns

    def _star(self, node: exp.Expression, scope: Scope, steps: Mapping[str, Relation]) -> list[tuple[str, Value]]:
        star = node.this if isinstance(node, exp.Column) else node
        left_out = {part.name.lower() for part in star.args.get("except_") or []}
        replaced = {part.alias.lower(): part.this for part in star.args.get("replace") or []}
        return [
            (name, self.value(replaced[name], scope, steps) if name in replaced else value)
            for columns in stars_sources(node, scope).values()
            for name, value in columns.items()
            if name not in left_out
        ]

    def _keys(self, query: exp.Select, scope: Scope, columns: list[tuple[str, Value]]) -> frozenset[Names]:
        """What is unique in the result, as far as its columns show it."""
        if any(isinstance(part, exp.Explode | exp.Unnest) for item in query.expressions for part in within(item)):
            return frozenset()
        shown: dict[Column, str] = {}
        for item in query.expressions:
            node = item.unalias()
            if item.is_star:
                for source, names in stars_sources(node, scope).items():
                    for name in names:
                        shown.setdefault(scope.same((source, name)), name)
            for column in scope.columns_of([node]):
                shown.setdefault(column, item.alias_or_name.lower())
        constant = {scope.same(column) for column in scope.constant}
        keys = {key - constant for key in scope.keys}
        found = set()
        if scope.is_aggregated:
            places = scope.columns_of(scope.grouped or [])
            texts = {node.sql() for node in scope.grouped or [] if not isinstance(node, exp.Column)}
            named = {item.alias_or_name.lower() for item in query.expressions if item.unalias().sql() in texts}
            keys = {key for key in keys if key <= places} if not texts else set()
            if places <= set(shown) | constant and len(named) == len(texts):
                found.add(frozenset(named | {shown[place] for place in places if place in shown}))
        found |= {frozenset(shown[column] for column in key) for key in keys if key <= set(shown)}
        for item in query.expressions:
            node = item.unalias()
            if isinstance(node, exp.Window) and isinstance(node.this, exp.RowNumber):
                within_one = node.args.get("partition_by") or []
                places = scope.columns_of(within_one)
                if len(places) == len(within_one) and places <= set(shown):
                    found.add(frozenset({item.alias.lower()} | {shown[place] for place in places}))
        if query.args.get("distinct"):
            found.add(frozenset(dict(columns)))
        return frozenset(found)

    def value(self, node: exp.Expression, scope: Scope, steps: Mapping[str, Relation]) -> Value:
        """Reads an expression, after those within it. A subquery has the select as the query around it."""
        if isinstance(node, exp.Query):
            columns = self.read(node, steps, scope).columns
            found = columns[0][1]._replace(nullable=True) if columns else UNKNOWN
        else:
            inner = scope.filtered(node.expression.this) if isinstance(node, exp.Filter) else scope
            found = self._typed(node, scope, [self.value(part, inner, steps) for part in parts_of(node)])
        self.values[id(node)] = found
        if not isinstance(node, exp.Query):
            self.visit(node, scope, self)
        return found

    def _typed(self, node: exp.Expression, scope: Scope, given: list[Value]) -> Value:
        this = given[0] if given else UNKNOWN
        nullable = any(value.nullable for value in given)
        kinds = {value.kind for value in given}
        if isinstance(node, exp.Column):
            return scope.value_of(node)
        if isinstance(node, exp.Literal):
            # 1e3 is a double, 1.0 a decimal.
            number = "double" if "e" in node.name.lower() else "decimal" if "." in node.name else "integer"
            return Value("text" if node.is_string else number, False)
        if isinstance(node, exp.Boolean | exp.Null):
            return Value("null" if isinstance(node, exp.Null) else "boolean", isinstance(node, exp.Null))
        if isinstance(node, exp.Cast):
            return Value(KIND_OF_TYPE.get(node.to.this.name, "unknown"), this.nullable or isinstance(node, exp.TryCast))
        if isinstance(node, exp.If):
            return self.known(node.args["true"])
        if isinstance(node, exp.Case):
            default = node.args.get("default")
            return either([*map(self.known, node.args["ifs"]), self.known(default) if default else NULL])
        if isinstance(node, exp.Coalesce | exp.Greatest | exp.Least):
            return Value(either(given).kind, all(value.nullable for value in given))
        if isinstance(node, exp.Window):
            return Value(this.kind, this.nullable and not isinstance(node.this, exp.Count))
        if isinstance(node, exp.Filter):
            return Value(this.kind, not isinstance(node.this, exp.Count))
        if isinstance(node, exp.Div):
            return Value("decimal" if "decimal" in kinds and "double" not in kinds else "double", True)
        if isinstance(node, exp.Add | exp.Sub | exp.Mul | exp.Mod):
            moment = [kind for kind in ("timestamp", "date") if kind in kinds]
            return Value(moment[0] if moment else either(given).kind, nullable)
        if isinstance(node, exp.Avg):
            return Value("decimal" if this.kind == "decimal" else "double", this.nullable or scope.grouped is None)
        if isinstance(node, exp.Floor | exp.Ceil):
            return Value("decimal" if this.kind == "decimal" else "integer", nullable)
        for (kind, never_null), classes in FUNCTIONS.items():
            if isinstance(node, classes):
                return Value(kind, nullable and not never_null)
        if isinstance(node, exp.Lag | exp.Lead | exp.Nullif):
            return Value(this.kind, True)
        if isinstance(node, exp.AggFunc):
            kind = "boolean" if isinstance(node, exp.LogicalOr | exp.LogicalAnd) else this.kind
            return Value(kind, this.nullable or scope.grouped is None)
        if isinstance(node, exp.Anonymous):
            return Value(OF_ONE_ENGINE.get(node.name.lower(), "unknown"), nullable)
        return Value(this.kind if isinstance(node, SAME_TYPE) else "unknown", nullable)


NULL = Value("null")
# Type and whether the result is never null.
FUNCTIONS: dict[tuple[str, bool], tuple[type[exp.Expression], ...]] = {
    ("integer", True): (exp.Count, exp.RowNumber, exp.Rank, exp.DenseRank),
    ("integer", False): (exp.DateDiff, exp.Length, exp.StrPosition, exp.Extract, exp.Levenshtein, exp.DayOfWeek),
    ("double", False): (exp.Ln, exp.Exp, exp.Sqrt, exp.Pow, exp.Median, exp.PercentileCont, exp.Sign),
    ("text", True): (exp.ConcatWs,),
    ("text", False): (
        exp.Concat, exp.DPipe, exp.Trim, exp.Lower, exp.Upper, exp.Substring, exp.Replace, exp.RegexpExtract,
        exp.RegexpReplace, exp.SplitPart, exp.Pad, exp.Right, exp.SHA2, exp.MD5, exp.Chr, exp.Translate,
        exp.GroupConcat, exp.JSONObject, exp.Explode,
    ),
    ("boolean", True): (exp.Is, exp.Exists, exp.NullSafeEQ, exp.NullSafeNEQ),
    ("boolean", False): (exp.Predicate, exp.Connector, exp.Not),
    ("timestamp", False): (exp.TimestampTrunc, exp.DateTrunc),
}  # fmt: skip
SAME_TYPE = (exp.Paren, exp.Neg, exp.Abs, exp.Round, exp.Ordered, exp.WithinGroup, exp.Distinct)
# Functions that only macros for DuckDB call.
OF_ONE_ENGINE = {"timezone": "timestamp", "round_even": "decimal", "strip_accents": "text"}


def either(values: Iterable[Value]) -> Value:
    """What is known of what has one of these values."""
    given = list(values)
    kinds = {value.kind for value in given} - {"null"}
    ranked = [kind for kind in ("unknown", "double", "decimal", "integer") if kind in kinds]
    return Value((ranked or sorted(kinds) or ["null"])[0], any(value.nullable for value in given))


def may_be_missing(columns: Mapping[str, Value]) -> dict[str, Value]:
    return {name: value._replace(nullable=True) for name, value in columns.items()}


def stars_sources(node: exp.Expression, scope: Scope) -> dict[str, dict[str, Value]]:
    """The sources whose columns a star stands for."""
    table = node.table.lower() if isinstance(node, exp.Column) else ""
    return {name: columns for name, columns in scope.sources.items() if table in ("", name)}


def parts_of(node: exp.Expression) -> Iterator[exp.Expression]:
    """The expressions directly within another."""
    for part in node.iter_expressions():
        if not isinstance(part, exp.DataType | exp.Identifier | exp.Var | exp.Interval | exp.WindowSpec):
            yield part


def within(node: exp.Expression) -> Iterator[exp.Expression]:
    """An expression and all that it consists of, down to its subqueries."""
    return node.walk(prune=lambda part: isinstance(part, exp.Query))


def is_aggregate(item: exp.Expression) -> bool:
    """Whether an expression summarises rows: it has an aggregate that is not the function of a window."""
    for part in within(item):
        parent = part.parent
        while isinstance(parent, exp.Filter | exp.WithinGroup):
            parent = parent.parent
        if isinstance(part, exp.AggFunc) and not isinstance(parent, exp.Window):
            return True
    return False


def is_empty(query: exp.Expression) -> bool:
    """Whether a select says that it has no rows, as `where 1 = 0`."""
    where = query.args.get("where")
    ends = (where.this.this, where.this.expression) if where and isinstance(where.this, exp.EQ) else ()
    return len(ends) == 2 and all(isinstance(end, exp.Literal) for end in ends) and ends[0] != ends[1]


def conjuncts(condition: exp.Expression | None) -> list[exp.Expression]:
    """The conditions that `and` joins."""
    if isinstance(condition, exp.Paren):
        return conjuncts(condition.this)
    if isinstance(condition, exp.And):
        return conjuncts(condition.this) + conjuncts(condition.expression)
    return [] if condition is None else [condition]


def filled_by(condition: exp.Expression) -> list[exp.Column]:
    """The columns that are not null where a condition holds."""
    inner = condition.this.unnest() if isinstance(condition, exp.Not) else condition
    if isinstance(condition, exp.Not) and isinstance(inner, exp.Is) and isinstance(inner.expression, exp.Null):
        parts = [inner.this]
    elif isinstance(inner, exp.EQ | exp.NEQ | exp.GT | exp.GTE | exp.LT | exp.LTE | exp.Between | exp.In | exp.Like):
        parts = [inner.this, inner.args.get("expression")]
    else:
        parts = [inner]
    return [part for part in parts if isinstance(part, exp.Column)]
