-- Grain: one row per rule that can be explained, condition (the scope is condition 0) and item of its value.
with items as (
    {{ literal_rows({
        'segment_key': dbt.type_string(),
        'kind': dbt.type_string(),
        'alternative': dbt.type_string(),
        'condition_number': 'integer',
        'attribute': dbt.type_string(),
        'operator': dbt.type_string(),
        'value': dbt.type_string(),
        'if_missing': dbt.type_string(),
        'condition_text': dbt.type_string(),
        'value_type': dbt.type_string(),
        'is_rounded': 'boolean',
        'combine': dbt.type_string(),
        'is_negated': 'boolean',
        'is_met_when_missing': 'boolean',
        'constant': dbt.type_string(),
        'expected_text': dbt.type_string(),
        'expected_note': dbt.type_string(),
        'item_number': 'integer',
        'comparison': dbt.type_string(),
        'item': dbt.type_string(),
        'item_kind': dbt.type_string(),
        'item_value': dbt.type_string(),
        'is_item_rounded': 'boolean'
    }, segment_rule_items()) }}

)

select * from items
