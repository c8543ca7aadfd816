{# Every usable version, known by the end of as_of_date, of the records of a source table that have several: the columns
   of the contract, typed, and known_at. For the past states of a record; latest_version has the present one. Records
   with one version, nearly all, are left out, since latest_version covers them fully. #}
{% macro versions_of_changed_records(source_name, table_name) -%}
    {%- set relation = source(source_name, table_name) -%}
    {%- set blocked = blocked_versions(source_name, table_name) -%}
    {%- if not execute -%}{{ return('select 1 as placeholder') }}{%- endif -%}
    {%- set contract = source_contract(source_name, table_name) -%}
    {%- set key = contract.config.meta.key -%}
    {%- set usable = usable_versions(relation, contract, delivered_columns(relation, contract), [], blocked) -%}
    select versions.*
    from ({{ usable }}) as versions
    inner join (
        select {{ quoted_list(key) }}
        from ({{ usable }}) as known
        group by {{ quoted_list(key) }}
        having count(*) > 1
    ) as changed
        on {{ same_key(key, 'versions', 'changed') }}
{%- endmacro %}
