-- Grain: one row per fault of the validation rules: the row, what is wrong, and what was probably meant.
with faults as (

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

    from faults

)

select * from final
