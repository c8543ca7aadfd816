-- Grain: one row per profile, slice, measure and business day on which the profile has a row.
with unioned as (

    select * from {{ ref('int_profile_orders_daily') }}
    union all
    select * from {{ ref('int_profile_lines_daily') }}
    union all
    select * from {{ ref('int_profile_contacts_daily') }}

),

typed as (

    select
        profile_name,
        slice_name,
        measure,
        measure_kind,
        cast(numerator as decimal(28, 6)) as numerator,
        cast(row_count as bigint) as row_count,
        {{ profile_value('measure_kind', 'numerator', 'row_count') }} as value,
        profile_date

    from unioned

)

select * from typed
