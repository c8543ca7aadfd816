{# 1 + the number of stored cut-points strictly below the value (above it when reversed): equal values score equal. #}
{% macro score_by_cut_points(value, cut_prefix, reverse=false) -%}
    cast(
        1
        {%- for number in [1, 2, 3, 4] %}
        + case when {{ cut_prefix }}_cut_{{ number }} {{ '>' if reverse else '<' }} {{ value }} then 1 else 0 end
        {%- endfor %}
        as int
    )
{%- endmacro %}

{# The four stored cut-points of a metric as columns, for a grouped select from rfm_cut_points. #}
{% macro cut_point_columns(metric) -%}
    {%- for number in [1, 2, 3, 4] %}
    max(case when metric = '{{ metric }}' and cut_number = {{ number }} then cut_value end)
        as {{ metric }}_cut_{{ number }}{{ ',' if not loop.last }}
    {%- endfor %}
{%- endmacro %}
