"""The project's SQL is written in forms that DuckDB and Spark read alike (the table is in CONTRIBUTING.md)."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from typing import Any

import pytest
import yaml

from scripts.platform.warehouse import open_warehouse
from scripts.platform.workspace import PROJECT, Workspace
from tests.support.portable_sql import (
    FUNCTIONS,
    Models,
    compiled_faults,
    functions,
    parsed,
    template_faults,
)
from tests.support.sql_scopes import KIND_OF_TYPE, Relation, Value

ORDERS = Relation(
    [
        ("order_id", Value("text", False)),
        ("customer_id", Value("text", False)),
        ("amount", Value("decimal", False)),
        ("discount", Value("decimal")),
        ("rate", Value("double", False)),
        ("line_count", Value("integer", False)),
        ("note", Value("text")),
        ("ordered_at", Value("timestamp", False)),
        ("paid_at", Value("timestamp")),
        ("ordered_date", Value("date", False)),
    ],
    frozenset({frozenset({"order_id"})}),
)
RATES = Relation(
    [("currency", Value("text", False)), ("valid_from", Value("date", False)), ("rate", Value("double", False))],
    frozenset({frozenset({"currency", "valid_from"})}),
)
TABLES = {"core.orders": ORDERS, "core.rates": RATES}

TIES = "rows may tie; order by a tuple that ends in a unique key, or in the value itself"
DROPPED = "a row without a value is left out on DuckDB only; add filter (where ... is not null)"
DIVIDED = "a quotient of decimals has few digits on Spark; cast to double before dividing"
AVERAGED = "of decimals it has other digits on Spark; write cast(... as double) inside"
HALVES = "engines round halves of a double differently; write to_cents(), or to_decimal() if it is not money"
TRUNCATED = "DuckDB rounds and Spark truncates; write floor() or round() inside the cast"
SHOWN = "a double has a text of its own on every engine, such as 1e-05 and 1.0E-5"
ROWS = "Spark makes no rows inside an expression; make them in a step before it"

# A select and what is wrong with it.
COMPILED = [
    ("select concat(order_id, note) as label from core.orders",
     "`concat(order_id, note)`: a null is left out on DuckDB and makes all null on Spark; write concat_ws('', ...), or"
     " || to keep the null"),
    ("select line_count / 7.0 as weeks from core.orders", f"`line_count / 7.0`: {DIVIDED}"),
    ("select amount / line_count as mean from core.orders", f"`amount / line_count`: {DIVIDED}"),
    ("with sums as (select sum(amount) as total, count(*) as rows from core.orders) select total / rows as m from sums",
     f"`total / rows`: {DIVIDED}"),
    ("select line_count // 7 as weeks from core.orders",
     "`line_count // 7`: // is for DuckDB only; write floor(cast(... as double) / ...)"),
    ("select avg(case when line_count > 1 then 1.0 else 0 end) as share from core.orders",
     f"`avg(CASE WHEN line_count > 1 THEN 1.0 ELSE 0 END)`: {AVERAGED}"),
    ("select median(amount) as amount from core.orders", f"`median(amount)`: {AVERAGED}"),
    ("select percentile_cont(0.9) within group (order by amount) as amount from core.orders",
     f"`quantile_cont(amount, 0.9 ORDER BY amount)`: {AVERAGED}"),
    ("select customer_id, max_by(line_count, ordered_at) as last from core.orders group by customer_id",
     f"`max_by(line_count, ordered_at)`: {TIES}"),
    ("select max_by(line_count, (ordered_at, customer_id)) as last from core.orders",
     f"`max_by(line_count, (ordered_at, customer_id))`: {TIES}"),
    # A key of the orders, but not of their pairs with rates.
    ("select min_by(rates.rate, orders.order_id) as rate from core.orders as orders cross join core.rates as rates",
     f"`min_by(rates.rate, orders.order_id)`: {TIES}"),
    ("select max_by(note, order_id) as last from core.orders", f"`max_by(note, order_id)`: {DROPPED}"),
    ("select max_by(order_id, (paid_at, order_id)) as last from core.orders",
     "`max_by(order_id, (paid_at, order_id))`: `paid_at` may be null, the largest on DuckDB and the smallest on Spark;"
     " coalesce it"),
    ("select cast(rate as decimal(18, 2)) as rate from core.orders", f"`CAST(rate AS DECIMAL(18, 2))`: {HALVES}"),
    ("select cast(cast(amount as double) / line_count as decimal(18, 2)) as mean from core.orders",
     f"`CAST(CAST(amount AS DOUBLE) / line_count AS DECIMAL(18, 2))`: {HALVES}"),
    ("select round(rate, 1) as rate from core.orders",
     "`round(rate, 1)`: engines round halves of a double differently; write to_decimal()"),
    ("select cast(amount as int) as whole from core.orders", f"`CAST(amount AS INT)`: {TRUNCATED}"),
    ("select cast(rate + 0.5 as bigint) as whole from core.orders", f"`CAST(rate + 0.5 AS BIGINT)`: {TRUNCATED}"),
    ("select try_cast(note as int) as number from core.orders",
     "`TRY_CAST(note AS INT)`: a text such as 1.5 becomes 2 on DuckDB and null on Spark; write whole_number()"),
    ("select cast(rate as text) as rate from core.orders",
     f"`CAST(rate AS TEXT)`: {SHOWN}; write number_text(), or exact_text() where nobody sees it"),
    ("select concat_ws(' ', order_id, rate) as label from core.orders",
     f"`concat_ws(' ', order_id, rate)`: `rate`: {SHOWN}; write number_text()"),
    ("select order_id || (2 * rate) as label from core.orders",
     f"`order_id || (2 * rate)`: `(2 * rate)`: {SHOWN}; write number_text()"),
    ("select max(ordered_date) - min(ordered_date) as days from core.orders",
     "`max(ordered_date) - min(ordered_date)`: a difference of dates is a number on DuckDB and an interval on Spark;"
     " write days_between()"),
    ("select date_trunc('month', ordered_date) as month from core.orders",
     "`date_trunc('MONTH', ordered_date)`: what date_trunc() yields depends on the engine; write cast(date_trunc(...)"
     " as date)"),
    ("select row_number() over (order by paid_at, order_id) as place from core.orders",
     "`row_number() OVER (ORDER BY paid_at, order_id)`: `paid_at` may be null, last on DuckDB and first on Spark; write"
     " nulls last after it"),
    # The left join makes it null.
    ("select row_number() over (order by rates.rate) as place from core.orders as orders"
     " left join core.rates as rates on orders.note = rates.currency",
     "`row_number() OVER (ORDER BY rates.rate)`: `rates.rate` may be null, last on DuckDB and first on Spark; write"
     " nulls last after it"),
    ("select trim(unnest(string_split(note, '|'))) as item from core.orders",
     f"`unnest(str_split(note, '|'))`: {ROWS}"),
    ("with valued as (select orders.*, rates.rate from core.orders as orders cross join core.rates as rates)"
     " select order_id from valued",
     "step `valued`: two columns are named rate; rename one, or name the columns"),
    ("with whole as (with x as (select 1 as a, 2 as a) select a from x) select a from whole",
     "step `x`: two columns are named a; rename one, or name the columns"),
]  # fmt: skip

# Selects with nothing wrong.
PORTABLE = [
    "select concat_ws('', order_id, note) as label, order_id || note as other from core.orders",
    "select cast(line_count as double) / 7 as weeks, line_count / 7 as same, amount / rate as price from core.orders",
    "select avg(cast(amount as double)) as mean, avg(line_count) as lines, median(rate) as rate from core.orders",
    "select percentile_cont(0.9) within group (order by cast(amount as double)) as amount from core.orders",
    # The order's own key, the value itself, and the group with the rest of the key.
    "select max_by(line_count, (ordered_at, order_id)) as last from core.orders",
    "select max_by(line_count, (ordered_at, line_count)) as last from core.orders",
    "select currency, max_by(rate, valid_from) as rate from core.rates group by currency",
    "select max_by(rate, valid_from) as rate from core.rates where currency = 'EUR'",
    "select max_by(note, order_id) filter (where note is not null) as last from core.orders",
    "select max_by(note, order_id) as last from core.orders where note is not null",
    # One rate per order, so the order's key is still one.
    """select orders.customer_id, max_by(rates.rate, orders.order_id) as rate
    from core.orders as orders
    inner join core.rates as rates on orders.note = rates.currency and orders.ordered_date = rates.valid_from
    group by orders.customer_id""",
    # The number of a row within a customer, and the one row of a total.
    """with numbered as (
        select customer_id, line_count, row_number() over (partition by customer_id order by order_id) as number
        from core.orders
    ), total as (select count(*) as order_count from core.orders)
    select numbered.customer_id, max_by(numbered.line_count, numbered.number) as last
    from numbered cross join total group by numbered.customer_id""",
    # A relation that has no rows yet.
    "with log as (select cast(null as date) as day, cast(null as text) as change where 1 = 0)"
    " select max_by(change, day) as change from log",
    "select cast(round_even(cast(rate as decimal(28, 10)), 2) as decimal(18, 2)) as cents from core.orders",
    "select cast(cast(rate as decimal(28, 10)) as decimal(18, 4)) as rate, round(rate) as whole from core.orders",
    "select cast(amount as decimal(18, 1)) as amount, round(amount, 1) as rounded from core.orders",
    "select cast(floor(rate) + 1 as int) as a, cast(round(amount) as bigint) as b, cast(line_count as int) as c"
    " from core.orders",
    "select cast(nullif(regexp_extract(trim(note), '^[0-9]{1,9}$', 0), '') as integer) as number from core.orders",
    "select cast(amount as text) as a, cast(ordered_at as text) as b from core.orders",
    "select cast(rate as text) /* exact_text */ as a, coalesce(cast(rate as text) /* exact_text */, '') as b"
    " from core.orders",
    "select date_diff('day', ordered_date, ordered_date) as a, ordered_date - cast(7 as int) as b from core.orders",
    "select cast(date_trunc('month', ordered_date) as date) as month from core.orders",
    "select row_number() over (order by paid_at nulls last, order_id) as a, rank() over (order by paid_at desc) as b"
    " from core.orders",
    "select row_number() over (order by paid_at) as a from core.orders where paid_at > ordered_at",
    "select order_id, unnest(string_split(note, '|')) as item from core.orders",
    "with x as (select orders.*, rates.rate as exchange_rate from core.orders as orders cross join core.rates as rates)"
    " select order_id from x",
    "with x as (select * replace (1 as rate) from core.orders) select order_id from x",
]

# What a model or macro says, and what is wrong with it.
WRITTEN = [
    ("select cast(x as varchar) as x", "line 1: `as varchar`: a type's name differs between engines; write"
     " dbt.type_string()"),
    ("select cast(x as text) as x", "line 1: `cast(x as text)`: a type's name differs between engines; write"
     " dbt.type_string()"),
    ("{{ 'cast(null as varchar)' if is_off else name }}", "line 1: `as varchar`: a type's name differs between engines;"
     " write dbt.type_string()"),
    ("select x::int as x", "line 1: `::`: a cast for DuckDB only; write cast(... as ...)"),
    ("select\n    x\nfrom t\nqualify row_number() over (order by x) = 1",
     "line 4: `qualify`: not every engine has qualify; filter a row_number() in the next step"),
    ("select * exclude (x) from t", "line 1: `* exclude`: not every engine has it; name the columns"),
    ("from t, lateral (select 1) as u", "line 1: `lateral`: lateral is wrong on Spark across integer types; write a"
     " join"),
    ("where x ilike 'a%'", "line 1: `ilike`: not every engine has ilike; write lower(...) like"),
    ("with recursive t as (select 1)", "line 1: `recursive`: not every engine has recursion; see"
     " connected_components"),
    ("{# A comment.\n#}\nselect string_agg(x, ',') as list",
     "line 3: `string_agg()`: not the same on Spark; write sorted_text_list() or ordered_text_list()"),
    ("select {{ 'epoch(' ~ x ~ ')' }}", "line 1: `epoch()`: not the same on Spark; write seconds_between()"),
    ("select jaro_similarity(a, b) as likeness",
     "line 1: `jaro_similarity()`: not the same on Spark; write another, a dispatched macro, or compare both engines"
     " and add it to portable_functions.csv"),
]  # fmt: skip

# What a model or macro may say.
WELL_WRITTEN = [
    "-- concat(a, b), and x::int\nselect coalesce(x, 'epoch(1)') as x",
    "{# unnest(x) #}{%- set names = source_contract(a, b) -%} select cast(x as {{ dbt.type_string() }}) as text",
    "{% macro default__day(x) -%} epoch({{ x }})::varchar {%- endmacro %}",
    "{% macro spark__day(x) -%} unix_timestamp({{ x }}) {%- endmacro %}",
    "{{ exceptions.raise_compiler_error(name ~ ' has 2 error(s); see checked_seeds') }}",
    "{%- if column.data_type == 'varchar' -%} {{ column.name }} {%- endif -%}",
]


@pytest.mark.parametrize(("select", "fault"), COMPILED, ids=[select[:60] for select, _ in COMPILED])
def test_a_form_that_engines_read_differently_is_found(select: str, fault: str) -> None:
    assert compiled_faults(parsed(select), TABLES)[0] == [fault]


@pytest.mark.parametrize("select", PORTABLE, ids=[select[:60] for select in PORTABLE])
def test_a_portable_form_passes(select: str) -> None:
    assert compiled_faults(parsed(select), TABLES)[0] == []


@pytest.mark.parametrize(("template", "fault"), WRITTEN, ids=[template[:60] for template, _ in WRITTEN])
def test_a_form_that_one_engine_lacks_is_found_as_written(template: str, fault: str) -> None:
    assert template_faults(template, functions()) == [fault]


@pytest.mark.parametrize("template", WELL_WRITTEN, ids=[template[:60] for template in WELL_WRITTEN])
def test_a_portable_template_passes(template: str) -> None:
    assert template_faults(template, functions()) == []


def test_a_fault_in_a_model_is_found_in_what_reads_it() -> None:
    """Types, nulls and keys are followed from model to model."""
    models = Models(
        {
            "core.means": parsed("select customer_id, avg(amount) as mean from core.orders group by customer_id"),
            "core.halves": parsed("select customer_id, mean / 2 as half from core.means"),
        },
        TABLES,
    )
    assert models["core.halves"].keys == {frozenset({"customer_id"})}
    assert models.faults["core.halves"] == [f"`mean / 2`: {DIVIDED}"]


def test_every_function_is_reviewed_once() -> None:
    names = [line.split(",")[0] for line in FUNCTIONS.read_text(encoding="utf-8").splitlines()[1:]]
    assert names == sorted(set(names))
    assert all(functions().values())


def sql_in_yaml(node: Any) -> Iterator[str]:
    """The expressions that YAML files give to shapes and to the checks of seeds, and the queries of unit tests."""
    if isinstance(node, dict):
        for key, value in node.items():
            if key in ("holds", "by", "keys", "ranges", "partition_by", "rows"):
                yield from texts_in(value)
            yield from sql_in_yaml(value)
    elif isinstance(node, list):
        for part in node:
            yield from sql_in_yaml(part)


def texts_in(node: Any) -> Iterator[str]:
    if isinstance(node, str):
        yield node
    elif isinstance(node, dict | list):
        for part in node.values() if isinstance(node, dict) else node:
            yield from texts_in(part)


def test_models_macros_and_yaml_are_written_in_portable_forms() -> None:
    folders = [PROJECT / name for name in ("models", "macros", "tests/dbt", "analyses")]
    files = [file for folder in folders for file in sorted(folder.rglob("*.sql"))]
    macros = {
        name: "same"
        for file in files
        for name in re.findall(r"\{%-?\s*macro\s+(\w+)", file.read_text(encoding="utf-8"))
    }
    reviewed = macros | functions()
    found = [
        f"{file.relative_to(PROJECT)}, {fault}"
        for file in files
        for fault in template_faults(file.read_text(encoding="utf-8"), reviewed)
    ]
    for folder in (PROJECT / "models", PROJECT / "seeds"):
        for file in sorted(folder.rglob("*.yml")):
            for sql in sql_in_yaml(yaml.load(file.read_text(encoding="utf-8"), Loader=yaml.CSafeLoader)):
                found += [f"{file.relative_to(PROJECT)}, `{sql}`, {fault}" for fault in template_faults(sql, reviewed)]
    assert not found, "\n".join(found)


def stored_relations(workspace: Workspace, manifest: dict[str, Any]) -> dict[str, Relation]:
    """Every relation of the warehouse with its types, and with what the shapes in the YAML say of nulls and keys."""
    names = {unique_id: f"{node['schema']}.{node['alias']}".lower() for unique_id, node in manifest["nodes"].items()}
    shapes = {
        names[node["attached_node"]]: node["test_metadata"]["kwargs"]
        for node in manifest["nodes"].values()
        if (node.get("test_metadata") or {}).get("name") == "shape"
    }
    columns: dict[str, list[tuple[str, str]]] = {}
    with open_warehouse(workspace.warehouse, read_only=True) as connection:
        for schema, table, column, data_type in connection.execute(
            "select schema_name, table_name, column_name, data_type from duckdb_columns() order by all"
        ).fetchall():
            columns.setdefault(f"{schema}.{table}".lower(), []).append((column.lower(), data_type.split("(")[0]))
    stored = {}
    for name, types in columns.items():
        shape = shapes.get(name, {})
        keys = [{key} if isinstance(key, str) else set(key) for key in shape.get("keys", [])]
        filled = set().union(*keys, shape.get("not_null", [])) - set(shape.get("nullable", []))
        stored[name] = Relation(
            [(column, Value(KIND_OF_TYPE.get(kind, "unknown"), column not in filled)) for column, kind in types],
            frozenset(map(frozenset, keys)),
        )
    return stored


def test_compiled_models_are_in_portable_forms(demo_workspace: Workspace) -> None:
    target = demo_workspace.home / "dbt" / "target"
    manifest = json.loads((target / "manifest.json").read_text(encoding="utf-8"))
    (compiled,) = target.glob("compiled/*")
    # The tests of a model are in a folder named after its YAML file.
    files = {file.stem: file for file in compiled.rglob("*.sql") if file.parent.suffix != ".yml"}
    statements, tests = {}, {}
    for node in manifest["nodes"].values():
        if node["name"] in files and node["resource_type"] in ("model", "test"):
            statement = parsed(files[node["name"]].read_text(encoding="utf-8"))
            if node["resource_type"] == "model":
                statements[f"{node['schema']}.{node['alias']}".lower()] = statement
            else:
                tests[node["name"]] = statement
    assert len(statements) > 300
    models = Models(statements, stored_relations(demo_workspace, manifest))
    for name in statements:
        assert models[name].columns
    faults = models.faults | {name: compiled_faults(statement, models)[0] for name, statement in tests.items()}
    found = [f"{name}: {fault}" for name, of_one in faults.items() for fault in of_one]
    assert not found, "\n".join(found)
