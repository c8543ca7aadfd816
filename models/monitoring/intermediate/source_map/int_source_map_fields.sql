-- Grain: one row per field or metric and place that carries it, as the seed source_map_fields says, checked.
{%- set rows = source_map() %}
with fields as (
    {{ literal_rows({
        'field': dbt.type_string(),
        'kind': dbt.type_string(),
        'source': dbt.type_string(),
        'relation': dbt.type_string(),
        'column_name': dbt.type_string(),
        'precedence': dbt.type_string(),
        'profile_system': dbt.type_string(),
        'key_column': dbt.type_string(),
        'filter_column': dbt.type_string(),
        'filter_value': dbt.type_string(),
        'validity': dbt.type_string(),
        'note': dbt.type_string(),
        'is_on': 'boolean'
    }, rows) }}

)

select * from fields
