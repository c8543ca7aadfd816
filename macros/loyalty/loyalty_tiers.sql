{# The seed, one dict per row. Empty before it is loaded; unit tests override it. #}
{% macro loyalty_tier_rows() -%}
    {{ return(seed_rows(ref('loyalty_tiers'), ['tier', 'threshold', 'measure', 'points_expiry_days'])) }}
{%- endmacro %}

{# The tiers from the lowest, each with its rank and the one above it; a faulty seed stops the model. #}
{% macro loyalty_tiers() -%}
    {%- set rows = loyalty_tier_rows() -%}
    {%- do stop_on_seed_violations(['loyalty_tiers']) -%}
    {%- set by_threshold = {} -%}
    {%- for row in rows -%}{%- do by_threshold.update({row.threshold | float: row}) -%}{%- endfor -%}
    {%- set tiers = [] -%}
    {%- for threshold in by_threshold | sort -%}
        {%- set row = by_threshold[threshold] -%}
        {%- do tiers.append({
            'tier': row.tier, 'tier_rank': loop.index, 'threshold': row.threshold, 'measure': row.measure,
            'points_expiry_days': row.points_expiry_days or none
        }) -%}
    {%- endfor -%}
    {{ return(tiers) }}
{%- endmacro %}
