-- Grain: one row per segment, day and direction (entered, left) with changes: how many, and the most common reason.
with changes as (

    select
        as_of_date,
        segment_key,
        change,
        reason_kind,
        -- The flipped condition, without the customer's values.
        case
            when reason_kind = 'condition'
                then split_part(reason, ': ', 1)
            else reason
        end as reason_text

    from {{ ref('membership_changes') }}
    where reason_kind <> 'initial_load' and {{ within_window('as_of_date', var('anomaly_days')) }}

),

counted as (

    select
        as_of_date,
        segment_key,
        change,
        reason_kind,
        reason_text,
        count(*) as customer_count

    from changes
    group by as_of_date, segment_key, change, reason_kind, reason_text

),

ranked as (

    select
        *,
        row_number() over (
            partition by as_of_date, segment_key, change
            order by customer_count desc, reason_text
        ) as reason_rank

    from counted

),

reasons as (

    select
        as_of_date,
        segment_key,
        change,
        cast(sum(customer_count) as bigint) as customer_count,
        {%- for kind in ['condition', 'rule_change', 'suppression'] %}
        cast(coalesce(sum(customer_count) filter (where reason_kind = '{{ kind }}'), 0) as bigint) as {{ kind }}_count,
        {%- endfor %}
        max(reason_text) filter (where reason_rank = 1) as main_reason,
        cast(max(customer_count) filter (where reason_rank = 1) as bigint) as main_reason_count

    from ranked
    group by as_of_date, segment_key, change

)

select * from reasons
