{# The limits of the seed source_health_limits that have a default for all sources, each from the narrowest row that
   states it: joined as by_table, by_source and by_default. #}
{% macro source_limit_columns() -%}
    {%- set names = [
        'volume_weeks', 'volume_min_weeks', 'volume_min_rows', 'volume_deviation', 'volume_warn_share',
        'volume_fail_share', 'volume_high_share', 'reject_days', 'reject_min_rows', 'reject_warn_rate',
        'reject_fail_rate', 'drift_severity', 'lag_days', 'lag_warn_hours'
    ] -%}
    {%- for name in names -%}
        coalesce(by_table.{{ name }}, by_source.{{ name }}, by_default.{{ name }}) as {{ name }}
        {{- ', ' if not loop.last }}
    {%- endfor -%}
{%- endmacro %}
