-- Grain: one row per window that ends with as_of_date, segment that customers were in and segment that they are in now.
with stays as (

    select * from {{ ref('int_segment_movement_stays') }}

),

moves as (

    select
        origins.window_days,
        origins.compared_date,
        origins.segment_key as from_segment_key,
        destinations.segment_key as to_segment_key,
        origins.is_rule_changed or destinations.is_rule_changed as is_rule_changed,
        count(*) as customer_count,
        sum(case when destinations.was_in then 0 else 1 end) as entered_count

    from stays as origins
    inner join stays as destinations
        on
            origins.window_days = destinations.window_days
            and origins.customer_id = destinations.customer_id
    -- Customers who stayed in a segment have not moved from it, whatever other segments they are in.
    where
        origins.was_in
        and destinations.is_in
        and (not origins.is_in or origins.segment_key = destinations.segment_key)
    group by
        origins.window_days, origins.compared_date, origins.segment_key, destinations.segment_key,
        origins.is_rule_changed, destinations.is_rule_changed

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
        moves.compared_date,
        cast(moves.from_segment_key as {{ dbt.type_string() }}) as from_segment_key,
        cast(moves.to_segment_key as {{ dbt.type_string() }}) as to_segment_key,
        cast(moves.customer_count as bigint) as customer_count,
        cast(moves.entered_count as bigint) as entered_count,
        cast(totals.customer_count as bigint) as from_customer_count,
        cast(moves.customer_count as double) / totals.customer_count as share_of_from,
        moves.is_rule_changed

    from moves
    inner join totals
        on
            moves.window_days = totals.window_days
            and moves.from_segment_key = totals.segment_key

)

select * from final
