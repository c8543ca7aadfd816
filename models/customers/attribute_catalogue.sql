-- Grain: one row per attribute that a segment rule may use; from the YAML of customer_features and behaviour_windows.
{%- set names = [
    'attribute_name', 'source_relation', 'theme', 'data_type', 'value_type', 'description', 'unit', 'lowest', 'highest',
    'null_meaning', 'allowed_operators', 'needs_sources', 'needs_any_source', 'unavailable_reason', 'is_available'
] %}
{%- set rows = [] %}
{%- for attribute in segment_attributes().values() -%}
    {%- set cells = [] -%}
    {%- set attribute = dict(
        attribute,
        description=modules.re.sub('\s+', ' ', attribute.description) | trim,
        allowed_operators=attribute.operators | join('|'),
        needs_sources=attribute.needs | join('|') or none,
        needs_any_source=attribute.needs_any | join('|') or none,
        is_available=attribute.is_available | string | lower
    ) -%}
    {%- for name in names -%}
        {%- do cells.append('null' if attribute[name] is none else text_literal(attribute[name])) -%}
    {%- endfor -%}
    {%- do rows.append(cells | join(', ')) -%}
{%- endfor %}
with attributes as (

    select
        cast(cells.attribute_name as {{ dbt.type_string() }}) as attribute_name,
        cast(cells.source_relation as {{ dbt.type_string() }}) as source_relation,
        cast(cells.theme as {{ dbt.type_string() }}) as theme,
        cast(cells.data_type as {{ dbt.type_string() }}) as data_type,
        cast(cells.value_type as {{ dbt.type_string() }}) as value_type,
        cast(cells.description as {{ dbt.type_string() }}) as description,
        cast(cells.unit as {{ dbt.type_string() }}) as unit,
        cast(cells.lowest as double) as lowest,
        cast(cells.highest as double) as highest,
        cast(cells.null_meaning as {{ dbt.type_string() }}) as null_meaning,
        cast(cells.allowed_operators as {{ dbt.type_string() }}) as allowed_operators,
        cast(cells.needs_sources as {{ dbt.type_string() }}) as needs_sources,
        cast(cells.needs_any_source as {{ dbt.type_string() }}) as needs_any_source,
        cast(cells.unavailable_reason as {{ dbt.type_string() }}) as unavailable_reason,
        cast(cells.is_available as boolean) as is_available

    from (
        values
        {%- for row in rows or ['null' ~ ', null' * (names | length - 1)] %}
        ({{ row }}){{ ',' if not loop.last }}
        {%- endfor %}
    ) as cells ({{ names | join(', ') }})
    where cells.attribute_name is not null

)

select * from attributes
