{# The numbers of int_prediction_inputs: the attributes that models may learn from, and two that only models know. #}
{% macro prediction_input_names() -%}
    {{ return(customer_feature_names('model_input') + ['age_band_middle', 'purchase_day_count']) }}
{%- endmacro %}

{# The number whose name an expression yields; null for a name that is none of them. #}
{% macro prediction_input_value(name, relation) -%}
    case {{ name }}
        {%- for input in prediction_input_names() %}
        when '{{ input }}' then {{ relation }}.{{ input }}
        {%- endfor %}
    end
{%- endmacro %}
