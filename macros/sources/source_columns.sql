{# Names, in lower case, of the columns that a raw table has; empty when its source is off or was never delivered.
   Stops the run with one line when a required column is missing. #}
{% macro delivered_columns(relation, contract) -%}
    {%- if not source_is_on(contract.source_name) -%}{{ return([]) }}{%- endif -%}
    {%- set present = raw_columns(relation) -%}
    {%- if not present -%}{{ return([]) }}{%- endif -%}
    {%- set missing = [] -%}
    {%- for column in contract.columns.values() if column.config.meta.required -%}
        {#- The delivery date stands in for the source's own timestamp. -#}
        {%- set has_stand_in = column.name == contract.config.meta.known_at and '_delivered_at' in present -%}
        {%- if column.name | lower not in present and not has_stand_in -%}
            {%- do missing.append(column.name) -%}
        {%- endif -%}
    {%- endfor -%}
    {%- if missing -%}
        {{ exceptions.raise_compiler_error(
            relation.schema ~ "." ~ relation.identifier ~ " lacks " ~ missing | join(", ") ~ ", which "
            ~ contract.original_file_path ~ " requires; load it with these columns, or turn the source off"
            ~ " (--vars 'using_" ~ contract.source_name ~ ": false')"
        ) }}
    {%- endif -%}
    {{ return(present) }}
{%- endmacro %}

{# Names, in lower case, of the columns of a table that dbt does not build; empty when it does not exist. #}
{% macro raw_columns(relation) -%}
    {{ return(adapter.dispatch('raw_columns', 'customer_segmentation')(relation)) }}
{%- endmacro %}

{% macro default__raw_columns(relation) -%}
    {%- set memory = run_memory('raw_columns') -%}
    {%- set name = relation | string -%}
    {%- if name not in memory -%}
        {%- set found = adapter.get_relation(relation.database, relation.schema, relation.identifier) -%}
        {%- do memory.update({
            name: adapter.get_columns_in_relation(found) | map(attribute='name') | map('lower') | list if found is not none else []
        }) -%}
    {%- endif -%}
    {{ return(memory[name]) }}
{%- endmacro %}

{# DuckDB returns the columns of a whole schema in one query. #}
{% macro duckdb__raw_columns(relation) -%}
    {%- set memory = run_memory('raw_columns') -%}
    {%- set schema = relation.schema | lower -%}
    {%- if schema not in memory -%}
        {%- set tables = {} -%}
        {%- for row in run_query(
            "select lower(table_name), lower(column_name) from duckdb_columns() where lower(schema_name) = '" ~ schema
            ~ "' and lower(database_name) = '" ~ relation.database | lower ~ "' order by table_name, column_index"
        ).rows -%}
            {%- do tables.setdefault(row[0], []).append(row[1]) -%}
        {%- endfor -%}
        {%- do memory.update({schema: tables}) -%}
    {%- endif -%}
    {{ return(memory[schema].get(relation.identifier | lower, [])) }}
{%- endmacro %}

{# Spark describes all tables of a schema in one statement, which dbt-spark keeps with each relation of its cache. #}
{% macro spark__raw_columns(relation) -%}
    {%- set memory = run_memory('raw_columns') -%}
    {%- set name = relation | string -%}
    {%- if name not in memory -%}
        {%- set found = adapter.get_relation(none, relation.schema, relation.identifier) -%}
        {%- do memory.update({name: modules.re.findall('(?m)^ [|]-- (.*?): ', found.information | lower) if found else []}) -%}
    {%- endif -%}
    {{ return(memory[name]) }}
{%- endmacro %}

{# A contract column as its stated type: text trimmed and null when empty, null when the raw table lacks it. #}
{% macro typed_column(column, is_present) -%}
    {%- set is_text = column.data_type == 'varchar' -%}
    {%- set type = dbt.type_string() if is_text else column.data_type -%}
    {%- if not is_present -%}
        cast(null as {{ type }})
    {%- elif is_text -%}
        nullif(trim(cast({{ adapter.quote(column.name) }} as {{ type }})), '')
    {%- else -%}
        cast({{ adapter.quote(column.name) }} as {{ type }})
    {%- endif -%}
{%- endmacro %}

{# Columns by which a connector marks a version as the last of a deleted record, in any table, whether the contract
   declares them or not: flags, and times that only a deleted record has. `deleted_by` of a contract names another.
   The same names as in scripts/platform/contracts.py. #}
{% macro deletion_columns(contract, present) -%}
    {%- set flags = ['_fivetran_deleted', '__deleted', contract.config.meta.deleted_by] | select('in', present) | list -%}
    {%- set times = ['_sdc_deleted_at', '_ab_cdc_deleted_at', 'deleted_at'] | select('in', present) | list -%}
    {{ return({'flags': flags, 'times': times}) }}
{%- endmacro %}

{# Whether a version says that its record was deleted. #}
{% macro says_deleted(contract, present) -%}
    {%- set columns = deletion_columns(contract, present) -%}
    {%- set parts = [] -%}
    {%- for name in columns.flags -%}
        {%- do parts.append('coalesce(cast(' ~ adapter.quote(name) ~ ' as boolean), false)') -%}
    {%- endfor -%}
    {%- for name in columns.times -%}
        {%- do parts.append(adapter.quote(name) ~ ' is not null') -%}
    {%- endfor -%}
    {{ return(parts | join(' or ') or 'false') }}
{%- endmacro %}

{# When a version became known: the source's own timestamp, else the delivery date of its file. A table that has
   neither, such as CRM deals from a connector, shows its present state, which counts as known all along. #}
{% macro source_known_at(contract, present) -%}
    {%- set stamp = dbt.type_timestamp() -%}
    {%- set stamps = [] -%}
    {%- for name in [contract.config.meta.known_at, '_delivered_at'] if name in present -%}
        {%- do stamps.append('cast(' ~ adapter.quote(name) ~ ' as ' ~ stamp ~ ')') -%}
    {%- endfor -%}
    {{ 'coalesce(' ~ stamps | join(', ') ~ ')' if stamps else "cast('1970-01-01 00:00:00' as " ~ stamp ~ ')' }}
{%- endmacro %}

{# Column names quoted for the engine and joined with commas, each after `alias.` when one is given. #}
{% macro quoted_list(names, alias=none) -%}
    {%- set quoted = [] -%}
    {%- for name in names -%}
        {%- do quoted.append((alias ~ '.' if alias else '') ~ adapter.quote(name)) -%}
    {%- endfor -%}
    {{ return(quoted | join(', ')) }}
{%- endmacro %}

{# The join condition of two relations on a key of one or more columns. #}
{% macro same_key(key, left, right) -%}
    {%- set parts = [] -%}
    {%- for name in key -%}
        {%- do parts.append(left ~ '.' ~ adapter.quote(name) ~ ' = ' ~ right ~ '.' ~ adapter.quote(name)) -%}
    {%- endfor -%}
    {{ return(parts | join(' and ')) }}
{%- endmacro %}
