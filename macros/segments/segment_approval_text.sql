{# The text of an approval's row that its hash is made of: every cell with its length before it, so that nothing can move
   from one cell to the next unseen. #}
{% macro segment_approval_text(columns) -%}
    concat(
        {%- for name in columns %}
        cast(length({{ name }}) as {{ dbt.type_string() }}), ':', {{ name }}{{ ',' if not loop.last }}
        {%- endfor %}
    )
{%- endmacro %}
