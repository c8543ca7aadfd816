{# The columns of customer_features, as its YAML names them; with `only`, those whose meta has that flag, such as
   model_input. #}
{% macro customer_feature_names(only=none) -%}
    {%- set names = [] -%}
    {%- set features = graph.get('nodes', {}).get('model.' ~ project_name ~ '.customer_features') if execute else none -%}
    {%- for column in (features.columns.values() if features else []) -%}
        {%- set meta = column.get('config', {}).get('meta', {}) or column.get('meta', {}) -%}
        {%- if only is none or meta.get(only) -%}{%- do names.append(column.name) -%}{%- endif -%}
    {%- endfor -%}
    {{ return(names) }}
{%- endmacro %}
