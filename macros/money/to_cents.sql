{# An amount rounded to cents, ties to even. #}
{% macro to_cents(amount) -%}
    {{ return(adapter.dispatch('to_cents', 'customer_segmentation')(amount)) }}
{%- endmacro %}

{% macro default__to_cents(amount) -%}
    cast(round_even(cast({{ amount }} as decimal(28, 10)), 2) as decimal(18, 2))
{%- endmacro %}

{% macro spark__to_cents(amount) -%}
    cast(bround(cast({{ amount }} as decimal(28, 10)), 2) as decimal(18, 2))
{%- endmacro %}

{# A figure that is not money as a decimal, halves rounded away from zero. By way of ten decimal places: no double is
   exactly 1.005, so engines that round it directly disagree. #}
{% macro to_decimal(value, precision, scale) -%}
    cast(cast({{ value }} as decimal(28, 10)) as decimal({{ precision }}, {{ scale }}))
{%- endmacro %}

{# An amount in the reporting currency, to the cent. Widened first: an absurd amount must not break the build. #}
{% macro in_reporting_currency(amount, rate) -%}
    {{ to_cents("cast(" ~ amount ~ " as decimal(28, 10)) * " ~ rate) }}
{%- endmacro %}

{# Amounts that differ by less than this count as equal. #}
{% macro half_a_cent() -%}
    0.005
{%- endmacro %}

{# Sources round each part to cents, so the parts may differ from their total by this much. #}
{% macro rounding_tolerance() -%}
    0.02
{%- endmacro %}
