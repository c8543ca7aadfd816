{# What a tier of the loyalty programme may go by: attribute-like name -> what it adds up over 365 days. #}
{% macro loyalty_measures() -%}
    {{ return(['points_earned_365d', 'net_revenue_365d']) }}
{%- endmacro %}

{# The seed, one dict per row. Empty before it is loaded. #}
{% macro loyalty_tier_rows() -%}
    {{ return(seed_rows(ref('loyalty_tiers'), ['tier', 'threshold', 'measure', 'points_expiry_days'])) }}
{%- endmacro %}

{# What is wrong with the rows of loyalty_tiers: dicts of seed_name, row_text, reason, suggestion. #}
{% macro loyalty_tier_faults(rows) -%}
    {%- set faults = [] -%}
    {%- set tiers = [] -%}
    {%- set thresholds = [] -%}
    {%- for row in rows -%}
        {%- set found = [] -%}
        {%- if not row.tier or row.tier != row.tier | lower -%}
            {%- do found.append(["tier is '" ~ row.tier ~ "'", 'write its name in small letters, as the programme calls it']) -%}
        {%- elif row.tier in tiers -%}
            {%- do found.append([row.tier ~ ' stands there twice', 'give every tier one row']) -%}
        {%- endif -%}
        {%- if not modules.re.match('^[0-9]{1,9}([.][0-9]{1,2})?$', row.threshold | string) -%}
            {%- do found.append(["threshold is '" ~ row.threshold ~ "'", 'write the number from which on a member has the tier, 0 for the lowest']) -%}
        {%- elif row.threshold | float in thresholds -%}
            {%- do found.append(['threshold ' ~ row.threshold ~ ' stands there twice', 'give every tier a threshold of its own']) -%}
        {%- else -%}
            {%- do thresholds.append(row.threshold | float) -%}
        {%- endif -%}
        {%- if row.measure not in loyalty_measures() -%}
            {%- do found.append(["measure is '" ~ row.measure ~ "'", 'there are ' ~ loyalty_measures() | join(', ')]) -%}
        {%- elif row.measure != rows[0].measure -%}
            {%- do found.append(['measure is ' ~ row.measure ~ ', that of ' ~ rows[0].tier ~ ' ' ~ rows[0].measure, 'write the same for every tier']) -%}
        {%- endif -%}
        {%- if not modules.re.match('^([1-9][0-9]{0,4})?$', row.points_expiry_days | string) -%}
            {%- do found.append(["points_expiry_days is '" ~ row.points_expiry_days ~ "'", 'write the days after which points expire, or nothing when they never do']) -%}
        {%- endif -%}
        {%- do tiers.append(row.tier) -%}
        {%- for fault in found -%}
            {%- do faults.append({
                'seed_name': 'loyalty_tiers', 'row_text': row.tier or '(no tier)', 'reason': fault[0], 'suggestion': fault[1]
            }) -%}
        {%- endfor -%}
    {%- endfor -%}
    {{ return(faults) }}
{%- endmacro %}
