-- Grain: one row per segment and plan: what its members earn, and whether they bear the planned discount.
-- What one order of the member is worth at list price; without an order nobody knows.
with members as (

    select
        memberships.segment_key,
        features.max_affordable_discount_rate as bearable_rate,
        cast(features.net_revenue as double) as net_revenue,
        cast(features.contribution_margin as double) as contribution_margin,
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
        count(members.bearable_rate) as known_count,
        sum(members.contribution_margin) / nullif(sum(members.net_revenue), 0) as margin_rate,
        avg(
            case
                when members.bearable_rate < audiences.planned_discount_rate then 1.0
                when members.bearable_rate is not null then 0
            end
        ) as unbearable_share,
        min(members.bearable_rate) as smallest_bearable_rate,
        -- Costs stay, the price falls.
        sum(members.order_value * (members.bearable_rate - audiences.planned_discount_rate))
        / nullif(
            sum(case when members.bearable_rate is not null then members.order_value end)
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
            'measured.unbearable_share', 'limits.margin_bearable_warn_share', 'limits.margin_bearable_fail_share'
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
        concat(
            'margin rate ', {{ share_text('margin_rate') }},
            case
                when discount_rate > 0
                    then concat(
                            '; at the discount ', {{ share_text('margin_rate_after') }}, ', and ',
                            {{ share_text('unbearable_share') }}, ' of members cost money'
                        )
                else ''
            end
        ) as observed,
        case
            when discount_rate = 0 then 'no discount planned'
            else concat('members who bear ', {{ share_text('discount_rate') }}, ' off list price')
        end as expected,
        concat(
            'fails above ', {{ share_text('margin_bearable_fail_share') }}, ' of members, or at a margin rate of ',
            {{ share_text('margin_margin_fail_rate') }}
        ) as threshold,
        case
            when discount_rate = 0 then 'no plan with a discount'
            when known_count = 0 then 'what a discount costs is not known: no member has bought yet'
            when greatest(share_severity, rate_severity) = 0 then 'most members still earn at the planned discount'
            else concat_ws(
                    '; ',
                    case when share_severity > 0 then 'many members cost money at the planned discount' end,
                    case when rate_severity > 0 then 'little or no margin is left at it' end,
                    'lower the discount, or leave out who cannot bear it'
                )
        end as explanation

    from classified

)

select * from explained
