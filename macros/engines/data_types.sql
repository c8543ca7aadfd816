{# A data type as the YAML writes it, in the terms of the engine. #}
{% macro engine_type(data_type) -%}
    {{ return(adapter.dispatch('engine_type', 'customer_segmentation')(data_type)) }}
{%- endmacro %}

{% macro default__engine_type(data_type) -%}
    {{ return(data_type) }}
{%- endmacro %}

{# A varchar of Spark needs a length. #}
{% macro spark__engine_type(data_type) -%}
    {{ return('string' if data_type | lower | trim in ['varchar', 'text'] else data_type) }}
{%- endmacro %}

{# What a contract promises, as a select that returns no rows. #}
{% macro spark__get_empty_schema_sql(columns) -%}
    {%- set parts = [] -%}
    {%- for column in columns.values() -%}
        {%- if not column.data_type -%}
            {{ exceptions.raise_compiler_error('the contract states no data_type for ' ~ column.name ~ '; add it to the YAML') }}
        {%- endif -%}
        {%- do parts.append('cast(null as ' ~ engine_type(column.data_type) ~ ') as ' ~ adapter.quote(column.name)) -%}
    {%- endfor -%}
    {{ return('select ' ~ parts | join(', ')) }}
{%- endmacro %}
