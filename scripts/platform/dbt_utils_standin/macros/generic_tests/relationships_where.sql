{# Fails for every value, except null, in the rows that meet from_condition that is missing from the rows of `to` that
   meet to_condition. #}
{% test relationships_where(model, column_name, to, field, from_condition='1=1', to_condition='1=1') %}

with child_rows as (

    select {{ column_name }} as child_value
    from {{ model }}
    where {{ column_name }} is not null
        and {{ from_condition }}

),

parent_rows as (

    select {{ field }} as parent_value
    from {{ to }}
    where {{ to_condition }}

)

select child_rows.child_value

from child_rows
left join parent_rows
    on child_rows.child_value = parent_rows.parent_value
where parent_rows.parent_value is null

{% endtest %}
