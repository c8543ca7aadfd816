{# The distinct non-null values of a group, sorted and joined into one text, by default with commas; null when there are
   none. #}
{% macro sorted_text_list(expression, separator=', ') -%}
    {{ return(adapter.dispatch('sorted_text_list', 'customer_segmentation')(expression, separator)) }}
{%- endmacro %}

{% macro default__sorted_text_list(expression, separator) -%}
    string_agg(distinct {{ expression }}, '{{ separator }}' order by {{ expression }})
{%- endmacro %}

{% macro spark__sorted_text_list(expression, separator) -%}
    nullif(array_join(array_sort(collect_set({{ expression }})), '{{ separator }}'), '')
{%- endmacro %}

{# The non-null values of a group in the order of `number`, joined into one text; null when there are none. #}
{% macro ordered_text_list(expression, number, separator) -%}
    {{ return(adapter.dispatch('ordered_text_list', 'customer_segmentation')(expression, number, separator)) }}
{%- endmacro %}

{% macro default__ordered_text_list(expression, number, separator) -%}
    string_agg({{ expression }}, '{{ separator }}' order by {{ number }})
{%- endmacro %}

{% macro spark__ordered_text_list(expression, number, separator) -%}
    nullif(array_join(
        transform(
            array_sort(collect_list(case when {{ expression }} is not null then struct({{ number }} as place, {{ expression }} as text) end)),
            item -> item.text
        ), '{{ separator }}'
    ), '')
{%- endmacro %}

{# A list of words as SQL literals. #}
{% macro literal_list(words) -%}
    '{{ words | join("', '") }}'
{%- endmacro %}

{# Of the values in a group, the one with the latest `instant`, where none is the earliest; of several, the one that
   sorts last, whatever the order of rows. #}
{% macro newest_value(value, instant) -%}
    max_by({{ value }}, (coalesce({{ instant }}, cast('1970-01-01' as timestamp)), {{ value }})) filter (where {{ value }} is not null)
{%- endmacro %}
