-- Grain: one row per order of any channel, in its own currency, up to as_of_date.
with unioned as (

    select * from {{ ref('int_shopify_orders') }}
    union all
    select * from {{ ref('int_pos_orders') }}
    union all
    select * from {{ ref('int_marketplace_orders') }}

),

dated as (

    select
        concat_ws('', source_system, ':', source_order_id) as order_id,
        {{ business_date('ordered_at') }} as ordered_date,
        unioned.*

    from unioned

),

-- Orders that fail a blocking arithmetic rule.
held as (

    select order_id from {{ ref('int_order_violations') }}
    where is_blocking and return_id is null

),

known as (

    select
        dated.*,
        rates.rate as exchange_rate

    from dated
    left join {{ ref('int_exchange_rates') }} as rates
        on dated.currency = rates.currency
            and dated.ordered_date >= rates.valid_from
            and dated.ordered_date < rates.valid_to
    left join held
        on dated.order_id = held.order_id
    where dated.ordered_date <= {{ as_of_date() }} and held.order_id is null

)

select * from known
