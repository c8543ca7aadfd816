-- Grain: one row per segment and plan: the margin of its members, and whether they stay profitable at the planned
-- discount.
with members as (

    select
        memberships.segment_key,
        features.max_affordable_discount_rate as affordable_rate,
        cast(features.net_revenue as double) as net_revenue,
        cast(features.contribution_margin as double) as contribution_margin,
        -- At list price; null without an order.
        cast(features.gross_revenue as double) / nullif(features.order_count, 0) as order_value

    from {{ ref('segment_memberships') }} as memberships
    inner join {{ ref('customer_features') }} as features
        on memberships.customer_id = features.customer_id

),

measured as (

    select
        audiences.segment_key,
        audiences.plan_key,
        coalesce(audiences.planned_discount_rate, 0) as discount_rate,
        count(members.affordable_rate) as known_count,
        sum(members.contribution_margin)
        / nullif(sum(case when members.contribution_margin is not null then members.net_revenue end), 0) as margin_rate,
        avg(
            case
                when members.affordable_rate < audiences.planned_discount_rate then 1
                when members.affordable_rate is not null then 0
            end
        ) as unprofitable_share,
        min(members.affordable_rate) as smallest_affordable_rate,
        -- The price falls, costs do not.
        sum(members.order_value * (members.affordable_rate - audiences.planned_discount_rate))
        / nullif(
            sum(case when members.affordable_rate is not null then members.order_value end)
            * (1 - max(audiences.planned_discount_rate)), 0
        ) as margin_rate_after

    from {{ ref('int_segment_qa_audiences') }} as audiences
    left join members
        on audiences.segment_key = members.segment_key
    group by audiences.segment_key, audiences.plan_key, coalesce(audiences.planned_discount_rate, 0)

),

classified as (

    select
        measured.*,
        limits.margin_bearable_fail_share,
        limits.margin_margin_fail_rate,
        {{ qa_severity(
            'measured.unprofitable_share', 'limits.margin_bearable_warn_share', 'limits.margin_bearable_fail_share'
        ) }} as share_severity,
        case
            when measured.discount_rate = 1 or measured.margin_rate_after <= limits.margin_margin_fail_rate then 2
            when measured.margin_rate_after < limits.margin_margin_warn_rate then 1
            else 0
        end as rate_severity

    from measured
    cross join {{ ref('int_qa_limits') }} as limits

),

explained as (

    select
        segment_key,
        plan_key,
        case
            when discount_rate = 0 then 'not_applicable'
            when known_count = 0 then 'warn'
            else {{ qa_status('greatest(share_severity, rate_severity)') }}
        end as status,
        concat_ws(
            '', 'margin rate ', {{ share_text('margin_rate') }},
            case
                when discount_rate > 0
                    then concat_ws(
                            '', '; ', {{ share_text('margin_rate_after') }}, ' at the discount, which loses money on ',
                            {{ share_text('unprofitable_share') }}, ' of members'
                        )
                else ''
            end
        ) as observed,
        case
            when discount_rate = 0 then 'no discount planned'
            else concat_ws('', 'members who stay profitable at ', {{ share_text('discount_rate') }}, ' off list price')
        end as expected,
        concat_ws(
            '', 'fails above ', {{ share_text('margin_bearable_fail_share') }}, ' of members, or at a margin rate of ',
            {{ share_text('margin_margin_fail_rate') }}
        ) as threshold,
        case
            when discount_rate = 0 then 'no plan with a discount'
            when known_count = 0
                then 'the cost of the discount is not known: no member has bought yet, or costs of goods are missing'
            when greatest(share_severity, rate_severity) = 0 then 'most members stay profitable at the planned discount'
            else concat_ws(
                    '; ',
                    case when share_severity > 0 then 'the planned discount loses money on many members' end,
                    case when rate_severity > 0 then 'the planned discount leaves little or no margin' end,
                    'lower the discount, or exclude members who are unprofitable at it'
                )
        end as explanation

    from classified

)

select * from explained
