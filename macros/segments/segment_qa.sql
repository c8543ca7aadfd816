{# Severity of a number: 2 beyond the fail limit, 1 beyond the warn limit, else 0, also where the number is not known.
   #}
{% macro qa_severity(value, warn, fail, beyond='>') -%}
    case when {{ value }} {{ beyond }} {{ fail }} then 2 when {{ value }} {{ beyond }} {{ warn }} then 1 else 0 end
{%- endmacro %}

{# The status that a severity stands for. #}
{% macro qa_status(severity) -%}
    case {{ severity }} when 2 then 'fail' when 1 then 'warn' else 'pass' end
{%- endmacro %}

{# A share as text, such as `12.5 %`; `unknown` for null. #}
{% macro share_text(share) -%}
    coalesce(
        cast({{ to_decimal('100 * (' ~ share ~ ')', 18, 1) }} as {{ dbt.type_string() }}) || ' %',
        'unknown'
    )
{%- endmacro %}

{# A number as text without decimals; `unknown` for null. #}
{% macro count_text(number) -%}
    coalesce(cast(cast(round({{ number }}) as bigint) as {{ dbt.type_string() }}), 'unknown')
{%- endmacro %}
