-- Grain: one row per build, a single one: every limit of attribute_limits as a number in a column of the same name.
{{ config(materialized='view') }}
{%- do stop_on_seed_violations(['attribute_limits']) %}
{%- set needed = seed_declarations()['attribute_limits'].config.meta.needed.rows if execute else ['limit'] %}
{%- set whole_number_units = ['days', 'hours', 'minutes', 'count'] %}
with limits as (

    select
        trim(limit_name) as limit_name,
        {{ decimal_number('value') }} as limit_value

    from {{ ref('attribute_limits') }}

),

one_row as (

    select
        {%- for name in needed %}
        {%- set is_whole = name.split('_')[-1] in whole_number_units %}
        {%- set value = 'cast(round(limit_value) as int)' if is_whole else 'cast(limit_value as double)' %}
        max(case when limit_name = '{{ name }}' then {{ value }} end) as {{ name }},
        {%- endfor %}
        count(*) as limit_count

    from limits

)

select * from one_row
