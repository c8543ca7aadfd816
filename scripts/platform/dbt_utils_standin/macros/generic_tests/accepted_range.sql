{# Fails for every value below min_value or above max_value; the bounds themselves pass unless inclusive is false.
   Bounds may be expressions or other columns. Null passes. #}
{% test accepted_range(model, column_name, min_value=none, max_value=none, inclusive=true) %}
    {%- if min_value is none and max_value is none -%}
        {{ exceptions.raise_compiler_error("accepted_range needs min_value, max_value or both") }}
    {%- endif -%}
    {%- set or_equal = '=' if inclusive else '' -%}
    {%- set broken = [] -%}
    {%- if min_value is not none -%}
        {%- do broken.append('not ' ~ column_name ~ ' >' ~ or_equal ~ ' ' ~ min_value) -%}
    {%- endif -%}
    {%- if max_value is not none -%}
        {%- do broken.append('not ' ~ column_name ~ ' <' ~ or_equal ~ ' ' ~ max_value) -%}
    {%- endif %}

select *
from {{ model }}
where {{ broken | join('\n    or ') }}

{% endtest %}
