{# Completed years from a birth date to as_of_date. #}
{% macro age_in_years(birth_date) -%}
    cast(
        extract(year from {{ as_of_date() }}) - extract(year from {{ birth_date }})
        - case
            when extract(month from {{ as_of_date() }}) * 100 + extract(day from {{ as_of_date() }})
                < extract(month from {{ birth_date }}) * 100 + extract(day from {{ birth_date }})
                then 1
            else 0
        end
        as int
    )
{%- endmacro %}
