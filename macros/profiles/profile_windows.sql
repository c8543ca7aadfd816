{# The business days that profiles read: 28 checked days, and before the first of them a history of 24 weeks of
   28-day windows (see int_data_profile_windows). #}
{% macro profile_days() -%}
    {{ return(252) }}
{%- endmacro %}

{# Business days of the recent period of a distribution, and of the reference period that ends where it begins. #}
{% macro recent_days() -%}
    {{ return(28) }}
{%- endmacro %}

{% macro reference_days() -%}
    {{ return(364) }}
{%- endmacro %}

{# `recent` or `reference`: the period that a day falls in; null outside both. #}
{% macro distribution_period(date_column) -%}
    case
        when {{ within_window(date_column, recent_days()) }} then 'recent'
        when {{ within_window(date_column, recent_days() + reference_days()) }} then 'reference'
    end
{%- endmacro %}

{# Natural logarithm as an exact number, so that sums do not depend on the order of rows. #}
{% macro exact_ln(amount) -%}
    cast(ln(cast({{ amount }} as double)) as decimal(18, 6))
{%- endmacro %}

{# The standard error of a measured value under chance alone, by its kind: a count, a share, a rate of
   events per row, or a typical amount (whose logarithms spread by about one). #}
{% macro chance_spread(kind, expected, row_count) -%}
    case {{ kind }}
        when 'count' then sqrt(greatest({{ expected }}, 1.0))
        when 'share'
            then sqrt(
                greatest({{ expected }}, 1 / cast({{ row_count }} + 2 as double))
                * greatest(1 - {{ expected }}, 1 / cast({{ row_count }} + 2 as double))
                / {{ row_count }}
            )
        when 'rate' then sqrt(greatest({{ expected }}, 1 / cast({{ row_count }} as double)) / {{ row_count }})
        else {{ expected }} / sqrt({{ row_count }})
    end
{%- endmacro %}

{# The value of a measure over any period, from its two sums: a count is its numerator, a share or a rate the
   quotient, a typical amount the geometric mean. Null where there are no rows to divide by. #}
{% macro profile_value(kind, numerator, row_count) -%}
    case {{ kind }}
        when 'count' then cast({{ numerator }} as double)
        when 'typical' then exp(cast({{ numerator }} as double) / nullif({{ row_count }}, 0))
        else cast({{ numerator }} as double) / nullif({{ row_count }}, 0)
    end
{%- endmacro %}

{# Measures of one relation as rows in the shape that all daily profiles share. `measures`: a list of name, kind,
   numerator and row_count. #}
{% macro profile_measures(relation, profile_name, slice_name, measures) -%}
    {%- for measure, kind, numerator, row_count in measures %}
    select
        '{{ profile_name }}' as profile_name,
        {{ slice_name }} as slice_name,
        '{{ measure }}' as measure,
        '{{ kind }}' as measure_kind,
        {{ numerator }} as numerator,
        {{ row_count }} as row_count,
        profile_date

    from {{ relation }}
    {{ 'union all' if not loop.last }}
    {%- endfor %}
{%- endmacro %}

{# A limit as text with two decimals, such as 19.90; null stays null. #}
{% macro two_decimals(value) -%}
    cast({{ to_decimal(value, 28, 2) }} as {{ dbt.type_string() }})
{%- endmacro %}
