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

{# A contract against the columns that a query yields, which Spark names without running it. #}
{% macro spark__get_assert_columns_equivalent(sql) -%}
    {%- set found, promised = [], [] -%}
    {%- for row in run_query('describe query ' ~ sql).rows -%}{%- do found.append(row[0] ~ ' ' ~ row[1]) -%}{%- endfor -%}
    {%- for column in model.columns.values() -%}
        {%- set data_type = engine_type(column.data_type) | lower | replace(' ', '') -%}
        {%- do promised.append(column.name ~ ' ' ~ ('int' if data_type == 'integer' else data_type)) -%}
    {%- endfor -%}
    {%- set differences = [] -%}
    {%- for column in promised if column not in found -%}{%- do differences.append('lacks ' ~ column) -%}{%- endfor -%}
    {%- for column in found if column not in promised -%}{%- do differences.append('yields ' ~ column) -%}{%- endfor -%}
    {%- if differences -%}
        {{ exceptions.raise_compiler_error(this ~ ' is not as its contract promises: it ' ~ differences | join(', ')) }}
    {%- endif -%}
{%- endmacro %}
