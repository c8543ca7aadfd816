{# Every usable version of every record of a source table known by the end of as_of_date: the columns of the contract,
   typed, and known_at. For what a record ever showed; what it shows now is latest_version. #}
{% macro record_versions(source_name, table_name) -%}
    {%- set relation = source(source_name, table_name) -%}
    {%- set blocked = blocked_versions(source_name, table_name) -%}
    {%- if not execute -%}{{ return('select 1 as placeholder') }}{%- endif -%}
    {%- set contract = source_contract(source_name, table_name) -%}
    {{ return(usable_versions(relation, contract, delivered_columns(relation, contract), [], blocked)) }}
{%- endmacro %}
