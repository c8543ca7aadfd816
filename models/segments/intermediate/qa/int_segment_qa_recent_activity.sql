-- Grain: one row per segment: how many members just ordered, returned goods or cancelled, or have an open issue?
with cancellations as (

    select
        customer_id,
        max({{ business_date('cancelled_at') }}) as cancelled_date

    from {{ ref('orders') }}
    where is_cancelled and not is_test and cancelled_at is not null
    group by customer_id

),

shares as (

    select
        memberships.segment_key,
        avg(case when features.days_since_last_order < limits.recent_activity_order_days then 1 else 0 end)
            as order_share,
        avg(
            case
                when features.days_since_last_return < limits.recent_activity_setback_days then 1
                when {{ days_between('cancellations.cancelled_date', as_of_date()) }}
                    < limits.recent_activity_setback_days then 1
                else 0
            end
        ) as setback_share,
        avg(case when features.has_open_issue then 1 else 0 end) as issue_share,
        avg(case when features.has_open_complaint or features.has_pending_refund then 1 else 0 end)
            as complaint_share

    from {{ ref('segment_memberships') }} as memberships
    cross join {{ ref('int_qa_limits') }} as limits
    inner join {{ ref('customer_features') }} as features
        on memberships.customer_id = features.customer_id
    left join cancellations
        on memberships.customer_id = cancellations.customer_id
    group by memberships.segment_key

),

measured as (

    select
        segments.segment_key,
        segments.is_selling,
        shares.segment_key is null as is_empty,
        shares.order_share,
        shares.setback_share,
        shares.issue_share,
        shares.complaint_share,
        limits.*

    from {{ ref('int_segment_qa_segments') }} as segments
    cross join {{ ref('int_qa_limits') }} as limits
    left join shares
        on segments.segment_key = shares.segment_key
    where segments.is_computable

),

classified as (

    select
        *,
        {{ qa_severity('order_share', 'recent_activity_order_warn_share', 'recent_activity_order_fail_share') }}
            as order_severity,
        case when setback_share > recent_activity_setback_warn_share then 1 else 0 end as setback_severity,
        case when issue_share > recent_activity_issue_warn_share then 1 else 0 end as issue_severity,
        {{ qa_severity(
            'complaint_share', 'recent_activity_complaint_warn_share', 'recent_activity_complaint_fail_share'
        ) }} as complaint_severity

    from measured

),

explained as (

    select
        segment_key,
        cast(null as {{ dbt.type_string() }}) as plan_key,
        case
            when is_empty or not is_selling then 'not_applicable'
            else {{ qa_status('greatest(order_severity, setback_severity, issue_severity, complaint_severity)') }}
        end as status,
        concat_ws(
            '', {{ share_text('order_share') }}, ' just ordered, ', {{ share_text('setback_share') }},
            ' returned or cancelled, ', {{ share_text('issue_share') }}, ' with an open issue, ',
            {{ share_text('complaint_share') }}, ' with an open complaint or refund'
        ) as observed,
        'members without a recent order or an open issue' as expected,
        concat_ws(
            '', 'fails above ', {{ share_text('recent_activity_order_fail_share') }}, ' just ordered or ',
            {{ share_text('recent_activity_complaint_fail_share') }}, ' with an open complaint or refund'
        ) as threshold,
        case
            when is_empty then 'it has no members'
            when not is_selling then 'a service or suppression segment, not used for selling'
            when greatest(order_severity, setback_severity, issue_severity, complaint_severity) = 0
                then 'few members have recent or open activity'
            else concat_ws(
                    '; ',
                    case when order_severity > 0 then 'many have just ordered: wait, or exclude them' end,
                    case when setback_severity > 0 then 'many have just returned goods or cancelled' end,
                    case when issue_severity > 0 then 'many have an open service issue' end,
                    case
                        when complaint_severity > 0
                            then 'service comes before selling: exclude open complaints and refunds'
                    end
                )
        end as explanation

    from classified

)

select * from explained
