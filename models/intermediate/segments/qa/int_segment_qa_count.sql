-- Grain: one row per segment and plan: is its size as expected, as before, as approved, as planned?
with audiences as (

    select
        segment_key,
        plan_key,
        expected_count_low,
        expected_count_high

    from {{ ref('int_segment_qa_audiences') }}

),

segments as (

    select * from {{ ref('int_segment_qa_segments') }}

),

-- The evaluated day before this one.
previous as (

    select
        segment_key,
        max(as_of_date) as previous_date,
        max_by(customer_count, as_of_date) as previous_count

    from {{ ref('segment_sizes') }}
    where as_of_date < {{ as_of_date() }} and customer_count > 0
    group by segment_key

),

approved as (

    select
        segment_key,
        max(count_low) as count_low,
        min(count_high) as count_high

    from {{ ref('int_segment_approvals') }}
    group by segment_key

),

measured as (

    select
        audiences.segment_key,
        audiences.plan_key,
        audiences.expected_count_low,
        audiences.expected_count_high,
        segments.customer_count,
        segments.known_count,
        segments.expected_min_share,
        segments.expected_max_share,
        cast(segments.customer_count as double) / nullif(segments.known_count, 0) as share,
        previous.previous_date,
        previous.previous_count,
        case
            when
                {{ days_between('previous.previous_date', as_of_date()) }} <= limits.count_change_days
                and greatest(segments.customer_count, previous.previous_count) >= limits.count_change_min_count
                then greatest(
                    cast(segments.customer_count as double) / previous.previous_count,
                    cast(previous.previous_count as double) / greatest(segments.customer_count, 1)
                )
        end as change_factor,
        approved.count_low,
        approved.count_high,
        limits.*

    from audiences
    cross join {{ ref('int_qa_limits') }} as limits
    inner join segments
        on audiences.segment_key = segments.segment_key
    left join previous
        on audiences.segment_key = previous.segment_key
    left join approved
        on audiences.segment_key = approved.segment_key

),

judged as (

    select
        *,
        case
            when customer_count = 0 and coalesce(expected_min_share, 1) > 0 then 2
            else greatest(
                {{ qa_severity('share', 'expected_max_share', 'expected_max_share * (1 + count_band_tolerance)') }},
                {{ qa_severity('share', 'expected_min_share', 'expected_min_share * (1 - count_band_tolerance)', '<') }}
            )
        end as band_severity,
        {{ qa_severity('change_factor', 'count_change_warn_factor', 'count_change_fail_factor') }} as change_severity,
        case when customer_count < count_low or customer_count > count_high then 2 else 0 end as approval_severity,
        greatest(
            {{ qa_severity('customer_count', 'expected_count_high', 'expected_count_high * (1 + count_band_tolerance)') }},
            {{ qa_severity('customer_count', 'expected_count_low', 'expected_count_low * (1 - count_band_tolerance)', '<') }}
        ) as plan_severity

    from measured

),

explained as (

    select
        segment_key,
        plan_key,
        {{ qa_status('greatest(band_severity, change_severity, approval_severity, plan_severity)') }} as status,
        concat({{ count_text('customer_count') }}, ' customers, ', {{ share_text('share') }}, ' of ', known_count) as observed,
        concat(
            {{ share_text('coalesce(expected_min_share, 0)') }}, ' to ', {{ share_text('coalesce(expected_max_share, 1)') }}
        ) as expected,
        concat(
            'fails ', {{ share_text('count_band_tolerance') }}, ' outside the band, or changed by more than a factor of ',
            count_change_fail_factor
        ) as threshold,
        concat_ws(
            '; ',
            case
                when customer_count = 0 and band_severity = 2 then 'nobody is in it'
                when band_severity > 0 then 'its share of all known customers is outside what the library expects'
                else 'its share of all known customers is as the library expects'
            end,
            case
                when change_severity > 0
                    then concat('it had ', previous_count, ' customers on ', previous_date, ', the evaluated day before')
            end,
            case
                when approval_severity > 0 then concat('approved were ', count_low, ' to ', count_high, ' customers')
            end,
            case
                when plan_severity > 0
                    then concat(
                        'the plan reckons with ', coalesce(expected_count_low, 0), ' to ',
                        coalesce(expected_count_high, known_count), ' customers'
                    )
            end
        ) as explanation

    from judged

)

select * from explained
