{# A share as text in whole per cent: 100 only when it is all, 0 only when it is none. #}
{% macro percent_text(share) -%}
    cast(cast(
        case
            when {{ share }} > 0.995 and {{ share }} < 1 then 99
            when {{ share }} < 0.005 and {{ share }} > 0 then 1
            else floor(100 * {{ share }} + 0.5)
        end as int) as {{ dbt.type_string() }}) || ' %'
{%- endmacro %}

{# A double as text with at most `places` decimals and at least one, such as 12.5 and 3.0. #}
{% macro number_text(value, places) -%}
    {{ regexp_replace_all('cast(' ~ to_decimal(value, 28, places) ~ ' as ' ~ dbt.type_string() ~ ')', '0{1,' ~ (places - 1) ~ '}$') }}
{%- endmacro %}

{# A value as a text that is read back as exactly the same value. Not to be shown: 0.00001 has another text on every
   engine. #}
{% macro exact_text(value) -%}
    cast({{ value }} as {{ dbt.type_string() }}) /* exact_text */
{%- endmacro %}
