-- One row per case in which an attribute misreports whether it can be computed, or why not.
-- noqa: disable=LT02,LT05
{%- set off = {'web': false, 'klaviyo': true, 'pos': false} -%}
{%- set cases = [
    [{}, none],
    [{'needs': ['using_klaviyo']}, none],
    [{'needs': ['using_klaviyo', 'using_web']}, 'source web is off'],
    [{'needs_any': ['using_klaviyo', 'using_web']}, none],
    [{'needs_any': ['using_pos', 'using_web']}, 'source pos, web is off'],
    [{'needs_parameters': 'never_fitted'}, 'the model never_fitted has no fitted parameters yet'],
    [{'needs': ['using_web'], 'needs_parameters': 'never_fitted'}, 'source web is off'],
    [{'needs_costs': true}, 'the cost of goods is known for only 12 % of sales'],
    [{'needs': ['using_web'], 'needs_costs': true}, 'source web is off']
] -%}
{%- set memory = run_memory('costs_unavailable_reason') -%}
{%- do memory.update({'reason': 'the cost of goods is known for only 12 % of sales'}) -%}
{%- set missed = [] -%}
{%- for meta, expected in cases if execute %}
    {%- set found = segment_attribute('customer_features', 'x', 'double', 'An attribute.', meta, dict(off)) %}
    {%- if found.unavailable_reason != expected or found.is_available != (expected is none) %}
        {%- do missed.append({
            'meta': meta | string, 'expected': expected | string, 'found': found.unavailable_reason | string
        }) %}
    {%- endif %}
{%- endfor %}
{%- do memory.clear() %}
with missed as (
    {{ literal_rows({'meta': dbt.type_string(), 'expected': dbt.type_string(), 'found': dbt.type_string()}, missed) }}

)

select * from missed
