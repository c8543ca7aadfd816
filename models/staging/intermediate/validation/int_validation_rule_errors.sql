-- Grain: one row per error of the validation rules: the row, what is wrong, and what was probably meant.
with errors as (

    select * from {{ ref('int_validation_name_errors') }}
    union all
    select * from {{ ref('int_validation_value_errors') }}

),

final as (

    select distinct
        'validation_rules' as seed_name,
        row_text,
        reason,
        suggestion

    from errors

)

select * from final
