-- Grain: one row per window, segment and customer who was in it at the beginning or is at the end.
-- Of customers in no segment at an end, one row there with the segment (none), or (new customer) at the beginning.
with windows as (

    select * from {{ ref('int_segment_movement_windows') }}

),

history as (

    select * from {{ ref('segment_membership_history') }}
    where valid_from <= {{ as_of_date() }}

),

stays as (

    select
        windows.window_days,
        windows.segment_key,
        history.customer_id,
        max(case
            when history.valid_from <= windows.compared_date
                and (history.valid_to is null or history.valid_to > windows.compared_date) then 1
            else 0
        end) = 1 as was_in,
        max(case
            when history.valid_to is null or history.valid_to > {{ as_of_date() }} then 1
            else 0
        end) = 1 as is_in

    from windows
    inner join history
        on
            windows.segment_key = history.segment_key
            and windows.compared_date < coalesce(history.valid_to, date '9999-12-31')
    group by windows.window_days, windows.segment_key, history.customer_id

),

lengths as (

    select distinct
        window_days,
        compared_date

    from windows

),

people as (

    select
        lengths.window_days,
        features.customer_id,
        features.days_since_first_seen < {{ days_between('lengths.compared_date', as_of_date()) }} as is_new

    from lengths
    cross join {{ ref('customer_features') }} as features

),

placed as (

    select
        people.window_days,
        people.customer_id,
        people.is_new,
        coalesce(bool_or(stays.was_in), false) as was_anywhere,
        coalesce(bool_or(stays.is_in), false) as is_anywhere

    from people
    left join stays
        on
            people.window_days = stays.window_days
            and people.customer_id = stays.customer_id
    group by people.window_days, people.customer_id, people.is_new

),

unioned as (

    select
        window_days,
        customer_id,
        segment_key,
        was_in,
        is_in
    from stays
    where was_in or is_in

    union all

    select
        window_days,
        customer_id,
        '(new customer)' as segment_key,
        true as was_in,
        false as is_in
    from placed
    where not was_anywhere and coalesce(is_new, false)

    union all

    select
        window_days,
        customer_id,
        '(none)' as segment_key,
        not was_anywhere and not coalesce(is_new, false) as was_in,
        not is_anywhere as is_in
    from placed
    where (not was_anywhere and not coalesce(is_new, false)) or not is_anywhere

)

select * from unioned
