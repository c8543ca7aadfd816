-- Grain: one row per evaluated day and segment that could be computed on it: its size compared with earlier days, and
-- how many customers entered and left since the previous evaluated day.
{%- set reasons = [
    ('entered', 'initial_load'), ('entered', 'condition'), ('entered', 'rule_change'),
    ('left', 'condition'), ('left', 'rule_change'), ('left', 'suppression')
] %}
with sizes as (

    select
        *,
        lag(as_of_date) over (partition by segment_key order by as_of_date) as previous_as_of_date,
        lag(customer_count) over (partition by segment_key order by as_of_date) as previous_customer_count,
        lag(rule_fingerprint) over (partition by segment_key order by as_of_date) as previous_rule_fingerprint

    from {{ ref('segment_sizes') }}
    where status = 'active' and as_of_date <= {{ as_of_date() }}

),

-- Where the day itself was not evaluated, the last evaluated day in the week up to it is used.
earlier as (

    select
        {%- for days in [7, 28] %}
        max_by(past.customer_count, past.as_of_date) filter (
            where past.as_of_date <= {{ days_before('sizes.as_of_date', days) }}
            and past.as_of_date > {{ days_before('sizes.as_of_date', days + 7) }}
            and past.customer_count is not null
        ) as customer_count_{{ days }}d_ago,
        {%- endfor %}
        sizes.as_of_date,
        sizes.segment_key

    from sizes
    inner join sizes as past
        on
            sizes.segment_key = past.segment_key
            and past.as_of_date <= {{ days_before('sizes.as_of_date', 7) }}
            and past.as_of_date > {{ days_before('sizes.as_of_date', 35) }}
    group by sizes.as_of_date, sizes.segment_key

),

changes as (

    select
        as_of_date,
        segment_key,
        {%- for change, reason_kind in reasons %}
        count(*) filter (where change = '{{ change }}' and reason_kind = '{{ reason_kind }}')
            as {{ change }}_by_{{ reason_kind }}_count,
        {%- endfor %}
        count(*) filter (where change = 'entered') as entered_count,
        count(*) filter (where change = 'left') as left_count

    from {{ ref('membership_changes') }}
    group by as_of_date, segment_key

),

compared as (

    select
        sizes.*,
        earlier.customer_count_7d_ago,
        earlier.customer_count_28d_ago,
        -- Small segments are not ranked: a handful that doubles is not fast growth.
        case
            when greatest(sizes.customer_count, earlier.customer_count_28d_ago) >= {{ var('growth_min_members') }}
                then cast(sizes.customer_count - earlier.customer_count_28d_ago as double)
                    / nullif(earlier.customer_count_28d_ago, 0)
        end as ranked_rate

    from sizes
    left join earlier
        on sizes.as_of_date = earlier.as_of_date and sizes.segment_key = earlier.segment_key

),

measured as (

    select
        compared.as_of_date,
        compared.segment_key,
        compared.rule_version,
        compared.rule_fingerprint,
        compared.previous_as_of_date,
        compared.customer_count,
        compared.previous_customer_count,
        compared.customer_count - compared.previous_customer_count as change_count,
        {%- for ago in ['7d', '28d'] %}
        compared.customer_count_{{ ago }}_ago,
        compared.customer_count - compared.customer_count_{{ ago }}_ago as change_count_{{ ago }},
        cast(compared.customer_count - compared.customer_count_{{ ago }}_ago as double)
        / nullif(compared.customer_count_{{ ago }}_ago, 0) as change_rate_{{ ago }},
        {%- endfor %}
        coalesce(changes.entered_count, 0) as entered_count,
        coalesce(changes.left_count, 0) as left_count,
        {%- for change, reason_kind in reasons %}
        coalesce(changes.{{ change }}_by_{{ reason_kind }}_count, 0) as {{ change }}_by_{{ reason_kind }}_count,
        {%- endfor %}
        {%- for name, direction in [('growth_rank', 'desc'), ('shrink_rank', 'asc')] %}
        cast(case when compared.ranked_rate is not null
                then row_number() over (
                        partition by compared.as_of_date, compared.ranked_rate is not null
                        order by compared.ranked_rate {{ direction }} nulls last, compared.segment_key
                    )
        end as bigint) as {{ name }},
        {%- endfor %}
        coalesce(compared.rule_fingerprint <> compared.previous_rule_fingerprint, false) as is_rule_changed

    from compared
    left join changes
        on compared.as_of_date = changes.as_of_date and compared.segment_key = changes.segment_key

)

select * from measured
