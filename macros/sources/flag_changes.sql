{# Every version of a record, known by the end of as_of_date, at which a flag changed from the version before: the
   record's key and e-mail, the flag now (is_set) and before (was_set; null for the first version).

   All versions count, even those that a validation rule holds back: statements of consent are never held back. #}
{% macro flag_changes(source_name, table_name, key, email, flag) -%}
    {%- set relation = source(source_name, table_name) -%}
    {%- if not execute -%}{{ return('select 1 as placeholder') }}{%- endif -%}
    {%- set contract = source_contract(source_name, table_name) -%}
    {%- set present = delivered_columns(relation, contract) %}
    select record_id, email, is_set, was_set, known_at
    from (
        select
            {{ key }} as record_id,
            {{ email }} as email,
            coalesce({{ flag }}, false) as is_set,
            lag(coalesce({{ flag }}, false)) over (
                partition by {{ key }}
                order by known_at, case when {{ flag }} then 1 else 0 end
            ) as was_set,
            known_at
        from ({{ known_versions(relation, contract, present, []) }}) as known
    ) as followed
    where was_set is null or is_set <> was_set
{%- endmacro %}
