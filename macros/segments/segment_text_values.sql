{# The texts that customers had at the last build, as rows of attribute and shown_value, for the attributes of which rules
   name texts. Not a ref: rules are checked before what they read is built. #}
{% macro segment_text_values() -%}
    {{ return(adapter.dispatch('segment_text_values', 'customer_segmentation')()) }}
{%- endmacro %}

{% macro default__segment_text_values() -%}
    {%- set conditions = ref('segment_rule_conditions') -%}
    {%- set attributes = segment_attributes() -%}
    {%- if not execute -%}{{ return('select 1 as placeholder') }}{%- endif -%}
    {%- set features = adapter.get_relation(target.database, generate_schema_name('marts', none), 'customer_features') -%}
    {%- set selects = [literal_rows({'attribute': dbt.type_string(), 'shown_value': dbt.type_string()}, [])] -%}
    {%- if features and load_relation(conditions) -%}
        {%- set present = adapter.get_columns_in_relation(features) | map(attribute='name') | list -%}
        {%- for name in run_query('select distinct trim(attribute) from ' ~ conditions ~ ' order by 1').columns[0].values() -%}
            {%- set type = attributes.get(name, {}).get('value_type') -%}
            {%- if type in ('text', 'set') and name in present -%}
                {%- set item = split_to_rows(adapter.quote(name)) if type == 'set' else adapter.quote(name) -%}
                {%- do selects.append(
                    "select distinct '" ~ name ~ "' as attribute, item as shown_value from (select " ~ item ~ ' as item from '
                    ~ features ~ ") as texts where item <> ''"
                ) -%}
            {%- endif -%}
        {%- endfor -%}
    {%- endif -%}
    {{ return(union_all(selects)) }}
{%- endmacro %}

{# A table that is being replaced cannot be read, and rules are checked while others are built. #}
{% macro spark__segment_text_values() -%}
    {%- do ref('segment_rule_conditions') -%}
    {{ return(literal_rows({'attribute': dbt.type_string(), 'shown_value': dbt.type_string()}, [])) }}
{%- endmacro %}
