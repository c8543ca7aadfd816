{# A share as text in whole per cent: 100 only when it is all, 0 only when it is none. #}
{% macro percent_text(share) -%}
    concat_ws('', cast(cast(
        case
            when {{ share }} > 0.995 and {{ share }} < 1 then 99
            when {{ share }} < 0.005 and {{ share }} > 0 then 1
            else floor(100 * {{ share }} + 0.5)
        end as int) as {{ dbt.type_string() }}), ' %')
{%- endmacro %}
