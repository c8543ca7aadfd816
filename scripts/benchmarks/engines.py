"""Compares the relations that two engines built from the same data, row by row, and reports every difference."""

from __future__ import annotations

import json
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import duckdb

from scripts.platform.files import replace_file
from scripts.platform.warehouse import literal, quote, scalar

# Schemas whose relations people and tools read.
COMPARED = ("marts", "pii", "activation")
# Their rows hold identifiers, so that no value of theirs is quoted.
GUARDED = ("pii", "activation")
# Sums of doubles depend on the order of addition.
TOLERANCE = 1e-9
FLOATS = ("DOUBLE", "FLOAT")


@dataclass
class Comparison:
    """One relation as two engines built it: number of rows on each side, and what differs, one line each."""

    relation: str
    rows: tuple[int, int]
    differences: list[str] = field(default_factory=list)

    @property
    def is_equal(self) -> bool:
        return not self.differences


def parquet_views(connection: duckdb.DuckDBPyConnection, folder: Path, catalogue: str) -> list[str]:
    """Every `<folder>/<schema>/<relation>/` as a view of an attached database in memory; returns `schema.relation`.

    Instants, which Spark writes with a zone, become UTC without one. A relation without files has no rows and is left
    out: its columns are not known.
    """
    connection.execute("set timezone = 'UTC'")
    connection.execute(f"attach ':memory:' as {quote(catalogue)}")
    found = []
    for path in sorted(path for path in folder.glob("*/*") if path.is_dir()):
        schema, name = path.parent.name.removesuffix(".db"), path.name
        if not any(path.rglob("*.parquet")):
            continue
        rows = f"read_parquet({literal(f'{path}/**/*.parquet')}, hive_partitioning = true)"
        columns = connection.execute(f"describe select * from {rows}").fetchall()
        cells = [
            f"cast({quote(column)} as timestamp) as {quote(column)}" if "TIME ZONE" in kind else quote(column)
            for column, kind, *_ in columns
        ]
        connection.execute(f"create schema if not exists {quote(catalogue)}.{quote(schema)}")
        view = f"{quote(catalogue)}.{quote(schema)}.{quote(name)}"
        connection.execute(f"create view {view} as select {', '.join(cells)} from {rows}")
        found.append(f"{schema}.{name}")
    return found


def compare_relation(
    connection: duckdb.DuckDBPyConnection,
    relation: str,
    one: str,
    other: str,
    key: Sequence[str] = (),
    partition: str | None = None,
) -> Comparison:
    """Compare `relation` (`schema.name`) in the attached databases `one` and `other`.

    Column names, their order and types must agree, except that a lake keeps the column `partition` last. Rows are a
    multiset; decimals, texts, dates and instants are compared exactly, doubles to TOLERANCE, relative or absolute.
    Where rows differ, they are matched by `key` to name the columns, with the key of one example unless the relation
    holds identifiers.
    """
    schema, name = relation.split(".")
    left, right = (f"{quote(catalogue)}.{quote(schema)}.{quote(name)}" for catalogue in (one, other))
    counts = (
        int(scalar(connection, f"select count(*) from {left}")),
        int(scalar(connection, f"select count(*) from {right}")),
    )
    found = Comparison(relation, counts)
    columns, others = _columns(connection, left), _columns(connection, right)
    if _in_order(columns, partition) != _in_order(others, partition):
        found.differences.append(_different_columns(columns, others, one, other))
        return found
    for column, kind in columns.items():
        if kind != others[column]:
            found.differences.append(f"{column}: {kind} in {one}, {others[column]} in {other}")
    if found.differences:
        return found
    if missing := _unmatched(connection, columns, left, right):
        found.differences += _explained(connection, columns, left, right, one, other, key, schema not in GUARDED)
        if found.is_equal:
            found.differences.append(f"{missing} rows differ, which no column of the key explains")
    return found


def _columns(connection: duckdb.DuckDBPyConnection, relation: str) -> dict[str, str]:
    return {name: kind for name, kind, *_ in connection.execute(f"describe select * from {relation}").fetchall()}


def _in_order(columns: Iterable[str], last: str | None) -> list[str]:
    return sorted(columns, key=lambda name: name == last)


def _different_columns(columns: dict[str, str], others: dict[str, str], one: str, other: str) -> str:
    parts = [
        f"only {side} has {', '.join(missing)}"
        for side, missing in (
            (one, [name for name in columns if name not in others]),
            (other, [name for name in others if name not in columns]),
        )
        if missing
    ]
    return "columns: " + ("; ".join(parts) or "in another order")


def _unmatched(connection: duckdb.DuckDBPyConnection, columns: dict[str, str], left: str, right: str) -> int:
    """Number of rows of either side that have no equal on the other."""
    floats = [name for name, kind in columns.items() if kind in FLOATS]
    exact = [quote(name) for name in columns if name not in floats]
    # Rows that agree in everything exact are paired in the order of their doubles.
    order = ", ".join(map(quote, floats)) or "1"
    row = f"md5(cast(row({', '.join(exact) or '0'}) as varchar))"
    sides = [
        f"(select row_hash, row_number() over (partition by row_hash order by {order}) as place,"
        f" {', '.join(map(quote, floats)) or '0 as nothing'} from (select *, {row} as row_hash from {side}))"
        for side in (left, right)
    ]
    same = " and ".join(
        ["a.row_hash is not null and b.row_hash is not null", *(_same(name, "DOUBLE") for name in floats)]
    )
    return int(
        scalar(
            connection,
            f"select coalesce(sum(case when {same} then 0 when a.row_hash is null or b.row_hash is null then 1"
            f" else 2 end), 0)"
            f" from {sides[0]} as a full join {sides[1]} as b on a.row_hash = b.row_hash and a.place = b.place",
        )
    )


def _same(column: str, kind: str) -> str:
    name = quote(column)
    equal = f"a.{name} is not distinct from b.{name}"
    if kind not in FLOATS:
        return equal
    near = f"abs(a.{name} - b.{name}) <= {TOLERANCE} * greatest(1, abs(a.{name}), abs(b.{name}))"
    return f"({equal} or coalesce({near}, false))"


def _explained(
    connection: duckdb.DuckDBPyConnection, columns: dict[str, str], left: str, right: str, one: str, other: str,
    key: Sequence[str], is_shown: bool,
) -> list[str]:  # fmt: skip
    """What differs, by column, in rows matched by their key."""
    if not key or scalar(
        connection, f"select count(*) from (select {', '.join(key)} from {left} group by all having count(*) > 1)"
    ):
        rows = _unmatched(connection, columns, left, right)
        return [f"{rows} rows differ; the relation has no unique key by which to compare them"]
    numbered = [f"k{number}" for number in range(len(key))]
    keyed = ", ".join(f"{part} as {name}" for part, name in zip(key, numbered, strict=True))
    joined = (
        f"(select *, true as is_there, {keyed} from {left}) as a"
        f" full join (select *, true as is_there, {keyed} from {right}) as b"
        f" on {' and '.join(f'a.{name} is not distinct from b.{name}' for name in numbered)}"
    )
    shown = ", ', ', ".join(
        f"{literal(part + '=')}, coalesce(cast(coalesce(a.{name}, b.{name}) as varchar), 'null')"
        for part, name in zip(key, numbered, strict=True)
    )
    example = f"min(concat({shown}))" if is_shown else "min(cast(null as varchar))"
    conditions = {
        f"rows only in {one}": "b.is_there is null",
        f"rows only in {other}": "a.is_there is null",
    } | {column: f"a.is_there and b.is_there and not {_same(column, kind)}" for column, kind in columns.items()}
    cells = [
        f"count(*) filter (where {condition}), {example} filter (where {condition})"
        for condition in conditions.values()
    ]
    values = connection.execute(f"select {', '.join(cells)} from {joined}").fetchone() or ()
    lines = []
    for number, what in enumerate(conditions):
        count, where = values[2 * number], values[2 * number + 1]
        if count:
            lines.append(
                f"{what}: {count:,}{'' if what.startswith('rows') else ' rows'}"
                + (f", such as {where}" if where else "")
            )
    return lines


def compare_all(
    connection: duckdb.DuckDBPyConnection,
    relations: Iterable[str],
    one: str,
    other: str,
    keys: dict[str, Sequence[str]] | None = None,
    partitions: dict[str, str] | None = None,
) -> list[Comparison]:
    """Compare each relation; one that a side lacks differs, unless it has no rows on the other side."""
    present = [
        {
            f"{schema}.{name}"
            for schema, name in connection.execute(
                "select table_schema, table_name from information_schema.tables where table_catalog = $catalogue",
                {"catalogue": catalogue},
            ).fetchall()
        }
        for catalogue in (one, other)
    ]
    found = []
    for relation in sorted(relations):
        absent = [catalogue for catalogue, names in zip((one, other), present, strict=True) if relation not in names]
        if absent:
            there = other if absent == [one] else one
            rows = 0 if len(absent) == 2 else int(scalar(connection, f"select count(*) from {there}.{relation}"))
            counts = (0, rows) if there == other else (rows, 0)
            found.append(Comparison(relation, counts, [f"missing in {' and '.join(absent)}"] if rows else []))
        else:
            key, partition = (keys or {}).get(relation, ()), (partitions or {}).get(relation)
            found.append(compare_relation(connection, relation, one, other, key, partition))
    return found


def keys_of(manifest: Path) -> dict[str, Sequence[str]]:
    """The first key that the shape test of each model states, by `schema.relation`, from a manifest.json of dbt."""
    described = json.loads(manifest.read_text(encoding="utf-8"))
    found = {}
    for node in described["nodes"].values():
        if (node.get("test_metadata") or {}).get("name") != "shape":
            continue
        model = described["nodes"].get(node.get("attached_node"))
        if model is not None:
            first = node["test_metadata"]["kwargs"]["keys"][0]
            found[f"{model['schema']}.{model['alias']}"] = [first] if isinstance(first, str) else first
    return found


def partitions_of(manifest: Path) -> dict[str, str]:
    """The column by which a lake partitions a relation, by `schema.relation`, from a manifest.json of dbt."""
    described = json.loads(manifest.read_text(encoding="utf-8"))
    return {
        f"{node['schema']}.{node['alias']}": node["config"]["partition_by"]
        for node in described["nodes"].values()
        if node["config"].get("partition_by")
    }


def relations_to_compare(manifest: Path) -> list[str]:
    """Every model that people or tools read, as `schema.relation`, from a manifest.json of dbt."""
    described = json.loads(manifest.read_text(encoding="utf-8"))
    return sorted(
        f"{node['schema']}.{node['alias']}"
        for node in described["nodes"].values()
        if node["resource_type"] == "model" and node["schema"] in COMPARED
    )


def write_report(file: Path, parts: dict[str, list[Comparison]], facts: Iterable[str] = ()) -> None:
    """A Markdown page: what was measured, and for every part a table of its relations, different ones first."""
    lines = ["# The same models on DuckDB and on Spark", ""]
    lines += [f"- {fact}" for fact in facts]
    for part, comparisons in parts.items():
        equal = sum(one.is_equal for one in comparisons)
        lines += ["", f"## {part}", "", f"{equal} of {len(comparisons)} relations are equal.", ""]
        lines += ["| relation | rows on DuckDB | rows on Spark | result |", "|---|---:|---:|---|"]
        for one in sorted(comparisons, key=lambda one: (one.is_equal, one.relation)):
            result = "equal" if one.is_equal else "<br>".join(line.replace("|", "\\|") for line in one.differences)
            lines.append(f"| `{one.relation}` | {one.rows[0]:,} | {one.rows[1]:,} | {result} |")
    replace_file(file, "\n".join(lines) + "\n")
