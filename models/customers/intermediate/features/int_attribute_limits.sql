-- Grain: one row: the limits of attribute_limits as numbers, a column each.
{{ config(materialized='view') }}
{%- set limits = {
    'lapsed_after_days': 'int', 'inactive_after_days': 'int', 'comeback_gap_days': 'int', 'won_back_days': 'int',
    'loyal_days': 'int', 'late_interval_factor': 'double', 'high_click_count': 'int', 'high_open_count': 'int',
    'high_visit_count': 'int', 'medium_touch_count': 'int', 'low_active_days': 'int', 'trend_touch_count': 'int',
    'rising_factor': 'double', 'declining_factor': 'double'
} %}
with limits as (

    select
        {% for name, data_type in limits.items() %}
        max(case when limit_name = '{{ name }}' then cast(value as {{ data_type }}) end) as {{ name }},
        {% endfor %}
        count(*) as limit_count

    from {{ ref('attribute_limits') }}

)

select * from limits
