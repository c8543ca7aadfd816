-- Grain: one row per segment and plan: is its size as expected, similar to before, as approved and as planned?
with measured as (

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
        segments.previous_date,
        segments.previous_count,
        segments.approved_count_low,
        segments.approved_count_high,
        case
            when
                {{ days_between('segments.previous_date', as_of_date()) }} <= limits.count_change_days
                and greatest(segments.customer_count, segments.previous_count) >= limits.count_change_min_count
                then greatest(
                        cast(segments.customer_count as double) / segments.previous_count,
                        cast(segments.previous_count as double) / greatest(segments.customer_count, 1)
                    )
        end as change_factor,
        limits.count_band_tolerance as tolerance,
        limits.count_change_warn_factor,
        limits.count_change_fail_factor

    from {{ ref('int_segment_qa_audiences') }} as audiences
    cross join {{ ref('int_qa_limits') }} as limits
    inner join {{ ref('int_segment_qa_segments') }} as segments
        on audiences.segment_key = segments.segment_key

),

classified as (

    select
        *,
        case
            when customer_count = 0 and coalesce(expected_min_share, 1) > 0 then 2
            else greatest(
                    {{ qa_severity('share', 'expected_max_share', 'expected_max_share * (1 + tolerance)') }},
                    {{ qa_severity('share', 'expected_min_share', 'expected_min_share * (1 - tolerance)', '<') }}
                )
        end as band_severity,
        {{ qa_severity('change_factor', 'count_change_warn_factor', 'count_change_fail_factor') }} as change_severity,
        case
            when customer_count < approved_count_low or customer_count > approved_count_high then 2 else 0
        end as approval_severity,
        greatest(
            {{ qa_severity('customer_count', 'expected_count_high', 'expected_count_high * (1 + tolerance)') }},
            {{ qa_severity('customer_count', 'expected_count_low', 'expected_count_low * (1 - tolerance)', '<') }}
        ) as plan_severity

    from measured

),

explained as (

    select
        segment_key,
        plan_key,
        {{ qa_status('greatest(band_severity, change_severity, approval_severity, plan_severity)') }} as status,
        concat_ws('', customer_count, ' customers, ', {{ share_text('share') }}, ' of ', known_count) as observed,
        concat_ws(
            '', {{ share_text('coalesce(expected_min_share, 0)') }}, ' to ',
            {{ share_text('coalesce(expected_max_share, 1)') }}
        ) as expected,
        concat_ws(
            '', 'fails ', {{ share_text('tolerance') }}, ' outside the band, or after a change by more than a factor of ',
            {{ number_text('count_change_fail_factor', 2) }}
        ) as threshold,
        concat_ws(
            '; ',
            case
                when customer_count = 0 and band_severity = 2 then 'it has no members'
                when band_severity > 0
                    then 'its share of all known customers is outside the range expected by the library'
                else 'its share of all known customers is within the range expected by the library'
            end,
            case
                when change_severity > 0
                    then concat_ws(
                            '', 'it had ', previous_count, ' customers on ', previous_date, ', evaluated earlier'
                        )
            end,
            case
                when approval_severity > 0
                    then concat_ws(
                            '', 'the approval covers ', approved_count_low, ' to ', approved_count_high, ' customers'
                        )
            end,
            case
                when plan_severity > 0
                    then concat_ws(
                            '', 'the plan expects ', coalesce(expected_count_low, 0), ' to ',
                            coalesce(expected_count_high, known_count), ' customers'
                        )
            end
        ) as explanation

    from classified

)

select * from explained
