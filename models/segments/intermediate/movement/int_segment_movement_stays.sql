-- Grain: one row per window of days that ends with as_of_date, segment that could be computed at both ends, and
-- customer who was in it at the start or is in it at the end. Customers in no segment at one end have a row there with
-- the segment (none), or (new customer) at the start.
{{ config(materialized='view') }}
with sizes as (

    select
        *,
        max(case when as_of_date = {{ as_of_date() }} then rule_fingerprint end) over (partition by segment_key)
            as present_fingerprint

    from {{ ref('segment_sizes') }}
    where status = 'active'

),

windows as (

    {% for days in [1, 7, 28] %}
    select
        {{ days }} as window_days,
        max(as_of_date) as compared_date
    from sizes
    where as_of_date <= {{ days_before(as_of_date(), days) }}
    having max(as_of_date) is not null
    {{ 'union all' if not loop.last }}
    {% endfor %}
),

stays as (

    select
        windows.window_days,
        windows.compared_date,
        history.segment_key,
        history.customer_id,
        sizes.rule_fingerprint <> sizes.present_fingerprint as is_rule_changed,
        bool_or(history.valid_from <= windows.compared_date) as was_in,
        bool_or(coalesce(history.valid_to > {{ as_of_date() }}, true)) as is_in

    from windows
    inner join sizes
        on windows.compared_date = sizes.as_of_date and sizes.present_fingerprint is not null
    inner join {{ ref('segment_membership_history') }} as history
        on sizes.segment_key = history.segment_key
            and windows.compared_date < coalesce(history.valid_to, date '9999-12-31')
            and history.valid_from <= {{ as_of_date() }}
    group by
        windows.window_days, windows.compared_date, history.segment_key, history.customer_id,
        sizes.rule_fingerprint, sizes.present_fingerprint

),

placed as (

    select
        windows.window_days,
        windows.compared_date,
        features.customer_id,
        coalesce(
            features.days_since_first_seen < {{ days_between('windows.compared_date', as_of_date()) }}, false
        ) as is_new,
        coalesce(bool_or(stays.was_in), false) as was_anywhere,
        coalesce(bool_or(stays.is_in), false) as is_anywhere

    from windows
    cross join {{ ref('customer_features') }} as features
    left join stays
        on windows.window_days = stays.window_days and features.customer_id = stays.customer_id
    where
        windows.compared_date in (
            select sizes.as_of_date from sizes
            where sizes.present_fingerprint is not null
        )
    group by windows.window_days, windows.compared_date, features.customer_id, features.days_since_first_seen

),

unioned as (

    select
        window_days,
        compared_date,
        customer_id,
        segment_key,
        is_rule_changed,
        was_in,
        is_in
    from stays
    where was_in or is_in

    union all

    select
        window_days,
        compared_date,
        customer_id,
        '(new customer)' as segment_key,
        false as is_rule_changed,
        true as was_in,
        false as is_in
    from placed
    where not was_anywhere and is_new

    union all

    select
        window_days,
        compared_date,
        customer_id,
        '(none)' as segment_key,
        false as is_rule_changed,
        not was_anywhere and not is_new as was_in,
        not is_anywhere as is_in
    from placed
    where (not was_anywhere and not is_new) or not is_anywhere

)

select * from unioned
