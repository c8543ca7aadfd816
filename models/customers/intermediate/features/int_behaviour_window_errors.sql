-- Grain: one row per fault of the seed behaviour_windows: the row, what is wrong, and what to write.
with faults as (
    {{ literal_rows({
        'seed_name': dbt.type_string(),
        'row_text': dbt.type_string(),
        'reason': dbt.type_string(),
        'suggestion': dbt.type_string()
    }, behaviour_window_faults(behaviour_window_rows())) }}

)

select distinct * from faults
