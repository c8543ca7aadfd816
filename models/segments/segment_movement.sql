-- Grain: one row per window that ends with as_of_date, segment that customers were in and segment that they are in now.
with stays as (

    select * from {{ ref('int_segment_movement_stays') }}

),

rules as (

    select * from {{ ref('int_segment_movement_windows') }}

),

windows as (

    select distinct
        window_days,
        compared_date

    from rules

),

moves as (

    select
        origins.window_days,
        origins.segment_key as from_segment_key,
        destinations.segment_key as to_segment_key,
        count(*) as customer_count,
        sum(case when destinations.was_in then 0 else 1 end) as entered_count

    from stays as origins
    inner join stays as destinations
        on
            origins.window_days = destinations.window_days
            and origins.customer_id = destinations.customer_id
    -- Who stayed in a segment has not moved from it, whatever else they are in.
    where
        origins.was_in
        and destinations.is_in
        and (not origins.is_in or origins.segment_key = destinations.segment_key)
    group by origins.window_days, origins.segment_key, destinations.segment_key

),

totals as (

    select
        window_days,
        segment_key,
        count(*) as customer_count

    from stays
    where was_in
    group by window_days, segment_key

),

final as (

    select
        {{ as_of_date() }} as as_of_date,
        cast(moves.window_days as integer) as window_days,
        windows.compared_date,
        cast(moves.from_segment_key as {{ dbt.type_string() }}) as from_segment_key,
        cast(moves.to_segment_key as {{ dbt.type_string() }}) as to_segment_key,
        cast(moves.customer_count as bigint) as customer_count,
        cast(moves.entered_count as bigint) as entered_count,
        cast(totals.customer_count as bigint) as from_customer_count,
        cast(moves.customer_count as double) / totals.customer_count as share_of_from,
        coalesce(origin_rules.is_rule_changed, false) or coalesce(destination_rules.is_rule_changed, false)
            as is_rule_changed

    from moves
    inner join windows
        on moves.window_days = windows.window_days
    inner join totals
        on
            moves.window_days = totals.window_days
            and moves.from_segment_key = totals.segment_key
    left join rules as origin_rules
        on
            moves.window_days = origin_rules.window_days
            and moves.from_segment_key = origin_rules.segment_key
    left join rules as destination_rules
        on
            moves.window_days = destination_rules.window_days
            and moves.to_segment_key = destination_rules.segment_key

)

select * from final
