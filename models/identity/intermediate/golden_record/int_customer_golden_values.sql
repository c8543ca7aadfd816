-- Grain: one row per customer and field that is known: the value that survived, whose it is and from when. Identifiers.
{{ config(schema='pii') }}

{%- set rules = survivorship() %}

with statements as (

    select * from {{ ref('int_customer_statements') }}

),

{% for unit, fields in golden_units().items() %}
{{ unit }}_winners as (

    {{ golden_winners('statements', unit, fields, rules[unit]) }}

),

{% endfor %}
golden as (

    {% for unit, fields in golden_units().items() %}
    {% set is_last_unit = loop.last %}
    {% for field in fields %}
    select
        customer_id,
        '{{ unit }}' as unit,
        '{{ field }}' as field,
        {{ field }} as value,
        source_system,
        valued_at,
        rule

    from {{ unit }}_winners
    where {{ field }} is not null
    {{ 'union all' if not (is_last_unit and loop.last) }}
    {% endfor %}
    {% endfor %}

)

select * from golden
