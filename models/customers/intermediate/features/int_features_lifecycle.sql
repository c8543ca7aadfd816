-- Grain: one row per customer of the spine: their lifecycle stage, and since when.
-- A state machine over order dates: the first condition that holds, from the last stage of the lifecycle to the first.
{%- set day = as_of_date() %}
with spine as (

    select * from {{ ref('int_customer_spine') }}

),

orders as (

    select * from {{ ref('int_customer_orders') }}

),

runs as (

    select * from {{ ref('int_customer_order_runs') }}

),

staged as (

    select
        spine.customer_id,
        orders.first_order_date,
        runs.last_comeback_date,
        runs.comeback_count,
        runs.days_before_last_order,
        case
            when orders.customer_id is null and coalesce(carts.has_open_cart, false) then 'cart'
            when orders.customer_id is null and coalesce(contacts.email, contacts.phone) is not null then 'lead'
            when orders.customer_id is null then 'visitor'
            when {{ days_between('orders.last_order_date', day) }} > limits.inactive_after_days then 'inactive'
            when {{ days_between('orders.last_order_date', day) }} > limits.lapsed_after_days then 'lapsed'
            when {{ days_between('runs.last_comeback_date', day) }} < limits.won_back_days then 'won_back'
            when orders.order_count >= 2 and next_orders.at_risk_from_date <= {{ day }} then 'at_risk'
            when {{ days_between('runs.fourth_latest_date', day) }} < limits.loyal_days then 'loyal'
            when orders.order_count >= 2 then 'repeat'
            else 'first_order'
        end as lifecycle_stage,
        spine.first_seen_date,
        carts.last_cart_addition_date,
        orders.last_order_date,
        next_orders.at_risk_from_date,
        runs.loyal_since,
        case
            when runs.is_loyal_at_last_order then cast(runs.fourth_latest_date + limits.loyal_days as date)
            else runs.repeat_since
        end as repeat_since,
        coalesce(cast(runs.last_comeback_date + limits.won_back_days as date), orders.first_order_date)
            as comeback_over_date,
        limits.inactive_after_days,
        limits.lapsed_after_days

    from spine
    cross join {{ ref('int_attribute_limits') }} as limits
    left join orders
        on spine.customer_id = orders.customer_id
    left join runs
        on spine.customer_id = runs.customer_id
    left join {{ ref('int_customer_next_order') }} as next_orders
        on spine.customer_id = next_orders.customer_id
    left join {{ ref('int_customer_carts') }} as carts
        on spine.customer_id = carts.customer_id
    left join {{ ref('contacts') }} as contacts
        on spine.customer_id = contacts.customer_id

),

-- Being won back masks the other stages for some days; a masked stage begins when that time is over.
entered as (

    select
        staged.*,
        case lifecycle_stage
            when 'cart' then last_cart_addition_date
            when 'first_order' then first_order_date
            when 'inactive' then cast(last_order_date + inactive_after_days + 1 as date)
            when 'lapsed' then cast(last_order_date + lapsed_after_days + 1 as date)
            when 'won_back' then last_comeback_date
            when 'at_risk' then greatest(at_risk_from_date, comeback_over_date)
            when 'loyal' then greatest(loyal_since, comeback_over_date)
            when 'repeat' then greatest(repeat_since, comeback_over_date)
            else first_seen_date
        end as lifecycle_stage_entered_date

    from staged

),

final as (

    select
        customer_id,
        lifecycle_stage,
        {{ days_between('lifecycle_stage_entered_date', day) }} as days_in_lifecycle_stage,
        days_before_last_order,
        {{ days_between('last_comeback_date', day) }} as days_since_last_comeback,
        cast(coalesce(comeback_count, 0) as bigint) as comeback_count

    from entered

)

select * from final
