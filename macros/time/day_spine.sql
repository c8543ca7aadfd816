{# One row per day, column `day`: from `days_back` days before as_of_date to `days_ahead` after it. #}
{% macro day_spine(days_back, days_ahead=0) -%}
    {{ return(adapter.dispatch('day_spine', 'customer_segmentation')(days_back, days_ahead)) }}
{%- endmacro %}

{% macro default__day_spine(days_back, days_ahead) -%}
    select cast({{ as_of_date() }} + cast(i as int) as date) as day
    from range(-{{ days_back }}, {{ days_ahead + 1 }}) as days (i)
{%- endmacro %}

{% macro spark__day_spine(days_back, days_ahead) -%}
    select cast({{ as_of_date() }} + cast(id as int) as date) as day
    from range(-{{ days_back }}, {{ days_ahead + 1 }})
{%- endmacro %}
