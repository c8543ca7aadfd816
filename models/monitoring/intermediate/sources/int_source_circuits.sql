-- Grain: one row per source that the load has given up. Its own state, and so that of the latest load.
with circuits as (

    {{ rows_or_none('intake', 'circuits') }}

),

per_source as (

    select
        source_name as source,
        max(failures) as failures,
        max(reason) as reason

    from circuits
    group by source_name

)

select * from per_source
