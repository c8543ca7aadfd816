-- Grain: one row per source table and day of the last 26 weeks on which record versions became known.
with daily as (

    select
        source,
        table_name,
        known_date,
        row_count

    from {{ ref('int_source_volume_daily') }}
    where {{ within_window('known_date', 182) }}

)

select * from daily
