-- Grain: one row per customer with product revenue: how much of it was promoted, and how deep.
with lines as (

    select * from {{ ref('order_lines') }}
    where is_counted and line_type = 'product' and customer_id is not null

),

shares as (

    select
        customer_id,
        cast(sum(case when is_promoted then discounted_revenue else 0 end) as double)
        / nullif(cast(sum(discounted_revenue) as double), 0) as promoted_share,
        cast(sum(case when not is_promoted then discounted_revenue else 0 end) as double)
        / nullif(cast(sum(discounted_revenue) as double), 0) as full_price_share,
        cast(sum(case when is_promoted then discounts else 0 end) as double)
        / nullif(cast(sum(case when is_promoted then gross_revenue else 0 end) as double), 0) as promoted_discount_rate

    from lines
    group by customer_id

)

select * from shares
