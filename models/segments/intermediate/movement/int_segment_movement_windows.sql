-- Grain: one row per window of days that ends with as_of_date and segment that could be computed on both its ends.
with sizes as (

    select * from {{ ref('segment_sizes') }}
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

compared as (

    select
        windows.window_days,
        windows.compared_date,
        earlier.segment_key,
        earlier.rule_fingerprint <> today.rule_fingerprint as is_rule_changed

    from windows
    inner join sizes as earlier
        on windows.compared_date = earlier.as_of_date
    inner join sizes as today
        on earlier.segment_key = today.segment_key and today.as_of_date = {{ as_of_date() }}

)

select * from compared
