-- Grain: one row per marketplace buyer. Relay addresses are no identifiers, so a buyer links by its own id only.
with orders as (

    select * from {{ ref('stg_marketplace__orders') }}
    where buyer_id is not null

),

buyers as (

    select
        buyer_id,
        min(ordered_at) as first_ordered_at,
        min(first_known_at) as first_known_at

    from orders
    group by buyer_id

)

select * from buyers
