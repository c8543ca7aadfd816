-- Grain: one row per source table: how much of it was known by the end of as_of_date, and how old the newest of it is.
with tables as (

    {{ source_tables_health() }}

),

aged as (

    select
        *,
        {{ seconds_between('last_known_at', as_of_end()) }} as age_seconds

    from tables

),

-- A table that seldom changes is not stale while its source keeps delivering: the source's newest record decides.
with_source_age as (

    select
        *,
        min(age_seconds) over (partition by source) as source_age_seconds

    from aged

),

judged as (

    select
        source,
        table_name,

        row_count,
        cast(floor(age_seconds / 3600.0) as bigint) as age_hours,
        sla_hours,

        is_on,
        case
            when not is_on then 'off'
            when row_count = 0 then 'empty'
            when source_age_seconds > sla_hours * 3600 then 'stale'
            else 'fresh'
        end as status,

        last_known_at

    from with_source_age

)

select * from judged
