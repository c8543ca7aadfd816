-- Grain: one row per evaluated day and segment that could be computed on it: its size against earlier days, and who
-- entered and left since the evaluated day before.
{%- set counts = [
    'entered_count', 'entered_by_initial_load_count', 'entered_by_condition_count', 'entered_by_rule_change_count',
    'left_count', 'left_by_condition_count', 'left_by_rule_change_count', 'left_by_suppression_count'
] %}
with sizes as (

    select * from {{ ref('segment_sizes') }}
    where status = 'active' and as_of_date <= {{ as_of_date() }}

),

changes as (

    select * from {{ ref('int_segment_change_counts') }}

),

followed as (

    select
        *,
        lag(as_of_date) over (partition by segment_key order by as_of_date) as previous_as_of_date,
        lag(customer_count) over (partition by segment_key order by as_of_date) as previous_customer_count,
        lag(rule_fingerprint) over (partition by segment_key order by as_of_date) as previous_rule_fingerprint

    from sizes

),

-- Where the day itself was not evaluated, the last one in the week before it stands for it.
{% for days in [7, 28] %}
sizes_{{ days }}d as (

    select
        sizes.as_of_date,
        sizes.segment_key,
        max_by(earlier.customer_count, earlier.as_of_date) as customer_count

    from sizes
    inner join sizes as earlier
        on
            sizes.segment_key = earlier.segment_key
            and earlier.as_of_date <= {{ days_before('sizes.as_of_date', days) }}
            and earlier.as_of_date > {{ days_before('sizes.as_of_date', days + 7) }}
    group by sizes.as_of_date, sizes.segment_key

),

{% endfor %}
measured as (

    select
        followed.as_of_date,
        followed.segment_key,
        followed.rule_version,
        followed.rule_fingerprint,
        followed.previous_as_of_date,
        followed.customer_count,
        followed.previous_customer_count,
        followed.customer_count - followed.previous_customer_count as change_count,
        {%- for days in [7, 28] %}
        sizes_{{ days }}d.customer_count as customer_count_{{ days }}d_ago,
        followed.customer_count - sizes_{{ days }}d.customer_count as change_count_{{ days }}d,
        cast(followed.customer_count - sizes_{{ days }}d.customer_count as double)
        / nullif(sizes_{{ days }}d.customer_count, 0) as change_rate_{{ days }}d,
        {%- endfor %}
        {%- for name in counts %}
        coalesce(changes.{{ name }}, 0) as {{ name }},
        {%- endfor %}
        coalesce(followed.rule_fingerprint <> followed.previous_rule_fingerprint, false) as is_rule_changed

    from followed
    left join changes
        on followed.as_of_date = changes.as_of_date and followed.segment_key = changes.segment_key
    {%- for days in [7, 28] %}
    left join sizes_{{ days }}d
        on
            followed.as_of_date = sizes_{{ days }}d.as_of_date
            and followed.segment_key = sizes_{{ days }}d.segment_key
    {%- endfor %}

),

ranked as (

    select
        *,
        -- A handful that doubles is no fast grower.
        greatest(customer_count, customer_count_28d_ago) >= {{ var('growth_min_members') }}
        and change_rate_28d is not null as is_ranked

    from measured

),

placed as (

    select
        *,
        row_number() over (
            partition by as_of_date, is_ranked
            order by change_rate_28d desc, segment_key
        ) as growth_rank,
        row_number() over (
            partition by as_of_date, is_ranked
            order by change_rate_28d asc, segment_key
        ) as shrink_rank

    from ranked

),

final as (

    select
        as_of_date,
        cast(segment_key as {{ dbt.type_string() }}) as segment_key,
        cast(rule_version as integer) as rule_version,
        cast(rule_fingerprint as {{ dbt.type_string() }}) as rule_fingerprint,
        previous_as_of_date,
        cast(customer_count as bigint) as customer_count,
        cast(previous_customer_count as bigint) as previous_customer_count,
        cast(change_count as bigint) as change_count,
        {%- for days in [7, 28] %}
        cast(customer_count_{{ days }}d_ago as bigint) as customer_count_{{ days }}d_ago,
        cast(change_count_{{ days }}d as bigint) as change_count_{{ days }}d,
        change_rate_{{ days }}d,
        {%- endfor %}
        {%- for name in counts %}
        cast({{ name }} as bigint) as {{ name }},
        {%- endfor %}
        cast(case when is_ranked then growth_rank end as bigint) as growth_rank,
        cast(case when is_ranked then shrink_rank end as bigint) as shrink_rank,
        is_rule_changed

    from placed

)

select * from final
