-- Grain: one row per return without an order, with the customer number it was booked under.
with return_lines as (

    select * from {{ ref('stg_returns__return_lines') }}
    where source_order_id is null and customer_number is not null

),

returns as (

    select
        return_id,
        min(customer_number) as customer_number,
        min(returned_at) as returned_at,
        min(first_known_at) as first_known_at

    from return_lines
    group by return_id

)

select * from returns
