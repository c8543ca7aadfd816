{# Fails for every row in which the expression is false; a row in which it is null passes. On a column, the
   expression follows the column's name, such as ">= 0". #}
{% test expression_is_true(model, expression, column_name=none) %}

select
    {{ '*' if should_store_failures() else '1 as failure' }}

from {{ model }}
where not ({{ column_name ~ ' ' if column_name is not none }}{{ expression }})

{% endtest %}
