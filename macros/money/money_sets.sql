{# The amount of a money set, which is JSON and gives one amount in two currencies: 'shop', that of the shop, and
   'presentment', that in which the customer paid. Null where there is none. #}
{% macro money_of_set(column, side) -%}
    cast(
        nullif(regexp_extract({{ column }}, '"{{ side }}_money"[^{}]*[{][^}]*"amount"[": ]*([0-9.]+)', 1), '')
        as decimal(18, 4)
    )
{%- endmacro %}

{# Its currency. #}
{% macro currency_of_set(column, side) -%}
    upper(nullif(regexp_extract({{ column }}, '"{{ side }}_money"[^{}]*[{][^}]*"currency_code"[": ]*([A-Za-z]+)', 1), ''))
{%- endmacro %}
