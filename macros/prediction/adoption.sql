{# The fitted targets, one dict per adoption model: model_key, kind (category, product or attribute) and target. Empty
   before anything is fitted; unit tests override it. #}
{% macro adoption_targets() -%}
    {%- set targets = [] -%}
    {%- for row in seed_rows(ref('adoption_parameters'), ['model_key']) -%}
        {%- set parts = row.model_key.split(':', 2) -%}
        {%- set target = {'model_key': row.model_key, 'kind': parts[1], 'target': parts[2]} if parts | length == 3 else none -%}
        {%- if target and target not in targets
            and (target.kind in ('category', 'product') or target.target in prediction_input_names()) -%}
            {%- do targets.append(target) -%}
        {%- endif -%}
    {%- endfor -%}
    {{ return(targets) }}
{%- endmacro %}

{# Attributes that an adoption model may use: those of every model, and two about its target. #}
{% macro adoption_input_names() -%}
    {{ return(prediction_input_names() + ['target_view_count_90d', 'target_affinity_lift']) }}
{%- endmacro %}
