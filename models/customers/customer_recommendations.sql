-- Grain: one row per customer and recommended product; attribute_limits sets the number per customer and per kind.
with customers as (

    select customer_id from {{ ref('int_profiled_customers') }}

),

stocked as (

    select * from {{ ref('int_product_sales') }}

),

-- A product bought lately, kept or returned, is not recommended again, unless it is used up.
bought_lately as (

    select
        bought.customer_id,
        bought.sku
    from {{ ref('int_customer_products') }} as bought
    cross join {{ ref('int_attribute_limits') }} as limits
    where {{ within_window('bought.last_ordered_date', 'limits.bought_lately_days') }}

),

candidates as (

    select
        candidates.customer_id,
        candidates.sku,
        stocked.product_name,
        stocked.category,
        candidates.kind,
        candidates.kind_place,
        candidates.place,
        candidates.reason

    from {{ ref('int_recommendation_candidates') }} as candidates
    inner join customers
        on candidates.customer_id = customers.customer_id
    inner join stocked
        on candidates.sku = stocked.sku
    left join bought_lately
        on candidates.customer_id = bought_lately.customer_id
            and candidates.sku = bought_lately.sku
            and candidates.kind <> 'replenish'
    where bought_lately.sku is null

),

-- A product with several reasons is recommended for the strongest one.
by_product as (

    select
        *,
        row_number() over (partition by customer_id, sku order by kind_place, place, reason) as product_place
    from candidates

),

by_kind as (

    select
        *,
        row_number() over (partition by customer_id, kind order by place, sku) as place_in_kind
    from by_product
    where product_place = 1

),

-- The best of each kind comes before any second one.
ranked as (

    select
        by_kind.*,
        row_number() over (
            partition by by_kind.customer_id order by by_kind.place_in_kind, by_kind.kind_place
        ) as recommendation_rank
    from by_kind
    cross join {{ ref('int_attribute_limits') }} as limits
    where by_kind.place_in_kind <= limits.recommended_of_kind_count

),

final as (

    select
        ranked.customer_id,
        ranked.sku,
        {{ as_of_date() }} as as_of_date,
        ranked.product_name,
        ranked.category,
        ranked.kind,
        ranked.reason,
        cast(ranked.recommendation_rank as bigint) as recommendation_rank

    from ranked
    cross join {{ ref('int_attribute_limits') }} as limits
    where ranked.recommendation_rank <= limits.recommended_count

)

select * from final
