{# A value winsorised, on a log scale where the fit has one, and standardised; for null, the fit's missing value. #}
{% macro standard_score(value, terms) -%}
    case
        when {{ value }} is null then {{ terms }}.missing_value
        when {{ terms }}.scale = 'log'
            then (
                ln(1 + least(greatest({{ value }}, {{ terms }}.winsor_low), {{ terms }}.winsor_high) - {{ terms }}.winsor_low)
                - {{ terms }}.centre
            ) / {{ terms }}.spread
        else (
            least(greatest({{ value }}, {{ terms }}.winsor_low), {{ terms }}.winsor_high) - {{ terms }}.winsor_low
            - {{ terms }}.centre
        ) / {{ terms }}.spread
    end
{%- endmacro %}

{# What one term of a propensity model adds to the log-odds. #}
{% macro term_contribution(value, terms) -%}
    case {{ terms }}.term_kind
        when 'slope' then {{ terms }}.coefficient * ({{ standard_score(value, terms) }})
        when 'hinge'
            then {{ terms }}.coefficient * greatest(0, {{ standard_score(value, terms) }} - {{ terms }}.knot)
        when 'missing' then case when {{ value }} is null then {{ terms }}.coefficient else 0 end
    end
{%- endmacro %}

{# The kind of model that a model_key names: the part before the first colon. #}
{% macro split_model_key(model_key) -%}
    case when instr({{ model_key }}, ':') > 0 then substr({{ model_key }}, 1, instr({{ model_key }}, ':') - 1) else {{ model_key }} end
{%- endmacro %}
