{# Probability of a standard normal value at least this far from 0, on either side; within 1.5e-7. #}
{% macro two_sided_p_value(z_score) -%}
    {%- set size = 'abs(' ~ z_score ~ ')' -%}
    {%- set t = '(1 / (1 + 0.2316419 * ' ~ size ~ '))' -%}
    case when {{ z_score }} is null then null when {{ size }} > 37 then 0 else least(1, 2 * 0.3989422804014327 * exp(-{{ size }} * {{ size }} / 2) * {{ t }} * (
        0.319381530 + {{ t }} * (
            -0.356563782 + {{ t }} * (1.781477937 + {{ t }} * (-1.821255978 + {{ t }} * 1.330274429))
        )
    )) end
{%- endmacro %}

{# Standard score of a count, with continuity correction (half a count nearer to 0). #}
{% macro corrected_z_score(observed, expected, variance) -%}
    case
        when {{ variance }} > 0
            then sign({{ observed }} - {{ expected }})
                * greatest(abs({{ observed }} - {{ expected }}) - 0.5, 0) / sqrt({{ variance }})
    end
{%- endmacro %}

{# Benjamini and Hochberg: significant are all tests up to the last one with p <= 0.05 * rank / number of tests. #}
{% macro significant_by_benjamini_hochberg(p_value, p_rank, test_count) -%}
    coalesce(
        {{ p_rank }} <= max(
            case when {{ p_value }} <= 0.05 * {{ p_rank }} / cast({{ test_count }} as double) then {{ p_rank }} end
        ) over (), false
    )
{%- endmacro %}

{# Sum of a floating-point number as a decimal, so that it does not depend on the order of rows. #}
{% macro exact_sum(expression) -%}
    sum(cast({{ expression }} as decimal(28, 10)))
{%- endmacro %}
