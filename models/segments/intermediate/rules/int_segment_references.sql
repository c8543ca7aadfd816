-- Grain: one row per segment and other segment that its rule refers to, with the circle that the reference closes.
with segment_references as (
    {{ literal_rows({
        'segment_key': dbt.type_string(),
        'status': dbt.type_string(),
        'referenced_key': dbt.type_string(),
        'level': 'integer',
        'circle': dbt.type_string()
    }, segment_references()) }}

)

select * from segment_references
