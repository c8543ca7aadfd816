{# The numeric columns of int_prediction_inputs: the attributes that models may use, and two only for models. #}
{% macro prediction_input_names() -%}
    {{ return(customer_feature_names('model_input') + ['age_band_middle', 'purchase_day_count']) }}
{%- endmacro %}

{# The column whose name an expression yields; null for any other name. #}
{% macro prediction_input_value(name, relation) -%}
    case {{ name }}
        {%- for input in prediction_input_names() %}
        when '{{ input }}' then {{ relation }}.{{ input }}
        {%- endfor %}
    end
{%- endmacro %}
