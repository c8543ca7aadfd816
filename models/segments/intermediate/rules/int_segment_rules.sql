-- Grain: one row per segment that has conditions: its rule in words, its fingerprint, and what is missing in this run.
{%- set rows = [] %}
{%- for segment in segment_rules() %}
    {%- do rows.append({
        'segment_key': segment.segment_key,
        'rule_text': segment_rule_text(segment),
        'rule_fingerprint': segment_rule_fingerprint(segment),
        'missing_attributes': segment.missing | sort | join('|') or none,
        'unavailable_attributes': segment.unavailable | sort | join('|') or none,
        'unavailable_reasons': segment_unavailable_text(segment) or none,
        'referenced_segments': segment.referenced_segments | sort | join('|') or none,
        'level': segment.level,
        'waived_attributes': segment.waived | sort | join('|') or none
    }) %}
{%- endfor %}
with rules as (
    {{ literal_rows({
        'segment_key': dbt.type_string(),
        'rule_text': dbt.type_string(),
        'rule_fingerprint': dbt.type_string(),
        'missing_attributes': dbt.type_string(),
        'unavailable_attributes': dbt.type_string(),
        'unavailable_reasons': dbt.type_string(),
        'referenced_segments': dbt.type_string(),
        'level': 'integer',
        'waived_attributes': dbt.type_string()
    }, rows) }}

)

select * from rules
