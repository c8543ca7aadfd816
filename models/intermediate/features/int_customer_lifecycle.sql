-- Grain: one row per customer of the spine: where they stand between first visit and farewell.
with purchases as (

    select * from {{ ref('int_features_orders') }}

),

engagement as (

    select * from {{ ref('int_features_behaviour') }}

),

staged as (

    select
        purchases.customer_id,
        case
            when purchases.order_count = 0 and engagement.has_open_cart then 'cart'
            when purchases.order_count = 0 then 'lead'
            when purchases.days_since_last_order > 365 then 'inactive'
            when purchases.days_since_last_order > 180 then 'lapsed'
            when purchases.days_before_last_order >= 180 and purchases.days_since_last_order < 60 then 'won_back'
            when purchases.order_count >= 2 and purchases.overdue_ratio > 1.5 then 'at_risk'
            when purchases.order_count_365d >= 4 then 'loyal'
            when purchases.order_count >= 2 then 'repeat'
            else 'first_order'
        end as lifecycle_stage

    from purchases
    left join engagement
        on purchases.customer_id = engagement.customer_id

)

select * from staged
