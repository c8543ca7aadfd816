-- Grain: one row per customer of the spine: how much they buy on promotion, and how they respond to offers.
{%- set usual_orders = var('price_score_usual_orders') %}
-- Promoted and full-price revenue.
with lines as (

    select
        customer_id,
        cast(sum(discounted_revenue) filter (where is_promoted) as double) as promoted_revenue,
        cast(sum(discounted_revenue) filter (where not is_promoted) as double) as full_price_revenue,
        nullif(cast(sum(discounted_revenue) as double), 0) as revenue
    from {{ ref('order_lines') }}
    where is_counted and line_type = 'product' and customer_id is not null
    group by customer_id

),

-- The overall share of promoted orders, which smooths the score of customers with few orders.
usual as (

    select cast(sum(promoted_order_count) as double) / nullif(sum(order_count), 0) as promoted_order_share
    from {{ ref('int_customer_orders') }}

),

measured as (

    select
        spine.customer_id,
        orders.order_count,
        orders.promoted_order_count,
        orders.first_order_is_promoted,
        cast(orders.discounts as double) / nullif(cast(orders.gross_revenue as double), 0) as average_discount_rate,
        -- One order is not enough to show a preference.
        cast({{ to_decimal(
            '100 * (orders.promoted_order_count + ' ~ usual_orders ~ ' * usual.promoted_order_share)'
            ~ ' / case when orders.order_count >= 2 then orders.order_count + ' ~ usual_orders ~ ' end', 18, 1
        ) }} as double) as price_sensitivity_score,
        coalesce(lines.promoted_revenue, 0) / lines.revenue as promoted_share,
        coalesce(lines.full_price_revenue, 0) / lines.revenue as full_price_share,
        offers.offer_count,
        offers.used_offer_count,
        {{ known_margin(
            'cast(margins.contribution_margin + margins.discounts as double)'
            ~ ' / nullif(cast(margins.gross_revenue as double), 0)', 'margins.cost_coverage'
        ) }} as undiscounted_margin_rate

    from {{ ref('int_customer_spine') }} as spine
    cross join usual
    left join {{ ref('int_customer_orders') }} as orders
        on spine.customer_id = orders.customer_id
    left join lines
        on spine.customer_id = lines.customer_id
    left join {{ ref('int_customer_offers') }} as offers
        on spine.customer_id = offers.customer_id
    left join {{ ref('customer_margin') }} as margins
        on spine.customer_id = margins.customer_id

),

bands as (

    select
        band,
        cast(from_value as double) as from_value,
        lead(cast(from_value as double)) over (order by cast(from_value as double) nulls last) as next_value
    from {{ ref('attribute_bands') }}
    where attribute_name = 'price_sensitivity'

),

named as (

    select
        measured.*,
        bands.band as price_sensitivity
    from measured
    left join bands
        on measured.price_sensitivity_score >= bands.from_value
            and (measured.price_sensitivity_score < bands.next_value or bands.next_value is null)

),

final as (

    select
        customer_id,
        promoted_share,
        full_price_share,
        cast(promoted_order_count as double) / nullif(order_count, 0) as promoted_order_share,
        average_discount_rate,
        coalesce(first_order_is_promoted, false) as first_order_is_promoted,
        cast(coalesce(used_offer_count, 0) as bigint) as used_offer_count_365d,
        cast(used_offer_count as double) / nullif(offer_count, 0) as offer_response_rate_365d,
        price_sensitivity_score,
        price_sensitivity,
        case when undiscounted_margin_rate is not null then least(greatest(undiscounted_margin_rate, 0), 1) end
            as max_affordable_discount_rate
    from named

)

select * from final
