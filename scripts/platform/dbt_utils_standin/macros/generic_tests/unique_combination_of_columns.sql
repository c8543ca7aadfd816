{# Fails for every combination of values that occurs more than once. #}
{% test unique_combination_of_columns(model, combination_of_columns, quote_columns=false) %}
    {%- set columns = [] -%}
    {%- for column in combination_of_columns -%}
        {%- do columns.append(adapter.quote(column) if quote_columns else column) -%}
    {%- endfor -%}
    {%- set column_list = columns | join(', ') %}

select
    {{ column_list }},
    count(*) as row_count

from {{ model }}
group by {{ column_list }}
having count(*) > 1

{% endtest %}
