{# Every version of some records of a table, known by the end of as_of_date, with the delivery that it came with.
   `wanted` is a select of record keys. `usable` leaves out what a rule holds back; `payload` gives, instead of the
   delivery, the whole record as JSON: raw values, for schema pii only. #}
{% macro record_versions(source_name, table_name, wanted, usable=false, payload=false) -%}
    {%- set relation = source(source_name, table_name) -%}
    {%- set blocked = blocked_versions(source_name, table_name) if usable else none -%}
    {%- if not execute -%}{{ return('select 1 as placeholder') }}{%- endif -%}
    {%- set contract = source_contract(source_name, table_name) -%}
    {%- set present = delivered_columns(relation, contract) -%}
    {%- set names = contract.config.meta.key if '_record_hash' in present and not payload else none -%}
    select
        '{{ source_name }}' as source, '{{ table_name }}' as table_name,
        {{ record_key_text(contract, 'known') }} as record_key, {{ version_hash(contract, present, 'known') }} as version_hash,
        known.known_at,
        {%- if payload %}
        {{ row_as_json(contract, 'known') }} as payload
        {%- else %}
        {{ load_column('_delivered_at', present, dbt.type_timestamp()) }} as delivered_at,
        {{ load_column('_file_id', present, 'bigint') }} as file_id, {{ load_column('_line', present, 'bigint') }} as line_number,
        {{ load_column('_load_id', present, dbt.type_string()) }} as load_id
        {%- endif %}
    from ({{ known_versions(relation, contract, present, load_columns(), names) }}) as known
    {%- if blocked is not none %}
    {{ join_blocked(contract, present, blocked) }}
    {%- endif %}
    where
        {{ record_key_text(contract, 'known') }} in ({{ wanted }})
        {{- ' and ' ~ is_usable_version() if blocked is not none }}
{%- endmacro %}

{# The columns of a record's contract as one JSON object. #}
{% macro row_as_json(contract, alias) -%}
    {{ return(adapter.dispatch('row_as_json', 'customer_segmentation')(contract, alias)) }}
{%- endmacro %}

{% macro default__row_as_json(contract, alias) -%}
    cast(json_object({{ names_and_values(contract, alias) }}) as {{ dbt.type_string() }})
{%- endmacro %}

{% macro spark__row_as_json(contract, alias) -%}
    to_json(named_struct({{ names_and_values(contract, alias) }}))
{%- endmacro %}

{% macro names_and_values(contract, alias) -%}
    {%- for name in contract.columns -%}
        '{{ name }}', {{ alias }}.{{ adapter.quote(name) }}{{ ', ' if not loop.last }}
    {%- endfor -%}
{%- endmacro %}

{# How many versions a table has, and of how many records. #}
{% macro version_and_record_count(source_name, table_name) -%}
    {%- set contract = source_contract(source_name, table_name) -%}
    {%- set relation = source(source_name, table_name) -%}
    {%- set key = contract.config.meta.key -%}
    {%- set known = known_versions(relation, contract, delivered_columns(relation, contract), [], key) -%}
select '{{ source_name }}' as source, '{{ table_name }}' as table_name, coalesce(sum(versions), 0) as version_count, count(*) as record_count
from (select count(*) as versions from ({{ known }}) as known group by {{ quoted_list(key) }}) as records
{%- endmacro %}

{# A condition that leaves, of a staging model of web events, those of the event's own table. #}
{% macro own_events_only(source_name, table_name) -%}
    {%- set relation = source(source_name, table_name) -%}
    {%- set is_there = execute and delivered_columns(relation, source_contract(source_name, table_name)) %}
 where {{ 'event_id in (select id from ' ~ relation ~ ')' if is_there else '1 = 0' }}
{%- endmacro %}
