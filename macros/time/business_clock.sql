{# The hour of the day, 0 to 23, of a UTC instant in the business time zone. #}
{% macro business_hour(instant) -%}
    {{ return(adapter.dispatch('business_hour', 'customer_segmentation')(instant)) }}
{%- endmacro %}

{% macro default__business_hour(instant) -%}
    cast(extract(hour from timezone('{{ business_timezone() }}', timezone('UTC', {{ instant }}))) as int)
{%- endmacro %}

{% macro spark__business_hour(instant) -%}
    hour(from_utc_timestamp({{ instant }}, '{{ business_timezone() }}'))
{%- endmacro %}

{# The ISO number of a day's weekday: 1 for Monday, 7 for Sunday. #}
{% macro weekday_number(day) -%}
    {{ return(adapter.dispatch('weekday_number', 'customer_segmentation')(day)) }}
{%- endmacro %}

{% macro default__weekday_number(day) -%}
    (cast((dayofweek({{ day }}) + 6) % 7 + 1 as int))
{%- endmacro %}

{% macro spark__weekday_number(day) -%}
    ((dayofweek({{ day }}) + 5) % 7 + 1)
{%- endmacro %}

{# The name of a weekday by its ISO number. #}
{% macro weekday_name(number) -%}
    case {{ number }}
    {%- for name in ['Monday', 'Tuesday', 'Wednesday', 'Thursday', 'Friday', 'Saturday', 'Sunday'] %}
        when {{ loop.index }} then '{{ name }}'
    {%- endfor %}
    end
{%- endmacro %}
