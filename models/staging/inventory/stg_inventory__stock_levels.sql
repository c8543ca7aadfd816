-- Grain: one row per product (sku), location and time of count.
with versions as (

    {{ latest_version('inventory', 'stock_level') }}

),

renamed as (

    select
        sku,
        location_id,
        on_hand,
        coalesce(reserved, 0) as reserved,
        counted_at,
        {{ business_date('counted_at') }} as counted_date,
        known_at

    from versions

)

select * from renamed
