-- Grain: one row per setting of the build, and per statement about what makes its results empty or doubtful.
with settings as (

    {{ build_settings() }}

),

tables as (

    {{ source_tables_later() }}

),

deliveries as (

    select
        source,
        cast(sum(row_count) as bigint) as row_count,
        cast(sum(later_known_count) as bigint) as later_known_count,
        cast(sum(later_count) as bigint) as later_count,
        {{ business_date('max(newest_known_at)') }} as newest_known_date,
        {{ business_date('max(newest_at)') }} as newest_date

    from tables
    group by source

),

delivered as (

    select
        coalesce(cast(sum(row_count) as bigint), 0) as row_count,
        coalesce(cast(sum(later_known_count) as bigint), 0) as later_known_count,
        max(newest_known_date) as newest_known_date

    from deliveries

),

of_all as (

    select *
    from delivered
    cross join {{ ref('int_build_facts') }}

),

order_times as (

    select
        source_system as source,
        count(*) as order_count,
        count(
            case when {{ business_hour('ordered_at') }} = 0 or ordered_at = cast(cast(ordered_at as date) as timestamp) then 1 end
        ) as midnight_count,
        case
            when count(case when ordered_date < cast(ordered_at as date) then 1 end) = count(*)
                then ', and they count on the day before, which it still is in {{ business_timezone() }} at midnight UTC'
            else ''
        end as shifted

    from {{ ref('orders') }}
    group by source_system

),

of_sources as (

    select
        deliveries.*,
        delivered.row_count = delivered.later_known_count as is_everything_later,
        order_times.order_count,
        order_times.midnight_count,
        order_times.shifted

    from deliveries
    cross join delivered
    left join order_times
        on deliveries.source = order_times.source

),

of_identifiers as (

    {{ unreadable_identifiers() }}

),

statements as (

    {{ statement_rows(build_statements().of_all, 'of_all', "'all'") }}
    union all
    {{ statement_rows(build_statements().of_sources, 'of_sources', 'source') }}
    union all
    {{ statement_rows(build_statements().of_identifiers, 'of_identifiers', 'source') }}

),

final as (

    select * from settings

    union all

    select * from statements

)

select * from final
