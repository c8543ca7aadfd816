-- Grain: one row per attribute that a segment rule may use; from the YAML of customer_features and behaviour_windows.
{%- set rows = [] %}
{%- for attribute in segment_attributes().values() %}
    {%- do rows.append({
        'attribute_name': attribute.attribute_name,
        'source_relation': attribute.source_relation,
        'theme': attribute.theme,
        'data_type': attribute.data_type,
        'value_type': attribute.value_type,
        'description': modules.re.sub('\s+', ' ', attribute.description) | trim,
        'unit': attribute.unit,
        'lowest': attribute.lowest,
        'highest': attribute.highest,
        'null_meaning': attribute.null_meaning,
        'allowed_operators': attribute.operators | join('|'),
        'needs_sources': attribute.needs | join('|') or none,
        'needs_any_source': attribute.needs_any | join('|') or none,
        'unavailable_reason': attribute.unavailable_reason,
        'is_available': 'true' if attribute.is_available else 'false'
    }) %}
{%- endfor %}
with attributes as (
    {{ literal_rows({
        'attribute_name': dbt.type_string(),
        'source_relation': dbt.type_string(),
        'theme': dbt.type_string(),
        'data_type': dbt.type_string(),
        'value_type': dbt.type_string(),
        'description': dbt.type_string(),
        'unit': dbt.type_string(),
        'lowest': 'double',
        'highest': 'double',
        'null_meaning': dbt.type_string(),
        'allowed_operators': dbt.type_string(),
        'needs_sources': dbt.type_string(),
        'needs_any_source': dbt.type_string(),
        'unavailable_reason': dbt.type_string(),
        'is_available': 'boolean'
    }, rows) }}

)

select * from attributes
