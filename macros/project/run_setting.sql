{# A setting of this run: the var when given, else what intake read from the landing zone's settings, else the default. #}
{% macro run_setting(name, default) -%}
    {%- set given = var(name, none) -%}
    {%- if given is not none -%}{{ return(given) }}{%- endif -%}
    {%- if execute -%}
        {%- set settings = adapter.get_relation(target.database, 'intake', 'settings') -%}
        {%- if settings is not none -%}
            {%- set found = run_query(
                "select setting_value from " ~ settings ~ " where setting_name = '" ~ name ~ "'"
            ) -%}
            {%- if found.rows | length > 0 -%}
                {%- set value = found.rows[0][0] -%}
                {{ return({'true': true, 'false': false}.get(value, value)) }}
            {%- endif -%}
        {%- endif -%}
    {%- endif -%}
    {{ return(default) }}
{%- endmacro %}
