-- Grain: one row per order line and discount allocated to it.
with versions as (

    {{ latest_version('shopify', 'discount_allocation') }}

),

renamed as (

    select
        order_line_id as source_line_id,
        index as allocation_index,
        discount_application_index as application_index,
        amount,
        known_at

    from versions

)

select * from renamed
