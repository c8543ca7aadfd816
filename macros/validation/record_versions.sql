{# Every version of some records of a table, known by the end of as_of_date, with its delivery.
   `wanted` is a select of record keys. `usable` leaves out what a rule holds back; `payload` gives, instead of the
   delivery, the whole record as JSON: raw values, for schema pii only. #}
{% macro record_versions(source_name, table_name, wanted, usable=false, payload=false) -%}
    {%- set relation = source(source_name, table_name) -%}
    {%- set blocked = blocked_versions(source_name, table_name) if usable else none -%}
    {%- if not execute -%}{{ return('select 1 as placeholder') }}{%- endif -%}
    {%- set contract = source_contract(source_name, table_name) -%}
    {%- set present = delivered_columns(relation, contract) -%}
    {%- set all_names = contract.columns | list -%}
    {%- set names = contract.config.meta.key if '_record_hash' in present and not payload else all_names -%}
    {%- set key = record_key_text(contract, 'known') -%}
    select
        '{{ source_name }}' as source, '{{ table_name }}' as table_name, {{ key }} as record_key,
        {{ version_hash(contract, present, 'known') }} as version_hash, known.known_at,
        {{ row_as_json(contract, 'known') ~ ' as payload' if payload else origin_columns(present) }}
    from ({{ known_versions(relation, contract, present, load_columns(), names) }}) as known
    {{- join_blocked(contract, present, blocked) if blocked is not none }}
    where {{ key }} in ({{ wanted }}){{ ' and ' ~ is_usable_version() if blocked is not none }}
{%- endmacro %}

{# The delivery of a version, as columns. #}
{% macro origin_columns(present) -%}
    {%- set parts = [] -%}
    {%- for name, column, data_type in [
        ('delivered_at', '_delivered_at', dbt.type_timestamp()), ('file_id', '_file_id', 'bigint'),
        ('line_number', '_line', 'bigint'), ('load_id', '_load_id', dbt.type_string())
    ] -%}
        {%- do parts.append('cast(' ~ (column if column in present else 'null') ~ ' as ' ~ data_type ~ ') as ' ~ name) -%}
    {%- endfor -%}
    {{ return(parts | join(', ')) }}
{%- endmacro %}

{# The columns of a record's contract as one JSON object, nulls included, dates and times as SQL writes them. #}
{% macro row_as_json(contract, alias) -%}
    {{ return(adapter.dispatch('row_as_json', 'customer_segmentation')(contract, alias)) }}
{%- endmacro %}

{% macro default__row_as_json(contract, alias) -%}
    cast(json_object({{ names_and_values(contract, alias) }}) as {{ dbt.type_string() }})
{%- endmacro %}

{% macro spark__row_as_json(contract, alias) -%}
    to_json(named_struct({{ names_and_values(contract, alias) }}), map('ignoreNullFields', 'false'))
{%- endmacro %}

{% macro names_and_values(contract, alias) -%}
    {%- for column in contract.columns.values() -%}
        {%- set value = alias ~ '.' ~ adapter.quote(column.name) -%}
        '{{ column.name }}', {{ 'cast(' ~ value ~ ' as ' ~ dbt.type_string() ~ ')' if column.data_type in ('timestamp', 'date') else value }}
        {{- ', ' if not loop.last }}
    {%- endfor -%}
{%- endmacro %}
