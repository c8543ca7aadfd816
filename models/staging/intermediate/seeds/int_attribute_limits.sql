-- Grain: one row per build, the only one: every limit of attribute_limits as a number in a column of its name.
{{ config(materialized='view') }}
{%- do stop_on_seed_violations(['attribute_limits']) %}
{%- set needed = seed_declarations()['attribute_limits'].config.meta.needed.rows if execute else ['limit'] %}
with one_row as (

    select
        {%- for name in needed %}
        max(case when trim(limit_name) = '{{ name }}' then cast({{ decimal_number('value') }} as
            {{ 'int' if name.split('_')[-1] in ['days', 'hours', 'minutes', 'count'] else 'double' }}) end) as {{ name }},
        {%- endfor %}
        count(*) as limit_count

    from {{ ref('attribute_limits') }}

)

select * from one_row
