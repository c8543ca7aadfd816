-- Grain: one row per customer and product to recommend; attribute_limits says how many per customer and kind of reason.
with customers as (

    select customer_id from {{ ref('int_profiled_customers') }}

),

stocked as (

    select * from {{ ref('int_product_sales') }}

),

-- Who bought a product lately, kept or sent back, needs no other, unless it is used up.
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

-- A product that has two reasons is recommended for the stronger one.
once as (

    select
        *,
        row_number() over (partition by customer_id, sku order by kind_place, place, reason) as product_place
    from candidates

),

of_kind as (

    select
        *,
        row_number() over (partition by customer_id, kind order by place, sku) as place_in_kind
    from once
    where product_place = 1

),

-- The best of each kind before a second one of any.
ranked as (

    select
        of_kind.*,
        row_number() over (
            partition by of_kind.customer_id order by of_kind.place_in_kind, of_kind.kind_place
        ) as recommendation_rank
    from of_kind
    cross join {{ ref('int_attribute_limits') }} as limits
    where of_kind.place_in_kind <= limits.recommended_of_kind_count

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
