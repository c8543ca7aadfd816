-- Grain: one row per attribute that a segment rule may use; from the YAML of customer_features and behaviour_windows.
{%- set columns = dict.fromkeys([
    'attribute_name', 'source_relation', 'theme', 'data_type', 'value_type', 'description', 'unit', 'lowest', 'highest',
    'changes', 'null_meaning', 'phrase', 'allowed_operators', 'needs_sources', 'needs_any_source', 'unavailable_reason',
    'is_available'
], dbt.type_string()) %}
{%- do columns.update({'lowest': 'double', 'highest': 'double', 'is_available': 'boolean'}) %}
{%- set rows = [] %}
{%- for attribute in segment_attributes().values() %}
    {%- do rows.append(dict(
        attribute,
        description=modules.re.sub('\s+', ' ', attribute.description) | trim,
        phrase=tojson(attribute.phrase, sort_keys=true),
        allowed_operators=attribute.operators | join('|'),
        needs_sources=attribute.needs | join('|') or none,
        needs_any_source=attribute.needs_any | join('|') or none,
        is_available=attribute.is_available | string | lower
    )) %}
{%- endfor %}
with attributes as (

    {{ literal_rows(columns, rows) }}

)

select * from attributes
