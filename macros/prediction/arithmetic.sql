{# 1 / (1 + exp(-x)) of an SQL expression, without overflow. #}
{% macro logistic(x) -%}
    (case when {{ x }} >= 0 then 1.0 else exp(-abs({{ x }})) end / (1 + exp(-abs({{ x }}))))
{%- endmacro %}

{# ln(1 + exp(x)) of an SQL expression, without overflow. #}
{% macro softplus(x) -%}
    (greatest({{ x }}, 0) + ln(1 + exp(-abs({{ x }}))))
{%- endmacro %}

{# The value below which a standard normal variable lies with probability p, 0 < p < 1; the error is below
   0.0005 (Abramowitz and Stegun 1964, formula 26.2.23). #}
{% macro normal_quantile(p) -%}
    {%- set t = 'sqrt(-2 * ln(least(' ~ p ~ ', 1 - (' ~ p ~ '))))' -%}
    (
        case when {{ p }} < 0.5 then -1 else 1 end * (
            {{ t }} - (2.515517 + {{ t }} * (0.802853 + {{ t }} * 0.010328))
            / (1 + {{ t }} * (1.432788 + {{ t }} * (0.189269 + {{ t }} * 0.001308)))
        )
    )
{%- endmacro %}

{# Integers from 0 to count - 1, in a column named `number`. #}
{% macro number_spine(count) -%}
    {{ return(adapter.dispatch('number_spine', 'customer_segmentation')(count)) }}
{%- endmacro %}

{% macro default__number_spine(count) -%}
    select cast(i as int) as number from range(0, {{ count }}) as numbers (i)
{%- endmacro %}

{% macro spark__number_spine(count) -%}
    select cast(id as int) as number from range(0, {{ count }})
{%- endmacro %}
